"""The command palette: type a few letters in either language, Enter runs what is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, QTranslator
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from medview.app.command_search import Found, ranked
from medview.app.command_table import COMMANDS, MENUS
from medview.app.commands import Command, keys_of
from medview.app.hand_profiles import keys_in_use
from medview.core.resources import resource_path
from medview.ui.text import translate
from medview.ui.theme import current_theme
from medview.ui.translations import LANGUAGES

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex, QPersistentModelIndex

    from medview.app.workspace import Workspace
    from medview.ui.actions import CommandActions

COMMAND_ROLE = Qt.ItemDataRole.UserRole
KEYS_ROLE = Qt.ItemDataRole.UserRole + 1
MENU_ROLE = Qt.ItemDataRole.UserRole + 2
ROW = 30
MOST_RECENT = 8


def titles_in_other_languages(command: Command) -> tuple[str, ...]:
    """A command's titles in the languages that the window does not speak now; English is always one that is known."""
    shown = translate("Command", command.title)
    found = [command.title, *(one.translate("Command", command.title) or "" for one in _translators())]
    return tuple(dict.fromkeys(title for title in found if title and title != shown))


_loaded: list[QTranslator] = []


def _translators() -> list[QTranslator]:
    if not _loaded:
        for language, _name in LANGUAGES:
            translator = QTranslator()
            if language != "en" and translator.load(f"medview_{language}", str(resource_path("translations"))):
                _loaded.append(translator)
    return _loaded


def menu_title(command: Command) -> str:
    """The menu of a command, without its mark for the keyboard."""
    title = dict(MENUS).get(command.menu, command.menu)
    return translate("Menu", title).replace("&", "").split("(")[0]


class _Rows(QStyledItemDelegate):
    """A title at the left, its menu behind it in a second colour, its key at the right."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(0, ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme = current_theme()
        rect: QRect = option.rect
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(theme.selected))
        enabled = bool(index.flags() & Qt.ItemFlag.ItemIsEnabled)
        place = rect.adjusted(12, 0, -12, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        keys = index.data(KEYS_ROLE) or ""
        painter.setPen(QColor(theme.secondary if enabled else theme.disabled))
        painter.drawText(place, int(middle | Qt.AlignmentFlag.AlignRight), keys)
        room = place.width() - painter.fontMetrics().horizontalAdvance(keys) - 16
        title = painter.fontMetrics().elidedText(index.data() or "", Qt.TextElideMode.ElideRight, room)
        painter.setPen(QColor(theme.text if enabled else theme.disabled))
        painter.drawText(place, int(middle | Qt.AlignmentFlag.AlignLeft), title)
        used = painter.fontMetrics().horizontalAdvance(title) + 14
        if used < room:
            behind = painter.fontMetrics().elidedText(
                index.data(MENU_ROLE) or "", Qt.TextElideMode.ElideRight, room - used
            )
            painter.setPen(QColor(theme.secondary if enabled else theme.disabled))
            painter.drawText(place.adjusted(used, 0, 0, 0), int(middle | Qt.AlignmentFlag.AlignLeft), behind)


class Palette(QDialog):
    """A line and what fits it; gone when something was run, with Esc, or when the hand goes elsewhere."""

    def __init__(self, workspace: Workspace, actions: CommandActions, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Tool | Qt.WindowType.FramelessWindowHint)
        self.setObjectName("palette")
        self.setWindowTitle(translate("Palette", "Commands"))
        self._workspace, self._actions, self._window = workspace, actions, parent
        self.recent: list[str] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        self.line = QLineEdit()
        self.line.setPlaceholderText(translate("Palette", "Type what you want to do"))
        self.line.setAccessibleName(translate("Palette", "Find a command"))
        self.line.setClearButtonEnabled(True)
        self.line.installEventFilter(self)
        self.line.textChanged.connect(self.refresh)
        column.addWidget(self.line)
        self.list = QListWidget()
        self.list.setAccessibleName(translate("Palette", "Commands"))
        self.list.setItemDelegate(_Rows(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._take)
        self.list.itemActivated.connect(self._take)
        column.addWidget(self.list, 1)
        self._entries = [
            Found(
                one.id, translate("Command", one.title).rstrip("…"), (*titles_in_other_languages(one), menu_title(one))
            )
            for one in COMMANDS
        ]
        self._commands = {one.id: one for one in COMMANDS}

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        parent = self._window
        width = min(640, parent.width() - 80)
        height = min(12 * ROW + 64, parent.height() - 120)
        self.resize(width, height)
        self.move(parent.mapToGlobal(QPoint((parent.width() - width) // 2, 72)))
        self._actions.refresh()
        self.line.clear()
        self.refresh()
        self.line.setFocus()

    def refresh(self, *_text: object) -> None:
        """List what fits what is typed."""
        rebound = keys_in_use(self._workspace.settings)
        self.list.clear()
        for found in ranked(self.line.text(), self._entries, self.recent):
            command = self._commands[found.id]
            item = QListWidgetItem(found.title)
            keys = [
                QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys_of(command, rebound)
            ]
            item.setData(KEYS_ROLE, "  ".join(keys))
            item.setData(MENU_ROLE, menu_title(command))
            item.setData(COMMAND_ROLE, command.id)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{found.title}, {' '.join(keys)}")
            if not self._actions[command.id].isEnabled():
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEnabled)
                why = self._actions.reason(self._actions[command.id]) or translate("Palette", "Not possible now")
                item.setToolTip(why)
                item.setData(MENU_ROLE, why)
            self.list.addItem(item)
        if not self.list.count():
            nothing = QListWidgetItem(translate("Palette", "No command is called so"))
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(nothing)
        if self.line.text() and not self.list.item(0).flags() & Qt.ItemFlag.ItemIsEnabled:
            self.list.setCurrentRow(-1)  # Enter would run another command than the one that was typed
        else:
            self._choose(0, 1)

    def _choose(self, row: int, step: int) -> None:
        """Choose the next row that can be run, from ``row`` on; stay where there is none."""
        while 0 <= row < self.list.count():
            item = self.list.item(row)
            if item.flags() & Qt.ItemFlag.ItemIsEnabled:
                self.list.setCurrentRow(row)
                return
            row += step

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the line the arrows go through the list, Enter runs, Esc closes."""
        if watched is self.line and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
                step = 1 if event.key() == Qt.Key.Key_Down else -1
                self._choose(self.list.currentRow() + step, step)
                return True
            if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                item = self.list.currentItem()
                if item is not None:
                    self._take(item)
                return True
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.WindowDeactivate:
            self.hide()
        return super().event(event)

    def _take(self, item: QListWidgetItem) -> None:
        if not item.flags() & Qt.ItemFlag.ItemIsEnabled:
            return
        command_id = str(item.data(COMMAND_ROLE))
        self.recent = [command_id, *(one for one in self.recent if one != command_id)][:MOST_RECENT]
        self.hide()
        self._window.activateWindow()
        self._actions[command_id].trigger()
