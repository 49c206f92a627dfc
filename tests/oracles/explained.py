"""Differences that are known: by which property of a file, who is right, and what says so. The list is ``explained.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.oracles.outcome import Outcome

LIST = Path(__file__).with_name("explained.toml")


@dataclass(frozen=True, slots=True)
class Explanation:
    """``when`` names facts of a file; with all of them true the oracle's verdict must be one of ``verdicts``.

    A value of ``when`` is the fact itself, a list of values, or a regular expression "~…"; "?" asks that the fact is
    there at all. ``always`` False: files with these facts may also be equal. ``by`` says who is right.
    """

    id: str
    oracle: str
    verdicts: tuple[str, ...]
    when: Mapping[str, Any]
    reason: str
    clause: str
    by: str
    second: str = ""
    worst: float | None = None
    always: bool = True

    def holds(self, outcome: Outcome) -> bool:
        """Whether it speaks of this file and oracle."""
        return outcome.oracle == self.oracle and all(
            _meets(outcome.facts.get(name), wanted) for name, wanted in self.when.items()
        )

    def covers(self, outcome: Outcome) -> bool:
        """Whether it explains the verdict and the size of the difference."""
        return outcome.verdict in self.verdicts and (self.worst is None or outcome.worst <= self.worst)


def _meets(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return any(_meets(value, each) for each in wanted)
    if wanted == "?":
        return value is not None
    if isinstance(wanted, str) and wanted.startswith("~"):
        return value is not None and re.search(wanted[1:], str(value)) is not None
    return bool(value == wanted)


@lru_cache(maxsize=4)
def read_explanations(path: Path = LIST) -> tuple[Explanation, ...]:
    """The committed list; raises ValueError for an entry that lacks a reason or speaks of no property."""
    found = []
    for entry in tomllib.loads(path.read_text("utf-8"))["difference"]:
        entry["verdicts"] = tuple(entry["verdicts"])
        explanation = Explanation(**entry)
        if not explanation.when or not explanation.reason.strip() or not explanation.clause.strip():
            raise ValueError(f"{explanation.id}: an explanation needs a property, a reason and a clause")
        found.append(explanation)
    if len({each.id for each in found}) < len(found):
        raise ValueError("two explanations have one id")
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Judged:
    """An outcome, and the explanation that covers it (if it needs one); ``vanished``: one that should have."""

    outcome: Outcome
    explanation: Explanation | None = None
    vanished: Explanation | None = None

    @property
    def is_open(self) -> bool:
        """Whether medview and the oracle differ, or medview refuses, and nothing says why."""
        return self.outcome.verdict in {"different", "refused"} and self.explanation is None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Every outcome with what explains it."""

    judged: tuple[Judged, ...] = field(default=())

    @property
    def open(self) -> list[Judged]:
        """Differences and refusals without an explanation."""
        return [each for each in self.judged if each.is_open]

    @property
    def vanished(self) -> list[Judged]:
        """Files that an explanation speaks of and that are equal."""
        return [each for each in self.judged if each.vanished is not None]


def judge(outcomes: Sequence[Outcome], explanations: Sequence[Explanation] | None = None) -> Judgement:
    """Find the explanation of each difference, and the explanations that do not hold any more."""
    known = read_explanations() if explanations is None else explanations
    judged = []
    for outcome in outcomes:
        speaking = [each for each in known if each.holds(outcome)]
        covering = next((each for each in speaking if each.covers(outcome)), None)
        vanished = None
        if covering is None and outcome.verdict == "equal":
            vanished = next((each for each in speaking if each.always and "equal" not in each.verdicts), None)
        judged.append(Judged(outcome, covering, vanished))
    return Judgement(tuple(judged))
