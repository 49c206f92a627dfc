"""What a filter is: an operation with typed parameters that have ranges and units, for a slice and for a volume."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress

FloatArray = NDArray[np.float32]
ParameterValue = float | int | bool | str

SliceFunction = Callable[..., FloatArray]
"""(values (j, i) float32, spacing (dj, di) mm, **parameters) → float32 (j, i)."""
VolumeFunction = Callable[..., FloatArray]
"""(values (k, j, i) float32, spacing (dk, dj, di) mm, progress, **parameters) → float32 (k, j, i)."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting: its range is inclusive; ``unit`` is ``mm``, ``px``, ``value`` (the image's own unit) or empty."""

    name: str
    title: str
    kind: Literal["float", "int", "bool", "choice"]
    default: ParameterValue
    minimum: float = 0.0
    maximum: float = 1.0
    step: float = 0.1
    unit: str = ""
    choices: tuple[str, ...] = ()

    def checked(self, value: Any) -> ParameterValue:
        """``value`` as this parameter's type; raises MedviewError where it is no such value or out of range."""
        try:
            if self.kind == "bool":
                return bool(value)
            if self.kind == "choice":
                if value not in self.choices:
                    raise ValueError
                return str(value)
            number: float = int(value) if self.kind == "int" else float(value)
            if not self.minimum <= number <= self.maximum:
                raise ValueError
        except (TypeError, ValueError) as error:
            allowed = ", ".join(self.choices) if self.choices else f"{self.minimum:g} to {self.maximum:g} {self.unit}"
            raise MedviewError(
                "filter_parameter",
                f"{self.title} cannot be {value!r}: allowed is {allowed.strip()}",
                exit_code=ExitCode.BAD_USE,
                values=(self.name, str(value), allowed.strip()),
            ) from error
        return number


@dataclass(frozen=True, slots=True)
class Operation:
    """A filter. Without ``apply_volume`` a volume is done slice by slice.

    ``keeps_unit``: the result still means what the image's values mean (HU stay HU); edges do not, and are drawn with a
    window of their own.
    """

    id: str
    title: str
    parameters: tuple[Parameter, ...]
    apply_slice: SliceFunction
    apply_volume: VolumeFunction | None = None
    keeps_unit: bool = True

    def complete(self, values: Mapping[str, Any]) -> dict[str, ParameterValue]:
        """``values`` checked, with defaults for what is not given; raises MedviewError for what does not exist."""
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in values:
            if name not in known:
                raise MedviewError(
                    "filter_parameter",
                    f"{self.title} has no parameter {name!r}",
                    exit_code=ExitCode.BAD_USE,
                    values=(name,),
                )
        return {name: parameter.checked(values.get(name, parameter.default)) for name, parameter in known.items()}


def slices_of_volume(
    operation: Operation,
    values: FloatArray,
    spacing: tuple[float, float, float],
    progress: Progress,
    parameters: Mapping[str, ParameterValue],
) -> FloatArray:
    """Apply ``operation`` to every slice of ``values`` (k, j, i)."""
    out = np.empty_like(values)
    for k in range(len(values)):
        progress(operation.title, k, len(values))
        out[k] = operation.apply_slice(np.ascontiguousarray(values[k]), spacing[1:], **parameters)
    progress(operation.title, len(values), len(values))
    return out
