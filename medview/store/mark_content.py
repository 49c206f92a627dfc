"""A reader's mark as the journal holds it, and back: instance, frame, image coordinates, and the place in the patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, get_args

from medview.core.measurement import POINTS_OF_KIND, ImagePoint, Measurement, MeasurementKind, MeasurementPlace

Triple = tuple[float, float, float]
_KINDS = frozenset(get_args(MeasurementKind))
_PLACE = tuple(entry.name for entry in fields(MeasurementPlace))
_OTHERS = tuple(entry.name for entry in fields(Measurement) if entry.name not in {"id", "kind", "place", "points"})


def mark_content(mark: Measurement, patient_points: tuple[Triple, ...] | None) -> dict[str, Any]:
    """What is kept of a mark. ``patient_points`` are its points in LPS mm, None without geometry."""
    content = asdict(mark)
    del content["id"]
    content["patient_points"] = patient_points
    return content


def mark_of(mark_id: str, content: Mapping[str, Any]) -> Measurement:
    """The mark again; what is missing has its default, what an older version does not know is left out.

    Raises ValueError where the content is none that this version knows.
    """
    try:
        kind = content["kind"]
        if kind not in _KINDS:
            raise ValueError(f"a mark of the kind {kind!r}")
        where = content["place"]
        place = {name: where[name] for name in _PLACE if name in where}
        for name in ("origin", "across", "down"):
            place[name] = _triple(place.get(name))
        points: tuple[ImagePoint, ...] = tuple((float(x), float(y)) for x, y in content["points"])
        least, most = POINTS_OF_KIND[kind]
        if not least <= len(points) <= most:
            raise ValueError(f"a mark of the kind {kind!r} with {len(points)} points")
        others = {name: _tuples(content[name]) for name in _OTHERS if name in content}
        return Measurement(id=mark_id, kind=kind, place=MeasurementPlace(**place), points=points, **others)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error


def _tuples(value: Any) -> Any:
    """JSON has lists only; a mark's values are frozen."""
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value


def _triple(values: Any) -> Triple | None:
    if values is None:
        return None
    x, y, z = (float(value) for value in values)
    return (x, y, z)
