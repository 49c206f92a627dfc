"""A small card on the screen while the window is slow to come (a cold disk, a loaded machine); a usual start never shows it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from medview import __version__
from medview.core.resources import resource_path

PATIENCE_S = 1.0
"""What takes longer shows that something is under way."""
TITLE = "medview…"
"""By which what looks for the window knows that this is not it."""
_WIDTH, _HEIGHT = 380, 132
_GROUND, _LINE, _TEXT, _SECONDARY = "#16181c", "#363b43", "#e6e8eb", "#a3a9b3"
"""Of the dark theme, which is not loaded yet."""
TEXTS = (
    ("Starting…", "For research and teaching. Not a medical device, not for diagnosis."),
    ("正在启动…", "仅供研究和教学使用，不是医疗器械，不用于诊断。"),
)


class _Card(QWidget):
    def __init__(self, texts: tuple[str, str]) -> None:
        super().__init__(None, Qt.WindowType.SplashScreen | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setWindowTitle(TITLE)
        self._texts = texts
        self._icon = QIcon(str(resource_path("icons/medview.svg")))
        self.setFixedSize(_WIDTH, _HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(_GROUND))
        painter.setPen(QColor(_LINE))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        self._icon.paint(painter, 20, 28, 56, 56)
        font = QFont(self.font())
        for text, colour, size, top in (
            (f"medview {__version__}", _TEXT, 20, 26),
            (self._texts[0], _SECONDARY, 13, 60),
            (self._texts[1], _SECONDARY, 11, 96),
        ):
            font.setPixelSize(size)
            painter.setFont(font)
            painter.setPen(QColor(colour))
            left = 20 if top == 96 else 92
            painter.drawText(QRectF(left, top, _WIDTH - left - 16, 26), int(Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()


class Splash:
    """Shows the card as soon as a start that began at ``begun`` (``time.monotonic``) has taken too long.

    While modules are imported nothing else runs, so the clock is looked at with each of them.
    """

    def __init__(self, begun: float, chinese: bool) -> None:
        self._due = begun + PATIENCE_S
        self._texts = TEXTS[chinese]
        self.card: QWidget | None = None
        sys.meta_path.insert(0, self)
        self.look()

    def find_spec(
        self, _name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Part of the protocol of imports: finds nothing, but is asked before each."""
        self.look()
        return None

    def look(self) -> None:
        """Show the card where it is time."""
        if self.card is not None or time.monotonic() < self._due:
            return
        self._leave_imports()
        self.card = _Card(self._texts)
        screen = QApplication.primaryScreen().availableGeometry()
        self.card.move(screen.center() - self.card.rect().center())
        self.card.show()
        QApplication.processEvents()

    def _leave_imports(self) -> None:
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def close(self) -> None:
        """The window is there."""
        self._leave_imports()
        self._due = float("inf")
        if self.card is not None:
            self.card.close()
            self.card.deleteLater()
            self.card = None
