"""Tasks beyond one grey volume: neighbouring slices, several series, regions, grades, numbers and images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.geometry import Geometry
from medview.core.problem import MedviewError
from medview.inference.channel_choice import channel_stacks
from medview.inference.manifest import Input
from medview.inference.request import ChannelSeries
from medview.inference.tasks import grades_of
from tests.inference import networks
from tests.inference.packages import about
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
RNG = np.random.default_rng(11)


def noise(shape: tuple[int, int, int] = (9, 14, 18), spacing: tuple[float, float, float] = (2.5, 0.7, 0.8)) -> Any:
    return volume_of(RNG.integers(-900, 900, shape).astype(np.int16), axial_geometry(shape, spacing))


def package(folder: Path, task: str, network: bytes, output: dict[str, Any], axes: list[str], **given: Any) -> Any:
    layout = "NCDHW" if len(axes) == 3 else "NCHW"
    manifest = about("tasks", task=task, input={"unit": "HU", "axes": axes, "layout": layout, **given}, output=output)
    return made_package(folder, manifest, network)


IMAGE = {"kind": "image", "title": "made"}


def picked(count: int, channel: int) -> bytes:
    """A 2-D network that shows one of its channels."""
    kernel = np.zeros((1, count, 1, 1), dtype=np.float32)
    kernel[0, channel] = 1
    return networks.convolution(kernel)


# Neighbouring slices -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("channel", "way", "shift"), [(0, "low", -2), (4, "low", 2), (2, "low", 0), (0, "high", 2)])
@pytest.mark.parametrize("batch", [1, 4])
def test_neighbours_are_the_slices_beside(channel: int, way: str, shift: int, batch: int, tmp_path: Path) -> None:
    volume = noise()
    made = package(
        tmp_path, "image", picked(5, channel), IMAGE, ["P", "L"], neighbours=2, neighbours_from=way, batch=batch
    )
    image = run(made, volume).image
    assert image is not None
    rows = np.clip(np.arange(9) + shift, 0, 8)
    np.testing.assert_array_equal(image.values, volume.stored[rows])


def test_beyond_the_last_slice_may_be_zeros(tmp_path: Path) -> None:
    volume = noise()
    made = package(tmp_path, "image", picked(3, 2), IMAGE, ["P", "L"], neighbours=1, neighbours_beyond="zero", batch=4)
    image = run(made, volume).image
    assert image is not None
    np.testing.assert_array_equal(image.values[:-1], volume.stored[1:])
    assert not image.values[-1].any()


def bright_points(made: Any, volume: Any) -> Array:
    image = run(made, volume).image
    assert image is not None
    return patient_points(image.values > 0, volume.geometry)


def test_neighbours_grow_along_the_patient_in_every_orientation(tmp_path: Path) -> None:
    volume = noise((5, 6, 7))
    made = package(tmp_path, "image", picked(3, 2), IMAGE, ["P", "L"], neighbours=1)
    truth = bright_points(made, volume)
    for name, turned in reorientations(volume):
        points = bright_points(made, turned)
        np.testing.assert_allclose(points, truth, atol=2e-3, err_msg=name)


def test_a_network_with_another_count_of_channels_is_refused(tmp_path: Path) -> None:
    made = package(tmp_path, "image", picked(5, 0), IMAGE, ["P", "L"], neighbours=1)
    with pytest.raises(MedviewError, match=r"input\.neighbours: 1 on each side is 3 channel\(s\), the network wants 5"):
        run(made, noise())


# Several series ------------------------------------------------------------------------------------------------------

SOURCES = [{"name": "T1", "descriptions": ["t1"]}, {"name": "T2", "descriptions": ["t2"], "unit": "modality"}]


def second(volume: Any, **more: Any) -> ChannelSeries:
    return ChannelSeries("T2", volume, stack_of(volume, **more))


@pytest.mark.parametrize("axes", [["S", "P", "L"], ["R", "A", "I"], ["P", "L"]])
def test_channels_are_laid_over_one_another(axes: list[str], tmp_path: Path) -> None:
    """The second series is stored in another order; the network shows it, and it lies where it lies in the patient."""
    volume = noise()
    other = noise()
    kernel = np.zeros((1, 2, *[1] * len(axes)), dtype=np.float32)
    kernel[0, 1] = 1
    made = package(tmp_path, "image", networks.convolution(kernel), IMAGE, axes, sources=SOURCES)
    for name, turned in list(reorientations(other))[::7]:
        result = run(made, volume, channels=(second(turned),))
        assert result.image is not None
        np.testing.assert_allclose(result.image.values, other.stored, atol=0.05, err_msg=name)
        assert result.inputs == (("T1", "stack-1"), ("T2", "stack-1"))


def test_a_series_of_the_same_size_elsewhere_is_not_taken_for_the_same_place(tmp_path: Path) -> None:
    volume = noise()
    moved = Geometry.from_directions((9, 14, 18), (-100.0, -80.0, -297.5), (1, 0, 0), (0, 1, 0), (2.5, 0.7, 0.8))
    other = volume_of(noise().stored, moved)  # one slice higher
    kernel = np.zeros((1, 2, 1, 1, 1), dtype=np.float32)
    kernel[0, 1] = 1
    made = package(tmp_path, "image", networks.convolution(kernel), IMAGE, ["S", "P", "L"], sources=SOURCES)
    image = run(made, volume, channels=(second(other),)).image
    assert image is not None
    np.testing.assert_array_equal(image.values[1:], other.stored[:-1])
    assert (image.values[0] == other.stored.min()).all()


def test_a_coarser_series_is_resampled_onto_the_first(tmp_path: Path) -> None:
    fine = noise((8, 16, 16), (1.0, 1.0, 1.0))
    k, j, i = np.indices((4, 8, 8))
    coarse = volume_of((100 * k + 10 * j + i).astype(np.int16), axial_geometry((4, 8, 8), (2.0, 2.0, 2.0)))
    kernel = np.zeros((1, 2, 1, 1, 1), dtype=np.float32)
    kernel[0, 1] = 1
    made = package(tmp_path, "image", networks.convolution(kernel), IMAGE, ["S", "P", "L"], sources=SOURCES)
    image = run(made, fine, channels=(second(coarse),)).image
    assert image is not None
    k, j, i = np.indices((7, 15, 15)) / 2  # up to the last centre of the coarse grid
    np.testing.assert_allclose(image.values[:7, :15, :15], 100 * k + 10 * j + i, atol=1e-3)


def test_statistics_of_each_series_are_its_own(tmp_path: Path) -> None:
    volume = noise()
    other = volume_of((volume.stored // 3 + 400).astype(np.int16), volume.geometry)
    kernel = np.zeros((1, 2, 1, 1, 1), dtype=np.float32)
    kernel[0, 1] = 1
    made = package(
        tmp_path, "image", networks.convolution(kernel), IMAGE, ["S", "P", "L"], sources=SOURCES,
        steps=[{"step": "z_score"}, {"step": "offset", "value": 7, "channels": [1]}],
    )  # fmt: skip
    image = run(made, volume, channels=(second(other),)).image
    assert image is not None
    expected = (other.stored - other.stored.mean()) / other.stored.std() + 7
    np.testing.assert_allclose(image.values, expected, atol=1e-4)


def test_a_missing_or_unregistered_series_is_no_result(tmp_path: Path) -> None:
    volume = noise()
    made = package(tmp_path, "image", picked_3d(), IMAGE, ["S", "P", "L"], sources=SOURCES)
    with pytest.raises(MedviewError, match="needs a series for T2"):
        run(made, volume)
    elsewhere = noise()
    from dataclasses import replace

    mine = replace(volume.geometry, frame_of_reference="1.2.1")
    theirs = replace(elsewhere.geometry, frame_of_reference="1.2.2")
    with pytest.raises(MedviewError, match="not registered"):
        run(made, volume_of(volume.stored, mine), channels=(second(volume_of(elsewhere.stored, theirs)),))


def picked_3d() -> bytes:
    return networks.convolution(np.ones((1, 2, 1, 1, 1), dtype=np.float32))


def test_rules_choose_the_series_or_say_why_not() -> None:
    from dataclasses import replace

    from medview.core.study import SeriesContext

    given = Input.model_validate(
        {"unit": "HU", "axes": ("S", "P", "L"), "layout": "NCDHW", "sources": tuple(SOURCES)}, strict=False
    )
    volume = noise()
    first = stack_of(volume, context=SeriesContext(modality="MR", description="Ax T1"))
    t2 = replace(stack_of(volume, context=SeriesContext(modality="MR", description="Ax T2 TSE")), id="t2")
    flair = replace(stack_of(volume, context=SeriesContext(modality="MR", description="FLAIR")), id="flair")
    series = [series_of(one) for one in (first, t2, flair)]
    assert channel_stacks(given, series, first, ()) == (("T2", t2),)
    assert channel_stacks(given, series, first, ("T2=flair",)) == (("T2", flair),)
    with pytest.raises(MedviewError, match="No series suits") as missing:
        channel_stacks(given, series[::2], first, ())
    assert missing.value.code == "channel_missing"
    with pytest.raises(MedviewError, match="Several series suit") as several:
        channel_stacks(given, [*series, series_of(replace(t2, id="again"))], first, ())
    assert several.value.code == "channel_ambiguous"
    with pytest.raises(MedviewError, match="no such stack"):
        channel_stacks(given, series, first, ("T2=nowhere",))


# Regions -------------------------------------------------------------------------------------------------------------

REGIONS = [
    {"index": 1, "value": 2, "name": "whole"},
    {"index": 2, "value": 1, "name": "core"},
    {"index": 0, "value": 4, "name": "enhancing"},
]


@pytest.mark.parametrize("restore", ["probabilities", "logits"])
@pytest.mark.parametrize("steps", [[], [{"step": "resample", "spacing_mm": [1.25, 0.7, 0.8], "align": "centres"}]])
def test_regions_lie_over_one_another_in_their_order(restore: str, steps: list[Any], tmp_path: Path) -> None:
    """Channels above 400, -400 and 0: each region lies inside the one before it, whatever the channels' order."""
    volume = noise()
    network = networks.affine_channels(3, [0.05, 0.05, 0.05], [-20, 20, 0])
    output = {
        "kind": "segmentation", "activation": "sigmoid", "rule": "regions", "background": None, "labels": REGIONS,
        "restore": restore,
    }  # fmt: skip
    result = run(package(tmp_path, "segmentation", network, output, ["S", "P", "L"], steps=steps), volume)
    assert result.segmentation is not None
    x = volume.stored
    expected = np.select([x > 400, x > 0, x > -400], [4, 1, 2], 0)
    np.testing.assert_array_equal(result.segmentation.labels, expected)


