"""Measurements, findings and the reader's decisions as a Comprehensive 3D SR of TID 1500 (PS3.16), which others can read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from medview import __version__
from medview.core.finding import Code, Provenance
from medview.core.statement import (
    ACCEPTED,
    DECISION,
    DIAMETER,
    MAJOR_AXIS,
    MINOR_AXIS,
    ML,
    MM,
    ONE,
    OWN_SCHEME,
    REJECTED,
    SCORE,
    VOLUME,
    Amount,
    StatedFinding,
    StatedMark,
    StatedResult,
    Statement,
    tracking_uid_of,
)
from medview.core.study import FrameSource
from medview.dicom.written_object import (
    MANUFACTURER,
    algorithm_parameters,
    check_identity,
    coded,
    impossible,
    long_text,
    made_or_refused,
    one_line,
    person_name,
    save_object,
    short_text,
    software_versions,
    source_header,
)

MARK_SCHEME = "medview"
"""First word of the tracking identifier of a reader's mark; the kind of the mark is the second, then projection and mm of a slab."""

_CT = Code("77477000", "SCT", "Computed Tomography")
_PROCEDURES = {
    "CT": _CT,
    "MR": Code("113091000", "SCT", "Magnetic Resonance Imaging"),
    "PT": Code("82918005", "SCT", "Positron Emission Tomography"),
    "US": Code("16310003", "SCT", "Ultrasonography"),
    "MG": Code("71651007", "SCT", "Mammography"),
    "CR": Code("168537006", "SCT", "Plain radiography"),
    "DX": Code("168537006", "SCT", "Plain radiography"),
}
_IMAGING = Code("363679005", "SCT", "Imaging procedure")
_FINDING = Code("121071", "DCM", "Finding")
_COMMENT = Code("121106", "DCM", "Comment")


def write_report_object(
    path: str | os.PathLike[str], statement: Statement, segmentations: Mapping[int, str] | None = None
) -> None:
    """Write a statement as SR; UNVERIFIED unless a named reader stands for it.

    ``segmentations``: files of Segmentation objects by index into ``statement.results``; volumes refer to their
    segments and are left out for results without one. Raises MedviewError: ``sr_impossible`` where the images are no
    DICOM or nothing is said about them, ``other_patient`` where the files changed hands, ``cannot_write``.
    """
    target = Path(path)
    if statement.verified and not statement.reader.strip():
        raise impossible(target, "a report is verified by a person with a name", "sr_impossible")
    frames = statement_frames(statement)
    if any(not frame.sop_uid for frame in frames):
        raise impossible(target, "its images are no DICOM", "sr_impossible")
    if not frames and not segmentations:
        raise impossible(target, "there is nothing on its images to report", "sr_impossible")
    paths = [frame.path for frame in frames] + _segmented_paths(statement, segmentations or {})
    check_identity(paths, statement.study)
    save_object(made_or_refused(lambda: _make(statement, paths, segmentations or {}), target, "sr_impossible"), target)


def statement_frames(statement: Statement) -> list[FrameSource]:
    """All frames that marks and findings lie on, each once."""
    return list(dict.fromkeys(_frames(statement)))


def _frames(statement: Statement) -> Iterable[FrameSource]:
    for mark in statement.marks:
        if mark.source is not None:
            yield mark.source
        elif mark.patient_points is not None and mark.stack.frames:
            yield mark.stack.frames[0]  # a mark in the patient still belongs to the images that it was made on
    for found in statement.findings:
        for _k, frame, _box in found.regions():
            yield frame


def _segmented_paths(statement: Statement, segmentations: Mapping[int, str]) -> list[str]:
    return [
        frame.path
        for at in segmentations
        for frame in statement.results[at].stack.frames[: statement.results[at].stack.shape[0]]
    ]


