"""Steps on a label map: applied, taken back, packed and unpacked, and refused where they are damaged."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medview.core.label_edit import edit_between, edit_content, edit_of, edit_of_content


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.tuples(*[st.integers(1, 7)] * 3), st.sampled_from([np.uint8, np.uint16]))
def test_any_change_is_applied_taken_back_and_kept(seed: int, shape: tuple[int, int, int], kind: Any) -> None:
    chance = np.random.default_rng(seed)
    before = chance.integers(0, 4, shape).astype(kind)
    after = np.where(chance.random(shape) < 0.4, chance.integers(0, 300 if kind is np.uint16 else 5, shape), before)
    after = after.astype(kind)
    edit = edit_between(before, after, (0, 0, 0), shape)
    if edit is None:
        assert np.array_equal(before, after)
        return
    back = edit_of_content(json.loads(json.dumps(edit_content(edit))))
    labels = before.copy()
    back.apply(labels)
    assert np.array_equal(labels, after)
    back.apply(labels)  # again: nothing more
    assert np.array_equal(labels, after)
    assert dict(back.counts) == {
        int(value): int((after == value).sum()) - int((before == value).sum())
        for value in np.union1d(before, after)
        if value and (after == value).sum() != (before == value).sum()
    }
    where = np.argwhere(before != after)
    box = (tuple(where.min(axis=0).tolist()), tuple((where.max(axis=0) + 1).tolist()))
    assert (back.box[0][0], back.box[1][0]) == (box[0][0], box[1][0])
    assert all(a <= b for a, b in zip(back.box[0], box[0], strict=True))  # a run over the end of a row is not cut
    assert all(a >= b for a, b in zip(back.box[1], box[1], strict=True))
    back.apply(labels, forward=False)
    assert np.array_equal(labels, before)


def test_a_stroke_takes_little_room() -> None:
    shape = (600, 512, 512)
    j, i = np.nonzero(np.hypot(*np.mgrid[-60:61, -60:61]) <= 60)
    flat = (300 * 512 + j + 100) * 512 + i + 100
    edit = edit_of(flat.astype(np.int64), np.zeros(len(flat), np.uint8), 1, shape)
    assert edit is not None
    assert edit.voxels == len(flat) == 11289
    assert len(json.dumps(edit_content(edit))) < 1200  # 11,289 voxels


def test_damaged_steps_are_refused_and_change_nothing() -> None:
    shape = (2, 3, 4)
    edit = edit_of(np.array([3, 4, 9]), np.zeros(3, np.uint8), 1, shape)
    assert edit is not None
    content = edit_content(edit)
    for wrong in (
        {"runs": content["runs"][:-8]},
        {"shape": [1, 1, 4]},
        {"voxels": 5},
        {"runs": "!"},
        {"box": None},
        {"shape": [0, 3, 4]},
    ):
        with pytest.raises(ValueError, match=r".+"):
            edit_of_content({**content, **wrong})
    with pytest.raises(ValueError, match="does not fit"):
        edit.apply(np.zeros((2, 3, 5), np.uint8))
    high = edit_of(np.array([0]), np.zeros(1, np.uint16), 300, shape)
    assert high is not None
    with pytest.raises(ValueError, match="label that its map cannot"):
        high.apply(np.zeros(shape, np.uint8))
