"""Airway and lungs of the phantom, with what may ail them."""

from __future__ import annotations

import numpy as np

from medview.phantom.anatomy import Body, Layer, Pick, Variation, to_scanner
from medview.phantom.drawing import Array, smooth_min, smooth_noise, tube_field


def add_airway(
    rng: np.random.Generator,
    body: Body,
    v: Variation,
    frame: tuple[Array, Array, Array],
    gullet: list[tuple[float, float, float]],
) -> Array:
    """Trachea, main bronchi and air in the gullet (late layers); returns the lumen's field."""
    x, y, z = frame
    radius = float(v.near(8.6, 0.2))
    shift = v.wide(5)
    neck = [(shift, -2.0, 175.0), (shift, 6.0, 110.0), (shift * 0.6 - 2, 13.0, 55.0), (-2.0, 18.0, 6.0)]
    right = [(-2.0, 18.0, 6.0), (-20 + v.wide(2), 18.0, -9 + v.wide(3)), (-38.0, 17.0, -26 + v.wide(4))]
    left = [(-2.0, 18.0, 6.0), (16 + v.wide(2), 21.0, -6 + v.wide(3)), (44.0, 24.0, -18 + v.wide(4))]
    lumen = np.maximum(
        tube_field(x, y, z, neck, np.array([1, 1, 1, 1.1]) * radius),
        np.maximum(
            tube_field(x, y, z, right, np.array([0.95, 0.82, 0.66]) * radius),
            tube_field(x, y, z, left, np.array([0.92, 0.72, 0.6]) * radius),
        ),
    )
    wall = float(rng.uniform(1.0, 2.2))
    body.add(Layer(np.asarray(lumen + wall, np.float32), 35.0), late=True)
    body.add(Layer(lumen, -1000.0), late=True)
    if rng.random() < 0.45:
        low = float(rng.uniform(-120, 60))
        bubble = tube_field(x, y, z, gullet, np.full(5, float(rng.uniform(1.5, 6.0))))
        bubble = np.minimum(bubble, float(rng.uniform(8, 45)) - np.abs(z - low))
        body.add(Layer(np.asarray(bubble, np.float32), -950.0), late=True)
    for side, end in (("right", right[-1]), ("left", left[-1])):
        body.bronchus[side] = to_scanner(frame, body.grid, end)
        sign = -1 if side == "right" else 1
        body.hila[side] = to_scanner(frame, body.grid, (sign * 46.0, 8.0, -10.0))
    return lumen


