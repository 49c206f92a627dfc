"""A bare ONNX: what the graph shows is guessed, what no graph can say is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from medview.core.problem import ExitCode, MedviewError
from medview.inference.importing.anchors import raw_heads
from medview.inference.importing.answers import (
    GREY,
    VALUES_HELP,
    read_axes,
    read_numbers,
    read_values,
    split_background,
)
from medview.inference.importing.boxes import (
    WHOLE,
    detect,
    is_yolox,
    rows_of_paddle,
    rows_of_yolov7,
    torchvision_ports,
    transformer_ports,
)
from medview.inference.importing.draft import Draft, Question, about, refused
from medview.inference.importing.graph import GraphPort, OnnxGraph
from medview.inference.importing.names import ask_names
from medview.inference.importing.ports import InputFace, channels_of, input_face, plain_name, shape_text
from medview.inference.importing.prepared import as_named
from medview.inference.manifest_outputs import MOST_TOGETHER
from medview.kernels.resample_grid import Kind

UNITS = ("HU", "SUV", "stored", "modality", "display")
XRV = (
    "Atelectasis", "Consolidation", "Infiltration", "Pneumothorax", "Edema", "Emphysema", "Fibrosis", "Effusion",
    "Pneumonia", "Pleural_Thickening", "Cardiomegaly", "Nodule", "Mass", "Hernia", "Lung Lesion", "Fracture",
    "Lung Opacity", "Enlarged Cardiomediastinum",
)  # fmt: skip
"""The classes of torchxrayvision's networks, in their order."""
AS_IT_IS = "as_is"


def read_bare(draft: Draft) -> None:
    """Fill a draft from the graph and the answers. Raises MedviewError for what no answer could explain."""
    draft.graph = _with_main_output_first(draft)
    graph = draft.graph
    said = graph.metadata
    description = said.get("description", "") or graph.description
    draft.manifest.update(
        about(
            draft.source.stem,
            description,
            said.get("version", ""),
            licence=said.get("license") or said.get("licence"),
            authors=[said.get("author", "")],
        )
    )
    face = input_face(draft)
    task = _task(draft, face)
    draft.manifest["task"] = task
    draft.input.update({"name": face.port.name, "layout": face.layout, **channels_of(draft, face)})
    _ask_place(draft, face)
    _ask_unit(draft)
    readers = {
        "classification": _classify,
        "detection": detect,
        "segmentation": _segment,
        "regression": _regress,
        "image": _image,
    }
    readers[task](draft, face)
    compose_steps(draft, face, task)


def _with_main_output_first(draft: Draft) -> OnnxGraph:
    """``output.name`` among the answers says which output counts; else features are passed over for a row of numbers.

    Of maps of several sizes (deep supervision) that of the input's size counts.
    """
    graph = draft.graph
    given = draft.answer("output.name")
    if given is not None and all(port.name != given for port in graph.outputs):
        names = ", ".join(port.name for port in graph.outputs)
        raise refused("output_unexplained", f"output.name={given}: there are {names}.", graph.path)
    first = next((port for port in graph.outputs if port.name == given), None)
    if first is None and len(graph.outputs) > 1:
        numbers = [port for port in graph.outputs if port.shape is not None and len(port.shape) == 2]
        named = [
            port for port in numbers if plain_name(port) in {"logits", "output", "probabilities", "prob", "scores"}
        ]
        if len(named) == 1 and len(numbers) == 1 and named[0] is not graph.outputs[0]:
            first = named[0]
            draft.guess("output.name", first.name, "the other outputs are no rows of numbers")
        if first is None and len(numbers) == 0:
            first = _whole_map(draft)
    if first is None:
        return graph
    return replace(graph, outputs=(first, *(port for port in graph.outputs if port is not first)))


def _whole_map(draft: Draft) -> GraphPort | None:
    """The first output that is as large as a fixed input, where the one before all others is not."""
    face = input_face(draft)
    outputs = draft.graph.outputs
    if not face.fixed or any(port.shape is None or len(port.shape) != len(face.layout) for port in outputs):
        return None
    whole = [port for port in outputs if _is_map(port.shape or (), face)]
    if not whole or whole[0] is outputs[0]:
        return None
    draft.guess("output.name", whole[0].name, "it alone is as large as the input; others are coarser")
    return whole[0]


# What it is for ------------------------------------------------------------------------------------------------------