class _Sources:
    """Headers of the images that are referred to, each read once."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.by_path = {path: source_header(path) for path in dict.fromkeys(paths)}

    def image(self, hd: Any, frame: FrameSource) -> Any:
        """A reference to one frame; its number is said for multi-frame files only."""
        source = self.by_path[frame.path]
        numbers = [frame.frame + 1] if "NumberOfFrames" in source else None
        return hd.sr.SourceImageForRegion(str(source.SOPClassUID), str(source.SOPInstanceUID), numbers)


def _make(statement: Statement, paths: Sequence[str], segmentations: Mapping[int, str]) -> Any:
    import highdicom

    hd: Any = highdicom
    sources = _Sources(paths)
    objects = {at: source_header(path) for at, path in segmentations.items()}
    groups = [_mark_group(hd, one, sources) for one in statement.marks]
    groups += [_finding_group(hd, one, sources) for one in statement.findings]
    for at, segmentation in objects.items():
        groups += _volume_groups(hd, statement.results[at], segmentation)
    evidence = [*sources.by_path.values(), *objects.values()]
    first = evidence[0]
    title = Code("126000", "DCM", "Imaging Measurement Report")
    content = hd.sr.MeasurementReport(
        observation_context=_observation(hd, statement),
        procedure_reported=coded(_PROCEDURES.get(str(first.get("Modality", "")), _IMAGING)),
        imaging_measurements=groups,
        title=coded(title),
    )
    verified = statement.verified
    made = hd.sr.Comprehensive3DSR(
        evidence=evidence,
        content=content,
        series_instance_uid=hd.UID(),
        series_number=2000,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer=MANUFACTURER,
        is_complete=verified,
        is_final=verified,
        is_verified=verified,
        verifying_observer_name=person_name(statement.reader) if verified else None,
        verifying_organization="-" if verified else None,
    )
    made.SpecificCharacterSet = "ISO_IR 192"
    made.ManufacturerModelName = MANUFACTURER
    made.SoftwareVersions = software_versions(one.provenance for one in statement.findings)
    made.SeriesDescription = "medview: measurements and findings"
    made.CodingSchemeIdentificationSequence = [_own_scheme()]
    return made


def _own_scheme() -> Any:
    from pydicom.dataset import Dataset

    scheme = Dataset()
    scheme.CodingSchemeDesignator = OWN_SCHEME
    scheme.CodingSchemeName = "medview: decisions and scores"
    scheme.CodingSchemeResponsibleOrganization = MANUFACTURER
    return scheme


def _observation(hd: Any, statement: Statement) -> Any:
    from pydicom.sr.codedict import codes

    device = hd.sr.ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(
            uid=tracking_uid_of(f"medview/{__version__}"),
            name=MANUFACTURER,
            manufacturer_name=MANUFACTURER,
            model_name=short_text(f"medview {__version__}"),
        ),
    )
    person = None
    if statement.reader.strip():
        person = hd.sr.ObserverContext(
            observer_type=codes.DCM.Person,
            observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(
                name=person_name(statement.reader)
            ),
        )
    return hd.sr.ObservationContext(observer_person_context=person, observer_device_context=device)


# Groups --------------------------------------------------------------------------------------------------------------


def _amount(hd: Any, amount: Amount, coordinates: Sequence[Any] = ()) -> Any:
    return hd.sr.Measurement(
        name=coded(amount.name),
        value=amount.value,
        unit=coded(amount.unit),
        derivation=None if amount.derivation is None else coded(amount.derivation),
        referenced_coordinates=coordinates or None,
    )


def _mark_group(hd: Any, stated: StatedMark, sources: _Sources) -> Any:
    identifier = f"{MARK_SCHEME}:{stated.mark.kind}"
    if stated.mark.place.slab_mm > 0:
        identifier += f":{stated.mark.place.projection}:{stated.mark.place.slab_mm:.6g}"
    tracking = hd.sr.TrackingIdentifier(uid=stated.tracking_uid, identifier=identifier)
    is_region = stated.graphic in {"ELLIPSE", "CLOSED"}
    values = {
        "tracking_identifier": tracking,
        "finding_type": coded(_FINDING),
    }
    if is_region:
        group = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            **values,
            referenced_region=_graphics(hd, stated, sources, region=True)[0],
            measurements=[_amount(hd, one) for one in stated.amounts] or None,
        )
    else:
        coordinates = _graphics(hd, stated, sources, region=False)
        amounts = stated.amounts or (Amount(Code("mark", OWN_SCHEME, "Marked place"), 1.0, ONE),)
        group = hd.sr.MeasurementsAndQualitativeEvaluations(
            **values, measurements=[_amount(hd, one, _measured_on(one, coordinates)) for one in amounts]
        )
    return _with_comment(hd, group, stated.words)


def _measured_on(amount: Amount, coordinates: list[Any]) -> list[Any]:
    """Of two axes each number belongs to its own line; an angle to both."""
    if len(coordinates) == 2 and amount.name in {MAJOR_AXIS, MINOR_AXIS}:
        return [coordinates[0 if amount.name == MAJOR_AXIS else 1]]
    return coordinates


def _graphics(hd: Any, stated: StatedMark, sources: _Sources, *, region: bool) -> list[Any]:
    """One graphic for each line; of two axes the longer one first."""
    parts = sorted(stated.parts(), key=lambda part: -_extent(stated, part)) if _has_axes(stated) else stated.parts()
    return [_graphic(hd, stated, part, sources, region=region) for part in parts]


def _has_axes(stated: StatedMark) -> bool:
    return any(one.name == MAJOR_AXIS for one in stated.amounts) and stated.graphic == "TWO_LINES"


def _extent(stated: StatedMark, part: slice) -> float:
    points = stated.patient_points or stated.points
    return float(np.linalg.norm(np.subtract(points[part][1], points[part][0])))


def _graphic(hd: Any, stated: StatedMark, part: slice, sources: _Sources, *, region: bool) -> Any:
    """SCOORD on the marked frame, SCOORD3D for a mark on a cut (PS3.3 C.18.6.1.2: 0.5 is the centre of a pixel)."""
    kind = {"CLOSED": "POLYLINE", "TWO_LINES": "POLYLINE"}.get(stated.graphic, stated.graphic)
    if stated.source is not None:
        points = np.array(stated.points[part], np.float64) + 0.5
        if stated.graphic == "CLOSED":
            points = np.vstack([points, points[:1]])
        make = hd.sr.ImageRegion if region else hd.sr.CoordinatesForMeasurement
        return make(
            graphic_type=hd.sr.GraphicTypeValues(kind),
            graphic_data=points,
            source_image=sources.image(hd, stated.source),
        )
    if stated.patient_points is None or not stated.frame_of_reference:
        raise ValueError("a mark has no place in the patient")
    in_patient = np.array(stated.patient_points[part], np.float64)
    if stated.graphic == "CLOSED":
        kind, in_patient = "POLYGON", np.vstack([in_patient, in_patient[:1]])
    make = hd.sr.ImageRegion3D if region else hd.sr.CoordinatesForMeasurement3D
    return make(
        graphic_type=hd.sr.GraphicTypeValues3D(kind),
        graphic_data=in_patient,
        frame_of_reference_uid=stated.frame_of_reference,
    )


def _algorithm(hd: Any, made: Provenance) -> Any:
    from pydicom.sr.codedict import codes

    return hd.sr.AlgorithmIdentification(
        name=short_text(made.package_name or made.package_id),
        version=short_text(made.package_version) or "unknown",
        parameters=[f"{name}={value}" for name, value in algorithm_parameters(made).items()] or None,
        family=codes.cid7162.ArtificialIntelligence,
        manufacturer=MANUFACTURER,
    )


def _finding_group(hd: Any, stated: StatedFinding, sources: _Sources) -> Any:
    found = stated.finding
    amounts = [Amount(SCORE, found.score, ONE)]
    if found.size_mm is not None:
        amounts.append(Amount(DIAMETER, found.size_mm, MM))
    regions = []
    for _k, frame, (x0, y0, x1, y1) in stated.regions():
        corners = np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)], np.float64) + 0.5
        regions.append(
            hd.sr.ImageRegion(
                graphic_type=hd.sr.GraphicTypeValues.POLYLINE,
                graphic_data=np.clip(corners, 0, None),
                source_image=sources.image(hd, frame),
            )
        )
    values: dict[str, Any] = {
        "tracking_identifier": hd.sr.TrackingIdentifier(
            uid=stated.tracking_uid, identifier=short_text(f"{stated.provenance.package_id}/{found.id}")
        ),
        "finding_type": coded(_FINDING),
        "algorithm_id": _algorithm(hd, stated.provenance),
        "measurements": [_amount(hd, one) for one in amounts],
        "qualitative_evaluations": _decisions(hd, stated) or None,
    }
    if len(regions) == 1:
        group = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(referenced_region=regions[0], **values)
    else:
        group = hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(referenced_regions=regions, **values)
    words = [f"Label: {one_line(stated.told_label)}"]
    if stated.label and stated.label != found.label:
        words.append(f"Label of the model: {one_line(found.label)}")
    if stated.verdict:
        words.append(f"{stated.verdict} by {one_line(stated.reader) or 'an unnamed reader'} at {stated.decided_at}")
    if stated.box_corrected:
        words.append("Box corrected by the reader")
    if stated.note:
        words.append(f"Note: {stated.note}")
    return _with_comment(hd, group, "\n".join(words))


def _decisions(hd: Any, stated: StatedFinding) -> list[Any]:
    decided = {"accepted": ACCEPTED, "rejected": REJECTED}.get(stated.verdict)
    return [] if decided is None else [hd.sr.QualitativeEvaluation(name=coded(DECISION), value=coded(decided))]


def _volume_groups(hd: Any, stated: StatedResult, segmentation: Any) -> list[Any]:
    """A group for each label of a result, which refers to its segment."""
    made = stated.result.provenance
    volumes = dict(stated.volumes_ml)
    labels = () if stated.result.segmentation is None else stated.result.segmentation.meanings
    groups = []
    for number, label in enumerate(labels, start=1):
        if not volumes.get(label.value):
            continue
        described = segmentation.SegmentSequence[number - 1]
        images = [
            hd.sr.SourceImageForSegmentation(str(one.ReferencedSOPClassUID), str(one.ReferencedSOPInstanceUID))
            for one in _segment_images(segmentation)
        ]
        groups.append(
            hd.sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
                tracking_identifier=hd.sr.TrackingIdentifier(
                    uid=str(described.TrackingUID), identifier=str(described.TrackingID)
                ),
                referenced_segment=hd.sr.ReferencedSegment(
                    sop_class_uid=str(segmentation.SOPClassUID),
                    sop_instance_uid=str(segmentation.SOPInstanceUID),
                    segment_number=number,
                    source_images=images,
                ),
                finding_type=coded(label.type) if label.type is not None else coded(_FINDING),
                algorithm_id=_algorithm(hd, made),
                measurements=[_amount(hd, Amount(VOLUME, volumes[label.value], ML))],
            )
        )
        groups[-1] = _with_comment(hd, groups[-1], f"Label: {label.name}")
    return groups


def _segment_images(segmentation: Any) -> list[Any]:
    series = segmentation.get("ReferencedSeriesSequence") or []
    return [one for part in series for one in part.get("ReferencedInstanceSequence") or []]


def _with_comment(hd: Any, group: Any, words: str) -> Any:
    """The group with a comment (TID 1501 row 11) at its end."""
    if words.strip():
        item = hd.sr.TextContentItem(
            name=coded(_COMMENT),
            value=long_text(words, 1000),
            relationship_type=hd.sr.RelationshipTypeValues.CONTAINS,
        )
        group[0].ContentSequence.append(item)
    return group
