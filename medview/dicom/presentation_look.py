"""How images are looked at, put into a presentation state: values, window, polarity, turning and the part that is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.core.presentation_state import DisplayedArea
from medview.core.statement import StatedLook
from medview.core.study import FrameSource
from medview.core.volume import ModalityTransform
from medview.core.window import Voi, VoiLut

_TURN = np.array([[0, -1], [1, 0]])  # a quarter turn clockwise where y grows downwards
_MIRROR = np.array([[-1, 0], [0, 1]])
_LONGEST_LUT = 1 << 16


@dataclass(frozen=True, eq=False)
class Images:
    """Frames of one series and size whose values are made alike, by the same ``transform`` (of one frame).

    ``headers`` by path; ``places``: indices into the frames of their stack.
    """

    frames: tuple[FrameSource, ...]
    headers: Mapping[str, Any]
    places: Mapping[FrameSource, int]
    transform: ModalityTransform


def set_look(made: Any, look: StatedLook, images: Images, vois: Mapping[FrameSource, Voi]) -> None:
    """Say in the state ``made`` how ``images`` are looked at; ``vois`` where the reader chose no window.

    Raises ValueError where a state cannot say it.
    """
    first = next(iter(images.headers.values()))
    _set_area(made, look, int(first.Rows), int(first.Columns))
    if look.rotation % 4 or look.flip:
        made.ImageRotation, made.ImageHorizontalFlip = 90 * (look.rotation % 4), "Y" if look.flip else "N"
    if look.stack.components > 1:
        return
    state = look.presented
    transform = images.transform if state is None or state.modality is None else state.modality
    _set_modality(made, transform, first, look.stack.unit)
    _set_windows(made, look, images, vois)
    _set_polarity(made, look.inverse, None if state is None or look.voi is not None else state.lut)


def _set_area(made: Any, look: StatedLook, rows: int, columns: int) -> None:
    """The displayed area (PS3.3 C.10.4): pixels are counted from 1, the first is the upper left one that is seen."""
    from pydicom.dataset import Dataset

    area = look.area or DisplayedArea({}, (1, 1), (columns, rows))
    seen = np.linalg.matrix_power(_TURN, look.rotation % 4)
    seen = _MIRROR @ seen if look.flip else seen
    # Where on the image the screen's upper left lies: right and down are negative on the screen's own axes.
    right, down = np.linalg.inv(seen) @ (-1, -1) > 0
    (x0, y0), (x1, y1) = area.first, area.last
    item = Dataset()
    item.PixelOriginInterpretation = "VOLUME"
    item.DisplayedAreaTopLeftHandCorner = [x1 if right else x0, y1 if down else y0]
    item.DisplayedAreaBottomRightHandCorner = [x0 if right else x1, y0 if down else y1]
    item.PresentationSizeMode = area.mode
    if look.stack.pixel_spacing is not None and look.stack.spacing_kind not in {"none", "region"}:
        item.PresentationPixelSpacing = [_ds(value) for value in look.stack.pixel_spacing]
    else:
        share = Fraction(look.stack.pixel_aspect).limit_denominator(10_000)
        item.PresentationPixelAspectRatio = [share.numerator, share.denominator]
    if area.mode == "MAGNIFY":
        item.PresentationPixelMagnificationRatio = float(area.magnification)
    made.DisplayedAreaSelectionSequence = [item]


def _set_modality(made: Any, transform: ModalityTransform, header: Any, unit: str | None) -> None:
    """Stored to modality values, as they are on the screen (PS3.3 C.11.1); nothing where they are the same."""
    from pydicom.dataset import Dataset

    if transform.lut is not None:
        item = Dataset()
        _set_lut(item, transform.lut_first, np.asarray(transform.lut))
        item.ModalityLUTType = "HU" if unit == "HU" else "US"
        made.ModalityLUTSequence = [item]
        return
    slope, intercept = transform.slope_intercept(0)
    if (slope, intercept) != (1.0, 0.0) or "RescaleSlope" in header:
        made.RescaleSlope, made.RescaleIntercept = _ds(slope), _ds(intercept)
        made.RescaleType = header.get("RescaleType") or ("HU" if unit == "HU" else "US")


def _set_windows(made: Any, look: StatedLook, images: Images, vois: Mapping[FrameSource, Voi]) -> None:
    """One item for each window, with the images that it is of where there are several."""
    by_voi: dict[Voi, list[FrameSource]] = {}
    for frame in images.frames:
        voi = look.voi or _voi_of(look, frame, images.places[frame], vois)
        if voi is not None:
            by_voi.setdefault(voi, []).append(frame)
    items = []
    for voi, of in by_voi.items():
        item = _window_item(voi)
        if len(by_voi) > 1 or len(of) < len(images.frames):
            item.ReferencedImageSequence = image_references(of, images.headers)
        items.append(item)
    if items:
        made.SoftcopyVOILUTSequence = items


def _voi_of(look: StatedLook, frame: FrameSource, at: int, vois: Mapping[FrameSource, Voi]) -> Voi | None:
    """The window of one frame: of the state that it is shown by, what the caller knows, else the file's first."""
    if look.presented is not None:
        return look.presented.voi_of(frame.sop_uid, frame.frame)
    return vois.get(frame) or next(iter(look.stack.voi_of(at)), None)


