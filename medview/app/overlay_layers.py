"""What objects of a study draw over a picture: label maps on grids of their own, outlines, washes of colour."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.app.picture import PaintedLayer, SegmentationLayer, labels_in_patient
from medview.app.shown_slice import ShownSlice
from medview.core.contours import SAME_PLANE, Line, line_to, lines_of_contours, lines_of_filled
from medview.core.cut import cut_slice
from medview.core.display import OverlayStyle, sample_slice
from medview.core.finding import Segmentation
from medview.core.geometry import Geometry
from medview.core.overlay import ColourWash, StudyOverlay
from medview.core.plane import Plane
from medview.kernels.lines import blend_fill, blend_where, draw_cross, draw_polyline

ByteArray = NDArray[np.uint8]
FloatArray = NDArray[np.float64]

_POINT_PX = 5


class PlacedLabels(SegmentationLayer):
    """A label map on a grid of its own: each pixel shows the voxel nearest to it in the patient, in slices and cuts."""

    def labels_on(self, shown: ShownSlice) -> NDArray[Any] | None:
        """(h, w) labels; None where the slice has no place in the patient."""
        return labels_in_patient(self.segmentation, shown)


@dataclass(frozen=True, eq=False)
class FrameLabelsLayer(SegmentationLayer):
    """Labels of single images without a place in the patient, by the slice of the stack."""

    labels: Mapping[int, NDArray[np.unsignedinteger]] = field(default_factory=dict)

    def labels_on(self, shown: ShownSlice) -> NDArray[Any] | None:
        """(h, w) labels of an acquired slice that the object refers to."""
        return self.labels.get(shown.k) if shown.plane_kind == "acquired" and shown.k is not None else None


@dataclass(frozen=True, eq=False)
class StructureLayer:
    """Contours: as they are on planes that they lie in, elsewhere the outline of what they enclose."""

    key: str
    overlay: StudyOverlay
    style: OverlayStyle
    reach_mm: float
    """Half the distance of the stack's slices: a contour belongs to the slice that it is nearest to."""
    kept: dict[Hashable, dict[int, list[Line]]] = field(default_factory=dict)

    @property
    def token(self) -> Hashable:
        """Differs where what is drawn differs."""
        return (self.key, id(self.overlay), self.style)

    def lines(self, shown: ShownSlice) -> dict[int, list[Line]]:
        """By label: lines on the shown slice, in its pixels."""
        plane = shown.plane
        if plane is None:
            return {}
        if plane not in self.kept:
            if len(self.kept) > 8:
                self.kept.clear()
            self.kept[plane] = self._lines(plane)
        return self.kept[plane]

    def _lines(self, plane: Plane) -> dict[int, list[Line]]:
        lines = lines_of_contours(self.overlay.contours, plane, self.reach_mm)
        across = [one for one in self.overlay.segmentations if not _is_parallel(one, plane)]
        for value, more in lines_of_filled(across, plane).items():
            lines.setdefault(value, []).extend(more)
        return lines

    def draw(self, bgra: ByteArray, shown: ShownSlice, screen_to_image: FloatArray) -> None:
        """Draw the lines, and their fill where the style has any."""
        if not self.style.visible:
            return
        chosen = dict(self.style.colours)
        to_screen = _inverse(screen_to_image)
        lines = self.lines(shown)
        for part in self.overlay.parts:
            value = part.label.value
            if value in self.style.hidden_labels or value not in lines:
                continue
            red, green, blue = chosen.get(value, part.label.colour)
            colour = (blue, green, red)
            on_screen = [(line_to(points, to_screen), closed) for points, closed in lines[value]]
            rings = [points for points, closed in on_screen if closed and len(points) > 2]
            if self.style.opacity > 0 and rings:
                blend_fill(bgra, rings, colour, self.style.opacity)
            for points, closed in on_screen:
                if len(points) == 1:
                    draw_cross(bgra, points[0], colour, 2 * _POINT_PX, 2)
                elif self.style.outline or not closed:
                    draw_polyline(bgra, points, closed, colour, 1 + self.style.outline_width)


def _is_parallel(segmentation: Segmentation, plane: Plane) -> bool:
    geometry = segmentation.geometry
    return geometry is not None and abs(float(geometry.normal @ plane.normal)) > SAME_PLANE


def _inverse(matrix: FloatArray) -> FloatArray:
    linear = np.linalg.inv(matrix[:, :2])
    return np.concatenate([linear, -(linear @ matrix[:, 2])[:, None]], axis=1)


