"""A member of an archive as a real file, for libraries that open nothing else: in a folder of its own, gone afterwards."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medview.core.problem import MedviewError
from medview.files.byte_source import opened

MOST_BYTES = 8 << 30


@contextmanager
def local_copy(path: str) -> Iterator[str]:
    """The path of a file with the member's bytes and its last name; readable by its owner only. Raises as ``opened`` does."""
    folder = tempfile.mkdtemp(prefix="medview-")
    try:
        copy = Path(folder) / (os.path.basename(path)[-120:] or "member")  # noqa: PTH119
        with opened(path) as source, copy.open("xb") as stream:
            at = 0
            while part := source.read(at, 1 << 20):
                stream.write(part)
                at += len(part)
                if at > MOST_BYTES:
                    raise MedviewError(
                        "archive_bomb", f"{path} is larger than {MOST_BYTES >> 30} GiB; unpack the archive.", path
                    )
        yield str(copy)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
