"""What is in a folder: Study, Series, Stack, and where each frame's pixels come from. No pixels here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from numpy.typing import NDArray

from medview.core.geometry import FloatArray, Geometry
from medview.core.problem import Note
from medview.core.value_scale import ValueScale
from medview.core.volume import ModalityTransform
from medview.core.window import Voi

StackKind = Literal["volume", "sheared", "irregular", "frames", "picture"]
SpacingKind = Literal["patient", "detector", "calibrated", "estimated", "region", "by_reader", "none"]
"""What a pixel spacing means: mm in the patient, mm at the detector, calibrated mm, magnification estimated, ultrasound
region, calibrated by the reader with a known line, or nothing known (measure in px)."""


class FrameSource(Protocol):
    """One frame on disk; picklable, so that a worker process can read it."""

    @property
    def path(self) -> str:
        """The file."""

    @property
    def frame(self) -> int:
        """0-based index of the frame inside the file."""

    @property
    def sop_uid(self) -> str:
        """SOP Instance UID, or "" for files that are not DICOM."""

    @property
    def needs_codec(self) -> bool:
        """Whether a codec is involved: then it is read in a worker process only, never beside the window."""

    def read(self) -> NDArray[Any]:
        """Stored values (rows, columns) or RGB (rows, columns, 3); raises MedviewError naming the file."""


class WholeSource(Protocol):
    """A file that can only be read as a whole (compressed NIfTI …); picklable."""

    def read(self) -> NDArray[Any]:
        """(t·k, j, i) stored values or (t·k, j, i, 3) RGB in the stack's order; raises MedviewError."""


@dataclass(frozen=True, slots=True)
class PatientIdentity:
    """Who the images are of. Two identities are the same patient only when ``key`` is equal (IHE BIR)."""

    patient_id: str = ""
    name: str = ""
    birth_date: str = ""
    sex: str = ""
    age: str = ""
    size_m: float | None = None
    weight_kg: float | None = None
    name_guess: str = ""
    """What the name may mean where its bytes do not fit the file's character set; ``name`` is what the file says."""

    @property
    def key(self) -> tuple[str, str]:
        """Exact Patient ID and name."""
        return (self.patient_id, self.name)

    @property
    def told_name(self) -> str:
        """The name for a reader's eye: a guess is marked as one."""
        return f"{self.name_guess} (?)" if self.name_guess else self.name


@dataclass(frozen=True, slots=True)
class SeriesContext:
    """What a model match, a preset and the corner text need to know of a series."""

    modality: str = ""
    body_part: str = ""
    description: str = ""
    protocol: str = ""
    laterality: str = ""
    view_position: str = ""
    patient_orientation: tuple[str, str] | None = None
    contrast_agent: str = ""
    manufacturer: str = ""
    model_name: str = ""
    kernel: str = ""
    slice_thickness: float | None = None
    series_date: str = ""
    series_time: str = ""
    institution: str = ""
    image_type: tuple[str, ...] = ()
    burned_in: str = ""
    lossy: str = ""
    """Empty, or what the lossy mark says: method and ratio."""
    frame_time_ms: float | None = None
    extra: tuple[tuple[str, str], ...] = ()
    view_modifiers: tuple[str, ...] = ()
    """Of a mammogram's view: M magnified, S spot compression, ID implant displaced …"""


AxisUnit = Literal["%", "dB", "mm", "s", "Hz", "dB/s", "cm/s", "°"]


@dataclass(frozen=True, slots=True)
class RegionAxis:
    """What one axis of a spectrum or a trace counts: ``step`` of a ``unit`` for each px; it is 0 at px ``zero``, None: unknown."""

    unit: AxisUnit
    step: float
    zero: float | None = None

    def value(self, px: float) -> float | None:
        """What the axis says at an image coordinate; None where it knows no 0."""
        return None if self.zero is None else (px - self.zero) * self.step


