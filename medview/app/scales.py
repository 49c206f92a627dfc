"""Which other numbers a viewport tells beside its values (SUV, real-world values …): the file's default or the reader's choice."""

from __future__ import annotations

from dataclasses import dataclass

from medview.app.viewport_state import ViewportState, ViewportView
from medview.core.measurement import RegionStatistics
from medview.core.study import Stack
from medview.core.value_scale import ValueScale


@dataclass(frozen=True, slots=True)
class Scaled:
    """A number in a scale: what it is called, how much, in which unit; ``instead`` of the value itself where both are one."""

    label: str
    value: float
    unit: str
    instead: bool = False


def default_scale(stack: Stack | None) -> ValueScale | None:
    """The scale that is told without being asked for."""
    return next((scale for scale in stack.scales if scale.by_default), None) if stack is not None else None


def shown_scale(view: ViewportView) -> ValueScale | None:
    """The scale that a viewport tells: the reader's choice, else the default one; None for none."""
    stack = view.stack
    if stack is None or view.scale_id is None:
        return default_scale(stack)
    return next((scale for scale in stack.scales if scale.id == view.scale_id), None)


def suv_scale(view: ViewportView) -> ValueScale | None:
    """The SUV that windows and their presets are told in; None where the viewport tells none."""
    scale = shown_scale(view)
    return scale if scale is not None and scale.id.startswith("suv_") else None


def choose_scale(state: ViewportState, scale_id: str) -> None:
    """Tell another scale beside the values; "" for none."""
    state.update(scale_id=scale_id)


def next_scale(state: ViewportState) -> None:
    """Go on to the next scale of the stack, after the last one to none."""
    stack = state.stack
    if stack is None or not stack.scales:
        return
    ids = [scale.id for scale in stack.scales] + [""]
    now = shown_scale(state.view)
    at = ids.index(now.id if now is not None else "")
    choose_scale(state, ids[(at + 1) % len(ids)])


def scaled(scale: ValueScale | None, value: float, frame: int) -> Scaled | None:
    """A modality value of a frame (index into the stack's frames) in a scale; None where there is no number for it."""
    number = scale.of(value, frame) if scale is not None else None
    if scale is None or number is None:
        return None
    return Scaled(scale.label, number, scale.unit, not scale.table and scale.line(frame) == (1.0, 0.0))


def scaled_statistics(
    scale: ValueScale | None, statistics: RegionStatistics | None, frame: int | None
) -> RegionStatistics | None:
    """Statistics of a region in a scale; None where the region's frames have several, or values outside of its range.

    ``frame`` is None on cuts, which mix frames.
    """
    if scale is None or statistics is None or scale.table or (frame is None and len(scale.slopes) > 1):
        return None
    slope, intercept = scale.line(frame or 0)
    if (slope, intercept) == (1.0, 0.0) or not scale.low <= statistics.minimum <= statistics.maximum <= scale.high:
        return None
    ends = sorted((statistics.minimum * slope + intercept, statistics.maximum * slope + intercept))
    mean = statistics.mean * slope + intercept
    return RegionStatistics(statistics.count, mean, statistics.sd * abs(slope), ends[0], ends[1])
