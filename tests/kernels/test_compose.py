"""Overlays, outlines, hatch and boxes on an RGBA picture."""

from __future__ import annotations

import numpy as np
import pytest

from medview.kernels import compose
from medview.kernels.compose import (
    bgra_from_colour_map,
    bgra_from_rgb,
    blend_labels,
    draw_box,
    draw_hatch,
    label_outline,
    look_up,
    map_labels,
    paired,
    rgba_from_bgra,
)


def test_outline_is_the_inner_border_of_each_label() -> None:
    labels = np.zeros((9, 12), np.uint8)
    labels[2:7, 2:6] = 1
    labels[2:7, 6:10] = 2
    outline = label_outline(labels)
    expected = np.zeros(labels.shape, bool)
    for j in range(9):
        for i in range(12):
            around = [
                labels[y, x] for y, x in ((j - 1, i), (j + 1, i), (j, i - 1), (j, i + 1)) if 0 <= y < 9 and 0 <= x < 12
            ]
            expected[j, i] = labels[j, i] > 0 and any(value != labels[j, i] for value in around)
    np.testing.assert_array_equal(outline, expected)
    full = np.ones((5, 5), np.uint8)
    assert not label_outline(full).any()  # the picture's border is no outline
    assert label_outline(np.pad(full, 2).astype(bool)).any()


def test_labels_are_blended_by_opacity() -> None:
    rgba = np.full((20, 20, 4), 100, np.uint8)
    rgba[..., 3] = 255
    labels = np.zeros((20, 20), np.uint8)
    labels[5:15, 5:15] = 3
    colours = np.zeros((256, 3), np.uint8)
    colours[3] = (200, 0, 50)
    fill, line = np.zeros(256), np.zeros(256)
    fill[3], line[3] = 0.4, 1.0
    blend_labels(rgba, labels, colours, fill, line)
    assert rgba[10, 10, :3] == pytest.approx([140, 60, 80], abs=2)
    assert rgba[5, 10, :3].tolist() == [200, 0, 50]
    assert (rgba[labels == 0][:, :3] == 100).all()
    assert (rgba[..., 3] == 255).all()


def test_an_outline_at_the_pictures_border_stays_open() -> None:
    rgba = np.zeros((10, 10, 4), np.uint8)
    labels = np.ones((10, 10), np.uint8)
    colours = np.full((256, 3), 255, np.uint8)
    blend_labels(rgba, labels, colours, np.zeros(256), np.ones(256))
    assert not rgba.any()


def test_hatch_is_stripes_and_only_where_it_is_wanted() -> None:
    rgba = np.full((64, 64, 4), 255, np.uint8)
    where = np.zeros((64, 64), bool)
    where[:, :32] = True
    draw_hatch(rgba, where)
    assert len(np.unique(rgba[:, :32, 0])) == 2
    assert (rgba[:, 32:] == 255).all()


@pytest.mark.parametrize("dashed", [True, False])
def test_boxes_stay_inside_the_picture(dashed: bool) -> None:
    rgba = np.zeros((30, 30, 4), np.uint8)
    draw_box(rgba, (-10.0, 5.0, 20.0, 100.0), (1, 2, 3), 2, dashed)
    assert (rgba[5, 0:20, 0] > 0).sum() > 8
    assert (rgba[8:28, 20, 0] > 0).sum() > 8
    assert not rgba[8:, :19].any()


def test_labels_through_a_table() -> None:
    table = np.array([0, 5, 9], np.uint8)
    for kind in (np.uint8, np.uint16, np.int32):
        assert map_labels(np.array([[0, 1, 2, 200]], kind), table).tolist() == [[0, 5, 9, 9]]


@pytest.mark.parametrize("wide", [True, False])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16"])
def test_values_are_looked_up(monkeypatch: pytest.MonkeyPatch, kind: str, wide: bool) -> None:
    if not wide:  # what OpenCV before its version 5 cannot do
        monkeypatch.setattr(compose, "_WIDE_TABLES", False)
    rng = np.random.default_rng(4)
    bounds = np.iinfo(kind)
    values = rng.integers(bounds.min, bounds.max + 1, (70, 90)).astype(kind)[:, ::2]
    table = rng.integers(0, 256, (2 ** (8 * values.itemsize), 4), np.uint8)
    expected = table[values.astype(int) % len(table)]
    np.testing.assert_array_equal(look_up(np.ascontiguousarray(values), table), expected)
    np.testing.assert_array_equal(look_up(values, table), expected)


def test_two_bytes_make_a_number() -> None:
    low, high = np.array([[3, 255]], np.uint8), np.array([[1, 200]], np.uint8)
    assert paired(low, high).tolist() == [[259, 200 * 256 + 255]]


def test_the_order_of_channels_and_black_where_nothing_is() -> None:
    rgb = np.array([[[10, 20, 30], [40, 50, 60]]], np.uint8)
    kept = np.array([[True, False]])
    assert bgra_from_rgb(rgb, kept).tolist() == [[[30, 20, 10, 255], [0, 0, 0, 255]]]
    assert rgba_from_bgra(bgra_from_rgb(rgb)).tolist() == [[[10, 20, 30, 255], [40, 50, 60, 255]]]
    table = np.stack([np.arange(256), np.zeros(256), np.full(256, 9)], axis=1).astype(np.uint8)
    mapped = bgra_from_colour_map(np.array([[7, 200]], np.uint8), table, kept)
    assert mapped.tolist() == [[[9, 0, 7, 255], [0, 0, 0, 255]]]
