"""The trilinear sampler compiled by numba; imported late, because numba alone takes 0.3 s to import."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np

from medview.kernels.compiled import compile_kept
from medview.kernels.volume_sampling import STORED_TYPES


def _trilinear(stored, voxels, slopes, intercepts, out):  # type: ignore[no-untyped-def]
    """``out`` (n,) from ``stored`` (k, j, i) at ``voxels`` (n, 3); see ``sample_trilinear`` for the rules."""
    last_k, last_j, last_i = stored.shape[0] - 1, stored.shape[1] - 1, stored.shape[2] - 1
    for n in range(voxels.shape[0]):
        k = min(max(voxels[n, 0], 0.0), float(last_k))
        j = min(max(voxels[n, 1], 0.0), float(last_j))
        i = min(max(voxels[n, 2], 0.0), float(last_i))
        k0 = min(int(k), max(0, last_k - 1))
        j0 = min(int(j), max(0, last_j - 1))
        i0 = min(int(i), max(0, last_i - 1))
        wk, wj, wi = k - k0, j - j0, i - i0
        total = 0.0
        for dk in range(2):
            weight_k = wk if dk == 1 else 1.0 - wk
            if weight_k <= 0.0:
                continue
            kk = k0 + dk
            mixed = 0.0
            for dj in range(2):
                weight_j = wj if dj == 1 else 1.0 - wj
                if weight_j <= 0.0:
                    continue
                jj = j0 + dj
                row = 0.0
                if wi < 1.0:
                    row += (1.0 - wi) * stored[kk, jj, i0]
                if wi > 0.0:
                    row += wi * stored[kk, jj, i0 + 1]
                mixed += weight_j * row
            total += weight_k * (mixed * slopes[kk] + intercepts[kk])
        out[n] = total


def compile_trilinear() -> Callable[..., None]:
    """Compile for :data:`STORED_TYPES`."""
    # Inputs are declared read-only, which takes both kinds: stored voxels may be mapped from a file.
    points, table = (numba.types.Array(numba.float64, n, "C", readonly=True) for n in (2, 1))
    signatures = [
        numba.void(
            numba.types.Array(numba.from_dtype(np.dtype(name)), 3, "C", readonly=True),
            points,
            table,
            table,
            numba.float32[::1],
        )
        for name in STORED_TYPES
    ]
    return compile_kept(_trilinear, signatures)
