"""A waveform with its groups, the scale of the paper, what the recorder said, and the value under the pointer."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from medview.app.report_page import unit_text
from medview.core.finding import Code
from medview.core.plain_text import visible_text
from medview.core.waveform import Waveform, WaveformGroup
from medview.ui.messages import note_text
from medview.ui.parts import text_label, zoom_buttons
from medview.ui.text import shown_number, translate
from medview.ui.waveform_paper import STEP, WaveformPaper, has_twelve_leads

SPEEDS = (5.0, 10.0, 12.5, 25.0, 50.0, 100.0)
GAINS = (2.5, 5.0, 10.0, 20.0, 40.0)
SAID_PX = 46
"""Height of what the recorder says: two lines, more by scrolling."""


class WaveformView(QWidget):
    """Shows one recording."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._waveform: Waveform | None = None
        self.paper = WaveformPaper()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(6)
        self.groups = _choice(translate("Waveform", "Group of channels"))
        self.groups.currentIndexChanged.connect(self._show_group)
        self.speed = _choice(translate("Waveform", "Paper speed"))
        for speed in SPEEDS:
            self.speed.addItem(f"{shown_number(speed, 'g')} mm/s", speed)
        self.speed.setCurrentIndex(SPEEDS.index(25.0))
        self.speed.currentIndexChanged.connect(lambda _at: self.paper.set_scale(speed=self.speed.currentData()))
        self.gain = _choice(translate("Waveform", "Gain"))
        for gain in GAINS:
            self.gain.addItem(f"{shown_number(gain, 'g')} mm/mV", gain)
        self.gain.setCurrentIndex(GAINS.index(10.0))
        self.gain.currentIndexChanged.connect(lambda _at: self.paper.set_scale(gain=self.gain.currentData()))
        self.arrangement = _choice(translate("Waveform", "Arrangement"))
        self.arrangement.addItem(translate("Waveform", "Rows"), False)
        self.arrangement.addItem("3 × 4 + II", True)
        self.arrangement.currentIndexChanged.connect(
            lambda _at: self.paper.set_scale(in_columns=self.arrangement.currentData())
        )
        for choice in (self.groups, self.arrangement, self.speed, self.gain):
            row.addWidget(choice)
        row.addStretch(1)
        for button in zoom_buttons(self.paper, STEP):
            row.addWidget(button)
        column.addLayout(row)
        self.said = QPlainTextEdit()
        self.said.setObjectName("said")
        self.said.setReadOnly(True)
        self.said.setFixedHeight(SAID_PX)
        self.said.setAccessibleName(translate("Waveform", "What the recorder says"))
        column.addWidget(self.said)
        self.warning = text_label("", "warning", selectable=True)
        self.warning.setContentsMargins(12, 0, 12, 4)
        column.addWidget(self.warning)
        column.addWidget(self.paper, 1)
        below = QHBoxLayout()
        below.setContentsMargins(12, 3, 12, 3)
        self.about = text_label("", "secondary")
        self.readout = QLabel()
        self.readout.setTextFormat(Qt.TextFormat.PlainText)
        self.readout.setMinimumWidth(190)
        self.readout.setAlignment(Qt.AlignmentFlag.AlignRight)
        below.addWidget(self.about, 1)
        below.addWidget(self.readout)
        column.addLayout(below)
        self.paper.pointed.connect(self.readout.setText)
        self.setFocusProxy(self.paper)

    def show_waveform(self, waveform: Waveform) -> None:
        """Show a recording, its first group first."""
        self._waveform = waveform
        self.groups.blockSignals(True)
        self.groups.clear()
        for number, group in enumerate(waveform.groups, 1):
            name = visible_text(group.label, 40, lines=False) or translate("Waveform", "Group {0}").format(number)
            self.groups.addItem(name)
        self.groups.blockSignals(False)
        self.groups.setVisible(len(waveform.groups) > 1)
        told = []
        for one in waveform.annotations:
            if not one.text:  # a mark on the time axis without words
                continue
            unit = unit_text(Code(one.unit, "UCUM", "")) if one.unit else ""
            told.append(f"{one.name} {one.text} {unit}".strip())
        text = visible_text("   ·   ".join(told), 4000, lines=False)
        self.said.setPlainText(translate("Waveform", "The recorder says:") + "  " + text if text else "")
        self.said.setVisible(bool(text))
        notes = "\n".join(note_text(note) for note in waveform.notes)
        self.warning.setText(notes)
        self.warning.setVisible(bool(notes))
        self._show_group(0)

    def _show_group(self, at: int) -> None:
        if self._waveform is None or not 0 <= at < len(self._waveform.groups):
            return
        group = self._waveform.groups[at]
        twelve = has_twelve_leads(group)
        self.arrangement.setVisible(twelve)
        if not twelve and self.paper.in_columns:
            self.arrangement.setCurrentIndex(0)
        is_voltage = any(one.unit is not None and one.unit.value in {"uV", "mV", "V", "nV"} for one in group.channels)
        self.gain.setVisible(is_voltage)
        self.about.setText(about_group(group))
        self.paper.show_group(group)


def _choice(name: str) -> QComboBox:
    choice = QComboBox()
    choice.setToolTip(name)
    choice.setAccessibleName(name)
    return choice


def about_group(group: WaveformGroup) -> str:
    """How a group was recorded; medview applies no filter of its own."""
    parts = [f"{shown_number(group.sampling_hz, 'g')} Hz", f"{shown_number(group.duration_s, '.4g')} s"]
    low = {channel.filter_low for channel in group.channels if channel.filter_low}
    high = {channel.filter_high for channel in group.channels if channel.filter_high}
    notch = {channel.notch for channel in group.channels if channel.notch}
    if low or high:
        span = f"{shown_number(min(low), 'g')} – " if low else "– "
        span += f"{shown_number(max(high), 'g')} Hz" if high else ""
        parts.append(translate("Waveform", "recorder's filter {0}").format(span.strip()))
    if notch:
        parts.append(translate("Waveform", "notch {0} Hz").format(shown_number(min(notch), "g")))
    parts.append(translate("Waveform", "no filter applied here"))
    if any(channel.unit is None for channel in group.channels):
        parts.append(translate("Waveform", "channels without calibration: values as stored"))
    return "   ·   ".join(parts)
