"""What is worth saying of a stack's frames: oddities of their files, lost parts, numbers that contradict positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath

import numpy as np

from medview.core.problem import Note
from medview.dicom import tags
from medview.dicom.header import FrameHeader
from medview.dicom.time_axes import PlacedFrame

_WHOLE_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
_ULTRASOUND_VOLUME = "1.2.840.10008.5.1.4.1.1.6.2"


def note_of(code: str) -> Note:
    """A note whose text has no figures in it."""
    return Note(code, _NOTE_TEXTS[code])


def unreadable_files(paths: Sequence[str]) -> Note:
    """What a stack of several files says where others of its series cannot be shown."""
    count, name = str(len(paths)), PurePath(paths[0]).name
    text = f"{count} file(s) of this series cannot be shown ({name}); images may be missing."
    return Note("images_lost", text, (count, name))


def common_notes(frames: Sequence[PlacedFrame]) -> tuple[Note, ...]:
    """Notes that the files of a stack's frames give rise to, each once."""
    reference = frames[0].header.frame_of_reference
    codes: dict[str, None] = {}
    for frame in frames:
        header = frame.header
        for code in header.oddities:
            codes[code] = None
        if frame.frame.common.voi_faults:
            codes["bad_window"] = None
        if frame.frame.common.half_rescale:
            codes["half_rescale"] = None
        if header.frame_of_reference != reference:
            codes["frame_of_reference_per_image"] = None
        if header.image.tiles:
            codes["mosaic_slices" if frame.tile is not None else "mosaic"] = None
            if frame.tile is not None and header.image.tile_normal is None and not header.image.tile_positions:
                codes["mosaic_order_assumed"] = None
        if header.image.philips_scale:
            codes["philips_scale"] = None
        if header.image.has_reversed_rows:
            codes["reversed_rows"] = None
        if header.series.sop_class == _ULTRASOUND_VOLUME and frame.frame.position is not None:
            codes["orientation_unknown"] = None
        if header.series.sop_class == _WHOLE_SLIDE and header.frame_count > 1:
            codes["slide_tiles"] = None
    return (*(note_of(code) for code in codes), *_text_guesses(frames), *_missing_parts(frames))


def _text_guesses(frames: Sequence[PlacedFrame]) -> tuple[Note, ...]:
    """What texts may mean that do not fit the character set of their file."""
    guess = next((frame.header.series.text_guess for frame in frames if frame.header.series.text_guess), None)
    if guess is None:
        return ()
    text = f"Texts of the file do not fit its character set; they may be in {guess[1]}, as this one: {guess[0]}"
    return (Note("uncertain_text", text, guess),)


def _missing_parts(frames: Sequence[PlacedFrame]) -> tuple[Note, ...]:
    """What a concatenation lacks (PS3.3 C.7.6.16.2.2.4)."""
    parts = {part for frame in frames if (part := frame.header.concatenation) is not None}
    notes = []
    for uid in sorted({part.uid for part in parts}):
        own = [part for part in parts if part.uid == uid]
        numbers = {part.number for part in own}
        total = max([*numbers, *(part.total for part in own if part.total is not None)])
        missing = [str(number) for number in range(1, total + 1) if number not in numbers]
        if missing:
            text = f"Of the {total} objects that this image was cut into, these are missing: {', '.join(missing)}."
            notes.append(Note("missing_parts", text, (str(total), ", ".join(missing))))
    return tuple(notes)


def contradicts_positions(volume: Sequence[PlacedFrame]) -> bool:
    """Whether the numbers that a multi-frame image gives its slices go up and down along the normal."""
    if len({frame.header.sop_uid for frame in volume}) > 1 or len(volume) < 3:
        return False
    pointers = volume[0].header.image.dimensions
    at = next((n for n, pointer in enumerate(pointers) if pointer in {tags.IN_STACK_POSITION, tags.POSITION}), None)
    readers: list[Callable[[FrameHeader], int | None]] = [lambda frame: frame.in_stack]
    if at is not None:
        readers.append(lambda frame: frame.dimension_values[at] if at < len(frame.dimension_values) else None)
    for read in readers:
        numbers = [number for frame in volume if (number := read(frame.frame)) is not None]
        if len(numbers) == len(volume) and len(set(numbers)) == len(numbers):
            steps = np.diff(numbers)
            if not (np.all(steps > 0) or np.all(steps < 0)):
                return True
    return False


_NOTE_TEXTS = {
    "no_preamble": "The file lacks the preamble or meta header of PS3.10; it was read nevertheless.",
    "no_transfer_syntax": "The file does not name its transfer syntax; it was found by looking at the data.",
    "wrong_transfer_syntax": "The data set is not written in the transfer syntax that the file names; it was read as it is.",
    "odd_preamble": "Something else stands before the file's DICOM mark; it was read from there on.",
    "repaired_header": "Parts of the header break the rules of DICOM; they were read in the only way that fits together.",
    "missing_delimiter": "A sequence in the header does not say where it ends; it was ended at the next element that fits.",
    "bad_sequence": "A sequence in the header cannot be read and was left out.",
    "bad_length": "An element in the header has a wrong length; it was ended where the next one begins.",
    "elements_out_of_order": "Attributes of the image stand behind its pixels; they were read nevertheless.",
    "assumed_pixel_format": "The file does not say how its pixels are stored (bits, sign or kind); the usual format is assumed.",
    "bad_high_bit": "High Bit contradicts the number of bits; it is ignored.",
    "more_pixels": "The file holds more pixel data than the frames that it announces; what is more is not shown.",
    "unknown_transfer_syntax": "The file's transfer syntax is unknown; its pixel data have the length of plain ones and are read as such.",
    "stray_element": "The data set holds delimiters where none belong; what follows may be missing.",
    "duplicate_uid": "Different images have the same SOP Instance UID; all are shown.",
    "frame_of_reference_per_image": "Every image names a frame of reference of its own; they are taken as one.",
    "cut_off": "A file ends in the middle of its pixels; what is missing of it is marked.",
    "bad_window": "A window or VOI LUT of the file is not allowed by the standard and is left out.",
    "half_rescale": "The file gives only one of rescale slope and intercept; 1 or 0 is taken for the other.",
    "byte_order": "Pixels of this kind (big endian, VR OB) are written in either order of bytes; that of the transfer syntax is taken.",
    "bad_overlay": "An overlay plane of the file has no valid size and is left out.",
    "mosaic_slices": "The file holds all slices of a volume in one picture (mosaic); they are shown as slices.",
    "mosaic_order_assumed": "The private header that tells the order of the mosaic's slices is missing; it is assumed.",
    "mosaic": "This is a mosaic: one picture holds all slices of a volume side by side.",
    "orientation_unknown": "The file does not say how it lies in the patient: sides are assumed.",
    "slide_tiles": "These are tiles of a slide, shown one by one in the order of the file.",
    "contradicting_index": "The numbers that the file gives its slices contradict their positions; the positions count.",
    "reversed_rows": "GE stores images of this sequence (epi_pepolar) that were read out backwards upside down; sides along the columns may be wrong.",
    "philips_scale": "Philips display values; the private scale slope for quantitative values is not applied.",
}
