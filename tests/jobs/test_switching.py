"""Threads hand the interpreter over soon as soon as there is background work at all, not only once images are read."""

from __future__ import annotations

import sys

from medview.jobs.queue import JobQueue
from medview.jobs.switching import SWITCH_S


def test_a_queue_of_jobs_has_threads_hand_over_soon() -> None:
    before = sys.getswitchinterval()
    try:
        sys.setswitchinterval(0.005)
        JobQueue(lambda call: call()).close()
        assert sys.getswitchinterval() <= SWITCH_S * 1.01
        sys.setswitchinterval(SWITCH_S / 2)
        JobQueue(lambda call: call()).close()
        assert sys.getswitchinterval() < SWITCH_S, "whoever wants less keeps it"
    finally:
        sys.setswitchinterval(before)
