"""`medview batch`: many studies, some of which fail; resumed; a table that nobody's name is in."""

from __future__ import annotations

import csv
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.app import batch as batch_module
from medview.app.batch import BatchOptions, _cell, folder_name, run_batch
from medview.cli.__main__ import main
from medview.core.problem import ExitCode, MedviewError
from medview.jobs.crew import work_off
from tests.inference import networks
from tests.inference.packages import ct_lung, write_package
from tests.inference.test_infer_command import answered, bodies
from tests.phantoms import dicom_series


@pytest.fixture
def package(tmp_path: Path) -> Path:
    described = ct_lung()
    described["fits"] = described["fits"] | {"body_parts": []}
    return write_package(tmp_path / "package", described, networks.threshold_network(2, 1024 - 300, -0.05))


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    """Two chests, one MR, and one chest with nothing in it, which no network can say anything about."""
    root = tmp_path / "studies"
    for name, modality in (("one", "CT"), ("two", "CT"), ("head", "MR"), ("empty", "CT")):
        values = np.full_like(bodies(), 40, np.int32) if name == "empty" else bodies().astype(np.int32)
        made = dicom_series.make_series(
            values=values, name=name, study=name, patient_id=f"ZZPHI{name}", modality=modality
        )
        dicom_series.save_series(made, root / name)
    return root


def by_status(table: dict[str, Any]) -> dict[str, int]:
    return {name: number for name, number in table["counts"].items() if number}


def test_a_failed_series_is_a_row_and_the_next_goes_on(
    studies: Path, package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    code, table = answered(capsys, "batch", studies, "--model", package, "--output", out)
    assert code == ExitCode.RUN_FAILED
    assert by_status(table) == {"done": 2, "failed": 1, "does_not_fit": 1}
    error = table.pop("error")
    assert (error["code"], error["path"]) == ("runs_failed", str(out))
    assert error["message"].startswith("1 of 4 runs failed")
    assert json.loads((out / "table.json").read_text("utf-8")) == table
    done = [row for row in table["rows"] if row["status"] == "done"]
    for row in done:
        result = json.loads((out / row["folder"] / "result.json").read_text("utf-8"))
        assert row["volume_ml " + result["labels"][0]["name"]] == result["labels"][0]["volume_ml"] > 0
        assert (out / row["folder"] / "segmentation.nii.gz").is_file()
    (empty,) = [row for row in table["rows"] if row["status"] == "failed"]
    assert empty["code"] == "input_constant"
    assert empty["text"]
    assert "folder" not in empty
    with (out / "table.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["status"] for line in lines] == [row["status"] for row in table["rows"]]
    assert {line["stack"] for line in lines} == {row["stack"] for row in table["rows"]}
    assert "ZZPHI" not in (out / "table.csv").read_text("utf-8") + (out / "table.json").read_text("utf-8")
    folders = [path for path in out.rglob("*") if path.is_dir() and not any(path.iterdir())]
    assert not folders, "nothing is left of the run that failed"


def test_what_was_done_is_kept_until_something_changes(studies: Path, package: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    first = run_batch([str(studies)], [str(package)], out)
    second = run_batch([str(studies)], [str(package)], out)
    assert by_status(second) == {"kept": 2, "failed": 1, "does_not_fit": 1}
    kept = [row for row in second["rows"] if row["status"] == "kept"]
    before = [row for row in first["rows"] if row["status"] == "done"]
    assert [{**row, "status": ""} for row in kept] == [
        {**row, "status": "", "seconds": again["seconds"]} for row, again in zip(before, kept, strict=True)
    ]
    min((studies / "one").iterdir()).touch()
    third = run_batch([str(studies)], [str(package)], out)
    assert by_status(third) == {"kept": 1, "done": 1, "failed": 1, "does_not_fit": 1}
    again = run_batch([str(studies)], [str(package)], out, BatchOptions(again=True))
    assert by_status(again) == {"done": 2, "failed": 1, "does_not_fit": 1}
    torn = tmp_path / "out" / kept[0]["folder"] / "result.json"
    torn.write_text(torn.read_text("utf-8")[:50], encoding="utf-8")
    assert by_status(run_batch([str(studies)], [str(package)], out))["done"] == 1, "half a result is none"


def test_several_at_a_time_give_the_same(studies: Path, package: Path, tmp_path: Path) -> None:
    one = run_batch([str(studies)], [str(package)], str(tmp_path / "one"))
    two = run_batch([str(studies)], [str(package)], str(tmp_path / "two"), BatchOptions(hands=3))

    def plain(table: dict[str, Any]) -> list[dict[str, Any]]:
        return [{**row, "seconds": 0} for row in table["rows"]]

    assert plain(one) == plain(two)


def test_a_network_that_breaks_down_ends_no_batch(studies: Path, package: Path, tmp_path: Path) -> None:
    described = ct_lung() | {"id": "endless"}
    described["fits"] = described["fits"] | {"body_parts": []}
    endless = write_package(tmp_path / "endless", described, networks.broken_network(2, "endless"))
    table = run_batch(
        [str(studies / "one")], [str(endless), str(package)], str(tmp_path / "out"), BatchOptions(limit_s=1.5)
    )
    assert [(row["model"], row["status"], row.get("code")) for row in table["rows"]] == [
        ("endless", "failed", "network_overdue"),
        (ct_lung()["id"], "done", None),
    ]


def test_knowingly_on_what_does_not_fit(studies: Path, package: Path, tmp_path: Path) -> None:
    table = run_batch([str(studies / "head")], [str(package)], str(tmp_path / "out"))
    assert batch_module.exit_code_of(table) is ExitCode.MODEL_DOES_NOT_FIT
    forced = run_batch([str(studies / "head")], [str(package)], str(tmp_path / "out"), BatchOptions(force=True))
    (row,) = forced["rows"]
    assert row["status"] == "done"
    assert "modality" in row["overrides"]


def test_what_cannot_begin_is_said(studies: Path, package: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    assert main(["batch", str(studies), "--model", str(package), "--output", str(file)]) == ExitCode.CANNOT_WRITE
    out = str(tmp_path / "out")
    assert main(["batch", str(studies), "--model", "nobody", "--output", out]) == ExitCode.MODEL_UNUSABLE
    assert not Path(out).exists()


def test_names_of_folders_and_cells() -> None:
    assert folder_name("ct-lungs") == "ct-lungs"
    assert folder_name("../..") != folder_name("../...")
    assert "/" not in folder_name("a/b", "../x y")
    assert folder_name("a", "x") != folder_name("b", "x")
    for value, cell in (("=1+1", "'=1+1"), ("@x", "'@x"), ("plain", "plain"), (-3.0, -3.0)):
        assert _cell(value) == cell


def test_a_crew_works_beside_and_stops_at_an_error() -> None:
    met = threading.Barrier(2, timeout=60)

    def meet(item: int, _given_up: Callable[[], bool]) -> int:
        met.wait()
        return item * 2

    assert dict(work_off([1, 2], meet, 2)) == {1: 2, 2: 4}
    begun: list[int] = []

    def fail(item: int, given_up: Callable[[], bool]) -> int:
        begun.append(item)
        if item == 0:
            raise MedviewError("x", "x")
        while not given_up():
            time.sleep(0.01)
        return item

    with pytest.raises(MedviewError):
        list(work_off(range(50), fail, 2))
    assert len(begun) <= 3
    assert list(work_off([], fail, 2)) == []
