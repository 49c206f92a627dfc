"""What models and the reader have at one place, and what only one of them has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import numpy as np

from medview.app.evidence import values_in
from medview.app.worklist import WorkFilter, WorkItem, compared
from medview.core.finding import Finding
from medview.core.measurement import Measurement, MeasurementPlace
from medview.core.volume import ModalityTransform, SliceState, Volume

STACK: Any = object()


def box(name: str, k: float, j: float, i: float) -> WorkItem:
    finding = Finding(name, "nodule", 0.9, (k, j, i), ((k - 1, j - 4, i - 4), (k + 1, j + 4, i + 4)), k=int(k))
    return WorkItem("finding", name, STACK, "nodule", ("Balls",), members=((cast("Any", None), finding),))


def mark(name: str, k: int, y: float, x: float, kind: Any = "ruler", plane: str = "acquired") -> WorkItem:
    points = ((x - 3, y), (x + 3, y))
    place = MeasurementPlace("s", k=k, plane=plane)
    return WorkItem("mark", name, STACK, name, ("W",), mark=Measurement(name, kind, place, points), by_model=False)


def test_a_mark_in_a_box_is_of_both_and_all_else_of_one() -> None:
    boxes, marks = compared(
        [box("seen", 10, 50, 60), box("missed", 30, 50, 60)],
        [
            mark("on it", 11, 52, 58),
            mark("beside it", 10, 50, 80),
            mark("other slice", 20, 50, 60),
            mark("words", 10, 50, 60, "text"),
            mark("on a cut", 10, 50, 60, plane="coronal"),
        ],
    )
    assert [item.by_both for item in boxes] == [True, False]
    assert [item.by_both for item in marks] == [True, False, False, None, None]
    everything = [*boxes, *marks]
    assert [item.key for item in everything if WorkFilter(state="models").passes(item)] == ["missed"]
    assert [item.key for item in everything if WorkFilter(state="reader").passes(item)] == ["beside it", "other slice"]


def test_an_arrow_is_where_it_points_and_the_box_may_be_a_little_off() -> None:
    points = ((64.0, 56.0), (20.0, 20.0))  # its tip comes first
    arrow = mark("arrow", 12, 0, 0, "arrow")
    assert arrow.mark is not None
    arrow = replace(arrow, mark=replace(arrow.mark, points=points))
    (found,), (pointed,) = compared([box("seen", 10, 50, 60)], [arrow])
    assert (found.by_both, pointed.by_both) == (True, True)


def test_the_values_at_a_box_are_those_of_its_ellipsoid() -> None:
    stored = np.full((8, 40, 40), -850, np.int16)
    k, j, i = np.mgrid[:8, :40, :40]
    ball = ((k - 4) / 2.5) ** 2 + ((j - 20) / 6.5) ** 2 + ((i - 18) / 6.5) ** 2 <= 1
    stored[ball] = 60
    volume = Volume(stored, ModalityTransform(), None, "HU", None)
    box = ((1.5, 13.5, 11.5), (6.5, 26.5, 24.5))
    inside = values_in(volume, box)
    assert inside is not None
    assert (inside == 60).all()
    assert len(inside) == int(ball.sum())
    states = np.full(8, SliceState.LOADED, np.uint8)
    states[5] = SliceState.WAITING
    assert values_in(replace(volume, states=states), box) is None, "nothing is said of what is not there yet"
    outside = values_in(volume, ((20.0, 0, 0), (30.0, 5, 5)))
    assert outside is None


def test_where_models_found_nothing_every_mark_is_the_readers_alone() -> None:
    boxes, marks = compared([], [mark("alone", 3, 10, 10)])
    assert (boxes, [item.by_both for item in marks]) == ([], [False])
