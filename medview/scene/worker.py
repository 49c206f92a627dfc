"""The process that draws in three dimensions: is given a volume piece by piece, and then asked for pictures (medview.jobs.service_loop)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError

if TYPE_CHECKING:
    from medview.core.scene import Grid
    from medview.scene.surfaces import Surface

Arrays = Mapping[str, NDArray[Any]]
Answer = tuple[dict[str, Any], Arrays]


class Host(Protocol):
    """What the process is told about itself (:class:`medview.jobs.service_loop.Host`)."""

    idle_s: float | None

    def limit_memory(self, extra: int, address_space: bool) -> None: ...


def make_service(host: Host) -> SceneService:
    """The service of a new process. Raises MedviewError where VTK is not installed."""
    return SceneService(host)


class SceneService:
    """``open`` once, then ``volume``, its parts and ``ready``; surfaces come and go; ``draw`` and ``pick`` as often as wished.

    ``border`` needs none of them: it makes a surface that is not drawn.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._stopped = False
        self._stage: Any = None
        self._grid: Grid | None = None
        self._codes: NDArray[np.uint16] | None = None
        self._meshes: dict[str, Surface] = {}

    def serve(self, kind: str, values: Mapping[str, Any], arrays: Arrays) -> Answer:
        """Answer a request; raises MedviewError."""
        self._stopped = False
        asked = {
            "open": self._open,
            "volume": self._volume,
            "part": self._part,
            "ready": self._ready,
            "surface": self._surface,
            "drop": self._drop,
            "draw": self._draw,
            "pick": self._pick,
            "mesh": self._mesh,
            "border": self._border,
        }
        return asked[kind](values, arrays)

    def stop(self) -> None:
        """The picture that is being drawn is not wanted any more."""
        self._stopped = True

    def _open(self, values: Mapping[str, Any], _arrays: Arrays) -> Answer:
        try:
            import vtkmodules
        except ImportError as error:
            raise missing_vtk() from error
        from medview.scene.drawing import Stage

        self._host.idle_s = float(values["idle_s"])
        self._stage = Stage(lambda: self._stopped)
        # After the drivers are there; they reserve far more than they use.
        self._host.limit_memory(int(values["memory"]), address_space=False)
        return {"vtk": str(vtkmodules.__version__)}, {}

    def _volume(self, values: Mapping[str, Any], _arrays: Arrays) -> Answer:
        self._grid = values["grid"]
        self._codes = np.zeros(self._grid.shape, np.uint16)
        return {}, {}

    def _part(self, values: Mapping[str, Any], arrays: Arrays) -> Answer:
        assert self._codes is not None, "the volume comes first"
        part, start = arrays["codes"], int(values["start"])
        self._codes[start : start + len(part)] = part
        return {}, {}

    def _ready(self, _values: Mapping[str, Any], _arrays: Arrays) -> Answer:
        assert self._grid is not None
        assert self._codes is not None
        self._stage.set_volume(self._grid, self._codes)
        return {}, {}

    def _surface(self, values: Mapping[str, Any], arrays: Arrays) -> Answer:
        from medview.scene.surfaces import surface_of

        first = values["first"]
        made = surface_of(arrays["inside"], (first[0], first[1], first[2]), values["geometry"], int(values["step"]))
        key = str(values["key"])
        self._stage.set_surface(key, made)
        self._meshes[key] = made
        return {"triangles": len(made.triangles), "volume_mm3": made.volume_mm3}, {}

    def _drop(self, values: Mapping[str, Any], _arrays: Arrays) -> Answer:
        for key in values["keys"]:
            self._stage.drop_surface(key)
            self._meshes.pop(key, None)
        return {}, {}

    def _draw(self, values: Mapping[str, Any], _arrays: Arrays) -> Answer:
        picture, seconds = self._stage.draw(values["scene"], int(values["coarse"]))
        return {"seconds": seconds, "stopped": self._stopped}, {"picture": picture}

    def _pick(self, values: Mapping[str, Any], _arrays: Arrays) -> Answer:
        from medview.scene.picking import first_seen

        if self._grid is None or self._codes is None:
            return {"point": None}, {}
        found = first_seen(values["scene"], self._grid, self._codes, float(values["x"]), float(values["y"]))
        return {"point": None if found is None else [float(one) for one in found]}, {}

    def _border(self, values: Mapping[str, Any], arrays: Arrays) -> Answer:
        from medview.scene.surfaces import surface_of

        first = values["first"]
        made = surface_of(arrays["inside"], (first[0], first[1], first[2]), values["geometry"], int(values["step"]))
        return {"volume_mm3": made.volume_mm3}, {"points": made.points, "triangles": made.triangles}

    def _mesh(self, values: Mapping[str, Any], _arrays: Arrays) -> Answer:
        mesh = self._meshes.get(str(values["key"]))
        if mesh is None:
            return {}, {}
        return {}, {"points": mesh.points, "triangles": mesh.triangles}


def missing_vtk() -> MedviewError:
    """The library is not installed; where it is had from."""
    text = "Drawing in three dimensions needs the library VTK, which is not installed here: pip install vtk brings it."
    return MedviewError("solid_no_vtk", text, exit_code=ExitCode.RUN_FAILED)
