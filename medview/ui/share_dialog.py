"""Sharing a study without identity: what is kept, where to, and the pictures that somebody has to look at first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from medview.app.deidentification import SeriesToShare, ShareWish, series_to_share, share_deidentified
from medview.ui.parts import text_label
from medview.ui.series_panel import series_title
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

MOST_HEIGHT = 180


class ShareDialog(QDialog):
    """Of the active viewport's study; not modal, so that its pictures can be looked at."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Share", "Share the study without identity"))
        self.setMinimumWidth(520)
        self._workspace = workspace
        self._study = workspace.active_viewport.study
        listed = () if self._study is None else series_to_share((self._study,))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(8)
        intro = text_label(
            translate(
                "Share",
                "A copy after DICOM PS3.15 (Basic Profile): names, numbers, texts and private data are taken out, all UIDs are "
                "replaced. Reports, documents and annotations are left out.",
            ),
            "secondary",
        )
        intro.setWordWrap(True)
        column.addWidget(intro)
        form = QFormLayout()
        self.dates = QComboBox()
        self.dates.addItem(translate("Share", "moved by an unknown number of days"), "shift")
        self.dates.addItem(translate("Share", "removed"), "remove")
        form.addRow(translate("Share", "Dates"), self.dates)
        self.characteristics = QCheckBox(translate("Share", "Keep sex, age, size and weight (SUV needs the weight)"))
        form.addRow("", self.characteristics)
        self.private = QCheckBox(translate("Share", "Keep private numbers that the images need (b-values, scales)"))
        self.private.setChecked(True)
        form.addRow("", self.private)
        self.prefix = QLineEdit("ANON")
        self.prefix.setMaxLength(24)
        self.prefix.textChanged.connect(self._follow)
        form.addRow(translate("Share", "Patients are called"), self.prefix)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.folder = QLineEdit(str(Path.home() / "medview" / "shared"))
        self.folder.setAccessibleName(translate("Share", "New folder to write"))
        self.folder.textChanged.connect(self._follow)
        row.addWidget(self.folder, 1)
        browse = QPushButton(translate("Share", "Choose…"))
        browse.clicked.connect(self._choose_folder)
        row.addWidget(browse)
        form.addRow(translate("Share", "New folder to write"), row)
        column.addLayout(form)
        self.looked: dict[str, QCheckBox] = {}
        self._add_risks(column, [one for one in listed if one.risk])
        if any(one.face for one in listed):
            face = text_label(
                translate("Share", "A face can be made of the head's images; it is not taken out."), "secondary"
            )
            face.setWordWrap(True)
            column.addWidget(face)
        self.said = text_label("", "secondary")
        self.said.setWordWrap(True)
        column.addWidget(self.said)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        close = QPushButton(translate("Share", "Close"))
        close.setAutoDefault(False)
        close.clicked.connect(self.close)
        buttons.addWidget(close)
        self.write = QPushButton(translate("Share", "Write the copy"))
        self.write.setObjectName("primary")
        self.write.setDefault(True)
        self.write.clicked.connect(self.start)
        buttons.addWidget(self.write)
        column.addLayout(buttons)
        self._follow()

    def _add_risks(self, column: QVBoxLayout, listed: list[SeriesToShare]) -> None:
        if not listed:
            return
        column.addWidget(
            text_label(translate("Share", "Names are often written into these pictures. Tick what you have looked at:"))
        )
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 0, 0)
        for one in listed:
            title = series_title(one.series, one.series.stacks[0])
            if one.risk == "said":
                title = translate("Share", "{series} – its file says that there are names").format(series=title)
            box = QCheckBox(title)
            self.looked[one.series.series_uid] = box
            rows.addWidget(box)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(inside)
        area.setMaximumHeight(MOST_HEIGHT)
        column.addWidget(area)

    def _follow(self) -> None:
        prefix = self.prefix.text().strip()
        named = bool(prefix) and prefix.isascii() and prefix.replace("-", "").isalnum()
        self.write.setEnabled(self._study is not None and named and bool(self.folder.text().strip()))

    def _choose_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, translate("Share", "Folder that the new one is made in"))
        if path:
            self.folder.setText(str(Path(path) / "shared"))

    def wish(self) -> ShareWish:
        """What is chosen."""
        return ShareWish(
            self.dates.currentData(),
            self.characteristics.isChecked(),
            self.private.isChecked(),
            self.prefix.text().strip(),
            frozenset(uid for uid, box in self.looked.items() if box.isChecked()),
        )

    def start(self) -> None:
        """Write in the background."""
        from medview.jobs.queue import Lane

        study, wish, folder, workspace = self._study, self.wish(), self.folder.text().strip(), self._workspace
        if study is None:
            return

        def done(report: dict[str, Any]) -> None:
            left = sum(report["left_out"].values())
            values = (str(report["instances"]), report["output"], str(left))
            text = f"{values[0]} objects were written to {values[1]} without identity; {values[2]} were left out."
            workspace.tell("shared", text, values, "done")
            self._free()

        def failed(error: BaseException) -> None:
            workspace.tell_error(error)
            self._free()

        self.write.setEnabled(False)
        self.said.setText(translate("Share", "At work…"))
        workspace.background.remember(
            workspace.jobs.submit(
                "share",
                lambda progress: share_deidentified((study,), folder, wish, progress),
                Lane.ANALYSIS,
                on_done=done,
                on_failed=failed,
            )
        )

    def _free(self) -> None:
        import shiboken6

        if shiboken6.isValid(self):
            self.said.setText("")
            self._follow()
