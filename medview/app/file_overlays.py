"""Overlays that come from objects of the open studies: which there are, which are shown, and how they look."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from psygnal import Signal

from medview.app.results import with_label_visible
from medview.app.study_objects import (
    LAID_OVER,
    WASHES,
    ListedObject,
    listed_objects,
    objects_to_read,
    read_all_references,
)
from medview.core.progress import Cancelled
from medview.core.study import Stack

if TYPE_CHECKING:
    from medview.app.picture import PaintedLayer, SegmentationLayer
    from medview.app.shown_slice import ShownSlice
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace
    from medview.core.display import OverlayStyle
    from medview.core.overlay import OverlayPart, StudyOverlay
    from medview.core.presentation_state import PresentationState
    from medview.core.problem import MedviewError
    from medview.dicom.object_values import ObjectReferences

OverlayKey = tuple[str, str]
"""Key of the object, id of the stack that it lies on."""


class FileOverlays:
    """Main thread only. Nothing is read of an object but what it refers to, until the reader asks to see it."""

    changed = Signal(str)
    """Id of the stack whose overlays changed; "" where the list of objects did."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._known: dict[str, ObjectReferences | MedviewError] = {}
        self.listed: tuple[ListedObject, ...] = ()
        self._read: dict[OverlayKey, StudyOverlay] = {}
        self._reading: set[OverlayKey] = set()
        self._errors: dict[OverlayKey, MedviewError] = {}
        self._styles: dict[OverlayKey, OverlayStyle] = {}
        self._shown: set[OverlayKey] = set()
        self._thresholds: dict[OverlayKey, float] = {}
        self._maps: dict[OverlayKey, int] = {}
        self._painted_kept: dict[OverlayKey, tuple[StudyOverlay, OverlayStyle, list[PaintedLayer]]] = {}
        workspace.studies_changed.connect(self.refresh)

    # ------------------------------------------------------------------ the list

    def refresh(self) -> None:
        """Read what new objects refer to, in the background, and place all of them anew."""
        workspace = self._workspace
        if workspace.is_scanning:
            return  # what they refer to may come yet
        files = objects_to_read(workspace.studies, self._known)
        if not files:
            self._list()
            return
        from medview.jobs.queue import Lane

        def done(found: dict[str, Any]) -> None:
            self._known.update(found)
            self._list()

        workspace.jobs.submit(
            "objects",
            lambda _progress: read_all_references(files),
            Lane.PREFETCH,
            on_done=done,
            on_failed=lambda _error: None,
            supersedes="objects",
        )

    def _list(self) -> None:
        listed = listed_objects(self._workspace.studies, self._known)
        if [(one.key, one.stacks, one.reason) for one in listed] == [
            (one.key, one.stacks, one.reason) for one in self.listed
        ]:
            return
        self.listed = listed
        there = {(one.key, stack) for one in listed for stack in one.stacks}
        tables: tuple[dict[OverlayKey, Any], ...] = (self._read, self._errors, self._styles, self._painted_kept)
        for kept in tables:
            for key in [key for key in kept if key not in there]:
                kept.pop(key)
        self._shown &= there
        self.changed.emit("")

    def of_stack(self, stack_id: str) -> tuple[ListedObject, ...]:
        """Objects that can be laid over a stack."""
        return tuple(one for one in self.listed if stack_id in one.stacks and one.kind in LAID_OVER)

    def states_of(self, stack_id: str) -> tuple[ListedObject, ...]:
        """Presentation states of a stack's images."""
        return tuple(one for one in self.listed if stack_id in one.stacks and one.kind == "presentation_state")

    def unplaced(self, series_uids: frozenset[str]) -> tuple[ListedObject, ...]:
        """Objects of these series that lie over nothing, each with the reason."""
        return tuple(one for one in self.listed if not one.stacks and one.file.series_uid in series_uids)

    # ------------------------------------------------------------------ showing

    def is_shown(self, listed: ListedObject, stack_id: str) -> bool:
        """Whether the reader wants to see an object on a stack."""
        return (listed.key, stack_id) in self._shown

    def is_reading(self, listed: ListedObject, stack_id: str) -> bool:
        """Whether it is being read."""
        return (listed.key, stack_id) in self._reading

    def error(self, listed: ListedObject, stack_id: str) -> MedviewError | None:
        """Why it could not be read."""
        return self._errors.get((listed.key, stack_id))

    def overlay(self, listed: ListedObject, stack_id: str) -> StudyOverlay | None:
        """What was read of it; None until it is asked for and there."""
        return self._read.get((listed.key, stack_id))

    def show(self, listed: ListedObject, stack: Stack, shown: bool = True) -> None:
        """Show an object on a stack, reading it first, or hide it; one map or dose at a time: colours of two that are mixed mean nothing."""
        key = (listed.key, stack.id)
        if not shown:
            self._shown.discard(key)
        else:
            if listed.kind in WASHES:
                self._shown -= {(one.key, stack.id) for one in self.listed if one.kind in WASHES}
            self._shown.add(key)
            if key not in self._read and key not in self._reading:
                self._start(listed, stack)
        self._tell(stack.id)

    def _start(self, listed: ListedObject, stack: Stack, threshold: float | None = None) -> None:
        from medview.app.overlay_reading import read_overlay
        from medview.jobs.queue import Lane

        key = (listed.key, stack.id)
        workspace = self._workspace
        own, which = self.own_stacks(listed), self._maps.get(key, 0)
        self._reading.add(key)
        self._errors.pop(key, None)

        def done(overlay: StudyOverlay) -> None:
            self._reading.discard(key)
            self._read[key] = overlay
            self._tell(stack.id)

        def failed(error: BaseException) -> None:
            from medview.core.problem import MedviewError

            self._reading.discard(key)
            self._shown.discard(key)
            if not isinstance(error, Cancelled):
                if isinstance(error, MedviewError):
                    self._errors[key] = error
                workspace.tell_error(error)
            self._tell(stack.id)

        job = workspace.jobs.submit(
            "overlay",
            lambda progress: read_overlay(
                listed.kind, listed.file.path, stack, own, workspace.read_frame, threshold, progress, which
            ),
            Lane.INTERACTION,
            on_done=done,
            on_failed=failed,
        )
        workspace.background.remember(job)

    def own_stacks(self, listed: ListedObject) -> tuple[Stack, ...]:
        """The stacks of an object's own pixels: more than one where its frames differ in size or place."""
        return tuple(
            stack
            for study in self._workspace.studies
            for series in study.series
            if series.series_uid == listed.file.series_uid
            for stack in series.stacks
            if stack.frames and stack.frames[0].path == listed.file.path
        )

    def choose_map(self, listed: ListedObject, stack: Stack, at: int) -> None:
        """Show another one of the maps that an object holds."""
        overlay = self._read.get((listed.key, stack.id))
        if overlay is not None and at != overlay.map_at and at < len(overlay.maps):
            self._maps[listed.key, stack.id] = at
            self._start(listed, stack)
            self._tell(stack.id)

    def threshold(self, listed: ListedObject, stack_id: str) -> float:
        """The fraction from which on a pixel belongs to a part."""
        return self._thresholds.get((listed.key, stack_id), 0.5)

    def set_threshold(self, listed: ListedObject, stack: Stack, threshold: float) -> None:
        """Read fractions anew with another threshold (0 to 1)."""
        self._thresholds[listed.key, stack.id] = threshold
        self._start(listed, stack, threshold)

    # ------------------------------------------------------------------ presentation states

    def choose_state(self, listed: ListedObject | None) -> None:
        """Show the active viewport's images as a presentation state says; None: as they are themselves."""
        from medview.app.presented import WITHOUT_STATE

        viewport = self._workspace.active_viewport
        if listed is None:
            if viewport.view.presentation is not None:
                viewport.update(**WITHOUT_STATE)
            return
        from medview.dicom.presentation_state import read_presentation_state
        from medview.jobs.queue import Lane

        stack = viewport.stack

        def done(state: PresentationState) -> None:
            if viewport.stack is stack and stack is not None:
                self._show_image_of(viewport, state)
                viewport.update(presentation=state)

        self._workspace.jobs.submit(
            "overlay",
            lambda _progress: read_presentation_state(listed.file.path),
            Lane.INTERACTION,
            on_done=done,
            on_failed=self._workspace.tell_error,
            supersedes="presentation",
        )

    def _show_image_of(self, viewport: ViewportState, state: PresentationState) -> None:
        """Go to an image that the state names, where the one shown is none."""
        stack = viewport.stack
        assert stack is not None
        depth = stack.shape[0]
        shown = viewport.view.time * depth + viewport.view.k
        named = [at for at, frame in enumerate(stack.frames) if state.applies_to(frame.sop_uid, frame.frame)]
        if named and shown not in named:
            nearest = min(named, key=lambda at: abs(at - shown))
            viewport.update(time=nearest // depth, k=nearest % depth, plane_kind="acquired")

    # ------------------------------------------------------------------ looks

    def style(self, listed: ListedObject, stack_id: str) -> OverlayStyle:
        """How an object is drawn: contours as lines, a wash half transparent, labels as the settings say."""
        from medview.core.display import OverlayStyle

        known = self._styles.get((listed.key, stack_id))
        if known is not None:
            return known
        if listed.kind == "structure_set":
            return OverlayStyle(opacity=0.0)
        if listed.kind in {"dose", "parametric_map"}:
            return OverlayStyle(opacity=0.45)
        settings = self._workspace.settings
        return OverlayStyle(opacity=settings.overlay_opacity, outline=settings.overlay_outline)

    def set_style(self, listed: ListedObject, stack_id: str, style: OverlayStyle) -> None:
        """Draw an object this way."""
        self._styles[listed.key, stack_id] = style
        self._tell(stack_id)

    def show_part(self, listed: ListedObject, stack_id: str, value: int, shown: bool) -> None:
        """Show or hide one label."""
        self.set_style(listed, stack_id, with_label_visible(self.style(listed, stack_id), value, shown))

    def show_all_parts(self, listed: ListedObject, stack_id: str, shown: bool) -> None:
        """Show or hide all labels."""
        overlay = self.overlay(listed, stack_id)
        if overlay is not None:
            hidden = frozenset() if shown else frozenset(part.label.value for part in overlay.parts)
            self.set_style(listed, stack_id, replace(self.style(listed, stack_id), hidden_labels=hidden))

    def layers(self, stack: Stack) -> list[SegmentationLayer]:
        """Label maps to draw on a stack."""
        drawn = self._drawn(stack.id)
        if not drawn:
            return []
        from medview.app.overlay_layers import label_layers

        return [
            layer
            for listed, overlay in drawn
            for layer in label_layers(f"{listed.key}", overlay, self.style(listed, stack.id))
        ]

    def painted(self, stack: Stack) -> list[PaintedLayer]:
        """Washes, then outlines, to draw on a stack."""
        drawn = self._drawn(stack.id)
        if not drawn:
            return []
        from medview.app.overlay_layers import painted_layers

        reach = stack.geometry.spacing[0] / 2 if stack.geometry is not None else 0.5
        layers = []
        for listed, overlay in drawn:
            known = self._painted_kept.get((listed.key, stack.id))
            style = self.style(listed, stack.id)
            if known is None or known[0] is not overlay or known[1] != style:
                known = (overlay, style, painted_layers(listed.key, overlay, style, reach))
                self._painted_kept[listed.key, stack.id] = known
            layers += known[2]
        return sorted(layers, key=lambda layer: hasattr(layer, "overlay"))

    def _drawn(self, stack_id: str) -> list[tuple[ListedObject, StudyOverlay]]:
        if not self._shown:
            return []
        return [
            (listed, self._read[listed.key, stack_id])
            for listed in self.listed
            if (listed.key, stack_id) in self._shown and (listed.key, stack_id) in self._read
        ]

    def told_at(self, stack: Stack, shown: ShownSlice, x: float, y: float) -> list[tuple[str, float | None, str]]:
        """What lies under image (x, y): names of parts, and quantities with their value and unit."""
        told: list[tuple[str, float | None, str]] = []
        drawn = self._drawn(stack.id)
        if not drawn:
            return told
        from medview.app.overlay_layers import parts_at, wash_value

        for listed, overlay in drawn:
            hidden = self.style(listed, stack.id).hidden_labels
            told += [(name, None, "") for name in parts_at(overlay, shown, x, y, hidden)]
            point = shown.image_to_patient(x, y)
            if overlay.wash is not None and point is not None:
                value = wash_value(overlay.wash, point)
                if value is not None:
                    told.append((overlay.wash.quantity, value, overlay.wash.unit))
        return told

    def shown_titles(self, stack_id: str) -> tuple[str, ...]:
        """Titles of what is drawn on a stack."""
        return tuple(listed.title or listed.kind for listed, _ in self._drawn(stack_id))

    def go_to(self, part: OverlayPart, stack: Stack) -> None:
        """Show the middle of a part in every viewport that shows the stack."""
        for state in self._workspace.all_viewports:
            if state.stack is None or state.stack.id != stack.id:
                continue
            if part.centre is not None and stack.geometry is not None:
                state.go_to_point(part.centre)
            elif part.centre_k is not None:
                state.update(k=part.centre_k, plane_kind="acquired")
        self._workspace.touched = True

    def _tell(self, stack_id: str) -> None:
        self.changed.emit(stack_id)
        self._workspace.results_changed.emit(stack_id)
