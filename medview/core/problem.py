"""What can be wrong: values about input (Note, Problem) and the one exception a reader may see (MedviewError)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of the headless commands; an error carries the one that it means."""

    DONE = 0
    INTERNAL = 1
    BAD_USE = 2
    INPUT_UNUSABLE = 3
    MODEL_UNUSABLE = 4
    MODEL_DOES_NOT_FIT = 5
    RUN_FAILED = 6
    CANNOT_WRITE = 7


@dataclass(frozen=True, slots=True)
class Note:
    """Something true and worth saying about a stack or a result, e.g. ``missing_slices``.

    ``text`` is English and complete; ``values`` are the figures in it, in order, so that the window can say it in
    another language by ``code``.
    """

    code: str
    text: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault of one input file; the scan goes on. ``frames`` counts frames on disk that it hides."""

    path: str
    code: str
    what: str
    frames: int = 0
    values: tuple[str, ...] = ()


class MedviewError(Exception):
    """A failure that is told to the reader: stable ``code``, complete English ``text``, the file it is about."""

    def __init__(
        self,
        code: str,
        text: str,
        path: str | None = None,
        exit_code: ExitCode = ExitCode.INPUT_UNUSABLE,
        values: tuple[str, ...] = (),
    ) -> None:
        super().__init__(code, text, path, exit_code, values)
        self.code = code
        self.text = text
        self.path = path
        self.exit_code = exit_code
        self.values = values

    def __str__(self) -> str:
        return self.text
