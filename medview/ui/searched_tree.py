"""A line to search and a tree of groups below it: what does not have the words is hidden, and groups that are empty with it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

WORDS_ROLE = Qt.ItemDataRole.UserRole + 9


class SearchedTree(QWidget):
    """Rows under bold groups. ``search`` and ``tree`` are the widgets themselves."""

    def __init__(self, columns: Sequence[str], search: str, name: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.search = QLineEdit()
        self.search.setPlaceholderText(search)
        self.search.setAccessibleName(search)
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self.narrow)
        column.addWidget(self.search)
        self.tree = QTreeWidget()
        self.tree.setColumnCount(len(columns))
        self.tree.setHeaderLabels(list(columns))
        self.tree.setAccessibleName(name)
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(12)
        column.addWidget(self.tree, 1)
        self.setFocusProxy(self.tree)

    def add_group(self, *texts: str) -> QTreeWidgetItem:
        """A bold row that others stand under; it cannot be chosen."""
        group = QTreeWidgetItem(list(texts))
        group.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = group.font(0)
        font.setBold(True)
        group.setFont(0, font)
        self.tree.addTopLevelItem(group)
        return group

    @staticmethod
    def also_search(row: QTreeWidgetItem, words: str) -> None:
        """Find a row by words that it does not show."""
        row.setData(0, WORDS_ROLE, words)

    def rows(self) -> list[QTreeWidgetItem]:
        """All rows under groups."""
        found = []
        for at in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(at)
            found += [group.child(n) for n in range(group.childCount())] if group is not None else []
        return [row for row in found if row is not None]

    def narrow(self, *_words: object) -> None:
        """Hide what does not have the words of the line in any column."""
        wanted = self.search.text().casefold()
        for at in range(self.tree.topLevelItemCount()):
            group = self.tree.topLevelItem(at)
            if group is None:
                continue
            seen = 0
            for n in range(group.childCount()):
                row = group.child(n)
                if row is not None:
                    words = " ".join(row.text(column) for column in range(self.tree.columnCount()))
                    words += " " + (row.data(0, WORDS_ROLE) or "")
                    row.setHidden(wanted not in words.casefold())
                    seen += not row.isHidden()
            group.setHidden(not seen and bool(wanted))
