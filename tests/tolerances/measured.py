"""Puts shapes onto slices by way of the screen, as a hand does, at every zoom, turn, mirroring and scale, and measures them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from medview.app.measuring import Measured, measure
from medview.app.shown_slice import ShownSlice
from medview.app.view_transform import ViewTransform
from medview.core.mark_shapes import drawn_outline
from medview.core.measurement import Measurement, MeasurementPlace
from tests.tolerances.grids import grids
from tests.tolerances.shapes import Shape, as_array, shapes

SCALES = (1.0, 1.25, 1.5, 1.75, 2.0, 3.0)
ZOOMS = (0.6, 1.0, 3.3, 17.0)
TURNS = tuple(itertools.product(range(4), (False, True)))
PANS = ((0.0, 0.0), (7.3, -4.1))
VIEWPORT = (701.0, 559.0)
HAND_ZOOM = 3.3
"""At which the second figure is taken: points on whole pixels of the screen."""


def views(
    shown: ShownSlice,
    scales: tuple[float, ...],
    zooms: tuple[float, ...],
    turns: tuple[tuple[int, bool], ...],
    pans: tuple[tuple[float, float], ...],
) -> Iterator[ViewTransform]:
    """All that a reader can do with a picture."""
    for scale, zoom, (turn, mirrored), pan in itertools.product(scales, zooms, turns, pans):
        yield ViewTransform.build(shown.shape, shown.pixel_mm, VIEWPORT, scale, zoom, None, pan, turn, mirrored)


def image_points(shown: ShownSlice, shape: Shape) -> np.ndarray:
    """(n, 2) image coordinates of a shape about the middle of a slice, by way of places in the patient.

    ``across`` and ``down`` are made at right angles here, not taken from the slice's own spacing.
    """
    plane = shown.plane
    assert plane is not None
    middle = plane.plane_to_patient(((shown.shape[1] - 1) / 2, (shown.shape[0] - 1) / 2))
    across = plane.plane_to_patient((1.0, 0.0)) - plane.plane_to_patient((0.0, 0.0))
    across = across / np.linalg.norm(across)
    down = np.cross(plane.normal, across)
    down *= np.sign(down @ (plane.plane_to_patient((0.0, 1.0)) - plane.plane_to_patient((0.0, 0.0))))
    found = []
    for x, y in shape.points:
        at = shown.patient_to_image(middle + x * across + y * down)
        assert at is not None
        assert abs(at[2]) < 1e-9, "it lies on the slice"
        found.append(at[:2])
    return as_array(found)


def tell(shown: ShownSlice, shape: Shape, points: np.ndarray, view: ViewTransform) -> float:
    """The number that a mark through ``points`` says; a freehand one is thinned out as after a drag."""
    at = tuple((float(x), float(y)) for x, y in points)
    if shape.kind == "freehand":
        at = drawn_outline(at, view.pixel_mm, view.scale)
    mark = Measurement("m", shape.kind, MeasurementPlace("grid"), at)
    said: Measured = measure(mark, shown, None, None, None)
    return shape.told(said)


@dataclass(frozen=True)
class Row:
    """One line of the table: the worst of all views, exactly and with points on whole pixels of the screen."""

    shape: Shape
    grid: str
    exact: float
    by_hand: float


def _taken(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n, 2) points through an affine (2, 3)."""
    return np.asarray(points @ matrix[:, :2].T + matrix[:, 2])


def rows(
    scales: tuple[float, ...] = SCALES,
    zooms: tuple[float, ...] = ZOOMS,
    turns: tuple[tuple[int, bool], ...] = TURNS,
    pans: tuple[tuple[float, float], ...] = PANS,
) -> list[Row]:
    """Measure everything."""
    made = []
    for name, shown in grids().items():
        seen = list(views(shown, scales, zooms, turns, pans))
        # Outlines of hundreds of points take their time.
        few = list(views(shown, tuple({scales[0], scales[-1]}), zooms, turns[:2], pans))
        for shape in shapes():
            points = image_points(shown, shape)
            exact, by_hand = 0.0, 0.0
            for view in few if len(points) > 100 else seen:
                on_screen = _taken(view.matrix, points)
                exact = max(exact, shape.error(tell(shown, shape, _taken(view.inverse, on_screen), view)))
                if abs(view.zoom - HAND_ZOOM) < 1e-9:
                    whole = np.round(on_screen)  # the mouse goes from one logical pixel to the next
                    by_hand = max(by_hand, shape.error(tell(shown, shape, _taken(view.inverse, whole), view)))
            made.append(Row(shape, name, exact, by_hand))
    return made
