"""Tiny ONNX networks for each task and each misbehaviour, built on the spot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
FLOAT = TensorProto.FLOAT


def model_bytes(
    nodes: Sequence[Any],
    inputs: Sequence[tuple[str, int, Sequence[Any]]],
    outputs: Sequence[tuple[str, int, Sequence[Any] | None]],
    constants: dict[str, np.ndarray[Any, Any]] | None = None,
    domains: dict[str, int] | None = None,
) -> bytes:
    """A serialised model; shapes hold numbers or names."""
    graph = helper.make_graph(
        list(nodes),
        "tiny",
        [helper.make_tensor_value_info(*given) for given in inputs],
        [helper.make_tensor_value_info(*given) for given in outputs],
        [numpy_helper.from_array(np.asarray(value, order="C"), name) for name, value in (constants or {}).items()],
    )
    opsets = [helper.make_opsetid("", OPSET), *(helper.make_opsetid(d, v) for d, v in (domains or {}).items())]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def free_shape(spatial: int, channels: int | str = 1) -> list[Any]:
    return ["n", channels, *(f"s{axis}" for axis in range(spatial))]


def threshold_network(spatial: int, level: float, sharpness: float = 10.0, sigmoid: bool = True) -> bytes:
    """One channel: sigmoid(sharpness · (x - level)), or that without the sigmoid."""
    nodes = [
        helper.make_node("Sub", ["x", "level"], ["d"]),
        helper.make_node("Mul", ["d", "sharpness"], ["z" if sigmoid else "y"]),
    ]
    if sigmoid:
        nodes.append(helper.make_node("Sigmoid", ["z"], ["y"]))
    return model_bytes(
        nodes,
        [("x", FLOAT, free_shape(spatial))],
        [("y", FLOAT, free_shape(spatial))],
        {"level": np.float32(level), "sharpness": np.float32(sharpness)},
    )


def affine_channels(spatial: int, slopes: Sequence[float], offsets: Sequence[float], softmax: bool = False) -> bytes:
    """Channel c: slopes[c] · x + offsets[c] as logits, or softmax of these."""
    count = len(slopes)
    shape = (1, count, *([1] * spatial))
    nodes = [
        helper.make_node("Mul", ["x", "slopes"], ["m"]),
        helper.make_node("Add", ["m", "offsets"], ["z" if softmax else "y"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["z"], ["y"], axis=1))
    constants = {
        "slopes": np.asarray(slopes, dtype=np.float32).reshape(shape),
        "offsets": np.asarray(offsets, dtype=np.float32).reshape(shape),
    }
    return model_bytes(
        nodes, [("x", FLOAT, free_shape(spatial))], [("y", FLOAT, free_shape(spatial, count))], constants
    )


def convolution(kernel: np.ndarray[Any, Any], offsets: np.ndarray[Any, Any] | None = None, name: str = "y") -> bytes:
    """A convolution with zero padding: ``kernel`` (out, in, [z, ]y, x), ``offsets`` (out,)."""
    pads = [size // 2 for size in kernel.shape[2:]]
    offsets = np.zeros(len(kernel)) if offsets is None else offsets
    node = helper.make_node("Conv", ["x", "w", "b"], [name], pads=[*pads, *pads])
    spatial = kernel.ndim - 2
    return model_bytes(
        [node],
        [("x", FLOAT, free_shape(spatial, kernel.shape[1]))],
        [(name, FLOAT, free_shape(spatial, kernel.shape[0]))],
        {"w": kernel.astype(np.float32), "b": offsets.astype(np.float32)},
    )


def labels_network(spatial: int, level: float) -> bytes:
    """Class numbers as int64: 1 above ``level``, else 0."""
    nodes = [
        helper.make_node("Greater", ["x", "level"], ["b"]),
        helper.make_node("Cast", ["b"], ["y"], to=TensorProto.INT64),
    ]
    shape = free_shape(spatial)
    return model_bytes(nodes, [("x", FLOAT, shape)], [("y", TensorProto.INT64, shape)], {"level": np.float32(level)})


def mean_classifier(weights: Sequence[float], offsets: Sequence[float], channels: int = 1, size: Any = None) -> bytes:
    """Logits (n, classes): weights · mean of the first channel + offsets."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Unsqueeze", ["m", "one"], ["u"]),
        helper.make_node("Mul", ["u", "w"], ["p"]),
        helper.make_node("Add", ["p", "b"], ["y"]),
    ]
    shape = ["n", channels, *(size or ["h", "w"])]
    constants = {
        "one": np.array([1], dtype=np.int64),
        "w": np.asarray([weights], dtype=np.float32),
        "b": np.asarray([offsets], dtype=np.float32),
    }
    return model_bytes(nodes, [("x", FLOAT, shape)], [("y", FLOAT, ["n", len(weights)])], constants)


