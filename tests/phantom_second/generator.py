"""Generator of the second phantom: HU and nodules from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SecondNodule:
    """`center` LPS mm (centroid of its voxels), `diameter` mm of the ball of equal volume."""

    center: tuple[float, float, float]
    diameter: float
    kind: str
    touching: str


@dataclass(frozen=True)
class SecondPhantom:
    """`hu` int16 (k toward the head, j toward the back, i toward the left), `spacing` (dk, dj, di) mm."""

    hu: npt.NDArray[np.int16]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    lungs: npt.NDArray[np.uint8]
    nodules: tuple[SecondNodule, ...]


def second_chest(seed: int, nodules: int | None = None, shape: tuple[int, int, int] | None = None) -> SecondPhantom:
    """The phantom of a seed. `nodules` (3 to 8 unless given) have diameters of 4 to 30 mm."""
    rng = np.random.default_rng([seed, 0x5EC0])
    dz = float(rng.choice([1.25, 1.5, 2.0, 2.5]))
    pixel = float(rng.uniform(0.95, 1.15))
    if shape is None:
        shape = (int(265 / dz), int(340 / pixel), int(340 / pixel))
    spacing = (dz, pixel, pixel)
    origin = tuple(-0.5 * s * (n - 1) for n, s in zip(shape, spacing, strict=True))
    z, y, x = (np.asarray(o + s * np.arange(n), np.float32) for n, s, o in zip(shape, spacing, origin, strict=True))
    hu, lung, depth = _tissues(rng, x, y, z)
    _vessels(rng, hu, lung, depth, spacing)
    found = _nodules(rng, hu, lung, depth, (z, y, x), spacing, nodules or int(rng.integers(3, 9)))
    image = _scanned(rng, hu, pixel)
    return SecondPhantom(image, spacing, (origin[2], origin[1], origin[0]), lung, found)


def _harmonics(rng: np.random.Generator, angle: Floats, height: Floats, strength: float) -> Floats:
    """1 + a few harmonics of the angle whose phase turns slowly with the height."""
    out = np.ones_like(angle)
    for order in range(2, 6):
        amplitude = strength * float(rng.normal()) / order
        out = out + amplitude * np.cos(
            order * angle + float(rng.uniform(0, 6.3)) + height * float(rng.normal(0, 0.006))
        )
    return np.asarray(out, np.float32)


def _tissues(rng: np.random.Generator, x: Floats, y: Floats, z: Floats) -> tuple[Floats, Any, Floats]:
    """HU without vessels, lung labels (1 right, 2 left) and mm from the lungs' border (in-plane, signed)."""
    shape = (len(z), len(y), len(x))
    hu = np.full(shape, -1000, np.float32)
    lung = np.zeros(shape, np.uint8)
    depth = np.full(shape, -99, np.float32)
    yy, xx = np.meshgrid(y, x, indexing="ij")
    height = float(rng.uniform(205, 250))
    bottom = float(rng.uniform(-95, -70))
    half = (float(rng.uniform(150, 172)), float(rng.uniform(105, 125)))
    body_angle = np.arctan2(yy / half[1], xx / half[0]).astype(np.float32)
    body_rng = np.random.default_rng(int(rng.integers(1 << 30)))
    side_rngs = [int(s) for s in rng.integers(1 << 30, size=2)]
    blood = 45 + float(rng.choice([0.0, rng.uniform(80, 300)]))
    air = float(rng.uniform(-900, -800))
    mottle = _cloud(rng, shape, 14)
    rib_pitch = float(rng.uniform(23, 28))
    dome = float(rng.uniform(35, 60))
    heart = [
        (float(rng.normal(22, 8)), float(rng.normal(-22, 8)), float(rng.normal(-40, 8)), float(rng.uniform(28, 44)))
        for _ in range(4)
    ]
    body_state = body_rng.bit_generator.state
    for k, zk in enumerate(z):
        body_rng.bit_generator.state = body_state
        wave = _harmonics(body_rng, body_angle, np.float32(zk), 0.02)
        body = (wave - np.hypot(xx / half[0], yy / half[1])) * min(half)
        plane = hu[k]
        plane[body > 0] = -95
        plane[(body > 0) & (body < 2.2)] = 20
        plane[body > 16] = 50 + 8 * mottle[k][body > 16]
        for side, number in ((-1, 1), (1, 2)):
            side_rng = np.random.default_rng(side_rngs[number - 1])
            along = (zk - bottom) / height
            if not -0.25 < along < 1:
                continue
            width = float(np.sqrt(np.clip(1 - max(along, 0) ** 3.2, 0, 1)))
            cx, cy = side * (71 - 14 * max(along, 0) ** 2), 4 + 14 * max(along, 0)
            a, b = 56 * width + 1e-3, 84 * width + 1e-3
            angle = np.arctan2((yy - cy) / b, (xx - cx) / a).astype(np.float32)
            rim = _harmonics(side_rng, angle, np.float32(zk), 0.05)
            # Toward the middle the border is flattened by what lies there.
            rim = rim * (1 - 0.16 * np.clip(-side * np.cos(angle), 0, 1) ** 2)
            rho = np.hypot((xx - cx) / a, (yy - cy) / b)
            inside = (rim - rho) * min(a, b)
            lift = zk - (bottom + dome * (1 - ((xx - cx) / 62) ** 2 - ((yy - cy) / 90) ** 2))
            inside = np.minimum(inside, 0.8 * lift)
            for hx, hy, hz, hr in heart:
                inside = np.minimum(inside, np.sqrt((xx - hx) ** 2 + (yy - hy) ** 2 + 0.7 * (zk - hz) ** 2) - hr - 3)
            inside = np.asarray(np.minimum(inside, np.hypot(xx, yy - 62) - 24), np.float32)
            mine = np.clip(inside / 1.2 + 0.5, 0, 1)
            gradient = 45 * np.clip(yy / 90, -1, 1)
            plane += mine * (air + gradient + 9 * mottle[k] - plane)
            lung[k][inside > 0] = number
            depth[k] = np.maximum(depth[k], inside)
            # Ribs: beads on a ring outside the lung that climb around the chest.
            ring = (1 + 9 / max(min(a, b), 12) - rho / np.maximum(rim, 0.3)) * min(a, b)
            turn = side * np.cos(angle)
            beat = (zk + 34 * np.cos(angle - (np.pi / 2))) / rib_pitch
            bead = np.abs(beat - np.round(beat)) * rib_pitch
            rib = (np.abs(ring) < 3.2) & (bead < 5.5) & (turn > -0.35) & (lift > -30) & (body > 5)
            plane[rib] = np.where(np.abs(ring) < 1.6, 230, 620)[rib] if zk > bottom - 25 else plane[rib]
        for hx, hy, hz, hr in heart:
            ball = hr - np.sqrt((xx - hx) ** 2 + (yy - hy) ** 2 + 0.7 * (zk - hz) ** 2)
            plane[ball > 0] = 50
            plane[ball > 7] = blood
        vertebra = np.hypot(xx / 1.15, yy - 62)
        plane[vertebra < 18] = 190 + 30 * mottle[k][vertebra < 18]
        plane[(vertebra < 18) & (vertebra > 16)] = 560
        plane[np.hypot(xx, yy - 92) < 9] = 35
        plane[np.hypot(xx - 22, yy - 44) < 12] = blood
        if zk > 10:
            plane[np.hypot(xx + 2, yy - 10) < 10.5] = 40
            plane[np.hypot(xx + 2, yy - 10) < 9] = -1000
            plane[np.hypot(xx - 8, yy + 22 - 0.3 * (zk - 10)) < 13] = blood
        elif zk > -8:
            for side in (-1, 1):
                tube = np.hypot(xx - side * (8 + 1.6 * (10 - zk)), yy - 14)
                plane[tube < 8.5] = 30
                plane[tube < 7] = -1000
        table = (np.abs(yy - 128 + 0.0004 * xx**2) < 1.5) & (np.abs(xx) < 160)
        plane[table] = 60
    return hu, lung, depth


