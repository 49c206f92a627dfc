"""One DICOM frame as a FrameSource: a small frozen value that says where its pixels lie and how to read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

from medview.dicom.pixel_description import PixelDescription


class HasPixels(Protocol):
    """What :func:`frames_of_instance` needs of a header."""

    @property
    def path(self) -> str: ...

    @property
    def sop_uid(self) -> str: ...

    @property
    def pixels(self) -> PixelDescription | None: ...

    @property
    def stamp(self) -> tuple[int, int] | None: ...

    @property
    def packed(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class DicomFrame:
    """Frame ``frame`` (0-based) of the instance in ``path``; all frames of an instance share one description."""

    path: str
    frame: int
    sop_uid: str
    pixels: PixelDescription
    stamp: tuple[int, int] | None = None
    """Size and time of change (ns) that the file had when it was listed; another file is not read in its place."""
    packed: bool = False
    """Whether the file lies compressed in an archive."""

    @property
    def needs_codec(self) -> bool:
        """Whether it may be read in a worker process only."""
        return self.packed or self.pixels.needs_codec

    def read(self) -> NDArray[Any]:
        """True stored values (rows, columns), or RGB uint8 (rows, columns, 3); raises MedviewError naming the file."""
        from medview.dicom.pixels import read_frame

        return read_frame(self)

    def read_into(self, target: NDArray[Any]) -> None:
        """Read into ``target`` of the description's shape and dtype; where it fails ``target`` holds no image."""
        from medview.dicom.pixels import read_frame_into

        read_frame_into(self, target)


def frames_of_instance(header: HasPixels) -> tuple[DicomFrame, ...]:
    """Every frame that the header announces, in stored order; empty for an object without pixels."""
    pixels = header.pixels
    if pixels is None:
        return ()
    return tuple(frame_of(header, frame, pixels) for frame in range(pixels.frames))


def frame_of(header: HasPixels, frame: int, pixels: PixelDescription) -> DicomFrame:
    """Frame ``frame`` (0-based) of an instance."""
    return DicomFrame(header.path, frame, header.sop_uid, pixels, header.stamp, header.packed)
