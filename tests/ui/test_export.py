"""Pictures, values, films and paper out of the window: what they show, what they hold, and nothing of the patient when not wanted."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QComboBox
from pytestqt.qtbot import QtBot

from medview.app.picture_export import formats_of, picture_name
from medview.ui.application import Desk
from medview.ui.export_dialog import ExportDialog
from medview.ui.print_dialog import PrintDialog
from tests.ui.small_study import SLICES, active, phantom

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
ALT = Qt.KeyboardModifier.AltModifier
WAIT = 20_000


def chunks(png: Path) -> set[bytes]:
    data, at, found = png.read_bytes(), 8, set()
    while at < len(data):
        found.add(data[at + 4 : at + 8])
        at += 12 + int.from_bytes(data[at : at + 4])
    return found


def choose(combo: QComboBox, value: object) -> None:
    at = combo.findData(value)
    assert at >= 0, f"{value} is not offered"
    combo.setCurrentIndex(at)


def opened(qtbot: QtBot, desk: Desk, key: Qt.Key, keys: Qt.KeyboardModifier) -> ExportDialog:
    qtbot.keyClick(desk.window, key, keys)
    qtbot.waitUntil(lambda: bool(desk.window.findChildren(ExportDialog)), timeout=WAIT)
    dialog = desk.window.findChildren(ExportDialog)[-1]
    qtbot.waitUntil(lambda: not dialog.preview.pixmap().isNull(), timeout=WAIT)
    return dialog


def save(qtbot: QtBot, dialog: ExportDialog) -> None:
    path = dialog.path.text()
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)

    def told() -> bool:
        return any(one.code == "saved" and one.values == (path,) for one in dialog._workspace.notices)

    qtbot.waitUntil(told, timeout=WAIT)


def test_the_picture_is_what_is_seen_and_names_nobody_unless_asked(
    qtbot: QtBot, reading_desk: Desk, tmp_path: Path
) -> None:
    dialog = opened(qtbot, reading_desk, Qt.Key.Key_S, CTRL)
    assert not dialog.named.isChecked()
    assert "Doe" not in dialog.path.text()
    dialog.path.setText(str(tmp_path / "a.png"))
    save(qtbot, dialog)
    without = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_COLOR)
    seen = active(reading_desk)
    assert without.shape[:2] == (seen.height(), seen.width())
    assert without.std() > 20
    qtbot.mouseClick(dialog.named, Qt.MouseButton.LeftButton, pos=dialog.named.rect().topLeft() + _left(dialog.named))
    assert "Doe" in dialog.path.text()
    dialog.path.setText(str(tmp_path / "b.png"))
    save(qtbot, dialog)
    named = cv2.imread(str(tmp_path / "b.png"), cv2.IMREAD_COLOR)
    corner = (slice(0, 60), slice(0, 200))
    assert (np.abs(named[corner].astype(int) - without[corner]).max(axis=2) > 60).sum() > 100, "the name is missing"
    for file in ("a.png", "b.png"):
        assert chunks(tmp_path / file) == {b"IHDR", b"IDAT", b"IEND"}, "words can stand in other chunks"


def _left(box):  # type: ignore[no-untyped-def]
    from PySide6.QtCore import QPoint

    return QPoint(6, box.height() // 2)


@pytest.mark.parametrize(("content", "format_"), [("stored", "tiff"), ("values", "tiff")])
def test_values_are_those_of_the_file(
    qtbot: QtBot, reading_desk: Desk, tmp_path: Path, content: str, format_: str
) -> None:
    dialog = opened(qtbot, reading_desk, Qt.Key.Key_S, CTRL)
    choose(dialog.content, content)
    choose(dialog.format, format_)
    path = tmp_path / f"v.{format_}"
    dialog.path.setText(str(path))
    save(qtbot, dialog)
    written = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    state = reading_desk.workspace.active_viewport
    assert state.stack is not None
    hu = phantom()[state.slice_index]
    if content == "values":
        assert written.dtype == np.int16
        np.testing.assert_array_equal(written, hu)
    else:
        slope, intercept = state.stack.transform.slope_intercept(state.slice_index)
        np.testing.assert_array_equal(written.astype(float) * slope + intercept, hu)
    assert b"Jane" not in path.read_bytes()


def test_a_series_becomes_one_file_for_each_image_in_a_folder_of_its_own(
    qtbot: QtBot, reading_desk: Desk, tmp_path: Path
) -> None:
    reading_desk.workspace.change_settings(export_folder=str(tmp_path))
    dialog = opened(qtbot, reading_desk, Qt.Key.Key_E, CTRL | SHIFT)
    choose(dialog.content, "values")
    save(qtbot, dialog)
    folder = tmp_path / "CT_1"
    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [f"CT_1-{n:04d}.tiff" for n in range(1, SLICES + 1)]
    for k, file in enumerate(files):
        np.testing.assert_array_equal(cv2.imread(str(file), cv2.IMREAD_UNCHANGED), phantom()[k])
    assert dialog.path.text() == str(tmp_path / "CT_1-2"), "a second export would be mixed into the first"
    # The reader went on reading meanwhile: the viewport is where it was.
    assert reading_desk.workspace.active_viewport.slice_index == SLICES // 2


def test_a_film_has_every_image_at_its_rate(qtbot: QtBot, reading_desk: Desk, tmp_path: Path) -> None:
    dialog = opened(qtbot, reading_desk, Qt.Key.Key_E, CTRL | SHIFT)
    choose(dialog.extent, "film")
    choose(dialog.side, 512)
    dialog.rate.setValue(12.5)
    path = tmp_path / "片.avi"
    dialog.path.setText(str(path))
    save(qtbot, dialog)
    film = cv2.VideoCapture(str(path))
    assert film.get(cv2.CAP_PROP_FPS) == pytest.approx(12.5)
    pictures = []
    while True:
        there, picture = film.read()
        if not there:
            break
        pictures.append(picture)
    film.release()
    assert len(pictures) == SLICES
    middle = [float(one[200:300, 240:270].mean()) for one in pictures]
    assert max(middle) > 60
    assert len({one.tobytes() for one in pictures}) > SLICES // 2, "every image of the film is the same"
    assert b"Jane" not in path.read_bytes()


def test_who_writes_names_is_told_what_will_be_readable(qtbot: QtBot, reading_desk: Desk) -> None:
    dialog = opened(qtbot, reading_desk, Qt.Key.Key_S, CTRL)
    assert not dialog.names.isVisible()
    dialog.named.click()
    assert dialog.names.isVisible()
    assert "every picture" in dialog.names.text()
    choose(dialog.content, "values")
    assert "file name" in dialog.names.text()
    assert "every picture" not in dialog.names.text()
    dialog.named.click()
    assert not dialog.names.isVisible()
    dialog.close()


def test_a_film_that_is_cancelled_leaves_nothing(qtbot: QtBot, reading_desk: Desk, tmp_path: Path) -> None:
    dialog = opened(qtbot, reading_desk, Qt.Key.Key_E, CTRL | SHIFT)
    choose(dialog.extent, "film")
    dialog.path.setText(str(tmp_path / "a.avi"))
    seen: list[int] = []

    def stop(done: int, _total: int) -> None:
        seen.append(done)
        if done == 2:
            qtbot.mouseClick(dialog.stop, Qt.MouseButton.LeftButton)

    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    assert dialog.run is not None
    dialog.run.progressed.connect(stop)
    qtbot.waitUntil(lambda: dialog.run is None, timeout=WAIT)
    assert seen == [1, 2]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_nothing_is_told(qtbot: QtBot, reading_desk: Desk, tmp_path: Path) -> None:
    dialog = opened(qtbot, reading_desk, Qt.Key.Key_S, CTRL)
    dialog.path.setText(str(tmp_path / "not there" / "a.png"))
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(dialog.said.text()), timeout=WAIT)
    assert "cannot_write" in {notice.code for notice in reading_desk.workspace.notices}
    assert dialog.save.isEnabled()


def test_the_clipboard_with_and_without_patient_and_the_whole_layout(qtbot: QtBot, reading_desk: Desk) -> None:
    workspace = reading_desk.workspace
    pictures: list[QImage] = []
    for key, keys in ((Qt.Key.Key_C, CTRL), (Qt.Key.Key_X, CTRL | SHIFT)):
        QApplication.clipboard().clear()
        qtbot.keyClick(active(reading_desk), key, keys)
        qtbot.waitUntil(lambda: not QApplication.clipboard().image().isNull(), timeout=WAIT)
        pictures.append(QApplication.clipboard().image())
    assert pictures[0].size() == pictures[1].size() == active(reading_desk).size()
    assert pictures[0] != pictures[1]
    workspace.set_layout(1, 2)
    QApplication.clipboard().clear()
    qtbot.keyClick(active(reading_desk), Qt.Key.Key_C, CTRL | ALT)
    qtbot.waitUntil(lambda: not QApplication.clipboard().image().isNull(), timeout=WAIT)
    assert QApplication.clipboard().image().width() == reading_desk.window.grid.width()


def test_who_reads_without_names_copies_and_prints_without_them(qtbot: QtBot, reading_desk: Desk) -> None:
    pictures: list[QImage] = []
    for key, keys in ((Qt.Key.Key_C, CTRL), (Qt.Key.Key_X, CTRL | SHIFT)):
        reading_desk.workspace.active_viewport.update(text_mode="anonymous")
        QApplication.clipboard().clear()
        qtbot.keyClick(active(reading_desk), key, keys)
        qtbot.waitUntil(lambda: not QApplication.clipboard().image().isNull(), timeout=WAIT)
        pictures.append(QApplication.clipboard().image())
    assert pictures[0] == pictures[1], "what is copied names whom the screen does not"
    qtbot.keyClick(reading_desk.window, Qt.Key.Key_P, CTRL)
    dialog = reading_desk.window.findChildren(PrintDialog)[0]
    assert not dialog.named.isChecked()
    dialog.close()


def test_the_dialog_writes_what_is_shown_when_it_writes(qtbot: QtBot, reading_desk: Desk, tmp_path: Path) -> None:
    dialog = opened(qtbot, reading_desk, Qt.Key.Key_S, CTRL)
    choose(dialog.content, "values")
    reading_desk.workspace.active_viewport.go_to_index(2)
    dialog.path.setText(str(tmp_path / "v.tiff"))
    save(qtbot, dialog)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "v.tiff"), cv2.IMREAD_UNCHANGED), phantom()[2])


@pytest.mark.parametrize("kind", ["export", "print", "save"])
def test_what_is_to_be_written_of_a_closed_study_is_not_asked_for_any_more(
    qtbot: QtBot, reading_desk: Desk, kind: str
) -> None:
    from medview.ui.save_dialog import SaveDialog

    window, workspace = reading_desk.window, reading_desk.workspace
    {"export": window.save_picture, "print": window.print_page, "save": window.save_findings}[kind]()
    dialog = window.findChildren({"export": ExportDialog, "print": PrintDialog, "save": SaveDialog}[kind])[0]
    gone: list[bool] = []
    dialog.destroyed.connect(lambda: gone.append(True))
    assert dialog.isVisible()
    for study in list(workspace.studies):
        workspace.close_study(study)
    qtbot.waitUntil(lambda: bool(gone), timeout=WAIT)


def test_a_page_is_previewed_and_printed_with_its_head(qtbot: QtBot, reading_desk: Desk, tmp_path: Path) -> None:
    qtbot.keyClick(reading_desk.window, Qt.Key.Key_P, CTRL)
    qtbot.waitUntil(lambda: bool(reading_desk.window.findChildren(PrintDialog)), timeout=WAIT)
    dialog = reading_desk.window.findChildren(PrintDialog)[0]
    qtbot.waitUntil(lambda: dialog.is_ready, timeout=WAIT)
    for named in (True, False):
        dialog.named.setChecked(named)
        qtbot.waitUntil(lambda: dialog.is_ready, timeout=WAIT)
        dialog.write_pdf(str(tmp_path / f"{named}.pdf"))
    import pypdfium2

    words = {}
    for named in (True, False):
        document = pypdfium2.PdfDocument(str(tmp_path / f"{named}.pdf"))
        assert len(document) == 1
        page = document[0]
        assert page.get_width() > page.get_height()
        text = page.get_textpage()
        words[named] = text.get_text_range()
        image = np.asarray(page.render(scale=1).to_numpy())
        assert image[200:400, 200:600].std() > 20, "the picture is missing"
        text.close()
        page.close()
        document.close()
    assert "Doe" in words[True]
    assert "Doe" not in words[False]
    assert b"Jane" not in (tmp_path / "False.pdf").read_bytes()
    dialog.close()


def test_what_can_be_written_in_which_format() -> None:
    assert formats_of("film", "seen") == ("avi",)
    assert formats_of("series", "stored", "uint16") == ("png", "tiff")
    assert formats_of("series", "stored", "int16") == ("tiff",), "PNG holds nothing below zero"


def test_a_name_without_patient_has_no_free_text(reading_desk: Desk) -> None:
    view = reading_desk.workspace.active_viewport.view
    assert picture_name(view, named=False) == "CT_1"
    assert picture_name(view, named=True) == "Doe-Jane_CT_1_Lung-2-mm"


def test_where_export_is_switched_off_no_film_and_no_page_is_written(
    qtbot: QtBot, reading_desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medview.core.policy import Policy
    from medview.ui import picture_run, print_dialog

    dialog = opened(qtbot, reading_desk, Qt.Key.Key_E, CTRL | SHIFT)
    choose(dialog.extent, "film")
    dialog.path.setText(str(tmp_path / "a.avi"))
    page = PrintDialog(reading_desk.workspace, reading_desk.window.grid.size(), reading_desk.window)
    for room in (picture_run, print_dialog):
        monkeypatch.setattr(room, "policy", lambda: Policy(forbidden=frozenset({"export"})))
    qtbot.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(dialog.said.text()), timeout=WAIT)
    page.write_pdf(str(tmp_path / "a.pdf"))
    assert "forbidden_here" in {notice.code for notice in reading_desk.workspace.notices}
    assert list(tmp_path.iterdir()) == []
    page.close()
