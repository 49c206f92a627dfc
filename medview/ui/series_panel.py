"""The strip of series at the left: thumbnails that can be clicked, dragged into a viewport and followed with keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import (
    QAbstractListModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDrag,
    QFontMetrics,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from medview.app.documents import OtherObject, objects_of
from medview.app.marks import MARKED_NOTES
from medview.app.settings import LIMITS
from medview.app.thumbnails import THUMBNAIL_PX, make_thumbnail
from medview.core.plain_text import visible_text
from medview.core.progress import Cancelled
from medview.core.study import Series, Stack, Study
from medview.ui.corner_text import date_text, person_name
from medview.ui.icons import draw_glyph
from medview.ui.listen import listen
from medview.ui.text import translate
from medview.ui.theme import current_theme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medview.app.workspace import Workspace

STACK_MIME = "application/x-medview-stack"
STRIP_WIDTH = 128
MARGIN = 8
LINE = 16

Index = QModelIndex | QPersistentModelIndex
RowRole = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, eq=False)
class StudyRow:
    """A heading: patient, date and description of a study."""

    study: Study


@dataclass(frozen=True, eq=False)
class StackRow:
    """One stack of a series."""

    study: Study
    series: Series
    stack: Stack


@dataclass(frozen=True, eq=False)
class ObjectRow:
    """The objects of one kind in a series that have no pixels."""

    study: Study
    series: Series
    objects: tuple[OtherObject, ...]


Row = StudyRow | StackRow | ObjectRow


def strip_rows(studies: Sequence[Study]) -> tuple[Row, ...]:
    """Rows of the strip: each study's heading, its stacks in the order of the series, then its other objects."""
    rows: list[Row] = []
    for study in studies:
        rows.append(StudyRow(study))
        rows += [StackRow(study, series, stack) for series in study.series for stack in series.stacks]
        if any(series.objects for series in study.series):
            rows += _object_rows(study)
    return tuple(rows)


def _object_rows(study: Study) -> list[ObjectRow]:
    """One row for each kind of object of a series; what can be opened comes first."""
    groups: dict[tuple[str, str], list[OtherObject]] = {}
    for listed in objects_of(study):
        groups.setdefault((listed.series.series_uid, listed.kind), []).append(listed)
    rows = [ObjectRow(study, members[0].series, tuple(members)) for members in groups.values()]
    return sorted(rows, key=lambda row: not row.objects[0].is_opened)


