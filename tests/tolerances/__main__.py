"""Prints the table of docs/measuring.md."""

from __future__ import annotations

import sys

from tests.tolerances.measured import SCALES, ZOOMS, Row, rows
from tests.tolerances.regions import regions

UNITS = {"angle": "°"}
FLOOR = 1e-9
"""What is smaller is the rounding of the last digit, another one on each processor."""


def _figure(value: float, row: Row) -> str:
    if value < FLOOR:
        return "0"
    if row.shape.relative:
        return f"{100 * value:.2g} %"
    return f"{value:.2g} {UNITS.get(row.shape.number, 'mm')}"


def table() -> list[str]:
    """Markdown, a line for each number of each tool, the worst of all grids and views; then the statistics."""
    lines = ["| tool | number | bar | worst | where | drawn on whole px |", "| --- | --- | --- | --- | --- | --- |"]
    found = rows()
    for key in dict.fromkeys((row.shape.tool, row.shape.number) for row in found):
        own = [row for row in found if (row.shape.tool, row.shape.number) == key]
        worst = max(own, key=lambda row: row.exact)
        hand = max(own, key=lambda row: row.by_hand)
        where = worst.grid if worst.exact >= FLOOR else "everywhere"
        bar = _figure(worst.shape.bar, worst)
        lines.append(
            f"| {key[0]} | {key[1]} | {bar} | {_figure(worst.exact, worst)} | {where} | {_figure(hand.by_hand, hand)} |"
        )
    return [*lines, "", *regions()]


def main() -> int:
    """Print it."""
    print(
        f"Scales {', '.join(f'{scale:.0%}' for scale in SCALES)}; zoom {', '.join(f'{zoom:g}' for zoom in ZOOMS)} × fit.\n"
    )
    print("\n".join(table()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
