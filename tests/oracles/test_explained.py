"""The bookkeeping of the oracle suite: what is explained, open or vanished, and runs that break."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from medview.dicom.colour import rgb_from_samples
from tests.oracles.explained import Explanation, judge, read_explanations
from tests.oracles.outcome import Outcome
from tests.oracles.run import Task, run_tasks
from tests.oracles.table import refusals, write_table
from tests.oracles.values import _distance

RULE = Explanation(
    "rule", "dcmtk", ("different",), {"photometric": "~^YBR", "frames": [1, 2]}, "why", "PS3.3", "medview", worst=2.0
)
SEEN = Outcome("a", "dcmtk", "different", 1, 1, 2.0, "", {"photometric": "YBR_FULL", "frames": 1})


def test_a_difference_needs_a_rule_that_speaks_of_it_and_is_large_enough() -> None:
    assert judge([SEEN], [RULE]).open == []
    for other in (
        replace(SEEN, worst=2.1),
        replace(SEEN, verdict="refused"),
        replace(SEEN, facts={"photometric": "RGB", "frames": 1}),
        replace(SEEN, facts={"photometric": "YBR_FULL", "frames": 3}),
        replace(SEEN, oracle="pydicom"),
    ):
        assert [each.outcome for each in judge([other], [RULE]).open] == [other]


def test_a_rule_that_holds_no_more_is_named() -> None:
    equal = replace(SEEN, verdict="equal", worst=0.0)
    assert [each.vanished for each in judge([equal], [RULE]).vanished] == [RULE]
    assert judge([equal], [replace(RULE, always=False)]).vanished == []
    assert judge([replace(equal, verdict="oracle_refused")], [RULE]).vanished == []


def test_refusals_count_only_what_the_oracle_reads_truthfully() -> None:
    lost = replace(SEEN, verdict="refused")
    lie = replace(lost, facts={"truncated": True})
    known = Explanation("lie", "dcmtk", ("refused",), {"truncated": True}, "why", "PS3.5", "medview")
    judgement = judge([SEEN, lost, lie, replace(SEEN, verdict="both_refused")], [RULE, known])
    assert refusals(judgement.judged) == (1, 2)
    table = write_table(judgement)
    assert "reads 2 truthfully, of which medview refuses 1 (50.00 %)" in table
    assert "OPEN dcmtk refused" in table


def test_an_entry_without_reason_is_refused(tmp_path: Path) -> None:
    entry = '[[difference]]\nid = "x"\noracle = "dcmtk"\nverdicts = ["different"]\nby = "medview"\nclause = "c"\n'
    for text in (f'{entry}reason = " "\nwhen = {{ a = 1 }}\n', f'{entry}reason = "r"\nwhen = {{}}\n'):
        path = tmp_path / f"{len(text)}.toml"
        path.write_text(text)
        with pytest.raises(ValueError, match="needs a property"):
            read_explanations(path)


def test_values_that_are_nowhere_numbers_are_told_from_numbers() -> None:
    assert _distance(np.array([[1.0, np.nan]]), np.array([[1.0, 2.0]])) == float("inf")
    assert _distance(np.array([[1.0, np.nan]]), np.array([[1.0, np.nan]])) == 0


def test_ybr_is_nearer_to_the_equations_than_dcmtk_is() -> None:
    """What "dcmtk-ybr-full-cuts" says: the equations of PS3.3 C.7.6.3.1.2 in float64."""
    samples = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    y, cb, cr = (samples[..., n].astype(float) - (128 if n else 0) for n in range(3))
    exact = np.stack([y + 1.402 * cr, y - 0.34414 * cb - 0.71414 * cr, y + 1.772 * cb], axis=-1).clip(0, 255)
    assert np.abs(rgb_from_samples(samples, "YBR_FULL") - exact).max() <= 0.51


def one_dies(task: Task) -> list[Outcome]:
    """Work for a process: the third task ends it, the fourth raises."""
    if task.name == "2":
        os._exit(9)
    if task.name == "3":
        raise LookupError("nothing there")
    return [Outcome(task.name, task.oracle, "equal", 1, 1)]


def test_a_process_that_dies_costs_one_task(tmp_path: Path) -> None:
    tasks = [Task("dcmtk", str(number), (), 1) for number in range(6)]
    found = {each.path: each for each in run_tasks(tasks, 2, tmp_path / "journal", work=one_dies)}
    assert sorted(found) == ["0", "1", "2", "3", "4", "5"]
    assert "died (9)" in found["2"].reason
    assert "LookupError" in found["3"].reason
    assert sorted(name for name, each in found.items() if each.verdict == "equal") == ["0", "1", "4", "5"]
    assert len(judge(list(found.values()), []).open) == 2


def never(task: Task) -> list[Outcome]:
    raise AssertionError(task)


def test_a_broken_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    tasks = [Task("dcmtk", str(number), (), 1) for number in (0, 1, 4)]
    first = run_tasks(tasks[:2], 1, journal, work=one_dies)
    with journal.open("a") as stream:
        stream.write('{"key": "dcmtk\\t4\\t0", "outc')  # ended in the middle of a line
    assert run_tasks(tasks[:2], 1, journal, work=never) == first
    again = run_tasks(tasks, 1, journal, work=one_dies)
    assert [each.path for each in again] == ["0", "1", "4"]
    assert all(each.verdict == "equal" for each in again)
    assert run_tasks(tasks, 1, journal, work=never) == again