class SeriesModel(QAbstractListModel):
    """Rows, thumbnails and loading progress of the strip."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.rows: tuple[Row, ...] = ()
        self._thumbnails: dict[str, QPixmap | None] = {}
        self._asked: set[str] = set()
        self._done: dict[str, tuple[int, int]] = {}
        self._waiting: list[Stack] = []
        self.refresh()

    def refresh(self) -> None:
        """Take over the workspace's studies; rows that stay keep their place and their thumbnail."""
        rows = strip_rows(self._workspace.studies)
        common = 0
        for old, new in zip(self.rows, rows, strict=False):
            if _row_key(old) != _row_key(new):
                break
            common += 1
        if common < len(self.rows):
            self.beginRemoveRows(QModelIndex(), common, len(self.rows) - 1)
            self.rows = self.rows[:common]
            self.endRemoveRows()
        if common < len(rows):
            self.beginInsertRows(QModelIndex(), common, len(rows) - 1)
            self.rows = rows
            self.endInsertRows()
        self.rows = rows
        if common:
            self.dataChanged.emit(self.index(0), self.index(common - 1))

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == RowRole:
            return row
        if role in {Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.DisplayRole}:
            return row_text(row, self._workspace.settings.corner_text != "anonymous", self._workspace.documents.titles)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if index.isValid() and isinstance(self.rows[index.row()], ObjectRow):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.isValid() and isinstance(self.rows[index.row()], StackRow):
            return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
        return Qt.ItemFlag.ItemIsEnabled

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        for index in indexes:
            row = self.rows[index.row()]
            if isinstance(row, StackRow):
                data.setData(STACK_MIME, QByteArray(row.stack.id.encode()))
        return data

    def thumbnail(self, stack: Stack) -> QPixmap | None:
        """The thumbnail, None while it is being made or could not be made."""
        if stack.id not in self._asked:
            self._asked.add(stack.id)
            self._waiting.append(stack)
            if len(self._waiting) == 1:
                QTimer.singleShot(0, self, self._ask_next)
        return self._thumbnails.get(stack.id)

    def has_failed(self, stack: Stack) -> bool:
        """Whether there is no thumbnail because the frame cannot be read."""
        return stack.id in self._thumbnails and self._thumbnails[stack.id] is None

    def _ask_next(self) -> None:
        """Make one thumbnail at a time, so that they never fill the queue before an image."""
        from medview.jobs.queue import Lane

        if not self._waiting:
            return
        if self._workspace.is_scanning:  # the frame that stands for a stack is known when all of it is known
            QTimer.singleShot(50, self, self._ask_next)
            return
        waiting = {one.id for one in self._waiting}
        now = {row.stack.id: row.stack for row in self.rows if isinstance(row, StackRow) and row.stack.id in waiting}
        # A stack that has grown since it was asked for stands for itself; one that was closed is left out.
        self._asked -= waiting - now.keys()
        self._waiting = [now[one.id] for one in self._waiting if one.id in now]
        if not self._waiting:
            return
        stack = self._waiting[0]
        read = self._workspace.read_frame

        def done(picture: NDArray[Any]) -> None:
            height, width = picture.shape[:2]
            image = QImage(picture.tobytes(), width, height, 4 * width, QImage.Format.Format_RGBA8888)
            self._finish(stack, QPixmap.fromImage(image))

        def failed(error: BaseException) -> None:
            if isinstance(error, Cancelled):
                return
            self._finish(stack, None)

        self._workspace.jobs.submit(
            "thumbnail",
            lambda _progress: make_thumbnail(stack, read, 2 * THUMBNAIL_PX),
            Lane.PREFETCH,
            on_done=done,
            on_failed=failed,
        )

    def _finish(self, stack: Stack, pixmap: QPixmap | None) -> None:
        from shiboken6 import isValid

        if not isValid(self):
            return
        self._thumbnails[stack.id] = pixmap
        self._waiting = [one for one in self._waiting if one.id != stack.id]
        self.touch(stack.id)
        self._ask_next()

    def set_progress(self, stack_id: str, done: int, total: int) -> None:
        """How much of a stack is loaded, for the bar along the bottom edge."""
        self._done[stack_id] = (done, total)
        self.touch(stack_id)

    def progress(self, stack_id: str) -> float | None:
        """Loaded share while a stack loads, None when nothing loads or all is there."""
        done, total = self._done.get(stack_id, (0, 0))
        return done / total if total and done < total else None

    def touch(self, stack_id: str) -> None:
        """Draw the row of a stack again."""
        for at, row in enumerate(self.rows):
            if isinstance(row, StackRow) and row.stack.id == stack_id:
                self.dataChanged.emit(self.index(at), self.index(at))


def _row_key(row: Row) -> str:
    if isinstance(row, StudyRow):
        return "study " + row.study.study_uid + repr(row.study.patient.key)
    if isinstance(row, ObjectRow):
        return f"objects {row.series.series_uid} {row.objects[0].kind} {len(row.objects)}"
    return "stack " + row.stack.id


def series_title(series: Series, stack: Stack) -> str:
    """What a series is called: its description, else the protocol or the modality."""
    context = stack.context
    if context.modality == "MG" and context.view_position:
        # Four series of one study bear one description, or none: side and view tell them from one another.
        view = " ".join((context.laterality, context.view_position, *context.view_modifiers)).strip()
        described = context.description.strip()
        return view if described.casefold() == view.casefold() else f"{view}  {described}".strip()
    context = series.context
    title = (context.description or context.protocol or context.body_part or context.modality).strip()
    title = title or translate("SeriesPanel", "Series")
    if len(series.stacks) > 1:
        title = f"{title} ({series.stacks.index(stack) + 1}/{len(series.stacks)})" if stack in series.stacks else title
    return title


def count_text(stack: Stack) -> str:
    """How many images a stack has, e.g. ``120`` or ``30 × 4``."""
    return " × ".join(str(count) for count in (stack.shape[0], *(len(each.labels) for each in stack.named_dimensions)))


