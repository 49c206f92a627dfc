"""Beside Ultralytics' own predictors: boxes, masks, points and turned boxes of whole exports, and what these are fed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.finding import Finding, InferenceResult
from medview.core.problem import MedviewError
from medview.inference.placement import Placement, orient
from medview.inference.preprocess import run_steps
from tests.inference import networks
from tests.inference.foreign import begun, imported, missing, saved, ultralytics_metadata, with_open_outputs
from tests.inference.parity import vision
from tests.inference.volumes import run, volume_of

Array = np.ndarray[Any, Any]
RECORDED = np.load(Path(__file__).parent / "parity" / "vision.npz")
"""Of Ultralytics 8.4.190; :mod:`tests.inference.parity.record_vision` makes it."""


@cache
def _volume(rows: int, columns: int) -> Any:
    return volume_of(vision.picture(rows, columns)[None], None, None)


def answer(folder: Path, name: str, shown: str, **answers: str) -> InferenceResult:
    model, metadata = vision.network(name)
    package = imported(saved(folder / f"{name}.onnx", model, **metadata), folder / "package", **answers)
    return run(package, _volume(*vision.PICTURES[shown]))


def corners(found: Finding) -> Array:
    """x1, y1, x2, y2 from border to border."""
    (_, top, left), (_, bottom, right) = found.box_voxel
    return np.array([left, top, right, bottom]) + 0.5


def theirs(key: str, size: tuple[int, int]) -> tuple[Array, Array, Array]:
    """Boxes that have something of the picture in them, their scores and classes, best first."""
    if f"{key}_corners" in RECORDED:
        turned, table = RECORDED[f"{key}_corners"], RECORDED[f"{key}_turned"]
        boxes = np.concatenate([turned.min(axis=1), turned.max(axis=1)], axis=1)
        boxes, scores, classes = np.clip(boxes, 0, [size[1], size[0]] * 2), table[:, 5], table[:, 6]
    else:
        table = RECORDED[f"{key}_boxes"]
        boxes, scores, classes = table[:, :4], table[:, 4], table[:, 5]
    seen = np.flatnonzero((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))
    seen = seen[np.argsort(-scores[seen], kind="stable")]
    return boxes[seen], scores[seen], np.stack([classes[seen], seen], axis=1).astype(int)


@pytest.mark.parametrize("shown", vision.PICTURES)
@pytest.mark.parametrize("name", vision.NETWORKS)
def test_the_same_findings_as_the_authors_predictor(name: str, shown: str, tmp_path: Path) -> None:
    result = answer(tmp_path, name, shown)
    size = vision.PICTURES[shown]
    key = f"{name}_{shown}"
    boxes, scores, classes = theirs(key, size)
    assert len(boxes) > 5
    assert len(result.findings) == len(boxes)
    np.testing.assert_allclose([found.score for found in result.findings], scores, atol=1e-6)
    assert [found.label for found in result.findings] == [vision.NAMES[number] for number, _ in classes]
    # Ultralytics brings turned boxes back as if sides lay along the axes, where the letterbox's factors differ a little.
    close = 0.2 if "obb" in name else 2e-3
    np.testing.assert_allclose([corners(found) for found in result.findings], boxes, atol=close)
    if f"{key}_points" in RECORDED:
        for found, (_, n) in zip(result.findings, classes, strict=True):
            points = np.array([(one.voxel[2] + 0.5, one.voxel[1] + 0.5, one.score) for one in found.keypoints])
            points[:, :2] = np.clip(points[:, :2], 0, [size[1], size[0]])
            np.testing.assert_allclose(points, RECORDED[f"{key}_points"][n], atol=2e-3)
    if f"{key}_corners" in RECORDED:
        for found, (_, n) in zip(result.findings, classes, strict=True):
            points = np.array([(one.voxel[2] + 0.5, one.voxel[1] + 0.5) for one in found.keypoints])
            np.testing.assert_allclose(points, RECORDED[f"{key}_corners"][n], atol=close)
            assert found.bones == ((0, 1), (1, 2), (2, 3), (3, 0))


@pytest.mark.parametrize("shown", vision.PICTURES)
@pytest.mark.parametrize("name", ["segment", "segment_finished"])
def test_masks_are_the_authors_on_the_pixels_of_the_picture(name: str, shown: str, tmp_path: Path) -> None:
    result = answer(tmp_path, name, shown)
    assert result.segmentation is not None
    rows, columns = vision.PICTURES[shown]
    masks = np.unpackbits(RECORDED[f"{name}_{shown}_masks"], axis=-1)[..., : vision.COLUMNS]
    gain = min(vision.ROWS / rows, vision.COLUMNS / columns)
    inner = (round(rows * gain), round(columns * gain))
    at = [
        np.rint((np.arange(n) + 0.5) * m / n - 0.5 + round((whole - m) / 2 - 0.1)).astype(int)
        for n, m, whole in zip((rows, columns), inner, (vision.ROWS, vision.COLUMNS), strict=True)
    ]
    _, _, classes = theirs(f"{name}_{shown}", (rows, columns))
    expected = np.zeros((rows, columns), dtype=int)
    for n, found in reversed(list(zip(classes[:, 1], result.findings, strict=True))):
        expected[masks[n][np.ix_(*at)] > 0] = found.mask_value
    assert np.count_nonzero(expected) > 100
    # A pixel of the picture may lie exactly between two of the network's.
    assert np.mean(result.segmentation.labels[0] != expected) < 0.01


@pytest.mark.parametrize("dynamic", [False, True])
@pytest.mark.parametrize("shown", vision.PICTURES)
def test_the_letterbox_is_theirs_to_the_bit(shown: str, dynamic: bool, tmp_path: Path) -> None:
    """A network of open sizes gets the smallest one of whole strides, as the predictor makes it."""
    model, metadata = vision.network("detect", dynamic=dynamic)
    given = imported(saved(tmp_path / "m.onnx", model, **metadata), tmp_path / "package").manifest.input
    size = vision.PICTURES[shown]
    orientation = orient((1, *size), None, given.axes)
    start = Placement.start(orientation, None)
    made = run_steps(given, vision.picture(*size)[None], None, start, None, lambda _at, _of: None).values[0]
    expected = RECORDED[f"letterbox_{'open' if dynamic else 'fixed'}_{shown}"]
    np.testing.assert_array_equal(np.rint(made * 255).astype(np.uint8), expected)
    np.testing.assert_allclose(made, expected / np.float32(255), atol=1e-7)


def test_finished_boxes_of_a_graph_of_open_sizes_are_told_by_its_arguments(tmp_path: Path) -> None:
    """Their last axis is open as well."""
    model, metadata = vision.network("detect_finished", dynamic=True)
    loaded = with_open_outputs(model)
    written = begun(saved(tmp_path / "m.onnx", loaded, **metadata)).manifest["output"]
    assert written["arrangement"] == "finished"
    assert written["nms_iou"] is None


def queries(width: int) -> Array:
    """(1, 300, width) one query in the middle of the right half."""
    table = np.zeros((1, 300, width), np.float32)
    table[0, 5, :4] = 0.75, 0.5, 0.25, 0.5
    table[0, 5, 4:6] = (0.9, 1) if width == 6 else (0.1, 0.9)
    return table


@pytest.mark.parametrize(("width", "said"), [(6, {"head": "RTDETRDecoder"}), (7, {})])
def test_rt_detr_gives_shares_of_the_stretched_picture(width: int, said: dict[str, str], tmp_path: Path) -> None:
    """Newer exports: best score and class; older ones: the scores of all classes, and no word of the head."""
    model = networks.fixed_outputs(2, batch=1, channels=3, size=(64, 64), output0=queries(width))
    path = saved(tmp_path / "m.onnx", model, **ultralytics_metadata("detect", vision.NAMES, **said))
    package = imported(path, tmp_path / "package")
    (found,) = run(package, _volume(*vision.PICTURES["wide"])).findings
    assert found.label == "nodule"
    np.testing.assert_allclose(corners(found), (81.25, 11.25, 113.75, 33.75), atol=1e-4)


def test_classes_of_pixels_from_the_graph(tmp_path: Path) -> None:
    """The semantic task: one whole number for each pixel, none of which means nothing."""
    classes = np.zeros((1, 64, 64), np.uint8)
    classes[:, :, 32:] = 2
    model = networks.fixed_outputs(2, batch=1, channels=3, size=(64, 64), output0=classes)
    path = saved(tmp_path / "m.onnx", model, **ultralytics_metadata("semantic", vision.NAMES))
    draft = begun(path)
    assert not missing(draft)
    result = run(imported(path, tmp_path / "package"), volume_of(vision.picture(20, 40)[None], None, None))
    assert result.segmentation is not None
    assert set(np.unique(result.segmentation.labels[0][:, :20])) == {1}
    assert set(np.unique(result.segmentation.labels[0][:, 20:])) == {3}
    assert [label.name for label in result.segmentation.meanings] == list(vision.NAMES.values())


def test_a_classifier_that_is_not_square_sees_the_whole_picture(tmp_path: Path) -> None:
    """Ultralytics resizes to exactly such a size, and cuts the middle out for a square alone."""
    model = networks.mean_classifier([1.0, 0.0], [0.0, 0.25], channels=3, size=(8, 16))
    path = saved(tmp_path / "c.onnx", model, **ultralytics_metadata("classify", {0: "a", 1: "b"}, imgsz="[8, 16]"))
    values = np.zeros((1, 8, 32), np.uint8)
    values[0, :, :16] = 204
    package = imported(path, tmp_path / "package", output__activation="none")
    result = run(package, volume_of(np.repeat(values[..., None], 3, axis=3), None, None))
    assert result.classification[0].probability == pytest.approx(0.4, abs=0.01)


def test_boxes_inside_out_are_left_out_and_many_of_them_are_a_failed_run(tmp_path: Path) -> None:
    """YOLO's heads without bounds make some; a layout that somebody stated is wrong where most are."""
    table = np.zeros((1, 4, 6), np.float32)
    table[0, 0] = 10, 10, 30, 30, 0.9, 1
    table[0, 1] = 30, 12, 20, 40, 0.8, 1
    table[0, 2] = 10, 30, 9, 34, 0.7, 0
    metadata = ultralytics_metadata("detect", vision.NAMES, end2end="True")
    model = networks.fixed_outputs(2, batch=1, channels=3, size=(64, 64), output0=table)
    package = imported(saved(tmp_path / "m.onnx", model, **metadata), tmp_path / "package")
    result = run(package, _volume(*vision.PICTURES["wide"]))
    assert [round(found.score, 2) for found in result.findings] == [0.9]
    answers = {"output__labels": "cyst,nodule", "input__axes": "picture", "input__unit": "display"}
    answers |= {"input__values": "/255", "input__fit": "stretch"}
    bare = imported(saved(tmp_path / "n.onnx", model), tmp_path / "another", **answers)
    with pytest.raises(MedviewError, match="first corner lies behind the second"):
        run(bare, _volume(*vision.PICTURES["wide"]))
