"""A viewport on screens with more than one device pixel for a logical one, also where the ratio is broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("factor", ["1", "1.25", "1.5", "2", "3"])
def test_values_lengths_and_pixels_at_a_scale(factor) -> None:
    environment = {**os.environ, "QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-m", "tests.ui.scaled_viewport"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["ratio"] == float(factor)
    assert found["wrong_values"] == 0
    assert found["sizes"][0] == found["sizes"][1]
    assert found["grab_equals_composed"]
    assert found["window_differs_by"] == 0
    width, offset, columns = found["one_to_one_device_px"]
    assert (width, offset) == (columns, 0)
    assert found["ruler_mm"] == pytest.approx(found["ruler_expected_mm"], rel=1e-3)
