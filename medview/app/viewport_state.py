"""What one viewport shows and how: the state that mouse, keys, menus and panels change and the window draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from psygnal import Signal

from medview.app.shown_slice import (
    PlaneKind,
    ShownSlice,
    acquired_shown,
    can_be_cut,
    cut_shown,
    plane_axis,
    plane_positions,
)
from medview.core.study import Series, Stack, Study
from medview.core.window import Voi

if TYPE_CHECKING:
    from medview.core.display import OverlayStyle
    from medview.core.presentation_state import PresentationState
    from medview.core.volume import Volume
    from medview.processing.chain import FilterChain

TextMode = Literal["full", "anonymous", "off"]
TEXT_MODES: tuple[TextMode, ...] = ("full", "anonymous", "off")


@dataclass(frozen=True, eq=False)
class FilteredVolume:
    """The whole of a time point after a filter chain, and which chain it was."""

    stack_id: str
    time: int
    chain: FilterChain
    volume: Volume


@dataclass(frozen=True, eq=False)
class ViewportView:
    """Everything a viewport can be asked to show, in one frozen value; see :class:`ViewportState`."""

    study: Study | None = None
    series: Series | None = None
    stack: Stack | None = None
    time: int = 0
    dimension: int | None = None
    """Which of the stack's dimensions keys move; None: the last, which runs fastest."""
    plane_kind: PlaneKind = "acquired"
    k: int = 0
    point: tuple[float, float, float] | None = None
    """LPS mm: each anatomical plane runs through it."""
    voi: Voi | None = None
    """The reader's choice; None: the file's, then a preset, then percentiles."""
    zoom: float = 1.0
    """Factor on fit; not used while ``pixel_scale`` is set."""
    pixel_scale: float | None = None
    """Device px per image pixel (1.0 is 1:1), kept when the viewport changes its size."""
    pan: tuple[float, float] = (0.0, 0.0)
    """(x, y) mm of the image, from its middle, that lies in the viewport's middle."""
    rotation: int = 0
    """Quarter turns clockwise, after ``flip``."""
    flip: bool = False
    """Mirrored left to right."""
    invert: bool = False
    filters: FilterChain = ()
    show_original: bool = False
    """Before / after: the filters are kept but not applied."""
    filtered: FilteredVolume | None = None
    measure_filtered: bool = False
    """Readouts and marks take values after the filters; otherwise the unfiltered ones."""
    scale_id: str | None = None
    """Which other number is told beside the values: None for the default one, "" for none."""
    use_profile: bool = True
    """Whether colours are shown through their ICC profile."""
    show_graphics: bool = True
    """Whether what the file itself draws over its frames (overlay planes …) is shown."""
    presentation: PresentationState | None = None
    """The presentation state that the images it names are shown by."""
    text_mode: TextMode = "full"
    overlay_styles: Mapping[str, OverlayStyle] = field(default_factory=dict)
    """How each result is drawn, by `result_key`; a result that is not there is drawn in the usual way."""


_FIELDS = frozenset(entry.name for entry in fields(ViewportView))


