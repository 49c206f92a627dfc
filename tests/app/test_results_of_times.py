"""Results of one package on several time points of a series."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medview.app.infer_times import TimesTogether
from medview.app.results import Results
from medview.core.finding import InferenceResult, Provenance
from medview.core.problem import MedviewError
from tests.inference.test_sequences import STATE, SUM, accumulator, package


def made(time: int, second: int) -> InferenceResult:
    provenance = Provenance(
        "p",
        "P",
        "1.0",
        "ab" * 32,
        "cpu",
        "cpu",
        "1.2.3",
        "CT-1",
        f"2026-01-01T00:00:{second:02d}+00:00",
        1.0,
        time=time,
    )
    return InferenceResult(provenance, "segmentation")


def test_each_time_point_keeps_its_result() -> None:
    results = Results()
    for time in range(3):
        assert results.add(made(time, time))
    assert [one.provenance.time for one in results.of("CT-1")] == [0, 1, 2]
    again = made(1, 30)
    assert results.add(again)
    assert [one.provenance.time for one in results.of("CT-1")] == [0, 2, 1], (
        "a newer one of the same time takes its place"
    )
    assert not results.add(made(1, 10)), "an older one does not"


def test_what_remembers_does_not_go_on_after_a_gap(tmp_path) -> None:  # type: ignore[no-untyped-def]
    remembering = package(tmp_path / "a", "regression", accumulator([1, 1]), SUM, states=[STATE])
    forgetful = replace(
        remembering,
        manifest=remembering.manifest.model_copy(
            update={"input": remembering.manifest.input.model_copy(update={"states": ()})}
        ),
    )
    together = TimesTogether()
    together.refuse_gap(remembering, 0)
    with pytest.raises(MedviewError, match="one before number 2 was not run"):
        together.refuse_gap(remembering, 1)
    together.refuse_gap(forgetful, 1)
    together.seen(0)
    together.refuse_gap(remembering, 1)
