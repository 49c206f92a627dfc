"""MONAI bundles, nnU-Net exports and ivadomed packages: what their files say becomes what their authors would get."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from medview.core.problem import MedviewError
from medview.inference.manifest import AnchorsOutput
from tests.inference import networks
from tests.inference.foreign import begun, imported, missing, saved, write_json
from tests.inference.volumes import axial_geometry, reorientations, run, volume_of

pytestmark = pytest.mark.beside

Array = np.ndarray[Any, Any]
FLOAT = networks.FLOAT

METADATA: dict[str, Any] = {
    "version": "0.5.9",
    "monai_version": "1.4.0",
    "pytorch_version": "2.5.0",
    "numpy_version": "1.26.0",
    "name": "Spleen CT segmentation",
    "task": "Decathlon spleen segmentation",
    "description": "A pre-trained model for volumetric segmentation of the spleen",
    "authors": "MONAI team, Somebody Else",
    "copyright": "Copyright (c) MONAI Consortium",
    "intended_use": "This is an example, not to be used for diagnostic purposes",
    "references": ["Xia et al. 2018"],
    "network_data_format": {
        "inputs": {
            "image": {
                "type": "image",
                "format": "hounsfield",
                "modality": "CT",
                "num_channels": 1,
                "spatial_shape": [96, 96, 96],
                "value_range": [0, 1],
                "is_patch_data": True,
                "channel_def": {"0": "image"},
            }
        },
        "outputs": {
            "pred": {
                "type": "image",
                "format": "segmentation",
                "num_channels": 2,
                "spatial_shape": [96, 96, 96],
                "channel_def": {"0": "background", "1": "spleen"},
            }
        },
    },
}

INFERENCE: dict[str, Any] = {
    "imports": ["$import glob"],
    "bundle_root": ".",
    "device": "$torch.device('cuda:0' if torch.cuda.is_available() else 'cpu')",
    "image_key": "image",
    "pixdim": [1.5, 1.5, 2.0],
    "preprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "LoadImaged", "keys": "@image_key"},
            {"_target_": "EnsureChannelFirstd", "keys": "@image_key"},
            {"_target_": "Orientationd", "keys": "image", "axcodes": "RAS"},
            {"_target_": "Spacingd", "keys": "image", "pixdim": "@pixdim", "mode": "bilinear"},
            {
                "_target_": "ScaleIntensityRanged",
                "keys": "image",
                "a_min": -57,
                "a_max": 164,
                "b_min": 0,
                "b_max": 1,
                "clip": True,
            },
            {"_target_": "EnsureTyped", "keys": "image", "device": "@device"},
        ],
    },
    "inferer": {"_target_": "SlidingWindowInferer", "roi_size": [8, 8, 8], "sw_batch_size": 4, "overlap": 0.5},
    "postprocessing": {
        "_target_": "Compose",
        "transforms": [
            {"_target_": "Activationsd", "keys": "pred", "softmax": True},
            {"_target_": "Invertd", "keys": "pred", "transform": "@preprocessing", "nearest_interp": False},
            {"_target_": "AsDiscreted", "keys": "pred", "argmax": True},
            {"_target_": "SaveImaged", "keys": "pred", "output_dtype": "$numpy.float32"},
        ],
    },
}


def bundle(
    folder: Path,
    model: bytes,
    metadata: dict[str, Any] | None = None,
    inference: dict[str, Any] | None = None,
) -> Path:
    """A bundle as the zoo lays it out."""
    saved(folder / "models" / "model.onnx", model)
    write_json(folder / "configs" / "metadata.json", METADATA if metadata is None else metadata)
    if inference is not None:
        write_json(folder / "configs" / "inference.json", inference)
    (folder / "LICENSE").write_text("Apache License\nVersion 2.0, January 2004\n", encoding="utf-8")
    return folder


def with_transform(*transforms: dict[str, Any], instead: bool = False) -> dict[str, Any]:
    """INFERENCE with transforms added before the last one, or with these alone after the loading."""
    content = copy.deepcopy(INFERENCE)
    listed = content["preprocessing"]["transforms"]
    content["preprocessing"]["transforms"] = [*(listed[:2] if instead else listed[:-1]), *transforms]
    return content


def corner(shape: tuple[int, int, int] = (8, 24, 24)) -> Array:
    """A bright box toward the patient's left, front and feet of an axial series (k to S, j to P, i to L)."""
    values = np.full(shape, -100, np.int16)
    values[1:4, 2:8, 12:20] = 160
    return values


