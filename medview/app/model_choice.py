"""Which model packages suit a stack, and why the others do not: what the AI panel lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medview.core.problem import Problem
from medview.core.study import Series, Stack

if TYPE_CHECKING:
    from medview.inference.match import Match
    from medview.inference.package import ModelPackage


@dataclass(frozen=True, eq=False)
class ModelChoice:
    """One package and how it suits the stack."""

    package: ModelPackage
    match: Match
    trusted: bool = True
    """Whether the reader, or medview itself, stands for it."""


def _rank(one: ModelChoice) -> tuple[bool, bool, float, str]:
    """Those that fit first, of them those that run without more being said."""
    manifest = one.package.manifest
    return (not one.match.fits, manifest.task == "prompted", -one.match.score, manifest.name)


def model_choices(series: Series, stack: Stack) -> tuple[tuple[ModelChoice, ...], tuple[Problem, ...]]:
    """All packages, those that fit best first, and the packages that cannot be used. Reads files; run it in a job."""
    from medview.inference.library import packages
    from medview.inference.match import match
    from medview.inference.trust import is_trusted

    found, problems = packages()
    choices = [ModelChoice(package, match(package, series, stack), is_trusted(package)) for package in found]
    choices.sort(key=_rank)
    return tuple(choices), problems
