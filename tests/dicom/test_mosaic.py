"""Siemens mosaics: one picture in the file, slices at their true places on the screen."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items

from tests.dicom.reading import assert_shown, catalog_of, codes, marker_centroid, modality_values, only_stack, stacks_of
from tests.dicom.test_oracles import agreeing, canonical, niftis
from tests.phantoms.dicom_series import (
    AXIAL,
    SHAPE,
    SPACING,
    STEP,
    make_enhanced,
    make_series,
    marker_values,
    normal_of,
    positions_along,
    save_series,
    set_pixels,
    true_centroid,
)


def csa(**entries: list[str]) -> bytes:
    """A CSA header (SV10) with the given entries."""
    parts = [b"SV10\4\3\2\1", struct.pack("<II", len(entries), 77)]
    for name, values in entries.items():
        items = [value.encode() for value in values] + [b""] * (6 - len(values))
        parts.append(struct.pack("<64si4siii", name.encode(), len(values), b"FD\0\0", 4, len(items), 77))
        for item in items:
            padded = item + bytes(-len(item) % 4)
            parts.append(struct.pack("<4i", len(item), len(item), 77, len(item)) + padded)
    return b"".join(parts)


def csa1(**entries: list[str]) -> bytes:
    """The older form, without a mark at its head: lengths of items are said plus the number of items of the first entry."""
    surplus = 6
    parts = [struct.pack("<II", len(entries) + 1, 77)]
    for name, values in {"EchoLinePosition": ["1"], **entries}.items():
        items = [value.encode() for value in values] + [b""] * (surplus - len(values))
        parts.append(struct.pack("<64si4siii", name.encode(), len(values), b"FD\0\0", 4, len(items), 77))
        for item in items:
            padded = item + bytes(-len(item) % 4)
            parts.append(struct.pack("<4i", len(item) + surplus, len(item), 77, len(item)) + padded)
    return b"".join(parts)


def mosaic(sign: int = 1, orientation=AXIAL, name: str = "mosaic", with_csa: bool = True, add: int = 0):
    """12 slices of the marker in a 4 × 4 mosaic; with ``sign`` -1 they follow one another against row × column."""
    values = marker_values() + add
    data = make_series(name=name, modality="MR")[0]
    data.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    data.Manufacturer = "SIEMENS"
    data.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    k, rows, columns = SHAPE
    picture = np.zeros((4 * rows, 4 * columns), dtype=np.int16)
    for number in range(k):
        y, x = number // 4 * rows, number % 4 * columns
        picture[y : y + rows, x : x + columns] = values[number] + 1024
    set_pixels(data, picture)
    row, column = np.array(orientation[:3]), np.array(orientation[3:])
    positions = positions_along(step=sign * STEP, orientation=orientation)
    corner = positions[0] - row * SPACING[1] * 1.5 * columns - column * SPACING[0] * 1.5 * rows
    data.ImagePositionPatient = [f"{value:.8g}" for value in corner]
    data.ImageOrientationPatient = list(orientation)
    data.SpacingBetweenSlices = str(STEP)
    block = data.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0A, "US", k)
    if with_csa:
        normal = [f"{value:.8f}" for value in sign * normal_of(orientation)]
        header = csa(NumberOfImagesInMosaic=[str(k)], SliceNormalVector=normal)
        data.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(0x10, "OB", header)
    return data, values, positions


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("orientation", [AXIAL, (0.8, 0.6, 0.0, 0.0, 0.0, -1.0)])
def test_slices_lie_at_their_places(tmp_path: Path, sign: int, orientation) -> None:
    data, values, positions = mosaic(sign, orientation)
    catalog = catalog_of(save_series([data], tmp_path))
    assert_shown(catalog, on_disk=1, shown=1)
    stack = only_stack(tmp_path)
    assert (stack.kind, stack.shape, stack.timepoints) == ("volume", SHAPE, 1)
    assert np.abs(marker_centroid(stack) - true_centroid(values, positions, orientation)).max() <= 0.01
    assert np.array_equal(modality_values(stack), values[::sign])
    assert "mosaic_slices" in codes(stack)
    assert "mosaic_order_assumed" not in codes(stack)


def test_several_mosaics_are_time_points(tmp_path: Path) -> None:
    series = []
    for number in range(3):
        data, _, _ = mosaic(name=f"m{number}", add=number)
        data.SeriesInstanceUID, data.InstanceNumber, data.AcquisitionNumber = "1.2.3", number + 1, number + 1
        series.append(data)
    stack = only_stack(save_series(series, tmp_path))
    assert (stack.shape, stack.timepoints) == (SHAPE, 3)
    assert [modality_values(stack, time).min() for time in range(3)] == [-1000, -999, -998]


@pytest.mark.parametrize("sign", [1, -1])
def test_mosaics_of_a_head_that_was_followed_are_not_mixed(tmp_path: Path, sign: int) -> None:
    """Slices of one mosaic lie between those of the next one: each is a volume of its own, at its own place."""
    series, truths = [], []
    for number in range(3):
        data, values, positions = mosaic(sign, name=f"m{number}", add=number)
        data.SeriesInstanceUID, data.InstanceNumber = "1.2.3", number + 1
        shift = np.array([0.0, 0.1, 0.4]) * number
        data.ImagePositionPatient = [f"{value:.8g}" for value in np.array(data.ImagePositionPatient, float) + shift]
        truths.append(true_centroid(values, positions + shift))
        series.append(data)
    stacks = stacks_of(save_series(series, tmp_path))
    assert [(stack.kind, stack.shape, stack.timepoints) for stack in stacks] == [("volume", SHAPE, 1)] * 3
    found = sorted(tuple(marker_centroid(stack)) for stack in stacks)
    assert np.allclose(found, sorted(map(tuple, truths)), atol=0.01)


@pytest.mark.parametrize("sign", [1, -1])
def test_the_older_private_header_is_read_too(tmp_path: Path, sign: int) -> None:
    data, values, positions = mosaic(sign)
    del data[0x0019100A]
    normal = [f"{value:.8f}" for value in sign * normal_of(AXIAL)]
    data[0x00291010].value = csa1(NumberOfImagesInMosaic=["12"], SliceNormalVector=normal)
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.shape) == ("volume", SHAPE)
    assert np.abs(marker_centroid(stack) - true_centroid(values, positions)).max() <= 0.01
    assert "mosaic_order_assumed" not in codes(stack)


@pytest.mark.parametrize("cut", [8, 40, 92, 100, 130, 200])
def test_a_cut_private_header_is_no_end(tmp_path: Path, cut: int) -> None:
    data, _, _ = mosaic()
    for number, header in enumerate((csa, csa1)):
        data[0x00291010].value = header(NumberOfImagesInMosaic=["12"], SliceNormalVector=["0", "0", "1"])[:cut]
        stack = only_stack(save_series([data], tmp_path / str(number)))
        assert stack.shape == SHAPE


def test_a_mosaic_without_slice_distance_has_no_place(tmp_path: Path) -> None:
    data, _, _ = mosaic()
    del data.SpacingBetweenSlices, data.SliceThickness
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.geometry) == ("frames", None)


def united_imaging(turned: bool = False, positions: bool = True):
    """12 slices in 3 rows of 4 whose places the private sequence says one by one, against row × column if ``turned``."""
    data, values, places = mosaic(-1 if turned else 1, with_csa=False)
    picture = np.frombuffer(data.PixelData, dtype=np.int16).reshape(data.Rows, data.Columns)
    set_pixels(data, picture[: 3 * SHAPE[1]])
    del data[0x00190010], data[0x0019100A], data.SpacingBetweenSlices
    data.Manufacturer = "UIH"
    data.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "VFRAME"]
    block = data.private_block(0x0065, "Image Private Header", create=True)
    block.add_new(0x50, "DS", "12")
    items = []
    for place in places:
        item = Dataset()
        if positions:
            item.ImagePositionPatient = [f"{value:.8g}" for value in place]
        item.AcquisitionTime = "101010"
        items.append(item)
    block.add_new(0x51, "SQ", Items(items))
    data.ImagePositionPatient = [f"{value:.8g}" for value in places[0]]
    return data, values, places


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("top_level", [False, True])
def test_a_grid_of_united_imaging_lies_where_its_sequence_says(tmp_path: Path, turned: bool, top_level: bool) -> None:
    data, values, places = united_imaging(turned)
    if not top_level:
        del data.ImagePositionPatient
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.shape) == ("volume", SHAPE)
    assert stack.geometry.spacing[0] == pytest.approx(STEP)
    assert np.abs(marker_centroid(stack) - true_centroid(values, places)).max() <= 0.01
    assert "mosaic_slices" in codes(stack)
    assert "mosaic_order_assumed" not in codes(stack)


def test_the_sequence_alone_says_how_many_slices_a_grid_has(tmp_path: Path) -> None:
    data, _, _ = united_imaging()
    del data[0x00651050]
    assert only_stack(save_series([data], tmp_path)).shape == SHAPE


def test_a_grid_without_places_has_none(tmp_path: Path) -> None:
    data, _, _ = united_imaging(positions=False)
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.geometry, stack.shape) == ("frames", None, (1, 72, 128))
    assert "mosaic" in codes(stack)


def test_a_square_grid_of_united_imaging_may_have_an_empty_row(tmp_path: Path) -> None:
    data, _, places = united_imaging()
    tiles = np.arange(16, dtype=np.int16).reshape(4, 4)
    set_pixels(data, np.kron(tiles, np.ones((24, 24), dtype=np.int16)))
    stack = only_stack(save_series([data], tmp_path))
    assert stack.shape == (12, 24, 24)
    assert [int(frame.read()[0, 0]) for frame in stack.frames] == list(range(12))
    assert np.allclose(stack.geometry.origins, places)


def test_an_enhanced_object_that_calls_itself_a_mosaic_is_none(tmp_path: Path) -> None:
    """Siemens XA takes the picture apart and keeps the word (dcm2niix issue 553)."""
    data = make_enhanced()
    data.Modality = "MR"
    data.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.shape) == ("volume", SHAPE)
    assert np.allclose(marker_centroid(stack), true_centroid(marker_values(), positions_along()), atol=0.01)
    assert not codes(stack) & {"mosaic", "mosaic_slices"}


@pytest.mark.parametrize("matrix", ["text", "attribute"])
def test_slices_saved_singly_that_still_say_mosaic_are_slices(tmp_path: Path, matrix: str) -> None:
    series = make_series(modality="MR")
    for data in series:
        data.ImageType = ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]
        if matrix == "text":
            data.private_block(0x0051, "SIEMENS MR HEADER", create=True).add_new(0x0B, "LO", "24p*32")
        else:
            data.AcquisitionMatrix = [32, 0, 0, 24]
    stack = only_stack(save_series(series, tmp_path))
    assert (stack.kind, stack.shape) == ("volume", SHAPE)
    assert not codes(stack) & {"mosaic", "mosaic_slices"}


def test_a_mosaic_of_unknown_number_that_is_larger_than_what_was_acquired_has_no_place(tmp_path: Path) -> None:
    data, _, _ = mosaic(with_csa=False)
    del data[0x0019100A]
    data.AcquisitionMatrix = [32, 0, 0, 24]
    assert only_stack(save_series([data], tmp_path)).kind == "frames"


def test_an_assumed_order_is_said(tmp_path: Path) -> None:
    data, _, _ = mosaic(with_csa=False)
    assert "mosaic_order_assumed" in codes(only_stack(save_series([data], tmp_path)))


def test_a_mosaic_of_unknown_make_has_no_place(tmp_path: Path) -> None:
    data, _, _ = mosaic(with_csa=False)
    del data[0x0019100A]
    stack = only_stack(save_series([data], tmp_path))
    assert (stack.kind, stack.geometry, stack.shape) == ("frames", None, (1, 96, 128))
    assert "mosaic" in codes(stack)


def test_the_slice_times_tell_how_many_slices_a_mosaic_has(tmp_path: Path) -> None:
    """(0019,1029) has one for each slice; anonymisers that take the CSA header away leave it."""
    data, _, _ = mosaic(with_csa=False)
    del data[0x0019100A]
    data.private_block(0x0019, "SIEMENS MR HEADER").add_new(0x29, "FD", [2.5 * n for n in range(SHAPE[0])])
    stack = only_stack(save_series([data], tmp_path))
    assert stack.shape == SHAPE
    assert "mosaic_order_assumed" in codes(stack)


def test_dcm2niix_reads_the_older_header_in_the_same_way(tmp_path: Path) -> None:
    data, _, _ = mosaic()
    data[0x00291010].value = csa1(NumberOfImagesInMosaic=["12"], SliceNormalVector=["0", "0", "1"])
    save_series([data], tmp_path / "in")
    (image,) = niftis(tmp_path / "in", tmp_path / "out")
    stack = only_stack(tmp_path / "in")
    assert agreeing([stack], image) == [stack]


@pytest.mark.parametrize("turned", [False, True])
def test_dcm2niix_takes_a_grid_of_united_imaging_apart_in_the_same_way(tmp_path: Path, turned: bool) -> None:
    """It takes the distance of slices from an attribute, medview from their places."""
    data, _, _ = united_imaging(turned)
    data.SpacingBetweenSlices = str(STEP)
    save_series([data], tmp_path / "in")
    (image,) = niftis(tmp_path / "in", tmp_path / "out")
    stack = only_stack(tmp_path / "in")
    assert agreeing([stack], image) == [stack]
    theirs = canonical(image.affine, image.shape, np.asarray(image.dataobj).astype(np.int16))
    ours = canonical(
        np.diag([-1, -1, 1, 1.0]) @ stack.geometry.affine,
        stack.shape[::-1],
        modality_values(stack).transpose(2, 1, 0).astype(np.int16),
    )
    assert np.array_equal(np.asarray(ours.dataobj), np.asarray(theirs.dataobj))


@pytest.mark.parametrize("sign", [1, -1])
def test_dcm2niix_takes_it_apart_in_the_same_way(tmp_path: Path, sign: int) -> None:
    data, _, _ = mosaic(sign)
    save_series([data], tmp_path / "in")
    (image,) = niftis(tmp_path / "in", tmp_path / "out")
    stack = only_stack(tmp_path / "in")
    assert agreeing([stack], image) == [stack]
