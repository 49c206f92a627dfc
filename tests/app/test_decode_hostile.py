"""Mutated real files through the worker processes: this process lives, the pool lives, every failure is a sentence."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medview.core.problem import MedviewError
from medview.dicom.frame_source import DicomFrame, frames_of_instance
from medview.dicom.header_reader import HeaderReader
from medview.jobs.pool import DecodePool
from tests.shared import shared_path

ROUNDS = 12
FOLDER = "data/cornerstonejs+cornerstoneWADOImageLoader/examples/test-images"


def mutated(data: bytes, rng: np.random.Generator, start: int) -> bytes:
    """A few bytes changed, swapped or lost behind ``start``, most of them where the stream's own header lies."""
    out = bytearray(data)
    for _ in range(int(rng.integers(1, 12))):
        reach = int(rng.choice([64, 600, len(out) - start]))
        at = start + int(rng.integers(0, max(1, min(reach, len(out) - start))))
        kind = rng.integers(0, 4)
        if kind == 0:
            out[at] = int(rng.integers(0, 256))
        elif kind == 1:
            out[at] ^= 1 << int(rng.integers(0, 8))
        elif kind == 2:
            out[at : at + 2] = b"\xff\xff"
        else:
            del out[at : at + int(rng.integers(1, 9))]
            out.extend(b"\0" * 8)
    return bytes(out)


@pytest.mark.slow
def test_mutated_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(20)
    pool = DecodePool(2)
    outcomes: Counter[str] = Counter()
    try:
        for path in sorted(shared_path(FOLDER).glob("CTImage.dcm_*")):
            header = HeaderReader().read(str(path))
            if header.pixels is None or not header.pixels.needs_codec:
                continue
            (frame,) = frames_of_instance(header)
            start = header.pixels.deflated_at or header.pixels.data_offset
            data = path.read_bytes()
            for n in range(ROUNDS):
                broken = tmp_path / f"{path.name}-{n}"
                broken.write_bytes(mutated(data, rng, start))
                outcomes[attempt(pool, replace(frame, path=str(broken), stamp=None))] += 1
        # The pool still does what it is for.
        assert pool.read(frame).shape == (512, 512)
    finally:
        pool.close()
    assert set(outcomes) <= {
        "decoded",
        "codec_failed",
        "truncated_pixels",
        "decoder_died",
        "out_of_memory",
        "decode_timeout",
        "deflate_bomb",
    }
    assert outcomes["codec_failed"] + outcomes["truncated_pixels"] > 20, outcomes


def attempt(pool: DecodePool, frame: DicomFrame) -> str:
    try:
        values = pool.read(frame, limit_s=20)
    except MedviewError as error:
        return error.code if frame.path in error.text else f"{error.code} without the file's name"
    return "decoded" if values.shape == frame.pixels.shape else "another shape"
