"""The table of docs/dicom-objects.md is what the programs say today of the objects written for a phantom."""

from __future__ import annotations

from pathlib import Path

import pytest

from medview.app.open_paths import open_all
from medview.app.statement_files import write_statement
from tests.objects.made import KINDS, Objects, statement_on, write_all
from tests.objects.placeless import (
    voxels_by_highdicom,
    voxels_by_medview,
    voxels_by_pydicom,
    voxels_differ,
    wanted_voxels,
)
from tests.objects.readers import WAIVED, winding
from tests.objects.table import PAGE, check_all, documented, markdown
from tests.phantoms.dicom_series import make_series, save_series


@pytest.mark.beside
@pytest.mark.timeout(300)
def test_what_others_read_is_what_was_written_and_what_the_page_says(tmp_path: Path) -> None:
    study = open_all([str(save_series(make_series(), tmp_path / "in"))]).studies[0]
    series = study.series[0]
    cells = check_all(write_all(study, series, series.stacks[0], tmp_path / "out"))
    wrong = {at: said for at, said in cells.items() if said}
    assert wrong == {}
    page = documented()
    for (kind, name), said in cells.items():
        if said is not None:  # a program that is not installed says nothing
            assert page[kind, name].rstrip("¹") == "yes", (kind, name)
    assert {kind for kind, _name in page} == set(KINDS)
    text = PAGE.read_text(encoding="utf-8")
    for _kind, part, reason in WAIVED:
        assert part in text
        assert reason in text
    assert "| Parametric map |" in markdown(cells)


def test_winding_numbers_of_a_square_and_of_one_inside_out() -> None:
    import numpy as np

    square = np.array([[0.5, 0.5], [0.5, 3.5], [3.5, 3.5], [3.5, 0.5]])
    turns = winding(square, (5, 5))
    assert (turns != 0).sum() == 9
    assert (turns[1:4, 1:4] != 0).all()
    assert (winding(square[::-1], (5, 5)) == -turns).all()


def test_without_a_frame_of_reference_segmentations_lie_on_their_frames_and_that_is_said(tmp_path: Path) -> None:
    sources = make_series()
    for data in sources:
        del data.FrameOfReferenceUID
    study = open_all([str(save_series(sources, tmp_path / "in"))]).studies[0]
    series = study.series[0]
    statement = statement_on(study, series, series.stacks[0])
    written = write_statement(statement, ["seg"], tmp_path / "out")
    assert [note.code for note in written.notes] == ["seg_by_frames"]
    files = {"seg-binary": Path(written.paths[0])}
    made = Objects(files, statement, series.stacks[0], {})
    for voxels in (voxels_by_pydicom, voxels_by_highdicom, voxels_by_medview):
        assert voxels_differ(voxels("seg-binary", made), wanted_voxels(made)) == ""
