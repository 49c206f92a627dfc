"""The document of marks: where they lie, how they are changed, and that each change can be taken back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from medview.app import reading
from medview.app.history import History
from medview.app.mark_editing import grips, moved, with_point
from medview.app.measurements import Measurements, place_of, same_slice
from medview.app.measuring import measure
from medview.app.viewport_state import ViewportState
from medview.core.measurement import Measurement
from medview.core.study import PixelRegion
from tests.ui.viewport_doubles import OneFrame, axial_geometry, make_study, make_workspace, numbered_volume

SHAPE = (5, 12, 10)


def opened(**values):
    state = ViewportState()
    state.show(*make_study(make_workspace(), numbered_volume(SHAPE), axial_geometry(SHAPE), **values))
    return state


def place(state):
    return place_of(state.stack, state.shown(), state.view.time)


def test_a_mark_is_kept_with_instance_frame_and_image_coordinates() -> None:
    state = opened()
    state.update(k=3)
    found = place(state)
    assert (found.sop_uid, found.frame, found.stack_id) == ("1.2.stack-1.3", 0, "stack-1")
    assert found.plane == "acquired"


def test_a_mark_on_a_cut_is_kept_with_its_plane_in_the_patient() -> None:
    state = opened()
    state.set_plane("coronal")
    found = place(state)
    assert found.plane == "coronal"
    assert found.origin is not None
    assert found.position_mm == found.origin[1]
    assert found.across == (0.75, 0, 0)
    assert found.down == (0, 0, -0.75)
    assert found.frame_of_reference == "1.5"


def test_marks_are_seen_on_their_own_slice_only() -> None:
    state = opened()
    marks = Measurements()
    state.update(k=2)
    here = Measurement(marks.new_id(), "ruler", place(state), ((0, 0), (3, 4)))
    marks.add(here)
    assert marks.on_slice(place(state)) == (here,)
    state.update(k=3)
    assert marks.on_slice(place(state)) == ()
    state.set_plane("axial")
    assert marks.on_slice(place(state)) == ()


def test_the_same_instance_is_found_again_after_the_stack_was_sorted_anew() -> None:
    a, b = place(opened()), place(opened())
    assert same_slice(a, b)
    assert same_slice(a, replace(b, k=b.k + 7))
    assert not same_slice(a, replace(b, sop_uid="9.9"))
    assert not same_slice(a, replace(b, frame=1))


def test_undo_and_redo_go_through_all_changes() -> None:
    history = History()
    marks = Measurements(history)
    told: list[str] = []

    def note(stack_id: str) -> None:
        told.append(stack_id)

    marks.changed.connect(note)
    first = Measurement("m1", "ruler", place(opened()), ((0, 0), (3, 4)))
    marks.add(first)
    later = moved(first, 1, 1)
    marks.replace(later)
    marks.replace(later)  # nothing differs: no step
    marks.remove("m1")
    assert marks.of("stack-1") == ()
    assert [history.undo(), marks.of("stack-1")] == ["stack-1", (later,)]
    assert [history.undo(), marks.of("stack-1")] == ["stack-1", (first,)]
    history.undo()
    assert history.undo() is None
    assert marks.of("stack-1") == ()
    for _ in range(3):
        history.redo()
    assert history.redo() is None
    assert marks.of("stack-1") == ()
    assert told == ["stack-1"] * 9


def test_each_grip_moves_its_own_corner() -> None:
    ellipse = Measurement("m1", "ellipse", place(opened()), ((2, 3), (8, 9)))
    for index in range(4):
        pulled = with_point(ellipse, index, (20, 30))
        assert (20, 30) in grips(pulled)
        assert grips(ellipse)[(index + 2) % 4] in grips(pulled)
    ruler = Measurement("m2", "ruler", place(opened()), ((2, 3), (8, 9)))
    assert with_point(ruler, 1, (5, 5)).points == ((2, 3), (5, 5))


def test_a_ruler_has_no_statistics_and_colour_has_none_either() -> None:
    state = opened()
    values = np.zeros((12, 10), dtype=np.int32)
    ruler = Measurement("m1", "ruler", place(state), ((0, 0), (10, 0)))
    found = measure(ruler, state.shown(), values, None, "HU")
    assert found.length is not None
    assert found.length.value == 7.5
    assert found.statistics is None
    ellipse = Measurement("m2", "ellipse", place(state), ((0, 0), (8, 8)))
    assert measure(ellipse, state.shown(), values, None, "HU").statistics is not None
    assert measure(ellipse, state.shown(), np.zeros((12, 10, 3)), None, None).statistics is None


def test_a_ruler_on_ultrasound_says_px_where_no_region_holds() -> None:
    workspace = make_workspace()
    study, series, stack = make_study(workspace, numbered_volume((1, 80, 200)))
    regions = (PixelRegion(0, 0, 99, 79, (0.2, 0.1)), PixelRegion(120, 0, 199, 79, (0.4, 0.4)))
    state = ViewportState()
    state.show(study, series, replace(stack, regions=regions, pixel_spacing=None, spacing_kind="none"))

    def said(*points):
        length = measure(Measurement("m", "ruler", place(state), points), state.shown(), None, None, None).length
        return round(length.value, 6), length.unit

    assert said((10, 10), (60, 10)) == (5.0, "mm")
    assert said((10, 10), (10, 60)) == (10.0, "mm")
    assert said((130, 10), (180, 10)) == (20.0, "mm")
    assert said((60, 10), (150, 10)) == (90.0, "px")


def test_time_points_follow_one_another_whole() -> None:
    frames = tuple(OneFrame(f"t{time}-k{k}") for time in range(3) for k in range(SHAPE[0]))
    state = opened(timepoints=3, frames=frames, time_labels=("a", "b", "c"))
    state.update(k=4, time=1)
    assert place(state).sop_uid == "t1-k4"
    reading.step_time(state, 1)
    assert place(state).sop_uid == "t2-k4"
    reading.step_time(state, 5)
    assert state.view.time == 2
    grown = replace(state.stack, frames=(*frames[5:], *frames[:5]))
    state.replace_stack(state.study, state.series, grown)
    assert place(state).sop_uid == "t2-k4"
    assert state.view.time == 1
