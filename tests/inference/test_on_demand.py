"""A volume that is prepared where it is asked for has the numbers of the whole; nothing of a run is kept longer than it is used."""

from __future__ import annotations

import gc
import json
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.progress import no_progress
from medview.inference import on_demand
from medview.inference.blending import Blend, Totals
from medview.inference.manifest import parse_manifest
from medview.inference.manifest_steps import Tiling
from medview.inference.on_demand import OnDemand, Slabs, prepared_on_demand
from medview.inference.placement import Placement, orient
from medview.inference.preprocess import run_steps
from medview.inference.request import InferenceRequest
from medview.inference.run import run_inference
from medview.inference.segmentation import LabelCollector
from medview.inference.source_values import SourceValues
from medview.inference.tiling import tile_weights
from tests.inference import networks
from tests.inference.packages import about
from tests.inference.volumes import axial_geometry, made_package, stack_of, volume_of

LABELS = [{"index": 1, "name": "one"}, {"index": 2, "name": "two"}]
STEPS: dict[str, tuple[list[dict[str, Any]], float]] = {
    "single values": ([{"step": "scale", "factor": 0.01}, {"step": "clip", "low": -0.5, "high": 0.6}], 0),
    "statistics": ([{"step": "clip", "low": -50, "high": 60}, {"step": "z_score", "scope": "volume"}], 0),
    "resampled": ([{"step": "resample", "spacing_mm": [1.5, 1.3, 0.8]}, {"step": "z_score", "scope": "volume"}], 0),
    "averaged": ([{"step": "resample", "spacing_mm": [3.0, 3.0, 3.0], "kind": "area", "align": "edges"}], 0),
    "cut out": (
        [
            {"step": "crop_nonzero", "margin": 1},
            {"step": "z_score", "scope": "volume", "only_nonzero": True},
            {"step": "resample", "spacing_mm": [2.5, 1.5, 1.5], "kind": "spline", "align": "edges"},
        ],
        1e-6,
    ),
    "resized": (
        [{"step": "crop_above", "threshold": 40.0}, {"step": "resize", "size": [9, 20, 24], "aspect": "keep"}],
        0,
    ),
    "wants the whole": ([{"step": "percentile", "low": 1, "high": 99, "scope": "volume"}], 0),
}


@pytest.mark.parametrize("axes", [["S", "P", "L"], ["I", "A", "R"], ["L", "P", "S"]], ids="".join)
@pytest.mark.parametrize("padded", [False, True], ids=["", "with padding"])
@pytest.mark.parametrize("name", STEPS)
def test_the_numbers_are_those_of_the_whole(name: str, padded: bool, axes: list[str]) -> None:
    steps, slack = STEPS[name]
    rng = np.random.default_rng(3)
    stored = rng.integers(-100, 100, (23, 18, 20)).astype(np.int16)
    stored[:3], stored[:, :4], stored[:, :, -2:] = 0, 0, 0
    if padded:
        stored[rng.random(stored.shape) < 0.02] = -2000
    geometry = axial_geometry(stored.shape, (2.0, 1.0, 1.0))
    volume = replace(volume_of(stored, geometry), padding=(-2000, -2000) if padded else None)
    if not padded:
        slopes = rng.uniform(0.5, 1.5, len(stored))  # of each slice its own, as on MR and PET
        volume = replace(volume, transform=replace(volume.transform, slopes=slopes, intercepts=np.zeros(len(stored))))
    manifest = about(
        "one",
        task="segmentation",
        input={"unit": "HU", "axes": axes, "layout": "NCDHW", "steps": steps},
        output={"kind": "segmentation", "labels": LABELS},
    )
    given = parse_manifest(json.dumps(manifest)).input
    orientation = orient(volume.shape, geometry, given.axes)
    source = SourceValues(volume, stack_of(volume), 0, given, orientation)
    placement = Placement.start(orientation, geometry)
    whole = run_steps(given, *source.fetch(0, source.rows), placement, geometry, lambda *_: None)
    for in_parts in (False, True):
        made = prepared_on_demand(given, source, placement, geometry, lambda *_: None, in_parts)
        is_in_parts = isinstance(made.values, OnDemand)
        # Which values are not real must be known of the whole where statistics leave them out.
        in_slabs = {"averaged", "cut out"} if padded else {"resampled", "averaged", "cut out"}
        assert is_in_parts == (in_parts and name in {"single values", "statistics", *in_slabs})
        values = made.values[...]
        assert values.dtype == whole.values.dtype
        np.testing.assert_allclose(values, whole.values, rtol=0, atol=slack)
        np.testing.assert_array_equal(made.placement.matrix, whole.placement.matrix)
        np.testing.assert_array_equal(made.placement.offset, whole.placement.offset)
        assert made.placement.shape == whole.placement.shape


def test_a_tile_that_is_moved_back_leaves_no_tall_margin() -> None:
    """MONAI's last row of tiles lies over most of the row before: both are one, or all of that row would wait for the other."""
    totals = Totals(np.ones((16, 8, 8), np.float32), [[0, 16, 18], [0, 8, 16], [0, 8]], [34, 24, 16])
    assert [part.span for part in totals.parts[0]] == [16, 18]
    blend = Blend(totals)
    blocks = []
    for n, members in ((0, 1), (1, 2)):
        for b in range(3):
            for c in range(2):
                for member in range(members):
                    made = blend.add((n, b, c), member, np.full((1, 16, 8, 8), 2.0, np.float32))
                    assert (made is None) == (member + 1 < members)
                    if made is not None:
                        blocks.append((made[0], made[1].shape[1:]))
                        np.testing.assert_allclose(made[1], 2.0)
    assert blocks[-1] == ((16, 16, 8), (18, 8, 8))
    assert sum(margin.size for margin in blend._margins) == 0


