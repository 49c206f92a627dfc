"""Frame sources that misbehave in known ways; picklable, for worker processes."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

import numpy as np

from medview.core.problem import MedviewError


class Panic(BaseException):
    """What Rust codecs raise: no Exception."""


@dataclass(frozen=True)
class FakeFrame:
    """``what`` happens when it is read; else all its values are ``value``."""

    value: int = 0
    what: str = ""
    path: str = "fake.dcm"
    frame: int = 0
    sop_uid: str = ""
    needs_codec: bool = True
    shape: tuple[int, ...] = (8, 8)

    def read(self) -> np.ndarray:
        if self.what == "abort":
            os.abort()
        if self.what == "segv":
            os.kill(os.getpid(), signal.SIGSEGV)
        if self.what == "exit":
            os._exit(3)
        if self.what == "panic":
            raise Panic("index out of bounds")
        if self.what == "error":
            raise MedviewError("truncated_pixels", f"{self.path}: cut off.", self.path, values=("7",))
        if self.what == "bomb":
            return np.ones(3 << 30, dtype=np.uint8)
        if self.what == "hang":
            time.sleep(600)
        if self.what == "print":
            os.write(1, b"\xff" * 100)
            print("rubbish on standard output", flush=True)
        if self.what == "slow":
            time.sleep(0.02)
        if self.what == "pid":
            return np.full(self.shape, os.getpid(), dtype=np.int32)
        if self.what == "vanish":
            raise FileNotFoundError(2, "No such file", self.path)
        return np.full(self.shape, self.value, dtype=np.int16)


@dataclass(frozen=True)
class FakeWhole:
    """A file that is read as a whole."""

    path: str
    shape: tuple[int, ...]
    what: str = ""

    def read(self) -> np.ndarray:
        if self.what == "error":
            raise MedviewError("bad_volume_file", f"{self.path} is damaged.", self.path)
        count = int(np.prod(self.shape))
        return np.arange(count, dtype=np.int32).reshape(self.shape).astype(np.int16)
