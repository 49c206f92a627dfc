"""What other programs say of an object: each check is "" where all is as it was written, else what is not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray

from tests.objects.made import PDF, Objects
from tests.objects.placeless import (
    is_placeless,
    voxels_by_highdicom,
    voxels_by_medview,
    voxels_by_pydicom,
    voxels_differ,
    wanted_voxels,
)

TIME_LIMIT_S = 120
PLACE_MM = 0.01
Points = NDArray[np.float64]

WAIVED = (
    ("rtstruct", "CLOSEDPLANAR_XOR", "PS3.3 C.8.8.6.3 has this way of writing holes since 2013; dciodvfy has not"),
    ("seg-labelmap", "Information Object Not found", "the class is of 2024 (Supplement 243); dciodvfy is older"),
    ("seg-labelmap", "SegmentNumber not monotonically", "number 0, the background, is a segment of label maps alone"),
)
"""(kind, part of the error, reason)."""


def program(name: str) -> str | None:
    """A program by its name, beside this Python or on the path; None where it is not installed."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name)


def said_by(*words: str) -> tuple[int, str]:
    """(exit code, everything that a program says)."""
    done = subprocess.run(words, capture_output=True, check=False, timeout=TIME_LIMIT_S)
    return done.returncode, (done.stdout + done.stderr).decode("latin-1")


# dicom3tools ---------------------------------------------------------------------------------------------------------


def errors_of(path: Path) -> list[str]:
    """What dciodvfy calls an error."""
    _code, said = said_by(str(program("dciodvfy")), "-new", str(path))
    return [line for line in said.splitlines() if line.startswith("Error")]


def by_dciodvfy(kind: str, made: Objects) -> str:
    """No errors but those that the source images have themselves and those that are waived."""
    known = {_of(line) for line in errors_of(Path(made.stack.frames[0].path))}
    found = [line for line in errors_of(made.files[kind]) if _of(line) not in known]
    waived = [part for one, part, _reason in WAIVED if one == kind]
    return "; ".join(line for line in found if not any(part in line for part in waived))


def _of(line: str) -> str:
    """An error without the place inside of the object."""
    return re.sub(r"\[\d+\]", "", line.split(" - ", 2)[-1])


def by_dcentvfy(kind: str, made: Objects) -> str:
    """Patient, study, series and frame of reference are consistent with those of the source images."""
    sources = [frame.path for frame in made.stack.frames[: made.stack.shape[0]]]
    also = [str(made.files["seg-binary"])] if kind == "sr" else []
    before = _inconsistencies([*sources, *also])
    after = _inconsistencies([*sources, *also, str(made.files[kind])])
    return "; ".join(line for line in after if line not in before)


def _inconsistencies(paths: list[str]) -> list[str]:
    _code, said = said_by(str(program("dcentvfy")), *dict.fromkeys(paths))
    return [line for line in said.splitlines() if "Error" in line]


# dcmqi ---------------------------------------------------------------------------------------------------------------


def by_dcmqi(kind: str, made: Objects) -> str:
    """The same voxels, values or numbers at the same place."""
    with tempfile.TemporaryDirectory(prefix="medview-objects-") as name:
        folder = Path(name)
        if kind == "sr":
            return _numbers_differ(_by_tid1500reader(made.files[kind], folder), made)
        if kind == "pm":
            said_by(
                str(program("paramap2itkimage")), "--inputDICOM", str(made.files[kind]), "--outputDirectory", name,
                "-t", "nrrd",
            )  # fmt: skip
            return _values_differ(folder, made)
        code, said = said_by(
            str(program("segimage2itkimage")), "--inputDICOM", str(made.files[kind]), "--outputDirectory", name,
            "--outputType", "nrrd",
        )  # fmt: skip
        found = _points_of_images(folder, by_file=kind != "seg-labelmap")
        if not found:
            errors = [line for line in said.splitlines() if "rror" in line or line.startswith(("E:", "F:"))]
            return f"not read (rc {code}: {'; '.join(errors)[:120]})"
        return points_differ(found, expected_points(made))


def _by_tid1500reader(path: Path, folder: Path) -> dict[str, dict[str, float]]:
    out = folder / "out.json"
    code, said = said_by(str(program("tid1500reader")), "--inputDICOM", str(path), "--outputMetadata", str(out))
    if code or not out.exists():
        return {"": {said[-120:]: 0.0}}
    return {
        group["TrackingUniqueIdentifier"]: {
            item["quantity"]["CodeMeaning"]: float(item["value"])
            for item in group.get("measurementItems", ())
            if "derivationModifier" not in item
        }
        for group in json.loads(out.read_text())["Measurements"]
    }


