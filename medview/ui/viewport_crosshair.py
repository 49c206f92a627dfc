"""The lines of oblique planes in one another: how they are drawn, hit, moved and turned."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from medview.app.notices import images_place
from medview.app.oblique import turn_by_hand
from medview.app.shown_slice import sides_are_known
from medview.app.tools import DRAWING_TOOLS, PAINT_TOOLS, Tool
from medview.app.view_transform import orientation_matrix
from medview.core.geometry import FloatArray
from medview.ui.viewport_cube import draw_cube

if TYPE_CHECKING:
    from medview.app.oblique import PlaneLine
    from medview.ui.canvas import Canvas
    from medview.ui.viewport import ViewportWidget
    from medview.ui.viewport_mouse import Drag

COLOURS = (QColor(232, 128, 112), QColor(126, 200, 132), QColor(120, 164, 240))
"""Of the planes in their order: muted, told apart by the colour-blind by their brightness and by their places too."""
_HALO = QColor(0, 0, 0, 150)
GAP = 16.0
"""Px around the crossing that the lines leave free: what is looked at must be seen."""
CENTRE_REACH = 12.0
LINE_REACH = 5.0
HANDLE_REACH = 9.0
HANDLE_AT = 0.36
"""Where the handles lie, as a share of the viewport's shorter side, from the crossing."""

CUBE_FOOT = 64.0
"""Px that the cube leaves free for the corner's words."""

_PLACELESS = frozenset({Tool.WINDOW, Tool.WINDOW_BOX, Tool.PAN, Tool.ZOOM, Tool.SCROLL, Tool.ROTATE, Tool.MAGNIFIER})
"""Tools that need no place in the patient."""
Part = Literal["centre", "line", "handle"]


@dataclass(frozen=True, slots=True)
class Grip:
    """What of the crosshair is under the pointer: the crossing, or the line or a handle of the plane of viewport ``of``."""

    part: Part
    of: int = -1


