"""The hanging protocols of a workspace: those that came with medview and the reader's own, which fit, which is hung."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from psygnal import Signal

from medview.app import hanging
from medview.app.changes import arrangement_of, keep_arrangement
from medview.app.hanging_match import Hung, acquired_orientation, fits_series, fitting_protocols, hang
from medview.app.hanging_protocol import (
    HangingProtocol,
    Orientation,
    SeriesRule,
    ShownPlane,
    Stage,
    StudyRule,
    ViewportRule,
    read_protocol,
    write_protocol,
)
from medview.app.presets import presets_for
from medview.app.scales import suv_scale
from medview.core.folders import user_folder
from medview.core.problem import MedviewError
from medview.core.resources import resource_path
from medview.core.window import Window

if TYPE_CHECKING:
    from medview.app.viewport_state import ViewportState
    from medview.app.workspace import Workspace
    from medview.core.study import Study

_PLANES = frozenset({"acquired", "axial", "sagittal", "coronal"})
_WORTHLESS = frozenset({"the", "and", "of", "mm", "with", "ser", "series", "se"})


@dataclass(frozen=True, slots=True)
class HangingStep:
    """A step that forward and back go through: ``protocol`` None is the plain rule of one series alone."""

    protocol: HangingProtocol | None
    stage: int = 0


def protocol_folder() -> Path:
    """Where the reader's own protocols are."""
    return user_folder() / "hanging"


