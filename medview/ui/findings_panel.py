"""The Findings tab: what models said about the shown stack, what is drawn of it, and who said it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSlider,
    QTreeWidget,
    QVBoxLayout,
    QWidget,
)

from medview.app.made_elsewhere import is_result_stale
from medview.app.results import result_key, with_label_visible
from medview.app.tools import Tool
from medview.core.display import OverlayStyle
from medview.core.finding import ClassProbability, InferenceResult, Label
from medview.core.problem import MedviewError
from medview.core.study import Stack
from medview.ui.correction_panel import CorrectionPanel
from medview.ui.device_text import device_text
from medview.ui.findings_list import FindingsList
from medview.ui.following_panel import FollowingPanel
from medview.ui.listen import listen
from medview.ui.messages import note_text
from medview.ui.model_text import highest_text, model_text, result_title
from medview.ui.no_results import NoResults
from medview.ui.overlay_cards import OverlayCard, StateList, UnplacedLine
from medview.ui.parts import (
    Disclosure,
    Swatch,
    empty,
    icon_button,
    panel_column,
    rule,
    text_label,
    title_label,
)
from medview.ui.text import shown_number, translate
from medview.ui.theme import current_theme
from medview.ui.worklist_panel import WorklistPanel

if TYPE_CHECKING:
    from medview.app.commands import Shell
    from medview.app.workspace import Workspace
    from medview.ui.decision_form import DecisionForm

ROW_PX = 24


class ProbabilityBar(QWidget):
    """One class with its probability as a bar and as a figure."""

    def __init__(self, line: ClassProbability) -> None:
        super().__init__()
        self._line = line
        self.setFixedHeight(ROW_PX)
        self.setToolTip(f"{line.label}: {shown_number(line.probability, '.4f')}")
        self.setAccessibleName(f"{line.label} {shown_number(100 * line.probability, '.1f')} %")

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self)
        share = max(0.0, min(1.0, self._line.probability))
        ground = self.rect().adjusted(0, 2, 0, -2)
        painter.fillRect(ground, QColor(theme.raised))
        filled = ground.adjusted(0, 0, 0, 0)
        filled.setWidth(round(ground.width() * share))
        colour = QColor(theme.ai)
        colour.setAlpha(90)
        painter.fillRect(filled, colour)
        painter.setPen(QColor(theme.text))
        text = ground.adjusted(8, 0, -8, 0)
        figure = f"{shown_number(100 * share, '.1f')} %"
        room = text.width() - painter.fontMetrics().horizontalAdvance(figure) - 8
        label = painter.fontMetrics().elidedText(model_text(self._line.label), Qt.TextElideMode.ElideRight, room)
        painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), label)
        painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), figure)
        painter.end()


class ResultCard(QWidget):
    """One result: its labels, findings or probabilities, and its provenance."""

    def __init__(self, workspace: Workspace, result: InferenceResult, shell: Shell) -> None:
        super().__init__()
        self._workspace = workspace
        self._shell = shell
        self.result = result
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._heading())
        made = result.provenance
        if made.research_only:
            column.addWidget(text_label(translate("Findings", "Research use, not for diagnosis"), "warning"))
        if made.overrides:
            text = translate("Findings", "Run although it does not fit: {0}").format(", ".join(made.overrides))
            column.addWidget(text_label(text, "danger"))
        if is_result_stale(workspace, result):
            stale = translate("Correction", "⚠ Made on other images than those that are open")
            column.addWidget(text_label(stale, "warning"))
        for note in result.warnings:
            column.addWidget(text_label(note_text(note), "warning"))
        self._list: FindingsList | None = None
        self.threshold: QSlider | None = None
        self.label_boxes: dict[int, QCheckBox] = {}
        # The worklist above holds every finding once: a second list of the same is there for who asks for it.
        self.more = QWidget()
        self._below = below = QVBoxLayout(self.more)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(6)
        if result.classification:
            for line in sorted(result.classification, key=lambda one: -one.probability):
                column.addWidget(ProbabilityBar(line))
        for value in result.values:
            figure = f"{shown_number(value.value, '.4g')} {value.unit}".rstrip()
            column.addWidget(text_label(f"{model_text(value.name)}: {figure}", selectable=True))
        if result.by_slice:
            column.addWidget(text_label(highest_text(result), "secondary"))
        if result.inputs:
            seen = ", ".join(name for name, _stack in result.inputs)
            column.addWidget(text_label(translate("Findings", "Series used: {0}").format(seen), "secondary"))
        if result.image is not None:
            self.image_button = QPushButton(
                translate("Findings", "Open as a series: {0}").format(model_text(result.image.title))
            )
            self.image_button.setEnabled(result.image.geometry is not None)
            self.image_button.clicked.connect(self._open_image)
            column.addWidget(self.image_button)
        if result.segmentation is not None:
            self._add_labels(column, result.segmentation.meanings)
        if result.task == "detection" or result.findings:
            self._add_findings(column)
        self.provenance = text_label(self._provenance_text(), "secondary", selectable=True)
        below.addWidget(self.provenance)
        if made.how == "automatic":
            seconds = translate("Findings", "{0} s").format(shown_number(made.duration_s, ".1f"))
            told = (made.package_version, device_text(made.device_used), seconds)
            column.addWidget(text_label(" · ".join(one for one in told if one), "secondary"))
        title = (
            translate("Findings", "List, labels and details") if result.findings else translate("Findings", "Details")
        )
        self.disclosure = Disclosure(title, self.more)
        self.disclosure.toggled.connect(self._opened)
        column.addWidget(self.disclosure)
        column.addWidget(self.more)

    # ------------------------------------------------------------------ heading

    def _heading(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(0)  # six buttons leave the name one line
        name = text_label(result_title(self.result), "" if self.result.provenance.how == "manual" else "ai")
        name.setStyleSheet("font-weight: 600;")
        row.addWidget(name, 1)
        if self.result.segmentation is not None:
            self.correct_button = icon_button(
                "paint-brush", translate("Findings", "Correct this segmentation"), self._correct
            )
            row.addWidget(self.correct_button)
            self.compare_button = icon_button(
                "intersect", translate("Findings", "Compare with another segmentation"), self._compare_menu
            )
            row.addWidget(self.compare_button)
        self.visible_box = icon_button(
            "eye", translate("Findings", "Show or hide this result"), self._toggle_visible, checkable=True
        )
        self.visible_box.setChecked(self._style().visible)
        row.addWidget(self.visible_box)
        if self.result.provenance.how == "automatic":
            tip = translate("Findings", "Why? Question the model about this result")
            self.why_button = icon_button("question", tip, lambda: self._shell.ask_why(self.result))
            row.addWidget(self.why_button)
        self.save_button = icon_button("floppy-disk", translate("Findings", "Save this result"), self._save_menu)
        row.addWidget(self.save_button)
        row.addWidget(icon_button("trash", translate("Findings", "Discard this result"), self._discard))
        for at in range(1, row.count()):
            item = row.itemAt(at)
            button = item.widget() if item is not None else None
            if button is not None:
                button.setObjectName("tight")
        return row

    def _style(self) -> OverlayStyle:
        return self._workspace.overlay_style(self.result)

    def _toggle_visible(self) -> None:
        style = self._style()
        self._workspace.set_overlay_style(self.result, replace(style, visible=not style.visible))

    def _correct(self) -> None:
        self._workspace.corrections.begin(self._workspace.results.newest(result_key(self.result)) or self.result)
        if self._workspace.corrections.target is not None:
            self._workspace.tools.choose(Tool.BRUSH)

    def _discard(self) -> None:
        self._workspace.discard_result(self.result)

    def compare_menu(self) -> QMenu:
        """The segmentations that this one can be held beside."""
        from medview.app.comparing import comparable, compare

        menu = QMenu(self)
        others = comparable(self._workspace, self.result)
        for other in others:
            action = menu.addAction(result_title(other))
            action.triggered.connect(
                lambda _on=False, one=other: compare(self._workspace, self.result, one, self._shell.ask_why)
            )
        if not others:
            menu.addAction(translate("Findings", "There is no other segmentation on these images.")).setEnabled(False)
        return menu

    def _compare_menu(self) -> None:
        self.compare_menu().popup(self.compare_button.mapToGlobal(self.compare_button.rect().bottomLeft()))

    def save_menu(self) -> QMenu:
        """Ways to save this result."""
        menu = QMenu(self)
        with_labels = self.result.segmentation is not None
        nifti = menu.addAction(translate("Findings", "Segmentation as NIfTI…"))
        nifti.setEnabled(with_labels)
        nifti.triggered.connect(lambda: self._shell.save_given_result(self.result, "nifti"))
        seg = menu.addAction(translate("Findings", "Segmentation as DICOM SEG…"))
        seg.setEnabled(with_labels)
        seg.triggered.connect(lambda: self._shell.save_given_result(self.result, "seg"))
        picture = menu.addAction(translate("Findings", "Picture of the viewport as PNG…"))
        picture.triggered.connect(self._shell.save_picture)
        return menu

    def _open_image(self) -> None:
        """Add the image that the model made to what is open, named after the model."""
        from medview.app.derived_series import write_derived_series

        try:
            path = write_derived_series(self.result)
        except MedviewError as error:
            self._workspace.tell_error(error)
            return
        self._workspace.open_paths([str(path)])

    def _save_menu(self) -> None:
        self.save_menu().popup(self.save_button.mapToGlobal(self.save_button.rect().bottomLeft()))

    # ------------------------------------------------------------------ segmentation

    def _add_labels(self, column: QVBoxLayout, meanings: tuple[Label, ...]) -> None:
        style = self._style()
        own = dict(style.colours)
        for label in meanings:
            row = QHBoxLayout()
            row.setSpacing(6)
            box = QCheckBox(model_text(label.name))
            box.setChecked(label.value not in style.hidden_labels)
            box.toggled.connect(lambda shown, value=label.value: self._show_label(value, shown))
            swatch = Swatch(own.get(label.value, label.colour), translate("Findings", "Change the colour"))
            swatch.clicked.connect(lambda value=label.value, at=swatch: self._choose_colour(value, at))
            row.addWidget(swatch)
            row.addWidget(box, 1)
            column.addLayout(row)
            self.label_boxes[label.value] = box
        row = QHBoxLayout()
        row.setSpacing(8)
        caption = QLabel(translate("Findings", "Opacity"))
        caption.setObjectName("secondary")
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setValue(round(100 * style.opacity))
        self.opacity.setAccessibleName(translate("Findings", "Opacity"))
        self.opacity_figure = QLabel(f"{self.opacity.value()} %")
        self.opacity_figure.setFixedWidth(40)
        self.opacity_figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.opacity.valueChanged.connect(self._set_opacity)
        outline = QCheckBox(translate("Findings", "Outline"))
        outline.setChecked(style.outline)
        outline.toggled.connect(self._set_outline)
        row.addWidget(caption)
        row.addWidget(self.opacity, 1)
        row.addWidget(self.opacity_figure)
        row.addWidget(outline)
        column.addLayout(row)

    def _show_label(self, value: int, shown: bool) -> None:
        self._workspace.set_overlay_style(self.result, with_label_visible(self._style(), value, shown))

    def _choose_colour(self, value: int, swatch: Swatch) -> None:
        dialog = QColorDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.colorSelected.connect(lambda colour: self.set_label_colour(value, colour, swatch))
        dialog.show()

    def set_label_colour(self, value: int, colour: QColor, swatch: Swatch) -> None:
        """Draw a label in another colour."""
        chosen = (colour.red(), colour.green(), colour.blue())
        swatch.set_colour(chosen)
        style = self._style()
        others = tuple(entry for entry in style.colours if entry[0] != value)
        self._workspace.set_overlay_style(self.result, replace(style, colours=(*others, (value, chosen))))

    def _set_opacity(self, percent: int) -> None:
        self.opacity_figure.setText(f"{percent} %")
        self._workspace.set_overlay_style(self.result, replace(self._style(), opacity=percent / 100))

    def _set_outline(self, outline: bool) -> None:
        self._workspace.set_overlay_style(self.result, replace(self._style(), outline=outline))

    # ------------------------------------------------------------------ findings

    def _add_findings(self, column: QVBoxLayout) -> None:
        if not self.result.findings:
            column.addWidget(text_label(translate("Findings", "The model found nothing.")))
            return
        row = QHBoxLayout()
        row.setSpacing(8)
        caption = QLabel(translate("Findings", "From score"))
        caption.setObjectName("secondary")
        self.threshold = QSlider(Qt.Orientation.Horizontal)
        self.threshold.setRange(0, 100)
        self.threshold.setValue(round(100 * self._workspace.results.threshold(self.result)))
        self.threshold.setAccessibleName(translate("Findings", "From score"))
        self.threshold_figure = QLabel()
        self.threshold_figure.setMinimumWidth(76)
        self.threshold_figure.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.threshold.valueChanged.connect(self._set_threshold)
        row.addWidget(caption)
        row.addWidget(self.threshold, 1)
        row.addWidget(self.threshold_figure)
        column.addLayout(row)
        self.fill_findings()

    @property
    def tree(self) -> QTreeWidget | None:
        """The list of the result's own findings, as it is now; None where it has none."""
        listed = self._listed()
        return None if listed is None else listed.tree

    @property
    def decision(self) -> DecisionForm | None:
        """What the reader decides on the finding that is chosen in that list."""
        listed = self._listed()
        return None if listed is None else listed.decision

    def _listed(self) -> FindingsList | None:
        """The list, made when it is first looked at: the worklist above holds every finding once."""
        if not self.result.findings:
            return None
        if self._list is None:
            self._list = FindingsList(self._workspace, self.result)
            self._below.insertWidget(0, self._list)
            self._list.show()
        self._list.catch_up()
        return self._list

    def _opened(self, is_open: bool) -> None:
        if is_open:
            self._listed()

    def fill_findings(self) -> None:
        """List the findings above the threshold; where the list is not seen, when it is opened."""
        if self.threshold is None:
            return
        if self._list is not None:
            self._list.behind = True
            if not self.more.isHidden():
                self._list.catch_up()
        shown = self._workspace.results.visible_findings(self.result)
        self.threshold_figure.setText(
            translate("Findings", "{0} · {1} of {2}").format(
                shown_number(self.threshold_value(), ".2f"), len(shown), len(self.result.findings)
            )
        )

    def threshold_value(self) -> float:
        """The score below which findings are hidden."""
        return self._workspace.results.threshold(self.result)

    def _set_threshold(self, percent: int) -> None:
        self._workspace.set_threshold(self.result, percent / 100)
        self.fill_findings()

    def select(self, finding_id: str) -> None:
        """Mark the row of a finding that the reader went to by other ways."""
        if self._list is not None:
            self._list.select(finding_id)

    # ------------------------------------------------------------------ provenance

    def _provenance_text(self) -> str:
        made = self.result.provenance
        if made.how != "automatic":
            begun = translate("Findings", "Begun on {0}").format(made.finished_at.replace("T", "  ")[:20])
            return f"{begun}\nSHA-256 {made.package_sha256[:16]}…" if made.package_sha256 else begun
        lines = [
            translate("Findings", "Package {0} {1}").format(made.package_id, made.package_version),
            f"SHA-256 {made.package_sha256[:16]}…",
            *(
                translate("Findings", "Within what {0} {1} found").format(
                    model_text(one.provenance.package_name), one.provenance.package_version
                )
                for one in self.result.earlier
            ),
            translate("Findings", "On {0}, {1} s").format(
                device_text(made.device_used), shown_number(made.duration_s, ".1f")
            ),
            made.finished_at.replace("T", "  ")[:20],
        ]
        return "\n".join(line for line in lines if line)


