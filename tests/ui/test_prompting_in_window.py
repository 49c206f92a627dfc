"""Pointing at things with the mouse: a click gives a mask, another slice joins it, Ctrl, boxes and taking back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from medview.app.tools import Tool
from medview.inference.library import install
from medview.inference.trust import trust
from medview.ui.application import Desk
from tests.inference.packages import write_package
from tests.inference.test_prompting import decoder, encoder, manifest
from tests.ui.small_study import BALL, active, close_desk, open_desk, open_study, write_study

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def desk(qtbot: QtBot, tmp_path: Path) -> Iterator[Desk]:
    """A window with the small study and a model that is pointed with."""
    folder = write_package(tmp_path / "p", manifest() | {"fits": {"modalities": ["CT"]}}, encoder())
    (folder / "decoder.onnx").write_bytes(decoder())
    trust(install(folder))
    made = open_desk(qtbot)
    open_study(qtbot, made, write_study(tmp_path / "study"))
    yield made
    close_desk(qtbot, made)


def on_screen(desk: Desk, x: float, y: float) -> QPoint:
    return QPointF(*active(desk).transform.image_to_screen(x, y)).toPoint()


def labels(desk: Desk) -> np.ndarray:  # type: ignore[type-arg]
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    found = [one for one in desk.workspace.results.of(stack.id) if one.provenance.package_id == "pointed"]
    if not found or found[0].segmentation is None:
        return np.zeros((12, 64, 64), np.uint8)
    return found[0].segmentation.labels


def test_clicks_and_boxes(qtbot: QtBot, desk: Desk) -> None:
    workspace, viewport = desk.workspace, active(desk)
    workspace.active_viewport.go_to_index(BALL[0])
    desk.window.run_command("tool.prompt")
    qtbot.waitUntil(lambda: workspace.tools.tool is Tool.PROMPT, timeout=20_000)
    stack = workspace.active_viewport.stack
    assert stack is not None
    volume = workspace.loader.volume(stack, 0)
    qtbot.waitUntil(lambda: volume.is_complete, timeout=20_000)
    ball = volume.modality_slice(BALL[0]) == 100
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=on_screen(desk, BALL[2], BALL[1]))
    qtbot.waitUntil(lambda: bool(labels(desk).any()), timeout=60_000)
    np.testing.assert_array_equal(labels(desk)[BALL[0]] > 0, ball)
    # Another slice joins the same result; its lung is as dark as the click.
    workspace.active_viewport.go_to_index(2)
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=on_screen(desk, 44, 32))
    qtbot.waitUntil(lambda: bool(labels(desk)[2].any()), timeout=60_000)
    np.testing.assert_array_equal(labels(desk)[2] > 0, volume.modality_slice(2) == -850)
    assert labels(desk)[BALL[0]].any()
    # A drag is a box: this network then marks all that is above 0.
    start, end = on_screen(desk, 5, 12), on_screen(desk, 60, 52)
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    QTest.mouseMove(viewport, end)
    QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    above = volume.modality_slice(2) > 0
    qtbot.waitUntil(lambda: np.array_equal(labels(desk)[2] > 0, above), timeout=60_000)
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, on_screen(desk, 20, 32))
    kinds = [prompt.kind for prompt in workspace.prompts.on(stack.id, 0, 2)]
    assert kinds == ["inside", "box", "outside"]
    # Taken back one after the other, down to nothing on this slice.
    for _ in kinds:
        desk.window.run_command("prompt.back")
    qtbot.waitUntil(lambda: not labels(desk)[2].any(), timeout=60_000)
    assert labels(desk)[BALL[0]].any()


def test_a_cut_is_not_pointed_at(qtbot: QtBot, desk: Desk) -> None:
    workspace, viewport = desk.workspace, active(desk)
    desk.window.run_command("tool.prompt")
    qtbot.waitUntil(lambda: workspace.tools.tool is Tool.PROMPT, timeout=20_000)
    workspace.active_viewport.set_plane("coronal")
    qtbot.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=viewport.rect().center())
    assert [notice.code for notice in workspace.notices if notice.code == "prompt_acquired"]
