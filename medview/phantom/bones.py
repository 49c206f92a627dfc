"""Ribs, spine, sternum, shoulder girdle and arms of the phantom."""

from __future__ import annotations

import numpy as np

from medview.phantom.anatomy import Body, Layer, Variation
from medview.phantom.drawing import (
    Array,
    curve,
    ellipse_field,
    ellipsoid_field,
    smooth_max,
    smooth_noise,
    tube_field,
)


def add_bones(
    rng: np.random.Generator,
    body: Body,
    v: Variation,
    frame: tuple[Array, Array, Array],
    cage: Array,
    outline: Array,
    vertebra: Array,
    sx: Array,
    spine_y: float,
    arms_up: bool,
    stretch: float,
    fat: float,
) -> None:
    """Append the bones' layers. `sx` is x relative to the (curved) spine, the rest as in the body."""
    x, y, z = frame
    marrow = float(rng.uniform(110, 240))
    cortex = float(rng.uniform(450, 850))
    grain = smooth_noise(rng, body.grid, 5)
    pitch = float(v.near(25.5, 0.08)) * stretch

    # Ribs: a sheet outside the cage, cut into slanting bands.
    out = -cage
    turn = np.arctan2(np.abs(x), y - 8)  # 0 at the spine, pi at the sternum
    slant = curve(turn, [0, 0.35, 1.7, 2.5, 3.14], [0, -4, 52, 66, 40])
    phase = float(rng.uniform(0, 1))
    u = (z + slant) / pitch + phase
    dz = (u - np.round(u)) * pitch
    tall = float(v.near(6.3, 0.12))
    flat = float(v.near(3.9, 0.12))
    rib = (1 - np.sqrt((dz / tall) ** 2 + ((out - 4.6) / flat) ** 2)) * flat
    limit = curve(turn, [0, 1.9, 2.6, 3.14], [-260, -215, -150, -105]) * stretch
    present = np.minimum((z - limit) * 0.5, 130 * stretch - z)
    rib = np.asarray(np.minimum(np.minimum(rib, present), outline - 4), np.float32)
    joint = float(v.near(2.35, 0.05))
    bony = np.asarray(np.minimum(rib, (joint - turn) * 90), np.float32)
    cartilage = np.asarray(np.minimum(rib, (turn - joint) * 90), np.float32)
    body.add(Layer(cartilage + 0.8, 95 + 20 * grain))
    if rng.random() < 0.5:  # calcified cartilage of the elderly
        body.add(Layer(np.asarray(np.minimum(cartilage, (grain - 1.0) * 2), np.float32), 450.0))
    body.add(Layer(bony + 0.6, marrow + 60 * grain))
    body.add(Layer(bony, cortex, sheet=1.8))

    # Spine.
    beat = z / (pitch * 0.92) + float(rng.uniform(0, 1))
    part = np.abs(beat - np.round(beat)) * pitch * 0.92  # mm from the middle of a disc
    disc = np.asarray(np.minimum(vertebra - 0.5, float(v.near(3.0, 0.2)) - part), np.float32)
    body.add(Layer(vertebra, marrow + 45 * grain))
    body.add(Layer(vertebra, cortex * 0.8, sheet=1.6))
    body.add(Layer(disc, 85.0))
    body.add(Layer(disc, cortex * 0.7, sheet=1.2))
    canal_y = spine_y + 25
    arch = ellipse_field(sx, y - canal_y, 16, 14)
    process = np.minimum(np.minimum(4.0 - np.abs(sx), y - canal_y - 8), canal_y + 40 - y)
    process = np.minimum(process, pitch * 0.36 - np.abs(part - pitch * 0.46 + 0.25 * (y - canal_y) % pitch * 0))
    wings = np.minimum(34 - np.abs(sx), 5 - np.abs(y - canal_y + 4 - 0.12 * np.abs(sx)))
    wings = np.minimum(wings, part - pitch * 0.25)
    arch = np.maximum(np.maximum(np.minimum(arch, part - 3.0), process), wings)
    arch = np.asarray(np.minimum(arch, outline - 3), np.float32)
    body.add(Layer(arch, marrow + 150 + 50 * grain))
    body.add(Layer(arch, cortex, sheet=1.5))
    body.add(Layer(ellipse_field(sx, y - canal_y + 2, 10.5, 9.5), 28.0))

    # Sternum, clavicles, shoulder blades.
    half = curve(z, [-90, -60, 30, 62], [8, 15, 14, 24])
    sternum = np.minimum(half - np.abs(x), 5.5 - np.abs(out - 6.5))
    sternum = np.minimum(np.minimum(sternum, -y - 20), np.minimum(z + 85, 66 * stretch - z))
    sternum = np.asarray(np.minimum(sternum, outline - 3), np.float32)
    body.add(Layer(sternum, marrow * 0.8 + 30 * grain))
    body.add(Layer(sternum, cortex * 0.8, sheet=1.5))
    lift = float(rng.uniform(20, 55)) if arms_up else float(rng.uniform(0, 25))
    shoulder_x = float(v.near(150, 0.05))
    for side in (-1, 1):
        clavicle = tube_field(
            x,
            y,
            z,
            [
                (side * 20, -42, 68 * stretch),
                (side * 60, -38, 84 * stretch + lift * 0.3),
                (side * 100, -8, 98 * stretch + lift * 0.7),
                (side * (shoulder_x - 10), 22, 98 * stretch + lift),
            ],
            [9, 6, 6, 7],
        )
        body.add(Layer(clavicle, marrow + 100))
        body.add(Layer(clavicle, cortex, sheet=2.0))
        head = np.array([side * shoulder_x, 24 + v.wide(6), 84 * stretch + lift])
        tip = head + np.array((side * 6, -20, 130) if arms_up else (side * 40, 0, -300))
        arm = tube_field(x, y, z, [head, head * 0.5 + tip * 0.5, tip], [50 + fat * 0.4] * 3)
        if arms_up:
            arm = np.asarray(np.minimum(arm, outline + 20), np.float32)
        body.add(Layer(arm, -100.0))
        body.add(Layer(arm, 20.0, sheet=3.0, within=-outline))
        body.add(Layer(np.asarray(arm - 8 - fat * 0.35, np.float32), 50 + 10 * grain))
        bone = smooth_max(
            ellipsoid_field(x, y, z, (float(head[0]), float(head[1]), float(head[2])), (24, 24, 24)),
            tube_field(x, y, z, [head, tip], [14, 11]),
            4,
        )
        body.add(Layer(bone, marrow * 0.6 + 40 * grain))
        body.add(Layer(bone, cortex * 1.3, sheet=3.5))
        # The blade: a thin plate that lies on the cage, thick at its outer border and its spine.
        lean = curve(z, [-60, 90], [8, -14])
        depth = 13 + 0.06 * np.abs(z) + np.maximum(side * x - 70, 0) * 0.28 + lean * 0.2
        plate = 2.0 + 2.2 * np.clip((side * x - 95) / 20, 0, 1) - np.abs(out - depth)
        edge = np.minimum(side * x - 48 + 0.1 * (z - 40), 128 - 0.25 * np.maximum(0, 60 - z) - side * x)
        edge = np.minimum(edge, np.minimum(z + 45 - lift * 0.6, 100 * stretch + lift * 0.5 - z))
        blade = np.asarray(np.minimum(np.minimum(plate, edge), np.minimum(y + 12, outline - 5)), np.float32)
        body.add(Layer(blade, marrow + 280 + 80 * grain))
        spine = tube_field(
            x,
            y,
            z,
            [
                (side * 60, 96, 60 * stretch),
                (side * 100, 84, 76 * stretch),
                (side * (shoulder_x - 4), 40, 100 * stretch + lift),
            ],
            [4, 6, 8],
        )
        body.add(Layer(np.asarray(np.minimum(spine, outline - 4), np.float32), marrow + 200 + 80 * grain))
