"""One segmentation that a reader edits or draws: its voxels, its labels, what they measure, and the steps on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medview.app.history import Change
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.results import result_key
from medview.core.finding import InferenceResult, Label, Segmentation
from medview.core.label_edit import LabelEdit
from medview.core.segment_numbers import SegmentNumbers, diameters_by_slice, voxel_ml

if TYPE_CHECKING:
    from medview.core.display import OverlayStyle
    from medview.core.study import Stack

PREFIX = "edit-"
"""Package ids of segmentations that a reader made begin so; they name no package."""

Labels = NDArray[np.unsignedinteger]


def is_edited(result: InferenceResult) -> bool:
    """Whether a reader made a result, or changed it."""
    return result.provenance.how != "automatic"


class Correction:
    """``labels`` (k, j, i) are changed in place; what is drawn is `result`, a new value after each change."""

    def __init__(self, base: InferenceResult, pixel_mm: tuple[float, float]) -> None:
        segmentation = base.segmentation
        assert segmentation is not None
        self.base = base
        """What it began with; never changed."""
        self.id = base.provenance.package_id
        self.key = result_key(base)
        self.stack_id = base.provenance.stack_id
        self.pixel_mm = pixel_mm
        self.labels: Labels = np.array(segmentation.labels, order="C", copy=True)
        self.meanings = segmentation.meanings
        self.stale = False
        """Whether the images under it are others than those that it was made on."""
        self.version = 0
        """Grows with every change of a voxel."""
        self.strokes = 0
        """Number of the newest stroke."""
        self.touched: set[int] = set()
        """Slices that differ from the base, or did."""
        self.result = base
        self._base_counts: NDArray[np.int64] | None = None
        self._gained: dict[int, int] = {}
        self._by_slice: dict[int, dict[int, tuple[float, float]]] = {}
        self._due: dict[int, set[int]] = {}
        """Slices of each label that are to be measured again."""
        self.refresh()

    @property
    def segmentation(self) -> Segmentation:
        """As it is now. Its labels are the ones that are edited: a copy goes to other threads."""
        assert self.result.segmentation is not None
        return self.result.segmentation

    def refresh(self) -> None:
        """Make a new value of what is drawn."""
        segmentation = self.base.segmentation
        assert segmentation is not None
        self.result = replace(
            self.base, segmentation=Segmentation(self.labels, segmentation.geometry, self.meanings, segmentation.time)
        )

    def frozen(self) -> InferenceResult:
        """What it is now, for other threads."""
        segmentation = self.segmentation
        return replace(self.result, segmentation=replace(segmentation, labels=self.labels.copy()))

    def label(self, value: int) -> Label | None:
        """The label with a value."""
        return next((label for label in self.meanings if label.value == value), None)

    def apply(self, edit: LabelEdit, forward: bool, live: bool = False) -> None:
        """Take a step; ``live``: its voxels have their values already."""
        if not live:
            edit.apply(self.labels, forward)
        for value, gain in edit.counts:
            self._gained[value] = self._gained.get(value, 0) + (gain if forward else -gain)
        self.version += 1
        self._measure_again(edit)
        self.refresh()

    # ------------------------------------------------------------------ numbers

    def take_base_counts(self, counts: NDArray[np.int64]) -> None:
        """Voxels of each value in the base, counted in the background."""
        self._base_counts = counts

    def numbers(self, value: int) -> SegmentNumbers | None:
        """What a label measures now; None while its base is still being counted."""
        if self._base_counts is None:
            return None
        base = int(self._base_counts[value]) if value < len(self._base_counts) else 0
        voxels = base + self._gained.get(value, 0)
        segmentation = self.base.segmentation
        assert segmentation is not None
        ml = voxel_ml(segmentation.geometry)
        volume = None if ml is None else voxels * ml
        slices = self._by_slice.get(value)
        if not slices or self._due.get(value):
            return SegmentNumbers(voxels, volume)
        k = max(slices, key=lambda at: (slices[at][0], -at))
        return SegmentNumbers(voxels, volume, *slices[k], k)

    def is_measured(self, value: int) -> bool:
        """Whether the diameters of a label are known."""
        return value in self._by_slice

    def take_diameters(self, value: int, slices: dict[int, tuple[float, float]]) -> None:
        """Diameters of a label in the base by slice, measured in the background."""
        self._by_slice[value] = slices
        self._due[value] = set(self.touched)

    def slices_due(self, value: int) -> list[int]:
        """Slices of a known label that are to be measured again."""
        return sorted(self._due.get(value, ()))

    def take_slices(self, value: int, slices: Iterable[int], found: dict[int, tuple[float, float]]) -> None:
        """What slices of a known label measure now."""
        known = self._by_slice[value]
        for k in slices:
            known.pop(k, None)
            self._due[value].discard(k)
        known.update(found)

    def measure_slices(self, value: int, slices: Sequence[int]) -> None:
        """Measure slices of a known label now."""
        found: dict[int, tuple[float, float]] = {}
        for k in slices:
            found |= diameters_by_slice(self.labels[k : k + 1], value, self.pixel_mm, k)
        self.take_slices(value, slices, found)

    def _measure_again(self, edit: LabelEdit) -> None:
        """Measure known labels on the slices that a step touched, where they are few."""
        touched = range(edit.box[0][0], edit.box[1][0])
        self.touched.update(touched)
        for value in list(self._by_slice):
            if edit_moves(edit, value):
                self._due[value].update(touched)
                if len(self._due[value]) <= MOST_AT_ONCE:
                    self.measure_slices(value, self.slices_due(value))


MOST_AT_ONCE = 10
"""Slices that are measured at once after a step; more are measured in the background."""


def edit_moves(edit: LabelEdit, value: int) -> bool:
    """Whether a step takes voxels from a label or gives it some, also as many of the one as of the other."""
    _starts, _lengths, before, after = edit.runs()
    return bool((before == value).any() or (after == value).any())


class _CorrectionStep:
    """What the steps on a segmentation have in common."""

    correction: Correction

    @property
    def stack_id(self) -> str:
        """The stack that it is on."""
        return self.correction.stack_id

    def joined(self, earlier: Change) -> Change | None:  # noqa: ARG002
        """Each is a step of its own."""
        return None


@dataclass(frozen=True, eq=False)
class StrokeChange(_CorrectionStep):
    """A step on the voxels: a stroke of the brush, or what was done to a whole label. ``what`` is English, context "Step"."""

    correction: Correction
    id: str
    number: int
    edit: LabelEdit
    what: str
    forward: bool = True

    @property
    def title(self) -> str:
        """What was done."""
        return self.what

    def reversed(self) -> StrokeChange:
        """The change that takes this one back."""
        return replace(self, forward=not self.forward)


@dataclass(frozen=True, eq=False)
class CorrectionChange(_CorrectionStep):
    """A segmentation that a reader began or discarded (``there`` False)."""

    correction: Correction
    there: bool
    what: str
    origin_style: OverlayStyle | None = None
    """How the reader had what it was made from drawn; None: as by default."""
    taken_back: bool = False

    @property
    def title(self) -> str:
        """What was done."""
        return self.what

    def reversed(self) -> CorrectionChange:
        """The change that takes this one back."""
        return replace(self, there=not self.there, taken_back=not self.taken_back)


@dataclass(frozen=True, eq=False)
class LabelsChange(_CorrectionStep):
    """Labels that were added, named or coloured anew."""

    correction: Correction
    before: tuple[Label, ...]
    after: tuple[Label, ...]

    @property
    def title(self) -> str:
        """What was done."""
        if len(self.after) != len(self.before):
            return QT_TRANSLATE_NOOP("Step", "New label")
        return QT_TRANSLATE_NOOP("Step", "Name or colour of a label")

    def reversed(self) -> LabelsChange:
        """The change that takes this one back."""
        return replace(self, before=self.after, after=self.before)


def pixel_mm_of(stack: Stack) -> tuple[float, float]:
    """(down, across) mm of a pixel of the acquired slices; of pictures without a spacing, px."""
    if stack.geometry is not None:
        return (stack.geometry.spacing[1], stack.geometry.spacing[2])
    if stack.pixel_spacing is not None:
        return stack.pixel_spacing
    return (stack.pixel_aspect, 1.0)


def counted(labels: Labels) -> NDArray[np.int64]:
    """(n,) voxels of each value."""
    most = int(labels.max(initial=0)) + 1
    counts = np.zeros(max(most, 2), dtype=np.int64)
    for piece in labels:
        if most > 2 or piece.any():
            counts += np.bincount(piece.ravel(), minlength=len(counts))
        else:
            counts[0] += piece.size
    return counts


def next_value(meanings: Sequence[Label]) -> int:
    """The smallest value that no label has."""
    taken = {label.value for label in meanings}
    return next(value for value in range(1, 65536) if value not in taken)
