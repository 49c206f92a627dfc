"""All viewports that are on the screen as one picture, laid out as they are there, for a file, the clipboard or paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QWidget

from medview.app.picture_export import same_patient
from medview.app.viewport_state import TextMode, ViewportView
from medview.ui.still_viewport import StillViewport
from medview.ui.text import translate
from medview.ui.viewport_style import DANGER_GROUND

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

GAP = 2
BANNER = 26


def text_mode_of(view: ViewportView, *, named: bool | None) -> TextMode:
    """With patient data all corner text; without, what is left of it, or none where the reader shows none; None: as it is seen."""
    if named is None:
        return view.text_mode
    if named:
        return "full"
    return "off" if view.text_mode == "off" else "anonymous"


class LayoutPicture:
    """Still viewports in their places. Ask `is_ready`, then for the `image`, and `close` it."""

    def __init__(
        self, workspace: Workspace, size: QSize, parent: QWidget, *, named: bool | None, whole: bool = True
    ) -> None:
        indices = workspace.visible_indices if whole else (workspace.active,)
        rows, columns = workspace.layout if whole and not workspace.maximised else (1, 1)
        views = [workspace.viewports[index].view for index in indices]
        self.is_of_one_patient = same_patient(views)
        self.size = size
        self._banner = 0 if self.is_of_one_patient else BANNER
        self.places: list[tuple[QRect, StillViewport]] = []
        width, height = size.width(), size.height() - self._banner
        for at, view in enumerate(views):
            row, column = divmod(at, columns)
            left, right = column * width // columns, (column + 1) * width // columns
            top, bottom = row * height // rows, (row + 1) * height // rows
            gap_x, gap_y = GAP if right < width else 0, GAP if bottom < height else 0
            place = QRect(left, top + self._banner, max(right - left - gap_x, 16), max(bottom - top - gap_y, 16))
            mode = text_mode_of(view, named=named)
            still = StillViewport(workspace, view, (place.width(), place.height()), mode, parent)
            self.places.append((place, still))

    @property
    def is_ready(self) -> bool:
        """Whether every viewport can be painted as it will stay."""
        return all(still.is_ready for _place, still in self.places)

    def image(self) -> QImage:
        """The picture, in device pixels of this screen."""
        ratio = self.places[0][1].devicePixelRatioF() if self.places else 1.0
        image = QImage(round(self.size.width() * ratio), round(self.size.height() * ratio), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(QColor(0, 0, 0))
        painter = QPainter(image)
        painter.fillRect(
            QRectF(0, 0, self.size.width(), self.size.height()),
            QColor(54, 59, 67) if len(self.places) > 1 else QColor(0, 0, 0),
        )
        for place, still in self.places:
            painter.drawImage(place.topLeft(), still.image())
        if self._banner:
            band = QRectF(0, 0, self.size.width(), self._banner)
            painter.fillRect(band, QColor(DANGER_GROUND.rgb()))
            painter.setPen(Qt.GlobalColor.white)
            painter.drawText(
                band, Qt.AlignmentFlag.AlignCenter, "⚠  " + translate("Viewport", "Two patients on the screen")
            )
        painter.end()
        return image

    def close(self) -> None:
        """Give the still viewports back."""
        for _place, still in self.places:
            still.deleteLater()
        self.places = []
