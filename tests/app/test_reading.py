"""Reading actions on a viewport's state, without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medview.app import reading
from medview.app.shown_slice import plane_positions
from medview.app.view_transform import ViewTransform
from medview.app.viewport_state import ViewportState
from medview.core.window import VoiLut, Window
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace, numbered_volume

SHAPE = (7, 12, 10)


@pytest.fixture
def state() -> ViewportState:
    state = ViewportState()
    state.show(*make_study(make_workspace(), numbered_volume(SHAPE), axial_geometry(SHAPE)))
    return state


def told(state: ViewportState) -> list[frozenset[str]]:
    found: list[frozenset[str]] = []

    def note(what: frozenset[str]) -> None:
        found.append(what)

    state.changed.connect(note)
    return found


def test_update_says_once_what_differs(state) -> None:
    changes = told(state)
    state.update(zoom=2.0, invert=False, k=state.view.k)
    state.update(zoom=2.0)
    assert changes == [frozenset({"zoom"})]


def test_update_refuses_what_a_viewport_has_not(state) -> None:
    with pytest.raises(AttributeError, match="contrast"):
        state.update(contrast=3)


def test_every_scroll_step_counts_and_stops_at_the_ends(state) -> None:
    assert state.slice_index == 3
    for _ in range(3):
        reading.scroll(state, 1)
    assert state.view.k == 6
    reading.scroll(state, 1)
    assert state.view.k == 6
    reading.scroll(state, -100)
    assert state.view.k == 0
    reading.last_slice(state)
    assert state.view.k == 6
    reading.first_slice(state)
    assert state.view.k == 0


def test_planes_go_through_the_slice_that_was_shown_and_back(state) -> None:
    geometry = state.stack.geometry
    state.update(k=5)
    state.set_plane("axial")
    assert state.position_mm == pytest.approx(geometry.origins[5][2])
    assert state.slice_count == SHAPE[0]
    reading.scroll(state, -2)
    state.set_plane("acquired")
    assert state.view.k == 3
    state.set_plane("sagittal")
    assert state.slice_count == SHAPE[2]
    reading.first_slice(state)
    assert state.position_mm == pytest.approx(plane_positions(geometry, "sagittal")[0])
    state.set_plane("coronal")
    assert state.slice_count == SHAPE[1]


def test_a_plane_of_frames_without_a_volume_is_refused() -> None:
    state = ViewportState()
    state.show(*make_study(make_workspace(), numbered_volume(SHAPE)))
    state.set_plane("sagittal")
    assert state.view.plane_kind == "acquired"


def test_go_to_point_finds_the_slice_in_every_plane(state) -> None:
    geometry = state.stack.geometry
    point = tuple(geometry.voxel_to_patient((2, 9, 4)))
    state.go_to_point(point)
    assert state.view.k == 2
    for kind, index in (("axial", 2), ("coronal", 9), ("sagittal", 4)):
        state.set_plane(kind)
        state.go_to_point(point)
        assert state.slice_index == index


def test_a_stack_that_grows_keeps_the_frame_that_is_shown(state) -> None:
    study, series, stack = state.study, state.series, state.stack
    state.update(k=4)
    grown = replace(
        stack, shape=(9, *SHAPE[1:]), frames=(*stack.frames[:1], stack.frames[0], stack.frames[0], *stack.frames[1:])
    )
    state.replace_stack(study, series, grown)
    assert state.view.k == 6
    assert grown.frames[6].sop_uid == stack.frames[4].sop_uid


def test_right_is_wider_and_up_is_brighter() -> None:
    start = Window(40, 400)
    wider = reading.window_by_drag(start, 40, 0)
    assert wider.width > 400
    assert wider.center == 40
    assert reading.window_by_drag(start, -40, 0).width < 400
    # A lower center draws the same value brighter.
    assert reading.window_by_drag(start, 0, 40).center < 40
    assert reading.window_by_drag(start, 0, 40, inverted=True).center > 40


def test_the_gain_is_relative_to_the_width() -> None:
    narrow = reading.window_by_drag(Window(40, 80), 20, 20)
    wide = reading.window_by_drag(Window(40, 8000), 20, 20)
    assert wide.width / 8000 == pytest.approx(narrow.width / 80, rel=0.01)
    # 1/80 to 1/250 of the width for a px, as the peers have it.
    assert 8000 / 250 <= reading.window_by_drag(Window(40, 8000), 1, 0).width - 8000 <= 8000 / 80


@given(st.floats(-5000, 5000), st.floats(-5000, 5000), st.floats(1, 65536))
def test_no_drag_makes_a_window_that_the_standard_forbids(right, up, width) -> None:
    assert reading.window_by_drag(Window(0, width), right, up).width >= 1


def test_a_lut_becomes_the_window_of_its_range() -> None:
    window = reading.window_by_drag(VoiLut(100, tuple(range(50)), 8), 0, 0)
    assert (window.center, window.width) == (125, 50)


DEFAULT = Window(40, 400)


def preset(digit, modality="CT", unit="HU", file_vois=(), now=DEFAULT):
    return reading.preset_by_key(digit, modality, unit, file_vois=file_vois, now=now, automatic=lambda: Window(1, 2))


def test_digit_keys() -> None:
    file_vois = (Window(10, 20), VoiLut(0, (1, 2), 8))
    assert preset(0) == Window(1, 2)
    assert preset(1, file_vois=file_vois) is file_vois[0]
    assert preset(2, file_vois=file_vois) is file_vois[1]
    assert preset(2, file_vois=file_vois[:1]) is None
    expected = {3: (80, 40), 4: (400, 40), 5: (350, 50), 6: (2000, 400), 7: (1500, -600), 8: (150, 90), 9: (600, 200)}
    for digit, (width, center) in expected.items():
        voi = preset(digit)
        assert (voi.width, voi.center) == (width, center)


def test_digits_without_fixed_numbers_are_relative() -> None:
    now = Window(1000, 800)
    found = {digit: preset(digit, "MR", "stored", now=now) for digit in range(3, 10)}
    assert [found[digit].width for digit in (3, 4, 5, 6)] == [400, 600, 1200, 1600]
    assert [found[digit].center for digit in (7, 8)] == [800, 1200]
    assert found[9] is None


def transform(state, viewport=(300.0, 200.0), ratio=1.0) -> ViewTransform:
    shown = state.shown()
    return reading.transform_of(state.view, shown.shape, shown.pixel_mm, viewport, ratio)


def test_fit_shows_the_whole_slice_with_its_true_proportions(state) -> None:
    left, top, right, bottom = transform(state).image_rect_on_screen()
    # 12 rows of 1.5 mm and 10 columns of 0.75 mm in 300 x 200.
    assert (bottom - top, right - left) == pytest.approx((200, 200 * 7.5 / 18))


@given(
    st.sampled_from([0, 1, 2, 3]),
    st.booleans(),
    st.floats(0.3, 5),
    st.tuples(st.floats(0, 300), st.floats(0, 200)),
)
def test_zoom_keeps_what_is_under_the_pointer(turns, flip, factor, at) -> None:
    state = ViewportState()
    state.show(*make_study(make_workspace(), numbered_volume(SHAPE), axial_geometry(SHAPE)))
    state.update(rotation=turns, flip=flip)
    before = transform(state).screen_to_image(*at)
    reading.zoom_about(state, transform(state), factor, at)
    assert transform(state).zoom == pytest.approx(factor)
    # A picture that is fitted, or has whole pixels to a pixel, lies on the screen's; that moves it by half of one at most.
    assert transform(state).image_to_screen(*before) == pytest.approx(at, abs=0.51)
    # Forth and back again and again does not creep.
    for _ in range(20):
        reading.zoom_about(state, transform(state), 1.3, at)
        reading.zoom_about(state, transform(state), 1 / 1.3, at)
    assert transform(state).image_to_screen(*before) == pytest.approx(at, abs=1.1)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("flip", [False, True])
def test_pan_follows_the_hand(state, turns, flip) -> None:
    state.update(rotation=turns, flip=flip, zoom=3.0)
    before = transform(state).screen_to_image(100, 90)
    reading.pan_by(state, transform(state), 17, -9)
    assert transform(state).screen_to_image(117, 81) == pytest.approx(before)


def test_what_is_in_the_middle_stays_there_when_the_viewport_changes(state) -> None:
    reading.zoom_about(state, transform(state), 3.0, (40.0, 60.0))
    before = transform(state).screen_to_image(150, 100)
    assert transform(state, (620.0, 510.0)).screen_to_image(310, 255) == pytest.approx(before)


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_one_to_one_is_one_device_pixel_and_meets_its_grid(ratio) -> None:
    state = ViewportState()
    geometry = axial_geometry(SHAPE, (2.0, 0.7, 0.7))
    state.show(*make_study(make_workspace(), numbered_volume(SHAPE), geometry))
    reading.one_to_one(state)
    state.update(pan=(0.123, -0.456))
    matrix = transform(state, (301.0, 203.0), ratio).device_to_image
    assert matrix[:, :2] == pytest.approx(np.eye(2))
    assert matrix[:, 2] == pytest.approx(np.round(matrix[:, 2]), abs=1e-6)


def test_a_second_mirroring_takes_the_first_back_in_every_turn(state) -> None:
    for turns in range(4):
        state.update(rotation=turns, flip=False)
        for act in (reading.flip_horizontally, reading.flip_vertically):
            act(state)
            assert (state.view.rotation, state.view.flip) != (turns, False)
            act(state)
            assert (state.view.rotation, state.view.flip) == (turns, False)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
@pytest.mark.parametrize("flip", [False, True])
def test_flips_mirror_what_is_seen(state, turns, flip) -> None:
    state.update(rotation=turns, flip=flip)
    x, y = transform(state).image_to_screen(2, 3)
    reading.flip_horizontally(state)
    assert transform(state).image_to_screen(2, 3) == pytest.approx((300 - x, y))
    reading.flip_horizontally(state)
    reading.flip_vertically(state)
    assert transform(state).image_to_screen(2, 3) == pytest.approx((x, 200 - y))


def test_rotate_right_turns_the_top_to_the_right(state) -> None:
    x, y = transform(state, (200.0, 200.0)).image_to_screen(4.5, 0)
    reading.rotate(state, 1)
    turned = transform(state, (200.0, 200.0)).image_to_screen(4.5, 0)
    assert y < 100
    assert turned[0] > 100
    assert turned[1] == pytest.approx(100, abs=0.5)
    reading.rotate(state, -1)
    assert transform(state, (200.0, 200.0)).image_to_screen(4.5, 0) == pytest.approx((x, y))


def test_reset_keeps_slice_plane_and_filters(state) -> None:
    state.update(k=1, voi=Window(1, 2), zoom=4, pan=(3, 3), rotation=3, flip=True, invert=True, filters=("f",))
    reading.reset(state)
    view = state.view
    assert (view.voi, view.zoom, view.pan, view.rotation, view.flip, view.invert) == (None, 1, (0, 0), 0, False, False)
    assert (view.k, view.filters) == (1, ("f",))


def test_corner_text_has_three_states(state) -> None:
    modes = []
    for _ in range(4):
        modes.append(state.view.text_mode)
        reading.cycle_text(state)
    assert modes == ["full", "anonymous", "off", "full"]
