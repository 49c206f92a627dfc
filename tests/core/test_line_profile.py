"""Values along a line, against a ramp and against what lies under it."""

from __future__ import annotations

import numpy as np
import pytest

from medview.core.line_profile import line_profile


def test_along_a_ramp_values_grow_with_the_true_distance() -> None:
    y, x = np.mgrid[:30, :40].astype(float)
    values = 3 * x + 5 * y + 7
    distance, found = line_profile(values, [(2.25, 3.5), (32.0, 20.0)], (0.5, 2.0))
    assert distance[0] == 0
    assert distance[-1] == pytest.approx(np.hypot(29.75 * 2.0, 16.5 * 0.5))
    share = distance / distance[-1]
    assert found == pytest.approx(3 * (2.25 + share * 29.75) + 5 * (3.5 + share * 16.5) + 7)
    assert np.diff(distance).max() <= 0.51 * 2.0


def test_a_path_goes_on_and_gaps_stay_gaps() -> None:
    values = np.full((10, 10), 4.0)
    skipped = np.zeros((10, 10), np.bool_)
    skipped[:, 5] = True
    distance, found = line_profile(values, [(0, 2), (8, 2), (8, 8)], None, skipped)
    assert distance[-1] == 14
    assert np.all(np.diff(distance) >= 0)
    across = (distance > 4.01) & (distance < 5.99)
    assert np.isnan(found[across]).all()
    assert (found[distance >= 6.01] == 4).all()
    assert found[np.isclose(distance, 4)] == 4  # on a whole pixel its neighbour has no weight
    outside = line_profile(values, [(-5, 2), (3, 2)], None)[1]
    assert np.isnan(outside[:5]).all()
    assert outside[-1] == 4
    assert line_profile(values, [(1, 1)], None)[0].size == 0
