"""Three planes through one point that are moved and turned together: the crosshair of a multiplanar layout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from medview.app.history import Change
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.shown_slice import Axes, ShownSlice, can_be_cut
from medview.app.view_transform import fit_scale
from medview.core.geometry import FloatArray
from medview.core.plane import ANATOMICAL_AXES, as_vector, oblique_plane
from medview.core.problem import MedviewError

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState, ViewportView
    from medview.app.workspace import Workspace
    from medview.core.measurement import MeasurementPlace
    from medview.core.study import Stack

ORDER = ("axial", "coronal", "sagittal")
"""Of the three planes in the layout; the fourth viewport shows the slices as they were acquired."""
_FLAT = 1e-3
"""Sine below which two planes are parallel."""


@dataclass(frozen=True, slots=True)
class PlaneLine:
    """Where another viewport's plane is seen: through ``centre`` (x, y) px along ``direction`` (unit, mm); ``thickness_mm`` of its slab."""

    of: int
    centre: tuple[float, float]
    direction: tuple[float, float]
    thickness_mm: float


@dataclass(frozen=True, slots=True)
class _Pose:
    index: int
    values: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, eq=False)
class PlanesChange:
    """Planes that were turned or moved in one go."""

    stack_id: str
    before: tuple[_Pose, ...]
    after: tuple[_Pose, ...]

    @property
    def title(self) -> str:
        """What was done."""
        return QT_TRANSLATE_NOOP("Step", "Turn planes")

    def reversed(self) -> PlanesChange:
        """The change that takes this one back."""
        return replace(self, before=self.after, after=self.before)

    def joined(self, earlier: Change) -> Change | None:  # noqa: ARG002
        """Each is a step of its own."""
        return None


def why_not_cut(stack: Stack) -> str:
    """The code of why a stack cannot be cut at any angle, "" where it can."""
    if stack.geometry is None:
        return "cut_no_geometry"
    return "" if can_be_cut(stack) else "cut_single_slice"


WHY_NOT_CUT = {
    "cut_no_geometry": "These images have no common place in the patient: they cannot be cut at another angle.",
    "cut_single_slice": "This is a single slice: it cannot be cut at another angle.",
}


