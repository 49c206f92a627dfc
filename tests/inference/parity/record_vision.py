"""Makes ``vision.npz``: what Ultralytics' predictors answer with the networks of :mod:`.vision`, and what they feed them.

Run where ``ultralytics`` and ``torchvision`` are installed: ``python -m tests.inference.parity.record_vision``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.inference.foreign import saved
from tests.inference.parity import vision

RECORDED = Path(__file__).with_name("vision.npz")


def predictions() -> dict[str, Any]:
    """Boxes, masks, points and turned boxes of each network on each picture, at Ultralytics' own defaults but ``conf``."""
    from ultralytics import YOLO

    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in vision.NETWORKS:
            model, metadata = vision.network(name)
            yolo = YOLO(saved(Path(folder) / f"{name}.onnx", model, **metadata), task=metadata["task"])
            for shown, size in vision.PICTURES.items():
                bgr = np.ascontiguousarray(vision.picture(*size)[..., ::-1])
                result = yolo.predict(bgr, conf=0.05, imgsz=[vision.ROWS, vision.COLUMNS], verbose=False)[0]
                key = f"{name}_{shown}"
                if result.boxes is not None:
                    found[f"{key}_boxes"] = result.boxes.data.numpy()
                if result.obb is not None:
                    found[f"{key}_turned"] = result.obb.data.numpy()
                    found[f"{key}_corners"] = result.obb.xyxyxyxy.numpy()
                if result.keypoints is not None:
                    found[f"{key}_points"] = result.keypoints.data.numpy()
                if result.masks is not None:
                    found[f"{key}_masks"] = np.packbits(result.masks.data.numpy() > 0, axis=-1)
    return found


def letterboxes() -> dict[str, Any]:
    """The 8-bit picture behind the tensor, of a network of fixed size and of one of open sizes."""
    from ultralytics.data.augment import LetterBox

    found = {}
    for shown, size in vision.PICTURES.items():
        for kind, auto in (("fixed", False), ("open", True)):
            box = LetterBox((vision.ROWS, vision.COLUMNS), auto=auto, stride=32)
            found[f"letterbox_{kind}_{shown}"] = box(image=vision.picture(*size))
    return found


def main() -> None:
    """Write the file."""
    found = {**predictions(), **letterboxes()}
    np.savez_compressed(RECORDED, **{name: np.asarray(value) for name, value in found.items()})
    print({name: np.asarray(value).shape for name, value in found.items()})


if __name__ == "__main__":
    main()
