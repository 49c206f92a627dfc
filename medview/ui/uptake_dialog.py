"""The volume of uptake around the hottest voxel of a region: above a share of it, or above a fixed value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from medview.app.scales import default_scale
from medview.core.label_edit import edit_of
from medview.ui.images_dialog import ImagesDialog
from medview.ui.listen import listen
from medview.ui.measurement_items import unit_text, value_text
from medview.ui.parts import RealField, text_label
from medview.ui.text import QT_TRANSLATE_NOOP, shown_number, translate

if TYPE_CHECKING:
    from medview.app.uptakes import ToldUptake, UptakeReader, UptakeVolume
    from medview.app.workspace import Workspace
    from medview.core.study import Series, Stack
    from medview.core.value_scale import ValueScale
    from medview.core.volume import Volume
    from medview.ui.viewport import ViewportWidget

SHARES = (0.41, 0.50, 0.42)
"""Of the maximum: Boellaard et al., EANM guidelines 2015 (41 %), half of it, and 42 % as in older work."""
FIXED = (2.5, 4.0)
"""SUV: 2.5 is the oldest rule, 4.0 of lymphoma (SUV4.0)."""


@dataclass(frozen=True, eq=False)
class _Source:
    """Where a region's uptake was read."""

    told: ToldUptake
    reader: UptakeReader
    volume: Volume
    scale: ValueScale | None
    first_frame: int
    series: Series
    stack: Stack
    time: int


