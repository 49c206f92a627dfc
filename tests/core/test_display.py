"""The one composition: window order, ground, padding, hatch, overlays, colour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medview.core.cut import Slice, acquired_slice
from medview.core.display import (
    IDENTITY_WINDOW,
    OverlayStyle,
    PictureBox,
    SampledSlice,
    apply_voi,
    compose_picture,
    compose_screen,
    label_codes,
    label_layer,
    layer_of_codes,
    percentile_window,
    resolve_window,
    sample_labels,
    sample_slice,
)
from medview.core.finding import LABEL_COLOURS, Label
from medview.core.geometry import Geometry
from medview.core.study import SeriesContext, Stack
from medview.core.volume import ModalityTransform, SliceState, Volume
from medview.core.window import Voi, VoiLut, Window

WINDOW = Window(50.5, 101)  # 0 to 100


def stack_of(volume: Volume, modality: str = "", unit: str | None = "stored", **changes: object) -> Stack:
    stack = Stack(
        id="s",
        kind="volume" if volume.geometry else "frames",
        shape=volume.shape,
        timepoints=1,
        components=3 if volume.is_colour else 1,
        dtype=volume.stored.dtype.name,
        frames=(),
        transform=volume.transform,
        geometry=volume.geometry,
        unit=unit,
        context=SeriesContext(modality=modality),
    )
    return replace(stack, **changes)  # type: ignore[arg-type]


@pytest.fixture
def volume() -> Volume:
    rng = np.random.default_rng(0)
    stored = rng.integers(1000, 2000, (5, 40, 40)).astype(np.int16)
    stored[:, :, :10] = -2000
    geometry = Geometry.from_directions(stored.shape, (0, 0, 0), (1, 0, 0), (0, 1, 0), (1.0, 1.0, 1.0))
    return Volume(stored, ModalityTransform(intercepts=np.array([-1024.0])), geometry, "HU", (-2000, -2000))


# Window ------------------------------------------------------------------------------------------------------------


def test_window_order(volume: Volume) -> None:
    reader, of_file, preset = Window(1, 10), Window(2, 20), Window(3, 30)
    ct = stack_of(volume, "CT", "HU", vois=((of_file, Window(9, 9)),))
    assert resolve_window(ct, volume, 0, reader, preset) is reader
    assert resolve_window(ct, volume, 0, None, preset) is of_file
    assert resolve_window(stack_of(volume, "CT", "HU"), volume, 0, None, preset) is preset
    built_in = resolve_window(stack_of(volume, "CT", "HU"), volume, 0)
    assert (built_in.center, built_in.width) == (40, 400)  # type: ignore[union-attr]
    assert resolve_window(stack_of(volume, "CT", "stored"), volume, 0) == percentile_window(volume, 2)


def test_window_of_each_frame_and_time(volume: Volume) -> None:
    vois = tuple((Window(n, 10),) for n in range(10))
    stack = stack_of(volume, "MR", vois=vois, timepoints=2)
    assert resolve_window(stack, volume, 3).center == 3  # type: ignore[union-attr]
    assert resolve_window(stack, volume, 3, time=1).center == 8  # type: ignore[union-attr]


def test_percentiles_leave_padding_out_and_do_not_change_while_scrolling(volume: Volume) -> None:
    stack = stack_of(volume, "MR")
    windows = {resolve_window(stack, volume, k) for k in range(5)}
    assert len(windows) == 1
    window = windows.pop()
    kept = volume.stored[2, :, 10:].astype(float) - 1024
    assert window.ramp == pytest.approx(np.percentile(kept, (1, 99)))  # type: ignore[union-attr]
    frames = stack_of(replace(volume, geometry=None), "MR")
    assert len({resolve_window(frames, replace(volume, geometry=None), k) for k in range(5)}) > 1


def test_percentiles_of_odd_slices() -> None:
    flat = Volume(np.full((1, 4, 4), 7, np.int16), ModalityTransform())
    assert percentile_window(flat, 0).ramp == (7, 8)
    assert percentile_window(replace(flat, padding=(7, 7)), 0) == IDENTITY_WINDOW
    assert percentile_window(replace(flat, states=np.zeros(1, np.uint8)), 0) == IDENTITY_WINDOW
    holes = Volume(np.array([[[np.nan, np.inf, 1.0, 2.0, 1.5]]], np.float32), ModalityTransform())
    assert 1 <= percentile_window(holes, 0).ramp[0] < percentile_window(holes, 0).ramp[1] <= 2


def test_eight_bit_is_drawn_as_it_is() -> None:
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    volume = Volume(values, ModalityTransform())
    window = resolve_window(stack_of(volume, "US"), volume, 0)
    picture = compose_picture(values[0], np.ones((16, 16), bool), window)
    np.testing.assert_array_equal(picture[..., 0], values[0])
    scaled = Volume(values, ModalityTransform(np.array([2.0])))
    assert resolve_window(stack_of(scaled, "US"), scaled, 0) != IDENTITY_WINDOW


@pytest.mark.parametrize(
    ("modality", "changes"), [("OT", {"bits_stored": 1}), ("SEG", {"bits_stored": 8}), ("", {"whole": object()})]
)
def test_ones_among_zeros_are_not_black(modality: str, changes: dict[str, object]) -> None:
    """A picture of one bit, a segmentation opened by itself, a label map in a volume file."""
    values = np.zeros((1, 16, 16), np.uint8)
    values[0, :1, :2] = 1
    volume = Volume(values, ModalityTransform())
    window = resolve_window(stack_of(volume, modality, **changes), volume, 0)
    picture = compose_picture(values[0], np.ones((16, 16), bool), window)
    np.testing.assert_array_equal(picture[..., 0], 255 * values[0])


def test_a_few_bits_are_drawn_from_black_to_white() -> None:
    values = np.arange(16, dtype=np.uint8).reshape(1, 4, 4)
    volume = Volume(values, ModalityTransform())
    window = resolve_window(stack_of(volume, "US", bits_stored=4), volume, 0)
    picture = compose_picture(values[0], np.ones((4, 4), bool), window)
    np.testing.assert_array_equal(picture[..., 0], 17 * values[0])


# Composition -----------------------------------------------------------------------------------------------------------


def test_ground_padding_and_missing_are_never_image() -> None:
    values = np.full((40, 40), 100, np.int16)
    coverage = np.ones((40, 40), bool)
    coverage[:10] = False
    padding = np.zeros((40, 40), bool)
    padding[:, :5] = True
    missing = np.zeros((40, 40), bool)
    missing[30:] = True
    for inverted in (False, True):
        before = (values.copy(), coverage.copy(), padding.copy())
        picture = compose_picture(values, coverage & ~missing, WINDOW, inverted, padding, missing=missing)
        assert (picture[:10, :, :3] == 0).all()
        assert (picture[:30, :5, :3] == 0).all()
        assert (picture[15, 20, :3] == (0 if inverted else 255)).all()
        assert len(np.unique(picture[30:, :, 0])) == 2
        assert (picture[..., 3] == 255).all()
        for now, then in zip((values, coverage, padding), before, strict=True):
            np.testing.assert_array_equal(now, then)


def test_monochrome1_only_turns_the_display() -> None:
    values = np.array([[0, 25, 50, 100]], np.int16)
    coverage = np.ones((1, 4), bool)
    plain = compose_picture(values, coverage, WINDOW)
    inverted = compose_picture(values, coverage, WINDOW, inverted=True)
    np.testing.assert_array_equal(plain[..., :3], 255 - inverted[..., :3])


def test_eight_bit_values_are_not_overwritten() -> None:
    values = np.full((30, 30), 200, np.uint8)
    compose_picture(values, np.zeros((30, 30), bool), IDENTITY_WINDOW)
    assert (values == 200).all()


def test_colour_keeps_its_colours() -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    coverage = np.ones((20, 30), bool)
    np.testing.assert_array_equal(compose_picture(rgb, coverage, None)[..., :3], rgb)
    np.testing.assert_array_equal(compose_picture(rgb, coverage, IDENTITY_WINDOW)[..., :3], rgb)
    np.testing.assert_array_equal(compose_picture(rgb, coverage, None, inverted=True)[..., :3], 255 - rgb)
    windowed = compose_picture(rgb, coverage, Window(100, 101))[..., :3]
    expected = np.clip((rgb.astype(float) - 49.5) / 100 * 255, 0, 255)
    assert np.abs(windowed - expected).max() <= 0.51
    coverage[:, 0] = False
    assert not compose_picture(rgb, coverage, None)[:, 0, :3].any()


def test_colour_map_and_voi_lut() -> None:
    values = np.array([[0, 60, 100]], np.int16)
    table = np.zeros((256, 3), np.uint8)
    table[:, 0], table[:, 2] = np.arange(256), 255 - np.arange(256)
    picture = compose_picture(values, np.array([[True, True, False]]), WINDOW, colour_map=table)
    assert picture[0, :, :3].tolist() == [[0, 0, 255], [153, 0, 102], [0, 0, 0]]
    lut = VoiLut(0, (0, 128, 255), 8)
    assert compose_picture(np.array([[0, 1, 2, 3]], np.int16), np.ones((1, 4), bool), lut)[0, :, 1].tolist() == [
        0,
        128,
        255,
        255,
    ]


def overlay(labels: np.ndarray, style: OverlayStyle, *meanings: Label) -> np.ndarray:
    ground = np.zeros(labels.shape, np.uint8)
    return compose_picture(ground, np.ones(labels.shape, bool), None, overlays=((labels, meanings, style),))[..., :3]


LEFT, RIGHT = Label(1, "left", (200, 0, 0)), Label(2, "right", (0, 200, 0))


def test_overlay_styles() -> None:
    labels = np.zeros((20, 20), np.uint8)
    labels[2:9, 2:18], labels[11:18, 2:18] = 1, 2
    filled = overlay(labels, OverlayStyle(opacity=0.5, outline=False), LEFT, RIGHT)
    assert filled[5, 5].tolist() == pytest.approx([100, 0, 0], abs=2)
    assert filled[14, 5].tolist() == pytest.approx([0, 100, 0], abs=2)
    lined = overlay(labels, OverlayStyle(opacity=0.0, outline_opacity=1.0), LEFT, RIGHT)
    assert lined[2, 5].tolist() == [200, 0, 0]
    assert not lined[5, 5].any()
    hidden = overlay(labels, OverlayStyle(hidden_labels=frozenset({1})), LEFT, RIGHT)
    assert not hidden[2:9].any()
    assert hidden[14, 5, 1] > 0
    assert not overlay(labels, OverlayStyle(visible=False), LEFT, RIGHT).any()
    chosen = overlay(labels, OverlayStyle(opacity=1.0, colours=((2, (1, 2, 3)),)), LEFT, RIGHT)
    assert chosen[14, 5].tolist() == [1, 2, 3]
    assert chosen[5, 5].tolist() == [200, 0, 0]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32])
def test_any_label_value_is_drawn(kind: type) -> None:
    top = np.iinfo(kind).max if kind is np.uint8 else 1024
    labels = np.zeros((12, 12), kind)
    labels[:6], labels[6:, :6] = top, 3
    drawn = overlay(labels, OverlayStyle(opacity=1.0, outline=False), Label(top, "high", (9, 8, 7)))
    assert drawn[0, 0].tolist() == [9, 8, 7]
    assert tuple(drawn[8, 2]) in LABEL_COLOURS  # no meaning, but nothing is hidden
    assert not drawn[8, 8].any()


def test_three_hundred_labels() -> None:
    labels = np.arange(400, dtype=np.uint16).reshape(20, 20)
    meanings = tuple(Label(value, str(value), (value % 250 + 1, 5, 5)) for value in range(1, 350))
    drawn = overlay(labels, OverlayStyle(opacity=1.0, outline=False), *meanings)
    assert drawn[0, 1].tolist() == [2, 5, 5]
    assert drawn[0, 7].tolist() == [8, 5, 5]
    assert (drawn.reshape(-1, 3)[1:].max(axis=1) > 0).all()


def test_boxes_are_drawn_last() -> None:
    picture = compose_picture(
        np.zeros((20, 20), np.uint8),
        np.ones((20, 20), bool),
        None,
        boxes=(PictureBox((3.0, 4.0, 12.0, 15.0), (10, 20, 30), dashed=False),),
    )
    assert picture[4, 8, :3].tolist() == [10, 20, 30]
    assert picture[10, 3, :3].tolist() == [10, 20, 30]
    assert not picture[10, 8, :3].any()


# Sampling a cut --------------------------------------------------------------------------------------------------------


def test_a_sampled_cut_carries_all_its_masks(volume: Volume) -> None:
    states = np.full(5, SliceState.LOADED, np.uint8)
    states[1] = SliceState.WAITING
    partly = replace(volume, states=states)
    matrix = [[0.5, 0, -0.25], [0, 0.5, -0.25]]
    there = sample_slice(acquired_slice(partly, 0), matrix, (80, 90))
    assert there.coverage[:, :80].all()
    assert not there.coverage[:, 80:].any()
    assert there.padding is not None
    np.testing.assert_array_equal(there.padding[:, :80], np.arange(80)[None, :].repeat(80, 0) < 20)
    gone = sample_slice(acquired_slice(partly, 1), matrix, (80, 90))
    assert not gone.coverage.any()
    assert gone.missing is not None
    assert gone.missing.sum() == 80 * 80
    labels = sample_labels(np.full((40, 40), 3, np.uint8), matrix, (80, 90))
    assert (labels[:, :80] == 3).all()
    assert not labels[:, 80:].any()


def test_partial_coverage_survives_sampling() -> None:
    coverage = np.ones((10, 10), bool)
    coverage[:, :3] = False
    piece = Slice(np.full((10, 10), 5, np.int16), coverage)
    sampled = sample_slice(piece, [[0.5, 0, -0.25], [0, 0.5, -0.25]], (20, 20))
    np.testing.assert_array_equal(sampled.coverage, np.kron(coverage, np.ones((2, 2), bool)))


# The screen ------------------------------------------------------------------------------------------------------------

VOIS = [Window(40, 400), Window(300, 1, "LINEAR"), Window(100, 900, "SIGMOID"), VoiLut(-50, tuple(range(0, 512, 2)), 9)]


@pytest.mark.parametrize("voi", VOIS, ids=["line", "step", "sigmoid", "lut"])
@pytest.mark.parametrize("kind", ["int16", "uint16"])
def test_large_pictures_have_the_greys_of_small_ones(voi: Voi, kind: str) -> None:
    """The way through a table, which only large ones take, differs in nothing."""
    values = np.random.default_rng(1).integers(-900 if kind == "int16" else 0, 2500, (300, 300)).astype(kind)
    for inverted in (False, True):
        picture = compose_picture(values, np.ones(values.shape, bool), voi, inverted)
        np.testing.assert_array_equal(picture[..., 0], apply_voi(values, voi, inverted))
        np.testing.assert_array_equal(picture[..., 0], picture[..., 2])
        assert (picture[..., 3] == 255).all()


@pytest.mark.parametrize(
    "style", [OverlayStyle(), OverlayStyle(0.7, outline=False), OverlayStyle(0.0, outline_width=2)]
)
def test_labels_over_grey_are_mixed_as_over_colour(style: OverlayStyle) -> None:
    rng = np.random.default_rng(2)
    grey = rng.integers(0, 256, (80, 90), np.uint8)
    labels = np.zeros(grey.shape, np.uint16)
    labels[10:50, 5:60], labels[30:70, 40:88], labels[0:4] = 1, 700, 2
    style = replace(style, hidden_labels=frozenset({2}), colours=((700, (12, 34, 56)),))
    meanings = (LEFT, RIGHT, Label(700, "third", (1, 1, 1)))
    kept = rng.random(grey.shape) > 0.2
    over_grey = compose_picture(grey, kept, None, overlays=((labels, meanings, style),)).astype(int)
    over_colour = compose_picture(np.repeat(grey[..., None], 3, 2), kept, None, overlays=((labels, meanings, style),))
    assert np.abs(over_grey - over_colour).max() <= 1
    third = (labels == 700) & (label_layer(labels, meanings, style).edged < 128)
    share = style.opacity
    expected = np.where(kept, grey, 0)[third][:, None] * (1 - share) + np.array((12, 34, 56)) * share
    assert np.abs(over_grey[third][:, :3] - expected).max() <= 0.51
    two = compose_picture(grey, kept, None, overlays=((labels, meanings, style), (labels, meanings, style)))
    assert np.abs(two.astype(int) - over_grey).max() > 5 or style.opacity == 0


def test_nothing_of_a_segmentation_is_no_layer() -> None:
    labels = np.zeros((5, 6), np.uint8)
    assert label_layer(labels, (LEFT,), OverlayStyle()) is None
    labels[2, 2] = 1
    assert label_layer(labels, (LEFT,), OverlayStyle(visible=False)) is None
    layer = label_layer(labels, (LEFT,), OverlayStyle())
    assert layer.codes[2, 2] == 1
    assert layer.edged[2, 2] == 129


@pytest.mark.parametrize("style", [OverlayStyle(), OverlayStyle(outline_width=3), OverlayStyle(opacity=0.0)])
def test_labels_of_a_part_of_the_screen_look_as_those_of_all_of_it(style: OverlayStyle) -> None:
    rng = np.random.default_rng(3)
    sample = SampledSlice(rng.integers(-200, 300, (60, 70)).astype(np.int16), rng.random((60, 70)) > 0.1)
    labels = np.zeros((60, 70), np.uint8)
    labels[12:40, 30:64] = rng.integers(0, 3, (28, 34))
    whole = label_layer(labels, (LEFT, RIGHT), style)
    margin = style.outline_width + 1
    top, left = 12 - margin, 30 - margin
    part = labels[top : 40 + margin, left : 64 + margin].copy()
    layer = layer_of_codes(label_codes(part, (LEFT, RIGHT)), (LEFT, RIGHT), style, top, left)
    for layers in ([whole], [whole, whole]):
        expected = compose_screen(sample, WINDOW, False, layers)
        drawn = compose_screen(sample, WINDOW, False, [layer] * len(layers))
        np.testing.assert_array_equal(drawn, expected)
