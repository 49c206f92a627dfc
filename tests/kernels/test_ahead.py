"""Kernels compiled ahead of time give what the ones compiled on the spot give."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from medview.dicom.jpeg2000 import decode_reversible_frame
from medview.kernels import ahead, connected, jpeg2000, resample_grid, runs, tiles, volume_sampling
from tests.kernels.jpeg2000_streams import PLAIN

pytestmark = pytest.mark.beside

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    if importlib.util.find_spec("setuptools") is None or not (shutil.which("cc") or sys.platform == "win32"):
        pytest.skip("setuptools or a C compiler is not installed")
    folder = tmp_path_factory.mktemp("kernels")
    script = str(ROOT / "packaging" / "compile_kernels.py")
    done = subprocess.run([sys.executable, script, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = importlib.util.spec_from_file_location("medview_kernels", done.stdout.split()[-1])
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_a_checkout_never_takes_a_file_of_that_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "medview_kernels.py").write_text("label = 1", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    ahead._module.cache_clear()
    assert ahead.ahead_kernel("label") is None


@pytest.mark.parametrize("stored", volume_sampling.STORED_TYPES)
def test_trilinear_samples_are_equal(built: ModuleType, stored: str, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    values = (random.normal(size=(7, 9, 11)) * 50 + 60).astype(stored)
    points = random.uniform(-1, 11, size=(500, 3))
    given = (values, points, random.uniform(0.5, 2, size=7), random.normal(size=7))
    answers = []
    for kernels in ({}, {stored: getattr(built, f"trilinear_{stored}")}):
        monkeypatch.setattr(volume_sampling, "_compiled", kernels)
        if not kernels:
            assert volume_sampling.warm_up()
        answers.append(volume_sampling.sample_trilinear(*given))
    np.testing.assert_array_equal(answers[0], answers[1])


def test_tiles_are_equal(built: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    for components, stream in PLAIN.values():
        answers = []
        for kernel in (jpeg2000._compiled(), built.jpeg2000_tile):
            monkeypatch.setattr(jpeg2000, "_compiled", lambda kernel=kernel: kernel)
            answers.append(decode_reversible_frame(stream))
        assert answers[0] is not None
        assert answers[0].size == components * 37 * 45
        np.testing.assert_array_equal(answers[0], answers[1])
        monkeypatch.undo()


def test_labels_grids_and_decisions_are_equal(built: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(6)
    where = random.uniform(size=(20, 30, 25)) < 0.2
    channels = random.normal(size=(3, 6, 7, 8)).astype(np.float32)
    matrix, offset = np.diag([0.7, 0.8, 0.9]), np.array([-0.4, 0.1, 0.2])
    values = np.array([4, 5, 6], dtype=np.uint16)

    def answers() -> list[np.ndarray]:
        parts, _ = connected.connected_parts(where)
        sampled = np.zeros((8, 8, 8), dtype=np.float32)
        resample_grid.sample_affine(channels[0], matrix, offset, sampled, 0, False, -7.0)
        labels = resample_grid.labels_of_channels(channels, None, 0, values)
        on_grid = np.zeros((8, 8, 8), dtype=np.uint16)
        rows = np.arange(8, dtype=np.float64)
        resample_grid.sample_labels(channels, labels, matrix, offset, rows, on_grid, 0.5, 0, values)
        summed = np.zeros((3, 7, 9, 8), dtype=np.float32)
        tiles.weigh(summed, channels, sampled[:6, :7].copy(), (1, 2, 0), (0, 3, 4))
        largest = labels.astype(np.uint8)
        found = runs.parts_of_label(largest, 5)
        runs.erase_parts(largest, found, found.sizes == found.sizes.max())
        return [parts, sampled, labels, on_grid, summed, found.part, largest]

    now = answers()
    modules = (connected, resample_grid, runs, tiles)
    for module in modules:
        module._compiled.cache_clear()
        monkeypatch.setattr(module, "ahead_kernel", lambda name: getattr(built, name))
    then = answers()
    for module in modules:
        module._compiled.cache_clear()
    assert all(part.any() for part in now)
    for one, other in zip(now, then, strict=True):
        np.testing.assert_array_equal(one, other)
