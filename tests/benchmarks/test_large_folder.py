"""The first image of a folder with 100,000 files beside that of a folder with 600.

Bar: at most 3× the time, from the path to the first image's pixels. Files are small, so that the making of the folder does
not take longer than the rest; the page cache is warm.
"""

from __future__ import annotations

import io
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


def first_image(folder: Path) -> float:
    """Seconds to the pixels of the first image."""
    begun = time.perf_counter()
    for found in open_paths([str(folder)]):
        choice = first_choice(found.studies)
        if choice is not None:
            choice[2].frames[0].read()
            return time.perf_counter() - begun
    raise AssertionError("no image")


@pytest.mark.timeout(1800)
def test_the_first_image_of_a_large_folder(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    make_folder(tmp_path / "small", 600)
    make_folder(tmp_path / "large", FILES)
    first_image(tmp_path / "small")
    times = [(first_image(tmp_path / "small"), first_image(tmp_path / "large")) for _ in range(7)]
    small, large = (min(column) for column in zip(*times, strict=True))
    begun = time.perf_counter()
    found = None
    for found in open_paths([str(tmp_path / "large")]):  # noqa: B007 - the last one counts
        pass
    whole = time.perf_counter() - begun
    record_property("first image of 600 files, ms", round(1000 * small, 1))
    record_property(f"first image of {FILES} files, ms", round(1000 * large, 1))
    print(
        f"first image: {1000 * small:.1f} ms of 600 files, {1000 * large:.1f} ms of {FILES}; all of those {whole:.1f} s"
    )
    assert found is not None
    assert found.census.frames_shown == FILES
    shutil.rmtree(tmp_path / "large")  # pytest would keep it
    assert large < 3 * small + 0.02
