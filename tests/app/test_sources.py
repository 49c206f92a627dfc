"""Where studies come from: archives, media, folders that hang, files that change, names that nobody expects."""

from __future__ import annotations

import gzip
import io
import os
import shutil
import socket
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image

from medview.app.exporting import export_stack
from medview.app.headless import choose_stack, inspect_paths
from medview.app.loading import load_volume
from medview.app.open_paths import Found, open_all, open_paths
from medview.core.finding import Label, Provenance, Segmentation
from medview.core.problem import MedviewError
from medview.core.progress import Cancelled, no_progress
from medview.core.study import Stack
from medview.dicom.header_reader import HeaderReader
from medview.dicom.scan import Scan
from medview.dicom.seg_write import write_segmentation_object
from medview.jobs.direct import read_slots
from medview.jobs.watched import watched
from medview.ui.installing import is_model_package
from tests.phantoms.dicom_series import make_series, marker_values, save_series
from tests.phantoms.raw_dicom import element, item, part10

unix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs links, pipes and names of Unix")


def stacks_in(found: Found) -> list[Stack]:
    return [stack for study in found.studies for series in study.series for stack in series.stacks]


def zipped(folder: Path, target: Path, packing: int = zipfile.ZIP_DEFLATED, inside: str = "") -> Path:
    with zipfile.ZipFile(target, "w", packing) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"{inside}{path.relative_to(folder).as_posix()}")
    return target


def tarred(folder: Path, target: Path, mode: str) -> Path:
    with tarfile.open(target, mode) as archive:
        archive.add(folder, "study")
    return target


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return save_series(make_series(), tmp_path / "study")


@pytest.mark.parametrize("kind", ["zip", "zip stored", "tar", "tgz"])
def test_a_study_in_an_archive_is_the_study(study: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "archive.data"
    if kind.startswith("zip"):
        zipped(study, path, zipfile.ZIP_STORED if "stored" in kind else zipfile.ZIP_DEFLATED, "a/b/")
    else:
        tarred(study, path, "w:gz" if kind == "tgz" else "w")
    plain, found = open_all([str(study)]), open_all([str(path)])
    assert not found.problems
    (stack,) = stacks_in(found)
    assert stack.id == stacks_in(plain)[0].id
    assert stack.frames[0].needs_codec is (kind in {"zip", "tgz"})
    np.testing.assert_array_equal(load_volume(stack).modality_values(), marker_values())
    shutil.rmtree(study)
    target = tmp_path / "out.nii.gz"
    export_stack(choose_stack([str(path)], None)[2], str(target))
    assert nibabel.load(target).get_fdata().max() == 1200
    answer, error = inspect_paths([str(path)])
    assert error is None
    assert answer["frames_shown"] == answer["frames_on_disk"] == 12


def test_a_member_can_be_opened_alone(study: Path, tmp_path: Path) -> None:
    path = zipped(study, tmp_path / "a.zip")
    (stack,) = stacks_in(open_all([f"{path}/slice0003.dcm"]))
    assert stack.frame_count == 1


def test_archives_of_a_folder_come_after_its_files(study: Path, tmp_path: Path) -> None:
    other = save_series(make_series(name="other"), tmp_path / "other")
    zipped(other, study / "0_first_by_name.zip")
    shutil.rmtree(other)
    parts = list(Scan([str(study)]).batches(no_progress))
    paths = [header.path for part in parts for header in part.headers]
    assert len(paths) == 24
    assert all(".zip" not in path for path in paths[:12])
    assert all(".zip" in path for path in paths[12:])
    assert sum(part.files_seen for part in parts) == 25
    (study / "readme.zip").write_text("no archive at all")
    assert not open_all([str(study)]).problems


def test_volumes_and_pictures_in_an_archive(tmp_path: Path) -> None:
    values = np.arange(120, dtype=np.int16).reshape(4, 5, 6)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([-1, -1, 2, 1])), tmp_path / "t.nii.gz")
    Image.fromarray(np.arange(56, dtype=np.uint8).reshape(7, 8)).save(tmp_path / "p.png")
    (tmp_path / "bad.nii").write_bytes(b"\x5c\x01\0\0" + bytes(400))
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("t.nii.gz", "p.png", "bad.nii"):
            archive.write(tmp_path / name, f"../{name}")
            (tmp_path / name).unlink()
    found = open_all([str(path)])
    volume, picture = sorted(stacks_in(found), key=lambda stack: stack.kind, reverse=True)
    np.testing.assert_array_equal(load_volume(volume).stored, values.transpose(2, 1, 0))
    np.testing.assert_array_equal(picture.frames[0].read(), np.arange(56).reshape(7, 8))
    (problem,) = found.problems
    assert (problem.path, problem.code) == (f"{path}/bad.nii", "bad_nifti")
    assert f"{path}/bad.nii" in problem.what
    path.unlink()
    with pytest.raises(MedviewError) as raised:
        picture.frames[0].read()
    assert raised.value.path == f"{path}/p.png"


