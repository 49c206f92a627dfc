"""Softcopy presentation states read from files (PS3.3 A.33, C.10, C.11)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import Colour
from medview.core.presentation_state import (
    Annotation,
    BitmapPlane,
    DisplayedArea,
    GraphicKind,
    GraphicMark,
    PresentationState,
    Scope,
    Shutter,
    TextMark,
    Units,
)
from medview.core.problem import MedviewError, Note
from medview.core.volume import ModalityTransform
from medview.core.window import Voi, VoiFunction, VoiLut, Window
from medview.dicom.object_values import colour_of_cielab
from medview.files.byte_source import opened_stream

MARK_COLOUR: Colour = (255, 214, 92)
"""Of layers that state none: the colour of a reader's marks."""

_KINDS: dict[str, GraphicKind] = {
    "POINT": "point",
    "POLYLINE": "polyline",
    "INTERPOLATED": "interpolated",
    "CIRCLE": "circle",
    "ELLIPSE": "ellipse",
}
_GROUPS = range(0x6000, 0x6020, 2)
_MODES = ("SCALE TO FIT", "TRUE SIZE", "MAGNIFY")
_COLOUR_CLASS = "1.2.840.10008.5.1.4.1.1.11.2"
_PSEUDO_CLASS = "1.2.840.10008.5.1.4.1.1.11.3"


def read_presentation_state(path: str) -> PresentationState:
    """The state in a file; raises MedviewError where it is damaged or refers to no image."""
    import warnings

    import pydicom

    try:
        with warnings.catch_warnings(), opened_stream(path) as stream:
            warnings.simplefilter("ignore")
            data: Any = pydicom.dcmread(stream, force=True)
            data.decode()
            return _state(path, data)
    except MedviewError:
        raise
    except OSError as error:
        raise MedviewError("cannot_read", f"{path} cannot be read ({error.strerror or error}).", path) from error
    except Exception as error:  # pydicom raises what it likes over damaged values
        text = f"{path} cannot be applied as a presentation state: {error}."
        raise MedviewError("unusable_presentation_state", text, path, values=(str(error),)) from error


def _state(path: str, data: Any) -> PresentationState:
    scope: dict[str, frozenset[int]] = {}
    for series in _items(data, "ReferencedSeriesSequence"):
        scope.update(_scope(_items(series, "ReferencedImageSequence")))
    if not scope:
        raise ValueError("it refers to no image")
    sop_class = str(data.get("SOPClassUID", ""))
    is_colour = sop_class == _COLOUR_CLASS
    notes: list[Note] = []
    layers = {str(item.get("GraphicLayer", "")): item for item in _items(data, "GraphicLayerSequence")}
    planes = dict(_planes(data))
    modality = None if is_colour else _modality(data)
    area_list = tuple(
        one for item in _items(data, "DisplayedAreaSelectionSequence") if (one := _area(item)) is not None
    )
    rotation = int(data.get("ImageRotation", 0) or 0)
    if rotation % 90:
        text = f"The state turns the image by {rotation} degrees; only quarter turns are applied."
        notes.append(Note("rotation_not_applied", text, (str(rotation),)))
        rotation = 0
    lost = _compounds_left_out(data)
    if lost:
        text = (
            f"{lost} compound graphics of the state come without the simple ones that they stand for and are not drawn."
        )
        notes.append(Note("compound_not_drawn", text, (str(lost),)))
    unread = _graphics_left_out(data)
    if unread:
        text = f"{unread} graphics of the state cannot be read and are not drawn."
        notes.append(Note("graphics_left_out", text, (str(unread),)))
    if _items(data, "MaskSubtractionSequence"):
        notes.append(Note("mask_not_subtracted", "The state subtracts a mask; the images are shown without that."))
    shutter = _shutter(data, planes)
    return PresentationState(
        path,
        _text(data, "ContentLabel") or _text(data, "ContentDescription") or _text(data, "SeriesDescription"),
        scope,
        _text(data, "ContentCreatorName").replace("^", " ").strip(),
        modality,
        tuple(_vois(data, modality)),
        str(data.get("PresentationLUTShape", "")).strip().upper() == "INVERSE",
        _presentation_lut(data),
        area_list,
        rotation // 90 % 4,
        str(data.get("ImageHorizontalFlip", "N")).strip().upper() == "Y",
        shutter,
        tuple(_annotations(data, layers)),
        tuple(plane for group, plane in planes.items() if _is_activated(data, group, layers)),
        # A plane of the state takes the place of the image's own in that group (PS3.3 C.11.7).
        frozenset(group for group in _GROUPS if group not in planes and _is_activated(data, group, layers)),
        _palette(data) if sop_class == _PSEUDO_CLASS else None,
        is_colour,
        tuple(notes),
    )


