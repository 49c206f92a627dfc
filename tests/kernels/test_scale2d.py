"""The fast scaling against bilinear interpolation written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medview.kernels.scale2d import scale_linear


def written_out(values, matrix, size):
    """(h, w) bilinear samples with the border repeated, and which of them lie on the picture."""
    x, y = np.meshgrid(np.arange(size[1]), np.arange(size[0]))
    i = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    j = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    rows, columns = values.shape
    inside = (i >= -0.5) & (i <= columns - 0.5) & (j >= -0.5) & (j <= rows - 0.5)
    ic, jc = np.clip(i, 0, columns - 1), np.clip(j, 0, rows - 1)
    i0, j0 = np.minimum(ic.astype(int), columns - 2), np.minimum(jc.astype(int), rows - 2)
    wi, wj = ic - i0, jc - j0
    v = values.astype(float)
    top = v[j0, i0] * (1 - wi) + v[j0, i0 + 1] * wi
    bottom = v[j0 + 1, i0] * (1 - wi) + v[j0 + 1, i0 + 1] * wi
    return top * (1 - wj) + bottom * wj, inside


ramp = np.add.outer(np.arange(40) * 8.0, np.arange(56) * 4.0).astype(np.float32)
step = st.floats(0.05, 1.9)
offset = st.floats(-15, 60)
sign = st.sampled_from([-1, 1])


@given(step, step, sign, sign, offset, offset, st.booleans(), st.tuples(st.integers(3, 70), st.integers(3, 70)))
def test_a_sample_lies_within_a_256th_of_a_pixel_of_its_place(sx, sy, nx, ny, cx, cy, turned, size) -> None:
    matrix = np.array([[nx * sx, 0, cx], [0, ny * sy, cy]])
    if turned:
        matrix = np.array([[0, nx * sx, cx], [ny * sy, 0, cy]])
    found = scale_linear(ramp, matrix, size)
    if found is None:
        return
    expected, inside = written_out(ramp, matrix, size)
    assert found.shape == size
    assert np.all(found[~inside] == 0)
    if inside.any():
        # A ramp of 8 and 4 per pixel: a fault of place shows as 8/256 + 4/256.
        assert np.abs(found - expected)[inside].max() <= 12 / 256 + 1e-3


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int16", "float32"])
@pytest.mark.parametrize("pixels", [100, 137, 40])
def test_a_fitted_picture_is_exact(kind, pixels) -> None:
    values = np.random.default_rng(1).integers(0, 250, (40, 56)).astype(kind)
    factor = 40 / pixels
    matrix = np.array([[factor, 0, factor / 2 - 0.5 - 7 * factor], [0, factor, factor / 2 - 0.5]])
    found = scale_linear(values, matrix, (pixels, 2 * pixels))
    expected, inside = written_out(values, matrix, (pixels, 2 * pixels))
    assert found is not None
    assert found.dtype == values.dtype
    tolerance = 1e-3 if kind == "float32" else 1.01
    assert np.abs(found.astype(float) - expected)[inside].max() <= tolerance


@pytest.mark.parametrize(("rows", "columns"), [(48, 30), (96, 60), (384, 240), (880, 505)])
def test_a_picture_that_ends_on_half_an_output_is_filled(rows, columns) -> None:
    values = np.add.outer(np.arange(rows), np.arange(columns)).astype(np.float32)
    factor = rows / 380
    assert abs(columns / factor % 1 - 0.5) < 0.45
    for left in (91, 92):
        i = np.array([factor, 0, factor / 2 - 0.5 - left * factor])
        j = np.array([0, factor, factor / 2 - 0.5])
        for matrix, size in ((np.array([i, j]), (380, 420)), (np.array([i[[1, 0, 2]], j[[1, 0, 2]]]), (420, 380))):
            found = scale_linear(values, matrix, size)
            assert found is not None
            expected, inside = written_out(values, matrix, size)
            assert np.abs(found - expected)[inside].max() <= 1e-2


def test_a_turn_that_is_no_quarter_is_left_to_others() -> None:
    assert scale_linear(ramp, np.array([[0.5, 0.1, 0], [0.1, 0.5, 0]]), (10, 10)) is None


def test_colour_keeps_its_channels() -> None:
    colour = np.stack([ramp, ramp + 1, ramp + 2], axis=-1)
    found = scale_linear(colour, np.array([[0.5, 0, -0.25], [0, 0.5, -0.25]]), (80, 112))
    assert found is not None
    assert found.shape == (80, 112, 3)
    assert np.allclose(found[..., 2] - found[..., 0], 2)


def test_a_picture_beside_the_screen_gives_nothing() -> None:
    found = scale_linear(ramp, np.array([[1.0, 0, 500.0], [0, 1.0, 0]]), (5, 6))
    assert found is not None
    assert not found.any()
