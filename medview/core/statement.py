"""What a reader and the models say about a study, ready to be written: the one value that every report and object is made of."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import Code, Finding, InferenceResult, Provenance
from medview.core.geometry import Geometry
from medview.core.measurement import Measurement
from medview.core.presentation_state import DisplayedArea, PresentationState
from medview.core.registration import Placement
from medview.core.study import AxisUnit, FrameSource, Stack, Study
from medview.core.window import Voi

MarkGraphic = Literal["POINT", "POLYLINE", "CLOSED", "ELLIPSE", "TWO_LINES"]
Point2 = tuple[float, float]
Point3 = tuple[float, float, float]

OWN_SCHEME = "99MEDVIEW"

LENGTH = Code("410668003", "SCT", "Length")
AREA = Code("42798000", "SCT", "Area")
VOLUME = Code("118565006", "SCT", "Volume")
DIAMETER = Code("81827009", "SCT", "Diameter")
PERIMETER = Code("131191004", "SCT", "Perimeter")
ANGLE = Code("1483009", "SCT", "Angle")
MAJOR_AXIS = Code("103339001", "SCT", "Long axis")
MINOR_AXIS = Code("103340004", "SCT", "Short axis")
ATTENUATION = Code("112031", "DCM", "Attenuation Coefficient")
STORED_VALUE = Code("pixel-value", OWN_SCHEME, "Pixel value")
SCORE = Code("score", OWN_SCHEME, "Score of the algorithm")
DECISION = Code("decision", OWN_SCHEME, "Decision of the reader")
ACCEPTED = Code("accepted", OWN_SCHEME, "Accepted")
REJECTED = Code("rejected", OWN_SCHEME, "Rejected")

MM = Code("mm", "UCUM", "millimeter")
MM2 = Code("mm2", "UCUM", "square millimeter")
ML = Code("ml", "UCUM", "milliliter")
HU = Code("[hnsf'U]", "UCUM", "Hounsfield unit")
DEGREES = Code("deg", "UCUM", "degree")
PIXELS = Code("{pixels}", "UCUM", "pixels")
ONE = Code("1", "UCUM", "no units")

FLOW_VELOCITY = Code("110828", "DCM", "Flow Velocity")
TIME = Code("110858", "DCM", "Time")
DEPTH = Code("131197000", "SCT", "Depth")
DIFFERENCE = Code("difference", OWN_SCHEME, "Difference")
AT_START = Code("at-start", OWN_SCHEME, "At the first end")
AT_END = Code("at-end", OWN_SCHEME, "At the last end")

AXES: dict[AxisUnit, tuple[Code, Code]] = {
    "cm/s": (FLOW_VELOCITY, Code("cm/s", "UCUM", "centimeter per second")),
    "s": (TIME, Code("s", "UCUM", "second")),
    "mm": (DEPTH, MM),
    "Hz": (Code("frequency", OWN_SCHEME, "Frequency"), Code("Hz", "UCUM", "hertz")),
    "dB": (Code("level", OWN_SCHEME, "Level"), Code("dB", "UCUM", "decibel")),
    "dB/s": (Code("level-change", OWN_SCHEME, "Change of level"), Code("dB/s", "UCUM", "decibel per second")),
    "%": (Code("share", OWN_SCHEME, "Share"), Code("%", "UCUM", "percent")),
    "°": (ANGLE, DEGREES),
}
"""What an axis of an ultrasound spectrum, trace or M-mode counts (PS3.3 C.8.5.5.1.15), and in which unit."""

MEAN = Code("373098007", "SCT", "Mean")
MEDIAN = Code("373099004", "SCT", "Median")
DEVIATION = Code("386136009", "SCT", "Standard Deviation")
MINIMUM = Code("255605001", "SCT", "Minimum")
MAXIMUM = Code("56851009", "SCT", "Maximum")

Verdict = Literal["", "accepted", "rejected"]
PriorBy = Literal["reader", "tracking", "name", "place"]
"""Who says that two things are one: the reader, a tracking identifier, a name, or the place in the patient."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with what it is of and its unit; ``derivation`` says which number of many (mean, minimum …)."""

    name: Code
    value: float
    unit: Code
    derivation: Code | None = None

    @property
    def told(self) -> str:
        """The number as it is written for people: times in thousandths, all else in tenths."""
        return f"{self.value:.{3 if self.unit.value == 's' else 1}f}"


