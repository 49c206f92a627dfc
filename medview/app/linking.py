"""Viewports that move together: scrolling by position in the patient or by an offset, pan and zoom, window, and tiles.

One viewport is moved by the reader; what it shows is found in the others by the frame of reference, in mm, never by the number
of a slice, unless nothing else is known and the reader asked for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from psygnal import Signal

from medview.app.shown_slice import ShownSlice, acquired_shown
from medview.app.view_transform import fit_scale
from medview.core.geometry import FloatArray
from medview.core.plane import Vector, normal_of
from medview.core.registration import IDENTITY, Placement

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace
    from medview.core.study import Stack, Study

ScrollLink = Literal["off", "position", "offset"]
Point = tuple[float, float]

PARALLEL = math.cos(math.radians(15))
"""Least cosine between the normals of planes that scroll together."""
_PLACE = frozenset({"k", "point", "plane_kind", "time"})
_VIEW = frozenset({"zoom", "pan", "pixel_scale", "rotation", "flip"})
_WINDOW = frozenset({"voi", "invert", "colour_map"})
_CUTS = frozenset({"acquired", "axial", "sagittal", "coronal"})
"""Planes that viewports can share."""
_NOWHERE = frozenset({"turning", "solid"})
"""Projections of everything lie nowhere."""


class Links:
    """Which things viewports share. ``changed`` after another choice."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.scroll: ScrollLink = "position"
        self.view = False
        self.window = False
        self.plane = False
        self._kinds: dict[int, str] = {}
        """Which plane each viewport showed when it was heard of last."""
        self.tiled = False
        """Whether the viewports show consecutive slices of one stack."""
        self.opened_grid = False
        """Whether the grid is there for the tiles alone, and goes with them."""
        self.reference_lines = True
        """Whether the slice of the active viewport is drawn as a line in those that it cuts."""
        self._busy = False
        self._anchors: dict[int, tuple[str, float]] = {}
        self.crosshair: tuple[FloatArray, str] | None = None
        """LPS mm and frame of reference of the point that the reader pointed at."""
        self._crosshair_of: tuple[Study | None, Stack | None] = (None, None)

    def watch(self, index: int, state: ViewportState) -> None:
        """Follow a viewport."""
        state.changed.connect(lambda what: self._on_state(index, what))

    # ------------------------------------------------------------------ what the reader chooses

    def link_scroll(self, how: ScrollLink) -> None:
        """Scroll together by position, with the offset that there is now, or not at all."""
        self.scroll = how
        self._anchor()
        if how == "position":
            self._follow(self._workspace.active, _PLACE)
        self.changed.emit()

    def link_view(self, on: bool) -> None:
        """Pan, zoom and turn together."""
        self.view = on
        if on:
            self._follow(self._workspace.active, _VIEW)
        self.changed.emit()

    def link_window(self, on: bool) -> None:
        """Window together."""
        self.window = on
        if on:
            self._follow(self._workspace.active, _WINDOW)
        self.changed.emit()

    def link_plane(self, on: bool) -> None:
        """Those that show the same plane go to another one together; planes that stand beside each other stay."""
        self.plane = on
        self._kinds = {at: state.view.plane_kind for at, state in enumerate(self._workspace.viewports)}
        self.changed.emit()

    def show_reference_lines(self, on: bool) -> None:
        """Draw where the active viewport's slice cuts the others, or do not."""
        self.reference_lines = on
        self.changed.emit()

    def tile(self, on: bool) -> None:
        """Show consecutive slices of the active stack in all viewports, or let them be."""
        self.tiled = on
        if on:
            self._lay_tiles(self._workspace.active)
        self.changed.emit()

    def toggle_tiles(self) -> None:
        """Tiles, or none any more; where there was one viewport only, they bring a grid of their own and take it along."""
        workspace = self._workspace
        if self.tiled:
            self.tile(False)
            if self.opened_grid:
                workspace.set_layout(1, 1)
        elif workspace.layout == (1, 1):
            workspace.set_layout(2, 2, tiled=True)
            self.opened_grid = True
        else:
            if workspace.maximised:
                workspace.toggle_maximised()
            self.tile(True)

    def point_at(self, index: int, x: float, y: float) -> None:
        """Bring every viewport to the place under image (x, y) of one: the crosshair."""
        shown = self._shown(index)
        found = None if shown is None else shown.image_to_patient(x, y)
        if found is None:
            return
        self.point_to(index, np.asarray(found))

    def point_to(self, index: int, point: FloatArray) -> None:
        """Bring every viewport to an LPS place of what viewport ``index`` shows."""
        reference = self._reference(index)
        self.crosshair = (point, reference)
        here = self._workspace.viewports[index]
        self._crosshair_of = (here.study, here.stack)
        self._busy = True
        try:
            for other in self._others(index):
                way = self._way(index, other)
                if way is not None:
                    self._go_to(other, way.points(point))
        finally:
            self._busy = False
        self._anchor()
        self.changed.emit()

    def crosshair_in(self, state: ViewportState) -> FloatArray | None:
        """LPS mm of the point that the reader pointed at, in the space of what a viewport shows; None where it is not known."""
        if self.crosshair is None:
            return None
        way = self._workspace.registrations.way_between(*self._crosshair_of, state.study, state.stack)
        return None if way is None else way.points(self.crosshair[0])

    def hide_crosshair(self) -> None:
        """Take the crosshair off."""
        if self.crosshair is not None:
            self.crosshair = None
            self.changed.emit()

    def is_linked(self, index: int) -> bool:
        """Whether a viewport moves with another one that is on the screen."""
        here = self._states(index)
        if here is None:
            return False
        if self.tiled:
            return len(self._workspace.visible_indices) > 1
        if self._workspace.maximised:
            return False
        others = [one for one in self._workspace.viewports if one is not here and one.stack is not None]
        if not others:
            return False
        if self.view or self.window or self.plane or self.scroll == "offset":
            return True
        return self.scroll == "position" and any(self._way_along(here, there) is not None for there in others)

    def follows(self, index: int, leader: int) -> bool:
        """Whether scrolling one viewport takes another along."""
        if self.tiled:
            return True
        if self.scroll == "position":
            return self._scrolls_with(index, leader)
        return self.scroll == "offset" and index in self._anchors and leader in self._anchors

    # ------------------------------------------------------------------ following

    @contextmanager
    def filling(self) -> Iterator[None]:
        """While viewports are filled they move no others; then they come to where those that they are linked with are."""
        before = {index for index in range(len(self._workspace.viewports)) if self._states(index) is not None}
        busy, self._busy = self._busy, True
        try:
            yield
            after = [index for index in range(len(self._workspace.viewports)) if self._states(index) is not None]
            leaders = sorted(before, key=lambda one: one != self._workspace.active)
            for index in after:
                if index not in before:
                    self._take_in(index, leaders)
        finally:
            self._busy = busy
        self._anchor()

    def arrive(self, index: int) -> None:
        """Bring a viewport that was given another series to where those that it is linked with are."""
        if self.tiled or self._busy:
            return
        self._busy = True
        try:
            self._take_in(index, self._others(index))
        finally:
            self._busy = False
        self._anchor()

    def _take_in(self, index: int, leaders: Iterable[int]) -> None:
        state = self._states(index)
        for leader in leaders:
            leading = self._states(leader)
            if state is None or leading is None or self.scroll != "position" or not self._scrolls_with(leader, index):
                continue
            self._scroll_along(leader, leading, index, state)
            if self.view:
                self._view_along(leader, leading, index, state)
            if self.window:
                self._window_along(leading, state)
            return

    def _on_state(self, index: int, what: frozenset[str]) -> None:
        before = self._note_plane(index) if "plane_kind" in what or "stack" in what else None
        if self._busy:
            return
        if index not in self._workspace.visible_indices:
            return
        if "stack" in what:
            self._anchor()
            if self.tiled and self._states(index) is not None:
                self._lay_tiles(index)
            return
        if self.plane and before is not None and not self.tiled and index == self._workspace.active:
            self._planes_along(index, before)
        self._follow(index, what)

    def _note_plane(self, index: int) -> str | None:
        """The plane that a viewport showed before."""
        before, state = self._kinds.get(index), self._states(index)
        if state is not None:
            self._kinds[index] = state.view.plane_kind
        return before

    def _planes_along(self, index: int, before: str) -> None:
        state = self._states(index)
        if state is None or state.view.plane_kind not in _CUTS or before not in _CUTS:
            return
        self._busy = True
        try:
            for other in self._others(index):
                follower = self._states(other)
                if follower is not None and follower.view.plane_kind == before:
                    follower.set_plane(state.view.plane_kind)
        finally:
            self._busy = False

    def _follow(self, index: int, what: Iterable[str]) -> None:
        state, changed = self._states(index), frozenset(what)
        if state is None or self._busy:
            return
        self._busy = True
        try:
            if self.tiled and changed & _PLACE:
                self._stay_among_slices(index, state)
            for other in self._others(index):
                follower = self._states(other)
                if follower is None:
                    continue
                if changed & _PLACE:
                    self._scroll_along(index, state, other, follower)
                if changed & _VIEW and (self.view or self.tiled):
                    self._view_along(index, state, other, follower)
                if changed & _WINDOW and (self.window or self.tiled):
                    self._window_along(state, follower)
        finally:
            self._busy = False

    def _scroll_along(self, index: int, state: ViewportState, other: int, follower: ViewportState) -> None:
        if self.tiled:
            follower.update(time=state.view.time)
            follower.go_to_index(state.slice_index + other - index)
            return
        if self.scroll == "position":
            shown, way = state.shown(), self._way_along(state, follower)
            if shown is not None and way is not None:
                self._go_to(other, way.points(_middle(shown)))
        elif self.scroll == "offset" and index in self._anchors and other in self._anchors:
            (unit, from_), (other_unit, at) = self._anchors[index], self._anchors[other]
            here = self._position(index)
            if here is None or here[0] != unit or unit != other_unit:
                return
            moved = here[1] - from_
            if unit == "slices":
                follower.go_to_index(round(at + moved))
            else:
                self._go_to_depth(other, at + moved * self._same_way(index, other))

    def _view_along(self, index: int, state: ViewportState, other: int, follower: ViewportState) -> None:
        shown, there = self._shown(index), self._shown(other)
        if shown is None or there is None:
            return
        view, values = state.view, {"rotation": state.view.rotation, "flip": state.view.flip}
        way = self._way(index, other)
        parallel = _parallel(shown, there, way)
        if not parallel:
            values = {}  # another plane is turned its own way
        scale = _mm_scale(state, shown)
        fit = fit_scale(there.shape, there.pixel_mm, follower.size, values.get("rotation", follower.view.rotation))
        pan = view.pan
        if way is not None and self._scrolls_with(index, other) and shown.plane is not None and there.plane is not None:
            rows, columns = shown.shape
            x = (columns - 1) / 2 + view.pan[0] / shown.pixel_mm[1]
            y = (rows - 1) / 2 + view.pan[1] / shown.pixel_mm[0]
            to_x, to_y, _ = there.plane.patient_to_plane(way.points(shown.plane.plane_to_patient((x, y))))
            rows, columns = there.shape
            pan = (
                float(to_x - (columns - 1) / 2) * there.pixel_mm[1],
                float(to_y - (rows - 1) / 2) * there.pixel_mm[0],
            )
        elif not parallel:
            pan = follower.view.pan
        same = shown.shape == there.shape and shown.pixel_mm == there.pixel_mm and state.size == follower.size
        zoom = view.zoom if same and view.pixel_scale is None else scale / fit
        follower.update(zoom=zoom, pixel_scale=view.pixel_scale if same else None, pan=pan, **values)

    def _window_along(self, state: ViewportState, follower: ViewportState) -> None:
        a, b = state.stack, follower.stack
        if a is not None and b is not None and (a.context.modality, a.unit) == (b.context.modality, b.unit):
            follower.update(voi=state.view.voi, invert=state.view.invert, colour_map=state.view.colour_map)

    def _lay_tiles(self, index: int) -> None:
        state = self._states(index)
        if state is None or state.study is None or state.series is None or state.stack is None:
            return
        self._busy = True
        try:
            self._stay_among_slices(index, state)
            view, first = state.view, state.slice_index - index
            for other in self._others(index):
                follower = self._workspace.viewports[other]
                if not 0 <= first + other < state.slice_count:
                    follower.clear()  # no image twice
                    continue
                follower.restore(view)
                follower.go_to_index(first + other)
        finally:
            self._busy = False

    def _stay_among_slices(self, index: int, state: ViewportState) -> None:
        """The first tile shows the first slice at least, the last one the last at most: none is shown twice."""
        last = state.slice_count - len(self._workspace.viewports)
        state.go_to_index(max(0, min(state.slice_index - index, last)) + index)

    # ------------------------------------------------------------------ where things are

    def _states(self, index: int) -> ViewportState | None:
        viewports = self._workspace.viewports
        state = viewports[index] if index < len(viewports) else None
        return state if state is not None and state.stack is not None else None

    def _others(self, index: int) -> list[int]:
        if self._workspace.maximised:
            return []
        return [other for other in range(len(self._workspace.viewports)) if other != index]

    def _shown(self, index: int) -> ShownSlice | None:
        state = self._states(index)
        return None if state is None else state.shown()

    def _reference(self, index: int) -> str:
        state = self._states(index)
        return "" if state is None else frame_of_reference(state)

    def _way(self, index: int, other: int) -> Placement | None:
        """From the space of one viewport's stack into another's: their own, or by what registers them."""
        here, there = self._states(index), self._states(other)
        return None if here is None or there is None else self._workspace.registrations.way(here, there)

    def registered_by(self, index: int) -> str:
        """Who says where what a viewport shows lies to another that it scrolls with; "" where the files do themselves."""
        state = self._states(index)
        if state is None or self.tiled or self.scroll != "position" or not self._workspace.registrations.are_there:
            return ""
        for other in self._others(index):
            there = self._states(other)
            if there is not None and self._scrolls_with(index, other):
                name = self._workspace.registrations.said_by(state, there)
                if name:
                    return name
        return ""

    def _scrolls_with(self, index: int, other: int) -> bool:
        """Whether two viewports show parallel planes of one space, or of two that are registered."""
        here, there = self._states(index), self._states(other)
        return here is not None and there is not None and self._way_along(here, there) is not None

    def _way_along(self, here: ViewportState, there: ViewportState) -> Placement | None:
        """From the space of one viewport into that of another where they scroll together; None where they do not."""
        a, b = here.shown(), there.shown()
        if a is None or b is None or a.plane is None or b.plane is None:
            return None
        if a.plane_kind in _NOWHERE or b.plane_kind in _NOWHERE:
            return None
        way = self._workspace.registrations.way(here, there)
        return way if way is not None and _parallel(a, b, way) else None

    def _same_way(self, index: int, other: int) -> float:
        a, b = self._shown(index), self._shown(other)
        if a is None or b is None or a.normal is None or b.normal is None:
            return 1.0
        return -1.0 if float(a.normal @ b.normal) < 0 else 1.0

    def _position(self, index: int) -> tuple[str, float] | None:
        """("mm", along the plane's normal) or ("slices", index) where nothing says mm."""
        state, shown = self._states(index), self._shown(index)
        if state is None or shown is None:
            return None
        if shown.plane is None:
            return ("slices", float(state.slice_index))
        return ("mm", float(_middle(shown) @ shown.plane.normal))

    def _anchor(self) -> None:
        """Remember where the viewports are: what is between them now is their offset."""
        found = {index: self._position(index) for index in range(len(self._workspace.viewports))}
        self._anchors = {index: at for index, at in found.items() if at is not None}

    def _go_to_depth(self, index: int, depth: float) -> None:
        shown = self._shown(index)
        if shown is None or shown.plane is None:
            return
        middle, normal = _middle(shown), shown.plane.normal
        self._go_to(index, middle + normal * (depth - float(middle @ normal)))

    def _go_to(self, index: int, point: FloatArray) -> None:
        """Show the slice nearest to an LPS point; a point beyond the ends shows the last slice there."""
        state = self._states(index)
        if state is None or state.stack is None:
            return
        if state.stack.geometry is not None:
            state.go_to_point((float(point[0]), float(point[1]), float(point[2])))
            return
        if state.stack.planes is None:
            return
        first = acquired_shown(state.stack, 0, state.view.time)
        if first.plane is None:
            return
        slices = state.stack.shape[0]
        distances = [
            abs(float(frame.plane.patient_to_plane(point)[2])) if frame.plane is not None else math.inf
            for frame in (acquired_shown(state.stack, k, state.view.time) for k in range(slices))
        ]
        state.update(k=int(np.argmin(distances)))


