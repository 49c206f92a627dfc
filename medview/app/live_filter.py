"""The filter chain on the slice that is looked at: at once where it is quick, else in the background."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from psygnal import Signal

from medview.core.problem import MedviewError
from medview.core.progress import Cancelled, Progress

if TYPE_CHECKING:
    from medview.jobs.queue import JobQueue
    from medview.processing.chain import FilterChain

QUICK_S = 0.008
"""A chain that took less than this last time is run while painting; half a frame at 60 Hz."""

_KEPT = 24


class LiveFilter:
    """Filtered slices of one viewport. ``ready`` says that a slice that was missing is there, or has failed."""

    ready = Signal()

    def __init__(self, jobs: JobQueue | None = None) -> None:
        self._jobs = jobs
        self._store: OrderedDict[Hashable, NDArray[Any]] = OrderedDict()
        self._seconds: dict[Hashable, float] = {}
        self._running: Hashable = None
        self._failed: dict[Hashable, BaseException] = {}

    def filtered(
        self, key: Hashable, chain: FilterChain, values: NDArray[Any], spacing: tuple[float, float]
    ) -> NDArray[Any] | None:
        """Modality ``values`` (rows, columns), or RGB, after the chain, ``spacing`` (per row, per column) mm.

        None: not there yet, ``ready`` will tell. ``key`` names the slice; the newest request replaces an older one.
        """
        whole = (key, chain)
        if whole in self._store:
            self._store.move_to_end(whole)
            return self._store[whole]
        if whole in self._failed:
            return None
        seconds = self._seconds.get((chain, values.shape))
        if self._jobs is None or (seconds is not None and seconds < QUICK_S):
            started = time.perf_counter()
            try:
                self._keep(whole, _filter(chain, values, spacing))
            except MedviewError as error:
                self._failed[whole] = error
                return None
            self._seconds[chain, values.shape] = time.perf_counter() - started
            return self._store[whole]
        if self._running != whole:
            self._start(whole, chain, values, spacing)
        return None

    def error(self, key: Hashable, chain: FilterChain) -> BaseException | None:
        """Why a slice could not be filtered."""
        return self._failed.get((key, chain))

    def forget(self) -> None:
        """Drop what is kept: other pixels, other chain."""
        self._store.clear()
        self._failed.clear()

    def _start(self, whole: Hashable, chain: FilterChain, values: NDArray[Any], spacing: tuple[float, float]) -> None:
        from medview.jobs.queue import Lane

        assert self._jobs is not None
        self._running = whole

        def work(progress: Progress) -> tuple[NDArray[Any], float]:
            progress("filter", 0, 1)
            started = time.perf_counter()
            return _filter(chain, values, spacing), time.perf_counter() - started

        def done(answer: tuple[NDArray[Any], float]) -> None:
            self._keep(whole, answer[0])
            self._seconds[chain, values.shape] = answer[1]
            self._ended(whole)

        def failed(error: BaseException) -> None:
            if not isinstance(error, Cancelled):
                self._failed[whole] = error
            self._ended(whole)

        self._jobs.submit(
            "filter.slice", work, Lane.INTERACTION, on_done=done, on_failed=failed, supersedes=f"live-filter:{id(self)}"
        )

    def _ended(self, whole: Hashable) -> None:
        if self._running == whole:
            self._running = None
        self.ready.emit()

    def _keep(self, whole: Hashable, values: NDArray[Any]) -> None:
        self._store[whole] = values
        while len(self._store) > _KEPT:
            self._store.popitem(last=False)


def _filter(chain: FilterChain, values: NDArray[Any], spacing: tuple[float, float]) -> NDArray[Any]:
    from medview.processing.chain import apply_chain_slice

    return apply_chain_slice(chain, values, spacing)
