"""`medview infer` and `medview models` from the command line: names, exit codes, nothing half written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.cli.__main__ import main
from medview.core.folders import user_folder
from medview.core.problem import ExitCode
from medview.formats.writing import write_volume
from tests.inference import networks
from tests.inference.packages import ct_lung, cxr_pneumonia, write_package
from tests.inference.test_detection import heatmap_manifest, peaks_network
from tests.inference.volumes import axial_geometry
from tests.phantoms import dicom_series

Array = np.ndarray[Any, Any]


def answered(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, dict[str, Any]]:
    """Exit code and the one object on standard output."""
    capsys.readouterr()
    code = main([*map(str, words), "--json"])
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    return code, json.loads(out)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return write_package(tmp_path / "package", ct_lung(), networks.threshold_network(2, 1024 - 300, -0.05))


def bodies(shape: tuple[int, int, int] = (12, 24, 32)) -> Array:
    values = np.full(shape, 40, np.int16)
    values[:, 6:18, 4:14] = -850
    values += np.random.default_rng(0).integers(-5, 5, shape).astype(np.int16)
    return values


@pytest.fixture
def nifti(tmp_path: Path) -> Path:
    path = tmp_path / "chest.nii.gz"
    write_volume(path, bodies(), axial_geometry((12, 24, 32)))
    return path


def test_a_nifti_gives_nifti_and_json(
    nifti: Path, package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import nibabel

    code, answer = answered(
        capsys, "infer", nifti, "--model", package, "--assume", "modality=CT", "--output", tmp_path / "out"
    )
    assert code == ExitCode.DONE
    written = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    assert written == answer
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["result.json", "segmentation.nii.gz"]
    assert answer["status"] == "done"
    assert answer["device_used"] == "cpu"
    assert answer["findings"] == []
    assert answer["classification"] == []
    assert answer["overrides"] == []
    expected = bodies() < -300
    (label,) = answer["labels"]
    assert label["name"] == "Lung"
    assert label["voxels"] == expected.sum()
    assert label["volume_ml"] == pytest.approx(expected.sum() * 2.5 * 0.7 * 0.8 / 1000)
    loaded = nibabel.load(tmp_path / "out" / "segmentation.nii.gz")
    source = nibabel.load(nifti)
    np.testing.assert_allclose(loaded.affine, source.affine, atol=1e-5)
    np.testing.assert_array_equal(np.asarray(loaded.dataobj), np.asarray(source.dataobj) < -300)
    assert loaded.get_data_dtype() == np.uint8
    assert {note["code"] for note in answer["warnings"]} == {"unit_assumed"}


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_mask_of_a_mirrored_nifti_is_like_it_array_for_array(
    nifti: Path, package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], axis: int
) -> None:
    """Left-handed axes, as FSL writes them, make medview count the slices the other way: what is written counts as the file."""
    import nibabel

    source = nibabel.load(nifti)
    affine = source.affine.copy()
    affine[:3, 3] += affine[:3, axis] * (source.shape[axis] - 1)
    affine[:3, axis] *= -1
    values = np.flip(np.asarray(source.dataobj), axis)
    nibabel.save(nibabel.Nifti1Image(values, affine), tmp_path / "mirrored.nii.gz")
    words = (
        "infer",
        tmp_path / "mirrored.nii.gz",
        "--model",
        package,
        "--assume",
        "modality=CT",
        "--assume",
        "unit=HU",
    )
    code, _ = answered(capsys, *words, "--output", tmp_path / "out")
    assert code == ExitCode.DONE
    loaded = nibabel.load(tmp_path / "out" / "segmentation.nii.gz")
    np.testing.assert_allclose(loaded.affine, affine, atol=1e-5)
    np.testing.assert_array_equal(np.asarray(loaded.dataobj), values < -300)


def test_what_does_not_fit_is_refused_or_marked(
    nifti: Path, package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = answered(capsys, "infer", nifti, "--model", package, "--output", tmp_path / "out")
    assert code == ExitCode.MODEL_DOES_NOT_FIT
    assert answer["error"]["code"] == "does_not_fit"
    assert "does not say its modality" in answer["error"]["message"]
    assert not (tmp_path / "out").exists()
    code, answer = answered(capsys, "infer", nifti, "--model", package, "--output", tmp_path / "out", "--force")
    assert code == ExitCode.DONE
    assert set(answer["overrides"]) == {"modality_unknown", "unit_missing"}
    assert any("Overridden" in note["text"] for note in answer["warnings"])


def test_a_picture_is_classified(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    picture = tmp_path / "thorax.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (300, 200), dtype=np.uint8)).save(picture)
    model = networks.mean_classifier([1, 2, 3], [0, 0, 0], channels=3, size=[224, 224])
    package = write_package(tmp_path / "package", cxr_pneumonia(), model)
    code, answer = answered(
        capsys, "infer", picture, "--model", package, "--assume", "modality=DX", "--output", tmp_path / "out"
    )
    assert code == 0
    assert [line["label"] for line in answer["classification"]] == ["Bacterial pneumonia", "Normal", "Viral pneumonia"]
    assert sum(line["probability"] for line in answer["classification"]) == pytest.approx(1)
    assert answer["labels"] == []
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["result.json"]


def test_findings_are_listed_with_their_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = np.full((20, 24, 26), -1000, np.int16)
    values += np.random.default_rng(0).integers(0, 9, values.shape).astype(np.int16)
    values[8, 10, 12] = 900
    path = tmp_path / "x.nii.gz"
    geometry = axial_geometry(values.shape, (2, 1, 1))
    write_volume(path, values, geometry)
    package = write_package(tmp_path / "package", heatmap_manifest(activation="sigmoid"), peaks_network())
    code, answer = answered(
        capsys, "infer", path, "--model", package, "--assume", "unit=HU", "--output", tmp_path / "out"
    )
    assert code == 0
    (finding,) = answer["findings"]
    assert finding["label"] == "nodule"
    assert finding["k"] == 8
    assert finding["size_mm"] == pytest.approx(6)
    np.testing.assert_allclose(finding["center_lps"], geometry.voxel_to_patient([8, 10, 12]), atol=1e-3)
    low, high = finding["box_lps"]
    np.testing.assert_allclose(np.subtract(high, low), 6, atol=1e-3)


@pytest.mark.parametrize(("lost", "expected"), [("slice0011.dcm", 0), ("slice0005.dcm", 5)])
def test_a_file_that_cannot_be_read_is_named(
    lost: str, expected: int, package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = dicom_series.save_series(dicom_series.make_series(values=bodies()), tmp_path / "dicom")
    (folder / lost).write_bytes((folder / lost).read_bytes()[:-100])
    code, answer = answered(capsys, "infer", folder, "--model", package, "--output", tmp_path / "out")
    assert code == expected, answer
    said = answer["error"]["message"] if expected else str(answer["warnings"])
    assert lost in said, said


# A DICOM source ------------------------------------------------------------------------------------------------------


def test_a_dicom_series_gives_a_segmentation_object_too(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = bodies()
    folder = dicom_series.save_series(dicom_series.make_series(values=values), tmp_path / "dicom")
    (folder / "notes.txt").write_text("no image")
    code, answer = answered(capsys, "infer", folder, "--model", package, "--output", tmp_path / "out")
    assert code == 0, answer
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "result.json",
        "segmentation.dcm",
        "segmentation.nii.gz",
    ]
    assert answer["labels"][0]["voxels"] == (values < -300).sum()
    assert answer["series_uid"] == dicom_series.uid("series", "series")


def test_reports_in_two_languages_are_two_files(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = dicom_series.save_series(dicom_series.make_series(values=bodies()), tmp_path / "dicom")
    words = ("infer", folder, "--model", package, "--output")
    also = ("--also", "html-zh", "--also", "html", "--also", "json")
    code, answer = answered(capsys, *words, tmp_path / "both", *also)
    assert code == 0, answer
    assert answer["files"] == ["report.html", "report_zh_CN.html", "findings.json"]
    english, chinese = ((tmp_path / "both" / name).read_text(encoding="utf-8") for name in answer["files"][:2])
    assert 'lang="en"' in english
    assert 'lang="zh' in chinese
    code, answer = answered(capsys, *words, tmp_path / "one", "--also", "html-zh")
    assert answer["files"] == ["report.html"]
    assert (tmp_path / "one" / "report.html").read_text(encoding="utf-8") == chinese or code == 0


# Mistakes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (["{nifti}", "--model", "no-such-model"], ExitCode.MODEL_UNUSABLE, "package_missing"),
        (["{nifti}", "--model", "{package}", "--device", "quantum"], ExitCode.BAD_USE, "device_unknown"),
        (["{nifti}", "--model", "{package}", "--assume", "modality=MR"], ExitCode.MODEL_DOES_NOT_FIT, "does_not_fit"),
        (["{nifti}", "--model", "{package}", "--assume", "modality"], ExitCode.BAD_USE, "bad_assumption"),
        (["{nifti}", "--model", "{package}", "--stack", "nothing"], ExitCode.INPUT_UNUSABLE, "no_such_stack"),
        (
            ["{nifti}", "--model", "{package}", "--assume", "modality=CT", "--time", "3"],
            ExitCode.BAD_USE,
            "no_such_time",
        ),
        (["{empty}", "--model", "{package}"], ExitCode.INPUT_UNUSABLE, "nothing_found"),
        (["{nifti}"], ExitCode.BAD_USE, "bad_use"),
    ],
)
def test_mistakes_have_codes(
    words: list[str],
    code: int,
    error: str,
    nifti: Path,
    package: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    places = {"nifti": str(nifti), "package": str(package), "empty": str(tmp_path / "empty")}
    got, answer = answered(capsys, "infer", *(word.format(**places) for word in words), "--output", tmp_path / "out")
    assert (got, answer["error"]["code"]) == (code, error)
    assert answer["error"]["message"]
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["nan", "wrong_shape", "constant", "bomb"])
def test_a_failed_run_writes_nothing(
    kind: str, nifti: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = write_package(tmp_path / "bad", ct_lung(), networks.broken_network(2, kind))
    code, answer = answered(
        capsys, "infer", nifti, "--model", package, "--assume", "modality=CT", "--output", tmp_path / "out"
    )
    assert code == ExitCode.RUN_FAILED
    assert "model.onnx" in answer["error"]["message"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad", "chest.nii.gz"]


def test_a_corrupt_model_is_unusable(
    nifti: Path, package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (package / "model.onnx").write_bytes(b"rubbish")
    code, answer = answered(capsys, "infer", nifti, "--model", package, "--output", tmp_path / "out")
    assert (code, answer["error"]["code"]) == (ExitCode.MODEL_UNUSABLE, "model_corrupt")


def test_an_older_result_is_replaced_as_a_whole(
    nifti: Path, package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("stays")
    (out / "segmentation.dcm").write_text("of an older run")
    code, _ = answered(capsys, "infer", nifti, "--model", package, "--assume", "modality=CT", "--output", out)
    assert code == 0
    assert sorted(path.name for path in out.iterdir()) == ["mine.txt", "result.json", "segmentation.nii.gz"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chest.nii.gz", "out", "package"]


def test_where_nothing_can_be_written(
    nifti: Path, package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("in the way")
    too_long = tmp_path / ("n" * 300)
    for place in (tmp_path / "file", tmp_path / "file" / "out", too_long):
        code, answer = answered(
            capsys, "infer", nifti, "--model", package, "--assume", "modality=CT", "--output", place
        )
        assert (code, answer["error"]["code"]) == (ExitCode.CANNOT_WRITE, "cannot_write")
        assert answer["error"]["path"]
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_full_disk_leaves_nothing(
    nifti: Path, package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from medview.app import infer_command

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(infer_command, "put_in_place", full)
    code, answer = answered(
        capsys, "infer", nifti, "--model", package, "--assume", "modality=CT", "--output", tmp_path / "out"
    )
    assert code == ExitCode.CANNOT_WRITE
    assert "No space left" in answer["error"]["message"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["chest.nii.gz", "package"]


def test_a_disk_that_fills_up_is_told_of_the_file_that_was_asked_for(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """pydicom wraps the system's error into one with a traceback as its text, and the file lay in a folder of our own."""

    def full(*_: Any, **__: Any) -> None:
        try:
            raise OSError(28, "No space left on device")
        except OSError as error:
            raise OSError("With tag (7FE0,0010) got exception\nTraceback (most recent call last):\n …") from error

    folder = dicom_series.save_series(dicom_series.make_series(values=bodies()), tmp_path / "dicom")
    with monkeypatch.context() as patched:
        patched.setattr("pydicom.dataset.Dataset.save_as", full)
        code, answer = answered(capsys, "infer", folder, "--model", package, "--output", tmp_path / "out")
    target = tmp_path / "out" / "segmentation.dcm"
    assert code == ExitCode.CANNOT_WRITE
    assert answer["error"]["message"] == f"{target} could not be written: No space left on device."
    assert answer["error"]["path"] == str(target)
    assert not (tmp_path / "out").exists()


