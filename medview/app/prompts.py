"""Pointing at things: clicks and boxes of the reader, the embedding of each slice kept, and the masks that come back. No Qt.

All methods and signals belong to the main thread. A slice is embedded once, in the background; after that a click is
answered at once. What is pointed at on the slices of one stack is one result, until the reader begins anew.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medview.app.notices import AI
from medview.app.opening import find_stack
from medview.app.tools import Tool
from medview.core.policy import policy
from medview.core.problem import MedviewError

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.finding import InferenceResult, Provenance
    from medview.core.study import Stack
    from medview.inference.package import ModelPackage
    from medview.inference.prompting import Embedding, Mask, Prompt
    from medview.inference.request import InferenceRequest
    from medview.jobs.queue import Job

KEPT_EMBEDDINGS = 24
"""Of Segment Anything each takes 4 MB."""

Place = tuple[str, int, int]
"""Stack id, time, slice."""


@dataclass(eq=False)
class Pointed:
    """What was pointed at on one stack and time: prompts and masks by slice."""

    prompts: dict[int, list[Prompt]] = field(default_factory=dict)
    masks: dict[int, Mask] = field(default_factory=dict)
    made: Provenance | None = None


class Prompts:
    """``changed`` carries a stack id: a prompt was given, taken back or answered."""

    changed = Signal(str)

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._package: ModelPackage | None = None
        self._overrides: tuple[str, ...] = ()
        self._embeddings: OrderedDict[tuple[str, Place], Embedding] = OrderedDict()
        self._embedding_now: dict[tuple[str, Place], Job[Any]] = {}
        self._pointed: dict[tuple[str, int], Pointed] = {}
        workspace.studies_changed.connect(self._forget_closed)

    @property
    def package(self) -> ModelPackage | None:
        """The model that is pointed with."""
        return self._package

    def choose(self, package: ModelPackage, overrides: tuple[str, ...] = ()) -> None:
        """Point with this package from now on, and take its tool in hand."""
        if self._package is None or self._package.sha256 != package.sha256:
            self._pointed.clear()
        self._package, self._overrides = package, overrides
        self._workspace.tools.choose(Tool.PROMPT)

    def take(self) -> None:
        """Take the tool in hand; the package is the one of last time, or the one that suits the active series best."""
        from medview.jobs.queue import Lane

        if self._package is not None:
            self._workspace.tools.choose(Tool.PROMPT)
            return
        state = self._workspace.active_viewport
        series, stack = state.series, state.stack
        if series is None or stack is None:
            return

        def work(_progress: Any) -> ModelPackage | None:
            from medview.app.model_choice import model_choices

            fitting = [one for one in model_choices(series, stack)[0] if one.match.fits]
            return next((one.package for one in fitting if one.package.manifest.task == "prompted"), None)

        def done(package: ModelPackage | None) -> None:
            if package is not None:
                self.choose(package)
                return
            text = "No installed model that segments what is pointed at is meant for this series."
            self._workspace.tell("no_prompted_model", text, severity="warning")

        self._workspace.jobs.submit("models", work, Lane.PREFETCH, on_done=done, on_failed=self._tell)

    # ------------------------------------------------------------------ what was pointed at

    def on(self, stack_id: str, time: int, k: int) -> tuple[Prompt, ...]:
        """Prompts on a slice, in their order."""
        pointed = self._pointed.get((stack_id, time))
        return () if pointed is None else tuple(pointed.prompts.get(k, ()))

    def is_waiting(self, stack_id: str, time: int, k: int) -> bool:
        """Whether the slice is being embedded."""
        return any(place == (stack_id, time, k) for _, place in self._embedding_now)

    def give(self, stack: Stack, time: int, k: int, prompt: Prompt) -> None:
        """A click or a box on slice ``k``; another box takes the place of the first."""
        if self._package is None:
            self._workspace.tell(
                "no_prompted_model", "Choose a model that segments what is pointed at.", severity="hint"
            )
            return
        pointed = self._pointed.setdefault((stack.id, time), Pointed())
        known = pointed.prompts.setdefault(k, [])
        if prompt.kind == "box":
            known[:] = [one for one in known if one.kind != "box"]
        known.append(prompt)
        self.changed.emit(stack.id)
        self._answer(stack, time, k)

    def take_back(self, stack: Stack, time: int, k: int) -> None:
        """Take the last prompt on a slice back, and its mask with the last one."""
        pointed = self._pointed.get((stack.id, time))
        if pointed is None or not pointed.prompts.get(k):
            return
        pointed.prompts[k].pop()
        self.changed.emit(stack.id)
        if pointed.prompts[k]:
            self._answer(stack, time, k)
            return
        del pointed.prompts[k]
        pointed.masks.pop(k, None)
        self._show(stack, time, pointed)

    def begin_anew(self, stack: Stack, time: int) -> None:
        """What was pointed at stays as it is; the next click is the first of something else, and takes its place."""
        if self._pointed.pop((stack.id, time), None) is not None:
            self.changed.emit(stack.id)

    # ------------------------------------------------------------------ answers

    def _answer(self, stack: Stack, time: int, k: int) -> None:
        """Decode the prompts of a slice; embed it first where that was not done yet."""
        assert self._package is not None, "the caller looked"
        key = (self._package.sha256, (stack.id, time, k))
        embedding = self._embeddings.get(key)
        if embedding is not None:
            self._embeddings.move_to_end(key)
            self._decode(stack, time, k, embedding)
        elif key not in self._embedding_now:
            self._embed(stack, time, k)

    def _embed(self, stack: Stack, time: int, k: int) -> None:
        from medview.jobs.queue import Lane

        workspace, package, overrides = self._workspace, self._package, self._overrides
        found = find_stack(workspace.studies, stack.id)
        assert package is not None, "the caller looked"
        if found is None:
            return
        series = found[1]
        key = (package.sha256, (stack.id, time, k))
        try:
            policy().refuse("ai")
            volume = workspace.loader.volume(stack, time)
        except MedviewError as error:
            self._tell(error)
            return
        networks, device = workspace.inference.networks, workspace.settings.device

        def work(progress: Any) -> Embedding:
            from medview.app.inference_queue import refuse_unless_overridden
            from medview.inference.match import match
            from medview.inference.prompting import embed_slice

            suits = match(package, series, stack)
            refuse_unless_overridden(package, suits.fits, suits.reasons, overrides)
            knowingly = () if suits.fits else tuple(dict.fromkeys(note.code for note in suits.reasons))
            request = _request(package, series.series_uid, device, time, knowingly)
            return embed_slice(request, volume, stack, k, progress, networks.open)

        def done(embedding: Embedding) -> None:
            self._embedding_now.pop(key, None)
            self._embeddings[key] = embedding
            while len(self._embeddings) > KEPT_EMBEDDINGS:
                self._embeddings.popitem(last=False)
            self.changed.emit(stack.id)
            if self.on(stack.id, time, k):
                self._answer(stack, time, k)

        def failed(error: BaseException) -> None:
            self._embedding_now.pop(key, None)
            self._forget_slice(stack, time, k)
            self._tell(error)

        job = workspace.jobs.submit(package.manifest.name, work, Lane.ANALYSIS, on_done=done, on_failed=failed)
        self._embedding_now[key] = job
        workspace.background.remember(job)

    def _decode(self, stack: Stack, time: int, k: int, embedding: Embedding) -> None:
        from medview.jobs.queue import Lane

        prompts = self.on(stack.id, time, k)
        networks, device = self._workspace.inference.networks, self._workspace.settings.device

        def work(progress: Any) -> Mask:
            from medview.inference.prompting import decode_mask

            return decode_mask(embedding, prompts, networks.open, device, lambda: progress("network", 0, 1))[0]

        def done(mask: Mask) -> None:
            pointed = self._pointed.get((stack.id, time))
            if pointed is None or not pointed.prompts.get(k):
                return  # taken back meanwhile
            pointed.masks[k] = mask
            pointed.made = embedding.provenance
            self._show(stack, time, pointed)

        def failed(error: BaseException) -> None:
            self._forget_slice(stack, time, k)
            self._tell(error)

        place = f"prompt:{stack.id}:{time}:{k}"
        self._workspace.jobs.submit("prompt", work, Lane.ANALYSIS, on_done=done, on_failed=failed, supersedes=place)

    def _show(self, stack: Stack, time: int, pointed: Pointed) -> None:
        """The masks as a result of the stack, kept in the background."""
        from medview.inference.prompting import prompted_result

        if pointed.made is None or self._package is None:
            return
        try:
            volume = self._workspace.loader.volume(stack, time)
        except MedviewError as error:
            self._tell(error)
            return
        result = prompted_result(pointed.made, self._package, volume, pointed.masks, time)
        self._workspace.add_result(result)
        self.changed.emit(stack.id)
        self._keep(result)

    def _keep(self, result: InferenceResult) -> None:
        from medview.jobs.queue import Lane

        def work(_progress: Any) -> None:
            from medview.store.results import keep_result

            keep_result(result)

        place = f"keep-prompt:{result.provenance.stack_id}"
        self._workspace.jobs.submit(
            "keep", work, Lane.PREFETCH, on_done=lambda _done: None, on_failed=self._tell, supersedes=place
        )

    def _forget_slice(self, stack: Stack, time: int, k: int) -> None:
        pointed = self._pointed.get((stack.id, time))
        if pointed is not None:
            pointed.prompts.pop(k, None)
        self.changed.emit(stack.id)

    def _forget_closed(self) -> None:
        """Let go of what belongs to studies that were closed."""
        here = {stack.id for study in self._workspace.studies for series in study.series for stack in series.stacks}
        for key in [key for key in self._embeddings if key[1][0] not in here]:
            del self._embeddings[key]
        for place in [place for place in self._pointed if place[0] not in here]:
            del self._pointed[place]

    def _tell(self, error: BaseException) -> None:
        self._workspace.tell_error(error, AI)


def _request(
    package: ModelPackage, series_uid: str, device: str, time: int, overrides: tuple[str, ...]
) -> InferenceRequest:
    from medview.inference.request import InferenceRequest

    return InferenceRequest(package, series_uid, device, time, overrides)
