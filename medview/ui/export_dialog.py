"""Pictures and films of what is shown: what, in which form, with or without patient data, and where; seen before it is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from medview.app.oblique import full_turn
from medview.app.picture_export import (
    Content,
    Extent,
    Format,
    film_rate,
    formats_of,
    free_folder,
    grey_or_colour,
    may_name_patient,
    picture_name,
    value_picture,
    whole_or_float,
    write_picture,
)
from medview.app.viewport_state import ViewportView
from medview.core.problem import MedviewError
from medview.ui.images_dialog import goes_with
from medview.ui.layout_picture import LayoutPicture, text_mode_of
from medview.ui.listen import listen
from medview.ui.parts import RealField, text_label
from medview.ui.picture_run import PictureRun, RunWish, images_of
from medview.ui.still_viewport import fitting_size, pixels_of
from medview.ui.text import translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace

PREVIEW = 320
WAIT_MS = 20
LOOK_MS = 150
"""How long a viewport is left alone before the preview follows it."""
SIDES = (512, 1024, 2048)
TURN_IMAGES = 72
"""Of a film of a full turn: one for every five degrees."""


class ExportDialog(QDialog):
    """Not modal: the reader goes on reading while a series is written."""

    def __init__(self, workspace: Workspace, extent: Extent, screen: QSize, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(translate("Export", "Pictures and film"))
        goes_with(self, workspace)
        self._workspace, self._screen = workspace, screen
        self._view: ViewportView = workspace.active_viewport.view
        self._seen: LayoutPicture | None = None
        self._write_wanted = False
        self.run: PictureRun | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(16)
        self.preview = QLabel()
        self.preview.setFixedSize(PREVIEW, PREVIEW)
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setStyleSheet("background: #000000;")
        self.preview.setAccessibleName(translate("Export", "Preview"))
        row.addWidget(self.preview, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(8)
        row.addLayout(column, 1)
        self._form = form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        column.addLayout(form)
        self.extent = self._choice(translate("Export", "What"), self._extents())
        self.content = self._choice(translate("Export", "Numbers"), [])
        self.format = self._choice(translate("Export", "Format"), [])
        self.side = self._choice(
            translate("Export", "Size"),
            [
                (0, translate("Export", "As on the screen")),
                *((side, translate("Export", "{0} px on the longer side").format(side)) for side in SIDES),
            ],
        )
        self.rate = RealField()
        self.rate.setRange(0.5, 120.0)
        self.rate.setDecimals(1)
        self.rate.setSuffix(" " + translate("Export", "images/s"))
        self.rate.setValue(film_rate(self._view))
        self.rate.setAccessibleName(translate("Export", "Rate"))
        form.addRow(translate("Export", "Rate"), self.rate)
        self.named = QCheckBox(translate("Export", "With patient data (corner text, file name)"))
        form.addRow("", self.named)
        self.burned = text_label(
            translate(
                "Export",
                "Images of this kind often have the name of the patient in their pixels. Look at the preview; in a series, look at all images.",
            ),
            "warning",
        )
        column.addWidget(self.burned)
        self.names = text_label("", "warning")
        column.addWidget(self.names)
        self.looked = QCheckBox(translate("Export", "I have looked: no name is in the images"))
        column.addWidget(self.looked)
        where = QHBoxLayout()
        where.setSpacing(8)
        self.path = QLineEdit()
        self.path.setAccessibleName(translate("Export", "Write to"))
        where.addWidget(self.path, 1)
        self.choose = QPushButton(translate("Export", "Choose…"))
        self.choose.clicked.connect(self._choose_path)
        where.addWidget(self.choose)
        form.addRow(translate("Export", "Write to"), where)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(translate("Export", "Progress"))
        column.addWidget(self.bar)
        self.said = text_label("", "secondary")
        column.addWidget(self.said)
        column.addStretch(1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        self.stop = QPushButton(translate("Export", "Close"))
        self.stop.clicked.connect(self._stop)
        buttons.addWidget(self.stop)
        self.save = QPushButton(translate("Export", "Save"))
        self.save.setObjectName("primary")
        self.save.setDefault(True)
        self.save.clicked.connect(self.write)
        buttons.addWidget(self.save)
        column.addLayout(buttons)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._show_preview)
        self._turned = QTimer(self)
        self._turned.setSingleShot(True)
        self._turned.setInterval(LOOK_MS)
        self._turned.timeout.connect(self._follow_viewport)
        self.extent.setCurrentIndex(max(0, self.extent.findData(extent)))
        listen(self, workspace.active_changed, self._later)
        listen(self, workspace.viewport_changed, self._later)
        self.extent.currentIndexChanged.connect(self._follow_extent)
        self.content.currentIndexChanged.connect(self._follow_content)
        self.format.currentIndexChanged.connect(self._follow_format)
        self.named.toggled.connect(self._follow_named)
        self.looked.toggled.connect(self._follow)
        self.path.textChanged.connect(self._follow)
        self.setMinimumWidth(760)
        self._follow_extent()

    # ------------------------------------------------------------------ what can be chosen

    def _choice(self, caption: str, entries: list[tuple[object, str]]) -> QComboBox:
        combo = QComboBox()
        for value, text in entries:
            combo.addItem(text, value)
        combo.setAccessibleName(caption)
        self._form.addRow(caption, combo)
        return combo

    def _extents(self) -> list[tuple[object, str]]:
        found: list[tuple[object, str]] = [("picture", translate("Export", "This image"))]
        if len(self._workspace.visible_indices) > 1:
            found.append(("layout", translate("Export", "All viewports as they are laid out")))
        if self._image_count() > 1:
            found.append(
                ("series", translate("Export", "All {0} images, one file for each").format(self._image_count()))
            )
            found.append(("film", translate("Export", "All {0} images as a film").format(self._image_count())))
        if self._view.plane_kind in {"solid", "turning"} and self._view.axes is not None:
            found.append(("turn", translate("Export", "A full turn as a film")))
        return found

    def _image_count(self) -> int:
        return len(self._images())

    def _images(self) -> list[tuple[int, int]]:
        state = self._workspace.active_viewport
        stack = self._view.stack
        times = stack is not None and state.slice_count < 2 and stack.timepoints > 1
        return images_of(self._view, state.slice_count, times=times)

    @property
    def chosen(self) -> tuple[Extent, Content, Format]:
        """What is chosen: extent, content, format."""
        return (
            cast("Extent", self.extent.currentData() or "picture"),
            cast("Content", self.content.currentData() or "seen"),
            cast("Format", self.format.currentData() or "png"),
        )

    def _later(self, *_what: object) -> None:
        self._turned.start()

    def _follow_viewport(self) -> None:
        """The reader went on: what would be written now is what is shown now."""
        view, before = self._workspace.active_viewport.view, self._view
        if view is before or self.run is not None or self._write_wanted or view.stack is None:
            return
        self._view = view
        if before.stack is None or before.stack.id != view.stack.id or before.plane_kind != view.plane_kind:
            self._refill(self.extent, self._extents())
            self.rate.setValue(film_rate(view))
            self._follow_extent()
            return
        self._soon.start(0)

    def _follow_extent(self) -> None:
        extent = self.chosen[0]
        stack = self._view.stack
        contents: list[tuple[object, str]] = [("seen", translate("Export", "As seen, 8 bits, with everything on it"))]
        is_solid = self._view.plane_kind == "solid"  # light through what is opaque: no values
        if extent in {"picture", "series"} and stack is not None and stack.components == 1 and not is_solid:
            if self._view.plane_kind == "acquired" and stack.dtype in {"int16", "uint16", "uint8", "int8"}:
                contents.append(("stored", translate("Export", "Stored values, 16 bits, nothing on it")))
            unit = f" ({stack.unit})" if stack.unit else ""
            contents.append(("values", translate("Export", "Modality values{0}, nothing on it").format(unit)))
        self._refill(self.content, contents)
        self._follow_content()

    def _follow_content(self) -> None:
        extent, content, _format = self.chosen
        stack = self._view.stack
        names = {"png": "PNG", "tiff": "TIFF", "avi": translate("Export", "AVI (Motion JPEG, lossy)")}
        formats = formats_of(extent, content, stack.dtype if stack is not None else "uint16")
        self._refill(self.format, [(one, names[one]) for one in formats])
        self._form.setRowVisible(self.rate, extent in {"film", "turn"})
        self._form.setRowVisible(self.side, content == "seen" and extent != "layout")
        self.named.setText(
            translate("Export", "With patient data (corner text, file name)")
            if content == "seen"
            else translate("Export", "With patient data in the file name")
        )
        self._follow_format()

    def _refill(self, combo: QComboBox, entries: list[tuple[object, str]]) -> None:
        known = combo.currentData()
        combo.blockSignals(True)
        combo.clear()
        for value, text in entries:
            combo.addItem(text, value)
        combo.setCurrentIndex(max(0, combo.findData(known)))
        combo.blockSignals(False)

    def _follow_format(self) -> None:
        self._suggest()
        self._follow()
        self._soon.start(0)

    def _follow_named(self) -> None:
        self._suggest()
        self._follow()
        self._soon.start(0)

    def _suggest(self) -> None:
        """A path of the reader's last export folder; a series gets a folder that is not there yet."""
        extent, _content, format_ = self.chosen
        folder = Path(self._workspace.settings.export_folder or Path.home())
        name = picture_name(self._view, named=self.named.isChecked())
        path = free_folder(folder, name) if extent == "series" else folder / f"{name}.{format_}"
        self.path.setText(str(path))

    def _follow(self) -> None:
        """What can be done now."""
        views = [state.view for state in self._workspace.viewports] if self.chosen[0] == "layout" else [self._view]
        doubtful = not self.named.isChecked() and any(may_name_patient(view) for view in views)
        self.burned.setVisible(doubtful)
        self.looked.setVisible(doubtful)
        self.names.setVisible(self.named.isChecked())
        self.names.setText(
            translate(
                "Export", "Name, ID and dates of the patient will be readable in every picture and in the file name."
            )
            if self.chosen[1] == "seen"
            else translate("Export", "The name of the patient will be readable in the file name.")
        )
        working = self.run is not None or self._write_wanted
        for widget in (
            self.extent,
            self.content,
            self.format,
            self.side,
            self.rate,
            self.named,
            self.path,
            self.choose,
        ):
            widget.setEnabled(not working)
        self.save.setEnabled(
            not working and bool(self.path.text().strip()) and (not doubtful or self.looked.isChecked())
        )
        self.stop.setText(translate("Export", "Cancel") if working else translate("Export", "Close"))
        self.bar.setVisible(self.run is not None)

    def _choose_path(self) -> None:
        if self.chosen[0] == "series":
            parent = QFileDialog.getExistingDirectory(
                self, translate("Export", "Folder to write into"), str(Path(self.path.text()).parent)
            )
            if parent:
                self._workspace.change_settings(export_folder=parent)
                self._suggest()
            return
        ending = self.chosen[2]
        path, _kind = QFileDialog.getSaveFileName(
            self, translate("Export", "Write to"), self.path.text(), f"{ending.upper()} (*.{ending})"
        )
        if path:
            self.path.setText(path if path.lower().endswith(f".{ending}") else f"{path}.{ending}")

    # ------------------------------------------------------------------ the preview

    def _size(self) -> tuple[int, int]:
        side = self.side.currentData() or 0
        if side:
            return fitting_size(self._view, side)
        if self.chosen[0] == "layout":
            return (self._screen.width(), self._screen.height())
        size = self._workspace.active_viewport.size
        return (round(size[0]), round(size[1]))

    def _show_preview(self) -> None:
        """Paint it as it will be written, as soon as it can be."""
        if self._seen is None:
            size = QSize(*self._size())
            whole = self.chosen[0] == "layout"
            self._seen = LayoutPicture(self._workspace, size, self, named=self.named.isChecked(), whole=whole)
        if not self._seen.is_ready:
            self._soon.start(WAIT_MS)
            return
        image = self._seen.image()
        self._forget_seen()
        pixmap = QPixmap.fromImage(image)
        ratio = self.devicePixelRatioF()
        shown = pixmap.scaled(
            round(PREVIEW * ratio),
            round(PREVIEW * ratio),
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        shown.setDevicePixelRatio(ratio)
        self.preview.setPixmap(shown)

    def _forget_seen(self) -> None:
        if self._seen is not None:
            self._seen.close()
            self._seen = None

    # ------------------------------------------------------------------ writing

    def write(self) -> None:
        """Write what is chosen; the notices say how it went."""
        self._follow_viewport()
        extent, content, format_ = self.chosen
        path = Path(self.path.text().strip())
        keeper = str(path.parent)
        if keeper != self._workspace.settings.export_folder:
            self._workspace.change_settings(export_folder=keeper)
        if extent in {"series", "film", "turn"}:
            self._write_run(path, extent, content, format_)
            return
        self._write_wanted = True
        self._follow()
        self._write_one(path, extent, content)

    def _write_one(self, path: Path, extent: Extent, content: Content) -> None:
        if not self._write_wanted:
            return
        if self._seen is not None:
            self._forget_seen()
        seen = LayoutPicture(
            self._workspace, QSize(*self._size()), self, named=self.named.isChecked(), whole=extent == "layout"
        )
        self._seen = seen

        def go_on() -> None:
            if self._seen is not seen or not self._write_wanted:
                return
            if not seen.is_ready:
                QTimer.singleShot(WAIT_MS, self, go_on)
                return
            try:
                self._write_now(path, seen, content)
            except MedviewError as error:
                self._workspace.tell_error(error)
                self.said.setText(translate("Export", "It could not be written; the messages say why."))
            else:
                self._tell_saved(str(path))
            self._write_wanted = False
            self._forget_seen()
            self._follow()

        go_on()

    def _write_now(self, path: Path, seen: LayoutPicture, content: Content) -> None:
        if content == "seen":
            write_picture(path, grey_or_colour(pixels_of(seen.image())))
            return
        still = seen.places[0][1]
        shown, volume, cut = still.shown, still.volume, still.cut()
        if shown is not None and volume is not None and shown.k is not None:
            write_picture(path, value_picture(volume, shown.k, content))
        elif cut is not None:
            write_picture(path, whole_or_float(np.asarray(cut.original.values)))

    def _write_run(self, path: Path, extent: Extent, content: Content, format_: Format) -> None:
        named = self.named.isChecked()
        axes = full_turn(self._view, TURN_IMAGES) if extent == "turn" else []
        wish = RunWish(
            path,
            picture_name(self._view, named=named),
            format_,
            content,
            self._size(),
            text_mode_of(self._view, named=named),
            [(self._view.time, self._view.k)] * len(axes) if axes else self._images(),
            self.rate.value(),
            axes,
        )
        self.run = PictureRun(self._workspace, self._view, wish, self)
        self.run.progressed.connect(self._show_progress)
        self.run.done.connect(self._end_run)
        self.run.failed.connect(self._fail_run)
        self.bar.setRange(0, len(wish.indices))
        self.bar.setValue(0)
        self._follow()
        self.run.start()

    def _show_progress(self, done: int, total: int) -> None:
        self.bar.setValue(done)
        self.said.setText(translate("Export", "{0} of {1}").format(done, total))

    def _end_run(self, path: str) -> None:
        missing = self.run.missing if self.run is not None else 0
        self.run = None
        self._tell_saved(path)
        if missing:
            self.said.setText(translate("Export", "{0} images could not be read; the pictures say so.").format(missing))
        self._suggest()
        self._follow()

    def _fail_run(self, error: object) -> None:
        self.run = None
        if isinstance(error, BaseException):
            self._workspace.tell_error(error)
        self.said.setText(translate("Export", "It could not be written; the messages say why."))
        self._follow()

    def _tell_saved(self, path: str) -> None:
        self._workspace.tell("saved", f"Saved as {path}.", (path,), severity="done")
        self.said.setText(translate("Export", "Written."))

    def _stop(self) -> None:
        """Cancel what goes on, or close."""
        if self.run is not None:
            self.run.cancel()
            self.run = None
            self.said.setText(translate("Export", "Cancelled."))
        elif self._write_wanted:
            self._write_wanted = False
        else:
            self.close()
            return
        self._follow()

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.run is not None:
            self.run.cancel()
            self.run = None
        self._write_wanted = False
        self._turned.stop()
        self._soon.stop()
        self._forget_seen()
        super().closeEvent(event)