def _items(data: Any, keyword: str) -> list[Any]:
    value = data.get(keyword)
    return list(value) if value is not None else []


def _text(data: Any, keyword: str) -> str:
    return str(data.get(keyword) or "").strip(" \0")


def _numbers(value: Any) -> list[float]:
    if value is None or value == "":
        return []
    many = (
        value
        if isinstance(value, list | tuple) or (hasattr(value, "__iter__") and not isinstance(value, str | bytes))
        else [value]
    )
    return [float(part) for part in many]


def _scope(items: list[Any]) -> Scope:
    found: dict[str, frozenset[int]] = {}
    for item in items:
        name = str(item.get("ReferencedSOPInstanceUID", "")).strip(" \0")
        frames = frozenset(int(number) - 1 for number in _numbers(item.get("ReferencedFrameNumber")))
        if name:
            found[name] = (
                frames if name not in found else (found[name] | frames if found[name] and frames else frozenset())
            )
    return found


# Grey values ---------------------------------------------------------------------------------------------------------


def _modality(data: Any) -> ModalityTransform:
    """The state's own modality transform; without one modality values are stored values (PS3.3 C.11.1)."""
    for item in _items(data, "ModalityLUTSequence"):
        first, entries, _ = _lut(item, signed=True)
        return ModalityTransform(lut=entries.astype(np.float64), lut_first=first)
    slope, intercept = _numbers(data.get("RescaleSlope")), _numbers(data.get("RescaleIntercept"))
    return ModalityTransform(
        np.array([slope[0] if slope and slope[0] else 1.0]), np.array([intercept[0] if intercept else 0.0])
    )


def _lut(item: Any, signed: bool) -> tuple[int, NDArray[np.uint16], int]:
    """(first mapped value, entries, bits) of a LUT item."""
    count, first, bits = (int(value) for value in _numbers(item.get("LUTDescriptor")))
    count = count % 65536 or 65536
    if signed and first > 32767:
        first -= 65536
    value = item.get("LUTData")
    if isinstance(value, bytes):
        raw = value
        entries = np.frombuffer(raw, np.uint8 if len(raw) < 2 * count else "<u2")[:count].astype(np.uint16)
    else:
        entries = np.array(_numbers(value), dtype=np.int64).astype(np.uint16)
        if len(entries) * 2 == count or (len(entries) < count and bits <= 8):
            entries = entries.view(np.uint8).astype(np.uint16)  # 8-bit entries, two to a word
    if len(entries) < count:
        raise ValueError("a LUT holds fewer entries than it announces")
    return first, entries[:count], bits or 16


def _vois(data: Any, modality: ModalityTransform | None) -> Iterator[tuple[Scope, Voi]]:
    signed = modality is not None and (modality.lut is None and modality.slope_intercept(0)[1] < 0)
    for item in _items(data, "SoftcopyVOILUTSequence"):
        scope = _scope(_items(item, "ReferencedImageSequence"))
        for lut in _items(item, "VOILUTSequence")[:1]:
            element = lut["LUTDescriptor"]
            first, entries, bits = _lut(lut, signed=signed or element.VR == "SS")
            yield scope, VoiLut(first, tuple(int(value) for value in entries), bits, _text(lut, "LUTExplanation"))
            break
        else:
            centers, widths = _numbers(item.get("WindowCenter")), _numbers(item.get("WindowWidth"))
            if not centers or not widths or not widths[0] > 0:
                continue
            said = _text(item, "VOILUTFunction").upper()
            function = said if said in {"LINEAR", "LINEAR_EXACT", "SIGMOID"} else "LINEAR"
            if function == "LINEAR" and widths[0] < 1:
                function = "LINEAR_EXACT"
            name = item.get("WindowCenterWidthExplanation")
            words = str(name[0] if isinstance(name, list) or hasattr(name, "append") else name or "")
            yield scope, Window(centers[0], widths[0], cast("VoiFunction", function), words)


