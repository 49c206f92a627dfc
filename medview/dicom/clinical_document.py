"""HL7 CDA documents as plain blocks of text: the narrative of each section, nothing fetched, nothing run.

The XML may be hostile: document type declarations and with them all entities are refused, depth and size are capped, and
nothing but letters comes out.
"""

from __future__ import annotations

import base64
import binascii
import xml.parsers.expat
from dataclasses import dataclass, field
from typing import Literal

from medview.core.problem import Note

BlockKind = Literal["title", "heading", "text", "item", "row", "head_row", "caption"]
MAX_BYTES = 64 << 20
MAX_DEPTH = 200
MAX_BLOCKS = 20_000

_BREAKS = frozenset(
    {"paragraph", "item", "list", "table", "thead", "tbody", "tfoot", "tr", "br", "caption", "content-block"}
)
_HEADER_NAMES = ("prefix", "given", "family", "suffix")


@dataclass(frozen=True, slots=True)
class DocumentBlock:
    """A paragraph, heading, list item or row of a table (then ``cells``); ``level`` counts sections."""

    kind: BlockKind
    text: str = ""
    level: int = 0
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClinicalDocument:
    """What a CDA says. ``attached`` is (media type, bytes) of a body that is no XML."""

    title: str = ""
    patient: str = ""
    author: str = ""
    custodian: str = ""
    when: str = ""
    blocks: tuple[DocumentBlock, ...] = ()
    attached: tuple[str, bytes] | None = None
    notes: tuple[Note, ...] = field(default=())


class _Refused(Exception):  # noqa: N818 - a finding about the document
    pass


