"""The most memory that a run of a package takes, beside its network alone; and how soon the same package runs again.

Bar: at most the peak of the bare session, the source volume, one result and 300 MB. Measured as the sum of the proportional set
sizes of the run's processes, every 20 ms, so that memory that two of them share counts once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from medview.core.resources import resource_path
from medview.inference.package import open_package
from tests.benchmarks.processes import family_of, proportional
from tests.benchmarks.test_tiling import unet_like
from tests.inference.packages import about, shared_package, write_package
from tests.shared import shared_path

MIB = 1 << 20
ALLOWED = 300 * 10**6
RESULTS = Path(__file__).parent / "results"
CHEST = "data/profmcdan+dicom-project/data/767"

pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux's smaps")


def together(pids: list[int]) -> int:
    """Bytes of several processes, of which some may end meanwhile."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            total += proportional(pid)
    return total


def peak_of(*arguments: str) -> tuple[int, list[str]]:
    """Bytes at the worst moment of the probe, and the lines that it says."""
    command = [sys.executable, "-m", "tests.benchmarks.model_memory_probe", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        most = 0
        while process.poll() is None:
            most = max(most, together(family_of(process.pid)))
            time.sleep(0.02)
        assert process.stdout is not None
        said = process.stdout.read().splitlines()
    assert process.returncode == 0
    return most, said


def big_package(folder: Path, steps: list[Any], tiling: Any = None, **output: Any) -> Path:
    """Three classes from a small network, on a volume of 512 x 512 x 400."""
    spatial = 3 if tiling is None or len(tiling["size"]) == 3 else 2
    given: dict[str, Any] = {
        "unit": "HU",
        "axes": ["S", "P", "L"][-spatial:],
        "layout": "NCDHW" if spatial == 3 else "NCHW",
        "steps": steps,
    }
    given["tiling"] = tiling
    labels = [{"index": 1, "name": "one"}, {"index": 2, "name": "two"}]
    manifest = about(
        "big", task="segmentation", input=given, output={"kind": "segmentation", "labels": labels, **output}
    )
    return write_package(folder / "big", manifest, unet_like(1, spatial))


TILES = {"size": [96, 96, 96], "overlap": 0.0}
BIG = "400,512,512"
CASES: dict[str, Any] = {
    "ct_lung_unet_small": (lambda folder: shared_package(folder, "ct_lung_unet_small"), CHEST, "2,1,512,512"),
    "ct-lungs": (lambda _folder: resource_path("models", "ct-lungs"), CHEST, "1,1,96,128,128"),
    "big, 3-D tiles": (
        lambda folder: big_package(folder, [{"step": "scale", "factor": 0.001}], TILES),
        BIG,
        "1,1,96,96,96",
    ),
    "big, 3-D tiles, resampled": (
        lambda folder: big_package(
            folder, [{"step": "resample", "spacing_mm": [1.5, 1.5, 1.5]}, {"step": "z_score", "scope": "volume"}], TILES
        ),
        BIG,
        "1,1,96,96,96",
    ),
    "big, slices of a z-scored volume": (
        lambda folder: big_package(
            folder,
            [{"step": "z_score", "scope": "volume"}],
            {"size": [256, 256], "overlap": 0.0},
            activation="softmax",
        ),
        BIG,
        "1,1,256,256",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_peak_memory(name: str, tmp_path: Path, record_property: Any) -> None:
    make, place, shape = CASES[name]
    folder = Path(make(tmp_path))
    given = str(shared_path(place)) if place == CHEST else place
    package = open_package(str(folder))
    import onnxruntime

    feed = onnxruntime.InferenceSession(str(package.model_path)).get_inputs()[0].name
    bare, _ = peak_of("alone", str(package.model_path), feed, shape)
    peak, said = peak_of("whole", str(folder), given)
    source, result = int(said[0]), int(said[1])
    figures = {
        "peak_mib": peak / MIB,
        "bare_mib": bare / MIB,
        "source_mib": source / MIB,
        "result_mib": result / MIB,
        "beside_mib": (peak - bare - source - result) / MIB,
        "allowed_mib": ALLOWED / MIB,
        "steps": said[3],
    }
    print(f"\n{name}: {json.dumps(figures)}")
    record_property("memory", figures)
    assert peak <= bare + source + result + ALLOWED


def test_a_second_run_starts_without_loading_and_the_network_is_kept_busy(record_property: Any) -> None:
    """The same process answers, ``open`` is next to nothing, and preparing and restoring lie beside the network's own time."""
    from medview.app.contained import Networks
    from medview.core.progress import no_progress
    from medview.inference.request import InferenceRequest
    from medview.inference.retreat import run_or_retreat
    from tests.benchmarks.model_memory_probe import volume_at

    volume, stack = volume_at(str(shared_path(CHEST)))
    request = InferenceRequest(open_package("ct-lungs"), "1.2.3", "cpu")
    rounds = []
    with Networks() as networks:
        for _ in range(3):
            steps = dict(run_or_retreat(request, volume, stack, no_progress, networks.open).timing_s)
            rounds.append((networks.warm_processes, steps))
    (first, before), *later = rounds
    assert len(first) == 1
    for processes, steps in later:
        assert processes == first
        assert steps["open"] < before["open"] / 5
    print(f"\nopen {[round(steps['open'], 4) for _, steps in rounds]} s; {json.dumps(rounds[-1][1])}")
    record_property("rounds", rounds)
