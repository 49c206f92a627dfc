"""Whether there is a newer medview: asked only where a reader or an administrator wants it, answered only by a signed document.

Nothing is ever fetched but that document, and nothing installed. It is asked only where all of this holds: the build or the policy
of this computer names an address and a key; the policy does not forbid it; and the setting is on (then once a day at most), or the
reader presses the button.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from psygnal import Signal

from medview import __version__
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.notices import Remedy
from medview.app.update_rules import WhyNot, built_source, why_no_updates
from medview.core.folders import private_folder, user_folder
from medview.core.policy import policy
from medview.core.problem import MedviewError
from medview.core.update import (
    LARGEST,
    Update,
    UpdateSource,
    is_newer,
    key_name,
    read_update,
    refuse_replay,
    sound_source,
)

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.jobs.queue import Job

SHOW_UPDATE = Remedy(QT_TRANSLATE_NOOP("Notice", "What is new"), "help.updates")
EVERY = timedelta(days=1)
Fetch = Callable[[str, int], bytes]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking: the newer version, None where this is the newest."""

    update: Update | None
    asked: datetime


@dataclass
class _Kept:
    """What is remembered between starts: when it was asked, and the newest document of each key."""

    asked: datetime | None = None
    seen: dict[str, tuple[int, str]] = field(default_factory=dict)


def update_source() -> UpdateSource | None:
    """Who is asked: whom the policy of this computer names, else whom the build names, else nobody."""
    said = policy().updates
    if said is not None:
        return said
    try:
        return sound_source(json.loads(built_source().read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def kept_path() -> Path:
    """The file with what is remembered."""
    return user_folder() / "updates.json"


def _fetch(address: str, most: int) -> bytes:
    from medview.network.fetch import fetch

    return fetch(address, most)


def ask(source: UpdateSource, by_reader: bool, now: datetime, fetch: Fetch = _fetch) -> Answer | None:
    """Ask for a newer version and remember it; None where it was asked within a day and the reader did not ask for it now.

    Without the reader's word nothing is sent either where the time cannot be written down: it could not be once a day then.
    Raises MedviewError: what `fetch` and `read_update` say, or ``update_replayed``.
    """
    kept = _read_kept()
    if not by_reader and kept.asked is not None and kept.asked <= now < kept.asked + EVERY:
        return None
    kept.asked = now
    if not _write_kept(kept) and not by_reader:
        return None
    update = read_update(fetch(source.address, LARGEST), source, now.date())
    refuse_replay(update, kept.seen)
    kept.seen[key_name(update.key)] = (update.serial, update.digest)
    _write_kept(kept)
    return Answer(update if is_newer(update.version, __version__) else None, now)


def _read_kept() -> _Kept:
    """What is remembered; a file that is not sound counts as none."""
    try:
        content = json.loads(kept_path().read_text(encoding="utf-8"))
        asked = datetime.fromisoformat(content["asked"])
        seen = {str(name): (int(serial), str(digest)) for name, (serial, digest) in content["seen"].items()}
        return _Kept(asked if asked.tzinfo is not None else None, seen)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return _Kept()


def _write_kept(kept: _Kept) -> bool:
    """Whether it could be written."""
    from medview.files.replaced_file import replaced_file

    assert kept.asked is not None
    content = {"asked": kept.asked.isoformat(), "seen": kept.seen}
    try:
        private_folder(kept_path().parent)
        with replaced_file(kept_path()) as temporary:
            temporary.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
    except (OSError, MedviewError):
        return False
    return True


class Updates:
    """What is known of newer versions in this session; ``changed`` whenever that changes."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._job: Job[Answer | None] | None = None
        self.source = update_source()
        self.answer: Answer | None = None
        self.problem: MedviewError | None = None

    @property
    def why_not(self) -> WhyNot:
        """Why it cannot be asked, see `why_no_updates`."""
        return why_no_updates(self._workspace.fixed) or ("" if self.source is not None else "unconfigured")

    @property
    def is_asking(self) -> bool:
        """Whether an answer is waited for."""
        return self._job is not None and not self._job.is_over

    def ask_when_due(self) -> None:
        """Ask where the setting is on, nothing speaks against it and a day has gone by."""
        if self._workspace.settings.update_check:
            self._ask(by_reader=False)

    def ask_now(self) -> None:
        """Ask because the reader wants to know now."""
        self._ask(by_reader=True)

    def _ask(self, by_reader: bool) -> None:
        from medview.jobs.queue import Lane

        source = self.source
        if self.why_not or source is None or self.is_asking:
            return
        self._job = self._workspace.jobs.submit(
            "updates",
            lambda _progress: ask(source, by_reader, datetime.now(UTC)),
            Lane.NETWORK,
            lambda answer: self._answered(answer, by_reader),
            lambda error: self._failed(error, by_reader),
        )
        self.changed.emit()

    def _answered(self, answer: Answer | None, by_reader: bool) -> None:
        if answer is not None:
            self.answer, self.problem = answer, None
            if answer.update is not None and not by_reader:
                self._tell(answer.update)
        self.changed.emit()

    def _failed(self, error: BaseException, by_reader: bool) -> None:
        self.answer = None
        if not isinstance(error, MedviewError):
            self._workspace.tell_error(error)
        else:
            self.problem = error
            # That there is no network today is nothing to interrupt a reading for; whoever asks is told.
            if not by_reader and error.code != "update_unreachable":
                self._workspace.tell(error.code, error.text, error.values)
        self.changed.emit()

    def _tell(self, update: Update) -> None:
        """Say it once beside the images: in the status line, or as a warning where this version is looked after no more."""
        if is_newer(update.least, __version__):
            text = f"This version of medview ({__version__}) is no longer looked after; there is {update.version}."
            self._workspace.tell("update_needed", text, (__version__, update.version), remedy=SHOW_UPDATE)
        else:
            text = f"There is a newer medview: {update.version}. The Help menu says what is new."
            self._workspace.tell("update_there", text, (update.version,), "done", remedy=SHOW_UPDATE)
