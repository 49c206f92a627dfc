"""How much longer a study opens that has 500 saved findings: 250 marks, and a model's 250 boxes, each decided with a note.

From the moment that its folder is opened until its image is painted and everything that was kept is in the list of the Findings tab,
beside the same study without any. Bar: 100 ms.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from medview.core.finding import Finding, InferenceResult, Provenance
from medview.core.measurement import Measurement, MeasurementPlace
from medview.dicom.write_ct import CtDescription, write_ct_series
from medview.store.results import keep_result
from medview.ui.application import Desk
from tests.ui.small_study import close_desk, open_desk

SLICES, EACH = 200, 250
ROUNDS = 5
BAR_MS = 100.0
RESULTS = Path(__file__).parent / "results"


def fill(qtbot: QtBot, desk: Desk) -> None:
    """Make and keep everything on the shown stack."""
    workspace = desk.workspace
    state = workspace.active_viewport
    stack, series = state.stack, state.series
    assert stack is not None
    assert series is not None
    made = Provenance(
        "balls", "Balls", "1.2", "ab" * 32, "auto", "cpu", series.series_uid, stack.id, "2026-11-21T10:00:00+00:00", 1.5
    )
    findings = []
    for number in range(EACH):
        k, j, i = number % SLICES, 20.0 + number, 30.0 + number
        findings.append(
            Finding(f"f{number}", "nodule", 0.9, (k, j + 4, i + 4), ((k - 1.0, j, i), (k + 1.0, j + 8, i + 8)), k=k)
        )
    result = InferenceResult(made, "detection", findings=tuple(findings))
    keep_result(result)
    workspace.add_result(result)
    for number, finding in enumerate(findings):
        workspace.decisions.decide(result, finding, verdict="accepted", note=f"note {number}")
        k = number % SLICES
        place = MeasurementPlace(stack.id, sop_uid=stack.frames[k].sop_uid, k=k)
        mark = Measurement(workspace.measurements.new_id(), "ruler", place, ((10.0, 10.0 + number), (60.0, 80.0)))
        workspace.measurements.add(mark)
    qtbot.waitUntil(lambda: workspace.keeping.waiting == 0, timeout=60_000)


def opening_ms(qtbot: QtBot, folder: Path, rows: int) -> tuple[float, float]:
    """(wall, processor) ms until the image is there and the list has its rows."""
    desk = open_desk(qtbot)
    desk.window.build_panels()
    workspace = desk.workspace
    painted: list[int] = []
    ended: list[bool] = []
    watched: list[object] = []

    def is_painted() -> bool:
        frame = desk.window.grid.active_frame()
        if frame is not None and frame.viewport not in watched:
            watched.append(frame.viewport)
            frame.viewport.painted.connect(lambda _stack, k: painted.append(k))
            frame.viewport.update()
        return bool(painted)

    def end() -> None:
        ended.append(True)

    workspace.scan_ended.connect(end)
    back: list[bool] = []

    def restored() -> None:
        back.append(True)

    workspace.keeping.restored.connect(restored)
    begun, spent = time.perf_counter(), time.process_time()
    workspace.open_paths([str(folder)])
    qtbot.waitUntil(lambda: is_painted() and bool(back) and bool(ended), timeout=60_000)
    if rows:
        qtbot.waitUntil(lambda: len(workspace.worklist.items()) == rows, timeout=60_000)
    wall, processor = 1e3 * (time.perf_counter() - begun), 1e3 * (time.process_time() - spent)
    close_desk(qtbot, desk)
    return wall, processor


@pytest.mark.timeout(900)
def test_a_study_with_five_hundred_findings(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    noise = np.random.default_rng(1).integers(-1000, 1000, (SLICES, 512, 512), dtype=np.int16)
    write_ct_series(folder, noise, (1.0, 0.7, 0.7), (-180.0, -180.0, 0.0), CtDescription("Bench^Mark", "1", "500"))
    homes = {"without": tmp_path / "without", "with": tmp_path / "with"}
    monkeypatch.setenv("MEDVIEW_HOME", str(homes["with"]))
    desk = open_desk(qtbot)
    desk.workspace.open_paths([str(folder)])
    qtbot.waitUntil(lambda: bool(desk.workspace.studies) and not desk.workspace.is_scanning, timeout=60_000)
    fill(qtbot, desk)
    close_desk(qtbot, desk)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in homes}
    for _ in range(ROUNDS + 1):
        for name, home in homes.items():
            monkeypatch.setenv("MEDVIEW_HOME", str(home))
            found[name].append(opening_ms(qtbot, folder, 2 * EACH if name == "with" else 0))
    figures = {
        f"{name}_{what}_ms": round(float(np.median([one[at] for one in times[1:]])), 1)
        for name, times in found.items()
        for at, what in enumerate(("wall", "processor"))
    }
    more = [one[0] - two[0] for one, two in zip(found["with"][1:], found["without"][1:], strict=True)]
    figures["more_ms"] = round(float(np.median(more)), 1)
    figures["least_more_ms"] = round(min(one[0] for one in found["with"]) - min(one[0] for one in found["without"]), 1)
    print(figures, [round(one) for one in more])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "saved-findings.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    assert figures["more_ms"] <= BAR_MS
