"""Networks are run without a word to anybody: ONNX Runtime's own reporting is off before it is loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.beside


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "module", ["medview.inference.session", "medview.inference.devices", "medview.inference.worker"]
)
def test_nothing_is_kept_or_sent_by_onnx_runtime(tmp_path: Path, module: str) -> None:
    model = Path(__file__).resolve().parents[2] / "resources" / "models" / "ct-lungs" / "model.onnx"
    code = f"import {module}, onnxruntime; onnxruntime.InferenceSession({str(model)!r}, providers=['CPUExecutionProvider'])"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    environment |= {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=100)
    assert [path for path in tmp_path.rglob("*") if "icrosoft" in path.name or "onnxruntime" in path.name] == []
