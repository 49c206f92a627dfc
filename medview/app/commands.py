"""Every command of the window as data: menus, tool bar, shortcuts and the page of shortcuts are derived from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.finding import InferenceResult

Menu = Literal["file", "edit", "view", "image", "tools", "ai", "help"]
Scope = Literal["window", "image"]
"""Where the keys of a command count: everywhere in the window, or only while the images have the focus."""


class ViewportActions(Protocol):
    """What a command may ask of the viewport on the screen, because it depends on its size or its values."""

    def preset(self, digit: int) -> None: ...
    def zoom_by(self, factor: float) -> None: ...
    def escape(self) -> None: ...
    def delete_selected(self) -> None: ...


class Shell(Protocol):
    """What a command may ask of the window."""

    def viewport(self) -> ViewportActions | None: ...
    def toggle_cine(self) -> None: ...

    def ask_for_folder(self) -> None: ...
    def ask_for_files(self) -> None: ...
    def ask_for_package(self) -> None: ...
    def show_tab(self, tab: int) -> None: ...
    def toggle_panel(self, side: Literal["left", "right"]) -> None: ...
    def toggle_full_screen(self) -> None: ...
    def next_area(self, step: int) -> None: ...
    def show_settings(self) -> None: ...
    def show_shortcuts(self) -> None: ...
    def show_about(self) -> None: ...
    def show_notices(self) -> None: ...
    def show_jobs(self) -> None: ...
    def show_tags(self) -> None: ...
    def save_result(self, kind: Literal["nifti", "seg"]) -> None: ...
    def save_given_result(self, result: InferenceResult, kind: Literal["nifti", "seg"]) -> None: ...
    def install_package(self, path: str) -> None: ...
    def save_picture(self) -> None: ...
    def copy_picture(self) -> None: ...
    def maximise_viewport(self) -> None: ...
    def open_demo(self) -> None: ...
    def close_window(self) -> None: ...
    def run_suggested_model(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a command acts on."""

    workspace: Workspace
    shell: Shell


def _always(_context: Context) -> bool:
    return True


def _never_checked(_context: Context) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Command:
    """A thing that the reader can do.

    ``title`` is English and marked for the translators in the context "Command". ``keys`` are portable key sequences,
    the first one is shown. ``group`` is the tool bar's group, 0 where the command is not on it. ``icon`` names a glyph.
    """

    id: str
    title: str
    menu: Menu
    run: Callable[[Context], object]
    keys: tuple[str, ...] = ()
    icon: str = ""
    group: int = 0
    word: str = ""
    """The short word on the tool bar, where there is room for words."""
    enabled: Callable[[Context], bool] = _always
    checked: Callable[[Context], bool] | None = None
    scope: Scope = "window"
    section: int = 0
    """Commands of one menu with different sections are parted by a line."""
    subject: Callable[[Context], str] | None = None
    """What it would act on now, English, marked in the context "Step": told in the menu beside the title."""


def keys_of(command: Command, rebound: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The keys of a command as the reader has them."""
    return rebound.get(command.id, command.keys)


def key_conflicts(commands: tuple[Command, ...], rebound: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Keys that more than one command claims, with the commands' ids; empty where all is well."""
    claimed: dict[str, list[str]] = {}
    for command in commands:
        for key in keys_of(command, rebound):
            claimed.setdefault(key.lower(), []).append(command.id)
    return {key: tuple(ids) for key, ids in claimed.items() if len(ids) > 1}
