"""Networks whose reasons are known, and the plain way to question them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from onnx import helper

from medview.core.explanation import Explanation
from medview.core.progress import Progress, no_progress
from medview.core.study import Stack
from medview.core.volume import Volume
from medview.inference.explaining.explain import explain
from medview.inference.explaining.methods import Question
from medview.inference.package import ModelPackage
from medview.inference.request import InferenceRequest
from medview.inference.run import opened_here
from medview.jobs.beside import call_beside
from medview.processing.superpixels import superpixels
from tests.inference import networks
from tests.inference.packages import about
from tests.inference.volumes import made_package, stack_of

Array = np.ndarray[Any, Any]


def ask(
    method: str,
    packages: ModelPackage | list[ModelPackage],
    volume: Volume,
    stack: Stack | None = None,
    progress: Progress = no_progress,
    voxel: Any = None,
    label: str | None = None,
    box: Any = None,
    tensor: str = "",
    **parameters: Any,
) -> Explanation:
    """Question networks in this process."""
    listed = packages if isinstance(packages, list) else [packages]
    question = Question(
        method,
        tuple(InferenceRequest(one, "1.2.3", "cpu") for one in listed),
        volume,
        stack or stack_of(volume),
        lambda tail: opened_here(call_beside, tail),
        superpixels,
        voxel,
        label,
        box,
        tensor,
        parameters,
    )
    return explain(question, progress)


def corner_network(size: int = 8, spatial: int = 2) -> bytes:
    """Logits (n, 2): the mean of the first ``size`` voxels along each axis times 4, and 0: it looks nowhere else."""
    axes = np.arange(2, 2 + spatial)
    nodes = [
        helper.make_node("Slice", ["x", "from", "to", "axes"], ["corner"]),
        helper.make_node("ReduceMean", ["corner"], ["mean"], axes=[int(axis) for axis in axes], keepdims=0),
        helper.make_node("Mul", ["mean", "four"], ["yes"]),
        helper.make_node("Mul", ["mean", "zero"], ["no"]),
        helper.make_node("Concat", ["yes", "no"], ["y"], axis=1),
    ]
    constants = {
        "from": np.zeros(spatial, np.int64),
        "to": np.full(spatial, size),
        "axes": axes,
        "four": np.float32(4),
        "zero": np.float32(0),
    }
    shape = networks.free_shape(spatial)
    return networks.model_bytes(nodes, [("x", networks.FLOAT, shape)], [("y", networks.FLOAT, ["n", 2])], constants)


def classifier(
    folder: Path, model: bytes, axes: tuple[str, ...] = ("P", "L"), name: str = "corner", **more: Any
) -> Any:
    """A package around logits of two classes."""
    manifest = about(
        name,
        task="classification",
        fits={"needs_geometry": False},
        input={
            "unit": "modality",
            "axes": list(axes),
            "layout": "NCHW" if len(axes) == 2 else "NCDHW",
            "steps": [],
            **more,
        },
        output={
            "kind": "classification",
            "labels": [{"index": 0, "name": "Corner"}, {"index": 1, "name": "Nothing"}],
        },
    )
    return made_package(folder, manifest, model)


def segmenter(
    folder: Path, level: float = 0.5, name: str = "bright", sharpness: float = 10.0, **more: Any
) -> ModelPackage:
    """Bright things: sigmoid(sharpness · (x - level)), slice by slice."""
    manifest = about(
        name,
        task="segmentation",
        fits={},
        input={"unit": "modality", "axes": ["P", "L"], "layout": "NCHW", "steps": [], **more},
        output={
            "kind": "segmentation",
            "rule": "threshold",
            "background": None,
            "labels": [{"index": 0, "value": 1, "name": "Bright"}],
        },
    )
    return made_package(folder, manifest, networks.threshold_network(2, level, sharpness))


def feature_network() -> bytes:
    """Three layers of 8 maps: a convolution, its ReLU at half the size, and logits of the maps' means.

    Map 0 is the image, map 1 its negative, the others a little of it.
    """
    kernel = np.zeros((8, 1, 1, 1))
    kernel[:, 0, 0, 0] = [1, -1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["all"]),
        helper.make_node("AveragePool", ["all"], ["half"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Relu", ["half"], ["features"]),
        helper.make_node("GlobalAveragePool", ["features"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "m"], ["y"]),
    ]
    weights = np.zeros((8, 2))
    weights[0, 0] = 40
    return networks.model_bytes(
        nodes,
        [("x", networks.FLOAT, networks.free_shape(2))],
        [("y", networks.FLOAT, ["n", 2])],
        {"w": kernel.astype(np.float32), "m": weights.astype(np.float32)},
    )
