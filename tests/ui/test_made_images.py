"""Numbers and images that a model made, in the findings: read there, and opened as a series of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from medview.core.finding import DerivedImage, ModelValue
from tests.ui.small_study import close_desk
from tests.ui.test_decisions import panel_of, result_on
from tests.ui.test_kept_marks import opened


def test_numbers_are_read_and_an_image_opens_as_a_series(qtbot: QtBot, study_folder: Path) -> None:
    desk = opened(qtbot, study_folder)
    workspace = desk.workspace
    stack = workspace.active_viewport.stack
    assert stack is not None
    assert stack.geometry is not None
    values = np.random.default_rng(2).normal(size=stack.shape).astype(np.float32)
    result = replace(
        result_on(desk),
        task="image",
        findings=(),
        values=(ModelValue("density", 61.54321, "%"),),
        image=DerivedImage(values, stack.geometry, "denoised"),
        inputs=(("T1", stack.id), ("T2", "other")),
    )
    workspace.add_result(result)
    panel = panel_of(qtbot, desk)
    card = panel.cards[0]
    said = [label.text() for label in card.findChildren(QLabel)]
    assert "density: 61.54 %" in said
    assert any("T1, T2" in text for text in said)

    before = {one.id for study in workspace.studies for series in study.series for one in series.stacks}
    card.image_button.click()

    def new() -> list[str]:
        return [
            one.frames[0].path if one.frames else one.id
            for study in workspace.studies
            for series in study.series
            for one in series.stacks
            if one.id not in before
        ]

    qtbot.waitUntil(lambda: len(new()) == 1, timeout=8000)
    shown = [series.context.description for study in workspace.studies for series in study.series]
    assert any("AI denoised - balls 1.2" in text for text in shown), shown
    close_desk(qtbot, desk)
