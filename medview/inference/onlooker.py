"""Somebody who looks at a run while it goes on: slices that are decided are told at once, the one that is looked at comes first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import Finding, Label
from medview.inference.placement import Orientation

Triple = tuple[float, float, float]
Block = tuple[NDArray[np.unsignedinteger[Any]] | None, tuple[Finding, ...]]
"""Labels of some slices, on the source's own axes, and the findings in them."""


@dataclass(frozen=True, eq=False)
class RunBegun:
    """A run will tell ``count`` slices along the source's ``axis`` (0 k, 1 j, 2 i); what was told before counts no more."""

    axis: int
    count: int
    labels: NDArray[np.unsignedinteger[Any]] | None = None
    """(k, j, i) zeros for the labels to come, the receiver's own; None where there will be none."""
    meanings: tuple[Label, ...] = ()


@dataclass(frozen=True, eq=False)
class SlicesDecided:
    """Slices ``first`` … ``first + count`` along the axis are decided, but for what is done to the whole at the end."""

    first: int
    count: int
    labels: NDArray[np.unsignedinteger[Any]] | None = None
    """(k, j, i) of these slices, a copy."""
    findings: tuple[Finding, ...] = ()


class Onlooker(Protocol):
    """Called in the thread of the run; gets frozen values that nobody else writes to."""

    def looked_at(self) -> Triple | None:
        """The voxel (k, j, i) of the source that is looked at now; None: no matter."""
        ...

    def begin(self, begun: RunBegun) -> None:
        """A run begins, or the same run once more in another way."""
        ...

    def take(self, decided: SlicesDecided) -> None:
        """Some more slices."""
        ...


class Telling:
    """Tells an onlooker of the rows of the oriented grid, as soon as the answers so far are such as an end of the run accepts."""

    def __init__(self, onlooker: Onlooker | None, orientation: Orientation, is_sound: Callable[[], bool]) -> None:
        """``is_sound``: whether the run would not fail if it ended now; what a failed run said is never shown."""
        self._onlooker = onlooker
        self._axis, self._flip = orientation.order[0], orientation.flips[0]
        self._count = orientation.shape[0]
        self._is_sound = is_sound
        self._held: list[tuple[int, int]] = []

    def begin(self, labels: NDArray[np.unsignedinteger[Any]] | None = None, meanings: tuple[Label, ...] = ()) -> None:
        """Say what will come; ``labels`` are handed over."""
        if self._onlooker is not None:
            self._onlooker.begin(RunBegun(self._axis, self._count, labels, meanings))

    def tell(self, start: int, stop: int, block: Callable[[int, slice], Block]) -> None:
        """Rows ``start`` … ``stop`` are decided; ``block(row, places)`` gives what was found from oriented ``row`` on, at these
        places of the source's axis.
        """
        if self._onlooker is None:
            return
        self._held.append((start, stop))
        if not self._is_sound():
            return
        for low, high in self._held:
            first = self._count - high if self._flip else low
            labels, findings = block(low, slice(first, first + high - low))
            self._onlooker.take(SlicesDecided(first, high - low, labels, findings))
        self._held.clear()


def looked_at_first(
    count: int, at_once: int, orientation: Orientation, onlooker: Onlooker | None
) -> Iterator[tuple[int, int]]:
    """Rows of the oriented grid in pieces of ``at_once``: always the piece nearest to what is looked at by then.

    The pieces are the same ones in whatever order, so that the answers are too.
    """
    left = list(range(0, count, at_once))
    while left:
        at = 0
        voxel = None if onlooker is None else onlooker.looked_at()
        if voxel is not None:
            wanted = voxel[orientation.order[0]]
            row = count - 1 - wanted if orientation.flips[0] else wanted
            at = min(range(len(left)), key=lambda n: abs(left[n] + (min(at_once, count - left[n]) - 1) / 2 - row))
        start = left.pop(at)
        yield start, min(start + at_once, count)