# Grades and numbers --------------------------------------------------------------------------------------------------


def test_cumulative_probabilities_become_grades() -> None:
    found = grades_of(np.array([[0.9, 0.6, 0.1], [0.5, 0.7, 0.2]], dtype=np.float32))
    np.testing.assert_allclose(found, [[0.1, 0.3, 0.5, 0.1], [0.5, 0.0, 0.3, 0.2]], atol=1e-6)


def test_grades_through_the_chain(tmp_path: Path) -> None:
    volume = volume_of(np.tile(np.array([1, 3], dtype=np.int16), (4, 6, 3)), axial_geometry((4, 6, 6)))
    network = networks.mean_classifier([0, 0], [np.log(3), -np.log(3)])
    output = {
        "kind": "classification", "encoding": "cumulative", "activation": "sigmoid",
        "labels": [{"index": n, "name": name} for n, name in enumerate("ABC")],
    }  # fmt: skip
    result = run(package(tmp_path, "classification", network, output, ["P", "L"]), volume)
    found = {line.label: line.probability for line in result.classification}
    assert found == pytest.approx({"A": 0.25, "B": 0.5, "C": 0.25}, abs=1e-6)


def test_grades_that_rise_are_told(tmp_path: Path) -> None:
    volume = volume_of(np.tile(np.array([1, 3], dtype=np.int16), (4, 6, 3)), axial_geometry((4, 6, 6)))
    output = {
        "kind": "classification", "encoding": "cumulative", "activation": "sigmoid",
        "labels": [{"index": n, "name": name} for n, name in enumerate("ABC")],
    }  # fmt: skip
    for bias, told in (([-1.0, 2.0], True), ([-1.0, -0.99], False)):
        network = networks.mean_classifier([0, 0], bias)
        warnings = run(package(tmp_path / str(bias), "classification", network, output, ["P", "L"]), volume).warnings
        assert ("grades_unordered" in {note.code for note in warnings}) == told