def test_an_archive_inside_an_archive_is_named(study: Path, tmp_path: Path) -> None:
    zipped(study, tmp_path / "in" / "inner.zip") if (tmp_path / "in").mkdir() is None else None
    path = zipped(tmp_path / "in", tmp_path / "outer.zip")
    (problem,) = open_all([str(path)]).problems
    assert (problem.path, problem.code) == (f"{path}/inner.zip", "nested_archive")


def test_a_damaged_archive_hides_no_other_file(study: Path, tmp_path: Path) -> None:
    path = zipped(study, tmp_path / "good.zip")
    bad = study / "bad.zip"
    bad.write_bytes(path.read_bytes()[:-200])
    found = open_all([str(study)])
    assert {(problem.path, problem.code) for problem in found.problems} == {(str(bad), "archive_damaged")}
    assert found.census.frames_shown == 12


# Media directories


def dicomdir(*names: str) -> bytes:
    records = b"".join(
        item(element(0x00041430, "CS", "IMAGE") + element(0x00041500, "CS", name.replace("/", "\\"))) for name in names
    )
    return part10(element(0x00041220, "SQ", records), sop_class="1.2.840.10008.1.3.10")


def medium(root: Path) -> Path:
    """Three listed images, one listed that is not there, one that nobody lists."""
    folder = save_series(make_series()[:4], root / "DICOM" / "S1")
    for number in range(3):
        (folder / f"slice{number:04}.dcm").rename(folder / f"IM{number}")
    (folder / "slice0003.dcm").rename(root / "EXTRA")
    (root / "DICOMDIR").write_bytes(dicomdir("DICOM/S1/IM0", "DICOM/S1/IM1", "DICOM/S1/IM2", "DICOM/S1/IM9"))
    return root


@pytest.mark.parametrize("what", ["directory file", "folder", "zip", "tgz"])
def test_missing_and_unlisted_files_of_a_medium(tmp_path: Path, what: str) -> None:
    root = medium(tmp_path / "cd")
    path, base = root, str(root)
    if what == "directory file":
        path = root / "DICOMDIR"
    elif what == "zip":
        path = zipped(root, tmp_path / "cd.zip")
        base = str(path)
    elif what == "tgz":
        path = tarred(root, tmp_path / "cd.tgz", "w:gz")
        base = f"{path}/study"
    found = open_all([str(path)])
    assert found.census.frames_shown == 4
    assert [(problem.path, problem.code) for problem in found.problems] == [
        (str(Path(base, "DICOM", "S1", "IM9")), "missing_file")
    ]


def test_names_as_burning_and_copying_leave_them(tmp_path: Path) -> None:
    root = medium(tmp_path / "cd")
    folder = root / "DICOM" / "S1"
    (folder / "IM0").rename(folder / "im0;1")
    (folder / "IM1").rename(folder / "im1.dcm")
    (folder / "IM2").rename(folder / "im2")
    assert [problem.code for problem in open_all([str(root / "DICOMDIR")]).problems] == ["missing_file"]
    path = zipped(root, tmp_path / "cd.zip")
    assert [problem.code for problem in open_all([str(path)]).problems] == ["missing_file"]


