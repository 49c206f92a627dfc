"""A statement written as files: DICOM objects, a report to look at, tables for research; each whole or not there."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from medview.app.made_elsewhere import stale_notes
from medview.app.visual_report import Language, check_sources, report_html, write_html, write_pdf
from medview.core.plain_text import visible_text
from medview.core.policy import policy
from medview.core.problem import ExitCode, MedviewError, Note
from medview.core.progress import Progress, no_progress
from medview.core.statement import Amount, PriorSize, StatedMark, Statement
from medview.core.study import Stack, Study

FileKind = Literal["sr", "seg", "rtstruct", "gsps", "kos", "sc", "pm", "html", "pdf", "pdf-dicom", "csv", "json"]
FILE_KINDS: tuple[FileKind, ...] = get_args(FileKind)

FILE_NAMES: dict[FileKind, str] = {
    "sr": "report-sr.dcm",
    "seg": "segmentation-{0}.dcm",
    "rtstruct": "structures-{0}.dcm",
    "gsps": "marks-gsps.dcm",
    "kos": "key-images.dcm",
    "sc": "picture-{0}.dcm",
    "pm": "map-{0}.dcm",
    "html": "report.html",
    "pdf": "report.pdf",
    "pdf-dicom": "report-pdf.dcm",
    "csv": "findings.csv",
    "json": "findings.json",
}


@dataclass(frozen=True, slots=True)
class WrittenFiles:
    """What was written, and a note for each kind that these images cannot carry."""

    paths: tuple[str, ...]
    notes: tuple[Note, ...]


def write_statement(
    statement: Statement,
    kinds: Sequence[FileKind],
    folder: str | os.PathLike[str],
    *,
    language: Language = "en",
    languages: Mapping[FileKind, Sequence[Language]] | None = None,
    segmentation_kind: Literal["binary", "fractional", "labelmap"] = "binary",
    into_source: bool = False,
    progress: Progress = no_progress,
) -> WrittenFiles:
    """Write the ``kinds`` into ``folder``, which is made where it is not there.

    ``languages`` names kinds whose pages are written in others than ``language``; in two, each has a file of its own.
    Raises MedviewError: ``source_folder`` where the folder holds the study's own files and ``into_source`` is not set,
    ``other_patient``, ``cannot_write``. What the images cannot carry (no DICOM, in colour …) becomes a note.
    """
    policy().refuse("export")
    target = Path(folder)
    if not into_source:
        refuse_source_folder(target, statement.study)
    check_sources(statement)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        from medview.files.replaced_file import cannot_write

        raise cannot_write(target, error) from error
    writing = _Writing(statement, target, segmentation_kind, progress)
    wanted = [(kind, one, at) for kind in kinds for at, one in enumerate((languages or {}).get(kind) or (language,))]
    for number, (kind, spoken, at) in enumerate(wanted):
        progress("write", number, len(wanted))
        try:
            writing.write(kind, spoken, f"_{spoken}" if at else "")
        except MedviewError as error:
            if not error.code.endswith("_impossible"):
                raise
            writing.notes.append(Note(error.code, error.text, error.values))
    return WrittenFiles(tuple(writing.paths), (*stale_notes(statement), *writing.notes))


PAGES: frozenset[FileKind] = frozenset({"html", "pdf", "pdf-dicom"})
"""Kinds that are made from a template."""


def file_kinds(words: Sequence[str]) -> tuple[list[FileKind], dict[FileKind, list[Language]]]:
    """Kinds by their names, and the languages of each: ``html-zh`` and ``pdf-zh`` are Chinese, after English where both are asked for.

    Raises MedviewError ``bad_use`` for a word that is none.
    """
    names = [word.removesuffix("-zh") for word in words]
    kinds = [kind for kind in FILE_KINDS if kind in names]
    both: tuple[tuple[Language, str], ...] = (("en", ""), ("zh_CN", "-zh"))
    languages = {kind: [language for language, end in both if f"{kind}{end}" in words] for kind in kinds}
    unknown = [name for name in names if name not in FILE_KINDS]
    if unknown:
        text = f"Nothing is written as {unknown[0]}; there are {', '.join(FILE_KINDS)}, html-zh, pdf-zh."
        raise MedviewError("bad_use", text, exit_code=ExitCode.BAD_USE)
    return kinds, languages


def refuse_source_folder(folder: Path, study: Study) -> None:
    """Raise MedviewError ``source_folder`` where the folder holds the study's own files."""
    if holds_sources(folder, study):
        text = f"{folder} holds the images of the study; nothing is written among them unless you say so."
        raise MedviewError("source_folder", text, str(folder), ExitCode.BAD_USE, (str(folder),))


