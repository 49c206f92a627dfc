"""Numbers and drawings of the file on the screen: overlays and their key, SUV beside Bq/ml, presets of PET, kinds of mm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from medview.app import reading
from medview.app.presets import presets_for
from medview.app.scales import choose_scale
from medview.app.statements import _words
from medview.core.measurement import Measurement
from medview.core.study import PixelRegion, RegionAxis, SeriesContext
from medview.core.value_scale import ValueScale
from medview.core.volume import ModalityTransform
from medview.core.window import VoiLut, Window
from medview.ui.corner_text import corner_lines
from medview.ui.measurement_items import measured_lines, quantity_text, spacing_text, unit_text
from medview.ui.readout_text import readout_text
from medview.ui.viewport_edges import scale_px_per_mm
from tests.ui.test_viewport_picture import mark_codes
from tests.ui.test_viewport_reading import move
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace, open_viewport, whole_picture

SUV = (
    ValueScale("suv_bw", "SUVbw", "g/ml", (0.0005,), by_default=True),
    ValueScale("suv_lbm_james", "SUVlbm (James)", "g/ml", (0.0004,), by_default=True),
)


class Drawing:
    """What a file draws over a frame."""

    def __init__(self, rgba: np.ndarray) -> None:
        self.rgba = rgba
        self.path, self.frame, self.sop_uid, self.needs_codec = "x.dcm", 0, "1", False

    def read(self) -> np.ndarray:
        return self.rgba


def opened(qtbot, stored: np.ndarray, modality="CT", geometry=True, size=(400, 300), **values):
    workspace = make_workspace()
    place = axial_geometry(stored.shape[:3], (2.0, 1.0, 1.0)) if geometry else None
    values.setdefault("transform", ModalityTransform())
    values.setdefault("context", SeriesContext(modality=modality))
    workspace.viewports[0].show(*make_study(workspace, stored, place, **values))
    return open_viewport(qtbot, workspace, size)


def point_at(widget, x: float, y: float) -> None:
    move(widget, widget.transform.image_to_screen(x, y))


def corners_of(widget) -> str:
    corners = corner_lines(widget.state.view, widget.shown, widget.transform, widget.voi, index=0, count=3)
    lines = (*corners.top_left, *corners.top_right, *corners.bottom_left, *corners.bottom_right)
    return "\n".join("".join(segment.text for segment in line) for line in lines)


# ---------------------------------------------------------------------- what the file draws


def test_overlays_of_the_file_are_drawn_when_they_arrive_and_hidden_by_a_key(qtbot) -> None:
    stored = np.full((3, 30, 40), 100, np.int16)
    rgba = np.zeros((30, 40, 4), np.uint8)
    rgba[10, 5:20] = 255
    drawings = (None, Drawing(rgba), None)
    widget = opened(qtbot, stored, graphics=drawings, vois=((Window(100, 400),),))
    assert widget.graphics() is None
    plain = whole_picture(widget)
    widget.workspace.jobs.run_all()
    assert widget.graphics() is not None
    drawn = whole_picture(widget)
    x, y = (round(value * widget.devicePixelRatioF()) for value in widget.transform.image_to_screen(12, 10))
    assert drawn[y, x, :3].tolist() == [255, 255, 255]
    assert plain[y, x, 0] < 200
    assert "graphics_hidden" not in mark_codes(widget)
    widget.state.update(show_graphics=False)
    np.testing.assert_array_equal(whole_picture(widget), plain)
    assert "graphics_hidden" in mark_codes(widget)
    widget.state.update(show_graphics=True, k=0)
    assert widget.graphics() is None


# ---------------------------------------------------------------------- SUV


def pet(qtbot, scales=SUV, unit="Bq/ml"):
    stored = np.arange(3 * 20 * 20, dtype=np.int16).reshape(3, 20, 20) * 10
    return opened(qtbot, stored, "PT", scales=scales, unit=unit, vois=((),))


def test_suv_stands_before_becquerel_under_the_pointer(qtbot) -> None:
    widget = pet(qtbot)
    point_at(widget, 7, 3)
    value = (400 + 3 * 20 + 7) * 10
    assert widget.readout.value == value
    assert readout_text(widget.readout).startswith(f"SUVbw {value * 0.0005:.4g} g/ml   {value} Bq/ml")
    choose_scale(widget.state, "suv_lbm_james")
    assert "SUVlbm (James)" in readout_text(widget.readout)
    choose_scale(widget.state, "")
    assert "SUV" not in readout_text(widget.readout)


def test_values_that_are_suv_are_told_once(qtbot) -> None:
    widget = pet(qtbot, (replace(SUV[0], slopes=(1.0,)),), unit="SUV")
    point_at(widget, 7, 3)
    assert readout_text(widget.readout).startswith("SUVbw 4670 g/ml    ")


def test_a_region_tells_suv_too(qtbot) -> None:
    widget = pet(qtbot)
    widget.workspace.measurements.add(Measurement("m1", "ellipse", widget.place(), ((4.0, 4.0), (8.0, 8.0))))
    (mark,) = widget.marks_here()
    measured = widget.measured(mark)
    assert measured.scaled.mean == pytest.approx(measured.statistics.mean * 0.0005)
    lines = measured_lines(measured, picture_is_filtered=False)
    assert any(line.startswith("SUVbw mean") and line.endswith("g/ml") for line in lines)


def test_presets_of_pet_are_in_suv_and_dark_on_white(qtbot) -> None:
    widget = pet(qtbot)
    assert widget.inverted  # PET is read dark on white
    reading.invert(widget.state)
    assert not widget.inverted
    widget.preset(3)
    assert widget.voi.ramp[0] == pytest.approx(0, abs=1e-6)
    assert widget.voi.ramp[1] * 0.0005 == pytest.approx(5)
    assert widget.inverted
    assert "W 5  C 2.5 g/ml SUVbw" in corners_of(widget)
    reading.invert(widget.state)
    assert not widget.inverted
    tops = [preset.window.ramp[1] * 0.0005 for preset in presets_for("PT", "Bq/ml", suv=SUV[0])]
    assert tops == pytest.approx([5, 7, 10])
    assert presets_for("PT", "Bq/ml") == ()


def test_without_suv_windows_are_in_the_unit_of_the_values(qtbot) -> None:
    widget = pet(qtbot, ())
    widget.preset(3)
    assert "SUV" not in corners_of(widget)
    assert widget.inverted


# ---------------------------------------------------------------------- other scales, units


def test_real_world_values_only_by_choice(qtbot) -> None:
    scale = ValueScale("real_world:ADC", "ADC", "um2/s", (0.5,), (3.0,))
    widget = opened(qtbot, np.full((3, 20, 20), 100, np.int16), "MR", scales=(scale,), unit="stored", vois=((),))
    point_at(widget, 5, 5)
    assert readout_text(widget.readout).startswith("100    ")
    choose_scale(widget.state, "real_world:ADC")
    assert readout_text(widget.readout).startswith("ADC 53 µm²/s   100    ")


def test_the_unit_that_the_file_gives_is_told_everywhere(qtbot) -> None:
    scale = ValueScale("own", "", "Gy", (1.0,), by_default=True)
    widget = opened(qtbot, np.full((3, 20, 20), 40, np.int16), "RTDOSE", scales=(scale,), unit="stored", vois=((),))
    point_at(widget, 5, 5)
    assert readout_text(widget.readout).startswith("40 Gy    ")
    widget.workspace.measurements.add(Measurement("m1", "ellipse", widget.place(), ((4.0, 4.0), (8.0, 8.0))))
    lines = measured_lines(widget.measured(widget.marks_here()[0]), picture_is_filtered=False)
    assert lines[0] == "Mean 40 Gy   SD 0"


@pytest.mark.parametrize(("code", "text"), [("um2/s", "µm²/s"), ("10*-6.mm2/s", "10^-6.mm²/s"), ("g/ml", "g/ml")])
def test_units_are_written_as_people_write_them(code: str, text: str) -> None:
    assert unit_text(code) == text


# ---------------------------------------------------------------------- mm


@pytest.mark.parametrize("kind", ["patient", "detector", "calibrated", "estimated", "region"])
def test_every_length_says_what_its_mm_are(qtbot, kind: str) -> None:
    widget = opened(
        qtbot, np.zeros((1, 20, 20), np.int16), "DX", geometry=False, pixel_spacing=(0.2, 0.1), spacing_kind=kind,
        vois=((Window(50, 100),),),
    )  # fmt: skip
    widget.workspace.measurements.add(Measurement("m1", "ruler", widget.place(), ((2.0, 4.0), (12.0, 4.0))))
    (mark,) = widget.marks_here()
    (line,) = measured_lines(widget.measured(mark), picture_is_filtered=False)
    assert line == f"1.0 mm {spacing_text(kind)}".strip()
    assert bool(spacing_text(kind)) == (kind != "patient")
    assert widget.shown.pixel_mm == (0.2, 0.1)  # drawn twice as high as wide


def test_ultrasound_regions_have_mm_of_their_own(qtbot) -> None:
    regions = (PixelRegion(0, 0, 9, 19, (0.1, 0.1)), PixelRegion(10, 0, 19, 19, (0.2, 0.2)))
    widget = opened(
        qtbot, np.zeros((1, 20, 20), np.int16), "US", geometry=False, regions=regions, vois=((Window(50, 100),),)
    )
    ends = {"a": ((1, 5), (6, 5)), "b": ((11, 5), (16, 5)), "c": ((5, 5), (15, 5))}
    for name, points in ends.items():
        widget.workspace.measurements.add(Measurement(name, "ruler", widget.place(), points))
    told = {mark.id: quantity_text(widget.measured(mark).length) for mark in widget.marks_here()}
    assert told == {"a": "0.5 mm ultrasound region", "b": "1.0 mm ultrasound region", "c": "10.0 px"}
    lines = {mark.id: measured_lines(widget.measured(mark), picture_is_filtered=False) for mark in widget.marks_here()}
    assert lines["a"] == [told["a"]]
    assert lines["c"] == ["10.0 px", "px: it does not lie in one scale alone"]
    assert scale_px_per_mm(widget.shown, widget.transform) is None


def test_a_spectrum_says_times_and_velocities_and_no_lengths(qtbot) -> None:
    axes = (RegionAxis("s", 0.01), RegionAxis("cm/s", -2.0, 14.0))
    regions = (PixelRegion(0, 0, 19, 9, (0.1, 0.1)), PixelRegion(0, 10, 19, 19, None, axes))
    widget = opened(
        qtbot, np.zeros((1, 20, 20), np.int16), "US", geometry=False, regions=regions, vois=((Window(50, 100),),)
    )
    marks = {"a": ((2, 12), (12, 17)), "b": ((5, 5), (5, 15)), "c": ((2, 2), (12, 2))}
    for name, points in marks.items():
        widget.workspace.measurements.add(Measurement(name, "ruler", widget.place(), points))
    widget.workspace.measurements.add(Measurement("p", "point", widget.place(), ((2.0, 11.0),)))
    lines = {mark.id: measured_lines(widget.measured(mark), picture_is_filtered=False) for mark in widget.marks_here()}
    assert lines["a"] == ["Δ 0.100 s", "Δ 10.0 cm/s   (4.0 … −6.0)"]
    assert lines["b"] == ["10.0 px", "px: it does not lie in one scale alone"]
    assert lines["c"] == ["1.0 mm ultrasound region"]
    assert lines["p"][-1] == "6.0 cm/s"
    x, y = widget.transform.image_to_screen(4.0, 17.0)
    move(widget, (x, y))
    assert readout_text(widget.readout) == "0 HU    −6.0 cm/s"
    ruler = next(mark for mark in widget.marks_here() if mark.id == "a")
    assert _words(ruler, widget.measured(ruler)) == "Δ 0.1 s\nΔ 10 cm/s", "as it is written into reports"


def test_nothing_known_means_px_and_no_scale(qtbot) -> None:
    widget = opened(qtbot, np.zeros((1, 20, 20), np.int16), "OT", geometry=False, vois=((Window(50, 100),),))
    widget.workspace.measurements.add(Measurement("m", "ellipse", widget.place(), ((2.0, 2.0), (6.0, 6.0))))
    lines = measured_lines(widget.measured(widget.marks_here()[0]), picture_is_filtered=False)
    assert "px²" in lines[-2]
    assert "px" in lines[-1]
    assert "mm" not in " ".join(lines)
    assert "mm" not in "".join(lines)
    assert scale_px_per_mm(widget.shown, widget.transform) is None


# ---------------------------------------------------------------------- the file's windows


def test_all_windows_and_luts_of_the_file_can_be_chosen(qtbot) -> None:
    from medview.ui.image_panel import ImagePanel

    vois = (
        VoiLut(0, tuple(range(0, 256, 2)), 8, "CONTRAST"), Window(40, 400, "LINEAR", "SOFT"),
        Window(-600, 1500, "SIGMOID", "LUNG"), Window(400, 2000, "LINEAR_EXACT"),
    )  # fmt: skip
    widget = opened(qtbot, np.zeros((3, 20, 20), np.int16), "MR", vois=(vois,), unit="stored")

    class ShellDouble:
        def viewport(self):
            return widget

    panel = ImagePanel(widget.workspace, ShellDouble())
    qtbot.addWidget(panel)
    names = [panel.presets.itemText(at) for at in range(panel.presets.count())]
    assert [any(word in name for name in names) for word in ("CONTRAST", "SOFT", "LUNG", "2000 / 400")] == [True] * 4
    at = next(n for n, name in enumerate(names) if "LUNG" in name)
    panel.presets.setCurrentIndex(at)
    panel.presets.activated.emit(at)
    assert widget.voi == vois[2]
    panel.refresh()
    assert panel.presets.currentIndex() == at


def test_the_figures_of_a_pet_window_are_suv(qtbot) -> None:
    from medview.ui.image_panel import ImagePanel

    widget = pet(qtbot)

    class ShellDouble:
        def viewport(self):
            return widget

    widget.preset(4)
    panel = ImagePanel(widget.workspace, ShellDouble())
    qtbot.addWidget(panel)
    panel.refresh()
    assert (panel.width_field.value(), panel.center.value()) == (7.0, 3.5)
    panel.width_field.setValue(9.0)
    assert widget.state.view.voi.width * 0.0005 == pytest.approx(9.0)
    assert widget.state.view.voi.center * 0.0005 == pytest.approx(3.5)


def test_the_key_for_overlays_is_in_the_table() -> None:
    from medview.app.image_commands import image_commands

    found = {command.id: command.keys for command in image_commands()}
    assert found["image.graphics"] == ("O",)
    assert found["image.scale"] == ("U",)


def test_every_reason_why_there_is_no_suv_can_be_translated() -> None:
    import re
    from pathlib import Path

    from medview.dicom import suv
    from medview.ui.message_table import SUV_REASONS

    raised = re.findall(r'NoSuv\("([^"]+)"\)', Path(suv.__file__).read_text(encoding="utf-8"))
    assert len(raised) > 10
    assert set(raised) == set(SUV_REASONS)
