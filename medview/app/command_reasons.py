"""Why a command cannot be given now: a greyed button that says nothing makes its reader try everything."""

from __future__ import annotations

from collections.abc import Mapping

from medview.app.command_rules import has_image, is_forbidden
from medview.app.commands import Command, Context
from medview.app.marked_text import QT_TRANSLATE_NOOP

FORBIDDEN = QT_TRANSLATE_NOOP("Reason", "switched off on this computer by its administrator")
NOTHING_OPEN = QT_TRANSLATE_NOOP("Reason", "nothing is open yet")
NO_IMAGE = QT_TRANSLATE_NOOP("Reason", "the active viewport shows no image")
NOT_NOW = QT_TRANSLATE_NOOP("Reason", "not for what is shown now")
_ONE_VIEWPORT = QT_TRANSLATE_NOOP("Reason", "there is one viewport only")
_ONE_IMAGE = QT_TRANSLATE_NOOP("Reason", "there is one image only")
_NO_VOLUME = QT_TRANSLATE_NOOP("Reason", "these images are no volume that could be cut")
_NO_PLACE = QT_TRANSLATE_NOOP("Reason", "these images have no common place in the patient")
_COLOURS = QT_TRANSLATE_NOOP("Reason", "colours have no maximum and no mean")
_NO_MARK = QT_TRANSLATE_NOOP("Reason", "no mark is selected")
_NO_REGION = QT_TRANSLATE_NOOP("Reason", "no region is selected")
_NO_LINE = QT_TRANSLATE_NOOP("Reason", "no line is selected")
_NO_TIMES = QT_TRANSLATE_NOOP("Reason", "this series has no time points")
_NO_KEY = QT_TRANSLATE_NOOP("Reason", "no image of this series is a key image")
_NO_FILTER = QT_TRANSLATE_NOOP("Reason", "no filter is in use")
_NO_FUSION = QT_TRANSLATE_NOOP("Reason", "no series lies on top of this one")
_NO_GREY = QT_TRANSLATE_NOOP("Reason", "these images are in colour already")
_NO_SEGMENTATION = QT_TRANSLATE_NOOP("Reason", "this series has no segmentation")
_NO_CORRECTION = QT_TRANSLATE_NOOP("Reason", "no segmentation is being corrected")
_NO_FINDING = QT_TRANSLATE_NOOP("Reason", "no finding is selected")
_NO_TURNED = QT_TRANSLATE_NOOP("Reason", "no planes that are turned are shown")
_NO_CINE = QT_TRANSLATE_NOOP("Reason", "nothing is playing")

REASONS: Mapping[str, str] = {
    "layout.tiles": _ONE_IMAGE,
    **dict.fromkeys(("layout.maximise", "viewport.next", "viewport.previous"), _ONE_VIEWPORT),
    **dict.fromkeys(
        ("save.surfaces", "plane.solid", "layout.planes", "plane.axial", "plane.coronal", "plane.sagittal"), _NO_VOLUME
    ),
    **dict.fromkeys(("planes.orthogonal", "planes.lines", "planes.reset"), _NO_TURNED),
    **dict.fromkeys(("time.next", "time.previous"), _NO_TIMES),
    "time.dimension": QT_TRANSLATE_NOOP("Reason", "there are no two dimensions to choose from"),
    **dict.fromkeys(("key_image.next", "key_image.previous"), _NO_KEY),
    **dict.fromkeys(("cine.faster", "cine.slower"), _NO_CINE),
    **dict.fromkeys(("filter.original", "filter.reset"), _NO_FILTER),
    "image.scale": QT_TRANSLATE_NOOP("Reason", "the files give no other numbers for these values"),
    "image.profile": QT_TRANSLATE_NOOP("Reason", "the files hold no ICC profile"),
    "image.graphics": QT_TRANSLATE_NOOP("Reason", "the files draw nothing over their images"),
    "stack.read_again": QT_TRANSLATE_NOOP("Reason", "every image could be read"),
    **dict.fromkeys(("save.nifti", "save.seg", "segment.correct"), _NO_SEGMENTATION),
    "objects.list": QT_TRANSLATE_NOOP("Reason", "the study holds nothing but images"),
    "tags.show": QT_TRANSLATE_NOOP("Reason", "these images come from no DICOM file"),
    "edit.undo": QT_TRANSLATE_NOOP("Reason", "nothing to take back"),
    "edit.redo": QT_TRANSLATE_NOOP("Reason", "nothing was taken back"),
    "marks.keep": QT_TRANSLATE_NOOP("Reason", "every mark is kept"),
    "link.no_crosshair": QT_TRANSLATE_NOOP("Reason", "there is no crosshair"),
    **dict.fromkeys(("mark.histogram", "mark.uptake"), _NO_REGION),
    "mark.profile": _NO_LINE,
    "mark.curve": QT_TRANSLATE_NOOP("Reason", "there is no region on images with time points"),
    "mark.paste": QT_TRANSLATE_NOOP("Reason", "no mark was copied"),
    "report.take_over": QT_TRANSLATE_NOOP("Reason", "no report is open"),
    **dict.fromkeys(("prompt.back", "prompt.new"), QT_TRANSLATE_NOOP("Reason", "nothing was pointed at")),
    "ai.cancel": QT_TRANSLATE_NOOP("Reason", "no model is running"),
    **dict.fromkeys(("findings.accept", "findings.reject"), _NO_FINDING),
    "help.updates": QT_TRANSLATE_NOOP("Reason", "neither this build nor an administrator says whom to ask"),
}
"""English, marked for the translators in the context "Reason", by the command's id."""
_BY_KIND: Mapping[str, str] = {
    "mark": _NO_MARK,
    "window": _NO_GREY,
    "colour_map": _NO_GREY,
    "fusion": _NO_FUSION,
    "brush": _NO_CORRECTION,
    "label": _NO_CORRECTION,
    "segment": _NO_CORRECTION,
}


_CUTS = frozenset({"layout.oblique", "plane.oblique", "plane.turning", "plane.solid", "layout.planes"})


def _why_no_cut(command: Command, context: Context) -> str:
    """What of the images shown keeps a cut or a slab from being made, where it is one and they do."""
    stack = context.workspace.active_viewport.stack
    if stack is None or not (command.id in _CUTS or command.id.startswith("slab.")):
        return ""
    if stack.geometry is None:
        return _NO_PLACE
    if stack.shape[0] < 2:
        return _ONE_IMAGE
    return _COLOURS if stack.components > 1 else ""


def why_not(command: Command, context: Context) -> str:
    """Why a command that cannot be given now cannot, in English; "" where it can."""
    if is_forbidden(command):
        return FORBIDDEN
    if command.enabled(context):
        return ""
    if command.id in _ALWAYS:
        return REASONS[command.id]
    if not context.workspace.studies:
        return NOTHING_OPEN
    if not has_image(context):
        return NO_IMAGE
    return _why_no_cut(command, context) or REASONS.get(command.id) or _BY_KIND.get(command.id.split(".")[0]) or NOT_NOW


_ALWAYS = frozenset({"edit.undo", "edit.redo", "marks.keep", "ai.cancel", "layout.maximise", "help.updates"})
"""Commands whose reason has nothing to do with what is open."""
