"""Networks as other people hand them over: an export with its metadata, a bundle, plans beside a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from medview.inference.importing.begin import begin_import
from medview.inference.importing.draft import Draft
from medview.inference.importing.write import write_package
from medview.inference.package import ModelPackage

Array = np.ndarray[Any, Any]


def saved(path: Path, model: bytes, **metadata: str) -> Path:
    """A network with metadata, in a file."""
    loaded = onnx.load_from_string(model)
    for key, value in metadata.items():
        entry = loaded.metadata_props.add()
        entry.key, entry.value = key, value
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(loaded.SerializeToString())
    return path


def with_open_outputs(model: bytes) -> bytes:
    """The network with no size of its outputs said but the first."""
    loaded = onnx.load_from_string(model)
    for port in loaded.graph.output:
        for axis in list(port.type.tensor_type.shape.dim)[1:]:
            axis.dim_param = f"{port.name}_open"
    return loaded.SerializeToString()


def ultralytics_metadata(task: str, names: dict[int, str], **more: str) -> dict[str, str]:
    """What the exporter writes, every value as ``str`` gives it."""
    return {
        "description": "Ultralytics YOLO11n model trained on fractures.yaml",
        "author": "Ultralytics",
        "date": "2026-01-02T03:04:05",
        "version": "8.3.40",
        "license": "AGPL-3.0 License (https://ultralytics.com/license)",
        "docs": "https://docs.ultralytics.com",
        "stride": "32",
        "task": task,
        "batch": "1",
        "imgsz": "[64, 64]",
        "names": str(names),
        "args": "{'batch': 1, 'half': False, 'dynamic': False, 'nms': False}",
        **more,
    }


def imported(path: Path, target: Path, **answers: str) -> ModelPackage:
    """The package that an import with these answers (dots written as __) writes."""
    return write_package(begun(path, **answers), target)


def begun(path: Path, **answers: str) -> Draft:
    return begin_import(path, {name.replace("__", "."): value for name, value in answers.items()})


def missing(draft: Draft) -> set[str]:
    """Fields that are still asked for."""
    return {question.field for question in draft.questions}


def write_json(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
