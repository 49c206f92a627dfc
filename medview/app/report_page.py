"""A report as a page of escaped HTML blocks and as plain text. Nothing of a file reaches the page as markup."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.core.finding import Code
from medview.core.plain_text import visible_text
from medview.core.report import ObjectReference, Report, ReportItem

LONGEST_VALUE = 20_000
"""Letters of one value on a page; the tag browser has the rest."""
INDENT_PX = 18
DEEPEST = 12


WORDS = {
    "patient": QT_TRANSLATE_NOOP("Report", "Patient"),
    "born": QT_TRANSLATE_NOOP("Report", "Born"),
    "study": QT_TRANSLATE_NOOP("Report", "Study"),
    "accession": QT_TRANSLATE_NOOP("Report", "Accession"),
    "written": QT_TRANSLATE_NOOP("Report", "Written"),
    "institution": QT_TRANSLATE_NOOP("Report", "Institution"),
    "made_by": QT_TRANSLATE_NOOP("Report", "Made by"),
    "state": QT_TRANSLATE_NOOP("Report", "State"),
    "verified_by": QT_TRANSLATE_NOOP("Report", "Verified by"),
    "template": QT_TRANSLATE_NOOP("Report", "Template"),
    "predecessors": QT_TRANSLATE_NOOP("Report", "Replaces"),
    "earlier": QT_TRANSLATE_NOOP("Report", "{0} earlier document(s)"),
    "complete": QT_TRANSLATE_NOOP("Report", "complete"),
    "partial": QT_TRANSLATE_NOOP("Report", "not complete"),
    "verified": QT_TRANSLATE_NOOP("Report", "verified"),
    "unverified": QT_TRANSLATE_NOOP("Report", "not verified"),
    "preliminary": QT_TRANSLATE_NOOP("Report", "preliminary"),
    "final": QT_TRANSLATE_NOOP("Report", "final"),
    "untitled": QT_TRANSLATE_NOOP("Report", "Report without a title"),
    "key_images": QT_TRANSLATE_NOOP("Report", "Key images"),
    "image": QT_TRANSLATE_NOOP("Report", "Image"),
    "object": QT_TRANSLATE_NOOP("Report", "Object"),
    "waveform": QT_TRANSLATE_NOOP("Report", "Waveform"),
    "frames": QT_TRANSLATE_NOOP("Report", "frames {0}"),
    "not_open": QT_TRANSLATE_NOOP("Report", "not among the opened files"),
    "see": QT_TRANSLATE_NOOP("Report", "see item {0}"),
    "graphic": QT_TRANSLATE_NOOP("Report", "{0}, {1} point(s)"),
    "no_value": QT_TRANSLATE_NOOP("Report", "no value"),
    "inferred": QT_TRANSLATE_NOOP("Report", "inferred from"),
    "selected": QT_TRANSLATE_NOOP("Report", "selected from"),
    "broken": QT_TRANSLATE_NOOP("Report", "This document is damaged: parts of it are missing below."),
    "empty": QT_TRANSLATE_NOOP("Report", "This document has no content."),
}  # fmt: skip

Say = Callable[[str], str]
"""A word of `WORDS` by its key in the reader's language."""


@dataclass(frozen=True, slots=True)
class PageLook:
    """Colours of a page as ``#rrggbb``."""

    text: str = "#000000"
    secondary: str = "#555555"
    accent: str = "#1f6fbf"
    warning: str = "#855600"
    line: str = "#c0c0c0"
    done: str = "#1a6b3b"


@dataclass(frozen=True)
class Page:
    """How a report becomes words: the reader's language, names of images, form of dates and names."""

    say: Say
    image_label: Callable[[ObjectReference], str | None]
    """What an image is called to the reader; None where it is not open."""
    date: Callable[[str], str] = str
    name: Callable[[str], str] = str
    class_name: Callable[[str], str] = str
    look: PageLook = PageLook()
    with_codes: bool = False


def in_english(key: str) -> str:
    """The words of a page as they are in the code."""
    return WORDS[key]


