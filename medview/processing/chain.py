"""A chain of filters as the reader composed it: a value that can be stored, compared and applied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress
from medview.processing.operation import FloatImage, Operation, Value


@dataclass(frozen=True, slots=True)
class FilterStep:
    """One filter with the parameters that differ from its defaults; a step switched off stays in the chain."""

    operation_id: str
    values: tuple[tuple[str, Value], ...] = ()
    enabled: bool = True


FilterChain = tuple[FilterStep, ...]


def operation_of(step: FilterStep) -> Operation:
    """The step's operation; raises MedviewError (unknown_filter) for an id that this version does not have."""
    from medview.processing.filters import OPERATIONS

    try:
        return OPERATIONS[step.operation_id]
    except KeyError:
        raise MedviewError(
            "unknown_filter",
            f"There is no filter called {step.operation_id!r}.",
            exit_code=ExitCode.BAD_USE,
            values=(step.operation_id,),
        ) from None


def is_active(chain: FilterChain) -> bool:
    """Whether the chain changes anything, so that the picture must say that it is filtered."""
    return any(step.enabled for step in chain)


def keeps_unit(chain: FilterChain) -> bool:
    """Whether the chain's result still is in modality units and the window keeps its meaning."""
    return all(operation_of(step).keeps_unit for step in chain if step.enabled)


def apply_chain_slice(chain: FilterChain, image: NDArray[Any], spacing: tuple[float, float] = (1.0, 1.0)) -> FloatImage:
    """(j, i) modality values through every enabled step; ``spacing`` (dj, di) mm. Raises MedviewError on bad steps."""
    result = np.asarray(image, dtype=np.float32)
    for step in chain:
        if step.enabled:
            result = operation_of(step).apply_slice(result, spacing, **dict(step.values))
    return result


def apply_chain_volume(
    chain: FilterChain, volume: NDArray[Any], spacing: tuple[float, float, float], progress: Progress
) -> FloatImage:
    """(k, j, i) modality values through every enabled step; ``spacing`` (dk, dj, di) mm; cancelled by ``progress``."""
    result = np.asarray(volume, dtype=np.float32)
    for step in chain:
        if step.enabled:
            result = operation_of(step).apply_volume(result, spacing, progress, **dict(step.values))
    return result
