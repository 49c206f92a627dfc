"""Deflated bytes read at positions: the decompressor's state is kept every megabyte, so going back costs little.

Nothing is unpacked to disk. A state is about 50 KB, so a gigabyte costs some 50 MB of memory; each process has its own.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from medview.core.problem import MedviewError
from medview.files.byte_source import ByteSource, Stamp

STEP = 1 << 20
"""Inflated bytes between two kept states."""
FEED = 64 * 1024
MOST_RATIO = 200
UNSUSPICIOUS = 1 << 30
"""So much may be inflated whatever the ratio: three seconds' work. An image of one value shrinks to a thousandth."""

RAW = -zlib.MAX_WBITS
GZIP = 16 + zlib.MAX_WBITS


@dataclass(slots=True)
class _State:
    """A decompressor that has given ``out`` bytes and taken ``taken``."""

    out: int
    taken: int
    inflater: Any

    def copy(self) -> _State:
        return _State(self.out, self.taken, self.inflater.copy())


class InflatedBytes:
    """What a deflated ``source`` inflates to. ``wbits``: RAW (ZIP) or GZIP, where streams may follow one another.

    ``size`` of a GZIP source is unknown until its end was reached; it is very large until then. Raises MedviewError
    ``archive_damaged`` and ``archive_bomb`` while it is read. Not for several threads at once.
    """

    is_packed = True

    def __init__(self, source: ByteSource, wbits: int, path: str, size: int | None = None) -> None:
        self._source = source
        self._wbits = wbits
        self._path = path
        self.size = 1 << 62 if size is None else size
        self._live = _State(0, 0, zlib.decompressobj(wbits))
        self._kept = [self._live.copy()]

    @property
    def stamp(self) -> Stamp:
        return self._source.stamp

    def read(self, offset: int, length: int) -> bytes:
        parts: list[bytes] = []
        self._go_to(offset)
        length = max(0, min(length, self.size - offset))
        while length > 0 and (part := self._next(length)):
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def read_into(self, offset: int, target: memoryview) -> int:
        self._go_to(offset)
        most = max(0, min(len(target), self.size - offset))
        done = 0
        while done < most and (part := self._next(most - done)):
            target[done : done + len(part)] = part
            done += len(part)
        return done

    def _go_to(self, offset: int) -> None:
        """Bring the live decompressor to ``offset``, from the nearest kept state."""
        best = self._kept[min(offset // STEP, len(self._kept) - 1)]
        if offset < self._live.out or best.out > self._live.out:
            self._live = best.copy()
        while self._live.out < offset and self._next(min(1 << 20, offset - self._live.out)):
            pass

    def _next(self, most: int) -> bytes:
        """Up to ``most`` more bytes, none at the end."""
        live = self._live
        # A piece ends where a state is to be kept.
        most = min(most, STEP - live.out % STEP)
        try:
            while True:
                if live.inflater.eof and not self._begin_next_stream(live):
                    self.size = min(self.size, live.out)
                    return b""
                feed = self._source.read(live.taken, FEED)
                part: bytes = live.inflater.decompress(feed, most)
                # Where a stream ends, zlib may name what is left in both.
                left = live.inflater.unused_data if live.inflater.eof else live.inflater.unconsumed_tail
                live.taken += len(feed) - len(left)
                if part:
                    break
                if not feed:
                    self.size = min(self.size, live.out)
                    return b""
        except zlib.error as error:
            raise MedviewError(
                "archive_damaged",
                f"{self._path} cannot be read: its compressed data are damaged ({error}).",
                self._path,
                values=(str(error),),
            ) from error
        live.out += len(part)
        if live.out > UNSUSPICIOUS and live.out > MOST_RATIO * live.taken:
            raise bomb(self._path, live.taken)
        if live.out % STEP == 0 and live.out // STEP == len(self._kept):
            self._kept.append(live.copy())
        return part

    def _begin_next_stream(self, live: _State) -> bool:
        """Gzip files may be written one behind the other (RFC 1952 2.2); zeros after the last one are padding."""
        if self._wbits != GZIP or self._source.read(live.taken, 2) != b"\x1f\x8b":
            return False
        live.inflater = zlib.decompressobj(self._wbits)
        return True


def bomb(path: str, packed: int) -> MedviewError:
    """The refusal of what grows out of all proportion."""
    return MedviewError(
        "archive_bomb",
        f"{path}: {packed} compressed bytes grow more than {MOST_RATIO} times; it is refused.",
        path,
        values=(str(packed), str(MOST_RATIO)),
    )