def tiled(tmp_path: Path, axes: list[str], size: list[int], steps: list[dict[str, Any]] | None = None) -> Any:
    manifest = about(
        "tiled",
        task="segmentation",
        input={
            "unit": "HU",
            "axes": axes,
            "layout": "NCDHW" if len(axes) == 3 else "NCHW",
            "steps": steps or [{"step": "scale", "factor": 0.001}],
            "tiling": {"size": size, "overlap": 0.25},
        },
        output={"kind": "segmentation", "activation": "softmax", "labels": LABELS},
    )
    network = networks.affine_channels(len(axes), [0.0, 3.0, -3.0], [0.0, -1.0, -1.0])
    return made_package(tmp_path, manifest, network)


def noise() -> Any:
    shape = (20, 24, 28)
    return volume_of(np.random.default_rng(1).integers(-1000, 1000, shape).astype(np.int16), axial_geometry(shape))


def run(package: Any, volume: Any) -> Any:
    return run_inference(InferenceRequest(package, "1.2.3", "cpu"), volume, stack_of(volume), no_progress)


def test_a_resampled_volume_goes_as_the_tiles_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no later tile covers is let go of; nothing that one covers is."""
    left: list[int] = []
    fetch = Slabs.fetch

    def counted(self: Slabs, start: int, stop: int, across: tuple[slice, slice]) -> Any:
        if (stop - start, across[0].stop - across[0].start) == (32, 32):  # a tile
            left.append(sum(piece.size for piece in self._pieces.values()))
            there = np.zeros((200, 200), dtype=bool)
            for (row, line), piece in self._pieces.items():
                there[row : row + len(piece), line : line + piece.shape[1]] = True
            assert there[start:stop, across[0]].all()
        return fetch(self, start, stop, across)

    monkeypatch.setattr(on_demand, "LINES_TOGETHER", 8)
    monkeypatch.setattr(Slabs, "fetch", counted)
    steps = [{"step": "resample", "spacing_mm": [1.5, 1.5, 1.5]}, {"step": "z_score", "scope": "volume"}]
    package = tiled(tmp_path, ["S", "P", "L"], [32, 32, 32], steps)
    shape = (141, 96, 60)
    volume = volume_of(np.random.default_rng(4).integers(-1000, 1000, shape).astype(np.int16), axial_geometry(shape))
    passed = run(package, volume).segmentation.labels
    assert left == sorted(left, reverse=True)
    assert left[-1] < left[0] / 4
    left.clear()
    monkeypatch.setattr(Slabs, "forget", lambda *_: None)
    np.testing.assert_array_equal(passed, run(package, volume).segmentation.labels)
    assert min(left) == max(left)


def test_a_volume_in_tiles_is_never_laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("a second copy of the series")

    monkeypatch.setattr(OnDemand, "laid_out", refused)
    monkeypatch.setattr(LabelCollector, "__init__", refused)
    volume = noise()
    labels = run(tiled(tmp_path, ["S", "P", "L"], [12, 12, 12]), volume).segmentation.labels
    assert len(np.unique(labels)) > 1


def test_a_slice_that_is_decided_is_let_go_of_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the collector of cycles, which comes by when hundreds of slices have piled up."""
    made: list[weakref.ref[LabelCollector]] = []
    begin = LabelCollector.__init__

    def counted(self: LabelCollector, *arguments: Any) -> None:
        begin(self, *arguments)
        made.append(weakref.ref(self))
        assert sum(one() is not None for one in made) <= 3

    monkeypatch.setattr(LabelCollector, "__init__", counted)
    package = tiled(tmp_path, ["P", "L"], [12, 12])
    gc.disable()
    try:
        run(package, noise())
    finally:
        gc.enable()
    assert len(made) == 20


def test_weights_are_summed_as_the_tiles_lie() -> None:
    """The sum on each block is what adding up whole tiles gives."""
    starts, tile, full = [[0, 5, 10, 11], [0, 4]], (8, 6), (19, 10)
    weights = tile_weights(tile, Tiling(size=tile))
    totals = Totals(weights, starts, full)
    expected = np.zeros(full)
    for a in starts[0]:
        for b in starts[1]:
            expected[a : a + 8, b : b + 6] += weights
    found = np.zeros(full)
    for n, first in enumerate(totals.parts[0]):
        for m, second in enumerate(totals.parts[1]):
            place = (slice(first.start, first.start + first.extent), slice(second.start, second.start + second.extent))
            found[place] = totals.of((n, m))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_what_all_tiles_say_stays_exactly_what_it_is() -> None:
    """A probability of 0.5 in every tile is not above 0.5 after they are blended."""
    tile = (16, 12, 12)
    totals = Totals(tile_weights(tile, Tiling(size=tile)), [[0, 12, 15], [0, 9, 11], [0, 9, 10]], [31, 23, 22])
    blend = Blend(totals)
    for n, part in enumerate(totals.parts[0]):
        for b in range(3):
            for c in range(3):
                for member in range(len(part.starts)):
                    made = blend.add((n, b, c), member, np.full((1, *tile), 0.5, np.float32))
                    if made is not None:
                        assert np.all(made[1] == 0.5)
