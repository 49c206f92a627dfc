"""Rigid registration of one volume onto another by mutual information, from where they lie now (Mattes et al., IEEE TMI 2003)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.geometry import Geometry
from medview.core.problem import MedviewError
from medview.core.progress import Progress
from medview.core.registration import Placement, by_hand, placed
from medview.core.volume import Volume
from medview.kernels.volume_sampling import inside_grid, sample_trilinear
from medview.processing.itk import itk_image, simple_itk

STEP = "register"
BINS = 40
FINEST_MM = 2.0
"""Grid on which the volumes are compared: finer costs time and moves the answer by less than a tenth of a mm."""
MOST_POINTS = 3_000_000
LEAST_OVERLAP = 0.1
"""Part of the smaller volume that must lie in the other one for the answer to mean anything."""
_LEVELS = (4, 2, 1)
_SAMPLES = (0.8, 0.4, 0.2)
_SEED = 20_261


@dataclass(frozen=True, eq=False)
class RigidRegistration:
    """``placement`` takes LPS mm of the moving volume to the fixed one's. Mutual information in bits, larger is more alike."""

    placement: Placement
    before: float
    after: float
    overlap: float


def register_rigidly(fixed: Volume, moving: Volume, start: Placement, progress: Progress) -> RigidRegistration:
    """Turn and shift ``moving`` until it is most like ``fixed``.

    ``start`` is where it lies now; where its middle over the middle of the other one fits better, that is begun with. The
    same input gives the same answer. Raises MedviewError ``registration_failed`` where nothing fits better than before
    or the two hardly meet, and what ``progress`` raises.
    """
    if fixed.geometry is None or moving.geometry is None or fixed.is_colour or moving.is_colour:
        raise MedviewError("registration_failed", "Only grey volumes with a place in the patient can be registered.")
    progress(STEP, 0, 100)
    still, still_grid = _sampled(fixed, fixed.geometry)
    progress(STEP, 5, 100)
    other, other_grid = _sampled(moving, moving.geometry)
    progress(STEP, 10, 100)
    if not np.ptp(still) or not np.ptp(other):
        raise _failed()  # one value everywhere is like everything
    pair = _Pair(_image(still, still_grid), _image(other, other_grid))
    middles = [0.5 * (grid.bounds[0] + grid.bounds[1]) for grid in (still_grid, placed(other_grid, start))]
    shift = middles[0] - middles[1]
    centred = start.then(by_hand((float(shift[0]), float(shift[1]), float(shift[2]))))
    first = pair.likeness(start)
    begin = start
    if pair.overlap(start, other_grid, still_grid) < LEAST_OVERLAP or pair.likeness(centred) > first:
        begin = centred
    found = begin
    for level, (shrink, samples) in enumerate(zip(_LEVELS, _SAMPLES, strict=True)):
        found = pair.improved(found, shrink, samples, progress, (10 + 30 * level, 10 + 30 * (level + 1)))
    last, overlap = pair.likeness(found), pair.overlap(found, other_grid, still_grid)
    if overlap < LEAST_OVERLAP or not last > first:
        raise _failed()
    progress(STEP, 100, 100)
    return RigidRegistration(found, first, last, overlap)


def _failed() -> MedviewError:
    text = "No place was found where the two series are more alike than they are now; nothing was moved."
    return MedviewError("registration_failed", text)


def _sampled(volume: Volume, geometry: Geometry) -> tuple[NDArray[np.float32], Geometry]:
    """The volume on an upright cubic grid of its own bounds; what is none of it is its lowest value."""
    low, high = geometry.bounds
    extent = high - low
    step = max(FINEST_MM, min(geometry.spacing), float(np.cbrt(np.prod(extent) / MOST_POINTS)))
    counts = np.maximum(4, np.ceil(extent / step).astype(int))
    origin = (low + high) / 2 - (counts - 1) / 2 * step
    shape = (int(counts[2]), int(counts[1]), int(counts[0]))
    grid = Geometry.from_directions(shape, origin, (1, 0, 0), (0, 1, 0), (step, step, step))
    smooth = _smoothed(volume, geometry, step)
    out = np.empty(shape, dtype=np.float32)
    outside = np.zeros(shape, dtype=bool)
    j, i = np.meshgrid(np.arange(shape[1]), np.arange(shape[2]), indexing="ij")
    for k in range(shape[0]):
        points = grid.voxel_to_patient(np.stack([np.full(j.shape, k), j, i], axis=-1).astype(np.float64))
        voxels = geometry.patient_to_voxel(points)
        out[k] = sample_trilinear(smooth, voxels, np.ones(1), np.zeros(1))
        outside[k] = ~inside_grid(voxels, geometry.shape)
    out[~np.isfinite(out)] = np.nan
    floor = float(np.nanmin(smooth)) if np.isfinite(smooth).any() else 0.0
    out[outside | np.isnan(out)] = floor
    return out, grid


