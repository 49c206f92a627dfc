"""How thick what is shown is: maximum, minimum or mean of a slab, its thickness in steps that readers know, and why there is none."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from medview.core.problem import MedviewError

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState
    from medview.core.slab import Projection, Slab
    from medview.core.study import Stack

NICE_MM = (0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 150, 200, 300)
"""What the wheel goes through; any thickness can be written."""
FIRST_MM = 10.0
"""Of a slab that was not there before."""
PROJECTIONS: tuple[Projection, ...] = ("max", "min", "mean")


def why_no_slab(stack: Stack) -> str:
    """The code of why there can be no slabs of a stack, "" where there can."""
    if stack.geometry is None:
        return "slab_no_geometry"
    if stack.shape[0] < 2:
        return "slab_single_slice"
    return "slab_colour" if stack.components > 1 else ""


WHY = {
    "slab_no_geometry": "These images have no common place in the patient: there is no thickness to project.",
    "slab_single_slice": "This is a single slice: there is no thickness to project.",
    "slab_colour": "Colours have no maximum and no mean: there are no slabs of colour images.",
}


def effective_slab(stack: Stack, slab: Slab | None, kind: str) -> Slab | None:
    """What is really projected: nothing where it cannot be; a turned projection and its like always all there is."""
    if why_no_slab(stack) or kind in {"curved", "solid"}:
        return None
    if kind == "turning":
        from medview.core.slab import Slab

        assert stack.geometry is not None
        low, high = stack.geometry.bounds
        return Slab(min(2000.0, 1.01 * math.dist(high, low)), slab.projection if slab is not None else "max")
    return slab


def choose_projection(state: ViewportState, projection: Projection | None) -> None:
    """Show the maximum, minimum or mean of a slab, or the plane alone. MedviewError where there can be none."""
    from medview.core.slab import Slab

    stack, slab = state.stack, state.view.slab
    if stack is None:
        return
    why = why_no_slab(stack)
    if why and projection is not None:
        raise MedviewError(why, WHY[why])
    if projection is None:
        state.update(slab=None)
    else:
        state.update(slab=Slab(FIRST_MM, projection) if slab is None else replace(slab, projection=projection))


def next_projection(state: ViewportState) -> None:
    """Maximum, minimum, mean, none, and from the beginning."""
    slab = state.view.slab
    order = (*PROJECTIONS, None)
    at = order.index(slab.projection) if slab is not None else len(order) - 1
    choose_projection(state, order[(at + 1) % len(order)])


def set_thickness(state: ViewportState, thickness_mm: float) -> None:
    """Make the slab so thick; 0 takes it away. MedviewError where there can be none."""
    from medview.core.slab import LEAST_MM, MOST_MM, Slab

    if state.stack is None:
        return
    surface = state.view.surface
    if state.view.plane_kind == "curved" and surface is not None:
        # Along a path it is how wide the picture is.
        state.update(surface=replace(surface, width_mm=min(max(thickness_mm, 5.0), 300.0)))
        return
    if thickness_mm <= 0:
        state.update(slab=None)
        return
    why = why_no_slab(state.stack)
    if why:
        raise MedviewError(why, WHY[why])
    slab = state.view.slab
    mm = min(max(thickness_mm, LEAST_MM), MOST_MM)
    state.update(slab=Slab(mm, slab.projection if slab is not None else "max"))


def step_thickness(state: ViewportState, steps: int) -> None:
    """Thicker by so many steps (thinner, if negative); below the thinnest there is no slab."""
    slab, surface = state.view.slab, state.view.surface
    thickness = slab.thickness_mm if slab is not None else 0.0
    if state.view.plane_kind == "curved" and surface is not None:
        thickness = surface.width_mm
    for _ in range(abs(steps)):
        if steps > 0:
            thickness = next((mm for mm in NICE_MM if mm > thickness + 1e-9), thickness)
        else:
            thickness = next((mm for mm in reversed(NICE_MM) if mm < thickness - 1e-9), 0.0)
    set_thickness(state, thickness)
