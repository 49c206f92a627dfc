"""Time-intensity curves: what regions on a slice say at each time point, read frame by frame so that no volume is needed."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from medview.app import reading
from medview.app.scales import shown_scale
from medview.core import mark_shapes
from medview.core.measurement import REGION_KINDS, Measurement, RegionStatistics, statistics_of
from medview.core.problem import MedviewError
from medview.core.volume import ModalityTransform, Volume

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState
    from medview.core.progress import Progress
    from medview.core.study import Stack
    from medview.core.value_scale import ValueScale

_LUMA = np.array([0.299, 0.587, 0.114])
"""Grey of a colour picture (ITU-R BT.601): curves of contrast ultrasound are of its brightness."""


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """What a curve runs along: frames (index into the stack's) and their places in ``unit``, "" where they are counted."""

    name: str
    unit: str
    frames: tuple[int, ...]
    places: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TimeCurves:
    """``rows``: for each place of the axis what each region says, None where its frame cannot be read."""

    axis: TimeAxis
    names: tuple[str, ...]
    unit: str
    rows: tuple[tuple[RegionStatistics | None, ...], ...]
    failed: int = 0
    """Frames that could not be read."""

    def as_csv(self) -> str:
        """A table with a line for each place: mean, SD, minimum, maximum and count of each region."""
        out = io.StringIO()
        place = f"{self.axis.name} [{self.axis.unit}]" if self.axis.unit else self.axis.name
        unit = f" [{self.unit}]" if self.unit else ""
        heads = [
            f"{name} {what}"
            for name in self.names
            for what in (f"mean{unit}", f"SD{unit}", f"min{unit}", f"max{unit}", "n")
        ]
        out.write(",".join(_quoted(head) for head in (place, *heads)) + "\n")
        for at, row in zip(self.axis.places, self.rows, strict=True):
            cells = [f"{at:.10g}"]
            for one in row:
                figures = (
                    ("", "", "", "", "") if one is None else (one.mean, one.sd, one.minimum, one.maximum, one.count)
                )
                cells += [f"{figure:.10g}" if figure != "" else "" for figure in figures]
            out.write(",".join(cells) + "\n")
        return out.getvalue()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in ',"\n') else text


def axis_of(state: ViewportState) -> TimeAxis | None:
    """What a curve on the slice shown would run along; None where there is one image only or a cut is shown.

    The dimension that keys move, at the steps of the others that are shown; of a loop of frames without a place its frames, by the
    file's frame time in seconds.
    """
    stack, view = state.stack, state.view
    if stack is None or view.plane_kind != "acquired":
        return None
    slices = stack.shape[0]
    k = min(view.k, slices - 1)
    active = reading.active_dimension(state)
    if active is not None:
        dimension = stack.named_dimensions[active]
        steps = list(stack.steps_of_time(min(view.time, stack.timepoints - 1)))
        frames = []
        for step in range(len(dimension.labels)):
            steps[active] = step
            frames.append(stack.time_of_steps(tuple(steps)) * slices + k)
        places = [value for value in dimension.values if isinstance(value, (int, float))]
        if len(places) == len(frames) and all(b > a for a, b in itertools.pairwise(places)):
            return TimeAxis(dimension.name, dimension.unit, tuple(frames), tuple(float(one) for one in places))
        return TimeAxis(dimension.name, "", tuple(frames), tuple(float(n + 1) for n in range(len(frames))))
    if stack.geometry is None and slices > 1:
        told = stack.context.frame_time_ms
        places = [n * told / 1000 if told else float(n + 1) for n in range(slices)]
        return TimeAxis("time" if told else "frame", "s" if told else "", tuple(range(slices)), tuple(places))
    return None


def can_be_followed(state: ViewportState) -> bool:
    """Whether a curve can be made on the slice shown."""
    return axis_of(state) is not None


def measure_curves(
    stack: Stack,
    axis: TimeAxis,
    marks: Sequence[Measurement],
    names: Sequence[str],
    read: Callable[[int], NDArray[Any]],
    scale: ValueScale | None,
    progress: Progress,
) -> TimeCurves:
    """Read each frame of the axis once and measure all regions in it, in ``scale`` where there is one.

    ``read`` gives the stored values of a frame by its index. A frame that cannot be read leaves a gap.
    """
    regions = [mark for mark in marks if mark.kind in REGION_KINDS]
    rows: list[tuple[RegionStatistics | None, ...]] = []
    failed = 0
    for n, frame in enumerate(axis.frames):
        progress("curve", n, len(axis.frames))
        try:
            values, skipped = _values(stack, frame, read(frame), scale)
        except MedviewError:
            failed += 1
            rows.append((None,) * len(regions))
            continue
        shape = (values.shape[0], values.shape[1])
        rows.append(
            tuple(
                statistics_of(*mark_shapes.region_pixels(mark.kind, mark.points, shape), values, skipped)
                for mark in regions
            )
        )
    told = scale.unit if scale is not None else stack.unit or ""
    unit = "0\u2013255" if stack.components > 1 else "" if told == "stored" else told
    return TimeCurves(axis, tuple(names), unit, tuple(rows), failed)


def _values(
    stack: Stack, frame: int, stored: NDArray[Any], scale: ValueScale | None
) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    """Values of a frame in a scale, and which of its pixels hold none."""
    if stored.ndim == 3:
        return stored @ _LUMA, None
    transform = stack.transform.part(frame, frame + 1)
    if transform.lut is None and len(transform.slopes) > 1:
        transform = ModalityTransform(transform.slopes[:1], transform.intercepts[:1])
    volume = Volume(stored[None], transform, None, stack.unit, stack.padding, stack.inverted)
    values, skipped = volume.modality_slice(0), volume.padding_slice(0)
    if scale is None:
        return values, skipped
    outside = (values < scale.low) | (values > scale.high)
    slope, intercept = scale.line(frame)
    return values * slope + intercept, outside if skipped is None else skipped | outside


def scale_for_curves(state: ViewportState) -> ValueScale | None:
    """The scale that curves are told in: the one that the viewport tells beside its values, where it is a line."""
    scale = shown_scale(state.view)
    return None if scale is not None and scale.table else scale
