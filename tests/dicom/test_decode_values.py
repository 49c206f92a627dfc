"""Bits to values: BitsStored, HighBit, sign, overlays in high bits, packing; colour of every interpretation."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medview.core.problem import MedviewError
from medview.dicom.colour import rgb_from_samples
from medview.dicom.pixel_description import PixelDescription, pixel_notes
from medview.dicom.stored_values import settle_bits, unpack_cells
from tests.dicom.pixel_files import JPEG, encapsulated, encode, frames_of, phantom, rle_frame, write_pixels


@st.composite
def cells(draw: st.DrawFn) -> tuple[int, int, int, bool, list[int], list[int]]:
    allocated = draw(st.sampled_from([8, 16, 32]))
    stored = draw(st.integers(1, allocated))
    high = draw(st.integers(stored - 1, allocated - 1))
    signed = draw(st.booleans())
    low, top = (-(1 << stored - 1), (1 << stored - 1) - 1) if signed else (0, (1 << stored) - 1)
    values = draw(st.lists(st.integers(low, top), min_size=1, max_size=12))
    rubbish = draw(st.lists(st.integers(0, (1 << allocated) - 1), min_size=len(values), max_size=len(values)))
    return allocated, stored, high, signed, values, rubbish


@given(cells())
@settings(max_examples=400, deadline=None)
def test_stored_values_of_every_cell_layout(case: tuple[int, int, int, bool, list[int], list[int]]) -> None:
    """Whatever lies outside BitsStored (overlays, sign copies, rubbish) never reaches a value."""
    allocated, stored, high, signed, values, rubbish = case
    shift = high + 1 - stored
    mask = ((1 << stored) - 1) << shift
    raw = [(r & ~mask) | ((v << shift) & mask) for v, r in zip(values, rubbish, strict=True)]
    array = np.array(raw, dtype=f"u{allocated // 8}").view(f"{'i' if signed else 'u'}{allocated // 8}")
    settle_bits(array, stored, shift, signed)
    assert array.tolist() == values


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.5", JPEG + "57"])
def test_high_bit_above_bits_stored(tmp_path: Path, syntax: str) -> None:
    """BitsStored 12, HighBit 15: every value lies four bits up (row 11 of the hazard table)."""
    values = phantom(low=-1000, high=1200).astype(np.int16)
    raw = (values.view(np.uint16) << 4) | 0xB
    if syntax.endswith("1.2.5"):
        data = encapsulated([rle_frame(raw)])
    elif syntax.endswith("57"):
        data = encapsulated([encode("jpeg-lossless", raw)])
    else:
        data = raw.astype(">u2" if syntax.endswith("1.2.2") else "<u2").tobytes()
    path = write_pixels(tmp_path / "a", data, syntax, rows=48, columns=40, stored=12, high=15, signed=True)
    np.testing.assert_array_equal(frames_of(path)[0].read(), values)


def test_nonsense_of_high_bit_is_not_believed(tmp_path: Path) -> None:
    values = phantom(low=0, high=4095).astype(np.uint16)
    path = write_pixels(tmp_path / "a", values.tobytes(), rows=48, columns=40, stored=12, high=40)
    np.testing.assert_array_equal(frames_of(path)[0].read(), values)


@pytest.mark.parametrize("bits", [1, 12, 24])
@pytest.mark.parametrize("first", [0, 5])
def test_cells_without_gaps(bits: int, first: int) -> None:
    rng = np.random.default_rng(bits)
    values = rng.integers(0, 1 << bits, 101)
    stream = sum(int(v) << (first + n * bits) for n, v in enumerate(values))
    data = stream.to_bytes((first + 101 * bits + 7) // 8, "little")
    assert unpack_cells(data, first, 101, bits).tolist() == values.tolist()


def test_twelve_bit_cells_in_a_file(tmp_path: Path) -> None:
    """Two pixels in three bytes (PS3.5 8.1.1, retired but still found)."""
    frames = np.stack([phantom(low=0, high=4095, seed=s).astype(np.uint16) for s in range(2)])[:, :5, :7]
    flat = frames.reshape(-1)
    data = b"".join(struct.pack("<I", int(a) | int(b) << 12)[:3] for a, b in zip(flat[0::2], flat[1::2], strict=True))
    path = write_pixels(tmp_path / "a", data + b"\0" * (len(data) % 2), rows=5, columns=7, allocated=12, frames=2)
    for frame, values in zip(frames_of(path), frames, strict=True):
        assert frame.read().dtype == np.uint16
        np.testing.assert_array_equal(frame.read(), values)


def test_one_bit_frames_share_bytes(tmp_path: Path) -> None:
    frames = np.random.default_rng(1).integers(0, 2, (3, 5, 7)).astype(np.uint8)
    data = np.packbits(frames.reshape(-1), bitorder="little").tobytes()
    path = write_pixels(
        tmp_path / "a", data + b"\0" * (len(data) % 2), rows=5, columns=7, allocated=1, frames=3, vr="OB"
    )
    for frame, values in zip(frames_of(path), frames, strict=True):
        np.testing.assert_array_equal(frame.read(), values)
        target = np.zeros((5, 7), np.uint8)
        frame.read_into(target)
        np.testing.assert_array_equal(target, values)


# ------------------------------------------------------------------------------------------------- colour


def ybr_full(rgb: np.ndarray) -> np.ndarray:
    """PS3.3 C.7.6.3.1.2, forward."""
    matrix = np.array([[0.2990, 0.5870, 0.1140], [-0.1687, -0.3313, 0.5000], [0.5000, -0.4187, -0.0813]])
    return np.rint(np.clip(rgb @ matrix.T + [0, 128, 128], 0, 255)).astype(np.uint8)


def ybr_partial(rgb: np.ndarray) -> np.ndarray:
    matrix = np.array([[0.2568, 0.5041, 0.0979], [-0.1482, -0.2910, 0.4392], [0.4392, -0.3678, -0.0714]])
    return np.rint(np.clip(rgb @ matrix.T + [16, 128, 128], 0, 255)).astype(np.uint8)


COLOURS = np.array(
    [[[255, 0, 0], [255, 0, 0], [0, 255, 0], [0, 255, 0]], [[0, 0, 255], [0, 0, 255], [250, 240, 10], [250, 240, 10]]],
    np.uint8,
)


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("allocated", [8, 16])
def test_rgb_in_both_planar_configurations(tmp_path: Path, planar: int, allocated: int) -> None:
    wide = COLOURS.astype(f"u{allocated // 8}") << (allocated - 8)
    stored = np.moveaxis(wide, -1, 0) if planar else wide
    path = write_pixels(
        tmp_path / "a",
        stored.tobytes(),
        rows=2,
        columns=4,
        samples=3,
        allocated=allocated,
        photometric="RGB",
        planar=planar,
    )
    (frame,) = frames_of(path)
    assert frame.read().dtype == np.uint8
    np.testing.assert_array_equal(frame.read(), COLOURS)


@pytest.mark.parametrize("planar", [0, 1])
def test_ybr_full(tmp_path: Path, planar: int) -> None:
    ybr = ybr_full(COLOURS)
    stored = np.moveaxis(ybr, -1, 0) if planar else ybr
    path = write_pixels(
        tmp_path / "a",
        stored.tobytes(),
        rows=2,
        columns=4,
        samples=3,
        allocated=8,
        photometric="YBR_FULL",
        planar=planar,
    )
    assert np.abs(frames_of(path)[0].read().astype(int) - COLOURS).max() <= 2


@pytest.mark.parametrize("codec", ["rle", "jpeg-ls", "jpeg-lossless", "jpeg-2000"])
def test_ybr_full_inside_lossless_codecs(tmp_path: Path, codec: str) -> None:
    """No codec but lossy JPEG undoes it: the photometric interpretation says what the samples are."""
    ybr = ybr_full(COLOURS)
    stream = {
        "rle": rle_frame,
        "jpeg-ls": lambda values: encode("jpeg-ls", values),
        "jpeg-lossless": lambda values: encode("jpeg-lossless", values, colorspace="RGB", outcolorspace="RGB"),
        "jpeg-2000": lambda values: encode("jpeg-2000", values, mct=False, resolutions=1),
    }[codec](ybr)
    syntax = {
        "rle": "1.2.840.10008.1.2.5",
        "jpeg-ls": JPEG + "80",
        "jpeg-lossless": JPEG + "70",
        "jpeg-2000": JPEG + "90",
    }[codec]
    path = write_pixels(
        tmp_path / "a",
        encapsulated([stream]),
        syntax,
        rows=2,
        columns=4,
        samples=3,
        allocated=8,
        photometric="YBR_FULL",
        vr="OB",
    )
    assert np.abs(frames_of(path)[0].read().astype(int) - COLOURS).max() <= 2


@pytest.mark.parametrize(("photometric", "forward"), [("YBR_FULL_422", ybr_full), ("YBR_PARTIAL_422", ybr_partial)])
def test_subsampled_colour(tmp_path: Path, photometric: str, forward: object) -> None:
    ybr = forward(COLOURS)  # type: ignore[operator]
    pairs = np.stack([ybr[:, 0::2, 0], ybr[:, 1::2, 0], ybr[:, 0::2, 1], ybr[:, 0::2, 2]], axis=-1)
    path = write_pixels(
        tmp_path / "a", pairs.tobytes(), rows=2, columns=4, samples=3, allocated=8, photometric=photometric
    )
    assert np.abs(frames_of(path)[0].read().astype(int) - COLOURS).max() <= 3


def test_full_samples_under_a_422_name(tmp_path: Path) -> None:
    path = write_pixels(
        tmp_path / "a",
        ybr_full(COLOURS).tobytes(),
        rows=2,
        columns=4,
        samples=3,
        allocated=8,
        photometric="YBR_FULL_422",
    )
    assert np.abs(frames_of(path)[0].read().astype(int) - COLOURS).max() <= 2


def test_retired_interpretations() -> None:
    alpha = np.full((*COLOURS.shape[:2], 1), 9, np.uint8)
    np.testing.assert_array_equal(rgb_from_samples(np.concatenate([alpha, COLOURS], axis=-1), "ARGB"), COLOURS)
    cmyk = np.concatenate([255 - COLOURS, np.zeros_like(alpha)], axis=-1)
    np.testing.assert_array_equal(rgb_from_samples(cmyk, "CMYK"), COLOURS)
    hsv = np.array([[[0, 255, 255], [85, 255, 255], [170, 255, 255], [0, 0, 128]]], np.uint8)
    np.testing.assert_array_equal(rgb_from_samples(hsv, "HSV"), [[[255, 0, 0], [0, 255, 0], [0, 0, 255], [128] * 3]])
    with pytest.raises(ValueError, match="4 samples"):
        rgb_from_samples(cmyk, "MONOCHROME2")


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL_422"])
@pytest.mark.parametrize("subsampling", ["444", "422", "420"])
def test_jpeg_colour_is_what_the_stream_says(tmp_path: Path, photometric: str, subsampling: str) -> None:
    """A JFIF stream is YCbCr even where the header says RGB: the tag is wrong in many real files."""
    values = np.repeat(np.repeat(COLOURS, 8, axis=0), 8, axis=1)
    stream = encode("jpeg", values, subsampling=subsampling, level=100)
    path = write_pixels(
        tmp_path / "a",
        encapsulated([stream]),
        JPEG + "50",
        rows=16,
        columns=32,
        samples=3,
        allocated=8,
        photometric=photometric,
        vr="OB",
    )
    decoded = frames_of(path)[0].read().astype(int)
    # Chroma bleeds over the borders of the fields.
    assert np.abs(decoded - values)[4::16, 8::16].max() <= 6


def test_jpeg_of_rgb_without_any_mark(tmp_path: Path) -> None:
    """No JFIF, no Adobe marker: then the photometric interpretation decides."""
    values = np.repeat(np.repeat(COLOURS, 8, axis=0), 8, axis=1)
    stream = encode("jpeg", values, colorspace="RGB", outcolorspace="RGB", subsampling="444", level=100)
    bare = _without_marks(stream)
    for photometric, same in (("RGB", True), ("YBR_FULL", False)):
        path = write_pixels(
            tmp_path / photometric,
            encapsulated([bare]),
            JPEG + "50",
            rows=16,
            columns=32,
            samples=3,
            allocated=8,
            photometric=photometric,
            vr="OB",
        )
        close = np.abs(frames_of(path)[0].read().astype(int) - values).max() <= 4
        assert close == same


def _without_marks(stream: bytes) -> bytes:
    """The stream without its application segments and with component ids 1, 2, 3."""
    out, at = bytearray(stream[:2]), 2
    while stream[at + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", stream, at + 2)
        segment = bytearray(stream[at : at + 2 + length])
        if segment[1] == 0xC0:
            for n in range(3):
                segment[10 + 3 * n] = n + 1
        if not 0xE0 <= segment[1] <= 0xEF:
            out += segment
        at += 2 + length
    (length,) = struct.unpack_from(">H", stream, at + 2)
    scan = bytearray(stream[at : at + 2 + length])
    for n in range(3):
        scan[5 + 2 * n] = n + 1
    return bytes(out + scan + stream[at + 2 + length :])


# ------------------------------------------------------------------------------------------------- palettes


def palette_attributes(
    tables: list[bytes], entries: int, first: int, bits: int, segmented: bool = False
) -> dict[str, object]:
    prefix = "Segmented" if segmented else ""
    attributes: dict[str, object] = {}
    for name, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        attributes[f"{name}PaletteColorLookupTableDescriptor"] = [entries % 65536, first, bits]
        attributes[f"{prefix}{name}PaletteColorLookupTableData"] = table
    return attributes


def test_palette_of_16_bit_with_offset_and_ends(tmp_path: Path) -> None:
    ramp = (np.arange(16) * 4096).astype("<u2")
    attributes = palette_attributes([ramp.tobytes(), ramp[::-1].tobytes(), np.zeros(16, "<u2").tobytes()], 16, 100, 16)
    values = np.array([[0, 100, 101, 115, 116, 255]], np.uint8)
    path = write_pixels(
        tmp_path / "a",
        values.tobytes(),
        rows=1,
        columns=6,
        allocated=8,
        photometric="PALETTE COLOR",
        vr="OB",
        **attributes,
    )
    (frame,) = frames_of(path)
    assert frame.needs_codec  # pydicom reads the palette, in a worker
    high = ramp >> 8
    index = [0, 0, 1, 15, 15, 15]
    np.testing.assert_array_equal(frame.read()[0], [(high[n], high[15 - n], 0) for n in index])


def test_palette_of_16_bit_that_holds_8(tmp_path: Path) -> None:
    table = np.arange(256).astype("<u2").tobytes()
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    path = write_pixels(
        tmp_path / "a", values.tobytes(), rows=16, columns=16, allocated=8, photometric="PALETTE COLOR", vr="OB",
        **palette_attributes([table] * 3, 256, 0, 16),
    )  # fmt: skip
    np.testing.assert_array_equal(frames_of(path)[0].read()[..., 1], values)


def test_palette_of_16_bit_that_has_a_byte_for_each_entry(tmp_path: Path) -> None:
    table = np.arange(255, -1, -1).astype("u1").tobytes()
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    path = write_pixels(
        tmp_path / "a", values.tobytes(), rows=16, columns=16, allocated=8, photometric="PALETTE COLOR", vr="OB",
        **palette_attributes([table] * 3, 256, 0, 16),
    )  # fmt: skip
    np.testing.assert_array_equal(frames_of(path)[0].read()[..., 1], 255 - values)


def test_segmented_palette(tmp_path: Path) -> None:
    """Discrete, linear and indirect segments (PS3.3 C.7.9.2)."""
    words = [0, 2, 0, 0x1000, 1, 14, 0xF000, 0, 1, 0xFFFF, 2, 2, 0, 0]
    table = struct.pack(f"<{len(words)}H", *words)
    path = write_pixels(
        tmp_path / "a", np.arange(33, dtype=np.uint8).tobytes() + b"\0", rows=1, columns=33, allocated=8, photometric="PALETTE COLOR", vr="OB",
        **palette_attributes([table] * 3, 33, 0, 16, segmented=True),
    )  # fmt: skip
    steps = [0x1000 + (0xF000 - 0x1000) * n / 14 for n in range(1, 15)]
    once = [0, 0x1000, *steps]
    expected = [*once, 0xFFFF, *once]
    np.testing.assert_array_equal(frames_of(path)[0].read()[0, :, 0], [int(np.rint(v)) >> 8 for v in expected])


def test_segmented_palette_of_8_bit(tmp_path: Path) -> None:
    """Operations and lengths of 8 bit too (PS3.3 C.7.9.2); an indirect segment names its place in bytes."""
    words = [0, 2, 10, 50, 1, 4, 90, 0, 1, 255, 2, 2, 0, 0, 0, 0]
    path = write_pixels(
        tmp_path / "a", np.arange(14, dtype=np.uint8).tobytes(), rows=1, columns=14, allocated=8, photometric="PALETTE COLOR", vr="OB",
        **palette_attributes([bytes(words)] * 3, 13, 0, 8, segmented=True),
    )  # fmt: skip
    once = [10, 50, 60, 70, 80, 90]
    np.testing.assert_array_equal(frames_of(path)[0].read()[0, :, 0], [*once, 255, *once, once[-1]])


def test_missing_palette_is_said(tmp_path: Path) -> None:
    path = write_pixels(
        tmp_path / "a", b"\0" * 16, rows=4, columns=4, allocated=8, photometric="PALETTE COLOR", vr="OB"
    )
    with pytest.raises(MedviewError) as caught:
        frames_of(path)[0].read()
    assert caught.value.code == "unusable_pixels"
    assert "palette" in caught.value.text


def test_description_of_what_cannot_be_shown() -> None:
    wide = PixelDescription(4, 4, "1.2.840.10008.1.2.1", 0, 32, samples=2)
    assert wide.is_colour
    assert wide.dtype == "uint8"


def test_notes_of_what_is_scaled() -> None:
    deep = PixelDescription(4, 4, "1.2.840.10008.1.2.1", 0, 96, samples=3, bits_stored=12, photometric="RGB")
    (note,) = pixel_notes(deep)
    assert (note.code, note.values) == ("colour_scaled", ("12",))
    assert pixel_notes(PixelDescription(4, 4, "1.2.840.10008.1.2.1", 0, 32)) == ()
