"""What the reader chose and medview keeps: one JSON file, written whole or not at all; garbage gives defaults."""

from __future__ import annotations

import json
import math
import time
import typing
from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from medview.core.folders import private_folder, user_folder
from medview.core.policy import Policy
from medview.core.problem import ExitCode, MedviewError, Note
from medview.files.replaced_file import own_file

Language = Literal["auto", "en", "zh_CN"]
Theme = Literal["dark", "light"]
MouseProfile = Literal["medview", "weasis", "osirix", "ohif", "scroll-first"]
CornerText = Literal["full", "anonymous", "off"]


@dataclass(frozen=True)
class Settings:
    """Everything that survives a restart. Ranges are in `LIMITS`; a value outside of them is not taken."""

    language: Language = "auto"
    theme: Theme = "dark"
    dimmed: bool = False
    """Reading room: the chrome at half its brightness, the images untouched."""
    mouse_profile: MouseProfile = "medview"
    window_sensitivity: float = 1.0
    """Factor on how much a drag changes the window."""
    scroll_sensitivity: float = 1.0
    scroll_reversed: bool = False
    smooth_wheel: bool = True
    corner_text: CornerText = "full"
    memory_budget_mb: int = 0
    """0: chosen from the memory of this computer."""
    device: str = "auto"
    run_on_open: tuple[str, ...] = ()
    """Model packages (id@version#hash) that run by themselves on what is opened and suits them."""
    overlay_opacity: float = 0.35
    overlay_outline: bool = True
    read_first: bool = False
    """What models say stays hidden until the reader asks for it or has read the study."""
    left_panel: bool = True
    right_panel: bool = True
    left_width: int = 128
    right_width: int = 308
    """How wide the panels are, in px of the screen at 100 %."""
    right_tab: int = 0
    window_geometry: str = ""
    """The window system's own description of where the window was, in hexadecimal digits."""
    last_folder: str = ""
    export_folder: str = ""
    """Where pictures were written last, "" for the reader's own folder."""
    hints_dismissed: bool = False
    link_folders: tuple[str, ...] = ()
    """Folders in which the study of a ``medview://`` link is looked for; none: links open nothing."""
    update_check: bool = False
    """Whether once a day it is asked for a newer version; see `updates`."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Keys that the reader gave to commands, by command id; others keep what the table says."""
    mouse: Mapping[str, str] = field(default_factory=dict)
    """Gestures of the mouse that the reader bound otherwise than the profile, by their names in `hand_profiles`."""
    corners: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Which items stand in which corner of a viewport, by modality, "" for all others; see `corner_items`."""
    presets: Mapping[str, tuple[tuple[str, float, float], ...]] = field(default_factory=dict)
    """Window presets that the reader edited, by modality: (name, center, width) in the order of the digits from 3."""
    displays: Mapping[str, tuple[float, float, float, float]] = field(default_factory=dict)
    """Monitors that are calibrated, by their names: cd/m² of black, white and the room's light on it, and gamma."""


LIMITS: Mapping[str, tuple[float, float]] = {
    "window_sensitivity": (0.1, 10.0),
    "scroll_sensitivity": (0.1, 10.0),
    "memory_budget_mb": (0, 1_048_576),
    "overlay_opacity": (0.0, 1.0),
    "left_width": (128, 320),
    "right_width": (280, 640),
    "right_tab": (0, 3),
}


def settings_path() -> Path:
    """The file that `load_settings` reads and `save_settings` writes."""
    return user_folder() / "settings.json"


def load_settings(path: Path | None = None) -> tuple[Settings, tuple[Note, ...]]:
    """Settings from disk, and what could not be used of them: defaults stand in for every value that is not sound."""
    path = path or settings_path()
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Settings(), ()
    except (OSError, ValueError) as error:
        text = f"The settings in {path} cannot be read ({error}); the defaults are used."
        return Settings(), (Note("settings_unreadable", text, (str(path), str(error))),)
    if not isinstance(content, dict):
        text = f"The settings in {path} are not what medview writes; the defaults are used."
        return Settings(), (Note("settings_unreadable", text, (str(path), "JSON")),)
    taken, refused = sound_settings(content, known_only=False)
    notes: tuple[Note, ...] = ()
    if refused:
        names = ", ".join(refused)
        text = f"Some settings in {path} are not sound and were set to their defaults: {names}."
        notes = (Note("settings_partly_unsound", text, (str(path), names)),)
    return Settings(**taken), notes


