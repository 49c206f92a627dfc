"""Reports, documents, waveforms and other objects in the window, with real mouse and key events."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from medview.app.report_page import image_address
from medview.app.settings import Settings, changed
from medview.core.report import ObjectReference
from medview.ui.application import Desk
from medview.ui.document_pane import DocumentPane
from medview.ui.safe_page import FIRST_BLOCKS, SafePage
from medview.ui.series_panel import ObjectRow
from medview.ui.waveform_paper import WaveformPaper, has_twelve_leads, lay_out
from tests.phantoms.dicom_series import make_series, save_series
from tests.phantoms.other_objects import (
    PDF,
    RAW,
    STL,
    code,
    content,
    ecg_values,
    image_item,
    make_document,
    make_key_objects,
    make_object,
    make_report,
    make_waveform,
    pdf_bytes,
    save,
)
from tests.ui.small_study import close_desk, open_desk, open_study
from tests.ui.test_language import clipped_at_rest

CT = "1.2.840.10008.5.1.4.1.1.2"
LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CT series with everything that is no image beside it."""
    root = tmp_path_factory.mktemp("objects")
    images = make_series()
    save_series(images, root / "ct")
    uids = [str(image.SOPInstanceUID) for image in images]
    items = [
        content("TEXT", "CONTAINS", code("1", "99", "Findings"), TextValue="<b>Nodule</b> in the right lung"),
        content(
            "IMAGE",
            "CONTAINS",
            code("2", "99", "See"),
            ReferencedSOPSequence=image_item(CT, uids[9]).ReferencedSOPSequence,
        ),
        image_item(CT, "1.2.3.4"),
    ]
    save(make_report(items=items), root / "report.dcm")
    save(make_key_objects([(CT, uids[2]), (CT, uids[7])]), root / "key.dcm")
    save(make_document(PDF, "application/pdf", pdf_bytes(3), "Letter"), root / "letter.dcm")
    save(make_document(STL, "model/stl", b"solid\nendsolid", "Heart"), root / "model.dcm")
    save(make_waveform(ecg_values(), labels=LEADS), root / "ecg.dcm")
    for number in range(3):
        raw = make_object(RAW, f"raw {number}", "MR", 9)
        raw.SeriesInstanceUID = "1.2.3.77"
        save(raw, root / f"raw{number}.dcm")
    save(make_object("1.2.3.4.5", "unknown", "OT", 11), root / "unknown.dcm")
    return root


@pytest.fixture
def open_desk_(qtbot: QtBot, folder: Path) -> Iterator[Desk]:
    desk = open_desk(qtbot)
    open_study(qtbot, desk, folder)
    qtbot.waitUntil(lambda: len(desk.workspace.documents.titles) == len(desk.workspace.documents.all()), timeout=5000)
    yield desk
    close_desk(qtbot, desk)


def open_objects(qtbot: QtBot, desk: Desk, folder: Path) -> None:
    """Open a folder without images and wait for the end of the scan."""
    ended: list[bool] = []

    def end() -> None:
        ended.append(True)

    desk.workspace.scan_ended.connect(end)
    desk.workspace.open_paths([str(folder)])
    qtbot.waitUntil(lambda: bool(ended), timeout=20_000)
    desk.workspace.scan_ended.disconnect(end)


def click_row(qtbot: QtBot, desk: Desk, kind: str) -> ObjectRow:
    """Click on the row of a kind of object in the strip."""
    strip = desk.window.series_panel
    at, row = next(
        (n, row) for n, row in enumerate(strip.model.rows) if isinstance(row, ObjectRow) and row.objects[0].kind == kind
    )
    index = strip.model.index(at)
    strip.list.scrollTo(index)
    qtbot.mouseClick(strip.list.viewport(), Qt.MouseButton.LeftButton, pos=strip.list.visualRect(index).center())
    documents = desk.workspace.documents
    qtbot.waitUntil(lambda: documents.shown is not None and not documents.shown.is_loading, timeout=5000)
    return row


def pane(desk: Desk) -> DocumentPane:
    found = desk.window.images.widget(1)
    assert isinstance(found, DocumentPane)
    return found


def test_everything_that_is_no_image_has_a_row(open_desk_: Desk) -> None:
    rows = [row for row in open_desk_.window.series_panel.model.rows if isinstance(row, ObjectRow)]
    kinds = [row.objects[0].kind for row in rows]
    assert sorted(kinds) == ["key_objects", "model", "pdf", "raw", "report", "unknown", "waveform"]
    assert kinds.index("raw") > max(kinds.index(kind) for kind in ("report", "pdf", "waveform", "key_objects"))
    assert len(next(row for row in rows if row.objects[0].kind == "raw").objects) == 3
    census = open_desk_.workspace.census
    assert sum(len(row.objects) for row in rows) == census.objects_without_pixels == 9


