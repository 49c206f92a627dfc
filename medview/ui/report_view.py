"""A structured report, a key object selection or a CDA as a page to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from medview.app.report_page import WORDS, Page, PageLook, report_blocks, rule, safe, when_text
from medview.core.report import ObjectReference, Report
from medview.ui.corner_text import date_text, person_name
from medview.ui.messages import note_text
from medview.ui.object_text import class_name
from medview.ui.safe_page import SafePage
from medview.ui.text import translate
from medview.ui.theme import current_theme

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.dicom.clinical_document import ClinicalDocument, DocumentBlock


def page_look() -> PageLook:
    """The colours of a page in the theme that the window wears."""
    theme = current_theme()
    return PageLook(theme.text, theme.secondary, theme.accent, theme.warning, theme.line, theme.done)


class ReportView(QWidget):
    """The page with a field to look for words."""

    image_asked = Signal(object)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._report: Report | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setContentsMargins(12, 6, 12, 6)
        row.setSpacing(8)
        self.search = QLineEdit()
        self.search.setPlaceholderText(translate("Report", "Find in this document"))
        self.search.setAccessibleName(self.search.placeholderText())
        self.search.setClearButtonEnabled(True)
        self.search.returnPressed.connect(self.find_next)
        self.search.textChanged.connect(self._mark_missing)
        row.addWidget(self.search, 1)
        self.codes = QCheckBox(translate("Report", "Codes"))
        self.codes.setToolTip(translate("Report", "Show the codes behind the words"))
        self.codes.toggled.connect(lambda _on: self._draw())
        row.addWidget(self.codes)
        column.addLayout(row)
        self.page = SafePage()
        self.page.setAccessibleName(translate("Report", "Document"))
        self.page.image_asked.connect(self.image_asked)
        column.addWidget(self.page, 1)
        self.setFocusProxy(self.page)

    def show_report(self, report: Report) -> None:
        """Show a structured report."""
        self._report = report
        self.codes.setVisible(True)
        self._draw()

    def show_clinical(self, document: ClinicalDocument) -> None:
        """Show a CDA."""
        self._report = None
        self.codes.setVisible(False)
        self.page.show_blocks(clinical_blocks(document, page_look()))

    def redraw(self) -> None:
        """Draw the page again: other images are open, or the theme is another one."""
        if self._report is not None:
            at = self.page.verticalScrollBar().value()
            self._draw()
            self.page.verticalScrollBar().setValue(at)

    def _draw(self) -> None:
        if self._report is None:
            return
        page = Page(
            say=lambda key: translate("Report", WORDS[key]),
            image_label=self.image_label,
            date=lambda value: date_text(value) or value,
            name=person_name,
            class_name=class_name,
            look=page_look(),
            with_codes=self.codes.isChecked(),
        )
        self.page.show_blocks(report_blocks(self._report, page))

    def image_label(self, reference: ObjectReference) -> str | None:
        """What an image that is open is called: its series and its place in it."""
        place = self._workspace.images.find(reference)
        if place is None:
            return None
        number = place.k + 1
        if place.series.number is not None:
            return translate("Report", "series {0}, image {1}").format(place.series.number, number)
        return translate("Report", "image {0}").format(number)

    def find_next(self) -> None:
        """Go to the next place with the words in the field."""
        found = self.page.look_for(self.search.text())
        self.search.setProperty("missing", not found and bool(self.search.text()))
        self._restyle()

    def _mark_missing(self, _text: str) -> None:
        self.search.setProperty("missing", False)
        self._restyle()

    def _restyle(self) -> None:
        style = self.search.style()
        style.unpolish(self.search)
        style.polish(self.search)


def clinical_blocks(document: ClinicalDocument, look: PageLook) -> list[str]:
    """A CDA as escaped HTML blocks."""
    title = document.title or translate("Object", "CDA document")
    blocks = [f'<p style="font-size:18px; font-weight:600; color:{look.text}">{safe(title)}</p>']
    blocks += [f'<p style="color:{look.warning}">⚠ {safe(note_text(note))}</p>' for note in document.notes]
    rows = [
        (translate("Report", "Patient"), document.patient),
        (translate("Report", "Written"), when_text(document.when, lambda value: date_text(value) or value)),
        (translate("Report", "Author"), document.author),
        (translate("Report", "Custodian"), document.custodian),
    ]
    told = "".join(
        f'<tr><td style="color:{look.secondary}; padding-right:16px">{safe(name)}</td><td>{safe(value)}</td></tr>'
        for name, value in rows
        if value
    )
    blocks.append(f'<table cellspacing="0" cellpadding="2">{told}</table>{rule(look)}')
    blocks += _clinical_body(document.blocks, look)
    if document.attached is not None:
        kind, data = document.attached
        told = translate("Report", "The document holds a file of the type {0} ({1} bytes), which is not drawn.")
        blocks.append(f'<p style="color:{look.warning}">{safe(told.format(kind, len(data)))}</p>')
    elif not document.blocks:
        blocks.append(f'<p style="color:{look.secondary}">{safe(translate("Report", WORDS["empty"]))}</p>')
    return blocks


def _clinical_body(parts: tuple[DocumentBlock, ...], look: PageLook) -> list[str]:
    blocks: list[str] = []
    rows: list[str] = []

    def end_table() -> None:
        if rows:
            blocks.append(
                f'<table border="1" cellspacing="0" cellpadding="4" style="border-color:{look.line}">{"".join(rows)}</table>'
            )
            rows.clear()

    for part in parts:
        if part.kind in {"row", "head_row"}:
            tag = "th" if part.kind == "head_row" else "td"
            rows.append("<tr>" + "".join(f'<{tag} align="left">{safe(cell)}</{tag}>' for cell in part.cells) + "</tr>")
            continue
        end_table()
        if part.kind == "heading":
            size = max(13, 16 - part.level)
            blocks.append(f'<p style="font-size:{size}px; font-weight:600; margin-top:10px">{safe(part.text)}</p>')
        elif part.kind == "item":
            blocks.append(
                f'<p style="margin-left:18px; margin-top:1px; margin-bottom:1px">•&nbsp; {safe(part.text)}</p>'
            )
        elif part.kind == "caption":
            blocks.append(f'<p style="color:{look.secondary}">{safe(part.text)}</p>')
        else:
            blocks.append(f"<p>{safe(part.text)}</p>")
    end_table()
    return blocks
