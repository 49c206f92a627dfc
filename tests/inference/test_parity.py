"""Beside MONAI and nnU-Net: their recorded answers to the inputs of :mod:`tests.inference.parity.inputs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.geometry import Geometry
from tests.inference import networks
from tests.inference.packages import about
from tests.inference.parity import inputs
from tests.inference.volumes import axial_geometry, made_package, run, volume_of

pytestmark = pytest.mark.beside

Array = np.ndarray[Any, Any]

RECORDED = np.load(Path(__file__).parent / "parity" / "recorded.npz")
CLOSE = 1e-5


def convolution() -> bytes:
    weight, bias = inputs.network()
    return networks.convolution(weight, bias)


def raw_channels(folder: Path, shape: tuple[int, ...], tiling: dict[str, Any], **more: Any) -> Array:
    """Each raw channel of the convolution, through the whole chain of an image-to-image package."""
    geometry = axial_geometry((shape[0], shape[1], shape[2]), (1.0, 1.0, 1.0))
    volume = volume_of(inputs.values(shape), geometry, "HU")
    channels = []
    for channel in range(3):
        manifest = about(
            f"parity-{channel}",
            task="image",
            input={"unit": "HU", "axes": ["S", "P", "L"], "layout": "NCDHW", "tiling": tiling, **more},
            output={"kind": "image", "title": "raw", "channel": channel},
        )
        result = run(made_package(folder, manifest, convolution()), volume)
        assert result.image is not None
        channels.append(result.image.values)
    return np.stack(channels)


@pytest.mark.parametrize("name", inputs.MONAI_PLANS)
def test_tiles_as_monai_lays_and_weights_them(name: str, tmp_path: Path) -> None:
    plan = inputs.MONAI_PLANS[name]
    tiling = {"size": plan["size"], "overlap": plan["overlap"], "weights": plan["weights"], "placement": "monai"}
    found = raw_channels(tmp_path, plan["shape"], tiling)
    np.testing.assert_allclose(found, RECORDED[f"monai_{name}"], atol=CLOSE, rtol=0)


@pytest.mark.parametrize("name", inputs.NNUNET_PLANS)
def test_tiles_and_mirrors_as_nnunet_does(name: str, tmp_path: Path) -> None:
    plan = inputs.NNUNET_PLANS[name]
    tiling = {"size": plan["size"], "overlap": plan["overlap"], "placement": "nnunet"}
    found = raw_channels(tmp_path, plan["shape"], tiling, mirror=list(plan["mirror"]))
    np.testing.assert_allclose(found, RECORDED[f"nnunet_{name}"], atol=CLOSE, rtol=0)


def test_weights_are_nnunets_to_single_precision() -> None:
    from medview.inference.manifest_steps import Tiling
    from medview.inference.tiling import tile_weights

    tiling = Tiling(size=inputs.WEIGHTS_SIZE, placement="nnunet")
    expected = RECORDED["nnunet_weights"] / RECORDED["nnunet_weights"].max()
    np.testing.assert_allclose(tile_weights(inputs.WEIGHTS_SIZE, tiling), expected, atol=CLOSE)


def resampled(folder: Path, plan: dict[str, Any], output: dict[str, Any], network: bytes) -> Any:
    shape = plan["shape"]
    geometry = axial_geometry(shape, plan["spacing"])
    step = {"step": "resample", "spacing_mm": list(plan["target"]), "kind": "spline", "separate_above": 3}
    manifest = about(
        "resampled",
        task=output["kind"],
        input={"unit": "HU", "axes": ["S", "P", "L"], "layout": "NCDHW", "steps": [step]},
        output=output,
    )
    return run(made_package(folder, manifest, network), volume_of(inputs.values(shape), geometry, "HU"))


@pytest.mark.parametrize("name", inputs.RESAMPLINGS)
def test_resampling_there_is_nnunets(name: str) -> None:
    from medview.inference.manifest import Input
    from medview.inference.placement import Placement, orient
    from medview.inference.preprocess import run_steps

    plan = inputs.RESAMPLINGS[name]
    step = {"step": "resample", "spacing_mm": plan["target"], "kind": "spline", "separate_above": 3.0}
    given = Input.model_validate(
        {"unit": "HU", "axes": ("S", "P", "L"), "layout": "NCDHW", "steps": (step,)}, strict=False
    )
    geometry: Geometry = axial_geometry(plan["shape"], plan["spacing"])
    placement = Placement.start(orient(plan["shape"], geometry, given.axes), geometry)
    made = run_steps(given, inputs.values(plan["shape"]), None, placement, geometry, lambda *_: None)
    np.testing.assert_allclose(made.values, RECORDED[f"resample_{name}"], atol=CLOSE, rtol=0)


@pytest.mark.parametrize("name", inputs.RESAMPLINGS)
def test_labels_come_back_as_nnunets_logits_do(name: str, tmp_path: Path) -> None:
    """The network gives x, -x and 0.1; both sides resample these linearly and then take the largest."""
    weight = np.zeros((3, 1, 1, 1, 1), dtype=np.float32)
    weight[0], weight[1] = 1, -1
    output = {
        "kind": "segmentation",
        "activation": "softmax",
        "restore": "logits",
        "labels": [{"index": 1, "name": "below"}, {"index": 2, "name": "between"}],
    }
    network = networks.convolution(weight, np.array([0, 0, 0.1], dtype=np.float32))
    result = resampled(tmp_path, inputs.RESAMPLINGS[name], output, network)
    assert result.segmentation is not None
    expected = RECORDED[f"labels_{name}"]
    assert result.segmentation.labels.shape == expected.shape
    assert np.mean(result.segmentation.labels == expected) > 0.9995


NORMALISED: dict[str, dict[str, Any]] = {
    "zscore": {"step": "z_score"},
    "zscore_masked": {"step": "z_score", "only_foreground": True},
    "monai_nonzero": {"step": "z_score", "only_nonzero": True},
    "monai_percentiles": {"step": "percentile", "low": 1, "high": 99},
}


def stepped(steps: list[dict[str, Any]]) -> Array:
    from medview.inference.manifest import Input
    from medview.inference.placement import Placement, orient
    from medview.inference.preprocess import run_steps

    brain = inputs.brain()
    geometry = axial_geometry(brain.shape)
    given = Input.model_validate(
        {"unit": "HU", "axes": ("S", "P", "L"), "layout": "NCDHW", "steps": tuple(steps)}, strict=False
    )
    placement = Placement.start(orient(brain.shape, geometry, given.axes), geometry)
    return np.asarray(run_steps(given, brain, None, placement, geometry, lambda *_: None).values)


@pytest.mark.parametrize("name", NORMALISED)
def test_statistics_of_the_image_are_theirs(name: str) -> None:
    np.testing.assert_allclose(stepped([NORMALISED[name]]), RECORDED[name], atol=CLOSE)


def test_statistics_of_the_training_are_nnunets() -> None:
    known = inputs.CT_PROPERTIES
    steps: list[dict[str, Any]] = [
        {"step": "clip", "low": known["percentile_00_5"], "high": known["percentile_99_5"]},
        {"step": "normalise", "mean": (known["mean"],), "std": (known["std"],)},
    ]
    np.testing.assert_allclose(stepped(steps), RECORDED["ct"], atol=CLOSE)
