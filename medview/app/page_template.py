"""Pages from templates that a hospital can edit: ``{{name}}``, ``{{#list}} … {{/list}}``, ``{{^empty}} … {{/empty}}``.

A subset of Mustache (mustache.5). Every value is escaped, there is no way to switch that off, and a template can call nothing:
neither what a file says nor what a template says can run or load anything.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from typing import Any

from medview.core.plain_text import visible_text
from medview.core.problem import ExitCode, MedviewError

_TAG = re.compile(r"\{\{\s*([#^/!]?)\s*([^{}]*?)\s*\}\}")
LONGEST_VALUE = 4_000
_PICTURE = re.compile(r"data:image/png;base64,[A-Za-z0-9+/=]*")

Content = Mapping[str, Any]


def fill_template(template: str, content: Content, name: str = "template") -> str:
    """The page. Raises MedviewError ``bad_template`` for sections that do not match or names that nothing has."""
    parts, end = _parsed(list(_pieces(template)), 0, None, name)
    assert end == -1, "the outermost part ends with the template"
    found: list[str] = []
    _write(parts, [content], found, name)
    return "".join(found)


def _pieces(template: str) -> Sequence[tuple[str, str]]:
    """("", text) and (sign, name) in turn; a plain value has the sign "="."""
    found: list[tuple[str, str]] = []
    at = 0
    for match in _TAG.finditer(template):
        if match.start() > at:
            found.append(("", template[at : match.start()]))
        if match[1] != "!":
            found.append((match[1] or "=", match[2]))
        at = match.end()
    found.append(("", template[at:]))
    return found


def _bad(name: str, why: str) -> MedviewError:
    return MedviewError("bad_template", f"{name} is no template: {why}.", name, ExitCode.BAD_USE, (name, why))


def _parsed(pieces: list[tuple[str, str]], at: int, section: str | None, name: str) -> tuple[list[Any], int]:
    """The parts of a section from ``at`` on, and where it ended; -1: with the template."""
    parts: list[Any] = []
    while at < len(pieces):
        sign, text = pieces[at]
        if sign == "/":
            if text != section:
                raise _bad(name, f"{{{{/{text}}}}} ends what did not begin")
            return parts, at
        if sign in {"#", "^"}:
            inner, at = _parsed(pieces, at + 1, text, name)
            if at < 0:
                raise _bad(name, f"{{{{{sign}{text}}}}} has no end")
            parts.append((sign, text, inner))
        else:
            parts.append((sign, text))
        at += 1
    return parts, -1


def _write(parts: list[Any], contents: list[Content], found: list[str], name: str) -> None:
    for part in parts:
        if part[0] == "":
            found.append(part[1])
        elif part[0] == "=":
            found.append(_escaped(_value(part[1], contents, name)))
        else:
            value = _value(part[1], contents, name)
            if part[0] == "^":
                if not value:
                    _write(part[2], contents, found, name)
            elif isinstance(value, list | tuple):
                for one in value:
                    _write(part[2], [*contents, one], found, name)
            elif value:
                _write(part[2], [*contents, value] if isinstance(value, Mapping) else contents, found, name)


def _value(key: str, contents: list[Content], name: str) -> Any:
    for content in reversed(contents):
        if key in content:
            return content[key]
    raise _bad(name, f"nothing is called {key!r}")


def _escaped(value: Any) -> str:
    text = str(value)
    if _PICTURE.fullmatch(text):
        return text
    return html.escape(visible_text(text, LONGEST_VALUE)).replace("\n", "<br>")
