"""The list of studies that were opened before, with a line to search it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QIcon, QKeyEvent, QPixmap, QShowEvent
from PySide6.QtWidgets import QDialog, QLineEdit, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from medview.core.plain_text import visible_text
from medview.ui.corner_text import date_text, person_name
from medview.ui.parts import text_label
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.store.study_store import RecentStudy

PICTURE_PX = 64


def study_lines(study: RecentStudy, named: bool = True) -> str:
    """Two lines on a study: who, then what and when; ``named`` False: without who it is."""
    content = study.content
    name = person_name(str(content.get("name", ""))) or translate("Recent", "No name")
    who = "  ·  ".join(
        part for part in (name, str(content.get("patient_id", "")), _date(content.get("birth_date"))) if part
    )
    if not named:
        who = translate("Recent", "Patient")
    modalities = " ".join(content.get("modalities") or ())
    images = translate("Recent", "{0} images").format(content.get("images", 0))
    # The date stands before what may be long: by it a study is told from its priors.
    what = (modalities, _date(content.get("date")), str(content.get("description", "")), images)
    opened = datetime.fromtimestamp(study.opened / 1e6).astimezone()
    when = translate("Recent", "opened {0}").format(f"{date_text(f'{opened:%Y%m%d}')} {opened:%H:%M}")
    lines = (who, "  ·  ".join(part for part in (*what, when) if part))
    return "\n".join(visible_text(line, 160, lines=False) for line in lines)


def _date(value: object) -> str:
    return date_text(str(value or ""))


def study_item(study: RecentStudy, picture_px: int = PICTURE_PX, named: bool = True) -> QListWidgetItem:
    """A row of a list: its picture beside two lines; the study itself is the row's data."""
    item = QListWidgetItem(study_lines(study, named))
    item.setSizeHint(QSize(0, picture_px + 8))
    pixmap = QPixmap()
    if not (study.thumbnail and pixmap.loadFromData(study.thumbnail)):
        pixmap = QPixmap(PICTURE_PX, PICTURE_PX)
        pixmap.fill(Qt.GlobalColor.black)
    picture = QIcon(pixmap)
    picture.addPixmap(pixmap, QIcon.Mode.Selected)  # a chosen picture is the same picture
    item.setIcon(picture)
    item.setData(Qt.ItemDataRole.UserRole, study)
    return item


class RecentDialog(QDialog):
    """Search, arrow keys, Enter or a double click opens."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Recent", "Recent studies"))
        self.resize(760, 560)
        self._workspace = workspace
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self.words = QLineEdit()
        self.words.setPlaceholderText(translate("Recent", "Patient, date, description, modality …"))
        self.words.setAccessibleName(translate("Recent", "Search"))
        self.words.setClearButtonEnabled(True)
        self.words.textChanged.connect(self.refresh)
        self.words.installEventFilter(self)
        column.addWidget(self.words)
        self.list = QListWidget()
        self.list.setIconSize(QSize(PICTURE_PX, PICTURE_PX))
        self.list.setAccessibleName(translate("Recent", "Recent studies"))
        self.list.itemActivated.connect(self._open)
        column.addWidget(self.list, 1)
        self.none = text_label(
            translate("Recent", "No study has been opened yet, or none has these words."), "secondary"
        )
        column.addWidget(self.none)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.words.setFocus()
        self.words.selectAll()
        self.refresh()

    def refresh(self) -> None:
        """Look for what the line says."""
        self._workspace.recent.find(self.words.text(), self._fill)

    def _fill(self, studies: tuple[RecentStudy, ...]) -> None:
        from shiboken6 import isValid

        if not isValid(self):
            return
        self.list.clear()
        for study in studies:
            self.list.addItem(study_item(study))
        if studies:
            self.list.setCurrentRow(0)
        self.none.setVisible(not studies)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """From the line, Up and Down go through the list and Enter opens what is chosen there."""
        if watched is self.words and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
                row = self.list.currentRow() + (1 if event.key() == Qt.Key.Key_Down else -1)
                self.list.setCurrentRow(max(0, min(row, self.list.count() - 1)))
                return True
            if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
                item = self.list.currentItem()
                if item is not None:
                    self._open(item)
                return True
        return super().eventFilter(watched, event)

    def _open(self, item: QListWidgetItem) -> None:
        self.close()
        self._workspace.recent.open(item.data(Qt.ItemDataRole.UserRole))
