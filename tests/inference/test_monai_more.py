"""What MONAI's bundles do beside the common chain: readers, turns, several items, slices, and Invertd's way back.

Each was held beside MONAI 1.6's own chain on a CT and an oblique MR before it was written down here (docs/importing.md).
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from medview.core.problem import MedviewError
from medview.inference.importing.monai_transforms import Preparation, UnknownTransformError, without_axis
from medview.inference.manifest_steps import Tiling
from medview.inference.tiling import slide
from medview.kernels.resample_grid import resize_axes, taps_at
from tests.inference import networks
from tests.inference.foreign import begun, imported
from tests.inference.test_importing_volumes import INFERENCE, METADATA, bundle, with_transform
from tests.inference.volumes import axial_geometry, run, volume_of

Array = np.ndarray[Any, Any]
FLOAT = networks.FLOAT
AFTER = [{"_target_": "AsDiscreted", "keys": "pred", "argmax": True}]


def picture_bundle(folder: Path, model: bytes, *transforms: dict[str, Any], **reader: Any) -> Path:
    metadata = copy.deepcopy(METADATA)
    metadata["network_data_format"]["inputs"]["image"].update(format="RGB", modality="regular", num_channels=3)
    loaded = {"_target_": "LoadImaged", "keys": "image", **reader}
    inference = {
        "preprocessing": {"_target_": "Compose", "transforms": [loaded, *transforms]},
        "inferer": {"_target_": "SimpleInferer"},
        "postprocessing": {"_target_": "Compose", "transforms": AFTER},
    }
    return bundle(folder, model, metadata, inference)


def wide_in_the_first_axis() -> bytes:
    """Class 1 where the place along the tensor's first spatial axis is at least 5."""
    nodes = [
        helper.make_node("Slice", ["x", "from", "to", "channels"], ["one"]),
        helper.make_node("Shape", ["one"], ["shape"]),
        helper.make_node("ConstantOfShape", ["shape"], ["ones"], value=helper.make_tensor("v", FLOAT, [1], [1.0])),
        helper.make_node("CumSum", ["ones", "axis"], ["n"]),
        helper.make_node("Sub", ["n", "five"], ["high"]),
        helper.make_node("Neg", ["high"], ["low"]),
        helper.make_node("Concat", ["low", "high"], ["y"], axis=1),
    ]
    constants = {
        "from": np.array([0]), "to": np.array([1]), "channels": np.array([1]), "axis": np.array(2),
        "five": np.float32(5.5),
    }  # fmt: skip
    shape = networks.free_shape(2, 3)
    return networks.model_bytes(nodes, [("x", FLOAT, shape)], [("y", FLOAT, networks.free_shape(2, 2))], constants)


@pytest.mark.parametrize(
    ("reader", "transforms", "columns"),
    [
        ({}, [], True),
        ({"reverse_indexing": False}, [], False),
        ({"reader": "ITKReader", "reverse_indexing": True}, [], False),
        ({}, [{"_target_": "Transposed", "keys": "image", "indices": [0, 2, 1]}], False),
    ],
)
def test_monais_readers_give_pictures_with_x_first(
    reader: dict[str, Any], transforms: list[dict[str, Any]], columns: bool, tmp_path: Path
) -> None:
    folder = picture_bundle(tmp_path / "b", wide_in_the_first_axis(), *transforms, **reader)
    package = imported(folder, tmp_path / "package")
    values = np.random.default_rng(1).integers(0, 255, (1, 8, 12, 3), dtype=np.uint8)
    found = run(package, volume_of(values, None, None)).segmentation
    assert found is not None
    expected = np.zeros((8, 12), bool)
    expected[(slice(None), slice(5, None)) if columns else slice(5, None)] = True
    np.testing.assert_array_equal(found.labels[0] > 0, expected)


def test_flips_and_turns_are_directions_of_the_axes() -> None:
    part = Preparation(3, "image")
    part.take("Flipd", {"keys": "image", "spatial_axis": 1})
    part.take("Orientationd", {"keys": "image", "axcodes": "RAS"})
    part.take("Flipd", {"keys": "image", "spatial_axis": [0, -1]})
    part.take("Transposed", {"keys": "image", "indices": [0, 2, 1, 3]})
    # numpy.rot90 from the first axis toward the third: the new first axis is the third backwards.
    part.take("Rotate90d", {"keys": "image", "k": 1, "spatial_axes": [0, 2]})
    assert part.turned(["R", "A", "S"]) == ["S", "L", "A"]
    part.take("Spacingd", {"keys": "image", "pixdim": [1, 1, 1]})
    with pytest.raises(UnknownTransformError, match="Flipd after a transform that moves"):
        part.take("Flipd", {"keys": "image"})
    flat = Preparation(2, "image")
    flat.take("Flipd", {"keys": "image", "spatial_axis": 0})
    with pytest.raises(UnknownTransformError, match="flip of pictures"):
        flat.turned(["right", "down"])


