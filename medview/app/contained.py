"""Networks in processes of their own: whatever one does there is told as a failed run, and the reading goes on. No Qt.

Each network has its process. It is kept for a while after a run, so that the next run of the same package starts at once, and
ends by itself when it is idle for long or the machine runs short of memory.
"""

from __future__ import annotations

import functools
import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError, Note
from medview.jobs.kept import Kept
from medview.jobs.pool import physical_memory
from medview.jobs.service import Service, ServiceEndedError

if TYPE_CHECKING:
    from medview.inference.package import ModelPackage
    from medview.inference.session import Port

Array = NDArray[Any]
Checkpoint = Callable[[], None]

ENTRY = "medview.inference.worker"
IDLE_S = 180.0
"""How long a network stays open that nobody runs."""
WARM = 2
"""How many networks stay open."""
NICENESS = 5
"""Beside a window: whatever draws comes first."""
SMALLEST_MEMORY = 1 << 30


@dataclass(frozen=True, slots=True)
class Limits:
    """What a network may take. A call may take ``call_s`` and ``per_million_s`` more for each million input values."""

    memory_share: float
    open_s: float
    call_s: float
    per_million_s: float

    def call_limit(self, feeds: Mapping[str, Array]) -> float:
        """Seconds for one call with ``feeds``."""
        return self.call_s + self.per_million_s * sum(array.size for array in feeds.values()) / 1e6

    def memory(self) -> int:
        """Bytes beside what an idle process takes."""
        return max(SMALLEST_MEMORY, int(_physical_memory() * self.memory_share))


_physical_memory = functools.cache(physical_memory)
"""Asked with every call; it is what it is."""

STRANGER = Limits(0.5, 120.0, 60.0, 30.0)
"""A 3-D network of 1 TFLOP for a million values takes 20 s on two slow cores; an endless one is found out after a minute."""
TRUSTED = Limits(0.8, 600.0, 300.0, 120.0)

TOGETHER_S = 0.1
"""Calls that take less than this together are asked for at once: what it costs to hand a call over is paid once for all of them, and
a network of 10 ms a call would be a tenth slower for it. The next slice is chosen so much earlier, and progress is told so much later.
"""
TOGETHER_BYTES = 4 << 20
"""Most that calls which are asked for at once may take of shared memory."""


