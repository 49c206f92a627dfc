"""What the hand does, in words: gestures, what they are bound to, and which tools a gesture is."""

from __future__ import annotations

from medview.app.hand_profiles import GESTURES, bound, gestures_of
from medview.app.settings import Settings
from medview.ui.text import translate


def gesture_text(gesture: str) -> str:
    """A gesture as one says it: Ctrl + left drag."""
    *modifiers, plain = gesture.split("+")
    names = {
        "left": translate("Mouse", "left drag"),
        "middle": translate("Mouse", "middle drag"),
        "right": translate("Mouse", "right drag"),
        "wheel": translate("Mouse", "wheel"),
        "double": translate("Mouse", "double-click"),
    }
    words = " + ".join([*modifiers, names[plain]])
    return words[:1].upper() + words[1:]


def action_text(action: str) -> str:
    """What a gesture does."""
    return {
        "": translate("Mouse", "as without the modifier"),
        "none": translate("Mouse", "nothing"),
        "window": translate("Command", "Window"),
        "pan": translate("Command", "Pan"),
        "zoom": translate("Command", "Zoom"),
        "scroll": translate("Command", "Scroll"),
        "scroll_fast": translate("Mouse", "Scroll ten images"),
        "rotate": translate("Command", "Rotate by hand"),
        "crosshair": translate("Command", "Crosshair: all go there"),
        "magnifier": translate("Command", "Magnifier"),
        "window_box": translate("Command", "Window by a box"),
        "time": translate("Mouse", "Time, phase, echo"),
        "blend": translate("Mouse", "More or less of the series on top, else slab"),
        "slab": translate("Mouse", "Slab thickness"),
        "maximise": translate("Command", "Maximise or restore the viewport"),
        "full_screen": translate("Mouse", "Maximise and full screen"),
        "fit": translate("Command", "Fit to the viewport"),
        "reset": translate("Command", "Reset the picture"),
    }[action]


def mouse_lines(settings: Settings) -> list[tuple[str, str]]:
    """(what the hand does, what happens) for everything that does something of its own."""
    lines = [(gesture_text(one), action_text(bound(settings, one))) for one in GESTURES if gestures_of(settings)[one]]
    lines.insert(3, (translate("Mouse", "Right click"), translate("Mouse", "Menu of the image")))
    return [
        *lines,
        (translate("Mouse", "One finger"), translate("Command", "Scroll")),
        (translate("Mouse", "Two fingers"), translate("Mouse", "Zoom and pan")),
        (translate("Mouse", "Three fingers"), translate("Command", "Window")),
        (translate("Mouse", "A finger that stays"), translate("Mouse", "Menu of what lies under it")),
        (
            translate("Mouse", "The pen's other end"),
            translate("Mouse", "Deletes the mark; wipes with the brush in hand"),
        ),
    ]


def gestures_text(settings: Settings, command_id: str) -> str:
    """The drags that are a tool without taking it in hand, for its tooltip; "" where there is none."""
    tool = command_id.removeprefix("tool.")
    if tool == command_id:
        return ""
    found = gestures_of(settings)
    drags = [one for one in GESTURES if found[one] == tool and not one.endswith("wheel") and one != "double"]
    return ", ".join(gesture_text(one) for one in drags[:2])
