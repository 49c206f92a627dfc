"""The pages of a PDF, one below the other; each is drawn in a worker process when it comes into sight."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractScrollArea, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from medview.core.problem import MedviewError
from medview.core.progress import Cancelled
from medview.ui.messages import message_text
from medview.ui.parts import icon_button, zoom_buttons
from medview.ui.text import translate
from medview.ui.theme import current_theme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from medview.app.workspace import Workspace

GAP = 12
KEPT_PAGES = 12
LARGEST, SMALLEST = 6.0, 0.1
STEP = 1.25


class PdfPages(QAbstractScrollArea):
    """The pages themselves."""

    page_changed = Signal(int)
    failed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pages")
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._workspace = workspace
        self._path = ""
        self._sizes: list[tuple[float, float]] = []
        self._zoom: float | None = None
        self._pictures: OrderedDict[int, tuple[float, QPixmap]] = OrderedDict()
        self._asked: tuple[int, float] | None = None
        self._broken: dict[int, str] = {}
        self._generation = 0
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(120)
        self._settle.timeout.connect(self._ask_next)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    # ------------------------------------------------------------------ what is shown

    def show_pdf(self, path: str) -> None:
        """Show the PDF in a DICOM file."""
        from medview.dicom.pdf_pages import PdfSizes
        from medview.jobs.queue import Lane

        self._generation += 1
        generation = self._generation
        self._path, self._sizes, self._zoom, self._asked = path, [], None, None
        self._pictures.clear()
        self._broken.clear()
        self._lay_out()
        read = self._workspace.read_frame
        source: Any = PdfSizes(path)

        def done(sizes: NDArray[Any]) -> None:
            if generation == self._generation:
                self._sizes = [(max(1.0, float(w)), max(1.0, float(h))) for w, h in sizes]
                self._lay_out()
                self.verticalScrollBar().setValue(0)
                self._scrolled()

        def failed(error: BaseException) -> None:
            if generation == self._generation and not isinstance(error, Cancelled):
                self.failed.emit(error)

        self._workspace.jobs.submit("document", lambda _progress: read(source), Lane.INTERACTION, done, failed)

    @property
    def page_count(self) -> int:
        """Number of pages, 0 while it is not known."""
        return len(self._sizes)

    @property
    def page(self) -> int:
        """0-based number of the page in the middle of the view."""
        middle = self.verticalScrollBar().value() + self.viewport().height() // 2
        for number, rect in enumerate(self._rects()):
            if rect.bottom() + GAP >= middle:
                return number
        return max(0, self.page_count - 1)

    def go_to_page(self, number: int) -> None:
        """Bring a page to the top."""
        rects = self._rects()
        if rects:
            self.verticalScrollBar().setValue(rects[max(0, min(number, len(rects) - 1))].top() - GAP)

    @property
    def scale(self) -> float:
        """Logical px per point."""
        if self._zoom is not None:
            return self._zoom
        widest = max((width for width, _ in self._sizes), default=1.0)
        return max(SMALLEST, (self.viewport().width() - 2 * GAP) / widest)

    def zoom_by(self, factor: float) -> None:
        """Make pages larger or smaller; what is in the middle stays there."""
        if not self._sizes:
            return
        bar = self.verticalScrollBar()
        middle = self.viewport().height() / 2
        share = (bar.value() + middle) / max(1, self._height())
        self._zoom = min(LARGEST, max(SMALLEST, self.scale * factor))
        self._lay_out()
        bar.setValue(round(share * self._height() - middle))

    def fit_width(self) -> None:
        """Make pages as wide as the view."""
        self._zoom = None
        self._lay_out()

    # ------------------------------------------------------------------ places

    def _rects(self) -> list[QRect]:
        """Where pages lie in the scrolled area."""
        scale, top, rects = self.scale, GAP, []
        room = max(self.viewport().width(), self._width())
        for width, height in self._sizes:
            size = round(width * scale), round(height * scale)
            rects.append(QRect(max(GAP, (room - size[0]) // 2), top, *size))
            top += size[1] + GAP
        return rects

    def _width(self) -> int:
        return round(max((width for width, _ in self._sizes), default=0.0) * self.scale) + 2 * GAP

    def _height(self) -> int:
        return GAP + sum(round(height * self.scale) + GAP for _, height in self._sizes)

    def _lay_out(self) -> None:
        view = self.viewport().size()
        self.verticalScrollBar().setPageStep(view.height())
        self.verticalScrollBar().setSingleStep(40)
        self.verticalScrollBar().setRange(0, max(0, self._height() - view.height()))
        self.horizontalScrollBar().setPageStep(view.width())
        self.horizontalScrollBar().setRange(0, max(0, self._width() - view.width()))
        self._settle.start()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self.viewport().update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(STEP if event.angleDelta().y() > 0 else 1 / STEP)
            event.accept()
        else:
            super().wheelEvent(event)

    def _scrolled(self) -> None:
        self.page_changed.emit(self.page)
        self._settle.start()

    # ------------------------------------------------------------------ pictures of pages

    def is_drawn(self, number: int) -> bool:
        """Whether a page is there at the present size."""
        return number in self._pictures and abs(self._pictures[number][0] / self._device_scale() - 1) < 0.01

    def _device_scale(self) -> float:
        return self.scale * self.devicePixelRatioF()

    def _visible(self) -> list[int]:
        area = QRect(0, self.verticalScrollBar().value(), 1 << 20, self.viewport().height())
        return [number for number, rect in enumerate(self._rects()) if rect.intersects(area)]

    def _ask_next(self) -> None:
        from medview.dicom.pdf_pages import PdfPage
        from medview.jobs.queue import Lane

        if self._asked is not None or not self._sizes:
            return
        seen = self._visible()
        ahead = [seen[-1] + 1] if seen and seen[-1] + 1 < self.page_count else []
        number = next((n for n in (*seen, *ahead) if not self.is_drawn(n) and n not in self._broken), None)
        if number is None:
            return
        scale, generation = self._device_scale(), self._generation
        self._asked = (number, scale)
        read = self._workspace.read_frame
        source: Any = PdfPage(self._path, number, scale)

        def done(picture: NDArray[Any]) -> None:
            if generation != self._generation:
                return
            height, width = picture.shape[:2]
            image = QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
            self._pictures[number] = (scale, QPixmap.fromImage(image))
            self._pictures.move_to_end(number)
            while len(self._pictures) > KEPT_PAGES:
                self._pictures.popitem(last=False)
            self._finish()

        def failed(error: BaseException) -> None:
            if generation != self._generation or isinstance(error, Cancelled):
                return
            self._broken[number] = (
                message_text(error.code, error.text, error.values, error.path or "")
                if isinstance(error, MedviewError)
                else str(error)
            )
            self._finish()

        self._workspace.jobs.submit("document", lambda _progress: read(source), Lane.INTERACTION, done, failed)

    def _finish(self) -> None:
        from shiboken6 import isValid

        if isValid(self):
            self._asked = None
            self.viewport().update()
            self._ask_next()

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), QColor(theme.window))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        shift = -self.horizontalScrollBar().value(), -self.verticalScrollBar().value()
        rects = self._rects()
        for number in self._visible():
            rect = rects[number].translated(*shift)
            painter.fillRect(rect, QColor("#ffffff"))
            drawn = self._pictures.get(number)
            if drawn is not None:
                painter.drawPixmap(QRectF(rect), drawn[1], QRectF(drawn[1].rect()))
            elif number in self._broken:
                painter.setPen(QColor("#855600"))
                inner = rect.adjusted(16, 16, -16, -16)
                painter.drawText(
                    inner, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._broken[number]
                )
            painter.setPen(QColor(theme.line))
            painter.drawRect(rect.adjusted(-1, -1, 0, 0))
        painter.end()


class PdfView(QWidget):
    """Pages with their number and the zoom."""

    failed = Signal(object)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(12, 4, 12, 4)
        row.setSpacing(4)
        self.pages = PdfPages(workspace)
        self.number = QLabel()
        self.number.setObjectName("secondary")
        row.addWidget(icon_button("caret-left", translate("Pdf", "Previous page"), lambda: self.turn(-1)))
        row.addWidget(self.number)
        row.addWidget(icon_button("caret-right", translate("Pdf", "Next page"), lambda: self.turn(1)))
        row.addStretch(1)
        for button in zoom_buttons(self.pages, STEP):
            row.addWidget(button)
        column.addLayout(row)
        column.addWidget(self.pages, 1)
        self.pages.page_changed.connect(self._tell)
        self.pages.failed.connect(self.failed)
        self.setFocusProxy(self.pages)

    def show_pdf(self, path: str) -> None:
        """Show the PDF in a DICOM file."""
        self.number.setText("")
        self.pages.show_pdf(path)

    def turn(self, step: int) -> None:
        """Go some pages on."""
        self.pages.go_to_page(self.pages.page + step)

    def _tell(self, page: int) -> None:
        if self.pages.page_count:
            self.number.setText(f"{page + 1} / {self.pages.page_count}")
