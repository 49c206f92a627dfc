"""Words of explanations: methods, their parameters, titles of maps and columns, in the reader's language."""

from __future__ import annotations

import re

from medview.ui.text import QT_TRANSLATE_NOOP, translate

TITLES: tuple[str, ...] = (
    QT_TRANSLATE_NOOP("Explanation", "Probability map"),
    QT_TRANSLATE_NOOP("Explanation", "How probable the network holds a label at each place."),
    QT_TRANSLATE_NOOP("Explanation", "Over"),
    QT_TRANSLATE_NOOP("Explanation", "slice"),
    QT_TRANSLATE_NOOP("Explanation", "series"),
    QT_TRANSLATE_NOOP("Explanation", "Occlusion sensitivity"),
    QT_TRANSLATE_NOOP(
        "Explanation", "How far the score falls when a patch of the image is covered (Zeiler and Fergus 2014)."
    ),
    QT_TRANSLATE_NOOP("Explanation", "Size of the patch (0: chosen)"),
    QT_TRANSLATE_NOOP("Explanation", "Step of the patch (0: chosen)"),
    QT_TRANSLATE_NOOP("Explanation", "Covered with"),
    QT_TRANSLATE_NOOP("Explanation", "Value to cover with"),
    QT_TRANSLATE_NOOP("Explanation", "mean"),
    QT_TRANSLATE_NOOP("Explanation", "minimum"),
    QT_TRANSLATE_NOOP("Explanation", "maximum"),
    QT_TRANSLATE_NOOP("Explanation", "blurred"),
    QT_TRANSLATE_NOOP("Explanation", "value"),
    QT_TRANSLATE_NOOP("Explanation", "prepared"),
    QT_TRANSLATE_NOOP("Explanation", "Superpixels (LIME)"),
    QT_TRANSLATE_NOOP(
        "Explanation",
        "Which parts of the image the score hangs on: parts are covered at random and a line is fitted (Ribeiro 2016).",
    ),
    QT_TRANSLATE_NOOP("Explanation", "Parts"),
    QT_TRANSLATE_NOOP("Explanation", "Tries"),
    QT_TRANSLATE_NOOP("Explanation", "Width of the kernel"),
    QT_TRANSLATE_NOOP("Explanation", "Ridge"),
    QT_TRANSLATE_NOOP("Explanation", "Seed"),
    QT_TRANSLATE_NOOP("Explanation", "Class-activation map"),
    QT_TRANSLATE_NOOP(
        "Explanation",
        "Where the features of a layer are active: their principal part (Eigen-CAM) or weighted by score (Score-CAM).",
    ),
    QT_TRANSLATE_NOOP("Explanation", "Kind"),
    QT_TRANSLATE_NOOP("Explanation", "eigen"),
    QT_TRANSLATE_NOOP("Explanation", "score"),
    QT_TRANSLATE_NOOP("Explanation", "Channels weighed (Score-CAM)"),
    QT_TRANSLATE_NOOP("Explanation", "Feature maps"),
    QT_TRANSLATE_NOOP("Explanation", "The channels of a layer, side by side."),
    QT_TRANSLATE_NOOP("Explanation", "Channels shown"),
    QT_TRANSLATE_NOOP("Explanation", "Uncertainty by variation"),
    QT_TRANSLATE_NOOP(
        "Explanation", "How the answer changes when the image is shifted, mirrored and made noisy (Wang 2019)."
    ),
    QT_TRANSLATE_NOOP("Explanation", "Mirrored"),
    QT_TRANSLATE_NOOP("Explanation", "as trained"),
    QT_TRANSLATE_NOOP("Explanation", "all axes"),
    QT_TRANSLATE_NOOP("Explanation", "none"),
    QT_TRANSLATE_NOOP("Explanation", "Shift"),
    QT_TRANSLATE_NOOP("Explanation", "voxels"),
    QT_TRANSLATE_NOOP("Explanation", "Noise, share of the values' standard deviation"),
    QT_TRANSLATE_NOOP("Explanation", "Runs with noise"),
    QT_TRANSLATE_NOOP("Explanation", "Uncertainty by an ensemble"),
    QT_TRANSLATE_NOOP("Explanation", "Mean and spread of several models for the same task."),
    QT_TRANSLATE_NOOP("Explanation", "Two models compared"),
    QT_TRANSLATE_NOOP("Explanation", "Where two models agree and where not."),
    QT_TRANSLATE_NOOP("Explanation", "Smallest difference listed"),
    QT_TRANSLATE_NOOP("Explanation", "Fall of the score"),
    QT_TRANSLATE_NOOP("Explanation", "Weight of each part"),
    QT_TRANSLATE_NOOP("Explanation", "Activation"),
    QT_TRANSLATE_NOOP("Explanation", "Probability"),
    QT_TRANSLATE_NOOP("Explanation", "Mean"),
    QT_TRANSLATE_NOOP("Explanation", "Mean probability"),
    QT_TRANSLATE_NOOP("Explanation", "Standard deviation"),
    QT_TRANSLATE_NOOP("Explanation", "Entropy"),
    QT_TRANSLATE_NOOP("Explanation", "weight"),
    QT_TRANSLATE_NOOP("Explanation", "deviation"),
    QT_TRANSLATE_NOOP("Explanation", "mean score"),
    QT_TRANSLATE_NOOP("Explanation", "share of runs"),
    QT_TRANSLATE_NOOP("Explanation", "first"),
    QT_TRANSLATE_NOOP("Explanation", "second"),
    QT_TRANSLATE_NOOP("Explanation", "difference"),
    QT_TRANSLATE_NOOP("Explanation", "difference in ml"),
    QT_TRANSLATE_NOOP("Explanation", "largest value"),
    QT_TRANSLATE_NOOP("Explanation", "smallest value"),
    QT_TRANSLATE_NOOP("Explanation", "all labels"),
    QT_TRANSLATE_NOOP("Explanation", "both"),
    QT_TRANSLATE_NOOP("Explanation", "both, another label"),
    QT_TRANSLATE_NOOP("Explanation", "voxels of the input"),
    QT_TRANSLATE_NOOP("Explanation", "Channel {0}"),
    QT_TRANSLATE_NOOP("Explanation", "channel {0}"),
    QT_TRANSLATE_NOOP("Explanation", "part {0}"),
    QT_TRANSLATE_NOOP("Explanation", "only {0}"),
    QT_TRANSLATE_NOOP("Explanation", "ml {0}"),
)
"""Every title of `medview.inference.explaining` that a reader sees; a test compares the two."""

