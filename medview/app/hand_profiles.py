"""What the hand does: drags, wheel, double click and keys as in medview or as in other viewers, and what the reader changed of it.

A gesture is a name such as ``left``, ``Ctrl+right``, ``Shift+wheel`` or ``double``; the modifiers stand in the order Ctrl, Alt,
Shift. What the other viewers do was read in their sources: Weasis 4, Horos (DefaultsOsiriX.m), OHIF 3 (hotkey bindings).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from medview.app.tools import Tool

if TYPE_CHECKING:
    from medview.app.settings import Settings

MODIFIERS = ("Ctrl", "Alt", "Shift")
DRAG_ACTIONS: tuple[str, ...] = (
    "none", "window", "pan", "zoom", "scroll", "rotate", "crosshair", "magnifier", "window_box"
)  # fmt: skip
WHEEL_ACTIONS: tuple[str, ...] = ("none", "scroll", "scroll_fast", "zoom", "time", "blend", "slab")
DOUBLE_ACTIONS: tuple[str, ...] = ("none", "maximise", "full_screen", "fit", "reset")

_DRAGS = (
    "left",
    "middle",
    "right",
    "Ctrl+left",
    "Shift+left",
    "Alt+left",
    "Ctrl+middle",
    "Shift+middle",
    "Ctrl+right",
    "Shift+right",
    "Alt+right",
)
_WHEELS = ("wheel", "Ctrl+wheel", "Alt+wheel", "Shift+wheel", "Ctrl+Shift+wheel", "Alt+Shift+wheel")
GESTURES: tuple[str, ...] = (*_DRAGS, *_WHEELS, "double")
"""Everything that can be bound. ``left`` is what the left button does while no other tool is in hand."""


def actions_of(gesture: str) -> tuple[str, ...]:
    """What a gesture can be bound to."""
    if gesture == "double":
        return DOUBLE_ACTIONS
    return WHEEL_ACTIONS if gesture.endswith("wheel") else DRAG_ACTIONS


@dataclass(frozen=True, slots=True)
class HandProfile:
    """A way of working: gestures that differ from `_COMMON`, and keys that differ from the table of commands."""

    id: str
    name: str
    gestures: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_COMMON: Mapping[str, str] = {
    "left": "window",
    "middle": "pan",
    "right": "zoom",
    "Ctrl+left": "",
    "Shift+left": "window_box",
    "Alt+left": "",
    "Ctrl+middle": "",
    "Shift+middle": "",
    "Ctrl+right": "",
    "Shift+right": "",
    "Alt+right": "",
    "wheel": "scroll",
    "Ctrl+wheel": "zoom",
    "Shift+wheel": "scroll_fast",
    "Alt+wheel": "blend",
    "Ctrl+Shift+wheel": "blend",
    "Alt+Shift+wheel": "slab",
    "double": "maximise",
}
"""As medview itself; "" is what the gesture does without its modifier."""

PROFILES: tuple[HandProfile, ...] = (
    HandProfile("medview", "medview"),
    HandProfile(
        "weasis",
        "Weasis",
        {"right": "none", "double": "full_screen"},
        {"tool.freehand": ("G",), "image.one_to_one": ("Shift+G",), "tool.polyline": ("Y",), "label.next": ("F7",)},
    ),
    HandProfile(
        "osirix",
        "OsiriX / Horos",
        {
            "Ctrl+wheel": "blend",
            "double": "full_screen",
            "Shift+left": "zoom",
            "Alt+left": "window",
            "Ctrl+left": "pan",
        },
        {
            "preset.1": ("~", "1"),
            "image.flip": ("H",),
            "image.flip_vertical": ("V",),
            "tool.pan": ("M",),
            "tool.rotate": ("I",),
            "tool.ruler": ("L",),
            "tool.text": ("T",),
            "tool.arrow": ("Q",),
            "tool.polyline": ("O",),
            "tool.polygon": ("C",),
            "tool.freehand": ("D",),
            "tool.crosshair": ("Y",),
            "image.invert": ("Shift+H",),
            "view.text": ("Space",),
            "cine": ("Ctrl+Alt+Space",),
            "tool.bidirectional": ("Ctrl+Alt+M",),
            "image.graphics": ("Ctrl+Alt+G",),
            "slab.next": ("Ctrl+Alt+Q",),
            "mark.histogram": ("Ctrl+Alt+J",),
        },
    ),
    HandProfile(
        "ohif",
        "OHIF",
        {},
        {
            "viewport.next": ("Right", "Tab"),
            "viewport.previous": ("Left", "Shift+Tab"),
            "series.next": ("PgDown",),
            "series.previous": ("PgUp",),
            "slice.next_10": ("Shift+Down",),
            "slice.previous_10": ("Shift+Up",),
            "image.rotate_right": ("R",),
            "image.rotate_left": ("L",),
            "image.invert": ("I",),
            "image.flip": ("H",),
            "image.flip_vertical": ("V",),
            "image.zoom_in": ("+",),
            "image.fit": ("=",),
            "image.reset": ("Space",),
            "tool.rotate": ("Alt+R",),
            "tool.arrow": ("Alt+L",),
            "tool.crosshair": ("Alt+H",),
            "view.text": ("Alt+I",),
        },
    ),
    HandProfile("scroll-first", "Scroll first", {"left": "scroll", "right": "window", "Ctrl+right": "zoom"}),
)


def profile_of(profile_id: str) -> HandProfile:
    """A profile by its id, medview's own where there is none."""
    return next((one for one in PROFILES if one.id == profile_id), PROFILES[0])


