"""The body of the phantom: organs as fields, drawn from a seed.

All numbers are millimetres in a body frame: x to the left, y to the back, z to the head, origin in
the middle of the chest at the height of the carina. A rotation, a scale and a smooth deformation
carry the body frame into the scanner's.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from medview.phantom.drawing import (
    Array,
    Grid,
    curve,
    ellipse_field,
    ellipsoid_field,
    smooth_max,
    smooth_min,
    smooth_noise,
    true_distance,
    tube_field,
)
from medview.phantom.values import AnatomyChoice


@dataclass(frozen=True)
class Layer:
    """A field (k, j, i) in mm, and the HU that it paints where it is positive.

    `sheet` paints a thin sheet at the zero of the field instead, `sheet` mm thick. `sharp` is the
    width of the edge in mm (0: as sharp as the grid allows).
    """

    distance: Array
    hu: float | Array
    sharp: float = 0.0
    sheet: float = 0.0
    within: Array | None = None
    strength: float = 1.0
    corner: tuple[int, int, int] = (0, 0, 0)  # where the arrays begin on the body's grid

    def trimmed(self) -> Layer | None:
        """The layer cut to the box in which it paints anything; None where it paints nothing."""
        reach = max(self.sharp, self.sheet, 1.0) + 2.0
        near = np.abs(self.distance) < reach + 4 if self.sheet else self.distance > -reach
        if self.within is not None:
            near &= self.within > -reach
        box = []
        for axis in range(3):
            hit = np.flatnonzero(near.any(axis=tuple(a for a in range(3) if a != axis)))
            if not len(hit):
                return None
            box.append(slice(max(0, int(hit[0]) - 2), min(near.shape[axis], int(hit[-1]) + 3)))
        cut = (box[0], box[1], box[2])
        return replace(
            self,
            distance=self.distance[cut].copy(),
            hu=self.hu if isinstance(self.hu, float) else self.hu[cut].astype(np.float32),
            within=None if self.within is None else self.within[cut].copy(),
            corner=(box[0].start, box[1].start, box[2].start),
        )


@dataclass
class Body:
    """The drawn body on a coarse grid: layers in painting order, and what trees and nodules need."""

    grid: Grid
    layers: list[Layer] = field(default_factory=list)
    # Painted over the lungs after vessels: trachea, bronchi, effusion …
    late_layers: list[Layer] = field(default_factory=list)
    lung: Array = field(default_factory=lambda: np.zeros((1, 1, 1), np.float32))
    midline: Array = field(default_factory=lambda: np.zeros((1, 1, 1), np.float32))
    hila: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    bronchus: dict[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    blood: float = 45.0
    vein_blood: float = 45.0
    choice: AnatomyChoice = field(default_factory=AnatomyChoice)
    shoulder_z: float = 100.0
    outline: Array = field(default_factory=lambda: np.zeros((1, 1, 1), np.float32))

    def add(self, layer: Layer, late: bool = False) -> None:
        """Append a layer, cut to where it paints."""
        cut = layer.trimmed()
        if cut is not None:
            (self.late_layers if late else self.layers).append(cut)


def draw_body(rng: np.random.Generator, grid: Grid, choice: AnatomyChoice) -> Body:
    """Draw a body; `grid` is the coarse grid on which its fields live."""
    body = Body(grid)
    pick = Pick(choice)
    size = pick.number("size", np.clip(rng.normal(1.0, 0.09), 0.78, 1.25))
    raised = rng.random() < 0.8
    up = bool(raised) if choice.arms is None else choice.arms == "up"
    fat = pick.number("fat_mm", np.clip(rng.gamma(2.2, 8.0), 3, 60))
    contrast = pick.number("contrast", rng.choice([0.0, rng.uniform(40, 350)], p=[0.45, 0.55]))
    breasts = pick.flag("breasts", rng.random() < 0.5)
    prone = pick.flag("prone", rng.random() < 0.1)
    tilt = pick.number("tilt_deg", abs(rng.normal(0, 5)))
    warp = pick.number("warp_mm", rng.uniform(2.0, 7.0))
    body.choice = choice
    body.blood = 42 + contrast * float(rng.uniform(0.6, 1.0))
    body.vein_blood = 42 + contrast * float(rng.uniform(0.5, 1.1))

    x, y, z = _body_frame(rng, grid, size, tilt, warp)
    down = np.float32(-1.0 if prone else 1.0)  # +y is down for a patient who lies on the back
    v = Variation(rng)

    # --- the cage -----------------------------------------------------------------------------
    knots = np.array([-330, -260, -200, -120, -60, 0, 50, 85, 110, 126], np.float32)
    wide = np.array([122, 125, 130, 137, 138, 129, 112, 88, 55, 10], np.float32) * v.near(1, 0.06)
    deep = np.array([78, 82, 88, 95, 95, 88, 76, 60, 38, 8], np.float32) * v.near(1, 0.08)
    mid_y = np.array([0, 0, 0, 0, 2, 6, 12, 20, 28, 32], np.float32)
    stretch = v.near(1.0, 0.1)
    zc = z / stretch
    cage_w = curve(zc, knots, wide)
    cage_d = curve(zc, knots, deep)
    cage_y = curve(zc, knots, mid_y)
    cage = ellipse_field(x, y - cage_y, cage_w, cage_d, float(v.near(2.25, 0.15)))
    cage = np.minimum(cage, (124 - zc) * 0.9)
    body.shoulder_z = float(85 * stretch)

    # --- outline, fat, muscle -------------------------------------------------------------------
    wall = float(v.near(20, 0.2))
    shoulder = float(rng.uniform(38, 55)) if up else float(rng.uniform(55, 80))
    lateral = curve(
        z, [-200, 20, 70, 105, 140, 175, 260], [wall, wall + 4, wall + 14, shoulder + 38, shoulder + 60, 55, 50]
    )
    frontal = curve(z, [-200, 20, 80, 120, 150, 260], [wall - 2, wall, wall + 6, 30, 42, 45])
    outline = ellipse_field(
        x,
        y - curve(z, [-200, 60, 120, 200], [2, 4, 16, 18]),
        (np.maximum(cage_w, 25) + lateral + fat).astype(np.float32),
        (np.maximum(cage_d, 25) + frontal + 0.8 * fat).astype(np.float32),
        float(v.near(2.35, 0.15)),
    )
    if up and rng.random() < 0.6:
        # Raised arms lift the shoulders into a shelf behind the head.
        outline = smooth_max(
            outline,
            tube_field(x, y, z, [(-150, 40, 105), (-95, 42, 95), (95, 42, 95), (150, 40, 105)], [40, 46, 46, 40]),
            15,
        )
    if breasts:
        cup = float(rng.uniform(35, 75))
        for side in (-1, 1):
            b = ellipsoid_field(
                x,
                y,
                z,
                (side * float(v.near(78, 0.1)) * 1.0, -float(cage_d.max()) - wall * 0.4 - 0.5 * fat, -55 + v.wide(15)),
                (cup * 0.95, cup * float(rng.uniform(0.5, 0.9)), cup * 0.95),
            )
            outline = smooth_max(outline, b, 10)
    outline = np.asarray(outline, np.float32)
    body.outline = outline
    coarse_texture = smooth_noise(rng, grid, 9)
    broad = smooth_noise(rng, grid, 30)
    body.add(Layer(outline, -100 + 10 * broad))
    body.add(Layer(outline, float(rng.uniform(0, 50)), sheet=3.4))
    if breasts:
        gland = smooth_min(outline - 14 + 6 * coarse_texture, -cage - wall * 0.8, 4)
        gland = np.minimum(gland, 0.35 * (-(y) - 60))
        body.add(Layer(smooth_min(gland, 6 * broad + 2, 3), 30.0, sharp=3))
    muscle = np.minimum(cage + wall * (0.75 + 0.25 * broad), outline - 0.75 * fat - 2)
    body.add(Layer(np.asarray(muscle, np.float32), 45 + 12 * coarse_texture))
    body.add(Layer(np.asarray(muscle, np.float32), -80.0, sheet=2.0, strength=0.5))
    stripes = np.minimum(muscle - 2, 2.0 - np.abs(-cage - wall * 0.55 + 3 * broad))
    body.add(Layer(np.asarray(stripes, np.float32), -70.0))  # fat between muscle sheets
    body.add(Layer(cage + 2.0, 30.0))  # intercostal muscle and pleura
    body.add(Layer(cage - 1.0, -85 + 25 * broad))  # mediastinal and abdominal fat

    # --- diaphragm, lungs -----------------------------------------------------------------------
    top_right = float(rng.uniform(-105, -62))
    top_left = top_right - float(rng.uniform(-2, 22))
    drop = float(rng.uniform(45, 85))
    blend = 1 / (1 + np.exp(np.clip(-x / 10, -20, 20)))
    dome_top = top_right * (1 - blend) + top_left * blend
    q = ((np.abs(x) - 62) / (0.56 * cage_w)) ** 2 + ((y - 2) / (0.88 * cage_d)) ** 2
    dome = dome_top - drop * np.clip(q, 0, 2.2) ** np.float32(0.9) + 4 * broad
    above = np.asarray((z - dome) * 0.75, np.float32)

    bulge = float(v.near(1.0, 0.15))
    heart_center = (float(v.near(28, 0.2)), -24 + v.wide(6), max(top_left, top_right) + 36 * bulge)
    heart_half = (72 * bulge, 57 * bulge, 64 * bulge)
    heart = ellipsoid_field(x + 0.25 * (z - heart_center[2]), y, z, heart_center, heart_half)
    spine_y = float(v.near(58, 0.07))
    bow = float(rng.normal(0, 0.04))
    sx = np.asarray(x - bow * np.abs(z) - v.wide(3), np.float32)
    vertebra = ellipse_field(
        sx, y - spine_y + 0.0012 * (z - 20) ** 2 * 0.2, float(v.near(19, 0.1)), float(v.near(16, 0.1))
    )
    aorta_r = float(v.near(13, 0.18))
    arch_z = float(v.near(42, 0.2))
    aorta_path = [
        (8, -22, -35),
        (-12, -30, -5),
        (-14, -26, 18),
        (-4, -14, arch_z - 4),
        (9, 2, arch_z + 4),
        (19, 20, arch_z - 4),
        (24, 36, arch_z - 22),
        (24, 42, -20),
        (22, 42, -100),
        (12, 40, -180),
        (6, 36, -280),
    ]
    aorta_route = [(a + v.wide(2.5), b + v.wide(2.5), float(c)) for a, b, c in aorta_path]
    radii = np.array([1.15, 1.2, 1.18, 1.1, 1.05, 1, 0.98, 0.92, 0.88, 0.8, 0.72]) * aorta_r
    aorta = tube_field(x, y, z, aorta_route, radii)
    thick = float(rng.uniform(0.38, 1.1)) + 0.006 * fat
    upper = curve(y, [-90, -60, -25, 25, 50, 75], [2, 5, 26, 26, 22, 26])
    lower = curve(y, [-90, -60, -25, 25, 50, 75], [3, 6, 12, 16, 20, 26])
    share = curve(z, [-60, -15], [0, 1])
    slab_half = (upper * share + lower * (1 - share)) * thick * curve(z, [60, 110], [1.1, 0.9]) + 5 * broad
    slab_half = np.maximum(slab_half, float(rng.uniform(0.6, 2.5)))
    lean = float(rng.normal(0, 6)) * curve(y, [-90, 0], [1, 0])
    midline = np.asarray(x - lean - 6 * curve(y, [-90, -20, 40], [1, 0.3, 0]), np.float32)
    slab = np.asarray(slab_half - np.abs(midline), np.float32)
    mediastinum = smooth_max(slab, heart + 2, 10)
    mediastinum = smooth_max(mediastinum, vertebra + 3, 6)
    mediastinum = smooth_max(mediastinum, aorta + 1.5, 5)
    lung = smooth_min(smooth_min(cage - float(rng.uniform(1.5, 4.0)), -mediastinum, 8), above, 7)
    # The anterior margin of the left lung is notched by the heart; both lungs vary a little.
    lung = true_distance(lung + 0.5 * coarse_texture, grid.spacing)
    body.midline = midline

    # --- abdomen --------------------------------------------------------------------------------
    soft = float(rng.uniform(0.2, 1.0)) * contrast
    liver_hu = float(rng.uniform(45, 70)) + 0.25 * soft
    below = np.asarray(-above - 3, np.float32)
    cavity = smooth_min(cage - 5, below, 4)
    liver = smooth_min(cavity, ellipsoid_field(x, y, z, (-62, -2, dome_mean(top_right)), (95, 88, 88)), 12)
    spleen = smooth_min(cavity, ellipsoid_field(x, y, z, (92, 40, top_left - 55), (34, 42, 50)), 6)
    stomach = smooth_min(cavity, ellipsoid_field(x, y, z, (55, -25, top_left - 50), (48, 40, 48)), 6)
    body.add(Layer(liver, liver_hu + 6 * coarse_texture))
    body.add(Layer(spleen, liver_hu + 0.2 * soft))
    body.add(Layer(stomach, 30.0))
    level = float(rng.uniform(-30, 18))
    gas = np.minimum(stomach - 5, (-down * (y + 25) + level))
    if rng.random() < 0.75:
        body.add(Layer(np.asarray(gas, np.float32), -980.0))
    for side in (-1, 1):
        kidney = ellipsoid_field(x, y, z, (side * 62 + v.wide(5), 48, -185 + v.wide(15)), (24, 26, 48))
        body.add(Layer(np.minimum(kidney, cavity), 35 + 0.6 * soft))
        body.add(Layer(np.minimum(kidney - 15, cavity), -20 + 0.8 * soft))
    for _ in range(int(rng.integers(3, 12))):
        _bowel(rng, body, (x, y, z), cavity, down, top_left)
    psoas = np.maximum(
        np.minimum(ellipse_field(np.abs(sx) - 34, y - spine_y + 4, 16, 18), -125 - z),
        ellipse_field(np.abs(sx) - 32, y - spine_y - 46, 30, 24),
    )
    body.add(Layer(np.asarray(np.minimum(psoas, outline - 0.5 * fat - 4), np.float32), 45 + 10 * coarse_texture))

    # --- heart and great vessels ----------------------------------------------------------------
    body.add(Layer(smooth_min(heart + 1.0, cage - 4, 4), -70.0))
    muscle_hu = 45 + 0.35 * (body.blood - 42)
    myocard = smooth_min(heart - float(rng.uniform(1, 6)), cage - 6, 4)
    body.add(Layer(myocard, muscle_hu))
    hc = np.asarray(heart_center)
    for offset, half, blood in (
        ((18, 4, -12), (27, 22, 33), body.blood),
        ((-10, -16, 2), (30, 20, 36), body.vein_blood),
        ((-30, 8, 14), (24, 24, 30), body.vein_blood),
        ((6, 26, 20), (32, 18, 22), body.blood),
    ):
        c = hc + np.asarray(offset) * bulge
        larger = 1.12 * bulge
        size_mm = (larger * half[0], larger * half[1], larger * half[2])
        chamber = ellipsoid_field(x, y, z, (float(c[0]), float(c[1]), float(c[2])), size_mm)
        body.add(Layer(smooth_min(chamber, myocard - 3, 3), blood + 8 * broad))
    for path, r, hu in (
        ([(20, -32, -38), (18, -26, -8), (20, -12, 6)], [15, 14, 12], body.vein_blood),
        ([(20, -12, 6), (-8, -2, 2), (-30, 2, -4), (-46, 4, -10)], [11, 10, 9, 7], body.vein_blood),
        ([(20, -12, 6), (34, 6, 8), (46, 14, 0)], [11, 10, 7], body.vein_blood),
        ([(-24, -12, 70), (-24, -14, 20), (-26, -10, -30)], [8, 9, 9], body.vein_blood * 1.1),
        ([(-40, 6, -30), (-18, 10, -34), (16, 10, -34), (42, 10, -28)], [6, 8, 8, 6], body.blood),
        ([(-2, -14, arch_z), (-14, -6, arch_z + 30), (-28, 4, 100), (-34, 0, 150)], [6, 5.5, 5, 4], body.blood),
        ([(9, -2, arch_z + 4), (14, 4, 80), (30, 8, 110), (34, 4, 150)], [4, 4, 4, 3.5], body.blood),
        ([(-20, -14, 65), (20, -24, 72), (50, -10, 92)], [6, 6, 5], body.vein_blood),
        ([(-16, 40, -80), (-14, 44, 30)], [3.5, 3.5], body.vein_blood),
    ):
        pts = [(a + v.wide(2), b + v.wide(2), c + v.wide(3)) for a, b, c in path]
        body.add(Layer(np.minimum(tube_field(x, y, z, pts, np.asarray(r) * v.near(1, 0.1)), cage), hu))
    body.add(Layer(aorta, body.blood + 5 * broad))
    gullet = [
        (a + v.wide(3), b + v.wide(2), float(c))
        for a, b, c in ((4, 30, 130), (6, 30, 40), (6, 30, 0), (8, 32, -60), (18, 28, -110))
    ]
    body.add(Layer(tube_field(x, y, z, gullet, [7, 7, 7, 8, 9]), 35.0))
    thyroid = np.maximum(
        ellipsoid_field(x, y, z, (-16, -4, 128), (9, 10, 20)), ellipsoid_field(x, y, z, (16, -4, 128), (9, 10, 20))
    )
    body.add(Layer(thyroid, 110.0))
    for _ in range(int(rng.integers(4, 14))):  # lymph nodes and thymus rests in the fat
        node = ellipsoid_field(
            x,
            y,
            z,
            (float(rng.uniform(-28, 28)), float(rng.uniform(-45, 30)), float(rng.uniform(-30, 80))),
            (float(rng.uniform(3, 8)), float(rng.uniform(3, 6)), float(rng.uniform(4, 10))),
        )
        body.add(Layer(np.minimum(node, cage), 40.0))

    # --- bones ------------------------------------------------------------------------------------
    from medview.phantom.bones import add_bones

    add_bones(rng, body, v, (x, y, z), cage, outline, vertebra, sx, spine_y, up, stretch, fat)

    # --- airway -----------------------------------------------------------------------------------
    from medview.phantom.airspace import add_airway, add_lungs

    airway = add_airway(rng, body, v, (x, y, z), gullet)
    lung = np.minimum(lung, -airway - 1.5)
    add_lungs(rng, body, pick, (x, y, z), lung, cage, down, coarse_texture, broad)
    return body


def dome_mean(top: float) -> float:
    """Height of the middle of the liver below a dome whose top is at `top` mm."""
    return top - 62


class Variation:
    """Small random departures from an average."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def near(self, value: float, share: float) -> float:
        """A number around `value`, spread by `share` of it, never further than two and a half spreads."""
        return float(value * (1 + share * np.clip(self._rng.standard_normal(), -2.5, 2.5)))

    def wide(self, spread: float) -> float:
        """A number around zero."""
        return float(spread * np.clip(self._rng.standard_normal(), -2.5, 2.5))


