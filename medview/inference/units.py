"""What a series' modality values are multiplied by to be in the unit that a network wants."""

from __future__ import annotations

from medview.core.study import Stack
from medview.inference.manifest import Input, Unit

DECLARED_UNITS = frozenset({"HU", "SUV"})
"""Units that a series has to declare; ``stored``, ``modality`` and ``display`` every one has."""
SUV_SCALE = "suv_bw"


def unit_of_first(given: Input) -> Unit:
    """The unit of the series that a run is asked for: of several the first one's."""
    return (given.sources[0].unit if given.sources else None) or given.unit


def factor_to(unit: str, stack: Stack) -> float | None:
    """1 where the series is in ``unit``; for SUV by body weight of a PET in Bq/ml what its files' dose, weight and times
    give; None where it cannot be had.
    """
    if unit not in DECLARED_UNITS or stack.unit == unit:
        return 1.0
    if unit != "SUV":
        return None
    scale = next((scale for scale in stack.scales if scale.id == SUV_SCALE), None)
    return None if scale is None else scale.slopes[0]
