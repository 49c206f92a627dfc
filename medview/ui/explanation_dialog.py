"""Questions to models: the form that they are asked with, how far they are, and the answers. Beside the images, never modal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from medview.app.explanations import Wish
from medview.app.notices import AI
from medview.core.finding import Finding, InferenceResult
from medview.core.parameter import Parameter, ParameterValue
from medview.core.problem import MedviewError
from medview.core.progress import Cancelled
from medview.ui.explanation_card import ExplanationCard
from medview.ui.explanation_text import explanation_text
from medview.ui.listen import listen
from medview.ui.messages import message_text
from medview.ui.model_text import model_text
from medview.ui.parts import RealField, WholeField, empty, icon_button, rule, text_label
from medview.ui.text import shown_number, translate

if TYPE_CHECKING:
    from medview.app.model_choice import ModelChoice
    from medview.app.workspace import Workspace
    from medview.core.study import Stack
    from medview.inference.explaining.methods import Method
    from medview.jobs.queue import Job

REFRESH_MS = 200
LISTED_LAYERS = 60
MOST_PACKAGES_ROWS = 4


class ParameterRow:
    """The field of one parameter."""

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter
        self.caption = QLabel(explanation_text(parameter.title))
        self.caption.setObjectName("secondary")
        self.caption.setWordWrap(True)
        self.field: QComboBox | QSpinBox | QDoubleSpinBox
        unit = explanation_text(parameter.unit) if parameter.unit not in {"", "mm", "ml"} else parameter.unit
        if parameter.kind == "choice":
            choice = QComboBox()
            for one in parameter.choices:
                choice.addItem(explanation_text(one), one)
            choice.setCurrentIndex(parameter.choices.index(str(parameter.default)))
            self.field = choice
        elif parameter.kind == "int":
            whole = WholeField()
            whole.setRange(int(parameter.minimum), int(parameter.maximum))
            whole.setSingleStep(max(1, int(parameter.step)))
            whole.setValue(int(parameter.default))
            self.field = whole
        else:
            real = RealField()
            real.setDecimals(2 if parameter.step < 1 else 1)
            real.setRange(parameter.minimum, parameter.maximum)
            real.setSingleStep(parameter.step)
            real.setValue(float(parameter.default))
            self.field = real
        if isinstance(self.field, QSpinBox | QDoubleSpinBox):
            self.field.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.field.setSuffix(f" {unit}" if unit else "")
        self.field.setAccessibleName(explanation_text(parameter.title))

    @property
    def value(self) -> ParameterValue:
        """What stands in the field."""
        if isinstance(self.field, QComboBox):
            return str(self.field.currentData())
        return self.field.value()


class ExplanationDialog(QDialog):
    """Asks about the active viewport's stack; the answers of that stack are listed below."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Explain", "Questions to a model"))
        self.resize(430, 820)
        self._workspace = workspace
        self._stack: Stack | None = None
        self._choices: tuple[ModelChoice, ...] = ()
        self._wanted = ""
        self._job: Job[Any] | None = None
        self.rows: list[ParameterRow] = []
        self.cards: list[ExplanationCard] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self._build_form(column)
        self._build_job(column)
        column.addWidget(rule())
        inner = QWidget()
        self._cards = QVBoxLayout(inner)
        self._cards.setContentsMargins(0, 0, 6, 0)
        self._cards.setSpacing(12)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(inner)
        column.addWidget(scroll, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self._refresh_job)
        explanations = workspace.explanations
        listen(self, explanations.changed, lambda _stack: self._show_cards())
        listen(self, explanations.done, self._ended)
        listen(self, explanations.failed, self._ended)
        listen(self, workspace.active_changed, self._follow)
        listen(self, workspace.viewport_changed, lambda _index: self._follow())
        listen(self, workspace.packages_changed, self.list_again)
        listen(self, workspace.read_first.changed, self._reveal)
        listen(self, workspace.finding_selected, lambda _result, _finding: self._list_places())
        self._choose_method()
        self.list_again()
        self._show_cards()

    # ------------------------------------------------------------------ the form

    def _build_form(self, column: QVBoxLayout) -> None:
        from medview.inference.explaining.methods import METHODS

        self._form = form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(10)
        form.setVerticalSpacing(6)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.method = QComboBox()
        for method in METHODS:
            self.method.addItem(explanation_text(method.title), method.id)
        self.method.setAccessibleName(translate("Explain", "Question"))
        self.method.activated.connect(self._choose_method)
        form.addRow(self._caption(translate("Explain", "Question")), self.method)
        self.about = text_label("", "secondary")
        form.addRow(self.about)
        self.model = self._combo(translate("Explain", "Model"))
        self.model.activated.connect(self._choose_model)
        self.others = QListWidget()
        self.others.setAccessibleName(translate("Explain", "With"))
        self._others_caption = self._caption(translate("Explain", "With"))
        form.addRow(self._others_caption, self.others)
        self.label = self._combo(translate("Explain", "About"))
        self.place = self._combo(translate("Explain", "Where"))
        self.layer = self._combo(translate("Explain", "Layer"))
        self.layer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        column.addLayout(form)

    @staticmethod
    def _caption(text: str) -> QLabel:
        label = QLabel(text)
        label.setObjectName("secondary")
        return label

    def _combo(self, title: str) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(title)
        self._form.addRow(self._caption(title), combo)
        return combo

    def _build_job(self, column: QVBoxLayout) -> None:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.ask_button = QPushButton(translate("Explain", "Ask"))
        self.ask_button.setObjectName("primary")
        self.ask_button.setDefault(True)
        self.ask_button.clicked.connect(self.ask)
        row.addWidget(self.ask_button, 1)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        row.addWidget(self.bar, 2)
        self.cancel_button = icon_button("x", translate("Explain", "Take the question back"), self.cancel)
        row.addWidget(self.cancel_button)
        column.addLayout(row)
        self.state = text_label("", "secondary")
        column.addWidget(self.state)
        self._show_running(running=False)

    @property
    def chosen_method(self) -> Method:
        """What is asked."""
        from medview.inference.explaining.methods import method_of

        return method_of(str(self.method.currentData()))

    def _choose_method(self, *_at: object) -> None:
        method = self.chosen_method
        self.about.setText(explanation_text(method.about))
        several = method.packages[1] > 1
        self._form.setRowVisible(self.others, several)
        self._form.setRowVisible(self.label, method.asks_label)
        self._form.setRowVisible(self.layer, method.id in {"cam", "features"})
        self._form.setRowVisible(self.place, method.packages[1] == 1)
        for row in self.rows:
            self._form.removeRow(row.field)
        self.rows = [ParameterRow(parameter) for parameter in method.parameters]
        for row in self.rows:
            self._form.addRow(row.caption, row.field)
        self._may_ask()

    def choose_method(self, method_id: str) -> None:
        """Ask this way."""
        self.method.setCurrentIndex(self.method.findData(method_id))
        self._choose_method()

    # ------------------------------------------------------------------ models, labels, places

    def _follow(self, *_what: object) -> None:
        if self._workspace.active_viewport.stack is not self._stack:
            self.list_again()
            self._show_cards()

    def list_again(self) -> None:
        """Look up which packages fit the active stack, in the background."""
        from medview.jobs.queue import Lane

        state = self._workspace.active_viewport
        self._stack = stack = state.stack
        series = state.series
        self._list_places()
        if stack is None or series is None:
            self._show_choices(())
            return

        def work(progress: object) -> tuple[ModelChoice, ...]:  # noqa: ARG001 - too short for steps
            from medview.app.model_choice import model_choices

            return model_choices(series, stack)[0]

        def done(choices: tuple[ModelChoice, ...]) -> None:
            from shiboken6 import isValid

            if isValid(self) and self._stack is stack:
                self._show_choices(choices)

        self._workspace.jobs.submit(
            "models",
            work,
            Lane.PREFETCH,
            on_done=done,
            on_failed=lambda error: self._workspace.tell_error(error, AI),
            supersedes="models-to-question",
        )

    def _overrides(self, choice: ModelChoice) -> tuple[str, ...] | None:
        """Reasons that are set aside: none where it fits, those of its own result where it was run anyway; None: not at all."""
        if choice.match.fits:
            return ()
        stack = self._stack
        for result in self._workspace.results.of(stack.id) if stack is not None else ():
            if result.provenance.package_sha256 == choice.package.sha256 and result.provenance.overrides:
                return result.provenance.overrides
        return None

    def _show_choices(self, choices: tuple[ModelChoice, ...]) -> None:
        self._choices = tuple(
            choice
            for choice in choices
            if self._overrides(choice) is not None and choice.package.manifest.task != "prompted"
        )
        wanted = self._wanted or str(self.model.currentData() or "")
        self.model.clear()
        self.others.clear()
        for choice in self._choices:
            manifest = choice.package.manifest
            title = f"{model_text(manifest.name)} {manifest.version}"
            self.model.addItem(title, choice.package.sha256)
            item = QListWidgetItem(title)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked)
            self.others.addItem(item)
        row = self.others.sizeHintForRow(0) if self.others.count() else 16
        self.others.setFixedHeight(min(max(self.others.count(), 1), MOST_PACKAGES_ROWS) * max(row, 16) + 6)
        self.model.setCurrentIndex(max(0, self.model.findData(wanted)))
        self._wanted = ""
        self._choose_model()

    def chosen_model(self) -> ModelChoice | None:
        """The package that is asked."""
        at = self.model.currentIndex()
        return self._choices[at] if 0 <= at < len(self._choices) else None

    def _choose_model(self, *_at: object) -> None:
        choice = self.chosen_model()
        before = self.label.currentData()
        self.label.clear()
        self.label.addItem(translate("Explain", "What the model finds most"), "")
        self.layer.clear()
        self.layer.addItem(translate("Explain", "The deepest"), "")
        if choice is not None:
            from medview.inference.explaining.scoring import label_names

            for name in label_names(choice.package.manifest.output):
                self.label.addItem(model_text(name), name)
            self.label.setCurrentIndex(max(0, self.label.findData(before)))
            self._list_layers(choice)
        for at in range(self.others.count()):
            item = self.others.item(at)
            item.setHidden(at == self.model.currentIndex())
        self._may_ask()

    def _list_layers(self, choice: ModelChoice) -> None:
        """The tensors of the graph that may be maps of features; read in the background."""
        from medview.jobs.queue import Lane

        path = choice.package.model_path

        def work(progress: object) -> tuple[tuple[str, str], ...]:  # noqa: ARG001 - too short for steps
            from medview.inference.graph_outputs import feature_tensors

            return feature_tensors(path)

        def done(found: tuple[tuple[str, str], ...]) -> None:
            from shiboken6 import isValid

            if isValid(self) and self.chosen_model() is choice:
                for name, operator in reversed(found[-LISTED_LAYERS:]):
                    self.layer.addItem(f"{operator}  {name}", name)

        self._workspace.jobs.submit(
            "models", work, Lane.PREFETCH, on_done=done, on_failed=lambda _error: None, supersedes="layers"
        )

    def _list_places(self) -> None:
        """What is shown, and the findings of models."""
        before = self.place.currentIndex()
        self.place.clear()
        self.place.addItem(translate("Explain", "What the viewport shows"), None)
        stack = self._stack
        chosen = self._workspace.selected_pair()
        for result in self._workspace.results.of(stack.id) if stack is not None else ():
            for finding in self._workspace.results.visible_findings(result):
                title = translate("Explain", "{0} {1} on slice {2}").format(
                    model_text(finding.label), shown_number(finding.score, ".2f"), finding.k + 1
                )
                self.place.addItem(title, (result, finding))
                if chosen is not None and chosen[1] is finding:
                    before = self.place.count() - 1
        self.place.setCurrentIndex(before if 0 <= before < self.place.count() else 0)

    def ask_about(self, result: InferenceResult | None) -> None:
        """Get the form ready for what a model said: its package, its label, its finding that the reader went to."""
        if result is None:
            return
        self._wanted = result.provenance.package_sha256
        self.model.setCurrentIndex(max(0, self.model.findData(self._wanted)))
        self._choose_model()
        self.choose_method("probability" if result.segmentation is not None and not result.findings else "occlusion")
        self._list_places()
        if result.classification:
            best = max(result.classification, key=lambda line: line.probability)
            self.label.setCurrentIndex(max(0, self.label.findData(best.label)))

    # ------------------------------------------------------------------ asking

    def _may_ask(self) -> None:
        hidden = self._workspace.read_first.hides
        can = self.chosen_model() is not None and self._job is None and not hidden
        self.ask_button.setEnabled(can)
        if hidden:
            self.state.setText(translate("Explain", "You read first: what models say stays hidden until then."))
        elif self._job is None and self.chosen_model() is None:
            words = translate("Explain", "Open a series first.")
            if self._stack is not None:
                words = translate("Explain", "None of the models is meant for this series.")
            self.state.setText(words)
        elif self._job is None:
            self.state.setText("")

    def wish(self) -> Wish | None:
        """What stands in the form."""
        first = self.chosen_model()
        if first is None:
            return None
        method = self.chosen_method
        chosen = [first]
        if method.packages[1] > 1:
            for at, choice in enumerate(self._choices):
                if choice is not first and self.others.item(at).checkState() == Qt.CheckState.Checked:
                    chosen.append(choice)
        pair = self.place.currentData() if method.packages[1] == 1 else None
        finding: Finding | None = pair[1] if pair is not None else None
        own = pair is not None and pair[0].provenance.package_sha256 == first.package.sha256
        label = str(self.label.currentData() or "") or None
        if label is None and finding is not None and own:
            label = finding.label
        return Wish(
            method.id,
            tuple((choice.package, self._overrides(choice) or ()) for choice in chosen),
            label if method.asks_label else None,
            finding,
            own,
            str(self.layer.currentData() or ""),
            {row.parameter.name: row.value for row in self.rows},
        )

    def ask(self) -> None:
        """Ask what stands in the form."""
        wish, stack = self.wish(), self._stack
        if wish is None or stack is None or self._job is not None:
            return
        fewest, most = self.chosen_method.packages
        if not fewest <= len(wish.packages) <= most:
            words = translate("Explain", "Choose one more model to compare with.")
            if most > 2:
                words = translate("Explain", "Choose at least one more model.")
            self._tell(words, "danger")
            return
        self._job = self._workspace.explanations.ask(stack, wish, self._workspace.active_viewport)
        self._show_running(self._job is not None)
        if self._job is None:
            self._tell(translate("Explain", "This cannot be asked; the messages say why."), "danger")
        else:
            self._tell("", "secondary")
            self._timer.start()

    def cancel(self) -> None:
        """Not wanted any more."""
        if self._job is not None:
            self._job.cancel()

    def _show_running(self, running: bool) -> None:
        self.bar.setVisible(running)
        self.cancel_button.setVisible(running)
        may = self.chosen_model() is not None and not self._workspace.read_first.hides
        self.ask_button.setEnabled(not running and may)

    def _tell(self, words: str, role: str) -> None:
        self.state.setObjectName(role)
        self.state.style().unpolish(self.state)
        self.state.style().polish(self.state)
        self.state.setText(words)

    def _refresh_job(self) -> None:
        from medview.ui.status_line import step_title

        job = self._job
        if job is None or job.is_over:
            if job is not None and job.state.name == "CANCELLED":
                self._ended(job, Cancelled())
            self._timer.stop()
            return
        step = job.step
        if step is None or not step.total:
            self.bar.setRange(0, 0)
            self._tell(step_title(step.step) if step is not None else "", "secondary")
            return
        self.bar.setRange(0, step.total)
        self.bar.setValue(step.done)
        self._tell(f"{step_title(step.step)} {round(100 * step.done / step.total)} %", "secondary")

    def _ended(self, job: object, answer: object) -> None:
        if job is not self._job:
            return
        self._job = None
        self._timer.stop()
        self._show_running(running=False)
        if isinstance(answer, MedviewError):
            self._tell(message_text(answer.code, answer.text, answer.values, answer.path or ""), "danger")
        elif isinstance(answer, Cancelled):
            self._tell(translate("Explain", "The question was taken back."), "secondary")
        elif isinstance(answer, BaseException):
            self._tell(str(answer), "danger")
        else:
            self._tell("", "secondary")

    # ------------------------------------------------------------------ answers

    def _reveal(self) -> None:
        """What models say is hidden or shown now."""
        self._show_cards()
        self._may_ask()

    def _show_cards(self) -> None:
        hidden = self._workspace.read_first.hides or self._stack is None
        made = () if hidden or self._stack is None else self._workspace.explanations.of(self._stack.id)
        if [card.made for card in self.cards] != list(reversed(made)):
            empty(self._cards)
            self.cards = [ExplanationCard(self._workspace, one) for one in reversed(made)]
            for card in self.cards:
                self._cards.addWidget(card)
                self._cards.addWidget(rule())
            if not self.cards:
                words = translate("Explain", "Answers are listed here. They are not kept when the study is closed.")
                self._cards.addWidget(text_label(words, "secondary"))
            self._cards.addStretch(1)
        for card in self.cards:
            card.refresh()
