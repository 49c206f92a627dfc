"""Presentation states of turned, mirrored, inverted, windowed and zoomed views: DCMTK draws with them what the viewport shows."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from medview.app.colour_maps import ColourMaps
from medview.app.open_paths import open_all
from medview.app.presented import view_for_state, voi_of_stack
from medview.app.stated_looks import looks_of
from medview.app.statement_files import WrittenFiles, write_statement
from medview.app.statements import state_study
from medview.app.viewport_state import ViewportState
from medview.core.display import apply_voi, percentile_window
from medview.core.presentation_state import PresentationState
from medview.core.statement import StatedKey
from medview.core.study import Stack, Study
from medview.core.window import VoiLut, Window
from medview.dicom.presentation_state import read_presentation_state
from tests.app.statements_made import ruler
from tests.app.test_written_reports import errors
from tests.phantoms.dicom_series import make_enhanced, make_series, save_series
from tests.phantoms.presentation_states import area, lut, make_state
from tests.phantoms.study_objects import save

needs_dcmtk = pytest.mark.skipif(shutil.which("dcmp2pgm") is None, reason="needs dcmp2pgm of DCMTK")

BENT = VoiLut(-300, tuple(int(v) for v in ((np.sin(np.linspace(0, 3, 800)) + 1) * 2047).round()), 12)
SMALL_TABLE = VoiLut(100, tuple(range(0, 250, 2)), 8)


def ramp(**values: Any) -> Any:
    """One CT slice, 40 × 56, every value between -1024 and 1215, an asymmetric corner."""
    cells = np.arange(40 * 56, dtype=np.int32).reshape(1, 40, 56) - 1024
    cells[0, :6, :9] = 1200
    image = make_series(values=cells, positions=np.zeros((1, 3)))[0]
    for keyword, value in values.items():
        setattr(image, keyword, value)
    return image


def opened(folder: Path, *images: Any) -> tuple[Study, Stack]:
    save_series(list(images), folder)
    study = open_all([str(folder)]).studies[0]
    return study, study.series[0].stacks[0]


def viewport(study: Study, stack: Stack, **view: Any) -> ViewportState:
    state = ViewportState()
    state.size = (640.0, 480.0)
    state.show(study, study.series[0], stack)
    state.update(**view)
    return state


def written(study: Study, state: ViewportState, folder: Path, marked: bool = True) -> WrittenFiles:
    """What the window writes of a viewport, with a ruler on its first image."""
    stack = state.stack
    assert stack is not None
    workspace: Any = SimpleNamespace(active_viewport=state, viewports=[state], colour_maps=ColourMaps())
    marks = [(stack, ruler(stack, 0))] if marked else []
    statement = replace(state_study(study, marks), looks=looks_of(workspace, study))
    return write_statement(statement, ["gsps"], folder)


def by_dcmtk(state: str, image: Path, told: list[str] | None = None) -> np.ndarray:
    from PIL import Image

    out = image.with_suffix(".pgm")
    done = subprocess.run(
        ["dcmp2pgm", "-v", "-p", state, str(image), str(out)], check=True, capture_output=True, text=True
    )
    if told is not None:
        told += [line.split("I:", 1)[1].strip() for line in (done.stdout + done.stderr).splitlines() if "I:" in line]
    checked = subprocess.run(["dcmpschk", state], capture_output=True, text=True, check=False)
    assert "Test passed" in checked.stdout + checked.stderr
    return np.asarray(Image.open(out)).astype(int)


LOOKS: dict[str, dict[str, Any]] = {
    "90": {"rotation": 1, "voi": Window(40, 1500)},
    "180-mirrored": {"rotation": 2, "flip": True, "voi": Window(40, 1500)},
    "270-mirrored": {"rotation": 3, "flip": True, "voi": Window(40, 1500)},
    "MONOCHROME1-mirrored": {"flip": True, "voi": Window(40, 1500)},
    "MONOCHROME1-inverted": {"invert": True, "voi": Window(40, 400)},
    "exact-inverted-turned": {"invert": True, "rotation": 3, "voi": Window(0.25, 1500.5, "LINEAR_EXACT")},
    "table": {"voi": BENT},
    "table-of-8-bits": {"voi": SMALL_TABLE, "flip": True},
}


@needs_dcmtk
@pytest.mark.parametrize("name", LOOKS)
def test_dcmtk_draws_what_the_viewport_shows(name: str, tmp_path: Path) -> None:
    photometric = "MONOCHROME1" if "MONOCHROME1" in name else "MONOCHROME2"
    study, stack = opened(tmp_path / "in", ramp(PhotometricInterpretation=photometric))
    state = viewport(study, stack, **LOOKS[name])
    files = written(study, state, tmp_path / "out")
    assert files.notes == ()
    (path,) = files.paths
    assert errors(Path(path)) == []
    view = state.view
    values = np.arange(40 * 56).reshape(40, 56) - 1024
    values[:6, :9] = 1200
    seen = apply_voi(values.astype(np.float32), view.voi, view.invert != (photometric == "MONOCHROME1")).astype(int)
    seen = np.rot90(np.fliplr(seen) if view.flip else seen, -view.rotation)
    found = by_dcmtk(path, tmp_path / "in" / "slice0000.dcm")
    assert found.shape == seen.shape
    assert np.abs(found - seen).max() <= 1, (np.argwhere(np.abs(found - seen) > 1)[:5], found, seen)
    # And in medview itself, where another reader's eyes are none the wiser.
    back = read_presentation_state(path)
    again = viewport(study, stack, presentation=back)
    again.update(**view_for_state(back, again.shown(), again.size, None))
    assert (again.view.rotation, again.view.flip, again.view.zoom, again.view.pan) == (
        view.rotation, view.flip, 1.0, (0.0, 0.0),
    )  # fmt: skip
    theirs = voi_of_stack(back, stack, again.shown(), False)
    drawn = apply_voi(values.astype(np.float32), theirs, back.inverse).astype(int)
    drawn = np.rot90(np.fliplr(drawn) if view.flip else drawn, -view.rotation)
    assert np.abs(drawn - seen).max() <= ("table" in name)  # whose entries get other bits


@needs_dcmtk
@pytest.mark.parametrize(("rotation", "flip", "zoom"), [(1, False, 1.0), (2, True, 4.0), (3, True, 3.0)])
def test_a_zoomed_view_is_read_back_where_it_was(rotation: int, flip: bool, zoom: float, tmp_path: Path) -> None:
    """Areas are of whole pixels: what is in the middle may be off by one of them, the zoom by as much."""
    study, stack = opened(tmp_path / "in", ramp())
    pan = (0.0, 0.0) if zoom == 1.0 else (6.0, -9.0)  # nothing beside the image is seen
    state = viewport(study, stack, rotation=rotation, flip=flip, zoom=zoom, pan=pan, voi=Window(40, 400))
    (path,) = written(study, state, tmp_path / "out").paths
    assert errors(Path(path)) == []
    told: list[str] = []
    by_dcmtk(path, tmp_path / "in" / "slice0000.dcm", told)
    assert "presentation pixel spacing: X=0.75mm Y=1.5 mm" in told
    back = read_presentation_state(path)
    again = viewport(study, stack, presentation=back)
    again.update(**view_for_state(back, again.shown(), again.size, None))
    assert (again.view.rotation, again.view.flip) == (rotation, flip)
    assert again.view.zoom == pytest.approx(zoom, rel=0.07)
    assert again.view.pan == pytest.approx(pan, abs=1.6)
    if zoom == 1.0:
        first, last = back.areas[0].first, back.areas[0].last
        assert (first, last) == ((1, 1), (56, 40))


def test_one_to_one_is_said_as_a_magnification(tmp_path: Path) -> None:
    study, stack = opened(tmp_path / "in", ramp())
    state = viewport(study, stack, pixel_scale=20.0, pan=(3.0, 0.0))
    (path,) = written(study, state, tmp_path / "out").paths
    assert errors(Path(path)) == []
    back = read_presentation_state(path)
    again = viewport(study, stack, presentation=back)
    again.update(**view_for_state(back, again.shown(), again.size, None))
    assert again.view.pixel_scale == 20.0
    assert again.view.pan == pytest.approx((3.0, 0.0), abs=1.6)


def test_a_mark_lies_on_its_pixels_whatever_the_turn(tmp_path: Path) -> None:
    """PIXEL units count on the image before it is turned (PS3.3 C.10.5.1.2)."""
    study, stack = opened(tmp_path / "in", ramp())
    (path,) = written(study, viewport(study, stack, rotation=1, flip=True), tmp_path / "out").paths
    (annotation,) = read_presentation_state(path).annotations
    assert [(mark.units, mark.points.tolist()) for mark in annotation.marks] == [("PIXEL", [[2.5, 3.5], [10.5, 9.5]])]
    assert (annotation.texts[0].anchor, annotation.texts[0].anchor_units) == ((10.5, 9.5), "PIXEL")


def test_images_without_a_window_are_shown_with_that_of_the_screen(tmp_path: Path) -> None:
    """It is of no modality's preset and stands in no file: percentiles of the pixels."""
    image = ramp(Modality="MR", SOPClassUID="1.2.840.10008.5.1.4.1.1.4")
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    for keyword in ("WindowCenter", "WindowWidth", "RescaleType"):
        image.pop(keyword, None)
    study, stack = opened(tmp_path / "in", image)
    (path,) = written(study, viewport(study, stack), tmp_path / "out").paths
    from medview.app.headless import load_frames

    back = read_presentation_state(path)
    wanted = percentile_window(load_frames(stack, [0])[0], 0)
    found = back.voi_of(stack.frames[0].sop_uid, 0)
    assert isinstance(found, Window)
    assert (found.center, found.width) == pytest.approx((wanted.center, wanted.width))


