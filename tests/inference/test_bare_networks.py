"""Bare networks of other frameworks, in the shapes in which these hand them over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from medview.core.problem import MedviewError
from tests.inference import networks
from tests.inference.foreign import begun, imported, missing, saved, with_open_outputs
from tests.inference.volumes import run, volume_of

Array = np.ndarray[Any, Any]
FLOAT = networks.FLOAT
PICTURE = {"input__axes": "picture", "input__unit": "display", "input__values": "/255", "input__fit": "stretch"}


def shown(level: int = 51, size: int = 8) -> Any:
    """A colour picture whose mean is ``level``."""
    values = np.full((1, size, size, 3), level, np.uint8)
    values[0, 0, 0], values[0, 0, 1] = level - 1, level + 1
    return volume_of(values, None, None)


@pytest.mark.parametrize(("inside", "expected"), [(False, 1 / (1 + np.exp(-0.2))), (True, 0.2)])
def test_one_number_for_one_picture_is_an_answer(inside: bool, expected: float, tmp_path: Path) -> None:
    """The commonest classifier of all: disease or not. Its one logit may well lie between 0 and 1."""
    model = networks.mean_classifier([1.0], [0.0], channels=3, size=(8, 8))
    answers = {**PICTURE, "output__labels": "pneumonia", "output__activation": "none" if inside else "sigmoid"}
    package = imported(saved(tmp_path / "m.onnx", model), tmp_path / "package", **answers)
    (only,) = run(package, shown()).classification
    assert only.label == "pneumonia"
    assert only.probability == pytest.approx(expected, abs=1e-6)


def numbered_network(classes: int, keepdims: int) -> bytes:
    """The number of the largest of so many sums."""
    weight = np.arange(classes, dtype=np.float32) - 1
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Reshape", ["m", "column"], ["c"]),
        helper.make_node("Mul", ["c", "w"], ["s"]),
        helper.make_node("ArgMax", ["s"], ["label"], axis=1, keepdims=keepdims),
    ]
    constants = {"column": np.array([-1, 1]), "w": weight[None]}
    shape = [1, 1] if keepdims else [1]
    ports = [("label", TensorProto.INT64, shape)]
    return networks.model_bytes(nodes, [("x", FLOAT, [1, 3, 8, 8])], ports, constants)


@pytest.mark.parametrize("keepdims", [0, 1])
def test_the_number_of_a_class_is_that_class(keepdims: int, tmp_path: Path) -> None:
    path = saved(tmp_path / "m.onnx", numbered_network(3, keepdims))
    draft = begun(path, **PICTURE)
    assert draft.manifest["output"]["encoding"] == "index"
    assert missing(draft) == {"output.labels"}
    package = imported(path, tmp_path / "package", **PICTURE, output__labels="a,b,c")
    assert [(one.label, one.probability) for one in run(package, shown()).classification] == [
        ("a", 0.0),
        ("b", 0.0),
        ("c", 1.0),
    ]
    short = imported(path, tmp_path / "short", **PICTURE, output__labels="a,b")
    with pytest.raises(MedviewError, match="class 2, which the manifest does not name"):
        run(short, shown())


def test_of_maps_of_several_sizes_the_inputs_own_counts(tmp_path: Path) -> None:
    """Deep supervision left in, the coarsest first."""
    nodes = [
        helper.make_node("AveragePool", ["x"], ["small"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("Identity", ["x"], ["whole"]),
    ]
    ports = [("small", FLOAT, [1, 1, 4, 4]), ("whole", FLOAT, [1, 1, 16, 16])]
    path = saved(tmp_path / "m.onnx", networks.model_bytes(nodes, [("x", FLOAT, [1, 1, 16, 16])], ports))
    package = imported(path, tmp_path / "package", **PICTURE, output__labels="bright", output__activation="none")
    assert package.manifest.output.name == "whole"
    values = np.zeros((1, 16, 16), np.uint8)
    values[0, 3:9, 5:12] = 255
    result = run(package, volume_of(np.repeat(values[..., None], 3, axis=3), None, None))
    assert result.segmentation is not None
    np.testing.assert_array_equal(result.segmentation.labels[0], values[0] > 0)


def rcnn(size: int = 16, **more: Array) -> bytes:
    """torchvision's R-CNNs: boxes, labels, scores, and what lies beside them."""
    boxes = np.array([[2, 3, 10, 9], [4, 4, 14, 14], [0, 0, 3, 3]], np.float32)
    return networks.fixed_outputs(
        2,
        channels=3,
        size=(size, size),
        boxes=boxes,
        labels=np.array([2, 1, 1]),
        scores=np.array([0.7, 0.9, 0.01], np.float32),
        **more,
    )


