"""The first tour: five stops, each with a light on the part of the window that it is about; over with Esc, gone for ever."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from medview.ui.hint_strip import HINTS
from medview.ui.parts import text_label
from medview.ui.text import translate
from medview.ui.theme import current_theme

BUBBLE = 340
GAP = 14

Part = Callable[[], QWidget | None]


class Tour(QWidget):
    """Lies over the whole window and dims all of it but one part; ``ended`` is called when it is over."""

    def __init__(self, window: QWidget, parts: tuple[Part, ...], ended: Callable[[], None]) -> None:
        super().__init__(window)
        self.setObjectName("tour")
        self.setAccessibleName(translate("Tour", "Tour"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._parts, self._ended, self._window = parts, ended, window
        self.at = 0
        self.bubble = QFrame(self)
        self.bubble.setObjectName("card")
        self.bubble.setFixedWidth(BUBBLE)
        column = QVBoxLayout(self.bubble)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(10)
        self.text = QLabel()
        self.text.setWordWrap(True)
        column.addWidget(self.text)
        row = QHBoxLayout()
        self.count = text_label("", "secondary")
        row.addWidget(self.count, 1)
        self.skip_button = QPushButton(translate("Tour", "Skip"))
        self.skip_button.setObjectName("flat")
        self.skip_button.clicked.connect(self.end)
        row.addWidget(self.skip_button)
        self.next_button = QPushButton()
        self.next_button.setObjectName("primary")
        self.next_button.clicked.connect(self.go_on)
        row.addWidget(self.next_button)
        column.addLayout(row)
        window.installEventFilter(self)
        self.setGeometry(window.rect())
        self.show()
        self.raise_()
        self._stop()

    def part(self) -> QRect:
        """Where the part is that this stop is about, in px of the window; empty where it is not there."""
        widget = self._parts[self.at]()
        if widget is None or not widget.isVisible():
            return QRect()
        corner = widget.mapTo(self._window, QPoint(0, 0))
        return QRect(corner, widget.size()).intersected(self.rect())

    def _stop(self) -> None:
        self.text.setText(translate("Hint", HINTS[self.at]))
        self.count.setText(f"{self.at + 1} / {len(self._parts)}")
        last = self.at == len(self._parts) - 1
        self.next_button.setText(translate("Tour", "Done") if last else translate("Tour", "Next"))
        self.bubble.adjustSize()
        self._place()
        self.next_button.setFocus()
        self.update()

    def _place(self) -> None:
        """Beside the part where there is room, else inside of it, always whole on the window."""
        part, size = self.part(), self.bubble.sizeHint().expandedTo(self.bubble.size())
        middle = self.rect().center()
        place = QPoint(middle.x() - size.width() // 2, middle.y() - size.height() // 2)
        if not part.isEmpty():
            if part.right() + GAP + size.width() < self.width():
                place = QPoint(part.right() + GAP, part.top() + GAP)
            elif part.left() - GAP - size.width() > 0:
                place = QPoint(part.left() - GAP - size.width(), part.top() + GAP)
            elif part.bottom() + GAP + size.height() < self.height():
                place = QPoint(part.left() + GAP, part.bottom() + GAP)
        x = max(8, min(place.x(), self.width() - size.width() - 8))
        y = max(8, min(place.y(), self.height() - size.height() - 8))
        self.bubble.setGeometry(QRect(QPoint(x, y), size))

    def go_on(self) -> None:
        """The next stop, or the end."""
        if self.at + 1 == len(self._parts):
            self.end()
            return
        self.at += 1
        self._stop()

    def end(self) -> None:
        """Over."""
        self._window.removeEventFilter(self)
        self.hide()
        self.deleteLater()
        self._ended()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay as large as the window."""
        if event.type() is QEvent.Type.Resize:
            self.setGeometry(self._window.rect())
            self._place()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Right}:
            self.go_on()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dim = QPainterPath()
        dim.addRect(QRectF(self.rect()))
        part = self.part()
        light = QPainterPath()
        if not part.isEmpty():
            light.addRoundedRect(QRectF(part.adjusted(2, 2, -2, -2)), 6, 6)
        painter.fillPath(dim.subtracted(light), QColor(0, 0, 0, 150))
        painter.setPen(QPen(QColor(current_theme().accent), 2))
        painter.drawPath(light)
        painter.end()
