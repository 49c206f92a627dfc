"""Compiles medview's numba kernels ahead of time into one extension module, so that a program is shipped without LLVM.

    python packaging/compile_kernels.py FOLDER

Writes FOLDER/medview_kernels.*; `medview.kernels.compiled` uses it where it is there. Run in the environment that the
program is built from: it needs numba, a C compiler and nothing else.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def gather() -> list[tuple[str, Any, Callable[..., Any]]]:
    """(name, signature, function) of every kernel: the compiling modules are run with a compiler that only writes down."""
    sys.path.insert(0, str(ROOT))
    from medview.kernels import (
        connected_compiled,
        jpeg2000_compiled,
        neighbourhood_compiled,
        rays_compiled,
        resample_grid_compiled,
        runs_compiled,
        tiles_compiled,
        volume_sampling_compiled,
    )
    from medview.kernels.ahead import ahead_name
    from medview.kernels.volume_sampling import STORED_TYPES

    found: list[tuple[str, Any, Callable[..., Any]]] = []

    def note(function: Callable[..., Any], signatures: Sequence[Any]) -> Callable[..., Any]:
        for signature in signatures:
            stored = str(signature.args[0].dtype) if len(signatures) > 1 else ""
            found.append((ahead_name(function, stored), signature, function))
        return function

    modules = (
        connected_compiled,
        jpeg2000_compiled,
        neighbourhood_compiled,
        rays_compiled,
        resample_grid_compiled,
        runs_compiled,
        tiles_compiled,
        volume_sampling_compiled,
    )
    for module in modules:
        module.compile_kept = note

    volume_sampling_compiled.compile_trilinear()
    rays_compiled.compile_all(STORED_TYPES)
    connected_compiled.compile_label()
    jpeg2000_compiled.compile_tile()
    for name in resample_grid_compiled._BODIES:
        resample_grid_compiled.compile_one(name)
    for compiled in (runs_compiled, tiles_compiled):
        for name in compiled._BODIES:
            compiled.compile_one(name)
    for name in neighbourhood_compiled._BODIES:
        neighbourhood_compiled.compile_one(name)
    return found


def build(folder: Path, cpu: str = "") -> Path:
    """Compile all kernels into ``folder``; returns the module's path. The default is what every 64-bit CPU has."""
    warnings.simplefilter("ignore")
    from numba.pycc import CC, compiler

    plain = compiler.Flags

    def flags_without_lock() -> Any:
        flags = plain()
        flags.release_gil = True  # as compile_kept does: a long resampling must not stop the window
        return flags

    compiler.Flags = flags_without_lock
    folder.mkdir(parents=True, exist_ok=True)
    module = CC("medview_kernels")
    module.output_dir = str(folder)
    module.target_cpu = cpu
    module.verbose = False
    for name, signature, function in gather():
        module.export(name, signature)(function)
    module.compile()
    return folder / module.output_file


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(build(Path(sys.argv[1]).resolve()))
