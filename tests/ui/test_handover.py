"""A second start hands its paths to the open window and is gone at once."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from medview.app import handover
from medview.ui.handover_server import HandoverServer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the socket's file is looked at")

SECOND_START = """
import sys
from medview.app.handover import hand_over
done = hand_over(sys.argv[1:])
heavy = {"PySide6", "numpy", "click", "pydantic", "platformdirs"} & set(sys.modules)
assert not heavy, heavy
sys.exit(0 if done else 9)
"""


@pytest.fixture
def received() -> list[list[str]]:
    return []


@pytest.fixture
def server(qtbot: QtBot, received: list[list[str]]) -> Iterator[HandoverServer]:
    made = HandoverServer(received.append)
    assert made.start()
    yield made
    made.close()


def second_start(qtbot: QtBot, *paths: str, cwd: Path | None = None) -> int:
    """Start another process that hands over, while this one serves."""
    environment = {**os.environ, "PYTHONPATH": str(Path(handover.__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", SECOND_START, *paths], env=environment, cwd=cwd) as process:
        qtbot.waitUntil(lambda: process.poll() is not None, timeout=10_000)
        return process.returncode


def test_paths_arrive_as_absolute_ones(
    qtbot: QtBot, server: HandoverServer, received: list[list[str]], tmp_path: Path
) -> None:
    (tmp_path / "研究 1").mkdir()
    assert second_start(qtbot, "研究 1", "/data/a b", cwd=tmp_path) == 0
    assert received == [[str(tmp_path / "研究 1"), "/data/a b"]]
    assert second_start(qtbot, cwd=tmp_path) == 0
    assert received[1:] == [[]], "a start without paths brings the window to the front"


def test_without_a_window_the_second_start_opens_its_own(qtbot: QtBot) -> None:
    assert second_start(qtbot, "/data") == 9


def test_a_socket_left_by_a_crash_does_not_stand_in_the_way(qtbot: QtBot, received: list[list[str]]) -> None:
    Path(handover.endpoint_folder()).mkdir(mode=0o700, parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(handover.endpoint())
    assert Path(handover.endpoint()).exists()
    assert second_start(qtbot, "/data") == 9
    server = HandoverServer(received.append)
    assert server.start()
    assert second_start(qtbot, "/data") == 0
    server.close()
    assert not Path(handover.endpoint()).exists()


def test_the_second_window_does_not_take_the_first_ones_place(server: HandoverServer) -> None:
    other = HandoverServer(lambda _paths: None)
    assert not other.start()
    assert Path(handover.endpoint()).exists()


def test_nobody_else_may_enter(server: HandoverServer) -> None:
    assert handover.is_private(handover.endpoint_folder())
    Path(handover.endpoint_folder()).chmod(0o755)
    assert not handover.is_private(handover.endpoint_folder())
    assert not handover.hand_over(["/data"]), "a folder that others can enter is not trusted"
    Path(handover.endpoint_folder()).chmod(0o700)


def test_a_link_in_place_of_the_folder_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    private = tmp_path / "elsewhere"
    private.mkdir(mode=0o700)
    (tmp_path / "medview").symlink_to(private)
    assert not handover.is_private(handover.endpoint_folder())
    assert not HandoverServer(lambda _paths: None).start()


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"null", b'{"version": 2, "paths": []}', b'{"version": 1, "paths": "x"}', b'{"version": 1}'],
)
def test_lines_that_no_medview_sends_are_refused(
    qtbot: QtBot, server: HandoverServer, received: list[list[str]], line: bytes
) -> None:
    assert handover.paths_from_message(line) is None
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.connect(handover.endpoint())
        stranger.sendall(line + b"\n")
        stranger.setblocking(False)
        answer = b""

        def answered() -> bool:
            nonlocal answer
            try:
                answer += stranger.recv(16)
            except BlockingIOError:
                return False
            return answer == b"no\n"

        qtbot.waitUntil(answered, timeout=5000)
    assert received == []


def test_a_long_list_of_paths_arrives_in_parts(qtbot: QtBot, server: HandoverServer, received: list[list[str]]) -> None:
    paths = [f"/data/{at:06d}/{'x' * 200}" for at in range(400)]
    with socket.socket(socket.AF_UNIX) as sender:
        sender.connect(handover.endpoint())
        line = handover.message(paths)
        assert json.loads(line)["paths"] == paths
        sender.sendall(line[:1000])
        qtbot.wait(20)
        assert received == []
        sender.sendall(line[1000:])
        qtbot.waitUntil(lambda: received == [paths], timeout=5000)


def test_any_name_of_a_file_arrives_as_it_is() -> None:
    names = ["/a b", '/"quoted"\\', "/\u00e9\u738b", "/\U0001f600", "/\udcff\udc80 no text", "/line\nfeed\t\x7f\x01"]
    line = handover.message(names)
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"version": handover.PROTOCOL, "paths": names}
    assert handover.paths_from_message(line) == names
