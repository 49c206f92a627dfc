"""The line at the bottom: what runs in the background, the value under the pointer, what computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from medview.app.notices import WINDOW
from medview.ui.icons import icon
from medview.ui.listen import listen
from medview.ui.messages import message_text
from medview.ui.model_text import model_text
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.background import Work
    from medview.app.workspace import Workspace

REFRESH_MS = 200
DONE_MS = 8000


def job_title(title: str) -> str:
    """A job's kind in words; titles that are no kinds (names of packages) stay as they are."""
    known = {
        "scan": translate("Job", "Looking for images"),
        "load": translate("Job", "Loading images"),
        "demo": translate("Job", "Making the demo study"),
        "filter": translate("Job", "Filtering the volume"),
        "results": translate("Job", "Fetching kept results"),
        "save": translate("Job", "Saving"),
        "register": translate("Job", "Registering two series"),
        "share": translate("Job", "Writing a copy without identity"),
        "install": translate("Job", "Installing a package"),
        "document": translate("Job", "Reading a document"),
        "tags": translate("Job", "Reading tags"),
        "label": translate("Job", "Working on a label"),
        "numbers": translate("Job", "Measuring labels"),
    }
    return known.get(title) or model_text(title)


def step_title(step: str) -> str:
    """A step of a job in words."""
    known = {
        "scan": translate("Job", "files"),
        "load": translate("Job", "loading images"),
        "open": translate("Job", "loading the model"),
        "prepare": translate("Job", "preparing"),
        "locate": translate("Job", "finding the part to look at"),
        "network": translate("Job", "network, tile"),
        "restore": translate("Job", "back onto the images"),
        "keep": translate("Job", "keeping"),
        "explain": translate("Job", "questioning"),
        "results": translate("Job", "series"),
        "register": translate("Job", "registering"),
        "deidentify": translate("Job", "objects"),
        "demo phantom": translate("Job", "computing"),
        "demo study": translate("Job", "writing"),
    }
    return known.get(step) or translate("Operation", step)


class StatusLine(QWidget):
    """Jobs, messages, pointer value and device; every figure keeps its place."""

    jobs_asked = Signal()
    notices_asked = Signal()
    hanging_asked = Signal()

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(8)
        self.jobs_button = QToolButton()
        self.jobs_button.setToolTip(translate("StatusLine", "Work in the background"))
        self.jobs_button.clicked.connect(self.jobs_asked)
        self.jobs_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(96)
        self.notices_button = QToolButton()
        self.notices_button.setToolTip(translate("StatusLine", "Messages and files that could not be read"))
        self.notices_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.notices_button.setIcon(icon("warning", "warning"))
        self.notices_button.clicked.connect(self.notices_asked)
        self.done = QLabel()
        self.done.setObjectName("done")
        self.done.setTextFormat(Qt.TextFormat.PlainText)
        self._done_timer = QTimer(self)
        self._done_timer.setSingleShot(True)
        self._done_timer.setInterval(DONE_MS)
        self._done_timer.timeout.connect(self.done.clear)
        self.hint = QLabel()
        self.hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint_timer = QTimer(self)
        self._hint_timer.setSingleShot(True)
        self._hint_timer.setInterval(DONE_MS)
        self._hint_timer.timeout.connect(self.hint.clear)
        self._last_done = 0
        self.pointer = QLabel()
        self.pointer.setMinimumWidth(360)
        self.pointer.setObjectName("secondary")
        self.device = QLabel()
        self.device.setObjectName("secondary")
        row.addWidget(self.jobs_button)
        row.addWidget(self.bar)
        row.addWidget(self.notices_button)
        row.addWidget(self.done)
        row.addWidget(self.hint)
        row.addStretch(1)
        row.addWidget(self.pointer)
        row.addStretch(1)
        self.hanging = QToolButton()
        self.hanging.setToolTip(translate("StatusLine", "The hanging protocol and its step"))
        self.hanging.setAccessibleName(self.hanging.toolTip())
        self.hanging.clicked.connect(self.hanging_asked)
        row.addWidget(self.hanging)
        row.addWidget(self.device)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh_jobs)
        listen(self, workspace.background.changed, self.refresh_jobs)
        listen(self, workspace.scan_changed, self.refresh_jobs)
        listen(self, workspace.notices_changed, self.refresh_notices)
        listen(self, workspace.studies_changed, self.refresh_notices)
        listen(self, workspace.settings_changed, self.refresh_device)
        listen(self, workspace.results_changed, self.refresh_device)
        listen(self, workspace.hangings.changed, self.refresh_hanging)
        listen(self, workspace.studies_changed, self.refresh_hanging)
        self.refresh_jobs()
        self.refresh_notices()
        self.refresh_device()
        self.refresh_hanging()

    def running(self) -> tuple[Work, ...]:
        """Work that goes on."""
        return self._workspace.background.work()

    def refresh_jobs(self) -> None:
        """Say what runs and how far it is; looked at again while anything runs."""
        running = self.running()
        if running and not self._timer.isActive():
            self._timer.start()
        elif not running:
            self._timer.stop()
        self.bar.setVisible(bool(running))
        if not running:
            self.jobs_button.setText(translate("StatusLine", "Ready"))
            return
        job = running[0]
        text = job_title(job.title)
        if len(running) > 1:
            text += "  " + translate("StatusLine", "and {0} more").format(len(running) - 1)
        self.jobs_button.setText(text)
        step = job.step
        if step is None or not step.total:
            self.bar.setRange(0, 0)
        else:
            self.bar.setRange(0, step.total)
            self.bar.setValue(step.done)

    def refresh_notices(self) -> None:
        """Count what there is to read, and say for a while what was done."""
        done = [one for one in self._workspace.notices if one.place == WINDOW and one.severity == "done"]
        if done and done[-1].id > self._last_done:
            self._last_done = done[-1].id
            text = message_text(done[-1].code, done[-1].text, done[-1].values, done[-1].path)
            self.done.setText("✓  " + self.done.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, 420))
            self.done.setToolTip(text)
            self._done_timer.start()
        count = len(self._workspace.problems) + sum(
            notice.severity in {"warning", "danger"} for notice in self._workspace.notices
        )
        self.notices_button.setVisible(count > 0)
        self.notices_button.setText(translate("StatusLine", "Messages: {0}").format(count))

    def say(self, text: str) -> None:
        """Say for a while why something was not done; it is no message that has to be read."""
        room = max(320, round(self.width() * 0.4))  # the rest is for the value under the pointer
        self.hint.setText(self.hint.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room))
        self.hint.setToolTip(text)
        self._hint_timer.start()

    def refresh_hanging(self) -> None:
        """Say which protocol is hung, and which of its steps."""
        step = self._workspace.hangings.step if self._workspace.studies else None
        is_hung = step is not None and step.protocol is not None
        if is_hung:
            from medview.ui.hanging_dialog import step_name

            self.hanging.setText(step_name(step))
        self.hanging.setVisible(is_hung)

    def refresh_device(self, *_what: object) -> None:
        """Name the device of the shown result, else the one that is chosen."""
        from medview.ui.device_text import device_text

        stack = self._workspace.active_viewport.stack
        results = self._workspace.results.of(stack.id) if stack is not None else ()
        used = results[-1].provenance.device_used if results else ""
        self.device.setText(
            translate("StatusLine", "Device: {0}").format(device_text(used or self._workspace.settings.device))
        )

    def set_pointer(self, text: str) -> None:
        """The value under the pointer, "" where there is none."""
        self.pointer.setText(text)
