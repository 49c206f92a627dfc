"""A foreign network on its way in: what was read and guessed, what must still be said, a try on the open series."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from medview.core.problem import MedviewError, Problem
from medview.ui.import_text import field_text, question_text
from medview.ui.messages import problem_text
from medview.ui.parts import empty, rule, text_label, title_label
from medview.ui.text import translate

if TYPE_CHECKING:
    from collections.abc import Callable

    from medview.app.workspace import Workspace
    from medview.inference.importing.draft import Draft, Question
    from medview.inference.package import ModelPackage

Field = QComboBox | QLineEdit
AGAIN_MS = 350
"""After the last key; reading a graph again takes a few ms."""

OPEN_FIELDS = ("name", "licence", "fits.modalities")
"""What the files say but the reader may say better."""


class ImportDialog(QDialog):
    """Asks what a network cannot say, tries it on the open series, installs it or writes it as a package."""

    def __init__(self, workspace: Workspace, path: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Import", "Import a network"))
        self.resize(640, 640)
        self._workspace = workspace
        self._path = Path(path)
        self.fields: dict[str, Field] = {}
        self.draft: Draft | None = None
        self._asked: dict[str, Question] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addWidget(title_label(self._path.name))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        body = QVBoxLayout(inside)
        body.setContentsMargins(0, 0, 8, 0)
        body.setSpacing(8)
        self.summary = text_label("", "secondary", selectable=True)
        body.addWidget(self.summary)
        self._form = QVBoxLayout()
        self._form.setSpacing(4)
        body.addLayout(self._form)
        body.addWidget(rule())
        self._guesses = QVBoxLayout()
        self._guesses.setSpacing(2)
        body.addLayout(self._guesses)
        body.addStretch(1)
        area.setWidget(inside)
        column.addWidget(area, 1)
        self.fault = text_label("", "danger")
        column.addWidget(self.fault)
        column.addWidget(
            text_label(translate("Import", "An imported network is not trusted until you say so."), "secondary")
        )
        column.addLayout(self._buttons())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AGAIN_MS)
        self._timer.timeout.connect(self._read_again)
        self._enable(False)
        self._read_again()

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.try_button = QPushButton(translate("Import", "Try on the open series"))
        self.try_button.clicked.connect(self.try_it)
        self.save_button = QPushButton(translate("Import", "Save the package…"))
        self.save_button.clicked.connect(self._ask_where)
        self.install_button = QPushButton(translate("Import", "Install"))
        self.install_button.setObjectName("primary")
        self.install_button.clicked.connect(self.install)
        close = QPushButton(translate("Import", "Close"))
        close.clicked.connect(self.close)
        row.addWidget(self.try_button)
        row.addStretch(1)
        for button in (self.save_button, self.install_button, close):
            row.addWidget(button)
        for button in (self.try_button, self.save_button, self.install_button, close):
            button.setAutoDefault(False)
        return row

    # ------------------------------------------------------------------ reading

    def answers(self) -> dict[str, str]:
        """What the fields say; empty ones say nothing."""
        found = {}
        for name, field in self.fields.items():
            text = field.currentText() if isinstance(field, QComboBox) else field.text()
            if text.strip():
                found[name] = text.strip()
        return found

    def _read_again(self) -> None:
        answers, path = self.answers(), self._path

        def work(progress: object) -> Draft:  # noqa: ARG001 - too short for steps
            from medview.inference.importing.begin import begin_import

            return begin_import(path, answers)

        self._submit(work, self._show, "import")

    def _submit(
        self, work: Callable[[object], Any], done: Callable[[Any], None], supersedes: str | None = None
    ) -> None:
        from medview.jobs.queue import Lane

        def if_open(answer: Any) -> None:
            from shiboken6 import isValid

            if isValid(self):
                done(answer)

        def failed(error: BaseException) -> None:
            from shiboken6 import isValid

            if isValid(self):
                self._show_fault(error)

        self._workspace.background.remember(
            self._workspace.jobs.submit(
                "install", work, Lane.ANALYSIS, on_done=if_open, on_failed=failed, supersedes=supersedes
            )
        )

    def _show_fault(self, error: BaseException) -> None:
        if isinstance(error, MedviewError):
            said = problem_text(Problem(error.path or str(self._path), error.code, error.text, values=error.values))
        else:
            said = problem_text(Problem(str(self._path), "unexpected", str(error), values=(str(error),)))
        self.fault.setText(said)
        self._enable(False)

    def _show(self, draft: Draft) -> None:
        first = self.draft is None
        self.draft = draft
        for question in draft.questions:
            self._asked.setdefault(question.field, question)
        for name in list(self._asked):
            if name not in draft.used and all(question.field != name for question in draft.questions):
                del self._asked[name]
        wanted = [*self._asked, *OPEN_FIELDS]
        prefilled = False
        if list(self.fields) != wanted:
            prefilled = self._build_form(draft, wanted)
        self._summarise(draft)
        if first or prefilled:
            self._timer.start(0)
            return
        try:
            if not draft.questions:
                draft.finished()
        except MedviewError as error:
            self._show_fault(error)
            return
        self.fault.setText("")
        self._enable(not draft.questions)

    def _enable(self, ready: bool) -> None:
        """Every button that cannot be pressed says why."""
        first = translate("Import", "Answer what the network cannot say first")
        is_open = self._workspace.active_viewport.stack is not None
        nothing = translate("Import", "Open a series first")
        for button, there in ((self.save_button, True), (self.install_button, True), (self.try_button, is_open)):
            button.setEnabled(ready and there)
            button.setToolTip(first if not ready else "" if there else nothing)

    # ------------------------------------------------------------------ showing

    def _summarise(self, draft: Draft) -> None:
        from medview.inference.importing.ports import shape_text

        graph = draft.graph
        ports = [f"{port.name}: {port.type} {shape_text(port.shape)}" for port in (*graph.inputs, *graph.outputs)]
        self.summary.setText("\n".join([draft.convention, *ports]))
        empty(self._guesses)
        if draft.guesses or draft.notes:
            self._guesses.addWidget(title_label(translate("Import", "Concluded from the files")))
        for guess in draft.guesses:
            self._guesses.addWidget(text_label(f"{guess.field} = {guess.value}  ({guess.why})", "secondary"))
        for note in draft.notes:
            self._guesses.addWidget(text_label(note, "warning"))

    def _build_form(self, draft: Draft, wanted: list[str]) -> bool:
        """Fields anew, what was said kept; whether any was filled with a suggestion."""
        kept = self.answers()
        empty(self._form)
        self.fields = {}
        if self._asked:
            self._form.addWidget(title_label(translate("Import", "What the network cannot say")))
        prefilled = False
        for name in wanted:
            question = self._asked.get(name)
            caption = question_text(question.code, question.text) if question is not None else field_text(name)
            said = kept.get(name)
            if said is None:
                said = question.suggestion if question is not None else _present(draft, name)
                prefilled = prefilled or (question is not None and bool(said))
            field = self._field(question, said)
            field.setAccessibleName(caption)
            field.setToolTip(question.text if question is not None else "")
            self.fields[name] = field
            self._form.addWidget(text_label(caption))
            self._form.addWidget(field)
        return prefilled

    def _field(self, question: Question | None, said: str) -> Field:
        if question is not None and question.choices:
            combo = QComboBox()
            combo.setEditable(question.field == "input.axes")
            combo.addItem("")
            combo.addItems(list(question.choices))
            if said and combo.findText(said) < 0:
                combo.addItem(said)
            combo.setCurrentText(said)
            combo.currentTextChanged.connect(lambda _text: self._timer.start())
            return combo
        line = QLineEdit(said)
        line.setPlaceholderText(question.example if question is not None else "")
        line.textChanged.connect(lambda _text: self._timer.start())
        return line

    # ------------------------------------------------------------------ what becomes of it

    def _made(self, target: Path, then: Callable[[ModelPackage], None]) -> None:
        """Write the package to ``target`` in the background."""
        answers, path = self.answers(), self._path

        def work(progress: object) -> ModelPackage:  # noqa: ARG001 - a copy and one opening
            from medview.app.contained import Networks
            from medview.inference.importing.begin import begin_import
            from medview.inference.importing.write import write_package

            with Networks(warm=0) as networks:
                return write_package(begin_import(path, answers), target, networks.open)

        self._submit(work, then)

    def try_it(self) -> None:
        """Run it on the active stack from a temporary package; what does not fit is set aside knowingly."""
        from medview.inference.package import PassingFolder

        place = Path(tempfile.mkdtemp(prefix="medview-try-"))
        folder = PassingFolder(place)

        def run(package: ModelPackage) -> None:
            from medview.inference.match import match

            state = self._workspace.active_viewport
            if state.stack is None or state.series is None:
                return
            kept = replace(package, keep=folder)
            found = match(kept, state.series, state.stack)
            overrides = () if found.fits else tuple(note.code for note in found.reasons)
            self._workspace.run_model(state.stack, kept, None, overrides)

        self._made(place / "package", run)

    def install(self) -> None:
        """Put it among the installed packages."""
        answers, path = self.answers(), self._path

        def work(progress: object) -> ModelPackage:  # noqa: ARG001 - a copy and one opening
            from medview.app.contained import Networks
            from medview.inference.importing.begin import begin_import
            from medview.inference.importing.write import write_package
            from medview.inference.library import install

            made = Path(tempfile.mkdtemp(prefix="medview-import-"))
            try:
                with Networks(warm=0) as networks:
                    return install(write_package(begin_import(path, answers), made / "package", networks.open).folder)
            finally:
                shutil.rmtree(made, ignore_errors=True)

        self._submit(work, self._installed)

    def _installed(self, package: ModelPackage) -> None:
        name = f"{package.manifest.name} {package.manifest.version}"
        self._workspace.tell("package_installed", f"{name} is installed.", (name,), severity="done", place="ai")
        self._workspace.packages_changed.emit()
        self.close()

    def _ask_where(self) -> None:
        path, _kind = QFileDialog.getSaveFileName(
            self,
            translate("Import", "Save the package"),
            str(self._path.with_suffix("").with_name(self._path.stem + "-package.zip")),
            translate("Import", "Model packages") + " (*.zip)",
        )
        if path:
            Path(path).unlink(missing_ok=True)  # the file dialog has asked
            self._made(Path(path), self._saved)

    def _saved(self, package: ModelPackage) -> None:
        name = package.source.name
        self._workspace.tell("saved", f"Saved as {name}.", (name,), severity="done", place="ai")


def _present(draft: Draft, name: str) -> str:
    at: Any = draft.manifest
    for part in name.split("."):
        at = at.get(part) if isinstance(at, dict) else None
    return ", ".join(at) if isinstance(at, list) else str(at or "")
