"""A report to look at: patient, technique, key pictures, tables of findings, models and their limits, the reader's sign-off.

HTML from a template that a hospital can edit (`page_template`), and PDF from that HTML in a process of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medview import __version__
from medview.app.key_pictures import KeyPicture, address_of, key_pictures
from medview.app.page_template import check_template, fill_template, names_in
from medview.app.stated_fusion import title_of
from medview.core.finding import Code, Provenance
from medview.core.folders import user_folder
from medview.core.person_name import shown_person_name
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress, no_progress
from medview.core.resources import resource_path
from medview.core.statement import (
    AT_END,
    AT_START,
    DIFFERENCE,
    Amount,
    PriorSize,
    StatedFinding,
    StatedMark,
    StatedResult,
    Statement,
)
from medview.core.study import PatientIdentity, SeriesContext, Stack, Study

Language = Literal["en", "zh_CN"]
LANGUAGES: tuple[Language, ...] = ("en", "zh_CN")

PICTURE_PX = 282
PRINT_LIMIT_S = 120.0
LONGEST_TEMPLATE = 1 << 20

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "Length": "length", "Area": "area", "Long axis": "long axis", "Short axis": "short axis", "Volume": "volume",
        "Mean": "mean", "Standard Deviation": "SD", "Minimum": "min", "Maximum": "max",
        "accepted": "accepted", "rejected": "rejected", "": "not decided",
        "Flow Velocity": "velocity", "Time": "time", "Depth": "depth", "Frequency": "frequency", "Level": "level",
        "Change of level": "change of level", "Share": "share",
        "Median": "median", "Perimeter": "perimeter", "Angle": "angle",
        "ruler": "distance", "polyline": "path", "angle": "angle", "cobb": "Cobb angle", "bidirectional": "two axes",
        "ellipse": "ellipse", "rectangle": "rectangle", "polygon": "polygon", "freehand": "outline", "point": "point",
        "arrow": "arrow", "text": "text", "calibration": "calibration line", "image": "image {0} of {1}", "key": "key image", "on_cut": "on a cut",
        "left": "L", "right": "R", "front": "A", "back": "P", "up": "H", "down": "F",
        "M": "male", "F": "female", "O": "other",
        "detail": "enlarged", "none": "none", "days": "{0} days",
        "said_findings": "Findings of models: {0} ({1} accepted, {2} rejected, {3} not decided)",
        "stale": "⚠ made on other images than these", "said_marks": "Measurements of the reader: {0}", "said_keys": "Key images: {0}", "said_segments": "Segmented structures: {0}",
        "said_grown": "Larger than on the prior: {0}", "said_smaller": "Smaller than on the prior: {0}",
        "fused": "{0} over {1}", "fused_failed": "the series on top could not be read: {0}",
        "fused_unverified": "other frame of reference, place not verified", "fused_unsure": "registered by medview, not accepted",
        "fused_by_hand": "moved by hand",
        "by_reader": "said by the reader", "by_tracking": "same tracking identifier", "by_name": "same name", "by_place": "same place",
    },
    "zh_CN": {
        "Length": "长度", "Area": "面积", "Long axis": "长径", "Short axis": "短径", "Volume": "体积",
        "Mean": "均值", "Standard Deviation": "标准差", "Minimum": "最小值", "Maximum": "最大值",
        "accepted": "已接受", "rejected": "已拒绝", "": "未判定",
        "Flow Velocity": "速度", "Time": "时间", "Depth": "深度", "Frequency": "频率", "Level": "电平",
        "Change of level": "电平变化率", "Share": "比例",
        "Median": "中位数", "Perimeter": "周长", "Angle": "角度",
        "ruler": "距离", "polyline": "折线", "angle": "角度", "cobb": "Cobb 角", "bidirectional": "双径",
        "ellipse": "椭圆", "rectangle": "矩形", "polygon": "多边形", "freehand": "手绘轮廓", "point": "点",
        "arrow": "箭头", "text": "文字", "calibration": "校准线", "image": "第 {0} / {1} 幅", "key": "关键图像", "on_cut": "重建层面",
        "left": "左", "right": "右", "front": "前", "back": "后", "up": "上", "down": "下",
        "M": "男", "F": "女", "O": "其他",
        "detail": "局部放大", "none": "无", "days": "间隔 {0} 天",
        "said_findings": "模型发现：{0} 处（已接受 {1}，已拒绝 {2}，未判定 {3}）",
        "stale": "⚠ 在不同于此处的图像上完成", "said_marks": "阅片者测量：{0} 项", "said_keys": "关键图像：{0} 幅", "said_segments": "分割结构：{0} 个",
        "said_grown": "较前增大：{0}", "said_smaller": "较前缩小：{0}",
        "fused": "{1} 上叠加 {0}", "fused_failed": "叠加序列无法读取：{0}",
        "fused_unverified": "参考坐标系不同，位置未经核实", "fused_unsure": "由 medview 配准，尚未确认", "fused_by_hand": "手动移动",
        "by_reader": "由阅片者指认", "by_tracking": "追踪标识相同", "by_name": "名称相同", "by_place": "位置相同",
    },
}  # fmt: skip
_ALONG: dict[Code | None, str] = {DIFFERENCE: "Δ {0}", AT_START: "{0} ①", AT_END: "{0} ②"}
"""How numbers along the axes of a spectrum are told: the difference, and what stands at both ends."""
_VERDICTS = ("accepted", "rejected", "")
_UNIT_WORDS = {"mm2": "mm²", "[hnsf'U]": "HU", "{pixels}": "px", "deg": "°", "1": ""}


def template_path(language: Language) -> Path:
    """The hospital's template where there is one (``reports/report_en.html`` in the user's folder), else medview's."""
    name = f"report_{language}.html"
    own = user_folder() / "reports" / name
    return own if own.is_file() else resource_path("reports", name)


