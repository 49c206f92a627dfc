"""Steps of the history that change how results and viewports are arranged; marks and decisions have their own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from medview.app import opening
from medview.app.history import Change
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.results import result_key
from medview.app.viewport_state import TextMode, ViewportView

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.display import OverlayStyle
    from medview.core.finding import InferenceResult


@dataclass(frozen=True, slots=True)
class LookChange:
    """How a result is drawn: its style and from which score findings are shown; None: as it is by default."""

    stack_id: str
    result: str
    """`result_key`."""
    style: tuple[OverlayStyle | None, OverlayStyle | None]
    threshold: tuple[float | None, float | None]

    @property
    def title(self) -> str:
        """What was done."""
        return QT_TRANSLATE_NOOP("Step", "Look of a result")

    def reversed(self) -> LookChange:
        """The change that takes this one back."""
        return replace(self, style=self.style[::-1], threshold=self.threshold[::-1])

    def joined(self, earlier: Change) -> Change | None:
        """A slider that is dragged is one step."""
        if not isinstance(earlier, LookChange) or earlier.result != self.result:
            return None
        same_kind = (self.style[0] == self.style[1]) == (earlier.style[0] == earlier.style[1])
        if not same_kind:
            return None
        return replace(
            self, style=(earlier.style[0], self.style[1]), threshold=(earlier.threshold[0], self.threshold[1])
        )


@dataclass(frozen=True, eq=False)
class ResultChange:
    """A result that was discarded (``there`` False) or brought back."""

    result: InferenceResult
    there: bool

    @property
    def title(self) -> str:
        """What was done."""
        return QT_TRANSLATE_NOOP("Step", "Discard a result")

    @property
    def stack_id(self) -> str:
        """The stack that it is on."""
        return self.result.provenance.stack_id

    def reversed(self) -> ResultChange:
        """The change that takes this one back."""
        return ResultChange(self.result, not self.there)

    def joined(self, earlier: Change) -> Change | None:  # noqa: ARG002
        """Each is a step of its own."""
        return None


@dataclass(frozen=True, eq=False)
class Arrangement:
    """The grid and what its viewports show."""

    layout: tuple[int, int]
    maximised: bool
    active: int
    views: tuple[ViewportView, ...]
    tiled: bool = False

    def without(self, stacks: Collection[str]) -> Arrangement:
        """The same with nothing where one of these stacks is shown, or lies on top; itself where there is none of them."""
        views = tuple(_without(view, stacks) for view in self.views)
        same = all(view is known for view, known in zip(views, self.views, strict=True))
        return self if same else replace(self, views=views)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is shown in it."""
        return all(view.stack is None for view in self.views)


def _without(view: ViewportView, stacks: Collection[str]) -> ViewportView:
    if view.stack is not None and view.stack.id in stacks:
        return _empty_view(view.text_mode)
    if view.fusion is not None and view.fusion.stack.id in stacks:
        return replace(view, fusion=None)
    return view


@cache
def _empty_view(text_mode: TextMode) -> ViewportView:
    """One for all: hundreds of them stay in the steps of a day."""
    return ViewportView(text_mode=text_mode)


@dataclass(frozen=True, eq=False)
class ArrangementChange:
    """Another grid."""

    before: Arrangement
    after: Arrangement

    @property
    def title(self) -> str:
        """What was done."""
        return QT_TRANSLATE_NOOP("Step", "Layout")

    @property
    def stack_id(self) -> str:
        """None: it concerns the window."""
        return ""

    def reversed(self) -> ArrangementChange:
        """The change that takes this one back."""
        return ArrangementChange(self.after, self.before)

    def without(self, stacks: Collection[str]) -> ArrangementChange | None:
        """The step as it is when these stacks are closed; None where it arranged nothing else.

        To take such a step back would empty the viewports of what was opened since.
        """
        before, after = self.before.without(stacks), self.after.without(stacks)
        if before is self.before and after is self.after:
            return self
        return None if before.is_empty and after.is_empty else ArrangementChange(before, after)

    def joined(self, earlier: Change) -> Change | None:  # noqa: ARG002
        """Each is a step of its own."""
        return None


def understand_all(workspace: Workspace) -> None:
    """Tell the history of a workspace how the steps of this module are applied."""
    history = workspace.history
    history.understand(LookChange, lambda change: apply_look(workspace, change))
    history.understand(ResultChange, lambda change: _apply_result(workspace, change))
    history.understand(ArrangementChange, lambda change: apply_arrangement(workspace, change.after))


