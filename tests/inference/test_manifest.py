"""Manifests are read strictly, and what is wrong with one is said by the name of its field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from medview.core.problem import ExitCode, MedviewError
from medview.inference.manifest import parse_manifest
from tests.inference import packages


def refused(manifest: dict[str, Any] | str) -> str:
    with pytest.raises(MedviewError) as caught:
        parse_manifest(manifest if isinstance(manifest, str) else json.dumps(manifest))
    assert caught.value.exit_code is ExitCode.MODEL_UNUSABLE
    assert caught.value.code == "manifest_invalid"
    return caught.value.text


@pytest.mark.parametrize("name", sorted(packages.SHARED))
def test_the_manifests_of_the_shared_networks_are_valid(name: str) -> None:
    parsed = parse_manifest(json.dumps(packages.SHARED[name]()))
    assert parsed.research_only


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("task",), "segment", "task: 'segment' is not one of"),
        (("licence",), None, "licence: must be a text"),
        (("id",), "Not An Id", "id: 'Not An Id' is not allowed"),
        (("model",), "../model.onnx", "model: must be a path inside the package"),
        (("model",), "/etc/model.onnx", "model: must be a path inside the package"),
        (("model",), "c:\\model.onnx", "model: must be a path inside the package"),
        (("research_only",), "no", "research_only: must be true or false"),
        (("fits", "modalities"), "CT", "fits.modalities: must be a list"),
        (("fits", "minimum_slices"), 2.5, "fits.minimum_slices: must be a whole number"),
        (("fits", "slice_spacing_mm"), [3, 1], "fits.slice_spacing_mm: the first number must not be larger"),
        (("input", "unit"), "hounsfield", "input.unit: 'hounsfield' is not one of"),
        (("input", "axes"), ["P", "A"], "input.axes: two letters of the same axis"),
        (("input", "axes"), ["X", "Y"], "input.axes: only the letters"),
        (("input", "layout"), "NCDHW", "input: layout: NCDHW does not hold HW"),
        (("input", "layout"), "NCWH", "input: layout: NCWH does not hold HW"),
        (("input", "steps", 1), {"step": "clip", "low": 5, "high": 1}, "input.steps[1]: low must be smaller than high"),
        (("input", "steps", 1), {"step": "clip"}, "input.steps[1]: give low, high or both"),
        (("input", "steps", 1), {"step": "clip", "low": "a"}, "input.steps[1].low: must be a number"),
        (("input", "steps", 1), {"step": "blur"}, "input.steps[1]: 'blur' is not one of"),
        (("input", "steps", 1), {"low": 1}, "input.steps[1]: lacks 'step'"),
        (("input", "steps", 2), {"step": "pad", "multiple": [8, 8, 8]}, "steps[2].multiple: 3 numbers for 2 axes"),
        (("input", "steps", 2), {"step": "pad"}, "input.steps[2]: give either size or multiple"),
        (("input", "tiling"), {"size": [64, 64], "overlap": 1.0}, "input.tiling.overlap: must be below 1"),
        (("output", "kind"), "classification", "output.rule: is not a field of a manifest"),
        (("output", "labels"), [], "output.labels: has too few entries"),
        (("output", "labels", 0, "value"), 0, "output.labels[0].value: must be above 0"),
        (("output", "labels", 0, "colour"), [1, 2, 300], "output.labels[0].colour[2]: must be at most 255"),
        (("output", "threshold"), "half", "output.threshold: must be a number"),
        (("outputs",), {}, "outputs: is not a field of a manifest"),
    ],
)
def test_a_wrong_field_is_named(path: tuple[Any, ...], value: Any, said: str) -> None:
    manifest = packages.ct_lung()
    place: Any = manifest
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    assert said in refused(manifest)


@pytest.mark.parametrize("field", ["format", "id", "version", "licence", "authors", "intended_use", "task", "input"])
def test_a_missing_field_is_named(field: str) -> None:
    manifest = packages.ct_lung()
    del manifest[field]
    assert f"{field}: is missing" in refused(manifest)


def test_several_faults_are_told_at_once() -> None:
    manifest = packages.ct_lung()
    del manifest["licence"]
    manifest["input"]["unit"] = "?"
    text = refused(manifest)
    assert "licence" in text
    assert "input.unit" in text


def test_what_is_no_json_is_said() -> None:
    assert "not valid JSON" in refused("{")
    assert "given twice" in refused('{"id": "a", "id": "b"}')
    assert "nested too deeply" in refused("[" * 100_000)
    assert "must be an object" in refused("[]") or "manifest" in refused("[]")
    assert "finite" in refused(json.dumps(packages.ct_lung()).replace("1024", "NaN"))


def test_background_is_no_label() -> None:
    manifest = packages.meshnet_gwm()
    manifest["output"]["labels"].append({"index": 0, "name": "Background", "value": 7})
    assert "background is listed as a label" in refused(manifest)


def test_an_index_of_zero_needs_a_value() -> None:
    manifest = packages.ct_lung()
    del manifest["output"]["labels"][0]["value"]
    assert "index 0 needs a value above 0" in refused(manifest)


def test_values_of_labels_are_distinct() -> None:
    manifest = packages.meshnet_gwm()
    manifest["output"]["labels"][0]["value"] = 2
    assert "the same value twice" in refused(manifest)


def test_the_task_is_what_the_output_answers() -> None:
    manifest = packages.ct_lung()
    manifest["task"] = "detection"
    assert "output.kind: segmentation does not answer the task detection" in refused(manifest)


def test_boxes_have_as_many_dimensions_as_axes() -> None:
    manifest = packages.ct_lung()
    manifest["task"] = "detection"
    manifest["output"] = {
        "kind": "boxes",
        "boxes_output": "b",
        "scores_output": "s",
        "layout": "xyzxyz",
        "labels": [{"index": 1, "name": "x"}],
    }
    assert "output.layout: xyzxyz has 3 dimensions, input.axes 2" in refused(manifest)
