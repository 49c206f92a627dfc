"""Trains one of the built-in networks and writes its ONNX file; one command, reproducible by seed.

    python packaging/training/train.py ct-lungs --output resources/models/ct-lungs/model.onnx
    python packaging/training/train.py ct-nodules --output resources/models/ct-nodules/model.onnx

Phantoms are made by processes beside the training, which starts when the first ones are there: step t
draws among the first `ready + t · rate` phantoms, so which phantoms a step sees depends on the seed alone.
"""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from grids import NODULES_SPACING, scaled
from networks import Exported, lungs_network, nodules_network
from pool import fill, load
from variation import placed, seen

LUNGS_PATCH = (64, 96, 96)
NODULES_PATCH = (64, 64, 64)
DEFAULTS = {"ct-lungs": (200, 2000, 2), "ct-nodules": (200, 1800, 4)}  # phantoms, steps, batch
VARIED_STEPS = 1000
"""Steps of the lungs' second part, which begins where the first ended and sees phantoms through `variation`."""


class Store:
    """Phantoms in memory, the least recently loaded ones dropped."""

    def __init__(self, folder: Path, network: str, limit: int) -> None:
        self._folder, self._network, self._limit = folder, network, limit
        self._kept: dict[int, dict[str, Any]] = {}

    def __getitem__(self, index: int) -> dict[str, Any]:
        if index not in self._kept:
            if len(self._kept) >= self._limit:
                self._kept.pop(next(iter(self._kept)))
            self._kept[index] = load(self._folder, self._network, index)
        return self._kept[index]


def crop(volume: Any, start: tuple[int, ...], size: tuple[int, ...], fill_value: float) -> Any:
    """Part of a volume; what lies outside is filled."""
    out = np.full(size, fill_value, volume.dtype)
    source, target = [], []
    for s, n, length in zip(start, size, volume.shape, strict=True):
        a, b = max(0, s), min(length, s + n)
        source.append(slice(a, max(a, b)))
        target.append(slice(a - s, max(a, b) - s))
    out[tuple(target)] = volume[tuple(source)]
    return out


def altered(rng: np.random.Generator, hu: Any) -> Any:
    """What scanners do differently and phantoms do not: offset, gain, extra noise, coarse rounding."""
    out = hu.astype(np.float32)
    if rng.random() < 0.5:
        out = (out + 1000) * float(rng.normal(1, 0.03)) - 1000 + float(rng.normal(0, 10))
    if rng.random() < 0.4:
        out += rng.standard_normal(out.shape, dtype=np.float32) * float(np.exp(rng.uniform(1, 4)))
    return out


def lungs_batch(rng: np.random.Generator, store: Store, available: int, batch: int) -> tuple[Any, ...]:
    """Tensors of one step: image, labels."""
    images, labels = [], []
    for _ in range(batch):
        phantom = store[int(rng.integers(available))]
        hu, label = phantom["hu"], phantom["labels"]
        start = []
        for n, p in zip(hu.shape, LUNGS_PATCH, strict=True):
            spare = n - p
            low, high = (min(spare, 0) - 6, max(spare, 0) + 6)
            start.append(int(rng.integers(low, high + 1)))
        # A scan that ends looks like this: the edge repeated or air.
        images.append(scaled(altered(rng, crop(hu, tuple(start), LUNGS_PATCH, -1024))))
        labels.append(crop(label, tuple(start), LUNGS_PATCH, 0))
    return torch.from_numpy(np.stack(images))[:, None], torch.from_numpy(np.stack(labels).astype(np.int64))


def varied_batch(rng: np.random.Generator, store: Store, available: int, batch: int) -> tuple[Any, ...]:
    """As `lungs_batch`; one in three is as there, so that nothing is forgotten."""
    images, labels = [], []
    for _ in range(batch):
        if rng.random() < 1 / 3:
            image, label = lungs_batch(rng, store, available, 1)
            images.append(image[0, 0].numpy())
            labels.append(label[0].numpy())
            continue
        phantom = store[int(rng.integers(available))]
        hu, label = seen(rng, *placed(rng, phantom["hu"], phantom["labels"], LUNGS_PATCH))
        images.append(scaled(altered(rng, hu)))
        labels.append(label)
    return torch.from_numpy(np.stack(images))[:, None], torch.from_numpy(np.stack(labels).astype(np.int64))


