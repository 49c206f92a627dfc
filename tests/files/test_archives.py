"""ZIP and TAR archives opened where they lie: every byte of every member, from any process, and nothing written anywhere."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from medview.core.problem import MedviewError, Problem
from medview.files import inflating
from medview.files.archive import Member, archive_kind, members, shown_name, split_member
from medview.files.byte_source import HeldBytes, opened, opened_stream
from medview.files.inflating import GZIP, InflatedBytes
from medview.files.local_copy import local_copy

pytestmark = pytest.mark.beside

NOISE = np.random.default_rng(4).integers(0, 64, 3_300_000, dtype=np.uint8).tobytes()
CONTENT = {"CT/0001": NOISE[:100_000], "CT/0002": NOISE, "deep/er/0003.dcm": b"x" * 5000, "empty": b""}


def zip_of(path: Path, content: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def tar_of(path: Path, content: dict[str, bytes], mode: str = "w", kind: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, mode, format=kind) as archive:
        for name, data in content.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def make(path: Path, kind: str, content: dict[str, bytes]) -> Path:
    if kind.startswith("zip"):
        packing = {"zip": 8, "zip stored": 0, "zip bzip2": 12, "zip lzma": 14}[kind]
        return zip_of(path, content, packing)
    return tar_of(path, content, "w:gz" if kind == "tar.gz" else "w", tarfile.GNU_FORMAT if kind == "gnu" else 2)


KINDS = ("zip", "zip stored", "zip bzip2", "zip lzma", "tar", "gnu", "tar.gz")


def listed(path: Path) -> dict[str, int]:
    found = list(members(str(path)))
    assert not [one for one in found if isinstance(one, Problem)]
    return {one.path.removeprefix(f"{path}/"): one.size for one in found if isinstance(one, Member)}


def content_of(path: str) -> bytes:
    with opened(path) as source:
        return source.read(0, source.size)


@pytest.mark.parametrize("kind", KINDS)
def test_every_byte_at_every_place(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path / "archive", kind, CONTENT)
    assert listed(path) == {name: len(data) for name, data in CONTENT.items()}
    for name in reversed(CONTENT):
        data = CONTENT[name]
        with opened(f"{path}/{name}") as source:
            assert source.size == len(data)
            for offset in (len(data) - 10, 0, 2_500_000, 1_000_000, 17, len(data), len(data) + 5):
                if offset >= 0:
                    assert source.read(offset, 999) == data[offset : offset + 999]
            target = bytearray(len(data) + 7)
            assert source.read_into(0, memoryview(target)) == len(data)
            assert target == data + bytes(7)
    assert sorted(os.listdir(tmp_path)) == ["archive"]  # noqa: PTH208


@settings(max_examples=15, deadline=None)
@example([(1_700_000 - 84_696, 84_697)])  # the first byte of the second stream, one byte left of the first
@given(st.lists(st.tuples(st.integers(0, len(NOISE) + 99), st.integers(0, 300_000)), min_size=1, max_size=12))
def test_reading_back_and_forth_gives_the_same_bytes(places: list[tuple[int, int]]) -> None:
    source = InflatedBytes(HeldBytes(PACKED, (0, 0)), GZIP, "x")
    for offset, length in places:
        assert source.read(offset, length) == NOISE[offset : offset + length]


PACKED = gzip.compress(NOISE[:1_700_000], 1, mtime=0) + gzip.compress(NOISE[1_700_000:], 1, mtime=0) + bytes(512)


def test_many_members_as_a_stream(tmp_path: Path) -> None:
    path = make(tmp_path / "a.tgz", "tar.gz", {f"{n:05}": str(n).encode() * 50 for n in range(3000)})
    with opened_stream(f"{path}/02999") as stream:
        assert stream.read() == b"2999" * 50
    assert len(listed(path)) == 3000


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("../../etc/passwd", "etc/passwd"), ("/etc/passwd", "etc/passwd"), ("C:\\Windows\\x.dll", "Windows/x.dll"),
        ("a/./b//c", "a/b/c"), ("..", ""), ("a\\..\\b", "a/b"),
    ],
)  # fmt: skip
def test_names_cannot_lead_anywhere(given_name: str, shown: str) -> None:
    assert shown_name(given_name) == shown


def test_members_of_one_name_are_both_there(tmp_path: Path) -> None:
    path = tmp_path / "twice.tar"
    with tarfile.open(path, "w") as archive:
        for data in (b"first", b"second"):
            entry = tarfile.TarInfo("../IM1")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    assert listed(path) == {"IM1": 5, "IM1~2": 6}
    assert content_of(f"{path}/IM1~2") == b"second"


def test_links_and_devices_in_a_tar_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "odd.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (("device", tarfile.CHRTYPE), ("pipe", tarfile.FIFOTYPE), ("link", tarfile.SYMTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
    assert listed(path) == {}


def test_encrypted_members_are_refused_by_name(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "secret.zip", {"a.dcm": b"abc", "b.dcm": b"def"})
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1  # the flag of the central directory
    path.write_bytes(bytes(content))
    problem, member = list(members(str(path)))
    assert isinstance(problem, Problem)
    assert (problem.path, problem.code) == (str(path), "archive_encrypted")
    assert "a.dcm" in problem.what
    assert isinstance(member, Member)
    assert member.path.endswith("b.dcm")


def test_an_unknown_packing_is_refused_by_its_name(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "new.zip", {"a": b"abc"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 10] = 93
    path.write_bytes(bytes(content))
    (problem,) = members(str(path))
    assert isinstance(problem, Problem)
    assert problem.code == "archive_packing"
    assert "Zstandard" in problem.what


def test_a_bomb_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "bomb.zip", {"zeros": bytes(1 << 20)})
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\x01\x02")
    struct.pack_into("<I", content, at + 24, 0xF0000000)  # says four gigabytes
    path.write_bytes(bytes(content))
    (problem,) = members(str(path))
    assert isinstance(problem, Problem)
    assert problem.code == "archive_bomb"


def test_a_gzip_bomb_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflating, "UNSUSPICIOUS", 1 << 20)
    source = InflatedBytes(HeldBytes(gzip.compress(bytes(8 << 20)), (0, 0)), GZIP, "bomb.gz")
    with pytest.raises(MedviewError) as raised:
        source.read(7 << 20, 10)
    assert raised.value.code == "archive_bomb"
    assert "bomb.gz" in raised.value.text


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
def test_cut_anywhere_the_rest_is_a_problem(tmp_path: Path, kind: str) -> None:
    whole = make(tmp_path / "whole", kind, {f"{n}": NOISE[n * 1000 : n * 1000 + 900] for n in range(20)}).read_bytes()
    for part in range(1, 32):
        path = tmp_path / f"{part}"
        path.write_bytes(whole[: len(whole) * part // 32])
        if archive_kind(str(path)) is None:
            continue
        try:
            found = list(members(str(path)))
        except MedviewError as error:
            assert error.code == "archive_damaged"  # noqa: PT017
            continue
        for one in found:
            if isinstance(one, Member):
                number = int(one.path.removeprefix(f"{path}/"))
                expected = NOISE[number * 1000 : number * 1000 + 900]
                try:
                    assert expected.startswith(content_of(one.path))
                except MedviewError as error:
                    assert error.code == "archive_damaged"  # noqa: PT017 - bytes or an error


def test_more_than_65535_members_need_zip64(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(65_600):
            archive.writestr(zipfile.ZipInfo(f"{number:06}"), b"abc")
    found = listed(path)
    assert len(found) == 65_600
    assert content_of(f"{path}/065599") == b"abc"


def test_names_in_chinese_without_a_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("PLACEHOL.dcm"), b"abc")
    content = path.read_bytes().replace(b"PLACEHOL", "影像资料".encode("gbk"))
    path.write_bytes(content)
    assert listed(path) == {"影像资料.dcm": 3}
    assert content_of(f"{path}/影像资料.dcm") == b"abc"


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", CONTENT)
    assert split_member(f"{path}/CT/0001") == (str(path), "CT/0001")
    assert split_member(str(tmp_path / "gone" / "x")) is None
    for wrong in (f"{path}/CT/9", f"{tmp_path}/gone.zip/x", f"{path}/{'x' * 3000}"):
        with pytest.raises(OSError, match=r"."), opened(wrong):
            pass
    text = tmp_path / "text"
    text.write_text("no archive")
    with pytest.raises(OSError, match=r"."), opened(f"{text}/x"):
        pass


def test_a_single_gzipped_file_has_the_name_without_gz(tmp_path: Path) -> None:
    path = tmp_path / "MR.dcm.gz"
    path.write_bytes(PACKED)
    (member,) = members(str(path))
    assert isinstance(member, Member)
    assert member.path == f"{path}/MR.dcm"
    assert content_of(member.path) == NOISE


def test_an_archive_that_changes_is_read_anew(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", {"x": b"one"})
    assert content_of(f"{path}/x") == b"one"
    zip_of(path, {"x": b"three"})
    assert content_of(f"{path}/x") == b"three"


def test_a_copy_is_there_while_it_is_needed(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", {"../../t.nii": b"voxels"})
    with local_copy(f"{path}/t.nii") as copy:
        assert Path(copy).read_bytes() == b"voxels"
        assert Path(copy).name == "t.nii"
        folder = Path(copy).parent
        assert os.name == "nt" or folder.stat().st_mode & 0o077 == 0
    assert not folder.exists()


def test_a_path_is_all_that_another_process_needs(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", {"x": b"one"})
    assert content_of(pickle.loads(pickle.dumps(f"{path}/x"))) == b"one"
