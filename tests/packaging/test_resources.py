"""Resources are found in a checkout, in a wheel and in a packaged program."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from medview.core.resources import resource_path

ROOT = Path(__file__).resolve().parents[2]


def test_checkout_has_its_resources() -> None:
    assert resource_path("README.md").read_text(encoding="utf-8") == (ROOT / "resources" / "README.md").read_text(
        encoding="utf-8"
    )


def ask_from(folder: Path, code: str) -> str:
    """Run code in a fresh Python that sees only the medview in `folder`; returns what it printed."""
    environment = {"PYTHONPATH": str(folder), "PATH": "", "SYSTEMROOT": "C:\\Windows"}
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=folder, env=environment, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_packaged_program_has_its_resources(tmp_path: Path) -> None:
    (tmp_path / "code" / "medview" / "core").mkdir(parents=True)
    for part in ("__init__.py", "core/__init__.py", "core/resources.py"):
        shutil.copy(ROOT / "medview" / part, tmp_path / "code" / "medview" / part)
    bundle = tmp_path / "bundle"
    (bundle / "medview" / "_resources").mkdir(parents=True)
    (bundle / "medview" / "_resources" / "x.txt").write_text("packaged", encoding="utf-8")
    code = f"import sys; sys._MEIPASS = {str(bundle)!r}\n"
    code += "from medview.core.resources import resource_path; print(resource_path('x.txt').read_text())"
    assert ask_from(tmp_path / "code", code) == "packaged"


def files_below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_wheel_carries_the_resources(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    done = subprocess.run(build, cwd=ROOT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("medview-*.whl")
    installed = tmp_path / "installed"
    shutil.unpack_archive(wheel, installed, format="zip")
    assert files_below(installed / "medview" / "_resources") == files_below(ROOT / "resources")
    code = "from medview.core.resources import resource_path; print(resource_path('README.md'))"
    assert ask_from(installed, code) == str(installed / "medview" / "_resources" / "README.md")
    (entry_points,) = installed.glob("medview-*.dist-info/entry_points.txt")
    assert "medview = medview.cli.__main__:main" in entry_points.read_text(encoding="utf-8")
