"""Millimetres from a line whose length the reader knows: the last calibration line on a file holds for its frames."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

from medview.app.shown_slice import ShownSlice
from medview.core.measurement import Measurement, MeasurementPlace

if TYPE_CHECKING:
    from medview.app.measurements import Measurements


def can_be_calibrated(shown: ShownSlice) -> bool:
    """Whether a known line may say what a mm is: not where the patient's geometry or the machine's regions do."""
    return shown.plane_kind == "acquired" and not shown.regions and shown.measure_kind != "patient"


class Calibrations:
    """The calibration lines among a reader's marks."""

    def __init__(self, measurements: Measurements) -> None:
        self._measurements = measurements
        self._known: dict[str, dict[Hashable, Measurement]] = {}
        measurements.changed.connect(self._forget)

    def _forget(self, stack_id: str) -> None:
        self._known.pop(stack_id, None)

    def line(self, place: MeasurementPlace) -> Measurement | None:
        """The line that holds at a place; None where there is none."""
        if place.plane != "acquired":
            return None
        if place.stack_id not in self._known:
            marks = self._measurements.of(place.stack_id)
            self._known[place.stack_id] = {_file_of(m.place): m for m in marks if m.kind == "calibration"}
        return self._known[place.stack_id].get(_file_of(place))

    def applied(self, shown: ShownSlice, place: MeasurementPlace) -> ShownSlice:
        """The slice with the reader's mm, or as it is."""
        return calibrated(shown, self.line(place))


def calibrated(shown: ShownSlice, line: Measurement | None) -> ShownSlice:
    """The slice with the mm that a known ``line`` says, or as it is."""
    if line is None or not line.known_mm or not can_be_calibrated(shown):
        return shown
    (x0, y0), (x1, y1) = line.points
    down, across = shown.pixel_mm
    drawn = math.hypot((x1 - x0) * across, (y1 - y0) * down)
    if drawn <= 0:
        return shown
    factor = line.known_mm / drawn
    return replace(shown, measure_mm=(down * factor, across * factor), measure_kind="by_reader")


def _file_of(place: MeasurementPlace) -> Hashable:
    return place.sop_uid or (place.k, place.time)
