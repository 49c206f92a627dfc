"""Arrays that several processes see: the same bytes, freed by the last user, nothing left after a crash."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from medview.jobs import shared_array
from medview.jobs.shared_array import SharedArray, SharedHandle, sweep_left_overs

KINDS = ["memfd", "file"] if sys.platform == "linux" else ["tagged"] if os.name == "nt" else ["file"]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_same_bytes(kind: str) -> None:
    one = SharedArray.create((3, 4, 5), np.int16, kind)  # type: ignore[arg-type]
    assert not one.array.any()
    one.array[1] = 7
    other = SharedArray.attach(one.handle)
    assert (other.array[1] == 7).all()
    other.array[2] = -3
    assert (one.array[2] == -3).all()
    assert one.handle.nbytes == 120
    other.close()
    one.close()


def test_another_process_writes_into_it(kind: str) -> None:
    shared = SharedArray.create((1000,), np.uint16, kind)  # type: ignore[arg-type]
    handle = shared.handle
    code = (
        "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
        "from medview.jobs.shared_array import SharedArray, SharedHandle; "
        "k, n, s, d, i = json.loads(sys.argv[2]); "
        "SharedArray.attach(SharedHandle(k, n, tuple(s), d, i)).array[:] = range(1000)"
    )
    plain = json.dumps([handle.kind, handle.name, handle.shape, handle.dtype, handle.identity])
    path = json.dumps([entry or str(Path.cwd()) for entry in sys.path])
    subprocess.run([sys.executable, "-c", code, path, plain], check=True)
    assert shared.array.tolist() == list(range(1000))
    shared.close()


def test_arrays_outlive_what_made_them(kind: str) -> None:
    shared = SharedArray.create((10,), np.int32, kind)  # type: ignore[arg-type]
    array = shared.array[2:5]
    array[:] = 9
    shared.close()
    del shared
    assert array.tolist() == [9, 9, 9]


def test_sealed_arrays_cannot_be_attached(kind: str) -> None:
    shared = SharedArray.create((10,), np.int32, kind)  # type: ignore[arg-type]
    if kind == "tagged":
        pytest.skip("a tag lives as long as its memory")
    handle = shared.handle
    shared.seal()
    with pytest.raises(OSError):  # noqa: PT011 - which one is the system's
        SharedArray.attach(handle)
    shared.array[0] = 1


@pytest.mark.skipif(sys.platform != "linux", reason="memfd is Linux's")
def test_a_descriptor_that_is_used_again_is_not_taken_for_the_old_array() -> None:
    """Names are descriptors, and those come back: a late worker must not write into another volume."""
    first = SharedArray.create((10,), np.int32)
    handle = first.handle
    first.close()
    second = SharedArray.create((10,), np.int32)
    assert second.handle.name == handle.name
    assert second.handle != handle
    with pytest.raises(FileNotFoundError):
        SharedArray.attach(handle)
    second.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives parts back")
def test_parts_can_be_given_back() -> None:
    shared = SharedArray.create((8, 1 << 20), np.uint8)
    shared.array[:] = 1
    assert shared.discard(2, 5)
    assert not shared.array[2:5].any()
    assert shared.array[:2].all()
    assert shared.array[5:].all()
    shared.close()


def test_an_empty_array(kind: str) -> None:
    shared = SharedArray.create((0, 4), np.int16, kind)  # type: ignore[arg-type]
    assert SharedArray.attach(shared.handle).array.shape == (0, 4)
    shared.close()


def test_no_room_is_a_memory_error(kind: str) -> None:
    with pytest.raises(MemoryError):
        SharedArray.create((1 << 62,), np.uint8, kind)  # type: ignore[arg-type]


@pytest.mark.skipif(os.name == "nt", reason="files are the fallback of POSIX systems")
def test_files_are_private_and_left_overs_are_swept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(shared_array, "_folder", [])
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead = tmp_path / f"medview-arrays-{int(gone.stdout)}-x"
    alive = tmp_path / f"medview-arrays-{os.getppid()}-x"
    foreign = tmp_path / "medview-arrays-notes"
    for folder in (dead, alive, foreign):
        folder.mkdir()
        (folder / "0").write_bytes(b"pixels")
    shared = SharedArray.create((10,), np.int8, "file")
    file = Path(shared.handle.name)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert not dead.exists()
    assert alive.exists()
    assert foreign.exists()
    assert sweep_left_overs() == 0
    shared.close()
    assert not file.exists()


def test_a_handle_is_plain_values() -> None:
    handle = SharedHandle("file", "x", (2, 3), "<f8")
    assert handle.nbytes == 48
    assert hash(handle) == hash(SharedHandle("file", "x", (2, 3), "<f8"))
