"""A small grid to choose a layout from, up to 5 × 5, by mouse or by arrows and Enter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from medview.app.workspace import MOST_ROWS
from medview.ui.text import translate
from medview.ui.theme import current_theme

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

CELL, GAP, WORDS = 30, 4, 24


class LayoutPicker(QWidget):
    """Cells under the pointer light up; a click takes the grid."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("layoutPicker")
        self.setAccessibleName(translate("LayoutPicker", "Choose a grid of viewports"))
        self.setMouseTracking(True)
        self._workspace = workspace
        self.chosen = workspace.layout
        side = GAP + MOST_ROWS * (CELL + GAP)
        self.setFixedSize(side, side + WORDS)

    def show_at(self, at: QPoint) -> None:
        """Show it with its top left corner at a global position."""
        self.move(at)
        self.show()
        self.activateWindow()
        self.setFocus(Qt.FocusReason.PopupFocusReason)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.close()  # the hand went elsewhere

    def cell(self, row: int, column: int) -> QRect:
        """Where a cell (0-based) is drawn."""
        return QRect(GAP + column * (CELL + GAP), GAP + row * (CELL + GAP), CELL, CELL)

    def _choose(self, rows: int, columns: int) -> None:
        self.chosen = (max(1, min(rows, MOST_ROWS)), max(1, min(columns, MOST_ROWS)))
        self.update()

    def _take(self) -> None:
        rows, columns = self.chosen
        self.close()
        self._workspace.set_layout(rows, columns)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        self._choose(int(at.y() // (CELL + GAP)) + 1, int(at.x() // (CELL + GAP)) + 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.mouseMoveEvent(event)
            self._take()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        rows, columns = self.chosen
        steps = {
            Qt.Key.Key_Left: (0, -1),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Down: (1, 0),
        }
        key = Qt.Key(event.key())
        if key in steps:
            self._choose(rows + steps[key][0], columns + steps[key][1])
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._take()
        elif key == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.panel))
        painter.setPen(QColor(theme.line))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        for row in range(MOST_ROWS):
            for column in range(MOST_ROWS):
                inside = row < self.chosen[0] and column < self.chosen[1]
                painter.fillRect(self.cell(row, column), QColor(theme.accent if inside else theme.raised))
        painter.setPen(QColor(theme.text))
        place = self.rect().adjusted(0, self.height() - WORDS, 0, 0)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, f"{self.chosen[0]} × {self.chosen[1]}")
        painter.end()