def test_a_bundle_of_the_zoo_runs_as_it_is(tmp_path: Path) -> None:
    # Class 1 wins where the scaled value is above 0.5, that is above 53.5 HU.
    model = networks.affine_channels(3, [0.0, 20.0], [0.0, -10.0])
    package = imported(bundle(tmp_path / "spleen", model, None, INFERENCE), tmp_path / "package")
    manifest = package.manifest
    assert manifest.licence == "Apache-2.0"
    assert manifest.version == "0.5.9"
    assert manifest.authors == ("MONAI team", "Somebody Else")
    assert manifest.intended_use == "This is an example, not to be used for diagnostic purposes"
    assert manifest.fits.modalities == ("CT",)
    assert manifest.input.axes == ("R", "A", "S")
    assert manifest.input.unit == "HU"
    assert manifest.input.tiling is not None
    assert manifest.input.tiling.weights == "constant"  # MONAI's default, not the Gaussian
    assert "Apache License" in package.card
    values = corner()
    volume = volume_of(values, axial_geometry(values.shape, (2.0, 1.5, 1.5)))
    for _, turned in reorientations(volume):
        found = run(package, turned).segmentation
        assert found is not None
        np.testing.assert_array_equal(found.labels, turned.stored > 53)


def test_the_tensor_of_a_bundle_is_right_anterior_superior(tmp_path: Path) -> None:
    """The network answers with the index along its first axis: it must grow toward the patient's right."""
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["ones"], value=helper.make_tensor("v", FLOAT, [1], [1.0])),
        helper.make_node("CumSum", ["ones", "axis"], ["n"]),
        helper.make_node("Sub", ["n", "half"], ["y"]),
    ]
    shape = networks.free_shape(3)
    model = networks.model_bytes(
        nodes, [("x", FLOAT, shape)], [("y", FLOAT, shape)], {"axis": np.array(2), "half": np.array(12.5, np.float32)}
    )
    metadata = copy.deepcopy(METADATA)
    metadata["network_data_format"]["outputs"]["pred"].update(num_channels=1, channel_def={"0": "right half"})
    inference = with_transform({"_target_": "Orientationd", "keys": "image", "axcodes": "RAS"}, instead=True)
    inference["inferer"] = {"_target_": "SimpleInferer"}
    inference["postprocessing"]["transforms"] = [{"_target_": "Activationsd", "keys": "pred", "sigmoid": True}]
    package = imported(bundle(tmp_path / "b", model, metadata, inference), tmp_path / "package")
    values = corner()
    found = run(package, volume_of(values, axial_geometry(values.shape))).segmentation
    assert found is not None
    # i grows toward the left: the right half of the patient is the low half of i.
    assert found.labels[:, :, :12].all()
    assert not found.labels[:, :, 12:].any()


def test_spacing_and_channel_names_come_from_the_bundle(tmp_path: Path) -> None:
    draft = begun(bundle(tmp_path / "b", networks.affine_channels(3, [0, 1], [0, 0]), None, INFERENCE))
    assert not draft.questions
    assert draft.manifest["input"]["steps"][0] == {
        "step": "resample",
        "spacing_mm": [1.5, 1.5, 2.0],
        "kind": "linear",
        "align": "monai",
    }
    assert draft.manifest["output"]["labels"] == [{"index": 1, "name": "spleen"}]
    assert draft.manifest["output"]["background"] == 0


