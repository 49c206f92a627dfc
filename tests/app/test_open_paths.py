"""Paths to studies while the scan runs: early, growing, whole at the end."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from medview.app.open_paths import Found, open_all, open_paths
from medview.core.progress import Cancelled
from tests.phantoms.dicom_series import make_series, marker_values, positions_along, save_series


def stack_ids(found: Found) -> list[str]:
    return [stack.id for study in found.studies for series in study.series for stack in series.stacks]


def frames(found: Found) -> int:
    return sum(stack.frame_count for study in found.studies for series in study.series for stack in series.stacks)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    values = np.repeat(marker_values((1, 8, 8)), 150, axis=0)
    return save_series(make_series(positions_along(150), values=values), tmp_path_factory.mktemp("many") / "ct")


def test_something_is_there_long_before_the_end(many: Path) -> None:
    seen = list(open_paths([str(many)]))
    assert len(seen) > 2
    assert 0 < frames(seen[0]) < 150
    assert [frames(found) for found in seen] == sorted(frames(found) for found in seen)
    assert [found.complete for found in seen] == [False] * (len(seen) - 1) + [True]
    last = seen[-1]
    assert frames(last) == last.census.frames_on_disk == last.census.frames_shown == 150
    assert stack_ids(last) == stack_ids(open_all([str(many)]))


def test_cancelling_ends_the_scan(many: Path) -> None:
    def progress(step: str, done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(open_paths([str(many)], progress))


def test_volumes_and_pictures_are_counted_too(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(np.zeros((4, 5, 6, 3), np.int16), np.eye(4))
    nibabel.save(image, tmp_path / "t.nii.gz")
    Image.new("RGB", (7, 8)).save(tmp_path / "p.png")
    (tmp_path / "bad.nii").write_bytes(b"\x5c\x01\x00\x00" + bytes(500))
    (tmp_path / "readme.md").write_text("x")
    found = open_all([str(tmp_path)])
    assert found.census.files_seen == 4
    assert found.census.frames_on_disk == found.census.frames_shown == 6 * 3 + 1
    assert [Path(problem.path).name for problem in found.problems] == ["bad.nii"]


def test_the_same_volume_in_two_places_is_two_stacks(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    image = nibabel.Nifti1Image(rng.integers(0, 9, (4, 5, 6)).astype(np.int16), np.eye(4))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        nibabel.save(image, tmp_path / name / "t.nii")
    for number in range(40):  # so that the two come in different batches
        (tmp_path / "a" / f"z{number:02}.txt").write_text("x")
    found = open_all([str(tmp_path)])
    assert len(stack_ids(found)) == len(set(stack_ids(found))) == 2


def test_a_named_file_of_no_known_format_is_a_problem_and_one_in_a_folder_is_not(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear colleague")
    assert open_all([str(tmp_path)]).problems == ()
    named = open_all([str(letter)])
    assert [(problem.code, problem.path) for problem in named.problems] == [("unknown_format", str(letter))]
    assert named.complete


def test_what_is_no_image_in_a_folder_is_named(tmp_path: Path) -> None:
    save_series(make_series(), tmp_path / "ct")
    for name in ("readme.txt", "autorun.inf", "ct/viewer.exe"):
        (tmp_path / name).write_bytes(b"nothing to see")
    with contextlib.suppress(AttributeError, OSError):  # Windows has no pipes in folders
        os.mkfifo(tmp_path / "pipe")
    found = open_all([str(tmp_path)])
    names = {Path(path).name for path in found.not_shown} - {"pipe"}
    assert names == {"readme.txt", "autorun.inf", "viewer.exe"}
    assert len(found.not_shown) == 3 + (tmp_path / "pipe").exists()
    assert found.problems == ()
    assert open_all([str(tmp_path / "readme.txt")]).not_shown == (), "named itself it is a problem"
