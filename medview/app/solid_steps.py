"""Changes of how a volume is seen in three dimensions as steps that can be taken back: look, surfaces, clipping box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from medview.app.history import Change
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.core.scene import SolidStyle

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace


@dataclass(frozen=True, eq=False)
class SolidChange:
    """Another style of the volume ``stack_id`` in the viewport ``index``."""

    index: int
    stack_id: str
    before: SolidStyle
    after: SolidStyle
    whole: bool = False
    """Whether it was done in one go, as a drag is: what comes after it is another step."""

    @property
    def title(self) -> str:
        """What was done."""
        if self.changed == {"box"}:
            return QT_TRANSLATE_NOOP("Step", "Clipping box")
        return QT_TRANSLATE_NOOP("Step", "Look in three dimensions")

    @property
    def changed(self) -> frozenset[str]:
        """Names of what is not as before."""
        names = (one.name for one in fields(SolidStyle))
        return frozenset(name for name in names if getattr(self.before, name) != getattr(self.after, name))

    def reversed(self) -> SolidChange:
        """The change that takes this one back."""
        return SolidChange(self.index, self.stack_id, self.after, self.before, self.whole)

    def joined(self, earlier: Change) -> Change | None:
        """A slider or a point that is pulled on and on is one step; a preset that is chosen is one of its own."""
        if not isinstance(earlier, SolidChange) or (earlier.index, earlier.stack_id) != (self.index, self.stack_id):
            return None
        if self.whole or earlier.whole or self.changed != earlier.changed or "preset" in self.changed:
            return None
        if (self.before.box is None) != (self.after.box is None) or _points(self.before) != _points(self.after):
            return None
        return SolidChange(self.index, self.stack_id, earlier.before, self.after)


def _points(style: SolidStyle) -> int:
    """Of the reader's own look."""
    return 0 if style.look is None else len(style.look.points)


def apply_solid(workspace: Workspace, change: SolidChange) -> None:
    """Bring a viewport to the style of a change while it still shows that volume."""
    states = workspace.all_viewports
    state = states[change.index] if change.index < len(states) else None
    if state is not None and state.stack is not None and state.stack.id == change.stack_id:
        state.update(solid=change.after)


def keep_solid(workspace: Workspace, state: ViewportState, before: SolidStyle, whole: bool = True) -> None:
    """What was changed of a viewport's style since ``before`` is a step that can be taken back."""
    after, stack = state.view.solid, state.stack
    states = workspace.all_viewports
    if stack is None or after == before or state not in states:
        return
    workspace.history.do(SolidChange(states.index(state), stack.id, before, after, whole))


def as_step(workspace: Workspace, state: ViewportState, action: Callable[[ViewportState], object]) -> None:
    """Do something to a viewport's style so that it can be taken back."""
    before = state.view.solid
    action(state)
    keep_solid(workspace, state, before, whole=False)
