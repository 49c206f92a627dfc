"""A viewport with a second series on top: its volume, its picture, its value under the pointer, its line to swipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QPointF, Qt
from PySide6.QtGui import QColor, QPen

from medview.app import reading
from medview.app.fusion import Fusion, change_fusion, fuse, step_opacity
from medview.app.fusion_picture import FusionPicture
from medview.app.readout import Readout, read_point
from medview.app.scales import default_scale
from medview.app.tools import Tool
from medview.app.value_bar import Bar
from medview.core.display import FusedSample
from medview.core.problem import MedviewError
from medview.core.registration import placed
from medview.ui.listen import listen
from medview.ui.readout_text import value_words
from medview.ui.text import shown_number
from medview.ui.viewport_colours import bar_of
from medview.ui.viewport_style import ACCENT, TEXT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medview.app.marks import Mark
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace
    from medview.core.study import Stack
    from medview.core.volume import Volume
    from medview.core.window import Voi
    from medview.ui.canvas import Canvas
    from medview.ui.viewport import ViewportWidget
    from medview.ui.viewport_mouse import Drag

translate = QCoreApplication.translate

FUSE_MODIFIERS = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
)
"""Any of these, held while a thumbnail is dropped, lays its series over the one that is shown."""
MODIFIERS = FUSE_MODIFIERS
SWIPE_REACH = 5.0
"""Px beside the swipe's line that take the pointer."""


def fuse_or_say(workspace: Workspace, state: ViewportState, stack_id: str) -> bool:
    """Lay a series over what a viewport shows, or tell why that cannot be; whether it lies there now."""
    workspace.touched = True
    try:
        fuse(state, workspace.studies, stack_id, registered=workspace.registrations.best(state, stack_id))
    except MedviewError as error:
        workspace.tell(error.code, error.text, error.values, "warning")
        return False
    return True


