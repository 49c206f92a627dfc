"""One run of a package on one series, from values to a result on the source geometry; a plain function, no thread."""

from __future__ import annotations

import hashlib
import time as clock
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import (
    LABEL_COLOURS,
    ClassProbability,
    DerivedImage,
    Finding,
    InferenceResult,
    Label,
    ModelValue,
    Provenance,
    Segmentation,
)
from medview.core.geometry import Geometry
from medview.core.problem import ExitCode, MedviewError, Note
from medview.core.progress import Progress
from medview.core.study import Stack
from medview.core.volume import Volume
from medview.inference.channels import SeriesTogether, unit_of
from medview.inference.derived import ImageCollector, without_gaps
from medview.inference.detection import (
    Candidates,
    decode,
    decode_heatmap,
    findings_of,
    merge_slices,
    output_names,
    painted,
    suppress,
)
from medview.inference.manifest import (
    BoxesOutput,
    CenterHeatmapOutput,
    ClassificationOutput,
    ImageOutput,
    Manifest,
    RegressionOutput,
    SegmentationOutput,
    YoloOutput,
)
from medview.inference.network import Network
from medview.inference.package import ModelPackage
from medview.inference.parts import keep_parts
from medview.inference.placement import Orientation, Placement, orient
from medview.inference.preprocess import Prepared, needs_whole_series, run_steps, with_neighbours
from medview.inference.request import ChannelSeries, InferenceRequest
from medview.inference.segmentation import (
    LabelCollector,
    OutputWatch,
    SegmentationRule,
    label_meanings,
    narrowed,
    restore_labels,
    sigmoid,
    softmax,
)
from medview.inference.session import Beside, NetworkSession, OpenSession, Session
from medview.inference.source_values import SourceValues, compare_with_expected, doubt_hounsfield
from medview.inference.tiling import slide

STEP_OPEN, STEP_PREPARE, STEP_NETWORK, STEP_RESTORE = "open", "prepare", "network", "restore"
"""Names of the steps that progress and ``timing_s`` speak of."""

FloatMap = NDArray[np.float32]
Values = SourceValues | SeriesTogether


def run_inference(
    request: InferenceRequest,
    volume: Volume,
    stack: Stack,
    progress: Progress,
    beside: Beside | None = None,
    open_session: OpenSession | None = None,
) -> InferenceResult:
    """Run ``request.package`` on one time point (``volume``) of ``stack``.

    Whether the package is meant for the series is the caller's question (:mod:`medview.inference.match`). ``progress``
    is called often, with ``beside`` also inside one long call of the network, and ends the run by raising Cancelled.
    ``open_session`` opens the network elsewhere than in this process. Raises
    MedviewError with exit code 3 (the series cannot be used), 4 (the package), 5 (does not fit) or 6 (the run failed).
    """
    if not volume.is_complete:
        text = "Some slices of the series could not be read; a model must not see holes."
        raise MedviewError("slices_missing", text, None, ExitCode.INPUT_UNUSABLE)
    if open_session is None:

        def open_session(package: ModelPackage, device: str, threads: int | None, _: Callable[[], None]) -> Session:
            return NetworkSession(package, device, threads, beside)

    return _Run(request, volume, stack, progress, open_session).result()


