"""The upper part of the Findings tab while a segmentation is corrected: labels with their numbers, brush, operations."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QToolButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medview.app.brush_stroke import LARGEST_MM, SMALLEST_MM
from medview.app.correction import Correction
from medview.app.label_work import Operation, OtherLabel, operate, other_labels
from medview.app.tools import Tool
from medview.core.segment_numbers import SegmentNumbers
from medview.ui.listen import listen
from medview.ui.model_text import model_text, result_title
from medview.ui.parts import RealField, icon_button, text_label
from medview.ui.text import shown_number, translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.finding import Label

VALUE_ROLE = Qt.ItemDataRole.UserRole
MOST_ROWS = 8
SLIDER_STEPS = 200
LARGEST_VALUE = 1e6
LEAST_FIELD = 64


def volume_text(numbers: SegmentNumbers | None) -> str:
    """The volume in words: … while it is counted, empty of nothing."""
    if numbers is None:
        return "…"
    if not numbers.voxels:
        return ""
    if numbers.volume_ml is None:
        return translate("Correction", "{0} px").format(numbers.voxels)
    return f"{numbers.volume_ml:.{3 if numbers.volume_ml < 1 else 1 if numbers.volume_ml < 100 else 0}f} ml"


def diameter_text(numbers: SegmentNumbers | None, unit: str) -> str:
    """Both diameters in words."""
    if numbers is None or numbers.long_mm is None or numbers.short_mm is None:
        return ""
    return f"{shown_number(numbers.long_mm, '.1f')} × {shown_number(numbers.short_mm, '.1f')} {unit}"


def _square(label: Label, size: int) -> QIcon:
    pixmap = QPixmap(size, size)
    pixmap.fill(QColor(*label.colour))
    return QIcon(pixmap)


class CorrectionPanel(QWidget):
    """Shows and changes the segmentation that is corrected; hidden while none is."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._corrections = workspace.corrections
        self._shown: Correction | None = None
        self._others: list[OtherLabel] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.title = text_label()
        self.title.setStyleSheet("font-weight: 600;")
        row.addWidget(self.title, 1)
        row.addWidget(icon_button("check", translate("Correction", "End the correction; it stays kept"), self._end))
        column.addLayout(row)
        self.stale = text_label(translate("Correction", "⚠ Made on other images than those that are open"), "warning")
        column.addWidget(self.stale)
        self._add_labels(column)
        self._add_tools(column)
        self._add_range(column)
        self._add_operations(column)
        self._soon = QTimer(self)  # the line that is edited closes first
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.refresh)
        for signal in (
            self._corrections.changed,
            self._corrections.brush_changed,
            workspace.active_changed,
            workspace.viewport_changed,
            workspace.tools.changed,
        ):
            listen(self, signal, self._follow)
        self.refresh()

    # ------------------------------------------------------------------ parts

    def _add_labels(self, column: QVBoxLayout) -> None:
        self.tree = QTreeWidget()
        self.tree.setRootIsDecorated(False)
        self.tree.setColumnCount(3)
        self.tree.setHeaderLabels(
            [translate("Correction", "Label"), translate("Correction", "Volume"), translate("Correction", "Diameters")]
        )
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, header.ResizeMode.Stretch)
        for at, width in ((1, 62), (2, 104)):
            header.setSectionResizeMode(at, header.ResizeMode.Fixed)
            header.resizeSection(at, width)
            self.tree.headerItem().setTextAlignment(at, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.setIconSize(QSize(12, 12))
        self.tree.setAccessibleName(translate("Correction", "Labels"))
        self.tree.currentItemChanged.connect(self._choose)
        self.tree.itemChanged.connect(self._renamed)
        column.addWidget(self.tree)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.add_button = icon_button("plus", translate("Correction", "New label"), self._add)
        self.name_button = icon_button("pencil-simple", translate("Correction", "Name of the label"), self._name)
        self.colour_button = icon_button("palette", translate("Correction", "Change the colour"), self._colour)
        for button in (self.add_button, self.name_button, self.colour_button):
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)

    def _add_tools(self, column: QVBoxLayout) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.tools: dict[Tool, QToolButton] = {}
        for tool, glyph, tip in (
            (Tool.BRUSH, "paint-brush", translate("Correction", "Brush  (F3); Ctrl erases")),
            (Tool.ERASER, "eraser", translate("Correction", "Eraser  (F4)")),
            (
                Tool.GROW,
                "magic-wand",
                translate("Correction", "Grow a region from a click  (F5); with Ctrl on one slice"),
            ),
        ):
            button = icon_button(glyph, tip, partial(self._take, tool), checkable=True)
            self.tools[tool] = button
            row.addWidget(button)
        self.size_slider = QSlider(Qt.Orientation.Horizontal)
        self.size_slider.setRange(0, SLIDER_STEPS)
        self.size_slider.setAccessibleName(translate("Correction", "Size of the brush"))
        self.size_slider.setToolTip(
            translate("Correction", "Size of the brush: Shift and the wheel, or Ctrl and [ or ]")
        )
        self.size_slider.valueChanged.connect(self._resized)
        row.addWidget(self.size_slider, 1)
        self.size_figure = QLabel()
        self.size_figure.setFixedWidth(60)
        self.size_figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.size_figure)
        column.addLayout(row)
        self.ball = QCheckBox(translate("Correction", "Ball: also on neighbouring slices"))
        self.ball.toggled.connect(lambda on: self._corrections.set_brush(ball=on))
        column.addWidget(self.ball)
        self.over = QCheckBox(translate("Correction", "Leave other labels alone"))
        self.over.toggled.connect(lambda on: self._corrections.set_brush(over="empty" if on else "all"))
        column.addWidget(self.over)

    def _spin(self, name: str, low: float, high: float, decimals: int, suffix: str) -> QDoubleSpinBox:
        spin = RealField()
        spin.setRange(low, high)
        spin.setDecimals(decimals)
        spin.setSuffix(suffix)
        spin.setAccessibleName(name)
        spin.setToolTip(name)
        spin.setKeyboardTracking(False)
        spin.setMinimumWidth(LEAST_FIELD)  # the room of a million would make the panel wider than its place
        return spin

    def _add_range(self, column: QVBoxLayout) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        self.limited = QCheckBox(translate("Correction", "Only values"))
        self.limited.setToolTip(translate("Correction", "Brush and growing touch only values in this range"))
        self.limited.toggled.connect(lambda on: self._corrections.set_brush(limited=on))
        self.low = self._spin(translate("Correction", "Smallest value"), -LARGEST_VALUE, LARGEST_VALUE, 1, "")
        self.high = self._spin(translate("Correction", "Largest value"), -LARGEST_VALUE, LARGEST_VALUE, 1, "")
        self.low.valueChanged.connect(lambda value: self._corrections.set_brush(low=value))
        self.high.valueChanged.connect(lambda value: self._corrections.set_brush(high=value))
        grid.addWidget(self.limited, 0, 0)
        grid.addWidget(self.low, 0, 1)
        grid.addWidget(self.high, 0, 2)
        caption = QLabel(translate("Correction", "Growing"))
        caption.setObjectName("secondary")
        self.tolerance = self._spin(
            translate("Correction", "How far values may differ from the one that is clicked"), 0, LARGEST_VALUE, 1, ""
        )
        self.tolerance.setPrefix("± ")
        self.reach = self._spin(translate("Correction", "How far from the click a region may grow"), 1, 1000, 0, " mm")
        self.tolerance.valueChanged.connect(lambda value: self._corrections.set_brush(tolerance=value))
        self.reach.valueChanged.connect(lambda value: self._corrections.set_brush(reach_mm=value))
        grid.addWidget(caption, 1, 0)
        grid.addWidget(self.tolerance, 1, 1)
        grid.addWidget(self.reach, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        column.addLayout(grid)

    def _add_operations(self, column: QVBoxLayout) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        named: tuple[tuple[Operation, str, str], ...] = (
            ("holes", translate("Correction", "Fill holes"), ""),
            ("between", translate("Correction", "Between slices"), translate("Correction", "Fill between slices")),
            ("smooth", translate("Correction", "Smooth"), ""),
            ("largest", translate("Correction", "Largest part"), translate("Correction", "Keep the largest part")),
            ("islands", translate("Correction", "Remove islands"), translate("Correction", "Parts below 0.1 ml")),
            ("clear", translate("Correction", "Clear"), translate("Correction", "Clear the label")),
        )
        self.operations: dict[Operation, QPushButton] = {}
        for at, (operation, title, tip) in enumerate(named):
            self.operations[operation] = self._operation_button(operation, title, tip)
            grid.addWidget(self.operations[operation], at // 2, at % 2)
        column.addLayout(grid)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.other = QComboBox()
        self.other.setAccessibleName(translate("Correction", "Another label"))
        self.other.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.other.setMinimumContentsLength(6)
        row.addWidget(self.other, 1)
        self.combine: dict[Operation, QToolButton] = {}
        both: tuple[tuple[Operation, str, str], ...] = (
            ("add", "plus", translate("Correction", "Add the other label to this one")),
            ("subtract", "minus", translate("Correction", "Take the other label away from this one")),
            ("intersect", "intersect", translate("Correction", "Keep only what is in the other label too")),
        )
        for operation, glyph, tip in both:
            button = icon_button(glyph, tip, partial(self._combine, operation))
            self.combine[operation] = button
            row.addWidget(button)
        column.addLayout(row)

    def _operation_button(self, operation: Operation, title: str, tip: str) -> QPushButton:
        button = QPushButton(title)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        button.clicked.connect(lambda _on=False: self._operate(operation))
        return button

    # ------------------------------------------------------------------ what the reader does

    def _end(self) -> None:
        self._corrections.choose(None)
        self._workspace.tools.choose(Tool.WINDOW)

    def _take(self, tool: Tool) -> None:
        self._workspace.tools.choose(tool)
        self.refresh()

    def _choose(self, item: QTreeWidgetItem | None, _before: QTreeWidgetItem | None = None) -> None:
        if item is not None and self._shown is not None:
            self._corrections.choose(self._shown, int(item.data(0, VALUE_ROLE)))

    def _renamed(self, item: QTreeWidgetItem, at: int) -> None:
        shown, name = self._shown, item.text(0).strip()
        label = shown.label(int(item.data(0, VALUE_ROLE))) if shown is not None else None
        if at == 0 and shown is not None and label is not None and name != model_text(label.name):
            self._corrections.rename(shown, label.value, name)
        self._soon.start()

    def _add(self) -> None:
        if self._shown is not None:
            number = len(self._shown.meanings) + 1
            self._corrections.add_label(self._shown, translate("Correction", "Label {0}").format(number))

    def _name(self) -> None:
        item = self.tree.currentItem()
        if item is not None:
            self.tree.editItem(item, 0)

    def _colour(self) -> None:
        shown, value = self._shown, self._corrections.value
        label = shown.label(value) if shown is not None else None
        if shown is None or label is None:
            return
        dialog = QColorDialog(QColor(*label.colour), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(
            lambda colour: self._corrections.recolour(shown, value, (colour.red(), colour.green(), colour.blue()))
        )
        dialog.show()

    def _resized(self, step: int) -> None:
        self._corrections.set_brush(size_mm=round(SMALLEST_MM * (LARGEST_MM / SMALLEST_MM) ** (step / SLIDER_STEPS), 1))

    def _operate(self, operation: Operation) -> None:
        shown = self._workspace.active_viewport.shown()
        operate(self._workspace, operation, self._corrections.work, shown)

    def _combine(self, operation: Operation) -> None:
        at = self.other.currentIndex()
        if 0 <= at < len(self._others):
            operate(self._workspace, operation, self._corrections.work, other=self._others[at])

    # ------------------------------------------------------------------ following

    def _follow(self, *_what: object) -> None:
        # A wheel changes a viewport many times a second: once after each turn of the event loop is enough.
        if not self._soon.isActive():
            self._soon.start()

    def refresh(self) -> None:
        """Show the segmentation of the active stack that is corrected."""
        target = self._corrections.target
        self._shown = target
        self.setVisible(target is not None)
        if target is None:
            return
        self.title.setText(result_title(target.result))
        self.stale.setVisible(target.stale)
        self._fill_labels(target)
        brush, tool = self._corrections.brush, self._workspace.tools.tool
        for one, button in self.tools.items():
            button.setChecked(one is tool)
        unit = "mm" if self._has_mm() else "px"
        steps = SLIDER_STEPS * math.log(brush.size_mm / SMALLEST_MM) / math.log(LARGEST_MM / SMALLEST_MM)
        for box, checked in (
            (self.ball, brush.ball),
            (self.over, brush.over == "empty"),
            (self.limited, brush.limited),
        ):
            with QSignalBlocker(box):
                box.setChecked(checked)
        for spin, value in (
            (self.low, brush.low),
            (self.high, brush.high),
            (self.tolerance, brush.tolerance),
            (self.reach, brush.reach_mm),
        ):
            with QSignalBlocker(spin):
                spin.setValue(value)
        with QSignalBlocker(self.size_slider):
            self.size_slider.setValue(round(steps))
        self.size_figure.setText(f"{shown_number(brush.size_mm, '.1f')} {unit}")
        self.ball.setEnabled(target.segmentation.geometry is not None)
        self._fill_others(target)

    def _has_mm(self) -> bool:
        stack = self._workspace.active_viewport.stack
        return stack is not None and (stack.geometry is not None or stack.pixel_spacing is not None)

    def _fill_labels(self, target: Correction) -> None:
        editing = self.tree.state() == QTreeWidget.State.EditingState
        if editing:
            return
        unit, right = "mm" if self._has_mm() else "px", Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        with QSignalBlocker(self.tree):
            if self.tree.topLevelItemCount() != len(target.meanings):
                self.tree.clear()
                for _ in target.meanings:
                    made = QTreeWidgetItem(["", "", ""])
                    made.setFlags(made.flags() | Qt.ItemFlag.ItemIsEditable)
                    for at in (1, 2):
                        made.setTextAlignment(at, right)
                    self.tree.addTopLevelItem(made)
            for row, label in enumerate(target.meanings):
                item = self.tree.topLevelItem(row)
                assert item is not None
                numbers = self._corrections.numbers(target, label.value)
                item.setText(0, model_text(label.name))
                item.setToolTip(0, label.name)
                item.setIcon(0, _square(label, 12))
                item.setText(1, volume_text(numbers))
                item.setText(2, diameter_text(numbers, unit))
                item.setData(0, VALUE_ROLE, label.value)
                if label.value == self._corrections.value:
                    self.tree.setCurrentItem(item)
        rows = min(max(len(target.meanings), 1), MOST_ROWS)
        height = max(self.tree.sizeHintForRow(0), 16)
        self.tree.setFixedHeight(self.tree.header().sizeHint().height() + rows * height + 8)

    def _fill_others(self, target: Correction) -> None:
        self._others = other_labels(self._workspace, target, self._corrections.value)
        titles = [one.title for one in self._others]
        if titles != [self.other.itemText(at) for at in range(self.other.count())]:
            before = self.other.currentText()
            with QSignalBlocker(self.other):
                self.other.clear()
                self.other.addItems(titles)
                self.other.setCurrentIndex(max(0, titles.index(before) if before in titles else 0))
        for button in (*self.combine.values(), self.other):
            button.setEnabled(bool(titles))