@pytest.mark.parametrize(("join", "expected"), [("mean", 4.0), ("median", 3.0), ("maximum", 9.0), ("middle", 2.0)])
def test_a_number_with_its_unit(join: str, expected: float, tmp_path: Path) -> None:
    stored = np.zeros((5, 4, 4), dtype=np.int16)
    stored += np.array([1, 5, 2, 3, 9], dtype=np.int16)[:, None, None]
    volume = volume_of(stored, axial_geometry((5, 4, 4)))
    output = {
        "kind": "regression", "over_slices": join,
        "values": [{"index": 1, "name": "age", "unit": "a", "scale": 2, "offset": 10}],
    }  # fmt: skip
    network = networks.mean_classifier([0, 1], [5, 0])
    (value,) = run(package(tmp_path, "regression", network, output, ["P", "L"]), volume).values
    assert (value.name, value.unit) == ("age", "a")
    assert value.value == pytest.approx(2 * expected + 10)


def test_a_number_that_cannot_be_is_a_failed_run(tmp_path: Path) -> None:
    output = {"kind": "regression", "values": [{"index": 0, "name": "age", "unit": "a", "low": 0, "high": 120}]}
    made = package(tmp_path, "regression", networks.mean_classifier([0], [300]), output, ["P", "L"])
    with pytest.raises(MedviewError, match="age = 300 a, which cannot be") as failed:
        run(made, noise())
    assert failed.value.exit_code == 6


