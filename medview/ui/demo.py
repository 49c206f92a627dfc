"""The demo: the phantom study is made and opened, and the built-in models run on it by themselves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer

from medview.app import reading
from medview.app.presets import preset_by_digit
from medview.core.problem import MedviewError
from medview.core.progress import Progress, ProgressStep

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.jobs.queue import Job

DEMO_MODELS = ("ct-lungs", "ct-nodules")
LOOK_MS = 50


class Demo(QObject):
    """One showing of the demo. ``on_shown`` is called once all models have answered or failed."""

    def __init__(
        self, workspace: Workspace, run_models: bool = True, on_shown: Callable[[], None] | None = None
    ) -> None:
        super().__init__()
        self._workspace = workspace
        self._run_models = run_models
        self._on_shown = on_shown
        self._runs: list[Job[Any]] = []
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Make the study where it is not there yet, with progress in the window."""
        from medview.jobs.queue import Lane

        workspace = self._workspace

        def work(progress: Progress) -> Path:
            from medview.app.demo_study import ensure_demo_study

            return ensure_demo_study(progress)

        def stepped(step: ProgressStep) -> None:
            workspace.openings.prepare(ProgressStep("demo", step.done, step.total), job)

        job = workspace.jobs.submit(
            "demo", work, Lane.ANALYSIS, on_done=self._made, on_failed=self._failed, on_progress=stepped
        )
        workspace.background.remember(job, workspace.openings.cancel)
        workspace.openings.prepare(ProgressStep("demo", 0, 0), job)

    def _failed(self, error: BaseException) -> None:
        self._workspace.openings.prepare(None)
        self._workspace.tell_error(error)
        self._shown()

    def _made(self, folder: Path) -> None:
        self._workspace.openings.prepare(None)
        self._workspace.scan_ended.connect(self._opened)
        self._workspace.open_paths([str(folder)])

    def _opened(self) -> None:
        """Run the built-in models on what is shown, unless their results were kept from an earlier showing."""
        from medview.inference.package import open_package

        workspace = self._workspace
        workspace.scan_ended.disconnect(self._opened)
        stack = workspace.active_viewport.stack
        if self._run_models and stack is not None:
            known = {result.provenance.package_sha256 for result in workspace.results.of(stack.id)}
            for name in DEMO_MODELS:
                try:
                    package = open_package(name)
                    run = workspace.run_model(stack, package) if package.sha256 not in known else None
                except MedviewError as error:
                    workspace.tell_error(error)
                    continue
                if run is not None:
                    self._runs.append(run)
        self._timer.start()

    def _look(self) -> None:
        if all(run.is_over for run in self._runs):
            self._timer.stop()
            self._shown()

    def _shown(self) -> None:
        """Go to the finding with the highest score, so that the result is in sight."""
        workspace = self._workspace
        stack = workspace.active_viewport.stack
        if stack is not None and not workspace.touched:
            listed = [(r, f) for r in workspace.results.of(stack.id) for f in workspace.results.visible_findings(r)]
            if listed:
                lung = preset_by_digit("7", stack.context.modality, stack.unit)
                reading.set_window(workspace.active_viewport, lung.window if lung is not None else None)
                workspace.show_finding(*max(listed, key=lambda entry: entry[1].score))
        if self._on_shown is not None:
            self._on_shown()
