"""Ultralytics exports: everything stands in the graph's metadata, as Python literals (task, names, imgsz, stride …).

The picture is letterboxed onto grey 114 and divided by 255. What comes out depends on the export: raw places
[b, 4 + classes, n] (YOLOv5: [b, n, 5 + classes] with objectness), or finished boxes [b, m, 6] where the graph holds the
suppression or needs none; behind each what masks, points or turned boxes need. A network of open sizes is given the
smallest letterbox of whole strides, as its authors' predictor does; RT-DETR and depth take the picture stretched.
"""

from __future__ import annotations

from typing import Any

from medview.inference.importing.answers import GREY, label_entries
from medview.inference.importing.draft import Draft, Guess, Question, about, refused
from medview.inference.importing.graph import OnnxGraph
from medview.inference.importing.literals import python_literal
from medview.inference.importing.points import COCO_BONES, COCO_POINTS
from medview.inference.importing.ports import InputFace, input_face, shape_text

CONFIDENCE, OVERLAP, MOST = 0.25, 0.7, 300
"""Ultralytics' own defaults for what is shown, what is the same object, and how many there may be."""

KEPT_FROM = 0.05
CHANNELS = {1: "grey", 3: "rgb"}


def is_ultralytics(graph: OnnxGraph) -> bool:
    """Whether the metadata is an Ultralytics exporter's."""
    return {"task", "names", "stride"} <= set(graph.metadata) or (
        {"names", "stride"} <= set(graph.metadata) and len(graph.inputs) == 1
    )


def read_ultralytics(draft: Draft) -> None:
    """Fill a draft from the metadata. Raises MedviewError for what cannot be run."""
    said = draft.graph.metadata
    names = _names(draft)
    task = str(said.get("task", "detect")).strip() or "detect"
    face = input_face(draft)
    licence = said.get("license") or said.get("licence") or ""
    draft.manifest.update(
        about(
            draft.source.stem if draft.source.suffix.lower() == ".onnx" else draft.source.name,
            said.get("description", ""),
            said.get("version", ""),
            licence=licence,
            authors=[said.get("author", "")],
            references=[said["docs"]] if said.get("docs") else (),
        )
    )
    draft.fits.update({"needs_geometry": False})
    channels = CHANNELS.get(face.channels or int(_number(said.get("channels"), 3)))
    if channels is None or face.dimensions != 2:
        text = f"{draft.graph.path.name}: an input of shape {shape_text(face.port.shape)} is no picture of 1 or 3 channels."
        raise refused("channels_unexplained", text, draft.graph.path)
    size = _size(draft, face)
    draft.input.update({"name": face.port.name, "unit": "display", "axes": ["down", "right"], "layout": face.layout})
    draft.input["channels"] = channels
    readers = {
        "detect": _detect,
        "classify": _classify,
        "segment": _segment,
        "pose": _pose,
        "obb": _turned,
        "semantic": _semantic,
    }
    if task not in readers:
        text = f"{draft.graph.path.name} is an Ultralytics network for {task!r}, which medview cannot show."
        raise refused("task_unsupported", text, draft.graph.path)
    readers[task](draft, names, size)


def _names(draft: Draft) -> dict[int, str]:
    try:
        given = python_literal(draft.graph.metadata["names"])
    except ValueError as error:
        text = f"{draft.graph.path.name}: names in its metadata are not a plain list of names: {error}."
        raise refused("metadata_unreadable", text, draft.graph.path) from error
    pairs: Any = (
        given.items() if isinstance(given, dict) else enumerate(given) if isinstance(given, list | tuple) else ()
    )
    try:
        names = {int(index): str(name) for index, name in pairs}
    except (TypeError, ValueError):
        names = {}
    if not names:
        text = f"{draft.graph.path.name}: names in its metadata name no class."
        raise refused("metadata_unreadable", text, draft.graph.path)
    return names


def _number(text: object, otherwise: float) -> float:
    try:
        return float(str(text))
    except ValueError:
        return otherwise


