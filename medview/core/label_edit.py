"""One step on a label map: which voxels changed from what to what, as packed runs that can be taken back."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.unsignedinteger]
Box = tuple[tuple[int, int, int], tuple[int, int, int]]
"""First voxel (k, j, i) and the one behind the last."""

LARGEST_VOXELS = 1 << 40
_RUN = 16
"""Bytes of a run before packing: gap to the run before (8), length (4), value before (2), value after (2)."""


@dataclass(frozen=True, eq=False)
class LabelEdit:
    """``packed`` holds the runs of changed voxels in the order of the flat array; ``shape`` is the label map's."""

    shape: tuple[int, int, int]
    box: Box
    voxels: int
    packed: bytes
    counts: tuple[tuple[int, int], ...]
    """(label value, voxels that it gained), negative where it lost some; without 0."""

    def runs(self) -> tuple[NDArray[np.int64], NDArray[np.int64], Labels, Labels]:
        """(n,) first flat index, length, value before, value after of each run. Raises ValueError for damaged ones."""
        try:
            plain = zlib.decompress(self.packed)
        except zlib.error as error:
            raise ValueError("a stroke is damaged") from error
        if len(plain) < 8:
            raise ValueError("a stroke is damaged")
        (n,) = struct.unpack_from("<Q", plain)
        if len(plain) != 8 + n * _RUN:
            raise ValueError("a stroke is damaged")
        at = 8
        gaps = np.frombuffer(plain, "<i8", n, at)
        lengths = np.frombuffer(plain, "<u4", n, at + 8 * n).astype(np.int64)
        before = np.frombuffer(plain, "<u2", n, at + 12 * n)
        after = np.frombuffer(plain, "<u2", n, at + 14 * n)
        starts = np.cumsum(gaps)
        size = int(np.prod(self.shape, dtype=np.int64))
        if n and ((gaps < 0).any() or (lengths < 1).any() or starts[0] < 0 or int(starts[-1] + lengths[-1]) > size):
            raise ValueError("a stroke reaches beyond its images")
        if n > 1 and (starts[1:] < starts[:-1] + lengths[:-1]).any():
            raise ValueError("a stroke is damaged")
        if int(lengths.sum()) != self.voxels:
            raise ValueError("a stroke is damaged")
        return starts, lengths, before, after

    def apply(self, labels: Labels, forward: bool = True) -> None:
        """Write the values after (or before) into ``labels`` (k, j, i), C-contiguous, in place."""
        if labels.shape != self.shape:
            raise ValueError(f"a stroke on {self.shape} voxels does not fit {labels.shape}")
        starts, lengths, before, after = self.runs()
        if not len(starts):
            return
        values = after if forward else before
        if int(values.max()) > np.iinfo(labels.dtype).max:
            raise ValueError("a stroke holds a label that its map cannot")
        flat = labels.reshape(-1)
        ends = np.cumsum(lengths)
        index = np.repeat(starts - np.concatenate([[0], ends[:-1]]), lengths) + np.arange(int(ends[-1]))
        flat[index] = np.repeat(values.astype(labels.dtype), lengths)


def edit_of(
    flat: NDArray[np.int64], before: Labels, after: Labels | int, shape: tuple[int, int, int]
) -> LabelEdit | None:
    """The step that changed the voxels ``flat`` (n,), each named once, from ``before`` (n,) to ``after``; None of none."""
    if not len(flat):
        return None
    if isinstance(after, int):
        # Index and value in one number: sorting numbers is several times faster than sorting an order of them.
        keys = np.sort((flat << 16) | before)
        flat, old = keys >> 16, (keys & 0xFFFF).astype("<u2")
        new = np.full(len(flat), after, "<u2")
    else:
        order = np.argsort(flat, kind="stable")
        flat = flat[order]
        old, new = np.asarray(before)[order].astype("<u2"), np.asarray(after)[order].astype("<u2")
    cut = (np.diff(flat) != 1) | (np.diff(old) != 0) | (np.diff(new) != 0)
    first = np.concatenate([[0], np.flatnonzero(cut) + 1])
    starts = flat[first]
    lengths = np.diff(np.append(first, len(flat)))
    gaps = np.diff(starts, prepend=0)
    plain = b"".join(
        (
            struct.pack("<Q", len(first)),
            gaps.astype("<i8").tobytes(),
            lengths.astype("<u4").tobytes(),
            old[first].tobytes(),
            new[first].tobytes(),
        )
    )
    most = int(max(old.max(), new.max())) + 1
    gained = np.bincount(new, minlength=most) - np.bincount(old, minlength=most)
    counts = tuple((int(value), int(gained[value])) for value in np.flatnonzero(gained) if value)
    return LabelEdit(shape, _box(starts, lengths, shape), len(flat), zlib.compress(plain, 1), counts)


def edit_between(
    before: Labels, after: Labels, corner: tuple[int, int, int], shape: tuple[int, int, int]
) -> LabelEdit | None:
    """The step from ``before`` to ``after``, two states of the part of a map of ``shape`` that begins at ``corner``."""
    where = np.nonzero(before != after)
    if not len(where[0]):
        return None
    k, j, i = (np.asarray(axis, np.int64) + start for axis, start in zip(where, corner, strict=True))
    flat = (k * shape[1] + j) * shape[2] + i
    return edit_of(flat, before[where], after[where], shape)


def _box(starts: NDArray[np.int64], lengths: NDArray[np.int64], shape: tuple[int, int, int]) -> Box:
    """The box around runs in the order of the flat array."""
    width = shape[2]
    first, last = starts // width, (starts + lengths - 1) // width
    columns = starts - first * width
    ends = starts + lengths - last * width
    whole = last > first  # it goes on in the next row
    rows, row_ends = first % shape[1], last % shape[1]
    over = first // shape[1] != last // shape[1]
    return (
        (
            int(first[0] // shape[1]),
            0 if over.any() else int(rows.min()),
            0 if whole.any() else int(columns.min()),
        ),
        (
            int(last[-1] // shape[1]) + 1,
            shape[1] if over.any() else int(row_ends.max()) + 1,
            width if whole.any() else int(ends.max()),
        ),
    )


def edit_content(edit: LabelEdit) -> dict[str, Any]:
    """What is kept of a step, for JSON."""
    return {
        "shape": list(edit.shape),
        "box": [list(corner) for corner in edit.box],
        "voxels": edit.voxels,
        "counts": [list(pair) for pair in edit.counts],
        "runs": base64.b64encode(edit.packed).decode(),
    }


def edit_of_content(content: Mapping[str, Any]) -> LabelEdit:
    """The step again, its runs checked. Raises ValueError where it is none."""
    try:
        k, j, i = (int(size) for size in content["shape"])
        first, last = (tuple(int(at) for at in corner) for corner in content["box"])
        counts = tuple((int(value), int(gain)) for value, gain in content["counts"])
        packed = base64.b64decode(content["runs"], validate=True)
        edit = LabelEdit((k, j, i), (_three(first), _three(last)), int(content["voxels"]), packed, counts)
    except (KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise ValueError(str(error)) from error
    if not 0 < k * j * i < LARGEST_VOXELS:
        raise ValueError("a stroke is damaged")
    edit.runs()
    return edit


def _three(values: tuple[int, ...]) -> tuple[int, int, int]:
    k, j, i = values
    return (k, j, i)
