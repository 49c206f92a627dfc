"""The list of hanging protocols with what fits, and the form in which a layout becomes one or one is changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast, get_args

from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from medview.app.hanging_match import fits_study, hang
from medview.app.hanging_protocol import HangingProtocol, Orientation, ShownPlane, Stage, protocol_json, protocol_of
from medview.app.hangings import HangingStep, protocol_folder
from medview.core.problem import MedviewError
from medview.ui.corner_text import plane_name
from medview.ui.icons import icon
from medview.ui.listen import listen
from medview.ui.messages import message_text
from medview.ui.parts import show_fitted, text_label
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

STEP_ROLE = Qt.ItemDataRole.UserRole
CHOICES: Mapping[int, tuple[str, ...]] = {
    3: ("", "L", "R", "B"),
    5: get_args(Orientation),
    7: get_args(ShownPlane),
}
"""Columns of the form that hold one of a few words."""


def role_text(name: str) -> str:
    """What a protocol calls the series of a viewport, in the reader's language where it is a word of ours."""
    words = {
        "current": translate("Hanging", "current"),
        "prior": translate("Hanging", "prior"),
        "axial": translate("Hanging", "axial"),
        "lateral": translate("Hanging", "lateral"),
        "soft tissue": translate("Hanging", "soft tissue"),
        "diffusion": translate("Hanging", "diffusion"),
    }
    return words.get(name, name)


def local_name(name: str, names: Mapping[str, str]) -> str:
    """A protocol's or step's name in the reader's language, where it has one."""
    return names.get(QLocale().name(), name)


def step_name(step: HangingStep | None) -> str:
    """What is hung, in words: the protocol and which of its steps."""
    if step is None or step.protocol is None:
        return ""
    protocol = step.protocol
    words = local_name(protocol.name, protocol.names)
    if len(protocol.stages) > 1:
        words += f"  {step.stage + 1}/{len(protocol.stages)}"
    return words


def stage_title(stage: Stage, at: int) -> str:
    """What a step is called."""
    named = local_name(stage.name, stage.names)
    return named or translate("Hanging", "Step {0}").format(at + 1)


