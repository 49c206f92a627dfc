"""How a mammogram is hung: the right breast on the viewer's left, both chest walls against the middle, as the file says it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from medview.app import reading
from medview.app.view_transform import fit_scale

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState


def lay_breast(state: ViewportState) -> None:
    """Turn a mammogram so that its chest wall is at the inner edge, by Patient Orientation (PS3.3 C.7.6.1.1.1).

    Rows of a right breast run to posterior then, of a left one to anterior; columns of an oblique run to the feet, of a
    craniocaudal from lateral to medial. Where side or orientation are not known nothing is turned.
    """
    stack = state.stack
    if stack is None:
        return
    side = stack.context.laterality.strip().upper()
    orientation = stack.context.patient_orientation
    if side not in {"L", "R"}:
        return
    if orientation is not None and orientation[0][:1] in {"A", "P"}:
        if orientation[0][:1] != ("P" if side == "R" else "A"):
            reading.flip_horizontally(state)
        if orientation[1][:1] == "H" or (orientation[1][:1] in {"L", "R"} and orientation[1][:1] == side):
            reading.flip_vertically(state)
        state.update(align="right" if side == "R" else "left")
        align(state)


def align(state: ViewportState) -> None:
    """Lay the picture against the edge of its viewport that ``align`` names, unless the reader has moved it since."""
    view = state.view
    if not view.align or view.pixel_scale is not None or view.zoom != 1.0:
        return
    if view.pan not in ((0.0, 0.0), state.aligned_pan):
        return
    shown = state.shown()
    if shown is None:
        return
    scale = fit_scale(shown.shape, shown.pixel_mm, state.size, view.rotation)
    if view.rotation % 2:
        return
    spare = state.size[0] / scale - shown.shape[1] * shown.pixel_mm[1]
    on_right = (view.align == "right") != (view.rotation == 2)
    x = spare / 2 if on_right == view.flip else -spare / 2
    state.aligned_pan = (x, 0.0)
    state.update(pan=state.aligned_pan)
