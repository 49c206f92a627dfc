"""How the pixels of one DICOM instance are stored and where they lie in its file; a value small enough for every header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from medview.core.problem import Note
from medview.dicom.transfer_syntax import TransferSyntax, transfer_syntax

PixelElement = Literal["pixels", "float", "double"]
"""(7FE0,0010) Pixel Data, (7FE0,0008) Float Pixel Data, (7FE0,0009) Double Float Pixel Data."""


PRIVATE = "private"
"""Instead of a VR: the pixels are those of a private element, and always compressed."""


@dataclass(frozen=True, slots=True)
class PixelDescription:
    """The image pixel module (PS3.3 C.7.6.3) of an instance and the place of its pixel element.

    ``data_offset`` is the first byte of the element's value: for fragments the first item (the basic offset table).
    ``data_length`` is the value's length as the header says it, None where it is undefined (fragments follow).
    Offsets count from the start of the file, or, with ``deflated_at``, in the inflated data set whose compressed bytes
    begin at that offset of the file.
    """

    rows: int
    columns: int
    transfer_syntax: str
    data_offset: int
    data_length: int | None
    frames: int = 1
    """NumberOfFrames as the header says it, at least 1."""
    samples: int = 1
    bits_allocated: int = 16
    bits_stored: int = 16
    high_bit: int = 15
    signed: bool = False
    """PixelRepresentation 1."""
    photometric: str = "MONOCHROME2"
    """Upper case, stripped. ``PALETTE COLOR``: the palette is read from the file together with a frame."""
    planar: int = 0
    element: PixelElement = "pixels"
    vr: str = "OW"
    """VR of the pixel element: with big endian, OB and OW order their bytes differently."""
    big_endian: bool = False
    """Whether native samples are big endian."""
    deflated_at: int | None = None
    extended_offsets: tuple[int, int] | None = None
    """(offset, length) of the value of Extended Offset Table (7FE0,0001), where there is one."""
    extended_lengths: tuple[int, int] | None = None
    """(offset, length) of the value of Extended Offset Table Lengths (7FE0,0002)."""

    @property
    def syntax(self) -> TransferSyntax:
        """The row of the transfer syntax table."""
        return transfer_syntax(self.transfer_syntax)

    @property
    def is_encapsulated(self) -> bool:
        """Whether frames lie in fragments.

        A defined length means native samples whatever the syntax says, unless it is too short for them: some writers put
        a codestream there without items around it, or say how long all items are.
        """
        if self.data_length is None or self.vr == PRIVATE:
            return True
        return self.syntax.needs_codec and self.syntax.encapsulated and 8 * self.data_length < self.frame_bits

    @property
    def needs_codec(self) -> bool:
        """Whether a codec, an inflater or a palette is involved; then frames are read in a worker process only."""
        return (
            self.deflated_at is not None
            or self.photometric == "PALETTE COLOR"
            or (self.is_encapsulated and not (self.syntax.encapsulated and self.syntax.codec == "native"))
        )

    @property
    def is_colour(self) -> bool:
        """Whether frames are given as RGB."""
        return self.element == "pixels" and (self.samples > 1 or self.photometric == "PALETTE COLOR")

    @property
    def components(self) -> int:
        """3 for colour, else 1."""
        return 3 if self.is_colour else 1

    @property
    def dtype(self) -> str:
        """Numpy dtype of the values that a frame gives: uint8 for colour, else wide enough for BitsAllocated."""
        if self.element != "pixels":
            return "float32" if self.element == "float" else "float64"
        if self.is_colour:
            return "uint8"
        width = next((w for w in (8, 16, 32) if self.bits_allocated <= w), 64)
        return f"{'int' if self.signed else 'uint'}{width}"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array that a frame gives: (rows, columns) or (rows, columns, 3)."""
        return (self.rows, self.columns, 3) if self.is_colour else (self.rows, self.columns)

    @property
    def shift(self) -> int:
        """How far stored values are shifted left in their cell (HighBit above BitsStored - 1, PS3.5 8.1.1)."""
        if not self.bits_stored - 1 <= self.high_bit < self.bits_allocated:
            return 0
        return self.high_bit + 1 - self.bits_stored

    @property
    def frame_bits(self) -> int:
        """Size of a native frame in bits, without padding. 4:2:2 halves the chroma samples (PS3.3 C.7.6.3.1.2)."""
        if self.element != "pixels":
            return self.rows * self.columns * (32 if self.element == "float" else 64)
        cells = self.rows * self.columns * self.samples
        return (self.rows * ((self.columns + 1) // 2) * 4 if self.is_subsampled else cells) * self.bits_allocated

    @property
    def is_subsampled(self) -> bool:
        """Whether native samples are 4:2:2; an element as long as unreduced ones holds those, whatever it is called."""
        if self.samples != 3 or self.photometric not in {"YBR_FULL_422", "YBR_PARTIAL_422"}:
            return False
        whole = self.rows * self.columns * 3 * self.bits_allocated * self.frames // 8
        return self.data_length is None or self.data_length < whole


def samples_of(photometric: str) -> int:
    """Samples per pixel that a photometric interpretation means (PS3.3 C.7.6.3.1.2), where the file does not say them."""
    if photometric in {"ARGB", "CMYK"}:
        return 4
    return 3 if photometric in {"RGB", "HSV"} or photometric.startswith("YBR_") else 1


def pixel_notes(pixels: PixelDescription) -> tuple[Note, ...]:
    """What the reader must know of how these pixels are shown."""
    notes: list[Note] = []
    if pixels.is_colour and pixels.samples > 1 and pixels.bits_stored > 8:
        text = f"Colours are stored with {pixels.bits_stored} bits and shown with the 8 most significant ones."
        notes.append(Note("colour_scaled", text, (str(pixels.bits_stored),)))
    return tuple(notes)
