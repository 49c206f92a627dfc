"""Names that packages give to themselves and their labels, in the reader's language where they are well known.

A package speaks the language of its author. The names of the built-in ones, and a few that many networks share, are
translated; all others are shown as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from medview.ui.text import QT_TRANSLATE_NOOP, shown_number, translate

if TYPE_CHECKING:
    from medview.core.finding import InferenceResult

KNOWN_NAMES = (
    QT_TRANSLATE_NOOP("Model", "Lungs on CT"),
    QT_TRANSLATE_NOOP("Model", "Lung nodules on CT"),
    QT_TRANSLATE_NOOP("Model", "Right lung"),
    QT_TRANSLATE_NOOP("Model", "Left lung"),
    QT_TRANSLATE_NOOP("Model", "Lung"),
    QT_TRANSLATE_NOOP("Model", "Lung nodule"),
    QT_TRANSLATE_NOOP("Model", "Nodule"),
    QT_TRANSLATE_NOOP("Model", "Liver"),
    QT_TRANSLATE_NOOP("Model", "Spleen"),
    QT_TRANSLATE_NOOP("Model", "Kidney"),
    QT_TRANSLATE_NOOP("Model", "Heart"),
    QT_TRANSLATE_NOOP("Model", "Normal"),
    QT_TRANSLATE_NOOP("Model", "Bacterial pneumonia"),
    QT_TRANSLATE_NOOP("Model", "Viral pneumonia"),
    QT_TRANSLATE_NOOP("Model", "Grey matter"),
    QT_TRANSLATE_NOOP("Model", "White matter"),
    QT_TRANSLATE_NOOP("Model", "Label 1"),
)


def model_text(name: str) -> str:
    """The name of a package, label or class in the reader's language."""
    return translate("Model", name)


def versioned_text(name: str) -> str:
    """The name of a package with its version behind it, as "Lungs on CT 1.0.0", in the reader's language."""
    title, _, version = name.rpartition(" ")
    return f"{model_text(title)} {version}" if title and version[:1].isdigit() else model_text(name)


def result_title(result: InferenceResult) -> str:
    """Who made a result: the model, the model and the reader who edited it, or the reader alone."""
    made = result.provenance
    if made.how == "manual":
        return translate("Findings", "Drawn by {0}").format(made.reader or translate("Findings", "unknown reader"))
    name = model_text(made.package_name or made.package_id)
    if made.how == "semiautomatic":
        model, _, who = name.rpartition(", edited by ")
        if model:
            title, _, version = model.rpartition(" ")
            return translate("Findings", "{0}, edited by {1}").format(
                f"{model_text(title)} {version}" if title else model_text(model), who
            )
    return name


def highest_text(result: InferenceResult) -> str:
    """Where a network that looked at slice after slice was surest: of its likeliest class, or of its first number."""
    names = [line.label for line in result.classification] or [value.name for value in result.values]
    at = 0
    if result.classification:
        at = max(range(len(names)), key=lambda n: result.classification[n].probability)
    column = [row[at] for row in result.by_slice]
    k = max(range(len(column)), key=column.__getitem__)
    text = translate("Findings", "{0}: highest in image {1} of {2} ({3})")
    return text.format(model_text(names[at]), k + 1, len(column), shown_number(column[k], ".3g"))
