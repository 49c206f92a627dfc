"""Bare networks of other frameworks, in the shapes in which these hand them over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from medview.core.problem import MedviewError
from tests.inference import networks
from tests.inference.foreign import begun, imported, missing, saved
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
