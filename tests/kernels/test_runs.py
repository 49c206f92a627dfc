"""Parts of a label by its runs: the same as SciPy's, ITK's and our own of voxels, in little memory."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from medview.kernels.connected import connected_parts
from medview.kernels.runs import LABEL_TYPES, Parts, erase_parts, parts_of_label

RNG = np.random.default_rng(11)


def laid_out(parts: Parts, shape: tuple[int, int, int]) -> Any:
    """The number of the part of each voxel."""
    out = np.zeros((shape[0] * shape[1], shape[2]), dtype=np.int32)
    for row, (low, high) in enumerate(zip(parts.first[:-1], parts.first[1:], strict=True)):
        for n in range(low, high):
            out[row, parts.starts[n] : parts.stops[n]] = parts.part[n]
    return out.reshape(shape)


def noise(density: float, stored: str, shape: tuple[int, int, int] = (17, 23, 19)) -> tuple[Any, Any]:
    """Where label 5 is, and a map of it among others."""
    where = RNG.random(shape) < density
    return where, np.where(where, 5, RNG.integers(0, 5, shape)).astype(stored)


@pytest.mark.parametrize("stored", LABEL_TYPES)
@pytest.mark.parametrize("density", [0.0, 0.02, 0.1, 0.3, 0.6, 0.95, 1.0])
def test_parts_are_scipys_and_our_own(density: float, stored: str) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    where, labels = noise(density, stored)
    parts = parts_of_label(labels, 5)
    expected, count = ndimage.label(where, structure=np.ones((3, 3, 3)))
    assert len(parts.sizes) == count + 1
    np.testing.assert_array_equal(laid_out(parts, where.shape), expected)
    np.testing.assert_array_equal(parts.sizes[1:], np.bincount(expected.ravel(), minlength=count + 1)[1:])
    np.testing.assert_array_equal(laid_out(parts, where.shape), connected_parts(where)[0])


def test_parts_are_itks() -> None:
    import SimpleITK as sitk

    where, labels = noise(0.12, "uint8", (9, 40, 33))
    parts = parts_of_label(labels, 5)
    theirs = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(where.astype(np.uint8)), True))
    ours = laid_out(parts, where.shape)
    assert int(theirs.max()) == len(parts.sizes) - 1 > 50
    pairs = set(zip(theirs.ravel().tolist(), ours.ravel().tolist(), strict=True))
    assert len(pairs) == len(parts.sizes), "each part of theirs is one of ours"


def test_what_does_not_stay_goes_and_other_labels_do_not() -> None:
    where, labels = noise(0.1, "uint16")
    parts = parts_of_label(labels, 5)
    stays = parts.sizes == parts.sizes[1:].max()
    expected = np.where(where & ~stays[connected_parts(where)[0]], 0, labels)
    erase_parts(labels, parts, stays)
    np.testing.assert_array_equal(labels, expected)


def test_memory_is_that_of_runs() -> None:
    labels = np.zeros((60, 128, 128), dtype=np.uint8)
    labels[5:55, 10:120, 10:60] = 1
    labels[5:55, 10:120, 70:110] = 1
    parts_of_label(labels, 1)
    tracemalloc.start()
    try:
        parts = parts_of_label(labels, 1)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(parts.sizes) == 3
    assert most < labels.nbytes / 2