class FindingsPanel(FollowingPanel):
    """Results of the active viewport's stack, one card each."""

    def __init__(self, workspace: Workspace, shell: Shell) -> None:
        super().__init__()
        self._workspace = workspace
        self._shell = shell
        column = panel_column(self)
        self.hidden_mark = QFrame()
        self.hidden_mark.setObjectName("card")
        row = QHBoxLayout(self.hidden_mark)
        row.setContentsMargins(8, 4, 4, 4)
        self.hidden_text = text_label(translate("Findings", "AI and overlays are hidden"))
        row.addWidget(self.hidden_text, 1)
        show = QPushButton(translate("Findings", "Show (J)"))
        show.clicked.connect(workspace.toggle_ai)
        row.addWidget(show)
        column.addWidget(self.hidden_mark)
        self.correction = CorrectionPanel(workspace)
        column.addWidget(self.correction)
        self.worklist = WorklistPanel(workspace)
        column.addWidget(self.worklist)
        self._content = QVBoxLayout()
        self._content.setSpacing(10)
        column.addLayout(self._content)
        self._files = QVBoxLayout()
        self._files.setSpacing(10)
        column.addLayout(self._files)
        column.addStretch(1)
        self.overlay_cards: list[OverlayCard] = []
        self.unplaced_lines: list[UnplacedLine] = []
        self.state_list: StateList | None = None
        self._files_shown: tuple[object, ...] = ()
        self.cards: list[ResultCard] = []
        self._shown: tuple[object, ...] = ("nothing yet",)
        self._seen: tuple[object, ...] = ()
        self.follow(
            workspace.active_changed,
            workspace.viewport_changed,
            workspace.results_changed,
            workspace.ai_visible_changed,
            workspace.studies_changed,
            workspace.overlays.changed,
            workspace.live.changed,
        )
        listen(self, workspace.finding_selected, self._select)
        listen(self, workspace.decisions.changed, self._follow_decisions)
        self.refresh()

    def refresh(self) -> None:
        """Show the results of the active viewport's stack."""
        workspace = self._workspace
        self.hidden_mark.setVisible(not workspace.ai_visible)
        stack = workspace.active_viewport.stack
        results = workspace.results.of(stack.id) if stack is not None else ()
        self.hidden_text.setText(
            translate("Findings", "Read first: AI and overlays are hidden until you ask or have read the study")
            if workspace.read_first.hides
            else translate("Findings", "AI and overlays are hidden")
        )
        if workspace.read_first.hides:
            results = tuple(one for one in results if one.provenance.how == "manual")
        self._refresh_files(stack if workspace.ai_visible or not workspace.read_first.hides else None)
        running = workspace.live.running_on(stack.id) if stack is not None and not results else ()
        shown = (
            stack.id if stack is not None else None,
            tuple(
                (
                    result_key(one),
                    one.segmentation.meanings if one.segmentation else (),
                    is_result_stale(workspace, one),
                )
                for one in results
            ),
            running,
        )
        seen = (shown, workspace.ai_visible, workspace.active, workspace.read_first.hides)
        if seen == self._seen:
            self.worklist.later_if_behind()  # to list thousands of marks anew takes longer than a slice
        else:
            self._seen = seen
            self.worklist.later()
        if shown == self._shown:
            for card in self.cards:
                card.visible_box.setChecked(workspace.overlay_style(card.result).visible)
            return
        self._shown = shown
        self.cards = []
        empty(self._content)
        if not results:
            self._content.addWidget(NoResults(self._shell, running, stack is not None))
            return
        for at, result in enumerate(reversed(results)):
            if at:
                self._content.addWidget(rule())
            card = ResultCard(workspace, result, self._shell)
            self.cards.append(card)
            self._content.addWidget(card)
        self._select(*workspace.selected_finding)

    def _refresh_files(self, stack: Stack | None) -> None:
        """Show what the study's own files lay over the stack, and what of them lies over nothing."""
        overlays, series = self._workspace.overlays, self._workspace.active_viewport.series
        listed = overlays.of_stack(stack.id) if stack is not None else ()
        study = self._workspace.active_viewport.study
        near = frozenset(one.series_uid for one in study.series) if study is not None else frozenset[str]()
        unplaced = overlays.unplaced(near) if series is not None else ()
        states = overlays.states_of(stack.id) if stack is not None else ()
        chosen = self._workspace.active_viewport.view.presentation
        shown = (
            stack.id if stack is not None else None,
            tuple(
                (
                    one.key,
                    overlays.is_shown(one, stack.id),
                    overlays.is_reading(one, stack.id),
                    id(overlays.overlay(one, stack.id)),
                    overlays.error(one, stack.id),
                    overlays.style(one, stack.id).hidden_labels,
                    overlays.style(one, stack.id).colours,
                )
                for one in listed
                if stack is not None
            ),
            tuple(one.key for one in unplaced),
            tuple(one.key for one in states),
            chosen.path if chosen is not None else "",
        )
        if shown == self._files_shown:
            return
        self._files_shown = shown
        self.overlay_cards, self.unplaced_lines = [], []
        empty(self._files)
        self.state_list = None
        if stack is None or not (listed or unplaced or states):
            return
        self._files.addWidget(rule())
        self._files.addWidget(title_label(translate("Overlays", "From the study's files")))
        for one in listed:
            card = OverlayCard(self._workspace, one, stack)
            self.overlay_cards.append(card)
            self._files.addWidget(card)
        if states:
            self.state_list = StateList(self._workspace, states, chosen.path if chosen is not None else "")
            self._files.addWidget(self.state_list)
        if unplaced:
            self._files.addWidget(text_label(translate("Overlays", "Not laid over these images:"), "secondary"))
        for one in unplaced:
            line = UnplacedLine(one)
            self.unplaced_lines.append(line)
            self._files.addWidget(line)

    def _follow_decisions(self, stack_id: str) -> None:
        for card in self.cards:
            if card.result.provenance.stack_id == stack_id:
                card.fill_findings()

    def _select(self, key: str, finding_id: str) -> None:
        for card in self.cards:
            if result_key(card.result) == key:
                card.select(finding_id)