def _size(draft: Draft, face: InputFace) -> list[int]:
    """(rows, columns): what the graph fixes, else ``imgsz``."""
    stated: list[int] = []
    try:
        given = python_literal(draft.graph.metadata.get("imgsz", "None"))
        stated = [int(given)] * 2 if isinstance(given, int) else [int(one) for one in given or ()]
    except (TypeError, ValueError):
        stated = []
    if len(stated) != 2 or min(stated, default=0) < 1:
        stated = []
    if face.fixed:
        return [int(size or 0) for size in face.sizes]
    if not stated:
        stated = [640, 640]
        draft.guess("input.steps", "640 × 640", "neither the graph nor imgsz says a size; Ultralytics' default is 640")
    return [fixed or wished for fixed, wished in zip(face.sizes, stated, strict=True)]


def _letterbox(draft: Draft, size: list[int]) -> None:
    """As the predictor prepares a picture: resized by OpenCV in 8 bit, the rest grey."""
    step: dict[str, Any] = {"step": "resize", "size": size, "kind": "opencv-linear", "aspect": "keep"}
    scale = {"step": "scale", "factor": 1 / 255}
    stride = max(1, int(_number(draft.graph.metadata.get("stride"), 32)))
    if _arguments(draft).get("dynamic") is True and any(n is None for n in _open_sizes(draft)):
        pad = {"step": "pad", "multiple": [stride, stride], "fill": GREY, "place": "centre"}
        draft.input["steps"] = [{**step, "place": "none"}, pad, scale]
        draft.guess("input.steps", f"filled to multiples of {stride}", "args in its metadata say that sizes are open")
    else:
        draft.input["steps"] = [{**step, "fill": GREY}, scale]


def _open_sizes(draft: Draft) -> list[int | None]:
    port = next(one for one in draft.graph.inputs if one.name == draft.input["name"])
    pairs = zip(port.shape or (), draft.input["layout"], strict=True)
    return [size for size, letter in pairs if letter in "HW"]


def _scores(draft: Draft, names: dict[int, str], suppress: bool) -> None:
    draft.output.update(
        {"labels": label_entries(names), "score_threshold": KEPT_FROM, "shown_threshold": CONFIDENCE, "at_most": MOST}
    )
    draft.output["nms_iou"] = OVERLAP if suppress else None
    for entry in draft.output["labels"]:
        entry.pop("value", None)


def _detect(draft: Draft, names: dict[int, str], size: list[int]) -> None:
    draft.manifest["task"] = "detection"
    if _is_transformer(draft, len(names), size):
        _queries(draft, names, size)
        return
    _letterbox(draft, size)
    places(draft, names, size, 0)


def _is_transformer(draft: Draft, classes: int, size: list[int]) -> bool:
    """RT-DETR: newer exports name the head, older ones the model; else by its 300 queries of all classes."""
    said = draft.graph.metadata
    if "head" in said:
        return said["head"] == "RTDETRDecoder"
    if "rtdetr" in said.get("description", "").lower().replace("-", ""):
        return True
    shape = draft.graph.outputs[0].shape or ()
    return len(shape) == 3 and shape[1:] == (MOST, 4 + classes) and _anchors(size) != MOST and classes != 2


def _queries(draft: Draft, names: dict[int, str], size: list[int]) -> None:
    """RT-DETR's queries: centre and size from 0 to 1, then the best score and its class, or (older) all scores."""
    port = draft.graph.outputs[0]
    width = (port.shape or (None,))[-1]
    draft.input["steps"] = [
        {"step": "resize", "size": size, "kind": "opencv-linear"},
        {"step": "scale", "factor": 1 / 255},
    ]
    _scores(draft, names, suppress=False)
    if width == 6 and (len(names) != 2 or "head" in draft.graph.metadata):
        draft.output.update({"kind": "boxes", "boxes_output": port.name, "columns": ["box", "score", "label"]})
        draft.output.update({"layout": "cxcywh", "coordinates": "normalised"})
    elif width in {None, 4 + len(names)}:
        draft.output.update({"kind": "yolo", "name": port.name, "arrangement": "places_first"})
        draft.output["coordinates"] = "normalised"
    else:
        text = f"{draft.graph.path.name}: {port.name} of RT-DETR has {width} numbers a query, 6 or {4 + len(names)} were due."
        raise refused("output_unexplained", text, draft.graph.path)


