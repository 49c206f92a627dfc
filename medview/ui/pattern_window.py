"""The page with the test pattern: fills a monitor, through its calibration or without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFont, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QScreen
from PySide6.QtWidgets import QWidget

from medview.app.displays import MOST_DEVIATION, deviation, profile_of, tone_of
from medview.app.monitor_pattern import Pattern, make_pattern, pattern_picture
from medview.ui.text import shown_number, translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

_TEXT_PX = 15


def screen_name(screen: QScreen) -> str:
    """What a monitor is told by in the settings: maker, model and serial number, or what the system calls it."""
    known = " ".join(part for part in (screen.manufacturer(), screen.model(), screen.serialNumber()) if part).strip()
    return known or screen.name()


class PatternWindow(QWidget):
    """Esc or a click closes it, C switches the calibration off and on."""

    def __init__(self, workspace: Workspace, screen: QScreen, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle(translate("TestPattern", "Test pattern"))
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setCursor(Qt.CursorShape.BlankCursor)
        self._workspace = workspace
        self._screen_name = screen_name(screen)
        self.calibrated = True
        self._drawn: tuple[tuple[int, int, bool], QImage] | None = None
        self.pattern: Pattern | None = None
        self.setGeometry(screen.geometry())

    def tone(self) -> np.ndarray | None:
        """The calibration that is used now."""
        return tone_of(self._workspace.settings, self._screen_name) if self.calibrated else None

    def words(self) -> list[str]:
        """The monitor, its calibration, and what has to be seen."""
        profile = profile_of(self._workspace.settings, self._screen_name)
        if profile is None:
            state = translate("TestPattern", "no display profile: greys are told as they are")
        else:
            worst = deviation(profile, self.calibrated)
            text = (
                translate("TestPattern", "calibrated to the standard function, {0} to {1} cd/m²; steps within {2} %")
                if self.calibrated
                else translate("TestPattern", "calibration off, {0} to {1} cd/m²; steps within {2} %")
            )
            low, high = profile.luminance(np.array([0.0, 1.0]))
            state = text.format(shown_number(low, ".2g"), shown_number(high, ".4g"), f"{100 * worst:.0f}")
            if worst > MOST_DEVIATION:
                state += "  ⚠ " + translate("TestPattern", "more than 10 %")
        return [
            f"{self._screen_name}: {state}" if self._screen_name else state,
            translate("TestPattern", "To be seen: 18 greys, four corners in each; the small squares of 5 % and 95 %;"),
            translate(
                "TestPattern", "single lines in the middle and in the corners; ramps without bands; square squares."
            ),
            translate("TestPattern", "C: calibration off and on    Esc: close"),
        ]

    def image(self) -> QImage:
        """The pattern in the window's own device pixels, made once for each size."""
        ratio = self.devicePixelRatioF()
        width, height = round(self.width() * ratio), round(self.height() * ratio)
        key = (width, height, self.calibrated)
        if self._drawn is None or self._drawn[0] != key:
            self.pattern = make_pattern(width, height)
            told = np.ascontiguousarray(pattern_picture(self.pattern, self.tone()))
            rows, columns = told.shape
            image = QImage(told.data, columns, rows, told.strides[0], QImage.Format.Format_Grayscale8).copy()
            image = image.convertToFormat(QImage.Format.Format_RGB32)
            self._write(image, self.pattern)
            self._drawn = (key, image)
        return self._drawn[1]

    def _write(self, image: QImage, pattern: Pattern) -> None:
        """Letters that grow fainter on dark, grey and bright ground, and what there is to be seen."""
        tone = self.tone()

        def told(grey: int) -> QColor:
            value = int(grey if tone is None else tone[grey])
            return QColor(value, value, value)

        painter = QPainter(image)
        font = QFont(self.font())
        font.setPixelSize(max(10, pattern.patches[0][2] // 5))
        font.setBold(True)
        painter.setFont(font)
        for (x, y, _ground, grey), letter in zip(pattern.words, "QUALITY?" * 3, strict=True):
            painter.setPen(told(grey))
            painter.drawText(QPoint(x, y), letter)
        font.setBold(False)
        font.setPixelSize(round(_TEXT_PX * self.devicePixelRatioF()))
        painter.setFont(font)
        left = pattern.ramps[0][0]
        right = pattern.ramps[1][0] + pattern.ramps[1][2]
        step = painter.fontMetrics().height()
        top = pattern.words[0][1] + pattern.patches[0][2] // 3
        for n, line in enumerate(self.words()):
            place = QRect(left, top + n * step, right - left, step)
            painter.fillRect(place, told(51))
            painter.setPen(told(205))
            painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, line)
        painter.end()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        painter.scale(1 / ratio, 1 / ratio)
        painter.drawImage(QPoint(0, 0), self.image())
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() == Qt.Key.Key_C:
            self.calibrated = not self.calibrated
            self.update()
        else:
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        self.close()


def show_test_pattern(workspace: Workspace, window: QWidget, screen: QScreen | None = None) -> PatternWindow:
    """Fill the monitor that a window is on."""
    page = PatternWindow(workspace, screen or window.screen(), window)
    page.showFullScreen()
    return page