@dataclass(frozen=True, eq=False)
class WashLayer:
    """Values of another grid as colours over the picture."""

    key: str
    wash: ColourWash
    style: OverlayStyle

    @property
    def token(self) -> Hashable:
        """Differs where what is drawn differs."""
        return (self.key, id(self.wash), self.style)

    def draw(self, bgra: ByteArray, shown: ShownSlice, screen_to_image: FloatArray) -> None:
        """Blend the colours of the values, interpolated in the patient, where they reach the threshold."""
        wash = self.wash
        if not self.style.visible or shown.plane is None or self.style.opacity <= 0:
            return
        piece = cut_slice(wash.volume, shown.plane)
        sample = sample_slice(piece, screen_to_image, (bgra.shape[0], bgra.shape[1]))
        values = sample.values.astype(np.float32)
        drawn = sample.coverage & np.isfinite(values) & (values >= wash.threshold)
        if not drawn.any():
            return
        index = np.clip((np.nan_to_num(values) - wash.lower) * (255 / (wash.upper - wash.lower)), 0, 255).astype(
            np.uint8
        )
        layer = np.empty_like(bgra)
        layer[..., :3] = wash.table[:, ::-1][index]
        layer[..., 3] = 255
        blend_where(bgra, layer, drawn, self.style.opacity)


def wash_value(wash: ColourWash, point: FloatArray) -> float | None:
    """The value at an LPS point, of the nearest voxel; None outside of the grid and where there is no number."""
    volume = wash.volume
    voxel = None if volume.geometry is None else _voxel_at(volume.geometry, volume.shape, point)
    if voxel is None:
        return None
    stored = volume.stored[voxel]
    if volume.padding is not None and volume.padding[0] <= stored <= volume.padding[1]:
        return None
    value = float(volume.transform.apply(np.asarray(stored)[None], voxel[0])[0])
    return value if np.isfinite(value) else None


def parts_at(overlay: StudyOverlay, shown: ShownSlice, x: float, y: float, hidden: frozenset[int]) -> list[str]:
    """Names of the visible parts under image (x, y) of the shown slice."""
    found: set[int] = set()
    point = shown.image_to_patient(x, y)
    if point is not None:
        for one in overlay.segmentations:
            voxel = None if one.geometry is None else _voxel_at(one.geometry, one.labels.shape, point)
            if voxel is not None:
                found.add(int(one.labels[voxel]))
    row, column = int(np.floor(y + 0.5)), int(np.floor(x + 0.5))
    if overlay.frame_labels and shown.k is not None and 0 <= row < shown.shape[0] and 0 <= column < shown.shape[1]:
        found |= {int(labels[shown.k][row, column]) for labels in overlay.frame_labels if shown.k in labels}
    shown_values = found - hidden
    return [part.label.name for part in overlay.parts if part.label.value in shown_values]


def _voxel_at(geometry: Geometry, shape: tuple[int, ...], point: FloatArray) -> tuple[int, int, int] | None:
    k, j, i = (int(np.floor(at + 0.5)) for at in geometry.patient_to_voxel(point))
    return (k, j, i) if 0 <= k < shape[0] and 0 <= j < shape[1] and 0 <= i < shape[2] else None


def label_layers(key: str, overlay: StudyOverlay, style: OverlayStyle) -> list[SegmentationLayer]:
    """The label maps of an object, one layer each; outlines are drawn otherwise."""
    if overlay.contours:
        return []
    layers: list[SegmentationLayer] = [
        PlacedLabels(f"{key}#{number}", one, style) for number, one in enumerate(overlay.segmentations)
    ]
    meanings = tuple(part.label for part in overlay.parts)
    for number, labels in enumerate(overlay.frame_labels):
        layers.append(FrameLabelsLayer(f"{key}#{number}", _stands_for(labels, meanings), style, labels))
    return layers


_stand_ins: dict[int, tuple[Mapping[int, NDArray[Any]], Segmentation]] = {}


def _stands_for(labels: Mapping[int, NDArray[np.unsignedinteger]], meanings: tuple[Any, ...]) -> Segmentation:
    """One value to tell a label map by, the same each time."""
    known = _stand_ins.get(id(labels))
    if known is None or known[0] is not labels:
        if len(_stand_ins) > 64:
            _stand_ins.clear()
        known = _stand_ins[id(labels)] = (labels, Segmentation(np.zeros((1, 1, 1), np.uint8), None, meanings))
    return known[1]


def painted_layers(key: str, overlay: StudyOverlay, style: OverlayStyle, reach_mm: float) -> list[PaintedLayer]:
    """What of an object is not a label map: outlines and washes."""
    layers: list[PaintedLayer] = []
    if overlay.contours:
        layers.append(StructureLayer(key, overlay, style, reach_mm))
    if overlay.wash is not None:
        layers.append(WashLayer(key, overlay.wash, style))
    return layers
