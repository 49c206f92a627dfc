"""Kept results come back as they were, or are set aside; nothing half written is ever read."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.finding import ClassProbability, Code, Finding, InferenceResult, Label, Provenance, Segmentation
from medview.core.folders import user_folder
from medview.core.geometry import Geometry
from medview.core.problem import ExitCode, MedviewError, Note, Problem
from medview.files.left_overs import temporary_prefix
from medview.store.results import forget_result, keep_result, kept_results, results_folder


def provenance(**more: Any) -> Provenance:
    given: dict[str, Any] = {
        "package_id": "lungs",
        "package_name": "Lungs 肺",
        "package_version": "1.0",
        "package_sha256": "ab" * 32,
        "device_requested": "auto",
        "device_used": "cpu",
        "series_uid": "1.2.840.ZZPHI",
        "stack_id": "CT-1",
        "finished_at": "2026-11-21T10:00:00+00:00",
        "duration_s": 12.5,
        "overrides": ("tilted",),
        "input_sha256": "cd" * 32,
        "model_sha256": "ef" * 32,
    }
    return Provenance(**(given | more))


def a_result(uneven: bool = False, dtype: Any = np.uint8, **more: Any) -> InferenceResult:
    labels = np.random.default_rng(1).integers(0, 3, (4, 5, 6)).astype(dtype)
    affine = np.diag([0.7, 0.8, 2.5, 1.0])
    origins = np.array([[0, 0, z] for z in (0, 2.0, 5.0, 7.5)]) if uneven else None
    geometry = Geometry((4, 5, 6), affine, "1.2.3", origins)
    meanings = (
        Label(1, "Right lung", (1, 2, 3), Code("123037004", "SCT", "Anatomical Structure"), Code("1", "99X", "y")),
        Label(2, "左肺", (4, 5, 6)),
    )
    finding = Finding(
        "f-1",
        "nodule",
        0.875,
        (1.5, 2.0, 3.25),
        ((1, 1, 2), (2, 3, 4.5)),
        (1, 2, 3),
        ((0, 1, 2), (3, 4, 5)),
        7.5,
        2,
        "1.2.9",
        1,
    )
    bare = Finding("f-2", "cyst", 0.25, (0, 0, 0), ((0, 0, 0), (1, 1, 1)))
    return InferenceResult(
        provenance(**more),
        "segmentation",
        Segmentation(labels, geometry, meanings, 0),
        (finding, bare),
        (ClassProbability("normal", 0.125),),
        (Note("a", "b", ("c",)),),
        (("network", 3.5), ("total", 4.0)),
        0.3,
    )


def same(one: InferenceResult, other: InferenceResult) -> None:
    for field in ("provenance", "task", "findings", "classification", "warnings", "timing_s", "shown_threshold"):
        assert getattr(one, field) == getattr(other, field), field
    assert one.segmentation is not None
    assert other.segmentation is not None
    np.testing.assert_array_equal(one.segmentation.labels, other.segmentation.labels)
    assert one.segmentation.labels.dtype == other.segmentation.labels.dtype
    assert one.segmentation.meanings == other.segmentation.meanings
    assert one.segmentation.geometry is not None
    assert other.segmentation.geometry is not None
    assert one.segmentation.geometry.same_grid(other.segmentation.geometry, 1e-12)
    assert one.segmentation.geometry.kind == other.segmentation.geometry.kind


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_result_comes_back_as_it_was(uneven: bool, dtype: Any) -> None:
    result = a_result(uneven, dtype)
    keep_result(result)
    (back,) = kept_results(result.provenance.series_uid)
    same(back, result)
    assert kept_results("1.2.3.other") == ()


def test_results_without_labels() -> None:
    result = replace(a_result(), segmentation=None)
    keep_result(result)
    (back,) = kept_results(result.provenance.series_uid)
    assert back.segmentation is None
    for field in ("provenance", "findings", "classification"):
        assert getattr(back, field) == getattr(result, field)


def test_a_later_run_takes_the_place_of_an_earlier_one() -> None:
    keep_result(a_result())
    keep_result(a_result(finished_at="2026-11-21T11:00:00+00:00"))
    keep_result(a_result(package_version="2.0", finished_at="2026-11-21T09:00:00+00:00"))
    kept = kept_results("1.2.840.ZZPHI")
    assert [(one.provenance.package_version, one.provenance.finished_at[11:13]) for one in kept] == [
        ("2.0", "09"),
        ("1.0", "11"),
    ]


def test_forgotten_results_are_gone() -> None:
    keep_result(a_result())
    forget_result(a_result())
    forget_result(a_result())
    assert kept_results("1.2.840.ZZPHI") == ()


def test_every_cut_and_many_flips_are_noticed() -> None:
    path = keep_result(a_result())
    whole = path.read_bytes()
    damaged = 0
    rng = np.random.default_rng(2)
    spoilt = [whole[:end] for end in range(0, len(whole), 41)]
    for at in rng.integers(0, len(whole), 60):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << int(rng.integers(8))
        spoilt.append(bytes(flipped))
    for content in spoilt:
        path.write_bytes(content)
        problems: list[Problem] = []
        kept = kept_results("1.2.840.ZZPHI", problems)
        if kept:
            same(kept[0], a_result())  # a bit that means nothing, as a time stamp inside the zip
        else:
            damaged += 1
            assert [problem.code for problem in problems] == ["result_damaged"]
            assert path.with_suffix(".damaged").is_file()
            assert not path.exists()
    assert damaged > len(whole) // 41


def test_damage_does_not_hide_the_others() -> None:
    keep_result(a_result(package_id="other"))
    keep_result(a_result()).write_bytes(b"")
    assert [one.provenance.package_id for one in kept_results("1.2.840.ZZPHI")] == ["other"]


def test_what_an_interrupted_writing_left_is_swept() -> None:
    folder = keep_result(a_result()).parent
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    mine = folder / f"{temporary_prefix()}x.tmp"
    killed = folder / mine.name.replace(f"-{os.getpid()}-", f"-{int(gone.stdout)}-")
    for left in (mine, killed):
        left.write_bytes(b"half")
    assert len(kept_results("1.2.840.ZZPHI")) == 1
    assert mine.exists(), "its process runs: it may be writing it"
    assert not killed.exists()


def test_no_name_of_a_file_tells_whose_images_they_are() -> None:
    keep_result(a_result())
    for path in user_folder().rglob("*"):
        assert "ZZPHI" not in path.name


def test_what_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_result(a_result())
    before = next(results_folder("1.2.840.ZZPHI").iterdir()).read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MedviewError, match="No space left") as caught:
        keep_result(a_result(finished_at="2026-11-21T12:00:00+00:00"))
    assert caught.value.exit_code is ExitCode.CANNOT_WRITE
    (left,) = results_folder("1.2.840.ZZPHI").iterdir()
    assert left.read_bytes() == before, "the old one is untouched and nothing half written stays"


def test_a_result_of_another_version_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    from medview.store import results

    monkeypatch.setattr(results, "FORMAT", 99)
    keep_result(a_result())
    monkeypatch.setattr(results, "FORMAT", 1)
    problems: list[Problem] = []
    assert kept_results("1.2.840.ZZPHI", problems) == ()
    assert "another version" in problems[0].what
    assert Path(problems[0].path).with_suffix(".damaged").is_file()
