"""Fetches one small text from one address: no redirection, no cookie, no name of anybody, a limit in size and in time.

What is sent is written out in `request_text`; nothing else goes out but what TLS and a proxy need.
"""

from __future__ import annotations

import io
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medview.core.problem import MedviewError
from medview.core.update import web_address

if TYPE_CHECKING:
    import ssl
    from http.client import HTTPResponse

PATIENCE_S = 10.0
"""Seconds until everything has to be there; looking up a name in a network that does not answer may take longer."""

_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where systems keep whom they trust, for an OpenSSL that was made for another system."""


def request_text(host: str, path: str) -> bytes:
    """Everything that is sent to the computer that is asked."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: medview\r\nAccept: text/plain\r\n"
        "Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    ).encode("ascii")


def fetch(address: str, most: int, patience_s: float = PATIENCE_S) -> bytes:
    """The bytes at an address (see `web_address`), at most ``most``.

    Raises MedviewError: ``update_redirected``, ``update_too_large``, or ``update_unreachable`` with what went wrong.
    """
    from http.client import HTTPException

    _, host, _, _ = web_address(address)
    try:
        return _fetched(address, most, time.monotonic() + patience_s)
    except TimeoutError:
        raise unreachable(host, "no answer in time") from None
    except (OSError, HTTPException, ValueError) as error:
        raise unreachable(host, _words(error)) from error


def unreachable(host: str, why: str) -> MedviewError:
    """The error for a computer that could not be asked."""
    text = f"{host} could not be asked for updates ({why}); nothing was changed."
    return MedviewError("update_unreachable", text, values=(host, why))


def _words(error: Exception) -> str:
    said = getattr(error, "verify_message", "") or getattr(error, "strerror", "") or str(error)
    return said or type(error).__name__


def _fetched(address: str, most: int, until: float) -> bytes:
    scheme, host, port, path = web_address(address)
    usual = port == {"http": 80, "https": 443}[scheme]
    connection = _connected(scheme, host, port, until)
    try:
        connection.settimeout(_left(until))
        connection.sendall(request_text(host if usual else f"{host}:{port}", path))
        response = _answer(connection, until, "GET")
        if 300 <= response.status < 400:
            text = f"{host} sends on to another address; medview asks no other, nothing is offered."
            raise MedviewError("update_redirected", text, values=(host,))
        if response.status != 200:
            raise unreachable(host, f"HTTP {response.status}")
        content = response.read(most + 1)
        if len(content) > most:
            text = f"What {host} says of updates is larger than {most} bytes; nothing is offered."
            raise MedviewError("update_too_large", text, values=(host, str(most)))
        if response.length:  # of what it said that it would send
            raise unreachable(host, "the answer ends too early")
        return content
    finally:
        connection.close()


def _connected(scheme: str, host: str, port: int, until: float) -> socket.socket:
    """A connection to the computer, through the proxy that the system names, with its certificate checked."""
    name = host.strip("[]")
    proxy = None if scheme == "http" else _proxy(name)
    connection = socket.create_connection(proxy or (name, port), _left(until))
    try:
        if proxy is not None:
            where = f"{host}:{port}"
            connection.sendall(
                f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\nUser-Agent: medview\r\n\r\n".encode("ascii")
            )
            answer = _answer(connection, until, "CONNECT")
            if answer.status != 200:
                raise unreachable(host, f"proxy {proxy[0]}: HTTP {answer.status}")
        if scheme == "http":
            return connection
        connection.settimeout(_left(until))
        return _trusted().wrap_socket(connection, server_hostname=name)
    except BaseException:
        connection.close()
        raise


def _trusted() -> ssl.SSLContext:
    """What certificates are checked with: those whom this computer trusts, TLS 1.2 at least."""
    import ssl

    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not context.cert_store_stats()["x509_ca"]:
        usual: Any = ssl.get_default_verify_paths()
        if not usual.cafile and not _any_file(usual.capath):
            found = next((one for one in _CERTIFICATES if Path(one).is_file()), None)
            if found is not None:
                context.load_verify_locations(found)
    return context


def _any_file(folder: str | None) -> bool:
    return bool(folder) and Path(str(folder)).is_dir() and any(Path(str(folder)).iterdir())


def _proxy(host: str) -> tuple[str, int] | None:
    """Host and port of the proxy that the system names for ``https``; None for a direct way. Names and passwords are not sent."""
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    said = getproxies().get("https", "")
    if not said or proxy_bypass(host):
        return None
    parts = urlsplit(said if "://" in said else f"http://{said}")
    if not parts.hostname:
        raise ValueError("the proxy that the system names is no address")
    return parts.hostname, parts.port or 8080


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _answer(connection: socket.socket, until: float, method: str) -> HTTPResponse:
    """The head of an answer, read no longer than ``until``."""
    from http.client import HTTPResponse

    response = HTTPResponse(_Watched(connection, until), method=method)  # type: ignore[arg-type]
    response.begin()
    return response


class _Watched(io.RawIOBase):
    """Reads of a connection until a moment: a time-out for each read alone would let an answer drip for ever."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The file that an answer is read from."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(_left(self._until))
        return self._connection.recv_into(buffer)
