"""What the regions of a viewport say of uptake, in its own series and in one on top."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import TYPE_CHECKING

from medview.app.picture import serial
from medview.app.scales import default_scale, shown_scale
from medview.app.uptakes import ToldUptake, UptakeReader
from medview.core.measurement import REGION_KINDS
from medview.core.registration import IDENTITY, Placement

if TYPE_CHECKING:
    from medview.app.shown_slice import ShownSlice
    from medview.core.measurement import Measurement
    from medview.core.value_scale import ValueScale
    from medview.core.volume import Volume
    from medview.ui.viewport import ViewportWidget


EMITTED = frozenset({"PT", "NM"})
"""Modalities whose peak means anything: of a CT the hottest sphere may lie outside of the region that it was asked for."""


class ViewportUptakes:
    """Asked for each region that is drawn; nothing is counted where there is no SUV."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self.own = UptakeReader()
        self.on_top = UptakeReader()

    @property
    def token(self) -> Hashable:
        """Differs where what regions say may differ for another reason than the picture below."""
        fusion = self._widget.state.view.fusion
        volume = self._widget.fusing.volume if fusion is not None else None
        if fusion is None or volume is None:
            return None
        loaded = None if volume.states is None else volume.states.tobytes()
        return (serial(volume), loaded, fusion.placement)

    def own_scale(self) -> ValueScale | None:
        """The SUV that the viewport tells; None where it tells none."""
        scale = shown_scale(self._widget.state.view)
        return scale if scale is not None and scale.id.startswith("suv_") else None

    def of(self, mark: Measurement, shown: ShownSlice) -> tuple[ToldUptake, ...]:
        """Uptake in a region, of the series itself first. Of a slab nothing: its pixels are many voxels."""
        if mark.kind not in REGION_KINDS or shown.slab is not None:
            return ()
        widget = self._widget
        told: list[ToldUptake] = []
        view, volume, scale = widget.state.view, widget.volume, self.own_scale()
        if scale is not None and volume is not None and view.stack is not None and not volume.is_colour:
            first = view.time * volume.shape[0]
            told += self._told(self.own, mark, shown, volume, scale, first, view.stack.context.modality)
        fusion = view.fusion
        volume = widget.fusing.volume
        if fusion is not None and volume is not None and fusion.visible:
            scale, first = default_scale(fusion.stack), fusion.time * volume.shape[0]
            modality = fusion.stack.context.modality
            told += self._told(
                self.on_top, mark, shown, volume, scale, first, modality, on_top=True, placement=fusion.placement
            )
        return tuple(told)

    @staticmethod
    def _told(
        reader: UptakeReader,
        mark: Measurement,
        shown: ShownSlice,
        volume: Volume,
        scale: ValueScale | None,
        first: int,
        modality: str,
        on_top: bool = False,
        placement: Placement = IDENTITY,
    ) -> list[ToldUptake]:
        if scale is not None and scale.table:
            scale = None  # a number for each stored value: there is no line to put them on
        found = reader.of_region(mark, shown, volume, scale, first, placement)
        if found is None:
            return []
        if modality not in EMITTED:
            found = replace(found, peak=None)
        label = scale.label if scale is not None else ""
        unit = scale.unit if scale is not None else (volume.unit or "")
        return [ToldUptake(modality, label, "" if unit == "stored" else unit, found, on_top)]

    def forget(self) -> None:
        """Another stack is shown."""
        self.own.forget()
        self.on_top.forget()
