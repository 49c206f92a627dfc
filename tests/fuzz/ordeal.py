"""What a mutant goes through: it is listed as the window lists it, and its frames are decoded as the window decodes them."""

from __future__ import annotations

import os
import re
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from medview.app.open_paths import open_all
from medview.core.problem import MedviewError
from medview.core.progress import no_progress
from medview.core.study import FrameSource
from medview.jobs.pool import DecodePool
from tests.fuzz.mutations import Mutant

STALL_S = 0.2
"""Longest time of the processor that listing one file, or reading a plain frame, may take in the window's process."""
BACK_S = 1.0
"""A worker that died is replaced within this time."""
_UNFORESEEN = re.compile(r"cannot be read as DICOM: [A-Za-z_]*(Error|Exception|Exit|Interrupt|Buffer)\b")
LISTED_MEMORY = 256 << 20
FRAMES = 3


@dataclass(slots=True)
class Finding:
    """Something that must not happen."""

    number: int
    original: str
    kinds: tuple[str, ...]
    what: str


@dataclass(slots=True)
class Tally:
    """What happened to all mutants together."""

    mutants: int = 0
    listed: int = 0
    frames: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_listing: float = 0.0
    slowest_frame: float = 0.0
    slowest_return: float = 0.0
    largest_worker: int = 0
    findings: list[Finding] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The figures, one to a line."""
        return [
            f"{self.mutants} mutants, {self.listed} listed, {self.frames} frames asked for",
            "outcomes: " + ", ".join(f"{code} {count}" for code, count in self.outcomes.most_common()),
            (
                f"slowest listing {self.slowest_listing * 1000:.0f} ms of processor, slowest frame {self.slowest_frame:.1f} s, "
                f"slowest return of a worker {self.slowest_return:.2f} s, largest worker {self.largest_worker >> 20} MB"
            ),
            f"findings: {len(self.findings)}",
            *(f"  #{each.number} {each.original} ({', '.join(each.kinds)}): {each.what}" for each in self.findings),
        ]


class Ordeal:
    """Puts mutants to the test, in a folder of its own, with worker processes that live as long as it does."""

    def __init__(self, folder: Path, workers: int = 1, known_good: FrameSource | None = None) -> None:
        self._folder = folder
        self._pool = DecodePool(workers, give_way=True)
        self._workers = workers
        self._good = known_good
        self.tally = Tally()

    def close(self) -> None:
        """End the workers."""
        self._pool.close()

    def undergo(self, mutant: Mutant) -> None:
        """List it and read its frames; what must not happen becomes a finding."""
        tally = self.tally
        tally.mutants += 1
        path = self._folder / f"{mutant.number}.dcm"
        path.write_bytes(mutant.data)
        try:
            sources = self._list(mutant, path)
            for source in sources:
                self._read(mutant, source)
        finally:
            path.unlink(missing_ok=True)

    def _found(self, mutant: Mutant, what: str) -> None:
        self.tally.findings.append(Finding(mutant.number, mutant.original, mutant.kinds, what))

    def _list(self, mutant: Mutant, path: Path) -> list[FrameSource]:
        started, memory = time.thread_time(), _resident()
        try:
            found = open_all([str(path)], no_progress)
        except Exception:  # noqa: BLE001 - that is what is looked for
            self._found(mutant, "listing raised " + traceback.format_exc(limit=-3).replace("\n", " | "))
            return []
        took = time.thread_time() - started
        self.tally.slowest_listing = max(self.tally.slowest_listing, took)
        if took > STALL_S:
            self._found(mutant, f"listing took {took * 1000:.0f} ms")
        if _resident() - memory > LISTED_MEMORY:
            self._found(mutant, f"listing took {(_resident() - memory) >> 20} MB")
        for problem in found.problems:
            if problem.code == "cannot_arrange" or _UNFORESEEN.search(problem.what):
                self._found(mutant, problem.what.replace(str(path), "it"))
        stacks = [stack for study in found.studies for series in study.series for stack in series.stacks]
        objects = sum(len(series.objects) for study in found.studies for series in study.series)
        listing = b"1.2.840.10008.1.3.10" in mutant.data  # a DICOMDIR holds nothing of its own
        if not stacks and not objects and not found.problems and not listing:
            self._found(mutant, "it is neither shown nor named as a problem")
        self.tally.listed += bool(stacks)
        sources: list[FrameSource] = []
        for stack in stacks[:2]:
            frames = stack.frames
            sources += frames[: FRAMES - 1] if len(frames) >= FRAMES else frames
            sources += frames[-1:] if len(frames) >= FRAMES else ()
        return sources

    def _read(self, mutant: Mutant, source: FrameSource) -> None:
        tally = self.tally
        tally.frames += 1
        started, own = time.monotonic(), time.thread_time()
        try:
            values = self._pool.read(source) if source.needs_codec else source.read()
            code = "shown" if isinstance(values, np.ndarray) and values.size else "empty"
        except MedviewError as error:
            code = error.code
        except Exception:  # noqa: BLE001
            code = "raised"
            self._found(mutant, "reading raised " + traceback.format_exc(limit=-3).replace("\n", " | "))
        tally.outcomes[code] += 1
        took, own = time.monotonic() - started, time.thread_time() - own
        tally.slowest_frame = max(tally.slowest_frame, took)
        if not source.needs_codec and own > STALL_S:
            self._found(mutant, f"reading a plain frame took {own * 1000:.0f} ms")
        if code in {"decode_timeout", "decoder_unavailable"}:
            self._found(mutant, f"{code} after {took:.1f} s")
        if code in {"decoder_died", "decode_timeout"}:
            self._returns(mutant)
        else:
            self._look_at_workers(mutant)

    def _returns(self, mutant: Mutant) -> None:
        """After a death every worker must be there again soon."""
        if self._good is None:
            return
        started = time.monotonic()
        try:
            self._pool.read(self._good)
        except MedviewError as error:
            self._found(mutant, f"after it a good file failed: {error.code}")
        took = time.monotonic() - started
        self.tally.slowest_return = max(self.tally.slowest_return, took)

    def _look_at_workers(self, mutant: Mutant) -> None:
        if self.tally.frames % 16:
            return
        for pid in self._pool.processes:
            peak = _peak(pid)
            if peak > self.tally.largest_worker:
                self.tally.largest_worker = peak
                if peak > 4 << 30:
                    self._found(mutant, f"a worker took {peak >> 20} MB")


def _resident() -> int:
    try:
        with open("/proc/self/statm", encoding="ascii") as stream:  # noqa: PTH123
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _peak(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration, ValueError):
        return 0
