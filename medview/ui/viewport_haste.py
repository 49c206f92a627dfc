"""While the hand moves a slab or an oblique plane is drawn roughly, and exactly as soon as it rests."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer

from medview.ui.listen import listen

if TYPE_CHECKING:
    from medview.ui.viewport import ViewportWidget

REST_MS = 120
"""The hand rests after that."""
_STEP_S = 0.25
"""Changes that follow one another faster are one movement; a single step is drawn exactly at once."""
PLACE = frozenset({"k", "point", "plane_kind", "time", "axes", "slab", "surface", "zoom", "pan"})


class ViewportHaste:
    """Tells the picture of one viewport whether it has time."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self._last = float("-inf")
        self._rest = QTimer(widget)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.rest)
        direct = widget.picture.direct
        direct.at_once = direct.at_once or widget.still
        listen(widget, direct.ready, self._ready)

    def moved(self, what: frozenset[str]) -> None:
        """Something of the picture's place has changed."""
        if self._widget.still or not what & PLACE:
            return
        now = time.monotonic()
        if now - self._last < _STEP_S:
            self._widget.picture.direct.hurried = True
        self._last = now
        self._rest.start()

    def _ready(self) -> None:
        self._widget.update()

    def rest(self) -> None:
        """The hand rests: what was drawn roughly is drawn exactly."""
        direct = self._widget.picture.direct
        direct.hurried = False
        if direct.is_rough:
            self._widget.update()
