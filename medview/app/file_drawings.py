"""What files draw over their own frames, read in the background when a frame is shown and kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medview.core.graphics import FrameGraphics
from medview.core.study import FrameSource, Stack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medview.app.workspace import Workspace
    from medview.core.presentation_state import PresentationState

KEPT = 64
"""Frames whose drawings are kept; most are empty but for a few lines."""


def drawn_source(stack: Stack, frame: int | None, state: PresentationState | None) -> FrameSource | None:
    """What the file of a frame (index into the stack's frames) draws over it, under a state what that switches on."""
    source = None if frame is None else stack.graphics_of(frame)
    if source is None or state is None:
        return source
    from medview.dicom.overlays import FileGraphics

    return source.only(state.overlay_groups) if isinstance(source, FileGraphics) else source


class FileDrawings:
    """Overlay planes and supplemental colours of shown frames. ``changed`` says for which stack something arrived."""

    changed = Signal(str)

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept: OrderedDict[FrameSource, FrameGraphics | None] = OrderedDict()
        self._asked: set[FrameSource] = set()

    def of(self, stack: Stack, frame: int | None, state: PresentationState | None = None) -> FrameGraphics | None:
        """The drawings of a frame (index into the stack's frames) where they are there; asking starts reading them.

        Under a presentation ``state`` only those that it switches on.
        """
        source = drawn_source(stack, frame, state)
        if source is None:
            return None
        if source in self._kept:
            self._kept.move_to_end(source)
            return self._kept[source]
        if source not in self._asked:
            self._asked.add(source)
            self._read(stack.id, source)
        return None

    def is_waiting(self, stack: Stack, frame: int | None, state: PresentationState | None = None) -> bool:
        """Whether the drawings of a frame are being read."""
        source = drawn_source(stack, frame, state)
        return source is not None and source in self._asked

    def _read(self, stack_id: str, source: FrameSource) -> None:
        from medview.jobs.queue import Lane

        def keep(graphics: FrameGraphics | None) -> None:
            self._asked.discard(source)
            self._kept[source] = graphics
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            if graphics is not None:
                self.changed.emit(stack_id)

        def read(_progress: Any) -> NDArray[Any]:
            return self._workspace.read_frame(source)

        def arrived(rgba: NDArray[Any]) -> None:
            graphics = FrameGraphics(rgba)
            keep(None if graphics.is_empty else graphics)

        # A frame that cannot be read says so itself.
        self._workspace.jobs.submit("load", read, Lane.INTERACTION, arrived, lambda _error: keep(None))
