"""How a mammogram is hung: the right breast on the viewer's left, both chest walls against the middle, as the file says it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medview.app import reading
from medview.app.shown_slice import sides_are_known
from medview.app.view_transform import fit_scale
from medview.core.geometry import direction_letters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medview.app.viewport_state import ViewportState
    from medview.core.study import Stack


def lay_breast(state: ViewportState) -> None:
    """Turn a mammogram so that its chest wall is at the inner edge, by Patient Orientation (PS3.3 C.7.6.1.1.1).

    Rows of a right breast run to posterior then, of a left one to anterior; columns of an oblique run to the feet, of a
    craniocaudal from lateral to medial. Where side or orientation are not known nothing is turned.
    """
    stack = state.stack
    if stack is None:
        return
    side = stack.context.laterality.strip().upper()
    orientation = orientation_of(stack)
    if side not in {"L", "R"}:
        return
    if orientation is not None and orientation[0][:1] in {"A", "P"}:
        if orientation[0][:1] != ("P" if side == "R" else "A"):
            reading.flip_horizontally(state)
        if orientation[1][:1] == "H" or (orientation[1][:1] in {"L", "R"} and orientation[1][:1] == side):
            reading.flip_vertically(state)
        state.update(align="right" if side == "R" else "left")
        align(state)


def orientation_of(stack: Stack) -> tuple[str, str] | None:
    """Where rows and columns run to: Patient Orientation, or of tomosynthesis what its place in the patient says."""
    if stack.context.patient_orientation is not None or stack.geometry is None:
        return stack.context.patient_orientation
    if not sides_are_known(stack):
        return None
    geometry = stack.geometry
    across = direction_letters(geometry.row_direction, feet_head=True)
    return across, direction_letters(geometry.column_direction, feet_head=True)


def align(state: ViewportState) -> None:
    """Lay the picture against the edge of its viewport that ``align`` names, unless the reader has moved it since."""
    view = state.view
    shown = state.shown()
    if shown is None or not _is_free(state) or view.rotation % 2:
        return
    if view.pan not in ((0.0, 0.0), state.aligned_pan):
        return
    scale = fit_scale(shown.shape, shown.pixel_mm, state.size, view.rotation) * view.zoom
    spare = state.size[0] / scale - shown.shape[1] * shown.pixel_mm[1]
    on_right = (view.align == "right") != (view.rotation == 2)
    x = spare / 2 if on_right == view.flip else -spare / 2
    state.aligned_pan = (x, 0.0)
    state.update(pan=state.aligned_pan)


def align_together(states: Sequence[ViewportState]) -> None:
    """Give all mammograms side by side one scale, the largest at which each is seen whole, and lay them against their edges.

    What the reader has zoomed or moved stays, and so does what has no mm.
    """
    free = [state for state in states if _is_free(state)]
    fits: dict[int, float] = {}
    for at, state in enumerate(free):
        shown = state.shown()
        if shown is not None and shown.measure_mm is not None:
            fits[at] = fit_scale(shown.shape, shown.pixel_mm, state.size, state.view.rotation)
    for at, state in enumerate(free):
        if at in fits:
            zoom = min(fits.values()) / fits[at]
            state.aligned_zoom = zoom
            state.update(zoom=zoom)
        align(state)


def _is_free(state: ViewportState) -> bool:
    """Whether a picture that is to be laid against an edge was left alone by the reader."""
    view = state.view
    return bool(view.align) and view.pixel_scale is None and view.zoom in (1.0, state.aligned_zoom)
