"""What goes on in the background, as the reader sees it: jobs, and images that are being loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medview.core.progress import ProgressStep

if TYPE_CHECKING:
    from medview.app.loading import StudyLoader
    from medview.jobs.queue import Job


@dataclass(frozen=True, eq=False)
class Work:
    """One piece of work: ``key`` tells it from others, ``title`` is a kind of job or the name of a package."""

    key: str
    title: str
    step: ProgressStep | None
    waits: bool
    cancel: Callable[[], None]


class Background:
    """All work that the reader may want to follow or to cancel. ``changed`` after each change but progress."""

    changed = Signal()

    def __init__(self, loader: StudyLoader) -> None:
        self._loader = loader
        self._jobs: tuple[Job[Any], ...] = ()
        self._cancels: dict[int, Callable[[], None]] = {}
        self._loading: dict[str, tuple[int, int]] = {}
        loader.progress.connect(self._load_step)

    def remember(self, job: Job[Any], cancel: Callable[[], None] | None = None) -> None:
        """Follow a job until it is over. ``cancel`` replaces its own, where others must learn of it."""
        self._jobs = (*(one for one in self._jobs if not one.is_over), job)
        self._cancels = {one.id: self._cancels[one.id] for one in self._jobs if one.id in self._cancels}
        if cancel is not None:
            self._cancels[job.id] = cancel
        self.changed.emit()

    @property
    def jobs(self) -> tuple[Job[Any], ...]:
        """Jobs that are not over, in the order in which they were asked for."""
        return tuple(job for job in self._jobs if not job.is_over)

    def _load_step(self, stack_id: str, done: int, total: int) -> None:
        new = stack_id not in self._loading
        if done < total:
            self._loading[stack_id] = (done, total)
        else:
            self._loading.pop(stack_id, None)
        if new or done >= total:
            self.changed.emit()

    def forget_stack(self, stack_id: str) -> None:
        """A stack was closed: nothing of it loads any more."""
        if self._loading.pop(stack_id, None) is not None:
            self.changed.emit()

    def cancel_loading(self, stack_id: str) -> None:
        """Stop loading a stack; what the reader goes to is still read."""
        self._loader.cancel(stack_id)
        self.forget_stack(stack_id)

    def work(self) -> tuple[Work, ...]:
        """Everything that goes on now, what runs before what waits."""
        jobs = [
            Work(
                f"job {job.id}", job.title, job.step, job.state.name == "QUEUED", self._cancels.get(job.id, job.cancel)
            )
            for job in self.jobs
        ]
        loading = [
            Work(
                f"load {stack_id}",
                "load",
                ProgressStep("load", done, total),
                False,
                lambda one=stack_id: self.cancel_loading(one),  # type: ignore[misc]
            )
            for stack_id, (done, total) in self._loading.items()
        ]
        return tuple(sorted((*jobs, *loading), key=lambda one: one.waits))
