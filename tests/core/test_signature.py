"""Ed25519: the vectors of RFC 8032, and everything that must not pass for a signature."""

from __future__ import annotations

import hashlib

import pytest

from medview.core.signature import BASE, encoded_point, is_key, is_signed, times
from tests.signing import ORDER, SECRET, public_key, sign

pytestmark = pytest.mark.beside

PRIME = 2**255 - 19
VECTORS = {  # RFC 8032, section 7.1: secret, public, text, signature
    "1": (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    "2": (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    "3": (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    "SHA(abc)": (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
}
TEXT = b"medview"
KEY, SIGNATURE = public_key(SECRET), sign(SECRET, TEXT)


@pytest.mark.parametrize("name", VECTORS)
def test_vectors_of_the_rfc(name: str) -> None:
    secret, public, text, signature = (bytes.fromhex(one) for one in VECTORS[name])
    assert is_signed(public, text, signature)
    assert public_key(secret) == public
    assert sign(secret, text) == signature
    assert not is_signed(public, text + b"\0", signature)


def test_no_bit_of_a_signature_a_text_or_a_key_can_be_changed() -> None:
    assert is_signed(KEY, TEXT, SIGNATURE)
    for bit in range(0, 512, 19):
        other = bytearray(SIGNATURE)
        other[bit // 8] ^= 1 << bit % 8
        assert not is_signed(KEY, TEXT, bytes(other)), bit
    for bit in range(0, 256, 17):
        other = bytearray(KEY)
        other[bit // 8] ^= 1 << bit % 8
        assert not is_signed(bytes(other), TEXT, SIGNATURE), bit
    for bit in range(0, 8 * len(TEXT), 5):
        other = bytearray(TEXT)
        other[bit // 8] ^= 1 << bit % 8
        assert not is_signed(KEY, bytes(other), SIGNATURE), bit


def test_the_factor_has_one_form_only() -> None:
    factor = int.from_bytes(SIGNATURE[32:], "little")
    for more in range(ORDER, (1 << 256) - factor, ORDER):
        assert not is_signed(KEY, TEXT, SIGNATURE[:32] + (factor + more).to_bytes(32, "little")), (
            "it could be made anew"
        )
    assert not is_signed(KEY, TEXT, SIGNATURE[:32] + bytes(32))
    assert not is_signed(KEY, TEXT, SIGNATURE[:32] + b"\xff" * 32)


@pytest.mark.parametrize("length", [0, 31, 33, 63, 65, 128])
def test_what_has_another_length_is_none(length: int) -> None:
    padded = (SIGNATURE + bytes(64))[:length]
    assert not is_signed(KEY, TEXT, padded)
    assert not is_signed((KEY + bytes(96))[:length], TEXT, SIGNATURE)


def small_order_points() -> list[bytes]:
    """All encodings of points whose order divides 8, those that are not the shortest included."""
    y8 = 55188659117513257062467267217118295137698188065244968500265048394206261417927
    numbers = (0, 1, PRIME - 1, y8, PRIME - y8, PRIME, PRIME + 1)
    return [(y | odd << 255).to_bytes(32, "little") for y in numbers for odd in (0, 1)]


@pytest.mark.parametrize("key", small_order_points(), ids=lambda key: key.hex()[:8])
def test_keys_that_sign_everything_are_refused(key: bytes) -> None:
    """With such a key S = 0 and R = a point of small order fit every eighth text."""
    assert not is_key(key)
    neutral = (1).to_bytes(32, "little")
    for text in range(8):
        assert not is_signed(key, bytes([text]), neutral + bytes(32))
        assert not is_signed(key, bytes([text]), key + bytes(32))


def test_keys_that_are_no_points_are_refused() -> None:
    assert is_key(KEY)
    none = [y for y in range(2, 60) if not is_key(y.to_bytes(32, "little"))]
    assert len(none) > 10, "half of all numbers are no point's"
    for y in none[:5]:
        assert not is_signed(y.to_bytes(32, "little"), TEXT, SIGNATURE)
    for y in range(2, 19):  # not the shortest form
        assert not is_key((PRIME + y).to_bytes(32, "little"))


def test_a_start_that_is_not_the_shortest_form_is_refused() -> None:
    """R = 1 (the neutral point) and S = k a: true for R in its shortest form, never for 1 + p."""
    hashed = hashlib.sha512(SECRET).digest()
    number = int.from_bytes(hashed[:32], "little") & ((1 << 254) - 8) | 1 << 254
    for start, passes in (((1).to_bytes(32, "little"), True), ((PRIME + 1).to_bytes(32, "little"), False)):
        k = int.from_bytes(hashlib.sha512(start + KEY + TEXT).digest(), "little")
        assert is_signed(KEY, TEXT, start + (k * number % ORDER).to_bytes(32, "little")) is passes


def test_the_order_of_the_base() -> None:
    assert encoded_point(times(ORDER, BASE)) == (1).to_bytes(32, "little")
