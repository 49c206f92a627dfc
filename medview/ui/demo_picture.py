"""A picture of the window with the demo study and its results, drawn without a screen."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from types import TracebackType

from medview.core.problem import ExitCode, MedviewError

PICTURE_SIZE = (1600, 1000)
LONGEST_S = 600
"""Without any progress: a computer that is busy with other things takes its time."""
LOOK_MS = 1000
SETTLE_MS = 1500
"""After the results are there: time for thumbnails and panels to be drawn."""


def write_demo_picture(output: str, size: tuple[int, int] = PICTURE_SIZE) -> int:
    """Draw the demo in a window of ``size`` (width, height) px into a PNG; the exit code of the process.

    Raises MedviewError where the picture cannot be written. A model that failed gives a picture that says so, and the
    exit code for that.
    """
    folder = Path(output).resolve().parent
    if not folder.is_dir():
        text = f"{output} cannot be written: there is no folder {folder}."
        raise MedviewError("cannot_write", text, output, ExitCode.CANNOT_WRITE, (output, str(folder)))
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtCore import QEventLoop, QTimer

    from medview.app.settings import Settings, load_settings
    from medview.ui.application import Desk
    from medview.ui.demo import Demo
    from medview.ui.qt_application import make_application
    from medview.ui.saving import write_whole

    app = make_application()
    language = load_settings()[0].language
    desk = Desk(app, Settings(language=language, hints_dismissed=True), keep_settings=False)
    desk.window.resize(*size)
    desk.window.show()
    shown: list[bool] = []
    loop = QEventLoop()

    def settle() -> None:
        shown.append(True)
        desk.window.build_panels()
        QTimer.singleShot(SETTLE_MS, loop.quit)

    def unexpected(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        desk.workspace.tell_error(error)
        loop.quit()

    sys.excepthook = unexpected
    demo = Demo(desk.workspace, on_shown=settle)
    QTimer.singleShot(0, demo.start)
    seen: object = None
    still_since = time.monotonic()

    def look() -> None:
        nonlocal seen, still_since
        now = [(job.id, job.state, job.step) for job in desk.workspace.jobs.jobs]
        if now != seen:
            seen, still_since = now, time.monotonic()
        elif time.monotonic() - still_since > LONGEST_S:
            loop.quit()

    patience = QTimer()
    patience.timeout.connect(look)
    patience.start(LOOK_MS)
    loop.exec()
    patience.stop()
    try:
        write_whole(Path(output), desk.window.grab())
    finally:
        failed = [notice for notice in desk.workspace.notices if notice.severity == "danger"]
        desk.window.close()
        desk.close()
    for notice in failed:
        print(notice.text, file=sys.stderr)  # noqa: T201 - a headless command
    if not shown:
        print(f"The demo was not ready, and nothing went on for {LONGEST_S} s.", file=sys.stderr)  # noqa: T201 - a headless command
    return ExitCode.DONE if shown and not failed else ExitCode.RUN_FAILED
