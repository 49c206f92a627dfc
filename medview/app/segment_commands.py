"""The commands that draw and correct segmentations: the brush and its like, and what is done to a whole label."""

from __future__ import annotations

from medview.app.command_rules import Run, Test, has_image, has_segmentation, tool_rules
from medview.app.commands import Command, Context
from medview.app.correction import Correction, is_edited
from medview.app.label_work import Operation, operate
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.tools import Tool
from medview.core.study import Stack


def _target(context: Context) -> Correction | None:
    return context.workspace.corrections.target


def has_target(context: Context) -> bool:
    """Whether a segmentation of the active stack is being corrected."""
    return _target(context) is not None


def correct(context: Context) -> None:
    """Go on with what the reader edits on the active stack, else begin with the newest segmentation of a model.

    Those of the time point that is shown come first.
    """
    workspace = context.workspace
    state = workspace.active_viewport
    found = [(one, one.segmentation) for one in workspace.results.of(state.stack.id)] if state.stack else []
    results = [one for one, drawn in found if drawn is not None and drawn.time == state.view.time]
    results = results or [one for one, drawn in found if drawn is not None]
    edited = [one for one in results if is_edited(one)]
    if results:
        workspace.corrections.begin((edited or results)[-1])


def begin_new(context: Context) -> None:
    """Begin a segmentation with nothing on the active stack."""
    workspace = context.workspace
    state = workspace.active_viewport
    if state.stack is not None and state.series is not None:
        workspace.corrections.begin_new(state.stack, state.series, state.view.time)


def _take(tool: Tool) -> Run:
    def run(context: Context) -> None:
        if not has_target(context):
            correct(context)
        if not has_target(context):
            begin_new(context)
        context.workspace.tools.choose(tool)

    return run


def _operate(operation: Operation) -> Run:
    def run(context: Context) -> None:
        workspace = context.workspace
        operate(workspace, operation, workspace.corrections.work, workspace.active_viewport.shown())

    return run


def _next_label(context: Context) -> None:
    corrections = context.workspace.corrections
    target = corrections.target
    if target is not None:
        values = [label.value for label in target.meanings]
        at = values.index(corrections.value) + 1 if corrections.value in values else 0
        corrections.choose(target, values[at % len(values)])


def _toggle_ball(context: Context) -> None:
    corrections = context.workspace.corrections
    corrections.set_brush(ball=not corrections.brush.ball)


def _toggle_over(context: Context) -> None:
    corrections = context.workspace.corrections
    corrections.set_brush(over="empty" if corrections.brush.over == "all" else "all")


def _toggle_limited(context: Context) -> None:
    corrections = context.workspace.corrections
    corrections.set_brush(limited=not corrections.brush.limited)


def _pointed_slice(context: Context) -> tuple[Stack, int, int] | None:
    """Stack, time and acquired slice of the active viewport."""
    state = context.workspace.active_viewport
    shown = state.shown()
    if state.stack is None or shown is None or shown.k is None:
        return None
    return state.stack, state.view.time, shown.k


def _has_points(context: Context) -> bool:
    place = _pointed_slice(context)
    return place is not None and bool(context.workspace.prompts.on(place[0].id, place[1], place[2]))


def _point_back(context: Context) -> None:
    place = _pointed_slice(context)
    if place is not None:
        context.workspace.prompts.take_back(*place)


def _point_anew(context: Context) -> None:
    place = _pointed_slice(context)
    if place is not None:
        context.workspace.prompts.begin_anew(place[0], place[1])