def when_text(value: str, date: Callable[[str], str] = str) -> str:
    """A DICOM date, time or both as words: ``2001-02-13 18:47:46``; what is no such value stays as it is."""
    value = value.strip()
    zone = ""
    for sign in "+-":
        if sign in value[8:]:
            at = value.rindex(sign)
            value, zone = value[:at], value[at:]
    digits = value.replace(".", "").replace(":", "")
    if not digits.isdigit():
        return value + zone
    if len(value) >= 8 and ":" not in value[:8] and "." not in value[:8]:
        clock = clock_text(value[8:])
        return " ".join(part for part in (date(value[:8]), clock, zone) if part)
    return value + zone


def clock_text(value: str) -> str:
    """A DICOM time ``184746.12`` as ``18:47:46``."""
    digits = value.replace(":", "").partition(".")[0]
    if not digits.isdigit() or len(digits) % 2:
        return value
    return ":".join(digits[at : at + 2] for at in range(0, min(len(digits), 6), 2))


def safe(text: str) -> str:
    """A text of a file as it may stand on a page: escaped, made visible, lines kept."""
    shown = html.escape(visible_text(text.rstrip(), LONGEST_VALUE), quote=True)
    return shown.replace("\n", "<br>").replace("\t", "&nbsp;&nbsp;&nbsp; ")


def image_address(reference: ObjectReference) -> str:
    """The link to an image; only such links are followed."""
    frame = reference.frames[0] if reference.frames else 0
    uid = "".join(letter for letter in reference.sop_uid if letter in "0123456789.")
    return f"image:{uid}/{frame}"


def reference_of(address: str) -> ObjectReference | None:
    """What a link of a page leads to; None where it is no link to an image."""
    kind, _, rest = address.partition(":")
    uid, _, frame = rest.partition("/")
    if kind != "image" or not uid.replace(".", "").isdigit() or not frame.isdigit():
        return None
    return ObjectReference("", uid, (int(frame),) if int(frame) else ())


def report_blocks(report: Report, page: Page) -> Iterator[str]:
    """The page as blocks of HTML, one below the other; each stands for itself and is made when it is asked for."""
    yield from _head(report, page)
    yield from _body(report, page)


def _head(report: Report, page: Page) -> Iterator[str]:
    look, say = page.look, page.say
    title = "" if report.title is None else report.title.meaning or report.title.value
    title = title or say("key_images" if report.is_key_objects else "untitled")
    yield f'<p style="font-size:18px; font-weight:600; color:{look.text}">{safe(title)}{_code(report.title, page)}</p>'
    if report.faults:
        yield f'<p style="color:{look.warning}">⚠ {safe(say("broken"))}</p>'
    rows = [
        f'<tr><td style="color:{look.secondary}; padding-right:16px; white-space:nowrap">{safe(say(key))}</td>'
        f'<td style="color:{colour or look.text}">{safe(value)}</td></tr>'
        for key, value, colour in head_rows(report, page)
        if value
    ]
    yield f'<table cellspacing="0" cellpadding="2">{"".join(rows)}</table>{rule(look)}'


def rule(look: PageLook) -> str:
    """A thin line over the width of the page."""
    return (
        f'<table width="100%" cellspacing="0" cellpadding="0" style="margin-top:8px; margin-bottom:8px"><tr>'
        f'<td bgcolor="{look.line}" style="font-size:1px; line-height:1px">&nbsp;</td></tr></table>'
    )