def _task(draft: Draft, face: InputFace) -> str:
    guessed, why = _guessed_task(draft, face)
    choices = ("segmentation", "classification", "detection", "regression", "image")
    given = draft.answer("task")
    if given is not None:
        if given not in choices:
            raise refused("task_unsupported", f"task={given}: one of {', '.join(choices)} was due.", draft.graph.path)
        return given
    if guessed is None:
        if "ZipMap" in draft.graph.operators:
            text = "a list of tables (scikit-learn's ZipMap); export it with options={'zipmap': False}"
            raise refused(
                "output_unexplained", f"{draft.graph.path.name}: its probabilities are {text}.", draft.graph.path
            )
        shapes = ", ".join(f"{port.name} {shape_text(port.shape)}" for port in draft.graph.outputs)
        text = f"{draft.graph.path.name}: its outputs ({shapes}) are neither a map of the input, nor classes, nor boxes"
        raise refused("output_unexplained", f"{text}; say task=… to overrule.", draft.graph.path)
    draft.guess("task", guessed, why)
    return guessed


def _guessed_task(draft: Draft, face: InputFace) -> tuple[str | None, str]:
    outputs = draft.graph.outputs
    if raw_heads(outputs, face.dimensions) is not None:
        return "detection", "the outputs are the raw heads of a detector with anchors"
    if len(outputs) >= 2 and torchvision_ports(outputs) is not None:
        return "detection", "the outputs are boxes and scores"
    if transformer_ports(outputs) is not None:
        return "detection", "the outputs are the queries of a detection transformer"
    if rows_of_paddle(draft) is not None:
        return "detection", "rows of class, score and corners beside their count, as PaddleDetection gives them"
    if rows_of_yolov7(draft) is not None:
        return "detection", "rows of image, corners, class and score behind a suppression, as YOLOv7 gives them"
    first = outputs[0]
    shape = first.shape
    if shape is None:
        return None, ""
    what = f"the output {first.name} has the shape {shape_text(shape)}"
    if len(shape) == len(face.port.shape or ()) and face.dimensions + 1 < len(shape) + 1 and _is_map(shape, face):
        return "segmentation", what
    if len(shape) == len(face.layout) - 1 and len(shape) > 2 and _same_sizes(shape[-face.dimensions :], face.sizes):
        return "segmentation", what + ", one number a voxel"
    if _factor(shape, face) is not None:
        return "image", what + ", a whole number of times the input's"
    if len(shape) == 3 and shape[-1] is not None and shape[-1] in {6, 7} and face.dimensions == 2:
        return "detection", what
    if len(shape) == 3 and face.dimensions == 2 and _is_places(shape):
        return "detection", what + ", as YOLO's places"
    if sum(1 for size in shape[1:] if size != 1) <= 1:
        return "classification", what
    return None, ""


def _same_sizes(found: tuple[int | None, ...], sizes: tuple[int | None, ...]) -> bool:
    return all(a is None or b is None or a == b for a, b in zip(found, sizes, strict=True))


def _is_map(shape: tuple[int | None, ...], face: InputFace) -> bool:
    if len(shape) != len(face.layout):
        return False
    found = tuple(size for size, letter in zip(shape, face.layout, strict=True) if letter in "DHW")
    open_both = all(size is None for size in found) and not face.fixed
    return _same_sizes(found, face.sizes) and (open_both or any(size not in {None, 1} for size in found))


