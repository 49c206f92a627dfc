"""What looks of a volume in three dimensions are called."""

from __future__ import annotations

from medview.core.solid_presets import SolidPreset
from medview.ui.text import QT_TRANSLATE_NOOP, translate

_TITLES = (
    QT_TRANSLATE_NOOP("SolidPreset", "CT bone"),
    QT_TRANSLATE_NOOP("SolidPreset", "CT skin and soft tissue"),
    QT_TRANSLATE_NOOP("SolidPreset", "CT lung and airways"),
    QT_TRANSLATE_NOOP("SolidPreset", "CT angiography"),
    QT_TRANSLATE_NOOP("SolidPreset", "CT maximum (MIP)"),
    QT_TRANSLATE_NOOP("SolidPreset", "MR"),
    QT_TRANSLATE_NOOP("SolidPreset", "Uptake"),
    QT_TRANSLATE_NOOP("SolidPreset", "Maximum (MIP)"),
)


def preset_title(preset: SolidPreset) -> str:
    """In the reader's language."""
    assert preset.title in _TITLES, "marked for the translators"
    return translate("SolidPreset", preset.title)
