"""Pictures and networks with constant answers that Ultralytics and medview are both given; made the same each time."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import helper

from tests.inference import networks
from tests.inference.foreign import ultralytics_metadata

Array = np.ndarray[Any, Any]
FLOAT = networks.FLOAT
ROWS, COLUMNS = 64, 96
"""What the networks take."""
PLACES = 126
"""Of strides 8, 16 and 32 on that."""
NAMES = {0: "cyst", 1: "nodule", 2: "scar"}
POINTS = 3
PROTOTYPES = 4


def picture(rows: int, columns: int) -> Array:
    """(rows, columns, 3) 8 bit, smooth with some noise, its channels different."""
    rng = np.random.default_rng(rows * 1000 + columns)
    y, x = np.mgrid[:rows, :columns]
    waves = [128 + 90 * np.sin(x / (3 + n) + n) * np.cos(y / (5 - n)) for n in range(3)]
    return np.clip(np.stack(waves, axis=2) + rng.normal(0, 12, (rows, columns, 3)), 0, 255).astype(np.uint8)


PICTURES = {"wide": (45, 130), "tall": (90, 41), "large": (301, 207)}


def _places(more: int) -> Array:
    """(PLACES, 4 + classes + more): groups of boxes that overlap, some of which reach into the border."""
    rng = np.random.default_rng(31)
    middle = rng.uniform((4, 4), (COLUMNS - 4, ROWS - 4), (PLACES // 6 + 1, 2))
    centres = np.repeat(middle, 6, axis=0)[:PLACES] + rng.normal(0, 1.5, (PLACES, 2))
    sides = np.repeat(rng.uniform(6, 30, (PLACES // 6 + 1, 2)), 6, axis=0)[:PLACES] * rng.uniform(0.8, 1.2, (PLACES, 2))
    scores = rng.uniform(0.0, 1.0, (PLACES, 3)) ** 3
    return np.concatenate([centres, sides, scores, np.zeros((PLACES, more))], axis=1).astype(np.float32)


def _finished(more: int) -> Array:
    """(1, 20, 6 + more): corners, score, class; rows of zeros fill up."""
    table = _places(0)[:12]
    low, high = table[:, :2] - table[:, 2:4] / 2, table[:, :2] + table[:, 2:4] / 2
    best = table[:, 4:].max(axis=1, keepdims=True), table[:, 4:].argmax(axis=1)[:, None]
    rows = np.concatenate([low, high, *best, np.zeros((12, more))], axis=1)
    return np.concatenate([rows, np.zeros((8, rows.shape[1]))])[None].astype(np.float32)


def _coefficients(count: int) -> Array:
    return np.random.default_rng(7).normal(0, 1, (count, PROTOTYPES)).astype(np.float32)


def _prototypes() -> Array:
    y, x = np.mgrid[: ROWS // 4, : COLUMNS // 4]
    waves = [np.sin(x / 4), np.cos(y / 3), np.sin((x + y) / 5), np.cos((x - y) / 4)]
    return np.stack(waves)[None].astype(np.float32)


def _points(boxes: Array) -> Array:
    """(n, POINTS·3) near the middles of ``boxes``."""
    rng = np.random.default_rng(9)
    near = boxes[:, None, :2] + rng.normal(0, 4, (len(boxes), POINTS, 2))
    return np.concatenate([near, rng.uniform(0, 1, (len(boxes), POINTS, 1))], axis=2).reshape(len(boxes), -1)


def _angles(count: int) -> Array:
    return np.random.default_rng(11).uniform(-0.7, 2.3, (count, 1))


def answers(name: str) -> dict[str, Array]:
    """The outputs of a network: ``detect``, ``segment``, ``pose``, ``obb``; ``…_finished`` as with the suppression inside."""
    task, _, finished = name.partition("_")
    more = {"detect": 0, "segment": PROTOTYPES, "pose": 3 * POINTS, "obb": 1}[task]
    table = _finished(more)[0] if finished else _places(more)
    if task == "obb" and finished:
        table[:12, :4] = _places(0)[:12, :4]
    part = table[:12] if finished else table
    boxes = _places(0)[:12] if finished else table
    if task == "segment":
        part[:, -more:] = _coefficients(len(part))
    elif task == "pose":
        part[:, -more:] = _points(boxes)
    elif task == "obb":
        part[:, -1:] = _angles(len(part))
    made = {"output0": (table if finished else table.T)[None].astype(np.float32)}
    if task == "segment":
        made["output1"] = _prototypes()
    return made


NETWORKS = ("detect", "segment", "pose", "obb", "detect_finished", "segment_finished", "pose_finished", "obb_finished")


def network(name: str, *, dynamic: bool = False) -> tuple[bytes, dict[str, str]]:
    """A network that gives :func:`answers` whatever it sees, and its metadata."""
    given = answers(name)
    task, _, finished = name.partition("_")
    size = ["height", "width"] if dynamic else [ROWS, COLUMNS]
    nodes = [helper.make_node("Identity", ["images"], ["unused"])]
    nodes += [helper.make_node("Identity", [f"v_{key}"], [key]) for key in given]
    model = networks.model_bytes(
        nodes,
        [("images", FLOAT, [1, 3, *size])],
        [(key, FLOAT, list(value.shape)) for key, value in given.items()],
        {f"v_{key}": value for key, value in given.items()},
    )
    arguments = f"{{'batch': 1, 'half': False, 'dynamic': {dynamic}, 'nms': {bool(finished)}}}"
    metadata = ultralytics_metadata(task, NAMES, imgsz=f"[{ROWS}, {COLUMNS}]", args=arguments)
    if task == "pose":
        metadata["kpt_shape"] = f"[{POINTS}, 3]"
    return model, metadata