def _smoothed(volume: Volume, geometry: Geometry, step: float) -> NDArray[np.float32]:
    """(k, j, i) values, each slice blurred as far as the coarser grid needs; padding is the lowest of the rest."""
    import cv2

    sigma = [0.4 * step / spacing if step > 1.5 * spacing else 0.0 for spacing in geometry.spacing[1:]]
    out = np.empty(volume.shape, dtype=np.float32)
    paddings = []
    for k in range(volume.shape[0]):
        out[k] = volume.modality_slice(k)
        padding = volume.padding_slice(k)
        if padding is not None:
            out[k][padding] = np.nan
            paddings.append(k)
    floor = float(np.nanmin(out)) if np.isfinite(out).any() else 0.0
    for k in range(volume.shape[0]):
        if k in paddings:
            out[k][~np.isfinite(out[k])] = floor
        if any(sigma):
            out[k] = cv2.GaussianBlur(out[k], (0, 0), sigmaX=max(sigma[1], 0.1), sigmaY=max(sigma[0], 0.1))
    return out


def _image(values: NDArray[np.float32], grid: Geometry) -> Any:
    # A few hot voxels would leave all others in one bin of the histogram.
    low, high = np.percentile(values[:: max(1, len(values) // 64)], (0.5, 99.8))
    image = itk_image(np.clip(values, low, max(high, low + 1e-3)), grid.spacing)
    image.SetOrigin([float(value) for value in grid.affine[:3, 3]])
    return image


class _Pair:
    """Two images and what SimpleITK is asked about them; its transforms take points of the fixed one to the moving one's."""

    def __init__(self, fixed: Any, moving: Any) -> None:
        self._fixed, self._moving = fixed, moving
        size, spacing = fixed.GetSize(), fixed.GetSpacing()
        origin = np.array(fixed.GetOrigin())
        self._centre = origin + (np.array(size) - 1) / 2 * np.array(spacing)

    def _method(self, samples: float) -> Any:
        sitk = simple_itk()
        method = sitk.ImageRegistrationMethod()
        method.SetMetricAsMattesMutualInformation(BINS)
        method.SetMetricSamplingStrategy(method.REGULAR)
        method.SetMetricSamplingPercentage(samples, _SEED)
        method.SetInterpolator(sitk.sitkLinear)
        return method

    def _transform(self, placement: Placement) -> Any:
        sitk = simple_itk()
        back = placement.inverse.matrix
        # As exactly a rotation as SimpleITK asks for.
        u, _, v = np.linalg.svd(back[:3, :3])
        turn = u @ v
        transform = sitk.Euler3DTransform()
        transform.SetCenter(self._centre.tolist())
        transform.SetMatrix(turn.ravel().tolist(), 1e-6)
        transform.SetTranslation((back[:3, :3] @ self._centre + back[:3, 3] - self._centre).tolist())
        return transform

    def likeness(self, placement: Placement) -> float:
        """Mutual information in bits; 0 where nothing of the two meets."""
        method = self._method(0.2)
        method.SetInitialTransform(self._transform(placement), inPlace=False)
        try:
            return float(-method.MetricEvaluate(self._fixed, self._moving) / np.log(2))
        except RuntimeError:
            return 0.0

    def overlap(self, placement: Placement, moving: Geometry, fixed: Geometry) -> float:
        """The part of the smaller of both boxes that lies in the other one."""
        grids = (placed(moving, placement), fixed)
        volumes = [float(np.prod(grid.shape) * np.prod(grid.spacing)) for grid in grids]
        small, large = grids if volumes[0] <= volumes[1] else grids[::-1]
        steps = [np.linspace(0, count - 1, min(count, 24)) for count in small.shape]
        points = small.voxel_to_patient(np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1))
        return float(inside_grid(large.patient_to_voxel(points), large.shape).mean())

    def improved(
        self, start: Placement, shrink: int, samples: float, progress: Progress, span: tuple[int, int]
    ) -> Placement:
        """The best place near ``start`` on a grid that is ``shrink`` times coarser."""
        sitk = simple_itk()
        shrink = max(1, min(shrink, min(*self._fixed.GetSize(), *self._moving.GetSize()) // 8))
        method = self._method(samples)
        method.SetShrinkFactorsPerLevel([shrink])
        method.SetSmoothingSigmasPerLevel([float(shrink) if shrink > 1 else 0.0])
        method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOff()
        method.SetOptimizerAsRegularStepGradientDescent(
            learningRate=float(shrink) * 2, minStep=0.01, numberOfIterations=_ROUNDS, relaxationFactor=0.6
        )
        method.SetOptimizerScalesFromPhysicalShift()
        method.SetInitialTransform(self._transform(start), inPlace=True)
        stopped: list[BaseException] = []

        def report() -> None:
            if stopped:
                return
            try:
                done = method.GetOptimizerIteration() / _ROUNDS
                progress(STEP, round(span[0] + (span[1] - span[0]) * min(done, 1.0)), 100)
            except BaseException as error:  # noqa: BLE001 - carried across the C++ frames and raised below
                stopped.append(error)
                method.StopRegistration()

        method.AddCommand(sitk.sitkIterationEvent, report)
        try:
            answer = method.Execute(self._fixed, self._moving)
        except RuntimeError as error:
            if stopped:
                raise stopped[0] from None
            text = "The two series cannot be compared where they lie: hardly anything of them meets."
            raise MedviewError("registration_failed", text) from error
        finally:
            method.RemoveAllCommands()
        if stopped:
            raise stopped[0]
        return _placement_of(answer)


_ROUNDS = 120


def _placement_of(transform: Any) -> Placement:
    """The way from the moving volume to the fixed one."""
    zero = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    columns = [np.array(transform.TransformPoint(tuple(axis))) - zero for axis in np.eye(3).tolist()]
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack(columns, axis=1)
    matrix[:3, 3] = zero
    return Placement.of(matrix).inverse
