"""`medview models import`, `trust` and `check` from the command line, and the shared networks imported by their notes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from medview.cli.__main__ import main
from medview.core.problem import ExitCode
from medview.formats.writing import write_volume
from medview.inference.manifest import parse_manifest
from tests.inference import networks
from tests.inference.foreign import begun, saved, ultralytics_metadata
from tests.inference.packages import SHARED
from tests.inference.test_importing_volumes import dataset, export, fixed, plans
from tests.inference.volumes import axial_geometry
from tests.shared import shared_path


def answered(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, dict[str, Any]]:
    """Exit code and the one object on standard output."""
    capsys.readouterr()
    code = main([*map(str, words), "--json"])
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDVIEW_HOME", str(tmp_path / "home"))


def test_from_an_export_to_a_mask_by_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import nibabel

    model = fixed([(0, 0), (10, 0), (30, -30)], [4, 8, 8])
    source = export(tmp_path / "Trainer__nnUNetPlans__3d_fullres", model, plans(), dataset()).parent.parent
    package = tmp_path / "package"
    code, told = answered(capsys, "models", "import", source, "--output", package)
    assert code == ExitCode.MODEL_UNUSABLE
    assert told["status"] == "incomplete"
    assert told["convention"] == "nnU-Net v2"
    assert [one["field"] for one in told["missing"]] == ["input.axes"]
    assert told["missing"][0]["code"] == "axes"
    assert told["error"]["code"] == "import_incomplete"
    assert "input.axes" in told["error"]["message"]
    assert told["package"] is None
    assert not package.exists()
    code, told = answered(capsys, "models", "import", source, "--output", package, "--set", "input.axes=S,P,L")
    assert code == ExitCode.DONE
    assert told["written"]["trusted"] is False
    assert told["written"]["licence"] == "CC-BY-SA 4.0"
    code, told = answered(capsys, "models", "check", package)
    assert code == ExitCode.DONE
    assert told["trusted"] is False
    code, told = answered(capsys, "models", "trust", package)
    assert told["trusted"] is True
    code, told = answered(capsys, "models", "trust", package, "--revoke")
    assert told["trusted"] is False
    values = np.full((6, 16, 24), -100, np.int16)
    values[1:4, 2:8, 12:20] = 120
    write_volume(tmp_path / "ct.nii.gz", values, axial_geometry(values.shape, (2.0, 1.5, 1.5)))
    code, told = answered(
        capsys,
        "infer",
        tmp_path / "ct.nii.gz",
        "--model",
        package,
        "--assume",
        "modality=CT",
        "--output",
        tmp_path / "out",
    )
    assert code == ExitCode.DONE
    loaded: Any = nibabel.load
    mask = np.asarray(loaded(tmp_path / "out" / "segmentation.nii.gz").dataobj)
    source_values = np.asarray(loaded(tmp_path / "ct.nii.gz").dataobj)
    np.testing.assert_array_equal(mask, source_values > 100)


def test_what_is_missing_is_printed_with_its_field_for_a_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = saved(tmp_path / "m.onnx", networks.threshold_network(2, 0.5))
    assert main(["models", "import", str(path)]) == ExitCode.MODEL_UNUSABLE
    out = capsys.readouterr().out
    assert "--set input.unit=" in out
    assert "[labels]" in out
    assert main(["models", "import", str(path), "--set", "nonsense"]) == ExitCode.BAD_USE


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ("opset", "opset_unsupported", "opset 99"),
        ("ir", "opset_unsupported", "IR version"),
        ("operator", "operator_refused", "Frobnicate"),
    ],
)
def test_a_network_that_cannot_be_opened_is_refused_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, code: str, words: str
) -> None:
    model = onnx.load_from_string(networks.threshold_network(2, 0.5))
    if change == "opset":
        model.opset_import[0].version = 99
    elif change == "ir":
        model.ir_version = 99
    else:
        model.graph.node[0].op_type = "Frobnicate"
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    exit_code, told = answered(capsys, "models", "import", path)
    assert exit_code == ExitCode.MODEL_UNUSABLE
    assert told["error"]["code"] == code
    assert words in told["error"]["message"]


# The shared networks: answers from their notes give the manifest whose numbers are checked elsewhere -------------------

SUBCORTICAL_STEPS = (
    '[{"step":"conform","shape":[256,256,256],"spacing_mm":[1,1,1]},{"step":"min_max"},'
    '{"step":"crop_above","threshold":0.2}]'
)

NOTED: dict[str, dict[str, str]] = {
    "brain_mr_gwm_meshnet": {
        "input__axes": "A,I,L",
        "input__unit": "modality",
        "output__labels": "background,White matter,Grey matter",
        "input__spacing_mm": "1,1,1",
        "input__fit": "conform",
        "input__values": "min_max",
        "output__activation": "none",
    },
    "brain_mr_subcortical_meshnet": {
        "input__axes": "L,I,A",
        "input__unit": "modality",
        "input__steps": SUBCORTICAL_STEPS,
        "output__activation": "none",
    },
    "ct_lung_unet_small": {
        "input__axes": "axial",
        "input__unit": "HU",
        "output__labels": "Lung",
        "input__spacing_mm": "as_is",
        "input__values": "offset:1024+clip:0/4024",
        "input__multiple": "8",
    },
    "cxr_pneumonia_squeezenet": {
        "input__axes": "picture",
        "input__unit": "display",
        "output__labels": "Bacterial pneumonia,Normal,Viral pneumonia",
        "input__fit": "stretch",
        "input__values": "imagenet",
    },
}


@pytest.mark.parametrize("name", list(NOTED))
def test_the_shared_networks_are_imported_by_their_notes(name: str) -> None:
    path = shared_path(f"models/{name}/model.onnx")
    wanted = parse_manifest(json.dumps(SHARED[name]()))
    promised: Any = wanted.output
    answers = dict(NOTED[name])
    if name == "brain_mr_subcortical_meshnet":
        answers["output__labels"] = ",".join(["Unknown", *(label.name for label in promised.labels)])
    draft = begun(path, **answers)
    assert draft.questions == []
    made = draft.finished()
    given: Any = made.output
    assert made.input.axes == wanted.input.axes
    assert made.input.unit == wanted.input.unit
    assert made.input.channels == wanted.input.channels
    steps = [step.model_dump(exclude={"fill"}) for step in made.input.steps]
    assert steps == [step.model_dump(exclude={"fill"}) for step in wanted.input.steps]
    assert given.kind == promised.kind
    assert given.activation == promised.activation
    assert [label.index for label in given.labels] == [label.index for label in promised.labels]
    assert getattr(given, "rule", None) == getattr(promised, "rule", None)
    assert getattr(given, "background", None) == getattr(promised, "background", None)


def test_the_shared_network_without_its_weights_names_them() -> None:
    from medview.core.problem import MedviewError

    with pytest.raises(MedviewError, match=r"chest_xray_model\.onnx\.data") as caught:
        begun(shared_path("models/negative_missing_external_data/chest_xray_model.onnx"))
    assert caught.value.code == "side_file_missing"


def test_labels_of_a_picture_are_rows_and_columns_that_say_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A picture has no place in the patient; its label map is written all the same, with both of NIfTI's codes 0."""
    import cv2
    import nibabel

    from medview.app.headless import choose_stack
    from medview.app.model_result import read_model_result

    classes = np.zeros((1, 64, 64), np.uint8)
    classes[:, :40, 32:] = 1
    model = networks.fixed_outputs(2, batch=1, channels=3, size=(64, 64), output0=classes)
    source = saved(tmp_path / "sem.onnx", model, **ultralytics_metadata("semantic", {0: "wall", 1: "lumen"}))
    assert answered(capsys, "models", "import", source, "--output", tmp_path / "package")[0] == ExitCode.DONE
    picture = np.arange(64 * 64, dtype=np.uint32).reshape(64, 64) % 251
    cv2.imwrite(str(tmp_path / "x.png"), picture.astype(np.uint8))
    code, told = answered(
        capsys, "infer", tmp_path / "x.png", "--model", tmp_path / "package", "--output", tmp_path / "out"
    )
    assert code == ExitCode.DONE
    assert [one["code"] for one in told["warnings"]] == ["nifti_without_place"]
    written: Any = nibabel.load(tmp_path / "out" / "segmentation.nii.gz")
    assert (int(written.header["qform_code"]), int(written.header["sform_code"])) == (0, 0)
    np.testing.assert_array_equal(np.asarray(written.dataobj)[..., 0].T, classes[0] + 1)
    *_, stack = choose_stack([str(tmp_path / "x.png")], None)
    result = read_model_result(str(tmp_path / "out"), stack)
    assert result.segmentation is not None
    np.testing.assert_array_equal(result.segmentation.labels[0], classes[0] + 1)