def test_each_rescale_has_a_state_of_its_own(tmp_path: Path) -> None:
    """As of PET, whose images have a slope each: a state has one line for all its images."""
    images = make_series()[:3]
    for number, image in enumerate(images):
        image.RescaleSlope = [1, 2, 2][number]
    study, stack = opened(tmp_path / "in", *images)
    marks = [(stack, ruler(stack, k)) for k in range(3)]
    marks = [(one, replace(mark, id=f"{mark.id}{k}")) for k, (one, mark) in enumerate(marks)]
    files = write_statement(state_study(study, marks), ["gsps"], tmp_path / "out")
    assert files.notes == ()
    states = [pydicom.dcmread(path) for path in files.paths]
    told = {float(one.RescaleSlope): len(one.ReferencedSeriesSequence[0].ReferencedImageSequence) for one in states}
    assert told == {1.0: 1, 2.0: 2}


def test_a_view_alone_and_key_images_are_written_too(tmp_path: Path) -> None:
    study, stack = opened(tmp_path / "in", *make_series()[:4])
    state = viewport(study, stack, rotation=2)
    state.update(k=1)
    (path,) = written(study, state, tmp_path / "turned", marked=False).paths
    back = read_presentation_state(path)
    assert (back.rotation, set(back.scope)) == (2, {stack.frames[1].sop_uid})
    assert errors(Path(path)) == []
    (path,) = write_statement(state_study(study, keys=[StatedKey(stack, 0, 3)]), ["gsps"], tmp_path / "key").paths
    assert set(read_presentation_state(path).scope) == {stack.frames[3].sop_uid}
    plain = written(study, viewport(study, stack), tmp_path / "none", marked=False)
    assert [note.code for note in plain.notes] == ["gsps_impossible"]