class Hangings:
    """``changed`` after another step was hung, or protocols were read again."""

    changed = Signal()

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._protocols: tuple[HangingProtocol, ...] | None = None
        self.faults: tuple[MedviewError, ...] = ()
        """Files that are no protocols, each naming the field that is wrong."""
        self.step: HangingStep | None = None
        """What is hung; None while nothing was hung by a protocol."""
        self._hung_study: tuple[str, object] = ("", None)
        workspace.studies_changed.connect(self._follow_studies)

    @property
    def protocols(self) -> tuple[HangingProtocol, ...]:
        """All protocols, the reader's own first; read from disk when first asked for."""
        if self._protocols is None:
            self.read()
        assert self._protocols is not None
        return self._protocols

    def read(self) -> None:
        """Read all protocols again."""
        found: dict[str, HangingProtocol] = {}
        faults: list[MedviewError] = []
        for folder, is_builtin in ((protocol_folder(), False), (resource_path("hanging"), True)):
            try:
                paths = sorted(folder.glob("*.json"))
            except OSError:
                continue
            for path in paths:
                try:
                    protocol = replace(read_protocol(path), is_builtin=is_builtin)
                except MedviewError as error:
                    faults.append(error)
                    continue
                # The reader's own version of one that came with medview takes its place.
                found.setdefault(protocol.id, protocol)
        self._protocols, self.faults = tuple(found.values()), tuple(faults)
        self.changed.emit()

    # ------------------------------------------------------------------ which fit, and hanging them

    @property
    def current_study(self) -> Study | None:
        """The study that is read: the active viewport's, or the one that is hung where the active one shows a prior of it."""
        study = self._workspace.active_viewport.study
        key, patient = self._hung_study
        if study is None or patient != study.patient.key:
            return study
        hung = next((one for one in self._workspace.studies if one.study_uid == key), study)
        return study if study.date > hung.date else hung

    def fitting(self) -> tuple[HangingProtocol, ...]:
        """Protocols for the study that is read."""
        study = self.current_study
        return () if study is None else fitting_protocols(self.protocols, study, self._workspace.studies)

    def steps(self) -> tuple[HangingStep, ...]:
        """What forward and back go through: one series alone, then every step of every protocol that fits."""
        study = self.current_study
        if study is None:
            return ()
        steps = [HangingStep(None)]
        for protocol in self.fitting():
            steps += [
                HangingStep(protocol, at)
                for at, stage in enumerate(protocol.stages)
                if hang(stage, study, self._workspace.studies).is_whole
            ]
        return tuple(steps)

    def go(self, step: int) -> None:
        """Hang the next step (or the one before); around at the ends. Where no protocol fits that is said."""
        steps = self.steps()
        if len(steps) < 2:
            if steps:
                text = "No hanging protocol fits this study; it stays as it is."
                self._workspace.tell("hanging_none", text, severity="hint")
            return
        at = next(
            (n for n, one in enumerate(steps) if self.step is not None and _names(one) == _names(self.step)),
            0,
        )
        self.apply(steps[(at + step) % len(steps)])

    def apply(self, step: HangingStep) -> bool:
        """Hang a step for the study that is read; False where nothing of it fits: then all stays and it is said."""
        workspace, study = self._workspace, self.current_study
        if study is None:
            return False
        if step.protocol is None:
            self._hang_plain(study)
            self._now(step, study)
            return True
        hung = hang(step.protocol.stages[step.stage], study, workspace.studies)
        if hung.is_empty:
            text = f"The hanging protocol {step.protocol.name} finds nothing in this study; it stays as it is."
            workspace.tell("hanging_empty", text, (step.protocol.name,))
            return False
        self._hang(hung)
        self._now(step, study)
        if hung.missing:
            names = ", ".join(hung.missing)
            text = f"The hanging protocol {step.protocol.name} finds no series for: {names}."
            workspace.tell("hanging_incomplete", text, (step.protocol.name, names))
        return True

    def hang_opened(self, opened: Sequence[Study]) -> bool:
        """Hang the first automatic protocol that fits what was just opened; False where there is none."""
        choice = hanging.first_choice(opened)
        if choice is None:
            return False
        study = next((one for one in self._workspace.studies if one.study_uid == choice[0].study_uid), choice[0])
        protocol = None
        # One picture needs no protocol, and its opening waits for no file.
        if len(study.series) > 1 or any(len(series.stacks) > 1 for series in study.series):
            fitting = fitting_protocols(self.protocols, study, self._workspace.studies)
            protocol = next((one for one in fitting if one.automatic), None)
        if protocol is None:
            if study.patient.key != self._hung_study[1]:
                self.let_go()
            return False
        self._hung_study = (study.study_uid, study.patient.key)
        self._hang(hang(protocol.stages[0], study, self._workspace.studies), undoable=False)
        self._now(HangingStep(protocol), study)
        return True

    def _now(self, step: HangingStep, study: Study) -> None:
        self.step = step
        self._hung_study = (study.study_uid, study.patient.key)
        self.changed.emit()

    def let_go(self) -> None:
        """One viewport again, with what the active one shows, where a protocol had hung what is not read any more."""
        if self.step is None:
            return
        was, self.step, self._hung_study = self.step, None, ("", None)
        if was.protocol is not None:
            workspace, links = self._workspace, self._workspace.links
            view = workspace.active_viewport.view
            self._set_grid((1, 1))
            workspace.active = 0
            for state in workspace.all_viewports[1:]:
                state.clear()
            workspace.viewports[0].restore(view)
            links.link_scroll("position")
            links.link_view(False)
            links.link_window(False)
            workspace.layout_changed.emit()
            workspace.active_changed.emit()
        self.changed.emit()

    def _follow_studies(self) -> None:
        """The study that was hung is closed: its layout would show the next one in a corner."""
        uid, patient = self._hung_study
        if not any(study.study_uid == uid and study.patient.key == patient for study in self._workspace.studies):
            self.let_go()

    def _hang_plain(self, study: Study) -> None:
        choice = hanging.first_choice((study,))
        if choice is None:
            return
        workspace = self._workspace
        arranged = arrangement_of(workspace)
        self._set_grid((1, 1))
        workspace.viewports[0].show(*choice)
        workspace.active = 0
        workspace.touched = True
        keep_arrangement(workspace, arranged)

    def _set_grid(self, layout: tuple[int, int]) -> None:
        workspace = self._workspace
        if workspace.links.tiled:
            workspace.links.tile(False)
        workspace.layout, workspace.maximised = layout, False
        workspace.grow_viewports(layout[0] * layout[1])

    def _hang(self, hung: Hung, undoable: bool = True) -> None:
        workspace, stage = self._workspace, hung.stage
        arranged = arrangement_of(workspace)
        self._set_grid(stage.layout)
        links = workspace.links
        links.link_scroll("off")
        links.link_view(False)
        links.link_window(False)
        for at, state in enumerate(workspace.viewports):
            choice = hung.choices[at] if at < len(hung.choices) else None
            if choice is None:
                state.clear()
                continue
            state.show(*choice)
            _show_as(state, stage.viewports[at], workspace)
        self._lay_over(hung)
        if any(one.align for one in stage.viewports):
            from medview.app.breast import align_together

            align_together(workspace.viewports)
        first = next((at for at, choice in enumerate(hung.choices) if choice is not None), 0)
        workspace.active = first
        links.link_scroll(stage.scroll or "position")
        links.link_view(stage.link_view)
        links.link_window(stage.link_window)
        if undoable:
            workspace.touched = True
            keep_arrangement(workspace, arranged)
        else:
            workspace.layout_changed.emit()
            workspace.active_changed.emit()

    def _lay_over(self, hung: Hung) -> None:
        """Lay series over others where the step says so; what cannot be is said, and the series below stays alone."""
        workspace = self._workspace
        for at, rule in enumerate(hung.stage.viewports):
            on_top = None if rule.over is None else hung.choices[rule.over]
            if on_top is None or hung.choices[at] is None:
                continue
            from medview.app.fusion import fuse

            try:
                state = workspace.viewports[at]
                known = workspace.registrations.best(state, on_top[2].id)
                fuse(state, workspace.studies, on_top[2].id, registered=known)
            except MedviewError as error:
                workspace.tell(error.code, error.text, error.values)

    # ------------------------------------------------------------------ the reader's own

    def proposal(self, name: str) -> HangingProtocol:
        """What is on the screen as a protocol of one step: as few conditions as tell its series from the others."""
        workspace = self._workspace
        study = self.current_study
        rules: list[ViewportRule] = []
        first_with: dict[str, int] = {}
        for at, index in enumerate(range(len(workspace.viewports))):
            state = workspace.viewports[index]
            if state.stack is None or state.series is None or state.study is None:
                rules.append(ViewportRule(optional=True, series=SeriesRule(words=("—",))))
                continue
            known = first_with.get(state.stack.id)
            rule = ViewportRule(
                plane=cast("ShownPlane", state.plane_kind if state.plane_kind in _PLANES else "acquired"),
                window=_chosen_window(state),
                over=first_with.get(state.view.fusion.stack.id) if state.view.fusion is not None else None,
            )
            if known is not None:
                rules.append(replace(rule, like=known))
                continue
            first_with[state.stack.id] = at
            prior = 0
            if study is not None and state.study.study_uid != study.study_uid:
                prior = 1
            rules.append(replace(rule, series=_series_rule(state, prior)))
        modalities = {state.series.context.modality for state in workspace.viewports if state.series is not None}
        parts = {state.stack.context.body_part.strip() for state in workspace.viewports if state.stack is not None} - {
            ""
        }
        links = workspace.links
        stage = Stage(
            tuple(rules), workspace.layout, scroll=links.scroll, link_view=links.view, link_window=links.window
        )
        return HangingProtocol(
            self.free_id(name),
            name,
            (stage,),
            StudyRule(modalities=tuple(sorted(modalities)), body_parts=tuple(sorted(parts)) if len(parts) == 1 else ()),
        )

    def free_id(self, name: str) -> str:
        """An id for a protocol of this name that none has."""
        plain = re.sub(r"[^\w.-]+", "-", name.strip().lower()).strip("-.")[:60] or "protocol"
        taken = {one.id for one in self.protocols}
        number, wanted = 1, plain
        while wanted in taken:
            number += 1
            wanted = f"{plain}-{number}"
        return wanted

    def keep(self, protocol: HangingProtocol) -> HangingProtocol:
        """Write a protocol into the reader's folder and take it into use; raises MedviewError where the disk refuses."""
        path = protocol_folder() / f"{protocol.id}.json"
        write_protocol(protocol, path)
        self.read()
        return next(one for one in self.protocols if one.id == protocol.id)

    def remove(self, protocol: HangingProtocol) -> None:
        """Delete one of the reader's own; one that came with medview of the same id is in use again."""
        if protocol.is_builtin or not protocol.path:
            return
        try:
            Path(protocol.path).unlink(missing_ok=True)
        except OSError as error:
            from medview.files.replaced_file import cannot_write

            self._workspace.tell_error(cannot_write(protocol.path, error))
        self.read()


