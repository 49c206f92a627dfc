"""Slabs in a viewport, with real wheel, key and panel events."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from medview.app import slabs
from medview.app.marks import marks_of
from medview.core.geometry import Geometry
from medview.core.problem import MedviewError
from medview.core.slab import Slab
from medview.kernels import rays
from medview.ui.slab_panel import SlabPanel
from tests.ui.test_viewport_picture import mark_codes
from tests.ui.test_viewport_reading import move, wheel
from tests.ui.viewport_doubles import (
    axial_geometry,
    make_study,
    make_workspace,
    numbered_volume,
    open_viewport,
    whole_picture,
)

CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
SHAPE = (20, 16, 14)


def opened(qtbot, stored=None, geometry=None, **values):
    workspace = make_workspace()
    stored = numbered_volume(SHAPE) if stored is None else stored
    geometry = axial_geometry(stored.shape[:3]) if geometry is None else geometry
    workspace.viewports[0].show(*make_study(workspace, stored, geometry, **values))
    return open_viewport(qtbot, workspace)


def codes(widget):
    return {
        mark.code: mark.values
        for mark in marks_of(widget.state.view, widget.volume, (), ai_visible=True, several_patients=False)
    }


def test_the_wheel_makes_a_slab_and_makes_it_thicker_and_thinner(qtbot) -> None:
    widget = opened(qtbot)
    before = widget.state.view.k
    wheel(widget, 120, ALT | SHIFT)
    assert widget.state.view.slab == Slab(0.5, "max")
    for _ in range(8):
        wheel(widget, 120, ALT | SHIFT)
    assert widget.state.view.slab == Slab(8, "max")
    wheel(widget, -120, ALT, sideways=True)  # systems that turn the wheel round
    assert widget.state.view.slab.thickness_mm == 6
    for _ in range(12):
        wheel(widget, -120, CTRL | SHIFT)
    assert widget.state.view.slab is None
    assert widget.state.view.k == before


@pytest.mark.parametrize("kind", ["acquired", "axial", "coronal", "sagittal", "oblique"])
def test_the_picture_and_the_pointer_show_the_projection_in_every_cut(qtbot, kind) -> None:
    widget = opened(qtbot)
    widget.state.set_plane(kind)
    widget.state.update(slab=Slab(10.0, "max"))
    shown, volume = widget.shown, widget.volume
    x, y = shown.shape[1] // 2, shown.shape[0] // 2
    at = widget.transform.image_to_screen(x, y)
    words = []
    widget.readout_changed.connect(words.append)
    move(widget, at)
    told = widget.readout
    edges = np.linspace(-5, 5, 801)
    points = np.asarray(shown.plane.plane_to_patient(widget.transform.screen_to_image(*at))) + np.outer(
        edges, shown.plane.normal
    )
    voxels = np.clip(volume.geometry.patient_to_voxel(points), 0, np.array(SHAPE) - 1)
    from scipy import ndimage

    wanted = ndimage.map_coordinates(volume.stored.astype(float), voxels.T, order=1).max() - 1024
    assert told.value == pytest.approx(wanted, abs=1.0)
    assert told.slab == Slab(10.0, "max")
    assert told.voxel is None
    assert words[-1].startswith("MIP 10 mm: ")
    # What is drawn at that pixel is this value through the window.
    sample = widget.picture.sampled(widget.cut(), widget.transform)
    top, left, _, _ = widget.transform.covered
    drawn = sample.values[round(at[1]) - top, round(at[0]) - left]
    assert drawn == pytest.approx(wanted, abs=1100)  # half a screen pixel beside: at most a slice more
    assert widget.cut().shown.values[y, x] == pytest.approx(told.value, abs=30)


def test_the_mark_cannot_be_hidden(qtbot) -> None:
    widget = opened(qtbot)
    widget.state.update(slab=Slab(20.0, "min"), text_mode="off")
    assert codes(widget)["slab"] == ("min", "20")
    assert "slab" in {mark.code for mark in widget._painting.marks(widget.volume)}
    widget.state.set_plane("coronal")
    assert {"slab", "resampled"} <= codes(widget).keys()
    widget.state.update(slab=None)
    assert "slab" not in codes(widget)


def test_the_values_of_a_mark_are_those_that_it_was_made_on_whatever_is_shown(qtbot) -> None:
    from medview.core.measurement import Measurement
    from medview.ui.measurement_items import mark_lines

    widget = opened(qtbot)
    corners = ((2, 2), (9, 9))
    flat = Measurement("1", "rectangle", widget.place(), corners)
    widget.workspace.measurements.add(flat)
    plain = widget.measured(flat).statistics.maximum
    widget.state.update(slab=Slab(10.0, "max"))
    thick = Measurement("2", "rectangle", widget.place(), corners)
    widget.workspace.measurements.add(thick)
    of_slab = widget.measured(thick)
    assert of_slab.statistics.maximum == pytest.approx(plain + 2000, abs=1)
    assert "MIP 10 mm" in mark_lines(thick, of_slab, False)
    # The one that was made on the slice keeps its values and says so.
    assert widget.measured(flat).statistics.maximum == plain
    assert "values of the slice alone" in mark_lines(flat, widget.measured(flat), False)
    assert len(widget.marks_here()) == 2
    widget.state.update(slab=None)
    assert widget.measured(thick).statistics == of_slab.statistics
    assert "MIP 10 mm" in mark_lines(thick, widget.measured(thick), False)
    assert "values of the slice alone" not in mark_lines(flat, widget.measured(flat), False)
    # Unless the reader wants them of what is shown.
    widget.select_mark("2")
    assert widget.marking.can_be_rebound
    widget.marking.rebind()
    assert widget.measured(widget.workspace.measurements.get("2")).statistics.maximum == plain
    assert not widget.marking.can_be_rebound
    widget.workspace.history.undo()
    assert widget.measured(widget.workspace.measurements.get("2")).statistics == of_slab.statistics


@pytest.mark.parametrize("kind", ["acquired", "coronal", "oblique"])
@pytest.mark.parametrize("slab", [None, Slab(8.0, "max"), Slab(6.0, "mean")])
def test_window_and_what_is_written_say_the_same_of_a_mark(qtbot, kind, slab) -> None:
    from medview.app.mark_values import slice_values
    from medview.app.statements import state_mark
    from medview.core.measurement import Measurement

    widget = opened(qtbot)
    widget.state.set_plane(kind)
    widget.state.update(slab=slab)
    mark = Measurement("1", "ellipse", widget.place(), ((1.5, 2.5), (9.5, 8.5)))
    widget.workspace.measurements.add(mark)
    seen = widget.measured(mark).statistics
    widget.state.update(slab=Slab(3.0, "min"))
    assert widget.measured(mark).statistics == seen

    def values_on(stack, shown, time):
        cut = slice_values(widget.volume, shown)
        return cut.values, ~cut.coverage, stack.unit

    stated = state_mark(widget.state.stack, mark, values_on)
    written = {one.derivation.meaning: one.value for one in stated.amounts if one.derivation is not None}
    assert written["Maximum"] == pytest.approx(seen.maximum)
    assert written["Mean"] == pytest.approx(seen.mean)
    expected = {None: "", "max": "MIP 8 mm", "mean": "mean of 6 mm"}[slab.projection if slab else None]
    assert stated.values_of == expected
    assert (expected in stated.words) or not expected


def test_boxes_and_seeds_are_those_of_the_whole_slab(qtbot) -> None:
    from medview.app.finding_outline import finding_outline, is_central_slice
    from medview.app.label_work import _seed_in_slab
    from medview.core.finding import Finding

    stored = np.full(SHAPE, 1024, np.int16)
    stored[14, 5, 6] = 3000
    widget = opened(qtbot, stored)
    finding = Finding("f", "nodule", 0.9, (14.0, 5.0, 6.0), ((12.5, 2.5, 3.5), (15.5, 7.5, 8.5)), k=14)
    geometry = widget.state.stack.geometry
    widget.state.update(k=10)
    assert finding_outline(finding, widget.shown, geometry) == ()
    widget.state.update(slab=Slab(14.0, "max"))  # slices are 2.5 mm apart, the box begins 6.25 mm away
    corners = {(3.5, 2.5), (8.5, 2.5), (8.5, 7.5), (3.5, 7.5)}
    assert set(finding_outline(finding, widget.shown, geometry)) == corners
    assert not is_central_slice(finding, widget.shown, geometry)
    widget.state.update(slab=Slab(30.0, "max"))
    assert is_central_slice(finding, widget.shown, geometry)
    assert _seed_in_slab(widget.shown, widget.volume, 6.0, 5.0) == (14, 5, 6)
    widget.state.update(slab=Slab(30.0, "mean"))
    assert _seed_in_slab(widget.shown, widget.volume, 6.0, 5.0) is None


def test_the_brush_says_that_it_paints_in_the_middle(qtbot) -> None:
    from medview.app.tools import Tool

    widget = opened(qtbot)
    widget.workspace.tools.choose(Tool.BRUSH)
    assert "tool_in_slab" not in mark_codes(widget)
    widget.state.update(slab=Slab(10.0, "max"))
    assert "tool_in_slab" in mark_codes(widget)


def test_what_cannot_be_projected_is_refused_with_a_reason(qtbot) -> None:
    one = opened(qtbot, numbered_volume((1, 16, 14)))
    wheel(one, 120, ALT | SHIFT)
    assert one.state.view.slab is None
    assert one.workspace.notices[-1].code == "slab_single_slice"
    colour = np.zeros((4, 8, 8, 3), dtype=np.uint8)
    for stored, geometry, code in (
        (numbered_volume((5, 8, 8)), None, "slab_no_geometry"),
        (colour, axial_geometry((4, 8, 8)), "slab_colour"),
    ):
        workspace = make_workspace()
        workspace.viewports[0].show(*make_study(workspace, stored, geometry))
        with pytest.raises(MedviewError) as error:
            slabs.choose_projection(workspace.viewports[0], "max")
        assert error.value.code == code
        workspace.viewports[0].update(slab=Slab(10.0))  # and where one is asked for all the same, nothing is invented
        assert workspace.viewports[0].shown().slab is None


def test_a_slab_with_a_slice_that_is_not_loaded_is_not_drawn_as_image(qtbot) -> None:
    widget = opened(qtbot, loaded=False)
    loader = widget.workspace.loader
    for k in range(8, 12):
        loader.load(widget.state.stack, k)
    widget.state.go_to_index(10)
    widget.state.update(slab=Slab(5.0))
    assert whole_picture(widget)[..., :3].max() > 0
    widget.state.update(slab=Slab(9.0))
    sample = widget.picture.sampled(widget.cut(), widget.transform)
    assert not sample.coverage.any()
    assert sample.missing.any()
    assert "still_loading" in codes(widget)


def test_while_the_hand_moves_a_preview_is_drawn_and_then_the_exact_picture(qtbot, monkeypatch) -> None:
    widget = opened(qtbot)
    monkeypatch.setattr("medview.app.direct_cut.QUICK_S", 0.0)
    monkeypatch.setattr("medview.app.direct_cut.LONGEST_S", 0.0)
    direct = widget.picture.direct
    widget.state.set_plane("coronal")  # rows between voxels: it has to be sampled
    widget.state.update(slab=Slab(10.0))
    widget.repaint()
    assert direct.is_rough
    rough = widget.picture.sampled(widget.cut(), widget.transform).values.copy()
    qtbot.waitUntil(lambda: bool(widget.workspace.jobs.waiting), timeout=20_000)
    widget.workspace.jobs.run_all()
    widget.repaint()
    assert not direct.is_rough
    exact = widget.picture.sampled(widget.cut(), widget.transform).values
    assert exact.shape == rough.shape
    assert not np.array_equal(exact, rough)
    # A movement: the second step in quick succession has no time, and starts no exact work.
    wheel(widget, 120, ALT | SHIFT)
    wheel(widget, 120, ALT | SHIFT)
    widget.repaint()
    assert direct.is_rough
    assert direct.hurried
    assert not widget.workspace.jobs.waiting
    qtbot.waitUntil(lambda: not direct.hurried and bool(widget.workspace.jobs.waiting), timeout=20_000)
    widget.workspace.jobs.run_all()
    widget.repaint()
    assert not direct.is_rough


def test_the_panel_sets_and_shows_the_slab(qtbot) -> None:
    widget = opened(qtbot)
    panel = SlabPanel(widget.workspace)
    qtbot.addWidget(panel)
    panel.show()
    panel.refresh()
    assert not panel.box.isEnabled()
    panel.kinds.setCurrentIndex(3)
    panel.kinds.activated.emit(3)
    assert widget.state.view.slab == Slab(slabs.FIRST_MM, "mean")
    panel.refresh()
    panel.box.setFocus()
    panel.box.selectAll()
    QTest.keyClicks(panel.box, "17.5")
    QTest.keyClick(panel.box, Qt.Key.Key_Return)
    assert widget.state.view.slab == Slab(17.5, "mean")
    panel.refresh()
    QTest.keyClick(panel.slider, Qt.Key.Key_Right)
    assert widget.state.view.slab.thickness_mm == slabs.NICE_MM[panel.slider.value()]
    assert widget.state.view.slab.thickness_mm > 17.5


def test_keys_and_menu(reading_desk, qtbot) -> None:
    from tests.ui.small_study import active

    viewport = active(reading_desk)
    viewport.setFocus()
    state = reading_desk.workspace.active_viewport
    for wanted in ("max", "min", "mean", None):
        QTest.keyClick(viewport, Qt.Key.Key_Q)
        slab = state.view.slab
        assert (None if slab is None else slab.projection) == wanted
    QTest.keyClick(viewport, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(viewport, Qt.Key.Key_BracketRight)
    assert state.view.slab == Slab(12.0, "max")
    actions = reading_desk.window.actions_
    actions.refresh()
    assert actions["slab.max"].isChecked()
    inner = reading_desk.window.menus["image"].findChild(QMenu, "slab")
    assert inner is not None
    assert actions["slab.max"] in inner.actions()
    actions["slab.none"].trigger()
    assert state.view.slab is None


def test_sheared_stack_in_the_window_runs_along_the_normal_not_the_slices(qtbot) -> None:
    affine = np.diag([1.0, 1.0, 2.0, 1.0])
    affine[1, 2] = 1.0  # half a mm to posterior for each mm to the head
    geometry = Geometry((12, 30, 30), affine, "1")
    stored = np.zeros((12, 30, 30), dtype=np.int16)
    y_of = {k: 15 - (k - 6) for k in range(12)}  # a bright rod upright in the patient
    for k, j in y_of.items():
        stored[k, j, 15] = 3000
    rays.warm_up(("int16",))
    widget = opened(qtbot, stored, geometry)
    widget.state.go_to_index(6)
    widget.state.update(slab=Slab(12.0, "mean"))
    values = widget.cut().shown.values
    assert values[15, 15] + 1024 > 1700  # all of it in one place; between slices it is interpolated
    assert values[15, 15] + 1024 > 4 * (values[13, 15] + 1024)


def test_copying_waits_for_nothing(qtbot) -> None:
    from medview.ui.still_viewport import StillViewport

    widget = opened(qtbot)
    widget.state.update(slab=Slab(10.0))
    still = StillViewport(widget.workspace, widget.state.view, (300, 200), "full", widget)
    still.picture.direct._pace = 1.0
    still.image()
    assert not still.picture.direct.is_rough
    assert not widget.workspace.jobs.waiting


def test_a_series_on_top_is_projected_through_the_same_thickness(qtbot) -> None:
    from medview.app.fusion_picture import sampled_on
    from medview.core.volume import ModalityTransform, Volume

    widget = opened(qtbot)
    widget.state.update(slab=Slab(12.0, "max"))
    stored = np.zeros((20, 16, 14), dtype=np.int16)
    stored[12, 8, 7] = 500  # two slices, 5 mm, above the one that is shown
    top = Volume(stored, ModalityTransform(), widget.volume.geometry)
    matrix = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    assert widget.shown.k == 10
    assert sampled_on(top, widget.shown, matrix, (16, 14)).values[8, 7] == 500
    widget.state.update(slab=None)
    assert sampled_on(top, widget.shown, matrix, (16, 14)).values[8, 7] == 0
