"""Looks of volumes that readers know by name: in Hounsfield units, or as shares of the values that there are."""

from __future__ import annotations

from dataclasses import dataclass

from medview.core.scene import Blend, Look, TransferPoint

Points = tuple[tuple[float, float, tuple[int, int, int]], ...]
"""(value, opacity of a mm, colour)."""


@dataclass(frozen=True, slots=True)
class SolidPreset:
    """A look with a name. ``relative``: values are shares of the range of what is shown, 0 to 1; else HU."""

    id: str
    title: str
    points: Points
    relative: bool = False
    shaded: bool = True
    blend: Blend = "composite"

    def look(self, value_range: tuple[float, float], unit_mm: float = 1.0) -> Look:
        """For values between the ends of ``value_range``; ``unit_mm`` is the thickness that relative opacities are meant for."""
        low, high = value_range
        width = high - low if high > low else 1.0
        points = tuple(
            TransferPoint(low + value * width if self.relative else value, opacity, colour)
            for value, opacity, colour in self.points
        )
        return Look(points, self.shaded, self.blend, unit_mm if self.relative else 1.0)


PRESETS: dict[str, SolidPreset] = {
    one.id: one
    for one in (
        SolidPreset(
            "ct-bone",
            "CT bone",
            (
                (120, 0.0, (150, 80, 55)),
                (220, 0.18, (200, 140, 100)),
                (420, 0.6, (238, 218, 188)),
                (1200, 0.9, (255, 250, 240)),
                (3000, 0.95, (255, 255, 255)),
            ),
        ),
        SolidPreset(
            "ct-skin",
            "CT skin and soft tissue",
            (
                (-600, 0.0, (120, 70, 55)),
                (-350, 0.06, (205, 150, 120)),
                (-120, 0.3, (228, 172, 140)),
                (60, 0.45, (215, 120, 100)),
                (250, 0.75, (240, 215, 185)),
                (1200, 0.95, (255, 252, 245)),
            ),
        ),
        SolidPreset(
            "ct-lung",
            "CT lung and airways",
            (
                (-990, 0.0, (60, 90, 140)),
                (-880, 0.004, (90, 130, 190)),
                (-750, 0.02, (120, 150, 200)),
                (-560, 0.09, (225, 170, 140)),
                (-400, 0.12, (240, 200, 170)),
                (-260, 0.0, (240, 210, 190)),
                (3000, 0.0, (255, 255, 255)),
            ),
        ),
        SolidPreset(
            "ct-vessels",
            "CT angiography",
            (
                (130, 0.0, (130, 15, 20)),
                (190, 0.15, (190, 35, 35)),
                (300, 0.5, (225, 80, 60)),
                (520, 0.75, (248, 200, 165)),
                (1500, 0.9, (255, 250, 240)),
            ),
        ),
        SolidPreset(
            "ct-mip",
            "CT maximum (MIP)",
            ((-150, 0.0, (0, 0, 0)), (100, 0.25, (70, 70, 70)), (900, 1.0, (255, 255, 255))),
            shaded=False,
            blend="maximum",
        ),
        SolidPreset(
            "mr",
            "MR",
            (
                (0.1, 0.0, (60, 50, 60)),
                (0.25, 0.05, (130, 100, 95)),
                (0.5, 0.22, (205, 165, 145)),
                (0.8, 0.5, (240, 220, 205)),
                (1.0, 0.75, (255, 252, 248)),
            ),
            relative=True,
        ),
        SolidPreset(
            "uptake",
            "Uptake",
            (
                (0.04, 0.0, (30, 30, 60)),
                (0.15, 0.03, (70, 60, 130)),
                (0.35, 0.18, (200, 70, 60)),
                (0.7, 0.55, (250, 170, 60)),
                (1.0, 0.85, (255, 250, 210)),
            ),
            relative=True,
            shaded=False,
        ),
        SolidPreset(
            "mip",
            "Maximum (MIP)",
            ((0.02, 0.0, (0, 0, 0)), (0.35, 0.35, (90, 90, 90)), (1.0, 1.0, (255, 255, 255))),
            relative=True,
            shaded=False,
            blend="maximum",
        ),
    )
}


def presets_of(modality: str, unit: str | None) -> tuple[SolidPreset, ...]:
    """The looks that fit values of a kind, the usual one first; those in HU only where values are HU."""
    order: tuple[str, ...]
    if modality == "CT" and unit == "HU":
        order = ("ct-bone", "ct-skin", "ct-lung", "ct-vessels", "ct-mip")
    elif unit == "HU":
        order = ("ct-bone", "ct-skin", "ct-lung", "ct-vessels", "ct-mip", "mr")
    elif modality in {"PT", "NM"}:
        order = ("uptake", "mip", "mr")
    else:
        order = ("mr", "mip")
    return tuple(PRESETS[name] for name in order)
