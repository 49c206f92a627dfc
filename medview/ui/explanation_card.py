"""One explanation in the panel: what was asked of whom, its maps with their bar, its figures, places to go to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSlider,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medview.core.explanation import Explanation, FeatureMosaic, ValueMap
from medview.ui.explanation_legend import method_title, packages_of
from medview.ui.explanation_text import explanation_text, parameter_title
from medview.ui.messages import note_text
from medview.ui.model_text import model_text
from medview.ui.parts import Swatch, icon_button, text_label
from medview.ui.text import shown_number, translate

if TYPE_CHECKING:
    from medview.app.explanations import Explanations
    from medview.app.workspace import Workspace

MOST_ROWS = 8
"""Rows of a table that are seen without scrolling inside of it."""
STEPS = 200
"""Of the slider of the threshold."""
BAR_PX = 12
FIGURE_PX = 78
"""Width of a column of figures."""
MOSAIC_PX = 300


def figure_text(value: float | None) -> str:
    """A number in as many figures as can be compared."""
    if value is None:
        return "–"
    return shown_number(value, ".4g").replace("-", "\u2212")


class MapBar(QWidget):
    """The colours of a map from its lower to its upper value; what the threshold hides is empty."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(BAR_PX + 18)
        self._picture = QPixmap()
        self._words: tuple[str, str, str] = ("", "", "")

    def show_map(self, found: ValueMap, threshold: float) -> None:
        """Show these colours and values."""
        from medview.app.explanation_layers import bar_picture

        # An image made of memory does not keep it: the row must live until its pixels are copied.
        row = np.ascontiguousarray(bar_picture(found, threshold, 256, 1)[::-1, 0][None])
        image = QImage(row.data, 256, 1, row.strides[0], QImage.Format.Format_RGB888)
        self._picture = QPixmap.fromImage(image)
        middle = (found.lower + found.upper) / 2
        unit = f" {found.unit}" if found.unit else ""
        self._words = (figure_text(found.lower), figure_text(middle), figure_text(found.upper) + unit)
        self.setAccessibleName(f"{self._words[0]} – {self._words[2]}")
        self.update()

    def paintEvent(self, _event: object) -> None:
        painter = QPainter(self)
        place = self.rect().adjusted(0, 0, -1, 0)
        place.setHeight(BAR_PX)
        painter.fillRect(place, QColor(0, 0, 0))
        painter.drawPixmap(place, self._picture)
        painter.setPen(self.palette().text().color())
        below = self.rect().adjusted(0, BAR_PX + 2, -1, 0)
        sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
        for words, side in zip(self._words, sides, strict=True):
            painter.drawText(below, int(side | Qt.AlignmentFlag.AlignTop), words)
        painter.end()


class MosaicView(QScrollArea):
    """The channels of a layer; a click names the channel."""

    chosen = Signal(int)

    def __init__(self, mosaic: FeatureMosaic) -> None:
        super().__init__()
        self._mosaic = mosaic
        height, width = mosaic.picture.shape
        pixels = np.ascontiguousarray(mosaic.picture)
        image = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_Grayscale8).copy()
        self.picture = QLabel()
        self.picture.setPixmap(QPixmap.fromImage(image))
        self.picture.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.picture.mousePressEvent = self._click  # type: ignore[method-assign]
        self.setWidget(self.picture)
        self.setFixedHeight(min(MOSAIC_PX, height + 24))
        self.setAccessibleName(translate("Explain", "Channels of the layer"))
        self.setToolTip(translate("Explain", "Click on a channel to see its number"))

    def _click(self, event: QMouseEvent) -> None:
        at: QPoint = event.position().toPoint()
        channel = self._mosaic.channel_at(at.x(), at.y())
        if channel is not None:
            self.chosen.emit(channel)


