"""The demo study is written once, whole, as CT objects whose geometry pydicom reads back."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from medview.app import demo_study
from medview.core.problem import MedviewError
from medview.core.progress import Cancelled
from medview.dicom.write_ct import CtDescription, write_ct_series
from medview.phantom import AnatomyChoice, ChestPhantom, ScanChoice, make_chest

pytestmark = pytest.mark.beside

SMALL = ScanChoice(shape=(9, 64, 48), spacing=(2.5, 5.5, 7.0), thickness=2.5, center=(3.0, -2.0, -20.0))


@pytest.fixture(scope="module")
def phantom() -> ChestPhantom:
    return make_chest(1, AnatomyChoice(nodules=1), SMALL)


@pytest.fixture(scope="module")
def series(phantom: ChestPhantom, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folder = tmp_path_factory.mktemp("ct")
    description = CtDescription("Phantom^Chest", "PHANTOM-1", "test", thickness=2.5)
    return write_ct_series(folder, phantom.hu, phantom.spacing, phantom.origin, description)


def test_geometry_and_values_come_back(series: tuple[Path, ...], phantom: ChestPhantom) -> None:
    import pydicom

    assert len(series) == 9
    for k, path in enumerate(series):
        ds = pydicom.dcmread(path)
        assert ds.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
        assert ds.SOPClassUID == "1.2.840.10008.5.1.4.1.1.2"
        assert str(ds.PatientName) == "Phantom^Chest"
        x, y, z = phantom.origin
        assert [float(v) for v in ds.ImagePositionPatient] == pytest.approx([x, y, z + 2.5 * k], abs=1e-4)
        assert [float(v) for v in ds.ImageOrientationPatient] == [1, 0, 0, 0, 1, 0]
        assert [float(v) for v in ds.PixelSpacing] == [5.5, 7.0]  # rows (j) first
        hu = ds.pixel_array.astype(int) * int(ds.RescaleSlope) + int(ds.RescaleIntercept)
        assert np.array_equal(hu, np.maximum(phantom.hu[k], -1024))


def test_uids_are_the_same_each_time_and_differ_between_slices(
    series: tuple[Path, ...], phantom: ChestPhantom, tmp_path: Path
) -> None:
    import pydicom

    again = write_ct_series(
        tmp_path, phantom.hu, phantom.spacing, phantom.origin, CtDescription("A^B", "1", "test", thickness=2.5)
    )
    uids = [pydicom.dcmread(p).SOPInstanceUID for p in series]
    assert uids == [pydicom.dcmread(p).SOPInstanceUID for p in again]
    assert len(set(uids)) == len(uids)
    assert len({pydicom.dcmread(p).SeriesInstanceUID for p in series}) == 1


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy of dicom3tools")
def test_dciodvfy_finds_no_error(series: tuple[Path, ...]) -> None:
    result = subprocess.run(["dciodvfy", "-new", str(series[4])], capture_output=True, text=True, check=False)
    assert "Error" not in result.stdout + result.stderr


def _quick(monkeypatch: pytest.MonkeyPatch, calls: list[int]) -> None:
    def demo_chest(progress: object = None) -> ChestPhantom:
        calls.append(1)
        return make_chest(1, AnatomyChoice(nodules=0), SMALL)

    monkeypatch.setattr("medview.phantom.demo.demo_chest", demo_chest)


def test_the_demo_study_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    _quick(monkeypatch, calls)
    steps: list[tuple[str, int, int]] = []
    first = demo_study.ensure_demo_study(lambda *step: steps.append(step))
    assert len(list(first.glob("*.dcm"))) == 9
    assert ("demo study", 9, 9) in steps
    assert demo_study.ensure_demo_study() == first
    assert calls == [1]
    assert [p.name for p in first.parent.iterdir()] == [first.name]  # nothing temporary is left


def test_a_cancelled_demo_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    _quick(monkeypatch, [])

    def stop(step: str, done: int, total: int) -> None:
        if step == "demo study" and done == 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        demo_study.ensure_demo_study(stop)
    assert not demo_study.demo_folder().exists()
    assert not list(demo_study.demo_folder().parent.iterdir())


def test_a_folder_that_cannot_be_written_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("MEDVIEW_HOME", str(blocked))
    with pytest.raises(MedviewError) as caught:
        demo_study.ensure_demo_study()
    assert caught.value.code == "cannot_write"
    assert "a-file" in str(caught.value.path)
