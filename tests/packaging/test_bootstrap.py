"""The set-up chooses, refuses and names what it should; the set-up itself was made from nothing by `.ci/run`."""

from __future__ import annotations

import importlib.util
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
linux_only = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="about Linux")


@pytest.fixture
def bootstrap() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("medview_bootstrap", ROOT / "packaging" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def nothing(*_: Any, **__: Any) -> None:
    return None


def test_a_flavour_that_was_chosen_stays(bootstrap: ModuleType) -> None:
    assert bootstrap.choose_flavour(None, {"flavour": "openvino"}) == "openvino"
    assert bootstrap.choose_flavour("cpu", {"flavour": "openvino"}) == "cpu"


@pytest.mark.parametrize(
    ("system", "driver", "expected"),
    [
        ("linux", "GPU 0: NVIDIA H100 (UUID: GPU-1)\n", "cuda"),
        ("linux", None, "cpu"),
        ("linux", "No devices found.\n", "cpu"),
        ("win32", None, "directml"),
        ("win32", "GPU 0: NVIDIA RTX A4000\n", "cuda"),
        ("darwin", "GPU 0: something odd\n", "cpu"),
    ],
)
def test_the_flavour_that_fits_the_machine(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, system: str, driver: str | None, expected: str
) -> None:
    monkeypatch.setattr(bootstrap.sys, "platform", system)
    monkeypatch.setattr(bootstrap, "WINDOWS", system == "win32")
    monkeypatch.setattr(bootstrap, "answer", lambda _: driver)
    # "auto" chooses anew whatever was there before.
    assert bootstrap.choose_flavour("auto", {"flavour": "openvino"}) == expected


@linux_only
def test_a_flavour_that_is_not_built_here_is_refused(bootstrap: ModuleType) -> None:
    with pytest.raises(bootstrap.BootstrapError, match="no directml build"):
        bootstrap.check_flavour("directml")
    bootstrap.check_flavour("cuda")


@linux_only
def test_missing_libraries_are_named_with_their_packages(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bootstrap, "is_root", lambda: False)
    monkeypatch.setattr(bootstrap, "has_cjk_font", lambda: True)
    monkeypatch.setattr(bootstrap, "missing_libraries", lambda _: ["libEGL.so.1", "libunheard-of.so.3"])
    with pytest.raises(bootstrap.BootstrapError) as caught:
        bootstrap.prepare_machine(tmp_path, {}, screen=False)
    assert "libEGL.so.1, libunheard-of.so.3" in str(caught.value)
    assert "apt-get install libegl1`" in str(caught.value)


@linux_only
def test_root_installs_what_is_missing(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed: list[str] = []
    answers = iter([["libxcb-cursor.so.0"], ["libxcb-image.so.0"], []])

    def install(packages: list[str]) -> bool:
        installed.extend(packages)
        return True

    monkeypatch.setattr(bootstrap, "is_root", lambda: True)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _: "/usr/bin/found")
    monkeypatch.setattr(bootstrap, "apt_install", install)
    monkeypatch.setattr(bootstrap, "has_cjk_font", lambda: bootstrap.CJK_PACKAGE in installed)
    monkeypatch.setattr(bootstrap, "missing_libraries", lambda _: next(answers))
    stamp: dict[str, object] = {}
    bootstrap.prepare_machine(tmp_path, stamp, screen=False)
    assert installed == ["libxcb-cursor0", "fonts-noto-cjk", "libxcb-image0"]
    assert stamp["machine"] == "complete"


@linux_only
def test_this_machine_has_what_qt_needs(bootstrap: ModuleType) -> None:
    done = subprocess.run([sys.executable, "-c", bootstrap.ASK_QT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""


@linux_only
def test_without_a_display_the_picture_is_offered(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(bootstrap, "prepare_machine", nothing)
    assert bootstrap.run(tmp_path, {}, [], None) == 3
    assert "run --offscreen demo.png" in capsys.readouterr().err


def test_what_run_starts(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started: list[list[str]] = []

    def call(command: list[str], **_: object) -> int:
        started.append(command[1:])
        return 0

    monkeypatch.setattr(bootstrap, "prepare_machine", nothing)
    monkeypatch.setattr(bootstrap, "has_display", lambda: True)
    monkeypatch.setattr(bootstrap, "call", call)
    bootstrap.run(tmp_path, {}, [], None)
    bootstrap.run(tmp_path, {}, ["study"], None)
    bootstrap.run(tmp_path, {}, [], "demo.png")
    assert started == [
        ["-P", "-m", "medview.cli", "--demo"],
        ["-P", "-m", "medview.cli", "open", "study"],
        ["-P", "-m", "medview.cli", "demo-picture", "--output", "demo.png"],
    ]


def test_further_arguments_go_to_pytest(bootstrap: ModuleType) -> None:
    chosen, rest = bootstrap.parse(["test", "--flavour", "cpu", "-k", "one or two", "tests/dicom", "-x"])
    assert (chosen.command, chosen.flavour) == ("test", "cpu")
    assert rest == ["-k", "one or two", "tests/dicom", "-x"]
    with pytest.raises(SystemExit):
        bootstrap.parse(["install", "--unheard-of"])


@linux_only
def test_pip_comes_from_the_wheel_on_disk(bootstrap: ModuleType, tmp_path: Path) -> None:
    folder = Path("/usr/share/python-wheels")
    if not list(folder.glob("pip-*.whl")):
        pytest.skip("needs Debian's python3-pip-whl")
    debian = Path("/usr/bin/python3").resolve().name.removeprefix("python")
    if debian != "{}.{}".format(*sys.version_info):
        pytest.skip(f"Debian's pip is the one of its own Python {debian}, older than this one may be able to run")
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = bootstrap.python_of(environment)
    assert bootstrap.answer([str(python), "-m", "pip", "--version"]) is None
    assert bootstrap.pip_by_wheel_on_disk(python)
    assert "pip" in bootstrap.answer([str(python), "-m", "pip", "--version"])


@linux_only
def test_an_environment_whose_python_is_gone_is_made_anew(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment = tmp_path / "environment"
    (environment / "bin").mkdir(parents=True)
    broken = environment / "bin" / "python"
    broken.write_text("#!/nowhere/python\n", encoding="utf-8")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    (environment / "left-over").touch()
    monkeypatch.setattr(bootstrap, "pip_by_ensurepip", lambda _: True)
    # Whether pip can be had is not the question here.
    answer = bootstrap.answer
    monkeypatch.setattr(bootstrap, "answer", lambda command: "pip" if "pip" in command else answer(command))
    bootstrap.make_environment(environment)
    assert not (environment / "left-over").exists()
    assert answer([str(broken), "-c", "print(1)"]) == "1\n"


@linux_only
def test_the_virtual_screen_comes_and_goes(bootstrap: ModuleType) -> None:
    if bootstrap.shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb")
    with bootstrap.VirtualScreen() as screen:
        assert screen.display is not None
        socket = Path("/tmp/.X11-unix") / f"X{screen.display.removeprefix(':')}"
        assert socket.exists()
    assert not socket.exists()
    assert screen.server.returncode is not None


def test_ci_runs_what_the_readme_says() -> None:
    script = ROOT / ".ci" / "run"
    text = script.read_text(encoding="utf-8")
    assert "python3 packaging/bootstrap.py check" in text
    assert "python3 packaging/bootstrap.py test" in text
    assert "MEDVIEW_REQUIRE_SHARED=1" in text
    assert os.name == "nt" or os.access(script, os.X_OK)
