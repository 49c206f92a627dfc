"""From files to numbers on the screen: places, lengths, values and letters are true on straight, tilted and uneven grids."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from medview.app.measurements import place_of
from medview.app.measuring import measure
from medview.app.readout import read_pixel
from medview.app.shown_slice import acquired_shown, cut_shown
from medview.core.cut import cut_labels, cut_slice
from medview.core.finding import Segmentation
from medview.core.measurement import Measurement
from medview.core.plane import edge_letters
from medview.core.volume import Volume
from tests.dicom.reading import only_stack
from tests.phantoms.dicom_series import (
    AXIAL,
    BONE,
    ORIGIN,
    SHAPE,
    SPACING,
    STEP,
    each,
    make_series,
    marker_values,
    normal_of,
    positions_along,
    save_series,
    true_centroid,
)

pytestmark = pytest.mark.beside

CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
SLANTED = (0.8, 0.6, 0.0, 0.0, 0.0, -1.0)
PLANES = {"sagittal": 0, "coronal": 1, "axial": 2}


def volume_of(stack) -> Volume:
    stored = np.stack([frame.read() for frame in stack.frames])
    return Volume(stored, stack.transform, stack.geometry, stack.unit, stack.padding)


def tilted(angle: float, orientation) -> np.ndarray:
    """Positions of a gantry tilted by ``angle`` degrees: each slice is shifted along its columns."""
    column = np.asarray(orientation[3:])
    step = STEP * (normal_of(orientation) + np.tan(np.radians(angle)) * column)
    return np.asarray(ORIGIN) + np.arange(SHAPE[0])[:, None] * step


def uneven(orientation) -> np.ndarray:
    positions = positions_along(orientation=orientation)
    positions[4:] += 1.7 * normal_of(orientation)
    return positions


GRIDS = {
    "straight": lambda orientation: positions_along(orientation=orientation),
    "tilt 15": lambda orientation: tilted(15, orientation),
    "tilt -15": lambda orientation: tilted(-15, orientation),
    "tilt 28": lambda orientation: tilted(28, orientation),
    "uneven": uneven,
}
KINDS = {"straight": "volume", "uneven": "irregular"}


@pytest.fixture(params=[AXIAL, CORONAL, SLANTED], ids=["axial", "coronal", "slanted"])
def orientation(request: pytest.FixtureRequest):
    return request.param


@pytest.fixture(params=GRIDS)
def phantom(request: pytest.FixtureRequest, orientation, tmp_path: Path):
    """(stack, its volume, positions of its slices)."""
    positions = GRIDS[request.param](orientation)
    stack = only_stack(save_series(make_series(positions, orientation), tmp_path))
    assert stack.kind == KINDS.get(request.param, "sheared")
    return stack, volume_of(stack), positions


def marked_points(positions: np.ndarray, orientation) -> np.ndarray:
    """(n, 3) LPS of the marker's voxels, from the definition of ImagePositionPatient."""
    k, j, i = np.nonzero(marker_values() > 600)
    row, column = np.asarray(orientation[:3]), np.asarray(orientation[3:])
    return positions[k] + i[:, None] * SPACING[1] * row + j[:, None] * SPACING[0] * column


@pytest.mark.parametrize("kind", PLANES)
def test_a_cut_through_the_marker_shows_it_where_it_is(phantom, orientation, kind) -> None:
    stack, volume, positions = phantom
    centre = true_centroid(marker_values(), positions, orientation)
    shown = cut_shown(stack, kind, float(centre[PLANES[kind]]))
    x, y, distance = shown.patient_to_image(centre)
    assert abs(distance) < 1e-6
    readout = read_pixel(volume, shown, x, y)
    assert readout.value == BONE
    assert readout.patient == pytest.approx(tuple(centre), abs=1e-6)
    piece = cut_slice(volume, shown.plane)
    assert piece.values[round(y), round(x)] > 600
    # Each bright pixel lies within half a voxel (along each of the grid's axes) of a voxel of the marker.
    rows, columns = np.nonzero((piece.values > 600) & piece.coverage)
    voxels = stack.geometry.patient_to_voxel(shown.plane.plane_to_patient(np.stack([columns, rows], axis=-1)))
    truth = np.argwhere(marker_values() > 600)
    away = np.abs(voxels[:, None, :] - truth[None]).max(axis=-1).min(axis=1)
    assert away.max() <= 0.51


