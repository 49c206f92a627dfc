"""The standard display function against the values of PS3.14, its inverse, and calibrations of monitors."""

from __future__ import annotations

import numpy as np
import pytest

from medview.app.displays import tone_of
from medview.app.monitor_pattern import FIVE, NINETY_FIVE, STEPS, make_pattern, pattern_picture, step_grey
from medview.app.settings import Settings, load_settings, save_settings
from medview.core.display import SampledSlice, compose_screen
from medview.core.gsdf import (
    DisplayProfile,
    calibration,
    distance_from_standard,
    jnd_of_luminance,
    luminance_of_jnd,
)
from medview.core.window import Window


@pytest.mark.parametrize(
    ("index", "luminance", "figures"),
    [(1, 0.0500, 4), (2, 0.0547, 4), (500, 119.13, 2), (1023, 3993.3, 1)],
)
def test_luminances_of_the_standard(index, luminance, figures) -> None:
    assert round(float(luminance_of_jnd(index)), figures) == luminance


def test_the_index_of_a_luminance_is_its_inverse() -> None:
    index = np.arange(1, 1024)
    assert np.abs(jnd_of_luminance(luminance_of_jnd(index)) - index).max() < 0.15
    assert np.all(np.diff(luminance_of_jnd(index)) > 0)


@pytest.mark.parametrize(
    "profile",
    [
        DisplayProfile(0.3, 350, 0.2),
        DisplayProfile(0.8, 600, 0.0, 1.8),
        DisplayProfile(1.0, 250, 5.0),
        DisplayProfile(0.05, 150),
    ],
)
def test_a_calibrated_monitor_shows_equal_steps(profile) -> None:
    table = calibration(profile)
    assert table[[0, 255]].tolist() == [0, 255]
    assert np.all(np.diff(table.astype(int)) >= 0)
    seen = jnd_of_luminance(profile.luminance(table / 255))
    steps = np.diff(seen[::15])
    assert np.abs(steps - steps.mean()).max() < 0.15 * steps.mean()  # in steps of 8 bits
    assert distance_from_standard(profile, table) < 0.10
    assert distance_from_standard(profile, np.arange(256, dtype=np.uint8)) > 0.2


@pytest.mark.parametrize(
    "numbers",
    [
        (300.0, 250.0, 0.0, 2.2),
        (-1.0, 250.0, 0.0, 2.2),
        (0.3, 250.0, 400.0, 2.2),
        (0.3, float("nan"), 0, 2.2),
        (0.3, 250.0, 0.0, 9.0),
    ],
)
def test_what_no_monitor_can_be_is_refused_and_leaves_greys_as_they_are(numbers) -> None:
    with pytest.raises(ValueError, match=r"black|white"):
        DisplayProfile(*numbers)
    assert tone_of(Settings(displays={"A": numbers}), "A") is None


def test_greys_are_told_through_the_calibration_and_colours_are_not() -> None:
    settings = Settings(displays={"A": (0.3, 350.0, 0.2, 2.2)})
    tone = tone_of(settings, "A")
    assert tone_of(settings, "another") is None
    values = np.arange(256, dtype=np.int16).reshape(16, 16)
    whole = np.ones((16, 16), np.bool_)
    window = Window(127.5, 255, "LINEAR_EXACT")
    drawn = compose_screen(SampledSlice(values, whole), window, tone=tone)
    assert np.array_equal(drawn[..., 0], tone[np.arange(256).reshape(16, 16)])
    assert np.ptp(drawn[..., :3], axis=-1).max() == 0
    large = np.tile(values, (20, 20))
    drawn = compose_screen(SampledSlice(large, np.ones(large.shape, np.bool_)), window, tone=tone)
    assert np.array_equal(drawn[..., 1], tone[large])
    colours = np.stack([values, values, values], axis=-1).astype(np.uint8)
    same = compose_screen(SampledSlice(colours, whole), None, tone=tone)
    assert np.array_equal(same[..., 0], values)


def test_display_profiles_survive_a_restart_and_garbage_does_not(tmp_path) -> None:
    path = tmp_path / "settings.json"
    save_settings(Settings(displays={"Eizo RX360 1": (0.3, 500.0, 0.1, 2.2)}), path)
    loaded, notes = load_settings(path)
    assert loaded.displays == {"Eizo RX360 1": (0.3, 500.0, 0.1, 2.2)}
    assert notes == ()
    path.write_text('{"displays": {"A": [1, 2]}}')
    loaded, notes = load_settings(path)
    assert loaded.displays == {}
    assert notes


@pytest.mark.parametrize("size", [(1920, 1080), (1200, 1600), (3840, 2160), (300, 200)])
def test_the_pattern_holds_all_its_tasks(size) -> None:
    pattern = make_pattern(*size)
    grey = pattern.grey
    assert grey.shape == (max(size[1], 480), max(size[0], 480))
    assert len(pattern.patches) == STEPS
    for step, (x, y, w, h) in enumerate(pattern.patches):
        patch = grey[y : y + h, x : x + w]
        assert patch.shape == (h, w)
        assert patch[h // 2, w // 2] == step_grey(step)
        assert len(np.unique(patch)) == (2 if step in {0, STEPS - 1} else 3)
    for (x, y, w, h), ground, value in ((pattern.dark, 0, FIVE), (pattern.bright, 255, NINETY_FIVE)):
        assert np.all(grey[y : y + h, x : x + w] == value)
        assert grey[y - 2, x] == ground
        assert value == round(0.05 * 255) or value == round(0.95 * 255)
    for x, y, _w, h in pattern.ramps:
        column = grey[y : y + h, x].astype(int)
        assert {column[0], column[-1]} == {0, 255}
        assert np.abs(np.diff(column)).max() <= max(1, 255 // h + 1)
    for x, y, w, h in pattern.lines[:2]:
        piece = grey[y : y + h, x : x + w].astype(int)
        across, down = np.abs(np.diff(piece, axis=1)), np.abs(np.diff(piece, axis=0))
        assert (across.min(), down.max()) in {(255, 0), (0, 255)}
    tone = np.arange(256, dtype=np.uint8)[::-1].copy()
    assert np.array_equal(pattern_picture(pattern, tone), 255 - grey)
