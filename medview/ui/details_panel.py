"""The Details tab: what is known of the shown stack and what the reader should know about it."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from medview.app.coding import codings_of
from medview.core.study import Series, Stack, Study
from medview.ui.corner_text import age_text, date_text, person_name
from medview.ui.following_panel import FollowingPanel
from medview.ui.messages import note_text, problem_text
from medview.ui.parts import empty, panel_column, rule, text_label, title_label
from medview.ui.text import shown_number, translate

if TYPE_CHECKING:
    from medview.app.commands import Shell
    from medview.app.workspace import Workspace

Pair = tuple[str, str]
NAME_WIDTH = 96
FAULTS_SHOWN = 20


def kind_text(kind: str) -> str:
    """What a kind of stack means to a reader."""
    return {
        "volume": translate("Details", "Volume"),
        "sheared": translate("Details", "Tilted volume"),
        "irregular": translate("Details", "Volume with uneven slice distances"),
        "frames": translate("Details", "Frames without common geometry"),
        "picture": translate("Details", "Picture"),
    }.get(kind, kind)


def spacing_text(kind: str) -> str:
    """What a pixel spacing refers to."""
    return {
        "patient": translate("Details", "in the patient"),
        "detector": translate("Details", "at the detector"),
        "calibrated": translate("Details", "calibrated"),
        "estimated": translate("Details", "magnification estimated"),
        "region": translate("Details", "ultrasound region"),
        "none": translate("Details", "not known; lengths are in px"),
    }.get(kind, kind)


def study_pairs(study: Study) -> list[Pair]:
    """Patient and study."""
    patient = study.patient
    sex = {"M": translate("Details", "male"), "F": translate("Details", "female"), "O": translate("Details", "other")}
    return [
        (translate("Details", "Name"), person_name(patient.told_name)),
        (translate("Details", "Patient ID"), patient.patient_id),
        (translate("Details", "Born"), date_text(patient.birth_date)),
        (translate("Details", "Sex"), sex.get(patient.sex, patient.sex)),
        (translate("Details", "Age"), age_text(patient.age)),
        (translate("Details", "Study date"), date_text(study.date)),
        (translate("Details", "Study"), study.description),
        (translate("Details", "Accession"), study.accession),
    ]


def series_pairs(series: Series) -> list[Pair]:
    """Acquisition."""
    context = series.context
    thickness = f"{shown_number(context.slice_thickness, 'g')} mm" if context.slice_thickness else ""
    number = str(series.number) if series.number is not None else ""
    return [
        (translate("Details", "Number"), number),
        (translate("Details", "Description"), context.description),
        (translate("Details", "Modality"), context.modality),
        (translate("Details", "Body part"), context.body_part),
        (translate("Details", "Protocol"), context.protocol),
        (translate("Details", "Contrast"), context.contrast_agent),
        (translate("Details", "Kernel"), context.kernel),
        (translate("Details", "Thickness"), thickness),
        (translate("Details", "Scanner"), " ".join(p for p in (context.manufacturer, context.model_name) if p)),
        (translate("Details", "Institution"), context.institution),
        (translate("Details", "Lossy"), context.lossy),
    ]


def stack_pairs(stack: Stack) -> list[Pair]:
    """Geometry, values and storage."""
    k, j, i = stack.shape
    pairs: list[Pair] = [
        (translate("Details", "Kind"), kind_text(stack.kind)),
        (translate("Details", "Size"), f"{i} × {j} × {k}"),
    ]
    if stack.timepoints > 1:
        pairs.append((translate("Details", "Time points"), str(stack.timepoints)))
    geometry = stack.geometry
    if geometry is not None:
        dk, dj, di = geometry.spacing
        pairs.append(
            (
                translate("Details", "Spacing"),
                f"{shown_number(di, '.4g')} × {shown_number(dj, '.4g')} × {shown_number(dk, '.4g')} mm",
            )
        )
        low, high = geometry.bounds
        for name, a, b in zip(("R–L", "A–P", "I–S"), low, high, strict=True):
            pairs.append((f"{name} (LPS)", f"{shown_number(a, '.1f')} … {shown_number(b, '.1f')} mm"))
    elif stack.pixel_spacing is not None:
        dj, di = stack.pixel_spacing
        pairs.append((translate("Details", "Spacing"), f"{shown_number(di, '.4g')} × {shown_number(dj, '.4g')} mm"))
    pairs.append((translate("Details", "Spacing is"), spacing_text(stack.spacing_kind)))
    unit = stack.unit or ""
    pairs.append((translate("Details", "Values"), translate("Details", "as stored") if unit == "stored" else unit))
    pairs.append((translate("Details", "Stored as"), f"{stack.dtype}" + (" × 3" if stack.components == 3 else "")))
    if stack.padding is not None:
        pairs.append(
            (translate("Details", "Padding"), " … ".join(dict.fromkeys(str(value) for value in stack.padding)))
        )
    pairs += coding_pairs(stack)
    return pairs


def coding_pairs(stack: Stack) -> list[Pair]:
    """Transfer syntaxes and decoders of a stack's files."""
    codings = codings_of(stack)
    if not codings:
        return [(translate("Details", "Decoder"), translate("Details", "uncompressed"))] if stack.frames else []
    decoders = dict.fromkeys(coding.decoder or translate("Details", "No decoder") for coding in codings)
    return [
        (translate("Details", "Transfer syntax"), "\n".join(f"{coding.name} ({coding.uid})" for coding in codings)),
        (translate("Details", "Decoder"), ", ".join(decoders)),
    ]


