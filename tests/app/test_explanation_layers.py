"""Maps of explanations over the images: by place in the patient in every cut, in their colours, where they reach the threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from medview.app.explanation_layers import ExplanationLayer, bar_picture, is_drawn, map_table
from medview.app.shown_slice import ShownSlice
from medview.core.explanation import MapKind, ValueMap
from medview.core.plane import anatomical_plane
from tests.inference.volumes import axial_geometry, reorientations, volume_of

SHAPE = (8, 10, 12)
IDENTITY = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


def map_of(values: Any, kind: MapKind = "amount", threshold: float = 0.0) -> ValueMap:
    most = float(np.nanmax(np.abs(values)))
    return ValueMap("m", "Map", values, -most if kind == "difference" else 0.0, most, threshold, kind=kind)


def test_every_orientation_of_a_series_shows_the_map_at_one_place() -> None:
    values = np.random.default_rng(2).random(SHAPE).astype(np.float32)
    source = volume_of(values, axial_geometry(SHAPE, (2.0, 1.0, 1.5)), "arbitrary")
    assert source.geometry is not None
    low, high = source.geometry.bounds
    middle = (low + high) / 2
    wanted: dict[str, Any] = {}
    for name, turned in reorientations(source):
        assert turned.geometry is not None
        layer = ExplanationLayer("k", map_of(turned.stored), turned.geometry, 0.0, 1.0)
        for kind, axis in (("axial", 2), ("coronal", 1), ("sagittal", 0)):
            plane = anatomical_plane(turned.geometry, kind, float(middle[axis]) + 0.4, 0.5)  # type: ignore[arg-type]
            shown = ShownSlice(plane.size, (0.5, 0.5), plane, None, "none", kind, position_mm=1.0)  # type: ignore[arg-type]
            picture = np.zeros((*plane.size, 4), np.uint8)
            layer.draw(picture, shown, IDENTITY)
            assert picture.any()
            np.testing.assert_allclose(
                picture.astype(int), wanted.setdefault(kind, picture.astype(int)), atol=1, err_msg=name
            )


def test_only_what_reaches_the_threshold_is_drawn_in_its_colour() -> None:
    values = np.full((1, 4, 6), np.nan, np.float32)
    values[0, 1, :] = [-1.0, -0.5, -0.1, 0.1, 0.5, 1.0]
    layer = ExplanationLayer("k", map_of(values, "difference"), None, 0.4, 1.0)
    shown = ShownSlice((4, 6), (1.0, 1.0), None, None, "none", "acquired", k=0)
    picture = np.full((4, 6, 4), 7, np.uint8)
    layer.draw(picture, shown, IDENTITY)
    untouched = (picture == 7).all(axis=2)
    np.testing.assert_array_equal(untouched[1], [False, False, True, True, False, False])
    assert untouched[[0, 2, 3]].all(), "nothing was asked there"
    table = map_table("difference")
    np.testing.assert_array_equal(picture[1, 0, 2::-1], table[0])
    np.testing.assert_array_equal(picture[1, 5, 2::-1], table[255])
    assert layer.value_at(shown, 4.2, 1.3) == pytest.approx(0.5)
    assert layer.value_at(shown, 4, 0) is None
    assert layer.value_at(shown, 40, 1) is None
    # Another look is drawn anew, the same one from what is kept.
    again = np.full((4, 6, 4), 7, np.uint8)
    layer.with_look(0.9, 1.0).draw(again, shown, IDENTITY)
    np.testing.assert_array_equal((again == 7).all(axis=2)[1], [False, True, True, True, True, False])


def test_no_map_lies_over_pictures_that_are_no_plane() -> None:
    geometry = axial_geometry(SHAPE)
    layer = ExplanationLayer("k", map_of(np.ones(SHAPE, np.float32)), geometry, 0.0, 1.0)
    plane = anatomical_plane(geometry, "coronal", float(geometry.bounds.mean(axis=0)[1]))
    for kind in ("turning", "curved"):
        shown = ShownSlice(plane.size, (1.0, 1.0), plane, None, "none", kind)  # type: ignore[arg-type]
        assert layer.cut(shown) is None


def test_the_bar_is_empty_where_nothing_is_drawn() -> None:
    found = map_of(np.linspace(0, 1, 8, dtype=np.float32).reshape(1, 2, 4))
    bar = bar_picture(found, 0.5, 101, 3)
    assert bar.shape == (101, 3, 3)
    np.testing.assert_array_equal(bar[0, 0], map_table("amount")[255])
    assert not bar[60:].any()
    np.testing.assert_array_equal(is_drawn(np.array([-1.0, 0.2]), 0.5, "difference"), [True, False])
