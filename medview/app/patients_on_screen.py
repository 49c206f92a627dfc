"""Whose images are on the screen: more than one patient must be said in red, in every viewport."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace


class PatientsOnScreen:
    """Asked with every slice of every viewport, so what was found is known until something else is on the screen."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: tuple[object, bool] | None = None
        """Of what besides the studies shown it was found, and whether there are several."""

    def watch(self, state: ViewportState) -> None:
        """Follow what a viewport shows."""
        state.changed.connect(self._on_state)

    def _on_state(self, what: frozenset[str]) -> None:
        if "study" in what:
            self._known = None

    @property
    def several(self) -> bool:
        """Whether there are more than one."""
        workspace = self._workspace
        seen = (workspace.documents.patient, workspace.layout, workspace.maximised, workspace.active)
        if self._known is None or self._known[0] != seen:
            self._known = (seen, len(self.keys()) > 1)
        return self._known[1]

    def keys(self) -> frozenset[tuple[str, str]]:
        """Keys of the patients of the images and of the document on the screen."""
        workspace = self._workspace
        viewports = workspace.viewports
        studies = (viewports[index].study for index in workspace.visible_indices)
        found = {study.patient.key for study in studies if study is not None}
        document = workspace.documents.patient
        return frozenset(found if document is None else {*found, document})
