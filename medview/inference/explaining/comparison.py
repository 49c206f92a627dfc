"""Two results on one series held against one another: agreement, Dice, and the places where they differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medview.core.explanation import NotedPlace, TableRow
from medview.core.finding import InferenceResult, Label, Segmentation
from medview.core.geometry import Geometry
from medview.core.problem import ExitCode, MedviewError, Note
from medview.inference.explaining.variation import pairs
from medview.kernels.connected import connected_parts

MOST_PLACES = 50
ONLY_A, ONLY_B, BOTH, OTHER = 1, 2, 3, 4
"""Values of the overlay: only the first says something, only the second, both the same, both but not the same."""
COLOURS = {ONLY_A: (230, 159, 0), ONLY_B: (86, 180, 233), BOTH: (150, 150, 150), OTHER: (204, 121, 167)}
"""Told apart by the colour-blind (Okabe and Ito 2008); what agrees is grey."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """``agreement``: of segmentations the share of voxels, among those that either labels, with the same label; of findings
    the share that both have; of classes whether both find the same one most probable.
    """

    agreement: float
    columns: tuple[str, ...] = ()
    table: tuple[TableRow, ...] = ()
    places: tuple[NotedPlace, ...] = ()
    overlay: Segmentation | None = None
    notes: tuple[Note, ...] = ()


def compare_results(
    a: InferenceResult, b: InferenceResult, names: tuple[str, str], label: str | None, smallest_ml: float
) -> Comparison:
    """What is the same and what is not in two results on the same series.

    ``label``: only this one; labels are the same where their names are, or where both results have only one.
    Raises MedviewError ``tasks_differ`` or ``no_such_label``.
    """
    if a.segmentation is not None and b.segmentation is not None and not a.findings and not b.findings:
        return _segmentations(a.segmentation, b.segmentation, names, label, smallest_ml)
    if a.task == b.task == "detection":
        return _findings(a, b, names, label)
    if a.classification and b.classification:
        return _numbers(
            {line.label: line.probability for line in a.classification},
            {line.label: line.probability for line in b.classification},
            best=True,
        )
    if a.values and b.values:
        return _numbers(
            {line.name: line.value for line in a.values}, {line.name: line.value for line in b.values}, best=False
        )
    said = f"{names[0]}: {a.task}, {names[1]}: {b.task}"
    raise MedviewError("tasks_differ", f"The packages have different tasks ({said}).", None, ExitCode.BAD_USE, (said,))


_Named = tuple[str, tuple[int, ...], tuple[int, ...]]


def _common(a: Segmentation, b: Segmentation, label: str | None) -> list[_Named]:
    """(name, values in a, values in b) of each label that either knows."""
    if len(a.meanings) == 1 and len(b.meanings) == 1:
        pair: list[_Named] = [(a.meanings[0].name, (a.meanings[0].value,), (b.meanings[0].value,))]
    else:
        known: dict[str, tuple[str, list[int], list[int]]] = {}
        for side, meanings in ((1, a.meanings), (2, b.meanings)):
            for meaning in meanings:
                known.setdefault(meaning.name.casefold(), (meaning.name, [], []))[side].append(meaning.value)  # type: ignore[union-attr]
        pair = [(name, tuple(first), tuple(second)) for name, first, second in known.values()]
    if label is None:
        return pair
    chosen = [one for one in pair if one[0].casefold() == label.casefold()]
    if not chosen:
        names = ", ".join(one[0] for one in pair)
        text = f"Neither package has a label {label!r}: {names}."
        raise MedviewError("no_such_label", text, None, ExitCode.BAD_USE, (label, names))
    return chosen


def _segmentations(
    a: Segmentation, b: Segmentation, names: tuple[str, str], label: str | None, smallest_ml: float
) -> Comparison:
    common = _common(a, b, label)
    notes: tuple[Note, ...] = ()
    if not any(first and second for _, first, second in common):
        # What one calls right and left lung the other calls lung: all of each is held against all of the other.
        said = ", ".join(name for name, _, _ in common)
        text = f"The packages have no label in common ({said}): everything that each labels is compared."
        notes = (Note("labels_not_shared", text, (said,)),)
        in_a = tuple(value for _, values, _ in common for value in values)
        in_b = tuple(value for _, _, values in common for value in values)
        common = [("all labels", in_a, in_b)]
    first = _renumbered(a.labels, [one[1] for one in common])
    second = _renumbered(b.labels, [one[2] for one in common])
    voxel_ml = None if a.geometry is None else abs(float(np.linalg.det(a.geometry.affine[:3, :3]))) / 1000
    rows = []
    for number, (name, _, _) in enumerate(common, start=1):
        in_a, in_b = first == number, second == number
        counts = [int(np.count_nonzero(one)) for one in (in_a, in_b, in_a & in_b)]
        total = counts[0] + counts[1]
        dice = 2 * counts[2] / total if total else None
        ml = [None if voxel_ml is None else count * voxel_ml for count in counts[:2]]
        rows.append(TableRow(name, (dice, *ml, None if ml[0] is None or ml[1] is None else ml[1] - ml[0])))
    either = (first > 0) | (second > 0)
    same = (first == second) & either
    agreement = float(np.count_nonzero(same) / np.count_nonzero(either)) if either.any() else 1.0
    overlay = np.zeros(first.shape, dtype=np.uint8)
    overlay[(first > 0) & (second == 0)] = ONLY_A
    overlay[(first == 0) & (second > 0)] = ONLY_B
    overlay[same] = BOTH
    overlay[either & ~same & (first > 0) & (second > 0)] = OTHER
    meanings = [
        Label(ONLY_A, f"only {names[0]}", COLOURS[ONLY_A]),
        Label(ONLY_B, f"only {names[1]}", COLOURS[ONLY_B]),
        Label(BOTH, "both", COLOURS[BOTH]),
    ]
    if (overlay == OTHER).any():
        meanings.append(Label(OTHER, "both, another label", COLOURS[OTHER]))
    places = _places(overlay, meanings, a.geometry, voxel_ml, smallest_ml)
    columns = ("Dice", f"ml {names[0]}", f"ml {names[1]}", "difference in ml")
    return Comparison(
        agreement, columns, tuple(rows), places, Segmentation(overlay, a.geometry, tuple(meanings), a.time), notes
    )


def _renumbered(labels: NDArray[np.unsignedinteger], values: list[tuple[int, ...]]) -> NDArray[np.uint16]:
    """1 for voxels of the first entry of ``values``, 2 of the second …, 0 elsewhere."""
    table = np.zeros(int(labels.max(initial=0)) + 1, dtype=np.uint16)
    for number, known in enumerate(values, start=1):
        for value in known:
            if value < len(table):
                table[value] = number
    return np.asarray(table[labels])


def _places(
    overlay: NDArray[np.uint8],
    meanings: list[Label],
    geometry: Geometry | None,
    voxel_ml: float | None,
    smallest_ml: float,
) -> tuple[NotedPlace, ...]:
    """The connected differences, largest first; each stands for a voxel of its own that lies nearest to its middle."""
    found = []
    for meaning in meanings:
        if meaning.value == BOTH:
            continue
        parts, sizes = connected_parts(overlay == meaning.value)
        order = np.argsort(-sizes[1:], kind="stable")[:MOST_PLACES] + 1
        for part in order:
            ml = None if voxel_ml is None else float(sizes[part]) * voxel_ml
            if ml is not None and ml < smallest_ml:
                continue
            voxels = np.argwhere(parts == part)
            nearest = voxels[np.argmin(((voxels - voxels.mean(axis=0)) ** 2).sum(axis=1))]
            voxel = (float(nearest[0]), float(nearest[1]), float(nearest[2]))
            found.append(NotedPlace(meaning.name, voxel, lps_of(geometry, voxel), ml, float(sizes[part])))
    return tuple(sorted(found, key=lambda place: -(place.value or 0))[:MOST_PLACES])


def lps_of(geometry: Geometry | None, voxel: tuple[float, float, float]) -> tuple[float, float, float] | None:
    """LPS mm of a voxel (k, j, i); None without geometry."""
    if geometry is None:
        return None
    x, y, z = (float(value) for value in geometry.voxel_to_patient(voxel))
    return (x, y, z)


def _findings(a: InferenceResult, b: InferenceResult, names: tuple[str, str], label: str | None) -> Comparison:
    known = {one.label for result in (a, b) for one in result.findings}
    if label is not None and known and label.casefold() not in {one.casefold() for one in known}:
        said = ", ".join(sorted(known))
        text = f"Neither package has a finding {label!r}: {said}."
        raise MedviewError("no_such_label", text, None, ExitCode.BAD_USE, (label, said))
    kept = [
        [one for one in result.findings if label is None or one.label.casefold() == label.casefold()]
        for result in (a, b)
    ]
    rows, places = [], []
    shared = 0
    for first, second in pairs(kept[0], kept[1]):
        one = first or second
        assert one is not None, "one of the two is there"
        shared += first is not None and second is not None
        scores = tuple(None if each is None else each.score for each in (first, second))
        where = "both" if None not in scores else f"only {names[0] if first is not None else names[1]}"
        rows.append(TableRow(f"{one.label} ({where})", scores))
        places.append(
            NotedPlace(f"{one.label}: {where}", one.center_voxel, one.center_lps, None, max(s or 0 for s in scores))
        )
    agreement = shared / len(rows) if rows else 1.0
    return Comparison(agreement, names, tuple(rows), tuple(places))


def _numbers(a: dict[str, float], b: dict[str, float], best: bool) -> Comparison:
    others = {name.casefold(): value for name, value in b.items()}
    rows = []
    for name, value in a.items():
        other = others.pop(name.casefold(), None)
        rows.append(TableRow(name, (value, other, None if other is None else other - value)))
    rows += [TableRow(name, (None, value, None)) for name, value in b.items() if name.casefold() in others]
    both = [row for row in rows if None not in row.values]
    if not both:
        said = f"{', '.join(a)}; {', '.join(b)}"
        text = f"The packages have no label in common ({said})."
        raise MedviewError("tasks_differ", text, None, ExitCode.BAD_USE, (said,))
    if best:
        agreement = float(max(a, key=lambda name: a[name]).casefold() == max(b, key=lambda name: b[name]).casefold())
    else:
        agreement = 1 - float(np.mean([_apart(row.values[0] or 0, row.values[1] or 0) for row in both]))
    return Comparison(agreement, ("first", "second", "difference"), tuple(rows))


def _apart(one: float, other: float) -> float:
    """How far apart two numbers lie, 0 to 1: the difference over the larger size."""
    most = max(abs(one), abs(other))
    return abs(one - other) / most if most else 0.0
