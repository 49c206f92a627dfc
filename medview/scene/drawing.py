"""VTK draws a scene off-screen: rays through the volume on the processor, or on a graphics card where there is one.

Without a card OpenGL is drawn in software (Mesa); rays through a volume are then cast by VTK itself, five times as fast.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import vtkmodules.vtkRenderingVolumeOpenGL2
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkObject, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPiecewiseFunction, vtkPlane, vtkPlaneCollection
from vtkmodules.vtkCommonMath import vtkMatrix4x4
from vtkmodules.vtkRenderingCore import (
    vtkActor,
    vtkColorTransferFunction,
    vtkPolyDataMapper,
    vtkRenderer,
    vtkRenderWindow,
    vtkVolume,
    vtkVolumeProperty,
)
from vtkmodules.vtkRenderingVolume import vtkFixedPointVolumeRayCastMapper
from vtkmodules.vtkRenderingVolumeOpenGL2 import vtkSmartVolumeMapper

from medview.core.problem import ExitCode, MedviewError
from medview.core.scene import MOST_CODE, Camera, ClipBox, Grid, Look, Scene
from medview.scene.surfaces import Surface, mesh_of

assert vtkmodules.vtkRenderingVolumeOpenGL2, "what shows the rays' picture is registered by being imported"

SOFTWARE = ("llvmpipe", "softpipe", "swrast", "software", "gdi generic", "basic render")
"""In the name of an OpenGL that no graphics card stands behind."""
SMALL = 8 << 20
"""Voxels above which what is drawn in haste is drawn from every second one."""

Stopped = Callable[[], bool]


class _VolumeMapper(Protocol):
    def __getattr__(self, name: str) -> Any: ...


class Stage:
    """One volume with its surfaces, drawn as often as wished. ``stopped`` is asked in between: the picture is not wanted any more."""

    def __init__(self, stopped: Stopped) -> None:
        vtkObject.GlobalWarningDisplayOff()
        self._renderer = vtkRenderer()
        self._renderer.SetBackground(0.0, 0.0, 0.0)
        self._window = _window()
        self._window.SetMultiSamples(0)
        self._window.AddRenderer(self._renderer)
        self._window.AddObserver("AbortCheckEvent", lambda *_: self._window.SetAbortRender(1) if stopped() else None)
        self._stopped = stopped
        self._hardware = is_hardware(self._window.ReportCapabilities())
        self._grid: Grid | None = None
        self._volumes: list[tuple[vtkVolume, _VolumeMapper, float]] = []
        self._kept: list[Any] = []
        self._surfaces: dict[str, vtkActor] = {}
        self._look: Look | None = None

    # ------------------------------------------------------------------ what is on it

    def set_volume(self, grid: Grid, codes: NDArray[np.uint16]) -> None:
        """Put the volume on: ``codes`` (k, j, i)."""
        for volume, _, _ in self._volumes:
            self._renderer.RemoveVolume(volume)
        self._volumes, self._kept, self._grid, self._look = [], [], grid, None
        self._add(codes, np.asarray(grid.affine, dtype=np.float64))
        if codes.size > SMALL and not self._hardware:
            small = np.ascontiguousarray(codes[::2, ::2, ::2])
            affine = np.array(grid.affine, dtype=np.float64)
            affine[:3, :3] *= 2
            self._add(small, affine)

    def _add(self, codes: NDArray[np.uint16], affine: NDArray[np.float64]) -> None:
        depth, rows, columns = codes.shape
        lengths = np.linalg.norm(affine[:3, :3], axis=0)
        image = vtkImageData()
        image.SetDimensions(columns, rows, depth)
        image.SetSpacing(*lengths)
        scalars = numpy_to_vtk(codes.reshape(-1), deep=False)
        image.GetPointData().SetScalars(scalars)
        placed = np.eye(4)
        placed[:3, :3] = affine[:3, :3] / lengths
        placed[:3, 3] = affine[:3, 3]
        matrix = vtkMatrix4x4()
        matrix.DeepCopy(placed.reshape(-1).tolist())
        mapper: Any
        if self._hardware:
            mapper = vtkSmartVolumeMapper()
        else:
            mapper = vtkFixedPointVolumeRayCastMapper()
            mapper.IntermixIntersectingGeometryOn()
        mapper.SetAutoAdjustSampleDistances(0)
        mapper.SetInputData(image)
        volume = vtkVolume()
        volume.SetMapper(mapper)
        volume.SetUserMatrix(matrix)
        volume.VisibilityOff()
        self._renderer.AddVolume(volume)
        self._volumes.append((volume, mapper, float(lengths.min())))
        self._kept += [codes, scalars, image]

    def set_surface(self, key: str, surface: Surface) -> None:
        """Keep a surface under ``key``."""
        self.drop_surface(key)
        mapper = vtkPolyDataMapper()
        mapper.SetInputData(mesh_of(surface))
        mapper.ScalarVisibilityOff()
        actor = vtkActor()
        actor.SetMapper(mapper)
        shown = actor.GetProperty()
        shown.SetAmbient(0.15)
        shown.SetDiffuse(0.85)
        shown.SetSpecular(0.25)
        shown.SetSpecularPower(24)
        actor.VisibilityOff()
        self._renderer.AddActor(actor)
        self._surfaces[key] = actor

    def drop_surface(self, key: str) -> None:
        """Forget a surface."""
        actor = self._surfaces.pop(key, None)
        if actor is not None:
            self._renderer.RemoveActor(actor)

    # ------------------------------------------------------------------ drawing

    def draw(self, scene: Scene, coarse: int) -> tuple[NDArray[np.uint8], float]:
        """(h, w, 4) opaque RGBA and the seconds that it took. ``coarse`` above 1: one ray for so many pixels, each way.

        Where some surface lets light through, it is mixed from the picture with all surfaces and the one without.
        """
        started = time.perf_counter()
        self._place(scene.camera)
        self._show(scene, coarse)
        wanted = {one.key: one for one in scene.surfaces if one.key in self._surfaces}
        planes = _planes(scene.box) if scene.box is not None and scene.cut_surfaces else None
        opacity = min((one.opacity for one in wanted.values()), default=1.0)
        for key, actor in self._surfaces.items():
            actor.SetVisibility(key in wanted and opacity > 0)
            if key in wanted:
                actor.GetProperty().SetColor(*(part / 255 for part in wanted[key].colour))
                mapper = actor.GetMapper()
                mapper.RemoveAllClippingPlanes()
                if planes is not None:
                    mapper.SetClippingPlanes(planes)
        picture = self._picture(scene.camera.size)
        if wanted and 0 < opacity < 1 and not self._stopped():
            for actor in self._surfaces.values():
                actor.VisibilityOff()
            without = self._picture(scene.camera.size)
            mixed = picture[..., :3] * np.float32(opacity) + without[..., :3] * np.float32(1 - opacity)
            picture[..., :3] = np.floor(mixed + 0.5).astype(np.uint8)
        if scene.camera.mirrored:
            picture = picture[:, ::-1]
        return np.ascontiguousarray(picture), time.perf_counter() - started

    def _picture(self, size: tuple[int, int]) -> NDArray[np.uint8]:
        h, w = size
        self._window.SetAbortRender(0)
        self._window.Render()
        found = vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, w - 1, h - 1, 0, found)
        rows: NDArray[np.uint8] = vtk_to_numpy(found)
        if rows.size != h * w * 4:
            raise no_drawing("it gives no picture back")
        picture = rows.reshape(h, w, 4)[::-1].copy()
        picture[..., 3] = 255
        return picture

    def _place(self, camera: Camera) -> None:
        """Parallel rays through the middles of the picture's pixels, over everything that there is."""
        h, w = camera.size
        self._window.SetSize(w, h)
        seen = self._renderer.GetActiveCamera()
        centre, away = np.array(camera.centre), camera.away
        reach = self._reach(centre)
        seen.ParallelProjectionOn()
        seen.SetFocalPoint(*centre)
        seen.SetPosition(*(centre - away * 2 * reach))
        seen.SetViewUp(*(-np.array(camera.down)))
        seen.SetParallelScale(h * camera.pixel_mm / 2)
        seen.SetClippingRange(0.5 * reach, 3.5 * reach)

    def _reach(self, centre: NDArray[np.float64]) -> float:
        """How many mm around the centre everything lies within."""
        bounds = np.array(self._renderer.ComputeVisiblePropBounds() if self._grid is None else _bounds(self._grid))
        far = np.maximum(np.abs(bounds[0::2] - centre), np.abs(bounds[1::2] - centre))
        return max(1.0, 1.5 * float(np.linalg.norm(far)))

    def _show(self, scene: Scene, coarse: int) -> None:
        if self._grid is None:
            return
        if scene.look != self._look:
            shown = _property(scene.look, self._grid)
            for volume, _, _ in self._volumes:
                volume.SetProperty(shown)
            self._look = scene.look
        chosen = len(self._volumes) - 1 if coarse > 1 else 0
        for at, (volume, mapper, step) in enumerate(self._volumes):
            volume.SetVisibility(at == chosen and scene.volume)
            if at != chosen:
                continue
            if scene.look.blend == "maximum":
                mapper.SetBlendModeToMaximumIntensity()
            else:
                mapper.SetBlendModeToComposite()
            mapper.SetSampleDistance(step)
            if not self._hardware:
                mapper.SetImageSampleDistance(float(coarse))
            mapper.RemoveAllClippingPlanes()
            if scene.box is not None:
                mapper.SetClippingPlanes(_planes(scene.box))


