"""What a viewport costs: a windowing step beside pyqtgraph's, a change of slice, and both with an overlay.

Bars: a windowing step on 12 megapixels at 1920×1200 takes at most a fifth of pyqtgraph's ImageItem.setLevels; a change of
slice at 512² in a viewport of 1000² less than 4 ms of work; scrolling a 2×2 layout of 512² with labels and reference lines
less than 8 ms of work a frame. Everything that is painted counts: picture, text, letters. Work is what the process spends on
it; beside the clock it tells more on a machine that others use too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from medview.app.linking import reference_line
from medview.core.finding import InferenceResult, Label, Provenance, Segmentation
from medview.core.geometry import Geometry
from medview.core.window import Window
from medview.ui.viewport import ViewportWidget
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace

Record = Callable[[str, object], None]
ROUNDS = 40
RESULTS = Path(__file__).parent / "results"


def milliseconds(step: Callable[[int], None], paint: Callable[[], None]) -> dict[str, float]:
    """Best and median of a change and the picture that follows it, by the clock and (``work``) by the processor."""
    for n in range(5):
        step(n)
        paint()
    times, work = [], []
    for n in range(ROUNDS):
        started, spent = time.perf_counter(), time.process_time()
        step(n)
        paint()
        times.append((time.perf_counter() - started) * 1e3)
        work.append((time.process_time() - spent) * 1e3)
    return {
        "best": round(min(times), 3),
        "median": round(float(np.median(times)), 3),
        "work": round(float(np.median(work)), 3),
    }


def keep(name: str, record: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"viewport-{name}.json").write_text(json.dumps(record, indent=1), encoding="utf-8")


def add_labels(widget: ViewportWidget, stored: np.ndarray) -> None:
    """A segmentation of two labels over a third of each slice, as a model gives it."""
    labels = np.zeros(stored.shape, dtype=np.uint8)
    labels[:, 100:400, 60:240], labels[:, 100:400, 280:460] = 1, 2
    stack = widget.state.stack
    assert stack is not None
    made = Provenance("b", "bench", "1", "0" * 64, "cpu", "cpu", "", stack.id, "2026-01-01T00:00:00+00:00", 1.0)
    meanings = (Label(1, "right", (230, 159, 0)), Label(2, "left", (86, 180, 233)))
    widget.workspace.add_result(InferenceResult(made, "segmentation", Segmentation(labels, stack.geometry, meanings)))


@pytest.fixture
def viewport(qapp: QApplication) -> Iterator[Callable[..., ViewportWidget]]:
    made: list[ViewportWidget] = []

    def make(stored: np.ndarray, size: tuple[int, int], geometry: Any = None) -> ViewportWidget:
        workspace = make_workspace()
        workspace.viewports[0].show(*make_study(workspace, stored, geometry))
        widget = ViewportWidget(workspace, workspace.viewports[0])
        widget.resize(*size)
        widget.show()
        for _ in range(20):
            qapp.processEvents()
        made.append(widget)
        return widget

    yield make
    for widget in made:
        widget.close()
        widget.deleteLater()


def pyqtgraph_set_levels(qapp: QApplication, pixels: np.ndarray, size: tuple[int, int]) -> dict[str, float]:
    """The peer at its fastest: unsigned 16 bits, which have a path of their own, no scaling of axes, nothing else in it."""
    import pyqtgraph as pg

    view = pg.GraphicsView()
    box = pg.ViewBox(lockAspect=True, enableMouse=False)
    view.setCentralItem(box)
    item = pg.ImageItem(pixels, axisOrder="row-major", levels=(0, 4095))
    box.addItem(item)
    view.resize(*size)
    view.show()
    for _ in range(20):
        qapp.processEvents()
    found = milliseconds(lambda n: item.setLevels((0, 2000 + 50 * n)), lambda: view.viewport().repaint())
    view.close()
    return found


def test_windowing_step_on_12_megapixels(
    qapp: QApplication, viewport: Callable[..., ViewportWidget], record_property: Record
) -> None:
    pixels = np.random.default_rng(2).integers(0, 4096, (1, 4096, 3000), dtype=np.uint16)
    size = (1920, 1200)
    widget = viewport(pixels, size)
    ours = milliseconds(lambda n: widget.state.update(voi=Window(0, 2000 + 50 * n)), widget.repaint)
    peer = pyqtgraph_set_levels(qapp, pixels[0], size)
    ratio = ours["best"] / peer["best"]
    for name, value in (("medview_ms", ours), ("pyqtgraph_ms", peer), ("ratio", round(ratio, 3))):
        record_property(name, value)
    print(f"\nwindowing 12 MP at 1920x1200: medview {ours}, pyqtgraph {peer}, ratio {ratio:.3f} (bar 0.2)")
    keep("windowing", {"medview": ours, "pyqtgraph": peer, "ratio": ratio})
    assert ratio <= 0.2


def test_change_of_slice(viewport: Callable[..., ViewportWidget], record_property: Record) -> None:
    stored = np.random.default_rng(3).integers(0, 3000, (60, 512, 512), dtype=np.int16)
    widget = viewport(stored, (1000, 1000), axial_geometry(stored.shape, (1.0, 0.7, 0.7)))
    plain = milliseconds(lambda n: widget.state.go_to_index(10 + n), widget.repaint)
    add_labels(widget, stored)
    overlaid = milliseconds(lambda n: widget.state.go_to_index(10 + n), widget.repaint)
    windowed = milliseconds(lambda n: widget.state.update(voi=Window(40, 300 + n)), widget.repaint)
    pointed = milliseconds(lambda n: None, widget.repaint)
    widget.state.set_plane("coronal")
    coronal = milliseconds(lambda n: widget.state.go_to_index(200 + n), widget.repaint)
    found = {
        "slice": plain,
        "slice_with_overlay": overlaid,
        "window_with_overlay": windowed,
        "nothing_new_with_overlay": pointed,
        "coronal_with_overlay": coronal,
    }
    for name, value in found.items():
        record_property(f"{name}_ms", value)
    print("\n512² in 1000²: " + ", ".join(f"{name} {value}" for name, value in found.items()) + " (bar: slice 4 ms)")
    keep("slice", found)
    assert plain["best"] <= 4.0


def across(axial: Geometry, kind: str) -> Geometry:
    """An acquisition of the same shape through the middle of an axial one: sagittal or coronal."""
    x, y, z = axial.bounds.mean(axis=0)
    half, reach = axial.shape[0] / 2, axial.shape[1] * 0.7 / 2
    row, origin = {
        "sagittal": ((0.0, 1.0, 0.0), (x + half, y - reach, z + reach)),
        "coronal": ((1.0, 0.0, 0.0), (x - reach, y - half, z + reach)),
    }[kind]
    return Geometry.from_directions(axial.shape, origin, row, (0.0, 0.0, -1.0), (1.0, 0.7, 0.7), "bench")


def test_scrolling_a_layout_with_labels(qapp: QApplication, record_property: Record) -> None:
    """The window's 2×2 layout of 1000² px: two axial series, a sagittal and a coronal one, of one space, each of 512² with a
    segmentation. A frame is a step in all four, every one painted, with the reference lines of the active axial one."""
    workspace = make_workspace()
    workspace.set_layout(2, 2)
    window = QWidget()
    window.resize(1000, 1000)
    grid = QGridLayout(window)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setSpacing(2)
    rng = np.random.default_rng(4)
    shape = (60, 512, 512)
    axial = replace(axial_geometry(shape, (1.0, 0.7, 0.7)), frame_of_reference="bench")
    widgets = []
    for number, geometry in enumerate((axial, axial, across(axial, "sagittal"), across(axial, "coronal"))):
        state = workspace.viewports[number]
        stored = rng.integers(0, 3000, shape, dtype=np.int16)
        state.show(*make_study(workspace, stored, geometry, stack_id=f"stack-{number}"))
        widget = ViewportWidget(workspace, state)
        grid.addWidget(widget, number // 2, number % 2)
        add_labels(widget, stored)
        widgets.append(widget)
    window.show()
    for _ in range(20):
        qapp.processEvents()
    assert {widget.width() for widget in widgets} == {499}

    def scroll(n: int) -> None:
        for widget in widgets:
            widget.state.go_to_index(5 + n)

    active = workspace.active_viewport.shown()
    crossed = [widget.shown for widget in widgets[1:]]
    lines = [one is not None and active is not None and reference_line(one, active) is not None for one in crossed]
    assert workspace.links.reference_lines
    assert lines == [False, True, True]
    found = milliseconds(scroll, window.repaint)
    windowed = milliseconds(
        lambda n: [w.state.update(voi=Window(40, 300 + n)) for w in widgets] and None, window.repaint
    )
    same = milliseconds(lambda _n: None, window.repaint)
    window.close()
    window.deleteLater()
    record_property("scroll_2x2_ms", found)
    record_property("window_2x2_ms", windowed)
    print(f"\n2x2 of 512² with labels and lines: scroll {found}, window {windowed}, nothing new {same} (bar 8 ms)")
    keep("layout", {"scroll": found, "window": windowed, "nothing_new": same})
    assert found["best"] <= 8.0