class ViewportFusing:
    """Asked by a viewport while it paints, and told what the hand does; nothing is loaded before something lies on top."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self._picture = FusionPicture()
        self._volume: Volume | None = None
        self._volume_of: tuple[Stack, int] | None = None
        self.error: MedviewError | None = None
        """Why the series on top has no volume."""
        listen(widget, widget.state.changed, self._on_state)
        loader = widget.workspace.loader
        listen(widget, loader.slice_loaded, self._on_loaded)
        listen(widget, loader.failed, self._on_loaded)
        listen(widget, loader.volume_complete, self._on_loaded)

    @property
    def fusion(self) -> Fusion | None:
        """What lies on top."""
        fusion: Fusion | None = self._widget.state.view.fusion
        return fusion

    @property
    def volume(self) -> Volume | None:
        """The volume on top; asking for it starts loading it."""
        fusion = self.fusion
        if fusion is None:
            if self._volume_of is not None:
                self.forget()
            return None
        if self._volume_of != (fusion.stack, fusion.time):
            self.forget()
            self._volume_of = (fusion.stack, fusion.time)
            try:
                self._volume = self._widget.workspace.loader.volume(
                    fusion.stack, fusion.time, fusion.stack.shape[0] // 2
                )
            except MedviewError as error:
                self.error = error
        return self._volume

    def forget(self) -> None:
        """Something else is on top, or nothing: the loader counts who holds a volume."""
        self._volume, self._volume_of, self.error = None, None, None
        self._picture.forget()

    def _on_state(self, what: frozenset[str]) -> None:
        """Time goes on in both series where both have as many time points."""
        fusion, view = self.fusion, self._widget.state.view
        if fusion is None or "time" not in what or view.stack is None:
            return
        if fusion.stack.timepoints == view.stack.timepoints and fusion.time != view.time:
            change_fusion(self._widget.state, time=view.time)

    def _on_loaded(self, stack_id: str, *_what: object) -> None:
        if self.fusion is not None and self.fusion.stack.id == stack_id:
            self._widget.update_soon()

    # ------------------------------------------------------------------ the picture

    @property
    def window(self) -> Voi | None:
        """The window of the series on top."""
        fusion, volume = self.fusion, self.volume
        return None if fusion is None or volume is None else self._picture.window(fusion, volume)

    def _table(self, fusion: Fusion) -> NDArray[np.uint8]:
        """Its colours by value: the highest is always the last of the map, whatever polarity the file wishes."""
        maps = self._widget.workspace.colour_maps
        return (maps.get(fusion.colour_map) or maps.all[0]).table

    def drawn(self) -> FusedSample | None:
        """What is to be laid over the picture."""
        widget, volume = self._widget, self.volume
        if volume is None:
            return None
        fusion, shown = self.fusion, widget.shown
        if fusion is None or shown is None:
            return None
        return self._picture.drawn(fusion, volume, shown, widget.transform, self._table(fusion))

    def bars(self) -> tuple[Bar, ...]:
        """The bar of the series on top."""
        fusion, voi = self.fusion, self.window
        if fusion is None or voi is None or not fusion.visible:
            return ()
        stack = fusion.stack
        return (bar_of(self._table(fusion), voi, False, default_scale(stack), stack.unit, stack.context.modality),)

    def draw(self, canvas: Canvas) -> None:
        """The swipe's line and its handle."""
        x = self._line_x()
        if x is None:
            return
        painter = canvas.painter
        for pen in (QPen(QColor(0, 0, 0, 150), 3), QPen(ACCENT if self._over_line() else TEXT, 1)):
            painter.setPen(pen)
            painter.drawLine(QPointF(x, 0), QPointF(x, canvas.height))
        painter.setBrush(ACCENT)
        painter.setPen(QPen(QColor(0, 0, 0, 150), 1))
        painter.drawEllipse(QPointF(x, canvas.height * 0.82), 6, 6)

    def marks(self) -> list[Mark]:
        """What must be said of it on the picture."""
        fusion = self.fusion
        if fusion is None:
            return []
        from medview.app.marks import Mark

        context = fusion.stack.context
        title = " ".join(part for part in (context.modality, context.description) if part)
        marks = [Mark("fused" if fusion.visible else "fused_hidden", "info", (title,))]
        marks += _place_marks(fusion, title)
        if self.error is not None:
            marks.append(Mark("fused_failed", "danger", (self.error.text,)))
        elif self._volume is not None and not self._volume.is_complete:
            marks.append(Mark("fused_incomplete", "warning"))
        return marks

    # ------------------------------------------------------------------ the value under the pointer

    def readout(self, x: float, y: float) -> Readout | None:
        """What the series on top holds at image (x, y) of the shown slice: of the voxel that the place lies in."""
        fusion, volume, shown = self.fusion, self.volume, self._widget.shown
        if fusion is None or volume is None or shown is None or volume.geometry is None:
            return None
        point = shown.image_to_patient(x, y)
        if point is None:
            return None
        first = fusion.time * volume.shape[0]
        geometry = placed(volume.geometry, fusion.placement)
        return read_point(volume, geometry, point, (x, y), default_scale(fusion.stack), first)

    def words(self) -> str:
        """The value on top at the pointer, with its unit, after the modality that it is of."""
        readout, fusion = self._widget.readout, self.fusion
        if readout is None or fusion is None:
            return ""
        told = self.readout(*readout.image)
        words = "" if told is None or told.state == "outside" else value_words(told)
        return f"{fusion.stack.context.modality} {words}" if words else ""

    # ------------------------------------------------------------------ the hand

    def _line_x(self) -> float | None:
        fusion = self.fusion
        if fusion is None or fusion.mode != "swipe" or not fusion.visible:
            return None
        return fusion.swipe * self._widget.width()

    def _over_line(self) -> bool:
        at = self._widget.mouse.position
        return at is not None and self.takes(at)

    def takes(self, at: QPointF) -> bool:
        """Whether the swipe's line is under the pointer."""
        x = self._line_x()
        return x is not None and abs(at.x() - x) <= SWIPE_REACH

    def drag(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> Drag | None:
        """A drag with the left button that means the series on top: its line, or with Ctrl its window."""
        if self.fusion is None:
            return None
        if self.takes(at):
            return SwipeDrag(self._widget)
        moving = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
        if modifiers & MODIFIERS == moving and self.fusion.visible and self._widget.shown is not None:
            return FusionMoveDrag(self._widget, at)
        windows = self._widget.workspace.tools.tool is Tool.WINDOW and self.fusion.visible
        if modifiers & Qt.KeyboardModifier.ControlModifier and windows and self.window is not None:
            return FusionWindowDrag(self._widget, self.window, at)
        return None

    def wheel(self, notches: float) -> bool:
        """Alt and the wheel: more or less of the series on top; False where there is none."""
        if self.fusion is None:
            return False
        step_opacity(self._widget.state, notches)
        return True


def _place_marks(fusion: Fusion, title: str) -> list[Mark]:
    """Who says where the series on top lies, where that are not its own files."""
    from medview.app.marks import Mark

    marks = []
    known = fusion.registered
    if fusion.unverified:
        marks.append(Mark("fused_unverified", "danger", (title,)))
    elif known is not None and not known.sure:
        marks.append(Mark("fused_unsure", "danger", (title,)))
    elif known is not None:
        marks.append(Mark(f"fused_by_{known.by}", "info" if known.by == "file" else "warning", (known.name,)))
    if known is not None and not known.placement.is_rigid:
        marks.append(Mark("fused_scaled", "warning"))
    if any(fusion.shift_mm):
        marks.append(Mark("fused_shifted", "warning", tuple(shown_number(one, "g") for one in fusion.shift_mm)))
    if any(fusion.turn_deg):
        marks.append(Mark("fused_turned", "warning", tuple(shown_number(one, "g") for one in fusion.turn_deg)))
    return marks


class SwipeDrag:
    """The line follows the pointer."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        fusion = widget.state.view.fusion
        self._before = fusion.swipe if fusion is not None else 0.5

    def move(self, at: QPointF) -> None:
        change_fusion(self._widget.state, swipe=min(1.0, max(0.0, at.x() / max(self._widget.width(), 1))))

    def end(self, at: QPointF) -> None:
        self.move(at)
        self._widget.touch()

    def cancel(self) -> None:
        change_fusion(self._widget.state, swipe=self._before)


class FusionMoveDrag:
    """The series on top follows the hand along the plane that is shown; one step of undo."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        self._widget = widget
        self._start = self._place(at)
        self._fusion = widget.state.view.fusion

    def _place(self, at: QPointF) -> NDArray[np.float64] | None:
        shown = self._widget.shown
        found = (
            None if shown is None else shown.image_to_patient(*self._widget.transform.screen_to_image(at.x(), at.y()))
        )
        return None if found is None else np.asarray(found)

    def move(self, at: QPointF) -> None:
        here, fusion = self._place(at), self._fusion
        if here is None or self._start is None or fusion is None:
            return
        x, y, z = (round(float(one), 1) for one in np.add(fusion.shift_mm, here - self._start))
        change_fusion(self._widget.state, shift_mm=(x, y, z))

    def end(self, at: QPointF) -> None:
        self.move(at)
        fusion, now = self._fusion, self._widget.state.view.fusion
        if fusion is not None and now is not None:
            change_fusion(self._widget.state, shift_mm=fusion.shift_mm)
            self._widget.workspace.registrations.put(self._widget.state, shift_mm=now.shift_mm)
        self._widget.touch()

    def cancel(self) -> None:
        if self._fusion is not None:
            change_fusion(self._widget.state, shift_mm=self._fusion.shift_mm)


class FusionWindowDrag:
    """Right is wider, up is brighter, for the series on top."""

    def __init__(self, widget: ViewportWidget, voi: Voi, at: QPointF) -> None:
        self._widget, self._voi, self._start = widget, voi, at
        fusion = widget.state.view.fusion
        self._before = fusion.voi if fusion is not None else None

    def move(self, at: QPointF) -> None:
        distance = at - self._start
        if distance.manhattanLength() > 0:
            sensitivity = self._widget.workspace.settings.window_sensitivity
            window = reading.window_by_drag(self._voi, distance.x(), -distance.y(), False, sensitivity)
            change_fusion(self._widget.state, voi=window)

    def end(self, at: QPointF) -> None:
        self.move(at)
        self._widget.touch()

    def cancel(self) -> None:
        change_fusion(self._widget.state, voi=self._before)
