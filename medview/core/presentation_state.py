"""A softcopy presentation state (PS3.3 A.33): how images are to be shown, as values, and what it makes of grey values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import Colour
from medview.core.geometry import FloatArray
from medview.core.problem import Note
from medview.core.volume import ModalityTransform
from medview.core.window import Voi, VoiLut, Window

Scope = Mapping[str, frozenset[int]]
"""Images by SOP Instance UID, each with its 0-based frames, none for all of them. An empty scope holds every image."""

GraphicKind = Literal["point", "polyline", "interpolated", "circle", "ellipse"]
Units = Literal["PIXEL", "DISPLAY"]
"""PIXEL: (column, row) with 0\\0 at the outer corner of the first pixel; DISPLAY: fractions of the displayed area."""

_WIDEST = 1 << 17
"""Entries that windows and LUTs may be folded into."""


def holds(scope: Scope, sop_uid: str, frame: int) -> bool:
    """Whether an image (frame 0-based) belongs to a scope."""
    if not scope:
        return True
    frames = scope.get(sop_uid)
    return frames is not None and (not frames or frame in frames)


@dataclass(frozen=True, slots=True)
class DisplayedArea:
    """The part of the images to show: (column, row) of its first and last pixel, 1-based (PS3.3 C.10.4)."""

    scope: Scope
    first: tuple[int, int]
    last: tuple[int, int]
    mode: Literal["SCALE TO FIT", "TRUE SIZE", "MAGNIFY"] = "SCALE TO FIT"
    spacing: tuple[float, float] | None = None
    """(dj, di) mm for TRUE SIZE."""
    magnification: float = 1.0


@dataclass(frozen=True, eq=False)
class GraphicMark:
    """``points`` (n, 2) in ``units``: of a circle the centre and a point on it, of an ellipse the ends of both axes."""

    kind: GraphicKind
    points: FloatArray
    units: Units
    filled: bool = False


@dataclass(frozen=True, slots=True)
class TextMark:
    """Words in a box and, or, beside an anchor point."""

    text: str
    anchor: tuple[float, float] | None = None
    anchor_units: Units = "PIXEL"
    anchor_visible: bool = False
    box: tuple[float, float, float, float] | None = None
    box_units: Units = "PIXEL"


@dataclass(frozen=True, eq=False)
class Annotation:
    """What one item of the Graphic Annotation Sequence draws, in its layer's colour."""

    scope: Scope
    colour: Colour
    marks: tuple[GraphicMark, ...] = ()
    texts: tuple[TextMark, ...] = ()


@dataclass(frozen=True, eq=False)
class BitmapPlane:
    """An overlay plane of the state itself: bits (rows, columns) whose first lies at ``origin`` (row, column), 0-based."""

    bits: NDArray[np.bool_]
    origin: tuple[int, int]
    colour: Colour = (255, 255, 255)


@dataclass(frozen=True, eq=False)
class Shutter:
    """What is left of the image (PS3.3 C.7.6.11): inside all that is given; (column, row) 1-based, ``grey`` outside."""

    rectangle: tuple[int, int, int, int] | None = None
    """Left, upper, right, lower edge."""
    circle: tuple[float, float, float] | None = None
    """Centre (column, row) and radius."""
    polygon: FloatArray | None = None
    bitmap: BitmapPlane | None = None
    grey: int = 0


@dataclass(frozen=True, eq=False)
class PresentationState:
    """How the images of ``scope`` are to be shown. ``rotation`` counts quarter turns clockwise, then ``flip`` mirrors."""

    path: str
    title: str
    scope: Scope
    creator: str = ""
    modality: ModalityTransform | None = None
    """Stored to modality values where it is not the image's own business: None for images that have no such transform."""
    vois: tuple[tuple[Scope, Voi], ...] = ()
    inverse: bool = False
    lut: NDArray[np.float64] | None = None
    """A Presentation LUT: P-values 0 to 1 by equal steps of the VOI's output."""
    areas: tuple[DisplayedArea, ...] = ()
    rotation: int = 0
    flip: bool = False
    shutter: Shutter | None = None
    annotations: tuple[Annotation, ...] = ()
    planes: tuple[BitmapPlane, ...] = ()
    overlay_groups: frozenset[int] = frozenset()
    """Groups (0x6000, 0x6002 …) of overlay planes in the images that are drawn; all others are not (PS3.3 C.11.7)."""
    palette: NDArray[np.uint8] | None = field(default=None)
    """(256, 3) RGB of a pseudo-colour state."""
    is_colour: bool = False
    """Whether it is for colour images, whose values it does not change."""
    notes: tuple[Note, ...] = ()

    def applies_to(self, sop_uid: str, frame: int) -> bool:
        """Whether it says how an image (frame 0-based) is to be shown."""
        return bool(self.scope) and holds(self.scope, sop_uid, frame)

    def voi_of(self, sop_uid: str, frame: int) -> Voi | None:
        """The window or VOI LUT for an image; None where the values go on as they are."""
        return next((voi for scope, voi in self.vois if holds(scope, sop_uid, frame)), None)

    def area_of(self, sop_uid: str, frame: int) -> DisplayedArea | None:
        """The displayed area for an image."""
        return next((area for area in self.areas if holds(area.scope, sop_uid, frame)), None)

    def annotations_of(self, sop_uid: str, frame: int) -> tuple[Annotation, ...]:
        """What is drawn over an image."""
        return tuple(one for one in self.annotations if holds(one.scope, sop_uid, frame))

    @property
    def view_rotation(self) -> int:
        """Quarter turns clockwise after mirroring, as viewports count them."""
        return (-self.rotation if self.flip else self.rotation) % 4


