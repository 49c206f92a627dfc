"""Makes a chest phantom: body → layers → vessels, airways, nodules → scanner → HU and truth."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from medview.phantom.anatomy import Body, Layer, draw_body
from medview.phantom.drawing import Array, Grid, paint_tubes, slab
from medview.phantom.nodules import place_nodules
from medview.phantom.scan import acquire
from medview.phantom.trees import grow_tree
from medview.phantom.values import AnatomyChoice, ChestPhantom, ScanChoice

COARSE_MM = 3.4  # fields are computed on voxels up to this size


def make_chest(
    seed: int,
    anatomy: AnatomyChoice | None = None,
    scan: ScanChoice | None = None,
    progress: Callable[[float], None] | None = None,
) -> ChestPhantom:
    """The chest phantom of a seed; equal arguments give equal values.

    `progress` is called with 0…1.
    """
    anatomy = anatomy or AnatomyChoice()
    scan = scan or ScanChoice()
    tell = progress or (lambda _: None)
    body_rng, tree_rng, nodule_rng, scan_rng = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4))
    sub = max(1, round(scan.spacing[0] / 2.5))
    grid, origin = _fine_grid(scan, sub)
    fine_k, fine_j, fine_i = (max(1, int(COARSE_MM / s)) for s in grid.spacing)
    factors = (fine_k, fine_j, fine_i)
    coarse = grid.coarser(factors)
    body = draw_body(body_rng, coarse, anatomy)
    tell(0.25)
    image = np.full(grid.shape, -1000, np.float32)
    _add_table(body_rng, body, coarse)
    _compose(image, body.layers, factors, grid, lambda f: tell(0.25 + 0.3 * f))
    vessels = _grow_and_paint(tree_rng, image, grid, body, anatomy.vessels)
    _compose(image, body.late_layers, factors, grid, lambda _: None)
    tell(0.7)
    count = int(nodule_rng.integers(0, 9)) if anatomy.nodules is None else anatomy.nodules
    found = place_nodules(
        nodule_rng, image, grid, body.lung, coarse, vessels, count, anatomy.nodule_mm, 0.5 * scan.thickness
    )
    tell(0.78)
    shoulder = (body.shoulder_z - origin[0]) / scan.spacing[0]
    hu = acquire(scan_rng, image, scan, sub, shoulder)
    tell(0.95)
    lungs = _lung_labels(body, scan, factors, sub)
    tell(1.0)
    return ChestPhantom(hu, scan.spacing, (origin[2], origin[1], origin[0]), lungs, found, seed)


def _fine_grid(scan: ScanChoice, sub: int) -> tuple[Grid, tuple[float, float, float]]:
    """Grid of the perfect image (sub-slices), and (z, y, x) mm of the scan's first voxel."""
    middle = (scan.center[2], scan.center[1], scan.center[0])
    origin = tuple(m - s * (n - 1) / 2 for m, s, n in zip(middle, scan.spacing, scan.shape, strict=True))
    fine = scan.spacing[0] / sub
    start = (origin[0] - fine * (sub - 1) / 2, origin[1], origin[2])
    grid = Grid((scan.shape[0] * sub, *scan.shape[1:]), (fine, *scan.spacing[1:]), start)
    return grid, origin  # type: ignore[return-value]


def _compose(
    image: Array,
    layers: list[Layer],
    factors: tuple[int, int, int],
    grid: Grid,
    tell: Callable[[float], None],
) -> None:
    """Paint layers over the image (in place), slice by slice."""
    edge = max(0.9 * float(np.mean(grid.spacing[1:])), 0.5)
    for k in range(len(image)):
        position = (k + 0.5) / factors[0] - 0.5
        for layer in layers:
            if layer.corner[0] - 0.5 <= position <= layer.corner[0] + len(layer.distance) - 0.5:
                _paint(image[k], layer, position - layer.corner[0], factors, edge)
        tell((k + 1) / len(image))


