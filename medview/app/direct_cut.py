"""Oblique planes and slabs, sampled where the screen wants them: roughly while the hand moves, exactly as soon as it rests."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from medview.app.shown_slice import ShownSlice
from medview.core.cut import Slice
from medview.core.display import SampledSlice
from medview.core.problem import MedviewError
from medview.core.slab import can_be_projected, layers_of, sample_plane, sample_screen
from medview.core.volume import Volume

if TYPE_CHECKING:
    from medview.jobs.queue import JobQueue

QUICK_S = 0.012
"""A preview takes no longer, if it can; what takes no longer needs none."""
LONGEST_S = 0.05
"""What takes longer is made in the background, even when the hand rests."""
MOST_COARSE = 6
_FIRST_PACE = 2e-8
"""Seconds for one sample, until one was measured."""


def is_direct(volume: Volume, shown: ShownSlice) -> bool:
    """Whether a picture is sampled by this module: planes that the voxels do not lie on, and slabs."""
    return shown.plane is not None and can_be_projected(volume) and _is_sampled(shown)


def _is_sampled(shown: ShownSlice) -> bool:
    return shown.slab is not None or shown.plane_kind in {"oblique", "turning"}


def grid_values(volume: Volume, shown: ShownSlice) -> Slice:
    """The cut on its own grid, one value for each of its pixels."""
    assert shown.plane is not None
    return sample_plane(volume, shown.plane, shown.slab)


class DirectSampling:
    """What of one viewport is sampled for its screen. ``ready`` says that something exact is there."""

    ready = Signal()

    def __init__(self, jobs: JobQueue | None = None) -> None:
        self._jobs = jobs
        self.hurried = False
        """The hand is moving: a preview will do."""
        self.at_once = jobs is None
        """Nothing waits: what is painted is exact (for files and paper)."""
        self.is_rough = False
        """Whether what was sampled last is a preview."""
        self._pace = _FIRST_PACE
        self._exact: tuple[Hashable, SampledSlice] | None = None
        self._rough: tuple[Hashable, SampledSlice] | None = None
        self._running: Hashable = None
        self.error: BaseException | None = None

    def sampled(
        self, key: Hashable, volume: Volume, shown: ShownSlice, matrix: NDArray[np.float64], size: tuple[int, int]
    ) -> tuple[Hashable, SampledSlice]:
        """What the pixels of a screen show, and a key that differs where it differs; ``key`` names place and screen."""
        assert shown.plane is not None
        if self._exact is not None and self._exact[0] == key:
            self.is_rough = False
            return key, self._exact[1]
        layers = layers_of(volume, shown.plane, shown.slab)
        seconds = size[0] * size[1] * layers * self._pace
        if self.at_once or seconds <= (QUICK_S if self.hurried else LONGEST_S):
            self._keep_exact(key, *self._timed(volume, shown, matrix, size, 1, size[0] * size[1] * layers))
            assert self._exact is not None
            return key, self._exact[1]
        if not self.hurried and self._running != key:
            self._start(key, volume, shown, matrix.copy(), size, size[0] * size[1] * layers)
        coarse = min(MOST_COARSE, max(2, math.ceil(math.sqrt(seconds / 3 / max(QUICK_S, 1e-6)))))
        rough_key: Hashable = (key, coarse)
        if self._rough is None or self._rough[0] != rough_key:
            piece = sample_screen(volume, shown.plane, shown.slab, matrix, size, coarse)
            self._rough = (rough_key, SampledSlice(piece.values, piece.coverage, piece.missing))
        self.is_rough = True
        return rough_key, self._rough[1]

    def is_exact(self, key: Hashable) -> bool:
        """Whether the exact samples of this place and screen are there."""
        return self._exact is not None and self._exact[0] == key

    def _timed(
        self,
        volume: Volume,
        shown: ShownSlice,
        matrix: NDArray[np.float64],
        size: tuple[int, int],
        coarse: int,
        samples: int,
    ) -> tuple[SampledSlice, float]:
        assert shown.plane is not None
        started = time.perf_counter()
        piece = sample_screen(volume, shown.plane, shown.slab, matrix, size, coarse)
        pace = (time.perf_counter() - started) / max(samples, 1)
        return SampledSlice(piece.values, piece.coverage, piece.missing), pace

    def _keep_exact(self, key: Hashable, sample: SampledSlice, pace: float) -> None:
        self._exact = (key, sample)
        self._rough = None
        self.is_rough = False
        # The machine may be busy for a moment: no single time decides.
        self._pace = min(max(0.5 * (self._pace + pace), 1e-9), 1e-5)

    def _start(
        self,
        key: Hashable,
        volume: Volume,
        shown: ShownSlice,
        matrix: NDArray[np.float64],
        size: tuple[int, int],
        samples: int,
    ) -> None:
        from medview.jobs.queue import Lane

        assert self._jobs is not None
        self._running = key

        def work(_progress: Any) -> tuple[SampledSlice, float]:
            return self._timed(volume, shown, matrix, size, 1, samples)

        def done(answer: tuple[SampledSlice, float]) -> None:
            if self._running == key:
                self._running = None
                self._keep_exact(key, *answer)
                self.ready.emit()

        def failed(error: BaseException) -> None:
            if self._running == key:
                self._running = None
                self.error = error if isinstance(error, MedviewError) else None

        self._jobs.submit(
            "slab", work, Lane.INTERACTION, on_done=done, on_failed=failed, supersedes=f"direct-sampling:{id(self)}"
        )

    def forget(self) -> None:
        """Drop everything that is kept (another stack is shown)."""
        self._exact = self._rough = None
        self._running = None
        self.is_rough = False


class LazySlices:
    """The values of a cut on its own grid, made when something asks: marks, histograms, files. Painting never does."""

    def __init__(self, make: Callable[[], Slice]) -> None:
        self._make = make
        self._made: Slice | None = None

    @property
    def slice(self) -> Slice:
        """The values."""
        if self._made is None:
            self._made = self._make()
        return self._made
