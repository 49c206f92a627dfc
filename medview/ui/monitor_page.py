"""The page of the settings about monitors: the display profile of each, how near it comes to the standard, the pattern."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from medview.app.displays import LIMITS, MOST_DEVIATION, USUAL, deviation, profile_of
from medview.ui.listen import listen
from medview.ui.parts import RealField, text_label
from medview.ui.pattern_window import screen_name, show_test_pattern
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

FIELD_PX = 110
_WIDTH = 380


class MonitorPage(QWidget):
    """Measured once with a luminance meter; profiles of monitors that are not plugged in are kept."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 16, 12, 12)
        note = text_label(
            translate(
                "Monitors",
                "With the luminance of its black and white a monitor is calibrated to the standard display function "
                "(DICOM PS3.14): equal steps of grey look equally large.",
            ),
            "secondary",
        )
        note.setMinimumWidth(_WIDTH)
        column.addWidget(note)
        form = QFormLayout()
        form.setVerticalSpacing(8)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        column.addLayout(form)
        self.screens = QComboBox()
        self.screens.setAccessibleName(translate("Monitors", "Monitor"))
        self.screens.setMinimumWidth(220)
        form.addRow(translate("Monitors", "Monitor"), self.screens)
        self.on = QCheckBox(translate("Monitors", "Calibrated to the standard function"))
        form.addRow("", self.on)
        self.fields: list[QDoubleSpinBox] = []
        for caption, unit, (low, high), decimals in zip(
            (
                translate("Monitors", "Black"),
                translate("Monitors", "White"),
                translate("Monitors", "Light of the room on it"),
                translate("Monitors", "Gamma"),
            ),
            (" cd/m²", " cd/m²", " cd/m²", ""),
            LIMITS,
            (2, 0, 2, 2),
            strict=True,
        ):
            field = RealField()
            field.setMinimumWidth(FIELD_PX)
            field.setRange(low, high)
            field.setDecimals(decimals)
            field.setSingleStep(10 if decimals == 0 else 0.05)
            field.setSuffix(unit)
            field.setKeyboardTracking(False)
            field.setAccessibleName(caption)
            field.valueChanged.connect(self._take)
            self.fields.append(field)
            form.addRow(caption, field)
        self.verdict = QLabel()
        self.verdict.setWordWrap(True)
        self.verdict.setMinimumWidth(_WIDTH)
        column.addWidget(self.verdict)
        self.pattern = QPushButton(translate("Monitors", "Show the test pattern on it"))
        self.pattern.clicked.connect(self._show_pattern)
        column.addWidget(self.pattern)
        column.addStretch(1)
        self._following = False
        self.screens.activated.connect(lambda _at: self.refresh())
        self.on.toggled.connect(lambda _on: self._take())
        listen(self, workspace.settings_changed, self.refresh)
        self.refresh()

    def _chosen(self) -> str:
        return str(self.screens.currentData() or "")

    def refresh(self) -> None:
        """Show what is known of the monitor chosen."""
        self._following = True
        here = [screen_name(screen) for screen in QGuiApplication.screens()]
        settings = self._workspace.settings
        gone = [name for name in settings.displays if name not in here]
        names = list(dict.fromkeys([*here, *gone]))
        if names != [self.screens.itemData(at) for at in range(self.screens.count())]:
            chosen = self._chosen()
            self.screens.clear()
            for name in names:
                words = name if name in here else translate("Monitors", "{0} (not plugged in)").format(name)
                self.screens.addItem(words, name)
            self.screens.setCurrentIndex(max(0, self.screens.findData(chosen)))
        numbers = settings.displays.get(self._chosen())
        self.on.setChecked(numbers is not None)
        for field, value in zip(self.fields, numbers or USUAL, strict=True):
            field.setEnabled(numbers is not None)
            field.setValue(value)
        self.pattern.setEnabled(self._chosen() in here)
        self.verdict.setText(self._words(numbers is not None))
        self._following = False

    def _words(self, on: bool) -> str:
        if not on:
            return translate("Monitors", "Greys are told to the monitor as they are.")
        profile = profile_of(self._workspace.settings, self._chosen())
        if profile is None:
            return "⚠ " + translate("Monitors", "White is not brighter than black, the room's light included.")
        before, after = (100 * deviation(profile, calibrated) for calibrated in (False, True))
        words = translate(
            "Monitors", "Steps of grey differ from the standard by up to {0} %, without the calibration by up to {1} %."
        ).format(f"{after:.0f}", f"{before:.0f}")
        if after > 100 * MOST_DEVIATION:
            words = "⚠ " + words + " " + translate("Monitors", "More than 10 % is too much to read on.")
        return words

    def _take(self, *_what: object) -> None:
        if self._following:
            return
        displays = dict(self._workspace.settings.displays)
        if self.on.isChecked():
            black, white, ambient, gamma = (field.value() for field in self.fields)
            displays[self._chosen()] = (black, white, ambient, gamma)
        else:
            displays.pop(self._chosen(), None)
        self._workspace.change_settings(displays=displays)

    def _show_pattern(self) -> None:
        for screen in QGuiApplication.screens():
            if screen_name(screen) == self._chosen():
                show_test_pattern(self._workspace, self.window(), screen)
                return
