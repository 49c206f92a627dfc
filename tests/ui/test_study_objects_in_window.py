"""Segmentations, contours and presentation states of a study in the window: listed, shown by a click, left again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medview.ui.application import Desk
from medview.ui.findings_panel import FindingsPanel
from medview.ui.viewport import ViewportWidget
from tests.phantoms.presentation_states import area, item, make_state, window
from tests.phantoms.study_objects import make_segmentation, make_structure_set, save
from tests.ui.small_study import BALL, ROWS, SLICES, open_study, write_study


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = write_study(tmp_path / "study")
    sources = sorted(
        (pydicom.dcmread(path) for path in (made / "series1").iterdir()), key=lambda one: one.ImagePositionPatient[2]
    )
    mask = np.zeros((SLICES, ROWS, ROWS), np.uint8)
    mask[BALL[0] - 1 : BALL[0] + 2, 28:33, 18:23] = 1
    mask[2, 5:9, 40:50] = 2
    save(make_segmentation(sources, mask, names=["nodule", "other"]), made / "seg.dcm")
    first = sources[BALL[0]]
    x, y, z = first.ImagePositionPatient
    dj, di = first.PixelSpacing
    outline = np.array([[x + i * di, y + j * dj, z] for i, j in ((16, 26), (24, 26), (24, 34), (16, 34))])
    save(make_structure_set(sources, [("target", (0, 255, 0), [("CLOSED_PLANAR", outline)])]), made / "rt.dcm")
    state = make_state(
        sources[5:8],
        SoftcopyVOILUTSequence=[window(100, 50)],
        PresentationLUTShape="INVERSE",
        ImageRotation=90,
        ImageHorizontalFlip="N",
        DisplayedAreaSelectionSequence=[area((17, 17), (48, 48))],
        GraphicLayerSequence=[item(GraphicLayer="A", GraphicLayerOrder=1)],
    )
    save(state, made / "state.dcm")
    return made


def viewport(desk: Desk) -> ViewportWidget:
    return desk.window.findChildren(ViewportWidget)[0]


def panel(desk: Desk) -> FindingsPanel:
    page = desk.window.right_panel.page(0)
    assert isinstance(page, FindingsPanel)
    page.refresh()
    return page


def opened(qtbot: QtBot, desk: Desk, folder: Path) -> None:
    open_study(qtbot, desk, folder)
    qtbot.waitUntil(lambda: len(desk.workspace.overlays.listed) == 3, timeout=10000)
    stack = next(
        series.stacks[0]
        for study in desk.workspace.studies
        for series in study.series
        if series.context.description == "Lung 2 mm"
    )
    desk.workspace.show_stack(stack)
    volume = viewport(desk).volume
    qtbot.waitUntil(lambda: volume is not None and volume.is_complete, timeout=10000)


def pixels(desk: Desk) -> np.ndarray:
    image = viewport(desk).grab().toImage()
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[..., :3].astype(int)


def test_nothing_lies_on_the_images_until_it_is_asked_for_and_a_key_hides_it_again(
    qtbot: QtBot, desk: Desk, folder: Path
) -> None:
    opened(qtbot, desk, folder)
    workspace = desk.workspace
    stack = workspace.active_viewport.stack
    assert stack is not None
    workspace.active_viewport.go_to_index(BALL[0])
    assert viewport(desk).layers() == []
    cards = {card.listed.kind: card for card in panel(desk).overlay_cards}
    assert set(cards) == {"segmentation", "structure_set"}
    cards["segmentation"].visible_box.click()
    listed = cards["segmentation"].listed
    qtbot.waitUntil(lambda: workspace.overlays.overlay(listed, stack.id) is not None, timeout=10000)
    (layer,) = viewport(desk).layers()
    shown = viewport(desk).shown
    assert shown is not None
    labels = layer.labels_on(shown)
    assert labels is not None
    expected = np.zeros((ROWS, ROWS), bool)
    expected[28:33, 18:23] = True
    np.testing.assert_array_equal(labels == 1, expected)
    drawn = pixels(desk)
    workspace.toggle_ai()
    assert viewport(desk).layers() == []
    assert np.abs(pixels(desk) - drawn).sum() > 0


def test_a_part_is_hidden_coloured_and_gone_to(qtbot: QtBot, desk: Desk, folder: Path) -> None:
    opened(qtbot, desk, folder)
    workspace = desk.workspace
    stack = workspace.active_viewport.stack
    assert stack is not None
    listed = next(one for one in workspace.overlays.of_stack(stack.id) if one.kind == "segmentation")
    workspace.overlays.show(listed, stack)
    qtbot.waitUntil(lambda: workspace.overlays.overlay(listed, stack.id) is not None, timeout=10000)
    card = next(card for card in panel(desk).overlay_cards if card.listed.kind == "segmentation")
    assert card.tree is not None
    rows = [card.tree.topLevelItem(at) for at in range(card.tree.topLevelItemCount())]
    assert [row.text(0) for row in rows if row is not None] == ["nodule", "other"]
    workspace.active_viewport.go_to_index(0)
    card.tree.itemClicked.emit(rows[1], 0)
    assert workspace.active_viewport.view.k == 2
    card.tree.itemClicked.emit(rows[0], 0)
    assert workspace.active_viewport.view.k == BALL[0]
    assert rows[0] is not None
    rows[0].setCheckState(0, Qt.CheckState.Unchecked)
    assert workspace.overlays.style(listed, stack.id).hidden_labels == frozenset({1})


def test_contours_are_drawn_on_their_slice_only(qtbot: QtBot, desk: Desk, folder: Path) -> None:
    opened(qtbot, desk, folder)
    workspace = desk.workspace
    stack = workspace.active_viewport.stack
    assert stack is not None
    listed = next(one for one in workspace.overlays.of_stack(stack.id) if one.kind == "structure_set")
    workspace.overlays.show(listed, stack)
    qtbot.waitUntil(lambda: workspace.overlays.overlay(listed, stack.id) is not None, timeout=10000)

    def green(k: int) -> int:
        workspace.active_viewport.go_to_index(k)
        seen = pixels(desk)
        return int(((seen[..., 1] > 180) & (seen[..., 0] < 90) & (seen[..., 2] < 90)).sum())

    assert green(BALL[0]) > 50
    assert green(BALL[0] + 1) == 0


def test_a_presentation_state_is_chosen_marked_and_left(qtbot: QtBot, desk: Desk, folder: Path) -> None:
    opened(qtbot, desk, folder)
    workspace = desk.workspace
    state = workspace.active_viewport
    state.go_to_index(0)
    before = state.view
    choices = panel(desk).state_list
    assert choices is not None
    assert [listed is None for _, listed in choices.choices] == [True, False]
    choices.choices[1][0].click()
    qtbot.waitUntil(lambda: state.view.presentation is not None, timeout=10000)
    # The first image that it names is shown, turned, cut out and windowed as it says.
    assert state.view.k == 5
    assert (state.view.rotation, state.view.flip) == (1, False)
    assert state.view.zoom == pytest.approx(2.0)
    shown = viewport(desk)
    voi = shown.voi
    assert voi is not None
    assert (voi.center, voi.width) == (100, 50)
    assert shown.inverted
    codes = [mark.code for mark in shown._painting.marks(shown.volume)]
    assert "presented" in codes
    # An image that it does not name is shown as ever, and that is said.
    state.go_to_index(9)
    assert not shown.inverted
    assert "presented_others" in [mark.code for mark in shown._painting.marks(shown.volume)]
    workspace.overlays.choose_state(None)
    assert state.view.presentation is None
    assert (state.view.rotation, state.view.zoom, state.view.voi) == (before.rotation, before.zoom, before.voi)


@pytest.mark.timeout(120)
def test_one_map_at_a_time_each_with_its_unit(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    """The colours of two maps that are mixed mean nothing: the second takes the place of the first."""
    from PySide6.QtWidgets import QLabel

    from medview.app.open_paths import open_all
    from medview.core.finding import Provenance
    from medview.core.statement import StatedMap
    from medview.dicom.parametric_map_write import write_parametric_map

    folder = write_study(tmp_path / "maps")
    study = open_all([str(folder)]).studies[0]
    series, stack = max(
        ((one, stack) for one in study.series for stack in one.stacks), key=lambda pair: pair[1].frame_count
    )
    by = Provenance(
        "m", "M", "1", "ab" * 32, "auto", "cpu", series.series_uid, stack.id, "2026-11-21T10:00:00+00:00", 1
    )
    values = np.linspace(1e-17, 80, int(np.prod(stack.shape)), dtype=np.float32).reshape(stack.shape)
    for name, unit in (("Perfusion", "ml/min/100g"), ("ADC", "mm2/s")):
        made = StatedMap(stack, 0, stack.geometry, values, name, name, unit, 0.0, 80.0, (by,), name)
        write_parametric_map(folder / f"{name}.dcm", made, study)
    open_study(qtbot, desk, folder)
    overlays = desk.workspace.overlays
    maps = lambda: [one for one in overlays.listed if one.kind == "parametric_map"]  # noqa: E731
    qtbot.waitUntil(lambda: len(maps()) == 2, timeout=20_000)
    here = desk.workspace.active_viewport.stack
    assert here is not None
    for one in maps():
        overlays.show(one, here)
        qtbot.waitUntil(lambda one=one: overlays.overlay(one, here.id) is not None, timeout=20_000)
        assert [other for other in maps() if overlays.is_shown(other, here.id)] == [one]
    names = {label.accessibleName() for label in panel(desk).findChildren(QLabel) if label.accessibleName()}
    assert any(name.endswith(("mm²/s", "ml/min/100g")) for name in names), names
    assert not any("e-" in name for name in names), names


@pytest.mark.timeout(120)
def test_the_maps_of_one_object_are_chosen_on_its_card(qtbot: QtBot, desk: Desk, tmp_path: Path) -> None:
    from tests.app.test_parametric_maps import several_maps

    several_maps(tmp_path)
    open_study(qtbot, desk, tmp_path)
    workspace, overlays = desk.workspace, desk.workspace.overlays
    qtbot.waitUntil(lambda: any(one.kind == "parametric_map" and one.stacks for one in overlays.listed), timeout=20_000)
    (listed,) = [one for one in overlays.listed if one.kind == "parametric_map"]
    here = workspace.active_viewport.stack
    assert here is not None
    overlays.show(listed, here)

    def shown() -> tuple[str, ...]:
        overlay, shown = overlays.overlay(listed, here.id), viewport(desk).shown
        assert shown is not None
        told = overlays.told_at(here, shown, 3.0, 3.0) if overlay is not None else []
        return tuple(f"{name} {value:g}" for name, value, _unit in told if value is not None)

    workspace.active_viewport.update(k=4)
    qtbot.waitUntil(lambda: shown() == ("Ktrans 4",), timeout=20_000)
    card = panel(desk).overlay_cards[0]
    assert card.maps is not None
    assert [card.maps.itemText(at) for at in range(card.maps.count())] == ["Ktrans", "ve"]
    card.maps.setFocus()
    qtbot.keyClick(card.maps, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: shown() == ("ve 104",), timeout=20_000)
    overlays.show(listed, here, shown=False)
    overlays.show(listed, here)
    assert shown() == ("ve 104",)