def test_hundreds_of_missing_files_are_counted(tmp_path: Path) -> None:
    (tmp_path / "DICOMDIR").write_bytes(dicomdir(*(f"IM{number}" for number in range(500))))
    problems = open_all([str(tmp_path)]).problems
    assert len(problems) == 201
    assert problems[-1].values == ("300",)


# What hangs, changes and vanishes


class Hanging(Scan):
    """A scan whose files called ``hang`` do not answer until ``gate`` opens."""

    gate = threading.Event()

    def _read_one(self, path: str) -> None:
        if "hang" in Path(path).name:
            self._reading = (path, time.monotonic())
            self.gate.wait(30)
        super()._read_one(path)

    def successor(self, last: bool = False) -> Scan:
        other = super().successor(last)
        other.__class__ = Hanging
        return other


@pytest.fixture
def hanging() -> Iterator[type[Hanging]]:
    Hanging.gate = threading.Event()
    yield Hanging
    Hanging.gate.set()


def test_a_file_that_hangs_is_named_and_the_rest_goes_on(study: Path, hanging: type[Hanging]) -> None:
    (study / "slice0005.dcm").rename(study / "slice0005_hang.dcm")
    parts = list(watched(hanging([str(study)]), no_progress, patience_s=1.5))
    paths = [header.path for part in parts for header in part.headers]
    problems = [problem for part in parts for problem in part.problems]
    assert len(paths) == len(set(paths)) == 11
    assert [(problem.path, problem.code) for problem in problems] == [(str(study / "slice0005_hang.dcm"), "no_answer")]
    Hanging.gate.set()  # it wakes up: nothing of what was given changes
    time.sleep(0.1)
    assert sum(len(part.headers) for part in parts) == 11


def test_a_scan_that_hangs_can_be_cancelled(study: Path, hanging: type[Hanging]) -> None:
    (study / "slice0000.dcm").rename(study / "a_hang.dcm")
    begun = time.monotonic()

    def progress(step: str, done: int, total: int) -> None:
        if time.monotonic() - begun > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        list(watched(hanging([str(study)]), progress))
    assert time.monotonic() - begun < 25  # the file hangs for 30


