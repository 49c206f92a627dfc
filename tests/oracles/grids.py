"""Series whose grid is known: 48 orientations, tilts, time points, enhanced objects, for dcm2niix, tags and resampling."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.phantoms.dicom_series import (
    AXIAL,
    make_enhanced,
    make_series,
    marker_values,
    normal_of,
    positions_along,
    save_series,
    uid,
)

OBLIQUE = (0.8, 0.6, 0.0, 0.0, 0.0, -1.0)
Orientation = tuple[float, float, float, float, float, float]


def signed_permutations() -> list[tuple[str, Orientation, float]]:
    """(name, row and column directions, step along their normal): each voxel axis along each patient axis, both ways."""
    found = []
    for axes in itertools.permutations(range(3)):
        for signs in itertools.product((1.0, -1.0), repeat=3):
            row, column, slices = (sign * np.eye(3)[axis] for axis, sign in zip(axes, signs, strict=True))
            step = 2.5 if float(np.cross(row, column) @ slices) > 0 else -2.5
            name = "".join("LPSRAI"[axis if sign > 0 else axis + 3] for axis, sign in zip(axes, signs, strict=True))
            orientation: Orientation = (*(float(v) for v in row), *(float(v) for v in column))  # type: ignore[assignment]
            found.append((name, orientation, step))
    return found


def turned(seed: int) -> Orientation:
    """Directions turned at random about all axes."""
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    row, column = q[:, 0], q[:, 1]
    return (*(float(v) for v in row), *(float(v) for v in column))  # type: ignore[return-value]


def sheared(orientation: Sequence[float], degrees: float, count: int = 12, step: float = 2.5) -> NDArray[np.float64]:
    """Positions of slices under a tilted gantry: the couch moves along z, the planes lean."""
    positions = positions_along(count, step, orientation=orientation)
    lean = np.arange(count)[:, None] * step * np.tan(np.radians(degrees)) * np.asarray(orientation[3:])
    return np.asarray(positions + lean)


def grid_series(folder: Path, orientations: Sequence[str] | None = None) -> Iterator[tuple[str, Path]]:
    """(name, folder) of every series; each in a folder of its own, file names shuffled."""
    shuffle = np.random.default_rng(0)

    def saved(name: str, datasets: Sequence[object]) -> tuple[str, Path]:
        order = [int(at) for at in shuffle.permutation(len(datasets))]
        return name, save_series(datasets, folder / name, order=order)  # type: ignore[arg-type]

    for name, orientation, step in signed_permutations():
        if orientations is None or name in orientations:
            positions = positions_along(step=step, orientation=orientation)
            yield saved(f"axes-{name}", make_series(positions, orientation, name=name))
    for seed in range(4):
        orientation = turned(seed)
        positions = positions_along(orientation=orientation, step=(-1) ** seed * 2.5)
        yield saved(f"turned-{seed}", make_series(positions, orientation, name=f"turned{seed}"))
    for degrees in (-20, 12):
        yield saved(f"tilt{degrees}", make_series(sheared(AXIAL, degrees), AXIAL, name=f"tilt{degrees}"))
    values = marker_values()
    positions = positions_along()
    times = []
    for time in range(3):
        part = make_series(positions, values=values + 10 * time, name="times")
        for number, data in enumerate(part):
            data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = uid("times", time, number)
            data.InstanceNumber = 12 * time + number + 1
            data.TemporalPositionIdentifier, data.AcquisitionNumber = time + 1, time + 1
            data.AcquisitionTime = f"1011{10 + time}"
        times += part
    yield saved("times", times)
    echoes = []
    for echo in range(2):
        part = make_series(positions, OBLIQUE, values + 100 * echo, name="echoes", modality="MR", intercept=0.0)
        for number, (data, position) in enumerate(zip(part, positions_along(orientation=OBLIQUE), strict=True)):
            data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
            data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = uid("echoes", echo, number)
            data.ImagePositionPatient = [f"{value:.10g}" for value in position]
            data.EchoTime, data.EchoNumbers = str(10 * (echo + 1)), echo + 1
            data.InstanceNumber = 2 * number + echo + 1
            data.ImageType = ["ORIGINAL", "PRIMARY", "M"]
            data.Manufacturer = "SIEMENS"
        echoes += part
    yield saved("echoes", echoes)
    jitter = positions + np.random.default_rng(3).uniform(-4e-3, 4e-3, positions.shape)
    yield saved("jitter", make_series(jitter, name="jitter"))
    for name, shared, orientation in (("enhanced", True, AXIAL), ("enhanced-each", False, OBLIQUE)):
        yield saved(
            name, [make_enhanced(positions_along(orientation=orientation), orientation, shared=shared, name=name)]
        )
    shuffled = [int(at) for at in shuffle.permutation(12)]
    yield saved("enhanced-shuffled", [make_enhanced(order=shuffled, name="shuffled")])


def legacy_converted(folder: Path) -> Path:
    """A series as highdicom's legacy converted enhanced CT object."""
    from highdicom.legacy import LegacyConvertedEnhancedCTImage

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        series = make_series(positions_along(orientation=OBLIQUE), OBLIQUE, name="legacy")
        for data in series:
            for keyword in ("PatientBirthDate", "PatientSex", "StudyID", "AccessionNumber", "ReferringPhysicianName"):
                setattr(data, keyword, "")
            data.PositionReferenceIndicator = ""
            data.Manufacturer = "medview"
            data.ContentDate, data.ContentTime = "20200102", "101112"
            data.AcquisitionDate, data.AcquisitionTime = "20200102", "101112"
            data.FrameOfReferenceUID = uid("frame", "legacy")
        converted = LegacyConvertedEnhancedCTImage(series, uid("legacy converted"), 5, uid("legacy instance"), 1)
        folder.mkdir(parents=True, exist_ok=True)
        converted.save_as(folder / "legacy.dcm")
    return folder


__all__ = ["OBLIQUE", "grid_series", "legacy_converted", "normal_of", "sheared", "signed_permutations", "turned"]
