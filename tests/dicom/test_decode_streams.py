"""Streams and fragments that are not what their file says: still the right frame, or an error that says which is missing."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medview.app.headless import inspect_paths
from medview.core.problem import MedviewError
from medview.dicom.codecs import CodecError, decode_frame
from medview.dicom.codestream import read_jpegxl_size
from medview.dicom.fragments import map_frames
from medview.dicom.pixel_description import PixelDescription
from medview.dicom.stored_values import settle_decoded
from tests.dicom.pixel_files import (
    EXPLICIT,
    JPEG,
    encapsulated,
    encode,
    frames_of,
    item,
    phantom,
    rle_frame,
    write_pixels,
)
from tests.dicom.test_decode_syntaxes import LOSSLESS, compressed

RLE = "1.2.840.10008.1.2.5"
CODECS = ["jpeg-lossless", "jpeg-ls", "jpeg-2000", "htj2k", "jpeg-xl", "rle"]


def grey(seed: int = 0) -> np.ndarray:
    return phantom(32, 32, 0, 4000, seed).astype(np.uint16)


def code_of(path: Path, number: int = 0) -> str:
    with pytest.raises(MedviewError) as caught:
        frames_of(path)[number].read()
    return caught.value.code


def renamed(path: Path, old: str, new: str) -> Path:
    """The same file under a transfer syntax of another name, nothing else changed."""
    data = path.read_bytes()
    texts = [uid.encode() + b"\0" * (len(uid) % 2) for uid in (old, new)]
    heads = [b"\x02\0\x10\0UI" + struct.pack("<H", len(text)) + text for text in texts]
    assert data.count(heads[0]) == 1
    path.write_bytes(data.replace(*heads))
    return path


# ------------------------------------------------------------------------------------- what the syntax says is wrong


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("named", [EXPLICIT, "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.90", "1.2.999.1"])
def test_a_stream_is_read_as_what_it_is(tmp_path: Path, codec: str, named: str) -> None:
    """Explicit little endian, another codec or a private UID over fragments: the codestream itself says what it is."""
    if codec == "rle" and named not in {EXPLICIT, "1.2.999.1"}:
        pytest.skip("an RLE frame has no mark that any other codec could be told by")
    data = encapsulated([compressed(codec, grey())])
    path = renamed(write_pixels(tmp_path / "a", data, JPEG + "80", rows=32, columns=32, vr="OB"), JPEG + "80", named)
    (frame,) = frames_of(path)
    assert frame.needs_codec
    np.testing.assert_array_equal(frame.read(), grey())


def test_fragments_of_nothing_known_are_refused_by_name(tmp_path: Path) -> None:
    data = encapsulated([b"\1\2\3\4" * 9])
    path = renamed(
        write_pixels(tmp_path / "a", data, JPEG + "80", rows=32, columns=32, vr="OB"), JPEG + "80", "1.2.999.1"
    )
    with pytest.raises(MedviewError) as caught:
        frames_of(path)[0].read()
    assert caught.value.code == "codec_missing"
    assert "1.2.999.1" in caught.value.text


def test_plain_samples_in_a_fragment_under_explicit_little_endian(tmp_path: Path) -> None:
    data = encapsulated([grey().tobytes()])
    path = renamed(write_pixels(tmp_path / "a", data, JPEG + "80", rows=32, columns=32, vr="OB"), JPEG + "80", EXPLICIT)
    np.testing.assert_array_equal(frames_of(path)[0].read(), grey())


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("codec", ["jpeg-lossless", "jpeg-ls", "jpeg-2000"])
def test_pixel_data_of_defined_length_with_a_stream_in_it(tmp_path: Path, codec: str, wrapped: bool) -> None:
    """Without any items, or with items and a length in front of them."""
    stream = compressed(codec, grey())
    stream += b"\0" * (len(stream) % 2)
    path = write_pixels(tmp_path / "a", encapsulated([stream]) if wrapped else stream, rows=32, columns=32, vr="OB")
    renamed(path, EXPLICIT, {c: s for s, c in LOSSLESS.items()}[codec])
    (frame,) = frames_of(path)
    assert frame.needs_codec
    np.testing.assert_array_equal(frame.read(), grey())


# ------------------------------------------------------------------------------------------------- fragments


def four() -> tuple[list[bytes], list[np.ndarray]]:
    frames = [grey(seed) for seed in range(4)]
    return [encode("jpeg-ls", values) for values in frames], frames


def write(path: Path, data: bytes, frames: int = 4) -> Path:
    return write_pixels(path, data, JPEG + "80", rows=32, columns=32, frames=frames, vr="OB")


def seen_frames(path: Path) -> list[np.ndarray | str]:
    result: list[np.ndarray | str] = []
    for frame in frames_of(path):
        try:
            result.append(frame.read())
        except MedviewError as error:
            result.append(error.code)
    return result


def assert_seen(path: Path, expected: list[np.ndarray | str]) -> None:
    seen = seen_frames(path)
    assert len(seen) == len(expected)
    for one, other in zip(seen, expected, strict=True):
        if isinstance(other, str):
            assert isinstance(one, str)
            assert one == other
        else:
            np.testing.assert_array_equal(one, other)


def halves(stream: bytes) -> list[bytes]:
    middle = len(stream) // 4 * 2
    return [stream[:middle], stream[middle:]]


def test_as_many_fragments_as_frames_but_not_one_each(tmp_path: Path) -> None:
    """A file that ends early: two frames of two fragments each are not four frames of one."""
    coded, frames = four()
    data = encapsulated([part for stream in coded[:2] for part in halves(stream)])
    assert_seen(write(tmp_path / "a", data), [*frames[:2], "truncated_pixels", "truncated_pixels"])


def test_an_empty_fragment_in_the_place_of_a_frame(tmp_path: Path) -> None:
    """The frames behind it keep their numbers."""
    coded, frames = four()
    data = encapsulated([coded[0], b"", coded[2], coded[3]])
    assert_seen(write(tmp_path / "a", data), [frames[0], "truncated_pixels", *frames[2:]])


def test_a_table_that_leads_into_the_middle_of_frames(tmp_path: Path) -> None:
    """Every offset is a fragment's, and all but the first are wrong: start markers are believed."""
    coded, frames = four()
    parts = [part for stream in coded for part in halves(stream)]
    starts = np.cumsum([0, *(8 + len(part) + len(part) % 2 for part in parts)])
    table = struct.pack("<4I", starts[0], starts[1], starts[3], starts[6])
    assert_seen(write(tmp_path / "a", encapsulated(parts, table)), list(frames))