def head_rows(report: Report, page: Page) -> list[tuple[str, str, str]]:
    """(key of the word, value, colour or "") of what is known of the document itself."""
    say = page.say
    patient = "  ·  ".join(part for part in (page.name(report.patient_name), report.patient_id) if part)
    study = "  ·  ".join(part for part in (report.study_description, when_text(report.study_date, page.date)) if part)
    states, colour = [], ""
    if report.completion:
        states.append(say({"COMPLETE": "complete", "PARTIAL": "partial"}.get(report.completion, "")) if
                      report.completion in {"COMPLETE", "PARTIAL"} else report.completion)  # fmt: skip
    if report.preliminary in {"PRELIMINARY", "FINAL"}:
        states.append(say(report.preliminary.lower()))
    if report.verification:
        is_verified = report.verification == "VERIFIED"
        states.append(say("verified" if is_verified else "unverified"))
        colour = page.look.done if is_verified else page.look.warning
    if report.completion_description:
        states.append(report.completion_description)
    verified = "\n".join(
        "  ·  ".join(part for part in (page.name(who.name), who.organisation, when_text(who.when, page.date)) if part)
        for who in report.verified_by
    )
    written = when_text(report.content_date + report.content_time, page.date)
    earlier = say("earlier").format(report.predecessors) if report.predecessors else ""
    return [
        ("patient", patient, ""),
        ("born", when_text(report.patient_birth_date, page.date), ""),
        ("study", study, ""),
        ("accession", report.accession, ""),
        ("written", written, ""),
        ("institution", report.institution, ""),
        ("made_by", report.manufacturer, ""),
        ("state", ", ".join(states), colour),
        ("verified_by", verified, ""),
        ("predecessors", earlier, ""),
        ("template", report.template if page.with_codes else "", ""),
    ]


def _body(report: Report, page: Page) -> Iterator[str]:
    if not report.items:
        yield f'<p style="color:{page.look.secondary}">{safe(page.say("empty"))}</p>'
        return
    yield from _level(report.items, page, 0)


def _level(items: Sequence[ReportItem], page: Page, depth: int) -> Iterator[str]:
    """Items one below the other; images that follow one another share a line."""
    at = 0
    while at < len(items):
        item = items[at]
        if item.value_type in {"IMAGE", "COMPOSITE", "WAVEFORM"} and item.name is None and not item.items:
            run = at
            while (
                run < len(items)
                and items[run].value_type == item.value_type
                and items[run].name is None
                and not items[run].items
            ):
                run += 1
            yield _line(depth, _run_of_images(items[at:run], page))
            at = run
            continue
        yield from _item(item, page, depth)
        at += 1


def _run_of_images(items: Sequence[ReportItem], page: Page) -> str:
    """Images without a name that follow one another; those that are not open are counted."""
    told: list[str] = []
    away: dict[str, int] = {}
    for item in items:
        if any(page.image_label(reference) is not None for reference in item.images) or not item.images:
            told.append(_links(item, page))
            continue
        name = page.class_name(item.images[0].sop_class) or page.say("image")
        away[name] = away.get(name, 0) + 1
    for name, count in away.items():
        number = f"{count} × " if count > 1 else ""
        told.append(
            f'<span style="color:{page.look.secondary}">{number}{safe(name)} ({safe(page.say("not_open"))})</span>'
        )
    return " &nbsp; ".join(told)


def _item(item: ReportItem, page: Page, depth: int) -> Iterator[str]:
    look = page.look
    if item.value_type == "CONTAINER":
        name = _name(item)
        if name:
            size = max(13, 16 - depth)
            yield (
                f'<p style="margin-left:{_indent(depth)}px; margin-top:10px; margin-bottom:2px; font-size:{size}px; '
                f'font-weight:600; color:{look.text}">{safe(name)}{_code(item.name, page)}{_observed(item, page)}</p>'
            )
        if item.continuous and all(not _needs_lines(one) for one in item.items):
            yield _line(depth, " ".join(_value(one, page) + _modifiers(one, page) for one in item.items))
            return
        yield from _level(item.items, page, depth + (1 if name else 0))
        return
    name = _name(item)
    relation = {"INFERRED FROM": "inferred", "SELECTED FROM": "selected"}.get(item.relationship)
    lead = f'<span style="color:{look.secondary}"><i>{safe(page.say(relation))}</i> </span>' if relation else ""
    label = f'<span style="color:{look.secondary}">{safe(name)}{_code(item.name, page)}:</span> ' if name else ""
    yield _line(depth, lead + label + _value(item, page) + _modifiers(item, page) + _observed(item, page))
    rest = [one for one in item.items if not _is_inline(one)]
    if rest:
        yield from _level(rest, page, depth + 1)