@pytest.mark.parametrize(
    ("transform", "words"),
    [
        ({"_target_": "Rotate90d", "keys": "image"}, "Rotate90d"),
        ({"_target_": "os.system", "keys": "image"}, "os.system"),
        ({"_target_": "Lambdad", "keys": "image", "func": "$lambda x: x"}, "Lambdad"),
        ({"_target_": "Resized", "keys": "image", "spatial_size": [4, 4, 4], "align_corners": True}, "align_corners"),
        ({"_target_": "Spacingd", "keys": "image", "pixdim": [1, 1, 1], "diagonal": True}, "diagonal"),
    ],
)
def test_transforms_that_are_not_on_the_list_are_refused_by_name(
    tmp_path: Path, transform: dict[str, Any], words: str
) -> None:
    folder = bundle(tmp_path / "b", networks.affine_channels(3, [0, 1], [0, 0]), None, with_transform(transform))
    with pytest.raises(MedviewError, match=words) as caught:
        begun(folder)
    assert caught.value.code == "transform_refused"


def test_transforms_of_the_list_become_steps(tmp_path: Path) -> None:
    inference = with_transform(
        {"_target_": "Spacingd", "keys": ["image", "label"], "pixdim": [1.0, 1.0, -1], "mode": ["bilinear", "nearest"]},
        {"_target_": "monai.transforms.Orientationd", "keys": ["image", "label"], "axcodes": "LPS"},
        {"_target_": "CropForegroundd", "keys": ["image"], "source_key": "image", "margin": 2},
        {"_target_": "NormalizeIntensityd", "keys": "image", "nonzero": True, "channel_wise": True},
        {"_target_": "ScaleIntensityd", "keys": "image", "minv": -1.0, "maxv": 1.0},
        {
            "_target_": "ScaleIntensityRangePercentilesd",
            "keys": "image",
            "lower": 1,
            "upper": 99,
            "b_min": 0,
            "b_max": 1,
        },
        {"_target_": "ThresholdIntensityd", "keys": "image", "threshold": 0.5, "above": False, "cval": 0.5},
        {"_target_": "SpatialPadd", "keys": "image", "spatial_size": [32, 32, -1], "method": "end"},
        {"_target_": "DivisiblePadd", "keys": "image", "k": 16},
        {"_target_": "AsDiscreted", "keys": "label", "to_onehot": 2},
        instead=True,
    )
    draft = begun(bundle(tmp_path / "b", networks.affine_channels(3, [0, 1], [0, 0]), None, inference))
    assert draft.manifest["input"]["axes"] == ["L", "P", "S"]
    steps = draft.manifest["input"]["steps"]
    assert [step["step"] for step in steps] == [
        "resample",
        "crop_above",
        "z_score",
        "min_max",
        "percentile",
        "clip",
        "pad",
        "pad",
    ]
    assert steps[0]["spacing_mm"] == [1.0, 1.0, None]
    assert steps[1] == {"step": "crop_above", "threshold": 0.0, "margin": 2}
    assert steps[2]["only_nonzero"] is True
    assert steps[3]["to"] == [-1.0, 1.0]
    assert steps[4]["clip"] is False
    assert steps[5] == {"step": "clip", "high": 0.5}
    assert steps[6] == {"step": "pad", "size": [32, 32, None], "fill": 0.0, "place": "end"}
    assert steps[7] == {"step": "pad", "multiple": [16, 16, 16], "fill": 0.0, "place": "centre"}


def test_an_expression_is_never_evaluated_but_may_be_answered(tmp_path: Path) -> None:
    inference = copy.deepcopy(INFERENCE)
    trap = tmp_path / "hurt"
    inference["pixdim"] = f"$[1.5, 1.5, 1.5] if open({str(trap)!r}, 'w') else None"
    folder = bundle(tmp_path / "b", networks.affine_channels(3, [0, 1], [0, 0]), None, inference)
    with pytest.raises(MedviewError) as caught:
        begun(folder)
    assert caught.value.code == "expression_refused"
    assert "config.pixdim" in caught.value.text
    assert not trap.exists()
    draft = begun(folder, config__pixdim="3,3,3")
    assert draft.manifest["input"]["steps"][0]["spacing_mm"] == [3.0, 3.0, 3.0]
    draft.finished()


