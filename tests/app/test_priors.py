"""Which line of an older study is the same thing as one of today's: by place in one space alone, never by its number."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from medview.app.priors import Priors, prior_of
from medview.app.worklist import WorkItem
from medview.core.finding import Finding, InferenceResult, Provenance
from medview.core.registration import IDENTITY, Placement


def item(stack: str, number: int, where: tuple[float, float, float], size: float, label: str = "nodule") -> WorkItem:
    made = Provenance("p", "P", "1", "ab" * 32, "auto", "cpu", "1.2", stack, "2026-11-21T10:00:00+00:00", 1.0)
    box = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    finding = Finding(f"f{number}", label, 0.9, (0.0, 0.0, 0.0), box, center_lps=where, size_mm=size)
    result = InferenceResult(made, "detection", findings=(finding,))
    held: Any = SimpleNamespace(id=stack)
    return WorkItem("finding", f"{stack}/f{number}", held, label, ("P",), size_mm=size, members=((result, finding),))


def priors_of(old: list[WorkItem], new: list[WorkItem], way: Placement | None) -> Priors:
    """Two studies of one patient, the older one's space brought into the newer one's by ``way``; each into itself by nothing."""
    signal = SimpleNamespace(connect=lambda _slot: None)
    patient = SimpleNamespace(key=("1", "Doe"))
    before = SimpleNamespace(patient=patient, date="20250101", time="")
    today = SimpleNamespace(patient=patient, date="20251231", time="")
    lines = {id(before): old, id(today): new}

    def between(study: Any, _stack: Any, to_study: Any, _to: Any) -> Placement | None:
        return IDENTITY if study is to_study else way

    workspace: Any = SimpleNamespace(
        studies=(today, before),
        history=SimpleNamespace(understand=lambda _kind, _apply: None),
        worklist=SimpleNamespace(of_study=lambda study: lines[id(study)], counted=signal),
        registrations=SimpleNamespace(way_between=between, changed=signal),
        decisions=SimpleNamespace(changed=signal),
        measurements=SimpleNamespace(changed=signal),
        corrections=SimpleNamespace(changed=signal),
        studies_changed=signal,
        results_changed=signal,
        ai_visible_changed=signal,
    )
    return Priors(workspace)


def test_nothing_is_the_same_in_spaces_that_nothing_brings_together() -> None:
    old, new = item("old", 1, (0.0, 0.0, 0.0), 5.0), item("new", 1, (0.0, 0.0, 0.0), 6.0)
    assert priors_of([old], [new], None).of("new/f1") is None
    found = priors_of([old], [new], IDENTITY).of("new/f1")
    assert found is not None
    assert (found.before, found.now, found.by, found.days) == (5.0, 6.0, "place", 364)


def test_each_is_the_nearest_of_its_label_and_used_once() -> None:
    moved = Placement.of(np.array([[1, 0, 0, 100], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]))
    old = [
        item("old", 1, (-100.0, 0.0, 0.0), 4.0),
        item("old", 2, (-94.0, 0.0, 0.0), 8.0),
        item("old", 3, (-100.0, 0.0, 0.0), 9.0, "cyst"),
    ]
    new = [
        item("new", 1, (7.0, 0.0, 0.0), 4.0),
        item("new", 2, (1.0, 0.0, 0.0), 4.0),
        item("new", 3, (90.0, 0.0, 0.0), 4.0),
    ]
    priors = priors_of(old, new, moved)
    told = {key: one.before if (one := priors.of(f"new/{key}")) else None for key in ("f1", "f2", "f3")}
    assert told == {"f1": 8.0, "f2": 4.0, "f3": None}, "100 mm away is another thing"
    assert all(priors.of(f"old/f{number}") is None for number in (1, 2, 3))


@pytest.mark.parametrize("spoilt", [{"by": "guess"}, {"days": "many"}, {"before": "nan"}, {"now": "x"}])
def test_what_was_kept_by_another_version_is_not_believed(spoilt: dict[str, Any]) -> None:
    content = {"key": "k", "study_date": "20250101", "label": "n", "before": 5.0, "now": 6.0, "unit": "mm", "days": 3,
               "by": "reader"}  # fmt: skip
    assert prior_of(content).told_change == "▲ +20 %"
    with pytest.raises((ValueError, KeyError, TypeError)):
        prior_of({**content, **spoilt})
