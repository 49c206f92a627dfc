"""The studies that were opened last, on the page that is seen while nothing is open: one click goes on where one was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QSizePolicy, QVBoxLayout, QWidget

from medview.ui.parts import title_label
from medview.ui.recent_dialog import study_item
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.store.study_store import RecentStudy

MOST = 5
PICTURE_PX = 40
ROW_PX = PICTURE_PX + 8
WIDTH = 560


class RecentStart(QWidget):
    """Up to five rows; hidden while there are none."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 16, 0, 0)
        column.setSpacing(4)
        column.addWidget(title_label(translate("Recent", "Recent studies")))
        self.list = QListWidget()
        self.list.setObjectName("recents")
        self.list.setAccessibleName(translate("Recent", "Recent studies"))
        self.list.setIconSize(QSize(PICTURE_PX, PICTURE_PX))
        self.list.setMouseTracking(True)
        self.list.setCursor(Qt.CursorShape.PointingHandCursor)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemClicked.connect(self._open)
        self.list.itemActivated.connect(self._open)
        column.addWidget(self.list)
        self._opening = False
        self._rows = MOST
        self.setFixedWidth(WIDTH)
        self.hide()

    def fit(self, width: int, height: int) -> None:
        """Be no wider than there is room, and show no row that would be cut."""
        self.setFixedWidth(max(min(WIDTH, width), 1))
        self._rows = max(0, min(MOST, (height - 40) // ROW_PX))
        self._show_rows()

    def _show_rows(self) -> None:
        rows = min(self._rows, self.list.count())
        for at in range(self.list.count()):
            self.list.setRowHidden(at, at >= rows)
        self.list.setFixedHeight(rows * ROW_PX + 4)
        self.setVisible(rows > 0 and self._workspace.scan_step is None)

    def look(self) -> None:
        """Ask the store for the newest ones."""
        self._opening = False
        self._workspace.recent.find("", self._fill, "start")

    def _fill(self, studies: tuple[RecentStudy, ...]) -> None:
        from shiboken6 import isValid

        if not isValid(self):
            return
        named = self._workspace.settings.corner_text != "anonymous"
        self.list.clear()
        for study in studies[:MOST]:
            self.list.addItem(study_item(study, PICTURE_PX, named))
        self._show_rows()

    def _open(self, item: QListWidgetItem) -> None:
        if not self._opening:  # a double click is one
            self._opening = True
            self._workspace.recent.open(item.data(Qt.ItemDataRole.UserRole))