def test_whether_a_transform_is_switched_off_is_asked_where_an_expression_says_it(tmp_path: Path) -> None:
    """As in the bundle for lung nodules: run on images that were resampled before, or not."""
    inference = copy.deepcopy(INFERENCE)
    inference.update({"raw": False, "resampled": "$(not @raw)"})
    inference["preprocessing"]["transforms"][3]["_disabled_"] = "@resampled"
    folder = bundle(tmp_path / "b", networks.affine_channels(3, [0, 1], [0, 0]), None, inference)
    with pytest.raises(MedviewError, match=r"config\.resampled") as caught:
        begun(folder)
    assert caught.value.code == "expression_refused"
    steps = begun(folder, config__resampled="True").manifest["input"]["steps"]
    assert [step["step"] for step in steps] == ["range"]
    steps = begun(folder, config__resampled="False").manifest["input"]["steps"]
    assert [step["step"] for step in steps] == ["resample", "range"]


def test_items_that_are_joined_to_channels_are_prepared_one_by_one(tmp_path: Path) -> None:
    metadata = copy.deepcopy(METADATA)
    metadata["network_data_format"]["inputs"]["image"].update(modality="MR", format="magnitude", num_channels=3)
    keys = ["t2", "adc", "hbv"]
    inference = copy.deepcopy(INFERENCE)
    inference["preprocessing"]["transforms"] = [
        {"_target_": "LoadImaged", "keys": [*keys, "label"]},
        {"_target_": "Orientationd", "keys": [*keys, "label"], "axcodes": "LPS"},
        {"_target_": "Spacingd", "keys": ["label", *keys], "pixdim": [1, 1, 3], "mode": ["nearest", *["bilinear"] * 3]},
        {"_target_": "NormalizeIntensityd", "keys": ["t2", "hbv"]},
        {"_target_": "ScaleIntensityd", "keys": ["adc"]},
        {"_target_": "ConcatItemsd", "keys": keys, "name": "image"},
        {"_target_": "ShiftIntensityd", "keys": "image", "offset": 1},
    ]
    shape = networks.free_shape(3, 3)
    model = networks.model_bytes(
        [helper.make_node("Slice", ["x", "from", "to", "axes"], ["y"])],
        [("x", FLOAT, shape)],
        [("y", FLOAT, networks.free_shape(3, 2))],
        {"from": np.array([0]), "to": np.array([2]), "axes": np.array([1])},
    )
    draft = begun(bundle(tmp_path / "b", model, metadata, inference))
    given = draft.finished().input
    assert [source.name for source in given.sources] == keys
    assert given.channels == "grey"
    assert given.axes == ("L", "P", "S")
    steps = draft.manifest["input"]["steps"]
    assert [(step["step"], step.get("channels")) for step in steps] == [
        ("resample", None), ("z_score", [0, 2]), ("min_max", [1]), ("offset", None),
    ]  # fmt: skip
    assert steps[0]["kind"] == "linear"
    assert steps[1]["channel_wise"] is True
    inference["preprocessing"]["transforms"][2]["keys"] = ["t2", "adc"]
    with pytest.raises(MedviewError, match="t2, adc alone"):
        begun(bundle(tmp_path / "c", model, metadata, inference))


def test_a_network_of_slices_moves_along_the_axis_that_its_inferer_names(tmp_path: Path) -> None:
    inference = with_transform(
        {"_target_": "Orientationd", "keys": "image", "axcodes": "RAS"},
        {"_target_": "Spacingd", "keys": "image", "pixdim": [2.0, -1, 3.0]},
        instead=True,
    )
    inference["inferer"] = {"_target_": "SliceInferer", "roi_size": [8, 16], "spatial_dim": 1, "overlap": 0.5}
    folder = bundle(tmp_path / "b", networks.affine_channels(2, [0, 1], [0, 0]), None, inference)
    given = begun(folder).finished().input
    assert given.axes == ("R", "S")
    assert given.tiling is not None
    assert given.tiling.size == (8, 16)
    assert given.steps[0].spacing_mm == (2.0, 3.0)
    inference["preprocessing"]["transforms"][3]["pixdim"] = [2.0, 2.0, 3.0]
    with pytest.raises(MedviewError, match="along the axis that SliceInferer moves along"):
        begun(bundle(tmp_path / "c", networks.affine_channels(2, [0, 1], [0, 0]), None, inference))
    assert without_axis([{"step": "pad", "size": [None, None, 32]}], 2) == []


def test_what_is_smaller_than_a_tile_is_filled_by_its_border() -> None:
    values = np.random.default_rng(3).normal(size=(3, 9)).astype(np.float32)
    tiling = Tiling(size=(8, 6), overlap=0.5, fill="edge")
    seen: list[Array] = []

    def look(tiles: Array) -> Array:
        seen.extend(tiles)
        return tiles[:, None]

    slide(values, tiling, (1, 1), look, lambda *_: None, lambda *_: None)
    padded = np.pad(values, [(2, 3), (0, 0)], mode="edge")
    np.testing.assert_array_equal(seen[0], padded[:, :6])
    np.testing.assert_array_equal(seen[-1], padded[:, 3:])


