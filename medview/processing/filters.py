"""The filters that the reader can choose, in the order of the menu."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from medview.core.parameter import Parameter
from medview.processing import contrast, edges, smoothing
from medview.processing.operation import Operation


def _radius_px(maximum: int) -> Parameter:
    return Parameter("radius", "Radius", "int", 1, 1, maximum, 1, "px")


def _sigma(default: float, minimum: float = 0.1, maximum: float = 10.0) -> Parameter:
    return Parameter("sigma", "Sigma", "float", default, minimum, maximum, 0.1, "mm")


_RADIUS_MM = Parameter("radius", "Radius", "float", 2.0, 0.1, 15.0, 0.1, "mm")

_ALL = (
    Operation("mean", "Mean", (_radius_px(10),), smoothing.mean_slice, smoothing.mean_volume),
    Operation("median", "Median", (_radius_px(5),), smoothing.median_slice, smoothing.median_volume),
    Operation("gaussian", "Gaussian", (_sigma(1.0),), smoothing.gaussian_slice, smoothing.gaussian_volume),
    Operation(
        "bilateral",
        "Bilateral",
        (_sigma(1.5), Parameter("value_sigma", "Value sigma", "float", 50.0, 0.01, 5000.0, 5.0, "value")),
        smoothing.bilateral_slice,
    ),
    Operation(
        "non_local_means",
        "Non-local means",
        (
            Parameter("strength", "Strength", "float", 30.0, 0.01, 5000.0, 5.0, "value"),
            Parameter("patch_radius", "Patch radius", "int", 1, 1, 3, 1, "px"),
            Parameter("search_radius", "Search radius", "int", 5, 1, 10, 1, "px"),
        ),
        smoothing.non_local_means_slice,
    ),
    Operation(
        "unsharp",
        "Unsharp sharpening",
        (
            _sigma(1.0),
            Parameter("amount", "Amount", "float", 1.0, 0.0, 5.0, 0.1, ""),
            Parameter("threshold", "Threshold", "float", 0.0, 0.0, 1000.0, 1.0, "value"),
        ),
        smoothing.unsharp_slice,
        smoothing.unsharp_volume,
    ),
    Operation(
        "clahe",
        "CLAHE",
        (
            Parameter("clip_limit", "Clip limit", "float", 3.0, 1.0, 40.0, 0.5, ""),
            Parameter("tiles", "Tiles per side", "int", 8, 1, 16, 1, ""),
        ),
        contrast.clahe_slice,
        contrast.clahe_volume,
    ),
    Operation(
        "curvature_diffusion",
        "Curvature anisotropic diffusion",
        (
            Parameter("iterations", "Iterations", "int", 5, 1, 50, 1, ""),
            Parameter("conductance", "Conductance", "float", 3.0, 0.1, 10.0, 0.1, ""),
        ),
        smoothing.curvature_diffusion_slice,
        smoothing.curvature_diffusion,
    ),
    Operation("sobel", "Sobel edges", (), edges.sobel_slice, edges.sobel_volume, keeps_unit=False),
    Operation(
        "laplacian",
        "Laplacian edges",
        (_sigma(1.0, 0.0),),
        edges.laplacian_slice,
        edges.laplacian_volume,
        keeps_unit=False,
    ),
    Operation(
        "canny",
        "Canny edges",
        (
            _sigma(1.0, 0.0),
            Parameter("lower", "Lower threshold", "float", 20.0, 0.0, 5000.0, 5.0, "value/mm"),
            Parameter("upper", "Upper threshold", "float", 60.0, 0.0, 5000.0, 5.0, "value/mm"),
        ),
        edges.canny_slice,
        keeps_unit=False,
    ),
    Operation("opening", "Morphological opening", (_RADIUS_MM,), contrast.opening_slice, contrast.opening_volume),
    Operation("closing", "Morphological closing", (_RADIUS_MM,), contrast.closing_slice, contrast.closing_volume),
)

OPERATIONS: Mapping[str, Operation] = MappingProxyType({operation.id: operation for operation in _ALL})
"""All operations by id."""
