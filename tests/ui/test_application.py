"""Starting, ending, settings that change the whole window, and the demo."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medview.app.settings import Settings, load_settings, settings_path
from medview.core.problem import MedviewError
from medview.inference.library import install
from medview.ui import application
from medview.ui.application import Desk
from medview.ui.theme import DARK, LIGHT
from tests.ui.small_study import active, close_desk, open_desk, open_study, texts_of
from tests.ui.tiny_packages import detection_package, segmentation_package

ROOT = Path(__file__).resolve().parents[2]

LATE = """
import sys
import medview.ui.application, medview.ui.viewport, medview.app.open_paths, medview.dicom.scan
late = {"onnxruntime", "SimpleITK", "numba", "pydicom", "highdicom", "pydantic", "imagecodecs", "PIL", "pyqtgraph"}
found = sorted(late & set(sys.modules))
assert not found, found
"""


def test_nothing_heavy_is_imported_on_the_way_to_the_first_image() -> None:
    answer = subprocess.run([sys.executable, "-c", LATE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def test_the_application_starts_opens_and_ends(
    qtbot: QtBot, study_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks: list[Desk] = []
    make = application.Desk

    class Watched(make):  # type: ignore[misc, valid-type]
        def __init__(self, *all_: object, **more: object) -> None:
            super().__init__(*all_, **more)
            desks.append(self)

    monkeypatch.setattr(application, "Desk", Watched)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def look() -> None:
        if desks and desks[0].workspace.active_viewport.stack is not None and not desks[0].workspace.is_scanning:
            desks[0].window.close()
        else:
            QTimer.singleShot(20, look)

    QTimer.singleShot(20, look)
    assert application.run([str(study_folder)], new_window=True) == 0
    assert desks[0].workspace.studies
    assert load_settings()[0].window_geometry, "the window's place is kept"
    from PySide6.QtCore import QCoreApplication, QEvent

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_garbage_in_the_settings_is_told_and_the_window_opens(qtbot: QtBot) -> None:
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text("{garbage", encoding="utf-8")
    settings, notes = load_settings()
    desk = Desk(application.make_application(), settings, notes)
    desk.window.show()
    qtbot.waitExposed(desk.window)
    notice = desk.window.notices.notice
    assert notice is not None
    assert str(settings_path()) in notice.text
    close_desk(qtbot, desk)


def test_settings_survive_a_restart(qtbot: QtBot) -> None:
    first = open_desk(qtbot)
    first.window.show_settings()
    dialog = first.window._dialogs["settings"]
    theme = dialog.choices["theme"]  # type: ignore[attr-defined]
    theme.setCurrentIndex(theme.findData("light"))
    theme.activated.emit(theme.currentIndex())
    dialog.sliders["overlay_opacity"].setValue(70)  # type: ignore[attr-defined]
    first.window.toggle_panel("left")
    close_desk(qtbot, first)
    settings, notes = load_settings()
    assert notes == ()
    assert (settings.theme, settings.overlay_opacity, settings.left_panel) == ("light", 0.7, False)
    second = open_desk(qtbot, settings)
    assert not second.window.series_panel.isVisible()
    second.workspace.change_settings(theme="dark")
    close_desk(qtbot, second)


def test_the_theme_changes_at_once_and_leaves_the_image_alone(qtbot: QtBot, reading_desk: Desk) -> None:
    def chrome() -> QColor:
        image = reading_desk.window.grab().toImage()
        return QColor(image.pixelColor(image.width() - 12, image.height() // 2))

    active(reading_desk).grab()
    picture = active(reading_desk).grab().toImage()
    assert chrome() == QColor(DARK.panel)
    reading_desk.workspace.change_settings(theme="light")
    assert chrome() == QColor(LIGHT.panel)
    assert active(reading_desk).grab().toImage() == picture
    reading_desk.workspace.change_settings(theme="dark", dimmed=True)
    assert chrome().lightness() < QColor(DARK.panel).lightness()
    assert active(reading_desk).grab().toImage() == picture
    reading_desk.workspace.change_settings(dimmed=False)


def test_closing_while_everything_runs_leaves_nothing(qtbot: QtBot, study_folder: Path, tmp_path: Path) -> None:
    install(detection_package(tmp_path / "balls"))
    desk = open_desk(qtbot)
    open_study(qtbot, desk, study_folder)
    from medview.inference.package import open_package

    stack = desk.workspace.active_viewport.stack
    assert stack is not None
    for _ in range(3):
        desk.workspace.run_model(stack, open_package("balls"))
    desk.workspace.open_paths([str(study_folder)])
    close_desk(qtbot, desk)  # the fixture looks for threads


def test_what_is_left_over_is_destroyed_on_the_main_thread_alone(qtbot: QtBot, desk: Desk) -> None:
    class LeftOver(QObject):
        """In a cycle, as a closed dialog and what it called are."""

        def __init__(self) -> None:
            super().__init__()
            self.itself = self

        def __del__(self) -> None:
            died_on.append(threading.current_thread().name)

    def work() -> None:
        """Much that is itself made of cycles, as in any worker."""
        for _ in range(20 * gc.get_threshold()[0]):
            cycle: list[object] = []
            cycle.append(cycle)

    died_on: list[str] = []
    for _ in range(20):
        LeftOver()
    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    qtbot.waitUntil(lambda: len(died_on) == 20, timeout=20_000)
    assert set(died_on) == {threading.main_thread().name}
    close_desk(qtbot, desk)
    assert gc.isenabled()


def test_an_unexpected_error_is_told_and_the_window_stays(qtbot: QtBot, reading_desk: Desk) -> None:
    reading_desk.workspace.tell_error(ZeroDivisionError("a fault of ours"))
    assert any("a fault of ours" in text for text in texts_of(reading_desk.window))
    reading_desk.workspace.tell_error(MedviewError("decoder_died", "x.dcm is damaged.", "x.dcm"))
    assert active(reading_desk).isVisible()


@pytest.fixture
def small_demo(study_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo that is made at once, with two small models."""
    install(segmentation_package(tmp_path / "bright"))
    install(detection_package(tmp_path / "balls"))
    monkeypatch.setattr("medview.app.demo_study.ensure_demo_study", lambda _progress: study_folder)
    monkeypatch.setattr("medview.ui.demo.DEMO_MODELS", ("bright", "balls"))


