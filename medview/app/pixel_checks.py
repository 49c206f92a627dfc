"""Whether the pixels under what was kept are still those that it was made on: hashed as slices come, those on the screen first.

Hundreds of kept marks would keep the main thread from the first images if each slice were a job of its own; a few slices at a
time are copied and hashed in one, and the next ones when these are done. Nothing is loaded, and nothing comes first, for a check:
while slices of a stack come, only those on the screen are checked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from medview.app import opening
from medview.core.study import Stack

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medview.app.workspace import Workspace
    from medview.core.finding import InferenceResult, Provenance
    from medview.core.volume import Volume

AT_ONCE_BYTES = 4 << 20
"""Of the pixels of one turn: about a millisecond of copying."""
Slice = tuple[str, int, int]
"""Stack id, time, k."""


class PixelChecks:
    """The checks that wait. ``differs`` is told each subject whose pixels are not those that it was made on."""

    def __init__(self, workspace: Workspace, differs: Callable[[str], None]) -> None:
        self._workspace = workspace
        self._differs = differs
        self._expected: dict[Slice, dict[str, str]] = {}
        self._come: dict[Slice, None] = {}
        self._begun = self._asked = False
        workspace.loader.slice_loaded.connect(self._loaded)
        workspace.loader.rested.connect(self._rested)

    def expect(self, stack: Stack, time: int, k: int, subject: str, wanted: str) -> None:
        """Compare the pixels of slice k with those that something was made on, when they are there."""
        at = (stack.id, time, k)
        self._expected.setdefault(at, {})[subject] = wanted
        if self._workspace.loader.loaded_slice(stack, time, k) is not None:
            self._come[at] = None
            self._begin()

    def digest(self, stack: Stack, time: int, k: int, done: Callable[[str], None]) -> None:
        """Tell ``done`` what the pixels of slice k are; never where they are not there."""
        found = self._workspace.loader.loaded_slice(stack, time, k)
        if found is not None:
            self._hash([found.copy()], lambda digests: done(digests[0]))

    def _loaded(self, stack_id: str, time: int, k: int) -> None:
        at = (stack_id, time, k)
        if at in self._expected:
            self._come[at] = None
            self._begin()

    def _rested(self, _stack_id: str) -> None:
        if self._come:
            self._begin()

    def _begin(self) -> None:
        """Begin in the next turn, when all that this one brings is known."""
        if not self._asked and not self._begun:
            self._asked = True
            self._workspace.post(self._check)

    def _check(self) -> None:
        self._asked = False
        if self._begun or not self._come:
            return
        due: list[tuple[Slice, dict[str, str]]] = []
        pixels: list[NDArray[Any]] = []
        for at in self._in_order():
            del self._come[at]
            found = self._pixels(at)
            if found is None:
                continue  # taken back from memory meanwhile: when it comes again
            due.append((at, self._expected.pop(at)))
            # A copy: the loader may take its memory back while a thread reads it.
            pixels.append(found.copy())
            if sum(one.nbytes for one in pixels) >= AT_ONCE_BYTES:
                break
        if not due:
            return
        self._begun = True

        def done(digests: list[str]) -> None:
            self._begun = False
            for (_at, expected), digest in zip(due, digests, strict=True):
                for subject, wanted in expected.items():
                    if wanted != digest:
                        self._differs(subject)
            self._check()

        def failed(_error: BaseException) -> None:
            self._begun = False
            self._check()

        self._hash(pixels, done, failed)

    def _in_order(self) -> list[Slice]:
        """What may be checked now, the slices on the screen first."""
        shown = {
            (state.stack.id, state.view.time, state.view.k)
            for state in self._workspace.viewports
            if state.stack is not None
        }
        coming = {stack_id for stack_id in {at[0] for at in self._come} if self._workspace.loader.is_loading(stack_id)}
        due = [at for at in self._come if at in shown or at[0] not in coming]
        return sorted(due, key=lambda at: at not in shown)

    def _pixels(self, at: Slice) -> NDArray[Any] | None:
        stack_id, time, k = at
        found = opening.find_stack(self._workspace.studies, stack_id)
        return None if found is None else self._workspace.loader.loaded_slice(found[2], time, k)

    def _hash(
        self,
        pixels: list[NDArray[Any]],
        done: Callable[[list[str]], None],
        failed: Callable[[BaseException], None] = lambda _error: None,
    ) -> None:
        from medview.jobs.queue import Lane

        def work(_progress: Any) -> list[str]:
            return [_pixel_digest(one) for one in pixels]

        self._workspace.jobs.submit("marks", work, Lane.ANALYSIS, done, failed)


class VolumeChecks:
    """What was made of a whole volume is bound to its digest: results of models, and marks on cuts. On another volume it is stale.

    Only volumes that are whole in memory are looked at, each once. A model of several series is bound to all of them together,
    which are not loaded for this.
    """

    def __init__(self, workspace: Workspace, differs: Callable[[str], None]) -> None:
        self._workspace = workspace
        self._differs = differs
        self._digests: WeakKeyDictionary[Volume, str] = WeakKeyDictionary()
        self._asked: WeakKeyDictionary[Volume, list[Callable[[str], None]]] = WeakKeyDictionary()
        self._expected: dict[tuple[str, int], dict[str, str]] = {}
        """By stack and time point: the digest that each subject was made on."""
        self._stale: set[Provenance] = set()
        self._by_slice: WeakKeyDictionary[Volume, set[Provenance]] = WeakKeyDictionary()
        """What was, or is being, compared slice by slice."""
        workspace.results_changed.connect(self._look)
        workspace.loader.volume_complete.connect(lambda stack_id, _time: self._look(stack_id))

    def digest(self, stack: Stack, time: int, done: Callable[[str], None]) -> None:
        """Tell ``done`` the digest of a volume; never where it is not whole."""
        volume = self._whole(stack.id, time)
        if volume is not None:
            self._hash(volume, done)

    def expect(self, stack: Stack, time: int, subject: str, wanted: str) -> None:
        """Compare a volume, when it is whole, with that which something was made on."""
        self._expected.setdefault((stack.id, time), {})[subject] = wanted
        self._look(stack.id)

    def is_stale(self, result: InferenceResult) -> bool:
        """Whether the open images are others than those that the result was computed from."""
        return bool(self._stale) and result.provenance in self._stale

    def compared(self, stack_id: str) -> bool:
        """Whether what is bound to a stack's first time point was held beside it."""
        volume = self._whole(stack_id, 0)
        return volume is not None and volume in self._digests

    def _look(self, stack_id: str) -> None:
        times = {one.provenance.time for one in self._workspace.results.of(stack_id) if _is_bound(one)}
        times |= {time for stack, time in self._expected if stack == stack_id}
        for time in times:
            volume = self._whole(stack_id, time)
            if volume is None:
                continue
            if volume in self._digests:
                self._compare(stack_id, time, volume)
            elif volume not in self._asked:
                self._hash(volume, partial(self._hashed, stack_id, time, volume))

    def _hashed(self, stack_id: str, time: int, volume: Volume, _digest: str) -> None:
        self._compare(stack_id, time, volume)

    def _hash(self, volume: Volume, then: Callable[[str], None]) -> None:
        from medview.jobs.queue import Lane

        if volume in self._digests:
            then(self._digests[volume])
            return
        waiting = self._asked.setdefault(volume, [])
        waiting.append(then)
        if len(waiting) > 1:
            return

        def work(_progress: Any) -> str:
            from medview.core.volume_digest import volume_sha256

            return volume_sha256(volume)

        def done(digest: str) -> None:
            self._digests[volume] = digest
            for one in self._asked.pop(volume):
                one(digest)

        def failed(_error: BaseException) -> None:
            self._asked.pop(volume)

        self._workspace.jobs.submit("marks", work, Lane.ANALYSIS, done, failed)

    def _whole(self, stack_id: str, time: int) -> Volume | None:
        found = opening.find_stack(self._workspace.studies, stack_id)
        volume = None if found is None else self._workspace.loader.held_volume(found[2], time)
        return volume if volume is not None and volume.is_complete else None

    def _compare(self, stack_id: str, time: int, volume: Volume) -> None:
        digest, changed = self._digests[volume], False
        for subject, wanted in self._expected.pop((stack_id, time), {}).items():
            if wanted != digest:
                self._differs(subject)
        for result in self._workspace.results.of(stack_id):
            made = result.provenance
            if not _is_bound(result) or made.time != time:
                continue
            stale = made.input_sha256 != digest
            if stale and result.segmentation is not None:
                if made not in self._by_slice.setdefault(volume, set()):
                    self._by_slice[volume].add(made)
                    self._compare_slices(stack_id, made, volume)
                continue
            changed |= stale != (made in self._stale)
            (self._stale.add if stale else self._stale.discard)(made)
        if changed:
            self._workspace.results_changed.emit(stack_id)

    def _compare_slices(self, stack_id: str, made: Provenance, volume: Volume) -> None:
        """What was pointed at is bound to the one slice that it was begun on."""
        from medview.jobs.queue import Lane

        def work(_progress: Any) -> bool:
            from medview.core.volume_digest import volume_sha256
            from medview.inference.cascade import cropped

            found = opening.find_stack(studies, stack_id)
            rows, columns = volume.shape[1:3]
            return found is not None and any(
                volume_sha256(cropped(volume, found[2], made.time, ((k, 0, 0), (k + 1, rows, columns)))[0])
                == made.input_sha256
                for k in range(volume.shape[0])
            )

        def done(same: bool) -> None:
            if not same and made not in self._stale:
                self._stale.add(made)
                self._workspace.results_changed.emit(stack_id)

        studies = self._workspace.studies
        self._workspace.jobs.submit("marks", work, Lane.ANALYSIS, done, lambda _error: None)


def _is_bound(result: InferenceResult) -> bool:
    made = result.provenance
    return bool(made.input_sha256) and made.how == "automatic" and not result.inputs


def _pixel_digest(pixels: np.ndarray[Any, Any]) -> str:
    """SHA-256 of stored values with their shape and type, little endian."""
    import hashlib

    little = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
    digest = hashlib.sha256(f"{little.shape} {little.dtype.str}".encode())
    digest.update(little.tobytes())
    return digest.hexdigest()
