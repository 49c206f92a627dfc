"""The table of all commands of the window, in the order of the menus."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from medview.app import reading
from medview.app.ai_commands import ai_commands
from medview.app.command_rules import (
    Run,
    Test,
    has_image,
    has_objects,
    has_segmentation,
    has_study,
    has_tags,
    has_volume,
    on_state,
)
from medview.app.commands import Command, Context, Menu
from medview.app.hanging_commands import hanging_commands
from medview.app.image_commands import edit_commands, image_commands, tool_commands
from medview.app.link_commands import link_commands
from medview.app.mark_commands import mark_commands
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.plane_commands import plane_commands
from medview.app.segment_commands import segment_commands
from medview.app.shown_slice import PlaneKind
from medview.app.slab_commands import slab_commands
from medview.app.solid_commands import SOLID, solid_commands
from medview.app.update_rules import why_no_updates

PLANES = QT_TRANSLATE_NOOP("Menu", "Planes")
LINKS = QT_TRANSLATE_NOOP("Menu", "Move together")
HANGING = QT_TRANSLATE_NOOP("Menu", "Hanging protocol")
AREAS = QT_TRANSLATE_NOOP("Menu", "Panels and areas")


def _inside(submenu: str, section: int, commands: Iterable[Command]) -> tuple[Command, ...]:
    """Commands in a menu of their own inside the menu: a menu that is higher than a small screen has to be scrolled."""
    return tuple(replace(one, submenu=submenu, section=section) for one in commands)


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

    return on_state(lambda state: state.set_plane(kind)), checked


def _next_viewport(step: int) -> Run:
    def run(context: Context) -> None:
        count = len(context.workspace.viewports)
        context.workspace.set_active((context.workspace.active + step) % count)

    return run


def _panel_checked(side: Literal["left", "right"]) -> Test:
    def checked(context: Context) -> bool:
        settings = context.workspace.settings
        return settings.left_panel if side == "left" else settings.right_panel

    return checked


def _toggle_objects(context: Context) -> None:
    documents = context.workspace.documents
    if documents.is_open:
        documents.close()
    else:
        documents.show_list()


def _has_grid(context: Context) -> bool:
    return len(context.workspace.viewports) > 1


def _cycle_text(context: Context) -> None:
    for state in context.workspace.viewports:
        reading.cycle_text(state)


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
        Command(
            "study.recent",
            QT_TRANSLATE_NOOP("Command", "Recent studies…"),
            menu,
            lambda c: c.shell.show_recent(),
            ("Ctrl+Shift+H",),
        ),
        Command("study.demo", QT_TRANSLATE_NOOP("Command", "Open the demo study"), menu, lambda c: c.shell.open_demo()),
        Command(
            "study.close",
            QT_TRANSLATE_NOOP("Command", "Close study"),
            menu,
            _close_study,
            ("Ctrl+W",),
            enabled=has_study,
        ),
        Command(
            "save.picture",
            QT_TRANSLATE_NOOP("Command", "Save the viewport as a picture…"),
            menu,
            lambda c: c.shell.save_picture(),
            ("Ctrl+S",),
            enabled=has_image,
            section=1,
        ),
        Command(
            "save.series",
            QT_TRANSLATE_NOOP("Command", "Save the series as pictures or a film…"),
            menu,
            lambda c: c.shell.export_series(),
            ("Ctrl+Shift+E",),
            enabled=has_image,
            section=1,
        ),
        Command(
            "save.shared",
            QT_TRANSLATE_NOOP("Command", "Share the study without identity…"),
            menu,
            lambda c: c.shell.share_study(),
            ("Ctrl+Alt+E",),
            enabled=has_image,
            section=1,
        ),
        Command(
            "save.findings",
            QT_TRANSLATE_NOOP("Command", "Save findings and report…"),
            menu,
            lambda c: c.shell.save_findings(),
            ("Ctrl+Shift+S",),
            enabled=has_image,
            section=1,
        ),
        Command(
            "save.nifti",
            QT_TRANSLATE_NOOP("Command", "Save the segmentation as NIfTI…"),
            menu,
            lambda c: c.shell.save_result("nifti"),
            enabled=has_segmentation,
            section=1,
        ),
        Command(
            "save.seg",
            QT_TRANSLATE_NOOP("Command", "Save the segmentation as DICOM SEG…"),
            menu,
            lambda c: c.shell.save_result("seg"),
            enabled=has_segmentation,
            section=1,
        ),
        Command(
            "save.surfaces",
            QT_TRANSLATE_NOOP("Command", "Save the surfaces of the segmentations (STL)…"),
            menu,
            lambda c: c.shell.save_surfaces(),
            enabled=has_volume,
            section=1,
        ),
        Command(
            "edit.copy",
            QT_TRANSLATE_NOOP("Command", "Copy the viewport as a picture"),
            menu,
            lambda c: c.shell.copy_picture(),
            ("Ctrl+C",),
            enabled=has_image,
            scope="image",
            section=1,
        ),
        Command(
            "edit.copy_anonymous",
            QT_TRANSLATE_NOOP("Command", "Copy the viewport without patient data"),
            menu,
            lambda c: c.shell.copy_picture(named=False),
            ("Ctrl+Shift+X",),
            enabled=has_image,
            scope="image",
            section=1,
        ),
        Command(
            "edit.copy_layout",
            QT_TRANSLATE_NOOP("Command", "Copy all viewports as one picture"),
            menu,
            lambda c: c.shell.copy_picture(whole=True),
            ("Ctrl+Alt+C",),
            enabled=has_image,
            scope="image",
            section=1,
        ),
        Command(
            "file.print",
            QT_TRANSLATE_NOOP("Command", "Print…"),
            menu,
            lambda c: c.shell.print_page(),
            ("Ctrl+P",),
            enabled=has_image,
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
    for (rows, columns), (title, key, icon) in titles.items():
        run, checked = _layout(rows, columns)
        group = 0 if (rows, columns) == (2, 1) else 5
        layouts.append(Command(f"layout.{rows}x{columns}", title, menu, run, (key,), icon, group, "", checked=checked))
    planes = []
    plane_titles: tuple[tuple[PlaneKind, str, str], ...] = (
        ("acquired", QT_TRANSLATE_NOOP("Command", "As acquired"), "Shift+Q"),
        ("axial", QT_TRANSLATE_NOOP("Command", "Axial"), "Shift+A"),
        ("coronal", QT_TRANSLATE_NOOP("Command", "Coronal"), "Shift+C"),
        ("sagittal", QT_TRANSLATE_NOOP("Command", "Sagittal"), "Shift+S"),
    )
    for kind, title, key in plane_titles:
        run, checked = _plane(kind)
        enabled = has_image if kind == "acquired" else has_volume
        planes.append(
            Command(
                f"plane.{kind}", title, menu, run, (key,), enabled=enabled, checked=checked, scope="image", section=1
            )
        )
    oblique, links = plane_commands(), link_commands()
    return (
        *layouts,
        Command(
            "layout.choose",
            QT_TRANSLATE_NOOP("Command", "More viewports, up to 5 × 5…"),
            menu,
            lambda c: c.shell.choose_layout(),
            ("Ctrl+6",),
            "dots-nine",
            5,
        ),
        Command(
            "layout.planes",
            QT_TRANSLATE_NOOP("Command", "Three planes"),
            menu,
            lambda c: c.workspace.show_three_planes(),
            ("Ctrl+5",),
            "cube",
            6,
            QT_TRANSLATE_NOOP("Command", "Planes"),
            enabled=has_volume,
        ),
        *(one for one in oblique if one.id == "layout.oblique"),
        *(one for one in links if not one.id.startswith("link.")),
        Command(
            "layout.maximise",
            QT_TRANSLATE_NOOP("Command", "Maximise or restore the viewport"),
            menu,
            lambda c: c.shell.maximise_viewport(),
            ("F11",),
            enabled=_has_grid,
        ),
        *_inside(PLANES, 1, (*planes, *(one for one in oblique if one.id not in {"layout.oblique", "plane.turning"}))),
        *_inside(SOLID, 1, (one for one in oblique if one.id == "plane.turning")),
        *solid_commands(),
        *_inside(LINKS, 1, (one for one in links if one.id.startswith("link."))),
        *_inside(HANGING, 1, hanging_commands()),
        Command(
            "view.text",
            QT_TRANSLATE_NOOP("Command", "Corner text: all, without patient, none"),
            menu,
            _cycle_text,
            ("I", "Space"),
            "text-aa",
            scope="image",
            section=2,
        ),
        Command(
            "view.corners",
            QT_TRANSLATE_NOOP("Command", "Choose the corner text…"),
            menu,
            lambda c: c.shell.show_corners(),
            ("Ctrl+I",),
            section=2,
        ),
        *_inside(AREAS, 3, _area_commands()),
        Command(
            "window.full_screen",
            QT_TRANSLATE_NOOP("Command", "Full screen"),
            menu,
            lambda c: c.shell.toggle_full_screen(),
            ("Shift+F11",),
            section=3,
        ),
        Command(
            "window.dim",
            QT_TRANSLATE_NOOP("Command", "Dim the reading room"),
            menu,
            lambda c: c.workspace.change_settings(dimmed=not c.workspace.settings.dimmed),
            ("Ctrl+D",),
            checked=lambda c: c.workspace.settings.dimmed,
            section=3,
        ),
        Command(
            "display.pattern",
            QT_TRANSLATE_NOOP("Command", "Test pattern for the monitor"),
            menu,
            lambda c: c.shell.show_test_pattern(),
            ("Ctrl+Shift+T",),
            section=4,
        ),
        Command(
            "objects.list",
            QT_TRANSLATE_NOOP("Command", "Reports and other objects"),
            menu,
            _toggle_objects,
            ("Ctrl+L",),
            enabled=has_objects,
            checked=lambda c: c.workspace.documents.is_open,
            section=4,
        ),
        Command(
            "tags.show",
            QT_TRANSLATE_NOOP("Command", "DICOM tags"),
            menu,
            lambda c: c.shell.show_tags(),
            ("Ctrl+T",),
            enabled=has_tags,
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


def _area_commands() -> tuple[Command, ...]:
    """The way from one part of the window to another, and what is shown of them."""
    menu: Menu = "view"
    return (
        Command(
            "panel.left",
            QT_TRANSLATE_NOOP("Command", "Series strip"),
            menu,
            lambda c: c.shell.toggle_panel("left"),
            ("F8",),
            checked=_panel_checked("left"),
        ),
        Command(
            "panel.right",
            QT_TRANSLATE_NOOP("Command", "Right panel"),
            menu,
            lambda c: c.shell.toggle_panel("right"),
            ("F9",),
            checked=_panel_checked("right"),
        ),
        Command(
            "focus.next",
            QT_TRANSLATE_NOOP("Command", "Go to the next area"),
            menu,
            lambda c: c.shell.next_area(1),
            ("F6",),
        ),
        Command(
            "focus.previous",
            QT_TRANSLATE_NOOP("Command", "Go to the previous area"),
            menu,
            lambda c: c.shell.next_area(-1),
            ("Shift+F6",),
        ),
        *(
            Command(f"tab.{at}", title, menu, _tab(at), (f"Alt+{at + 1}",))
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
    )


def _tab(at: int) -> Run:
    return lambda c: c.shell.show_tab(at)


def _help_commands() -> tuple[Command, ...]:
    return (
        Command(
            "help.pages", QT_TRANSLATE_NOOP("Command", "Help"), "help", lambda c: c.shell.show_help(), ("Shift+F1",)
        ),
        Command("help.tour", QT_TRANSLATE_NOOP("Command", "Tour of the window"), "help", lambda c: c.shell.show_tour()),
        Command(
            "help.palette",
            QT_TRANSLATE_NOOP("Command", "Find a command…"),
            "help",
            lambda c: c.shell.show_palette(),
            ("Ctrl+Shift+P",),
        ),
        Command(
            "help.shortcuts",
            QT_TRANSLATE_NOOP("Command", "Keys and mouse"),
            "help",
            lambda c: c.shell.show_shortcuts(),
            ("F1",),
        ),
        Command(
            "help.backup",
            QT_TRANSLATE_NOOP("Command", "Back up marks and results…"),
            "help",
            lambda c: c.shell.save_backup(),
        ),
        Command(
            "help.restore",
            QT_TRANSLATE_NOOP("Command", "Restore a backup…"),
            "help",
            lambda c: c.shell.open_backup(),
        ),
        Command(
            "help.diagnostics",
            QT_TRANSLATE_NOOP("Command", "Save diagnostics…"),
            "help",
            lambda c: c.shell.save_diagnostics(),
        ),
        Command(
            "help.updates",
            QT_TRANSLATE_NOOP("Command", "Check for updates…"),
            "help",
            lambda c: c.shell.show_updates(),
            enabled=lambda c: not why_no_updates(c.workspace.fixed),
        ),
        Command("help.about", QT_TRANSLATE_NOOP("Command", "About medview"), "help", lambda c: c.shell.show_about()),
    )


MENUS: tuple[tuple[Menu, str], ...] = (
    ("file", QT_TRANSLATE_NOOP("Menu", "&File")),
    ("edit", QT_TRANSLATE_NOOP("Menu", "&Edit")),
    ("view", QT_TRANSLATE_NOOP("Menu", "&View")),
    ("image", QT_TRANSLATE_NOOP("Menu", "&Image")),
    ("tools", QT_TRANSLATE_NOOP("Menu", "&Tools")),
    ("measure", QT_TRANSLATE_NOOP("Menu", "&Measure")),
    ("segment", QT_TRANSLATE_NOOP("Menu", "&Segment")),
    ("ai", QT_TRANSLATE_NOOP("Menu", "&AI")),
    ("help", QT_TRANSLATE_NOOP("Menu", "&Help")),
)

COMMANDS: tuple[Command, ...] = (
    *_file_commands(),
    *edit_commands(),
    *_view_commands(),
    *image_commands(),
    *slab_commands(),
    *tool_commands(),
    *mark_commands(),
    *segment_commands(),
    *ai_commands(),
    *_help_commands(),
)
