"""A viewport of the window: draws its state, forwards mouse and keys to the reading actions, decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from medview.app import reading
from medview.app.breast import align_together
from medview.app.measurements import place_of, same_slice
from medview.app.measuring import Measured
from medview.app.opening import find_stack
from medview.app.over_images import labels_over, painted_over
from medview.app.picture import CutSlice, ViewportPicture, nearest_k, values_window
from medview.app.presets import Preset
from medview.app.readout import Readout
from medview.app.scales import suv_scale
from medview.app.shown_slice import ShownSlice
from medview.app.tools import Tool
from medview.app.view_transform import ViewTransform
from medview.app.viewport_state import ViewportState
from medview.core.display import percentile_window
from medview.core.measurement import Measurement, MeasurementPlace
from medview.core.problem import MedviewError
from medview.core.volume import SliceState, Volume
from medview.core.window import Voi
from medview.ui.box_grips import BoxGrips
from medview.ui.listen import listen
from medview.ui.once import once_a_picture
from medview.ui.series_panel import STACK_MIME
from medview.ui.viewport_brush import ViewportBrushing
from medview.ui.viewport_colours import ViewportColours
from medview.ui.viewport_crosshair import ViewportCrosshair
from medview.ui.viewport_fusing import FUSE_MODIFIERS, ViewportFusing, fuse_or_say
from medview.ui.viewport_haste import ViewportHaste
from medview.ui.viewport_keys import is_own_key, press_key
from medview.ui.viewport_marking import ViewportMarking
from medview.ui.viewport_mouse import ViewportMouse
from medview.ui.viewport_painting import ViewportPainting
from medview.ui.viewport_presenting import ViewportPresenting
from medview.ui.viewport_prompting import ViewportPrompting
from medview.ui.viewport_readout import ViewportReadout
from medview.ui.viewport_solid import ViewportSolid
from medview.ui.viewport_touch import ViewportTouch
from medview.ui.viewport_uptakes import ViewportUptakes

if TYPE_CHECKING:
    from medview.app.picture import PaintedLayer, SegmentationLayer
    from medview.app.workspace import Workspace
    from medview.core.cut import Slice
    from medview.core.display import SampledSlice
    from medview.core.finding import Finding, InferenceResult
    from medview.core.graphics import FrameGraphics
    from medview.formats.colour_profile import ColourProfile
    from medview.ui.viewport_magnifier import MagnifierDrag

translate = QCoreApplication.translate

_FAILED = bytes([SliceState.FAILED])
_SHORTCUT = QEvent.Type.ShortcutOverride
_SETTLE_MS = 60
"""While slices arrive, cuts through all of them and the slider are drawn anew this often at most."""


class ViewportWidget(QWidget):
    """Paints one `ViewportState`. All work is done in the paint event, so that changes of one turn cost one picture."""

    activated = Signal()
    context_requested = Signal(QPoint)
    """A short right click; global position."""
    fingers: ViewportTouch | None = None
    """None while the widget is being made: Qt tells it of its children before."""
    still = False
    free_text = True
    """Whether it is painted for a file or for paper: without what belongs to the hand."""
    full_screen_asked = Signal()
    readout_changed = Signal(str)
    """What is under the pointer, in words; "" where nothing is."""
    painted = Signal(str, int)
    """A loaded slice of the stack with this id was painted; its index."""

    def __init__(self, workspace: Workspace, state: ViewportState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.state = state
        self.picture = ViewportPicture(workspace.jobs)
        self.crosshair = ViewportCrosshair(self)
        self.mouse = ViewportMouse(self)
        self.fingers = ViewportTouch(self)
        self.haste = ViewportHaste(self)
        self.marking = ViewportMarking(self)
        self.presenting = ViewportPresenting(self)
        self.fusing = ViewportFusing(self)
        self.colours = ViewportColours(self)
        self.uptakes = ViewportUptakes(self)
        self.brushing = ViewportBrushing(self)
        self.grips = BoxGrips(self)
        self.prompting = ViewportPrompting(self)
        self.solid = ViewportSolid(self)
        self.told = ViewportReadout(self)
        self.selected_mark: str | None = None
        self.draft: Measurement | None = None
        self.magnifier: MagnifierDrag | None = None
        self.drop_hovers = False
        self.moment: dict[str, Any] | None = None
        self._painting = ViewportPainting(self)
        self._volume: Volume | None = None
        self._volume_of: tuple[object, int] | None = None
        self._transform: ViewTransform | None = None
        self._transform_key: object = None
        self._shown: ShownSlice | None = None
        self._shown_valid = False
        self.volume_error: MedviewError | None = None
        """Why there is no volume at all (no memory for it)."""
        self._escaped = False
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self.update)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(96, 96)
        self._connect()
        self._describe()
        self.mouse.update_cursor()

    def _connect(self) -> None:
        workspace, state = self.workspace, self.state
        listen(self, state.changed, self._on_state)
        listen(self, workspace.loader.slice_loaded, self._on_slice_loaded)
        listen(self, workspace.loader.volume_complete, self._on_volume_complete)
        listen(self, workspace.loader.failed, self._on_slice_failed)
        listen(self, workspace.results_changed, self._on_results)
        for changed in (workspace.drawings.changed, workspace.live.changed):
            listen(self, changed, self._on_results)
        for changed in (workspace.key_images.changed, workspace.report_marks.changed):
            listen(self, changed, self._on_key_images)
        listen(self, workspace.profiles.changed, self._on_results)
        listen(self, workspace.measurements.changed, self._on_measurements)
        listen(self, workspace.decisions.changed, self._on_results)
        listen(self, workspace.tools.changed, self._on_tool)
        listen(self, self.picture.live_filter.ready, self._on_filtered)
        for signal in (
            workspace.planes.changed,
            workspace.links.changed,
            workspace.ai_visible_changed,
            workspace.active_changed,
            workspace.layout_changed,
            workspace.settings_changed,
        ):
            listen(self, signal, self._on_surroundings)
        # Whether two patients are on the screen is up to the other viewports.
        listen(self, workspace.viewport_changed, self._on_neighbour)
        listen(self, workspace.finding_selected, self._on_finding)

    # ------------------------------------------------------------------ what is shown

    @property
    @once_a_picture
    def volume(self) -> Volume | None:
        """The volume of the time point shown, filling up while it loads; asking for it starts that."""
        view = self.state.view
        if view.stack is None:
            return None
        if self._volume_of != (view.stack, view.time):
            self._volume_of = (view.stack, view.time)
            self._volume, self.volume_error = None, None
            try:
                self._volume = self.workspace.loader.volume(view.stack, view.time, self._focus_k())
            except MedviewError as error:
                self.volume_error = error
        return self._volume

    def _focus_k(self) -> int:
        view = self.state.view
        assert view.stack is not None
        return min(view.k, view.stack.shape[0] - 1) if view.plane_kind == "acquired" else view.stack.shape[0] // 2

    @property
    def shown(self) -> ShownSlice | None:
        """The slice shown; None in an empty viewport."""
        if not self._shown_valid:
            self._shown = self.state.shown()
            if self._shown is not None and self.state.stack is not None:
                place = place_of(self.state.stack, self._shown, self.state.view.time)
                self._shown = self.workspace.calibrations.applied(self._shown, place)
            self._shown_valid = True
        return self._shown

    @property
    @once_a_picture
    def transform(self) -> ViewTransform:
        """Image ↔ screen as it is painted now."""
        shown = self.shown
        shape, pixel = (shown.shape, shown.pixel_mm) if shown is not None else ((1, 1), (1.0, 1.0))
        view = self.state.view
        size = (float(max(self.width(), 1)), float(max(self.height(), 1)))
        ratio = self.devicePixelRatioF()
        key = (shape, pixel, size, ratio, view.zoom, view.pixel_scale, view.pan, view.rotation, view.flip)
        if key != self._transform_key or self._transform is None:
            self._transform = reading.transform_of(view, shape, pixel, size, ratio)
            self._transform_key = key
        return self._transform

    @property
    @once_a_picture
    def voi(self) -> Voi | None:
        """The window that the picture is drawn with."""
        volume, shown = self.volume, self.shown
        if volume is None or shown is None:
            return None
        return self.presenting.voi or self.picture.window(self.state, volume, shown)

    @property
    @once_a_picture
    def inverted(self) -> bool:
        """Whether low values are drawn white: the file's wish and the reader's."""
        volume, wished, view = self.volume, self.presenting.inverse, self.state.view
        if wished is not None and view.colour_map is None:
            return wished != view.invert
        return ((volume is not None and volume.inverted) != view.invert) != self.colours.turned

    @property
    def is_active(self) -> bool:
        """Whether keys and panels act on this viewport."""
        return bool(self.workspace.active_viewport is self.state)

    def failure(self, k: int) -> MedviewError | None:
        """Why slice ``k`` of the time point shown cannot be read."""
        view = self.state.view
        return None if view.stack is None else self.workspace.loader.error(view.stack, view.time, k)

    @once_a_picture
    def failed_slices(self) -> frozenset[int]:
        """Slices of the time point shown that cannot be read."""
        volume = self.volume
        if volume is None or volume.states is None:
            return frozenset()
        if _FAILED not in volume.states.tobytes():
            return frozenset()  # asked for in each picture
        return frozenset(np.flatnonzero(volume.states == SliceState.FAILED).tolist())

    @once_a_picture
    def cut(self) -> CutSlice | None:
        """The shown slice, before and after the filters."""
        volume, shown = self.volume, self.shown
        return None if volume is None or shown is None else self.picture.cut(self.state, volume, shown)

    def seen(self) -> Slice | SampledSlice | None:
        """The values to count for a histogram."""
        cut = self.cut()
        return None if cut is None else self.picture.seen(cut)

    def graphics(self) -> FrameGraphics | None:
        """What the file draws over the frame shown, unless the reader has hidden it."""
        shown, stack = self.shown, self.state.stack
        if shown is None or stack is None or shown.plane_kind != "acquired" or not self.state.view.show_graphics:
            return None
        return self.workspace.drawings.of(stack, shown.frame, self.presenting.state)

    def profile(self) -> ColourProfile | None:
        """The ICC profile that colours are drawn through."""
        stack = self.state.stack
        return self.workspace.profiles.of(stack) if stack is not None and self.state.view.use_profile else None

    def profile_fault(self) -> str:
        """Why the ICC profile of what is shown cannot be used, "" where it can or there is none."""
        stack = self.state.stack
        return "" if stack is None else self.workspace.profiles.fault(stack)

    @once_a_picture
    def results(self) -> tuple[InferenceResult, ...]:
        """Results of models on the stack and time point shown."""
        stack = self.state.stack
        return () if stack is None else tuple(self.workspace.results.of(stack.id))

    @once_a_picture
    def layers(self) -> list[SegmentationLayer]:
        """Segmentations to draw, those of the study's objects first; none while all overlays are hidden."""
        return labels_over(self.workspace, self.state.view)

    @once_a_picture
    def painted_layers(self) -> list[PaintedLayer]:
        """Outlines, washes and maps to draw; none while all overlays are hidden."""
        return [*painted_over(self.workspace, self.state.view), *self.presenting.layers()]

    @once_a_picture
    def findings(self) -> list[tuple[InferenceResult, tuple[Finding, ...]]]:
        """Findings to draw: those above the threshold that were not rejected; none while AI is hidden."""
        return self.grips.findings()

    # ------------------------------------------------------------------ marks

    def place(self) -> MeasurementPlace | None:
        """Where a mark made now would lie."""
        shown, stack = self.shown, self.state.stack
        return None if shown is None or stack is None else place_of(stack, shown, self.state.view.time)

    def marks_here(self) -> tuple[Measurement, ...]:
        """The reader's marks on the slice shown, with the one that is being drawn or moved."""
        place = self.place()
        if place is None:
            return ()
        marks = self.workspace.measurements.on_slice(place)
        if self.draft is None:
            return marks
        if not same_slice(self.draft.place, place):
            return marks
        others = tuple(mark for mark in marks if mark.id != self.draft.id)
        return (*others, self.draft)

    def measured(self, mark: Measurement) -> Measured | None:
        """What a mark on the slice shown says."""
        return self.marking.measured(mark)

    def set_draft(self, mark: Measurement | None) -> None:
        """Show a mark that is still being made."""
        self.draft = mark
        self.update()

    def select_mark(self, mark_id: str | None) -> None:
        """Select a mark: its grips are shown, Delete removes it."""
        if mark_id != self.selected_mark:
            self.selected_mark = mark_id
            self.update()

    def delete_selected(self) -> None:
        """Remove the selected mark; one that lies on another slice than the one shown stays."""
        if any(mark.id == self.selected_mark for mark in self.marks_here()):
            assert self.selected_mark is not None
            self.workspace.measurements.remove(self.selected_mark)
        self.selected_mark = None

    # ------------------------------------------------------------------ actions that need the widget

    def preset(self, digit: int) -> None:
        """The window behind a digit key."""
        volume, shown, stack, now = self.volume, self.shown, self.state.stack, self.voi
        if volume is None or shown is None or stack is None or now is None:
            return
        k = nearest_k(volume, shown)
        voi = reading.preset_by_key(
            digit,
            stack.context.modality,
            stack.unit,
            file_vois=stack.voi_of(self.state.view.time * volume.shape[0] + k),
            now=now,
            automatic=self._automatic_window,
            edited=self.workspace.settings.presets,
            suv=suv_scale(self.state.view) if stack.unit != "SUV" else None,
        )
        if isinstance(voi, Preset):
            reading.take_preset(self.state, voi)
        elif voi is not None:
            reading.set_window(self.state, voi)
        if voi is not None:
            self.touch()

    def _automatic_window(self) -> Voi:
        volume, shown, cut = self.volume, self.shown, self.cut()
        assert volume is not None
        assert shown is not None
        if shown.k is not None and cut is not None and not cut.filtered and shown.slab is None:
            return percentile_window(volume, shown.k)
        assert cut is not None
        return values_window(self.seen() or cut.shown)

    def zoom_by(self, factor: float) -> None:
        """Zoom about the pointer, or about the middle where the pointer is elsewhere."""
        if self.shown is None:
            return
        at = self.mouse.position
        point = at.toTuple() if at is not None else (self.width() / 2, self.height() / 2)
        reading.zoom_about(self.state, self.transform, factor, point)
        self.touch()

    def escape(self) -> bool:
        """Take back what is going on, or select nothing and go back to windowing: True. Else a second time resets the picture."""
        if self.mouse.cancel():
            return True
        if self.selected_mark is not None or self.workspace.tools.tool is not Tool.WINDOW:
            self.select_mark(None)
            self.workspace.tools.choose(Tool.WINDOW)
            self._escaped = False
            return True
        if self._escaped:
            reading.reset(self.state)
        self._escaped = not self._escaped
        return False

    def maximise(self) -> None:
        """Show this viewport alone, or the whole layout again."""
        if self.state in self.workspace.viewports:
            self.workspace.toggle_maximised(self.workspace.viewports.index(self.state))

    def touch(self) -> None:
        """The reader did something here: nothing is hung by itself any more."""
        self.workspace.touched = True
        self._escaped = False

    def take_focus(self) -> None:
        """Make this viewport the active one."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.activated.emit()
        if self.state in self.workspace.viewports:
            self.workspace.set_active(self.workspace.viewports.index(self.state))

    # ------------------------------------------------------------------ changes

    def _on_state(self, what: frozenset[str]) -> None:
        if what & {"stack", "time", "plane_kind", "k", "point", "axes", "slab", "surface"}:
            self._shown_valid = False
        self.haste.moved(what)
        view = self.state.view
        if "presentation" in what and view.presentation is not None and "stack" not in what:
            self.presenting.take_over()
            view = self.state.view
        if what & {"stack", "plane_kind"}:
            self.mouse.cancel()
        if what & {"stack"}:
            # Nothing here may keep a volume that is shown no more: the loader counts who holds it.
            self.picture.forget()
            self._painting.forget_images()
            self.presenting.forget()
            self.fusing.forget()
            self.uptakes.forget()
            self.solid.leave()
            self._volume, self._volume_of, self.volume_error = None, None, None
            self.marking.forget()
            self.selected_mark = self.draft = None
            self._describe()
            self.mouse.update_cursor()
        if what & {"k", "plane_kind"} and view.stack is not None and self._volume_of == (view.stack, view.time):
            self.workspace.loader.set_focus(view.stack, view.time, self._focus_k())
        self.tell_readout()
        self.update()

    def _on_slice_loaded(self, stack_id: str, time: int, k: int) -> None:
        view = self.state.view
        if view.stack is None or (view.stack.id, view.time) != (stack_id, time):
            return
        if view.plane_kind == "acquired" and k == view.k and view.slab is None:
            self.tell_readout()
            self.update()
        else:
            self.update_soon()

    def _on_slice_failed(self, stack_id: str, time: int, k: int, _error: MedviewError) -> None:
        self._on_slice_loaded(stack_id, time, k)

    def _on_volume_complete(self, stack_id: str, _time: int) -> None:
        if self.state.stack is not None and self.state.stack.id == stack_id:
            self.update()

    def _on_key_images(self) -> None:
        self.update()

    def _on_results(self, stack_id: str) -> None:
        if self.state.stack is not None and self.state.stack.id == stack_id:
            self.update()

    def _on_measurements(self, stack_id: str) -> None:
        if self.state.stack is not None and self.state.stack.id == stack_id:
            self._shown_valid = False  # a known line may say what a mm is
            self.update()

    def _on_neighbour(self, index: int) -> None:
        lines = index == self.workspace.active and self.workspace.links.reference_lines and not self.is_active
        lines = lines or self.crosshair.follows(index)
        if lines or self._painting.several_patients_drawn != self.several_patients:
            self.update()

    @property
    def several_patients(self) -> bool:
        """Whether images of more than one patient are on the screen."""
        return self.workspace.patients.several

    def _on_finding(self, _result: str, _finding: str) -> None:
        self.update()

    def _on_filtered(self) -> None:
        self.update()

    def _on_surroundings(self) -> None:
        self.mouse.update_cursor()
        self.update()

    def _on_tool(self, _tool: Tool) -> None:
        if self.mouse.sketch is not None:
            self.mouse.cancel()
        self.mouse.update_cursor()

    def _describe(self) -> None:
        series = self.state.series
        name = translate("Viewport", "Image viewport")
        if series is not None:
            about = " ".join(text for text in (series.context.modality, series.context.description) if text)
            name = translate("Viewport", "Image viewport: {series}").format(series=about)
        self.setAccessibleName(name)

    @property
    def readout(self) -> Readout | None:
        """What is under the pointer."""
        return self.told.now

    def tell_readout(self) -> None:
        """Say what is under the pointer, where that has changed."""
        self.told.tell()

    def update_soon(self) -> None:
        """Paint again after what arrives in quick succession."""
        if not self._settle.isActive():
            self._settle.start()

    # ------------------------------------------------------------------ Qt's events

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.moment = {}
        try:
            self._painting.paint(painter)
            if self.magnifier is not None:
                self.magnifier.draw(painter)
        finally:
            self.moment = None
            painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.state.size = (float(max(self.width(), 1)), float(max(self.height(), 1)))
        if self.state.view.align:
            align_together(self.workspace.viewports if self.state in self.workspace.viewports else [self.state])
        super().resizeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.mouse.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mouse.double_click(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.mouse.wheel(event)
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:
        self.mouse.position = event.position()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.mouse.leave()
        super().leaveEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() is _SHORTCUT and is_own_key(self, event):  # type: ignore[arg-type]
            event.accept()
            return True
        if self.fingers is not None and self.fingers.takes(event):
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if press_key(self, event):
            event.accept()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in {Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason}:
            self.activated.emit()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() in {QEvent.Type.LanguageChange, QEvent.Type.FontChange}:
            self._painting.forget_text()
            self._describe()
            self.update()
        super().changeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if mime.hasFormat(STACK_MIME):
            self.drop_hovers = True
            self.update()
            event.acceptProposedAction()
        else:
            event.ignore()  # files are the window's

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self.drop_hovers = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        self.drop_hovers = False
        self.update()
        mime = event.mimeData()
        found = find_stack(self.workspace.studies, bytes(mime.data(STACK_MIME).data()).decode())
        if found is None:
            event.ignore()
            return
        event.acceptProposedAction()
        self.take_focus()
        if event.modifiers() & FUSE_MODIFIERS and self.state.stack is not None:
            fuse_or_say(self.workspace, self.state, found[2].id)
        else:
            self.workspace.show_stack(found[2], self.workspace.viewports.index(self.state))
