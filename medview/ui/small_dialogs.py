"""Small windows beside the main one: jobs, messages, about. None of them is modal."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, qVersion
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from medview import __version__
from medview.ui.listen import listen
from medview.ui.notice_strip import NoticeList
from medview.ui.parts import empty, icon_button, text_label
from medview.ui.status_line import REFRESH_MS, job_title, step_title
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.background import Work
    from medview.app.workspace import Workspace


class JobsDialog(QDialog):
    """What runs in the background, with progress and cancel."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Jobs", "Jobs"))
        self.resize(420, 260)
        self._workspace = workspace
        self._rows: dict[str, tuple[QProgressBar, QLabel]] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        self.none = text_label(translate("Jobs", "Nothing runs in the background."), "secondary")
        column.addWidget(self.none)
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        column.addLayout(self._list)
        column.addStretch(1)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        listen(self, workspace.background.changed, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the jobs that are not over."""
        work = {one.key: one for one in self._workspace.background.work()}
        if list(work) != list(self._rows):
            self._rows = {}
            empty(self._list)
            for one in work.values():
                self._list.addWidget(self._row(one))
        self.none.setVisible(not work)
        for key, (bar, detail) in self._rows.items():
            step = work[key].step
            if step is None or not step.total:
                bar.setRange(0, 0)
                detail.setText(step_title(step.step) if step is not None else translate("Jobs", "waiting"))
            else:
                bar.setRange(0, step.total)
                bar.setValue(step.done)
                detail.setText(f"{step_title(step.step)}  {step.done} / {step.total}")
        if work and not self._timer.isActive():
            self._timer.start()
        elif not work:
            self._timer.stop()

    def _row(self, one: Work) -> QWidget:
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        row = QHBoxLayout()
        row.addWidget(QLabel(job_title(one.title)), 1)
        row.addWidget(icon_button("x", translate("Jobs", "Cancel"), one.cancel))
        column.addLayout(row)
        bar = QProgressBar()
        bar.setTextVisible(False)
        column.addWidget(bar)
        detail = QLabel()
        detail.setObjectName("secondary")
        column.addWidget(detail)
        self._rows[one.key] = (bar, detail)
        return widget


class NoticesDialog(QDialog):
    """All messages, and all files that could not be read."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Notice", "Messages and problems"))
        self.resize(960, 480)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.list = NoticeList(workspace)
        column.addWidget(self.list)


class AboutDialog(QDialog):
    """What medview is, which version, and what it stands on."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("About", "About medview"))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(8)
        name = QLabel(f"medview {__version__}")
        name.setObjectName("heading")
        column.addWidget(name)
        lines = (
            translate("About", "A viewer of medical images that runs neural networks on what it shows."),
            translate("About", "Not a medical device. Results of models are for research, not for diagnosis."),
        )
        for line in lines:
            label = text_label(line)
            label.setMinimumWidth(420)
            column.addWidget(label)
        stands_on = (
            f"Python {platform.python_version()}  ·  Qt {qVersion()}  ·  {platform.system()} {platform.machine()}"
        )
        versions = QLabel(stands_on)
        versions.setObjectName("secondary")
        versions.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(versions)
        licence = text_label(translate("About", "Apache License 2.0. Icons: Phosphor (MIT)."), "secondary")
        licence.setMinimumWidth(420)
        column.addWidget(licence)
