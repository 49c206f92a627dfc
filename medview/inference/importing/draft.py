"""A package in the making: what is known of a foreign network, what was guessed, and what somebody must still say.

A draft is a function of the files and the answers: nothing is kept between two attempts, so that the command line and
the window ask the same questions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from medview.core.problem import ExitCode, MedviewError
from medview.inference.importing.graph import OnnxGraph
from medview.inference.manifest import MANIFEST_NAME, Manifest, parse_manifest

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """What a network cannot say: ``code`` is stable, ``field`` what the answer is given for, ``example`` an answer."""

    code: str
    field: str
    text: str
    choices: tuple[str, ...] = ()
    suggestion: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Guess:
    """What was concluded without being said, and from what."""

    field: str
    value: str
    why: str


def refused(code: str, text: str, path: Path | None = None) -> MedviewError:
    """What cannot be imported, and why (exit code 4)."""
    at = str(path) if path is not None else None
    return MedviewError(code, text, at, ExitCode.MODEL_UNUSABLE, (text.removesuffix("."),))


@dataclass
class Draft:
    """``manifest`` grows while a convention's files are read; ``side_texts`` are whole files kept beside the card."""

    convention: str
    source: Path
    graph: OnnxGraph
    answers: Mapping[str, str]
    manifest: dict[str, Any]
    questions: list[Question] = field(default_factory=list)
    guesses: list[Guess] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    licence_text: str = ""
    origin_text: str = ""
    used: set[str] = field(default_factory=set)
    more_files: dict[str, Path] = field(default_factory=dict)
    """Other networks of the package: name there, and the file."""

    @property
    def input(self) -> dict[str, Any]:
        """The manifest's ``input``."""
        part: dict[str, Any] = self.manifest.setdefault("input", {})
        return part

    @property
    def output(self) -> dict[str, Any]:
        """The manifest's ``output``."""
        part: dict[str, Any] = self.manifest.setdefault("output", {})
        return part

    @property
    def fits(self) -> dict[str, Any]:
        """The manifest's ``fits``."""
        part: dict[str, Any] = self.manifest.setdefault("fits", {})
        return part

    def ask(self, question: Question, read: Callable[[str], T]) -> T | None:
        """The answer to a question, or None where nobody has given one yet. Raises MedviewError for a bad answer."""
        given = self.answer(question.field)
        if given is None:
            if all(known.field != question.field for known in self.questions):
                self.questions.append(question)
            return None
        if question.choices and question.field not in _FREE and given not in question.choices:
            said = f"{question.field}={given}: one of {', '.join(question.choices)} was due."
            raise MedviewError("bad_answer", said, None, ExitCode.BAD_USE, (said.removesuffix("."),))
        try:
            return read(given)
        except ValueError as error:
            said = f"{question.field}={given}: {error}."
            raise MedviewError("bad_answer", said, None, ExitCode.BAD_USE, (said.removesuffix("."),)) from error

    def answer(self, name: str) -> str | None:
        """What was answered for a field, if anything."""
        if name not in self.answers:
            return None
        self.used.add(name)
        return self.answers[name]

    def guess(self, name: str, value: object, why: str) -> None:
        """Remember a conclusion for the reader and the card."""
        found = Guess(name, str(value), why)
        if found not in self.guesses:
            self.guesses.append(found)

    def refuse(self, code: str, text: str) -> NoReturn:
        """Give the import up."""
        raise refused(code, text, self.graph.path)

    def incomplete(self) -> MedviewError:
        """The error that names what is still missing."""
        names = tuple(question.field for question in self.questions)
        text = f"{self.graph.path.name} does not say {', '.join(names)}; give each with --set."
        return MedviewError("import_incomplete", text, str(self.graph.path), ExitCode.MODEL_UNUSABLE, names)

    def finished(self) -> Manifest:
        """The manifest. Raises MedviewError ``import_incomplete`` with what is missing, or naming a wrong field."""
        left = {name: text for name, text in self.answers.items() if name not in self.used}
        for name, text in left.items():
            _put(self.manifest, name, text)
        if self.questions:
            raise self.incomplete()
        return parse_manifest(json.dumps(self.manifest), Path(MANIFEST_NAME))

    def manifest_text(self) -> str:
        """The manifest as it is written."""
        return json.dumps(self.manifest, indent=2, ensure_ascii=False) + "\n"


_FREE = frozenset({"input.values", "input.axes"})
"""Fields whose choices are examples."""


def parse_answers(given: Sequence[str]) -> dict[str, str]:
    """``field=value`` texts. Raises MedviewError (exit code 2)."""
    answers: dict[str, str] = {}
    for text in given:
        name, separator, value = text.partition("=")
        name, value = name.strip(), value.strip()
        if not separator or not name or not value:
            said = f"--set {text}: give field=value."
            raise MedviewError("bad_answer", said, None, ExitCode.BAD_USE, (said,))
        answers[name] = value
    return answers


_LISTS = frozenset(
    {"authors", "references", "fits.modalities", "fits.body_parts", "fits.planes", "fits.views", "input.axes"}
)
_TEXTS = frozenset({"id", "name", "version", "licence", "description", "intended_use"})


def _put(manifest: dict[str, Any], name: str, text: str) -> None:
    """Write an answer into the manifest by its path; JSON where it is JSON, else text."""
    value: Any = text
    if name in _LISTS and not text.startswith("["):
        value = [part.strip() for part in text.split(",") if part.strip()]
    elif name not in _TEXTS:
        try:
            value = json.loads(text)
        except ValueError:
            value = text
    at = manifest
    *parents, last = name.split(".")
    for parent in parents:
        below = at.setdefault(parent, {})
        if not isinstance(below, dict):
            said = f"{name}={text}: {parent} is not an object of the manifest."
            raise MedviewError("bad_answer", said, None, ExitCode.BAD_USE, (said,))
        at = below
    at[last] = value


def identifier(text: str) -> str:
    """A package id made of any name."""
    kept = "".join(c if c.isascii() and c.isalnum() else "-" for c in text.lower())
    parts = [part for part in kept.split("-") if part]
    return "-".join(parts)[:60].strip("-") or "imported"


def about(name: str, description: str = "", version: str = "", **more: Any) -> dict[str, Any]:
    """The fields that only say what a package is; what its source does not say is said to be unsaid."""
    allowed = "".join(c if c.isascii() and (c.isalnum() or c in ".+_-") else "-" for c in version).strip(".+_-")[:30]
    found = {
        "format": 1,
        "id": identifier(name),
        "name": " ".join(name.split())[:120] or "imported",
        "version": allowed or "0",
        "licence": more.get("licence") or "not stated by its source",
        "authors": [author for author in more.get("authors", ()) if author] or ["not stated by its source"],
        "description": " ".join(description.split()) or "Imported; its source does not describe it.",
        "intended_use": " ".join(str(more.get("intended_use") or "").split())
        or "Research only; its source states no intended use.",
        "research_only": True,
    }
    if more.get("references"):
        found["references"] = list(more["references"])
    return found
