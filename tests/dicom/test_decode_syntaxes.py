"""Every transfer syntax gives exactly the values that were put in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medview.core.problem import MedviewError
from medview.dicom.frame_source import DicomFrame
from medview.dicom.pixel_description import PixelDescription
from medview.dicom.transfer_syntax import TRANSFER_SYNTAXES, decoder_name, missing_decoder
from tests.dicom.pixel_files import (
    EXPLICIT,
    JPEG,
    deflated,
    encapsulated,
    encode,
    frames_of,
    phantom,
    rle_frame,
    write_pixels,
)

NATIVE = {"1.2.840.10008.1.2": "<", EXPLICIT: "<", "1.2.840.10008.1.2.2": ">"}
LOSSLESS = {
    JPEG + "57": "jpeg-lossless",
    JPEG + "70": "jpeg-lossless",
    JPEG + "80": "jpeg-ls",
    JPEG + "90": "jpeg-2000",
    JPEG + "91": "jpeg-2000",
    JPEG + "201": "htj2k",
    JPEG + "202": "htj2k",
    JPEG + "203": "htj2k",
    JPEG + "110": "jpeg-xl",
    "1.2.840.10008.1.2.5": "rle",
    "1.2.840.10008.1.2.8.1": "deflated-frames",
    "1.2.840.10008.1.2.1.98": "native",
}


def compressed(codec: str, values: np.ndarray) -> bytes:
    if codec == "rle":
        return rle_frame(values)
    if codec == "native":
        return values.tobytes()
    if codec == "deflated-frames":
        import zlib

        deflater = zlib.compressobj(wbits=-15)
        return deflater.compress(values.tobytes()) + deflater.flush()
    return encode(codec, values)


@pytest.mark.parametrize("syntax", NATIVE)
@pytest.mark.parametrize(
    ("kind", "signed"), [("u1", False), ("i1", True), ("u2", False), ("i2", True), ("u4", False), ("i4", True)]
)
def test_native_values_are_exact(tmp_path: Path, syntax: str, kind: str, signed: bool) -> None:
    values = phantom(high=120, low=-120 if signed else 0).astype(kind)
    stored = values.astype(NATIVE[syntax] + kind)
    vr = "OW" if stored.itemsize > 1 or syntax.endswith("1.2") else "OB"
    path = write_pixels(
        tmp_path / "a",
        stored.tobytes(),
        syntax,
        rows=48,
        columns=40,
        allocated=8 * stored.itemsize,
        signed=signed,
        vr=vr,
    )
    (frame,) = frames_of(path)
    assert not frame.needs_codec
    assert frame.read().dtype == np.dtype(kind)
    np.testing.assert_array_equal(frame.read(), values)
    target = np.full(values.shape, 77, dtype=kind)
    frame.read_into(target)
    np.testing.assert_array_equal(target, values)


def test_big_endian_words_of_two_small_cells(tmp_path: Path) -> None:
    values = np.arange(35, dtype=np.uint8).reshape(5, 7)
    swapped = np.frombuffer(values.tobytes() + b"\0", dtype="<u2").astype(">u2").tobytes()
    path = write_pixels(tmp_path / "a", swapped, "1.2.840.10008.1.2.2", rows=5, columns=7, allocated=8, vr="OW")
    np.testing.assert_array_equal(frames_of(path)[0].read(), values)
    path = write_pixels(
        tmp_path / "b", values.tobytes() + b"\0", "1.2.840.10008.1.2.2", rows=5, columns=7, allocated=8, vr="OB"
    )
    np.testing.assert_array_equal(frames_of(path)[0].read(), values)


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize(
    ("kind", "bits", "signed", "low", "high"),
    [
        ("u1", 8, False, 0, 255),
        ("u2", 12, False, 0, 4095),
        ("u2", 16, False, 0, 65535),
        ("i2", 16, True, -32768, 32767),
        ("i2", 12, True, -2048, 2047),
    ],
)
def test_lossless_syntaxes_are_exact(
    tmp_path: Path, syntax: str, kind: str, bits: int, signed: bool, low: int, high: int
) -> None:
    frames = [phantom(low=low, high=high, seed=seed).astype(kind) for seed in range(3)]
    codec = LOSSLESS[syntax]
    plain = codec in {"rle", "native", "deflated-frames", "jpeg-2000", "htj2k"}
    # The other codecs know no sign: they hold the cells, sign extended in 16 bit or cut to BitsStored.
    raw = frames if plain or not signed else [values.view("u2") for values in frames]
    streams = [compressed(codec, values) for values in raw]
    path = write_pixels(
        tmp_path / "a",
        encapsulated(streams),
        syntax,
        rows=48,
        columns=40,
        allocated=frames[0].itemsize * 8,
        stored=bits,
        signed=signed,
        frames=3,
        vr="OB",
    )
    seen = frames_of(path)
    assert len(seen) == 3
    assert seen[0].needs_codec == (codec != "native")
    for frame, values in zip(seen, frames, strict=True):
        decoded = frame.read()
        assert decoded.dtype == values.dtype
        np.testing.assert_array_equal(decoded, values)


@pytest.mark.parametrize("syntax", [s for s, codec in LOSSLESS.items() if codec != "native"])
def test_colour_in_lossless_syntaxes(tmp_path: Path, syntax: str) -> None:
    grey = phantom(low=0, high=255)
    values = np.stack([grey, grey[::-1], 255 - grey], axis=-1).astype(np.uint8)
    codec = LOSSLESS[syntax]
    stream = compressed(codec, values)
    photometric = "YBR_RCT" if codec in {"jpeg-2000", "htj2k"} else "RGB"
    path = write_pixels(
        tmp_path / "a",
        encapsulated([stream]),
        syntax,
        rows=48,
        columns=40,
        samples=3,
        allocated=8,
        photometric=photometric,
        vr="OB",
    )
    np.testing.assert_array_equal(frames_of(path)[0].read(), values)


@pytest.mark.parametrize("syntax", [JPEG + "50", JPEG + "51"])
def test_jpeg_of_8_bit(tmp_path: Path, syntax: str) -> None:
    values = phantom(low=0, high=255).astype(np.uint8)
    path = write_pixels(
        tmp_path / "a", encapsulated([encode("jpeg", values)]), syntax, rows=48, columns=40, allocated=8, vr="OB"
    )
    assert np.abs(frames_of(path)[0].read().astype(int) - values).max() <= 8


def test_jpeg_of_12_bit(tmp_path: Path) -> None:
    values = phantom(low=0, high=4095).astype(np.uint16)
    stream = encode("jpeg", values, bitspersample=12, level=100)
    path = write_pixels(tmp_path / "a", encapsulated([stream]), JPEG + "51", rows=48, columns=40, stored=12, vr="OB")
    decoded = frames_of(path)[0].read()
    assert decoded.dtype == np.uint16
    assert np.abs(decoded.astype(int) - values).max() <= 40


@pytest.mark.parametrize("predictor", range(1, 8))
def test_every_predictor_of_lossless_jpeg(tmp_path: Path, predictor: int) -> None:
    """Noise of full range: differences need all 17 categories."""
    values = np.random.default_rng(predictor).integers(0, 65536, (48, 40)).astype(np.uint16)
    stream = encode("jpeg-lossless", values, predictor=predictor)
    path = write_pixels(tmp_path / "a", encapsulated([stream]), JPEG + "57", rows=48, columns=40, vr="OB")
    np.testing.assert_array_equal(frames_of(path)[0].read(), values)


def test_deflated_data_set(tmp_path: Path) -> None:
    values = phantom().astype(np.int16)
    frames = np.stack([values, values[::-1]])
    path = deflated(write_pixels(tmp_path / "a", frames.tobytes(), rows=48, columns=40, signed=True, frames=2))
    seen = frames_of(path)
    assert seen[0].needs_codec
    for frame, expected in zip(seen, frames, strict=True):
        np.testing.assert_array_equal(frame.read(), expected)


@pytest.mark.parametrize(("element", "kind"), [("FloatPixelData", "f4"), ("DoubleFloatPixelData", "f8")])
def test_floating_point_pixels(tmp_path: Path, element: str, kind: str) -> None:
    values = np.linspace(-1e3, 1e-3, 48 * 40).reshape(48, 40).astype(kind)
    path = write_pixels(
        tmp_path / "a", values.tobytes(), rows=48, columns=40, allocated=8 * values.itemsize, element=element
    )
    (frame,) = frames_of(path)
    assert frame.read().dtype == np.dtype(kind)
    np.testing.assert_array_equal(frame.read(), values)


@pytest.mark.parametrize("uid", [uid for uid, row in TRANSFER_SYNTAXES.items() if row.codec == "remote"])
def test_pixels_that_lie_elsewhere_are_refused_by_name(tmp_path: Path, uid: str) -> None:
    pixels = PixelDescription(4, 4, uid, 0, None)
    (tmp_path / "a").write_bytes(encapsulated([b"\0" * 64]))
    assert decoder_name(uid) == ""
    with pytest.raises(MedviewError) as caught:
        DicomFrame(str(tmp_path / "a"), 0, "", pixels).read()
    assert caught.value.code == "codec_missing"
    assert str(tmp_path / "a") in caught.value.text
    assert uid in caught.value.text
    assert "opens no connections" in caught.value.text


def test_every_syntax_names_its_decoder_or_its_reason() -> None:
    for uid, row in TRANSFER_SYNTAXES.items():
        assert bool(decoder_name(uid)) == (row.codec != "remote"), uid
        assert uid in missing_decoder(uid)
    assert "9.9.9" in missing_decoder("9.9.9")


def test_native_samples_under_a_compressed_syntax(tmp_path: Path) -> None:
    """A defined length is believed: real files forget to change the transfer syntax when they decompress."""
    values = phantom().astype(np.int16)
    path = write_pixels(tmp_path / "a", values.tobytes(), rows=48, columns=40, signed=True)
    data = path.read_bytes()
    # The same length of UID, so that no other byte moves.
    old, new = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0"
    assert data.count(old) == 1
    path.write_bytes(data.replace(old, new))
    np.testing.assert_array_equal(frames_of(path)[0].read(), values)


def test_the_documented_table_is_the_true_one() -> None:
    text = (Path(__file__).parents[2] / "docs" / "transfer-syntaxes.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| 1.")]
    assert rows == [f"| {uid} | {row.name} | {decoder_name(uid) or '–'} |" for uid, row in TRANSFER_SYNTAXES.items()]
