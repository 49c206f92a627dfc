"""`medview explain`: names, files, exit codes; a folder whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.problem import ExitCode
from medview.formats.writing import write_volume
from tests.inference import networks
from tests.inference.explaining import classifier, corner_network, feature_network, segmenter
from tests.inference.test_infer_command import answered
from tests.inference.volumes import axial_geometry

Array = np.ndarray[Any, Any]
SHAPE = (3, 24, 32)


@pytest.fixture
def nifti(tmp_path: Path) -> Path:
    path = tmp_path / "chest.nii.gz"
    values = np.random.default_rng(4).random(SHAPE).astype(np.float32) * 0.2 + 0.4
    write_volume(path, values, axial_geometry(SHAPE, (2.0, 1.0, 1.0)))
    return path


@pytest.mark.timeout(60)
def test_a_question_is_written_with_its_map_and_picture(
    nifti: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import nibabel
    from PIL import Image

    package = classifier(tmp_path / "packages", corner_network()).folder
    out = tmp_path / "out"
    words = ("explain", nifti, "--model", package, "--method", "occlusion", "--slice", 1, "--output", out)
    code, answer = answered(capsys, *words, "--set", "patch_mm=6", "--set", "fill=minimum")
    assert code == ExitCode.DONE
    assert json.loads((out / "explanation.json").read_text(encoding="utf-8")) == answer
    assert sorted(path.name for path in out.iterdir()) == ["drop.nii.gz", "drop.png", "explanation.json"]
    assert answer["research_only"] is True
    assert answer["kind"] == "explanation"
    assert answer["method"]["id"] == "occlusion"
    assert answer["parameters"]["patch_mm"] == {"value": 6.0, "unit": "mm"}
    assert answer["parameters"]["patch_used"]["value"] == "6×6"
    (model,) = answer["models"]
    assert len(model["package_sha256"]) == 64
    assert answer["label"] == "Corner"
    (found,) = answer["maps"]
    image = nibabel.load(out / "drop.nii.gz")
    values = np.asarray(image.dataobj)
    np.testing.assert_allclose(image.affine, nibabel.load(nifti).affine, atol=1e-5)
    assert np.nanmax(values) == pytest.approx(found["maximum"])
    assert found["asked_voxels"] == 24 * 32
    place = answer["places"][0]
    geometry = axial_geometry(SHAPE, (2.0, 1.0, 1.0))
    np.testing.assert_allclose(place["lps"], geometry.voxel_to_patient(place["voxel"]), atol=1e-6)
    assert place["voxel"][0] == 1
    picture = np.asarray(Image.open(out / "drop.png"))
    assert picture.ndim == 3, "colours of the map"
    # Another question into the same folder leaves nothing of the first.
    code, answer = answered(capsys, *words[:-5], "probability", *words[-4:])
    assert code == ExitCode.MODEL_DOES_NOT_FIT
    assert answer["error"]["code"] == "not_dense"
    assert (out / "drop.nii.gz").exists(), "a question that fails changes nothing"
    code, answer = answered(
        capsys, "explain", nifti, "--model", package, "--method", "variation", "--output", out, "--set", "noise_runs=1"
    )
    assert (code, answer["maps"]) == (0, [])
    assert sorted(path.name for path in out.iterdir()) == ["explanation.json"]


@pytest.mark.timeout(60)
def test_a_layer_is_opened_in_the_networks_own_process(
    nifti: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = classifier(tmp_path / "packages", feature_network()).folder
    out = tmp_path / "out"
    code, answer = answered(capsys, "explain", nifti, "--model", package, "--method", "features", "--output", out)
    assert code == ExitCode.DONE
    assert answer["layer"] == "features"
    assert (out / "features.png").exists()
    code, answer = answered(
        capsys, "explain", nifti, "--model", package, "--method", "cam", "--layer", "x", "--output", out
    )
    assert (code, answer["error"]["code"]) == (ExitCode.BAD_USE, "no_such_tensor")


@pytest.mark.timeout(60)
def test_two_packages_and_questions_that_cannot_be_asked(
    nifti: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = segmenter(tmp_path / "packages", 0.5, "one").folder
    other = segmenter(tmp_path / "packages", 0.52, "other").folder
    out = tmp_path / "out"
    code, answer = answered(
        capsys, "explain", nifti, "--model", one, "--model", other, "--method", "compare", "--output", out
    )
    assert code == ExitCode.DONE
    assert 0 < answer["agreement"] < 1
    assert answer["columns"][0] == "Dice"
    assert {"differences.nii.gz", "differences.png"} <= {path.name for path in out.iterdir()}
    for words, exit_code, error in (
        (("--method", "compare"), ExitCode.BAD_USE, "bad_package_count"),
        (("--method", "occlusion", "--set", "patch_mm"), ExitCode.BAD_USE, "bad_use"),
        (("--method", "occlusion", "--set", "patch_mm=-1"), ExitCode.BAD_USE, "filter_parameter"),
        (("--method", "occlusion", "--slice", "9"), ExitCode.BAD_USE, "no_such_frame"),
        (("--method", "guess"), ExitCode.BAD_USE, "bad_use"),
    ):
        code, answer = answered(capsys, "explain", nifti, "--model", one, "--output", tmp_path / "no", *words)
        assert (code, answer["error"]["code"]) == (exit_code, error), words
    assert not (tmp_path / "no").exists()


@pytest.mark.timeout(60)
def test_a_network_that_breaks_is_told_and_nothing_is_written(
    nifti: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = segmenter(tmp_path / "packages", name="broken")
    package.model_path.write_bytes(networks.broken_network(2, "nan"))
    code, answer = answered(
        capsys, "explain", nifti, "--model", package.folder, "--method", "probability", "--output", tmp_path / "no"
    )
    assert (code, answer["error"]["code"]) == (ExitCode.RUN_FAILED, "output_not_finite")
    assert not (tmp_path / "no").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".no")]
