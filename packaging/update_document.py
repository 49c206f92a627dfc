#!/usr/bin/env python3
"""Makes the key, and signs the document, by which medview is told of newer versions (docs/installation.md, "Newer versions").

    update_document.py key PRIVATE                          a new private key, and the public one that belongs to it
    update_document.py source PUBLIC… --address URL --output source.json       what `build.py --updates` and a policy take
    update_document.py sign PRIVATE --serial N --page URL --notes en=FILE … --output update.txt [PACKAGE…]
    update_document.py check update.txt --source source.json                   what medview would say of it

The private key is given by its path and has no place in the repository. Making and signing is OpenSSL's (3.0 or newer, `openssl`
on the search path); a key that it protects with a pass phrase is asked for there.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from medview import __version__  # noqa: E402
from medview.core.problem import MedviewError  # noqa: E402
from medview.core.update import (  # noqa: E402
    LARGEST,
    SIGNED_FOR,
    canonical,
    is_newer,
    key_name,
    read_update,
    sound_source,
)

DAYS = 120
"""How long a document holds: it is signed again before, with a higher serial, also where there is nothing new."""
HEAD_OF_DER = bytes.fromhex("302a300506032b6570032100")
"""What stands before the 32 bytes of a public key of Ed25519 in DER (RFC 8410)."""


class DocumentError(Exception):
    """Something that is missing or wrong; the text says what."""


def openssl(*words: str, given: bytes = b"") -> bytes:
    """What OpenSSL prints; raises DocumentError where it is not there or fails."""
    program = shutil.which("openssl")
    if program is None:
        raise DocumentError("openssl is not on the search path")
    done = subprocess.run([program, *words], input=given, capture_output=True, check=False)
    if done.returncode:
        raise DocumentError(f"openssl {words[0]}: {done.stderr.decode(errors='replace').strip()[-400:]}")
    return done.stdout


def refuse_repository(path: Path) -> None:
    """Raise DocumentError for a place from which a key would be published with the sources."""
    if path.resolve().is_relative_to(ROOT):
        raise DocumentError(f"{path} lies in the repository; a private key must not")


def public_key(private: Path) -> bytes:
    """The 32 public bytes of a private key."""
    found = openssl("pkey", "-in", str(private), "-pubout", "-outform", "DER")
    if not found.startswith(HEAD_OF_DER) or len(found) != len(HEAD_OF_DER) + 32:
        raise DocumentError(f"{private} is no key of Ed25519")
    return found[len(HEAD_OF_DER) :]


def make_key(private: Path) -> str:
    """Write a new private key that only its owner can read; returns the public one in base64."""
    refuse_repository(private)
    made = openssl("genpkey", "-algorithm", "ed25519")
    try:
        handle = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise DocumentError(f"{private}: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        file.write(made)
    return base64.b64encode(public_key(private)).decode()


def source_text(keys: list[str], address: str) -> str:
    """Whom to ask, as `build.py --updates` takes it; raises DocumentError where medview would not take it."""
    content = {"address": address, "keys": keys}
    try:
        sound_source(content)
    except ValueError as error:
        raise DocumentError(str(error)) from error
    return json.dumps(content, indent=1) + "\n"


def signed_document(private: Path, content: dict[str, Any]) -> bytes:
    """The two lines of a document, read once more as medview reads them."""
    refuse_repository(private)
    text = canonical(content)
    with tempfile.TemporaryDirectory() as room:
        # Before OpenSSL 3.5 a text to sign as a whole must be a file.
        whole = Path(room) / "text"
        whole.write_bytes(SIGNED_FOR + text)
        signature = openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(private), "-in", str(whole))
    made = text + b"\n" + base64.b64encode(signature) + b"\n"
    if len(made) > LARGEST:
        raise DocumentError(f"the document is larger than {LARGEST} bytes")
    key = base64.b64encode(public_key(private)).decode()
    source = sound_source({"address": "https://localhost/", "keys": [key]})
    try:
        read_update(made, source, datetime.now(UTC).date())
    except MedviewError as error:
        raise DocumentError(f"medview would not take it: {error.text} {error.__cause__ or ''}".strip()) from error
    return made


def content_from(chosen: argparse.Namespace) -> dict[str, Any]:
    """The document that the arguments describe."""
    today = datetime.now(UTC).date()
    notes = {}
    for entry in chosen.notes:
        language, _, name = entry.partition("=")
        notes[language] = Path(name).read_text(encoding="utf-8").strip()
    files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in map(Path, chosen.packages)}
    return {
        "format": 1, "program": "medview", "serial": chosen.serial, "version": chosen.version, "least": chosen.least,
        "released": today.isoformat(), "expires": (today + timedelta(days=chosen.days)).isoformat(), "notes": notes,
        "page": chosen.page, "files": files,
    }  # fmt: skip


def check(answer: bytes, source: dict[str, Any]) -> str:
    """What medview would say of a document; raises DocumentError where it would not take it."""
    try:
        update = read_update(answer, sound_source(source), datetime.now(UTC).date())
    except (MedviewError, ValueError) as error:
        raise DocumentError(str(error)) from error
    newer = "newer than" if is_newer(update.version, __version__) else "not newer than"
    return (
        f"version {update.version} ({newer} {__version__}), serial {update.serial}, holds until {update.expires}, "
        f"signed by {key_name(update.key)}, {len(update.files)} packages"
    )


def main(words: list[str] | None = None) -> int:
    """Parse the arguments and do what they say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = parser.add_subparsers(dest="step", required=True)
    key = steps.add_parser("key", help="make a key")
    key.add_argument("private", type=Path)
    source = steps.add_parser("source", help="say whom to ask")
    source.add_argument("keys", nargs="+", help="public keys in base64; several while one takes the place of another")
    source.add_argument("--address", required=True)
    source.add_argument("--output", type=Path, required=True)
    sign = steps.add_parser("sign", help="sign a document")
    sign.add_argument("private", type=Path)
    sign.add_argument("packages", nargs="*", help="files whose SHA-256 is told")
    sign.add_argument("--version", default=__version__)
    sign.add_argument("--serial", type=int, required=True, help="higher than that of every document before")
    sign.add_argument("--least", default="0.0", help="the oldest version that is still looked after")
    sign.add_argument("--days", type=int, default=DAYS, help="how long it holds")
    sign.add_argument("--page", required=True, help="the page from which it can be had")
    sign.add_argument("--notes", action="append", required=True, help="LANGUAGE=FILE; en must be one of them")
    sign.add_argument("--output", type=Path, required=True)
    look = steps.add_parser("check", help="say what medview would")
    look.add_argument("document", type=Path)
    look.add_argument("--source", type=Path, required=True)
    chosen = parser.parse_args(words)
    try:
        if chosen.step == "key":
            print(make_key(chosen.private))
        elif chosen.step == "source":
            chosen.output.write_text(source_text(chosen.keys, chosen.address), encoding="utf-8")
        elif chosen.step == "sign":
            chosen.output.write_bytes(signed_document(chosen.private, content_from(chosen)))
        else:
            print(check(chosen.document.read_bytes(), json.loads(chosen.source.read_text(encoding="utf-8"))))
    except (DocumentError, OSError, ValueError) as error:
        print(f"update_document: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
