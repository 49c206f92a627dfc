"""Studies and series from headers as they come; stacks are put together when asked for and kept until they change."""

from __future__ import annotations

from dataclasses import dataclass, field

from medview.core.problem import Problem
from medview.core.study import Census, Series, Study, StudyObject
from medview.dicom.copies import Copies, kept_by_path
from medview.dicom.header import InstanceHeader
from medview.dicom.mosaic import MosaicSlice
from medview.dicom.object_kinds import is_study_object
from medview.dicom.scan import ScanBatch
from medview.dicom.series_context import series_context
from medview.dicom.stacks import BuiltStacks, build_stacks, is_localizer


@dataclass(slots=True)
class _SeriesFiles:
    """The objects of one series, and what was made of them."""

    headers: list[InstanceHeader] = field(default_factory=list)
    copies: Copies = field(default_factory=Copies)
    series: Series | None = None
    problems: tuple[Problem, ...] = ()


class Catalog:
    """All that was scanned so far. Main thread only; cheap to ask during a scan."""

    def __init__(self) -> None:
        self._series: dict[str, _SeriesFiles] = {}
        self._paths: set[str] = set()
        self._problems: list[Problem] = []
        self._files_seen = 0
        self._frames_on_disk = 0
        self._without_pixels = 0

    def add(self, batch: ScanBatch) -> set[str]:
        """Take a batch; keys of the series that changed. A file that is already known is not taken twice."""
        touched: set[str] = set()
        self._files_seen += batch.files_seen
        self._problems.extend(batch.problems)
        for header in batch.headers:
            if header.path in self._paths:
                self._files_seen -= 1
                continue
            self._paths.add(header.path)
            key = header.series_key
            files = self._series.get(key)
            if files is None:
                files = self._series[key] = _SeriesFiles()
            taken = header if header.copy_of else files.copies.take(header)  # from another scan perhaps
            if taken is None:
                self._files_seen -= 1
                continue
            files.headers.append(taken)
            files.series = None
            touched.add(key)
            # Counted here, from NumberOfFrames alone, and not from what the stacks hold.
            if header.pixels is None:
                self._without_pixels += 1
            else:
                self._frames_on_disk += header.pixels.frames
        return touched

    def studies(self) -> tuple[Study, ...]:
        """Studies in the order of date, time and UID, their series in the order of number and UID."""
        groups: dict[tuple[str, str, str], list[tuple[InstanceHeader, Series]]] = {}
        for files in self._series.values():
            header = files.headers[0]
            key = (*header.patient_key, header.series.study_uid)
            groups.setdefault(key, []).append((header, self._built(files)))
        _join_nameless(groups)
        studies = []
        for members in groups.values():
            members.sort(key=lambda member: _series_order(member[1]))
            said = min((member[0] for member in members), key=_identity_order).series
            studies.append(
                Study(
                    said.study_uid,
                    said.patient,
                    said.study_date,
                    said.study_time,
                    said.study_description,
                    said.accession,
                    tuple(series for _, series in members),
                )
            )
        studies.sort(key=lambda study: (study.date, study.time, study.study_uid, study.patient.key))
        return tuple(studies)

    def problems(self) -> tuple[Problem, ...]:
        """Faults of files, each with the path; those of the scan first."""
        found = list(self._problems)
        for files in self._series.values():
            self._built(files)
            found.extend(files.problems)
        return tuple(found)

    def census(self) -> Census:
        """Counts of frames on disk (NumberOfFrames of all objects with pixels) and of frames that stacks reach."""
        shown = sum(_frames_of(self._built(files)) for files in self._series.values())
        return Census(self._files_seen, self._frames_on_disk, shown, self._without_pixels)

    def headers(self, series_uid: str) -> tuple[InstanceHeader, ...]:
        """The headers of all objects of a series."""
        return tuple(
            header
            for files in self._series.values()
            if files.headers[0].series.series_uid == series_uid
            for header in files.headers
        )

    def _built(self, files: _SeriesFiles) -> Series:
        if files.series is None:
            headers = kept_by_path(files.headers)
            built = _built_or_problems(headers)
            files.problems = built.problems
            context = series_context(headers)
            files.series = Series(
                headers[0].series.series_uid,
                headers[0].series.series_number,
                context,
                len(headers),
                built.stacks,
                sum(header.pixels is None for header in headers),
                bool(built.stacks) and all(is_localizer(stack) for stack in built.stacks),
                tuple(_study_object(header) for header in headers if is_study_object(header) and not header.copy_of),
            )
        return files.series


def _study_object(header: InstanceHeader) -> StudyObject:
    series = header.series
    return StudyObject(
        header.path,
        header.sop_uid,
        series.sop_class,
        series.series_uid,
        series.modality,
        series.series_description,
        header.instance_number,
        header.frame_count,
        series.series_date,
        series.series_time,
    )


def _built_or_problems(headers: list[InstanceHeader]) -> BuiltStacks:
    """The stacks of a series; a series that defies all of it hides no other one."""
    try:
        return build_stacks(headers)
    except (ValueError, LookupError, ArithmeticError, AssertionError) as reason:
        return BuiltStacks(
            (),
            tuple(
                Problem(
                    header.path,
                    "cannot_arrange",
                    f"{header.path} cannot be shown: its series could not be put together ({reason!r}).",
                    header.frame_count,
                    (repr(reason),),
                )
                for header in headers
                if header.pixels is not None
            ),
        )


def _join_nameless(groups: dict[tuple[str, str, str], list[tuple[InstanceHeader, Series]]]) -> None:
    """Objects without a patient's name (derived ones often) go to the one patient with their ID and study."""
    for patient_id, name, study_uid in list(groups):
        if name or not patient_id:
            continue
        named = [key for key in groups if key[1] and (key[0], key[2]) == (patient_id, study_uid)]
        if len(named) == 1:
            groups[named[0]].extend(groups.pop((patient_id, name, study_uid)))


def _frames_of(series: Series) -> int:
    """Frames on disk that the stacks of a series reach; the slices of a mosaic are one frame."""
    shown = 0
    for stack in series.stacks:
        if isinstance(stack.frames[0], MosaicSlice):
            shown += len({(frame.path, frame.frame) for frame in stack.frames})
        else:
            shown += len(stack.frames)
    return shown


def _identity_order(header: InstanceHeader) -> tuple[bool, str]:
    """Which object speaks for a study: one that names the patient."""
    return (not header.series.patient.name, header.sop_uid)


def _series_order(series: Series) -> tuple[bool, int, str]:
    return (series.number is None, series.number or 0, series.series_uid)