def test_references_that_run_in_circles_end(tmp_path: Path) -> None:
    inference = {**copy.deepcopy(INFERENCE), "pixdim": "@other", "other": "@pixdim"}
    with pytest.raises(MedviewError) as caught:
        begun(bundle(tmp_path / "b", networks.affine_channels(3, [0, 1], [0, 0]), None, inference))
    assert caught.value.code == "expression_refused"


def test_overlapping_channels_of_a_bundle_are_regions_of_four_series(tmp_path: Path) -> None:
    metadata = copy.deepcopy(METADATA)
    formats = metadata["network_data_format"]
    formats["inputs"]["image"].update(
        format="magnitude", modality="MR", num_channels=4, channel_def={"0": "T1c", "1": "T1", "2": "T2", "3": "FLAIR"}
    )
    formats["outputs"]["pred"].update(
        num_channels=3, channel_def={"0": "Tumor core", "1": "Whole tumor", "2": "Enhancing tumor"}
    )
    inference = with_transform(
        {"_target_": "NormalizeIntensityd", "keys": "image", "nonzero": True, "channel_wise": True}, instead=True
    )
    inference["postprocessing"]["transforms"] = [
        {"_target_": "Activationsd", "keys": "pred", "sigmoid": True},
        {"_target_": "AsDiscreted", "keys": "pred", "threshold": 0.5},
        {"_target_": "Lambdad", "keys": "pred", "func": "$lambda x: x"},
    ]
    node = helper.make_node("Slice", ["x", "from", "to", "axes"], ["y"])
    model = networks.model_bytes(
        [node],
        [("x", FLOAT, networks.free_shape(3, 4))],
        [("y", FLOAT, networks.free_shape(3, 3))],
        {"from": np.array([0]), "to": np.array([3]), "axes": np.array([1])},
    )
    folder = bundle(tmp_path / "b", model, metadata, inference)
    assert missing(begun(folder)) == {"input.axes"}
    draft = begun(folder, input__axes="L,P,S")
    manifest = draft.finished()
    assert [source.name for source in manifest.input.sources] == ["T1c", "T1", "T2", "FLAIR"]
    assert manifest.input.sources[0].contrast == "with"
    assert draft.manifest["output"]["rule"] == "regions"
    assert [entry["name"] for entry in draft.manifest["output"]["labels"]] == [
        "Whole tumor",
        "Tumor core",
        "Enhancing tumor",
    ]
    assert any("Lambda" in note for note in draft.notes)


def test_a_detector_with_no_boxes_is_refused_with_the_reason(tmp_path: Path) -> None:
    metadata = copy.deepcopy(METADATA)
    metadata["network_data_format"]["outputs"] = {"pred": {"type": "object", "format": "dict"}}
    with pytest.raises(MedviewError, match="raw heads") as caught:
        begun(bundle(tmp_path / "b", networks.affine_channels(3, [0, 1], [0, 0]), metadata, INFERENCE))
    assert caught.value.code == "output_unexplained"