class HangingDialog(QDialog):
    """Not modal: the images change behind it."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Hanging", "Hanging protocols"))
        self.resize(640, 560)
        self._workspace = workspace
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([translate("Hanging", "Protocol"), translate("Hanging", "For this study")])
        self.tree.setColumnWidth(0, 300)
        self.tree.setIndentation(16)
        self.tree.setAccessibleName(translate("Hanging", "Hanging protocols"))
        self.tree.currentItemChanged.connect(self._follow)
        self.tree.itemActivated.connect(lambda *_: self.hang_chosen())
        column.addWidget(self.tree, 1)
        self.automatic = QCheckBox(translate("Hanging", "Hang by itself when such a study is opened"))
        self.automatic.clicked.connect(self._set_automatic)
        column.addWidget(self.automatic)
        self.faults = text_label("", "warning", selectable=True)
        column.addWidget(self.faults)
        self.folder = text_label(
            translate("Hanging", "Your own protocols are JSON files in {0}.").format(protocol_folder()),
            "secondary",
            selectable=True,
        )
        column.addWidget(self.folder)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.keep_button = QPushButton(translate("Hanging", "Keep the present layout…"))
        self.keep_button.clicked.connect(self.keep_layout)
        self.edit_button = QPushButton(translate("Hanging", "Change…"))
        self.edit_button.clicked.connect(self.edit_chosen)
        self.remove_button = QPushButton(translate("Hanging", "Delete"))
        self.remove_button.clicked.connect(self._remove)
        self.read_button = QPushButton(translate("Hanging", "Read files again"))
        self.read_button.clicked.connect(workspace.hangings.read)
        for button in (self.keep_button, self.edit_button, self.remove_button, self.read_button):
            row.addWidget(button)
        row.addStretch(1)
        self.hang_button = QPushButton(translate("Hanging", "Hang"))
        self.hang_button.setObjectName("primary")
        self.hang_button.clicked.connect(self.hang_chosen)
        row.addWidget(self.hang_button)
        column.addLayout(row)
        listen(self, workspace.hangings.changed, self.refresh)
        listen(self, workspace.studies_changed, self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """List the protocols; what fits the study that is read stands first."""
        hangings = self._workspace.hangings
        protocols = hangings.protocols
        chosen = self._chosen()
        study = hangings.current_study
        fitting = {one.id for one in hangings.fitting()}
        self.tree.clear()
        for protocol in sorted(protocols, key=lambda one: (one.id not in fitting, one.is_builtin, one.name)):
            fits = protocol.id in fitting
            item = QTreeWidgetItem([local_name(protocol.name, protocol.names), self._why(protocol, fits)])
            item.setIcon(0, icon("check" if fits else "minus", "text" if fits else "secondary"))
            item.setToolTip(1, item.text(1))
            item.setData(0, STEP_ROLE, HangingStep(protocol))
            self.tree.addTopLevelItem(item)
            for at, stage in enumerate(protocol.stages):
                said = ""
                if study is not None:
                    hung = hang(stage, study, self._workspace.studies)
                    said = (
                        ""
                        if hung.is_whole
                        else translate("Hanging", "no series for: {0}").format(", ".join(map(role_text, hung.missing)))
                    )
                child = QTreeWidgetItem([stage_title(stage, at), said])
                child.setToolTip(1, said)
                child.setData(0, STEP_ROLE, HangingStep(protocol, at))
                item.addChild(child)
            item.setExpanded(fits)
            if chosen is not None and chosen.protocol is not None and chosen.protocol.id == protocol.id:
                self.tree.setCurrentItem(item)
        first = self.tree.topLevelItem(0)
        if self.tree.currentItem() is None and first is not None:
            self.tree.setCurrentItem(first)
        self.faults.setText(
            "\n".join(message_text(one.code, one.text, one.values, one.path or "") for one in hangings.faults)
        )
        self.faults.setVisible(bool(hangings.faults))
        self._follow()

    def _why(self, protocol: HangingProtocol, fits: bool) -> str:
        study = self._workspace.hangings.current_study
        words = [] if protocol.is_builtin else [translate("Hanging", "your own")]
        if protocol.automatic:
            words.append(translate("Hanging", "by itself"))
        if study is not None and not fits:
            if fits_study(protocol.study, study):
                words.append(translate("Hanging", "series are missing"))
            else:
                words.append(translate("Hanging", "for other studies"))
        return " · ".join(words)

    def _chosen(self) -> HangingStep | None:
        item = self.tree.currentItem()
        return cast("HangingStep", item.data(0, STEP_ROLE)) if item is not None else None

    def _follow(self, *_items: object) -> None:
        step = self._chosen()
        protocol = step.protocol if step is not None else None
        self.automatic.setEnabled(protocol is not None)
        self.automatic.setChecked(protocol is not None and protocol.automatic)
        self.edit_button.setEnabled(protocol is not None)
        self.remove_button.setEnabled(protocol is not None and not protocol.is_builtin)
        has_study = self._workspace.hangings.current_study is not None
        self.hang_button.setEnabled(protocol is not None and has_study)
        self.keep_button.setEnabled(has_study)

    def hang_chosen(self) -> None:
        """Hang the chosen step."""
        step = self._chosen()
        if step is not None:
            self._workspace.hangings.apply(step)

    def _set_automatic(self, on: bool) -> None:
        step = self._chosen()
        if step is not None and step.protocol is not None:
            self._keep(replace(step.protocol, automatic=on))

    def _keep(self, protocol: HangingProtocol) -> None:
        try:
            self._workspace.hangings.keep(protocol)
        except MedviewError as error:
            self._workspace.tell_error(error)

    def _remove(self) -> None:
        step = self._chosen()
        if step is not None and step.protocol is not None:
            self._workspace.hangings.remove(step.protocol)

    def keep_layout(self) -> ProtocolForm:
        """Ask what the protocol of the present layout is called and when it is for."""
        return open_form(self._workspace, None, self)

    def edit_chosen(self) -> None:
        """Change the chosen protocol; one that came with medview is kept as the reader's own."""
        step = self._chosen()
        if step is not None and step.protocol is not None:
            open_form(self._workspace, step.protocol, self)


def open_form(workspace: Workspace, protocol: HangingProtocol | None, parent: QWidget) -> ProtocolForm:
    """Show the form of a protocol; of the present layout where none is given."""
    form = ProtocolForm(workspace, protocol, parent)
    show_fitted(form)
    return form


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.replace("，", ",").replace("、", ",").split(",") if word.strip())


