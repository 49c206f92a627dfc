"""Whether a hanging protocol fits a study, and which series goes into which of its viewports."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medview.app.hanging import Choice, hanging_order, is_kept_back
from medview.app.hanging_protocol import HangingProtocol, SeriesRule, Stage, StudyRule, ViewportRule
from medview.core.study import Series, Stack, Study

_CONTRAST_WORDS = ("contrast", "post", "gd", "gad", "+c", "c+", "ce", "km", "增强")
_AXES = ("sagittal", "coronal", "axial")


@dataclass(frozen=True, eq=False)
class Hung:
    """What a step puts into its viewports; None where no series fits. ``missing`` names viewports that must not be empty."""

    stage: Stage
    choices: tuple[Choice | None, ...]
    missing: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether everything that must be there is there."""
        return not self.missing

    @property
    def is_empty(self) -> bool:
        """Whether nothing fits at all."""
        return all(choice is None for choice in self.choices)


def has_word(text: str, word: str) -> bool:
    """Whether a word stands in a text, in any case: Latin words and figures as whole words ("T1" is not in "T10"), others anywhere."""
    text, word = text.casefold(), word.casefold()
    at = text.find(word)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(word) : at + len(word) + 1]
        if not (_joins(before, word[0]) or _joins(word[-1], after)):
            return True
        at = text.find(word, at + 1)
    return False


def _joins(left: str, right: str) -> bool:
    """Whether two neighbours are parts of one Latin word or number."""
    return bool(re.fullmatch(r"[a-z0-9]{2}", left + right)) if left and right else False


def acquired_orientation(stack: Stack) -> str:
    """axial, sagittal or coronal, by what the slices' normal is nearest to; "" where there is no geometry."""
    if stack.geometry is None:
        return ""
    return _AXES[int(np.argmax(np.abs(np.asarray(stack.geometry.normal))))]


def _told(series: Series, stack: Stack) -> str:
    context = stack.context
    return f"{context.description or series.context.description} {context.protocol or series.context.protocol}"


def is_enhanced(series: Series, stack: Stack) -> bool:
    """Whether a contrast agent was given, as far as is told."""
    told = _told(series, stack)
    return bool(stack.context.contrast_agent.strip()) or any(has_word(told, word) for word in _CONTRAST_WORDS)


def fits_series(rule: SeriesRule, study: Study, series: Series, stack: Stack) -> bool:
    """Whether a stack is what a rule asks for; its study's place in time is not looked at."""
    context, told = stack.context, _told(series, stack)
    modality = context.modality or series.context.modality
    if rule.modalities and modality.upper() not in {one.upper() for one in rule.modalities}:
        return False
    if rule.body_parts and not _fits_body(rule.body_parts, context.body_part, f"{told} {study.description}"):
        return False
    if rule.words and not any(has_word(told, word) for word in rule.words):
        return False
    if any(has_word(told, word) for word in rule.without):
        return False
    if rule.laterality and context.laterality.strip().upper() != rule.laterality:
        return False
    if rule.views and context.view_position.strip().upper() not in {one.upper() for one in rule.views}:
        return False
    if rule.orientation and acquired_orientation(stack) != rule.orientation:
        return False
    if rule.frames and (stack.frame_count > 1) != (rule.frames == "several"):
        return False
    return rule.contrast is None or is_enhanced(series, stack) == rule.contrast


_FOR_PROCESSING = frozenset({"1.2.840.10008.5.1.4.1.1.1.2.1", "1.2.840.10008.5.1.4.1.1.1.1.1"})


def _special(rule: SeriesRule, stack: Stack) -> tuple[int, ...]:
    """How far from what is usually meant a stack is that fits: of two that do the plainer one is hung.

    The view that the rule names first; what is for presentation; mammograms without modifiers (magnified, rolled …), those with
    a displaced implant before other ones, single images before tomosynthesis.
    """
    context = stack.context
    views = [one.upper() for one in rule.views]
    view = context.view_position.strip().upper()
    processing = dict(context.extra).get("sop_class", "") in _FOR_PROCESSING
    modifiers = set(context.view_modifiers)
    several = context.modality == "MG" and stack.frame_count > 1 and rule.frames == ""
    return (views.index(view) if view in views else 0, processing, len(modifiers - {"ID"}), len(modifiers), several)


