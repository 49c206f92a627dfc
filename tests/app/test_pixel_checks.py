"""Pixels under kept marks are checked as they come: those on the screen first, few at a time, and nothing is loaded for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from medview.app import pixel_checks
from medview.app.pixel_checks import PixelChecks
from medview.app.workspace import Workspace
from medview.core.study import Stack
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace

SHAPE = (9, 4, 4)


def opened() -> tuple[Workspace, Stack, np.ndarray]:
    workspace = make_workspace()
    stored = np.arange(9, dtype=np.int16)[:, None, None] * np.ones(SHAPE, np.int16)
    study = make_study(workspace, stored, axial_geometry(SHAPE), loaded=False)
    workspace.viewports[0].show(*study, 5)
    return workspace, study[2], stored


def digests(workspace: Workspace, stack: Stack) -> dict[int, str]:
    found: dict[int, str] = {}
    checks = PixelChecks(workspace, lambda _subject: None)
    for k in range(9):
        checks.digest(stack, 0, k, lambda digest, k=k: found.update({k: digest}))  # type: ignore[misc]
    workspace.jobs.run_all()  # type: ignore[attr-defined]
    return found


def test_slices_on_the_screen_are_checked_first_and_few_in_one_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, stack, stored = opened()
    loader, jobs = workspace.loader, workspace.jobs
    # Four slices in one turn.
    monkeypatch.setattr(pixel_checks, "AT_ONCE_BYTES", 4 * stored[0].nbytes)
    looked: list[int] = []
    own = loader.loaded_slice

    def watched(stack: Stack, time: int, k: int) -> Any:
        found = own(stack, time, k)
        if found is not None:
            looked.append(k)
        return found

    told: list[str] = []
    checks = PixelChecks(workspace, told.append)
    for k in range(9):
        checks.expect(stack, 0, k, f"mark {k}", "other pixels" if k in {2, 5} else f"unknown {k}")
    assert not jobs.waiting, "nothing is there: nothing is checked, and nothing is loaded for it"  # type: ignore[attr-defined]
    monkeypatch.setattr(loader, "loaded_slice", watched)
    loader.load(stack, 0)  # type: ignore[attr-defined]
    assert len(jobs.waiting) == 1  # type: ignore[attr-defined]
    for k in range(1, 9):
        loader.load(stack, k)  # type: ignore[attr-defined]
    assert len(jobs.waiting) == 1, "one after the other"  # type: ignore[attr-defined]
    looked.clear()
    jobs.run_all()  # type: ignore[attr-defined]
    assert looked[0] == 5
    assert len(looked) == 4
    while jobs.waiting:  # type: ignore[attr-defined]
        jobs.run_all()  # type: ignore[attr-defined]
    assert told[:2] == ["mark 0", "mark 5"]
    assert sorted(told) == [f"mark {k}" for k in range(9)]


def test_while_slices_come_only_those_on_the_screen_are_checked() -> None:
    workspace, stack, _stored = opened()
    loader, jobs = workspace.loader, workspace.jobs
    told: list[str] = []
    checks = PixelChecks(workspace, told.append)
    for k in range(9):
        checks.expect(stack, 0, k, f"mark {k}", "other pixels")
    loader.coming.add(stack.id)  # type: ignore[attr-defined]
    for k in (4, 5, 6):
        loader.load(stack, k)  # type: ignore[attr-defined]
    while jobs.waiting:  # type: ignore[attr-defined]
        jobs.run_all()  # type: ignore[attr-defined]
    assert told == ["mark 5"]
    loader.coming.clear()  # type: ignore[attr-defined]
    loader.rested.emit(stack.id)
    while jobs.waiting:  # type: ignore[attr-defined]
        jobs.run_all()  # type: ignore[attr-defined]
    assert told == ["mark 5", "mark 4", "mark 6"]


def test_pixels_that_are_the_same_are_not_told_and_those_taken_back_are_checked_when_they_come_again() -> None:
    workspace, stack, stored = opened()
    loader, jobs = workspace.loader, workspace.jobs
    states = loader.volumes[stack.id, 0].states  # type: ignore[attr-defined]
    states[:] = 1
    known = digests(workspace, stack)
    assert len(set(known.values())) == 9
    states[:] = 0
    told: list[str] = []
    checks = PixelChecks(workspace, told.append)
    for k in range(9):
        checks.expect(stack, 0, k, f"mark {k}", known[k])
    loader.load(stack, 0)  # type: ignore[attr-defined]
    loader.load(stack, 3)  # type: ignore[attr-defined]
    states[3] = 0  # the loader takes its memory back before its turn
    stored[3] += 1
    while jobs.waiting:  # type: ignore[attr-defined]
        jobs.run_all()  # type: ignore[attr-defined]
    assert told == []
    for k in range(1, 9):
        loader.load(stack, k)  # type: ignore[attr-defined]
    while jobs.waiting:  # type: ignore[attr-defined]
        jobs.run_all()  # type: ignore[attr-defined]
    assert told == ["mark 3"]
