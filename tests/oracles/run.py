"""The comparisons as many small tasks in a few processes; one that dies costs its own task, and a broken run goes on."""

from __future__ import annotations

import json
import multiprocessing
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from tests.oracles.outcome import Outcome

TASK_LIMIT_S = 900.0
FILE_ORACLES = ("dcmtk", "pydicom", "dcmdump", "dcmqi")
SERIES_ORACLES = ("dcm2niix",)
ORACLES = (*FILE_ORACLES, *SERIES_ORACLES)


@dataclass(frozen=True, slots=True)
class Task:
    """One file or one series beside one oracle; ``key`` is what a journal remembers it by."""

    oracle: str
    name: str
    paths: tuple[str, ...]
    most_frames: int
    has_position: bool = True

    @property
    def key(self) -> str:
        """The same for the same work."""
        return f"{self.oracle}\t{self.name}\t{len(self.paths)}"


def tasks_of(files: Sequence[tuple[Path, str]], oracles: Sequence[str], most_frames: int) -> Iterator[Task]:
    """All that there is to compare, files first."""
    for oracle in FILE_ORACLES:
        if oracle in oracles:
            for path, name in files:
                if oracle != "dcmqi" or _is_segmentation(path):
                    yield Task(oracle, name, (str(path),), most_frames)
    if "dcm2niix" in oracles:
        from tests.oracles.volumes import series_of

        for series in series_of(files):
            yield Task(
                "dcm2niix", series.name, tuple(str(path) for path in series.paths), most_frames, series.has_position
            )


def _is_segmentation(path: Path) -> bool:
    from tests.oracles.facts import read_header

    data = read_header(path)
    return data is not None and data.get("Modality") == "SEG"


def compare(task: Task) -> list[Outcome]:
    """Do one task in this process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if task.oracle == "dcmtk":
            from tests.oracles.display import compare_display
            from tests.oracles.overlays import compare_overlays

            drawn = compare_display(Path(task.paths[0]), task.name, task.most_frames)
            over = compare_overlays(Path(task.paths[0]), task.name)
            return [drawn] if over is None else [drawn, over]
        if task.oracle == "pydicom":
            from tests.oracles.values import compare_values

            return [compare_values(Path(task.paths[0]), task.name, task.most_frames)]
        if task.oracle == "dcmdump":
            from tests.oracles.words import compare_words

            said = compare_words(Path(task.paths[0]), task.name)
            return [] if said is None else [said]
        if task.oracle == "dcmqi":
            from tests.oracles.segments import compare_segments

            return [compare_segments(Path(task.paths[0]), task.name)]
        from tests.oracles.volumes import SeriesFiles, compare_series

        series = SeriesFiles(task.name, tuple(Path(path) for path in task.paths), task.has_position)
        return compare_series(series)


def run_tasks(
    tasks: Iterable[Task],
    jobs: int,
    journal: Path | None = None,
    on_done: Callable[[int, int], None] | None = None,
    work: Callable[[Task], list[Outcome]] = compare,
) -> list[Outcome]:
    """Outcomes of all tasks; with ``journal`` those of an earlier, broken run are taken from it and new ones added.

    ``work`` does one task in a process of its own.
    """
    waiting = deque(tasks)
    total = len(waiting)
    outcomes: list[Outcome] = []
    known = _journalled(journal)
    left: deque[Task] = deque()
    for task in waiting:
        if task.key in known:
            outcomes.extend(known[task.key])
        else:
            left.append(task)
    stream = None if journal is None else journal.open("a", encoding="utf-8")
    if stream is not None:
        stream.write("\n")  # a broken run may have ended in the middle of a line
    try:
        for task, found in _in_processes(left, jobs, work):
            outcomes.extend(found)
            if stream is not None:
                stream.write(json.dumps({"key": task.key, "outcomes": [each.to_json() for each in found]}) + "\n")
                stream.flush()
            if on_done is not None:
                on_done(total - len(left), total)
    finally:
        if stream is not None:
            stream.close()
    return outcomes


def _journalled(journal: Path | None) -> dict[str, list[Outcome]]:
    if journal is None or not journal.exists():
        return {}
    known = {}
    for line in journal.read_text("utf-8").splitlines():
        try:
            record = json.loads(line)
        except ValueError:
            continue  # the last line of a run that was ended in the middle of it
        known[record["key"]] = [Outcome.from_json(each) for each in record["outcomes"]]
    return known


@dataclass(slots=True)
class _Worker:
    process: Any
    pipe: Connection
    task: Task | None = None
    since: float = 0.0


def _in_processes(
    left: deque[Task], jobs: int, work: Callable[[Task], list[Outcome]]
) -> Iterator[tuple[Task, list[Outcome]]]:
    """Each task with what came of it; ``left`` runs empty."""
    context = multiprocessing.get_context("spawn")
    workers: list[_Worker] = []

    def begin() -> None:
        ours, its = context.Pipe()
        process = context.Process(target=_serve, args=(its, work), daemon=True)
        process.start()
        its.close()
        workers.append(_Worker(process, ours))

    try:
        for _ in range(min(jobs, len(left))):
            begin()
        while workers:
            for worker in workers:
                if worker.task is None and left:
                    worker.task, worker.since = left.popleft(), time.monotonic()
                    worker.pipe.send(worker.task)
            busy = [worker for worker in workers if worker.task is not None]
            if not busy:
                break
            ready = wait([worker.pipe for worker in busy], timeout=5.0)
            for worker in busy:
                task = worker.task
                assert task is not None
                if worker.pipe in ready:
                    try:
                        found = worker.pipe.recv()
                        worker.task = None
                        yield task, found
                        continue
                    except EOFError:
                        worker.process.join()
                        said = f"the process died ({worker.process.exitcode})"
                elif time.monotonic() - worker.since > TASK_LIMIT_S:
                    worker.process.kill()
                    said = f"no answer within {TASK_LIMIT_S:g} s"
                else:
                    continue
                workers.remove(worker)
                begin()
                yield task, [_broken(task, said)]
    finally:
        for worker in workers:
            worker.pipe.close()
            worker.process.kill()
            worker.process.join()


def _serve(pipe: Connection, work: Callable[[Task], list[Outcome]]) -> None:
    while True:
        try:
            task: Task = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            found = work(task)
        except Exception as error:  # noqa: BLE001 - what medview must not raise while a file is shown
            found = [_broken(task, f"{type(error).__name__}: {error}")]
        pipe.send(found)


def _broken(task: Task, said: str) -> Outcome:
    return Outcome(task.name, task.oracle, "different", 0, 0, 0.0, said, {"broken": said})
