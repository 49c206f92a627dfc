"""Entries of network processes that break down in native code; no network is needed for that, and none does it on every system."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Mapping
from typing import Any

from medview.inference.worker import Host, NetworkService

HOW = "MEDVIEW_TEST_BREAK"
NO_ADDRESS_LIMIT = "MEDVIEW_TEST_NO_ADDRESS_LIMIT"
MOST_HOARDED = 3 << 30
"""A hog ends here where nobody stops it, so that a test that fails does no harm."""


class Breaking(NetworkService):
    """A real network until it runs; opens badly where the environment says ``open:``."""

    def serve(self, kind: str, values: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
        step, _, how = os.environ.get(HOW, "").partition(":")
        if kind == step and (kind != "open" or values["optimise"]):
            break_down(how)
        return super().serve(kind, values, arrays)


def break_down(how: str) -> None:
    if how == "segv":
        ctypes.string_at(0)
    elif how == "abort":
        os.abort()
    elif how == "hog":
        block = bytearray(64 << 20)
        hoard: list[bytes] = []
        while len(hoard) * len(block) < MOST_HOARDED:
            hoard.append(bytes(block) + b"x")
    elif how == "hang":
        while True:
            time.sleep(0.01)
    elif how == "leave":
        os._exit(3)


def make_service(host: Host) -> Breaking:
    import onnxruntime  # noqa: F401

    if os.environ.get(NO_ADDRESS_LIMIT):
        limit = host.limit_memory
        host.limit_memory = lambda extra, address_space: limit(extra, False)  # type: ignore[method-assign]
    return Breaking(host)