# The way back --------------------------------------------------------------------------------------------------------


def test_pytorchs_nearest_is_the_lower_one_and_its_cubic_is_sharper() -> None:
    """torch.nn.functional.interpolate of 0 … 6: mode nearest to 3, 5 and 9 places; bicubic halfway between two."""
    seven = np.arange(7, dtype=np.float32)
    for size, expected in ((3, [0, 2, 4]), (5, [0, 1, 2, 4, 5]), (9, [0, 0, 1, 2, 3, 3, 4, 5, 6])):
        np.testing.assert_array_equal(resize_axes(seven, {0: size}, "lower"), expected)
    weights = taps_at([1.5], 4, "torch-cubic").weight[0]
    assert weights == pytest.approx([-0.09375, 0.59375, 0.59375, -0.09375])


def resized_bundle(folder: Path, mode: str, back: list[dict[str, Any]]) -> Path:
    inference = with_transform(
        {"_target_": "Orientationd", "keys": "image", "axcodes": "LPS"},
        {"_target_": "Resized", "keys": "image", "spatial_size": [9, 24, 8], "mode": mode},
        instead=True,
    )
    inference["inferer"] = {"_target_": "SimpleInferer"}
    inference["postprocessing"]["transforms"] = back
    return bundle(folder, networks.affine_channels(3, [0.0, 1.0], [0.0, -53.3]), None, inference)


@pytest.mark.parametrize("mode", ["area", "nearest"])
def test_an_answer_goes_back_through_a_resizing_as_monai_brings_it(mode: str, tmp_path: Path) -> None:
    """Area: the mean of the logits of all places that a voxel touches, enlarged and shrunk; nearest: the lower one."""
    invert = {"_target_": "Invertd", "keys": "pred", "nearest_interp": mode == "nearest"}
    package = imported(resized_bundle(tmp_path / "b", mode, [invert, *AFTER]), tmp_path / "package")
    values = np.random.default_rng(6).integers(-100, 200, (8, 16, 20), dtype=np.int16)
    found = run(package, volume_of(values, axial_geometry(values.shape))).segmentation
    assert found is not None
    kind = "adaptive" if mode == "area" else "lower"
    there = resize_axes(values, {1: 24, 2: 9}, kind).astype(np.float32)
    # The bundle names no activation, so that raw numbers are averaged.
    back = resize_axes(there - np.float32(53.3), {1: 16, 2: 20}, kind)
    np.testing.assert_array_equal(found.labels, back > 0)


def test_nearest_of_the_inverse_and_parts_on_the_networks_grid(tmp_path: Path) -> None:
    largest = {"_target_": "KeepLargestConnectedComponentd", "keys": "pred", "applied_labels": [1]}
    linear = {"_target_": "Invertd", "keys": "pred", "nearest_interp": False}
    draft = begun(resized_bundle(tmp_path / "a", "area", [*AFTER, largest, {**linear, "nearest_interp": True}]))
    output = draft.manifest["output"]
    assert (output["restore"], output["back"], output["largest_of"]) == ("labels", "lower", "tensor")
    draft.finished()
    draft = begun(resized_bundle(tmp_path / "b", "trilinear", [*AFTER, linear]))
    assert draft.manifest["output"]["restore"] == "labels"
    assert any("interpolates their numbers" in note for note in draft.notes)
    draft = begun(resized_bundle(tmp_path / "c", "trilinear", [linear, *AFTER, largest]))
    assert draft.manifest["output"]["restore"] == "logits", "raw numbers go back where no activation comes before"
    assert {"back", "largest_of"} & set(draft.manifest["output"]) == set()


def test_parts_are_kept_before_labels_go_back(tmp_path: Path) -> None:
    """Two parts that touch in the series, but not on the network's coarser grid, are two."""
    largest = {"_target_": "KeepLargestConnectedComponentd", "keys": "pred", "applied_labels": [1]}
    inference = with_transform(
        {"_target_": "Orientationd", "keys": "image", "axcodes": "LPS"},
        {"_target_": "Resized", "keys": "image", "spatial_size": [8, 8, 4], "mode": "nearest"},
        instead=True,
    )
    inference["inferer"] = {"_target_": "SimpleInferer"}
    invert = {"_target_": "Invertd", "keys": "pred", "nearest_interp": True}
    inference["postprocessing"]["transforms"] = [*AFTER, largest, invert]
    folder = bundle(tmp_path / "b", networks.affine_channels(3, [0.0, 1.0], [0.0, -50.0]), None, inference)
    package = imported(folder, tmp_path / "package")
    assert package.manifest.output.largest_of == "tensor"
    values = np.zeros((4, 16, 16), np.int16)
    values[:, 0:2, 0:2], values[:, 2:8, 4:12] = 100, 100
    values[:, 2:4, 2:4] = 40
    found = run(package, volume_of(values, axial_geometry(values.shape))).segmentation
    assert found is not None
    expected = np.zeros(values.shape, bool)
    expected[:, 2:8, 4:12] = True
    np.testing.assert_array_equal(found.labels > 0, expected)
