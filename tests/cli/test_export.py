"""``medview export``: the same values at the same place, read back by other programs, or a refusal that leaves nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk

from tests.cli.running import Medview, medview, medview_process
from tests.phantoms.dicom_series import (
    AXIAL,
    each,
    make_series,
    marker_values,
    positions_along,
    save_series,
    true_centroid,
)

__all__ = ["medview"]

FORMATS = (".nii.gz", ".nrrd", ".mha")
OBLIQUE = (0.8, 0.6, 0.0, 0.0, 0.0, -1.0)


def read_back(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """(values with x first, affine to LPS) by an independent reader."""
    if path.name.endswith(".nii.gz"):
        image = nibabel.load(path)
        return np.asanyarray(image.dataobj), np.diag([-1.0, -1, 1, 1]) @ image.affine  # type: ignore[attr-defined]
    image = sitk.ReadImage(path)
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image).T, affine


def centroid(values: np.ndarray, affine: np.ndarray) -> np.ndarray:
    voxels = np.argwhere(values > 600)
    return (voxels @ affine[:3, :3].T + affine[:3, 3]).mean(axis=0)


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("orientation", [AXIAL, OBLIQUE, (0, -1, 0, 0, 0, -1)])
def test_values_stay_at_their_place(
    medview: Medview, tmp_path: Path, ending: str, orientation: tuple[float, ...]
) -> None:
    positions = positions_along(orientation=orientation)
    folder = save_series(
        make_series(positions, orientation), tmp_path / "ct", order=np.random.default_rng(0).permutation(12)
    )
    target = tmp_path / f"out{ending}"
    answer = medview("export", folder, "--output", target, "--json")
    assert answer.code == 0
    values, affine = read_back(target)
    assert values.dtype == np.int16
    assert (values.min(), values.max()) == (-1000, 1200)
    np.testing.assert_allclose(
        centroid(values, affine), true_centroid(marker_values(), positions, orientation), atol=0.01
    )
    np.testing.assert_allclose(answer.json["affine"], affine, atol=1e-4)
    assert (answer.json["unit"], answer.json["dtype"], answer.json["timepoints"]) == ("HU", "int16", 1)
    if ending == ".nii.gz":
        header = nibabel.load(target).header  # type: ignore[attr-defined]
        assert header["qform_code"] > 0
        assert header["sform_code"] > 0
        np.testing.assert_allclose(header.get_qform(), header.get_sform(), atol=1e-4)


def test_the_stack_that_is_named(medview: Medview, tmp_path: Path) -> None:
    save_series(make_series(), tmp_path / "all" / "a")
    save_series(make_series(name="second", values=marker_values() // 2), tmp_path / "all" / "b")
    found = medview("inspect", tmp_path / "all", "--json").json
    ids = [stack["id"] for study in found["studies"] for series in study["series"] for stack in series["stacks"]]
    assert len(ids) == 2
    tops = set()
    for number, name in enumerate(ids):
        target = tmp_path / f"{number}.nii.gz"
        assert medview("export", tmp_path / "all", "--stack", name, "--output", target).code == 0
        tops.add(int(read_back(target)[0].max()))
    assert tops == {1200, 600}
    several = medview("export", tmp_path / "all", "--output", tmp_path / "n.nii.gz", "--json")
    assert several.code == 2
    assert all(name in several.error["message"] for name in ids)
    unknown = medview("export", tmp_path / "all", "--stack", "nope", "--output", tmp_path / "n.nii.gz", "--json")
    assert (unknown.code, unknown.error["code"]) == (3, "no_such_stack")
    assert not (tmp_path / "n.nii.gz").exists()


def test_fractions_become_single_precision(medview: Medview, tmp_path: Path) -> None:
    folder = save_series(make_series(slope=0.5, intercept=-1024), tmp_path / "ct")
    assert medview("export", folder, "--output", tmp_path / "o.nrrd").code == 0
    values, _ = read_back(tmp_path / "o.nrrd")
    assert values.dtype == np.float32
    assert (values.min(), values.max()) == (-1000, 1200)


def test_each_slice_with_its_own_slope(medview: Medview, tmp_path: Path) -> None:
    datasets = make_series()

    def change(number: int, data) -> None:  # type: ignore[no-untyped-def]
        data.RescaleSlope, data.RescaleIntercept = str(number + 1), str(-10 * number)

    folder = save_series(each(datasets, change), tmp_path / "ct")
    assert medview("export", folder, "--output", tmp_path / "o.nii.gz").code == 0
    values, _ = read_back(tmp_path / "o.nii.gz")
    stored = marker_values() + 1024
    expected = np.stack([stored[k] * (k + 1) - 10 * k for k in range(12)])
    np.testing.assert_array_equal(values.T, expected)


def test_time_points(medview: Medview, tmp_path: Path) -> None:
    values = [marker_values(), marker_values() // 3]
    image = nibabel.Nifti1Image(np.stack(values).transpose(3, 2, 1, 0).astype(np.int16), np.diag([1, 2, 3, 1]))
    image.header.set_xyzt_units("mm", "sec")
    image.header["pixdim"][4] = 2.5
    nibabel.save(image, tmp_path / "t.nii.gz")
    source = tmp_path / "t.nii.gz"
    answer = medview("export", source, "--output", tmp_path / "all.nii.gz", "--json")
    assert answer.json["timepoints"] == 2
    back = nibabel.load(tmp_path / "all.nii.gz")
    np.testing.assert_array_equal(back.dataobj, image.dataobj)  # type: ignore[attr-defined]
    assert back.header.get_zooms()[3] == pytest.approx(2.5)  # type: ignore[attr-defined]
    assert medview("export", source, "--time", "1", "--output", tmp_path / "one.nrrd").code == 0
    np.testing.assert_array_equal(read_back(tmp_path / "one.nrrd")[0].T, values[1])
    needed = medview("export", source, "--output", tmp_path / "no.nrrd", "--json")
    assert (needed.code, needed.error["code"]) == (2, "time_needed")
    for time in ("2", "-1"):
        wrong = medview("export", source, "--time", time, "--output", tmp_path / "no.nii.gz", "--json")
        assert (wrong.code, wrong.error["code"]) == (3, "no_such_time")
    assert not list(tmp_path.glob("no.*"))


def tilted_positions() -> np.ndarray:
    return positions_along() + np.arange(12)[:, None] * np.array([0, 0.67, 0])


@pytest.mark.parametrize("ending", FORMATS)
def test_shear_is_kept(medview: Medview, tmp_path: Path, ending: str) -> None:
    positions = tilted_positions()
    folder = save_series(make_series(positions), tmp_path / "ct")
    target = tmp_path / f"o{ending}"
    answer = medview("export", folder, "--output", target, "--json")
    assert answer.code == 0, answer.err
    np.testing.assert_allclose(answer.json["affine"][1][2], 0.67, atol=1e-6)
    if ending == ".mha":
        return  # SimpleITK's reader straightens the direction; what the file says was compared above
    if ending == ".nii.gz":
        values, affine = read_back(target)
        assert nibabel.load(target).header["qform_code"] == 0  # type: ignore[attr-defined]
        np.testing.assert_allclose(centroid(values, affine), true_centroid(marker_values(), positions), atol=0.01)


def uneven_positions() -> np.ndarray:
    depths = np.array([0, 2.5, 5, 7.5, 10, 16, 18.5, 21, 23.5, 26, 28.5, 31])
    return np.array([-20.0, -18.0, -30.0]) + depths[:, None] * np.array([0, 0, 1.0])


def test_uneven_spacing_is_refused_and_resampled_only_on_request(medview: Medview, tmp_path: Path) -> None:
    positions = uneven_positions()
    folder = save_series(make_series(positions), tmp_path / "ct")
    target = tmp_path / "o.nii.gz"
    refused = medview("export", folder, "--output", target, "--json")
    assert (refused.code, refused.error["code"]) == (3, "irregular_spacing")
    assert not target.exists()
    answer = medview("export", folder, "--output", target, "--resample", "--json")
    assert answer.code == 0
    assert answer.json["resampled"] is True
    values, affine = read_back(target)
    assert values.shape[2] == 13  # 31 mm in steps of 2.5 mm, as evenly as they go
    assert affine[2, 2] == pytest.approx(31 / 12)
    assert abs(centroid(values, affine) - true_centroid(marker_values(), positions)).max() < 1.3


def test_frames_without_geometry_are_refused(medview: Medview, tmp_path: Path) -> None:
    def strip(_number: int, data) -> None:  # type: ignore[no-untyped-def]
        del data.ImagePositionPatient, data.ImageOrientationPatient

    folder = save_series(each(make_series(), strip), tmp_path / "ct")
    answer = medview("export", folder, "--output", tmp_path / "o.nii.gz", "--json")
    assert (answer.code, answer.error["code"]) == (3, "no_geometry")
    assert not (tmp_path / "o.nii.gz").exists()


def test_colour_volumes(medview: Medview, tmp_path: Path) -> None:
    rgb = np.zeros((4, 5, 6), dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
    rgb["G"][1, 2, 3] = 200
    nibabel.save(nibabel.Nifti1Image(rgb, np.eye(4)), tmp_path / "c.nii.gz")
    assert medview("export", tmp_path / "c.nii.gz", "--output", tmp_path / "o.nii.gz").code == 0
    back = np.asanyarray(nibabel.load(tmp_path / "o.nii.gz").dataobj)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(back, rgb)


# What cannot be written ------------------------------------------------------------------------------------------------


def test_what_no_format_has_is_bad_use(medview: Medview, tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path / "ct")
    answer = medview("export", folder, "--output", tmp_path / "o.xyz", "--json")
    assert (answer.code, answer.error["code"]) == (2, "unknown_format")


def test_what_is_lost_at_the_end_of_a_volume_is_said(medview: Medview, tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path / "ct")
    victim = folder / "slice0011.dcm"
    victim.write_bytes(victim.read_bytes()[:-100])
    answer = medview("export", folder, "--output", tmp_path / "o.nii.gz", "--json").json
    assert answer["shape"] == [11, 24, 32]
    assert [note["code"] for note in answer["notes"]] == ["images_lost"]
    assert "slice0011.dcm" in medview("export", folder, "--output", tmp_path / "o.nii.gz").out


def test_a_slice_that_cannot_be_read_stops_the_export(medview: Medview, tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path / "ct")
    target = tmp_path / "o.nii.gz"
    found = medview("inspect", folder, "--json").json
    assert found["frames_shown"] == 12
    (folder / "slice0004.dcm").unlink()

    from medview.app.exporting import export_stack
    from medview.app.open_paths import open_all
    from medview.core.problem import MedviewError

    save_series(make_series(), folder)
    stack = open_all([str(folder)]).studies[0].series[0].stacks[0]
    (folder / "slice0004.dcm").unlink()
    with pytest.raises(MedviewError) as caught:
        export_stack(stack, str(target))
    assert caught.value.path is not None
    assert caught.value.path.endswith("slice0004.dcm")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ct"]


@pytest.mark.parametrize("ending", FORMATS)
def test_a_folder_that_is_not_there_cannot_be_written_to(medview: Medview, tmp_path: Path, ending: str) -> None:
    folder = save_series(make_series(), tmp_path / "ct")
    answer = medview("export", folder, "--output", tmp_path / "no" / f"o{ending}", "--json")
    assert answer.code == 7
    assert answer.error["code"] == "cannot_write"
    assert answer.error["path"] == str(tmp_path / "no" / f"o{ending}")


def _small_files() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of POSIX")
@pytest.mark.parametrize("ending", FORMATS)
def test_no_space_left_leaves_what_was_there(tmp_path: Path, ending: str) -> None:
    values = np.random.default_rng(0).integers(-1000, 1000, (12, 64, 64))
    folder = save_series(make_series(values=values), tmp_path / "ct")
    target = tmp_path / f"o{ending}"
    target.write_bytes(b"the old one")
    answer = medview_process(
        "export", folder, "--output", target, "--json",
        preexec_fn=_small_files,
        env={"PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert answer.code == 7, answer.err
    assert answer.error["code"] == "cannot_write"
    assert target.read_bytes() == b"the old one"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["ct", target.name])