def _names(step: HangingStep) -> tuple[str, int]:
    return (step.protocol.id if step.protocol is not None else "", step.stage)


def _show_as(state: ViewportState, rule: ViewportRule, workspace: Workspace) -> None:
    """Plane, slice, window and lie of a viewport that was just given its stack."""
    stack = state.stack
    assert stack is not None
    state.set_plane(rule.plane)
    if rule.at != "middle":
        state.go_to_index(0 if rule.at == "first" else state.slice_count - 1)
    if rule.window is not None:
        state.update(voi=Window(*rule.window, "LINEAR" if rule.window[1] >= 1 else "LINEAR_EXACT"))
    elif rule.preset:
        from medview.app import reading

        suv = suv_scale(state.view) if stack.unit != "SUV" else None
        presets = presets_for(stack.context.modality, stack.unit, workspace.settings.presets, suv)
        preset = next((one for one in presets if one.name.casefold() == rule.preset.casefold()), None)
        if preset is not None:
            reading.take_preset(state, preset)
    if rule.align == "chest_wall":
        from medview.app.breast import lay_breast

        lay_breast(state)


def _chosen_window(state: ViewportState) -> tuple[float, float] | None:
    voi = state.view.voi
    return (voi.center, voi.width) if isinstance(voi, Window) else None


