"""Listing 5,000 files beside pydicom and dicomsdl, in one run and with the page cache warm.

Bars: at least 5× faster than pydicom with stop_before_pixels, at most 1.5× dicomsdl's time. Everybody gets the same
21 attributes of every file; ours also builds the catalog with its stacks, which is printed apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medview.core.progress import no_progress
from medview.dicom.catalog import Catalog
from medview.dicom.scan import scan_paths
from medview.dicom.write_ct import CtDescription, write_ct_series
from tests.shared import shared_path

FILES = 5000
ROUNDS = 5
ATTRIBUTES = (
    "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientID", "PatientName", "Modality", "InstanceNumber",
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "Rows", "Columns", "RescaleSlope",
    "RescaleIntercept", "WindowCenter", "WindowWidth", "SeriesNumber", "StudyDate", "SliceThickness", "BitsStored",
    "NumberOfFrames",
)  # fmt: skip


def list_ours(folder: Path, count: int) -> None:
    headers = [header for batch in scan_paths([str(folder)], no_progress) for header in batch.headers]
    assert len(headers) == count


def list_with_stacks(folder: Path, count: int) -> None:
    catalog = Catalog()
    for batch in scan_paths([str(folder)], no_progress):
        catalog.add(batch)
    catalog.studies()
    assert catalog.census().frames_shown == count


def list_pydicom(folder: Path, count: int) -> None:
    import pydicom

    for path in sorted(folder.iterdir()):
        data = pydicom.dcmread(path, stop_before_pixels=True)
        for name in ATTRIBUTES:
            data.get(name)


def list_dicomsdl(folder: Path, count: int) -> None:
    import dicomsdl

    for path in sorted(folder.iterdir()):
        data = dicomsdl.open_file(str(path), load_until=0x7FDFFFFF)
        for name in ATTRIBUTES:
            data.getDataElement(name).value()


def measured(folder: Path, rounds: int) -> dict[str, float]:
    """Best seconds of each way, taken in turns so that a busy moment of the machine meets all."""
    pytest.importorskip("dicomsdl")
    ways: dict[str, Callable[[Path, int], None]] = {
        "medview": list_ours,
        "medview with stacks": list_with_stacks,
        "dicomsdl": list_dicomsdl,
        "pydicom": list_pydicom,
    }
    count = sum(1 for _ in folder.iterdir())
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            if name == "pydicom" and number >= 2:
                continue
            start = time.perf_counter()
            way(folder, count)
            times[name].append(time.perf_counter() - start)
    return {name: min(values) for name, values in times.items()}


def report(title: str, count: int, best: dict[str, float], record: Callable[[str, object], None]) -> None:
    for name, seconds in best.items():
        record(f"{title}: {name}, s", round(seconds, 4))
        print(f"{title}: {name} {1000 * seconds:.0f} ms, {1e6 * seconds / count:.0f} µs a file")
    ours = best["medview"]
    print(
        f"{title}: pydicom takes {best['pydicom'] / ours:.1f}× our time; we take {ours / best['dicomsdl']:.2f}× dicomsdl's"
    )


def test_listing(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    hu = np.zeros((FILES, 16, 16), dtype=np.int16)
    write_ct_series(tmp_path, hu, (1.0, 0.7, 0.7), (0.0, 0.0, 0.0), CtDescription("Bench^Mark", "1", "listing"))
    best = measured(tmp_path, ROUNDS)
    report(f"{FILES} written CT files", FILES, best, record_property)
    assert best["medview"] < best["pydicom"] / 5
    assert best["medview"] < 1.5 * best["dicomsdl"]


@pytest.mark.parametrize(
    "folder", ["profmcdan+dicom-project/data/767", "FNNDSC+SAG-anon", "FNNDSC+data/dicom/rsna_2/PET"]
)
def test_listing_real_files(folder: str, record_property: Callable[[str, object], None]) -> None:
    path = shared_path(f"data/{folder}")
    count = sum(1 for _ in path.iterdir())
    report(folder, count, measured(path, 7), record_property)
