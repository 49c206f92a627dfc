"""What a process and all that it started take of the machine (Linux)."""

from __future__ import annotations

from pathlib import Path


def family_of(first: int) -> list[int]:
    """A process and all that it started."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError):
                continue
    found = [first]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def proportional(pid: int) -> int:
    """Bytes of a process, shared ones by their share; raises OSError where it has ended."""
    return _sizes(pid)["Pss"]


def allocated(pid: int) -> int:
    """Bytes that a process asked for: its heaps, arrays and memory shared with its workers, without what is mapped from files.

    Pages of libraries are counted by their share, so by who else runs Qt or numpy just now: 25 MB up or down while other
    programs on the machine begin and end, and the system takes them back by itself. Raises OSError where it has ended.
    """
    sizes = _sizes(pid)
    return sizes["Pss_Anon"] + sizes["Pss_Shmem"]


def _sizes(pid: int) -> dict[str, int]:
    lines = (line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in lines}
