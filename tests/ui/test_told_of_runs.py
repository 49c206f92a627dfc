"""What the findings tell of runs: the packages of a cascade, and where a network that looked image by image was surest."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from medview.core.finding import ClassProbability, EarlierRun, InferenceResult, Provenance
from medview.ui.application import Desk
from medview.ui.findings_panel import FindingsPanel
from medview.ui.right_panel import FINDINGS

pytestmark = pytest.mark.timeout(120)


def test_both_packages_and_the_surest_image(qtbot: QtBot, reading_desk: Desk) -> None:
    stack = reading_desk.workspace.active_viewport.stack
    series = reading_desk.workspace.active_viewport.series
    assert stack is not None
    assert series is not None
    made, first = (
        Provenance(
            name,
            name.title(),
            "2.1",
            "a" * 64,
            "cpu",
            "cpu",
            series.series_uid,
            stack.id,
            "2026-01-01T10:00:00+00:00",
            1.0,
        )
        for name in ("grader", "finder")
    )
    result = InferenceResult(
        made,
        "classification",
        classification=(ClassProbability("benign", 0.2), ClassProbability("malignant", 0.7)),
        by_slice=((0.9, 0.1), (0.2, 0.8), (0.4, 0.6)),
        earlier=(EarlierRun(first, ((0, 0, 0), (3, 4, 5))),),
    )
    reading_desk.workspace.add_result(result)
    reading_desk.window.show_tab(FINDINGS)
    panel = reading_desk.window.right_panel.page(FINDINGS)
    assert isinstance(panel, FindingsPanel)
    qtbot.waitUntil(lambda: len(panel.cards) == 1, timeout=20_000)
    words = "\n".join(label.text() for label in panel.cards[0].findChildren(QLabel))
    assert "malignant: highest in image 2 of 3 (0.8)" in words
    assert "Within what Finder 2.1 found" in words
