"""What the administrator of a computer forbids and fixes: followed everywhere, and never loosened by a slip in the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from medview.app.settings import fixed_settings
from medview.cli.commands import run
from medview.core import policy as rules
from medview.core.policy import PARTS, Policy, policy, read_policy
from tests.phantoms.dicom_series import make_series, save_series

Say = Callable[[Any], Policy]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Say]:
    """Put a policy in place; text as it stands, else as JSON."""
    path = tmp_path / "policy" / "policy.json"
    path.parent.mkdir()
    monkeypatch.setattr(rules, "policy_path", lambda: path)

    def put(content: Any) -> Policy:
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        policy.cache_clear()
        return policy()

    yield put
    monkeypatch.undo()
    policy.cache_clear()


def test_without_a_file_nothing_is_forbidden(tmp_path: Path) -> None:
    none = read_policy(tmp_path / "absent.json")
    assert none == Policy()
    assert not any(none.forbids(part) for part in PARTS)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"forbid": "export"}',
        {"forbid": ["exports"]},
        {"forbids": ["export"]},
        {"settings": []},
        b"\xff",
    ],
)
def test_a_policy_that_cannot_be_read_forbids_all_that_it_could(content: Any, tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else
                     json.dumps(content).encode())  # fmt: skip
    said = read_policy(path)
    assert said.forbidden == set(PARTS)
    assert [note.code for note in said.notes] == ["policy_unreadable"]


def test_settings_that_are_none_are_said_and_the_others_hold(say: Say) -> None:
    said = say({"forbid": ["ai"], "settings": {"theme": "light", "colour": "pink", "memory_budget_mb": -3}})
    fixed, notes = fixed_settings(said)
    assert fixed == {"theme": "light"}
    assert notes[0].code == "policy_partly_unsound"
    assert "colour, memory_budget_mb" in notes[0].text
    assert said.forbidden == {"ai"}


def test_commands_that_are_switched_off_say_so_and_write_nothing(
    say: Say, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    save_series(make_series(), folder)
    say({"forbid": list(PARTS)})
    assert run(["inspect", str(folder), "--json"]) == 0
    stack = json.loads(capsys.readouterr().out)["studies"][0]["series"][0]["stacks"][0]["id"]
    for words in (
        ["export", str(folder), "--stack", stack, "--output", str(tmp_path / "out.nii.gz")],
        ["render", str(folder), "--stack", stack, "--output", str(tmp_path / "out.png")],
        ["infer", str(folder), "--model", "ct-lungs", "--output", str(tmp_path / "out"), "--json"],
        ["models", "install", str(tmp_path), "--json"],
    ):
        assert run(words) == 3, words
        assert "forbidden_here" in capsys.readouterr().out or "--json" not in words
    assert not list(tmp_path.glob("out*"))
    say({"forbid": []})
    assert run(["render", str(folder), "--stack", stack, "--output", str(tmp_path / "out.png")]) == 0
