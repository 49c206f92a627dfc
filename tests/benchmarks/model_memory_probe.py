"""A process whose memory is measured: a network alone, or a whole run of a package on a series (``test_model_memory``)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np


def volume_at(place: str) -> tuple[Any, Any]:
    """Volume and stack of a folder of DICOM, or of ``k,j,i`` noise of 1 mm voxels that is made here."""
    if Path(place).exists():
        from medview.app.headless import choose_stack
        from medview.app.loading import load_volume
        from medview.app.open_paths import open_all
        from medview.core.progress import no_progress

        stacks = [stack for study in open_all([place]).studies for series in study.series for stack in series.stacks]
        largest = max(stacks, key=lambda stack: np.prod(stack.shape))
        _study, _series, stack = choose_stack([place], largest.id, no_progress)
        return load_volume(stack, 0, no_progress), stack
    from tests.inference.volumes import axial_geometry, stack_of, volume_of

    k, j, i = (int(size) for size in place.split(","))
    rng = np.random.default_rng(0)
    stored = np.empty((k, j, i), np.int16)
    for n in range(k):
        stored[n] = rng.integers(-1000, 1000, (j, i), dtype=np.int16)
        stored[n, j // 4 : j // 2, i // 4 : i // 2] += 1000
    volume = volume_of(stored, axial_geometry((k, j, i), (1.0, 1.0, 1.0)))
    return volume, stack_of(volume)


def run_alone(model: str, name: str, shape: tuple[int, ...]) -> None:
    """Twice: what the session keeps between calls counts too."""
    import onnxruntime

    from medview.inference.session import thread_count

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = thread_count()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    for _ in range(2):
        session.run(None, {name: np.zeros(shape, np.float32)})


def run_whole(folder: str, place: str) -> None:
    """As the command does, and says what the run holds: bytes of the source, bytes of the result."""
    from medview.app.contained import Networks
    from medview.core.progress import no_progress
    from medview.inference.package import open_package
    from medview.inference.request import InferenceRequest
    from medview.inference.retreat import run_or_retreat

    volume, stack = volume_at(place)
    request = InferenceRequest(open_package(folder), "1.2.3", "cpu")
    with Networks() as networks:
        result = run_or_retreat(request, volume, stack, no_progress, networks.open)
    made = result.segmentation.labels.nbytes if result.segmentation is not None else 0
    print(volume.stored.nbytes, made, len(result.findings), dict(result.timing_s), sep="\n")


if __name__ == "__main__":
    if sys.argv[1] == "alone":
        run_alone(sys.argv[2], sys.argv[3], tuple(int(size) for size in sys.argv[4].split(",")))
    else:
        run_whole(sys.argv[2], sys.argv[3])