def calls_at_once(seconds: float, size: int) -> int:
    """How many calls of so many seconds, and of ``size`` bytes with their answer, are handed over together."""
    return max(1, min(int(TOGETHER_S / max(seconds, 1e-3)), TOGETHER_BYTES // max(size, 1)))


class _Coming:
    """What a network will be given, taken one or some at a time."""

    def __init__(self, feeds: Iterable[Mapping[str, Array]]) -> None:
        self._feeds = iter(feeds)
        self.size = 0
        """Bytes of the largest so far."""

    def some(self, most: int) -> list[Mapping[str, Array]]:
        """At most so many; none at the end."""
        given = list(itertools.islice(self._feeds, most))
        self.size = max([self.size, *(sum(array.nbytes for array in one.values()) for one in given)])
        return given


Key = tuple[str, str, int | None, bool, bytes]


class ContainedSession:
    """A network in another process; the same face as :class:`medview.inference.session.NetworkSession`."""

    def __init__(self, networks: Networks, key: Key, package: ModelPackage, service: Service, limits: Limits) -> None:
        self.networks = networks
        self.key = key
        self.service = service
        self.package = package
        self.limits = limits
        self.name = package.model_path.name
        self.path = str(package.model_path)
        self.device = ""
        self.fallback = ""
        self.inputs: tuple[Port, ...] = ()
        self.outputs: tuple[Port, ...] = ()
        self.seconds_inside = 0.0
        self.notes: tuple[Note, ...] = ()

    def open(self, device: str, threads: int | None, checkpoint: Checkpoint) -> None:
        """Have it opened. Raises MedviewError with exit code 4 for an unusable network, 6 where it broke down."""
        from medview.inference.incidents import incident_of
        from medview.inference.session import Port

        before = incident_of(self.package)
        if before is not None:
            text = f"{self.name} broke down {before.times} time(s) before ({before.cause})."
            self.notes = (Note("crashed_before", text, (self.name, str(before.times), before.cause)),)
        wanted = {
            "path": self.path,
            "device": device,
            "threads": threads,
            "memory": self.limits.memory(),
            "idle_s": IDLE_S,
            # Where opening broke down, it was most likely the rewriting of the graph.
            "optimise": before is None or before.step != "open",
            "tail": self.key[-1],
        }
        told, _ = self._ask("open", wanted, {}, self.limits.open_s, checkpoint)
        self.device, self.fallback = str(told["device"]), str(told["fallback"])
        ports = [
            tuple(Port(str(name), tuple(shape), str(kind)) for name, shape, kind in told[side])
            for side in ("inputs", "outputs")
        ]
        self.inputs, self.outputs = ports

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.networks.give_back(self, ended_well=kind is None)

    def run(self, feeds: Mapping[str, Array], names: Sequence[str], checkpoint: Checkpoint) -> list[Array]:
        """Outputs ``names`` for ``feeds``. Raises Cancelled (from ``checkpoint``) or MedviewError (exit code 6)."""
        (outputs,) = [[one.copy() for one in outputs] for outputs in self.run_each([feeds], names, checkpoint)]
        return outputs

    def run_each(
        self, feeds: Iterable[Mapping[str, Array]], names: Sequence[str], checkpoint: Checkpoint
    ) -> Generator[list[Array], None, None]:
        """As :meth:`run` for each of ``feeds``: the next lie in shared memory while the network is busy with one.

        Answers are not copied out of it: each is good until the next is asked for.
        """
        coming = _Coming(feeds)
        under_way: deque[tuple[int, float]] = deque()
        service, at_once = self.service, 1
        try:
            while True:
                while service.has_room and (at_once == 1 or len(under_way) < 2) and (given := coming.some(at_once)):
                    with self._told("run"):
                        number = service.ask("run", {"names": list(names)}, *given)
                    under_way.append((number, max(map(self.limits.call_limit, given))))
                if not under_way:
                    return
                number, limit_s = under_way.popleft()
                with self._told("run"):
                    answers = service.answers(number, limit_s, checkpoint, self.limits.memory())
                    seconds = sum(float(told["seconds"]) for told, _ in answers)
                self.seconds_inside += seconds
                for _, outputs in answers:
                    yield [outputs[name] for name in names]
                at_once = calls_at_once(seconds / len(answers), coming.size + service.answer_size)
        finally:
            service.drop()

    def _ask(
        self, kind: str, values: Mapping[str, Any], arrays: Mapping[str, Array], limit_s: float, checkpoint: Checkpoint
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        with self._told(kind):
            return self.service.call(kind, values, arrays, limit_s, checkpoint, self.limits.memory())

    @contextmanager
    def _told(self, kind: str) -> Iterator[None]:
        """What goes wrong in the process as the error of a run."""
        try:
            yield
        except ServiceEndedError as error:
            raise self.networks.failure(self.package, error, kind) from error
        except MedviewError as error:
            if error.path is not None:
                raise
            what = "asks for more memory than there is." if error.code == "out_of_memory" else f"failed: {error.text}"
            raise MedviewError(error.code, f"{self.name} {what}", self.path, ExitCode.RUN_FAILED) from error


class Networks:
    """Opens networks in processes, keeps a few of them warm. ``open`` may be called from any thread."""

    def __init__(
        self,
        niceness: int = 0,
        warm: int = WARM,
        limit_s: float | None = None,
        entry: str = ENTRY,
    ) -> None:
        """``limit_s``: most seconds for opening and for each call, instead of what the size of the input gives."""
        self._niceness = niceness
        self._limit_s = limit_s
        self._entry = entry
        self._warm: Kept[Key, ContainedSession] = Kept(warm)

    def open_with(self, tail: bytes) -> Callable[..., ContainedSession]:
        """Opens networks with ``tail`` appended to their graph; an :data:`medview.inference.session.OpenSession`."""
        return functools.partial(self.open, tail=tail)

    def open(
        self, package: ModelPackage, device: str, threads: int | None, checkpoint: Checkpoint, tail: bytes = b""
    ) -> ContainedSession:
        """The package's network, warm or opened now; an :data:`medview.inference.session.OpenSession`."""
        from medview.inference.trust import is_trusted

        trusted = is_trusted(package)
        key = (package.sha256, device, threads, trusted, tail)
        kept = self._warm.take(key)
        if kept is not None:
            if kept.service.is_alive:
                kept.seconds_inside = 0.0
                kept.package = package
                kept.notes = ()
                return kept
            kept.service.close()
        limits = TRUSTED if trusted else STRANGER
        if self._limit_s is not None:
            limits = Limits(limits.memory_share, self._limit_s, self._limit_s, 0.0)
        try:
            service = Service(self._entry, self._niceness, checkpoint)
        except ServiceEndedError as error:
            raise self.failure(package, error, "open") from error
        session = ContainedSession(self, key, package, service, limits)
        try:
            session.open(device, threads, checkpoint)
        except BaseException:
            service.close()
            raise
        return session

    def give_back(self, session: ContainedSession, ended_well: bool) -> None:
        """A run is over: keep the network where it ended well, else end its process."""
        if ended_well:
            from medview.inference.incidents import forget_incident

            forget_incident(session.package)
        is_kept = ended_well and session.service.is_alive
        for one in self._warm.keep(session.key, session) if is_kept else [session]:
            one.service.close()

    def release(self) -> None:
        """Close the networks that are kept warm: their memory is needed."""
        for one in self._warm.empty():
            one.service.close()

    def close(self) -> None:
        """Close all that is warm and keep nothing any more."""
        for one in self._warm.close():
            one.service.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def warm_processes(self) -> tuple[int, ...]:
        """Process ids of the networks that are kept."""
        return tuple(one.service.process_id for one in self._warm.values if one.service.is_alive)

    def failure(self, package: ModelPackage, error: ServiceEndedError, step: str) -> MedviewError:
        """What is told of a process that ended; breakdowns of the network are remembered."""
        name = package.model_path.name
        if error.how == "not_started":
            text = f"The process for {name} does not start: {error.cause}."
            code = "network_process_unavailable"
        elif error.how == "overdue":
            text = f"{name} was stopped: {error.cause}."
            code = "network_overdue"
        elif error.how == "memory":
            text = f"{name} asks for more memory than there is."
            code = "out_of_memory"
        else:
            text = f"{name} broke down ({error.cause}); its process is gone, medview goes on."
            code = "network_crashed"
        if error.how != "not_started":
            from medview.inference.incidents import remember_incident

            remember_incident(package, code, error.cause, step)
        return MedviewError(code, text, str(package.model_path), ExitCode.RUN_FAILED, (name, error.cause))
