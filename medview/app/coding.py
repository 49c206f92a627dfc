"""How the frames of a stack are coded and which decoder reads them: for the details of a file and for ``inspect``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from medview.core.study import Stack


@dataclass(frozen=True, slots=True)
class Coding:
    """A transfer syntax among a stack's files; ``decoder`` is "" where medview has none."""

    uid: str
    name: str
    decoder: str


def codings_of(stack: Stack) -> tuple[Coding, ...]:
    """The transfer syntaxes of a stack's frames in their order, empty for what is not DICOM."""
    from medview.dicom.transfer_syntax import decoder_name, transfer_syntax

    uids: dict[str, None] = {}
    last: Any = None
    for frame in stack.frames:
        pixels = getattr(getattr(frame, "whole", frame), "pixels", None)
        if pixels is not None and pixels is not last:
            uids[pixels.transfer_syntax] = None
            last = pixels
    return tuple(Coding(uid, transfer_syntax(uid).name, decoder_name(uid)) for uid in uids)
