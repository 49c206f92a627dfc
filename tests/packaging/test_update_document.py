"""The tool that makes keys and signs what is said of newer versions: what it makes, medview takes; a key never lies in the sources."""

from __future__ import annotations

import json
import shutil
import stat
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))

import build  # noqa: E402
import update_document  # noqa: E402

from medview.core.signature import is_signed  # noqa: E402
from medview.core.update import SIGNED_FOR, sound_source  # noqa: E402

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
ADDRESS = "https://updates.example/medview/update.txt"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = update_document.main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out.strip(), said.err


@pytest.fixture
def made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, Path]:
    """A key, and whom to ask with it."""
    code, public, _ = run(capsys, "key", tmp_path / "key.pem")
    assert code == 0
    code, _, _ = run(capsys, "source", public, "--address", ADDRESS, "--output", tmp_path / "source.json")
    assert code == 0
    return tmp_path / "key.pem", tmp_path / "source.json"


def signing(tmp_path: Path, key: Path, serial: int = 3, version: str = "7.0.1") -> list[object]:
    (tmp_path / "en.txt").write_text("Faster.\n")
    (tmp_path / "zh.txt").write_text("更快。\n", encoding="utf-8")
    package = tmp_path / f"medview_{version}_amd64.deb"
    package.write_bytes(b"package")
    return [
        "sign", key, package, "--version", version, "--serial", serial, "--page", "https://updates.example/medview", "--notes",
        f"en={tmp_path / 'en.txt'}", "--notes", f"zh_CN={tmp_path / 'zh.txt'}", "--output", tmp_path / "update.txt",
    ]  # fmt: skip


def test_what_is_signed_is_taken(made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, source = made
    if sys.platform != "win32":
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    code, _, error = run(capsys, *signing(tmp_path, key))
    assert code == 0, error
    code, said, error = run(capsys, "check", tmp_path / "update.txt", "--source", source)
    assert code == 0, error
    assert "version 7.0.1 (newer than" in said
    assert "1 packages" in said
    text = (tmp_path / "update.txt").read_bytes().split(b"\n")[0]
    assert json.loads(text)["notes"]["zh_CN"] == "更快。"
    # OpenSSL's own keys and signatures, and ours say the same.
    public = sound_source(json.loads(source.read_text())).keys[0]
    whole = tmp_path / "whole"
    whole.write_bytes(SIGNED_FOR + text)
    signature = update_document.openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(key), "-in", str(whole))
    assert is_signed(public, whole.read_bytes(), signature)


def test_a_changed_document_and_a_strangers_key_are_refused(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, source = made
    assert run(capsys, *signing(tmp_path, key))[0] == 0
    path = tmp_path / "update.txt"
    path.write_bytes(path.read_bytes().replace(b"7.0.1", b"7.0.2"))
    assert run(capsys, "check", path, "--source", source)[0] == 1
    assert run(capsys, "key", tmp_path / "stranger.pem")[0] == 0
    assert run(capsys, *signing(tmp_path, tmp_path / "stranger.pem"))[0] == 0
    code, _, error = run(capsys, "check", path, "--source", source)
    assert code == 1
    assert "not signed by a key" in error


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (("--version", "seven"), "medview would not take it"),
        (("--serial", "0"), "medview would not take it"),
        (("--page", "http://updates.example/"), "medview would not take it"),
        (("--days", "-1"), "medview would not take it"),
    ],
)
def test_what_medview_would_refuse_is_not_signed(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], changed: tuple[str, str], words: str
) -> None:
    code, _, error = run(capsys, *signing(tmp_path, made[0]), *changed)
    assert code == 1
    assert words in error
    assert not (tmp_path / "update.txt").exists()


def test_no_key_is_made_or_used_in_the_sources_and_none_is_overwritten(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inside = ROOT / "packaging" / "never.pem"
    code, _, error = run(capsys, "key", inside)
    assert code == 1
    assert "lies in the repository" in error
    assert not inside.exists()
    assert run(capsys, *signing(tmp_path, inside))[0] == 1
    before = made[0].read_bytes()
    assert run(capsys, "key", made[0])[0] == 1
    assert made[0].read_bytes() == before


def test_a_build_takes_a_sound_source_only(made: tuple[Path, Path], tmp_path: Path) -> None:
    build.write_source(made[1], tmp_path / "work")
    assert sound_source(json.loads((tmp_path / "work" / "source.json").read_text())).address == ADDRESS
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"address": "http://updates.example/u", "keys": []}')
    with pytest.raises(build.BuildError, match=r"wrong\.json"):
        build.write_source(wrong, tmp_path / "other")
    build.write_source(None, tmp_path / "work")
    assert not (tmp_path / "work" / "source.json").exists(), "what another build was told is not left"
