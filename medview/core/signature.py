"""Whether a text was signed with the private half of a key: Ed25519 (RFC 8032, section 5.1), verified only.

Numbers are Python's own, so nothing of it is quick or hides how long it takes; all of it is public. Stricter than the RFC where
implementations differ: an encoding that is not the shortest is refused, and so are keys of small order, for which one signature
fits every text.
"""

from __future__ import annotations

import hashlib

KEY_BYTES = 32
SIGNATURE_BYTES = 64

_PRIME = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _PRIME) % _PRIME
_ROOT = pow(2, (_PRIME - 1) // 4, _PRIME)
"""A square root of -1."""

Point = tuple[int, int, int, int]
"""Extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, xy = T/Z."""

_NEUTRAL: Point = (0, 1, 1, 0)


def is_signed(key: bytes, text: bytes, signature: bytes) -> bool:
    """Whether ``signature`` (64 bytes) is one of ``text`` by ``key`` (the 32 bytes of RFC 8032); False for whatever is malformed."""
    if len(key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    point = decoded_point(key)
    factor = int.from_bytes(signature[32:], "little")
    if point is None or factor >= _ORDER or encoded_point(times(8, point)) == encoded_point(_NEUTRAL):
        return False
    hashed = int.from_bytes(hashlib.sha512(signature[:32] + key + text).digest(), "little") % _ORDER
    # S B - k A is R; it is compared as bytes, so that only the one encoding of R passes.
    x, y, z, t = times(hashed, point)
    return encoded_point(_sum(times(factor, BASE), (-x % _PRIME, y, z, -t % _PRIME))) == signature[:32]


def is_key(key: bytes) -> bool:
    """Whether 32 bytes can be a key at all: a point of the curve, and none of small order."""
    point = decoded_point(key) if len(key) == KEY_BYTES else None
    return point is not None and encoded_point(times(8, point)) != encoded_point(_NEUTRAL)


def decoded_point(code: bytes) -> Point | None:
    """The point of 32 bytes (section 5.1.3); None where they are no point or not its shortest form."""
    number = int.from_bytes(code, "little")
    y, odd = number & ((1 << 255) - 1), number >> 255
    if y >= _PRIME:
        return None
    top, bottom = (y * y - 1) % _PRIME, (_D * y * y + 1) % _PRIME
    x = top * pow(bottom, 3, _PRIME) * pow(top * pow(bottom, 7, _PRIME), (_PRIME - 5) // 8, _PRIME) % _PRIME
    if bottom * x * x % _PRIME != top:
        x = x * _ROOT % _PRIME
        if bottom * x * x % _PRIME != top:
            return None
    if x == 0 and odd:
        return None
    if x & 1 != odd:
        x = _PRIME - x
    return (x, y, 1, x * y % _PRIME)


def encoded_point(point: Point) -> bytes:
    """The 32 bytes of a point (section 5.1.2)."""
    x, y, z, _ = point
    inverse = pow(z, -1, _PRIME)
    return (y * inverse % _PRIME | (x * inverse % _PRIME & 1) << 255).to_bytes(32, "little")


def times(number: int, point: Point) -> Point:
    """``number`` times a point."""
    found = _NEUTRAL
    while number:
        if number & 1:
            found = _sum(found, point)
        point = _sum(point, point)
        number >>= 1
    return found


def _sum(one: Point, other: Point) -> Point:
    """Both points added (section 5.1.4); holds for any two, equal ones included."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % _PRIME
    b = (one[1] + one[0]) * (other[1] + other[0]) % _PRIME
    c = 2 * one[3] * other[3] * _D % _PRIME
    d = 2 * one[2] * other[2] % _PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _PRIME, g * h % _PRIME, f * g % _PRIME, e * h % _PRIME)


def _base() -> Point:
    """The point of section 5.1: y is 4/5, x is even."""
    found = decoded_point((4 * pow(5, -1, _PRIME) % _PRIME).to_bytes(32, "little"))
    assert found is not None
    return found


BASE = _base()
