"""The value under the pointer in words, for the status line."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from medview.app.readout import Readout
from medview.app.scales import Scaled
from medview.core.plain_text import visible_text
from medview.ui.measurement_items import axes_text, slab_text, unit_text, value_text
from medview.ui.text import shown_number

translate = QCoreApplication.translate


def readout_text(readout: Readout | None, second: str = "") -> str:
    """Value with its unit, that of a ``second`` series, then the place in mm (or pixels, where there is no place in space)."""
    if readout is None or readout.state == "outside":
        return ""
    return "    ".join(text for text in (value_words(readout), second, _place(readout)) if text)


def scaled_text(scaled: Scaled) -> str:
    """A number in its scale: what it is called, the number, its unit."""
    return " ".join(part for part in (scaled.label, value_text(scaled.value), unit_text(scaled.unit)) if part)


def overlay_text(told: Sequence[tuple[str, float | None, str]]) -> str:
    """What objects of the study say under the pointer: names of parts, quantities with value and unit."""
    words = []
    for name, value, unit in told:
        figures = "" if value is None else " ".join(part for part in (shown_number(value, ".4g"), unit) if part)
        words.append(visible_text(" ".join(part for part in (name, figures) if part), 40, lines=False))
    return "   ".join(words)


def value_words(readout: Readout) -> str:
    """A value with its unit, or why there is none."""
    if readout.state == "padding":
        return translate("Viewport", "no value here")
    if readout.state == "not_loaded":
        return translate("Viewport", "not loaded yet")
    if readout.state == "failed":
        return translate("Viewport", "cannot be read")
    if isinstance(readout.value, tuple):
        return "RGB {} {} {}".format(*readout.value)
    if readout.value is None:
        return ""
    unit = "" if readout.unit in {None, "stored"} else f" {readout.unit}"
    text = value_text(readout.value, readout.unit) + unit
    if readout.slab is not None:
        thickness = shown_number(readout.slab.thickness_mm, ".4g")
        text = f"{slab_text(readout.slab.projection, thickness)}: {text}"
    if readout.scaled is not None:
        told = scaled_text(readout.scaled)
        text = told if readout.scaled.instead else f"{told}   {text}"
    return text + " " + translate("Viewport", "(after the filters)") if readout.filtered else text


def _place(readout: Readout) -> str:
    if readout.patient is not None:
        letters = (("L", "R"), ("P", "A"), ("H", "F"))
        parts = [
            f"{pair[0] if value >= 0 else pair[1]} {shown_number(abs(value), '.1f')}"
            for pair, value in zip(letters, readout.patient, strict=True)
        ]
        return "  ".join(parts) + " mm"
    said = axes_text(readout.axes)
    if said:
        return said
    if readout.voxel is not None:
        return translate("Viewport", "column {x}, row {y}").format(x=readout.voxel[2] + 1, y=readout.voxel[1] + 1)
    return ""
