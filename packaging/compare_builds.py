#!/usr/bin/env python3
"""Says whether two builds of one commit hold the same: folders, .deb packages or AppImages, file by file.

    python3 packaging/compare_builds.py ONE OTHER

Compared are names, contents, links and which files are programs; of a package also its own bytes. Prints what differs and ends
with 1 where anything does.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path


def content(folder: Path) -> dict[str, str]:
    """Of each file or link below a folder: what it holds, in a word that is the same for the same."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"link to {path.readlink()}"
        elif path.is_file():
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            found[name] = f"{digest} {'program' if path.stat().st_mode & 0o100 else 'file'} {path.stat().st_size} bytes"
    return found


def unpacked(path: Path, room: Path) -> Path:
    """A folder with what a package holds; a folder as it is."""
    if path.is_dir():
        return path
    if path.suffix == ".deb":
        subprocess.run(["dpkg-deb", "-R", str(path), str(room)], check=True)
        return room
    if path.suffix == ".AppImage":
        subprocess.run(
            [str(path.resolve()), "--appimage-extract"], check=True, cwd=room.parent, stdout=subprocess.DEVNULL
        )
        return room.parent / "squashfs-root"
    sys.exit(f"{path} is no folder, .deb or AppImage")


def differences(one: Path, other: Path) -> list[str]:
    """A line for each file that is not in both, or not the same in both."""
    first, second = content(one), content(other)
    unlike = [name for name in sorted(first.keys() | second.keys()) if first.get(name) != second.get(name)]
    return [f"{name}: {first.get(name, 'not there')} | {second.get(name, 'not there')}" for name in unlike]


def main() -> int:
    """Compare what the arguments name."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    one, other = Path(sys.argv[1]), Path(sys.argv[2])
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        folders = [unpacked(path, Path(room) / "content") for path, room in ((one, first), (other, second))]
        lines = differences(*folders)
        count = len(content(folders[0]))
    print("\n".join(lines))
    if one.is_file() and other.is_file():
        same = one.read_bytes() == other.read_bytes()
        print("the packages are the same byte for byte" if same else "the packages themselves differ")
        if not same:
            lines.append("the packages")
    print(f"{count} files and links, {len(lines)} differences")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
