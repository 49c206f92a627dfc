"""A typed setting of an operation: its name, range, unit and default, from which forms and checks are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from medview.core.problem import ExitCode, MedviewError

ParameterValue = float | int | bool | str


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


def complete_parameters(
    title: str, parameters: Sequence[Parameter], values: Mapping[str, Any]
) -> dict[str, ParameterValue]:
    """``values`` checked, with defaults for what is not given; raises MedviewError for what ``title`` does not have."""
    known = {parameter.name: parameter for parameter in parameters}
    for name in values:
        if name not in known:
            raise MedviewError(
                "filter_parameter",
                f"{title} has no parameter {name!r}",
                exit_code=ExitCode.BAD_USE,
                values=(name,),
            )
    return {name: parameter.checked(values.get(name, parameter.default)) for name, parameter in known.items()}
