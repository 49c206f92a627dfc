"""Model packages with networks of a few operators, made on the spot, for tests of the window."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.inference.packages import about, write_package


def _model(nodes: list[Any], rank: int, channels: int = 1) -> bytes:
    from onnx import TensorProto, helper

    shape = ["n", 1, *("dhw"[-(rank - 2) :])]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", channels, *shape[2:]])
    graph = helper.make_graph(nodes, "tiny", [given], [answer], [_constant("middle", 70.0), _constant("steep", 0.2)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


def _constant(name: str, value: float) -> Any:
    from onnx import TensorProto, helper

    return helper.make_tensor(name, TensorProto.FLOAT, [1], [value])


def _bright_nodes(source: str, target: str = "y") -> list[Any]:
    from onnx import helper

    return [
        helper.make_node("Sub", [source, "middle"], ["above"]),
        helper.make_node("Mul", ["above", "steep"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], [target]),
    ]


def segmentation_package(folder: Path, modality: str = "CT", identifier: str = "bright") -> Path:
    """Everything above 70 HU, slice by slice."""
    manifest = about(
        identifier,
        name="Bright things",
        task="segmentation",
        fits={"modalities": [modality]},
        input={"unit": "HU" if modality == "CT" else "modality", "axes": ["P", "L"], "layout": "NCHW", "steps": []},
        output={
            "kind": "segmentation",
            "rule": "threshold",
            "threshold": 0.5,
            "background": None,
            "labels": [
                {
                    "index": 0,
                    "value": 1,
                    "name": "Bright",
                    "colour": [255, 0, 255],
                    "category": {"value": "49755003", "meaning": "Morphologically Abnormal Structure"},
                    "type": {"value": "4147007", "meaning": "Mass"},
                }
            ],
        },
    )
    return write_package(folder, manifest, _model(_bright_nodes("x"), 4))


def detection_package(folder: Path) -> Path:
    """Centres of bright things of some size, in three dimensions."""
    from onnx import helper

    around: dict[str, Any] = {"kernel_shape": [3, 3, 3], "pads": [1] * 6, "strides": [1] * 3}
    pool = helper.make_node("AveragePool", ["x"], ["mean"], **around)
    # Without it the middle of a ball would be a plateau, and its centre any place on that.
    peak = helper.make_node("AveragePool", ["bright"], ["y"], **around)
    manifest = about(
        "balls",
        name="Balls",
        task="detection",
        fits={"modalities": ["CT"]},
        input={"unit": "HU", "axes": ["S", "P", "L"], "layout": "NCDHW", "steps": []},
        output={
            "kind": "center_heatmap",
            "labels": [{"index": 0, "value": 1, "name": "Ball", "colour": [255, 214, 64]}],
            "diameter_mm": 8.0,
            "score_threshold": 0.1,
            "shown_threshold": 0.2,
            "minimum_distance_mm": 12.0,
        },
    )
    return write_package(folder, manifest, _model([pool, *_bright_nodes("mean", "bright"), peak], 5))
