"""The long run: ``python -m tests.fuzz --count 100000``. Prints its seed, goes on where it stopped, lists what it finds."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.mutations import Mutations, whole_files
from tests.fuzz.ordeal import Finding, Ordeal
from tests.shared import SHARED_ROOT


def main() -> int:
    """Run it; 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="mutants in all")
    parser.add_argument(
        "--seed", type=int, default=None, help="the same seed gives the same mutants (default: the time)"
    )
    parser.add_argument("--minutes", type=float, default=0, help="stop after so long (0: when all are done)")
    parser.add_argument("--state", type=Path, default=None, help="file that the run is written to and goes on from")
    parser.add_argument(
        "--only", type=int, default=None, metavar="NUMBER", help="this mutant alone, kept beside the state"
    )
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    state = json.loads(asked.state.read_text()) if asked.state and asked.state.exists() else {}
    seed = state.get("seed", asked.seed if asked.seed is not None else int(time.time()))
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(
        prefix="medview-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None
    ) as name:
        folder = Path(name)
        data = SHARED_ROOT / "data"
        originals = whole_files([data] if data.is_dir() else [], folder / "made")
        print(f"{len(originals)} whole files", flush=True)
        mutations = Mutations(originals, seed)
        ordeal = Ordeal(folder, asked.workers, _good_frame(folder / "made"))
        try:
            return (
                _only(asked.only, mutations, ordeal)
                if asked.only is not None
                else _all(asked, state, seed, mutations, ordeal)
            )
        finally:
            ordeal.close()


def _good_frame(made: Path):  # type: ignore[no-untyped-def]
    from tests.dicom.pixel_files import frames_of

    return frames_of(made / "made-1.2.840.10008.1.2.4.80")[0]


def _only(number: int, mutations: Mutations, ordeal: Ordeal) -> int:
    mutant = mutations[number]
    kept = Path(f"fuzz-{number}.dcm")
    kept.write_bytes(mutant.data)
    ordeal.undergo(mutant)
    print("\n".join([f"{kept}: {mutant.original}, {', '.join(mutant.kinds)}", *ordeal.tally.lines()]))
    return int(bool(ordeal.tally.findings))


def _all(asked: argparse.Namespace, state: dict, seed: int, mutations: Mutations, ordeal: Ordeal) -> int:  # type: ignore[type-arg]
    tally = ordeal.tally
    for key, value in state.get("tally", {}).items():
        setattr(tally, key, value)
    tally.outcomes = Counter(tally.outcomes)
    tally.findings = [Finding(**each) for each in tally.findings]  # type: ignore[arg-type]
    started = time.monotonic()
    first = int(state.get("next", 0))
    for number in range(first, asked.count):
        ordeal.undergo(mutations[number])
        over = bool(asked.minutes) and time.monotonic() - started > 60 * asked.minutes
        if (number + 1) % 1000 == 0 or over or number + 1 == asked.count:
            rate = (number + 1 - first) / (time.monotonic() - started)
            print(f"{number + 1} of {asked.count}, {rate:.0f} a second, {len(tally.findings)} findings", flush=True)
            if asked.state:
                kept = {name: getattr(tally, name) for name in tally.__slots__}
                kept["findings"] = [{name: getattr(each, name) for name in each.__slots__} for each in tally.findings]
                asked.state.write_text(json.dumps({"seed": seed, "next": number + 1, "tally": kept}))
        if over:
            break
    print("\n".join(tally.lines()))
    return int(bool(tally.findings))


if __name__ == "__main__":
    sys.exit(main())
