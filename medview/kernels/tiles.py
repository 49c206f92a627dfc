"""Answers to tiles: whether they are numbers, and their weighted sum."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.kernels.ahead import ahead_kernel

FloatMap = NDArray[np.float32]


@cache
def _compiled(name: str) -> Any:
    ahead = ahead_kernel(name)
    if ahead is not None:
        return ahead
    from medview.kernels import tiles_compiled

    return tiles_compiled.compile_one(name)


def get_ready_to_weigh() -> None:
    """Have what weighs tiles compiled, or loaded, before the first answer comes."""
    _compiled("weigh")


def weigh(total: FloatMap, answer: FloatMap, weights: FloatMap, start: Sequence[int], known: Sequence[int]) -> None:
    """Add ``answer`` (channels, a, b, c) times ``weights`` (a, b, c) to ``total`` (channels, …), from voxel ``start`` of it on.

    Voxels of the answer whose place along every axis is ``known`` or more are set, not added to: what ``total`` held there
    is nothing. All arrays are float32 in C order; an answer that is not is copied.
    """
    _compiled("weigh")(total, np.ascontiguousarray(answer, dtype=np.float32), weights, *start, *known)
