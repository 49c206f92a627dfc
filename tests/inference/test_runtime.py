"""Which ONNX Runtime a packaged program takes: its own, or that of an add-on for other devices."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from medview.inference.runtime import addon_folder

TAKE = """
import sys
sys.frozen, sys._MEIPASS = True, sys.argv[1]
from medview.inference.devices import available_devices
from medview.inference.runtime import onnx_runtime
print(onnx_runtime().__file__, [device.id for device in available_devices() if device.present])
"""


def brought(program: Path, name: str) -> Path:
    """An add-on beside a program's parts whose ONNX Runtime has one device more."""
    package = program / "runtimes" / name / "onnxruntime"
    package.mkdir(parents=True)
    providers = "['OpenVINOExecutionProvider', 'CPUExecutionProvider']"
    (package / "__init__.py").write_text(f"__version__ = '0'\ndef get_available_providers(): return {providers}\n")
    return package


def test_an_add_on_takes_the_place_of_the_packed_runtime(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    package = brought(tmp_path, "openvino")
    said = subprocess.run(
        [sys.executable, "-c", TAKE, str(tmp_path / "parts")], check=True, capture_output=True, text=True, timeout=60
    )
    assert said.stdout.split(maxsplit=1) == [str(package / "__init__.py"), "['openvino', 'cpu']\n"]


def test_only_what_is_packaged_looks_for_add_ons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    brought(tmp_path, "openvino")
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path / "parts"), raising=False)
    assert addon_folder() is None
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert addon_folder() == tmp_path / "runtimes" / "openvino"
    brought(tmp_path, "cuda")
    assert addon_folder() == tmp_path / "runtimes" / "cuda"
    (tmp_path / "runtimes" / "cuda" / "onnxruntime" / "__init__.py").unlink()
    assert addon_folder() == tmp_path / "runtimes" / "openvino"
