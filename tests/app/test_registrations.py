"""Registration objects: what they say is applied right, what cannot be is refused, what is written is read back; and what medview finds."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from medview.app.open_paths import open_all
from medview.app.registrations import read_registrations, registration_files, registration_objects
from medview.core.geometry import Geometry
from medview.core.problem import MedviewError
from medview.core.progress import Cancelled, no_progress
from medview.core.registration import IDENTITY, Placement, between, by_hand, placed
from medview.core.volume import ModalityTransform, Volume
from medview.dicom.registration_read import DEFORMABLE_CLASS, RIGID_CLASS, read_registration
from medview.dicom.registration_write import write_registration
from medview.processing.registration import register_rigidly
from tests.app.test_written_reports import errors, tool
from tests.phantoms import dicom_series

pytestmark = pytest.mark.beside

WAY = by_hand((14.0, -9.0, 22.0), (4.0, -3.0, 7.0), (10.0, 20.0, 30.0))


def two_series(folder: Path) -> None:
    """Two series of one patient in two frames of reference."""
    for name in ("one", "two"):
        made = dicom_series.make_series(name=name)
        for data in made:
            data.FrameOfReferenceUID = f"1.2.3.{name == 'two':d}"
        dicom_series.save_series(made, folder / name)


def opened(folder: Path):
    """((study, stack) of FrameOfReference 1.2.3.0, the same of 1.2.3.1)."""
    found = {}
    studies = open_all([str(folder)]).studies
    for study in studies:
        for series in study.series:
            for stack in series.stacks:
                found[stack.geometry.frame_of_reference] = (study, stack)
    return found["1.2.3.0"], found["1.2.3.1"], studies


def object_of(path: Path, items, own="1.2.3.0", sop_class=RIGID_CLASS) -> Path:
    """A registration object of ``items``: (frame of reference, instances, (kind, matrix) …)."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = sop_class
    data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = "1.2.9"
    data.PatientID, data.PatientName, data.Modality = "PHANTOM", "PHANTOM^Marker", "REG"
    data.StudyInstanceUID, data.SeriesInstanceUID = dicom_series.uid("study", "PHANTOM", "study"), "1.2.8"
    data.SeriesDescription, data.ContentDate = "Shift", "20240101"
    if own:
        data.FrameOfReferenceUID = own
    data.RegistrationSequence = []
    for space, instances, *steps in items:
        item = Dataset()
        if space:
            item.FrameOfReferenceUID = space
        item.ReferencedImageSequence = []
        for uid in instances:
            one = Dataset()
            one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", uid
            item.ReferencedImageSequence.append(one)
        group = Dataset()
        group.MatrixSequence = []
        for kind, matrix in steps:
            step = Dataset()
            step.FrameOfReferenceTransformationMatrix = [f"{value:.10g}"[:16] for value in np.ravel(matrix)]
            step.FrameOfReferenceTransformationMatrixType = kind
            group.MatrixSequence.append(step)
        item.MatrixRegistrationSequence = [group]
        data.RegistrationSequence.append(item)
    data.save_as(path, enforce_file_format=True)
    return path


def shift(x, y, z):
    matrix = np.eye(4)
    matrix[:3, 3] = (x, y, z)
    return matrix


def turn_z(degrees):
    return by_hand((0, 0, 0), (0, 0, degrees)).matrix


def found_between(folder: Path):
    (_, below), (_, over), studies = opened(folder)
    objects = registration_objects(studies, read_registrations([one for _, one in registration_files(studies)]))
    return between(objects, over, below), objects


def test_matrices_are_applied_first_item_first_into_the_objects_own_space(tmp_path: Path) -> None:
    two_series(tmp_path)
    steps = (("RIGID", turn_z(90)), ("RIGID", shift(10, 0, 0)))
    object_of(tmp_path / "reg.dcm", [("1.2.3.0", (), ("RIGID", np.eye(4))), ("1.2.3.1", (), *steps)])
    (one,), _ = found_between(tmp_path)
    # A quarter turn about the head: left becomes back; then 10 mm to the left.
    assert one.placement.points((1, 0, 0)) == pytest.approx((10, 1, 0), abs=1e-6)
    assert (one.by, one.name, one.sure) == ("file", "Shift", True)