def holds_sources(folder: Path, study: Study) -> bool:
    """Whether files of the study lie in the folder or in one below it."""
    try:
        wanted = folder.resolve()
    except OSError:
        return False
    parents = {Path(frame.path).parent for series in study.series for stack in series.stacks for frame in stack.frames}
    return any(wanted in (one.resolve(), *one.resolve().parents) for one in parents)


class _Writing:
    """One run over the kinds; a page is made once for HTML and PDF, segmentations once for SEG and SR."""

    def __init__(
        self,
        statement: Statement,
        folder: Path,
        segmentation_kind: Literal["binary", "fractional", "labelmap"],
        progress: Progress,
    ) -> None:
        self.paths: list[str] = []
        self.notes: list[Note] = []
        self._statement = statement
        self._folder = folder
        self._segmentation_kind = segmentation_kind
        self._progress = progress
        self._pages: dict[Language, str] = {}
        self._segmentations: dict[int, str] | None = None

    def write(self, kind: FileKind, language: Language, end: str) -> None:
        """Write a kind; ``end`` is what its name ends with, before the suffix."""
        path = self._folder / FILE_NAMES[kind]
        path = path.with_stem(path.stem + end)
        if kind == "seg":
            self.segmentations()
            return
        if kind == "rtstruct":
            self._structures()
            return
        if kind == "sc":
            self._captures()
            return
        if kind == "pm":
            self._maps()
            return
        if kind == "sr":
            from medview.dicom.report_write import write_report_object

            write_report_object(path, self._statement, self.segmentations())
        elif kind == "gsps":
            from medview.app.stated_looks import unsaid_windows
            from medview.dicom.presentation_write import presented_frames, write_presentation

            windows = unsaid_windows(presented_frames(self._statement))
            paths, notes = write_presentation(path, self._statement, windows)
            self.paths += paths
            self.notes += notes
            return
        elif kind == "kos":
            from medview.dicom.key_object_write import write_key_objects

            write_key_objects(path, self._statement)
        elif kind == "html":
            write_html(path, self.page(language))
        elif kind == "pdf":
            write_pdf(path, self.page(language), self._statement, self._progress, language)
        elif kind == "pdf-dicom":
            self._document(path, language)
        else:
            table = statement_csv(self._statement) if kind == "csv" else statement_json(self._statement)
            _write_text(path, table)
        self.paths.append(str(path))

    def _document(self, path: Path, language: Language) -> None:
        """The report as a PDF inside a DICOM object."""
        import tempfile

        from medview.dicom.document_write import write_document

        with tempfile.TemporaryDirectory(prefix="medview-") as folder:
            page = Path(folder) / "report.pdf"
            write_pdf(page, self.page(language), self._statement, self._progress, language)
            statement = self._statement
            title = "medview: report" if language == "en" else "medview：报告"
            write_document(path, page.read_bytes(), self._source(), statement.study, title, statement.verified)

    def _source(self) -> str:
        """A file of the study; raises MedviewError where its images are no DICOM."""
        stacks = [stack for series in self._statement.study.series for stack in series.stacks]
        frames = (frame for stack in stacks for frame in stack.frames if frame.sop_uid)
        found = next(frames, None)
        if found is None:
            raise _no_dicom(FILE_NAMES["pdf-dicom"], "document_impossible")
        return found.path

    def _captures(self) -> None:
        """A picture of each slice that something was found or marked on, as the report has them."""
        from medview.app.key_pictures import key_pictures
        from medview.dicom.capture_write import write_capture

        for number, one in enumerate(key_pictures(self._statement, self._progress), 1):
            at = one.time * one.stack.shape[0] + (one.k or 0)
            source = one.stack.frames[at].path if one.stack.frames[at].sop_uid else ""
            if not source:
                raise _no_dicom(FILE_NAMES["sc"].format(number), "sc_impossible")
            path = self._folder / FILE_NAMES["sc"].format(number)
            said = "medview: a cut" if one.k is None else f"medview: image {one.k + 1}"
            said += (
                f", {one.stack.context.modality} + {one.fused.over.context.modality}" if one.fused is not None else ""
            )
            also = (one.fused_frame.path,) if one.fused_frame is not None and one.fused_frame.sop_uid else ()
            write_capture(path, one.rgba, source, self._statement.study, said, also)
            self.paths.append(str(path))

    def _maps(self) -> None:
        """Each map of values that a model gave; what cannot be written becomes a note."""
        from medview.dicom.parametric_map_write import write_parametric_map

        if not self._statement.maps:
            name, why = FILE_NAMES["pm"].format(1), "no model was asked for a map of values"
            raise MedviewError("pm_impossible", f"{name} was not written: {why}.", values=(name, why))
        for number, one in enumerate(self._statement.maps, 1):
            path = self._folder / FILE_NAMES["pm"].format(number)
            try:
                write_parametric_map(path, one, self._statement.study)
            except MedviewError as error:
                if error.code != "pm_impossible":
                    raise
                self.notes.append(Note(error.code, error.text, error.values))
                continue
            self.paths.append(str(path))

    def _structures(self) -> None:
        """The contours of each label map."""
        from medview.dicom.structure_set_write import write_structure_set

        for at, one in enumerate(self._statement.results, 1):
            segmentation = one.result.segmentation
            if segmentation is None:
                continue
            path, slices = self._folder / FILE_NAMES["rtstruct"].format(at), one.stack.shape[0]
            frames = one.stack.frames[segmentation.time * slices : (segmentation.time + 1) * slices]
            write_structure_set(path, segmentation, frames, one.result.provenance)
            self.paths.append(str(path))

    def page(self, language: Language) -> str:
        if language not in self._pages:
            self._pages[language] = report_html(self._statement, language, progress=self._progress)
        return self._pages[language]

    def segmentations(self) -> dict[int, str]:
        """Segmentation objects by index of their result; the report refers to them, so they are written with it."""
        if self._segmentations is None:
            self._segmentations = {}
            for at, one in enumerate(self._statement.results):
                self._write_segmentation(at, one.stack)
        return self._segmentations

    def _write_segmentation(self, at: int, stack: Stack) -> None:
        from medview.dicom.seg_write import write_segmentation_object

        result = self._statement.results[at].result
        segmentation = result.segmentation
        if segmentation is None:
            return
        path = self._folder / FILE_NAMES["seg"].format(at + 1)
        slices = stack.shape[0]
        frames = stack.frames[segmentation.time * slices : (segmentation.time + 1) * slices]
        try:
            write_segmentation_object(path, segmentation, frames, result.provenance, self._segmentation_kind)
        except MedviewError as error:
            if error.code != "seg_impossible":
                raise
            self.notes.append(Note(error.code, error.text, error.values))
            return
        if stack.geometry is None or not stack.geometry.frame_of_reference:
            text = f"{path.name} says by frames where it lies, as its images have no place in the patient; not every program reads that."
            self.notes.append(Note("seg_by_frames", text, (path.name,)))
        assert self._segmentations is not None
        self._segmentations[at] = str(path)
        self.paths.append(str(path))


