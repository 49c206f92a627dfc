"""A second series across whose grid the plane lies is sampled where the picture below it is: exactly, and only where it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from medview.app.fusion_picture import sampled_on
from medview.core.plane import upright_axes
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace

SHAPE = (40, 60, 60)
SIZE = (90, 120)
TO_IMAGE = np.array([[0.45, 0.0, 1.0], [0.0, 0.45, 3.0]])


def test_a_ramp_is_the_same_ramp_on_an_oblique_plane() -> None:
    workspace = make_workspace()
    grid = replace(axial_geometry(SHAPE, (2.0, 1.5, 1.5)), frame_of_reference="one")
    k, j, i = np.mgrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    x, y, z = np.moveaxis(grid.voxel_to_patient(np.stack([k, j, i], axis=-1).astype(np.float64)), -1, 0)
    ramp = np.rint(7 * x - 4 * y + 11 * z).astype(np.int16)
    below = make_study(workspace, np.zeros(SHAPE, np.int16), grid, stack_id="below")
    make_study(workspace, ramp, grid, stack_id="over")
    state = workspace.viewports[0]
    state.show(*below)
    state.set_plane("oblique")
    state.update(axes=upright_axes((0.4, 0.8, 0.3)))
    shown, over = state.shown(), workspace.loader.volumes["over", 0]  # type: ignore[attr-defined]
    assert shown is not None
    assert shown.plane is not None
    found = sampled_on(over, shown, TO_IMAGE, SIZE)
    assert found is not None
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    at = np.stack([columns, rows, np.ones_like(rows)], axis=-1) @ TO_IMAGE.T
    px, py, pz = np.moveaxis(shown.plane.plane_to_patient(at), -1, 0)
    voxels = grid.patient_to_voxel(np.stack([px, py, pz], axis=-1))
    inside = np.all((voxels >= 0.05) & (voxels <= np.array(SHAPE) - 1.05), axis=-1)
    assert inside.sum() > 1000
    assert found.coverage[inside].all()
    wanted = over.transform.apply((7 * px - 4 * py + 11 * pz).reshape(-1), 0).reshape(SIZE)
    np.testing.assert_allclose(found.values[inside], wanted[inside], atol=1.0)  # of what was rounded to whole numbers
    outside = np.any((voxels < -1) | (voxels > np.array(SHAPE)), axis=-1)
    assert not found.coverage[outside].any()


def test_where_the_series_is_not_there_is_nothing() -> None:
    workspace = make_workspace()
    grid = replace(axial_geometry(SHAPE, (2.0, 1.5, 1.5)), frame_of_reference="one")
    affine = np.array(grid.affine)
    affine[:3, 3] += 5000.0
    below = make_study(workspace, np.zeros(SHAPE, np.int16), grid, stack_id="below")
    make_study(workspace, np.ones(SHAPE, np.int16), replace(grid, affine=affine), stack_id="over")
    state = workspace.viewports[0]
    state.show(*below)
    state.set_plane("oblique")
    state.update(axes=upright_axes((0.4, 0.8, 0.3)))
    shown = state.shown()
    assert shown is not None
    assert sampled_on(workspace.loader.volumes["over", 0], shown, TO_IMAGE, SIZE) is None  # type: ignore[attr-defined]
