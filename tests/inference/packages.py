"""Packages for tests: manifests around the third-party networks of the shared folder, and tiny networks made here."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from tests.shared import shared_path

SUBCORTICAL = [
    "Cerebral white matter",
    "Cerebral cortex",
    "Lateral ventricle",
    "Inferior lateral ventricle",
    "Cerebellum white matter",
    "Cerebellum cortex",
    "Thalamus",
    "Caudate",
    "Putamen",
    "Pallidum",
    "3rd ventricle",
    "4th ventricle",
    "Brain stem",
    "Hippocampus",
    "Amygdala",
    "Accumbens area",
    "Ventral DC",
]


def about(identifier: str, **more: Any) -> dict[str, Any]:
    """The fields that only say what a package is."""
    return {
        "format": 1,
        "id": identifier,
        "name": identifier.replace("-", " "),
        "version": "1.0.0",
        "licence": "MIT",
        "authors": ["the authors named in NOTES.md"],
        "description": "for tests",
        "intended_use": "tests of the viewer",
        **more,
    }


def meshnet_gwm() -> dict[str, Any]:
    return about(
        "brain-mr-gwm-meshnet",
        task="segmentation",
        fits={
            "modalities": ["MR"],
            "body_parts": ["HEAD", "BRAIN"],
            "minimum_slices": 32,
            "slice_spacing_mm": [0.3, 3],
        },
        input={
            "name": "input",
            "unit": "modality",
            "axes": ["A", "I", "L"],
            "layout": "NCDHW",
            "steps": [
                {"step": "conform", "shape": [256, 256, 256], "spacing_mm": [1, 1, 1]},
                {"step": "min_max"},
            ],
        },
        output={
            "kind": "segmentation",
            "name": "output",
            "labels": [{"index": 1, "name": "White matter"}, {"index": 2, "name": "Grey matter"}],
        },
    )


def meshnet_subcortical() -> dict[str, Any]:
    return about(
        "brain-mr-subcortical-meshnet",
        task="segmentation",
        fits={
            "modalities": ["MR"],
            "body_parts": ["HEAD", "BRAIN"],
            "minimum_slices": 32,
            "slice_spacing_mm": [0.3, 3],
        },
        input={
            "unit": "modality",
            "axes": ["L", "I", "A"],
            "layout": "NCDHW",
            "steps": [
                {"step": "conform", "shape": [256, 256, 256], "spacing_mm": [1, 1, 1]},
                {"step": "min_max"},
                {"step": "crop_above", "threshold": 0.2},
            ],
        },
        output={
            "kind": "segmentation",
            "labels": [{"index": n, "name": name} for n, name in enumerate(SUBCORTICAL, start=1)],
        },
    )


def ct_lung() -> dict[str, Any]:
    return about(
        "ct-lung-unet-small",
        task="segmentation",
        fits={"modalities": ["CT"], "body_parts": ["CHEST", "LUNG", "THORAX"], "planes": ["axial"]},
        input={
            "unit": "HU",
            "axes": ["P", "L"],
            "layout": "NCHW",
            "steps": [
                {"step": "offset", "value": 1024},
                {"step": "clip", "low": 0, "high": 4024},  # the reference was made of -1024 to 3000 HU
                {"step": "pad", "multiple": [8, 8]},
            ],
            "batch": 2,
        },
        output={
            "kind": "segmentation",
            "rule": "threshold",
            "threshold": 0.5,
            "background": None,
            "labels": [
                {
                    "index": 0,
                    "value": 1,
                    "name": "Lung",
                    "colour": [86, 180, 233],
                    "category": {"value": "123037004", "meaning": "Anatomical Structure"},
                    "type": {"value": "39607008", "meaning": "Lung"},
                }
            ],
        },
    )


def cxr_pneumonia() -> dict[str, Any]:
    return about(
        "cxr-pneumonia-squeezenet",
        task="classification",
        fits={"modalities": ["CR", "DX"], "body_parts": ["CHEST"], "needs_geometry": False},
        input={
            "unit": "display",
            "axes": ["down", "right"],
            "layout": "NCHW",
            "channels": "rgb",
            "steps": [
                {"step": "resize", "size": [224, 224], "kind": "pillow-bilinear"},
                {"step": "scale", "factor": 1 / 255},
                {"step": "normalise", "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]},
            ],
        },
        output={
            "kind": "classification",
            "labels": [
                {"index": 0, "name": "Bacterial pneumonia"},
                {"index": 1, "name": "Normal"},
                {"index": 2, "name": "Viral pneumonia"},
            ],
        },
    )


def write_package(folder: Path, manifest: dict[str, Any], model: Path | bytes) -> Path:
    """A package folder of a manifest and a model file or its bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    target = folder / str(manifest.get("model", "model.onnx"))
    if isinstance(model, bytes):
        target.write_bytes(model)
    else:
        shutil.copyfile(model, target)
    return folder


SHARED = {
    "brain_mr_gwm_meshnet": meshnet_gwm,
    "brain_mr_subcortical_meshnet": meshnet_subcortical,
    "ct_lung_unet_small": ct_lung,
    "cxr_pneumonia_squeezenet": cxr_pneumonia,
}


def shared_package(folder: Path, name: str) -> Path:
    """A package around ``shared/models/<name>/model.onnx``; skips where the shared folder is absent."""
    return write_package(folder / name, SHARED[name](), shared_path(f"models/{name}/model.onnx"))
