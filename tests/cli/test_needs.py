"""A computer on which medview cannot run is told so in one sentence, in the reader's language."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from medview.cli import needs
from medview.core.problem import MedviewError

ALL = "fpu sse sse2 ssse3 sse4_1 sse4_2 popcnt cx16"


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE", "QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_a_processor_without_the_instructions_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs.platform, "machine", lambda: "x86_64")
    table = tmp_path / "cpuinfo"
    table.write_text(f"processor : 0\nflags\t\t: {ALL} avx\n\nprocessor : 1\nflags : fpu\n")
    needs.check_processor(str(table))
    table.write_text("processor : 0\nflags\t\t: fpu sse sse2 ssse3 sse4_1 cx16\n")
    with pytest.raises(MedviewError, match=r"no sse4_2, popcnt\b") as caught:
        needs.check_processor(str(table))
    assert caught.value.code == "old_processor"
    monkeypatch.setattr(needs.platform, "machine", lambda: "aarch64")
    needs.check_processor(str(table))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a display")
@pytest.mark.parametrize(("language", "words"), [("de_DE.UTF-8", "There is no display"), ("zh_CN.UTF-8", "没有可用于")])
@pytest.mark.parametrize("display", ["", ":4711", "localhost:4711.0"])
def test_a_window_without_a_display_is_one_sentence(tmp_path: Path, language: str, words: str, display: str) -> None:
    gone = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "LC_ALL", "LANGUAGE")
    environment = {name: value for name, value in os.environ.items() if name not in gone}
    environment |= {"MEDVIEW_HOME": str(tmp_path), "LANG": language, **({"DISPLAY": display} if display else {})}
    done = subprocess.run(
        [sys.executable, "-m", "medview.cli", "open", "nothing"],
        env=environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    said = done.stderr.decode("utf-8").strip().splitlines()
    assert done.returncode == 1, said
    assert len(said) == 1
    assert words in said[0]
    assert not (tmp_path / "crashes").exists()


def test_a_system_library_that_is_missing_is_named_with_its_package() -> None:
    error = ImportError("libEGL.so.1: cannot open shared object file: No such file or directory")
    found = needs.missing_library(error)
    assert found is not None
    assert "libEGL.so.1" in found.text
    assert "package libegl1 " in found.text
    assert needs.missing_library(ImportError("No module named 'x'")) is None


def test_every_sentence_has_the_same_places_in_both_languages() -> None:
    for english, chinese in needs.TEXTS.values():
        assert english.count("{}") == chinese.count("{}")


def test_a_program_of_the_system_gets_none_of_our_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    """kdialog of a desktop with another Qt would not start with ours, and nobody would be told anything."""
    monkeypatch.setenv("LD_LIBRARY_PATH", "/usr/lib/medview/parts")
    monkeypatch.setenv("LD_LIBRARY_PATH_ORIG", "/opt/site/lib")
    monkeypatch.setenv("QT_PLUGIN_PATH", "/usr/lib/medview/parts/PySide6/Qt/plugins")
    assert needs.environment_of_others() == dict(os.environ), "not packaged: whatever the reader set"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    found = needs.environment_of_others()
    assert found["LD_LIBRARY_PATH"] == "/opt/site/lib"
    assert not {"QT_PLUGIN_PATH", "LD_LIBRARY_PATH_ORIG"} & found.keys()
    assert found["PATH"] == os.environ["PATH"]
