"""A step that is taken back or done again where the reader does not look: it is said, so that no mark goes unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from medview.app import opening
from medview.app.commands import Context
from medview.app.history import SeveralChanges
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.measurements import MeasurementChange, place_of, same_slice
from medview.app.notices import Remedy, images_place
from medview.core.measurement import MeasurementPlace

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

_AGAIN = Remedy(QT_TRANSLATE_NOOP("Notice", "Do it again"), "edit.redo")
_BACK = Remedy(QT_TRANSLATE_NOOP("Notice", "Take it back"), "edit.undo")


def undo(context: Context) -> None:
    """Take the last step back."""
    _step(context.workspace, context.workspace.history.next_undone, context.workspace.history.undo, _AGAIN)


def redo(context: Context) -> None:
    """Do again what was last taken back."""
    _step(context.workspace, context.workspace.history.next_redone, context.workspace.history.redo, _BACK)


def _step(workspace: Workspace, change: Any, step: Any, remedy: Remedy) -> None:
    for notice in [one for one in workspace.notices if one.code in _CODES and one.shown]:
        workspace.dismiss(notice)  # the step before is not the one that the button is about any more
    step()
    places = list(_places(change))
    if not places or any(_is_seen(workspace, place) for place in places):
        return
    place = places[0]
    found = opening.find_stack(workspace.studies, place.stack_id)
    if found is None:
        return
    _, series, stack = found
    name = stack.context.description or series.context.modality
    seen = workspace.active_viewport.stack
    values: tuple[str, ...]
    if place.plane == "acquired":
        text = f"A mark was changed that is not seen now: it is on image {place.k + 1} of {name}."
        code, values = "step_unseen", (str(place.k + 1), name)
    else:
        text = f"A mark was changed that is not seen now: it is on a cut of {name}."
        code, values = "step_unseen_cut", (name,)
    workspace.tell(code, text, values, severity="hint", place=images_place(seen), remedy=remedy)


_CODES = frozenset({"step_unseen", "step_unseen_cut"})


def _places(change: Any) -> Iterator[MeasurementPlace]:
    """Where the marks of a step lie."""
    if isinstance(change, MeasurementChange):
        for mark in (change.before, change.after):
            if mark is not None:
                yield mark.place
    elif isinstance(change, SeveralChanges):
        for one in change.changes:
            yield from _places(one)


def _is_seen(workspace: Workspace, place: MeasurementPlace) -> bool:
    for index in workspace.visible_indices:
        state = workspace.viewports[index]
        shown = state.shown() if state.stack is not None and state.stack.id == place.stack_id else None
        if shown is None or state.stack is None:
            continue
        if same_slice(place_of(state.stack, shown, state.view.time), place):
            return True
    return False