def test_a_report_opens_beside_the_images_and_its_link_goes_to_the_image(qtbot: QtBot, open_desk_: Desk) -> None:
    desk = open_desk_
    click_row(qtbot, desk, "report")
    document = pane(desk)
    assert document.isVisible()
    assert desk.window.grid.isVisible()
    page: SafePage = document._views["report"].page  # type: ignore[attr-defined]
    text = page.toPlainText()
    assert "Chest CT report" in text
    assert "<b>Nodule</b> in the right lung" in text
    assert "not verified" in text
    assert "not among the opened files" in text
    # The link itself, with the mouse.
    cursor = page.document().find("image 10")
    assert not cursor.isNull()
    cursor.setPosition(cursor.selectionStart() + 3)
    where = page.cursorRect(cursor).center() + QPoint(2, 0)
    desk.workspace.active_viewport.go_to_index(0)
    qtbot.mouseClick(page.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert desk.workspace.active_viewport.slice_index == 9
    # Escape closes it.
    page.setFocus()
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert not document.isVisible()
    assert not desk.workspace.documents.is_open


def test_words_are_found_in_a_report(qtbot: QtBot, open_desk_: Desk) -> None:
    click_row(qtbot, open_desk_, "report")
    view = pane(open_desk_)._views["report"]
    qtbot.keyClicks(view.search, "right lung")  # type: ignore[attr-defined]
    qtbot.keyClick(view.search, Qt.Key.Key_Return)  # type: ignore[attr-defined]
    assert view.page.textCursor().selectedText() == "right lung"  # type: ignore[attr-defined]
    qtbot.keyClicks(view.search, "x")  # type: ignore[attr-defined]
    qtbot.keyClick(view.search, Qt.Key.Key_Return)  # type: ignore[attr-defined]
    assert view.search.property("missing") is True  # type: ignore[attr-defined]


def test_a_page_loads_nothing_and_follows_no_other_link(qtbot: QtBot, tmp_path: Path) -> None:
    page = SafePage()
    qtbot.addWidget(page)
    secret = tmp_path / "secret.html"
    secret.write_text("secret words")
    assert page.loadResource(QTextDocument.ResourceType.HtmlResource.value, QUrl.fromLocalFile(str(secret))) is None
    asked: list[object] = []
    page.image_asked.connect(asked.append)
    page.show_blocks([f'<p><img src="{secret.as_uri()}">before</p>', f'<p><a href="{secret.as_uri()}">x</a></p>'])
    for address in (secret.as_uri(), "http://example.invalid/", "image:../1"):
        page.anchorClicked.emit(QUrl(address))
    assert asked == []
    assert "before" in page.toPlainText()
    assert "secret" not in page.toPlainText()
    page.anchorClicked.emit(QUrl(image_address(ObjectReference("", "1.2.3", (4,)))))
    assert asked == [ObjectReference("", "1.2.3", (4,))]


def test_a_long_report_is_laid_out_in_parts(qtbot: QtBot) -> None:
    page = SafePage()
    qtbot.addWidget(page)
    page.show_blocks([f"<p>line {at}</p>" for at in range(FIRST_BLOCKS + 500)])
    assert not page.is_complete
    assert "line 1\n" in page.toPlainText()
    qtbot.waitUntil(lambda: page.is_complete, timeout=5000)
    assert f"line {FIRST_BLOCKS + 499}" in page.toPlainText()
    assert page.textCursor().position() == 0
    assert page.textCursor().atStart() or QTextCursor(page.document()).atStart()


def test_key_images_are_starred_and_can_be_walked_through(qtbot: QtBot, open_desk_: Desk) -> None:
    desk = open_desk_
    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    qtbot.waitUntil(lambda: desk.workspace.key_images.count_in(stack) == 2, timeout=5000)
    state = desk.workspace.active_viewport
    state.go_to_index(0)
    desk.window.activateWindow()
    frame = desk.window.grid.active_frame()
    assert frame is not None
    frame.viewport.setFocus()
    seen = []
    for _ in range(3):
        qtbot.keyClick(frame.viewport, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        seen.append(state.slice_index)
    assert seen == [2, 7, 2]
    marks = frame.viewport._painting.marks(desk.workspace.loader.volume(stack))
    assert [mark.values for mark in marks if mark.code == "key_image"] == [("Of Interest",)]
    state.go_to_index(3)
    marks = frame.viewport._painting.marks(desk.workspace.loader.volume(stack))
    assert not [mark for mark in marks if mark.code == "key_image"]


def test_a_pdf_is_drawn_page_by_page(qtbot: QtBot, open_desk_: Desk) -> None:
    click_row(qtbot, open_desk_, "pdf")
    view = pane(open_desk_)._views["pdf"]
    pages = view.pages  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: pages.page_count == 3 and pages.is_drawn(0), timeout=20_000)
    assert pane(open_desk_).title.text() == "Letter"
    image = pages.viewport().grab().toImage()
    rect = pages._rects()[0]
    assert image.pixelColor(rect.left() + rect.width() // 2, rect.top() + 20).lightness() == 255
    pages.go_to_page(2)
    qtbot.waitUntil(lambda: pages.page == 2, timeout=2000)
    before = pages.scale
    pages.zoom_by(2.0)
    assert pages.scale == pytest.approx(2 * before)
    assert pages.page == 2


def test_a_broken_pdf_says_so_in_its_place(qtbot: QtBot, tmp_path: Path) -> None:
    save(make_document(PDF, "application/pdf", b"%PDF-1.4 rubbish" * 9, "Broken"), tmp_path / "broken.dcm")
    desk = open_desk(qtbot)
    try:
        open_objects(qtbot, desk, tmp_path)
        qtbot.waitUntil(lambda: desk.workspace.documents.is_open, timeout=5000)
        document = pane(desk)
        qtbot.waitUntil(lambda: "broken.dcm" in document._views["told"].why.text(), timeout=20_000)  # type: ignore[attr-defined]
        assert str(tmp_path) not in document._views["told"].why.text()  # type: ignore[attr-defined]
    finally:
        close_desk(qtbot, desk)


def test_an_ecg_is_drawn_on_calibrated_paper(qtbot: QtBot, open_desk_: Desk) -> None:
    click_row(qtbot, open_desk_, "waveform")
    view = pane(open_desk_)._views["waveform"]
    paper: WaveformPaper = view.paper  # type: ignore[attr-defined]
    assert [trace.label for trace in paper.traces] == LEADS
    assert (paper.speed, paper.gain) == (25.0, 10.0)
    trace = paper.traces[1]
    group = paper._group
    assert group is not None
    peak = int(np.argmax(group.values[1][:425]))
    # 2000 stored values of 0.5 uV are 1 mV, ten mm above the base line; a second is 25 mm.
    where = paper.to_px(trace.x_mm + peak / 500 * 25, trace.base_mm)
    high = paper.to_px(trace.x_mm + peak / 500 * 25, trace.base_mm - float(group.values[1, peak]) / 1000 * 10)
    assert (where - high).y() == pytest.approx(10 * paper.px_per_mm, rel=0.02)
    qtbot.mouseMove(paper.viewport(), where.toPoint())
    qtbot.waitUntil(lambda: "mV" in view.readout.text(), timeout=2000)  # type: ignore[attr-defined]
    label, seconds, value = view.readout.text().split("    ")  # type: ignore[attr-defined]
    assert label == "II"
    assert float(seconds.split()[0]) == pytest.approx(peak / 500, abs=0.02)
    assert abs(float(value.split()[0])) <= 1.0
    # The caliper.
    start = paper.to_px(trace.x_mm + 25.0, trace.base_mm).toPoint()
    end = paper.to_px(trace.x_mm + 50.0, trace.base_mm).toPoint()
    qtbot.mousePress(paper.viewport(), Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(paper.viewport(), end)
    qtbot.mouseRelease(paper.viewport(), Qt.MouseButton.LeftButton, pos=end)
    told = view.readout.text()  # type: ignore[attr-defined]
    assert float(told.split()[1]) == pytest.approx(1000, abs=12)
    assert "60/min" in told or "59/min" in told or "61/min" in told


def test_the_trace_is_where_the_values_are(qtbot: QtBot, open_desk_: Desk) -> None:
    click_row(qtbot, open_desk_, "waveform")
    paper: WaveformPaper = pane(open_desk_)._views["waveform"].paper  # type: ignore[attr-defined]
    paper.zoom_by(2.0)
    paper.horizontalScrollBar().setValue(0)
    group = paper._group
    assert group is not None
    trace = paper.traces[0]
    points = paper._points(trace)
    assert points is not None
    x, y = points
    at = ((x + paper.horizontalScrollBar().value()) / paper.px_per_mm - trace.x_mm) / 25
    height = trace.base_mm - (y + paper.verticalScrollBar().value()) / paper.px_per_mm
    samples = np.clip(np.round(at * 500).astype(int), 0, 4999)
    assert np.nanmax(np.abs(height / 10 - group.values[0][samples] / 1000)) < 0.25
    assert np.nanmax(height / 10) == pytest.approx(group.values[0].max() / 1000, abs=0.01)


def test_twelve_leads_stand_in_three_rows_of_four() -> None:
    from medview.core.waveform import WaveformChannel, WaveformGroup

    values = np.zeros((12, 5000), np.float32)
    group = WaveformGroup("", "", 500.0, 0.0, tuple(WaveformChannel(lead) for lead in reversed(LEADS)), values)
    assert has_twelve_leads(group)
    traces, width, _height = lay_out(group, 25.0, 10.0, in_columns=True)
    assert [trace.label for trace in traces] == [
        "I", "aVR", "V1", "V4", "II", "aVL", "V2", "V5", "III", "aVF", "V3", "V6", "II",
    ]  # fmt: skip
    assert traces[1].x_mm - traces[0].x_mm == pytest.approx(2.5 * 25)
    assert (traces[1].begin_s, traces[1].end_s) == (2.5, 5.0)
    assert width > 250
    assert group.channels[traces[0].channel].label == "I"


def test_what_is_not_drawn_says_why(qtbot: QtBot, open_desk_: Desk) -> None:
    for kind, words in (("raw", "before reconstruction"), ("model", "saved"), ("unknown", "tag browser")):
        click_row(qtbot, open_desk_, kind)
        told = pane(open_desk_)._views["told"]
        assert words in told.why.text()  # type: ignore[attr-defined]
        assert told.isVisible()


def test_the_list_names_all_objects_with_a_reason(qtbot: QtBot, open_desk_: Desk) -> None:
    desk = open_desk_
    frame = desk.window.grid.active_frame()
    assert frame is not None
    frame.viewport.setFocus()
    qtbot.keyClick(frame.viewport, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    tree = pane(desk)._views["list"].tree  # type: ignore[attr-defined]
    group = tree.topLevelItem(0)
    rows = [[group.child(at).text(column) for column in range(4)] for at in range(group.childCount())]
    assert len(rows) == 9
    assert [row[3] for row in rows if row[1] == "Raw Data"] != ["", "", ""]
    assert ["Letter", "Encapsulated PDF"] in [row[:2] for row in rows]
    at = next(at for at in range(group.childCount()) if group.child(at).text(1) == "Encapsulated PDF")
    where = tree.visualItemRect(group.child(at)).center()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=where)
    shown = desk.workspace.documents.shown
    assert shown is not None
    assert shown.listed.kind == "pdf"


def test_a_document_is_saved_as_it_is(
    qtbot: QtBot, open_desk_: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    click_row(qtbot, open_desk_, "pdf")
    target = tmp_path / "out.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_args: (str(target), ""))
    qtbot.mouseClick(pane(open_desk_).save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(target.exists, timeout=5000)
    assert target.read_bytes() == pdf_bytes(3)


def test_another_patients_document_is_said_in_red(qtbot: QtBot, open_desk_: Desk, tmp_path: Path) -> None:
    desk = open_desk_
    click_row(qtbot, desk, "report")
    assert not pane(desk).other_patient.isVisible()
    assert len(desk.workspace.patients.keys()) == 1
    other = make_report("Other", [])
    other.PatientID, other.PatientName = "SOMEBODY", "ELSE^Somebody"
    other.StudyInstanceUID = "1.2.3.55"
    save(other, tmp_path / "other.dcm")
    open_objects(qtbot, desk, tmp_path)
    listed = next(one for one in desk.workspace.documents.all() if one.study.patient.patient_id == "SOMEBODY")
    desk.workspace.documents.open(listed)
    assert pane(desk).other_patient.isVisible()
    assert "ELSE, Somebody" in pane(desk).other_patient.text()
    assert len(desk.workspace.patients.keys()) == 2


def test_a_folder_with_a_report_alone_shows_it(qtbot: QtBot, tmp_path: Path) -> None:
    save(make_report("Alone", []), tmp_path / "alone.dcm")
    desk = open_desk(qtbot)
    try:
        open_objects(qtbot, desk, tmp_path)
        qtbot.waitUntil(lambda: desk.workspace.documents.shown is not None, timeout=5000)
        qtbot.waitUntil(lambda: "report" in pane(desk)._views, timeout=5000)
        assert "Alone" in pane(desk)._views["report"].page.toPlainText()  # type: ignore[attr-defined]
        study = desk.workspace.studies[0]
        desk.workspace.close_study(study)
        assert not desk.workspace.documents.is_open
        assert QApplication.activeModalWidget() is None
    finally:
        close_desk(qtbot, desk)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_nothing_of_the_pane_and_the_tag_browser_is_clipped(qtbot: QtBot, folder: Path, language: str) -> None:
    desk = open_desk(qtbot, changed(Settings(), language=language, hints_dismissed=True), (1366, 768))
    try:
        open_study(qtbot, desk, folder)
        documents = desk.workspace.documents
        for kind in ("report", "waveform", "pdf", "raw", "unknown", "model"):
            documents.open(next(one for one in documents.all() if one.kind == kind))
            qtbot.waitUntil(lambda: documents.shown is not None and not documents.shown.is_loading, timeout=5000)
            assert clipped_at_rest(qtbot, pane(desk)) == [], kind
            assert desk.window.height() == 768, kind
        documents.show_list()
        assert clipped_at_rest(qtbot, pane(desk)) == []
        desk.window.show_tags_of(next(one for one in documents.all()).object.path)
        browser = desk.window._dialogs["tags"]
        assert clipped_at_rest(qtbot, browser) == []
        browser.set_comparison(1)  # type: ignore[attr-defined]
        assert clipped_at_rest(qtbot, browser) == []
    finally:
        close_desk(qtbot, desk)


def test_what_a_report_marks_is_drawn_while_it_is_open(qtbot: QtBot, tmp_path: Path) -> None:
    images = make_series()
    save_series(images, tmp_path / "ct")
    image = image_item(CT, str(images[6].SOPInstanceUID), relationship="SELECTED FROM")
    corner = content(
        "SCOORD", "CONTAINS", code("1", "99", "Region"), GraphicType="POLYLINE",
        GraphicData=[4.5, 4.5, 20.5, 4.5, 20.5, 18.5, 4.5, 18.5, 4.5, 4.5], ContentSequence=[image],
    )  # fmt: skip
    save(make_report(items=[corner]), tmp_path / "report.dcm")
    desk = open_desk(qtbot)
    try:
        open_study(qtbot, desk, tmp_path)
        desk.workspace.active_viewport.go_to_index(6)
        frame = desk.window.grid.active_frame()
        assert frame is not None

        def marked() -> int:
            picture = frame.viewport.grab().toImage()
            x, y = frame.viewport.transform.image_to_screen(12.0, 4.0)
            ratio = picture.devicePixelRatio()
            colours = [picture.pixelColor(round(x * ratio), round((y + dy) * ratio)) for dy in (-1, 0, 1)]
            return max(colour.red() - colour.blue() for colour in colours)

        assert marked() < 40
        click_row(qtbot, desk, "report")
        qtbot.waitUntil(lambda: marked() > 80, timeout=5000)
        desk.workspace.active_viewport.go_to_index(7)
        qtbot.waitUntil(lambda: marked() < 40, timeout=5000)
        desk.workspace.active_viewport.go_to_index(6)
        desk.workspace.documents.close()
        qtbot.waitUntil(lambda: marked() < 40, timeout=5000)
    finally:
        close_desk(qtbot, desk)


def test_a_panel_imports_nothing_of_its_neighbours(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the Image panel needs takes a fifth of a second to import: nobody waits for it who reads a report."""
    import sys

    from medview.ui.right_panel import DETAILS

    desk = open_desk(qtbot)
    monkeypatch.setitem(sys.modules, "medview.ui.image_panel", None)
    desk.window.right_panel.show_tab(DETAILS)
    assert desk.window.right_panel.page(DETAILS).isVisible()
    close_desk(qtbot, desk)


def test_the_window_lives_while_a_long_report_is_read(qtbot: QtBot, tmp_path: Path) -> None:
    """The page comes in several parts, and the window has time for something else between them."""
    save(make_report(items=[content("TEXT", TextValue=f"line {n}") for n in range(1500)]), tmp_path / "a" / "r.dcm")
    desk = open_desk(qtbot)
    ticks: list[int] = []
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(pages[0].document().blockCount() if (pages := shown_pages()) else 0))

    def shown_pages() -> list[SafePage]:
        return desk.window.findChildren(SafePage)

    timer.start(0)
    desk.workspace.open_paths([str(tmp_path / "a")])
    qtbot.waitUntil(lambda: bool(shown_pages()) and "line 1499" in shown_pages()[0].toPlainText(), timeout=20_000)
    timer.stop()
    assert len(set(ticks)) > 3
    assert max(b - a for a, b in itertools.pairwise(ticks)) < 750, "half of the report at one go"
    close_desk(qtbot, desk)
