"""The tag browser with real mouse and key events: follows, searches, compares, copies, and shows nothing unsafe."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.sequence import Sequence as Items
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.ui.application import Desk
from medview.ui.tag_browser import FILE, NEIGHBOUR, NOTHING, TagBrowser
from medview.ui.tag_model import NAME, OTHER, TAG, VALUE, TagModel
from tests.phantoms.dicom_series import make_series, save_series
from tests.phantoms.other_objects import RAW, code, make_object, save
from tests.ui.small_study import close_desk, open_desk, open_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tags")
    images = make_series()
    for number, image in enumerate(images):
        image.add_new(0x00290010, "LO", "MEDVIEW TEST")
        image.add_new(0x00291001, "LO", f"private {number}")
    save_series(images, root)
    return root


@pytest.fixture
def browser(qtbot: QtBot, folder: Path) -> Iterator[TagBrowser]:
    desk = open_desk(qtbot)
    open_study(qtbot, desk, folder)
    frame = desk.window.grid.active_frame()
    assert frame is not None
    frame.viewport.setFocus()
    qtbot.keyClick(frame.viewport, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    found = desk.window._dialogs["tags"]
    assert isinstance(found, TagBrowser)
    qtbot.waitUntil(lambda: found.model.rowCount() > 0, timeout=5000)
    found.desk = desk  # type: ignore[attr-defined]
    yield found
    close_desk(qtbot, desk)


def row_of(model: TagModel, name: str) -> QModelIndex:
    """The row with this name on the first level."""
    for at in range(model.rowCount()):
        if model.data(model.index(at, NAME)) == name:
            return model.index(at, 0)
    raise AssertionError(f"there is no row {name}")


def value(model: TagModel, name: str, column: int = VALUE) -> str:
    found: str = model.data(row_of(model, name).siblingAtColumn(column))
    return found


def desk_of(browser: TagBrowser) -> Desk:
    desk: Desk = browser.desk  # type: ignore[attr-defined]
    return desk


def test_it_shows_the_file_of_the_viewport_and_follows_it(qtbot: QtBot, browser: TagBrowser) -> None:
    state = desk_of(browser).workspace.active_viewport
    assert value(browser.model, "Instance Number") == str(state.slice_index + 1)
    state.go_to_index(2)
    qtbot.waitUntil(lambda: value(browser.model, "Instance Number") == "3", timeout=5000)
    assert browser.slider.value() == 2
    # The slider takes over.
    browser.slider.setFocus()
    qtbot.keyClick(browser.slider, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: value(browser.model, "Instance Number") == "4", timeout=5000)
    assert not browser.follow.isChecked()
    state.go_to_index(9)
    qtbot.wait(300)
    assert value(browser.model, "Instance Number") == "4"


def test_search_by_name_tag_value_and_creator(qtbot: QtBot, browser: TagBrowser) -> None:
    jobs = desk_of(browser).workspace.jobs

    def searched(words: str) -> list[str]:
        browser.search.clear()
        qtbot.keyClicks(browser.search, words)
        browser._refresh()
        qtbot.waitUntil(lambda: not any(job.title == "tags" for job in jobs.jobs), timeout=5000)
        assert browser.count.isVisible()
        return [browser.model.data(browser.model.index(at, NAME)) for at in range(browser.model.rowCount())]

    assert searched("rescale slope") == ["Rescale Slope"]
    assert searched("00280030") == ["Pixel Spacing"]
    assert "Patient ID" in searched("phantom")
    assert len(searched("medview test")) == 2
    assert searched("no such thing") == []
    browser.search.clear()
    browser.private.setChecked(True)
    qtbot.waitUntil(lambda: browser.model.rowCount() == 2, timeout=5000)
    row = browser.model.row_of(browser.model.index(1, 0))
    assert row is not None
    assert row.creator == "MEDVIEW TEST"


def test_two_images_are_compared(qtbot: QtBot, browser: TagBrowser) -> None:
    browser.slider.setValue(0)
    qtbot.waitUntil(lambda: value(browser.model, "Instance Number") == "1", timeout=5000)
    browser.other.setValue(5)
    browser.set_comparison(NEIGHBOUR)
    qtbot.waitUntil(lambda: browser.model.is_comparison, timeout=5000)
    names = {browser.model.data(browser.model.index(at, NAME)) for at in range(browser.model.rowCount())}
    assert {"SOP Instance UID", "Instance Number", "Image Position (Patient)"} <= names
    assert "Patient ID" not in names
    assert value(browser.model, "Instance Number") == "1"
    assert value(browser.model, "Instance Number", OTHER) == "6"
    browser.differences.setChecked(False)
    qtbot.waitUntil(lambda: browser.model.rowCount() > 20, timeout=5000)
    assert value(browser.model, "Patient ID") == value(browser.model, "Patient ID", OTHER) == "PHANTOM"
    browser.set_comparison(NOTHING)
    qtbot.waitUntil(lambda: not browser.model.is_comparison, timeout=5000)


def test_a_file_is_compared_with_another(qtbot: QtBot, browser: TagBrowser, tmp_path: Path) -> None:
    path = save(make_object(RAW, "other", "MR"), tmp_path / "other.dcm")
    browser.set_comparison(FILE, str(path))
    qtbot.waitUntil(lambda: browser.model.is_comparison, timeout=5000)
    assert value(browser.model, "Modality") == "CT"
    assert value(browser.model, "Modality", OTHER) == "MR"
    assert value(browser.model, "Rows", OTHER) == "–"


def test_rows_values_and_paths_are_copied(qtbot: QtBot, browser: TagBrowser) -> None:
    clipboard = QApplication.clipboard()
    index = row_of(browser.model, "Modality")
    browser.tree.setCurrentIndex(index)
    browser.tree.setFocus()
    browser.copy_rows()
    assert clipboard.text() == "(0008,0060)\tCS\tModality\tCT"
    browser.copy_value(index)
    assert clipboard.text() == "CT"
    browser.copy_path(index)
    assert clipboard.text() == "(0008,0060)"
    browser.copy_all()
    qtbot.waitUntil(lambda: "(0028,0010) US Rows: 24" in clipboard.text(), timeout=5000)


def test_a_long_sequence_opens_without_stalling_the_window(qtbot: QtBot, browser: TagBrowser, tmp_path: Path) -> None:
    data = make_object(RAW, "long", "MR")
    data.ConceptNameCodeSequence = Items([code(str(n), "99TEST", f"meaning {n}") for n in range(5000)])
    path = save(data, tmp_path / "long.dcm")
    browser.show_path(str(path))
    model = browser.model
    qtbot.waitUntil(lambda: model.rowCount() > 0 and value(model, "Modality") == "MR", timeout=5000)
    index = row_of(model, "Concept Name Code Sequence")
    assert "5000" in value(model, "Concept Name Code Sequence")
    browser.tree.expand(index)
    assert model.rowCount(index) == 0, "the rows are read elsewhere and come later"
    qtbot.waitUntil(lambda: model.rowCount(index) == 5000, timeout=10_000)
    item = model.index(4321, 0, index)
    assert model.data(item.siblingAtColumn(NAME)) == "meaning 4321"
    browser.tree.expand(item)
    qtbot.waitUntil(lambda: model.rowCount(item) == 3, timeout=5000)
    assert model.data(model.index(2, VALUE, item)) == "meaning 4321"
    assert model.parent(model.index(2, VALUE, item)) == item
    assert model.data(model.index(2, TAG, item)) == "(0008,0104)"


def test_hostile_values_are_only_letters(qtbot: QtBot, browser: TagBrowser, tmp_path: Path) -> None:
    data = make_object(RAW, "hostile", "MR")
    data.add_new(0x00081030, "LO", "<img src=x>\u202eabc\x07")
    data.add_new(0x00104000, "LT", "first\r\nsecond" + "x" * 5000)
    path = save(data, tmp_path / "<b>bold.dcm")
    browser.show_path(str(path))
    qtbot.waitUntil(lambda: value(browser.model, "Modality") == "MR", timeout=5000)
    assert value(browser.model, "Study Description") == "<img src=x>⟨U+202E⟩abc␇"
    index = row_of(browser.model, "Patient Comments")
    shown: str = browser.model.data(index.siblingAtColumn(VALUE))
    assert shown.startswith("first␍␊second")
    assert len(shown) < 300
    browser.tree.setCurrentIndex(index)
    qtbot.waitUntil(lambda: len(browser.detail.toPlainText()) > 5000, timeout=5000)
    assert "first\nsecond" in browser.detail.toPlainText()
    assert browser.name.textFormat() == Qt.TextFormat.PlainText
    assert browser.model.data(index.siblingAtColumn(VALUE), Qt.ItemDataRole.ToolTipRole) is None


def test_a_file_that_is_gone_says_so(qtbot: QtBot, browser: TagBrowser, tmp_path: Path) -> None:
    browser.show_path(str(tmp_path / "gone.dcm"))
    qtbot.waitUntil(browser.message.isVisible, timeout=5000)
    assert browser.message.text()
    assert browser.model.rowCount() == 0


def test_a_broken_file_shows_what_is_there_with_a_word(qtbot: QtBot, browser: TagBrowser, tmp_path: Path) -> None:
    path = save(make_object(RAW, "broken", "MR"), tmp_path / "broken.dcm")
    path.write_bytes(path.read_bytes()[:-1])
    browser.show_path(str(path))
    qtbot.waitUntil(lambda: value(browser.model, "Modality") == "MR", timeout=5000)
    last = browser.model.index(browser.model.rowCount() - 1, VALUE)
    assert "the file ends here" in browser.model.data(last)
