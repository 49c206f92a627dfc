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
from medview.core.aligned_slab import aligned_slab
from medview.core.cut import Slice
from medview.core.display import SampledSlice, sample_slice
from medview.core.pooled import is_pooled, pooled_labels, pooled_volume
from medview.core.problem import MedviewError
from medview.core.slab import (
    can_be_projected,
    layers_of,
    plane_on_screen,
    project_labels,
    sample_plane,
    sample_screen,
)
from medview.core.volume import Volume
from medview.core.window import Window
from medview.kernels import rays
from medview.kernels.sample2d import part_of_screen

if TYPE_CHECKING:
    from medview.core.finding import Segmentation
    from medview.jobs.queue import JobQueue

QUICK_S = 0.009
"""A preview takes no longer, if it can; what takes no longer needs none."""
LONGEST_S = 0.05
"""What takes longer is made in the background, even when the hand rests."""
MOST_COARSE = 6
BAND = 48
"""Rows that are sampled in the background before it is asked whether they are still wanted."""
_FIRST_PACE = 2e-8
"""Seconds for one sample, until one was measured."""


def is_direct(volume: Volume, shown: ShownSlice) -> bool:
    """Whether a picture is sampled by this module: planes that the voxels do not lie on, and slabs."""
    return shown.plane is not None and can_be_projected(volume) and _is_sampled(shown)


def _is_sampled(shown: ShownSlice) -> bool:
    return shown.slab is not None or shown.plane_kind in {"oblique", "turning", "solid"}


def grid_values(volume: Volume, shown: ShownSlice) -> Slice:
    """The cut on its own grid, one value for each of its pixels."""
    assert shown.plane is not None
    layered = aligned_slab(volume, shown.plane, shown.slab) if shown.slab is not None else None
    return layered or sample_plane(volume, shown.plane, shown.slab)