def test_raw_heads_of_a_bundle_take_their_anchors_from_it(tmp_path: Path) -> None:
    metadata = copy.deepcopy(METADATA)
    metadata["network_data_format"]["outputs"] = {"pred": {"type": "object", "format": "dict"}}
    inference = copy.deepcopy(INFERENCE)
    inference["anchor_generator"] = {
        "_target_": "monai.apps.detection.utils.anchor_utils.AnchorGeneratorWithAnchorShape",
        "feature_map_scales": "$[2**l for l in range(len(@returned_layers)+1)]",
        "base_anchor_shapes": [[6, 8, 4], [8, 6, 5]],
    }
    inference["infer_patch_size"] = [32, 32, 32]
    maps = {
        f"{kind}_{n}": np.zeros((1, width, 4 >> n, 4 >> n, 4 >> n), np.float32)
        for n in range(2)
        for kind, width in (("cls", 2), ("box", 12))
    }
    draft = begun(
        bundle(tmp_path / "b", networks.fixed_outputs(3, **maps), metadata, inference), output__labels="nodule"
    )
    output = draft.finished().output
    assert isinstance(output, AnchorsOutput)
    assert output.scores_outputs == ("cls_0", "cls_1")
    assert output.levels[1].shapes == ((12, 16, 8), (16, 12, 10))
    assert (output.origin, output.x_axis, output.activation) == ("centre", "first", "sigmoid")
    assert draft.manifest["input"]["tiling"] == {"size": [32, 32, 32], "overlap": 0.25}
    assert "offset" not in draft.manifest["output"]
    # As in the zoo's bundle for lung nodules; what the detector is told stands in expressions, whose numbers are read.
    metadata["monai_version"] = "1.6.0"
    inference["inferer"] = {"_target_": "scripts.detection_inferer.RetinaNetInferer", "detector": "@detector"}
    inference["detector_ops"] = [
        "$@detector.set_target_keys(box_key='box', label_key='label')",
        "$@detector.set_box_selector_parameters(score_thresh=0.02,topk_candidates_per_level=500,nms_thresh=0.3,detections_per_img=99)",
        "$@detector.set_sliding_window_inferer(roi_size=@infer_patch_size,overlap=0.5,sw_batch_size=1,mode='constant',device='cpu')",
    ]
    draft = begun(
        bundle(tmp_path / "c", networks.fixed_outputs(3, **maps), metadata, inference), output__labels="nodule"
    )
    output = draft.finished().output
    assert isinstance(output, AnchorsOutput)
    assert (output.score_threshold, output.nms_iou, output.at_most) == (0.02, 0.3, 99)
    assert (output.candidates_per_level, output.offset, output.smallest_side) == (500, 0.5, 1.0)
    assert draft.manifest["input"]["tiling"] == {"size": [32, 32, 32], "overlap": 0.5}


# nnU-Net -------------------------------------------------------------------------------------------------------------


def plans(**configuration: Any) -> dict[str, Any]:
    full = {
        "batch_size": 2,
        "patch_size": [4, 8, 8],
        "spacing": [2.0, 1.5, 1.5],
        "normalization_schemes": ["CTNormalization"],
        "use_mask_for_norm": [False],
        "resampling_fn_data": "resample_data_or_seg_to_shape",
        "resampling_fn_data_kwargs": {"is_seg": False, "order": 3, "order_z": 0, "force_separate_z": None},
        **configuration,
    }
    return {
        "dataset_name": "Dataset009_Spleen",
        "plans_name": "nnUNetPlans",
        "image_reader_writer": "SimpleITKIO",
        "transpose_forward": [0, 1, 2],
        "transpose_backward": [0, 1, 2],
        "configurations": {
            "2d": {**full, "patch_size": [16, 16], "spacing": [1.5, 1.5]},
            "3d_fullres": full,
            "3d_cascade_fullres": {
                "inherits_from": "3d_fullres",
                "previous_stage": "3d_lowres",
                "patch_size": [9, 9, 9],
            },
        },
        "foreground_intensity_properties_per_channel": {
            "0": {
                "mean": 100.0,
                "std": 40.0,
                "median": 100.0,
                "min": -100.0,
                "max": 300.0,
                "percentile_00_5": -40.0,
                "percentile_99_5": 190.0,
            }
        },
    }


def dataset(**more: Any) -> dict[str, Any]:
    return {
        "channel_names": {"0": "CT"},
        "labels": {"background": 0, "liver": 1, "spleen": 2},
        "numTraining": 41,
        "file_ending": ".nii.gz",
        "licence": "CC-BY-SA 4.0",
        "reference": "Memorial Sloan Kettering Cancer Center",
        "release": "1.0 06/08/2018",
        **more,
    }


def fixed(model_channels: list[tuple[float, float]], size: list[int], channels: int = 1) -> bytes:
    """Channel c: slope · first channel + offset, for exactly this size."""
    slopes = [slope for slope, _ in model_channels]
    offsets = [offset for _, offset in model_channels]
    shape = (1, len(slopes), *([1] * len(size)))
    nodes = [
        helper.make_node("Slice", ["x", "from", "to", "axes"], ["first"]),
        helper.make_node("Mul", ["first", "slopes"], ["m"]),
        helper.make_node("Add", ["m", "offsets"], ["y"]),
    ]
    constants = {
        "slopes": np.asarray(slopes, np.float32).reshape(shape),
        "offsets": np.asarray(offsets, np.float32).reshape(shape),
        "from": np.array([0]),
        "to": np.array([1]),
        "axes": np.array([1]),
    }
    return networks.model_bytes(
        nodes, [("x", FLOAT, [1, channels, *size])], [("y", FLOAT, [1, len(slopes), *size])], constants
    )