def places(draft: Draft, names: dict[int, str], size: list[int], more: int) -> None:
    """Fill the output for boxes with ``more`` numbers a place after the classes: raw places, or finished boxes."""
    port = draft.graph.outputs[0]
    shape = port.shape if port.shape is not None and len(port.shape) == 3 else None
    classes = len(names)
    if shape is None:
        text = f"{draft.graph.path.name}: the output {port.name} of shape {shape_text(port.shape)} has not three axes."
        raise refused("output_unexplained", text, draft.graph.path)
    _, middle, last = shape
    plain, with_objectness = 4 + classes + more, 5 + classes + more
    anchors = _anchors(size)
    ends = _ends_with_suppression(draft)
    if (ends and last in {6 + more, None} and middle not in {plain, with_objectness}) or (
        last == 6 + more
        and (ends or middle not in {plain, with_objectness, anchors, 3 * anchors})
        and not (middle is None and plain == last and not ends)
    ):
        _scores(draft, names, suppress=False)
        if more or draft.convention == "Ultralytics":
            draft.output.update({"kind": "yolo", "name": port.name, "arrangement": "finished"})
        else:
            draft.output.update({"kind": "boxes", "boxes_output": port.name, "columns": ["box", "score", "label"]})
            draft.output["layout"] = "xyxy"
        _ask_coordinates(draft)
        return
    rows = next((n for n, width in ((1, middle), (2, last)) if width == plain), None)
    old = next((n for n, width in ((1, middle), (2, last)) if width == with_objectness), None)
    if rows is None and old is None and middle is None:
        rows = 1
    axis = rows if rows is not None else old
    if axis is None:
        text = (
            f"{draft.graph.path.name}: the output {port.name} has the shape {shape_text(shape)}; for {classes} classes "
            f"{4 + classes + more} or {5 + classes + more} numbers a place were due."
        )
        raise refused("output_unexplained", text, draft.graph.path)
    _scores(draft, names, suppress=True)
    draft.output.update({"kind": "yolo", "name": port.name, "objectness": rows is None})
    draft.output["arrangement"] = "attributes_first" if axis == 1 else "places_first"
    if rows is None:
        draft.guess(
            "output.objectness", "true", f"{5 + classes} numbers a place are one more than YOLOv8 gives (YOLOv5)"
        )
    _ask_coordinates(draft)


def _ask_coordinates(draft: Draft) -> None:
    if draft.input["layout"] != "NHWC":
        return
    question = Question(
        "coordinates",
        "output.coordinates",
        "Are boxes given in pixels of the input, or from 0 to 1? Exports by way of TensorFlow give 0 to 1.",
        ("pixels", "normalised"),
        "normalised",
        "normalised",
    )
    draft.output["coordinates"] = draft.ask(question, str) or "normalised"