# Images --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axes", [["S", "P", "L"], ["A", "I", "R"], ["P", "L"], ["I", "A"]])
def test_an_image_comes_back_where_it_was(axes: list[str], tmp_path: Path) -> None:
    volume = noise()
    kernel = np.full((1, 1, *[1] * len(axes)), 2.0, dtype=np.float32)
    steps = [{"step": "pad", "multiple": [8] * len(axes), "fill": -1000}]
    output = {**IMAGE, "scale": 0.5, "offset": 3, "unit": "HU"}
    result = run(package(tmp_path, "image", networks.convolution(kernel), output, axes, steps=steps), volume)
    assert result.image is not None
    np.testing.assert_array_equal(result.image.values, volume.stored + 3)
    assert result.image.geometry is volume.geometry
    assert (result.image.unit, result.image.title) == ("HU", "made")


def test_what_was_cut_off_is_outside(tmp_path: Path) -> None:
    volume = volume_of(np.zeros((9, 14, 18), dtype=np.int16), axial_geometry((9, 14, 18)))
    volume.stored[2:5, 3:9, 4:11] = RNG.integers(1, 90, (3, 6, 7))
    network = networks.convolution(np.ones((1, 1, 1, 1, 1), dtype=np.float32))
    made = package(
        tmp_path, "image", network, {**IMAGE, "outside": -5}, ["S", "P", "L"], steps=[{"step": "crop_nonzero"}]
    )
    image = run(made, volume).image
    assert image is not None
    expected = np.full(volume.shape, -5.0)
    expected[2:5, 3:9, 4:11] = volume.stored[2:5, 3:9, 4:11]
    np.testing.assert_array_equal(image.values, expected)