def _presentation_lut(data: Any) -> NDArray[np.float64] | None:
    for item in _items(data, "PresentationLUTSequence"):
        _, entries, bits = _lut(item, signed=False)
        return np.asarray(entries / (2**bits - 1))
    return None


def _palette(data: Any) -> NDArray[np.uint8] | None:
    from medview.dicom.palette import palette_of

    palette = palette_of(data, False)
    columns = [table[np.linspace(0, len(table) - 1, 256).round().astype(int)] for table in palette.tables]
    return np.ascontiguousarray(np.stack(columns, axis=1).astype(np.uint8))


# What is shown of the image ------------------------------------------------------------------------------------------


def _area(item: Any) -> DisplayedArea | None:
    first, last = (
        _numbers(item.get("DisplayedAreaTopLeftHandCorner")),
        _numbers(item.get("DisplayedAreaBottomRightHandCorner")),
    )
    if len(first) != 2 or len(last) != 2:
        return None
    mode = _text(item, "PresentationSizeMode").upper()
    spacing = _numbers(item.get("PresentationPixelSpacing"))
    ratio = _numbers(item.get("PresentationPixelMagnificationRatio"))
    # Top left is what lies there after turning and mirroring: of a mirrored image the last column (PS3.3 C.10.4).
    (left, right), (top, bottom) = sorted((int(first[0]), int(last[0]))), sorted((int(first[1]), int(last[1])))
    return DisplayedArea(
        _scope(_items(item, "ReferencedImageSequence")),
        (left, top),
        (right, bottom),
        cast("Any", mode if mode in _MODES else "SCALE TO FIT"),
        (spacing[0], spacing[1]) if len(spacing) == 2 and min(spacing) > 0 else None,
        ratio[0] if ratio and ratio[0] > 0 else 1.0,
    )