def _factor(shape: tuple[int | None, ...], face: InputFace) -> list[int] | None:
    """How many times finer than the input a fixed output is along each axis; None where it is not."""
    if len(shape) != len(face.layout) or not face.fixed:
        return None
    found = []
    for made, size in zip(
        (s for s, letter in zip(shape, face.layout, strict=True) if letter in "DHW"), face.sizes, strict=True
    ):
        if made is None or size is None or made % size:
            return None
        found.append(made // size)
    return found if max(found) > 1 else None


def _is_places(shape: tuple[int | None, ...]) -> bool:
    sizes = [size for size in shape[1:] if size is not None]
    return bool(sizes) and max(sizes) >= 100 and (len(sizes) < 2 or 5 <= min(sizes) < max(sizes))


# Where and what the voxels are ---------------------------------------------------------------------------------------


def _ask_place(draft: Draft, face: InputFace) -> None:
    if face.dimensions == 3:
        question = Question(
            "axes",
            "input.axes",
            "Toward which side of the patient does each spatial axis of the tensor grow? (L R P A S I) S,P,L is slices "
            "from the feet, rows from the front, columns from the patient's right: the order of an axial DICOM series; "
            "R,A,S is MONAI's.",
            (),
            "S,P,L",
            "S,P,L",
        )
    else:
        question = Question(
            "axes",
            "input.axes",
            "Which pictures does it see? axial, coronal or sagittal slices as displayed (or two letters, e.g. P,L), or "
            "picture for whatever is displayed (X-ray, ultrasound, photographs).",
            ("picture", "axial", "coronal", "sagittal"),
            "picture",
            "axial",
        )
    draft.input["axes"] = draft.ask(question, read_axes) or read_axes(question.suggestion)
    if len(draft.input["axes"]) != face.dimensions:
        text = f"input.axes: {len(draft.input['axes'])} axes for an input with {face.dimensions}."
        raise refused("bad_answer", text, draft.graph.path)


def _ask_unit(draft: Draft) -> None:
    picture = draft.input["axes"] == ["down", "right"]
    question = Question(
        "unit",
        "input.unit",
        "Which values does it expect before any scaling? HU, SUV, stored (the file's integers), modality (after slope "
        "and intercept) or display (0 to 255 as shown).",
        UNITS,
        "display" if picture or draft.input.get("channels") == "rgb" else "",
        "HU",
    )
    draft.input["unit"] = draft.ask(question, str) or question.suggestion or "modality"
    if picture:
        draft.fits["needs_geometry"] = False


# What comes out ------------------------------------------------------------------------------------------------------


def _segment(draft: Draft, face: InputFace) -> None:
    port = draft.graph.outputs[0]
    shape = port.shape or ()
    inside = draft.graph.activation_inside
    draft.output.update({"kind": "segmentation", "name": port.name})
    channels: int | None = 1
    if len(shape) == len(face.layout) and "C" in face.layout:
        channels = shape[face.layout.index("C")]
    if port.type in WHOLE or draft.graph.tails.get(port.name) == "ArgMax":
        draft.guess("output.encoding", "labels", f"the output {port.name} is {port.type}, whole numbers")
        draft.output["encoding"] = "labels"
        background, entries = split_background(ask_names(draft, None), None)
        draft.output.update({"background": background if background is not None else 0, "labels": entries})
        return
    if channels == 1:
        draft.output.update({"rule": "threshold", "threshold": 0.5, "background": None})
        names = ask_names(draft, 1)
        name = next((text for text in names.values() if text.lower() != "background"), "finding")
        draft.output["labels"] = [{"index": 0, "value": 1, "name": name}]
        _activation(draft, "sigmoid" if inside is None else "none", inside)
        return
    names = ask_names(draft, channels)
    background, entries = split_background(names, channels)
    draft.output.update({"background": background, "labels": entries})
    if inside == "softmax":
        _activation(draft, "none", inside)
        return
    if inside is None and background is not None and draft.answer("output.activation") != "sigmoid":
        _activation(draft, "softmax", inside)
        return
    if inside is None and _exclude_one_another(draft):
        draft.output["activation"] = "softmax"
        return
    overlapping(draft, entries, background)
    if inside is None:
        draft.output["activation"] = "sigmoid"
    else:
        _activation(draft, "none", inside)


def _exclude_one_another(draft: Draft) -> bool:
    """Whether the classes do; asked, because neither graph nor names say so."""
    question = Question(
        "activation",
        "output.activation",
        "No class is called background. Is each voxel one of the classes (softmax: all of the image is labelled), or may "
        "none or several hold in one place (sigmoid, each class above one half)?",
        ("softmax", "sigmoid", "none"),
        "sigmoid",
        "sigmoid",
    )
    return draft.ask(question, str) == "softmax"


def overlapping(draft: Draft, entries: list[dict[str, Any]], background: int | None) -> None:
    """Classes with a sigmoid each: all that hold in a place are kept, as far as a label map can hold them."""
    draft.output.update({"threshold": 0.5, "background": background, "rule": "threshold"})
    several = background is None and 1 < len(entries) <= MOST_TOGETHER
    if several:
        for entry in entries:
            entry.pop("value", None)
        draft.output["rule"] = "together"
        why = "each class has a sigmoid of its own; where several hold the voxel has a label of its own"
        draft.guess("output.rule", "together", why)
    elif background is None:
        draft.notes.append(f"Of {len(entries)} classes that may overlap each voxel shows the most probable one only.")


def _activation(draft: Draft, activation: str, inside: str | None) -> None:
    given = draft.answer("output.activation")
    draft.output["activation"] = given or activation
    if given is None:
        why = f"the graph ends with {inside}" if inside else "the graph does not end with softmax or sigmoid"
        draft.guess("output.activation", activation, why)


def _classify(draft: Draft, face: InputFace) -> None:
    port = draft.graph.outputs[0]
    shape = port.shape or ()
    if port.type in WHOLE or draft.graph.tails.get(port.name) == "ArgMax":
        draft.guess("output.encoding", "index", f"the output {port.name} is {port.type}, the number of a class")
        if "ZipMap" in draft.graph.operators:
            draft.notes.append(
                "The probabilities stand in scikit-learn's ZipMap, which is not read: the answer is a class without its "
                "probability. Exported with options={'zipmap': False} it has one."
            )
        names = ask_names(draft, None)
        draft.output.update({"kind": "classification", "name": port.name, "encoding": "index", "activation": "none"})
        draft.output["labels"] = [{"index": index, "name": name} for index, name in sorted(names.items())]
        return
    classes = next((size for size in shape[1:] if size not in {None, 1}), None)
    if classes is None and len(shape) > 1 and shape[1] == 1:
        classes = 1
    names = ask_names(draft, classes, ",".join(XRV) if _is_xrv(draft, face) else "")
    inside = draft.graph.activation_inside
    draft.output.update({"kind": "classification", "name": port.name})
    draft.output["labels"] = [{"index": index, "name": name} for index, name in sorted(names.items())]
    one_by_one = classes == 1 or _is_xrv(draft, face)
    _activation(draft, "none" if inside else ("sigmoid" if one_by_one else "softmax"), inside)


def _regress(draft: Draft, _face: InputFace) -> None:
    """Numbers: names (and units in brackets) for each output."""
    names = ask_names(draft, next((size for size in (draft.graph.outputs[0].shape or ())[1:] if size), None))
    entries = []
    for index, name in sorted(names.items()):
        title, _, unit = name.partition("[")
        entries.append({"index": index, "name": title.strip() or name, "unit": unit.rstrip("] ").strip()})
    draft.output.update({"kind": "regression", "name": draft.graph.outputs[0].name, "values": entries})


def _image(draft: Draft, face: InputFace) -> None:
    """An image of the same place; its values are what the input's are before the preparation, unless said otherwise."""
    draft.output.update({"kind": "image", "name": draft.graph.outputs[0].name, "title": draft.source.stem[:64]})
    factor = _factor(draft.graph.outputs[0].shape or (), face)
    if factor is not None:
        draft.output["factor"] = factor
        draft.guess("output.factor", factor, "the output is so many times larger than the input")
    question = Question(
        "scale",
        "output.scale",
        "By what is the network's output multiplied to become values of the image? (output.offset is added.)",
        (),
        "1",
        "1",
    )
    draft.output["scale"] = draft.ask(question, float) or 1.0
    offset = draft.answer("output.offset")
    draft.output["offset"] = float(offset) if offset is not None else 0.0


# How the series becomes the tensor -----------------------------------------------------------------------------------


def compose_steps(draft: Draft, face: InputFace, task: str) -> None:
    """Ask how values are prepared and how the sizes are met, and write steps and tiling."""
    whole = draft.answer("input.steps")
    if whole is not None:
        draft.input["steps"] = read_values(whole)
        return
    if as_named(draft, face):
        return
    space = _space(draft, face, task)
    example = "/255" if draft.input["unit"] == "display" else "window:40/400"
    question = Question(
        "values",
        "input.values",
        f"How are values prepared? {VALUES_HELP}.",
        (),
        _likely_values(draft, face, task),
        example,
    )
    values = draft.ask(question, read_values)
    if "caffe" in (draft.answer("input.values") or "").split("+") and draft.input.get("channels") == "rgb":
        draft.input["channels"] = "bgr"
        draft.guess("input.channels", "bgr", "Keras' caffe mode turns colours to blue, green, red")
    if values is None:
        values = [{"step": "scale", "factor": 1 / 255}] if draft.input["unit"] == "display" else [{"step": "min_max"}]
    if draft.answer("input.fit") == "xrv" and face.fixed:
        size = [int(one or 1) for one in face.sizes]
        values = [*values, {"step": "resize", "size": size, "kind": "skimage", "aspect": "square"}]
    draft.input["steps"] = [*space, *values, *_filling(draft, face, task)]


def _likely_values(draft: Draft, face: InputFace, task: str) -> str:
    """What networks of this kind mostly want; the reader still has to say so."""
    if face.port.type == "uint8":
        return "none"
    if draft.input.get("channels") == "rgb" and task == "classification" and draft.input["unit"] == "display":
        return "imagenet"
    if _is_xrv(draft, face):
        return "xrv"
    if draft.output.get("order") == "yx":
        return "efficientdet"
    return "yolox" if is_yolox(draft, face) else ""


def _is_xrv(draft: Draft, face: InputFace) -> bool:
    """Torchxrayvision's classifiers: one channel, 18 pathologies."""
    shape = draft.graph.outputs[0].shape or ()
    return face.channels == 1 and face.dimensions == 2 and len(shape) == 2 and shape[1] == len(XRV)


def _space(draft: Draft, face: InputFace, task: str) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    if draft.input["axes"] != ["down", "right"]:
        question = Question(
            "spacing",
            "input.spacing_mm",
            "To which spacing (mm along each axis of the tensor) was it trained? as_is where images were not resampled.",
            (),
            AS_IT_IS,
            "1.5,1.5,1.5" if face.dimensions == 3 else "1,1",
        )
        numbers = draft.ask(question, lambda text: None if text == AS_IT_IS else read_numbers(text))
        if numbers:
            steps.append({"step": "resample", "spacing_mm": numbers * (face.dimensions if len(numbers) == 1 else 1)})
    if not face.fixed:
        return steps
    size = [int(one or 0) for one in face.sizes]
    fit = _fit(draft, face, task)
    if fit == "conform":
        steps[:] = [{"step": "conform", "shape": size, "spacing_mm": (steps or [{}])[0].get("spacing_mm") or [1.0] * 3}]
    elif fit == "tiles":
        draft.input["tiling"] = {"size": size, "overlap": 0.5}
    elif fit == "middle":
        steps.append({"step": "crop_or_pad", "size": size, "fill": "minimum"})
    elif fit == "letterbox":
        step = {"step": "resize", "size": size, "kind": "opencv-linear", "aspect": "keep", "fill": GREY}
        steps.append(step)
    elif fit == "xrv":
        draft.guess(
            "input.steps", "skimage", "torchxrayvision's XRayCenterCrop and XRayResizer, after the values are scaled"
        )
    else:
        kind = _resizing(draft)
        steps.append({"step": "resize", "size": size, "kind": kind, "aspect": fit})
    return steps


RESIZING = tuple(kind for kind in get_args(Kind) if kind != "skimage")


def _resizing(draft: Draft) -> str:
    """By which library's rule a picture is resized: ``input.resizing`` among the answers, else Pillow's."""
    given = draft.answer("input.resizing")
    if given is not None:
        if given not in RESIZING:
            text = f"input.resizing={given}: one of {', '.join(RESIZING)} was due."
            raise MedviewError("bad_answer", text, None, ExitCode.BAD_USE, (text.removesuffix("."),))
        return given
    if draft.input["axes"] != ["down", "right"]:
        return "linear"
    why = "most are trained so; input.resizing=opencv-linear, linear (TensorFlow), nearest (Keras' load_img) … overrules it"
    draft.guess("input.resizing", "pillow-bilinear", why)
    return "pillow-bilinear"


def _fit(draft: Draft, face: InputFace, task: str) -> str:
    """How a fixed size is met."""
    whole = "stretch (each side by itself), keep (all by the same factor, the rest black), cover (cut to the middle)"
    if task in {"segmentation", "image"}:
        choices: tuple[str, ...] = ("stretch", "keep", "middle", "tiles")
        if face.dimensions == 3:
            choices = (*choices, "conform")
        suggestion = "tiles" if face.dimensions == 3 else "stretch"
    else:
        choices, suggestion = ("stretch", "keep", "cover", "middle"), "stretch"
        if draft.output.get("kind") == "yolo" or "batch" in (draft.output.get("columns") or ()):
            choices, suggestion = (*choices, "letterbox"), "letterbox"
            whole += ", letterbox (as keep, by OpenCV, the rest grey: YOLOv5 to YOLO26)"
        if _is_xrv(draft, face):
            choices, suggestion = (*choices, "xrv"), "xrv"
            whole += ", xrv (torchxrayvision: the middle square, scikit-image's resizing)"
    question = Question(
        "fit",
        "input.fit",
        f"The network takes {' × '.join(str(size) for size in face.sizes)} only. How is an image of another size brought "
        f"to that? {whole}, middle (cut or filled, not resized), tiles (a sliding window), conform (a fixed grid of the "
        "given spacing along the patient's axes).",
        choices,
        suggestion,
        suggestion,
    )
    return draft.ask(question, str) or suggestion


def _filling(draft: Draft, face: InputFace, task: str) -> list[dict[str, Any]]:
    """What networks with open sizes need in order to halve and double them."""
    if face.fixed or task not in {"segmentation", "image"}:
        return []
    given = draft.answer("input.multiple")
    multiple = int(given) if given and given.isdigit() and int(given) > 0 else 32 if face.dimensions == 2 else 16
    if given is None:
        draft.guess("input.multiple", multiple, "sizes are open; networks that halve them need a multiple")
    return [{"step": "pad", "multiple": [multiple] * face.dimensions, "fill": "minimum"}]
