"""Exports and cuts against a field that is known in the patient: value = a · (x, y, z) + b, whatever the grid.

Trilinear interpolation keeps such a field exactly, so a picture says by each of its pixels where medview thinks it lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from medview.app.exporting import export_stack
from medview.app.headless import Choice, choose_stack, load_whole
from medview.app.rendering import RenderWish, render_stack
from tests.oracles.grids import OBLIQUE, sheared, signed_permutations, turned
from tests.phantoms.dicom_series import AXIAL, SHAPE, SPACING, make_series, positions_along, save_series

pytestmark = pytest.mark.beside

GRADIENT = np.array([1.0, 2.3, -0.7])
"""Of the field, per mm along LPS; no sign or axis can be exchanged for another."""
WINDOW = (0.0, 400.0)
SLOPE = 0.0625

FloatArray = NDArray[np.float64]


def points_of(positions: FloatArray, orientation: Sequence[float]) -> FloatArray:
    """(k, j, i, 3) LPS of every voxel by the definition of PS3.3 C.7.6.2.1.1."""
    row, column = np.asarray(orientation[:3]), np.asarray(orientation[3:])
    i, j = np.arange(SHAPE[2]), np.arange(SHAPE[1])
    in_plane = i[None, :, None] * SPACING[1] * row + j[:, None, None] * SPACING[0] * column
    return np.asarray(positions)[:, None, None, :] + in_plane


def field(points: FloatArray) -> FloatArray:
    return np.asarray(points @ GRADIENT)


def study(folder: Path, positions: FloatArray, orientation: Sequence[float], name: str) -> Choice:
    """A series that holds the field, as medview finds it."""
    values = field(points_of(positions, orientation))
    series = make_series(positions, orientation, values, name=name, modality="MR", slope=SLOPE, intercept=0.0)
    shuffled = [int(at) for at in np.random.default_rng(1).permutation(len(series))]
    return choose_stack([str(save_series(series, folder, order=shuffled))], None)


def plane_points(kind: str, position: float, step: float, size: tuple[int, int], bounds: FloatArray) -> FloatArray:
    """(h, w, 3) LPS of the pixels' centres: head up, left at the right, in a sagittal cut anterior at the left."""
    (low_x, low_y, _), (_, _, high_z) = bounds
    across, down = step * (np.arange(size[0]) + 0.5), step * (np.arange(size[1]) + 0.5)
    points = np.empty((size[1], size[0], 3))
    if kind == "axial":
        points[..., 0], points[..., 1], points[..., 2] = low_x + across, (low_y + down)[:, None], position
    elif kind == "coronal":
        points[..., 0], points[..., 1], points[..., 2] = low_x + across, position, (high_z - down)[:, None]
    else:
        points[..., 0], points[..., 1], points[..., 2] = position, low_y + across, (high_z - down)[:, None]
    return points


def depth_inside(points: FloatArray, positions: FloatArray, orientation: Sequence[float]) -> FloatArray:
    """How many voxels a point lies inside of the outermost voxel centres (negative: outside), by tags alone."""
    row, column = np.asarray(orientation[:3]), np.asarray(orientation[3:])
    normal = np.cross(row, column)
    order = np.argsort(positions @ normal)
    depths = (positions @ normal)[order]
    at = points @ normal
    k = np.interp(at, depths, np.arange(len(depths)), left=-1, right=len(depths))
    inside = np.clip(k, 0, len(depths) - 1)
    origin = np.stack([np.interp(inside, np.arange(len(depths)), positions[order, axis]) for axis in range(3)], axis=-1)
    offset = points - origin
    i, j = offset @ row / SPACING[1], offset @ column / SPACING[0]
    return np.minimum.reduce([i, SHAPE[2] - 1 - i, j, SHAPE[1] - 1 - j, k, len(depths) - 1 - k])


