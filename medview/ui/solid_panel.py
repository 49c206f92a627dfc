"""How a volume is seen in three dimensions, in the Image tab: preset, course of opacity, surfaces, the six faces of the box."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLabel, QSlider, QVBoxLayout, QWidget

from medview.app import solid_view
from medview.app.shown_slice import sides_are_known
from medview.app.solid_steps import as_step
from medview.core.solid_presets import presets_of
from medview.ui.course_editor import CourseEditor
from medview.ui.parts import title_label
from medview.ui.solid_text import preset_title
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace
    from medview.core.scene import ClipBox, Look, SolidStyle

STEPS = 1000
FACES = ((0, False, "R"), (0, True, "L"), (1, False, "A"), (1, True, "P"), (2, False, "F"), (2, True, "H"))
"""Axis, which end, and the patient's letter of it."""


class SolidPanel(QWidget):
    """Shown while the active viewport is in three dimensions; its owner calls `refresh`."""

    def __init__(self, workspace: Workspace, viewport: Callable[[], Any]) -> None:
        super().__init__()
        self._workspace, self._viewport = workspace, viewport
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(title_label(translate("Solid", "Three dimensions")))
        self.presets = QComboBox()
        self.presets.setAccessibleName(translate("Solid", "Look of the volume"))
        self.presets.activated.connect(
            lambda at: self._do(lambda state: solid_view.choose_preset(state, self.presets.itemData(at)))
        )
        column.addWidget(self.presets)
        self.course = CourseEditor()
        self.course.changed.connect(self._set_look)
        column.addWidget(self.course)
        self.shaded = self._box(translate("Solid", "Light and shadow"), self._shade)
        self.volume = self._box(translate("Solid", "Show the values, not surfaces alone"), self._show_volume)
        column.addWidget(self.shaded)
        column.addWidget(self.volume)
        self.surface_words = QLabel(translate("Solid", "Opacity of surfaces"))
        self.surface_words.setObjectName("secondary")
        self.surface = self._slider(translate("Solid", "Opacity of surfaces"), self._set_surface, 100)
        column.addWidget(self.surface_words)
        column.addWidget(self.surface)
        self.clip = self._box(translate("Solid", "Clipping box"), self._toggle_box)
        column.addWidget(self.clip)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        self.faces: list[QSlider] = []
        self._letters: list[QLabel] = []
        for at, (axis, upper, letter) in enumerate(FACES):
            words = QLabel(letter)
            words.setObjectName("secondary")
            words.setFixedWidth(14)
            name = translate("Solid", "Face of the box: {0}").format(letter)
            slider = self._slider(name, partial(self._set_face, axis, upper), STEPS)
            grid.addWidget(words, at // 2, 2 * (at % 2))
            grid.addWidget(slider, at // 2, 2 * (at % 2) + 1)
            self.faces.append(slider)
            self._letters.append(words)
        column.addLayout(grid)
        self.cut_surfaces = self._box(translate("Solid", "The box cuts surfaces too"), self._cut_surfaces)
        column.addWidget(self.cut_surfaces)

    def _box(self, words: str, chosen: Callable[[bool], object]) -> QCheckBox:
        box = QCheckBox(words)
        box.toggled.connect(chosen)
        return box

    def _slider(self, name: str, moved: Callable[[int], object], most: int) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, most)
        slider.setAccessibleName(name)
        slider.setToolTip(name)
        slider.valueChanged.connect(moved)
        return slider

    # ------------------------------------------------------------------ showing

    def refresh(self) -> None:
        """Show what the active viewport shows, or nothing."""
        state = self._workspace.active_viewport
        stack = state.stack
        is_solid = stack is not None and stack.geometry is not None and state.view.plane_kind == "solid"
        self.setVisible(is_solid)
        if not is_solid or stack is None or stack.geometry is None:
            return
        style: SolidStyle = state.view.solid
        viewport = self._viewport()
        look: Look | None = viewport.solid.look() if viewport is not None else None
        model = self._workspace.solids.models.get((stack.id, state.view.time))
        with QSignalBlocker(self.presets):
            self.presets.clear()
            for preset in presets_of(stack.context.modality, stack.unit):
                self.presets.addItem(preset_title(preset), preset.id)
            self.presets.setCurrentIndex(self.presets.findData(solid_view.preset_of(style, stack).id))
        self.course.show_look(look, model.values if model is not None else None)
        has_surfaces = model is not None and bool(model.labels)
        for widget in (self.volume, self.surface, self.surface_words):
            widget.setVisible(has_surfaces)
        self.cut_surfaces.setVisible(has_surfaces and style.box is not None)
        within, known = solid_view.box_around(stack.geometry), sides_are_known(stack)
        for box, on in (
            (self.shaded, look is not None and look.shaded),
            (self.volume, style.volume),
            (self.clip, style.box is not None),
            (self.cut_surfaces, style.cut_surfaces),
        ):
            with QSignalBlocker(box):
                box.setChecked(on)
        self.shaded.setEnabled(look is not None and look.blend == "composite")
        with QSignalBlocker(self.surface):
            self.surface.setValue(round(100 * style.surface_opacity))
        box_now = style.box or within
        for (axis, upper, letter), slider, words in zip(FACES, self.faces, self._letters, strict=True):
            slider.setVisible(style.box is not None)
            words.setVisible(style.box is not None)
            words.setText(letter if known else "–")
            low, high = within.low[axis], within.high[axis]
            at = (box_now.high if upper else box_now.low)[axis]
            with QSignalBlocker(slider):
                slider.setValue(round(STEPS * (at - low) / (high - low)))

    # ------------------------------------------------------------------ choosing

    def _do(self, action: Callable[[ViewportState], object]) -> None:
        self._workspace.touched = True
        as_step(self._workspace, self._workspace.active_viewport, action)

    def _change(self, **values: Any) -> None:
        self._do(lambda state: state.update(solid=replace(state.view.solid, **values)))

    def _set_look(self, look: Look) -> None:
        self._do(lambda state: solid_view.set_look(state, look))

    def _shade(self, on: bool) -> None:
        viewport = self._viewport()
        look = viewport.solid.look() if viewport is not None else None
        if look is not None:
            self._set_look(replace(look, shaded=on))

    def _show_volume(self, on: bool) -> None:
        self._change(volume=on)

    def _set_surface(self, percent: int) -> None:
        self._change(surface_opacity=percent / 100)

    def _cut_surfaces(self, on: bool) -> None:
        self._change(cut_surfaces=on)

    def _toggle_box(self, _on: bool) -> None:
        self._do(solid_view.toggle_box)

    def _set_face(self, axis: int, upper: bool, to: int) -> None:
        state = self._workspace.active_viewport
        box: ClipBox | None = state.view.solid.box
        if box is None or state.stack is None or state.stack.geometry is None:
            return
        within = solid_view.box_around(state.stack.geometry)
        low, high = within.low[axis], within.high[axis]
        least = max(1e-3, min(state.stack.geometry.spacing))
        self._do(
            lambda one: solid_view.set_box(one, box.moved(axis, upper, low + to / STEPS * (high - low), within, least))
        )
