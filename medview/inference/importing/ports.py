"""Reading a graph's ports: which axis is what, how many channels, which sizes are fixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from medview.inference.importing.draft import Draft, refused
from medview.inference.importing.graph import GraphPort, OnnxGraph
from medview.inference.importing.sequences import sources_of
from medview.inference.manifest import ConstantValue

FED_TYPES = frozenset({"float", "float16", "double", "uint8", "int8", "uint16", "int16", "int32", "int64"})


@dataclass(frozen=True, slots=True)
class InputFace:
    """``layout`` as a manifest writes it; ``channels`` None where the graph leaves it open; ``sizes`` per spatial axis."""

    port: GraphPort
    layout: str
    channels: int | None
    sizes: tuple[int | None, ...]

    @property
    def dimensions(self) -> int:
        """2 or 3."""
        return len(self.sizes)

    @property
    def fixed(self) -> bool:
        """Whether every size is fixed."""
        return all(size is not None for size in self.sizes)


def only_input(graph: OnnxGraph, carried: frozenset[str] = frozenset()) -> GraphPort:
    """The one input beside those that are ``carried``. Raises MedviewError where there are several that nobody explains."""
    names = ", ".join(port.name for port in graph.inputs)
    fed = [port for port in graph.inputs if port.name not in carried]
    if len(fed) != 1:
        count = len(graph.inputs)
        text = (
            f"{graph.path.name} has {count} inputs ({names or 'none'}); medview knows how to feed one. Of a recurrent "
            "network name what is carried from frame to frame: input.states=IN:OUT,… What is the same for every image: "
            f"input.constants=IN:VALUE,… ({', '.join(get_args(ConstantValue))})."
        )
        raise refused("input_unexplained", text, graph.path)
    port = fed[0]
    if port.type not in FED_TYPES:
        text = f"{graph.path.name}: the input {port.name} takes {port.type}, not numbers of an image."
        raise refused("input_unexplained", text, graph.path)
    if port.shape is None:
        text = f"{graph.path.name}: the input {port.name} does not say how many axes it has."
        raise refused("input_unexplained", text, graph.path)
    return port


def _carried(draft: Draft) -> frozenset[str]:
    """Inputs that ``input.states`` among the answers explains, IN:OUT each; they are written into the draft."""
    given = draft.answer("input.states")
    if given is None:
        return frozenset()
    states = []
    for pair in given.split(","):
        name, separator, made = pair.strip().partition(":")
        if not separator or not name or not made:
            raise refused("bad_answer", f"input.states={given}: IN:OUT was due for each.", draft.graph.path)
        states.append({"input": name, "output": made})
    draft.input["states"] = states
    return frozenset(state["input"] for state in states)


CONSTANTS = {
    "pixel_mask": "ones", "scale_factor": "ones", "im_shape": "height_width", "im_info": "height_width_one",
    "orig_target_sizes": "width_height", "target_sizes": "height_width", "training": "zeros", "is_training": "zeros",
    "keras_learning_phase": "zeros",
}  # fmt: skip
"""Inputs beside the image by their names: Hugging Face's DETR, PaddleDetection, RT-DETR and its kin, Keras."""


def _constant(draft: Draft) -> frozenset[str]:
    """Inputs that do not depend on the image, by ``input.constants`` among the answers (IN:VALUE) or by their names."""
    given = draft.answer("input.constants")
    found: dict[str, str] = {}
    if given is not None:
        for pair in given.split(","):
            name, separator, value = pair.strip().rpartition(":")
            if not separator or not name or value not in get_args(ConstantValue):
                due = f"IN:VALUE was due for each, VALUE one of {', '.join(get_args(ConstantValue))}"
                raise refused("bad_answer", f"input.constants={given}: {due}.", draft.graph.path)
            found[name] = value
    elif len(draft.graph.inputs) > 1:
        for port in draft.graph.inputs:
            known = CONSTANTS.get(plain_name(port))
            rank = len(port.shape or ())
            if known is not None and (rank < 4 if known == "ones" else rank < 3):
                found[port.name] = known
                draft.guess(
                    "input.constants", f"{port.name}: {known}", "inputs of that name do not depend on the image"
                )
    if found:
        draft.input["constants"] = [{"input": name, "value": value} for name, value in found.items()]
    return frozenset(found)


