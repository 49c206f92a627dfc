"""What codes about a model and a series say: why it is not meant for it, what is worth knowing; part of `message_table`."""

from __future__ import annotations

from collections.abc import Mapping

from medview.ui.text import QT_TRANSLATE_NOOP

FIT_TEMPLATES: Mapping[str, str] = {
    "does_not_fit": QT_TRANSLATE_NOOP("Message", "The model is not meant for this series."),
    "localizer": QT_TRANSLATE_NOOP("Message", "This is a localiser, not a diagnostic series."),
    "secondary_capture": QT_TRANSLATE_NOOP("Message", "This is a screen shot or another secondary capture."),
    "colour": QT_TRANSLATE_NOOP("Message", "The series is in colour; the model wants {0} values."),
    "modality_unknown": QT_TRANSLATE_NOOP("Message", "The file does not say its modality; the model is for {0}."),
    "modality_wrong": QT_TRANSLATE_NOOP("Message", "The series is {0}; the model is for {1}."),
    "body_part_wrong": QT_TRANSLATE_NOOP("Message", "The series shows {0}; the model is for {1}."),
    "body_part_unknown": QT_TRANSLATE_NOOP("Message", "The series does not say what it shows; the model is for {0}."),
    "view_wrong": QT_TRANSLATE_NOOP("Message", "The view is not one that the model is for."),
    "view_unknown": QT_TRANSLATE_NOOP("Message", "The series does not say its view; the model is for {0}."),
    "manufacturer_wrong": QT_TRANSLATE_NOOP("Message", "The series was made by {0}; the model is for {1}."),
    "manufacturer_unknown": QT_TRANSLATE_NOOP("Message", "The series does not say who made it; the model is for {0}."),
    "burned_in": QT_TRANSLATE_NOOP(
        "Message", "Text is burned into the pixels, as the file says; the model is not made for that."
    ),
    "burned_in_accepted": QT_TRANSLATE_NOOP(
        "Message", "Text is burned into the pixels, as the file says; the result is less certain."
    ),
    "contrast_wrong": QT_TRANSLATE_NOOP("Message", "The model is not for series with this use of contrast agent."),
    "contrast_unknown": QT_TRANSLATE_NOOP("Message", "The series does not say whether it has contrast."),
    "unit_missing": QT_TRANSLATE_NOOP("Message", "The model wants {0}; the series has {1}."),
    "no_air": QT_TRANSLATE_NOOP("Message", "The lowest value is {0} HU: no air at all. Are the values really HU?"),
    "unit_assumed": QT_TRANSLATE_NOOP("Message", "The file does not say its unit; its values are taken to be {0}."),
    "inverted": QT_TRANSLATE_NOOP(
        "Message", "The series stores low values as white (MONOCHROME1); the model does not say what then."
    ),
    "too_few_slices": QT_TRANSLATE_NOOP("Message", "The series has {0} slices; the model needs at least {1}."),
    "too_many_slices": QT_TRANSLATE_NOOP("Message", "The series has {0} slices; the model takes at most {1}."),
    "plane_wrong": QT_TRANSLATE_NOOP("Message", "The slices are {0}; the model is for {1}."),
    "slice_spacing_outside": QT_TRANSLATE_NOOP(
        "Message", "The distance of slices is {0} mm; the model is for {1} to {2} mm."
    ),
    "pixel_spacing_outside": QT_TRANSLATE_NOOP("Message", "A pixel measures {0} mm; the model is for {1} to {2} mm."),
    "pixel_spacing_unknown": QT_TRANSLATE_NOOP(
        "Message", "The series does not say how large a pixel is; the model is for {0} to {1} mm."
    ),
    "field_of_view_outside": QT_TRANSLATE_NOOP("Message", "The slices cover {0} mm; the model is for {1} to {2} mm."),
    "tilted": QT_TRANSLATE_NOOP("Message", "The slices are tilted (gantry tilt); the model is not made for that."),
    "tilt_accepted": QT_TRANSLATE_NOOP("Message", "The slices are tilted (gantry tilt); the result is less certain."),
    "slices_uneven": QT_TRANSLATE_NOOP(
        "Message", "Slices are missing or unevenly spaced; the model is not made for that."
    ),
    "slices_uneven_accepted": QT_TRANSLATE_NOOP(
        "Message", "Slices are missing or unevenly spaced; the result is less certain there."
    ),
    "oblique": QT_TRANSLATE_NOOP("Message", "The slices are turned by {0}° against the patient; the model takes {1}°."),
    "unlike_expected": QT_TRANSLATE_NOOP(
        "Message", "The values of the series are unlike those that the model was made for."
    ),
    "first_channel_wrong": QT_TRANSLATE_NOOP(
        "Message", "The series is not what the model's first channel {0} is described as."
    ),
    "channel_times": QT_TRANSLATE_NOOP(
        "Message",
        "The series for {0} has {1} time points, the first series {2}; which belong together is not known.",
    ),
    "channel_elsewhere": QT_TRANSLATE_NOOP(
        "Message", "The series for {0} shows another part of the patient; none of it lies where the first does."
    ),
    "channel_partial": QT_TRANSLATE_NOOP(
        "Message", "The series for {0} covers {1} % of the first; its lowest value is taken for the rest."
    ),
    "suv_calculated": QT_TRANSLATE_NOOP(
        "Message", "The values are taken as SUV by body weight: those of the files times {0}."
    ),
    "input_out_of_range": QT_TRANSLATE_NOOP(
        "Message", "The values that the model's steps give do not fit into the numbers that the network takes."
    ),
    "runs_failed": QT_TRANSLATE_NOOP("Message", "Some runs failed; the table holds the reason of each."),
    "classes_unnamed": QT_TRANSLATE_NOOP(
        "Message", "Boxes of classes that the manifest does not name were left out: {0}."
    ),
    "grades_unordered": QT_TRANSLATE_NOOP(
        "Message", "The probabilities to be above a grade rise from grade to grade; the grades are less certain."
    ),
}
