"""What a closed study leaves behind: nothing that holds it."""

from __future__ import annotations

import gc
import weakref

import numpy as np

from medview.app.fusion import Fusion
from medview.app.measurements import place_of
from medview.app.shown_slice import acquired_shown
from medview.app.workspace import Workspace
from medview.core.finding import Finding, InferenceResult, Provenance
from medview.core.measurement import Measurement
from medview.core.study import Stack
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace


def opened(names: tuple[str, ...]) -> Workspace:
    workspace = make_workspace()
    found = []
    for name in names:
        shape = (6, 8, 8)
        study, _, _ = made = make_study(
            workspace, np.zeros(shape, np.int16), axial_geometry(shape), stack_id=name, patient_id=name
        )
        found.append(made)
        workspace.studies = (*workspace.studies, study)
    for state, made in zip((workspace.viewports[0],), found[:1], strict=True):
        state.show(*made)
    workspace.set_layout(1, 2)
    workspace.viewports[1].show(*found[-1])
    return workspace


def stack_of(workspace: Workspace, name: str) -> Stack:
    return next(s for study in workspace.studies for one in study.series for s in one.stacks if s.id == name)


def test_steps_of_the_layout_hold_no_study_that_was_closed() -> None:
    workspace = opened(("first", "second"))
    study = next(one for one in workspace.studies if one.patient.patient_id == "first")
    workspace.viewports[1].update(fusion=Fusion(study, study.series[0], stack_of(workspace, "first")))
    del study
    workspace.set_layout(2, 2)
    workspace.set_layout(1, 1)
    workspace.history.undo()
    gone = weakref.ref(stack_of(workspace, "first"))
    workspace.viewports[1].update(fusion=None)
    workspace.loader.volumes.clear()
    workspace.close_study(next(one for one in workspace.studies if one.patient.patient_id == "first"))
    gc.collect()
    assert gone() is None
    # What is still open comes back with the steps all the same.
    workspace.history.undo()
    assert [state.stack.id if state.stack else None for state in workspace.viewports] == [None, "second"]
    assert workspace.history.redo() is not None


def test_the_list_of_findings_holds_nothing_of_a_study_that_was_closed() -> None:
    workspace = opened(("first", "second"))
    stack = stack_of(workspace, "first")
    made = Provenance("b", "B", "1", "ab" * 32, "cpu", "cpu", "1.3.first", "first", "2026-01-01T00:00:00+00:00", 1.0)
    box = Finding("f", "nodule", 0.9, (2, 3, 3), ((1.0, 2.0, 2.0), (3.0, 5.0, 5.0)), k=2)
    workspace.add_result(InferenceResult(made, "detection", findings=(box,)))
    place = place_of(stack, acquired_shown(stack, 2), 0)
    workspace.measurements.add(Measurement("2.25.1", "ruler", place, ((1.0, 1.0), (4.0, 5.0))))
    workspace.set_active(0)
    items = workspace.worklist.items()
    assert [item.kind for item in items] == ["finding", "mark"]
    again = workspace.worklist.items()
    assert all(one is other for one, other in zip(items, again, strict=True)), "the same lines while nothing changes"
    assert (items[1].amount, items[1].size_mm) == ("6.4 mm", items[1].size_mm)
    workspace.worklist.show(items[0])
    held = weakref.ref(items[0].members[0][0]), weakref.ref(stack)
    del items, again, stack
    workspace.measurements.remove("2.25.1")
    workspace.loader.volumes.clear()
    workspace.close_study(next(one for one in workspace.studies if one.patient.patient_id == "first"))
    gc.collect()
    assert [one() for one in held] == [None, None]


def test_steps_that_arranged_only_what_was_closed_go_with_it() -> None:
    workspace = opened(("first", "second"))
    workspace.set_layout(2, 2)
    workspace.set_layout(1, 1)
    for name in ("first", "second"):
        workspace.loader.volumes.clear()
        workspace.close_study(next(one for one in workspace.studies if one.patient.patient_id == name))
    assert workspace.history.undo_title == ""
    # What is opened next is not taken from the viewports by a step of the patient before.
    shape = (6, 8, 8)
    made = make_study(workspace, np.zeros(shape, np.int16), axial_geometry(shape), stack_id="third", patient_id="third")
    workspace.studies = (made[0],)
    workspace.viewports[0].show(*made)
    assert workspace.history.undo() is None
    assert workspace.viewports[0].stack is made[2]


def test_of_several_changes_those_on_what_is_open_stay() -> None:
    workspace = opened(("first", "second"))
    marks = workspace.measurements
    with workspace.history.as_one("Two marks"):
        for name in ("first", "second"):
            place = place_of(stack_of(workspace, name), acquired_shown(stack_of(workspace, name), 2), 0)
            marks.add(Measurement(f"2.25.{len(name)}", "ruler", place, ((1.0, 1.0), (4.0, 5.0))))
    workspace.loader.volumes.clear()
    workspace.close_study(next(one for one in workspace.studies if one.patient.patient_id == "first"))
    title = workspace.history.undo_title
    changed: list[str] = []
    workspace.measurements.changed.connect(changed.append)
    assert title == "Two marks"
    assert workspace.history.undo() == "second"
    assert changed == ["second"]
