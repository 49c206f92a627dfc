"""What is said of a newer medview: the signed document, and whom it is asked of. Nothing here opens a connection.

A document is a text of two lines. The first is JSON in its only form (sorted names, no blanks, UTF-8), the second its signature in
base64: Ed25519 over ``SIGNED_FOR`` and the bytes of the first line. `packaging/update_document.py` makes it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from medview.core.problem import MedviewError
from medview.core.signature import is_key, is_signed

SIGNED_FOR = b"medview update 1\n"
"""Stands before what is signed, so that a signature for anything else never counts here."""
LARGEST = 65_536
"""Bytes of a document; what is larger is none."""
MOST_KEYS = 4
LONGEST_ADDRESS = 300
LONGEST_NOTES = 4000

_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:(?P<port>\d{1,5}))?(?P<path>/[!-~]*)"
)
_VERSION = re.compile(r"\d{1,5}(\.\d{1,5}){1,3}")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
_SUM = re.compile(r"[0-9a-f]{64}")
_LANGUAGE = re.compile(r"[a-z]{2}(_[A-Z]{2})?")
_HERE = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""This computer itself: nobody is in between, so it may be asked without TLS."""
_FIELDS = frozenset(
    {"expires", "files", "format", "least", "notes", "page", "program", "released", "serial", "version"}
)


@dataclass(frozen=True, slots=True)
class UpdateSource:
    """Where newer versions are told, and the public keys (32 bytes each) that may sign that."""

    address: str
    keys: tuple[bytes, ...]

    @property
    def host(self) -> str:
        """The computer that is asked."""
        return web_address(self.address)[1]


@dataclass(frozen=True, slots=True)
class Update:
    """A document whose signature, form and dates hold."""

    serial: int
    version: str
    released: date
    expires: date
    notes: Mapping[str, str]
    """What is new, by language; English is always there."""
    page: str
    """The page from which it can be had."""
    files: Mapping[str, str]
    """SHA-256 of each package, in hexadecimal digits, by its file name."""
    least: str
    """The oldest version that is still looked after."""
    key: bytes
    """The key that signed it."""
    digest: str
    """SHA-256 of its bytes."""

    def notes_in(self, language: str) -> str:
        """What is new, in a language or else in English."""
        return self.notes.get(language, self.notes["en"])


def web_address(address: str) -> tuple[str, str, int, str]:
    """(scheme, host, port, path) of an address that may be asked; raises ValueError for others.

    ``https`` only, ``http`` of this computer itself; without a user, a query or a fragment, in which something could be told.
    """
    found = _ADDRESS.fullmatch(address) if len(address) <= LONGEST_ADDRESS else None
    if found is None or "?" in found["path"] or "#" in found["path"] or "\\" in found["path"]:
        raise ValueError("no plain web address")
    scheme, host, port = found["scheme"], found["host"].lower(), int(found["port"] or 0)
    if scheme == "http" and host not in _HERE:
        raise ValueError("not https")
    if port > 65_535:
        raise ValueError("no such port")
    return scheme, host, port or {"http": 80, "https": 443}[scheme], found["path"]


def sound_source(content: Any) -> UpdateSource:
    """The source of ``{"address": "https://…", "keys": ["base64", …]}``; raises ValueError that says what is wrong."""
    if not isinstance(content, dict) or set(content) != {"address", "keys"}:
        raise ValueError("updates needs address and keys")
    address, said = str(content["address"]), content["keys"]
    web_address(address)
    if not isinstance(said, list) or not 1 <= len(said) <= MOST_KEYS or not all(isinstance(one, str) for one in said):
        raise ValueError(f"updates needs 1 to {MOST_KEYS} keys")
    try:
        keys = tuple(base64.b64decode(one, validate=True) for one in said)
    except (binascii.Error, ValueError):
        raise ValueError("a key of updates is not base64") from None
    if not all(map(is_key, keys)):
        raise ValueError("a key of updates is none of Ed25519")
    return UpdateSource(address, keys)


