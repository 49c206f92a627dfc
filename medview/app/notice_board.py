"""Where notices are put and kept."""

from __future__ import annotations

import itertools
from dataclasses import replace

from psygnal import Signal

from medview.app.notices import WINDOW, Notice, Remedy, Severity
from medview.core.problem import MedviewError, Note
from medview.core.progress import Cancelled


class NoticeBoard:
    """The notices of a workspace, oldest first; ``notices_changed`` after each change."""

    notices_changed = Signal()

    def __init__(self) -> None:
        self.notices: tuple[Notice, ...] = ()
        self._notice_ids = itertools.count(1)

    def tell(
        self,
        code: str,
        text: str,
        values: tuple[str, ...] = (),
        severity: Severity = "warning",
        place: str = WINDOW,
        path: str = "",
        remedy: Remedy | None = None,
        stays: bool = False,
    ) -> Notice:
        """Show a notice in its place; one that says the same there already is replaced, not repeated."""
        notice = Notice(next(self._notice_ids), code, text, values, severity, place, path, remedy, stays=stays)
        same = {(one.code, one.text, one.place) for one in (notice,)}
        self.notices = (*(one for one in self.notices if (one.code, one.text, one.place) not in same), notice)
        self.notices_changed.emit()
        return notice

    def tell_note(self, note: Note, severity: Severity = "warning", place: str = WINDOW) -> None:
        """Show a note as a notice."""
        self.tell(note.code, note.text, note.values, severity, place)

    def tell_error(self, error: BaseException, place: str = WINDOW) -> None:
        """Show an error: its own words where it is one of medview's, else that something unexpected happened."""
        if isinstance(error, Cancelled):
            return
        if isinstance(error, MedviewError):
            self.tell(error.code, error.text, error.values, "danger", place, error.path or "")
            return
        what = f"{type(error).__name__}: {error}"
        self.tell("unexpected", f"Something unexpected happened: {what}", (what,), "danger", place)

    def dismiss(self, notice: Notice) -> None:
        """Close a notice's strip; it stays in the list."""
        self.notices = tuple(replace(one, shown=False) if one.id == notice.id else one for one in self.notices)
        self.notices_changed.emit()

    def clear_notices(self) -> None:
        """Empty the list of notices, but for what is still so."""
        self.notices = tuple(one for one in self.notices if one.stays)
        self.notices_changed.emit()

    def withdraw(self, code: str) -> None:
        """Take back what is not true any more."""
        left = tuple(one for one in self.notices if one.code != code)
        if len(left) != len(self.notices):
            self.notices = left
            self.notices_changed.emit()
