"""Key images that the reader chose: kept the moment they are chosen, taken back, restored, and told in what is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medview.app import opening
from medview.app.history import Change
from medview.app.marked_text import QT_TRANSLATE_NOOP

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.study import Stack
    from medview.store.entry import Entry

KIND = "key_image"


@dataclass(frozen=True, slots=True)
class ReaderKey:
    """An image that the reader chose, by its SOP Instance UID and 0-based frame; by its index where the file has no UID."""

    stack_id: str
    sop_uid: str
    frame: int
    note: str = ""
    fusion: dict[str, Any] | None = field(default=None, hash=False)
    """What lay over it when it was chosen (`key_fusions`)."""

    @property
    def subject(self) -> str:
        """What tells it from others, also after a restart and in another stack that holds the same image."""
        return f"{self.sop_uid or self.stack_id}/{self.frame}"


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where a chosen image is in a stack."""

    key: ReaderKey
    time: int
    k: int
    stale: bool = False
    """Whether the image is not the one that was chosen."""


@dataclass(frozen=True, slots=True)
class KeyChange:
    """A step on a key image; None stands for none."""

    before: ReaderKey | None
    after: ReaderKey | None

    @property
    def title(self) -> str:
        """What was done."""
        if self.after is None:
            return QT_TRANSLATE_NOOP("Step", "Key image no more")
        if self.before is None:
            return QT_TRANSLATE_NOOP("Step", "Key image")
        return QT_TRANSLATE_NOOP("Step", "Note on a key image")

    @property
    def stack_id(self) -> str:
        """The stack that it was chosen in."""
        key = self.after or self.before
        assert key is not None
        return key.stack_id

    def reversed(self) -> KeyChange:
        """The change that takes this one back."""
        return KeyChange(self.after, self.before)

    def joined(self, earlier: Change) -> Change | None:  # noqa: ARG002
        """Each is a step of its own."""
        return None


def key_of(stack: Stack, at: int) -> ReaderKey:
    """What a frame (index into the stack's frames) is as a key image."""
    source = stack.frames[at] if 0 <= at < len(stack.frames) else None
    if source is not None and source.sop_uid:
        return ReaderKey(stack.id, source.sop_uid, source.frame)
    return ReaderKey(stack.id, "", at)


