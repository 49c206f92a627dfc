"""Detectors of YOLOX, EfficientDet and YOLOv7 as their authors export them, with numerically known answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from medview.core.finding import Finding
from tests.inference import networks
from tests.inference.foreign import begun, imported, saved
from tests.inference.volumes import run, volume_of

Array = np.ndarray[Any, Any]
FLOAT = networks.FLOAT
SHOWN = {"input__axes": "picture", "input__unit": "display", "output__labels": "a,b"}


def always(size: tuple[int, int], outputs: dict[str, Array], *more: Any) -> bytes:
    """The same answer whatever it sees; ``more`` are operators of no effect."""
    nodes = [helper.make_node("ReduceMax", ["images"], ["top"], keepdims=0), *more]
    nodes.append(helper.make_node("Mul", ["top", "nothing"], ["zero"]))
    nodes += [helper.make_node("Add", [f"{name}_held", "zero"], [name]) for name in outputs]
    constants = {f"{name}_held": value.astype(np.float32) for name, value in outputs.items()}
    return networks.model_bytes(
        nodes,
        [("images", FLOAT, [1, 3, *size])],
        [(name, FLOAT, list(value.shape)) for name, value in outputs.items()],
        {**constants, "nothing": np.asarray(np.float32(0))},
    )


def found(made: Any, rows: int, columns: int) -> Finding:
    shades = (np.arange(rows * columns, dtype=np.uint16) % 60).astype(np.uint8).reshape(1, rows, columns)
    (finding,) = run(made, volume_of(shades, None, None)).findings
    return finding


def corners(finding: Finding) -> list[float]:
    """x0, y0, x1, y1 with the outer border at 0."""
    (_, top, left), (_, bottom, right) = finding.box_voxel
    return [one + 0.5 for one in (left, top, right, bottom)]


@pytest.mark.parametrize("decoded", [False, True])
def test_yolox_is_not_taken_for_yolov5(decoded: bool, tmp_path: Path) -> None:
    """One box for each place: raw centres count from the place, raw sizes are logarithms; blue comes first."""
    table = np.zeros((1, 4 * 8 + 2 * 4 + 1 * 2, 7))
    table[0, 8 + 3] = [28, 10, 16, 8, 0.9, 0, 0.8] if decoded else [0.5, 0.25, np.log(2), 0, 0.9, 0, 0.8]
    exp = [helper.make_node("Exp", ["top"], ["unused"])] if decoded else []
    path = saved(tmp_path / "m.onnx", always((32, 64), {"output": table}, *exp))
    (question,) = [one for one in begun(path, **SHOWN).questions if one.field == "input.values"]
    assert question.suggestion == "yolox"
    made = imported(path, tmp_path / "package", **SHOWN, input__values="yolox")
    assert made.manifest.input.channels == "bgr"
    finding = found(made, 21, 31)  # 31 x 21 becomes 47.2 x 32, of which the fraction is cut off
    assert finding.label == "b"
    assert finding.score == pytest.approx(0.72)
    assert corners(finding) == pytest.approx([20 * 31 / 47, 6 * 21 / 32, 36 * 31 / 47, 14 * 21 / 32])


def test_a_yolov5_stays_one(tmp_path: Path) -> None:
    """Three boxes for each place."""
    table = np.zeros((1, 3 * 42, 7))
    path = saved(tmp_path / "m.onnx", always((32, 64), {"output": table}))
    draft = begun(path, **SHOWN)
    assert "coordinates" not in draft.output
    (question,) = [one for one in draft.questions if one.field == "input.fit"]
    assert question.suggestion == "letterbox"
    steps = begun(path, **SHOWN, input__values="/255", input__fit="letterbox").input["steps"]
    assert [steps[0][key] for key in ("aspect", "kind", "fill")] == ["keep", "opencv-linear", 114]


def test_efficientdet_names_y_before_x(tmp_path: Path) -> None:
    """Maps without names: two classes and four numbers for each of nine anchors; y and height come first."""
    grids = (16, 8, 4, 2, 1)
    scores = {f"{n}": np.full((1, 18, grid, grid), -9.0) for n, grid in enumerate(grids)}
    boxes = {f"{n + 5}": np.zeros((1, 36, grid, grid)) for n, grid in enumerate(grids)}
    scores["0"][0, 2 * 4 + 1, 2, 3] = 2.0
    boxes["5"][0, 4 * 4 : 4 * 4 + 4, 2, 3] = [0.5, 0, np.log(1.5), 0]
    path = saved(tmp_path / "m.onnx", always((128, 128), {**scores, **boxes}))
    draft = begun(path, **SHOWN, output__anchors="efficientdet")
    (question,) = [one for one in draft.questions if one.field == "input.values"]
    assert question.suggestion == "efficientdet"
    answers = {**SHOWN, "output__anchors": "efficientdet", "input__values": "efficientdet"}
    finding = found(imported(path, tmp_path / "package", **answers), 128, 128)
    assert finding.label == "b"
    assert finding.score == pytest.approx(1 / (1 + np.exp(-2.0)))
    side = 4 * 8 * 2 ** (1 / 3)
    wide, high, x, y = 1.4 * side, 0.7 * side * 1.5, 3.5 * 8, 2.5 * 8 + 0.5 * 0.7 * side
    expected = [x - wide / 2, y - high / 2, x + wide / 2, y + high / 2]
    assert corners(finding) == pytest.approx([max(0, one) for one in expected], abs=1e-3)


def test_yolov7_with_its_suppression_gives_rows_of_seven(tmp_path: Path) -> None:
    """Image, corners, class, score; without a suppression inside seven numbers are seven classes."""
    rows = np.array([[0, 4, 8, 20, 24, 1, 0.8]])
    nodes = [
        helper.make_node("NonMaxSuppression", ["some_boxes", "some_scores"], ["unused"]),
        helper.make_node("Identity", ["images"], ["also_unused"]),
    ]
    loaded = always((32, 32), {"output": rows, "b": np.zeros((1, 1))})
    model = onnx.load_from_string(loaded)
    del model.graph.output[1]
    plain = saved(tmp_path / "plain.onnx", model.SerializeToString())
    assert begun(plain, **SHOWN).manifest["task"] == "classification"
    model.graph.node.extend(nodes)
    for name, shape in (("some_boxes", [1, 1, 4]), ("some_scores", [1, 1, 1])):
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.zeros(shape, np.float32), name))
    path = saved(tmp_path / "m.onnx", model.SerializeToString())
    made = imported(path, tmp_path / "package", **SHOWN, input__values="/255", input__fit="letterbox")
    finding = found(made, 32, 32)
    assert finding.label == "b"
    assert finding.score == pytest.approx(0.8)
    assert corners(finding) == pytest.approx([4, 8, 20, 24])


def test_rtdetr_counts_its_classes_from_zero(tmp_path: Path) -> None:
    """The softmax of its attention is none over classes with a background; it is given how large the picture is."""
    held = {"boxes": np.array([[[4, 8, 20, 24]]]), "scores": np.array([[0.8]])}
    nodes = [
        helper.make_node("Softmax", ["images"], ["attention"]),
        helper.make_node("MatMul", ["attention", "images"], ["looked"]),
        helper.make_node("Sigmoid", ["looked"], ["unused"]),
        helper.make_node("Cast", ["orig_target_sizes"], ["wide"], to=FLOAT),
        helper.make_node("ReduceMax", ["wide"], ["widest"], keepdims=0),
        helper.make_node("Mul", ["widest", "nothing"], ["also_zero"]),
        helper.make_node("Identity", ["numbers"], ["labels"]),
    ]
    model = onnx.load_from_string(always((32, 32), held, *nodes))
    model.graph.input.append(helper.make_tensor_value_info("orig_target_sizes", onnx.TensorProto.INT64, [1, 2]))
    model.graph.output.insert(0, helper.make_tensor_value_info("labels", onnx.TensorProto.INT64, [1, 1]))
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([[1]]), "numbers"))
    path = saved(tmp_path / "m.onnx", model.SerializeToString())
    made = imported(path, tmp_path / "package", **SHOWN, input__values="/255", input__fit="stretch")
    finding = found(made, 32, 32)
    assert finding.label == "b"
    assert corners(finding) == pytest.approx([4, 8, 20, 24])
    # Without being told how large the picture is, the same graph is asked about.
    del model.graph.input[1]
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([[32, 32]]), "orig_target_sizes"))
    other = saved(tmp_path / "other.onnx", model.SerializeToString())
    asked = {one.field for one in begun(other, **SHOWN, input__values="/255", input__fit="stretch").questions}
    assert asked == {"output.first_class"}


def test_rfdetr_scores_each_class_by_itself(tmp_path: Path) -> None:
    """Its logits are called labels; one number more than there are names is no softmax."""
    held = {"dets": np.array([[[0.5, 0.25, 0.5, 0.25]]]), "labels": np.array([[[-4.0, 1.5, -4.0]]])}
    path = saved(tmp_path / "m.onnx", always((32, 32), held))
    made = imported(path, tmp_path / "package", **SHOWN, input__values="imagenet", input__fit="stretch")
    finding = found(made, 32, 32)
    assert finding.label == "b"
    assert finding.score == pytest.approx(1 / (1 + np.exp(-1.5)))
    assert corners(finding) == pytest.approx([8, 4, 24, 12])