def _anchors(size: list[int]) -> int:
    """Places of a network with strides 8, 16 and 32."""
    return sum((size[0] // stride) * (size[1] // stride) for stride in (8, 16, 32))


def _ends_with_suppression(draft: Draft) -> bool:
    said = draft.graph.metadata
    return bool(_arguments(draft).get("nms")) or said.get("nms") == "True" or said.get("end2end") == "True"


def _arguments(draft: Draft) -> dict[str, Any]:
    try:
        given = python_literal(draft.graph.metadata.get("args", "{}"))
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _classify(draft: Draft, names: dict[int, str], size: list[int]) -> None:
    draft.manifest["task"] = "classification"
    # The shorter side and then the middle for a square, otherwise each side by itself.
    aspect = "cover" if size[0] == size[1] else "stretch"
    draft.input["steps"] = [
        {"step": "resize", "size": size, "kind": "pillow-bilinear", "aspect": aspect},
        {"step": "scale", "factor": 1 / 255},
    ]
    inside = draft.graph.activation_inside
    draft.output.update(
        {
            "kind": "classification",
            "name": draft.graph.outputs[0].name,
            "activation": "none" if inside else "softmax",
            "labels": [{"index": index, "name": name} for index, name in sorted(names.items())],
        }
    )
    why = f"the graph ends with {inside}" if inside else "the graph does not end with softmax or sigmoid"
    draft.guesses.append(Guess("output.activation", draft.output["activation"], why))


def _segment(draft: Draft, names: dict[int, str], size: list[int]) -> None:
    """Places with coefficients, and prototypes [b, p, h, w] that these mix into masks."""
    draft.manifest["task"] = "detection"
    _letterbox(draft, size)
    prototypes = next(
        (port for port in draft.graph.outputs[1:] if port.shape is not None and len(port.shape) == 4), None
    )
    if prototypes is None or prototypes.shape is None:
        shapes = ", ".join(f"{port.name} {shape_text(port.shape)}" for port in draft.graph.outputs)
        text = f"{draft.graph.path.name}: instance masks need prototypes beside the places; there are {shapes}."
        raise refused("output_unexplained", text, draft.graph.path)
    counts = (prototypes.shape[3], prototypes.shape[1]) if draft.input["layout"] == "NHWC" else (prototypes.shape[1],)
    places(draft, names, size, next((count for count in counts if count), 32))
    draft.output["prototypes_output"] = prototypes.name


def _pose(draft: Draft, names: dict[int, str], size: list[int]) -> None:
    """Places with points: kpt_shape is [points, 2 or 3]."""
    draft.manifest["task"] = "detection"
    _letterbox(draft, size)
    try:
        points, numbers = (int(one) for one in python_literal(draft.graph.metadata.get("kpt_shape", "")))
    except (TypeError, ValueError):
        points, numbers = 0, 0
    if points < 1 or numbers not in {2, 3}:
        text = f"{draft.graph.path.name}: kpt_shape in its metadata does not say how many points a finding has."
        raise refused("metadata_unreadable", text, draft.graph.path)
    places(draft, names, size, points * numbers)
    named = _point_names(draft, points)
    draft.output["keypoints"] = {"names": named, "visibility": numbers == 3}
    if named == COCO_POINTS:
        draft.output["keypoints"]["skeleton"] = [[COCO_POINTS[a], COCO_POINTS[b]] for a, b in COCO_BONES]


def _turned(draft: Draft, names: dict[int, str], size: list[int]) -> None:
    """Places with an angle behind the classes."""
    draft.manifest["task"] = "detection"
    _letterbox(draft, size)
    places(draft, names, size, 1)
    draft.output["rotated"] = True


def _semantic(draft: Draft, names: dict[int, str], size: list[int]) -> None:
    """A class for each pixel: [b, h, w] numbers from the graph, or [b, classes, h, w]."""
    draft.manifest["task"] = "segmentation"
    _letterbox(draft, size)
    port = draft.graph.outputs[0]
    shape = port.shape or ()
    draft.output.update({"kind": "segmentation", "name": port.name, "background": None, "labels": label_entries(names)})
    if len(shape) == 3:
        draft.output.update({"encoding": "labels", "restore": "labels"})
    elif len(shape) == 4 and len(names) > 1 and all(a in {None, b} for a, b in zip(shape[2:], size, strict=True)):
        draft.output["restore"] = "logits"
    else:
        text = (
            f"{draft.graph.path.name}: {port.name} of shape {shape_text(port.shape)} is no map of {len(names)} classes."
        )
        raise refused("output_unexplained", text, draft.graph.path)


def _point_names(draft: Draft, points: int) -> list[str]:
    """Newer exports name them (kpt_names); the question is not worth stopping for."""
    try:
        given = python_literal(draft.graph.metadata.get("kpt_names", ""))
        given = next(iter(given.values())) if isinstance(given, dict) else given
        names = [str(name) for name in given]
    except (TypeError, ValueError, StopIteration):
        names = []
    if len(names) == points and len(set(names)) == points:
        return names
    if points == len(COCO_POINTS) and list(_names(draft).values()) == ["person"]:
        draft.guess("output.keypoints.names", ", ".join(COCO_POINTS), "17 points of persons are COCO's")
        return COCO_POINTS
    return [f"point {n + 1}" for n in range(points)]
