"""Whether hours at the desk cost anything: a scripted reading of real studies, and memory and threads before and after.

Bar: after a reading of half an hour (MEDVIEW_READING_MINUTES says another time) memory that was asked for, summed over the
processes, and the number of threads are what they were after its first rounds, ±5 %. A round opens three studies one after the other, scrolls,
windows, zooms, measures and takes back, cuts, tilts, makes slabs, filters, changes layouts, and closes all of it.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from medview.app.measurements import place_of
from medview.core.measurement import Measurement
from medview.core.plane import upright_axes
from medview.core.slab import Slab
from medview.processing.chain import FilterStep
from medview.ui.application import Desk
from tests.benchmarks.processes import allocated, family_of, proportional
from tests.shared import shared_path
from tests.ui.small_study import active, close_desk, open_desk

STUDIES = ("data/profmcdan+dicom-project/data/767", "data/FNNDSC+SAG-anon", "data/FNNDSC+data/dicom/rsna_2")
MINUTES = float(os.environ.get("MEDVIEW_READING_MINUTES", "30"))
WARM_ROUNDS = 3
"""Rounds until caches are full, libraries loaded and processes started."""
RESULTS = Path(__file__).parent / "results"


def taken() -> dict[str, int]:
    """Memory (bytes; ``pss`` with a share of libraries), threads, processes and open files of all processes."""
    memory = pss = threads = files = count = 0
    for pid in family_of(os.getpid()):
        try:
            memory += allocated(pid)
            pss += proportional(pid)
            threads += len(list(Path(f"/proc/{pid}/task").iterdir()))
            files += len(list(Path(f"/proc/{pid}/fd").iterdir()))
            count += 1
        except OSError:
            continue
    figures = {"memory": memory, "pss": pss, "threads": threads, "files": files, "processes": count}
    return {**figures, "objects": len(gc.get_objects())}


def measure(desk: Desk, rounds: int) -> None:
    """A ruler and an ellipse on the slice shown, then both taken back."""
    widget = active(desk)
    shown, stack = widget.shown, widget.state.stack
    if shown is None or stack is None:
        return
    rows, columns = shown.shape
    marks, place = desk.workspace.measurements, place_of(stack, shown, widget.state.view.time)
    a, b = (columns * 0.3 + rounds % 5, rows * 0.3), (columns * 0.6, rows * 0.55)
    marks.add(Measurement(marks.new_id(), "ruler", place, (a, b)))
    marks.add(Measurement(marks.new_id(), "ellipse", place, (a, b)))
    widget.repaint()
    desk.workspace.history.undo()
    desk.workspace.history.undo()


def read(qtbot: QtBot, desk: Desk, rounds: int) -> None:
    """Read the study that is open."""
    workspace = desk.workspace

    def look(milliseconds: int = 5) -> None:
        qtbot.wait(milliseconds)

    def scroll(step: int) -> None:
        state = workspace.active_viewport
        for index in range(0, state.slice_count, step):
            state.go_to_index(index)
            look()

    stack = workspace.active_viewport.stack
    assert stack is not None
    qtbot.waitUntil(lambda: workspace.loader.volume(stack).is_complete, timeout=300_000)
    scroll(2)
    widget = active(desk)
    middle = widget.rect().center()
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=middle)
    for part in range(1, 12):
        qtbot.mouseMove(widget, middle + QPoint(6 * part, -4 * part))
        look()
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=middle + QPoint(66, -44))
    for digit in (1, 2, 3, 0):
        widget.preset(digit)
        look()
    for factor in (1.4, 1.4, 0.5):
        widget.zoom_by(factor)
        look()
    measure(desk, rounds)
    state = workspace.active_viewport
    state.update(filters=(FilterStep("gaussian"),))
    look(200)
    state.update(filters=())
    workspace.set_layout(2, 2)
    workspace.show_three_planes()
    scroll(8)
    workspace.set_active(2)
    scroll(32)
    state = workspace.active_viewport
    state.update(slab=Slab(20.0))
    scroll(48)
    state.update(slab=None)
    state.set_plane("oblique")
    for turn in np.linspace(0.1, 0.6, 8):
        state.update(axes=upright_axes((0.3 + float(turn), 0.9, float(turn))))
        look()
    state.set_plane("acquired")
    workspace.set_layout(1, 2)
    scroll(40)
    workspace.set_layout(1, 1)
    workspace.set_active(0)


def one_round(qtbot: QtBot, desk: Desk, folders: list[Path], rounds: int) -> None:
    workspace = desk.workspace
    for folder in folders:
        workspace.open_paths([str(folder)])
        qtbot.waitUntil(lambda: not workspace.is_scanning, timeout=120_000)
        qtbot.waitUntil(lambda: workspace.active_viewport.stack is not None, timeout=120_000)
        read(qtbot, desk, rounds)
    while workspace.studies:
        workspace.close_study(workspace.studies[0])
        qtbot.wait(5)
    qtbot.wait(300)


def settled(qtbot: QtBot) -> dict[str, int]:
    """What is taken when everything rests."""
    for _ in range(3):
        qtbot.wait(400)
        gc.collect()
    return taken()


@pytest.mark.skipif(sys.platform != "linux", reason="proportional set sizes are Linux's")
@pytest.mark.timeout(int(MINUTES * 60) + 3600)
def test_a_long_reading_leaves_nothing(qtbot: QtBot, record_property: Callable[[str, object], None]) -> None:
    folders = [shared_path(name) for name in STUDIES]
    desk = open_desk(qtbot)
    rounds, seen = 0, []
    for _ in range(WARM_ROUNDS):
        one_round(qtbot, desk, folders, rounds)
        rounds += 1
        seen.append(settled(qtbot))
        print(f"\nwarm {rounds}: {seen[-1]}", flush=True)
    before, started = seen[-1], time.monotonic()
    while time.monotonic() - started < MINUTES * 60:
        one_round(qtbot, desk, folders, rounds)
        rounds += 1
        seen.append(settled(qtbot))
        print(f"{(time.monotonic() - started) / 60:.1f} min, round {rounds}: {seen[-1]}", flush=True)
    after = seen[-1]
    close_desk(qtbot, desk)
    RESULTS.mkdir(exist_ok=True)
    record = {"minutes": round((time.monotonic() - started) / 60, 1), "rounds": rounds, "seen": seen}
    (RESULTS / "long-reading.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    for name in ("memory", "threads"):
        record_property(name, (before[name], after[name]))
        assert abs(after[name] / before[name] - 1) <= 0.05, (name, before, after)