def window_kinds() -> list[Callable[[], Any]]:
    """Windows that are never on a screen, the best first; on Linux those that need no X server."""
    if sys.platform != "linux":
        return [vtkRenderWindow]
    from vtkmodules import vtkRenderingOpenGL2

    names = ("vtkEGLRenderWindow", "vtkOSOpenGLRenderWindow")
    return [getattr(vtkRenderingOpenGL2, name) for name in names if hasattr(vtkRenderingOpenGL2, name)]


def _window() -> Any:
    """Raises MedviewError where OpenGL cannot be had."""
    for kind in window_kinds():
        window = kind()
        window.SetOffScreenRendering(1)
        window.SetShowWindow(False)
        window.SetSize(64, 64)
        if window.SupportsOpenGL():
            return window
    raise no_drawing("neither a graphics card nor Mesa's software answers")


def no_drawing(why: str) -> MedviewError:
    """There is no OpenGL here."""
    text = f"This computer cannot draw in three dimensions: OpenGL 3.2 is missing ({why})."
    return MedviewError("solid_no_opengl", text, exit_code=ExitCode.RUN_FAILED, values=(why,))


def is_hardware(capabilities: str) -> bool:
    """Whether a graphics card stands behind what OpenGL says of itself."""
    for line in capabilities.splitlines():
        if line.lower().startswith("opengl renderer string"):
            return not any(name in line.lower() for name in SOFTWARE)
    return False


