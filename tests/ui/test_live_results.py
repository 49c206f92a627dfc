"""A run that goes on is seen slice by slice, what it has not looked at is told as such, and nothing half is left of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medview.app import contained
from medview.app.live_results import LiveResult
from medview.app.marks import Mark
from medview.inference.library import install
from medview.store.results import kept_results
from medview.ui.ai_panel import AiPanel
from medview.ui.application import Desk
from medview.ui.corner_text import mark_text
from medview.ui.right_panel import AI, FINDINGS
from tests.inference import networks
from tests.inference.packages import about, write_package
from tests.ui.small_study import BALL, SLICES, active, texts_of
from tests.ui.test_models_in_window import magenta_pixels

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def stuck_at_the_ball(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Soft tissue slice by slice; a slice with the bright ball (4 to 8) is never answered.

    Each slice is handed over by itself, as those of a network are that takes its time.
    """
    monkeypatch.setattr(contained, "TOGETHER_S", 0.0)
    manifest = about(
        "tissue",
        name="Tissue",
        task="segmentation",
        fits={"modalities": ["CT"]},
        input={"unit": "HU", "axes": ["P", "L"], "layout": "NCHW", "steps": []},
        output={
            "kind": "segmentation",
            "rule": "threshold",
            "threshold": 0.5,
            "background": None,
            "labels": [{"index": 0, "value": 1, "name": "Tissue", "colour": [255, 0, 255]}],
        },
    )
    install(write_package(tmp_path / "tissue", manifest, networks.stuck_network(2, 90.0)))


def start(qtbot: QtBot, desk: Desk) -> AiPanel:
    """Run it with a click."""
    desk.window.show_tab(AI)
    panel = desk.window.right_panel.page(AI)
    assert isinstance(panel, AiPanel)
    qtbot.waitUntil(lambda: any(row.choice.package.manifest.id == "tissue" for row in panel.rows), timeout=20_000)
    row = next(row for row in panel.rows if row.choice.package.manifest.id == "tissue")
    qtbot.mouseClick(row.button, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    return panel


def live(desk: Desk) -> LiveResult | None:
    """The run that goes on, once it tells anything."""
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    return next(iter(desk.workspace.live.of(stack.id, 0)), None)


def marks(desk: Desk) -> dict[str, Mark]:
    widget = active(desk)
    assert widget.volume is not None
    return {mark.code: mark for mark in widget._painting.marks(widget.volume)}


def decided(desk: Desk) -> list[int]:
    """Slices that are decided."""
    known = live(desk)
    return [] if known is None else np.flatnonzero(known.done).tolist()


@pytest.mark.usefixtures("stuck_at_the_ball")
def test_a_run_is_seen_slice_by_slice_and_cancelling_leaves_nothing(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    stack = workspace.active_viewport.stack
    assert stack is not None
    workspace.active_viewport.go_to_index(2)
    assert magenta_pixels(reading_desk) == 0
    panel = start(qtbot, reading_desk)
    # From the slice that is looked at outward: 2, 1, 3, 0, and then slice 4, which holds a part of the ball.
    qtbot.waitUntil(lambda: decided(reading_desk) == [0, 1, 2, 3], timeout=60_000)
    qtbot.waitUntil(lambda: magenta_pixels(reading_desk) > 500, timeout=20_000)
    findings = reading_desk.window.right_panel.page(FINDINGS)
    reading_desk.window.show_tab(FINDINGS)
    qtbot.waitUntil(lambda: "At work: Tissue" in texts_of(findings), timeout=20_000)
    assert "No results yet" not in texts_of(findings)
    reading_desk.window.show_tab(AI)
    said = marks(reading_desk)
    assert said["ai_running"].values == ("4", str(SLICES), "Tissue 1.0.0", "research")
    assert "AI running, 4 of 12" in mark_text(said["ai_running"])
    assert "not for diagnosis" in mark_text(said["ai_running"])
    assert "ai_not_yet" not in said
    # The reader scrolls on: no tissue there is not what the picture says.
    active(reading_desk).setFocus()
    for _ in range(SLICES):
        if workspace.active_viewport.k == BALL[0]:
            break
        qtbot.keyClick(active(reading_desk), Qt.Key.Key_Down)
    assert workspace.active_viewport.k == BALL[0]
    assert magenta_pixels(reading_desk) == 0
    assert mark_text(marks(reading_desk)["ai_not_yet"]) == "AI has not looked at this image yet"
    # A cut through the stack holds both: labels where it has looked, a hatched edge around the rest.
    workspace.active_viewport.set_plane("coronal")
    qtbot.waitUntil(lambda: magenta_pixels(reading_desk) > 100, timeout=20_000)
    assert "hatched" in mark_text(marks(reading_desk)["ai_not_yet"])
    assert not workspace.results.of(stack.id), "nothing half is a result"
    qtbot.mouseClick(panel.run_rows[0].cancel_button, Qt.MouseButton.LeftButton)
    assert live(reading_desk) is None
    reading_desk.window.show_tab(FINDINGS)
    qtbot.waitUntil(lambda: "No results yet" in texts_of(findings), timeout=20_000)
    qtbot.waitUntil(lambda: magenta_pixels(reading_desk) == 0, timeout=20_000)
    assert not {"ai_running", "ai_not_yet"} & marks(reading_desk).keys()
    workspace.active_viewport.set_plane("acquired")
    workspace.active_viewport.go_to_index(2)
    assert magenta_pixels(reading_desk) == 0
    assert not workspace.results.of(stack.id)
    series = workspace.active_viewport.series
    assert series is not None
    assert not kept_results(series.series_uid)


@pytest.mark.usefixtures("stuck_at_the_ball")
def test_hiding_ai_hides_what_runs_too(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    workspace.active_viewport.go_to_index(1)
    start(qtbot, reading_desk)
    qtbot.waitUntil(lambda: magenta_pixels(reading_desk) > 500, timeout=60_000)
    active(reading_desk).setFocus()
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_J)
    assert not workspace.ai_visible
    assert magenta_pixels(reading_desk) == 0


def test_the_whole_result_takes_the_place_of_its_parts(qtbot: QtBot, reading_desk: Desk, tmp_path: Path) -> None:
    from tests.ui.test_models_in_window import run
    from tests.ui.tiny_packages import detection_package, segmentation_package

    install(segmentation_package(tmp_path / "bright"))
    install(detection_package(tmp_path / "balls"))
    install(segmentation_package(tmp_path / "mr", "MR", "bright-mr"))
    told: list[tuple[int, int]] = []
    workspace = reading_desk.workspace
    stack = workspace.active_viewport.stack
    assert stack is not None
    workspace.live.changed.connect(lambda _stack: told.extend(one.counts for one in workspace.live.of(stack.id, 0)))
    workspace.active_viewport.go_to_index(BALL[0])
    run(qtbot, reading_desk, "bright")
    assert told
    assert {total for _, total in told} == {SLICES}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert live(reading_desk) is None
    assert "ai_running" not in marks(reading_desk)
    assert "ai_research" in marks(reading_desk)
