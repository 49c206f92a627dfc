"""What the left mouse button does: the active tool, one for all viewports."""

from __future__ import annotations

from enum import StrEnum

from psygnal import Signal


class Tool(StrEnum):
    """Tools of the left button, and what a drag with any button can do."""

    WINDOW = "window"
    PAN = "pan"
    ZOOM = "zoom"
    SCROLL = "scroll"
    ROTATE = "rotate"
    RULER = "ruler"
    POLYLINE = "polyline"
    ANGLE = "angle"
    COBB = "cobb"
    BIDIRECTIONAL = "bidirectional"
    ELLIPSE = "ellipse"
    RECTANGLE = "rectangle"
    POLYGON = "polygon"
    FREEHAND = "freehand"
    POINT = "point"
    ARROW = "arrow"
    TEXT = "text"
    CALIBRATION = "calibration"
    CROSSHAIR = "crosshair"
    WINDOW_BOX = "window_box"
    MAGNIFIER = "magnifier"
    BRUSH = "brush"
    ERASER = "eraser"
    GROW = "grow"
    PROMPT = "prompt"


DRAWING_TOOLS = frozenset(
    {
        Tool.RULER,
        Tool.POLYLINE,
        Tool.ANGLE,
        Tool.COBB,
        Tool.BIDIRECTIONAL,
        Tool.ELLIPSE,
        Tool.RECTANGLE,
        Tool.POLYGON,
        Tool.FREEHAND,
        Tool.POINT,
        Tool.ARROW,
        Tool.TEXT,
        Tool.CALIBRATION,
    }
)
"""Tools that make marks."""

PAINT_TOOLS = frozenset({Tool.BRUSH, Tool.ERASER, Tool.GROW})
"""Tools that change the voxels of a segmentation."""


class ToolChoice:
    """The active tool; ``changed`` carries the new one."""

    changed = Signal(Tool)

    def __init__(self) -> None:
        self._tool = Tool.WINDOW

    @property
    def tool(self) -> Tool:
        """What a drag with the left button does."""
        return self._tool

    def choose(self, tool: Tool) -> None:
        """Make a tool the active one."""
        tool = Tool(tool)
        if tool != self._tool:
            self._tool = tool
            self.changed.emit(tool)
