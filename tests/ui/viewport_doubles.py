"""A workspace around a viewport without files, threads and processes, and stacks whose values are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from medview.app.settings import Settings
from medview.app.viewport_state import ViewportState
from medview.app.workspace import Workspace
from medview.core.geometry import Geometry
from medview.core.problem import MedviewError
from medview.core.study import PatientIdentity, Series, SeriesContext, Stack, Study
from medview.core.volume import ModalityTransform, SliceState, Volume
from medview.core.window import Voi, Window
from medview.ui.viewport import ViewportWidget


class OneFrame:
    """A frame that is named but never read."""

    def __init__(self, sop_uid: str) -> None:
        self.path = f"{sop_uid}.dcm"
        self.frame = 0
        self.sop_uid = sop_uid
        self.needs_codec = False

    def read(self) -> Any:
        raise AssertionError("a double has no pixels on disk")


class LoaderDouble:
    """Gives volumes that were put in; slices arrive when a test says so."""

    slice_loaded = Signal(str, int, int)
    volume_complete = Signal(str, int)
    progress = Signal(str, int, int)
    failed = Signal(str, int, int, object)
    rested = Signal(str)

    def __init__(self) -> None:
        self.coming: set[str] = set()
        self.volumes: dict[tuple[str, int], Volume] = {}
        self.focus: list[tuple[str, int, int]] = []
        self.errors: dict[tuple[str, int, int], MedviewError] = {}

    def volume(self, stack: Stack, time: int = 0, focus: int = 0) -> Volume:
        if (stack.id, time) not in self.volumes:
            raise MedviewError("out_of_memory", "There is no memory for 9000 MB of images.")
        return self.volumes[stack.id, time]

    def held_volume(self, stack: Stack, time: int) -> Volume | None:
        return self.volumes.get((stack.id, time))

    def loaded_slice(self, stack: Stack, time: int, k: int) -> Any:
        volume = self.held_volume(stack, time)
        return volume.stored[k] if volume is not None and volume.is_loaded(k) else None

    def is_loading(self, stack_id: str) -> bool:
        return stack_id in self.coming

    def set_focus(self, stack: Stack, time: int, k: int) -> None:
        self.focus.append((stack.id, time, k))

    def error(self, stack: Stack, time: int, k: int) -> MedviewError | None:
        return self.errors.get((stack.id, time, k))

    def release(self, stack_id: str) -> None:
        pass

    def load(self, stack: Stack, k: int, time: int = 0) -> None:
        states = self.volumes[stack.id, time].states
        assert states is not None
        states[k] = SliceState.LOADED
        self.slice_loaded.emit(stack.id, time, k)

    def fail(self, stack: Stack, k: int, error: MedviewError, time: int = 0) -> None:
        states = self.volumes[stack.id, time].states
        assert states is not None
        states[k] = SliceState.FAILED
        self.errors[stack.id, time, k] = error
        self.failed.emit(stack.id, time, k, error)


class JobsDouble:
    """Runs nothing until `run_all`."""

    def __init__(self) -> None:
        self.waiting: dict[str, tuple[Callable[..., Any], Callable[..., None], Any]] = {}
        self._number = 0

    def submit(self, title, work, lane, on_done, on_failed=None, on_progress=None, supersedes=None):
        self._number += 1
        self.waiting[supersedes or str(self._number)] = (work, on_done, on_failed)

    def run_all(self) -> None:
        waiting, self.waiting = self.waiting, {}
        for work, on_done, on_failed in waiting.values():
            try:
                answer = work(lambda *_step: None)
            except Exception as error:  # noqa: BLE001 - handed on, as the queue does
                on_failed(error)
            else:
                on_done(answer)

    def close(self) -> None:
        pass


def make_workspace(settings: Settings | None = None) -> Workspace:
    return Workspace(JobsDouble(), LoaderDouble(), lambda run: run(), settings, keep_settings=False)


def make_study(
    workspace: Workspace,
    stored: np.ndarray,
    geometry: Geometry | None = None,
    *,
    name: str = "DOE^JANE",
    patient_id: str = "P-17",
    stack_id: str = "stack-1",
    loaded: bool = True,
    **stack_values: Any,
) -> tuple[Study, Series, Stack]:
    """A study of one stack of CT slices with intercept -1024, and its volume in the loader."""
    shape = stored.shape[:3]
    context = SeriesContext(
        modality="CT",
        description="Thorax 1.0 B31f",
        contrast_agent="Iomeprol",
        slice_thickness=1.5,
        institution="St. Example",
        kernel="B31f",
    )
    values: dict[str, Any] = {
        "id": stack_id,
        "kind": "volume" if geometry is not None else "frames",
        "shape": shape,
        "timepoints": 1,
        "components": 3 if stored.ndim == 4 else 1,
        "dtype": str(stored.dtype),
        "frames": tuple(OneFrame(f"1.2.{stack_id}.{k}") for k in range(shape[0])),
        "transform": ModalityTransform(np.ones(1), np.full(1, -1024.0)),
        "geometry": geometry,
        "unit": "HU",
        "vois": ((Window(40, 400, "LINEAR"), Window(-600, 1500, "LINEAR", "Lung")),),
        "context": context,
        "pixel_spacing": geometry.spacing[1:] if geometry is not None else None,
        "spacing_kind": "patient" if geometry is not None else "none",
    }
    stack = Stack(**{**values, **stack_values})
    series = Series(f"1.3.{stack_id}", 4, stack.context, shape[0], (stack,))
    patient = PatientIdentity(patient_id, name, "19610308", "F", "063Y")
    study = Study(f"1.4.{stack_id}", patient, "20240412", "101500", "CT Thorax", "A-4711", (series,))
    states = np.full(shape[0], SliceState.LOADED if loaded else SliceState.WAITING, dtype=np.uint8)
    loader: Any = workspace.loader
    for time in range(stack.timepoints):
        loader.volumes[stack.id, time] = Volume(
            stored, stack.transform, geometry, stack.unit, stack.padding, stack.inverted, states
        )
    workspace.studies = (*workspace.studies, study)
    return study, series, stack


def axial_geometry(shape: tuple[int, int, int], spacing: tuple[float, float, float] = (2.5, 1.5, 0.75)) -> Geometry:
    """Rows to the left, columns to posterior: a plain supine CT."""
    return Geometry.from_directions(shape, (-40.0, -60.0, -100.0), (1, 0, 0), (0, 1, 0), spacing, "1.5")


def numbered_volume(shape: tuple[int, int, int]) -> np.ndarray:
    """Each voxel's stored value tells its place: 1024 + k·1000 + j·20 + i (i and j below 20)."""
    k, j, i = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    return (1024 + k * 1000 + j * 20 + i).astype(np.int16)


