"""The sampler's two implementations, and what happens on a machine that cannot compile or cannot keep what it compiled."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import pytest

from medview.kernels import compiled, volume_sampling, volume_sampling_compiled
from medview.kernels.volume_sampling import inside_grid, mix_corners, sample_nearest, sample_trilinear


def case(kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(9)
    stored = rng.integers(0, 250, (6, 7, 8)).astype(kind)
    voxels = rng.uniform(-1.5, 9, (50, 40, 3))
    voxels[0, :, :] = rng.integers(0, 6, (40, 3))  # on the voxels themselves
    return stored, voxels, rng.uniform(0.5, 2, 6), rng.uniform(-50, 50, 6)


@pytest.mark.parametrize("kind", volume_sampling.STORED_TYPES)
def test_all_ways_give_the_same(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stored, voxels, slopes, intercepts = case(kind)
    exact = mix_corners(stored, voxels, lambda corner, k: corner * slopes[k] + intercepts[k])
    monkeypatch.setattr(volume_sampling, "_compiled", {})
    plain = sample_trilinear(stored, voxels, slopes, intercepts)
    assert volume_sampling.warm_up()
    fast = sample_trilinear(stored, voxels, slopes, intercepts)
    for values in (plain, fast):
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, exact, atol=1e-3)
    strided = np.asfortranarray(stored)
    np.testing.assert_allclose(sample_trilinear(strided, voxels, slopes, intercepts), exact, atol=1e-3)


def test_single_slices_and_rows() -> None:
    for shape in ((1, 5, 6), (4, 1, 6), (4, 5, 1), (1, 1, 1)):
        stored = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
        voxels = np.random.default_rng(0).uniform(-0.5, 5.5, (30, 3))
        expected = mix_corners(stored, voxels, lambda corner, _k: corner)
        np.testing.assert_allclose(sample_trilinear(stored, voxels, np.ones(1), np.zeros(1)), expected, atol=1e-4)


def test_nearest_and_inside() -> None:
    stored = np.arange(24).reshape(2, 3, 4)
    voxels = np.array([[0.0, 0.0, 0.0], [0.49, 1.51, 2.5], [1.5, 2.4, -0.5], [-7.0, 9.0, 1.0]])
    assert sample_nearest(stored, voxels).tolist() == [
        stored[0, 0, 0],
        stored[0, 2, 3],
        stored[1, 2, 0],
        stored[0, 2, 1],
    ]
    assert inside_grid(voxels, (2, 3, 4)).tolist() == [True, True, True, False]
    assert inside_grid(np.array([[1.6, 0, 0], [0, -0.6, 0], [0, 0, 3.6]]), (2, 3, 4)).tolist() == [False] * 3


def test_a_machine_without_a_compiler_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> Callable[..., None]:
        raise OSError("no LLVM here")

    monkeypatch.setattr(volume_sampling, "_compiled", {})
    monkeypatch.setattr(volume_sampling_compiled, "compile_trilinear", fail)
    assert not volume_sampling.warm_up()
    assert "no LLVM here" in caplog.text
    caplog.clear()
    stored, voxels, slopes, intercepts = case("int16")
    assert sample_trilinear(stored, voxels, slopes, intercepts).shape == (50, 40)


def test_an_installation_that_cannot_be_written_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tried: list[tuple[bool, str]] = []

    def jit(_function: object, _signatures: object, cache: bool) -> Callable[..., None]:
        tried.append((cache, str(numba.config.CACHE_DIR)))
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return lambda *_arguments: None

    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    monkeypatch.setattr(compiled, "_jit", jit)
    monkeypatch.setattr(compiled.tempfile, "gettempdir", lambda: str(tmp_path))
    volume_sampling_compiled.compile_trilinear()
    assert [cache for cache, _ in tried] == [True, True, False]
    assert tried[0][1] == ""
    assert Path(tried[1][1]).parent == tmp_path


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="needs POSIX rights")
def test_a_cache_that_others_can_write_to_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compiled.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = compiled.private_cache_folder()
    assert folder is not None
    assert Path(folder).stat().st_mode & 0o077 == 0
    Path(folder).chmod(0o777)
    assert compiled.private_cache_folder() is None
    Path(folder).rmdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    Path(folder).symlink_to(elsewhere)
    assert compiled.private_cache_folder() is None
    monkeypatch.setattr(compiled.tempfile, "gettempdir", lambda: str(tmp_path / "gone"))
    assert compiled.private_cache_folder() is None
