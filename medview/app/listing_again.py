"""A series whose files have changed on disk is listed anew: read whole from what the files are now, never mixed with what they were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from medview.app.opening import find_series, merge_studies, study_key
from medview.core.progress import Progress, no_progress
from medview.core.study import FrameSource, Series, Stack, Study

if TYPE_CHECKING:
    from medview.core.geometry import FloatArray, Geometry
    from medview.core.problem import Problem


@dataclass(frozen=True, eq=False)
class Relisted:
    """What a series is now. ``changed`` is False where all of its files are as they were listed, or away."""

    changed: bool
    paths: frozenset[str] = frozenset()
    """The files that were looked at."""
    studies: tuple[Study, ...] = ()
    problems: tuple[Problem, ...] = ()


def paths_of(series: Series) -> tuple[str, ...]:
    """The files of a series, each once, in the order of their names."""
    frames = {frame.path for stack in series.stacks for frame in stack.frames}
    return tuple(sorted(frames | {one.path for one in series.objects}))


def relist(
    studies: Sequence[Study],
    series: Series,
    suspects: Sequence[FrameSource],
    missing: Sequence[str] = (),
    progress: Progress = no_progress,
) -> Relisted:
    """Read the headers of a series again where any of ``suspects`` is another file now, or one of ``missing`` is back.

    Where its files belong to another series of ``studies`` now, that one is listed anew with them. Raises Cancelled from
    ``progress``. Runs in a worker's thread.
    """
    from medview.app.open_paths import open_all

    progress("scan", 0, 0)
    if not _any_is_new(suspects, missing):
        return Relisted(False)
    paths = {*paths_of(series), *missing}
    while True:
        found = open_all(sorted(paths), progress)
        known = (find_series(studies, one.series_uid) for study in found.studies for one in study.series)
        more = {path for place in known if place is not None for path in paths_of(place[1])} - paths
        if not more:
            return Relisted(True, frozenset(paths), found.studies, found.problems)
        paths |= more


def with_relisted(studies: Sequence[Study], series: Series, now: Relisted) -> tuple[Study, ...]:
    """The studies with what was listed anew in the place of what was known of its files."""
    home = find_series(studies, series.series_uid)
    kept = []
    for study in studies:
        left = tuple(one for one in study.series if one is not series)
        if len(left) == len(study.series):
            kept.append(study)
        elif left or any(study_key(one) == study_key(study) for one in now.studies):
            kept.append(replace(study, series=left))
    found = [one if home is None else _at_home(one, home[0]) for one in now.studies]
    return merge_studies(kept, found)


def _at_home(found: Study, home: Study) -> Study:
    """A study whose files name no patient, where the whole study told who it is (as the catalog does it)."""
    same = (found.study_uid, found.patient.patient_id) == (home.study_uid, home.patient.patient_id)
    return replace(home, series=found.series) if same and not found.patient.name else found


def is_arranged_alike(one: Stack, other: Stack) -> bool:
    """Whether two stacks show images of the same names and sizes at the same places, as the same kind of numbers."""
    if (one.id, one.kind, one.shape, one.timepoints, one.dtype, one.unit) != (
        other.id, other.kind, other.shape, other.timepoints, other.dtype, other.unit,
    ):  # fmt: skip
        return False
    if not (
        np.array_equal(one.transform.slopes, other.transform.slopes)
        and np.array_equal(one.transform.intercepts, other.transform.intercepts)
    ):
        return False
    names = [(frame.sop_uid, frame.frame, _size(frame)) for frame in one.frames]
    if names != [(frame.sop_uid, frame.frame, _size(frame)) for frame in other.frames]:
        return False
    a, b = one.geometry, other.geometry
    if a is None or b is None:
        return a is b
    return np.array_equal(a.affine, b.affine) and np.array_equal(_origins(a), _origins(b))


def _origins(geometry: Geometry) -> FloatArray:
    return np.zeros(0) if geometry.slice_origins is None else geometry.slice_origins


def _size(frame: FrameSource) -> int | None:
    stamp = getattr(frame, "stamp", None)
    return None if stamp is None else stamp[0]


def _any_is_new(suspects: Sequence[FrameSource], missing: Sequence[str]) -> bool:
    """Whether any of the files is there and is not the one that was listed; one that does not answer is none."""
    from medview.jobs.direct import read_slots

    asked: dict[str, object] = dict.fromkeys(missing)
    asked.update((one.path, stamp) for one in suspects if (stamp := getattr(one, "stamp", None)) is not None)
    paths = list(asked)
    left, found = iter(range(len(paths))), []
    read_slots(
        lambda: next(left, None),
        lambda k: _is_new(paths[k], asked[paths[k]]),
        lambda _k, answer: found.append(answer),
        late=lambda _k: False,
    )
    return any(found)


def _is_new(path: str, stamp: object) -> bool:
    from medview.files.byte_source import stamp_of

    try:
        return stamp_of(path) != stamp
    except OSError:
        return False
