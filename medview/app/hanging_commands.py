"""The commands of hanging protocols: forward, back, the list of them, and the layout kept as one."""

from __future__ import annotations

from medview.app.command_rules import has_image, has_study
from medview.app.commands import Command, Menu
from medview.app.marked_text import QT_TRANSLATE_NOOP


def hanging_commands() -> tuple[Command, ...]:
    """Forward and back through the steps of the protocols that fit, and everything about protocols."""
    menu: Menu = "view"
    return (
        Command(
            "hanging.next",
            QT_TRANSLATE_NOOP("Command", "Next hanging step"),
            menu,
            lambda c: c.workspace.hangings.go(1),
            (".",),
            enabled=has_study,
            scope="image",
        ),
        Command(
            "hanging.previous",
            QT_TRANSLATE_NOOP("Command", "Previous hanging step"),
            menu,
            lambda c: c.workspace.hangings.go(-1),
            (",",),
            enabled=has_study,
            scope="image",
        ),
        Command(
            "hanging.list",
            QT_TRANSLATE_NOOP("Command", "Hanging protocols…"),
            menu,
            lambda c: c.shell.show_hangings(),
            ("Ctrl+H",),
        ),
        Command(
            "hanging.keep",
            QT_TRANSLATE_NOOP("Command", "Keep this layout as a hanging protocol…"),
            menu,
            lambda c: c.shell.keep_layout(),
            ("Ctrl+Shift+G",),
            enabled=has_image,
        ),
    )
