"""Starts the window and brings its parts together: settings, jobs, loading, models, hand-over, demo."""

from __future__ import annotations

import gc
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPixmapCache
from PySide6.QtWidgets import QApplication

from medview.app import crash_reports
from medview.app.settings import Settings, fixed_settings, load_settings
from medview.app.workspace import Workspace
from medview.core import heap
from medview.core.policy import policy
from medview.core.problem import Note
from medview.jobs.queue import JobQueue
from medview.ui.collecting import MainThreadCollection
from medview.ui.main_window import MainWindow
from medview.ui.post import MainThreadPost
from medview.ui.qt_application import Application, make_application
from medview.ui.theme import chosen_theme, wear
from medview.ui.translations import speak

if TYPE_CHECKING:
    from medview.app.inference_queue import InferenceQueue
    from medview.core.study import FrameSource
    from medview.jobs.pool import DecodePool

log = logging.getLogger(__name__)

WARM_UP_MS = 15_000
"""When the window has been open this long, what will be needed later is prepared."""

QT_PICTURES_KB = 2048
"""Of pictures that Qt keeps of its own accord: it would fill 10 MB with scaled thumbnails of studies that were closed."""

RESTED_MS = 500
"""So long after a study was closed its memory is given back to the system."""

UPDATES_AFTER_MS = 20_000
"""So long after an opening it is asked for a newer version, where that is wanted and due."""


class Desk:
    """Everything one running window needs, made in the order in which the first image needs it."""

    def __init__(
        self,
        app: QApplication,
        settings: Settings,
        notes: Sequence[Note] = (),
        keep_settings: bool = True,
    ) -> None:
        from medview.app.loading import StudyLoader
        from medview.jobs.pool import DecodePool

        self.app = app
        heap.keep_one_heap()  # before the first thread
        QPixmapCache.setCacheLimit(QT_PICTURES_KB)
        self._collection = MainThreadCollection()
        self.post = MainThreadPost()
        self.jobs = JobQueue(self.post)
        self._pool = DecodePool(give_way=True)  # its processes start with the first compressed frame
        budget = settings.memory_budget_mb * 2**20 or None
        self.loader = StudyLoader(self.jobs, self.decode_pool, budget)
        self.workspace = Workspace(
            self.jobs, self.loader, self.post, settings, self._make_inference, self._read_frame, keep_settings
        )
        for note in (*policy().notes, *fixed_settings(policy())[1], *notes):
            self.workspace.tell_note(note)
        settings = self.workspace.settings
        self._language = speak(app, settings.language)
        self._worn = (settings.theme, settings.dimmed)
        wear(app, chosen_theme(*self._worn))
        self.window = self._make_window()
        self.workspace.settings_changed.connect(self._follow_settings)
        self._open_count = 0
        self._rested = QTimer()
        self._rested.setSingleShot(True)
        self._rested.setInterval(RESTED_MS)
        self._rested.timeout.connect(self._return_memory)
        self.workspace.studies_changed.connect(self._follow_studies)
        self._closed = False
        if keep_settings:
            self.workspace.scan_ended.connect(self._look_for_updates_soon)

    # ------------------------------------------------------------------ parts

    def decode_pool(self) -> DecodePool:
        """The worker processes that codecs run in; may be asked for from any thread."""
        return self._pool

    def _read_frame(self, source: FrameSource) -> Any:
        """A frame's stored values; called in a worker thread."""
        return self.decode_pool().read(source) if source.needs_codec else source.read()

    def _make_inference(self, _workspace: Workspace) -> InferenceQueue:
        from medview.app.inference_queue import InferenceQueue

        return InferenceQueue(self.jobs, self.loader)

    def _make_window(self) -> MainWindow:
        window = MainWindow(self.workspace, self.open_demo)
        window.on_close = self.close
        return window

    # ------------------------------------------------------------------ settings that change the whole window

    def _follow_settings(self) -> None:
        settings = self.workspace.settings
        look = (settings.theme, settings.dimmed)
        if look != self._worn:
            self._worn = look
            wear(self.app, chosen_theme(*look))
        from medview.ui.translations import resolved_language

        if resolved_language(settings.language) != self._language:
            self._language = speak(self.app, settings.language)
            QTimer.singleShot(0, self.window, self._rebuild_window)

    def _rebuild_window(self) -> None:
        """A new window in the new language around the same state."""
        old = self.window
        old.keep_place()
        reopen = "settings" in old._dialogs and old._dialogs["settings"].isVisible()
        old.on_close = None
        self.window = self._make_window()
        self.window.show()
        self.window.build_panels()
        if reopen:
            self.window.show_settings()
        old.close()

    # ------------------------------------------------------------------ demo

    def open_demo(self, run_models: bool = True) -> None:
        """Make the demo study where it is not there yet, open it, and run the built-in models on it."""
        from medview.ui.demo import Demo

        self._demo = Demo(self.workspace, run_models)
        self._demo.start()

    # ------------------------------------------------------------------ hand-over

    def listen_for_others(self) -> None:
        """Take paths of later starts into this window."""
        from medview.ui.handover_server import HandoverServer

        self._server = HandoverServer(self.received)
        self._server.start()

    def received(self, paths: list[str]) -> None:
        """Paths, addresses or links of a later start or of the desktop, and the window to the front."""
        self.window.come_forward()
        if paths:
            self.open_words(paths, self.window.open_paths)

    def open_words(self, words: Sequence[str], take: Callable[[list[str]], None]) -> None:
        """Open what a command line names through ``take``: paths, or the addresses and links of a desktop as paths."""
        if not any(word[:8].lower().startswith(("file:", "medview:")) for word in words):
            take(list(words))
            return
        from medview.app.links import paths_of_words
        from medview.jobs.queue import Lane

        folders = self.workspace.settings.link_folders

        def look(_progress: Any) -> list[str]:
            from medview.store.study_store import StudyStore

            store = StudyStore()  # the job's own: that of the window belongs to the lane that keeps
            try:
                return paths_of_words(words, folders, store)
            finally:
                store.close()

        self.jobs.submit(
            "link",
            look,
            Lane.INTERACTION,
            on_done=take,
            on_failed=self.workspace.tell_error,
        )

    # ------------------------------------------------------------------ spare time

    def warm_up(self) -> None:
        """Load (the first time on a machine: compile) the fast oblique cuts while nothing urgent is going on."""
        from medview.jobs.queue import Lane
        from medview.jobs.worker_start import run_once
        from medview.kernels import jpeg2000, rays, volume_sampling

        def work(progress: Any) -> None:
            volume_sampling.warm_up()
            rays.warm_up(rays.USUAL_TYPES)
            if not jpeg2000.is_built_in():
                run_once("medview.dicom.kernel_worker", progress)

        self.jobs.submit("cuts", work, Lane.ANALYSIS, on_done=lambda _done: None)
        self._pool.prestart(1)  # the next compressed study does not wait for it

    def _follow_studies(self) -> None:
        count = len(self.workspace.studies)
        if count < self._open_count:
            self._rested.start()
        self._open_count = count

    def _return_memory(self) -> None:
        """What a study that was closed took goes back to the system, with what only cycles hold of it."""
        from medview.jobs.queue import Lane

        gc.collect()
        self.jobs.submit("memory", lambda _progress: heap.give_back_free(), Lane.ANALYSIS, lambda _done: None)

    def _look_for_updates_soon(self) -> None:
        """Ask for a newer version when the images that were opened are on the screen; in most places never."""
        if self.workspace.settings.update_check:
            QTimer.singleShot(UPDATES_AFTER_MS, self.window, self.workspace.updates.ask_when_due)

    # ------------------------------------------------------------------ end

    def close(self) -> None:
        """End all work; called when the window closes."""
        if self._closed:
            return
        self._closed = True
        server = getattr(self, "_server", None)
        if server is not None:
            server.close()
        self.workspace.settings_changed.disconnect(self._follow_settings)
        self.workspace.studies_changed.disconnect(self._follow_studies)
        self._rested.stop()
        self.workspace.close()
        self.post.close()
        self._pool.close()
        self._collection.stop()


