"""A viewport in three dimensions: asks for pictures of what its state says, paints the newest, and is turned, windowed and clipped by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTextOption

from medview.app.marks import Mark
from medview.app.solid_steps import keep_solid
from medview.app.solid_view import camera_of, look_of, scene_of, set_box, set_look
from medview.app.tools import Tool
from medview.core.geometry import FloatArray
from medview.core.problem import MedviewError
from medview.ui.listen import listen
from medview.ui.measurement_items import value_text
from medview.ui.messages import message_text
from medview.ui.text import translate
from medview.ui.viewport_style import ACCENT, GROUND, SECONDARY, TEXT

if TYPE_CHECKING:
    from medview.app.solid import SolidModel, SolidPicture
    from medview.app.solid_surfaces import SolidLabel
    from medview.core.scene import Camera, ClipBox, Look, Scene
    from medview.ui.canvas import Canvas
    from medview.ui.viewport import ViewportWidget

HANDLE = 6.0
HANDLE_REACH = 11.0
WINDOW_PX = 250.0
"""Px of a drag that move a look by its own width, or make it e times as wide."""
_EDGE = QColor(230, 200, 90, 200)
_HALO = QColor(0, 0, 0, 150)
LEAST_SLANT = 0.2
"""Of an axis of the box on the screen: what points at the eye cannot be pulled."""


class ViewportSolid:
    """The three-dimensional side of one viewport; nothing of it is there while slices are shown."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self._model: SolidModel | None = None
        self._image: tuple[SolidPicture, QImage] | None = None
        self._labels: tuple[SolidLabel, ...] = ()
        self._told: tuple[str, int] | None = None

    @property
    def is_shown(self) -> bool:
        """Whether the viewport shows a volume in three dimensions."""
        shown = self._widget.shown
        return shown is not None and shown.plane_kind == "solid"

    @property
    def model(self) -> SolidModel | None:
        """What draws the time point shown."""
        view = self._widget.state.view
        if view.stack is None:
            return None
        model = self._widget.workspace.solids.model(view.stack, view.time)
        if model is not self._model:
            self.leave()
            self._model = model
            listen(self._widget, model.changed, self._changed)
            self._widget.destroyed.connect(lambda *_, left=model: left.leave(self))
        return model

    def _changed(self) -> None:
        self._widget.update()
        model, workspace, state = self._model, self._widget.workspace, self._widget.state
        told = None if model is None else (model.state, len(model.labels))
        if told != self._told and state in workspace.viewports:
            # Panels show what is known of the values, and which surfaces there are.
            self._told = told
            workspace.viewport_changed.emit(workspace.viewports.index(state))

    def leave(self) -> None:
        """Something else is shown."""
        if self._model is not None:
            self._model.leave(self)
        self._model = self._image = None

    # ------------------------------------------------------------------ what is to be seen

    def scene(self) -> Scene | None:
        """What the state asks for; None until the values are known."""
        widget, model = self._widget, self._model
        shown, stack = widget.shown, widget.state.stack
        if model is None or model.values is None or shown is None or shown.plane is None or stack is None:
            return None
        style = widget.state.view.solid
        look = look_of(style, stack, model.values)
        there = tuple(one for one in self._labels if one.key in model.surfaces)
        return scene_of(style, self.camera(), look, there)

    def camera(self) -> Camera:
        """Where it is looked from."""
        shown = self._widget.shown
        assert shown is not None
        assert shown.plane is not None
        return camera_of(shown.plane, self._widget.transform)

    @property
    def is_ready(self) -> bool:
        """Whether what would be painted is final."""
        model = self._advance()
        if model is None or model.state == "failed":
            return True
        return model.state == "ready" and not model.missing and model.is_exact(self)

    def _advance(self) -> SolidModel | None:
        """Ask for what is needed now."""
        from medview.app.solid_surfaces import solid_labels

        widget, model, volume = self._widget, self.model, self._widget.volume
        if model is None or volume is None:
            return None
        model.consider(volume)
        self._labels = solid_labels(widget.workspace, widget.state.view)
        model.show_labels(self, self._labels)
        scene = self.scene()
        if scene is not None:
            model.picture(self, scene, exact_only=widget.still)
        return model

    def marks(self) -> list[Mark]:
        """What must be said on the picture."""
        if not self.is_shown or self._model is None:
            return []
        found = []
        grid = self._model.grid
        if grid is not None and grid.step > 1:
            found.append(Mark("solid_reduced", "warning", (str(grid.step),)))
        if self._widget.state.view.solid.box is not None:
            found.append(Mark("solid_box", "info"))
        return found

    # ------------------------------------------------------------------ painting

    def paint(self, canvas: Canvas) -> bool:
        """Paint the newest picture, or what is being done for one; False where there is none."""
        painter = canvas.painter
        painter.fillRect(self._widget.rect(), GROUND)
        model = self._advance()
        if model is None:
            return False
        given = model.given(self)
        if model.state == "failed" and model.error is not None:
            self._say_error(canvas, model.error)
            return False
        if given is None:
            self._say_progress(canvas, model)
            return False
        if self._image is None or self._image[0] is not given:
            h, w = given.pixels.shape[:2]
            image = QImage(given.pixels.data, w, h, given.pixels.strides[0], QImage.Format.Format_RGBX8888)
            self._image = (given, image)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(0, 0, canvas.width, canvas.height), self._image[1])
        return True

    def draw_over(self, canvas: Canvas) -> None:
        """The box with its handles, and the place that the reader pointed at."""
        if self._model is None or self._model.state != "ready":
            return
        self._draw_box(canvas)
        point = self._widget.workspace.links.crosshair_in(self._widget.state)
        if point is not None:
            at = self._on_screen(self.camera(), point)
            for pen in (QPen(_HALO, 3), QPen(ACCENT, 1.4)):
                canvas.painter.setPen(pen)
                for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                    canvas.painter.drawLine(QLineF(at + QPointF(5 * dx, 5 * dy), at + QPointF(16 * dx, 16 * dy)))
        self._say_nothing_seen(canvas)
        if self._model.missing:
            words = translate("Solid", "Making surfaces: {0} to go").format(self._model.missing)
            canvas.centred(QPointF(canvas.width / 2, canvas.height - 44), words, SECONDARY, canvas.fonts.small)

    def _draw_box(self, canvas: Canvas) -> None:
        box = self._widget.state.view.solid.box
        if box is None or self._widget.still:
            return
        camera, painter = self.camera(), canvas.painter
        corners = [self._on_screen(camera, corner) for corner in box.corners]
        edges = [QLineF(corners[a], corners[a | 1 << axis]) for a in range(8) for axis in range(3) if not a >> axis & 1]
        for pen in (QPen(_HALO, 2.5), QPen(_EDGE, 1.0)):
            painter.setPen(pen)
            painter.drawLines(edges)
        for axis in range(3):
            for upper in (False, True):
                if self._pull(camera, axis) is None:
                    continue
                at = self._on_screen(camera, face_middle(box, axis, upper))
                painter.setPen(QPen(_HALO, 3))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawEllipse(at, HANDLE, HANDLE)
                painter.setPen(QPen(_EDGE, 1.6))
                painter.setBrush(QColor(0, 0, 0, 110))
                painter.drawEllipse(at, HANDLE, HANDLE)

    def _say_progress(self, canvas: Canvas, model: SolidModel) -> None:
        words = translate("Solid", "Preparing three dimensions…")
        if model.state == "waiting":
            words = translate("Solid", "Waiting for all slices…")
        elif model.state == "preparing" and model.done:
            words = translate("Solid", "Preparing three dimensions… {0} %").format(round(100 * model.done))
        canvas.painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        canvas.centred(QPointF(canvas.width / 2, canvas.height / 2 - 8), words, TEXT)

    def _say_nothing_seen(self, canvas: Canvas) -> None:
        """An empty picture looks like a failure: it is said where a look shows none of the values that there are."""
        model, look, stack = self._model, self.look(), self._widget.state.stack
        if model is None or model.values is None or look is None or stack is None or model.labels:
            return
        low, high = model.values.ends
        if look.shows(low, high):
            return
        figures = [value_text(one, stack.unit) for one in (low, high, *look.ends)]
        unit = "" if stack.unit in {None, "stored"} else f" {stack.unit}"
        text = translate(
            "Solid", "Nothing is seen in this look: the values go from {0} to {1}{4}, it shows {2} to {3}{4}."
        )
        middle = QPointF(canvas.width / 2, canvas.height / 2)
        canvas.centred(middle - QPointF(0, 10), text.format(*figures, unit), TEXT)
        words = translate("Solid", "Choose another one in the Image tab.")
        canvas.centred(middle + QPointF(0, 12), words, SECONDARY, canvas.fonts.small)

    def _say_error(self, canvas: Canvas, error: MedviewError) -> None:
        painter = canvas.painter
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(canvas.fonts.text.font)
        painter.setPen(TEXT)
        option = QTextOption(Qt.AlignmentFlag.AlignHCenter)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        box = QRectF(canvas.width * 0.12, canvas.height * 0.42, canvas.width * 0.76, canvas.height * 0.4)
        words = message_text(error.code, error.text, error.values)
        again = translate("Solid", "A click tries it again.")
        painter.drawText(box, f"{words}\n{again}", option)

    def _on_screen(self, camera: Camera, point: FloatArray) -> QPointF:
        """Logical px of an LPS point."""
        x, y, _ = camera.pixel_of(point)
        h, w = camera.size
        return QPointF(
            float((x + 0.5) * self._widget.width() / w),
            float((y + 0.5) * self._widget.height() / h),
        )

    def _pixel(self, camera: Camera, at: QPointF) -> tuple[float, float]:
        """The picture's pixel under a point of the viewport."""
        h, w = camera.size
        return at.x() * w / self._widget.width() - 0.5, at.y() * h / self._widget.height() - 0.5

    # ------------------------------------------------------------------ by hand

    def _pull(self, camera: Camera, axis: int) -> FloatArray | None:
        """Logical px that a mm along an axis of the patient is; None where it points at the eye."""
        along = np.zeros(3)
        along[axis] = 1.0
        across = float(along @ np.array(camera.right)) * (-1.0 if camera.mirrored else 1.0)
        down = float(along @ np.array(camera.down))
        if float(np.hypot(across, down)) < LEAST_SLANT:
            return None
        scale = self._widget.width() / camera.size[1] / camera.pixel_mm
        return np.asarray(np.array([across, down]) * scale)

    def handle_at(self, at: QPointF) -> tuple[int, bool] | None:
        """Axis and end of the box's face whose handle is under a point; the nearest to the eye where several are."""
        box = self._widget.state.view.solid.box
        if box is None or self._widget.shown is None or self._widget.shown.plane is None:
            return None
        camera, found = self.camera(), []
        for axis in range(3):
            for upper in (False, True):
                middle = face_middle(box, axis, upper)
                far = QLineF(self._on_screen(camera, middle), at).length()
                if far <= HANDLE_REACH and self._pull(camera, axis) is not None:
                    found.append((float(camera.pixel_of(middle)[2]), axis, upper))
        return (min(found)[1], min(found)[2]) if found else None

    def press(self, at: QPointF, modifiers: Qt.KeyboardModifier) -> BoxDrag | LookDrag | PickDrag | None:
        """What a press of the left button begins other than turning."""
        if self._model is not None and self._model.state == "failed":
            self._model.try_again()
            return None
        handle = self.handle_at(at)
        if handle is not None:
            return BoxDrag(self._widget, handle, at)
        if self._widget.workspace.tools.tool is Tool.CROSSHAIR or modifiers & Qt.KeyboardModifier.ShiftModifier:
            return PickDrag(self._widget, at)
        if modifiers & Qt.KeyboardModifier.ControlModifier:
            return LookDrag(self._widget, at)
        return None

    def point_at(self, at: QPointF) -> None:
        """Bring all viewports to what is seen first under a point."""
        model, scene = self._model, self.scene()
        if model is None or scene is None:
            return
        workspace, state = self._widget.workspace, self._widget.state

        def found(point: FloatArray | None) -> None:
            if point is not None and state in workspace.viewports:
                workspace.links.point_to(workspace.viewports.index(state), point)
                self._widget.update()

        model.pick(scene, *self._pixel(scene.camera, at), found)

    def pulled(self, before: ClipBox, handle: tuple[int, bool], moved: QPointF) -> ClipBox:
        """The box after its handle was dragged by so many px."""
        axis, upper = handle
        step = self._pull(self.camera(), axis)
        stack = self._widget.state.stack
        if step is None or stack is None or stack.geometry is None:
            return before
        from medview.app.solid_view import box_around

        mm = float(np.array([moved.x(), moved.y()]) @ step / (step @ step))
        start = (before.high if upper else before.low)[axis]
        within = box_around(stack.geometry)
        least = max(1e-3, min(stack.geometry.spacing))
        return before.moved(axis, upper, start + mm, within, least)

    def look(self) -> Look | None:
        """What is drawn now."""
        scene = self.scene()
        return None if scene is None else scene.look