class _Run:
    """What the steps of a run share."""

    def __init__(
        self, request: InferenceRequest, volume: Volume, stack: Stack, progress: Progress, open_session: OpenSession
    ) -> None:
        self.request = request
        self.open_session = open_session
        self.manifest: Manifest = request.package.manifest
        self.volume = volume
        self.stack = stack
        self.progress = progress
        self.timing: dict[str, float] = {}
        self.warnings: list[Note] = []
        self.started = clock.perf_counter()
        self.step = (STEP_OPEN, 0, 0)

    def result(self) -> InferenceResult:
        given = self.manifest.input
        geometry = self._geometry()
        with self._timed(STEP_PREPARE):
            orientation = orient(self.volume.shape, geometry, given.axes)
            first = unit_of(given, given.sources[0]) if given.sources else given
            here = SourceValues(self.volume, self.stack, self.request.time, first, orientation)
            self.warnings += doubt_hounsfield(here.statistics, first.unit)
            self.warnings += compare_with_expected(here.statistics, given.expected, first.unit)
            others = self._others()
            source: Values = here
            if others:
                source = SeriesTogether(self.volume, here, given, orientation, others)
        with self._timed(STEP_OPEN):
            self._report(STEP_OPEN, 0, 1)
            wanted = self.request
            session = self.open_session(wanted.package, wanted.device, wanted.threads, self._again)
        with session:
            self.warnings += session.notes
            if session.fallback:
                self.warnings.append(Note("device_fallback", session.fallback, (self.request.device, session.device)))
            network = Network(self.request.package, session)
            self.session = session
            parts = self._work(network, source, orientation, geometry)
            self.timing["session"] = session.seconds_inside
        return InferenceResult(
            provenance=self._provenance(session.device),
            task=self.manifest.task,
            segmentation=parts.segmentation,
            findings=parts.findings,
            classification=parts.classification,
            values=parts.values,
            image=parts.image,
            inputs=self._inputs(others),
            warnings=tuple(self.warnings),
            timing_s=(*self.timing.items(), ("total", clock.perf_counter() - self.started)),
            shown_threshold=getattr(self.manifest.output, "shown_threshold", 0.0),
        )

    def _others(self) -> list[ChannelSeries]:
        """The series for all sources but the first, in the manifest's order."""
        fed = {channel.name: channel for channel in self.request.channels}
        found = []
        for wanted in self.manifest.input.sources[1:]:
            if wanted.name not in fed:
                text = f"The model needs a series for {wanted.name} beside this one, and none was given."
                raise MedviewError("channel_missing", text, None, ExitCode.MODEL_DOES_NOT_FIT, values=(wanted.name,))
            found.append(fed[wanted.name])
        return found

    def _inputs(self, others: list[ChannelSeries]) -> tuple[tuple[str, str], ...]:
        names = [source.name for source in self.manifest.input.sources]
        return tuple(zip(names, [self.stack.id, *(other.stack.id for other in others)], strict=False))

    # The tasks -------------------------------------------------------------------------------------------------

    def _work(self, network: Network, source: Values, orientation: Orientation, geometry: Geometry | None) -> _Answer:
        output = self.manifest.output
        if isinstance(output, SegmentationOutput):
            return self._segment(output, network, source, orientation, geometry)
        if isinstance(output, ClassificationOutput):
            return self._classify(output, network, source, orientation, geometry)
        if isinstance(output, RegressionOutput):
            return self._regress(output, network, source, orientation, geometry)
        if isinstance(output, ImageOutput):
            return self._make_image(output, network, source, orientation, geometry)
        return self._detect(output, network, source, orientation, geometry)

    def _segment(
        self,
        output: SegmentationOutput,
        network: Network,
        source: Values,
        orientation: Orientation,
        geometry: Geometry | None,
    ) -> _Answer:
        rule = SegmentationRule(output)
        watch = self._watch(output.activation, output.rule != "argmax" and output.encoding == "channels")
        labels = np.zeros(self.volume.shape, dtype=np.uint16)
        slicewise = self.manifest.input.is_slicewise
        oriented = orientation.view(labels)
        for start, prepared in self._prepared(source, orientation, geometry, network):
            collector = LabelCollector(rule, prepared.placement)

            def take(first: int, rows: FloatMap, collector: LabelCollector = collector) -> None:
                if output.encoding == "channels":
                    watch.see(rows, 0)
                collector.take(first, rows)

            self._dense(network, prepared, output.name, (1,) * len(self.manifest.input.axes), take, start)
            with self._timed(STEP_RESTORE):
                if slicewise:
                    collector.onto_slices(oriented[start : start + len(prepared.values)])
                else:
                    collector.onto_source(labels, self._checkpoint_of(STEP_RESTORE))
            del collector
        watch.check(spatial=True)
        with self._timed(STEP_RESTORE):
            voxel_ml = None
            if self.volume.geometry is not None:
                voxel_ml = abs(float(np.linalg.det(self.volume.geometry.affine[:3, :3]))) / 1000
            if output.keep_largest is not None or (output.smallest_part_ml is not None and voxel_ml):
                values = [label.value for label in label_meanings(output.labels)]
                smallest = int(np.ceil((output.smallest_part_ml or 0) / voxel_ml)) if voxel_ml else 0
                keep_parts(labels, values, output.keep_largest, smallest, self._checkpoint_of(STEP_RESTORE))
            found = narrowed(labels)
        meanings = label_meanings(output.labels)
        return _Answer(segmentation=Segmentation(found, self.volume.geometry, meanings, self.request.time))

    def _classify(
        self,
        output: ClassificationOutput,
        network: Network,
        source: Values,
        orientation: Orientation,
        geometry: Geometry | None,
    ) -> _Answer:
        watch = self._watch(output.activation, True)
        logits = self._rows_of_numbers(output.name, output.width, network, source, orientation, geometry)
        watch.see(logits, 1)
        watch.check(spatial=False)
        if output.activation == "softmax":
            probabilities = softmax(logits, 1)
        else:
            probabilities = sigmoid(logits) if output.activation == "sigmoid" else logits
        if output.encoding == "cumulative":
            probabilities = grades_of(probabilities)
        if output.over_slices == "middle":
            joined = probabilities[len(probabilities) // 2]
        else:
            joined = probabilities.max(axis=0) if output.over_slices == "maximum" else probabilities.mean(axis=0)
        classes = tuple(ClassProbability(label.name, float(joined[label.index])) for label in output.labels)
        return _Answer(classification=classes)

    def _regress(
        self,
        output: RegressionOutput,
        network: Network,
        source: Values,
        orientation: Orientation,
        geometry: Geometry | None,
    ) -> _Answer:
        raw = self._rows_of_numbers(output.name, None, network, source, orientation, geometry)
        if raw.shape[1] <= max(entry.index for entry in output.values):
            raise network.wrong_shape(output.name, raw.shape, f"{len(output.values)} values were due")
        numbers = sigmoid(raw) if output.activation == "sigmoid" else raw
        if output.over_slices == "median":
            joined = np.median(numbers, axis=0)
        elif output.over_slices == "middle":
            joined = numbers[len(numbers) // 2]
        else:
            joined = numbers.max(axis=0) if output.over_slices == "maximum" else numbers.mean(axis=0, dtype=np.float64)
        values = []
        for entry in output.values:
            value = float(joined[entry.index]) * entry.scale + entry.offset
            if (entry.low is not None and value < entry.low) or (entry.high is not None and value > entry.high):
                text = f"The network gave {entry.name} = {value:.4g} {entry.unit}".rstrip() + ", which cannot be."
                raise network.failed("output_out_of_range", text)
            values.append(ModelValue(entry.name, value, entry.unit))
        return _Answer(values=tuple(values))

    def _make_image(
        self,
        output: ImageOutput,
        network: Network,
        source: Values,
        orientation: Orientation,
        geometry: Geometry | None,
    ) -> _Answer:
        watch = self._watch("none", False)
        made = np.empty(self.volume.shape, dtype=np.float32)
        oriented = orientation.view(made)
        for start, prepared in self._prepared(source, orientation, geometry, network):
            collector = ImageCollector(output, prepared.placement)

            def take(first: int, rows: FloatMap, collector: ImageCollector = collector) -> None:
                watch.see(rows, 0)
                collector.take(first, rows)

            self._dense(network, prepared, output.name, (1,) * len(self.manifest.input.axes), take, start)
            with self._timed(STEP_RESTORE):
                if self.manifest.input.is_slicewise:
                    collector.onto_slices(oriented[start : start + len(prepared.values)])
                else:
                    collector.onto_source(made, self._checkpoint_of(STEP_RESTORE))
            del collector
        watch.check(spatial=True)
        values = without_gaps(made, output.outside)
        return _Answer(image=DerivedImage(values, self.volume.geometry, output.title, output.unit, self.request.time))

    def _rows_of_numbers(
        self,
        name: str | None,
        width: int | None,
        network: Network,
        source: Values,
        orientation: Orientation,
        geometry: Geometry | None,
    ) -> FloatMap:
        """(n, numbers) raw of all slices, or of the volume as one."""
        rows: list[FloatMap] = []
        for start, prepared in self._prepared(source, orientation, geometry, network):
            total = source.rows if self.manifest.input.is_slicewise else 1
            for at, batch in self._batches(network, prepared):
                with self._timed(STEP_NETWORK):
                    self._report(STEP_NETWORK, start + at, total)
                    raw = network.answers(batch, [name], self._again)[0]
                rows.append(self._numbers(name, width, network, raw, len(batch)))
            self._report(STEP_NETWORK, min(total, start + len(prepared.values)), total)
        return np.concatenate(rows)

    def _numbers(self, name: str | None, width: int | None, network: Network, raw: FloatMap, count: int) -> FloatMap:
        """(n, numbers) of a raw answer with or without a batch axis and with trailing axes of one."""
        shape = [size for n, size in enumerate(raw.shape) if size != 1 or n < 2]
        flat = raw.reshape(shape) if len(shape) == 2 else raw
        if flat.ndim == 1:
            flat = flat[None] if count == 1 else flat[:, None]
        if flat.ndim != 2 or len(flat) < count or flat.shape[1] != (width or flat.shape[1]):
            due = "a row of numbers was due" if width is None else f"{width} classes were due"
            raise network.wrong_shape(name, raw.shape, due)
        return flat[:count].astype(np.float32)

    def _detect(
        self,
        output: BoxesOutput | YoloOutput | CenterHeatmapOutput,
        network: Network,
        source: Values,
        orientation: Orientation,
        geometry: Geometry | None,
    ) -> _Answer:
        watch = self._watch(output.activation, True)
        slices: list[Candidates] = []
        placement = Placement.start(orientation, geometry)
        slicewise = self.manifest.input.is_slicewise
        for start, prepared in self._prepared(source, orientation, geometry, network):
            placement = prepared.placement
            if isinstance(output, CenterHeatmapOutput):
                slices += self._heatmaps(output, network, prepared, watch, start)
                continue
            total = source.rows if slicewise else 1
            for at, batch in self._batches(network, prepared):
                with self._timed(STEP_NETWORK):
                    self._report(STEP_NETWORK, start + at, total)
                    raw = network.answers(batch, output_names(output), self._again)
                with self._timed(STEP_RESTORE):
                    shape = batch.shape[1 : 1 + len(self.manifest.input.axes)]
                    slices += decode(output, raw, shape, network, watch)[: len(batch)]
            self._report(STEP_NETWORK, min(total, start + len(prepared.values)), total)
        watch.check_scores(isinstance(output, CenterHeatmapOutput))
        with self._timed(STEP_RESTORE):
            if slicewise:
                placement = replace(placement, shape=(source.rows, *placement.shape[1:]))
                slices = [suppress(found, output, placement.spacing) for found in slices]
                found = merge_slices(slices, output)
                order = np.argsort(-found.scores, kind="stable")[: output.at_most]
                found = found.part(order)
            else:
                found = suppress(Candidates.join(slices), output, placement.spacing)
            findings = findings_of(found, self.manifest, placement, self.volume.geometry, self.stack, self.request.time)
            outlined = self._outlined(found, findings, placement, orientation) if found.masks else None
        return _Answer(findings=findings, segmentation=outlined)

    def _outlined(
        self, found: Candidates, findings: tuple[Finding, ...], placement: Placement, orientation: Orientation
    ) -> Segmentation:
        """A label for each finding that the network outlined."""
        labels = np.zeros(self.volume.shape, dtype=np.uint16)
        restore_labels(painted(found, placement.shape), placement, orientation.view(labels))
        meanings = tuple(
            Label(finding.mask_value, f"{finding.label} {n}", LABEL_COLOURS[(n - 1) % len(LABEL_COLOURS)])
            for n, finding in enumerate(findings, start=1)
            if finding.mask_value is not None
        )
        return Segmentation(narrowed(labels), self.volume.geometry, meanings, self.request.time)

    def _heatmaps(
        self, output: CenterHeatmapOutput, network: Network, prepared: Prepared, watch: OutputWatch, start: int
    ) -> list[Candidates]:
        """Candidates of each slice, or of the volume as one."""
        stride = output.stride or (1,) * len(self.manifest.input.axes)
        rows: list[FloatMap] = []
        self._dense(network, prepared, output.name, stride, lambda _first, part: rows.append(part.copy()), start)
        maps = np.concatenate(rows, axis=1)
        watch.see(maps[[label.index for label in output.labels]], 0)
        diameters = None
        if output.diameter_output is not None:
            rows = []
            name = output.diameter_output
            self._dense(network, prepared, name, stride, lambda _first, part: rows.append(part.copy()), start)
            diameters = np.concatenate(rows, axis=1)
        with self._timed(STEP_RESTORE):
            if not self.manifest.input.is_slicewise:
                return [decode_heatmap(output, maps, diameters, prepared.placement)]
            return [
                decode_heatmap(
                    output,
                    maps[:, n : n + 1],
                    None if diameters is None else diameters[:, n : n + 1],
                    prepared.placement,
                )
                for n in range(maps.shape[1])
            ]

    # Feeding the network ---------------------------------------------------------------------------------------------

    def _prepared(
        self, source: Values, orientation: Orientation, geometry: Geometry | None, network: Network
    ) -> Iterator[tuple[int, Prepared]]:
        """The series in pieces that the steps allow: a few slices, or everything; with the first row of each."""
        given = self.manifest.input
        rows = source.rows
        at_once = rows
        if given.is_slicewise and not needs_whole_series(given):
            at_once = max(network.batch, 1)
        reach = given.neighbours
        for start in range(0, rows, at_once):
            with self._timed(STEP_PREPARE):
                stop = min(start + at_once, rows)
                low, high = max(0, start - reach), min(rows, stop + reach)
                values, real = source.fetch(low, high)
                placement = Placement.start(orientation, geometry)
                placement = replace(placement, shape=(len(values), *placement.shape[1:]))
                checkpoint = self._checkpoint_of(STEP_PREPARE) if at_once == rows else self._silent
                prepared = run_steps(given, values, real, placement, geometry, checkpoint)
                if reach:
                    prepared = with_neighbours(given, prepared, start - low, stop - start)
                del values
            yield start, prepared

    def _batches(self, network: Network, prepared: Prepared) -> Iterator[tuple[int, FloatMap]]:
        """Items (n, spatial…[, 3]) for the network: some slices, or the one volume."""
        if not self.manifest.input.is_slicewise:
            yield 0, prepared.values[None]
            return
        for start in range(0, len(prepared.values), network.batch):
            yield start, prepared.values[start : start + network.batch]

    def _dense(
        self,
        network: Network,
        prepared: Prepared,
        name: str | None,
        stride: tuple[int, ...],
        take: Callable[[int, FloatMap], None],
        start: int,
    ) -> None:
        """Feed ``prepared`` whole or in tiles; ``take(first, rows)`` gets raw (channels, n, b, c) in order."""
        given = self.manifest.input
        total = self.volume.shape[prepared.placement.orientation.order[0]] if given.is_slicewise else 1
        if given.tiling is None:
            for at, batch in self._batches(network, prepared):
                with self._timed(STEP_NETWORK):
                    self._report(STEP_NETWORK, start + at, total)
                    answer = network.dense(batch, name, stride, self._again)
                with self._timed(STEP_RESTORE):
                    # (slices, channels, b, c) or (1, channels, a, b, c) to (channels, rows, b, c).
                    take(at, answer.swapaxes(0, 1) if given.is_slicewise else answer[0])
                self._report(STEP_NETWORK, start + at + len(batch), total)
            return

        def run(tiles: FloatMap) -> FloatMap:
            return network.dense(tiles, name, stride, self._again)

        def rows_done(first: int, rows: FloatMap) -> None:
            with self._timed(STEP_RESTORE):
                take(first, rows)

        with self._timed(STEP_NETWORK):
            if not given.is_slicewise:
                slide(prepared.values, given.tiling, stride, run, rows_done, self._checkpoint_of(STEP_NETWORK))
                return
            collected: list[FloatMap] = []
            for n, values in enumerate(prepared.values):
                collected.clear()
                slide(values, given.tiling, stride, run, lambda _, rows: collected.append(rows.copy()), self._silent)
                take(n, np.concatenate(collected, axis=1)[:, None])
                self._report(STEP_NETWORK, start + n + 1, total)

    # Telling ---------------------------------------------------------------------------------------------------------

    def _geometry(self) -> Geometry | None:
        """The series' geometry; for knowingly overridden pictures their rows and columns as displayed."""
        if (
            self.volume.geometry is not None
            or self.manifest.input.is_picture
            or "no_geometry" not in self.request.overrides
        ):
            return self.volume.geometry
        if not self.manifest.input.is_slicewise:
            return None
        dj, di = self.stack.pixel_spacing or (1.0, 1.0)
        return Geometry.from_directions(self.volume.shape, (0, 0, 0), (1, 0, 0), (0, 1, 0), (1.0, dj, di))

    def _watch(self, activation: str, wants_probability: bool) -> OutputWatch:
        path = self.request.package.model_path
        return OutputWatch(path.name, str(path), activation, wants_probability)

    def _report(self, step: str, done: int, total: int) -> None:
        self.step = (step, done, total)
        self.progress(step, done, total)

    def _again(self) -> None:
        self.progress(*self.step)

    def _silent(self, _done: int, _total: int) -> None:
        self._again()

    def _checkpoint_of(self, step: str) -> Callable[[int, int], None]:
        return lambda done, total: self._report(step, done, total)

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        """Add the time inside to ``step``; a step inside another takes its time away from it."""
        start = clock.perf_counter()
        before = sum(self.timing.values())
        try:
            yield
        finally:
            spent = clock.perf_counter() - start - (sum(self.timing.values()) - before)
            self.timing[step] = self.timing.get(step, 0.0) + spent

    def _provenance(self, device: str) -> Provenance:
        package = self.request.package
        return Provenance(
            package_id=self.manifest.id,
            package_name=self.manifest.name,
            package_version=self.manifest.version,
            package_sha256=package.sha256,
            model_sha256=package.model_sha256,
            device_requested=self.request.device,
            device_used=device,
            series_uid=self.request.series_uid,
            stack_id=self.stack.id,
            finished_at=datetime.now().astimezone().isoformat(timespec="seconds"),
            duration_s=clock.perf_counter() - self.started,
            research_only=self.manifest.research_only,
            input_sha256=self._input_sha256(),
            overrides=self.request.overrides,
        )

    def _input_sha256(self) -> str:
        """Of the series, or of the digests of all series that the network saw."""
        first = input_sha256(self.volume)
        if not self.manifest.input.sources:
            return first
        digests = [first, *(input_sha256(other.volume) for other in self._others())]
        return hashlib.sha256("".join(digests).encode()).hexdigest()


def grades_of(above: FloatMap) -> FloatMap:
    """(n, grades) probabilities of (n, grades - 1) probabilities to be above each grade; never negative.

    A network's cumulative probabilities need not fall from grade to grade: each counts at most as much as those
    before it.
    """
    falling = np.minimum.accumulate(above, axis=1)
    edges = np.pad(falling, [(0, 0), (1, 1)], constant_values=((0, 0), (1, 0)))
    return np.asarray(edges[:, :-1] - edges[:, 1:], dtype=np.float32)


class _Answer:
    """What the task gave."""

    def __init__(
        self,
        segmentation: Segmentation | None = None,
        findings: tuple[Finding, ...] = (),
        classification: tuple[ClassProbability, ...] = (),
        values: tuple[ModelValue, ...] = (),
        image: DerivedImage | None = None,
    ) -> None:
        self.values = values
        self.image = image
        self.segmentation = segmentation
        self.findings = findings
        self.classification = classification


def input_sha256(volume: Volume) -> str:
    """Digest of the stored values, their transform and their place: a result belongs to exactly this input."""
    digest = hashlib.sha256(f"{volume.stored.dtype.str}{volume.stored.shape}{volume.unit}{volume.inverted}".encode())
    for k in range(len(volume.stored)):
        digest.update(np.ascontiguousarray(volume.stored[k]).data)
    digest.update(np.ascontiguousarray(volume.transform.slopes).data)
    digest.update(np.ascontiguousarray(volume.transform.intercepts).data)
    if volume.transform.lut is not None:
        digest.update(np.ascontiguousarray(volume.transform.lut).data)
    if volume.geometry is not None:
        digest.update(np.ascontiguousarray(volume.geometry.affine.round(6)).data)
        digest.update(np.ascontiguousarray(volume.geometry.origins.round(6)).data)
    return digest.hexdigest()
