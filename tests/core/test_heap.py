"""What the C library is asked for: one heap for all threads."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import ctypes, sys, threading
from medview.core import heap

if "one" in sys.argv:
    assert heap.keep_one_heap()
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
places = []
thread = threading.Thread(target=lambda: places.append(library.malloc(ctypes.c_size_t(10_000))))
thread.start()
thread.join()
first, last = (int(at, 16) for at in next(
    line for line in open("/proc/self/maps") if line.rstrip().endswith("[heap]")
).split()[0].split("-"))
print("own" if not first <= places[0] < last else "shared")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's")
@pytest.mark.parametrize(("asked", "found"), [("", "own"), ("one", "shared")])
def test_threads_allocate_from_the_one_heap_when_asked_to(asked: str, found: str) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, asked], capture_output=True, text=True, check=False, env=environment
    )
    assert done.stderr == ""
    assert done.stdout.strip() == found