def segment_commands() -> tuple[Command, ...]:
    """The Segment menu."""

    def act(
        id_: str,
        title: str,
        run: Run,
        keys: tuple[str, ...] = (),
        enabled: Test = has_target,
        checked: Test | None = None,
        section: int = 0,
    ) -> Command:
        return Command(
            id_, title, "segment", run, keys, enabled=enabled, checked=checked, scope="image", section=section
        )

    tools = []
    for tool, title, key, icon, group in (
        (Tool.BRUSH, QT_TRANSLATE_NOOP("Command", "Brush"), "F3", "paint-brush", 7),
        (Tool.ERASER, QT_TRANSLATE_NOOP("Command", "Eraser"), "F4", "eraser", 0),
        (Tool.GROW, QT_TRANSLATE_NOOP("Command", "Grow a region from a click"), "F5", "magic-wand", 0),
    ):
        tools.append(
            Command(
                f"tool.{tool.value}",
                title,
                "segment",
                _take(tool),
                (key,),
                icon,
                group,
                "",
                enabled=has_image,
                checked=tool_rules(tool)[1],
                scope="image",
                section=1,
            )
        )
    whole: tuple[tuple[Operation, str, str], ...] = (
        ("holes", QT_TRANSLATE_NOOP("Command", "Fill holes"), "Ctrl+Alt+H"),
        ("between", QT_TRANSLATE_NOOP("Command", "Fill between slices"), "Ctrl+Alt+B"),
        ("smooth", QT_TRANSLATE_NOOP("Command", "Smooth the label"), "Ctrl+Alt+S"),
        ("largest", QT_TRANSLATE_NOOP("Command", "Keep the largest part"), "Ctrl+Alt+K"),
        ("islands", QT_TRANSLATE_NOOP("Command", "Remove islands"), "Ctrl+Alt+I"),
        ("clear", QT_TRANSLATE_NOOP("Command", "Clear the label"), "Ctrl+Alt+Del"),
    )
    return (
        act(
            "segment.correct",
            QT_TRANSLATE_NOOP("Command", "Correct the segmentation"),
            correct,
            ("Ctrl+B",),
            has_segmentation,
        ),
        act("segment.new", QT_TRANSLATE_NOOP("Command", "New segmentation"), begin_new, ("Ctrl+N",), has_image),
        act(
            "segment.done",
            QT_TRANSLATE_NOOP("Command", "End the correction"),
            end_correction,
            ("Ctrl+Shift+B",),
        ),
        *tools,
        Command(
            "tool.prompt",
            QT_TRANSLATE_NOOP("Command", "Segment what is pointed at"),
            "segment",
            lambda c: c.workspace.prompts.take(),
            ("Ctrl+F5",),
            "hand-pointing",
            enabled=has_image,
            checked=tool_rules(Tool.PROMPT)[1],
            scope="image",
            section=1,
        ),
        act(
            "prompt.back",
            QT_TRANSLATE_NOOP("Command", "Take the last point back"),
            _point_back,
            ("Ctrl+Backspace",),
            _has_points,
            section=1,
        ),
        act(
            "prompt.new",
            QT_TRANSLATE_NOOP("Command", "Point at something else"),
            _point_anew,
            ("Ctrl+Shift+F5",),
            _has_points,
            section=1,
        ),
        act(
            "brush.larger",
            QT_TRANSLATE_NOOP("Command", "Larger brush"),
            lambda c: c.workspace.corrections.resize(1),
            ("Ctrl+]",),
            section=2,
        ),
        act(
            "brush.smaller",
            QT_TRANSLATE_NOOP("Command", "Smaller brush"),
            lambda c: c.workspace.corrections.resize(-1),
            ("Ctrl+[",),
            section=2,
        ),
        act(
            "brush.ball",
            QT_TRANSLATE_NOOP("Command", "Brush is a ball"),
            _toggle_ball,
            ("Ctrl+Alt+3",),
            checked=lambda c: c.workspace.corrections.brush.ball,
            section=2,
        ),
        act(
            "brush.over",
            QT_TRANSLATE_NOOP("Command", "Leave other labels alone"),
            _toggle_over,
            ("Ctrl+Alt+O",),
            checked=lambda c: c.workspace.corrections.brush.over == "empty",
            section=2,
        ),
        act(
            "brush.limited",
            QT_TRANSLATE_NOOP("Command", "Paint only values in the range"),
            _toggle_limited,
            ("Ctrl+Alt+T",),
            checked=lambda c: c.workspace.corrections.brush.limited,
            section=2,
        ),
        act("label.next", QT_TRANSLATE_NOOP("Command", "Next label"), _next_label, ("F7",), section=2),
        *(act(f"label.{name}", title, _operate(name), (key,), section=3) for name, title, key in whole),
    )


def end_correction(context: Context) -> None:
    """Put the brush down; what was drawn stays."""
    workspace = context.workspace
    workspace.corrections.choose(None)
    workspace.tools.choose(Tool.WINDOW)
