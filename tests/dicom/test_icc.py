"""ICC profiles of colour images: applied to colours only, by choice not, and a broken one is said."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import ImageCms
from pydicom.dataset import Dataset

from medview.app.headless import choose_stack
from medview.app.rendering import RenderWish, render_stack
from medview.dicom.icc import profile_bytes
from medview.formats.colour_profile import colour_profile
from tests.dicom.pixel_files import write_pixels
from tests.dicom.reading import only_stack

COLOURS = np.random.default_rng(2).integers(0, 256, (8, 10, 3)).astype(np.uint8)


def swapped_profile() -> bytes:
    """A matrix profile whose red and blue are sRGB's blue and red: what it does is known without a library."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (count,) = struct.unpack_from(">I", srgb, 128)
    data = bytearray(srgb)
    for n in range(count):
        at = 132 + 12 * n
        name = bytes(data[at : at + 4])
        if name in {b"rXYZ", b"bXYZ"}:
            data[at : at + 4] = b"bXYZ" if name == b"rXYZ" else b"rXYZ"
    return bytes(data)


def picture(path: Path, profile: bytes | None, **options) -> Path:
    path = write_pixels(
        path, COLOURS.tobytes(), rows=8, columns=10, samples=3, allocated=8, photometric="RGB", vr="OB", **options
    )
    if profile is not None:
        data = pydicom.dcmread(path)
        data.add_new(0x00282000, "OB", profile + b"\0" * (len(profile) % 2))
        data.save_as(path)
    return path


def rendered(path: Path, target: Path, **wish) -> tuple[np.ndarray, str | None]:
    from PIL import Image

    answer = render_stack(choose_stack([str(path)], None), RenderWish(**wish), str(target))
    return np.asarray(Image.open(target).convert("RGB")), answer["colour_profile"]


def test_colours_go_through_the_profile_unless_the_reader_says_no(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.dcm", swapped_profile())
    stack = only_stack(path)
    assert stack.profile_path == str(path)
    np.testing.assert_array_equal(stack.frames[0].read(), COLOURS)
    drawn, said = rendered(path, tmp_path / "a.png")
    assert np.abs(drawn.astype(int) - COLOURS[..., ::-1]).max() <= 2
    assert said not in {None, "sRGB", "not used"}
    plain, said = rendered(path, tmp_path / "b.png", icc=False)
    np.testing.assert_array_equal(plain, COLOURS)
    assert said == "not used"


def test_a_profile_of_the_first_optical_path(tmp_path: Path) -> None:
    path = picture(tmp_path / "a.dcm", None)
    data = pydicom.dcmread(path)
    item = Dataset()
    item.add_new(0x00282000, "OB", swapped_profile())
    data.OpticalPathSequence = [item]
    data.save_as(path)
    assert only_stack(path).profile_path
    drawn, _ = rendered(path, tmp_path / "a.png")
    assert np.abs(drawn.astype(int) - COLOURS[..., ::-1]).max() <= 2


def test_srgb_changes_no_colour_at_all(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert colour_profile(srgb) is None
    drawn, said = rendered(picture(tmp_path / "a.dcm", srgb), tmp_path / "a.png")
    np.testing.assert_array_equal(drawn, COLOURS)
    assert said == "sRGB"
    assert rendered(picture(tmp_path / "b.dcm", None), tmp_path / "b.png")[1] is None


@pytest.mark.parametrize("damage", [b"", b"no profile at all", "half", "grey"])
def test_a_broken_profile_is_said_and_colours_stay(tmp_path: Path, damage: bytes | str) -> None:
    if damage == "half":
        data = swapped_profile()[:200]
    elif damage == "grey":
        data = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    else:
        data = bytes(damage)
    path = picture(tmp_path / "a.dcm", data)
    drawn, said = rendered(path, tmp_path / "a.png")
    np.testing.assert_array_equal(drawn, COLOURS)
    if data:
        assert said is not None
        assert said.startswith("unusable")
        with pytest.raises(ValueError, match=r"."):
            colour_profile(data)


def test_grey_never_meets_a_profile(tmp_path: Path) -> None:
    path = write_pixels(
        tmp_path / "a.dcm", COLOURS[..., 0].tobytes(), rows=8, columns=10, allocated=8, vr="OB",
        WindowCenter="128", WindowWidth="256",
    )  # fmt: skip
    data = pydicom.dcmread(path)
    data.add_new(0x00282000, "OB", swapped_profile())
    data.save_as(path)
    assert only_stack(path).profile_path == ""
    drawn, said = rendered(path, tmp_path / "a.png")
    np.testing.assert_array_equal(drawn[..., 0], COLOURS[..., 0])
    assert said is None


def test_a_long_profile_is_read_whole(tmp_path: Path) -> None:
    profile = swapped_profile() + bytes(300_000)
    assert len(profile_bytes(str(picture(tmp_path / "a.dcm", profile)))) == len(profile)
    assert ImageCms.getOpenProfile(io.BytesIO(profile)) is not None
