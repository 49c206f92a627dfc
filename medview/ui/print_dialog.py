"""Printing: a page with who and when at its head and the viewports as they are laid out, seen before it is printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QLocale, QMarginsF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QColor,
    QFont,
    QFontMetricsF,
    QImage,
    QPageLayout,
    QPageSize,
    QPaintDevice,
    QPainter,
)
from PySide6.QtPrintSupport import QPrintDialog, QPrinter, QPrintPreviewWidget
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QGraphicsView,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from medview.app.picture_export import may_name_patient
from medview.core.plain_text import visible_text
from medview.core.policy import policy
from medview.core.problem import MedviewError
from medview.ui.corner_text import age_text, date_text, person_name
from medview.ui.images_dialog import goes_with
from medview.ui.layout_picture import LayoutPicture
from medview.ui.parts import text_label
from medview.ui.text import translate
from medview.ui.theme import current_theme

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

WAIT_MS = 20
PICTURE_PX = 1600
"""Width of the page's picture in px of the viewports' own words, which makes these about 2 mm high on A4."""
ONE_PX = 1000
"""The same for a viewport alone."""
MARGIN_MM = 12.0


def head_lines(workspace: Workspace, *, named: bool) -> tuple[str, str]:
    """What stands at the head of the page: who, and which study; without patient data only the modalities."""
    states = [workspace.viewports[index] for index in workspace.visible_indices]
    studies = {state.study.study_uid: state.study for state in states if state.study is not None}
    modalities = " ".join(dict.fromkeys(state.series.context.modality for state in states if state.series is not None))
    if not named:
        return (translate("Print", "Without patient data"), modalities)
    who, what = [], []
    for study in studies.values():
        patient = study.patient
        name = (
            person_name(patient.told_name),
            patient.patient_id,
            date_text(patient.birth_date),
            age_text(patient.age),
        )
        who.append("  ·  ".join(visible_text(part, 80, lines=False) for part in name if part))
        about = (study.description, date_text(study.date), study.accession, modalities)
        what.append("  ·  ".join(visible_text(part, 80, lines=False) for part in about if part))
    return ("   |   ".join(dict.fromkeys(who)), "   |   ".join(what))


def draw_page(device: QPaintDevice, page: QRectF, image: QImage, head: tuple[str, str], when: str) -> None:
    """Draw the whole page, in px of the device; ``page`` is its printable part."""
    painter = QPainter(device)
    mm = page.width() / 297 if page.width() > page.height() else page.width() / 210
    font = QFont(painter.font())
    font.setPixelSize(max(1, round(4.2 * mm)))
    small = QFont(font)
    small.setPixelSize(max(1, round(2.9 * mm)))
    line, small_line = QFontMetricsF(font).height(), QFontMetricsF(small).height()
    painter.setPen(QColor(20, 22, 26))
    bold = QFont(font)
    bold.setBold(True)
    painter.setFont(bold)
    metrics = QFontMetricsF(bold)
    elide = Qt.TextElideMode.ElideRight
    painter.drawText(QRectF(0, 0, page.width(), line), 0, metrics.elidedText(head[0], elide, page.width() * 0.74))
    painter.setFont(small)
    painter.drawText(QRectF(0, 0, page.width(), line), int(Qt.AlignmentFlag.AlignRight), when)
    small_metrics = QFontMetricsF(small)
    below = QRectF(0, line, page.width(), small_line)
    painter.drawText(below, 0, small_metrics.elidedText(head[1], elide, page.width()))
    top = line + small_line + 2 * mm
    room = QRectF(0, top, page.width(), page.height() - top - small_line - 2 * mm)
    size = image.size().scaled(room.size().toSize(), Qt.AspectRatioMode.KeepAspectRatio)
    place = QRectF((page.width() - size.width()) / 2, top, size.width(), size.height())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(place, image, QRectF(0, 0, image.width(), image.height()))
    foot = QRectF(0, page.height() - small_line, page.width(), small_line)
    painter.setPen(QColor(90, 94, 100))
    words = translate(
        "Print", "Printed from medview. Not for diagnosis; lengths on paper are not those of the patient."
    )
    painter.drawText(foot, int(Qt.AlignmentFlag.AlignLeft), words)
    painter.end()


class PrintDialog(QDialog):
    """The page as it will be, and what can be said about it."""

    def __init__(self, workspace: Workspace, screen: QSize, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Print", "Print"))
        goes_with(self, workspace)
        self.resize(860, 760)
        self._workspace, self._screen = workspace, screen
        self._image = QImage()
        self._seen: LayoutPicture | None = None
        self.printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        if not self.printer.isValid():
            self.printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        self.printer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        self.printer.setPageMargins(QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM), QPageLayout.Unit.Millimeter)
        self.printer.setDocName("medview")
        self.printer.setCreator("medview")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(12)
        self.orientation = QComboBox()
        self.orientation.setAccessibleName(translate("Print", "Page"))
        self.orientation.addItem(translate("Print", "Landscape"), QPageLayout.Orientation.Landscape)
        self.orientation.addItem(translate("Print", "Portrait"), QPageLayout.Orientation.Portrait)
        row.addWidget(self.orientation)
        self.whole = QComboBox()
        self.whole.setAccessibleName(translate("Print", "What"))
        self.whole.addItem(translate("Print", "All viewports"), True)
        self.whole.addItem(translate("Print", "The active viewport"), False)
        row.addWidget(self.whole)
        self.named = QCheckBox(translate("Print", "With patient data"))
        # Who reads without names prints without them.
        self.named.setChecked(workspace.active_viewport.view.text_mode == "full")
        row.addWidget(self.named)
        row.addStretch(1)
        column.addLayout(row)
        self.burned = text_label(
            translate(
                "Print", "Images of this kind often have the name of the patient in their pixels: look at the page."
            ),
            "warning",
        )
        column.addWidget(self.burned)
        self.page = QPrintPreviewWidget(self.printer)
        self.page.setAccessibleName(translate("Print", "Preview"))
        for view in self.page.findChildren(QGraphicsView):  # else it is surrounded by a bright grey, in a dark room too
            view.scene().setBackgroundBrush(QColor(current_theme().panel))
        column.addWidget(self.page, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        self.pdf = QPushButton(translate("Print", "Save as PDF…"))
        self.pdf.clicked.connect(self._ask_for_pdf)
        buttons.addWidget(self.pdf)
        self.close_button = QPushButton(translate("Print", "Close"))
        self.close_button.clicked.connect(self.close)
        buttons.addWidget(self.close_button)
        self.print_button = QPushButton(translate("Print", "Print…"))
        self.print_button.setObjectName("primary")
        self.print_button.clicked.connect(self._ask_for_printer)
        buttons.addWidget(self.print_button)
        column.addLayout(buttons)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._take_picture)
        self.page.paintRequested.connect(self.draw)
        self.orientation.currentIndexChanged.connect(self._turn)
        self.whole.currentIndexChanged.connect(self.refresh)
        self.named.toggled.connect(self.refresh)
        self._turn()
        self.refresh()

    def refresh(self) -> None:
        """Take the picture anew."""
        self._forget_seen()
        views = [self._workspace.viewports[index].view for index in self._workspace.visible_indices]
        self.burned.setVisible(not self.named.isChecked() and any(may_name_patient(view) for view in views))
        self._soon.start(0)

    def _turn(self) -> None:
        self.printer.setPageOrientation(self.orientation.currentData())
        self.page.updatePreview()

    def _take_picture(self) -> None:
        if self._seen is None:
            whole = bool(self.whole.currentData())
            width = PICTURE_PX if whole and len(self._workspace.visible_indices) > 1 else ONE_PX
            wanted = QSize(width, round(width * self._screen.height() / max(self._screen.width(), 1)))
            self._seen = LayoutPicture(self._workspace, wanted, self, named=self.named.isChecked(), whole=whole)
        if not self._seen.is_ready:
            self._soon.start(WAIT_MS)
            return
        self._image = self._seen.image()
        self._image.setDevicePixelRatio(1.0)
        self._forget_seen()
        self.page.updatePreview()

    @property
    def is_ready(self) -> bool:
        """Whether the page shows its picture."""
        return not self._image.isNull() and self._seen is None and not self._soon.isActive()

    def draw(self, printer: QPrinter) -> None:
        """Draw the page on a printer, the preview or a PDF."""
        if self._image.isNull():
            return
        chinese = QLocale().language() == QLocale.Language.Chinese
        when = QDateTime.currentDateTime().toString("yyyy年M月d日 HH:mm" if chinese else "d MMM yyyy HH:mm")
        page = printer.pageRect(QPrinter.Unit.DevicePixel)
        area = QRectF(0, 0, page.width(), page.height())
        draw_page(printer, area, self._image, head_lines(self._workspace, named=self.named.isChecked()), when)

    def _ask_for_pdf(self) -> None:
        folder = self._workspace.settings.export_folder or str(Path.home())
        path, _kind = QFileDialog.getSaveFileName(
            self, translate("Print", "Save as PDF"), str(Path(folder) / "medview.pdf"), "PDF (*.pdf)"
        )
        if path:
            self.write_pdf(path if path.lower().endswith(".pdf") else f"{path}.pdf")

    def write_pdf(self, path: str) -> None:
        """Write the page as PDF, whole or not at all."""
        from medview.files.replaced_file import replaced_file

        try:
            policy().refuse("export")
            with replaced_file(path) as temporary:
                printer = QPrinter(QPrinter.PrinterMode.HighResolution)
                printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
                printer.setPageLayout(self.printer.pageLayout())
                printer.setOutputFileName(str(temporary))
                printer.setDocName("medview")
                printer.setCreator("medview")
                self.draw(printer)
                if not temporary.stat().st_size:
                    raise OSError(None, "nothing was written")
        except MedviewError as error:
            self._workspace.tell_error(error)
            return
        self._workspace.tell("saved", f"Saved as {path}.", (path,), severity="done")

    def _ask_for_printer(self) -> None:
        dialog = QPrintDialog(self.printer, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self.draw(self.printer))
        QDialog.open(dialog)

    def _forget_seen(self) -> None:
        if self._seen is not None:
            self._seen.close()
            self._seen = None

    def closeEvent(self, event: QCloseEvent) -> None:
        self._soon.stop()
        self._forget_seen()
        super().closeEvent(event)
