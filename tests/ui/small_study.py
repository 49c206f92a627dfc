"""A small chest-like CT study on disk, and a whole desk (window, jobs, loader) around it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from pytestqt.qtbot import QtBot

from medview.app.settings import Settings
from medview.dicom.write_ct import CtDescription, write_ct_series
from medview.ui.application import Desk, make_application
from medview.ui.main_window import MainWindow
from medview.ui.viewport import ViewportWidget

SLICES = 12
ROWS = 64
BALL = (6, 30, 20)
"""(k, j, i) of a bright ball in the left half of the picture."""


def phantom(slices: int = SLICES) -> np.ndarray[Any, np.dtype[np.int16]]:
    """A body with two dark lungs and one ball of 100 HU in the patient's right one."""
    k, j, i = np.mgrid[:slices, :ROWS, :ROWS]
    hu = np.full((slices, ROWS, ROWS), -1000, dtype=np.int16)
    hu[((i - 32) / 30) ** 2 + ((j - 32) / 22) ** 2 < 1] = 40
    for middle in (20, 44):
        hu[((i - middle) / 9) ** 2 + ((j - 32) / 14) ** 2 < 1] = -850
    ball = (k - BALL[0]) ** 2 + (j - BALL[1]) ** 2 + (i - BALL[2]) ** 2 < 9
    hu[ball] = 100
    return hu


def write_study(folder: Path, patient: str = "Doe^Jane", patient_id: str = "P-1") -> Path:
    """Two series of one study (12 and 5 slices) and one slice that is a localiser."""
    import pydicom

    study = ""
    for number, (name, slices) in enumerate((("Lung 2 mm", SLICES), ("Soft tissue", 5), ("Scout", 1)), start=1):
        inside = folder / f"series{number}"
        inside.mkdir(parents=True)
        description = CtDescription(
            patient_name=patient,
            patient_id=patient_id,
            uid_seed=f"{patient_id} {name}",
            study_description="Chest",
            series_description=name,
            series_number=number,
        )
        files = write_ct_series(inside, phantom(slices), (2.0, 1.5, 1.5), (-48.0, -48.0, 0.0), description)
        for file in files:
            dataset = pydicom.dcmread(file)
            study = study or str(dataset.StudyInstanceUID)
            dataset.StudyInstanceUID = study
            dataset.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER" if name == "Scout" else "AXIAL"]
            dataset.save_as(file, enforce_file_format=True)
    return folder


def open_desk(qtbot: QtBot, settings: Settings | None = None, size: tuple[int, int] = (1440, 900)) -> Desk:
    """A desk with its window on the screen; it is closed by `close_desk`."""
    app = make_application()
    desk = Desk(app, settings or Settings(language="en", hints_dismissed=True))
    desk.window.resize(*size)
    with qtbot.waitExposed(desk.window):
        desk.window.show()
    desk.window.activateWindow()
    # Keys of commands need an active window, and the window system says so later. Some never do; then a test of keys tells.
    until = time.monotonic() + 10
    while not desk.window.isActiveWindow() and time.monotonic() < until:
        qtbot.wait(5)
    return desk


def close_desk(qtbot: QtBot, desk: Desk) -> None:
    """Close the window and let Qt delete what it deletes later."""
    from PySide6.QtCore import QCoreApplication, QEvent
    from shiboken6 import isValid

    if isValid(desk.window):
        desk.window.close()
    desk.close()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qtbot.wait(1)


def open_study(qtbot: QtBot, desk: Desk, folder: Path) -> None:
    """Open a folder and wait until it is scanned and its first image is on the screen."""
    painted: list[int] = []
    ended: list[bool] = []

    def end() -> None:
        ended.append(True)

    desk.workspace.scan_ended.connect(end)
    desk.workspace.open_paths([str(folder)])
    qtbot.waitUntil(lambda: bool(ended), timeout=20_000)
    desk.workspace.scan_ended.disconnect(end)
    if desk.workspace.studies:
        viewport = active(desk)
        viewport.painted.connect(lambda _stack, k: painted.append(k))
        viewport.update()
        qtbot.waitUntil(lambda: bool(painted), timeout=20_000)


def active(desk: Desk) -> ViewportWidget:
    """The active viewport's widget."""
    frame = desk.window.grid.active_frame()
    assert frame is not None
    return frame.viewport


def texts_of(window: MainWindow) -> list[str]:
    """All words that labels of a window show."""
    from PySide6.QtWidgets import QLabel

    return [label.text() for label in window.findChildren(QLabel) if label.isVisible()]
