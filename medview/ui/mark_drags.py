"""Drawing marks with the mouse: in one drag, point by point, and by the grips of one that is there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF

from medview.app.mark_editing import begun, drawn_to, is_complete, moved, with_point
from medview.app.measurements import same_slice
from medview.app.tools import Tool
from medview.app.view_transform import Point
from medview.core.mark_shapes import drawn_outline
from medview.core.measurement import POINTS_OF_KIND, Measurement, MeasurementKind
from medview.ui.measurement_items import GRIP_REACH, Hit

if TYPE_CHECKING:
    from medview.ui.viewport import ViewportWidget

CLICK_REACH = 4.0
"""Px that a hand may slip during a click."""

KIND_OF_TOOL: Mapping[Tool, MeasurementKind] = {
    Tool.RULER: "ruler",
    Tool.POLYLINE: "polyline",
    Tool.ANGLE: "angle",
    Tool.COBB: "cobb",
    Tool.BIDIRECTIONAL: "bidirectional",
    Tool.ELLIPSE: "ellipse",
    Tool.RECTANGLE: "rectangle",
    Tool.POLYGON: "polygon",
    Tool.FREEHAND: "freehand",
    Tool.POINT: "point",
    Tool.ARROW: "arrow",
    Tool.TEXT: "text",
    Tool.CALIBRATION: "calibration",
}
POINTWISE: frozenset[MeasurementKind] = frozenset({"polyline", "polygon", "angle", "cobb"})
"""Kinds that are set point by point."""


def image_point(widget: ViewportWidget, at: QPointF) -> Point:
    """The image point under a place of the viewport, at most on the picture's edge."""
    x, y = widget.transform.screen_to_image(at.x(), at.y())
    rows, columns = widget.transform.shape
    return (min(max(x, -0.5), columns - 0.5), min(max(y, -0.5), rows - 0.5))


def _new_mark(widget: ViewportWidget, kind: MeasurementKind, at: QPointF) -> Measurement:
    place = widget.place()
    assert place is not None
    mark = Measurement(widget.workspace.measurements.new_id(), kind, place, ())
    return begun(mark, image_point(widget, at))


class NewMarkDrag:
    """A mark from press to release; of a click that did not move only points and words are kept."""

    def __init__(self, widget: ViewportWidget, kind: MeasurementKind, at: QPointF) -> None:
        self._widget = widget
        self._start = self._last = at
        self._mark = _new_mark(widget, kind, at)

    def move(self, at: QPointF) -> None:
        if self._mark.kind == "freehand" and (at - self._last).manhattanLength() < 1:
            return
        self._last = at
        point, shown = image_point(self._widget, at), self._widget.shown
        assert shown is not None
        self._mark = drawn_to(self._mark, point, shown.pixel_mm)
        self._widget.set_draft(self._mark)

    def end(self, at: QPointF) -> None:
        self.move(at)
        self._widget.set_draft(None)
        mark, far = self._mark, (at - self._start).manhattanLength() >= CLICK_REACH
        if mark.kind == "freehand":
            transform = self._widget.transform
            mark = replace(mark, points=drawn_outline(mark.points, transform.pixel_mm, transform.scale))
            far = len(mark.points) >= POINTS_OF_KIND["freehand"][0]
        if far or POINTS_OF_KIND[mark.kind] == (1, 1):
            self._widget.marking.take(mark)

    def cancel(self) -> None:
        self._widget.set_draft(None)


class Sketch:
    """A mark that is set point by point: by clicks, by drags, or by both; its last point follows the pointer.

    It ends by itself when it has all its points; a path and a polygon by a double-click, Enter or the right button, a polygon
    also by a click on its first point.
    """

    def __init__(self, widget: ViewportWidget, kind: MeasurementKind, at: QPointF) -> None:
        self._widget = widget
        self._pressed = at
        self._closing = False
        self._down = True
        self.mark = _new_mark(widget, kind, at)
        self.done = False

    @property
    def is_here(self) -> bool:
        """Whether the slice that it lies on is the one shown."""
        place = self._widget.place()
        return place is not None and same_slice(place, self.mark.place)

    def press(self, at: QPointF) -> None:
        """Set the point that followed the pointer."""
        self._pressed, self._down = at, True
        first = self._widget.transform.image_to_screen(*self.mark.points[0])
        near_first = math.dist(first, at.toTuple()) <= GRIP_REACH
        if self.mark.kind == "polygon" and len(self.mark.points) > 3 and near_first:
            self.finish()
            return
        self.move(at)
        if is_complete(self.mark):
            self._closing = True
        else:
            self._add_point(at)

    def move(self, at: QPointF) -> None:
        """Let the last point follow."""
        if not self.done and self.is_here:
            self.mark = replace(self.mark, points=(*self.mark.points[:-1], image_point(self._widget, at)))
            self._widget.set_draft(self.mark)

    def end(self, at: QPointF) -> None:
        """The button is up: a drag has set one more point."""
        self._down = False
        if self.done:
            return
        self.move(at)
        dragged = (at - self._pressed).manhattanLength() >= CLICK_REACH
        if self._closing or (dragged and is_complete(self.mark)):
            self._keep(self.mark)
        elif dragged:
            self._add_point(at)

    def _add_point(self, at: QPointF) -> None:
        self.mark = replace(self.mark, points=(*self.mark.points, image_point(self._widget, at)))
        self._widget.set_draft(self.mark)

    def take_back(self) -> None:
        """Take the last point that was set back; with the first one the whole mark."""
        if len(self.mark.points) <= 2:
            self.cancel()
            return
        self.mark = replace(self.mark, points=(*self.mark.points[:-2], self.mark.points[-1]))
        self._widget.set_draft(self.mark)

    def finish(self) -> None:
        """End it with the points that were set, if they are enough."""
        points = self.mark.points[:-1]
        while len(points) > 1 and math.dist(points[-1], points[-2]) < 1e-9:
            points = points[:-1]  # both presses of a double-click
        if len(points) >= POINTS_OF_KIND[self.mark.kind][0]:
            self._keep(replace(self.mark, points=points))

    def _keep(self, mark: Measurement) -> None:
        self.done = True
        self._widget.set_draft(None)
        self._widget.marking.take(mark)

    def cancel(self) -> None:
        """Drop it."""
        self.done = True
        self._widget.set_draft(None)


class MarkDrag:
    """Moves a mark, or one of its grips; one change in the document, at the release."""

    def __init__(self, widget: ViewportWidget, hit: Hit, at: QPointF) -> None:
        self._widget, self._grip = widget, hit.grip
        mark = widget.workspace.measurements.get(hit.mark_id)
        assert mark is not None
        if len(mark.points) == 1:
            self._grip = None
        self._before = self._mark = mark
        self._start = widget.transform.screen_to_image(at.x(), at.y())

    def move(self, at: QPointF) -> None:
        x, y = self._widget.transform.screen_to_image(at.x(), at.y())
        dx, dy = x - self._start[0], y - self._start[1]
        shown = self._widget.shown
        if self._grip is None or shown is None:
            self._mark = moved(self._before, dx, dy)
        else:
            self._mark = with_point(self._before, self._grip, (x, y), shown.pixel_mm)
        self._widget.set_draft(self._mark)

    def end(self, at: QPointF) -> None:
        x, y = self._widget.transform.screen_to_image(at.x(), at.y())
        if math.dist((x, y), self._start) > 0:
            self.move(at)
        self._widget.set_draft(None)
        self._widget.workspace.measurements.replace(self._mark)

    def cancel(self) -> None:
        self._widget.set_draft(None)
