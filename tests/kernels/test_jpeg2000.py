"""Our own decoder of reversible JPEG 2000 gives what was coded, and leaves to OpenJPEG what it does not know."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import count

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medview import kernels
from medview.core.progress import Cancelled
from medview.dicom import codecs
from medview.dicom.jpeg2000 import decode_reversible_frame
from medview.dicom.pixel_description import PixelDescription
from medview.jobs.worker_start import run_once
from medview.kernels import jpeg2000
from tests.dicom.pixel_files import encode
from tests.kernels.jpeg2000_streams import OTHER, PLAIN, ROUGH, rings

pytestmark = pytest.mark.beside


def planes_first(samples: np.ndarray) -> np.ndarray:
    return samples[None] if samples.ndim == 2 else samples.transpose(2, 0, 1)


@pytest.mark.parametrize("name", PLAIN)
def test_every_order_of_packets(name: str) -> None:
    components, stream = PLAIN[name]
    samples = decode_reversible_frame(stream)
    assert samples is not None
    np.testing.assert_array_equal(planes_first(samples), rings(components))


@pytest.mark.parametrize("name", OTHER)
def test_what_it_does_not_know_is_left(name: str) -> None:
    _components, stream = OTHER[name]
    assert decode_reversible_frame(stream) is None
    assert imagecodecs.jpeg2k_decode(stream).shape[:2] == (37, 45) or name == "an origin of its own"


@pytest.mark.parametrize("name", ROUGH)
def test_planes_that_were_left_out_are_guessed_as_openjpeg_does(name: str) -> None:
    components, stream = ROUGH[name]
    samples = decode_reversible_frame(stream)
    assert samples is not None
    assert np.abs(planes_first(samples) - rings(components)).max() > 0
    theirs = np.asarray(imagecodecs.jpeg2k_decode(stream))
    np.testing.assert_array_equal(samples, theirs if components == 1 else theirs.reshape(samples.shape))


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 150),
    columns=st.integers(1, 150),
    bits=st.sampled_from([6, 7, 8, 9, 12, 15, 16]),
    signed=st.booleans(),
    texture=st.sampled_from(["noise", "slope", "dots", "nothing", "extremes"]),
    levels=st.integers(1, 7),
    seed=st.integers(0, 1 << 30),
)
def test_any_picture_comes_back(
    rows: int, columns: int, bits: int, signed: bool, texture: str, levels: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    top = (1 << bits) - 1
    if texture == "noise":
        picture = random.integers(0, top + 1, (rows, columns))
    elif texture == "slope":
        picture = (np.add.outer(np.arange(rows), np.arange(columns)) * top) // (rows + columns)
    elif texture == "extremes":
        picture = random.integers(0, 2, (rows, columns)) * top
    else:
        picture = (random.random((rows, columns)) < (0.02 if texture == "dots" else 0)) * top
    if signed:
        picture = picture - (1 << (bits - 1))
    stored = picture.astype(("i" if signed else "u") + ("1" if bits <= 8 else "2"))
    stream = imagecodecs.jpeg2k_encode(
        stored,
        codecformat="j2k",
        reversible=True,
        bitspersample=bits,
        resolutions=min(levels, min(stored.shape).bit_length()),
    )
    samples = decode_reversible_frame(stream)
    assert samples is not None
    assert samples.dtype == np.asarray(imagecodecs.jpeg2k_decode(stream)).dtype
    np.testing.assert_array_equal(samples, stored)


def test_damage_gives_what_openjpeg_gives_or_is_left_to_it() -> None:
    random = np.random.default_rng(11)
    taken = 0
    for number in range(400):
        components, stream = list(PLAIN.values())[number % len(PLAIN)]
        damaged = bytearray(stream)
        for place in random.integers(0, len(damaged), random.choice([1, 2, 8])):
            damaged[place] = random.integers(0, 256)
        samples = decode_reversible_frame(
            bytes(damaged[: random.integers(60, len(damaged))]) if number % 5 == 0 else bytes(damaged)
        )
        if samples is not None:
            taken += 1
            theirs = np.asarray(imagecodecs.jpeg2k_decode(bytes(damaged)))
            theirs = theirs if components == 1 or theirs.shape == samples.shape else theirs.transpose(1, 2, 0)
            np.testing.assert_array_equal(samples, theirs)
    assert taken > 100


def test_a_stream_without_end_asks_for_no_memory_beyond_its_picture() -> None:
    _components, stream = PLAIN["one resolution"]
    for end in range(60, len(stream), 7):
        assert decode_reversible_frame(stream[:end]) is None


def test_frames_are_decoded_by_it_once_it_is_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def decode(data: bytes) -> np.ndarray | None:
        asked.append(len(data))
        return decode_reversible_frame(data)

    monkeypatch.setattr(codecs, "decode_reversible_frame", decode)
    monkeypatch.setattr(jpeg2000, "_asked", count(1))
    pixels = PixelDescription(37, 45, "1.2.840.10008.1.2.4.90", 0, None, bits_stored=10, high_bit=9)
    _components, plain = PLAIN["one resolution"]
    _components, lossy = OTHER["irreversible"]
    for at_hand in (False, True):
        monkeypatch.setattr(jpeg2000, "_is_kept", lambda answer=at_hand: answer)
        for _ in range(jpeg2000.PATIENCE + 4):
            np.testing.assert_array_equal(codecs.decode_frame(plain, pixels).samples, rings(1)[0])
            frame = codecs.decode_frame(lossy, pixels)
            np.testing.assert_array_equal(frame.samples, imagecodecs.jpeg2k_decode(lossy))
        assert bool(asked) is at_hand
    large = replace(pixels, rows=2048, columns=2048)
    stream = encode("jpeg-2000", np.zeros((2048, 2048), np.uint16))
    asked.clear()
    assert codecs.decode_frame(stream, large).samples.shape == (2048, 2048)
    assert not asked, "a large picture is decoded by several threads"


def test_nobody_waits_for_a_worker_that_is_called_off() -> None:
    def call_off(_step: str, _done: int, _all: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        run_once("medview.dicom.kernel_worker", call_off)


def test_a_worker_keeps_the_kernel() -> None:
    jpeg2000.warm_up()
    asked: list[str] = []
    run_once("medview.dicom.kernel_worker", lambda step, _done, _all: asked.append(step))
    assert set(asked) == {"prepare"}
    jpeg2000._is_kept.cache_clear()
    assert jpeg2000._is_kept()


def test_a_kernel_that_cannot_be_loaded_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    jpeg2000._is_kept.cache_clear()
    monkeypatch.setitem(sys.modules, "medview.kernels.jpeg2000_compiled", None)
    monkeypatch.delattr(kernels, "jpeg2000_compiled", raising=False)
    try:
        assert not jpeg2000._is_kept()
    finally:
        jpeg2000._is_kept.cache_clear()
