"""One run of a package on one series, from values to a result on the source geometry; a plain function, no thread."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from medview.core.finding import InferenceResult, Provenance
from medview.core.geometry import Geometry
from medview.core.problem import ExitCode, MedviewError, Note
from medview.core.progress import Progress
from medview.core.study import Stack
from medview.core.volume import Volume
from medview.core.volume_digest import volume_sha256
from medview.inference.cascade import run_within
from medview.inference.channels import SeriesTogether, unit_of
from medview.inference.course import STEP_OPEN, STEP_PREPARE, Course
from medview.inference.feed import Feed, Values
from medview.inference.manifest import Manifest
from medview.inference.network import Network
from medview.inference.onlooker import Onlooker
from medview.inference.package import ModelPackage
from medview.inference.placement import orient
from medview.inference.request import ChannelSeries, InferenceRequest
from medview.inference.session import Beside, NetworkSession, OpenSession, Session
from medview.inference.source_values import SourceValues, compare_with_expected, doubt_hounsfield
from medview.inference.tasks import answer
from medview.kernels.resample_grid import get_ready_to_decide
from medview.kernels.tiles import get_ready_to_weigh


def run_inference(
    request: InferenceRequest,
    volume: Volume,
    stack: Stack,
    progress: Progress,
    beside: Beside | None = None,
    open_session: OpenSession | None = None,
    onlooker: Onlooker | None = None,
) -> InferenceResult:
    """Run ``request.package`` on one time point (``volume``) of ``stack``.

    Whether the package is meant for the series is the caller's question (:mod:`medview.inference.match`). ``progress``
    is called often, with ``beside`` also inside one long call of the network, and ends the run by raising Cancelled.
    ``open_session`` opens the network elsewhere than in this process. ``onlooker`` is told of slices as they are decided,
    but for cascades. Raises
    MedviewError with exit code 3 (the series cannot be used), 4 (the package), 5 (does not fit) or 6 (the run failed).
    """
    opening = open_session or opened_here(beside)
    if request.package.manifest.input.within is not None:

        def run(one: InferenceRequest, part: Volume, piece: Stack, told: Progress) -> InferenceResult:
            return run_inference(one, part, piece, told, open_session=opening)

        return run_within(request, volume, stack, progress, run)
    return _Run(request, volume, stack, progress, opening, onlooker).result()


@contextmanager
def opened_feed(
    request: InferenceRequest, volume: Volume, stack: Stack, progress: Progress, open_session: OpenSession
) -> Iterator[Feed]:
    """The series before the package's open network, for those who ask it more than a run does; raises as a run."""
    assert request.package.manifest.input.within is None, "of a cascade the last stage is asked, on its part"
    with _Run(request, volume, stack, progress, open_session).feed() as feed:
        yield feed


def opened_here(beside: Beside | None = None, tail: bytes = b"") -> OpenSession:
    """Opens networks in this process, with ``tail`` appended to their graph."""

    def open_session(package: ModelPackage, device: str, threads: int | None, _: Callable[[], None]) -> Session:
        return NetworkSession(package, device, threads, beside, tail=tail)

    return open_session


