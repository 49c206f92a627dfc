"""Channels that are different series (T1, T1 with contrast, T2, FLAIR; CT and PET): what they are called and found by."""

from __future__ import annotations

import re
from typing import Any

from medview.inference.importing.draft import Draft

_CONTRAST = ["ce", "gd", "gad", "post", "contrast", "+c"]

_KNOWN: tuple[tuple[str, dict[str, Any]], ...] = (
    (r"flair", {"modalities": ["MR"], "descriptions": ["flair"]}),
    (
        r"t1[\s_-]*(c|ce|gd|post|contrast|km|wce|\+c)\b|t1.*(contrast|gad|post)",
        {"modalities": ["MR"], "descriptions": ["t1"], "contrast": "with"},
    ),
    (r"t1", {"modalities": ["MR"], "descriptions": ["t1"], "without": _CONTRAST}),
    (r"t2", {"modalities": ["MR"], "descriptions": ["t2"], "without": ["flair", "star", "t2*"]}),
    (r"adc", {"modalities": ["MR"], "descriptions": ["adc"]}),
    (r"dwi|hbv|trace", {"modalities": ["MR"], "descriptions": ["dwi", "trace", "diff"], "without": ["adc"]}),
    (r"swi", {"modalities": ["MR"], "descriptions": ["swi"]}),
    (r"\bpd\b|proton", {"modalities": ["MR"], "descriptions": ["pd"]}),
    (r"^ct|\bct\b", {"modalities": ["CT"]}),
    (r"pet|suv|\bpt\b", {"modalities": ["PT"]}),
    (r"mri|^mr|magnetic", {"modalities": ["MR"]}),
)


def described(name: str) -> dict[str, Any]:
    """What a channel's name says of its series; modalities and the words by which it is found."""
    lowered = name.lower().strip()
    return dict(next((facts for pattern, facts in _KNOWN if re.search(pattern, lowered)), {}))


def unit_of(facts: dict[str, Any]) -> str:
    """HU for CT, SUV for PET, else modality values."""
    kinds = facts.get("modalities") or [""]
    return {"CT": "HU", "PT": "SUV"}.get(kinds[0], "modality")


def sources_of(draft: Draft, names: list[str]) -> tuple[list[dict[str, Any]], list[str], str]:
    """Sources (none for one channel), modalities of the first, and its unit."""
    first = described(names[0])
    modalities = list(first.get("modalities", ()))
    unit = unit_of(first)
    given = draft.answers.get("input.unit")
    if given is not None:
        unit = draft.answer("input.unit") or unit
    elif not modalities:
        draft.guess("input.unit", unit, f"the channel is called {names[0]!r}")
    if len(names) < 2:
        return [], modalities, unit
    found: list[dict[str, Any]] = []
    for name in names:
        facts = described(name)
        called = re.sub(r"[^A-Za-z0-9_.+-]", "-", name).strip("-._+")[:28] or "channel"
        if any(one["name"] == called for one in found):
            called = f"{called}-{len(found)}"
        found.append({"name": called, **facts, "unit": unit_of(facts)})
    draft.guess("input.sources", ", ".join(one["name"] for one in found), "the names of the channels")
    return found, modalities, unit
