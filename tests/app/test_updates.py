"""Newer versions: a document is believed only when it is signed, of its time and not older than the last; nobody is asked unasked."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from medview.app import update_rules
from medview.app.settings import Settings
from medview.app.updates import Answer, Updates, ask, kept_path, update_source
from medview.core import policy as rules
from medview.core.policy import policy
from medview.core.problem import MedviewError
from medview.core.update import LARGEST, canonical, is_newer, read_update, sound_source
from tests.signing import OTHER_SECRET, SECRET, content_of, document, source_of

pytestmark = pytest.mark.beside

ADDRESS = "https://updates.example/medview/update.txt"
SOURCE = sound_source(source_of(ADDRESS))
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def told(answer: bytes, by_reader: bool = True, now: datetime = NOW) -> Answer | None:
    """What comes of asking somebody who says this."""
    return ask(SOURCE, by_reader, now, lambda _address, _most: answer)


def refusal(answer: bytes, now: datetime = NOW) -> str:
    with pytest.raises(MedviewError) as caught:
        told(answer, now=now)
    return caught.value.code


def test_a_newer_version_is_told_with_all_that_is_said_of_it() -> None:
    asked: list[tuple[str, int]] = []
    found = ask(SOURCE, True, NOW, lambda address, most: (asked.append((address, most)), document())[1])
    assert asked == [(ADDRESS, LARGEST)]
    assert found is not None
    assert found.update is not None
    assert found.update.version == "99.1.0"
    assert found.update.released == date(2026, 11, 20)
    assert found.update.notes_in("zh_CN") == "更快。"
    assert found.update.notes_in("ja") == "Faster.\nBetter."
    assert found.update.page == "https://medview.example/download"
    assert found.update.files == {"medview_99.1.0_amd64.deb": "ab" * 32}


@pytest.mark.parametrize("version", ["0.0.1", "0.1", "0.1.0", "0.1.0.0"])
def test_this_version_or_an_older_one_is_never_offered(version: str) -> None:
    found = told(document(content_of(version=version)))
    assert found is not None
    assert found.update is None


@pytest.mark.parametrize(
    ("version", "than", "newer"),
    [
        ("0.1.1", "0.1.0", True), ("0.10.0", "0.9.9", True), ("1.0", "0.99.99", True), ("0.1.0", "0.1", False),
        ("0.1.0", "0.1.0.dev3", False), ("0.1.1", "0.1.0rc1", True), ("9.0.0", "unknown", False),
    ],
)  # fmt: skip
def test_versions_are_compared_by_their_figures(version: str, than: str, newer: bool) -> None:
    assert is_newer(version, than) is newer


TEXT = canonical(content_of())


@pytest.mark.parametrize(
    "answer",
    [
        document(secret=OTHER_SECRET),
        document().replace(b"99.1.0", b"99.2.0"),
        TEXT, TEXT + b"\n", TEXT + b"\n" + b"A" * 88 + b"\n", TEXT + b"\n" + b"A" * 86 + b"==\n", b"", b"\n", b"\n" * 90,
        document() + b"more", b" " + document(), document().replace(b"\n", b"\r\n"),
        document(text=b"x" * LARGEST), b"<html>Please sign in to the guest network</html>",
        b"\n".join(reversed(document().strip().split(b"\n"))),
    ],
)  # fmt: skip
def test_what_is_not_signed_is_not_even_read(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "loads", lambda *_: pytest.fail("an unsigned text was taken apart"))
    with pytest.raises(MedviewError) as caught:
        read_update(answer, SOURCE, NOW.date())
    assert caught.value.code == "update_unsigned"


def test_a_signature_for_something_else_does_not_count() -> None:
    import base64

    from tests.signing import sign

    assert refusal(TEXT + b"\n" + base64.b64encode(sign(SECRET, TEXT)) + b"\n") == "update_unsigned"


def test_any_of_the_keys_may_sign() -> None:
    both = sound_source(source_of(ADDRESS, OTHER_SECRET, SECRET))
    assert read_update(document(), both, NOW.date()).version == "99.1.0"
    assert read_update(document(secret=OTHER_SECRET), both, NOW.date()).version == "99.1.0"


@pytest.mark.parametrize(
    "changed",
    [
        {"format": 2}, {"program": "another"}, {"serial": 0}, {"serial": True}, {"serial": "7"}, {"serial": 1 << 62},
        {"version": "1"}, {"version": "1.0 "}, {"version": "1.0-beta"}, {"version": None}, {"least": "x"}, {"released": "yesterday"},
        {"expires": 20990101}, {"notes": {}}, {"notes": {"de": "Neu"}}, {"notes": {"en": ""}}, {"notes": {"en": "x" * 4001}},
        {"notes": "new"}, {"notes": {"en": ["new"]}}, {"page": "http://medview.example/"}, {"page": "javascript:alert(1)"},
        {"page": "file:///etc/passwd"}, {"files": {"../x": "ab" * 32}}, {"files": {"x": "ab"}}, {"files": []}, {"more": 1},
    ],
)  # fmt: skip
def test_what_is_signed_but_of_another_form_is_refused(changed: dict[str, Any]) -> None:
    assert refusal(document(content_of(**changed))) == "update_unreadable"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(content_of()).encode(), TEXT.replace(b'"serial":7', b'"serial":7,"serial":8'), b"[]", b"[" * 5000, b"\xff", b"NaN",
        TEXT.replace(b":7,", b":7.0,"), TEXT + b" ",
    ],
)  # fmt: skip
def test_a_text_has_one_form_only(text: bytes) -> None:
    assert refusal(document(text=text)) == "update_unreadable"


def test_a_document_ends() -> None:
    answer = document(content_of(expires="2026-11-22"))
    assert told(answer) is not None, "on its last day"
    assert refusal(answer, NOW + timedelta(days=1)) == "update_expired"


def test_what_was_said_before_cannot_be_said_again() -> None:
    old, new = document(content_of(serial=7)), document(content_of(serial=8, version="99.2.0"))
    assert told(old) is not None
    assert told(new) is not None
    assert refusal(old) == "update_replayed"
    assert told(new) is not None, "the same once more is no replay"
    assert refusal(document(content_of(serial=8, version="99.3.0"))) == "update_replayed", "another of the same number"
    # A refused one leaves nothing behind, and an older version with a newer number withdraws the newer one.
    withdrawn = told(document(content_of(serial=9, version="0.0.9")))
    assert withdrawn is not None
    assert withdrawn.update is None
    assert refusal(new) == "update_replayed"


def test_a_refused_document_moves_no_number() -> None:
    assert refusal(document(content_of(serial=900), OTHER_SECRET)) == "update_unsigned"
    assert refusal(document(content_of(serial=900, expires="2020-01-01"))) == "update_expired"
    assert told(document(content_of(serial=7))) is not None


def never(_address: str, _most: int) -> bytes:
    pytest.fail("somebody was asked")


def test_it_is_asked_once_a_day_and_whenever_the_reader_wants() -> None:
    assert told(document(), by_reader=False) is not None
    later = NOW + timedelta(hours=23)
    assert ask(SOURCE, False, later, never) is None
    assert told(document(), by_reader=True, now=later) is not None
    assert ask(SOURCE, False, NOW + timedelta(hours=46), never) is None
    assert told(document(), by_reader=False, now=NOW + timedelta(hours=48)) is not None
    assert told(document(), by_reader=False, now=NOW - timedelta(days=9)) is not None, "a clock that was set back"


def test_a_computer_that_does_not_answer_is_not_asked_again_the_same_day() -> None:
    def nobody(_address: str, _most: int) -> bytes:
        raise MedviewError("update_unreachable", "nobody")

    with pytest.raises(MedviewError):
        ask(SOURCE, False, NOW, nobody)
    assert ask(SOURCE, False, NOW + timedelta(hours=1), never) is None


def test_where_the_day_cannot_be_written_down_only_the_reader_asks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "home").write_text("no folder")
    monkeypatch.setenv("MEDVIEW_HOME", str(tmp_path / "home"))
    assert ask(SOURCE, False, NOW, never) is None
    assert told(document()) is not None


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"asked": 3, "seen": {}}', '{"asked": "2026-11-22", "seen": {"a": 1}}']
)
def test_what_is_kept_may_be_garbage(content: str) -> None:
    kept_path().parent.mkdir(parents=True, exist_ok=True)
    kept_path().write_text(content)
    assert told(document(), by_reader=False) is not None
    assert json.loads(kept_path().read_text())["seen"]
    if kept_path().parent.stat().st_uid:
        assert not stat.S_IMODE(kept_path().parent.stat().st_mode) & 0o077


@pytest.mark.parametrize(
    "content",
    [
        {}, {"address": ADDRESS}, {"address": ADDRESS, "keys": []}, {"address": ADDRESS, "keys": "x"}, [],
        {"address": ADDRESS, "keys": ["AAAA"]}, {"address": ADDRESS, "keys": ["A" * 43 + "="]}, {"address": ADDRESS, "keys": ["é"]},
        source_of("http://updates.example/u"), {**source_of(ADDRESS), "more": 1}, {"address": ADDRESS, "keys": source_of(ADDRESS)["keys"] * 5},
    ],
)  # fmt: skip
def test_a_source_that_is_not_sound_is_none(content: Any) -> None:
    with pytest.raises(ValueError, match=r"updates|address|https|key"):
        sound_source(content)


# Who may be asked ------------------------------------------------------------------------------------------------------


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """A build and a policy that name whom they name."""
    built, administered = tmp_path / "source.json", tmp_path / "policy.json"
    monkeypatch.setattr(update_rules, "built_source", lambda: built)
    monkeypatch.setattr("medview.app.updates.built_source", lambda: built)
    monkeypatch.setattr(rules, "policy_path", lambda: administered)

    def put(build: Any = None, **said: Any) -> None:
        built.unlink(missing_ok=True)
        if build is not None:
            built.write_text(json.dumps(build))
        administered.write_text(json.dumps(said))
        policy.cache_clear()
        update_rules.names_a_source.cache_clear()

    put()
    yield put
    monkeypatch.undo()
    policy.cache_clear()
    update_rules.names_a_source.cache_clear()


class Desk:
    """As much of a workspace as asking needs; what it would ask is kept."""

    def __init__(self, on: bool) -> None:
        self.settings = Settings(update_check=on)
        self.fixed: dict[str, Any] = dict(policy().settings)
        self.asked: list[str] = []
        self.jobs = SimpleNamespace(
            submit=lambda title, *_: (self.asked.append(title), SimpleNamespace(is_over=True))[1]
        )


def asked(on: bool, by_reader: bool = False) -> bool:
    desk = Desk(on)
    updates = Updates(desk)  # type: ignore[arg-type]
    if by_reader:
        updates.ask_now()
    else:
        updates.ask_when_due()
    return bool(desk.asked)


def test_it_is_off_until_somebody_switches_it_on(say: Callable[..., None]) -> None:
    assert not Settings().update_check
    say(source_of(ADDRESS))
    assert not asked(on=False)
    assert asked(on=True)
    assert asked(on=False, by_reader=True)


def test_with_nobody_to_ask_nobody_is_asked(say: Callable[..., None]) -> None:
    say(None)
    assert not asked(on=True)
    assert not asked(on=True, by_reader=True)
    say({"address": "http://updates.example/u", "keys": []})
    assert not asked(on=True, by_reader=True), "a build whose source is not sound"


def test_a_policy_forbids_it_fixes_it_and_names_whom_to_ask(say: Callable[..., None]) -> None:
    say(source_of(ADDRESS), forbid=["updates"])
    assert not asked(on=True)
    assert not asked(on=True, by_reader=True)
    say(source_of(ADDRESS), settings={"update_check": False})
    assert not asked(on=False, by_reader=True), "fixed off is off for the button too"
    own = source_of("https://updates.hospital.example/u", OTHER_SECRET)
    say(source_of(ADDRESS), updates=own, settings={"update_check": True})
    source = update_source()
    assert source is not None
    assert source.host == "updates.hospital.example"
    assert source.keys == sound_source(own).keys
    assert asked(on=True)


@pytest.mark.parametrize(
    "wrong", [{}, {"address": "http://x.example/u"}, "https://x.example/u", source_of("ftp://x.example/u")]
)
def test_a_policy_with_a_source_that_is_not_sound_forbids_everything(say: Callable[..., None], wrong: Any) -> None:
    say(source_of(ADDRESS), updates=wrong)
    assert policy().forbids("updates")
    assert policy().forbids("export")
    assert [note.code for note in policy().notes] == ["policy_unreadable"]
    assert not asked(on=True, by_reader=True)
