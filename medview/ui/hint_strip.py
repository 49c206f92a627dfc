"""Five short hints for the first time, above the images, dismissed for ever with one click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QPushButton

from medview.ui.listen import listen
from medview.ui.notice_strip import sign_label
from medview.ui.parts import text_label
from medview.ui.text import QT_TRANSLATE_NOOP, translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

NARROW = 600
"""Px below which words and buttons do not share a row."""
HINTS = (
    QT_TRANSLATE_NOOP(
        "Hint",
        "Drag with the left button to set the window; the wheel goes through the images. The right button zooms.",
    ),
    QT_TRANSLATE_NOOP(
        "Hint", "Tools and layouts. Keys 0 to 9 choose windows: 5 mediastinum, 6 bone, 7 lung. F1 lists all keys."
    ),
    QT_TRANSLATE_NOOP(
        "Hint",
        "The series. A click shows one, dragging puts it into any viewport. A double-click maximises a viewport.",
    ),
    QT_TRANSLATE_NOOP(
        "Hint", "Findings and models that fit the series. A click on a finding goes there; J hides all that AI says."
    ),
    QT_TRANSLATE_NOOP(
        "Hint", "Everything stands in the menus with its key. Ctrl+Shift+P finds any command by a few letters."
    ),
)


class HintStrip(QFrame):
    """One hint at a time while something is open and the reader has not dismissed them."""

    tour_asked = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._workspace = workspace
        self._at = 0
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(8, 3, 4, 3)
        self._box.setSpacing(4)
        said = QHBoxLayout()
        said.setSpacing(8)
        said.addWidget(sign_label("hint"))
        self.text = text_label()
        said.addWidget(self.text, 1)
        self._box.addLayout(said, 1)
        row = QHBoxLayout()
        row.addStretch(1)
        self.next_button = QPushButton(translate("Hint", "Next"))
        self.next_button.clicked.connect(self._next)
        self.tour_button = QPushButton(translate("Hint", "Show me"))
        self.tour_button.clicked.connect(self.tour_asked)
        self.never_button = QPushButton(translate("Hint", "Do not show hints"))
        self.never_button.clicked.connect(self._dismiss)
        for button in (self.next_button, self.tour_button, self.never_button):
            button.setObjectName("flat")
            row.addWidget(button)
        self._box.addLayout(row)
        listen(self, workspace.studies_changed, self.refresh)
        listen(self, workspace.settings_changed, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the present hint, or nothing."""
        self.text.setText(f"{self._at + 1}/{len(HINTS)}   {translate('Hint', HINTS[self._at])}")
        self.setVisible(bool(self._workspace.studies) and not self._workspace.settings.hints_dismissed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Beside the words where there is room for both, else below them."""
        way = QBoxLayout.Direction
        self._box.setDirection(way.TopToBottom if event.size().width() < NARROW else way.LeftToRight)
        super().resizeEvent(event)

    def _next(self) -> None:
        self._at += 1
        if self._at == len(HINTS):
            self._at = 0
            self._dismiss()
        self.refresh()

    def _dismiss(self) -> None:
        self._workspace.change_settings(hints_dismissed=True)
