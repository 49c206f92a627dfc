"""What the files of a study lay over the shown stack: each object with its parts, to be shown, coloured and gone to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QRadioButton,
    QSlider,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medview.app.foreign_correction import can_be_corrected, correct_overlay
from medview.app.tools import Tool
from medview.core.plain_text import visible_text
from medview.core.study import Stack
from medview.ui.messages import message_text, note_text
from medview.ui.parts import icon_button, text_label
from medview.ui.text import shown_number, translate

if TYPE_CHECKING:
    from medview.app.study_objects import ListedObject
    from medview.app.workspace import Workspace
    from medview.core.display import OverlayStyle
    from medview.core.overlay import OverlayPart, StudyOverlay

VALUE_ROLE = Qt.ItemDataRole.UserRole
MOST_ROWS = 12
"""Parts that are seen without scrolling inside the list."""


def kind_text(kind: str) -> str:
    """What an object is, in a word."""
    words = {
        "segmentation": translate("Overlays", "Segmentation"),
        "structure_set": translate("Overlays", "Structure set"),
        "dose": translate("Overlays", "Dose"),
        "parametric_map": translate("Overlays", "Parametric map"),
        "presentation_state": translate("Overlays", "Presentation state"),
        "real_world_values": translate("Overlays", "Value map"),
        "blending": translate("Overlays", "Blending state"),
    }
    return words.get(kind, kind)


class OverlayCard(QWidget):
    """One object: a line to show it by, and its parts once it is shown."""

    def __init__(self, workspace: Workspace, listed: ListedObject, stack: Stack) -> None:
        super().__init__()
        self._workspace = workspace
        self._overlays = workspace.overlays
        self.listed = listed
        self._stack = stack
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(6)
        words = QVBoxLayout()
        words.setSpacing(0)
        title = text_label(visible_text(listed.title or kind_text(listed.kind), 120, lines=False))
        title.setStyleSheet("font-weight: 600;")
        said = (kind_text(listed.kind) if listed.title else "", listed.creator)
        about = " · ".join(text for text in said if text)
        words.addWidget(title)
        if about:
            words.addWidget(text_label(visible_text(about, 120, lines=False), "secondary"))
        row.addLayout(words, 1)
        overlay = self._overlays.overlay(listed, stack.id)
        self.correct_button = icon_button(
            "paint-brush", translate("Overlays", "Correct a copy of this segmentation"), self._correct
        )
        self.correct_button.setVisible(can_be_corrected(overlay, stack))
        row.addWidget(self.correct_button, 0, Qt.AlignmentFlag.AlignTop)
        self.visible_box = icon_button(
            "eye", translate("Overlays", "Show or hide this over the images"), self._toggle, checkable=True
        )
        self.visible_box.setChecked(self._overlays.is_shown(listed, stack.id))
        row.addWidget(self.visible_box, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        self.tree: QTreeWidget | None = None
        self.maps: QComboBox | None = None
        self.opacity: QSlider | None = None
        error = self._overlays.error(listed, stack.id)
        if error is not None:
            column.addWidget(text_label(message_text(error.code, error.text, error.values, error.path or ""), "danger"))
        if self._overlays.is_reading(listed, stack.id) and overlay is None:
            column.addWidget(text_label(translate("Overlays", "Reading…"), "secondary"))
        if overlay is not None and self._overlays.is_shown(listed, stack.id):
            self._add_content(column, overlay)

    @property
    def _style(self) -> OverlayStyle:
        return self._overlays.style(self.listed, self._stack.id)

    def _correct(self) -> None:
        correct_overlay(self._workspace, self.listed, self._stack)
        self._workspace.tools.choose(Tool.BRUSH)

    def _toggle(self) -> None:
        self._overlays.show(self.listed, self._stack, not self._overlays.is_shown(self.listed, self._stack.id))

    # ------------------------------------------------------------------ parts

    def _add_content(self, column: QVBoxLayout, overlay: StudyOverlay) -> None:
        for note in overlay.notes:
            if note.code != "one_of_maps":  # the choice below says it
                column.addWidget(text_label(note_text(note), "warning"))
        if overlay.maps:
            self._add_maps(column, overlay)
        if overlay.parts:
            self._add_parts(column, overlay)
        if overlay.wash is not None:
            wash = overlay.wash
            said = " ".join(text for text in (wash.quantity, f"[{wash.unit}]" if wash.unit else "") if text)
            if said:
                column.addWidget(text_label(visible_text(said, 120, lines=False), "secondary"))
            column.addWidget(_Ramp(wash.lower, wash.upper, wash.unit, wash.table.tobytes()))
        self._add_look(column, overlay)

    def _add_maps(self, column: QVBoxLayout, overlay: StudyOverlay) -> None:
        """Which of the maps that the object holds is shown."""
        self.maps = choice = QComboBox()
        choice.setAccessibleName(translate("Overlays", "Map"))
        choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        choice.setMinimumContentsLength(8)
        choice.addItems([visible_text(name, 80, lines=False) for name in overlay.maps])
        choice.setCurrentIndex(overlay.map_at)
        choice.setToolTip(translate("Overlays", "The object holds {0} maps; one is shown").format(len(overlay.maps)))
        choice.activated.connect(lambda at: self._overlays.choose_map(self.listed, self._stack, at))
        column.addWidget(choice)

    def _add_parts(self, column: QVBoxLayout, overlay: StudyOverlay) -> None:
        style = self._style
        if len(overlay.parts) > 1:
            every = QCheckBox(translate("Overlays", "All {0} parts").format(len(overlay.parts)))
            every.setTristate(True)
            hidden = len([part for part in overlay.parts if part.label.value in style.hidden_labels])
            state = Qt.CheckState.Checked if not hidden else Qt.CheckState.PartiallyChecked
            every.setCheckState(Qt.CheckState.Unchecked if hidden == len(overlay.parts) else state)
            every.clicked.connect(lambda: self._show_all(bool(hidden)))
            column.addWidget(every)
        self.tree = tree = QTreeWidget()
        tree.setRootIsDecorated(False)
        tree.setUniformRowHeights(True)
        tree.setHeaderHidden(True)
        tree.setColumnCount(2)
        tree.setIconSize(QSize(12, 12))
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setAccessibleName(translate("Overlays", "Parts"))
        tree.header().setStretchLastSection(False)
        tree.header().setSectionResizeMode(0, tree.header().ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, tree.header().ResizeMode.ResizeToContents)
        for part in overlay.parts:
            tree.addTopLevelItem(self._row(part, style))
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._menu)
        tree.itemChanged.connect(self._changed)
        tree.itemClicked.connect(self._go)
        tree.itemActivated.connect(self._go)
        rows = min(len(overlay.parts), MOST_ROWS)
        tree.setFixedHeight(rows * max(tree.sizeHintForRow(0), 16) + 6)
        column.addWidget(tree)

    def _row(self, part: OverlayPart, style: OverlayStyle) -> QTreeWidgetItem:
        label = part.label
        volume = "" if part.volume_ml is None else _volume_text(part.volume_ml)
        item = QTreeWidgetItem([visible_text(label.name, 80, lines=False), volume])
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        pixmap = QPixmap(12, 12)
        pixmap.fill(QColor(*dict(style.colours).get(label.value, label.colour)))
        item.setIcon(0, QIcon(pixmap))
        item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
        shown = label.value not in style.hidden_labels
        item.setCheckState(0, Qt.CheckState.Checked if shown else Qt.CheckState.Unchecked)
        item.setData(0, VALUE_ROLE, label.value)
        codes = [code.meaning for code in (label.category, label.type) if code is not None and code.meaning]
        lines = [label.name, " / ".join(codes), part.algorithm, part.description]
        lines.append(translate("Overlays", "Click: go to its middle"))
        item.setToolTip(0, visible_text("\n".join(line for line in lines if line), 500))
        return item

    def _part(self, item: QTreeWidgetItem) -> OverlayPart | None:
        overlay = self._overlays.overlay(self.listed, self._stack.id)
        wanted = item.data(0, VALUE_ROLE)
        if overlay is None:
            return None
        return next((part for part in overlay.parts if part.label.value == wanted), None)

    def _changed(self, item: QTreeWidgetItem, column: int) -> None:
        value, shown = item.data(0, VALUE_ROLE), item.checkState(0) == Qt.CheckState.Checked
        if column == 0 and shown == (value in self._style.hidden_labels):
            self._overlays.show_part(self.listed, self._stack.id, value, shown)

    def _go(self, item: QTreeWidgetItem, _column: int = 0) -> None:
        part = self._part(item)
        if part is not None:
            self._overlays.go_to(part, self._stack)

    def _show_all(self, shown: bool) -> None:
        self._overlays.show_all_parts(self.listed, self._stack.id, shown)

    def _menu(self, at: QPoint) -> None:
        item = self.tree.itemAt(at) if self.tree is not None else None
        part = self._part(item) if item is not None else None
        if part is None or self.tree is None:
            return
        menu = QMenu(self)
        go = menu.addAction(translate("Overlays", "Go to its middle"))
        go.triggered.connect(lambda: self._overlays.go_to(part, self._stack))
        alone = menu.addAction(translate("Overlays", "Show this part alone"))
        alone.triggered.connect(lambda: self._show_alone(part.label.value))
        colour = menu.addAction(translate("Overlays", "Change the colour…"))
        colour.triggered.connect(lambda: self._choose_colour(part.label.value))
        menu.popup(self.tree.viewport().mapToGlobal(at))

    def _show_alone(self, value: int) -> None:
        overlay = self._overlays.overlay(self.listed, self._stack.id)
        if overlay is not None:
            hidden = frozenset(part.label.value for part in overlay.parts) - {value}
            self._overlays.set_style(self.listed, self._stack.id, replace(self._style, hidden_labels=hidden))

    def _choose_colour(self, value: int) -> None:
        dialog = QColorDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(lambda colour: self.set_colour(value, colour))
        dialog.show()

    def set_colour(self, value: int, colour: QColor) -> None:
        """Draw a part in another colour."""
        style = self._style
        others = tuple(entry for entry in style.colours if entry[0] != value)
        chosen = (colour.red(), colour.green(), colour.blue())
        self._overlays.set_style(self.listed, self._stack.id, replace(style, colours=(*others, (value, chosen))))

    # ------------------------------------------------------------------ look

    def _add_look(self, column: QVBoxLayout, overlay: StudyOverlay) -> None:
        style = self._style
        name = translate("Overlays", "Fill") if overlay.contours else translate("Overlays", "Opacity")
        self.opacity = _slider_row(column, name, round(100 * style.opacity), self._set_opacity)
        if overlay.thresholded:
            percent = round(100 * self._overlays.threshold(self.listed, self._stack.id))
            self.threshold = _slider_row(column, translate("Overlays", "Threshold"), percent, None)
            self.threshold.setRange(1, 100)
            self.threshold.setValue(percent)
            self.threshold.sliderReleased.connect(self._set_threshold)

    def _set_opacity(self, percent: int) -> None:
        self._overlays.set_style(self.listed, self._stack.id, replace(self._style, opacity=percent / 100))

    def _set_threshold(self) -> None:
        self._overlays.set_threshold(self.listed, self._stack, self.threshold.value() / 100)


def _volume_text(volume_ml: float) -> str:
    return (
        f"{shown_number(volume_ml, '.2f')} ml"
        if volume_ml < 10
        else f"{shown_number(volume_ml, '.1f')} ml"
        if volume_ml < 100
        else f"{volume_ml:.0f} ml"
    )


def _slider_row(column: QVBoxLayout, name: str, percent: int, changed: object) -> QSlider:
    row = QHBoxLayout()
    row.setSpacing(8)
    caption = QLabel(name)
    caption.setObjectName("secondary")
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, 100)
    slider.setValue(percent)
    slider.setAccessibleName(name)
    figure = QLabel(f"{percent} %")
    figure.setFixedWidth(40)
    figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    slider.valueChanged.connect(lambda value: figure.setText(f"{value} %"))
    if changed is not None:
        slider.valueChanged.connect(changed)
    row.addWidget(caption)
    row.addWidget(slider, 1)
    row.addWidget(figure)
    column.addLayout(row)
    return slider


def ends_text(lower: float, upper: float) -> tuple[str, str]:
    """The values at a ramp's ends; what is nothing beside the ramp's height is 0, not a number with an exponent."""
    low, high = (0.0 if abs(value) < 1e-4 * abs(upper - lower) else value for value in (lower, upper))
    return shown_number(low, ".4g"), shown_number(high, ".4g")


class _Ramp(QLabel):
    """A wash's colours with the values at their ends."""

    def __init__(self, lower: float, upper: float, unit: str, table: bytes) -> None:
        super().__init__()
        from PySide6.QtGui import QImage, QPainter

        width, height = 236, 30
        pixmap = QPixmap(width, height)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        ramp = QImage(table, 256, 1, 768, QImage.Format.Format_RGB888)
        painter.drawImage(pixmap.rect().adjusted(0, 0, 0, -height + 12), ramp)
        painter.setPen(self.palette().text().color())
        line = pixmap.rect().adjusted(0, 13, 0, 0)
        low, high = ends_text(lower, upper)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, low)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight, f"{high} {unit}".strip())
        painter.end()
        self.setPixmap(pixmap)
        low, high = ends_text(lower, upper)
        self.setAccessibleName(f"{low} – {high} {unit}".strip())


