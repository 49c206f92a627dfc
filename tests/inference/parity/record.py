"""Makes ``recorded.npz``: what MONAI and nnU-Net v2 answer, so that the suite compares without PyTorch.

Run where the dependency group ``parity`` is installed: ``python -m tests.inference.parity.record``. The inputs and
the network are made from :mod:`.inputs` here and in the test.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.inference.parity import inputs

RECORDED = Path(__file__).with_name("recorded.npz")


def monai_sliding() -> dict[str, Any]:
    """``sliding_window_inference`` for each plan of :data:`.inputs.MONAI_PLANS`."""
    import torch
    from monai.inferers import sliding_window_inference

    weight, bias = (torch.from_numpy(part) for part in inputs.network())

    def run(x: Any) -> Any:
        # Something that depends on where in the tile a voxel lies: zeros are filled in at a tile's border.
        return torch.nn.functional.conv3d(x, weight, bias, padding=2)

    answers = {}
    for name, plan in inputs.MONAI_PLANS.items():
        values = torch.from_numpy(inputs.values(plan["shape"]))[None, None]
        answer = sliding_window_inference(
            values, plan["size"], 1, run, overlap=plan["overlap"], mode=plan["weights"], padding_mode="constant"
        )
        answers[f"monai_{name}"] = answer[0].numpy()
    return answers


def nnunet_sliding() -> dict[str, Any]:
    """nnU-Net's predictor: its own sliding window, Gaussian and mirroring, on the processor.

    It keeps weights and sums in half precision, in which the weights of a tile's corners become 0; here it is given
    single precision.
    """
    from functools import partial

    import torch
    from nnunetv2.inference import predict_from_raw_data
    from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor
    from nnunetv2.inference.sliding_window_prediction import compute_gaussian

    predict_from_raw_data.compute_gaussian = partial(compute_gaussian, dtype=torch.float32)
    torch.half = torch.float32

    weight, bias = (torch.from_numpy(part) for part in inputs.network())

    class Net(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            return torch.nn.functional.conv3d(x, weight, bias, padding=2)

    class Labels:
        num_segmentation_heads = weight.shape[0]

    answers = {}
    for name, plan in inputs.NNUNET_PLANS.items():
        predictor = nnUNetPredictor(
            tile_step_size=1 - plan["overlap"],
            use_gaussian=True,
            use_mirroring=bool(plan["mirror"]),
            perform_everything_on_device=False,
            device=torch.device("cpu"),
            allow_tqdm=False,
        )
        predictor.network = Net()
        predictor.label_manager = Labels()
        predictor.allowed_mirroring_axes = plan["mirror"] or None

        class Configuration:
            patch_size = plan["size"]

        predictor.configuration_manager = Configuration()
        values = torch.from_numpy(inputs.values(plan["shape"]))[None]
        answer = predictor.predict_sliding_window_return_logits(values)
        answers[f"nnunet_{name}"] = answer.float().numpy()
    answers["nnunet_weights"] = compute_gaussian(
        inputs.WEIGHTS_SIZE, 1 / 8, 10, dtype=torch.float32, device=torch.device("cpu")
    ).numpy()
    return answers


def nnunet_resampling() -> dict[str, Any]:
    """``resample_data_or_seg_to_spacing`` and ``…_to_shape`` of nnU-Net, order 3 there and order 1 back."""
    from nnunetv2.preprocessing.resampling.default_resampling import (
        resample_data_or_seg_to_shape,
        resample_data_or_seg_to_spacing,
    )

    answers = {}
    for name, plan in inputs.RESAMPLINGS.items():
        values = inputs.values(plan["shape"])[None]
        there = resample_data_or_seg_to_spacing(
            values, plan["spacing"], plan["target"], order=3, order_z=0, force_separate_z=None
        )
        answers[f"resample_{name}"] = there[0].astype(np.float32)
        logits = np.stack([there[0], -there[0], there[0] * 0 + 0.1]).astype(np.float32)
        back = resample_data_or_seg_to_shape(
            logits, plan["shape"], plan["target"], plan["spacing"], order=1, order_z=0, force_separate_z=None
        )
        answers[f"labels_{name}"] = back.argmax(axis=0).astype(np.uint8)
    return answers


def normalisations() -> dict[str, Any]:
    """nnU-Net's schemes and MONAI's transforms on one image."""
    from monai.transforms import NormalizeIntensity, ScaleIntensityRangePercentiles
    from nnunetv2.preprocessing.cropping.cropping import create_nonzero_mask
    from nnunetv2.preprocessing.normalization.default_normalization_schemes import CTNormalization, ZScoreNormalization

    brain = inputs.brain()
    mask = create_nonzero_mask(brain[None])
    seg = np.where(mask, 0, -1).astype(np.int8)
    return {
        "zscore": ZScoreNormalization(use_mask_for_norm=False, intensityproperties={}).run(brain.copy(), seg),
        "zscore_masked": ZScoreNormalization(use_mask_for_norm=True, intensityproperties={}).run(brain.copy(), seg),
        "ct": CTNormalization(use_mask_for_norm=False, intensityproperties=inputs.CT_PROPERTIES).run(brain.copy()),
        "monai_nonzero": NormalizeIntensity(nonzero=True)(brain[None].copy())[0].numpy(),
        "monai_percentiles": ScaleIntensityRangePercentiles(1, 99, 0, 1, clip=True)(brain[None].copy())[0].numpy(),
    }


def main() -> None:
    """Write the file."""
    answers = {**monai_sliding(), **nnunet_sliding(), **nnunet_resampling(), **normalisations()}
    np.savez_compressed(RECORDED, **{name: np.asarray(value) for name, value in answers.items()})
    print({name: np.asarray(value).shape for name, value in answers.items()})


if __name__ == "__main__":
    main()
