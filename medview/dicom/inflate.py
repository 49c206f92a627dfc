"""Inflating deflated data sets with a cap, so that a small file cannot fill the memory."""

from __future__ import annotations

import zlib

from medview.core.problem import MedviewError

MAX_RATIO = 200
MAX_BYTES = 2 << 30
HARMLESS = 64 << 20
"""So much may come of any input: an image of one value shrinks to a thousandth."""
DEFLATED_LOOK = 1024
"""So many bytes tell whether a data set is deflated."""


def inflate_capped(compressed: bytes | memoryview, path: str, want: int | None = None) -> bytes:
    """Inflate raw deflate data (PS3.5 A.5); stop after ``want`` bytes where given.

    Some writers put zlib's own header before the data, which is inflated too. Raises MedviewError ``deflate_bomb`` beyond
    200 times the input (from 64 MiB on) or 2 GiB, ``codec_failed`` for damaged data. A stream that ends early gives what
    is there: the caller compares lengths.
    """
    try:
        return _inflated(compressed, path, want, -zlib.MAX_WBITS)
    except MedviewError as error:
        head = bytes(compressed[:2])
        if error.code != "codec_failed" or len(head) < 2 or head[0] & 15 != 8 or int.from_bytes(head) % 31:
            raise
        return _inflated(compressed, path, want, zlib.MAX_WBITS)


def begins_deflated(begin: bytes) -> bool:
    """Whether the first bytes of a data set inflate to elements.

    Deflated bytes can look like an element by chance: some three in a hundred small files spell a VR at its place.
    """
    for wbits in (-zlib.MAX_WBITS, zlib.MAX_WBITS):
        try:
            first = zlib.decompressobj(wbits).decompress(begin, 64)
        except zlib.error:
            continue
        if first[:2] in {b"\x08\0", b"\x02\0", b"\x04\0"} and first[4:6].isalpha():
            return True
    return False


def _inflated(compressed: bytes | memoryview, path: str, want: int | None, wbits: int) -> bytes:
    limit = min(MAX_BYTES, max(len(compressed) * MAX_RATIO, HARMLESS))
    inflater = zlib.decompressobj(wbits)
    parts: list[bytes] = []
    size = 0
    pending: bytes | memoryview = compressed
    try:
        while pending and not inflater.eof and (want is None or size < want):
            part = inflater.decompress(pending, 1 << 20)
            size += len(part)
            if size > limit:
                raise MedviewError(
                    "deflate_bomb",
                    f"{path}: {len(compressed)} compressed bytes grow beyond {limit}; the file is refused.",
                    path,
                    values=(str(len(compressed)), str(limit)),
                )
            parts.append(part)
            pending = inflater.unconsumed_tail
            if not part and not pending:
                break
    except zlib.error as error:
        raise MedviewError("codec_failed", f"{path}: the deflated data set is damaged ({error}).", path) from error
    return b"".join(parts)
