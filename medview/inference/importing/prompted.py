"""Two networks that belong together: one embeds a picture, the other makes masks of the embedding and of points (Segment
Anything and its kin, as they are usually exported).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medview.inference.importing.answers import VALUES_HELP, read_axes, read_values
from medview.inference.importing.bare import UNITS
from medview.inference.importing.draft import Draft, Question, about, refused
from medview.inference.importing.graph import OnnxGraph, read_graph
from medview.inference.importing.ports import InputFace, channels_of, input_face

POINTS = ("point_coords", "points", "onnx_coord", "batched_point_coords", "input_points")
LABELS = ("point_labels", "labels", "onnx_label", "batched_point_labels", "input_labels")
MASKS = ("masks", "mask", "pred_masks", "output_masks")
LOW = "low_res_masks"
SCORES = ("iou_predictions", "scores", "iou_scores", "iou")
DECODER = "decoder.onnx"


def find_pair(networks: list[Path]) -> tuple[Path, Path] | None:
    """Encoder and decoder among two networks; None where they are not such a pair."""
    if len(networks) != 2:
        return None
    graphs = [read_graph(path) for path in networks]
    for decoder, encoder in (graphs, graphs[::-1]):
        names = {port.name for port in decoder.inputs}
        if names & set(POINTS) and names & set(LABELS) and len(encoder.inputs) == 1:
            return encoder.path, decoder.path
    return None


def read_prompted(draft: Draft, decoder: Path) -> None:
    """Fill a draft from both graphs and the answers. Raises MedviewError for decoders that want something else."""
    second = read_graph(decoder)
    face = input_face(draft)
    draft.manifest.update(about(draft.source.stem, draft.graph.description))
    draft.manifest["task"] = "prompted"
    draft.input.update({"name": face.port.name, "layout": face.layout, **channels_of(draft, face)})
    draft.more_files[DECODER] = decoder
    if face.dimensions != 2:
        raise refused(
            "input_unexplained", f"{draft.graph.path.name} embeds volumes; slices were due.", draft.graph.path
        )
    place = "Which pictures does it see? axial, coronal or sagittal slices as displayed, or picture for whatever is displayed."
    question = Question("axes", "input.axes", place, ("picture", "axial", "coronal", "sagittal"), "picture", "picture")
    draft.input["axes"] = draft.ask(question, read_axes) or ["down", "right"]
    if draft.input["axes"] == ["down", "right"]:
        draft.fits["needs_geometry"] = False
    values = "Which values does it expect before any scaling? display is 0 to 255 as shown."
    draft.input["unit"] = (
        draft.ask(Question("unit", "input.unit", values, UNITS, "display", "display"), str) or "display"
    )
    draft.input["steps"] = _steps(draft, second, face)
    draft.output.update({"kind": "prompted", "decoder": DECODER, "embeddings": _embeddings(draft.graph, second)})
    _prompt_inputs(draft, second)


KIN = {
    "sam": ("sam", "keep", "Segment Anything, MobileSAM: resized by the longer side, filled up at the end"),
    "sam2": ("imagenet", "stretch", "Segment Anything 2: each side resized by itself"),
    "medsam": ("min_max_slice", "stretch", "MedSAM: each side resized by itself, then 0 to 1 over the slice"),
    "efficientsam": ("/255", "as_is", "EfficientSAM: the network resizes and scales by itself"),
}
"""By the word that ``input.values`` takes for it: how values are prepared, how sizes are met, and why."""


def _kin(encoder: OnnxGraph, decoder: OnnxGraph) -> str:
    """Which of :data:`KIN` two networks are most like."""
    names = {port.name for port in (*decoder.inputs, *encoder.inputs)}
    if any("high_res" in name for name in names):
        return "sam2"
    if any(name.startswith("batched_") for name in names):
        return "efficientsam"
    return "medsam" if "medsam" in str(encoder.path).lower() else "sam"


def _steps(draft: Draft, decoder: OnnxGraph, face: InputFace) -> list[dict[str, Any]]:
    """How a slice is brought to the tensor's size, and its values."""
    like = _kin(draft.graph, decoder)
    asked = f"How are values prepared? {', '.join(KIN)} (as those are, sizes too), {VALUES_HELP}."
    given = draft.ask(Question("values", "input.values", asked, (), like, like), str) or like
    known = given if given in KIN else like
    values, fit, why = KIN[known]
    steps = draft.ask(
        Question("values", "input.values", asked, (), like, like), lambda said: read_values(KIN.get(said, (said,))[0])
    )
    steps = read_values(values) if steps is None else steps
    fit = draft.answer("input.fit") or fit
    if fit not in {"keep", "stretch", "as_is"}:
        raise refused("bad_answer", f"input.fit={fit}: keep, stretch or as_is was due.", draft.graph.path)
    draft.guess("input.fit", fit, why)
    size = [int(one or 1024) for one in face.sizes]
    if fit == "as_is":
        if not face.fixed:
            return steps
        fit = "stretch"
    if not face.fixed:
        draft.guess("input.steps", size, "sizes are open; Segment Anything's is 1024")
    kind = "pillow-bilinear" if draft.input["unit"] == "display" else "linear"
    if fit == "stretch":
        draft.output["straight"] = True
        if known == "medsam":
            draft.output["choice"] = "first"
            draft.guess("output.choice", "first", "MedSAM makes one mask; where more come along, they mean nothing")
        resized = {"step": "resize", "size": size, "kind": "spline" if known == "medsam" else kind, "aspect": "stretch"}
        # Segment Anything 2 resizes what is scaled already, so that nothing is rounded to 8 bit.
        return [*steps, resized] if known == "sam2" else [resized, *steps]
    resized = {"step": "resize", "size": size, "kind": kind, "aspect": "keep", "place": "none"}
    if face.fixed or steps:
        return [resized, *steps, {"step": "pad", "size": size}]
    if "input.steps" in draft.answers:
        return []
    draft.output["covers"] = size
    draft.guess("output.covers", size, "sizes are open and values not prepared: the network fills up to that itself")
    return [resized, *steps]