def export(folder: Path, model: bytes, plan: dict[str, Any], data: dict[str, Any]) -> Path:
    write_json(folder / "plans.json", plan)
    write_json(folder / "dataset.json", data)
    return saved(folder / "fold_0" / "net.onnx", model)


def test_an_nnunet_export_clips_and_scores_with_the_training_sets_numbers(tmp_path: Path) -> None:
    # Class 1 above z = 0 (100 HU), class 2 above z = 1.5 (160 HU): lines 0, 10 z, 30 z - 30. Class 3 wins above z = 3,
    # which nothing reaches that was clipped to the training set's percentiles.
    model = fixed([(0, 0), (10, 0), (30, -30), (40, -60)], [4, 8, 8])
    data = dataset(labels={"background": 0, "liver": 1, "spleen": 2, "metal": 3})
    path = export(tmp_path / "Trainer__nnUNetPlans__3d_fullres", model, plans(), data)
    assert missing(begun(path)) == {"input.axes"}
    package = imported(path, tmp_path / "package", input__axes="S,P,L")
    manifest = package.manifest
    assert manifest.licence == "CC-BY-SA 4.0"
    assert manifest.references == ("Memorial Sloan Kettering Cancer Center",)
    assert manifest.input.tiling is not None
    assert manifest.input.tiling.placement == "nnunet"
    assert manifest.input.tiling.overlap == 0.5
    assert manifest.fits.modalities == ("CT",)
    values = np.full((6, 16, 24), -100, np.int16)
    values[1:4, 2:8, 12:20] = 120
    values[2:3, 4:6, 14:18] = 500  # clipped to 190, z = 2.25
    found = run(package, volume_of(values, axial_geometry(values.shape, (2.0, 1.5, 1.5)))).segmentation
    assert found is not None
    np.testing.assert_array_equal(found.labels, np.where(values > 300, 2, np.where(values > 100, 1, 0)))
    assert [label.name for label in found.meanings] == ["liver", "spleen", "metal"]


def test_the_plans_transposition_turns_axes_and_spacing_together(tmp_path: Path) -> None:
    plan = {**plans(spacing=[1.5, 2.0, 1.0]), "transpose_forward": [2, 0, 1]}
    draft = begun(
        export(tmp_path / "n", fixed([(0, 0), (1, 0), (1, 0)], [4, 8, 8]), plan, dataset()), input__axes="S,P,L"
    )
    assert draft.manifest["input"]["axes"] == ["L", "S", "P"]
    assert draft.manifest["input"]["steps"][-1]["spacing_mm"] == [1.5, 2.0, 1.0]
    assert draft.manifest["input"]["steps"][-1]["separate_above"] == 3.0


def test_the_configuration_is_the_one_whose_patch_the_network_takes(tmp_path: Path) -> None:
    model = fixed([(0, 0), (1, 0), (1, 0)], [16, 16])
    draft = begun(export(tmp_path / "n", model, plans(), dataset()), input__axes="S,P,L")
    assert draft.manifest["input"]["axes"] == ["P", "L"]
    assert draft.manifest["input"]["tiling"]["size"] == [16, 16]
    with pytest.raises(MedviewError, match="5 × 5 × 5") as caught:
        begun(export(tmp_path / "m", fixed([(0, 0), (1, 0), (1, 0)], [5, 5, 5]), plans(), dataset()))
    assert caught.value.code == "description_incomplete"


def test_readers_that_reorient_leave_nothing_to_ask(tmp_path: Path) -> None:
    plan = {**plans(), "image_reader_writer": "NibabelIOWithReorient"}
    draft = begun(export(tmp_path / "n", fixed([(0, 0), (1, 0), (1, 0)], [4, 8, 8]), plan, dataset()))
    assert not draft.questions
    assert draft.manifest["input"]["axes"] == ["S", "A", "R"]


