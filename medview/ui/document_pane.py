"""The pane beside the images for everything that is no image: reports, documents, waveforms, and the list of them all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from medview.app.documents import OpenDocument, OtherObject
from medview.app.image_references import show_reference
from medview.app.taking_over import open_report, take_over
from medview.core.plain_text import visible_text
from medview.core.problem import MedviewError
from medview.core.report import ObjectReference, Report
from medview.core.waveform import Waveform
from medview.ui.corner_text import date_text, person_name
from medview.ui.icons import icon
from medview.ui.listen import listen
from medview.ui.messages import message_text
from medview.ui.object_text import class_name, kind_icon, kind_name, object_title, reason_text
from medview.ui.parts import icon_button, text_label
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.dicom.clinical_document import ClinicalDocument

ICON_PX = 18


class DocumentPane(QWidget):
    """A header and the content of what is open; the views are made when they are first needed."""

    def __init__(self, workspace: Workspace, show_tags: Callable[[str], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("document")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(translate("Document", "Document"))
        self._workspace = workspace
        self._show_tags = show_tags
        self._views: dict[str, QWidget] = {}
        self._shown: OpenDocument | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._header())
        self.other_patient = text_label("", "danger")
        self.other_patient.setContentsMargins(12, 0, 12, 4)
        self.other_patient.hide()
        column.addWidget(self.other_patient)
        self.stack = QStackedWidget()
        column.addWidget(self.stack, 1)
        close = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        close.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        close.activated.connect(workspace.documents.close)
        listen(self, workspace.documents.changed, self.refresh)
        listen(self, workspace.studies_changed, self._follow_studies)
        listen(self, workspace.documents.titles_changed, self._follow_titles)
        for signal in (workspace.viewport_changed, workspace.layout_changed, workspace.active_changed):
            listen(self, signal, self._check_patient)
        self._theme = workspace.settings.theme
        listen(self, workspace.settings_changed, self._follow_theme)
        self.refresh()

    def minimumSizeHint(self) -> QSize:
        # Long words in the pane must never make the window higher: they wrap, and views scroll.
        return QSize(320, 200)

    def _header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(6)
        self.sign = QLabel()
        self.sign.setFixedSize(ICON_PX, ICON_PX)
        row.addWidget(self.sign)
        words = QVBoxLayout()
        words.setSpacing(0)
        self.title = _OneLine("title")
        self.subtitle = _OneLine("secondary")
        words.addWidget(self.title)
        words.addWidget(self.subtitle)
        row.addLayout(words, 1)
        documents = self._workspace.documents
        self.previous = icon_button("caret-left", translate("Document", "Previous object"), lambda: self._step(-1))
        self.next = icon_button("caret-right", translate("Document", "Next object"), lambda: self._step(1))
        self.all = icon_button("list-bullets", translate("Document", "List of all objects"), documents.show_list)
        self.take = icon_button(
            "pencil-simple", translate("Document", "Take over what the report marks, to be changed"), self._take
        )
        self.save = icon_button("download-simple", translate("Document", "Save the document as a file…"), self._save)
        self.tags = icon_button("tag", translate("Document", "DICOM tags"), self._tags)
        self.wide = icon_button(
            "arrows-out-simple", translate("Document", "Over the whole image area"), self._widen, True
        )
        self.close_button = icon_button("x", translate("Document", "Close"), documents.close)
        for button in (
            self.previous,
            self.next,
            self.all,
            self.take,
            self.save,
            self.tags,
            self.wide,
            self.close_button,
        ):
            row.addWidget(button)
        return row

    # ------------------------------------------------------------------ what is shown

    def refresh(self) -> None:
        """Show what the workspace has open."""
        documents = self._workspace.documents
        self._shown = documents.shown
        self._check_patient()
        if documents.is_list_open:
            self._set_head("list-bullets", translate("Document", "Reports and other objects"), "")
            self._turn("list").refresh()  # type: ignore[attr-defined]
            self._show_buttons(None)
            return
        if documents.shown is None:
            return
        shown = documents.shown
        listed = shown.listed
        about = [class_name(listed.object.sop_class) or kind_name(listed.kind), date_text(listed.object.date)]
        title = visible_text(object_title(listed, documents.titles), 200, lines=False)
        self._set_head(kind_icon(listed.kind), title, "   ·   ".join(part for part in about if part))
        self._show_buttons(shown)
        if shown.is_loading:
            self._tell(translate("Document", "Reading…"), "")
        elif shown.error is not None:
            self._tell_error(shown.error)
        elif not listed.is_opened:
            self._tell(translate("Document", "Nothing is drawn of this object."), reason_text(listed.kind), listed.kind)
        else:
            self._show_content(shown)

    def _check_patient(self, *_what: object) -> None:
        """Say it in red where the document is another patient's than an image on the screen (IHE BIR)."""
        workspace = self._workspace
        is_other = self._shown is not None and len(workspace.patients.keys()) > 1
        if is_other:
            name = "" if self._shown is None else person_name(self._shown.listed.study.patient.told_name)
            words = translate("Document", "⚠ Two patients are on the screen; this document is of {0}.")
            self.other_patient.setText(words.format(visible_text(name, 80, lines=False) or "?"))
        self.other_patient.setVisible(is_other)

    def _set_head(self, glyph: str, title: str, about: str) -> None:
        self.sign.setPixmap(icon(glyph).pixmap(ICON_PX, ICON_PX))
        self.title.setText(title)
        self.title.setToolTip(title)
        self.subtitle.setText(about)
        self.subtitle.setVisible(bool(about))

    def _show_buttons(self, shown: OpenDocument | None) -> None:
        kind = "" if shown is None else shown.listed.kind
        several = shown is not None and len(self._workspace.documents.all()) > 1
        self.previous.setVisible(several)
        self.next.setVisible(several)
        self.all.setVisible(shown is not None)
        self.tags.setVisible(shown is not None)
        self.take.setVisible(open_report(self._workspace) is not None)
        self.save.setVisible(kind in {"pdf", "cda", "model"})

    def _show_content(self, shown: OpenDocument) -> None:
        content = shown.content
        if isinstance(content, Report):
            view = self._turn("report")
            view.show_report(content)  # type: ignore[attr-defined]
        elif isinstance(content, Waveform):
            self._turn("waveform").show_waveform(content)  # type: ignore[attr-defined]
        elif hasattr(content, "blocks"):
            self._turn("report").show_clinical(cast("ClinicalDocument", content))  # type: ignore[attr-defined]
        elif getattr(content, "mime_type", "") == "application/pdf":
            if content.title:
                self.title.setText(visible_text(content.title, 200, lines=False))
            self._turn("pdf").show_pdf(content.path)  # type: ignore[attr-defined]
        else:
            kind = getattr(content, "mime_type", "")
            told = translate("Document", "The document is of the type “{0}”, which is not drawn; it can be saved.")
            self._tell(translate("Document", "Nothing is drawn of this object."), told.format(visible_text(kind, 60)))

    def _turn(self, name: str) -> QWidget:
        """Bring a view to the front."""
        if name not in self._views:
            view = self._make(name)
            self._views[name] = view
            self.stack.addWidget(view)
        self.stack.setCurrentWidget(self._views[name])
        return self._views[name]

    def _make(self, name: str) -> QWidget:
        if name == "report":
            from medview.ui.report_view import ReportView

            report = ReportView(self._workspace)
            report.image_asked.connect(self._go_to)
            return report
        if name == "waveform":
            from medview.ui.waveform_view import WaveformView

            return WaveformView()
        if name == "pdf":
            from medview.ui.pdf_view import PdfView

            pdf = PdfView(self._workspace)
            pdf.failed.connect(self._tell_error)
            return pdf
        if name == "list":
            from medview.ui.object_list import ObjectList

            objects = ObjectList(self._workspace)
            objects.chosen.connect(self._workspace.documents.open)
            return objects
        return _Told()

    def _tell(self, what: str, why: str, kind: str = "") -> None:
        told = cast("_Told", self._turn("told"))
        told.tell(what, why, kind)

    def _tell_error(self, error: BaseException) -> None:
        if isinstance(error, MedviewError):
            why = message_text(error.code, error.text, error.values, error.path or "")
            if error.path:
                why = why.replace(error.path, Path(error.path).name)
        else:
            why = str(error)
        self._tell(translate("Document", "This object cannot be shown."), visible_text(why, 2000), "warning")

    # ------------------------------------------------------------------ buttons

    def _step(self, step: int) -> None:
        listed = self._workspace.documents.all()
        shown = self._workspace.documents.shown
        if shown is None or not listed:
            return
        at = next((n for n, one in enumerate(listed) if one.object.path == shown.listed.object.path), 0)
        self._workspace.documents.open(listed[(at + step) % len(listed)])

    def _go_to(self, reference: ObjectReference) -> None:
        if self.wide.isChecked():
            self.wide.setChecked(False)
            self._widen()
        show_reference(self._workspace, reference)

    def _take(self) -> None:
        take_over(self._workspace)

    def _tags(self) -> None:
        if self._shown is not None:
            self._show_tags(self._shown.listed.object.path)

    def _save(self) -> None:
        if self._shown is not None:
            save_document(self, self._workspace, self._shown.listed)

    def _widen(self) -> None:
        splitter = self.parentWidget()
        if isinstance(splitter, QSplitter):
            for at in range(splitter.count()):
                other = splitter.widget(at)
                if other is not None and other is not self:
                    other.setVisible(not self.wide.isChecked())

    # ------------------------------------------------------------------ following the workspace

    def _follow_studies(self) -> None:
        if self._workspace.documents.is_list_open and "list" in self._views:
            self._views["list"].refresh()  # type: ignore[attr-defined]
        if "report" in self._views and self.stack.currentWidget() is self._views["report"]:
            self._views["report"].redraw()  # type: ignore[attr-defined]

    def _follow_titles(self) -> None:
        if "list" in self._views:
            self._views["list"].refresh(again=True)  # type: ignore[attr-defined]

    def _follow_theme(self) -> None:
        if self._workspace.settings.theme != self._theme:
            self._theme = self._workspace.settings.theme
            self.refresh()


