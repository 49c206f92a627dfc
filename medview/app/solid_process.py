"""The process that draws in three dimensions, as its caller sees it: blocking, one question at a time, every failure a sentence."""

from __future__ import annotations

import importlib.util
import math
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medview.app.solid_grid import (
    BYTES_PER_VOXEL,
    LARGEST_BYTES,
    SolidValues,
    grid_of,
    memory_for,
    pieces_of,
    true_ends,
    values_of,
)
from medview.app.solid_surfaces import SolidPart
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress, no_progress
from medview.core.scene import Grid, Scene
from medview.core.volume import Volume
from medview.jobs.hurried import HurriedService
from medview.jobs.pool import physical_memory
from medview.jobs.service import ServiceEndedError
from medview.jobs.service_loop import free_share

ENTRY = "medview.scene.worker"
IDLE_S = 300.0
"""How long the process stays that nobody asks."""
LIMIT_S = 300.0
"""Most seconds for one question; the first picture of a large volume takes some."""
LARGEST_ANSWER = 512 << 20
LEAST_BYTES = 4 << 20
"""Of codes: what is smaller shows nothing."""
SHARE = 0.6
"""Of the memory that is free; the rest is for what is read meanwhile."""

NO_VTK = "Drawing in three dimensions needs the library VTK, which is not installed here: pip install vtk brings it."


def check_installed() -> None:
    """Raises MedviewError where what draws is not installed; nothing is imported for that."""
    if importlib.util.find_spec("vtkmodules") is not None:
        return
    if getattr(sys, "frozen", False):
        text = "Drawing in three dimensions needs the library VTK, which is not installed here: the package medview-3d brings it."
        raise MedviewError("solid_left_out", text, exit_code=ExitCode.RUN_FAILED)
    raise MedviewError("solid_no_vtk", NO_VTK, exit_code=ExitCode.RUN_FAILED)


def grid_that_fits(volume: Volume, ends: tuple[float, float], largest: int = LARGEST_BYTES) -> Grid:
    """The grid of a volume that the memory which is free has room for. Raises MedviewError where there is far too little."""
    free = int(physical_memory() * free_share() * SHARE)
    empty = memory_for(Grid((1, 1, 1), np.eye(4), 1.0, 0.0))
    room = (free - empty) * 2 // BYTES_PER_VOXEL
    if room < min(LEAST_BYTES, 2 * math.prod(volume.shape)):
        text = "There is too little memory to draw in three dimensions: {} MB are free for it."
        told = str(max(0, free >> 20))
        raise MedviewError("solid_no_memory", text.format(told), exit_code=ExitCode.RUN_FAILED, values=(told,))
    return grid_of(volume, ends, min(largest, room))


class SolidProcess:
    """Draws one volume with its surfaces. Called from one thread at a time; ``hurry`` from any."""

    def __init__(self, checkpoint: Callable[[], None] = lambda: None) -> None:
        """Start it. Raises MedviewError where it does not come up or VTK is missing."""
        check_installed()
        self._checkpoint = checkpoint
        self.grid: Grid | None = None
        self.values: SolidValues | None = None
        self._hurried = False
        try:
            self._service = HurriedService(ENTRY, 0, checkpoint)
        except ServiceEndedError as error:
            raise _failure(error) from error

    @property
    def is_alive(self) -> bool:
        """Whether it can be asked."""
        return self._service.is_alive

    @property
    def process_id(self) -> int:
        """Of the process."""
        return self._service.process_id

    def put_volume(self, volume: Volume, progress: Progress = no_progress, largest: int = LARGEST_BYTES) -> None:
        """Give it a complete volume. Raises MedviewError, and Cancelled from ``progress``."""
        self.values = values_of(volume)
        self.grid = grid = grid_that_fits(volume, true_ends(volume), largest)
        self._ask("open", {"memory": memory_for(grid), "idle_s": IDLE_S})
        self._ask("volume", {"grid": grid})
        for start, codes in pieces_of(volume, grid):
            progress("solid", start, grid.shape[0])
            self._ask("part", {"start": start}, {"codes": codes})
        self._ask("ready", {})

    def put_surface(self, key: str, part: SolidPart) -> tuple[int, float]:
        """Have a surface made and kept under ``key``; (triangles, mm³ inside)."""
        values = {"key": key, "first": part.first, "geometry": part.geometry, "step": part.step}
        told, _ = self._ask("surface", values, {"inside": part.inside})
        return int(told["triangles"]), float(told["volume_mm3"])

    def border(self, part: SolidPart) -> tuple[NDArray[np.float32], NDArray[np.int32], float]:
        """Points (n, 3) LPS mm, triangles (m, 3) and mm³ of a surface that is not drawn; no volume has to be there."""
        values = {"first": part.first, "geometry": part.geometry, "step": part.step}
        told, arrays = self._ask("border", values, {"inside": part.inside})
        return arrays["points"], arrays["triangles"], float(told["volume_mm3"])

    def drop_surfaces(self, keys: tuple[str, ...]) -> None:
        """Forget surfaces."""
        if keys:
            self._ask("drop", {"keys": keys})

    def draw(self, scene: Scene, coarse: int = 1) -> tuple[NDArray[np.uint8], float, bool]:
        """(h, w, 4) RGBA, the seconds that drawing took, and whether it was ended early and is not whole."""
        self._hurried = False
        try:
            told, arrays = self._ask("draw", {"scene": scene, "coarse": coarse})
        except MedviewError as error:
            if self._hurried and error.code == "run_failed":  # called off before it had begun
                return np.zeros((*scene.camera.size, 4), np.uint8), 0.0, True
            raise
        return arrays["picture"], float(told["seconds"]), bool(told["stopped"])

    def pick(self, scene: Scene, x: float, y: float) -> NDArray[np.float64] | None:
        """LPS mm of what is seen first under a pixel; None where there is nothing."""
        told, _ = self._ask("pick", {"scene": scene, "x": x, "y": y})
        return None if told["point"] is None else np.array(told["point"])

    def mesh(self, key: str) -> tuple[NDArray[np.float32], NDArray[np.int32]] | None:
        """Points (n, 3) LPS mm and triangles (m, 3) of a surface; None where there is none."""
        _, arrays = self._ask("mesh", {"key": key})
        return (arrays["points"], arrays["triangles"]) if arrays else None

    def hurry(self) -> None:
        """The picture that is being drawn is not waited for any more."""
        self._hurried = True
        self._service.hurry()

    def close(self) -> None:
        """End the process."""
        self._service.close()

    def _ask(
        self, kind: str, values: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None
    ) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        try:
            return self._service.call(kind, values, arrays or {}, LIMIT_S, self._checkpoint, LARGEST_ANSWER)
        except ServiceEndedError as error:
            raise _failure(error) from error


def _failure(error: ServiceEndedError) -> MedviewError:
    """What is told of a process that ended."""
    if error.how == "memory":
        text = (
            "Drawing in three dimensions took more memory than there is; its process was ended, nothing else was lost."
        )
        return MedviewError("solid_out_of_memory", text, exit_code=ExitCode.RUN_FAILED)
    code = "solid_not_started" if error.how == "not_started" else "solid_crashed"
    what = "does not start" if error.how == "not_started" else "broke down"
    text = f"The process that draws in three dimensions {what} ({error.cause}); nothing else was lost."
    return MedviewError(code, text, exit_code=ExitCode.RUN_FAILED, values=(error.cause,))
