"""Whether the pixels under what was kept are still those that it was made on: hashed as slices come, those on the screen first.

Hundreds of kept marks would keep the main thread from the first images if each slice were a job of its own; a few slices at a
time are copied and hashed in one, and the next ones when these are done. Nothing is loaded, and nothing comes first, for a check:
while slices of a stack come, only those on the screen are checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from medview.app import opening
from medview.core.study import Stack

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medview.app.workspace import Workspace

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


def _pixel_digest(pixels: np.ndarray[Any, Any]) -> str:
    """SHA-256 of stored values with their shape and type, little endian."""
    import hashlib

    little = pixels.astype(pixels.dtype.newbyteorder("<"), copy=False)
    digest = hashlib.sha256(f"{little.shape} {little.dtype.str}".encode())
    digest.update(little.tobytes())
    return digest.hexdigest()
