"""Slabs and oblique planes without a window: what is refused, what a mark's place is, how planes turn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medview.app import slabs
from medview.app.measurements import same_slice
from medview.app.oblique import turned_axes
from medview.core.measurement import MeasurementPlace
from medview.core.plane import ANATOMICAL_AXES
from medview.core.slab import Slab
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace, numbered_volume

SHAPE = (12, 10, 8)


def test_a_mark_lies_on_the_plane_of_its_direction_only() -> None:
    """Two planes through the origin are at the same depth, whatever their angle."""
    place = MeasurementPlace("s", "oblique", origin=(0, 0, 0), across=(0.5, 0.0, 0.0), down=(0.0, 0.5, 0.0))
    turned = replace(place, across=(0.4, 0.3, 0.0), down=(-0.3, 0.4, 0.0))
    tilted = replace(place, down=(0.0, 0.4, 0.3))
    assert same_slice(place, replace(place))
    assert not same_slice(place, turned)
    assert not same_slice(place, tilted)
    assert not same_slice(place, replace(place, position_mm=1.0))


def test_turning_keeps_right_angles_however_often() -> None:
    axes = ANATOMICAL_AXES["coronal"]
    rng = np.random.default_rng(2)
    for _ in range(2000):
        axis = rng.normal(size=3)
        axis /= np.linalg.norm(axis)
        k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
        axes = turned_axes(axes, np.eye(3) + np.sin(0.3) * k + (1 - np.cos(0.3)) * (k @ k))
    u, v = np.array(axes[0]), np.array(axes[1])
    assert abs(u @ v) < 1e-12
    assert np.linalg.norm(u) == pytest.approx(1.0, abs=1e-12)
    assert np.linalg.norm(v) == pytest.approx(1.0, abs=1e-12)


def test_thickness_goes_through_round_numbers_and_ends_without_a_slab() -> None:
    workspace = make_workspace()
    state = workspace.viewports[0]
    state.show(*make_study(workspace, numbered_volume(SHAPE), axial_geometry(SHAPE)))
    slabs.set_thickness(state, 13.7)
    assert state.view.slab == Slab(13.7, "max")
    slabs.step_thickness(state, 1)
    assert state.view.slab == Slab(15, "max")
    slabs.choose_projection(state, "mean")
    slabs.step_thickness(state, -30)
    assert state.view.slab is None
    slabs.step_thickness(state, 100)
    assert state.view.slab == Slab(300, "max")


def test_a_projection_of_everything_has_no_thickness_of_its_own() -> None:
    workspace = make_workspace()
    state = workspace.viewports[0]
    state.show(*make_study(workspace, numbered_volume(SHAPE), axial_geometry(SHAPE)))
    state.set_plane("turning")
    whole = state.shown().slab
    low, high = state.stack.geometry.bounds
    assert whole.thickness_mm >= np.linalg.norm(high - low)
    state.update(slab=Slab(3.0, "min"))
    assert state.shown().slab == Slab(whole.thickness_mm, "min")
    state.set_plane("axial")
    assert state.shown().slab == Slab(3.0, "min")


def test_a_curved_picture_without_a_path_is_not_made_up() -> None:
    workspace = make_workspace()
    state = workspace.viewports[0]
    state.show(*make_study(workspace, numbered_volume(SHAPE), axial_geometry(SHAPE)))
    state.set_plane("curved")
    assert state.view.plane_kind == "acquired"
    state.update(plane_kind="curved")  # as a layout that was kept could ask
    assert state.shown().k is not None
