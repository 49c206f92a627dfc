"""What is kept with a thing is worked out once, and goes with it."""

from __future__ import annotations

import gc
import weakref

from medview.app.shown_slice import plane_positions
from medview.core.geometry import Geometry
from medview.core.kept import kept_with_first
from medview.core.plane import plane_of_slice

SHAPE = (5, 6, 7)


def geometry() -> Geometry:
    return Geometry.from_directions(SHAPE, (0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (2.0, 0.5, 0.5))


def test_each_answer_is_worked_out_once_for_each_thing() -> None:
    asked: list[tuple[Geometry, int]] = []

    @kept_with_first
    def number(of: Geometry, k: int) -> int:
        asked.append((of, k))
        return 10 * k

    one, other = geometry(), geometry()
    assert [number(one, 1), number(one, 2), number(one, 1), number(other, 1)] == [10, 20, 10, 10]
    assert asked == [(one, 1), (one, 2), (other, 1)]


def test_nothing_keeps_a_geometry_that_nobody_has() -> None:
    held = []
    for _ in range(3):
        one = geometry()
        assert plane_of_slice(one, 2) is plane_of_slice(one, 2)
        assert plane_positions(one, "coronal") is plane_positions(one, "coronal")
        held.append(weakref.ref(one))
    del one
    gc.collect()
    assert [ref() for ref in held] == [None, None, None]
