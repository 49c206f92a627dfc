"""The simulated scanner: slice thickness, reconstruction kernel, noise, streaks, padding."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from medview.phantom.drawing import Array
from medview.phantom.values import ScanChoice


def acquire(
    rng: np.random.Generator, image: Array, scan: ScanChoice, sub: int, shoulder_slice: float
) -> npt.NDArray[np.int16]:
    """HU int16 (k, j, i) of a perfect image with `sub` sub-slices per slice.

    `shoulder_slice` is the (continuous) index of the slice from which on shoulders starve the detector.
    """
    slices, rows, columns = scan.shape
    fine = scan.spacing[0] / sub
    span = max(1, round(scan.thickness / fine))
    pixel = (scan.spacing[1], scan.spacing[2])
    out = np.empty(scan.shape, np.int16)
    circle = _fov_circle(rows, columns) if scan.fov_circle else None
    tilt = rng.uniform(-0.4, 0.4)
    for k in range(slices):
        middle = k * sub + (sub - 1) / 2
        first = max(0, round(middle - (span - 1) / 2))
        last = min(len(image), first + span)
        plane = image[first:last].mean(axis=0) if last - first > 1 else image[first].copy()
        plane = _kernel(plane, scan, pixel)
        tissue = float((plane[::4, ::4] > -300).mean())
        starved = 1.0 + 2.2 * scan.streaks * float(np.clip((k - shoulder_slice) / max(slices * 0.06, 1), 0, 1))
        plane += _noise(rng, plane, scan, pixel, starved * (0.6 + tissue), tilt)
        plane += np.float32(scan.hu_offset)
        np.clip(plane, -1024, 3071, out=plane)
        if circle is not None:
            plane[circle] = scan.padding_hu
        out[k] = np.rint(plane)
    return out


def _kernel(plane: Array, scan: ScanChoice, pixel: tuple[float, float]) -> Array:
    sigma = (scan.blur_mm / pixel[1], scan.blur_mm / pixel[0])
    soft = (
        plane if max(sigma) < 0.25 else cv2.GaussianBlur(plane, (0, 0), max(sigma[0], 0.1), sigmaY=max(sigma[1], 0.1))
    )
    if scan.sharpen <= 0:
        return np.asarray(soft, np.float32)
    wide = 1.0 / min(pixel)
    return np.asarray(soft + scan.sharpen * (soft - cv2.GaussianBlur(soft, (0, 0), max(wide, 0.5))), np.float32)


def _noise(
    rng: np.random.Generator, plane: Array, scan: ScanChoice, pixel: tuple[float, float], level: float, tilt: float
) -> Array:
    """Grainy noise, stronger in the middle of the body, with streaks across it where it is strong."""
    if scan.noise_hu <= 0:
        return np.zeros_like(plane)
    white = rng.standard_normal(plane.shape, dtype=np.float32)
    sigma = scan.noise_grain_mm / min(pixel)
    grain: Array = white
    if sigma > 0.3:
        grain = np.asarray(cv2.GaussianBlur(white, (0, 0), sigma), np.float32)
        if scan.sharpen > 0:
            wider: Array = np.asarray(cv2.GaussianBlur(white, (0, 0), 1.8 * sigma), np.float32)
            grain -= np.float32(0.8) * wider
        grain /= np.float32(max(float(grain.std()), 1e-6))
    small = cv2.resize((plane > -300).astype(np.float32), (32, 32), interpolation=cv2.INTER_AREA)
    depth = cv2.GaussianBlur(small, (0, 0), 5)
    size = (plane.shape[1], plane.shape[0])
    deep: Array = np.asarray(cv2.resize(depth, size, interpolation=cv2.INTER_LINEAR), np.float32)
    grain *= np.float32(scan.noise_hu * level) * (np.float32(0.35) + deep)
    if level > 1.6 and scan.streaks > 0:
        rows = rng.standard_normal((plane.shape[0], 8), dtype=np.float32)
        soft = cv2.GaussianBlur(rows, (0, 0), 0.6, sigmaY=max(0.9 / pixel[0], 0.5))
        streak: Array = np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR), np.float32)
        shear = np.array([[1, 0, 0], [tilt, 1, -tilt * plane.shape[1] / 2]], np.float32)
        across: Array = np.asarray(cv2.warpAffine(streak, shear, size, borderMode=cv2.BORDER_REFLECT), np.float32)
        grain += across * np.float32(scan.noise_hu * scan.streaks * level) * deep
    return np.asarray(grain, np.float32)


def _fov_circle(rows: int, columns: int) -> npt.NDArray[np.bool_]:
    y = (np.arange(rows) - (rows - 1) / 2)[:, None] / (rows / 2)
    x = (np.arange(columns) - (columns - 1) / 2)[None, :] / (columns / 2)
    return np.asarray(x * x + y * y > 1.0)