@pytest.mark.parametrize("kind", PLANES)
def test_an_overlay_lies_on_the_voxels_that_it_names(phantom, kind) -> None:
    stack, _, _ = phantom
    labels = (marker_values() > 600).astype(np.uint8)
    segmentation = Segmentation(labels, stack.geometry, ())
    centre = stack.geometry.voxel_to_patient(np.argwhere(labels)).mean(axis=0)
    shown = cut_shown(stack, kind, float(centre[PLANES[kind]]))
    drawn = cut_labels(segmentation, shown.plane)
    assert drawn.any()
    rows, columns = np.mgrid[0 : shown.shape[0], 0 : shown.shape[1]]
    voxels = stack.geometry.patient_to_voxel(shown.plane.plane_to_patient(np.stack([columns, rows], axis=-1)))
    at = np.floor(voxels + 0.5).astype(int)
    inside = np.all((at >= 0) & (at < np.array(labels.shape)), axis=-1)
    clear = np.all(np.abs(voxels + 0.5 - np.round(voxels + 0.5)) > 1e-3, axis=-1)  # not on a border between voxels
    expected = np.zeros_like(drawn)
    expected[inside] = labels[tuple(at[inside].T)]
    assert np.array_equal(drawn[clear], expected[clear])


def test_lengths_on_cuts_and_on_slices_are_those_in_the_patient(phantom, orientation) -> None:
    stack, _, positions = phantom
    points = marked_points(positions, orientation)
    for kind, axis in PLANES.items():
        shown = cut_shown(stack, kind, float(points[0][axis]))
        for target in points[[3, len(points) // 2, -1]]:
            flat = target.copy()
            flat[axis] = points[0][axis]  # both ends lie in the plane
            ends = tuple(shown.patient_to_image(point)[:2] for point in (points[0], flat))
            mark = Measurement("m", "ruler", place_of(stack, shown, 0), ends)
            length = measure(mark, shown, None, None, "HU").length
            assert (length.value, length.unit) == (pytest.approx(float(np.linalg.norm(flat - points[0]))), "mm")
    shown = acquired_shown(stack, 4)
    mark = Measurement("m", "ruler", place_of(stack, shown, 0), ((2.0, 3.0), (12.0, 13.0)))
    assert measure(mark, shown, None, None, "HU").length.value == pytest.approx(float(np.hypot(7.5, 15)))


def test_an_acquired_slice_of_any_grid_knows_its_place(phantom, orientation) -> None:
    stack, volume, positions = phantom
    for k in (0, 5, 11):
        shown = acquired_shown(stack, k)
        assert shown.image_to_patient(0, 0) == pytest.approx(positions[k], abs=1e-6)
        readout = read_pixel(volume, shown, 7.0, 9.0)
        true = positions[k] + 7 * SPACING[1] * np.array(orientation[:3]) + 9 * SPACING[0] * np.array(orientation[3:])
        assert readout.patient == pytest.approx(tuple(true), abs=1e-6)


# Letters


def signed_permutations() -> list[tuple[float, ...]]:
    """Row and column directions along the axes of the patient: 24, each seen from either side of its slices."""
    axes = np.eye(3)
    return [
        tuple(np.concatenate([s * axes[a], t * axes[b]]) + 0.0)
        for a, b in itertools.permutations(range(3), 2)
        for s in (1, -1)
        for t in (1, -1)
    ]


LETTERS = {(0, 1): "L", (0, -1): "R", (1, 1): "P", (1, -1): "A", (2, 1): "H", (2, -1): "F"}


def letter(vector) -> str:
    axis = int(np.argmax(np.abs(vector)))
    return LETTERS[axis, int(np.sign(vector[axis]))]


@pytest.mark.parametrize("position", ["HFS", "FFS", "HFP", "HFDR"])
def test_letters_come_from_the_direction_cosines_alone(tmp_path: Path, position: str) -> None:
    identity = [[1, 0, 0], [0, 1, 0]]
    for number, cosines in enumerate(signed_permutations()):
        for turned in (False, True):
            positions = positions_along(3, -STEP if turned else STEP, orientation=cosines)
            series = make_series(positions, cosines, marker_values((3, 6, 8)), name=f"l{number}{turned}")
            each(series, lambda _, data: data.__setattr__("PatientPosition", position))
            stack = only_stack(save_series(series, tmp_path / f"{number}{turned}"))
            shown = acquired_shown(stack, 1)
            letters = edge_letters(shown.plane, identity)
            row, column = np.array(cosines[:3]), np.array(cosines[3:])
            found = (letters.right, letters.bottom, letters.left, letters.top)
            assert found == (letter(row), letter(column), letter(-row), letter(-column))
            assert "".join(sorted(found)) in {"ALPR", "AFHP", "FHLR"}
            for kind, sides in (("axial", "RLAP"), ("coronal", "RLHF"), ("sagittal", "APHF")):
                cut = cut_shown(stack, kind, float(stack.geometry.bounds[:, PLANES[kind]].mean()))
                letters = edge_letters(cut.plane, identity)
                assert (letters.left, letters.right, letters.top, letters.bottom) == tuple(sides)
