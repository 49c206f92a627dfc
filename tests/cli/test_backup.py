"""``medview backup`` and ``medview restore``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medview.cli.commands import run
from medview.store.entry import new_entry
from medview.store.study_store import StudyStore


def marks() -> list[str]:
    store = StudyStore()
    found = [entry.subject for entry in store.all_entries()]
    store.close()
    return found


def test_what_was_marked_goes_into_a_file_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = StudyStore()
    store.write([new_entry("mark", "a", {"value": 1}, series="1"), new_entry("mark", "b", {"value": 2}, series="1")])
    store.close()
    assert run(["backup", str(tmp_path / "b.zip"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"] == 2
    monkeypatch.setenv("MEDVIEW_HOME", str(tmp_path / "another"))
    assert run(["restore", str(tmp_path / "b.zip"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["entries"] == 2
    assert marks() == ["a", "b"]
    assert run(["restore", str(tmp_path / "b.zip")]) == 0
    assert "0 entries" in capsys.readouterr().out


def test_a_file_that_is_no_backup_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.zip").write_text("no zip")
    assert run(["restore", str(tmp_path / "b.zip"), "--json"]) == 3
    assert "backup_damaged" in "".join(capsys.readouterr())
    assert run(["restore", str(tmp_path / "absent.zip")]) == 3
    assert run(["backup", str(tmp_path / "no folder" / "b.zip")]) == 7
