"""The commands that let viewports move together, tile them, or take one to another screen."""

from __future__ import annotations

from medview.app.command_rules import has_image
from medview.app.commands import Command, Context, Menu
from medview.app.marked_text import QT_TRANSLATE_NOOP


def _toggle_scroll(context: Context) -> None:
    links = context.workspace.links
    links.link_scroll("off" if links.scroll == "position" else "position")


def _toggle_offset(context: Context) -> None:
    links = context.workspace.links
    links.link_scroll("position" if links.scroll == "offset" else "offset")


def link_commands() -> tuple[Command, ...]:
    """Linking, reference lines, tiles, a viewport in its own window."""
    menu: Menu = "view"
    return (
        Command(
            "layout.tiles",
            QT_TRANSLATE_NOOP("Command", "Tiles: consecutive images"),
            menu,
            lambda c: c.workspace.links.toggle_tiles(),
            ("Ctrl+7",),
            "grid-four",
            5,
            enabled=lambda c: c.workspace.links.tiled or c.workspace.active_viewport.slice_count > 1,
            checked=lambda c: c.workspace.links.tiled,
        ),
        Command(
            "viewport.detach",
            QT_TRANSLATE_NOOP("Command", "Viewport in a window of its own"),
            menu,
            lambda c: c.shell.detach_viewport(),
            ("Ctrl+Shift+N",),
            enabled=has_image,
        ),
        Command(
            "link.position",
            QT_TRANSLATE_NOOP("Command", "Scroll together by position"),
            menu,
            _toggle_scroll,
            ("Ctrl+Shift+L",),
            "link-simple",
            6,
            checked=lambda c: c.workspace.links.scroll == "position",
            section=5,
        ),
        Command(
            "link.offset",
            QT_TRANSLATE_NOOP("Command", "Scroll together with the present offset"),
            menu,
            _toggle_offset,
            ("Ctrl+Shift+J",),
            checked=lambda c: c.workspace.links.scroll == "offset",
            section=5,
        ),
        Command(
            "link.view",
            QT_TRANSLATE_NOOP("Command", "Pan and zoom together"),
            menu,
            lambda c: c.workspace.links.link_view(not c.workspace.links.view),
            ("Ctrl+Alt+P",),
            checked=lambda c: c.workspace.links.view,
            section=5,
        ),
        Command(
            "link.window",
            QT_TRANSLATE_NOOP("Command", "Window together"),
            menu,
            lambda c: c.workspace.links.link_window(not c.workspace.links.window),
            ("Ctrl+Shift+W",),
            checked=lambda c: c.workspace.links.window,
            section=5,
        ),
        Command(
            "link.plane",
            QT_TRANSLATE_NOOP("Command", "Same plane together"),
            menu,
            lambda c: c.workspace.links.link_plane(not c.workspace.links.plane),
            ("Ctrl+Alt+L",),
            checked=lambda c: c.workspace.links.plane,
            section=5,
        ),
        Command(
            "link.lines",
            QT_TRANSLATE_NOOP("Command", "Reference lines"),
            menu,
            lambda c: c.workspace.links.show_reference_lines(not c.workspace.links.reference_lines),
            ("Shift+X",),
            checked=lambda c: c.workspace.links.reference_lines,
            scope="image",
            section=5,
        ),
        Command(
            "link.no_crosshair",
            QT_TRANSLATE_NOOP("Command", "Take the crosshair off"),
            menu,
            lambda c: c.workspace.links.hide_crosshair(),
            ("Shift+Esc",),
            enabled=lambda c: c.workspace.links.crosshair is not None,
            section=5,
        ),
    )