def row_text(row: Row, with_patient: bool, titles: Mapping[str, str] | None = None) -> str:
    """All of a row as words: tooltip and screen reader."""
    study = row.study
    if isinstance(row, StudyRow):
        parts = [person_name(study.patient.told_name), study.patient.patient_id] if with_patient else []
        parts += [date_text(study.date), study.description]
        return "\n".join(part for part in parts if part)
    if isinstance(row, ObjectRow):
        from medview.ui.object_text import class_name, kind_name, object_title, reason_text

        first = row.objects[0]
        kind = kind_name(first.kind) + (f" × {len(row.objects)}" if len(row.objects) > 1 else "")
        words = (
            kind,
            object_title(first, titles or {}),
            class_name(first.object.sop_class),
            date_text(first.object.date),
        )
        told = [visible_text(part, 200, lines=False) for part in words if part]
        reason = reason_text(first.kind)
        return "\n".join([*dict.fromkeys(told), *([reason] if reason else [])])
    series, stack = row.series, row.stack
    k, j, i = stack.shape
    number = f"{series.number}  " if series.number is not None else ""
    lines = [f"{number}{series_title(series, stack)}", f"{series.context.modality}  {i} × {j} × {k}".strip()]
    if stack.timepoints > 1:
        from medview.ui.dimension_slider import dimension_name

        lines += [f"{dimension_name(each.name)}: {len(each.labels)}" for each in stack.named_dimensions]
    from medview.ui.messages import note_text

    lines += [note_text(note) for note in stack.notes]
    return "\n".join(lines)


