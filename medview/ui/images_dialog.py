"""Windows with numbers of a viewport's images: they say whose they are, and go when those images are closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QWidget

from medview.app.opening import find_stack
from medview.ui.corner_text import person_name
from medview.ui.listen import listen
from medview.ui.series_panel import series_title

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.ui.viewport import ViewportWidget


def goes_with(dialog: QDialog, workspace: Workspace) -> None:
    """Close a window that was opened for the viewports shown as soon as any of their images is closed."""
    ids = {state.stack.id for state in workspace.viewports if state.stack is not None}

    def follow() -> None:
        if any(find_stack(workspace.studies, one) is None for one in ids):
            ids.clear()
            dialog.close()

    listen(dialog, workspace.studies_changed, follow)


class ImagesDialog(QDialog):
    """Knows by `is_about` which images its numbers are of; ``forget`` drops them."""

    def __init__(self, workspace: Workspace, parent: QWidget, title: str) -> None:
        super().__init__(parent)
        self._title = title
        self.setWindowTitle(title)
        self._viewport: ViewportWidget | None = None
        self._stack_ids: tuple[str, ...] = ()
        self._open = workspace
        listen(self, workspace.studies_changed, self._follow_studies)

    def is_about(self, viewport: ViewportWidget) -> None:
        """The numbers are now of what a viewport shows, and of the series on top of it."""
        view = viewport.state.view
        if view.stack is None or view.study is None or view.series is None:
            return
        fusion = view.fusion
        self._stack_ids = (view.stack.id,) if fusion is None else (view.stack.id, fusion.stack.id)
        hidden = self._open.settings.corner_text == "anonymous"
        name = "" if hidden else person_name(view.study.patient.told_name)
        whose = ", ".join(part for part in (name, series_title(view.series, view.stack)) if part)
        self.setWindowTitle(f"{self._title} – {whose}" if whose else self._title)

    @property
    def is_about_something(self) -> bool:
        """Whether the images that the numbers are of are open."""
        return bool(self._stack_ids)

    def forget(self) -> None:
        """Drop everything that was read from the images."""
        self._viewport = None

    def _follow_studies(self) -> None:
        if all(find_stack(self._open.studies, one) is not None for one in self._stack_ids):
            return
        self._stack_ids = ()
        self.setWindowTitle(self._title)
        self.forget()
        self.hide()