class ReaderKeys:
    """The reader's key images of all open stacks. ``changed`` after each choice, and when earlier ones came back."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._keys: dict[str, ReaderKey] = {}
        self._stale: set[str] = set()
        self._homes: dict[str, tuple[str, str]] = {}
        self._places: dict[str, tuple[Stack, tuple[KeyPlace, ...]]] = {}
        workspace.history.understand(KeyChange, self._apply)

    def on(self, stack: Stack, at: int) -> ReaderKey | None:
        """The choice of a frame (index into the stack's frames); None where it is no key image of the reader."""
        return self._keys.get(key_of(stack, at).subject) if self._keys else None

    def of(self, stack: Stack) -> tuple[KeyPlace, ...]:
        """Key images of a stack in the order of its frames."""
        if not self._keys:
            return ()
        known = self._places.get(stack.id)
        if known is None or known[0] is not stack:
            found = ((at, self.on(stack, at)) for at in range(stack.frame_count))
            places = tuple(
                KeyPlace(key, *divmod(at, stack.shape[0]), key.subject in self._stale)
                for at, key in found
                if key is not None
            )
            known = self._places[stack.id] = (stack, places)
        return known[1]

    # ------------------------------------------------------------------ choosing

    def toggle(self, stack: Stack, at: int, fusion: dict[str, Any] | None = None) -> None:
        """Make a frame a key image, with what lies over it, or no longer one."""
        known = self.on(stack, at)
        chosen = replace(key_of(stack, at), fusion=fusion)
        self._workspace.history.do(KeyChange(None, chosen) if known is None else KeyChange(known, None))

    def write(self, key: ReaderKey, note: str) -> None:
        """Say why an image is a key image."""
        known = self._keys.get(key.subject)
        if known is not None and known.note != note:
            self._workspace.history.do(KeyChange(known, replace(known, note=note)))

    def _apply(self, change: KeyChange) -> None:
        key = change.after or change.before
        assert key is not None
        if change.after is None:
            self._keys.pop(key.subject, None)
        else:
            self._keys[key.subject] = change.after
        self._stale.discard(key.subject)  # the reader has looked at it on this image
        self._record(key, change.after)
        self._tell()

    def _record(self, key: ReaderKey, holds: ReaderKey | None) -> None:
        keeping = self._workspace.keeping
        keeping.touch(key.subject)
        found = opening.find_stack(self._workspace.studies, key.stack_id)
        if found is not None:
            self._homes[key.subject] = (found[0].study_uid, found[1].series_uid)
        home = self._homes.get(key.subject)
        if home is None:
            return  # images that no series holds: nothing to find it again by
        content: dict[str, Any] | None = None
        if holds is not None:
            content = {
                "stack_id": holds.stack_id,
                "sop_uid": holds.sop_uid,
                "frame": holds.frame,
                "note": holds.note,
                "fusion": holds.fusion,
                "patient": keeping.patient_digest(found[0]) if found is not None else None,
            }
        keeping.record(KIND, key.subject, content, *home)
        self._places.clear()
        places = () if found is None or holds is None else self.of(found[2])
        place = next((one for one in places if one.key.subject == key.subject), None)
        if place is not None and found is not None:
            keeping.hash_under(key.subject, found[2], place.time, place.k, home)

    # ------------------------------------------------------------------ bringing back

    def bring_back(self, entries: Iterable[Entry], touched: set[str]) -> tuple[int, int]:
        """Take in what was chosen at an earlier time; (how many are not known, how many lie on images that are not open)."""
        entries = [entry for entry in entries if entry.subject not in touched]
        hashes = {
            entry.subject: str(entry.content.get("sha256", ""))
            for entry in entries
            if entry.kind == "pixels" and entry.content is not None
        }
        unknown = away = 0
        came = [entry for entry in entries if entry.kind == KIND]
        for entry in came:
            if entry.content is None:
                self._keys.pop(entry.subject, None)
                continue
            key = _key_of_content(entry)
            if key is None:
                unknown += 1
                continue
            self._keys[entry.subject] = key
            self._homes[entry.subject] = (entry.study, entry.series)
            self._places.clear()
            away += not self._settle(entry, key, hashes.get(entry.subject, ""))
        if came:
            self._tell()
        return unknown, away

    def _settle(self, entry: Entry, key: ReaderKey, wanted: str) -> bool:
        """Find the image of a key that came back; False where it is not open."""
        found = opening.find_series(self._workspace.studies, entry.series)
        if found is None:
            return False
        study, series = found
        for stack in series.stacks:
            place = next((one for one in self.of(stack) if one.key.subject == key.subject), None)
            if place is None:
                continue
            keeping = self._workspace.keeping
            patient = (entry.content or {}).get("patient")
            if patient not in {None, keeping.patient_digest(study)}:
                self._stale.add(key.subject)
            elif wanted:
                keeping.expect(key.subject, stack.id, place.time, place.k, wanted)
            return True
        return False

    def set_stale(self, subject: str) -> None:
        """The image is not the one that was chosen."""
        if subject in self._keys and subject not in self._stale:
            self._stale.add(subject)
            self._tell()

    def _tell(self) -> None:
        self._places.clear()
        self.changed.emit()


def _key_of_content(entry: Entry) -> ReaderKey | None:
    content = entry.content or {}
    frame = content.get("frame")
    if not isinstance(frame, int) or isinstance(frame, bool) or frame < 0:
        return None
    words = [content.get(name, "") for name in ("stack_id", "sop_uid", "note")]
    if not all(isinstance(word, str) for word in words):
        return None
    fusion = content.get("fusion")
    key = ReaderKey(words[0], words[1], frame, words[2], fusion if isinstance(fusion, dict) else None)
    return key if key.subject == entry.subject else None


def toggle_key_image(workspace: Workspace) -> None:
    """Make the image of the active viewport a key image, or no longer one; a cut that no file holds cannot be one."""
    state = workspace.active_viewport
    stack = state.stack
    if stack is None:
        return
    if state.view.plane_kind != "acquired":
        text = "Only an image as it was acquired can be a key image; this is a cut that no file holds."
        workspace.tell("key_image_on_cut", text)
        return
    from medview.app.key_fusions import fusion_content

    at = state.time * stack.shape[0] + state.slice_index
    workspace.reader_keys.toggle(stack, at, fusion_content(state.view.fusion))


def is_key_image(workspace: Workspace) -> bool:
    """Whether the reader chose the image of the active viewport."""
    state = workspace.active_viewport
    stack = state.stack
    if stack is None or state.view.plane_kind != "acquired":
        return False
    return workspace.reader_keys.on(stack, state.time * stack.shape[0] + state.slice_index) is not None
