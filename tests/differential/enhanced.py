"""Random enhanced multi-frame objects: functional groups shared or not, frames and dimensions in any order, in one file or several."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedCTImageStorage, EnhancedMRImageStorage, LegacyConvertedEnhancedMRImageStorage

from tests.differential.cases import Axis, Grid, Pixels, ladder
from tests.differential.noise import noise_of
from tests.differential.truth import TrueFrame, TrueSeries
from tests.differential.writing import decimal, put_pixels, save
from tests.phantoms.dicom_series import uid

Group = Callable[[Any], tuple[str, Dataset]]


def _group(sequence: str, **attributes: Any) -> Dataset:
    item, group = Dataset(), Dataset()
    for name, value in attributes.items():
        setattr(item, name, value)
    setattr(group, sequence, Sequence([item]))
    return group


def _diffusion(value: Any) -> Dataset:
    b, vector = value
    group = _group("MRDiffusionSequence", DiffusionBValue=float(b))
    item = group.MRDiffusionSequence[0]
    item.DiffusionDirectionality = "NONE" if vector is None else "DIRECTIONAL"
    if vector is not None:
        direction = Dataset()
        direction.DiffusionGradientOrientation = list(vector)
        item.DiffusionGradientDirectionSequence = Sequence([direction])
    return group


class _Enhanced(Axis):
    """An axis whose values are in functional groups; ``pointer`` is what a dimension index of it points to."""

    def __init__(self, name: str, values: list[Any], make: Callable[[Any], Dataset], pointer: tuple[int, int]) -> None:
        super().__init__(name, values, lambda data, value: None)
        self.make, self.pointer = make, pointer


def _axes(rng: Generator, modality: str) -> list[_Enhanced]:
    if rng.random() < 0.3:
        return []
    pool = [
        _Enhanced(
            "time",
            [n + 1 for n in range(int(rng.integers(2, 5)))],
            lambda v: _group("FrameContentSequence", TemporalPositionIndex=v),
            (0x00209128, 0x00209111),
        ),
        _Enhanced(
            "delay",
            ladder(rng, 12.5, 60),
            lambda v: _group("CardiacSynchronizationSequence", NominalCardiacTriggerDelayTime=v),
            (0x00209153, 0x00189118),
        ),
    ]
    if modality == "MR":
        vectors = [tuple(map(float, np.round(v / np.linalg.norm(v), 5))) for v in rng.normal(size=(3, 3))]
        pool.extend(
            [
                _Enhanced(
                    "echo time",
                    ladder(rng, 4.6, 4.6),
                    lambda v: _group("MREchoSequence", EffectiveEchoTime=v),
                    (0x00189082, 0x00189114),
                ),
                _Enhanced(
                    "direction", [(0, None), *((1000, v) for v in vectors)], _diffusion, (0x00189087, 0x00189117)
                ),
                _Enhanced(
                    "component",
                    ["MAGNITUDE", "PHASE"],
                    lambda v: _group(
                        "MRImageFrameTypeSequence",
                        ComplexImageComponent=v,
                        FrameType=["ORIGINAL", "PRIMARY", "T1", "NONE"],
                    ),
                    (0x00089208, 0x00189226),
                ),
                _Enhanced(
                    "inversion time",
                    ladder(rng, 100, 200),
                    lambda v: _group("MRModifierSequence", InversionTimes=[v], InversionRecovery="YES"),
                    (0x00189079, 0x00189115),
                ),
                _Enhanced(
                    "flip angle",
                    ladder(rng, 5, 10),
                    lambda v: _group("MRTimingAndRelatedParametersSequence", FlipAngle=v, RepetitionTime="2000"),
                    (0x00181314, 0x00189112),
                ),
            ]
        )
    wanted = min(len(pool), int(rng.choice([1, 1, 2, 3])))
    return [pool[at] for at in rng.permutation(len(pool))[:wanted]]


def enhanced(seed: int, folder: Path) -> TrueSeries:
    """A series of one enhanced object, of one for each volume, or of the parts of a concatenation."""
    rng = np.random.default_rng([seed, 1])
    modality = str(rng.choice(["CT", "MR", "MR", "MR"]))
    grid = Grid(rng, modality)
    axes = _axes(rng, modality)
    pixels = Pixels(rng, modality)
    truth = TrueSeries(f"enhanced-{seed}", kind=grid.kind, inverted=pixels.inverted, place_mm=grid.place_mm)
    combinations = list(product(*(range(axis.count) for axis in axes)))
    planned = [(k, at) for at in combinations for k in range(grid.count)]
    order = str(rng.choice(["volumes", "slices", "random"]))
    if order == "slices":
        planned.sort(key=lambda frame: frame[0])
    elif order == "random":
        planned = [planned[at] for at in rng.permutation(len(planned))]
    truth.stacks, truth.timepoints = 1, len(combinations)
    layout = _Layout(rng, axes, grid)
    way = "one" if len(combinations) == 1 or rng.random() < 0.7 else "a file for each volume"
    if way == "one" and len(planned) > 5 and rng.random() < 0.15:
        way = "concatenation"
    truth.words = [modality, *grid.words, *pixels.words, *(axis.name for axis in axes), order, way, *layout.words]
    if way == "one":
        parts = [planned]
    elif way == "concatenation":
        cut = sorted(int(at) for at in rng.choice(np.arange(1, len(planned)), 2, replace=False))
        parts = [planned[: cut[0]], planned[cut[0] : cut[1]], planned[cut[1] :]]
    else:
        parts = [[frame for frame in planned if frame[1] == at] for at in combinations]
    names = rng.permutation(len(parts))
    noise = noise_of(rng)
    truth.words.extend(name for name, _ in noise)
    begun = 0
    for number, part in enumerate(parts):
        data = _object(rng, seed, number, modality, layout)
        if way == "concatenation":
            data.ConcatenationUID = uid("concatenation", seed)
            data.InConcatenationNumber, data.InConcatenationTotalNumber = number + 1, len(parts)
            data.ConcatenationFrameOffsetNumber = begun
        name = f"MF{names[number]:03}"
        _fill(data, part, grid, axes, pixels, layout, rng, truth, name)
        save(data, folder / name, pixels.syntax, rng, noise)
        begun += len(part)
    return truth


class _Layout:
    """Which functional groups all frames share, and what is said of dimensions."""

    def __init__(self, rng: Generator, axes: list[_Enhanced], grid: Grid) -> None:
        self.words: list[str] = []
        self.shared = {name: bool(rng.random() < 0.6) for name in ("plane", "measures", "rescale", "type")}
        self.legacy = bool(rng.random() < 0.1)
        self.dimensions = str(rng.choice(["all", "all", "all", "none", "values only", "position only"]))
        self.order = rng.permutation(len(axes) + 2)
        self.stale = bool(rng.random() < 0.2)
        self.stack_id = bool(rng.random() < 0.7)
        self.datetime = bool(rng.random() < 0.4)
        self.acquisition = str(rng.choice(["none", "one", "frame"]))
        self.no_content = bool(rng.random() < 0.05)
        self.words = [
            f"shared {' '.join(name for name, is_shared in self.shared.items() if is_shared)}",
            f"dimensions {self.dimensions}",
            *(["stale position"] if self.stale else []),
            *(["legacy"] if self.legacy else []),
            f"acquisition number {self.acquisition}",
        ]


def _object(rng: Generator, seed: int, number: int, modality: str, layout: _Layout) -> FileDataset:
    data = FileDataset("", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
    data.SOPClassUID = EnhancedCTImageStorage if modality == "CT" else EnhancedMRImageStorage
    if layout.legacy and modality == "MR":
        data.SOPClassUID = LegacyConvertedEnhancedMRImageStorage
    data.SOPInstanceUID = uid("enhanced", seed, number)
    data.Modality = modality
    data.PatientID, data.PatientName = f"E{seed}", f"Enhanced^{seed}"
    data.StudyInstanceUID, data.SeriesInstanceUID = uid("study e", seed), uid("series e", seed)
    data.FrameOfReferenceUID = uid("frame e", seed)
    data.StudyDate, data.SeriesNumber, data.InstanceNumber = "20210302", 3, number + 1
    data.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME" if modality == "CT" else "T1", "NONE"]
    if layout.stale:
        data.ImagePositionPatient, data.ImageOrientationPatient = ["1", "2", "3"], ["0", "1", "0", "0", "0", "1"]
        data.PixelSpacing, data.RescaleSlope, data.RescaleIntercept = ["9", "9"], "7", "77"
    return data


def _fill(
    data: FileDataset,
    part: list[Any],
    grid: Grid,
    axes: list[_Enhanced],
    pixels: Pixels,
    layout: _Layout,
    rng: Generator,
    truth: TrueSeries,
    name: str,
) -> None:
    shared = Dataset()
    groups, planes = [], []
    scale = pixels.scale(rng)
    for index, (k, at) in enumerate(part):
        place = Dataset()
        grid.write(place, k, rng)
        group = Dataset()
        content = Dataset()
        _merge(group, _group("PlanePositionSequence", ImagePositionPatient=place["ImagePositionPatient"].value))
        fixed = {
            "plane": _group("PlaneOrientationSequence", ImageOrientationPatient=place["ImageOrientationPatient"].value),
            "measures": _group(
                "PixelMeasuresSequence",
                PixelSpacing=place["PixelSpacing"].value,
                SliceThickness=decimal(grid.thickness, 4),
            ),
        }
        stored = pixels.random(rng, grid.size)
        if pixels.kind == "slices" and not layout.shared["rescale"]:
            scale = pixels.scale(rng)
        slope, intercept = scale
        if pixels.kind != "none" or layout.stale:
            fixed["rescale"] = _group(
                "PixelValueTransformationSequence",
                RescaleSlope=decimal(slope, 9),
                RescaleIntercept=decimal(intercept, 6),
                RescaleType="HU" if data.Modality == "CT" else "US",
            )
        for which, each in fixed.items():
            _merge(shared if layout.shared[which] else group, each)
        steps = {}
        for axis, step in zip(axes, at, strict=True):
            made = axis.make(axis.values[step])
            if "FrameContentSequence" in made:
                content.update(made.FrameContentSequence[0])
            else:
                _merge(group, made)
            steps[axis.name] = axis.values[step]
        _say_dimensions(data, content, layout, axes, k, at)
        if layout.stack_id:
            content.StackID, content.InStackPositionNumber = "1", k + 1
        if layout.datetime:
            content.FrameAcquisitionDateTime = f"20210302{10 + index // 3600:02}{index // 60 % 60:02}{index % 60:02}.25"
        if layout.acquisition != "none":
            content.FrameAcquisitionNumber = index + 1 if layout.acquisition == "frame" else 1
        if not (layout.no_content and not len(content)):
            group.FrameContentSequence = Sequence([content])
        groups.append(group)
        planes.append(stored)
        values = stored * float(decimal(slope, 9)) + float(decimal(intercept, 6))
        truth.frames[name, index] = TrueFrame(
            grid.positions[k], grid.row, grid.column, grid.spacing, stored, values, steps
        )
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    data.PerFrameFunctionalGroupsSequence = Sequence(groups)
    data.PhotometricInterpretation = "MONOCHROME1" if pixels.inverted else "MONOCHROME2"
    put_pixels(data, np.array(planes), pixels, rng)


def _merge(into: Dataset, group: Dataset) -> None:
    for element in group:
        if element.tag in into:
            into[element.tag].value[0].update(element.value[0])
        else:
            into.add(element)


def _say_dimensions(data: Dataset, content: Dataset, layout: _Layout, axes: list[_Enhanced], k: int, at: Any) -> None:
    """The dimension index of a frame, and once the pointers that say what it counts (PS3.3 C.7.6.17)."""
    if layout.dimensions == "none":
        return
    pointers = [(0x00209056, 0x00209111), (0x00209057, 0x00209111), *(axis.pointer for axis in axes)]
    values = [1, k + 1, *(step + 1 for step in at)]
    if layout.dimensions == "position only":
        pointers, values = pointers[:2], values[:2]
    order = [at for at in layout.order if at < len(pointers)]
    content.DimensionIndexValues = [values[at] for at in order]
    if layout.dimensions == "values only" or "DimensionIndexSequence" in data:
        return
    items = []
    for where in order:
        item = Dataset()
        item.DimensionIndexPointer, item.FunctionalGroupPointer = pointers[where]
        items.append(item)
    data.DimensionIndexSequence = Sequence(items)