def _no_dicom(name: str, code: str) -> MedviewError:
    why = "the images are no DICOM"
    return MedviewError(code, f"{name} was not written: {why}.", values=(name, why))


def _write_text(path: Path, text: str) -> None:
    from medview.files.replaced_file import replaced_file

    with replaced_file(path) as temporary:
        temporary.write_bytes(text.encode("utf-8", "replace"))


# Tables --------------------------------------------------------------------------------------------------------------

_COLUMNS = (
    "kind", "id", "label", "score", "size_mm", "quantity", "value", "unit", "sop_instance_uid", "frame", "slice", "x", "y",
    "x_lps_mm", "y_lps_mm", "z_lps_mm", "model", "model_version", "package_sha256", "decision", "reader", "decided_at", "note",
    "values_of", "made_on_other_images", "prior_size", "prior_study_date", "prior_unit", "prior_by",
)  # fmt: skip


_STALE = {True: "yes", False: ""}


def statement_csv(statement: Statement) -> str:
    """One row for each finding, each number of a mark, each volume; with a byte order mark, as spreadsheets want it."""
    stream = io.StringIO()
    table = csv.DictWriter(stream, _COLUMNS, lineterminator="\r\n")
    table.writeheader()
    for row in _rows(statement):
        table.writerow({name: _cell(value) for name, value in row.items()})
    return "\ufeff" + stream.getvalue()


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is told to be none by an apostrophe; what is invisible is shown."""
    if not isinstance(value, str):
        return value
    return f"'{visible_text(value)}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else visible_text(value)


def _rows(statement: Statement) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for found in statement.findings:
        finding, made = found.finding, found.provenance
        x, y, z = finding.center_lps or ("", "", "")
        rows.append(
            {
                "kind": "finding", "id": found.tracking_uid, "label": found.told_label, "score": finding.score,
                "size_mm": "" if finding.size_mm is None else finding.size_mm, "sop_instance_uid": finding.sop_uid,
                "frame": finding.frame, "slice": finding.k, "x": finding.center_voxel[2], "y": finding.center_voxel[1],
                "x_lps_mm": x, "y_lps_mm": y, "z_lps_mm": z, "model": made.package_id,
                "model_version": made.package_version, "package_sha256": made.package_sha256,
                "decision": found.verdict, "reader": found.reader, "decided_at": found.decided_at, "note": found.note,
                "made_on_other_images": _STALE[found.stale],
                **_prior_cells(found.prior),
            }
        )  # fmt: skip
    for mark in statement.marks:
        rows += [_mark_row(mark, amount) for amount in mark.amounts]
    for key in statement.keys:
        rows.append(
            {
                "kind": "key image", "sop_instance_uid": key.source.sop_uid if key.source is not None else "",
                "frame": key.source.frame if key.source is not None else "", "slice": key.k, "note": key.note,
            }
        )  # fmt: skip
    for result in statement.results:
        made = result.result.provenance
        labels = () if result.result.segmentation is None else result.result.segmentation.meanings
        names = {label.value: label.name for label in labels}
        for value, volume in result.volumes_ml:
            rows.append(
                {
                    "kind": "volume", "id": str(value), "label": names.get(value, ""), "quantity": "Volume", "value": volume,
                    "unit": "ml", "model": made.package_id, "model_version": made.package_version,
                    "package_sha256": made.package_sha256, "made_on_other_images": _STALE[result.stale],
                    **_prior_cells(dict(result.priors).get(value)),
                }
            )  # fmt: skip
    return rows


def _mark_row(mark: StatedMark, amount: Amount) -> dict[str, Any]:
    x, y = mark.points[0]
    lps = ("", "", "") if mark.patient_points is None else mark.patient_points[0]
    name = amount.name.meaning if amount.derivation is None else f"{amount.name.meaning} {amount.derivation.meaning}"
    return {
        "kind": "mark", "id": mark.tracking_uid, "label": mark.mark.kind, "quantity": name, "value": amount.value,
        "unit": amount.unit.value, "sop_instance_uid": mark.source.sop_uid if mark.source is not None else "",
        "frame": mark.source.frame if mark.source is not None else "", "slice": "" if mark.k is None else mark.k,
        "x": x, "y": y, "x_lps_mm": lps[0], "y_lps_mm": lps[1], "z_lps_mm": lps[2], "note": mark.words,
        "values_of": mark.values_of, "made_on_other_images": _STALE[mark.stale], **_prior_cells(mark.prior),
    }  # fmt: skip


def _prior_cells(prior: PriorSize | None) -> dict[str, Any]:
    if prior is None:
        return {}
    return {
        "prior_size": prior.before, "prior_study_date": prior.study_date, "prior_unit": prior.unit, "prior_by": prior.by
    }  # fmt: skip


def _told_prior(prior: PriorSize | None) -> dict[str, Any] | None:
    return None if prior is None else {**asdict(prior), "change": prior.change}


def statement_json(statement: Statement) -> str:
    """Everything with its provenance; coordinates as in the window: pixel centres are integers, LPS mm."""
    study = statement.study
    content = {
        "format": "medview findings 1",
        "study_uid": study.study_uid,
        "reader": statement.reader,
        "verified": statement.verified,
        "findings": [
            {
                "id": one.tracking_uid,
                **asdict(one.finding),
                "label": one.told_label,
                "model_label": one.finding.label,
                "decision": one.verdict,
                "reader": one.reader,
                "decided_at": one.decided_at,
                "note": one.note,
                "made_on_other_images": one.stale,
                "prior": _told_prior(one.prior),
                "provenance": asdict(one.provenance),
            }
            for one in statement.findings
        ],
        "marks": [
            {
                "id": one.tracking_uid,
                "kind": one.mark.kind,
                "points": [list(point) for point in one.mark.points],
                "patient_points": one.patient_points,
                "sop_instance_uid": one.source.sop_uid if one.source is not None else "",
                "frame": one.source.frame if one.source is not None else None,
                "slice": one.k,
                "values_of": one.values_of or "plane",
                "made_on_other_images": one.stale,
                "prior": _told_prior(one.prior),
                "values": [
                    {
                        "name": amount.name.meaning,
                        "derivation": None if amount.derivation is None else amount.derivation.meaning,
                        "value": amount.value,
                        "unit": amount.unit.value,
                    }
                    for amount in one.amounts
                ],
            }
            for one in statement.marks
        ],
        "key_images": [
            {
                "sop_instance_uid": one.source.sop_uid if one.source is not None else "",
                "frame": one.source.frame if one.source is not None else None,
                "stack": one.stack.id,
                "slice": one.k,
                "time": one.time,
                "note": one.note,
            }
            for one in statement.keys
        ],
        "volumes_ml": [
            {
                "stack": one.stack.id,
                "package": one.result.provenance.package_id,
                "label": value,
                "volume_ml": volume,
                "made_on_other_images": one.stale,
                "prior": _told_prior(dict(one.priors).get(value)),
            }
            for one in statement.results
            for value, volume in one.volumes_ml
        ],
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
