"""Files that break the rules: opened with their true values and a note, or refused with the file's name and the reason."""

from __future__ import annotations

import base64
import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from medview.core.problem import MedviewError
from medview.dicom.data_elements import ElementFile
from medview.dicom.file_start import sniffed
from medview.dicom.header import as_integer, as_number, as_numbers
from medview.dicom.inflate import inflate_capped
from tests.dicom.pixel_files import JPEG, encapsulated, encode, phantom, rle_frame, write_pixels
from tests.dicom.reading import assert_census, catalog_of, codes, only_stack, stacks_of
from tests.phantoms.broken_dicom import PIXELS, acr_nema, big_image, variants
from tests.phantoms.raw_dicom import element, implicit, item, part10, small_image

VARIANTS = variants()
TRUE_VALUES = np.frombuffer(PIXELS, "<i2").reshape(4, 6)

REFUSED = {"pixels with a short length": "truncated_pixels"}
NOTED = {
    "no meta, implicit": {"no_preamble"},
    "no meta, big endian implicit": {"no_preamble"},
    "ACR-NEMA": {"no_preamble", "assumed_pixel_format"},
    "a private group first": {"no_preamble"},
    "a private group first, implicit": {"no_preamble"},
    "a stray byte first": {"no_preamble"},
    "a MacBinary header first": {"odd_preamble"},
    "no transfer syntax, implicit": {"no_transfer_syntax"},
    "says explicit, is implicit": {"wrong_transfer_syntax"},
    "says big, is little": {"wrong_transfer_syntax"},
    "says deflated, is not": {"wrong_transfer_syntax"},
    "unknown transfer syntax": {"unknown_transfer_syntax"},
    "implicit with explicit inside": {"repaired_header"},
    "OB with a short length": {"repaired_header"},
    "no sequence delimiter": {"repaired_header", "missing_delimiter"},
    "no item delimiter": {"repaired_header", "missing_delimiter"},
    "a delimiter too many": {"stray_element"},
    "pixels first": {"elements_out_of_order"},
    "no BitsStored": {"assumed_pixel_format"},
    "HighBit contradicts": {"bad_high_bit"},
    "plain": set(),
    "group lengths": set(),
    "undefined lengths everywhere": set(),
    "pixels longer than the file": set(),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_values_are_true_and_what_was_odd_is_said(tmp_path: Path, name: str) -> None:
    path = tmp_path / ("image.gz" if name == "gzipped" else "image")
    path.write_bytes(VARIANTS[name])
    catalog = catalog_of(path)
    assert_census(catalog)
    if name in REFUSED:
        assert [(problem.path, problem.code) for problem in catalog.problems()] == [(str(path), REFUSED[name])]
        return
    assert not catalog.problems()
    stack = only_stack(path)
    np.testing.assert_array_equal(stack.frames[0].read(), TRUE_VALUES)
    assert stack.frame_count == 1
    if name in NOTED:
        assert codes(stack) - {"no_geometry"} == NOTED[name]


def test_rows_and_columns_of_libido_stand_the_other_way_round(tmp_path: Path) -> None:
    """Its 4 rows of 6 are 6 rows of 4, as GDCM reads them too."""
    (tmp_path / "lena.acr").write_bytes(acr_nema("ACRNEMA_LIBIDO_1.1"))
    stack = only_stack(tmp_path / "lena.acr")
    np.testing.assert_array_equal(stack.frames[0].read(), TRUE_VALUES.reshape(6, 4))


@pytest.mark.parametrize(("dimensions", "planes", "there", "frames"), [(3, 3, 3, 3), (2, 3, 3, 1), (3, 3, 1, 1)])
def test_planes_of_an_acr_nema_volume_are_frames_where_they_are_there(
    tmp_path: Path, dimensions: int, planes: int, there: int, frames: int
) -> None:
    said = (implicit(0x00280005, struct.pack("<H", dimensions)), implicit(0x00280012, struct.pack("<H", planes)))
    pixels = b"".join(bytes(each ^ plane for each in PIXELS) for plane in range(there))
    (tmp_path / "volume.acr").write_bytes(acr_nema("ACR-NEMA 2.0", *said, pixels=pixels))
    stack = only_stack(tmp_path / "volume.acr")
    assert stack.frame_count == frames
    last = bytes(each ^ (frames - 1) for each in PIXELS)
    np.testing.assert_array_equal(stack.frames[-1].read(), np.frombuffer(last, "<i2").reshape(4, 6))


LIKE_AN_ELEMENT = base64.b85decode(
    "g;Bq2Q&AZG-g`;zOY&YCNhlQ@f<ee&FW>$7?w$0}hz6RbBn{T`h7xdc5ErM4lZ)u6TQ^;`|A8nK7ad#+1ve)Lmm+lW%X4$-{Q>844u|ud"
    "8$%2mvsIW(N4G~?`DU>_9gXwpy&~To<(n~dU}xL{frv_TgUi*6VHM`1D<HV!P9tBkjvFqxrb}Boa$O_M&3_tcIjOj^4pA%ad8U=(84118"
    "=!CXLm`ob<beywjl=ecQS0aY1FwA3+C<Q8%G4%g?BPFbr2@zx1r)fgi-dTfgXE>{XP~7w&y*P`@REAQbx55b_D1q}%noMhLh1MoR+k@7{"
    "J}T3Q8JQ_(o$%gBX;EsSrPn?~Z8i2l!jL+*hAZKVbs;3zMi-eTJ2`+5<}^b91E|n635+LOlZ`vm$@rG+4WM1JjMz&hY7j#5qhI2Vx-5`;"
    ")EOxuSn_S+gAyf#!V)zJMI{14)An!{!}_v9D(lD7HcajUydZ89Y;--noOWw(*<P(v`PKNGE|MFyqiCMGdXT<mr|hhG&W_lZ@KN;@lg&SA"
    "mAwhS1_j%#KV~P%dH6FrOrJCkf_IgJ`U1Yi`|M@?L;PUnjGe?EqkeiCJY?V5VKZml#<l2q@Tqz~JzjZVOW1KG3|p{Bo(28d@9JL"
)
"""A deflated data set whose fifth and sixth byte spell the VR SQ; of small files a few in a hundred begin so."""


def test_deflated_bytes_that_look_like_an_element_are_inflated(tmp_path: Path) -> None:
    """They were taken for plain elements, and the file refused as cut off."""
    assert sniffed(LIKE_AN_ELEMENT[:16]) is not None
    path = tmp_path / "deflated"
    path.write_bytes(part10(b"", "1.2.840.10008.1.2.1.99") + LIKE_AN_ELEMENT)
    (frame,) = only_stack(path).frames
    plain = zlib.decompress(LIKE_AN_ELEMENT, -15)
    np.testing.assert_array_equal(frame.read(), np.frombuffer(plain[-140:], "<u2").reshape(7, 10))
    with ElementFile(str(path)) as file:
        assert any(each.tag == 0x00280010 for each in file.elements())


@pytest.mark.skipif(shutil.which("dcm2pnm") is None, reason="needs DCMTK")
def test_what_dcmtk_reads_is_read(tmp_path: Path) -> None:
    """At most one in a hundred of what DCMTK shows may be refused; here none is."""
    read = 0
    for number, content in enumerate(VARIANTS.values()):
        path = tmp_path / str(number)
        path.write_bytes(content)
        shown = subprocess.run(["dcm2pnm", str(path), str(tmp_path / "x.pgm")], capture_output=True, check=False)
        if shown.returncode == 0:
            read += 1
            assert catalog_of(path).census().frames_shown == 1, list(VARIANTS)[number]
    assert read > 25


@pytest.mark.parametrize("name", ["plain", "no sequence delimiter", "says little, is big", "ACR-NEMA", "deflated"])
def test_cut_anywhere_it_is_a_problem_or_no_dicom_and_never_a_wrong_image(tmp_path: Path, name: str) -> None:
    content = VARIANTS[name]
    for size in range(0, len(content), 7):
        path = tmp_path / f"{size}.dcm"
        path.write_bytes(content[:size])
        catalog = catalog_of(path)
        assert_census(catalog)
        frames = [frame for stack in stacks_of(path) for frame in stack.frames]
        for frame in frames:
            try:
                values = frame.read()
            except MedviewError as error:
                assert str(path) in error.text  # noqa: PT017 - an image or an error
            else:
                np.testing.assert_array_equal(values, TRUE_VALUES)


def test_functional_groups_that_cannot_be_read_refuse_the_file(tmp_path: Path) -> None:
    """Their rescale and position would be missing in silence."""
    junk = element(0x52009229, "SQ", b"abcdefgh")
    data = small_image()
    at = data.index(b"\xe0\x7f\x10\0")
    path = tmp_path / "enhanced"
    path.write_bytes(part10(data[:at] + junk + data[at:]))
    assert {problem.code for problem in catalog_of(path).problems()} == {"broken_header"}


def test_an_item_that_says_more_than_its_sequence_holds_is_read(tmp_path: Path) -> None:
    region = b"".join(
        [
            *(
                element(tag, "US", value)
                for tag, value in (
                    (0x00186012, b"\1\0"),
                    (0x00186014, b"\1\0"),
                    (0x00186024, b"\3\0"),
                    (0x00186026, b"\3\0"),
                )
            ),
            *(
                element(tag, "UL", value)
                for tag, value in (
                    (0x00186018, bytes(4)),
                    (0x0018601A, bytes(4)),
                    (0x0018601C, b"\5\0\0\0"),
                    (0x0018601E, b"\3\0\0\0"),
                )
            ),
            *(element(tag, "FD", struct.pack("<d", 0.05)) for tag in (0x0018602C, 0x0018602E)),
        ]
    )
    items = struct.pack("<HHI", 0xFFFE, 0xE000, len(region) + 24) + region
    path = tmp_path / "regions"
    path.write_bytes(part10(small_image(element(0x00186011, "SQ", items))))
    stack = only_stack(path)
    assert len(stack.regions) == 1
    assert {"repaired_header", "missing_delimiter"} <= codes(stack)


def test_a_sequence_without_meaning_for_the_image_is_left_out_and_said(tmp_path: Path) -> None:
    data = small_image(element(0x00186011, "SQ", b"abcdefgh"))
    path = tmp_path / "regions"
    path.write_bytes(part10(data))
    assert {"repaired_header", "bad_sequence"} <= codes(only_stack(path))


def test_more_pixels_than_frames_are_said(tmp_path: Path) -> None:
    path = tmp_path / "two"
    path.write_bytes(part10(small_image(pixels=PIXELS + PIXELS)))
    stack = only_stack(path)
    assert stack.frame_count == 1
    assert "more_pixels" in codes(stack)
    path.write_bytes(part10(small_image(pixels=PIXELS + b"\0\0")))
    assert "more_pixels" not in codes(only_stack(path))


@pytest.mark.parametrize("codec", ["jpeg-ls", "jpeg", "rle"])
@pytest.mark.parametrize("table", [b"", struct.pack("<2I", 0, 100)])
@pytest.mark.parametrize("said", [None, "", "1", "2"])
def test_more_compressed_frames_than_announced_are_said(
    tmp_path: Path, codec: str, table: bytes, said: str | None
) -> None:
    values = phantom(low=0, high=255).astype(np.uint8)
    one = rle_frame(values) if codec == "rle" else encode(codec, values)
    syntax = {"jpeg-ls": f"{JPEG}80", "jpeg": f"{JPEG}50", "rle": "1.2.840.10008.1.2.5"}[codec]
    path = tmp_path / "two"

    def codes_of(fragments: list[bytes]) -> set[str]:
        about: dict[str, Any] = {} if said is None else {"NumberOfFrames": said}
        write_pixels(path, encapsulated(fragments, table), syntax, rows=48, columns=40, allocated=8, vr="OB", **about)
        (stack,) = stacks_of(path)
        stack.frames[0].read()
        return codes(stack)

    assert ("more_pixels" in codes_of([one, one])) == (said != "2")
    assert "more_pixels" not in codes_of([one])
    if codec != "rle":
        assert "more_pixels" not in codes_of([one[:200], one[200:]]), "one frame in two fragments"


def test_half_a_rescale_is_said(tmp_path: Path) -> None:
    path = tmp_path / "half"
    slope, intercept = element(0x00281053, "DS", "1 "), element(0x00281052, "DS", "-1024 ")
    for between, half in (((intercept,), True), ((slope,), True), ((intercept, slope), False), ((), False)):
        path.write_bytes(part10(small_image(*between)))
        assert ("half_rescale" in codes(only_stack(path))) == half


def test_the_byte_order_of_big_endian_bytes_is_in_doubt_and_said(tmp_path: Path) -> None:
    path = tmp_path / "big"
    big = "1.2.840.10008.1.2.2"
    path.write_bytes(part10(big_image(), big))
    assert "byte_order" not in codes(only_stack(path))
    path.write_bytes(part10(big_image().replace(b"OW\0\0", b"OB\0\0"), big))
    assert "byte_order" in codes(only_stack(path))


@pytest.mark.parametrize(
    ("rows", "columns"), [(b"\0\0", b"\6\0"), (b"\4\0", b"\0\0"), (None, b"\6\0"), (b"\4\0", None)]
)
def test_an_overlay_plane_without_a_size_is_left_out_and_said(
    tmp_path: Path, rows: bytes | None, columns: bytes | None
) -> None:
    def image(rows: bytes | None, columns: bytes | None) -> bytes:
        plane = [element(tag, "US", size) for tag, size in ((0x60000010, rows), (0x60000011, columns)) if size]
        pixels = element(0x7FE00010, "OW", PIXELS)
        start = small_image(pixels=PIXELS).removesuffix(pixels)
        return part10(start + b"".join(plane) + element(0x60003000, "OW", b"\xff\0\0\0") + pixels)

    path = tmp_path / "overlay"
    path.write_bytes(image(rows, columns))
    stack = only_stack(path)
    assert "bad_overlay" in codes(stack)
    assert np.array_equal(stack.frames[0].read(), TRUE_VALUES)
    path.write_bytes(image(b"\4\0", b"\6\0"))
    assert "bad_overlay" not in codes(only_stack(path))


def test_pixels_of_an_unknown_syntax_that_are_no_plain_ones_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "private"
    path.write_bytes(part10(small_image(pixels=PIXELS + bytes(20)), "1.2.3.4.5.6"))
    assert {problem.code for problem in catalog_of(path).problems()} == {"codec_missing"}


def test_announced_frames_that_are_not_there_are_missing_and_not_black(tmp_path: Path) -> None:
    path = tmp_path / "five"
    path.write_bytes(part10(small_image(frames="5", pixels=PIXELS * 3)))
    frames = only_stack(path).frames
    assert len(frames) == 5
    np.testing.assert_array_equal(frames[2].read(), TRUE_VALUES)
    with pytest.raises(MedviewError) as raised:
        frames[3].read()
    assert raised.value.code == "truncated_pixels"


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (b"1.5\\", 1.5), (b" 1.5 ", 1.5), (b"1.5\0", 1.5), (b"+1.5e0", 1.5), (b"1,5", None), (b"nan", None), (b"inf", None),
        (b"1e400", None), (b"-inf", None), (b"1_5", None), (b"", None), (b"   ", None), (b"\0\0", None), (b"1.5 mm", None),
        (b"0x10", None), (b"1\\x", None), (b"\xff", None),
    ],
)  # fmt: skip
def test_junk_is_no_number(value: bytes, number: float | None) -> None:
    assert as_number(value) == number