class StateList(QWidget):
    """The presentation states of the shown images, one of which may be on."""

    def __init__(self, workspace: Workspace, listed: Sequence[ListedObject], chosen: str) -> None:
        super().__init__()
        self._workspace = workspace
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(text_label(translate("Overlays", "Presentation states"), "secondary"))
        self.choices: list[tuple[QRadioButton, ListedObject | None]] = []
        none = QRadioButton(translate("Overlays", "None: the images as they are"))
        none.setChecked(not chosen)
        self._add(column, none, None)
        for one in listed:
            name = visible_text(" · ".join(text for text in (one.title, one.creator) if text), 60, lines=False)
            button = QRadioButton(name or kind_text(one.kind))
            button.setToolTip(visible_text(one.file.path, 300, lines=False))
            button.setChecked(one.file.path == chosen)
            self._add(column, button, one)
            state = workspace.active_viewport.view.presentation
            if state is not None and one.file.path == state.path:
                for note in state.notes:  # what of it is not shown
                    column.addWidget(text_label(note_text(note), "warning"))

    def _add(self, column: QVBoxLayout, button: QRadioButton, listed: ListedObject | None) -> None:
        button.clicked.connect(lambda: self._workspace.overlays.choose_state(listed))
        self.choices.append((button, listed))
        column.addWidget(button)


class UnplacedLine(QWidget):
    """An object that lies over nothing, and why."""

    def __init__(self, listed: ListedObject) -> None:
        super().__init__()
        self.listed = listed
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        name = " · ".join(text for text in (kind_text(listed.kind), listed.title) if text)
        column.addWidget(text_label(visible_text(name, 120, lines=False)))
        if listed.reason is not None:
            column.addWidget(text_label(note_text(listed.reason), "secondary"))
