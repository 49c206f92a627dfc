"""Each step of a manifest does what it says, keeps the place of every voxel, and is undone exactly."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from medview.core.geometry import Geometry
from medview.core.problem import MedviewError
from medview.core.study import SeriesContext
from medview.core.volume import ModalityTransform
from medview.core.window import Window
from medview.inference.manifest import Input, parse_manifest
from medview.inference.placement import Placement, orient
from medview.inference.preprocess import Prepared, run_steps
from medview.inference.source_values import SourceValues
from medview.inference.tensor import to_tensor
from tests.inference.packages import about, meshnet_gwm
from tests.inference.volumes import axial_geometry, reorientations, stack_of, volume_of

Array = np.ndarray[Any, Any]
RNG = np.random.default_rng(11)


def input_of(axes: list[str] | None = None, steps: list[dict[str, Any]] | None = None, **more: Any) -> Input:
    """An Input; three axes S P L of HU unless said otherwise."""
    axes = axes or ["S", "P", "L"]
    given = {"unit": "HU", "axes": axes, "layout": "NCDHW" if len(axes) == 3 else "NCHW", "steps": steps or []} | more
    manifest = about("x", task="segmentation", input=given, output=meshnet_gwm()["output"])
    return parse_manifest(json.dumps(manifest)).input


def prepared(volume: Any, given: Input, stack: Any = None) -> Prepared:
    stack = stack or stack_of(volume)
    orientation = orient(volume.shape, volume.geometry, given.axes)
    source = SourceValues(volume, stack, 0, given, orientation)
    values, real = source.fetch(0, source.rows)
    placement = Placement.start(orientation, volume.geometry)
    return run_steps(given, values, real, placement, volume.geometry, lambda *_: None)


def phantom(shape: tuple[int, int, int] = (12, 20, 26), dtype: Any = np.int16) -> Any:
    return volume_of(RNG.integers(-1000, 2000, shape).astype(dtype), axial_geometry(shape))


# Values --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([{"step": "offset", "value": 1024}], lambda v: v + 1024),
        ([{"step": "scale", "factor": 0.5}], lambda v: v * 0.5),
        ([{"step": "clip", "low": -100, "high": 300}], lambda v: np.clip(v, -100, 300)),
        ([{"step": "clip", "low": 0}], lambda v: np.maximum(v, 0)),
        ([{"step": "range", "source": [-57, 164]}], lambda v: np.clip((v + 57) / 221, 0, 1)),
        ([{"step": "range", "source": [-57, 164], "to": [-1, 1], "clip": False}], lambda v: (v + 57) / 221 * 2 - 1),
        ([{"step": "min_max"}], lambda v: (v - v.min()) / (v.max() - v.min())),
        ([{"step": "z_score"}], lambda v: (v - v.mean()) / v.std()),
        (
            [{"step": "percentile", "low": 5, "high": 95}],
            lambda v: np.clip((v - np.percentile(v, 5)) / (np.percentile(v, 95) - np.percentile(v, 5)), 0, 1),
        ),
        ([{"step": "normalise", "mean": [40.0], "std": [300.0]}], lambda v: (v - 40) / 300),
        ([{"step": "scale", "factor": 0.5}, {"step": "round"}], lambda v: np.rint(v * 0.5)),
        (
            [{"step": "min_max", "scope": "slice"}],
            lambda v: (v - v.min((1, 2), keepdims=True)) / np.ptp(v, (1, 2), keepdims=True),
        ),
        (
            [{"step": "z_score", "scope": "slice"}],
            lambda v: (v - v.mean((1, 2), keepdims=True)) / v.std((1, 2), keepdims=True),
        ),
        ([{"step": "offset", "value": 1024}, {"step": "clip", "low": 0}], lambda v: np.maximum(v + 1024, 0)),
        ([{"step": "clip", "low": 0}, {"step": "offset", "value": 1024}], lambda v: np.maximum(v, 0) + 1024),
    ],
)
def test_intensity_steps(steps: list[dict[str, Any]], expected: Any) -> None:
    volume = phantom()
    values = volume.stored.astype(np.float64)
    np.testing.assert_allclose(prepared(volume, input_of(steps=steps)).values, expected(values), rtol=2e-5, atol=2e-4)


def test_only_nonzero_leaves_zero_alone() -> None:
    volume = phantom()
    volume.stored[volume.stored < 0] = 0
    values = volume.stored.astype(np.float64)
    kept = values[values != 0]
    ours = prepared(volume, input_of(steps=[{"step": "z_score", "only_nonzero": True}])).values
    np.testing.assert_allclose(ours, np.where(values == 0, 0, (values - kept.mean()) / kept.std()), atol=1e-4)


def test_hounsfield_is_slope_and_intercept_of_each_slice() -> None:
    shape = (6, 5, 4)
    stored = RNG.integers(0, 3000, shape).astype(np.uint16)
    transform = ModalityTransform(np.linspace(1, 2, 6), np.linspace(-1024, -500, 6))
    expected = stored * transform.slopes[:, None, None] + transform.intercepts[:, None, None]
    for axes in (["S", "P", "L"], ["I", "A", "R"], ["L", "S", "A"]):
        volume = volume_of(stored, axial_geometry(shape), transform=transform)
        given = input_of(axes=axes)
        view = orient(shape, volume.geometry, given.axes).view(expected)
        np.testing.assert_allclose(prepared(volume, given).values, view, rtol=1e-5, atol=1e-3)
        raw = prepared(volume, input_of(axes=axes, unit="stored")).values
        np.testing.assert_array_equal(raw, orient(shape, volume.geometry, given.axes).view(stored))


def test_a_modality_lut_is_used() -> None:
    lut = np.arange(100, dtype=np.float64) ** 2
    volume = volume_of(
        RNG.integers(5, 90, (3, 4, 5)).astype(np.uint8),
        axial_geometry((3, 4, 5)),
        transform=ModalityTransform(lut=lut, lut_first=2),
    )
    np.testing.assert_array_equal(prepared(volume, input_of()).values, lut[volume.stored.astype(int) - 2])


def test_padding_is_air_and_no_statistic() -> None:
    volume = phantom()
    volume.stored[:, :, :5] = -2000
    padded = replace(volume, padding=(-2000, -2000))
    values = prepared(padded, input_of()).values
    assert np.all(values[:, :, :5] == -1024)
    kept = volume.stored[:, :, 5:].astype(np.float64)
    scored = prepared(padded, input_of(steps=[{"step": "z_score"}])).values
    np.testing.assert_allclose(scored[:, :, 5:], (kept - kept.mean()) / kept.std(), atol=1e-4)
    low = prepared(padded, input_of(unit="modality")).values[:, :, :5]
    assert np.all(low == kept.min())
    assert np.all(prepared(padded, input_of(padding=-500.0)).values[:, :, :5] == -500)


def test_padding_stays_out_of_statistics_after_moving() -> None:
    """The mark of padding goes with the voxels through turning, cutting and resizing."""
    volume = phantom((8, 20, 30))
    volume.stored[:, :, 20:] = -2000
    volume.stored[:, :, :20] = np.where(volume.stored[:, :, :20] > 500, 100, 50)
    padded = replace(volume, padding=(-2000, -2000))
    steps = [
        {"step": "crop_or_pad", "size": [8, 16, 28]},
        {"step": "resize", "size": [8, 16, 56], "kind": "nearest"},
        {"step": "min_max"},
    ]
    values = prepared(padded, input_of(["S", "P", "R"], steps)).values
    real = values[..., 20:]  # R: the padded side comes first
    assert set(np.unique(real.round(4))) == {0.0, 1.0}


def test_display_is_what_the_window_shows() -> None:
    shape = (2, 6, 5)
    stored = RNG.integers(0, 4000, shape).astype(np.uint16)
    given = input_of(["down", "right"], unit="display", layout="NCHW")
    volume = volume_of(stored, None, None)
    stack = stack_of(volume, "frames", SeriesContext(modality="DX"), vois=((Window(2000, 1000),),))
    expected = np.clip(((stored - (2000 - 0.5)) / 999 + 0.5) * 255, 0, 255)
    np.testing.assert_allclose(prepared(volume, given, stack).values, expected, atol=1)
    inverted = replace(volume, inverted=True)
    np.testing.assert_allclose(prepared(inverted, given, stack).values, 255 - expected, atol=1)


def test_low_values_white() -> None:
    volume = replace(phantom(), inverted=True)
    low, high = float(volume.stored.min()), float(volume.stored.max())
    mirrored = prepared(volume, input_of(unit="stored", inverted="mirror")).values
    np.testing.assert_allclose(mirrored, low + high - volume.stored)
    np.testing.assert_array_equal(prepared(volume, input_of(unit="stored", inverted="as_is")).values, volume.stored)
    np.testing.assert_array_equal(prepared(volume, input_of(inverted="mirror")).values, volume.stored)  # HU stays HU


def test_colour_becomes_grey_as_pillow_does_and_grey_becomes_three() -> None:
    from PIL import Image

    colours = RNG.integers(0, 256, (1, 9, 8, 3), dtype=np.uint8)
    volume = volume_of(colours, None, None)
    grey = prepared(
        volume, input_of(["down", "right"], unit="display", layout="NCHW"), stack_of(volume, "picture")
    ).values
    np.testing.assert_array_equal(grey[0], np.asarray(Image.fromarray(colours[0]).convert("L")))
    rgb = input_of(["down", "right"], unit="display", layout="NHWC", channels="rgb")
    bgr = input_of(["down", "right"], unit="display", layout="NCHW", channels="bgr")
    values = prepared(volume, rgb, stack_of(volume, "picture")).values
    np.testing.assert_array_equal(to_tensor(values, rgb, np.uint8), colours)
    np.testing.assert_array_equal(to_tensor(values, bgr, np.uint8)[0], colours[0][..., ::-1].transpose(2, 0, 1))
    three = to_tensor(grey, bgr, np.float32)
    assert three.shape == (1, 3, 9, 8)
    np.testing.assert_array_equal(three[0, 0], three[0, 2])


# Places --------------------------------------------------------------------------------------------------------------

SPATIAL = [
    [],
    [{"step": "crop_or_pad", "size": [8, 30, 26]}],
    [{"step": "crop_or_pad", "size": [15, None, 7], "fill": "edge"}],
    [{"step": "pad", "multiple": [8, 8, 8], "place": "centre", "fill": "minimum"}],
    [{"step": "pad", "size": [16, 16, 64], "place": "start"}],
    [{"step": "crop_above", "threshold": 1500, "margin": 1}],
    [{"step": "resample", "spacing_mm": [2.0, 1.4, 0.5]}],
    [{"step": "resample", "spacing_mm": [None, 1.0, 1.0], "align": "centres", "kind": "cubic"}],
    [{"step": "resize", "size": [24, 10, 26]}],
    [{"step": "resize", "size": [24, 24, 24], "aspect": "keep", "fill": -5}],
    [
        {"step": "resample", "spacing_mm": [3, 3, 3], "kind": "area"},
        {"step": "pad", "multiple": [4, 4, 4], "place": "centre"},
    ],
    [
        {"step": "conform", "shape": [40, 40, 40], "spacing_mm": [1.0, 1.0, 1.0]},
        {"step": "crop_above", "threshold": 1000},
    ],
]


def position_volume(geometry: Geometry, direction: Array) -> Any:
    """Every voxel holds how far it lies along a direction of the patient, in tenths of mm."""
    grid = np.moveaxis(np.indices(geometry.shape), 0, -1)
    return volume_of((geometry.voxel_to_patient(grid) @ direction).astype(np.float32), geometry)


@pytest.mark.parametrize("axes", [["S", "P", "L"], ["A", "I", "L"], ["R", "S", "A"]])
@pytest.mark.parametrize("steps", SPATIAL[1:])
def test_every_tensor_voxel_lies_where_its_placement_says(steps: list[dict[str, Any]], axes: list[str]) -> None:
    """A volume of positions: interpolation keeps straight lines, so the value at a tensor voxel is its place."""
    geometry = axial_geometry((12, 20, 26))
    direction = np.array([0.3, -0.5, 0.8])
    volume = position_volume(geometry, direction)
    shifted = [
        step | ({"threshold": float(np.median(volume.stored))} if step["step"] == "crop_above" else {})
        for step in steps
    ]
    state = prepared(volume, input_of(axes, shifted))
    index = np.moveaxis(np.indices(state.values.shape), 0, -1)
    source = state.placement.tensor_to_source(index)
    truth = geometry.voxel_to_patient(source) @ direction
    room = np.array(geometry.shape) - 1
    inside = np.all((source >= 1) & (source <= room - 1), axis=-1)  # the border is repeated, not continued
    assert inside.sum() > 20
    # An average over whole and broken voxels is the middle's value only up to a part of a voxel.
    atol = 0.2 if any(step.get("kind") == "area" for step in steps) else 2e-3
    np.testing.assert_allclose(state.values[inside], truth[inside], atol=atol)


def test_the_tensor_of_any_orientation_is_the_same() -> None:
    """24 stored orders of the same patient give the same tensor and the same places."""
    volume = phantom((10, 14, 18))
    for steps in ([], SPATIAL[6], SPATIAL[10], SPATIAL[11]):
        given = input_of(["A", "I", "L"], steps)
        first = prepared(volume, given)
        assert first.placement.orientation.letters == ("A", "I", "L")
        corner = volume.geometry.voxel_to_patient(first.placement.tensor_to_source([1.0, 2.0, 3.0]))
        for name, turned in reorientations(volume):
            state = prepared(turned, given)
            np.testing.assert_allclose(state.values, first.values, atol=0.02, err_msg=name)
            place = turned.geometry.voxel_to_patient(state.placement.tensor_to_source([1.0, 2.0, 3.0]))
            np.testing.assert_allclose(place, corner, atol=1e-6, err_msg=name)


def test_axes_grow_toward_their_letters() -> None:
    geometry = axial_geometry((6, 7, 8))
    for letters, direction in (
        ("L", [1, 0, 0]),
        ("R", [-1, 0, 0]),
        ("P", [0, 1, 0]),
        ("A", [0, -1, 0]),
        ("S", [0, 0, 1]),
        ("I", [0, 0, -1]),
    ):
        volume = position_volume(geometry, np.array(direction, dtype=float))
        others = [
            letter
            for letter in "LPS"
            if letter not in {"L": "LR", "R": "LR", "P": "PA", "A": "PA", "S": "SI", "I": "SI"}[letters]
        ]
        values = prepared(volume, input_of([letters, *others])).values
        assert np.all(np.diff(values, axis=0) > 0), letters


def test_spacing_after_resampling() -> None:
    volume = phantom((12, 20, 26))
    edges = prepared(volume, input_of(steps=[{"step": "resample", "spacing_mm": [5.0, 1.4, 1.6]}])).placement
    assert edges.shape == (6, 10, 13)
    assert edges.spacing == pytest.approx((5.0, 1.4, 1.6))
    centres = prepared(
        volume, input_of(steps=[{"step": "resample", "spacing_mm": [2.0, 0.7, 0.5], "align": "centres"}])
    )
    assert centres.placement.shape == (round(11 * 2.5 / 2.0) + 1, 20, round(25 * 0.8 / 0.5) + 1)
    assert centres.placement.spacing == pytest.approx((2.0, 0.7, 0.5))
    np.testing.assert_allclose(centres.values[0, :, 0], volume.stored[0, :, 0])


def test_conforming_what_is_conformed_changes_nothing() -> None:
    shape = (16, 16, 16)
    geometry = Geometry.from_directions(shape, (3.123, -4.5, 7), (1, 0, 0), (0, 1, 0), (1, 1, 1))
    volume = volume_of(RNG.integers(0, 255, shape).astype(np.uint8), geometry)
    state = prepared(
        volume, input_of(["A", "I", "L"], [{"step": "conform", "shape": [16, 16, 16], "spacing_mm": [1, 1, 1]}])
    )
    np.testing.assert_array_equal(state.values, orient(shape, geometry, ("A", "I", "L")).view(volume.stored))
    assert state.placement.is_whole


def test_oblique_series_are_straightened_by_conform() -> None:
    angle = np.radians(20)
    row = np.array([np.cos(angle), np.sin(angle), 0])
    column = np.array([-np.sin(angle), np.cos(angle), 0])
    geometry = Geometry.from_directions((20, 40, 40), (-20, -25, -20), row, column, (2, 1, 1))
    direction = np.array([0.3, -0.5, 0.8])
    volume = position_volume(geometry, direction)
    state = prepared(volume, input_of(steps=[{"step": "conform", "shape": [40, 40, 40], "spacing_mm": [1, 1, 1]}]))
    index = np.moveaxis(np.indices((40, 40, 40)), 0, -1)
    source = state.placement.tensor_to_source(index)
    points = geometry.voxel_to_patient(source)
    step = points[1, 0, 0] - points[0, 0, 0]
    np.testing.assert_allclose(step, [0, 0, 1], atol=1e-6)
    inside = np.all((source >= 0) & (source <= np.array(geometry.shape) - 1), axis=-1)
    np.testing.assert_allclose(state.values[inside], (points @ direction)[inside], atol=2e-3)


def test_tilted_series_are_conformed_at_their_true_places() -> None:
    geometry = axial_geometry((12, 30, 30), (2.0, 1.0, 1.0))
    affine = geometry.affine.copy()
    affine[1, 2] = 0.5  # every slice lies 0.5 mm further to posterior
    sheared = Geometry(geometry.shape, affine)
    assert sheared.kind == "sheared"
    direction = np.array([0.1, 0.9, -0.2])
    state = prepared(
        position_volume(sheared, direction),
        input_of(steps=[{"step": "conform", "shape": [24, 32, 32], "spacing_mm": [1, 1, 1]}]),
    )
    index = np.moveaxis(np.indices((24, 32, 32)), 0, -1)
    source = state.placement.tensor_to_source(index)
    inside = np.all((source >= 0) & (source <= np.array(geometry.shape) - 1), axis=-1)
    truth = sheared.voxel_to_patient(source) @ direction
    np.testing.assert_allclose(state.values[inside], truth[inside], atol=2e-3)


def test_uneven_slices_are_sampled_at_their_own_depths() -> None:
    geometry = axial_geometry((8, 12, 12), (2.0, 1.0, 1.0))
    depths = np.array([0, 2, 4, 8, 10, 12, 14, 16.0])
    origins = np.repeat(geometry.affine[:3, 3][None], 8, axis=0)
    origins[:, 2] += depths
    affine = geometry.affine.copy()
    affine[2, 2] = 16 / 7
    uneven = Geometry(geometry.shape, affine, slice_origins=origins)
    direction = np.array([0.0, 0.0, 1.0])
    for steps in (
        [{"step": "resample", "spacing_mm": [1.0, None, None]}],
        [{"step": "conform", "shape": [16, 12, 12], "spacing_mm": [1, 1, 1]}],
    ):
        state = prepared(position_volume(uneven, direction), input_of(steps=steps))
        index = np.moveaxis(np.indices(state.values.shape), 0, -1)
        source = state.placement.tensor_to_source(index)
        truth = uneven.voxel_to_patient(source) @ direction
        inside = (source[..., 0] >= 0) & (source[..., 0] <= 7)
        # Made even first: between slices the value may be off by what one more interpolation of a bent line costs.
        np.testing.assert_allclose(state.values[inside], truth[inside], atol=0.6)


def test_nothing_above_the_threshold_is_told() -> None:
    with pytest.raises(MedviewError, match="No value of the series is above 5000"):
        prepared(phantom(), input_of(steps=[{"step": "crop_above", "threshold": 5000}]))


def test_sizes_beyond_reason_are_refused() -> None:
    with pytest.raises(MedviewError) as caught:
        prepared(phantom(), input_of(steps=[{"step": "resize", "size": [9000, 9000, 9000]}]))
    assert caught.value.code == "tensor_too_large"
    with pytest.raises(MedviewError):
        prepared(phantom(), input_of(steps=[{"step": "resample", "spacing_mm": [0.001, 0.001, 0.001]}]))


@pytest.mark.parametrize("layout", ["NCDHW", "NDHWC", "CDHW", "DHWC", "DHW", "NDHW"])
def test_layouts(layout: str) -> None:
    volume = phantom((3, 4, 5))
    given = input_of(layout=layout)
    tensor = to_tensor(prepared(volume, given).values[None], given, np.int32)
    assert tensor.shape == tuple({"N": 1, "C": 1, "D": 3, "H": 4, "W": 5}[letter] for letter in layout)
    np.testing.assert_array_equal(tensor.reshape(3, 4, 5), volume.stored)
    small = to_tensor(prepared(volume, given).values[None], given, np.uint8)
    np.testing.assert_array_equal(small.reshape(3, 4, 5), np.clip(volume.stored, 0, 255))


@pytest.mark.parametrize(
    ("stored", "code"),
    [
        (np.full((4, 5, 6), 7, np.int16), "input_constant"),
        (np.full((4, 5, 6), np.nan, np.float32), "input_not_finite"),
        (np.where(np.arange(120).reshape(4, 5, 6) == 3, np.inf, 1).astype(np.float32), "input_not_finite"),
    ],
)
def test_unusable_values_are_refused(stored: Array, code: str) -> None:
    with pytest.raises(MedviewError) as caught:
        prepared(volume_of(stored, axial_geometry((4, 5, 6))), input_of())
    assert caught.value.code == code


def test_nothing_but_padding_is_refused() -> None:
    volume = volume_of(np.full((4, 5, 6), -2000, np.int16), axial_geometry((4, 5, 6)), padding=(-2000, -2000))
    with pytest.raises(MedviewError) as caught:
        prepared(volume, input_of())
    assert caught.value.code == "input_empty"


def test_letters_without_geometry_are_refused() -> None:
    with pytest.raises(MedviewError) as caught:
        prepared(volume_of(np.arange(60).reshape(3, 4, 5), None), input_of())
    assert caught.value.code == "no_geometry"
