"""Pictures straightened along a path that the reader drew: made, and made anew while the path is changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from medview.app.oblique import WHY_NOT_CUT, why_not_cut
from medview.app.slabs import WHY, why_no_slab
from medview.core.problem import MedviewError

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace
    from medview.core.curve import CurvedSurface
    from medview.core.geometry import FloatArray
    from medview.core.measurement import Measurement
    from medview.core.study import Stack

FIRST_WIDTH_MM = 50.0


class CurvedViews:
    """The curved pictures of the viewports; each follows the mark that its path was drawn as."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        workspace.measurements.changed.connect(self._follow)

    def show(self, mark: Measurement | None) -> None:
        """Show the picture along a path beside the viewport that it was drawn in. MedviewError where there can be none."""
        from medview.app.changes import arrangement_of, keep_arrangement

        workspace = self._workspace
        view = workspace.active_viewport.view
        stack = view.stack
        if stack is None:
            return
        if mark is None or mark.kind != "polyline" or mark.place.plane.startswith("curved"):
            text = "Draw a path along what is to be straightened and select it; then ask for the picture along it."
            raise MedviewError("path_needed", text)
        surface = surface_along(stack, mark)
        workspace.withdraw("path_needed")
        workspace.touched = True
        arranged = arrangement_of(workspace)
        target = self._target()
        state = workspace.viewports[target]
        state.restore(
            replace(
                view,
                plane_kind="curved",
                surface=surface,
                slab=None,
                presentation=None,
                pan=(0.0, 0.0),
                zoom=1.0,
                pixel_scale=None,
                rotation=0,
                flip=False,
            )
        )
        keep_arrangement(workspace, arranged)

    def _target(self) -> int:
        """Another viewport: one that shows a path already, else the next; of a single one two are made."""
        workspace = self._workspace
        others = [index for index in range(len(workspace.viewports)) if index != workspace.active]
        if not others:
            workspace.layout, workspace.maximised = (1, 2), False
            workspace.grow_viewports(2)
            return 1
        workspace.maximised = False
        curved = [index for index in others if workspace.viewports[index].view.plane_kind == "curved"]
        return curved[0] if curved else (workspace.active + 1) % len(workspace.viewports)

    def _follow(self, stack_id: str) -> None:
        """A path was changed: its picture is made anew; one that was deleted leaves the picture as it is."""
        for state in self._workspace.all_viewports:
            surface = state.view.surface
            if state.stack is None or state.stack.id != stack_id or surface is None:
                continue
            mark = self._workspace.measurements.get(surface.source)
            if mark is None:
                continue
            try:
                made = surface_along(state.stack, mark, surface.width_mm, surface.turned_deg)
            except MedviewError:
                continue  # it was pulled together to a point: what there was stays
            if made.digest != surface.digest:
                _replace(state, made)


def _replace(state: ViewportState, surface: CurvedSurface) -> None:
    state.update(surface=surface)


def surface_along(
    stack: Stack, mark: Measurement, width_mm: float = FIRST_WIDTH_MM, turned_deg: float = 0.0
) -> CurvedSurface:
    """The surface along a path, upright on the plane that it was drawn in. MedviewError where there can be none."""
    from medview.app.keeping import patient_points
    from medview.core.curve import straightened

    for why, table in ((why_not_cut(stack), WHY_NOT_CUT), (why_no_slab(stack), WHY)):
        if why:
            raise MedviewError(why, table[why])
    assert stack.geometry is not None
    points = patient_points(stack, mark)
    if points is None:
        raise MedviewError("cut_no_geometry", WHY_NOT_CUT["cut_no_geometry"])
    try:
        return straightened(
            points, _upright(stack, mark), width_mm, min(stack.geometry.spacing), turned_deg, source=mark.id
        )
    except ValueError as error:
        text = f"There is no picture along this path: {error}."
        raise MedviewError("path_impossible", text, values=(str(error),)) from error


def _upright(stack: Stack, mark: Measurement) -> FloatArray:
    place = mark.place
    assert stack.geometry is not None
    if place.across is not None and place.down is not None:
        normal = np.cross(place.across, place.down)
        return np.asarray(normal / np.linalg.norm(normal))
    return np.asarray(stack.geometry.normal)
