"""What is given back to the system, and that nothing is missing afterwards."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from medview.core.heap import let_go_of_compiler
from medview.kernels.resample_grid import labels_of_channels
from medview.kernels.tiles import weigh


def mapped_code() -> int:
    """kB of the compiler's code and tables that are with this process, without what it has written."""
    found, here = 0, False
    with open("/proc/self/smaps") as stream:  # noqa: PTH123
        for line in stream:
            if "-" in line.split(" ", 1)[0]:
                here = "libllvmlite" in line
            elif here and line.startswith("Rss:"):
                found += int(line.split()[1])
            elif here and line.startswith("Anonymous:"):
                found -= int(line.split()[1])
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's smaps")
def test_the_compilers_code_goes_and_kernels_stay() -> None:
    channels = np.random.default_rng(0).normal(size=(3, 2, 4, 5)).astype(np.float32)
    values = np.arange(3, dtype=np.uint16)
    before = labels_of_channels(channels, None, -1, values)
    if "llvmlite" not in sys.modules:
        pytest.skip("kernels were compiled ahead of time")
    assert mapped_code() > 1000
    assert let_go_of_compiler() > 1 << 20
    assert mapped_code() < 100
    np.testing.assert_array_equal(labels_of_channels(channels, None, -1, values), before)
    total = np.zeros((3, 2, 4, 5), np.float32)
    weigh(total, channels, np.ones((2, 4, 5), np.float32), (0, 0, 0), (0, 0, 0))
    np.testing.assert_array_equal(total, channels)