def _embeddings(encoder: OnnxGraph, decoder: OnnxGraph) -> dict[str, str]:
    """Inputs of the decoder by the outputs of the encoder: of one name, or else of one shape."""
    left = [
        port
        for port in decoder.inputs
        if port.name not in {*POINTS, *LABELS, "mask_input", "has_mask_input", "orig_im_size"}
    ]
    made = {port.name: port for port in encoder.outputs}
    found = {port.name: port.name for port in left if port.name in made}
    free = [port for port in encoder.outputs if port.name not in found.values()]
    for port in left:
        if port.name in found:
            continue
        like = next((one for one in free if len(one.shape or ()) == len(port.shape or ())), None)
        if like is None:
            text = f"{decoder.path.name} wants {port.name!r}, which {encoder.path.name} does not give."
            raise refused("input_unexplained", text, decoder.path)
        found[port.name] = like.name
        free.remove(like)
    return found


def _prompt_inputs(draft: Draft, decoder: OnnxGraph) -> None:
    given = {port.name for port in decoder.inputs}
    made = [port.name for port in decoder.outputs]
    draft.output["points_input"] = next(name for name in POINTS if name in given)
    draft.output["labels_input"] = next(name for name in LABELS if name in given)
    draft.output["coordinates"] = "scaled"
    draft.guess("output.coordinates", "scaled", "Segment Anything and its kin multiply by the factor of the resizing")
    if draft.output["labels_input"] in decoder.made_longer:
        draft.output["fills_up"] = False
        draft.guess("output.fills_up", "false", "the graph adds points that mean nothing itself")
    if draft.output["points_input"] == "input_points":
        draft.output["takes_boxes"] = False
        draft.guess("output.takes_boxes", "false", "the exports of transformers' Segment Anything take points only")
    for field, name in (
        ("mask_input", "mask_input"),
        ("has_mask_input", "has_mask_input"),
        ("size_input", "orig_im_size"),
    ):
        if name in given:
            draft.output[field] = name
    masks = next((name for name in (LOW, *MASKS) if name in made), made[0])
    if masks == LOW:
        # Some exports have frozen the shape of one picture into what cuts and enlarges their masks.
        draft.guess("output.masks_output", LOW, "masks as the network makes them, before it cuts and enlarges them")
    draft.output["masks_output"] = masks
    if "orig_im_size" in given and draft.output["points_input"] == "point_coords":
        draft.output.setdefault("choice", "by_points")
    scores = next((name for name in SCORES if name in made), None)
    if scores is not None:
        draft.output["scores_output"] = scores