def test_colours_have_a_state_for_colours(tmp_path: Path) -> None:
    image = ramp(Modality="OT", SOPClassUID="1.2.840.10008.5.1.4.1.1.7", SamplesPerPixel=3, PlanarConfiguration=0)
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.PhotometricInterpretation, image.PixelRepresentation = "RGB", 0
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit = 7
    image.PixelData = np.zeros((40, 56, 3), np.uint8).tobytes()
    for keyword in ("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept", "RescaleType"):
        image.pop(keyword, None)
    study, stack = opened(tmp_path / "in", image)
    files = written(study, viewport(study, stack, rotation=1), tmp_path / "out")
    assert files.notes == ()
    (path,) = files.paths
    assert errors(Path(path)) == []
    back = read_presentation_state(path)
    assert (back.is_colour, back.rotation, len(back.annotations)) == (True, 1, 1)


def test_what_a_state_of_greys_cannot_say_is_told(tmp_path: Path) -> None:
    study, stack = opened(tmp_path / "in", ramp())
    files = written(study, viewport(study, stack, colour_map="hot-iron"), tmp_path / "out")
    assert [note.code for note in files.notes] == ["gsps_without_colours"]
    assert len(files.paths) == 1


@needs_dcmtk
@pytest.mark.parametrize("invert", [False, True])
def test_what_is_shown_by_another_state_is_written_as_it_is_seen(invert: bool, tmp_path: Path) -> None:
    """Its rescale, its window and its presentation LUT are those of the new state too."""
    image = ramp()
    study, stack = opened(tmp_path / "in", image)
    theirs = make_state(
        [image],
        RescaleSlope="0.5",
        RescaleIntercept="100",
        PresentationLUTShape=None,
        PresentationLUTSequence=[lut((np.linspace(0, 1, 4096) ** 2 * 4095).round(), 0, 12)],
        DisplayedAreaSelectionSequence=[area((1, 1), (56, 40))],
        SoftcopyVOILUTSequence=[_window("500", "900")],
    )
    there = save(theirs, tmp_path / "theirs.dcm")
    read: PresentationState = read_presentation_state(str(there))
    (path,) = written(study, viewport(study, stack, presentation=read, invert=invert), tmp_path / "out").paths
    assert errors(Path(path)) == []
    image_path = tmp_path / "in" / "slice0000.dcm"
    ours, wanted = by_dcmtk(path, image_path), by_dcmtk(str(there), image_path)
    assert np.abs(ours - (255 - wanted if invert else wanted)).max() <= 1


