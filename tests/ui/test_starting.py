"""What a reader sees while the window is slow to come, and what the system asks a running program to open."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medview.ui.splash import TEXTS, Splash


def test_a_slow_start_shows_a_card_until_the_window_is_there(qtbot: QtBot) -> None:
    splash = Splash(time.monotonic(), chinese=False)
    try:
        __import__("colorsys")
        assert splash.card is None, "a usual start shows nothing"
        splash._due = time.monotonic() - 1
        sys.modules.pop("colorsys")
        __import__("colorsys")
        assert splash.card is not None
        assert splash.card.isVisible()
        assert splash not in sys.meta_path
        picture = splash.card.grab().toImage()
        assert len({picture.pixelColor(x, 70).name() for x in range(0, picture.width(), 2)}) > 5, "words and the icon"
    finally:
        splash.close()
    assert splash.card is None
    splash.look()
    assert splash.card is None, "the window is there"


def test_a_quick_start_leaves_nothing_behind(qtbot: QtBot) -> None:
    splash = Splash(time.monotonic() + 3600, chinese=True)
    splash.close()
    assert splash not in sys.meta_path
    assert all(len(texts) == len(TEXTS[0]) for texts in TEXTS)


OPENINGS = """
import sys
from PySide6.QtCore import QCoreApplication, QUrl
from PySide6.QtGui import QFileOpenEvent
from medview.ui.qt_application import make_application
app = make_application()
taken = []
QCoreApplication.sendEvent(app, QFileOpenEvent(sys.argv[1]))  # before the window is there
app.take_openings(taken.append)
assert taken == [[sys.argv[1]]], taken
QCoreApplication.sendEvent(app, QFileOpenEvent(QUrl("medview://open?study=1.2&patient=A%20B")))
assert taken[1:] == [["medview://open?study=1.2&patient=A%20B"]], taken
QCoreApplication.sendEvent(app, QFileOpenEvent(QUrl.fromLocalFile(sys.argv[1])))
assert taken[2:] == [[sys.argv[1]]], taken
"""


@pytest.mark.timeout(60)
def test_what_a_mac_asks_for_by_events_is_opened(tmp_path: Path) -> None:
    place = tmp_path / "胸部 a%20b"
    place.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", OPENINGS, str(place)], env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
