"""How long work says how far it is and learns that it is not wanted any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Cancelled(Exception):  # noqa: N818 - not a failure
    """Raised by a checkpoint inside work whose result nobody wants any more."""


@dataclass(frozen=True, slots=True)
class ProgressStep:
    """``done`` of ``total`` units of the named step (``total`` 0: unknown)."""

    step: str
    done: int
    total: int


class Progress(Protocol):
    """Reports a step and raises :class:`Cancelled` when the work shall end; call it often (every tile, every file)."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


def no_progress(step: str, done: int, total: int) -> None:
    """A Progress for work that nobody watches and nobody cancels."""
