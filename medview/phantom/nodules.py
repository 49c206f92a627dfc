"""Nodules: where they may lie in the lungs, their shape, and painting them."""

from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt

from medview.phantom.drawing import Array, Grid
from medview.phantom.values import NoduleKind, NodulePlace, NoduleTruth


def place_nodules(
    rng: np.random.Generator,
    image: Array,
    grid: Grid,
    lung_depth: Array,
    depth_grid: Grid,
    vessels: npt.NDArray[np.float32],
    count: int,
    sizes: tuple[float, float],
    inside_distance: float,
) -> tuple[NoduleTruth, ...]:
    """Paint `count` nodules into `image` and return them.

    `lung_depth` is the distance to the border of the lungs on `depth_grid`; nodules keep
    `inside_distance` mm from the ends of the scan.
    """
    found: list[NoduleTruth] = []
    spacing = np.asarray(depth_grid.spacing)
    origin = np.asarray(depth_grid.origin)
    deep = np.argwhere(lung_depth > 0)
    if not len(deep):
        return ()
    low = np.asarray(grid.origin) + inside_distance
    high = np.asarray(grid.origin) + np.asarray(grid.spacing) * (np.asarray(grid.shape) - 1) - inside_distance
    for _ in range(count * 30):
        if len(found) == count:
            break
        diameter = float(np.exp(rng.uniform(math.log(sizes[0]), math.log(sizes[1]))))
        if rng.random() < 0.35:  # small ones are the common ones, and the hard ones
            diameter = float(rng.uniform(sizes[0], min(sizes[1], max(sizes[0], 9.0))))
        radius = diameter / 2
        place: NodulePlace = str(rng.choice(["free", "pleura", "vessel"], p=[0.5, 0.28, 0.22]))  # type: ignore[assignment]
        kind: NoduleKind = str(rng.choice(["solid", "part-solid", "ground-glass"], p=[0.66, 0.17, 0.17]))  # type: ignore[assignment]
        if diameter < 5.5:
            kind = "solid"
        if place == "vessel" and len(vessels):
            row = vessels[rng.integers(len(vessels))]
            center = row[:3] + (row[3:6] - row[:3]) * rng.uniform(0, 1)
            center = center + rng.normal(0, radius * 0.5, 3)
        else:
            index = deep[rng.integers(len(deep))]
            center = origin + spacing * (index + rng.uniform(-0.5, 0.5, 3))
        depth = _sample(lung_depth, depth_grid, center)
        if place == "pleura":
            # Slide along the gradient until the nodule touches the border from inside.
            center = _slide(lung_depth, depth_grid, center, radius * float(rng.uniform(0.35, 0.95)))
            depth = _sample(lung_depth, depth_grid, center)
            if not 0.15 * radius <= depth <= 1.3 * radius + 1:
                continue
        elif depth < radius * 1.05 + 1.5:
            continue
        if (center < low).any() or (center > high).any():
            continue
        point = (float(center[2]), float(center[1]), float(center[0]))
        if any(math.dist(point, f.center) < (diameter + f.diameter) / 2 + 8 for f in found):
            continue
        painted = paint_nodule(rng, image, grid, point, diameter, kind, place)
        if painted is not None:
            found.append(painted)
    return tuple(found)


