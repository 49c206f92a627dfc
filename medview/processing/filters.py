"""The filters of a slice or a volume, each described so that panels, chains and commands can offer it.

Slices go through OpenCV, volumes through SimpleITK (imported late); both see float32 modality values and give them
back on the same scale, so that a window keeps its meaning. Borders mirror the image.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from medview.core.progress import Progress, no_progress
from medview.processing.operation import FloatImage, Operation, Parameter, Values

_BORDER = cv2.BORDER_REFLECT_101


def _radius(title: str = "Radius", default: int = 1, maximum: int = 10) -> Parameter:
    return Parameter("radius", title, "int", default, 1, maximum, 1, "px")


def _itk() -> Any:
    """SimpleITK, imported when the first filter needs it: it costs a fifth of a second and has no types."""
    import SimpleITK

    return SimpleITK


def _float32(image: NDArray[Any]) -> FloatImage:
    return np.asarray(image, dtype=np.float32)


def _through_itk(
    run: Callable[[Any], Any], volume: FloatImage, spacing: tuple[float, ...], progress: Progress
) -> FloatImage:
    """Give a SimpleITK operation the array and get a copy back; a view would outlive the image's memory."""
    sitk = _itk()

    image = sitk.GetImageFromArray(volume)
    image.SetSpacing(tuple(reversed(spacing)))
    progress("filter", 0, 1)
    result = run(image)
    progress("filter", 1, 1)
    return np.asarray(sitk.GetArrayFromImage(result), dtype=np.float32)


def _flat(image: FloatImage) -> bool:
    return float(image.min()) == float(image.max())


# Smoothing


def _mean_slice(image: FloatImage, _spacing: tuple[float, float], values: Values) -> FloatImage:
    size = 2 * int(values["radius"]) + 1
    return _float32(cv2.blur(image, (size, size), borderType=_BORDER))


def _mean_volume(
    volume: FloatImage, spacing: tuple[float, float, float], values: Values, progress: Progress
) -> FloatImage:
    sitk = _itk()

    radius = [int(values["radius"])] * 3
    return _through_itk(lambda image: sitk.BoxMean(image, radius), volume, spacing, progress)


def _median_slice(image: FloatImage, _spacing: tuple[float, float], values: Values) -> FloatImage:
    radius = int(values["radius"])
    if radius <= 2:
        # OpenCV's median takes floating point up to 5×5 only; its border repeats the last pixel.
        return _float32(cv2.medianBlur(image, 2 * radius + 1))
    return _through_itk(lambda source: _itk().Median(source, [radius, radius]), image, (1.0, 1.0), no_progress)


def _median_volume(
    volume: FloatImage, spacing: tuple[float, float, float], values: Values, progress: Progress
) -> FloatImage:
    sitk = _itk()

    radius = [int(values["radius"])] * 3
    return _through_itk(lambda image: sitk.Median(image, radius), volume, spacing, progress)


def gaussian_slice(image: FloatImage, spacing: tuple[float, float], sigma_mm: float) -> FloatImage:
    """(j, i) smoothed by a Gaussian of ``sigma_mm``, the same in the patient along both axes."""
    sigma_j, sigma_i = (max(sigma_mm / d, 1e-3) for d in spacing)
    size_j, size_i = (2 * max(1, int(np.ceil(4 * sigma))) + 1 for sigma in (sigma_j, sigma_i))
    return _float32(cv2.GaussianBlur(image, (size_i, size_j), sigmaX=sigma_i, sigmaY=sigma_j, borderType=_BORDER))


def _gaussian_slice(image: FloatImage, spacing: tuple[float, float], values: Values) -> FloatImage:
    return gaussian_slice(image, spacing, float(values["sigma"]))


def _gaussian_volume(
    volume: FloatImage, spacing: tuple[float, float, float], values: Values, progress: Progress
) -> FloatImage:
    sigma = float(values["sigma"])
    result = np.empty_like(volume)
    for k, image in enumerate(volume):
        progress("gaussian", k, len(volume))
        result[k] = gaussian_slice(image, spacing[1:], sigma)
    # Along k the same kernel acts on the volume seen as (k, j·i); OpenCV smooths its columns.
    sigma_k = max(sigma / spacing[0], 1e-3)
    size = 2 * max(1, int(np.ceil(4 * sigma_k))) + 1
    kernel = cv2.getGaussianKernel(size, sigma_k, cv2.CV_32F)
    one = np.ones((1, 1), dtype=np.float32)
    flat = result.reshape(len(volume), -1)
    return _float32(cv2.sepFilter2D(flat, cv2.CV_32F, one, kernel, borderType=_BORDER)).reshape(volume.shape)


