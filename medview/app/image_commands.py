"""The commands that act on the images, and the tools of the mouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from medview.app import reading, unseen_steps
from medview.app.colour_commands import WINDOWS, colour_commands
from medview.app.command_rules import (
    Run,
    Test,
    has_dimensions,
    has_filters,
    has_graphics,
    has_image,
    has_key_images,
    has_profile,
    has_scales,
    has_times,
    on_state,
    tool_rules,
)
from medview.app.commands import Command, Context, Menu
from medview.app.image_references import show_next_key_image
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.presets import preset_by_digit
from medview.app.reader_keys import is_key_image, toggle_key_image
from medview.app.scales import next_scale
from medview.app.tools import Tool

CINE = QT_TRANSLATE_NOOP("Menu", "Cine")
IMAGES = QT_TRANSLATE_NOOP("Menu", "Go to")


def _has_failed_slices(context: Context) -> bool:
    stack = context.workspace.active_viewport.stack
    return stack is not None and context.workspace.failed_slices.any_of(stack)


def _read_again(context: Context) -> None:
    stack = context.workspace.active_viewport.stack
    if stack is not None:
        context.workspace.failed_slices.read_again(stack)


def _preset(digit: int) -> Run:
    def run(context: Context) -> None:
        viewport = context.shell.viewport()
        if viewport is not None:
            context.workspace.touched = True
            viewport.preset(digit)

    return run


def _preset_name(digit: int) -> Callable[[Context], str]:
    def name(context: Context) -> str:
        workspace = context.workspace
        stack = workspace.active_viewport.stack
        if stack is None:
            return ""
        modality, unit = stack.context.modality, "SUV" if stack.context.modality == "PT" else stack.unit
        found = preset_by_digit(str(digit), modality, unit, workspace.settings.presets)
        return found.name if found is not None else ""

    return name


def _true_size(context: Context) -> None:
    viewport = context.shell.viewport()
    if viewport is not None:
        context.workspace.touched = True
        viewport.presenting.true_size()


def _zoom(factor: float) -> Run:
    def run(context: Context) -> None:
        viewport = context.shell.viewport()
        if viewport is not None:
            viewport.zoom_by(factor)

    return run


def _escape(context: Context) -> None:
    viewport = context.shell.viewport()
    if (viewport is not None and viewport.escape()) or context.shell.leave_full_screen():
        return
    workspace = context.workspace
    state = workspace.active_viewport
    if state.view.plane_kind in {"turning", "solid"} and len(workspace.planes.members(workspace.active)) < 2:
        state.set_plane("acquired")  # nobody stays in a picture that turns because its key was forgotten


def _delete(context: Context) -> None:
    viewport = context.shell.viewport()
    if viewport is not None:
        viewport.delete_selected()


def image_commands() -> tuple[Command, ...]:
    """Slices, series, windows, zoom, orientation, filters."""
    menu: Menu = "image"

    def image(
        id_: str,
        title: str,
        run: Run,
        keys: tuple[str, ...],
        section: int,
        icon: str = "",
        group: int = 0,
        word: str = "",
        checked: Test | None = None,
        enabled: Test = has_image,
    ) -> Command:
        return Command(id_, title, menu, run, keys, icon, group, word, enabled, checked, "image", section)

    state = on_state
    presets = tuple(
        replace(
            image(f"preset.{digit}", title, _preset(digit), (str(digit),), 1),
            submenu=WINDOWS,
            subject=_preset_name(digit) if digit > 2 else None,
        )
        for digit, title in enumerate(
            (
                QT_TRANSLATE_NOOP("Command", "Automatic window"),
                QT_TRANSLATE_NOOP("Command", "First window of the file"),
                QT_TRANSLATE_NOOP("Command", "Second window of the file"),
                QT_TRANSLATE_NOOP("Command", "Window preset 3"),
                QT_TRANSLATE_NOOP("Command", "Window preset 4"),
                QT_TRANSLATE_NOOP("Command", "Window preset 5"),
                QT_TRANSLATE_NOOP("Command", "Window preset 6"),
                QT_TRANSLATE_NOOP("Command", "Window preset 7"),
                QT_TRANSLATE_NOOP("Command", "Window preset 8"),
                QT_TRANSLATE_NOOP("Command", "Window preset 9"),
            )
        )
    )
    cine = (
        image(
            "cine",
            QT_TRANSLATE_NOOP("Command", "Cine"),
            lambda c: c.shell.toggle_cine(),
            ("C",),
            0,
            checked=lambda c: c.workspace.cine.is_playing,
        ),
        image(
            "cine.all",
            QT_TRANSLATE_NOOP("Command", "Cine in all viewports"),
            lambda c: c.shell.toggle_cine(everywhere=True),
            ("Ctrl+Alt+Y",),
            0,
            checked=lambda c: c.workspace.cine.plays_several,
        ),
        image(
            "cine.sweep",
            QT_TRANSLATE_NOOP("Command", "Cine to and fro"),
            lambda c: c.workspace.cine.toggle_sweep(),
            ("Alt+Shift+C",),
            0,
            checked=lambda c: c.workspace.cine.sweep,
        ),
        image(
            "cine.faster",
            QT_TRANSLATE_NOOP("Command", "Cine faster"),
            lambda c: c.workspace.cine.faster(1),
            ("Alt+.",),
            0,
            enabled=lambda c: c.workspace.cine.is_playing,
        ),
        image(
            "cine.slower",
            QT_TRANSLATE_NOOP("Command", "Cine slower"),
            lambda c: c.workspace.cine.faster(-1),
            ("Alt+,",),
            0,
            enabled=lambda c: c.workspace.cine.is_playing,
        ),
    )
    ways = (
        image(
            "slice.next",
            QT_TRANSLATE_NOOP("Command", "Next image"),
            state(lambda s: reading.scroll(s, 1)),
            ("Down",),
            0,
        ),
        image(
            "slice.previous",
            QT_TRANSLATE_NOOP("Command", "Previous image"),
            state(lambda s: reading.scroll(s, -1)),
            ("Up",),
            0,
        ),
        image(
            "slice.next_10",
            QT_TRANSLATE_NOOP("Command", "Ten images on"),
            state(lambda s: reading.scroll(s, reading.FAST_SCROLL)),
            ("Shift+Down", "PgDown"),
            0,
        ),
        image(
            "slice.previous_10",
            QT_TRANSLATE_NOOP("Command", "Ten images back"),
            state(lambda s: reading.scroll(s, -reading.FAST_SCROLL)),
            ("Shift+Up", "PgUp"),
            0,
        ),
        image("slice.first", QT_TRANSLATE_NOOP("Command", "First image"), state(reading.first_slice), ("Home",), 0),
        image("slice.last", QT_TRANSLATE_NOOP("Command", "Last image"), state(reading.last_slice), ("End",), 0),
        image(
            "series.next",
            QT_TRANSLATE_NOOP("Command", "Next series"),
            lambda c: c.workspace.show_neighbour_series(1),
            ("Right",),
            0,
        ),
        image(
            "series.previous",
            QT_TRANSLATE_NOOP("Command", "Previous series"),
            lambda c: c.workspace.show_neighbour_series(-1),
            ("Left",),
            0,
        ),
        image(
            "time.next",
            QT_TRANSLATE_NOOP("Command", "Next time point"),
            state(lambda s: reading.step_time(s, 1)),
            ("Shift+Right",),
            0,
            enabled=has_times,
        ),
        image(
            "time.previous",
            QT_TRANSLATE_NOOP("Command", "Previous time point"),
            state(lambda s: reading.step_time(s, -1)),
            ("Shift+Left",),
            0,
            enabled=has_times,
        ),
        image(
            "time.dimension",
            QT_TRANSLATE_NOOP("Command", "Next dimension"),
            state(reading.next_dimension),
            ("Shift+D",),
            0,
            enabled=has_dimensions,
        ),
        image(
            "key_image.next",
            QT_TRANSLATE_NOOP("Command", "Next key image"),
            lambda c: show_next_key_image(c.workspace, 1),
            ("Ctrl+K",),
            0,
            enabled=has_key_images,
        ),
        image(
            "key_image.previous",
            QT_TRANSLATE_NOOP("Command", "Previous key image"),
            lambda c: show_next_key_image(c.workspace, -1),
            ("Ctrl+Shift+K",),
            0,
            enabled=has_key_images,
        ),
    )
    return (
        *(replace(one, submenu=IMAGES) for one in ways),
        image(
            "key_image.toggle",
            QT_TRANSLATE_NOOP("Command", "Key image"),
            lambda c: toggle_key_image(c.workspace),
            ("K",),
            0,
            checked=lambda c: is_key_image(c.workspace),
        ),
        *(replace(one, submenu=CINE) for one in cine),
        *presets,
        image(
            "image.invert",
            QT_TRANSLATE_NOOP("Command", "Invert"),
            state(reading.invert),
            ("V",),
            2,
            "circle-half",
            4,
            QT_TRANSLATE_NOOP("Command", "Invert"),
            checked=lambda c: bool(c.workspace.active_viewport.view.invert),
        ),
        image(
            "image.fit",
            QT_TRANSLATE_NOOP("Command", "Fit to the viewport"),
            state(reading.fit),
            ("F",),
            2,
            "arrows-out",
            4,
            QT_TRANSLATE_NOOP("Command", "Fit"),
        ),
        image(
            "image.one_to_one",
            QT_TRANSLATE_NOOP("Command", "One image pixel on one screen pixel"),
            state(reading.one_to_one),
            ("G",),
            2,
            "number-square-one",
            4,
            "1:1",
        ),
        image(
            "image.true_size",
            QT_TRANSLATE_NOOP("Command", "True size: a millimetre is a millimetre"),
            _true_size,
            ("Ctrl+Alt+A",),
            2,
        ),
        image("image.zoom_in", QT_TRANSLATE_NOOP("Command", "Zoom in"), _zoom(reading.ZOOM_STEP), ("+", "="), 2),
        image("image.zoom_out", QT_TRANSLATE_NOOP("Command", "Zoom out"), _zoom(1 / reading.ZOOM_STEP), ("-",), 2),
        image(
            "image.rotate_right",
            QT_TRANSLATE_NOOP("Command", "Rotate right"),
            state(lambda s: reading.rotate(s, 1)),
            ("Alt+R",),
            3,
            "arrow-clockwise",
            4,
            QT_TRANSLATE_NOOP("Command", "Rotate"),
        ),
        image(
            "image.rotate_left",
            QT_TRANSLATE_NOOP("Command", "Rotate left"),
            state(lambda s: reading.rotate(s, -1)),
            ("Alt+L",),
            3,
        ),
        image(
            "image.flip",
            QT_TRANSLATE_NOOP("Command", "Flip left to right"),
            state(reading.flip_horizontally),
            ("Alt+F",),
            3,
            "arrows-left-right",
            4,
            QT_TRANSLATE_NOOP("Command", "Flip"),
        ),
        image(
            "image.flip_vertical",
            QT_TRANSLATE_NOOP("Command", "Flip top to bottom"),
            state(reading.flip_vertically),
            ("Alt+Shift+F",),
            3,
        ),
        image(
            "image.reset", QT_TRANSLATE_NOOP("Command", "Reset the picture"), state(reading.reset), ("Backspace",), 3
        ),
        image(
            "filter.original",
            QT_TRANSLATE_NOOP("Command", "Before / after the filters"),
            state(reading.toggle_original),
            ("B",),
            4,
            checked=lambda c: bool(c.workspace.active_viewport.view.show_original),
            enabled=has_filters,
        ),
        image(
            "filter.reset",
            QT_TRANSLATE_NOOP("Command", "Remove all filters"),
            state(reading.reset_filters),
            ("Shift+B",),
            4,
            enabled=has_filters,
        ),
        image(
            "image.scale",
            QT_TRANSLATE_NOOP("Command", "Next numbers beside the values (SUV, real-world values)"),
            state(next_scale),
            ("U",),
            2,
            enabled=has_scales,
        ),
        image(
            "image.profile",
            QT_TRANSLATE_NOOP("Command", "Colours through the ICC profile"),
            state(lambda s: s.update(use_profile=not s.view.use_profile)),
            (),
            2,
            checked=lambda c: bool(c.workspace.active_viewport.view.use_profile),
            enabled=has_profile,
        ),
        image(
            "image.graphics",
            QT_TRANSLATE_NOOP("Command", "Overlays of the file"),
            state(lambda s: s.update(show_graphics=not s.view.show_graphics)),
            ("O",),
            2,
            checked=lambda c: bool(c.workspace.active_viewport.view.show_graphics),
            enabled=has_graphics,
        ),
        *colour_commands(),
        image(
            "stack.read_again",
            QT_TRANSLATE_NOOP("Command", "Read failed images again"),
            _read_again,
            (),
            5,
            enabled=_has_failed_slices,
        ),
    )


def edit_commands() -> tuple[Command, ...]:
    """What was done is taken back, and what is selected removed."""
    return (
        Command(
            "edit.undo",
            QT_TRANSLATE_NOOP("Command", "Undo"),
            "edit",
            unseen_steps.undo,
            ("Ctrl+Z",),
            enabled=lambda c: bool(c.workspace.history.undo_title),
            subject=lambda c: c.workspace.history.undo_title,
        ),
        Command(
            "edit.redo",
            QT_TRANSLATE_NOOP("Command", "Redo"),
            "edit",
            unseen_steps.redo,
            ("Ctrl+Shift+Z", "Ctrl+Y"),
            enabled=lambda c: bool(c.workspace.history.redo_title),
            subject=lambda c: c.workspace.history.redo_title,
        ),
        Command(
            "marks.delete",
            QT_TRANSLATE_NOOP("Command", "Delete the selected mark"),
            "edit",
            _delete,
            ("Del",),
            scope="image",
            section=1,
        ),
        Command(
            "marks.keep",
            QT_TRANSLATE_NOOP("Command", "Keep waiting marks now"),
            "edit",
            lambda c: c.workspace.keeping.keep_again(),
            enabled=lambda c: c.workspace.keeping.failed,
            section=1,
        ),
    )


def tool_commands() -> tuple[Command, ...]:
    """What the left button does, and the reader's marks."""
    tools = (
        (Tool.WINDOW, QT_TRANSLATE_NOOP("Command", "Window"), "W", "sun-dim", 2),
        (Tool.SCROLL, QT_TRANSLATE_NOOP("Command", "Scroll"), "S", "stack", 2),
        (Tool.PAN, QT_TRANSLATE_NOOP("Command", "Pan"), "T", "hand", 2),
        (Tool.ZOOM, QT_TRANSLATE_NOOP("Command", "Zoom"), "Z", "magnifying-glass", 2),
        (Tool.ROTATE, QT_TRANSLATE_NOOP("Command", "Rotate by hand"), "R", "", 0),
        (Tool.CROSSHAIR, QT_TRANSLATE_NOOP("Command", "Crosshair: all go there"), "H", "crosshair", 2),
        (Tool.WINDOW_BOX, QT_TRANSLATE_NOOP("Command", "Window by a box"), "Alt+W", "", 0),
        (Tool.MAGNIFIER, QT_TRANSLATE_NOOP("Command", "Magnifier"), "Shift+Z", "", 0),
    )
    commands = []
    for tool, title, key, icon, group in tools:
        run, checked = tool_rules(tool)
        commands.append(
            Command(
                f"tool.{tool.value}",
                title,
                "tools",
                run,
                (key,),
                icon,
                group,
                "" if tool is Tool.CROSSHAIR else title,
                checked=checked,
                scope="image",
            )
        )
    return (
        *commands,
        Command(
            "tool.cancel",
            QT_TRANSLATE_NOOP("Command", "Cancel; a second time resets the picture"),
            "tools",
            _escape,
            ("Esc",),
            scope="image",
            section=1,
        ),
    )
