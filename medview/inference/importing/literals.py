"""Foreign descriptions read as data: JSON without surprises, Python literals without evaluation, short texts."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

from medview.inference.importing.draft import refused

LARGEST_JSON = 64 * 1024 * 1024
"""nnU-Net's plans and MONAI's configurations are below 1 MB; datasets list their cases."""
LARGEST_LITERAL = 1_000_000
LARGEST_TEXT = 200_000


def read_json(path: Path) -> dict[str, Any]:
    """An object from a JSON file. Raises MedviewError that names it."""
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise refused("description_unreadable", f"{path.name} is too large for a description.", path)
        given = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise refused("description_unreadable", f"{path.name} cannot be read: {error}.", path) from error
    if not isinstance(given, dict):
        raise refused("description_unreadable", f"{path.name} does not hold an object.", path)
    return given


def python_literal(text: str) -> Any:
    """A Python literal (numbers, texts, lists, dictionaries, None) as written by ``str``; nothing is evaluated.

    Raises ValueError for anything else.
    """
    if len(text) > LARGEST_LITERAL:
        raise ValueError("too long")
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise ValueError(f"{text[:60]!r} is not a plain value") from error


def short_text(path: Path) -> str:
    """The beginning of a text file, or ""."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST_TEXT)
    except OSError:
        return ""


def licence_name(text: str) -> str:
    """What a licence's own text calls itself, or its first words."""
    lowered = " ".join(text.split()).lower()[:3000]
    known = (
        ("apache license", "Apache-2.0"),
        ("mit license", "MIT"),
        ("permission is hereby granted, free of charge", "MIT"),
        ("gnu affero general public license", "AGPL-3.0"),
        ("gnu lesser general public license", "LGPL"),
        ("gnu general public license", "GPL"),
        ("mozilla public license", "MPL-2.0"),
        ("attribution-noncommercial-sharealike 4.0", "CC-BY-NC-SA-4.0"),
        ("attribution-noncommercial 4.0", "CC-BY-NC-4.0"),
        ("attribution-sharealike 4.0", "CC-BY-SA-4.0"),
        ("attribution 4.0", "CC-BY-4.0"),
    )
    for words, name in known:
        if words in lowered:
            return name
    if "redistribution and use in source and binary forms" in lowered:
        return "BSD-3-Clause" if "neither the name" in lowered else "BSD-2-Clause"
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first[:100]
