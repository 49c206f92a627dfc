"""Playing at the file's rate, round or to and fro, and what regions say over time, against phantoms that are known."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from medview.app.cine import SPEED_STEP, Cine
from medview.app.time_curve import axis_of, measure_curves
from medview.app.viewport_state import ViewportState
from medview.core.geometry import Geometry
from medview.core.measurement import Measurement, MeasurementPlace
from medview.core.problem import MedviewError
from medview.core.progress import no_progress
from medview.core.study import Dimension, SeriesContext, Stack
from medview.core.value_scale import ValueScale
from medview.core.volume import ModalityTransform


def stack_of(shape=(5, 16, 16), timepoints=1, geometry=True, frame_time=40.0, **values) -> Stack:
    place = Geometry.from_directions(shape, (0, 0, 0), (1, 0, 0), (0, 1, 0), (2.0, 1.0, 1.0)) if geometry else None
    made = {
        "id": "s",
        "kind": "volume" if geometry else "frames",
        "shape": shape,
        "timepoints": timepoints,
        "components": 1,
        "dtype": "int16",
        "frames": (),
        "transform": ModalityTransform(),
        "geometry": place,
        "context": SeriesContext(modality="MR", frame_time_ms=frame_time),
    }
    return Stack(**{**made, **values})


def state_of(stack: Stack, **values) -> ViewportState:
    state = ViewportState()
    state.update(stack=stack, **values)
    return state


def test_the_files_rate_is_kept_however_late_the_clock_comes() -> None:
    cine, state = Cine(), state_of(stack_of((100, 16, 16)))
    cine.toggle(state)
    assert (cine.interval_ms, cine.rate) == (40.0, 25.0)
    for late in (40, 39, 41, 100, 20):  # 240 ms
        cine.elapsed(late)
    assert state.slice_index == 6
    cine.faster(2)
    assert cine.rate == pytest.approx(25 * SPEED_STEP**2)
    cine.elapsed(256)
    assert state.slice_index == 14  # at most eight at once: a slow machine must not freeze
    cine.faster(-4)
    assert cine.rate == pytest.approx(25 / SPEED_STEP**2)
    cine.toggle(state)
    assert not cine.is_playing
    assert Cine().elapsed(1000) == 0  # nothing plays, nothing happens


def test_without_a_rate_fifteen_images_a_second() -> None:
    cine = Cine()
    cine.toggle(state_of(stack_of(frame_time=None)))
    assert cine.rate == pytest.approx(15.15, abs=0.01)


def places(cine: Cine, read, steps: int) -> list[int]:
    found = [read()]
    for _ in range(steps):
        cine.step()
        found.append(read())
    return found


def test_round_and_to_and_fro() -> None:
    cine, state = Cine(), state_of(stack_of((4, 16, 16)))
    cine.toggle(state)
    assert places(cine, lambda: state.slice_index, 5) == [0, 1, 2, 3, 0, 1]
    cine.toggle_sweep()
    assert places(cine, lambda: state.slice_index, 7) == [1, 2, 3, 2, 1, 0, 1, 2]
    time, timed = Cine(), state_of(stack_of((2, 16, 16), timepoints=3))
    time.toggle_sweep()
    time.toggle(timed)
    assert places(time, lambda: timed.view.time, 5) == [0, 1, 2, 1, 0, 1]
    assert timed.slice_index == 0


def test_one_image_does_not_play() -> None:
    cine = Cine()
    cine.toggle(state_of(stack_of((1, 16, 16))))
    assert not cine.is_playing


# ---------------------------------------------------------------------- curves


def ellipse(points) -> Measurement:
    return Measurement("m", "ellipse", MeasurementPlace("s"), points)


TIMES = (0.0, 1.5, 3.0, 6.0)


def perfused(stack: Stack, frame: int) -> np.ndarray:
    """Slice k at time t: 100 everywhere, and in the left half 100 + 50·t·exp(-t/2), ten for each slice on top."""
    time, k = divmod(frame, stack.shape[0])
    picture = np.full(stack.shape[1:], 100.0 + 10 * k)
    picture[:, :8] += 50 * TIMES[time] * np.exp(-TIMES[time] / 2)
    return picture.round().astype(np.int16)


def test_curves_are_those_of_the_phantom_with_the_files_times() -> None:
    dimension = Dimension("time", "s", TIMES, ("a", "b", "c", "d"))
    scale = ValueScale("x", "X", "mmol/l", (0.1,), (2.0,))
    stack = stack_of((3, 16, 16), timepoints=4, dimensions=(dimension,), frames=tuple(range(12)))
    state = state_of(stack, k=2)
    axis = axis_of(state)
    assert axis.places == TIMES
    assert axis.unit == "s"
    assert axis.frames == (2, 5, 8, 11)
    marks = [ellipse(((1.0, 3.0), (6.0, 12.0))), ellipse(((9.0, 3.0), (14.0, 12.0)))]
    curves = measure_curves(stack, axis, marks, ["a", "b, c"], lambda at: perfused(stack, at), None, no_progress)
    for time, row in zip(TIMES, curves.rows, strict=True):
        assert row[0].mean == round(120 + 50 * time * np.exp(-time / 2))
        assert (row[1].mean, row[1].sd) == (120, 0)
    scaled = measure_curves(stack, axis, marks, ["a", "b"], lambda at: perfused(stack, at), scale, no_progress)
    assert scaled.unit == "mmol/l"
    assert scaled.rows[0][0].mean == pytest.approx(14.0)
    table = list(csv.reader(io.StringIO(scaled.as_csv())))
    assert table[0][:2] == ["time [s]", "a mean [mmol/l]"]
    assert table[2][0] == "1.5"
    assert float(table[2][1]) == pytest.approx(scaled.rows[1][0].mean)
    assert next(iter(csv.reader(io.StringIO(curves.as_csv()))))[6] == "b, c mean"


def test_a_frame_that_cannot_be_read_leaves_a_gap() -> None:
    stack = stack_of((6, 16, 16), geometry=False, frame_time=50.0, frames=tuple(range(6)))
    axis = axis_of(state_of(stack))
    assert axis.places == pytest.approx([0, 0.05, 0.1, 0.15, 0.2, 0.25])

    def read(at: int) -> np.ndarray:
        if at == 3:
            raise MedviewError("broken", "no")
        return np.full((16, 16), at, np.int16)

    curves = measure_curves(stack, axis, [ellipse(((2.0, 2.0), (9.0, 9.0)))], ["a"], read, None, no_progress)
    assert [None if row[0] is None else row[0].mean for row in curves.rows] == [0, 1, 2, None, 4, 5]
    assert curves.failed == 1
    assert "0.15,,,,," in curves.as_csv()


def test_there_is_no_curve_on_cuts_and_of_one_image() -> None:
    assert axis_of(state_of(stack_of((3, 16, 16)))) is None
    timed = stack_of((3, 16, 16), timepoints=2)
    assert axis_of(state_of(timed)).places == (1.0, 2.0)
    assert axis_of(state_of(timed, plane_kind="coronal")) is None


def test_several_viewports_play_at_once_each_at_its_own_rate_and_no_image_twice() -> None:
    from medview.app.cine import toggle_all
    from medview.core.geometry import Geometry
    from tests.ui.viewport_doubles import make_study, make_workspace

    workspace = make_workspace()
    shown = []
    for name, reference, ms in (("a", "1", 100.0), ("b", "2", 50.0), ("c", "1", 100.0)):
        geometry = Geometry.from_directions((20, 4, 4), (0, 0, 0), (1, 0, 0), (0, 1, 0), (2.0, 1.0, 1.0), reference)
        shown.append(
            make_study(
                workspace,
                np.zeros((20, 4, 4), np.int16),
                geometry,
                stack_id=name,
                context=SeriesContext(modality="CT", frame_time_ms=ms),
            )
        )
    workspace.layout = (1, 3)
    workspace.grow_viewports(3)
    for state, one in zip(workspace.viewports, shown, strict=True):
        state.show(*one)
        state.update(k=0)
    cine = workspace.cine
    toggle_all(workspace)
    # The third is of the first one's space: it is taken along, and plays no second time.
    assert [cine.plays(state) for state in workspace.viewports] == [True, True, False]
    assert cine.plays_several
    cine.elapsed(300.0)
    assert [state.view.k for state in workspace.viewports] == [3, 6, 3]
    assert (cine.rate_of(workspace.viewports[0]), cine.rate_of(workspace.viewports[1])) == (10, 20)
    toggle_all(workspace)
    assert not cine.is_playing
