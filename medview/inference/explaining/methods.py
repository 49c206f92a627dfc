"""The ways in which a network can be questioned, each with typed parameters, and what a question consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.parameter import Parameter, ParameterValue, complete_parameters
from medview.core.problem import ExitCode, MedviewError
from medview.core.study import Stack
from medview.core.volume import Volume
from medview.inference.request import InferenceRequest
from medview.inference.session import OpenSession

FILLS = ("mean", "minimum", "blurred", "value")

Superpixels = Callable[[NDArray[np.float32], tuple[float, ...], int], NDArray[np.integer[Any]]]
"""(values (b, c) or (a, b, c), spacing along each axis, wished count) → the number of each voxel's segment, from 0."""

OpenWith = Callable[[bytes], OpenSession]
"""How networks are opened whose graph has something appended (:mod:`medview.inference.graph_outputs`); b"" for nothing."""


@dataclass(frozen=True, slots=True)
class Method:
    """One way of questioning. ``packages``: the fewest and most that it takes; ``asks_label``: whether it is about one."""

    id: str
    title: str
    about: str
    parameters: tuple[Parameter, ...] = ()
    packages: tuple[int, int] = (1, 1)
    asks_label: bool = True


def _fill(default: str = "mean") -> tuple[Parameter, ...]:
    return (
        Parameter("fill", "Covered with", "choice", default, choices=FILLS),
        Parameter("fill_value", "Value to cover with", "float", 0.0, -1e6, 1e6, 0.1, "prepared"),
    )


_SEED = Parameter("seed", "Seed", "int", 1, 0, 2**31 - 1, 1)
_SCOPE = ("slice", "series")

METHODS: tuple[Method, ...] = (
    Method(
        "probability",
        "Probability map",
        "How probable the network holds a label at each place.",
        (Parameter("scope", "Over", "choice", "series", choices=_SCOPE),),
    ),
    Method(
        "occlusion",
        "Occlusion sensitivity",
        "How far the score falls when a patch of the image is covered (Zeiler and Fergus 2014).",
        (
            Parameter("patch_mm", "Size of the patch (0: chosen)", "float", 0.0, 0.0, 500.0, 1.0, "mm"),
            Parameter("stride_mm", "Step of the patch (0: chosen)", "float", 0.0, 0.0, 500.0, 1.0, "mm"),
            *_fill(),
        ),
    ),
    Method(
        "superpixels",
        "Superpixels (LIME)",
        "Which parts of the image the score hangs on: parts are covered at random and a line is fitted (Ribeiro 2016).",
        (
            Parameter("segments", "Parts", "int", 60, 4, 2000, 10),
            Parameter("samples", "Tries", "int", 300, 20, 20000, 50),
            Parameter("kernel_width", "Width of the kernel", "float", 0.25, 0.01, 10.0, 0.05),
            Parameter("ridge", "Ridge", "float", 1.0, 0.0, 1e6, 0.5),
            *_fill(),
            _SEED,
        ),
    ),
    Method(
        "cam",
        "Class-activation map",
        "Where the features of a layer are active: their principal part (Eigen-CAM) or weighted by score (Score-CAM).",
        (
            Parameter("kind", "Kind", "choice", "eigen", choices=("eigen", "score")),
            Parameter("channels", "Channels weighed (Score-CAM)", "int", 64, 1, 4096, 16),
        ),
    ),
    Method(
        "features",
        "Feature maps",
        "The channels of a layer, side by side.",
        (Parameter("channels", "Channels shown", "int", 64, 1, 1024, 16),),
        asks_label=False,
    ),
    Method(
        "variation",
        "Uncertainty by variation",
        "How the answer changes when the image is shifted, mirrored and made noisy (Wang 2019).",
        (
            Parameter("scope", "Over", "choice", "slice", choices=_SCOPE),
            Parameter("flips", "Mirrored", "choice", "as trained", choices=("as trained", "all axes", "none")),
            Parameter("shift", "Shift", "int", 2, 0, 64, 1, "voxels"),
            Parameter("noise", "Noise, share of the values' standard deviation", "float", 0.05, 0.0, 2.0, 0.01),
            Parameter("noise_runs", "Runs with noise", "int", 4, 0, 200, 1),
            _SEED,
        ),
    ),
    Method(
        "ensemble",
        "Uncertainty by an ensemble",
        "Mean and spread of several models for the same task.",
        (Parameter("scope", "Over", "choice", "series", choices=_SCOPE),),
        packages=(2, 16),
    ),
    Method(
        "compare",
        "Two models compared",
        "Where two models agree and where not.",
        (Parameter("smallest_ml", "Smallest difference listed", "float", 0.05, 0.0, 1000.0, 0.05, "ml"),),
        packages=(2, 2),
    ),
)


def method_of(name: str) -> Method:
    """A method by its id. Raises MedviewError ``bad_method`` that lists them."""
    for method in METHODS:
        if method.id == name:
            return method
    known = ", ".join(method.id for method in METHODS)
    raise MedviewError("bad_method", f"There is no method {name!r}: {known}.", None, ExitCode.BAD_USE, (name, known))


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked. ``requests``: one for each package, all about the same series.

    ``voxel`` (k, j, i) of the series: the slice, or the middle of the tile, that is questioned; None is the middle.
    ``label``: name of a class, None for the one that the network finds most of. ``box`` ((k, j, i), (k, j, i)): of a
    detector only findings that reach into it count. ``tensor``: name of the layer, "" for the one that suits best.
    """

    method: str
    requests: tuple[InferenceRequest, ...]
    volume: Volume
    stack: Stack
    open_with: OpenWith
    superpixels: Superpixels | None = None
    voxel: tuple[float, float, float] | None = None
    label: str | None = None
    box: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None
    tensor: str = ""
    parameters: dict[str, ParameterValue] = field(default_factory=dict)

    def complete(self) -> dict[str, ParameterValue]:
        """The method's parameters, checked. Raises MedviewError (exit code 2) for what is wrong with the question."""
        method = method_of(self.method)
        fewest, most = method.packages
        if not fewest <= len(self.requests) <= most:
            due = f"{fewest}" if fewest == most else f"{fewest} to {most}"
            text = f"{method.title} takes {due} package(s), {len(self.requests)} were named."
            raise MedviewError("bad_package_count", text, None, ExitCode.BAD_USE, (due, str(len(self.requests))))
        for request in self.requests:
            manifest = request.package.manifest
            if manifest.task == "prompted":
                text = f"{manifest.name} answers to points and boxes: without them there is nothing to question."
                raise MedviewError("needs_prompt", text, None, ExitCode.MODEL_DOES_NOT_FIT, (manifest.name,))
        return complete_parameters(method.title, method.parameters, self.parameters)