# Models --------------------------------------------------------------------------------------------------------------


def test_models_are_installed_listed_checked_and_removed(
    package: Path, nifti: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = answered(capsys, "models", "install", package)
    assert code == 0
    assert answer["installed"]["origin"] == "installed"
    code, answer = answered(capsys, "models", "list")
    assert "ct-lung-unet-small" in [one["id"] for one in answer["packages"]]
    assert answer["problems"] == []
    code, answer = answered(capsys, "models", "check", "ct-lung-unet-small")
    assert code == 0
    assert answer["usable"]
    assert answer["device_used"] == "cpu"
    words = ["--model", "ct-lung-unet-small", "--assume", "modality=CT", "--output", tmp_path / "out"]
    assert answered(capsys, "infer", nifti, *words)[0] == 0
    assert answered(capsys, "models", "remove", "ct-lung-unet-small")[0] == 0
    code, answer = answered(capsys, "models", "check", "ct-lung-unet-small")
    assert (code, answer["error"]["code"]) == (ExitCode.MODEL_UNUSABLE, "package_missing")


def test_a_plain_answer_for_people(
    nifti: Path, package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["infer", str(nifti), "--model", str(package), "--assume", "modality=CT", "--output", str(tmp_path / "o")])
        == 0
    )
    out = capsys.readouterr().out
    assert "Lung" in out
    assert "Research use, not for diagnosis." in out


