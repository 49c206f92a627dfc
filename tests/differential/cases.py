"""Random classic series as makers write them: a seed gives a folder of files and what is true of them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, MRImageStorage, PositronEmissionTomographyImageStorage

from tests.differential.noise import noise_of
from tests.differential.truth import TrueFrame, TrueSeries
from tests.differential.writing import SYNTAXES, decimal, put_pixels, save
from tests.phantoms.dicom_series import uid

_CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage, "PT": PositronEmissionTomographyImageStorage}


def classic(seed: int, folder: Path) -> TrueSeries:
    """A series of single-frame objects: one volume, or several along what tells them apart."""
    rng = np.random.default_rng(seed)
    modality = str(rng.choice(["CT", "MR", "MR", "MR", "PT"]))
    grid = Grid(rng, modality)
    axes = steps_of(rng, modality)
    pixels = Pixels(rng, modality)
    truth = TrueSeries(f"classic-{seed}", kind=grid.kind, inverted=pixels.inverted, place_mm=grid.place_mm)
    truth.words = [modality, *grid.words, *pixels.words, *(axis.name for axis in axes)]
    combinations = list(product(*(range(axis.count) for axis in axes)))
    planned = [(k, at) for at in combinations for k in range(grid.count)]
    truth.stacks, truth.timepoints = 1, len(combinations)
    if axes and rng.random() < 0.15 and len(planned) > 4:  # a few images never came
        for _ in range(int(rng.integers(1, 3))):
            planned.pop(int(rng.integers(len(planned))))
        truth.stacks = truth.timepoints = 0
        truth.kind = ""
        truth.words.append("incomplete")
    numbers = _numbers(rng, planned, combinations)
    nuisances = nuisances_of(rng, modality, axes)
    truth.words.extend(name for name, _ in nuisances)
    names = rng.permutation(len(planned))
    common = _common(rng, seed, modality)
    noise = noise_of(rng)
    bare = bool(rng.random() < 0.05)
    truth.words.extend(["bare"] * bare + [name for name, _ in noise])
    for index, (k, at) in enumerate(planned):
        data = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
        data.update(common)
        data.SOPClassUID = _CLASSES[modality]
        data.SOPInstanceUID = uid(seed, index)
        if numbers is not None:
            data.InstanceNumber = numbers[index]
        steps: dict[str, Any] = {}
        for axis, step in zip(axes, at, strict=True):
            axis.write(data, step)
            steps[axis.name] = axis.values[step]
        for _, write in nuisances:
            write(data, k, index, combinations.index(at))
        grid.write(data, k, rng)
        stored, values = pixels.write(data, rng, grid.size)
        name = f"{'IM' if seed % 2 else 'slice'}{names[index]:05}{'' if seed % 2 else '.dcm'}"
        save(data, folder / name, pixels.syntax, rng, noise, bare and pixels.syntax in SYNTAXES[:3])
        truth.frames[name, 0] = TrueFrame(grid.positions[k], grid.row, grid.column, grid.spacing, stored, values, steps)
    if rng.random() < 0.15 and not axes and grid.kind == "volume":
        _add_second_grid(rng, folder, common, modality, truth, grid)
    elif rng.random() < 0.1 and grid.kind:
        _add_localizer(rng, folder, common, modality, truth)
    return truth


class Grid:
    """Where the slices of a series lie, and how that is written."""

    def __init__(self, rng: Generator, modality: str) -> None:
        self.words: list[str] = []
        self.row, self.column = _directions(rng)
        normal = np.cross(self.row, self.column)
        self.spacing = tuple(float(round(value, 4)) for value in rng.uniform(0.3, 3, 2))
        if rng.random() < 0.5:
            self.spacing = (self.spacing[0], self.spacing[0])
        self.size = (int(rng.integers(4, 10)), int(rng.integers(4, 12)))
        self.count = int(rng.choice([1, 2, 3, 5, 8, 12]))
        self.decimals = int(rng.choice([3, 4, 6, 10]))
        step = float(round(rng.uniform(0.6, 8), 2))
        way = float(rng.choice([1, 1, -1]))  # files may lie in any order, names and numbers too
        along = step * np.arange(self.count)
        self.kind = "volume"
        shear = np.zeros(3)
        chance = rng.random()
        if self.count >= 5 and chance < 0.1:
            lost = int(rng.integers(1, self.count - 1))
            along = np.delete(along, lost)
            self.count -= 1
            self.kind = "irregular"
            self.words.append("a slice is missing")
        elif self.count >= 5 and chance < 0.2:
            along = np.cumsum(rng.uniform(0.5, 1.5, self.count)) * step
            self.kind = "irregular"
            self.words.append("uneven")
        elif self.count > 2 and chance < 0.35:
            angle = np.radians(float(rng.choice([-30, -18.5, -7, -1.5, 1.5, 7, 18.5, 30])))
            shear = self.column * np.tan(angle)
            self.kind = "sheared"
            self.words.append(f"tilt {np.degrees(angle):.1f}")
        origin = rng.uniform(-300, 300, 3) if rng.random() < 0.9 else np.zeros(3)
        jitter = float(rng.choice([0, 0, 4e-4])) if self.kind == "volume" else 0.0
        self.positions = origin + along[:, None] * (way * normal + shear)
        self.positions = self.positions + rng.uniform(-jitter, jitter, self.positions.shape)
        self.thickness = float(rng.choice([step, 2 * step, 0.5 * step, 5]))
        self.between = rng.choice(["", f"{step:g}", f"{-step:g}", "7", f"{step:.6f}"])
        quantum = 10.0**-self.decimals
        self.place_mm = 3 * quantum + 3 * jitter + 1e-3
        self.cosine_decimals = int(rng.choice([6, 8, 12]))
        if np.abs(np.abs(self.row).max() - 1) > 1e-9:
            # What a slice moves when its direction is rounded, over the whole stack.
            self.place_mm += 2 * 10.0**-self.cosine_decimals * float(np.ptp(along))
        self.slice_location = str(rng.choice(["none", "true", "junk", "same"]))
        self.patient_position = str(rng.choice(["HFS", "FFS", "HFP", "FFP", "HFDR", "FFDL", ""]))

    def write(self, data: Dataset, k: int, rng: Generator) -> None:
        """The Image Plane Module (PS3.3 C.7.6.2) of a slice."""
        put = {
            0x00200032: [decimal(value, self.decimals) for value in self.positions[k]],
            0x00200037: [decimal(value, self.cosine_decimals) for value in (*self.row, *self.column)],
            0x00280030: [decimal(value, 6) for value in self.spacing],
        }
        for tag, values in put.items():
            data.add_new(tag, "DS", values)
        data.SliceThickness = decimal(self.thickness, 6)
        if self.between:
            data.SpacingBetweenSlices = str(self.between)
        if self.patient_position:
            data.PatientPosition = self.patient_position
        if self.slice_location == "true":
            data.SliceLocation = decimal(float(self.positions[k] @ np.cross(self.row, self.column)), 3)
        elif self.slice_location == "junk":
            data.SliceLocation = decimal(float(rng.uniform(-100, 100)), 3)
        elif self.slice_location == "same":
            data.SliceLocation = "0"


def _directions(rng: Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    chance = rng.random()
    if chance < 0.45:
        axes = rng.permutation(3)[:2]
        row, column = np.zeros(3), np.zeros(3)
        row[axes[0]], column[axes[1]] = rng.choice([-1, 1]), rng.choice([-1, 1])
        return row, column
    matrix = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    if chance < 0.75:  # nearly along the axes, as heads lie
        small = rng.normal(scale=0.08, size=3)
        skew = np.array([[0, -small[2], small[1]], [small[2], 0, -small[0]], [-small[1], small[0], 0]])
        turn = np.linalg.qr(np.eye(3) + skew)[0]
        matrix = (turn * np.sign(np.diag(turn)))[:, rng.permutation(3)]
    row, column = matrix[:, 0], matrix[:, 1]
    return row / np.linalg.norm(row), column - (column @ row) * row


class Axis:
    """What tells volumes at the same positions apart: ``values``, and how each is written."""

    def __init__(self, name: str, values: list[Any], write: Callable[[Dataset, Any], None]) -> None:
        self.name, self.values, self._write = name, values, write

    @property
    def count(self) -> int:
        return len(self.values)

    def write(self, data: Dataset, step: int) -> None:
        self._write(data, self.values[step])


def _set(name: str, form: Callable[[Any], Any] = str) -> Callable[[Dataset, Any], None]:
    return lambda data, value: setattr(data, name, form(value))


def _private(group: int, creator: str, low: int, vr: str, form: Callable[[Any], Any]) -> Callable[[Dataset, Any], None]:
    def write(data: Dataset, value: Any) -> None:
        data.private_block(group, creator, create=True).add_new(low, vr, form(value))

    return write


def _direction(data: Dataset, value: Any) -> None:
    b, vector = value
    data.DiffusionBValue = float(b)
    if vector is not None:
        data.DiffusionGradientOrientation = list(vector)


def _siemens_b(data: Dataset, value: Any) -> None:
    b, vector = value
    block = data.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", str(b))
    if vector is not None:
        block.add_new(0x0E, "FD", list(vector))


def _ge_b(data: Dataset, value: Any) -> None:
    b, vector = value
    data.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x39, "IS", [str(1000000000 + b), "8", "0", "0"])
    block = data.private_block(0x0019, "GEMS_ACQU_01", create=True)
    for low, part in zip((0xBB, 0xBC, 0xBD), vector or (0.0, 0.0, 0.0), strict=True):
        block.add_new(low, "DS", f"{part:.6f}")


def _philips_b(data: Dataset, value: Any) -> None:
    b, vector = value
    data.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x03, "FL", float(b))
    block = data.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    for low, part in zip((0xB0, 0xB1, 0xB2), vector or (0.0, 0.0, 0.0), strict=True):
        block.add_new(low, "FL", part)


def _diffusion(rng: Generator) -> Axis:
    count = int(rng.integers(2, 5))
    vectors: list[tuple[float, ...] | None] = []
    for _ in range(count):
        vector = rng.normal(size=3)
        vectors.append(tuple(float(round(part, 5)) for part in vector / np.linalg.norm(vector)))
    values = [(0, None), *((int(rng.choice([500, 1000])), vector) for vector in vectors)]
    writers = [_direction, _siemens_b, _ge_b, _philips_b]
    return Axis("direction", values, writers[int(rng.integers(len(writers)))])


def _component(data: Dataset, value: Any) -> None:
    data.ImageType = ["ORIGINAL", "PRIMARY", value, "NONE"]


def _philips_component(data: Dataset, value: Any) -> None:
    data.ImageType = ["ORIGINAL", "PRIMARY", f"{value}_FFE", value, "FFE"]


def _clock(seconds: float) -> str:
    return f"{10 + int(seconds // 3600):02}{int(seconds // 60) % 60:02}{seconds % 60:09.6f}"


def ladder(rng: Generator, first: float, step: float, form: Callable[[float], Any] = lambda v: v) -> list[Any]:
    """Two to four values with equal steps."""
    return [form(round(first + step * n, 3)) for n in range(int(rng.integers(2, 5)))]


def steps_of(rng: Generator, modality: str) -> list[Axis]:
    """Nothing mostly, else one to three axes."""
    if rng.random() < 0.35:
        return []

    times = [
        Axis("time", [n + 1 for n in range(int(rng.integers(2, 6)))], _set("TemporalPositionIdentifier")),
        Axis("time", [n + 1 for n in range(int(rng.integers(2, 6)))], _set("AcquisitionNumber")),
        Axis("time", ladder(rng, 0, 37.5), _set("TriggerTime")),
        Axis("time", ladder(rng, 3.0, 2.25, _clock), _set("AcquisitionTime")),
        Axis("time", ladder(rng, 3.0, 2.25, _clock), _set("ContentTime")),
    ]
    pool: list[Axis] = [times[int(rng.integers(len(times)))]]
    if modality == "PT":
        pool = [Axis("time", ladder(rng, 0, 60000), _set("FrameReferenceTime", lambda v: f"{v:g}"))]
    if modality == "MR":
        pool.extend(
            [
                Axis("echo time", ladder(rng, 2.46, 2.46), _set("EchoTime")),
                Axis("component", list(rng.permutation(["M", "P", "R", "I"])[: rng.integers(2, 5)]), _component),
                Axis("component", ["M", "P"], _philips_component),
                Axis("inversion time", ladder(rng, 100, 250), _set("InversionTime")),
                Axis("flip angle", ladder(rng, 5, 10), _set("FlipAngle")),
                _diffusion(rng),
            ]
        )
    wanted = min(len(pool), int(rng.choice([1, 1, 2, 2, 3])))
    chosen: list[Axis] = []
    for at in rng.permutation(len(pool)):
        if len(chosen) < wanted and pool[at].name not in {axis.name for axis in chosen}:
            chosen.append(pool[at])
    return chosen


Nuisance = Callable[[Dataset, int, int, int], None]


def nuisances_of(rng: Generator, modality: str, axes: list[Axis]) -> list[tuple[str, Nuisance]]:
    """What changes from image to image and tells no volumes apart: clocks, windows, numbers that only count."""
    taken = {"time"} & {axis.name for axis in axes}
    order = rng.permutation(512)

    def clock(name: str, step: float) -> Nuisance:
        scrambled = rng.random() < 0.3
        return lambda data, k, index, at: (
            setattr(data, name, _clock(step * float(order[index % 512] if scrambled else index)))
            if name not in data
            else None
        )

    options: list[tuple[str, Nuisance]] = [
        ("content time of each image", clock("ContentTime", 0.41)),
        (
            "window of each image",
            lambda d, k, n, t: (setattr(d, "WindowCenter", str(40 + n)), setattr(d, "WindowWidth", "400"))[0],
        ),
        ("comment", lambda d, k, n, t: setattr(d, "ImageComments", f"image {n}")),
        (
            "flip of each slice",
            lambda d, k, n, t: setattr(d, "FlipAngle", f"{10 + 0.5 * k:g}") if "FlipAngle" not in d else None,
        ),
        ("creation time", lambda d, k, n, t: setattr(d, "InstanceCreationTime", _clock(n * 1.5))),
    ]
    if not taken:
        options.extend(
            [
                ("acquisition number of each slice", lambda d, k, n, t: setattr(d, "AcquisitionNumber", str(k + 1))),
                ("trigger time of each slice", lambda d, k, n, t: setattr(d, "TriggerTime", f"{17.5 * k:g}")),
                (
                    "inversion of each slice",
                    lambda d, k, n, t: (
                        setattr(d, "InversionTime", f"{100 + 3.5 * k:g}") if "InversionTime" not in d else None
                    ),
                ),
            ]
        )
    if "time" not in taken or not any(axis.name == "time" for axis in axes):
        options.append(("acquisition time of each image", clock("AcquisitionTime", 0.17)))
    options.append(
        (
            "echo of each slice",
            lambda d, k, n, t: setattr(d, "EchoTime", f"{30 + 0.004 * (k % 3):g}") if "EchoTime" not in d else None,
        )
    )
    options.append(
        (
            "constant position in time",
            lambda d, k, n, t: (
                setattr(d, "TemporalPositionIdentifier", "1") if "TemporalPositionIdentifier" not in d else None
            ),
        )
    )
    return [option for option in options if rng.random() < 0.2]


def _numbers(rng: Generator, planned: list[Any], combinations: list[Any]) -> list[int] | None:
    """Instance numbers: as planned, against it, slice after slice, of no order, all alike, or none."""
    count = len(planned)
    kind = str(rng.choice(["up", "up", "down", "slices", "random", "same", "none", "volume"]))
    if kind == "none":
        return None
    if kind == "same":
        return [1] * count
    if kind == "random":
        return [int(at) for at in rng.permutation(count) + 1]
    if kind == "down":
        return list(range(count, 0, -1))
    if kind == "volume":  # numbers begin anew with each volume
        return [k + 1 for k, _ in planned]
    if kind == "slices":
        order = sorted(range(count), key=lambda at: (planned[at][0], combinations.index(planned[at][1])))
        numbers = [0] * count
        for number, at in enumerate(order, 1):
            numbers[at] = number
        return numbers
    return list(range(1, count + 1))


class Pixels:
    """How values are stored (PS3.5 8.1.1), rescaled and compressed."""

    def __init__(self, rng: Generator, modality: str) -> None:
        self.allocated = int(rng.choice([16, 16, 16, 8, 32]))
        self.stored = int(rng.choice([self.allocated, 12, 10, 15])) if self.allocated == 16 else self.allocated
        if self.allocated == 8 and rng.random() < 0.3:
            self.stored = 7
        self.signed = bool(rng.random() < 0.4)
        self.high = self.stored - 1
        self.syntax = str(rng.choice(SYNTAXES if self.allocated < 32 else SYNTAXES[:3]))
        native = self.syntax in SYNTAXES[:4]
        if native and self.stored < self.allocated and rng.random() < 0.25:
            self.high = self.allocated - 1
        self.dirty = native and self.high == self.stored - 1 and rng.random() < 0.3
        self.inverted = bool(rng.random() < 0.1)
        kind = str(rng.choice(["none", "one", "slices", "negative", "intercept"]))
        if modality == "CT" and kind == "none":
            kind = "one"
        self.kind = kind
        self.slope = float(rng.choice([1, 2, 0.5, 0.0123, 4.94505]))
        self.intercept = float(rng.choice([0, -1024, -1000.5, 8192]))
        self.words = [
            f"{self.stored}/{self.allocated} high {self.high} {'signed' if self.signed else 'unsigned'} {self.syntax}",
            f"rescale {kind}",
        ]

    def random(self, rng: Generator, size: tuple[int, int]) -> NDArray[Any]:
        """Stored values of any size that fits."""
        low, high = (-(1 << self.stored - 1), (1 << self.stored - 1)) if self.signed else (0, 1 << self.stored)
        stored = rng.integers(low, high, size)
        if self.allocated > 16 and self.stored > 24:
            stored //= 256  # within what float32 of an oracle holds
        return stored

    def scale(self, rng: Generator) -> tuple[float, float]:
        """(slope, intercept), of this image alone where each has its own."""
        if self.kind == "none":
            return 1.0, 0.0
        slope = {"negative": -self.slope, "intercept": 1.0}.get(self.kind, self.slope)
        return (round(slope * float(rng.uniform(0.5, 2)), 7) if self.kind == "slices" else slope), self.intercept

    def write(self, data: Dataset, rng: Generator, size: tuple[int, int]) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """Put random pixels into a data set: (stored values, modality values)."""
        stored = self.random(rng, size)
        slope, intercept = self.scale(rng)
        if self.kind not in {"none", "intercept"}:
            data.RescaleSlope = decimal(slope, 9)
        if self.kind != "none":
            data.RescaleIntercept = decimal(intercept, 6)
        data.PhotometricInterpretation = "MONOCHROME1" if self.inverted else "MONOCHROME2"
        put_pixels(data, stored, self, rng)
        return stored, stored * float(decimal(slope, 9)) + intercept


def _common(rng: Generator, seed: int, modality: str) -> Dataset:
    data = Dataset()
    data.Modality = modality
    data.PatientID, data.PatientName = f"P{seed}", f"Test^{seed}"
    data.StudyInstanceUID, data.SeriesInstanceUID = uid("study", seed), uid("series", seed)
    if rng.random() < 0.9:
        data.FrameOfReferenceUID = uid("frame", seed)
    data.StudyDate, data.StudyTime = "20210302", "100000"
    data.AcquisitionDate = data.ContentDate = "20210302"
    data.SeriesNumber = int(rng.integers(1, 900))
    data.Manufacturer = str(
        rng.choice(["SIEMENS", "GE MEDICAL SYSTEMS", "Philips Medical Systems", "TOSHIBA", "UIH", "Canon"])
    )
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    if modality == "PT":
        data.Units = "BQML"
    return data


def _add_second_grid(
    rng: Generator, folder: Path, common: Dataset, modality: str, truth: TrueSeries, first: Grid
) -> None:
    """Images of another orientation in the same series: a second stack, whatever their numbers."""
    grid = Grid(rng, modality)
    if (
        np.abs(np.abs(grid.row) - np.abs(first.row)).max() < 0.05
        and np.abs(np.abs(grid.column) - np.abs(first.column)).max() < 0.05
    ):
        return
    pixels = Pixels(rng, modality)
    pixels.inverted = truth.inverted
    for k in range(grid.count):
        data = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
        data.update(common)
        data.SOPClassUID, data.SOPInstanceUID = _CLASSES[modality], uid(truth.name, "second", k)
        data.InstanceNumber = 100 + k if rng.random() < 0.5 else k + 1
        grid.write(data, k, rng)
        stored, values = pixels.write(data, rng, grid.size)
        name = f"second{int(rng.integers(1000))}-{k}"
        save(data, folder / name, pixels.syntax)
        truth.frames[name, 0] = TrueFrame(grid.positions[k], grid.row, grid.column, grid.spacing, stored, values)
    truth.place_mm = max(truth.place_mm, grid.place_mm)
    truth.kind = ""
    truth.stacks += bool(truth.stacks)
    truth.words.append(f"and {grid.count} of another orientation {grid.words}")


def _add_localizer(rng: Generator, folder: Path, common: Dataset, modality: str, truth: TrueSeries) -> None:
    data = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    data.update(common)
    data.SOPClassUID, data.SOPInstanceUID = _CLASSES[modality], uid(truth.name, "localizer")
    data.InstanceNumber = 1
    data.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    grid = Grid(rng, modality)
    pixels = Pixels(rng, modality)
    pixels.inverted = truth.inverted
    grid.write(data, 0, rng)
    stored, values = pixels.write(data, rng, (12, 13))
    save(data, folder / "localizer", pixels.syntax)
    truth.frames["localizer", 0] = TrueFrame(grid.positions[0], grid.row, grid.column, grid.spacing, stored, values)
    truth.place_mm = max(truth.place_mm, grid.place_mm)
    truth.kind, truth.timepoints = "", 0
    truth.stacks += bool(truth.stacks)
    truth.words.append("localizer")
