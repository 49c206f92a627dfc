"""Damaged and odd pixel data: cut off anywhere, wrong tables, lying sizes. Never silently black, never a wrong frame."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.problem import MedviewError
from medview.dicom.codecs import decode_frame
from medview.dicom.fragments import map_frames
from medview.dicom.frame_source import DicomFrame
from medview.dicom.inflate import inflate_capped
from medview.dicom.pixel_description import PixelDescription
from tests.dicom.pixel_files import (
    EXPLICIT,
    JPEG,
    deflated,
    encapsulated,
    encode,
    frames_of,
    item,
    phantom,
    rle_frame,
    write_pixels,
)
from tests.dicom.test_decode_syntaxes import LOSSLESS, compressed

SYNTAXES = {EXPLICIT: "", "1.2.840.10008.1.2.1.99": "deflated", JPEG + "50": "jpeg", **LOSSLESS}
COUNT = 3


def three_frames(tmp_path: Path, syntax: str) -> tuple[Path, list[np.ndarray]]:
    lossy = syntax == JPEG + "50"
    high = 255 if lossy else 3000
    frames = [phantom(64, 64, 0, high, seed).astype(np.uint8 if lossy else np.uint16) for seed in range(COUNT)]
    codec = SYNTAXES[syntax]
    if codec in {"", "deflated"}:
        path = write_pixels(tmp_path / "a", np.stack(frames).tobytes(), rows=64, columns=64, frames=COUNT)
        return (deflated(path) if codec else path), frames
    streams = [compressed(codec, values) for values in frames]
    path = write_pixels(
        tmp_path / "a",
        encapsulated(streams),
        syntax,
        rows=64,
        columns=64,
        frames=COUNT,
        vr="OB",
        allocated=8 * frames[0].itemsize,
    )
    return path, [frame.read() for frame in frames_of(path)]


def outcome(frame: DicomFrame) -> tuple[np.ndarray, MedviewError | None]:
    target = np.full(frame.pixels.shape, 7, frame.pixels.dtype)
    try:
        frame.read_into(target)
    except MedviewError as error:
        return target, error
    return target, None


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_truncated_anywhere(tmp_path: Path, syntax: str) -> None:
    """Cut at every 1/64: each frame is either exactly itself or an error that says so; whole frames before the cut stay."""
    path, expected = three_frames(tmp_path, syntax)
    whole = path.read_bytes()
    frames = frames_of(path)
    shown, failed = 0, 0
    for n in range(1, 64):
        size = len(whole) * n // 64
        path.write_bytes(whole[:size])
        for frame, values in zip(frames, expected, strict=True):
            target, error = outcome(frame)
            if error is None:
                shown += 1
                np.testing.assert_array_equal(target, values)
                continue
            failed += 1
            assert error.code in {"truncated_pixels", "codec_failed"}, error.text
            assert str(path) in error.text
            if frame.frame == COUNT - 1 and SYNTAXES[syntax] != "deflated":
                assert error.code == "truncated_pixels", error.text
    assert failed > 63
    assert shown > 40  # the first frame from a third of the file on, the second from two thirds
    path.write_bytes(whole)


@pytest.mark.parametrize("syntax", [s for s, codec in SYNTAXES.items() if codec not in {"", "deflated", "native"}])
def test_streams_cut_inside_their_fragment(tmp_path: Path, syntax: str) -> None:
    """The container is whole, the codestream in it is not: decoders that fill up silently must not be believed."""
    values = phantom(64, 64, 0, 255).astype(np.uint8)
    stream = compressed(SYNTAXES[syntax], values)
    pixels: Any = {"rows": 64, "columns": 64, "allocated": 8, "vr": "OB"}
    whole = frames_of(write_pixels(tmp_path / "w", encapsulated([stream]), syntax, **pixels))[0].read()
    for share in (0.3, 0.6, 0.9, 0.97):
        cut = encapsulated([stream[: int(len(stream) * share)]])
        (frame,) = frames_of(write_pixels(tmp_path / "a", cut, syntax, **pixels))
        seen, error = outcome(frame)
        if error is None:
            np.testing.assert_array_equal(seen, whole)
        else:
            assert error.code in {"truncated_pixels", "codec_failed"}


@pytest.mark.parametrize("codec", ["jpeg", "jpeg-lossless"])
def test_only_the_end_marker_is_missing(tmp_path: Path, codec: str) -> None:
    values = phantom(64, 64, 0, 255).astype(np.uint8)
    stream = encode(codec, values)
    assert stream.endswith(b"\xff\xd9")
    syntax = JPEG + ("50" if codec == "jpeg" else "70")
    pixels: Any = {"rows": 64, "columns": 64, "allocated": 8, "vr": "OB"}
    whole = frames_of(write_pixels(tmp_path / "w", encapsulated([stream]), syntax, **pixels))[0].read()
    bare = frames_of(write_pixels(tmp_path / "b", encapsulated([stream[:-2]]), syntax, **pixels))[0].read()
    np.testing.assert_array_equal(bare, whole)


# ------------------------------------------------------------------------------------------------- fragments


def streams(count: int = 4) -> tuple[list[bytes], list[np.ndarray]]:
    frames = [phantom(32, 32, 0, 4000, seed).astype(np.uint16) for seed in range(count)]
    return [encode("jpeg-ls", values) for values in frames], frames


def split(stream: bytes, parts: int) -> list[bytes]:
    step = -(-len(stream) // parts)
    step += step % 2
    return [stream[at : at + step] for at in range(0, len(stream), step)]


def check(path: Path, frames: list[np.ndarray]) -> None:
    seen = frames_of(path)
    assert len(seen) == len(frames)
    for frame, values in zip(seen, frames, strict=True):
        np.testing.assert_array_equal(frame.read(), values)


def write(path: Path, data: bytes, frames: int = 4, **attributes: object) -> Path:
    return write_pixels(path, data, JPEG + "80", rows=32, columns=32, frames=frames, vr="OB", **attributes)  # type: ignore[arg-type]


def offsets_of(groups: list[list[bytes]]) -> list[int]:
    offsets, at = [], 0
    for group in groups:
        offsets.append(at)
        at += sum(8 + len(part) + len(part) % 2 for part in group)
    return offsets


@pytest.mark.parametrize("table", ["none", "right", "wrong", "askew", "short", "zeros"])
@pytest.mark.parametrize("parts", [1, 3])
def test_offset_tables_of_every_kind(tmp_path: Path, table: str, parts: int) -> None:
    coded, frames = streams()
    groups = [split(stream, parts) for stream in coded]
    offsets = offsets_of(groups)
    tables = {
        "none": b"",
        "right": struct.pack("<4I", *offsets),
        "wrong": struct.pack("<4I", *(offset + 6 for offset in offsets)),
        "askew": struct.pack("<4I", 0, *(offset + 6 for offset in offsets[1:])),
        "short": struct.pack("<2I", *offsets[:2]),
        "zeros": bytes(16),
    }
    data = encapsulated([part for group in groups for part in group], tables[table])
    check(write(tmp_path / "a", data), frames)


def test_extended_offset_table(tmp_path: Path) -> None:
    """Frames without start markers, several fragments each: only the extended table tells (PS3.3 C.7.6.3.1.8)."""
    frames = [np.random.default_rng(seed).integers(0, 65536, (32, 32)).astype(np.uint16) for seed in range(4)]
    coded = [compressed("deflated-frames", values) for values in frames]
    groups = [split(stream, n + 1) for n, stream in enumerate(coded)]
    data = encapsulated([part for group in groups for part in group])
    path = write_pixels(
        tmp_path / "a",
        data,
        "1.2.840.10008.1.2.8.1",
        rows=32,
        columns=32,
        frames=4,
        vr="OB",
        ExtendedOffsetTable=struct.pack("<4Q", *offsets_of(groups)),
        ExtendedOffsetTableLengths=struct.pack("<4Q", *(len(stream) for stream in coded)),
    )
    assert frames_of(path)[0].pixels.extended_offsets is not None
    check(path, frames)


def test_empty_fragments(tmp_path: Path) -> None:
    coded, frames = streams()
    data = encapsulated([coded[0], b"", coded[1], coded[2], b"", coded[3]])
    check(write(tmp_path / "a", data), frames)


def test_missing_frames_are_errors(tmp_path: Path) -> None:
    coded, frames = streams()
    path = write(tmp_path / "a", encapsulated(coded[:3]))
    seen = frames_of(path)
    for frame, values in zip(seen[:3], frames, strict=False):
        np.testing.assert_array_equal(frame.read(), values)
    with pytest.raises(MedviewError, match="frame 4") as caught:
        seen[3].read()
    assert caught.value.code == "truncated_pixels"


def test_missing_sequence_delimiter(tmp_path: Path) -> None:
    coded, frames = streams(1)
    path = write(tmp_path / "a", encapsulated(coded), frames=1)
    path.write_bytes(path.read_bytes()[:-8])
    check(path, frames)


def test_rle_frame_is_one_fragment_whatever_the_table_says(tmp_path: Path) -> None:
    frames = [phantom(32, 32, 0, 4000, seed).astype(np.uint16) for seed in range(2)]
    data = encapsulated([rle_frame(values) for values in frames], struct.pack("<2I", 0, 4))
    check(write_pixels(tmp_path / "a", data, "1.2.840.10008.1.2.5", rows=32, columns=32, frames=2, vr="OB"), frames)


@pytest.mark.parametrize("padding", [b"\0", b"\0\0\0", b"\x80\x80", b"\xfe\x00\x05\x01\x02"])
def test_rle_segments_with_rubbish_behind(padding: bytes) -> None:
    values = np.random.default_rng(2).integers(0, 255, (8, 8)).astype(np.uint8)
    segment = rle_frame(values)[64:]
    data = struct.pack("<16I", 1, 64, *[0] * 14) + segment + padding
    pixels = PixelDescription(8, 8, "1.2.840.10008.1.2.5", 0, None, bits_allocated=8, bits_stored=8, high_bit=7)
    np.testing.assert_array_equal(decode_frame(data, pixels).samples, values)


def test_many_items_are_mapped_by_reading_their_headers_only() -> None:
    coded = [b"x" * 10] * 1000
    data = encapsulated(coded)
    asked: list[int] = []

    def read(offset: int, length: int) -> bytes:
        asked.append(length)
        return data[offset : offset + length]

    pixels = PixelDescription(2, 2, JPEG + "90", 0, None, frames=1000)
    assert len(map_frames(pixels, read, len(data)).frames) == 1000
    assert max(asked) <= 20


# ------------------------------------------------------------------------------------------------- lies


@pytest.mark.parametrize("codec", ["jpeg", "jpeg-lossless", "jpeg-ls", "jpeg-2000", "htj2k", "jpeg-xl"])
def test_size_of_the_stream_differs_from_the_header(tmp_path: Path, codec: str) -> None:
    values = phantom(32, 32, 0, 255).astype(np.uint8)
    syntax = {**{c: s for s, c in LOSSLESS.items()}, "jpeg": JPEG + "50"}[codec]
    path = write_pixels(
        tmp_path / "a", encapsulated([encode(codec, values)]), syntax, rows=30, columns=32, allocated=8, vr="OB"
    )
    with pytest.raises(MedviewError) as caught:
        frames_of(path)[0].read()
    assert caught.value.code == "codec_failed"
    assert "32×32" in caught.value.text


def test_lying_dimensions_do_not_allocate(tmp_path: Path) -> None:
    for syntax, data in (
        (EXPLICIT, b"\0" * 64),
        ("1.2.840.10008.1.2.5", encapsulated([rle_frame(np.zeros((2, 2), np.uint8))])),
    ):
        path = write_pixels(tmp_path / "a", data, syntax, rows=65535, columns=65535, allocated=8, vr="OB")
        with pytest.raises(MedviewError) as caught:
            frames_of(path)[0].read()
        assert caught.value.code == "truncated_pixels"


def test_more_frames_announced_than_there_are(tmp_path: Path) -> None:
    values = np.stack([phantom(16, 16, 0, 100, s).astype(np.uint16) for s in range(2)])
    path = write_pixels(tmp_path / "a", values.tobytes(), rows=16, columns=16, frames=5)
    seen = frames_of(path)
    for frame, expected in zip(seen[:2], values, strict=True):
        np.testing.assert_array_equal(frame.read(), expected)
    for frame in seen[2:]:
        target = np.full((16, 16), 9, np.uint16)
        with pytest.raises(MedviewError) as caught:
            frame.read_into(target)
        assert caught.value.code == "truncated_pixels"


@pytest.mark.parametrize("changes", [{"rows": 0}, {"samples": 2}, {"bits_allocated": 65}, {"bits_allocated": 0}])
def test_descriptions_that_mean_nothing(tmp_path: Path, changes: dict[str, int]) -> None:
    (tmp_path / "a").write_bytes(b"\0" * 4096)
    fields = {"rows": 4, "columns": 4, "transfer_syntax": EXPLICIT, "data_offset": 0, "data_length": 4096, **changes}
    with pytest.raises(MedviewError) as caught:
        DicomFrame(str(tmp_path / "a"), 0, "", PixelDescription(**fields)).read()  # type: ignore[arg-type]
    assert caught.value.code == "unusable_pixels"


def test_files_that_are_gone_or_closed(tmp_path: Path) -> None:
    path = write_pixels(tmp_path / "a", bytes(32), rows=4, columns=4)
    (frame,) = frames_of(path)
    path.unlink()
    with pytest.raises(MedviewError) as caught:
        frame.read()
    assert caught.value.code == "file_vanished"
    path.mkdir()
    with pytest.raises(MedviewError) as caught:
        frame.read_into(np.zeros((4, 4), np.uint16))
    assert caught.value.code == "cannot_read"


def test_target_of_another_shape_is_refused(tmp_path: Path) -> None:
    (frame,) = frames_of(write_pixels(tmp_path / "a", bytes(32), rows=4, columns=4))
    with pytest.raises(MedviewError) as caught:
        frame.read_into(np.zeros((2, 8), np.uint16))
    assert caught.value.code == "unusable_pixels"


def test_values_that_do_not_fit_the_series_are_refused(tmp_path: Path) -> None:
    """An unsigned frame among signed ones: what fits is kept, what does not is an error, never a wrapped number."""
    for top, fits in ((1000, True), (40000, False)):
        path = write_pixels(tmp_path / f"{top}", np.full((4, 4), top, np.uint16).tobytes(), rows=4, columns=4)
        target = np.zeros((4, 4), np.int16)
        if fits:
            frames_of(path)[0].read_into(target)
            assert (target == top).all()
        else:
            with pytest.raises(MedviewError) as caught:
                frames_of(path)[0].read_into(target)
            assert caught.value.code == "unusable_pixels"


def test_inflation_is_capped() -> None:
    deflater = zlib.compressobj(9, wbits=-15)
    bomb = deflater.compress(bytes(80 << 20)) + deflater.flush()
    assert len(bomb) < 100_000
    with pytest.raises(MedviewError) as caught:
        inflate_capped(bomb, "bomb.dcm")
    assert caught.value.code == "deflate_bomb"
    assert len(inflate_capped(bomb, "bomb.dcm", want=1000)) >= 1000


def test_item_with_odd_value_is_padded() -> None:
    assert len(item(b"abc")) == 12


@pytest.mark.parametrize("encapsulated_too", [False, True])
def test_a_small_file_that_announces_a_million_frames(tmp_path: Path, encapsulated_too: bool) -> None:
    """Each frame that is announced takes a place in the list; a lie of a million must not take seconds."""
    from medview.app.headless import inspect_paths

    data = encapsulated([b"\xff\xd8" + bytes(200)]) if encapsulated_too else bytes(300_000)
    path = write_pixels(
        tmp_path / "a", data, JPEG + "50" if encapsulated_too else EXPLICIT, rows=2, columns=2, allocated=8, frames=500_000, vr="OB"
    )  # fmt: skip
    answer, _ = inspect_paths([str(path)])
    assert [problem["code"] for problem in answer["problems"]] == ["impossible_frames"]
