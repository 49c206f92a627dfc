"""Which series goes into which viewport when a study opens: the stated rule.

1. Localisers, secondary captures, reports and series without a stack are never first while there is anything else;
   among them what is no image itself (a dose, a segmentation) comes last.
2. Of several studies the newest counts (date, then time).
3. In it the largest volume by voxels of one time point comes first; stacks with a geometry before those without;
   among equals the lower series number, so that the choice does not depend on the order of files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from medview.core.study import Series, Stack, Study

Choice = tuple[Study, Series, Stack]

_KEPT_BACK_TYPES = frozenset({"LOCALIZER", "SECONDARY", "SCREEN SAVE", "REPORT", "DOSE_INFO"})
_KEPT_BACK_MODALITIES = frozenset({"SR", "KO", "PR", "SEG", "DOC", "OT", "RTSTRUCT", "RTPLAN", "RTDOSE", "REG"})


def is_kept_back(series: Series) -> bool:
    """Whether a series is shown only when asked for: localisers, secondary captures, objects that are no images."""
    context = series.context
    if series.is_localizer or context.modality in _KEPT_BACK_MODALITIES:
        return True
    types = {entry.upper() for entry in context.image_type}
    return bool(types & _KEPT_BACK_TYPES)


def _is_volume(stack: Stack) -> bool:
    return stack.kind in {"volume", "sheared", "irregular"} and stack.shape[0] > 1


def _rank(series: Series, stack: Stack) -> tuple[bool, bool, bool, int, int, str]:
    k, j, i = stack.shape
    number = series.number if series.number is not None else 1_000_000
    is_image = series.context.modality not in _KEPT_BACK_MODALITIES
    return (not is_kept_back(series), is_image, _is_volume(stack), k * j * i, -number, series.series_uid)


def first_choice(studies: Iterable[Study]) -> Choice | None:
    """The series, and its stack, that a newly opened set of studies is shown with; None where there are no pixels."""
    ordered = hanging_order(studies)
    return ordered[0] if ordered else None


def hanging_order(studies: Iterable[Study]) -> tuple[Choice, ...]:
    """All stacks in the order in which viewports are filled, one stack per series."""
    candidates: list[tuple[tuple[bool, str, str], tuple[bool, bool, bool, int, int, str], Choice]] = []
    for study in studies:
        shown = [(series, max(series.stacks, key=_stack_size)) for series in study.series if series.stacks]
        has_images = any(not is_kept_back(series) for series, _ in shown)
        when = (has_images, study.date, study.time)
        candidates += [(when, _rank(series, stack), (study, series, stack)) for series, stack in shown]
    candidates.sort(key=lambda entry: (entry[0], entry[1]), reverse=True)
    return tuple(choice for _, _, choice in candidates)


def _stack_size(stack: Stack) -> tuple[bool, int]:
    k, j, i = stack.shape
    return (_is_volume(stack), k * j * i)


def neighbour_series(studies: Sequence[Study], series_uid: str, step: int) -> Choice | None:
    """The series ``step`` places after the given one in the order of the series strip; None at its ends."""
    shown = [(study, series, series.stacks[0]) for study in studies for series in study.series if series.stacks]
    at = next((n for n, (_, series, _) in enumerate(shown) if series.series_uid == series_uid), None)
    if at is None or not 0 <= at + step < len(shown):
        return None
    return shown[at + step]