def _needs_lines(item: ReportItem) -> bool:
    return item.value_type in {"CONTAINER", "IMAGE", "SCOORD", "SCOORD3D"} or any(
        not _is_inline(one) for one in item.items
    )


def _is_inline(item: ReportItem) -> bool:
    """Whether a modifier stands on the line of what it modifies."""
    return item.relationship == "HAS CONCEPT MOD" and not item.items and item.value_type in {"CODE", "TEXT", "NUM"}


def _modifiers(item: ReportItem, page: Page) -> str:
    told = []
    for one in item.items:
        if _is_inline(one):
            name = _name(one)
            told.append(f"{safe(name)}: {_value(one, page)}" if name else _value(one, page))
    if not told:
        return ""
    return f' <span style="color:{page.look.secondary}">({"; ".join(told)})</span>'


def _value(item: ReportItem, page: Page) -> str:
    """The value of an item as HTML."""
    look, kind = page.look, item.value_type
    if item.refers_to:
        see = f'<span style="color:{look.secondary}">{safe(page.say("see").format(item.refers_to))}</span>'
        return _links(item, page) if item.images else f"{safe(item.text)} {see}".strip()
    if kind == "NUM":
        if not item.text:
            why = _meaning(item.qualifier) or page.say("no_value")
            return f'<span style="color:{look.warning}">{safe(why)}</span>'
        unit = unit_text(item.unit)
        qualifier = f" ({safe(_meaning(item.qualifier))})" if item.qualifier is not None else ""
        return f'<b>{safe(item.text)}</b> <span style="color:{look.secondary}">{safe(unit)}</span>{qualifier}'
    if kind == "CODE":
        return f"{safe(item.text)}{_code(item.code, page)}" if item.text else _nothing(page)
    if kind in {"IMAGE", "COMPOSITE", "WAVEFORM"}:
        return _links(item, page)
    if kind in {"SCOORD", "SCOORD3D"}:
        if item.graphic is None:
            return _nothing(page)
        told = page.say("graphic").format(item.graphic.kind.lower(), len(item.graphic.points))
        return safe(told) + (" " + _links(item, page) if item.images else "")
    text = {"PNAME": page.name, "DATE": page.date, "TIME": clock_text}.get(kind, str)(item.text)
    if kind == "DATETIME":
        text = when_text(item.text, page.date)
    return safe(text) if text else _nothing(page)


def _nothing(page: Page) -> str:
    return f'<span style="color:{page.look.warning}">{safe(page.say("no_value"))}</span>'


def _links(item: ReportItem, page: Page) -> str:
    told = []
    for reference in item.images:
        label = page.image_label(reference)
        if label is not None:
            told.append(
                f'<a href="{image_address(reference)}" style="color:{page.look.accent}">{safe(label)}</a>{_frames(reference, page)}'
            )
        else:
            known = page.class_name(reference.sop_class) or page.say(
                {"IMAGE": "image", "WAVEFORM": "waveform"}.get(item.value_type, "object")
            )
            why = page.say("not_open")
            told.append(
                f'<span style="color:{page.look.secondary}">{safe(known)}{_frames(reference, page)} ({safe(why)})</span>'
            )
    return ", ".join(told) or _nothing(page)


def _frames(reference: ObjectReference, page: Page) -> str:
    if len(reference.frames) < 2:
        return ""
    shown = ", ".join(str(frame) for frame in reference.frames[:12]) + ("…" if len(reference.frames) > 12 else "")
    return " " + safe(page.say("frames").format(shown))


