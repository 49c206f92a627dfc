"""The windows that what is shown can be seen in, as a menu behind the button of the window tool: one click and a choice."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from medview.app import reading
from medview.app.presets import Preset, presets_for
from medview.app.scales import suv_scale
from medview.core.window import Voi, VoiLut
from medview.ui.text import shown_number, translate

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.value_scale import ValueScale
    from medview.ui.actions import CommandActions

NATIVE = QKeySequence.SequenceFormat.NativeText
Entry = tuple[str, str, Voi | Preset | None]
"""The digit that calls it, "" where none does; its words; the window itself, None where it is computed."""


def suv_of(workspace: Workspace) -> ValueScale | None:
    """The scale that windows are told in where the values have another unit."""
    view = workspace.active_viewport.view
    return suv_scale(view) if view.stack is not None and view.stack.unit != "SUV" else None


def file_vois(workspace: Workspace) -> tuple[Voi, ...]:
    """All windows and VOI LUTs of the frame shown, in the file's order."""
    state = workspace.active_viewport
    stack, shown = state.stack, state.shown()
    if stack is None:
        return ()
    frame = shown.frame if shown is not None and shown.frame is not None else 0
    return stack.voi_of(min(frame, stack.frame_count - 1))


def _voi_name(voi: Voi, at: int) -> str:
    if isinstance(voi, VoiLut):
        return voi.name or translate("ImagePanel", "Lookup table {0} of the file").format(at + 1)
    name = voi.name or translate("ImagePanel", "Window {0} of the file").format(at + 1)
    kind = "  Σ" if voi.function == "SIGMOID" else ""
    return f"{name}   {shown_number(voi.width, 'g')} / {shown_number(voi.center, 'g')}{kind}"


def preset_entries(workspace: Workspace) -> Sequence[Entry]:
    """Automatic, the file's own, then the presets of the modality."""
    stack = workspace.active_viewport.stack
    if stack is None:
        return ()
    entries: list[Entry] = [("0", translate("ImagePanel", "Automatic"), None)]
    entries += [(str(at + 1) if at < 2 else "", _voi_name(voi, at), voi) for at, voi in enumerate(file_vois(workspace))]
    suv = suv_of(workspace)
    factor = suv.line()[0] if suv is not None else 1.0
    for preset in presets_for(stack.context.modality, stack.unit, workspace.settings.presets, suv):
        window = preset.window
        figures = f"{shown_number(window.width * factor, 'g')} / {shown_number(window.center * factor, 'g')}"
        entries.append((preset.digit, f"{translate('Preset', preset.name)}   {figures}", preset))
    return entries


def take_entry(workspace: Workspace, digit: str, voi: Voi | Preset | None, actions: CommandActions | None) -> None:
    """Show what is active in a window that was chosen."""
    workspace.touched = True
    if isinstance(voi, Preset):
        reading.take_preset(workspace.active_viewport, voi)
    elif voi is not None:
        reading.set_window(workspace.active_viewport, voi)
    elif actions is not None:
        actions[f"preset.{digit}"].trigger()


class PresetMenu(QMenu):
    """Filled anew each time: windows differ with the modality, and files bring their own."""

    def __init__(self, workspace: Workspace, actions: CommandActions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("presets")
        self._workspace = workspace
        self._commands = actions
        self.aboutToShow.connect(self.fill)

    def fill(self) -> None:
        """List the windows, with the key of each at its end, and what opens their page in the settings."""
        self.clear()
        entries = preset_entries(self._workspace)
        for digit, text, voi in entries:
            key = self._commands[f"preset.{digit}"].shortcut().toString(NATIVE) if digit else ""
            action = QAction(f"{text}\t{key}" if key else text, self)
            action.triggered.connect(
                partial(lambda d, v, _on=False: take_entry(self._workspace, d, v, self._commands), digit, voi)
            )
            self.addAction(action)
        if entries:
            self.addSeparator()
        self.addAction(self._commands["tool.window_box"])
        self.addAction(self._commands["image.invert"])
