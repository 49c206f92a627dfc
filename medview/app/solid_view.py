"""How a viewport shows a volume in three dimensions: preset or edited look, box, surfaces; where it is seen from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from medview.core.plane import as_vector
from medview.core.scene import Camera, ClipBox, Look, Scene, SolidStyle, SurfaceLook
from medview.core.solid_presets import PRESETS, SolidPreset, presets_of

if TYPE_CHECKING:
    from medview.app.shown_slice import Axes
    from medview.app.solid_grid import SolidValues
    from medview.app.solid_surfaces import SolidLabel
    from medview.app.view_transform import ViewTransform
    from medview.app.viewport_state import ViewportState
    from medview.core.geometry import Geometry
    from medview.core.plane import Plane
    from medview.core.study import Stack

MOST_PX = 2200
"""Of a side of the picture that is asked for; larger ones are enlarged."""


STANDARD_VIEWS: dict[str, Axes] = {
    "front": ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "back": ((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    "left": ((0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
    "right": ((0.0, -1.0, 0.0), (0.0, 0.0, -1.0)),
    "head": ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "feet": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
}
"""Seen from the patient's front, back, left, right, head and feet: directions of the picture's x and y in LPS.

From the feet as axial slices are seen, anterior up; from the head anterior is up too.
"""


def turned_axes_of(azimuth: float, elevation: float) -> Axes:
    """Directions of a picture seen from the front, then ``azimuth`` degrees around the patient's long axis toward the left
    side (90: from the left) and ``elevation`` degrees up (90: from the head).
    """
    a, e = np.radians(azimuth), np.radians(elevation)
    to_eye = np.array([np.cos(e) * np.sin(a), -np.cos(e) * np.cos(a), np.sin(e)])
    right = np.array([np.cos(a), np.sin(a), 0.0])
    down = np.cross(-to_eye, right)
    return as_vector(right), as_vector(down)


def preset_of(style: SolidStyle, stack: Stack) -> SolidPreset:
    """The preset chosen, or the usual one of the modality."""
    fitting = presets_of(stack.context.modality, stack.unit)
    return PRESETS.get(style.preset, fitting[0])


def unit_of(geometry: Geometry) -> float:
    """The thickness that relative opacities are meant for: a few hundredths of what there is, whether a mouse or a man."""
    low, high = geometry.bounds
    return max(1e-6, float(np.linalg.norm(high - low)) / 300.0)


def look_of(style: SolidStyle, stack: Stack, values: SolidValues) -> Look:
    """What is drawn: the reader's look, else the preset's."""
    if style.look is not None:
        return style.look
    assert stack.geometry is not None
    return preset_of(style, stack).look(values.value_range, unit_of(stack.geometry))


def camera_of(plane: Plane, transform: ViewTransform) -> Camera:
    """Where a viewport is looked from: its middle, its directions on the screen and its scale, in device pixels."""
    matrix = transform.device_to_image
    h, w = transform.device_size
    across, down = matrix[:, 0] @ plane.steps, matrix[:, 1] @ plane.steps
    pixel = float(np.linalg.norm(across))
    middle = matrix @ np.array([(w - 1) / 2, (h - 1) / 2, 1.0])
    right, below = across / pixel, down / float(np.linalg.norm(down))
    mirrored = float(np.cross(right, below) @ plane.normal) < 0
    if mirrored:
        right = -right
    shrink = max(1.0, max(h, w) / MOST_PX)
    size = (max(1, round(h / shrink)), max(1, round(w / shrink)))
    centre = as_vector(plane.plane_to_patient(middle))
    return Camera(centre, as_vector(right), as_vector(below), pixel * shrink, size, mirrored)


def scene_of(style: SolidStyle, camera: Camera, look: Look, labels: tuple[SolidLabel, ...]) -> Scene:
    """The whole scene; ``labels`` are the surfaces in it."""
    surfaces = tuple(SurfaceLook(one.key, one.colour, style.surface_opacity) for one in labels)
    return Scene(camera, look, style.box, surfaces, style.cut_surfaces, style.volume or not surfaces)


def box_around(geometry: Geometry) -> ClipBox:
    """The box that holds everything."""
    low, high = geometry.bounds
    return ClipBox(as_vector(low), as_vector(high))


# What the reader does -------------------------------------------------------------------------------------------------


def show_solid(state: ViewportState) -> None:
    """Show the volume in three dimensions. MedviewError where that cannot be."""
    from medview.app.solid_grid import check_solid
    from medview.app.solid_process import check_installed

    if state.stack is None:
        return
    check_solid(state.stack)
    check_installed()
    state.set_plane("solid")


def choose_preset(state: ViewportState, preset: str) -> None:
    """Look at it by another preset; what was changed of the one before is gone."""
    state.update(solid=replace(state.view.solid, preset=preset, look=None))


def set_look(state: ViewportState, look: Look) -> None:
    """Look at it in the reader's own way."""
    state.update(solid=replace(state.view.solid, look=look))


def set_box(state: ViewportState, box: ClipBox | None) -> None:
    """Cut away what is outside a box; None: nothing."""
    state.update(solid=replace(state.view.solid, box=box))


def toggle_box(state: ViewportState) -> None:
    """A box to pull at, as large as everything; or none."""
    if state.stack is not None and state.stack.geometry is not None:
        set_box(state, None if state.view.solid.box is not None else box_around(state.stack.geometry))


def see_from(state: ViewportState, side: str) -> None:
    """Look from one of the patient's sides."""
    from medview.app.oblique import set_axes

    if state.view.axes is not None and state.stack is not None and state.stack.geometry is not None:
        set_axes(state, STANDARD_VIEWS[side], state.stack.geometry.bounds.mean(axis=0))
