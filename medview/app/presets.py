"""Window presets by modality, with the digit keys that call them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.core.value_scale import ValueScale
from medview.core.window import Window


@dataclass(frozen=True, slots=True)
class Preset:
    """A window with a name; ``digit`` is the key that calls it, "" where only the menu does."""

    digit: str
    name: str
    window: Window
    inverted: bool = False
    """Whether it is drawn dark on white, as PET is read."""


def _preset(digit: str, name: str, width: float, center: float) -> Preset:
    return Preset(digit, name, Window(center, width, "LINEAR", name))


# Width / center in HU, the numbers that are in common use in reading rooms.
_CT = (
    _preset("3", QT_TRANSLATE_NOOP("Preset", "Brain"), 80, 40),
    _preset("4", QT_TRANSLATE_NOOP("Preset", "Abdomen"), 400, 40),
    _preset("5", QT_TRANSLATE_NOOP("Preset", "Mediastinum"), 350, 50),
    _preset("6", QT_TRANSLATE_NOOP("Preset", "Bone"), 2000, 400),
    _preset("7", QT_TRANSLATE_NOOP("Preset", "Lung"), 1500, -600),
    _preset("8", QT_TRANSLATE_NOOP("Preset", "Liver"), 150, 90),
    _preset("9", QT_TRANSLATE_NOOP("Preset", "Angiography"), 600, 200),
    _preset("", QT_TRANSLATE_NOOP("Preset", "Stroke"), 40, 40),
    _preset("", QT_TRANSLATE_NOOP("Preset", "Subdural"), 200, 80),
    _preset("", QT_TRANSLATE_NOOP("Preset", "Posterior fossa"), 120, 40),
    _preset("", QT_TRANSLATE_NOOP("Preset", "Spine"), 300, 40),
    _preset("", QT_TRANSLATE_NOOP("Preset", "Petrous bone"), 4000, 700),
    _preset("", QT_TRANSLATE_NOOP("Preset", "Emphysema"), 800, -800),
    _preset("", QT_TRANSLATE_NOOP("Preset", "Soft tissue"), 400, 40),
)


def _suv(digit: str, name: str, top: float) -> Preset:
    return Preset(digit, name, Window(top / 2, top, "LINEAR_EXACT", name), inverted=True)


_PET = (
    _suv("3", QT_TRANSLATE_NOOP("Preset", "SUV 0–5"), 5),
    _suv("4", QT_TRANSLATE_NOOP("Preset", "SUV 0–7"), 7),
    _suv("5", QT_TRANSLATE_NOOP("Preset", "SUV 0–10"), 10),
)


def presets_for(
    modality: str,
    unit: str | None,
    edited: Mapping[str, tuple[tuple[str, float, float], ...]] | None = None,
    suv: ValueScale | None = None,
) -> tuple[Preset, ...]:
    """Presets that make sense for values in ``unit``: CT in HU, PET in SUV; others have no fixed numbers.

    ``edited`` holds the reader's own, by modality, as (name, center, width); they take the digits from 3 to 9. With
    ``suv`` those of PET are given in it and their windows are in the unit of the values.
    """
    if suv is not None:
        return tuple(
            replace(one, window=suv.window_of(one.window.center, one.window.width, one.name))
            for one in presets_for(modality, "SUV", edited)
        )
    if edited and modality in edited:
        digits = [*"3456789"]
        return tuple(
            _preset(digits[at] if at < len(digits) else "", name, max(width, 1.0), center)
            if unit != "SUV"
            else Preset(digits[at] if at < len(digits) else "", name, Window(center, width, "LINEAR_EXACT", name), True)
            for at, (name, center, width) in enumerate(edited[modality])
        )
    if unit == "HU":
        return _CT
    if unit == "SUV":
        return _PET
    return ()


def preset_by_digit(
    digit: str,
    modality: str,
    unit: str | None,
    edited: Mapping[str, tuple[tuple[str, float, float], ...]] | None = None,
    suv: ValueScale | None = None,
) -> Preset | None:
    """The preset of a digit key, None where the modality has none there."""
    return next((one for one in presets_for(modality, unit, edited, suv) if one.digit == digit), None)