def lungs_loss(output: Any, labels: Any) -> Any:
    """Cross-entropy and soft Dice of the two lungs."""
    entropy = torch.nn.functional.cross_entropy(output, labels)
    p = torch.softmax(output, 1)
    dice = 0.0
    for label in (1, 2):
        truth = (labels == label).float()
        both = (p[:, label] * truth).sum()
        dice = dice + 1 - (2 * both + 200) / (p[:, label].sum() + truth.sum() + 200)
    return entropy + 0.5 * dice


def nodules_batch(rng: np.random.Generator, store: Store, available: int, batch: int) -> tuple[Any, ...]:
    """Tensors of one step: image, heat, logarithm of the diameter, weight of the diameter."""
    images, heats, sizes, weights = [], [], [], []
    for _ in range(batch):
        phantom = store[int(rng.integers(available))]
        hu, nodules, lungs = phantom["hu"], phantom["nodules"], phantom["lungs"]
        if rng.random() < 0.6 and len(nodules):
            middle = nodules[int(rng.integers(len(nodules))), :3] + rng.uniform(-22, 22, 3)
        else:
            middle = rng.uniform(0, 1, 3) * hu.shape
            for _ in range(4):  # rather where there is lung: that is where the hard negatives are
                k, j, i = (int(min(max(m, 0), n - 1)) for m, n in zip(middle, hu.shape, strict=True))
                if lungs[k, j, i]:
                    break
                middle = rng.uniform(0, 1, 3) * hu.shape
        start = np.round(middle - np.asarray(NODULES_PATCH) / 2).astype(int)
        image = altered(rng, crop(hu, tuple(start), NODULES_PATCH, -1024))
        rows = nodules.copy()
        rows[:, :3] -= start
        flips = tuple(a for a in range(3) if rng.random() < 0.5)
        turn = bool(rng.random() < 0.5)
        image = np.flip(image, flips)
        for a in flips:
            rows[:, a] = NODULES_PATCH[a] - 1 - rows[:, a]
        if turn:
            image = image.transpose(0, 2, 1)
            rows = rows[:, [0, 2, 1, 3]]
        heat, size, weight = nodule_targets(rows)
        images.append(scaled(np.ascontiguousarray(image)))
        heats.append(heat)
        sizes.append(size)
        weights.append(weight)
    return tuple(torch.from_numpy(np.stack(part))[:, None] for part in (images, heats, sizes, weights))


def nodule_targets(rows: Any) -> tuple[Any, Any, Any]:
    """Heat (1 at a centre), log diameter, and where the diameter counts, on the patch's grid."""
    heat = np.zeros(NODULES_PATCH, np.float32)
    size = np.zeros(NODULES_PATCH, np.float32)
    weight = np.zeros(NODULES_PATCH, np.float32)
    axes = [np.arange(n, dtype=np.float32) for n in NODULES_PATCH]
    for k, j, i, diameter in rows:
        sigma = min(max(diameter / 2 / NODULES_SPACING[0] * 0.45, 0.9), 3.0)
        if any(c < -9 or c > n + 9 for c, n in zip((k, j, i), NODULES_PATCH, strict=True)):
            continue
        squared = (
            ((axes[0] - k) ** 2)[:, None, None] + ((axes[1] - j) ** 2)[None, :, None] + ((axes[2] - i) ** 2)[None, None]
        )
        peak = np.exp(-squared / (2 * sigma * sigma))
        inside = all(0 <= round(float(c)) < n for c, n in zip((k, j, i), NODULES_PATCH, strict=True))
        if inside:  # the voxel nearest to the centre is a positive, whatever the rounding
            peak[round(float(k)), round(float(j)), round(float(i))] = 1.0
        mine = (peak > heat) & (peak > 0.3)
        size[mine] = math.log(diameter)
        weight[mine] = peak[mine]
        heat = np.maximum(heat, peak)
    return heat, size, weight


def nodules_loss(output: Any, heat: Any, size: Any, weight: Any) -> Any:
    """Focal loss of centre heat maps (Law and Deng, CornerNet, 2018) and the error of the diameter."""
    logit = output[:, :1]
    p = torch.sigmoid(logit).clamp(1e-5, 1 - 1e-5)
    centre = (heat > 0.999).float()
    positive = -((1 - p) ** 2) * torch.nn.functional.logsigmoid(logit) * centre
    negative = -(p**2) * torch.nn.functional.logsigmoid(-logit) * (1 - heat) ** 4 * (1 - centre)
    count = centre.sum() + 1.0
    width = (torch.abs(output[:, 1:] - size) * weight).sum() / (weight.sum() + 1.0)
    return (positive.sum() + negative.sum()) / count + 0.5 * width


