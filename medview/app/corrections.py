"""Segmentations that the reader edits or draws, on all open stacks: begun, painted, named, taken back, and there again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from psygnal import Signal

from medview.app import opening
from medview.app.brush_stroke import LARGEST_MM, SMALLEST_MM, Brush, Stroke
from medview.app.changes import draw_result
from medview.app.correction import (
    MOST_AT_ONCE,
    PREFIX,
    Correction,
    CorrectionChange,
    LabelsChange,
    StrokeChange,
    counted,
    next_value,
    pixel_mm_of,
)
from medview.app.label_settings import WorkSettings
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.results import result_key
from medview.core.finding import LABEL_COLOURS, Colour, InferenceResult, Label, Provenance, Segmentation
from medview.core.label_edit import LabelEdit
from medview.core.segment_numbers import SegmentNumbers, diameters_by_slice

if TYPE_CHECKING:
    from medview.app.shown_slice import ShownSlice
    from medview.app.workspace import Workspace
    from medview.core.study import Series, Stack
    from medview.core.volume import Volume

SIZE_STEP = 1.2
"""Factor on the brush's size for a notch of the wheel."""
MOST_LABELS = 255


class Corrections:
    """``changed`` carries a stack id; ``painted`` too, after each move of the brush; ``recorded`` each step, for the journal."""

    changed = Signal(str)
    painted = Signal(str)
    recorded = Signal(object)
    brush_changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, Correction] = {}
        self._target = ""
        self._value = 1
        self._live: Stroke | None = None
        self._painted: LabelEdit | None = None
        """A step whose voxels have their values already."""
        self._asked: set[tuple[str, int]] = set()
        self.brush = Brush()
        self.work = WorkSettings()
        """What whole labels are smoothed and cleaned with."""
        history = workspace.history
        history.understand(StrokeChange, self._apply_stroke)
        history.understand(CorrectionChange, self._apply_correction)
        history.understand(LabelsChange, self._apply_labels)

    # ------------------------------------------------------------------ what is worked on

    @property
    def target(self) -> Correction | None:
        """The segmentation that the brush works on, where it is one of the active stack."""
        found = self._known.get(self._target)
        stack = self._workspace.active_viewport.stack
        return found if found is not None and stack is not None and found.stack_id == stack.id else None

    def on_stack(self, stack_id: str) -> Correction | None:
        """The segmentation that the brush works on, where it is one of that stack."""
        found = self._known.get(self._target)
        return found if found is not None and found.stack_id == stack_id else None

    @property
    def value(self) -> int:
        """The label that the brush paints."""
        return self._value

    def get(self, correction_id: str) -> Correction | None:
        """The segmentation with an id."""
        return self._known.get(correction_id)

    def of_result(self, result: InferenceResult) -> Correction | None:
        """The segmentation that a result is the picture of; None for results of models."""
        return self._known.get(result.provenance.package_id)

    def choose(self, correction: Correction | None, value: int | None = None) -> None:
        """Work on this segmentation and label from now on; None: on none."""
        before = self._known.get(self._target)
        self._target = "" if correction is None else correction.id
        if correction is not None:
            wanted = self._value if value is None else value
            known = [label.value for label in correction.meanings]
            self._value = wanted if wanted in known else known[0]
            self._measure_all(correction)
        for one in {one.stack_id for one in (before, correction) if one is not None}:
            self.changed.emit(one)

    def set_brush(self, **values: Any) -> None:
        """Change the brush."""
        brush = replace(self.brush, **values)
        if brush.limited and not self.brush.limited and brush.low == brush.high:
            low, high = self._seen_range()
            brush = replace(brush, low=low, high=high)
        brush = replace(brush, size_mm=float(min(max(brush.size_mm, SMALLEST_MM), LARGEST_MM)))
        if brush != self.brush:
            self.brush = brush
            self.brush_changed.emit()

    def _seen_range(self) -> tuple[float, float]:
        """The values that the active viewport tells apart, to begin with where no range was said."""
        from medview.app.reading import window_of
        from medview.core.display import declared_window

        view, stack = self._workspace.active_viewport.view, self._workspace.active_viewport.stack
        if stack is None:
            return self.brush.low, self.brush.high
        voi = view.voi or declared_window(stack, view.time * stack.shape[0] + view.k)
        if voi is None:
            return self.brush.low, self.brush.high
        window = window_of(voi)
        return window.center - window.width / 2, window.center + window.width / 2

    def resize(self, notches: int) -> None:
        """Make the brush larger, or smaller where ``notches`` is negative."""
        self.set_brush(size_mm=round(self.brush.size_mm * SIZE_STEP**notches, 2))

    # ------------------------------------------------------------------ beginning and ending

    def begin(self, result: InferenceResult) -> Correction | None:
        """Work on a segmentation: on a copy where a model made it, which stays as it was."""
        segmentation = result.segmentation
        found = opening.find_stack(self._workspace.studies, result.provenance.stack_id)
        if segmentation is None or found is None or not segmentation.meanings:
            return None
        known = self.of_result(result) or self._adopt(result)
        if known is not None:
            self.choose(known)
            return known
        made = result.provenance
        reader = self._workspace.decisions.reader
        name = f"{made.package_name or made.package_id} {made.package_version}".strip()
        provenance = replace(
            made,
            package_id=f"{PREFIX}{uuid.uuid4()}",
            package_name=f"{name}, edited by {reader or 'a reader'}",
            finished_at=_now(),
            duration_s=0.0,
            how="semiautomatic",
            reader=reader,
            origin=result_key(result),
        )
        base = InferenceResult(provenance, "segmentation", segmentation)
        correction = Correction(base, pixel_mm_of(found[2]))
        self.do_there(correction, True, QT_TRANSLATE_NOOP("Step", "Edit a segmentation"))
        return correction

    def begin_new(self, stack: Stack, series: Series, time: int = 0, name: str = "Label 1") -> Correction:
        """Begin a segmentation with nothing."""
        reader = self._workspace.decisions.reader
        provenance = Provenance(
            package_id=f"{PREFIX}{uuid.uuid4()}",
            package_name=f"Drawn by {reader or 'a reader'}",
            package_version="",
            package_sha256="",
            device_requested="",
            device_used="",
            series_uid=series.series_uid,
            stack_id=stack.id,
            finished_at=_now(),
            duration_s=0.0,
            research_only=False,
            how="manual",
            reader=reader,
        )
        base = empty_result(provenance, stack, (Label(1, name, LABEL_COLOURS[0]),), time)
        correction = Correction(base, pixel_mm_of(stack))
        self.do_there(correction, True, QT_TRANSLATE_NOOP("Step", "New segmentation"))
        return correction

    def do_there(self, correction: Correction, there: bool, what: str) -> None:
        """Begin or discard a segmentation, as a step."""
        style = self._workspace.results.styles.get(correction.base.provenance.origin)
        self._workspace.history.do(CorrectionChange(correction, there, what, style))

    def _adopt(self, result: InferenceResult) -> Correction | None:
        """Take over what was edited at another time and whose journal is not there."""
        if not result.provenance.package_id.startswith(PREFIX):
            return None
        found = opening.find_stack(self._workspace.studies, result.provenance.stack_id)
        if found is None:
            return None
        return self.take_in(Correction(result, pixel_mm_of(found[2])))

    def take_in(self, correction: Correction) -> Correction:
        """Know a segmentation from now on, and show it; no step."""
        self._known[correction.id] = correction
        self._count(correction)
        self._workspace.results.put(correction.result)
        return correction

    def discard(self, correction: Correction) -> None:
        """Take a segmentation off the screen and out of what is kept."""
        self.do_there(correction, False, QT_TRANSLATE_NOOP("Step", "Discard a segmentation"))

    def drop_stack(self, stack_id: str) -> None:
        """Forget what is on a stack that is closed; it stays kept."""
        self._known = {name: one for name, one in self._known.items() if one.stack_id != stack_id}

    # ------------------------------------------------------------------ painting

    def start_stroke(
        self, shown: ShownSlice, volume: Volume | None, stack: Stack, time: int, erase: bool
    ) -> Stroke | None:
        """Begin a stroke on the slice shown; None where there is nothing to paint on."""
        correction = self.on_stack(stack.id)
        if correction is None or correction.segmentation.time != time:
            return None
        if shown.plane_kind == "acquired" and volume is not None and not volume.is_loaded(shown.k or 0):
            return None
        self._live = Stroke(correction, self.brush, self._value, erase, shown, volume)
        return self._live

    def lead(self, stroke: Stroke, x: float, y: float) -> None:
        """Lead the brush on."""
        if stroke is self._live and stroke.lead(x, y):
            self._show(stroke.correction)

    def end_stroke(self, stroke: Stroke) -> None:
        """The stroke becomes a step."""
        if stroke is not self._live:
            return
        self._live = None
        edit = stroke.end()
        what = QT_TRANSLATE_NOOP("Step", "Erase") if stroke.erase else QT_TRANSLATE_NOOP("Step", "Paint")
        if edit is not None:
            self.do_edit(stroke.correction, edit, what, live=True)
        elif stroke.out_of_range:
            low, high = (f"{one:g}" for one in stroke.brush.limits)
            text = f"Nothing was painted: no value under the brush lies between {low} and {high}."
            self._workspace.tell("nothing_in_range", text, (low, high))

    def cancel_stroke(self, stroke: Stroke) -> None:
        """Put back what a stroke has painted."""
        if stroke is self._live:
            self._live = None
            stroke.cancel()
            self._show(stroke.correction)

    @property
    def is_painting(self) -> bool:
        """Whether a stroke is going on."""
        return self._live is not None

    def do_edit(self, correction: Correction, edit: LabelEdit, what: str, live: bool = False) -> None:
        """Do a step on the voxels."""
        correction.strokes += 1
        self._painted = edit if live else None
        self._workspace.history.do(StrokeChange(correction, uuid.uuid4().hex, correction.strokes, edit, what))

    def _show(self, correction: Correction) -> None:
        correction.refresh()
        self._workspace.results.put(correction.result)
        self.painted.emit(correction.stack_id)

    # ------------------------------------------------------------------ labels

    def add_label(self, correction: Correction, name: str) -> int:
        """A further label; its value."""
        value = next_value(correction.meanings)
        if value > MOST_LABELS:
            return self._value
        colour = LABEL_COLOURS[(value - 1) % len(LABEL_COLOURS)]
        self._change_labels(correction, (*correction.meanings, Label(value, name, colour)))
        self.choose(correction, value)
        return value

    def rename(self, correction: Correction, value: int, name: str) -> None:
        """Give a label another name; what the codes of a model said of it is not said of another name."""
        label = correction.label(value)
        if name and label is not None and label.name != name:
            self._replace_label(correction, Label(value, name, label.colour))

    def recolour(self, correction: Correction, value: int, colour: Colour) -> None:
        """Give a label another colour."""
        label = correction.label(value)
        if label is not None and label.colour != colour:
            self._replace_label(correction, replace(label, colour=colour))

    def _replace_label(self, correction: Correction, label: Label) -> None:
        self._change_labels(
            correction, tuple(label if one.value == label.value else one for one in correction.meanings)
        )

    def _change_labels(self, correction: Correction, after: tuple[Label, ...]) -> None:
        self._workspace.history.do(LabelsChange(correction, correction.meanings, after))

    # ------------------------------------------------------------------ steps

    def _apply_stroke(self, change: StrokeChange) -> None:
        live, self._painted = change.edit is self._painted, None
        if self._live is not None and not live:
            self._live.cancel()  # its ground is taken away
            self._live = None
        change.correction.apply(change.edit, change.forward, live)
        self._measure_all(change.correction)
        self._workspace.results.put(change.correction.result)
        self.recorded.emit(change)
        self.painted.emit(change.stack_id)
        self.changed.emit(change.stack_id)

    def _apply_correction(self, change: CorrectionChange) -> None:
        correction, workspace = change.correction, self._workspace
        if change.there:
            self.take_in(correction)
            self.choose(correction)
        else:
            self._known.pop(correction.id, None)
            workspace.results.remove(correction.result)
        origin = workspace.results.newest(correction.base.provenance.origin)
        if origin is not None:
            # Two outlines of one thing on top of each other cannot be told apart.
            style = replace(workspace.overlay_style(origin), visible=not change.there)
            draw_result(workspace, origin, change.origin_style if change.taken_back else style)
        self.recorded.emit(change)
        workspace.results_changed.emit(change.stack_id)
        self.changed.emit(change.stack_id)

    def _apply_labels(self, change: LabelsChange) -> None:
        correction = change.correction
        correction.meanings = change.after
        if correction.label(self._value) is None:
            self._value = change.after[0].value
        correction.refresh()
        self._workspace.results.put(correction.result)
        self.recorded.emit(change)
        self._workspace.results_changed.emit(change.stack_id)
        self.changed.emit(change.stack_id)

    def set_stale(self, correction_id: str) -> None:
        """The images under a segmentation are others than those that it was made on."""
        correction = self._known.get(correction_id)
        if correction is not None and not correction.stale:
            correction.stale = True
            self.changed.emit(correction.stack_id)

    # ------------------------------------------------------------------ numbers

    def numbers(self, correction: Correction, value: int) -> SegmentNumbers | None:
        """What a label measures now; None while it is still being counted."""
        return correction.numbers(value)

    def _count(self, correction: Correction) -> None:
        from medview.jobs.queue import Lane

        segmentation = correction.base.segmentation
        assert segmentation is not None
        if is_nothing(segmentation):
            correction.take_base_counts(np.zeros(2, np.int64))
            correction.take_diameters(correction.meanings[0].value, {})
            return
        labels = segmentation.labels

        def done(counts: Any) -> None:
            correction.take_base_counts(counts)
            self.changed.emit(correction.stack_id)

        self._workspace.jobs.submit(
            "numbers", lambda _progress: counted(labels), Lane.ANALYSIS, done, self._workspace.tell_error
        )

    def _measure_all(self, correction: Correction) -> None:
        """Measure every label whose diameters are not known, the one that is worked on first: a step may change several."""
        values = [label.value for label in correction.meanings]
        for value in sorted(values, key=lambda one: one != self._value):
            self._measure(correction, value)

    def _measure(self, correction: Correction, value: int) -> None:
        """Measure the diameters of a label in the background, where they are not known."""
        from medview.jobs.queue import Lane

        key = (correction.id, value)
        due = correction.slices_due(value)
        if key in self._asked or (correction.is_measured(value) and not due):
            return
        if correction.is_measured(value) and len(due) <= MOST_AT_ONCE:
            correction.measure_slices(value, due)
            return
        self._asked.add(key)
        version, pixel_mm = correction.version, correction.pixel_mm
        segmentation = correction.base.segmentation
        assert segmentation is not None
        known = correction.is_measured(value)
        # The base is changed by nobody; of what differs from it a copy is measured, a few slices at a time.
        due = due[:MOST_AT_ONCE]
        labels = correction.labels[due] if known else segmentation.labels

        def done(found: dict[int, tuple[float, float]]) -> None:
            self._asked.discard(key)
            if not known:
                correction.take_diameters(value, found)
            elif correction.version == version:
                correction.take_slices(value, due, {due[at]: pair for at, pair in found.items()})
            self._measure(correction, value)
            self.changed.emit(correction.stack_id)

        def failed(error: BaseException) -> None:
            self._asked.discard(key)
            self._workspace.tell_error(error)

        self._workspace.jobs.submit(
            "numbers", lambda _progress: diameters_by_slice(labels, value, pixel_mm), Lane.ANALYSIS, done, failed
        )


def empty_result(provenance: Provenance, stack: Stack, meanings: Sequence[Label], time: int) -> InferenceResult:
    """A segmentation of nothing on a stack; its labels take no memory until they are painted on."""
    labels = np.broadcast_to(np.zeros((1, 1, 1), dtype=np.uint8), stack.shape)
    return InferenceResult(provenance, "segmentation", Segmentation(labels, stack.geometry, tuple(meanings), time))


def is_nothing(segmentation: Segmentation) -> bool:
    """Whether a segmentation began with nothing."""
    return segmentation.labels.strides == (0, 0, 0)


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="microseconds")
