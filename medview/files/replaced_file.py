"""Writing a file so that it is either whole or not there: a temporary file beside it, flushed, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from medview.core.problem import ExitCode, MedviewError
from medview.files.flushed import flush, flush_folder
from medview.files.left_overs import sweep_once, temporary_prefix


def cannot_write(path: str | os.PathLike[str], reason: object) -> MedviewError:
    """The error for a target that could not be written, whatever the cause; nothing was left behind."""
    text = _why(reason)
    return MedviewError(
        "cannot_write",
        f"{os.fspath(path)} could not be written: {text}.",
        os.fspath(path),
        ExitCode.CANNOT_WRITE,
        (os.fspath(path), text),
    )


def _why(reason: object) -> str:
    """What the system says; where a library has wrapped that into an error of its own (pydicom, into one with a traceback
    as its text), that of the system's own error, else the first line.
    """
    cause = reason if isinstance(reason, BaseException) else None
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return next(iter(str(reason).splitlines()), "") or type(reason).__name__


def at_target(error: MedviewError, made: Path, target: Path) -> MedviewError:
    """The error of a file in the temporary folder ``made`` as one of the folder that it was to become."""
    if not error.path or str(made) not in error.path:
        return error
    text, path = (part.replace(str(made), str(target)) for part in (error.text, error.path))
    values = tuple(value.replace(str(made), str(target)) for value in error.values)
    return MedviewError(error.code, text, path, error.exit_code, values)


def give_usual_mode(path: Path, mode: int) -> None:
    """What was made for its owner alone (0600, 0700) gets what the umask allows once it is what a person asked for."""
    if os.name == "posix":
        mask = os.umask(0)
        os.umask(mask)
        path.chmod(mode & ~mask)


@contextmanager
def own_file(target: Path) -> Iterator[BinaryIO]:
    """Yield a file (0600) of the program's own records that takes the place of ``target`` once it is whole and on the disk.

    Raises OSError as it comes, for a caller who knows what the record is called; then the old file, if there was one,
    is untouched and no temporary file stays. The folder has to be there.
    """
    sweep_once(target.absolute().parent)
    handle, name = tempfile.mkstemp(prefix=temporary_prefix(), suffix=".tmp", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            flush(file.fileno())
        temporary.replace(target)
        flush_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replaced_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a temporary path with the same endings; on success it takes the place of ``path`` in one step.

    Raises MedviewError (cannot_write) for every OSError and for what a writing library says; then the old file, if
    there was one, is untouched and no temporary file stays.
    """
    target = Path(path)
    endings = "".join(target.suffixes[-2:])
    try:
        sweep_once(target.absolute().parent)
        handle, name = tempfile.mkstemp(prefix=temporary_prefix(), suffix=endings, dir=target.parent)
    except OSError as error:
        raise cannot_write(target, error) from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb+") as written:
            flush(written.fileno())
        give_usual_mode(temporary, 0o666)
        temporary.replace(target)
        flush_folder(target.parent)
    except (OSError, RuntimeError) as error:
        raise cannot_write(target, error) from error
    finally:
        temporary.unlink(missing_ok=True)
