"""What the newer tasks give is kept, read back, written out and shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.app.derived_series import write_derived_series
from medview.app.infer_command import describe_result, write_result
from medview.core.finding import DerivedImage, Finding, InferenceResult, Keypoint, ModelValue, Provenance
from medview.core.problem import MedviewError
from medview.formats.volume_file import read_volume_stack
from medview.store.results import keep_result, kept_results
from tests.inference.volumes import axial_geometry, stack_of, volume_of

PROVENANCE = Provenance("net", "Net", "1.0", "aa", "cpu", "cpu", "1.2.3", "stack-1", "2026-11-21T12:00:00+00:00", 1.0)


def result() -> InferenceResult:
    values = np.arange(4 * 5 * 6, dtype=np.float32).reshape(4, 5, 6) / np.float32(7)
    point = Keypoint("head", (0.0, 1.0, 2.0), (1.0, 2.0, 3.0), 0.75, False)
    box = ((0.0, 0.0, 0.0), (1.0, 2.0, 3.0))
    return InferenceResult(
        PROVENANCE,
        "image",
        findings=(Finding("f-1", "cyst", 0.9, (0.5, 1, 1.5), box, keypoints=(point,), mask_value=3),),
        values=(ModelValue("age", 61.5, "a"),),
        image=DerivedImage(values, axial_geometry((4, 5, 6)), "de/noised", "HU"),
        inputs=(("T1", "stack-1"), ("T2", "stack-2")),
    )


def test_a_kept_result_comes_back_whole() -> None:
    made = result()
    keep_result(made)
    (back,) = [one for one in kept_results("1.2.3") if one.provenance.package_id == "net"]
    assert back.values == made.values
    assert back.inputs == made.inputs
    assert back.findings == made.findings
    assert back.image is not None
    assert made.image is not None
    np.testing.assert_array_equal(back.image.values, made.image.values)
    assert back.image.geometry is not None
    assert made.image.geometry is not None
    assert back.image.geometry.same_grid(made.image.geometry, 1e-6)
    assert (back.image.title, back.image.unit) == ("de/noised", "HU")


def test_everything_stands_in_the_folder(tmp_path: Path) -> None:
    made = result()
    assert made.image is not None
    volume = volume_of(np.zeros((4, 5, 6), np.int16), made.image.geometry)
    content = write_result(made, stack_of(volume), tmp_path / "out")
    assert content["values"] == [{"name": "age", "value": 61.5, "unit": "a"}]
    assert content["inputs"] == {"T1": "stack-1", "T2": "stack-2"}
    assert content["image"]["maximum"] == pytest.approx(119 / 7)
    assert content["findings"][0]["keypoints"][0]["lps"] == [1.0, 2.0, 3.0]
    stack = read_volume_stack(tmp_path / "out" / "image.nii.gz")
    assert stack.whole is not None
    np.testing.assert_allclose(stack.whole.read(), made.image.values, rtol=1e-6)


def test_a_made_image_says_in_its_name_what_it_is(tmp_path: Path) -> None:
    path = write_derived_series(result(), tmp_path)
    assert path.name.startswith("AI denoised - net 1.0")
    stack = read_volume_stack(path)
    assert stack.geometry is not None
    assert stack.geometry.same_grid(axial_geometry((4, 5, 6)), 1e-3)
    image: Any = result().image
    with pytest.raises(MedviewError, match="no position"):
        write_derived_series(replace(result(), image=replace(image, geometry=None)), tmp_path)


def test_a_result_without_image_describes_none() -> None:
    assert describe_result(replace(result(), image=None))["image"] is None
