"""Measures the two networks: Dice of the lungs, sensitivity against false positives of the nodules.

    python packaging/training/evaluate.py ct-lungs --model resources/models/ct-lungs/model.onnx
    python packaging/training/evaluate.py ct-nodules --model resources/models/ct-nodules/model.onnx --scans 24
    python packaging/training/evaluate.py ct-lungs --model MODEL --ct FOLDER_OF_A_CHEST_CT --picture FILE.png

Lungs: phantoms of seeds that training never saw; with --ct, a real CT against thresholding and region
growing. Nodules: phantoms of the second generator (tests/phantom_second). The chain from a CT to the
answer is written out here once more, apart from medview's own, so that the two can be compared.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from grids import LUNGS_SPACING, NODULES_SPACING, scaled

MULTIPLE = 32  # sizes of both networks' inputs
FIRST_TEST_SEED = 1_000_000


def open_model(path: Path, threads: int = 1) -> Any:
    """ONNX Runtime session on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def to_grid(hu: Any, spacing: tuple[float, ...], target: tuple[float, ...]) -> Any:
    """Volume on the network's grid, field of view kept: averaged where it shrinks, linear where it grows."""
    size = [max(1, round(n * s / t)) for n, s, t in zip(hu.shape, spacing, target, strict=True)]
    kind = cv2.INTER_AREA if target[2] > spacing[2] else cv2.INTER_LINEAR
    planes = np.stack([cv2.resize(p.astype(np.float32), (size[2], size[1]), interpolation=kind) for p in hu])
    return _along(planes, size[0])


def from_grid(field: Any, shape: tuple[int, ...]) -> Any:
    """Field of the network's grid back on the source's, linear."""
    planes = np.stack([cv2.resize(p, (shape[2], shape[1]), interpolation=cv2.INTER_LINEAR) for p in field])
    return _along(planes, shape[0])


def _along(planes: Any, count: int) -> Any:
    """Linear interpolation along the first axis, voxels' borders kept in place."""
    where = np.clip((np.arange(count) + 0.5) * len(planes) / count - 0.5, 0, len(planes) - 1)
    low = np.minimum(where.astype(int), max(len(planes) - 2, 0))
    high = np.minimum(low + 1, len(planes) - 1)
    weight = (where - low).astype(np.float32)[:, None, None]
    return planes[low] * (1 - weight) + planes[high] * weight


def run(session: Any, hu: Any, spacing: tuple[float, ...], target: tuple[float, ...], longest: int) -> Any:
    """Output channels (c, S, P, L) on the network's grid, in slabs of at most `longest` voxels along S."""
    grid = scaled(to_grid(np.clip(hu, -1024, 3071), spacing, target))
    size = grid.shape
    pad = [(0, -n % MULTIPLE) for n in size]
    grid = np.pad(grid, pad)
    if grid.shape[0] <= longest:
        out = session.run(None, {"ct": grid[None, None]})[0][0]
        return out[:, : size[0], : size[1], : size[2]]
    margin = 32
    total = None
    for start in range(0, grid.shape[0], longest - 2 * margin):
        low = max(0, min(start - margin, grid.shape[0] - longest))
        part = session.run(None, {"ct": np.ascontiguousarray(grid[None, None, low : low + longest])})[0][0]
        if total is None:
            total = np.zeros((part.shape[0], *grid.shape), np.float32)
        stop = min(start + longest - 2 * margin, grid.shape[0])
        total[:, start:stop] = part[:, start - low : stop - low]
    assert total is not None
    return total[:, : size[0], : size[1], : size[2]]


def segment_lungs(session: Any, hu: Any, spacing: tuple[float, ...]) -> Any:
    """Labels 1 (right), 2 (left) on the source's grid."""
    probability = run(session, hu, spacing, LUNGS_SPACING, 192)
    fine = [from_grid(p, hu.shape) for p in probability]
    return np.argmax(np.stack(fine), axis=0).astype(np.uint8)


