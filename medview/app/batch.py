"""`medview batch`: packages run over many studies, resumed where it was left, with a table of all results.

The table is written anew after every run, whole or not at all. Nothing in it names a patient.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import time as clock
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medview.app.contained import Networks
from medview.app.headless import nothing_found
from medview.app.infer_command import RESULT_NAME, write_result
from medview.app.inference_queue import reported, with_notes
from medview.app.loading import load_volume
from medview.app.open_paths import open_all
from medview.core.policy import policy
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Cancelled, Progress, no_progress
from medview.core.study import Series, Stack, Study
from medview.files.replaced_file import cannot_write, replaced_file
from medview.jobs.crew import work_off

if TYPE_CHECKING:
    from medview.inference.package import ModelPackage

TABLE_CSV, TABLE_JSON, RUN_NAME = "table.csv", "table.json", "run.json"
DONE, KEPT, FAILED, UNFIT = "done", "kept", "failed", "does_not_fit"

COLUMNS = (
    "study_uid",
    "series_uid",
    "stack",
    "time",
    "modality",
    "series_number",
    "model",
    "version",
    "package_sha256",
    "status",
    "code",
    "text",
    "seconds",
    "device",
    "findings",
    "largest_mm",
    "highest_score",
    "overrides",
    "warnings",
    "folder",
)
"""Columns of every row; volumes and probabilities follow, one column a label."""

Row = dict[str, Any]


@dataclass(frozen=True)
class BatchOptions:
    """How a batch is run. ``every``: all stacks that fit, not only the best of each study."""

    device: str = "auto"
    force: bool = False
    every: bool = False
    again: bool = False
    hands: int = 1
    limit_s: float | None = None
    assumptions: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, eq=False)
class _Piece:
    study: Study
    series: Series
    stack: Stack
    package: ModelPackage
    reasons: tuple[Any, ...]
    fits: bool
    folder: Path


def run_batch(
    paths: Sequence[str],
    models: Sequence[str],
    output: str,
    options: BatchOptions = BatchOptions(),
    progress: Progress = no_progress,
    on_row: Callable[[Row, int, int], None] = lambda _row, _done, _total: None,
) -> dict[str, Any]:
    """Run each of ``models`` on what fits in each study under ``paths``; write ``table.csv``, ``table.json`` and the results.

    A run that was done before on the same files with the same package is kept. A failed run is a row, and the next one
    goes on. Returns the content of ``table.json``. Raises MedviewError where nothing can be read or written.
    """
    policy().refuse("ai")
    from medview.inference.cascade import stages_of
    from medview.inference.devices import check_device_name
    from medview.inference.package import open_package

    check_device_name(options.device)
    packages = [stages_of(open_package(model))[0] for model in models]
    found = open_all(paths, progress)
    error = nothing_found(paths, found)
    if error is not None:
        raise error
    root = Path(output)
    pieces = [
        piece for study in found.studies for package in packages for piece in _pieces(study, package, root, options)
    ]
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise cannot_write(root, failure) from failure
    rows: dict[int, Row] = {}
    table = _table(pieces, rows)
    _write_table(root, table)
    with Networks(warm=max(2, options.hands), limit_s=options.limit_s) as networks:

        def work(numbered: tuple[int, _Piece], given_up: Callable[[], bool]) -> Row:
            return _row_of(numbered[1], root, options, networks, given_up)

        for (number, _piece), row in work_off(list(enumerate(pieces)), work, options.hands):
            rows[number] = row
            table = _table(pieces, rows)
            _write_table(root, table)
            on_row(row, len(rows), len(pieces))
    return table


def exit_code_of(table: dict[str, Any]) -> ExitCode:
    """6 where a run failed, 5 where nothing fitted, else 0."""
    counts = table["counts"]
    if counts[FAILED]:
        return ExitCode.RUN_FAILED
    return ExitCode.DONE if counts[DONE] or counts[KEPT] else ExitCode.MODEL_DOES_NOT_FIT


def failure_of(table: dict[str, Any], output: str) -> MedviewError | None:
    """What went wrong, in one sentence; the rows say it each for itself. None where nothing did."""
    code = exit_code_of(table)
    if code is ExitCode.DONE:
        return None
    counts, count = table["counts"], len(table["rows"])
    if code is ExitCode.RUN_FAILED:
        text = f"{counts[FAILED]} of {count} runs failed; {output} holds a table with the reason of each."
        return MedviewError("runs_failed", text, output, code)
    text = f"Nothing fits; {output} holds a table with the reasons for each series."
    return MedviewError("does_not_fit", text, output, code)


def _pieces(study: Study, package: ModelPackage, root: Path, options: BatchOptions) -> Iterator[_Piece]:
    """What of a study is run: the stack that fits best, or all that fit; one that does not, where there is no other."""
    from medview.inference.match import best_stack, match

    best = best_stack(package, study.series, options.assumptions)
    if best is None:
        return
    chosen = [best]
    if options.every and best[2].fits:
        chosen = []
        for series in study.series:
            for stack in series.stacks:
                try:
                    suits = match(package, series, stack, options.assumptions)
                except MedviewError:  # an assumption contradicts its files
                    continue
                if suits.fits:
                    chosen.append((series, stack, suits))
    for series, stack, suits in chosen:
        folder = root / folder_name(package.manifest.id) / folder_name(series.series_uid, stack.id)
        yield _Piece(study, series, stack, package, tuple(suits.reasons), suits.fits, folder)


def folder_name(*parts: str) -> str:
    """A name that every system takes: what is readable of the last part, and a digest of all."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", parts[-1]).strip("-.")[-60:]
    return f"{plain}-{digest}" if len(parts) > 1 or plain != parts[-1] else plain


