"""Inflating deflated data sets with a cap, so that a small file cannot fill the memory."""

from __future__ import annotations

import zlib

from medview.core.problem import MedviewError

MAX_RATIO = 200
MAX_BYTES = 2 << 30


def inflate_capped(compressed: bytes | memoryview, path: str, want: int | None = None) -> bytes:
    """Inflate raw deflate data (PS3.5 A.5); stop after ``want`` bytes where given.

    Raises MedviewError ``deflate_bomb`` beyond 200 times the input or 2 GiB, ``codec_failed`` for damaged data. A stream
    that ends early gives what is there: the caller compares lengths.
    """
    limit = min(MAX_BYTES, max(len(compressed) * MAX_RATIO, 1 << 20))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
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
