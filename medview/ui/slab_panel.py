"""How thick what is shown is, in the Image tab: which projection, a slider and a box of mm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from medview.app import slabs
from medview.core.problem import MedviewError
from medview.ui.messages import message_text
from medview.ui.parts import RealField, text_label, title_label
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

_PROJECTIONS = (None, *slabs.PROJECTIONS)


class SlabPanel(QWidget):
    """The slab of the active viewport; its owner calls `refresh`."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.caption = title_label(translate("SlabPanel", "Slab"))
        column.addWidget(self.caption)
        self.kinds = QComboBox()
        self.kinds.setAccessibleName(translate("SlabPanel", "What is shown of the slab"))
        for name in (
            translate("SlabPanel", "None: the plane alone"),
            translate("SlabPanel", "Maximum (MIP)"),
            translate("SlabPanel", "Minimum (MinIP)"),
            translate("SlabPanel", "Mean"),
        ):
            self.kinds.addItem(name)
        self.kinds.activated.connect(self._choose)
        column.addWidget(self.kinds)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, len(slabs.NICE_MM) - 1)
        self.slider.setAccessibleName(translate("SlabPanel", "Thickness of the slab"))
        self.slider.setToolTip(translate("SlabPanel", "Thickness of the slab (Alt+Shift and the wheel over the image)"))
        self.slider.valueChanged.connect(lambda at: self._set(float(slabs.NICE_MM[at])))
        self.box = RealField()
        self.box.setRange(0.1, 1000.0)
        self.box.setDecimals(1)
        self.box.setSuffix(" mm")
        self.box.setKeyboardTracking(False)
        self.box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.box.setAccessibleName(translate("SlabPanel", "Thickness of the slab"))
        self.box.setToolTip(self.slider.toolTip())
        self.box.setFixedWidth(104)
        self.box.valueChanged.connect(self._set)
        row.addWidget(self.slider, 1)
        row.addWidget(self.box)
        column.addLayout(row)
        self.why = text_label(role="secondary")
        column.addWidget(self.why)

    def refresh(self) -> None:
        """Show the slab of the active viewport, or why there can be none."""
        state = self._workspace.active_viewport
        stack, slab = state.stack, state.view.slab
        why = slabs.why_no_slab(stack) if stack is not None else ""
        possible = stack is not None and not why and state.view.plane_kind not in {"curved", "solid"}
        self.kinds.setEnabled(possible)
        self.why.setVisible(bool(why))
        if why:
            self.why.setText(message_text(why, slabs.WHY[why], ()))
        there = possible and slab is not None
        thick = there and state.view.plane_kind != "turning"  # that one is of everything
        surface = state.view.surface if state.view.plane_kind == "curved" else None
        thick = thick or surface is not None
        self.caption.setText(
            translate("SlabPanel", "Slab") if surface is None else translate("SlabPanel", "Width across the path")
        )
        for widget in (self.slider, self.box):
            widget.setEnabled(thick)
        with QSignalBlocker(self.kinds), QSignalBlocker(self.slider), QSignalBlocker(self.box):
            self.kinds.setCurrentIndex(_PROJECTIONS.index(slab.projection) if there and slab is not None else 0)
            thickness = slab.thickness_mm if slab is not None else slabs.FIRST_MM
            thickness = surface.width_mm if surface is not None else thickness
            nearest = min(range(len(slabs.NICE_MM)), key=lambda at: abs(slabs.NICE_MM[at] - thickness))
            self.slider.setValue(nearest)
            self.box.setValue(thickness)

    def _choose(self, at: int) -> None:
        self._workspace.touched = True
        try:
            slabs.choose_projection(self._workspace.active_viewport, _PROJECTIONS[at])
        except MedviewError as error:
            self._workspace.tell(error.code, error.text, error.values, "warning")

    def _set(self, thickness: float) -> None:
        view = self._workspace.active_viewport.view
        if view.slab is not None or view.plane_kind == "curved":
            self._workspace.touched = True
            slabs.set_thickness(self._workspace.active_viewport, thickness)
