"""What the commands print: one JSON object or plain text on standard output, everything else on standard error."""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import sys
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from medview.core.plain_text import visible_text
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Cancelled


def print_json(answer: Mapping[str, Any]) -> None:
    """Print one object as UTF-8, whatever the terminal's encoding is; numbers that JSON lacks become null."""
    text = json.dumps(_finite(answer), ensure_ascii=False, allow_nan=False)
    # A file name that is no text becomes an escape that JSON itself has.
    _write(sys.stdout, text + "\n", errors="backslashreplace")


def print_text(text: str) -> None:
    """Print lines for a person; characters that the terminal lacks are replaced, those that it would obey are shown."""
    _write(sys.stdout, harmless(text) + "\n", errors="replace")


def harmless(text: str) -> str:
    """A text with what moves the cursor, colours, or turns the reading direction made visible; bytes of file names stay."""
    if text.isprintable():
        return text
    return "".join(one if unicodedata.category(one) == "Cs" else visible_text(one) for one in text)


def log_to_standard_error(verbose: bool = False) -> None:
    """Send the log where it does not mix with answers."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
    )


def answered(work: Callable[[], Any], as_json: bool = False) -> int:
    """The exit code of ``work``, having said what went wrong in it."""
    try:
        answer = work()
        return answer if isinstance(answer, int) else ExitCode.DONE
    except MedviewError as error:
        return tell_error(error, as_json)
    except (KeyboardInterrupt, Cancelled):
        return tell_error(MedviewError("cancelled", "Cancelled.", exit_code=ExitCode.INTERNAL), as_json)
    except BrokenPipeError:
        # Whoever read our output has gone; nothing more can be said to them.
        return finish(ExitCode.CANNOT_WRITE)
    except MemoryError:
        text = "There is not enough memory for this."
        return tell_error(MedviewError("out_of_memory", text, exit_code=ExitCode.INTERNAL), as_json)
    except Exception as error:
        logging.getLogger(__name__).exception("unexpected")
        text = f"Something unexpected happened: {type(error).__name__}: {error}"
        return tell_error(MedviewError("internal", text, exit_code=ExitCode.INTERNAL), as_json)


def tell_error(error: MedviewError, as_json: bool, hint: str = "") -> int:
    """Say what went wrong, as the promised object and for a person; returns the exit code."""
    if as_json:
        print_json({"error": described_error(error)})
    text = f"{hint}\n" if hint else ""
    _write(sys.stderr, harmless(f"{text}medview: {error.text}\n"), errors="backslashreplace")
    return int(error.exit_code)


def described_error(error: MedviewError) -> dict[str, Any]:
    """The value of ``error`` in an answer."""
    return {"code": error.code, "message": error.text, "path": error.path}


def finish(code: int) -> int:
    """Leave quietly after standard output has gone: Python would complain once more at exit."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(code)


def _write(stream: Any, text: str, errors: str) -> None:
    if stream is None:
        return  # started without a terminal (pythonw)
    binary = getattr(stream, "buffer", None)
    if stream is sys.stdout and binary is not None and errors == "backslashreplace":
        stream.flush()
        left = memoryview(_as_utf8(text))
        while left:
            # Without buffering (python -u) a write may take a part only.
            left = left[binary.write(left) or 0 :]
        binary.flush()
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, errors).decode(encoding))
    stream.flush()


def _as_utf8(text: str) -> bytes:
    """UTF-8 of text with file names in it, also where Python took their bytes for ASCII (a terminal without a locale)."""
    with contextlib.suppress(UnicodeEncodeError):
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    return text.encode("utf-8", "backslashreplace")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return value
