"""A computer that answers on this one: what it was sent is kept, what it says is given byte by byte."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest


@dataclass
class Answering:
    """``answer`` is said to each connection. ``tunnels``: it is a proxy at first, then the computer behind it."""

    answer: bytes = b""
    drips_s: float = 0.0
    """Seconds between the bytes of the answer."""
    tunnels: bool = False
    context: ssl.SSLContext | None = None
    heard: list[bytes] = field(default_factory=list)
    port: int = 0

    def serve(self, listening: socket.socket, ended: threading.Event) -> None:
        while not ended.is_set():
            with suppress(OSError):  # nobody came yet, or somebody went
                connection, _ = listening.accept()
                connection.settimeout(20)
                with connection:
                    self._talk(connection, ended)

    def _talk(self, connection: socket.socket, ended: threading.Event) -> None:
        if self.tunnels:
            self.heard.append(read_head(connection))
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        if self.context is not None:
            with self.context.wrap_socket(connection, server_side=True) as inside:
                self._say(inside, ended)
        else:
            self._say(connection, ended)

    def _say(self, connection: socket.socket, ended: threading.Event) -> None:
        self.heard.append(read_head(connection))
        if not self.drips_s:
            connection.sendall(self.answer)
            return
        for byte in self.answer:
            connection.sendall(bytes([byte]))
            if ended.wait(self.drips_s):
                return


def read_head(connection: socket.socket) -> bytes:
    found = b""
    while not found.endswith(b"\r\n\r\n"):
        more = connection.recv(4096)
        if not more:
            break
        found += more
    return found


def ok(content: bytes, head: bytes = b"") -> bytes:
    """An answer with a content."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(content), head, content)


@contextmanager
def answering(answer: bytes = b"", **more: object) -> Iterator[Answering]:
    """Answer for as long as the block lasts."""
    made = Answering(answer, **more)  # type: ignore[arg-type]
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        made.port = listening.getsockname()[1]
        thread = threading.Thread(target=made.serve, args=(listening, ended))
        thread.start()
        try:
            yield made
        finally:
            ended.set()
            thread.join(30)


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """A certificate that nobody but itself vouches for, and what a server needs to show it."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    shown, secret = folder / f"{name}.pem", folder / f"{name}.key"
    command = [
        program,
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    command += [
        "-keyout",
        str(secret),
        "-out",
        str(shown),
        "-subj",
        f"/CN={name}",
        "-addext",
        f"subjectAltName=DNS:{name}",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown, secret)
    return shown, context


def wait_for(what: object) -> None:
    """Wait until a list is no longer empty."""
    until = time.monotonic() + 30
    while not what and time.monotonic() < until:
        time.sleep(0.01)