def unit_text(unit: Code | None) -> str:
    """A unit as a reader writes it: UCUM's value, without what is in braces where that is all there is."""
    if unit is None or unit.value == "1":
        return ""
    value = unit.value
    if unit.scheme.upper() == "UCUM":
        if value.startswith("{") and value.endswith("}"):
            return value[1:-1] if value != "{ratio}" else ""
        return {"um": "µm", "ug": "µg", "Cel": "°C", "deg": "°", "[degF]": "°F", "mm2": "mm²", "mm3": "mm³", "cm2": "cm²",
                "cm3": "cm³", "[hnsf'U]": "HU", "mm[Hg]": "mmHg", "/min": "/min", "{H.B.}/min": "/min"}.get(value, value)  # fmt: skip
    return unit.meaning or value


def _name(item: ReportItem) -> str:
    return _meaning(item.name)


def _meaning(code: Code | None) -> str:
    return "" if code is None else code.meaning or code.value


def _code(code: Code | None, page: Page) -> str:
    if not page.with_codes or code is None or not code.value:
        return ""
    return f' <span style="color:{page.look.secondary}; font-size:10px">[{safe(code.value)} {safe(code.scheme)}]</span>'


def _observed(item: ReportItem, page: Page) -> str:
    if not item.observed:
        return ""
    return f' <span style="color:{page.look.secondary}">{safe(when_text(item.observed, page.date))}</span>'


def _line(depth: int, content: str) -> str:
    return f'<p style="margin-left:{_indent(depth)}px; margin-top:2px; margin-bottom:2px">{content}</p>'


def _indent(depth: int) -> int:
    return INDENT_PX * min(depth, DEEPEST)


# ---------------------------------------------------------------------------------------------------- plain text


def report_text(report: Report, page: Page) -> str:
    """The document as plain text, two spaces for each level."""
    title = _meaning(report.title) or page.say("key_images" if report.is_key_objects else "untitled")
    lines = [visible_text(title), "=" * min(len(title), 78)]
    if report.faults:
        lines.append(page.say("broken"))
    for key, value, _colour in head_rows(report, page):
        if value:
            lines += [f"{page.say(key)}: {part}" for part in visible_text(value).split("\n")]
    lines.append("")
    lines += _text_lines(report.items, page, 0)
    return "\n".join(lines) + "\n"


def _text_lines(items: Sequence[ReportItem], page: Page, depth: int) -> Iterator[str]:
    for item in items:
        name, pad = _name(item), "  " * min(depth, 30)
        value = visible_text(_plain_value(item, page)).replace("\n", "\n" + pad + "  ")
        code = item.name if page.with_codes else None
        label = visible_text(name) + (f" [{code.value} {code.scheme}]" if code is not None else "")
        if item.value_type == "CONTAINER":
            if name:
                yield pad + label
        else:
            yield pad + (f"{label}: {value}" if name else value)
        yield from _text_lines(item.items, page, depth + (1 if name or item.value_type != "CONTAINER" else 0))


def _plain_value(item: ReportItem, page: Page) -> str:
    if item.refers_to and not item.images:
        return f"{item.text} {page.say('see').format(item.refers_to)}".strip()
    if item.value_type == "NUM":
        return f"{item.text} {unit_text(item.unit)}".strip() if item.text else (
            _meaning(item.qualifier) or page.say("no_value")
        )  # fmt: skip
    if item.value_type in {"IMAGE", "COMPOSITE", "WAVEFORM"} or item.refers_to:
        return ", ".join(
            (page.image_label(one) or f"{page.class_name(one.sop_class)} {one.sop_uid}").strip()
            + (f" ({page.say('frames').format(', '.join(map(str, one.frames)))})" if one.frames else "")
            for one in item.images
        )
    if item.graphic is not None:
        points = " ".join("/".join(f"{value:g}" for value in point) for point in item.graphic.points[:50])
        return f"{item.graphic.kind} {points}"
    if item.value_type == "DATETIME":
        return when_text(item.text, page.date)
    if item.value_type == "CODE" and page.with_codes and item.code is not None:
        return f"{item.text} [{item.code.value} {item.code.scheme}]"
    text = {"PNAME": page.name, "DATE": page.date, "TIME": clock_text}.get(item.value_type, str)(item.text)
    return text or page.say("no_value")