class ViewportCrosshair:
    """The crosshair of one viewport."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self.grip: Grip | None = None
        """What of it is under the pointer, or in the hand."""

    @property
    def index(self) -> int:
        """Which viewport of the layout it is in; -1 in none."""
        widget = self._widget
        viewports = widget.workspace.viewports
        return viewports.index(widget.state) if widget.state in viewports else -1

    def follows(self, index: int) -> bool:
        """Whether the plane of viewport ``index`` has a line here."""
        own = self.index
        return own >= 0 and index != own and index in self._widget.workspace.planes.members(own)

    def lines(self) -> list[PlaneLine]:
        """The other planes' lines here; none while they are hidden."""
        widget, planes = self._widget, self._widget.workspace.planes
        if widget.state.view.plane_kind != "oblique" or not planes.visible or widget.still:
            return []
        shown, index = widget.shown, self.index
        return [] if shown is None or index < 0 else planes.lines(index, shown)

    # ------------------------------------------------------------------ where

    def _crossing(self, line: PlaneLine) -> QPointF:
        return QPointF(*self._widget.transform.image_to_screen(*line.centre))

    def _direction(self, line: PlaneLine) -> QPointF:
        """Unit vector on the screen."""
        transform = self._widget.transform
        mm_y, mm_x = transform.pixel_mm
        x, y = transform.matrix[:, :2] @ np.array([line.direction[0] / mm_x, line.direction[1] / mm_y])
        length = math.hypot(x, y)
        return QPointF(float(x) / length, float(y) / length)

    def handles(self, line: PlaneLine) -> tuple[QPointF, QPointF]:
        """Where a line is taken to turn it."""
        widget = self._widget
        at, along = self._crossing(line), self._direction(line)
        reach = HANDLE_AT * min(widget.width(), widget.height())
        return at + along * reach, at - along * reach

    def hit(self, at: QPointF) -> Grip | None:
        """What is under a screen point; nothing while a tool draws, which must be able to draw across the lines."""
        if self._widget.workspace.tools.tool in DRAWING_TOOLS | PAINT_TOOLS | {Tool.PROMPT}:
            return None
        lines = self.lines()
        if lines and math.dist(self._crossing(lines[0]).toTuple(), at.toTuple()) <= CENTRE_REACH:
            return Grip("centre")
        for line in lines:
            if any(math.dist(handle.toTuple(), at.toTuple()) <= HANDLE_REACH for handle in self.handles(line)):
                return Grip("handle", line.of)
        for line in lines:
            along, from_ = self._direction(line), at - self._crossing(line)
            if abs(from_.x() * along.y() - from_.y() * along.x()) <= LINE_REACH:
                return Grip("line", line.of)
        return None

    def hovers(self, at: QPointF) -> bool:
        """Whether what of the crosshair is under the pointer is another part than before."""
        before, self.grip = self.grip, self.hit(at)
        return before != self.grip

    def press(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> Drag | None:
        """What a press of the left button at a point begins; None where it means the tool.

        A projection that can be turned is turned with the tool that windows, and windowed with Ctrl.
        """
        widget = self._widget
        kind = widget.state.view.plane_kind
        pressed = widget.solid.press(at, modifiers) if kind == "solid" else None
        if pressed is not None:
            return pressed
        if kind in {"turning", "solid"}:
            windows = widget.workspace.tools.tool in {Tool.WINDOW, Tool.ROTATE}
            if windows and not modifiers & Qt.KeyboardModifier.ControlModifier:
                return TurnProjectionDrag(widget, at)
            return None
        self.grip = grip = self.hit(at)
        if grip is None:
            return None
        if grip.part == "handle":
            return TurnDrag(self._widget, grip.of, at)
        return MoveDrag(self._widget, grip.of if grip.part == "line" else None, at)

    def refuses(self, tool: Tool) -> bool:
        """Whether a tool needs a place in the patient where there is none: on a projection of everything. It is said."""
        widget = self._widget
        kind = widget.state.view.plane_kind
        if kind not in {"turning", "solid"} or tool in _PLACELESS:
            return False
        text = "What is seen on a projection of everything has no depth: mark and measure it in a plane or a slab."
        widget.workspace.tell("projection_no_place", text, severity="warning", place=images_place(widget.state.stack))
        return True

    def cursor(self) -> Qt.CursorShape:
        """The hand over what can be taken."""
        return {
            "centre": Qt.CursorShape.SizeAllCursor,
            "line": Qt.CursorShape.OpenHandCursor,
            "handle": Qt.CursorShape.PointingHandCursor,
        }[self.grip.part if self.grip is not None else "centre"]

    # ------------------------------------------------------------------ drawing

    def draw(self, canvas: Canvas) -> None:
        """The lines with their handles, and along the top the colour that this plane has in the others."""
        widget = self._widget
        view = widget.state.view
        known = view.stack is not None and sides_are_known(view.stack)
        if view.plane_kind in {"turning", "solid"} and view.axes is not None and known:
            draw_cube(canvas, view.axes, orientation_matrix(view.rotation, view.flip), CUBE_FOOT)
        lines = self.lines()
        if not lines:
            return
        painter = canvas.painter
        order = widget.workspace.planes.order
        grip = self.grip if widget.mouse.position is not None else None
        reach = math.hypot(canvas.width, canvas.height)
        for line in lines:
            colour = COLOURS[order(line.of) % len(COLOURS)]
            crossing, along = self._crossing(line), self._direction(line)
            held = grip is not None and grip.of == line.of
            parts = [
                QLineF(crossing + along * GAP, crossing + along * reach),
                QLineF(crossing - along * GAP, crossing - along * reach),
            ]
            for pen in (QPen(_HALO, 3), QPen(colour, 1.8 if held else 1.2)):
                painter.setPen(pen)
                painter.drawLines(parts)
            self._draw_slab(painter, line, colour, crossing, along, reach)
            for handle in self.handles(line):
                painter.setPen(QPen(_HALO, 3))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(handle, 5.5, 5.5)
                painter.setPen(QPen(colour, 1.6))
                painter.setBrush(colour if held and grip is not None and grip.part == "handle" else QColor(0, 0, 0, 90))
                painter.drawEllipse(handle, 5.5, 5.5)
        own = COLOURS[order(self.index) % len(COLOURS)]
        painter.fillRect(QRectF(0, 0, canvas.width, 2), own)

    def _draw_slab(
        self, painter: QPainter, line: PlaneLine, colour: QColor, crossing: QPointF, along: QPointF, reach: float
    ) -> None:
        """How thick the slab of a plane is, dashed on both sides of its line."""
        half = line.thickness_mm / 2 * self._widget.transform.scale
        if half < 2:
            return
        aside = QPointF(-along.y(), along.x()) * half
        pen = QPen(QColor(colour.red(), colour.green(), colour.blue(), 170), 1, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        for side in (aside, -aside):
            painter.drawLine(QLineF(crossing + side + along * reach, crossing + side - along * reach))


class _PlaneDrag:
    """What moving and turning share: the planes before, one step at the end, all back where it is cancelled."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        self._widget = widget
        self._planes = widget.workspace.planes
        self._index = widget.crosshair.index
        self._before = self._planes.poses(self._index)
        self._centre = self._planes.centre(self._index)
        self._start = self._point(at)

    def _point(self, at: QPointF) -> FloatArray:
        """LPS mm under a screen point; the plane itself does not move while it is dragged in."""
        shown = self._widget.shown
        assert shown is not None
        assert shown.plane is not None
        return shown.plane.plane_to_patient(self._widget.transform.screen_to_image(at.x(), at.y()))

    def _normal(self) -> FloatArray:
        shown = self._widget.shown
        assert shown is not None
        assert shown.plane is not None
        return shown.plane.normal

    def move(self, at: QPointF) -> None:
        """Overridden."""

    def end(self, at: QPointF) -> None:
        """One step of the history."""
        self.move(at)
        self._planes.keep(self._index, self._before)
        self._widget.touch()

    def cancel(self) -> None:
        """As it was."""
        self._planes.take_back(self._before)


class MoveDrag(_PlaneDrag):
    """The crossing follows the pointer, or one line does, sideways."""

    def __init__(self, widget: ViewportWidget, other: int | None, at: QPointF) -> None:
        super().__init__(widget, at)
        self._across: FloatArray | None = None
        self._track: FloatArray | None = None
        if other is not None:
            along = self._line(other)
            self._across = self._track = np.cross(self._normal(), along)
            third = [one for one in self._planes.members(self._index) if one not in {self._index, other}]
            if third:
                # Along the remaining plane's line, so that it stays where it is, at whatever angle it stands.
                track = self._line(third[0])
                share = float(track @ self._across)
                if abs(share) > 0.05:
                    self._track = track / share

    def _line(self, other: int) -> FloatArray:
        """Unit direction in the patient of another plane's line in this one."""
        axes = self._widget.workspace.viewports[other].view.axes
        assert axes is not None
        along = np.cross(self._normal(), np.cross(*axes))
        return np.asarray(along / max(float(np.linalg.norm(along)), 1e-9))

    def move(self, at: QPointF) -> None:
        moved = self._point(at) - self._start
        if self._across is not None and self._track is not None:
            moved = float(moved @ self._across) * self._track
        self._planes.move_to(self._index, self._centre + moved)


class TurnDrag(_PlaneDrag):
    """A line follows the pointer around the crossing."""

    def __init__(self, widget: ViewportWidget, other: int, at: QPointF) -> None:
        super().__init__(widget, at)
        self._other = other
        self._turned = 0.0

    def move(self, at: QPointF) -> None:
        a, b, normal = self._start - self._centre, self._point(at) - self._centre, self._normal()
        wanted = math.atan2(float(np.cross(a, b) @ normal), float(a @ b))
        if wanted != self._turned:
            # From where the planes were at the press, so that no rounding adds up.
            self._planes.take_back(self._before)
            self._planes.turn(self._index, self._other, wanted)
            self._turned = wanted


class TurnProjectionDrag:
    """The projection turns as if its front were in the hand."""

    RADIANS_PER_PX = math.pi / 400

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        view = widget.state.view
        self._widget, self._last = widget, at
        self._before = {name: getattr(view, name) for name in ("axes", "point", "zoom", "pixel_scale", "pan")}

    def move(self, at: QPointF) -> None:
        step = at - self._last
        self._last = at
        view = self._widget.state.view
        x, y = np.linalg.inv(orientation_matrix(view.rotation, view.flip)) @ np.array([step.x(), step.y()])
        if step.manhattanLength() > 0:
            turn_by_hand(self._widget.state, float(x) * self.RADIANS_PER_PX, float(y) * self.RADIANS_PER_PX)

    def end(self, at: QPointF) -> None:
        self.move(at)
        self._widget.touch()

    def cancel(self) -> None:
        self._widget.state.update(**self._before)
