"""Long lists are filled by and by: what is seen at once, the rest while nothing else is to be done."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

AT_ONCE = 20
"""Rows that are there from the beginning: more than any list shows without scrolling."""
_STEP_S = 0.004
"""How long a turn may take; a hand that scrolls an image beside the list does not notice it."""


class RowFilling(QObject):
    """Fills one list. ``row`` makes the row of a number."""

    def __init__(self, tree: QTreeWidget) -> None:
        super().__init__(tree)
        self._tree = tree
        self._row: Callable[[int], QTreeWidgetItem] | None = None
        self._count = 0
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._go_on)

    def fill(self, count: int, row: Callable[[int], QTreeWidgetItem]) -> None:
        """Begin anew with ``count`` rows."""
        self._row, self._count = row, count
        self._tree.clear()
        self.up_to(min(count, AT_ONCE))
        if self._tree.topLevelItemCount() < count:
            self._turn.start()

    def up_to(self, count: int) -> None:
        """Have at least the first ``count`` rows now."""
        first = self._tree.topLevelItemCount()
        if self._row is not None and first < count:
            self._tree.addTopLevelItems([self._row(at) for at in range(first, min(count, self._count))])

    def _go_on(self) -> None:
        until = time.perf_counter() + _STEP_S
        while self._tree.topLevelItemCount() < self._count and time.perf_counter() < until:
            self.up_to(self._tree.topLevelItemCount() + 10)
        if self._tree.topLevelItemCount() < self._count:
            self._turn.start()
        else:
            self._row = None
