"""Volumes seen in three dimensions: one process for each, pictures in the background, the newest wish first. Main thread only.

While the hand moves a picture is drawn with fewer rays; as soon as nothing newer is wished for, exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from psygnal import Signal

from medview.app.solid_grid import SolidValues, check_solid
from medview.app.solid_process import SolidProcess
from medview.app.solid_surfaces import SolidLabel, part_of
from medview.core.problem import MedviewError
from medview.core.scene import Grid, Scene
from medview.core.volume import SliceState
from medview.jobs.queue import Lane

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medview.app.workspace import Workspace
    from medview.core.progress import Progress
    from medview.core.study import Stack
    from medview.core.volume import Volume

QUICK_S, SLOW_S = 0.05, 0.11
"""How long a picture of a movement may take: below the first it gets finer, above the second coarser."""
FINEST, COARSEST = 2, 6

SolidState = Literal["waiting", "preparing", "ready", "failed"]


@dataclass(frozen=True, eq=False)
class SolidPicture:
    """(h, w, 4) RGBA of a scene, drawn with one ray for ``coarse`` × ``coarse`` pixels."""

    scene: Scene
    pixels: NDArray[np.uint8]
    coarse: int


@dataclass(eq=False)
class _Viewer:
    """What one viewport wishes for, and what it was given last."""

    wished: Scene | None = None
    given: SolidPicture | None = None
    exact_only: bool = False
    failed: Scene | None = None


class SolidModel:
    """One time point of a stack in a process of its own. ``changed`` when a viewport should be painted again."""

    changed = Signal()

    def __init__(self, workspace: Workspace, stack: Stack, time: int) -> None:
        self._workspace = workspace
        self.stack = stack
        self.time = time
        self.state: SolidState = "waiting"
        self.error: MedviewError | None = None
        self.done = 0.0
        """Share of the preparation that is over."""
        self.grid: Grid | None = None
        self.values: SolidValues | None = None
        self.surfaces: dict[str, float] = {}
        """mm³ inside of each surface that is there, by its key."""
        self._labels: dict[object, dict[str, SolidLabel]] = {}
        self._pick: tuple[Scene, float, float, Callable[[NDArray[np.float64] | None], None]] | None = None
        self._process: SolidProcess | None = None
        self._busy = ""
        self._viewers: dict[object, _Viewer] = {}
        self._coarse = 3
        self._exact_s = 1.0
        self._closed = False
        self._made: list[SolidProcess] = []
        """What a preparation has started, filled in its thread: closed with the model even where nobody waits for it any more."""

    # ------------------------------------------------------------------ preparing

    def consider(self, volume: Volume) -> None:
        """Prepare the volume as soon as it is complete; nothing where that has begun."""
        if self.state == "ready" and self._process is not None and not self._process.is_alive and not self._busy:
            self._lose()
        if self.state != "waiting" or self._busy or self._closed:
            return
        try:
            check_solid(self.stack)
        except MedviewError as error:
            self._fail(error)
            return
        if volume.states is not None and bool((volume.states == SliceState.WAITING).any()):
            return
        self.state, self._busy, self.done = "preparing", "prepare", 0.0
        self._made = made = []

        def work(progress: Progress) -> SolidProcess:
            def checkpoint() -> None:
                progress("solid", 0, 0)

            process = SolidProcess(checkpoint)
            made.append(process)
            try:
                process.put_volume(volume, progress)
            except BaseException:
                process.close()
                raise
            return process

        self._submit(work, self._prepared, Lane.ANALYSIS, self._progressed)

    def _progressed(self, step: Any) -> None:
        if step.total:
            self.done = step.done / step.total
            self.changed.emit()

    def _prepared(self, process: SolidProcess) -> None:
        if self._closed:
            process.close()
            return
        self._process, self.grid, self.values, self.state = process, process.grid, process.values, "ready"
        for viewer in self._viewers.values():
            viewer.given = None
        self.changed.emit()

    def _lose(self) -> None:
        """The process is gone (idle for long, or closed): all is made again when it is wished for."""
        if self._process is not None:
            self._process.close()
        self._process, self.state = None, "waiting"
        self.surfaces.clear()

    def _fail(self, error: MedviewError) -> None:
        self.state, self.error = "failed", error
        if self._process is not None:
            self._process.close()
            self._process = None
        self.changed.emit()

    def try_again(self) -> None:
        """Forget that it failed."""
        if self.state == "failed":
            self.state, self.error = "waiting", None
            self.changed.emit()

    # ------------------------------------------------------------------ what is wished for

    def show_labels(self, viewer: object, labels: tuple[SolidLabel, ...]) -> None:
        """Have the surfaces ready that a viewport shows."""
        wanted = {one.key: one for one in labels}
        if self._labels.get(viewer, {}).keys() != wanted.keys():
            self._labels[viewer] = wanted
            self._go_on()

    @property
    def labels(self) -> dict[str, SolidLabel]:
        """Every surface that some viewport shows, by its key."""
        return {key: label for own in self._labels.values() for key, label in own.items()}

    @property
    def missing(self) -> int:
        """How many surfaces are not there yet."""
        return sum(1 for key in self.labels if key not in self.surfaces)

    def pick(self, scene: Scene, x: float, y: float, on_point: Callable[[NDArray[np.float64] | None], None]) -> None:
        """Tell, soon, the LPS place of what is seen first under a pixel, None where there is nothing; only the newest is told."""
        self._pick = (scene, x, y, on_point)
        self._go_on()

    def picture(self, viewer: object, scene: Scene, exact_only: bool = False) -> SolidPicture | None:
        """The newest picture that ``viewer`` was given; ``scene`` is what it wishes for from now on."""
        own = self._viewers.setdefault(viewer, _Viewer())
        if own.wished != scene:
            own.wished, own.exact_only = scene, exact_only
            self._go_on()
        return own.given

    def given(self, viewer: object) -> SolidPicture | None:
        """The newest picture that ``viewer`` was given."""
        own = self._viewers.get(viewer)
        return None if own is None else own.given

    def leave(self, viewer: object) -> None:
        """A viewport looks at something else."""
        self._viewers.pop(viewer, None)
        self._labels.pop(viewer, None)

    def is_exact(self, viewer: object) -> bool:
        """Whether a viewer has the exact picture of what it wishes for."""
        own = self._viewers.get(viewer)
        return own is not None and own.given is not None and own.given.coarse == 1 and own.given.scene == own.wished

    @property
    def is_settled(self) -> bool:
        """Whether nothing is being made."""
        return not self._busy

    # ------------------------------------------------------------------ one thing at a time

    def _go_on(self) -> None:
        process = self._process
        if self._closed or self.state != "ready" or process is None:
            return
        rough, exact = self._next()
        if self._busy:
            if self._busy == "exact" and (rough is not None or self._pick is not None):
                process.hurry()
            return
        if not process.is_alive:
            self._lose()
            self.changed.emit()
            return
        labels = self.labels
        gone = tuple(key for key in self.surfaces if key not in labels)
        absent = next((label for key, label in labels.items() if key not in self.surfaces), None)
        if self._pick is not None:
            self._look_up(process, *self._pick)
        elif rough is not None:
            self._draw(process, *rough, self._coarse)
        elif gone or absent is not None:
            self._change_surfaces(process, gone, absent)
        elif exact is not None:
            self._draw(process, *exact, 1)

    def _next(self) -> tuple[tuple[_Viewer, Scene] | None, tuple[_Viewer, Scene] | None]:
        """Who is to be given a rough picture next, and who an exact one."""
        rough = exact = None
        for viewer in self._viewers.values():
            scene, given = viewer.wished, viewer.given
            if scene is None or scene == viewer.failed:
                continue
            if given is None or given.scene != scene:
                if viewer.exact_only or self._exact_s <= QUICK_S:
                    exact = exact or (viewer, scene)
                else:
                    rough = rough or (viewer, scene)
            elif given.coarse > 1:
                exact = exact or (viewer, scene)
        return rough, exact

    def _draw(self, process: SolidProcess, viewer: _Viewer, scene: Scene, coarse: int) -> None:
        self._busy = "exact" if coarse == 1 else "rough"

        def done(answer: tuple[NDArray[np.uint8], float, bool]) -> None:
            pixels, seconds, stopped = answer
            if coarse > 1:
                self._coarse += (seconds > SLOW_S) - (seconds < QUICK_S)
                self._coarse = min(max(self._coarse, FINEST), COARSEST)
            elif not stopped:
                self._exact_s = seconds
            if not stopped:
                viewer.given = SolidPicture(scene, pixels, coarse)
                self.changed.emit()

        self._submit(lambda _progress: process.draw(scene, coarse), done, Lane.INTERACTION)

    def _look_up(
        self,
        process: SolidProcess,
        scene: Scene,
        x: float,
        y: float,
        on_point: Callable[[NDArray[np.float64] | None], None],
    ) -> None:
        self._pick, self._busy = None, "pick"
        self._submit(lambda _progress: process.pick(scene, x, y), on_point, Lane.INTERACTION)

    def _change_surfaces(self, process: SolidProcess, gone: tuple[str, ...], label: SolidLabel | None) -> None:
        self._busy = "surface"

        def work(_progress: Progress) -> tuple[str, float] | None:
            process.drop_surfaces(gone)
            if label is None:
                return None
            part = part_of(label)
            return (label.key, 0.0 if part is None else process.put_surface(label.key, part)[1])

        def done(made: tuple[str, float] | None) -> None:
            for key in gone:
                self.surfaces.pop(key, None)
            if made is not None:
                self.surfaces[made[0]] = made[1]
            self.changed.emit()

        self._submit(work, done, Lane.ANALYSIS)

    def _submit(
        self,
        work: Callable[[Progress], Any],
        done: Callable[[Any], None],
        lane: Lane,
        on_progress: Callable[[Any], None] | None = None,
    ) -> None:
        def finished(answer: Any) -> None:
            self._busy = ""
            done(answer)
            self._go_on()

        def failed(error: BaseException) -> None:
            self._busy = ""
            if isinstance(error, MedviewError):
                self._fail(error)
            elif isinstance(error, MemoryError):
                text = "Drawing in three dimensions took more memory than there is; its process was ended, nothing else was lost."
                self._fail(MedviewError("solid_out_of_memory", text))
            else:
                self._fail(MedviewError("solid_crashed", str(error), values=(str(error),)))
                raise error

        self._workspace.jobs.submit("solid", work, lane, on_done=finished, on_failed=failed, on_progress=on_progress)

    def close(self) -> None:
        """End the process."""
        self._closed = True
        self._process = None
        for process in self._made:
            process.close()
