"""Networks that take or give other numbers than 32 bits: nothing wraps around or is cut off in silence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from medview.core.problem import ExitCode, MedviewError
from tests.inference import networks
from tests.inference.packages import about
from tests.inference.volumes import axial_geometry, made_package, run, volume_of

SHAPE = (3, 8, 8)
VALUES = np.random.default_rng(8).integers(-900, 900, SHAPE).astype(np.int16)
ABOVE = {"kind": "segmentation", "labels": [{"index": 1, "name": "bright"}], "encoding": "labels"}
FREE = networks.free_shape(2)


def described(output: dict[str, Any], steps: Any = (), task: str = "segmentation", unit: str = "HU") -> dict[str, Any]:
    given = {"unit": unit, "axes": ["P", "L"], "layout": "NCHW", "steps": list(steps)}
    return about("numbers", task=task, fits={}, input=given, output=output)


def shown(folder: Path, kind: int, steps: Any = (), unit: str = "HU") -> Any:
    """The values that a network of input type ``kind`` was given."""
    cast = helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)
    network = networks.model_bytes([cast], [("x", kind, FREE)], [("y", TensorProto.FLOAT, FREE)])
    package = made_package(folder, described({"kind": "image", "title": "seen"}, steps, "image", unit), network)
    image = run(package, volume_of(VALUES, axial_geometry(SHAPE))).image
    assert image is not None
    return image.values


@pytest.mark.parametrize(
    ("kind", "unit", "steps"),
    [
        (TensorProto.UINT8, "HU", []),
        (TensorProto.INT8, "HU", []),
        (TensorProto.INT8, "display", []),  # 0 to 255: 200 would have become -56
        (TensorProto.UINT16, "HU", [{"step": "offset", "value": -3000.0}]),
        (TensorProto.FLOAT16, "HU", [{"step": "scale", "factor": 100.0}]),  # 90,000 would have become infinite
    ],
)
def test_what_does_not_fit_into_the_input_is_a_failed_run(
    kind: int, unit: str, steps: list[Any], tmp_path: Path
) -> None:
    with pytest.raises(MedviewError, match="do not fit into that") as caught:
        shown(tmp_path, kind, steps, unit)
    assert (caught.value.code, caught.value.exit_code) == ("input_out_of_range", ExitCode.RUN_FAILED)


def test_what_fits_is_rounded_and_a_swing_beyond_is_cut_off(tmp_path: Path) -> None:
    np.testing.assert_array_equal(shown(tmp_path / "a", TensorProto.INT16), VALUES)
    to_bytes = [{"step": "range", "source": [-1000, 1000], "to": [-4.0, 259.0]}]
    expected = np.clip(np.rint((VALUES + 1000.0) / 2000 * 263 - 4), 0, 255)
    np.testing.assert_array_equal(shown(tmp_path / "b", TensorProto.UINT8, to_bytes), expected)
    half = [{"step": "offset", "value": 0.25}]
    np.testing.assert_allclose(shown(tmp_path / "c", TensorProto.FLOAT16, half), VALUES + 0.25, atol=0.5)


def test_yes_and_no_are_numbers_too(tmp_path: Path) -> None:
    node = helper.make_node("Greater", ["x", "level"], ["y"])
    network = networks.model_bytes(
        [node], [("x", TensorProto.FLOAT, FREE)], [("y", TensorProto.BOOL, FREE)], {"level": np.array(100, np.float32)}
    )
    found = run(
        made_package(tmp_path, described(ABOVE), network), volume_of(VALUES, axial_geometry(SHAPE))
    ).segmentation
    assert found is not None
    np.testing.assert_array_equal(found.labels, VALUES > 100)


def test_an_output_whose_size_the_graph_does_not_tell(tmp_path: Path) -> None:
    """A loop of ONNX says nothing of what it makes: its answer is looked at instead."""

    def looped(channels: int) -> bytes:
        body = helper.make_graph(
            [helper.make_node("Identity", ["c"], ["go"]), helper.make_node("Mul", ["s", "w"], ["t"])],
            "body",
            [
                helper.make_tensor_value_info("i", TensorProto.INT64, []),
                helper.make_tensor_value_info("c", TensorProto.BOOL, []),
                helper.make_tensor_value_info("s", TensorProto.FLOAT, None),
            ],
            [
                helper.make_tensor_value_info("go", TensorProto.BOOL, []),
                helper.make_tensor_value_info("t", TensorProto.FLOAT, None),
            ],
        )
        weights = np.linspace(-0.01, 0.01, channels, dtype=np.float32).reshape(1, channels, 1, 1)
        return networks.model_bytes(
            [helper.make_node("Loop", ["once", "yes", "x"], ["y"], body=body)],
            [("x", TensorProto.FLOAT, FREE)],
            [("y", TensorProto.FLOAT, None)],
            {"once": np.array(1), "yes": np.array(True), "w": weights},
        )

    output = {"kind": "segmentation", "activation": "softmax", "labels": [{"index": 1, "name": "bright"}]}
    volume = volume_of(VALUES, axial_geometry(SHAPE))
    found = run(made_package(tmp_path / "two", described(output), looped(2)), volume).segmentation
    assert found is not None
    np.testing.assert_array_equal(found.labels, VALUES > 0)
    for channels in (1, 3):
        with pytest.raises(MedviewError) as caught:
            run(made_package(tmp_path / str(channels), described(output), looped(channels)), volume)
        assert caught.value.code == "output_wrong_shape"
