"""Process start to the first image on the screen, beside an empty window and napari on the same files.

Bars: at most 2× the start of an empty PySide6 and pyqtgraph window, at least 5× faster than napari.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from medview.dicom.write_ct import CtDescription, write_ct_series

PROBE = Path(__file__).with_name("start_probe.py")
SLICES = 600


@pytest.fixture(scope="module")
def ct_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ct600")
    noise = np.random.default_rng(1).integers(-1000, 1000, (64, 512, 512), dtype=np.int16)
    hu = np.concatenate([noise] * (SLICES // 64 + 1))[:SLICES]
    write_ct_series(folder, hu, (1.0, 0.7, 0.7), (-180.0, -180.0, 0.0), CtDescription("Bench^Mark", "1", "start"))
    return folder


def seconds(home: Path, *arguments: str) -> float:
    environment = {**os.environ, "START": repr(time.monotonic()), "MEDVIEW_HOME": str(home), "PYTHONWARNINGS": "ignore"}
    # An installed program has its modules compiled, as its peers here have.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, str(PROBE), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return float(json.loads(done.stdout.strip().splitlines()[-1])["seconds"])


def in_turn(home: Path, rounds: int, **shown: list[str]) -> dict[str, list[float]]:
    """Seconds of each, turn about, so that a busy moment of the machine meets all of them."""
    times: dict[str, list[float]] = {name: [] for name in shown}
    for _ in range(rounds):
        for name, arguments in shown.items():
            times[name].append(seconds(home, *arguments))
    return times


def test_first_image(ct_folder: Path, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    for path in ct_folder.iterdir():
        path.read_bytes()
    times = in_turn(tmp_path, 7, empty=["empty"], medview=["medview", str(ct_folder)])
    floor, ours = min(times["empty"]), min(times["medview"])
    print(
        f"\nfirst image of {SLICES} slices: {ours:.3f} s; empty window {floor:.3f} s; ratio {ours / floor:.2f} (bar 2)"
    )
    record_property("seconds", json.dumps(times))
    assert ours <= 2 * floor


def test_first_image_beside_napari(
    ct_folder: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    if importlib.util.find_spec("napari") is None:
        pytest.skip("napari is not installed: `bootstrap.py bench` makes the environment that has it")
    for path in ct_folder.iterdir():
        path.read_bytes()
    times = in_turn(tmp_path, 5, napari=["napari", str(ct_folder)], medview=["medview", str(ct_folder)])
    peer, ours = min(times["napari"]), min(times["medview"])
    print(f"\nnapari {peer:.3f} s, medview {ours:.3f} s; {peer / ours:.2f} times as long (bar 5)")
    record_property("seconds", json.dumps(times))
    assert peer >= 5 * ours