@dataclass(frozen=True, slots=True)
class PriorSize:
    """What a thing was on an older study, beside what it is ``now``, both in ``unit`` (mm, ml).

    ``key`` tells the older thing from others; ``days`` lie between the two studies.
    """

    key: str
    study_date: str
    label: str
    before: float
    now: float
    unit: str
    days: int | None
    by: PriorBy

    @property
    def change(self) -> float | None:
        """How much it changed, as a share of what it was; None where it was nothing."""
        return (self.now - self.before) / self.before if self.before > 0 else None

    @property
    def told_change(self) -> str:
        """``▲ +43 %``, ``▼ −12 %``, ``= 0 %``; "" where it was nothing."""
        share = self.change
        if share is None:
            return ""
        percent = round(share * 100)
        if not percent:
            return "= 0 %"
        return f"▲ +{percent} %" if percent > 0 else f"▼ −{-percent} %"


@dataclass(frozen=True, eq=False)
class StatedMark:
    """A reader's mark with its numbers.

    ``points`` are image coordinates of ``source`` (integers are pixel centres); a mark on a cut has no source, only
    ``patient_points`` (LPS mm) in ``frame_of_reference``. An ellipse has four points: the ends of its long and of its
    short axis (PS3.3 C.18.6.1.2), TWO_LINES the ends of one line and of another.
    """

    mark: Measurement
    stack: Stack
    tracking_uid: str
    graphic: MarkGraphic
    points: tuple[Point2, ...]
    source: FrameSource | None
    patient_points: tuple[Point3, ...] | None
    frame_of_reference: str
    amounts: tuple[Amount, ...]
    k: int | None = None
    words: str = ""
    values_of: str = ""
    """What grey values are of where that is a slab (``MIP 20 mm``), "" for those of the plane."""
    prior: PriorSize | None = None
    stale: bool = False
    """Whether it was made on other images than those that are stated now."""

    def parts(self) -> tuple[slice, ...]:
        """The points of each line that is drawn, as slices of ``points``."""
        return (slice(0, 2), slice(2, 4)) if self.graphic == "TWO_LINES" else (slice(0, len(self.points)),)


@dataclass(frozen=True, eq=False)
class StatedFinding:
    """A model's finding and what the reader decided about it; "" and UNVERIFIED until somebody does."""

    finding: Finding
    provenance: Provenance
    stack: Stack
    tracking_uid: str
    time: int = 0
    verdict: Verdict = ""
    label: str = ""
    note: str = ""
    reader: str = ""
    decided_at: str = ""
    box_corrected: bool = False
    """Whether the reader pulled the box that the model gave."""
    prior: PriorSize | None = None
    stale: bool = False
    """Whether it was made on other images than those that are stated now."""

    @property
    def told_label(self) -> str:
        """The reader's label where there is one, else the model's."""
        return self.label or self.finding.label

    def regions(self) -> tuple[tuple[int, FrameSource, tuple[float, float, float, float]], ...]:
        """(k, frame, (x0, y0, x1, y1) px, borders of pixels at ± 0.5) for each slice that the box reaches."""
        (k0, y0, x0), (k1, y1, x1) = self.finding.box_voxel
        slices = self.stack.shape[0]
        inside = [k for k in range(slices) if k0 <= k <= k1] or [min(max(self.finding.k, 0), slices - 1)]
        found = []
        for k in inside:
            at = self.time * slices + k
            if at < len(self.stack.frames):
                found.append((k, self.stack.frames[at], (x0, y0, x1, y1)))
        return tuple(found)


@dataclass(frozen=True, eq=False)
class StatedKey:
    """An image that the reader chose as a key image, and why."""

    stack: Stack
    time: int
    k: int
    note: str = ""
    fusion: StatedFusion | None = None
    """What lay over it when it was chosen; None: what lies over it on the screen, if anything."""
    fusion_fault: str = ""
    """Why what lay over it cannot be shown."""

    @property
    def source(self) -> FrameSource | None:
        """The frame on disk; None for images of whole files."""
        at = self.time * self.stack.shape[0] + self.k
        return self.stack.frames[at] if at < len(self.stack.frames) else None


