"""Statistics of a whole series taken slice by slice, so that its slices can be prepared one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.inference.manifest import Input
from medview.inference.manifest_steps import Clip, MinMax, Offset, Range, Round, Scale, ZScore

AnyArray = NDArray[Any]
Piece = tuple[AnyArray, NDArray[np.bool_] | None]
"""Values (a, b, c), and which of them are real."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A step whose statistics are known: the same arithmetic as if they had been taken over everything at once."""

    kind: str
    first: float
    second: float
    only_nonzero: bool = False
    to: tuple[float, float] = (0.0, 1.0)
    step: str = "settled"


def moments(pieces: Sequence[AnyArray]) -> tuple[float, float]:
    """Mean and standard deviation, 1 where that is 0."""
    count = sum(piece.size for piece in pieces)
    mean = sum(float(np.sum(piece, dtype=np.float64)) for piece in pieces) / count
    squares = sum(float(np.square(piece.astype(np.float64) - mean).sum()) for piece in pieces)
    return mean, float(np.sqrt(squares / count)) or 1.0


def kept(row: AnyArray, real: NDArray[np.bool_] | None, nonzero: bool) -> AnyArray:
    """What of a row counts; the row itself, not a copy, where all of it does."""
    found = row if real is None else row[real]
    return found[found != 0] if nonzero else found


def is_of_series(step: object) -> bool:
    """Whether a step takes its statistics over the whole series, in a way that can be taken slice by slice."""
    if not isinstance(step, MinMax | ZScore) or step.scope != "volume" or getattr(step, "channels", None) is not None:
        return False
    return isinstance(step, MinMax) or not step.only_foreground


def settled(
    given: Input, pieces: Callable[[], Iterator[Piece]], apply: Callable[[Any, AnyArray, Any], AnyArray]
) -> Input:
    """``given`` with known statistics where they can be known before anything is moved, else as it is.

    ``pieces`` gives the series in some slices at a time, as often as it is asked; ``apply`` is a step on some values.
    """
    wanted = [n for n, step in enumerate(given.steps) if is_of_series(step)]
    if not wanted or given.sources:
        return given
    before = given.steps[: wanted[-1] + 1]
    if not all(isinstance(step, Offset | Scale | Clip | Round | Range) or is_of_series(step) for step in before):
        return given
    steps: list[Any] = list(given.steps)
    for n in wanted:
        known = steps[:n]

        def rows(
            known: Sequence[Any] = known, nonzero: bool = getattr(steps[n], "only_nonzero", False)
        ) -> Iterator[Any]:
            for values, real in pieces():
                for step in known:
                    values = apply(step, values, real)
                for row, mask in zip(values, real if real is not None else [None] * len(values), strict=True):
                    yield kept(row, mask, nonzero)

        found = measured(steps[n], rows)
        if found is None:
            return given
        steps[n] = found
    return given.model_copy(update={"steps": tuple(steps)})


def measured(step: MinMax | ZScore, rows: Callable[[], Iterator[AnyArray]]) -> Settled | None:
    """A step with the statistics of ``rows``, which are gone through twice; None where nothing is left to measure."""
    if isinstance(step, MinMax):
        ends = [(float(row.min()), float(row.max())) for row in rows() if row.size]
        if not ends:
            return None
        return Settled("range", min(low for low, _ in ends), max(high for _, high in ends), to=step.to)
    sums = [(row.size, float(np.sum(row, dtype=np.float64))) for row in rows()]
    count = sum(size for size, _ in sums)
    if count == 0:
        return None
    mean = sum(total for _, total in sums) / count
    squares = sum(float(np.square(row.astype(np.float64) - mean).sum()) for row in rows())
    return Settled("score", mean, float(np.sqrt(squares / count)) or 1.0, step.only_nonzero)
