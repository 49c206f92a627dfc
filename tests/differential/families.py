"""The families of made series by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.differential.cases import classic
from tests.differential.colours import colours
from tests.differential.enhanced import enhanced
from tests.differential.truth import TrueSeries

FAMILIES: dict[str, Callable[[int, Path], TrueSeries]] = {"classic": classic, "enhanced": enhanced, "colours": colours}
