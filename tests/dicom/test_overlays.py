"""Overlay planes and supplemental colours: what a file draws over its frames, where, and never as part of a value."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest

from medview.app.headless import choose_stack
from medview.app.rendering import RenderWish, render_stack
from medview.core.graphics import FrameGraphics, draw_graphics
from tests.dicom.pixel_files import write_pixels
from tests.dicom.reading import only_stack
from tests.shared import shared_path

ROWS, COLUMNS = 10, 14
BITS = np.zeros((3, 5), np.uint8)
BITS[0] = 1
BITS[2, 4] = 1


def grey_picture(path: Path, frames: int = 1, **options) -> Path:
    values = np.tile(np.arange(COLUMNS, dtype=np.uint8) * 16, (frames * ROWS, 1))
    options = {"photometric": "MONOCHROME2", "WindowCenter": "128", "WindowWidth": "256"} | options
    return write_pixels(
        path, values.tobytes(), rows=ROWS, columns=COLUMNS, allocated=8, frames=frames, vr="OB", **options
    )


def add_plane(path: Path, group: int, bits: np.ndarray, origin=(3, 4), kind="G", frames=None, first=None) -> Path:
    data = pydicom.dcmread(path)
    base = group << 16
    data.add_new(base | 0x10, "US", bits.shape[-2])
    data.add_new(base | 0x11, "US", bits.shape[-1])
    if frames is not None:
        data.add_new(base | 0x15, "IS", frames)
    data.add_new(base | 0x40, "CS", kind)
    data.add_new(base | 0x50, "SS", list(origin))
    if first is not None:
        data.add_new(base | 0x51, "US", first)
    data.add_new(base | 0x100, "US", 1)
    data.add_new(base | 0x102, "US", 0)
    raw = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    data.add_new(base | 0x3000, "OW", raw + b"\0" * (len(raw) % 2))
    data.save_as(path)
    return path


def drawn(path: Path, frame: int = 0) -> np.ndarray:
    """(rows, columns) where the file draws over a frame."""
    source = only_stack(path).graphics_of(frame)
    assert source is not None
    return source.read()[..., 3] > 0


def placed(bits: np.ndarray, top: int, left: int) -> np.ndarray:
    out = np.zeros((ROWS, COLUMNS), bool)
    for row, column in np.argwhere(bits):
        if 0 <= top + row < ROWS and 0 <= left + column < COLUMNS:
            out[top + row, left + column] = True
    return out


def rendered(path: Path, target: Path, frame: int = 0, **wish) -> np.ndarray:
    from PIL import Image

    render_stack(choose_stack([str(path)], None), RenderWish(frame=frame, **wish), str(target))
    return np.asarray(Image.open(target).convert("RGB"))


def dcm2pnm(path: Path, target: Path, frame: int = 0, window: str = "1") -> np.ndarray:
    if shutil.which("dcm2pnm") is None:
        pytest.skip("needs DCMTK's dcm2pnm")
    subprocess.run(["dcm2pnm", "--frame", str(frame + 1), "+Wi", window, "+on", str(path), str(target)], check=True)
    from PIL import Image

    return np.asarray(Image.open(target).convert("RGB"))


def test_a_file_without_overlays_has_none(tmp_path: Path) -> None:
    assert only_stack(grey_picture(tmp_path / "a.dcm")).graphics == ()


@pytest.mark.parametrize("origin", [(3, 4), (1, 1), (0, 0), (-1, 12), (9, 11), (-40, -40), (30, 30)])
def test_a_plane_lies_where_its_origin_says(tmp_path: Path, origin: tuple[int, int]) -> None:
    path = add_plane(grey_picture(tmp_path / "a.dcm"), 0x6000, BITS, origin)
    np.testing.assert_array_equal(drawn(path), placed(BITS, origin[0] - 1, origin[1] - 1))
    ours, theirs = rendered(path, tmp_path / "a.png"), dcm2pnm(path, tmp_path / "b.png")
    assert np.abs(ours.astype(int) - theirs).max() <= 1


@pytest.mark.parametrize("group", [0x6000, 0x6002, 0x601E])
def test_every_group_is_drawn(tmp_path: Path, group: int) -> None:
    path = add_plane(grey_picture(tmp_path / "a.dcm"), group, BITS)
    path = add_plane(path, 0x6004, BITS[:1], (10, 1))
    np.testing.assert_array_equal(drawn(path), placed(BITS, 2, 3) | placed(BITS[:1], 9, 0))


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_graphics_are_white_whatever_the_polarity_and_the_window(tmp_path: Path, photometric: str) -> None:
    path = add_plane(grey_picture(tmp_path / "a.dcm", photometric=photometric), 0x6000, BITS)
    ours, theirs = rendered(path, tmp_path / "a.png"), dcm2pnm(path, tmp_path / "b.png")
    assert np.abs(ours.astype(int) - theirs).max() <= 1
    assert (ours[placed(BITS, 2, 3)] == 255).all()
    dark = rendered(path, tmp_path / "c.png", window=(1000.0, 10.0))
    assert (dark[placed(BITS, 2, 3)] == 255).all()
    plain = rendered(path, tmp_path / "d.png", graphics=False)
    assert (plain[placed(BITS, 2, 3)] != 255).any()


def test_frames_of_a_plane(tmp_path: Path) -> None:
    """PS3.3 C.9.2: one plane for all frames; or one for each of some frames from Image Frame Origin on."""
    whole = add_plane(grey_picture(tmp_path / "a.dcm", frames=4), 0x6000, BITS)
    for frame in range(4):
        np.testing.assert_array_equal(drawn(whole, frame), placed(BITS, 2, 3))
    two = np.stack([BITS, 1 - BITS])
    some = add_plane(grey_picture(tmp_path / "b.dcm", frames=4), 0x6000, two, frames=2, first=2)
    nothing = np.zeros_like(BITS)
    for frame, expected in enumerate([nothing, two[0], two[1], nothing]):
        np.testing.assert_array_equal(drawn(some, frame), placed(expected, 2, 3))
        ours, theirs = rendered(some, tmp_path / "c.png", frame), dcm2pnm(some, tmp_path / "d.png", frame)
        assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_odd_sizes_and_missing_bytes(tmp_path: Path) -> None:
    """567×652 bits are 46210.5 bytes; a plane that is cut off is drawn as far as it goes."""
    bits = np.random.default_rng(4).integers(0, 2, (567, 652)).astype(np.uint8)
    values = np.zeros((567, 652), np.uint8)
    path = write_pixels(tmp_path / "a.dcm", values.tobytes(), rows=567, columns=652, allocated=8, vr="OB")
    add_plane(path, 0x6000, bits, (1, 1))
    source = only_stack(path).graphics_of(0)
    np.testing.assert_array_equal(source.read()[..., 3] > 0, bits.astype(bool))
    data = pydicom.dcmread(path)
    data[0x60003000].value = data[0x60003000].value[:1000]
    data.save_as(path)
    cut = only_stack(path).graphics_of(0).read()[..., 3] > 0
    np.testing.assert_array_equal(cut.reshape(-1)[:8000], bits.reshape(-1)[:8000].astype(bool))
    assert not cut.reshape(-1)[8000:].any()


def test_words_of_a_big_endian_file(tmp_path: Path) -> None:
    """PS3.5 7.3: OW is swapped as words of 16 bit, and the bits of an overlay with them."""
    from tests.phantoms.raw_dicom import element, part10

    def number(value: int) -> bytes:
        return struct.pack(">h", value)

    bits = np.packbits(BITS.reshape(-1), bitorder="little").tobytes()
    data_set = [
        (0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7"), (0x00080018, "UI", "1.2.3.4"), (0x00080060, "CS", "OT"),
        (0x0020000D, "UI", "1.2.3"), (0x0020000E, "UI", "1.2.3.5"), (0x00280002, "US", number(1)),
        (0x00280004, "CS", "MONOCHROME2"), (0x00280010, "US", number(ROWS)), (0x00280011, "US", number(COLUMNS)),
        (0x00280100, "US", number(16)), (0x00280101, "US", number(16)), (0x00280102, "US", number(15)),
        (0x00280103, "US", number(0)), (0x60000010, "US", number(3)), (0x60000011, "US", number(5)),
        (0x60000040, "CS", "G"), (0x60000050, "SS", number(3) + number(4)), (0x60000100, "US", number(1)),
        (0x60000102, "US", number(0)), (0x60003000, "OW", bits[::-1]), (0x7FE00010, "OW", bytes(2 * ROWS * COLUMNS)),
    ]  # fmt: skip
    raw = b"".join(element(tag, vr, value, big=True) for tag, vr, value in data_set)
    path = tmp_path / "b.dcm"
    path.write_bytes(part10(raw, "1.2.840.10008.1.2.2"))
    np.testing.assert_array_equal(drawn(path), placed(BITS, 2, 3))


def test_a_region_of_interest_is_outlined_and_hides_nothing(tmp_path: Path) -> None:
    bits = np.zeros((ROWS, COLUMNS), np.uint8)
    bits[2:8, 3:10] = 1
    path = add_plane(grey_picture(tmp_path / "a.dcm"), 0x6000, bits, (1, 1), kind="R")
    inside = bits.astype(bool)
    border = inside.copy()
    border[3:7, 4:9] = False
    np.testing.assert_array_equal(drawn(path), border)


@pytest.mark.parametrize("high", [11, 15])
def test_bits_beside_the_values_are_drawn_and_masked(tmp_path: Path, high: int) -> None:
    """Retired planes in unused bits of the pixel cells (row 12 of the hazard table)."""
    shift = high - 11
    values = np.tile(np.arange(COLUMNS, dtype=np.uint16) * 290, (ROWS, 1))
    bit = 12 if shift == 0 else 3
    raw = (values << shift).astype(np.uint16)
    raw[placed(BITS, 2, 3)] |= 1 << bit
    path = write_pixels(
        tmp_path / "a.dcm", raw.tobytes(), rows=ROWS, columns=COLUMNS, stored=12, high=high,
        WindowCenter="2048", WindowWidth="4096",
    )  # fmt: skip
    data = pydicom.dcmread(path)
    data.add_new(0x60000010, "US", ROWS)
    data.add_new(0x60000011, "US", COLUMNS)
    data.add_new(0x60000040, "CS", "G")
    data.add_new(0x60000050, "SS", [1, 1])
    data.add_new(0x60000100, "US", 16)
    data.add_new(0x60000102, "US", bit)
    data.save_as(path)
    stack = only_stack(path)
    np.testing.assert_array_equal(stack.frames[0].read(), values)
    np.testing.assert_array_equal(drawn(path), placed(BITS, 2, 3))
    ours, theirs = rendered(path, tmp_path / "a.png"), dcm2pnm(path, tmp_path / "b.png")
    assert np.abs(ours.astype(int) - theirs).max() <= 1


def test_a_bit_of_the_values_is_no_overlay(tmp_path: Path) -> None:
    path = write_pixels(tmp_path / "a.dcm", b"\xff\x0f" * 140, rows=ROWS, columns=COLUMNS, stored=12)
    data = pydicom.dcmread(path)
    data.add_new(0x60000010, "US", ROWS)
    data.add_new(0x60000011, "US", COLUMNS)
    data.add_new(0x60000100, "US", 16)
    data.add_new(0x60000102, "US", 3)
    data.save_as(path)
    assert not drawn(path).any()


def test_a_real_overlay_as_dcmtk_draws_it(tmp_path: Path) -> None:
    path = shared_path("data/pydicom+pydicom/src/pydicom/data/test_files/examples_overlay.dcm")
    ours, theirs = rendered(path, tmp_path / "a.png"), dcm2pnm(path, tmp_path / "b.png")
    assert np.abs(ours.astype(int) - theirs).max() <= 1
    assert (rendered(path, tmp_path / "c.png", graphics=False) != ours).any()


# ------------------------------------------------------------------------------------------------- supplemental colours


def test_supplemental_colours_lie_over_the_grey_ones(tmp_path: Path) -> None:
    """PS3.3 C.7.6.19: values from the palette's first one on are colours, those below stay grey and keep their value."""
    values = np.tile(np.arange(COLUMNS, dtype=np.uint16), (ROWS, 1))
    tables = {
        "Red": np.arange(6) * 0x3000, "Green": np.arange(6)[::-1] * 0x2000, "Blue": np.full(6, 0xFF00),
    }  # fmt: skip
    options = {}
    for name, table in tables.items():
        options[f"{name}PaletteColorLookupTableDescriptor"] = [6, 8, 16]
        options[f"{name}PaletteColorLookupTableData"] = table.astype("<u2").tobytes()
    path = write_pixels(
        tmp_path / "a.dcm", values.tobytes(), rows=ROWS, columns=COLUMNS, WindowCenter="8", WindowWidth="16",
        PixelPresentation="COLOR", **options,
    )  # fmt: skip
    stack = only_stack(path)
    assert (stack.components, stack.dtype) == (1, "uint16")
    np.testing.assert_array_equal(stack.frames[0].read(), values)
    rgba = stack.graphics_of(0).read()
    assert not rgba[:, :8, 3].any()
    assert (rgba[:, 8:, 3] == 255).all()
    for at in range(6):
        assert rgba[0, 8 + at, :3].tolist() == [int(tables[name][at]) >> 8 for name in ("Red", "Green", "Blue")]
    picture = rendered(path, tmp_path / "a.png")
    np.testing.assert_array_equal(picture[:, 8:], rgba[:, 8:, :3])
    assert (picture[:, :8, 0] == picture[:, :8, 1]).all()
    without = pydicom.dcmread(path)
    del without.PixelPresentation
    without.save_as(path)
    assert only_stack(path).graphics == ()