def _shutter(data: Any, planes: dict[int, BitmapPlane]) -> Shutter | None:
    shapes = data.get("ShutterShape") or []
    names = {str(one).strip().upper() for one in ([shapes] if isinstance(shapes, str) else shapes)}
    if not names:
        return None
    rectangle = circle = polygon = bitmap = None
    if "RECTANGULAR" in names:
        edges = (
            "ShutterLeftVerticalEdge",
            "ShutterUpperHorizontalEdge",
            "ShutterRightVerticalEdge",
            "ShutterLowerHorizontalEdge",
        )
        values = [_numbers(data.get(edge)) for edge in edges]
        if all(values):
            left, upper, right, lower = (int(value[0]) for value in values)
            rectangle = (left, upper, right, lower)
    if "CIRCULAR" in names:
        center, radius = _numbers(data.get("CenterOfCircularShutter")), _numbers(data.get("RadiusOfCircularShutter"))
        if len(center) == 2 and radius:
            circle = (center[1], center[0], radius[0])
    if "POLYGONAL" in names:
        vertices = _numbers(data.get("VerticesOfThePolygonalShutter"))
        if len(vertices) >= 6 and len(vertices) % 2 == 0:
            polygon = np.array(vertices).reshape(-1, 2)[:, ::-1]
    if "BITMAP" in names:
        bitmap = planes.get(int(data.get("ShutterOverlayGroup", 0) or 0))
    grey = _numbers(data.get("ShutterPresentationValue"))
    return Shutter(rectangle, circle, polygon, bitmap, int(grey[0]) // 257 if grey else 0)


def _planes(data: Any) -> Iterator[tuple[int, BitmapPlane]]:
    for group in _GROUPS:
        bits = data.get((group, 0x3000))
        if bits is None:
            continue
        rows, columns = int(data[group, 0x0010].value), int(data[group, 0x0011].value)
        raw = np.unpackbits(np.frombuffer(bytes(bits.value), np.uint8), bitorder="little")[: rows * columns]
        if len(raw) < rows * columns:
            continue
        origin = data.get((group, 0x0050))
        top, left = (int(value) for value in origin.value) if origin is not None else (1, 1)
        yield group, BitmapPlane(raw.reshape(rows, columns).astype(np.bool_), (top - 1, left - 1), MARK_COLOUR)


def _is_activated(data: Any, group: int, layers: dict[str, Any]) -> bool:
    layer = data.get((group, 0x1001))
    return layer is not None and str(layer.value).strip() in layers


# Annotations -----------------------------------------------------------------------------------------------------------


def _annotations(data: Any, layers: dict[str, Any]) -> Iterator[Annotation]:
    listed = _items(data, "GraphicAnnotationSequence")
    order = {name: int(layer.get("GraphicLayerOrder", 0) or 0) for name, layer in layers.items()}
    listed.sort(key=lambda item: order.get(_text(item, "GraphicLayer"), 0))
    for item in listed:
        marks = tuple(mark for one in _items(item, "GraphicObjectSequence") if (mark := _mark(one)) is not None)
        texts = tuple(_text_mark(one) for one in _items(item, "TextObjectSequence"))
        if marks or texts:
            yield Annotation(
                _scope(_items(item, "ReferencedImageSequence")),
                _layer_colour(layers.get(_text(item, "GraphicLayer"))),
                marks,
                texts,
            )


def _compounds_left_out(data: Any) -> int:
    """Compound graphics without the simple graphics and texts that shall draw the same (PS3.3 C.10.5.2)."""
    left_out = 0
    for item in _items(data, "GraphicAnnotationSequence"):
        simple = [*_items(item, "GraphicObjectSequence"), *_items(item, "TextObjectSequence")]
        drawn = {one.get("CompoundGraphicInstanceID") for one in simple} - {None}
        compounds = _items(item, "CompoundGraphicSequence")
        left_out += sum(one.get("CompoundGraphicInstanceID") not in drawn for one in compounds)
    return left_out


def _graphics_left_out(data: Any) -> int:
    """Graphics of a kind that does not exist, or whose coordinates are none."""
    return sum(
        _mark(one) is None
        for item in _items(data, "GraphicAnnotationSequence")
        for one in _items(item, "GraphicObjectSequence")
    )


def _layer_colour(layer: Any) -> Colour:
    if layer is None:
        return MARK_COLOUR
    lab = _numbers(layer.get("GraphicLayerRecommendedDisplayCIELabValue"))
    if len(lab) == 3:
        return colour_of_cielab(np.array(lab, dtype="<u2").tobytes()) or MARK_COLOUR
    rgb = _numbers(layer.get((0x0070, 0x0067)).value) if layer.get((0x0070, 0x0067)) is not None else []
    if len(rgb) == 3:
        return (int(rgb[0]) >> 8, int(rgb[1]) >> 8, int(rgb[2]) >> 8)
    grey = _numbers(layer.get("GraphicLayerRecommendedDisplayGrayscaleValue"))
    if grey:
        level = int(grey[0]) >> 8
        return (level, level, level)
    return MARK_COLOUR


def _units(value: Any) -> Units:
    return "DISPLAY" if str(value or "").strip().upper() == "DISPLAY" else "PIXEL"


def _mark(item: Any) -> GraphicMark | None:
    kind = _KINDS.get(_text(item, "GraphicType").upper())
    numbers = _numbers(item.get("GraphicData"))
    points = np.array(numbers[: len(numbers) // 2 * 2], dtype=np.float64).reshape(-1, 2)
    least = {"point": 1, "circle": 2, "ellipse": 4}
    if kind is None or len(points) < least.get(kind, 2) or not np.all(np.isfinite(points)):
        return None
    return GraphicMark(
        kind, points, _units(item.get("GraphicAnnotationUnits")), _text(item, "GraphicFilled").upper() == "Y"
    )


def _text_mark(item: Any) -> TextMark:
    anchor = _numbers(item.get("AnchorPoint"))
    first, last = (
        _numbers(item.get("BoundingBoxTopLeftHandCorner")),
        _numbers(item.get("BoundingBoxBottomRightHandCorner")),
    )
    box = (first[0], first[1], last[0], last[1]) if len(first) == len(last) == 2 else None
    return TextMark(
        _text(item, "UnformattedTextValue").replace("\r\n", "\n").replace("\r", "\n"),
        (anchor[0], anchor[1]) if len(anchor) == 2 else None,
        _units(item.get("AnchorPointAnnotationUnits")),
        _text(item, "AnchorPointVisibility").upper() == "Y",
        box,
        _units(item.get("BoundingBoxAnnotationUnits")),
    )