def _points_of_images(folder: Path, by_file: bool) -> dict[int, Points]:
    """``by_file``: each file holds one segment, whose number its name says."""
    import SimpleITK as sitk

    found: dict[int, Points] = {}
    for path in sorted(folder.glob("*.nrrd")):
        image: Any = sitk.ReadImage(str(path))
        labels = sitk.GetArrayFromImage(image)
        matrix = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
        number = "".join(letter for letter in path.stem if letter.isdigit())
        values = [value for value in np.unique(labels) if value]
        for value in values:
            voxels = np.argwhere(labels == value)[:, ::-1]
            key = int(number) if by_file and number and len(values) == 1 else int(value)
            found[key] = voxels @ matrix.T + np.array(image.GetOrigin())
    return found


def _values_differ(folder: Path, made: Objects) -> str:
    import SimpleITK as sitk

    paths = list(folder.glob("*.nrrd"))
    if len(paths) != 1:
        return "not read"
    image: Any = sitk.ReadImage(str(paths[0]))
    values = sitk.GetArrayFromImage(image).astype(np.float32)
    origin, matrix = np.array(image.GetOrigin()), np.array(image.GetDirection()).reshape(3, 3)
    wanted, geometry = made.statement.maps[0].values, made.stack.geometry
    assert geometry is not None
    first, last = geometry.voxel_to_patient([(0.0, 0, 0), (len(wanted) - 1.0, 0, 0)])
    away = matrix[:, 2] @ (last - first) < 0  # counted from the other end
    if float(np.linalg.norm(origin - (last if away else first))) > PLACE_MM:
        return "at another place"
    wanted = wanted[::-1] if away else wanted
    return "" if np.array_equal(values, wanted, equal_nan=True) else "other values"


# highdicom -----------------------------------------------------------------------------------------------------------


def by_highdicom(kind: str, made: Objects) -> str:
    """Read by highdicom: voxels, values, numbers, references."""
    import highdicom as hd

    path = made.files[kind]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if kind.startswith("seg") and is_placeless(made):
            return voxels_differ(voxels_by_highdicom(kind, made), wanted_voxels(made))
        if kind.startswith("seg"):
            read: Any = hd.seg.segread(path)
            options = {"rescale_fractional": False} if kind == "seg-fractional" else {"combine_segments": True}
            volume = read.get_volume(**options)
            labels = volume.array
            if kind == "seg-fractional":
                parts = enumerate(np.moveaxis(labels, -1, 0), 1)
                labels = np.max([np.where(part > 0, np.uint8(number), np.uint8(0)) for number, part in parts], axis=0)
            affine = np.asarray(volume.affine)
            found = {
                int(value): np.argwhere(labels == value) @ affine[:3, :3].T + affine[:3, 3]
                for value in np.unique(labels)
                if value
            }
            return points_differ(found, expected_points(made))
        if kind == "pm":
            image: Any = hd.imread(path)
            volume = image.get_volume(apply_real_world_transform=True)
            affine = np.asarray(volume.affine)
            places = affine[:3, 3] + np.arange(len(volume.array))[:, None] * affine[:3, 0]
            return _volume_differs(np.asarray(volume.array), places, made)
        if kind == "kos":
            keys: Any = hd.ko.KeyObjectSelectionDocument.from_dataset(pydicom.dcmread(path))
            wanted = [one.source.sop_uid for one in made.statement.keys if one.source is not None]
            named = [item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for item in keys.content.get_references()]
            return "" if named == wanted else f"{len(named)} images instead of {len(wanted)}"
        report: Any = hd.sr.srread(path)
    groups = [*report.content.get_planar_roi_measurement_groups(), *report.content.get_image_measurement_groups()]
    groups += report.content.get_volumetric_roi_measurement_groups()
    numbers = {
        str(group.tracking_uid): {
            item.name.meaning: float(item.value) for item in group.get_measurements() if item.derivation is None
        }
        for group in groups
    }
    return _numbers_differ(numbers, made)


