"""The image area: viewports in a grid, one of them active, and what to do while there is nothing to see."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QLabel,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from medview.app.notices import stack_place
from medview.app.workspace import MOST_ROWS
from medview.ui.icons import icon
from medview.ui.listen import listen
from medview.ui.notice_strip import NoticeStrip
from medview.ui.parts import focus_of
from medview.ui.text import translate
from medview.ui.theme import current_theme

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace
    from medview.ui.recent_start import RecentStart
    from medview.ui.viewport import ViewportWidget

MOST_STRIPS = 2
"""Columns of viewports that are wide enough for strips of their own."""
RECENT_AFTER_MS = 300
"""The store is asked when the window is on the screen and nothing is being opened."""

MakeViewport = Callable[["Workspace", "ViewportState"], "ViewportWidget"]


def make_viewport(workspace: Workspace, state: ViewportState) -> ViewportWidget:
    """The widget that draws a viewport; its libraries are imported with the first one."""
    from medview.ui.viewport import ViewportWidget

    return ViewportWidget(workspace, state)


class ViewportFrame(QWidget):
    """A viewport with its strip of notices and its border: the accent says which one is active."""

    def __init__(
        self, workspace: Workspace, index: int, make: MakeViewport, run: Callable[[str], None] | None = None
    ) -> None:
        super().__init__()
        self._workspace = workspace
        self.index = index
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        self.notices = NoticeStrip(workspace, stack_place("-"), run)
        column.addWidget(self.notices)
        self.viewport = make(workspace, workspace.viewports[index])
        column.addWidget(self.viewport, 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        active = len(self._workspace.viewports) > 1 and self._workspace.active == self.index
        painter = QPainter(self)
        painter.setPen(QColor(theme.accent if active else theme.line))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()


class EmptyPlace(QWidget):
    """What the image area says while nothing is open: what to do, or what is being done."""

    open_asked = Signal()
    demo_asked = Signal()
    recent_asked = Signal()
    cancel_asked = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(12)
        column.addStretch(1)
        self.sign = QLabel()
        self.sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.heading = QLabel()
        self.heading.setObjectName("heading")
        self.heading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.heading.setWordWrap(True)
        self.detail = QLabel()
        self.detail.setWordWrap(True)
        self.detail.setObjectName("secondary")
        self.detail.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.detail.setTextFormat(Qt.TextFormat.PlainText)
        self._row = row = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        row.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row.setSpacing(8)
        self.open_button = QPushButton(translate("EmptyPlace", "Open folder…"))
        self.open_button.setObjectName("primary")
        self.open_button.clicked.connect(self.open_asked)
        self.demo_button = QPushButton(translate("EmptyPlace", "Open the demo study"))
        self.demo_button.clicked.connect(self.demo_asked)
        self.cancel_button = QPushButton(translate("EmptyPlace", "Cancel"))
        self.cancel_button.clicked.connect(self.cancel_asked)
        self.recent_button = QPushButton(translate("EmptyPlace", "Recent studies…"))
        self.recent_button.clicked.connect(self.recent_asked)
        for button in (self.open_button, self.recent_button, self.demo_button, self.cancel_button):
            row.addWidget(button)
        for widget in (self.sign, self.heading, self.detail):
            column.addWidget(widget)
        column.addLayout(row)
        self._below = QVBoxLayout()
        self._below.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(self._below)
        column.addStretch(1)
        self.use = QLabel(
            translate("EmptyPlace", "For research and teaching. Not a medical device, not for diagnosis.")
        )
        self.use.setObjectName("secondary")
        self.use.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.use.setWordWrap(True)
        column.addWidget(self.use)
        self.recent: RecentStart | None = None
        self._look_soon = QTimer(self)
        self._look_soon.setSingleShot(True)
        self._look_soon.setInterval(RECENT_AFTER_MS)
        self._look_soon.timeout.connect(self._look)
        listen(self, workspace.scan_changed, self.refresh)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look_soon.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Buttons below each other where there is no room beside each other, and as many recent studies as there is room for."""
        buttons = (self.open_button, self.recent_button, self.demo_button, self.cancel_button)
        shown = [one.sizeHint().width() for one in buttons if not one.isHidden()]
        beside = sum(shown) + self._row.spacing() * len(shown) + 24 <= self.width()
        self._row.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom,
        )
        width = self.width() - 24
        left = self.height() - self._row.sizeHint().height() - 24
        # What matters least goes first where the page is low.
        for part in (self.heading, self.detail, self.sign, self.use):
            high = part.heightForWidth(width) if part.hasHeightForWidth() else part.sizeHint().height()
            left -= high + 12
            part.setVisible(left >= 0)
        if self.recent is not None:
            self.recent.fit(width, left - 24)

    def _look(self) -> None:
        """List what was opened last, when nothing else is to be done."""
        if self._workspace.scan_step is not None or not self.isVisible():
            return
        if self.recent is None:
            from medview.ui.recent_start import RecentStart

            self.recent = RecentStart(self._workspace)
            self._below.addWidget(self.recent)
            self._fit()
        self.recent.look()

    def refresh(self) -> None:
        """Say what is going on."""
        if self.recent is not None and self._workspace.scan_step is not None:
            self.recent.hide()
        step = self._workspace.scan_step
        busy = step is not None
        name = "magnifying-glass" if busy else "folder-open"
        self.sign.setPixmap(icon(name, "secondary").pixmap(48, 48))
        if step is not None:
            making = step.step == "demo"
            self.heading.setText(
                translate("EmptyPlace", "Making the demo study…")
                if making
                else translate("EmptyPlace", "Looking for images…")
            )
            if making and step.total:
                self.detail.setText(f"{100 * step.done // step.total} %")
            else:
                self.detail.setText(translate("EmptyPlace", "{0} files seen").format(step.done) if step.done else "")
        else:
            self.heading.setText(translate("EmptyPlace", "Drop a study folder here, or press Ctrl+O"))
            self.detail.setText(
                translate(
                    "EmptyPlace", "DICOM folders, files and DICOMDIR · NIfTI, NRRD, MHA · PNG, JPEG, TIFF · ZIP, TAR"
                )
            )
        self.open_button.setVisible(not busy)
        self.recent_button.setVisible(not busy)
        self.demo_button.setVisible(not busy)
        self.cancel_button.setVisible(busy)
        self._fit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(current_theme().window))
        painter.end()


