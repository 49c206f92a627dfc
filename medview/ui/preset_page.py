"""The page of the settings about window presets: by modality, in the order of the digits from 3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medview.app import reading
from medview.app.presets import presets_for
from medview.app.scales import suv_scale
from medview.core.window import Window
from medview.ui.listen import listen
from medview.ui.parts import icon_button, text_label
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

MODALITIES = ("CT", "PT", "MR", "CR", "DX", "MG", "NM", "US", "XA")
_UNITS = {"CT": "HU", "PT": "SUV"}
Row = tuple[str, float, float]


def usual_rows(modality: str) -> tuple[Row, ...]:
    """The presets that medview comes with."""
    return tuple(
        (translate("Preset", one.name), one.window.center, one.window.width)
        for one in presets_for(modality, _UNITS.get(modality))
    )


class PresetPage(QWidget):
    """Every change takes effect at once; what is no number, or no width, is put back."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 16, 12, 12)
        self.modality = QComboBox()
        self.modality.setAccessibleName(translate("Presets", "Modality"))
        for one in MODALITIES:
            self.modality.addItem(f"{one}   {_UNITS.get(one, '')}".strip(), one)
        self.modality.activated.connect(lambda _at: self.refresh())
        column.addWidget(self.modality)
        self.table = QTableWidget(0, 4)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setHorizontalHeaderLabels(
            [
                translate("Presets", "Key"),
                translate("Presets", "Name"),
                translate("Presets", "Centre"),
                translate("Presets", "Width"),
            ]
        )
        self.table.verticalHeader().setVisible(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.setAccessibleName(translate("Presets", "Window presets"))
        self.table.cellChanged.connect(self._edited)
        column.addWidget(self.table, 1)
        row = QHBoxLayout()
        self.take = QPushButton(translate("Presets", "Add the window shown"))
        self.take.clicked.connect(self._take_shown)
        row.addWidget(self.take)
        row.addWidget(icon_button("arrow-up", translate("Presets", "Up"), lambda: self._move(-1)))
        row.addWidget(icon_button("arrow-down", translate("Presets", "Down"), lambda: self._move(1)))
        row.addWidget(icon_button("trash", translate("Presets", "Remove"), self._remove))
        row.addStretch(1)
        self.usual = QPushButton(translate("Presets", "As delivered"))
        self.usual.clicked.connect(self._as_delivered)
        row.addWidget(self.usual)
        column.addLayout(row)
        note = text_label(
            translate("Presets", "The first seven are called by the keys 3 to 9; those of PET are in SUV."), "secondary"
        )
        note.setMinimumWidth(380)
        column.addWidget(note)
        shown = workspace.active_viewport.stack
        if shown is not None:
            self.modality.setCurrentIndex(max(0, self.modality.findData(shown.context.modality)))
        listen(self, workspace.settings_changed, self.refresh)
        self._following = False
        self.refresh()

    @property
    def _chosen(self) -> str:
        return str(self.modality.currentData())

    def rows(self) -> tuple[Row, ...]:
        """The presets of the modality chosen."""
        return self._workspace.settings.presets.get(self._chosen) or usual_rows(self._chosen)

    def refresh(self) -> None:
        """Show the presets of the modality chosen."""
        self._following = True
        rows = self.rows()
        at = self.table.currentRow()
        self.table.setRowCount(len(rows))
        for index, (name, center, width) in enumerate(rows):
            key = QTableWidgetItem(str(index + 3) if index < 7 else "")
            key.setFlags(key.flags() & ~Qt.ItemFlag.ItemIsEditable)
            self.table.setItem(index, 0, key)
            for place, words in enumerate((name, f"{center:g}", f"{width:g}"), start=1):
                self.table.setItem(index, place, QTableWidgetItem(words))
        if 0 <= at < len(rows):
            self.table.setCurrentCell(at, 1)
        self.usual.setEnabled(self._chosen in self._workspace.settings.presets)
        stack = self._workspace.active_viewport.stack
        self.take.setEnabled(stack is not None and stack.context.modality == self._chosen and stack.components == 1)
        self._following = False

    def _keep(self, rows: tuple[Row, ...] | None) -> None:
        presets = dict(self._workspace.settings.presets)
        if rows:
            presets[self._chosen] = rows
        else:
            presets.pop(self._chosen, None)
        self._workspace.change_settings(presets=presets)
        self.refresh()

    def _edited(self, row: int, column: int) -> None:
        if self._following:
            return
        rows = list(self.rows())
        name, center, width = rows[row]
        item = self.table.item(row, column)
        words = "" if item is None else item.text().strip()
        try:
            if column == 1 and words:
                name = words[:40]
            elif column == 2:
                center = float(words.replace(",", "."))
            elif column == 3:
                width = float(words.replace(",", "."))
            rows[row] = (name, center, width)
            Window(center, width, "LINEAR_EXACT")
            if not abs(center) < 1e9 or not width < 1e9:
                raise ValueError(words)
        except ValueError:
            self.refresh()
            return
        self._keep(tuple(rows))

    def _take_shown(self) -> None:
        state = self._workspace.active_viewport
        view = state.view
        voi = view.voi or (view.stack.voi_of(0)[0] if view.stack is not None and view.stack.voi_of(0) else None)
        if voi is None or view.stack is None:
            return
        window = reading.window_of(voi)
        scale = suv_scale(view) if view.stack.unit != "SUV" else None
        slope, intercept = scale.line() if scale is not None else (1.0, 0.0)
        name = translate("Presets", "Preset {0}").format(len(self.rows()) + 1)
        self._keep((*self.rows(), (name, round(window.center * slope + intercept, 4), round(window.width * slope, 4))))
        self.table.setCurrentCell(len(self.rows()) - 1, 1)

    def _move(self, step: int) -> None:
        rows, at = list(self.rows()), self.table.currentRow()
        if 0 <= at < len(rows) and 0 <= at + step < len(rows):
            rows[at], rows[at + step] = rows[at + step], rows[at]
            self._keep(tuple(rows))
            self.table.setCurrentCell(at + step, 1)

    def _remove(self) -> None:
        rows, at = list(self.rows()), self.table.currentRow()
        if 0 <= at < len(rows) and len(rows) > 1:
            del rows[at]
            self._keep(tuple(rows))

    def _as_delivered(self) -> None:
        self._keep(None)
