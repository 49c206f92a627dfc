"""Questions to networks whose reasons are known: the answer must be that reason, at its place in the patient."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.explanation import Explanation, ValueMap
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Cancelled
from medview.core.volume import Volume
from medview.inference.explaining.covering import weighted_ridge
from medview.inference.explaining.dense_maps import Spread, entropy_bits
from medview.inference.explaining.variation import shifted
from tests.inference import networks
from tests.inference.explaining import ask, classifier, corner_network, feature_network, segmenter
from tests.inference.packages import about
from tests.inference.volumes import axial_geometry, made_package, reorientations, run, volume_of

Array = np.ndarray[Any, Any]


def textured(shape: tuple[int, int, int] = (3, 24, 32), geometry: bool = True) -> Volume:
    values = np.random.default_rng(4).random(shape).astype(np.float32) * 0.2 + 0.4
    return volume_of(values, axial_geometry(shape) if geometry else None, "arbitrary")


def blob(shape: tuple[int, int, int] = (3, 24, 32), at: tuple[slice, slice] = np.s_[14:20, 20:28]) -> Volume:
    """Dark, with one bright rectangle in every slice."""
    values = np.random.default_rng(5).random(shape).astype(np.float32) * 0.05
    values[:, at[0], at[1]] += 0.9
    return volume_of(values, axial_geometry(shape), "arbitrary")


def only(made: Explanation) -> ValueMap:
    (found,) = made.maps
    return found


# Occlusion -----------------------------------------------------------------------------------------------------------


def test_what_a_network_never_looks_at_changes_nothing(tmp_path: Path) -> None:
    volume = volume_of(textured().stored, axial_geometry((3, 24, 32), (2.0, 1.0, 1.0)), "arbitrary")
    made = ask(
        "occlusion",
        classifier(tmp_path, corner_network()),
        volume,
        voxel=(1, 0, 0),
        patch_mm=4.0,
        stride_mm=4.0,
        fill="value",
        fill_value=0.0,
    )
    found = only(made)
    assert made.label == "Corner"
    assert np.isnan(found.values[[0, 2]]).all(), "only the slice that was asked about"
    values = found.values[1]
    assert (values[:8, :8] > 1e-3).all()
    assert np.abs(values[8:, :]).max() < 1e-6
    assert np.abs(values[:, 8:]).max() < 1e-6
    base = 1 / (1 + np.exp(-4 * volume.stored[1, :8, :8].mean()))
    assert made.baseline == pytest.approx(base, abs=1e-5)
    without = volume.stored[1].copy()
    without[:4, :4] = 0
    expected = base - 1 / (1 + np.exp(-4 * without[:8, :8].mean()))
    assert values[0, 0] == pytest.approx(expected, abs=1e-5)
    assert made.places[0].center_voxel[0] == 1
    assert made.sources[0].package_sha256
    assert made.sources[0].research_only


def test_the_map_lies_at_the_same_place_of_the_patient_in_all_48_orientations(tmp_path: Path) -> None:
    package = classifier(tmp_path, corner_network())
    shape = (3, 24, 32)
    corner = volume_of(textured(shape).stored, axial_geometry(shape, (2.0, 1.0, 1.0)), "arbitrary")
    assert corner.geometry is not None
    middle = corner.geometry.voxel_to_patient((1.0, 11.0, 15.0))
    wanted = None
    for name, volume in reorientations(corner):
        assert volume.geometry is not None
        voxel = tuple(float(at) for at in volume.geometry.patient_to_voxel(middle))
        made = ask("occlusion", package, volume, voxel=voxel, patch_mm=6.0, stride_mm=6.0)
        values = only(made).values
        where = np.argwhere(np.isfinite(values))
        points = np.round(volume.geometry.voxel_to_patient(where), 3) + 0.0
        order = np.lexsort(points.T)
        here = np.concatenate([points[order], np.round(values[tuple(where[order].T)], 5)[:, None]], axis=1)
        if wanted is None:
            wanted = here
            peak = points[np.argmax(values[tuple(where.T)])]
            # Top left of an axial slice as displayed: anterior, and at the patient's right.
            assert peak[0] < corner.geometry.bounds[0][0] + 10
            assert peak[1] < corner.geometry.bounds[0][1] + 10
        np.testing.assert_allclose(here, wanted, atol=2e-5, err_msg=name)


def test_a_volume_is_covered_with_blocks(tmp_path: Path) -> None:
    shape = (12, 16, 20)
    volume = volume_of(textured(shape).stored, axial_geometry(shape, (1.0, 1.0, 1.0)), "arbitrary")
    package = classifier(tmp_path, corner_network(4, spatial=3), ("S", "P", "L"))
    values = only(ask("occlusion", package, volume, patch_mm=4.0, stride_mm=4.0, fill="minimum")).values
    assert np.isfinite(values).all()
    assert (values[:4, :4, :4] > 1e-3).all()
    rest = values.copy()
    rest[:4, :4, :4] = 0
    assert np.abs(rest).max() < 1e-6


def test_of_a_segmentation_the_label_is_asked_for_where_it_was_found(tmp_path: Path) -> None:
    made = ask("occlusion", segmenter(tmp_path), blob(), patch_mm=4.0, stride_mm=2.0, fill="minimum")
    values = only(made).values[1]
    assert made.baseline is not None
    assert made.baseline > 0.9
    assert values[16, 24] > 0.1
    assert np.abs(values[:8]).max() < 0.01


def test_a_detectors_finding_is_asked_about_alone(tmp_path: Path) -> None:
    from tests.inference.test_detection import heatmap_manifest

    shape = (16, 32, 32)
    values = np.zeros(shape, np.float32)
    values[4, 8, 8], values[11, 24, 24] = 0.9, 0.7
    volume = volume_of(values, axial_geometry(shape, (1.0, 1.0, 1.0)), "HU")
    described = heatmap_manifest(diameter_channel=1, diameter_unit="log_mm", diameter_mm=None)
    package = made_package(tmp_path, described, networks.affine_channels(3, [1.0, 0.0], [0.0, np.log(7.0)]))
    box = ((9.0, 22.0, 22.0), (13.0, 26.0, 26.0))
    made = ask("occlusion", package, volume, box=box, patch_mm=4.0, stride_mm=4.0, fill="minimum")
    drop = only(made).values
    # The score is that of the finding itself, not of numbers that the diameter's channel had a say in.
    assert made.baseline == pytest.approx(
        max(one.score for one in run(package, volume).findings if one.k == 11), abs=1e-5
    )
    assert np.unravel_index(np.argmax(drop), shape) == (8, 24, 24)
    assert drop[4, 8, 8] == pytest.approx(0, abs=1e-6)


def test_a_tile_of_a_large_volume_is_questioned(tmp_path: Path) -> None:
    shape = (8, 48, 48)
    volume = volume_of(textured(shape).stored, axial_geometry(shape, (1.0, 1.0, 1.0)), "arbitrary")
    package = segmenter(tmp_path, tiling={"size": [16, 16], "overlap": 0.5})
    values = volume.stored
    values[3, 30:34, 30:34] = 1.0
    made = ask("occlusion", package, volume, voxel=(3, 32, 32), patch_mm=4.0, stride_mm=4.0, fill="minimum")
    found = only(made).values
    asked = np.argwhere(np.isfinite(found))
    # Tiles of a run start at 0, 8, 16 …: the one from 24 has most to say at 32.
    assert (asked.min(axis=0), asked.max(axis=0)) == (pytest.approx([3, 24, 24]), pytest.approx([3, 39, 39]))
    shifted_by = only(ask("occlusion", package, volume, voxel=(3, 30, 36), patch_mm=4.0, fill="minimum")).values
    asked = np.argwhere(np.isfinite(shifted_by))
    assert (asked.min(axis=0), asked.max(axis=0)) == (pytest.approx([3, 24, 32]), pytest.approx([3, 39, 47]))


# Superpixels ---------------------------------------------------------------------------------------------------------


def test_superpixels_find_the_corner_and_the_seed_makes_it_the_same(tmp_path: Path) -> None:
    package, volume = classifier(tmp_path, corner_network()), textured()
    j, i = np.mgrid[:24, :32]
    volume.stored[:] = 0.5 + 0.02 * (j // 8) + 0.1 * (i // 8)
    wish: dict[str, Any] = {"segments": 12, "samples": 120, "fill": "value", "fill_value": 0.0, "ridge": 0.01}
    made = ask("superpixels", package, volume, **wish)
    values = only(made).values[1]
    best = np.unravel_index(np.argmax(values), values.shape)
    assert best[0] < 8
    assert best[1] < 8
    assert values[16:, 16:].max() < 0.2 * values.max()
    assert {name: value for name, value, _ in made.parameters}["fit_r2"] > 0.9
    assert np.array_equal(only(ask("superpixels", package, volume, **wish)).values[1], values)
    assert made.places[0].value == pytest.approx(values.max(), rel=1e-5)
    k, j, i = made.places[0].center_voxel
    assert (k, j < 10, i < 10) == (1, True, True)
    other = only(ask("superpixels", package, volume, **wish, seed=2)).values[1]
    assert not np.array_equal(other, values)


def test_ridge_regression_gives_back_a_line() -> None:
    random = np.random.default_rng(0)
    patterns = random.integers(0, 2, (200, 5)).astype(float)
    true = np.array([0.4, 0, -0.2, 0.1, 0])
    scores = patterns @ true + 0.3
    found, fit = weighted_ridge(patterns, scores, random.random(200) + 0.1, 1e-9)
    np.testing.assert_allclose(found, true, atol=1e-9)
    assert fit == pytest.approx(1)
    heavy, _ = weighted_ridge(patterns, scores, np.ones(200), 1e6)
    assert np.abs(heavy).max() < 1e-3


# Inside of the network -----------------------------------------------------------------------------------------------


def test_the_layers_of_a_network_are_listed_and_one_is_chosen(tmp_path: Path) -> None:
    made = ask("features", classifier(tmp_path, feature_network()), blob())
    assert {n: v for n, v, _ in made.parameters}["tensor"] == "features"
    assert made.mosaic is not None
    assert len(made.mosaic.channels) == 8
    assert made.mosaic.channel_at(0, 0) == 0
    assert len(made.table) == 8
    # Map 1 is negative everywhere, so ReLU left nothing of it.
    assert made.table[1].values == (0, 0, 0, 0)
    strongest = made.maps[0]
    assert strongest.id == "channel_0"
    np.testing.assert_allclose(np.nanmax(strongest.values), 0.95, atol=0.05)
    assert np.nanargmax(strongest.values[1]) == pytest.approx(np.ravel_multi_index((17, 24), (24, 32)), abs=150)


def test_a_layer_of_a_network_with_weights_beside_it(tmp_path: Path) -> None:
    import onnx

    package = classifier(tmp_path, feature_network())
    plain = ask("features", package, blob())
    onnx.save_model(
        onnx.load_from_string(feature_network()),
        str(package.model_path),
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
    )
    beside = ask("features", package, blob())
    np.testing.assert_array_equal(beside.maps[0].values, plain.maps[0].values)


@pytest.mark.parametrize("kind", ["eigen", "score"])
def test_class_activation_lies_on_what_is_bright(tmp_path: Path, kind: str) -> None:
    made = ask("cam", classifier(tmp_path, feature_network()), blob(), kind=kind)
    values = only(made).values[1]
    assert values[14:20, 20:28].min() > 0.4
    assert values[:10].max() < 0.2
    assert values[:, :16].max() < 0.2
    codes = {note.code for note in made.notes}
    assert ("eigen_cam_no_label" in codes) == (kind == "eigen")
    assert made.label == ("Corner" if kind == "score" else "")


def test_a_layer_is_chosen_by_name_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    package = classifier(tmp_path, feature_network())
    made = ask("cam", package, blob(), tensor="all")
    assert ("layer", "8 × 24×32", "") in made.parameters
    with pytest.raises(MedviewError) as caught:
        ask("cam", package, blob(), tensor="nowhere")
    assert (caught.value.code, caught.value.exit_code) == ("no_such_tensor", ExitCode.BAD_USE)
    assert "features" in caught.value.text
    with pytest.raises(MedviewError) as caught:
        ask("cam", classifier(tmp_path, corner_network(), name="flat"), blob())
    assert caught.value.code == "no_features"


# Probabilities, variation, ensembles ---------------------------------------------------------------------------------


def test_the_probability_of_each_place_is_the_networks_own(tmp_path: Path) -> None:
    volume = blob()
    package = segmenter(tmp_path, sharpness=3.0)
    found = only(ask("probability", package, volume))
    expected = 1 / (1 + np.exp(-3.0 * (volume.stored - 0.5)))
    np.testing.assert_allclose(found.values, expected, atol=1e-5)
    assert (found.lower, found.upper) == (0, 1)
    one = only(ask("probability", package, volume, voxel=(2, 3, 3), scope="slice"))
    assert np.isnan(one.values[:2]).all()
    np.testing.assert_allclose(one.values[2], expected[2], atol=1e-5)


def test_probabilities_of_several_labels_and_of_raw_numbers(tmp_path: Path) -> None:
    manifest = about(
        "two",
        task="segmentation",
        fits={},
        input={"unit": "modality", "axes": ["P", "L"], "layout": "NCHW", "steps": []},
        output={"kind": "segmentation", "labels": [{"index": 1, "name": "One"}, {"index": 2, "name": "Two"}]},
    )
    package = made_package(tmp_path, manifest, networks.affine_channels(2, [0, 2, 4], [0, 0, -1]))
    volume = textured()
    logits = np.stack([0 * volume.stored, 2 * volume.stored, 4 * volume.stored - 1])
    parts = np.exp(logits) / np.exp(logits).sum(axis=0)
    np.testing.assert_allclose(only(ask("probability", package, volume, label="two")).values, parts[2], atol=1e-5)
    highest = only(ask("probability", package, volume)).values
    np.testing.assert_allclose(highest, parts[1:].max(axis=0), atol=1e-5)
    with pytest.raises(MedviewError) as caught:
        ask("probability", package, volume, label="Three")
    assert (caught.value.code, caught.value.exit_code) == ("no_such_label", ExitCode.BAD_USE)


def test_variation_is_certain_inside_and_not_at_the_border(tmp_path: Path) -> None:
    volume = blob()
    made = ask("variation", segmenter(tmp_path, mirror=[1]), volume, shift=1, noise=0.0)
    mean, deviation, entropy = made.maps
    assert [one.id for one in made.maps] == ["mean", "deviation", "entropy"]
    assert np.isnan(mean.values[0]).all()
    # Its answer at a voxel depends on that voxel alone: moved there and back nothing changes but at the border.
    assert np.nanmax(deviation.values[1][2:-2, 2:-2]) < 1e-6
    plain = 1 / (1 + np.exp(-10 * (volume.stored[1] - 0.5)))
    np.testing.assert_allclose(mean.values[1][2:-2, 2:-2], plain[2:-2, 2:-2], atol=1e-5)
    np.testing.assert_allclose(entropy.values[1], entropy_bits(mean.values[1]), atol=1e-5)
    assert made.runs == 1 + 1 + 4
    noisy = ask("variation", segmenter(tmp_path, level=0.45, name="noisy"), volume, shift=0, noise=0.5)
    assert np.nanmax(noisy.maps[1].values) > 0.05
    assert {note.code for note in noisy.notes} == {"variation_not_mirrored"}


def test_a_classifier_that_looks_at_one_corner_is_unsure_when_mirrored(tmp_path: Path) -> None:
    volume = textured()
    volume.stored[:, :8, :8] = 1.0
    package = classifier(tmp_path, corner_network())
    made = ask("variation", package, volume, shift=0, noise=0.0, flips="all axes")
    assert made.columns == ("mean", "deviation", "minimum", "maximum")
    row = made.table[0]
    assert row.name == "Corner"
    assert row.values[3] == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-3)
    assert row.values[1] is not None
    assert row.values[1] > 0.02
    assert made.maps == ()
    with pytest.raises(MedviewError) as caught:
        ask("variation", package, volume, shift=0, noise=0.0, flips="none")
    assert caught.value.code == "nothing_varied"


def test_an_ensemble_is_the_mean_and_spread_of_its_members(tmp_path: Path) -> None:
    volume = blob()
    members = [segmenter(tmp_path, level, f"member-{n}", 5.0) for n, level in enumerate((0.3, 0.5, 0.7))]
    mean, deviation, _ = ask("ensemble", members, volume).maps
    each = np.stack([1 / (1 + np.exp(-5.0 * (volume.stored - level))) for level in (0.3, 0.5, 0.7)])
    np.testing.assert_allclose(mean.values, each.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(deviation.values, each.std(axis=0), atol=1e-5)
    with pytest.raises(MedviewError) as caught:
        ask("ensemble", [members[0], classifier(tmp_path, corner_network())], volume)
    assert caught.value.code == "tasks_differ"
    with pytest.raises(MedviewError) as caught:
        ask("ensemble", members[:1], volume)
    assert caught.value.code == "bad_package_count"


def test_welford_and_entropy() -> None:
    values = np.random.default_rng(1).random((7, 3, 4))
    spread = Spread()
    for one in values:
        spread.add(one)
    np.testing.assert_allclose(spread.mean, values.mean(axis=0))  # type: ignore[arg-type]
    np.testing.assert_allclose(spread.deviation, values.std(axis=0))
    np.testing.assert_allclose(entropy_bits(np.array([0.5, 1.0, 0.0, np.nan])), [1, 0, 0, np.nan], atol=1e-5)
    np.testing.assert_array_equal(shifted(np.arange(5), 0, 2), [0, 0, 0, 1, 2])
    np.testing.assert_array_equal(shifted(np.arange(5), 0, -2), [2, 3, 4, 4, 4])


def test_an_image_to_image_network_and_a_detector_are_varied(tmp_path: Path) -> None:
    from tests.inference.test_detection import heatmap_manifest

    shape = (12, 24, 24)
    values = np.zeros(shape, np.float32)
    values[4, 8, 8], values[8, 16, 16] = 0.9, 0.3
    volume = volume_of(values, axial_geometry(shape, (1.0, 1.0, 1.0)), "HU")
    described = heatmap_manifest(activation="sigmoid", score_threshold=0.25)
    finder = made_package(tmp_path, described, networks.affine_channels(3, [8.0], [-3.0]))
    made = ask("variation", finder, volume, shift=1, noise=1.0, noise_runs=6)
    assert [one.id for one in made.maps] == ["mean", "deviation", "entropy"]
    assert made.columns == ("mean score", "deviation", "share of runs")
    first = made.table[0].values
    assert first[0] == pytest.approx(0.985, abs=0.1)
    assert first[2] == 1
    assert made.places[0].center_voxel == pytest.approx((4, 8, 8), abs=0.5)
    compared = ask("compare", [finder, finder], volume)
    assert compared.baseline == 1
    manifest = about(
        "double",
        task="image",
        fits={},
        input={"unit": "modality", "axes": ["P", "L"], "layout": "NCHW", "steps": []},
        output={"kind": "image", "title": "Twice"},
    )
    double = made_package(tmp_path, manifest, networks.affine_channels(2, [2.0], [0.0]))
    mean, deviation = ask("variation", double, volume, shift=0, noise=0.5, noise_runs=4, voxel=(4, 8, 8)).maps
    assert np.nanmax(mean.values) == pytest.approx(1.8, abs=0.2)
    assert np.nanmax(deviation.values) > 0


# Two packages --------------------------------------------------------------------------------------------------------


def test_two_segmentations_are_held_against_one_another(tmp_path: Path) -> None:
    shape = (3, 24, 32)
    values = np.zeros(shape, np.float32)
    values[:, 4:10, 4:12] = 0.9
    values[1, 15:20, 20:30] = 0.6
    volume = volume_of(values, axial_geometry(shape), "arbitrary")
    strict, wide = segmenter(tmp_path, 0.75, "strict"), segmenter(tmp_path, 0.5, "wide")
    made = ask("compare", [strict, wide], volume)
    both, more = 3 * 6 * 8, 5 * 10
    voxel_ml = 2.5 * 0.7 * 0.8 / 1000
    (row,) = made.table
    assert row.values[0] == pytest.approx(2 * both / (2 * both + more))
    assert row.values[1:] == pytest.approx((both * voxel_ml, (both + more) * voxel_ml, more * voxel_ml))
    assert made.baseline == pytest.approx(both / (both + more))
    (place,) = made.places
    assert place.name == "only wide"
    assert place.volume_ml == pytest.approx(more * voxel_ml)
    k, j, i = (int(at) for at in place.center_voxel)
    assert made.segmentation is not None
    assert made.segmentation.labels[k, j, i] == 2
    np.testing.assert_array_equal(made.segmentation.labels == 3, values == np.float32(0.9))
    assert len(made.sources) == 2
    assert ask("compare", [strict, wide], volume, smallest_ml=1.0).places == ()


def test_labels_that_only_one_knows_are_compared_as_one(tmp_path: Path) -> None:
    manifest = about(
        "halves",
        task="segmentation",
        fits={},
        input={"unit": "modality", "axes": ["P", "L"], "layout": "NCHW", "steps": []},
        output={"kind": "segmentation", "labels": [{"index": 1, "name": "Dim"}, {"index": 2, "name": "Clear"}]},
    )
    two = made_package(tmp_path, manifest, networks.affine_channels(2, [0, 10, 20], [0, -5, -13]))
    volume = blob()
    made = ask("compare", [two, segmenter(tmp_path)], volume)
    assert [row.name for row in made.table] == ["all labels"]
    assert made.table[0].values[0] == pytest.approx(1)
    assert made.baseline == pytest.approx(1)
    assert "labels_not_shared" in {note.code for note in made.notes}


def test_two_classifiers_and_what_cannot_be_compared(tmp_path: Path) -> None:
    volume = textured()
    first, second = classifier(tmp_path, corner_network()), classifier(tmp_path, corner_network(16), name="wider")
    made = ask("compare", [first, second], volume)
    assert made.baseline == 1
    assert [row.name for row in made.table] == ["Corner", "Nothing"]
    a, b, difference = made.table[0].values
    assert a is not None
    assert b is not None
    assert difference == pytest.approx(b - a)
    with pytest.raises(MedviewError) as caught:
        ask("compare", [first, segmenter(tmp_path)], volume)
    assert caught.value.code == "tasks_differ"


# What is no explanation ----------------------------------------------------------------------------------------------


def test_a_failed_answer_is_an_error_and_never_an_empty_map(tmp_path: Path) -> None:
    manifest = {"axes": ["P", "L"]}
    for kind, code in (
        ("nan", "output_not_finite"),
        ("infinity", "output_not_finite"),
        ("constant", "output_constant"),
    ):
        package = segmenter(tmp_path, name=f"broken-{kind}", **manifest)
        package.model_path.write_bytes(networks.broken_network(2, kind))
        for method in ("probability", "occlusion", "variation"):
            with pytest.raises(MedviewError) as caught:
                ask(method, package, blob())
            assert (caught.value.code, caught.value.exit_code) == (code, ExitCode.RUN_FAILED)
    # The corner of the image is what it already is covered with: nothing can fall.
    flat = textured()
    flat.stored[:, :8, :8] = 0.5
    with pytest.raises(MedviewError) as caught:
        ask("occlusion", classifier(tmp_path, corner_network()), flat, fill="value", fill_value=0.5, patch_mm=5.0)
    assert (caught.value.code, caught.value.exit_code) == ("map_empty", ExitCode.RUN_FAILED)
    with pytest.raises(MedviewError) as caught:
        ask("occlusion", segmenter(tmp_path, level=2.0, name="nothing"), blob())
    assert caught.value.code == "label_absent"


def test_what_is_asked_wrongly_is_named(tmp_path: Path) -> None:
    package = segmenter(tmp_path)
    for wish, code in (
        ({"method": "guessing"}, "bad_method"),
        ({"method": "occlusion", "voxel": (99, 0, 0)}, "place_outside"),
        ({"method": "occlusion", "patch": 3}, "filter_parameter"),
        ({"method": "occlusion", "fill": "noise"}, "filter_parameter"),
        ({"method": "occlusion", "label": "Dark"}, "no_such_label"),
    ):
        with pytest.raises(MedviewError) as caught:
            ask(packages=package, volume=blob(), **wish)  # type: ignore[arg-type]
        assert (caught.value.code, caught.value.exit_code) == (code, ExitCode.BAD_USE)


def test_a_question_can_be_taken_back(tmp_path: Path) -> None:
    asked: list[int] = []

    def progress(step: str, done: int, total: int) -> None:
        if step == "explain":
            asked.append(done)
            if done >= 3:
                raise Cancelled

    with pytest.raises(Cancelled):
        ask("occlusion", classifier(tmp_path, corner_network()), textured(), progress=progress)
    assert asked == [0, 1, 2, 3]
