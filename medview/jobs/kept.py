"""A few things that are kept for the next one who asks, safe to use from any thread."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """At most ``most`` values by key; whoever takes one has it alone. After ``close`` nothing is kept."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._values: dict[K, V] = {}

    def take(self, key: K) -> V | None:
        """The value, which is not kept any more; None where there is none."""
        with self._lock:
            return self._values.pop(key, None)

    def keep(self, key: K, value: V) -> list[V]:
        """Keep ``value`` as the newest; returns those that are not kept any more, maybe this very one."""
        with self._lock:
            left = [self._values.pop(key)] if key in self._values else []
            self._values[key] = value
            while len(self._values) > self._most:
                left.append(self._values.pop(next(iter(self._values))))
            return left

    def empty(self) -> list[V]:
        """All values, which are not kept any more."""
        with self._lock:
            left = list(self._values.values())
            self._values.clear()
            return left

    def close(self) -> list[V]:
        """As :meth:`empty`, and keep nothing from now on."""
        with self._lock:
            self._most = 0
        return self.empty()

    @property
    def values(self) -> tuple[V, ...]:
        """What is kept now, the oldest first."""
        with self._lock:
            return tuple(self._values.values())
