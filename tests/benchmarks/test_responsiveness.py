"""Whether the eye waits while a network runs: a 4 ms tick on the main thread, late by how much.

Bar: at most 16 ms at the 95th percentile, while the built-in lung network works on a chest CT and the reader scrolls.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Qt, QTimer
from pytestqt.qtbot import QtBot

from medview.app.demo_study import ensure_demo_study
from medview.inference.package import open_package
from tests.ui.small_study import close_desk, open_desk

TICK_MS = 4


def lateness_ms(ticks: list[float]) -> np.ndarray:  # type: ignore[type-arg]
    """How much later than planned each tick came."""
    return np.maximum(np.diff(np.array(ticks)) * 1000 - TICK_MS, 0)


def test_ticks_while_a_network_runs(qtbot: QtBot, record_property: Callable[[str, object], None]) -> None:
    folder = ensure_demo_study()
    desk = open_desk(qtbot)
    workspace = desk.workspace
    workspace.open_paths([str(folder)])
    qtbot.waitUntil(lambda: workspace.active_viewport.stack is not None and not workspace.is_scanning, timeout=60_000)
    stack = workspace.active_viewport.stack
    assert stack is not None
    qtbot.waitUntil(lambda: workspace.loader.volume(stack).is_complete, timeout=60_000)

    ticks: list[float] = []
    timer = QTimer(desk.window)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(TICK_MS)
    qtbot.wait(3000)
    quiet = lateness_ms(ticks)

    ticks.clear()
    job = workspace.run_model(stack, open_package("ct-lungs"))
    assert job is not None
    qtbot.waitUntil(lambda: job.is_over, timeout=300_000)
    busy = lateness_ms(ticks)
    timer.stop()
    close_desk(qtbot, desk)

    for name, late in (("nothing runs", quiet), ("ct-lungs runs", busy)):
        share = {f"p{p}": round(float(np.percentile(late, p)), 2) for p in (50, 95, 99)}
        print(f"\n{name}: {len(late)} ticks, late by ms {share}, worst {late.max():.1f}")
        record_property(name, json.dumps({**share, "worst": float(late.max()), "ticks": len(late)}))
    assert len(busy) > 100