def test_a_matrix_of_the_series_below_is_gone_back(tmp_path: Path) -> None:
    two_series(tmp_path)
    object_of(
        tmp_path / "reg.dcm",
        [("1.2.3.0", (), ("RIGID", shift(0, 0, 5))), ("1.2.3.1", (), ("RIGID", shift(1, 2, 3)))],
        own="9.9.9",
    )
    (one,), _ = found_between(tmp_path)
    assert one.placement.points((0, 0, 0)) == pytest.approx((1, 2, -2))


def test_images_are_named_one_by_one_where_no_frame_of_reference_is(tmp_path: Path) -> None:
    two_series(tmp_path)
    (_, below), (_, over), _ = opened(tmp_path)
    path = object_of(tmp_path / "reg.dcm", [("", [over.frames[2].sop_uid], ("RIGID", shift(0, 7, 0)))])
    (one,), _ = found_between(tmp_path)
    assert one.placement.points((0, 0, 0)) == pytest.approx((0, 7, 0))
    read = read_registration(str(path))
    assert between([read], below, below) == ()
    elsewhere = replace(over, frames=())
    assert elsewhere.geometry is not None
    assert between([read], elsewhere, below) == ()


@pytest.mark.parametrize(
    ("kind", "matrix", "why"),
    [
        ("RIGID", np.diag([-1.0, 1, 1, 1]), "exchanges left and right"),
        ("RIGID", np.diag([1.1, 1.1, 1.1, 1]), "changes lengths"),
        ("AFFINE", np.diag([1.0, 1, 0, 1]), "flat"),
        ("RIGID", np.eye(4)[:3], "16 numbers"),
        ("RIGID", shift(1, 2, 3).T, "last row"),
    ],
)
def test_matrices_that_cannot_be_true_are_refused_with_the_reason(tmp_path: Path, kind, matrix, why) -> None:
    two_series(tmp_path)
    object_of(tmp_path / "reg.dcm", [("1.2.3.1", (), (kind, matrix))])
    found, (one,) = found_between(tmp_path)
    assert found == ()
    assert one.refused is not None
    assert one.refused.code == "registration_broken"
    assert why in one.refused.text


def test_affine_matrices_are_applied_and_are_not_rigid(tmp_path: Path) -> None:
    two_series(tmp_path)
    object_of(tmp_path / "reg.dcm", [("1.2.3.1", (), ("AFFINE", np.diag([1.1, 1, 1, 1])))])
    (one,), _ = found_between(tmp_path)
    assert not one.placement.is_rigid
    grid = Geometry.from_directions((3, 4, 5), (10, 0, 0), (1, 0, 0), (0, 1, 0), (2.0, 1.0, 1.0), "a")
    moved = placed(grid, one.placement, "b")
    assert moved.spacing == pytest.approx((2.0, 1.0, 1.1))
    assert moved.voxel_to_patient((0, 0, 0)) == pytest.approx((11, 0, 0))
    assert moved.frame_of_reference == "b"


def test_deformable_registrations_are_refused_and_move_nothing(tmp_path: Path) -> None:
    two_series(tmp_path)
    object_of(tmp_path / "reg.dcm", [("1.2.3.1", (), ("RIGID", shift(1, 2, 3)))], sop_class=DEFORMABLE_CLASS)
    found, (one,) = found_between(tmp_path)
    assert found == ()
    assert one.refused is not None
    assert one.refused.code == "registration_deformable"


