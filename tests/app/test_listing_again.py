"""Files that change on disk after they were listed: their series is listed anew, whole, and nothing of the old is left in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
import pytest

from medview.app.listing_again import is_arranged_alike, paths_of, relist, with_relisted
from medview.app.open_paths import open_all
from medview.core.problem import MedviewError
from medview.core.study import FrameSource, Series, Study
from medview.dicom.write_ct import CtDescription, write_ct_series


def write(folder: Path, name: str, patient: str = "Doe^Jane", slices: int = 5) -> list[Path]:
    folder.mkdir(parents=True)
    values = np.arange(slices * 64, dtype=np.int16).reshape(slices, 8, 8)
    described = CtDescription(patient_name=patient, patient_id=patient, uid_seed=name, series_description=name)
    return sorted(write_ct_series(folder, values, (2.0, 1.5, 1.5), (0.0, 0.0, 0.0), described))


def opened(folder: Path) -> tuple[tuple[Study, ...], Series]:
    studies = open_all([str(folder)]).studies
    return studies, studies[0].series[0]


def frames_in(series: Series) -> Sequence[FrameSource]:
    return [frame for stack in series.stacks for frame in stack.frames]


def touched(path: Path) -> None:
    os.utime(path, ns=(1, 1))


def test_files_as_they_were_listed_are_not_read_again(tmp_path: Path) -> None:
    files = write(tmp_path / "a", "a")
    studies, series = opened(tmp_path)
    files[1].unlink()
    now = relist(studies, series, frames_in(series))
    assert not now.changed, "a file that is away is waited for, the arrangement stays"


def test_a_file_that_was_put_back_is_the_same_series_under_its_new_stamp(tmp_path: Path) -> None:
    files = write(tmp_path / "a", "a")
    studies, series = opened(tmp_path)
    touched(files[1])
    (changed,) = [frame for frame in frames_in(series) if frame.path == str(files[1])]
    with pytest.raises(MedviewError, match="changed since"):
        changed.read()
    now = relist(studies, series, [changed])
    assert now.changed
    after = with_relisted(studies, series, now)
    assert len(after) == 1
    (again,) = after[0].series[0].stacks
    assert is_arranged_alike(series.stacks[0], again)
    assert len([frame.read() for frame in again.frames]) == 5


@pytest.mark.parametrize(("name", "value"), [("ImagePositionPatient", [0, 0, 3]), ("RescaleSlope", "2.5")])
def test_another_place_or_scale_is_another_arrangement(tmp_path: Path, name: str, value: object) -> None:
    files = write(tmp_path / "a", "a")
    studies, series = opened(tmp_path)
    dataset = pydicom.dcmread(files[1])
    setattr(dataset, name, value)
    dataset.save_as(files[1])
    touched(files[1])
    now = relist(studies, series, frames_in(series))
    (again,) = with_relisted(studies, series, now)[0].series[0].stacks
    assert not is_arranged_alike(series.stacks[0], again)
    assert again.frame_count == 5


def test_another_patients_file_leaves_the_series(tmp_path: Path) -> None:
    files = write(tmp_path / "a", "a")
    (other,) = write(tmp_path / "elsewhere", "b", "Roe^Richard", 1)
    studies, series = opened(tmp_path / "a")
    shutil.copy(other, files[2])
    touched(files[2])
    now = relist(studies, series, frames_in(series))
    after = with_relisted(studies, series, now)
    assert sorted(study.patient.name for study in after) == ["Doe^Jane", "Roe^Richard"]
    for study in after:
        paths = {path for one in study.series for path in paths_of(one)}
        assert (str(files[2]) in paths) == (study.patient.name == "Roe^Richard")


def test_a_file_that_has_become_one_of_another_listed_series_joins_it(tmp_path: Path) -> None:
    files = write(tmp_path / "a", "a")
    others = write(tmp_path / "b", "b", slices=4)
    studies = open_all([str(tmp_path)]).studies
    series = next(one for study in studies for one in study.series if one.instances == 5)
    content = pydicom.dcmread(others[-1])
    content.SOPInstanceUID = "1.2.3.4"
    content.ImagePositionPatient = [0, 0, 8]
    content.save_as(files[4])
    touched(files[4])
    after = with_relisted(studies, series, relist(studies, series, frames_in(series)))
    assert sorted(one.instances for study in after for one in study.series) == [4, 5]
    joined = next(one for study in after for one in study.series if str(others[0]) in paths_of(one))
    assert joined.instances == 5, "the files that were there are there still"


def test_files_that_are_away_meanwhile_are_named_and_come_back(tmp_path: Path) -> None:
    files = write(tmp_path / "a", "a")
    studies, series = opened(tmp_path)
    touched(files[1])
    kept = files[3].read_bytes()
    files[3].unlink()
    now = relist(studies, series, frames_in(series))
    assert [problem.path for problem in now.problems] == [str(files[3])]
    after = with_relisted(studies, series, now)
    assert sum(stack.frame_count for stack in after[0].series[0].stacks) == 4
    files[3].write_bytes(kept)
    back = relist(after, after[0].series[0], [], [str(files[3])])
    (again,) = with_relisted(after, after[0].series[0], back)[0].series[0].stacks
    assert again.frame_count == 5


def test_a_series_whose_files_are_no_images_any_more_is_gone_and_said(tmp_path: Path) -> None:
    files = write(tmp_path / "a", "a", slices=2)
    studies, series = opened(tmp_path)
    for file in files:
        file.write_text("nothing")
    now = relist(studies, series, frames_in(series))
    assert with_relisted(studies, series, now) == ()
    assert {problem.path for problem in now.problems} == {str(file) for file in files}