class AwayPlace(QWidget):
    """The hole that a viewport leaves which is in a window of its own."""

    def __init__(self, index: int, bring_back: Callable[[], object]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addStretch(1)
        said = QLabel(translate("ViewportGrid", "Viewport {n} is in a window of its own").format(n=index + 1))
        said.setObjectName("secondary")
        said.setWordWrap(True)
        said.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(said)
        self.button = QPushButton(translate("ViewportGrid", "Bring it back"))
        self.button.clicked.connect(bring_back)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)


class ViewportGrid(QWidget):
    """Viewports of the layout; widgets of a larger layout are kept for when it comes back."""

    readout_changed = Signal(str)
    context_requested = Signal(QPoint)
    full_screen_asked = Signal()

    def __init__(self, workspace: Workspace, make: MakeViewport = make_viewport) -> None:
        super().__init__()
        self.setAccessibleName(translate("ViewportGrid", "Images"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(200, 160)
        self._workspace = workspace
        self._make = make
        self.run_command: Callable[[str], None] | None = None
        """Runs a command by its id, for the remedies of notices; set by the window."""
        self.frames: list[ViewportFrame] = []
        self.detached: dict[int, QWidget] = {}
        """Windows that hold a viewport of the grid, by its index."""
        self._away: dict[int, AwayPlace] = {}
        self._stack = QStackedLayout(self)
        self.empty = EmptyPlace(workspace)
        self.empty.cancel_asked.connect(workspace.openings.cancel)
        self._stack.addWidget(self.empty)
        self._whole = QWidget()
        column = QVBoxLayout(self._whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.notices = NoticeStrip(workspace, stack_place("-"), self._run)
        """What concerns the images shown, where the viewports are too small for strips of their own."""
        column.addWidget(self.notices)
        self._area = QWidget()
        column.addWidget(self._area, 1)
        self._grid = QGridLayout(self._area)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        self._stack.addWidget(self._whole)
        listen(self, workspace.layout_changed, self.refresh)
        listen(self, workspace.studies_changed, self.refresh)
        listen(self, workspace.active_changed, self._follow_active)
        listen(self, workspace.viewport_changed, self._follow_viewport)
        listen(self, workspace.settings_changed, self._follow_settings)
        self._laid_out: tuple[object, ...] = ()
        self._noticed: tuple[object, ...] = ()
        self.refresh()

    def _run(self, command: str) -> None:
        if self.run_command is not None:
            self.run_command(command)

    def _follow_settings(self) -> None:
        self.empty.refresh()

    def _follow_active(self) -> None:
        for frame in self.frames:
            frame.update()
        self._place_notices()
        active = self.active_frame()
        focus = focus_of(self.window())
        if active is not None and focus is not None and self.isAncestorOf(focus):
            active.viewport.setFocus()

    def _follow_viewport(self, index: int) -> None:
        if index < len(self.frames):
            self._place_notices()

    def _place_notices(self) -> None:
        """What concerns some images is told once, however many viewports show them: at the active one, or above small ones."""
        workspace = self._workspace
        seen, active, detached = workspace.visible_indices, workspace.active, frozenset(self.detached)
        shown = tuple(frame.viewport.state.stack for frame in self.frames)
        ids = tuple("-" if one is None else one.id for one in shown)
        small = not workspace.maximised and workspace.layout[1] > MOST_STRIPS
        key = (ids, seen, active, detached, small)
        if key == self._noticed:
            return
        self._noticed = key
        above = sorted({ids[at] for at in seen if at < len(ids) and at not in detached}) if small else []
        self.notices.set_place(*map(stack_place, above or ["-"]))
        told = set(above)
        for frame in sorted(self.frames, key=lambda one: one.index != active):
            own, apart = ids[frame.index], frame.index in detached
            if not apart:
                own = "-" if own in told or frame.index not in seen else own
                told.add(own)
            frame.notices.set_place(stack_place(own))

    def active_frame(self) -> ViewportFrame | None:
        """The frame of the active viewport, None while nothing is shown."""
        active = self._workspace.active
        return self.frames[active] if active < len(self.frames) else None

    def take_focus(self) -> None:
        """Give the keys to the active viewport: who clicked a series goes on with its images."""
        active = self.active_frame()
        if active is not None and self._workspace.studies:
            active.viewport.setFocus()

    def refresh(self) -> None:
        """Lay the viewports out as the workspace says."""
        workspace = self._workspace
        if not workspace.studies:
            self._stack.setCurrentWidget(self.empty)
            return
        while len(self.frames) < len(workspace.viewports):
            frame = ViewportFrame(workspace, len(self.frames), self._make, self.run_command)
            frame.viewport.readout_changed.connect(self.readout_changed)
            frame.viewport.context_requested.connect(self.context_requested)
            frame.viewport.full_screen_asked.connect(self.full_screen_asked)
            self.frames.append(frame)
        self._place_notices()
        was_empty = self._stack.currentWidget() is self.empty
        self._stack.setCurrentWidget(self._whole)
        for index in [at for at in self.detached if at >= len(workspace.viewports)]:
            self.detached[index].close()
        wanted = (workspace.layout, workspace.visible_indices, frozenset(self.detached))
        active = self.active_frame()
        if wanted == self._laid_out:
            if was_empty and active is not None:
                active.viewport.setFocus()  # keys were left with a panel when the last study was closed
            return
        self._laid_out = wanted
        _rows, columns = workspace.layout
        for frame in self.frames:
            if frame.index in self.detached:
                continue
            self._grid.removeWidget(frame)
            if frame.index not in workspace.visible_indices:
                frame.hide()
        places = {}
        for index in workspace.visible_indices:
            if index not in self.detached:
                places[index] = (0, 0) if workspace.maximised else divmod(index, columns)
        for row in range(MOST_ROWS):
            self._grid.setRowStretch(row, int(any(place[0] == row for place in places.values())))
        for column in range(MOST_ROWS):
            self._grid.setColumnStretch(column, int(any(place[1] == column for place in places.values())))
        for index, (row, column) in places.items():
            frame = self.frames[index]
            self._grid.addWidget(frame, row, column)
            frame.show()
        self._tell_holes(set(places.values()))
        if active is not None:
            active.viewport.setFocus()

    def _tell_holes(self, taken: set[tuple[int, int]]) -> None:
        """Say in the holes between viewports which one is away; a row or column without any is not there at all."""
        for place in self._away.values():
            place.hide()
            place.deleteLater()
        self._away = {}
        for index in self.detached.keys() & set(self._workspace.visible_indices):
            row, column = divmod(index, self._workspace.layout[1])
            if any(row == at for at, _ in taken) and any(column == at for _, at in taken):
                self._away[index] = AwayPlace(index, self.detached[index].close)
                self._grid.addWidget(self._away[index], row, column)
                self._away[index].show()

    def detach(self, index: int, window: QWidget) -> ViewportFrame:
        """Give a viewport to another window; `bring_back` takes it into the grid again."""
        frame = self.frames[index]
        self._grid.removeWidget(frame)
        self.detached[index] = window
        self.refresh()
        return frame

    def bring_back(self, index: int) -> None:
        """Take a viewport back from its window."""
        if self.detached.pop(index, None) is not None:
            self.frames[index].setParent(self._area)
            self.refresh()

    def bring_all_back(self) -> None:
        """Close all windows of single viewports."""
        for window in list(self.detached.values()):
            window.close()
