"""What a stroke of the brush costs on 512 × 512 × 600: each move with its picture, and the end with what is kept of it.

Bar: a move of the brush with the picture that follows, and the end of a stroke, are each one frame of work at 60 Hz (16 ms), acquired
and on cuts. The floor beside it, of the same run: painting the same viewport after a change of its window, which changes no voxel.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from medview.app.viewport_state import ViewportState
from medview.core.window import Window
from medview.ui.viewport import ViewportWidget
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace

SHAPE = (600, 512, 512)
MOVES = 40
FRAME_MS = 16.0
RESULTS = Path(__file__).parent / "results"


def work_ms(step: Callable[[int], None]) -> list[float]:
    """Processor time of each of the steps, the first ones left out."""
    times = []
    for n in range(MOVES + 5):
        spent = time.thread_time()
        step(n)
        times.append((time.thread_time() - spent) * 1e3)
    return times[5:]


@pytest.mark.timeout(600)
def test_a_stroke_is_one_frame_of_work(
    qapp: QApplication, record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = np.zeros(SHAPE, np.int16)
    stored[:, 60:450, 60:450] = 40
    workspace = make_workspace()
    study = make_study(workspace, stored, axial_geometry(SHAPE, (1.0, 0.7, 0.7)))
    workspace.viewports[0].show(*study)
    widget = ViewportWidget(workspace, workspace.viewports[0])
    widget.resize(1000, 1000)
    widget.show()
    for _ in range(20):
        qapp.processEvents()
    state: ViewportState = widget.state
    stack, series = state.stack, state.series
    assert stack is not None
    assert series is not None
    corrections = workspace.corrections
    corrections.begin_new(stack, series)
    record: dict[str, Any] = {}
    # What a worker's thread does after a stroke is none of the frame's work.
    monkeypatch.setattr(workspace.jobs, "submit", lambda *_what, **_how: None)

    def paint() -> None:
        widget.repaint()

    for name, plane in (("acquired", "acquired"), ("coronal", "coronal"), ("ball", "acquired")):
        state.set_plane(plane)  # type: ignore[arg-type]
        if plane == "acquired":
            state.update(k=300)
        corrections.set_brush(size_mm=30.0, ball=name == "ball")
        paint()

        def window(n: int) -> None:
            state.update(voi=Window(40.0 + n % 7, 400.0))
            paint()

        floor = work_ms(window)
        shown = widget.shown
        assert shown is not None
        stroke = corrections.start_stroke(shown, widget.volume, stack, 0, erase=False)
        assert stroke is not None

        def move(n: int, stroke: Any = stroke) -> None:
            corrections.lead(stroke, 120.0 + 6 * n, 250.0 + 20 * np.sin(n / 5))
            paint()

        moves = work_ms(move)
        spent = time.thread_time()
        corrections.end_stroke(stroke)
        end = (time.thread_time() - spent) * 1e3
        record[name] = {
            "floor": round(float(np.median(floor)), 2),
            "move": round(float(np.median(moves)), 2),
            "worst move": round(max(moves), 2),
            "end": round(end, 2),
            "move / floor": round(float(np.median(moves)) / float(np.median(floor)), 2),
        }
    spent = time.thread_time()
    workspace.history.undo()
    record["undo"] = round((time.thread_time() - spent) * 1e3, 2)
    widget.close()
    widget.deleteLater()
    print(f"\n512 × 512 × 600, ms of work in a viewport of 1000²: {json.dumps(record, indent=1)}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "brush.json").write_text(json.dumps(record, indent=1), encoding="utf-8")
    record_property("brush", record)
    for name in ("acquired", "coronal", "ball"):
        assert record[name]["move"] <= FRAME_MS, record
        assert record[name]["end"] <= FRAME_MS, record
