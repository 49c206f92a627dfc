"""Playing the images (or time points) of a viewport: at the file's rate or faster, round and round or to and fro."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from medview.app import reading

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState

USUAL_FRAME_MS = 66.0
"""Fifteen images a second where the file says nothing."""
SHORTEST_MS = 10.0
LONGEST_MS = 10_000.0
SPEED_STEP = 1.25
MOST_DUE = 8
"""Steps that are made up for at most, where drawing was slower than the images should follow each other."""


class Cine:
    """One viewport plays at a time. ``changed`` after start, stop and another speed or way of playing."""

    changed = Signal()

    def __init__(self) -> None:
        self.state: ViewportState | None = None
        self.sweep = False
        """To and fro, instead of from the beginning again."""
        self.factor = 1.0
        """On the file's rate."""
        self._forward = True
        self._rest_ms = 0.0

    @property
    def is_playing(self) -> bool:
        """Whether images move."""
        return self.state is not None

    def plays(self, state: ViewportState) -> bool:
        """Whether a viewport is the one that plays."""
        return self.state is state

    @property
    def interval_ms(self) -> float:
        """From one image to the next."""
        stack = self.state.stack if self.state is not None else None
        told = stack.context.frame_time_ms if stack is not None else None
        return min(max((told or USUAL_FRAME_MS) / self.factor, SHORTEST_MS), LONGEST_MS)

    @property
    def rate(self) -> float:
        """Images a second."""
        return 1000 / self.interval_ms

    def toggle(self, state: ViewportState) -> None:
        """Start in a viewport, or stop."""
        if self.is_playing:
            self.stop()
            return
        stack = state.stack
        if stack is None or max(state.slice_count, stack.timepoints) < 2:
            return
        self.state, self.factor, self._forward, self._rest_ms = state, 1.0, True, 0.0
        self.changed.emit()

    def stop(self) -> None:
        """Stand still."""
        self.state = None
        self.changed.emit()

    def toggle_sweep(self) -> None:
        """To and fro, or round and round."""
        self.sweep = not self.sweep
        self._forward = True
        self.changed.emit()

    def faster(self, steps: int) -> None:
        """Faster, or slower where ``steps`` is negative."""
        if self.is_playing:
            self.factor = min(max(self.factor * SPEED_STEP**steps, 0.05), 20.0)
            self.changed.emit()

    def elapsed(self, milliseconds: float) -> int:
        """So much time has gone by: make the steps that are due, so that the rate is kept; how many were made."""
        self._rest_ms += milliseconds
        due = int(self._rest_ms / self.interval_ms)
        self._rest_ms -= due * self.interval_ms
        due = min(due, MOST_DUE)
        for _ in range(due):
            self.step()
        return due

    def step(self) -> None:
        """Go one image on."""
        state = self.state
        if state is None:
            return
        if state.stack is None:
            self.stop()
            return
        over_time = state.stack.timepoints > 1
        at, count = self._place(state)
        if count < 2:
            return
        if self.sweep:
            if (self._forward and at >= count - 1) or (not self._forward and at <= 0):
                self._forward = not self._forward
            step = 1 if self._forward else -1
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