def turned_labels(segmentation: Segmentation, shown: ShownSlice) -> NDArray[Any] | None:
    """(h, w) labels of everything that lies behind each pixel, of blocks of voxels: what is seen from afar."""
    assert shown.plane is not None
    pooled = pooled_labels(segmentation)
    if pooled is None:
        return None
    labels, geometry = pooled
    h, w = shown.plane.size
    step = max(1, round(min(geometry.spacing) / shown.plane.spacing[0]))
    small = (-(-h // step), -(-w // step))
    matrix = np.array([[step, 0.0, (step - 1) / 2], [0.0, step, (step - 1) / 2]])
    found = project_labels(labels, geometry, plane_on_screen(shown.plane, matrix, small), shown.slab)
    return np.repeat(np.repeat(found, step, axis=0), step, axis=1)[:h, :w]


def turned_window(volume: Volume) -> Window:
    """A window for projections of everything: from what most of the picture is at least to nearly the brightest.

    Seen from the front, on every fourth voxel; one window, however it is turned.
    """
    stored = volume.stored[::2, ::4, ::4]
    values = volume.transform.apply(stored.reshape(-1), 0).reshape(stored.shape)
    seen = np.nan_to_num(values, nan=-np.inf).max(axis=1)
    seen = seen[np.isfinite(seen)]
    low, high = (float(one) for one in np.percentile(seen, (40.0, 99.0))) if seen.size else (0.0, 1.0)
    width = max(high - low, 1.0)
    return Window(low + width / 2, width, "LINEAR_EXACT")


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
        self._failed: Hashable = None
        self._asked: set[str] = set()
        self._layers: tuple[Hashable, Slice | None] | None = None

    def sampled(
        self, key: Hashable, volume: Volume, shown: ShownSlice, matrix: NDArray[np.float64], size: tuple[int, int]
    ) -> tuple[Hashable, SampledSlice]:
        """What the pixels of a screen show, and a key that differs where it differs; ``key`` names place and screen."""
        assert shown.plane is not None
        if self._exact is not None and self._exact[0] == key:
            self.is_rough = False
            return key, self._exact[1]
        piece = self._layered(key, volume, shown)
        if piece is not None:
            self._exact, self._rough, self.is_rough = (key, sample_slice(piece, matrix, size)), None, False
            return key, self._exact[1]
        self._make_ready(volume.stored.dtype.name)
        layers = layers_of(volume, shown.plane, shown.slab)
        seconds = size[0] * size[1] * layers * self._pace
        if self.at_once or seconds <= (QUICK_S if self.hurried else LONGEST_S):
            self._keep_exact(key, *self._timed(volume, shown, matrix, size, 1, size[0] * size[1] * layers))
            assert self._exact is not None
            return key, self._exact[1]
        if not self.hurried and self._running != key:
            self._start(key, volume, shown, matrix.copy(), size, size[0] * size[1] * layers)
        rough, budget = self._rough_volume(volume, shown)
        nearest = (
            size[0]
            * size[1]
            * layers_of(rough, shown.plane, shown.slab, coarse=True)
            * self._pace
            / (2 if shown.slab is not None else 1)
        )
        coarse = min(MOST_COARSE, max(2, math.ceil(math.sqrt(nearest / max(budget, 1e-6)))))
        rough_key: Hashable = (key, coarse, rough is volume)
        if self._rough is None or self._rough[0] != rough_key:
            piece = sample_screen(rough, shown.plane, shown.slab, matrix, size, coarse)
            self._rough = (rough_key, SampledSlice(piece.values, piece.coverage, piece.missing))
        self.is_rough = True
        return rough_key, self._rough[1]

    def is_made(
        self, key: Hashable, volume: Volume, shown: ShownSlice, matrix: NDArray[np.float64], size: tuple[int, int]
    ) -> bool:
        """Whether :meth:`sampled` takes no time for these; what does take time is begun in the background, for who asks again."""
        assert shown.plane is not None
        if self._jobs is None or self._failed == key or self.is_exact(key):
            return True
        samples = size[0] * size[1] * layers_of(volume, shown.plane, shown.slab)
        if samples * self._pace <= LONGEST_S or self._layered(key, volume, shown) is not None:
            return True
        self._make_ready(volume.stored.dtype.name)
        if self._running != key:
            self._start(key, volume, shown, matrix.copy(), size, samples)
        return False

    def _layered(self, key: Hashable, volume: Volume, shown: ShownSlice) -> Slice | None:
        """A slab whose pixels are voxels, which takes no longer than a preview; kept while only the screen's part changes."""
        if shown.slab is None or shown.plane is None or shown.plane_kind in {"oblique", "turning"}:
            return None
        place = key[0] if isinstance(key, tuple) else key
        if self._layers is None or self._layers[0] != place:
            self._layers = (place, aligned_slab(volume, shown.plane, shown.slab))
        return self._layers[1]

    def _make_ready(self, kind: str) -> None:
        """Have the fast kernel of a type of voxels compiled in the background."""
        if self._jobs is None or kind in self._asked or not rays.wants_warming(kind):
            return
        from medview.jobs.queue import Lane

        self._asked.add(kind)
        self._jobs.submit("cuts", lambda _progress: rays.warm_up((kind,)), Lane.ANALYSIS, on_done=lambda _done: None)

    def _rough_volume(self, volume: Volume, shown: ShownSlice) -> tuple[Volume, float]:
        """What a preview is sampled from, and in how many seconds: what is turned may be a smaller volume with all that is bright."""
        if shown.plane_kind != "turning" or shown.slab is None or shown.slab.projection != "max":
            return volume, QUICK_S
        pooled = pooled_volume(volume) if is_pooled(volume) else None
        return (volume, QUICK_S) if pooled is None else (pooled, 2 * QUICK_S)

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

    def _in_bands(
        self,
        volume: Volume,
        shown: ShownSlice,
        matrix: NDArray[np.float64],
        size: tuple[int, int],
        samples: int,
        progress: Any,
    ) -> tuple[SampledSlice, float]:
        """As `_timed`, some rows after the other, so that it can be called off in between."""
        spent, parts = 0.0, []
        for top in range(0, size[0], BAND):
            progress("slab", top, size[0])
            rows = min(BAND, size[0] - top)
            part, pace = self._timed(volume, shown, part_of_screen(matrix, top, 0), (rows, size[1]), 1, 1)
            spent += pace
            parts.append(part)
        missing = None
        if any(part.missing is not None for part in parts):
            missing = np.vstack(
                [np.zeros(part.values.shape, np.bool_) if part.missing is None else part.missing for part in parts]
            )
        values = np.vstack([part.values for part in parts])
        coverage = np.vstack([part.coverage for part in parts])
        return SampledSlice(values, coverage, missing), spent / max(samples, 1)

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

        def work(progress: Any) -> tuple[SampledSlice, float]:
            if shown.plane_kind == "turning":
                pooled_volume(volume)  # for the next time that it is turned
            return self._in_bands(volume, shown, matrix, size, samples, progress)

        def done(answer: tuple[SampledSlice, float]) -> None:
            if self._running == key:
                self._running = None
                self._keep_exact(key, *answer)
                self.ready.emit()

        def failed(error: BaseException) -> None:
            if self._running == key:
                self._running, self._failed = None, key
                self.error = error if isinstance(error, MedviewError) else None

        self._jobs.submit(
            "slab", work, Lane.INTERACTION, on_done=done, on_failed=failed, supersedes=f"direct-sampling:{id(self)}"
        )

    def forget(self) -> None:
        """Drop everything that is kept (another stack is shown)."""
        self._exact = self._rough = self._layers = None
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
