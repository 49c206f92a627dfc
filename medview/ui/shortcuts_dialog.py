"""The page of keys and mouse, derived from the table of commands; a key can be changed on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medview.app.command_table import COMMANDS, MENUS
from medview.app.commands import keys_of
from medview.ui.listen import listen
from medview.ui.mouse_text import mouse_lines
from medview.ui.parts import text_label
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

COMMAND_ROLE = Qt.ItemDataRole.UserRole


def keys_text(keys: tuple[str, ...]) -> str:
    """Keys as this system writes them."""
    return ",  ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)


class ShortcutsDialog(QDialog):
    """All commands with their keys, and what the mouse does."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Shortcuts", "Keys and mouse"))
        self.resize(560, 640)
        self._workspace = workspace
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self.search = QLineEdit()
        self.search.setPlaceholderText(translate("Shortcuts", "Search"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        column.addWidget(self.search)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderLabels([translate("Shortcuts", "Command"), translate("Shortcuts", "Keys")])
        self.tree.setColumnWidth(0, 340)
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(12)
        self.tree.currentItemChanged.connect(self._follow_item)
        column.addWidget(self.tree, 1)
        row = QHBoxLayout()
        row.addWidget(QLabel(translate("Shortcuts", "New key")))
        self.edit = QKeySequenceEdit()
        self.edit.setMaximumSequenceLength(1)
        self.edit.setClearButtonEnabled(True)
        row.addWidget(self.edit, 1)
        self.set_button = QPushButton(translate("Shortcuts", "Set"))
        self.set_button.clicked.connect(self._set)
        row.addWidget(self.set_button)
        self.back_button = QPushButton(translate("Shortcuts", "Restore defaults"))
        self.back_button.clicked.connect(lambda: workspace.change_settings(keys={}))
        row.addWidget(self.back_button)
        column.addLayout(row)
        self.note = text_label("", "warning")
        column.addWidget(self.note)
        listen(self, workspace.settings_changed, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Fill the list."""
        self.tree.clear()
        rebound = self._workspace.settings.keys
        for menu, title in MENUS:
            group = QTreeWidgetItem([translate("Menu", title).replace("&", "").split("(")[0], ""])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = group.font(0)
            font.setBold(True)
            group.setFont(0, font)
            self.tree.addTopLevelItem(group)
            for command in COMMANDS:
                if command.menu == menu:
                    keys = keys_of(command, rebound)
                    item = QTreeWidgetItem([translate("Command", command.title).rstrip("…"), keys_text(keys)])
                    item.setData(0, COMMAND_ROLE, command.id)
                    group.addChild(item)
        group = QTreeWidgetItem([translate("Shortcuts", "Mouse"), ""])
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = group.font(0)
        font.setBold(True)
        group.setFont(0, font)
        self.tree.addTopLevelItem(group)
        for what, does in mouse_lines(self._workspace.settings.mouse_profile):
            item = QTreeWidgetItem([does, what])
            group.addChild(item)
        self.tree.expandAll()
        self._filter(self.search.text())
        self._follow_item()

    def _filter(self, wanted: str) -> None:
        wanted = wanted.casefold()
        for at in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(at)
            if group is None:
                continue
            seen = 0
            for child_at in range(group.childCount()):
                child = group.child(child_at)
                if child is None:
                    continue
                hidden = wanted not in f"{child.text(0)} {child.text(1)}".casefold()
                child.setHidden(hidden)
                seen += not hidden
            group.setHidden(not seen)

    def _command_id(self) -> str:
        item = self.tree.currentItem()
        return (item.data(0, COMMAND_ROLE) or "") if item is not None else ""

    def _follow_item(self, *_items: object) -> None:
        self.set_button.setEnabled(bool(self._command_id()))
        self.note.setText("")

    def _set(self) -> None:
        """Give the chosen command the typed key, unless another one has it."""
        command_id = self._command_id()
        key = self.edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        rebound = dict(self._workspace.settings.keys)
        taken = next((c for c in COMMANDS if c.id != command_id and key and key in keys_of(c, rebound)), None)
        if taken is not None:
            self.note.setText(
                translate("Shortcuts", "This key belongs to “{0}”.").format(
                    translate("Command", taken.title).rstrip("…")
                )
            )
            return
        rebound[command_id] = (key,) if key else ()
        self._workspace.change_settings(keys=rebound)
        self._reselect(command_id)

    def _reselect(self, command_id: str) -> None:
        for at in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(at)
            for child_at in range(group.childCount() if group is not None else 0):
                child = group.child(child_at) if group is not None else None
                if child is not None and child.data(0, COMMAND_ROLE) == command_id:
                    self.tree.setCurrentItem(child)
