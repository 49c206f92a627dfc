"""The commands of slabs: what is projected, and how thick it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from medview.app import slabs
from medview.app.command_rules import Run, Test
from medview.app.commands import Command, Context, Menu
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.notices import images_place
from medview.app.viewport_state import ViewportState
from medview.core.problem import MedviewError

if TYPE_CHECKING:
    from medview.core.slab import Projection


SLABS = QT_TRANSLATE_NOOP("Menu", "Slab")


def or_say_why(action: Callable[[ViewportState], object]) -> Run:
    """A command that does something to the active viewport, or tells why it cannot be."""

    def run(context: Context) -> None:
        context.workspace.touched = True
        try:
            action(context.workspace.active_viewport)
        except MedviewError as error:
            # At the images that it is about: it goes when they go.
            place = images_place(context.workspace.active_viewport.stack)
            context.workspace.tell(error.code, error.text, error.values, "warning", place)

    return run


def _shows(projection: Projection | None) -> Test:
    def checked(context: Context) -> bool:
        slab = context.workspace.active_viewport.view.slab
        return slab is None if projection is None else slab is not None and slab.projection == projection

    return checked


def _can_be_projected(context: Context) -> bool:
    stack = context.workspace.active_viewport.stack
    return stack is not None and not slabs.why_no_slab(stack)


def _choose(projection: Projection | None) -> Run:
    return or_say_why(lambda state: slabs.choose_projection(state, projection))


def slab_commands() -> tuple[Command, ...]:
    """Maximum, minimum, mean, none; thicker and thinner."""
    menu: Menu = "image"
    kinds: tuple[tuple[Projection | None, str, str], ...] = (
        ("max", QT_TRANSLATE_NOOP("Command", "Slab: maximum (MIP)"), "Shift+M"),
        ("min", QT_TRANSLATE_NOOP("Command", "Slab: minimum (MinIP)"), "Shift+I"),
        ("mean", QT_TRANSLATE_NOOP("Command", "Slab: mean"), "Shift+E"),
        (None, QT_TRANSLATE_NOOP("Command", "No slab"), "Shift+K"),
    )
    return (
        Command(
            "slab.next",
            QT_TRANSLATE_NOOP("Command", "Slab: maximum, minimum, mean, none"),
            menu,
            or_say_why(slabs.next_projection),
            ("Q",),
            "stack-simple",
            6,
            QT_TRANSLATE_NOOP("Command", "Slab"),
            enabled=_can_be_projected,
            checked=lambda c: c.workspace.active_viewport.view.slab is not None,
            scope="image",
            section=6,
            submenu=SLABS,
        ),
        *(
            Command(
                f"slab.{projection or 'none'}",
                title,
                menu,
                _choose(projection),
                (key,),
                enabled=_can_be_projected,
                checked=_shows(projection),
                scope="image",
                section=6,
                submenu=SLABS,
            )
            for projection, title, key in kinds
        ),
        Command(
            "slab.thicker",
            QT_TRANSLATE_NOOP("Command", "Thicker slab"),
            menu,
            or_say_why(lambda state: slabs.step_thickness(state, 1)),
            ("]", "Shift+PgUp"),
            enabled=_can_be_projected,
            scope="image",
            section=6,
            submenu=SLABS,
        ),
        Command(
            "slab.thinner",
            QT_TRANSLATE_NOOP("Command", "Thinner slab"),
            menu,
            or_say_why(lambda state: slabs.step_thickness(state, -1)),
            ("[", "Shift+PgDown"),
            enabled=_can_be_projected,
            scope="image",
            section=6,
            submenu=SLABS,
        ),
    )
