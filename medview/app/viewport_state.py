"""What one viewport shows and how: the state that mouse, keys, menus and panels change and the window draws."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from psygnal import Signal

from medview.app.shown_slice import (
    Axes,
    PlaneKind,
    ShownSlice,
    acquired_shown,
    can_be_cut,
    curved_shown,
    cut_shown,
    oblique_shown,
    plane_axis,
    plane_positions,
)
from medview.app.slabs import effective_slab
from medview.core.geometry import FloatArray, Geometry
from medview.core.kept import kept_with_first
from medview.core.plane import as_vector, oblique_positions
from medview.core.scene import SolidStyle
from medview.core.study import Series, Stack, Study
from medview.core.window import Voi

if TYPE_CHECKING:
    from medview.app.fusion import Fusion
    from medview.core.curve import CurvedSurface
    from medview.core.display import OverlayStyle
    from medview.core.presentation_state import PresentationState
    from medview.core.slab import Slab
    from medview.core.volume import Volume
    from medview.processing.chain import FilterChain

FRONT: Axes = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0))
"""Seen from the front, head up."""
CURVE_TURNS: FloatArray = np.arange(0.0, 360.0, 5.0)
"""Degrees about its path through which a curved picture is scrolled."""
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
    """LPS mm: each anatomical and oblique plane runs through it."""
    axes: Axes | None = None
    """Directions of an oblique plane's or a turned projection's picture."""
    slab: Slab | None = None
    """What of a thickness around the plane is shown; None: the plane alone."""
    solid: SolidStyle = field(default_factory=SolidStyle)
    """How the volume is seen in three dimensions."""
    surface: CurvedSurface | None = None
    """The path along which a curved picture is straightened."""
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
    align: str = ""
    """The edge of the viewport that the picture is laid against while nobody moves it: left, right, or "" for neither."""
    invert: bool = False
    colour_map: str | None = None
    """Id of the colour map chosen for grey values; None: the modality's (PET dark on white, all others grey)."""
    show_bar: bool | None = None
    """Whether the bar of colours and values is drawn; None: where there are colours."""
    fusion: Fusion | None = None
    """A second series laid over the one that is shown."""
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
        self._shown: tuple[ShownSlice | None] | None = None
        self.size = (512.0, 512.0)
        """(width, height) in logical px of the place where it is drawn."""
        self.aligned_pan: tuple[float, float] | None = None
        """The pan that laid the picture against an edge; another one is the reader's."""
        self.aligned_zoom = 1.0
        """The zoom that gives it the scale of the others beside it; another one is the reader's."""

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
        self._view = _with(self._view, {name: values[name] for name in different})
        self._shown = None
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
        return len(self._positions())

    @property
    def slice_index(self) -> int:
        """0-based place of the shown slice among `slice_count`."""
        view = self._view
        if view.stack is None:
            return 0
        if view.plane_kind == "acquired" or view.stack.geometry is None:
            return min(view.k, view.stack.shape[0] - 1)
        return int(np.argmin(np.abs(self._positions() - self.position_mm)))

    def _positions(self) -> FloatArray:
        """(n,) growing mm along the normal at which cuts are shown one after the other."""
        view = self._view
        assert view.stack is not None
        assert view.stack.geometry is not None
        if view.plane_kind == "oblique" and view.axes is not None:
            return oblique_positions(view.stack.geometry, np.cross(*view.axes))
        if view.plane_kind == "curved":
            return CURVE_TURNS
        if view.plane_kind in {"turning", "solid"}:
            return np.zeros(1)
        return plane_positions(view.stack.geometry, view.plane_kind)

    @property
    def position_mm(self) -> float:
        """LPS mm along the anatomical plane's normal; 0 for acquired slices."""
        view = self._view
        if view.plane_kind == "acquired" or view.stack is None or view.stack.geometry is None:
            return 0.0
        if view.plane_kind == "curved":
            return view.surface.turned_deg if view.surface is not None else 0.0
        if view.axes is not None and view.plane_kind in {"oblique", "turning", "solid"}:
            # A projection of everything lies about the volume's middle.
            middle = view.point if view.plane_kind == "oblique" and view.point is not None else None
            through = view.stack.geometry.bounds.mean(axis=0) if middle is None else np.array(middle)
            return float(through @ np.cross(*view.axes))
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
        if view.plane_kind == "curved" and view.surface is not None:
            self.update(surface=replace(view.surface, turned_deg=float(CURVE_TURNS[index])))
        if view.plane_kind in {"turning", "solid", "curved"}:
            return
        if view.axes is not None and view.plane_kind == "oblique":
            normal = np.cross(*view.axes)
            here = np.array(self._point())
            self.update(point=as_vector(here + normal * (self._positions()[index] - float(here @ normal))))
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
        exact = view.plane_kind == "oblique"
        self.update(k=int(np.clip(round(k), 0, slices - 1)), point=point if exact else self._onto_positions(point))

    def set_plane(self, kind: PlaneKind) -> None:
        """Show the acquired slices or an anatomical cut near what is shown now; ignored where there is no volume."""
        view = self._view
        if view.stack is None or kind == view.plane_kind or (kind == "curved" and view.surface is None):
            return
        geometry = view.stack.geometry
        if kind != "acquired" and (geometry is None or not can_be_cut(view.stack)):
            return
        values: dict[str, Any] = {"plane_kind": kind, "pan": (0.0, 0.0), "rotation": 0, "flip": False}
        if kind in {"oblique", "turning", "solid"}:
            values["axes"] = self._axes() if kind == "oblique" else FRONT
        if geometry is not None and kind == "oblique":
            values["point"] = self._point()
        elif geometry is not None:
            point = self._point()
            if kind == "acquired":
                k = float(geometry.patient_to_voxel(point)[0])
                values["k"] = int(np.clip(round(k), 0, view.stack.shape[0] - 1))
            values["point"] = self._onto_positions(point)
        self.update(**values)

    def _axes(self) -> Axes:
        """The directions of what is shown now: an oblique cut begins there."""
        shown = self.shown()
        if shown is None or shown.plane is None:
            return FRONT
        u, v = np.array(shown.plane.u), np.array(shown.plane.v)
        v = v - (v @ u) * u
        return as_vector(u), as_vector(v / np.linalg.norm(v))

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
            found.append(_nearest(_numbers_of(geometry, kind), point[axis]))
        return (found[0], found[1], found[2])

    def shown(self) -> ShownSlice | None:
        """The slice shown and its place in the patient; None in an empty viewport. The same object while nothing changes."""
        if self._shown is None:
            self._shown = (self._make_shown(),)
        return self._shown[0]

    def _make_shown(self) -> ShownSlice | None:
        view = self._view
        if view.stack is None:
            return None
        slab = effective_slab(view.stack, view.slab, view.plane_kind)
        pathless = view.plane_kind == "curved" and view.surface is None
        if view.plane_kind == "acquired" or view.stack.geometry is None or pathless:
            shown = acquired_shown(view.stack, min(view.k, view.stack.shape[0] - 1), view.time)
        elif view.plane_kind == "curved" and view.surface is not None:
            shown = curved_shown(view.surface)
        elif view.plane_kind in {"oblique", "turning", "solid"}:
            shown = oblique_shown(view.stack, view.axes or FRONT, self.position_mm, view.plane_kind)
        else:
            shown = cut_shown(view.stack, view.plane_kind, self.position_mm)
        return shown if slab is None else replace(shown, slab=slab)

    @property
    def filters_applied(self) -> FilterChain:
        """The enabled filter steps that the picture goes through; empty while the original is shown."""
        view = self._view
        if view.show_original:
            return ()
        return tuple(step for step in view.filters if step.enabled)


def _with(view: ViewportView, values: Mapping[str, Any]) -> ViewportView:
    """The view with other values, as `replace` makes it; in a fifth of the time, on each step of a hand."""
    made = object.__new__(ViewportView)
    made.__dict__.update(view.__dict__)
    made.__dict__.update(values)
    return made


@kept_with_first
def _numbers_of(geometry: Geometry, kind: PlaneKind) -> tuple[float, ...]:
    """`plane_positions` as plain numbers."""
    return tuple(plane_positions(geometry, kind).tolist())


def _nearest(positions: tuple[float, ...], to: float) -> float:
    """The nearest of growing positions, of two as near the lower one."""
    at = bisect_left(positions, to)
    if at == 0 or (at < len(positions) and positions[at] - to < to - positions[at - 1]):
        return positions[at]
    return positions[at - 1]


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