def test_a_report_and_objects_are_written_beside_it(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = dicom_series.save_series(dicom_series.make_series(values=bodies()), tmp_path / "dicom")
    words = ("infer", folder, "--model", package, "--also", "sr", "--also", "csv", "--also", "html-zh")
    code, answer = answered(capsys, *words, "--output", tmp_path / "out")
    assert code == 0, answer
    assert set(answer["files"]) == {"report-sr.dcm", "segmentation-1.dcm", "findings.csv", "report.html"}
    assert all((tmp_path / "out" / name).is_file() for name in answer["files"])
    assert "影像报告" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    code, answer = answered(capsys, *words, "--also", "nonsense", "--output", tmp_path / "out")
    assert (code, answer["error"]["code"]) == (ExitCode.BAD_USE, "bad_use")
    code, answer = answered(capsys, *words, "--output", folder)
    assert (code, answer["error"]["code"]) == (ExitCode.BAD_USE, "source_folder")
    # A broken template of the hospital's own is told before the network is run, not after.
    own = user_folder() / "reports" / "report_zh_CN.html"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("{{#marks}}", encoding="utf-8")
    code, answer = answered(capsys, *words, "--output", tmp_path / "never")
    assert (code, answer["error"]["code"]) == (ExitCode.BAD_USE, "template_unended")
    assert not (tmp_path / "never").exists()
