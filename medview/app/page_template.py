"""Pages from templates that a hospital can edit: ``{{name}}``, ``{{#list}} … {{/list}}``, ``{{^empty}} … {{/empty}}``.

A subset of Mustache (mustache.5). Every value is escaped, there is no way to switch that off, and a template can call nothing:
neither what a file says nor what a template says can run or load anything.
"""

from __future__ import annotations

import html
import re
from collections.abc import Container, Iterable, Mapping
from typing import Any, NamedTuple

from medview.core.plain_text import visible_text
from medview.core.problem import ExitCode, MedviewError

_TAG = re.compile(r"\{\{\s*([#^/!]?)\s*([^{}]*?)\s*\}\}")
LONGEST_VALUE = 4_000
_PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]*")

Content = Mapping[str, Any]


def fill_template(template: str, content: Content, name: str = "template") -> str:
    """The page. Raises MedviewError ``template_unended``, ``template_unbegun``, ``template_unknown``, each with its line."""
    found: list[str] = []
    _write(_parsed_whole(template, name), [content], found, name)
    return "".join(found)


def check_template(template: str, known: Container[str], name: str = "template") -> None:
    """Raise what `fill_template` would of any content, also for a part that is empty this time: ``known`` are all names."""
    _check(_parsed_whole(template, name), known, name)


def names_in(template: str) -> frozenset[str]:
    """All names that a template uses."""
    return frozenset(piece.text for piece in _pieces(template) if piece.sign)


class _Piece(NamedTuple):
    """``sign`` "" of plain text, "=" of a value; ``inner`` what lies inside a section."""

    sign: str
    text: str
    line: int
    inner: tuple[Any, ...] = ()


def _pieces(template: str) -> list[_Piece]:
    found: list[_Piece] = []
    at, line = 0, 1
    for match in _TAG.finditer(template):
        if match.start() > at:
            found.append(_Piece("", template[at : match.start()], line))
        line += template.count("\n", at, match.start())
        if match[1] != "!":
            found.append(_Piece(match[1] or "=", match[2], line))
        line += match[0].count("\n")
        at = match.end()
    found.append(_Piece("", template[at:], line))
    return found


def _bad(code: str, name: str, line: int, tag: str, why: str) -> MedviewError:
    text = f"{name}, line {line}: {why}."
    return MedviewError(code, text, name, ExitCode.BAD_USE, (name, str(line), tag))


def _parsed_whole(template: str, name: str) -> list[_Piece]:
    parts, end = _parsed(_pieces(template), 0, None, name)
    assert end == -1, "the outermost part ends with the template"
    return parts


def _parsed(pieces: list[_Piece], at: int, section: str | None, name: str) -> tuple[list[_Piece], int]:
    """The parts of a section from ``at`` on, and where it ended; -1: with the template."""
    parts: list[_Piece] = []
    while at < len(pieces):
        piece = pieces[at]
        tag = f"{{{{{piece.sign}{piece.text}}}}}"
        if piece.sign == "/":
            if piece.text != section:
                raise _bad("template_unbegun", name, piece.line, tag, f"{tag} ends what did not begin")
            return parts, at
        if piece.sign in {"#", "^"}:
            inner, at = _parsed(pieces, at + 1, piece.text, name)
            if at < 0:
                raise _bad("template_unended", name, piece.line, tag, f"{tag} has no end")
            piece = piece._replace(inner=tuple(inner))
        parts.append(piece)
        at += 1
    return parts, -1


def _check(parts: Iterable[_Piece], known: Container[str], name: str) -> None:
    for part in parts:
        if part.sign and part.text not in known:
            raise _unknown(part, name)
        _check(part.inner, known, name)


def _write(parts: Iterable[_Piece], contents: list[Content], found: list[str], name: str) -> None:
    for part in parts:
        if part.sign == "":
            found.append(part.text)
            continue
        value = _value(part, contents, name)
        if part.sign == "=":
            found.append(_escaped(value))
        elif part.sign == "^":
            if not value:
                _write(part.inner, contents, found, name)
        elif isinstance(value, list | tuple):
            for one in value:
                _write(part.inner, [*contents, one], found, name)
        elif value:
            _write(part.inner, [*contents, value] if isinstance(value, Mapping) else contents, found, name)


def _value(part: _Piece, contents: list[Content], name: str) -> Any:
    for content in reversed(contents):
        if part.text in content:
            return content[part.text]
    raise _unknown(part, name)


def _unknown(part: _Piece, name: str) -> MedviewError:
    return _bad("template_unknown", name, part.line, part.text, f"nothing is called {part.text!r}")


def _escaped(value: Any) -> str:
    text = str(value)
    if _PICTURE.fullmatch(text):
        return text
    return html.escape(visible_text(text, LONGEST_VALUE)).replace("\n", "<br>")