def _bilateral_slice(image: FloatImage, spacing: tuple[float, float], values: Values) -> FloatImage:
    sigma_px = float(values["sigma"]) / float(np.sqrt(spacing[0] * spacing[1]))
    diameter = 2 * min(15, max(1, int(np.ceil(2 * sigma_px)))) + 1
    return _float32(cv2.bilateralFilter(image, diameter, float(values["range"]), sigma_px, borderType=_BORDER))


def _non_local_means_slice(image: FloatImage, _spacing: tuple[float, float], values: Values) -> FloatImage:
    if _flat(image):
        return image.copy()
    low, high = float(image.min()), float(image.max())
    scale = 65535.0 / (high - low)
    whole = np.round((image - low) * scale).astype(np.uint16)
    strength = float(values["strength"]) * scale
    patch, search = 2 * int(values["patch"]) + 1, 2 * int(values["search"]) + 1
    # 16-bit input is compared by absolute differences; 8 bit would quantise a CT to steps of 16 HU.
    cleaned = cv2.fastNlMeansDenoising(whole, [strength], None, patch, search, cv2.NORM_L1)
    return _float32(cleaned) / np.float32(scale) + np.float32(low)


def _diffusion_slice(image: FloatImage, spacing: tuple[float, float], values: Values) -> FloatImage:
    return _diffuse(image, spacing, values, no_progress)


def _diffuse(image: FloatImage, spacing: tuple[float, ...], values: Values, progress: Progress) -> FloatImage:
    """Curvature anisotropic diffusion (Whitaker and Xue 2001), with the largest stable time step."""
    sitk = _itk()

    step = 0.9 * min(spacing) / 2 ** (image.ndim + 1)
    return _through_itk(
        lambda source: sitk.CurvatureAnisotropicDiffusion(
            source, step, float(values["conductance"]), 1, int(values["iterations"])
        ),
        image,
        spacing,
        progress,
    )


# Sharpening and contrast


def _sharpened(image: FloatImage, smooth: FloatImage, values: Values) -> FloatImage:
    detail = image - smooth
    detail[np.abs(detail) < float(values["threshold"])] = 0
    return _float32(image + float(values["amount"]) * detail)


def _unsharp_slice(image: FloatImage, spacing: tuple[float, float], values: Values) -> FloatImage:
    return _sharpened(image, gaussian_slice(image, spacing, float(values["sigma"])), values)


def _unsharp_volume(
    volume: FloatImage, spacing: tuple[float, float, float], values: Values, progress: Progress
) -> FloatImage:
    return _sharpened(volume, _gaussian_volume(volume, spacing, values, progress), values)


def _clahe_slice(image: FloatImage, _spacing: tuple[float, float], values: Values) -> FloatImage:
    """Contrast-limited adaptive histogram equalisation (Zuiderveld 1994), back on the image's own range of values."""
    if _flat(image):
        return image.copy()
    low, high = float(image.min()), float(image.max())
    scale = 65535.0 / (high - low)
    tiles = int(values["tiles"])
    equaliser = cv2.createCLAHE(clipLimit=float(values["clip"]), tileGridSize=(tiles, tiles))
    equalised = equaliser.apply(np.round((image - low) * scale).astype(np.uint16))
    return _float32(equalised) / np.float32(scale) + np.float32(low)


# Edges


def _sobel_slice(image: FloatImage, spacing: tuple[float, float], _values: Values) -> FloatImage:
    # The 3×3 Sobel kernel sums to 8 px: divided by it the result is a slope in value per mm.
    along_i = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, borderType=_BORDER) / (8 * spacing[1])
    along_j = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, borderType=_BORDER) / (8 * spacing[0])
    return _float32(np.hypot(along_i, along_j))


def _laplacian_slice(image: FloatImage, spacing: tuple[float, float], _values: Values) -> FloatImage:
    second = np.array([[1, -2, 1]], dtype=np.float32)
    along_i = cv2.filter2D(image, cv2.CV_32F, second, borderType=_BORDER) / spacing[1] ** 2
    along_j = cv2.filter2D(image, cv2.CV_32F, second.T, borderType=_BORDER) / spacing[0] ** 2
    return _float32(along_i + along_j)


def _canny(image: FloatImage, spacing: tuple[float, ...], values: Values, progress: Progress) -> FloatImage:
    """Edges (1) and nothing (0); thresholds are parts of the steepest slope, so that they fit any modality."""
    sitk = _itk()

    sigma = float(values["sigma"])

    def edges(source: Any) -> Any:
        slope = sitk.GetArrayFromImage(sitk.GradientMagnitudeRecursiveGaussian(source, max(sigma, min(spacing))))
        steepest = float(slope.max())
        low, high = float(values["low"]) * steepest, float(values["high"]) * steepest
        return sitk.CannyEdgeDetection(
            source, lowerThreshold=min(low, high), upperThreshold=high, variance=[sigma**2] * image.ndim
        )

    return np.zeros_like(image) if _flat(image) else _through_itk(edges, image, spacing, progress)


