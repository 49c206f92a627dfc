"""The commands of the view in three dimensions: to it, how it looks, where it is seen from, what is cut away."""

from __future__ import annotations

from medview.app import solid_view
from medview.app.command_rules import Run, Test, has_volume
from medview.app.commands import Command, Context, Menu
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.slab_commands import or_say_why
from medview.app.solid_steps import as_step
from medview.app.viewport_state import ViewportState
from medview.core.scene import SolidStyle

SOLID = QT_TRANSLATE_NOOP("Menu", "Three dimensions")

VIEWS = (
    ("front", QT_TRANSLATE_NOOP("Command", "From the front"), "Alt+Shift+A"),
    ("back", QT_TRANSLATE_NOOP("Command", "From the back"), "Alt+Shift+D"),
    ("left", QT_TRANSLATE_NOOP("Command", "From the patient's left"), "Alt+Shift+L"),
    ("right", QT_TRANSLATE_NOOP("Command", "From the patient's right"), "Alt+Shift+R"),
    ("head", QT_TRANSLATE_NOOP("Command", "From the head"), "Alt+Shift+H"),
    ("feet", QT_TRANSLATE_NOOP("Command", "From the feet"), "Alt+Shift+T"),
)


def _is_solid(context: Context) -> bool:
    return context.workspace.active_viewport.view.plane_kind == "solid"


def _is_turned(context: Context) -> bool:
    return context.workspace.active_viewport.view.plane_kind in {"solid", "turning"}


def _on_solid(action: Run) -> Run:
    def run(context: Context) -> None:
        context.workspace.touched = True
        as_step(context.workspace, context.workspace.active_viewport, lambda _state: action(context))

    return run


def _see_from(side: str) -> Run:
    return _on_solid(lambda c: solid_view.see_from(c.workspace.active_viewport, side))


def _has_box() -> Test:
    return lambda c: _is_solid(c) and c.workspace.active_viewport.view.solid.box is not None


def _show(state: ViewportState) -> None:
    if state.view.plane_kind == "solid":
        state.set_plane("acquired")  # the same button leads back
    else:
        solid_view.show_solid(state)


def _reset(state: ViewportState) -> None:
    state.update(solid=SolidStyle(), zoom=1.0, pixel_scale=None, pan=(0.0, 0.0), rotation=0, flip=False)
    solid_view.see_from(state, "front")


def _next_preset(context: Context) -> None:
    from medview.core.solid_presets import presets_of

    state = context.workspace.active_viewport
    if state.stack is None:
        return
    ids = [one.id for one in presets_of(state.stack.context.modality, state.stack.unit)]
    now = solid_view.preset_of(state.view.solid, state.stack).id
    solid_view.choose_preset(state, ids[(ids.index(now) + 1) % len(ids)] if now in ids else ids[0])


def solid_commands() -> tuple[Command, ...]:
    """Everything about the view in three dimensions."""
    menu: Menu = "view"
    return (
        Command(
            "plane.solid",
            QT_TRANSLATE_NOOP("Command", "Volume rendering"),
            menu,
            or_say_why(_show),
            ("Ctrl+0",),
            "",
            6,
            QT_TRANSLATE_NOOP("Command", "3D"),
            enabled=has_volume,
            checked=_is_solid,
            scope="image",
            section=1,
            submenu=SOLID,
        ),
        Command(
            "solid.preset",
            QT_TRANSLATE_NOOP("Command", "Next look: bone, skin, lung, vessels …"),
            menu,
            _on_solid(_next_preset),
            ("Alt+Shift+N",),
            enabled=_is_solid,
            scope="image",
            section=1,
            submenu=SOLID,
        ),
        *(
            Command(
                f"solid.{side}",
                title,
                menu,
                _see_from(side),
                (key,),
                enabled=_is_turned,
                scope="image",
                section=2,
                submenu=SOLID,
            )
            for side, title, key in VIEWS
        ),
        Command(
            "solid.box",
            QT_TRANSLATE_NOOP("Command", "Clipping box"),
            menu,
            _on_solid(lambda c: solid_view.toggle_box(c.workspace.active_viewport)),
            ("Alt+Shift+B",),
            enabled=_is_solid,
            checked=_has_box(),
            scope="image",
            section=3,
            submenu=SOLID,
        ),
        Command(
            "solid.reset",
            QT_TRANSLATE_NOOP("Command", "As at the beginning"),
            menu,
            _on_solid(lambda c: _reset(c.workspace.active_viewport)),
            ("Alt+Shift+Backspace",),
            enabled=_is_solid,
            scope="image",
            section=3,
            submenu=SOLID,
        ),
    )