def read_template(path: Path) -> str:
    """A template's text; raises MedviewError ``bad_template``."""
    try:
        if path.stat().st_size > LONGEST_TEMPLATE:
            raise MedviewError("bad_template", f"{path} is too long for a template.", str(path), ExitCode.BAD_USE)
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no UTF-8"
        text = f"{path} is no template: {why}."
        raise MedviewError("bad_template", text, str(path), ExitCode.BAD_USE, (str(path), why)) from error


MORE_NAMES = frozenset({"study_uid", "has_findings", "findings", "is_rejected", "prior_days"})
"""What a template may name beside all that medview's own ones do."""


def checked_template(language: Language, path: Path | None = None) -> tuple[str, str]:
    """The template of a language, or that in ``path``, and where it lies.

    Raises MedviewError with the line of what is wrong, also in a part that the next report may leave empty.
    """
    used = path or template_path(language)
    template = read_template(used)
    own = (resource_path("reports", f"report_{one}.html").read_text(encoding="utf-8") for one in LANGUAGES)
    check_template(template, MORE_NAMES.union(*map(names_in, own)), str(used))
    return template, str(used)


def report_html(
    statement: Statement,
    language: Language = "en",
    *,
    template: Path | None = None,
    pictures: tuple[KeyPicture, ...] | None = None,
    progress: Progress = no_progress,
) -> str:
    """The report as one HTML page that holds its pictures. Raises MedviewError: other_patient, bad_template …"""
    page, used = checked_template(language, template)
    check_sources(statement)
    shown = key_pictures(statement, progress) if pictures is None else pictures
    return fill_template(page, report_content(statement, language, shown), used)


def check_sources(statement: Statement) -> None:
    """Whose images the files hold is read again before a patient's name is written beside them."""
    from medview.dicom.written_object import check_identity

    check_identity(_dicom_paths(statement), statement.study)


def _dicom_paths(statement: Statement) -> Iterable[str]:
    for stack in _stacks(statement):
        for frame in stack.frames:
            if frame.sop_uid:
                yield frame.path


def _all_stacks(study: Study) -> list[Stack]:
    return [stack for series in study.series for stack in series.stacks]


def _stacks(statement: Statement) -> list[Stack]:
    stacks = [one.stack for one in statement.findings]
    stacks += [one.stack for one in statement.marks]
    stacks += [one.stack for one in statement.keys]
    stacks += [one.stack for one in statement.results]
    return list({stack.id: stack for stack in stacks}.values())


# Content -------------------------------------------------------------------------------------------------------------


