"""Merging of what successive openings found, so that a series opened twice is there once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from medview.core.study import Series, Stack, Study

StudyKey = tuple[str, tuple[str, str]]


def study_key(study: Study) -> StudyKey:
    """What makes two studies the same one: study UID and patient."""
    return (study.study_uid, study.patient.key)


def merge_studies(known: Sequence[Study], found: Sequence[Study]) -> tuple[Study, ...]:
    """Known studies with the found ones added; a series that was found again is taken as it was found last.

    Patients stand as they came, the studies of one newest first: a prior below what is compared with it.
    """
    merged = {study_key(study): study for study in known}
    for study in found:
        key = study_key(study)
        earlier = merged.get(key)
        if earlier is not None:
            again = {series.series_uid for series in study.series}
            kept = tuple(series for series in earlier.series if series.series_uid not in again)
            study = replace(study, series=_in_order((*kept, *study.series)))
        merged[key] = study
    patients = {key: at for at, key in reversed(list(enumerate(study.patient.key for study in merged.values())))}
    newest_first = sorted(merged.values(), key=lambda study: (study.date, study.time), reverse=True)
    return tuple(sorted(newest_first, key=lambda study: patients[study.patient.key]))


def _in_order(series: Sequence[Series]) -> tuple[Series, ...]:
    def place(one: Series) -> tuple[int, str]:
        return (one.number if one.number is not None else 1_000_000, one.series_uid)

    return tuple(sorted(series, key=place))


def find_series(studies: Sequence[Study], series_uid: str) -> tuple[Study, Series] | None:
    """The series with this UID and its study."""
    for study in studies:
        for series in study.series:
            if series.series_uid == series_uid:
                return study, series
    return None


def find_stack(studies: Sequence[Study], stack_id: str) -> tuple[Study, Series, Stack] | None:
    """The stack with this id, its series and study."""
    for study in studies:
        for series in study.series:
            for stack in series.stacks:
                if stack.id == stack_id:
                    return study, series, stack
    return None


def successor(series: Series, stack: Stack) -> Stack | None:
    """The stack that a shown, partly scanned stack has become: the same id, else the largest that holds its frames."""
    for candidate in series.stacks:
        if candidate.id == stack.id:
            return candidate
    wanted = {(frame.path, frame.frame) for frame in stack.frames}
    held = [(sum((f.path, f.frame) in wanted for f in candidate.frames), candidate) for candidate in series.stacks]
    shared, best = max(held, key=lambda entry: (entry[0], entry[1].frame_count), default=(0, None))
    return best if shared else None
