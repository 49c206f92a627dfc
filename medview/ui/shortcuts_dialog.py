"""The page of keys and mouse, derived from the table of commands and the profiles; everything can be bound anew on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QStackedWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medview.app.command_table import COMMANDS, MENUS
from medview.app.commands import Command, keys_of
from medview.app.hand_profiles import GESTURES, PROFILES, actions_of, bound, gestures_of, keys_in_use
from medview.ui.listen import listen
from medview.ui.mouse_text import action_text, gesture_text
from medview.ui.parts import text_label
from medview.ui.searched_tree import SearchedTree
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

COMMAND_ROLE = Qt.ItemDataRole.UserRole
GESTURE_ROLE = Qt.ItemDataRole.UserRole + 1


def keys_text(keys: tuple[str, ...]) -> str:
    """Keys as this system writes them."""
    return ",  ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)


def profile_names() -> list[tuple[str, str]]:
    """(id, name) of the profiles."""
    return [
        (one.id, translate("Settings", "Scroll first") if one.id == "scroll-first" else one.name) for one in PROFILES
    ]


class ShortcutsDialog(QDialog):
    """All commands with their keys and all gestures of the mouse; what is chosen is bound anew below the list."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Shortcuts", "Keys and mouse"))
        self.resize(600, 680)
        self._workspace = workspace
        self._rival: Command | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        top = QHBoxLayout()
        caption = QLabel(translate("Shortcuts", "Keys and mouse as in"))
        top.addWidget(caption)
        self.profile = QComboBox()
        self.profile.setAccessibleName(caption.text())
        for profile_id, name in profile_names():
            self.profile.addItem(name, profile_id)
        self.profile.activated.connect(self._choose_profile)
        top.addWidget(self.profile, 1)
        column.addLayout(top)
        columns = (translate("Shortcuts", "Command"), translate("Shortcuts", "Keys"))
        self.found = SearchedTree(columns, translate("Shortcuts", "Search"), translate("Shortcuts", "Keys and mouse"))
        self.search, self.tree = self.found.search, self.found.tree
        self.tree.setColumnWidth(0, 360)
        self.tree.currentItemChanged.connect(self._follow_item)
        column.addWidget(self.found, 1)
        self.editor = QStackedWidget()
        self.editor.addWidget(self._key_row())
        self.editor.addWidget(self._mouse_row())
        column.addWidget(self.editor)
        said = QHBoxLayout()
        self.note = text_label("", "warning")
        said.addWidget(self.note, 1)
        self.take_button = QPushButton(translate("Shortcuts", "Take it away there"))
        self.take_button.clicked.connect(self._take_key)
        said.addWidget(self.take_button)
        column.addLayout(said)
        listen(self, workspace.settings_changed, self.refresh)
        self.refresh()

    def _key_row(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel(translate("Shortcuts", "New key")))
        self.edit = QKeySequenceEdit()
        self.edit.setAccessibleName(translate("Shortcuts", "New key"))
        self.edit.setMaximumSequenceLength(1)
        self.edit.setClearButtonEnabled(True)
        row.addWidget(self.edit, 1)
        self.set_button = QPushButton(translate("Shortcuts", "Set"))
        self.set_button.clicked.connect(self._set)
        row.addWidget(self.set_button)
        self.default_button = QPushButton(translate("Shortcuts", "As before"))
        self.default_button.setToolTip(translate("Shortcuts", "What the profile gives it"))
        self.default_button.clicked.connect(self._restore_one)
        row.addWidget(self.default_button)
        self.back_button = QPushButton(translate("Shortcuts", "Restore defaults"))
        self.back_button.clicked.connect(lambda: self._workspace.change_settings(keys={}, mouse={}))
        row.addWidget(self.back_button)
        return page

    def _mouse_row(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel(translate("Shortcuts", "It does")))
        self.action = QComboBox()
        self.action.setAccessibleName(translate("Shortcuts", "What the gesture does"))
        self.action.activated.connect(self._bind)
        row.addWidget(self.action, 1)
        back = QPushButton(translate("Shortcuts", "As before"))
        back.clicked.connect(self._restore_one)
        row.addWidget(back)
        return page

    # ------------------------------------------------------------------ the list

    def refresh(self) -> None:
        """Fill the list."""
        command_id, gesture = self._command_id(), self._gesture()
        settings = self._workspace.settings
        self.profile.setCurrentIndex(max(0, self.profile.findData(settings.mouse_profile)))
        self.tree.clear()
        rebound = keys_in_use(settings)
        for menu, title in MENUS:
            group = self.found.add_group(translate("Menu", title).replace("&", "").split("(")[0], "")
            for command in COMMANDS:
                if command.menu == menu:
                    keys = keys_of(command, rebound)
                    item = QTreeWidgetItem([translate("Command", command.title).rstrip("…"), keys_text(keys)])
                    item.setData(0, COMMAND_ROLE, command.id)
                    group.addChild(item)
        group = self.found.add_group(translate("Shortcuts", "Mouse"), "")
        for one in GESTURES:
            action = gestures_of(settings)[one]
            item = QTreeWidgetItem([gesture_text(one), action_text(action)])
            item.setData(0, GESTURE_ROLE, one)
            group.addChild(item)
        self.tree.expandAll()
        self.found.narrow()
        for row in self.found.rows():
            if (command_id and row.data(0, COMMAND_ROLE) == command_id) or (
                gesture and row.data(0, GESTURE_ROLE) == gesture
            ):
                self.tree.setCurrentItem(row)
        self._follow_item()

    def _command_id(self) -> str:
        item = self.tree.currentItem()
        return (item.data(0, COMMAND_ROLE) or "") if item is not None else ""

    def _gesture(self) -> str:
        item = self.tree.currentItem()
        return (item.data(0, GESTURE_ROLE) or "") if item is not None else ""

    def _follow_item(self, *_items: object) -> None:
        command_id, gesture = self._command_id(), self._gesture()
        self.set_button.setEnabled(bool(command_id))
        self.default_button.setEnabled(bool(command_id))
        self.editor.setCurrentIndex(1 if gesture else 0)
        if gesture:
            self.action.clear()
            plain = () if "+" not in gesture else ("",)
            for action in (*plain, *actions_of(gesture)):
                self.action.addItem(action_text(action), action)
            now = gestures_of(self._workspace.settings)[gesture]
            self.action.setCurrentIndex(max(0, self.action.findData(now)))
        self._say("")

    def _say(self, text: str, rival: Command | None = None) -> None:
        self._rival = rival
        self.note.setText(text)
        self.take_button.setVisible(rival is not None)

    # ------------------------------------------------------------------ binding anew

    def _choose_profile(self, at: int) -> None:
        """Take a profile's keys and mouse; what the reader bound before stays bound, and that is said."""
        self._workspace.change_settings(mouse_profile=self.profile.itemData(at))
        settings = self._workspace.settings
        if settings.keys or settings.mouse:
            count = len(settings.keys) + len(settings.mouse)
            self._say(
                translate("Shortcuts", "Your own {0} changes still hold; “Restore defaults” takes them back.").format(
                    count
                )
            )

    def _typed(self) -> str:
        return self.edit.keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _set(self) -> None:
        """Give the chosen command the typed key, unless another one has it: then that is said, with what can be done."""
        command_id, key = self._command_id(), self._typed()
        rebound = keys_in_use(self._workspace.settings)
        taken = next((c for c in COMMANDS if c.id != command_id and key and key in keys_of(c, rebound)), None)
        if taken is not None:
            title = translate("Command", taken.title).rstrip("…")
            self._say(translate("Shortcuts", "This key belongs to “{0}”.").format(title), taken)
            return
        own = {**self._workspace.settings.keys, command_id: (key,) if key else ()}
        self._workspace.change_settings(keys=own)

    def _take_key(self) -> None:
        """Take the typed key away from the command that has it."""
        rival, key, command_id = self._rival, self._typed(), self._command_id()
        if rival is None or not key or not command_id:
            return
        left = tuple(one for one in keys_of(rival, keys_in_use(self._workspace.settings)) if one != key)
        own = {**self._workspace.settings.keys, rival.id: left, command_id: (key,)}
        self._workspace.change_settings(keys=own)

    def _restore_one(self) -> None:
        """Give the chosen command or gesture back what the profile gives it."""
        settings = self._workspace.settings
        command_id, gesture = self._command_id(), self._gesture()
        if gesture:
            self._workspace.change_settings(mouse={k: one for k, one in settings.mouse.items() if k != gesture})
        elif command_id:
            self._workspace.change_settings(keys={k: one for k, one in settings.keys.items() if k != command_id})

    def _bind(self, at: int) -> None:
        """Bind the chosen gesture; where it then does what another does too, that is said."""
        gesture, action = self._gesture(), str(self.action.itemData(at))
        if not gesture:
            return
        self._workspace.change_settings(mouse={**self._workspace.settings.mouse, gesture: action})
        settings = self._workspace.settings
        same = [
            gesture_text(one)
            for one in GESTURES
            if one != gesture
            and action not in {"", "none"}
            and actions_of(one) == actions_of(gesture)
            and gestures_of(settings)[one] == action
        ]
        lost = [
            one
            for one in ("window", "pan", "zoom", "scroll")
            if actions_of(gesture)[1:2] == ("window",) and not any(bound(settings, other) == one for other in GESTURES)
        ]
        if lost:
            names = ", ".join(action_text(one) for one in lost)
            self._say(translate("Shortcuts", "No gesture does this any more: {0}. Its tool still does.").format(names))
        elif same:
            self._say(translate("Shortcuts", "The same as: {0}.").format(", ".join(same)))
