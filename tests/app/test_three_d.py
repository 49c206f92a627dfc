"""Volumes in three dimensions against places that are known: every orientation, tilted and uneven stacks, clipping, picking, surfaces."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("vtkmodules", reason="the extra three-d is not installed")

from medview.app import solid_process
from medview.app.oblique import turned_axes
from medview.app.solid_grid import check_solid, grid_of, pieces_of, true_ends, values_of
from medview.app.solid_process import SolidProcess, grid_that_fits
from medview.app.solid_surfaces import SolidLabel, part_of
from medview.app.solid_view import STANDARD_VIEWS, camera_of, turned_axes_of
from medview.app.view_transform import ViewTransform
from medview.core.finding import Segmentation
from medview.core.geometry import Geometry
from medview.core.plane import oblique_plane
from medview.core.problem import MedviewError
from medview.core.scene import Camera, ClipBox, Look, Scene, SurfaceLook, TransferPoint
from medview.core.solid_presets import PRESETS, presets_of
from medview.core.volume import ModalityTransform, SliceState, Volume

pytestmark = [pytest.mark.beside, pytest.mark.timeout(300)]

MARKER = np.array([13.0, -9.0, 17.0])
"""LPS mm: to the left, in front, towards the head of the middle; no two of its distances are alike."""
MARKED = Look((TransferPoint(400, 0.0, (255, 255, 255)), TransferPoint(700, 0.9, (255, 255, 255))), shaded=False)
"""Only the marker is seen."""
PIXEL = 1.0
SIZE = (90, 110)


@pytest.fixture(scope="module")
def process() -> Iterator[SolidProcess]:
    made = SolidProcess()
    yield made
    made.close()


def orientations() -> dict[str, Geometry]:
    """Grids about the origin whose rows, columns and slices run along other axes, one mirrored, one tilted, one uneven."""
    found = {}
    axes = {"L": (1, 0, 0), "R": (-1, 0, 0), "P": (0, 1, 0), "A": (0, -1, 0), "H": (0, 0, 1), "F": (0, 0, -1)}
    for name in ("LPH", "PFR", "LFP", "RAH", "FLA"):
        right, down = np.array(axes[name[0]], float), np.array(axes[name[1]], float)
        found[name] = placed((22, 30, 36), right * 1.5, down * 2.0, np.cross(right, down) * 2.5)
    turned = turned_axes(((1, 0, 0), (0, 1, 0)), rotation((1.0, 2.0, 0.5), 0.5))
    found["oblique"] = placed(
        (22, 30, 36), np.array(turned[0]) * 1.5, np.array(turned[1]) * 2.0, np.cross(*turned) * 2.5
    )
    found["mirrored"] = placed((22, 30, 36), np.array([1.5, 0, 0]), np.array([0, 2.0, 0]), np.array([0, 0, -2.5]))
    found["tilted"] = placed((22, 30, 36), np.array([1.5, 0, 0]), np.array([0, 2.0, 0]), np.array([0, 0.9, 2.5]))
    plain = placed((22, 30, 36), np.array([1.5, 0, 0]), np.array([0, 2.0, 0]), np.array([0, 0, 2.5]))
    depths = np.concatenate([np.arange(11) * 1.9, 11 * 1.9 + np.arange(11) * 2.8])
    origins = np.tile(plain.affine[:3, 3], (22, 1))
    origins[:, 2] = depths - depths.mean()
    found["uneven"] = Geometry(plain.shape, plain.affine, slice_origins=origins)
    return found


def placed(shape: tuple[int, int, int], across: Any, down: Any, on: Any) -> Geometry:
    affine = np.eye(4)
    affine[:3, :3] = np.stack([across, down, on], axis=1)
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    return Geometry(shape, affine)


def rotation(axis: tuple[float, float, float], angle: float) -> Any:
    x, y, z = np.array(axis) / np.linalg.norm(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k)


def marked_volume(geometry: Geometry, radius: float = 5.0) -> Volume:
    """Air with a ball of 900 HU around the marker, soft enough that its middle is found between voxels."""
    kji = np.stack(np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij"), axis=-1)
    far = np.linalg.norm(geometry.voxel_to_patient(kji) - MARKER, axis=-1)
    hu = np.clip(900 * (radius + 1.5 - far) / 3, -1000, 900)
    return Volume(hu.round().astype(np.int16), ModalityTransform(), geometry)


def camera(axes: Any) -> Camera:
    return Camera((1.0, 2.0, -3.0), axes[0], axes[1], PIXEL, SIZE)


def centroid(picture: Any) -> Any:
    bright = picture[..., 0].astype(float) * (picture[..., 0] > 40)
    assert bright.sum() > 0, "something is seen"
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    return np.array([(bright * x).sum(), (bright * y).sum()]) / bright.sum()


@pytest.mark.parametrize("name", list(orientations()))
def test_the_marker_is_where_it_lies_from_every_side(process: SolidProcess, name: str) -> None:
    geometry = orientations()[name]
    process.put_volume(marked_volume(geometry))
    sides = list(STANDARD_VIEWS) if name in {"LPH", "mirrored", "tilted"} else ["front", "left", "feet"]
    for side in sides:
        seen = camera(STANDARD_VIEWS[side])
        picture, _, _ = process.draw(Scene(seen, MARKED))
        assert centroid(picture) == pytest.approx(seen.pixel_of(MARKER)[:2], abs=1.0), (name, side)


def test_front_view_has_the_patient_s_left_at_the_right(process: SolidProcess) -> None:
    process.put_volume(marked_volume(orientations()["LPH"]))
    front, _, _ = process.draw(Scene(camera(STANDARD_VIEWS["front"]), MARKED))
    back, _, _ = process.draw(Scene(camera(STANDARD_VIEWS["back"]), MARKED))
    mirrored, _, _ = process.draw(Scene(replace(camera(STANDARD_VIEWS["front"]), mirrored=True), MARKED))
    middle = (SIZE[1] - 1) / 2
    assert centroid(front)[0] > middle + 8
    assert centroid(back)[0] < middle - 8
    assert centroid(mirrored)[0] == pytest.approx(SIZE[1] - 1 - centroid(front)[0], abs=0.01)
    # A rough picture is of the same place.
    rough, _, _ = process.draw(Scene(camera(STANDARD_VIEWS["front"]), MARKED), 3)
    assert centroid(rough) == pytest.approx(centroid(front), abs=1.5)


def test_the_camera_of_a_viewport_sees_what_its_letters_say() -> None:
    geometry = orientations()["oblique"]
    u, v = turned_axes_of(30, 20)
    plane = oblique_plane(geometry, u, v, 0.0)
    for turns, flipped in ((0, False), (1, False), (2, True), (3, True)):
        transform = ViewTransform.build(
            plane.size,
            (plane.spacing[1], plane.spacing[0]),
            (300.0, 200.0),
            2.0,
            1.3,
            None,
            (4.0, -3.0),
            turns,
            flipped,
        )
        seen = camera_of(plane, transform)
        assert seen.size == (400, 600)
        x, y, _ = plane.patient_to_plane(MARKER)
        on_screen = np.array(transform.image_to_screen(float(x), float(y))) * 2.0 - 0.5
        assert seen.pixel_of(MARKER)[:2] == pytest.approx(on_screen, abs=1e-6)
        assert seen.point_at(*on_screen) == pytest.approx(plane.plane_to_patient((x, y)), abs=1e-6)
        assert (seen.away @ plane.normal) == pytest.approx(1.0), "the eye stays on its side"


def test_azimuth_and_elevation_go_round_the_patient() -> None:
    for angles, side in (((0, 0), "front"), ((90, 0), "left"), ((180, 0), "back"), ((-90, 0), "right")):
        assert np.allclose(turned_axes_of(*angles), STANDARD_VIEWS[side], atol=1e-12)
    assert np.allclose(np.cross(*turned_axes_of(0, 90)), (0, 0, -1)), "from the head"


def test_values_are_those_of_each_slice_and_padding_is_nothing() -> None:
    geometry = placed((3, 4, 5), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), np.array([0, 0, 1.0]))
    stored = np.full((3, 4, 5), 100, np.int16)
    stored[0, 0, 0] = -2000
    transform = ModalityTransform(np.array([1.0, 2.0, 3.0]), np.array([-50.0, 0.0, 7.0]))
    states = np.array([SliceState.LOADED, SliceState.LOADED, SliceState.FAILED], np.uint8)
    volume = Volume(stored, transform, geometry, padding=(-2000, -2000), states=states)
    assert true_ends(volume) == (50, 200)
    assert values_of(volume).ends == (50, 200)
    grid = grid_of(volume, true_ends(volume))
    codes = np.concatenate([piece for _, piece in pieces_of(volume, grid)])
    assert grid.scale == 1.0
    assert codes[0, 0, 0] == 0, "padding"
    assert not codes[2].any(), "a slice that cannot be read"
    assert codes[0, 1, 1] * grid.scale + grid.offset == 50
    assert codes[1, 1, 1] * grid.scale + grid.offset == 200


def test_a_reduced_grid_holds_the_means_where_they_belong() -> None:
    geometry = placed((5, 6, 7), np.array([1.0, 0, 0]), np.array([0, 2.0, 0]), np.array([0, 0, 3.0]))
    stored = np.random.default_rng(1).integers(0, 1000, (5, 6, 7)).astype(np.int16)
    volume = Volume(stored, ModalityTransform(), geometry)
    grid = grid_of(volume, true_ends(volume), largest=200)
    assert grid.step == 2
    assert grid.shape == (3, 3, 4)
    codes = np.concatenate([piece for _, piece in pieces_of(volume, grid)])
    value = codes[1, 2, 1] * grid.scale + grid.offset
    assert value == pytest.approx(stored[2:4, 4:6, 2:4].mean(), abs=0.51)
    at = (np.asarray(grid.affine) @ [1, 2, 1, 1])[:3]
    assert at == pytest.approx(geometry.voxel_to_patient((2.5, 4.5, 2.5)), abs=1e-9)


def test_the_box_cuts_along_the_patient_s_axes_and_clicks_see_through_what_is_cut(process: SolidProcess) -> None:
    geometry = orientations()["oblique"]
    process.put_volume(marked_volume(geometry))
    assert process.grid is not None
    seen = camera(STANDARD_VIEWS["front"])
    whole = Scene(seen, MARKED)
    x, y, _ = seen.pixel_of(MARKER)
    found = process.pick(whole, x, y)
    assert found is not None
    # The look begins at 400 HU, 1.2 mm inside the ball of 5 mm.
    assert found == pytest.approx(MARKER + np.array([0.0, -4.7, 0.0]), abs=1.5)
    low, high = np.array(process.grid.bounds.low), np.array(process.grid.bounds.high)
    for axis in range(3):
        kept, cut = high.copy(), high.copy()
        kept[axis], cut[axis] = MARKER[axis] + 9, MARKER[axis] - 9
        assert process.draw(replace(whole, box=ClipBox(tuple(low), tuple(kept))))[0][..., :3].max() > 100
        gone = replace(whole, box=ClipBox(tuple(low), tuple(cut)))
        assert process.draw(gone)[0][..., :3].max() < 30
        assert process.pick(gone, x, y) is None
    # Half of the ball: the click lands on the cut.
    half = low.copy()
    half[1] = MARKER[1]
    cut_through = process.pick(replace(whole, box=ClipBox(tuple(half), tuple(high))), x, y)
    assert cut_through is not None
    assert cut_through[1] == pytest.approx(MARKER[1], abs=1.0)
    assert process.pick(whole, 2, 2) is None


CENTRE = np.array([4.0, -3.0, 5.0])
"""Of a ball that lies inside every one of the grids."""


def ball(geometry: Geometry, radius: float, centre: Any = MARKER) -> SolidLabel:
    kji = np.stack(np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij"), axis=-1)
    far = np.linalg.norm(geometry.voxel_to_patient(kji) - centre, axis=-1)
    labels = np.where(far <= radius, 3, 0).astype(np.uint8)
    return SolidLabel("ball", Segmentation(labels, geometry, ()), 3, "ball", (90, 200, 120))


@pytest.mark.parametrize("name", ["LPH", "oblique", "mirrored", "tilted", "uneven"])
def test_a_surface_lies_within_half_a_voxel_of_the_ball(process: SolidProcess, name: str) -> None:
    geometry = orientations()[name]
    radius = 12.0
    label = ball(geometry, radius, CENTRE)
    part = part_of(label)
    assert part is not None
    _, volume = process.put_surface("ball", part)
    mesh = process.mesh("ball")
    assert mesh is not None
    points, triangles = mesh
    # The labels stand for voxels whose middles lie inside: the true border is that of the ball, half a voxel either way, and
    # smoothing may add no more than another half, along each of the voxel's sides.
    reach = 0.5 * float(np.linalg.norm(geometry.spacing))
    far = np.linalg.norm(points - CENTRE, axis=1)
    assert np.abs(far - radius).max() < 2 * reach
    assert far.mean() == pytest.approx(radius, abs=0.5 * min(geometry.spacing))
    voxels = (label.segmentation.labels == 3).sum() * abs(np.linalg.det(geometry.affine[:3, :3]))
    assert volume > 0, "the outside is outside"
    assert volume == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.03)
    if name != "uneven":
        assert volume == pytest.approx(voxels, rel=0.01)
    assert points.mean(axis=0) == pytest.approx(CENTRE, abs=0.6)
    assert triangles.max() < len(points)


def test_smoothing_moves_no_point_by_more_than_half_a_voxel() -> None:
    from medview.scene.surfaces import surface_of

    geometry = placed((40, 40, 40), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), np.array([0, 0, 1.0]))
    kji = np.stack(np.meshgrid(*(np.arange(40),) * 3, indexing="ij"), axis=-1) - 19.5
    for radius in (3.0, 8.0, 15.0):
        inside = (np.linalg.norm(kji, axis=-1) <= radius).astype(np.uint8)
        made = surface_of(inside, (0, 0, 0), geometry)
        far = np.linalg.norm(made.points - geometry.voxel_to_patient((19.5, 19.5, 19.5)), axis=1)
        assert np.abs(far - radius).max() < 0.5, radius
        assert made.volume_mm3 == pytest.approx(inside.sum(), rel=0.03)


def test_a_surface_is_drawn_at_its_place_in_its_colour(process: SolidProcess) -> None:
    geometry = orientations()["tilted"]
    process.put_volume(marked_volume(geometry))
    label = ball(geometry, 6.0)
    part = part_of(label)
    assert part is not None
    process.put_surface(label.key, part)
    for side in ("front", "right", "feet"):
        seen = camera(STANDARD_VIEWS[side])
        scene = Scene(seen, MARKED, surfaces=(SurfaceLook(label.key, (0, 255, 0)),), volume=False)
        picture, _, _ = process.draw(scene)
        assert not picture[..., 0].any()
        assert centroid(picture[..., [1, 1, 1]]) == pytest.approx(seen.pixel_of(MARKER)[:2], abs=1.2), side
    half, _, _ = process.draw(replace(scene, surfaces=(SurfaceLook(label.key, (0, 255, 0), 0.5),)))
    assert half[..., 1].max() == pytest.approx(picture[..., 1].max() / 2, abs=2)
    low = ClipBox((-100.0, -100.0, -100.0), (100.0, 100.0, -20.0))
    kept, _, _ = process.draw(replace(scene, box=low))
    gone, _, _ = process.draw(replace(scene, box=low, cut_surfaces=True))
    assert kept[..., 1].any()
    assert not gone[..., 1].any()
    process.drop_surfaces((label.key,))
    assert not process.draw(scene)[0][..., :3].any()


def test_looks_say_what_they_refuse() -> None:
    with pytest.raises(ValueError, match="two points"):
        Look((TransferPoint(1, 0, (0, 0, 0)),))
    with pytest.raises(ValueError, match="larger"):
        ClipBox((0, 0, 0), (1, 0, 1))
    moved = MARKED.windowed(50, 2.0)
    assert moved.ends == (300, 900)
    assert MARKED.denser(2).points[1].opacity == 1.0
    box = ClipBox((0, 0, 0), (10, 10, 10))
    assert box.moved(0, True, 20, box).high[0] == 10
    assert box.moved(0, True, -5, box).high[0] == 1
    assert box.moved(2, False, 4, box).low[2] == 4
    assert presets_of("MR", None)[0].id == "mr"
    assert all(one.relative for one in presets_of("CT", "stored")), "Hounsfield looks need Hounsfield units"
    assert presets_of("CT", "HU")[0].id == "ct-bone"
    for preset in PRESETS.values():
        assert preset.look((0.0, 100.0)).points[0].opacity == 0.0, preset.id


def test_what_cannot_be_drawn_is_refused_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace, numbered_volume

    workspace = make_workspace()
    _, _, stack = make_study(workspace, numbered_volume((3, 4, 5)), axial_geometry((3, 4, 5)))
    check_solid(stack)
    for broken, code in (
        (replace(stack, geometry=None), "solid_no_geometry"),
        (replace(stack, shape=(1, 4, 5)), "solid_single_slice"),
        (replace(stack, components=3), "solid_colour"),
    ):
        with pytest.raises(MedviewError) as caught:
            check_solid(broken)
        assert caught.value.code == code
    volume = marked_volume(orientations()["LPH"])
    monkeypatch.setattr(solid_process, "physical_memory", lambda: 1 << 20)
    with pytest.raises(MedviewError, match="too little memory"):
        grid_that_fits(volume, (0, 1))
    monkeypatch.setattr(solid_process.importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(solid_process.sys, "frozen", False, raising=False)
    with pytest.raises(MedviewError, match="pip install vtk"):
        SolidProcess()
    monkeypatch.setattr(solid_process.sys, "frozen", True, raising=False)
    with pytest.raises(MedviewError, match="medview-3d"):
        SolidProcess()


def test_nothing_but_padding_is_refused() -> None:
    geometry = orientations()["LPH"]
    volume = Volume(np.full(geometry.shape, -2000, np.int16), ModalityTransform(), geometry, padding=(-2000, -2000))
    with pytest.raises(MedviewError) as caught:
        values_of(volume)
    assert caught.value.code == "solid_no_values"


def test_a_picture_that_is_called_off_harms_none_after_it(process: SolidProcess) -> None:
    import threading

    geometry = placed((32, 48, 48), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), np.array([0, 0, 2.0]))
    stored = np.random.default_rng(3).integers(-1000, 1000, geometry.shape).astype(np.int16)
    process.put_volume(Volume(stored, ModalityTransform(), geometry))
    scene = Scene(
        replace(camera(STANDARD_VIEWS["front"]), size=(150, 150), pixel_mm=0.4), PRESETS["ct-lung"].look((0, 1))
    )
    whole, _, stopped = process.draw(scene)
    assert not stopped
    for after in (0.0, 0.03):
        caller = threading.Timer(after, process.hurry)
        caller.start()
        process.draw(scene)
        caller.join()
        again, _, _ = process.draw(scene)
        assert process.is_alive
        assert np.array_equal(again, whole)


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_a_process_that_breaks_down_is_told_as_a_sentence() -> None:
    process = SolidProcess()
    process.put_volume(marked_volume(orientations()["LPH"]))
    os.kill(process.process_id, signal.SIGSEGV)
    with pytest.raises(MedviewError) as caught:
        process.draw(Scene(camera(STANDARD_VIEWS["front"]), MARKED))
    assert caught.value.code == "solid_crashed"
    assert not process.is_alive
    process.close()


def test_without_opengl_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from medview.scene import drawing

    class NoWindow:
        def __getattr__(self, _name: str) -> Any:
            return lambda *_: 0

    monkeypatch.setattr(drawing, "window_kinds", lambda: [NoWindow])
    with pytest.raises(MedviewError) as caught:
        drawing.Stage(lambda: False)
    assert caught.value.code == "solid_no_opengl"
    assert not drawing.is_hardware("OpenGL vendor string: Mesa\nOpenGL renderer string: llvmpipe (LLVM 15, 256 bits)")
    assert drawing.is_hardware("OpenGL renderer string: NVIDIA H100")


def test_a_picture_from_the_command_line(tmp_path: Path) -> None:
    import cv2
    from click.testing import CliRunner

    from medview.cli.render import render_command
    from medview.dicom.write_ct import CtDescription, write_ct_series

    geometry = placed((22, 30, 36), np.array([1.5, 0, 0]), np.array([0, 2.0, 0]), np.array([0, 0, 2.5]))
    volume = marked_volume(geometry)
    described = CtDescription(patient_name="Doe^Jane", patient_id="P-1", uid_seed="three-d")
    origin = tuple(float(one) for one in geometry.affine[:3, 3])
    (tmp_path / "ct").mkdir()
    write_ct_series(tmp_path / "ct", volume.stored, (2.5, 2.0, 1.5), origin, described)  # type: ignore[arg-type]
    target = tmp_path / "out.png"
    asked = [
        str(tmp_path / "ct"),
        "--three-d",
        "ct-bone",
        "--azimuth",
        "90",
        "--size",
        "200",
        "150",
        "--output",
        str(target),
    ]
    done = CliRunner().invoke(render_command, [*asked, "--json"], standalone_mode=False)
    assert done.exception is None, done.exception
    answer = json.loads(done.output)
    assert (answer["three_d"], answer["azimuth"], answer["reduced"]) == ("ct-bone", 90.0, 1)
    picture = cv2.imread(str(target))
    assert picture is not None
    assert picture.shape == (150, 200, 3)
    # From the left side anterior lies at the picture's left, the head is up.
    at = centroid(picture[..., [2, 1, 0]])
    assert at[0] < 95
    assert at[1] < 70
    for wrong in (["--frame", "1"], ["--plane", "axial"], ["--clip", "0", "0", "0", "-1", "1", "1"]):
        with pytest.raises(MedviewError) as caught:
            CliRunner().invoke(render_command, [*asked, *wrong], standalone_mode=False, catch_exceptions=False)
        assert caught.value.code == "bad_use"
    with pytest.raises(MedviewError, match="ct-bone"):
        CliRunner().invoke(
            render_command, [*asked[:1], "--three-d", "bones", "--output", str(target)], standalone_mode=False,
            catch_exceptions=False,
        )  # fmt: skip