def test_how_far_a_deformable_registration_bends_is_told(tmp_path: Path) -> None:
    two_series(tmp_path)
    path = tmp_path / "reg.dcm"
    object_of(path, [("1.2.3.1", (), ("RIGID", shift(1, 2, 3)))], sop_class=DEFORMABLE_CLASS)
    data = pydicom.dcmread(path)
    vectors = np.random.default_rng(5).normal(0, 2, (4, 5, 6, 3)).astype("<f4")
    vectors[1, 2, 3] = (3.0, -4.0, 12.0)
    vectors[0, 0, 0] = (np.nan, 0, 0)  # not given there
    grid = Dataset()
    grid.GridDimensions, grid.GridResolution = [6, 5, 4], [5.0, 5.0, 5.0]
    grid.VectorGridData = vectors.tobytes()
    item = Dataset()
    item.SourceFrameOfReferenceUID = "1.2.3.1"
    item.DeformableRegistrationGridSequence = [grid]
    data.DeformableRegistrationSequence = [item]
    data.save_as(path)
    found, (one,) = found_between(tmp_path)
    assert found == ()
    assert one.refused is not None
    assert (one.refused.code, one.refused.values[1:]) == ("registration_deformable_by", ("13.0", str(4 * 5 * 6 - 1)))


def test_what_is_written_is_valid_and_read_back(tmp_path: Path) -> None:
    two_series(tmp_path / "in")
    (study, below), (over_study, over), _ = opened(tmp_path / "in")
    path = tmp_path / "in" / "made.dcm"
    write_registration(path, study, below, over_study, over, WAY, reader="Wang^Li", automatic=True)
    assert errors(path) == []
    files = [str(one) for one in sorted((tmp_path / "in").rglob("*.dcm"))]
    said = subprocess.run([tool("dcentvfy"), *files], capture_output=True, text=True, check=False)
    assert [line for line in (said.stdout + said.stderr).splitlines() if "Error" in line] == []
    (one,), _ = found_between(tmp_path / "in")
    points = np.array([(-100.0, 50, 200), (0, 0, 0), (150, -80, -300)])
    assert one.placement.points(points) == pytest.approx(WAY.points(points), abs=1e-6)
    data = pydicom.dcmread(path)
    assert (data.ContentCreatorName, data.PatientID) == ("Wang^Li", "PHANTOM")
    codes = [item.MatrixRegistrationSequence[0].RegistrationTypeCodeSequence[0] for item in data.RegistrationSequence]
    assert [code.CodeValue for code in codes] == ["125021", "125024"]


def test_nothing_is_written_over_two_patients_or_without_a_space(tmp_path: Path) -> None:
    two_series(tmp_path / "in")
    (study, below), (over_study, over), _ = opened(tmp_path / "in")
    stranger = replace(over_study, patient=replace(over_study.patient, patient_id="else"))
    with pytest.raises(MedviewError, match="two patients"):
        write_registration(tmp_path / "a.dcm", study, below, stranger, over, WAY)
    assert below.geometry is not None
    nowhere = replace(below, geometry=Geometry(below.shape, below.geometry.affine, ""))
    with pytest.raises(MedviewError, match="frame of reference"):
        write_registration(tmp_path / "a.dcm", study, nowhere, over_study, over, WAY)
    assert not (tmp_path / "a.dcm").exists()


# ---------------------------------------------------------------------- by medview itself


def body(points: np.ndarray) -> np.ndarray:
    """HU of a trunk that no turn maps to itself."""
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    hu = np.full(x.shape, -1000.0)
    hu[(x / 150) ** 2 + (y / 100) ** 2 < 1] = 40
    hu[((x - 70) / 45) ** 2 + (y / 70) ** 2 + ((z - 10) / 110) ** 2 < 1] = -850
    hu[((x + 70) / 45) ** 2 + ((y + 5) / 65) ** 2 + ((z - 10) / 100) ** 2 < 1] = -850
    hu[((x - 20) / 40) ** 2 + ((y + 30) / 35) ** 2 + ((z + 20) / 40) ** 2 < 1] = 120
    hu[(x / 15) ** 2 + ((y - 75) / 15) ** 2 < 1] = 600
    hu[((x + 80) / 60) ** 2 + ((y + 10) / 60) ** 2 + ((z + 130) / 60) ** 2 < 1] = 90
    return hu


def sampled(grid: Geometry, values, noise: float) -> Volume:
    k, j, i = np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij")
    found = values(grid.voxel_to_patient(np.stack([k, j, i], -1).astype(float)))
    found = found + np.random.default_rng(5).normal(0, noise, grid.shape)
    return Volume(found.astype(np.int16), ModalityTransform(), grid)


