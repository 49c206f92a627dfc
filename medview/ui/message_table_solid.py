"""What is said about drawing in three dimensions (see message_table)."""

from __future__ import annotations

from collections.abc import Mapping

from medview.ui.text import QT_TRANSLATE_NOOP

SOLID_TEMPLATES: Mapping[str, str] = {
    "solid_no_geometry": QT_TRANSLATE_NOOP(
        "Message", "These images have no common place in the patient: they cannot be drawn in three dimensions."
    ),
    "solid_single_slice": QT_TRANSLATE_NOOP(
        "Message", "This is a single slice: it cannot be drawn in three dimensions."
    ),
    "solid_colour": QT_TRANSLATE_NOOP(
        "Message", "Colour images have no values that could be drawn in three dimensions."
    ),
    "solid_no_values": QT_TRANSLATE_NOOP("Message", "There are no values that could be drawn in three dimensions."),
    "no_surface": QT_TRANSLATE_NOOP(
        "Message",
        "No segmentation with a place in the patient is shown here: there is nothing to make a surface of.",
    ),
    "empty_surface": QT_TRANSLATE_NOOP(
        "Message", "The labels that are shown have no voxel: there is nothing to make a surface of."
    ),
    "surfaces_saved": QT_TRANSLATE_NOOP("Message", "{0} surfaces in LPS mm saved in {1}: {2}."),
    "surfaces_coarse": QT_TRANSLATE_NOOP(
        "Message", "{0} is so large that its surface was made of every {1}. voxel along each side."
    ),
    "solid_no_vtk": QT_TRANSLATE_NOOP(
        "Message",
        "Drawing in three dimensions needs the library VTK, which is not installed here: pip install vtk brings it.",
    ),
    "solid_left_out": QT_TRANSLATE_NOOP(
        "Message",
        "Drawing in three dimensions needs the library VTK, which is not installed here: the package medview-3d brings it.",
    ),
    "solid_no_opengl": QT_TRANSLATE_NOOP(
        "Message", "This computer cannot draw in three dimensions: OpenGL 3.2 is missing ({0})."
    ),
    "solid_no_memory": QT_TRANSLATE_NOOP(
        "Message", "There is too little memory to draw in three dimensions: {0} MB are free for it."
    ),
    "solid_out_of_memory": QT_TRANSLATE_NOOP(
        "Message",
        "Drawing in three dimensions took more memory than there is; its process was ended, nothing else was lost.",
    ),
    "solid_not_started": QT_TRANSLATE_NOOP(
        "Message", "The process that draws in three dimensions does not start ({0}); nothing else was lost."
    ),
    "solid_crashed": QT_TRANSLATE_NOOP(
        "Message", "The process that draws in three dimensions broke down ({0}); nothing else was lost."
    ),
}