def _window(center: str, width: str) -> Dataset:
    item = Dataset()
    item.WindowCenter, item.WindowWidth = center, width
    return item


def test_frames_of_one_file_with_rescales_of_their_own_have_a_state_each(tmp_path: Path) -> None:
    """It is of those frames alone: the others have other values."""
    image = make_enhanced()
    shared = image.SharedFunctionalGroupsSequence[0]
    del shared.PixelValueTransformationSequence
    for number, group in enumerate(image.PerFrameFunctionalGroupsSequence):
        line = Dataset()
        line.RescaleSlope, line.RescaleIntercept, line.RescaleType = str(1 + number % 2), "-1024", "US"
        group.PixelValueTransformationSequence = [line]
    study, stack = opened(tmp_path / "in", image)
    marks = [(stack, ruler(stack, k)) for k in range(3)]
    marks = [
        (one, replace(mark, id=f"2.25.{k}", place=replace(mark.place, frame=stack.frames[k].frame)))
        for k, (one, mark) in enumerate(marks)
    ]
    files = write_statement(state_study(study, marks), ["gsps"], tmp_path / "out")
    assert files.notes == ()
    assert [errors(Path(path)) for path in files.paths] == [[], []]
    scopes = [next(iter(read_presentation_state(path).scope.values())) for path in files.paths]
    assert scopes == [frozenset({0, 2}), frozenset({1})]


def test_a_view_that_is_mirrored_and_then_turned_is_said_as_turned_and_then_mirrored(tmp_path: Path) -> None:
    """PS3.3 C.10.6: the rotation comes before the flip; a viewport mirrors first."""
    study, stack = opened(tmp_path / "in", ramp())
    state = viewport(study, stack, rotation=1, flip=True)
    workspace: Any = SimpleNamespace(active_viewport=state, viewports=[state], colour_maps=ColourMaps())
    (look,) = looks_of(workspace, study)
    picture = np.arange(12).reshape(3, 4)
    seen = np.rot90(np.fliplr(picture), -state.view.rotation)
    np.testing.assert_array_equal(np.fliplr(np.rot90(picture, -look.rotation)) if look.flip else None, seen)