def _canny_slice(image: FloatImage, spacing: tuple[float, float], values: Values) -> FloatImage:
    return _canny(image, spacing, values, no_progress)


# Morphology


def _morphology_slice(kind: int) -> Callable[[FloatImage, tuple[float, float], Values], FloatImage]:
    def run(image: FloatImage, _spacing: tuple[float, float], values: Values) -> FloatImage:
        radius = int(values["radius"])
        reach = np.arange(-radius, radius + 1)
        disc = (reach[:, None] ** 2 + reach[None, :] ** 2 <= radius**2).astype(np.uint8)
        return _float32(cv2.morphologyEx(image, kind, disc))

    return run


def _morphology_volume(
    name: str,
) -> Callable[[FloatImage, tuple[float, float, float], Values, Progress], FloatImage]:
    def run(volume: FloatImage, spacing: tuple[float, float, float], values: Values, progress: Progress) -> FloatImage:
        sitk = _itk()

        operation = getattr(sitk, name)
        radius = [int(values["radius"])] * 3
        return _through_itk(lambda image: operation(image, radius, sitk.sitkBall), volume, spacing, progress)

    return run


_SIGMA = Parameter("sigma", "Sigma", "float", 1.0, 0.1, 20.0, 0.1, "mm")

_ALL = (
    Operation("mean", "Mean", "smooth", (_radius(),), _mean_slice, _mean_volume),
    Operation("median", "Median", "smooth", (_radius(),), _median_slice, _median_volume),
    Operation("gaussian", "Gaussian", "smooth", (_SIGMA,), _gaussian_slice, _gaussian_volume),
    Operation(
        "bilateral",
        "Bilateral",
        "smooth",
        (
            Parameter("sigma", "Sigma in space", "float", 1.5, 0.1, 10.0, 0.1, "mm"),
            Parameter("range", "Sigma in value", "float", 60.0, 0.1, 5000.0, 5.0, "value"),
        ),
        _bilateral_slice,
    ),
    Operation(
        "non_local_means",
        "Non-local means",
        "smooth",
        (
            Parameter("strength", "Strength", "float", 30.0, 0.1, 5000.0, 5.0, "value"),
            Parameter("patch", "Patch radius", "int", 2, 1, 5, 1, "px"),
            Parameter("search", "Search radius", "int", 7, 3, 15, 1, "px"),
        ),
        _non_local_means_slice,
    ),
    Operation(
        "curvature_diffusion",
        "Curvature anisotropic diffusion",
        "smooth",
        (
            Parameter("iterations", "Iterations", "int", 5, 1, 50, 1),
            Parameter("conductance", "Conductance", "float", 3.0, 0.1, 20.0, 0.1),
        ),
        _diffusion_slice,
        _diffuse,
    ),
    Operation(
        "unsharp",
        "Unsharp sharpening",
        "enhance",
        (
            _SIGMA,
            Parameter("amount", "Amount", "float", 1.0, 0.0, 10.0, 0.1),
            Parameter("threshold", "Threshold", "float", 0.0, 0.0, 5000.0, 1.0, "value"),
        ),
        _unsharp_slice,
        _unsharp_volume,
    ),
    Operation(
        "clahe",
        "Adaptive contrast (CLAHE)",
        "enhance",
        (
            Parameter("clip", "Contrast limit", "float", 2.0, 1.0, 40.0, 0.5),
            Parameter("tiles", "Tiles per side", "int", 8, 1, 32, 1),
        ),
        _clahe_slice,
    ),
    Operation("sobel", "Sobel edges", "edges", (), _sobel_slice, keeps_unit=False),
    Operation("laplacian", "Laplacian edges", "edges", (), _laplacian_slice, keeps_unit=False),
    Operation(
        "canny",
        "Canny edges",
        "edges",
        (
            _SIGMA,
            Parameter("low", "Lower threshold", "float", 0.1, 0.0, 1.0, 0.01),
            Parameter("high", "Upper threshold", "float", 0.25, 0.01, 1.0, 0.01),
        ),
        _canny_slice,
        _canny,
        keeps_unit=False,
    ),
    Operation(
        "opening",
        "Morphological opening",
        "morphology",
        (_radius(),),
        _morphology_slice(cv2.MORPH_OPEN),
        _morphology_volume("GrayscaleMorphologicalOpening"),
    ),
    Operation(
        "closing",
        "Morphological closing",
        "morphology",
        (_radius(),),
        _morphology_slice(cv2.MORPH_CLOSE),
        _morphology_volume("GrayscaleMorphologicalClosing"),
    ),
)

OPERATIONS = MappingProxyType({operation.id: operation for operation in _ALL})
"""Every filter by its id, in the order in which panels list them."""
