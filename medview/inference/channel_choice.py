"""Which series of a study feed the sources of a network that sees several."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from medview.core.problem import ExitCode, MedviewError
from medview.core.study import Series, Stack
from medview.core.volume import Volume
from medview.inference.manifest import Input, Source
from medview.inference.request import ChannelSeries
from medview.inference.units import factor_to


def channel_stacks(
    given: Input, series: Iterable[Series], first: Stack, named: Sequence[str]
) -> tuple[tuple[str, Stack], ...]:
    """(name, stack) for all sources but the first, which is ``first``.

    ``named``: the reader's NAME=STACK. For the others the rules must leave exactly one stack, of those with the same
    frame of reference if there are such. Raises MedviewError ``channel_missing``, ``channel_ambiguous`` or
    ``bad_channel``.
    """
    listed = list(series)
    if named_first(given, named) not in {"", first.id}:
        text = f"The run is asked for on {first.id}, and --channel names another series for {given.sources[0].name}."
        raise MedviewError("bad_channel", text, None, ExitCode.BAD_USE, values=(given.sources[0].name, first.id))
    stacks = [stack for one in listed for stack in one.stacks if stack.geometry is not None]
    chosen = _by_name(given, stacks, named)
    taken = {first.id, *(stack.id for stack in chosen.values())}
    found = []
    for source in given.sources[1:]:
        if source.name not in chosen:
            fitting = [stack for stack in stacks if stack.id not in taken and suits(source, stack)]
            chosen[source.name] = _only(source, _registered(fitting, first))
            taken.add(chosen[source.name].id)
        _refuse_unlike(given, source, chosen[source.name])
        found.append((source.name, chosen[source.name]))
    return tuple(found)


def named_first(given: Input, named: Sequence[str]) -> str:
    """The stack that the reader named for the first source, which is the one that the run is asked for; "" for none."""
    if not given.sources:
        return ""
    return next((text.partition("=")[2] for text in named if text.partition("=")[0] == given.sources[0].name), "")


def channel_series(
    chosen: Iterable[tuple[str, Stack]], first: Stack, time: int, load: Callable[[Stack, int], Volume]
) -> tuple[ChannelSeries, ...]:
    """What :func:`channel_stacks` chose, loaded: of each the time point that goes with ``time`` of ``first``."""
    timed = [(name, other, _time_of(name, other, first, time)) for name, other in chosen]
    return tuple(ChannelSeries(name, load(other, at), other, at) for name, other, at in timed)


def _time_of(name: str, other: Stack, first: Stack, time: int) -> int:
    """Raises MedviewError ``channel_times`` where nothing says it."""
    if other.timepoints == 1:
        return 0
    if other.timepoints == first.timepoints:
        return time
    text = (
        f"The series for {name} has {other.timepoints} time points, the first series {first.timepoints}; which belong together "
        "is not known."
    )
    values = (name, str(other.timepoints), str(first.timepoints))
    raise MedviewError("channel_times", text, None, ExitCode.MODEL_DOES_NOT_FIT, values=values)


def _refuse_unlike(given: Input, source: Source, stack: Stack) -> None:
    """Raise MedviewError where a source's values are not in the unit that the network was trained on."""
    unit = source.unit or given.unit
    if stack.components == 1 and factor_to(unit, stack) is None:
        said = "no unit" if stack.unit in {None, "stored"} else str(stack.unit)
        text = f"The model wants {unit} as its channel {source.name}; the series has {said}."
        raise MedviewError("unit_missing", text, None, ExitCode.MODEL_DOES_NOT_FIT, values=(unit, said))
    if stack.inverted and unit in {"stored", "modality"} and given.inverted == "refuse":
        text = (
            f"The series for {source.name} stores low values as white (MONOCHROME1); the model does not say what then."
        )
        raise MedviewError("inverted", text, None, ExitCode.MODEL_DOES_NOT_FIT)


