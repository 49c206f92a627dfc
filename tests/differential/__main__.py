"""The long run: ``python -m tests.differential --count 5000``. Prints each series on which medview and the truth differ."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

from tests.differential.families import FAMILIES
from tests.differential.judge import judge


def main() -> int:
    """Make, read, compare; 1 where anything differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="series of each family")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--families", nargs="+", choices=sorted(FAMILIES), default=sorted(FAMILIES))
    parser.add_argument("--keep", type=Path, default=None, help="folder for the series on which they differ")
    parser.add_argument("--lines", type=int, default=40)
    asked = parser.parse_args()
    different: Counter[str] = Counter()
    printed = 0
    home = "/dev/shm" if Path("/dev/shm").is_dir() else None
    for family in asked.families:
        for seed in range(asked.first, asked.first + asked.count):
            with tempfile.TemporaryDirectory(prefix="medview-differential-", dir=home) as name:
                folder = Path(name)
                truth = FAMILIES[family](seed, folder)
                try:
                    wrong = judge(folder, truth)
                except Exception:  # noqa: BLE001 - whatever medview raises is what is looked for
                    wrong = [traceback.format_exc(limit=-4)]
                if not wrong:
                    continue
                different[family] += 1
                if asked.keep is not None:
                    shutil.copytree(folder, asked.keep / truth.name, dirs_exist_ok=True)
            printed += 1
            if printed <= asked.lines:
                print(f"{truth.name}: {'; '.join(truth.words)}")
                print("".join(f"    {said}\n" for said in wrong[:4]), end="", flush=True)
    print(", ".join(f"{family}: {asked.count} series, {different[family]} different" for family in asked.families))
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main())
