"""Hugging Face exports: ``config.json`` (names of classes) and ``preprocessor_config.json`` beside an ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medview.inference.importing.answers import PLANES
from medview.inference.importing.draft import Draft, about, refused
from medview.inference.importing.literals import licence_name, read_json, short_text
from medview.inference.importing.ports import input_face

CONFIG, PREPROCESSOR = "config.json", "preprocessor_config.json"
RESAMPLING = {0: "nearest", 2: "pillow-bilinear", 3: "pillow-bicubic"}
"""Pillow's numbers of its filters."""


def find_preprocessor(network: Path) -> Path | None:
    """The folder with both files, beside the network or above ``onnx/``."""
    for folder in (network.parent, network.parent.parent):
        if (folder / CONFIG).is_file() and (folder / PREPROCESSOR).is_file():
            return folder
    return None


def read_huggingface(draft: Draft, folder: Path) -> None:
    """Fill a draft for a classifier of pictures. Raises MedviewError for other tasks."""
    config, said = read_json(folder / CONFIG), read_json(folder / PREPROCESSOR)
    names = config.get("id2label")
    port = draft.graph.outputs[0]
    if not isinstance(names, dict) or port.shape is None or len(port.shape) != 2:
        text = (
            f"{draft.graph.path.name} is not a classifier with id2label in {CONFIG}; import it without its description."
        )
        raise refused("task_unsupported", text, draft.graph.path)
    face = input_face(draft)
    licence = next((short_text(file) for file in sorted(folder.glob("LICENSE*"))), "")
    draft.licence_text = licence
    name = str(config.get("_name_or_path") or folder.name or draft.source.stem)
    draft.manifest.update(
        about(name.rsplit("/", 1)[-1], str(config.get("description") or ""), licence=licence_name(licence))
    )
    draft.manifest["task"] = "classification"
    draft.fits["needs_geometry"] = False
    draft.input.update(
        {
            "name": face.port.name,
            "unit": "display",
            "axes": PLANES["picture"],
            "layout": face.layout,
            "channels": "grey" if face.channels == 1 else "rgb",
            "steps": _steps(said, face.sizes, draft),
        }
    )
    inside = draft.graph.activation_inside
    several = config.get("problem_type") == "multi_label_classification"
    draft.output.update(
        {
            "kind": "classification",
            "name": port.name,
            "activation": "none" if inside else "sigmoid" if several else "softmax",
            "labels": [
                {"index": int(n), "name": str(name)} for n, name in sorted(names.items(), key=lambda p: int(p[0]))
            ],
        }
    )


def _side(given: Any) -> list[int] | int | None:
    """[rows, columns], or the shorter side alone."""
    if isinstance(given, dict):
        if "height" in given and "width" in given:
            return [int(given["height"]), int(given["width"])]
        shortest = given.get("shortest_edge")
        return int(shortest) if shortest else None
    return [given, given] if isinstance(given, int) else None


def _steps(said: dict[str, Any], sizes: tuple[int | None, ...], draft: Draft) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    kind = RESAMPLING.get(said.get("resample", 2))
    if kind is None:
        text = f"{PREPROCESSOR}: resample={said.get('resample')} is not known."
        raise refused("transform_refused", text, draft.graph.path)
    if said.get("do_resize", True):
        size = _side(said.get("size"))
        if size is None:
            if None in sizes:
                raise refused("description_incomplete", f"{PREPROCESSOR}: size is missing.", draft.graph.path)
            size = [int(one or 0) for one in sizes]
        if isinstance(size, int):
            steps.append({"step": "resize", "size": [size, size], "kind": kind, "aspect": "cover"})
        else:
            steps.append({"step": "resize", "size": size, "kind": kind, "aspect": "stretch"})
    cut = _side(said.get("crop_size"))
    if said.get("do_center_crop") and isinstance(cut, list):
        steps.append({"step": "crop_or_pad", "size": cut})
    if said.get("do_rescale", True):
        steps.append({"step": "scale", "factor": float(said.get("rescale_factor", 1 / 255))})
    if said.get("do_normalize", True) and isinstance(said.get("image_mean"), list):
        steps.append({"step": "normalise", "mean": said["image_mean"], "std": said.get("image_std", [1.0])})
    return steps