@dataclass(frozen=True, eq=False)
class ChannelChoice:
    """The stacks that could be one source, those that suit it first, and the one that its rules suggest ("" for none).

    Each comes with ``same`` frame of reference as the first series, ``other``, or ``unknown``.
    """

    source: Source
    candidates: tuple[tuple[Series, Stack, Literal["same", "other", "unknown"]], ...]
    suggested: str = ""


def channel_choices(given: Input, series: Iterable[Series], first: Stack) -> tuple[ChannelChoice, ...]:
    """What can be chosen for each source but the first, for the reader to decide."""
    stacks = [
        (one, stack) for one in series for stack in one.stacks if stack.geometry is not None and stack is not first
    ]
    stacks = [pair for pair in stacks if pair[1].id != first.id]
    taken: set[str] = set()
    choices = []
    for source in given.sources[1:]:
        ranked = sorted(
            ((one, stack, _place(stack, first)) for one, stack in stacks),
            key=lambda pair: (not suits(source, pair[1]), pair[2] == "other", pair[1].id in taken),
        )
        best = next(
            (
                stack.id
                for _, stack, place in ranked
                if suits(source, stack) and place != "other" and stack.id not in taken
            ),
            "",
        )
        taken.add(best)
        choices.append(ChannelChoice(source, tuple(ranked), best))
    return tuple(choices)


def _place(stack: Stack, first: Stack) -> Literal["same", "other", "unknown"]:
    mine = first.geometry.frame_of_reference if first.geometry is not None else ""
    theirs = stack.geometry.frame_of_reference if stack.geometry is not None else ""
    if not mine or not theirs:
        return "unknown"
    return "same" if mine == theirs else "other"


def suits(source: Source, stack: Stack) -> bool:
    """Whether a stack is what a source's rules describe."""
    context = stack.context
    if source.modalities and context.modality not in source.modalities:
        return False
    said = f"{context.description} {context.protocol}".lower()
    if source.descriptions and not any(all(w in said for w in text.lower().split()) for text in source.descriptions):
        return False
    if any(word.lower() in said for word in source.without):
        return False
    return source.contrast == "any" or bool(context.contrast_agent) == (source.contrast == "with")


def _by_name(given: Input, stacks: list[Stack], named: Sequence[str]) -> dict[str, Stack]:
    names = {source.name for source in given.sources[1:]}
    first = given.sources[0].name if given.sources else ""
    found: dict[str, Stack] = {}
    for text in named:
        name, _, stack_id = text.partition("=")
        if name == first and first:
            continue
        stack = next((one for one in stacks if one.id == stack_id), None)
        if name not in names or stack is None:
            known = ", ".join(source.name for source in given.sources) or "none"
            why = f"the model has no channel {name!r} (it has: {known})" if name not in names else "no such stack"
            raise MedviewError("bad_channel", f"--channel {text}: {why}.", None, ExitCode.BAD_USE, values=(text, why))
        found[name] = stack
    return found


def _registered(stacks: list[Stack], first: Stack) -> list[Stack]:
    """Those with the frame of reference of ``first``, if any has it."""
    wanted = first.geometry.frame_of_reference if first.geometry is not None else ""
    same = [one for one in stacks if wanted and one.geometry and one.geometry.frame_of_reference == wanted]
    return same or stacks


def _only(source: Source, fitting: list[Stack]) -> Stack:
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        text = f"No series suits the model's channel {source.name}; name one with --channel {source.name}=STACK."
        raise MedviewError("channel_missing", text, None, ExitCode.MODEL_DOES_NOT_FIT, values=(source.name,))
    ids = ", ".join(stack.id for stack in fitting[:6])
    text = (
        f"Several series suit the model's channel {source.name} ({ids}); name one with --channel {source.name}=STACK."
    )
    raise MedviewError("channel_ambiguous", text, None, ExitCode.MODEL_DOES_NOT_FIT, values=(source.name, ids))
