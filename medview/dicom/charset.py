"""Text of DICOM files in every character set of PS3.3 C.12.1.1.2, with code extensions (PS3.5 6.1.2)."""

from __future__ import annotations

from functools import lru_cache

_SINGLE = {
    "": "latin-1",
    "ISO_IR 6": "latin-1",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 100": "latin-1",
    "ISO_IR 101": "iso8859-2",
    "ISO_IR 109": "iso8859-3",
    "ISO_IR 110": "iso8859-4",
    "ISO_IR 126": "iso8859-7",
    "ISO_IR 127": "iso8859-6",
    "ISO_IR 138": "iso8859-8",
    "ISO_IR 144": "iso8859-5",
    "ISO_IR 148": "iso8859-9",
    "ISO_IR 149": "euc_kr",
    "ISO_IR 166": "tis-620",
    "ISO_IR 203": "iso8859-15",
    "ISO_IR 192": "utf-8",
    "GB18030": "gb18030",
    "GBK": "gbk",
    "ISO_IR 58": "gb2312",
    "ISO_IR 87": "iso2022_jp",
    "ISO_IR 159": "iso2022_jp_2",
}

_ESCAPES = {
    b"(B": "ascii",
    b"(J": "shift_jis",  # ISO-IR 14, JIS X 0201 Roman; 0x5C and 0x7E are kept as ASCII shows them
    b")I": "shift_jis",  # ISO-IR 13, half-width katakana
    b"$B": "jis0208",
    b"$@": "jis0208",
    b"$(D": "jis0212",
    b"(I": "katakana",  # not DICOM's, but in Japanese files: the katakana of ISO-IR 13 in seven bits
    b"$A": "gb2312-7",
    b"$(A": "gb2312-7",
    b"$(C": "euc_kr-7",
    b"$)C": "euc_kr",
    b"$)A": "gb2312",
    b"-A": "latin-1",
    b"-B": "iso8859-2",
    b"-C": "iso8859-3",
    b"-D": "iso8859-4",
    b"-F": "iso8859-7",
    b"-G": "iso8859-6",
    b"-H": "iso8859-8",
    b"-L": "iso8859-5",
    b"-M": "iso8859-9",
    b"-T": "tis-620",
    b"-b": "iso8859-15",
}

_TWO_BYTES = frozenset({"jis0208", "jis0212", "gb2312-7", "euc_kr-7"})
"""Sets of G0 in which a byte that looks like a delimiter may be half a letter."""


@lru_cache(maxsize=64)
def codecs_of(specific_character_set: bytes | None) -> tuple[str, ...]:
    """Python codecs of a Specific Character Set (0008,0005) value, the initial one first; common misspellings too."""
    names = (specific_character_set or b"").decode("latin-1").replace("\0", " ").upper().split("\\")
    codecs = []
    for name in names:
        plain = name.strip().replace("ISO 2022 ", "ISO_IR ").replace("ISO-IR", "ISO_IR").replace("ISO_2022_", "ISO_")
        plain = plain.replace("ISO_IR_", "ISO_IR ").replace("ISO IR", "ISO_IR").replace("IR IR", "IR")
        codecs.append(_SINGLE.get(plain, "utf-8" if "UTF" in plain else ""))
    codecs[0] = codecs[0] or "latin-1"
    return tuple(codecs)


def decode_text(value: bytes | None, codecs: tuple[str, ...] = ("latin-1",), is_name: bool = False) -> str:
    """``value`` as text without padding; bytes that fit no declared set become U+FFFD, never another letter.

    ``is_name``: delimiters ``^`` and ``=`` also return to the initial set (PS3.5 6.1.2.5.3). A value without a
    declared set that is valid UTF-8 is read as that, as most viewers do.
    """
    if not value:
        return ""
    value = value.strip(b" \0")
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    text = _decode_extended(value, codecs, is_name) if b"\x1b" in value else _decode_plain(value, codecs[0])
    return text.strip(" \0")


def _decode_plain(value: bytes, codec: str) -> str:
    if codec in {"iso2022_jp", "iso2022_jp_2"}:
        codec = "shift_jis"
    if codec == "latin-1":
        try:
            return value.decode("utf-8")  # two valid multi-byte letters by accident are far rarer than a lost tag
        except UnicodeDecodeError:
            return value.decode("latin-1")
    try:
        return value.decode(codec)
    except UnicodeDecodeError:
        if codec == "gb2312":
            return value.decode("gb18030", "replace")
        return value.decode(codec, "replace")


def _decode_extended(value: bytes, codecs: tuple[str, ...], is_name: bool) -> str:
    initial = codecs[0]
    delimiters = b"^=\\\r\n\t\f" if is_name else b"\\\r\n\t\f"
    left, right = "ascii", initial
    text = []
    at = 0
    run = bytearray()

    def flush() -> None:
        if run:
            text.append(_decode_run(bytes(run), left, right))
            run.clear()

    while at < len(value):
        byte = value[at]
        if byte == 0x1B:
            escape = next((value[at + 1 : at + 1 + n] for n in (3, 2) if value[at + 1 : at + 1 + n] in _ESCAPES), None)
            if escape is not None:
                flush()
                codec = _ESCAPES[escape]
                if escape[:1] == b"(" or escape[:2] in {b"$B", b"$@", b"$(", b"$A"}:
                    left = codec
                else:
                    right = codec
                at += 1 + len(escape)
                continue
            flush()
            text.append("\ufffd")  # an escape to a set that nobody has defined
            at += 1
            continue
        if byte in delimiters and (left not in _TWO_BYTES or (byte in b"^=" and is_name and not len(run) % 2)):
            flush()
            text.append(chr(byte))
            left, right = "ascii", initial
        else:
            run.append(byte)
        at += 1
    flush()
    return "".join(text)


def _decode_run(run: bytes, left: str, right: str) -> str:
    """Bytes between two escapes: G0 holds ``left``, G1 holds ``right``."""
    if left == "jis0208":
        return (b"\x1b$B" + run + b"\x1b(B").decode("iso2022_jp", "replace")
    if left == "jis0212":
        return (b"\x1b$(D" + run + b"\x1b(B").decode("iso2022_jp_2", "replace")
    if left in {"katakana", "gb2312-7", "euc_kr-7"}:
        codec = "shift_jis" if left == "katakana" else left[:-2]
        return bytes(byte | 0x80 if byte > 0x20 else byte for byte in run).decode(codec, "replace")
    if run.isascii():
        return run.decode("ascii")
    return _decode_plain(run, right)
