"""The Image tab: window with presets and histogram, and the filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QLabel

from medview.app import reading
from medview.app.colour_maps import choose_map, map_id_of
from medview.app.presets import Preset
from medview.app.scales import choose_scale, shown_scale
from medview.core.window import VoiLut, Window
from medview.ui.colour_choice import ColourChoice
from medview.ui.filter_panel import FilterPanel
from medview.ui.following_panel import FollowingPanel
from medview.ui.fusion_panel import FusionPanel
from medview.ui.histogram import Histogram
from medview.ui.listen import listen
from medview.ui.measurement_items import unit_text
from medview.ui.parts import RealField, panel_column, rule, text_label, title_label
from medview.ui.preset_menu import file_vois, preset_entries, suv_of
from medview.ui.slab_panel import SlabPanel
from medview.ui.solid_panel import SolidPanel
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.commands import Shell
    from medview.app.workspace import Workspace

HISTOGRAM_MS = 60


class ImagePanel(FollowingPanel):
    """Window and filters of the active viewport."""

    def __init__(self, workspace: Workspace, shell: Shell) -> None:
        super().__init__()
        self._workspace = workspace
        self._shell = shell
        self._slice: object = None
        column = panel_column(self)
        self.solid = SolidPanel(workspace, shell.viewport)
        column.addWidget(self.solid)
        column.addWidget(title_label(translate("ImagePanel", "Window")))
        self.presets = QComboBox()
        self.presets.setAccessibleName(translate("ImagePanel", "Window preset"))
        self.presets.activated.connect(self._choose_preset)
        column.addWidget(self.presets)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        self.width_field = self._figure(translate("ImagePanel", "Width"))
        self.center = self._figure(translate("ImagePanel", "Centre"))
        self.width_field.setMinimum(0.001)
        for at, (caption, field) in enumerate(
            ((translate("ImagePanel", "Width"), self.width_field), (translate("ImagePanel", "Centre"), self.center))
        ):
            label = QLabel(caption)
            label.setObjectName("secondary")
            grid.addWidget(label, 0, at)
            grid.addWidget(field, 1, at)
        column.addLayout(grid)
        self.histogram = Histogram()
        self.histogram.window_dragged.connect(self._drag_window)
        column.addWidget(self.histogram)
        self.lut_note = text_label(translate("ImagePanel", "Drawn with a lookup table of the file."), "secondary")
        column.addWidget(self.lut_note)
        self.colours = ColourChoice(workspace, translate("ImagePanel", "Colour map"))
        self.colours.activated.connect(self._choose_colours)
        column.addWidget(self.colours)
        self.scales = QComboBox()
        self.scales.setAccessibleName(translate("ImagePanel", "Numbers beside the values"))
        self.scales.setToolTip(translate("ImagePanel", "Numbers beside the values"))
        self.scales.activated.connect(self._choose_scale)
        column.addWidget(self.scales)
        column.addWidget(rule())
        self.slab = SlabPanel(workspace)
        column.addWidget(self.slab)
        column.addWidget(rule())
        self.fusion = FusionPanel(workspace, shell)
        column.addWidget(self.fusion)
        column.addWidget(rule())
        self.filters = FilterPanel(workspace)
        column.addWidget(self.filters)
        column.addStretch(1)
        self._count = QTimer(self)
        self._count.setSingleShot(True)
        self._count.setInterval(HISTOGRAM_MS)
        self._count.timeout.connect(self.refresh_histogram)
        self.follow(workspace.active_changed, workspace.viewport_changed, workspace.studies_changed)
        listen(self, workspace.loader.slice_loaded, self._loaded)
        listen(self, workspace.settings_changed, self._follow_settings)
        self._preset_key: object = None
        self._scales_key: object = None
        self.refresh()

    def _figure(self, name: str) -> QDoubleSpinBox:
        field = RealField()
        field.setRange(-1e7, 1e7)
        field.setDecimals(0)
        field.setKeyboardTracking(False)
        field.setAccessibleName(name)
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.valueChanged.connect(self._set_figures)
        return field

    def _loaded(self, stack_id: str, _time: int, _k: int) -> None:
        stack = self._workspace.active_viewport.stack
        if stack is not None and stack.id == stack_id and self._slice is None:
            self.later()

    def _follow_settings(self) -> None:
        self.histogram.wear_theme()
        self._preset_key = None
        self.later()

    def _viewport(self) -> Any:
        return self._shell.viewport()

    def refresh(self) -> None:
        """Show window and filters of the active viewport."""
        state = self._workspace.active_viewport
        shown = state.stack is not None
        for widget in (self.presets, self.center, self.width_field, self.histogram):
            widget.setEnabled(shown and state.view.plane_kind != "solid")
        self.filters.refresh()
        self.slab.refresh()
        self.solid.refresh()
        self._fill_presets()
        self._fill_scales()
        self.colours.setVisible(state.stack is not None and state.stack.components == 1)
        self.colours.show_map(map_id_of(state.view))
        self.fusion.refresh()
        viewport = self._viewport()
        voi = viewport.voi if viewport is not None and shown else None
        self.lut_note.setVisible(isinstance(voi, VoiLut))
        if voi is not None:
            window = reading.window_of(voi)
            self._show_figures(window)
            self.histogram.show_window(window)
        if not self._count.isActive():
            self._count.start()

    def refresh_histogram(self) -> None:
        """Count the values of the shown slice."""
        viewport = self._viewport()
        shown = viewport is not None and self._workspace.active_viewport.stack is not None
        piece = viewport.seen() if shown else None
        if piece is None or piece.values.ndim == 3:
            self._slice = None
            return
        if piece is self._slice:
            return
        self._slice = piece
        covered = piece.coverage
        if piece.padding is not None:
            covered = covered & ~piece.padding
        self.histogram.show_values(piece.values, covered)

    # ------------------------------------------------------------------ presets

    def _fill_presets(self) -> None:
        state = self._workspace.active_viewport
        stack = state.stack
        key = (
            stack.id if stack is not None else "",
            self._workspace.settings.presets,
            file_vois(self._workspace),
            suv_of(self._workspace),
        )
        if key == self._preset_key:
            self._mark_preset()
            return
        self._preset_key = key
        self.presets.clear()
        self.presets.addItem(translate("ImagePanel", "Chosen by hand"), ("", None))
        for digit, text, voi in preset_entries(self._workspace):
            self.presets.addItem(f"{digit or ' '}   {text}", (digit, voi))
        self._mark_preset()

    def _mark_preset(self) -> None:
        voi = self._workspace.active_viewport.view.voi
        at = 0
        if voi is not None:
            for index in range(self.presets.count()):
                known = self.presets.itemData(index)[1]
                known = known.window if isinstance(known, Preset) else known
                if known is not None and _same_numbers(known, voi):
                    at = index
                    break
        elif self.presets.count() > 2 and self.presets.itemData(2)[0] == "1":
            at = 2
        self.presets.setCurrentIndex(at)

    def _choose_preset(self, at: int) -> None:
        digit, voi = self.presets.itemData(at)
        self._workspace.touched = True
        if isinstance(voi, Preset):
            reading.take_preset(self._workspace.active_viewport, voi)
        elif voi is not None:
            reading.set_window(self._workspace.active_viewport, voi)
        elif digit:
            viewport = self._viewport()
            if viewport is not None:
                viewport.preset(int(digit))

    # ------------------------------------------------------------------ scales

    def _fill_scales(self) -> None:
        view = self._workspace.active_viewport.view
        scales = view.stack.scales if view.stack is not None else ()
        self.scales.setVisible(bool(scales))
        if scales is not self._scales_key:
            self._scales_key = scales
            self.scales.clear()
            for scale in scales:
                name = scale.label or translate("ImagePanel", "Unit of the file")
                self.scales.addItem(f"{name}   {unit_text(scale.unit)}".rstrip(), scale.id)
            self.scales.addItem(translate("ImagePanel", "Values alone"), "")
        now = shown_scale(view)
        self.scales.setCurrentIndex(self.scales.findData(now.id if now is not None else ""))

    def _choose_scale(self, at: int) -> None:
        self._workspace.touched = True
        choose_scale(self._workspace.active_viewport, self.scales.itemData(at))

    def _choose_colours(self, at: int) -> None:
        self._workspace.touched = True
        choose_map(self._workspace.active_viewport, self.colours.itemData(at))

    # ------------------------------------------------------------------ figures

    def _factor(self) -> float:
        """What window figures are multiplied by to be told in SUV."""
        suv = suv_of(self._workspace)
        return suv.line()[0] if suv is not None else 1.0

    def _show_figures(self, window: Window) -> None:
        factor = self._factor()
        width = window.width * factor
        decimals = 0 if width >= 20 else 2
        unit = " g/ml" if factor != 1.0 else ""
        for field, value in ((self.center, window.center * factor), (self.width_field, width)):
            field.setSuffix(unit)
            if field.hasFocus() and field.lineEdit().isModified():
                continue
            field.blockSignals(True)
            field.setDecimals(decimals)
            field.setSingleStep(max(10**-decimals, round(width / 40)))
            field.setValue(value)
            field.blockSignals(False)

    def _current(self) -> Window:
        viewport = self._viewport()
        voi = viewport.voi if viewport is not None else None
        return reading.window_of(voi) if voi is not None else Window(0.0, 1.0)

    def _set_figures(self, _value: float) -> None:
        function, factor = self._current().function, self._factor()
        width = max(self.width_field.value() / factor, 1.0 if function == "LINEAR" else 0.001)
        reading.set_window(self._workspace.active_viewport, Window(self.center.value() / factor, width, function))

    def _drag_window(self, low: float, high: float) -> None:
        # The inverse of Window.ramp (PS3.3 C.11.2.1.2).
        function = self._current().function
        if function == "LINEAR":
            width = max(high - low + 1, 1.0)
            window = Window((low + high + 1) / 2, width)
        else:
            window = Window((low + high) / 2, max(high - low, 1e-6), function)
        self._workspace.touched = True
        reading.set_window(self._workspace.active_viewport, window)


def _same_numbers(known: Any, voi: Any) -> bool:
    if isinstance(known, Window) and isinstance(voi, Window):
        return (known.center, known.width, known.function) == (voi.center, voi.width, voi.function)
    return bool(known == voi)
