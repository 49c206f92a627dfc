"""The first image of a folder with 100,000 files beside that of a folder with 600.

Bar: at most 3× the time, from the path to the first image's pixels. Files are small, and most of the large folder are links
to a few of them, so that the making of the folder does not take longer than the rest; the page cache is warm. What comes behind
the first image is not waited for: that all of a folder is shown is a matter of the tests.
"""

from __future__ import annotations

import io
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medview.app.hanging import first_choice
from medview.app.open_paths import open_paths
from tests.phantoms.dicom_series import make_series, positions_along

FILES = 100_000
SERIES = 500
OWN_FILES = 5_000
"""Files with a content of their own; the scan is left long before it comes to another."""


def make_folder(folder: Path, count: int) -> None:
    """``count`` images in series of 500, under names in their order."""
    image = make_series(positions_along(1), values=np.zeros((1, 32, 32), np.int16))[0]
    stream = io.BytesIO()
    image.save_as(stream, enforce_file_format=True)
    content = stream.getvalue()
    instance, series = str(image.SOPInstanceUID).encode(), str(image.SeriesInstanceUID).encode()
    folder.mkdir()
    for number in range(count):
        own = content.replace(instance, instance[:-8] + b"%08d" % (10**7 + number))
        own = own.replace(series, series[:-6] + b"%06d" % (10**5 + number // SERIES))
        (folder / f"IM{number:06}").write_bytes(own)
        if number >= OWN_FILES:
            break
    for number in range(OWN_FILES + 1, count):
        # Further names of files that are there: to the walk a file as any other, at a tenth of the time.
        os.link(folder / f"IM{number % OWN_FILES:06}", folder / f"IM{number:06}")


def first_image(folder: Path) -> float:
    """Seconds to the pixels of the first image; the scan is ended there."""
    begun = time.perf_counter()
    for found in open_paths([str(folder)]):
        choice = first_choice(found.studies)
        if choice is not None:
            choice[2].frames[0].read()
            return time.perf_counter() - begun
    raise AssertionError("no image")


@pytest.mark.timeout(240)
def test_the_first_image_of_a_large_folder(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    make_folder(tmp_path / "small", 600)
    make_folder(tmp_path / "large", FILES)
    first_image(tmp_path / "small")
    times = [(first_image(tmp_path / "small"), first_image(tmp_path / "large")) for _ in range(7)]
    small, large = (min(column) for column in zip(*times, strict=True))
    record_property("first image of 600 files, ms", round(1000 * small, 1))
    record_property(f"first image of {FILES} files, ms", round(1000 * large, 1))
    record_property("ratio", round(large / small, 2))
    print(f"\nfirst image: {1000 * small:.1f} ms of 600 files, {1000 * large:.1f} ms of {FILES}: {large / small:.2f}×")
    shutil.rmtree(tmp_path / "large")  # pytest would keep it
    assert large < 3 * small
