"""A process that loads everything once and then, line by line of its input, forks one that exports until it is killed.

python -m tests.store.exporting_process STUDY    each line of input is FOLDER SEED; "pid N" is answered, then what N wrote whole
"""

from __future__ import annotations

import os
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

KINDS = ("sr", "rtstruct", "gsps", "kos", "sc", "pm", "csv", "json", "html", "pdf-dicom-part", "nifti")


def prepared(folder: Path) -> Any:
    """The statement that is written, its study's phantom lying in ``folder``."""
    from medview.core.statement import StatedKey
    from tests.app.statements_made import whole_statement

    statement = whole_statement(folder, reader="Wang^Li")
    stack = statement.marks[0].stack
    return replace(statement, keys=(StatedKey(stack, 0, 2),))


def write_one(statement: Any, kind: str, folder: Path) -> None:
    """Write one kind of file over the one that is there."""
    from medview.app.statement_files import write_statement
    from medview.dicom.document_write import write_document
    from medview.formats.writing import write_volume

    if kind == "nifti":
        made = statement.results[0].result.segmentation
        write_volume(folder / "labels.nii.gz", made.labels, made.geometry)
    elif kind == "pdf-dicom-part":
        source = statement.marks[0].stack.frames[0].path
        write_document(
            folder / "document.dcm", b"%PDF-1.4\n" + b"x" * 200_000 + b"\n%%EOF", source, statement.study, "t"
        )
    else:
        write_statement(statement, [kind], folder)  # type: ignore[list-item]


def export(statement: Any, folder: Path, seed: int) -> None:
    """Write for ever; the name of a kind for each that is whole."""
    chance = random.Random(seed)
    while True:
        kind = chance.choice(KINDS)
        write_one(statement, kind, folder)
        os.write(1, f"{os.getpid()} {kind}\n".encode())


def main(study: Path) -> None:
    """Load, then fork for each line."""
    statement = prepared(study)
    first = study.parent / "first"
    for kind in KINDS:
        write_one(statement, kind, first)  # everything is imported now
    os.write(1, b"open\n")
    for line in sys.stdin:
        folder, seed = line.split()
        pid = os.fork()
        if not pid:
            try:
                export(statement, Path(folder), int(seed))
            finally:
                os._exit(1)  # only an error comes here
        os.write(1, f"pid {pid}\n".encode())
        _pid, status = os.waitpid(pid, 0)
        os.write(1, f"ended {pid} {os.waitstatus_to_exitcode(status)}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