def _paint(plane: Array, layer: Layer, position: float, factors: tuple[int, int, int], edge: float) -> None:
    """Paint one slice of a layer over a plane (in place)."""
    flat = slab(layer.distance, position)
    width = max(layer.sharp, edge)
    reach = max(width, layer.sheet)
    box = _box(np.abs(flat) < reach + 4 if layer.sheet else flat > -reach)
    if box is None:
        return
    top, left = (box[0] + layer.corner[1]) * factors[1], (box[2] + layer.corner[2]) * factors[2]
    view = plane[top : top + factors[1] * (box[1] - box[0]), left : left + factors[2] * (box[3] - box[2])]
    if not view.size:
        return

    def fine(field: Array) -> Array:
        return _enlarge(field, box, factors)[: view.shape[0], : view.shape[1]]

    distance = fine(flat)
    if layer.sheet:
        alpha = np.clip((layer.sheet / 2 - np.abs(distance)) / width + 0.5, 0, 1)
        if layer.sheet < width:
            alpha *= min(1.0, layer.sheet / width * 1.5)
    else:
        alpha = np.clip(distance / width + 0.5, 0, 1)
    if layer.within is not None:
        alpha *= np.clip(fine(slab(layer.within, position)) / width + 0.5, 0, 1)
    if layer.strength != 1.0:
        alpha *= np.float32(layer.strength)
    value = np.float32(layer.hu) if isinstance(layer.hu, float) else fine(slab(layer.hu, position))
    view += alpha * (value - view)


def _box(mask: npt.NDArray[np.bool_]) -> tuple[int, int, int, int] | None:
    """Rows and columns (start, stop) of a mask, two voxels wider; None where it is empty."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return None
    columns = np.flatnonzero(mask.any(axis=0))
    return (
        max(0, int(rows[0]) - 2),
        min(mask.shape[0], int(rows[-1]) + 3),
        max(0, int(columns[0]) - 2),
        min(mask.shape[1], int(columns[-1]) + 3),
    )


def _enlarge(flat: Array, box: tuple[int, int, int, int], factors: tuple[int, int, int]) -> Array:
    part = np.ascontiguousarray(flat[box[0] : box[1], box[2] : box[3]])
    if factors[1] == 1 and factors[2] == 1:
        return part
    target = (part.shape[1] * factors[2], part.shape[0] * factors[1])
    return np.asarray(cv2.resize(part, target, interpolation=cv2.INTER_LINEAR), np.float32)


def _add_table(rng: np.random.Generator, body: Body, grid: Grid) -> None:
    """The table below the patient (scanner frame), or none."""
    kind = rng.random()
    outline = body.outline
    down = -1.0 if body.choice.prone else 1.0
    y = grid.axis(1)[None, :, None]
    x = grid.axis(2)[None, None, :]
    z = grid.axis(0)[:, None, None]
    rows = np.flatnonzero((outline > 0).any(axis=(0, 2)))
    bottom = float(grid.axis(1)[rows[-1] if down > 0 else rows[0]]) if len(rows) else 100.0
    gap = float(rng.uniform(-6, 25))
    bend = float(rng.uniform(0.0, 0.0012))
    thick = float(rng.uniform(20, 60))
    hu = float(rng.uniform(-350, 150))
    foam = float(rng.uniform(-990, -850))
    if not (kind < 0.85 if body.choice.table is None else body.choice.table):
        return
    surface = down * (y - bottom) - gap + bend * x**2 + 0 * z
    surface = np.asarray(np.broadcast_to(surface, grid.shape), np.float32)
    wide = np.asarray(np.broadcast_to(float(rng.uniform(190, 260)) - np.abs(x) + 0 * z + 0 * y, grid.shape), np.float32)
    outside = np.asarray(np.minimum(-outline, wide), np.float32)
    mattress = np.minimum(thick / 2 - np.abs(surface - thick / 2), outside)
    body.add(Layer(np.asarray(mattress, np.float32), foam))
    body.add(Layer(surface, hu, sheet=2.5, within=outside))
    body.add(Layer(np.asarray(surface - thick, np.float32), hu + 100, sheet=2.0, within=outside))


def _grow_and_paint(
    rng: np.random.Generator, image: Array, grid: Grid, body: Body, density: float
) -> npt.NDArray[np.float32]:
    """Grow arteries, veins and airways of both lungs into the image; returns the vessels' segments."""
    inside = body.lung > 3.0
    spacing = np.asarray(body.grid.spacing, np.float32)
    origin = np.asarray(body.grid.origin, np.float32)
    finest = float(np.min(grid.spacing))
    kept: list[npt.NDArray[np.float32]] = []
    contrast = body.blood
    for side in ("right", "left"):
        region = inside & ((body.midline < 0) if side == "right" else (body.midline >= 0))
        voxels = np.argwhere(region[::2, ::2, ::2]) * 2
        if len(voxels) < 50 or density <= 0:
            continue
        volume = len(voxels) * 8 * float(spacing.prod()) / 1e6  # litres
        for kind in ("artery", "vein", "airway"):
            per_litre = {"artery": 620, "vein": 480, "airway": 14}[kind] * density * float(rng.uniform(0.7, 1.3))
            if finest > 1.2:
                per_litre *= 0.5 if kind != "airway" else 0.7
            count = max(12, int(per_litre * volume))
            cloud = voxels[rng.integers(len(voxels), size=count)] + rng.uniform(-1, 1, (count, 3))
            points = np.asarray(origin + spacing * cloud, np.float32)
            root = body.bronchus[side] if kind == "airway" else body.hila[side]
            if kind == "vein":
                root = root + np.array([-18, 4, 0], np.float32)
            leaf = float(rng.uniform(0.36, 0.52)) if kind != "airway" else float(rng.uniform(0.9, 1.2))
            if finest > 1.2:
                leaf *= 1.2
            segments = grow_tree(rng, root, points, leaf, 7.5 if kind != "airway" else 5.5)
            segments = segments[_belongs(segments, root, body)]
            if kind == "airway":
                _paint_airways(rng, image, grid, segments, kept, contrast)
                continue
            hu = np.full(len(segments), contrast if kind == "artery" else body.vein_blood, np.float32)
            hu += rng.normal(0, 12, len(segments)).astype(np.float32)
            paint_tubes(image, grid, segments, hu, 0.6)
            kept.append(segments[segments[:, 6] > 0.8])
    return np.concatenate(kept) if kept else np.zeros((0, 8), np.float32)


