"""Stored value to modality value: slope, intercept, LUT, each frame its own, in a type that loses nothing."""

from __future__ import annotations

import numpy as np
import pytest

from medview.core.volume import ModalityTransform, SliceState, Volume


def transform(slopes: list[float], intercepts: list[float]) -> ModalityTransform:
    return ModalityTransform(np.array(slopes), np.array(intercepts))


def test_ct_becomes_hounsfield_units() -> None:
    stored = np.array([[0, 1024], [1064, 65535]], np.uint16)
    values = transform([1.0], [-1024.0]).apply(stored, 0)
    np.testing.assert_array_equal(values, [[-1024, 0], [40, 64511]])
    assert values.dtype == np.int32


def test_every_frame_has_its_own() -> None:
    both = transform([1.0, 0.5], [0.0, 10.0])
    stored = np.array([4], np.int16)
    assert both.apply(stored, 0)[0] == 4
    assert both.apply(stored, 1)[0] == 12
    assert not both.is_uniform
    assert both.part(1, 2).apply(stored, 0)[0] == 12


@pytest.mark.parametrize(
    ("kind", "slope", "intercept", "value", "expected"),
    [
        (np.uint32, 1.0, 0.0, 2**32 - 1, 2**32 - 1),
        (np.uint16, 40000.0, 0.0, 65535, 65535 * 40000),
        (np.int16, -1.0, 0.0, -32768, 32768),
        (np.int64, 1.0, 0.0, 2**53 + 1, 2**53 + 1),
        (np.uint64, 2.0, 1.0, 2**53 + 1, 2**54 + 3),
    ],
)
def test_large_values_do_not_wrap(kind: type, slope: float, intercept: float, value: int, expected: int) -> None:
    assert transform([slope], [intercept]).apply(np.array([value], kind), 0)[0] == expected


def test_labels_of_64_bits_stay_whole_numbers() -> None:
    assert transform([1.0], [0.0]).apply(np.array([-7, 2035], np.int64), 0).dtype == np.int32
    assert transform([1.0], [0.0]).apply(np.array([2**63], np.uint64), 0).dtype == np.float64  # more than 63 bits


def test_fractions_are_kept() -> None:
    values = transform([0.1], [0.05]).apply(np.array([3], np.uint16), 0)
    assert values.dtype == np.float32
    assert values[0] == pytest.approx(0.35)
    assert not transform([0.1], [0.0]).is_integer
    assert transform([2.0], [-1024.0]).is_integer


def test_a_lut_starts_at_its_first_value_and_holds_its_ends() -> None:
    lut = ModalityTransform(np.array([9.0]), np.array([9.0]), np.array([5.0, 6.0, 8.0]), lut_first=-1)
    stored = np.array([-30, -1, 0, 1, 2, 30], np.int16)
    np.testing.assert_array_equal(lut.apply(stored, 0), [5, 5, 6, 8, 8, 8])


def test_a_volume_of_different_slopes_is_whole_in_one_type() -> None:
    stored = np.full((2, 1, 1), 4, np.int16)
    volume = Volume(stored, transform([1.0, 0.5], [0.0, 10.0]))
    values = volume.modality_values()
    np.testing.assert_array_equal(values[:, 0, 0], [4.0, 12.0])
    assert values.dtype.kind == "f"


def test_padding_is_a_range_with_its_ends() -> None:
    stored = np.array([[[-2001, -2000, -1999, 0]]], np.int16)
    volume = Volume(stored, ModalityTransform(), padding=(-2001, -2000))
    padding = volume.padding_slice(0)
    assert padding is not None
    np.testing.assert_array_equal(padding, [[True, True, False, False]])
    assert Volume(stored, ModalityTransform()).padding_slice(0) is None


def test_only_loaded_slices_count_as_there() -> None:
    states = np.array([SliceState.LOADED, SliceState.WAITING, SliceState.FAILED], np.uint8)
    volume = Volume(np.zeros((3, 1, 1), np.int16), ModalityTransform(), states=states)
    assert [volume.is_loaded(k) for k in range(3)] == [True, False, False]
    assert not volume.is_complete
