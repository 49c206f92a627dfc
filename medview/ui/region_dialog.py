"""The histogram of the region that a reader marked, with its figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from medview.ui.images_dialog import ImagesDialog
from medview.ui.listen import listen
from medview.ui.measurement_items import measured_lines
from medview.ui.text import translate
from medview.ui.theme import current_theme

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.ui.viewport import ViewportWidget

MOST_BARS = 128


class RegionDialog(ImagesDialog):
    """Follows the region that it was opened for while it is moved."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(workspace, parent, translate("RegionDialog", "Histogram of the region"))
        self.resize(460, 360)
        column = QVBoxLayout(self)
        theme = current_theme()
        self.plot = pg.PlotWidget(self, enableMenu=False)
        self.plot.setBackground(theme.panel)
        self.plot.setMouseEnabled(x=False, y=False)
        self.plot.hideButtons()
        fill = QColor(theme.secondary)
        fill.setAlpha(150)
        self.bars = pg.PlotCurveItem([0.0, 1.0], [0.0], stepMode="center", fillLevel=0, brush=fill, pen=theme.secondary)
        self.plot.addItem(self.bars)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(theme.line))
            axis.setTextPen(pg.mkPen(theme.secondary))
        column.addWidget(self.plot, 1)
        self.words = QLabel()
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(self.words)
        listen(self, workspace.measurements.changed, self._follow)

    def show_region(self, viewport: ViewportWidget) -> None:
        """Show the histogram of the region that is selected in a viewport."""
        self._viewport = viewport
        self.refresh()

    def forget(self) -> None:
        super().forget()
        self.words.clear()
        self.bars.setData([0.0, 1.0], [0.0])

    def _follow(self, _stack_id: str) -> None:
        if self.isVisible() and self._viewport is not None and self._viewport.marking.is_region:
            self.refresh()

    def refresh(self) -> None:
        """Count the values again."""
        viewport = self._viewport
        mark = None if viewport is None else viewport.marking.selected
        if viewport is None or mark is None:
            return
        self.is_about(viewport)
        values = viewport.marking.values()
        measured = viewport.measured(mark)
        cut = viewport.cut()
        filtered = cut is not None and cut.filtered
        self.words.setText("\n".join(measured_lines(measured, filtered)) if measured is not None else "")
        counts, edges = region_histogram(values)
        self.bars.setData(edges, counts)
        unit = measured.unit if measured is not None else None
        self.plot.setLabel("bottom", "" if unit in {None, "stored"} else unit)
        self.plot.setLabel("left", translate("RegionDialog", "Pixels"))


def region_histogram(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(counts, edges) of (n,) values: a bar for each whole number where they are whole and few, else equal steps."""
    if not values.size:
        return np.zeros(1), np.array([0.0, 1.0])
    low, high = float(values.min()), float(values.max())
    whole = bool(np.all(values == np.round(values)))
    if whole:
        step = max(1, int(np.ceil((high - low + 1) / MOST_BARS)))
        edges = np.arange(low - 0.5, high + 0.5 + step, step)
    else:
        edges = np.linspace(low, high if high > low else low + 1, min(MOST_BARS, max(8, int(np.sqrt(values.size)))) + 1)
    counts, edges = np.histogram(values, bins=edges)
    return counts, edges