def frame_of_reference(state: ViewportState) -> str:
    """The name of the space that a viewport's stack lies in, "" where it is not known.

    A stack whose files name none lies in a space of its own, which its cuts share.
    """
    return "" if state.stack is None else space_of_stack(state.stack)


def space_of_stack(stack: Stack) -> str:
    """The name of the space that a stack lies in, "" where it has no place in one."""
    if stack.geometry is None:
        return ""
    return stack.geometry.frame_of_reference or f"stack {stack.id}"


def reference_line(on: ShownSlice, of: ShownSlice, way: Placement = IDENTITY) -> tuple[Point, Point] | None:
    """Ends (x, y) in the image ``on`` of where the slice ``of`` cuts it; None for planes that are parallel or do not meet.

    ``way`` leads from the space of ``of`` into that of ``on``.
    """
    if on.plane is None or of.plane is None or _parallel(of, on, way):
        return None
    rows, columns = of.shape
    right, bottom = columns - 0.5, rows - 0.5
    corners = np.array([(-0.5, -0.5), (right, -0.5), (right, bottom), (-0.5, bottom)], dtype=np.float64)
    # As plain numbers from here on: with every step of the wheel it is asked for in every other viewport.
    placed = on.plane.patient_to_plane(way.points(of.plane.plane_to_patient(corners))).tolist()
    ends = []
    for at, (x, y, distance) in enumerate(placed):
        to_x, to_y, to_distance = placed[(at + 1) % 4]
        if (distance < 0) != (to_distance < 0):
            share = distance / (distance - to_distance)
            ends.append((x + (to_x - x) * share, y + (to_y - y) * share))
    return (ends[0], ends[1]) if len(ends) == 2 else None


