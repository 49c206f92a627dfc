"""The list of everything in the open studies that is no image: what it is, and why nothing is drawn of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHeaderView, QTreeWidgetItem, QVBoxLayout, QWidget

from medview.core.plain_text import visible_text
from medview.ui.corner_text import date_text, person_name
from medview.ui.icons import icon
from medview.ui.object_text import class_name, kind_icon, kind_name, object_title, reason_text
from medview.ui.parts import text_label
from medview.ui.searched_tree import SearchedTree
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.documents import OtherObject
    from medview.app.workspace import Workspace

LISTED_ROLE = Qt.ItemDataRole.UserRole
MOST_ROWS = 5000
"""More objects than this of one study are counted in its last row."""


class ObjectList(QWidget):
    """A row for each object, under its study."""

    chosen = Signal(object)
    """A `OtherObject`."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._shown: object = None
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 6, 12, 12)
        column.setSpacing(8)
        columns = (
            translate("Objects", "Object"),
            translate("Objects", "Kind"),
            translate("Objects", "Date"),
            translate("Objects", "Why it is not drawn"),
        )
        self.found = SearchedTree(columns, translate("Objects", "Search"), translate("Objects", "Objects"))
        self.search, self.tree = self.found.search, self.found.tree
        self.tree.setUniformRowHeights(True)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = self.tree.header()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        for at, width in enumerate((190, 160, 90)):
            self.tree.setColumnWidth(at, width)
        self.tree.itemActivated.connect(self._choose)
        self.tree.itemClicked.connect(self._choose)
        column.addWidget(self.found, 1)
        self.none = text_label(translate("Objects", "Everything that is open is an image."), "secondary")
        column.addWidget(self.none)
        self.setFocusProxy(self.tree)

    def refresh(self, again: bool = False) -> None:
        """Take over the objects of the open studies."""
        if self._shown is self._workspace.studies and not again:
            return
        self._shown = self._workspace.studies
        self.tree.clear()
        groups: dict[str, QTreeWidgetItem] = {}
        counts: dict[str, int] = {}
        for listed in self._workspace.documents.all():
            study = listed.study
            key = study.study_uid + repr(study.patient.key)
            if key not in groups:
                words = [person_name(study.patient.told_name), date_text(study.date), study.description]
                group = self.found.add_group(visible_text("  ·  ".join(w for w in words if w), 200, lines=False))
                group.setFirstColumnSpanned(True)
                groups[key] = group
            counts[key] = counts.get(key, 0) + 1
            if counts[key] <= MOST_ROWS:
                groups[key].addChild(_row(listed, self._workspace.documents.titles))
        for key, count in counts.items():
            if count > MOST_ROWS:
                more = QTreeWidgetItem([translate("Objects", "and {0} more").format(count - MOST_ROWS)])
                more.setFlags(Qt.ItemFlag.ItemIsEnabled)
                groups[key].addChild(more)
        self.tree.expandAll()
        self.none.setVisible(not groups)
        self.found.narrow()

    def _choose(self, item: QTreeWidgetItem, _column: int = 0) -> None:
        listed = item.data(0, LISTED_ROLE)
        if listed is not None:
            self.chosen.emit(listed)


def _row(listed: OtherObject, titles: Mapping[str, str]) -> QTreeWidgetItem:
    title = visible_text(object_title(listed, titles), 200, lines=False)
    if listed.object.instance_number is not None and len(listed.series.objects) > 1:
        title += f"  #{listed.object.instance_number}"
    what = class_name(listed.object.sop_class) or kind_name(listed.kind)
    item = QTreeWidgetItem([title, what, date_text(listed.object.date), reason_text(listed.kind)])
    item.setIcon(0, icon(kind_icon(listed.kind), "text" if listed.is_opened else "secondary"))
    item.setToolTip(0, visible_text(listed.object.path, 500, lines=False))
    item.setToolTip(1, what)
    item.setToolTip(3, item.text(3))
    item.setData(0, LISTED_ROLE, listed)
    return item