def add_lungs(
    rng: np.random.Generator,
    body: Body,
    pick: Pick,
    frame: tuple[Array, Array, Array],
    lung: Array,
    cage: Array,
    down: np.float32,
    texture: Array,
    broad: Array,
) -> None:
    """Lungs with disease as layers; sets `body.lung` to the field of the aerated or solid lung."""
    x, y, z = frame
    right = body.midline < 0

    def amount(name: str, chance: float) -> float:
        drawn = float(rng.uniform(0.15, 1.0)) if rng.random() < chance else 0.0
        return pick.number(name, drawn)

    emphysema = amount("emphysema", 0.18)
    haze = amount("ground_glass", 0.2)
    solid = amount("consolidation", 0.16)
    fluid = amount("effusion", 0.14)
    scars = amount("fibrosis", 0.15)
    # Every draw below happens whatever was chosen, so that seeds stay comparable.
    base = float(rng.uniform(-925, -785))
    gravity = float(rng.uniform(20, 110))
    hu = base + gravity * np.clip(down * y / 90, -1, 1) + float(rng.uniform(4, 14)) * texture
    hu = hu + float(rng.uniform(5, 25)) * broad
    patches = smooth_noise(rng, body.grid, float(rng.uniform(25, 70)))
    fine = smooth_noise(rng, body.grid, float(rng.uniform(8, 16)))
    sides = (right, ~right)
    affected = np.zeros(lung.shape, bool)
    order = rng.permutation(2)
    both = rng.random() < 0.35
    affected |= sides[int(order[0])]
    if both:
        affected |= sides[int(order[1])]

    fluid_height = 0.35 + 0.65 * fluid
    surface = down * y + 0.18 * np.abs(x) - (85 - 120 * (fluid_height - 0.35)) - 0.22 * (cage - 10) + 0.10 * z
    if fluid > 0:
        lake = np.where(affected, -surface * 0.85, 60).astype(np.float32)
        body.add(Layer(lung, float(rng.uniform(-5, 35))))
        lung = smooth_min(lung, lake, 4)
    body.lung = lung

    if haze > 0:
        strength = np.clip((patches - (1.1 - 1.6 * haze)) * 1.5, 0, 1)
        hu = hu + strength * (float(rng.uniform(150, 420)) + 60 * fine)
    hu = np.minimum(hu, -350)
    body.add(Layer(lung, np.asarray(hu, np.float32)))
    if emphysema > 0:
        holes = np.minimum(lung - 1.5, (fine - (1.9 - 1.7 * emphysema)) * 5)
        body.add(Layer(np.asarray(holes, np.float32), float(rng.uniform(-1000, -940)), sharp=2))
        for _ in range(int(rng.integers(0, 4))):
            c = rng.uniform((-90, -60, -40), (90, 60, 110))
            r = float(rng.uniform(6, 28))
            bulla = np.asarray(r - np.sqrt((x - c[0]) ** 2 + (y - c[1]) ** 2 + (z - c[2]) ** 2), np.float32)
            body.add(Layer(np.minimum(bulla, lung - 1), -150.0, sheet=1.0))
            body.add(Layer(np.minimum(bulla - 0.8, lung - 1), -990.0))
    if scars > 0:
        rim = np.clip((6 + 30 * scars - lung) / 6, 0, 1) * np.clip((20 - z) / 40 + patches * 0.5, 0, 1)
        web = np.abs(smooth_noise(rng, body.grid, float(rng.uniform(6, 10))))
        layer = np.minimum((0.22 - web) * 6, lung)
        body.add(
            Layer(
                np.asarray(layer, np.float32),
                float(rng.uniform(-500, -150)),
                sharp=2,
                within=np.asarray((rim - 0.5) * 20, np.float32),
            )
        )
    if solid > 0:
        where = patches + 0.35 * fine + np.where(affected, 0.2, -0.8) + 0.35 * np.clip(down * y / 80, -1, 1)
        lump = np.minimum((where - (2.3 - 1.5 * solid)) * 14, lung + 2)
        body.add(Layer(np.asarray(np.minimum(lump, lung), np.float32), 30 + 15 * fine, sharp=float(rng.uniform(2, 10))))
    # Fissures and a few bands.
    oblique = 0.62 * (y - 5) + 0.78 * (z + 25) + 6 * broad
    fissure = float(rng.uniform(60, 260))
    for surface_field, region in ((oblique, None), (z + 12 + 0.15 * y + 5 * broad, right & (oblique < 0))):
        inside = lung - 0.5 if region is None else np.where(region, lung - 0.5, -10)
        body.add(
            Layer(
                np.asarray(surface_field, np.float32),
                base + fissure + 150,
                sheet=1.0,
                within=np.asarray(inside, np.float32),
                strength=0.7,
            )
        )
    for _ in range(int(rng.integers(0, 4))):
        n = rng.standard_normal(3)
        n /= np.linalg.norm(n)
        c = rng.uniform((-100, -40, -90), (100, 80, 30))
        plane = n[0] * (x - c[0]) + n[1] * (y - c[1]) + n[2] * (z - c[2]) + 3 * texture
        near = float(rng.uniform(8, 30)) - np.sqrt((x - c[0]) ** 2 + (y - c[1]) ** 2 + (z - c[2]) ** 2)
        body.add(
            Layer(
                np.asarray(plane, np.float32),
                -100.0,
                sheet=float(rng.uniform(1, 3)),
                within=np.asarray(np.minimum(near, lung), np.float32),
            )
        )