def fixed_outputs(
    spatial: int, batch: Any = 1, channels: int = 1, size: tuple[int, ...] = (), **outputs: np.ndarray[Any, Any]
) -> bytes:
    """Outputs that are always the same, whatever the input is, of any size or of ``size``."""
    nodes = [helper.make_node("Identity", ["x"], ["unused"])]
    constants = {}
    ports = []
    for name, value in outputs.items():
        constants[f"{name}_value"] = value
        nodes.append(helper.make_node("Identity", [f"{name}_value"], [name]))
        ports.append((name, helper.np_dtype_to_tensor_dtype(value.dtype), list(value.shape)))
    shape = [batch, channels, *(size or (f"s{axis}" for axis in range(spatial)))]
    return model_bytes(nodes, [("x", FLOAT, shape)], ports, constants)


def broken_network(spatial: int, kind: str) -> bytes:
    """A one-channel segmentation network that gives NaN, infinity, the wrong shape, constants or the like."""
    shape = free_shape(spatial)
    x = ("x", FLOAT, shape)
    y = ("y", FLOAT, shape)
    if kind == "nan":
        nodes = [helper.make_node("Sub", ["x", "x"], ["zero"]), helper.make_node("Div", ["zero", "zero"], ["y"])]
        return model_bytes(nodes, [x], [y])
    if kind == "infinity":
        return model_bytes([helper.make_node("Div", ["x", "zero"], ["y"])], [x], [y], {"zero": np.float32(0)})
    if kind == "constant":
        nodes = [helper.make_node("Mul", ["x", "zero"], ["m"]), helper.make_node("Add", ["m", "half"], ["y"])]
        return model_bytes(nodes, [x], [y], {"zero": np.float32(0), "half": np.float32(0.25)})
    if kind == "wrong_shape":
        axes = np.arange(2, 2 + spatial)
        constants = {"from": np.full(spatial, 1), "to": np.full(spatial, 10_000), "axes": axes}
        return model_bytes([helper.make_node("Slice", ["x", "from", "to", "axes"], ["y"])], [x], [y], constants)
    if kind == "wrong_type":
        nodes = [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.STRING)]
        return model_bytes(nodes, [x], [("y", TensorProto.STRING, shape)])
    if kind == "out_of_range":
        return threshold_network(spatial, 0.0, 10.0, sigmoid=False)
    if kind == "bomb":
        nodes = [
            helper.make_node("ConstantOfShape", ["many"], ["huge"]),
            helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
            helper.make_node("Add", ["x", "sum"], ["y"]),
        ]
        return model_bytes(nodes, [x], [("y", FLOAT, None)], {"many": np.array([2**43], dtype=np.int64)})
    if kind == "endless":
        return endless_network(spatial)
    raise ValueError(kind)


