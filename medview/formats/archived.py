"""Volumes and pictures that lie in an archive: read from a copy of the member that exists while it is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import MedviewError
from medview.core.study import FrameSource, Stack, WholeSource
from medview.files.local_copy import local_copy


@dataclass(frozen=True, slots=True)
class ArchivedWhole:
    """A volume file in an archive; ``source`` knows how to read it once it lies in a file of its own."""

    path: str
    source: Any

    def read(self) -> NDArray[Any]:
        """As ``source`` does; raises MedviewError naming the member."""
        return _read_copy(self.path, self.source)


@dataclass(frozen=True, slots=True)
class ArchivedFrame:
    """A slice or a picture of such a file."""

    path: str
    frame: int
    source: Any
    of_whole: bool = False
    """Whether ``source`` gives all slices and not this one alone."""
    sop_uid: str = ""
    needs_codec: bool = True

    def read(self) -> NDArray[Any]:
        """As ``source`` does; raises MedviewError naming the member."""
        values = _read_copy(self.path, self.source)
        return np.asarray(values[self.frame]) if self.of_whole else values


def _read_copy(path: str, source: Any) -> NDArray[Any]:
    try:
        with local_copy(path) as copy:
            try:
                values: NDArray[Any] = np.array(replace(source, path=copy).read())
            except MedviewError as error:
                raise MedviewError(error.code, error.text.replace(copy, path), path, values=error.values) from error
            return values
    except OSError as error:
        raise MedviewError("cannot_read", f"{path} cannot be read: {error.strerror or error}.", path) from error


def from_archive(stack: Stack, path: str) -> Stack:
    """``stack``, read from a copy of the member ``path``, with sources that can be read when the copy is gone."""
    whole: WholeSource | None = None if stack.whole is None else ArchivedWhole(path, stack.whole)
    frames: list[FrameSource] = []
    for frame in stack.frames:
        inner: Any = frame if stack.whole is None else stack.whole
        frames.append(ArchivedFrame(path, frame.frame, inner, stack.whole is not None, frame.sop_uid))
    return replace(stack, frames=tuple(frames), whole=whole)
