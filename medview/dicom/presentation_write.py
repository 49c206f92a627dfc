"""Marks as graphics, and the present window and zoom, as a Grayscale Softcopy Presentation State (PS3.3 A.33.1)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from medview import __version__
from medview.core.problem import MedviewError, Note
from medview.core.statement import Amount, StatedFinding, StatedMark, Statement
from medview.core.study import FrameSource
from medview.dicom.report_write import statement_frames
from medview.dicom.written_object import (
    MANUFACTURER,
    check_identity,
    impossible,
    long_text,
    made_or_refused,
    person_name,
    save_object,
    short_text,
    source_header,
)

_UNITS = {"mm2": "mm²", "[hnsf'U]": "HU", "{pixels}": "px", "1": ""}


OVERLAY_GROUPS = range(0x6000, 0x6020, 2)
_PLANES = "OVERLAYS"


def write_presentation(
    path: str | os.PathLike[str],
    statement: Statement,
    window: tuple[float, float] | None = None,
    area: tuple[float, float, float, float] | None = None,
) -> tuple[list[str], list[Note]]:
    """Write marks and boxes with their words; ``window`` (centre, width) and the part ``area`` (x0, y0, x1, y1) of the image.

    One state for the images of one series and size, beside ``path`` with a number from the second on; ``window`` and ``area``
    belong to the first. Returns the paths, and for which images none could be written. Raises MedviewError:
    ``gsps_impossible`` where there is none at all (colour, not DICOM, nothing marked), ``other_patient``, ``cannot_write``.
    """
    target = Path(path)
    frames = statement_frames(statement)
    if not frames or any(not frame.sop_uid for frame in frames):
        raise impossible(target, "nothing is marked on DICOM images", "gsps_impossible")
    check_identity([frame.path for frame in frames], statement.study)
    annotated = _annotated(statement)
    groups = _by_series([frame for frame in frames if frame in annotated])
    if not groups:
        raise impossible(target, "nothing is marked on images", "gsps_impossible")
    paths: list[str] = []
    refused: list[MedviewError] = []
    for number, group in enumerate(groups, 1):
        place = target if number == 1 else target.with_stem(f"{target.stem}-{number}")
        look = (window, area) if number == 1 else (None, None)
        try:
            save_object(made_or_refused(partial(_make, statement, group, *look), place, "gsps_impossible"), place)
        except MedviewError as error:
            if error.code != "gsps_impossible":
                raise
            refused.append(error)
            continue
        paths.append(str(place))
    if not paths:
        raise refused[0]
    return paths, [Note(error.code, error.text, error.values) for error in refused]


def _annotated(statement: Statement) -> set[FrameSource]:
    """Frames that something is drawn on: marks on cuts and rejected findings are not."""
    found = {one.source for one in statement.marks if one.source is not None}
    for one in statement.findings:
        if one.verdict != "rejected":
            found.update(frame for _k, frame, _box in one.regions())
    return found


def _by_series(frames: Sequence[FrameSource]) -> list[list[FrameSource]]:
    """Frames of one series and size each, in the order of the first ones."""
    kinds: dict[str, tuple[Any, ...]] = {}
    groups: dict[tuple[Any, ...], list[FrameSource]] = {}
    for frame in frames:
        if frame.path not in kinds:
            header = source_header(frame.path)
            kinds[frame.path] = (header.Rows, header.Columns, header.SeriesInstanceUID)
        groups.setdefault(kinds[frame.path], []).append(frame)
    return list(groups.values())


def _complete(header: Any) -> None:
    """Give the copy in memory of a multi-frame image without functional groups (XA, US) those that highdicom asks for."""
    from pydicom.dataset import Dataset

    if "SharedFunctionalGroupsSequence" in header:
        _share_rescale(header)
        return
    if int(header.get("NumberOfFrames") or 1) < 2:
        return

    shared, values, windows = Dataset(), Dataset(), Dataset()
    for keyword in ("RescaleIntercept", "RescaleSlope", "RescaleType"):
        if header.get(keyword) not in {None, ""}:
            setattr(values, keyword, header[keyword].value)
    for keyword in ("WindowCenter", "WindowWidth"):
        if header.get(keyword) is not None:
            setattr(windows, keyword, header[keyword].value)
    if "RescaleSlope" in values and "RescaleIntercept" in values:
        values.RescaleType = values.get("RescaleType") or "US"
        shared.PixelValueTransformationSequence = [values]
    if len(windows) == 2:
        shared.FrameVOILUTSequence = [windows]
    header.SharedFunctionalGroupsSequence = [shared]
    header.PerFrameFunctionalGroupsSequence = [Dataset() for _frame in range(int(header.NumberOfFrames))]


def _share_rescale(header: Any) -> None:
    """What every frame of an enhanced image says by itself of its values is said once, where all say the same (Philips)."""
    keyword = "PixelValueTransformationSequence"
    groups = list(header.get("PerFrameFunctionalGroupsSequence") or ())
    told = [group[keyword].value[0] for group in groups if group.get(keyword)]
    shared = header.SharedFunctionalGroupsSequence[0]
    if keyword in shared or not told or len(told) < len(groups) or any(one != told[0] for one in told):
        return
    setattr(shared, keyword, [told[0]])
    for group in groups:
        delattr(group, keyword)


def _make(
    statement: Statement,
    frames: Sequence[FrameSource],
    window: tuple[float, float] | None,
    area: tuple[float, float, float, float] | None,
) -> Any:
    import highdicom

    hd: Any = highdicom
    headers = {path: source_header(path) for path in dict.fromkeys(frame.path for frame in frames)}
    for header in headers.values():
        _complete(header)
    first = next(iter(headers.values()))
    if first.get("SamplesPerPixel", 1) != 1:
        raise ValueError("they are in colour")
    same = {
        path: one
        for path, one in headers.items()
        if (one.Rows, one.Columns, one.SeriesInstanceUID) == (first.Rows, first.Columns, first.SeriesInstanceUID)
    }
    layers = [
        hd.pr.GraphicLayer("READER", 1, description="Marks of the reader"),
        hd.pr.GraphicLayer("MODELS", 2, description="Findings of models"),
    ]
    annotations = [
        _annotation(hd, same[one.source.path], one.source, layers[0], _mark_objects(hd, one), _mark_words(one))
        for one in statement.marks
        if one.source is not None and one.source.path in same
    ]
    for found in statement.findings:
        if found.verdict == "rejected":
            continue
        for _k, frame, box in found.regions():
            if frame.path in same:
                objects = [_box(hd, found, box)]
                annotations.append(_annotation(hd, same[frame.path], frame, layers[1], objects, _finding_words(found)))
    if not annotations:
        raise ValueError("nothing is marked on images of one series")
    used = [layer for layer in layers if any(one.GraphicLayer == layer.GraphicLayer for one in annotations)]
    planes = sorted({group for one in same.values() for group in OVERLAY_GROUPS if (group, 0x0010) in one})
    if planes:
        used.append(hd.pr.GraphicLayer(_PLANES, 3, description="Overlay planes of the images"))
    voi = None
    if window is not None:
        voi = [hd.pr.SoftcopyVOILUTTransformation(window_center=window[0], window_width=max(1.0, window[1]))]
    made = hd.pr.GrayscaleSoftcopyPresentationState(
        referenced_images=list(same.values()),
        series_instance_uid=hd.UID(),
        series_number=2002,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        manufacturer_model_name=MANUFACTURER,
        software_versions=__version__,
        device_serial_number="none",
        content_label="MEDVIEW",
        content_description="Marks and findings",
        content_creator_name=person_name(statement.reader) if statement.reader.strip() else None,
        graphic_layers=used,
        graphic_annotations=annotations,
        voi_lut_transformations=voi,
    )
    if area is not None:
        _set_area(made, area, int(first.Rows), int(first.Columns))
    for group in planes:
        # A plane that a state does not activate is not to be shown under it (PS3.3 C.11.7).
        made.add_new((group, 0x1001), "CS", _PLANES)
    if "Laterality" not in made:
        made.Laterality = ""  # type 2C: nobody knows that the body part has no sides
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SeriesDescription = "medview: marks"
    return made


def _set_area(made: Any, area: tuple[float, float, float, float], rows: int, columns: int) -> None:
    """The displayed area (PS3.3 C.10.4): pixels are counted from 1."""
    x0, y0, x1, y1 = area
    corner = [max(1, round(x0) + 1), max(1, round(y0) + 1)]
    opposite = [min(columns, round(x1) + 1), min(rows, round(y1) + 1)]
    if opposite[0] <= corner[0] or opposite[1] <= corner[1]:
        return
    for item in made.DisplayedAreaSelectionSequence:
        item.DisplayedAreaTopLeftHandCorner = corner
        item.DisplayedAreaBottomRightHandCorner = opposite


def _annotation(hd: Any, image: Any, frame: FrameSource, layer: Any, objects: list[Any], words: Any) -> Any:
    return hd.pr.GraphicAnnotation(
        referenced_images=[image],
        graphic_layer=layer,
        referenced_frame_number=frame.frame + 1 if "NumberOfFrames" in image else None,
        graphic_objects=objects,
        text_objects=[words(hd)] if words is not None else None,
    )


def _mark_objects(hd: Any, one: StatedMark) -> list[Any]:
    kind = {"CLOSED": "POLYLINE", "TWO_LINES": "POLYLINE"}.get(one.graphic, one.graphic)
    objects = []
    for part in one.parts():
        points = np.array(one.points[part], np.float64) + 0.5  # PS3.3 C.10.5.1.2: 0.5 is the centre of a pixel
        if one.graphic == "CLOSED":
            points = np.vstack([points, points[:1]])
        objects.append(
            hd.pr.GraphicObject(
                graphic_type=hd.pr.GraphicTypeValues(kind),
                graphic_data=points,
                units=hd.pr.AnnotationUnitsValues.PIXEL,
                tracking_id=short_text(f"medview:{one.mark.kind}"),
                tracking_uid=one.tracking_uid,
            )
        )
    return objects


def _box(hd: Any, one: StatedFinding, box: tuple[float, float, float, float]) -> Any:
    x0, y0, x1, y1 = (max(0.0, value + 0.5) for value in box)
    return hd.pr.GraphicObject(
        graphic_type=hd.pr.GraphicTypeValues.POLYLINE,
        graphic_data=np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]),
        units=hd.pr.AnnotationUnitsValues.PIXEL,
        tracking_id=short_text(f"{one.provenance.package_id}/{one.finding.id}"),
        tracking_uid=one.tracking_uid,
    )


def _amount(one: Amount) -> str:
    unit = _UNITS.get(one.unit.value, one.unit.value)
    name = one.derivation.meaning if one.derivation is not None else one.name.meaning
    return f"{name} {one.value:.1f} {unit}".strip()


def _mark_words(one: StatedMark) -> Any:
    text = "\r\n".join(filter(None, [one.words, *(_amount(amount) for amount in one.amounts)]))
    return _text(text, one.points[-1]) if text else None


def _finding_words(one: StatedFinding) -> Any:
    (_k0, y0, x0), _high = one.finding.box_voxel
    made = one.provenance
    text = f"{one.told_label} {one.finding.score:.2f} ({made.package_name or made.package_id} {made.package_version})"
    return _text(text, (max(0.0, x0), max(0.0, y0)))


def _text(text: str, at: tuple[float, float]) -> Any:
    def make(hd: Any) -> Any:
        return hd.pr.TextObject(
            text_value=long_text(text, 1000).replace("\\", "/"),  # highdicom takes a backslash for the end of a value
            units=hd.pr.AnnotationUnitsValues.PIXEL,
            anchor_point=(at[0] + 0.5, at[1] + 0.5),
            anchor_point_visible=False,
        )

    return make
