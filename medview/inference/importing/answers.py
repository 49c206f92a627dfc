"""The short forms in which questions about a network are answered: axes, sizes, class names, preparation of values."""

from __future__ import annotations

import json
from typing import Any

BACKGROUND_WORDS = frozenset({"background", "bg", "unknown", "nothing", "none", "__background__", "other", "unlabeled"})

PLANES = {"axial": ["P", "L"], "coronal": ["I", "L"], "sagittal": ["I", "P"], "picture": ["down", "right"]}
"""Slices as they are displayed: rows grow downward, columns to the right."""

GREY = 114
"""What YOLO's letterboxes are filled with."""

VALUES_HELP = (
    "none, /255, imagenet, tf and caffe (Keras' preprocess_input; torch is imagenet), xrv (torchxrayvision's -1024 to 1024), yolox, efficientdet and u2net (sizes too), window:CENTRE/WIDTH, range:LOW/HIGH, range:LOW/HIGH/TO_LOW/TO_HIGH, min_max, z_score, "
    "z_score_nonzero, percentile:LOW/HIGH, offset:N, scale:N, clip:LOW/HIGH, mean_std:MEAN/STD, several joined by +; "
    "or a list of steps as JSON"
)


def read_axes(text: str) -> list[str]:
    """``S,P,L``, ``SPL``, ``axial`` … ``picture``, or JSON."""
    if text.lower() in PLANES:
        return PLANES[text.lower()]
    if text.startswith("["):
        given = json.loads(text)
        if not isinstance(given, list):
            raise ValueError("a list of letters was due")
        return [str(letter) for letter in given]
    if text.replace(" ", "") == "down,right":
        return ["down", "right"]
    letters = [letter for letter in text.upper() if letter not in ", "]
    if not letters or any(letter not in "LRPASI" for letter in letters) or len(letters) not in {2, 3}:
        raise ValueError("two or three of the letters L R P A S I, or axial, coronal, sagittal, picture")
    return letters


def read_numbers(text: str) -> list[float]:
    """``1.5,1.5,2`` or ``1.5x1.5x2`` or JSON."""
    try:
        parts = text.strip("[]() ").replace("x", ",").replace("/", ",").split(",")
        return [float(part) for part in parts]
    except ValueError as error:
        raise ValueError("numbers were due") from error


def read_values(text: str) -> list[dict[str, Any]]:
    """Steps in the order in which they are written; the grammar is :data:`VALUES_HELP`."""
    if text.startswith("["):
        given = json.loads(text)
        if not isinstance(given, list) or not all(isinstance(step, dict) for step in given):
            raise ValueError("a list of steps was due")
        return given
    steps: list[dict[str, Any]] = []
    for word in text.split("+"):
        steps += _step_of(word.strip())
    return steps


def _step_of(word: str) -> list[dict[str, Any]]:
    name, _, rest = word.partition(":")
    name = "imagenet" if name == "torch" else name  # as Keras calls it
    plain: dict[str, list[dict[str, Any]]] = {
        "none": [],
        "/255": [{"step": "scale", "factor": 1 / 255}],
        "imagenet": [
            {"step": "scale", "factor": 1 / 255},
            {"step": "normalise", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
        ],
        "tf": [{"step": "scale", "factor": 1 / 127.5}, {"step": "offset", "value": -1.0}],
        "caffe": [{"step": "normalise", "mean": [123.68, 116.779, 103.939], "std": [1.0, 1.0, 1.0]}],
        "xrv": [{"step": "range", "source": [0.0, 255.0], "to": [-1024.0, 1024.0]}],
        "sam": [{"step": "normalise", "mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}],
        "min_max": [{"step": "min_max"}],
        "min_max_slice": [{"step": "min_max", "scope": "slice"}],
        "z_score": [{"step": "z_score"}],
        "z_score_slice": [{"step": "z_score", "scope": "slice"}],
        "z_score_nonzero": [{"step": "z_score", "only_nonzero": True}],
    }
    if not rest and name in plain:
        return plain[name]
    counts = {"window": 2, "range": (2, 4), "percentile": 2, "offset": 1, "scale": 1, "clip": 2, "mean_std": 2}
    wanted = counts.get(name)
    numbers = [float(part) for part in rest.split("/")] if rest and wanted else []
    if wanted is None or len(numbers) not in (wanted if isinstance(wanted, tuple) else (wanted,)):
        raise ValueError(f"{word!r} is not one of {VALUES_HELP}")
    first = numbers[0]
    if name == "window":
        low = first - numbers[1] / 2
        return [{"step": "range", "source": [low, low + numbers[1]]}]
    if name == "range":
        return [{"step": "range", "source": numbers[:2], "to": numbers[2:] or [0.0, 1.0]}]
    if name == "percentile":
        return [{"step": "percentile", "low": first, "high": numbers[1]}]
    if name == "clip":
        return [{"step": "clip", "low": first, "high": numbers[1]}]
    if name == "mean_std":
        return [{"step": "normalise", "mean": [first], "std": [numbers[1]]}]
    return [{"step": name, "value" if name == "offset" else "factor": first}]


def read_names(text: str) -> dict[int, str]:
    """``0:Background,1:Liver`` or ``Background,Liver`` (numbered from 0), or a JSON list or object."""
    if text.startswith(("[", "{")):
        given = json.loads(text)
        pairs = given.items() if isinstance(given, dict) else enumerate(given)
        return {int(index): str(name).strip() for index, name in pairs}
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts:
        raise ValueError("names were due")
    numbered = [part.partition(":") for part in parts]
    if all(separator and index.strip().isdigit() for index, separator, _ in numbered):
        return {int(index): name.strip() for index, _, name in numbered}
    return dict(enumerate(parts))


def is_background(name: str) -> bool:
    """Whether a class name means that nothing is there."""
    return name.strip().lower() in BACKGROUND_WORDS


def split_background(names: dict[int, str], classes: int | None) -> tuple[int | None, list[dict[str, Any]]]:
    """Background and label entries of class names for ``classes`` channels.

    One name fewer than channels means that the background, channel 0, was left out.
    """
    if classes is not None and len(names) == classes - 1 and sorted(names) == list(range(classes - 1)):
        names = {index + 1: name for index, name in names.items()}
    missing = 0 if classes is not None and classes > 1 and 0 not in names else None
    background = next((index for index, name in sorted(names.items()) if is_background(name)), missing)
    return background, label_entries({index: name for index, name in names.items() if index != background})


def label_entries(names: dict[int, str]) -> list[dict[str, Any]]:
    """Entries of a manifest's ``labels``; where index 0 is something, values are counted from 1."""
    shift = 1 if 0 in names else 0
    entries = []
    for index, name in sorted(names.items()):
        entry: dict[str, Any] = {"index": index, "name": name or f"class {index}"}
        if shift:
            entry["value"] = index + shift
        entries.append(entry)
    return entries
