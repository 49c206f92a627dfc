"""Qt actions made from the table of commands: menus, tool bar, keys and tooltips come from the same rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from PySide6.QtCore import SIGNAL, QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QHelpEvent, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QToolButton, QToolTip, QWidget

from medview.app.command_reasons import why_not
from medview.app.command_rules import may_run
from medview.app.command_table import COMMANDS, MENUS
from medview.app.commands import Command, Context, keys_of
from medview.app.hand_profiles import keys_in_use
from medview.ui.icons import icon
from medview.ui.mouse_text import gestures_text
from medview.ui.text import translate

ICON_PX = 18
REST_MS = 150
"""What nobody sees is asked for when nothing has changed for so long."""
MARK_GROUP = 3
"""The tool bar's group of marks."""
MOST_FOLLOWERS = 50
"""Connections of a button to its action, of which one would do."""
_CHANGED = SIGNAL("changed()")


class ReasonedMenu(QMenu):
    """A menu that says why something in it is greyed when the pointer rests there."""

    def __init__(self, commands: CommandActions, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self._commands = commands

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            action: QAction | None = self.actionAt(event.pos())
            why = self._commands.reason(action) if action is not None and not action.isEnabled() else ""
            if why:
                QToolTip.showText(event.globalPos(), why, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)


class CommandActions(QObject):
    """One `QAction` for each command. ``image_area`` is the widget in which the keys of image commands count.

    What changes with every step of a hand is asked for no more often than it is seen: the buttons of the tool bar once in a turn
    of the event loop, everything else when the hand rests, or before a key is pressed, a menu opened or an action taken here.
    """

    def __init__(self, context: Context, window: QWidget, image_area: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self._image_area = image_area
        self._actions: dict[str, QAction] = {}
        self._commands: dict[QAction, Command] = {}
        self._tips: dict[str, str] = {}
        self._eye = ""
        self._bar_menus: list[tuple[QMenu, str]] = []
        self._on_bar: list[tuple[QAction, QWidget]] = []
        for command in COMMANDS:
            self._actions[command.id] = self._make(command)
            self._commands[self._actions[command.id]] = command
        self._soon, self._at_rest = QTimer(self), QTimer(self)
        for timer, wait, slot in ((self._soon, 0, self._refresh_bar), (self._at_rest, REST_MS, self.refresh)):
            timer.setSingleShot(True)
            timer.setInterval(wait)
            timer.timeout.connect(slot)
        self.watch_keys(window)
        self.set_keys(keys_in_use(context.workspace.settings))

    def __getitem__(self, command_id: str) -> QAction:
        self.settle()
        return self._actions[command_id]

    def watch_keys(self, window: QWidget) -> None:
        """Be up to date whenever a key is pressed in a window where the keys of commands count."""
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:
            self.settle()
        return super().eventFilter(watched, event)

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
            self._tips[command.id] = f"{title}  ({told})" if told else title
            self._tell(command)
        self._free_letters()

    def _tell(self, command: Command) -> None:
        """The tooltip: what it does and by which key, and where it is greyed, why."""
        action, tip = self._actions[command.id], self._tips[command.id]
        why = "" if action.isEnabled() else self.reason(action)
        tip = f"{tip}\n{why}" if why else tip
        if tip != action.toolTip():
            action.setToolTip(tip)

    def reason(self, action: QAction) -> str:
        """Why a greyed action cannot be done now, "" for one that is no command."""
        command = self._commands.get(action)
        why = why_not(command, self._context) if command is not None else ""
        return translate("Actions", "Not now: {0}").format(translate("Reason", why)) if why else ""

    def refused(self, key: QKeySequence, in_images: bool) -> str:
        """Why nothing happens at a key: the name of the greyed command that has it, and the reason; "" where none has it."""
        for command in COMMANDS:
            action = self._actions[command.id]
            if action.isEnabled() or key not in action.shortcuts() or (command.scope == "image" and not in_images):
                continue
            why = self.reason(action)
            return f"{translate('Command', command.title).rstrip('…')} – {why}" if why else ""
        return ""

    def image_actions(self) -> list[QAction]:
        """The actions whose keys count while the images have the focus, or everywhere in the window."""
        return [self._actions[command.id] for command in COMMANDS]

    def refresh_soon(self, *_what: object) -> None:
        """Something has changed that commands may depend on."""
        if not self._soon.isActive():
            self._soon.start()
        self._at_rest.start()

    def settle(self) -> None:
        """Be up to date now, if anything has changed."""
        if self._at_rest.isActive():
            self.refresh()

    def refresh(self) -> None:
        """Bring what is enabled and checked up to date."""
        self._soon.stop()
        self._at_rest.stop()
        for command in COMMANDS:
            self._refresh(command)
        self._show_eye()
        for action, button in self._on_bar:
            # With each change of its action a button of Qt 6.11 connects itself once more and never lets go: after 6,000 of them,
            # a day's, each took eight times as long as at first. It follows the action without these connections too.
            if action.receivers(_CHANGED) > MOST_FOLLOWERS:
                QObject.disconnect(action, _CHANGED, button, None)  # type: ignore[call-overload]

    def _refresh_bar(self) -> None:
        """Bring what is always seen up to date."""
        for command in _ON_BAR:
            self._refresh(command)
        self._show_eye()

    def _refresh(self, command: Command) -> None:
        action = self._actions[command.id]
        action.setEnabled(may_run(command, self._context))
        if command.group:
            self._tell(command)
        if command.checked is not None:
            action.setChecked(command.checked(self._context))
        if command.subject is not None:
            subject = command.subject(self._context)
            title = translate("Command", command.title)
            action.setText(f"{title}: {_subject_text(subject)}" if subject else title)

    def _show_eye(self) -> None:
        """A hidden overlay leaves a sign."""
        name = "eye" if self._context.workspace.ai_visible else "eye-slash"
        if name != self._eye:
            self._eye = name
            self._actions["ai.toggle"].setIcon(icon(name))

    def fill_menu_bar(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Build the menus; returned by their names in the table."""
        menus: dict[str, QMenu] = {}
        for name, title in MENUS:
            menu: QMenu = ReasonedMenu(self, translate("Menu", title), bar)
            bar.addMenu(menu)
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
                        inner[command.submenu] = ReasonedMenu(self, translate("Menu", command.submenu), menu)
                        menu.addMenu(inner[command.submenu])
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
        menu: QMenu = ReasonedMenu(self, "", parent)
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
        for command in sorted(tool_bar_commands(), key=lambda one: (one.group, one.id.startswith("link."))):
            if last and command.group != last:
                if last == MARK_GROUP and menus is not None:
                    self._add_menu_button(bar, menus["measure"])
                bar.addSeparator()
            last = command.group
            action = self._actions[command.id]
            bar.addAction(action)
            self._on_bar.append((action, bar.widgetForAction(action)))
            if command.id == "tool.window":
                self._add_presets(bar)

    def _add_presets(self, bar: QToolBar) -> None:
        """The windows to choose from, behind the button of the window tool."""
        from medview.ui.preset_menu import PresetMenu

        button = bar.widgetForAction(self._actions["tool.window"])
        if isinstance(button, QToolButton):
            button.setObjectName("withMenu")
            button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
            button.setMenu(PresetMenu(self._context.workspace, self, button))

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
        """Show words beside the icons, or icons alone; some icons say all by themselves, and some words better than any icon."""
        style = Qt.ToolButtonStyle
        for command in tool_bar_commands():
            button = bar.widgetForAction(self._actions[command.id])
            if not isinstance(button, QToolButton):
                continue
            if not command.icon:
                button.setToolButtonStyle(style.ToolButtonTextOnly)
            elif words and command.word:
                button.setToolButtonStyle(style.ToolButtonTextBesideIcon)
            else:
                button.setToolButtonStyle(style.ToolButtonIconOnly)


def tool_bar_commands() -> Iterable[Command]:
    """Commands that are on the tool bar."""
    return (command for command in COMMANDS if command.group)


_ON_BAR = tuple(tool_bar_commands())


def _subject_text(subject: str) -> str:
    """What a command would act on, in the reader's language; the reader's own names stay as they are."""
    text = translate("Step", subject)
    return text if text != subject else translate("Preset", subject)


def _menu_role(command_id: str) -> QAction.MenuRole:
    # macOS moves these three into its application menu.
    return {
        "window.settings": QAction.MenuRole.PreferencesRole,
        "window.close": QAction.MenuRole.QuitRole,
        "help.about": QAction.MenuRole.AboutRole,
    }.get(command_id, QAction.MenuRole.NoRole)