def test_a_folder_that_is_gone_ends_the_scan(
    tmp_path: Path, hanging: type[Hanging], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medview.jobs.watched.WATCH_S", 0.02)
    for number in range(60):
        (tmp_path / f"hang{number:02}").write_bytes(b"x" * 300)
    parts = list(watched(hanging([str(tmp_path)]), no_progress, patience_s=0.01))
    codes = [problem.code for part in parts for problem in part.problems]
    assert codes == ["no_answer"] * 32 + ["scan_stopped"]


def test_a_frame_that_hangs_is_left_behind() -> None:
    gate = threading.Event()
    told: dict[int, str] = {}
    slots = iter(range(20))
    lock = threading.Lock()

    def take() -> int | None:
        with lock:
            return next(slots, None)

    def read(slot: int) -> str:
        if slot in {3, 7}:
            gate.wait(30)
        return "read"

    try:
        read_slots(take, read, told.__setitem__, late=lambda slot: "no answer", patience_s=1.5)
    finally:
        gate.set()
    assert told == {slot: "no answer" if slot in {3, 7} else "read" for slot in range(20)}


def test_frames_of_a_folder_that_is_gone_are_not_all_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medview.jobs.direct.WATCH_S", 0.02)
    gate = threading.Event()
    told: dict[int, str] = {}
    slots = iter(range(500))
    lock = threading.Lock()

    def take() -> int | None:
        with lock:
            return next(slots, None)

    try:
        read_slots(take, lambda slot: gate.wait(30), told.__setitem__, late=lambda slot: "late", patience_s=0.01)
    finally:
        gate.set()
    assert told == dict.fromkeys(range(500), "late")


def test_cancelling_does_not_wait_for_a_frame_that_hangs() -> None:
    gate = threading.Event()
    calls = iter(range(3))

    def take() -> int:
        if next(calls) == 1:
            raise Cancelled
        return 0

    begun = time.monotonic()
    try:
        with pytest.raises(Cancelled):
            read_slots(take, lambda slot: gate.wait(30), lambda *told: None, threads=3, late=lambda slot: None)
    finally:
        gate.set()
    assert time.monotonic() - begun < 25  # the frame hangs for 30


def test_a_file_that_changed_after_it_was_listed_is_not_read(study: Path) -> None:
    (stack,) = stacks_in(open_all([str(study)]))
    victim = study / "slice0004.dcm"
    content = bytearray(victim.read_bytes())
    content[-100:] = bytes(100)
    victim.write_bytes(bytes(content))
    os.utime(victim, ns=(1, 1))  # whatever the clock's steps are
    volume = load_volume(stack, allow_missing=True)
    assert list(volume.states).count(1) == 11
    with pytest.raises(MedviewError) as raised:
        load_volume(stack)
    assert (raised.value.code, raised.value.path) == ("file_changed", str(victim))
    victim.unlink()
    with pytest.raises(MedviewError) as raised:
        load_volume(stack)
    assert (raised.value.code, raised.value.path) == ("file_vanished", str(victim))
    again = open_all([str(study)])
    assert again.census.frames_shown == 11


def test_an_archive_that_changed_after_it_was_listed_is_not_read(study: Path, tmp_path: Path) -> None:
    path = zipped(study, tmp_path / "a.zip", zipfile.ZIP_STORED)
    (stack,) = stacks_in(open_all([str(path)]))
    zipped(study, path)
    with pytest.raises(MedviewError) as raised:
        stack.frames[0].read()
    assert raised.value.code == "file_changed"


# Odd folders and names


@unix_only
def test_pipes_sockets_devices_and_loops_are_never_opened(study: Path, tmp_path: Path) -> None:
    os.mkfifo(study / "fifo.dcm")
    listener = socket.socket(socket.AF_UNIX)
    os.chdir(study)
    try:
        listener.bind("socket.dcm")
    finally:
        os.chdir("/")
    (study / "null.dcm").symlink_to("/dev/null")
    (study / "zero.zip").symlink_to("/dev/zero")
    (study / "loop").symlink_to(study)
    (study / "self").symlink_to(study / "self")
    found = open_all([str(study)])
    listener.close()
    assert found.census.frames_shown == 12
    assert {Path(problem.path).name for problem in found.problems} <= {"self"}
    for name in ("fifo.dcm", "socket.dcm", "null.dcm", "zero.zip"):
        (problem,) = open_all([str(study / name)]).problems
        assert problem.code == "not_a_file", name


@pytest.mark.parametrize(
    "name", ["胸部 CT", "a 'quoted' \"name\"", "$(touch x); rm", "%n%s", "-rf", "ü" * 60, "x" * 200 + "/" + "y" * 200]
)
def test_names_that_nobody_expects(tmp_path: Path, name: str) -> None:
    if sys.platform == "win32" and any(mark in name for mark in '"|<>*?'):
        pytest.skip("no such names on Windows")
    folder = save_series(make_series(), tmp_path / name)
    (stack,) = stacks_in(open_all([str(folder)]))
    np.testing.assert_array_equal(load_volume(stack).modality_values(), marker_values())
    path = zipped(folder, tmp_path / "a.zip", inside=f"{name}/")
    (stack,) = stacks_in(open_all([str(path)]))
    np.testing.assert_array_equal(load_volume(stack).modality_values(), marker_values())


@unix_only
def test_names_that_are_no_text(tmp_path: Path) -> None:
    """Bytes that are not UTF-8, as old media have them, come as surrogates."""
    folder = save_series(make_series(), tmp_path / "study")
    odd = os.fsdecode(os.fsencode(folder) + b"/\xd3\xb0\xcf\xf1.dcm")
    (folder / "slice0000.dcm").rename(odd)
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff.dcm")).write_bytes(b"short")
    found = open_all([str(folder)])
    (stack,) = stacks_in(found)
    np.testing.assert_array_equal(load_volume(stack).modality_values(), marker_values())
    (problem,) = found.problems
    assert problem.code == "not_dicom"
    problem.what.encode("utf-8", "surrogateescape")


@unix_only
def test_a_deep_tree(tmp_path: Path) -> None:
    folder = tmp_path / "/".join("d" for _ in range(400))
    folder.mkdir(parents=True)
    save_series(make_series()[:2], folder)
    assert open_all([str(tmp_path)]).census.frames_shown == 2


def test_batches_grow_with_what_was_found(tmp_path: Path) -> None:
    """A series is put together again after each batch: with batches of one size that would be work with the square."""
    header = HeaderReader().read(str(save_series(make_series()[:1], tmp_path / "one") / "slice0000.dcm"))
    scan = Scan(())
    scan._walk.next = iter([*map(str, range(20_000)), None]).__next__  # type: ignore[method-assign]
    scan._reader.read = lambda path: header  # type: ignore[method-assign]
    sizes = [batch.files_seen for batch in scan.batches(no_progress)]
    assert sum(sizes) <= 20_000
    assert len(sizes) < 60


def test_something_is_shown_before_an_archive_is_through(study: Path, tmp_path: Path) -> None:
    more = tmp_path / "many.tgz"
    content = (study / "slice0000.dcm").read_bytes()
    with tarfile.open(more, "w:gz", compresslevel=1) as archive:
        for number in range(400):
            entry = tarfile.TarInfo(f"{number:04}")
            data = content.replace(b"slice", b"slice")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    seen = [found.census.files_seen for found in open_paths([str(more)])]
    assert seen[0] <= 40
    assert seen[-1] == 401


def test_a_gzip_file_that_is_cut_does_not_say_its_size(study: Path, tmp_path: Path) -> None:
    """What then stands where the size should be may say gigabytes."""
    packed = gzip.compress((study / "slice0006.dcm").read_bytes())
    path = tmp_path / "a.dcm.gz"
    refused = 0
    for size in range(len(packed) - 90, len(packed) - 7):
        path.write_bytes(packed[:size])
        found = open_all([str(path)])
        for problem in found.problems:
            assert problem.path == f"{path}/a.dcm"
            assert problem.code in {"truncated_pixels", "truncated_header", "no_pixel_data"}
        refused += len(found.problems)
        for stack in stacks_in(found):
            np.testing.assert_array_equal(load_volume(stack).modality_values(), marker_values()[6:7])
    assert refused > 50


def test_a_large_folder_gives_each_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medview.dicom.walk.FIRST_ENTRIES", 7)
    monkeypatch.setattr("medview.dicom.walk.FIRST_GIVEN", 3)
    names = [f"{number:03}" for number in range(40)]
    for name in names:
        (tmp_path / name).write_text("x")
    given = [path for part in Scan([str(tmp_path)]).batches(no_progress) for path in part.not_dicom]
    assert sorted(given) == [str(tmp_path / name) for name in names]
    assert given[3:] == sorted(given[3:])


def test_a_segmentation_object_of_images_in_an_archive(study: Path, tmp_path: Path) -> None:
    """It is written with the headers of its source images."""
    path = tarred(study, tmp_path / "study.tgz", "w:gz")
    shutil.rmtree(study)
    (stack,) = stacks_in(open_all([str(path)]))
    labels = (marker_values() > 0).astype(np.uint8)
    meaning = Label(1, "Bone", (255, 0, 0))
    target = tmp_path / "segmentation.dcm"
    made = Provenance(
        "p", "Network", "1", "ab" * 32, "auto", "cpu", "1.2", stack.id, "2026-11-21T10:00:00+00:00", 1.0, "cd" * 32
    )
    write_segmentation_object(target, Segmentation(labels, stack.geometry, (meaning,)), stack.frames, made)
    written = pydicom.dcmread(target)
    referenced = {
        one.ReferencedSOPInstanceUID for one in written.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    }
    assert referenced
    assert referenced <= {frame.sop_uid for frame in stack.frames}


def test_a_zip_with_a_study_is_no_model_package(study: Path, tmp_path: Path) -> None:
    (study / "manifest.json").write_text("{}")
    assert not is_model_package(str(zipped(study, tmp_path / "study.zip")))
    (study / "model.onnx").write_bytes(b"")
    assert is_model_package(str(zipped(study, tmp_path / "package.zip")))