class ProtocolForm(QDialog):
    """What a protocol is called, which studies it is for, and what each viewport of each step shows."""

    def __init__(self, workspace: Workspace, protocol: HangingProtocol | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Hanging", "Hanging protocol"))
        self.resize(900, 520)
        self._workspace = workspace
        self._is_new = protocol is None
        self._protocol = protocol or workspace.hangings.proposal(translate("Hanging", "My protocol"))
        self._stages = list(self._protocol.stages)
        self._at = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(8)
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        study = self._protocol.study
        self.name = self._line(
            form, translate("Hanging", "Name"), local_name(self._protocol.name, self._protocol.names)
        )
        self.modalities = self._line(
            form, translate("Hanging", "Studies with all of these modalities"), ", ".join(study.modalities)
        )
        self.body_parts = self._line(
            form, translate("Hanging", "of one of these body parts"), ", ".join(study.body_parts)
        )
        self.words = self._line(form, translate("Hanging", "with one of these words"), ", ".join(study.words))
        self.automatic = QCheckBox(translate("Hanging", "Hang by itself when such a study is opened"))
        self.automatic.setChecked(self._protocol.automatic)
        form.addRow("", self.automatic)
        self.stage = QComboBox()
        self.stage.setAccessibleName(translate("Hanging", "Step"))
        for at, stage in enumerate(self._stages):
            self.stage.addItem(stage_title(stage, at))
        form.addRow(translate("Hanging", "Step"), self.stage)
        form.setRowVisible(self.stage, len(self._stages) > 1)
        column.addLayout(form)
        self.table = QTableWidget(0, 9)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.setHorizontalHeaderLabels(
            [
                translate("Hanging", "Modality"),
                translate("Hanging", "One of the words"),
                translate("Hanging", "None of the words"),
                translate("Hanging", "Side"),
                translate("Hanging", "View"),
                translate("Hanging", "Slices run"),
                translate("Hanging", "Prior"),
                translate("Hanging", "Plane"),
                translate("Hanging", "Centre, width"),
            ]
        )
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.table.setAccessibleName(translate("Hanging", "Viewports, row by row"))
        self.table.setMinimumHeight(112)
        column.addWidget(self.table, 1)
        self.said = text_label("", "warning")
        column.addWidget(self.said)
        row = QHBoxLayout()
        row.addStretch(1)
        cancel = QPushButton(translate("Hanging", "Cancel"))
        cancel.clicked.connect(self.close)
        row.addWidget(cancel)
        self.keep_button = QPushButton(translate("Hanging", "Keep"))
        self.keep_button.setObjectName("primary")
        self.keep_button.setDefault(True)
        self.keep_button.clicked.connect(self.keep)
        row.addWidget(self.keep_button)
        column.addLayout(row)
        self.stage.currentIndexChanged.connect(self._change_stage)
        self._fill()
        self.name.setFocus()
        self.name.selectAll()

    @staticmethod
    def _line(form: QFormLayout, caption: str, text: str) -> QLineEdit:
        line = QLineEdit(text)
        line.setAccessibleName(caption)
        form.addRow(caption, line)
        return line

    def _fill(self) -> None:
        stage = self._stages[self._at]
        self.table.setRowCount(len(stage.viewports))
        columns = stage.layout[1]
        for at, rule in enumerate(stage.viewports):
            place = translate("Hanging", "row {0}, column {1}").format(at // columns + 1, at % columns + 1)
            self.table.setVerticalHeaderItem(at, QTableWidgetItem(place))
            series = rule.series
            cells = [
                ", ".join(series.modalities),
                ", ".join(series.words),
                ", ".join(series.without),
                series.laterality,
                ", ".join(series.views),
                series.orientation,
                str(series.prior) if series.prior else "",
                rule.plane,
                "" if rule.window is None else f"{rule.window[0]:g}, {rule.window[1]:g}",
            ]
            if rule.like is not None:
                cells[:7] = [""] * 7
                cells[1] = translate("Hanging", "as in viewport {0}").format(rule.like + 1)
            for n, text in enumerate(cells):
                self.table.removeCellWidget(at, n)
                item = QTableWidgetItem(text)
                if rule.like is not None and n < 7:
                    item.setFlags(Qt.ItemFlag.ItemIsEnabled)
                self.table.setItem(at, n, item)
            for n, choices in CHOICES.items():
                if rule.like is None or n == 7:
                    self._offer(at, n, choices, cells[n])
        header = self.table.horizontalHeader()
        for n in CHOICES:
            offered = [self.table.cellWidget(at, n) for at in range(len(stage.viewports))]
            widths = [widget.sizeHint().width() + 12 for widget in offered if isinstance(widget, QComboBox)]
            header.setSectionResizeMode(n, QHeaderView.ResizeMode.Interactive)
            self.table.setColumnWidth(n, max([header.sectionSizeHint(n), *widths]))

    def _offer(self, at: int, column: int, choices: tuple[str, ...], chosen: str) -> None:
        """Let a cell be chosen from a few words, told in the reader's language."""
        combo = QComboBox()
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        header = self.table.horizontalHeaderItem(column)
        combo.setAccessibleName(header.text() if header is not None else "")
        for one in choices:
            combo.addItem(plane_name(one) if len(one) > 1 else one, one)
        combo.setCurrentIndex(max(0, combo.findData(chosen)))
        self.table.setCellWidget(at, column, combo)

    def _change_stage(self, at: int) -> None:
        try:
            self._stages[self._at] = self._read()
        except ValueError as error:
            self.said.setText(str(error))
            self.stage.blockSignals(True)
            self.stage.setCurrentIndex(self._at)
            self.stage.blockSignals(False)
            return
        self._at = at
        self._fill()

    def _cell(self, at: int, column: int) -> str:
        combo = self.table.cellWidget(at, column)
        if isinstance(combo, QComboBox):
            return str(combo.currentData() or "")
        item = self.table.item(at, column)
        return item.text().strip() if item is not None else ""

    def _read(self) -> Stage:
        """The stage as the table says; raises ValueError that names the place."""
        stage = self._stages[self._at]
        viewports = []
        for at, rule in enumerate(stage.viewports):
            place = self.table.verticalHeaderItem(at).text()
            window = None
            if self._cell(at, 8):
                try:
                    center, width = (float(one) for one in _words(self._cell(at, 8).replace(";", ",")))
                    window = (center, width)
                except ValueError as error:
                    text = translate("Hanging", "{0}: centre and width are two numbers, as “40, 400”.")
                    raise ValueError(text.format(place)) from error
            prior = self._cell(at, 6) or "0"
            if not prior.isdigit() or len(prior) > 2:
                raise ValueError(translate("Hanging", "{0}: prior is a whole number.").format(place))
            series = rule.series
            if rule.like is None:
                series = replace(
                    series,
                    modalities=_words(self._cell(at, 0)),
                    words=_words(self._cell(at, 1)),
                    without=_words(self._cell(at, 2)),
                    laterality=self._cell(at, 3).upper(),
                    views=_words(self._cell(at, 4)),
                    orientation=self._cell(at, 5) or "",  # type: ignore[arg-type]
                    prior=int(prior),
                )
            plane = self._cell(at, 7) or "acquired"
            viewports.append(replace(rule, series=series, plane=plane, window=window))  # type: ignore[arg-type]
        return replace(stage, viewports=tuple(viewports))

    def keep(self) -> None:
        """Write the protocol; what is wrong in it is said here, by its field."""
        name = self.name.text().strip()
        old = self._protocol
        try:
            self._stages[self._at] = self._read()
        except ValueError as error:
            self.said.setText(str(error))
            return
        study = replace(
            old.study,
            modalities=_words(self.modalities.text()),
            body_parts=_words(self.body_parts.text()),
            words=_words(self.words.text()),
        )
        renamed = name != local_name(old.name, old.names)
        made = replace(
            old,
            name=name if renamed or self._is_new else old.name,
            names={} if renamed else old.names,
            study=study,
            stages=tuple(self._stages),
            automatic=self.automatic.isChecked(),
        )
        if self._is_new:
            made = replace(made, id=self._workspace.hangings.free_id(name))
        try:
            protocol_of(json.loads(protocol_json(made)), name or "–")  # what cannot be read again is not written
            kept = self._workspace.hangings.keep(made)
        except MedviewError as error:
            self.said.setText(message_text(error.code, error.text, error.values, error.path or ""))
            return
        self._workspace.tell("protocol_kept", f"{kept.name} is kept.", (kept.name,), severity="done")
        self.close()
