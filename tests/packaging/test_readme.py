"""What the README promises: its example of a manifest is valid, its files and commands exist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_example_of_a_manifest_is_one() -> None:
    from medview.inference.manifest import parse_manifest

    (example,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    assert parse_manifest(example).task == "segmentation"


def test_files_named_in_code_style_exist() -> None:
    named = set(re.findall(r"`((?:packaging|tests|resources|medview|\.ci|docs)/[\w./-]*)`", README))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_its_pictures_are_pictures() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert len(pictures) >= 3
    for name in pictures:
        assert (ROOT / name).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n", name


@pytest.mark.parametrize("command", ["run", "test", "install", "check", "bench"])
def test_bootstrap_has_the_commands(command: str) -> None:
    assert f"bootstrap.py {command}" in README
    done = subprocess.run(
        [sys.executable, "packaging/bootstrap.py", command, "--help"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0
