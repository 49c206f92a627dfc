"""Pictures as stacks: values kept, colour said, no geometry invented."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from medview.core.problem import MedviewError
from medview.formats.catalog import catalog_foreign_files
from medview.formats.picture_file import read_picture_stacks

RNG = np.random.default_rng(7)


def test_sixteen_bit_grey_keeps_every_value(tmp_path: Path) -> None:
    values = RNG.integers(0, 65535, (20, 30)).astype(np.uint16)
    for name in ("a.png", "a.tif"):
        Image.fromarray(values).save(tmp_path / name)
        (stack,) = read_picture_stacks(tmp_path / name)
        assert (stack.kind, stack.shape, stack.dtype, stack.components) == ("picture", (1, 20, 30), "uint16", 1)
        assert stack.geometry is None
        assert stack.pixel_spacing is None
        assert np.array_equal(stack.frames[0].read(), values)


def tiff(path: Path, values: np.ndarray, photometric: int = 1, sample_format: int = 1) -> Path:
    """A plain little endian TIFF of one grey page (TIFF 6.0)."""
    data = values.astype(values.dtype.newbyteorder("<")).tobytes()
    rows, columns = values.shape
    longs = {256: columns, 257: rows, 273: 8, 278: rows, 279: len(data)}
    shorts = {258: 8 * values.dtype.itemsize, 259: 1, 262: photometric, 277: 1, 284: 1, 339: sample_format}
    entries = [(tag, 4, value) for tag, value in longs.items()] + [(tag, 3, value) for tag, value in shorts.items()]
    directory = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in sorted(entries))
    head = struct.pack("<2sHI", b"II", 42, 8 + len(data))
    path.write_bytes(head + data + struct.pack("<H", len(entries)) + directory + bytes(4))
    return path


@pytest.mark.parametrize(
    ("dtype", "photometric", "sample_format", "inverted"),
    [
        ("uint16", 0, 1, True),
        ("uint16", 1, 1, False),
        ("int16", 1, 2, False),
        ("int8", 1, 2, False),
        ("uint32", 1, 1, False),
        ("int32", 1, 2, False),
        ("float32", 0, 3, True),
    ],
)
def test_grey_of_every_type_keeps_its_values_and_its_polarity(
    tmp_path: Path, dtype: str, photometric: int, sample_format: int, inverted: bool
) -> None:
    bits = RNG.integers(0, 256, (6, 9, np.dtype(dtype).itemsize)).astype(np.uint8)
    values = bits.view(dtype)[..., 0] if dtype != "float32" else RNG.normal(size=(6, 9)).astype(dtype)
    (stack,) = read_picture_stacks(tiff(tmp_path / "page.tif", values, photometric, sample_format))
    assert stack.inverted is inverted
    assert stack.frames[0].read().dtype == stack.dtype
    assert np.array_equal(stack.frames[0].read().astype(np.float64), values.astype(np.float64))


def test_deep_colours_say_that_they_are_shown_with_fewer_bits(tmp_path: Path) -> None:
    deep = RNG.integers(0, 65536, (5, 7, 3)).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "deep.png"), deep[..., ::-1])
    (stack,) = read_picture_stacks(tmp_path / "deep.png")
    assert [note.code for note in stack.notes] == ["colour_scaled"]
    assert np.abs(stack.frames[0].read() - deep / 257.0).max() <= 1


def test_colour_palette_and_transparency_become_rgb(tmp_path: Path) -> None:
    rgb = RNG.integers(0, 255, (9, 11, 3)).astype(np.uint8)
    Image.fromarray(rgb).save(tmp_path / "rgb.png")
    Image.fromarray(rgb).quantize(256).save(tmp_path / "palette.png")
    Image.fromarray(np.dstack([rgb, np.full((9, 11), 100, np.uint8)])).save(tmp_path / "alpha.png")
    (stack,) = read_picture_stacks(tmp_path / "rgb.png")
    assert np.array_equal(stack.frames[0].read(), rgb)
    (palette,) = read_picture_stacks(tmp_path / "palette.png")
    assert palette.frames[0].read().shape == (9, 11, 3)
    (alpha,) = read_picture_stacks(tmp_path / "alpha.png")
    assert [note.code for note in alpha.notes] == ["transparency_ignored"]
    assert np.array_equal(alpha.frames[0].read(), rgb)


def test_pages_of_one_size_are_one_stack_and_other_sizes_another(tmp_path: Path) -> None:
    pages = [RNG.integers(0, 255, shape).astype(np.uint8) for shape in ((6, 8), (6, 8), (4, 5))]
    first, *rest = [Image.fromarray(page) for page in pages]
    first.save(tmp_path / "pages.tif", save_all=True, append_images=rest)
    stacks = read_picture_stacks(tmp_path / "pages.tif")
    assert [stack.shape for stack in stacks] == [(2, 6, 8), (1, 4, 5)]
    assert np.array_equal(stacks[0].frames[1].read(), pages[1])
    assert np.array_equal(stacks[1].frames[0].read(), pages[2])


def test_a_turned_photograph_stands_upright(tmp_path: Path) -> None:
    values = np.zeros((10, 20), np.uint8)
    values[0, :] = 255
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(values).save(tmp_path / "turned.png", exif=exif)
    (stack,) = read_picture_stacks(tmp_path / "turned.png")
    assert stack.shape == (1, 20, 10)
    got = stack.frames[0].read()
    assert got[:, -1].mean() == 255
    assert got[:, 0].mean() == 0
    assert [note.code for note in stack.notes] == ["picture_turned"]


UPRIGHT = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.T,
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].T,
    8: np.rot90,
}
"""The Orientation tag of TIFF 6.0 (page 36) and EXIF → what the picture is, of what is stored."""


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jpg"])
@pytest.mark.parametrize("orientation", UPRIGHT)
def test_every_orientation_is_turned_once_in_each_format(tmp_path: Path, name: str, orientation: int) -> None:
    stored = np.kron(np.arange(6, dtype=np.uint8).reshape(2, 3) * 40, np.ones((8, 8), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = orientation
    more = {"quality": 100} if name == "a.jpg" else {}
    Image.fromarray(stored).save(tmp_path / name, exif=exif, **more)
    (stack,) = read_picture_stacks(tmp_path / name)
    upright = UPRIGHT[orientation](stored)
    assert stack.shape == (1, *upright.shape)
    assert np.abs(stack.frames[0].read().astype(int) - upright).max() <= 2
    assert [note.code for note in stack.notes] == (["picture_turned"] if orientation > 1 else [])


def test_pages_of_a_tiff_are_turned_each_by_its_own_tag(tmp_path: Path) -> None:
    stored = RNG.integers(0, 65535, (2, 3)).astype(np.uint16)
    pages = [Image.fromarray(stored) for _ in range(3)]
    for page, orientation in zip(pages, (1, 2, 6), strict=True):
        page.encoderinfo = {"tiffinfo": {0x0112: orientation}}
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    flat, tall = read_picture_stacks(tmp_path / "a.tif")
    assert (flat.shape, tall.shape) == ((2, 2, 3), (1, 3, 2))
    assert np.array_equal(flat.frames[0].read(), stored)
    assert np.array_equal(flat.frames[1].read(), stored[:, ::-1])
    assert np.array_equal(tall.frames[0].read(), np.rot90(stored, -1))


def test_rubbish_and_a_bomb_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "text.png").write_bytes(b"hello")
    with pytest.raises(MedviewError, match=r"text\.png cannot be read as a picture: no picture of a known kind\.$"):
        read_picture_stacks(tmp_path / "text.png")
    whole = tmp_path / "cut.png"
    Image.fromarray(RNG.integers(0, 255, (64, 64)).astype(np.uint8)).save(whole)
    whole.write_bytes(whole.read_bytes()[:-800])
    (stack,) = read_picture_stacks(whole)
    with pytest.raises(MedviewError, match=r"cut\.png"):
        stack.frames[0].read()


def test_the_catalog_keeps_good_files_and_names_bad_ones(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 5), np.uint8)).save(tmp_path / "good.png")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "good.png").write_bytes((tmp_path / "good.png").read_bytes())
    (tmp_path / "bad.png").write_bytes(b"x")
    (tmp_path / "notes.txt").write_text("hello")
    paths = [str(path) for path in tmp_path.rglob("*") if path.is_file()]
    found = catalog_foreign_files(paths)
    backwards = catalog_foreign_files(reversed(paths))
    ids = [stack.id for study in found.studies for series in study.series for stack in series.stacks]
    assert len(ids) == 2
    assert len(set(ids)) == 2
    assert not any(" " in name for name in ids)
    assert ids == [stack.id for study in backwards.studies for series in study.series for stack in series.stacks]
    assert [Path(problem.path).name for problem in found.problems] == ["bad.png"]
    assert [Path(path).name for path in found.unknown] == ["notes.txt"]
