"""Names of filters and of their parameters in the reader's language."""

from __future__ import annotations

from medview.ui.text import QT_TRANSLATE_NOOP, translate

TITLES: tuple[str, ...] = (
    QT_TRANSLATE_NOOP("Filter", "Mean"),
    QT_TRANSLATE_NOOP("Filter", "Median"),
    QT_TRANSLATE_NOOP("Filter", "Gaussian"),
    QT_TRANSLATE_NOOP("Filter", "Bilateral"),
    QT_TRANSLATE_NOOP("Filter", "Non-local means"),
    QT_TRANSLATE_NOOP("Filter", "Unsharp sharpening"),
    QT_TRANSLATE_NOOP("Filter", "CLAHE"),
    QT_TRANSLATE_NOOP("Filter", "Local contrast (CLAHE)"),
    QT_TRANSLATE_NOOP("Filter", "Curvature anisotropic diffusion"),
    QT_TRANSLATE_NOOP("Filter", "Curvature diffusion"),
    QT_TRANSLATE_NOOP("Filter", "Sobel edges"),
    QT_TRANSLATE_NOOP("Filter", "Laplacian edges"),
    QT_TRANSLATE_NOOP("Filter", "Canny edges"),
    QT_TRANSLATE_NOOP("Filter", "Morphological opening"),
    QT_TRANSLATE_NOOP("Filter", "Morphological closing"),
    QT_TRANSLATE_NOOP("Filter", "Radius"),
    QT_TRANSLATE_NOOP("Filter", "Sigma"),
    QT_TRANSLATE_NOOP("Filter", "Value sigma"),
    QT_TRANSLATE_NOOP("Filter", "Strength"),
    QT_TRANSLATE_NOOP("Filter", "Patch radius"),
    QT_TRANSLATE_NOOP("Filter", "Search radius"),
    QT_TRANSLATE_NOOP("Filter", "Amount"),
    QT_TRANSLATE_NOOP("Filter", "Threshold"),
    QT_TRANSLATE_NOOP("Filter", "Clip limit"),
    QT_TRANSLATE_NOOP("Filter", "Tiles per side"),
    QT_TRANSLATE_NOOP("Filter", "Iterations"),
    QT_TRANSLATE_NOOP("Filter", "Conductance"),
    QT_TRANSLATE_NOOP("Filter", "Lower threshold"),
    QT_TRANSLATE_NOOP("Filter", "Upper threshold"),
)
"""Every title of `medview.processing`; a test compares the two."""


def filter_text(title: str) -> str:
    """The title of a filter or parameter in the reader's language."""
    return translate("Filter", title)


def unit_text(unit: str, value_unit: str) -> str:
    """A parameter's unit, with the image's own where it counts in modality values."""
    if unit.startswith("value"):
        return (
            unit.replace("value", value_unit) if value_unit and value_unit != "stored" else unit.removeprefix("value")
        )
    return unit
