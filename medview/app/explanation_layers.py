"""How an explanation lies over the images: the colours of its map by place in the patient, and the bar that explains them."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.app.shown_slice import ShownSlice
from medview.core.cut import Slice, acquired_slice, cut_slice
from medview.core.display import sample_slice
from medview.core.explanation import MapKind, ValueMap
from medview.core.geometry import Geometry
from medview.core.volume import ModalityTransform, Volume
from medview.kernels.lines import blend_where, colour_ramp

ByteArray = NDArray[np.uint8]
FloatArray = NDArray[np.float64]

_DIFFERENCE = ((64, 190, 255), (20, 90, 200), (40, 40, 60), (200, 70, 20), (255, 205, 60))
"""Light blue over dark to light orange: which side it is can be told without red and green."""


@cache
def map_table(kind: MapKind) -> ByteArray:
    """(256, 3) RGB of a map's colours from its lower to its upper value."""
    if kind == "amount":
        return colour_ramp("glow")
    at = np.linspace(0, len(_DIFFERENCE) - 1, 256)
    channels = [np.interp(at, np.arange(len(_DIFFERENCE)), [one[c] for one in _DIFFERENCE]) for c in range(3)]
    return np.ascontiguousarray(np.stack(channels, axis=1).round().astype(np.uint8))


def is_drawn(values: NDArray[Any], threshold: float, kind: MapKind) -> NDArray[np.bool_]:
    """Where a map reaches its threshold."""
    sizes = np.abs(values) if kind == "difference" else values
    return np.asarray(sizes >= threshold)


class ExplanationLayer:
    """One map of an explanation, drawn where it reaches the threshold; whatever cut is shown, by place in the patient."""

    def __init__(self, key: str, found: ValueMap, geometry: Geometry | None, threshold: float, opacity: float) -> None:
        self.key = key
        self.map = found
        self.threshold = threshold
        self.opacity = opacity
        self._volume = Volume(found.values, ModalityTransform(), geometry)
        self._ready: tuple[Hashable, tuple[ByteArray, NDArray[np.bool_]] | None] | None = None

    @property
    def token(self) -> Hashable:
        """Differs where what is drawn differs."""
        return (self.key, self.map.id, self.threshold, self.opacity)

    def with_look(self, threshold: float, opacity: float) -> ExplanationLayer:
        """The same map drawn otherwise."""
        return ExplanationLayer(self.key, self.map, self._volume.geometry, threshold, opacity)

    def cut(self, shown: ShownSlice) -> Slice | None:
        """The map on a slice; None on pictures that are no plane of the volume (turning projections, curved ones)."""
        if shown.plane_kind == "acquired" and shown.k is not None:
            return acquired_slice(self._volume, shown.k) if shown.k < len(self.map.values) else None
        if shown.plane is None or self._volume.geometry is None or shown.plane_kind in {"turning", "solid", "curved"}:
            return None
        return cut_slice(self._volume, shown.plane)

    def draw(self, bgra: ByteArray, shown: ShownSlice, screen_to_image: FloatArray) -> None:
        """Blend the map's colours over the picture (h, w, 4)."""
        if self.opacity <= 0:
            return
        key = (shown.plane_kind, shown.k, shown.plane, screen_to_image.tobytes(), bgra.shape)
        if self._ready is None or self._ready[0] != key:
            # Windowing draws the same again with every move of the mouse.
            self._ready = (key, self._coloured(shown, screen_to_image, (bgra.shape[0], bgra.shape[1])))
        made = self._ready[1]
        if made is not None:
            blend_where(bgra, made[0], made[1], self.opacity)

    def _coloured(
        self, shown: ShownSlice, screen_to_image: FloatArray, size: tuple[int, int]
    ) -> tuple[ByteArray, NDArray[np.bool_]] | None:
        """The map's colours (h, w, 4) BGRA, and where they are drawn; None where they are nowhere."""
        piece = self.cut(shown)
        if piece is None:
            return None
        known = np.isfinite(piece.values) & piece.coverage
        filled = Slice(np.where(known, piece.values, np.float32(0)), known, piece.plane, k=piece.k)
        sample = sample_slice(filled, screen_to_image, size)
        values = sample.values.astype(np.float32, copy=False)
        drawn = sample.coverage & is_drawn(values, self.threshold, self.map.kind)
        if not drawn.any():
            return None
        table = np.full((256, 4), 255, dtype=np.uint8)
        table[:, :3] = map_table(self.map.kind)[:, ::-1]
        scale = np.float32(255 / (self.map.upper - self.map.lower))
        index = np.clip((values - np.float32(self.map.lower)) * scale, 0, 255).astype(np.uint8)
        return table[index], drawn

    def value_at(self, shown: ShownSlice, x: float, y: float) -> float | None:
        """The value of the voxel nearest to image (x, y); None beyond the map and where nothing was asked."""
        point = shown.image_to_patient(x, y)
        geometry = self._volume.geometry
        if shown.plane_kind == "acquired" and shown.k is not None:
            voxel = (shown.k, round(y), round(x))
        elif point is not None and geometry is not None:
            k, j, i = (int(np.floor(at + 0.5)) for at in geometry.patient_to_voxel(point))
            voxel = (k, j, i)
        else:
            return None
        if any(not 0 <= at < size for at, size in zip(voxel, self.map.values.shape, strict=True)):
            return None
        value = float(self.map.values[voxel])
        return value if np.isfinite(value) else None


def bar_picture(found: ValueMap, threshold: float, height: int, width: int) -> ByteArray:
    """(height, width, 3) RGB: the map's colours from its upper value down, black where nothing is drawn."""
    values = np.linspace(found.upper, found.lower, height)
    index = np.clip((values - found.lower) * (255 / (found.upper - found.lower)), 0, 255).astype(np.uint8)
    column = map_table(found.kind)[index].copy()
    column[~is_drawn(values, threshold, found.kind)] = 0
    return np.ascontiguousarray(np.repeat(column[:, None], width, axis=1))