class ObliquePlanes:
    """The planes of a layout that go through one point. ``changed`` after another choice of how they behave."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.orthogonal = True
        """Whether turning one plane turns the others along, so that they stay at right angles."""
        self.visible = True
        """Whether the lines of the planes are drawn."""
        self._busy = False
        workspace.history.understand(PlanesChange, self._apply)

    def watch(self, index: int, state: ViewportState) -> None:
        """Follow a viewport: scrolling one plane moves the point that all go through."""
        state.changed.connect(lambda what: self._on_state(index, what))

    # ------------------------------------------------------------------ which

    def members(self, index: int) -> tuple[int, ...]:
        """The visible viewports with oblique planes of the same stack and time point as viewport ``index``, itself among them."""
        viewports = self._workspace.viewports
        if index >= len(viewports):
            return ()
        own = viewports[index].view
        if own.plane_kind != "oblique" or own.stack is None:
            return ()
        return tuple(
            at
            for at in range(len(viewports))
            if viewports[at].view.plane_kind == "oblique"
            and viewports[at].view.stack is own.stack
            and viewports[at].view.time == own.time
        )

    def order(self, index: int) -> int:
        """The how-manieth of its planes a viewport shows: its colour."""
        members = self.members(index)
        return members.index(index) if index in members else -1

    def centre(self, index: int) -> FloatArray:
        """The LPS point that the planes of a viewport's group go through."""
        state = self._workspace.viewports[index]
        assert state.stack is not None
        assert state.stack.geometry is not None
        return np.array(state.view.point if state.view.point is not None else state.stack.geometry.bounds.mean(axis=0))

    def lines(self, index: int, shown: ShownSlice) -> list[PlaneLine]:
        """The other planes' lines in a viewport that shows ``shown``."""
        members = self.members(index)
        if len(members) < 2 or shown.plane is None:
            return []
        x, y, _ = shown.plane.patient_to_plane(self.centre(index))
        found = []
        for other in members:
            state = self._workspace.viewports[other]
            if other == index or state.view.axes is None:
                continue
            along = np.cross(shown.plane.normal, np.cross(*state.view.axes))
            length = float(np.linalg.norm(along))
            if length < _FLAT:
                continue  # parallel planes have no line
            direction = (
                float(along @ np.array(shown.plane.u)) / length,
                float(along @ np.array(shown.plane.v)) / length,
            )
            slab = state.view.slab
            found.append(
                PlaneLine(other, (float(x), float(y)), direction, slab.thickness_mm if slab is not None else 0.0)
            )
        return found

    # ------------------------------------------------------------------ the layout

    def start(self) -> None:
        """Axial, coronal and sagittal planes that can be turned, and the slices as acquired, in 2×2. MedviewError."""
        from medview.app.changes import arrangement_of, keep_arrangement

        workspace = self._workspace
        view = workspace.active_viewport.view
        stack = view.stack
        if stack is None:
            return
        why = why_not_cut(stack)
        if why:
            raise MedviewError(why, WHY_NOT_CUT[why])
        workspace.touched = True
        arranged = arrangement_of(workspace)
        k, point = view.k, view.point
        if view.plane_kind == "acquired" and stack.geometry is not None:
            middle = np.array(stack.geometry.bounds.mean(axis=0) if point is None else point)
            voxel = stack.geometry.patient_to_voxel(middle)
            voxel[0] = k
            point = as_vector(stack.geometry.voxel_to_patient(voxel))
        workspace.layout, workspace.maximised = (2, 2), False
        workspace.grow_viewports(4)
        fresh = replace(
            view, pan=(0.0, 0.0), zoom=1.0, pixel_scale=None, rotation=0, flip=False, point=point, surface=None
        )
        self._busy = True
        try:
            for index, kind in enumerate((*ORDER, "acquired")):
                if kind == "acquired":
                    workspace.viewports[index].restore(replace(fresh, plane_kind="acquired", slab=None))
                else:
                    workspace.viewports[index].restore(
                        replace(fresh, plane_kind="oblique", axes=ANATOMICAL_AXES[kind], presentation=None)
                    )
        finally:
            self._busy = False
        workspace.active = 0
        keep_arrangement(workspace, arranged)

    def show_place(self, place: MeasurementPlace) -> None:
        """Show the oblique plane that a mark lies on: in the viewport that is turned so already, else in the active one."""
        if place.origin is None or place.across is None or place.down is None:
            return
        u, v = np.array(place.across), np.array(place.down)
        axes = (as_vector(u / np.linalg.norm(u)), as_vector(v / np.linalg.norm(v)))
        workspace = self._workspace
        own = [state for state in workspace.viewports if state.stack is not None and state.stack.id == place.stack_id]
        turned = [
            state
            for state in own
            if state.view.plane_kind == "oblique"
            and state.view.axes is not None
            and np.allclose(state.view.axes, axes, atol=1e-6)
        ]
        state = turned[0] if turned else workspace.active_viewport
        if state not in own:
            return
        normal = np.cross(*axes)
        state.update(plane_kind="oblique", axes=axes)
        here = np.array(state.view.point) if state.view.point is not None else np.array(place.origin)
        state.update(point=as_vector(here + normal * float((np.array(place.origin) - here) @ normal)))

    def reset(self, index: int) -> None:
        """Axial, coronal and sagittal again, through the volume's middle, as large as they go."""
        members = self.members(index)
        if not members:
            return
        before = self.poses(index)
        state = self._workspace.viewports[index]
        assert state.stack is not None
        assert state.stack.geometry is not None
        middle = as_vector(state.stack.geometry.bounds.mean(axis=0))
        kinds = ORDER if len(members) > 1 else (ORDER[0],)
        self._busy = True
        try:
            for at, member in enumerate(members):
                self._workspace.viewports[member].update(
                    axes=ANATOMICAL_AXES[kinds[at % 3]],
                    point=middle,
                    zoom=1.0,
                    pixel_scale=None,
                    pan=(0.0, 0.0),
                    rotation=0,
                    flip=False,
                )
        finally:
            self._busy = False
        self.keep(index, before)

    # ------------------------------------------------------------------ moving and turning

    def move_to(self, index: int, point: FloatArray) -> None:
        """Let all planes of the group go through an LPS point."""
        found = as_vector(point)
        self._busy = True
        try:
            for member in self.members(index):
                self._workspace.viewports[member].update(point=found)
        finally:
            self._busy = False

    def turn(self, index: int, other: int, angle: float) -> None:
        """Turn the plane of viewport ``other`` by ``angle`` (radians) about the normal of viewport ``index``'s plane.

        The remaining planes turn along while they are to stay at right angles.
        """
        state = self._workspace.viewports[index]
        if state.view.axes is None:
            return
        turned = _rotation(np.cross(*state.view.axes), angle)
        members = self.members(index)
        self._busy = True
        try:
            for member in members:
                if member == index or (member != other and not self.orthogonal):
                    continue
                follower = self._workspace.viewports[member]
                assert follower.view.axes is not None
                set_axes(follower, turned_axes(follower.view.axes, turned), self.centre(index))
        finally:
            self._busy = False

    def set_orthogonal(self, on: bool) -> None:
        """Keep the planes at right angles from now on, or turn each by itself."""
        self.orthogonal = on
        self.changed.emit()

    def show_lines(self, on: bool) -> None:
        """Draw the planes' lines, or do not."""
        self.visible = on
        self.changed.emit()

    # ------------------------------------------------------------------ history

    def poses(self, index: int) -> tuple[_Pose, ...]:
        """Where the planes of the group are now."""
        names = ("axes", "point", "zoom", "pixel_scale", "pan", "rotation", "flip")
        return tuple(
            _Pose(at, tuple((name, getattr(self._workspace.viewports[at].view, name)) for name in names))
            for at in self.members(index)
        )

    def keep(self, index: int, before: tuple[_Pose, ...]) -> None:
        """What was done since ``before`` is one step that can be taken back."""
        stack = self._workspace.viewports[index].stack
        after = self.poses(index)
        if stack is not None and after != before:
            self._workspace.history.do(PlanesChange(stack.id, before, after))

    def take_back(self, poses: tuple[_Pose, ...]) -> None:
        """Put planes where they were."""
        self._busy = True
        try:
            for pose in poses:
                if pose.index < len(self._workspace.all_viewports):
                    state = self._workspace.all_viewports[pose.index]
                    if state.view.plane_kind == "oblique":
                        state.update(**dict(pose.values))
        finally:
            self._busy = False

    def _apply(self, change: PlanesChange) -> None:
        here = {state.stack.id for state in self._workspace.all_viewports if state.stack is not None}
        if change.stack_id in here:
            self.take_back(change.after)

    # ------------------------------------------------------------------ following

    def _on_state(self, index: int, what: frozenset[str]) -> None:
        if self._workspace.links.tiled:
            return  # tiles lie beside one another
        if self._busy or "point" not in what or "stack" in what or "plane_kind" in what:
            return
        viewports = self._workspace.viewports
        if index >= len(viewports) or viewports[index].view.point is None:
            return
        members = self.members(index)
        if len(members) < 2:
            return
        self.move_to(index, self._kept_on(index, members))

    def _kept_on(self, index: int, members: tuple[int, ...]) -> FloatArray:
        """The point on the plane that was scrolled where the other planes still go through it: they stay where they are."""
        point = self.centre(index)
        normals, depths = [], []
        for member in members[:3]:
            view = self._workspace.viewports[member].view
            assert view.axes is not None
            normal = np.cross(*view.axes)
            normals.append(normal)
            depths.append(float(normal @ self.centre(member)))
        if len(normals) == 3 and abs(float(np.linalg.det(np.array(normals)))) > _FLAT:
            return np.asarray(np.linalg.solve(np.array(normals), np.array(depths)))
        return point


