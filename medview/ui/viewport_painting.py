"""Everything that is painted in a viewport, from the picture up to the border."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QTextOption

from medview.app import reading
from medview.app.corner_items import SMALL_PX, Layout, layout_for, of_tile
from medview.app.live_results import live_findings, live_marks
from medview.app.marks import Mark, marks_of
from medview.app.picture import ScreenPart
from medview.app.priors import long_mm
from medview.app.report_marks import ReportMark
from medview.app.shown_slice import ShownSlice
from medview.app.tools import Tool
from medview.core.plain_text import visible_text
from medview.core.plane import EdgeLetters
from medview.core.problem import MedviewError
from medview.core.study import Stack
from medview.core.volume import SliceState, Volume
from medview.ui.canvas import Canvas, Fonts, face_of, forget_faces
from medview.ui.chest_wall import Wall, beside_wall, chest_wall
from medview.ui.corner_layout import Broken, corner_rects, draw_corners, fitted, scale_spans
from medview.ui.corner_text import Corners, KnownLines, corner_lines, mark_text
from medview.ui.dimension_slider import dimension_rows, draw_dimensions
from medview.ui.explanation_legend import explained_marks
from medview.ui.measurement_items import draw_mark, draw_straight, is_straight, mark_lines
from medview.ui.messages import message_text
from medview.ui.path_scale import draw_path_scale
from medview.ui.prior_choice import short_prior_text
from medview.ui.report_mark_items import draw_report_marks
from medview.ui.text import shown_number
from medview.ui.viewport_edges import (
    draw_letters,
    draw_scales,
    draw_slider,
    letters_of,
    scale_px_per_mm,
)
from medview.ui.viewport_findings import SMALL, draw_findings
from medview.ui.viewport_links import draw_links
from medview.ui.viewport_live import draw_not_yet
from medview.ui.viewport_marks import draw_danger_banner, draw_marks
from medview.ui.viewport_style import (
    ACCENT,
    DANGER,
    GROUND,
    HATCH,
    LETTER_PX,
    MARGIN,
    SECONDARY,
    SLIDER_REACH,
    TEXT,
    TEXT_PX,
    text_font,
)

if TYPE_CHECKING:
    from medview.ui.viewport import ViewportWidget

translate = QCoreApplication.translate

# To look up a name of Qt takes longer than what is done with it.
_SMOOTH = QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing
_SOURCE = QPainter.CompositionMode.CompositionMode_Source
_RGB32 = QImage.Format.Format_RGB32


def _error_text(error: MedviewError) -> str:
    return message_text(error.code, error.text, error.values)


def _around(outer: QRect, inner: QRect) -> list[QRect]:
    """The bars that remain of ``outer`` where ``inner`` is not, at most four."""
    if inner.isEmpty():
        return [outer]
    left, top, width, height = inner.x(), inner.y(), inner.width(), inner.height()
    bars = [
        QRect(0, 0, outer.width(), top),
        QRect(0, top + height, outer.width(), outer.height() - top - height),
        QRect(0, top, left, height),
        QRect(left + width, top, outer.width() - left - width, height),
    ]
    return [bar for bar in bars if not bar.isEmpty()]


class ViewportPainting:
    """Paints one viewport widget."""

    def __init__(self, widget: ViewportWidget) -> None:
        self._widget = widget
        self._fonts: Fonts | None = None
        self._corners_key: tuple[object, ...] = ()
        self._tile_layout: tuple[Layout, Layout] | None = None
        """The layout of the corners, and what a small tile has of it."""
        self._known_lines = KnownLines()
        self._corners_kept = Corners()
        self._fitted: tuple[Corners, tuple[float, float], Corners, list[QRectF]] | None = None
        self._broken = Broken()
        self._image: QImage | None = None
        self._part: ScreenPart | None = None
        self._letters_key: tuple[object, ...] = ()
        self._letters_kept = EdgeLetters()
        self.several_patients_drawn = False

    def forget_text(self) -> None:
        """Font or language changed."""
        self._fonts = None
        forget_faces()
        self._corners_key = ()
        self._fitted = None
        self._broken = Broken()
        self._known_lines = KnownLines()

    def forget_images(self) -> None:
        """Something else is shown: nothing here may keep a study that may be closed."""
        self._corners_key = ()
        self._letters_key = ()
        self._known_lines = KnownLines()
        self._image = self._part = None

    def canvas(self, painter: QPainter) -> Canvas:
        """What the viewport is painted on."""
        if self._fonts is None:
            base = self._widget.font()
            self._fonts = Fonts(
                text=face_of(text_font(base, TEXT_PX)),
                bold=face_of(text_font(base, TEXT_PX + 1, bold=True)),
                small=face_of(text_font(base, TEXT_PX - 1)),
                large=face_of(text_font(base, LETTER_PX, bold=True)),
            )
        widget = self._widget
        return Canvas(painter, widget.width(), widget.height(), self._fonts, widget.devicePixelRatioF())

    def paint(self, painter: QPainter) -> None:
        """Paint the whole viewport."""
        widget = self._widget
        canvas = self.canvas(painter)
        volume, shown = widget.volume, widget.shown
        self.several_patients_drawn = widget.several_patients
        if volume is None or shown is None:
            painter.fillRect(widget.rect(), GROUND)
            if widget.volume_error is not None:
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                self._paint_wrapped(canvas, _error_text(widget.volume_error), canvas.height * 0.45)
            else:
                self._paint_empty(canvas)
            self._paint_drop(canvas)
            return
        painted = self.paint_picture(canvas, volume, shown)
        painter.setRenderHints(_SMOOTH)
        corners, taken = self._fitting(canvas, self._corners(volume, shown))
        self._paint_overlays(canvas, volume, shown, taken)
        marked = self._paint_marks(canvas, volume, corners)
        self._paint_edges(canvas, volume, shown, taken + marked)
        widget.colours.draw(canvas)
        widget.fusing.draw(canvas)
        draw_corners(canvas, corners)
        widget.brushing.draw(canvas)
        widget.prompting.draw(canvas)
        self._paint_drop(canvas)
        if painted and widget.state.stack is not None:
            widget.painted.emit(widget.state.stack.id, shown.k if shown.k is not None else -1)

    # ------------------------------------------------------------------ picture

    def paint_picture(self, canvas: Canvas, volume: Volume, shown: ShownSlice) -> bool:
        """Paint the pixels alone; False where a slice is not there, which is said in its place."""
        widget, painter = self._widget, canvas.painter
        if widget.solid.is_shown:
            return widget.solid.paint(canvas)
        if shown.k is not None and not volume.is_loaded(shown.k):
            painter.fillRect(widget.rect(), GROUND)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            self._paint_not_there(canvas, volume, shown.k)
            return False
        cut = widget.presenting.cut()
        assert cut is not None
        part = widget.picture.compose(
            cut,
            shown,
            widget.transform,
            widget.voi,
            widget.inverted,
            widget.layers(),
            widget.graphics(),
            widget.painted_layers(),
            widget.colours.table,
            profile=widget.profile(),
            fused=widget.fusing.drawn(),
            tone=widget.colours.tone,
        )
        height, width = part.pixels.shape[:2]
        if part is not self._part or self._image is None:
            self._image = QImage(part.pixels.data, width, height, part.pixels.strides[0], _RGB32)
            self._part = part
        # In device pixels, where Qt copies what it need not scale.
        painter.save()
        painter.scale(1 / canvas.ratio, 1 / canvas.ratio)
        rows, columns = widget.transform.device_size
        for bar in _around(QRect(0, 0, columns, rows), QRect(part.left, part.top, width, height)):
            painter.fillRect(bar, GROUND)
        if part.pixels.size:
            painter.setCompositionMode(_SOURCE)
            painter.drawImage(QPoint(part.left, part.top), self._image)
        painter.restore()
        return True

    def _paint_not_there(self, canvas: Canvas, volume: Volume, k: int) -> None:
        """Says in the picture's place that a slice is still being loaded, or why it cannot be."""
        failure = self._widget.failure(k)
        state = SliceState.WAITING if volume.states is None else SliceState(int(volume.states[k]))
        middle = QPointF(canvas.width / 2, canvas.height / 2)
        count = volume.shape[0]
        if failure is not None or state == SliceState.FAILED:
            self._paint_missing(canvas)
            words = translate("Viewport", "DATA MISSING")
            canvas.centred(middle - QPointF(0, 32), words, DANGER, canvas.fonts.bold)
            words = translate("Viewport", "Image {n} cannot be shown").format(n=k + 1)
            canvas.centred(middle - QPointF(0, 12), words, DANGER, canvas.fonts.bold)
            if failure is not None:
                self._paint_wrapped(canvas, _error_text(failure), middle.y() + 2)
            return
        words = translate("Viewport", "Image {n} is not loaded yet").format(n=k + 1)
        canvas.centred(middle - QPointF(0, 10), words, TEXT)
        done = 0 if volume.states is None else int(np.count_nonzero(volume.states))
        track = QRectF(0, 0, min(180.0, canvas.width * 0.5), 3)
        track.moveCenter(middle + QPointF(0, 8))
        canvas.painter.fillRect(track, QColor(255, 255, 255, 40))
        canvas.painter.fillRect(QRectF(track.left(), track.top(), track.width() * done / count, track.height()), ACCENT)
        words = translate("Viewport", "{done} of {total} loaded").format(done=done, total=count)
        canvas.centred(middle + QPointF(0, 24), words, SECONDARY, canvas.fonts.small)

    def _paint_missing(self, canvas: Canvas) -> None:
        """Hatch the place of a picture that is not there: black would look like an image of nothing."""
        left, top, right, bottom = self._widget.transform.image_rect_on_screen()
        place = QRectF(QPointF(left, top), QPointF(right, bottom)).normalized()
        canvas.painter.fillRect(place, QBrush(HATCH, Qt.BrushStyle.BDiagPattern))
        canvas.painter.setPen(QPen(HATCH, 1))
        canvas.painter.setBrush(Qt.BrushStyle.NoBrush)
        canvas.painter.drawRect(place)

    def _paint_wrapped(self, canvas: Canvas, words: str, top: float) -> None:
        box = QRectF(canvas.width * 0.12, top, canvas.width * 0.76, canvas.height * 0.3)
        canvas.painter.setFont(canvas.fonts.text.font)
        canvas.painter.setPen(TEXT)
        option = QTextOption(Qt.AlignmentFlag.AlignHCenter)
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        canvas.painter.drawText(box, words, option)

    def _paint_empty(self, canvas: Canvas) -> None:
        painter = canvas.painter
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        words = translate("Viewport", "Drag a series here")
        if not self._widget.workspace.studies:
            words = translate("Viewport", "Drop a study folder here, or press Ctrl+O")
        canvas.centred(QPointF(canvas.width / 2, canvas.height / 2), words, SECONDARY)

    # ------------------------------------------------------------------ over the picture

    def _corners(self, volume: Volume, shown: ShownSlice) -> Corners:
        widget = self._widget
        state = widget.state
        waiting = shown.k is not None and not volume.is_loaded(shown.k)
        voi = state.view.voi if waiting else widget.voi
        modality = state.stack.context.modality if state.stack is not None else ""
        layout = self._layout(layout_for(modality, widget.workspace.settings.corners))
        key = (state.view, shown, widget.transform, voi, widget.inverted, layout)
        if key != self._corners_key:
            lines = corner_lines(
                state.view,
                shown,
                widget.transform,
                voi,
                index=state.slice_index,
                count=state.slice_count,
                inverted=widget.inverted,
                known=self._known_lines,
                layout=layout,
                free_text=widget.free_text,
            )
            self._corners_kept, self._corners_key = beside_wall(lines, self._wall(shown)), key
        return self._corners_kept

    def _wall(self, shown: ShownSlice) -> Wall:
        """The side of the viewport that a mammogram's chest wall lies at."""
        stack = self._widget.state.stack
        if stack is None or stack.context.modality != "MG":
            return ""
        return chest_wall(self._letters(shown, stack))

    def _layout(self, layout: Layout) -> Layout:
        """What stands in the corners here: small tiles say what is the same in all of them once."""
        widget = self._widget
        workspace = widget.workspace
        if not workspace.links.tiled or widget.height() >= SMALL_PX or widget.state is workspace.viewports[0]:
            return layout
        if self._tile_layout is None or self._tile_layout[0] is not layout:
            self._tile_layout = (layout, of_tile(layout))
        return self._tile_layout[1]

    def _fitting(self, canvas: Canvas, corners: Corners) -> tuple[Corners, list[QRectF]]:
        """The corners as they fit into the viewport, and where they lie; made anew when the words or the size change."""
        size = (canvas.width, canvas.height)
        if self._fitted is None or self._fitted[0] is not corners or self._fitted[1] != size:
            made = fitted(canvas, corners, self._broken)
            self._fitted = (corners, size, made, corner_rects(canvas, made))
        return self._fitted[2:]

    def _paint_overlays(self, canvas: Canvas, volume: Volume, shown: ShownSlice, words: list[QRectF]) -> None:
        widget = self._widget
        taken = words + widget.colours.places(canvas)
        if shown.k is not None and not volume.is_loaded(shown.k):
            return
        if widget.solid.is_shown:
            widget.crosshair.draw(canvas)
            widget.solid.draw_over(canvas)
            return
        selected = widget.workspace.selected_finding
        taken += draw_findings(
            canvas,
            shown,
            widget.transform,
            volume.geometry,
            [*widget.findings(), *live_findings(widget.workspace, widget.state.view)],
            selected=selected,
            decided=widget.workspace.decisions.of,
            prior=widget.workspace.priors.of,
        )
        draw_not_yet(canvas, widget, shown)
        widget.grips.draw(canvas)
        draw_report_marks(canvas, self._report_marks(volume, shown), widget.transform)
        draw_links(canvas, widget.workspace, widget.state, shown, widget.transform)
        widget.crosshair.draw(canvas)
        draw_path_scale(canvas, shown, widget.transform)
        cut = widget.cut()
        hovered = widget.mouse.hovered
        widget.marking.boxes.clear()
        marks, draft = widget.marks_here(), widget.draft
        in_hand = {
            widget.selected_mark,
            None if draft is None else draft.id,
            None if hovered is None else hovered.mark_id,
        }
        straight = {mark.id: mark for mark in marks if is_straight(mark) and mark.id not in in_hand}
        draw_straight(canvas, list(straight.values()), widget.transform)
        for mark in marks:
            measured = widget.measured(mark)
            if measured is None:
                continue
            chosen = mark.id == widget.selected_mark or (draft is not None and mark.id == draft.id)
            lines = mark_lines(mark, measured, cut is not None and cut.filtered)
            if canvas.width < SMALL and not chosen:
                lines = lines[:1]  # all of them would lie on a third of a small tile
            if widget.workspace.measurements.is_stale(mark.id):
                lines = [translate("Viewport", "⚠ made on other images"), *lines]
            prior = widget.workspace.priors.of(f"mark/{mark.id}", long_mm(measured))
            if prior is not None:
                lines = [*lines, short_prior_text(prior)]
            box = draw_mark(
                canvas,
                mark,
                lines,
                widget.transform,
                taken,
                selected=chosen,
                hovered=hovered is not None and hovered.mark_id == mark.id,
                is_drawn=mark.id in straight,
            )
            if box is not None:
                widget.marking.boxes[mark.id] = box

    def _paint_edges(self, canvas: Canvas, volume: Volume, shown: ShownSlice, taken: list[QRectF]) -> None:
        widget = self._widget
        stack = widget.state.stack
        assert stack is not None
        letters = self._letters(shown, stack)
        canvas.again("letters", (letters, taken), lambda on: draw_letters(on, letters, taken))
        px_per_mm = scale_px_per_mm(shown, widget.transform)
        if px_per_mm is not None and widget.state.view.text_mode != "off":
            self._paint_scales(canvas, px_per_mm, shown, taken)
        if widget.still:
            return
        count = widget.state.slice_count
        states = (
            volume.states if shown.k is not None and volume.states is not None and len(volume.states) == count else None
        )
        draw_slider(canvas, widget.state.slice_index, count, states, widget.mouse.over_slider)
        rows = dimension_rows((canvas.width, canvas.height), stack)
        if rows:
            active = reading.active_dimension(widget.state) if len(rows) > 1 else None
            over = widget.mouse.over_dimension
            draw_dimensions(canvas, rows, stack, widget.state.view.time, hovered=over, active=active)

    def _letters(self, shown: ShownSlice, stack: Stack) -> EdgeLetters:
        """The orientation letters; worked out where direction, turn or stack change."""
        plane, transform = shown.plane, self._widget.transform
        directions = None if plane is None else (plane.u, plane.v, plane.spacing)
        key = (directions, shown.surface is None, stack, transform)
        if key != self._letters_key:
            self._letters_kept, self._letters_key = letters_of(shown, transform, stack), key
        return self._letters_kept

    def _paint_scales(self, canvas: Canvas, px_per_mm: float, shown: ShownSlice, taken: list[QRectF]) -> None:
        kind, on_right = shown.measure_kind, self._wall(shown) == "left"

        def draw(on: Canvas) -> None:
            across, upright = scale_spans(on, taken, 15 + on.fonts.small.height, on_right=on_right)
            draw_scales(on, px_per_mm, kind, across, upright, on_right=on_right)

        canvas.again("scales", (px_per_mm, kind, taken, on_right), draw)

    def marks(self, volume: Volume) -> tuple[Mark, ...]:
        """All marks that the picture must bear."""
        widget = self._widget
        cut = None
        shown = widget.shown
        if shown is not None and (shown.k is None or volume.is_loaded(shown.k)):
            cut = widget.cut()
        return marks_of(
            widget.state.view,
            volume,
            widget.results(),
            ai_visible=widget.workspace.ai_visible,
            several_patients=self.several_patients_drawn,
            ai_partly_hidden=any(not one.style.visible or one.style.hidden_labels for one in widget.layers()),
            failed_slices=len(widget.failed_slices()),
            filter_pending=cut is not None and cut.pending,
            filter_error=str(cut.error) if cut is not None and cut.error is not None else "",
            profile_fault=widget.profile_fault(),
            presented=widget.presenting.state is not None,
            overlays=self._overlay_titles(),
            key_image=self._key_image(),
            linked=self._is_linked(),
            registered=self._registered_by(),
            fused=[*widget.fusing.marks(), *self._cine_marks(), *self._tool_marks(), *widget.solid.marks()],
            explained=[*explained_marks(widget), *live_marks(widget.workspace, widget.state.view, shown)],
        )

    def _cine_marks(self) -> list[Mark]:
        """How fast it plays."""
        cine = self._widget.workspace.cine
        if not cine.plays(self._widget.state):
            return []
        return [
            Mark("cine", "info", (shown_number(cine.rate_of(self._widget.state), ".3g"), "sweep" if cine.sweep else ""))
        ]

    def _tool_marks(self) -> list[Mark]:
        """What a tool in hand acts on, where that is not all that is seen."""
        widget = self._widget
        acts = widget.workspace.tools.tool in {Tool.BRUSH, Tool.ERASER, Tool.PROMPT}
        in_slab = widget.shown is not None and widget.shown.slab is not None
        return [Mark("tool_in_slab", "warning")] if acts and in_slab else []

    def _is_linked(self) -> bool:
        workspace, state = self._widget.workspace, self._widget.state
        if workspace.links.tiled:
            return False  # tiles are one series, which is seen: the word would lie on each of them
        return state in workspace.viewports and workspace.links.is_linked(workspace.viewports.index(state))

    def _registered_by(self) -> str:
        workspace, state = self._widget.workspace, self._widget.state
        if state not in workspace.viewports:
            return ""
        return workspace.links.registered_by(workspace.viewports.index(state))

    def _overlay_titles(self) -> tuple[str, ...]:
        stack = self._widget.state.stack
        return () if stack is None else self._widget.workspace.overlays.shown_titles(stack.id)

    def _report_marks(self, volume: Volume, shown: ShownSlice) -> tuple[ReportMark, ...]:
        """What the open report marks on this slice."""
        geometry = volume.geometry
        name = "" if geometry is None else geometry.frame_of_reference
        half = geometry.spacing[0] / 2 if geometry is not None and shown.plane_kind == "acquired" else 0.0
        return self._widget.workspace.report_marks.of(shown, name, half)

    def _key_image(self) -> str | None:
        """Why a key object selection marks the frame that is shown; None where none does."""
        state = self._widget.state
        view = state.view
        if view.stack is None or view.plane_kind != "acquired":
            return None
        at = view.time * view.stack.shape[0] + state.slice_index
        title = self._widget.workspace.key_images.title_of(view.stack, at)
        return None if title is None else visible_text(title, 60, lines=False)

    def _paint_marks(self, canvas: Canvas, volume: Volume, corners: Corners) -> list[QRectF]:
        """Paint the marks; returns where they lie."""
        widget, marks = self._widget, self.marks(volume)
        top = 28.0
        for mark in marks:
            if mark.code == "other_patient":
                draw_danger_banner(canvas, mark_text(mark), top, corner_rects(canvas, corners))
        on_right = widget.shown is not None and self._wall(widget.shown) == "left"
        lines = corners.bottom_right if on_right else corners.bottom_left
        x = canvas.width - SLIDER_REACH - MARGIN if on_right else MARGIN
        y = canvas.height - MARGIN - canvas.fonts.text.height * len(lines) - 4
        height = canvas.again(
            "marks",
            (marks, x, y, on_right),
            lambda on: draw_marks(on, marks, QPointF(x, y), on.width * 0.6, on_right=on_right),
        )
        return [QRectF(x - 40 * on_right, y - height, 40, height)] if height else []

    def _paint_drop(self, canvas: Canvas) -> None:
        if self._widget.drop_hovers:
            canvas.painter.setPen(QPen(ACCENT, 3))
            canvas.painter.setBrush(QColor(ACCENT.red(), ACCENT.green(), ACCENT.blue(), 40))
            canvas.painter.drawRect(QRectF(self._widget.rect()).adjusted(1.5, 1.5, -1.5, -1.5))
            if self._widget.state.stack is not None:
                words = translate("Viewport", "Dropped with Ctrl it lies on top of this series")
                canvas.centred(QPointF(canvas.width / 2, canvas.height - 64), words, TEXT)
