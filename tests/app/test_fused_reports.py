"""A PET over a CT is in the report's pictures and in captures as it is on the screen: its colours, their values, both names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pydicom
import pytest

from medview.app.colour_maps import ColourMaps
from medview.app.fusion import change_fusion, fuse
from medview.app.key_pictures import KeyPicture, key_pictures
from medview.app.open_paths import open_all
from medview.app.stated_fusion import fusions_of
from medview.app.statement_files import write_statement
from medview.app.statements import state_study
from medview.app.viewport_state import ViewportState
from medview.app.visual_report import report_content, report_html
from medview.core.statement import StatedKey, Statement
from tests.app.test_written_reports import errors
from tests.phantoms.dicom_series import make_series, save_series

CT_SHAPE, PET_SHAPE = (5, 48, 64), (5, 24, 32)
HOT = (2, 15, 24)
"""(k, j, i) of the one hot voxel of the PET, twice as coarse as the CT: whose voxel lies on (30, 48)."""


def write_both(folder: Path, frame: str = "") -> Path:
    """A CT and a PET with one hot voxel, in one study; ``frame``: another frame of reference of the PET."""
    ct = make_series(values=np.full(CT_SHAPE, -200, np.int32), name="ct", spacing=(1.0, 1.0))
    uptake = np.zeros(PET_SHAPE, np.int32)
    uptake[HOT] = 9000
    pet = make_series(values=uptake, name="pet", modality="PT", spacing=(2.0, 2.0), intercept=0.0)
    for one in ct:
        one.SeriesDescription = "Thorax"
    for one in pet:
        one.SeriesDescription = "WB \u80ba"
        one.SpecificCharacterSet = "ISO_IR 192"
        one.SOPClassUID = one.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.128"
        one.Units = "CNTS"
        if frame:
            one.FrameOfReferenceUID = frame
    save_series(ct, folder / "ct")
    save_series(pet, folder / "pet")
    return folder


def stated(folder: Path, frame: str = "", **look: Any) -> Statement:
    """A key image on the middle slice of a CT that a PET lies over on the screen."""
    write_both(folder, frame)
    (study,) = open_all([str(folder)]).studies
    series = {one.context.modality: one for one in study.series}
    stack = series["CT"].stacks[0]
    state = ViewportState()
    state.show(study, series["CT"], stack)
    fuse(state, [study], series["PT"].stacks[0].id, knowingly=bool(frame))
    change_fusion(state, **look)
    workspace: Any = SimpleNamespace(active_viewport=state, viewports=[state], colour_maps=ColourMaps())
    return replace(state_study(study, keys=[StatedKey(stack, 0, HOT[0], "here")]), fusions=fusions_of(workspace, study))


def only_picture(statement: Statement) -> KeyPicture:
    (found,) = key_pictures(statement)
    return found


def test_the_uptake_is_coloured_at_its_place_and_both_series_are_named(tmp_path: Path) -> None:
    statement = stated(tmp_path)
    plain, fused = only_picture(replace(statement, fusions=())), only_picture(statement)
    assert fused.fused is statement.fusions[0]
    rows, columns = fused.rgba.shape[:2]
    middle = fused.rgba[:, : round(columns * 0.85)].astype(int)
    red = middle[..., 0] - middle[..., 2] > 60  # hot iron: the bar beside it is cut off here
    red[: rows // 8] = False  # and the names
    y, x = (float(np.mean(one)) for one in np.nonzero(red))
    assert (y / rows * 48, x / columns * 64) == pytest.approx((30.5, 48.5), abs=0.6)
    assert not (plain.rgba[..., 0].astype(int) - plain.rgba[..., 2] > 10).any()
    bar = fused.rgba[rows // 3 : 2 * rows // 3, round(columns * 0.9) :].reshape(-1, 4).astype(int)
    assert (bar[:, 0] - bar[:, 2]).max() > 150, "a bar of the colours"
    caption = report_content(statement, "en", (fused,))["picture_rows"][0]["pictures"][0]["caption"]
    assert caption == "★ key image, image 3 of 5; PT WB 肺 over CT Thorax: here"
    assert "CT Thorax 上叠加 PT WB 肺" in report_html(statement, "zh_CN")
    names = [fused.rgba[: rows // 12, :, 0].max(), plain.rgba[: rows // 12, : columns // 3, 0].max()]
    assert names[0] > 180 > names[1], "the names are written at the top"


def test_how_much_of_it_and_where_is_that_of_the_screen(tmp_path: Path) -> None:
    half, swiped = (
        only_picture(stated(tmp_path / name, **look)).rgba.astype(int)
        for name, look in (("half", {"opacity": 0.2}), ("swiped", {"mode": "swipe", "swipe": 0.9}))
    )
    whole = only_picture(stated(tmp_path / "whole", opacity=1.0)).rgba.astype(int)
    at = (round(30.5 / 48 * whole.shape[0]), round(48.5 / 64 * whole.shape[1]))
    reds = [one[at][0] - one[at][2] for one in (whole, half, swiped)]
    assert reds[0] > 4 * reds[1] > 0
    assert reds[2] == 0, "it lies left of the line"


def test_a_capture_is_valid_and_names_the_images_of_both(tmp_path: Path) -> None:
    statement = stated(tmp_path / "in")
    (path,) = write_statement(statement, ["sc"], tmp_path / "out").paths
    assert errors(Path(path)) == []
    data = pydicom.dcmread(path)
    over = statement.fusions[0].over
    named = [item.ReferencedSOPInstanceUID for item in data.SourceImageSequence]
    assert named == [statement.keys[0].stack.frames[HOT[0]].sop_uid, over.frames[HOT[0]].sop_uid]
    assert data.SeriesDescription == "medview: image 3, CT + PT"


def test_a_place_that_nobody_vouches_for_is_said_on_the_picture_and_below_it(tmp_path: Path) -> None:
    statement = stated(tmp_path, frame="1.2.3.4")
    picture = only_picture(statement)
    assert statement.fusions[0].doubts == ("unverified",)
    top = picture.rgba[: picture.rgba.shape[0] // 6].reshape(-1, 4).astype(int)
    assert ((top[:, 0] > 200) & (top[:, 2] < 140)).any(), "red words"
    assert "place not verified" in report_html(statement, "en")


def test_a_series_that_cannot_be_read_leaves_the_report_its_pictures(tmp_path: Path) -> None:
    statement = stated(tmp_path)
    for path in (tmp_path / "pet").iterdir():
        path.unlink()
    picture = only_picture(statement)
    assert picture.fused is None
    assert "could not be read" in report_html(statement, "en")


def test_what_is_hidden_on_the_screen_is_not_in_the_report(tmp_path: Path) -> None:
    assert stated(tmp_path, visible=False).fusions == ()