class _Run:
    """One run and what it remembers for its result."""

    def __init__(
        self,
        request: InferenceRequest,
        volume: Volume,
        stack: Stack,
        progress: Progress,
        open_session: OpenSession,
        onlooker: Onlooker | None = None,
    ) -> None:
        if not volume.is_complete:
            text = "Some slices of the series could not be read; a model must not see holes."
            raise MedviewError("slices_missing", text, None, ExitCode.INPUT_UNUSABLE)
        self.request = request
        self.open_session = open_session
        self.onlooker = onlooker
        self.manifest: Manifest = request.package.manifest
        self.volume = volume
        self.stack = stack
        self.course = Course(progress)
        self.warnings: list[Note] = []
        self.others = self._others()
        self.device = ""
        self._is_ready = False

    def result(self) -> InferenceResult:
        with self.feed() as feed:
            found = answer(feed)
        timing = self.course.timing
        return InferenceResult(
            provenance=provenance_of(self.request, self.volume, self.stack, self.device, self.course.seconds),
            task=self.manifest.task,
            segmentation=found.segmentation,
            findings=found.findings,
            classification=found.classification,
            values=found.values,
            image=found.image,
            by_slice=found.by_slice,
            inputs=self._inputs(),
            warnings=tuple(self.warnings),
            timing_s=(*timing.items(), ("total", self.course.seconds)),
            shown_threshold=getattr(self.manifest.output, "shown_threshold", 0.0),
        )

    @contextmanager
    def feed(self) -> Iterator[Feed]:
        """The series prepared to be fed, and the network open; afterwards it is given back and its time is known."""
        given = self.manifest.input
        geometry = self._geometry()
        with self.course.timed(STEP_PREPARE):
            orientation = orient(self.volume.shape, geometry, given.axes)
            first = unit_of(given, given.sources[0]) if given.sources else given
            here = SourceValues(self.volume, self.stack, self.request.time, first, orientation)
            self.warnings += doubt_hounsfield(here.statistics, first.unit)
            self.warnings += compare_with_expected(here.statistics, given.expected, first.unit)
            source: Values = here
            if self.others:
                source = together = SeriesTogether(self.volume, here, given, orientation, self.others)
                self.warnings += together.notes
        with self.course.timed(STEP_OPEN):
            self.course.report(STEP_OPEN, 0, 1)
            wanted = self.request
            session = self.open_session(wanted.package, wanted.device, wanted.threads, self._while_it_opens)
        with session:
            self.warnings += session.notes
            if session.fallback:
                self.warnings.append(Note("device_fallback", session.fallback, (self.request.device, session.device)))
            self.device = session.device
            network = Network(self.request.package, session, self.request.memory)
            yield Feed(
                self.request,
                self.volume,
                self.stack,
                self.course,
                network,
                source,
                orientation,
                geometry,
                session.device,
                self.warnings,
                self.onlooker,
            )
            self.course.timing["session"] = session.seconds_inside

    def _while_it_opens(self) -> None:
        """Another process opens the network: what decides its answers is loaded meanwhile, so that the first slice is seen at once."""
        self.course.again()
        if not self._is_ready:
            self._is_ready = True
            if self.manifest.task == "segmentation":
                get_ready_to_decide()
            if self.manifest.input.tiling is not None:
                get_ready_to_weigh()

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

    def _inputs(self) -> tuple[tuple[str, str], ...]:
        names = [source.name for source in self.manifest.input.sources]
        return tuple(zip(names, [self.stack.id, *(other.stack.id for other in self.others)], strict=False))

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


def provenance_of(
    request: InferenceRequest, volume: Volume, stack: Stack, device: str, duration_s: float
) -> Provenance:
    """Which package was asked about what, on which device, and when."""
    package, manifest = request.package, request.package.manifest
    return Provenance(
        package_id=manifest.id,
        package_name=manifest.name,
        package_version=manifest.version,
        package_sha256=package.sha256,
        model_sha256=package.model_sha256,
        device_requested=request.device,
        device_used=device,
        series_uid=request.series_uid,
        stack_id=stack.id,
        finished_at=datetime.now().astimezone().isoformat(timespec="seconds"),
        duration_s=duration_s,
        research_only=manifest.research_only,
        input_sha256=_inputs_sha256(request, volume),
        overrides=request.overrides,
        time=request.time,
    )


def _inputs_sha256(request: InferenceRequest, volume: Volume) -> str:
    """Of the series, or of the digests of all series that the network saw, in the manifest's order."""
    first = volume_sha256(volume)
    fed = {channel.name: channel.volume for channel in request.channels}
    others = [fed[source.name] for source in request.package.manifest.input.sources[1:]]
    if not others:
        return first
    return hashlib.sha256("".join([first, *map(volume_sha256, others)]).encode()).hexdigest()