@dataclass(frozen=True, slots=True)
class PixelRegion:
    """A part of a picture with a scale of its own (ultrasound): borders in px, inclusive.

    ``spacing`` (dj, di) in mm, None where its axes are no lengths (a spectrum, a trace): there ``axes`` (x, y) tell
    what they are, where the file says so.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    spacing: tuple[float, float] | None
    axes: tuple[RegionAxis | None, RegionAxis | None] = (None, None)


@dataclass(frozen=True, slots=True)
class Dimension:
    """In what the time points of a stack differ: echo, b-value, phase … ``values`` in ``unit``, one for each step.

    A value is a number where the file gives one, else a word or None; ``labels`` is what a reader is told of each
    step, and no two are the same.
    """

    name: str
    unit: str
    values: tuple[float | str | None, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Stack:
    """Frames that are shown as one: same size, and one geometry where there is any.

    ``shape`` (k, j, i) is one time point; ``frames`` lists ``timepoints · k`` sources, time-major, slices in the order
    of growing k. ``transform`` has one entry per frame (or one for all); ``vois`` per frame: the file's windows and
    VOI LUTs in the file's order (or one entry for all). ``planes`` (n, 3, 3) gives for ``frames`` stacks that have a position of
    their own the LPS origin, step per column (i) and step per row (j) in mm; NaN where unknown.
    ``id`` is deterministic, without spaces and independent of the order of paths.
    """

    id: str
    kind: StackKind
    shape: tuple[int, int, int]
    timepoints: int
    components: int
    dtype: str
    """numpy dtype of stored values, e.g. ``int16``; uint8 for RGB."""
    frames: tuple[FrameSource, ...]
    transform: ModalityTransform
    geometry: Geometry | None = None
    unit: str | None = None
    padding: tuple[int, int] | None = None
    inverted: bool = False
    """MONOCHROME1 or PresentationLUTShape INVERSE (once): low values are drawn white; values are never changed."""
    vois: tuple[tuple[Voi, ...], ...] = ((),)
    pixel_spacing: tuple[float, float] | None = None
    """(dj, di) for measuring inside a frame."""
    pixel_aspect: float = 1.0
    """Height of a pixel over its width, for drawing."""
    spacing_kind: SpacingKind = "none"
    planes: FloatArray | None = None
    time_labels: tuple[str, ...] = ("",)
    time_axis: str = ""
    """What several time points are: ``time``, ``echo``, ``b-value``, ``phase`` …"""
    dimensions: tuple[Dimension, ...] = ()
    """The dimensions of the time points, the slowest first; the product of their lengths is ``timepoints``."""
    notes: tuple[Note, ...] = ()
    whole: WholeSource | None = None
    stored_reversed: bool = False
    """Whether the file itself stores the slices against growing k; what is written beside it follows the file."""
    context: SeriesContext = field(default_factory=SeriesContext)
    regions: tuple[PixelRegion, ...] = ()
    """Where there are regions, a length is in mm only inside one of them."""
    profile_path: str = ""
    """The file whose ICC profile says what the colours are, "" where there is none; grey values never have one."""
    scales: tuple[ValueScale, ...] = ()
    """Other numbers for the same values, the one that is shown beside them by default first."""
    graphics: tuple[FrameSource | None, ...] = ()
    """Per frame what its file draws over it, (rows, columns, 4) RGBA; () where no file does. Acquired frames only."""
    bits_stored: int | None = None
    """How many bits of a stored value mean something, where the file says it."""

    def graphics_of(self, frame: int) -> FrameSource | None:
        """What is drawn over a frame (index into ``frames``)."""
        return self.graphics[frame] if frame < len(self.graphics) else None

    def voi_of(self, frame: int) -> tuple[Voi, ...]:
        """The file's windows and VOI LUTs for a frame."""
        return self.vois[frame if len(self.vois) > 1 else 0]

    @property
    def frame_count(self) -> int:
        """All frames of all time points."""
        return self.shape[0] * self.timepoints

    @property
    def named_dimensions(self) -> tuple[Dimension, ...]:
        """The dimensions, also of a stack whose file only counts its time points; empty where there is one."""
        if self.dimensions or self.timepoints < 2:
            return self.dimensions
        labels = self.time_labels
        if len(labels) != self.timepoints or len(set(labels)) != len(labels):
            labels = tuple(str(number + 1) for number in range(self.timepoints))
        return (Dimension(self.time_axis or "time", "", labels, labels),)

    def steps_of_time(self, time: int) -> tuple[int, ...]:
        """The 0-based step along each of the named dimensions of a time point."""
        steps = []
        for dimension in reversed(self.named_dimensions):
            time, step = divmod(time, len(dimension.labels))
            steps.append(step)
        return tuple(reversed(steps))

    def time_of_steps(self, steps: tuple[int, ...]) -> int:
        """The time point at a step along each of the named dimensions."""
        time = 0
        for dimension, step in zip(self.named_dimensions, steps, strict=True):
            time = time * len(dimension.labels) + step
        return time


@dataclass(frozen=True, slots=True)
class StudyObject:
    """An object that is no plain image: a segmentation, structure set, presentation state, report, recording …

    What it holds is read when it is asked for; ``frames`` is 0 for objects without pixels. ``date`` and ``time`` are
    those of its series.
    """

    path: str
    sop_uid: str
    sop_class: str
    series_uid: str
    modality: str
    description: str = ""
    instance_number: int | None = None
    frames: int = 0
    date: str = ""
    time: str = ""


@dataclass(frozen=True, eq=False)
class Series:
    """A series as the files say, with the stacks it is shown as, and its objects that are no plain images."""

    series_uid: str
    number: int | None
    context: SeriesContext
    instances: int
    stacks: tuple[Stack, ...]
    objects_without_pixels: int = 0
    is_localizer: bool = False
    objects: tuple[StudyObject, ...] = ()


@dataclass(frozen=True, eq=False)
class Study:
    """A study of one patient; two patients under one study UID are two studies."""

    study_uid: str
    patient: PatientIdentity
    date: str
    time: str
    description: str
    accession: str
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Census:
    """Independent counts that must agree: what is on disk, what can be reached, what problems hide."""

    files_seen: int = 0
    frames_on_disk: int = 0
    frames_shown: int = 0
    objects_without_pixels: int = 0
