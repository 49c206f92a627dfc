"""How long the window stands still while damaged files are opened and shown one by one: a 4 ms tick on the main thread.

Bar: 200 ms at the worst. The clock holds what the machine does beside it too, so the processor time of the main
thread between two ticks is told as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTimer
from pytestqt.qtbot import QtBot

from tests.fuzz.mutations import Mutations, whole_files
from tests.shared import SHARED_ROOT
from tests.ui.small_study import close_desk, open_desk

TICK_MS = 4
COUNT = 300
SHOWN_MS = 40
"""So long is each series looked at: its first image comes, or its refusal."""


@pytest.mark.parametrize("seed", [20261121, 1])
def test_ticks_while_damaged_files_are_shown(
    qtbot: QtBot, tmp_path: Path, record_property: Callable[[str, object], None], seed: int
) -> None:
    data = SHARED_ROOT / "data"
    mutations = Mutations(whole_files([data] if data.is_dir() else [], tmp_path / "made"), seed)
    folder = tmp_path / "mutants"
    folder.mkdir()
    for number in range(COUNT):
        (folder / f"{number}.dcm").write_bytes(mutations[number].data)
    desk = open_desk(qtbot)
    workspace = desk.workspace
    qtbot.wait(1500)
    ticks: list[tuple[float, float]] = []
    timer = QTimer(desk.window)
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append((time.perf_counter(), time.thread_time())))
    timer.start(TICK_MS)
    workspace.open_paths([str(folder)])
    qtbot.waitUntil(lambda: len(workspace.studies) > 0 and not workspace.is_scanning, timeout=120_000)
    scanned = len(ticks)
    stacks = [stack for study in workspace.studies for series in study.series for stack in series.stacks]
    worst: list[tuple[float, str]] = []
    for stack in stacks:
        first = len(ticks)
        workspace.show_stack(stack)
        qtbot.wait(SHOWN_MS)
        worst.append((float(_late(ticks[max(0, first - 1) :])[1].max(initial=0)), stack.frames[0].path))
    timer.stop()
    close_desk(qtbot, desk)
    for name, part in (("listing", ticks[:scanned]), ("showing", ticks[scanned:])):
        clock, own = _late(part)
        print(
            f"\n{name}: {len(part)} ticks, worst {clock.max():.0f} ms late, {own.max():.0f} ms of processor in one step"
        )
        record_property(f"{name} {seed}", f"{clock.max():.0f} ms, {own.max():.0f} ms of processor")
    print("longest steps:", [(round(took), Path(path).name) for took, path in sorted(worst, reverse=True)[:5]])
    assert len(stacks) > COUNT // 10


def _late(ticks: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """(ms late by the clock, ms of the main thread's processor time) between ticks."""
    times = np.array(ticks, dtype=np.float64).reshape(-1, 2) * 1000
    steps = np.diff(times, axis=0)
    return np.maximum(steps[:, 0] - TICK_MS, 0), steps[:, 1]
