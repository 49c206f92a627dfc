"""The table of all commands of the window, in the order of the menus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from medview.app import reading
from medview.app.commands import Command, Context, Menu
from medview.app.shown_slice import PlaneKind, can_be_cut
from medview.app.tools import Tool
from medview.app.viewport_state import ViewportState
from medview.app.workspace import LAYOUTS


def QT_TRANSLATE_NOOP(_context: str, text: str) -> str:
    """Mark a text for the translators; the window translates it when it shows it."""
    return text


Run = Callable[[Context], None]
Test = Callable[[Context], bool]


def _on_state(action: Callable[[ViewportState], object]) -> Run:
    def run(context: Context) -> None:
        context.workspace.touched = True
        action(context.workspace.active_viewport)

    return run


def _has_image(context: Context) -> bool:
    return context.workspace.active_viewport.stack is not None


def _has_volume(context: Context) -> bool:
    stack = context.workspace.active_viewport.stack
    return stack is not None and can_be_cut(stack)


def _has_grid(context: Context) -> bool:
    return len(context.workspace.viewports) > 1


def _has_filters(context: Context) -> bool:
    return bool(context.workspace.active_viewport.view.filters)


def _has_results(context: Context) -> bool:
    stack = context.workspace.active_viewport.stack
    return stack is not None and bool(context.workspace.results.of(stack.id))


def _has_segmentation(context: Context) -> bool:
    stack = context.workspace.active_viewport.stack
    return stack is not None and any(r.segmentation is not None for r in context.workspace.results.of(stack.id))


def _has_study(context: Context) -> bool:
    return context.workspace.active_viewport.study is not None


def _close_study(context: Context) -> None:
    study = context.workspace.active_viewport.study
    if study is not None:
        context.workspace.close_study(study)


def _layout(rows: int, columns: int) -> tuple[Run, Test]:
    def run(context: Context) -> None:
        context.workspace.set_layout(rows, columns)

    def checked(context: Context) -> bool:
        return context.workspace.layout == (rows, columns) and not context.workspace.maximised

    return run, checked


def _plane(kind: PlaneKind) -> tuple[Run, Test]:
    def checked(context: Context) -> bool:
        return context.workspace.active_viewport.view.plane_kind == kind

    return _on_state(lambda state: state.set_plane(kind)), checked


def _tool(tool: Tool) -> tuple[Run, Test]:
    def run(context: Context) -> None:
        context.workspace.tools.choose(tool)

    def checked(context: Context) -> bool:
        return context.workspace.tools.tool == tool

    return run, checked


def _preset(digit: int) -> Run:
    def run(context: Context) -> None:
        viewport = context.shell.viewport()
        if viewport is not None:
            context.workspace.touched = True
            viewport.preset(digit)

    return run


def _zoom(factor: float) -> Run:
    def run(context: Context) -> None:
        viewport = context.shell.viewport()
        if viewport is not None:
            viewport.zoom_by(factor)

    return run


def _escape(context: Context) -> None:
    viewport = context.shell.viewport()
    if viewport is not None:
        viewport.escape()


def _delete(context: Context) -> None:
    viewport = context.shell.viewport()
    if viewport is not None:
        viewport.delete_selected()


def _next_viewport(step: int) -> Run:
    def run(context: Context) -> None:
        count = len(context.workspace.viewports)
        context.workspace.set_active((context.workspace.active + step) % count)

    return run


def _next_finding(step: int) -> Run:
    def run(context: Context) -> None:
        context.workspace.show_next_finding(step)

    return run


def _panel_checked(side: Literal["left", "right"]) -> Test:
    def checked(context: Context) -> bool:
        settings = context.workspace.settings
        return settings.left_panel if side == "left" else settings.right_panel

    return checked


def _file_commands() -> tuple[Command, ...]:
    menu: Menu = "file"
    return (
        Command(
            "study.open",
            QT_TRANSLATE_NOOP("Command", "Open folder…"),
            menu,
            lambda c: c.shell.ask_for_folder(),
            ("Ctrl+O",),
            "folder-open",
            group=1,
            word=QT_TRANSLATE_NOOP("Command", "Open"),
        ),
        Command(
            "study.open_files",
            QT_TRANSLATE_NOOP("Command", "Open files…"),
            menu,
            lambda c: c.shell.ask_for_files(),
            ("Ctrl+Shift+O",),
        ),
        Command("study.demo", QT_TRANSLATE_NOOP("Command", "Open the demo study"), menu, lambda c: c.shell.open_demo()),
        Command(
            "study.close",
            QT_TRANSLATE_NOOP("Command", "Close study"),
            menu,
            _close_study,
            ("Ctrl+W",),
            enabled=_has_study,
        ),
        Command(
            "save.picture",
            QT_TRANSLATE_NOOP("Command", "Save the viewport as a picture…"),
            menu,
            lambda c: c.shell.save_picture(),
            ("Ctrl+S",),
            enabled=_has_image,
            section=1,
        ),
        Command(
            "save.nifti",
            QT_TRANSLATE_NOOP("Command", "Save the segmentation as NIfTI…"),
            menu,
            lambda c: c.shell.save_result("nifti"),
            enabled=_has_segmentation,
            section=1,
        ),
        Command(
            "save.seg",
            QT_TRANSLATE_NOOP("Command", "Save the segmentation as DICOM SEG…"),
            menu,
            lambda c: c.shell.save_result("seg"),
            enabled=_has_segmentation,
            section=1,
        ),
        Command(
            "edit.copy",
            QT_TRANSLATE_NOOP("Command", "Copy the viewport as a picture"),
            menu,
            lambda c: c.shell.copy_picture(),
            ("Ctrl+C",),
            enabled=_has_image,
            scope="image",
            section=1,
        ),
        Command(
            "window.settings",
            QT_TRANSLATE_NOOP("Command", "Settings"),
            menu,
            lambda c: c.shell.show_settings(),
            ("Ctrl+,",),
            section=2,
        ),
        Command(
            "window.close",
            QT_TRANSLATE_NOOP("Command", "Quit"),
            menu,
            lambda c: c.shell.close_window(),
            ("Ctrl+Q",),
            section=2,
        ),
    )


def _view_commands() -> tuple[Command, ...]:
    menu: Menu = "view"
    titles = {
        (1, 1): (QT_TRANSLATE_NOOP("Command", "One viewport"), "Ctrl+1", "square"),
        (1, 2): (QT_TRANSLATE_NOOP("Command", "Two viewports side by side"), "Ctrl+2", "columns"),
        (2, 1): (QT_TRANSLATE_NOOP("Command", "Two viewports one above the other"), "Ctrl+3", "rows"),
        (2, 2): (QT_TRANSLATE_NOOP("Command", "Four viewports"), "Ctrl+4", "squares-four"),
    }
    layouts = []
    for rows, columns in LAYOUTS:
        run, checked = _layout(rows, columns)
        title, key, icon = titles[rows, columns]
        layouts.append(Command(f"layout.{rows}x{columns}", title, menu, run, (key,), icon, 5, "", checked=checked))
    planes = []
    plane_titles: tuple[tuple[PlaneKind, str, str], ...] = (
        ("acquired", QT_TRANSLATE_NOOP("Command", "As acquired"), "Shift+Q"),
        ("axial", QT_TRANSLATE_NOOP("Command", "Axial"), "Shift+A"),
        ("coronal", QT_TRANSLATE_NOOP("Command", "Coronal"), "Shift+C"),
        ("sagittal", QT_TRANSLATE_NOOP("Command", "Sagittal"), "Shift+S"),
    )
    for kind, title, key in plane_titles:
        run, checked = _plane(kind)
        enabled = _has_image if kind == "acquired" else _has_volume
        planes.append(
            Command(
                f"plane.{kind}", title, menu, run, (key,), enabled=enabled, checked=checked, scope="image", section=1
            )
        )
    return (
        *layouts,
        Command(
            "layout.planes",
            QT_TRANSLATE_NOOP("Command", "Three planes"),
            menu,
            lambda c: c.workspace.show_three_planes(),
            ("Ctrl+5",),
            "cube",
            5,
            QT_TRANSLATE_NOOP("Command", "Planes"),
            enabled=_has_volume,
        ),
        Command(
            "layout.maximise",
            QT_TRANSLATE_NOOP("Command", "Maximise or restore the viewport"),
            menu,
            lambda c: c.shell.maximise_viewport(),
            ("F11",),
            enabled=_has_grid,
        ),
        Command(
            "viewport.next",
            QT_TRANSLATE_NOOP("Command", "Next viewport"),
            menu,
            _next_viewport(1),
            ("Tab",),
            enabled=_has_grid,
            scope="image",
        ),
        Command(
            "viewport.previous",
            QT_TRANSLATE_NOOP("Command", "Previous viewport"),
            menu,
            _next_viewport(-1),
            ("Shift+Tab",),
            enabled=_has_grid,
            scope="image",
        ),
        *planes,
        Command(
            "view.text",
            QT_TRANSLATE_NOOP("Command", "Corner text: all, without patient, none"),
            menu,
            lambda c: [reading.cycle_text(state) for state in c.workspace.viewports] and None,
            ("I", "Space"),
            "text-aa",
            scope="image",
            section=2,
        ),
        Command(
            "panel.left",
            QT_TRANSLATE_NOOP("Command", "Series strip"),
            menu,
            lambda c: c.shell.toggle_panel("left"),
            ("F8",),
            checked=_panel_checked("left"),
            section=3,
        ),
        Command(
            "panel.right",
            QT_TRANSLATE_NOOP("Command", "Right panel"),
            menu,
            lambda c: c.shell.toggle_panel("right"),
            ("F9",),
            checked=_panel_checked("right"),
            section=3,
        ),
        Command(
            "focus.next",
            QT_TRANSLATE_NOOP("Command", "Go to the next area"),
            menu,
            lambda c: c.shell.next_area(1),
            ("F6",),
            section=3,
        ),
        Command(
            "focus.previous",
            QT_TRANSLATE_NOOP("Command", "Go to the previous area"),
            menu,
            lambda c: c.shell.next_area(-1),
            ("Shift+F6",),
            section=3,
        ),
        *(
            Command(f"tab.{at}", title, menu, _tab(at), (f"Alt+{at + 1}",), section=3)
            for at, title in enumerate(
                (
                    QT_TRANSLATE_NOOP("Command", "Show findings"),
                    QT_TRANSLATE_NOOP("Command", "Show AI"),
                    QT_TRANSLATE_NOOP("Command", "Show image and filters"),
                    QT_TRANSLATE_NOOP("Command", "Show details"),
                )
            )
        ),
        Command(
            "window.full_screen",
            QT_TRANSLATE_NOOP("Command", "Full screen"),
            menu,
            lambda c: c.shell.toggle_full_screen(),
            ("Shift+F11",),
            section=4,
        ),
        Command(
            "window.dim",
            QT_TRANSLATE_NOOP("Command", "Dim the reading room"),
            menu,
            lambda c: c.workspace.change_settings(dimmed=not c.workspace.settings.dimmed),
            ("Ctrl+D",),
            checked=lambda c: c.workspace.settings.dimmed,
            section=4,
        ),
        Command(
            "window.jobs",
            QT_TRANSLATE_NOOP("Command", "Jobs"),
            menu,
            lambda c: c.shell.show_jobs(),
            ("Ctrl+J",),
            section=4,
        ),
        Command(
            "window.notices",
            QT_TRANSLATE_NOOP("Command", "Messages and problems"),
            menu,
            lambda c: c.shell.show_notices(),
            ("Ctrl+M",),
            section=4,
        ),
    )


def _tab(at: int) -> Run:
    return lambda c: c.shell.show_tab(at)


def _image_commands() -> tuple[Command, ...]:
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
        enabled: Test = _has_image,
    ) -> Command:
        return Command(id_, title, menu, run, keys, icon, group, word, enabled, checked, "image", section)

    state = _on_state
    presets = tuple(
        image(f"preset.{digit}", title, _preset(digit), (str(digit),), 1)
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
    return (
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
            enabled=_has_times,
        ),
        image(
            "time.previous",
            QT_TRANSLATE_NOOP("Command", "Previous time point"),
            state(lambda s: reading.step_time(s, -1)),
            ("Shift+Left",),
            0,
            enabled=_has_times,
        ),
        image("cine", QT_TRANSLATE_NOOP("Command", "Cine"), lambda c: c.shell.toggle_cine(), ("C",), 0),
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
            enabled=_has_filters,
        ),
        image(
            "filter.reset",
            QT_TRANSLATE_NOOP("Command", "Remove all filters"),
            state(reading.reset_filters),
            ("Shift+B",),
            4,
            enabled=_has_filters,
        ),
    )


def _has_times(context: Context) -> bool:
    stack = context.workspace.active_viewport.stack
    return stack is not None and stack.timepoints > 1


def _tool_commands() -> tuple[Command, ...]:
    tools = (
        (Tool.WINDOW, QT_TRANSLATE_NOOP("Command", "Window"), "W", "sun-dim", 2),
        (Tool.SCROLL, QT_TRANSLATE_NOOP("Command", "Scroll"), "S", "stack", 2),
        (Tool.PAN, QT_TRANSLATE_NOOP("Command", "Pan"), "T", "hand", 2),
        (Tool.ZOOM, QT_TRANSLATE_NOOP("Command", "Zoom"), "Z", "magnifying-glass", 2),
        (Tool.ROTATE, QT_TRANSLATE_NOOP("Command", "Rotate by hand"), "R", "", 0),
        (Tool.RULER, QT_TRANSLATE_NOOP("Command", "Distance"), "D", "ruler", 3),
        (Tool.ELLIPSE, QT_TRANSLATE_NOOP("Command", "Ellipse"), "E", "selection", 3),
    )
    commands = []
    for tool, title, key, icon, group in tools:
        run, checked = _tool(tool)
        commands.append(
            Command(
                f"tool.{tool.value}", title, "tools", run, (key,), icon, group, title, checked=checked, scope="image"
            )
        )
    return (
        *commands,
        Command(
            "marks.undo",
            QT_TRANSLATE_NOOP("Command", "Undo"),
            "tools",
            lambda c: c.workspace.measurements.undo() and None,
            ("Ctrl+Z",),
            enabled=lambda c: c.workspace.measurements.can_undo,
            section=1,
        ),
        Command(
            "marks.redo",
            QT_TRANSLATE_NOOP("Command", "Redo"),
            "tools",
            lambda c: c.workspace.measurements.redo() and None,
            ("Ctrl+Shift+Z",),
            enabled=lambda c: c.workspace.measurements.can_redo,
            section=1,
        ),
        Command(
            "marks.delete",
            QT_TRANSLATE_NOOP("Command", "Delete the selected mark"),
            "tools",
            _delete,
            ("Del",),
            scope="image",
            section=1,
        ),
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


def _ai_commands() -> tuple[Command, ...]:
    return (
        Command(
            "ai.run",
            QT_TRANSLATE_NOOP("Command", "Run the model that fits best"),
            "ai",
            lambda c: c.shell.run_suggested_model(),
            ("Ctrl+R",),
            "brain",
            6,
            QT_TRANSLATE_NOOP("Command", "Run"),
            enabled=_has_image,
        ),
        Command(
            "ai.toggle",
            QT_TRANSLATE_NOOP("Command", "Hide or show all AI"),
            "ai",
            lambda c: c.workspace.toggle_ai(),
            ("J",),
            "eye",
            6,
            QT_TRANSLATE_NOOP("Command", "AI"),
            checked=lambda c: c.workspace.ai_visible,
        ),
        Command(
            "ai.next_finding",
            QT_TRANSLATE_NOOP("Command", "Next finding"),
            "ai",
            _next_finding(1),
            ("N",),
            enabled=_has_results,
        ),
        Command(
            "ai.previous_finding",
            QT_TRANSLATE_NOOP("Command", "Previous finding"),
            "ai",
            _next_finding(-1),
            ("Shift+N",),
            enabled=_has_results,
        ),
        Command(
            "ai.install",
            QT_TRANSLATE_NOOP("Command", "Install a model package…"),
            "ai",
            lambda c: c.shell.ask_for_package(),
            section=1,
        ),
    )


def _help_commands() -> tuple[Command, ...]:
    return (
        Command(
            "help.shortcuts",
            QT_TRANSLATE_NOOP("Command", "Keys and mouse"),
            "help",
            lambda c: c.shell.show_shortcuts(),
            ("F1",),
        ),
        Command("help.about", QT_TRANSLATE_NOOP("Command", "About medview"), "help", lambda c: c.shell.show_about()),
    )


MENUS: tuple[tuple[Menu, str], ...] = (
    ("file", QT_TRANSLATE_NOOP("Menu", "&File")),
    ("view", QT_TRANSLATE_NOOP("Menu", "&View")),
    ("image", QT_TRANSLATE_NOOP("Menu", "&Image")),
    ("tools", QT_TRANSLATE_NOOP("Menu", "&Tools")),
    ("ai", QT_TRANSLATE_NOOP("Menu", "&AI")),
    ("help", QT_TRANSLATE_NOOP("Menu", "&Help")),
)

COMMANDS: tuple[Command, ...] = (
    *_file_commands(),
    *_view_commands(),
    *_image_commands(),
    *_tool_commands(),
    *_ai_commands(),
    *_help_commands(),
)