def fingerprint(stacks: Sequence[Stack], packages: Sequence[ModelPackage], options: BatchOptions) -> str:
    """Digest of what a run depends on: the files of all series with their sizes and times, the package and those that run
    before it, what was said and overridden.
    """
    digest = hashlib.sha256()
    hashes = "+".join(package.sha256 for package in packages)
    digest.update(repr((hashes, options.assumptions, options.force, options.device)).encode())
    paths = [_paths_of(stack) for stack in stacks]
    for path in [path for of_stack in paths for path in of_stack]:
        try:
            told = Path(path).stat()
            digest.update(f"{Path(path).name}\0{told.st_size}\0{told.st_mtime_ns}\n".encode())
        except OSError:
            digest.update(f"{Path(path).name}\0gone\n".encode())
    return digest.hexdigest()


def _paths_of(stack: Stack) -> list[str]:
    paths = {str(getattr(frame, "path", "")) for frame in stack.frames}
    paths.add(str(getattr(stack.whole, "path", "")))
    return sorted(paths - {""})


# One run ---------------------------------------------------------------------------------------------------------------


def _row_of(piece: _Piece, root: Path, options: BatchOptions, networks: Networks, given_up: Callable[[], bool]) -> Row:
    row = _empty_row(piece)
    if not piece.fits and not options.force:
        text = " ".join(note.text for note in piece.reasons)
        return {**row, "status": UNFIT, "code": "does_not_fit", "text": text}
    begun = clock.monotonic()
    try:
        from medview.inference.cascade import stages_of
        from medview.inference.channel_choice import channel_stacks

        fed = channel_stacks(piece.package.manifest.input, piece.study.series, piece.stack, ())
        stacks = (piece.stack, *(other for _name, other in fed))
        mark = fingerprint(stacks, stages_of(piece.package), options)
        kept = None if options.again else _kept(piece.folder, mark)
        if kept is not None:
            return {**row, **_told_by(kept, piece.folder, root), "status": KEPT}
        content = _run(piece, fed, options, networks, given_up)
        with replaced_file(piece.folder / RUN_NAME) as temporary:
            temporary.write_text(json.dumps({"fingerprint": mark}), encoding="utf-8")
    except Cancelled:
        raise
    except Exception as caught:  # a batch of a night must not end at one series
        error = reported(caught)
        if isinstance(error, MedviewError):
            if error.exit_code is ExitCode.CANNOT_WRITE:
                raise error from caught
            code, text = error.code, error.text
        else:
            code, text = "internal", f"{type(error).__name__}: {error}"
        return {**row, "status": FAILED, "code": code, "text": text, "seconds": round(clock.monotonic() - begun, 3)}
    seconds = round(clock.monotonic() - begun, 3)
    return {**row, **_told_by(content, piece.folder, root), "status": DONE, "seconds": seconds}


