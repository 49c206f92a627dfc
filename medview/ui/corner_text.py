"""The words in the four corners of a viewport and on its marks, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType

from PySide6.QtCore import QCoreApplication, QDate, QLocale

from medview.app.corner_items import BY_ID, CORNERS, DEFAULT, SMALL_LINES, SMALL_PX, Layout, most_important, tells_who
from medview.app.marks import Mark
from medview.app.shown_slice import ShownSlice
from medview.app.view_transform import ViewTransform
from medview.app.viewport_state import ViewportView
from medview.core.person_name import shown_person_name
from medview.core.plain_text import visible_text
from medview.core.problem import Note
from medview.core.window import Voi
from medview.ui.canvas import Line
from medview.ui.explanation_text import explanation_text
from medview.ui.measurement_items import slab_text
from medview.ui.messages import note_text
from medview.ui.model_text import model_text, versioned_text
from medview.ui.text import shown_number

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Corners:
    """Lines of each corner from top to bottom."""

    top_left: tuple[Line, ...] = ()
    top_right: tuple[Line, ...] = ()
    bottom_left: tuple[Line, ...] = ()
    bottom_right: tuple[Line, ...] = field(default=())


class KnownLines:
    """Lines that were made before: from slice to slice most stay the same, as objects too."""

    def __init__(self) -> None:
        self._about: tuple[object, ...] = ()
        self.items: dict[str, tuple[object, tuple[Line, ...]]] = {}
        """What an item needed and the lines that were made of it."""
        self.corners: dict[str, tuple[Line, ...]] = {}
        """Those of each corner that were made last."""

    def are_about(self, *about: object) -> None:
        """Forget all unless these very things are what they were."""
        if len(about) != len(self._about) or any(a is not b for a, b in zip(about, self._about, strict=True)):
            self._about = about
            self.items.clear()
            self.corners.clear()

    def corner(self, name: str, lines: tuple[Line, ...]) -> tuple[Line, ...]:
        """The lines of a corner, as the same tuple where they are the same."""
        known = self.corners.get(name)
        if known is None or len(known) != len(lines) or any(a is not b for a, b in zip(known, lines, strict=True)):
            known = self.corners[name] = lines
        return known


@cache
def _item_table() -> ModuleType:
    """The module of the items, which needs this one."""
    from medview.ui import corner_items

    return corner_items


def corner_lines(
    view: ViewportView,
    shown: ShownSlice,
    transform: ViewTransform,
    voi: Voi | None,
    *,
    index: int,
    count: int,
    inverted: bool = False,
    known: KnownLines | None = None,
    layout: Layout = DEFAULT,
    free_text: bool = True,
) -> Corners:
    """What stands in the corners, by the viewport's text mode and the ``layout``; what is not known leaves no line.

    Without patient data what tells who it is is left out, and free text that holds a piece of the name, the ID or the
    accession number; with ``free_text`` False all free text. ``known`` is filled and used again.
    """
    if view.stack is None or view.text_mode == "off":
        return Corners()
    items = _item_table()
    known = known or KnownLines()
    is_small = bool(transform.viewport[1] < SMALL_PX)
    known.are_about(view.study, view.series, view.stack, view.text_mode, layout, free_text, is_small)
    it = items.Shown(view, shown, transform, voi, index, count, inverted)
    patient = view.study.patient if view.study is not None else None
    identity = () if patient is None or view.study is None else (patient.name, patient.patient_id, view.study.accession)

    def lines(item: str) -> tuple[Line, ...]:
        kind = BY_ID[item]
        if view.text_mode != "full" and kind.names:
            return ()
        made = items.LINES[item](it)
        if not made:
            return ()
        several = made if isinstance(made[0], tuple) else (made,)
        if view.text_mode == "full":
            return tuple([line for line in several if line])
        if kind.free:
            words = " ".join(part.text for line in several for part in line)
            if not free_text or tells_who(words, *identity):
                several = (items.series_without_words(it),) if item == "series" else ()
        return tuple(line for line in several if line)

    def corner(name: str) -> tuple[Line, ...]:
        wanted = layout.get(name, ())
        before = known.corners.get(name)
        stays = before is not None
        for item in wanted:
            told = known.items.get(item)
            if told is not None and item in items.STEADY:
                continue
            needs = items.NEEDS[item](it)
            if told is None or told[0] != needs:
                known.items[item] = (needs, lines(item))
                stays = False
        if before is not None and stays:
            return before
        made = {item: known.items[item][1] for item in wanted}
        if is_small:
            kept = most_important([(item, len(several)) for item, several in made.items()], SMALL_LINES)
            made = {item: several for item, several in made.items() if item in kept}
        return known.corner(name, tuple(line for several in made.values() for line in several))

    return Corners(*(corner(name) for name in CORNERS))


def plane_name(kind: str) -> str:
    """What a plane is called."""
    return {
        "acquired": translate("Viewport", "as acquired"),
        "axial": translate("Viewport", "axial"),
        "sagittal": translate("Viewport", "sagittal"),
        "coronal": translate("Viewport", "coronal"),
        "oblique": translate("Viewport", "oblique"),
        "turning": translate("Viewport", "projection"),
        "solid": translate("Viewport", "three dimensions"),
        "curved": translate("Viewport", "along a path"),
    }.get(kind, kind)


def number_text(value: float) -> str:
    """A number as short as it is true enough to read: whole numbers as such, else four figures; a real minus sign."""
    text = f"{value:.0f}" if value == round(value) and abs(value) < 1e9 else shown_number(value, ".4g")
    return text.replace("-", "\u2212")


def person_name(text: str) -> str:
    """A DICOM person name (PS3.5 6.2.1.1) as people write it: "DOE, John"; 王小东 without a comma.

    Of the name's groups the ideographic one is taken where the window speaks Chinese, else the alphabetic one.
    """
    chinese = QLocale().language() == QLocale.Language.Chinese
    return shown_person_name(text, ideographic_first=chinese)


def date_text(text: str) -> str:
    """A DICOM date (YYYYMMDD) in words that nobody can misread: 8 Mar 2024, 2024年3月8日; others as they are.

    Old files have points between (YYYY.MM.DD, PS3.5 6.2).
    """
    points = text.strip()[4:8:3] == ".."
    date = QDate.fromString(text.strip()[: 10 if points else 8], "yyyy.MM.dd" if points else "yyyyMMdd")
    if not date.isValid():
        return text.strip()
    if QLocale().language() == QLocale.Language.Chinese:
        return f"{date.year()}年{date.month()}月{date.day()}日"
    return QLocale(QLocale.Language.English).toString(date, "d MMM yyyy")


def time_text(text: str) -> str:
    """A DICOM time (HHMMSS.f) as hours and minutes."""
    digits = text.strip().replace(":", "")
    return f"{digits[:2]}:{digits[2:4]}" if len(digits) >= 4 and digits[:4].isdigit() else ""


def age_text(text: str) -> str:
    """A DICOM age (063Y) in words."""
    match = re.fullmatch(r"(\d{3})([YMWD])", text.strip().upper())
    if match is None:
        return text.strip()
    unit = {
        "Y": translate("Viewport", "{n} years"),
        "M": translate("Viewport", "{n} months"),
        "W": translate("Viewport", "{n} weeks"),
        "D": translate("Viewport", "{n} days"),
    }[match[2]]
    return unit.format(n=int(match[1]))


def mark_text(mark: Mark) -> str:
    """A mark in words."""
    values = mark.values
    simple = {
        "other_patient": translate("Viewport", "Two patients on the screen"),
        "still_loading": translate("Viewport", "Incomplete: still loading"),
        "irregular": translate("Viewport", "Uneven slice distances"),
        "filters_off": translate("Viewport", "Before: filters off"),
        "resampled": translate("Viewport", "Resampled"),
        "curved": translate("Viewport", "Straightened: lengths hold along the path"),
        "slab": slab_text(*values) if mark.code == "slab" else "",
        "linked": translate("Viewport", "Linked"),
        "solid_reduced": translate("Viewport", "Reduced {0}×: one voxel of so many each way").format(
            *(values or ("",))
        ),
        "solid_box": translate("Viewport", "Clipped by a box"),
        "tool_in_slab": translate("Viewport", "The tool acts on the middle of the slab"),
        "linked_registered": translate("Viewport", "Linked, registered by {0}").format(
            visible_text(values[0] if values else "", 40, lines=False)
        ),
        "fused_incomplete": translate("Viewport", "Series on top: incomplete"),
        "ai_hidden": translate("Viewport", "AI hidden"),
        "profile_used": translate("Viewport", "Colours through an ICC profile"),
        "profile_off": translate("Viewport", "ICC profile not used"),
        "profile_broken": translate("Viewport", "ICC profile cannot be used"),
        "graphics_hidden": translate("Viewport", "Overlays of the file hidden"),
        "ai_partly_hidden": translate("Viewport", "Some AI labels hidden"),
    }
    if mark.code in simple:
        return simple[mark.code]
    if mark.code == "note" and mark.note is not None:
        return _short_note(mark.note)
    if mark.code == "failed_slices":
        return translate("Viewport", "Incomplete: {n} slices cannot be read").format(n=values[0])
    if mark.code == "key_image":
        text = translate("Viewport", "Key image: {why}").format(why=values[0])
        return text if values[0] else translate("Viewport", "Key image")
    if mark.code.startswith("fused"):
        return _fused_text(mark)
    if mark.code == "cine":
        to_and_fro = translate("Viewport", "Cine to and fro, {0} images a second")
        return (to_and_fro if values[1] else translate("Viewport", "Cine, {0} images a second")).format(values[0])
    if mark.code == "lossy":
        return translate("Viewport", "Lossy {method}").format(method=values[0].removeprefix("LOSSY").strip()).strip()
    if mark.code == "filtered":
        return translate("Viewport", "Filtered: {names}").format(names=", ".join(operation_names(values)))
    if mark.code == "filter_pending":
        return translate("Viewport", "Not filtered yet: {names}").format(names=", ".join(operation_names(values)))
    if mark.code == "filter_failed":
        return translate("Viewport", "Not filtered: {why}").format(why=values[0])
    if mark.code in AI_MARKS:
        return _ai_text(mark)
    if mark.code == "presented":
        return translate("Viewport", "Presentation state: {name}").format(name=_few(values))
    if mark.code == "presented_others":
        return translate("Viewport", "Not in the presentation state {name}").format(name=_few(values))
    if mark.code == "overlays":
        return translate("Viewport", "Overlay: {names}").format(names=_few(values))
    if mark.code == "overlays_hidden":
        return translate("Viewport", "Overlays hidden: {names}").format(names=_few(values))
    return mark.code


def short_mark_text(mark: Mark) -> str:
    """A mark in the fewest words that still warn, for small tiles; "" where its sign says it: the whole stands in a larger viewport."""
    if mark.code == "ai_running":
        text = translate("Viewport", "AI running, {done} of {total}")
        if mark.values[3]:
            text = translate("Viewport", "AI running, {done} of {total}, not for diagnosis")
        return text.format(done=mark.values[0], total=mark.values[1])
    short = {
        "linked": "",
        "ai": translate("Viewport", "AI"),
        "ai_research": translate("Viewport", "AI, not for diagnosis"),
        "explained": translate("Viewport", "AI explanation, not for diagnosis"),
    }
    return short[mark.code] if mark.code in short else mark_text(mark)


def _fused_text(mark: Mark) -> str:
    """What a mark says of a second series on top."""
    if mark.code == "fused_shifted":
        text = translate("Viewport", "Series on top moved by hand: {0} / {1} / {2} mm (L, P, H)")
        return text.format(*mark.values)
    if mark.code == "fused_turned":
        return translate("Viewport", "Series on top turned by hand: {0} / {1} / {2}°").format(*mark.values)
    if mark.code == "fused_scaled":
        return translate("Viewport", "Series on top stretched by its registration")
    if mark.code == "fused_by_medview":
        return translate("Viewport", "Series on top registered by medview, accepted by {0}").format(
            visible_text(mark.values[0], 40, lines=False)
        )
    text = {
        "fused": translate("Viewport", "On top: {0}"),
        "fused_hidden": translate("Viewport", "On top, hidden: {0}"),
        "fused_unverified": translate("Viewport", "{0}: other frame of reference, place not verified"),
        "fused_unsure": translate("Viewport", "{0}: registered by medview, check it"),
        "fused_by_file": translate("Viewport", "Series on top registered by {0}"),
        "fused_by_reader": translate("Viewport", "Series on top registered by hand, accepted by {0}"),
        "fused_failed": translate("Viewport", "Series on top cannot be shown: {0}"),
    }[mark.code]
    return text.format(visible_text(mark.values[0], 60, lines=False))


AI_MARKS = frozenset({"ai", "ai_research", "ai_overridden", "ai_running", "ai_not_yet", "explained"})


def _ai_text(mark: Mark) -> str:
    """What models said, or were asked, in words."""
    values = mark.values
    if mark.code == "ai":
        return translate("Viewport", "AI: {names}").format(names=", ".join(versioned_text(one) for one in values))
    if mark.code == "ai_research":
        text = translate("Viewport", "AI: {names} – research use, not for diagnosis")
        return text.format(names=", ".join(versioned_text(one) for one in values))
    if mark.code == "ai_running":
        done, total, name, research = values
        text = translate("Viewport", "AI running, {done} of {total}: {name}")
        if research:
            text = translate("Viewport", "AI running, {done} of {total}: {name} – research use, not for diagnosis")
        return text.format(done=done, total=total, name=versioned_text(name))
    if mark.code == "ai_not_yet":
        if values[1]:
            return translate("Viewport", "AI has not looked at this image yet")
        return translate("Viewport", "AI has not looked yet where the edge is hatched")
    if mark.code == "explained":
        method, label, *packages = values
        about = " – ".join(part for part in (explanation_text(method), model_text(label) if label else "") if part)
        text = translate("Viewport", "AI explanation, research use: {about} ({names})")
        return text.format(about=about, names=", ".join(packages))
    return translate("Viewport", "AI run against its conditions: {what}").format(what=", ".join(values))


def _few(titles: Sequence[str]) -> str:
    """Titles out of files, fit for one line."""
    shown = [visible_text(title, 32, lines=False) for title in titles[:3]]
    return ", ".join(shown) + (f" +{len(titles) - 3}" if len(titles) > 3 else "")


def _short_note(note: Note) -> str:
    """A stack's note in a few words; the details panel says it at length."""
    short = {
        "missing_slices": translate("Viewport", "Incomplete: 1 slice missing")
        if note.values[:1] == ("1",)
        else translate("Viewport", "Incomplete: {n} slices missing"),
        "images_lost": translate("Viewport", "Incomplete: 1 file cannot be shown")
        if note.values[:1] == ("1",)
        else translate("Viewport", "Incomplete: {n} files cannot be shown"),
        "orientation_unknown": translate("Viewport", "Left and right are not known"),
        "uneven_spacing": translate("Viewport", "Uneven slice distances"),
        "shifted_slices": translate("Viewport", "Slices shifted against one another"),
        "gantry_tilt": translate("Viewport", "Gantry tilt {n}°"),
        "duplicate_positions": translate("Viewport", "Several images at one position"),
        "duplicate_uid": translate("Viewport", "Same instance twice in the folder"),
        "assumed_thickness": translate("Viewport", "Slice thickness assumed"),
        "nominal_scanned_spacing": translate("Viewport", "Distances are those on the scanned film"),
        "sform_qform_differ": translate("Viewport", "The file holds two orientations"),
        "bad_modality_lut": translate("Viewport", "Values as stored: the Modality LUT is damaged"),
        "no_geometry": translate("Viewport", "Place in the patient unknown"),
        "mixed_orientations": translate("Viewport", "No volume: orientations differ"),
    }.get(note.code)
    if short is None:
        return note_text(note)
    return short.format(n=note.values[0] if note.values else "")


def operation_names(ids: Sequence[str]) -> list[str]:
    """Titles of filter operations."""
    from medview.processing.filters import OPERATIONS

    return [translate("Operation", OPERATIONS[one].title) if one in OPERATIONS else one for one in ids]
