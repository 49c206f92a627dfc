"""All volumes that are seen in three dimensions; what draws them is imported with the first."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medview.app.solid import SolidModel
    from medview.app.workspace import Workspace
    from medview.core.study import Stack

MOST_OPEN = 2
"""Volumes that are kept ready; a third closes the one that was looked at longest ago."""


@dataclass(eq=False)
class Solids:
    """All volumes that are seen in three dimensions."""

    workspace: Workspace
    models: dict[tuple[str, int], SolidModel] = field(default_factory=dict)
    """By stack and time point, the one that was looked at last at the end."""

    def __post_init__(self) -> None:
        from medview.app.solid_steps import SolidChange, apply_solid

        self.workspace.studies_changed.connect(self._follow_studies)
        self.workspace.history.understand(SolidChange, lambda change: apply_solid(self.workspace, change))

    def model(self, stack: Stack, time: int) -> SolidModel:
        """The model of a time point."""
        key = (stack.id, time)
        known = self.models.pop(key, None)
        if known is not None and known.stack.geometry is not stack.geometry:
            known.close()  # more files were found: it is another volume now
            known = None
        if known is None:
            from medview.app.solid import SolidModel

            known = SolidModel(self.workspace, stack, time)
        self.models[key] = known
        while len(self.models) > MOST_OPEN:
            self._close(next(iter(self.models)))
        return known

    def _close(self, key: tuple[str, int]) -> None:
        self.models.pop(key).close()

    def _follow_studies(self) -> None:
        here = {stack.id for study in self.workspace.studies for series in study.series for stack in series.stacks}
        for key in [key for key in self.models if key[0] not in here]:
            self._close(key)

    def close(self) -> None:
        """End all processes."""
        for key in list(self.models):
            self._close(key)
