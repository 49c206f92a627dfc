"""The locks belong to pyproject.toml, name every file by its hash and carry nothing of the machine they were made on."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def lock() -> ModuleType:
    spec = importlib.util.spec_from_file_location("medview_lock", ROOT / "packaging" / "lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LOCKS = sorted((ROOT / "packaging" / "locks").glob("*.txt"))


def test_every_flavour_has_its_lock(lock: ModuleType) -> None:
    assert {path.stem for path in LOCKS} == set(lock.SETS)


def test_locks_belong_to_pyproject(lock: ModuleType) -> None:
    assert lock.stale_locks() == []


def test_a_changed_dependency_makes_the_locks_stale(lock: ModuleType, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "packaging" / "locks", tmp_path / "packaging" / "locks")
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(text.replace('"pyqtgraph>=0.14"', '"pyqtgraph>=0.13"'), encoding="utf-8")
    assert len(lock.stale_locks(tmp_path)) == len(LOCKS)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_lock_is_whole_and_clean(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"://|^--(?!hash)|@ |find-links|index-url", text, re.MULTILINE)
    entries = re.split(r"\n(?=[A-Za-z0-9])", text[text.index("\n\n") + 1 if "\n\n" in text else 0 :])
    for entry in entries:
        if entry.startswith("#"):
            continue
        assert re.match(r"[a-z0-9.-]+(\[[a-z0-9,-]+\])?==[^\s;]+( ;[^\\\n]+)? \\\n", entry), entry
        assert "--hash=sha256:" in entry


def test_one_version_of_a_package_whatever_is_installed_together() -> None:
    versions: dict[str, set[str]] = {}
    for path in LOCKS:
        if path.stem == "bench":
            continue
        for name, version in re.findall(r"^([a-z0-9.-]+)==([^\s;]+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            versions.setdefault(name, set()).add(version)
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_exactly_one_build_of_onnx_runtime_in_each_flavour(lock: ModuleType) -> None:
    for flavour in lock.FLAVOURS:
        text = (ROOT / "packaging" / "locks" / f"{flavour}.txt").read_text(encoding="utf-8")
        assert len(re.findall(r"^onnxruntime[a-z-]*", text, re.MULTILINE)) == 1, flavour
    assert not re.search(
        r"^onnxruntime", (ROOT / "packaging/locks/tools.txt").read_text(encoding="utf-8"), re.MULTILINE
    )


def test_bootstrap_speaks_to_an_old_python() -> None:
    # Whoever starts it with too old a Python is told so, which needs the file to compile there.
    import ast

    source = (ROOT / "packaging" / "bootstrap.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 8))
    assert "match " not in {line.strip()[:6] for line in source.splitlines()}
    imported = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= set(sys.stdlib_module_names), "bootstrap.py stands on the standard library alone"
