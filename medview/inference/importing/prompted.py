"""Two networks that belong together: one embeds a picture, the other makes masks of the embedding and of points (Segment
Anything and its kin, as they are usually exported).
"""

from __future__ import annotations

from pathlib import Path

from medview.inference.importing.answers import VALUES_HELP, read_axes, read_values
from medview.inference.importing.bare import UNITS
from medview.inference.importing.draft import Draft, Question, about, refused
from medview.inference.importing.graph import OnnxGraph, read_graph
from medview.inference.importing.ports import channels_of, input_face

POINTS = ("point_coords", "points", "onnx_coord", "batched_point_coords", "input_points")
LABELS = ("point_labels", "labels", "onnx_label", "batched_point_labels", "input_labels")
MASKS = ("masks", "mask", "pred_masks", "output_masks")
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
    prepared = Question("values", "input.values", f"How are values prepared? sam, {VALUES_HELP}.", (), "sam", "sam")
    size = [int(one or 1024) for one in face.sizes]
    if not face.fixed:
        draft.guess("input.steps", size, "sizes are open; Segment Anything's is 1024")
    draft.input["steps"] = [
        {"step": "resize", "size": size, "kind": "linear", "aspect": "keep", "place": "none"},
        *(draft.ask(prepared, read_values) or read_values("sam")),
        {"step": "pad", "size": size},
    ]
    draft.output.update({"kind": "prompted", "decoder": DECODER, "embeddings": _embeddings(draft.graph, second)})
    _prompt_inputs(draft, second)


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
    for field, name in (
        ("mask_input", "mask_input"),
        ("has_mask_input", "has_mask_input"),
        ("size_input", "orig_im_size"),
    ):
        if name in given:
            draft.output[field] = name
    masks = next((name for name in MASKS if name in made), made[0])
    draft.output["masks_output"] = masks
    scores = next((name for name in SCORES if name in made), None)
    if scores is not None:
        draft.output["scores_output"] = scores