@pytest.mark.usefixtures("small_demo")
def test_the_demo_opens_runs_and_shows_its_best_finding(qtbot: QtBot, desk: Desk) -> None:
    qtbot.mouseClick(desk.window.grid.empty.demo_button, Qt.MouseButton.LeftButton)
    workspace = desk.workspace
    qtbot.waitUntil(lambda: len(workspace.results.stacks()) == 1, timeout=30_000)
    qtbot.waitUntil(lambda: workspace.selected_finding[1] != "", timeout=30_000)
    stack = workspace.active_viewport.stack
    assert stack is not None
    assert {one.provenance.package_id for one in workspace.results.of(stack.id)} == {"bright", "balls"}
    found = next(one for one in workspace.results.of(stack.id) if one.findings)
    assert workspace.active_viewport.k == found.findings[0].k


@pytest.mark.usefixtures("small_demo")
def test_the_demo_picture_is_written_without_a_screen(qtbot: QtBot, tmp_path: Path) -> None:
    from medview.ui.demo_picture import write_demo_picture

    target = tmp_path / "demo.png"
    assert write_demo_picture(str(target), (900, 700)) == 0
    picture = QImage(str(target))
    assert (picture.width(), picture.height()) == (900, 700)
    colours = {picture.pixel(x, y) for x in range(130, 560, 7) for y in range(120, 640, 7)}
    assert len(colours) > 30
    with pytest.raises(MedviewError, match="no folder"):
        write_demo_picture(str(tmp_path / "missing" / "demo.png"))
    QApplication.processEvents()


def test_a_demo_that_cannot_be_kept_is_told(qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_progress: object) -> Path:
        raise MedviewError("cannot_write", "The demo study cannot be kept in /x: No space left on device", "/x")

    monkeypatch.setattr("medview.app.demo_study.ensure_demo_study", full)
    desk.open_demo()
    qtbot.waitUntil(lambda: bool(desk.workspace.notices), timeout=10_000)
    notice = desk.window.notices.notice
    assert notice is not None
    assert "No space left" in notice.text
    assert desk.window.grid.empty.open_button.isVisible(), "the empty window offers the same as before"
    assert desk.workspace.settings == Settings(language="en", hints_dismissed=True)


def test_memory_of_a_study_that_was_closed_goes_back_to_the_system(
    qtbot: QtBot, reading_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medview.core import heap

    given: list[str] = []
    own = heap.give_back_free

    def watched() -> bool:
        done = own()
        given.append(threading.current_thread().name)
        return done

    monkeypatch.setattr(heap, "give_back_free", watched)
    workspace = reading_desk.workspace
    workspace.studies_changed.emit()
    qtbot.wait(10)
    assert not reading_desk._rested.isActive(), "nothing was closed"
    workspace.close_study(workspace.studies[0])
    qtbot.waitUntil(lambda: bool(given), timeout=20_000)
    assert given[0] != threading.main_thread().name
