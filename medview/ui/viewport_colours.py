"""Colours of a viewport: the map of its grey values, the bar that tells them, and the monitor's greys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from medview.app.colour_maps import colours_of, is_turned
from medview.app.reading import set_window, with_function
from medview.app.scales import shown_scale
from medview.app.value_bar import Bar
from medview.core.colour_map import GREY, built_in_map
from medview.core.window import Window
from medview.ui.colour_bar import draw_bars, places_of_bars
from medview.ui.explanation_legend import explanation_bars
from medview.ui.measurement_items import unit_text
from medview.ui.window_box import draw_box_of_window

if TYPE_CHECKING:
    from PySide6.QtCore import QRectF

    from medview.core.value_scale import ValueScale
    from medview.core.window import Voi
    from medview.ui.canvas import Canvas
    from medview.ui.viewport import ViewportWidget


class ViewportColours:
    """Asked by a viewport while it paints."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self.box: QRectF | None = None
        """The box that is being dragged for a window, in screen px."""

    @property
    def shows_bar(self) -> bool:
        """Whether a bar of colours is drawn."""
        return bool(self.bars())

    @property
    def is_sigmoid(self) -> bool:
        """Whether the window bends at its ends."""
        voi = self._widget.voi
        return isinstance(voi, Window) and voi.function == "SIGMOID"

    def toggle_sigmoid(self) -> None:
        """Draw the window as a sigmoid of the same center and width, or straight again (PS3.3 C.11.2.1.3)."""
        voi = self._widget.voi
        if voi is not None:
            set_window(self._widget.state, with_function(voi, "LINEAR" if self.is_sigmoid else "SIGMOID"))

    @property
    def turned(self) -> bool:
        """Whether the map draws low values white."""
        return is_turned(self._widget.state.view)

    @property
    def table(self) -> NDArray[np.uint8] | None:
        """(256, 3) that grey values are drawn through: the reader's choice before a presentation state's; None for greys."""
        view = self._widget.state.view
        if view.colour_map is None and self._widget.presenting.palette is not None:
            return self._widget.presenting.palette
        return colours_of(view, self._widget.workspace.colour_maps)

    @property
    def tone(self) -> NDArray[np.uint8] | None:
        """(256,) what the monitor that it is on is told for each grey; a picture for a file or for paper is never toned."""
        widget = self._widget
        displays = widget.workspace.settings.displays
        if not displays or widget.still:
            return None
        from medview.app.displays import tone_of
        from medview.ui.pattern_window import screen_name

        return tone_of(widget.workspace.settings, screen_name(widget.screen()))

    def bars(self) -> tuple[Bar, ...]:
        """The bars to draw: where there are colours, or where the reader wants one."""
        widget = self._widget
        view, stack, voi = widget.state.view, widget.state.stack, widget.voi
        if stack is None or voi is None or view.show_bar is False:
            return ()
        bars = widget.fusing.bars()
        table = self.table
        if stack.components == 1 and (table is not None or bars or view.show_bar):
            own = table
            if own is None:
                grey = built_in_map(GREY)
                assert grey is not None
                own = grey.table
            bars = (bar_of(own, voi, widget.inverted, shown_scale(view), stack.unit), *bars)
        return bars

    def places(self, canvas: Canvas) -> list[QRectF]:
        """Where the bars lie."""
        count = len(self._drawn())
        return places_of_bars((canvas.width, canvas.height), count) if count else []

    def _drawn(self) -> tuple[Bar, ...]:
        """All bars of the picture that is painted, worked out once for it."""
        moment = self._widget.moment
        if moment is not None and "all bars" in moment:
            found: tuple[Bar, ...] = moment["all bars"]
            return found
        bars = (*self.bars(), *explanation_bars(self._widget))
        if moment is not None:
            moment["all bars"] = bars
        return bars

    def draw(self, canvas: Canvas) -> None:
        """Draw the bars."""
        bars = self._drawn()
        if bars:
            draw_bars(canvas, bars)
        if self.box is not None:
            draw_box_of_window(canvas, self.box)


def bar_of(
    table: NDArray[np.uint8], voi: Voi, inverted: bool, scale: ValueScale | None, unit: str | None, title: str = ""
) -> Bar:
    """A bar in the scale that is told (SUV …), else in the unit of the values."""
    if scale is not None and len(scale.slopes) == 1 and not scale.table:
        slope, intercept = scale.line()
        words = " ".join(part for part in (scale.label, unit_text(scale.unit)) if part)
        return Bar(table, voi, inverted, words, slope, intercept, title)
    return Bar(table, voi, inverted, "" if unit in {None, "stored"} else unit_text(unit or ""), title=title)
