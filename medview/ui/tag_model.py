"""Rows of the tag browser for Qt: a tree that reads a level when it is opened, or a plain list of what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont

from medview.core.progress import Cancelled
from medview.ui.text import translate
from medview.ui.theme import current_theme

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.dicom.tag_tree import ComparedRow, TagRow

Index = QModelIndex | QPersistentModelIndex
TAG, VR, NAME, VALUE, OTHER = range(5)
RowRole = Qt.ItemDataRole.UserRole


@dataclass(eq=False)
class _Node:
    row: TagRow | None
    parent: _Node | None
    place: int = 0
    children: list[_Node] | None = None
    is_asked: bool = False
    compared: ComparedRow | None = None
    depth: int = field(default=0)


class TagModel(QAbstractItemModel):
    """One file as a tree, or rows of one or two files as a list."""

    failed = Signal(object)
    """The error that reading ended with."""
    loaded = Signal()

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._root = _Node(None, None, children=[])
        self._path = ""
        self._generation = 0
        self.is_comparison = False
        self.is_list = False

    # ------------------------------------------------------------------ what is shown

    def show_file(self, path: str) -> None:
        """Show the elements of a file as a tree."""
        self._generation += 1
        self._path = path
        generation = self._generation

        def done(rows: list[TagRow]) -> None:
            if generation == self._generation:
                self._reset(rows, is_list=False)
                self.loaded.emit()

        self._submit(lambda: _read_level(path, None), done, generation, "tags")

    def show_rows(self, rows: Sequence[TagRow]) -> None:
        """Show rows that were found, one below the other."""
        self._generation += 1
        self._reset(rows, is_list=True)

    def show_compared(self, rows: Sequence[ComparedRow]) -> None:
        """Show two files side by side."""
        self._generation += 1
        self.beginResetModel()
        self._root = _Node(None, None, children=[])
        self._root.children = [
            _Node(one.row, self._root, at, [], True, one, len(one.row.path) - 1) for at, one in enumerate(rows)
        ]
        self.is_comparison, self.is_list = True, True
        self.endResetModel()

    def _reset(self, rows: Sequence[TagRow], is_list: bool) -> None:
        self.beginResetModel()
        self._root = _Node(None, None, children=[])
        self._root.children = [
            _Node(row, self._root, at, [] if is_list else None, is_list) for at, row in enumerate(rows)
        ]
        self.is_comparison, self.is_list = False, is_list
        self.endResetModel()

    def _submit(
        self, read: Callable[[], Any], done: Callable[[Any], None], generation: int, supersedes: str | None
    ) -> None:
        from medview.jobs.queue import Lane

        def failed(error: BaseException) -> None:
            if generation == self._generation and not isinstance(error, Cancelled):
                self.failed.emit(error)

        self._workspace.jobs.submit(
            "tags", lambda _progress: read(), Lane.INTERACTION, done, failed, supersedes=supersedes
        )

    # ------------------------------------------------------------------ Qt's questions

    def index(self, row: int, column: int, parent: Index | None = None) -> QModelIndex:
        node = self._node(parent)
        if node.children is None or not 0 <= row < len(node.children):
            return QModelIndex()
        return self.createIndex(row, column, node.children[row])

    def parent(self, child: Index | None = None) -> Any:
        if child is None:
            return super().parent()
        node = child.internalPointer() if child.isValid() else None
        if node is None or node.parent is None or node.parent.row is None:
            return QModelIndex()
        return self.createIndex(node.parent.place, 0, node.parent)

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self._node(parent).children or ())

    def columnCount(self, _parent: Index | None = None) -> int:
        return 5 if self.is_comparison else 4

    def hasChildren(self, parent: Index | None = None) -> bool:
        node = self._node(parent)
        if node.row is None:
            return True
        return node.row.has_children if node.children is None else bool(node.children)

    def canFetchMore(self, parent: Index) -> bool:
        node = self._node(parent)
        return node.row is not None and node.children is None and not node.is_asked and node.row.has_children

    def fetchMore(self, parent: Index) -> None:
        """Read the level below a row in the background; its rows come when they are there."""
        node = self._node(parent)
        if node.is_asked or node.row is None:
            return
        node.is_asked = True
        path, row, generation = self._path, node.row, self._generation

        def done(rows: list[TagRow]) -> None:
            if generation != self._generation or node.children is not None:
                return
            if not rows:
                node.children = []
                return
            self.beginInsertRows(self.createIndex(node.place, 0, node), 0, len(rows) - 1)
            node.children = [_Node(one, node, at) for at, one in enumerate(rows)]
            self.endInsertRows()

        self._submit(lambda: _read_level(path, row), done, generation, None)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        titles = (
            translate("Tags", "Tag"),
            translate("Tags", "VR"),
            translate("Tags", "Name"),
            translate("Tags", "First value") if self.is_comparison else translate("Tags", "Value"),
            translate("Tags", "Second value"),
        )
        return titles[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self._node(index)
        row = node.row
        if row is None or not index.isValid():
            return None
        if role == RowRole:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self._words(node, row, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            # Plain text in a tooltip would be taken for markup where it looks like it.
            return None if index.column() in {VALUE, OTHER} else row.place
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(node, row, index.column())
        if role == Qt.ItemDataRole.FontRole and node.compared is not None and node.compared.differs:
            font = QFont()
            font.setBold(True)
            return font
        return None

    def _words(self, node: _Node, row: TagRow, column: int) -> str:
        if column == TAG:
            if self.is_list and not self.is_comparison:
                return row.place
            return "    " * node.depth + row.tag
        if column == VR:
            return row.vr
        if column == NAME:
            return name_of(row)
        if node.compared is None:
            return value_of(row) if column == VALUE else ""
        shown = node.compared.first if column == VALUE else node.compared.second
        return "–" if shown is None else value_of(shown)

    @staticmethod
    def _colour(node: _Node, row: TagRow, column: int) -> QColor | None:
        theme = current_theme()
        if row.element.fault:
            return QColor(theme.danger)
        if node.compared is not None and node.compared.differs:
            return QColor(theme.warning)
        if column in {TAG, VR} or row.is_binary:
            return QColor(theme.secondary)
        return None

    def _node(self, index: Index | None) -> _Node:
        if index is None or not index.isValid():
            return self._root
        node = index.internalPointer()
        assert isinstance(node, _Node)
        return node

    def row_of(self, index: Index) -> TagRow | None:
        """The row at an index."""
        return self._node(index).row

    def compared_of(self, index: Index) -> ComparedRow | None:
        """The compared pair at an index."""
        return self._node(index).compared


def name_of(row: TagRow) -> str:
    """The name of an element; a private one with its creator."""
    if row.is_item:
        return row.value
    if not row.element.tag:
        return ""
    if row.creator:
        return f"{row.name or translate('Tags', 'Private')}  [{row.creator}]"
    if not row.name and (row.element.tag >> 16) & 1:
        return translate("Tags", "Private, creator not named")
    return row.name or translate("Tags", "Unknown")


def value_of(row: TagRow) -> str:
    """The value of an element in one line."""
    fault = fault_text(row.element.fault)
    if row.is_item or not row.element.tag:
        return fault
    if row.vr == "SQ" or row.count:
        words = translate("Tags", "{0} item(s)").format(row.count)
        return f"{words}  {fault}".rstrip()
    if row.is_binary:
        words = translate("Tags", "{0} bytes").format(row.length)
        return f"{words}:  {row.value}  {fault}".rstrip(": ")
    return f"{row.value}  {fault}".rstrip() if fault else row.value


def fault_text(code: str) -> str:
    """What is wrong with an element."""
    if not code:
        return ""
    return {
        "truncated": translate("Tags", "the file ends here"),
        "stray_delimiter": translate("Tags", "a delimiter where none belongs; what follows cannot be read"),
        "no_item": translate("Tags", "no item where one must begin; what follows cannot be read"),
        "too_deep": translate("Tags", "nested too deeply; not read any further"),
        "too_many": translate("Tags", "too many elements; not read any further"),
        "junk_at_end": translate("Tags", "bytes behind the last element"),
    }.get(code, code)


def _read_level(path: str, row: TagRow | None) -> list[TagRow]:
    from medview.dicom.tag_tree import read_level

    return read_level(path, row)