def _bounds(grid: Grid) -> tuple[float, ...]:
    box = grid.bounds
    return tuple(end for pair in zip(box.low, box.high, strict=True) for end in pair)


def _planes(box: ClipBox) -> vtkPlaneCollection:
    """Six planes that keep what is inside."""
    planes = vtkPlaneCollection()
    for axis in range(3):
        for sign, end in ((1.0, box.low), (-1.0, box.high)):
            plane = vtkPlane()
            normal = [0.0, 0.0, 0.0]
            normal[axis] = sign
            plane.SetOrigin(*end)
            plane.SetNormal(*normal)
            planes.AddItem(plane)
    return planes


def _property(look: Look, grid: Grid) -> vtkVolumeProperty:
    """How codes are seen; code 0, which is no value, never is."""
    own = [grid.code_of(point.value) for point in look.points]
    codes = np.array(sorted({1.0, float(MOST_CODE), *(code for code in own if 1.0 < code < MOST_CODE)}))
    values = codes * grid.scale + grid.offset
    opacity, colour = vtkPiecewiseFunction(), vtkColorTransferFunction()
    opacity.AddPoint(0.0, 0.0)
    for code, share in zip(codes, look.opacity_at(values), strict=True):
        opacity.AddPoint(float(code), float(share))
    known = [point.value for point in look.points]
    parts = [np.interp(values, known, [point.colour[part] for point in look.points]) / 255 for part in range(3)]
    for code, red, green, blue in zip(codes, *parts, strict=True):
        colour.AddRGBPoint(float(code), float(red), float(green), float(blue))
    shown = vtkVolumeProperty()
    shown.SetInterpolationTypeToLinear()
    shown.SetColor(colour)
    shown.SetScalarOpacity(opacity)
    shown.SetScalarOpacityUnitDistance(look.unit_mm)
    shown.SetShade(look.shaded and look.blend == "composite")
    # Inside of what is all alike there is no direction to be lit from: what is left then must not be black.
    shown.SetAmbient(0.3)
    shown.SetDiffuse(0.75)
    shown.SetSpecular(0.2)
    shown.SetSpecularPower(16)
    return shown