def _fits_body(wanted: Sequence[str], body_part: str, told: str) -> bool:
    """By the header's body part; where it is empty, as it often is, by what the descriptions say."""
    if body_part.strip():
        return any(has_word(body_part, one) or one.upper() == body_part.strip().upper() for one in wanted)
    return any(has_word(told, one) for one in wanted)


def fits_study(rule: StudyRule, study: Study) -> bool:
    """Whether a study is one that a protocol is for."""
    shown = [series for series in study.series if series.stacks]
    modalities = {series.context.modality.upper() for series in shown}
    if not {one.upper() for one in rule.modalities} <= modalities:
        return False
    if rule.one_of and not {one.upper() for one in rule.one_of} & modalities:
        return False
    told = " ".join([study.description, *(_told(series, series.stacks[0]) for series in shown)])
    if rule.body_parts:
        parts = {series.context.body_part for series in shown if series.context.body_part.strip()} or {""}
        if not any(_fits_body(rule.body_parts, part, told) for part in parts):
            return False
    if rule.words and not any(has_word(told, word) for word in rule.words):
        return False
    return not any(has_word(told, word) for word in rule.without)


def studies_in_order(current: Study, studies: Sequence[Study]) -> tuple[Study, ...]:
    """The study that is read, then the older ones of the same patient, the newest first. Never another patient's."""
    older = [
        study
        for study in studies
        if study is not current
        and study.patient.key == current.patient.key
        and study.study_uid != current.study_uid
        and (study.date, study.time) <= (current.date, current.time)
    ]
    return (current, *sorted(older, key=lambda study: (study.date, study.time, study.study_uid), reverse=True))


def hang(stage: Stage, current: Study, studies: Sequence[Study]) -> Hung:
    """Which stacks a step shows, each once unless a viewport says ``like``; the larger volume before the smaller."""
    ordered = studies_in_order(current, studies)
    choices: list[Choice | None] = []
    missing: list[str] = []
    used: set[str] = set()
    for at, rule in enumerate(stage.viewports):
        if rule.like is not None:
            choice = choices[rule.like]
        else:
            choice = _choice(rule, ordered, used)
            if choice is not None:
                used.add(choice[2].id)
        choices.append(choice)
        if choice is None and not rule.optional:
            missing.append(rule.name or str(at + 1))
    return Hung(stage, tuple(choices), tuple(missing))


def _choice(rule: ViewportRule, ordered: Sequence[Study], used: set[str]) -> Choice | None:
    left = rule.series.prior
    for at, study in enumerate(ordered):
        if (at == 0) != (rule.series.prior == 0):
            continue
        fitting = [one for one in _stacks_of(study) if fits_series(rule.series, *one) and one[2].id not in used]
        if not fitting:
            continue
        fitting.sort(key=lambda one: _special(rule.series, one[2]))
        if left <= 1:
            return fitting[0]
        left -= 1
    return None


def _stacks_of(study: Study) -> list[Choice]:
    """All stacks of a study, in the order in which they are hung: each series' largest first, localisers last."""
    found: list[Choice] = []
    for _, series, first in hanging_order((study,)):
        found += [(study, series, stack) for stack in sorted(series.stacks, key=lambda one: one is not first)]
    return sorted(found, key=lambda one: is_kept_back(one[1]))


def strictness(protocol: HangingProtocol) -> int:
    """How much a protocol asks for: of several that fit, the strictest is first."""
    rule = protocol.study
    conditions = sum(bool(part) for part in (rule.one_of, rule.body_parts, rule.words)) + 2 * len(rule.modalities)
    return conditions + sum(not one.optional and one.like is None for one in protocol.stages[0].viewports)


def fitting_protocols(
    protocols: Sequence[HangingProtocol], current: Study, studies: Sequence[Study]
) -> tuple[HangingProtocol, ...]:
    """Protocols that are for a study and whose first step can be hung whole: the reader's own first, the strictest first."""
    fitting = [
        one for one in protocols if fits_study(one.study, current) and hang(one.stages[0], current, studies).is_whole
    ]
    return tuple(sorted(fitting, key=lambda one: (one.is_builtin, -strictness(one), one.name)))
