"""What the reader decides on the selected finding of a result: accept, reject, another label, a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from medview.app.decisions import Decision, Verdict
from medview.core.finding import Finding, InferenceResult
from medview.ui.model_text import model_text
from medview.ui.parts import text_label
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

MOST_LETTERS = 2000


def decided_text(decision: Decision) -> str:
    """Who decided what and when, "" where nobody did."""
    if not decision.says_anything:
        return ""
    sentence = {
        "accepted": translate("Findings", "Accepted by {0}, {1}"),
        "rejected": translate("Findings", "Rejected by {0}, {1}"),
        "": translate("Findings", "Changed by {0}, {1}"),
    }[decision.verdict]
    who = decision.reader or translate("Findings", "unknown reader")
    return sentence.format(who, decision.at.replace("T", "  ")[:17])


class DecisionForm(QWidget):
    """Two buttons, two fields, and who decided; without a finding everything is greyed."""

    def __init__(self, workspace: Workspace, result: InferenceResult) -> None:
        super().__init__()
        self._workspace = workspace
        self._result = result
        self._finding: Finding | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.accept = self._button(translate("Findings", "Accept"), translate("Findings", "Accept  (Enter)"))
        self.reject = self._button(translate("Findings", "Reject"), translate("Findings", "Reject  (X)"))
        self.accept.clicked.connect(lambda: self._toggle("accepted"))
        self.reject.clicked.connect(lambda: self._toggle("rejected"))
        row.addWidget(self.accept, 1)
        row.addWidget(self.reject, 1)
        column.addLayout(row)
        self.label = self._field(translate("Findings", "Label"))
        self.note = self._field(translate("Findings", "Note or reason"))
        self.label.editingFinished.connect(self._name)
        self.note.editingFinished.connect(self._annotate)
        column.addWidget(self.label)
        column.addWidget(self.note)
        self.decided = text_label("", "secondary")
        column.addWidget(self.decided)
        self.show_finding(None)

    def _button(self, title: str, tip: str) -> QPushButton:
        button = QPushButton(title)
        button.setCheckable(True)
        button.setToolTip(tip)
        button.setAutoDefault(False)
        return button

    def _field(self, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(name)
        field.setPlaceholderText(name)
        field.setMaxLength(MOST_LETTERS)
        return field

    def show_finding(self, finding: Finding | None) -> None:
        """Show what was decided on a finding."""
        if self._finding is not None and (finding is None or finding.id != self._finding.id):
            self._name()  # what was typed and not yet left belongs to the finding before
            self._annotate()
        self._finding = finding
        for part in (self.accept, self.reject, self.label, self.note):
            part.setEnabled(finding is not None)
        decision = Decision() if finding is None else self._workspace.decisions.of(self._result, finding)
        self.accept.setChecked(decision.verdict == "accepted")
        self.reject.setChecked(decision.verdict == "rejected")
        self.label.setText(decision.label)
        if finding is not None:
            self.label.setPlaceholderText(translate("Findings", "Label: {0}").format(model_text(finding.label)))
        self.note.setText(decision.note)
        self.decided.setText(decided_text(decision))
        self.decided.setVisible(bool(self.decided.text()))

    def _toggle(self, verdict: Verdict) -> None:
        if self._finding is not None:
            self._workspace.decisions.toggle(self._result, self._finding, verdict)

    def _name(self) -> None:
        if self._finding is not None:
            self._workspace.decisions.decide(self._result, self._finding, label=self.label.text().strip())

    def _annotate(self) -> None:
        if self._finding is not None:
            self._workspace.decisions.decide(self._result, self._finding, note=self.note.text().strip())


def sign_of(decision: Decision) -> str:
    """The sign before a finding's label in the list."""
    sign = {"accepted": "✓ ", "rejected": "✗ ", "": ""}[decision.verdict]
    return sign + ("✎ " if decision.note else "")
