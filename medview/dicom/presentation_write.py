"""Marks as graphics, and how the images are looked at, as Softcopy Presentation States for greys and for colours (PS3.3 A.33)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from medview import __version__
from medview.core.problem import MedviewError, Note
from medview.core.statement import AXES, Amount, StatedFinding, StatedLook, StatedMark, Statement
from medview.core.study import FrameSource, Stack
from medview.core.window import Voi
from medview.dicom.presentation_look import Images, image_references, set_look
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

_ALONG_AXES = frozenset(unit.value for _name, unit in AXES.values())
_UNITS = {"mm2": "mm²", "[hnsf'U]": "HU", "{pixels}": "px", "1": ""}


OVERLAY_GROUPS = range(0x6000, 0x6020, 2)
_PLANES = "OVERLAYS"
_LEFT_OUT = {
    "colours": "{0} says greys: the colour map on the screen is not part of it.",
    "filters": "{0} says values as they were acquired: the filters on the screen are not part of it.",
    "fusion": "{0} is about one series: the one laid over it on the screen is not part of it.",
}


def write_presentation(
    path: str | os.PathLike[str], statement: Statement, vois: Mapping[FrameSource, Voi] | None = None
) -> tuple[list[str], list[Note]]:
    """Write marks and boxes with their words, and how the reader looks at their images, key images and those on the screen.

    One state for the images of one series and size that are looked at alike, beside ``path`` with a number from the second on.
    ``vois``: windows that neither the reader nor the files say. Returns the paths, and for which images none could be written.
    Raises MedviewError: ``gsps_impossible`` where there is none at all, ``other_patient``, ``cannot_write``.
    """
    target = Path(path)
    told = presented_frames(statement)
    if not told:
        raise impossible(target, "nothing is marked on images, and they are seen as their files say", "gsps_impossible")
    if any(not frame.sop_uid for _stack, frame in told):
        raise impossible(target, "the images are no DICOM", "gsps_impossible")
    check_identity([frame.path for _stack, frame in told], statement.study)
    groups = _groups(statement, told)
    paths: list[str] = []
    refused: list[MedviewError] = []
    left_out: list[Note] = []
    for number, (look, images) in enumerate(groups, 1):
        place = target if number == 1 else target.with_stem(f"{target.stem}-{number}")
        alone = any(other is not images and images.headers.keys() & other.headers.keys() for _look, other in groups)
        make = partial(_make, statement, look, images, vois or {}, alone)
        try:
            save_object(made_or_refused(make, place, "gsps_impossible"), place)
        except MedviewError as error:
            if error.code != "gsps_impossible":
                raise
            refused.append(error)
            continue
        paths.append(str(place))
        left_out += [
            Note(f"gsps_without_{what}", _LEFT_OUT[what].format(place.name), (place.name,)) for what in look.left_out
        ]
    if not paths:
        raise refused[0]
    return paths, [*(Note(error.code, error.text, error.values) for error in refused), *left_out]


def presented_frames(statement: Statement) -> list[tuple[Stack, FrameSource]]:
    """Frames that a state is about, each once: marked ones (not those of rejected findings), key images, those on the screen."""
    found = [(one.stack, one.source) for one in statement.marks if one.source is not None]
    for one in statement.findings:
        if one.verdict != "rejected":
            found += [(one.stack, frame) for _k, frame, _box in one.regions()]
    found += [(one.stack, one.source) for one in statement.keys if one.source is not None]
    for look in statement.looks:
        if look.shown is not None:
            time, k = look.shown
            found.append((look.stack, look.stack.frames[time * look.stack.shape[0] + k]))
    return list({frame: (stack, frame) for stack, frame in reversed(found)}.values())[::-1]


def _groups(statement: Statement, told: Sequence[tuple[Stack, FrameSource]]) -> list[tuple[StatedLook, Images]]:
    """Frames of one series and size each that are looked at alike and whose values are made alike, in the order of the first."""
    headers: dict[str, Any] = {}
    places: dict[str, dict[FrameSource, int]] = {}
    groups: dict[tuple[Any, ...], tuple[StatedLook, list[FrameSource], Stack]] = {}
    for stack, frame in told:
        header = headers[frame.path] = headers.get(frame.path) or source_header(frame.path)
        at = places.setdefault(stack.id, {one: number for number, one in enumerate(stack.frames)})[frame]
        look = statement.look_at(stack, frame)
        values = None if stack.transform.lut is not None else stack.transform.slope_intercept(at)
        seen = (look.rotation, look.flip, look.inverse, look.voi, look.area, look.presented)
        key = (
            header.SeriesInstanceUID,
            header.Rows,
            header.Columns,
            stack.id,
            values,
            *(id(one) for one in seen[4:]),
            seen[:4],
        )
        groups.setdefault(key, (look, [], stack))[1].append(frame)
    made = []
    for look, frames, stack in groups.values():
        at = places[stack.id][frames[0]]
        transform = stack.transform.part(at, at + 1)
        of = {frame.path: headers[frame.path] for frame in frames}
        made.append((look, Images(tuple(frames), of, places[stack.id], transform)))
    return made


def _make(statement: Statement, look: StatedLook, images: Images, vois: Mapping[FrameSource, Voi], alone: bool) -> Any:
    """The state; ``alone``: it is of these frames only, not of others in the same files."""
    import highdicom

    hd: Any = highdicom
    headers, frames = images.headers, frozenset(images.frames)
    for header in headers.values():
        if look.stack.components > 1:
            header.SamplesPerPixel = 3  # of the copy in memory: a palette's numbers are colours too
    layers = [
        hd.pr.GraphicLayer("READER", 1, description="Marks of the reader"),
        hd.pr.GraphicLayer("MODELS", 2, description="Findings of models"),
    ]
    annotations = [
        _annotation(hd, headers[one.source.path], one.source, layers[0], _mark_objects(hd, one), _mark_words(one))
        for one in statement.marks
        if one.source is not None and one.source in frames
    ]
    for found in statement.findings:
        if found.verdict == "rejected":
            continue
        for _k, frame, box in found.regions():
            if frame in frames:
                objects = [_box(hd, found, box)]
                annotations.append(
                    _annotation(hd, headers[frame.path], frame, layers[1], objects, _finding_words(found))
                )
    used = [layer for layer in layers if any(one.GraphicLayer == layer.GraphicLayer for one in annotations)]
    planes = sorted({group for one in headers.values() for group in OVERLAY_GROUPS if (group, 0x0010) in one})
    if planes:
        used.append(hd.pr.GraphicLayer(_PLANES, 3, description="Overlay planes of the images"))
    common = {
        "referenced_images": list(headers.values()),
        "series_instance_uid": hd.UID(),
        "series_number": 2002,
        "sop_instance_uid": hd.UID(),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": MANUFACTURER,
        "software_versions": __version__,
        "device_serial_number": "none",
        "content_label": "MEDVIEW",
        "content_description": "Marks and findings" if annotations else "As seen",
        "content_creator_name": person_name(statement.reader) if statement.reader.strip() else None,
        "graphic_layers": used or None,
        "graphic_annotations": annotations or None,
    }
    if look.stack.components > 1:
        made = hd.pr.ColorSoftcopyPresentationState(**common, icc_profile=_profile_of(headers))
    else:
        # What highdicom would take of the images for itself is said by `set_look`, as it is on the screen.
        window = hd.pr.SoftcopyVOILUTTransformation(window_center=0.0, window_width=1.0)
        line = hd.ModalityLUTTransformation(rescale_intercept=0.0, rescale_slope=1.0, rescale_type="US")
        made = hd.pr.GrayscaleSoftcopyPresentationState(
            **common, voi_lut_transformations=[window], modality_lut_transformation=line
        )
        for keyword in ("SoftcopyVOILUTSequence", "RescaleSlope", "RescaleIntercept", "RescaleType"):
            delattr(made, keyword)
    set_look(made, look, images, vois)
    if alone:
        made.ReferencedSeriesSequence[0].ReferencedImageSequence = image_references(images.frames, headers)
    for group in planes:
        # A plane that a state does not activate is not to be shown under it (PS3.3 C.11.7).
        made.add_new((group, 0x1001), "CS", _PLANES)
    if "Laterality" not in made:
        made.Laterality = ""  # type 2C: nobody knows that the body part has no sides
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SeriesDescription = "medview: marks"
    return made


def _profile_of(headers: Mapping[str, Any]) -> bytes:
    """The ICC profile of the colours: the images' own, else sRGB; said to be that of a device of input (PS3.3 C.11.15)."""
    known = {bytes(header.ICCProfile) for header in headers.values() if header.get("ICCProfile")}
    if len(known) > 1:
        raise ValueError("their colour profiles differ")
    if known:
        profile = bytearray(known.pop())
    else:
        from PIL import ImageCms

        profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    if profile[12:16] == b"mntr":  # the same tables, read in the same way; with its class its checksum changes
        profile[12:16], profile[84:100] = b"scnr", bytes(16)
    return bytes(profile)


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
    if one.unit.value in _ALONG_AXES and one.derivation is not None:
        name = f"{one.name.meaning}, {one.derivation.meaning.lower()}"
    else:
        name = one.derivation.meaning if one.derivation is not None else one.name.meaning
    return f"{name} {one.told} {unit}".strip()


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
