"""What a run is asked for: a frozen value that says which package, where, and what the reader knowingly overrode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from medview.core.study import Stack
from medview.core.volume import Volume
from medview.inference.devices import AUTO
from medview.inference.package import ModelPackage


@dataclass(frozen=True, eq=False)
class ChannelSeries:
    """The series that one of ``input.sources`` is fed with, beside the one that the run is asked for."""

    name: str
    volume: Volume
    stack: Stack
    time: int = 0


@dataclass(frozen=True, eq=False)
class InferenceRequest:
    """``overrides``: codes of the reasons against this series that the reader set aside. ``assumptions``: what the
    reader said of the series where its files say nothing (``modality``, ``unit`` …).
    """

    package: ModelPackage
    series_uid: str
    device: str = AUTO
    time: int = 0
    overrides: tuple[str, ...] = ()
    assumptions: tuple[tuple[str, str], ...] = ()
    threads: int | None = None
    channels: tuple[ChannelSeries, ...] = ()
    """Series for ``input.sources`` but the first, in any order."""
    memory: dict[int, dict[str, Any]] | None = None
    """What a recurrent network remembers of each slice, from one time point to the next; runs read it and write it. None:
    it remembers from slice to slice of one run.
    """
