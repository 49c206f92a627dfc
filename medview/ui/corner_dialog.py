"""Which lines stand in which corner, for each modality, with the active viewport as preview; everything takes effect at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medview.app.corner_items import BY_ID, CORNERS, DEFAULT, ITEMS, MODALITIES, layout_for
from medview.ui.corner_items import item_title
from medview.ui.icons import icon
from medview.ui.listen import listen
from medview.ui.parts import text_label
from medview.ui.still_viewport import StillViewport
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

PREVIEW = (420, 380)
WAIT_MS = 30
ITEM_ROLE = Qt.ItemDataRole.UserRole


def corner_title(corner: str) -> str:
    """What a corner is called; "" for none."""
    return {
        "": translate("Corner", "not shown"),
        "top_left": translate("Corner", "top left"),
        "top_right": translate("Corner", "top right"),
        "bottom_left": translate("Corner", "bottom left"),
        "bottom_right": translate("Corner", "bottom right"),
    }[corner]


class CornerDialog(QDialog):
    """A row for each item: which corner, and in which order."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Corner", "Corner text"))
        self.resize(1000, 640)
        self._workspace = workspace
        self._still: StillViewport | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        top = QHBoxLayout()
        caption = QLabel(translate("Corner", "For images of"))
        top.addWidget(caption)
        self.modality = QComboBox()
        self.modality.setAccessibleName(caption.text())
        for modality in MODALITIES:
            self.modality.addItem(
                modality or translate("Corner", "all modalities without a choice of their own"), modality
            )
        self.modality.currentIndexChanged.connect(self.refresh)
        top.addWidget(self.modality, 1)
        column.addLayout(top)
        middle = QHBoxLayout()
        middle.setSpacing(12)
        self.table = QTableWidget(0, 2)
        self.table.setHorizontalHeaderLabels([translate("Corner", "Line"), translate("Corner", "Corner")])
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setAccessibleName(translate("Corner", "Lines, in their order"))
        self.table.verticalHeader().hide()
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.setColumnWidth(1, 150)
        self.table.setMinimumSize(300, 160)
        middle.addWidget(self.table, 1)
        self.preview = QLabel()
        self.preview.setFixedSize(*PREVIEW)
        self.preview.setAccessibleName(translate("Corner", "Preview"))
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setStyleSheet("background: #000000; color: #a3a9b3;")
        middle.addWidget(self.preview, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(middle, 1)
        column.addWidget(
            text_label(
                translate(
                    "Corner",
                    "Marks such as lossy, filtered, resampled, AI, incomplete and two patients cannot be taken off the picture.",
                ),
                "secondary",
            )
        )
        row = QHBoxLayout()
        self.up_button = QPushButton(icon("arrow-up"), translate("Corner", "Up"))
        self.up_button.clicked.connect(lambda: self._move(-1))
        self.down_button = QPushButton(icon("arrow-down"), translate("Corner", "Down"))
        self.down_button.clicked.connect(lambda: self._move(1))
        self.default_button = QPushButton(translate("Corner", "Restore defaults"))
        self.default_button.clicked.connect(self._restore)
        close = QPushButton(translate("Corner", "Close"))
        close.clicked.connect(self.close)
        row.addWidget(self.up_button)
        row.addWidget(self.down_button)
        row.addWidget(self.default_button)
        row.addStretch(1)
        row.addWidget(close)
        column.addLayout(row)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._show_preview)
        stack = workspace.active_viewport.stack
        if stack is not None and stack.context.modality in MODALITIES:
            self.modality.setCurrentIndex(MODALITIES.index(stack.context.modality))
        listen(self, workspace.settings_changed, self.refresh)
        listen(self, workspace.active_changed, self._later)
        self.refresh()

    def _later(self, *_what: object) -> None:
        self._soon.start(WAIT_MS)

    def _layout(self) -> dict[str, tuple[str, ...]]:
        found = layout_for(str(self.modality.currentData() or ""), self._workspace.settings.corners)
        return {corner: tuple(found.get(corner, ())) for corner in CORNERS}

    def refresh(self, *_what: object) -> None:
        """List the items: those of the corners in their order, then those that are not shown."""
        layout = self._layout()
        chosen = self._chosen()
        placed: list[tuple[str, str]] = [(corner, item) for corner in CORNERS for item in layout[corner]]
        shown = {item for _corner, item in placed}
        placed += [("", one.id) for one in ITEMS if one.id not in shown]
        self.table.setRowCount(len(placed))
        for at, (corner, item) in enumerate(placed):
            title = item_title(item)
            if BY_ID[item].names:
                title += "  (" + translate("Corner", "patient data") + ")"
            cell = QTableWidgetItem(title)
            cell.setData(ITEM_ROLE, item)
            self.table.setItem(at, 0, cell)
            combo = self._combo(at)
            combo.setAccessibleName(translate("Corner", "Corner of {0}").format(item_title(item)))
            combo.setCurrentIndex(combo.findData(corner))
            if item == chosen:
                self.table.selectRow(at)
        self._later()

    def _combo(self, row: int) -> QComboBox:
        """The choice of a row; made once, because a table leaves one that is put in the place of another at its corner."""
        known = self.table.cellWidget(row, 1)
        if isinstance(known, QComboBox):
            return known
        combo = QComboBox()
        for one in ("", *CORNERS):
            combo.addItem(corner_title(one), one)
        combo.activated.connect(lambda _at, row=row, box=combo: self._place(self._item_at(row), box.currentData()))
        self.table.setCellWidget(row, 1, combo)
        return combo

    def _chosen(self) -> str:
        return self._item_at(self.table.currentRow())

    def _item_at(self, row: int) -> str:
        cell = self.table.item(row, 0) if row >= 0 else None
        return str(cell.data(ITEM_ROLE)) if cell is not None else ""

    def _keep(self, layout: dict[str, tuple[str, ...]]) -> None:
        modality = str(self.modality.currentData() or "")
        corners = {**self._workspace.settings.corners, modality: layout}
        if modality == "" and layout == dict(DEFAULT):
            del corners[""]
        self._workspace.change_settings(corners=corners)

    def _place(self, item: str, corner: str) -> None:
        layout = {name: tuple(one for one in items if one != item) for name, items in self._layout().items()}
        if corner:
            layout[corner] = (*layout[corner], item)
        self._keep(layout)

    def _move(self, step: int) -> None:
        """Move the chosen line up or down in its corner."""
        item, layout = self._chosen(), self._layout()
        for corner, items in layout.items():
            if item in items:
                at = items.index(item)
                to = max(0, min(at + step, len(items) - 1))
                order = [one for one in items if one != item]
                order.insert(to, item)
                layout[corner] = tuple(order)
                self._keep(layout)
                return

    def _restore(self) -> None:
        modality = str(self.modality.currentData() or "")
        corners = {name: one for name, one in self._workspace.settings.corners.items() if name != modality}
        self._workspace.change_settings(corners=corners)

    def _show_preview(self) -> None:
        view = self._workspace.active_viewport.view
        if view.stack is None:
            self.preview.setText(translate("Corner", "Open a study to see it here"))
            return
        if self._still is None:
            self._still = StillViewport(self._workspace, view, PREVIEW, "full", self)
            self._still.free_text = True
        self._still.state.restore(view)
        self._still.state.update(text_mode="full")
        if not self._still.is_ready:
            self._later()
            return
        self.preview.setPixmap(QPixmap.fromImage(self._still.image()))