def _belongs(segments: npt.NDArray[np.float32], root: npt.NDArray[np.float32], body: Body) -> npt.NDArray[np.bool_]:
    """Which segments lie in the lung or near the hilum; a shortcut through the heart does not."""
    index = np.round((segments[:, 3:6] - np.asarray(body.grid.origin)) / np.asarray(body.grid.spacing))
    k, j, i = np.clip(index, 0, np.asarray(body.grid.shape) - 1).astype(int).T
    near = np.linalg.norm(segments[:, 3:6] - root, axis=1) < 28
    return np.asarray((body.lung[k, j, i] > -1.0) | near)


def _paint_airways(
    rng: np.random.Generator,
    image: Array,
    grid: Grid,
    segments: npt.NDArray[np.float32],
    kept: list[npt.NDArray[np.float32]],
    blood: float,
) -> None:
    """Airways with walls, each with an artery beside it."""
    aside = rng.standard_normal(3).astype(np.float32)
    aside /= np.linalg.norm(aside)
    artery = segments.copy()
    artery[:, :3] += aside * (2.1 * segments[:, 6:7] + 0.8)
    artery[:, 3:6] += aside * (2.1 * segments[:, 7:8] + 0.8)
    artery[:, 6:] *= np.float32(rng.uniform(0.8, 1.1))
    paint_tubes(image, grid, artery, np.full(len(artery), blood, np.float32), 0.6)
    kept.append(artery[artery[:, 6] > 0.8])
    wall = segments.copy()
    wall[:, 6:] = wall[:, 6:] * np.float32(rng.uniform(1.08, 1.25)) + np.float32(rng.uniform(0.2, 0.6))
    paint_tubes(image, grid, wall, np.full(len(wall), rng.uniform(-350, 0), np.float32), 0.6)
    open_part = segments[segments[:, 6] > 0.9]
    paint_tubes(image, grid, open_part, np.full(len(open_part), -980, np.float32), 0.6)


def _lung_labels(body: Body, scan: ScanChoice, factors: tuple[int, int, int], sub: int) -> npt.NDArray[np.uint8]:
    """Labels 1 (right) and 2 (left) on the scan's grid."""
    out = np.zeros(scan.shape, np.uint8)
    rows, columns = scan.shape[1:]
    size = (body.grid.shape[2] * factors[2], body.grid.shape[1] * factors[1])
    for k in range(scan.shape[0]):
        position = (k * sub + (sub - 1) / 2 + 0.5) / factors[0] - 0.5
        depth = slab(body.lung, position)
        if float(depth.max()) <= 0:
            continue
        fine = cv2.resize(depth, size, interpolation=cv2.INTER_LINEAR)[:rows, :columns]
        side = cv2.resize(slab(body.midline, position), size, interpolation=cv2.INTER_LINEAR)[:rows, :columns]
        out[k] = np.where(fine > 0, np.where(side < 0, 1, 2), 0)
    return out
