"""What a filter is: an operation with typed parameters that have ranges and units, for a slice and for a volume."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.parameter import Parameter, ParameterValue, complete_parameters
from medview.core.progress import Progress

FloatArray = NDArray[np.float32]
SliceFunction = Callable[..., FloatArray]
"""(values (j, i) float32, spacing (dj, di) mm, **parameters) → float32 (j, i)."""
VolumeFunction = Callable[..., FloatArray]
"""(values (k, j, i) float32, spacing (dk, dj, di) mm, progress, **parameters) → float32 (k, j, i)."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A filter. Without ``apply_volume`` a volume is done slice by slice.

    ``keeps_unit``: the result still means what the image's values mean (HU stay HU); edges do not, and are drawn with a
    window of their own.
    """

    id: str
    title: str
    parameters: tuple[Parameter, ...]
    apply_slice: SliceFunction
    apply_volume: VolumeFunction | None = None
    keeps_unit: bool = True

    def complete(self, values: Mapping[str, Any]) -> dict[str, ParameterValue]:
        """``values`` checked, with defaults for what is not given; raises MedviewError for what does not exist."""
        return complete_parameters(self.title, self.parameters, values)


def slices_of_volume(
    operation: Operation,
    values: FloatArray,
    spacing: tuple[float, float, float],
    progress: Progress,
    parameters: Mapping[str, ParameterValue],
) -> FloatArray:
    """Apply ``operation`` to every slice of ``values`` (k, j, i)."""
    out = np.empty_like(values)
    for k in range(len(values)):
        progress(operation.title, k, len(values))
        out[k] = operation.apply_slice(np.ascontiguousarray(values[k]), spacing[1:], **parameters)
    progress(operation.title, len(values), len(values))
    return out