def find_nodules(session: Any, hu: Any, spacing: tuple[float, ...], threshold: float = 0.02) -> list[Any]:
    """(score, (k, j, i) on the source's grid, diameter mm) of each local maximum, best first."""
    out = run(session, hu, spacing, NODULES_SPACING, 160)
    heat, size = out[0], out[1]
    peak = heat.copy()
    for axis in range(3):
        padded = np.pad(peak, [(1, 1) if a == axis else (0, 0) for a in range(3)])
        views = [np.take(padded, range(o, o + peak.shape[axis]), axis) for o in range(3)]
        peak = np.maximum(np.maximum(views[0], views[1]), views[2])
    places = np.argwhere((heat >= peak) & (heat > threshold))
    order = np.argsort(-heat[tuple(places.T)])
    scale = [n / m for n, m in zip(hu.shape, heat.shape, strict=True)]
    kept: list[Any] = []
    for k, j, i in places[order][:2000]:
        diameter = float(np.clip(np.exp(size[k, j, i]), 2, 60))
        at = np.array([(c + 0.5) * f - 0.5 for c, f in zip((k, j, i), scale, strict=True)])
        mm = at * spacing
        if all(np.linalg.norm(mm - other[3]) > max(6.0, 0.5 * max(diameter, other[2])) for other in kept):
            kept.append((float(heat[k, j, i]), tuple(at), diameter, mm))
        if len(kept) > 200:
            break
    return kept


def dice(a: Any, b: Any) -> float:
    """Dice of two masks; 1 where both are empty."""
    total = int(a.sum()) + int(b.sum())
    return 1.0 if total == 0 else 2 * float((a & b).sum()) / total


Scans = list[tuple[list[Any], list[Any]]]


def scored(scans: Scans) -> tuple[list[tuple[float, bool]], int]:
    """Score and hit of every finding, best first, and how many nodules there are.

    `scans`: findings (score, …, …, mm) and nodules (mm, diameter) of each scan. A hit lies within the radius (at least
    3 mm); further findings on a nodule that is found already count as neither.
    """
    events: list[tuple[float, bool]] = []
    count = 0
    for findings, nodules in scans:
        count += len(nodules)
        taken: set[int] = set()
        for score, _, _, mm in sorted(findings, key=lambda f: -f[0]):
            hit = [n for n, (at, d) in enumerate(nodules) if np.linalg.norm(mm - at) <= max(d / 2, 3.0)]
            if hit and all(n in taken for n in hit):
                continue
            if hit:
                taken.add(next(n for n in hit if n not in taken))
            events.append((score, bool(hit)))
    return sorted(events, key=lambda e: -e[0]), count


def froc(scans: Scans, points: tuple[float, ...] = (1, 2, 4, 8)) -> dict[float, float]:
    """Sensitivity at each count of false positives per scan."""
    events, count = scored(scans)
    result = {}
    for allowed in points:
        true = false = 0
        for _, is_hit in events:
            if not is_hit:
                false += 1
                if false > allowed * len(scans):
                    break
            else:
                true += 1
        result[allowed] = true / max(count, 1)
    return result


def at_threshold(scans: Scans, threshold: float) -> tuple[float, float]:
    """Sensitivity and false positives per scan of the findings from `threshold` on."""
    events, count = scored(scans)
    kept = [is_hit for score, is_hit in events if score >= threshold]
    return sum(kept) / max(count, 1), (len(kept) - sum(kept)) / max(len(scans), 1)


def read_ct(folder: Path) -> tuple[Any, tuple[float, float, float]]:
    """HU (k, j, i) and spacing of an axial CT in a folder; for checking only."""
    import pydicom

    slices = [pydicom.dcmread(p) for p in folder.rglob("*") if p.is_file()]
    slices = [s for s in slices if s.get("Modality") == "CT" and "PixelData" in s]
    slices.sort(key=lambda s: float(s.ImagePositionPatient[2]))
    hu = np.stack(
        [s.pixel_array.astype(np.float32) * float(s.RescaleSlope) + float(s.RescaleIntercept) for s in slices]
    )
    step = (float(slices[-1].ImagePositionPatient[2]) - float(slices[0].ImagePositionPatient[2])) / (len(slices) - 1)
    pixel = [float(p) for p in slices[0].PixelSpacing]
    return hu.astype(np.int16), (step, pixel[0], pixel[1])


def grey(plane: Any, center: float = -500, width: float = 1500) -> Any:
    """Three-channel picture of a plane in a window."""
    values = (np.clip((plane.astype(np.float32) - center) / width + 0.5, 0, 1) * 255).astype(np.uint8)
    return cv2.cvtColor(values, cv2.COLOR_GRAY2BGR)


