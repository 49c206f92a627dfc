"""ivadomed and the Spinal Cord Toolbox: an ONNX and a JSON of the same name, the training's configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from medview.inference.importing.draft import Draft, about, refused
from medview.inference.importing.literals import licence_name, read_json, short_text
from medview.inference.importing.ports import input_face

SLICES = {"axial": ["R", "A"], "sagittal": ["S", "A"], "coronal": ["S", "R"]}
"""Rows and columns of a slice of an image in RAS, as ivadomed cuts it (x, y; z, y; z, x)."""


def find_configuration(network: Path) -> Path | None:
    """The JSON beside a network, where it is one of ivadomed's."""
    beside = network.with_suffix(".json")
    if beside.is_file() and '"loader_parameters"' in short_text(beside):
        return beside
    return None


def read_ivadomed(draft: Draft, path: Path) -> None:
    """Fill a draft from the configuration. Raises MedviewError for what medview does otherwise."""
    said = read_json(path)
    face = input_face(draft)
    loader = said.get("loader_parameters")
    loader = loader if isinstance(loader, dict) else {}
    if face.channels not in {1, None}:
        text = (
            f"{draft.graph.path.name} takes {face.channels} contrasts at once, and {path.name} does not say where from."
        )
        raise refused("channels_unexplained", text, draft.graph.path)
    licence = next((short_text(file) for file in sorted(path.parent.glob("LICENSE*"))), "")
    draft.licence_text = licence
    draft.manifest.update(
        about(
            str(said.get("model_name") or path.stem),
            str(said.get("description") or f"ivadomed network {path.stem}."),
            str(said.get("version") or ""),
            licence=licence_name(licence),
        )
    )
    draft.manifest["task"] = "segmentation"
    draft.fits.update({"modalities": ["MR"], "needs_geometry": True})
    draft.guess(
        "fits.modalities", "MR", "ivadomed's networks are trained on MR images unless their names say otherwise"
    )
    plane = str(loader.get("slice_axis") or "axial")
    if plane not in SLICES:
        raise refused("description_incomplete", f"{path.name}: loader_parameters.slice_axis: {plane}.", path)
    axes = SLICES[plane] if face.dimensions == 2 else ["R", "A", "S"]
    draft.input.update(
        {"name": face.port.name, "unit": "modality", "axes": axes, "layout": face.layout, "channels": "grey"}
    )
    draft.input["steps"] = _steps(said, path, face.dimensions)
    if any(step["step"] == "resample" for step in draft.input["steps"]):
        draft.notes.append(
            "ivadomed resamples with quadratic splines from the first voxel's centre to the last one's, medview linearly over "
            "the same field of view: values lie up to half a voxel apart, and edges of the result may differ by as much."
        )
    if face.dimensions == 3 and face.fixed:
        draft.input["tiling"] = {"size": [int(size or 1) for size in face.sizes], "overlap": 0.0}
    _output(draft, said, loader)


def _steps(said: dict[str, Any], path: Path, dimensions: int) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    transforms = said.get("transformation") or said.get("transformations") or {}
    for name, given in transforms.items():
        facts = given if isinstance(given, dict) else {}
        kinds = facts.get("dataset_type")
        if isinstance(kinds, list) and "testing" not in kinds:
            continue
        if "applied_to" in facts and "im" not in facts["applied_to"]:
            continue
        if name == "Resample":
            spacing = [facts.get("hspace"), facts.get("wspace")] + ([facts.get("dspace")] if dimensions == 3 else [])
            if all(mm is None for mm in spacing):
                continue
            steps.append(
                {"step": "resample", "spacing_mm": [float(mm) if mm else None for mm in spacing], "kind": "linear"}
            )
        elif name == "CenterCrop":
            size = facts.get("size")
            if not isinstance(size, list) or len(size) < dimensions:
                raise refused("description_incomplete", f"{path.name}: transformation.CenterCrop.size: {size}.", path)
            steps.append({"step": "crop_or_pad", "size": [int(one) for one in size[:dimensions]]})
        elif name == "NormalizeInstance":
            steps.append({"step": "z_score", "scope": "slice" if dimensions == 2 else "volume"})
        elif name == "NumpyToTensor":
            continue
        elif not name.startswith(
            ("Random", "Elastic", "AdditiveGaussianNoise", "DilateGT", "Clahe", "HistogramClipping")
        ):
            raise refused("transform_refused", f"{path.name}: the transform {name} is not known.", path)
        elif name in {"Clahe", "HistogramClipping"}:
            raise refused("transform_refused", f"{path.name}: {name} is not what medview does as ivadomed does.", path)
    return steps


def _output(draft: Draft, said: dict[str, Any], loader: dict[str, Any]) -> None:
    port = draft.graph.outputs[0]
    suffixes = [str(one) for one in loader.get("target_suffix") or ["segmentation"]]
    names = [suffix.strip("_-").replace("_", " ") or "segmentation" for suffix in suffixes]
    testing = said.get("testing_parameters")
    level = testing.get("binarize_prediction") if isinstance(testing, dict) else None
    after = said.get("postprocessing")
    if isinstance(after, dict) and isinstance(after.get("binarize_prediction"), dict):
        level = after["binarize_prediction"].get("thr", level)
    threshold = float(level) if isinstance(level, int | float) and 0 < level < 1 else 0.5
    channels = port.shape[1] if port.shape is not None and len(port.shape) > 2 else len(names)
    inside = draft.graph.activation_inside
    if inside is None:
        draft.guess("output.activation", "none", "ivadomed's networks end with their own activation")
    shift = 1 if channels == len(names) + 1 else 0
    draft.output.update({"kind": "segmentation", "name": port.name, "rule": "threshold", "threshold": threshold})
    draft.output["background"] = 0 if shift else None
    draft.output["labels"] = [{"index": n + shift, "value": n + 1, "name": name} for n, name in enumerate(names)]
    if isinstance(after, dict) and "keep_largest" in after:
        draft.output["keep_largest"] = 1
