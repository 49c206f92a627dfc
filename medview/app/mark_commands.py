"""The commands that measure and mark: the tools, and what is done to the selected mark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from medview.app.command_rules import Run, Test, has_image, tool_rules
from medview.app.commands import Command, Context, MarkActions
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.tools import Tool

MARK_MENU = (
    "mark.text",
    "mark.rebind",
    "mark.histogram",
    "mark.profile",
    "mark.uptake",
    "mark.curve",
    "plane.curved",
    "",
    "mark.copy",
    "mark.to_next",
    "mark.to_previous",
    "",
    "marks.delete",
)
"""What the menu of a mark holds, by command id."""


MOVING = QT_TRANSLATE_NOOP("Menu", "Copy and move")


def _on_marks(action: Callable[[MarkActions], object]) -> Run:
    def run(context: Context) -> None:
        viewport = context.shell.viewport()
        if viewport is not None:
            action(viewport.marking)

    return run


def _has_selected(context: Context) -> bool:
    viewport = context.shell.viewport()
    return viewport is not None and viewport.marking.selected is not None


def _has_region(context: Context) -> bool:
    viewport = context.shell.viewport()
    return viewport is not None and viewport.marking.is_region


def _can_be_rebound(context: Context) -> bool:
    viewport = context.shell.viewport()
    return viewport is not None and viewport.marking.can_be_rebound


def _has_line(context: Context) -> bool:
    viewport = context.shell.viewport()
    mark = None if viewport is None else viewport.marking.selected
    return mark is not None and mark.kind in {"ruler", "polyline"}


def _has_times_here(context: Context) -> bool:
    viewport = context.workspace.active_viewport
    if viewport.stack is None:
        return False
    from medview.app.time_curve import can_be_followed

    return can_be_followed(viewport)


def _has_report(context: Context) -> bool:
    if context.workspace.documents.shown is None:
        return False
    from medview.app.taking_over import open_report

    return open_report(context.workspace) is not None


def _take_over(context: Context) -> None:
    from medview.app.taking_over import take_over

    take_over(context.workspace)


def _has_copy(context: Context) -> bool:
    return context.workspace.copied_mark is not None and has_image(context)


def mark_commands() -> tuple[Command, ...]:
    """Measuring tools in the order of the menu, then what is done to marks."""
    tools = (
        (Tool.RULER, QT_TRANSLATE_NOOP("Command", "Distance"), "D", "ruler", 3, 0),
        (Tool.BIDIRECTIONAL, QT_TRANSLATE_NOOP("Command", "Two diameters (RECIST)"), "M", "", 0, 0),
        (Tool.POLYLINE, QT_TRANSLATE_NOOP("Command", "Path"), "Shift+L", "", 0, 0),
        (Tool.ANGLE, QT_TRANSLATE_NOOP("Command", "Angle"), "A", "angle", 3, 0),
        (Tool.COBB, QT_TRANSLATE_NOOP("Command", "Cobb angle"), "Shift+O", "", 0, 0),
        (Tool.ELLIPSE, QT_TRANSLATE_NOOP("Command", "Ellipse"), "E", "ellipse", 3, 1),
        (Tool.RECTANGLE, QT_TRANSLATE_NOOP("Command", "Rectangle"), "Shift+R", "", 0, 1),
        (Tool.POLYGON, QT_TRANSLATE_NOOP("Command", "Polygon"), "P", "", 0, 1),
        (Tool.FREEHAND, QT_TRANSLATE_NOOP("Command", "Freehand outline"), "Shift+F", "scribble-loop", 3, 1),
        (Tool.POINT, QT_TRANSLATE_NOOP("Command", "Value at a point"), "Shift+P", "", 0, 2),
        (Tool.ARROW, QT_TRANSLATE_NOOP("Command", "Arrow"), "L", "", 0, 2),
        (Tool.TEXT, QT_TRANSLATE_NOOP("Command", "Text"), "Shift+T", "", 0, 2),
        (Tool.CALIBRATION, QT_TRANSLATE_NOOP("Command", "Calibrate by a known line"), "Shift+U", "", 0, 2),
    )
    commands = []
    for tool, title, key, icon, group, section in tools:
        run, checked = tool_rules(tool)
        commands.append(
            Command(
                f"tool.{tool.value}",
                title,
                "measure",
                run,
                (key,),
                icon,
                group,
                title if tool in {Tool.RULER, Tool.ELLIPSE} else "",
                checked=checked,
                scope="image",
                section=section,
            )
        )

    def act(
        id_: str,
        title: str,
        action: Callable[[MarkActions], object],
        keys: tuple[str, ...],
        section: int = 3,
        enabled: Test = _has_selected,
    ) -> Command:
        return Command(id_, title, "measure", _on_marks(action), keys, enabled=enabled, scope="image", section=section)

    moving = (
        act("mark.copy", QT_TRANSLATE_NOOP("Command", "Copy the mark"), lambda m: m.copy(), ("Ctrl+Shift+C",)),
        act(
            "mark.paste",
            QT_TRANSLATE_NOOP("Command", "Put the copied mark here"),
            lambda m: m.paste(),
            ("Ctrl+V", "Ctrl+Shift+V"),
            enabled=_has_copy,
        ),
        act(
            "mark.to_next",
            QT_TRANSLATE_NOOP("Command", "Copy the mark to the next image"),
            lambda m: m.copy_to_slice(1),
            ("Alt+Down",),
        ),
        act(
            "mark.to_previous",
            QT_TRANSLATE_NOOP("Command", "Copy the mark to the image before"),
            lambda m: m.copy_to_slice(-1),
            ("Alt+Up",),
        ),
        *(
            act(f"mark.{name}", title, _nudge(right, down), (f"Ctrl+{name.capitalize()}",), 4)
            for name, title, right, down in (
                ("left", QT_TRANSLATE_NOOP("Command", "Move the mark left"), -1, 0),
                ("right", QT_TRANSLATE_NOOP("Command", "Move the mark right"), 1, 0),
                ("up", QT_TRANSLATE_NOOP("Command", "Move the mark up"), 0, -1),
                ("down", QT_TRANSLATE_NOOP("Command", "Move the mark down"), 0, 1),
            )
        ),
    )
    return (
        *commands,
        act("mark.text", QT_TRANSLATE_NOOP("Command", "Write on the mark…"), lambda m: m.edit_text(), ("F2",)),
        Command(
            "mark.histogram",
            QT_TRANSLATE_NOOP("Command", "Histogram of the region"),
            "measure",
            lambda c: c.shell.show_region_histogram(),
            ("Shift+H",),
            enabled=_has_region,
            scope="image",
            section=3,
        ),
        Command(
            "mark.profile",
            QT_TRANSLATE_NOOP("Command", "Values along the line"),
            "measure",
            lambda c: c.shell.show_line_profile(),
            ("Alt+P",),
            enabled=_has_line,
            scope="image",
            section=3,
        ),
        Command(
            "mark.uptake",
            QT_TRANSLATE_NOOP("Command", "Volume of uptake around the region"),
            "measure",
            lambda c: c.shell.show_uptake(),
            ("Alt+U",),
            enabled=_has_region,
            scope="image",
            section=3,
        ),
        Command(
            "mark.curve",
            QT_TRANSLATE_NOOP("Command", "Regions over time"),
            "measure",
            lambda c: c.shell.show_time_curves(),
            ("Alt+Shift+P",),
            enabled=_has_times_here,
            scope="image",
            section=3,
        ),
        act(
            "mark.rebind",
            QT_TRANSLATE_NOOP("Command", "Measure on what is shown"),
            lambda m: m.rebind(),
            ("Ctrl+Alt+V",),
            enabled=_can_be_rebound,
        ),
        act(
            "mark.next",
            QT_TRANSLATE_NOOP("Command", "Select the next mark"),
            lambda m: m.select_next(),
            ("Ctrl+E",),
            enabled=has_image,
        ),
        *(replace(one, section=3, submenu=MOVING) for one in moving),
        Command(
            "report.take_over",
            QT_TRANSLATE_NOOP("Command", "Take over what the report marks"),
            "measure",
            _take_over,
            ("Ctrl+Alt+R",),
            enabled=_has_report,
            section=5,
        ),
        act(
            "mark.delete_all",
            QT_TRANSLATE_NOOP("Command", "Delete all marks on this image"),
            lambda m: m.delete_all(),
            ("Ctrl+Del",),
            5,
            enabled=has_image,
        ),
    )


def _nudge(right: int, down: int) -> Callable[[MarkActions], object]:
    return lambda marking: marking.nudge(right, down)
