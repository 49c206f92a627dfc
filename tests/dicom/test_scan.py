"""What a folder can hold: links, pipes, text, copies, directories of media; each file counted, none lost in silence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import pydicom
import pytest
from pydicom.errors import InvalidDicomError
from pydicom.uid import DeflatedExplicitVRLittleEndian

from medview.core.progress import Cancelled, no_progress
from medview.dicom import stacks
from medview.dicom.scan import scan_paths
from tests.dicom.reading import assert_census, catalog_of, only_stack, stacks_of
from tests.phantoms.dicom_series import SHAPE, make_series, save_series
from tests.phantoms.raw_dicom import element, item, part10
from tests.shared import shared_path

pytestmark = pytest.mark.beside

unix_only = pytest.mark.skipif(sys.platform == "win32", reason="needs links, pipes and permissions of Unix")


def problems_of(*paths: Path) -> dict[str, str]:
    return {problem.path: problem.code for problem in catalog_of(*paths).problems()}


def test_the_first_batch_is_small_and_later_ones_grow(tmp_path: Path) -> None:
    for number in range(8):
        save_series(make_series(name=f"s{number}"), tmp_path / str(number))
    sizes = [batch.files_seen for batch in scan_paths([str(tmp_path)], no_progress)]
    assert sum(sizes) == 96
    assert 0 < sizes[0] <= 16
    assert len(sizes) >= 3


def test_a_scan_can_be_cancelled(tmp_path: Path) -> None:
    save_series(make_series(), tmp_path)

    def stop(step: str, done: int, total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(scan_paths([str(tmp_path)], stop))


@unix_only
def test_pipes_are_never_opened_and_link_loops_visited_once(tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path / "study")
    os.mkfifo(folder / "pipe.dcm")
    (folder / "again").symlink_to(folder)
    (folder / "up").symlink_to(tmp_path)
    (folder / "nowhere").symlink_to(folder / "gone")
    catalog = catalog_of(folder)
    assert catalog.census().files_seen == 12
    assert {problem.code for problem in catalog.problems()} == {"unreadable_file"}
    assert only_stack(folder).shape == SHAPE
    assert problems_of(folder / "pipe.dcm") == {str(folder / "pipe.dcm"): "not_a_file"}


@unix_only
def test_files_and_folders_without_permission_are_named() -> None:
    """In a process that has dropped root's rights, since root may read everything."""
    code = (
        "import os, sys\n"
        "from tests.dicom.reading import catalog_of\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "catalog = catalog_of(sys.argv[1])\n"
        "print(catalog.census().frames_shown, sorted((p.code, os.path.basename(p.path)) for p in catalog.problems()))\n"
    )
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to others
        Path(name).chmod(0o755)
        folder = save_series(make_series(), Path(name) / "study")
        (folder / "closed").mkdir()
        save_series(make_series(name="hidden"), folder / "closed")
        (folder / "closed").chmod(0)
        (folder / "slice0003.dcm").chmod(0)
        done = subprocess.run(
            [sys.executable, "-c", code, str(folder)],
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
            check=False,
        )
        (folder / "closed").chmod(0o700)
    assert done.stdout.strip() == "11 [('unreadable_file', 'slice0003.dcm'), ('unreadable_folder', 'closed')]", (
        done.stderr
    )


def test_text_called_dcm_is_a_problem_and_other_files_are_handed_on(tmp_path: Path) -> None:
    (tmp_path / "report.dcm").write_text("This is no image at all, whatever its name says. " * 9)
    (tmp_path / "empty.dcm").write_bytes(b"")
    (tmp_path / "brain.nii").write_bytes(b"\x5c\x01\0\0" + bytes(400))
    (tmp_path / "notes.txt").write_text("hello")
    batches = list(scan_paths([str(tmp_path)], no_progress))
    assert {Path(path).name for batch in batches for path in batch.not_dicom} == {"brain.nii", "notes.txt"}
    assert {Path(p.path).name: p.code for batch in batches for p in batch.problems} == {
        "report.dcm": "not_dicom",
        "empty.dcm": "not_dicom",
    }


@unix_only
def test_links_to_files_are_the_files(tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path / "study")
    (folder / "link.dcm").symlink_to(folder / "slice0004.dcm")
    catalog = catalog_of(folder, folder / "." / "slice0002.dcm", f"{folder}/../study")
    assert (catalog.census().files_seen, catalog.census().frames_on_disk) == (12, 12)
    assert not catalog.problems()