def test_a_broken_supplemental_palette_hides_no_picture(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    values = np.tile(np.arange(COLUMNS, dtype=np.uint16), (ROWS, 1))
    path = write_pixels(
        tmp_path / "a.dcm", values.tobytes(), rows=ROWS, columns=COLUMNS, WindowCenter="8", WindowWidth="16",
        PixelPresentation="COLOR", RedPaletteColorLookupTableDescriptor=[6, 8, 16],
    )  # fmt: skip
    assert rendered(path, tmp_path / "a.png").shape == (ROWS, COLUMNS, 3)
    assert "cannot be read" in caplog.text


# ------------------------------------------------------------------------------------------------- sampling


@pytest.mark.parametrize("factor", [2, 5, 9])
def test_thin_lines_stay_visible_in_a_small_picture(factor: int) -> None:
    rgba = np.zeros((180, 180, 4), np.uint8)
    rgba[90, :] = 255
    small = FrameGraphics(rgba).sampled(
        [[factor, 0, (factor - 1) / 2], [0, factor, (factor - 1) / 2]], (180 // factor,) * 2
    )
    assert (small[..., 3].max(axis=0) >= 250).all()
    assert (small[small[..., 3] > 0][:, :3] >= 250).all()


def test_graphics_cover_what_lies_below() -> None:
    ground = np.full((2, 2, 4), 100, np.uint8)
    top = np.zeros((2, 2, 4), np.uint8)
    top[0, 0] = (10, 20, 30, 255)
    top[0, 1] = (200, 200, 200, 128)
    draw_graphics(ground, top)
    assert ground[0, 0, :3].tolist() == [10, 20, 30]
    assert ground[0, 1, :3].tolist() == [150, 150, 150]
    assert ground[1].tolist() == [[100] * 4] * 2


def test_only_bits_in_the_cells_need_the_frame_decoded(tmp_path: Path) -> None:
    from tests.dicom.pixel_files import JPEG, encapsulated, encode

    values = np.zeros((ROWS, COLUMNS), np.uint8)
    stream = encapsulated([encode("jpeg-ls", values)])
    path = write_pixels(tmp_path / "a.dcm", stream, JPEG + "80", rows=ROWS, columns=COLUMNS, allocated=8, vr="OB")
    data = pydicom.dcmread(path)
    data["PixelData"].is_undefined_length = True
    data.save_as(path)
    add_plane(path, 0x6000, BITS)
    stack = only_stack(path)
    assert stack.frames[0].needs_codec
    assert not stack.graphics_of(0).needs_codec
    np.testing.assert_array_equal(drawn(path), placed(BITS, 2, 3))
    data = pydicom.dcmread(path)
    del data[0x60003000]
    data[0x60000100].value = 16
    data.save_as(path)
    assert only_stack(path).graphics_of(0).needs_codec
