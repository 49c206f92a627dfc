"""Qt actions made from the table of commands: menus, tool bar, keys and tooltips come from the same rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QToolButton, QWidget

from medview.app.command_rules import may_run
from medview.app.command_table import COMMANDS, MENUS
from medview.app.commands import Command, Context, keys_of
from medview.app.hand_profiles import keys_in_use
from medview.ui.icons import icon
from medview.ui.mouse_text import gestures_text
from medview.ui.text import translate

ICON_PX = 18
MARK_GROUP = 3
"""The tool bar's group of marks."""


class CommandActions(QObject):
    """One `QAction` for each command. ``image_area`` is the widget in which the keys of image commands count."""

    def __init__(self, context: Context, window: QWidget, image_area: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._image_area = image_area
        self._actions: dict[str, QAction] = {}
        self._bar_menus: list[tuple[QMenu, str]] = []
        for command in COMMANDS:
            self._actions[command.id] = self._make(command)
        self.set_keys(keys_in_use(context.workspace.settings))

    def __getitem__(self, command_id: str) -> QAction:
        return self._actions[command_id]

    def _make(self, command: Command) -> QAction:
        action = QAction(translate("Command", command.title), self)
        action.setIconText(translate("Command", command.word or command.title))
        action.setMenuRole(_menu_role(command.id))
        if command.icon:
            action.setIcon(icon(command.icon))
            action.setIconVisibleInMenu(False)
        action.setCheckable(command.checked is not None)
        action.triggered.connect(lambda _checked=False, one=command: self._run(one))
        if command.scope == "image":
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self._image_area.addAction(action)
        else:
            self._window.addAction(action)
        return action

    def _run(self, command: Command) -> None:
        if may_run(command, self._context):
            command.run(self._context)
        self.refresh()

    def set_keys(self, rebound: Mapping[str, tuple[str, ...]]) -> None:
        """Give every action the keys that the reader has for it, and name the first one in its tooltip."""
        for command in COMMANDS:
            action = self._actions[command.id]
            keys = [QKeySequence(key) for key in keys_of(command, rebound)]
            action.setShortcuts(keys)
            title = translate("Command", command.title).rstrip("…")
            shown = keys[0].toString(QKeySequence.SequenceFormat.NativeText) if keys else ""
            by_hand = gestures_text(self._context.workspace.settings, command.id)
            told = ", ".join(one for one in (shown, by_hand) if one)
            action.setToolTip(f"{title}  ({told})" if told else title)
        self._free_letters()

    def image_actions(self) -> list[QAction]:
        """The actions whose keys count while the images have the focus, or everywhere in the window."""
        return [self._actions[command.id] for command in COMMANDS]

    def refresh(self) -> None:
        """Bring what is enabled and checked up to date."""
        for command in COMMANDS:
            action = self._actions[command.id]
            action.setEnabled(may_run(command, self._context))
            if command.checked is not None:
                action.setChecked(command.checked(self._context))
            if command.subject is not None:
                subject = command.subject(self._context)
                title = translate("Command", command.title)
                action.setText(f"{title}: {translate('Step', subject)}" if subject else title)
        # A hidden overlay leaves a sign.
        self._actions["ai.toggle"].setIcon(icon("eye" if self._context.workspace.ai_visible else "eye-slash"))

    def fill_menu_bar(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Build the menus; returned by their names in the table."""
        menus: dict[str, QMenu] = {}
        for name, title in MENUS:
            menu = bar.addMenu(translate("Menu", title))
            self._bar_menus.append((menu, translate("Menu", title)))
            section = 0
            inner: dict[str, QMenu] = {}
            for command in COMMANDS:
                if command.menu != name:
                    continue
                if command.section != section:
                    menu.addSeparator()
                    section = command.section
                place = menu
                if command.submenu:
                    if command.submenu not in inner:
                        inner[command.submenu] = menu.addMenu(translate("Menu", command.submenu))
                        inner[command.submenu].setObjectName(command.submenu.lower())
                    place = inner[command.submenu]
                place.addAction(self._actions[command.id])
            menu.aboutToShow.connect(self.refresh)
            menus[name] = menu
        self._free_letters()
        return menus

    def _free_letters(self) -> None:
        """A key that a command has is not the letter of a menu too: Qt would take it for neither."""
        taken = {
            key.toString(QKeySequence.SequenceFormat.PortableText)
            for one in self._actions.values()
            for key in one.shortcuts()
        }
        for menu, title in self._bar_menus:
            letter = QKeySequence.mnemonic(title).toString(QKeySequence.SequenceFormat.PortableText)
            menu.setTitle(re.sub(r"\(&\w\)|&", "", title) if letter in taken else title)

    def menu_of(self, command_ids: Iterable[str], parent: QWidget) -> QMenu:
        """A menu of some commands; "" stands for a line."""
        menu = QMenu(parent)
        for command_id in command_ids:
            if command_id:
                menu.addAction(self._actions[command_id])
            else:
                menu.addSeparator()
        return menu

    def fill_tool_bar(self, bar: QToolBar, menus: Mapping[str, QMenu] | None = None) -> None:
        """Put the commands with a group on the tool bar, a line between groups; a button opens the menu of all marks."""
        bar.setIconSize(QSize(ICON_PX, ICON_PX))
        last = 0
        for command in sorted(tool_bar_commands(), key=lambda one: one.group):
            if last and command.group != last:
                if last == MARK_GROUP and menus is not None:
                    self._add_menu_button(bar, menus["measure"])
                bar.addSeparator()
            last = command.group
            bar.addAction(self._actions[command.id])

    def _add_menu_button(self, bar: QToolBar, menu: QMenu) -> None:
        button = QToolButton(bar)
        button.setObjectName("moreMarks")
        button.setIcon(icon("dots-three"))
        button.setToolTip(translate("Actions", "All measurements and marks"))
        button.setAccessibleName(button.toolTip())
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(menu)
        bar.addWidget(button)

    def tool_bar_width(self, bar: QToolBar) -> int:
        """Width in px that all buttons need with their words: a bar that is too narrow would hide the last ones, Run among them."""
        self.set_tool_bar_words(bar, words=True)
        for button in bar.findChildren(QToolButton):
            button.ensurePolished()
        layout = bar.layout()
        if layout is not None:
            layout.invalidate()
        return bar.sizeHint().width()

    def set_tool_bar_words(self, bar: QToolBar, words: bool) -> None:
        """Show words beside the icons, or icons alone; some icons say all by themselves."""
        beside, alone = Qt.ToolButtonStyle.ToolButtonTextBesideIcon, Qt.ToolButtonStyle.ToolButtonIconOnly
        for command in tool_bar_commands():
            button = bar.widgetForAction(self._actions[command.id])
            if isinstance(button, QToolButton):
                button.setToolButtonStyle(beside if words and command.word else alone)


def tool_bar_commands() -> Iterable[Command]:
    """Commands that are on the tool bar."""
    return (command for command in COMMANDS if command.group)


def _menu_role(command_id: str) -> QAction.MenuRole:
    # macOS moves these three into its application menu.
    return {
        "window.settings": QAction.MenuRole.PreferencesRole,
        "window.close": QAction.MenuRole.QuitRole,
        "help.about": QAction.MenuRole.AboutRole,
    }.get(command_id, QAction.MenuRole.NoRole)