@dataclass(frozen=True, eq=False)
class StatedResult:
    """A model's result whose label map and classes are part of the statement; ``volumes_ml`` by label value."""

    result: InferenceResult
    stack: Stack
    volumes_ml: tuple[tuple[int, float], ...] = ()
    priors: tuple[tuple[int, PriorSize], ...] = ()
    """By label value."""
    stale: bool = False
    """Whether it was made on other images than those that are stated now."""


@dataclass(frozen=True, eq=False)
class StatedMap:
    """Values (k, j, i) float32 on the voxels of a stack that ``sources`` computed; NaN where nothing was asked.

    ``about``: what they are and how they were got, for people. Drawn from ``lower`` to ``upper``.
    """

    stack: Stack
    time: int
    geometry: Geometry | None
    values: NDArray[np.float32]
    id: str
    title: str
    unit: str
    lower: float
    upper: float
    sources: tuple[Provenance, ...]
    about: str = ""
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class StatedLook:
    """How the reader looks at the images of a stack, in the words of a presentation state (PS3.3 C.10.4, C.10.6, C.11).

    ``rotation`` counts quarter turns clockwise, then ``flip`` mirrors. ``presented``: the state that they are shown by
    already; then the look is that of the images which it names alone.
    """

    stack: Stack
    voi: Voi | None = None
    """The reader's window; None: that of each image."""
    inverse: bool = False
    """Whether low values are white, whatever the file says."""
    rotation: int = 0
    flip: bool = False
    area: DisplayedArea | None = None
    """The part that is seen; None: all of it."""
    shown: tuple[int, int] | None = None
    """(time, k) of the image on the screen, where it is seen otherwise than its file says."""
    presented: PresentationState | None = None
    left_out: tuple[str, ...] = ()
    """What of the picture no such state can say: ``colours``, ``filters``, ``fusion``."""

    def is_of(self, frame: FrameSource) -> bool:
        """Whether it is how this frame of its stack is looked at."""
        return self.presented is None or self.presented.applies_to(frame.sop_uid, frame.frame)


@dataclass(frozen=True, eq=False)
class StatedFusion:
    """A second series that lies over ``stack`` on the screen, and how it is drawn."""

    stack: Stack
    over: Stack
    time: int
    placement: Placement
    table: NDArray[np.uint8]
    """(256, 3) RGB."""
    shares: NDArray[np.float64]
    """(256,) how much of it is seen at each of its display values."""
    opacity: float
    voi: Voi | None = None
    """Its window; None: as a viewport of its own would be windowed."""
    mode: Literal["blend", "swipe", "checkerboard"] = "blend"
    swipe: float = 0.5
    doubts: tuple[str, ...] = ()
    """Why its place is not to be relied upon: ``unverified`` (other frames of reference), ``unsure`` (registered by medview and not
    accepted), ``by_hand`` (moved or turned by the reader)."""


@dataclass(frozen=True, eq=False)
class Statement:
    """Everything said about one study. ``verified``: ``reader`` has read it and stands for it by name."""

    study: Study
    marks: tuple[StatedMark, ...] = ()
    findings: tuple[StatedFinding, ...] = ()
    results: tuple[StatedResult, ...] = ()
    reader: str = ""
    verified: bool = False
    keys: tuple[StatedKey, ...] = ()
    maps: tuple[StatedMap, ...] = ()
    windows: tuple[tuple[str, Voi], ...] = ()
    """By the id of a stack the window that the reader looks at it in."""
    looks: tuple[StatedLook, ...] = ()
    """Of the stacks on the screen, the one that counts first."""
    fusions: tuple[StatedFusion, ...] = ()
    """What lies over stacks on the screen, the one that counts first."""

    def look_at(self, stack: Stack, frame: FrameSource) -> StatedLook:
        """How a frame of a stack is looked at; as its file says where it is not on the screen."""
        found = (one for one in self.looks if one.stack.id == stack.id and one.is_of(frame))
        return next(found, StatedLook(stack, inverse=stack.inverted))

    @property
    def says_anything(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.marks or self.findings or self.results or self.keys or self.maps)


def tracking_uid_of(identity: str) -> str:
    """A UID for a thing of the study: the identity itself where it is one, else always the same one made from it."""
    if identity.startswith("2.25.") and len(identity) <= 64 and re.fullmatch(r"[0-9.]+", identity):
        return identity
    digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).digest()
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=4).int}"