def face_middle(box: ClipBox, axis: int, upper: bool) -> FloatArray:
    """LPS mm of the middle of a face."""
    middle: FloatArray = (np.array(box.low) + np.array(box.high)) / 2
    middle[axis] = (box.high if upper else box.low)[axis]
    return middle


class BoxDrag:
    """A face of the box follows the pointer."""

    def __init__(self, widget: ViewportWidget, handle: tuple[int, bool], at: QPointF) -> None:
        self._widget, self._handle, self._start = widget, handle, at
        box = widget.state.view.solid.box
        assert box is not None
        self._before = box

    def move(self, at: QPointF) -> None:
        set_box(self._widget.state, self._widget.solid.pulled(self._before, self._handle, at - self._start))

    def end(self, at: QPointF) -> None:
        style = replace(self._widget.state.view.solid, box=self._before)
        self.move(at)
        keep_solid(self._widget.workspace, self._widget.state, style)
        self._widget.touch()

    def cancel(self) -> None:
        set_box(self._widget.state, self._before)


class LookDrag:
    """Up shows what is brighter less: right is wider, up lower values, as windowing brightens."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        self._widget, self._start = widget, at
        self._style = widget.state.view.solid
        self._look = widget.solid.look()

    def move(self, at: QPointF) -> None:
        if self._look is None or (at - self._start).manhattanLength() < 1:
            return
        low, high = self._look.ends
        moved = (at - self._start) / WINDOW_PX
        width = min(high - low, 4 * float(np.median(np.diff([point.value for point in self._look.points]))))
        set_look(self._widget.state, self._look.windowed(moved.y() * width, float(np.exp(moved.x()))))

    def end(self, at: QPointF) -> None:
        self.move(at)
        keep_solid(self._widget.workspace, self._widget.state, self._style)
        self._widget.touch()

    def cancel(self) -> None:
        self._widget.state.update(solid=replace(self._style))


class PickDrag:
    """A click brings all viewports to what is seen there."""

    def __init__(self, widget: ViewportWidget, at: QPointF) -> None:
        self._widget = widget
        widget.solid.point_at(at)

    def move(self, at: QPointF) -> None:
        self._widget.solid.point_at(at)

    def end(self, at: QPointF) -> None:  # noqa: ARG002
        self._widget.touch()

    def cancel(self) -> None:
        self._widget.workspace.links.hide_crosshair()
