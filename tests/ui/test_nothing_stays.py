"""What a reading leaves in the window when its study is closed: no pixels, and no more of Qt's objects than before."""

from __future__ import annotations

import gc
import time
import weakref
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.app.measurements import place_of
from medview.core.measurement import Measurement
from medview.core.plane import upright_axes
from medview.core.slab import Slab
from medview.processing.chain import FilterStep
from medview.ui.application import Desk
from tests.ui.small_study import active, open_study, write_study

WARM_ROUNDS = 2
ROUNDS = 3

Held = list["weakref.ref[Any]"]


def read(qtbot: QtBot, desk: Desk) -> Held:
    """Read the study that is open in all the ways that keep something; what must be gone when it is closed."""
    workspace = desk.workspace
    stack = workspace.active_viewport.stack
    assert stack is not None
    held: Held = []

    def shown(**values: Any) -> None:
        """Change what the active viewport shows, wait until it is on the screen, and keep in mind what it is made of."""
        workspace.active_viewport.update(**values)
        widget = active(desk)

        def is_made() -> bool:
            cut = widget.cut()
            return cut is not None and not cut.pending

        qtbot.waitUntil(is_made, timeout=20_000)
        widget.repaint()
        cut = widget.cut()
        assert cut is not None
        held.extend(weakref.ref(one) for one in (cut, cut.original, cut.shown))

    volume = workspace.loader.volume(stack)
    qtbot.waitUntil(lambda: volume.is_complete, timeout=20_000)
    held += [weakref.ref(volume), weakref.ref(volume.stored), weakref.ref(stack)]
    for k in range(4):
        shown(k=k)
    widget = active(desk)
    assert widget.shown is not None
    place = place_of(stack, widget.shown, 0)
    workspace.measurements.add(
        Measurement(workspace.measurements.new_id(), "ellipse", place, ((10.0, 10.0), (40.0, 40.0)))
    )
    shown(filters=(FilterStep("gaussian"),))
    shown(filters=())
    workspace.history.undo()
    workspace.set_layout(2, 2)
    workspace.show_three_planes()
    workspace.set_active(2)
    shown(slab=Slab(6.0))
    shown(slab=None)
    workspace.active_viewport.set_plane("oblique")
    shown(axes=upright_axes((0.4, 0.9, 0.1)))
    for frame in desk.window.grid.findChildren(type(widget)):
        frame.repaint()
    workspace.set_layout(1, 2)
    workspace.set_layout(1, 1)
    workspace.set_active(0)
    return held


def watched_round(qtbot: QtBot, desk: Desk, folder: Path) -> Held:
    """Open, read, close; what must be gone afterwards."""
    workspace = desk.workspace
    open_study(qtbot, desk, folder)
    held = read(qtbot, desk)
    while workspace.studies:
        workspace.close_study(workspace.studies[0])
    qtbot.waitUntil(lambda: workspace.keeping.waiting == 0 and not workspace.jobs.jobs, timeout=20_000)
    return held


def living() -> Counter[str]:
    """How many of Qt's objects live in the window and beside it, by class."""
    gc.collect()
    everything = [one for top in QApplication.topLevelWidgets() for one in (top, *top.findChildren(QObject))]
    return Counter(type(one).__name__ for one in everything)


@pytest.mark.timeout(200)
def test_closed_studies_leave_neither_pixels_nor_objects(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    folders = [write_study(tmp_path / name, f"{name}^P", name) for name in ("first", "second")]
    held: Held = []
    before: Counter[str] = Counter()
    for number in range(WARM_ROUNDS + ROUNDS):
        held = [one for folder in folders for one in watched_round(qtbot, desk, folder)]
        if number == WARM_ROUNDS - 1:
            before = living()
    until = time.monotonic() + 20.0
    while time.monotonic() < until and (living() - before or any(one() is not None for one in held)):
        qtbot.wait(50)  # what animates itself is gone soon
    left = Counter(type(one()).__name__ for one in held if one() is not None)
    more = {name: (before[name], before[name] + count) for name, count in (living() - before).items()}
    assert not left, f"still held: {left}"
    assert not more, f"before and after {ROUNDS} more rounds: {more}"
    assert desk.workspace.history.undo_title == "", "steps on what was closed"
