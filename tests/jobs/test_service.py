"""A process that serves: who is not wanted any more while it starts is ended, and its thread with it."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from medview.core.progress import Cancelled
from medview.jobs import service
from medview.jobs.service import Service, ServiceEndedError


def test_a_service_that_is_not_wanted_while_it_starts_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    start = service.start_worker
    monkeypatch.setattr(service, "start_worker", lambda *how: started.append(start(*how)) or started[-1])

    def not_wanted() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        Service("tests.jobs.sleeping_service", checkpoint=not_wanted)
    assert started[0].poll() is not None
    assert not [thread for thread in threading.enumerate() if thread.name == "medview-service"]


def test_parts_of_a_question_are_answered_one_by_one_in_their_order() -> None:
    one = Service("tests.jobs.counting_service")
    try:
        parts = [{"x": np.full((2, n + 1), n, np.int16)} for n in range(3)]
        answers = one.answers(one.ask("run", {}, *parts), 60.0, lambda: None, 1 << 20)
        assert [values["begun"] for values, _ in answers] == [1, 2, 3]
        for (_, made), part in zip(answers, parts, strict=True):
            np.testing.assert_array_equal(made["x"], part["x"] + 1)
        number = one.ask("run", {}, *parts)
        one._asked[number] = (one._asked[number][0], 4)
        with pytest.raises(ServiceEndedError, match="3 answers to 4 parts"):
            one.answers(number, 60.0, lambda: None, 1 << 20)
    finally:
        one.close()


def test_parts_that_are_not_begun_when_they_are_dropped_are_never_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "STOP_WITHIN_S", 60.0)
    one = Service("tests.jobs.counting_service")
    try:
        assert one.call("run", {}, {}, 60.0, lambda: None, 1 << 20)[0]["begun"] == 1
        for _ in range(2):
            one.ask("run", {}, *[{}] * 40)
        one.drop()
        assert one.is_alive
        assert one.call("run", {}, {}, 60.0, lambda: None, 1 << 20)[0]["begun"] < 42
    finally:
        one.close()
