"""What the reader decided on findings of models: accepted, rejected, another label, a note; with who and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from psygnal import Signal

from medview.app.history import Change, History
from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.app.results import result_key
from medview.core.finding import Finding, InferenceResult

Verdict = Literal["", "accepted", "rejected"]
VoxelBox = tuple[tuple[float, float, float], tuple[float, float, float]]


@dataclass(frozen=True, slots=True)
class Decision:
    """What holds for a finding; ``label`` "" keeps the model's."""

    verdict: Verdict = ""
    label: str = ""
    note: str = ""
    reader: str = ""
    at: str = ""
    """ISO 8601 with offset."""
    box: VoxelBox | None = None
    """The box as the reader pulled it, in voxel coordinates like the finding's; None keeps the model's."""

    @property
    def says_anything(self) -> bool:
        """Whether it differs from never having been asked."""
        return bool(self.verdict or self.label or self.note or self.box)


UNDECIDED = Decision()


@dataclass(frozen=True, eq=False)
class DecisionChange:
    """A step on one finding."""

    result: InferenceResult
    finding: Finding
    before: Decision
    after: Decision

    @property
    def title(self) -> str:
        """What was done."""
        before, after = self.before, self.after
        if before.verdict != after.verdict:
            return {
                "accepted": QT_TRANSLATE_NOOP("Step", "Accept a finding"),
                "rejected": QT_TRANSLATE_NOOP("Step", "Reject a finding"),
                "": QT_TRANSLATE_NOOP("Step", "Open a finding again"),
            }[after.verdict]
        if before.box != after.box:
            return QT_TRANSLATE_NOOP("Step", "Correct a box")
        if before.label != after.label:
            return QT_TRANSLATE_NOOP("Step", "Name a finding")
        return QT_TRANSLATE_NOOP("Step", "Note on a finding")

    @property
    def stack_id(self) -> str:
        """The stack that the finding is on."""
        return self.result.provenance.stack_id

    def reversed(self) -> DecisionChange:
        """The change that takes this one back."""
        return replace(self, before=self.after, after=self.before)

    def joined(self, earlier: Change) -> Change | None:  # noqa: ARG002
        """Each is a step of its own."""
        return None


def decision_key(result: InferenceResult, finding: Finding) -> str:
    """What tells one finding from all others, also after a restart."""
    return f"{result_key(result)}/{finding.id}"


class Decisions:
    """The decisions on all findings. ``changed`` carries the stack id; ``recorded`` each change, for the journal."""

    changed = Signal(str)
    recorded = Signal(DecisionChange)

    def __init__(self, history: History, reader: str = "") -> None:
        self._history = history
        self._history.understand(DecisionChange, self.apply)
        self._known: dict[str, Decision] = {}
        self.reader = reader
        """Who decides now."""

    def of(self, result: InferenceResult, finding: Finding) -> Decision:
        """What was decided on a finding."""
        return self._known.get(decision_key(result, finding), UNDECIDED)

    def decide(self, result: InferenceResult, finding: Finding, **values: Any) -> None:
        """Change the verdict, label or note of a finding; nothing happens where it is so already."""
        before = self.of(result, finding)
        if replace(before, **values) == before:
            return
        at = datetime.now().astimezone().isoformat(timespec="seconds")
        after = replace(before, **values, reader=self.reader, at=at)
        self._history.do(DecisionChange(result, finding, before, after))

    def toggle(self, result: InferenceResult, finding: Finding, verdict: Verdict) -> None:
        """Accept or reject; a second time leaves it open again."""
        known = self.of(result, finding).verdict
        self.decide(result, finding, verdict="" if known == verdict else verdict)

    def kept(self, key: str) -> Decision:
        """What was decided under a key of `decision_key`; nothing where nothing was."""
        return self._known.get(key, Decision())

    def bring_back(self, found: Mapping[str, Decision], stacks: Iterable[str]) -> None:
        """Take in what was decided at an earlier time; no step, and nothing to record."""
        self._known.update(found)
        for stack_id in stacks if found else ():
            self.changed.emit(stack_id)

    def apply(self, change: DecisionChange) -> None:
        """Apply a step, or a part of one."""
        key = decision_key(change.result, change.finding)
        if change.after.says_anything:
            self._known[key] = change.after
        else:
            self._known.pop(key, None)
        self.recorded.emit(change)
        self.changed.emit(change.stack_id)


def decision_content(change: DecisionChange) -> dict[str, Any] | None:
    """What is kept of a decision: the decision, the finding that it is on, and the model that said it; None: taken back."""
    from dataclasses import asdict

    after, finding, made = change.after, change.finding, change.result.provenance
    if not after.says_anything:
        return None
    return {
        **asdict(after),
        "finding": {
            "id": finding.id,
            "label": finding.label,
            "score": finding.score,
            "size_mm": finding.size_mm,
            "sop_uid": finding.sop_uid,
            "frame": finding.frame,
            "box_voxel": finding.box_voxel,
            "box_lps": finding.box_lps,
        },
        "provenance": asdict(made),
    }


def decision_of(content: Mapping[str, Any]) -> Decision:
    """The decision again. Raises ValueError where the content is none that this version knows."""
    verdict = content.get("verdict")
    if verdict not in {"", "accepted", "rejected"}:
        raise ValueError(f"a verdict {verdict!r}")
    words = {name: str(content.get(name, "")) for name in ("label", "note", "reader", "at")}
    return Decision(verdict, **words, box=_box_of(content.get("box")))


def _box_of(content: Any) -> VoxelBox | None:
    if content is None:
        return None
    try:
        (k0, j0, i0), (k1, j1, i1) = ((float(value) for value in corner) for corner in content)
    except TypeError as error:
        raise ValueError("a box that is none") from error
    return (k0, j0, i0), (k1, j1, i1)
