"""Training samples: phantoms of every kind, on the grids of the networks, drawn from a seed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from grids import LUNGS_SPACING, NODULES_SPACING, regrid, softened

from medview.phantom import AnatomyChoice, ScanChoice, make_chest


def _extent(rng: np.random.Generator) -> tuple[float, float, float]:
    """Length of a scan in mm along the patient, its middle, and its field of view."""
    kind = rng.random()
    if kind < 0.62:
        length, middle = rng.uniform(260, 360), rng.normal(-30, 25)
    elif kind < 0.8:
        length, middle = rng.uniform(380, 470), rng.normal(-70, 30)  # with the abdomen or the neck
    else:
        length, middle = rng.uniform(60, 200), rng.uniform(-140, 90)
    return float(length), float(middle), float(rng.uniform(280, 500))


def lung_sample(seed: int) -> tuple[Any, Any]:
    """HU int16 and labels uint8 (1 right, 2 left), (S, P, L) at the spacing of ct-lungs."""
    rng = np.random.default_rng([seed, 1])
    length, middle, fov = _extent(rng)
    fine = rng.random() < 0.25
    pixel = float(rng.uniform(1.15, 1.65) if fine else rng.uniform(2.5, 3.4))
    step = float(
        rng.choice(
            [1.25, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0, 8.0, 10.0], p=[0.06, 0.1, 0.18, 0.18, 0.1, 0.2, 0.06, 0.06, 0.06]
        )
    )
    step = max(step, 2.0) if not fine else step
    count = max(8, int(length / step))
    side = max(48, int(fov / pixel))
    scan = ScanChoice(
        shape=(count, side, side),
        spacing=(step, pixel, pixel),
        center=(float(rng.normal(0, 15)), float(rng.normal(5, 15)), middle),
        thickness=step * float(rng.choice([0.5, 1.0, 1.0, 1.25])),
        blur_mm=float(rng.uniform(0.2, 1.6)),
        sharpen=float(rng.choice([0.0, rng.uniform(0.2, 1.5)])),
        noise_hu=float(np.exp(rng.uniform(np.log(2), np.log(90)))),
        noise_grain_mm=float(rng.uniform(0.3, 2.5)),
        streaks=float(rng.uniform(0, 1.5)),
        fov_circle=bool(rng.random() < 0.5),
        padding_hu=int(rng.choice([-1024, -2000, -3024, -1000])),
        hu_offset=float(rng.normal(0, 12)),
    )
    anatomy = AnatomyChoice(vessels=0.35 if not fine else 0.7, nodules=int(rng.integers(0, 7)), nodule_mm=(6.0, 55.0))
    phantom = make_chest(seed, anatomy, scan)
    volume = phantom.hu
    if fine and rng.random() < 0.5:
        volume = softened(volume, phantom.spacing, LUNGS_SPACING)
    hu = regrid(volume, phantom.spacing, LUNGS_SPACING)
    right = regrid((phantom.lungs == 1).astype(np.float32), phantom.spacing, LUNGS_SPACING)
    left = regrid((phantom.lungs == 2).astype(np.float32), phantom.spacing, LUNGS_SPACING)
    labels = np.where(right + left > 0.5, np.where(right > left, 1, 2), 0).astype(np.uint8)
    return np.rint(np.clip(hu, -3100, 3100)).astype(np.int16), labels


def nodule_sample(seed: int) -> tuple[Any, Any, Any]:
    """HU int16 (S, P, L) at the spacing of ct-nodules, nodules (n, 4: index S, P, L, mm), lungs uint8."""
    rng = np.random.default_rng([seed, 2])
    step = float(rng.choice([1.0, 1.25, 1.5, 2.0, 2.5, 3.0], p=[0.14, 0.2, 0.12, 0.18, 0.22, 0.14]))
    pixel = float(rng.uniform(1.0, 1.5))
    length = float(rng.uniform(150, 330))
    middle = float(rng.normal(-25, 45))
    fov = float(rng.uniform(290, 420))
    side = int(fov / pixel)
    scan = ScanChoice(
        shape=(int(length / step), side, side),
        spacing=(step, pixel, pixel),
        center=(float(rng.normal(0, 12)), float(rng.normal(5, 12)), middle),
        thickness=step * float(rng.choice([0.8, 1.0, 1.25])),
        blur_mm=float(rng.uniform(0.3, 0.9)),
        sharpen=float(rng.choice([0.0, rng.uniform(0.2, 1.2)])),
        noise_hu=float(np.exp(rng.uniform(np.log(5), np.log(70)))),
        noise_grain_mm=float(rng.uniform(0.4, 1.6)),
        streaks=float(rng.uniform(0, 1.5)),
        fov_circle=bool(rng.random() < 0.6),
        padding_hu=int(rng.choice([-1024, -2000])),
        hu_offset=float(rng.normal(0, 10)),
    )
    anatomy = AnatomyChoice(vessels=float(rng.uniform(0.6, 1.6)), nodules=int(rng.integers(8, 26)))
    phantom = make_chest(seed, anatomy, scan)
    hu = regrid(phantom.hu, phantom.spacing, NODULES_SPACING)
    lungs = regrid((phantom.lungs > 0).astype(np.float32), phantom.spacing, NODULES_SPACING) > 0.5
    rows = [
        [i * s / t for i, s, t in zip(phantom.index_of(n.center), phantom.spacing, NODULES_SPACING, strict=True)]
        + [n.diameter]
        for n in phantom.nodules
    ]
    return (
        np.rint(np.clip(hu, -3100, 3100)).astype(np.int16),
        np.asarray(rows, np.float32).reshape(-1, 4),
        lungs.astype(np.uint8),
    )
