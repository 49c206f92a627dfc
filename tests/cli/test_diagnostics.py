"""``medview diagnostics``, and which words of a command line are commands."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from medview.app.crash_reports import report_error
from medview.app.settings import Settings, save_settings
from medview.cli import __main__ as entry
from medview.cli.commands import _LAZY, run

SECRET = "Mueller^Anna"


def test_it_says_what_the_computer_has_and_nothing_of_a_patient(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / SECRET)
    presets = {"CT": ((SECRET, 40.0, 400.0),)}
    save_settings(
        replace(
            Settings(),
            last_folder=folder,
            link_folders=(folder,),
            presets=presets,
            theme="light",
            displays={SECRET: (0.5, 300.0, 0.1, 1.0)},
        )
    )
    report_error(OSError(SECRET))
    target = tmp_path / "out.zip"
    assert run(["diagnostics", "--output", str(target), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"file": str(target)}
    with zipfile.ZipFile(target) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    said = json.loads(texts["diagnostics.json"])
    assert said["settings"]["theme"] == "light"
    assert said["settings"]["overlay_outline"] is True
    texts_of_settings = {name for name, value in said["settings"].items() if isinstance(value, str)}
    assert texts_of_settings == {"language", "theme", "mouse_profile", "corner_text", "device"}
    assert said["parts"]["numpy"][0].isdigit()
    assert [one["id"] for one in said["models"]][:2] == ["ct-lungs", "ct-nodules"]
    assert said["crash_reports"] == len(texts) - 1 == 1
    for text in texts.values():
        assert SECRET not in text
        assert str(tmp_path) not in text


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    assert run(["diagnostics", "--output", str(tmp_path / "absent" / "out.zip")]) == 7


def test_every_command_is_known_to_the_hand_over() -> None:
    assert set(_LAZY) == entry.COMMANDS
    assert entry.paths_to_hand_over(["batch", "x"]) is None