def _catch_everything(tell: Callable[[BaseException], None]) -> None:
    """Errors that nobody caught are logged and told to the reader; the window stays."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.error("unexpected", exc_info=(kind, error, trace))
        crash_reports.report_error(error)
        tell(error)

    sys.excepthook = hook


def _safe_settings() -> tuple[Settings, tuple[Note, ...]]:
    text = (
        "Safe mode: default settings, networks on the processor only; your own settings are neither read nor changed."
    )
    return Settings(device="cpu", hints_dismissed=True), (Note("safe_mode", text),)


def run(
    paths: Sequence[str] = (),
    demo: bool = False,
    new_window: bool = False,
    safe_mode: bool = False,
    notes: Sequence[Note] = (),
    on_shown: Callable[[], None] | None = None,
) -> int:
    """Open the window with paths or the demo and stay until it is closed; the exit code of the process.

    ``new_window`` keeps the window to itself: it takes no paths from later starts. ``safe_mode``: with default settings, none kept.
    ``on_shown`` is called when the window is on the screen.
    """
    left = crash_reports.watch()
    app = make_application()
    settings, said = _safe_settings() if safe_mode else load_settings()
    desk = Desk(app, settings, (*notes, *said, *left), keep_settings=not safe_mode)
    gc.freeze()  # none of it is ever garbage: the collections to come need not go over it
    _catch_everything(desk.workspace.tell_error)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if settings.window_geometry:
        desk.window.show()
    else:
        desk.window.showMaximized()
    if on_shown is not None:
        on_shown()
    if isinstance(app, Application):
        app.take_openings(desk.received)
    if paths:
        desk.open_words(paths, desk.workspace.open_paths)
    elif demo:
        desk.open_demo()
    if not new_window and not safe_mode:
        QTimer.singleShot(0, desk.window, desk.listen_for_others)
    QTimer.singleShot(WARM_UP_MS, desk.window, desk.warm_up)
    code = app.exec()
    desk.close()
    crash_reports.end_watch()
    return code