@pytest.mark.parametrize("codec", ["jpeg-lossless", "jpeg-ls", "jpeg-2000"])
@pytest.mark.parametrize("groups", [[4], [2, 2], [1, 3]])
def test_several_frames_in_one_fragment(tmp_path: Path, codec: str, groups: list[int]) -> None:
    frames = [grey(seed) for seed in range(4)]
    coded = [compressed(codec, values) for values in frames]
    fragments = []
    for count in groups:
        fragments.append(b"".join(stream + b"\0" * (len(stream) % 2) for stream in coded[:count]))
        del coded[:count]
    syntax = {c: s for s, c in LOSSLESS.items()}[codec]
    path = write_pixels(tmp_path / "a", encapsulated(fragments), syntax, rows=32, columns=32, frames=4, vr="OB")
    assert_seen(path, list(frames))


@pytest.mark.parametrize("parts", [1, 3, 4, 6])
def test_uncompressed_frames_however_they_are_cut(tmp_path: Path, parts: int) -> None:
    frames = [grey(seed) for seed in range(4)]
    data = b"".join(values.tobytes() for values in frames)
    step = -(-len(data) // parts) // 2 * 2 + 2
    cut = [data[at : at + step] for at in range(0, len(data), step)] if parts != 4 else [v.tobytes() for v in frames]
    path = write_pixels(
        tmp_path / "a", encapsulated(cut), "1.2.840.10008.1.2.1.98", rows=32, columns=32, frames=4, vr="OB"
    )
    assert_seen(path, list(frames))
    path.write_bytes(path.read_bytes()[:-3000])
    assert_seen(path, [*frames[:2], "truncated_pixels", "truncated_pixels"])


@pytest.mark.parametrize("codec", ["jpeg-ls", "rle"])
def test_no_item_for_the_offset_table(tmp_path: Path, codec: str) -> None:
    frames = [grey(seed) for seed in range(2)]
    data = b"".join(item(compressed(codec, values)) for values in frames)
    syntax = {c: s for s, c in LOSSLESS.items()}[codec]
    assert_seen(write_pixels(tmp_path / "a", data, syntax, rows=32, columns=32, frames=2, vr="OB"), list(frames))


@pytest.mark.parametrize("count", [1, 3])
def test_rle_frames_in_more_fragments_than_the_standard_allows(tmp_path: Path, count: int) -> None:
    frames = [grey(seed) for seed in range(count)]
    data = encapsulated([part for values in frames for part in halves(rle_frame(values))])
    assert_seen(write_pixels(tmp_path / "a", data, RLE, rows=32, columns=32, frames=count, vr="OB"), list(frames))


def test_odd_lengths_with_and_without_padding(tmp_path: Path) -> None:
    coded, frames = four()
    odd = [stream if len(stream) % 2 else stream + b"\0" for stream in coded]
    for padding in (b"", b"\0"):
        items = b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<I", len(stream)) + stream + padding for stream in odd)
        assert_seen(write(tmp_path / "a", item(b"") + items), list(frames))


def test_a_length_that_lies_ends_what_can_be_followed(tmp_path: Path) -> None:
    coded, frames = four()
    for wrong in (3, 0xFFFFFFF0, len(coded[1]) + 400):
        items = [item(stream) for stream in coded]
        items[1] = items[1][:4] + struct.pack("<I", wrong) + items[1][8:]
        seen = seen_frames(write(tmp_path / "a", item(b"") + b"".join(items)))
        np.testing.assert_array_equal(seen[0], frames[0])
        assert seen[2:] == ["truncated_pixels"] * 2


@given(st.binary(max_size=400), st.integers(1, 5), st.sampled_from(sorted(LOSSLESS)), st.none() | st.integers(0, 400))
def test_no_bytes_make_the_map_raise(data: bytes, frames: int, syntax: str, length: int | None) -> None:
    pixels = PixelDescription(4, 4, syntax, 0, length, frames=frames)

    def read(offset: int, size: int) -> bytes:
        return data[offset : offset + size]

    for fragments in map_frames(pixels, read, len(data)).frames:
        assert all(0 <= part.offset <= part.offset + part.length <= len(data) for part in fragments)


# ------------------------------------------------------------------------------------------------- streams


@pytest.mark.parametrize("kind", ["grey", "colour", "12 bit", "lossless"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_jpeg_that_is_short_although_it_has_an_end_marker(tmp_path: Path, kind: str, share: float) -> None:
    """libjpeg fills up with grey and only warns; such a picture must not pass for a whole one."""
    plain = phantom(64, 64, 0, 255)
    colour = np.stack([plain, plain[::-1], 255 - plain], axis=-1).astype(np.uint8)
    stream = {
        "grey": lambda: encode("jpeg", plain.astype(np.uint8)),
        "colour": lambda: encode("jpeg", colour),
        "12 bit": lambda: encode("jpeg", (plain * 16).astype(np.uint16), bitspersample=12),
        "lossless": lambda: encode("jpeg-lossless", (plain * 200).astype(np.uint16)),
    }[kind]()
    cut = stream[: int(len(stream) * share)] + b"\xff\xd9"
    syntax = {"lossless": "70", "12 bit": "51"}.get(kind, "50")
    fields: dict[str, Any] = {
        "rows": 64,
        "columns": 64,
        "vr": "OB",
        "allocated": 8 if kind in {"grey", "colour"} else 16,
    }
    if kind == "colour":
        fields |= {"samples": 3, "photometric": "YBR_FULL_422"}
    assert code_of(write_pixels(tmp_path / "a", encapsulated([cut]), JPEG + syntax, **fields)) == "truncated_pixels"
    frames_of(write_pixels(tmp_path / "b", encapsulated([stream]), JPEG + syntax, **fields))[0].read()


def test_a_whole_jpeg_that_ends_in_grey_is_whole(tmp_path: Path) -> None:
    values = np.full((64, 64), 128, np.uint8)
    path = write_pixels(
        tmp_path / "a", encapsulated([encode("jpeg", values)]), JPEG + "50", rows=64, columns=64, allocated=8, vr="OB"
    )
    np.testing.assert_array_equal(frames_of(path)[0].read(), values)


@pytest.mark.parametrize("codec", ["jpeg-ls", "jpeg-2000", "htj2k", "jpeg-xl"])
def test_other_streams_that_are_short_behind_a_whole_container(tmp_path: Path, codec: str) -> None:
    stream = compressed(codec, grey())
    cut = bytearray(stream[: len(stream) * 6 // 10])
    tile = cut.find(b"\xff\x90")
    if codec in {"jpeg-2000", "htj2k"}:
        struct.pack_into(">I", cut, tile + 6, len(cut) - tile)  # even the tile's length agrees
    cut += b"\xff\xd9"
    syntax = {c: s for s, c in LOSSLESS.items()}[codec]
    path = write_pixels(tmp_path / "a", encapsulated([bytes(cut)]), syntax, rows=32, columns=32, vr="OB")
    assert code_of(path) in {"codec_failed", "truncated_pixels"}


@pytest.mark.parametrize(("marker", "words"), [(0xC5, "hierarchical"), (0xCB, "arithmetic"), (0xCF, "hierarchical")])
def test_retired_processes_without_a_decoder_are_named(tmp_path: Path, marker: int, words: str) -> None:
    stream = bytearray(encode("jpeg", phantom(16, 16, 0, 255).astype(np.uint8)))
    stream[stream.index(b"\xff\xc0") + 1] = marker
    path = write_pixels(
        tmp_path / "a", encapsulated([bytes(stream)]), JPEG + "50", rows=16, columns=16, allocated=8, vr="OB"
    )
    with pytest.raises(MedviewError) as caught:
        frames_of(path)[0].read()
    assert caught.value.code == "codec_missing"
    assert words in caught.value.text


def test_a_library_without_the_codec_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_pixels(
        tmp_path / "a", encapsulated([compressed("jpeg-xl", grey())]), JPEG + "110", rows=32, columns=32, vr="OB"
    )
    monkeypatch.setattr(imagecodecs.JPEGXL, "available", False)
    with pytest.raises(MedviewError) as caught:
        frames_of(path)[0].read()
    assert caught.value.code == "codec_missing"
    assert "libjxl" in caught.value.text
    assert "JPEG XL Lossless" in caught.value.text


def test_rle_segments_in_any_order_of_the_file() -> None:
    values = grey()
    whole = rle_frame(values)
    first, second = struct.unpack_from("<2I", whole, 4)
    low, high = whole[second:], whole[first:second]
    swapped = struct.pack("<16I", 2, 64 + len(low), 64, *[0] * 13) + low + high
    pixels = PixelDescription(32, 32, RLE, 0, None)
    np.testing.assert_array_equal(decode_frame(swapped, pixels).samples, values)


@pytest.mark.parametrize("count", [1, 3])
def test_a_wrong_number_of_rle_segments_is_refused(tmp_path: Path, count: int) -> None:
    stream = bytearray(rle_frame(grey()))
    struct.pack_into("<I", stream, 0, count)
    path = write_pixels(tmp_path / "a", encapsulated([bytes(stream)]), RLE, rows=32, columns=32, vr="OB")
    assert code_of(path) == "codec_failed"


@pytest.mark.parametrize("allocated", [24, 40, 48, 64])
def test_wide_cells_in_rle_and_plain(tmp_path: Path, allocated: int) -> None:
    """PS3.5 8.1.1 allows every multiple of eight."""
    width = allocated // 8
    raw = np.random.default_rng(3).integers(0, 256, (8, 6, width), dtype=np.uint8)
    expected = sum(raw[..., n].astype(np.uint64) << np.uint64(8 * n) for n in range(width))
    plain = write_pixels(tmp_path / "a", raw.tobytes(), rows=8, columns=6, allocated=allocated, vr="OB")
    np.testing.assert_array_equal(frames_of(plain)[0].read(), expected)
    segments = []
    for n in reversed(range(width)):
        packed = rle_frame(raw[..., n])[64:]
        segments.append(packed)
    offsets = np.cumsum([64, *map(len, segments)])[:-1].tolist()
    frame = struct.pack("<16I", width, *offsets, *[0] * (15 - width)) + b"".join(segments)
    coded = write_pixels(tmp_path / "b", encapsulated([frame]), RLE, rows=8, columns=6, allocated=allocated, vr="OB")
    np.testing.assert_array_equal(frames_of(coded)[0].read(), expected)


@given(
    st.sampled_from(CODECS),
    st.integers(1, 16),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**31),
)
def test_every_number_of_bits_through_every_lossless_codec(
    codec: str, bits: int, signed: bool, extended: bool, seed: int
) -> None:
    """Cells cut to BitsStored or sign extended to the whole cell, in 8 or 16 bits allocated: the same stored values."""
    allocated = 8 if bits <= 8 else 16
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    values = (
        np.random.default_rng(seed)
        .integers(low, high + 1, (12, 10))
        .astype(f"{'i' if signed else 'u'}{allocated // 8}")
    )
    cells = values.astype(np.int64) & ((1 << (allocated if extended else bits)) - 1)
    cells = cells.astype(f"u{allocated // 8}")
    pixels = PixelDescription(
        12, 10, {c: s for s, c in LOSSLESS.items()}[codec], 0, None, bits_allocated=allocated, bits_stored=bits, high_bit=bits - 1, signed=signed,
    )  # fmt: skip
    decoded = decode_frame(compressed(codec, cells), pixels)
    np.testing.assert_array_equal(settle_decoded(decoded.samples, decoded.precision, pixels), values)


@given(st.integers(2, 16), st.booleans(), st.integers(0, 2**31))
def test_jpeg_2000_of_exactly_so_many_bits(bits: int, signed: bool, seed: int) -> None:
    """Streams that say their own precision and sign, as most writers of JPEG 2000 do."""
    allocated = 8 if bits <= 8 else 16
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    values = (
        np.random.default_rng(seed)
        .integers(low, high + 1, (12, 10))
        .astype(f"{'i' if signed else 'u'}{allocated // 8}")
    )
    stream = imagecodecs.jpeg2k_encode(values, level=0, codecformat="j2k", bitspersample=bits)
    pixels = PixelDescription(
        12, 10, JPEG + "90", 0, None, bits_allocated=allocated, bits_stored=bits, high_bit=bits - 1, signed=signed
    )
    decoded = decode_frame(stream, pixels)
    np.testing.assert_array_equal(settle_decoded(decoded.samples, decoded.precision, pixels), values)


def test_lossy_htj2k_is_read_as_its_own_library_reads_it(tmp_path: Path) -> None:
    """OpenJPEG decodes, OpenJPH is the oracle."""
    values = grey()
    stream = imagecodecs.htj2k_encode(values, reversible=False, level=0.001)
    path = write_pixels(tmp_path / "a", encapsulated([stream]), JPEG + "203", rows=32, columns=32, stored=12, vr="OB")
    seen = frames_of(path)[0].read().astype(int)
    assert np.abs(seen - imagecodecs.htj2k_decode(stream).astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("rows", "columns"), [(8, 8), (256, 256), (24, 40), (7, 300), (513, 512), (480, 640), (9, 5000), (320, 480)]
)
@pytest.mark.parametrize("boxed", [False, True])
def test_jpeg_xl_says_its_size_before_anything_is_allocated(rows: int, columns: int, boxed: bool) -> None:
    stream = bytes(
        imagecodecs.jpegxl_encode(np.zeros((rows, columns), np.uint16 if boxed else np.uint8), lossless=True)
    )
    assert (stream[4:8] == b"JXL ") == boxed
    assert read_jpegxl_size(stream) == (rows, columns)


@pytest.mark.parametrize("codec", ["jpeg-xl", "jpeg-ls"])
def test_few_bytes_do_not_become_gigabytes(codec: str) -> None:
    stream = compressed(codec, np.zeros((64, 64), np.uint16))
    pixels = PixelDescription(60000, 60000, {c: s for s, c in LOSSLESS.items()}[codec], 0, None)
    with pytest.raises(CodecError, match="cannot hold"):
        decode_frame(stream, pixels)
    smaller = PixelDescription(32, 32, pixels.transfer_syntax, 0, None)
    with pytest.raises(CodecError, match="64×64"):
        decode_frame(stream, smaller)


# ------------------------------------------------------------------------------------------------- said when listed


def noted(path: Path) -> bool:
    answer, _ = inspect_paths([str(path)])
    (stack,) = answer["studies"][0]["series"][0]["stacks"]
    return "cut_off" in {note["code"] for note in stack["notes"]}


@pytest.mark.parametrize("table", [False, True])
@pytest.mark.parametrize("count", [1, 4])
def test_a_file_that_ends_in_its_fragments_is_said_when_it_is_listed(tmp_path: Path, count: int, table: bool) -> None:
    coded, _ = four()
    coded = coded[:count]
    starts = np.cumsum([0, *(8 + len(part) + len(part) % 2 for part in coded)])[:-1]
    data = encapsulated(coded, struct.pack(f"<{count}I", *starts) if table else b"")
    path = write(tmp_path / "a", data, count)
    whole = path.read_bytes()
    assert not noted(path)
    path.write_bytes(whole[:-8])  # only the delimiter is missing
    assert not noted(path)
    path.write_bytes(whole + b"\xfc\xff\xfc\xffOB\0\0" + struct.pack("<I", 2000) + bytes(2000))  # trailing padding
    assert not noted(path)
    path.write_bytes(whole[: -len(coded[-1]) // 2])
    assert noted(path)


def test_a_native_file_that_ends_in_its_frames_is_said_when_it_is_listed(tmp_path: Path) -> None:
    data = b"".join(grey(seed).tobytes() for seed in range(3))
    path = write_pixels(tmp_path / "a", data, rows=32, columns=32, frames=3)
    assert not noted(path)
    path.write_bytes(path.read_bytes()[:-100])
    assert noted(path)
