"""Labels on the screen are labels of the segmentation: at every magnification nothing lies between two of them."""

from __future__ import annotations

import numpy as np
import pytest

from medview.core.display import sample_labels


@pytest.mark.parametrize("scale", [0.23, 0.5, 1.0, 2.7])
@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_no_label_appears_that_is_not_there(scale: float, angle: float) -> None:
    labels = np.zeros((30, 40), np.uint16)
    labels[:, 10:20] = 1
    labels[:, 20:] = 3
    labels[15:, 20:] = 900
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * scale
    matrix = np.column_stack([turn, [3.3, 1.7]])
    shown = sample_labels(labels, matrix, (60, 70))
    assert set(np.unique(shown)) <= {0, 1, 3, 900}
    # Each is that of the nearest voxel.
    for y, x in ((5, 4), (2, 9), (11, 7)):
        i, j = matrix @ (x, y, 1.0)
        inside = -0.5 <= i <= 39.5 and -0.5 <= j <= 29.5
        expected = labels[int(np.floor(j + 0.5)), int(np.floor(i + 0.5))] if inside else 0
        assert shown[y, x] == expected
