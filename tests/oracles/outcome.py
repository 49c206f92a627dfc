"""What a comparison found: one record for each file (or series) and oracle, ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Verdict = Literal["equal", "different", "refused", "oracle_refused", "both_refused"]
"""``refused``: medview does not show what the oracle reads; ``oracle_refused``: the other way round."""

Property = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """``frames`` counts what medview or else the oracle sees in ``path``, ``compared`` what was held side by side.

    ``worst`` is the largest difference in the oracle's own measure (display steps, values, mm). ``facts`` are the
    properties of the file by which differences are explained, never its name.
    """

    path: str
    oracle: str
    verdict: Verdict
    frames: int = 0
    compared: int = 0
    worst: float = 0.0
    reason: str = ""
    facts: Mapping[str, Property] = field(default_factory=dict)

    @staticmethod
    def from_json(record: Mapping[str, Any]) -> Outcome:
        """The inverse of :meth:`to_json`."""
        return Outcome(**record)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready object."""
        return asdict(self)
