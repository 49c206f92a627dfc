"""Names of filters and of their parameters in the reader's language."""

from __future__ import annotations

from medview.ui.text import QT_TRANSLATE_NOOP, translate

TITLES: tuple[str, ...] = (
    QT_TRANSLATE_NOOP("Operation", "Mean"),
    QT_TRANSLATE_NOOP("Operation", "Median"),
    QT_TRANSLATE_NOOP("Operation", "Gaussian"),
    QT_TRANSLATE_NOOP("Operation", "Bilateral"),
    QT_TRANSLATE_NOOP("Operation", "Non-local means"),
    QT_TRANSLATE_NOOP("Operation", "Unsharp sharpening"),
    QT_TRANSLATE_NOOP("Operation", "CLAHE"),
    QT_TRANSLATE_NOOP("Operation", "Local contrast (CLAHE)"),
    QT_TRANSLATE_NOOP("Operation", "Curvature anisotropic diffusion"),
    QT_TRANSLATE_NOOP("Operation", "Curvature diffusion"),
    QT_TRANSLATE_NOOP("Operation", "Sobel edges"),
    QT_TRANSLATE_NOOP("Operation", "Laplacian edges"),
    QT_TRANSLATE_NOOP("Operation", "Canny edges"),
    QT_TRANSLATE_NOOP("Operation", "Morphological opening"),
    QT_TRANSLATE_NOOP("Operation", "Morphological closing"),
    QT_TRANSLATE_NOOP("Operation", "Radius"),
    QT_TRANSLATE_NOOP("Operation", "Sigma"),
    QT_TRANSLATE_NOOP("Operation", "Value sigma"),
    QT_TRANSLATE_NOOP("Operation", "Strength"),
    QT_TRANSLATE_NOOP("Operation", "Patch radius"),
    QT_TRANSLATE_NOOP("Operation", "Search radius"),
    QT_TRANSLATE_NOOP("Operation", "Amount"),
    QT_TRANSLATE_NOOP("Operation", "Threshold"),
    QT_TRANSLATE_NOOP("Operation", "Clip limit"),
    QT_TRANSLATE_NOOP("Operation", "Tiles per side"),
    QT_TRANSLATE_NOOP("Operation", "Iterations"),
    QT_TRANSLATE_NOOP("Operation", "Conductance"),
    QT_TRANSLATE_NOOP("Operation", "Lower threshold"),
    QT_TRANSLATE_NOOP("Operation", "Upper threshold"),
)
"""Every title of `medview.processing`; a test compares the two."""


def filter_text(title: str) -> str:
    """The title of a filter or parameter in the reader's language."""
    return translate("Operation", title)


def unit_text(unit: str, value_unit: str) -> str:
    """A parameter's unit, with the image's own where it counts in modality values."""
    if unit.startswith("value"):
        return (
            unit.replace("value", value_unit) if value_unit and value_unit != "stored" else unit.removeprefix("value")
        )
    return unit