def sound_settings(content: Mapping[str, Any], known_only: bool = True) -> tuple[dict[str, Any], list[str]]:
    """The values of ``content`` that can be taken, and the names of the others; ``known_only``: what is no setting is one of them."""
    hints = typing.get_type_hints(Settings)
    known = [entry.name for entry in fields(Settings)]
    taken: dict[str, Any] = {}
    refused = [name for name in content if name not in known] if known_only else []
    for name in known:
        if name in content:
            try:
                taken[name] = _sound_value(name, content[name], hints[name])
            except (TypeError, ValueError, OverflowError):
                refused.append(name)
    return taken, refused


def fixed_settings(said: Policy) -> tuple[dict[str, Any], tuple[Note, ...]]:
    """The settings that readers of this computer cannot change, and what of them could not be taken."""
    taken, refused = sound_settings(said.settings)
    names = ", ".join(refused)
    text = f"The policy in {said.path} fixes what is no setting or not sound: {names}. The rest of it holds."
    return taken, (Note("policy_partly_unsound", text, (said.path, names)),) if refused else ()


def _sound_value(name: str, value: Any, hint: Any) -> Any:
    if name in {"link_folders", "run_on_open"}:
        return tuple(str(one) for one in _sequence(value))
    if name == "keys":
        return {str(key): tuple(str(one) for one in _sequence(entry)) for key, entry in _mapping(value).items()}
    if name == "corners":
        from medview.app.corner_items import sound_layout

        return {str(modality): sound_layout(entry) for modality, entry in _mapping(value).items()}
    if name == "mouse":
        from medview.app.hand_profiles import GESTURES, actions_of

        bound = {str(gesture): str(action) for gesture, action in _mapping(value).items()}
        return {key: one for key, one in bound.items() if key in GESTURES and one in (*actions_of(key), "")}
    if name == "displays":
        return {str(screen): _four(entry) for screen, entry in _mapping(value).items()}
    if name == "presets":
        return {
            str(modality): tuple((str(n), _finite(c), _positive(_finite(w))) for n, c, w in _sequence(entry))
            for modality, entry in _mapping(value).items()
        }
    if typing.get_origin(hint) is Literal:
        if value not in typing.get_args(hint):
            raise ValueError(name)
        return value
    if hint is bool:
        if not isinstance(value, bool):
            raise TypeError(name)
        return value
    if hint is str:
        if not isinstance(value, str):
            raise TypeError(name)
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(name)
    number = int(value) if hint is int else float(value)
    low, high = LIMITS[name]
    if not low <= number <= high:
        raise ValueError(name)
    return number


def _four(value: Any) -> tuple[float, float, float, float]:
    black, white, ambient, gamma = (_finite(one) for one in (value if isinstance(value, tuple) else _sequence(value)))
    return (black, white, ambient, gamma)


def _mapping(value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise TypeError("not a mapping")
    return value


def _sequence(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _finite(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise TypeError("not a number")
    return float(value)


def _positive(value: float) -> float:
    if not value > 0:
        raise ValueError("not above zero")
    return value


def save_settings(settings: Settings, path: Path | None = None, leave_out: Container[str] = ()) -> None:
    """Write settings, without those of the names in ``leave_out``, so that a crash leaves the old file or the new one; raises MedviewError where that fails."""
    path = path or settings_path()
    content = {name: value for name, value in asdict(settings).items() if name not in leave_out}
    try:
        if not path.parent.is_dir():
            private_folder(path.parent)
        with own_file(path) as file:
            file.write(json.dumps(content, ensure_ascii=False, indent=1).encode())
    except OSError as error:
        raise MedviewError(
            "settings_not_written",
            f"The settings could not be written to {path}: {error.strerror or error}.",
            str(path),
            ExitCode.CANNOT_WRITE,
            (str(path), str(error.strerror or error)),
        ) from error


def set_aside(path: Path | None = None) -> Path | None:
    """Rename the file of settings, so that the next start has the defaults; its new name, None where there is none.

    Raises MedviewError where it cannot be renamed.
    """
    path = path or settings_path()
    aside = path.with_name(f"settings-aside-{time.strftime('%Y%m%d-%H%M%S')}.json")
    try:
        path.replace(aside)
    except FileNotFoundError:
        return None
    except OSError as error:
        why = str(error.strerror or error)
        text = f"The settings could not be written to {path}: {why}."
        raise MedviewError("settings_not_written", text, str(path), ExitCode.CANNOT_WRITE, (str(path), why)) from error
    return aside


def changed(settings: Settings, **values: Any) -> Settings:
    """Settings with some values replaced; raises ValueError or TypeError where a value is not sound."""
    hints = typing.get_type_hints(Settings)
    plain = {
        name: value if name in {"keys", "presets", "run_on_open"} else _sound_value(name, value, hints[name])
        for name, value in values.items()
    }
    return replace(settings, **plain)
