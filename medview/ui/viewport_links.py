"""Where other viewports are seen in one: the line of the active slice, and the crosshair."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPointF
from PySide6.QtGui import QColor, QPen

from medview.app.linking import frame_of_reference, reference_line
from medview.ui.canvas import Canvas
from medview.ui.viewport_style import ACCENT

if TYPE_CHECKING:
    from medview.app.shown_slice import ShownSlice
    from medview.app.view_transform import ViewTransform
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace

_HALO = QPen(QColor(0, 0, 0), 2.4)
"""Opaque: a line across a viewport that is mixed with what lies below takes Qt a quarter of a millisecond."""
_CROSSHAIR = QColor(255, 140, 90)
_GAP = 14.0
"""Px around the point that the crosshair leaves free: what is pointed at must be seen."""


def draw_links(
    canvas: Canvas, workspace: Workspace, state: ViewportState, shown: ShownSlice, transform: ViewTransform
) -> None:
    """Draw the reference line and the crosshair where they lie on this slice."""
    reference = frame_of_reference(state)
    if shown.plane is None or not reference:
        return
    active = workspace.active_viewport
    way = workspace.registrations.way(active, state)
    if (
        workspace.links.reference_lines
        and active is not state
        and active in workspace.viewports
        and not workspace.maximised
        and way is not None
        and not {active.view.plane_kind, state.view.plane_kind} & {"turning", "solid", "curved"}
        and not _crossed(workspace, state, active)
    ):
        other = active.shown()
        line = None if other is None else reference_line(shown, other, way)
        if line is not None:
            a, b = (QPointF(*transform.image_to_screen(float(x), float(y))) for x, y in line)
            _lines(canvas, [QLineF(a, b)], ACCENT)
    point = workspace.links.crosshair_in(state)
    if point is not None:
        x, y, distance = shown.plane.patient_to_plane(point)
        rows, columns = shown.shape
        if not (-0.5 <= x <= columns - 0.5 and -0.5 <= y <= rows - 0.5) or abs(distance) > _reach(state, shown):
            return
        at_x, at_y = (math.floor(at) + 0.5 for at in transform.image_to_screen(float(x), float(y)))
        _lines(
            canvas,
            [
                QLineF(0, at_y, at_x - _GAP, at_y),
                QLineF(at_x + _GAP, at_y, canvas.width, at_y),
                QLineF(at_x, 0, at_x, at_y - _GAP),
                QLineF(at_x, at_y + _GAP, at_x, canvas.height),
            ],
            _CROSSHAIR,
        )


def _crossed(workspace: Workspace, state: ViewportState, active: ViewportState) -> bool:
    """Whether the active plane's line is there already, as one that can be turned."""
    planes, viewports = workspace.planes, workspace.viewports
    return planes.visible and state in viewports and viewports.index(active) in planes.members(viewports.index(state))


def _reach(state: ViewportState, shown: ShownSlice) -> float:
    """How far (mm) from a slice a point may lie to be on it: half the way to the next one, and a hair."""
    geometry = None if state.stack is None else state.stack.geometry
    step = geometry.spacing[0] if geometry is not None and shown.plane_kind == "acquired" else min(shown.pixel_mm)
    return step / 2 + 1e-3 + 0.5 * min(shown.pixel_mm)


def _lines(canvas: Canvas, lines: list[QLineF], colour: QColor) -> None:
    for pen in (_HALO, QPen(colour, 1.2)):
        canvas.painter.setPen(pen)
        canvas.painter.drawLines(lines)
