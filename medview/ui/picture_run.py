"""A series that is written as pictures, values or a film: image after image between the events of the window, cancelled at once."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from medview.app import reading
from medview.app.oblique import set_axes
from medview.app.opening import find_stack
from medview.app.picture_export import Content, Format, grey_or_colour, value_picture, whole_or_float, write_picture
from medview.app.viewport_state import TextMode, ViewportView
from medview.core.policy import policy
from medview.core.problem import ExitCode, MedviewError
from medview.ui.still_viewport import StillViewport, pixels_of

if TYPE_CHECKING:
    from medview.app.shown_slice import Axes
    from medview.app.workspace import Workspace
    from medview.formats.motion_jpeg import MotionJpeg

WAIT_MS = 15
"""How long it waits before it looks again whether an image has been decoded."""


@dataclass(frozen=True, slots=True)
class RunWish:
    """What is to be written: pictures ``name-0001.png`` … into the folder ``path``, or a film at ``path``."""

    path: Path
    name: str
    format: Format
    content: Content
    size: tuple[int, int]
    text_mode: TextMode
    indices: Sequence[tuple[int, int]]
    """(time, slice) of each image."""
    rate: float = 15.0
    axes: Sequence[Axes] = ()
    """The directions from which each image is seen, of a projection that is turned."""


def images_of(view: ViewportView, count: int, *, times: bool) -> list[tuple[int, int]]:
    """(time, slice) of every image: all slices at the time shown, or with ``times`` the slice shown at all times."""
    if view.stack is None:
        return []
    if times:
        return [(time, view.k) for time in range(view.stack.timepoints)]
    return [(view.time, k) for k in range(count)]


class PictureRun(QObject):
    """Writes the images of a view one by one. ``done`` carries the path, ``failed`` the error; after `cancel` neither comes."""

    progressed = Signal(int, int)
    done = Signal(str)
    failed = Signal(object)

    def __init__(self, workspace: Workspace, view: ViewportView, wish: RunWish, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace, self._wish = workspace, wish
        assert view.stack is not None
        self._stack_id = view.stack.id
        self._still = StillViewport(workspace, view, wish.size, wish.text_mode, parent)
        self._at = 0
        self._over = False
        self._film: MotionJpeg | None = None
        self._open: AbstractContextManager[Path] | None = None
        self._file: IO[bytes] | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._step)
        self.missing = 0
        """Images that could not be read: their place in the pictures says so, values of them are not written."""

    def start(self) -> None:
        """Begin; signals come later."""
        self._go_to(0)
        self._timer.start(0)

    def cancel(self) -> None:
        """Stop; pictures that are written stay, a film that is not whole does not."""
        self._over = True
        self._timer.stop()
        self._drop_film()
        self._close()

    @property
    def is_running(self) -> bool:
        """Whether images are still to come."""
        return self._timer.isActive()

    def _go_to(self, at: int) -> None:
        time, index = self._wish.indices[at]
        if self._still.state.view.time != time:
            self._still.state.update(time=time)
        state = self._still.state
        if self._wish.axes:
            if state.stack is not None and state.stack.geometry is not None:
                set_axes(state, self._wish.axes[at], state.stack.geometry.bounds.mean(axis=0))
            return
        reading.scroll_to(state, index)

    def _step(self) -> None:
        try:
            if find_stack(self._workspace.studies, self._stack_id) is None:
                raise MedviewError("study_closed", "The study was closed.", "", ExitCode.INPUT_UNUSABLE)
            if not self._still.is_ready:
                self._timer.start(WAIT_MS)
                return
            if self._at == 0:
                self._prepare()
            self._write()
        except (MedviewError, OSError, OverflowError, ValueError) as error:
            self._drop_film(error)
            self._close()
            self.failed.emit(_told(error, self._wish.path))
            return
        self._at += 1
        self.progressed.emit(self._at, len(self._wish.indices))
        if self._over:
            return  # cancelled by who was told
        if self._at < len(self._wish.indices):
            self._go_to(self._at)
            self._timer.start(0)
            return
        try:
            self._finish_film()
        except (MedviewError, OSError) as error:
            self.failed.emit(_told(error, self._wish.path))
        else:
            self.done.emit(str(self._wish.path))
        finally:
            self._close()

    def _prepare(self) -> None:
        wish = self._wish
        policy().refuse("export")
        if wish.format != "avi":
            wish.path.mkdir(parents=True, exist_ok=True)
            return
        from medview.files.replaced_file import replaced_file
        from medview.formats.motion_jpeg import MotionJpeg

        self._open = replaced_file(wish.path)
        self._file = self._open.__enter__().open("wb+")
        picture = pixels_of(self._still.image())
        self._film = MotionJpeg(self._file, (picture.shape[1], picture.shape[0]), wish.rate)

    def _write(self) -> None:
        wish, still = self._wish, self._still
        if still.solid.is_shown and still.solid.model is not None and still.solid.model.error is not None:
            raise still.solid.model.error
        shown, volume = still.shown, still.volume
        is_missing = shown is not None and shown.k is not None and volume is not None and not volume.is_loaded(shown.k)
        self.missing += is_missing
        path = wish.path / f"{wish.name}-{self._at + 1:04d}.{wish.format}"
        if wish.content == "seen":
            picture = pixels_of(still.image())
            if self._film is not None:
                self._film.add(picture)
            else:
                write_picture(path, grey_or_colour(picture))
            return
        if is_missing:
            return
        if shown is not None and volume is not None and shown.k is not None:
            write_picture(path, value_picture(volume, shown.k, wish.content))
            return
        cut = still.cut()
        if cut is not None:
            write_picture(path, whole_or_float(np.asarray(cut.original.values)))

    def _finish_film(self) -> None:
        if self._film is None or self._file is None or self._open is None:
            return
        opened, self._open = self._open, None
        try:
            self._film.close()
            self._file.close()
        except OSError as error:
            opened.__exit__(type(error), error, error.__traceback__)
            raise
        opened.__exit__(None, None, None)

    def _drop_film(self, error: BaseException | None = None) -> None:
        if self._open is None:
            return
        opened, self._open = self._open, None
        if self._file is not None:
            self._file.close()
        why = error or RuntimeError("cancelled")
        try:
            opened.__exit__(type(why), why, why.__traceback__)
        except (MedviewError, OSError, OverflowError, ValueError, RuntimeError):
            return  # told by the one who asked for it

    def _close(self) -> None:
        self._still.deleteLater()


def _told(error: BaseException, path: Path) -> MedviewError:
    if isinstance(error, MedviewError):
        return error
    from medview.files.replaced_file import cannot_write

    return cannot_write(path, error)
