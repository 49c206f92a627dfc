"""A chain of filters as the reader composed it, applied to a slice or to a whole volume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.parameter import ParameterValue
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress, no_progress
from medview.core.volume import ModalityTransform, Volume
from medview.kernels.threads import all_threads
from medview.processing.filters import OPERATIONS
from medview.processing.operation import Operation, slices_of_volume

AnyArray = NDArray[Any]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FilterStep:
    """One filter with the values that differ from its defaults; a disabled step stays in the list but does nothing."""

    operation_id: str
    values: tuple[tuple[str, ParameterValue], ...] = ()
    enabled: bool = True

    @property
    def operation(self) -> Operation:
        """The operation; raises MedviewError where there is none of that name (an old setting)."""
        found = OPERATIONS.get(self.operation_id)
        if found is None:
            raise MedviewError(
                "unknown_filter",
                f"there is no filter called {self.operation_id!r}",
                exit_code=ExitCode.BAD_USE,
                values=(self.operation_id,),
            )
        return found

    @property
    def parameters(self) -> dict[str, ParameterValue]:
        """All parameters, checked; raises MedviewError where one is out of range."""
        return self.operation.complete(dict(self.values))


FilterChain = tuple[FilterStep, ...]


def is_active(chain: FilterChain) -> bool:
    """Whether the chain changes anything: then the picture is marked as filtered."""
    return any(step.enabled for step in chain)


def keeps_unit(chain: FilterChain) -> bool:
    """Whether the result is still in the image's own unit."""
    return all(step.operation.keeps_unit for step in chain if step.enabled)


def apply_chain_slice(chain: FilterChain, values: AnyArray, spacing: tuple[float, float]) -> AnyArray:
    """Filter ``values`` (j, i), or each channel of (j, i, 3) RGB; ``spacing`` (dj, di) in mm, (1, 1) where unknown.

    Returns float32 (RGB: uint8); where no step is enabled, ``values`` itself.
    """
    if not is_active(chain):
        return values
    with all_threads():
        return _by_channel(values, 2, lambda part: _slice_through(chain, part, spacing))


def _slice_through(chain: FilterChain, values: FloatArray, spacing: tuple[float, float]) -> FloatArray:
    for step in chain:
        if step.enabled:
            values = step.operation.apply_slice(values, spacing, **step.parameters)
    return values


def apply_chain_volume(
    chain: FilterChain,
    values: AnyArray,
    spacing: tuple[float, float, float],
    progress: Progress = no_progress,
) -> AnyArray:
    """Filter ``values`` (k, j, i) as a volume, or channel by channel (k, j, i, 3); ``spacing`` (dk, dj, di) in mm.

    Returns float32 (RGB: uint8); raises Cancelled from ``progress``.
    """
    if not is_active(chain):
        return values
    with all_threads():
        return _by_channel(values, 3, lambda part: _volume_through(chain, part, spacing, progress))


def _volume_through(
    chain: FilterChain, values: FloatArray, spacing: tuple[float, float, float], progress: Progress
) -> FloatArray:
    for step in chain:
        if not step.enabled:
            continue
        operation, parameters = step.operation, step.parameters
        if operation.apply_volume is None:
            values = slices_of_volume(operation, values, spacing, progress, parameters)
        else:
            values = operation.apply_volume(values, spacing, progress, **parameters)
    return values


def _by_channel(values: AnyArray, dimensions: int, apply: Callable[[FloatArray], FloatArray]) -> AnyArray:
    if values.ndim == dimensions:
        return np.asarray(apply(np.ascontiguousarray(values, dtype=np.float32)), dtype=np.float32)
    channels = [apply(np.ascontiguousarray(values[..., c], dtype=np.float32)) for c in range(values.shape[-1])]
    return np.clip(np.round(np.stack(channels, axis=-1)), 0, 255).astype(np.uint8)


def filter_volume(
    chain: FilterChain,
    volume: Volume,
    spacing: tuple[float, float, float] | None = None,
    progress: Progress = no_progress,
) -> Volume:
    """A volume of the filtered modality values (float32) on the same geometry.

    Padding takes the smallest true value first, so that it does not bleed into the image. ``spacing`` is the
    geometry's, or the one given, or 1 px.
    """
    if not is_active(chain):
        return volume
    if spacing is None:
        spacing = volume.geometry.spacing if volume.geometry is not None else (1.0, 1.0, 1.0)
    values = volume.stored if volume.is_colour else volume.modality_values(np.float32)
    if volume.padding is not None and not volume.is_colour:
        low, high = volume.padding
        padded = (volume.stored >= low) & (volume.stored <= high)
        if padded.any() and not padded.all():
            values[padded] = values[~padded].min()
    filtered = apply_chain_volume(chain, values, spacing, progress)
    unit = volume.unit if keeps_unit(chain) else None
    return Volume(filtered, ModalityTransform(), volume.geometry, unit, None, volume.inverted, volume.states)
