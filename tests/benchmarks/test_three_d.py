"""What a volume of 512 × 512 × 300 costs in three dimensions: the first picture, pictures while it is turned, and exact ones.

Without a graphics card. Beside it, of the same run: the projection of everything that medview casts itself (maximum, exact), as
large and from the same side. Seconds of the process that draws are its processor time; of the clock they depend on what else runs.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("vtkmodules", reason="the extra three-d is not installed")

from medview.app.solid_process import SolidProcess
from medview.app.solid_view import STANDARD_VIEWS, turned_axes_of
from medview.core.geometry import Geometry
from medview.core.plane import Plane, as_vector
from medview.core.scene import Camera, Scene
from medview.core.slab import Slab, sample_plane
from medview.core.solid_presets import PRESETS
from medview.core.volume import ModalityTransform, Volume

SHAPE = (300, 512, 512)
SIZE = (700, 700)
RESULTS = Path(__file__).parent / "results"


def chest() -> Volume:
    """A body with two lungs, ribs like rings and a spine; noise, so that nothing is empty."""
    rng = np.random.default_rng(4)
    j, i = np.mgrid[:512, :512].astype(np.float32)
    stored = np.empty(SHAPE, np.int16)
    body = ((i - 256) / 230) ** 2 + ((j - 256) / 160) ** 2
    lungs = np.minimum(((i - 150) / 75) ** 2 + ((j - 250) / 110) ** 2, ((i - 362) / 75) ** 2 + ((j - 250) / 110) ** 2)
    for k in range(SHAPE[0]):
        hu = np.where(body < 1, np.float32(30), np.float32(-1000))
        hu[lungs < 1] = -850
        if k % 30 < 10:
            hu[(lungs > 1.05) & (lungs < 1.35)] = 600
        hu[(i - 256) ** 2 + (j - 370) ** 2 < 900] = 450
        stored[k] = hu + rng.normal(0, 12, hu.shape)
    affine = np.diag([0.7, 0.7, 1.0, 1.0])
    affine[:3, 3] = (-179, -179, -150)
    return Volume(stored, ModalityTransform(), Geometry(SHAPE, affine))


def processor_s(process: int) -> float:
    """Processor time of a process so far."""
    import psutil

    times = psutil.Process(process).cpu_times()
    return float(times.user + times.system)


@pytest.mark.timeout(1800)
def test_pictures_while_turning_and_exact_ones(record_property: Callable[[str, object], None]) -> None:
    volume = chest()
    record: dict[str, Any] = {"shape": SHAPE, "size": SIZE, "cores": os.cpu_count()}
    process = SolidProcess()
    try:
        started = time.perf_counter()
        process.put_volume(volume)
        record["prepare_s"] = time.perf_counter() - started
        for name in ("ct-skin", "ct-bone", "ct-mip"):
            look = PRESETS[name].look((-1000, 1000))
            for kind, coarse, count in (("first", 3, 1), ("moving", 3, 5), ("first_exact", 1, 1), ("exact", 1, 1)):
                clock, before = time.perf_counter(), processor_s(process.process_id)
                for at in range(count):
                    axes = turned_axes_of(5.0 * at, 10.0)
                    process.draw(Scene(Camera((0.0, 0.0, 0.0), *axes, 0.52, SIZE), look), coarse)
                record[f"{name}_{kind}_s"] = (time.perf_counter() - clock) / count
                record[f"{name}_{kind}_processor_s"] = (processor_s(process.process_id) - before) / count
    finally:
        process.close()
    u, v = STANDARD_VIEWS["front"]
    corner = -0.52 * 349.5 * (np.array(u) + np.array(v))
    plane = Plane(as_vector(corner), u, v, (0.52, 0.52), SIZE)
    for _ in range(2):
        clock, before = time.perf_counter(), time.process_time()
        sample_plane(volume, plane, Slab(600.0))
        record["own_mip_s"] = time.perf_counter() - clock
        record["own_mip_processor_s"] = time.process_time() - before
    for key, value in record.items():
        record_property(key, value)
    RESULTS.mkdir(exist_ok=True)
    rounded = {key: round(value, 4) if isinstance(value, float) else value for key, value in record.items()}
    (RESULTS / "three-d.json").write_text(json.dumps(rounded, indent=1) + "\n", encoding="utf-8")
    assert record["ct-bone_moving_processor_s"] < record["ct-bone_exact_processor_s"]