def test_junk_integers() -> None:
    assert as_integer(b"12 ") == as_integer(b"12.0") == as_integer(b" 12\0") == 12
    assert as_integer(b"1_2") is as_integer(b"twelve") is as_integer(b"nan") is None


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_any_bytes_are_a_finite_number_or_none(value: bytes) -> None:
    assert all(np.isfinite(number) for number in as_numbers(value))
    as_integer(value)


@pytest.mark.parametrize("junk", [b"1,5\\1,5", b"nan\\nan", b"1e400\\1", b"\\", b"0\\0", b"-1\\1", b"1.5"])
def test_junk_spacing_is_no_spacing(tmp_path: Path, junk: bytes) -> None:
    path = tmp_path / "image"
    path.write_bytes(part10(small_image(element(0x00280030, "DS", junk))))
    assert only_stack(path).pixel_spacing is None


def test_zlib_data_are_inflated_and_damaged_ones_refused() -> None:
    assert inflate_capped(zlib.compress(b"abc" * 99), "x") == b"abc" * 99
    with pytest.raises(MedviewError) as raised:
        inflate_capped(b"\x78\x9c" + b"\xff" * 99, "x")
    assert raised.value.code == "codec_failed"


def test_an_image_of_one_value_may_shrink_to_a_thousandth() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bytes(32 << 20)) + packer.flush()
    assert len(inflate_capped(packed, "x")) == 32 << 20


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(sorted(VARIANTS)),
    st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_changed_bytes_end_in_a_problem_or_an_image(tmp_path: Path, name: str, changes: list[tuple[int, int]]) -> None:
    content = bytearray(VARIANTS[name])
    for at, value in changes:
        content[at % len(content)] = value
    path = tmp_path / "changed"
    path.write_bytes(bytes(content))
    assert_census(catalog_of(path))


def test_deeply_nested_sequences_end(tmp_path: Path) -> None:
    nested = b""
    for _ in range(3000):
        nested = element(0x00081140, "SQ", item(nested)) if len(nested) < 60000 else nested
    path = tmp_path / "deep"
    path.write_bytes(part10(small_image(nested)))
    assert_census(catalog_of(path))
