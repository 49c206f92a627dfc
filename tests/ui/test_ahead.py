"""Modules are imported one in a turn, in order, and what waits for them is called once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from medview.ui.ahead import import_ahead
from medview.ui.main_window import DOCUMENT_PARTS
from medview.ui.right_panel import _PARTS


def test_one_module_in_a_turn(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"ahead_piece_{number}" for number in range(4)]
    for name in names:
        (tmp_path / f"{name}.py").write_text("", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    parent, done, seen = QObject(), [], []

    def look() -> None:
        seen.append(sum(name in sys.modules for name in names))

    turn = QTimer(parent)
    turn.timeout.connect(look)
    turn.start(0)
    import_ahead(parent, names, lambda: done.append(len(seen)))
    assert [name in sys.modules for name in names] == [True, False, False, False]
    qtbot.waitUntil(lambda: bool(done), timeout=20_000)
    turn.stop()
    assert done == done[:1]
    assert {2, 3} & set(seen), "others had their turns in between"
    for name in names:
        del sys.modules[name]


def test_every_piece_exists() -> None:
    from importlib.util import find_spec

    for names in _PARTS.values():
        assert all(find_spec(f"medview.ui.{name}") for name in names)
    assert all(find_spec(name) for name in DOCUMENT_PARTS)
