"""Whether a study with 5,000 measurements scrolls as fast as one with none.

Bar: ±20 %, in one run, step by step in turn. The marks lie on 600 slices, as many on each; what is scrolled through are slices
without any and slices with as many as the others have. The whole window is there: panels that list marks follow too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from medview.app.measurements import place_of
from medview.app.shown_slice import acquired_shown
from medview.core.measurement import Measurement
from medview.ui.main_window import MainWindow
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace

COUNT = 5000
SLICES = 600
FREE = 40
"""Slices without marks, the first ones."""
TURNS = 4
"""Of the event loop after a step: panels follow in the next ones."""
RESULTS = Path(__file__).parent / "results"


def desk_of(qapp: QApplication, stored: np.ndarray, count: int) -> MainWindow:
    """A window that shows a stack with so many marks."""
    workspace = make_workspace()
    study, series, stack = make_study(workspace, stored, axial_geometry(stored.shape, (1.0, 0.7, 0.7)))
    workspace.studies = (study,)
    rng = np.random.default_rng(8)
    marks = []
    for number in range(count):
        k = FREE + number % (SLICES - FREE)
        x, y = rng.uniform(10, 200, 2)
        kind = ("ruler", "ellipse", "arrow", "text")[number % 4]
        points = ((x, y),) if kind == "text" else ((x, y), (x + 30.0, y + 20.0))
        place = place_of(stack, acquired_shown(stack, k), 0)
        marks.append(Measurement(f"2.25.{number + 1}", kind, place, points, text="note" if kind == "text" else ""))
    workspace.measurements.bring_back(marks)
    window = MainWindow(workspace, lambda: None)
    window.resize(1440, 900)
    window.show()
    workspace.viewports[0].show(study, series, stack, 0)
    window.build_panels()
    for _ in range(30):
        qapp.processEvents()
    return window


def test_marks_elsewhere_cost_nothing(qapp: QApplication, record_property: Callable[[str, object], None]) -> None:
    stored = np.random.default_rng(3).integers(0, 3000, (SLICES, 256, 256), dtype=np.int16)
    windows = {"none": desk_of(qapp, stored, 0), "5,000": desk_of(qapp, stored, COUNT)}
    spent: dict[str, list[float]] = {f"{name} {where}": [] for name in windows for where in ("free", "marked")}
    for round_ in range(3):
        for step in range(35):
            for where, first in (("free", 2), ("marked", FREE + 5 + 40 * round_)):
                for name, window in windows.items():
                    frame = window.grid.active_frame()
                    assert frame is not None
                    started = time.process_time()
                    frame.viewport.state.go_to_index(first + step)
                    for _ in range(TURNS):
                        qapp.processEvents()
                    spent[f"{name} {where}"].append((time.process_time() - started) * 1e3)
    found = {
        name: {"best": round(min(times), 2), "median": round(float(np.median(times)), 2)}
        for name, times in spent.items()
    }
    ratio = found["5,000 free"]["median"] / found["none free"]["median"]
    marked = found["5,000 marked"]["median"] / found["none marked"]["median"]
    for window in windows.values():
        window.close()
    print(f"\nscrolling with 5,000 marks: {found}, ratio {ratio:.2f}, on slices with 9 marks {marked:.2f} (bar 1.2)")
    record_property("marks", found)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "marks.json").write_text(json.dumps({**found, "ratio": ratio, "marked": marked}, indent=1), "utf-8")
    assert ratio <= 1.2
    assert marked <= 1.2
