"""Newer versions in the window: nobody is asked unless that is wanted and possible, and what was answered is told truthfully."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from medview.app import update_rules
from medview.app.settings import Settings
from medview.app.updates import _Kept
from medview.core import policy as rules
from medview.core.policy import policy
from medview.network import fetch as network
from medview.ui import application, update_dialog
from medview.ui.update_dialog import UpdateDialog
from tests.network.answering import Answering, answering, ok
from tests.signing import OTHER_SECRET, content_of, document, source_of
from tests.ui.small_study import close_desk, open_desk, open_study, texts_of

pytestmark = pytest.mark.timeout(120)
WAIT = 20_000

Administer = Callable[..., None]


@pytest.fixture
def administer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Administer]:
    """Put a policy in place."""
    path = tmp_path / "policy.json"
    monkeypatch.setattr(rules, "policy_path", lambda: path)

    def put(**said: Any) -> None:
        path.write_text(json.dumps(said))
        policy.cache_clear()
        update_rules.names_a_source.cache_clear()

    put()
    yield put
    monkeypatch.undo()
    policy.cache_clear()
    update_rules.names_a_source.cache_clear()


@pytest.fixture
def there() -> Iterator[Answering]:
    with answering(ok(document())) as made:
        yield made


def source(there: Answering) -> dict[str, Any]:
    return source_of(f"http://127.0.0.1:{there.port}/update.txt")


def reached(qtbot: QtBot, study_folder: Path, monkeypatch: pytest.MonkeyPatch, on: bool) -> list[object]:
    """Whom the program tries to reach from its start until long after a study was opened."""
    tried: list[object] = []
    connect = socket.socket.connect

    def watched(this: socket.socket, address: Any) -> None:
        if this.family != getattr(socket, "AF_UNIX", None):
            tried.append(address)
        connect(this, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda *all_, **more: (tried.append(all_[0]), resolve(*all_, **more))[1])
    monkeypatch.setattr(application, "UPDATES_AFTER_MS", 0)
    asked: list[bool] = []
    desk = open_desk(qtbot, Settings(language="en", hints_dismissed=True, update_check=on))
    monkeypatch.setattr(type(desk.workspace.updates), "ask_when_due", observed(asked, type(desk.workspace.updates)))
    open_study(qtbot, desk, study_folder)
    if on:
        qtbot.waitUntil(lambda: bool(asked), timeout=WAIT)
        qtbot.waitUntil(lambda: not desk.workspace.updates.is_asking, timeout=WAIT)
    else:
        qtbot.wait(50)
        assert not asked
    close_desk(qtbot, desk)
    return tried


def observed(asked: list[bool], kind: type) -> Callable[[Any], None]:
    ask = kind.ask_when_due  # type: ignore[attr-defined]

    def watched(this: Any) -> None:
        ask(this)
        asked.append(True)

    return watched


def test_a_start_reaches_nobody_while_it_is_off(
    qtbot: QtBot, study_folder: Path, there: Answering, administer: Administer, monkeypatch: pytest.MonkeyPatch
) -> None:
    administer(updates=source(there))
    assert reached(qtbot, study_folder, monkeypatch, on=False) == []


def test_a_start_reaches_nobody_where_nobody_is_named_or_it_is_forbidden(
    qtbot: QtBot, study_folder: Path, there: Answering, administer: Administer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reached(qtbot, study_folder, monkeypatch, on=True) == []
    administer(updates=source(there), forbid=["updates"])
    assert reached(qtbot, study_folder, monkeypatch, on=True) == []
    assert there.heard == []


def test_where_it_is_on_it_is_asked_once_after_the_first_image_and_told_beside_it(
    qtbot: QtBot, study_folder: Path, there: Answering, administer: Administer, monkeypatch: pytest.MonkeyPatch
) -> None:
    administer(updates=source(there), settings={"update_check": True})
    assert reached(qtbot, study_folder, monkeypatch, on=True)
    assert len(there.heard) == 1
    assert b"Doe" not in there.heard[0]
    assert reached(qtbot, study_folder, monkeypatch, on=True) == [], "a second time on one day"
    assert len(there.heard) == 1


def test_the_window_asks_when_it_is_told_to_and_shows_the_answer(
    qtbot: QtBot, there: Answering, administer: Administer, monkeypatch: pytest.MonkeyPatch
) -> None:
    administer(updates=source(there))
    desk = open_desk(qtbot)
    desk.window.run_command("help.updates")
    dialog = desk.window._dialogs["updates"]
    assert isinstance(dialog, UpdateDialog)
    qtbot.wait(20)
    assert there.heard == [], "opening it asks nobody"
    assert "127.0.0.1" in dialog.about.text()
    assert not dialog.daily.isChecked()
    assert not dialog.page.isVisible()
    dialog.ask.click()
    qtbot.waitUntil(dialog.page.isVisible, timeout=WAIT)
    assert "99.1.0" in dialog.said.text()
    assert "Faster.\nBetter." in dialog.news.toPlainText()
    assert "ab" * 32 in dialog.news.toPlainText()
    opened: list[str] = []
    monkeypatch.setattr(update_dialog, "open_page", opened.append)
    assert opened == []
    dialog.page.click()
    assert opened == ["https://medview.example/download"]
    dialog.daily.click()
    assert desk.workspace.settings.update_check
    there.answer = ok(document(content_of(serial=8, version="0.0.1")))
    dialog.ask.click()
    qtbot.waitUntil(lambda: "newest" in dialog.said.text(), timeout=WAIT)
    assert not dialog.page.isVisible()
    close_desk(qtbot, desk)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ok(document(secret=OTHER_SECRET)), "not signed by a key"),
        (ok(document(content_of(expires="2020-01-01"))), "until 2020-01-01"),
        (ok(b"x" * 70_000), "larger than 65536"),
        (b"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\n\r\n", "sends on to another address"),
        (b"", "could not be asked"),
    ],
    ids=["unsigned", "expired", "too large", "redirected", "nothing"],
)
def test_what_cannot_be_believed_is_one_sentence_and_nothing_is_offered(
    qtbot: QtBot, there: Answering, administer: Administer, answer: bytes, words: str
) -> None:
    administer(updates=source(there))
    there.answer = answer
    desk = open_desk(qtbot)
    desk.window.run_command("help.updates")
    dialog = desk.window._dialogs["updates"]
    assert isinstance(dialog, UpdateDialog)
    dialog.ask.click()
    qtbot.waitUntil(lambda: words in dialog.said.text(), timeout=WAIT)
    assert not dialog.page.isVisible()
    assert not dialog.news.isVisible()
    assert not desk.workspace.notices
    close_desk(qtbot, desk)


def test_what_came_by_itself_and_cannot_be_believed_is_told_and_a_dead_network_is_not(
    qtbot: QtBot, there: Answering, administer: Administer, monkeypatch: pytest.MonkeyPatch
) -> None:
    administer(updates=source(there), settings={"update_check": True})
    desk = open_desk(qtbot)
    there.answer = ok(document(secret=OTHER_SECRET))
    desk.workspace.updates.ask_when_due()
    qtbot.waitUntil(lambda: bool(desk.workspace.notices), timeout=WAIT)
    assert any("not signed by a key" in text for text in texts_of(desk.window))
    desk.workspace.clear_notices()
    monkeypatch.setattr("medview.app.updates._read_kept", _Kept)
    monkeypatch.setattr(network, "request_text", lambda *_: (_ for _ in ()).throw(OSError("gone")))
    desk.workspace.updates.ask_when_due()
    qtbot.waitUntil(lambda: not desk.workspace.updates.is_asking, timeout=WAIT)
    problem = desk.workspace.updates.problem
    assert problem is not None
    assert problem.code == "update_unreachable"
    assert not desk.workspace.notices
    close_desk(qtbot, desk)


def test_where_nobody_is_named_or_it_is_forbidden_it_is_grey_and_says_why(qtbot: QtBot, administer: Administer) -> None:
    for said, words in (({}, "whom to ask"), ({"forbid": ["updates"]}, "administrator"),
                        ({"settings": {"update_check": False}}, "administrator")):  # fmt: skip
        administer(**said)
        desk = open_desk(qtbot)
        action = desk.window.actions_["help.updates"]
        desk.window.actions_.refresh()
        assert not action.isEnabled()
        assert words in desk.window.actions_.reason(action)
        desk.window.show_settings()
        dialog: Any = desk.window._dialogs["settings"]
        assert not dialog.boxes["update_check"].isEnabled()
        assert words in dialog.update_note.text()
        close_desk(qtbot, desk)


def test_a_version_that_is_no_longer_looked_after_is_a_warning_with_a_way_on(
    qtbot: QtBot, there: Answering, administer: Administer
) -> None:
    administer(updates=source(there), settings={"update_check": True})
    there.answer = ok(document(content_of(least="99.0.0")))
    desk = open_desk(qtbot)
    desk.workspace.updates.ask_when_due()
    qtbot.waitUntil(lambda: bool(desk.workspace.notices), timeout=WAIT)
    (notice,) = desk.workspace.notices
    assert notice.severity == "warning"
    assert notice.remedy is not None
    desk.window.run_command(notice.remedy.command)
    dialog = desk.window._dialogs["updates"]
    assert isinstance(dialog, UpdateDialog)
    assert "no longer looked after" in dialog.said.text()
    assert not dialog.daily.isEnabled(), "the administrator switched it on"
    close_desk(qtbot, desk)