def image_references(frames: Sequence[FrameSource], headers: Mapping[str, Any]) -> list[Any]:
    """References to images, of those with several frames to the frames that are meant."""
    from pydicom.dataset import Dataset

    items = []
    for path in dict.fromkeys(frame.path for frame in frames):
        item = Dataset()
        item.ReferencedSOPClassUID = headers[path].SOPClassUID
        item.ReferencedSOPInstanceUID = headers[path].SOPInstanceUID
        count = int(headers[path].get("NumberOfFrames") or 1)
        numbers = sorted({frame.frame + 1 for frame in frames if frame.path == path})
        if "NumberOfFrames" in headers[path] and len(numbers) < count:
            item.ReferencedFrameNumber = numbers
        items.append(item)
    return items


def _window_item(voi: Voi) -> Any:
    from pydicom.dataset import Dataset

    item = Dataset()
    if isinstance(voi, VoiLut):
        if len(voi.entries) > _LONGEST_LUT:
            raise ValueError("a window is described by more values than a table may have")
        lut = Dataset()
        # States have tables of 8 or 16 bits (PS3.3 C.11.8); of 8 they are stored in more than one way.
        _set_lut(lut, voi.first, np.asarray(voi.entries) * (65535 / (2**voi.bits - 1)))
        if voi.name:
            lut.LUTExplanation = voi.name[:64]
        item.VOILUTSequence = [lut]
        return item
    item.WindowCenter, item.WindowWidth = _ds(voi.center), _ds(voi.width)
    if voi.name:
        item.WindowCenterWidthExplanation = voi.name[:64].replace("\\", "/")
    if voi.function != "LINEAR":
        item.VOILUTFunction = voi.function
    return item


def _set_lut(item: Any, first: int, entries: NDArray[Any]) -> None:
    """LUT descriptor and data of 16 bits (PS3.3 C.11.2.1.1): 0 stands for 65,536 entries, the first value has a sign where it needs one."""
    values = [len(entries) % _LONGEST_LUT, first, 16]
    if first < 0:
        values[0] -= _LONGEST_LUT if values[0] > 32767 else 0
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", values)
    item.add_new("LUTData", "OW", np.clip(entries, 0, 65535).round().astype("<u2").tobytes())


def _set_polarity(made: Any, inverse: bool, lut: NDArray[np.float64] | None) -> None:
    """The state alone says what is white, not the photometric interpretation of the images (PS3.3 C.11.6)."""
    from pydicom.dataset import Dataset

    for keyword in ("PresentationLUTShape", "PresentationLUTSequence"):
        made.pop(keyword, None)
    if lut is None:
        made.PresentationLUTShape = "INVERSE" if inverse else "IDENTITY"
        return
    item = Dataset()
    _set_lut(item, 0, (1 - lut if inverse else lut) * 65535)
    made.PresentationLUTSequence = [item]


def _ds(value: float) -> str:
    """A decimal string of at most 16 characters."""
    from pydicom.valuerep import format_number_as_ds

    return format_number_as_ds(float(value))
