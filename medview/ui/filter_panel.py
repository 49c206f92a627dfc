"""The filter chain of the active viewport: composed, tuned live, switched off and on, run on the whole volume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from medview.app import reading
from medview.core.parameter import Parameter, ParameterValue
from medview.processing.chain import FilterChain, FilterStep
from medview.processing.filters import OPERATIONS
from medview.ui.filter_text import filter_text, unit_text
from medview.ui.parts import RealField, WholeField, empty, icon_button, text_label, title_label
from medview.ui.text import shown_number, translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

SLIDER_STEPS = 200


class ParameterField(QWidget):
    """One parameter: its name, a slider over its range where that helps, and a field with its unit."""

    def __init__(
        self, parameter: Parameter, value: ParameterValue, unit: str, changed: Callable[[ParameterValue], None]
    ) -> None:
        super().__init__()
        self.parameter = parameter
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(0)
        caption = QLabel(filter_text(parameter.title))
        caption.setObjectName("secondary")
        self._changed = changed
        if parameter.kind == "bool":
            box = QCheckBox(filter_text(parameter.title))
            box.setChecked(bool(value))
            box.toggled.connect(changed)
            grid.addWidget(box, 0, 0)
            return
        grid.addWidget(caption, 0, 0)
        if parameter.kind == "choice":
            choice = QComboBox()
            choice.addItems(list(parameter.choices))
            choice.setCurrentText(str(value))
            choice.currentTextChanged.connect(changed)
            grid.addWidget(choice, 0, 1)
            return
        self.field: QSpinBox | QDoubleSpinBox
        if parameter.kind == "int":
            whole = WholeField()
            whole.setRange(int(parameter.minimum), int(parameter.maximum))
            whole.setSingleStep(max(1, int(parameter.step)))
            whole.setValue(int(value))
            whole.valueChanged.connect(self._from_field)
            self.field = whole
        else:
            real = RealField()
            real.setDecimals(2 if parameter.step < 0.1 or parameter.minimum < 0.1 else 1)
            real.setRange(parameter.minimum, parameter.maximum)
            real.setSingleStep(parameter.step)
            real.setValue(float(value))
            real.valueChanged.connect(self._from_field)
            self.field = real
        self.field.setKeyboardTracking(False)
        self.field.setFixedWidth(92)
        self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
        if unit:
            self.field.setSuffix(f" {unit}")
        self.field.setAccessibleName(filter_text(parameter.title))
        figures = f"{shown_number(parameter.minimum, 'g')} … {shown_number(parameter.maximum, 'g')} {unit}".strip()
        self.field.setToolTip(figures)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, SLIDER_STEPS)
        self.slider.setToolTip(figures)
        self.slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._follow_field()
        self.slider.valueChanged.connect(self._from_slider)
        grid.addWidget(self.slider, 1, 0)
        grid.addWidget(self.field, 0, 1, 2, 1)
        grid.setColumnStretch(0, 1)

    # Ranges that span more than two decades are moved through by their square, so that small values can be hit.
    def _is_wide(self) -> bool:
        return self.parameter.maximum > 100 * max(self.parameter.step, 1e-9)

    def _follow_field(self) -> None:
        low, high = self.parameter.minimum, self.parameter.maximum
        share = (float(self.field.value()) - low) / max(high - low, 1e-9)
        if self._is_wide():
            share **= 0.5
        self.slider.blockSignals(True)
        self.slider.setValue(round(SLIDER_STEPS * share))
        self.slider.blockSignals(False)

    def _from_slider(self, at: int) -> None:
        low, high = self.parameter.minimum, self.parameter.maximum
        share = at / SLIDER_STEPS
        if self._is_wide():
            share **= 2
        value = low + share * (high - low)
        self.field.blockSignals(True)
        if isinstance(self.field, QSpinBox):
            self.field.setValue(round(value))
        else:
            self.field.setValue(value)
        self.field.blockSignals(False)
        self._changed(self.field.value())

    def _from_field(self, _value: float) -> None:
        self._follow_field()
        self._changed(self.field.value())


class StepCard(QFrame):
    """One filter of the chain."""

    def __init__(self, panel: FilterPanel, at: int, step: FilterStep, last: bool) -> None:
        super().__init__()
        self.setObjectName("card")
        operation = step.operation
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 4, 6)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(0)
        self.enabled_box = QCheckBox(filter_text(operation.title))
        self.enabled_box.setChecked(step.enabled)
        self.enabled_box.toggled.connect(lambda on: panel.change(at, replace(panel.chain[at], enabled=on)))
        row.addWidget(self.enabled_box, 1)
        up = icon_button("caret-up", translate("FilterPanel", "Earlier"), lambda: panel.shift(at, -1))
        up.setEnabled(at > 0)
        down = icon_button("caret-down", translate("FilterPanel", "Later"), lambda: panel.shift(at, 1))
        down.setEnabled(not last)
        row.addWidget(up)
        row.addWidget(down)
        row.addWidget(icon_button("x", translate("FilterPanel", "Remove this filter"), lambda: panel.remove(at)))
        column.addLayout(row)
        given = dict(step.values)
        self.fields: dict[str, ParameterField] = {}
        for parameter in operation.parameters:
            unit = unit_text(parameter.unit, panel.value_unit)
            value = given.get(parameter.name, parameter.default)
            field = ParameterField(parameter, value, unit, partial(panel.set_value, at, parameter.name))
            self.fields[parameter.name] = field
            column.addWidget(field)


class FilterPanel(QWidget):
    """The chain of the active viewport."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.cards: list[StepCard] = []
        self._built: object = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(title_label(translate("FilterPanel", "Filters")), 1)
        self.add_button = QPushButton(translate("FilterPanel", "Add a filter"))
        self.add_button.setMenu(self._menu())
        head.addWidget(self.add_button)
        column.addLayout(head)
        self.hint = text_label(
            translate("FilterPanel", "Filters are shown live on the slice, in this order."), "secondary"
        )
        column.addWidget(self.hint)
        self._cards = QVBoxLayout()
        self._cards.setSpacing(6)
        column.addLayout(self._cards)
        self.controls = QWidget()
        controls = QVBoxLayout(self.controls)
        controls.setContentsMargins(0, 0, 0, 0)
        controls.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(6)
        self.original_button = QPushButton(translate("FilterPanel", "Before (B)"))
        self.original_button.setCheckable(True)
        self.original_button.clicked.connect(lambda: reading.toggle_original(workspace.active_viewport))
        self.reset_button = QPushButton(translate("FilterPanel", "Remove all"))
        self.reset_button.clicked.connect(lambda: reading.reset_filters(workspace.active_viewport))
        row.addWidget(self.original_button, 1)
        row.addWidget(self.reset_button, 1)
        controls.addLayout(row)
        self.volume_button = QPushButton(translate("FilterPanel", "Apply to the whole volume"))
        self.volume_button.clicked.connect(lambda _on=False: workspace.filter_volume())
        controls.addWidget(self.volume_button)
        self.volume_note = text_label("", "secondary")
        controls.addWidget(self.volume_note)
        self.measure_box = QCheckBox(translate("FilterPanel", "Read and measure filtered values"))
        self.measure_box.setToolTip(
            translate(
                "FilterPanel", "Otherwise values and measurements come from the unfiltered image, and models always do."
            )
        )
        self.measure_box.toggled.connect(lambda on: workspace.active_viewport.update(measure_filtered=on))
        controls.addWidget(self.measure_box)
        column.addWidget(self.controls)
        self.refresh()

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        for operation in OPERATIONS.values():
            action = menu.addAction(filter_text(operation.title))
            action.setData(operation.id)
            action.triggered.connect(lambda _on=False, one=operation.id: self.add(one))
        return menu

    @property
    def chain(self) -> FilterChain:
        """The chain of the active viewport."""
        return self._workspace.active_viewport.view.filters

    @property
    def value_unit(self) -> str:
        """Unit of the shown values."""
        stack = self._workspace.active_viewport.stack
        return (stack.unit or "") if stack is not None else ""

    def add(self, operation_id: str) -> None:
        """Put a filter at the end of the chain."""
        self._set((*self.chain, FilterStep(operation_id)))

    def remove(self, at: int) -> None:
        """Take a filter out of the chain."""
        self._set((*self.chain[:at], *self.chain[at + 1 :]))

    def shift(self, at: int, step: int) -> None:
        """Swap a filter with its neighbour."""
        chain = list(self.chain)
        if 0 <= at + step < len(chain):
            chain[at], chain[at + step] = chain[at + step], chain[at]
            self._set(tuple(chain))

    def change(self, at: int, step: FilterStep) -> None:
        """Replace a filter."""
        self._set((*self.chain[:at], step, *self.chain[at + 1 :]))

    def set_value(self, at: int, name: str, value: ParameterValue) -> None:
        """Give a filter's parameter another value."""
        step = self.chain[at]
        others = tuple(entry for entry in step.values if entry[0] != name)
        self.change(at, replace(step, values=(*others, (name, value))))

    def _set(self, chain: FilterChain) -> None:
        state = self._workspace.active_viewport
        if state.stack is not None:
            self._workspace.touched = True
            state.update(filters=chain, show_original=False)

    def refresh(self) -> None:
        """Show the chain; the cards are built anew only where other filters are in it."""
        state = self._workspace.active_viewport
        view = state.view
        self.add_button.setEnabled(state.stack is not None and state.stack.components == 1)
        self.controls.setVisible(bool(view.filters))
        self.hint.setVisible(not view.filters)
        built = (
            id(state),
            state.stack.id if state.stack is not None else "",
            tuple(step.operation_id for step in view.filters),
        )
        if built != self._built:
            self._built = built
            empty(self._cards)
            last = len(view.filters) - 1
            self.cards = [StepCard(self, at, step, at == last) for at, step in enumerate(view.filters)]
            for card in self.cards:
                self._cards.addWidget(card)
        for card, step in zip(self.cards, view.filters, strict=True):
            card.enabled_box.blockSignals(True)
            card.enabled_box.setChecked(step.enabled)
            card.enabled_box.blockSignals(False)
        self.original_button.setChecked(bool(view.show_original))
        self.measure_box.blockSignals(True)
        self.measure_box.setChecked(bool(view.measure_filtered))
        self.measure_box.blockSignals(False)
        volume = state.stack is not None and state.stack.shape[0] > 1
        self.volume_button.setVisible(volume)
        done = view.filtered is not None and view.filtered.chain == state.filters_applied
        self.volume_button.setEnabled(bool(state.filters_applied) and not done)
        self.volume_note.setVisible(done)
        self.volume_note.setText(translate("FilterPanel", "The whole volume is filtered.") if done else "")
