"""Grips on the box of the finding that is selected: the reader pulls it right on its own slices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QPen

from medview.app.box_correction import drawn_findings, pulled
from medview.app.decisions import VoxelBox, decision_key
from medview.app.finding_outline import finding_outline
from medview.app.results import result_key
from medview.app.tools import PAINT_TOOLS
from medview.ui.measurement_items import GRIP_REACH
from medview.ui.viewport_style import AI_CYAN

if TYPE_CHECKING:
    from medview.core.finding import Finding, InferenceResult
    from medview.ui.canvas import Canvas
    from medview.ui.viewport import ViewportWidget

Side = tuple[int, int]
SIDES: tuple[Side, ...] = ((-1, -1), (0, -1), (1, -1), (1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0))
_HALF = 3.5


class BoxGrips:
    """The box that is selected in one viewport, and the one that is being pulled."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self.drafts: dict[str, VoxelBox] = {}
        """The box while it is pulled, by `decision_key`."""

    def findings(self) -> list[tuple[InferenceResult, tuple[Finding, ...]]]:
        """Findings to draw."""
        widget = self._widget
        stack = widget.state.stack
        geometry = stack.geometry if stack is not None else None
        return drawn_findings(widget.workspace, widget.results(), self.drafts, geometry)

    def selected(self) -> tuple[InferenceResult, Finding] | None:
        """The selected finding, where it lies on the acquired slice that is shown."""
        widget = self._widget
        shown, stack = widget.shown, widget.state.stack
        if shown is None or stack is None or shown.plane_kind != "acquired" or widget.still:
            return None
        key, wanted = widget.workspace.selected_finding
        if not wanted or widget.workspace.tools.tool in PAINT_TOOLS:
            return None
        for result, findings in self.findings():
            if result_key(result) == key:
                found = next((one for one in findings if one.id == wanted), None)
                if found is not None and finding_outline(found, shown, stack.geometry):
                    return result, found
        return None

    def _places(self, finding: Finding) -> list[tuple[Side, QPointF]]:
        (_k0, y0, x0), (_k1, y1, x1) = finding.box_voxel
        across, down = {-1: x0, 0: (x0 + x1) / 2, 1: x1}, {-1: y0, 0: (y0 + y1) / 2, 1: y1}
        to_screen = self._widget.transform.image_to_screen
        return [((sx, sy), QPointF(*to_screen(across[sx], down[sy]))) for sx, sy in SIDES]

    def at(self, at: QPointF) -> Side | None:
        """The grip under the pointer."""
        chosen = self.selected()
        if chosen is None:
            return None
        near = [(math.dist(at.toTuple(), place.toTuple()), side) for side, place in self._places(chosen[1])]
        distance, side = min(near)
        return side if distance <= GRIP_REACH else None

    def press(self, at: QPointF) -> BoxDrag | None:
        """Take the grip under the pointer."""
        chosen, side = self.selected(), self.at(at)
        return None if chosen is None or side is None else BoxDrag(self._widget, self, *chosen, side)

    def draw(self, canvas: Canvas) -> None:
        """Draw the grips."""
        chosen = self.selected()
        if chosen is None:
            return
        canvas.painter.setPen(QPen(QColor(0, 0, 0, 200), 1))
        canvas.painter.setBrush(AI_CYAN)
        for _side, place in self._places(chosen[1]):
            canvas.painter.drawRect(QRectF(place.x() - _HALF, place.y() - _HALF, 2 * _HALF, 2 * _HALF))


class BoxDrag:
    """A border or a corner of a box follows the pointer; the end is a decision of the reader, one step."""

    def __init__(
        self, widget: ViewportWidget, grips: BoxGrips, result: InferenceResult, finding: Finding, side: Side
    ) -> None:
        self._widget, self._grips, self._result, self._finding, self._side = widget, grips, result, finding, side
        self._key = decision_key(result, finding)
        self._moved = False

    def move(self, at: QPointF) -> None:
        stack = self._widget.state.stack
        if stack is None:
            return
        x, y = self._widget.transform.screen_to_image(at.x(), at.y())
        self._grips.drafts[self._key] = pulled(self._finding.box_voxel, self._side, x, y, stack.shape)
        self._moved = True
        self._widget.update()

    def end(self, at: QPointF) -> None:
        if self._moved:
            self.move(at)
        box = self._grips.drafts.pop(self._key, None)
        if box is not None:
            self._widget.workspace.decisions.decide(self._result, self._finding, box=box)
        self._widget.touch()

    def cancel(self) -> None:
        self._grips.drafts.pop(self._key, None)
        self._widget.update()
