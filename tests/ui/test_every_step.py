"""Everything that a reader does to findings, marks, segmentations, key images or the layout is one step that comes back exactly."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.app.command_rules import may_run
from medview.app.command_table import COMMANDS
from medview.app.commands import Context
from medview.app.results import result_key
from medview.app.tools import Tool
from medview.core.measurement import Measurement
from medview.ui.application import Desk
from tests.ui.small_study import active, close_desk
from tests.ui.test_corrections import lungs_on, panel_of, ready, slice_to, stroke, take
from tests.ui.test_decisions import result_on
from tests.ui.test_worklist import second_model

NO_STEPS = {
    "edit.undo": "it is what is tested",
    "edit.redo": "it is what is tested",
    "study.close": "what is closed is not changed any more",
    "series.next": "what a viewport shows is looking, not arranging",
    "series.previous": "the same",
    "layout.maximise": "it is its own way back",
}
"""Commands that change what is compared and are no step, and why."""
LOOKING = frozenset({"view", "image", "tools"})
"""Menus whose commands may change which slice, plane or window is looked at; they are not compared for these."""


class Quiet:
    """The window as commands see it; what would open a dialog does nothing."""

    def __init__(self, window: Any) -> None:
        self._window = window

    def __getattr__(self, name: str) -> Any:
        return getattr(self._window, name) if name in {"viewport", "run_command"} else lambda *_all, **_more: None


def document(desk: Desk) -> dict[str, Any]:
    """All that a step may change."""
    workspace = desk.workspace
    stacks = [stack for study in workspace.studies for series in study.series for stack in series.stacks]
    results = [one for stack in stacks for one in workspace.results.of(stack.id)]
    return {
        "layout": workspace.layout,
        "shown": [None if one.stack is None else one.stack.id for one in workspace.viewports],
        "planes": [one.plane_kind for one in workspace.viewports] if len(workspace.viewports) > 1 else [],
        "marks": {mark.id: mark for stack in stacks for mark in workspace.measurements.of(stack.id)},
        "decisions": dict(workspace.decisions._known),
        "results": [
            (result_key(one), workspace.results.threshold(one), workspace.overlay_style(one)) for one in results
        ],
        "voxels": {
            result_key(one): hashlib.sha256(np.ascontiguousarray(one.segmentation.labels).tobytes()).hexdigest()
            for one in results
            if one.segmentation is not None
        },
        "labels": {result_key(one): one.segmentation.meanings for one in results if one.segmentation is not None},
        "keys": {place.key for stack in stacks for place in workspace.reader_keys.of(stack)},
    }


def differences(one: dict[str, Any], two: dict[str, Any]) -> list[str]:
    return [name for name in one if one[name] != two[name]]


class Steps:
    """Does things and compares: one step or none, taken back exactly, done again exactly."""

    def __init__(self, qtbot: QtBot, desk: Desk) -> None:
        self._qtbot, self._desk = qtbot, desk
        self._view = desk.workspace.active_viewport.view
        self._target = desk.workspace.corrections.target
        self.wrong: list[str] = []
        self.changed: list[str] = []

    def settle(self) -> None:
        jobs = self._desk.workspace.jobs
        self._qtbot.waitUntil(lambda: not any(job.title == "label" for job in jobs.jobs), timeout=20_000)
        QApplication.processEvents()

    def check(self, name: str, act: Callable[[], object], is_step: bool | None = None) -> None:
        desk, history = self._desk, self._desk.workspace.history
        before, done = document(desk), len(history._done)
        act()
        self.settle()
        after, steps = document(desk), len(history._done) - done
        moved = differences(before, after)
        if is_step is False:
            if steps:
                self.wrong.append(f"{name}: a step")
        elif moved and steps != 1:
            self.wrong.append(f"{name}: {steps} steps for {moved}")
        elif not moved and steps:
            self.wrong.append(f"{name}: {steps} steps ({history.undo_title}) for nothing")
        if is_step and not moved:
            self.wrong.append(f"{name}: nothing happened")
        if moved:
            self.changed.append(name)
        for how, wanted in (("undo", before), ("redo", after), ("undo", before)):
            for _ in range(steps):
                getattr(history, how)()
                self.settle()
            if steps and differences(wanted, document(desk)):
                self.wrong.append(f"{name}: {how} differs in {differences(wanted, document(desk))}")
        state = desk.workspace.active_viewport
        state.restore(self._view)
        desk.workspace.corrections.choose(self._target, 1)
        desk.workspace.tools.choose(Tool.WINDOW)


@pytest.fixture
def steps(qtbot: QtBot, study_folder: Path) -> Iterator[tuple[Steps, Desk]]:
    """A desk with one of everything on the shown stack."""
    desk = ready(qtbot, study_folder)
    desk.window.resize(1000, 640)  # there is less to paint
    workspace = desk.workspace
    first = result_on(desk)
    workspace.add_result(first, second_model(first), lungs_on(desk))
    panel_of(desk)
    slice_to(desk, 6)
    viewport = active(desk)
    take(qtbot, desk, Qt.Key.Key_D, Tool.RULER)
    stroke(qtbot, viewport, (20, 20), (40, 20))
    take(qtbot, desk, Qt.Key.Key_E, Tool.ELLIPSE)
    stroke(qtbot, viewport, (12, 40), (24, 52))
    take(qtbot, desk, Qt.Key.Key_F3, Tool.BRUSH)
    stroke(qtbot, viewport, (30, 40), (34, 44))
    stroke(qtbot, viewport, (54, 6), (56, 6))  # an island
    workspace.worklist.show(workspace.worklist.shown()[0])
    slice_to(desk, 6)
    yield Steps(qtbot, desk), desk
    close_desk(qtbot, desk)


@pytest.mark.timeout(180)
def test_every_command_is_one_step_or_none(steps: tuple[Steps, Desk]) -> None:
    walk, desk = steps
    shell: Any = Quiet(desk.window)
    for command in COMMANDS:
        viewport = active(desk)
        viewport.select_mark(viewport.marks_here()[0].id)
        context = Context(desk.workspace, shell)
        if command.id in NO_STEPS or not may_run(command, context):
            continue
        walk.check(command.id, lambda run=command.run, context=context: run(context))  # type: ignore[misc]
    assert walk.wrong == []
    wanted = {"findings.accept", "key_image.toggle", "mark.delete_all", "layout.2x2", "segment.new", "label.largest"}
    assert wanted - set(walk.changed) == set(), "the desk is one on which these do something"


@pytest.mark.timeout(180)
def test_every_act_of_the_hand_is_one_step(qtbot: QtBot, steps: tuple[Steps, Desk]) -> None:
    walk, desk = steps
    workspace, viewport = desk.workspace, active(desk)
    stack = workspace.active_viewport.stack
    assert stack is not None
    by_name = {one.provenance.package_id: one for one in workspace.results.of(stack.id)}
    balls, other, lungs = by_name["balls"], by_name["other"], by_name["lungs"]
    mark = workspace.measurements.of(stack.id)[0]
    drawn = workspace.corrections.target
    assert drawn is not None
    corrections, lines = workspace.corrections, workspace.worklist
    merged = next(item for item in lines.items() if len(item.members) == 2)

    def drawn_mark(tool: Tool, key: Qt.Key) -> None:
        take(qtbot, desk, key, tool)
        stroke(qtbot, viewport, (8, 8), (16, 12), (18, 14))

    def painted() -> None:
        workspace.tools.choose(Tool.BRUSH)
        stroke(qtbot, viewport, (14, 30), (18, 36))

    def moved(of: Measurement) -> None:
        workspace.measurements.replace(replace(of, points=tuple((x + 1, y) for x, y in of.points)))

    acts: dict[str, Callable[[], object]] = {
        "a distance": lambda: drawn_mark(Tool.RULER, Qt.Key.Key_D),
        "an ellipse": lambda: drawn_mark(Tool.ELLIPSE, Qt.Key.Key_E),
        "moving a mark": lambda: moved(mark),
        "writing on a mark": lambda: workspace.measurements.replace(replace(mark, text="here")),
        "deleting all marks": viewport.marking.delete_all,
        "a stroke": painted,
        "a label": lambda: corrections.add_label(drawn, "second"),
        "a name": lambda: corrections.rename(drawn, 1, "liver"),
        "a colour": lambda: corrections.recolour(drawn, 1, (1, 2, 3)),
        "correcting a model": lambda: corrections.begin(lungs),
        "discarding a drawing": lambda: corrections.discard(drawn),
        "discarding boxes": lambda: workspace.discard_result(balls),
        "a threshold": lambda: workspace.set_threshold(other, 0.75),
        "showing a result": lambda: workspace.set_overlay_style(
            lungs, replace(workspace.overlay_style(lungs), visible=True)
        ),
        "a merged line": lambda: (lines.show(merged), lines.toggle("rejected")),
        "a note on a merged line": lambda: lines.annotate(merged.members, "vessel"),
        "a label of a finding": lambda: workspace.decisions.decide(balls, balls.findings[0], label="scar"),
        "a box": lambda: workspace.decisions.decide(balls, balls.findings[0], box=((1.0, 2.0, 3.0), (4.0, 5.0, 6.0))),
        "a key image": lambda: workspace.reader_keys.toggle(stack, 3),
        "a grid": lambda: workspace.set_layout(2, 3),
        "three planes": workspace.show_three_planes,
        "turned planes": workspace.planes.start,
    }
    for name, act in acts.items():
        walk.check(name, act, is_step=True)
    assert walk.wrong == []

    # What was chosen before a result went is there when it comes back.
    workspace.set_threshold(balls, 0.65)
    workspace.set_overlay_style(lungs, replace(workspace.overlay_style(lungs), opacity=0.9, outline=True))
    for result in (balls, lungs, other):
        walk.check(f"discarding {result.provenance.package_id}", lambda one=result: workspace.discard_result(one), True)  # type: ignore[misc]
    workspace.set_overlay_style(lungs, replace(workspace.overlay_style(lungs), visible=False))
    walk.check("correcting what is hidden", lambda: corrections.begin(lungs), True)
    assert walk.wrong == []
