"""``medview inspect``: the promised object, its counts, and what it says where there is nothing to show."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from tests.cli.running import Medview, medview, medview_process
from tests.phantoms.dicom_series import make_enhanced, make_series, marker_values, positions_along, save_series

__all__ = ["medview"]

STACK_KEYS = {"id", "kind", "shape", "spacing", "affine", "timepoints", "components", "unit", "frames", "notes"}
STACK_KEYS |= {"dimensions", "frame_time_ms", "suv", "scales", "pixel_spacing", "spacing_kind"}


def only_stack(answer: dict) -> dict:  # type: ignore[type-arg]
    stacks = [stack for study in answer["studies"] for series in study["series"] for stack in series["stacks"]]
    assert len(stacks) == 1
    return stacks[0]


def test_the_promised_object(medview: Medview, tmp_path: Path) -> None:
    answer = medview("inspect", save_series(make_series(), tmp_path / "ct"), "--json")
    assert answer.code == 0
    found = answer.json
    # Promised names; others may be added.
    assert set(found) >= {
        "files_seen",
        "frames_on_disk",
        "frames_shown",
        "objects_without_pixels",
        "problems",
        "not_shown",
        "studies",
    }
    assert [found[key] for key in ("files_seen", "frames_on_disk", "frames_shown", "objects_without_pixels")] == [
        12,
        12,
        12,
        0,
    ]
    assert found["problems"] == []
    study = found["studies"][0]
    assert set(study) >= {"study_uid", "patient_id", "patient_name", "date", "description", "series"}
    assert (study["patient_id"], study["patient_name"], study["date"]) == ("PHANTOM", "PHANTOM^Marker", "20200102")
    series = study["series"][0]
    assert set(series) >= {"series_uid", "number", "modality", "description", "instances", "stacks"}
    assert (series["number"], series["modality"], series["instances"]) == (1, "CT", 12)
    stack = only_stack(found)
    assert set(stack) >= STACK_KEYS
    assert (stack["kind"], stack["unit"], stack["shape"]) == ("volume", "HU", [12, 24, 32])
    assert stack["spacing"] == pytest.approx([2.5, 1.5, 0.75])
    np.testing.assert_allclose(
        stack["affine"], [[0.75, 0, 0, -20], [0, 1.5, 0, -18], [0, 0, 2.5, -30], [0, 0, 0, 1]], atol=1e-9
    )
    assert (stack["timepoints"], stack["components"], stack["frames"]) == (1, 1, 12)
    assert " " not in stack["id"]


def test_names_do_not_depend_on_the_order_of_paths(medview: Medview, tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path / "ct")
    files = sorted(folder.iterdir())
    forward = only_stack(medview("inspect", *files, "--json").json)
    backward = only_stack(medview("inspect", *reversed(files), "--json").json)
    twice = only_stack(medview("inspect", folder, *files, "--json").json)
    assert forward == backward == twice


def test_several_studies_and_formats_at_once(medview: Medview, tmp_path: Path) -> None:
    save_series(make_series(), tmp_path / "all" / "a")
    save_series(make_series(patient_id="OTHER", name="other"), tmp_path / "all" / "b")
    make_enhanced().save_as(tmp_path / "all" / "enhanced", enforce_file_format=True)
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 5, 6), np.int16), np.eye(4)), tmp_path / "all" / "v.nii.gz")
    Image.new("L", (7, 8)).save(tmp_path / "all" / "p.png")
    (tmp_path / "all" / "notes.txt").write_text("nothing to see")
    found = medview("inspect", tmp_path / "all", "--json").json
    stacks = [stack for study in found["studies"] for series in study["series"] for stack in series["stacks"]]
    assert sorted(stack["kind"] for stack in stacks) == ["picture", "volume", "volume", "volume", "volume"]
    assert len({stack["id"] for stack in stacks}) == 5
    assert (
        found["frames_on_disk"] == found["frames_shown"] == sum(stack["frames"] for stack in stacks) == 12 * 3 + 6 + 1
    )
    assert found["files_seen"] == 12 * 2 + 4
    assert found["problems"] == []
    picture = next(stack for stack in stacks if stack["kind"] == "picture")
    assert (picture["spacing"], picture["affine"]) == (None, None)


def test_dimensions_for_a_person(medview: Medview, tmp_path: Path) -> None:
    positions = np.concatenate([positions_along(4)] * 2)
    data = make_enhanced(positions, values=np.concatenate([marker_values((4, 6, 8))] * 2), times=[1] * 4 + [2] * 4)
    data.save_as(tmp_path / "enhanced", enforce_file_format=True)
    assert "8 × 6 × 4 × 2 (time)" in medview("inspect", tmp_path / "enhanced").out


def test_for_a_person(medview: Medview, tmp_path: Path) -> None:
    folder = save_series(make_series(positions_along(step=2.5)), tmp_path / "ct")
    (folder / "bad.dcm").write_text("not at all")
    answer = medview("inspect", folder)
    assert answer.code == 0
    assert "PHANTOM^Marker" in answer.out
    assert "0.75 × 1.5 × 2.5 mm" in answer.out
    assert "bad.dcm" in answer.out


# Where there is nothing to show --------------------------------------------------------------------------------------


def test_a_folder_without_images(medview: Medview, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    answer = medview("inspect", tmp_path, "--json")
    assert answer.code == 3
    assert answer.error["code"] == "nothing_found"
    assert str(tmp_path) in answer.error["message"]
    assert answer.json["files_seen"] == 1


def test_a_text_file_called_dcm(medview: Medview, tmp_path: Path) -> None:
    (tmp_path / "letter.dcm").write_text("Dear colleague")
    for path in (tmp_path, tmp_path / "letter.dcm"):
        answer = medview("inspect", path, "--json")
        assert answer.code == 3
        assert answer.error["path"].endswith("letter.dcm")
        assert len(answer.json["problems"]) == 1


def test_a_path_that_is_not_there(medview: Medview, tmp_path: Path) -> None:
    answer = medview("inspect", tmp_path / "gone", "--json")
    assert answer.code == 3
    assert answer.error["path"] == str(tmp_path / "gone")


def test_a_named_file_of_no_known_format(medview: Medview, tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b")
    answer = medview("inspect", tmp_path / "table.csv", "--json")
    assert answer.code == 3
    assert answer.error["code"] == "unknown_format"


def test_one_bad_file_among_good_ones(medview: Medview, tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path / "ct")
    whole = (folder / "slice0005.dcm").read_bytes()
    (folder / "slice0005.dcm").write_bytes(whole[:-300])
    (tmp_path / "ct" / "broken.nii").write_bytes(b"\x5c\x01\x00\x00" + bytes(400))
    answer = medview("inspect", folder, "--json")
    assert answer.code == 0
    found = answer.json
    assert {Path(problem["path"]).name for problem in found["problems"]} >= {"broken.nii"}
    assert found["frames_shown"] >= 11


def test_usage_errors_are_told_in_json_too(medview: Medview) -> None:
    for arguments in (("inspect", "--json"), ("inspect", "x", "--nope", "--json"), ("render", "--json")):
        answer = medview(*arguments)
        assert answer.code == 2
        assert answer.error["code"] == "bad_use"
    assert medview("inspect").code == 2
    assert medview("inspect").out == ""


def test_help_and_version(medview: Medview) -> None:
    assert medview("--version").out.startswith("medview 0.")
    for arguments in (("--help",), ("inspect", "--help"), ("export", "-h"), ("render", "--help")):
        answer = medview(*arguments)
        assert answer.code == 0
        assert "Usage" in answer.out


# Names and rights ----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="file names are text on Windows")
def test_file_names_in_any_script_and_in_none(tmp_path: Path) -> None:
    folder = tmp_path / "患者 王" / "Ünïcödé"
    save_series(make_series(), folder)
    odd = os.fsdecode(os.fsencode(str(folder)) + b"/\xff\xfe.dcm")
    Path(odd).write_text("no image")
    answer = medview_process("inspect", folder, "--json", env={"LC_ALL": "C", "PYTHONUTF8": "0"})
    assert answer.code == 0
    assert answer.json["frames_shown"] == 12
    assert any("患者" in problem["path"] for problem in answer.json["problems"])


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="needs POSIX rights")
def test_a_folder_without_permission(medview: Medview) -> None:
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder)
        study.chmod(0o755)
        save_series(make_series(), study / "ct")
        closed = save_series(make_series(name="other"), study / "closed")
        medview("inspect", study)  # everything is imported as long as it may be read
        closed.chmod(0)
        (study / "ct" / "slice0003.dcm").chmod(0)
        try:
            if os.geteuid() == 0:
                os.seteuid(65534)  # root may read everything, so somebody else has to look
            answer = medview("inspect", study, "--json")
        finally:
            os.seteuid(os.getuid())
            closed.chmod(0o755)
    assert answer.code == 0, answer.err
    assert answer.json["frames_shown"] == 11
    assert {problem["path"] for problem in answer.json["problems"]} == {
        str(closed),
        str(study / "ct" / "slice0003.dcm"),
    }