class Pick:
    """Reads a choice, or draws it. The draw always happens, so fixing one choice moves no other."""

    def __init__(self, choice: AnatomyChoice) -> None:
        self._choice = choice

    def number(self, name: str, drawn: float) -> float:
        """The chosen number, else the drawn one."""
        chosen = getattr(self._choice, name)
        return float(drawn if chosen is None else chosen)

    def flag(self, name: str, drawn: bool) -> bool:
        """The chosen truth value, else the drawn one."""
        chosen = getattr(self._choice, name)
        return bool(drawn if chosen is None else chosen)


def _bowel(
    rng: np.random.Generator, body: Body, frame: tuple[Array, Array, Array], cavity: Array, down: np.float32, top: float
) -> None:
    """A loop of bowel with wall, content and gas above the content."""
    x, y, z = frame
    start = np.array([rng.uniform(-95, 95), rng.uniform(-80, 10), rng.uniform(-250, top - 30)])
    points = [start]
    for _ in range(int(rng.integers(2, 5))):
        points.append(points[-1] + rng.normal(0, 1, 3) * (28, 20, 18))
    radius = float(rng.uniform(8, 28))
    loop = np.minimum(tube_field(x, y, z, points, np.full(len(points), radius)), cavity)
    body.add(Layer(loop, 35.0))
    kind = rng.random()
    if kind < 0.45:
        body.add(Layer(loop - 3, -960.0))
    elif kind < 0.75:  # stool: gas and content mixed
        grain = smooth_noise(rng, body.grid, 10)
        body.add(Layer(loop - 3, -250 + 350 * np.clip(grain, -1.6, 1)))
    level = float(rng.uniform(-8, 8))
    if kind >= 0.6:
        surface = -down * (y - float(np.mean([p[1] for p in points]))) + level
        body.add(Layer(np.asarray(np.minimum(loop - 3, surface), np.float32), -970.0))