def set_axes(state: ViewportState, axes: Axes, centre: FloatArray) -> None:
    """Turn a plane in its viewport; ``centre`` stays where it is on the screen, and a mm as long as it is."""
    view, stack = state.view, state.stack
    if stack is None or stack.geometry is None:
        return
    old = state.shown()
    if old is None or old.plane is None:
        return
    new = oblique_plane(stack.geometry, *axes, float(np.cross(*axes) @ centre))
    values: dict[str, Any] = {"axes": axes}
    if view.plane_kind == "oblique":
        values["point"] = as_vector(centre)
    pixel = (new.spacing[1], new.spacing[0])
    before = fit_scale(old.shape, old.pixel_mm, state.size, view.rotation)
    after = fit_scale(new.size, pixel, state.size, view.rotation)
    if view.pixel_scale is None:
        values["zoom"] = view.zoom * before / after
    pan = []
    for axis in (0, 1):
        at_old = float(old.plane.patient_to_plane(centre)[axis])
        at_new = float(new.patient_to_plane(centre)[axis])
        middle_old, middle_new = (old.shape[1 - axis] - 1) / 2, (new.size[1 - axis] - 1) / 2
        offset = (at_old - middle_old) * old.pixel_mm[1 - axis] - view.pan[axis]
        pan.append((at_new - middle_new) * pixel[1 - axis] - offset)
    values["pan"] = (pan[0], pan[1])
    state.update(**values)


def turned_axes(axes: Axes, turned: FloatArray) -> Axes:
    """Both directions of a picture after a rotation (3, 3), at right angles again whatever was lost by rounding."""
    u = turned @ np.array(axes[0])
    u = u / np.linalg.norm(u)
    v = turned @ np.array(axes[1])
    v = v - (v @ u) * u
    return as_vector(u), as_vector(v / np.linalg.norm(v))


def _rotation(axis: FloatArray, angle: float) -> FloatArray:
    """(3, 3) about a unit axis (Rodrigues)."""
    x, y, z = axis
    k = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    return np.asarray(np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k))


def turn_by_hand(state: ViewportState, right: float, down: float) -> None:
    """Turn a projection as if its front were dragged by so many radians to the right and down."""
    axes = state.view.axes
    if axes is None or state.stack is None or state.stack.geometry is None:
        return
    u, v = np.array(axes[0]), np.array(axes[1])
    # The front moves right: the picture's directions turn about its vertical, then about its horizontal.
    rotation = _rotation(v, right) @ _rotation(u, -down)
    set_axes(state, turned_axes(axes, rotation), state.stack.geometry.bounds.mean(axis=0))


def full_turn(view: ViewportView, count: int) -> list[Axes]:
    """Directions of the pictures of a projection that is turned once around what is upright on the screen, evenly, the present one first."""
    if view.axes is None:
        return []
    upright = np.array(view.axes[0 if view.rotation % 2 else 1])
    return [turned_axes(view.axes, _rotation(upright, 2 * np.pi * at / count)) for at in range(count)]
