"""Notices: a strip in the place that they concern, and the list in which they stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from medview.app.notices import WINDOW, Notice
from medview.core.plain_text import visible_text
from medview.ui.icons import icon
from medview.ui.listen import listen
from medview.ui.messages import message_text
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

SIGNS = {"hint": ("info", "accent"), "done": ("check-circle", "done"), "warning": ("warning", "warning"),
         "danger": ("warning-octagon", "danger")}  # fmt: skip
SIGN_PX = 16
MOST_OTHERS = 2000
"""Files without images that are listed by name; more are counted."""


def sign_label(severity: str) -> QLabel:
    """The sign of a severity; colour alone never says it."""
    name, role = SIGNS[severity]
    label = QLabel()
    label.setPixmap(icon(name, role).pixmap(SIGN_PX, SIGN_PX))
    label.setFixedWidth(SIGN_PX + 2)
    label.setAccessibleName(severity_word(severity))
    label.setToolTip(severity_word(severity))
    return label


def severity_word(severity: str) -> str:
    """The severity as a word."""
    return {
        "hint": translate("Notice", "Hint"),
        "done": translate("Notice", "Done"),
        "warning": translate("Notice", "Warning"),
        "danger": translate("Notice", "Error"),
    }[severity]


class NoticeStrip(QFrame):
    """The newest open notice of one place; hidden while there is none."""

    def __init__(self, workspace: Workspace, place: str, run: Callable[[str], None] | None = None) -> None:
        """``run`` runs a command by its id; without it notices have no button for their remedy."""
        super().__init__()
        self.setObjectName("notice")
        self._run = run
        self._workspace = workspace
        self._places = frozenset({place})
        self._notice: Notice | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(8, 4, 4, 4)
        self._row.setSpacing(8)
        self.hide()
        listen(self, workspace.notices_changed, self.refresh)
        self.refresh()

    @property
    def notice(self) -> Notice | None:
        """What the strip says now."""
        return self._notice

    def set_place(self, *places: str) -> None:
        """Concern another place, or several, from now on."""
        self._places = frozenset(places)
        self.refresh()

    def refresh(self) -> None:
        """Show the newest open notice of the place."""
        waiting = [one for one in self._workspace.notices if one.place in self._places and one.shown]
        if WINDOW in self._places:
            # That something is done is said in the status line: a strip would move the images for it.
            waiting = [one for one in waiting if one.severity != "done"]
        notice = waiting[-1] if waiting else None
        if notice is self._notice and notice is None:
            return
        self._notice = notice
        while self._row.count():
            item = self._row.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if notice is None:
            self.hide()
            return
        self._row.addWidget(sign_label(notice.severity))
        text = QLabel(message_text(notice.code, notice.text, notice.values, notice.path))
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row.addWidget(text, 1)
        if len(waiting) > 1:
            more = QLabel(translate("Notice", "and {0} more").format(len(waiting) - 1))
            more.setObjectName("secondary")
            self._row.addWidget(more)
        if notice.remedy is not None and self._run is not None:
            button = QPushButton(translate("Notice", notice.remedy.title))
            button.clicked.connect(lambda: self._take_remedy(notice))
            # It goes when it is clicked: the focus, and with it the keys of the images, must not go with it.
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._row.addWidget(button)
        if notice.stays:
            self.show()
            return
        close = QToolButton()
        close.setIcon(icon("x", "secondary"))
        close.setToolTip(translate("Notice", "Close; it stays in the list of messages"))
        close.clicked.connect(lambda: self._workspace.dismiss(notice))
        self._row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.show()

    def _take_remedy(self, notice: Notice) -> None:
        if not notice.stays:
            self._workspace.dismiss(notice)
        if notice.remedy is not None and self._run is not None:
            self._run(notice.remedy.command)


class NoticeList(QWidget):
    """All notices since the start and all files that could not be read, newest first."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        from PySide6.QtWidgets import QTreeWidget

        self._workspace = workspace
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName(translate("Notice", "Messages and problems"))
        self.tree.setRootIsDecorated(False)
        self.tree.setHeaderLabels([translate("Notice", "What"), translate("Notice", "File")])
        self.tree.setWordWrap(True)
        self.tree.setUniformRowHeights(False)
        self.tree.setAlternatingRowColors(True)
        self.tree.setColumnWidth(0, 600)
        self.empty = QLabel(translate("Notice", "No messages, and every file could be read."))
        self.empty.setObjectName("secondary")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.tree, 1)
        column.addWidget(self.empty, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        self.clear = QPushButton(translate("Notice", "Clear messages"))
        self.clear.clicked.connect(workspace.clear_notices)
        buttons.addWidget(self.clear)
        column.addLayout(buttons)
        listen(self, workspace.notices_changed, self.refresh)
        listen(self, workspace.studies_changed, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Fill the list."""
        from PySide6.QtWidgets import QTreeWidgetItem

        from medview.ui.messages import problem_text

        self.tree.clear()
        items = []
        for notice in reversed(self._workspace.notices):
            item = QTreeWidgetItem([message_text(notice.code, notice.text, notice.values, notice.path), notice.path])
            item.setToolTip(0, item.text(0))
            name, role = SIGNS[notice.severity]
            item.setIcon(0, icon(name, role))
            items.append(item)
        for problem in self._workspace.problems:
            item = QTreeWidgetItem([problem_text(problem), problem.path])
            item.setToolTip(0, item.text(0))
            item.setIcon(0, icon("file-x", "warning"))
            items.append(item)
        others = self._workspace.not_shown
        if others:
            group = QTreeWidgetItem([translate("Notice", "Files that are no images ({0})").format(len(others)), ""])
            group.setIcon(0, icon("file", "secondary"))
            group.addChildren(
                [QTreeWidgetItem([_file_name(path), visible_text(path, lines=False)]) for path in others[:MOST_OTHERS]]
            )
            if len(others) > MOST_OTHERS:
                more = translate("Notice", "and {0} more").format(len(others) - MOST_OTHERS)
                group.addChild(QTreeWidgetItem([more, ""]))
            items.append(group)
        self.tree.setRootIsDecorated(bool(others))
        for item in items:
            item.setToolTip(1, item.text(1))
        self.tree.addTopLevelItems(items)
        self.tree.setVisible(bool(items))
        self.empty.setVisible(not items)
        self.clear.setEnabled(bool(self._workspace.notices))


def _file_name(path: str) -> str:
    return visible_text(path.replace("\\", "/").rpartition("/")[2] or path, lines=False)
