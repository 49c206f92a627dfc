"""Raw heads of SSD and RetinaNet: told by their names and shapes, their anchors by how many there are, or asked for."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from medview.inference.importing.answers import read_numbers
from medview.inference.importing.draft import Draft, Question
from medview.inference.importing.graph import GraphPort
from medview.inference.importing.ports import InputFace, shape_text

_BOXES = re.compile(r"box|reg|loc|delta|offset", re.IGNORECASE)
_CLASSES = re.compile(r"cls|class|logit|score|conf", re.IGNORECASE)
_RAW = re.compile(r"regression|delta|loc|offset|bbox_pred|box_reg|bbox_reg|reg_head", re.IGNORECASE)

Levels = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Heads:
    """The two heads: one table each, or a map of each level."""

    scores: tuple[GraphPort, ...]
    boxes: tuple[GraphPort, ...]
    is_table: bool


def raw_heads(outputs: tuple[GraphPort, ...], dimensions: int) -> Heads | None:
    """Heads among the outputs; None where there are none, or boxes that the graph has decoded."""
    nameless = _halves(outputs) if dimensions == 2 else None
    if nameless is not None:
        return nameless
    boxes = tuple(port for port in outputs if _BOXES.search(port.name))
    classes = tuple(port for port in outputs if port not in boxes and _CLASSES.search(port.name))
    if not boxes or len(boxes) != len(classes) or len(boxes) + len(classes) != len(outputs):
        return None
    ranks = {len(port.shape) for port in outputs if port.shape is not None}
    if ranks == {2 + dimensions}:
        return Heads(classes, boxes, is_table=False)
    if len(boxes) == 1 and ranks == {3} and _RAW.search(boxes[0].name):
        return Heads(classes, boxes, is_table=True)
    return None


def _halves(outputs: tuple[GraphPort, ...]) -> Heads | None:
    """Maps without telling names, the classes of all levels before their boxes (EfficientDet as effdet exports it)."""
    count = len(outputs) // 2
    shapes = [port.shape for port in outputs if port.shape is not None and len(port.shape) == 4]
    if count < 3 or len(outputs) != 2 * count or len(shapes) != len(outputs):
        return None
    if any(_BOXES.search(port.name) or _CLASSES.search(port.name) for port in outputs):
        return None
    scores, boxes = shapes[:count], shapes[count:]
    same = len({shape[1] for shape in scores}) == len({shape[1] for shape in boxes}) == 1
    fixed = all(shape[1] is not None for shape in shapes)
    paired = all(a[2:] == b[2:] for a, b in zip(scores, boxes, strict=True))
    if not (same and fixed and paired) or (boxes[0][1] or 1) % 4:
        return None
    return Heads(outputs[:count], outputs[count:], is_table=False)


def anchors_output(
    draft: Draft, heads: Heads, face: InputFace, names: dict[int, str], known: Levels | None = None
) -> None:
    """Fill the output; asks for the anchors where nothing is ``known`` of them and their count does not tell them."""
    background = {index for index, name in names.items() if name.lower() in {"background", "__background__"}}
    tail = draft.graph.tails.get(heads.scores[0].name, "")
    if known is not None and "output.anchors" not in draft.answers:
        levels, like = known, "monai"
    else:
        levels, like = _levels(draft, heads, face)
    activation = {"Softmax": "none", "Sigmoid": "none"}.get(tail) or (
        "softmax" if like == "ssd" or background else "sigmoid"
    )
    if like == "ssd" and not background and 0 in names:
        names = {index + 1: name for index, name in names.items()}
        draft.guess("output.labels", names, "class 0 of an SSD is the background; give 0:background,… to overrule")
    draft.output.update(
        {
            "kind": "anchors",
            "scores_output": heads.scores[0].name if heads.is_table else [port.name for port in heads.scores],
            "boxes_output": heads.boxes[0].name if heads.is_table else [port.name for port in heads.boxes],
            "levels": levels,
            "activation": activation,
            "labels": [{"index": n, "name": name} for n, name in sorted(names.items()) if n not in background],
            "score_threshold": 0.05,
            "shown_threshold": 0.5,
            "nms_iou": {"ssd": 0.45, "monai": 0.22}.get(like, 0.5),
        }
    )
    draft.guess(
        "output.activation", activation, f"the scores come out of {tail}" if tail else "raw scores of this kind"
    )
    if like == "efficientdet":
        draft.output.update({"offset": 0.5, "rounded": False, "order": "yx", "largest_growth": 1e6, "at_most": 100})
        draft.output["candidates_per_level"] = 5000
    if like == "ssd":
        draft.output.update({"offset": 0.5, "rounded": False, "weights": [10, 10, 5, 5]})
    if face.dimensions == 3:
        draft.output.update({"x_axis": "first", "origin": "centre"})


def _levels(draft: Draft, heads: Heads, face: InputFace) -> tuple[Levels, str]:
    """The levels, and what they are like: ``retinanet``, ``ssd`` or ``monai``."""
    given = draft.answer("output.anchors")
    count = None if not heads.is_table else (heads.scores[0].shape or (None,) * 3)[1]
    if given is None and face.fixed and face.dimensions == 2:
        size = [int(one or 0) for one in face.sizes]
        for name in ("retinanet", "ssd300", "ssdlite320"):
            levels = named_levels(name)
            if heads.is_table and count == table_length(levels, size):
                draft.guess("output.anchors", name, f"{count} anchors are those of torchvision's {name} on {size}")
                return levels, name[:3] if name.startswith("ssd") else name
    if given is None:
        shapes = ", ".join(f"{port.name} {shape_text(port.shape)}" for port in (*heads.scores, *heads.boxes))
        question = Question(
            "anchors",
            "output.anchors",
            f"The network gives raw heads ({shapes}). Which are its anchors? retinanet, ssd300 or ssdlite320 for torchvision's, "
            "efficientdet for effdet's; "
            "or sides in voxels of the tensor of the finest level, doubled on each next (MONAI: 6/8/4,8/6/5,10/10/6); or "
            "levels as JSON.",
            (),
            "retinanet" if face.dimensions == 2 and (heads.is_table or len(heads.scores) == 5) else "",
            "retinanet" if face.dimensions == 2 else "6/8/4,8/6/5,10/10/6",
        )
        draft.ask(question, str)
        return named_levels("retinanet"), "retinanet"
    try:
        return _read(given, heads, face)
    except ValueError as error:
        raise _bad(draft, given, str(error)) from error


def _bad(draft: Draft, given: str, why: str) -> Exception:
    from medview.core.problem import ExitCode, MedviewError

    said = f"output.anchors={given}: {why}."
    return MedviewError("bad_answer", said, str(draft.graph.path), ExitCode.BAD_USE, (said.removesuffix("."),))


def _read(given: str, heads: Heads, face: InputFace) -> tuple[Levels, str]:
    if given in {"retinanet", "ssd300", "ssdlite320", "efficientdet"}:
        levels = named_levels(given)
        if not heads.is_table and len(levels) != len(heads.scores):
            raise ValueError(f"it has {len(levels)} levels, the network {len(heads.scores)}")
        return levels, given[:3] if given.startswith("ssd") else given
    if given.startswith("["):
        levels = json.loads(given)
        if not isinstance(levels, list) or not all(isinstance(level, dict) for level in levels):
            raise ValueError("a list of levels was due")
        return levels, "retinanet"
    if heads.is_table:
        raise ValueError("a table needs the stride of each level: give levels as JSON")
    shapes = [read_numbers(part) for part in given.split(",")]
    if any(len(shape) != face.dimensions for shape in shapes):
        raise ValueError(f"each anchor has {face.dimensions} sides, as 6/8" + ("/4" if face.dimensions == 3 else ""))
    return doubled(shapes, len(heads.scores)), "monai"


def doubled(shapes: list[list[float]], levels: int, scales: list[float] | None = None) -> Levels:
    """Levels of the same shapes, twice as large on each next (MONAI's AnchorGeneratorWithAnchorShape)."""
    scales = scales or [2.0**n for n in range(levels)]
    return [{"shapes": [[side * scale for side in shape] for shape in shapes]} for scale in scales]


def named_levels(name: str) -> Levels:
    """The anchors of torchvision's detectors: ``retinanet`` (ResNet-50 FPN), ``ssd300`` (VGG16), ``ssdlite320``; ``efficientdet``."""
    if name == "efficientdet":
        pairs_of_sides = ((1.0, 1.0), (1.4, 0.7), (0.7, 1.4))
        return [
            {
                "shapes": [
                    [4 * stride * 2 ** (k / 3) * side for side in pair] for k in range(3) for pair in pairs_of_sides
                ]
            }
            | {"stride": [stride] * 2}
            for stride in (8, 16, 32, 64, 128)
        ]
    if name == "retinanet":
        return [
            {"stride": [8 << n] * 2, "sizes": [int(side * 2 ** (k / 3)) for k in range(3)], "ratios": [0.5, 1.0, 2.0]}
            for n, side in enumerate((32, 64, 128, 256, 512))
        ]
    if name == "ssd300":
        scales = [0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05]
        ratios: list[tuple[int, ...]] = [(2,), (2, 3), (2, 3), (2, 3), (2,), (2,)]
        strides = [[float(step)] * 2 for step in (8, 16, 32, 64, 100, 300)]
        side = 300
    else:
        scales = [0.2 + 0.75 * n / 5 for n in range(6)] + [1.0]
        ratios = [(2, 3)] * 6
        strides = [[320 / places] * 2 for places in (20, 10, 5, 3, 2, 1)]
        side = 320
    levels: Levels = []
    for n, (stride, wide) in enumerate(zip(strides, ratios, strict=True)):
        between = math.sqrt(scales[n] * scales[n + 1])
        pairs = [(scales[n], scales[n]), (between, between)]
        for ratio in wide:
            w, h = scales[n] * math.sqrt(ratio), scales[n] / math.sqrt(ratio)
            pairs += [(w, h), (h, w)]
        levels.append({"stride": stride, "shapes": [[min(w, 1.0) * side, min(h, 1.0) * side] for w, h in pairs]})
    return levels


def table_length(levels: Levels, size: list[int]) -> int:
    """How many anchors a tensor of ``size`` has."""
    total = 0
    for level in levels:
        each = len(level["shapes"]) if "shapes" in level else len(level["sizes"]) * len(level["ratios"])
        total += each * math.prod(math.ceil(n / step - 1e-6) for n, step in zip(size, level["stride"], strict=True))
    return total
