"""MONAI's configuration language as data: literals and references are resolved, expressions are never evaluated.

``@a#b#0`` names another place of the same file, ``%a#b`` copies it, ``$…`` would be Python: where it is nothing but a
literal it is one, everything else must be answered (``config.ID=VALUE``) or is refused by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medview.inference.importing.literals import python_literal

DEEPEST = 32
MOST_PLACES = 100_000


class ExpressionError(Exception):
    """A value that only Python could give; ``place`` is its id in the file (``preprocessing#transforms#4#pixdim``)."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(place, text)
        self.place = place
        self.text = text


class MonaiConfig:
    """One configuration file. ``answers`` holds values for ids, which win over the file's."""

    def __init__(self, content: dict[str, Any], answers: Mapping[str, str]) -> None:
        self._content = content
        self._answers = answers
        self._left = MOST_PLACES
        self.asked: set[str] = set()

    def has(self, place: str) -> bool:
        """Whether there is anything under an id."""
        return self._find(place)[1]

    def raw(self, place: str) -> Any:
        """What stands under an id, word for word; None where nothing does."""
        return self._find(place)[0]

    def value(self, place: str) -> Any:
        """What stands under an id, with references followed; None where nothing does. Raises ExpressionError."""
        found, there = self._find(place)
        return self.resolved(found, place) if there else None

    def resolved(self, value: Any, place: str, depth: int = 0) -> Any:
        """``value`` with references in it followed. Raises ExpressionError."""
        self._left -= 1
        if depth > DEEPEST or self._left < 0:
            raise ExpressionError(place, "references that never end")
        answered = self._answers.get(f"config.{place}")
        if answered is not None:
            self.asked.add(f"config.{place}")
            return _answer(answered)
        if isinstance(value, str):
            return self._of_text(value, place, depth)
        if isinstance(value, dict):
            return {key: self._lazily(one, f"{place}#{key}", depth + 1) for key, one in value.items()}
        if isinstance(value, list):
            return [self._lazily(one, f"{place}#{n}", depth + 1) for n, one in enumerate(value)]
        return value

    def _lazily(self, value: Any, place: str, depth: int) -> Any:
        """A part; an expression in it is only a fault when somebody needs it."""
        try:
            return self.resolved(value, place, depth)
        except ExpressionError as error:
            return error

    def _of_text(self, text: str, place: str, depth: int) -> Any:
        if text.startswith("$"):
            try:
                return python_literal(text[1:])
            except ValueError:
                pass
            if text[1:].startswith("@") and all(c.isalnum() or c in "_#:" for c in text[2:]):
                return self._of_text(text[1:], place, depth + 1)
            raise ExpressionError(place, text)
        if text.startswith(("@", "%")) and len(text) > 1:
            target = text[1:].replace("::", "#")
            found, there = self._find(target)
            if not there and f"config.{target}" not in self._answers:
                raise ExpressionError(place, text)
            return self.resolved(found, target, depth + 1)
        return text

    def _find(self, place: str) -> tuple[Any, bool]:
        at: Any = self._content
        for part in place.split("#"):
            if isinstance(at, dict) and part in at:
                at = at[part]
            elif isinstance(at, list) and part.isdigit() and int(part) < len(at):
                at = at[int(part)]
            else:
                return None, False
        return at, True


def _answer(text: str) -> Any:
    try:
        return python_literal(text)
    except ValueError:
        pass
    parts = text.split(",")
    if len(parts) > 1:
        try:
            return [float(part) for part in parts]
        except ValueError:
            return [part.strip() for part in parts]
    return text
