"""A structured report for the command line: as text for a person, as JSON for a program."""

from __future__ import annotations

from typing import Any

from medview.app.report_page import Page, in_english, report_text
from medview.app.tag_listing import reading
from medview.core.finding import Code
from medview.core.plain_text import visible_text
from medview.core.report import ObjectReference, ReportItem
from medview.dicom.sop_classes import sop_class_name
from medview.dicom.structured_report import read_report


def readable_report(path: str, with_codes: bool = False) -> str:
    """The report in ``path`` as plain text; raises MedviewError."""
    report = reading(path, lambda: read_report(path))
    return report_text(
        report, Page(in_english, lambda _reference: None, class_name=sop_class_name, with_codes=with_codes)
    )


def described_report(path: str) -> dict[str, Any]:
    """The report in ``path`` as JSON; texts are those of the file. Raises MedviewError."""
    report = reading(path, lambda: read_report(path))
    return {
        "path": path,
        "sop_uid": report.sop_uid,
        "sop_class": report.sop_class,
        "name": sop_class_name(report.sop_class),
        "title": _code(report.title),
        "completion": report.completion,
        "verification": report.verification,
        "verified_by": [
            {"name": who.name, "organisation": who.organisation, "when": who.when} for who in report.verified_by
        ],
        "template": report.template,
        "content_date": report.content_date,
        "content_time": report.content_time,
        "damaged": list(report.faults),
        "references": [_reference(one) for one in report.references()],
        "items": [_item(item) for item in report.items],
    }


def _code(code: Code | None) -> dict[str, str] | None:
    return None if code is None else {"value": code.value, "scheme": code.scheme, "meaning": visible_text(code.meaning)}


def _reference(one: ObjectReference) -> dict[str, Any]:
    return {"sop_class": one.sop_class, "sop_uid": one.sop_uid, "frames": list(one.frames)}


def _item(item: ReportItem) -> dict[str, Any]:
    told: dict[str, Any] = {
        "relationship": item.relationship,
        "type": item.value_type,
        "name": _code(item.name),
        "value": item.text,
    }
    if item.code is not None:
        told["code"] = _code(item.code)
    if item.unit is not None:
        told["unit"] = _code(item.unit)
    if item.refers_to:
        told["refers_to"] = item.refers_to
    if item.images:
        told["references"] = [_reference(one) for one in item.images]
    if item.graphic is not None:
        told["graphic"] = {"type": item.graphic.kind, "points": [list(point) for point in item.graphic.points]}
    if item.items:
        told["items"] = [_item(one) for one in item.items]
    return told
