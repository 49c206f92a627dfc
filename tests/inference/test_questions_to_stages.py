"""Questions to networks that are more than one call: the last stage of a cascade, one frame of what remembers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medview.core.problem import MedviewError
from tests.inference.explaining import ask
from tests.inference.test_cascade import organ, packed, segmenter
from tests.inference.test_sequences import STATE, SUM, accumulator, cine, package


def test_a_cascade_is_asked_about_what_its_last_package_sees(tmp_path: Path) -> None:
    within = {"folder": "organ", "labels": ["organ"], "margin_mm": 2}
    both = packed(tmp_path / "both", segmenter("organ", 400), segmenter("spot", 800, ("P", "L"), within=within))
    volume = organ()
    made = ask("probability", both, volume, scope="series")
    values = made.maps[0].values
    assert values.shape == volume.shape
    box = np.zeros(volume.shape, bool)
    box[3:9, 4:16, 6:20] = True
    assert np.isnan(values[~box]).all(), "outside of the part nothing was asked"
    assert np.isfinite(values[box]).all()
    assert np.argwhere(np.nan_to_num(values) > 0.5).tolist() == [[5, 9, 10], [5, 9, 11]]
    assert made.geometry is volume.geometry
    assert "asked_within" in {note.code for note in made.notes}
    covered = ask("occlusion", both, volume, voxel=(5, 9, 10), patch_mm=2.0, stride_mm=1.0)
    assert list(covered.place or ()) == [5, 9, 10]
    strongest = np.unravel_index(np.nanargmax(covered.maps[0].values), volume.shape)
    assert strongest[0] == 5
    assert abs(int(strongest[1]) - 9) <= 1
    assert 9 <= strongest[2] <= 12


def test_a_place_that_the_last_package_never_saw_is_told(tmp_path: Path) -> None:
    within = {"folder": "organ", "margin_mm": 0}
    both = packed(tmp_path / "both", segmenter("organ", 400), segmenter("spot", 800, within=within))
    with pytest.raises(MedviewError, match="never saw this place") as caught:
        ask("probability", both, organ(), voxel=(12, 20, 25))
    assert caught.value.code == "place_outside_crop"
    with pytest.raises(MedviewError, match="not be averaged") as caught:
        ask("ensemble", [both, both], organ())
    assert caught.value.code == "cascade_not_joined"


def test_one_frame_is_asked_about_with_all_before_it_remembered(tmp_path: Path) -> None:
    """The network says the sum of the means so far: covering the fourth frame takes its own mean away, nothing else."""
    volume = cine()
    made = package(tmp_path, "regression", accumulator([1, 1]), SUM, states=[STATE])
    means = volume.stored[..., 0].reshape(6, -1).mean(axis=1)
    found = ask("occlusion", made, volume, voxel=(3, 4, 5), fill="value", fill_value=0.0)
    assert found.baseline == pytest.approx(2 * means[:4].sum(), rel=1e-5)
    values = found.maps[0].values
    assert np.isnan(values[[0, 1, 2, 4, 5]]).all()
    lost = values[3]
    assert np.isfinite(lost).all()
    assert 0 < lost.max() <= 2 * means[3] + 1e-3
    again = ask(
        "variation", made, volume, voxel=(3, 4, 5), scope="slice", flips="none", shift=0, noise=1e-6, noise_runs=1
    )
    assert again.table[0].values[0] == pytest.approx(2 * means[:4].sum(), rel=1e-4)
