"""Questions to models about what is shown: asked in the background, looked at, let go of; never kept. No Qt.

Everything belongs to the main thread. Of a stack at most one explanation is drawn at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medview.app import opening
from medview.app.notices import AI
from medview.core.parameter import ParameterValue
from medview.core.policy import policy
from medview.core.problem import MedviewError
from medview.core.progress import Cancelled, Progress

if TYPE_CHECKING:
    from medview.app.explanation_layers import ExplanationLayer
    from medview.app.picture import SegmentationLayer
    from medview.app.shown_slice import ShownSlice
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace
    from medview.core.display import OverlayStyle
    from medview.core.explanation import Explanation, NotedPlace, ValueMap
    from medview.core.finding import Finding
    from medview.core.study import Stack
    from medview.inference.package import ModelPackage
    from medview.jobs.queue import Job

Triple = tuple[float, float, float]

OPACITY = 0.55


@dataclass(frozen=True, eq=False)
class Wish:
    """What the reader asks. ``packages``: what is asked, with the reasons that the reader knowingly set aside."""

    method: str
    packages: tuple[tuple[ModelPackage, tuple[str, ...]], ...]
    label: str | None = None
    finding: Finding | None = None
    """Where to ask; of the same package also what is asked about."""
    near: bool = False
    """Whether only what lies near the finding counts."""
    tensor: str = ""
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)


@dataclass(eq=False)
class Look:
    """How an explanation is drawn."""

    map_at: int = 0
    opacity: float = OPACITY
    thresholds: dict[str, float] = field(default_factory=dict)
    layer: ExplanationLayer | None = None
    labels: SegmentationLayer | None = None


class Explanations:
    """What was asked in this session, newest last. ``changed`` says the stack."""

    changed = Signal(str)
    failed = Signal(object, object)
    """Job and the exception, MedviewError for all that a reader can do something about."""
    done = Signal(object, object)
    """Job and the explanation."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._by_stack: dict[str, tuple[Explanation, ...]] = {}
        self._looks: dict[str, Look] = {}
        self._shown: dict[str, str] = {}
        workspace.studies_changed.connect(self._forget_closed)

    # ------------------------------------------------------------------ asking

    def ask(self, stack: Stack, wish: Wish, state: ViewportState | None = None) -> Job[Explanation] | None:
        """Question models about a stack in the background, at the place that ``state`` shows or that of the finding.

        None where the stack is not open any more, or the question cannot be asked (then a notice says why).
        """
        workspace = self._workspace
        found = opening.find_stack(workspace.studies, stack.id)
        if found is None:
            return None
        study, series, stack = found
        queue = workspace.inference
        time = state.view.time if state is not None and state.stack is stack else 0
        voxel = place_of(stack, state, wish.finding)
        try:
            policy().refuse("ai")
            from medview.app.inference_queue import refuse_unless_overridden
            from medview.inference.channel_choice import channel_stacks
            from medview.inference.match import match

            fed = []
            for package, overrides in wish.packages:
                fit = match(package, series, stack)
                refuse_unless_overridden(package, fit.fits, fit.reasons, overrides)
                fed.append(channel_stacks(package.manifest.input, study.series, stack, ()))
        except MedviewError as error:
            workspace.tell_error(error, AI)
            return None
        device, uid = workspace.settings.device, series.series_uid

        def work(progress: Progress) -> Explanation:
            from medview.inference.channel_choice import channel_series
            from medview.inference.explaining.explain import explain
            from medview.inference.explaining.methods import Question
            from medview.inference.request import InferenceRequest
            from medview.processing.superpixels import superpixels

            volume = queue.volume(stack, time, progress)
            requests = []
            for (package, overrides), channels in zip(wish.packages, fed, strict=True):
                others = channel_series(channels, stack, time, lambda other, at: queue.volume(other, at, progress))
                requests.append(InferenceRequest(package, uid, device, time, overrides, channels=others))
            box = wish.finding.box_voxel if wish.finding is not None and wish.near else None
            question = Question(
                wish.method,
                tuple(requests),
                volume,
                stack,
                queue.networks.open_with,
                superpixels,
                voxel,
                wish.label,
                box,
                wish.tensor,
                dict(wish.parameters),
            )
            return explain(question, progress)

        def took(made: Explanation) -> None:
            self.add(made)
            self.done.emit(job, made)

        def failed(error: BaseException) -> None:
            from medview.app.inference_queue import reported

            error = reported(error)
            if not isinstance(error, Cancelled):
                workspace.tell_error(error, AI)
            self.failed.emit(job, error)

        from medview.jobs.queue import Lane

        title = ", ".join(package.manifest.name for package, _ in wish.packages)
        job: Job[Any] = workspace.jobs.submit(title, work, Lane.INFERENCE, on_done=took, on_failed=failed)
        workspace.background.remember(job)
        return job

    # ------------------------------------------------------------------ what there is

    def of(self, stack_id: str) -> tuple[Explanation, ...]:
        """Explanations of a stack, newest last."""
        return self._by_stack.get(stack_id, ())

    def add(self, made: Explanation) -> None:
        """Take an explanation in and show it."""
        if opening.find_stack(self._workspace.studies, made.stack_id) is None:
            return
        self._by_stack[made.stack_id] = (*self.of(made.stack_id), made)
        self._looks[made.key] = Look()
        if made.maps or made.segmentation is not None:
            self._shown[made.stack_id] = made.key
        self._tell(made.stack_id)

    def discard(self, made: Explanation) -> None:
        """Let go of one."""
        self._by_stack[made.stack_id] = tuple(one for one in self.of(made.stack_id) if one is not made)
        self._looks.pop(made.key, None)
        if self._shown.get(made.stack_id) == made.key:
            self._shown.pop(made.stack_id)
        self._tell(made.stack_id)

    def shown(self, stack_id: str, time: int | None = None) -> Explanation | None:
        """The one that is drawn over a stack (at a time point), if any is."""
        key = self._shown.get(stack_id)
        if key is None:
            return None
        found = next((one for one in self.of(stack_id) if one.key == key), None)
        return found if found is not None and time in {None, found.time} else None

    def show(self, made: Explanation, shown: bool = True) -> None:
        """Draw one instead of the others, or none."""
        if shown:
            self._shown[made.stack_id] = made.key
        elif self._shown.get(made.stack_id) == made.key:
            self._shown.pop(made.stack_id)
        self._tell(made.stack_id)

    # ------------------------------------------------------------------ looks

    def look(self, made: Explanation) -> Look:
        """How one is drawn."""
        return self._looks.setdefault(made.key, Look())

    def map_of(self, made: Explanation) -> ValueMap | None:
        """The map of it that is chosen."""
        return made.maps[min(self.look(made).map_at, len(made.maps) - 1)] if made.maps else None

    def threshold(self, made: Explanation, found: ValueMap) -> float:
        """From which value on the map is drawn."""
        return self.look(made).thresholds.get(found.id, found.threshold)

    def choose_map(self, made: Explanation, at: int) -> None:
        """Draw another map of it."""
        self.look(made).map_at = at
        self._tell(made.stack_id)

    def set_opacity(self, made: Explanation, opacity: float) -> None:
        """Draw it more or less transparent."""
        self.look(made).opacity = opacity
        self._tell(made.stack_id)

    def set_threshold(self, made: Explanation, threshold: float) -> None:
        """Draw the chosen map from another value on."""
        found = self.map_of(made)
        if found is not None:
            self.look(made).thresholds[found.id] = threshold
            self._tell(made.stack_id)

    def painted(self, stack_id: str, time: int) -> list[ExplanationLayer]:
        """The map to draw over a stack."""
        layer = self.layer(stack_id, time)
        return [] if layer is None else [layer]

    def layer(self, stack_id: str, time: int) -> ExplanationLayer | None:
        """The map that is drawn, with its look; None where there is none."""
        made = self.shown(stack_id, time)
        found = None if made is None else self.map_of(made)
        if made is None or found is None:
            return None
        look, threshold = self.look(made), self.threshold(made, found)
        known = look.layer
        if known is None or known.map is not found:
            from medview.app.explanation_layers import ExplanationLayer

            known = look.layer = ExplanationLayer(made.key, found, made.geometry, threshold, look.opacity)
        elif (known.threshold, known.opacity) != (threshold, look.opacity):
            known = look.layer = known.with_look(threshold, look.opacity)
        return known

    def layers(self, stack_id: str, time: int) -> list[SegmentationLayer]:
        """The labels to draw over a stack: where two packages differ."""
        made = self.shown(stack_id, time)
        if made is None or made.segmentation is None:
            return []
        from medview.app.picture import SegmentationLayer

        look = self.look(made)
        style = _label_style(look.opacity)
        if look.labels is None or look.labels.style != style:
            look.labels = SegmentationLayer(made.key, made.segmentation, style)
        return [look.labels]

    def told_at(
        self, stack_id: str, time: int, shown: ShownSlice, x: float, y: float
    ) -> list[tuple[str, float | None, str]]:
        """What the drawn map says under image (x, y): its title, value and unit."""
        layer = self.layer(stack_id, time)
        value = None if layer is None else layer.value_at(shown, x, y)
        return [] if layer is None or value is None else [(layer.map.title, value, layer.map.unit)]

    def go_to(self, made: Explanation, place: NotedPlace) -> None:
        """Show a place in every viewport that shows the stack."""
        for state in self._workspace.all_viewports:
            if state.stack is None or state.stack.id != made.stack_id:
                continue
            if place.center_lps is not None and state.stack.geometry is not None:
                state.go_to_point(place.center_lps)
            else:
                state.update(k=round(place.center_voxel[0]), plane_kind="acquired")
        self._workspace.touched = True

    # ------------------------------------------------------------------

    def _forget_closed(self) -> None:
        """Studies were closed: what was said of them goes too."""
        for stack_id in list(self._by_stack):
            if opening.find_stack(self._workspace.studies, stack_id) is None:
                for made in self._by_stack.pop(stack_id):
                    self._looks.pop(made.key, None)
                self._shown.pop(stack_id, None)

    def _tell(self, stack_id: str) -> None:
        self.changed.emit(stack_id)
        self._workspace.results_changed.emit(stack_id)


def _label_style(opacity: float) -> OverlayStyle:
    from medview.core.display import OverlayStyle

    return OverlayStyle(opacity=opacity)


def place_of(stack: Stack, state: ViewportState | None, finding: Finding | None) -> Triple | None:
    """The voxel (k, j, i) that is asked about: the finding's middle, else what the viewport shows; None: no matter."""
    if finding is not None:
        return finding.center_voxel
    if state is None or state.stack is None or state.stack.id != stack.id:
        return None
    slices, rows, columns = stack.shape
    view = state.view
    if view.plane_kind == "acquired" or stack.geometry is None or view.point is None:
        return (float(view.k), (rows - 1) / 2, (columns - 1) / 2)
    k, j, i = (float(at) for at in stack.geometry.patient_to_voxel(view.point))
    inside = zip((k, j, i), (slices, rows, columns), strict=True)
    k, j, i = (min(max(at, 0.0), size - 1.0) for at, size in inside)
    return (k, j, i)
