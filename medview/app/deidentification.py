"""Studies copied into a folder of their own without what says whose they are, and the report of what was done."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from medview.core.policy import policy
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress, no_progress
from medview.core.study import Series, Study

if TYPE_CHECKING:
    from medview.dicom.deidentify import Dates, DeidentificationRules

STEP = "deidentify"
REPORT = "report.json"

_SCREENS = frozenset({"US", "IVUS", "XA", "RF", "XC", "GM", "ES", "OT", "OP", "SC", "DOC", "SM", "HC"})
"""Modalities whose pictures often have names written into them (PS3.15 E.3.1)."""
_PICTURES = frozenset({"SECONDARY", "SCREEN SAVE", "DISPLAY", "DOSE_INFO", "REPORT"})
_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_TAKEN = frozenset({"segmentation", "structure_set", "dose", "parametric_map", "registration"})
"""Objects without pictures of their own that are taken along; others hold what people wrote."""
_HEADS = ("HEAD", "BRAIN", "NECK", "SKULL", "FACE", "头", "脑")


@dataclass(frozen=True, eq=False)
class SeriesToShare:
    """A series, what of it would be written, and why it is only written where somebody has looked at its pictures."""

    study: Study
    series: Series
    files: tuple[str, ...]
    left_out: Counter[str]
    """Files that are never written, by reason."""
    risk: str = ""
    """``said`` (the file says that its pictures hold names), ``likely`` (such pictures often do), or ""."""
    face: bool = False
    """Whether a face could be made of it."""


@dataclass(frozen=True, slots=True)
class ShareWish:
    """What is kept (see `DeidentificationRules`), and which series with a risk were looked at (UIDs; "*" for all)."""

    dates: str = "shift"
    characteristics: bool = False
    safe_private: bool = True
    prefix: str = "ANON"
    looked_at: frozenset[str] = frozenset()


def series_to_share(studies: Iterable[Study]) -> tuple[SeriesToShare, ...]:
    """All series of some studies, each with what would be written of it."""
    from medview.dicom.object_kinds import object_kind
    from medview.dicom.sop_classes import kind_of_class

    found = []
    for study in studies:
        for series in study.series:
            files: dict[str, None] = {}
            left_out: Counter[str] = Counter()
            for stack in series.stacks:
                for frame in stack.frames:
                    if frame.sop_uid:
                        files[frame.path] = None
                    else:
                        left_out["no_dicom"] += 1
            for one in series.objects:
                kind = object_kind(one.sop_class) or kind_of_class(one.sop_class, one.modality)
                if kind in _TAKEN:
                    files[one.path] = None
                elif one.path not in files:
                    left_out["free_text"] += 1
            found.append(
                SeriesToShare(
                    study, series, tuple(files), left_out, _risk(series) if series.stacks else "", _face(series)
                )
            )
    return tuple(found)


def _risk(series: Series) -> str:
    contexts = [stack.context for stack in series.stacks] or [series.context]
    if any(context.burned_in.strip().upper() == "YES" for context in contexts):
        return "said"
    if all(context.burned_in.strip().upper() == "NO" for context in contexts):
        return ""
    for context in contexts:
        classes = dict(context.extra).get("sop_class", "")
        types = {word.upper() for word in context.image_type}
        if context.modality.upper() in _SCREENS or classes.startswith(_CAPTURE) or types & _PICTURES:
            return "likely"
    return ""


def _face(series: Series) -> bool:
    context = series.context
    told = f"{context.body_part} {context.description} {context.protocol}".upper()
    volume = any(stack.geometry is not None and stack.shape[0] > 20 for stack in series.stacks)
    return context.modality in {"CT", "MR"} and volume and any(word in told for word in _HEADS)


def share_deidentified(
    studies: Sequence[Study], output: str | os.PathLike[str], wish: ShareWish, progress: Progress = no_progress
) -> dict[str, Any]:
    """Write the studies without identity into the folder ``output``, which must not be there yet; returns the report.

    Nothing is there where it ends early. Series with a risk in their pictures are written only where ``wish`` says that they
    were looked at. Raises MedviewError: ``forbidden_here``, ``output_exists``, ``output_in_source``, ``nothing_to_share``,
    ``cannot_write``, ``share_wish``; and what ``progress`` raises.
    """
    from medview.dicom.deidentify import DeidentificationRules
    from medview.files.left_overs import temporary_folder
    from medview.files.replaced_file import give_usual_mode

    policy().refuse("export")
    if wish.dates not in {"shift", "remove"} or not wish.prefix.isascii() or not wish.prefix.replace("-", "").isalnum():
        text = "Dates are shifted or removed; the prefix is letters, figures and hyphens."
        raise MedviewError("share_wish", text, exit_code=ExitCode.BAD_USE)
    listed = series_to_share(studies)
    target = Path(output).absolute()
    _check_place(target, [path for one in listed for path in one.files])
    rules = DeidentificationRules(
        secrets.token_bytes(32),
        cast("Dates", wish.dates),
        wish.characteristics,
        wish.safe_private,
        wish.prefix,
    )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        building = temporary_folder(target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    try:
        report = _write_all(listed, building, rules, wish, progress)
        if not report["instances"]:
            why = ", ".join(f"{name} {count}" for name, count in sorted(report["left_out"].items()))
            text = "Nothing was written: no series of the study may be shared as it is."
            text += f" Left out: {why}." if why else ""
            raise MedviewError("nothing_to_share", text, exit_code=ExitCode.INPUT_UNUSABLE)
        (building / REPORT).write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        give_usual_mode(building, 0o777)
        building.rename(target)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return {**report, "output": str(target)}


def _cannot_write(target: Path, error: OSError) -> MedviewError:
    text = f"{target} cannot be written: {error.strerror or error}."
    return MedviewError("cannot_write", text, str(target), ExitCode.CANNOT_WRITE, (error.strerror or str(error),))


def _check_place(target: Path, sources: Sequence[str]) -> None:
    if target.exists():
        text = f"{target} is there already; name a folder that is not there yet."
        raise MedviewError("output_exists", text, str(target), ExitCode.CANNOT_WRITE)
    resolved = target.resolve()
    for path in {str(Path(path).resolve().parent) for path in sources}:
        if resolved.is_relative_to(path):
            text = f"{target} lies in a folder of the original images; what is shared never lies beside them."
            raise MedviewError("output_in_source", text, str(target), ExitCode.BAD_USE)


def _write_all(
    listed: Sequence[SeriesToShare], folder: Path, rules: DeidentificationRules, wish: ShareWish, progress: Progress
) -> dict[str, Any]:
    from medview.dicom.deidentify import EDITION, Done, deidentified
    from medview.dicom.dictionary import standard_entry

    done, left_out = Done(), Counter[str]()
    patients: dict[tuple[str, str], int] = {}
    studies: dict[int, tuple[int, int]] = {}
    written_series = instances = faces = 0
    total, at = sum(len(one.files) for one in listed), 0
    for number, one in enumerate(listed, 1):
        left_out += one.left_out
        if one.risk and not ("*" in wish.looked_at or one.series.series_uid in wish.looked_at):
            left_out[f"burned_in_{one.risk}"] += len(one.files)
            at += len(one.files)
            continue
        patient = patients.setdefault(one.study.patient.key, len(patients) + 1)
        study = studies.setdefault(id(one.study), (patient, 1 + sum(1 for p, _ in studies.values() if p == patient)))
        place = folder / f"{wish.prefix}-{study[0]:03}" / f"study-{study[1]:02}" / f"series-{number:03}"
        count = 0
        for path in one.files:
            progress(STEP, at, total)
            at += 1
            try:
                made, _uid, did = deidentified(_bytes_of(path), rules, path)
            except MedviewError as error:
                left_out[error.code] += 1
                continue
            place.mkdir(parents=True, exist_ok=True)
            count += 1
            (place / f"{count:06}.dcm").write_bytes(made)
            done.add(did)
        instances += count
        written_series += bool(count)
        faces += one.face and bool(count)
    progress(STEP, total, total)
    return {
        "format": "medview deidentification 1",
        "profile": f"PS3.15 {EDITION} Basic Application Level Confidentiality Profile",
        "options": [{"code": code, "meaning": meaning} for code, meaning in rules.codes],
        "patients": len(patients),
        "studies": len(studies),
        "series": written_series,
        "instances": instances,
        "left_out": dict(sorted(left_out.items())),
        "looked_at": sorted(wish.looked_at & {"*"}) or len(wish.looked_at),
        "faces_possible": int(faces),
        "attributes": [
            {"tag": f"{tag:08X}", "name": standard_entry(tag).name, "action": action, "count": count}
            for (tag, action), count in sorted(done.actions.items())
        ],
        "texts_emptied": [
            {"tag": f"{tag:08X}", "name": standard_entry(tag).name, "count": count}
            for tag, count in sorted(done.emptied.items())
        ],
    }


def _bytes_of(path: str) -> bytes:
    from medview.files.byte_source import opened_stream

    try:
        with opened_stream(path) as stream:
            return bytes(stream.read())
    except OSError as error:
        raise MedviewError("cannot_read", f"{path} cannot be read ({error.strerror or error}).", path) from error
