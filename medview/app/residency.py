"""Which volumes stay in memory: a budget in bytes across all series, the least recently shown go first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from medview.jobs.pool import physical_memory

Key = TypeVar("Key", bound=Hashable)

SHARE = 0.4
"""Part of the physical memory that volumes may take: 3.2 GB of 8 GB, where 4,000 slices of 512×512×16 bit take 2.1."""
SMALLEST = 256 << 20


def default_budget() -> int:
    """Bytes of volumes in memory on this machine."""
    return max(SMALLEST, int(physical_memory() * SHARE))


@dataclass(slots=True)
class _Resident:
    size: int
    pins: int = 0


class Residency(Generic[Key]):
    """Keeps account of volumes by key, least recently shown first. Main thread only."""

    def __init__(self, budget: int, is_held: Callable[[Key], bool]) -> None:
        """``is_held`` tells whether somebody still shows or computes on a volume: evicting it would free nothing."""
        self.budget = budget
        self._is_held = is_held
        self._residents: OrderedDict[Key, _Resident] = OrderedDict()

    @property
    def used(self) -> int:
        """Bytes of all volumes."""
        return sum(resident.size for resident in self._residents.values())

    def touch(self, key: Key) -> None:
        """It was shown just now."""
        if key in self._residents:
            self._residents.move_to_end(key)

    def latest_first(self) -> list[Key]:
        """All keys, the most recently shown first."""
        return list(reversed(self._residents))

    def admit(self, key: Key, size: int) -> tuple[int, list[Key]]:
        """Account for a new volume; returns the bytes granted and the keys that have to go, oldest first.

        Less than ``size`` is granted where pinned and held volumes leave no room; at least a quarter of the budget is.
        """
        gone: list[Key] = []
        for old in list(self._residents):
            if self.used + size <= self.budget:
                break
            if not self._residents[old].pins and not self._is_held(old):
                del self._residents[old]
                gone.append(old)
        granted = min(size, max(self.budget - self.used, self.budget // 4))
        self._residents[key] = _Resident(granted)
        return granted, gone

    def drop(self, key: Key) -> None:
        """It is gone."""
        self._residents.pop(key, None)

    def pin(self, key: Key, on: bool = True) -> None:
        """Keep it, whatever comes; each pin needs its own unpin."""
        resident = self._residents.get(key)
        if resident is not None:
            resident.pins = max(0, resident.pins + (1 if on else -1))
