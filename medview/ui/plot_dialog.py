"""Windows with a plot and its figures: values along a line, regions over time."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from medview.app.scales import default_scale, scaled, shown_scale
from medview.app.time_curve import TimeCurves, axis_of, can_be_followed, measure_curves, scale_for_curves
from medview.core.line_profile import line_profile
from medview.core.measurement import REGION_KINDS, spacing_at
from medview.jobs.queue import Lane
from medview.ui.dimension_slider import dimension_name
from medview.ui.images_dialog import ImagesDialog
from medview.ui.listen import listen
from medview.ui.measurement_items import unit_text, value_text
from medview.ui.text import shown_number, translate
from medview.ui.theme import current_theme

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.progress import Progress
    from medview.core.study import Stack
    from medview.ui.viewport import ViewportWidget

LINE_KINDS = frozenset({"ruler", "polyline"})
_COLOURS = ((255, 208, 64), (94, 207, 255), (255, 140, 90), (140, 230, 120), (220, 140, 255), (255, 120, 160))


class PlotDialog(ImagesDialog):
    """A plot, a line of words below, and a button that copies the numbers as a table."""

    def __init__(self, workspace: Workspace, parent: QWidget, title: str) -> None:
        super().__init__(workspace, parent, title)
        self.resize(560, 400)
        column = QVBoxLayout(self)
        theme = current_theme()
        self.plot = pg.PlotWidget(self, enableMenu=False)
        self.plot.setBackground(theme.panel)
        self.plot.hideButtons()
        self.plot.showGrid(x=True, y=True, alpha=0.15)
        self.legend = self.plot.addLegend(offset=(-10, 10), labelTextColor=theme.text)
        for side in ("left", "bottom"):
            axis = self.plot.getAxis(side)
            axis.setPen(pg.mkPen(theme.line))
            axis.setTextPen(pg.mkPen(theme.secondary))
            axis.enableAutoSIPrefix(False)
        column.addWidget(self.plot, 1)
        row = QHBoxLayout()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row.addWidget(self.words, 1)
        self.copy = QPushButton(translate("Plot", "Copy as a table (CSV)"))
        self.copy.clicked.connect(self.copy_table)
        row.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignBottom)
        column.addLayout(row)

    def table(self) -> str:
        """The numbers as CSV."""
        raise NotImplementedError

    def copy_table(self) -> None:
        """Put the numbers on the clipboard."""
        QGuiApplication.clipboard().setText(self.table())

    def forget(self) -> None:
        super().forget()
        self._begin()
        self.words.clear()

    def _begin(self) -> None:
        self.plot.clear()
        self.legend.clear()

    def _curve(self, number: int, x: Any, y: Any, name: str, symbol: bool = False) -> None:
        colour = _COLOURS[number % len(_COLOURS)]
        marks: dict[str, Any] = {}
        if symbol:
            marks = {"symbol": "o", "symbolSize": 6, "symbolBrush": colour, "symbolPen": None}
        self.plot.plot(x, y, pen=pg.mkPen(colour, width=2), name=name, connect="finite", **marks)


class ProfileDialog(PlotDialog):
    """Values along the line that is selected; follows it while it is moved."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(workspace, parent, translate("Plot", "Values along the line"))
        self.curves: list[tuple[str, str, np.ndarray, np.ndarray]] = []
        """Name, unit, distances and values of each curve."""
        self.unit = ""
        listen(self, workspace.measurements.changed, self._follow)
        listen(self, workspace.viewport_changed, self._follow)

    def show_line(self, viewport: ViewportWidget) -> None:
        """Show the profile of the line that is selected in a viewport."""
        self._viewport = viewport
        self.refresh()

    def forget(self) -> None:
        super().forget()
        self.curves = []

    def _follow(self, *_what: object) -> None:
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """Read the values again."""
        viewport = self._viewport
        mark = None if viewport is None else viewport.marking.selected
        if viewport is None or mark is None or mark.kind not in LINE_KINDS:
            return
        cut, shown, volume = viewport.cut(), viewport.shown, viewport.volume
        if cut is None or shown is None or volume is None or cut.original.values.ndim != 2:
            return
        self.is_about(viewport)
        view = viewport.state.view
        piece = cut.shown if view.measure_filtered and cut.filtered else cut.original
        skipped = ~piece.coverage if piece.padding is None else ~piece.coverage | piece.padding
        spacing, _kind = spacing_at(mark.points, shown.measure_mm, shown.measure_kind, shown.regions)
        distance, values = line_profile(piece.values, mark.points, spacing, skipped)
        self.unit = "mm" if spacing is not None else "px"
        modality = view.stack.context.modality if view.stack is not None else ""
        scale = shown_scale(view)
        unit = "" if volume.unit in {None, "stored"} else unit_text(volume.unit or "")
        name = modality
        if scale is not None and len(scale.slopes) == 1 and not scale.table:
            told = [scaled(scale, float(value), 0) if np.isfinite(value) else None for value in values]
            values = np.array([np.nan if one is None else one.value for one in told])
            name, unit = f"{modality} {scale.label}".strip(), unit_text(scale.unit)
        self.curves = [(name, unit, distance, values)]
        self.curves += self._on_top(viewport, mark.points, spacing)
        self._draw()

    def _on_top(
        self, viewport: ViewportWidget, points: tuple[tuple[float, float], ...], spacing: tuple[float, float] | None
    ) -> list[tuple[str, str, np.ndarray, np.ndarray]]:
        """Of the series on top: the value of the voxel that each place lies in, as the readout tells it."""
        fusion, shown = viewport.fusing.fusion, viewport.shown
        if fusion is None or shown is None or not fusion.visible:
            return []
        grid = np.zeros(shown.shape)
        distance, _ = line_profile(grid, points, spacing)
        rows, columns = np.mgrid[: shown.shape[0], : shown.shape[1]].astype(float)
        x, y = line_profile(columns, points, spacing)[1], line_profile(rows, points, spacing)[1]
        values = []
        for at_x, at_y in zip(x, y, strict=True):
            told = viewport.fusing.readout(float(at_x), float(at_y)) if np.isfinite(at_x) else None
            value = None
            if told is not None and isinstance(told.value, float):
                value = told.scaled.value if told.scaled is not None else told.value
            values.append(np.nan if value is None else value)
        scale = default_scale(fusion.stack)
        unit = scale.unit if scale is not None else fusion.stack.unit or ""
        name = " ".join(part for part in (fusion.stack.context.modality, scale.label if scale else "") if part)
        return [(name, "" if unit == "stored" else unit_text(unit), distance, np.array(values))]

    def _draw(self) -> None:
        self._begin()
        words = []
        units = {unit for _name, unit, _x, _y in self.curves}
        for number, (name, unit, x, y) in enumerate(self.curves):
            # Two units share no axis: each curve is drawn by the height of its own range then.
            drawn = y if len(units) == 1 else _by_range(y)
            self._curve(number, x, drawn, f"{name}  {unit}".strip())
            known = y[np.isfinite(y)]
            if known.size:
                text = translate("Plot", "{0}: min {1}   max {2}   mean {3} {4}")
                figures = (value_text(float(value)) for value in (known.min(), known.max(), known.mean()))
                words.append(text.format(name, *figures, unit).rstrip())
        self.words.setText("\n".join(words))
        self.plot.setLabel("bottom", translate("Plot", "Distance"), units=self.unit)
        single = len(units) == 1
        self.plot.setLabel("left", units.pop() if single else translate("Plot", "Share of each range"))

    def table(self) -> str:
        out = io.StringIO()
        heads = [
            f"distance [{self.unit}]",
            *(f"{name} [{unit}]" if unit else name for name, unit, _x, _y in self.curves),
        ]
        out.write(",".join(heads) + "\n")
        columns = [self.curves[0][2], *(y for _n, _u, _x, y in self.curves)] if self.curves else []
        for row in zip(*columns, strict=False):
            out.write(",".join(f"{value:.10g}" if np.isfinite(value) else "" for value in row) + "\n")
        return out.getvalue()


