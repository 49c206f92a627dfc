"""What the mouse does in each profile, in words."""

from __future__ import annotations

from medview.app.tools import Tool, drag_tool
from medview.ui.text import translate


def tool_text(tool: Tool | None) -> str:
    """What a drag does."""
    names = {
        Tool.WINDOW: translate("Command", "Window"),
        Tool.PAN: translate("Command", "Pan"),
        Tool.ZOOM: translate("Command", "Zoom"),
        Tool.SCROLL: translate("Command", "Scroll"),
        Tool.ROTATE: translate("Command", "Rotate"),
        Tool.CROSSHAIR: translate("Command", "Crosshair: all go there"),
    }
    return names[tool] if tool is not None else "–"


def mouse_lines(profile: str) -> list[tuple[str, str]]:
    """(what the hand does, what happens) for a mouse profile."""
    return [
        (translate("Mouse", "Left drag"), tool_text(drag_tool(profile, "left", Tool.WINDOW))),
        (translate("Mouse", "Middle drag"), tool_text(drag_tool(profile, "middle", Tool.WINDOW))),
        (translate("Mouse", "Right drag"), tool_text(drag_tool(profile, "right", Tool.WINDOW))),
        (translate("Mouse", "Right click"), translate("Mouse", "Menu of the image")),
        (translate("Mouse", "Wheel"), translate("Command", "Scroll")),
        (translate("Mouse", "Shift + wheel"), translate("Mouse", "Scroll ten images")),
        (translate("Mouse", "Ctrl + wheel"), translate("Command", "Zoom")),
        (translate("Mouse", "Double-click"), translate("Command", "Maximise or restore the viewport")),
    ]
