"""What the help pages say of commands beyond their titles, and the pages that no command stands for; English, context "Help"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from medview.app.marked_text import QT_TRANSLATE_NOOP


@dataclass(frozen=True, slots=True)
class HelpPage:
    """A page of running text: paragraphs."""

    id: str
    title: str
    paragraphs: tuple[str, ...]


PAGES: tuple[HelpPage, ...] = (
    HelpPage(
        "start",
        QT_TRANSLATE_NOOP("Help", "First steps"),
        (
            QT_TRANSLATE_NOOP(
                "Help",
                "Drop a folder, files or an archive into the window. The first image is there before everything has been read; go on reading while the rest loads.",
            ),
            QT_TRANSLATE_NOOP(
                "Help",
                "The series stand at the left. A click shows one in the active viewport, dragging puts it into any viewport.",
            ),
            QT_TRANSLATE_NOOP(
                "Help",
                "Everything that can be done stands in the menus with its key. Ctrl+Shift+P finds any command by a few letters, also in the other language.",
            ),
            QT_TRANSLATE_NOOP(
                "Help",
                "Ctrl+Z takes back marks, decisions, results and layouts; Esc cancels what is going on, and leads back from 3D, a projection and the whole screen.",
            ),
        ),
    ),
    HelpPage(
        "marks_on_picture",
        QT_TRANSLATE_NOOP("Help", "Marks that cannot be hidden"),
        (
            QT_TRANSLATE_NOOP(
                "Help",
                "A picture says what it is: lossy with method and ratio, filtered, resampled, a slab, incomplete or still loading, of uncertain geometry, with AI on it and which, or beside images of another patient. No setting takes these marks away; they are on printed and saved pictures too.",
            ),
            QT_TRANSLATE_NOOP(
                "Help",
                "Orientation letters come from the file and follow every turn; where the sides are not known none are drawn.",
            ),
            QT_TRANSLATE_NOOP(
                "Help",
                "Lengths are in mm only where the file says what a pixel is; else they are in px, and the scale is not drawn.",
            ),
        ),
    ),
    HelpPage(
        "hanging",
        QT_TRANSLATE_NOOP("Help", "Hanging protocols"),
        (
            QT_TRANSLATE_NOOP(
                "Help",
                "A hanging protocol says which series goes where. Full stop goes to the next step, comma back; the steps of all protocols that fit the study follow one another.",
            ),
            QT_TRANSLATE_NOOP(
                "Help",
                "Ctrl+Shift+G keeps the present layout as a protocol of your own. What it matches is proposed from the open study and can be changed.",
            ),
            QT_TRANSLATE_NOOP(
                "Help",
                "Mammograms are laid back to back by the laterality, the view and the orientation that their files tell.",
            ),
        ),
    ),
    HelpPage(
        "export",
        QT_TRANSLATE_NOOP("Help", "Pictures, films and paper"),
        (
            QT_TRANSLATE_NOOP(
                "Help",
                "Ctrl+S saves what is seen, or the stored or modality values with 16 bits; Ctrl+Shift+E a whole series as pictures or as a film; Ctrl+P prints.",
            ),
            QT_TRANSLATE_NOOP(
                "Help",
                "Without patient data, name, ID, dates, accession number, institution and all free text are left out of the picture and of the file name. Words of your own marks and what machines wrote into the pixels stay: look at the preview.",
            ),
        ),
    ),
    HelpPage(
        "trouble",
        QT_TRANSLATE_NOOP("Help", "When something is wrong"),
        (
            QT_TRANSLATE_NOOP(
                "Help",
                "Ctrl+M lists every message and every file that could not be read, with the reason. Nothing of a study is left out silently.",
            ),
            QT_TRANSLATE_NOOP(
                "Help",
                "Marks and decisions are kept the moment they are made and are there again when the study is opened.",
            ),
        ),
    ),
)

ABOUT: Mapping[str, str] = {
    "study.open": QT_TRANSLATE_NOOP("Help", "Also archives (ZIP, TAR) are read where they lie."),
    "save.picture": QT_TRANSLATE_NOOP("Help", "PNG or TIFF, as seen or as values, with or without patient data."),
    "save.series": QT_TRANSLATE_NOOP("Help", "One file for each image, or a film; reading goes on meanwhile."),
    "save.findings": QT_TRANSLATE_NOOP("Help", "Report, DICOM SR, SEG, presentation state, key images, tables."),
    "edit.undo": QT_TRANSLATE_NOOP("Help", "Marks, decisions, results shown and layouts."),
    "layout.choose": QT_TRANSLATE_NOOP("Help", "Point at the size, or use the arrows and Enter."),
    "layout.tiles": QT_TRANSLATE_NOOP("Help", "The viewports show one series, each the image after the one before."),
    "viewport.detach": QT_TRANSLATE_NOOP(
        "Help", "On another screen where there is one; closing it brings the viewport back."
    ),
    "link.position": QT_TRANSLATE_NOOP(
        "Help", "By place in the patient, in one frame of reference; never by the number of the image."
    ),
    "link.offset": QT_TRANSLATE_NOOP(
        "Help", "For two studies without a common frame of reference: lay them side by side first."
    ),
    "link.lines": QT_TRANSLATE_NOOP("Help", "Where the image of the active viewport cuts the others."),
    "hanging.next": QT_TRANSLATE_NOOP(
        "Help", "The next step of the protocols that fit this study; at the end from the start."
    ),
    "hanging.keep": QT_TRANSLATE_NOOP("Help", "Name it; what it matches is proposed from the open study."),
    "view.text": QT_TRANSLATE_NOOP("Help", "The second state shows nothing that tells who the patient is."),
    "view.corners": QT_TRANSLATE_NOOP("Help", "Which line stands in which corner, for each modality."),
    "time.dimension": QT_TRANSLATE_NOOP("Help", "Which of echo, phase, b-value, time … Shift and the arrows move."),
    "preset.0": QT_TRANSLATE_NOOP("Help", "From the 1st to the 99th percentile of the image."),
    "preset.3": QT_TRANSLATE_NOOP(
        "Help", "3 to 9 are the presets of the modality; without presets they narrow, widen and move the window."
    ),
    "image.one_to_one": QT_TRANSLATE_NOOP("Help", "No interpolation."),
    "filter.original": QT_TRANSLATE_NOOP("Help", "The filters stay chosen; the picture says that they are off."),
    "tool.crosshair": QT_TRANSLATE_NOOP(
        "Help", "A click brings every viewport of the same frame of reference to that point."
    ),
    "tool.magnifier": QT_TRANSLATE_NOOP("Help", "A round glass, three times as large, while the button is held."),
    "tool.cancel": QT_TRANSLATE_NOOP(
        "Help", "Takes back the drag that is going on; then the tool; then the look of the picture."
    ),
    "tool.calibration": QT_TRANSLATE_NOOP(
        "Help", "Draw along a line whose length you know; all lengths say that you calibrated them."
    ),
    "tool.bidirectional": QT_TRANSLATE_NOOP("Help", "Longest diameter and the one across it (RECIST)."),
    "ai.run": QT_TRANSLATE_NOOP("Help", "Says why models do not fit before one is run."),
    "ai.toggle": QT_TRANSLATE_NOOP("Help", "A sign stays on the picture while it is hidden."),
    "findings.accept": QT_TRANSLATE_NOOP("Help", "Kept at once, with your name and the time."),
    "tags.show": QT_TRANSLATE_NOOP("Help", "All data elements of the file, searchable, compared with another one."),
    "objects.list": QT_TRANSLATE_NOOP(
        "Help", "Reports, PDFs, ECGs and all that is no image, with the reason where nothing is drawn."
    ),
    "help.shortcuts": QT_TRANSLATE_NOOP("Help", "Choose a profile, bind any key or drag anew; conflicts are said."),
}
"""One sentence on commands whose title does not say everything."""