OUTCOMES = {
    "patch_used": QT_TRANSLATE_NOOP("Explanation", "Patch used"),
    "stride_used": QT_TRANSLATE_NOOP("Explanation", "Step used"),
    "parts_used": QT_TRANSLATE_NOOP("Explanation", "Parts made"),
    "fit_r2": QT_TRANSLATE_NOOP("Explanation", "Fit of the line (R²)"),
    "tensor": QT_TRANSLATE_NOOP("Explanation", "Layer"),
    "operator": QT_TRANSLATE_NOOP("Explanation", "Operator"),
    "layer": QT_TRANSLATE_NOOP("Explanation", "Channels and their size"),
    "changes": QT_TRANSLATE_NOOP("Explanation", "Changes"),
    "packages": QT_TRANSLATE_NOOP("Explanation", "Models"),
    "first": QT_TRANSLATE_NOOP("Explanation", "First"),
    "second": QT_TRANSLATE_NOOP("Explanation", "Second"),
}
"""What a method tells of itself beside its parameters."""

_NUMBERED = re.compile(r"^(Channel|channel|part|only|ml) (.+)$")


def explanation_text(title: str) -> str:
    """A title in the reader's language; names in it stay what they are."""
    found = _NUMBERED.match(title)
    if found is None:
        return translate("Explanation", title)
    pattern = found[1] + " {0}"
    return translate("Explanation", pattern).format(found[2])


def parameter_title(method: str, name: str) -> str:
    """What a parameter of a method is called in the reader's language."""
    from medview.inference.explaining.methods import method_of

    titles = OUTCOMES | {parameter.name: parameter.title for parameter in method_of(method).parameters}
    return explanation_text(titles.get(name, name))
