"""Colour maps against the palettes that pydicom ships and against what they are for; fused cuts against analytic fields."""

from __future__ import annotations

import numpy as np
import pytest

from medview.core.colour_map import GREY, INVERTED_GREY, built_in_map, built_in_maps, default_map_id
from medview.core.display import FusedSample, SampledSlice, compose_screen
from medview.core.fusion import checker_region, cut_over, swipe_region
from medview.core.geometry import Geometry
from medview.core.plane import anatomical_plane, plane_of_slice
from medview.core.registration import by_hand, placed
from medview.core.volume import ModalityTransform, Volume
from medview.core.window import Window
from medview.kernels.sample2d import sample_region


@pytest.mark.parametrize(
    ("id_", "name"),
    [("hot-iron", "hotiron"), ("pet", "pet"), ("hot-metal-blue", "hotmetalblue"), ("pet-20-step", "pet20step")],
)
def test_dicom_palettes_are_those_of_the_standard(id_, name) -> None:
    pydicom = pytest.importorskip("pydicom")
    from pydicom.data import get_palette_files

    (path,) = [one for one in get_palette_files(f"{name}.dcm") if str(one).endswith(f"{name}.dcm")][:1]
    palette = pydicom.dcmread(path)
    expected = [palette[f"{colour}PaletteColorLookupTableData"].value for colour in ("Red", "Green", "Blue")]
    table = built_in_map(id_).table
    assert np.array_equal(table.T, [np.frombuffer(channel, np.uint8) for channel in expected])


def lightness(table: np.ndarray) -> np.ndarray:
    """CIE L* of sRGB, written down anew."""
    linear = table.astype(np.float64) / 255
    linear = np.where(linear <= 0.04045, linear / 12.92, ((linear + 0.055) / 1.055) ** 2.4)
    y = linear @ [0.2126, 0.7152, 0.0722]
    return np.where(y > 216 / 24389, 116 * np.cbrt(y) - 16, y * 24389 / 27)


def test_the_even_map_gets_lighter_in_even_steps() -> None:
    steps = np.diff(lightness(built_in_map("viridis").table)[::15])
    assert steps.min() > 0.6 * steps.mean()
    assert steps.max() < 1.5 * steps.mean()


def test_every_map_has_its_own_256_colours_and_grey_is_grey() -> None:
    maps = built_in_maps()
    assert len({one.id for one in maps}) == len({one.entries for one in maps}) == 8
    assert np.array_equal(built_in_map(GREY).table[:, 0], np.arange(256))
    assert np.array_equal(built_in_map(INVERTED_GREY).table[::-1], built_in_map(GREY).table)
    assert [default_map_id("PT", inverted) for inverted in (False, True)] == [INVERTED_GREY, GREY]
    assert default_map_id("CT", False) == GREY


@pytest.mark.parametrize("size", [(8, 8), (400, 400)])
def test_a_picture_is_drawn_in_the_colours_of_its_display_values(size) -> None:
    values = np.random.default_rng(1).integers(-200, 400, size).astype(np.int16)
    table = built_in_map("hot-iron").table
    sample = SampledSlice(values, np.ones(size, np.bool_))
    window = Window(100, 300, "LINEAR_EXACT")
    drawn = compose_screen(sample, window, colour_map=table)
    grey = compose_screen(sample, window)[..., 0]
    assert np.array_equal(drawn[..., 2::-1], table[grey])
    turned = compose_screen(sample, window, inverted=True, colour_map=table)
    assert np.array_equal(turned[..., 2::-1], table[255 - grey])


# ---------------------------------------------------------------------- fusion


def field(points: np.ndarray) -> np.ndarray:
    """A value that grows in straight lines, so that every interpolation must give it exactly."""
    return 5.0 + points @ [0.31, -0.17, 0.23]


def volume_of_field(geometry: Geometry) -> Volume:
    k, j, i = np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij")
    values = field(geometry.voxel_to_patient(np.stack([k, j, i], axis=-1)))
    return Volume(values.astype(np.float32), ModalityTransform(), geometry)


def turned_directions(degrees: float) -> tuple[np.ndarray, np.ndarray]:
    a = np.radians(degrees)
    return np.array([np.cos(a), np.sin(a), 0.0]), np.array([-np.sin(a) * 0.8, np.cos(a) * 0.8, 0.6])


GRIDS = {
    "plain": Geometry.from_directions((20, 30, 28), (-55, -58, -40), (1, 0, 0), (0, 1, 0), (3.3, 4.1, 4.1), "1"),
    "from behind": Geometry.from_directions((20, 30, 28), (55, -58, 40), (-1, 0, 0), (0, 1, 0), (3.3, 4.1, 4.1), "1"),
    "coronal": Geometry.from_directions((30, 20, 28), (-55, -60, 30), (1, 0, 0), (0, 0, -1), (4.0, 3.3, 4.1), "1"),
    "oblique": Geometry.from_directions((24, 30, 28), (-40, -50, -40), *turned_directions(20), (3.3, 4.1, 4.1), "1"),
    "tilted": Geometry(
        (20, 30, 28),
        np.array([[4.1, 0, 0, -55], [0, 4.1, 1.2, -70], [0, 0, 3.3, -40], [0, 0, 0, 1.0]]),
        "1",
    ),
    "uneven": Geometry(
        (20, 30, 28),
        np.array([[4.1, 0, 0, -55], [0, 4.1, 0, -58], [0, 0, 3.3, -40], [0, 0, 0, 1.0]]),
        "1",
        np.array([(-55.0, -58.0, -40.0 + 3.3 * k + 0.3 * (k % 3)) for k in range(20)]),
    ),
}
BELOW = Geometry.from_directions((30, 64, 60), (-40, -42, -30), (1, 0, 0), (0, 1, 0), (2.0, 1.3, 1.3), "1")


