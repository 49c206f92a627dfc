"""What a viewport says of the place under the pointer: its value, the series on top, objects of the study."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from medview.app.readout import Readout, read_pixel
from medview.app.scales import scaled, shown_scale
from medview.app.shown_slice import sides_are_known
from medview.ui.explanation_text import explanation_text
from medview.ui.readout_text import overlay_text, readout_text

if TYPE_CHECKING:
    from medview.app.shown_slice import ShownSlice
    from medview.core.volume import Volume
    from medview.ui.viewport import ViewportWidget


class ViewportReadout:
    """Follows the pointer of one viewport."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self.now: Readout | None = None
        self.words = ""
        """What was told last."""

    def tell(self) -> None:
        """Say what is under the pointer, where that has changed."""
        widget = self._widget
        at = widget.mouse.position
        self.now = None
        if at is None and not self.words:
            return  # nothing is told, nor was anything
        volume, shown = widget.volume, widget.shown
        if at is not None and volume is not None and shown is not None:
            x, y = widget.transform.screen_to_image(at.x(), at.y())
            # What is seen in three dimensions lies anywhere along the ray: no value is told for it.
            self.now = Readout("outside", (x, y)) if widget.solid.is_shown else self._read(volume, shown, x, y)
            if widget.state.stack is not None and not sides_are_known(widget.state.stack):
                self.now = replace(self.now, patient=None)
        own = readout_text(self.now, widget.fusing.words())
        words = "    ".join(part for part in (own, self._overlay_words()) if part)
        if words != self.words:
            self.words = words
            widget.readout_changed.emit(words)

    def _overlay_words(self) -> str:
        """What objects of the study say at the pointer."""
        widget = self._widget
        shown, stack = widget.shown, widget.state.stack
        if self.now is None or self.now.state == "outside" or shown is None or stack is None:
            return ""
        workspace = widget.workspace
        if not workspace.ai_visible:
            return ""
        told = workspace.overlays.told_at(stack, shown, *self.now.image)
        explained = workspace.explanations.told_at(stack.id, widget.state.view.time, shown, *self.now.image)
        return overlay_text([*told, *((explanation_text(name), value, unit) for name, value, unit in explained)])

    def _read(self, volume: Volume, shown: ShownSlice, x: float, y: float) -> Readout:
        widget = self._widget
        view = widget.state.view
        scale = shown_scale(view)
        first_frame = view.time * volume.shape[0]
        readout = read_pixel(volume, shown, x, y, widget.failed_slices(), scale, first_frame)
        if not view.measure_filtered or readout.state != "value":
            return readout
        cut = widget.cut()
        row, column = int(np.floor(y + 0.5)), int(np.floor(x + 0.5))
        if cut is None or not cut.filtered or not (0 <= row < shown.shape[0] and 0 <= column < shown.shape[1]):
            return readout
        value = float(cut.shown.values[row, column])
        frame = first_frame + (readout.voxel[0] if readout.voxel is not None else 0)
        told = scaled(scale, value, frame)
        return Readout("value", readout.image, readout.voxel, readout.patient, value, readout.unit, True, told)