def endless_network(spatial: int) -> bytes:
    """A Loop whose condition is always true."""
    scalar: list[int] = []
    body = helper.make_graph(
        [helper.make_node("Add", ["s", "one"], ["s_next"]), helper.make_node("Identity", ["go"], ["go_on"])],
        "body",
        [
            helper.make_tensor_value_info("n", TensorProto.INT64, scalar),
            helper.make_tensor_value_info("go", TensorProto.BOOL, scalar),
            helper.make_tensor_value_info("s", FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, scalar),
            helper.make_tensor_value_info("s_next", FLOAT, None),
        ],
        [numpy_helper.from_array(np.float32(1), "one")],
    )
    node = helper.make_node("Loop", ["", "always", "x"], ["y"], body=body)
    shape = free_shape(spatial)
    return model_bytes([node], [("x", FLOAT, shape)], [("y", FLOAT, shape)], {"always": np.array(True)})


def stuck_network(spatial: int, above: float) -> bytes:
    """Never ends with an input that holds anything ``above``; else the probability of being above 0."""
    scalar: list[int] = []
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Identity", ["s"], ["s_next"])],
        "body",
        [
            helper.make_tensor_value_info("n", TensorProto.INT64, scalar),
            helper.make_tensor_value_info("go", TensorProto.BOOL, scalar),
            helper.make_tensor_value_info("s", FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, scalar),
            helper.make_tensor_value_info("s_next", FLOAT, None),
        ],
    )
    nodes = [
        helper.make_node("ReduceMax", ["x"], ["highest"], keepdims=0),
        helper.make_node("Greater", ["highest", "above"], ["stuck"]),
        helper.make_node("Loop", ["", "stuck", "x"], ["same"], body=body),
        helper.make_node("Mul", ["same", "steep"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["y"]),
    ]
    constants = {"above": np.float32(above), "steep": np.float32(0.05)}
    return model_bytes(nodes, [("x", FLOAT, free_shape(spatial))], [("y", FLOAT, free_shape(spatial))], constants)


def box_around_brightest() -> bytes:
    """A box ``b`` (1, 4), x y x y, around the brightest pixel of one image, with a score ``s`` of 0.8."""
    nodes = [
        helper.make_node("Reshape", ["x", "flat"], ["row_of_all"]),
        helper.make_node("ArgMax", ["row_of_all"], ["at"], axis=1, keepdims=0),
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "last"], ["width"]),
        helper.make_node("Div", ["at", "width"], ["j"]),
        helper.make_node("Mod", ["at", "width"], ["i"]),
        helper.make_node("Concat", ["i", "j"], ["low"], axis=0),
        helper.make_node("Add", ["low", "one"], ["high"]),
        helper.make_node("Concat", ["low", "high"], ["corners"], axis=0),
        helper.make_node("Cast", ["corners"], ["float_corners"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["float_corners", "table"], ["b"]),
        helper.make_node("Identity", ["score"], ["s"]),
    ]
    constants = {
        "flat": np.array([1, -1]),
        "last": np.array([3]),
        "one": np.array([1]),
        "table": np.array([1, 4]),
        "score": np.array([0.8], np.float32),
    }
    outputs = [("b", FLOAT, [1, 4]), ("s", FLOAT, [1])]
    return model_bytes(nodes, [("x", FLOAT, [1, 1, "h", "w"])], outputs, constants)


def slow_operator_network(size: int) -> bytes:
    """One convolution that lasts for seconds: no terminate flag is looked at inside one operator."""
    kernel = np.full((64, 1, size, size), 1e-3, dtype=np.float32)
    pad = size // 2
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], pads=[pad, pad, pad, pad]),
        helper.make_node("ReduceMean", ["c"], ["y"], axes=[1], keepdims=1),
    ]
    return model_bytes(nodes, [("x", FLOAT, free_shape(2))], [("y", FLOAT, free_shape(2))], {"w": kernel})


def custom_operator_network() -> bytes:
    shape = free_shape(2)
    node = helper.make_node("Mystery", ["x"], ["y"], domain="com.example")
    return model_bytes([node], [("x", FLOAT, shape)], [("y", FLOAT, shape)], domains={"com.example": 1})