def _series_rule(state: ViewportState, prior: int) -> SeriesRule:
    """What tells the series of a viewport from the others of its study, in as few conditions as do."""
    study, series, stack = state.study, state.series, state.stack
    assert study is not None
    assert series is not None
    assert stack is not None
    context = stack.context
    side = context.laterality.strip().upper()
    rule = SeriesRule(
        modalities=(context.modality,) if context.modality else (),
        laterality=side if side in {"L", "R", "B"} else "",
        views=(context.view_position.strip().upper(),) if context.view_position.strip() else (),
        orientation=cast("Orientation", acquired_orientation(stack)),
        prior=prior,
    )
    others = [
        (study, one, other)
        for one in study.series
        for other in one.stacks
        if other.id != stack.id and not hanging.is_kept_back(one)
    ]
    for word in _words_of(context.description or series.context.description):
        rivals = [other for other in others if fits_series(rule, *other)]
        if not rivals:
            break
        more = replace(rule, words=(word,))
        fewer = [other for other in rivals if fits_series(more, *other)]
        if len(fewer) < len(rivals) and not rule.words:
            rule = more
            others = fewer
    return rule


def _words_of(description: str) -> list[str]:
    """Words of a description that may tell what it is: the whole, then its parts, figures alone left out."""
    parts = [part for part in re.split(r"[\s_,;/()]+", description) if len(part) > 1]
    parts = [part for part in parts if part.casefold() not in _WORTHLESS and not re.fullmatch(r"[\d.]+", part)]
    return [*parts, description.strip()] if description.strip() else []
