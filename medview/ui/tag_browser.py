"""The window with all DICOM tags of a file: search, private creators, sequences, comparison of two files, copying."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QSlider,
    QSplitter,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from medview.core.plain_text import visible_text
from medview.core.problem import MedviewError
from medview.core.progress import Cancelled
from medview.ui.listen import listen
from medview.ui.messages import message_text
from medview.ui.parts import text_label
from medview.ui.tag_model import NAME, OTHER, TAG, VALUE, VR, TagModel, fault_text, name_of, value_of
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.study import Stack
    from medview.dicom.tag_tree import ComparedRow, TagRow

SEARCH_AFTER_MS = 200
FOLLOW_AFTER_MS = 120
MOST_HITS = 5000
NOTHING, NEIGHBOUR, FILE = range(3)


class TagBrowser(QDialog):
    """Follows the active viewport, or shows the file of an opened document."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Tags", "DICOM tags"))
        self.resize(900, 640)
        self._workspace = workspace
        self._paths: list[str] = []
        self._other_file = ""
        self._search_number = 0
        self.path = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(self._file_row())
        column.addLayout(self._search_row())
        self.message = text_label("", "warning", selectable=True)
        self.message.hide()
        column.addWidget(self.message)
        self.model = TagModel(workspace, self)
        self.model.failed.connect(self._failed)
        splitter = QSplitter(Qt.Orientation.Vertical)
        self.tree = self._tree()
        splitter.addWidget(self.tree)
        self.detail = QPlainTextEdit()
        self.detail.setAccessibleName(translate("Tags", "Value of the chosen element"))
        self.detail.setReadOnly(True)
        self.detail.setPlaceholderText(translate("Tags", "Choose a row to see its whole value."))
        self.detail.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
        splitter.addWidget(self.detail)
        splitter.setSizes([470, 120])
        splitter.setStretchFactor(0, 1)
        column.addWidget(splitter, 1)
        self.count = QLabel()
        self.count.setObjectName("secondary")
        self.count.setTextFormat(Qt.TextFormat.PlainText)
        self.count.hide()
        column.addWidget(self.count)
        self._search_soon = _timer(self, SEARCH_AFTER_MS, self._refresh)
        self._follow_soon = _timer(self, FOLLOW_AFTER_MS, self._follow_viewport)
        for signal in (workspace.viewport_changed, workspace.active_changed, workspace.studies_changed):
            listen(self, signal, self._follow_later)
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self.search.setFocus)
        self.search.setFocus()

    # ------------------------------------------------------------------ parts

    def _file_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.name = QLabel()
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.name.setMinimumWidth(220)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(translate("Tags", "Image of the series"))
        self.slider.valueChanged.connect(self._slide)
        self.place = QLabel()
        self.place.setObjectName("secondary")
        self.place.setMinimumWidth(70)
        self.follow = QCheckBox(translate("Tags", "Follow the viewport"))
        self.follow.setChecked(True)
        self.follow.toggled.connect(lambda on: self._follow_viewport() if on else None)
        row.addWidget(self.name)
        row.addWidget(self.slider, 1)
        row.addWidget(self.place)
        row.addWidget(self.follow)
        return row

    def _search_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.search = QLineEdit()
        self.search.setAccessibleName(translate("Tags", "Search"))
        self.search.setPlaceholderText(translate("Tags", "Search: name, keyword, tag, VR, value, private creator"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _text: self._search_soon.start())
        self.private = QCheckBox(translate("Tags", "Private only"))
        self.private.toggled.connect(lambda _on: self._refresh())
        self.compare = QComboBox()
        self.compare.setAccessibleName(translate("Tags", "Compare"))
        self.compare.addItem(translate("Tags", "No comparison"), NOTHING)
        self.compare.addItem(translate("Tags", "Compare with the image"), NEIGHBOUR)
        self.compare.addItem(translate("Tags", "Compare with a file…"), FILE)
        self.compare.activated.connect(self._choose_comparison)
        self.other = QSlider(Qt.Orientation.Horizontal)
        self.other.setFixedWidth(140)
        self.other.setAccessibleName(translate("Tags", "Image to compare with"))
        self.other.valueChanged.connect(lambda _at: self._search_soon.start())
        self.other_place = QLabel()
        self.other_place.setObjectName("secondary")
        self.other_place.setTextFormat(Qt.TextFormat.PlainText)
        self.differences = QCheckBox(translate("Tags", "Differences only"))
        self.differences.setChecked(True)
        self.differences.toggled.connect(lambda _on: self._refresh())
        row.addWidget(self.search, 1)
        for widget in (self.private, self.compare, self.other, self.other_place, self.differences):
            row.addWidget(widget)
        for widget in (self.other, self.other_place, self.differences):
            widget.hide()
        return row

    def _tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setAccessibleName(translate("Tags", "Data elements"))
        tree.setModel(self.model)
        tree.setUniformRowHeights(True)
        tree.setAlternatingRowColors(True)
        tree.setSelectionMode(QTreeView.SelectionMode.ExtendedSelection)
        tree.setSelectionBehavior(QTreeView.SelectionBehavior.SelectRows)
        tree.setTextElideMode(Qt.TextElideMode.ElideRight)
        tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        tree.header().setStretchLastSection(True)
        for at, width in ((TAG, 180), (VR, 40), (NAME, 260), (VALUE, 300)):
            tree.header().resizeSection(at, width)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._menu)
        tree.selectionModel().currentChanged.connect(lambda now, _before: self._show_detail(now))
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), tree)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy_rows)
        return tree

    # ------------------------------------------------------------------ which file

    def show_path(self, path: str) -> None:
        """Show one file, whatever the viewports show; used for documents."""
        self.follow.setChecked(False)
        self._set_paths([path], 0)

    def show_viewport(self) -> None:
        """Show the file of the active viewport and follow it."""
        self.follow.setChecked(True)
        self._follow_viewport()

    def _follow_later(self, *_what: object) -> None:
        if self.isVisible() and self.follow.isChecked():
            self._follow_soon.start()

    def _follow_viewport(self) -> None:
        state = self._workspace.active_viewport
        if not self.follow.isChecked() or state.stack is None or not state.stack.frames:
            return
        paths = paths_of(state.stack)
        at = min(len(state.stack.frames) - 1, state.time * state.stack.shape[0] + state.view.k)
        path = state.stack.frames[at].path
        self._set_paths(paths, paths.index(path) if path in paths else 0)

    def _set_paths(self, paths: list[str], at: int) -> None:
        is_new = paths != self._paths
        self._paths = paths
        for slider in (self.slider, self.other):
            slider.blockSignals(True)
            slider.setRange(0, max(0, len(paths) - 1))
            slider.blockSignals(False)
        if is_new:
            self.other.blockSignals(True)
            self.other.setValue(min(at + 1, len(paths) - 1))
            self.other.blockSignals(False)
        self.slider.setVisible(len(paths) > 1)
        self.place.setVisible(len(paths) > 1)
        self.slider.blockSignals(True)
        self.slider.setValue(at)
        self.slider.blockSignals(False)
        self._show(at)

    def _slide(self, at: int) -> None:
        self.follow.setChecked(False)
        self._show(at)

    def _show(self, at: int) -> None:
        path = self._paths[at] if self._paths else ""
        self.place.setText(f"{at + 1} / {len(self._paths)}")
        if path and path != self.path:
            self.path = path
            name = visible_text(PurePath(path).name, 60, lines=False)
            self.name.setText(name)
            self.name.setToolTip("")
            self._refresh()

    # ------------------------------------------------------------------ search and comparison

    def _choose_comparison(self, _at: int) -> None:
        kind = self.compare.currentData()
        if kind == FILE:
            path, _kind = QFileDialog.getOpenFileName(
                self, translate("Tags", "Compare with a file"), str(Path(self.path).parent)
            )
            if not path:
                self.compare.setCurrentIndex(NOTHING)
                kind = NOTHING
            self._other_file = path
        self.set_comparison(kind)

    def set_comparison(self, kind: int, other: str = "") -> None:
        """Compare with nothing, with another image of the series, or with the file ``other``."""
        self.compare.setCurrentIndex(kind)
        self._other_file = other or self._other_file
        self.other.setVisible(kind == NEIGHBOUR and len(self._paths) > 1)
        self.other_place.setVisible(kind != NOTHING)
        self.differences.setVisible(kind != NOTHING)
        self._refresh()

    @property
    def compared_path(self) -> str:
        """The second file of a comparison; "" where nothing is compared."""
        kind = self.compare.currentData()
        if kind == NEIGHBOUR and self._paths:
            return self._paths[min(self.other.value(), len(self._paths) - 1)]
        return self._other_file if kind == FILE else ""

    def _refresh(self) -> None:
        """Show the file again: as a tree, as what the search found, or beside another one."""
        if not self.path:
            return
        self._search_soon.stop()
        self._search_number += 1
        self.message.hide()
        wanted = self.search.text().strip().lower()
        other = self.compared_path
        if other:
            at = self.other.value() + 1
            is_image = self.compare.currentData() == NEIGHBOUR
            self.other_place.setText(
                f"{at} / {len(self._paths)}" if is_image else visible_text(PurePath(other).name, 30)
            )
            self._submit_compare(self.path, other, wanted)
        elif wanted or self.private.isChecked():
            self._submit_search(self.path, wanted)
        else:
            self.count.hide()
            self.model.show_file(self.path)

    def _submit_search(self, path: str, wanted: str) -> None:
        private = self.private.isChecked()

        def work(progress: Any) -> list[TagRow]:
            return _found(path, wanted, private, lambda done: progress("tags", done, 0))

        def done(rows: list[TagRow]) -> None:
            self.model.show_rows(rows)
            words = translate("Tags", "{0} found").format(len(rows))
            if len(rows) >= MOST_HITS:
                words = translate("Tags", "The first {0} are shown; search for more letters.").format(MOST_HITS)
            self._tell_count(words)

        self._submit(work, done)

    def _submit_compare(self, path: str, other: str, wanted: str) -> None:
        private, only = self.private.isChecked(), self.differences.isChecked()

        def work(progress: Any) -> tuple[list[ComparedRow], int]:
            return _compared(path, other, wanted, private, only, lambda done: progress("tags", done, 0))

        def done(found: tuple[list[ComparedRow], int]) -> None:
            rows, different = found
            self.model.show_compared(rows)
            self.tree.header().resizeSection(VALUE, 240)
            self._tell_count(translate("Tags", "{0} differences").format(different))

        self._submit(work, done)

    def _tell_count(self, words: str) -> None:
        self.count.setText(words)
        self.count.show()

    def _submit(self, work: Any, done: Any) -> None:
        from medview.jobs.queue import Lane

        number = self._search_number

        def arrived(found: Any) -> None:
            if number == self._search_number:
                done(found)

        def failed(error: BaseException) -> None:
            if number == self._search_number and not isinstance(error, Cancelled):
                self._failed(error)

        self._workspace.jobs.submit("tags", work, Lane.INTERACTION, arrived, failed, supersedes="tags")

    def _failed(self, error: BaseException) -> None:
        if isinstance(error, MedviewError):
            words = message_text(error.code, error.text, error.values, error.path or "")
        elif isinstance(error, OSError):
            words = translate("Tags", "The file cannot be read: {0}.").format(error.strerror or type(error).__name__)
        else:
            words = f"{type(error).__name__}: {error}"
        self.model.show_rows([])
        self.message.setText(visible_text(words, 1000))
        self.message.show()

    # ------------------------------------------------------------------ one row

    def _show_detail(self, index: QModelIndex) -> None:
        row = self.model.row_of(index) if index.isValid() else None
        if row is None:
            self.detail.clear()
            return
        head = f"{row.place}   {row.vr}   {name_of(row)}".strip()
        if row.keyword:
            head += f"   {row.keyword}"
        if row.element.fault:
            head += f"\n{fault_text(row.element.fault)}"
        size = translate("Tags", "{0} bytes").format(row.length)
        compared = self.model.compared_of(index)
        self.detail.setPlainText(f"{head}   {size}\n{value_of(row)}")
        if row.is_item or row.vr == "SQ" or not row.element.tag:
            return
        path = self.path
        if compared is not None and compared.first is None:
            path = self.compared_path
        if row.is_cut or row.is_binary or "\u240a" in row.value or "\u240d" in row.value:
            self._fetch_whole(path, row, f"{head}   {size}")

    def _fetch_whole(self, path: str, row: TagRow, head: str) -> None:
        from medview.jobs.queue import Lane

        def work(_progress: Any) -> str:
            from medview.dicom.tag_tree import whole_value

            return whole_value(path, row)

        def done(value: str) -> None:
            now = self.model.row_of(self.tree.currentIndex())
            if now is not None and now.path == row.path:
                self.detail.setPlainText(f"{head}\n{value}")

        self._workspace.jobs.submit("tags", work, Lane.INTERACTION, done, lambda _e: None, supersedes="tag value")

    # ------------------------------------------------------------------ copying

    def _menu(self, at: QPoint) -> None:
        index = self.tree.indexAt(at)
        if not index.isValid():
            return
        menu = QMenu(self)
        menu.addAction(translate("Tags", "Copy the value"), lambda: self.copy_value(index))
        menu.addAction(translate("Tags", "Copy the row"), self.copy_rows)
        menu.addAction(translate("Tags", "Copy the path"), lambda: self.copy_path(index))
        menu.addSeparator()
        menu.addAction(translate("Tags", "Copy all as text"), self.copy_all)
        menu.popup(self.tree.viewport().mapToGlobal(at))

    def copy_value(self, index: QModelIndex) -> None:
        """Put a value on the clipboard: that of the column, else of the first file."""
        row = self.model.row_of(index)
        if row is None:
            return
        compared = self.model.compared_of(index)
        if compared is not None and index.column() == OTHER:
            row = compared.second or row
        _to_clipboard(row.value or value_of(row))

    def copy_path(self, index: QModelIndex) -> None:
        """Put the place of a row inside the file on the clipboard."""
        row = self.model.row_of(index)
        if row is not None:
            _to_clipboard(row.place)

    def copy_rows(self) -> None:
        """Put the selected rows on the clipboard, a tab between columns."""
        lines = []
        for index in self.tree.selectionModel().selectedRows():
            columns = range(self.model.columnCount())
            lines.append("\t".join(str(self.model.data(index.siblingAtColumn(at)) or "").strip() for at in columns))
        if lines:
            _to_clipboard("\n".join(lines))

    def copy_all(self) -> None:
        """Put all tags of the file on the clipboard as text."""
        from medview.jobs.queue import Lane

        path = self.path

        def work(_progress: Any) -> str:
            from medview.dicom.tag_tree import rows_text, walk_tags

            return rows_text(list(walk_tags(path)))

        self._workspace.jobs.submit("tags", work, Lane.INTERACTION, _to_clipboard, self._failed)


