"""The commands about where the series on top lies: registered by medview, accepted or rejected, saved."""

from __future__ import annotations

from collections.abc import Callable

from medview.app.commands import Command, Context
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.registrations import Registrations, can_be_accepted, is_settled
from medview.app.viewport_state import ViewportState


def _has_fusion(context: Context) -> bool:
    return context.workspace.active_viewport.view.fusion is not None


def _is_open(context: Context) -> bool:
    fusion = context.workspace.active_viewport.view.fusion
    return fusion is not None and can_be_accepted(fusion)


def _is_settled(context: Context) -> bool:
    fusion = context.workspace.active_viewport.view.fusion
    return fusion is not None and is_settled(fusion)


def _on_registrations(act: Callable[[Registrations, ViewportState], None]) -> Callable[[Context], None]:
    return lambda context: act(context.workspace.registrations, context.workspace.active_viewport)


def registration_commands(submenu: str) -> tuple[Command, ...]:
    """Register, accept, reject, save; in a submenu of the Image menu."""
    titles = (
        ("fusion.register", QT_TRANSLATE_NOOP("Command", "Register the series on top"), ("Ctrl+Alt+F",)),
        ("fusion.accept", QT_TRANSLATE_NOOP("Command", "Accept where the series on top lies"), ()),
        ("fusion.reject", QT_TRANSLATE_NOOP("Command", "Reject where the series on top lies"), ()),
        ("fusion.save_place", QT_TRANSLATE_NOOP("Command", "Save the registration…"), ()),
    )
    runs = (
        _on_registrations(Registrations.register),
        _on_registrations(Registrations.accept),
        _on_registrations(Registrations.reject),
        lambda context: context.shell.save_place(),
    )
    tests = (_has_fusion, _is_open, _is_open, _is_settled)
    return tuple(
        Command(id_, title, "image", run, keys, enabled=test, scope="image", section=2, submenu=submenu)
        for (id_, title, keys), run, test in zip(titles, runs, tests, strict=True)
    )