class SeriesDelegate(QStyledItemDelegate):
    """Draws headings and thumbnails."""

    def __init__(self, workspace: Workspace, model: SeriesModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._model = model

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        row = index.data(RowRole)
        if isinstance(row, StudyRow):
            return QSize(STRIP_WIDTH - 10, len(self._study_lines(row.study)) * LINE + 14)
        if isinstance(row, ObjectRow):
            return QSize(STRIP_WIDTH - 10, 2 * LINE + 14)
        return QSize(STRIP_WIDTH - 10, THUMBNAIL_PX + 2 * LINE + 12)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = index.data(RowRole)
        painter.save()
        rect: QRect = option.rect
        if isinstance(row, StudyRow):
            self._paint_study(painter, rect, row.study)
        elif isinstance(row, StackRow):
            state: QStyle.StateFlag = option.state
            self._paint_stack(painter, rect, row, state)
        elif isinstance(row, ObjectRow):
            self._paint_objects(painter, rect, row, option.state)
        painter.restore()

    def _study_lines(self, study: Study) -> list[tuple[str, str]]:
        """What a heading says, with colours."""
        theme = current_theme()
        anonymous = self._workspace.settings.corner_text == "anonymous"
        patient = (
            person_name(study.patient.told_name) or study.patient.patient_id or translate("SeriesPanel", "Patient")
        )
        lines = [
            (translate("SeriesPanel", "Patient") if anonymous else patient, theme.text),
            (date_text(study.date), theme.secondary),
            (study.description, theme.secondary),
        ]
        return [line for line in lines if line[0]]

    def _paint_study(self, painter: QPainter, rect: QRect, study: Study) -> None:
        metrics = painter.fontMetrics()
        top = rect.top() + 8
        for text, colour in self._study_lines(study):
            painter.setPen(QColor(colour))
            self._line(painter, metrics, QRect(rect.left() + MARGIN, top, rect.width() - MARGIN, LINE), text)
            top += LINE

    @staticmethod
    def _line(painter: QPainter, metrics: QFontMetrics, rect: QRect, text: str, align: int = 0) -> None:
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, align or int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)

    def _paint_stack(self, painter: QPainter, rect: QRect, row: StackRow, state: QStyle.StateFlag) -> None:
        theme = current_theme()
        stack = row.stack
        left = rect.left() + (rect.width() - THUMBNAIL_PX) // 2
        picture = QRect(left, rect.top() + 4, THUMBNAIL_PX, THUMBNAIL_PX)
        painter.fillRect(picture, QColor(theme.image))
        pixmap = self._model.thumbnail(stack)
        if pixmap is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(picture, pixmap)
        elif self._model.has_failed(stack):
            draw_glyph(painter, QRectF(picture.adjusted(36, 36, -36, -36)), "image", QColor("#6d737d"))
        self._paint_overlay(painter, picture, row)
        self._paint_frame(painter, picture, row, state)
        metrics = painter.fontMetrics()
        below = QRect(rect.left() + MARGIN, picture.bottom() + 3, rect.width() - 2 * MARGIN, LINE)
        painter.setPen(QColor(theme.text))
        self._line(painter, metrics, below, series_title(row.series, stack))
        below.translate(0, LINE)
        painter.setPen(QColor(theme.secondary))
        count = count_text(stack)
        room = metrics.horizontalAdvance(count) + 6
        number = "" if row.series.number is None else str(row.series.number)
        words = translate("SeriesPanel", "Series {0}").format(number) if number else ""
        if metrics.horizontalAdvance(words) <= below.width() - room:
            number = words  # a long number is told alone rather than by half
        self._line(painter, metrics, below.adjusted(0, 0, -room, 0), number)
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._line(painter, metrics, below, count, right)

    def _paint_objects(self, painter: QPainter, rect: QRect, row: ObjectRow, state: QStyle.StateFlag) -> None:
        """A card with the glyph of the kind and two lines of words."""
        from medview.ui.object_text import kind_icon, kind_name, object_title

        theme, first = current_theme(), row.objects[0]
        card = QRect(rect.left() + 4, rect.top() + 3, rect.width() - 6, 2 * LINE + 8)
        shown = self._workspace.documents.shown
        is_shown = shown is not None and any(one.object.path == shown.listed.object.path for one in row.objects)
        painter.setPen(QColor(theme.accent if is_shown else theme.line))
        painter.setBrush(QColor(theme.raised))
        painter.drawRoundedRect(card, 4, 4)
        glyph = QRectF(card.left() + 5, card.top() + 5, 14, 14)
        draw_glyph(painter, glyph, kind_icon(first.kind), QColor(theme.text if first.is_opened else theme.secondary))
        metrics = painter.fontMetrics()
        words = QRect(card.left() + 23, card.top() + 4, card.width() - 26, LINE)
        count = f" × {len(row.objects)}" if len(row.objects) > 1 else ""
        name, title = (
            kind_name(first.kind),
            visible_text(object_title(first, self._workspace.documents.titles), 80, lines=False),
        )
        painter.setPen(QColor(theme.text if first.is_opened else theme.secondary))
        self._line(painter, metrics, words, (title if title != name else name) + count)
        painter.setPen(QColor(theme.secondary))
        words.translate(0, LINE)
        self._line(painter, metrics, words, name if title != name else date_text(first.object.date))
        if state & QStyle.StateFlag.State_HasFocus:
            pen = painter.pen()
            pen.setStyle(Qt.PenStyle.DotLine)
            pen.setColor(QColor(theme.text))
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(card.adjusted(-2, -2, 2, 2))

    def _paint_overlay(self, painter: QPainter, picture: QRect, row: StackRow) -> None:
        theme = current_theme()
        modality = row.series.context.modality
        if modality:
            metrics = painter.fontMetrics()
            width = metrics.horizontalAdvance(modality) + 8
            badge = QRect(picture.left(), picture.top(), width, LINE)
            painter.fillRect(badge, QColor(0, 0, 0, 170))
            painter.setPen(QColor("#e6e8eb"))
            painter.drawText(badge, int(Qt.AlignmentFlag.AlignCenter), modality)
        at = picture.right() - 17
        if self._workspace.results.of(row.stack.id):
            self._badge(painter, QPoint(at, picture.top() + 1), "brain", "#b9aefc")
            at -= 18
        if self._workspace.key_images.count_in(row.stack):
            self._badge(painter, QPoint(at, picture.top() + 1), "star-fill", "#f2c744")
            at -= 18
        if any(MARKED_NOTES.get(note.code) in {"warning", "danger"} for note in row.stack.notes):
            self._badge(painter, QPoint(at, picture.top() + 1), "warning", "#e0a83c")
        share = self._model.progress(row.stack.id)
        if share is not None:
            bar = QRectF(picture.left(), picture.bottom() - 2, picture.width(), 3)
            painter.fillRect(bar, QColor(0, 0, 0, 170))
            bar.setWidth(bar.width() * share)
            painter.fillRect(bar, QColor(theme.accent))

    @staticmethod
    def _badge(painter: QPainter, corner: QPoint, name: str, colour: str) -> None:
        painter.fillRect(QRect(corner, QSize(17, 17)), QColor(0, 0, 0, 170))
        draw_glyph(painter, QRectF(corner.x() + 2, corner.y() + 2, 13, 13), name, QColor(colour))

    def _paint_frame(self, painter: QPainter, picture: QRect, row: StackRow, state: QStyle.StateFlag) -> None:
        theme = current_theme()
        shown = [s.stack.id for s in self._workspace.viewports if s.stack is not None]
        active = self._workspace.active_viewport.stack
        if active is not None and active.id == row.stack.id:
            colour, width = theme.accent, 2
        elif row.stack.id in shown:
            colour, width = theme.secondary, 1
        else:
            colour, width = theme.line, 1
        painter.setPen(QColor(colour))
        for grown in range(width):
            painter.drawRect(picture.adjusted(-1 - grown, -1 - grown, grown, grown))
        if state & QStyle.StateFlag.State_HasFocus:
            pen = painter.pen()
            pen.setStyle(Qt.PenStyle.DotLine)
            pen.setColor(QColor(theme.text))
            painter.setPen(pen)
            painter.drawRect(picture.adjusted(-4, -4, 3, 3))


