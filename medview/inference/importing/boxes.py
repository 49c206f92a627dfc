"""Detectors that give boxes: which output is what, by names, shapes and types, for torchvision, DETR, PaddleDetection and YOLO."""

from __future__ import annotations

from medview.inference.importing.anchors import anchors_output, raw_heads
from medview.inference.importing.draft import Draft, Question
from medview.inference.importing.graph import GraphPort
from medview.inference.importing.names import ask_names
from medview.inference.importing.points import beside_boxes
from medview.inference.importing.ports import InputFace, plain_name

WHOLE = frozenset({"int64", "int32", "uint8", "int8", "uint16", "int16", "bool"})


def torchvision_ports(outputs: tuple[GraphPort, ...]) -> dict[str, GraphPort] | None:
    """Boxes, scores and labels among the outputs, told by name or else by shape and type; None where they are not."""
    found: dict[str, GraphPort] = {}
    for port in outputs:
        name = plain_name(port)
        rank = None if port.shape is None else len(port.shape)
        if "mask" in name or "keypoint" in name:
            continue
        if ("box" in name) and rank in {None, 2, 3}:
            found.setdefault("boxes", port)
        elif "score" in name or name in {"conf", "confidences"}:
            found.setdefault("scores", port)
        elif "label" in name or name in {"classes", "class_ids", "detection_classes"}:
            found.setdefault("labels", port)
    for port in outputs:
        if port in found.values() or port.shape is None:
            continue
        if port.shape and port.shape[-1] in {4, 6} and len(port.shape) in {2, 3} and port.type not in WHOLE:
            found.setdefault("boxes", port)
        elif len(port.shape) in {1, 2} and port.type in {"int64", "int32"}:
            found.setdefault("labels", port)
        elif len(port.shape) in {1, 2} and port.type in {"float", "float16", "double"}:
            found.setdefault("scores", port)
    return found if {"boxes", "scores"} <= set(found) else None


def rows_of_paddle(draft: Draft) -> GraphPort | None:
    """PaddleDetection's [boxes, 6] beside how many there are of each image."""
    outputs = draft.graph.outputs
    sized = any(constant["input"] in {"im_shape", "scale_factor"} for constant in draft.input.get("constants", ()))
    rows = [port for port in outputs if port.shape is not None and len(port.shape) == 2 and port.shape[1] in {6, None}]
    counts = [port for port in outputs if port.type in {"int32", "int64"} and len(port.shape or ()) <= 1]
    return rows[0] if sized and rows and len(rows) + len(counts) == len(outputs) == 2 else None


def rows_of_yolov7(draft: Draft) -> GraphPort | None:
    """YOLOv7's export with the suppression inside: [boxes, 7] of image, corners, class and score."""
    (port, *others) = draft.graph.outputs
    shape = port.shape or ()
    inside = "NonMaxSuppression" in draft.graph.operators
    return port if inside and not others and len(shape) == 2 and shape[1] == 7 else None


def detect(draft: Draft, face: InputFace) -> None:
    """Which outputs hold boxes, and how; raises MedviewError for answers that contradict the graph."""
    heads = raw_heads(draft.graph.outputs, face.dimensions)
    if heads is not None:
        anchors_output(draft, heads, face, ask_names(draft, None))
        return
    queries = transformer_ports(draft.graph.outputs)
    draft.output.update({"score_threshold": 0.05, "shown_threshold": 0.5, "at_most": 300})
    if queries is not None:
        transformer_output(draft, *queries, ask_names(draft, None))
        return
    ports = torchvision_ports(draft.graph.outputs)
    if ports is not None:
        detector_output(draft, ports, face)
        return
    rows = rows_of_paddle(draft)
    if rows is not None:
        entries = [{"index": n, "name": name} for n, name in sorted(ask_names(draft, None).items())]
        columns = ["label", "score", "box"]
        draft.output.update({"kind": "boxes", "boxes_output": rows.name, "columns": columns, "labels": entries})
        return
    rows = rows_of_yolov7(draft)
    if rows is not None:
        entries = [{"index": n, "name": name} for n, name in sorted(ask_names(draft, None).items())]
        columns = ["batch", "box", "label", "score"]
        draft.output.update({"kind": "boxes", "boxes_output": rows.name, "columns": columns, "labels": entries})
        return
    from medview.inference.importing.ultralytics import places

    names = ask_names(draft, None)
    size = [int(fixed or 640) for fixed in face.sizes]
    places(draft, names, size, 0)
    if is_yolox(draft, face):
        decoded = "Exp" in draft.graph.operators
        draft.output.update({"coordinates": "pixels" if decoded else "grid", "nms_iou": 0.45})
        why = "one box with objectness for each place of strides 8, 16 and 32 is YOLOX's; YOLOv5 gives three"
        draft.guess("output.coordinates", draft.output["coordinates"], why)


