"""What is asked of the reader where a model sees several series and its rules do not say which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medview.core.study import Series, Stack, Study

if TYPE_CHECKING:
    from medview.inference.channel_choice import ChannelChoice
    from medview.inference.package import ModelPackage

UNDECIDED = frozenset({"channel_missing", "channel_ambiguous"})
"""Codes of errors that an answer of the reader can settle."""


@dataclass(frozen=True, eq=False)
class ChannelQuestion:
    """A run that waits for it; ``channels`` are the inputs beside the first."""

    series: Series
    stack: Stack
    package: ModelPackage
    device: str | None
    overrides: tuple[str, ...]
    channels: tuple[ChannelChoice, ...]


def channel_question(
    study: Study, series: Series, stack: Stack, package: ModelPackage, device: str | None, overrides: tuple[str, ...]
) -> ChannelQuestion | None:
    """The question for a run of ``package`` on ``stack``; None where there is no other series to choose."""
    from medview.inference.channel_choice import channel_choices

    channels = channel_choices(package.manifest.input, study.series, stack)
    if not channels or not all(one.candidates for one in channels):
        return None
    return ChannelQuestion(series, stack, package, device, overrides, channels)
