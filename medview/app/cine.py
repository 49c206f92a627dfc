"""Playing the images (or time points) of a viewport: at the file's rate or faster, round and round or to and fro."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psygnal import Signal

from medview.app import reading

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace

USUAL_FRAME_MS = 66.0
"""Fifteen images a second where the file says nothing."""
SHORTEST_MS = 10.0
LONGEST_MS = 10_000.0
SPEED_STEP = 1.25
MOST_DUE = 8
"""Steps that are made up for at most, where drawing was slower than the images should follow each other."""


@dataclass(eq=False)
class Reel:
    """What plays in one viewport."""

    state: ViewportState
    forward: bool = True
    rest_ms: float = 0.0


class Cine:
    """Plays one viewport, or several at once, each at its own file's rate. ``changed`` after start, stop, another speed or way."""

    changed = Signal()

    def __init__(self) -> None:
        self._reels: list[Reel] = []
        self.sweep = False
        """To and fro, instead of from the beginning again."""
        self.factor = 1.0
        """On the file's rate."""

    @property
    def state(self) -> ViewportState | None:
        """The viewport that plays, the first of several."""
        return self._reels[0].state if self._reels else None

    @property
    def is_playing(self) -> bool:
        """Whether images move."""
        return bool(self._reels)

    @property
    def plays_several(self) -> bool:
        """Whether images move in more than one viewport by themselves."""
        return len(self._reels) > 1

    def plays(self, state: ViewportState) -> bool:
        """Whether a viewport is one that plays."""
        return any(reel.state is state for reel in self._reels)

    @property
    def interval_ms(self) -> float:
        """From one image to the next, in the viewport that plays fastest."""
        return min((self.interval_of(reel.state) for reel in self._reels), default=self.interval_of(None))

    def interval_of(self, state: ViewportState | None) -> float:
        """From one image to the next in a viewport."""
        stack = state.stack if state is not None else None
        told = stack.context.frame_time_ms if stack is not None else None
        return min(max((told or USUAL_FRAME_MS) / self.factor, SHORTEST_MS), LONGEST_MS)

    @property
    def rate(self) -> float:
        """Images a second, in the viewport that plays fastest."""
        return 1000 / self.interval_ms

    def rate_of(self, state: ViewportState) -> float:
        """Images a second in a viewport."""
        return 1000 / self.interval_of(state)

    def toggle(self, state: ViewportState) -> None:
        """Start in a viewport, or stop."""
        if self.is_playing:
            self.stop()
        else:
            self.play((state,))

    def play(self, states: Sequence[ViewportState]) -> None:
        """Play in all of these that have more than one image; nothing happens where none has."""
        found = [state for state in states if _can_play(state)]
        if not found:
            return
        self._reels, self.factor = [Reel(state) for state in found], 1.0
        self.changed.emit()

    def stop(self) -> None:
        """Stand still."""
        self._reels = []
        self.changed.emit()

    def toggle_sweep(self) -> None:
        """To and fro, or round and round."""
        self.sweep = not self.sweep
        for reel in self._reels:
            reel.forward = True
        self.changed.emit()

    def faster(self, steps: int) -> None:
        """Faster, or slower where ``steps`` is negative."""
        if self.is_playing:
            self.factor = min(max(self.factor * SPEED_STEP**steps, 0.05), 20.0)
            self.changed.emit()

    def elapsed(self, milliseconds: float) -> int:
        """So much time has gone by: make the steps that are due, so that each rate is kept; how many were made."""
        made = 0
        for reel in tuple(self._reels):
            interval = self.interval_of(reel.state)
            reel.rest_ms += milliseconds
            due = int(reel.rest_ms / interval)
            reel.rest_ms -= due * interval
            due = min(due, MOST_DUE)
            for _ in range(due):
                self._step(reel)
            made += due
        return made

    def step(self) -> None:
        """Go one image on, in each viewport that plays."""
        for reel in tuple(self._reels):
            self._step(reel)

    def _step(self, reel: Reel) -> None:
        state = reel.state
        if state.stack is None:
            self._reels = [one for one in self._reels if one is not reel]
            self.changed.emit()
            return
        over_time = state.stack.timepoints > 1
        at, count = self._place(state)
        if count < 2:
            return
        if self.sweep:
            if (reel.forward and at >= count - 1) or (not reel.forward and at <= 0):
                reel.forward = not reel.forward
            step = 1 if reel.forward else -1
        else:
            step = 1
        if over_time:
            reading.step_time(state, step, round_again=not self.sweep)
        elif at + step < count:
            reading.scroll_to(state, at + step)
        else:
            reading.first_slice(state)

    @staticmethod
    def _place(state: ViewportState) -> tuple[int, int]:
        """Where it is along what is played, and how many there are."""
        active, stack = reading.active_dimension(state), state.stack
        if active is None or stack is None:
            return state.slice_index, state.slice_count
        steps = stack.steps_of_time(min(state.view.time, stack.timepoints - 1))
        return steps[active], len(stack.named_dimensions[active].labels)


def _can_play(state: ViewportState) -> bool:
    stack = state.stack
    return stack is not None and max(state.slice_count, stack.timepoints) >= 2


def toggle_all(workspace: Workspace) -> None:
    """Play in every viewport on the screen, or stop; those that another one takes along are moved by it alone."""
    cine, links = workspace.cine, workspace.links
    if cine.is_playing:
        cine.stop()
        return
    leaders: list[int] = []
    for index in workspace.visible_indices:
        if not any(links.follows(index, leader) for leader in leaders) and _can_play(workspace.viewports[index]):
            leaders.append(index)
    cine.play([workspace.viewports[index] for index in leaders])
