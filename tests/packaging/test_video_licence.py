"""Which FFmpeg the installed OpenCV carries: what is shipped must be under the LGPL, whatever a label says."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import pytest

NOT_SHIPPABLE = (b"--enable-gpl", b"--enable-nonfree", b"--enable-libx264", b"--enable-libx265")


def carried_libraries() -> list[Path]:
    """FFmpeg's libraries beside the module, as its wheels for Linux, Windows and macOS lay them out."""
    module = Path(cv2.__file__).parent
    beside = [module, module / ".dylibs", *module.parent.glob("opencv_python*.libs")]
    names = ("libav*", "libsw*", "opencv_videoio_ffmpeg*")
    return sorted(path for folder in beside if folder.is_dir() for name in names for path in folder.glob(name))


def test_the_video_decoder_may_be_shipped() -> None:
    libraries = carried_libraries()
    if not libraries:
        pytest.skip("this OpenCV carries no FFmpeg of its own; video is refused by name")
    if sys.platform == "darwin":
        pytest.skip("the wheel for macOS carries a GPL FFmpeg and is not shipped: packaging/licences.md")
    configured = 0
    for library in libraries:
        content = library.read_bytes()
        for option in NOT_SHIPPABLE:
            assert option not in content, f"{library.name} was built with {option.decode()}"
        configured += b"LGPL version 2.1 or later" in content
    assert configured, "no library says under which licence it was built"


def test_nothing_of_the_gpl_lies_beside_it() -> None:
    names = [path.name for path in carried_libraries()]
    beside = [path.name for path in Path(cv2.__file__).parent.parent.glob("opencv_python*.libs/*")]
    assert not [name for name in (*names, *beside) if name.startswith(("libx264", "libx265", "libxvid"))]
