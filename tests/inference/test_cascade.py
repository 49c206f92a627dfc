"""Cascades: what one package found crops the input of the next; the answer lies on the whole series."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.app.infer_command import describe_result
from medview.core.finding import InferenceResult
from medview.core.problem import MedviewError
from medview.inference.library import install
from medview.inference.match import match
from medview.inference.package import ModelPackage, open_package
from tests.inference import networks
from tests.inference.packages import about, write_package
from tests.inference.volumes import (
    axial_geometry,
    made_package,
    patient_points,
    reorientations,
    run,
    series_of,
    stack_of,
    volume_of,
)

Array = np.ndarray[Any, Any]
SPACING = (2.0, 1.0, 1.0)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medview.inference.library.installed_folder", lambda: tmp_path / "installed")


def organ() -> Any:
    """An organ of 500 from (4, 6, 8) to (8, 14, 18), in it a bright 900; another 900 far outside."""
    stored = np.zeros((14, 24, 30), np.int16)
    stored[4:8, 6:14, 8:18] = 500
    stored[5, 9, 10:12] = 900
    stored[12, 20, 25] = 900
    return volume_of(stored, axial_geometry(stored.shape, SPACING))


def segmenter(name: str, level: float, axes: Any = ("S", "P", "L"), **given: Any) -> tuple[dict[str, Any], bytes]:
    layout = "NCHW" if len(axes) == 2 else "NCDHW"
    manifest = about(
        name,
        task="segmentation",
        input={"unit": "HU", "axes": list(axes), "layout": layout, **given},
        output={
            "kind": "segmentation", "rule": "threshold", "background": None,
            "labels": [{"index": 0, "value": 1, "name": name}], "keep_largest": 1,
        },
    )  # fmt: skip
    return manifest, networks.threshold_network(len(axes), level)


def packed(folder: Path, first: tuple[dict[str, Any], bytes], second: tuple[dict[str, Any], bytes]) -> ModelPackage:
    write_package(folder / "organ", *first)
    return open_package(write_package(folder, *second))


def marked(result: InferenceResult) -> list[list[int]]:
    assert result.segmentation is not None
    found: list[list[int]] = np.argwhere(result.segmentation.labels).tolist()
    return found


@pytest.mark.parametrize("axes", [("S", "P", "L"), ("A", "I", "R"), ("P", "L")])
def test_only_what_the_first_found_is_looked_at(axes: Any, tmp_path: Path) -> None:
    within = {"folder": "organ", "labels": ["organ"], "margin_mm": 2}
    package = packed(tmp_path / "both", segmenter("organ", 400), segmenter("spot", 800, axes, within=within))
    volume = organ()
    seen: list[str] = []
    result = run(package, volume, progress=lambda step, _done, _total: seen.append(step))
    assert marked(result) == [[5, 9, 10], [5, 9, 11]]
    assert result.segmentation is not None
    assert result.segmentation.geometry is volume.geometry
    (earlier,) = result.earlier
    assert earlier.provenance.package_id == "organ"
    assert earlier.box == ((3, 4, 6), (9, 16, 20))  # 2 mm are one slice and two pixels
    assert set(seen[: seen.index("open")]) == {"locate"}
    told = describe_result(result)
    assert (told["model"]["id"], [stage["id"] for stage in told["cascade"]]) == ("spot", ["organ"])
    assert told["cascade"][0]["sha256"] == open_package(tmp_path / "both" / "organ").model_sha256
    assert told["timing_s"]["locate"] >= 0


def test_every_orientation_gives_the_same_mask_in_the_patient(tmp_path: Path) -> None:
    within = {"folder": "organ", "margin_mm": 2}
    package = packed(tmp_path / "both", segmenter("organ", 400), segmenter("spot", 800, within=within))
    volume = organ()
    truth = patient_points(run(package, volume).segmentation.labels, volume.geometry)
    assert len(truth) == 2
    for name, turned in list(reorientations(volume))[::5]:
        found = patient_points(run(package, turned).segmentation.labels, turned.geometry)
        np.testing.assert_allclose(found, truth, atol=2e-3, err_msg=name)


def test_findings_and_images_come_back_to_their_places(tmp_path: Path) -> None:
    volume = organ()
    within = {"folder": "organ", "margin_mm": 0}
    maps = np.zeros((1, 1, 4, 8, 10), np.float32)
    maps[0, 0, 1, 3, 2] = 0.9
    finder = about(
        "spot",
        task="detection",
        input={"unit": "HU", "axes": ["S", "P", "L"], "layout": "NCDHW", "within": within},
        output={"kind": "center_heatmap", "labels": [{"index": 0, "name": "spot"}], "diameter_mm": 2},
    )
    package = packed(tmp_path / "finder", segmenter("organ", 400), (finder, networks.fixed_outputs(3, y=maps)))
    (finding,) = run(package, volume).findings
    assert (finding.center_voxel, finding.k, finding.sop_uid) == ((5, 9, 10), 5, "1.2.5")
    np.testing.assert_allclose(finding.center_lps, volume.geometry.voxel_to_patient([5, 9, 10]), atol=1e-6)

    maker = about(
        "made",
        task="image",
        input={"unit": "HU", "axes": ["S", "P", "L"], "layout": "NCDHW", "within": within},
        output={"kind": "image", "title": "made", "outside": -7},
    )
    twice = networks.convolution(np.full((1, 1, 1, 1, 1), 2.0, dtype=np.float32))
    image = run(packed(tmp_path / "maker", segmenter("organ", 400), (maker, twice)), volume).image
    assert image is not None
    expected = np.full(volume.shape, -7.0)
    expected[4:8, 6:14, 8:18] = 2.0 * volume.stored[4:8, 6:14, 8:18]
    np.testing.assert_array_equal(image.values, expected)


def test_a_detectors_box_crops_and_slopes_of_slices_stay_theirs(tmp_path: Path) -> None:
    """The box of a detector; each slice has a slope of its own, which the crop must not shift."""
    from medview.core.volume import ModalityTransform

    slopes = np.arange(1, 15, dtype=np.float64)
    stored = np.ones((14, 24, 30), np.int16)
    stored[0, 0, 0] = 0
    volume = volume_of(stored, axial_geometry(stored.shape, SPACING), transform=ModalityTransform(slopes, np.zeros(14)))
    box = np.array([[8.0, 6, 4, 18, 14, 8]], np.float32)
    finder = about(
        "box",
        task="detection",
        input={"unit": "HU", "axes": ["S", "P", "L"], "layout": "NCDHW"},
        output={
            "kind": "boxes", "boxes_output": "b", "scores_output": "s", "layout": "xyzxyz",
            "labels": [{"index": 0, "name": "box"}],
        },
    )  # fmt: skip
    first = (finder, networks.fixed_outputs(3, b=box, s=np.array([0.9], np.float32)))
    second = segmenter("late", 6.5, within={"folder": "organ", "margin_mm": 0})
    result = run(packed(tmp_path / "both", first, second), volume)
    assert result.earlier[0].box == ((4, 6, 8), (8, 14, 18))
    assert {k for k, _, _ in marked(result)} == {6, 7}  # slopes 7 and 8, of slices 4 to 7 with 5 to 8


def test_nothing_found_is_no_answer(tmp_path: Path) -> None:
    package = packed(tmp_path / "both", segmenter("organ", 900.2), segmenter("spot", 800, within={"folder": "organ"}))
    with pytest.raises(MedviewError, match="organ did not find anything, where the input of spot") as failed:
        run(package, organ())
    assert (failed.value.code, failed.value.exit_code) == ("nothing_to_crop", 3)


def test_an_installed_package_is_found_by_its_name_and_its_absence_told(tmp_path: Path) -> None:
    second = made_package(tmp_path, *segmenter("spot", 800, within={"package": "organ@1.0.0", "margin_mm": 2}))
    volume = organ()
    stack = stack_of(volume)
    unfit = match(second, series_of(stack), stack)
    assert [note.code for note in unfit.reasons] == ["cascade_missing"]
    with pytest.raises(MedviewError, match=r"spot needs the package organ@1\.0\.0 before it"):
        run(second, volume)
    first, network = segmenter("organ", 400)
    install(write_package(tmp_path / "organ", {**first, "fits": {"modalities": ["MR"]}}, network))
    assert len(marked(run(second, volume))) == 2
    told = match(second, series_of(stack), stack)
    assert [note.text for note in told.reasons] == ["organ: The series is CT; the model is for MR."]


def test_a_packed_package_is_installed_and_hashed_with_its_inner_one(tmp_path: Path) -> None:
    within = {"folder": "organ", "margin_mm": 2}
    package = packed(tmp_path / "both", segmenter("organ", 400), segmenter("spot", 800, within=within))
    installed = install(tmp_path / "both")
    assert installed.sha256 == package.sha256
    assert "organ/model.onnx" in installed.files
    assert len(marked(run(installed, organ()))) == 2
    changed = packed(tmp_path / "other", segmenter("organ", 401), segmenter("spot", 800, within=within))
    assert changed.sha256 != package.sha256


@pytest.mark.parametrize(
    ("within", "text"),
    [
        ({}, r"input\.within: give either package or folder"),
        ({"folder": "../organ"}, "within: folder: must be a path inside the package"),
        ({"folder": "organ", "labels": ["liver"]}, "input.within: organ finds no 'liver', but organ"),
    ],
)
def test_a_wrong_field_is_named(within: dict[str, Any], text: str, tmp_path: Path) -> None:
    with pytest.raises(MedviewError, match=text):
        run(packed(tmp_path / "both", segmenter("organ", 400), segmenter("spot", 800, within=within)), organ())


def test_a_chain_that_bites_its_tail_is_refused(tmp_path: Path) -> None:
    install(write_package(tmp_path / "a", *segmenter("a", 1, within={"package": "b"})))
    install(write_package(tmp_path / "b", *segmenter("b", 1, within={"package": "a"})))
    with pytest.raises(MedviewError, match="more than 4 stages or never ends"):
        run(open_package("a"), organ())


def test_what_a_cascade_gave_is_kept_with_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from medview.store import results

    monkeypatch.setattr(results, "user_folder", lambda: tmp_path / "user")
    within = {"folder": "organ", "margin_mm": 2}
    package = packed(tmp_path / "both", segmenter("organ", 400), segmenter("spot", 800, within=within))
    result = run(package, organ())
    results.keep_result(result)
    (back,) = results.kept_results(result.provenance.series_uid)
    assert back.earlier == result.earlier
    assert json.dumps(describe_result(back)["cascade"]) == json.dumps(describe_result(result)["cascade"])
