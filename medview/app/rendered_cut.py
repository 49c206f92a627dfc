"""Cuts at any angle and slabs as they are asked for on the command line: what is asked is checked, never bent into something else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from medview.app.oblique import WHY_NOT_CUT, why_not_cut
from medview.app.slabs import WHY, why_no_slab
from medview.core.cut import Slice, cut_slice
from medview.core.plane import Plane, Vector, as_vector, oblique_plane, upright_axes
from medview.core.problem import ExitCode, MedviewError
from medview.core.slab import MOST_MM, Projection, Slab, sample_plane
from medview.core.study import Stack
from medview.core.volume import Volume


@dataclass(frozen=True, slots=True)
class CutWish:
    """What of a cut is asked: a ``slab`` in mm and its ``projection``; the directions of an oblique one, LPS mm."""

    slab: float | None = None
    projection: Projection | None = None
    normal: Vector | None = None
    up: Vector | None = None
    center: Vector | None = None

    def checked(self, *, frame: int | None, plane: str | None, position_mm: float | None) -> None:
        """MedviewError ``bad_use`` for options that belong to others or exclude one another."""
        wrong = ""
        if self.normal is not None and (frame is not None or plane is not None or position_mm is not None):
            wrong = "--normal goes with --center, not with --frame, --plane or --position."
        elif self.normal is None and (self.up is not None or self.center is not None):
            wrong = "--up and --center need --normal."
        elif self.slab is None and self.projection is not None:
            wrong = "--projection needs --slab."
        elif self.slab is not None and not 0 < self.slab <= MOST_MM:
            wrong = f"A slab is more than 0 and at most {MOST_MM:g} mm thick."
        if wrong:
            raise MedviewError("bad_use", wrong, exit_code=ExitCode.BAD_USE)

    def slab_of(self, stack: Stack) -> Slab | None:
        """The slab that is asked for; MedviewError where there can be none."""
        if self.slab is None:
            return None
        why = why_no_slab(stack)
        if why:
            raise MedviewError(why, WHY[why])
        return Slab(self.slab, self.projection or "max")

    def plane_of(self, stack: Stack) -> Plane:
        """The oblique plane that is asked for; MedviewError where there can be none."""
        why = why_not_cut(stack)
        if why:
            raise MedviewError(why, WHY_NOT_CUT[why])
        assert self.normal is not None
        assert stack.geometry is not None
        try:
            u, v = upright_axes(self.normal, self.up)
        except ValueError as error:
            raise MedviewError("bad_use", f"There is no such plane: {error}.", exit_code=ExitCode.BAD_USE) from error
        geometry = stack.geometry
        center = np.array(self.center) if self.center is not None else geometry.bounds.mean(axis=0)
        voxel = geometry.patient_to_voxel(center)
        inside = np.all((voxel >= -0.5) & (voxel <= np.array(geometry.shape) - 0.5))
        if not np.all(np.isfinite(center)) or not inside:
            text = "{:g} {:g} {:g} mm lies outside the volume.".format(*center)
            raise MedviewError("outside_volume", text, values=tuple(f"{one:g}" for one in center))
        return oblique_plane(geometry, u, v, float(np.cross(u, v) @ center))

    def described(self, plane: Plane | None) -> dict[str, Any]:
        """What was drawn, JSON-ready."""
        slab = None if self.slab is None else {"mm": self.slab, "projection": self.projection or "max"}
        if self.normal is None or plane is None:
            return {"slab": slab, "normal": None, "up": None}
        return {"slab": slab, "normal": list(_tidy(plane.normal)), "up": list(_tidy(-np.array(plane.v)))}

    def words(self) -> str:
        """What is written into the picture: the slab, which nobody may overlook."""
        if self.slab is None:
            return ""
        name = {"max": "MIP", "min": "MinIP", "mean": "Mean of slab"}[self.projection or "max"]
        return f"{name} {self.slab:g} mm"


def _tidy(vector: Any) -> Vector:
    return as_vector([0.0 if math.isclose(one, 0, abs_tol=1e-12) else round(float(one), 9) for one in vector])


def cut_at(volume: Volume, plane: Plane, slab: Slab | None) -> Slice:
    """The values on a plane, or of the slab around it."""
    return cut_slice(volume, plane) if slab is None else sample_plane(volume, plane, slab)
