"""A process that serves: who is not wanted any more while it starts is ended, and its thread with it."""

from __future__ import annotations

import threading

import pytest

from medview.core.progress import Cancelled
from medview.jobs import service
from medview.jobs.service import Service


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
