"""Tiling and blending against the bare session on the same tiles, the same threads, warm.

Run on demand: ``python packaging/bootstrap.py bench`` or ``pytest tests/benchmarks/test_tiling.py``.
"""

from __future__ import annotations

import gc
import json
import os
import time
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from medview.core.progress import no_progress
from medview.inference.network import Network
from medview.inference.preprocess import to_tensor
from medview.inference.request import InferenceRequest
from medview.inference.run import run_inference
from medview.inference.session import NetworkSession
from medview.inference.tiling import tile_starts
from medview.jobs.beside import call_beside
from tests.inference import networks
from tests.inference.packages import about
from tests.inference.volumes import axial_geometry, made_package, stack_of, volume_of

ROUNDS = 3
LIMIT = 1.05


def unet_like(channels: int) -> bytes:
    """Enough convolutions that a tile of 96³ takes about a second on two cores."""
    from onnx import helper

    rng = np.random.default_rng(0)
    nodes, constants = [], {}
    widths = [1, channels, channels, 3]
    name = "x"
    for n, (given, made) in enumerate(pairwise(widths)):
        constants[f"w{n}"] = (rng.normal(size=(made, given, 3, 3, 3)) * 0.1).astype(np.float32)
        last = n + 2 == len(widths)
        nodes.append(helper.make_node("Conv", [name, f"w{n}"], ["y" if last else f"c{n}"], pads=[1] * 6))
        if not last:
            nodes.append(helper.make_node("Relu", [f"c{n}"], [f"r{n}"]))
            name = f"r{n}"
    shape = networks.free_shape(3)
    return networks.model_bytes(nodes, [("x", 1, shape)], [("y", 1, networks.free_shape(3, 3))], constants)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Any:
    manifest = about(
        "tiled",
        task="segmentation",
        input={
            "unit": "HU",
            "axes": ["S", "P", "L"],
            "layout": "NCDHW",
            "steps": [{"step": "scale", "factor": 0.001}],
            "tiling": {"size": [96, 96, 96], "overlap": 0.25},
        },
        output={
            "kind": "segmentation",
            "labels": [{"index": 1, "name": "one"}, {"index": 2, "name": "two"}],
        },
    )
    return made_package(tmp_path_factory.mktemp("tiled"), manifest, unet_like(40))


@pytest.fixture(scope="module")
def volume() -> Any:
    shape = (168, 168, 168)
    return volume_of(np.random.default_rng(1).integers(-1000, 1000, shape).astype(np.int16), axial_geometry(shape))


def bare_seconds(package: Any, volume: Any) -> float:
    """The session alone on the tiles that the run below gives it: plain ``run``, the same threads, warm."""
    import onnxruntime

    tiling = package.manifest.input.tiling
    values = volume.stored.astype(np.float32) * np.float32(0.001)
    starts = [
        tile_starts(n, t, tiling.overlap, tiling.placement) for n, t in zip(values.shape, tiling.size, strict=True)
    ]
    tiles = [
        to_tensor(values[tuple(slice(c, c + 96) for c in corner)][None], package.manifest.input, np.float32)
        for corner in product(*starts)
    ]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    session = onnxruntime.InferenceSession(str(package.model_path), options, providers=["CPUExecutionProvider"])
    session.run(None, {"x": tiles[0]})
    begun = time.perf_counter()
    for tile in tiles:
        session.run(None, {"x": tile})
    return time.perf_counter() - begun


def tiled_seconds(package: Any, volume: Any) -> tuple[float, dict[str, float]]:
    """Seconds of tiling, session and blending of a whole run, and all steps."""
    request = InferenceRequest(package, "1.2.3", "cpu")
    with NetworkSession(package, "cpu") as session:  # the file is in the page cache, the kernels are compiled
        Network(package, session)
    result = run_inference(request, volume, stack_of(volume), no_progress, call_beside)
    timing = dict(result.timing_s)
    return timing["network"], timing


def test_tiling_and_blending(package: Any, volume: Any, record_property: Any) -> None:
    rounds = []
    tiled_seconds(package, volume)
    for _ in range(ROUNDS):
        gc.collect()
        tiled, steps = tiled_seconds(package, volume)
        bare = bare_seconds(package, volume)
        rounds.append({"bare_s": bare, "tiled_s": tiled, "ratio": tiled / bare, "steps_s": steps})
    best = min(r["tiled_s"] for r in rounds) / min(r["bare_s"] for r in rounds)
    record_property("rounds", rounds)
    record_property("ratio, best of each", best)
    print(f"\n{best:.4f} {json.dumps(rounds)}")
    assert min(r["bare_s"] for r in rounds) >= 5, "the network is too quick to compare with"
    assert best <= LIMIT
