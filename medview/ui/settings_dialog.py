"""The settings: everything takes effect at once, nothing needs an OK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from medview.app.settings import Settings
from medview.ui.listen import listen
from medview.ui.monitor_page import MonitorPage
from medview.ui.mouse_text import mouse_lines
from medview.ui.parts import WholeField, empty, text_label
from medview.ui.preset_page import PresetPage
from medview.ui.text import translate
from medview.ui.translations import LANGUAGES
from medview.ui.update_text import may_be_chosen, update_check_title, update_note

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

FIELD_WIDTH = 220


class SettingsDialog(QDialog):
    """Language and look, mouse, images, models."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Settings", "Settings"))
        self.resize(520, 420)
        self._workspace = workspace
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        tabs = QTabWidget()
        tabs.setAccessibleName(translate("Settings", "Settings"))
        tabs.setDocumentMode(True)
        tabs.tabBar().setDrawBase(False)
        column.addWidget(tabs, 1)
        self.choices: dict[str, QComboBox] = {}
        self.boxes: dict[str, QCheckBox] = {}
        self.sliders: dict[str, QSlider] = {}
        self.figures: dict[str, QLabel] = {}
        tabs.addTab(self._look_page(), translate("Settings", "Language and look"))
        tabs.addTab(self._mouse_page(), translate("Settings", "Mouse"))
        tabs.addTab(self._image_page(), translate("Settings", "Images"))
        tabs.addTab(PresetPage(workspace), translate("Settings", "Windows"))
        tabs.addTab(MonitorPage(workspace), translate("Settings", "Monitors"))
        row = QHBoxLayout()
        back = QPushButton(translate("Settings", "Restore defaults"))
        back.clicked.connect(self._as_delivered)
        row.addWidget(back)
        row.addStretch(1)
        close = QPushButton(translate("Settings", "Close"))
        close.clicked.connect(self.close)
        row.addWidget(close)
        column.addLayout(row)
        listen(self, workspace.settings_changed, self.refresh)
        self.refresh()

    # ------------------------------------------------------------------ pages

    def _page(self) -> tuple[QWidget, QFormLayout]:
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(12, 16, 12, 12)
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(10)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        return page, form

    def _choice(self, form: QFormLayout, name: str, caption: str, entries: list[tuple[str, str]]) -> None:
        combo = QComboBox()
        combo.setMinimumWidth(FIELD_WIDTH)
        for value, text in entries:
            combo.addItem(text, value)
        combo.activated.connect(lambda at: self._workspace.change_settings(**{name: combo.itemData(at)}))
        combo.setAccessibleName(caption)
        self.choices[name] = combo
        form.addRow(caption, combo)

    def _box(self, form: QFormLayout, name: str, caption: str) -> None:
        box = QCheckBox(caption)
        box.toggled.connect(lambda on: self._workspace.change_settings(**{name: on}))
        self.boxes[name] = box
        form.addRow("", box)

    def _slider(self, form: QFormLayout, name: str, caption: str, low: int, high: int) -> None:
        row = QHBoxLayout()
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(low, high)
        slider.setMinimumWidth(FIELD_WIDTH - 60)
        slider.setAccessibleName(caption)
        figure = QLabel()
        figure.setFixedWidth(52)
        figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        slider.valueChanged.connect(lambda value: self._workspace.change_settings(**{name: value / 100}))
        row.addWidget(slider)
        row.addWidget(figure)
        self.sliders[name] = slider
        self.figures[name] = figure
        form.addRow(caption, row)

    def _look_page(self) -> QWidget:
        page, form = self._page()
        languages = [("auto", translate("Settings", "As the system")), *LANGUAGES]
        self._choice(form, "language", translate("Settings", "Language"), languages)
        themes = [("dark", translate("Settings", "Dark")), ("light", translate("Settings", "Light"))]
        self._choice(form, "theme", translate("Settings", "Theme"), themes)
        self._box(form, "dimmed", translate("Settings", "Dim everything but the images"))
        self._box(form, "update_check", update_check_title())
        self.update_note = text_label("", "secondary")
        self.update_note.setMinimumWidth(380)
        form.addRow("", self.update_note)
        return page

    def _mouse_page(self) -> QWidget:
        page, form = self._page()
        profiles = [
            ("medview", "medview"),
            ("weasis", "Weasis"),
            ("osirix", "OsiriX / Horos"),
            ("ohif", "OHIF"),
            ("scroll-first", translate("Settings", "Scroll first")),
        ]
        self._choice(form, "mouse_profile", translate("Settings", "Mouse as in"), profiles)
        self._slider(form, "window_sensitivity", translate("Settings", "Speed of windowing"), 20, 300)
        self._slider(form, "scroll_sensitivity", translate("Settings", "Speed of scrolling"), 20, 300)
        self._box(form, "scroll_reversed", translate("Settings", "Scroll the other way round"))
        self._gestures = QVBoxLayout()
        self._gestures_shown: list[tuple[str, str]] = []
        form.addRow(self._gestures)
        return page

    def _image_page(self) -> QWidget:
        page, form = self._page()
        texts = [
            ("full", translate("Settings", "All")),
            ("anonymous", translate("Settings", "Without patient")),
            ("off", translate("Settings", "None")),
        ]
        self._choice(form, "corner_text", translate("Settings", "Corner text"), texts)
        self._slider(form, "overlay_opacity", translate("Settings", "Opacity of results"), 0, 100)
        self._box(form, "overlay_outline", translate("Settings", "Outline results"))
        self.memory = WholeField()
        self.memory.setRange(0, 1_048_576)
        self.memory.setSingleStep(512)
        self.memory.setSuffix(" MB")
        self.memory.setSpecialValueText(translate("Settings", "Automatic"))
        self.memory.setMinimumWidth(FIELD_WIDTH)
        self.memory.setKeyboardTracking(False)
        self.memory.valueChanged.connect(lambda value: self._workspace.change_settings(memory_budget_mb=value))
        form.addRow(translate("Settings", "Memory for images"), self.memory)
        note = text_label(translate("Settings", "The memory takes effect at the next start."), "secondary")
        note.setMinimumWidth(380)
        form.addRow(note)
        return page

    # ------------------------------------------------------------------ values

    def refresh(self) -> None:
        """Show the settings as they are."""
        settings = self._workspace.settings
        for name, combo in self.choices.items():
            combo.setCurrentIndex(max(0, combo.findData(getattr(settings, name))))
        for widgets in (self.boxes.items(), self.sliders.items()):
            for name, widget in widgets:
                widget.blockSignals(True)
                value: Any = getattr(settings, name)
                if isinstance(widget, QCheckBox):
                    widget.setChecked(value)
                else:
                    widget.setValue(round(100 * value))
                widget.blockSignals(False)
        for name, figure in self.figures.items():
            figure.setText(f"{round(100 * getattr(settings, name))} %")
        self.memory.blockSignals(True)
        self.memory.setValue(settings.memory_budget_mb)
        self.memory.blockSignals(False)
        locked = translate("Settings", "Set by the administrator of this computer")
        named: dict[str, QWidget] = {**self.choices, **self.boxes, **self.sliders, "memory_budget_mb": self.memory}
        for name in named.keys() & self._workspace.fixed.keys():
            named[name].setEnabled(False)
            named[name].setToolTip(locked)
        self.boxes["update_check"].setEnabled(may_be_chosen(self._workspace))
        self.update_note.setText(update_note(self._workspace))
        self._show_gestures(mouse_lines(settings))

    def _show_gestures(self, lines: list[tuple[str, str]]) -> None:
        """What the hand does beside what happens."""
        if lines == self._gestures_shown:
            return
        self._gestures_shown = lines
        empty(self._gestures)
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 8, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for row, (what, does) in enumerate(lines):
            name = QLabel(what)
            name.setObjectName("secondary")
            grid.addWidget(name, row, 0)
            grid.addWidget(QLabel(does), row, 1)
        self._gestures.addWidget(table)

    def _as_delivered(self) -> None:
        fresh = Settings()
        names = (*self.choices, *self.boxes, *self.sliders, "memory_budget_mb")
        self._workspace.change_settings(**{name: getattr(fresh, name) for name in names})
