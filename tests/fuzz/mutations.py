"""Damaged copies of whole files: the same seed and number give the same bytes on every machine with the same files."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

LARGEST = 768 << 10
"""Larger files teach nothing more and make everything slower."""

_LENGTHS = (0, 1, 2, 0xFF, 0x7FFF, 0xFFFE, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFE, 0xFFFFFFFF)
_SHORTS = (0, 1, 2, 3, 7, 8, 9, 12, 16, 24, 32, 64, 255, 256, 4095, 32767, 32768, 65535)
_SYNTAXES = (
    "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.1.98",
    "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.8.1", *(f"1.2.840.10008.1.2.4.{n}" for n in (
        50, 51, 57, 70, 80, 81, 90, 91, 92, 94, 95, 100, 102, 107, 110, 112, 201, 203)),
)  # fmt: skip
_SIZES = (
    b"\x28\0\x02\0US\x02\0", b"\x28\0\x10\0US\x02\0", b"\x28\0\x11\0US\x02\0", b"\x28\0\x00\x01US\x02\0", b"\x28\0\x01\x01US\x02\0",
    b"\x28\0\x02\x01US\x02\0", b"\x28\0\x03\x01US\x02\0", b"\x28\0\x06\0US\x02\0",
)  # fmt: skip
"""Explicit heads of samples, rows, columns, bits and planar configuration."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A damaged copy: of which file, damaged how, and its bytes."""

    number: int
    original: str
    kinds: tuple[str, ...]
    data: bytes


class Mutations:
    """Damaged copies of ``originals`` (name → bytes)."""

    def __init__(self, originals: Sequence[tuple[str, bytes]], seed: int) -> None:
        self._originals = sorted(originals)
        self._seed = seed

    def __getitem__(self, number: int) -> Mutant:
        """Mutant ``number``, from 0 without end."""
        chance = random.Random(f"{self._seed}/{number}")
        name, data = chance.choice(self._originals)
        kinds = []
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            kind = chance.choice(tuple(KINDS))
            data = KINDS[kind](data, chance, self._originals)
            kinds.append(kind)
        return Mutant(number, name, tuple(kinds), data)


def pixel_start(data: bytes) -> int:
    """Where the pixel element begins, or the end of the data."""
    at = data.rfind(b"\xe0\x7f\x10\0")
    return at if at >= 0 else len(data)


Originals = Sequence[tuple[str, bytes]]


def _bytes_anywhere(data: bytes, chance: random.Random, _: Originals) -> bytes:
    changed = bytearray(data)
    for _n in range(chance.randint(1, 16)):
        if changed:
            changed[chance.randrange(len(changed))] = chance.choice((0, 0xFF, chance.randrange(256)))
    return bytes(changed)


def _bits_in_header(data: bytes, chance: random.Random, _: Originals) -> bytes:
    changed, end = bytearray(data), max(1, min(pixel_start(data), len(data)))
    for _n in range(chance.randint(1, 8)):
        if changed:
            changed[chance.randrange(end)] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _bytes_in_stream(data: bytes, chance: random.Random, _: Originals) -> bytes:
    changed, start = bytearray(data), pixel_start(data)
    for _n in range(chance.randint(1, 12)):
        if start < len(changed):
            reach = chance.choice((32, 128, 1024, len(changed)))
            changed[chance.randrange(start, min(len(changed), start + reach))] = chance.randrange(256)
    return bytes(changed)


def _length(data: bytes, chance: random.Random, _: Originals) -> bytes:
    """A length field of an element or an item, or what looks like one."""
    changed = bytearray(data)
    places = []
    for mark, skip in (
        (b"\xfe\xff\x00\xe0", 4),
        (b"\x28\0", 6),
        (b"\x08\0", 6),
        (b"\xe0\x7f\x10\0", 8),
        (b"SQ\0\0", 4),
    ):
        at = data.find(mark, chance.randrange(max(1, len(data))))
        at = at if at >= 0 else data.find(mark)
        if at >= 0:
            places.append((at + skip, 2 if skip == 6 else 4))
    if not places:
        return data
    at, size = chance.choice(places)
    if at + size <= len(changed):
        value = chance.choice(_LENGTHS) & (0xFFFF if size == 2 else 0xFFFFFFFF)
        struct.pack_into("<H" if size == 2 else "<I", changed, at, value)
    return bytes(changed)


