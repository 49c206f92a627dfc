"""The colour profiles of colour images, read in the background when one is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medview.core.study import Stack

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.formats.colour_profile import ColourProfile


def read_colour_profile(path: str) -> ColourProfile | None:
    """The profile of a DICOM file, None where its colours are those of the screen; raises ValueError for a broken one."""
    from medview.dicom.icc import profile_bytes
    from medview.formats.colour_profile import colour_profile

    data = profile_bytes(path)
    return colour_profile(data) if data else None


class ColourProfiles:
    """Profiles by stack. ``changed`` says for which stack one arrived."""

    changed = Signal(str)

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, ColourProfile | None] = {}
        self._broken: dict[str, str] = {}
        self._asked: set[str] = set()

    def of(self, stack: Stack) -> ColourProfile | None:
        """The profile of a stack where it is there; asking starts reading it."""
        if not stack.profile_path:
            return None
        if stack.id not in self._known and stack.id not in self._asked:
            self._asked.add(stack.id)
            self._read(stack.id, stack.profile_path)
        return self._known.get(stack.id)

    def fault(self, stack: Stack) -> str:
        """Why the profile of a stack cannot be used, "" where it can."""
        return self._broken.get(stack.id, "")

    def _read(self, stack_id: str, path: str) -> None:
        from medview.jobs.queue import Lane

        def arrived(profile: ColourProfile | None) -> None:
            self._known[stack_id] = profile
            if profile is not None:
                self.changed.emit(stack_id)

        def failed(error: BaseException) -> None:
            self._known[stack_id] = None
            self._broken[stack_id] = str(error)
            self.changed.emit(stack_id)

        def read(_progress: Any) -> ColourProfile | None:
            return read_colour_profile(path)

        self._workspace.jobs.submit("load", read, Lane.INTERACTION, arrived, failed)
