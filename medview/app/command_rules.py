"""When commands can be run, and how one acts on the active viewport: what the tables of commands share."""

from __future__ import annotations

from collections.abc import Callable

from medview.app.commands import Command, Context
from medview.app.shown_slice import can_be_cut
from medview.app.tools import Tool
from medview.app.viewport_state import ViewportState
from medview.core.policy import policy

Run = Callable[[Context], None]
Test = Callable[[Context], bool]


def on_state(action: Callable[[ViewportState], object]) -> Run:
    """A command that does something to the active viewport."""

    def run(context: Context) -> None:
        context.workspace.touched = True
        action(context.workspace.active_viewport)

    return run


def tool_rules(tool: Tool) -> tuple[Run, Test]:
    """How a tool is taken in hand, and whether it is."""

    def run(context: Context) -> None:
        context.workspace.tools.choose(tool)

    def checked(context: Context) -> bool:
        return context.workspace.tools.tool == tool

    return run, checked


_PARTS = {"save": "export", "ai.run": "ai", "ai.install": "models", "help.updates": "updates"}
_EXPORTS = frozenset({"edit.copy", "edit.copy_anonymous", "edit.copy_layout", "file.print"})


def is_forbidden(command: Command) -> bool:
    """Whether the administrator of this computer has switched a command off."""
    if command.id == "help.updates" and policy().settings.get("update_check") is False:
        return True
    part = "export" if command.id in _EXPORTS else _PARTS.get(command.id) or _PARTS.get(command.id.split(".")[0], "")
    return policy().forbids(part)


def may_run(command: Command, context: Context) -> bool:
    """Whether a command can be given now, on this computer."""
    return not is_forbidden(command) and command.enabled(context)


def has_image(context: Context) -> bool:
    """Whether the active viewport shows anything."""
    return context.workspace.active_viewport.stack is not None


def has_volume(context: Context) -> bool:
    """Whether the active viewport shows something that can be cut."""
    stack = context.workspace.active_viewport.stack
    return stack is not None and can_be_cut(stack)


def has_graphics(context: Context) -> bool:
    """Whether the files of what is shown draw something over their frames."""
    stack = context.workspace.active_viewport.stack
    return stack is not None and bool(stack.graphics)


def has_scales(context: Context) -> bool:
    """Whether there are other numbers for the values shown."""
    stack = context.workspace.active_viewport.stack
    return stack is not None and bool(stack.scales)


def has_profile(context: Context) -> bool:
    """Whether the colours shown have an ICC profile."""
    stack = context.workspace.active_viewport.stack
    return stack is not None and bool(stack.profile_path)


def has_filters(context: Context) -> bool:
    """Whether the active viewport has filters."""
    return bool(context.workspace.active_viewport.view.filters)


def has_results(context: Context) -> bool:
    """Whether a model has said something about what is shown."""
    stack = context.workspace.active_viewport.stack
    return stack is not None and bool(context.workspace.results.of(stack.id))


def has_segmentation(context: Context) -> bool:
    """Whether there is a segmentation of what is shown."""
    stack = context.workspace.active_viewport.stack
    return stack is not None and any(r.segmentation is not None for r in context.workspace.results.of(stack.id))


def has_study(context: Context) -> bool:
    """Whether the active viewport shows a study."""
    return context.workspace.active_viewport.study is not None


def has_dimensions(context: Context) -> bool:
    """Whether what is shown has several dimensions to choose from."""
    stack = context.workspace.active_viewport.stack
    return stack is not None and len(stack.named_dimensions) > 1


def has_times(context: Context) -> bool:
    """Whether what is shown has several time points."""
    stack = context.workspace.active_viewport.stack
    return stack is not None and stack.timepoints > 1


def has_objects(context: Context) -> bool:
    """Whether there are objects that are no images, or one of them is open."""
    workspace = context.workspace
    return workspace.documents.is_open or any(
        not one.frames for study in workspace.studies for series in study.series for one in series.objects
    )


def has_tags(context: Context) -> bool:
    """Whether what is looked at comes from a DICOM file."""
    workspace = context.workspace
    if workspace.documents.shown is not None:
        return True
    stack = workspace.active_viewport.stack
    return stack is not None and bool(stack.frames) and bool(stack.frames[0].sop_uid)


def has_key_images(context: Context) -> bool:
    """Whether any image of what is shown is a key image."""
    stack = context.workspace.active_viewport.stack
    return stack is not None and context.workspace.key_images.count_in(stack) > 0
