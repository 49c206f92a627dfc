"""Kernels that were compiled when a packaged program was built, so that it runs without numba and LLVM.

`packaging/compile_kernels.py` makes the module; a checkout or a wheel compiles with numba when a kernel is first needed.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

MODULE = "medview_kernels"


@cache
def _module() -> Any:
    # Only the packaged program's own: in a checkout a file of this name in the working folder could be a stranger's.
    if not getattr(sys, "frozen", False):
        return None
    try:
        return importlib.import_module(MODULE)
    except ImportError:
        return None


def ahead_kernel(name: str) -> Callable[..., Any] | None:
    """The kernel of this name (`ahead_name`), None where it has to be compiled now.

    Unlike numba's own it does not look at the kind of the numbers: callers give the declared dtype, C-contiguous.
    """
    kernel: Callable[..., Any] | None = getattr(_module(), name, None)
    return kernel


def ahead_name(function: Callable[..., Any], stored: str = "") -> str:
    """Name of a kernel in the module; ``stored`` is the dtype where there is one kernel for each."""
    return function.__name__.lstrip("_") + (f"_{stored}" if stored else "")