class ViewportState:
    """One viewport's state, touched on the main thread only. ``changed`` carries the names of what changed, once."""

    changed = Signal(frozenset)

    def __init__(self, **values: Any) -> None:
        self._view = ViewportView(**values)
        self.size = (512.0, 512.0)
        """(width, height) in logical px of the place where it is drawn."""

    def __getattr__(self, name: str) -> Any:
        if name in _FIELDS:
            return getattr(self._view, name)
        raise AttributeError(name)

    @property
    def view(self) -> ViewportView:
        """All values at once, frozen; `restore` takes it back."""
        return self._view

    @property
    def stack(self) -> Stack | None:
        """The stack shown, None in an empty viewport."""
        return self._view.stack

    @property
    def series(self) -> Series | None:
        """The series shown."""
        return self._view.series

    @property
    def study(self) -> Study | None:
        """The study shown."""
        return self._view.study

    def update(self, **values: Any) -> None:
        """Change some values and say so once; nothing is said where nothing differs."""
        unknown = values.keys() - _FIELDS
        if unknown:
            raise AttributeError(f"a viewport has no {', '.join(sorted(unknown))}")
        different = frozenset(name for name, value in values.items() if not _same(value, getattr(self._view, name)))
        if not different:
            return
        self._view = replace(self._view, **{name: values[name] for name in different})
        self.changed.emit(different)

    def restore(self, view: ViewportView) -> None:
        """Take all values from an earlier ``view``."""
        self.update(**{name: getattr(view, name) for name in _FIELDS})

    def show(self, study: Study | None, series: Series | None, stack: Stack | None, k: int | None = None) -> None:
        """Show another stack, at slice ``k`` (the middle of a volume, else the first), everything else as new."""
        fresh = ViewportView(text_mode=self._view.text_mode)
        if k is None:
            k = stack.shape[0] // 2 if stack is not None and can_be_cut(stack) else 0
        values = {name: getattr(fresh, name) for name in _FIELDS}
        self.update(**{**values, "study": study, "series": series, "stack": stack, "k": k})

    def replace_stack(self, study: Study, series: Series, stack: Stack) -> None:
        """Go on with a newer assembly of the same stack (more files were found): the same frame stays shown."""
        values: dict[str, Any] = {"study": study, "series": series, "stack": stack}
        old = self._view.stack
        if old is not None and stack is not old:
            values["k"], values["time"] = _same_frame(old, stack, self._view.time, self._view.k)
        self.update(**values)

    def clear(self) -> None:
        """Empty the viewport."""
        self.show(None, None, None)

    # ------------------------------------------------------------------ position

    @property
    def slice_count(self) -> int:
        """How many slices can be scrolled through in the plane shown; 0 in an empty viewport."""
        view = self._view
        if view.stack is None:
            return 0
        if view.plane_kind == "acquired" or view.stack.geometry is None:
            return view.stack.shape[0]
        return len(plane_positions(view.stack.geometry, view.plane_kind))

    @property
    def slice_index(self) -> int:
        """0-based place of the shown slice among `slice_count`."""
        view = self._view
        if view.stack is None:
            return 0
        if view.plane_kind == "acquired" or view.stack.geometry is None:
            return min(view.k, view.stack.shape[0] - 1)
        positions = plane_positions(view.stack.geometry, view.plane_kind)
        return int(np.argmin(np.abs(positions - self.position_mm)))

    @property
    def position_mm(self) -> float:
        """LPS mm along the anatomical plane's normal; 0 for acquired slices."""
        view = self._view
        if view.plane_kind == "acquired" or view.stack is None or view.stack.geometry is None:
            return 0.0
        axis = plane_axis(view.plane_kind)
        if view.point is not None:
            return view.point[axis]
        return float(view.stack.geometry.bounds[:, axis].mean())

    def go_to_index(self, index: int) -> None:
        """Show the slice at 0-based ``index`` of the plane shown, the nearest there is."""
        view = self._view
        if view.stack is None:
            return
        index = max(0, min(index, self.slice_count - 1))
        if view.plane_kind == "acquired" or view.stack.geometry is None:
            self.update(k=index)
            return
        point = list(self._point())
        point[plane_axis(view.plane_kind)] = float(plane_positions(view.stack.geometry, view.plane_kind)[index])
        self.update(point=tuple(point))

    def go_to_point(self, point: tuple[float, float, float]) -> None:
        """Show the slice nearest to an LPS point, in whatever plane is shown."""
        view = self._view
        if view.stack is None or view.stack.geometry is None:
            return
        k = float(view.stack.geometry.patient_to_voxel(point)[0])
        slices = view.stack.shape[0]
        self.update(k=int(np.clip(round(k), 0, slices - 1)), point=self._onto_positions(point))

    def set_plane(self, kind: PlaneKind) -> None:
        """Show the acquired slices or an anatomical cut near what is shown now; ignored where there is no volume."""
        view = self._view
        if view.stack is None or kind == view.plane_kind:
            return
        geometry = view.stack.geometry
        if kind != "acquired" and (geometry is None or not can_be_cut(view.stack)):
            return
        values: dict[str, Any] = {"plane_kind": kind, "pan": (0.0, 0.0), "rotation": 0, "flip": False}
        if geometry is not None:
            point = self._point()
            if kind == "acquired":
                k = float(geometry.patient_to_voxel(point)[0])
                values["k"] = int(np.clip(round(k), 0, view.stack.shape[0] - 1))
            values["point"] = self._onto_positions(point)
        self.update(**values)

    def _point(self) -> tuple[float, float, float]:
        view = self._view
        assert view.stack is not None
        geometry = view.stack.geometry
        assert geometry is not None
        middle = geometry.bounds.mean(axis=0) if view.point is None else np.array(view.point)
        if view.plane_kind == "acquired":
            # Scrolling the acquired slices moves the point along with them, from slice to slice.
            voxel = geometry.patient_to_voxel(middle)
            voxel[0] = view.k
            middle = geometry.voxel_to_patient(voxel)
        return (float(middle[0]), float(middle[1]), float(middle[2]))

    def _onto_positions(self, point: tuple[float, float, float]) -> tuple[float, float, float]:
        """The point with each coordinate moved onto the nearest position that its plane is shown at."""
        stack = self._view.stack
        assert stack is not None
        geometry = stack.geometry
        assert geometry is not None
        kinds: tuple[PlaneKind, PlaneKind, PlaneKind] = ("sagittal", "coronal", "axial")
        found = []
        for axis, kind in enumerate(kinds):
            positions = plane_positions(geometry, kind)
            found.append(float(positions[np.argmin(np.abs(positions - point[axis]))]))
        return (found[0], found[1], found[2])

    def shown(self) -> ShownSlice | None:
        """The slice shown and its place in the patient; None in an empty viewport."""
        view = self._view
        if view.stack is None:
            return None
        if view.plane_kind == "acquired" or view.stack.geometry is None:
            return acquired_shown(view.stack, min(view.k, view.stack.shape[0] - 1), view.time)
        return cut_shown(view.stack, view.plane_kind, self.position_mm)

    @property
    def filters_applied(self) -> FilterChain:
        """The enabled filter steps that the picture goes through; empty while the original is shown."""
        view = self._view
        if view.show_original:
            return ()
        return tuple(step for step in view.filters if step.enabled)


def _same(a: object, b: object) -> bool:
    return a is b or (type(a) is type(b) and bool(a == b))


def _same_frame(old: Stack, new: Stack, time: int, k: int) -> tuple[int, int]:
    """(k, time) in ``new`` of the frame that ``old`` shows; the nearest there is where it cannot be found."""
    at = time * old.shape[0] + k
    if at < len(old.frames):
        shown = old.frames[at]
        for index, frame in enumerate(new.frames):
            if frame.sop_uid == shown.sop_uid and frame.path == shown.path and frame.frame == shown.frame:
                return index % new.shape[0], index // new.shape[0]
    return min(k, new.shape[0] - 1), min(time, new.timepoints - 1)
