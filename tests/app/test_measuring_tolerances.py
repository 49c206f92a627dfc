"""Every measuring tool against shapes that are known in mm, on every kind of grid: the bars of clinical correctness 1d.

A part of what ``python -m tests.tolerances`` measures for docs/measuring.md.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tolerances.grids import grids
from tests.tolerances.measured import HAND_ZOOM, rows
from tests.tolerances.regions import compared
from tests.tolerances.shapes import shapes

pytestmark = [pytest.mark.beside, pytest.mark.timeout(120)]

DOCS = Path(__file__).parents[2] / "docs" / "measuring.md"


def test_every_tool_keeps_its_bar_on_every_grid_however_it_is_looked_at() -> None:
    found = rows((3.0,), (HAND_ZOOM,), ((1, True),), ((7.3, -4.1),))
    assert len(found) == len(grids()) * len(shapes())
    for row in found:
        told = (row.grid, row.shape.tool, row.shape.number)
        assert row.exact <= row.shape.bar, told
        if row.shape.tool != "freehand":
            assert row.exact < 1e-9, (told, "nothing but rounding")


def test_statistics_are_those_of_the_pixels_whose_centres_lie_inside() -> None:
    for name, (count, other, off) in compared().items():
        assert count > 100, name
        assert other == 0, name
        assert off < 1e-9, name


def test_the_page_names_every_tool_and_grid() -> None:
    text = DOCS.read_text(encoding="utf-8")
    missing = [shape for shape in shapes() if f"| {shape.tool} | {shape.number} |" not in text]
    assert missing == []
    assert [name for name in grids() if name not in text] == []
