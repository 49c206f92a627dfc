"""What medview shows of the frames of one file: stored values, windows, and the picture as a viewport draws it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.cut import acquired_slice
from medview.core.display import IDENTITY_WINDOW, compose_picture, declared_window, percentile_window
from medview.core.problem import MedviewError
from medview.core.progress import no_progress
from medview.core.study import Stack
from medview.core.volume import Volume
from medview.core.window import Voi
from medview.dicom.catalog import Catalog
from medview.dicom.mosaic import MosaicSlice
from medview.dicom.scan import scan_paths


@dataclass(frozen=True, eq=False)
class ShownFrame:
    """Frame ``frame`` (0-based) of a file as entry ``at`` of a stack; ``tile`` is its part of a mosaic's picture."""

    stack: Stack
    at: int

    @property
    def frame(self) -> int:
        """The number in the file."""
        return int(self.stack.frames[self.at].frame)

    @property
    def tile(self) -> tuple[slice, slice] | None:
        """Rows and columns of the file's picture; None for all of it."""
        source = self.stack.frames[self.at]
        if not isinstance(source, MosaicSlice):
            return None
        tile = source.tile
        return slice(tile.y, tile.y + tile.rows), slice(tile.x, tile.x + tile.columns)

    def read(self) -> NDArray[Any]:
        """Stored values or RGB; raises MedviewError."""
        return self.stack.frames[self.at].read()

    def volume(self, stored: NDArray[Any]) -> Volume:
        """One slice of this frame alone."""
        stack = self.stack
        return Volume(
            stored[None],
            stack.transform.part(self.at, self.at + 1),
            None,
            stack.unit,
            stack.padding,
            stack.inverted,
        )

    def window(self, volume: Volume) -> Voi:
        """The one that medview opens the frame with."""
        return declared_window(self.stack, self.at) or percentile_window(volume, 0)

    def picture(self, volume: Volume, voi: Voi) -> NDArray[np.uint8]:
        """(h, w) or (h, w, 3), padding drawn like any other value so that it can be compared."""
        piece = acquired_slice(volume, 0)
        colour = piece.values.ndim == 3
        rgba = compose_picture(piece.values, piece.coverage, IDENTITY_WINDOW if colour else voi, self.stack.inverted)
        return np.ascontiguousarray(rgba[..., :3] if colour else rgba[..., 0])


@dataclass(frozen=True, eq=False)
class ShownFile:
    """The frames of one file, and why it has none."""

    frames: tuple[ShownFrame, ...]
    frames_on_disk: int
    reason: str

    def of(self, frame: int) -> list[ShownFrame]:
        """Where a frame of the file is shown: once, or as the tiles of a mosaic."""
        return [shown for shown in self.frames if shown.frame == frame]


def show_file(path: Path) -> ShownFile:
    """Let medview read one file alone."""
    catalog = Catalog()
    foreign: list[str] = []
    for batch in scan_paths([str(path)], no_progress):
        catalog.add(batch)
        foreign.extend(batch.not_dicom)
    frames = tuple(
        ShownFrame(stack, at)
        for stack in stacks_of(catalog)
        for at, source in enumerate(stack.frames)
        if source.path == str(path)  # a directory leads to others
    )
    census = catalog.census()
    reason = "; ".join(f"{problem.code}: {problem.what}" for problem in catalog.problems())
    if not frames and not reason:
        reason = "not DICOM" if foreign else "no pixels" if census.objects_without_pixels else "nothing to show"
    return ShownFile(frames, census.frames_on_disk, reason)


def stacks_of(catalog: Catalog) -> Iterator[Stack]:
    """All stacks in order."""
    for study in catalog.studies():
        for series in study.series:
            yield from series.stacks


def read_or_reason(frame: ShownFrame) -> tuple[NDArray[Any] | None, str]:
    """Stored values of a frame, or why there are none."""
    try:
        return frame.read(), ""
    except MedviewError as error:
        return None, f"{error.code}: {error.text}"


def without_path(text: str, paths: Sequence[Path]) -> str:
    """The reason of a refusal, the same for every file."""
    for path in paths:
        text = text.replace(str(path), "FILE")
    return text
