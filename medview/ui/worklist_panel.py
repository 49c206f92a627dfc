"""The worklist in the Findings tab: everything that was found on the study in one list, to be filtered, sorted and gone through."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSignalBlocker, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medview.app.decisions import Verdict
from medview.app.made_elsewhere import is_line_stale
from medview.app.measurements import ADDED_MARKS
from medview.app.results import result_key
from medview.app.worklist import Kind, Order, State, WorkItem
from medview.ui.decision_form import decided_text, sign_of
from medview.ui.figures_right import FiguresRight
from medview.ui.following_panel import FollowingPanel
from medview.ui.listen import listen
from medview.ui.model_text import model_text
from medview.ui.parts import icon_button, text_label, title_label
from medview.ui.prior_choice import PriorChoice, prior_text
from medview.ui.row_filling import RowFilling
from medview.ui.text import QT_TRANSLATE_NOOP, shown_number, translate
from medview.ui.theme import current_theme

if TYPE_CHECKING:
    from medview.app.reader_keys import ReaderKey
    from medview.app.workspace import Workspace
    from medview.core.finding import Finding, InferenceResult

KEY_ROLE = Qt.ItemDataRole.UserRole
MOST_ROWS = 9
_AFTER_MS = 25
"""Results, decisions and marks that are brought back one after the other are listed once."""
_ORDERS: tuple[Order, ...] = ("label", "size", "slice", "score")


def state_titles() -> dict[State, str]:
    """What the lines can be filtered by."""
    return {
        "all": translate("Worklist", "All"),
        "undecided": translate("Worklist", "Undecided"),
        "accepted": translate("Worklist", "Accepted"),
        "rejected": translate("Worklist", "Rejected"),
        "single": translate("Worklist", "Not all agree"),
        "models": translate("Worklist", "Models only"),
        "reader": translate("Worklist", "Reader only"),
    }


def kind_titles() -> dict[Kind | None, str]:
    """What kinds of lines there are."""
    return {
        None: translate("Worklist", "Every kind"),
        "finding": translate("Worklist", "Boxes and points"),
        "segment": translate("Worklist", "Segmentations"),
        "class": translate("Worklist", "Classes"),
        "mark": translate("Worklist", "Own marks"),
        "key": translate("Worklist", "Key images"),
    }


_MARK_TITLES = {**ADDED_MARKS, "point": QT_TRANSLATE_NOOP("Step", "Point")}


def mark_title(kind: str) -> str:
    """What a mark is called that has no words."""
    title = _MARK_TITLES.get(kind)
    return kind if title is None else translate("Step", title)


def row_texts(item: WorkItem, stale: bool) -> tuple[str, str, str, str]:
    """Label, size, slice, score of a line; a sign where it was made on other images."""
    if item.key_image is not None:
        label = "★ " + (item.decision.note or translate("Worklist", "Key image"))
        return label, "", "" if item.k is None else str(item.k + 1), "⚠" if stale else ""
    label = item.decision.label or (mark_title(item.label) if item.kind == "mark" else model_text(item.label))
    size = ""
    if item.volume_ml is not None:
        size = f"{item.volume_ml:.{2 if item.volume_ml < 10 else 0}f} ml"
    elif item.amount:
        size = item.amount
    elif item.size_mm is not None:
        size = f"{shown_number(item.size_mm, '.1f')} mm"
    if item.prior is not None and size:
        size = f"{item.prior.told_change[:1]} {size}".strip()
    score = "" if item.score is None else shown_number(item.score, ".2f")
    if item.agreement is not None:
        score = f"{item.agreement[0]}/{item.agreement[1]}  {score}"
    if stale:
        score = f"⚠ {score}".strip()
    both = "≈ " if item.by_both else ""
    return both + sign_of(item.decision) + label, size, "" if item.k is None else str(item.k + 1), score


def _made_of(item: WorkItem, stale: bool) -> object:
    """What a row is made of: equal as long as the row need not be made anew. Nothing that was found is held by it."""
    if item.kind in {"finding", "mark"} and item.prior is None:
        return weakref.ref(item), stale  # the list gives the same ones while nothing about them changes
    return item.key, row_texts(item, stale), item.decision, item.sources, item.prior


def _figure(value: float) -> str:
    return (f"{value:.0f}" if abs(value) >= 100 else shown_number(value, ".3g")).replace("-", "\u2212")


def _model_name(result: InferenceResult) -> str:
    return model_text(result.provenance.package_name) or result.provenance.package_id


def choose_first() -> str:
    """Why nothing can be said of a finding now."""
    return translate("Findings", "Choose a finding in the list first")


class WorklistPanel(FollowingPanel):
    """Hidden while nothing was found."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self._worklist = workspace.worklist
        self._soon.setInterval(_AFTER_MS)
        self._rows: tuple[object, ...] = ()
        self._about: object = None
        self._noted: tuple[tuple[InferenceResult, Finding], ...] | ReaderKey = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 8)
        column.setSpacing(6)
        row = QHBoxLayout()
        row.addWidget(title_label(translate("Worklist", "Worklist")), 1)
        self.count = QLabel()
        self.count.setObjectName("secondary")
        row.addWidget(self.count)
        self.filter_button = icon_button(
            "funnel", translate("Worklist", "Filter the list"), self._show_filters, checkable=True
        )
        row.addWidget(self.filter_button)
        column.addLayout(row)
        self._add_filters(column)
        self._add_list(column)
        self._add_buttons(column)
        self.follow(
            workspace.results_changed,
            workspace.decisions.changed,
            workspace.measurements.changed,
            workspace.reader_keys.changed,
            workspace.corrections.changed,
            workspace.studies_changed,
            workspace.ai_visible_changed,
            workspace.finding_selected,
            self._worklist.changed,
            workspace.priors.changed,
        )
        for signal in (workspace.active_changed, workspace.viewport_changed):
            listen(self, signal, self._other_images)
        self.refresh()

    def later(self, *_what: object) -> None:
        """Refresh soon, also where it is hidden because there was nothing: the tab around it is what must be seen."""
        self._behind = True
        around = self.parentWidget()
        if around is not None and around.isVisible() and not self._soon.isActive():
            self._soon.start()

    def _other_images(self, *_what: object) -> None:
        state = self._workspace.active_viewport
        about = (id(state.study), state.stack.id if state.stack is not None else "")
        if about != self._about:
            self.later()

    # ------------------------------------------------------------------ parts

    def _add_filters(self, column: QVBoxLayout) -> None:
        self.filters = QWidget()
        rows = QVBoxLayout(self.filters)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        self.words = QLineEdit()
        self.words.setPlaceholderText(translate("Worklist", "Label, model or note"))
        self.words.setAccessibleName(self.words.placeholderText())
        self.words.setClearButtonEnabled(True)
        self.words.textChanged.connect(lambda text: self._worklist.set_filter(words=text))
        rows.addWidget(self.words)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.state = QComboBox()
        self.state.setAccessibleName(translate("Worklist", "Decision"))
        for state, title in state_titles().items():
            self.state.addItem(title, state)
        self.state.currentIndexChanged.connect(lambda _at: self._worklist.set_filter(state=self.state.currentData()))
        self.kind = QComboBox()
        self.kind.setAccessibleName(translate("Worklist", "Kind"))
        for kind, title in kind_titles().items():
            self.kind.addItem(title, kind)
        self.kind.currentIndexChanged.connect(lambda _at: self._worklist.set_filter(kind=self.kind.currentData()))
        row.addWidget(self.state, 1)
        row.addWidget(self.kind, 1)
        rows.addLayout(row)
        row = QHBoxLayout()
        caption = QLabel(translate("Worklist", "From score"))
        caption.setObjectName("secondary")
        self.score = QSlider(Qt.Orientation.Horizontal)
        self.score.setRange(0, 100)
        self.score.setAccessibleName(translate("Worklist", "From score"))
        self.score.valueChanged.connect(lambda percent: self._worklist.set_filter(least_score=percent / 100))
        self.score_figure = QLabel("0.00")
        self.score_figure.setFixedWidth(34)
        self.score.valueChanged.connect(lambda percent: self.score_figure.setText(shown_number(percent / 100, ".2f")))
        row.addWidget(caption)
        row.addWidget(self.score, 1)
        row.addWidget(self.score_figure)
        rows.addLayout(row)
        self.filters.hide()
        column.addWidget(self.filters)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self.later()  # the words of a row have the colour of the theme that it was made in

    def _show_filters(self) -> None:
        """Show or hide what filters; hidden filters filter nothing."""
        shown = self.filter_button.isChecked()
        self.filters.setVisible(shown)
        if shown:
            self.words.setFocus()
            return
        self.words.clear()
        self.state.setCurrentIndex(0)
        self.kind.setCurrentIndex(0)
        self.score.setValue(0)

    def _add_list(self, column: QVBoxLayout) -> None:
        self.tree = QTreeWidget()
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setColumnCount(4)
        self.tree.setHeaderLabels(
            [
                translate("Worklist", "Finding"),
                translate("Worklist", "Size"),
                translate("Worklist", "Slice"),
                translate("Worklist", "Score"),
            ]
        )
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, header.ResizeMode.Stretch)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(lambda at: self._worklist.sort(_ORDERS[at]))
        # An area of a lung has its unit too.
        size = max(78, self.tree.fontMetrics().horizontalAdvance("8888.8 mm²") + 18)
        for at, width in ((1, size), (2, 40), (3, 62)):
            header.setSectionResizeMode(at, header.ResizeMode.Fixed)
            header.resizeSection(at, width)
            self.tree.headerItem().setTextAlignment(at, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.tree.setItemDelegate(FiguresRight(self.tree))
        self._filling = RowFilling(self.tree)
        self.tree.setAccessibleName(translate("Worklist", "Worklist"))
        self.tree.itemClicked.connect(self._go)
        self.tree.itemActivated.connect(self._go)
        column.addWidget(self.tree)
        self.nothing = text_label(translate("Worklist", "No line passes the filter."), "secondary")
        column.addWidget(self.nothing)

    def _add_buttons(self, column: QVBoxLayout) -> None:
        row = QHBoxLayout()
        row.setSpacing(4)
        self.previous = self._button("‹", translate("Worklist", "Previous  (Shift+N)"))
        self.following = self._button("›", translate("Worklist", "Next  (N)"))
        self.accept = self._button(translate("Findings", "Accept"), translate("Findings", "Accept  (Enter)"), True)
        self.reject = self._button(translate("Findings", "Reject"), translate("Findings", "Reject  (X)"), True)
        self.previous.clicked.connect(lambda: self._worklist.show_next(-1))
        self.following.clicked.connect(lambda: self._worklist.show_next(1))
        self.accept.clicked.connect(lambda: self._toggle("accepted"))
        self.reject.clicked.connect(lambda: self._toggle("rejected"))
        for button, stretch in ((self.previous, 0), (self.following, 0), (self.accept, 1), (self.reject, 1)):
            row.addWidget(button, stretch)
        self.previous.setFixedWidth(34)
        self.following.setFixedWidth(34)
        column.addLayout(row)
        self.note = QLineEdit()
        self.note.setPlaceholderText(translate("Findings", "Note or reason"))
        self.note.setAccessibleName(self.note.placeholderText())
        self.note.editingFinished.connect(self._annotate)
        column.addWidget(self.note)
        self.evidence = text_label("", "secondary")
        column.addWidget(self.evidence)
        self.prior = PriorChoice(self._workspace)
        column.addWidget(self.prior)

    def _button(self, title: str, tip: str, checkable: bool = False) -> QPushButton:
        button = QPushButton(title)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setCheckable(checkable)
        button.setAutoDefault(False)
        return button

    # ------------------------------------------------------------------ what the reader does

    def _go(self, row: QTreeWidgetItem, _column: int = 0) -> None:
        wanted = row.data(0, KEY_ROLE)
        item = next((one for one in self._worklist.shown() if one.key == wanted), None)
        if item is not None:
            self._annotate()
            self._worklist.show(item)
            self.refresh()  # what is typed next is about this line

    def _toggle(self, verdict: Verdict) -> None:
        self._worklist.toggle(verdict)
        self.refresh()

    def _annotate(self) -> None:
        if self.note.isEnabled() and self.note.isModified():
            self.note.setModified(False)
            note = self.note.text().strip()
            if isinstance(self._noted, tuple):
                self._worklist.annotate(self._noted, note)
            else:
                self._workspace.reader_keys.write(self._noted, note)

    # ------------------------------------------------------------------ following

    def refresh(self) -> None:
        """Show the lines that pass the filter."""
        state = self._workspace.active_viewport
        self._about = (id(state.study), state.stack.id if state.stack is not None else "")
        everything = self._worklist.items()
        self.setVisible(bool(everything))
        if not everything:
            self._rows = ()
            self._noted = ()
            return
        shown = self._worklist.shown(everything)
        self.count.setText(translate("Worklist", "{0} of {1}").format(len(shown), len(everything)))
        made_of = (_made_of(item, is_line_stale(self._workspace, item)) for item in shown)
        rows: tuple[object, ...] = (current_theme(), *made_of)
        gone_to = {(result_key(result), finding.id) for result, finding in self._worklist.chosen()}
        goes = bool(gone_to or self._worklist.selected)
        with QSignalBlocker(self.tree):
            if rows != self._rows:
                self._rows = rows
                self._filling.fill(len(shown), lambda at: self._row(shown[at]))
                count = min(max(len(shown), 1), MOST_ROWS)
                height = max(self.tree.sizeHintForRow(0), 16)
                self.tree.setFixedHeight(self.tree.header().sizeHint().height() + count * height + 8)
            for at, item in enumerate(shown if goes else ()):
                if self._is_gone_to(item, gone_to):
                    self._filling.up_to(at + 1)
                    row = self.tree.topLevelItem(at)
                    if row is not None:
                        self.tree.setCurrentItem(row)
        self.tree.setVisible(bool(shown))
        self.nothing.setVisible(not shown)
        chosen = self._worklist.chosen()
        verdict = self._worklist.verdict()
        for button, wanted in ((self.accept, "accepted"), (self.reject, "rejected")):
            button.setEnabled(bool(chosen))
            tip = button.accessibleName()
            button.setToolTip(tip if chosen else f"{tip}\n{choose_first()}")
            button.setChecked(bool(chosen) and verdict == wanted)
        self._tell_evidence(chosen)
        among = everything if goes else ()
        self.prior.show_item(next((item for item in among if self._is_gone_to(item, gone_to)), None))
        key = self._worklist.chosen_key()
        self.note.setEnabled(bool(chosen) or key is not None)
        self.note.setPlaceholderText(self.note.accessibleName() if self.note.isEnabled() else choose_first())
        if not (self.note.hasFocus() and self.note.isModified()):
            self._noted = key.key_image.key if key is not None and key.key_image is not None else chosen
            note = self._workspace.decisions.of(*chosen[0]).note if chosen else ""
            note = key.decision.note if key is not None else note
            if note != self.note.text():
                self.note.setText(note)

    def _is_gone_to(self, item: WorkItem, gone_to: set[tuple[str, str]]) -> bool:
        """Whether a line is what Accept would accept, also where the reader came to it by the picture."""
        if not gone_to:
            return item.key == self._worklist.selected
        ids = {finding.id for _result, finding in item.members}
        if not all(finding_id in ids for _key, finding_id in gone_to):
            return False
        return gone_to <= {(result_key(result), finding.id) for result, finding in item.members}

    def _tell_evidence(self, chosen: Sequence[tuple[InferenceResult, Finding]]) -> None:
        """What the images say at the chosen box, before what the models say of it."""
        boxes = [pair for pair in chosen if pair[1] in pair[0].findings]
        self.evidence.setVisible(bool(boxes))
        if not boxes:
            return
        from medview.app.evidence import evidence_at

        found = evidence_at(self._workspace, *boxes[0])
        told = [] if found.size_mm is None else [f"{shown_number(found.size_mm, '.1f')} mm"]
        if found.mean is not None:
            text = translate("Worklist", "inside mean {0}, SD {1} {2} ({3} voxels)")
            told.append(
                text.format(_figure(found.mean), _figure(found.sd or 0.0), found.unit, found.voxels).replace("  ", " ")
            )
        told += [f"{_model_name(result)} {shown_number(finding.score, '.2f')}" for result, finding in boxes]
        self.evidence.setText(" · ".join(told))

    def _row(self, item: WorkItem) -> QTreeWidgetItem:
        stale = is_line_stale(self._workspace, item)
        row = QTreeWidgetItem(list(row_texts(item, stale)))
        row.setData(0, KEY_ROLE, item.key)
        theme = current_theme()
        row.setForeground(0, QColor(theme.ai if item.by_model else theme.text))
        tips = [*item.sources, decided_text(item.decision) if item.members else "", item.decision.note]
        if stale and item.key_image is not None:
            tips.append(translate("Worklist", "The image is not the one that was chosen."))
        elif stale:
            tips.append(translate("Correction", "⚠ Made on other images than those that are open"))
        if item.by_both is not None:
            told = {
                ("finding", True): translate("Worklist", "The reader marked this place too."),
                ("finding", False): translate("Worklist", "The reader has marked nothing here."),
                ("mark", True): translate("Worklist", "A model found this too."),
                ("mark", False): translate("Worklist", "No model found anything here."),
            }
            tips.append(told[item.kind, item.by_both])
        if item.agreement is not None:
            tips.append(translate("Worklist", "Found by {0} of {1} models").format(*item.agreement))
        if item.prior is not None:
            tips.append(prior_text(item.prior))
        row.setToolTip(0, "\n".join(tip for tip in tips if tip))
        if item.decision.verdict == "rejected":
            for at in range(4):
                font = row.font(at)
                font.setStrikeOut(True)
                row.setFont(at, font)
        return row
