"""The commands of colours: the map of grey values, its bar, and a second series on top."""

from __future__ import annotations

from medview.app import fusion
from medview.app.colour_maps import choose_map, map_id_of, next_map
from medview.app.command_rules import Run, Test, has_image, on_state
from medview.app.commands import Command, Context, Menu
from medview.app.fusion import FusionMode
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.registration_commands import registration_commands
from medview.core.colour_map import built_in_maps

WINDOWS = QT_TRANSLATE_NOOP("Menu", "Window")
COLOURS = QT_TRANSLATE_NOOP("Menu", "Colour map")
FUSION = QT_TRANSLATE_NOOP("Menu", "Fusion")
_MENU: Menu = "image"
_TITLES = (
    QT_TRANSLATE_NOOP("Command", "Grey"),
    QT_TRANSLATE_NOOP("Command", "Inverted grey"),
    QT_TRANSLATE_NOOP("Command", "Hot iron"),
    QT_TRANSLATE_NOOP("Command", "PET"),
    QT_TRANSLATE_NOOP("Command", "Hot metal blue"),
    QT_TRANSLATE_NOOP("Command", "PET 20 steps"),
    QT_TRANSLATE_NOOP("Command", "Rainbow"),
    QT_TRANSLATE_NOOP("Command", "Viridis (even lightness)"),
)
"""Of the built-in maps, in their order."""


def _has_grey(context: Context) -> bool:
    stack = context.workspace.active_viewport.stack
    return stack is not None and stack.components == 1


def _has_fusion(context: Context) -> bool:
    return context.workspace.active_viewport.view.fusion is not None


def _map(id_: str) -> tuple[Run, Test]:
    def checked(context: Context) -> bool:
        return _has_grey(context) and map_id_of(context.workspace.active_viewport.view) == id_

    return on_state(lambda state: choose_map(state, id_)), checked


def _next_map(step: int) -> Run:
    def run(context: Context) -> None:
        context.workspace.touched = True
        next_map(context.workspace.active_viewport, context.workspace.colour_maps, step)

    return run


def _bar_shown(context: Context) -> bool:
    viewport = context.shell.viewport()
    return viewport is not None and viewport.colours.shows_bar


def _is_sigmoid(context: Context) -> bool:
    viewport = context.shell.viewport()
    return viewport is not None and viewport.colours.is_sigmoid


def _toggle_sigmoid(context: Context) -> None:
    viewport = context.shell.viewport()
    if viewport is not None:
        context.workspace.touched = True
        viewport.colours.toggle_sigmoid()


def _toggle_bar(context: Context) -> None:
    context.workspace.active_viewport.update(show_bar=not _bar_shown(context))


def _mode(mode: FusionMode) -> tuple[Run, Test]:
    def checked(context: Context) -> bool:
        laid = context.workspace.active_viewport.view.fusion
        return laid is not None and laid.mode == mode

    return on_state(lambda state: fusion.change_fusion(state, mode=mode, visible=True)), checked


def _is_visible(context: Context) -> bool:
    laid = context.workspace.active_viewport.view.fusion
    return laid is not None and laid.visible


def _toggle_visible(context: Context) -> None:
    state = context.workspace.active_viewport
    fusion.change_fusion(state, visible=not _is_visible(context))


def colour_commands() -> tuple[Command, ...]:
    """Colour maps, the bar, fusion."""
    maps = []
    for one, title in zip(built_in_maps(), _TITLES, strict=True):
        run, checked = _map(one.id)
        maps.append(_colour(f"colour_map.{one.id}", title, run, checked=checked))
    modes = []
    titles: tuple[tuple[FusionMode, str], ...] = (
        ("blend", QT_TRANSLATE_NOOP("Command", "Blended")),
        ("swipe", QT_TRANSLATE_NOOP("Command", "Swiped: drag the line")),
        ("checkerboard", QT_TRANSLATE_NOOP("Command", "As a checkerboard")),
    )
    for mode, title in titles:
        run, checked = _mode(mode)
        modes.append(_fusion(f"fusion.{mode}", title, run, checked=checked))
    return (
        Command(
            "window.sigmoid",
            QT_TRANSLATE_NOOP("Command", "Sigmoid window"),
            _MENU,
            _toggle_sigmoid,
            ("Shift+W",),
            enabled=_has_grey,
            checked=_is_sigmoid,
            scope="image",
            section=2,
            submenu=WINDOWS,
        ),
        *maps,
        _colour("colour_map.next", QT_TRANSLATE_NOOP("Command", "Next colour map"), _next_map(1), ("Shift+V",)),
        _colour(
            "colour_map.previous",
            QT_TRANSLATE_NOOP("Command", "Previous colour map"),
            _next_map(-1),
            ("Alt+Shift+V",),
        ),
        _colour(
            "colour_map.bar",
            QT_TRANSLATE_NOOP("Command", "Colour bar"),
            _toggle_bar,
            ("Alt+B",),
            checked=_bar_shown,
            enabled=has_image,
        ),
        _colour(
            "colour_map.add",
            QT_TRANSLATE_NOOP("Command", "Add a colour map from a file…"),
            lambda c: c.shell.add_colour_map(),
            enabled=has_image,
        ),
        _fusion(
            "fusion.choose",
            QT_TRANSLATE_NOOP("Command", "Lay a series over this one…"),
            lambda c: c.shell.choose_fusion(),
            ("Ctrl+F",),
            enabled=has_image,
        ),
        *modes,
        _fusion(
            "fusion.visible",
            QT_TRANSLATE_NOOP("Command", "Series on top shown"),
            _toggle_visible,
            ("Shift+J",),
            checked=_is_visible,
        ),
        _fusion(
            "fusion.mode",
            QT_TRANSLATE_NOOP("Command", "Blended, swiped, as a checkerboard: the next"),
            on_state(fusion.next_mode),
            ("Alt+G",),
        ),
        _fusion(
            "fusion.more",
            QT_TRANSLATE_NOOP("Command", "More of the series on top"),
            on_state(lambda state: fusion.step_opacity(state, 1)),
            ("Ctrl+Shift+Up",),
        ),
        _fusion(
            "fusion.less",
            QT_TRANSLATE_NOOP("Command", "Less of the series on top"),
            on_state(lambda state: fusion.step_opacity(state, -1)),
            ("Ctrl+Shift+Down",),
        ),
        _fusion(
            "fusion.exchange",
            QT_TRANSLATE_NOOP("Command", "Exchange the series on top and the one below"),
            on_state(fusion.exchange),
        ),
        *registration_commands(FUSION),
        _fusion("fusion.remove", QT_TRANSLATE_NOOP("Command", "Take the series on top away"), on_state(fusion.unfuse)),
    )


def _colour(
    id_: str,
    title: str,
    run: Run,
    keys: tuple[str, ...] = (),
    checked: Test | None = None,
    enabled: Test = _has_grey,
) -> Command:
    return Command(
        id_, title, _MENU, run, keys, enabled=enabled, checked=checked, scope="image", section=2, submenu=COLOURS
    )


def _fusion(
    id_: str,
    title: str,
    run: Run,
    keys: tuple[str, ...] = (),
    checked: Test | None = None,
    enabled: Test = _has_fusion,
) -> Command:
    return Command(
        id_, title, _MENU, run, keys, enabled=enabled, checked=checked, scope="image", section=2, submenu=FUSION
    )