def report_content(statement: Statement, language: Language, pictures: tuple[KeyPicture, ...]) -> dict[str, Any]:
    """Everything a template may name."""
    study, words = statement.study, _WORDS[language]
    patient = study.patient
    stacks = _stacks(statement)
    findings = [_finding(number, one, words) for number, one in enumerate(statement.findings, 1)]
    held = [one for one in findings if not one["is_rejected"]]
    priors = [one.prior for one in statement.findings] + [one.prior for one in statement.marks]
    priors += [prior for one in statement.results for _value, prior in one.priors]
    return {
        "patient_name": _patient_name(patient, language),
        "patient_id": patient.patient_id,
        "patient_birth_date": _date(patient.birth_date),
        "patient_sex": words[sex] if (sex := patient.sex.strip().upper()) in {"M", "F", "O"} else patient.sex,
        "study_date": _date(study.date),
        "study_description": study.description,
        "accession": study.accession,
        "study_uid": study.study_uid,
        "institution": next((one.context.institution for one in stacks if one.context.institution), ""),
        "series": [_series(statement.study, stack) for stack in stacks or _all_stacks(study)],
        "summary": [{"text": text} for text in _summary(statement, words)],
        "picture_rows": _picture_rows(pictures, words),
        "has_pictures": bool(pictures),
        "has_findings": bool(statement.findings),
        "findings": findings,
        "has_held_findings": bool(held),
        "held_findings": held,
        "has_rejected_findings": len(held) < len(findings),
        "rejected_findings": [one for one in findings if one["is_rejected"]],
        "has_priors": any(one is not None for one in priors),
        "has_marks": bool(statement.marks),
        "marks": [_mark(number, one, words) for number, one in enumerate(statement.marks, 1)],
        "has_volumes": any(one.volumes_ml for one in statement.results),
        "volumes": [row for one in statement.results for row in _volumes(one, words)],
        "has_classes": any(one.result.classification for one in statement.results),
        "classes": [
            {"label": line.label, "probability": f"{line.probability:.3f}", "model": _model_name(one)}
            for one in statement.results
            for line in one.result.classification
        ],
        "has_models": any(one.result.provenance.how == "automatic" for one in statement.results) or bool(findings),
        "models": _models(statement),
        "says_nothing": not statement.says_anything,
        "reader": statement.reader.replace("^", " "),
        "verified": statement.verified,
        "made_at": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z"),
        "version": __version__,
    }


def _summary(statement: Statement, words: dict[str, str]) -> list[str]:
    """What there is, in a few sentences."""
    told = []
    if statement.findings:
        count = {verdict: sum(one.verdict == verdict for one in statement.findings) for verdict in _VERDICTS}
        told.append(
            words["said_findings"].format(len(statement.findings), count["accepted"], count["rejected"], count[""])
        )
    segments = sum(len(one.volumes_ml) for one in statement.results)
    for key, number in (
        ("said_segments", segments),
        ("said_marks", len(statement.marks)),
        ("said_keys", len(statement.keys)),
    ):
        if number:
            told.append(words[key].format(number))
    compared = [(f"F{n}", one.prior) for n, one in enumerate(statement.findings, 1) if one.verdict != "rejected"]
    compared += [(f"M{n}", one.prior) for n, one in enumerate(statement.marks, 1)]
    for key, sign in (("said_grown", 1), ("said_smaller", -1)):
        named = [
            f"{name} ({prior.told_change})"
            for name, prior in compared
            if prior is not None and prior.change is not None and sign * round(prior.change * 100) > 0
        ]
        if named:
            told.append(words[key].format(", ".join(named)))
    return told


def _picture_rows(pictures: tuple[KeyPicture, ...], words: dict[str, str]) -> list[dict[str, Any]]:
    """Two pictures in a row; one with its enlarged part has a row of its own."""
    rows: list[list[dict[str, Any]]] = []
    for one in pictures:
        cells = [_picture(one.rgba, _caption(one, words))]
        if one.detail is not None:
            numbers = ", ".join(_numbers(one))
            cells.append(_picture(one.detail, f"{numbers}: {words['detail']}" if numbers else words["detail"]))
        if len(cells) == 2 or not rows or len(rows[-1]) == 2:
            rows.append(cells)
        else:
            rows[-1] += cells
    return [{"pictures": row} for row in rows]


def _prior(prior: PriorSize | None, words: dict[str, str]) -> dict[str, Any]:
    """What a template may name of a prior; all "" where there is none."""
    if prior is None:
        return {"prior": "", "prior_date": "", "change": "", "prior_by": "", "prior_days": ""}
    digits = 1 if prior.unit == "mm" or prior.before < 10 else 0
    return {
        "prior": f"{prior.before:.{digits}f} {prior.unit}",
        "prior_date": _date(prior.study_date),
        "change": prior.told_change,
        "prior_by": words[f"by_{prior.by}"],
        "prior_days": "" if prior.days is None else words["days"].format(prior.days),
    }


def _date(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) >= 8 and text[:8].isdigit() else text