class SeriesList(QListView):
    """The list itself: a click or Enter shows, a drag carries the stack's id."""

    chosen = Signal(str)
    object_chosen = Signal(object)
    """An `ObjectRow`."""
    menu_asked = Signal(object, QPoint)
    """A right click on a stack; global position."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("strip-list")
        self.setAccessibleName(translate("SeriesPanel", "Series"))
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragEnabled(True)
        self.setDragDropMode(QListView.DragDropMode.DragOnly)
        self.setUniformItemSizes(False)
        self.setMouseTracking(True)
        self.activated.connect(self._choose)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        model = self.model()
        if model.rowCount() == 0:
            painter = QPainter(self.viewport())
            painter.setPen(QColor(current_theme().secondary))
            words = translate("SeriesPanel", "The series of an open study stand here")
            place = self.viewport().rect().adjusted(12, 16, -12, -16)
            painter.drawText(
                place, int(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap), words
            )
            painter.end()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            index = self.indexAt(event.position().toPoint())
            if index.isValid() and index == self.currentIndex():
                self._choose(index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        row = index.data(RowRole)
        if isinstance(row, StackRow):
            at = self.viewport().mapToGlobal(self.visualRect(index).center()) if by_key else event.globalPos()
            self.menu_asked.emit(row.stack, at)

    def startDrag(self, _supported: Qt.DropAction) -> None:
        index = self.currentIndex()
        row = index.data(RowRole)
        if not isinstance(row, StackRow):
            return
        model = self.model()
        drag = QDrag(self)
        drag.setMimeData(model.mimeData([index]))
        if isinstance(model, SeriesModel):
            pixmap = model.thumbnail(row.stack)
            if pixmap is not None:
                drag.setPixmap(pixmap.scaled(64, 64, Qt.AspectRatioMode.KeepAspectRatio))
        drag.exec(Qt.DropAction.CopyAction)

    def _choose(self, index: Index) -> None:
        row = index.data(RowRole)
        if isinstance(row, StackRow):
            self.chosen.emit(row.stack.id)
        elif isinstance(row, ObjectRow):
            self.object_chosen.emit(row)


class SeriesPanel(QWidget):
    """The strip with its list."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(STRIP_WIDTH)
        self.setMaximumWidth(int(LIMITS["left_width"][1]))
        self.setAccessibleName(translate("SeriesPanel", "Series"))
        self._workspace = workspace
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 1, 0)
        self.list = SeriesList(self)
        self.model = SeriesModel(workspace, self)
        self.list.setModel(self.model)
        self.list.setItemDelegate(SeriesDelegate(workspace, self.model, self))
        self.list.setProperty("bare", True)
        self.list.chosen.connect(self._show)
        self.list.object_chosen.connect(lambda row: workspace.documents.open(row.objects[0]))
        column.addWidget(self.list)
        self.setFocusProxy(self.list)
        listen(self, workspace.studies_changed, self._refresh)
        listen(self, workspace.results_changed, self.model.touch)
        listen(self, workspace.viewport_changed, self._repaint)
        listen(self, workspace.active_changed, self._repaint)
        listen(self, workspace.layout_changed, self._repaint)
        listen(self, workspace.settings_changed, self._repaint)
        for signal in (workspace.documents.changed, workspace.documents.titles_changed, workspace.key_images.changed):
            listen(self, signal, self._repaint_all)
        listen(self, workspace.loader.progress, self.model.set_progress)
        self._shown: tuple[str | None, ...] = ()

    def _refresh(self, *_what: object) -> None:
        self.model.refresh()
        bare = not self.model.rows
        if bare is not self.list.property("bare"):
            self.list.setProperty("bare", bare)  # a ring around nothing looks like a fault
            self.list.style().unpolish(self.list)
            self.list.style().polish(self.list)

    def _repaint_all(self) -> None:
        self.list.viewport().update()

    def _repaint(self, *_what: object) -> None:
        shown = (
            self._workspace.active_viewport.stack.id if self._workspace.active_viewport.stack else None,
            *(state.stack.id if state.stack is not None else None for state in self._workspace.viewports),
            self._workspace.settings.theme,
            self._workspace.settings.corner_text,
        )
        if shown != self._shown:  # scrolling changes a viewport sixty times a second, the strip not once
            self._shown = shown
            self.list.viewport().update()

    def _show(self, stack_id: str) -> None:
        for row in self.model.rows:
            if isinstance(row, StackRow) and row.stack.id == stack_id:
                self._workspace.show_stack(row.stack)
                return