def test_masks_of_torchvisions_detector_lie_on_their_pixels(tmp_path: Path) -> None:
    masks = np.zeros((3, 1, 16, 16), np.float32)
    masks[0, 0, 3:9, 2:10] = 0.8
    masks[1, 0, 4:14, 4:9] = 0.9
    masks[1, 0, 4:14, 9:14] = 0.4
    path = saved(tmp_path / "m.onnx", rcnn(masks=masks))
    package = imported(path, tmp_path / "package", **PICTURE, output__labels="nodule,cyst")
    result = run(package, shown(size=16))
    assert [(one.label, one.mask_value) for one in result.findings] == [("nodule", 1), ("cyst", 2)]
    expected = np.zeros((16, 16), int)
    expected[3:9, 2:10] = 2
    expected[4:14, 4:9] = 1  # the better one lies over it
    assert result.segmentation is not None
    np.testing.assert_array_equal(result.segmentation.labels[0], expected)


def test_masks_of_another_size_are_a_failed_run(tmp_path: Path) -> None:
    model = with_open_outputs(rcnn(masks=np.ones((3, 1, 8, 8), np.float32)))
    package = imported(saved(tmp_path / "m.onnx", model), tmp_path / "package", **PICTURE, output__labels="nodule,cyst")
    with pytest.raises(MedviewError, match="a map of 16 × 16 for each box was due"):
        run(package, shown(size=16))


@pytest.mark.parametrize("known", [True, False])
def test_points_of_torchvisions_detector(known: bool, tmp_path: Path) -> None:
    points = np.ones((3, 2, 3), np.float32)
    points[:, :, :2] = [[[3, 4], [9.5, 8]], [[5, 5], [13, 12]], [[1, 1], [2, 2]]]
    model = rcnn(keypoints=points, keypoints_scores=np.full((3, 2), 7.5, np.float32))
    path = saved(tmp_path / "m.onnx", model if known else with_open_outputs(model))
    answers = {**PICTURE, "output__labels": "hand,foot"}
    if not known:
        assert missing(begun(path, **answers)) == {"output.points"}
        answers["output__points"] = "wrist,tip"
    best, _ = run(imported(path, tmp_path / "package", **answers), shown(size=16)).findings
    assert [point.name for point in best.keypoints] == (["point 1", "point 2"] if known else ["wrist", "tip"])
    assert [point.voxel[1:] for point in best.keypoints] == [(4.5, 4.5), (11.5, 12.5)]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"output__labels": "a,b,c", "output__first_class": "0"}, ["b", "c"]),
        ({"output__labels": "a,b,c", "output__first_class": "1"}, ["a", "b"]),
        ({"output__labels": "0:a,1:b,2:c"}, ["b", "c"]),
    ],
)
def test_a_detector_with_a_score_for_each_class_may_count_from_0(
    answers: dict[str, str], expected: list[str], tmp_path: Path
) -> None:
    """RetinaNet and FCOS: nothing in the graph says whether 0 is a class."""
    import onnx

    model = onnx.load_from_string(rcnn())
    model.graph.node.append(helper.make_node("Sigmoid", ["scores"], ["unused_too"]))
    path = saved(tmp_path / "m.onnx", model.SerializeToString())
    assert missing(begun(path, **PICTURE, output__labels="a,b,c")) == {"output.first_class"}
    package = imported(path, tmp_path / "package", **PICTURE, **answers)
    assert [one.label for one in run(package, shown(size=16)).findings] == expected


def test_rows_of_numbers_are_no_image(tmp_path: Path) -> None:
    """scikit-learn's networks take features that something else computed; a layout without sides is refused too."""
    nodes = [helper.make_node("Softmax", ["x"], ["y"], axis=1)]
    path = saved(tmp_path / "m.onnx", networks.model_bytes(nodes, [("x", FLOAT, ["n", 64])], [("y", FLOAT, ["n", 64])]))
    for more in ({}, {"input__layout": "NC"}):
        with pytest.raises(MedviewError, match="takes rows of numbers, no image"):
            begun(path, **PICTURE, **more)


def test_u2net_is_divided_by_its_largest_value(tmp_path: Path) -> None:
    """Of seven maps the first counts; a dark picture is brightened before the values of ImageNet."""
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["top"], axes=[1]),
        helper.make_node("Sub", ["top", "two"], ["above"]),
        helper.make_node("Sigmoid", ["above"], ["d0"]),
        helper.make_node("Identity", ["d0"], ["d1"]),
    ]
    ports = [("d0", FLOAT, [1, 1, 16, 16]), ("d1", FLOAT, [1, 1, 16, 16])]
    path = saved(
        tmp_path / "m.onnx", networks.model_bytes(nodes, [("x", FLOAT, [1, 3, 16, 16])], ports, {"two": np.float32(2)})
    )
    shown = {"input__axes": "picture", "input__unit": "display"}
    answers = {**shown, "input__values": "u2net", "output__labels": "thing"}
    package = imported(path, tmp_path / "package", **answers)
    assert package.manifest.output.model_dump()["name"] == "d0"
    values = np.zeros((1, 16, 16, 3), np.uint8)
    values[0, 3:9, 5:12] = 40
    values[0, 3:9, 5:8] = 20
    result = run(package, volume_of(values, None, None))
    assert result.segmentation is not None
    np.testing.assert_array_equal(
        result.segmentation.labels[0], values[0, ..., 0] == 40
    )  # blue 2.64, and 0.42 where it is half as bright