def _run(
    piece: _Piece,
    fed: Sequence[tuple[str, Stack]],
    options: BatchOptions,
    networks: Networks,
    given_up: Callable[[], bool],
) -> dict[str, Any]:
    from medview.inference.channel_choice import channel_series
    from medview.inference.match import assume
    from medview.inference.request import InferenceRequest
    from medview.inference.retreat import run_or_retreat
    from medview.inference.session import thread_count

    def progress(step: str, done: int, total: int) -> None:  # noqa: ARG001 - rows are what a batch tells
        if given_up():
            raise Cancelled

    volume = load_volume(piece.stack, 0, progress)
    others = channel_series(fed, piece.stack, 0, lambda other, at: load_volume(other, at, progress))
    overrides = () if piece.fits else tuple(dict.fromkeys(note.code for note in piece.reasons))
    threads = max(1, thread_count() // options.hands)
    request = InferenceRequest(
        piece.package, piece.series.series_uid, options.device, 0, overrides, options.assumptions, threads, others
    )
    seen = assume(piece.stack, options.assumptions)
    result = run_or_retreat(request, volume, seen, progress, networks.open)
    result = with_notes(result, (*piece.reasons, *piece.stack.notes))
    return write_result(result, piece.stack, piece.folder)


def _kept(folder: Path, mark: str) -> dict[str, Any] | None:
    """The result of an earlier run on the same files with the same package."""
    try:
        if json.loads((folder / RUN_NAME).read_text(encoding="utf-8"))["fingerprint"] != mark:
            return None
        content = json.loads((folder / RESULT_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return content if isinstance(content, dict) and content.get("status") == "done" else None


# The table -------------------------------------------------------------------------------------------------------------


def _empty_row(piece: _Piece) -> Row:
    manifest = piece.package.manifest
    return {
        "study_uid": piece.study.study_uid,
        "series_uid": piece.series.series_uid,
        "stack": piece.stack.id,
        "time": 0,
        "modality": piece.stack.context.modality,
        "series_number": piece.series.number,
        "model": manifest.id,
        "version": manifest.version,
        "package_sha256": piece.package.sha256,
    }


def _told_by(content: dict[str, Any], folder: Path, root: Path) -> Row:
    """What a ``result.json`` says, in columns."""
    findings = content["findings"]
    sizes = [found["size_mm"] for found in findings if found["size_mm"] is not None]
    row: Row = {
        "seconds": content["timing_s"].get("total"),
        "device": content["device_used"],
        "findings": len(findings) if content["task"] == "detection" else None,
        "largest_mm": max(sizes, default=None),
        "highest_score": max((found["score"] for found in findings), default=None),
        "overrides": " ".join(content["overrides"]),
        "warnings": " ".join(dict.fromkeys(note["code"] for note in content["warnings"])),
        "folder": folder.relative_to(root).as_posix(),
    }
    row |= {f"volume_ml {label['name']}": label["volume_ml"] for label in content["labels"]}
    row |= {f"probability {line['label']}": line["probability"] for line in content["classification"]}
    return row


def _table(pieces: Sequence[_Piece], rows: dict[int, Row]) -> dict[str, Any]:
    told = [rows[number] for number in sorted(rows)]
    counts = {status: sum(row["status"] == status for row in told) for status in (DONE, KEPT, FAILED, UNFIT)}
    return {"counts": {**counts, "left": len(pieces) - len(told)}, "rows": told}


def _write_table(root: Path, table: dict[str, Any]) -> None:
    rows = table["rows"]
    more = dict.fromkeys(name for row in rows for name in row if name not in COLUMNS)
    text = io.StringIO()
    # A byte order mark, so that spreadsheets read names of labels in any script.
    writer = csv.DictWriter(text, [*COLUMNS, *more], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    with replaced_file(root / TABLE_CSV) as temporary:
        temporary.write_bytes(text.getvalue().encode("utf-8-sig"))
    with replaced_file(root / TABLE_JSON) as temporary:
        content = json.dumps(table, indent=1, allow_nan=False, ensure_ascii=False)
        temporary.write_text(content, encoding="utf-8")


def _cell(value: Any) -> Any:
    """A spreadsheet must not take what a file says for a formula."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + value
    return value
