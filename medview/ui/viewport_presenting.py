"""A viewport under a presentation state that the reader chose: what is drawn otherwise than without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numpy.typing import NDArray

if TYPE_CHECKING:
    import numpy as np

    from medview.app.picture import CutSlice, PaintedLayer
    from medview.core.presentation_state import PresentationState
    from medview.core.window import Voi
    from medview.ui.viewport import ViewportWidget


class ViewportPresenting:
    """Asked by a viewport while it paints; nothing of states is imported until one is chosen."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self._cut: tuple[CutSlice, PresentationState, CutSlice] | None = None

    @property
    def state(self) -> PresentationState | None:
        """The state that the slice shown is drawn by; None where none is chosen or it does not name this image."""
        view = self._widget.state.view
        if view.presentation is None:
            return None
        from medview.app.presented import active_state

        return active_state(view, self._widget.shown)

    @property
    def voi(self) -> Voi | None:
        """The state's window, unless the reader has set another."""
        widget, state = self._widget, self.state
        if state is None or widget.state.view.voi is not None:
            return None
        volume, shown, stack = widget.volume, widget.shown, widget.state.stack
        if volume is None or shown is None or stack is None:
            return None
        from medview.app.presented import voi_of_stack

        return voi_of_stack(state, stack, shown, volume.is_colour)

    @property
    def inverse(self) -> bool | None:
        """Whether the state draws low values white; None where it has no say."""
        state = self.state
        return None if state is None or state.is_colour else state.inverse

    @property
    def palette(self) -> NDArray[np.uint8] | None:
        """Colours of a pseudo-colour state."""
        state = self.state
        return None if state is None else state.palette

    def cut(self) -> CutSlice | None:
        """The shown slice as the picture takes it, with the values that the state makes."""
        widget, state = self._widget, self.state
        cut = widget.cut()
        if cut is None or state is None or state.modality is None:
            return cut
        volume, shown = widget.volume, widget.shown
        if volume is None or shown is None:
            return cut
        if self._cut is None or self._cut[0] is not cut or self._cut[1] is not state:
            from medview.app.presented import presented_cut

            self._cut = (cut, state, presented_cut(state, volume, shown, cut))
        return self._cut[2]

    def layers(self) -> list[PaintedLayer]:
        """The state's shutter, planes and annotations."""
        state, shown = self.state, self._widget.shown
        if state is None or shown is None:
            return []
        from medview.app.presented import PresentationLayer

        return [PresentationLayer(state, shown.sop_uid, shown.frame_in_file)]

    def forget(self) -> None:
        """Another stack is shown."""
        self._cut = None

    def true_size(self) -> None:
        """As large as the patient is, by what the monitor says of its own size."""
        from medview.app import reading
        from medview.core.problem import MedviewError

        try:
            reading.true_size(self._widget.state, self._dots_per_mm())
        except MedviewError as error:
            self._widget.workspace.tell(error.code, error.text, error.values)

    def _dots_per_mm(self) -> float:
        widget = self._widget
        return float(widget.screen().physicalDotsPerInch() * widget.devicePixelRatioF() / 25.4)

    def take_over(self) -> None:
        """Turn, mirror and zoom as a state that was just chosen says."""
        widget = self._widget
        shown, state = widget.shown, widget.state.view.presentation
        if shown is None or state is None:
            return
        from medview.app.presented import view_for_state

        dots = self._dots_per_mm()
        size = (float(max(widget.width(), 1)), float(max(widget.height(), 1)))
        widget.state.update(**view_for_state(state, shown, size, dots))