def open_viewport(qtbot: Any, workspace: Workspace, size: tuple[int, int] = (400, 300)) -> ViewportWidget:
    """A shown viewport widget on the workspace's first viewport."""
    widget = ViewportWidget(workspace, workspace.viewports[0])
    qtbot.addWidget(widget)
    widget.resize(*size)
    with qtbot.waitExposed(widget):
        widget.show()
    return widget


def state_of(workspace: Workspace, index: int = 0) -> ViewportState:
    return workspace.viewports[index]


__all__ = [
    "JobsDouble",
    "LoaderDouble",
    "axial_geometry",
    "make_study",
    "make_workspace",
    "numbered_volume",
    "open_viewport",
    "replace",
    "state_of",
]


def whole_picture(widget: Any, voi: Voi | None = None) -> NDArray[np.uint8]:
    """(h, w, 4) RGBA of the whole viewport as its picture is composed now, without what is painted over it."""
    part = widget.picture.compose(
        widget.cut(),
        widget.shown,
        widget.transform,
        voi or widget.voi,
        widget.inverted,
        widget.layers(),
        widget.graphics(),
    )
    height, width = part.pixels.shape[:2]
    screen = np.zeros((*widget.transform.device_size, 4), dtype=np.uint8)
    screen[..., 3] = 255
    screen[part.top : part.top + height, part.left : part.left + width] = part.pixels[..., [2, 1, 0, 3]]
    return screen
