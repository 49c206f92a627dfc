"""Which files are compared: real ones beside the repository, those in pydicom's wheel, or folders that are named."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.shared import SHARED_ROOT

NOT_IMAGES = frozenset(
    [
        ".py",
        ".pyc",
        ".pyi",
        ".txt",
        ".md",
        ".json",
        ".html",
        ".xml",
        ".csv",
        ".nii",
        ".gz",
        ".zip",
        ".tar",
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".yml",
        ".yaml",
        ".toml",
        ".sh",
        ".c",
        ".h",
        ".cpp",
        ".js",
        ".ts",
        ".css",
        ".pdf",
        ".log",
        ".cfg",
        ".ini",
        ".rst",
        ".svg",
        ".bval",
        ".bvec",
    ]
)


def default_roots() -> list[Path]:
    """The real studies of ../shared/data, if they are there, and the files that come with pydicom."""
    import pydicom.data

    roots = [SHARED_ROOT / "data"] if (SHARED_ROOT / "data").is_dir() else []
    return [*roots, Path(pydicom.data.__file__).parent]


def files_below(roots: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """(path, name in reports) of every regular file that may be DICOM, in the order of names; links are not followed."""
    for root in roots:
        if root.is_file():
            yield root, root.name
            continue
        for folder, folders, names in os.walk(root):
            folders[:] = sorted(name for name in folders if name not in {".git", "__pycache__"})
            for name in sorted(names):
                path = Path(folder) / name
                if path.suffix.lower() in NOT_IMAGES or path.is_symlink() or not path.is_file():
                    continue
                yield path, f"{root.name}/{path.relative_to(root).as_posix()}"
