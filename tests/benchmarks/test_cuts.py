"""What cuts at any angle, slabs and turned projections cost, beside their peers, in one run.

Bars: an oblique cut of 512² through 512×512×300 takes at most 1.3 times as long as VTK's vtkImageReslice (SimpleITK's Resample where
VTK is not there: it is no dependency; a folder that holds it is named by MEDVIEW_BENCH_VTK); one step of a 20 mm slab that
is being dragged, everything painted, is less than 16 ms of work in a viewport of 500².
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from medview.core.geometry import Geometry
from medview.core.plane import Plane, upright_axes
from medview.core.slab import Slab, sample_plane
from medview.core.volume import ModalityTransform, Volume
from medview.kernels import rays
from medview.ui.viewport import ViewportWidget
from tests.ui.viewport_doubles import axial_geometry, make_study, make_workspace

Record = Callable[[str, object], None]
RESULTS = Path(__file__).parent / "results"
SHAPE = (300, 512, 512)
ROUNDS = 12


@pytest.fixture(scope="module")
def stored() -> np.ndarray:
    assert rays.warm_up(("int16",))
    return np.random.default_rng(6).integers(-1000, 2000, SHAPE, dtype=np.int16)


def work_ms(run: Callable[[int], object], rounds: int = ROUNDS) -> dict[str, float]:
    """Best and median of the processor's time, and the median by the clock."""
    work, clock = [], []
    for n in range(rounds + 2):
        started, spent = time.perf_counter(), time.process_time()
        run(n)
        work.append((time.process_time() - spent) * 1e3)
        clock.append((time.perf_counter() - started) * 1e3)
    work, clock = work[2:], clock[2:]
    return {
        "best": round(min(work), 2),
        "median": round(float(np.median(work)), 2),
        "clock": round(float(np.median(clock)), 2),
    }


def keep(name: str, record: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"cuts-{name}.json").write_text(json.dumps(record, indent=1), encoding="utf-8")


def tilted(geometry: Geometry, offset: float) -> Plane:
    u, v = upright_axes((0.35, 0.9, 0.25))
    middle = geometry.bounds.mean(axis=0) + np.cross(u, v) * offset
    origin = middle - (np.array(u) + np.array(v)) * 255.5
    return Plane(tuple(origin), u, v, (1.0, 1.0), (512, 512))  # type: ignore[arg-type]


def vtk_reslice(stored: np.ndarray, plane: Plane, layers: int) -> Callable[[int], object] | None:
    """vtkImageReslice of the same plane, or slab of so many layers a mm apart; None where VTK is not there."""
    folder = os.environ.get("MEDVIEW_BENCH_VTK")
    if folder:
        sys.path.append(folder)
    try:
        import vtk
        from vtk.util import numpy_support
    except ImportError:
        return None
    image = vtk.vtkImageData()
    image.SetDimensions(*stored.shape[::-1])
    image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(stored.ravel()))
    reslice = vtk.vtkImageReslice()
    reslice.SetInputData(image)
    reslice.SetOutputDimensionality(2)
    reslice.SetInterpolationModeToLinear()
    reslice.SetResliceAxesDirectionCosines(*plane.u, *plane.v, *plane.normal)
    reslice.SetOutputExtent(0, 511, 0, 511, 0, 0)
    reslice.SetOutputOrigin(0, 0, 0)
    reslice.SetOutputSpacing(1, 1, 1)
    if layers > 1:
        reslice.SetSlabNumberOfSlices(layers)
        reslice.SetSlabModeToMax()

    def run(n: int) -> None:
        reslice.SetResliceAxesOrigin(*(np.array(plane.origin) + plane.normal * 0.01 * n))
        reslice.Update()

    return run


def itk_resample(stored: np.ndarray, geometry: Geometry) -> Callable[[int], object]:
    import SimpleITK

    image = SimpleITK.GetImageFromArray(stored)

    def run(n: int) -> None:
        plane = tilted(geometry, 0.01 * n)
        target = SimpleITK.Image([512, 512, 1], SimpleITK.sitkInt16)
        target.SetOrigin(plane.origin)
        target.SetDirection(np.column_stack([plane.u, plane.v, plane.normal]).ravel().tolist())
        SimpleITK.Resample(image, target, SimpleITK.Transform(), SimpleITK.sitkLinear, 0.0)

    return run


def test_oblique_cut(stored: np.ndarray, record_property: Record) -> None:
    geometry = Geometry.from_directions(SHAPE, (0, 0, 0), (1, 0, 0), (0, 1, 0), (1.0, 1.0, 1.0))
    volume = Volume(stored, ModalityTransform(), geometry)
    found: dict[str, Any] = {"medview": work_ms(lambda n: sample_plane(volume, tilted(geometry, 0.01 * n)))}
    found["SimpleITK"] = work_ms(itk_resample(stored, geometry))
    vtk = vtk_reslice(stored, tilted(geometry, 0.0), 1)
    if vtk is not None:
        found["VTK"] = work_ms(vtk)
    peer = found.get("VTK", found["SimpleITK"])
    found["ratio"] = round(found["medview"]["best"] / peer["best"], 2)
    slab = Slab(20.0)
    found["slab 20 mm"] = {"medview": work_ms(lambda n: sample_plane(volume, tilted(geometry, 0.01 * n), slab), 4)}
    vtk = vtk_reslice(stored, tilted(geometry, 0.0), 41)
    if vtk is not None:
        found["slab 20 mm"]["VTK"] = work_ms(vtk, 4)
    record_property("oblique_512", found)
    print(f"\noblique 512²: {found} (bar 1.3)")
    keep("oblique", found)
    assert found["ratio"] <= 1.3


def test_dragging_a_slab_and_turning_a_projection(
    qapp: QApplication, stored: np.ndarray, record_property: Record
) -> None:
    workspace = make_workspace()
    geometry = axial_geometry(SHAPE, (1.0, 0.7, 0.7))
    workspace.viewports[0].show(*make_study(workspace, stored, geometry))
    widget = ViewportWidget(workspace, workspace.viewports[0])
    widget.resize(500, 500)
    widget.show()
    for _ in range(20):
        qapp.processEvents()
    state, found = widget.state, {}
    for kind in ("acquired", "coronal", "sagittal", "oblique"):
        state.set_plane(kind)
        if kind == "oblique":
            state.update(axes=upright_axes((0.35, 0.9, 0.25)))
        count = state.slice_count

        def step(n: int, first: int = count // 2) -> None:
            state.go_to_index(first + n)
            widget.repaint()

        state.update(slab=None)
        found[f"{kind} without"] = work_ms(step)
        state.update(slab=Slab(20.0))
        widget.repaint()
        found[f"{kind} 20 mm"] = work_ms(step)
        assert widget.picture.direct.is_rough is (kind != "acquired")
    state.update(slab=None)
    state.set_plane("turning")
    from medview.app.oblique import turn_by_hand
    from medview.core.pooled import pooled_volume

    started = time.process_time()
    assert pooled_volume(widget.volume) is not None
    found["smaller volume, once"] = {"median": round((time.process_time() - started) * 1e3, 1)}

    def turn(_n: int) -> None:
        turn_by_hand(state, 0.03, 0.01)
        widget.repaint()

    found["turning"] = work_ms(turn)
    widget.close()
    widget.deleteLater()
    record_property("slabs_ms", found)
    print("\nin a viewport of 500²: " + ", ".join(f"{name} {value}" for name, value in found.items()) + " (bar 16 ms)")
    keep("slabs", found)
    assert all(value["best"] <= 16.0 for name, value in found.items() if name.endswith("20 mm"))