def _volume_differs(values: NDArray[Any], places: Points, made: Objects) -> str:
    """``places``: LPS of the first voxel of each slice."""
    wanted, geometry = made.statement.maps[0].values, made.stack.geometry
    assert geometry is not None
    at = np.round(geometry.patient_to_voxel(places)).astype(int)
    if at[:, 1:].any() or sorted(at[:, 0].tolist()) != list(range(len(wanted))):
        return "at another place"
    same = np.array_equal(values.astype(np.float32), wanted[at[:, 0]], equal_nan=True)
    return "" if same else "other values"


def _numbers_differ(numbers: dict[str, dict[str, float]], made: Objects) -> str:
    wanted = {
        mark.tracking_uid: {one.name.meaning: one.value for one in mark.amounts if one.derivation is None}
        for mark in made.statement.marks
    }
    finding = made.statement.findings[0]
    wanted[finding.tracking_uid] = {
        "Score of the algorithm": finding.finding.score,
        "Diameter": float(finding.finding.size_mm or 0.0),
    }
    for uid, expected in wanted.items():
        if uid not in numbers:
            return f"no group {uid}: {list(numbers)[:3]}"
        for name, value in expected.items():
            told = numbers[uid].get(name)
            if told is None or abs(told - value) > 1e-6 * max(1.0, abs(value)):
                return f"{name}: {told} instead of {value}"
    volumes = sorted(value["Volume"] for value in numbers.values() if "Volume" in value)
    told_volumes = sorted(ml for _label, ml in made.statement.results[0].volumes_ml)
    if not np.allclose(volumes, told_volumes, rtol=1e-6):
        return f"volumes {volumes} instead of {told_volumes}"
    return ""


# Points --------------------------------------------------------------------------------------------------------------


def expected_points(made: Objects) -> dict[int, Points]:
    """Segment number → LPS of its voxels, as they were written."""
    geometry = made.stack.geometry
    segmentation = made.statement.results[0].result.segmentation
    assert geometry is not None
    assert segmentation is not None
    return {
        number: geometry.voxel_to_patient(voxels.astype(float))
        for number, label in enumerate(segmentation.meanings, 1)
        if len(voxels := np.argwhere(segmentation.labels == label.value))
    }


def points_differ(found: dict[int, Points], wanted: dict[int, Points]) -> str:
    """ "" where both hold the same points for each number."""
    if found.keys() != wanted.keys():
        return f"segments {sorted(found)} instead of {sorted(wanted)}"
    for number, points in wanted.items():
        other = found[number]
        if len(other) != len(points):
            return f"segment {number}: {len(other)} voxels instead of {len(points)}"
        apart = float(np.linalg.norm(_ordered(points) - _ordered(other), axis=1).max())
        if apart > PLACE_MM:
            return f"segment {number}: {apart:.3g} mm apart"
    return ""


def _ordered(points: Points) -> Points:
    coarse = np.round(points / 0.05)
    return points[np.lexsort((coarse[:, 0], coarse[:, 1], coarse[:, 2]))]


# pydicom and our own arithmetic --------------------------------------------------------------------------------------


def by_pydicom(kind: str, made: Objects) -> str:
    """Read element by element, without highdicom and without medview's own readers."""
    if kind.startswith("seg") and is_placeless(made):
        return voxels_differ(voxels_by_pydicom(kind, made), wanted_voxels(made))
    data = pydicom.dcmread(made.files[kind])
    if kind.startswith("seg"):
        return points_differ(_points_of_frames(data, kind), expected_points(made))
    if kind == "rtstruct":
        return _contours_differ(data, made)
    if kind == "pm":
        values = np.frombuffer(data.FloatPixelData, "<f4").reshape(-1, data.Rows, data.Columns)
        places = [
            [float(one) for one in group.PlanePositionSequence[0].ImagePositionPatient]
            for group in data.PerFrameFunctionalGroupsSequence
        ]
        assert made.stack.geometry is not None
        at = np.round(made.stack.geometry.patient_to_voxel(np.array(places))).astype(int)[:, 0]
        return "" if np.array_equal(values, made.statement.maps[0].values[at], equal_nan=True) else "other values"
    if kind == "gsps":
        return _graphics_differ(data, made)
    if kind == "kos":
        wanted = {one.source.sop_uid for one in made.statement.keys if one.source is not None}
        named = {
            item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
            for item in data.ContentSequence
            if item.ValueType == "IMAGE"
        }
        return "" if named == wanted else "other images"
    if kind == "sc":
        from medview.app.key_pictures import key_pictures

        picture = key_pictures(made.statement)[0].rgba
        return "" if np.array_equal(data.pixel_array, picture[..., :3]) else "another picture"
    if kind == "pdf":
        return "" if data.EncapsulatedDocument[: data.EncapsulatedDocumentLength] == PDF else "another document"
    text = data.to_json()
    missing = [word for word in ("ab" * 32, *(mark.tracking_uid for mark in made.statement.marks)) if word not in text]
    return f"without {missing}" if missing else ""