def test_a_second_scan_of_the_same_files_adds_nothing(tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path / "study")
    shutil.copytree(folder, tmp_path / "copy")
    catalog = catalog_of(folder)
    for path in (folder, tmp_path / "study" / ".." / "study", tmp_path / "copy"):
        for batch in scan_paths([str(path)], no_progress):
            catalog.add(batch)
    assert_census(catalog)
    assert (catalog.census().files_seen, catalog.census().frames_on_disk, catalog.census().frames_shown) == (24, 24, 12)


def test_a_path_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "gone") == {str(tmp_path / "gone"): "unreadable_file"}


def test_a_truncated_file_among_good_ones_is_named_and_hides_only_itself(tmp_path: Path) -> None:
    folder = save_series(make_series(), tmp_path)
    victim = folder / "slice0011.dcm"
    victim.write_bytes(victim.read_bytes()[:-100])
    catalog = catalog_of(folder)
    assert_census(catalog)
    assert {problem.path: (problem.code, problem.frames) for problem in catalog.problems()} == {
        str(victim): ("truncated_pixels", 1)
    }
    stack = stacks_of(folder)[0]
    assert stack.shape == (11, *SHAPE[1:])
    note = next(note for note in stack.notes if note.code == "images_lost")
    assert note.values == ("1", "slice0011.dcm")
    victim.unlink()
    assert not stacks_of(folder)[0].notes