def _cloud(rng: np.random.Generator, shape: tuple[int, int, int], cells: int) -> Floats:
    """Smooth noise: random values on a small lattice, enlarged."""
    small = rng.standard_normal((max(3, shape[0] // cells + 2), shape[1] // cells + 2, shape[2] // cells + 2))
    planes = [cv2.resize(p.astype(np.float32), (shape[2], shape[1]), interpolation=cv2.INTER_CUBIC) for p in small]
    where = np.linspace(0, len(planes) - 1.001, shape[0])
    return np.stack(
        [planes[int(w)] * np.float32(1 - w % 1) + planes[int(w) + 1] * np.float32(w % 1) for w in where]
    ) * np.float32(1.4)


def _vessels(
    rng: np.random.Generator, hu: Floats, lung: Any, depth: Floats, spacing: tuple[float, float, float]
) -> None:
    """Random walkers that start at the hilum and split, and ridges of noise for the smallest ones."""
    shape = np.asarray(hu.shape)
    mm = np.asarray(spacing)
    blood = float(rng.uniform(20, 180))
    for side in (-1, 1):
        start = shape / 2 + np.array([rng.normal(-8, 4), rng.normal(8, 4), side * 34]) / mm
        walkers = []
        for _ in range(int(rng.integers(14, 22))):
            direction = rng.normal(0, 1, 3) + np.array([0, 0, side * 1.1])
            walkers.append(
                (start + rng.normal(0, 3, 3) / mm, direction / np.linalg.norm(direction), float(rng.uniform(2.4, 4.6)))
            )
        steps = 0
        while walkers and steps < 14000:
            place, direction, radius = walkers.pop(0)
            while radius > 0.45 and steps < 14000:
                steps += 1
                direction = direction + rng.normal(0, 0.16, 3)
                direction /= np.linalg.norm(direction)
                place = place + direction * max(1.0, 0.7 * radius) / mm
                index = np.round(place).astype(int)
                if (index < 2).any() or (index >= shape - 2).any() or depth[tuple(index)] < -6:
                    break
                _ball(hu, place, radius, mm, blood)
                radius *= 0.982
                if rng.random() < 0.07:
                    fork = direction + rng.normal(0, 0.75, 3)
                    walkers.append((place, fork / np.linalg.norm(fork), radius * float(rng.uniform(0.5, 0.85))))
    ridges = np.hypot(_cloud(rng, hu.shape, 9), _cloud(rng, hu.shape, 9))
    thread = np.clip(1 - ridges / 0.10, 0, 1) * (depth > 3)
    hu += thread * np.maximum(float(rng.uniform(-450, -150)) - hu, 0)


def _ball(hu: Floats, place: Any, radius: float, mm: Any, value: float) -> None:
    """Raise a small ball to `value` with an edge of a voxel."""
    low = np.maximum(np.floor(place - (radius + 1) / mm).astype(int), 0)
    high = np.minimum(np.ceil(place + (radius + 1) / mm).astype(int) + 1, hu.shape)
    axes = [(np.arange(a, b) - p) * m for a, b, p, m in zip(low, high, place, mm, strict=True)]
    distance = np.sqrt(axes[0][:, None, None] ** 2 + axes[1][None, :, None] ** 2 + axes[2][None, None, :] ** 2)
    share = np.clip(radius - distance + 0.5, 0, 1) * min(1.0, radius)
    view = hu[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    view += (share * np.maximum(value - view, 0)).astype(np.float32)


def _nodules(
    rng: np.random.Generator,
    hu: Floats,
    lung: Any,
    depth: Floats,
    axes: tuple[Floats, Floats, Floats],
    spacing: tuple[float, float, float],
    count: int,
) -> tuple[SecondNodule, ...]:
    """Clumps of balls, cut stones and hazy patches, in air-filled lung."""
    found: list[SecondNodule] = []
    candidates = np.argwhere(depth[::2, ::3, ::3] > 2.5) * (2, 3, 3)
    volume = float(np.prod(spacing))
    for _ in range(60 * count):
        if len(found) == count or not len(candidates):
            break
        radius = float(np.exp(rng.uniform(np.log(4.2), np.log(29)))) / 2
        at = candidates[rng.integers(len(candidates))]
        room = float(depth[tuple(at)])
        touching = "pleura" if room < radius else "none"
        if room < 0.35 * radius or (touching == "pleura" and rng.random() < 0.35):
            continue
        center = np.array([a[i] for a, i in zip(axes, at, strict=True)])
        low = [max(0, int(i - (1.7 * radius + 3) / s)) for i, s in zip(at, spacing, strict=True)]
        high = [min(n, int(i + (1.7 * radius + 3) / s) + 2) for i, s, n in zip(at, spacing, hu.shape, strict=True)]
        if any(a == 0 or b == n for a, b, n in zip(low[:1], high[:1], hu.shape[:1], strict=True)):
            continue
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        d = [a[b] - c for a, b, c in zip(axes, box, center, strict=True)]
        dz, dy, dx = d[0][:, None, None], d[1][None, :, None], d[2][None, None, :]
        if rng.random() < 0.5:  # a clump of balls
            field = np.zeros((len(d[0]), len(d[1]), len(d[2])), np.float32)
            for _ in range(int(rng.integers(2, 7))):
                o = rng.normal(0, 0.33 * radius, 3)
                field += np.exp(-((dz - o[0]) ** 2 + (dy - o[1]) ** 2 + (dx - o[2]) ** 2) / (0.5 * radius**2))
            share = np.clip((field - 0.5 * float(field.max()) * 0.7) * 2.2 * radius / 1.2 + 0.5, 0, 1)
        else:  # a stone cut by planes
            field = np.full((len(d[0]), len(d[1]), len(d[2])), 99, np.float32)
            for _ in range(int(rng.integers(7, 16))):
                n = rng.standard_normal(3)
                n /= np.linalg.norm(n)
                field = np.minimum(field, radius * float(rng.uniform(0.8, 1.1)) - (n[0] * dz + n[1] * dy + n[2] * dx))
            field = np.minimum(field, 1.35 * radius - np.sqrt(dz**2 + dy**2 + dx**2))
            share = np.clip(field / 1.2 + 0.5, 0, 1)
        share = share * np.clip(depth[box] / 1.2 + 0.5, 0, 1)  # the part beyond the pleura is chest wall
        measured = 2 * (3 * float(share.sum()) * volume / (4 * np.pi)) ** (1 / 3)
        view = hu[box]
        if not 4.0 <= measured <= 30.0 or float((view * share).sum() / share.sum()) > -520:
            continue
        kind = (
            str(rng.choice(["solid", "ground-glass", "part-solid"], p=[0.7, 0.15, 0.15])) if measured > 6 else "solid"
        )
        value = np.full(share.shape, float(rng.uniform(-30, 110)), np.float32)
        if kind != "solid":
            value[:] = float(rng.uniform(-620, -400))
            if kind == "part-solid":
                value[share * np.exp(-(dz**2 + dy**2 + dx**2) / (0.3 * radius**2)) > 0.5] = 20
            share = np.stack([cv2.GaussianBlur(p.astype(np.float32), (0, 0), 1.1) for p in share])
        weights = share / share.sum()
        middle = (
            float((weights * dz).sum() + center[0]),
            float((weights * dy).sum() + center[1]),
            float((weights * dx).sum() + center[2]),
        )
        point = (middle[2], middle[1], middle[0])
        if any(np.linalg.norm(np.subtract(point, f.center)) < (measured + f.diameter) / 2 + 6 for f in found):
            continue
        view += share * np.maximum(value - view, 0)
        found.append(SecondNodule(point, measured, kind, touching))
    return tuple(found)


def _scanned(rng: np.random.Generator, hu: Floats, pixel: float) -> npt.NDArray[np.int16]:
    """Blur, noise with the rising-then-falling spectrum of back projection, streaks between dense parts."""
    blur = float(rng.uniform(0.5, 1.0)) / pixel
    level = float(np.exp(rng.uniform(np.log(8), np.log(45))))
    cutoff = float(rng.uniform(0.12, 0.3))
    fy = np.fft.fftfreq(hu.shape[1])[:, None]
    fx = np.fft.rfftfreq(hu.shape[2])[None, :]
    f = np.hypot(fx, fy)
    spectrum = (np.sqrt(f) * np.exp(-((f / cutoff) ** 2))).astype(np.float32)
    out = np.empty(hu.shape, np.int16)
    streaky = float(rng.uniform(0, 0.8))
    previous: Any = None
    for k, plane in enumerate(hu):
        smooth = cv2.GaussianBlur(plane, (0, 0), blur)
        white = np.fft.rfft2(rng.standard_normal(plane.shape, dtype=np.float32))
        noise = np.fft.irfft2(white * spectrum, s=plane.shape).astype(np.float32)
        noise /= noise.std()
        if previous is not None:  # overlapping slices share some of their noise
            noise = np.float32(0.85) * noise + np.float32(0.5) * previous
        previous = noise
        lines = rng.standard_normal((len(plane), 1)).astype(np.float32)
        lines = cv2.GaussianBlur(lines, (1, 0), 0.1, sigmaY=1.2) if streaky > 0 else lines
        dense = (plane > 150).mean(axis=1, keepdims=True) * 6
        out[k] = np.clip(np.rint(smooth + level * (noise + streaky * lines * dense)), -1024, 3000)
    return out
