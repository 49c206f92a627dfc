"""Several pieces of work at a time for a command without a window: blocking, in threads, told one by one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def work_off(items: Sequence[T], work: Callable[[T, Callable[[], bool]], R], hands: int) -> Iterator[tuple[T, R]]:
    """``work(item, given_up)`` for each item, ``hands`` at a time; yields as they end, in the caller's thread.

    What ``work`` raises, ends all and is raised here. Where the caller stops taking, ``given_up()`` becomes true and no
    further item is begun; the threads that are at work are waited for.
    """
    waiting: queue.SimpleQueue[T] = queue.SimpleQueue()
    for item in items:
        waiting.put(item)
    answers: queue.SimpleQueue[tuple[T, R] | BaseException] = queue.SimpleQueue()
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            try:
                item = waiting.get_nowait()
            except queue.Empty:
                return
            try:
                answers.put((item, work(item, over.is_set)))
            except BaseException as error:  # noqa: BLE001 - raised again where the answers are taken
                answers.put(error)
                return

    threads = [threading.Thread(target=run, name=f"medview-crew-{n}") for n in range(max(1, min(hands, len(items))))]
    for thread in threads:
        thread.start()
    try:
        for _ in items:
            answer = answers.get()
            if isinstance(answer, BaseException):
                raise answer
            yield answer
    finally:
        over.set()
        for thread in threads:
            thread.join()