def read_clinical_document(data: bytes) -> ClinicalDocument:
    """Read the XML of a CDA; what could be read until a fault is kept and the fault noted. Never raises."""
    reading = _Reading()
    notes: list[Note] = []
    try:
        if len(data) > MAX_BYTES:
            raise _Refused(f"it has {len(data)} bytes")
        parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.EntityDeclHandler = _refuse_doctype
        parser.ExternalEntityRefHandler = lambda *_about: 0
        parser.SetParamEntityParsing(xml.parsers.expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = reading.start
        parser.EndElementHandler = reading.end
        parser.CharacterDataHandler = reading.letters
        parser.Parse(data.rstrip(b"\0"), True)
    except _Refused as reason:
        notes.append(Note("cda_refused", f"The document was not read to its end: {reason}.", (str(reason),)))
    except xml.parsers.expat.ExpatError as reason:
        notes.append(Note("cda_broken", f"The XML of the document is broken: {reason}.", (str(reason),)))
    except (ValueError, LookupError) as reason:  # an encoding that is not known
        notes.append(Note("cda_broken", f"The XML of the document is broken: {reason}.", (str(reason),)))
    return reading.document(tuple(notes))


def _refuse_doctype(*_about: object) -> None:
    raise _Refused("it declares a document type or entities, which could reach other files")


class _Reading:
    """One pass over the elements."""

    def __init__(self) -> None:
        self._path: list[str] = []
        self._text: list[str] = []
        self._names: dict[str, list[str]] = {"patient": [], "author": [], "custodian": []}
        self._title = ""
        self._when = ""
        self._blocks: list[DocumentBlock] = []
        self._cells: list[str] = []
        self._in_head = False
        self._attached: tuple[str, bool] | None = None
        self._attachment: tuple[str, bytes] | None = None

    # ------------------------------------------------------------------ what expat tells

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        if len(self._path) >= MAX_DEPTH:
            raise _Refused(f"its elements are nested deeper than {MAX_DEPTH}")
        if len(self._blocks) > MAX_BLOCKS:
            raise _Refused(f"it has more than {MAX_BLOCKS} paragraphs")
        if name in _BREAKS and self._in_narrative():
            self._flush("item" if "item" in self._path[-3:] else "text")
        self._path.append(name)
        if name == "effectiveTime" and len(self._path) == 2:
            self._when = attributes.get("value", "")
        if name == "tr":
            self._cells = []
        if name == "thead":
            self._in_head = True
        if name in {"td", "th", "title", "given", "family", "prefix", "suffix", "name"}:
            self._text.clear()
        if name == "text" and "nonXMLBody" in self._path:
            self._text.clear()
            self._attached = (attributes.get("mediaType", ""), attributes.get("representation", "") == "B64")
        if name == "renderMultiMedia" and self._in_narrative():
            self._text.append(" [figure] ")

    def end(self, name: str) -> None:
        name = name.rpartition(" ")[2]
        level = self._path.count("section")
        if name == "title":
            self._end_title(level)
        elif name in _HEADER_NAMES or name == "name":
            self._end_name()
        elif name in {"td", "th"} and self._in_narrative():
            self._cells.append(self._taken())
            self._in_head = self._in_head or name == "th"
        elif name == "tr" and self._in_narrative():
            if any(self._cells):
                kind: BlockKind = "head_row" if self._in_head and not self._has_td() else "row"
                self._blocks.append(DocumentBlock(kind, "", level, tuple(self._cells)))
            self._cells = []
        elif name == "thead":
            self._in_head = False
        elif name == "caption" and self._in_narrative():
            self._flush("caption")
        elif name == "br" and self._in_narrative():
            self._text.append("\n")
        elif name in {"paragraph", "list", "table", "item", "text"} and self._in_narrative():
            self._flush("item" if "item" in self._path else "text")
        elif name == "text" and self._attached is not None:
            self._end_attachment()
        if name == "tr":
            self._in_head = "thead" in self._path[:-1]
        if self._path:
            self._path.pop()

    def letters(self, text: str) -> None:
        self._text.append(text)

    # ------------------------------------------------------------------ what it means

    def _has_td(self) -> bool:
        return "thead" not in self._path and "tbody" in self._path

    def _in_narrative(self) -> bool:
        return "section" in self._path and "text" in self._path

    def _taken(self) -> str:
        """The letters since the last block, blanks as the narrative means them."""
        lines = "".join(self._text).split("\n")
        self._text.clear()
        return "\n".join(" ".join(line.split()) for line in lines if line.split())

    def _flush(self, kind: BlockKind) -> None:
        text = self._taken()
        if text:
            self._blocks.append(DocumentBlock(kind, text, self._path.count("section")))

    def _end_title(self, level: int) -> None:
        text = self._taken()
        if len(self._path) == 2:
            self._title = text
        elif text and "section" in self._path:
            self._blocks.append(DocumentBlock("heading", text, level))

    def _end_name(self) -> None:
        text = self._taken()
        for part, holder in (("patient", "recordTarget"), ("author", "author"), ("custodian", "custodian")):
            if text and holder in self._path[:4]:
                self._names[part].append(text)
                return

    def _end_attachment(self) -> None:
        assert self._attached is not None
        kind, is_base64 = self._attached
        text = "".join(self._text)
        self._text.clear()
        self._attached = None
        if is_base64:
            try:
                self._attachment = (kind, base64.b64decode("".join(text.split()), validate=False))
            except (binascii.Error, ValueError):
                self._attachment = (kind, b"")
        elif kind in {"", "text/plain"}:
            for part in text.strip().split("\n"):
                self._blocks.append(DocumentBlock("text", part.strip()))
        else:
            self._attachment = (kind, text.encode())

    def document(self, notes: tuple[Note, ...]) -> ClinicalDocument:
        """What was read."""
        if "section" in self._path:  # a fault in the middle: what was being read is kept
            self._flush("text")
        names = {part: " ".join(dict.fromkeys(words)) for part, words in self._names.items()}
        return ClinicalDocument(
            self._title,
            names["patient"],
            names["author"],
            names["custodian"],
            self._when,
            tuple(self._blocks),
            self._attachment,
            notes,
        )
