"""How long the window stands still while a large structured report is opened: a 4 ms tick on the main thread.

Bar: 200 ms at the worst, for 1,500 and for 20,000 items.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import FileDataset
from PySide6.QtCore import Qt, QTimer
from pytestqt.qtbot import QtBot

from medview.ui.report_view import ReportView
from tests.phantoms.other_objects import code, content, make_report, save
from tests.ui.small_study import close_desk, open_desk

TICK_MS = 4


def long_report(items: int) -> FileDataset:
    """Sections of twenty lines each."""
    sections = []
    for first in range(0, items, 20):
        section = content("CONTAINER", name=code("1", "99", f"Section {first // 20 + 1}"))
        section.ContentSequence = [
            content("TEXT", name=code("2", "99", "Finding"), TextValue=f"finding number {number} in the right lung")
            for number in range(first, min(first + 19, items))
        ]
        sections.append(section)
    return make_report(items=sections)


@pytest.mark.parametrize("items", [1_500, 20_000])
def test_ticks_while_a_report_is_opened(
    qtbot: QtBot, tmp_path: Path, record_property: Callable[[str, object], None], items: int
) -> None:
    """From the click in the strip to the last line of the page."""
    save(long_report(items), tmp_path / "study" / "report.dcm")
    desk = open_desk(qtbot)
    ticks: list[float] = []
    timer = QTimer(desk.window)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(TICK_MS)
    begun = time.perf_counter()
    desk.workspace.open_paths([str(tmp_path / "study")])

    def is_there() -> bool:
        views = desk.window.findChildren(ReportView)
        return bool(views) and views[0].page.toPlainText() != "" and views[0].page.is_complete

    qtbot.waitUntil(is_there, timeout=120_000)
    timer.stop()
    late = np.maximum(np.diff(np.array(ticks)) * 1000 - TICK_MS, 0)
    worst = np.argsort(late)[::-1][:6]
    told = ", ".join(f"{late[at]:.0f} at {1000 * (ticks[at] - begun):.0f}" for at in worst)
    print(f"\n{items} items: {ticks[-1] - begun:.2f} s; ms late: {told}")
    record_property(f"{items} items, worst ms", float(late.max()))
    close_desk(qtbot, desk)
