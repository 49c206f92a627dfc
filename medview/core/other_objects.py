"""Kinds of DICOM objects that are no images and, where nothing is drawn of them, why. Values only."""

from __future__ import annotations

from typing import Literal

from medview.core.problem import Note

OtherKind = Literal[
    "report", "key_objects", "pdf", "cda", "model", "waveform", "audio", "presentation", "structures", "surfaces", "tracts",
    "value_map", "registration", "fiducials", "raw", "plan", "treatment", "protocol", "measurement", "annotations", "stereo", "spectroscopy",
    "workflow", "directory", "image", "unknown",
]  # fmt: skip
"""What an object is to a reader. ``image``: of an image class, but without pixels; ``measurement``: of the eye."""

OPENED_KINDS: frozenset[str] = frozenset({"report", "key_objects", "pdf", "cda", "waveform"})
"""Kinds whose content is shown when they are opened."""

_REASONS: dict[str, str] = {
    "model": "A three-dimensional model; surfaces are not drawn, the file inside can be saved.",
    "audio": "Sound; it is not played.",
    "presentation": "A presentation state; it says how its images are to be shown and has no picture of its own.",
    "structures": "Contours on the images that they refer to; they have no picture of their own.",
    "surfaces": "Surfaces in space; they are not drawn.",
    "tracts": "Nerve tracts as lines in space; they are not drawn.",
    "value_map": "It says what the values of its images mean and has no picture of its own.",
    "registration": "A transformation between frames of reference; it has no picture of its own.",
    "fiducials": "Marked points in space; they are not drawn.",
    "raw": "Data before reconstruction in the scanner's own form; there is no picture to draw.",
    "spectroscopy": "Spectra; their curves are not drawn.",
    "plan": "A treatment plan; beams and doses are not drawn.",
    "treatment": "A record of a treatment; there is no picture to draw.",
    "protocol": "The protocol of a scan; there is no picture to draw.",
    "measurement": "Measured values of an eye examination; there is no picture to draw.",
    "annotations": "Annotations of a microscopy image; they are not drawn.",
    "stereo": "It says which images form stereo pairs and has no picture of its own.",
    "workflow": "A message between devices; there is no picture to draw.",
    "directory": "A directory of other files.",
    "image": "An image object without pixel data; nothing can be drawn.",
    "unknown": "This kind of object is not known here; its attributes can be read in the tag browser.",
}


def reason_not_drawn(kind: str) -> Note | None:
    """Why nothing is drawn of an object of this kind; None where its content is shown when it is opened."""
    text = _REASONS.get(kind)
    return None if text is None else Note(f"object_{kind}", text)