def input_face(draft: Draft) -> InputFace:
    """How the input is laid out; ``input.layout`` among the answers overrules the guess. Raises MedviewError."""
    port = only_input(draft.graph, _carried(draft) | _constant(draft))
    shape = port.shape or ()
    given = draft.answer("input.layout")
    layout = given or _guessed_layout(shape)
    if layout is None or len(layout) != len(shape):
        text = f"{draft.graph.path.name}: the input {port.name} has {len(shape)} axes, which is no image"
        raise refused("input_unexplained", f"{text} (input.layout={layout or 'unknown'}).", draft.graph.path)
    if "H" not in layout or "W" not in layout or (len(shape) == 2 and shape[0] in {None, 1}):
        text = f"{draft.graph.path.name}: the input {port.name} {shape_text(shape)} takes rows of numbers, no image"
        raise refused(
            "input_unexplained", f"{text}; what computes them from an image has to be in the graph.", draft.graph.path
        )
    if given is None:
        draft.guess("input.layout", layout, f"the shape of the input {port.name} is {shape_text(shape)}")
    channels = shape[layout.index("C")] if "C" in layout else 1
    sizes = tuple(size for size, letter in zip(shape, layout, strict=True) if letter in "DHW")
    return InputFace(port, layout, channels, sizes)


def _guessed_layout(shape: tuple[int | None, ...]) -> str | None:
    few = {1, 3}
    if len(shape) == 5:
        last = shape[4] is not None and shape[4] <= 4 and (shape[1] is None or shape[1] > 4)
        return "NDHWC" if last else "NCDHW"
    if len(shape) == 4:
        last = shape[3] in few and shape[1] not in few
        return "NHWC" if last else "NCHW"
    if len(shape) == 3:
        return "HWC" if shape[2] in few and shape[0] not in few else "CHW"
    return "HW" if len(shape) == 2 else None


def shape_text(shape: tuple[int | None, ...] | None) -> str:
    """A shape for the eye."""
    if shape is None:
        return "unknown"
    return "[" + ", ".join("?" if size is None else str(size) for size in shape) + "]"


def channels_of(draft: Draft, face: InputFace) -> dict[str, Any]:
    """``channels`` (grey, rgb), or ``sources`` or ``neighbours`` where the answers explain more of them.

    Raises MedviewError for channels that nobody explains.
    """
    count = face.channels
    sources = draft.answer("input.sources")
    if sources is not None:
        names = [name.strip() for name in sources.split(",") if name.strip()]
        if count is not None and len(names) != count:
            text = f"input.sources names {len(names)} series, the input {face.port.name} has {count} channels."
            raise refused("channels_unexplained", text, draft.graph.path)
        return {"channels": "grey", "sources": sources_of(draft, names)[0]}
    neighbours = draft.answer("input.neighbours")
    if neighbours is not None:
        beside = int(neighbours) if neighbours.isdigit() else -1
        if beside < 1 or face.dimensions != 2 or (count is not None and count != 2 * beside + 1):
            text = f"input.neighbours={neighbours}: the input {face.port.name} has {count} channels, not one and those."
            raise refused("channels_unexplained", text, draft.graph.path)
        return {"channels": "grey", "neighbours": beside}
    if count == 1 or (count is None and face.dimensions == 3):
        return {"channels": "grey"}
    if count in {3, None} and face.dimensions == 2:
        return {"channels": "rgb"}
    text = (
        f"{draft.graph.path.name}: the input {face.port.name} has {count} channels, and nothing says what they are; "
        "name the series with input.sources=T1,T2,… or, for slices beside the middle one, give input.neighbours=N."
    )
    raise refused("channels_unexplained", text, draft.graph.path)


def plain_name(port: GraphPort) -> str:
    """The last part of a port's name in small letters, without TensorFlow's ``:0``."""
    return port.name.lower().rsplit("/", 1)[-1].partition(":")[0]