class UptakeDialog(ImagesDialog):
    """Follows the region that is selected."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(workspace, parent, translate("Uptake", "Volume of uptake"))
        self.resize(380, 300)
        self._workspace = workspace
        self._source: _Source | None = None
        self.found: UptakeVolume | None = None
        column = QVBoxLayout(self)
        form = QFormLayout()
        column.addLayout(form)
        self.rule = QComboBox()
        self.rule.setAccessibleName(translate("Uptake", "From where on"))
        for share in SHARES:
            self.rule.addItem(
                translate("Uptake", "{0} % of the maximum").format(f"{100 * share:.0f}"), ("share", share)
            )
        for value in FIXED:
            self.rule.addItem(
                translate("Uptake", "SUV {0} and more").format(shown_number(value, "g")), ("fixed", value)
            )
        self.rule.addItem(translate("Uptake", "A value of my own"), ("own", 0.0))
        self.rule.activated.connect(lambda _at: self.measure())
        form.addRow(translate("Uptake", "From where on"), self.rule)
        self.own = RealField()
        self.own.setRange(0.01, 1e6)
        self.own.setDecimals(2)
        self.own.setSingleStep(0.5)
        self.own.setKeyboardTracking(False)
        self.own.setAccessibleName(translate("Uptake", "Threshold"))
        self.own.valueChanged.connect(self._set_own)
        form.addRow(translate("Uptake", "Threshold"), self.own)
        self.words = QLabel()
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self.words)
        note = text_label(
            translate(
                "Uptake",
                "What hangs together with the hottest voxel that is reached from the region, uphill through the slices. Peak: the highest mean of a sphere of 1 ml "
                "(12.4 mm across) around one of its voxels.",
            ),
            "secondary",
        )
        note.setMinimumWidth(350)  # its height would be asked for at no width
        column.addWidget(note)
        column.addStretch(1)
        row = QHBoxLayout()
        self.draw = QPushButton(translate("Uptake", "Draw as a segmentation"))
        self.draw.clicked.connect(self.draw_it)
        self.copy = QPushButton(translate("Uptake", "Copy"))
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.words.text()))
        row.addWidget(self.draw)
        row.addStretch(1)
        row.addWidget(self.copy)
        column.addLayout(row)
        listen(self, workspace.measurements.changed, self._follow)

    def show_region(self, viewport: ViewportWidget) -> None:
        """Measure around the region that is selected in a viewport."""
        self._viewport = viewport
        self.measure()

    def forget(self) -> None:
        super().forget()
        self._source = self.found = None
        self.draw.setEnabled(False)
        self.words.clear()

    def _follow(self, _stack_id: str) -> None:
        if self.isVisible():
            self.measure()

    def _find_source(self) -> _Source | None:
        viewport = self._viewport
        mark = None if viewport is None else viewport.marking.selected
        measured = None if viewport is None or mark is None else viewport.measured(mark)
        if viewport is None or measured is None or not measured.uptakes:
            return None
        told = measured.uptakes[-1]  # the series on top, where there is one
        view = viewport.state.view
        if told.on_top and view.fusion is not None and viewport.fusing.volume is not None:
            fusion, volume = view.fusion, viewport.fusing.volume
            scale = default_scale(fusion.stack)
            scale = None if scale is not None and scale.table else scale
            first = fusion.time * volume.shape[0]
            reader = viewport.uptakes.on_top
            return _Source(told, reader, volume, scale, first, fusion.series, fusion.stack, fusion.time)
        if view.stack is None or view.series is None or viewport.volume is None:
            return None
        first = view.time * viewport.volume.shape[0]
        scale = viewport.uptakes.own_scale()
        reader = viewport.uptakes.own
        return _Source(told, reader, viewport.volume, scale, first, view.series, view.stack, view.time)

    def threshold(self, maximum: float) -> float:
        """In the scale's unit."""
        kind, value = self.rule.currentData()
        if kind == "share":
            return float(value * maximum)
        return float(value) if kind == "fixed" else self.own.value()

    def _set_own(self, _value: float) -> None:
        self.rule.setCurrentIndex(self.rule.count() - 1)
        self.measure()

    def measure(self) -> None:
        """Grow the volume again."""
        self._source = source = self._find_source()
        self.found = None
        self.draw.setEnabled(False)
        if source is None:
            self.words.setText(translate("Uptake", "Select a region on a PET series, or with one on top."))
            return
        if self._viewport is not None:
            self.is_about(self._viewport)
        told = source.told
        hottest, maximum = source.reader.summit(source.volume, source.scale, source.first_frame, told.uptake.hottest)
        threshold = self.threshold(maximum)
        self.own.blockSignals(True)
        self.own.setValue(threshold)
        self.own.setSuffix(f" {unit_text(told.unit)}" if told.unit else "")
        self.own.blockSignals(False)
        self.found = source.reader.volume_above(source.volume, source.scale, source.first_frame, hottest, threshold)
        self.draw.setEnabled(self.found is not None)
        self.words.setText("\n".join(self._lines(source, self.found)))

    def _lines(self, source: _Source, found: UptakeVolume | None) -> list[str]:
        told = source.told
        head = f"{told.modality} {told.label}".strip()
        unit = f" {unit_text(told.unit)}" if told.unit else ""
        if found is None:
            return [head, translate("Uptake", "Nothing of the region reaches the threshold.")]
        uptake = found.uptake
        lines = [head]
        if found.millilitres is not None:
            lines.append(
                translate("Uptake", "Volume {0} ml   ({1} voxels)").format(
                    shown_number(found.millilitres, ".4g"), uptake.count
                )
            )
        else:
            lines.append(
                translate("Uptake", "{0} voxels; their slices are not even, so there is no volume").format(uptake.count)
            )
        lines.append(
            translate("Uptake", "Max {0}   Mean {1}{2}").format(
                value_text(uptake.maximum), value_text(uptake.mean), unit
            )
        )
        if uptake.peak is not None:
            lines.append(translate("Uptake", "Peak {0}{1}").format(value_text(uptake.peak.value), unit))
        if found.total is not None and told.unit == "g/ml":
            lines.append(translate("Uptake", "Total (TLG) {0} g").format(shown_number(found.total, ".4g")))
        if not source.volume.is_complete:
            lines.append("⚠ " + translate("Uptake", "The series is still loading"))
        return lines

    def draw_it(self) -> None:
        """Keep the volume as a segmentation of the series that it was read in."""
        source, found = self._source, self.found
        if source is None or found is None:
            return
        corrections = self._workspace.corrections
        name = translate("Uptake", "Uptake of {0} and more").format(value_text(found.threshold))
        made = corrections.begin_new(source.stack, source.series, source.time, name)
        flat = np.flatnonzero(found.mask)
        edit = edit_of(flat, np.zeros(len(flat), np.uint8), 1, found.mask.shape)
        if edit is not None:
            corrections.do_edit(made, edit, QT_TRANSLATE_NOOP("Step", "Draw a volume of uptake"))
