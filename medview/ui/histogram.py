"""The histogram of the shown slice with the window as a region that can be dragged."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy, QWidget

from medview.core.window import Window
from medview.ui.text import translate
from medview.ui.theme import current_theme

BINS = 128
MOST_PIXELS = 65536
HEIGHT = 110


class Histogram(pg.PlotWidget):
    """Counts of values (square root, so that small tissues are seen) and the grey window over them."""

    window_dragged = Signal(float, float)
    """Lower and upper value of the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName(translate("Histogram", "Histogram of the values, with the window"))
        self.viewport().setAccessibleName(self.accessibleName())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self.hideAxis("left")
        self.getPlotItem().setContentsMargins(0, 4, 0, 0)
        self.curve = pg.PlotCurveItem([0.0, 1.0], [0.0], stepMode="center", fillLevel=0)
        self.addItem(self.curve)
        self.region = pg.LinearRegionItem(swapMode="sort")
        self.region.sigRegionChanged.connect(self._dragged)
        self.addItem(self.region)
        self._following = False
        self._limits = (0.0, 1.0)
        self.wear_theme()

    def wear_theme(self) -> None:
        """Take the theme's colours."""
        theme = current_theme()
        self.setBackground(theme.panel)
        fill = QColor(theme.secondary)
        fill.setAlpha(150)
        self.curve.setPen(pg.mkPen(theme.secondary))
        self.curve.setBrush(pg.mkBrush(fill))
        accent = QColor(theme.accent)
        accent.setAlpha(40)
        self.region.setBrush(accent)
        accent.setAlpha(70)
        self.region.setHoverBrush(accent)
        for line in self.region.lines:
            line.setPen(pg.mkPen(theme.accent, width=2))
            line.setHoverPen(pg.mkPen(theme.text, width=2))
        axis = self.getAxis("bottom")
        axis.setPen(pg.mkPen(theme.line))
        axis.setTextPen(pg.mkPen(theme.secondary))
        axis.setStyle(tickLength=-4, tickTextOffset=2)

    def show_values(self, values: NDArray[Any], covered: NDArray[np.bool_] | None) -> None:
        """Count the values of a slice (rows, columns); those that are not ``covered`` are left out."""
        chosen = values[covered] if covered is not None else values.ravel()
        chosen = chosen[:: max(1, chosen.size // MOST_PIXELS)]
        chosen = chosen[np.isfinite(chosen)] if chosen.dtype.kind == "f" else chosen
        if not chosen.size:
            self.curve.setData([0.0, 1.0], [0.0])
            return
        low, high = (float(value) for value in np.percentile(chosen, (0.1, 99.9)))
        if high <= low:
            low, high = low - 1.0, high + 1.0
        counts, edges = np.histogram(chosen, bins=BINS, range=(low, high))
        self.curve.setData(edges, np.sqrt(counts))
        self._limits = (low, high)
        self._fit()

    def show_window(self, window: Window) -> None:
        """Put the region where the window is."""
        low, high = window.ramp
        self._following = True
        self.region.setRegion((low, high))
        self._following = False
        self._fit()

    def _fit(self) -> None:
        low, high = self.region.getRegion()
        low, high = min(low, self._limits[0]), max(high, self._limits[1])
        self.setXRange(low, high, padding=0.02)

    def _dragged(self) -> None:
        if not self._following:
            low, high = self.region.getRegion()
            self.window_dragged.emit(low, high)