@lru_cache(maxsize=16)
def _gestures(profile_id: str, own: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    return {**_COMMON, **profile_of(profile_id).gestures, **dict(own)}


def gestures_of(settings: Settings) -> Mapping[str, str]:
    """Every gesture and what it is bound to, "" for what it does without its modifier."""
    return _gestures(settings.mouse_profile, tuple(sorted(settings.mouse.items())))


def bound(settings: Settings, gesture: str) -> str:
    """What a gesture does; with modifiers that are not bound what it does with fewer of them."""
    found = gestures_of(settings)
    while True:
        action = found.get(gesture, "")
        if action or "+" not in gesture:
            return action or "none"
        gesture = gesture.rsplit("+", 1)[1] if gesture.count("+") == 1 else gesture.partition("+")[2]


def drag_tool(settings: Settings, gesture: str, active: Tool) -> Tool | None:
    """The tool of a drag. The left button has the tool in hand; while that is the window, what the profile gives it."""
    is_left = gesture.rpartition("+")[2] == "left"
    bound_to = gestures_of(settings).get(gesture)
    if is_left and active is not Tool.WINDOW and (gesture == "left" or bound_to in {None, "", "window_box"}):
        return active
    action = bound(settings, gesture)
    return None if action == "none" else Tool(action)


def keys_in_use(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """The keys of commands that do not have those of the table: the profile's, then the reader's own.

    Where the profile or the reader gives a command a key that another has, the other one loses it: two commands
    with one key would both be dead. The reader's own go before the profile's, the profile's before the table's.
    """
    return _keys(settings.mouse_profile, tuple(sorted(settings.keys.items())))


@lru_cache(maxsize=16)
def _keys(profile_id: str, own: tuple[tuple[str, tuple[str, ...]], ...]) -> Mapping[str, tuple[str, ...]]:
    from medview.app.command_table import COMMANDS

    chosen = {**profile_of(profile_id).keys, **dict(own)}
    if not chosen:
        return chosen
    claimed = {key.lower() for _, keys in own for key in keys}
    for command_id in profile_of(profile_id).keys:
        if command_id not in dict(own):
            chosen[command_id] = tuple(key for key in chosen[command_id] if key.lower() not in claimed)
    claimed |= {key.lower() for keys in chosen.values() for key in keys}
    for command in COMMANDS:
        if command.id not in chosen and any(key.lower() in claimed for key in command.keys):
            chosen[command.id] = tuple(key for key in command.keys if key.lower() not in claimed)
    return chosen
