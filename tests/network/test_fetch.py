"""One small text from one address: what is sent, what is refused, and that nothing takes for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from medview.core.problem import MedviewError
from medview.core.update import web_address
from medview.network.fetch import fetch
from tests.network.answering import answering, certificate, closed_port, ok

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def refused(address: str, most: int = 1000, patience_s: float = 30.0) -> MedviewError:
    with pytest.raises(MedviewError) as caught:
        fetch(address, most, patience_s)
    return caught.value


def test_what_is_sent_is_this_and_no_more() -> None:
    with answering(ok(b"here")) as there:
        assert fetch(f"http://127.0.0.1:{there.port}/medview/update.txt", 1000) == b"here"
        assert there.heard == [
            b"GET /medview/update.txt HTTP/1.1\r\n"
            b"Host: 127.0.0.1:%d\r\n" % there.port + b"User-Agent: medview\r\nAccept: text/plain\r\n"
            b"Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
        ]


def test_a_cookie_that_is_given_is_not_brought_back() -> None:
    with answering(ok(b"here", b"Set-Cookie: who=you; Max-Age=9999999\r\n")) as there:
        for _ in range(2):
            assert fetch(f"http://127.0.0.1:{there.port}/u", 1000) == b"here"
        assert there.heard[0] == there.heard[1]
        assert b"ookie" not in there.heard[1]


@pytest.mark.parametrize(
    "status", [b"301 Moved Permanently", b"302 Found", b"307 Temporary Redirect", b"308 Permanent Redirect"]
)
def test_it_is_not_sent_on(status: bytes) -> None:
    with answering(ok(b"elsewhere")) as elsewhere:
        where = b"Location: http://127.0.0.1:%d/\r\n" % elsewhere.port
        with answering(b"HTTP/1.1 %s\r\n%sContent-Length: 0\r\n\r\n" % (status, where)) as there:
            assert refused(f"http://127.0.0.1:{there.port}/u").code == "update_redirected"
        assert elsewhere.heard == []


@pytest.mark.parametrize(
    "answer",
    [
        ok(b"x" * 1001),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 2000,
    ],
    ids=["told", "untold", "chunked", "told too much"],
)
def test_what_is_too_large_is_refused(answer: bytes) -> None:
    with answering(answer) as there:
        assert refused(f"http://127.0.0.1:{there.port}/u").code == "update_too_large"


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"HTTP/1.1 999 \xff\r\n\r\n",
    ],
    ids=["nothing", "empty", "another protocol", "not there", "cut short", "long head", "bad chunk", "bad status"],
)  # fmt: skip
def test_what_is_no_answer_is_said(answer: bytes) -> None:
    with answering(answer) as there:
        error = refused(f"http://127.0.0.1:{there.port}/u")
    assert error.code == "update_unreachable"
    assert "127.0.0.1" in error.text


def test_an_answer_that_drips_ends_in_time() -> None:
    """Each byte comes in time, the whole of them would take an hour."""
    with answering(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 40_000, drips_s=0.1) as there:
        error = refused(f"http://127.0.0.1:{there.port}/u", patience_s=1.0)
    assert error.values == ("127.0.0.1", "no answer in time")


def test_nobody_there() -> None:
    assert refused(f"http://127.0.0.1:{closed_port()}/u").code == "update_unreachable"


def test_a_certificate_must_be_trusted_and_of_this_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, context = certificate(tmp_path, "localhost")
    other, other_context = certificate(tmp_path, "elsewhere.example")
    with answering(ok(b"here"), context=context) as there:
        address = f"https://localhost:{there.port}/u"
        error = refused(address)
        assert error.code == "update_unreachable"
        assert "self-signed" in error.text.replace("self signed", "self-signed")
        assert there.heard == [], "nothing is said to a stranger"
        monkeypatch.setenv("SSL_CERT_FILE", str(shown))
        assert fetch(address, 1000) == b"here"
    with answering(ok(b"here"), context=other_context) as there:
        monkeypatch.setenv("SSL_CERT_FILE", str(other))
        assert refused(f"https://localhost:{there.port}/u").code == "update_unreachable"
        assert there.heard == []


def test_the_systems_proxy_is_used_for_https_and_told_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, context = certificate(tmp_path, "updates.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(shown))
    with answering(ok(b"here"), tunnels=True, context=context) as there:
        monkeypatch.setenv("https_proxy", f"http://somebody:secret@127.0.0.1:{there.port}")
        monkeypatch.setenv("no_proxy", "")
        assert fetch("https://updates.example/u", 1000) == b"here"
        first, inside = there.heard
        assert first == (
            b"CONNECT updates.example:443 HTTP/1.1\r\nHost: updates.example:443\r\nUser-Agent: medview\r\n\r\n"
        )
        assert inside.startswith(b"GET /u HTTP/1.1\r\nHost: updates.example\r\n")


def test_a_proxy_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") as there:
        monkeypatch.setenv("https_proxy", f"http://somebody:secret@127.0.0.1:{there.port}")
        monkeypatch.setenv("no_proxy", "")
        error = refused("https://updates.example/u")
    assert error.code == "update_unreachable"
    assert "407" in error.text
    assert "secret" not in error.text


@pytest.mark.parametrize(
    "address",
    [
        "http://updates.example/u", "ftp://updates.example/u", "file:///etc/passwd", "https://updates.example", "https:///u",
        "https://you@updates.example/u", "https://updates.example/u?patient=1", "https://updates.example/u#x",
        "https://updates.example/a b", "https://updates.example/u\r\nX: y", "https://updates.example:99999/u",
        "http://127.0.0.1.example/u", "https://updates.example/" + "u" * 400, "HTTPS://é.example/u", "",
    ],
)  # fmt: skip
def test_addresses_in_which_something_could_be_told_are_none(address: str) -> None:
    with pytest.raises(ValueError, match=r"address|https|port"):
        web_address(address)


def test_this_computer_itself_may_be_asked_plainly() -> None:
    assert web_address("http://localhost:80/u") == ("http", "localhost", 80, "/u")
    assert web_address("https://[2001:db8::1]:8443/a/b.txt") == ("https", "[2001:db8::1]", 8443, "/a/b.txt")
