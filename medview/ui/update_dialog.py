"""Newer versions: whom medview asks, what the answer was, and the way to the page from which one can be had."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from PySide6.QtCore import QProcess, QProcessEnvironment, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from medview import __version__
from medview.core.other_programs import environment_of_others
from medview.core.plain_text import visible_text
from medview.core.update import is_newer
from medview.ui.corner_text import date_text
from medview.ui.listen import listen
from medview.ui.messages import message_text
from medview.ui.parts import text_label, title_label
from medview.ui.text import translate
from medview.ui.translations import resolved_language
from medview.ui.update_text import may_be_chosen, update_check_title, update_note

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.update import Update


class UpdateDialog(QDialog):
    """Opening it asks nobody; the button does, and the setting."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(translate("Updates", "Updates"))
        self.resize(520, 420)
        self._workspace = workspace
        self._updates = workspace.updates
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 12)
        column.setSpacing(8)
        column.addWidget(title_label(translate("Updates", "This is medview {0}").format(__version__)))
        self.about = text_label("", "secondary")
        column.addWidget(self.about)
        self.daily = QCheckBox(update_check_title())
        self.daily.toggled.connect(lambda on: workspace.change_settings(update_check=on))
        column.addWidget(self.daily)
        self.said = text_label("", selectable=True)
        column.addWidget(self.said)
        self.news = QPlainTextEdit()
        self.news.setReadOnly(True)
        self.news.setAccessibleName(translate("Updates", "What is new"))
        column.addWidget(self.news, 1)
        column.addStretch(0)
        row = QHBoxLayout()
        self.ask = QPushButton(translate("Updates", "Check now"))
        self.ask.clicked.connect(self._updates.ask_now)
        row.addWidget(self.ask)
        self.page = QPushButton(translate("Updates", "Open the download page"))
        self.page.clicked.connect(self._open_page)
        row.addWidget(self.page)
        row.addStretch(1)
        close = QPushButton(translate("Updates", "Close"))
        close.clicked.connect(self.close)
        row.addWidget(close)
        close.setDefault(True)
        close.setFocus()  # a key pressed by mistake asks nobody
        column.addLayout(row)
        listen(self, self._updates.changed, self.refresh)
        listen(self, workspace.settings_changed, self.refresh)
        self.refresh()

    @property
    def update_shown(self) -> Update | None:
        """The newer version that is told."""
        answer = self._updates.answer
        return answer.update if answer is not None else None

    def refresh(self) -> None:
        """Show what is known now."""
        updates, update = self._updates, self.update_shown
        about = update_note(self._workspace)
        if updates.source is not None and not updates.why_not:
            asked = translate("Updates", "Asked is {0}.").format(updates.source.host)
            nothing = translate("Updates", "medview itself downloads and installs nothing.")
            about = f"{asked}\n{about}\n{nothing}"
        self.about.setText(about)
        self.daily.blockSignals(True)
        self.daily.setChecked(self._workspace.settings.update_check)
        self.daily.blockSignals(False)
        self.daily.setEnabled(may_be_chosen(self._workspace))
        self.ask.setEnabled(not updates.why_not and not updates.is_asking)
        self.said.setText(self._said())
        self.said.setVisible(bool(self.said.text()))
        self.news.setVisible(update is not None)
        self.page.setVisible(update is not None)
        if update is not None:
            self.news.setPlainText(self._news(update))
            self.page.setToolTip(update.page)

    def _said(self) -> str:
        updates, update = self._updates, self.update_shown
        if updates.is_asking:
            return translate("Updates", "Asking …")
        if updates.problem is not None:
            return message_text(updates.problem.code, updates.problem.text, updates.problem.values)
        if update is not None:
            date = date_text(update.released.strftime("%Y%m%d"))
            found = translate("Updates", "medview {0} of {1} can be had.").format(update.version, date)
            if is_newer(update.least, __version__):
                found += " " + translate("Updates", "The version that you use is no longer looked after.")
            return found
        return translate("Updates", "This is the newest version.") if updates.answer is not None else ""

    def _news(self, update: Update) -> str:
        text = visible_text(update.notes_in(resolved_language(self._workspace.settings.language)))
        if not update.files:
            return text
        sums = "\n".join(f"{name}\n{update.files[name]}" for name in sorted(update.files))
        heading = translate("Updates", "SHA-256 of the packages, to compare with what you download:")
        return f"{text}\n\n{heading}\n{sums}"

    def _open_page(self) -> None:
        if self.update_shown is not None:
            open_page(self.update_shown.page)


def open_page(page: str) -> None:
    """Open a page in the reader's browser, which must not be given the libraries of a packaged program."""
    if not (sys.platform.startswith("linux") and getattr(sys, "frozen", False)):
        QDesktopServices.openUrl(QUrl(page))
        return
    process = QProcess()
    environment = QProcessEnvironment()
    for name, value in environment_of_others().items():
        environment.insert(name, value)
    process.setProcessEnvironment(environment)
    process.setProgram("xdg-open")
    process.setArguments([page])
    process.startDetached()