def uptake(points: np.ndarray) -> np.ndarray:
    hu = body(points)
    return np.where(hu > -500, np.where(hu > 100, 4000.0, 1500.0), 300.0)


def pair(way: Placement) -> tuple[Volume, Volume]:
    """CT, and a PET whose patient lies so that ``way`` brings it onto the CT."""
    one = Geometry.from_directions((48, 72, 72), (-190, -190, -170), (1, 0, 0), (0, 1, 0), (7.0, 5.4, 5.4), "1.1")
    two = Geometry.from_directions((48, 60, 60), (-195, -200, -190), (1, 0, 0), (0, 1, 0), (7.5, 6.6, 6.6), "2.2")
    return sampled(one, body, 20), sampled(two, lambda points: uptake(way.points(points)), 60)


@pytest.mark.timeout(240)
def test_a_pet_is_brought_onto_a_ct_within_a_millimetre() -> None:
    fixed, moving = pair(WAY)
    steps: list[int] = []
    found = register_rigidly(fixed, moving, IDENTITY, lambda _step, done, _total: steps.append(done))
    corners = np.array([(x, y, z) for x in (-100, 100) for y in (-60, 60) for z in (-100, 100)], dtype=float)
    off = np.linalg.norm(found.placement.points(corners) - WAY.points(corners), axis=1)
    assert off.max() < 1.5  # voxels of 6.6 to 7.5 mm
    assert found.after > found.before
    assert found.placement.is_rigid
    assert steps == sorted(steps)
    assert steps[-1] == 100


@pytest.mark.timeout(120)
def test_it_can_be_cancelled_and_nothing_alike_is_said_so() -> None:
    fixed, moving = pair(IDENTITY)

    def stop(_step: str, done: int, _total: int) -> None:
        if done > 10:
            raise Cancelled

    with pytest.raises(Cancelled):
        register_rigidly(fixed, moving, IDENTITY, stop)
    empty = replace(moving, stored=np.zeros(moving.shape, np.int16))
    with pytest.raises(MedviewError) as error:
        register_rigidly(fixed, empty, IDENTITY, no_progress)
    assert error.value.code == "registration_failed"


def test_the_command_line_lays_over_by_an_object_and_says_so(tmp_path: Path) -> None:
    from medview.app.headless import choose_stack
    from medview.app.object_inspection import described_objects
    from medview.app.rendered_fusion import FusionWish, fusion_on

    two_series(tmp_path)
    (study, below), (_, over), _ = opened(tmp_path)
    wish = FusionWish(choose_stack([str(tmp_path)], over.id))
    with pytest.raises(MedviewError) as error:
        fusion_on(wish, study, below, no_progress)
    assert error.value.code == "fusion_other_space"
    object_of(tmp_path / "reg.dcm", [("1.2.3.1", (), ("RIGID", shift(3, 0, 0)))])
    study, _, _ = choose_stack([str(tmp_path)], below.id)
    wish = FusionWish(choose_stack([str(tmp_path)], over.id))
    made = fusion_on(wish, study, below, no_progress)
    assert made is not None
    assert made.described()["registered_by"] == "Shift"
    assert made.fusion.placement.points((0, 0, 0)) == pytest.approx((3, 0, 0))
    stranger = object_of(tmp_path / "else.dcm", [("1.2.3.1", (), ("RIGID", shift(9, 0, 0)))])
    data = pydicom.dcmread(stranger)
    data.PatientID = "else"
    data.save_as(stranger)
    with pytest.raises(MedviewError) as error:
        fusion_on(replace(wish, registration=str(stranger)), study, below, no_progress)
    assert error.value.code == "registration_unfit"
    stranger.unlink()
    (line,) = [one for lines in described_objects(opened(tmp_path)[2]).values() for one in lines]
    assert line["registers"]["into"] == "1.2.3.0"
    assert line["registers"]["images"][0]["matrix"][3] == 3
