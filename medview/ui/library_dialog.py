"""The library of model packages, and the devices that they can run on: card, licence, hash, trust, breakdowns, speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QMessageBox,
    QPlainTextEdit,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medview.app.notices import AI
from medview.ui.device_text import device_text
from medview.ui.listen import listen
from medview.ui.messages import note_text
from medview.ui.model_text import model_text
from medview.ui.parts import text_label, title_label
from medview.ui.text import shown_number, translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.problem import Problem
    from medview.inference.bench import DeviceSpeed
    from medview.inference.devices import Device
    from medview.inference.incidents import Incident
    from medview.inference.package import ModelPackage

AT_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, eq=False)
class Entry:
    """A package as the library shows it; what is said of it was read in the background."""

    package: ModelPackage
    trusted: bool
    incident: Incident | None
    card: str
    sha256: str


Listed = tuple[tuple[Entry, ...], "tuple[Problem, ...]", "tuple[Device, ...]"]


def read_library(progress: object) -> Listed:  # noqa: ARG001 - too short for steps
    """All packages with what is known of each, unusable ones, and the devices. Reads files; run it in a job."""
    from medview.inference.devices import available_devices
    from medview.inference.incidents import incident_of
    from medview.inference.library import packages
    from medview.inference.trust import is_trusted

    found, problems = packages()
    entries = tuple(Entry(one, is_trusted(one), incident_of(one), one.card, one.sha256) for one in found)
    return entries, problems, available_devices()


class LibraryDialog(QDialog):
    """Packages at the left, what is known of the chosen one at the right, devices below."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Library", "Models and devices"))
        self.resize(860, 640)
        self._workspace = workspace
        self.entries: tuple[Entry, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        split = QSplitter()
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([translate("Library", "Model"), translate("Library", "Version")])
        self.tree.setRootIsDecorated(False)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.setAccessibleName(translate("Library", "Model packages"))
        self.tree.currentItemChanged.connect(lambda *_: self._show_chosen())
        split.addWidget(self.tree)
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setAccessibleName(translate("Library", "About the model"))
        split.addWidget(self.details)
        split.setSizes([320, 520])
        column.addWidget(split, 1)
        row = QHBoxLayout()
        self.trust_button = QPushButton()
        self.trust_button.clicked.connect(self.toggle_trust)
        self.remove_button = QPushButton(translate("Library", "Remove…"))
        self.remove_button.clicked.connect(self._ask_to_remove)
        self.bench_button = QPushButton(translate("Library", "Measure the devices"))
        self.bench_button.clicked.connect(self.measure)
        for button in (self.trust_button, self.remove_button, self.bench_button):
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        self.on_open = QCheckBox(translate("Library", "Run by itself on every study that is opened and suits it"))
        self.on_open.toggled.connect(self._choose_on_open)
        column.addWidget(self.on_open)
        column.addWidget(title_label(translate("Library", "Devices")))
        self.devices = QTableWidget(0, 3)
        self.devices.setHorizontalHeaderLabels(
            [translate("Library", "Device"), translate("Library", "State"), translate("Library", "Speed")]
        )
        self.devices.verticalHeader().hide()
        self.devices.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.devices.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.devices.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.devices.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.devices.setColumnWidth(0, 150)
        self.devices.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.devices.setWordWrap(True)
        self.devices.setShowGrid(False)
        self.devices.setAccessibleName(translate("Library", "Devices"))
        self.devices.setMaximumHeight(220)
        column.addWidget(self.devices)
        self.state = text_label("", "secondary")
        column.addWidget(self.state)
        listen(self, workspace.packages_changed, self.list_again)
        self._show_chosen()
        self.list_again()

    # ------------------------------------------------------------------ listing

    def list_again(self) -> None:
        """Read the library in the background and show it."""
        self._submit("library", read_library, self._show)

    def _submit(self, title: str, work: Any, done: Any) -> Any:
        from shiboken6 import isValid

        from medview.jobs.queue import Lane

        def failed(error: BaseException) -> None:
            self._workspace.tell_error(error, AI)
            if isValid(self):
                self.state.setText(str(error))
                self.bench_button.setEnabled(self.chosen() is not None)

        return self._workspace.jobs.submit(
            title,
            work,
            Lane.ANALYSIS,
            on_done=lambda answer: done(answer) if isValid(self) else None,
            on_failed=failed,
            supersedes=title,
        )

    def _show(self, listed: Listed) -> None:
        chosen = self.chosen()
        wanted = chosen.sha256 if chosen is not None else ""
        self.entries, problems, devices = listed
        self.tree.clear()
        for at, entry in enumerate(self.entries):
            manifest = entry.package.manifest
            item = QTreeWidgetItem([model_text(manifest.name), manifest.version])
            item.setData(0, AT_ROLE, at)
            self.tree.addTopLevelItem(item)
            if entry.sha256 == wanted:
                self.tree.setCurrentItem(item)
        for problem in problems:
            item = QTreeWidgetItem([problem.path.replace("\\", "/").rsplit("/", 1)[-1], ""])
            item.setToolTip(0, problem.what)
            item.setDisabled(True)
            self.tree.addTopLevelItem(item)
        first = self.tree.topLevelItem(0)
        if chosen is None and first is not None and self.entries:
            self.tree.setCurrentItem(first)
        self._show_devices(devices)
        self._show_chosen()

    def _show_devices(self, devices: Sequence[Device]) -> None:
        self.devices.setRowCount(len(devices))
        for row, device in enumerate(sorted(devices, key=lambda one: not one.present)):
            name = device_text(device.id)
            state = translate("Library", "available") if device.why is None else note_text(device.why)
            for at, text in enumerate((name if name != device.id else device.title, state, "")):
                item = QTableWidgetItem(text)
                item.setData(AT_ROLE, device.id)
                item.setToolTip(text)
                self.devices.setItem(row, at, item)

    def chosen(self) -> Entry | None:
        """The package that is chosen."""
        item = self.tree.currentItem()
        at = item.data(0, AT_ROLE) if item is not None else None
        return self.entries[at] if isinstance(at, int) and at < len(self.entries) else None

    def _show_chosen(self) -> None:
        entry = self.chosen()
        self.bench_button.setEnabled(entry is not None)
        self.remove_button.setEnabled(entry is not None and entry.package.origin == "installed")
        self.trust_button.setEnabled(entry is not None and entry.package.origin != "built-in")
        trusted = entry is not None and entry.trusted
        self.trust_button.setText(
            translate("Library", "Do not trust any more") if trusted else translate("Library", "Trust")
        )
        self._show_on_open(entry)
        self.details.setPlainText("" if entry is None else details_text(entry))

    def _show_on_open(self, entry: Entry | None) -> None:
        """Only what the reader trusts may run unasked."""
        from medview.app.run_on_open import key_of, runs_on_open

        chosen = entry is not None and runs_on_open(self._workspace, key_of(entry.package))
        self.on_open.blockSignals(True)
        self.on_open.setChecked(chosen)
        self.on_open.blockSignals(False)
        self.on_open.setEnabled(entry is not None and (entry.trusted or chosen))
        told = translate("Library", "The message beside the models says what runs, and cancels it")
        first = translate("Library", "Trust it first")
        self.on_open.setToolTip(told if self.on_open.isEnabled() or entry is None else first)

    # ------------------------------------------------------------------ what the reader does

    def _choose_on_open(self, on: bool) -> None:
        from medview.app.run_on_open import choose_run_on_open, key_of

        entry = self.chosen()
        if entry is not None:
            choose_run_on_open(self._workspace, key_of(entry.package), on)

    def toggle_trust(self) -> None:
        """Give or take back the reader's word for the chosen package."""
        from medview.core.problem import MedviewError
        from medview.inference.trust import distrust, trust

        entry = self.chosen()
        if entry is None:
            return
        try:
            (distrust if entry.trusted else trust)(entry.package)
        except MedviewError as error:
            self._workspace.tell_error(error, AI)
        self._workspace.packages_changed.emit()

    def _ask_to_remove(self) -> None:
        entry = self.chosen()
        if entry is None:
            return
        name = f"{model_text(entry.package.manifest.name)} {entry.package.manifest.version}"
        question = translate("Library", "Remove {0} from this computer?").format(name)
        if QMessageBox.question(self, self.windowTitle(), question) == QMessageBox.StandardButton.Yes:
            self.remove()

    def remove(self) -> None:
        """Delete the chosen package; results that it gave stay."""
        from medview.core.problem import MedviewError
        from medview.inference.library import remove

        entry = self.chosen()
        if entry is None:
            return
        try:
            remove(f"{entry.package.manifest.id}@{entry.package.manifest.version}")
        except MedviewError as error:
            self._workspace.tell_error(error, AI)
        self._workspace.packages_changed.emit()

    def measure(self) -> None:
        """Run the chosen package's network on each device, in the background, and show how fast each is."""
        entry = self.chosen()
        if entry is None:
            return
        networks = self._workspace.inference.networks
        package = entry.package

        def work(progress: Any) -> Sequence[DeviceSpeed]:
            from medview.inference.bench import bench_package

            return bench_package(package, networks.open, progress=progress)

        self.bench_button.setEnabled(False)
        self.state.setText(translate("Library", "Measuring {0}…").format(model_text(package.manifest.name)))
        self._workspace.background.remember(self._submit("bench", work, self._show_speeds))

    def _show_speeds(self, lines: Sequence[DeviceSpeed]) -> None:
        self.state.setText("")
        self.bench_button.setEnabled(self.chosen() is not None)
        by_device = {line.device: line for line in lines if not line.variant}
        for row in range(self.devices.rowCount()):
            state, speed = self.devices.item(row, 1), self.devices.item(row, 2)
            line = by_device.get(state.data(AT_ROLE)) if state is not None else None
            if line is None or state is None or speed is None:
                continue
            if line.call_s is None:
                state.setText(line.reason)
            others = [one for one in lines if one.device == line.device and one.variant]
            text = "\n".join([speed_text(line), *(f"{one.variant}: {speed_text(one) or one.reason}" for one in others)])
            speed.setText(text)
            speed.setToolTip(text)


def speed_text(line: DeviceSpeed) -> str:
    """How fast a device was, and how far from the processor's answer."""
    if line.call_s is None:
        return ""
    shape = "×".join(str(length) for length in line.input_shape[-3:])
    text = translate("Library", "{0} ms for {1}").format(shown_number(line.call_s * 1000, ".1f"), shape)
    if line.difference is not None:
        text += ", " + translate("Library", "differs by {0}").format(f"{line.difference:.1e}")
    if line.agreement is not None:
        text += ", " + translate("Library", "decides the same in {0} %").format(
            shown_number(line.agreement * 100, ".4g")
        )
    return text


def details_text(entry: Entry) -> str:
    """What is known of a package, as plain text: nothing of it is taken for markup."""
    manifest = entry.package.manifest
    lines = [
        f"{model_text(manifest.name)} {manifest.version}",
        manifest.description,
        "",
        translate("Library", "Licence: {0}").format(manifest.licence),
        translate("Library", "Intended use: {0}").format(manifest.intended_use),
        translate("Library", "Network (SHA-256): {0}").format(entry.package.model_sha256),
        translate("Library", "Package (SHA-256): {0}").format(entry.sha256),
        translate("Library", "Place: {0}").format(entry.package.source),
        translate("Library", "trusted") if entry.trusted else translate("Library", "not trusted yet"),
    ]
    fits = [*manifest.fits.modalities, *manifest.fits.body_parts]
    if fits:
        lines.append(translate("Library", "Made for: {0}").format(", ".join(fits)))
    if manifest.research_only:
        lines.append(translate("Library", "Research use, not for diagnosis."))
    if entry.incident is not None:
        told = translate("Library", "Broke down {0} time(s), the last time on {1}: {2}")
        lines.append(told.format(entry.incident.times, entry.incident.said_at, entry.incident.cause))
    if entry.card:
        lines += ["", entry.card]
    return "\n".join(lines)


__all__ = ["Entry", "LibraryDialog", "details_text", "read_library", "speed_text"]