def _by_range(values: np.ndarray) -> np.ndarray:
    known = values[np.isfinite(values)]
    if not known.size or known.max() == known.min():
        return np.where(np.isfinite(values), 0.5, np.nan)
    return np.asarray((values - known.min()) / (known.max() - known.min()))


class CurveDialog(PlotDialog):
    """What the regions on the slice shown say over time; measured in the background, and again when a region is moved."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(workspace, parent, translate("Plot", "Regions over time"))
        self._workspace = workspace
        self.curves: TimeCurves | None = None
        listen(self, workspace.measurements.changed, self._follow)

    def show_regions(self, viewport: ViewportWidget) -> None:
        """Show the curves of all regions on the slice that a viewport shows."""
        self._viewport = viewport
        self.measure()

    def forget(self) -> None:
        super().forget()
        self.curves = None

    def _follow(self, _stack_id: str) -> None:
        if self.isVisible():
            self.measure()

    def measure(self) -> None:
        """Read the frames and measure the regions."""
        viewport = self._viewport
        if viewport is None or viewport.state.stack is None:
            return
        self.is_about(viewport)
        state, stack = viewport.state, viewport.state.stack
        axis = axis_of(state)
        marks = [mark for mark in viewport.marks_here() if mark.kind in REGION_KINDS]
        if axis is None or not marks:
            self.curves = None
            self._begin()
            self.words.setText(translate("Plot", "Draw a region on an image of a series with time points first."))
            return
        names = [mark.text or translate("Plot", "Region {0}").format(n) for n, mark in enumerate(marks, start=1)]
        scale, read = scale_for_curves(state), _reader(self._workspace, stack)
        self.words.setText(translate("Plot", "Reading {0} images…").format(len(axis.frames)))

        def work(progress: Progress) -> TimeCurves:
            return measure_curves(stack, axis, marks, names, read, scale, progress)

        self._workspace.jobs.submit(
            "curve",
            work,
            Lane.ANALYSIS,
            on_done=self._take,
            on_failed=lambda error: self.words.setText(str(error)),
            supersedes=f"curve:{id(self)}",
        )

    def _take(self, curves: TimeCurves) -> None:
        if not self.is_about_something:
            return  # the study was closed while its frames were read
        self.curves = curves
        self._begin()
        x = np.array(curves.axis.places)
        words = []
        for number, name in enumerate(curves.names):
            y = np.array([np.nan if row[number] is None else row[number].mean for row in curves.rows])  # type: ignore[union-attr]
            self._curve(number, x, y, name, symbol=True)
            known = np.isfinite(y)
            if known.any():
                top = int(np.nanargmax(y))
                text = translate("Plot", "{0}: from {1} to {2} {3}, highest at {4} {5}")
                figures = (value_text(float(np.nanmin(y))), value_text(float(np.nanmax(y))), curves.unit)
                told = text.format(name, *figures, shown_number(x[top], ".6g"), curves.axis.unit).rstrip()
                words.append(told if curves.unit else told.replace(" ,", ",").replace(" ，", "，"))
        if curves.failed:
            words.append(
                "⚠ " + translate("Plot", "{0} images cannot be read; the curves have gaps there").format(curves.failed)
            )
        self.words.setText("\n".join(words))
        self.plot.setLabel("bottom", dimension_name(curves.axis.name), units=curves.axis.unit or None)
        self.plot.setLabel("left", translate("Plot", "Mean"), units=curves.unit or None)

    def table(self) -> str:
        return "" if self.curves is None else self.curves.as_csv()


def _reader(workspace: Workspace, stack: Stack) -> Any:
    """Gives the stored values of a frame by its index; a file that is only read as a whole is read once."""
    whole: list[np.ndarray] = []

    def read(frame: int) -> np.ndarray:
        if stack.whole is None:
            return np.asarray(workspace.read_frame(stack.frames[frame]))
        if not whole:
            whole.append(np.asarray(stack.whole.read()))
        return np.asarray(whole[0][frame])

    return read


__all__ = ["CurveDialog", "ProfileDialog", "can_be_followed"]