@pytest.mark.parametrize("kind", ["acquired", "axial", "coronal", "sagittal"])
@pytest.mark.parametrize("name", GRIDS)
def test_each_pixel_on_top_has_the_value_of_its_place(name, kind) -> None:
    volume = volume_of_field(GRIDS[name])
    plane = plane_of_slice(BELOW, 14) if kind == "acquired" else anatomical_plane(BELOW, kind, 1.7)
    screen_to_slice = np.array([[0.0, -0.31, 50.0], [0.29, 0.0, 3.0]])  # a quarter turn, magnified
    size = (140, 150)
    piece, matrix = cut_over(volume, plane, screen_to_slice, size)
    values, inside = sample_region(piece.values, matrix, size)
    y, x = np.mgrid[: size[0], : size[1]]
    pixels = np.stack([x, y, np.ones(size)], axis=-1) @ screen_to_slice.T
    places = plane.plane_to_patient(pixels)
    voxels = GRIDS[name].patient_to_voxel(places)
    well_inside = np.all((voxels > 0.6) & (voxels < np.array(GRIDS[name].shape) - 1.6), axis=-1)
    assert well_inside.sum() > 2000
    assert inside[well_inside].all()
    # OpenCV places its samples to 1/32 px: an error of up to 1/64 px of 4.1 mm along each axis.
    assert np.abs(values - field(places))[well_inside].max() < 4.1 / 64 * (0.31 + 0.23)
    outside = np.any((voxels < -1.6) | (voxels > np.array(GRIDS[name].shape) + 0.6), axis=-1)
    covered, _ = sample_region(piece.coverage, matrix, size, nearest=True)
    assert not (inside & covered)[outside].any()


def test_along_its_own_grid_it_is_the_trilinear_mix_of_its_voxels() -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    geometry = GRIDS["plain"]
    values = np.random.default_rng(3).normal(size=geometry.shape).astype(np.float32)
    volume = Volume(values, ModalityTransform(), geometry)
    plane = plane_of_slice(BELOW, 17)
    matrix = np.array([[0.2, 0.0, 12.0], [0.0, 0.2, 15.0]])
    piece, own = cut_over(volume, plane, matrix, (150, 160))
    drawn, _ = sample_region(piece.values, own, (150, 160))
    y, x = np.mgrid[:150, :160]
    places = plane.plane_to_patient(np.stack([x, y, np.ones_like(x)], axis=-1) @ matrix.T)
    expected = ndimage.map_coordinates(values, np.moveaxis(geometry.patient_to_voxel(places), -1, 0), order=1)
    assert np.abs(drawn - expected).max() < 4.5 / 32  # weights in steps of 1/32, of values that differ by up to 6
    assert np.abs(drawn - expected).mean() < 0.01
    assert expected.std() > 0.3


def test_a_volume_beside_the_plane_gives_nothing_and_a_shift_brings_it_there() -> None:
    far = volume_of_field(placed(GRIDS["plain"], by_hand((0, 0, 300.0))))
    plane = plane_of_slice(BELOW, 14)
    matrix = np.array([[0.5, 0.0, 0.0], [0.0, 0.5, 0.0]])
    assert cut_over(far, plane, matrix, (60, 60)) is None
    piece, _ = cut_over(far, plane, matrix, (60, 60), by_hand((0, 0, -300.0)))
    assert piece.coverage.all()
    with pytest.raises(ValueError, match="geometry"):
        cut_over(Volume(np.zeros((2, 4, 4), np.int16), ModalityTransform()), plane, matrix, (60, 60))


def fused(shares: np.ndarray, region=None, padding=None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    size = (40, 50)
    below = np.random.default_rng(5).integers(0, 256, size).astype(np.uint8)
    above = np.random.default_rng(6).integers(0, 256, size).astype(np.uint8)
    everywhere = np.ones(size, np.bool_)
    on_top = FusedSample(
        SampledSlice(above, everywhere, padding=padding),
        Window(127.5, 255, "LINEAR_EXACT"),
        built_in_map("hot-iron").table,
        shares,
        region,
    )
    picture = compose_screen(SampledSlice(below, everywhere), Window(127.5, 255, "LINEAR_EXACT"), fused=on_top)
    return picture[..., 2::-1].astype(float), below[..., None].astype(float), above


def test_two_series_are_mixed_by_the_share_of_the_upper_one() -> None:
    table = built_in_map("hot-iron").table
    picture, below, above = fused(np.full(256, 0.3))
    assert np.abs(picture - (0.7 * below + 0.3 * table[above])).max() <= 1
    shares = np.linspace(0, 0.8, 256)
    picture, below, above = fused(shares)
    share = shares[above][..., None]
    assert np.abs(picture - ((1 - share) * below + share * table[above])).max() <= 2


def test_swipe_checkerboard_and_padding_leave_the_lower_series_untouched() -> None:
    region = swipe_region((40, 50), 10, 100, 0.3)
    assert region.sum(axis=1).tolist() == [30] * 40
    padding = np.zeros((40, 50), np.bool_)
    padding[:5] = True
    picture, below, above = fused(np.ones(256), region, padding)
    kept = ~region | padding
    assert np.array_equal(picture[kept], np.broadcast_to(below, picture.shape)[kept])
    assert np.array_equal(picture[~kept], built_in_map("hot-iron").table[above][~kept])
    squares = checker_region((40, 50), 3, 0, 10)
    assert squares[0, 0]
    assert not squares[7, 0]
    assert not squares[0, 10]
    assert squares[7, 10]
