"""What runs that go on have decided so far: seen on the images, slice by slice, and never kept, listed, counted or exported.

A run tells it from its thread in frozen values (:class:`Sender`); everything else belongs to the main thread.
"""

from __future__ import annotations

import time as clock
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from medview.app.explanations import Triple, place_of
from medview.app.marks import Mark
from medview.app.picture import SegmentationLayer
from medview.core.finding import Finding, InferenceResult, Provenance, Segmentation
from medview.core.geometry import Geometry

if TYPE_CHECKING:
    from medview.app.shown_slice import ShownSlice
    from medview.app.viewport_state import ViewportView
    from medview.app.workspace import Workspace
    from medview.core.progress import Progress
    from medview.core.study import Stack
    from medview.inference.onlooker import RunBegun, SlicesDecided
    from medview.inference.package import ModelPackage
    from medview.jobs.queue import Job, Post

TOLD_EVERY_S = 0.2
"""Slices that nobody looks at are told together: each time the pictures of the stack are drawn again."""

BoolArray = NDArray[np.bool_]
Corners = list[tuple[float, float]]


class LiveResult:
    """One run that goes on, as far as it is decided."""

    def __init__(self, stack: Stack, package: ModelPackage, time: int, overrides: tuple[str, ...]) -> None:
        manifest = package.manifest
        made = Provenance(
            package_id=manifest.id,
            package_name=manifest.name,
            package_version=manifest.version,
            package_sha256=package.sha256,
            device_requested="",
            device_used="",
            series_uid="",
            stack_id=stack.id,
            finished_at="",
            duration_s=0.0,
            research_only=manifest.research_only,
            overrides=overrides,
            time=time,
        )
        threshold = getattr(manifest.output, "shown_threshold", 0.0)
        self.seen = InferenceResult(made, manifest.task, shown_threshold=threshold)
        """What is drawn: a result without an end."""
        self.stack = stack
        self.axis = 0
        self.done: BoolArray = np.zeros(0, dtype=bool)
        """Which slices along ``axis`` are decided; empty while nothing can be told."""

    @property
    def counts(self) -> tuple[int, int]:
        """How many slices are decided, and of how many."""
        return int(self.done.sum()), len(self.done)

    def begin(self, begun: RunBegun) -> None:
        """Nothing is decided."""
        self.axis, self.done = begun.axis, np.zeros(begun.count, dtype=bool)
        labels = None
        if begun.labels is not None:
            labels = Segmentation(begun.labels, self.stack.geometry, begun.meanings, self.seen.provenance.time)
        self.seen = replace(self.seen, segmentation=labels, findings=())

    def take(self, decided: SlicesDecided) -> None:
        """Some more slices."""
        places = slice(decided.first, decided.first + decided.count)
        self.done[places] = True
        known = self.seen.segmentation
        if known is not None and decided.labels is not None:
            known.labels[(*(slice(None),) * self.axis, places)] = decided.labels
            # A new value of the same memory: what was drawn of the old one is not drawn again.
            known = replace(known)
        self.seen = replace(self.seen, segmentation=known, findings=(*self.seen.findings, *decided.findings))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Those that would be shown of a result."""
        return tuple(one for one in self.seen.findings if one.score >= self.seen.shown_threshold)


class Sender:
    """Looks on in the thread of a run and sends what it hears to the main thread, where nobody looks some slices at once."""

    def __init__(self, post: Post, show: Callable[[Sender, list[RunBegun | SlicesDecided]], None]) -> None:
        self._post, self._show = post, show
        self._wishes: SimpleQueue[Triple | None] = SimpleQueue()
        self._wish: Triple | None = None
        self._axis = 0
        self._waiting: SimpleQueue[RunBegun | SlicesDecided] = SimpleQueue()
        self._may_post: SimpleQueue[None] = SimpleQueue()
        """Holds one None while no delivery is on its way."""
        self._may_post.put(None)
        self._sent = 0.0

    def look_at(self, voxel: Triple | None) -> None:
        """Where the reader looks from now on; from the main thread."""
        self._wishes.put(voxel)

    def looked_at(self) -> Triple | None:
        """The newest wish."""
        with suppress(Empty):
            while True:
                self._wish = self._wishes.get_nowait()
        return self._wish

    def begin(self, begun: RunBegun) -> None:
        """Told at once."""
        self._axis = begun.axis
        self._send(begun, at_once=True)

    def take(self, decided: SlicesDecided) -> None:
        """Told at once where it is looked at."""
        wish = self.looked_at()
        seen = wish is not None and -1 < wish[self._axis] - decided.first < decided.count
        self._send(decided, at_once=seen or clock.monotonic() - self._sent > TOLD_EVERY_S)

    def heard(self, progress: Progress) -> Progress:
        """``progress``, whose every call sends what has waited long enough: the next slice may be long in coming."""

        def told(step: str, done: int, total: int) -> None:
            progress(step, done, total)
            if clock.monotonic() - self._sent > TOLD_EVERY_S:
                self._go()

        return told

    def _send(self, said: RunBegun | SlicesDecided, at_once: bool) -> None:
        self._waiting.put(said)
        if at_once:
            self._go()

    def _go(self) -> None:
        if self._waiting.empty():
            return
        with suppress(Empty):
            self._may_post.get_nowait()
            self._sent = clock.monotonic()
            self._post(self._deliver)

    def _deliver(self) -> None:
        self._may_post.put(None)  # first: what comes from here on gets a delivery of its own
        said: list[RunBegun | SlicesDecided] = []
        with suppress(Empty):
            while True:
                said.append(self._waiting.get_nowait())
        if said:
            self._show(self, said)


class LiveResults:
    """The runs that go on. ``changed`` says the stack."""

    changed = Signal(str)

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._open: dict[int, tuple[Sender, LiveResult]] = {}
        for signal in (workspace.viewport_changed, workspace.active_changed, workspace.layout_changed):
            signal.connect(self._looks_elsewhere)

    def sender(self, post: Post) -> Sender:
        """For a run that is asked for now."""
        return Sender(post, self._said)

    def follow(
        self, job: Job[Any], sender: Sender, stack: Stack, package: ModelPackage, time: int, overrides: tuple[str, ...]
    ) -> None:
        """Show what ``sender`` tells of a job until that is over."""
        self._open[job.id] = (sender, LiveResult(stack, package, time, overrides))
        self.changed.emit(stack.id)
        sender.look_at(self._place(stack, time))

    def forget(self, job: Job[Any]) -> None:
        """A run is over: its result is there whole, or nothing of it is."""
        known = self._open.pop(job.id, None)
        if known is not None:
            self.changed.emit(known[1].stack.id)

    def running_on(self, stack_id: str) -> tuple[str, ...]:
        """The names of the packages that are at work on a stack, or wait for it, each once."""
        live = (one for _, one in self._open.values() if one.stack.id == stack_id)
        return tuple(dict.fromkeys(one.seen.provenance.package_name for one in live))

    def of(self, stack_id: str, time: int) -> list[LiveResult]:
        """Runs on a time point that have something to tell."""
        return [
            one
            for _, one in self._open.values()
            if one.stack.id == stack_id and one.seen.provenance.time == time and len(one.done)
        ]

    def _said(self, sender: Sender, said: list[RunBegun | SlicesDecided]) -> None:
        from medview.inference.onlooker import RunBegun

        live = next((one for other, one in self._open.values() if other is sender), None)
        if live is None:
            return  # cancelled meanwhile
        for one in said:
            if isinstance(one, RunBegun):
                live.begin(one)
            else:
                live.take(one)
        if said:
            self.changed.emit(live.stack.id)

    # ------------------------------------------------------------------ where the reader looks

    def _looks_elsewhere(self, *_what: object) -> None:
        for sender, live in self._open.values():
            sender.look_at(self._place(live.stack, live.seen.provenance.time))

    def _place(self, stack: Stack, time: int) -> Triple | None:
        """The voxel in the middle of what the active viewport shows, or another one that shows the stack."""
        workspace = self._workspace
        for state in (workspace.active_viewport, *workspace.viewports):
            found = place_of(stack, state, None) if state.view.time == time else None
            if found is not None:
                return found
        return None


# What is seen --------------------------------------------------------------------------------------------------------


def live_layers(workspace: Workspace, view: ViewportView) -> list[SegmentationLayer]:
    """Segmentations of runs that go on."""
    if view.stack is None or not workspace.ai_visible:
        return []
    return [
        SegmentationLayer(
            f"live {one.seen.provenance.package_sha256}", one.seen.segmentation, workspace.overlay_style(one.seen)
        )
        for one in workspace.live.of(view.stack.id, view.time)
        if one.seen.segmentation is not None
    ]


def live_findings(workspace: Workspace, view: ViewportView) -> list[tuple[InferenceResult, tuple[Finding, ...]]]:
    """Findings of runs that go on, slice by slice as they are."""
    if view.stack is None or not workspace.ai_visible:
        return []
    return [(one.seen, one.findings) for one in workspace.live.of(view.stack.id, view.time)]


def live_marks(workspace: Workspace, view: ViewportView, shown: ShownSlice | None) -> list[Mark]:
    """How far the runs are, and whether the picture shows what they have not looked at."""
    if view.stack is None:
        return []
    found = []
    for one in workspace.live.of(view.stack.id, view.time):
        done, total = one.counts
        made = one.seen.provenance
        name = f"{made.package_name or made.package_id} {made.package_version}".strip()
        research = "research" if made.research_only else ""
        found.append(Mark("ai_running", "ai", (str(done), str(total), name, research)))
        if made.overrides:
            found.append(Mark("ai_overridden", "warning", made.overrides))
        if shown is not None and not_yet(one, shown, view.stack.geometry):
            whole = shown.plane_kind == "acquired" and shown.slab is None and one.axis == 0
            found.append(Mark("ai_not_yet", "warning", (name, "slice" if whole else "")))
    return found


def not_yet(live: LiveResult, shown: ShownSlice, geometry: Geometry | None) -> list[Corners]:
    """Where on a picture a run has not looked yet: corners of polygons, image (x, y)."""
    if live.done.all():
        return []
    rows, columns = shown.shape
    whole = [(-0.5, -0.5), (columns - 0.5, -0.5), (columns - 0.5, rows - 0.5), (-0.5, rows - 0.5)]
    if shown.plane_kind == "acquired" and shown.slab is None and live.axis == 0 and shown.k is not None:
        return [whole] if shown.k < len(live.done) and not live.done[shown.k] else []
    if shown.plane_kind == "acquired" and shown.slab is None and live.axis > 0:
        # Columns or rows of the picture are the slices.
        edges = [(start - 0.5, stop - 0.5) for start, stop in _gaps(live.done)]
        slope = np.array([0.0, 1.0, 0.0] if live.axis == 2 else [0.0, 0.0, 1.0])
        return [part for low, high in edges if (part := _between(whole, slope, low, high))]
    if shown.plane is None or geometry is None or geometry.slice_origins is not None:
        return [whole]
    place = geometry.patient_to_voxel(shown.plane.plane_to_patient([(0, 0), (1, 0), (0, 1)]))[:, live.axis]
    slope = np.array([place[0], place[1] - place[0], place[2] - place[0]])
    half = 0.0
    if shown.slab is not None:
        normal = np.asarray(shown.plane.origin) + np.asarray(shown.plane.normal)
        step = geometry.patient_to_voxel(normal)[live.axis] - geometry.patient_to_voxel(shown.plane.origin)[live.axis]
        half = abs(float(step)) * shown.slab.thickness_mm / 2
    found = []
    for start, stop in _gaps(live.done):
        part = _between(whole, slope, start - 0.5 - half, stop - 0.5 + half)
        if part:
            found.append(part)
    return found


def _gaps(done: BoolArray) -> list[tuple[int, int]]:
    """Runs of slices that are not decided: first, and the one after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[True], done, [True]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _between(corners: Corners, slope: NDArray[np.float64], low: float, high: float) -> Corners:
    """The part of a convex polygon where slope · (1, x, y) lies between two values."""
    for sign, limit in ((1.0, low), (-1.0, -high)):
        kept: Corners = []
        above = [sign * float(slope @ (1.0, x, y)) - limit for x, y in corners]
        for n, (x, y) in enumerate(corners):
            before, (bx, by) = above[n - 1], corners[n - 1]
            if (above[n] > 0) != (before > 0):
                share = before / (before - above[n])
                kept.append((bx + share * (x - bx), by + share * (y - by)))
            if above[n] > 0:
                kept.append((x, y))
        corners = kept
    return corners