def paint_nodule(
    rng: np.random.Generator,
    image: Array,
    grid: Grid,
    center: tuple[float, float, float],
    diameter: float,
    kind: NoduleKind,
    place: NodulePlace,
) -> NoduleTruth | None:
    """Paint one nodule (in place) and say what was painted; nodules never darken what is there.

    None, with nothing painted, where it would drown in consolidation, a vessel or the chest wall.
    """
    radius = diameter / 2
    stretch = np.exp(rng.normal(0, 0.14, 3))
    stretch /= np.cbrt(stretch.prod())
    turn = _rotation(rng)
    lobes = rng.standard_normal((7, 7, 7)).astype(np.float32)
    rough = float(rng.uniform(0.0, 0.16))
    reach = radius * 1.9 + 3
    boxes, offsets = [], []
    for axis, c in enumerate((center[2], center[1], center[0])):
        a = max(0, int((c - reach - grid.origin[axis]) / grid.spacing[axis]))
        b = min(grid.shape[axis], int((c + reach - grid.origin[axis]) / grid.spacing[axis]) + 2)
        boxes.append(slice(a, b))
        offsets.append(grid.axis(axis)[a:b] - np.float32(c))
    view = image[boxes[0], boxes[1], boxes[2]]
    d = np.stack(np.meshgrid(*offsets, indexing="ij"), -1).astype(np.float32)
    turned = (d @ turn.astype(np.float32)) / (stretch * radius).astype(np.float32)
    rho = np.sqrt((turned**2).sum(-1)) + 1e-4
    bumps = _bumps(lobes, turned / rho[..., None])
    spikes = np.zeros_like(rho)
    if kind != "ground-glass" and diameter > 8 and rng.random() < 0.35:
        for _ in range(int(rng.integers(4, 12))):
            direction = rng.standard_normal(3)
            direction /= np.linalg.norm(direction)
            along = turned @ direction.astype(np.float32)
            across = np.sqrt(np.maximum(rho**2 - along**2, 0))
            length = float(rng.uniform(1.3, 1.8))
            width = np.float32(0.16) * np.clip(1 - along / length, 0, 1)
            spikes = np.maximum(spikes, np.where(along > 0.3, np.clip((width - across) * 8, 0, 1), 0))
    distance = (1 - rho + rough * bumps) * radius
    softness = max(0.7 * float(np.min(grid.spacing)), 0.6)
    if kind == "ground-glass":
        softness = max(softness, 0.25 * radius)
    alpha = np.maximum(np.clip(distance / softness + 0.5, 0, 1), 0.7 * spikes)
    if kind == "solid":
        hu = float(rng.uniform(-40, 120)) if diameter > 5 else float(rng.uniform(-60, 160))
        if rng.random() < 0.12:
            hu = float(rng.uniform(200, 900))  # calcified
        target = np.full_like(alpha, hu)
        if diameter > 14 and rng.random() < 0.2:  # necrotic middle or cavity
            hole = np.clip((float(rng.uniform(0.2, 0.45)) - rho) * radius / softness + 0.5, 0, 1)
            target = target + hole * (float(rng.choice([-850.0, -20.0])) - target)
        if diameter > 10 and rng.random() < 0.25:  # specks of calcium
            target = target + 350 * (bumps * np.sin(5 * turned[..., 0]) > 0.75)
    else:
        hu = float(rng.uniform(-650, -380))
        target = hu + 60 * bumps
        if kind == "part-solid":
            shift = rng.normal(0, 0.18, 3).astype(np.float32)
            core = np.sqrt(((turned - shift) ** 2).sum(-1))
            solid = np.clip((float(rng.uniform(0.35, 0.6)) - core) * radius / softness + 0.5, 0, 1)
            target = target + solid * (float(rng.uniform(-30, 60)) - target)
    change = alpha * np.maximum(target - view, 0)
    inside = alpha > 0.5
    visible = float((change[inside] > 120).mean()) if inside.any() else 0.0
    if visible < (0.4 if place == "pleura" else 0.6):
        return None
    view += change
    return NoduleTruth(center, diameter, kind, place, hu)


def _bumps(lobes: Array, direction: Array) -> Array:
    """Smooth function on the sphere: noise in a cube, read along unit vectors (…, 3)."""
    smooth = np.stack([cv2.GaussianBlur(p, (0, 0), 0.8) for p in lobes]) * 2.2
    p = (direction * 0.5 + 0.5) * (np.float32(smooth.shape[0]) - 1.001)
    i = np.floor(p).astype(int)
    f = (p - i).astype(np.float32)
    out = np.zeros(direction.shape[:-1], np.float32)
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod([f[..., a] if corner[a] else 1 - f[..., a] for a in range(3)], axis=0)
        out += weight * smooth[i[..., 0] + corner[0], i[..., 1] + corner[1], i[..., 2] + corner[2]]
    return out


def _rotation(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    q, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    return np.asarray(q)


def _sample(field: Array, grid: Grid, point: npt.NDArray[np.float64]) -> float:
    index = np.round((point - np.asarray(grid.origin)) / np.asarray(grid.spacing)).astype(int)
    if (index < 0).any() or (index >= np.asarray(grid.shape)).any():
        return -99.0
    return float(field[tuple(index)])


def _slide(field: Array, grid: Grid, point: npt.NDArray[np.float64], depth: float) -> npt.NDArray[np.float64]:
    """Move a point along the gradient of a depth field until it lies at `depth` mm."""
    step = np.asarray(grid.spacing)
    for _ in range(40):
        here = _sample(field, grid, point)
        if abs(here - depth) < 0.6:
            break
        slope = np.asarray(
            [
                _sample(field, grid, point + np.eye(3)[a] * step) - _sample(field, grid, point - np.eye(3)[a] * step)
                for a in range(3)
            ]
        ) / (2 * step)
        length = float(np.linalg.norm(slope))
        if length < 1e-3:
            break
        point = point - slope / length * np.clip(here - depth, -4, 4)
    return point
