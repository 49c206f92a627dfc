"""What a filter is to the rest of medview: a described operation with typed parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress

FloatImage = NDArray[np.float32]
Value = int | float | bool | str
Values = Mapping[str, Value]

ParameterKind = Literal["int", "float", "bool", "choice"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One adjustable figure: its kind, range and unit (``px``, ``mm``, ``value`` for modality units, or empty)."""

    name: str
    title: str
    kind: ParameterKind
    default: Value
    minimum: float = 0.0
    maximum: float = 0.0
    step: float = 1.0
    unit: str = ""
    choices: tuple[str, ...] = ()

    def checked(self, value: Value) -> Value:
        """``value`` as this parameter's type; raises MedviewError (bad_parameter) when it is of another kind or range."""
        if self.kind == "choice":
            if value in self.choices:
                return value
            raise self._refusal(value, f"one of {', '.join(self.choices)}")
        if self.kind == "bool":
            if isinstance(value, bool):
                return value
            raise self._refusal(value, "true or false")
        if isinstance(value, (bool, str)) or not np.isfinite(value):
            raise self._refusal(value, "a number")
        if not self.minimum <= value <= self.maximum:
            raise self._refusal(value, f"between {self.minimum:g} and {self.maximum:g} {self.unit}".strip())
        if self.kind == "int":
            if value != round(value):
                raise self._refusal(value, "a whole number")
            return round(value)
        return float(value)

    def _refusal(self, value: Value, wanted: str) -> MedviewError:
        return MedviewError(
            "bad_parameter",
            f"{self.title}: {value!r} is not {wanted}.",
            exit_code=ExitCode.BAD_USE,
            values=(self.name, str(value), wanted),
        )


SliceFilter = Callable[[FloatImage, tuple[float, float], Values], FloatImage]
"""(j, i) float32 modality values, (dj, di) mm, parameters → (j, i) float32."""

VolumeFilter = Callable[[FloatImage, tuple[float, float, float], Values, Progress], FloatImage]
"""(k, j, i) float32 modality values, (dk, dj, di) mm, parameters, progress → (k, j, i) float32."""


@dataclass(frozen=True)
class Operation:
    """A filter with its parameters. ``keeps_unit`` is False where the result is no modality value any more (edges).

    ``in_volume`` is None where the operation works slice by slice also on a volume.
    """

    id: str
    title: str
    group: str
    parameters: tuple[Parameter, ...]
    in_slice: SliceFilter
    in_volume: VolumeFilter | None = None
    keeps_unit: bool = True

    def values(self, given: Values) -> dict[str, Value]:
        """Every parameter's value, ``given`` or default, checked; raises MedviewError on unknown names and bad values."""
        unknown = set(given) - {parameter.name for parameter in self.parameters}
        if unknown:
            name = min(unknown)
            raise MedviewError(
                "bad_parameter",
                f"{self.title} has no parameter {name!r}.",
                exit_code=ExitCode.BAD_USE,
                values=(self.id, name),
            )
        return {p.name: p.checked(given.get(p.name, p.default)) for p in self.parameters}

    def apply_slice(self, image: NDArray[Any], spacing: tuple[float, float] = (1.0, 1.0), **given: Value) -> FloatImage:
        """Filter one slice (j, i) of modality values; ``spacing`` (dj, di) mm, (1, 1) where px are meant."""
        return self.in_slice(_as_float(image), spacing, self.values(given))

    def apply_volume(
        self, volume: NDArray[Any], spacing: tuple[float, float, float], progress: Progress, **given: Value
    ) -> FloatImage:
        """Filter (k, j, i) modality values; in three dimensions where the operation can, else slice by slice."""
        values = self.values(given)
        source = _as_float(volume)
        if self.in_volume is not None:
            progress(self.id, 0, 1)
            result = self.in_volume(source, spacing, values, progress)
            progress(self.id, 1, 1)
            return result
        result = np.empty_like(source)
        for k, image in enumerate(source):
            progress(self.id, k, len(source))
            result[k] = self.in_slice(image, spacing[1:], values)
        return result


def _as_float(image: NDArray[Any]) -> FloatImage:
    return np.ascontiguousarray(image, dtype=np.float32)
