"""How an answer changes with small changes of the image (test-time variation), or with the network (ensembles)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from medview.core.explanation import NotedPlace, TableRow
from medview.core.finding import Finding
from medview.core.parameter import ParameterValue
from medview.core.problem import ExitCode, MedviewError, Note
from medview.inference.course import STEP_NETWORK, Course
from medview.inference.explaining.dense_maps import HIGHEST, Spread, dense_map, is_dense, unmirrored
from medview.inference.explaining.field import STEP_ASK
from medview.inference.feed import Feed
from medview.inference.manifest import (
    CenterHeatmapOutput,
    ImageOutput,
    Input,
    Manifest,
    SegmentationOutput,
)
from medview.inference.network import Network, answer_layout
from medview.inference.session import Checkpoint, Session, one_after_another
from medview.inference.tasks import answer

Array = NDArray[Any]
FloatMap = NDArray[np.float32]

NEAR_MM = 5.0
"""Findings of two runs whose middles are closer (or lie inside one another's half size) are the same one."""


@dataclass(frozen=True, slots=True)
class Change:
    """One way of changing the tensor: axes mirrored, voxels shifted along each axis, share of noise added."""

    flips: tuple[int, ...] = ()
    shift: tuple[int, ...] = ()
    noise: float = 0.0
    seed: int = 0


def changes_of(
    manifest: Manifest, parameters: Mapping[str, ParameterValue]
) -> tuple[tuple[Change, ...], tuple[Note, ...]]:
    """All changes, the unchanged image first, and what is left out and why."""
    given, output = manifest.input, manifest.output
    count = len(given.axes)
    undone = is_dense(output)
    places = undone or output.kind in {"classification", "regression"}
    notes = []
    flips: tuple[int, ...] = ()
    if parameters["flips"] == "all axes":
        flips = tuple(range(count))
    elif parameters["flips"] == "as trained":
        flips = given.mirror
        if not flips:
            text = "Nothing is mirrored: the manifest does not say that the network was trained with mirrored images."
            notes.append(Note("variation_not_mirrored", text))
    shift = int(parameters["shift"])
    if not places and (flips or shift):
        flips, shift = (), 0
        text = "Boxes are varied by noise only: they would have to be moved back."
        notes.append(Note("variation_boxes", text))
    stride = _stride(manifest)
    changes = [Change()]
    changes += [Change(flips=axes) for size in range(1, len(flips) + 1) for axes in combinations(flips, size)]
    if shift:
        for axis in range(count):
            by = -(-shift // stride[axis]) * stride[axis]
            for sign in (1, -1):
                changes.append(Change(shift=tuple(sign * by if n == axis else 0 for n in range(count))))
    noise, seed = float(parameters["noise"]), int(parameters["seed"])
    if noise > 0:
        changes += [Change(noise=noise, seed=seed + n) for n in range(int(parameters["noise_runs"]))]
    if len(changes) < 2:
        text = "Nothing would be varied: choose a shift, noise or axes to mirror."
        raise MedviewError("nothing_varied", text, None, ExitCode.BAD_USE)
    return tuple(changes), tuple(notes)


def _stride(manifest: Manifest) -> tuple[int, ...]:
    output = manifest.output
    stride = output.stride if isinstance(output, CenterHeatmapOutput | SegmentationOutput) else None
    return stride or (1,) * len(manifest.input.axes)


class ChangedSession:
    """An open network that sees a changed image; what it answers for each place is moved back.

    The same face as :class:`medview.inference.session.Session`; the session itself belongs to another.
    """

    def __init__(self, session: Session, manifest: Manifest, change: Change) -> None:
        self._session = session
        self._manifest = manifest
        self._change = change
        self._random = np.random.default_rng(change.seed)
        self.device, self.fallback = session.device, session.fallback
        self.inputs, self.outputs = session.inputs, session.outputs
        self.name, self.path = session.name, session.path
        self.notes = session.notes
        self.seconds_inside = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """It is closed by the one who opened it."""

    def run(self, feeds: Mapping[str, Array], names: Sequence[str], checkpoint: Checkpoint) -> list[Array]:
        """Outputs ``names`` for the changed ``feeds``."""
        given = self._manifest.input
        changed = {name: self._changed(tensor, given) for name, tensor in feeds.items()}
        raw = self._session.run(changed, names, checkpoint)
        if not is_dense(self._manifest.output):
            return raw
        return [self._moved_back(one) for one in raw]

    def run_each(
        self, feeds: Iterable[Mapping[str, Array]], names: Sequence[str], checkpoint: Checkpoint
    ) -> Generator[list[Array], None, None]:
        """As :meth:`run` for each of ``feeds``."""
        return one_after_another(self, feeds, names, checkpoint)

    def _changed(self, tensor: Array, given: Input) -> Array:
        change = self._change
        axes = _spatial(given.layout)
        if change.flips:
            tensor = np.flip(tensor, tuple(axes[n] for n in change.flips))
        for n, by in enumerate(change.shift):
            tensor = shifted(tensor, axes[n], by)
        if change.noise:
            noise = self._random.normal(0.0, 1.0, tensor.shape) * float(tensor.std()) * change.noise
            if tensor.dtype.kind in "iu":
                bounds = np.iinfo(tensor.dtype)
                tensor = np.clip(np.rint(tensor + noise), bounds.min, bounds.max).astype(tensor.dtype)
            else:
                tensor = (tensor + noise).astype(tensor.dtype)
        return np.ascontiguousarray(tensor)

    def _moved_back(self, raw: Array) -> Array:
        layout = answer_layout(self._manifest, raw.ndim)
        if layout is None:
            return raw
        axes, stride = _spatial(layout), _stride(self._manifest)
        for n, by in enumerate(self._change.shift):
            raw = shifted(raw, axes[n], -by // stride[n])
        if self._change.flips:
            raw = np.flip(raw, tuple(axes[n] for n in self._change.flips))
        return raw


def _spatial(layout: str) -> tuple[int, ...]:
    return tuple(at for at, letter in enumerate(layout) if letter in "DHW")


def shifted(values: Array, axis: int, by: int) -> Array:
    """``values`` moved by ``by`` voxels toward the end of ``axis``; the border is repeated."""
    if by == 0:
        return values
    size = values.shape[axis]
    index = np.clip(np.arange(size) - by, 0, size - 1)
    return np.take(values, index, axis=axis)


@dataclass(eq=False)
class Spreads:
    """What many runs gave: ``map`` of dense networks, ``numbers`` of all others, ``found`` of detectors."""

    names: tuple[str, ...] = ()
    map: Spread = field(default_factory=Spread)
    numbers: list[NDArray[np.float64]] = field(default_factory=list)
    found: list[tuple[Finding, ...]] = field(default_factory=list)
    runs: int = 0

    def table(self) -> tuple[tuple[str, ...], tuple[TableRow, ...]]:
        """Mean, standard deviation and range of each number."""
        if not self.numbers:
            return (), ()
        all_of = np.stack(self.numbers)
        rows = tuple(
            TableRow(name, (float(one.mean()), float(one.std()), float(one.min()), float(one.max())))
            for name, one in zip(self.names, all_of.T, strict=True)
        )
        return ("mean", "deviation", "minimum", "maximum"), rows


def vary(feed: Feed, label: str, changes: Sequence[Change]) -> Spreads:
    """Ask the network once for each change."""
    plain = unmirrored(feed)
    made = Spreads()
    for n, change in enumerate(changes):
        package = plain.request.package
        network = Network(package, ChangedSession(feed.network.session, package.manifest, change))
        network.remember_as(feed.network)
        course = Course(PartOfProgress(feed.course.report, n, len(changes)))
        collect(replace(plain, network=network, course=course), label, made)
    feed.course.report(STEP_ASK, len(changes), len(changes))
    return made


def collect(feed: Feed, label: str, into: Spreads) -> None:
    """One more run."""
    into.runs += 1
    output = feed.manifest.output
    if isinstance(output, SegmentationOutput | ImageOutput):
        into.map.add(dense_map(feed, label))
        return
    if isinstance(output, CenterHeatmapOutput):
        into.map.add(dense_map(feed, label))
    said = answer(feed)
    if said.classification:
        into.names = tuple(line.label for line in said.classification)
        into.numbers.append(np.array([line.probability for line in said.classification]))
    elif said.values:
        into.names = tuple(line.name for line in said.values)
        into.numbers.append(np.array([line.value for line in said.values]))
    else:
        wanted = [one for one in said.findings if label in {HIGHEST, one.label}]
        into.found.append(tuple(wanted))


def steadiness(found: Sequence[tuple[Finding, ...]]) -> tuple[tuple[TableRow, ...], tuple[NotedPlace, ...]]:
    """Of each finding of the first run: mean and deviation of its score over the runs (0 where it is not found), and in
    how many it is found; places ranked by that share.
    """
    if not found:
        return (), ()
    rows, places = [], []
    for one in found[0]:
        scores = [max((other.score for other in run if same_finding(one, other)), default=0.0) for run in found]
        share = sum(score > 0 for score in scores) / len(scores)
        rows.append(TableRow(f"{one.label} {one.id}", (float(np.mean(scores)), float(np.std(scores)), share)))
        places.append(NotedPlace(one.label, one.center_voxel, one.center_lps, None, share))
    return tuple(rows), tuple(places)


def same_finding(one: Finding, other: Finding) -> bool:
    """Whether two runs mean the same thing: one label, and middles that lie close."""
    if one.label.casefold() != other.label.casefold():
        return False
    if one.center_lps is not None and other.center_lps is not None:
        reach = max(NEAR_MM, (one.size_mm or 0.0) / 2, (other.size_mm or 0.0) / 2)
        return float(np.linalg.norm(np.subtract(one.center_lps, other.center_lps))) <= reach
    low = np.maximum(one.box_voxel[0], other.box_voxel[0])
    high = np.minimum(one.box_voxel[1], other.box_voxel[1])
    return bool(np.all(high > low))


class PartOfProgress:
    """Progress of one run of several, told as a share of the whole."""

    FINE = 100

    def __init__(self, progress: Callable[[str, int, int], None], at: int, count: int) -> None:
        self._progress, self._at, self._count = progress, at, count

    def __call__(self, step: str, done: int, total: int) -> None:
        share = done / total if total and step == STEP_NETWORK else 0.0
        self._progress(STEP_ASK, round((self._at + share) * self.FINE), self._count * self.FINE)


def shared_labels(manifests: Sequence[Manifest]) -> tuple[str, ...]:
    """Names that all of them know, in the first one's order."""
    names = [[entry.name for entry in getattr(one.output, "labels", ())] for one in manifests]
    others = [{name.casefold() for name in one} for one in names[1:]]
    return tuple(name for name in names[0] if all(name.casefold() in known for known in others))


def refuse_other_tasks(manifests: Sequence[Manifest]) -> None:
    """Raise MedviewError ``tasks_differ`` for packages that do not answer the same question."""
    if len({one.task for one in manifests}) > 1:
        said = ", ".join(f"{one.name}: {one.task}" for one in manifests)
        raise MedviewError(
            "tasks_differ", f"The packages have different tasks ({said}).", None, ExitCode.BAD_USE, (said,)
        )


def pairs(found: Sequence[Finding], others: Sequence[Finding]) -> Iterator[tuple[Finding | None, Finding | None]]:
    """Each finding with the one of the other list that means the same, best first; None where there is none."""
    left = list(others)
    for one in sorted(found, key=lambda each: -each.score):
        match = next((other for other in left if same_finding(one, other)), None)
        if match is not None:
            left.remove(match)
        yield one, match
    for other in left:
        yield None, other
