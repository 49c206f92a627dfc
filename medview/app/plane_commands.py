"""The commands of planes at any angle: the layout of three that turn together, a projection that is turned, pictures along a path."""

from __future__ import annotations

from medview.app.command_rules import has_image
from medview.app.commands import Command, Context, Menu
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.notices import images_place
from medview.app.oblique import WHY_NOT_CUT, why_not_cut
from medview.app.shown_slice import PlaneKind
from medview.app.slab_commands import or_say_why
from medview.app.slabs import WHY, why_no_slab
from medview.app.viewport_state import ViewportState
from medview.core.problem import MedviewError


def _start(context: Context) -> None:
    """Three planes to turn; where they are shown already, one viewport of the images as they were acquired, near that place."""
    workspace = context.workspace
    if _has_group(context):
        workspace.set_layout(1, 1)
        workspace.active_viewport.set_plane("acquired")
        return
    try:
        context.workspace.planes.start()
    except MedviewError as error:
        context.workspace.tell(
            error.code, error.text, error.values, "warning", images_place(context.workspace.active_viewport.stack)
        )


def show_plane(state: ViewportState, kind: PlaneKind) -> None:
    """Show an oblique plane or a turned projection. MedviewError where there can be none."""
    if state.stack is None:
        return
    if state.view.plane_kind == kind:
        state.set_plane("acquired")  # the same button leads back
        return
    why, table = why_not_cut(state.stack), WHY_NOT_CUT
    if not why and kind == "turning":
        why, table = why_no_slab(state.stack), WHY
    if why:
        raise MedviewError(why, table[why])
    state.set_plane(kind)


def _along_path(context: Context) -> None:
    viewport = context.shell.viewport()
    mark = viewport.marking.selected if viewport is not None else None
    try:
        context.workspace.curves.show(mark)
    except MedviewError as error:
        context.workspace.tell(
            error.code, error.text, error.values, "warning", images_place(context.workspace.active_viewport.stack)
        )


def _can_be_cut(context: Context) -> bool:
    stack = context.workspace.active_viewport.stack
    return stack is not None and not why_not_cut(stack)


def _can_be_projected(context: Context) -> bool:
    stack = context.workspace.active_viewport.stack
    return stack is not None and not why_not_cut(stack) and not why_no_slab(stack)


def _has_planes(context: Context) -> bool:
    return bool(context.workspace.planes.members(context.workspace.active))


def _has_group(context: Context) -> bool:
    return len(context.workspace.planes.members(context.workspace.active)) > 1


def _reset(context: Context) -> None:
    context.workspace.planes.reset(context.workspace.active)


def plane_commands() -> tuple[Command, ...]:
    """Oblique planes and what belongs to them."""
    menu: Menu = "view"
    return (
        Command(
            "layout.oblique",
            QT_TRANSLATE_NOOP("Command", "Three planes to turn (MPR)"),
            menu,
            _start,
            ("Ctrl+8",),
            "",
            6,
            QT_TRANSLATE_NOOP("Command", "MPR"),
            enabled=_can_be_cut,
            checked=_has_group,
        ),
        Command(
            "plane.oblique",
            QT_TRANSLATE_NOOP("Command", "Oblique plane"),
            menu,
            or_say_why(lambda state: show_plane(state, "oblique")),
            ("Alt+O",),
            enabled=_can_be_cut,
            checked=lambda c: c.workspace.active_viewport.view.plane_kind == "oblique",
            scope="image",
            section=6,
        ),
        Command(
            "plane.turning",
            QT_TRANSLATE_NOOP("Command", "Projection to turn (MIP of everything)"),
            menu,
            or_say_why(lambda state: show_plane(state, "turning")),
            ("Ctrl+9",),
            "",
            6,
            QT_TRANSLATE_NOOP("Command", "MIP"),
            enabled=_can_be_projected,
            checked=lambda c: c.workspace.active_viewport.view.plane_kind == "turning",
            scope="image",
            section=6,
        ),
        Command(
            "plane.curved",
            QT_TRANSLATE_NOOP("Command", "Picture along the path that is selected"),
            menu,
            _along_path,
            ("Alt+C",),
            enabled=has_image,
            checked=lambda c: c.workspace.active_viewport.view.plane_kind == "curved",
            scope="image",
            section=6,
        ),
        Command(
            "planes.orthogonal",
            QT_TRANSLATE_NOOP("Command", "Planes stay at right angles"),
            menu,
            lambda c: c.workspace.planes.set_orthogonal(not c.workspace.planes.orthogonal),
            ("Shift+G",),
            enabled=_has_group,
            checked=lambda c: c.workspace.planes.orthogonal,
            scope="image",
            section=6,
        ),
        Command(
            "planes.lines",
            QT_TRANSLATE_NOOP("Command", "Lines of the planes"),
            menu,
            lambda c: c.workspace.planes.show_lines(not c.workspace.planes.visible),
            ("Alt+X",),
            enabled=_has_group,
            checked=lambda c: c.workspace.planes.visible,
            scope="image",
            section=6,
        ),
        Command(
            "planes.reset",
            QT_TRANSLATE_NOOP("Command", "Planes as at the beginning"),
            menu,
            _reset,
            ("Shift+Backspace",),
            enabled=_has_planes,
            scope="image",
            section=6,
        ),
    )
