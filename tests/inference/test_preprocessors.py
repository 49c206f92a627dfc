"""Hugging Face's image preprocessors: pixel for pixel what transformers makes of a picture (recorded), or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from medview.core.problem import MedviewError
from medview.inference.importing.draft import Draft
from medview.inference.manifest import Input
from medview.inference.placement import Placement, orient
from medview.inference.preprocess import run_steps
from tests.inference import networks
from tests.inference.foreign import begun, saved, write_json
from tests.inference.parity import vision

RECORDED = np.load(Path(__file__).parent / "parity" / "preprocessors.npz")
KINDS = sorted(name.removesuffix("_said") for name in RECORDED.files if name.endswith("_said"))


def drafted(folder: Path, said: dict[str, Any], sizes: tuple[Any, Any]) -> Draft:
    """A classifier beside its preprocessor."""
    nodes = [helper.make_node("ReduceMean", ["pixel_values"], ["logits"], axes=[2, 3], keepdims=0)]
    model = networks.model_bytes(
        nodes, [("pixel_values", networks.FLOAT, [1, 3, *sizes])], [("logits", networks.FLOAT, [1, 3])]
    )
    write_json(folder / "config.json", {"id2label": {"0": "a", "1": "b", "2": "c"}, "model_type": "some"})
    write_json(folder / "preprocessor_config.json", said)
    return begun(saved(folder / "model.onnx", model))


@pytest.mark.parametrize("kind", KINDS)
def test_as_transformers_prepares_a_picture(kind: str, tmp_path: Path) -> None:
    said = json.loads(str(RECORDED[f"{kind}_said"]))
    shapes = {RECORDED[f"{kind}_{shown}"].shape[1:] for shown in vision.PICTURES}
    sizes = next(iter(shapes)) if len(shapes) == 1 else ("height", "width")
    draft = drafted(tmp_path, said, sizes)
    given = Input.model_validate_json(json.dumps(draft.manifest["input"]))
    for shown, size in vision.PICTURES.items():
        picture = vision.picture(*size)[None]
        start = Placement.start(orient(picture.shape[:3], None, ("down", "right")), None)
        made = run_steps(given, picture, None, start, None, lambda *_: None).values[0]
        made = made[..., ::-1] if given.channels == "bgr" else made
        own = RECORDED[f"{kind}_{shown}"].transpose(1, 2, 0)
        assert made.shape == own.shape
        # Pillow takes the vertical pass first for some tall pictures, so that 8 bit differ by 1.
        allowed = 0.02 * 8 if shown == "tall" else 1e-5
        assert np.abs(made - own).max() < allowed


def test_an_older_file_gives_one_number_for_the_shorter_side(tmp_path: Path) -> None:
    said = {"feature_extractor_type": "ConvNextFeatureExtractor", "size": 16, "resample": 3}
    step = drafted(tmp_path, said, (16, 16)).input["steps"][0]
    assert (step["aspect"], step["shorter"], step["size"]) == ("cover", 18, [16, 16])
    large = drafted(tmp_path / "large", {**said, "size": 384}, (384, 384)).input["steps"][0]
    assert (large["aspect"], large["size"]) == ("stretch", [384, 384])


@pytest.mark.parametrize(
    "said",
    [
        {"image_processor_type": "GLPNImageProcessor", "size_divisor": 32},
        {"image_processor_type": "PerceiverImageProcessor", "size": {"height": 16, "width": 16}},
        {"image_processor_type": "DPTImageProcessor", "size": {"height": 16, "width": 16}, "keep_aspect_ratio": True},
        {"image_processor_type": "X", "size": {"height": 16, "width": 16}, "do_pad": True, "pad_size": {"height": 20}},
    ],
)
def test_what_is_not_done_as_transformers_does_it_is_refused(said: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(MedviewError, match="is not what medview does as it does"):
        drafted(tmp_path, said, (16, 16))