class _OneLine(QLabel):
    """Words on one line that end with an ellipsis where there is no room."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self.setObjectName(role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.setPen(self.palette().windowText().color())
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), words)
        painter.end()


class _Told(QWidget):
    """A sentence in the middle of the pane."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 32, 32, 32)
        column.addStretch(2)
        self.sign = QLabel()
        self.sign.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.sign)
        self.what = text_label("")
        self.what.setObjectName("heading")
        self.what.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.what)
        self.why = text_label("", "secondary", selectable=True)
        self.why.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.why)
        column.addStretch(3)

    def tell(self, what: str, why: str, kind: str) -> None:
        """Say something."""
        glyph = "warning" if kind == "warning" else kind_icon(kind) if kind else ""
        self.sign.setVisible(bool(glyph))
        if glyph:
            self.sign.setPixmap(icon(glyph, "warning" if kind == "warning" else "secondary").pixmap(40, 40))
        self.what.setText(what)
        self.why.setText(why)
        self.why.setVisible(bool(why))


def save_document(parent: QWidget, workspace: Workspace, listed: OtherObject) -> None:
    """Ask where, and write the document that an object holds there, as it is."""
    from medview.jobs.queue import Lane

    suffix = {"pdf": ".pdf", "cda": ".xml"}.get(listed.kind, "")
    if not suffix:
        from medview.dicom.encapsulated_document import read_document

        try:
            suffix = read_document(listed.object.path).suffix
        except (MedviewError, OSError) as error:
            workspace.tell_error(error)
            return
    folder = Path(workspace.settings.last_folder)
    path, _kind = QFileDialog.getSaveFileName(
        parent, translate("Document", "Save the document"), str(folder / f"document{suffix}"), f"*{suffix}"
    )
    if not path:
        return
    source = listed.object.path

    def work(_progress: object) -> None:
        from medview.app.documents import write_document

        write_document(source, path)

    workspace.jobs.submit("save", work, Lane.INTERACTION, lambda _none: None, workspace.tell_error)
