"""A process that marks until it is killed: it says each mark on standard output after the store said that it is kept.

python -m tests.store.marking_process FOLDER NAME SEED    marks into FOLDER, some entries at a time
"""

from __future__ import annotations

import random
import sys
from pathlib import Path

from medview.store.entry import new_entry
from medview.store.study_store import StudyStore


def mark(folder: Path, name: str, seed: int) -> None:
    """Write entries for ever; a line ``subject value`` for each that is kept."""
    chance = random.Random(seed)
    store = StudyStore(folder)
    sys.stdout.write("open\n")
    sys.stdout.flush()
    number = 0
    while True:
        entries = []
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            number += 1
            content = {"value": number, "filling": "x" * chance.choice((10, 300, 9000))}
            entries.append(new_entry("mark", f"{name}-{chance.randrange(20)}", content, series="1.2.3"))
        store.write(entries)
        sys.stdout.write("".join(f"{one.subject} {one.content['value']}\n" for one in entries if one.content))
        sys.stdout.flush()
        if chance.random() < 0.05:
            store.close()  # opening, recovering and migrating are killed too


if __name__ == "__main__":
    mark(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
