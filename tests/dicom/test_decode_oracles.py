"""Frames that other people's encoders wrote, against what other people's decoders make of them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.dicom.pixel_files import frames_of, phantom, write_pixels

pytestmark = [
    pytest.mark.beside,
    pytest.mark.skipif(shutil.which("dcmcjpeg") is None, reason="needs DCMTK as encoder and oracle"),
]

GREY = {
    "u8": ("u1", 8, False, 0, 255),
    "u12": ("u2", 12, False, 0, 4095),
    "u16": ("u2", 16, False, 0, 65535),
    "s12": ("i2", 12, True, -2048, 2047),
    "s16": ("i2", 16, True, -32768, 32767),
}
ENCODERS = {
    "JPEG baseline": (["dcmcjpeg", "+eb"], "dcmdjpeg", True),
    "JPEG extended": (["dcmcjpeg", "+ee"], "dcmdjpeg", True),
    "JPEG spectral selection": (["dcmcjpeg", "+es"], "dcmdjpeg", True),
    "JPEG progressive": (["dcmcjpeg", "+ep"], "dcmdjpeg", True),
    **{f"JPEG lossless, predictor {n}": (["dcmcjpeg", "+el", "+sv", str(n)], "dcmdjpeg", False) for n in range(1, 8)},
    "JPEG lossless SV1": (["dcmcjpeg", "+e1", "-ot"], "dcmdjpeg", False),
    "JPEG lossless in fragments of a kilobyte": (["dcmcjpeg", "+e1", "+fs", "1"], "dcmdjpeg", False),
    "JPEG lossless in fragments without a table": (["dcmcjpeg", "+e1", "+fs", "1", "-ot"], "dcmdjpeg", False),
    "JPEG with a point transform": (["dcmcjpeg", "+el", "+sv", "1", "+pt", "2"], "dcmdjpeg", False),
    "JPEG-LS": (["dcmcjpls", "+el"], "dcmdjpls", False),
    "JPEG-LS cooked": (["dcmcjpls", "+el", "+pc"], "dcmdjpls", False),
    "JPEG-LS near": (["dcmcjpls", "+en", "+md", "3"], "dcmdjpls", False),
    "RLE": (["dcmcrle"], "dcmdrle", False),
}


def grey_file(path: Path, kind: str) -> Path:
    dtype, bits, signed, low, high = GREY[kind]
    frames = np.stack([phantom(40, 36, low, high, seed) for seed in range(2)]).astype(dtype)
    if signed and bits < 16:
        frames = (frames & ((1 << bits) - 1)).astype("u2")  # DCMTK wants nothing above BitsStored
    return write_pixels(
        path, frames.tobytes(), rows=40, columns=36, allocated=8 * frames.itemsize, stored=bits, signed=signed, frames=2,
        vr="OW" if frames.itemsize > 1 else "OB",
    )  # fmt: skip


def run(*command: str | Path) -> bool:
    return subprocess.run(list(map(str, command)), capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("kind", GREY)
def test_grey_of_dcmtk(tmp_path: Path, encoder: str, kind: str) -> None:
    """What DCMTK compressed and decompressed again, value by value; lossy DCT may round differently by one."""
    command, decoder, rounds = ENCODERS[encoder]
    plain = grey_file(tmp_path / "plain", kind)
    if not run(*command, plain, tmp_path / "coded"):
        pytest.skip(f"DCMTK writes no {encoder} of {kind}")
    assert run(decoder, tmp_path / "coded", tmp_path / "decoded")
    seen, expected = frames_of(tmp_path / "coded"), frames_of(tmp_path / "decoded")
    assert len(seen) == len(expected) == 2
    assert not expected[0].pixels.is_encapsulated
    assert seen[0].pixels.is_encapsulated
    for one, other in zip(seen, expected, strict=True):
        difference = np.abs(one.read().astype(int) - other.read().astype(int)).max()
        assert difference <= rounds
    if not rounds and "near" not in encoder and "transform" not in encoder:
        for one, other in zip(seen, frames_of(plain), strict=True):
            np.testing.assert_array_equal(one.read(), other.read())


@pytest.mark.parametrize(
    "command",
    [
        ["dcmcjpeg", "+eb", "+cy", "+s2"],
        ["dcmcjpeg", "+eb", "+cy", "+s4"],
        ["dcmcjpeg", "+eb", "+cy", "+n1"],
        ["dcmcjpeg", "+eb", "+cr"],
        ["dcmcjpeg", "+ep", "+cy"],
        ["dcmcjpeg", "+el"],
        ["dcmcjpls", "+el", "+iv"],
        ["dcmcjpls", "+el", "+il"],
        ["dcmcjpls", "+el", "+is"],
        ["dcmcjpls", "+el", "+in"],
        ["dcmcrle"],
    ],
    ids=" ".join,
)
def test_colour_of_dcmtk(tmp_path: Path, command: list[str]) -> None:
    """Both planar configurations, all ways of interleaving; colours as DCMTK draws them."""
    from PIL import Image

    grey = phantom(40, 36, 0, 255)
    values = np.stack([grey, grey[::-1], 255 - grey], axis=-1).astype(np.uint8)
    for planar in (0, 1):
        raw = values if planar == 0 else np.moveaxis(values, -1, 0)
        plain = write_pixels(
            tmp_path / "plain", raw.tobytes(), rows=40, columns=36, samples=3, allocated=8, photometric="RGB", planar=planar, vr="OB"
        )  # fmt: skip
        coded, picture = tmp_path / "coded", tmp_path / "picture.ppm"
        if not run(*command, plain, coded):
            pytest.skip("this DCMTK knows no such option")
        (frame,) = frames_of(coded)
        tool = {"dcmcjpeg": "dcmj2pnm", "dcmcjpls": "dcml2pnm", "dcmcrle": "dcm2pnm"}[command[0]]
        assert run(tool, "+op", coded, picture)
        expected = np.asarray(Image.open(picture).convert("RGB")).astype(int)
        subsampled = "+s2" in command or "+cy" in command
        assert np.abs(frame.read() - expected).max() <= (2 if subsampled else 0)