class DetailsPanel(FollowingPanel):
    """Figures and notes of the active viewport's stack, and the files that could not be read."""

    def __init__(self, workspace: Workspace, _shell: Shell) -> None:
        super().__init__()
        self._workspace = workspace
        column = panel_column(self)
        self._content = QVBoxLayout()
        self._content.setSpacing(4)
        column.addLayout(self._content)
        column.addStretch(1)
        self._shown: object = None
        self.follow(workspace.studies_changed, workspace.active_changed, workspace.viewport_changed)
        self.refresh()

    def refresh(self) -> None:
        """Show the active viewport's stack."""
        workspace = self._workspace
        state = workspace.active_viewport
        shown = (state.stack, len(workspace.problems))
        if shown == self._shown:
            return
        self._shown = shown
        empty(self._content)
        if state.stack is None or state.series is None or state.study is None:
            self._content.addWidget(text_label(translate("Details", "Nothing is shown."), "secondary"))
        else:
            if state.stack.notes:
                notes = [note_text(note) for note in state.stack.notes]
                self._section(translate("Details", "Worth knowing"), [("•", text) for text in notes], name_width=8)
            self._section(translate("Details", "Image"), stack_pairs(state.stack))
            self._section(translate("Details", "Series"), series_pairs(state.series))
            self._section(translate("Details", "Patient and study"), study_pairs(state.study))
        if workspace.problems:
            self._section(translate("Details", "Files that could not be read ({0})").format(len(workspace.problems)))
            for problem in workspace.problems[:FAULTS_SHOWN]:
                name = PurePath(problem.path).name
                label = text_label(problem_text(problem).replace(problem.path, name), "warning", selectable=True)
                label.setToolTip(problem.path)
                self._content.addWidget(label)
            if len(workspace.problems) > FAULTS_SHOWN:
                more = len(workspace.problems) - FAULTS_SHOWN
                self._content.addWidget(text_label(translate("Details", "and {0} more").format(more), "secondary"))

    def _section(self, title: str, pairs: list[Pair] | None = None, name_width: int = NAME_WIDTH) -> None:
        if self._content.count():
            self._content.addWidget(rule())
        self._content.addWidget(title_label(title))
        if pairs is None:
            return
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 4)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(3)
        grid.setColumnMinimumWidth(0, name_width)
        grid.setColumnStretch(1, 1)
        for row, (name, value) in enumerate(pair for pair in pairs if pair[1]):
            label = QLabel(name)
            label.setObjectName("secondary")
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label, row, 0)
            grid.addWidget(text_label(value, selectable=True), row, 1)
        self._content.addWidget(table)