@pytest.mark.parametrize("part", range(0, 64, 3))
def test_truncation_anywhere_is_a_problem_or_no_dicom(tmp_path: Path, part: int) -> None:
    folder = save_series(make_series()[:2], tmp_path)
    victim = folder / "slice0001.dcm"
    content = victim.read_bytes()
    victim.write_bytes(content[: len(content) * part // 64])
    catalog = catalog_of(folder)
    assert_census(catalog)
    assert str(victim) in {problem.path for problem in catalog.problems()}
    assert catalog.census().frames_shown == 1


def test_a_deflate_bomb_is_refused(tmp_path: Path) -> None:
    data = make_series()[0]
    data.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    data.PixelData = b"\0\0"
    path = tmp_path / "bomb.dcm"
    data.save_as(path, enforce_file_format=True)
    content = path.read_bytes()
    start = content.index(b"1.2.840.10008.1.2.1.99") + 22
    head = content[: start + 40]
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    # A private element of 600 MB of zeros lies before the pixels.
    bomb = packer.compress(b"\x09\x00\x10\x10UN\0\0" + (600 << 20).to_bytes(4, "little"))
    bomb += b"".join(packer.compress(bytes(1 << 20)) for _ in range(600)) + packer.flush()
    meta_end = head.index(b"\x02\x00\x12\x00") if b"\x02\x00\x12\x00" in head else start
    path.write_bytes(content[:meta_end] + bomb)
    assert problems_of(path) == {str(path): "deflate_bomb"}


def test_a_series_that_cannot_be_put_together_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_series(make_series(name="good"), tmp_path / "a")
    save_series(make_series(name="bad", modality="ZZ"), tmp_path / "b")
    original = stacks.modality_transform

    def failing(headers, frames):
        if headers[0].series.modality == "ZZ":
            raise ValueError("as a fault of ours would")
        return original(headers, frames)

    monkeypatch.setattr(stacks, "modality_transform", failing)
    catalog = catalog_of(tmp_path)
    assert_census(catalog)
    assert catalog.census().frames_shown == 12
    assert {problem.code for problem in catalog.problems()} == {"cannot_arrange"}


# DICOMDIR


def test_a_dicomdir_leads_to_its_files(tmp_path: Path) -> None:
    tree = shared_path("data/pydicom+pydicom/src/pydicom/data/test_files/dicomdirtests")
    catalog = catalog_of(tree / "DICOMDIR")
    assert_census(catalog)
    assert (
        catalog.census().frames_shown
        == catalog_of(tree / "77654033", tree / "98892003", tree / "98892001").census().frames_shown
    )
    assert not catalog.problems()


def test_a_dicomdir_inside_a_folder_is_no_image(tmp_path: Path) -> None:
    tree = shared_path("data/pydicom+pydicom/src/pydicom/data/test_files/dicomdirtests")
    shutil.copy(tree / "DICOMDIR", tmp_path / "DICOMDIR")
    catalog = catalog_of(tmp_path)  # as a folder: what it names is not here, and that is no matter
    census = catalog.census()
    assert (census.files_seen, census.frames_on_disk, census.objects_without_pixels) == (1, 0, 0)
    assert not catalog.studies()


def test_missing_files_of_a_dicomdir_are_named(tmp_path: Path) -> None:
    tree = shared_path("data/pydicom+pydicom/src/pydicom/data/test_files/dicomdirtests")
    shutil.copy(tree / "DICOMDIR", tmp_path / "DICOMDIR")
    shutil.copytree(tree / "98892003", tmp_path / "98892003")
    problems = catalog_of(tmp_path / "DICOMDIR").problems()
    assert {problem.code for problem in problems} == {"missing_file"}
    assert len(problems) == 14
    assert all("98892003" not in problem.path for problem in problems)


def test_a_dicomdir_in_other_case_is_followed(tmp_path: Path) -> None:
    tree = shared_path("data/pydicom+pydicom/src/pydicom/data/test_files/dicomdirtests")
    for path in tree.rglob("*"):
        if path.is_file() and "-" not in path.name:
            target = tmp_path / str(path.relative_to(tree)).lower()
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    catalog = catalog_of(tmp_path / "dicomdir")
    assert not catalog.problems()
    assert catalog.census().frames_shown == 31


def dicomdir_naming(folder: Path, *parts: str) -> Path:
    record = element(0x00041430, "CS", "IMAGE") + element(0x00041500, "CS", "\\".join(parts))
    path = folder / "DICOMDIR"
    path.write_bytes(part10(element(0x00041220, "SQ", item(record)), sop_class="1.2.840.10008.1.3.10"))
    return path


@pytest.mark.parametrize(
    "parts", [("..", "secret"), ("a", "..", "..", "secret"), ("../secret",), ("/etc", "passwd"), ("C:", "x")]
)
def test_a_dicomdir_cannot_lead_out_of_its_folder(tmp_path: Path, parts: tuple[str, ...]) -> None:
    save_series(make_series()[:1], tmp_path, "secret")
    (tmp_path / "secret0000.dcm").rename(tmp_path / "secret")
    (tmp_path / "medium" / "a").mkdir(parents=True)
    path = dicomdir_naming(tmp_path / "medium", *parts)
    catalog = catalog_of(path)
    assert catalog.census().frames_on_disk == 0
    assert {problem.code for problem in catalog.problems()} == {"dicomdir_escape"}


@unix_only
def test_a_dicomdir_cannot_lead_out_through_a_link(tmp_path: Path) -> None:
    save_series(make_series()[:1], tmp_path, "SECRET")
    (tmp_path / "medium").mkdir()
    (tmp_path / "medium" / "LINK").symlink_to(tmp_path / "SECRET0000.dcm")
    catalog = catalog_of(dicomdir_naming(tmp_path / "medium", "LINK"))
    assert catalog.census().frames_on_disk == 0
    assert {problem.code for problem in catalog.problems()} == {"dicomdir_escape"}


# All shared files


def test_every_frame_of_the_shared_files_is_shown_or_its_file_named() -> None:
    catalog = catalog_of(shared_path("data"))
    assert_census(catalog)
    census = catalog.census()
    assert census.files_seen >= 951
    assert census.frames_shown > 1200
    ids = [stack.id for study in catalog.studies() for series in study.series for stack in series.stacks]
    assert len(ids) == len(set(ids))


def has_digits(data) -> bool:
    item = data.get_item("NumberOfFrames")
    return item is not None and bool(item.value) and item.value.strip().isdigit()


@pytest.mark.filterwarnings("ignore")
def test_frames_on_disk_is_what_pydicom_counts() -> None:
    """NumberOfFrames of everything with pixels, by a reader that shares no code with ours."""
    root = shared_path("data")
    expected = without = 0
    for path in root.rglob("*"):
        if not path.is_file() or path.name.startswith("DICOMDIR"):
            continue
        try:
            data = pydicom.dcmread(
                path, specific_tags=["PixelData", "FloatPixelData", "DoubleFloatPixelData", "NumberOfFrames"]
            )
        except InvalidDicomError:
            continue
        if any(tag in data for tag in (0x7FE00010, 0x7FE00008, 0x7FE00009)):
            expected += int(data.get_item("NumberOfFrames").value) if has_digits(data) else 1
        else:
            without += 1
    census = catalog_of(root).census()
    # pydicom refuses six files without preamble, and gives no pixel data where ten frames end in a cut fragment.
    assert census.frames_on_disk - expected == 16
    assert abs(census.objects_without_pixels - without) <= 8