def paths_of(stack: Stack) -> list[str]:
    """The files of a stack in the order of its frames, each once."""
    return list(dict.fromkeys(frame.path for frame in stack.frames))


def _to_clipboard(text: str) -> None:
    QGuiApplication.clipboard().setText(text)


def _timer(parent: QWidget, after_ms: int, call: Any) -> QTimer:
    timer = QTimer(parent)
    timer.setSingleShot(True)
    timer.setInterval(after_ms)
    timer.timeout.connect(call)
    return timer


def _is_private(row: TagRow) -> bool:
    return any((number >> 16) & 1 for at, number in enumerate(row.path) if not at % 2)


def _found(path: str, wanted: str, private: bool, checkpoint: Any) -> list[TagRow]:
    from medview.dicom.tag_tree import matches, walk_tags

    rows: list[TagRow] = []
    for row in walk_tags(path, checkpoint):
        if row.is_item or (private and not _is_private(row)) or (wanted and not matches(row, wanted)):
            continue
        rows.append(row)
        if len(rows) >= MOST_HITS:
            break
    return rows


def _compared(
    path: str, other: str, wanted: str, private: bool, only: bool, checkpoint: Any
) -> tuple[list[ComparedRow], int]:
    from medview.dicom.tag_tree import compare_tags, matches

    rows: list[ComparedRow] = []
    different = 0
    for one in compare_tags(path, other, checkpoint):
        if private and not _is_private(one.row):
            continue
        if wanted and not any(row is not None and matches(row, wanted) for row in (one.first, one.second)):
            continue
        different += one.differs and not one.row.is_item
        if one.differs or not only:
            rows.append(one)
    return rows, different