def _points_of_frames(data: Any, kind: str) -> dict[int, Points]:
    pixels = data.pixel_array
    pixels = pixels if pixels.ndim == 3 else pixels[None]
    shared = data.SharedFunctionalGroupsSequence[0]
    found: dict[int, list[Points]] = {}
    for plane, group in zip(pixels, data.PerFrameFunctionalGroupsSequence, strict=True):
        position = np.array(_group_item(group, shared, "PlanePositionSequence").ImagePositionPatient, float)
        cosines = np.array(_group_item(group, shared, "PlaneOrientationSequence").ImageOrientationPatient, float)
        down, across = (float(one) for one in _group_item(group, shared, "PixelMeasuresSequence").PixelSpacing)
        if kind == "seg-labelmap":
            parts = {int(value): np.argwhere(plane == value) for value in np.unique(plane) if value}
        else:
            number = _group_item(group, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber
            parts = {int(number): np.argwhere(plane > 0)}
        for number, voxels in parts.items():
            places = position + voxels[:, 1:] * across * cosines[:3] + voxels[:, :1] * down * cosines[3:]
            found.setdefault(number, []).append(places)
    return {number: np.concatenate(places) for number, places in found.items()}


def _group_item(group: Any, shared: Any, name: str) -> Any:
    return (group[name] if name in group else shared[name]).value[0]


def _contours_differ(data: Any, made: Objects) -> str:
    """Voxels whose middle has a winding number that is odd over all outlines of their plane."""
    geometry = made.stack.geometry
    assert geometry is not None
    found: dict[int, Points] = {}
    for structure in data.ROIContourSequence:
        inside = np.zeros(made.stack.shape, int)
        for outline in structure.get("ContourSequence", ()):
            points = np.array(outline.ContourData, float).reshape(-1, 3)
            voxels = geometry.patient_to_voxel(points)
            k = round(float(voxels[:, 0].mean()))
            turns = winding(voxels[:, 1:], made.stack.shape[1:])
            if outline.ContourGeometricType == "CLOSEDPLANAR_XOR":
                inside[k] = (inside[k] != 0) ^ (turns != 0)
            else:
                inside[k] |= turns != 0
        if inside.any():
            found[int(structure.ReferencedROINumber)] = geometry.voxel_to_patient(np.argwhere(inside).astype(float))
    return points_differ(found, expected_points(made))


def winding(outline: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """How often an outline of (row, column) goes round each pixel's middle: its edges that cross the ray to the right, by sign."""
    turns = np.zeros(shape, np.int64)
    columns = np.arange(shape[1])
    for (y0, x0), (y1, x1) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        rows = np.arange(max(0, int(np.ceil(min(y0, y1)))), min(shape[0], int(np.ceil(max(y0, y1)))))
        if not len(rows):
            continue
        crossing = x0 + (rows - y0) * (x1 - x0) / (y1 - y0)
        turns[rows] += np.where(columns[None] < crossing[:, None], 1 if y1 > y0 else -1, 0)
    return turns


def _graphics_differ(data: Any, made: Objects) -> str:
    drawn = [
        np.array(graphic.GraphicData, float).reshape(-1, 2)
        for layer in data.GraphicAnnotationSequence
        for graphic in layer.GraphicObjectSequence
    ]
    for mark in made.statement.marks:
        for part in mark.parts():
            wanted = np.array(mark.points[part]) + 0.5
            if not any(len(one) >= len(wanted) and np.allclose(one[: len(wanted)], wanted, atol=1e-4) for one in drawn):
                return f"no {mark.mark.kind}"
    return ""


# DCMTK ---------------------------------------------------------------------------------------------------------------


def by_dsrdump(kind: str, made: Objects) -> str:
    """DCMTK reads the tree of content without a complaint."""
    code, said = said_by(str(program("dsrdump")), "-Ee", str(made.files[kind]))
    complaints = [line for line in said.splitlines() if line.startswith(("E:", "F:"))]
    return "" if code == 0 and not complaints else "; ".join(complaints)[:120] or f"rc {code}"


# medview itself ------------------------------------------------------------------------------------------------------


def by_medview(kind: str, made: Objects) -> str:
    """What medview reads back is what it wrote."""
    from medview.app.object_inspection import overlay_on
    from medview.dicom.structured_report import read_report

    path = str(made.files[kind])
    if kind.startswith("seg") and is_placeless(made):
        return voxels_differ(voxels_by_medview(kind, made), wanted_voxels(made))
    if kind.startswith("seg") or kind == "rtstruct":
        overlay = overlay_on(path, made.stack)
        segmentation = made.statement.results[0].result.segmentation
        assert segmentation is not None
        geometry = made.stack.geometry
        assert geometry is not None
        names = {label.name: number for number, label in enumerate(segmentation.meanings, 1)}
        found: dict[int, list[Points]] = {}
        for one in overlay.segmentations:
            assert one.geometry is not None
            for label in one.meanings:
                alone = len(one.meanings) == 1
                voxels = np.argwhere(one.labels > 0 if alone else one.labels == label.value).astype(float)
                if len(voxels):
                    places = one.geometry.voxel_to_patient(voxels)
                    # Contours are filled on a grid of their own: each of its points is one voxel of the images.
                    nearest = np.round(geometry.patient_to_voxel(places)) if kind == "rtstruct" else None
                    places = places if nearest is None else geometry.voxel_to_patient(nearest)
                    found.setdefault(names[label.name], []).append(places)
        return points_differ({number: np.concatenate(many) for number, many in found.items()}, expected_points(made))
    if kind == "pm":
        wash = overlay_on(path, made.stack).wash
        if wash is None or wash.volume.geometry is None:
            return "not read"
        return _volume_differs(wash.volume.modality_values(), wash.volume.geometry.origins, made)
    if kind == "kos":
        named = [one.sop_uid for one in read_report(path).references()]
        return "" if named == [one.source.sop_uid for one in made.statement.keys if one.source] else "other images"
    if kind == "sr":
        return _marks_differ(path, made)
    if kind == "gsps":
        from medview.dicom.presentation_state import read_presentation_state

        state = read_presentation_state(path)
        middle = made.stack.frames[made.stack.shape[0] // 2].sop_uid
        return "" if state.applies_to(middle, 0) else "for other images"
    return ""


def _marks_differ(path: str, made: Objects) -> str:
    from types import SimpleNamespace

    from medview.app.image_references import ImageIndex
    from medview.app.report_taking import take_report
    from medview.dicom.structured_report import read_report

    studies = (made.statement.study,)
    workspace: Any = SimpleNamespace(studies=studies)
    taken = take_report(read_report(path), ImageIndex(workspace), studies)
    wanted = {mark.mark.id: mark.mark for mark in made.statement.marks}
    back = {mark.id: mark for mark in taken.marks}
    for name, mark in wanted.items():
        if name not in back or back[name].kind != mark.kind:
            return f"no {mark.kind}"
        if not np.allclose(back[name].points, mark.points, atol=1e-3):
            return f"{mark.kind} at another place"
    boxes = [finding.box_voxel for result in taken.results for finding in result.findings]
    wanted_box = made.statement.findings[0].finding.box_voxel
    return "" if len(boxes) == 1 and np.allclose(boxes[0], wanted_box, atol=1e-3) else f"findings {boxes}"


Check = Callable[[str, Objects], str]
SEGS = ("seg-binary", "seg-fractional", "seg-labelmap")
EVERY = (*SEGS, "rtstruct", "pm", "sr", "kos", "gsps", "sc", "pdf")

READERS: dict[str, tuple[str | None, Check, tuple[str, ...]]] = {
    "dciodvfy": ("dciodvfy", by_dciodvfy, EVERY),
    "dcentvfy": ("dcentvfy", by_dcentvfy, EVERY),
    "dcmqi": ("segimage2itkimage", by_dcmqi, (*SEGS, "pm", "sr")),
    "highdicom": (None, by_highdicom, (*SEGS, "pm", "sr", "kos")),
    "pydicom": (None, by_pydicom, EVERY),
    "DCMTK dsrdump": ("dsrdump", by_dsrdump, ("sr", "kos")),
    "medview": (None, by_medview, (*SEGS, "rtstruct", "pm", "sr", "kos", "gsps")),
}
"""Name → (the program that it needs, what it checks, for which kinds)."""