def test_regions_are_written_in_their_order(tmp_path: Path) -> None:
    """Whole where z > -1, core where z > 1: the core lies inside and is written last."""
    data = dataset(
        labels={"background": 0, "whole": [1, 2], "core": [2]}, regions_class_order=[1, 2], channel_names={"0": "CT"}
    )
    model = fixed([(10, 10), (10, -10)], [4, 8, 8])
    package = imported(export(tmp_path / "n", model, plans(), data), tmp_path / "package", input__axes="S,P,L")
    values = np.full((6, 16, 24), -100, np.int16)
    values[1:4, 2:8, 12:20] = 120  # z = 0.5
    values[2:3, 4:6, 14:18] = 180  # z = 2
    found = run(package, volume_of(values, axial_geometry(values.shape, (2.0, 1.5, 1.5)))).segmentation
    assert found is not None
    np.testing.assert_array_equal(found.labels, np.where(values > 150, 2, np.where(values > 100, 1, 0)))


def test_schemes_of_mr_channels_become_steps_of_each_series(tmp_path: Path) -> None:
    plan = plans(normalization_schemes=["ZScoreNormalization", "NoNormalization"], use_mask_for_norm=[True, False])
    data = dataset(channel_names={"0": "T2", "1": "ADC"})
    path = export(tmp_path / "n", fixed([(0, 0), (1, 0), (1, 0)], [4, 8, 8], channels=2), plan, data)
    draft = begun(path, input__axes="S,P,L")
    steps = draft.manifest["input"]["steps"]
    assert [step["step"] for step in steps] == ["crop_nonzero", "z_score", "resample"]
    assert steps[1] == {"step": "z_score", "only_foreground": True, "channel_wise": True, "channels": [0]}
    assert [source["name"] for source in draft.manifest["input"]["sources"]] == ["T2", "ADC"]
    draft.finished()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"normalization_schemes": ["MyOwnNormalization"]}, "MyOwnNormalization"),
        ({"resampling_fn_data": "my_resampling"}, "my_resampling"),
        ({"resampling_fn_data_kwargs": {"order": 5}}, "order"),
        ({"spacing": [1.0]}, "spacing"),
    ],
)
def test_plans_of_somebodys_own_are_refused_by_field(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    path = export(tmp_path / "n", fixed([(0, 0), (1, 0), (1, 0)], [4, 8, 8]), plans(**change), dataset())
    with pytest.raises(MedviewError, match=words) as caught:
        begun(path)
    assert caught.value.code == "description_incomplete"


# ivadomed ------------------------------------------------------------------------------------------------------------


def test_an_ivadomed_package_scores_each_slice_by_itself(tmp_path: Path) -> None:
    content = {
        "model_name": "t2star_gm",
        "loader_parameters": {"slice_axis": "axial", "target_suffix": ["_gmseg-manual"]},
        "transformation": {
            "Resample": {"wspace": 0.8, "hspace": 0.8},
            "CenterCrop": {"size": [24, 20]},
            "RandomAffine": {"degrees": 5, "dataset_type": ["training"]},
            "NumpyToTensor": {},
            "NormalizeInstance": {"applied_to": ["im"]},
        },
        "testing_parameters": {"binarize_prediction": 0.5},
    }
    write_json(tmp_path / "gm" / "gm.json", content)
    path = saved(tmp_path / "gm" / "gm.onnx", networks.threshold_network(2, 1.5, 20.0))
    package = imported(path, tmp_path / "package")
    assert package.manifest.input.axes == ("R", "A")
    values = np.full((3, 20, 24), 10, np.int16)
    for k, factor in enumerate((1, 3, 9)):
        values[k] *= factor
        values[k, 8:11, 6:9] = 100 * factor
    found = run(package, volume_of(values, axial_geometry(values.shape, (2.0, 0.8, 0.8)), "stored")).segmentation
    assert found is not None
    expected = np.zeros(values.shape, bool)
    expected[:, 8:11, 6:9] = True
    np.testing.assert_array_equal(found.labels > 0, expected)
    assert found.meanings[0].name == "gmseg-manual"
