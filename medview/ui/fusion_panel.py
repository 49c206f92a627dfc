"""The part of the Image tab about a second series on top: which one, how much, its colours, its window, its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from medview.app import reading
from medview.app.fusion import MODES, Fusion, change_fusion, exchange, unfuse
from medview.app.presets import Preset, presets_for
from medview.app.scales import default_scale
from medview.core.window import Voi, Window
from medview.ui.colour_choice import ColourChoice
from medview.ui.fusion_menu import fill_fusion_menu
from medview.ui.fusion_place import FusionPlace
from medview.ui.parts import RealField, icon_button, title_label
from medview.ui.series_panel import series_title
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.commands import Shell
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace
    from medview.core.value_scale import ValueScale
    from medview.ui.viewport import ViewportWidget


class FusionPanel(QWidget):
    """Follows the active viewport; `refresh` is called by the tab that it is in."""

    def __init__(self, workspace: Workspace, shell: Shell) -> None:
        super().__init__()
        self._workspace = workspace
        self._shell = shell
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(title_label(translate("Fusion", "Series on top")))
        self.choose = QPushButton()
        self.choose.setObjectName("choice")
        self.choose.setAccessibleName(translate("Fusion", "Series on top"))
        self._list = QMenu(self)
        self._list.aboutToShow.connect(
            lambda: fill_fusion_menu(self._list, self._workspace, self._state, self.window())
        )
        self.choose.setMenu(self._list)
        self.choose.setMinimumWidth(1)
        # Without an icon Qt leaves words at the left no room to the frame, whatever the style sheet says.
        room = QPixmap(1, 1)
        room.fill(Qt.GlobalColor.transparent)
        self.choose.setIcon(QIcon(room))
        self.choose.setIconSize(room.size())
        column.addWidget(self.choose)
        self.body = QWidget()
        column.addWidget(self.body)
        inner = QVBoxLayout(self.body)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(8)
        row = QHBoxLayout()
        self.shown = QCheckBox(translate("Fusion", "Shown"))
        self.shown.toggled.connect(lambda on: self._change(visible=on))
        row.addWidget(self.shown, 1)
        row.addWidget(
            icon_button(
                "arrows-down-up",
                translate("Fusion", "Exchange the series on top and the one below"),
                lambda: exchange(self._state),
            )
        )
        row.addWidget(icon_button("x", translate("Fusion", "Take the series on top away"), lambda: unfuse(self._state)))
        inner.addLayout(row)
        self.mode = QComboBox()
        self.mode.setAccessibleName(translate("Fusion", "How the two are shown"))
        for mode, words in zip(
            MODES,
            (
                translate("Fusion", "Blended"),
                translate("Fusion", "Swiped"),
                translate("Fusion", "Checkerboard"),
            ),
            strict=True,
        ):
            self.mode.addItem(words, mode)
        self.mode.activated.connect(lambda at: self._change(mode=self.mode.itemData(at)))
        inner.addWidget(self.mode)
        row = QHBoxLayout()
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setAccessibleName(translate("Fusion", "Opacity"))
        self.opacity.setToolTip(translate("Fusion", "Opacity (Alt and the wheel over the picture)"))
        self.opacity.valueChanged.connect(lambda percent: self._change(opacity=percent / 100))
        self.percent = QLabel()
        self.percent.setFixedWidth(44)
        self.percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.opacity, 1)
        row.addWidget(self.percent)
        inner.addLayout(row)
        self.fade = QCheckBox(translate("Fusion", "Low values transparent"))
        self.fade.toggled.connect(lambda on: self._change(fade=on))
        inner.addWidget(self.fade)
        self.colours = ColourChoice(workspace, translate("Fusion", "Colours of the series on top"))
        self.colours.activated.connect(lambda at: self._change(colour_map=self.colours.itemData(at)))
        inner.addWidget(self.colours)
        self.presets = QComboBox()
        self.presets.setMinimumContentsLength(8)
        self.presets.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.presets.setAccessibleName(translate("Fusion", "Window of the series on top"))
        self.presets.setToolTip(translate("Fusion", "Window of the series on top (Ctrl and drag over the picture)"))
        self.presets.activated.connect(self._choose_preset)
        inner.addWidget(self.presets)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        self.low = self._figure(translate("Fusion", "From"))
        self.high = self._figure(translate("Fusion", "To"))
        for at, (caption, field) in enumerate(
            ((translate("Fusion", "From"), self.low), (translate("Fusion", "To"), self.high))
        ):
            label = QLabel(caption)
            label.setObjectName("secondary")
            grid.addWidget(label, 0, at)
            grid.addWidget(field, 1, at)
        inner.addLayout(grid)
        self.place = FusionPlace(workspace, shell)
        inner.addWidget(self.place)
        self._following = False
        self._preset_key: object = None

    def _figure(self, name: str) -> QDoubleSpinBox:
        field = RealField()
        field.setRange(-1e9, 1e9)
        field.setMinimumWidth(1)  # its range would make it wider than the panel
        field.setKeyboardTracking(False)
        field.setAccessibleName(name)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.valueChanged.connect(self._set_window)
        return field

    @property
    def _state(self) -> ViewportState:
        return self._workspace.active_viewport

    def _change(self, **values: object) -> None:
        if not self._following:
            self._workspace.touched = True
            change_fusion(self._state, **values)

    # ------------------------------------------------------------------ following

    def refresh(self) -> None:
        """Show what lies on top of the active viewport."""
        fusion = self._state.view.fusion
        self.setVisible(self._state.stack is not None)
        self.body.setVisible(fusion is not None)
        if fusion is None:
            self.choose.setText(translate("Fusion", "None"))
            return
        self._following = True
        self.choose.setText(_shortened(series_title(fusion.series, fusion.stack)))
        self.choose.setToolTip(series_title(fusion.series, fusion.stack))
        self.shown.setChecked(fusion.visible)
        self.mode.setCurrentIndex(self.mode.findData(fusion.mode))
        blended = fusion.mode == "blend"
        self.opacity.setEnabled(blended)
        self.fade.setEnabled(blended)
        self.opacity.setValue(round(100 * fusion.opacity))
        self.percent.setText(f"{round(100 * fusion.opacity)} %")
        self.fade.setChecked(fusion.fade)
        self.colours.show_map(fusion.colour_map)
        self._fill_presets(fusion)
        self._show_window(fusion)
        self._following = False
        self.place.refresh()

    def _scale(self, fusion: Fusion) -> ValueScale | None:
        scale = default_scale(fusion.stack)
        return scale if scale is not None and len(scale.slopes) == 1 and scale.line()[0] > 0 else None

    def _fill_presets(self, fusion: Fusion) -> None:
        stack = fusion.stack
        key = (stack.id, self._workspace.settings.presets)
        if key != self._preset_key:
            self._preset_key = key
            self.presets.clear()
            self.presets.addItem(translate("Fusion", "Usual window"), None)
            scale = self._scale(fusion)
            suv = scale if scale is not None and scale.id.startswith("suv_") and stack.unit != "SUV" else None
            for preset in presets_for(stack.context.modality, stack.unit, self._workspace.settings.presets, suv):
                self.presets.addItem(translate("Preset", preset.name), preset)
            for voi in stack.voi_of(0):
                self.presets.addItem(voi.name or translate("Fusion", "Window of the file"), voi)
            self.presets.addItem(translate("Fusion", "Chosen by hand"), "hand")
        at = 0
        if fusion.voi is not None:
            at = self.presets.count() - 1
            for index in range(1, self.presets.count() - 1):
                known = self.presets.itemData(index)
                if (known.window if isinstance(known, Preset) else known) == fusion.voi:
                    at = index
                    break
        self.presets.setCurrentIndex(at)

    def _choose_preset(self, at: int) -> None:
        chosen = self.presets.itemData(at)
        if chosen != "hand":
            self._change(voi=chosen.window if isinstance(chosen, Preset) else chosen)

    def _viewport(self) -> ViewportWidget | None:
        return self._shell.viewport()  # type: ignore[return-value]

    def _show_window(self, fusion: Fusion) -> None:
        viewport = self._viewport()
        voi: Voi | None = viewport.fusing.window if viewport is not None else None
        if voi is None:
            return
        scale = self._scale(fusion)
        slope, intercept = scale.line() if scale is not None else (1.0, 0.0)
        low, high = reading.window_of(voi).ramp
        decimals = 0 if (high - low) * slope >= 50 else 2
        unit = scale.unit if scale is not None else (fusion.stack.unit or "")
        for field, value in ((self.low, low), (self.high, high)):
            field.setSuffix(f" {unit}" if unit and unit != "stored" else "")
            if field.hasFocus() and field.lineEdit().isModified():
                continue
            field.setDecimals(decimals)
            field.setSingleStep(1 if decimals == 0 else 0.5)
            field.setValue(value * slope + intercept)

    # ------------------------------------------------------------------ what the reader sets

    def _set_window(self, _value: float) -> None:
        fusion = self._state.view.fusion
        if self._following or fusion is None:
            return
        scale = self._scale(fusion)
        slope, intercept = scale.line() if scale is not None else (1.0, 0.0)
        low, high = ((field.value() - intercept) / slope for field in (self.low, self.high))
        if high > low:
            self._change(voi=Window((low + high) / 2, high - low, "LINEAR_EXACT"))


def _shortened(text: str) -> str:
    return text if len(text) <= 34 else text[:33] + "…"