def train(arguments: argparse.Namespace) -> None:
    """The whole run."""
    name = arguments.network
    arguments.output.parent.mkdir(parents=True, exist_ok=True)  # now, not after the first 500 steps
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    rng = np.random.default_rng([arguments.seed, 78 if arguments.varied else 77])
    network = lungs_network() if name == "ct-lungs" else nodules_network()
    if name == "ct-nodules":
        with torch.no_grad():  # almost nothing is a centre: start there
            network.head.bias.zero_()
            network.head.bias[:8] = -4.0
            network.head.bias[8:] = 2.0
    if arguments.resume:
        network.load_state_dict(torch.load(arguments.resume, weights_only=True))
    network = network.to(memory_format=torch.channels_last_3d)
    print(f"{name}: {sum(p.numel() for p in network.parameters()):,} parameters", flush=True)
    store = Store(arguments.pool, name, arguments.keep)
    optimiser = torch.optim.AdamW(network.parameters(), lr=arguments.rate, weight_decay=1e-3)
    steps = arguments.steps
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=arguments.rate, total_steps=steps, pct_start=0.1, final_div_factor=50
    )
    smooth: float | None = None
    begun = time.monotonic()
    network.train()
    for step in range(steps):
        available = min(arguments.phantoms, arguments.ready + int(step * arguments.phantoms / (0.6 * steps)))
        if name == "ct-lungs":
            drawn = varied_batch if arguments.varied else lungs_batch
            image, labels = drawn(rng, store, available, arguments.batch)
            loss = lungs_loss(network(image), labels)
        else:
            image, heat, size, weight = nodules_batch(rng, store, available, arguments.batch)
            loss = nodules_loss(network(image), heat, size, weight)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        value = float(loss.detach())
        smooth = value if smooth is None else 0.98 * smooth + 0.02 * value
        if step % 50 == 0 or step + 1 == steps:
            print(f"step {step} of {steps}: loss {smooth:.4f}, {time.monotonic() - begun:.0f} s", flush=True)
        if (step + 1) % 500 == 0 or step + 1 == steps:
            torch.save(network.state_dict(), arguments.output.with_suffix(".pt"))
            write_onnx(network, name, arguments.output)
            network.train()


def write_onnx(network: Any, name: str, output: Path) -> None:
    """ONNX with dynamic sizes, opset 17."""
    network.eval()
    size = LUNGS_PATCH if name == "ct-lungs" else NODULES_PATCH
    axes = {0: "batch", 2: "s", 3: "p", 4: "l"}
    torch.onnx.export(
        Exported(network, name).eval(),
        (torch.zeros(1, 1, *size),),
        str(output),
        input_names=["ct"],
        output_names=["probability" if name == "ct-lungs" else "centres"],
        dynamic_axes={"ct": axes, ("probability" if name == "ct-lungs" else "centres"): axes},
        opset_version=17,
        dynamo=False,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=list(DEFAULTS))
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--pool", type=Path, default=Path("build/phantoms"))
    parser.add_argument("--phantoms", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--keep", type=int, default=300, help="phantoms held in memory")
    parser.add_argument("--processes", type=int, default=1, help="processes that make phantoms; 0: somebody else does")
    parser.add_argument("--ready", type=int, default=16, help="phantoms that step 0 draws among")
    parser.add_argument("--resume", type=Path, help="weights to start from")
    parser.add_argument("--varied", action="store_true", help="the lungs' second part only; needs --resume")
    chosen = parser.parse_args()
    phantoms, steps, batch = DEFAULTS[chosen.network]
    if chosen.varied:
        steps = VARIED_STEPS
    chosen.phantoms = chosen.phantoms or phantoms
    chosen.steps = chosen.steps or steps
    chosen.batch = chosen.batch or batch
    maker = None
    if chosen.processes:
        from multiprocessing import get_context

        maker = get_context("spawn").Process(
            target=fill, args=(chosen.network, chosen.pool, chosen.phantoms, chosen.processes)
        )
        maker.start()
    train(chosen)
    if maker is not None:
        maker.join()
