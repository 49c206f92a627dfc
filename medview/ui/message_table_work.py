"""What codes about the reader's work say: marks, segmentations, key images and what keeps them; part of `message_table`."""

from __future__ import annotations

from collections.abc import Mapping

from medview.ui.text import QT_TRANSLATE_NOOP

WORK_TEMPLATES: Mapping[str, str] = {
    "device_other_system": QT_TRANSLATE_NOOP("Message", "only on {0}"),
    "device_not_in_runtime": QT_TRANSLATE_NOOP("Message", "the installed ONNX Runtime {0} does not have it"),
    "device_in_package": QT_TRANSLATE_NOOP(
        "Message", "the installed ONNX Runtime {0} does not have it; the package {1} brings it"
    ),
    "device_by_flavour": QT_TRANSLATE_NOOP(
        "Message", "the installed ONNX Runtime {0} does not have it; set medview up with {1}"
    ),
    "marks_in_memory": QT_TRANSLATE_NOOP(
        "Message", "Nothing can be written to {0} ({1}): marks are lost when medview is closed."
    ),
    "marks_not_kept": QT_TRANSLATE_NOOP(
        "Message", "Marks could not be kept yet: {0} They are in memory and are tried again with the next one."
    ),
    "marks_from_elsewhere": QT_TRANSLATE_NOOP(
        "Message", "Another window changed marks or decisions of this study; they are shown as they are now."
    ),
    "results_from_elsewhere": QT_TRANSLATE_NOOP("Message", "Another window has new results of this study: {0}."),
    "results_gone_elsewhere": QT_TRANSLATE_NOOP("Message", "Another window discarded results of this study: {0}."),
    "marks_away": QT_TRANSLATE_NOOP(
        "Message", "Kept marks on images of these series that are not open: {0}. They stay kept."
    ),
    "report_taken": QT_TRANSLATE_NOOP(
        "Message", "Taken over: marks {0}, findings {1}; there already: {2}; not taken over: {3}."
    ),
    "report_left_no_image": QT_TRANSLATE_NOOP(
        "Message", "Not taken over, because the images are not open: {0} ({1}). They stand in the report."
    ),
    "report_left_other_patient": QT_TRANSLATE_NOOP(
        "Message", "Not taken over, because the images are of another patient: {0} ({1}). They stand in the report."
    ),
    "report_left_no_place": QT_TRANSLATE_NOOP(
        "Message",
        "Not taken over, because they lie on no slice of the open images: {0} ({1}). They stand in the report.",
    ),
    "report_left_segment": QT_TRANSLATE_NOOP(
        "Message", "Not taken over, because they are of a segmentation, which is laid over the images: {0} ({1})."
    ),
    "report_left_no_coordinates": QT_TRANSLATE_NOOP(
        "Message", "Not taken over, because they have no place in an image: {0} ({1}). They stand in the report."
    ),
    "report_left_unknown_graphic": QT_TRANSLATE_NOOP(
        "Message", "Not taken over, because no mark has their form: {0} ({1}). They stand in the report."
    ),
    "graphics_left_out": QT_TRANSLATE_NOOP("Message", "{0} graphics of the state cannot be read and are not drawn."),
    "mask_not_subtracted": QT_TRANSLATE_NOOP(
        "Message", "The state subtracts a mask; the images are shown without that."
    ),
    "one_of_maps": QT_TRANSLATE_NOOP(
        "Message",
        "The object holds several maps or meanings of its values ({0}); {1} is laid over the images.",
    ),
    "no_such_map": QT_TRANSLATE_NOOP("Message", "{file} has no single map {0}; it holds: {1}."),
    "seg_by_frames": QT_TRANSLATE_NOOP(
        "Message",
        "{0} says by frames where it lies, as its images have no place in the patient; not every program reads that.",
    ),
    "gsps_without_colours": QT_TRANSLATE_NOOP(
        "Message", "{0} says greys: the colour map on the screen is not part of it."
    ),
    "gsps_without_filters": QT_TRANSLATE_NOOP(
        "Message", "{0} says values as they were acquired: the filters on the screen are not part of it."
    ),
    "gsps_without_fusion": QT_TRANSLATE_NOOP(
        "Message", "{0} is about one series: the one laid over it on the screen is not part of it."
    ),
    "report_left_not_presented": QT_TRANSLATE_NOOP(
        "Message",
        "Not taken over, because the algorithm says that they shall not be shown: {0} ({1}). They stand in the report.",
    ),
    "label_other_time": QT_TRANSLATE_NOOP(
        "Message", "The segmentation that is being corrected is of time point {0}: go there, or begin a new one here."
    ),
    "needs_label": QT_TRANSLATE_NOOP(
        "Message", "Choose a segmentation or begin a new one: the brush has nothing to paint on here."
    ),
    "nothing_in_range": QT_TRANSLATE_NOOP(
        "Message", "Nothing was painted: no value under the brush lies between {0} and {1}."
    ),
    "stated_stale": QT_TRANSLATE_NOOP(
        "Message", "{0} of what was written was made on other images than those that are open; look at it again."
    ),
    "backup_damaged": QT_TRANSLATE_NOOP("Message", "{file} cannot be restored: {0}."),
    "backed_up": QT_TRANSLATE_NOOP("Message", "{0} entries of the journal and {1} results are in {2}."),
    "restored_backup": QT_TRANSLATE_NOOP(
        "Message", "{0} entries of the journal and {1} results were brought back from {2}."
    ),
    "label_empty": QT_TRANSLATE_NOOP("Message", "Nothing was changed: the label is empty there."),
    "label_same": QT_TRANSLATE_NOOP("Message", "Nothing was changed: there is nothing of that kind."),
    "labels_changed": QT_TRANSLATE_NOOP(
        "Message", "The labels were changed meanwhile, so nothing was done. Try it again."
    ),
    "strokes_unknown": QT_TRANSLATE_NOOP(
        "Message", "Strokes on a segmentation that do not fit it: {0}. They stay kept."
    ),
    "marks_unknown": QT_TRANSLATE_NOOP(
        "Message", "Kept marks by another version of medview that cannot be shown: {0}. They stay kept."
    ),
    "store_locked": QT_TRANSLATE_NOOP("Message", "The study database {0} is held by another program ({1})."),
    "store_full": QT_TRANSLATE_NOOP("Message", "The study database {0} cannot grow: the disk is full ({1})."),
    "store_read_only": QT_TRANSLATE_NOOP("Message", "The study database {0} can only be read ({1})."),
    "store_unreachable": QT_TRANSLATE_NOOP("Message", "The study database {0} cannot be read or written ({1})."),
    "store_damaged_rebuilt": QT_TRANSLATE_NOOP(
        "Message", "The study database {0} was damaged. It was set aside as {1} and made again from the journal."
    ),
    "store_newer_rebuilt": QT_TRANSLATE_NOOP(
        "Message",
        "The study database {0} was written by a newer medview. It was set aside as {1} and made again from the journal.",
    ),
    "shared": QT_TRANSLATE_NOOP("Message", "{0} objects were written to {1} without identity; {2} were left out."),
    "share_wish": QT_TRANSLATE_NOOP(
        "Message", "Dates are shifted or removed; the prefix is letters, figures and hyphens."
    ),
    "nothing_to_share": QT_TRANSLATE_NOOP(
        "Message", "Nothing was written: no series of the study may be shared as it is."
    ),
    "output_in_source": QT_TRANSLATE_NOOP(
        "Message", "{file} lies in a folder of the original images; what is shared never lies beside them."
    ),
    "identity_left": QT_TRANSLATE_NOOP(
        "Message",
        "{file} still holds what says whose it is, at a place where medview does not know how to take it away.",
    ),
    "labels_overlap": QT_TRANSLATE_NOOP(
        "Message", "{0} % of what was found lies in several labels at once, which have rows of their own: {1} voxels."
    ),
    "no_true_size": QT_TRANSLATE_NOOP("Message", "The file does not say how large a pixel is: there is no true size."),
    "no_true_size_monitor": QT_TRANSLATE_NOOP(
        "Message", "The monitor does not say how large it is: there is no true size."
    ),
    "grow_in_mean": QT_TRANSLATE_NOOP(
        "Message",
        "A region grows from one place: the mean of a slab is of none. Show its maximum, its minimum or one slice.",
    ),
    "pm_impossible": QT_TRANSLATE_NOOP("Message", "{0} was not written: {1}."),
    "step_unseen": QT_TRANSLATE_NOOP("Message", "A mark was changed that is not seen now: it is on image {0} of {1}."),
    "step_unseen_cut": QT_TRANSLATE_NOOP("Message", "A mark was changed that is not seen now: it is on a cut of {0}."),
    "key_image_on_cut": QT_TRANSLATE_NOOP(
        "Message", "Only an image as it was acquired can be a key image; this is a cut that no file holds."
    ),
}