def _series(study: Study, stack: Stack) -> dict[str, Any]:
    series = next((one for one in study.series if stack in one.stacks), None)
    context = stack.context
    if not context.modality and series is not None:
        context = series.context
    return {
        "modality": context.modality,
        "description": context.description or (series.context.description if series is not None else ""),
        "images": stack.frame_count,
        "technique": _technique(context, stack),
        "equipment": " ".join(part for part in (context.manufacturer, context.model_name) if part),
        "contrast": context.contrast_agent,
        "notes": "; ".join(note.text for note in stack.notes),
    }


def _technique(context: SeriesContext, stack: Stack) -> str:
    parts = []
    if stack.geometry is not None:
        dk, dj, di = stack.geometry.spacing
        parts.append(f"{dj:.3g} × {di:.3g} × {dk:.3g} mm")
    if context.slice_thickness:
        parts.append(f"{context.slice_thickness:g} mm")
    if context.kernel:
        parts.append(context.kernel)
    if context.lossy:
        parts.append(context.lossy)
    return ", ".join(parts)


def _picture(rgba: NDArray[np.uint8], caption: str) -> dict[str, Any]:
    height, width = rgba.shape[:2]
    shown = (PICTURE_PX, max(1, round(PICTURE_PX * height / width)))
    if shown[1] > PICTURE_PX * 1.3:
        shown = (max(1, round(shown[0] * PICTURE_PX * 1.3 / shown[1])), round(PICTURE_PX * 1.3))
    return {"src": address_of(rgba), "width": shown[0], "height": shown[1], "caption": caption}


def _numbers(one: KeyPicture) -> list[str]:
    return [f"F{number}" for number in one.findings] + [f"M{number}" for number in one.marks]


def _caption(one: KeyPicture, words: dict[str, str]) -> str:
    numbers = [f"★ {words['key']}"] if one.is_key else []
    numbers += _numbers(one)
    if one.k is None:
        where = f"{words['on_cut']} ({words.get(one.cut, one.cut)})" if one.cut else words["on_cut"]
    else:
        where = words["image"].format(one.k + 1, one.stack.shape[0])
    fused = ""
    if one.fused is not None:
        doubts = "".join(f" ({words[f'fused_{name}']})" for name in one.fused.doubts)
        fused = "; " + words["fused"].format(title_of(one.fused.over), title_of(one.fused.stack)) + doubts
    elif one.fused_fault:
        fused = "; " + words["fused_failed"].format(one.fused_fault)
    return ", ".join([*numbers, where]) + fused + (f": {one.note}" if one.note else "")


def _finding(number: int, one: StatedFinding, words: dict[str, str]) -> dict[str, Any]:
    found = one.finding
    return {
        "number": f"F{number}",
        "label": one.told_label,
        "model_label": found.label if one.label and one.label != found.label else "",
        "score": f"{found.score:.2f}",
        "size": "" if found.size_mm is None else f"{found.size_mm:.1f} mm",
        "volume": _box_volume(one),
        "location": _location(one, words),
        "model": one.provenance.package_name or one.provenance.package_id,
        "decision": words[one.verdict],
        "is_rejected": one.verdict == "rejected",
        "is_accepted": one.verdict == "accepted",
        "decided_by": one.reader,
        "decided_at": one.decided_at[:16].replace("T", " "),
        "note": _with_stale(one.note, one, words),
        **_prior(one.prior, words),
    }


def _with_stale(text: str, one: StatedFinding | StatedMark | StatedResult, words: dict[str, str]) -> str:
    """The text, with a word where it is about something that was made on other images."""
    return "; ".join(part for part in (words["stale"] if one.stale else "", text) if part)


def _box_volume(one: StatedFinding) -> str:
    """Of the sphere with the finding's diameter: the box of a lesion is no measure of its volume."""
    size = one.finding.size_mm
    return "" if size is None else f"≈ {3.14159265 / 6 * size**3 / 1000:.2f} ml"


def _location(one: StatedFinding, words: dict[str, str]) -> str:
    where = words["image"].format(one.finding.k + 1, one.stack.shape[0])
    centre = one.finding.center_lps
    if centre is None:
        return where
    x, y, z = centre
    sides = (("left", "right", x), ("back", "front", y), ("up", "down", z))
    told = [f"{words[positive if value >= 0 else negative]} {abs(value):.0f}" for positive, negative, value in sides]
    return f"{where}; {' '.join(told)} mm"


