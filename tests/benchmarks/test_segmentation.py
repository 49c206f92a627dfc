"""A segmentation of 100 organs read by medview and by highdicom, in one run on one machine.

Run on demand: ``python packaging/bootstrap.py bench`` or ``pytest tests/benchmarks/test_segmentation.py``.
"""

from __future__ import annotations

import gc
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.phantoms.dicom_series import make_series, uid
from tests.phantoms.study_objects import described, save, with_type_two

SLICES, SIDE, ORGANS = 60, 512, 100
ROUNDS = 2
LEAST = 5.0
RESULTS = Path(__file__).parent / "results"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ellipsoids of many sizes, one after the other over those before, as a body's organs lie beside one another."""
    import highdicom as hd

    labels = np.zeros((SLICES, SIDE, SIDE), np.uint8)
    chance = np.random.default_rng(0)
    k, j, i = np.ogrid[:SLICES, :SIDE, :SIDE]
    for organ in range(1, ORGANS + 1):
        centre = chance.random(3) * labels.shape
        radius = chance.random(3) * (SLICES / 5, 40, 40) + (SLICES / 12, 8, 8)
        inside = sum(((at - c) / r) ** 2 for at, c, r in zip((k, j, i), centre, radius, strict=True)) < 1
        labels[inside] = organ
    sources = with_type_two(make_series(values=np.zeros(labels.shape, np.int16)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = hd.seg.Segmentation(
            source_images=list(sources),
            pixel_array=labels,
            segmentation_type="BINARY",
            segment_descriptions=[described(organ, f"organ {organ}") for organ in range(1, ORGANS + 1)],
            series_instance_uid=uid("series", "organs"),
            series_number=1,
            sop_instance_uid=uid("organs"),
            instance_number=1,
            manufacturer="tests",
            manufacturer_model_name="tests",
            software_versions="1",
            device_serial_number="1",
        )
    return save(made, tmp_path_factory.mktemp("organs") / "organs.dcm")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


@pytest.mark.timeout(1800)
def test_a_hundred_segments_are_read_five_times_as_fast_as_by_highdicom(path: Path) -> None:
    import highdicom as hd

    from medview.dicom.segmentation_read import open_segmentation, read_segmentation

    def ours() -> np.ndarray:
        (only,) = read_segmentation(open_segmentation(str(path)), None).segmentations
        return only.labels

    def theirs() -> np.ndarray:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            volume = hd.seg.segread(path).get_volume(combine_segments=True)
        # Its slices may be counted from the head; ours grow with z here.
        return np.asarray(volume.array)[:: 1 if volume.affine[2, 0] > 0 else -1]

    pairs = []
    for _ in range(ROUNDS):
        mine, labels = timed(ours)
        other, expected = timed(theirs)
        assert np.array_equal(labels, expected)
        pairs.append((mine, other))
    best = min(one for one, _ in pairs), min(one for _, one in pairs)
    RESULTS.mkdir(exist_ok=True)
    figures = {"medview_s": round(best[0], 3), "highdicom_s": round(best[1], 3), "ratio": round(best[1] / best[0], 2)}
    (RESULTS / "segmentation-read.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    assert best[1] / best[0] >= LEAST