def _truncated(data: bytes, chance: random.Random, _: Originals) -> bytes:
    return data[: len(data) * chance.randrange(64) // 64]


def _cut_out(data: bytes, chance: random.Random, _: Originals) -> bytes:
    at = chance.randrange(max(1, len(data)))
    return data[:at] + data[at + chance.choice((1, 2, 8, 100, 5000)) :]


def _put_in(data: bytes, chance: random.Random, _: Originals) -> bytes:
    at = chance.randrange(max(1, len(data)))
    return data[:at] + chance.randbytes(chance.choice((1, 2, 8, 100, 2000))) + data[at:]


def _spliced(data: bytes, chance: random.Random, others: Originals) -> bytes:
    """The header of one file, the pixels of another."""
    _, other = chance.choice(others)
    return data[: pixel_start(data)] + other[pixel_start(other) :]


def _other_syntax(data: bytes, chance: random.Random, _: Originals) -> bytes:
    at = data.find(b"\x02\0\x10\0UI", 0, 1000)
    if at < 0 or at + 8 > len(data):
        return data
    (length,) = struct.unpack_from("<H", data, at + 6)
    uid = chance.choice(_SYNTAXES).encode()
    uid += b"\0" * (len(uid) % 2)
    return data[: at + 6] + struct.pack("<H", len(uid)) + uid + data[at + 8 + length :]


def _lying_size(data: bytes, chance: random.Random, _: Originals) -> bytes:
    changed = bytearray(data)
    for head in chance.sample(_SIZES, chance.randint(1, 3)):
        at = data.find(head)
        if 0 <= at <= len(data) - 10:
            struct.pack_into("<H", changed, at + 8, chance.choice(_SHORTS))
    return bytes(changed)


def _lying_frames(data: bytes, chance: random.Random, _: Originals) -> bytes:
    frames = chance.choice((b"0 ", b"-1", b"2 ", b"99", b"1000000 ", b"99999999", b"4294967297", b"1e9 ", b"x "))
    element = b"\x28\0\x08\0IS" + struct.pack("<H", len(frames)) + frames
    at = data.find(b"\x28\0\x10\0US")
    return data if at < 0 else data[:at] + element + data[at:]


def _nested(data: bytes, chance: random.Random, _: Originals) -> bytes:
    """Sequences in sequences, closed or not."""
    depth = chance.choice((3, 70, 500, 3000))
    begin = b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff" * depth
    end = b"\xfe\xff\x0d\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0" * (depth if chance.random() < 0.6 else depth // 2)
    at = data.find(b"\x08\0\x60\0")
    return data if at < 0 else data[:at] + begin + end + data[at:]


def _bomb(data: bytes, chance: random.Random, _: Originals) -> bytes:
    """A deflated data set that grows a thousandfold."""
    at = data.find(b"\x02\0\x10\0UI", 0, 1000)
    if at < 0 or at + 8 > len(data):
        return data
    (length,) = struct.unpack_from("<H", data, at + 6)
    uid = b"1.2.840.10008.1.2.1.99"
    body = data[at + 8 + length :][: chance.choice((0, 200, 4000))]
    deflater = zlib.compressobj(9, wbits=-15)
    zeros = b"\0" * (1 << 20)
    packed = deflater.compress(body) + b"".join(deflater.compress(zeros) for _n in range(chance.choice((1, 8, 40))))
    return data[: at + 6] + struct.pack("<H", len(uid)) + uid + packed + deflater.flush()


def _fragments(data: bytes, chance: random.Random, _: Originals) -> bytes:
    """Items taken out, doubled or emptied."""
    start = pixel_start(data)
    at = data.find(b"\xfe\xff\x00\xe0", start)
    if at < 0 or at + 8 > len(data):
        return data
    ends = []
    while at + 8 <= len(data) and data[at : at + 4] == b"\xfe\xff\x00\xe0" and len(ends) < 1000:
        (length,) = struct.unpack_from("<I", data, at + 4)
        ends.append((at, min(len(data), at + 8 + length)))
        at = ends[-1][1]
    a, b = chance.choice(ends)
    kept = chance.choice((b"", data[a:b] * 2, data[a : a + 4] + bytes(4), data[a : a + 8] + bytes(b - a - 8)))
    return data[:a] + kept + data[b:]


KINDS: dict[str, Callable[[bytes, random.Random, Originals], bytes]] = {
    "bytes anywhere": _bytes_anywhere,
    "bits in the header": _bits_in_header,
    "bytes in the stream": _bytes_in_stream,
    "a length": _length,
    "truncated": _truncated,
    "cut out": _cut_out,
    "put in": _put_in,
    "spliced": _spliced,
    "another syntax": _other_syntax,
    "lying size": _lying_size,
    "lying frames": _lying_frames,
    "nested": _nested,
    "bomb": _bomb,
    "fragments": _fragments,
}


def whole_files(folders: Sequence[Path], made: Path) -> list[tuple[str, bytes]]:
    """Real files below ``folders`` (at most four of a folder that holds a series) and those that are made here."""
    from pydicom.data import get_testdata_files

    found: list[tuple[str, bytes]] = []
    seen: dict[Path, int] = {}
    paths = [Path(path) for path in get_testdata_files() if Path(path).is_file()]
    for folder in folders:
        paths += sorted(path for path in folder.rglob("*") if path.is_file())
    names: set[str] = set()
    for path in paths:
        size = path.stat().st_size
        many = len(found) if not folders else sum(1 for _ in path.parent.iterdir())
        if (
            not 132 <= size <= LARGEST
            or path.name in names
            or (many > 40 and seen.get(path.parent, 0) >= 4 and "test_files" not in str(path))
        ):
            continue
        with path.open("rb") as stream:
            begin = stream.read(132)
            if begin[128:] != b"DICM" and begin[:2] not in {b"\x08\0", b"\x02\0"}:
                continue
            names.add(path.name)
            seen[path.parent] = seen.get(path.parent, 0) + 1
            found.append((path.name, begin + stream.read()))
    return found + made_files(made)


def made_files(folder: Path) -> list[tuple[str, bytes]]:
    """A small file in every syntax that a test can write, and videos."""
    import numpy as np

    from tests.dicom.pixel_files import JPEG, deflated, encapsulated, encode, phantom, write_pixels
    from tests.dicom.test_decode_syntaxes import LOSSLESS, compressed
    from tests.dicom.test_decode_video import CLIPS, write_video

    folder.mkdir(parents=True, exist_ok=True)
    frames = [phantom(24, 20, 0, 4000, seed).astype(np.uint16) for seed in range(2)]
    for syntax, codec in LOSSLESS.items():
        write_pixels(
            folder / f"made-{syntax}", encapsulated([compressed(codec, values) for values in frames]), syntax,
            rows=24, columns=20, frames=2, vr="OB",
        )  # fmt: skip
    grey = phantom(24, 20, 0, 255).astype(np.uint8)
    colour = np.stack([grey, grey[::-1], 255 - grey], axis=-1)
    write_pixels(
        folder / "made-jpeg", encapsulated([encode("jpeg", colour)]), JPEG + "50", rows=24, columns=20, samples=3, allocated=8,
        photometric="YBR_FULL_422", vr="OB",
    )  # fmt: skip
    write_pixels(
        folder / "made-jpeg-12", encapsulated([encode("jpeg", frames[0], bitspersample=12)]), JPEG + "51", rows=24, columns=20,
        stored=12, vr="OB",
    )  # fmt: skip
    deflated(write_pixels(folder / "made-deflated", frames[0].tobytes(), rows=24, columns=20))
    write_pixels(folder / "made-12-bit", bytes(24 * 20 * 12 // 8), rows=24, columns=20, allocated=12)
    for name in CLIPS:
        write_video(folder / f"made-{name}", name)
    return [(path.name, path.read_bytes()) for path in sorted(folder.iterdir())]
