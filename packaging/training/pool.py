"""Makes the phantoms of a training run, one file for each seed, and hands them to the trainer.

    python packaging/training/pool.py ct-lungs --phantoms 400 --folder POOL --processes 2

Files that are there already are kept. Seeds count from 0; the evaluation uses seeds from 1,000,000.
"""

from __future__ import annotations

import argparse
import os
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

FIRST_SEED = {"ct-lungs": 0, "ct-nodules": 100_000}


def sample_path(folder: Path, network: str, index: int) -> Path:
    """File of the phantom with this number."""
    return folder / network / f"{index:05d}.npz"


def make(task: tuple[str, str, int]) -> int:
    """Make one phantom and keep it; returns its number."""
    import cv2

    cv2.setNumThreads(1)
    from samples import lung_sample, nodule_sample

    network, folder, index = task
    path = sample_path(Path(folder), network, index)
    if path.exists():
        return index
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = FIRST_SEED[network] + index
    part = path.with_suffix(f".{os.getpid()}.part.npz")
    if network == "ct-lungs":
        hu, labels = lung_sample(seed)
        np.savez(part, hu=hu, labels=labels)
    else:
        hu, nodules, lungs = nodule_sample(seed)
        hu, nodules, lungs = _around_lungs(hu, nodules, lungs)
        np.savez(part, hu=hu, nodules=nodules, lungs=np.packbits(lungs.astype(bool)), shape=lungs.shape)
    part.replace(path)
    return index


def _around_lungs(hu: Any, nodules: Any, lungs: Any) -> tuple[Any, Any, Any]:
    """The box around the lungs with 30 mm to spare: what lies further away teaches little."""
    box = []
    for axis in range(3):
        hit = np.flatnonzero(lungs.any(axis=tuple(a for a in range(3) if a != axis)))
        box.append(slice(max(0, int(hit[0]) - 20), int(hit[-1]) + 21) if len(hit) else slice(0, hu.shape[axis]))
    moved = nodules.copy()
    moved[:, :3] -= [b.start for b in box]
    return hu[tuple(box)], moved, lungs[tuple(box)]


def load(folder: Path, network: str, index: int, patience: float = 3600.0) -> dict[str, Any]:
    """Arrays of one phantom; waits for the process that makes it."""
    path = sample_path(folder, network, index)
    end = time.monotonic() + patience
    while not path.exists():
        if time.monotonic() > end:
            raise TimeoutError(f"{path} was not made within {patience:.0f} s")
        time.sleep(0.5)
    with np.load(path) as data:
        arrays = {name: data[name] for name in data.files}
    if "shape" in arrays:
        shape = tuple(arrays.pop("shape"))
        arrays["lungs"] = np.unpackbits(arrays["lungs"])[: int(np.prod(shape))].reshape(shape)
    return arrays


def fill(network: str, folder: Path, phantoms: int, processes: int, first: int = 0) -> None:
    """Make all phantoms of a run, in order, with some processes."""
    tasks = [(network, str(folder), index) for index in range(first, phantoms)]
    with get_context("spawn").Pool(processes) as pool:
        for done in pool.imap_unordered(make, tasks):
            if done % 20 == 0:
                print(f"{network}: phantom {done} of {phantoms}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=list(FIRST_SEED))
    parser.add_argument("--phantoms", type=int, default=400)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    fill(chosen.network, chosen.folder, chosen.phantoms, chosen.processes, chosen.first)