def draw_lungs(path: Path, hu: Any, found: Any, truth: Any) -> None:
    """Every tenth slice: right lung red, left green; too much in magenta, missed in cyan."""
    tiles = []
    for k in range(5, len(hu), 10):
        tile = grey(hu[k])
        for label, channel in ((1, 2), (2, 1)):
            tile[..., channel] = np.where(found[k] == label, tile[..., channel] // 2 + 127, tile[..., channel])
        tile[(found[k] > 0) & (truth[k] == 0)] = (255, 0, 255)
        tile[(found[k] == 0) & (truth[k] > 0)] = (255, 255, 0)
        cv2.putText(tile, str(k), (5, 30), cv2.FONT_HERSHEY_SIMPLEX, 1, (255, 255, 255), 1)
        tiles.append(cv2.resize(tile, (380, 380), interpolation=cv2.INTER_AREA))
    _write_tiles(path, tiles, 4)


def draw_findings(path: Path, hu: Any, spacing: tuple[float, ...], findings: list[Any], shown: float) -> None:
    """The best 24 findings, each with its surroundings; those at or above `shown` in yellow, the others in grey."""
    tiles = []
    for score, at, diameter, _ in findings[:24]:
        k, j, i = (round(float(c)) for c in at)
        top = min(max(0, j - 50), hu.shape[1] - 100)
        left = min(max(0, i - 50), hu.shape[2] - 100)
        tile = cv2.resize(grey(hu[k, top : top + 100, left : left + 100]), (200, 200))
        colour = (0, 220, 255) if score >= shown else (150, 150, 150)
        cv2.circle(tile, ((i - left) * 2, (j - top) * 2), round(diameter / spacing[1]), colour, 1)
        label = f"{score:.2f} slice {k}"
        cv2.putText(tile, label, (3, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1)
        tiles.append(tile)
    _write_tiles(path, tiles, 8)


def _write_tiles(path: Path, tiles: list[Any], columns: int) -> None:
    tiles = tiles + [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    rows = [np.hstack(tiles[n : n + columns]) for n in range(0, len(tiles), columns)]
    cv2.imwrite(str(path), np.vstack(rows))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=["ct-lungs", "ct-nodules"])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--scans", type=int, default=24)
    parser.add_argument("--ct", type=Path)
    parser.add_argument("--picture", type=Path, help="with --ct: draw what was found")
    parser.add_argument("--shown", type=float, default=0.35, help="score from which findings are shown")
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args()
    session = open_model(chosen.model, chosen.threads)
    if chosen.network == "ct-lungs":
        _lungs(session, chosen)
    else:
        _nodules(session, chosen)


def _lungs(session: Any, chosen: argparse.Namespace) -> None:
    if chosen.ct:
        from tests.phantom.lung_reference import lungs_by_threshold

        hu, spacing = read_ct(chosen.ct)
        truth = lungs_by_threshold(hu, spacing)
        found = segment_lungs(session, hu, spacing)
        print(f"right {dice(found == 1, truth == 1):.4f}, left {dice(found == 2, truth == 2):.4f}")
        if chosen.picture:
            draw_lungs(chosen.picture, hu, found, truth)
        return
    from samples import lung_sample

    scores = []
    for number in range(chosen.scans):
        hu, truth = lung_sample(FIRST_TEST_SEED + number)
        found = segment_lungs(session, hu, LUNGS_SPACING)
        pair = [dice(found == n, truth == n) for n in (1, 2)]
        scores.append(pair)
        print(f"phantom {number}: right {pair[0]:.3f}, left {pair[1]:.3f}", flush=True)
    values = np.asarray(scores)
    print(f"mean {values.mean():.4f}, median {np.median(values):.4f}, worst {values.min():.4f}")


def _nodules(session: Any, chosen: argparse.Namespace) -> None:
    if chosen.ct:
        hu, spacing = read_ct(chosen.ct)
        findings = find_nodules(session, hu, spacing)
        if chosen.picture:
            draw_findings(chosen.picture, hu, spacing, findings, chosen.shown)
        for score, at, diameter, _ in findings[:30]:
            k, j, i = (round(float(c)) for c in at)
            print(f"score {score:.3f} at slice {k}, row {j}, column {i}, {diameter:.1f} mm")
        return
    from tests.phantom_second import second_chest

    scans = []
    for number in range(chosen.scans):
        phantom = second_chest(number)
        findings = find_nodules(session, phantom.hu, phantom.spacing)
        nodules = [(np.subtract(n.center, phantom.origin)[::-1], n.diameter) for n in phantom.nodules]
        scans.append((findings, nodules))
        table = froc([scans[-1]])
        print(f"scan {number}: {len(nodules)} nodules, " + ", ".join(f"{s:.2f}" for s in table.values()), flush=True)
    for allowed, sensitivity in froc(scans).items():
        print(f"{allowed} false positives per scan: sensitivity {sensitivity:.3f}")
    for threshold in (chosen.shown, 0.25, 0.15):
        sensitivity, false = at_threshold(scans, threshold)
        print(f"score {threshold} and above: sensitivity {sensitivity:.3f}, {false:.2f} false positives per scan")
    total = sum(len(n) for _, n in scans)
    print(f"{total} nodules in {len(scans)} scans")


if __name__ == "__main__":
    main()