def look_of(workspace: Workspace, result: InferenceResult) -> tuple[OverlayStyle | None, float | None]:
    """What the reader chose for a result: (style, threshold)."""
    key = result_key(result)
    return workspace.results.styles.get(key), workspace.results.thresholds.get(key)


def is_drawn_so(workspace: Workspace, result: InferenceResult, style: OverlayStyle) -> bool:
    """Whether a result is drawn this way in every viewport already: a style may be one viewport's own."""
    key, stack_id = result_key(result), result.provenance.stack_id
    own = [
        state.overlay_styles.get(key, style)
        for state in workspace.all_viewports
        if state.stack is not None and state.stack.id == stack_id
    ]
    return workspace.overlay_style(result) == style and all(one == style for one in own)


def apply_look(workspace: Workspace, change: LookChange) -> None:
    """Draw a result so."""
    style, threshold = change.style[1], change.threshold[1]
    results = workspace.results
    for known, value in ((results.styles, style), (results.thresholds, threshold)):
        if value is None:
            known.pop(change.result, None)
        else:
            known[change.result] = value  # type: ignore[assignment]
    for state in workspace.all_viewports:
        if state.stack is None or state.stack.id != change.stack_id:
            continue
        styles = {key: one for key, one in state.overlay_styles.items() if key != change.result}
        state.update(overlay_styles=styles if style is None else {**styles, change.result: style})
    workspace.results_changed.emit(change.stack_id)


def draw_result(workspace: Workspace, result: InferenceResult, style: OverlayStyle | None) -> None:
    """Draw a result this way in every viewport, as a part of a step that is told of otherwise; None: as by default."""
    known, threshold = look_of(workspace, result)
    stack_id, key = result.provenance.stack_id, result_key(result)
    apply_look(workspace, LookChange(stack_id, key, (known, style), (threshold, threshold)))


def _apply_result(workspace: Workspace, change: ResultChange) -> None:
    from medview.core.problem import MedviewError
    from medview.store.results import forget_result, keep_result

    try:
        if change.there:
            workspace.results.add(change.result)
            keep_result(change.result)
        else:
            workspace.results.remove(change.result)
            forget_result(change.result)
    except MedviewError as error:
        workspace.tell_error(error)
    workspace.results_changed.emit(change.stack_id)


def arrangement_of(workspace: Workspace) -> Arrangement:
    """How the viewports are arranged now."""
    views = tuple(state.view for state in workspace.all_viewports)
    return Arrangement(workspace.layout, workspace.maximised, workspace.active, views, workspace.links.tiled)


def keep_arrangement(workspace: Workspace, before: Arrangement) -> None:
    """What was arranged since ``before`` is one step; none where it is as it was."""
    after = arrangement_of(workspace)
    if _arranged_as(before) != _arranged_as(after):
        workspace.history.do(ArrangementChange(before, after))
        return
    workspace.layout_changed.emit()
    workspace.active_changed.emit()


def _arranged_as(arrangement: Arrangement) -> tuple[object, ...]:
    """What of an arrangement is not just how its images are looked at; hidden viewports that are empty do not count."""
    shown = [_shown_as(view) for view in arrangement.views]
    while shown and shown[-1] is None:
        shown.pop()
    return (arrangement.layout, arrangement.maximised, arrangement.active, tuple(shown))


def _shown_as(view: ViewportView) -> tuple[object, ...] | None:
    """What a viewport shows, wherever in it the reader is."""
    if view.stack is None:
        return None
    over = None if view.fusion is None else view.fusion.stack.id
    return (view.stack.id, view.plane_kind, view.surface, over)


def apply_arrangement(workspace: Workspace, wanted: Arrangement) -> None:
    """Arrange the viewports so again; what was closed meanwhile stays away, what has grown is shown as it is now."""
    links = workspace.links
    links.tiled = links.opened_grid = False  # while one after the other is brought back
    workspace.grow_viewports(len(wanted.views))
    for at, state in enumerate(workspace.all_viewports):
        view = wanted.views[at] if at < len(wanted.views) else None
        if view is None or view.stack is None:
            state.clear()
            continue
        if _shown_as(state.view) == _shown_as(view):
            continue  # it may have been scrolled since: that stays
        found = opening.find_stack(workspace.studies, view.stack.id)
        if found is None:
            state.clear()
            continue
        state.restore(view)
        state.replace_stack(*found)
    workspace.layout, workspace.maximised, workspace.active = wanted.layout, wanted.maximised, wanted.active
    links.tiled = wanted.tiled
    links.changed.emit()
    workspace.layout_changed.emit()
    workspace.active_changed.emit()
