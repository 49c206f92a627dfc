"""A viewport that is never on the screen: it paints what another one shows, at any size, for pictures that are written or printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from medview.app.viewport_state import TextMode, ViewportState, ViewportView
from medview.core.volume import SliceState
from medview.ui.viewport import ViewportWidget

if TYPE_CHECKING:
    from medview.app.workspace import Workspace


class StillViewport(ViewportWidget):
    """Shows a ``view`` with a text mode of its own; it bears every mark, but nothing that belongs to the hand or the screen."""

    still = True

    def __init__(
        self, workspace: Workspace, view: ViewportView, size: tuple[int, int], text_mode: TextMode, parent: QWidget
    ) -> None:
        state = ViewportState()
        state.size = (float(size[0]), float(size[1]))
        super().__init__(workspace, state, parent)
        self.free_text = False
        """Whether words that somebody typed stand in the corners also where patient data do not."""
        self.hide()
        self.resize(*size)
        state.restore(view)
        state.update(text_mode=text_mode)

    @property
    def several_patients(self) -> bool:
        """One picture is of one patient."""
        return False

    @property
    def is_ready(self) -> bool:
        """Whether what it would paint is final: pixels, filters and drawings are there, or will never be."""
        volume, shown, stack = self.volume, self.shown, self.state.stack
        if volume is None or shown is None or stack is None:
            return self.volume_error is not None or stack is None
        if shown.k is not None:
            if volume.states is not None and volume.states[shown.k] == SliceState.WAITING:
                return False
            if not volume.is_loaded(shown.k):
                return True
        elif volume.states is not None and bool(np.any(volume.states == SliceState.WAITING)):
            return False
        if self.solid.is_shown:
            return self.solid.is_ready
        cut = self.cut()
        self.graphics()
        own = shown.frame if shown.plane_kind == "acquired" else None
        if self.workspace.drawings.is_waiting(stack, own, self.presenting.state):
            return False
        return cut is None or (not cut.pending and self.picture.is_made(cut, self.transform))

    def picture_alone(self) -> QImage | None:
        """The pixels without any words and marks; None where the slice is not there."""
        volume, shown = self.volume, self.shown
        if volume is None or shown is None:
            return None
        image = self._empty()
        painter = QPainter(image)
        self._painting.paint_picture(self._painting.canvas(painter), volume, shown)
        painter.end()
        return image

    def image(self) -> QImage:
        """What it paints, in device pixels of this screen."""
        image = self._empty()
        painter = QPainter(image)
        self.render(painter, QPoint(0, 0))
        painter.end()
        return image

    def _empty(self) -> QImage:
        ratio = self.devicePixelRatioF()
        image = QImage(round(self.width() * ratio), round(self.height() * ratio), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(0)
        return image


def pixels_of(image: QImage) -> NDArray[np.uint8]:
    """(h, w, 3) BGR of an image, copied."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return np.ascontiguousarray(rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)[..., :3])


def fitting_size(view: ViewportView, side: int) -> tuple[int, int]:
    """(width, height) of a picture whose longer side is ``side`` px and which has the form of the slice shown."""
    state = ViewportState()
    state.restore(view)
    shown = state.shown()
    if shown is None:
        return (side, side)
    height, width = shown.shape[0] * shown.pixel_mm[0], shown.shape[1] * shown.pixel_mm[1]
    if view.rotation % 2:
        height, width = width, height
    step = side / max(height, width)
    return (max(64, round(width * step)), max(64, round(height * step)))