def _body_frame(
    rng: np.random.Generator, grid: Grid, size: float, tilt: float, warp: float
) -> tuple[Array, Array, Array]:
    """Body coordinates of every voxel of the grid."""
    axes = rng.standard_normal(3)
    axes /= np.linalg.norm(axes)
    angle = np.deg2rad(tilt)
    cross = np.array([[0, -axes[2], axes[1]], [axes[2], 0, -axes[0]], [-axes[1], axes[0], 0]])
    turn = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)
    turn = turn @ np.diag(np.exp(rng.normal(0, 0.04, 3))) / size
    shift = rng.normal(0, 1, 3) * (8, 8, 0)
    zz = grid.axis(0)[:, None, None] - np.float32(shift[2])
    yy = grid.axis(1)[None, :, None] - np.float32(shift[1])
    xx = grid.axis(2)[None, None, :] - np.float32(shift[0])
    out = []
    for row in turn.astype(np.float32):
        bend = smooth_noise(rng, grid, 85) * np.float32(warp / size)
        out.append(row[0] * xx + row[1] * yy + row[2] * zz + bend)
    return (out[0], out[1], out[2])


def to_scanner(
    frame: tuple[Array, Array, Array], grid: Grid, point: tuple[float, float, float]
) -> npt.NDArray[np.float32]:
    """Scanner position (z, y, x) whose body coordinates come nearest to `point` (x, y, z)."""
    step = 2
    x, y, z = (c[::step, ::step, ::step] for c in frame)
    miss = (x - point[0]) ** 2 + (y - point[1]) ** 2 + (z - point[2]) ** 2
    index = np.asarray(np.unravel_index(int(np.argmin(miss)), miss.shape)) * step
    rest = np.array([point[2], point[1], point[0]]) - np.array(
        [frame[2][tuple(index)], frame[1][tuple(index)], frame[0][tuple(index)]]
    )
    return np.asarray(np.asarray(grid.origin) + index * np.asarray(grid.spacing) + rest, np.float32)