class ExplanationCard(QWidget):
    """Follows one explanation; ``refresh`` shows how it is drawn now."""

    def __init__(self, workspace: Workspace, made: Explanation) -> None:
        super().__init__()
        self._explanations: Explanations = workspace.explanations
        self.made = made
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._heading())
        column.addWidget(text_label("\n".join(packages_of(made)), "secondary", selectable=True))
        words = translate("Explain", "AI explanation: research use, not kept as a finding")
        if any(source.how != "automatic" for source in made.sources):
            words = translate("Explain", "A comparison with what a reader drew; not kept as a finding")
        column.addWidget(text_label(words, "warning"))
        for source in made.sources:
            if source.overrides:
                text = translate("Findings", "Run although it does not fit: {0}").format(", ".join(source.overrides))
                column.addWidget(text_label(text, "danger"))
        if made.baseline is not None:
            column.addWidget(text_label(self._baseline_text(made.baseline)))
        self.maps: QComboBox | None = None
        self.bar: MapBar | None = None
        self.threshold: QSlider | None = None
        self.opacity: QSlider | None = None
        self.tree: QTreeWidget | None = None
        self.places: QTreeWidget | None = None
        if made.maps:
            self._add_maps(column)
        if made.segmentation is not None:
            self._add_labels(column)
        if made.mosaic is not None:
            self._add_mosaic(column, made.mosaic)
        if made.table:
            self._add_table(column)
        if made.places:
            self._add_places(column)
        for note in made.notes:
            column.addWidget(text_label(note_text(note), "warning"))
        column.addWidget(text_label(self._parameters_text(), "secondary", selectable=True))
        self.refresh()

    # ------------------------------------------------------------------ what it is

    def _heading(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        about = [explanation_text(method_title(self.made.method))]
        if self.made.label:
            about.append(model_text(self.made.label))
        name = text_label(" – ".join(about))
        name.setStyleSheet("font-weight: 600;")
        row.addWidget(name, 1)
        self.visible_box = icon_button(
            "eye", translate("Explain", "Show or hide this over the images"), self._toggle, checkable=True
        )
        self.visible_box.setVisible(bool(self.made.maps) or self.made.segmentation is not None)
        discard = icon_button("trash", translate("Explain", "Let go of this"), self._discard)
        for button in (self.visible_box, discard):
            # Between being added and the list's next layout a card has no height: an icon must not shrink to nothing.
            button.setFixedSize(button.sizeHint())
            row.addWidget(button)
        return row

    def _baseline_text(self, baseline: float) -> str:
        if self.made.method == "compare":
            return translate("Explain", "Agreement {0} %").format(shown_number(100 * baseline, ".1f"))
        return translate("Explain", "Score of the unchanged image: {0}").format(figure_text(baseline))

    def _parameters_text(self) -> str:
        said = []
        for name, value, unit in self.made.parameters:
            shown = figure_text(value) if isinstance(value, float) else explanation_text(str(value))
            told = unit if unit in {"", "mm", "ml"} else explanation_text(unit)
            said.append(f"{parameter_title(self.made.method, name)}: {shown} {told}".rstrip())
        said.append(
            translate("Explain", "Runs of the network: {0}, in {1} s").format(
                self.made.runs, shown_number(self.made.duration_s, ".1f")
            )
        )
        return "\n".join(said)

    def _toggle(self) -> None:
        self._explanations.show(self.made, self._explanations.shown(self.made.stack_id) is not self.made)

    def _discard(self) -> None:
        self._explanations.discard(self.made)

    # ------------------------------------------------------------------ maps

    def _add_maps(self, column: QVBoxLayout) -> None:
        if len(self.made.maps) > 1:
            self.maps = QComboBox()
            self.maps.setAccessibleName(translate("Explain", "Map"))
            for found in self.made.maps:
                self.maps.addItem(explanation_text(found.title))
            self.maps.activated.connect(lambda at: self._explanations.choose_map(self.made, at))
            column.addWidget(self.maps)
        self.bar = MapBar()
        column.addWidget(self.bar)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        self.threshold, self.threshold_figure = _slider(grid, 0, translate("Explain", "Drawn from"), STEPS)
        self.threshold.valueChanged.connect(self._set_threshold)
        self._add_opacity(grid, 1)
        column.addLayout(grid)

    def _add_opacity(self, grid: QGridLayout, row: int) -> None:
        self.opacity, self.opacity_figure = _slider(grid, row, translate("Explain", "Opacity"), 100)
        self.opacity.valueChanged.connect(lambda percent: self._explanations.set_opacity(self.made, percent / 100))

    def _add_labels(self, column: QVBoxLayout) -> None:
        assert self.made.segmentation is not None, "the caller looked"
        for label in self.made.segmentation.meanings:
            row = QHBoxLayout()
            row.setSpacing(6)
            row.addWidget(Swatch(label.colour))
            row.addWidget(text_label(explanation_text(label.name)), 1)
            column.addLayout(row)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        self._add_opacity(grid, 0)
        column.addLayout(grid)

    def _range(self, found: ValueMap) -> tuple[float, float]:
        """Smallest and largest threshold."""
        return (0.0, found.upper) if found.kind == "difference" else (found.lower, found.upper)

    def _set_threshold(self, at: int) -> None:
        found = self._explanations.map_of(self.made)
        if found is not None:
            low, high = self._range(found)
            self._explanations.set_threshold(self.made, low + (high - low) * at / STEPS)

    def refresh(self) -> None:
        """Show how it is drawn now."""
        self.visible_box.setChecked(self._explanations.shown(self.made.stack_id) is self.made)
        look = self._explanations.look(self.made)
        if self.opacity is not None:
            _set_quietly(self.opacity, round(100 * look.opacity))
            self.opacity_figure.setText(f"{round(100 * look.opacity)} %")
        found = self._explanations.map_of(self.made)
        if found is None or self.bar is None or self.threshold is None:
            return
        if self.maps is not None:
            self.maps.setCurrentIndex(look.map_at)
        threshold = self._explanations.threshold(self.made, found)
        self.bar.show_map(found, threshold)
        low, high = self._range(found)
        share = (threshold - low) / (high - low) if high > low else 0.0
        _set_quietly(self.threshold, round(STEPS * share))
        sign = "±" if found.kind == "difference" else ""
        self.threshold_figure.setText(sign + figure_text(float(f"{threshold:.3g}")))

    # ------------------------------------------------------------------ features, figures, places

    def _add_mosaic(self, column: QVBoxLayout, mosaic: FeatureMosaic) -> None:
        view = MosaicView(mosaic)
        column.addWidget(view)
        said = text_label(translate("Explain", "{0} of the layer's channels").format(len(mosaic.channels)), "secondary")
        column.addWidget(said)

        def tell(channel: int) -> None:
            said.setText(translate("Explain", "Channel {0}").format(channel))
            ids = [one.id for one in self.made.maps]
            if f"channel_{channel}" in ids:
                self._explanations.choose_map(self.made, ids.index(f"channel_{channel}"))

        view.chosen.connect(tell)

    def _add_table(self, column: QVBoxLayout) -> None:
        titles = ["", *(explanation_text(title) for title in self.made.columns)]
        rows = [
            [explanation_text(model_text(row.name)), *(figure_text(value) for value in row.values)]
            for row in self.made.table
        ]
        self.tree = _table(titles, rows, translate("Explain", "Figures"))
        column.addWidget(self.tree)

    def _add_places(self, column: QVBoxLayout) -> None:
        titles = [translate("Explain", "Place"), translate("Explain", "Slice"), translate("Explain", "ml"), ""]
        rows = []
        for place in self.made.places:
            ml = "" if place.volume_ml is None else figure_text(place.volume_ml)
            value = "" if place.volume_ml is not None else figure_text(place.value)
            rows.append([explanation_text(model_text(place.name)), str(round(place.center_voxel[0]) + 1), ml, value])
        self.places = _table(titles, rows, translate("Explain", "Places"))
        for at in (2, 3):
            if not any(row[at] for row in rows):
                self.places.hideColumn(at)
        self.places.setToolTip(translate("Explain", "Click: go there"))
        self.places.itemClicked.connect(self._go)
        self.places.itemActivated.connect(self._go)
        column.addWidget(self.places)

    def _go(self, item: QTreeWidgetItem, _column: int = 0) -> None:
        assert self.places is not None, "it was clicked"
        self._explanations.go_to(self.made, self.made.places[self.places.indexOfTopLevelItem(item)])


def _slider(grid: QGridLayout, row: int, name: str, steps: int) -> tuple[QSlider, QLabel]:
    caption = QLabel(name)
    caption.setObjectName("secondary")
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(0, steps)
    slider.setAccessibleName(name)
    figure = QLabel()
    figure.setFixedWidth(64)
    figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    grid.addWidget(caption, row, 0)
    grid.addWidget(slider, row, 1)
    grid.addWidget(figure, row, 2)
    grid.setColumnStretch(1, 1)
    return slider, figure


def _set_quietly(slider: QSlider, value: int) -> None:
    slider.blockSignals(True)
    slider.setValue(value)
    slider.blockSignals(False)


def _table(titles: list[str], rows: list[list[str]], name: str) -> QTreeWidget:
    tree = QTreeWidget()
    tree.setRootIsDecorated(False)
    tree.setUniformRowHeights(True)
    tree.setColumnCount(len(titles))
    tree.setHeaderLabels(titles)
    tree.setAccessibleName(name)
    tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    for cells in rows:
        item = QTreeWidgetItem(cells)
        item.setToolTip(0, cells[0])
        for at in range(1, len(cells)):
            item.setTextAlignment(at, right)
        tree.addTopLevelItem(item)
    header = tree.header()
    header.setStretchLastSection(False)
    header.setTextElideMode(Qt.TextElideMode.ElideRight)
    header.setSectionResizeMode(0, header.ResizeMode.Stretch)
    for at in range(1, len(titles)):
        header.setSectionResizeMode(at, header.ResizeMode.Fixed)
        header.resizeSection(at, FIGURE_PX)
        tree.headerItem().setTextAlignment(at, right)
        tree.headerItem().setToolTip(at, titles[at])
    seen = min(len(rows), MOST_ROWS)
    tree.setFixedHeight(header.sizeHint().height() + seen * max(tree.sizeHintForRow(0), 16) + 8)
    return tree
