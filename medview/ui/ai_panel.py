"""The AI tab: which packages fit the shown series, on which device they run, and how far the runs are."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
)

from medview.core.problem import MedviewError, Problem
from medview.core.study import Stack
from medview.ui.device_text import device_text
from medview.ui.following_panel import FollowingPanel
from medview.ui.listen import listen
from medview.ui.messages import note_text, problem_text
from medview.ui.model_text import model_text
from medview.ui.notice_strip import NoticeStrip
from medview.ui.parts import empty, icon_button, panel_column, rule, show_fitted, text_label, title_label
from medview.ui.right_panel import FINDINGS
from medview.ui.status_line import step_title
from medview.ui.text import translate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from medview.app.commands import Shell
    from medview.app.model_choice import ModelChoice
    from medview.app.workspace import Workspace
    from medview.inference.devices import Device
    from medview.inference.package import ModelPackage
    from medview.jobs.queue import Job

Choices = tuple[tuple["ModelChoice", ...], tuple[Problem, ...]]
REFRESH_MS = 200
WORTH_AN_ESTIMATE_S = 1.0


def task_text(task: str) -> str:
    """A task of a network in words."""
    return {
        "segmentation": translate("AiPanel", "Segmentation"),
        "detection": translate("AiPanel", "Detection"),
        "classification": translate("AiPanel", "Classification"),
        "regression": translate("AiPanel", "Measured values"),
        "image": translate("AiPanel", "Image to image"),
        "prompted": translate("AiPanel", "Segments what is pointed at"),
    }.get(task, task)


def origin_text(origin: str) -> str:
    """Where a package comes from."""
    return {
        "built-in": translate("AiPanel", "built in"),
        "installed": translate("AiPanel", "installed"),
    }.get(origin, origin)


def duration_text(seconds: float) -> str:
    """Remaining time, coarse enough not to flicker."""
    if seconds < 90:
        return translate("AiPanel", "about {0} s left").format(max(1, round(seconds)))
    return translate("AiPanel", "about {0} min left").format(max(2, round(seconds / 60)))


class PackageRow(QFrame):
    """One package: its name, what it does, and why it does not fit where it does not."""

    def __init__(self, choice: ModelChoice, group: QButtonGroup) -> None:
        super().__init__()
        self.choice = choice
        manifest = choice.package.manifest
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 2, 0, 4)
        column.setSpacing(2)
        self.button = QRadioButton(model_text(manifest.name))
        self.button.setToolTip(manifest.description)
        group.addButton(self.button)
        column.addWidget(self.button)
        parts = [task_text(manifest.task), manifest.version, origin_text(choice.package.origin)]
        about = QVBoxLayout()
        about.setContentsMargins(20, 0, 0, 0)
        about.setSpacing(2)
        about.addWidget(text_label(" · ".join(parts), "secondary"))
        self.stranger: QPushButton | None = None
        if not choice.trusted:
            about.addWidget(text_label(translate("AiPanel", "not trusted yet"), "warning"))
            self.stranger = QPushButton(translate("AiPanel", "Trust this package"))
            self.stranger.setToolTip(
                translate("AiPanel", "You know where it comes from; a changed network is a stranger again")
            )
            about.addWidget(self.stranger, 0, Qt.AlignmentFlag.AlignLeft)
        for note in choice.match.reasons:
            about.addWidget(text_label(note_text(note), "warning" if choice.match.fits else "secondary"))
        column.addLayout(about)
        if not choice.match.fits:
            self.button.setObjectName("unfit")

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.button.setChecked(True)
            self.button.setFocus()


class RunRow(QFrame):
    """A run that waits or goes on: step, tile, remaining time, cancel."""

    def __init__(self, job: Job[Any]) -> None:
        super().__init__()
        self.setObjectName("card")
        self.job = job
        self._step = ""
        self._since = time.monotonic()
        self._first = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 4, 8)
        column.setSpacing(4)
        row = QHBoxLayout()
        self.title = QLabel(model_text(job.title))
        row.addWidget(self.title, 1)
        self.cancel_button = icon_button("x", translate("AiPanel", "Cancel this run"), job.cancel)
        row.addWidget(self.cancel_button)
        column.addLayout(row)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        column.addWidget(self.bar)
        self.detail = text_label("", "secondary")
        column.addWidget(self.detail)
        self.refresh()

    def refresh(self) -> None:
        """Say how far the run is."""
        step = self.job.step
        if self.job.state.name == "QUEUED" or step is None:
            waiting = self.job.state.name == "QUEUED"
            self.bar.setRange(0, 1 if waiting else 0)
            self.detail.setText(translate("AiPanel", "waiting") if waiting else translate("AiPanel", "starting"))
            return
        if step.step != self._step:
            self._step, self._since, self._first = step.step, time.monotonic(), step.done
        words = step_title(step.step)
        if step.total < 2:  # one thing has no share that is done
            self.bar.setRange(0, 0)
            self.detail.setText(words)
            return
        self.bar.setRange(0, step.total)
        self.bar.setValue(step.done)
        text = translate("AiPanel", "{0}: {1} of {2}").format(words, step.done, step.total)
        passed, done = time.monotonic() - self._since, step.done - self._first
        if done > 0 and passed > WORTH_AN_ESTIMATE_S:
            text += "  ·  " + duration_text(passed / done * (step.total - step.done))
        self.detail.setText(text)


class DoneRow(QFrame):
    """The run that ended last: what it found is in another tab."""

    def __init__(self, shell: Shell) -> None:
        super().__init__()
        self.setObjectName("card")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 4, 4)
        self.title = text_label("", "done")
        row.addWidget(self.title, 1)
        self.show_button = QPushButton(translate("AiPanel", "Show the findings"))
        self.show_button.setObjectName("flat")
        self.show_button.clicked.connect(lambda: shell.show_tab(FINDINGS))
        row.addWidget(self.show_button)
        self.hide()

    def say(self, title: str) -> None:
        """A run of this package is over."""
        self.title.setText(f"✓  {model_text(title)}")
        self.show()


class AiPanel(FollowingPanel):
    """Packages for the active viewport's stack, and the queue of runs."""

    def __init__(self, workspace: Workspace, shell: Shell) -> None:
        super().__init__()
        self._workspace = workspace
        self._shell = shell
        self.setAcceptDrops(True)
        self.rows: list[PackageRow] = []
        self.run_rows: list[RunRow] = []
        self._stack: Stack | None = None
        self._run_when_listed = False
        self._devices: Sequence[Device] = ()
        column = panel_column(self)
        self.notices = NoticeStrip(workspace, "ai", shell.run_command)
        column.addWidget(self.notices)
        column.addWidget(title_label(translate("AiPanel", "Models for this series")))
        self._list = QVBoxLayout()
        self._list.setSpacing(2)
        column.addLayout(self._list)
        self._group = QButtonGroup(self)
        self._group.buttonToggled.connect(self._chosen)
        row = QHBoxLayout()
        caption = QLabel(translate("AiPanel", "Compute on"))
        caption.setObjectName("secondary")
        self.device = QComboBox()
        self.device.addItem(device_text("auto"), "auto")
        self.device.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.device.setAccessibleName(translate("AiPanel", "Compute on"))
        self.device.activated.connect(self._choose_device)
        row.addWidget(caption)
        row.addWidget(self.device, 1)
        column.addLayout(row)
        row = QHBoxLayout()
        self._numbers_caption = QLabel(translate("AiPanel", "Numbers"))
        self._numbers_caption.setObjectName("secondary")
        self.variant = QComboBox()
        self.variant.setAccessibleName(translate("AiPanel", "Numbers"))
        self.variant.setToolTip(
            translate(
                "AiPanel", "The same network in other numbers, as the package brings it: quicker, a little less exact"
            )
        )
        row.addWidget(self._numbers_caption)
        row.addWidget(self.variant, 1)
        column.addLayout(row)
        self.every_time = QCheckBox()
        self.every_time.setToolTip(
            translate("AiPanel", "One run after the other; without it the time point that is looked at")
        )
        column.addWidget(self.every_time)
        self.run_button = QPushButton(translate("AiPanel", "Run"))
        self.run_button.setObjectName("primary")
        self.run_button.clicked.connect(self.run_chosen)
        self.series_button = QPushButton(translate("AiPanel", "Choose the series…"))
        self.series_button.setToolTip(translate("AiPanel", "This model looks at several series at once"))
        self.series_button.clicked.connect(self.choose_series)
        column.addWidget(self.series_button)
        column.addWidget(self.run_button)
        self.anyway_note = text_label(
            translate(
                "AiPanel", "The model is not meant for this series. You can run it knowingly; its result is marked."
            ),
            "warning",
        )
        column.addWidget(self.anyway_note)
        column.addWidget(rule())
        self._runs_title = title_label(translate("AiPanel", "Runs"))
        column.addWidget(self._runs_title)
        self._runs = QVBoxLayout()
        self._runs.setSpacing(6)
        column.addLayout(self._runs)
        self.done_row = DoneRow(shell)
        column.addWidget(self.done_row)
        column.addStretch(1)
        install = QPushButton(translate("AiPanel", "Install or import a network…"))
        install.setToolTip(translate("AiPanel", "Or drop a package, a MONAI or nnU-Net folder or an ONNX file here"))
        install.clicked.connect(shell.ask_for_package)
        column.addWidget(install)
        library = QPushButton(translate("AiPanel", "Models and devices…"))
        library.clicked.connect(self.show_library)
        column.addWidget(library)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh_runs)
        self.follow(workspace.active_changed, workspace.viewport_changed, workspace.studies_changed)
        listen(self, workspace.packages_changed, self.list_again)
        listen(self, workspace.background.changed, self.refresh_runs)
        listen(self, workspace.results_changed, self.refresh_runs)
        self._chosen()
        self._ask_devices()
        self.list_again()
        self.refresh_runs()

    # ------------------------------------------------------------------ packages

    def refresh(self) -> None:
        """List packages anew where another stack is shown."""
        if self._workspace.active_viewport.stack is not self._stack:
            self.done_row.hide()
            self.list_again()

    def list_again(self) -> None:
        """Look up packages and how they suit the active stack, in the background."""
        from medview.jobs.queue import Lane

        state = self._workspace.active_viewport
        self._stack = stack = state.stack
        series = state.series
        if stack is None or series is None:
            self._show_choices(((), ()))
            return

        def work(progress: object) -> Choices:  # noqa: ARG001 - too short for steps
            from medview.app.model_choice import model_choices

            return model_choices(series, stack)

        def done(choices: Choices) -> None:
            from shiboken6 import isValid

            if isValid(self) and self._stack is stack:
                self._show_choices(choices)

        self._workspace.jobs.submit(
            "models",
            work,
            Lane.PREFETCH,
            on_done=done,
            on_failed=lambda error: self._workspace.tell_error(error, "ai"),
            supersedes="models",
        )

    def _show_choices(self, found: Choices) -> None:
        choices, problems = found
        chosen = self.chosen()
        wanted = chosen.choice.package.manifest.id if chosen is not None else ""
        for row in self.rows:
            self._group.removeButton(row.button)
        self.rows = []
        empty(self._list)
        if self._stack is None:
            self._list.addWidget(text_label(translate("AiPanel", "Open a series first."), "secondary"))
        elif not choices and not problems:
            self._list.addWidget(text_label(translate("AiPanel", "No model packages are installed."), "secondary"))
        elif not any(choice.match.fits for choice in choices):
            self._list.addWidget(
                text_label(translate("AiPanel", "None of the models is meant for this series."), "secondary")
            )
        greyed = False
        for choice in choices:
            if not choice.match.fits and not greyed and choices[0].match.fits:
                greyed = True
                self._list.addWidget(title_label(translate("AiPanel", "Not meant for this series")))
            row = PackageRow(choice, self._group)
            if row.stranger is not None:
                row.stranger.clicked.connect(lambda _on=False, package=choice.package: self._trust(package))
            self.rows.append(row)
            self._list.addWidget(row)
        for problem in problems:
            self._list.addWidget(text_label(problem.path.replace("\\", "/").rsplit("/", 1)[-1], "secondary"))
            self._list.addWidget(text_label(problem_text(problem), "danger"))
        again = next((row for row in self.rows if row.choice.package.manifest.id == wanted), None)
        fitting = [row for row in self.rows if row.choice.match.fits]
        if again is not None and (again.choice.match.fits or not fitting):
            again.button.setChecked(True)
        elif fitting:
            fitting[0].button.setChecked(True)
        self._chosen()
        if self._run_when_listed:
            self._run_when_listed = False
            self.run_best()

    def _trust(self, package: ModelPackage) -> None:
        """The reader stands for a package from now on."""
        from medview.inference.trust import trust

        try:
            trust(package)
        except MedviewError as error:
            self._workspace.tell_error(error, "ai")
        self._workspace.packages_changed.emit()

    def chosen(self) -> PackageRow | None:
        """The row that is chosen."""
        return next((row for row in self.rows if row.button.isChecked()), None)

    def _chosen(self, *_what: object) -> None:
        row = self.chosen()
        fits = row is not None and row.choice.match.fits
        self.run_button.setEnabled(row is not None)
        self.series_button.setVisible(row is not None and bool(row.choice.package.manifest.input.sources))
        prompted = row is not None and row.choice.package.manifest.task == "prompted"
        if prompted:
            words = translate("AiPanel", "Point at something") if fits else translate("AiPanel", "Point anyway")
        else:
            words = translate("AiPanel", "Run") if fits or row is None else translate("AiPanel", "Run anyway")
        self.run_button.setText(words)
        times = self._stack.timepoints if self._stack is not None else 1
        self.every_time.setText(translate("AiPanel", "All {0} time points").format(times))
        self.every_time.setVisible(row is not None and times > 1 and not prompted)
        self._show_variants(() if row is None or prompted else tuple(row.choice.package.variant_facts))
        self.anyway_note.setVisible(row is not None and not fits)

    def _show_variants(self, names: tuple[str, ...]) -> None:
        """The numbers that the chosen package brings its network in."""
        before = self.variant.currentData()
        self.variant.clear()
        self.variant.addItem(translate("AiPanel", "As published"), None)
        for name in names:
            self.variant.addItem(name, name)
        self.variant.setCurrentIndex(max(0, self.variant.findData(before)))
        self.variant.setVisible(bool(names))
        self._numbers_caption.setVisible(bool(names))

    # ------------------------------------------------------------------ device

    def _ask_devices(self) -> None:
        """Which devices are there; asking imports ONNX Runtime, so it is done in the background."""
        from medview.jobs.queue import Lane

        def work(progress: object) -> Sequence[Device]:  # noqa: ARG001 - too short for steps
            from medview.inference.devices import available_devices

            return available_devices()

        def done(devices: Sequence[Device]) -> None:
            from shiboken6 import isValid

            if isValid(self):
                self._show_devices(devices)

        self._workspace.jobs.submit(
            "devices",
            work,
            Lane.PREFETCH,
            on_done=done,
            on_failed=lambda error: self._workspace.tell_error(error, "ai"),
        )

    def _show_devices(self, devices: Sequence[Device]) -> None:
        self._devices = devices
        self.device.clear()
        self.device.addItem(device_text("auto"), "auto")
        for device in devices:
            if device.id == "auto":
                continue
            self.device.addItem(
                device_text(device.id) if device_text(device.id) != device.id else device.title, device.id
            )
            if device.why is not None:
                at = self.device.count() - 1
                self.device.setItemData(at, note_text(device.why), Qt.ItemDataRole.ToolTipRole)
                model = self.device.model()
                item = getattr(model, "item", lambda _at: None)(at)
                if item is not None:
                    item.setEnabled(False)
        at = self.device.findData(self._workspace.settings.device)
        self.device.setCurrentIndex(max(0, at))

    def _choose_device(self, at: int) -> None:
        self._workspace.change_settings(device=self.device.itemData(at))

    def show_library(self) -> None:
        """Open the library of packages and the page of devices."""
        from medview.ui.library_dialog import LibraryDialog

        dialog = LibraryDialog(self._workspace, self.window())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        show_fitted(dialog)

    # ------------------------------------------------------------------ runs

    def run_best(self) -> None:
        """Run the package that fits best; where packages are still being listed, as soon as they are."""
        if not self.rows or self._workspace.active_viewport.stack is not self._stack:
            self._run_when_listed = True
            if self._workspace.active_viewport.stack is not self._stack:
                self.list_again()
            return
        row = next((one for one in self.rows if one.choice.match.fits), None)
        if row is None:
            self._workspace.tell(
                "no_model_fits", "None of the models is meant for this series.", severity="warning", place="ai"
            )
            return
        row.button.setChecked(True)
        self.run_chosen()

    def choose_series(self) -> None:
        """Ask which series is which input of the chosen model."""
        from medview.app.channel_question import channel_question
        from medview.app.opening import find_stack

        row = self.chosen()
        found = find_stack(self._workspace.studies, self._stack.id) if self._stack is not None else None
        if row is None or found is None:
            return
        overrides = () if row.choice.match.fits else tuple(note.code for note in row.choice.match.reasons)
        question = channel_question(*found, row.choice.package, None, overrides)
        if question is None:
            name = model_text(row.choice.package.manifest.input.sources[1].name)
            text = f"The study holds no series for the model's channel {name}."
            self._workspace.tell("channel_missing", text, (name,), place="ai")
            return
        self._workspace.channels_asked.emit(question)

    def run_chosen(self) -> None:
        """Queue the chosen package for the active stack."""
        row = self.chosen()
        if row is None or self._stack is None:
            return
        choice = row.choice
        overrides = () if choice.match.fits else tuple(note.code for note in choice.match.reasons)
        if choice.package.manifest.task == "prompted":
            self._workspace.prompts.choose(choice.package, overrides)
            return
        package, name = choice.package, self.variant.currentData()
        if name is not None:
            from medview.inference.package import variant_of

            package = variant_of(package, name)
        every = self.every_time.isChecked() and self._stack.timepoints > 1
        self._workspace.run_model(self._stack, package, None, overrides, every_time=every)
        self.refresh_runs()

    def refresh_runs(self, *_what: object) -> None:
        """Show runs that wait or go on, and how far they are."""
        from medview.jobs.queue import Lane

        jobs = [job for job in self._workspace.background.jobs if job.lane == Lane.INFERENCE]
        if [row.job for row in self.run_rows] != jobs:
            kept = {id(row.job): row for row in self.run_rows}
            for row in self.run_rows:
                if row.job not in jobs:
                    if row.job.state.name == "DONE":
                        self.done_row.say(row.job.title)
                    self._runs.removeWidget(row)
                    row.hide()
                    row.deleteLater()
            self.run_rows = []
            for job in jobs:
                run_row = kept.get(id(job)) or RunRow(job)
                self.run_rows.append(run_row)
                self._runs.addWidget(run_row)
        for row in self.run_rows:
            row.refresh()
        self._runs_title.setVisible(bool(jobs) or not self.done_row.isHidden())
        if jobs and not self._timer.isActive():
            self._timer.start()
        elif not jobs:
            self._timer.stop()

    # ------------------------------------------------------------------ drop of a package

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self._shell.install_package(url.toLocalFile())
