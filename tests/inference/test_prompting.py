"""Networks that segment what is pointed at: an embedding of the slice, and masks of points and boxes at the right place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from medview.cli.__main__ import main
from medview.core.problem import MedviewError
from medview.formats.writing import write_volume
from medview.inference.library import install
from medview.inference.package import ModelPackage, open_package
from medview.inference.prompting import Embedding, Prompt, decode_mask, embed_slice, prompted_result
from medview.inference.request import InferenceRequest
from medview.inference.run import opened_here
from tests.inference import networks
from tests.inference.packages import about, write_package
from tests.inference.volumes import axial_geometry, reorientations, run, stack_of, volume_of

Array = np.ndarray[Any, Any]
FLOAT = networks.FLOAT


def encoder() -> bytes:
    """The embedding is the picture itself."""
    return networks.model_bytes(
        [helper.make_node("Identity", ["image"], ["features"])],
        [("image", FLOAT, networks.free_shape(2))],
        [("features", FLOAT, networks.free_shape(2))],
    )


def decoder() -> bytes:
    """A mask that is 40 wide about the value at the first point; a box (labels 2, 3) makes the mask of all above 0.

    A second mask is everything, and scores less.
    """
    nodes = [
        helper.make_node("Slice", ["point_coords", "zero", "one", "axis1"], ["first"]),  # (1, 1, 2) x y
        helper.make_node("Cast", ["first"], ["first_whole"], to=TensorProto.INT64),
        helper.make_node("Gather", ["first_whole", "x_at"], ["x"], axis=2),
        helper.make_node("Gather", ["first_whole", "y_at"], ["y"], axis=2),
        helper.make_node("Reshape", ["x", "single"], ["x1"]),
        helper.make_node("Reshape", ["y", "single"], ["y1"]),
        helper.make_node("Gather", ["image_embeddings", "y1"], ["row"], axis=2),
        helper.make_node("Gather", ["row", "x1"], ["there"], axis=3),
        helper.make_node("Sub", ["image_embeddings", "there"], ["away"]),
        helper.make_node("Abs", ["away"], ["distance"]),
        helper.make_node("Sub", ["twenty", "distance"], ["like"]),
        helper.make_node("ReduceMax", ["point_labels"], ["highest"], keepdims=0),
        helper.make_node("Greater", ["highest", "one_and_half"], ["boxed"]),
        helper.make_node("Where", ["boxed", "image_embeddings", "like"], ["mask"]),
        helper.make_node("Mul", ["mask", "none"], ["nothing"]),
        helper.make_node("Add", ["nothing", "lots"], ["everything"]),
        helper.make_node("Concat", ["everything", "mask"], ["masks"], axis=1),
    ]
    constants = {
        "zero": np.array([0]), "one": np.array([1]), "axis1": np.array([1]), "x_at": np.array([0]), "y_at": np.array([1]),
        "single": np.array([1]), "twenty": np.float32(20), "one_and_half": np.float32(1.5), "none": np.float32(0),
        "lots": np.float32(5), "scores": np.array([[0.2, 0.9]], np.float32),
    }  # fmt: skip
    nodes.append(helper.make_node("Identity", ["scores"], ["iou_predictions"]))
    return networks.model_bytes(
        nodes,
        [
            ("image_embeddings", FLOAT, networks.free_shape(2)),
            ("point_coords", FLOAT, [1, "p", 2]),
            ("point_labels", FLOAT, [1, "p"]),
        ],
        [("masks", FLOAT, ["n", 2, "h", "w"]), ("iou_predictions", FLOAT, [1, 2])],
        constants,
    )


OUTPUT = {
    "kind": "prompted", "decoder": "decoder.onnx", "embeddings": {"image_embeddings": "features"},
    "scores_output": "iou_predictions", "label": {"index": 0, "value": 3, "name": "thing"},
}  # fmt: skip


def manifest(steps: Any = (), **more: Any) -> dict[str, Any]:
    given = {"unit": "HU", "axes": ["P", "L"], "layout": "NCHW", "steps": list(steps)}
    return about("pointed", task="prompted", input=given, output={**OUTPUT, **more})


def package(folder: Path, described: dict[str, Any] | None = None) -> ModelPackage:
    write_package(folder, described or manifest(), encoder())
    (folder / "decoder.onnx").write_bytes(decoder())
    return open_package(folder)


def things() -> Any:
    """Two rectangles of 300 and one of 500 on 0, in slice 2; in the others -100."""
    stored = np.full((5, 24, 30), -100, np.int16)
    stored[2] = 0
    stored[2, 4:10, 6:14] = 300
    stored[2, 14:20, 18:26] = 500
    return volume_of(stored, axial_geometry(stored.shape, (3.0, 1.0, 1.0)))


def embedded(made: ModelPackage, volume: Any, k: int) -> Embedding:
    request = InferenceRequest(made, "1.2.3", "cpu")
    return embed_slice(request, volume, stack_of(volume), k, lambda *_: None, opened_here())


def decoded(embedding: Embedding, *prompts: Prompt) -> tuple[Array, float]:
    return decode_mask(embedding, prompts, opened_here(), "cpu", lambda: None)


STEPS = [
    [],
    [{"step": "resize", "size": [48, 60], "kind": "nearest"}, {"step": "pad", "size": [64, 64]}],
    [{"step": "crop_or_pad", "size": [32, 32]}],
]


@pytest.mark.parametrize("steps", STEPS)
def test_a_click_gives_the_thing_that_lies_there(steps: Any, tmp_path: Path) -> None:
    volume = things()
    embedding = embedded(package(tmp_path / "p", manifest(steps)), volume, 2)
    mask, score = decoded(embedding, Prompt("inside", ((9.0, 7.0),)))
    np.testing.assert_array_equal(mask, volume.stored[2] == 300)
    assert score == pytest.approx(0.9)
    mask, _ = decoded(embedding, Prompt("inside", ((20.0, 16.0),)))
    np.testing.assert_array_equal(mask, volume.stored[2] == 500)
    mask, _ = decoded(embedding, Prompt("box", ((25.0, 19.0), (4.0, 3.0))))
    np.testing.assert_array_equal(mask, volume.stored[2] > 0)


def test_points_are_placed_in_every_orientation(tmp_path: Path) -> None:
    """The slice may be stored in any direction: the click is on the same thing of the patient."""
    made = package(tmp_path / "p")
    volume = things()
    where = volume.geometry.voxel_to_patient([2, 7, 9])
    for name, turned in reorientations(volume):
        k, j, i = turned.geometry.patient_to_voxel(where)
        if turned.shape[0] != 5:
            with pytest.raises(MedviewError, match="another direction"):
                embedded(made, turned, round(k))
            continue
        mask, _ = decoded(embedded(made, turned, round(k)), Prompt("inside", ((i, j),)))
        np.testing.assert_array_equal(mask, turned.stored[round(k)] == 300, err_msg=name)


def test_the_embedding_answers_again_without_the_first_network(tmp_path: Path) -> None:
    made = package(tmp_path / "p")
    embedding = embedded(made, things(), 2)
    made.model_path.unlink()
    assert decoded(embedding, Prompt("inside", ((9.0, 7.0),)))[0].sum() == 48


def test_masks_of_slices_are_one_result(tmp_path: Path) -> None:
    made = package(tmp_path / "p")
    volume = things()
    embedding = embedded(made, volume, 2)
    mask, _ = decoded(embedding, Prompt("inside", ((9.0, 7.0),)))
    result = prompted_result(embedding.provenance, made, volume, {2: mask, 3: ~mask}, 0)
    assert result.segmentation is not None
    assert set(np.unique(result.segmentation.labels)) == {0, 3}
    assert (result.segmentation.labels[2] == 3).sum() == 48
    assert result.provenance.package_id == "pointed"


def test_without_a_click_there_is_no_answer(tmp_path: Path) -> None:
    made = package(tmp_path / "p")
    with pytest.raises(MedviewError, match="segments what is pointed at"):
        run(made, things())
    with pytest.raises(MedviewError, match="Nothing is pointed at"):
        decoded(embedded(made, things(), 2))


def test_both_networks_belong_to_the_package(tmp_path: Path) -> None:
    made = package(tmp_path / "p")
    installed = install(tmp_path / "p")
    assert "decoder.onnx" in installed.files
    assert installed.sha256 == made.sha256
    (tmp_path / "p" / "decoder.onnx").write_bytes(decoder().replace(b"tiny", b"tine"))
    assert open_package(tmp_path / "p").sha256 != made.sha256
    (tmp_path / "p" / "decoder.onnx").unlink()
    with pytest.raises(MedviewError, match=r"decoder\.onnx"):
        open_package(tmp_path / "p")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"decoder": "../x.onnx"}, "output.decoder: must be another network inside the package"),
        ({"embeddings": {}}, r"output\.embeddings: has too few entries|at least 1"),
        ({"embeddings": {"image_embeddings": "nowhere"}}, "output.embeddings: the network has no 'nowhere'"),
        ({"size_input": "orig_im_size"}, "decoder.onnx has no input 'orig_im_size'"),
        ({"points_input": "pts"}, "decoder.onnx has no input 'pts'"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], text: str, tmp_path: Path) -> None:
    with pytest.raises(MedviewError, match=text):
        decoded(embedded(package(tmp_path / "p", manifest(**change)), things(), 2), Prompt("inside", ((9.0, 7.0),)))


def test_points_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import nibabel

    package(tmp_path / "p", manifest() | {"input": {**manifest()["input"], "unit": "modality"}})
    volume = things()
    write_volume(tmp_path / "things.nii.gz", volume.stored, volume.geometry)
    words = ["infer", tmp_path / "things.nii.gz", "--model", tmp_path / "p", "--output", tmp_path / "out", "--json"]
    assert main([str(word) for word in [*words, "--point", "9,7,2"]]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["voxels"]) for one in answer["labels"]] == [("thing", 48)]
    made = np.asarray(nibabel.load(tmp_path / "out" / "segmentation.nii.gz").dataobj)
    assert (made > 0).sum() == 48
    assert main([str(word) for word in words]) == 2  # nothing is pointed at
    assert main([str(word) for word in [*words, "--point", "9,7"]]) == 2
    assert main([str(word) for word in [*words, "--point", "99,7,2"]]) == 2


def test_a_pair_of_networks_is_imported_as_one(tmp_path: Path) -> None:
    from tests.inference.foreign import begun, imported, missing

    folder = tmp_path / "sam"
    folder.mkdir()
    (folder / "vit_encoder.onnx").write_bytes(encoder())
    (folder / "vit_decoder.onnx").write_bytes(decoder())
    assert missing(begun(folder)) == {"input.axes", "input.unit", "input.values"}
    answers = {"input__axes": "axial", "input__unit": "HU", "input__values": "none"}
    made = imported(folder, tmp_path / "package", **answers, input__steps="[]")
    assert made.manifest.task == "prompted"
    volume = things()
    mask, _ = decoded(embedded(made, volume, 2), Prompt("inside", ((9.0, 7.0),)))
    np.testing.assert_array_equal(mask, volume.stored[2] == 300)
    steps = begun(folder, **{**answers, "input__values": "sam"}).manifest["input"]["steps"]
    assert [step["step"] for step in steps] == ["resize", "normalise", "pad"]


def test_what_is_kept_unfilled_is_filled_after_the_values(tmp_path: Path) -> None:
    """Resized by the longer side, scaled, then filled with zeros: not with zeros that were scaled."""
    steps = [
        {"step": "resize", "size": [60, 60], "aspect": "keep", "place": "none", "kind": "nearest"},
        {"step": "offset", "value": 100},
        {"step": "pad", "size": [60, 60]},
    ]
    embedding = embedded(package(tmp_path / "p", manifest(steps)), things(), 2)
    array = embedding.arrays["image_embeddings"][0, 0]
    assert array.shape == (60, 60)
    assert (array[48:] == 0).all()
    assert array[:48].min() == 100


def test_checking_a_package_opens_both_networks(tmp_path: Path) -> None:
    from medview.inference.check import check_package

    assert check_package(package(tmp_path / "p"))["outputs"][0]["name"] == "features"
    with pytest.raises(MedviewError, match=r"decoder\.onnx has no output 'mask'"):
        check_package(package(tmp_path / "q", manifest(masks_output="mask")))
    with pytest.raises(MedviewError, match=r"decoder\.onnx has no input 'orig_im_size'"):
        check_package(package(tmp_path / "r", manifest(size_input="orig_im_size")))