def _mark(number: int, one: StatedMark, words: dict[str, str]) -> dict[str, Any]:
    where = words["on_cut"] if one.k is None else words["image"].format(one.k + 1, one.stack.shape[0])
    return {
        "number": f"M{number}",
        "kind": words.get(one.mark.kind, one.mark.kind),
        "values": ", ".join(_amount(amount, words) for amount in one.amounts)
        + (f" ({one.values_of})" if one.values_of else ""),
        "text": one.mark.text,
        "location": where,
        "note": _with_stale(one.words, one, words),
        **_prior(one.prior, words),
    }


def _amount(amount: Amount, words: dict[str, str]) -> str:
    derived = amount.derivation
    name = amount.name.meaning if derived is None or derived in _ALONG else derived.meaning
    said = _ALONG.get(derived, "{0}").format(words.get(name, name))
    return f"{said} {amount.told} {_UNIT_WORDS.get(amount.unit.value, amount.unit.value)}".strip()


def _volumes(one: StatedResult, words: dict[str, str]) -> list[dict[str, Any]]:
    segmentation, priors = one.result.segmentation, dict(one.priors)
    names = {} if segmentation is None else {label.value: label.name for label in segmentation.meanings}
    return [
        {
            "label": names.get(value, str(value)),
            "volume": _with_stale(f"{volume:.1f} ml", one, words),
            "model": _model_name(one),
            **_prior(priors.get(value), words),
        }
        for value, volume in one.volumes_ml
    ]


def _model_name(one: StatedResult) -> str:
    made = one.result.provenance
    return f"{made.package_name or made.package_id} {made.package_version}"


def _models(statement: Statement) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in statement.results:
        made = one.result.provenance
        found.setdefault(
            f"{made.package_sha256}/{made.finished_at}",
            {
                "name": made.package_name or made.package_id,
                "version": made.package_version,
                "sha256": made.package_sha256[:16],
                "device": made.device_used,
                "finished_at": made.finished_at,
                "research_only": made.research_only,
                "overrides": ", ".join(made.overrides),
                "intended_use": _intended_use(made),
                "warnings": [{"text": note.text} for note in one.result.warnings],
            },
        )
    return list(found.values())


def _intended_use(made: Provenance) -> str:
    """What the package itself says that it is for; "" where it is not installed here any more."""
    if made.how != "automatic":
        return ""
    from medview.inference.library import find_package

    try:
        return find_package(f"{made.package_id}@{made.package_version}").manifest.intended_use
    except MedviewError:
        return ""


# Files ---------------------------------------------------------------------------------------------------------------


def write_html(path: str | os.PathLike[str], page: str) -> None:
    """Write the page; raises MedviewError ``cannot_write``."""
    from medview.files.replaced_file import replaced_file

    with replaced_file(path) as temporary:
        temporary.write_text(page, encoding="utf-8", errors="replace")


def _patient_name(patient: PatientIdentity, language: Language) -> str:
    """The name as a picture's corner has it too: of its groups the one that the report's readers write."""
    return shown_person_name(patient.told_name, ideographic_first=language == "zh_CN") or patient.told_name


def write_pdf(
    path: str | os.PathLike[str],
    page: str,
    statement: Statement,
    progress: Progress = no_progress,
    language: Language = "en",
) -> None:
    """Write the page as PDF with the patient on every page; raises MedviewError: ``pdf_failed``, ``cannot_write``.

    Qt lays it out in a process of its own that needs no screen; this one stays free of Qt.
    """
    from medview.files.replaced_file import replaced_file
    from medview.jobs.service import Service, ServiceEndedError

    patient, study = statement.study.patient, statement.study
    identity = (
        _patient_name(patient, language),
        patient.patient_id,
        _date(patient.birth_date),
        _date(study.date),
    )
    with replaced_file(path) as temporary:
        progress("print", 0, 1)
        try:
            service = Service("medview.ui.print_service")
            try:
                asked = {
                    "html": page,
                    "path": str(temporary),
                    "header": "   ".join(part for part in identity if part),
                    "title": " ".join(part for part in ("medview", study.study_uid) if part),
                }
                told, _arrays = service.call(
                    "print", asked, {}, PRINT_LIMIT_S, lambda: progress("print", 0, 1), 1 << 20
                )
            finally:
                service.close()
        except (ServiceEndedError, MemoryError) as error:
            why = str(getattr(error, "cause", error))
            text = f"The PDF could not be laid out: {why}."
            raise MedviewError("pdf_failed", text, os.fspath(path), ExitCode.INTERNAL, (why,)) from error
        if told.get("pages", 0) < 1:
            text = "The PDF could not be laid out: it has no pages."
            raise MedviewError("pdf_failed", text, os.fspath(path), ExitCode.INTERNAL, ("it has no pages",))