def canonical(content: Mapping[str, Any]) -> bytes:
    """The only form in which a document is signed and read."""
    return json.dumps(content, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode()


def read_update(answer: bytes, source: UpdateSource, today: date) -> Update:
    """The document of an answer, once its signature, its form and its dates hold.

    Raises MedviewError: ``update_unsigned``, ``update_unreadable`` (signed, but of another form) or ``update_expired``.
    """
    text, key = _signed_text(answer, source)
    try:
        return _parsed(text, key, today)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        what = f"What {source.host} says of updates is signed, but not in a form that this version knows; nothing is offered."
        raise MedviewError("update_unreadable", what, values=(source.host,)) from error


def _signed_text(answer: bytes, source: UpdateSource) -> tuple[bytes, bytes]:
    """The first line and the key that signed it; nothing of the text is looked at before."""
    text, _, rest = answer.partition(b"\n")
    if len(answer) <= LARGEST and re.fullmatch(rb"[A-Za-z0-9+/]{86}==\n?", rest):
        signature = base64.b64decode(rest.strip())
        for key in source.keys:
            if is_signed(key, SIGNED_FOR + text, signature):
                return text, key
    what = f"What {source.host} says of updates is not signed by a key that medview was given; nothing is offered."
    raise MedviewError("update_unsigned", what, values=(source.host,))


def _parsed(text: bytes, key: bytes, today: date) -> Update:
    from hashlib import sha256

    content = json.loads(text)
    if not isinstance(content, dict) or set(content) != _FIELDS or canonical(content) != text:
        raise ValueError("not the form of a document")
    if content["format"] != 1 or content["program"] != "medview":
        raise ValueError("of something else")
    serial = content["serial"]
    if not isinstance(serial, int) or isinstance(serial, bool) or not 0 < serial < 1 << 62:
        raise ValueError("serial")
    notes, files = content["notes"], content["files"]
    if not isinstance(notes, dict) or not isinstance(files, dict):
        raise TypeError("notes or files")
    if "en" not in notes or not all(
        _LANGUAGE.fullmatch(name) and isinstance(said, str) and 0 < len(said) <= LONGEST_NOTES
        for name, said in notes.items()
    ):
        raise ValueError("notes")
    if not all(_FILE_NAME.fullmatch(name) and _SUM.fullmatch(said) for name, said in files.items()):
        raise ValueError("files")
    if web_address(content["page"])[0] != "https":
        raise ValueError("page")
    released, expires = (date.fromisoformat(content[name]) for name in ("released", "expires"))
    for name in ("version", "least"):
        version_figures(content[name])
    if expires < today:
        ended = expires.isoformat()
        what = (
            f"What is said of updates held until {ended} only; nothing is offered. Where that is still to come, this "
            "computer's date is wrong."
        )
        raise MedviewError("update_expired", what, values=(ended,))
    return Update(
        serial, content["version"], released, expires, notes, content["page"], files, content["least"], key,
        sha256(text).hexdigest(),
    )  # fmt: skip


def version_figures(version: str) -> tuple[int, ...]:
    """The figures of a version, so that two can be compared; raises ValueError for what is none."""
    if _VERSION.fullmatch(version) is None:
        raise ValueError(f"{version} is no version")
    figures = [int(one) for one in version.split(".")]
    return (*figures, 0, 0)[:4]


def is_newer(version: str, than: str) -> bool:
    """Whether a version is newer than another, of which only the leading figures count (``0.2.0.dev1`` is 0.2.0)."""
    plain = re.match(r"\d{1,5}(\.\d{1,5}){1,3}", than)
    return plain is not None and version_figures(version) > version_figures(plain[0])


def refuse_replay(update: Update, seen: Mapping[str, Sequence[Any]]) -> None:
    """Raise MedviewError ``update_replayed`` for a document that is older than one that the same key signed.

    ``seen``: (serial, digest) by `key_name`, of the newest document so far.
    """
    known = seen.get(key_name(update.key))
    if known is not None and (update.serial < known[0] or (update.serial == known[0] and update.digest != known[1])):
        what = "What is said of updates is older than what was said before; nothing is offered."
        raise MedviewError("update_replayed", what)


def key_name(key: bytes) -> str:
    """A short name of a public key, for what is kept and for people to compare."""
    from hashlib import sha256

    return sha256(key).hexdigest()[:16]
