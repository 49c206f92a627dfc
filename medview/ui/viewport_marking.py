"""What a reader does with the marks of a viewport besides drawing them: write on them, nudge, copy, calibrate, look closer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRectF, QRegularExpression, Qt
from PySide6.QtGui import QKeyEvent, QRegularExpressionValidator
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from medview.app.calibration import can_be_calibrated
from medview.app.keeping import patient_points
from medview.app.mark_editing import grips, moved, with_point
from medview.app.mark_values import MadeValues, as_made, placed_on, slab_of
from medview.app.measurements import same_slice
from medview.app.measuring import Measured, measure, region_values
from medview.app.notices import images_place
from medview.app.opening import find_stack
from medview.app.picture import serial
from medview.app.scales import shown_scale
from medview.core.measurement import REGION_KINDS, Measurement
from medview.kernels.sample2d import is_whole
from medview.ui.text import QT_TRANSLATE_NOOP, translate

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray

    from medview.core.cut import Slice
    from medview.core.value_scale import ValueScale
    from medview.ui.viewport import ViewportWidget

_OF_VALUES = REGION_KINDS | {"point"}
"""Marks that say something of the values below them."""
MOST_LETTERS = 400
"""Of what is written on a mark."""


class MarkEntry(QWidget):
    """A line at the mark to write on it: Enter takes it, Esc leaves it."""

    def __init__(self, marking: ViewportMarking, mark: Measurement, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("markEntry")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._marking, self.mark = marking, mark
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 6, 4)
        self.line = QLineEdit()
        self.line.setMaxLength(MOST_LETTERS)
        if mark.kind == "calibration":
            row.addWidget(QLabel(translate("MarkEntry", "True length")))
            self.line.setText("" if mark.known_mm is None else f"{mark.known_mm:g}")
            # Point and comma both: Qt's own validator leaves out the one that the region does not write, and 12.5 became 125.
            self.line.setValidator(
                QRegularExpressionValidator(QRegularExpression(r"[0-9]{0,6}([.,][0-9]{0,3})?"), self.line)
            )
            self.line.setMaximumWidth(90)
            row.addWidget(self.line)
            row.addWidget(QLabel("mm"))
        else:
            self.line.setText(mark.text)
            self.line.setPlaceholderText(translate("MarkEntry", "Text of the mark"))
            self.line.setMinimumWidth(180)
            row.addWidget(self.line)
        self.line.setAccessibleName(self.line.placeholderText() or translate("MarkEntry", "True length"))
        self.line.returnPressed.connect(self.accept)
        self.line.editingFinished.connect(self._left)
        self.adjustSize()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._marking.close_entry()
            event.accept()
        elif event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)

    def accept(self) -> None:
        """Take what stands there."""
        self._marking.written(self.mark, self.line.text().strip())

    def _left(self) -> None:
        # What was written is not lost when the hand goes elsewhere.
        if self.isVisible() and not self.line.hasFocus() and self.mark.kind != "calibration":
            self.accept()


class ViewportMarking:
    """Acts on the selected mark of one viewport."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self.entry: MarkEntry | None = None
        self.grip: int | None = None
        """The grip that was taken last: nudging moves it alone."""
        self.boxes: dict[str, QRectF] = {}
        """Where the words of the marks stand, as they were painted last."""
        self._measured: dict[str, tuple[object, Measured]] = {}
        self._made = MadeValues()
        self._skipped: tuple[int, NDArray[np.bool_] | None] | None = None

    def forget(self) -> None:
        """Another stack is shown."""
        self.close_entry()
        self._measured.clear()
        self._made.forget()
        self._skipped = None
        self.boxes.clear()
        self.grip = None

    def measured(self, mark: Measurement) -> Measured | None:
        """What a mark on the slice shown says."""
        widget = self._widget
        cut, shown, volume = widget.cut(), widget.shown, widget.volume
        if cut is None or shown is None or volume is None:
            return None
        made_on = as_made(shown, mark)
        elsewhere = made_on is not shown
        filtered = widget.state.view.measure_filtered and cut.filtered and not elsewhere
        piece = cut.shown if filtered else cut.original
        if elsewhere:
            piece = self._made.of(volume, made_on)
        scale, token = self._told_in
        key = (mark, serial(piece), scale, shown.measure_mm, shown.measure_kind, token, shown.slab)
        known = self._measured.get(mark.id)
        if known is None or known[0] != key:
            values = skipped = None
            if mark.kind in _OF_VALUES:
                values, skipped = piece.values, self._skipped_of(piece)
            made = measure(mark, made_on, values, skipped, volume.unit, filtered=filtered, scale=scale)
            uptakes = () if filtered else widget.uptakes.of(mark, made_on)
            if elsewhere or uptakes:
                made = replace(made, elsewhere=elsewhere, uptakes=uptakes)
            known = (key, made)
            self._measured[mark.id] = known
        return known[1]

    @property
    def _told_in(self) -> tuple[ValueScale | None, Hashable]:
        """The scale that values are told in and what lies on top; the same for all marks of a picture."""
        moment = self._widget.moment
        if moment is None or "told in" not in moment:
            told = (shown_scale(self._widget.state.view), self._widget.uptakes.token)
            if moment is None:
                return told
            moment["told in"] = told
        found: tuple[ValueScale | None, Hashable] = moment["told in"]
        return found

    def _skipped_of(self, piece: Slice) -> NDArray[np.bool_] | None:
        """(h, w) where a piece has no values, None where it has them all; the same for all marks on it."""
        number = serial(piece)
        if self._skipped is None or self._skipped[0] != number:
            skipped = piece.padding
            if not is_whole(piece.coverage):
                skipped = ~piece.coverage if skipped is None else ~piece.coverage | skipped
            self._skipped = (number, skipped)
        return self._skipped[1]

    @property
    def can_be_rebound(self) -> bool:
        """Whether the selected mark's values are of something else than what is shown."""
        mark, shown = self.selected, self._widget.shown
        has_values = mark is not None and (mark.kind in REGION_KINDS or mark.kind == "point")
        return mark is not None and shown is not None and has_values and slab_of(mark.place) != shown.slab

    def rebind(self) -> None:
        """Take the values of the selected mark from what is shown now: another slab, or the slice alone."""
        mark, shown = self.selected, self._widget.shown
        if mark is not None and shown is not None and self.can_be_rebound:
            self._widget.workspace.measurements.replace(replace(mark, place=placed_on(mark.place, shown.slab)))
            self._widget.touch()

    # ------------------------------------------------------------------ new marks and words

    def take(self, mark: Measurement) -> None:
        """Keep a mark that was just drawn; one that is or needs words asks for them first."""
        widget = self._widget
        if mark.kind == "calibration":
            shown = widget.state.shown()
            if shown is None or not can_be_calibrated(shown):
                widget.workspace.tell(
                    "cannot_calibrate",
                    "A known line calibrates only pictures whose millimetres the file does not know in the patient.",
                    severity="warning",
                    place=images_place(widget.state.stack),
                )
                return
        if mark.kind in {"calibration", "text", "arrow"}:
            self.open_entry(mark)
            widget.set_draft(mark)
            return
        widget.workspace.measurements.add(mark)
        widget.select_mark(mark.id)
        widget.touch()

    def edit_text(self) -> None:
        """Write on the selected mark."""
        mark = self.selected
        if mark is not None:
            self.open_entry(mark)

    def open_entry(self, mark: Measurement) -> None:
        """Show the line to write in beside a mark."""
        self.close_entry()
        widget = self._widget
        self.entry = MarkEntry(self, mark, widget)
        at = mark.points[-1] if mark.kind in {"arrow", "calibration"} else mark.points[0]
        x, y = widget.transform.image_to_screen(*at)
        left = max(0, min(round(x) + 8, widget.width() - self.entry.width()))
        top = max(0, min(round(y) - 12, widget.height() - self.entry.height()))
        self.entry.move(left, top)
        self.entry.show()
        self.entry.line.setFocus(Qt.FocusReason.OtherFocusReason)
        self.entry.line.selectAll()

    def written(self, mark: Measurement, text: str) -> None:
        """Take what was written on a mark."""
        known = self._widget.workspace.measurements.get(mark.id)
        if mark.kind == "calibration":
            length = _length(text)
            if length is None:
                return  # the line stays open until it says a length
            mark = replace(mark, known_mm=length)
        else:
            mark = replace(known or mark, text=text)
        self.close_entry()
        if known is not None:
            self._widget.workspace.measurements.replace(mark)
        elif mark.kind != "text" or text:
            self._widget.workspace.measurements.add(mark)
            self._widget.select_mark(mark.id)
        self._widget.touch()

    def leave_entry(self) -> None:
        """The hand goes elsewhere: what was written is kept, a length that was not said is not asked for any more."""
        if self.entry is not None:
            if self.entry.mark.kind == "calibration":
                self.close_entry()
            else:
                self.entry.accept()

    def close_entry(self) -> None:
        """Close the line to write in; a new mark that still waited for its words is dropped."""
        entry, self.entry = self.entry, None
        if entry is not None:
            self._widget.set_draft(None)
            entry.hide()
            entry.deleteLater()
            self._widget.setFocus(Qt.FocusReason.OtherFocusReason)

    # ------------------------------------------------------------------ the selected mark

    @property
    def selected(self) -> Measurement | None:
        """The selected mark, None where it lies on another slice than the one shown."""
        widget = self._widget
        return next((mark for mark in widget.marks_here() if mark.id == widget.selected_mark), None)

    @property
    def hovered(self) -> bool:
        """Whether the pointer is over the selected mark."""
        hit = self._widget.mouse.hovered
        return hit is not None and hit.mark_id == self._widget.selected_mark

    def select_next(self, step: int = 1) -> None:
        """Select the next mark on the slice shown, around at the ends."""
        marks = self._widget.marks_here()
        if marks:
            ids = [mark.id for mark in marks]
            selected = self._widget.selected_mark
            at = ids.index(selected) + step if selected in ids else 0
            self.grip = None
            self._widget.select_mark(ids[at % len(ids)])

    def nudge(self, right: int, down: int) -> None:
        """Move the selected mark, or its grip that was taken last, by image pixels as they lie on the screen."""
        mark, shown = self.selected, self._widget.shown
        if mark is None or shown is None:
            return
        linear = self._widget.transform.inverse[:, :2] @ np.array([right, down], dtype=float)
        axis = int(np.argmax(np.abs(linear)))
        step = [0.0, 0.0]
        step[axis] = float(np.sign(linear[axis])) * max(abs(right), abs(down))
        if self.grip is not None and self.grip < len(grips(mark)):
            x, y = grips(mark)[self.grip]
            changed = with_point(mark, self.grip, (x + step[0], y + step[1]), shown.pixel_mm)
        else:
            changed = moved(mark, step[0], step[1])
        self._widget.workspace.measurements.replace(changed)
        self._widget.touch()

    def copy(self) -> None:
        """Remember the selected mark, to be put on other slices."""
        mark = self.selected
        if mark is not None:
            self._widget.workspace.copied_mark = mark

    def paste(self) -> None:
        """Put the copied mark on the slice shown: at the same pixels of its stack, else at the same place in the patient."""
        widget = self._widget
        mark, place, shown = widget.workspace.copied_mark, widget.place(), widget.shown
        if mark is None or place is None or shown is None:
            return
        points = mark.points
        if (place.stack_id, place.plane) != (mark.place.stack_id, mark.place.plane):
            found = self._points_here(mark)
            if found is None:
                widget.workspace.tell(
                    "cannot_paste",
                    "The copied mark has no place on this image: the two have no frame of reference in common.",
                    severity="warning",
                    place=images_place(widget.state.stack),
                )
                return
            points = found
        known = None if mark.kind == "calibration" else mark.known_mm
        pasted = replace(mark, id=widget.workspace.measurements.new_id(), place=place, points=points, known_mm=known)
        if mark.kind == "calibration":
            self.take(pasted)
            return
        if same_slice(place, mark.place):
            pasted = moved(pasted, *self._beside())
        widget.workspace.measurements.add(pasted)
        widget.select_mark(pasted.id)
        widget.touch()

    def _beside(self) -> tuple[float, float]:
        """A step of image px that is well seen, so that a copy does not lie over what it was copied from."""
        linear = self._widget.transform.inverse[:, :2] @ np.array([14.0, 14.0])
        return (float(linear[0]), float(linear[1]))

    def _points_here(self, mark: Measurement) -> tuple[tuple[float, float], ...] | None:
        shown, place = self._widget.shown, mark.place
        own = self._widget.place()
        if (
            shown is None
            or own is None
            or (own.stack_id != place.stack_id and not own.frame_of_reference)
            or own.frame_of_reference != place.frame_of_reference
        ):
            return None
        found_stack = find_stack(self._widget.workspace.studies, place.stack_id)
        patient = None if found_stack is None else patient_points(found_stack[2], mark)
        if patient is None:
            return None
        found = [shown.patient_to_image(np.array(point)) for point in patient]
        return tuple((one[0], one[1]) for one in found if one is not None) if None not in found else None

    def copy_to_slice(self, step: int) -> None:
        """Copy the selected mark to the next slice (or the one before) and go there."""
        mark = self.selected
        if mark is None:
            return
        from medview.app import reading

        before = self._widget.place()
        reading.scroll(self._widget.state, step)
        after = self._widget.place()
        if before is None or after is None or same_slice(before, after):
            return
        self._widget.workspace.copied_mark = mark
        self.paste()

    def delete_all(self) -> None:
        """Remove all marks on the slice shown."""
        workspace = self._widget.workspace
        with workspace.history.as_one(QT_TRANSLATE_NOOP("Step", "Delete marks")):
            for mark in self._widget.marks_here():
                workspace.measurements.remove(mark.id)
        self._widget.select_mark(None)

    @property
    def is_region(self) -> bool:
        """Whether the selected mark encloses pixels."""
        mark = self.selected
        return mark is not None and mark.kind in REGION_KINDS

    def values(self) -> NDArray[np.float64]:
        """(n,) the values in the selected region."""
        mark, cut, shown, volume = self.selected, self._widget.cut(), self._widget.shown, self._widget.volume
        if mark is None or cut is None or shown is None or volume is None:
            return np.zeros(0)
        piece = cut.shown if self._widget.state.view.measure_filtered and cut.filtered else cut.original
        made_on = as_made(shown, mark)
        if made_on is not shown:
            piece = self._made.of(volume, made_on)
        skipped = ~piece.coverage if piece.padding is None else ~piece.coverage | piece.padding
        return region_values(mark, piece.values, skipped)


def _length(text: str) -> float | None:
    try:
        length = float(text.replace(",", "."))
    except ValueError:
        return None
    return length if 0 < length <= 100000 else None
