"""Signs as RFC 8032, section 5.1.6, says: keys and documents about updates, made for tests only."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from medview.core.signature import BASE, encoded_point, times
from medview.core.update import SIGNED_FOR, canonical

ORDER = 2**252 + 27742317777372353535851937790883648493
SECRET = bytes(range(32))
OTHER_SECRET = bytes(range(32, 64))


def _number_and_prefix(secret: bytes) -> tuple[int, bytes]:
    hashed = hashlib.sha512(secret).digest()
    return int.from_bytes(hashed[:32], "little") & ((1 << 254) - 8) | 1 << 254, hashed[32:]


def public_key(secret: bytes) -> bytes:
    return encoded_point(times(_number_and_prefix(secret)[0], BASE))


def sign(secret: bytes, text: bytes) -> bytes:
    number, prefix = _number_and_prefix(secret)
    once = int.from_bytes(hashlib.sha512(prefix + text).digest(), "little") % ORDER
    start = encoded_point(times(once, BASE))
    hashed = int.from_bytes(hashlib.sha512(start + public_key(secret) + text).digest(), "little")
    return start + ((once + hashed * number) % ORDER).to_bytes(32, "little")


def source_of(address: str, *secrets: bytes) -> dict[str, Any]:
    """Whom to ask, as a build and a policy name it."""
    return {
        "address": address,
        "keys": [base64.b64encode(public_key(one)).decode() for one in secrets or (SECRET,)],
    }


def content_of(**changed: Any) -> dict[str, Any]:
    """A document about a version that is newer than any."""
    return {
        "format": 1, "program": "medview", "serial": 7, "version": "99.1.0", "released": "2026-11-20", "expires": "2999-01-01",
        "notes": {"en": "Faster.\nBetter.", "zh_CN": "更快。"}, "page": "https://medview.example/download", "least": "0.0.1",
        "files": {"medview_99.1.0_amd64.deb": "ab" * 32}, **changed,
    }  # fmt: skip


def document(content: Mapping[str, Any] | None = None, secret: bytes = SECRET, text: bytes | None = None) -> bytes:
    """The signed text of a document; ``text`` in the place of its canonical form."""
    text = canonical(content or content_of()) if text is None else text
    return text + b"\n" + base64.b64encode(sign(secret, SIGNED_FOR + text)) + b"\n"