def check_cuts(choice: Choice, positions: FloatArray, orientation: Sequence[float], folder: Path, step: float) -> None:
    """All three planes at two places each, pixel by pixel."""
    points = points_of(positions, orientation)
    row, column = np.asarray(orientation[:3]), np.asarray(orientation[3:])
    normal = np.cross(row, column)
    order = np.argsort(positions @ normal)
    first, last = positions[order[0]] - positions[order[1]], positions[order[-1]] - positions[order[-2]]
    borders = [
        points[k, j, i] + (0.5 * s * first if k == order[0] else 0.5 * s * last) + di * row + dj * column
        for k, s in ((order[0], 1), (order[-1], 1))
        for j, dj in ((0, -SPACING[0] / 2), (-1, SPACING[0] / 2))
        for i, di in ((0, -SPACING[1] / 2), (-1, SPACING[1] / 2))
    ]
    bounds = np.array([np.min(borders, axis=0), np.max(borders, axis=0)])
    for kind, axis in (("axial", 2), ("coronal", 1), ("sagittal", 0)):
        for part in (0.43, 0.61):
            position = float(bounds[0, axis] + part * (bounds[1, axis] - bounds[0, axis]))
            target = folder / f"{kind}.png"
            answer = render_stack(choice, RenderWish(plane=kind, position_mm=position, window=WINDOW), str(target))
            picture = cv2.imread(str(target), cv2.IMREAD_GRAYSCALE)
            width, height = answer["size"]
            assert picture.shape == (height, width)
            where = plane_points(kind, position, step, (width, height), bounds)
            low = WINDOW[0] - 0.5 - (WINDOW[1] - 1) / 2
            expected = np.clip((field(where) - low) / (WINDOW[1] - 1), 0, 1) * 255
            deep = depth_inside(where, positions, orientation)
            inside = deep > 0.02
            assert inside.sum() > 100
            gap = np.abs(picture.astype(float) - expected)[inside]
            assert gap.max() <= 1.0, f"{kind} at {position:.2f}: {gap.max():.2f} of 255 off"
            outside = picture[deep < -1.02]
            assert not outside.any()  # nothing is drawn where there is no voxel


SMALLEST = min(*SPACING, 2.5)


@pytest.mark.parametrize(
    "chosen", [slice(at, at + 8) for at in range(0, 48, 8)], ids=lambda s: f"{s.start}-{s.stop - 1}"
)
def test_cuts_of_48_orientations_lie_where_they_say(tmp_path: Path, chosen: slice) -> None:
    for name, orientation, step in signed_permutations()[chosen]:
        positions = positions_along(step=step, orientation=orientation)
        choice = study(tmp_path / name, positions, orientation, name)
        check_cuts(choice, positions, orientation, tmp_path, SMALLEST)


GRIDS: dict[str, tuple[FloatArray, Sequence[float]]] = {
    "oblique": (positions_along(orientation=OBLIQUE), OBLIQUE),
    "turned": (positions_along(step=-2.5, orientation=turned(7)), turned(7)),
    "tilt": (sheared(AXIAL, 18), AXIAL),
    "tilt back": (sheared(AXIAL, -25), AXIAL),
}


@pytest.mark.parametrize("name", GRIDS)
def test_cuts_of_oblique_and_tilted_grids(tmp_path: Path, name: str) -> None:
    positions, orientation = GRIDS[name]
    choice = study(tmp_path / "in", positions, orientation, name)
    assert choice[2].kind == ("sheared" if "tilt" in name else "volume")
    check_cuts(choice, positions, orientation, tmp_path, SMALLEST)


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("name", GRIDS)
def test_exports_hold_the_field_where_other_readers_look(tmp_path: Path, name: str, ending: str) -> None:
    positions, orientation = GRIDS[name]
    choice = study(tmp_path / "in", positions, orientation, name)
    target = tmp_path / f"out{ending}"
    export_stack(choice[2], str(target))
    values, points = read_by_others(target)
    assert values.shape == SHAPE[::-1]
    assert np.abs(values - field(points)).max() <= SLOPE / 2 + 1e-3


def read_by_others(path: Path) -> tuple[FloatArray, FloatArray]:
    """(i, j, k) values and their LPS points by nibabel or SimpleITK; shear is in NRRD's and NIfTI's matrices only."""
    if path.name.endswith(".nii.gz"):
        nibabel = pytest.importorskip("nibabel")
        image = nibabel.load(path)
        matrix = np.diag([-1, -1, 1, 1]) @ image.affine
        values = np.asarray(image.dataobj, dtype=float)
    else:
        matrix, values = read_header(path)
    grid = np.stack(np.meshgrid(*(np.arange(length) for length in values.shape), indexing="ij"), axis=-1)
    return values, grid @ matrix[:3, :3].T + matrix[:3, 3]


def read_header(path: Path) -> tuple[FloatArray, FloatArray]:
    """Affine and values of NRRD or MHA as ITK reads them."""
    sitk = pytest.importorskip("SimpleITK")
    image = sitk.ReadImage(str(path))
    matrix = np.eye(4)
    matrix[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    matrix[:3, 3] = image.GetOrigin()
    return matrix, sitk.GetArrayFromImage(image).transpose(2, 1, 0).astype(float)


def test_the_field_would_show_a_flip(tmp_path: Path) -> None:
    """The check itself: a series whose files lie about their direction must fail it."""
    positions = positions_along()
    choice = study(tmp_path / "in", positions, AXIAL, "lie")
    assert load_whole(choice[2], 0).shape == SHAPE
    mirrored = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    with pytest.raises(AssertionError):
        check_cuts(choice, positions, mirrored, tmp_path, SMALLEST)