def enlarging(spatial: int, factor: int) -> bytes:
    """Each voxel becomes factor × factor (× factor) of its value, as a transposed convolution does it."""
    from onnx import helper

    kernel = np.ones((1, 1, *[factor] * spatial), dtype=np.float32)
    node = helper.make_node("ConvTranspose", ["x", "w"], ["y"], strides=[factor] * spatial)
    shape = networks.free_shape(spatial)
    return networks.model_bytes(
        [node], [("x", networks.FLOAT, shape)], [("y", networks.FLOAT, [*shape[:2], *"pqr"[:spatial]])], {"w": kernel}
    )


@pytest.mark.parametrize("axes", [["S", "P", "L"], ["A", "I", "R"], ["P", "L"], ["I", "A"]])
@pytest.mark.parametrize("tiled", [False, True])
def test_super_resolution_cuts_voxels_into_equal_parts(axes: list[str], tiled: bool, tmp_path: Path) -> None:
    """The value of each fine voxel is that of the coarse one it lies in; the field of view is the same."""
    volume = noise((6, 8, 10))
    given: dict[str, Any] = {"steps": [{"step": "pad", "multiple": [4] * len(axes), "fill": -7}]}
    if tiled:
        given["tiling"] = {"size": [4] * len(axes), "overlap": 0.5}
    output = {**IMAGE, "factor": [2] * len(axes)}
    image = run(package(tmp_path, "image", enlarging(len(axes), 2), output, axes, **given), volume).image
    assert image is not None
    assert image.geometry is not None
    cut = [2, 2, 2] if len(axes) == 3 else [1, 2, 2] if axes == ["P", "L"] else [2, 2, 1]
    expected = volume.stored
    for axis, times in enumerate(cut):
        expected = np.repeat(expected, times, axis=axis)
    np.testing.assert_allclose(image.values, expected, atol=1e-3)
    corners = [[-0.5, -0.5, -0.5], np.asarray(volume.shape) - 0.5]
    fine = [[-0.5, -0.5, -0.5], np.asarray(image.values.shape) - 0.5]
    for coarse_corner, fine_corner in zip(corners, fine, strict=True):
        np.testing.assert_allclose(
            image.geometry.voxel_to_patient(fine_corner), volume.geometry.voxel_to_patient(coarse_corner), atol=1e-9
        )


def test_super_resolution_of_uneven_slices_is_refused_only_where_they_are_cut(tmp_path: Path) -> None:
    from dataclasses import replace

    volume = noise((6, 8, 10))
    origins = volume.geometry.affine[:3, 3] + volume.geometry.affine[:3, 2] * np.array([0, 1, 2, 4, 5, 6])[:, None]
    uneven = volume_of(volume.stored, replace(volume.geometry, slice_origins=origins))
    flat = package(tmp_path / "flat", "image", enlarging(2, 2), {**IMAGE, "factor": [2, 2]}, ["P", "L"])
    image = run(flat, uneven).image
    assert image is not None
    assert image.geometry is not None
    np.testing.assert_allclose(
        image.geometry.voxel_to_patient([3, 0.5, 0.5]), uneven.geometry.voxel_to_patient([3, 0, 0])
    )
    deep = package(tmp_path / "deep", "image", enlarging(3, 2), {**IMAGE, "factor": [2, 2, 2]}, ["S", "P", "L"])
    with pytest.raises(MedviewError, match="cuts them into thinner ones"):
        run(deep, uneven)
    with pytest.raises(MedviewError, match=r"output\.factor: 2 numbers for 3 axes"):
        package(tmp_path / "bad", "image", enlarging(3, 2), {**IMAGE, "factor": [2, 2]}, ["S", "P", "L"])


def test_an_answer_of_another_size_than_the_factor_says_is_a_failed_run(tmp_path: Path) -> None:
    made = package(tmp_path, "image", enlarging(2, 2), {**IMAGE, "factor": [3, 3]}, ["P", "L"])
    with pytest.raises(MedviewError, match="wrong shape"):
        run(made, noise())