def _middle(shown: ShownSlice) -> FloatArray:
    assert shown.plane is not None
    rows, columns = shown.shape
    return np.asarray(shown.plane.plane_to_patient(((columns - 1) / 2, (rows - 1) / 2)))


def _parallel(a: ShownSlice, b: ShownSlice, way: Placement | None = None) -> bool:
    if a.plane is None or b.plane is None:
        return True  # nothing says otherwise
    if way is not None and way is not IDENTITY:
        across, down = way.directions(a.plane.steps)
        normal = np.cross(across, down)
        return abs(float(normal / np.linalg.norm(normal) @ b.plane.normal)) >= PARALLEL
    return _are_parallel(a.plane.u, a.plane.v, b.plane.u, b.plane.v)


@lru_cache(maxsize=256)
def _are_parallel(u: Vector, v: Vector, other_u: Vector, other_v: Vector) -> bool:
    """Of planes by their directions, which are the same for all slices of a stack."""
    return abs(float(normal_of(u, v) @ normal_of(other_u, other_v))) >= PARALLEL


def _mm_scale(state: ViewportState, shown: ShownSlice) -> float:
    """Screen px per mm."""
    view = state.view
    if view.pixel_scale is not None:
        return view.pixel_scale / min(shown.pixel_mm)
    return fit_scale(shown.shape, shown.pixel_mm, state.size, view.rotation) * view.zoom