def full_range(transform: ModalityTransform, bits: int, signed: bool) -> Window:
    """The window that lets all values through: from the smallest to the largest that the pixels could hold."""
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    if transform.lut is not None:
        ends = [float(transform.lut.min()), float(transform.lut.max())]
    else:
        slope, intercept = transform.slope_intercept(0)
        ends = sorted((low * slope + intercept, high * slope + intercept))
    return Window((ends[0] + ends[1]) / 2, max(ends[1] - ends[0], 1e-9), "LINEAR_EXACT", "")


def with_presentation_lut(voi: Voi, lut: NDArray[np.float64]) -> VoiLut:
    """One LUT over modality values that does what ``voi`` and then a Presentation LUT (P-values 0 to 1) do.

    Raises ValueError where the window is too wide for that.
    """
    if isinstance(voi, VoiLut):
        share = np.asarray(voi.entries, dtype=np.float64) / (2**voi.bits - 1)
        return replace(voi, entries=_entries(share, lut), bits=16)
    lower, upper = voi.ramp
    if voi.function == "SIGMOID":
        lower, upper = voi.center - 3 * voi.width, voi.center + 3 * voi.width
    first, last = int(np.floor(lower)), int(np.ceil(upper))
    if last - first >= _WIDEST:
        raise ValueError("the window is too wide for a Presentation LUT")
    values = np.arange(first, last + 1, dtype=np.float64)
    if voi.function == "SIGMOID":
        share = 1 / (1 + np.exp(np.clip(-4 * (values - voi.center) / voi.width, -700, 700)))
    else:
        share = np.clip((values - lower) / max(upper - lower, 1e-12), 0, 1)
    return VoiLut(first, _entries(share, lut), 16, voi.name)


def _entries(share: NDArray[np.float64], lut: NDArray[np.float64]) -> tuple[int, ...]:
    index = np.floor(np.clip(share, 0, 1) * (len(lut) - 1) + 0.5).astype(np.intp)
    return tuple(np.floor(lut[index] * 65535 + 0.5).astype(int).tolist())


def shutter_mask(shutter: Shutter, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(rows, columns) True where the image is hidden."""
    rows, columns = shape
    # Column and row of pixel centres, counted from 1 as shutters count them.
    x, y = np.arange(1, columns + 1)[None, :], np.arange(1, rows + 1)[:, None]
    hidden = np.zeros(shape, dtype=np.bool_)
    if shutter.rectangle is not None:
        left, upper, right, lower = shutter.rectangle
        hidden |= (x < left) | (x > right) | (y < upper) | (y > lower)
    if shutter.circle is not None:
        cx, cy, radius = shutter.circle
        hidden |= (x - cx) ** 2 + (y - cy) ** 2 > radius**2
    if shutter.polygon is not None:
        from medview.core.contours import even_odd_mask

        hidden |= ~even_odd_mask([shutter.polygon - 1], shape)
    if shutter.bitmap is not None:
        hidden |= placed_bits(shutter.bitmap, shape)
    return hidden


def placed_bits(plane: BitmapPlane, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(rows, columns) of the image where a bitmap plane is set; what lies beside the image is cut off."""
    out = np.zeros(shape, dtype=np.bool_)
    top, left = plane.origin
    rows, columns = plane.bits.shape
    y0, y1, x0, x1 = max(0, top), min(shape[0], top + rows), max(0, left), min(shape[1], left + columns)
    if y0 < y1 and x0 < x1:
        out[y0:y1, x0:x1] = plane.bits[y0 - top : y1 - top, x0 - left : x1 - left]
    return out
