"""Segmentations that a reader edits or draws, in the journal: every stroke is an entry the moment it ends.

What one began with is a kept result, or nothing; the strokes that hold are laid over it in their order. A stroke that was taken
back is an entry that holds nothing. Where the images are others than those that were painted on, that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from medview.app import opening
from medview.app.correction import PREFIX, Correction, CorrectionChange, LabelsChange, StrokeChange, pixel_mm_of
from medview.app.corrections import empty_result, is_nothing
from medview.core.finding import Code, InferenceResult, Label, Provenance
from medview.core.label_edit import LabelEdit, edit_content, edit_of_content

if TYPE_CHECKING:
    from medview.app.keeping import Keeping
    from medview.app.workspace import Workspace
    from medview.core.study import Stack
    from medview.store.entry import Entry

KINDS = ("segmentation", "stroke")


class CorrectionKeeping:
    """Records what happens to segmentations, and builds them again from the journal and the results that are kept."""

    def __init__(self, workspace: Workspace, keeping: Keeping) -> None:
        self._workspace = workspace
        self._keeping = keeping
        self._bases: dict[str, InferenceResult] = {}
        self._entries: dict[str, Mapping[str, Any]] = {}
        self._strokes: dict[str, list[tuple[int, str, LabelEdit]]] = {}
        self._hashes: dict[str, str] = {}
        self._gone: set[str] = set()
        self._read: set[str] = set()
        self._segmentation_of: dict[str, str] = {}
        workspace.corrections.recorded.connect(self._record)

    # ------------------------------------------------------------------ recording

    def _record(self, change: StrokeChange | CorrectionChange | LabelsChange) -> None:
        correction = change.correction
        found = opening.find_stack(self._workspace.studies, correction.stack_id)
        if found is None:
            return
        home = (found[0].study_uid, found[1].series_uid)
        keeping = self._keeping
        if isinstance(change, StrokeChange):
            content = None
            if change.forward:
                content = {"segmentation": correction.id, "number": change.number, "what": change.what}
                content |= edit_content(change.edit)
                self._segmentation_of[change.id] = correction.id
            keeping.record("stroke", change.id, content, *home)
            if change.forward:
                middle = (change.edit.box[0][0] + change.edit.box[1][0]) // 2
                keeping.hash_under(change.id, found[2], correction.segmentation.time, middle, home)
            return
        if isinstance(change, CorrectionChange) and not change.there:
            keeping.record("segmentation", correction.id, None, *home)
            keeping.forget_base(correction.base)
            return
        segmentation = correction.base.segmentation
        assert segmentation is not None
        nothing = is_nothing(segmentation)
        if isinstance(change, CorrectionChange) and not nothing:
            keeping.keep_base(correction.base)
        content = {
            "base": "nothing" if nothing else "kept",
            "provenance": asdict(correction.base.provenance),
            "meanings": [asdict(label) for label in correction.meanings],
            "shape": list(correction.labels.shape),
            "time": segmentation.time,
            "patient": keeping.patient_digest(found[0]),
            "frames": keeping.frames_digest(found[2]),
        }
        keeping.record("segmentation", correction.id, content, *home)

    # ------------------------------------------------------------------ bringing back

    def bring_back(self, entries: Iterable[Entry], touched: set[str], series: Iterable[str]) -> tuple[int, int]:
        """Take in what the journal says; how many cannot be understood, and how many are on images that are not here."""
        unknown = 0
        for entry in entries:
            content = entry.content
            if entry.subject in touched:
                continue
            if entry.kind == "pixels" and content is not None:
                self._hashes[entry.subject] = str(content.get("sha256", ""))
            elif entry.kind == "segmentation":
                if content is None:
                    self._gone.add(entry.subject)
                    self._bases.pop(entry.subject, None)
                else:
                    self._gone.discard(entry.subject)
                    self._entries[entry.subject] = content
            elif entry.kind == "stroke" and content is not None:
                try:
                    stroke = (int(content["number"]), entry.subject, edit_of_content(content))
                    self._strokes.setdefault(str(content["segmentation"]), []).append(stroke)
                except (KeyError, TypeError, ValueError):
                    unknown += 1
        self._read.update(series)
        away = 0
        for name in list(self._entries):
            built = self._build(name)
            away += built is None
            unknown += built == ""
        for name in [name for name, base in self._bases.items() if base.provenance.series_uid in self._read]:
            self._adopt(self._bases.pop(name))
        return unknown, away

    def take_base(self, result: InferenceResult) -> bool:
        """Whether a kept result is what a reader began with: it is shown with its strokes, when the journal is read."""
        name = result.provenance.package_id
        if not name.startswith(PREFIX):
            return False
        if name in self._gone or self._workspace.corrections.get(name) is not None:
            return True
        self._bases[name] = result
        if name in self._entries:
            self._build(name)
        elif result.provenance.series_uid in self._read:
            self._adopt(self._bases.pop(name))
        return True

    def read_failed(self, series: Iterable[str]) -> None:
        """The journal cannot be read: what was kept is shown without its strokes."""
        self._read.update(series)
        for name in [name for name, base in self._bases.items() if base.provenance.series_uid in self._read]:
            self._adopt(self._bases.pop(name))

    def _adopt(self, base: InferenceResult) -> None:
        self._workspace.add_result(base)

    def _build(self, name: str) -> str | None:
        """Build a segmentation: its stack's id, "" where its entry cannot be understood, None where its images are away.

        Where it waits for what it began with, nothing happens yet.
        """
        content = self._entries[name]
        corrections = self._workspace.corrections
        if corrections.get(name) is not None:
            del self._entries[name]
            return name
        try:
            provenance = _provenance(content["provenance"])
            meanings = tuple(_label(one) for one in content["meanings"])
            shape = tuple(int(size) for size in content["shape"])
            time = int(content["time"])
        except (KeyError, TypeError, ValueError, AttributeError):
            del self._entries[name]
            return ""
        placed = self._place(provenance, shape, time)
        if placed is None:
            del self._entries[name]
            return None
        if content.get("base") == "nothing":
            base = empty_result(provenance, placed, meanings, time)
        elif name in self._bases:
            base = self._bases.pop(name)
        else:
            return name  # it comes with the kept results
        segmentation = base.segmentation
        if segmentation is None or segmentation.labels.shape != shape:
            del self._entries[name]
            return ""
        del self._entries[name]
        correction = Correction(base, pixel_mm_of(placed))
        correction.meanings = meanings
        damaged = self._lay_strokes(correction)
        found = opening.find_stack(self._workspace.studies, placed.id)
        assert found is not None
        keeping = self._keeping
        same = content.get("frames") in {None, keeping.frames_digest(placed)}
        if not same or content.get("patient") not in {None, keeping.patient_digest(found[0])}:
            correction.stale = True
        correction.refresh()
        corrections.take_in(correction)
        if damaged:
            text = f"Strokes on a segmentation that do not fit it: {damaged}. They stay kept."
            self._workspace.tell("strokes_unknown", text, (str(damaged),))
        self._workspace.results_changed.emit(correction.stack_id)
        corrections.changed.emit(correction.stack_id)
        return placed.id

    def _place(self, provenance: Provenance, shape: Sequence[int], time: int) -> Stack | None:
        found = opening.find_series(self._workspace.studies, provenance.series_uid)
        if found is None:
            return None
        own = next((stack for stack in found[1].stacks if stack.id == provenance.stack_id), None)
        return own if own is not None and own.shape == tuple(shape) and time < own.timepoints else None

    def _lay_strokes(self, correction: Correction) -> int:
        """Lay the strokes that hold over what was begun with, in their order; how many do not fit."""
        damaged = 0
        for number, stroke_id, edit in sorted(self._strokes.pop(correction.id, []), key=lambda one: one[0]):
            try:
                correction.apply(edit, forward=True)
            except ValueError:
                damaged += 1
                continue
            correction.strokes = max(correction.strokes, number)
            self._segmentation_of[stroke_id] = correction.id
            wanted = self._hashes.pop(stroke_id, "")
            if wanted:
                k = (edit.box[0][0] + edit.box[1][0]) // 2
                self._keeping.expect(stroke_id, correction.stack_id, correction.segmentation.time, k, wanted)
        return damaged

    def set_stale(self, stroke_id: str) -> None:
        """The pixels under a stroke are others than those that it was made on."""
        name = self._segmentation_of.get(stroke_id)
        if name is not None:
            self._workspace.corrections.set_stale(name)


def _provenance(content: Mapping[str, Any]) -> Provenance:
    known = {name: content[name] for name in Provenance.__dataclass_fields__ if name in content}
    known["overrides"] = tuple(known.get("overrides", ()))
    return Provenance(**known)


def _label(content: Mapping[str, Any]) -> Label:
    red, green, blue = (int(part) for part in content["colour"])
    return Label(
        int(content["value"]),
        str(content["name"]),
        (red, green, blue),
        _code(content.get("category")),
        _code(content.get("type")),
    )


def _code(content: Mapping[str, Any] | None) -> Code | None:
    return None if content is None else Code(str(content["value"]), str(content["scheme"]), str(content["meaning"]))
