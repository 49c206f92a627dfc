"""One place to save what is said about a study: which files, where, by whom; and the report before it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QEvent, Qt, QUrl
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from medview.app.stating import statement_maker
from medview.core.problem import MedviewError
from medview.ui.images_dialog import goes_with
from medview.ui.messages import message_text
from medview.ui.parts import show_fitted, text_label, title_label
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.statement_files import FileKind, WrittenFiles
    from medview.app.visual_report import Language
    from medview.app.workspace import Workspace

CHOSEN_AT_FIRST = ("pdf", "sr")


def kind_titles() -> dict[FileKind, str]:
    """What each kind of file is called."""
    return {
        "pdf": translate("Save", "Report with pictures (PDF)"),
        "html": translate("Save", "Report with pictures (HTML)"),
        "sr": translate("Save", "Measurements, findings and decisions (SR)"),
        "seg": translate("Save", "Segmentations (SEG)"),
        "rtstruct": translate("Save", "Their contours (RT structure set)"),
        "gsps": translate("Save", "Marks and window (presentation state)"),
        "kos": translate("Save", "Key images (key object selection)"),
        "sc": translate("Save", "Pictures of what was found (secondary capture)"),
        "pm": translate("Save", "Probability and heat maps (parametric map)"),
        "pdf-dicom": translate("Save", "Report with pictures (PDF inside DICOM)"),
        "csv": translate("Save", "Table (CSV)"),
        "json": translate("Save", "Table with provenance (JSON)"),
    }


def kind_groups() -> tuple[tuple[str, tuple[FileKind, ...]], ...]:
    """What the files are for, and which they are."""
    return (
        (translate("Save", "Report to read"), ("pdf", "html", "pdf-dicom")),
        (translate("Save", "Findings and marks for other programs (DICOM)"), ("sr", "gsps", "kos", "sc")),
        (translate("Save", "Segmentations and maps (DICOM)"), ("seg", "rtstruct", "pm")),
        (translate("Save", "Tables for research"), ("csv", "json")),
    )


class SaveDialog(QDialog):
    """Not modal: the images stay usable while files are written."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Save", "Save findings and report"))
        goes_with(self, workspace)
        self._workspace = workspace
        self._preview: ReportPreview | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(8)
        self.kinds: dict[FileKind, QCheckBox] = {}
        titles = kind_titles()
        beside = QGridLayout()
        beside.setHorizontalSpacing(24)
        beside.setVerticalSpacing(4)
        for heading, kinds in kind_groups():
            if beside.rowCount() > 1:
                beside.setRowMinimumHeight(beside.rowCount(), 4)
            top = beside.rowCount()
            beside.addWidget(title_label(heading), top, 0, 1, 2)
            for at, kind in enumerate(kinds):
                box = self.kinds[kind] = QCheckBox(titles[kind])
                box.setChecked(kind in CHOSEN_AT_FIRST)
                box.toggled.connect(self._follow)
                beside.addWidget(box, top + 1 + at // 2, at % 2)
        beside.setRowMinimumHeight(beside.rowCount(), 4)
        column.addLayout(beside)
        form = QFormLayout()
        self.language = QComboBox()
        for code, name in (("en", "English"), ("zh_CN", "简体中文")):
            self.language.addItem(name, code)
        self.language.setCurrentIndex(1 if workspace.settings.language.startswith("zh") else 0)
        form.addRow(translate("Save", "Language of the report"), self.language)
        self.segmentation = QComboBox()
        for code, title in (
            ("binary", translate("Save", "binary")),
            ("fractional", translate("Save", "fractional")),
            ("labelmap", translate("Save", "label map (few programs read it)")),
        ):
            self.segmentation.addItem(title, code)
        form.addRow(translate("Save", "Segmentations as"), self.segmentation)
        self.reader = QLineEdit(workspace.decisions.reader)
        self.reader.textChanged.connect(self._follow)
        form.addRow(translate("Save", "Reader"), self.reader)
        self.verified = QCheckBox(translate("Save", "I have read this and stand for it by my name"))
        self.verified.setToolTip(translate("Save", "Without it everything says that no reader has verified it."))
        form.addRow("", self.verified)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.folder = QLineEdit(str(Path.home() / "medview"))
        self.folder.setAccessibleName(translate("Save", "Folder to write into"))
        self.folder.textChanged.connect(self._follow)
        row.addWidget(self.folder, 1)
        browse = QPushButton(translate("Save", "Choose…"))
        browse.clicked.connect(self._choose_folder)
        row.addWidget(browse)
        form.addRow(translate("Save", "Folder"), row)
        column.addLayout(form)
        self.among_sources = QCheckBox(
            translate("Save", "This folder holds the study's own images. Write among them all the same")
        )
        column.addWidget(self.among_sources)
        self.among_sources.toggled.connect(self._follow)
        self.template_said = text_label("", "danger", selectable=True)
        column.addWidget(self.template_said)
        self.said = text_label("", "secondary")
        self.said.setWordWrap(True)
        column.addWidget(self.said)
        buttons = QHBoxLayout()
        self.preview = QPushButton(translate("Save", "Preview the report"))
        self.preview.clicked.connect(self.show_preview)
        buttons.addWidget(self.preview)
        buttons.addStretch(1)
        close = QPushButton(translate("Save", "Close"))
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        buttons.addWidget(close)
        self.save = QPushButton(translate("Save", "Save"))
        self.save.setObjectName("primary")
        self.save.setDefault(True)
        self.save.clicked.connect(self.save_files)
        buttons.addWidget(self.save)
        column.addLayout(buttons)
        self.language.currentIndexChanged.connect(self._check_template)
        self._follow()

    def chosen(self) -> list[FileKind]:
        """The kinds that are ticked."""
        return [kind for kind, box in self.kinds.items() if box.isChecked()]

    def _holds_sources(self) -> bool:
        from medview.app.statement_files import holds_sources

        study = self._workspace.active_viewport.study
        text = self.folder.text().strip()
        return bool(text) and study is not None and holds_sources(Path(text), study)

    def _follow(self) -> None:
        """What can be done now."""
        has_name = bool(self.reader.text().strip())
        self.verified.setEnabled(has_name)
        if not has_name:
            self.verified.setChecked(False)
        inside = self._holds_sources()
        self.among_sources.setVisible(inside)
        allowed = not inside or self.among_sources.isChecked()
        self.save.setEnabled(bool(self.chosen()) and bool(self.folder.text().strip()) and allowed)
        self._check_template()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._check_template()  # who edits it elsewhere comes back to see

    def _check_template(self, _at: int = 0) -> None:
        """Say at once what is wrong with a template of the hospital's own, and in which line."""
        from medview.app.statement_files import PAGES
        from medview.app.visual_report import checked_template

        told = ""
        try:
            if PAGES.intersection(self.chosen()):
                checked_template(cast("Language", self.language.currentData()))
        except MedviewError as error:
            told = message_text(error.code, error.text, error.values, error.path or "")
        self.template_said.setText(told)
        self.template_said.setVisible(bool(told))

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, translate("Save", "Folder to write into"), self.folder.text())
        if path:
            self.folder.setText(path)

    def _maker(self) -> Any:
        ratio = self.devicePixelRatioF()
        return statement_maker(self._workspace, self.reader.text().strip(), self.verified.isChecked(), ratio)

    def _submit(self, work: Callable[[Any], Any], done: Callable[[Any], None]) -> None:
        from medview.jobs.queue import Lane

        def failed(error: BaseException) -> None:
            self._workspace.tell_error(error)
            self._free()

        self.save.setEnabled(False)
        self.preview.setEnabled(False)
        self.said.setText(translate("Save", "At work…"))
        workspace = self._workspace
        workspace.background.remember(workspace.jobs.submit("save", work, Lane.ANALYSIS, done, failed))

    def _free(self) -> None:
        import shiboken6

        if shiboken6.isValid(self):
            self.said.setText("")
            self.preview.setEnabled(True)
            self._follow()

    def save_files(self) -> None:
        """Write in the background; the notices say what was written and what could not be."""
        make = self._maker()
        kinds, folder = self.chosen(), self.folder.text().strip()
        language = cast("Language", self.language.currentData())
        pixels, into = self.segmentation.currentData(), self.among_sources.isChecked() and self._holds_sources()

        def work(progress: Any) -> WrittenFiles:
            from medview.app.statement_files import write_statement

            return write_statement(
                make(),
                kinds,
                folder,
                language=language,
                segmentation_kind=pixels,
                into_source=into,
                progress=progress,
            )

        def done(written: WrittenFiles) -> None:
            for note in written.notes:
                self._workspace.tell_error(MedviewError(note.code, note.text, values=note.values))
            if written.paths:
                self._workspace.tell("saved", f"Saved as {folder}.", (folder,), severity="done")
            self._free()

        self._submit(work, done)

    def show_preview(self) -> None:
        """Show the report as it would be written."""
        make = self._maker()
        language = cast("Language", self.language.currentData())

        def work(progress: Any) -> str:
            from medview.app.visual_report import report_html

            return report_html(make(), language, progress=progress)

        def done(page: str) -> None:
            import shiboken6

            if shiboken6.isValid(self):
                self._preview = ReportPreview(page, self)
                show_fitted(self._preview)
            self._free()

        self._submit(work, done)


class _PreviewPage(QTextBrowser):
    """Loads nothing but the pictures that the page holds, and follows no link."""

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        url = name if isinstance(name, QUrl) else QUrl(name)
        if url.scheme() == "data" and url.path().startswith("image/png;"):
            return super().loadResource(kind, url)
        return None


class ReportPreview(QDialog):
    """The report as it would be written."""

    def __init__(self, page: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Save", "Report"))
        self.resize(840, 900)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.page = _PreviewPage()
        self.page.setOpenLinks(False)
        # Paper is white in every theme: the template names dark ink.
        self.page.setStyleSheet("background: #ffffff; color: #16181c;")
        self.page.setHtml(page)
        self.page.document().setDocumentMargin(24)
        column.addWidget(self.page)
