"""Source images without a common place in the patient (radiographs, ultrasound, angiography), as a SEG can refer to them.

PS3.3 A.51 lets a Segmentation do without a Frame of Reference where each of its frames says which frame it was derived from
(C.7.6.16.2.6). highdicom writes none such; so each frame is handed to it as an image at an invented depth, and afterwards what was
invented is taken out and the true references are put in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from medview.core.study import FrameSource
from medview.dicom.written_object import source_header

_DROPPED = (
    "PixelData", "NumberOfFrames", "FrameIncrementPointer", "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence", "DimensionIndexSequence", "DimensionOrganizationSequence",
    "SOPClassUID", "SOPInstanceUID", "FrameOfReferenceUID", "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing",
    "SliceThickness",
)  # fmt: skip
_SINGLE_IMAGE = "1.2.840.10008.5.1.4.1.1.7"
"""Secondary Capture: whatever class the frames are of, what is invented has one frame."""
_IN_STACK_POSITION, _FRAME_CONTENT = 0x00209057, 0x00209111


class FlatSources:
    """``headers``: an invented single image at a depth of its own for each frame, none of which is in a file."""

    def __init__(self, frames: Sequence[FrameSource]) -> None:
        from pydicom.uid import generate_uid

        self._sources: dict[str, tuple[Any, int | None]] = {}
        known = {path: source_header(path) for path in dict.fromkeys(frame.path for frame in frames)}
        space = generate_uid(None)
        self.headers: list[Any] = []
        for k, frame in enumerate(frames):
            header = known[frame.path]
            many = int(header.get("NumberOfFrames") or 1) > 1 or "SharedFunctionalGroupsSequence" in header
            made = _copy_without(header)
            made.SOPClassUID, made.SOPInstanceUID = _SINGLE_IMAGE, generate_uid(None)
            made.FrameOfReferenceUID = space
            made.ImagePositionPatient, made.ImageOrientationPatient = [0, 0, float(k)], [1, 0, 0, 0, 1, 0]
            made.PixelSpacing, made.SliceThickness = [1, 1], 1
            self._sources[made.SOPInstanceUID] = (header, frame.frame + 1 if many else None)
            self.headers.append(made)

    def settle(self, made: Any) -> None:
        """Take what was invented out of the finished object, and let it refer to the images that there are."""
        for keyword in ("FrameOfReferenceUID", "PositionReferenceIndicator"):
            made.pop(keyword, None)
        if "PatientOrientation" not in made:
            made.PatientOrientation = ""  # type 2C without a place in the patient
        shared = made.SharedFunctionalGroupsSequence[0]
        for keyword in ("PlaneOrientationSequence", "PixelMeasuresSequence", "PlanePositionSequence"):
            shared.pop(keyword, None)
        for group in made.PerFrameFunctionalGroupsSequence:
            group.pop("PlanePositionSequence", None)
            content = group.FrameContentSequence[0]
            indices = content.DimensionIndexValues
            at = indices if isinstance(indices, int) else list(indices)[-1]
            content.StackID, content.InStackPositionNumber = "1", int(at)
            for derivation in group.get("DerivationImageSequence", ()):
                for image in derivation.SourceImageSequence:
                    self._refer(image)
        for index in made.DimensionIndexSequence:
            if index.DimensionIndexPointer == 0x00200032:
                index.DimensionIndexPointer = _IN_STACK_POSITION
                index.FunctionalGroupPointer = _FRAME_CONTENT
                index.DimensionDescriptionLabel = "In-Stack Position Number"
        self._refer_once(made)

    def _refer(self, item: Any) -> None:
        known = self._sources.get(item.ReferencedSOPInstanceUID)
        if known is None:
            return
        header, number = known
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
        item.pop("ReferencedFrameNumber", None)
        if number is not None:
            item.ReferencedFrameNumber = number

    def _refer_once(self, made: Any) -> None:
        """The list of all images that are referred to, each once."""
        from pydicom.dataset import Dataset

        for series in made.get("ReferencedSeriesSequence", ()):
            told: dict[str, Any] = {}
            for item in series.ReferencedInstanceSequence:
                header = self._sources[item.ReferencedSOPInstanceUID][0]
                one = Dataset()
                one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = header.SOPClassUID, header.SOPInstanceUID
                told[str(header.SOPInstanceUID)] = one
            series.ReferencedInstanceSequence = list(told.values())


def _copy_without(header: Any) -> Any:
    """The elements themselves, so none of those that are set on the copy may be among them."""
    from pydicom.dataset import Dataset

    made = Dataset()
    for element in header:
        if element.keyword not in _DROPPED and element.tag.group < 0x5000:
            made[element.tag] = element
    return made