def is_yolox(draft: Draft, face: InputFace) -> bool:
    """Whether places with objectness are as many as there are places, and not three times that (YOLOv5, YOLOv7)."""
    shape = draft.graph.outputs[0].shape or ()
    if not (draft.output.get("kind") == "yolo" and draft.output.get("objectness") and face.fixed and len(shape) == 3):
        return False
    rows, columns = (int(size or 0) for size in face.sizes)
    return sum((rows // stride) * (columns // stride) for stride in (8, 16, 32)) in shape[1:]


def transformer_ports(outputs: tuple[GraphPort, ...]) -> tuple[GraphPort, GraphPort] | None:
    """Logits and boxes of DETR and its kin, told by their names."""
    names = {plain_name(port): port for port in outputs}
    logits = next((names[name] for name in ("logits", "pred_logits", "dets_logits") if name in names), None)
    if logits is None and "dets" in names and "labels" in names and names["labels"].type not in WHOLE:
        logits = names["labels"]  # RF-DETR
    boxes = next((names[name] for name in ("pred_boxes", "boxes", "dets") if name in names), None)
    if logits is None or boxes is None or len(logits.shape or ()) != 3 or len(boxes.shape or ()) != 3:
        return None
    return logits, boxes


def transformer_output(draft: Draft, logits: GraphPort, boxes: GraphPort, names: dict[int, str]) -> None:
    """Centre and size from 0 to 1; with one score more than names the last is "no object" and the scores are softmax."""
    width = (logits.shape or (None,))[-1]
    softmax = width is not None and width == len(names) + 1 and plain_name(logits) != "labels"
    why = "one score more than there are classes: the last is no object" if softmax else "a score for each class"
    draft.guess("output.activation", "softmax" if softmax else "sigmoid", why)
    draft.output.update(
        {
            "kind": "boxes",
            "boxes_output": boxes.name,
            "scores_output": logits.name,
            "labels": [{"index": n, "name": name} for n, name in sorted(names.items())],
            "layout": "cxcywh",
            "coordinates": "normalised",
            "activation": "softmax" if softmax else "sigmoid",
        }
    )
    if not softmax:
        # The best of all pairs of query and class, as many as there are queries.
        draft.output.update({"each_class": True, "at_most": int((logits.shape or (1, None))[1] or 300)})


def _first_class(draft: Draft) -> str:
    """Networks with a softmax keep 0 for the background; those with a sigmoid for each class count as their data did."""
    operators = draft.graph.operators
    if any(constant["input"] == "orig_target_sizes" for constant in draft.input.get("constants", ())):
        draft.guess(
            "output.first_class", "0", "RT-DETR, D-FINE and DEIM, which are given orig_target_sizes, count from 0"
        )
        return "0"
    # A softmax beside products of matrices may be one of attention.
    if ("Softmax" in operators and "MatMul" not in operators) or "Sigmoid" not in operators:
        return "1"
    question = Question(
        "first_class",
        "output.first_class",
        "From which number does it count its classes? 0, or 1 where 0 means the background in the data that it was trained "
        "on (as COCO's in torchvision's RetinaNet and FCOS).",
        ("0", "1"),
        "1",
        "0",
    )
    return draft.ask(question, str) or "1"


def detector_output(draft: Draft, ports: dict[str, GraphPort], face: InputFace) -> None:
    """Boxes, scores and labels as torchvision's and MONAI's detectors return them; classes count from 1."""
    names = ask_names(draft, None)
    background = {index for index, name in names.items() if name.lower() in {"background", "__background__"}}
    numbered = ":" in (draft.answer("output.labels") or "").split(",")[0]
    in_order = "labels" in ports and not background and not numbered and 0 in names and face.dimensions == 2
    if in_order and _first_class(draft) == "1":
        # torchvision's class 0 is the background and never comes out.
        names = {index + 1: name for index, name in names.items()}
        draft.guess("output.labels", names, "torchvision's detectors count classes from 1; give 0:NAME,… to overrule")
    draft.output.update(
        {
            "kind": "boxes",
            "boxes_output": ports["boxes"].name,
            "scores_output": ports["scores"].name,
            "labels_output": ports["labels"].name if "labels" in ports else None,
            "labels": [{"index": n, "name": name} for n, name in sorted(names.items()) if n not in background],
            "layout": "xyxy" if face.dimensions == 2 else "xyzxyz",
        }
    )
    if face.dimensions == 3:
        draft.output["x_axis"] = "first"
        draft.output["origin"] = "centre"
    if plain_name(ports["boxes"]).startswith("detection_boxes"):
        draft.output.update({"layout": "yxyx", "coordinates": "normalised"})
        draft.guess("output.layout", "yxyx, normalised", "TensorFlow's detectors give y before x, from 0 to 1")
    beside_boxes(draft, {port.name for port in ports.values()}, face)
