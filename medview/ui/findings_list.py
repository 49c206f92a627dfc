"""The list of one result's own findings with what the reader decides on the one that is chosen; made when it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from medview.app.results import result_key
from medview.core.finding import Finding, InferenceResult
from medview.ui.decision_form import DecisionForm, decided_text, sign_of
from medview.ui.figures_right import FiguresRight
from medview.ui.model_text import model_text
from medview.ui.parts import swatch_icon
from medview.ui.row_filling import RowFilling
from medview.ui.text import shown_number, translate
from medview.ui.theme import current_theme

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

FINDING_ROLE = Qt.ItemDataRole.UserRole
MOST_ROWS = 10
"""Rows of findings that are seen without scrolling inside the list."""


class FindingsList(QWidget):
    """The findings above the threshold; ``fill`` lists them, ``behind`` says that it has to be called before it is seen."""

    def __init__(self, workspace: Workspace, result: InferenceResult) -> None:
        super().__init__()
        self._workspace = workspace
        self._result = result
        self.behind = True
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.tree = QTreeWidget()
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setColumnCount(4)
        self.tree.setHeaderLabels(
            [
                translate("Findings", "Finding"),
                translate("Findings", "Size"),
                translate("Findings", "Slice"),
                translate("Findings", "Score"),
            ]
        )
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(0, self.tree.header().ResizeMode.Stretch)
        for at, width in ((1, 68), (2, 44), (3, 46)):
            self.tree.header().setSectionResizeMode(at, self.tree.header().ResizeMode.Fixed)
            self.tree.header().resizeSection(at, width)
            self.tree.headerItem().setTextAlignment(at, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.setItemDelegate(FiguresRight(self.tree))
        self._filling = RowFilling(self.tree)
        self.tree.setAccessibleName(translate("Findings", "Findings"))
        self.tree.itemClicked.connect(self._go)
        self.tree.itemActivated.connect(self._go)
        self.tree.currentItemChanged.connect(self._show_decision)
        column.addWidget(self.tree)
        self.decision = DecisionForm(workspace, result)
        column.addWidget(self.decision)

    def catch_up(self) -> None:
        """List what is not listed yet, with the finding chosen that the reader went to last."""
        if not self.behind:
            return
        self.fill()
        key, finding_id = self._workspace.selected_finding
        if key == result_key(self._result):
            self.select(finding_id)

    def fill(self) -> None:
        """List the findings above the threshold."""
        self.behind = False
        shown = self._workspace.results.visible_findings(self._result)
        current = self.tree.currentItem()
        chosen = current.data(0, FINDING_ROLE) if current is not None else None
        theme = current_theme()
        tip = translate("Findings", "Show this finding in all viewports of the series")
        icons = {colour: swatch_icon(colour) for colour in {finding.colour for finding in shown}}

        def make(at: int) -> QTreeWidgetItem:
            finding = shown[at]
            size = f"{shown_number(finding.size_mm, '.1f')} mm" if finding.size_mm is not None else ""
            decision = self._workspace.decisions.of(self._result, finding)
            label = sign_of(decision) + (decision.label or model_text(finding.label))
            item = QTreeWidgetItem([label, size, str(finding.k + 1), shown_number(finding.score, ".2f")])
            item.setForeground(0, QColor(theme.ai))
            item.setIcon(0, icons[finding.colour])
            item.setData(0, FINDING_ROLE, finding.id)
            tips = (tip, decided_text(decision), decision.note)
            item.setToolTip(0, "\n".join(one for one in tips if one))
            if decision.verdict == "rejected":
                for column in range(4):
                    font = item.font(column)
                    font.setStrikeOut(True)
                    item.setFont(column, font)
            return item

        with QSignalBlocker(self.tree):
            self._filling.fill(len(shown), make)
            self._choose(chosen)
        self._show_decision(self.tree.currentItem())
        rows = min(max(len(shown), 1), MOST_ROWS)
        high = max(self.tree.sizeHintForRow(0), 16) if shown else 16
        self.tree.setFixedHeight(self.tree.header().sizeHint().height() + rows * high + 8)

    def select(self, finding_id: str) -> None:
        """Mark the row of a finding that the reader went to by other ways."""
        if not self.behind:
            self._choose(finding_id)

    def _choose(self, finding_id: str | None) -> None:
        shown = self._workspace.results.visible_findings(self._result)
        place = next((at for at, finding in enumerate(shown) if finding.id == finding_id), None)
        if place is None:
            return
        self._filling.up_to(place + 1)
        row = self.tree.topLevelItem(place)
        if row is not None:
            self.tree.setCurrentItem(row)

    def _show_decision(self, item: QTreeWidgetItem | None, _before: QTreeWidgetItem | None = None) -> None:
        self.decision.show_finding(self._finding_of(item) if item is not None else None)

    def _finding_of(self, item: QTreeWidgetItem) -> Finding | None:
        wanted = item.data(0, FINDING_ROLE)
        return next((finding for finding in self._result.findings if finding.id == wanted), None)

    def _go(self, item: QTreeWidgetItem, _column: int = 0) -> None:
        finding = self._finding_of(item)
        if finding is not None:
            self._workspace.show_finding(self._result, finding)
