"""What of a picture a run has not looked at yet: slices as acquired, cuts across them, slabs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from medview.app.live_results import LiveResult, live_marks, not_yet
from medview.app.shown_slice import acquired_shown, cut_shown
from medview.core.slab import Slab
from medview.inference.onlooker import RunBegun, SlicesDecided
from tests.inference.volumes import axial_geometry, stack_of, volume_of

SHAPE = (10, 16, 20)
STACK = stack_of(volume_of(np.zeros(SHAPE, np.int16), axial_geometry(SHAPE, (2.0, 1.0, 1.0))))


def live(axis: int, *done: int) -> LiveResult:
    """A run that has decided some slices along an axis."""
    manifest = SimpleNamespace(
        id="x", name="Lungs", version="1.0", research_only=True, task="segmentation", output=None
    )
    made = LiveResult(STACK, SimpleNamespace(manifest=manifest, sha256="0" * 64), 0, ())  # type: ignore[arg-type]
    made.begin(RunBegun(axis, SHAPE[axis], np.zeros(SHAPE, np.uint8)))
    for n in done:
        block = list(SHAPE)
        block[axis] = 1
        made.take(SlicesDecided(n, 1, np.full(block, 1, np.uint8)))
    return made


def area(corners: list[tuple[float, float]]) -> float:
    """Of a polygon (shoelace)."""
    x, y = np.array(corners).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def marks(made: LiveResult, shown: Any) -> dict[str, tuple[str, ...]]:
    workspace: Any = SimpleNamespace(live=SimpleNamespace(of=lambda _stack, _time: [made]))
    view: Any = SimpleNamespace(stack=STACK, time=0)
    return {mark.code: mark.values for mark in live_marks(workspace, view, shown)}


def test_an_image_that_was_not_looked_at_says_so() -> None:
    made = live(0, 3, 4)
    assert made.seen.segmentation is not None
    assert np.flatnonzero(made.seen.segmentation.labels.any(axis=(1, 2))).tolist() == [3, 4]
    assert "ai_not_yet" not in marks(made, acquired_shown(STACK, 3))
    said = marks(made, acquired_shown(STACK, 5))
    assert said["ai_not_yet"] == ("Lungs 1.0", "slice")
    assert said["ai_running"] == ("2", "10", "Lungs 1.0", "research")
    assert not_yet(live(0, *range(10)), acquired_shown(STACK, 5), STACK.geometry) == []


def test_a_cut_shows_where_it_was_not_looked_at() -> None:
    assert STACK.geometry is not None
    middle = STACK.geometry.bounds.mean(axis=0)
    coronal = cut_shown(STACK, "coronal", float(middle[1]))
    parts = not_yet(live(0, 4, 5), coronal, STACK.geometry)
    assert len(parts) == 2
    # Of ten slices of 2 mm eight are missing; each is 20 mm wide.
    mm = coronal.pixel_mm[0] * coronal.pixel_mm[1]
    assert sum(area(part) for part in parts) * mm == pytest.approx(8 * 2.0 * 20, rel=1e-6)
    assert coronal.plane is not None
    for part in parts:
        k = STACK.geometry.patient_to_voxel(coronal.plane.plane_to_patient(part))[:, 0]
        assert (k < 3.51).all() or (k > 5.49).all()
    axial = cut_shown(STACK, "axial", float(STACK.geometry.voxel_to_patient((4.0, 0, 0))[2]))
    assert not_yet(live(0, 4), axial, STACK.geometry) == []
    assert not_yet(live(0, 5), axial, STACK.geometry) != []
    assert marks(live(0, 5), axial)["ai_not_yet"] == ("Lungs 1.0", "")


def test_a_slab_was_looked_at_when_all_of_it_was() -> None:
    shown = replace(acquired_shown(STACK, 4), slab=Slab(6.0))
    assert not_yet(live(0, 4), shown, STACK.geometry) != []
    assert not_yet(live(0, 3, 4), shown, STACK.geometry) != []
    assert not_yet(live(0, 3, 4, 5), shown, STACK.geometry) == []


def test_columns_that_are_sagittal_slices() -> None:
    (part,) = not_yet(live(2, *range(5, 20)), acquired_shown(STACK, 4), STACK.geometry)
    assert area(part) == pytest.approx(16 * 5)
    assert max(x for x, _ in part) == pytest.approx(4.5)
