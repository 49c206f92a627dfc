"""Makes ``preprocessors.npz``: what transformers' image preprocessors make of the pictures of :mod:`.vision`, and their files.

Run where ``transformers``, ``torch`` and ``torchvision`` are installed: ``python -m tests.inference.parity.record_preprocessors``.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.inference.parity import vision

RECORDED = Path(__file__).with_name("preprocessors.npz")
SIZE = 16
SQUARE = {"height": SIZE, "width": SIZE}
SHORTER = {"shortest_edge": SIZE}
KINDS: dict[str, dict[str, Any]] = {
    "ViT": {"size": SQUARE},
    "DeiT": {"size": {"height": 21, "width": 21}, "crop_size": SQUARE},
    "Beit": {"size": SQUARE},
    "ConvNext": {"size": SHORTER},
    "MobileViT": {"size": {"shortest_edge": 21}, "crop_size": SQUARE},
    "MobileNetV1": {"size": {"shortest_edge": 21}, "crop_size": SQUARE},
    "MobileNetV2": {"size": {"shortest_edge": 19}, "crop_size": SQUARE},
    "EfficientNet": {"size": SQUARE, "rescale_offset": True},
    "Levit": {"size": SHORTER, "crop_size": SQUARE},
    "PoolFormer": {"size": SHORTER, "crop_size": SQUARE},
    "Bit": {"size": SHORTER, "crop_size": SQUARE},
    "CLIP": {"size": SHORTER, "crop_size": SQUARE},
    "Siglip": {"size": SQUARE, "resample": 1},
    "Segformer": {"size": SQUARE},
    "Yolos": {"size": {"shortest_edge": 40, "longest_edge": 64}},
    "Detr": {"size": {"shortest_edge": 20, "longest_edge": 40}},
}


def main() -> None:
    """Write the file."""
    import transformers
    from PIL import Image

    found: dict[str, Any] = {}
    for kind, settings in KINDS.items():
        made = getattr(transformers, f"{kind}ImageProcessorPil")(**settings)
        with tempfile.TemporaryDirectory() as folder:
            made.save_pretrained(folder)
            said = json.loads((Path(folder) / "preprocessor_config.json").read_text())
        found[f"{kind}_said"] = np.array(json.dumps(said))
        for shown, size in vision.PICTURES.items():
            picture = Image.fromarray(vision.picture(*size))
            values = np.asarray(made(picture, return_tensors="np")["pixel_values"])[0]
            found[f"{kind}_{shown}"] = values.astype(np.float32)
    np.savez_compressed(RECORDED, **found)
    print({name: value.shape for name, value in found.items()})


if __name__ == "__main__":
    main()
