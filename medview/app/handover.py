"""Hands paths to a window of medview that is already open, before anything heavy is imported (standard library only).

The message is one line of JSON, ``{"version": 1, "paths": [absolute paths]}``; the window answers ``ok`` and a line
feed. The endpoint belongs to one user: a socket in a folder that nobody else can enter, or a named pipe of Windows.
"""

from __future__ import annotations

import os
import stat
import sys

PROTOCOL = 1
CONNECT_SECONDS = 0.15
ANSWER_SECONDS = 3.0
"""A window that does not answer in this time hangs; then a window of its own is better for the reader."""
LARGEST_MESSAGE = 4 * 1024 * 1024


def _session_digest() -> str:
    # A window on another display, or one with another data folder, is not the one that the reader looks at.
    parts = [os.environ.get("MEDVIEW_HOME", "")]
    if sys.platform == "linux":
        parts += [os.environ.get("WAYLAND_DISPLAY", ""), os.environ.get("DISPLAY", "")]
    if sys.platform == "win32":
        parts += [os.environ.get("USERDOMAIN", ""), os.environ.get("USERNAME", "")]
    # FNV-1a of 64 bits: it tells a few names apart, and hashlib would load OpenSSL for it.
    digest = 0xCBF29CE484222325
    for byte in "\n".join(parts).encode("utf-8", "surrogateescape"):
        digest = (digest ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{digest:016x}"


def endpoint_folder() -> str:
    """The private folder of the socket ("" on Windows, where pipes have a place of their own)."""
    if sys.platform == "win32":
        return ""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and os.path.isdir(runtime):  # noqa: PTH112 - pathlib costs 10 ms of the 200
        return os.path.join(runtime, "medview")  # noqa: PTH118
    temporary = os.environ.get("TMPDIR", "/tmp").rstrip("/") or "/tmp"  # noqa: S108 - the folder in it is checked
    return os.path.join(temporary, f"medview-{os.getuid()}")  # noqa: PTH118


def endpoint() -> str:
    """Where the window of this user listens: the path of a socket, or the name of a pipe."""
    if sys.platform == "win32":
        return rf"\\.\pipe\medview-{_session_digest()}"
    return os.path.join(endpoint_folder(), f"{_session_digest()}.sock")  # noqa: PTH118


def is_private(folder: str) -> bool:
    """Whether a folder is a real folder of this user that nobody else can enter."""
    if sys.platform == "win32":
        return True
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077


def message(paths: list[str]) -> bytes:
    """The line that is sent: absolute paths, because the window has a working folder of its own."""
    absolute = ", ".join(_json_text(_sent(path)) for path in paths)
    return f'{{"version": {PROTOCOL}, "paths": [{absolute}]}}\n'.encode("ascii")


def _sent(word: str) -> str:
    # Addresses (file://, medview://) are for the window to read: there a wrong one is told where it is seen.
    return word if word[:8].lower().startswith(("file:", "medview:")) else os.path.abspath(word)  # noqa: PTH100


def _json_text(text: str) -> str:
    """A string of JSON in ASCII: the json module would take a tenth of the way."""
    plain = [letter if " " <= letter <= "~" and letter not in '"\\' else _json_escape(ord(letter)) for letter in text]
    return f'"{"".join(plain)}"'


def _json_escape(point: int) -> str:
    if point <= 0xFFFF:
        return f"\\u{point:04x}"
    high, low = divmod(point - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def paths_from_message(line: bytes) -> list[str] | None:
    """Paths of a received line; None where it is not what a medview sends."""
    import json

    try:
        content = json.loads(line)
    except ValueError:
        return None
    if not isinstance(content, dict) or content.get("version") != PROTOCOL:
        return None
    paths = content.get("paths")
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        return None
    return paths


def hand_over(paths: list[str]) -> bool:
    """Send paths to the running window; False where there is none, and the caller opens a window of its own."""
    line = message(paths)
    return _through_pipe(line) if sys.platform == "win32" else _through_socket(line)


def _through_socket(line: bytes) -> bool:
    import socket

    if not is_private(endpoint_folder()):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.settimeout(CONNECT_SECONDS)
            connection.connect(endpoint())
            connection.settimeout(ANSWER_SECONDS)
            connection.sendall(line)
            return connection.recv(3) == b"ok\n"
        except OSError:  # nobody there, a socket left by a crash, or a window that hangs
            return False


def _through_pipe(line: bytes) -> bool:
    try:
        with open(endpoint(), "r+b", buffering=0) as pipe:  # noqa: PTH123
            pipe.write(line)
            return pipe.read(3) == b"ok\n"
    except OSError:
        return False
