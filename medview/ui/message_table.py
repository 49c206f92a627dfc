"""What each code of a note, problem or error says to the reader: the English sentence that translators start from.

``{0}`` … are the values that come with the code, ``{file}`` is the name of the file that it is about.
"""

from __future__ import annotations

from collections.abc import Mapping

from medview.ui.message_table_fits import FIT_TEMPLATES
from medview.ui.message_table_registration import REGISTRATION_TEMPLATES
from medview.ui.message_table_solid import SOLID_TEMPLATES
from medview.ui.message_table_updates import UPDATE_TEMPLATES
from medview.ui.message_table_work import WORK_TEMPLATES
from medview.ui.text import QT_TRANSLATE_NOOP

TEMPLATES: Mapping[str, str] = {
    **FIT_TEMPLATES,
    **REGISTRATION_TEMPLATES,
    **SOLID_TEMPLATES,
    **UPDATE_TEMPLATES,
    **WORK_TEMPLATES,
    "nothing_found": QT_TRANSLATE_NOOP("Message", "No images were found in {0}."),
    "files_unreadable": QT_TRANSLATE_NOOP("Message", "{0} files could not be read; all others are shown."),
    "slices_failed": QT_TRANSLATE_NOOP(
        "Message", "Some images of this series cannot be read; they are left out and listed."
    ),
    "series_relisted": QT_TRANSLATE_NOOP(
        "Message",
        "Files of this series have changed since they were listed; it was put together anew and is shown as it is now.",
    ),
    "slab_no_geometry": QT_TRANSLATE_NOOP(
        "Message", "These images have no common place in the patient: there is no thickness to project."
    ),
    "slab_single_slice": QT_TRANSLATE_NOOP("Message", "This is a single slice: there is no thickness to project."),
    "slab_colour": QT_TRANSLATE_NOOP(
        "Message", "Colours have no maximum and no mean: there are no slabs of colour images."
    ),
    "cut_no_geometry": QT_TRANSLATE_NOOP(
        "Message", "These images have no common place in the patient: they cannot be cut at another angle."
    ),
    "cut_single_slice": QT_TRANSLATE_NOOP("Message", "This is a single slice: it cannot be cut at another angle."),
    "projection_no_place": QT_TRANSLATE_NOOP(
        "Message", "What is seen on a projection of everything has no depth: mark and measure it in a plane or a slab."
    ),
    "path_needed": QT_TRANSLATE_NOOP(
        "Message", "Draw a path along what is to be straightened and select it; then ask for the picture along it."
    ),
    "path_impossible": QT_TRANSLATE_NOOP("Message", "There is no picture along this path: {0}."),
    "unexpected": QT_TRANSLATE_NOOP("Message", "Something unexpected happened: {0}"),
    "saved": QT_TRANSLATE_NOOP("Message", "Saved as {0}."),
    "bad_protocol": QT_TRANSLATE_NOOP("Message", "{0} is no hanging protocol: {1}: {2}."),
    "hanging_none": QT_TRANSLATE_NOOP("Message", "No hanging protocol fits this study; it stays as it is."),
    "hanging_empty": QT_TRANSLATE_NOOP(
        "Message", "The hanging protocol {0} finds nothing in this study; it stays as it is."
    ),
    "hanging_incomplete": QT_TRANSLATE_NOOP("Message", "The hanging protocol {0} finds no series for: {1}."),
    "protocol_kept": QT_TRANSLATE_NOOP("Message", "The hanging protocol {0} is kept."),
    "copied": QT_TRANSLATE_NOOP("Message", "Copied to the clipboard."),
    "values_impossible": QT_TRANSLATE_NOOP("Message", "The values cannot be written: {0}."),
    "study_closed": QT_TRANSLATE_NOOP("Message", "The study was closed before everything was written."),
    "source_folder": QT_TRANSLATE_NOOP(
        "Message", "{0} holds the images of the study; nothing is written among them unless you say so."
    ),
    "other_patient": QT_TRANSLATE_NOOP(
        "Message", "{file} is no longer of the patient and study that were opened; nothing was written."
    ),
    "source_gone": QT_TRANSLATE_NOOP("Message", "{file} cannot be read again before it is referred to."),
    "sr_impossible": QT_TRANSLATE_NOOP("Message", "{0} was not written: {1}."),
    "gsps_impossible": QT_TRANSLATE_NOOP("Message", "{0} was not written: {1}."),
    "kos_impossible": QT_TRANSLATE_NOOP("Message", "{0} was not written: {1}."),
    "sc_impossible": QT_TRANSLATE_NOOP("Message", "{0} was not written: {1}."),
    "rtstruct_impossible": QT_TRANSLATE_NOOP("Message", "{0} was not written: {1}."),
    "document_impossible": QT_TRANSLATE_NOOP("Message", "{0} was not written: {1}."),
    "bad_template": QT_TRANSLATE_NOOP("Message", "{0} is no template: {1}."),
    "template_unended": QT_TRANSLATE_NOOP("Message", "{0}, line {1}: {2} has no end."),
    "template_unbegun": QT_TRANSLATE_NOOP("Message", "{0}, line {1}: {2} ends what did not begin."),
    "template_unknown": QT_TRANSLATE_NOOP("Message", "{0}, line {1}: nothing is called '{2}'."),
    "pdf_failed": QT_TRANSLATE_NOOP("Message", "The PDF could not be laid out: {0}."),
    "no_study": QT_TRANSLATE_NOOP("Message", "No study is shown."),
    "package_installed": QT_TRANSLATE_NOOP("Message", "{0} is installed."),
    "no_model_fits": QT_TRANSLATE_NOOP("Message", "None of the models is meant for this series."),
    "settings_unreadable": QT_TRANSLATE_NOOP(
        "Message", "The settings in {0} cannot be read ({1}); the defaults are used."
    ),
    "settings_partly_unsound": QT_TRANSLATE_NOOP(
        "Message", "Some settings in {0} are not sound and were set to their defaults: {1}."
    ),
    "forbidden_here": QT_TRANSLATE_NOOP(
        "Message", "The administrator of this computer has switched this off ({0} in {1})."
    ),
    "policy_unreadable": QT_TRANSLATE_NOOP(
        "Message",
        "The policy in {0} cannot be followed ({1}); everything that it could switch off is switched off.",
    ),
    "policy_partly_unsound": QT_TRANSLATE_NOOP(
        "Message", "The policy in {0} fixes what is no setting or not sound: {1}. The rest of it holds."
    ),
    "safe_mode": QT_TRANSLATE_NOOP(
        "Message",
        "Safe mode: default settings, networks on the processor only; your own settings are neither read nor changed.",
    ),
    "settings_set_aside": QT_TRANSLATE_NOOP(
        "Message", "The settings were set aside as {0}; marks, results and networks are as they were."
    ),
    "ended_unexpectedly": QT_TRANSLATE_NOOP(
        "Message", "medview ended unexpectedly the last time. What it was doing is kept in {0}, without patient data."
    ),
    "settings_not_written": QT_TRANSLATE_NOOP("Message", "The settings could not be written to {0}: {1}."),
    "unknown_format": QT_TRANSLATE_NOOP("Message", "{file} is of no format that can be opened."),
    "not_a_file": QT_TRANSLATE_NOOP("Message", "{file} is neither a file nor a folder; it was not opened."),
    "not_dicom": QT_TRANSLATE_NOOP("Message", "{file} has a DICOM name but is no DICOM file."),
    "broken_header": QT_TRANSLATE_NOOP("Message", "{file} cannot be read as DICOM: {0}."),
    "broken_dicomdir": QT_TRANSLATE_NOOP("Message", "{file} cannot be read as a DICOMDIR."),
    "dicomdir_escape": QT_TRANSLATE_NOOP("Message", "{file} names a file outside its folder; it was not opened."),
    "missing_files": QT_TRANSLATE_NOOP("Message", "{file} lists {0} more files that are not there."),
    "archive_damaged": QT_TRANSLATE_NOOP("Message", "{file} cannot be read: the archive is damaged."),
    "archive_bomb": QT_TRANSLATE_NOOP(
        "Message", "{file} grows out of all proportion when it is unpacked; it is refused."
    ),
    "archive_encrypted": QT_TRANSLATE_NOOP(
        "Message", "{file} is encrypted ({0} files); unpack it with its password and open the folder."
    ),
    "archive_packing": QT_TRANSLATE_NOOP(
        "Message", "{file} is packed in a way that is not read here ({2}); unpack it and open the folder."
    ),
    "nested_archive": QT_TRANSLATE_NOOP(
        "Message", "{file} is an archive inside an archive; unpack the outer one to open it."
    ),
    "no_answer": QT_TRANSLATE_NOOP(
        "Message", "{file} did not answer for {0} s (a network or a disk that hangs?); the rest goes on without it."
    ),
    "scan_stopped": QT_TRANSLATE_NOOP("Message", "Too many files did not answer; the scan ended at {file}."),
    "file_changed": QT_TRANSLATE_NOOP(
        "Message", "{file} has changed since it was listed; open it again to see what it holds now."
    ),
    "missing_file": QT_TRANSLATE_NOOP("Message", "{file} is listed by the DICOMDIR but is not there."),
    "duplicate_instance": QT_TRANSLATE_NOOP("Message", "{file} is a copy of another file; it is shown once."),
    "cannot_arrange": QT_TRANSLATE_NOOP("Message", "{file} cannot be shown: its series could not be put together."),
    "colour_scaled": QT_TRANSLATE_NOOP("Message", "The colours have {0} bits and are shown with 8."),
    "cut_off": QT_TRANSLATE_NOOP(
        "Message", "A file ends in the middle of its pixels; what is missing of it is marked."
    ),
    "cannot_calibrate": QT_TRANSLATE_NOOP(
        "Message", "A known line calibrates only pictures whose millimetres the file does not know in the patient."
    ),
    "cannot_paste": QT_TRANSLATE_NOOP(
        "Message", "The copied mark has no place on this image: the two have no frame of reference in common."
    ),
    "cannot_read": QT_TRANSLATE_NOOP("Message", "{file} cannot be read."),
    "no_permission": QT_TRANSLATE_NOOP("Message", "There is no permission to read {file}."),
    "file_vanished": QT_TRANSLATE_NOOP("Message", "{file} is not there any more."),
    "truncated_pixels": QT_TRANSLATE_NOOP("Message", "{file} ends in the middle of its pixels."),
    "codec_failed": QT_TRANSLATE_NOOP("Message", "The pixels of {file} cannot be decoded."),
    "codec_missing": QT_TRANSLATE_NOOP("Message", "There is no decoder for the pixels of {file}."),
    "decode_timeout": QT_TRANSLATE_NOOP("Message", "Decoding {file} took too long."),
    "decoder_died": QT_TRANSLATE_NOOP("Message", "The decoder broke down on {file}; the file is damaged."),
    "decoder_unavailable": QT_TRANSLATE_NOOP(
        "Message", "Compressed images cannot be decoded: the decoding process does not start."
    ),
    "deflate_bomb": QT_TRANSLATE_NOOP("Message", "{file} unpacks to too many bytes and is refused."),
    "unusable_pixels": QT_TRANSLATE_NOOP("Message", "The pixels of {file} cannot be used."),
    "unsupported_pixels": QT_TRANSLATE_NOOP("Message", "The pixels of {file} are of a kind that cannot be shown."),
    "load_failed": QT_TRANSLATE_NOOP("Message", "Loading stopped unexpectedly."),
    "bad_nifti": QT_TRANSLATE_NOOP("Message", "{file} is not a usable NIfTI file."),
    "bad_picture": QT_TRANSLATE_NOOP("Message", "{file} cannot be read as a picture."),
    "bad_volume_file": QT_TRANSLATE_NOOP("Message", "{file} cannot be read as a volume."),
    "out_of_memory": QT_TRANSLATE_NOOP("Message", "There is not enough memory for this."),
    "bad_link": QT_TRANSLATE_NOOP(
        "Message", "The link was not opened: it is not one that names a study (medview://open?study=UID&patient=ID)."
    ),
    "study_not_found": QT_TRANSLATE_NOOP(
        "Message",
        "The study {0} of the link is in none of the folders that links may open ({1}) and nowhere where it was opened before.",
    ),
    "wrong_patient": QT_TRANSLATE_NOOP(
        "Message", "The study {0} is not one of the patient that the link names; it was not opened."
    ),
    "cannot_write": QT_TRANSLATE_NOOP("Message", "{file} could not be written."),
    "internal": QT_TRANSLATE_NOOP("Message", "Something unexpected happened."),
    "cancelled": QT_TRANSLATE_NOOP("Message", "Cancelled."),
    "unreadable_file": QT_TRANSLATE_NOOP("Message", "{file} cannot be read: {0}."),
    "object_model": QT_TRANSLATE_NOOP(
        "Message", "A three-dimensional model; surfaces are not drawn, the file inside can be saved."
    ),
    "object_audio": QT_TRANSLATE_NOOP("Message", "Sound; it is not played."),
    "object_presentation": QT_TRANSLATE_NOOP(
        "Message", "A presentation state; it says how its images are to be shown and has no picture of its own."
    ),
    "object_structures": QT_TRANSLATE_NOOP(
        "Message", "Contours on the images that they refer to; they have no picture of their own."
    ),
    "object_surfaces": QT_TRANSLATE_NOOP("Message", "Surfaces in space; they are not drawn."),
    "object_tracts": QT_TRANSLATE_NOOP("Message", "Nerve tracts as lines in space; they are not drawn."),
    "object_value_map": QT_TRANSLATE_NOOP(
        "Message", "It says what the values of its images mean and has no picture of its own."
    ),
    "object_registration": QT_TRANSLATE_NOOP(
        "Message", "A transformation between frames of reference; it has no picture of its own."
    ),
    "object_fiducials": QT_TRANSLATE_NOOP("Message", "Marked points in space; they are not drawn."),
    "object_raw": QT_TRANSLATE_NOOP(
        "Message", "Data before reconstruction in the scanner's own form; there is no picture to draw."
    ),
    "object_spectroscopy": QT_TRANSLATE_NOOP("Message", "Spectra; their curves are not drawn."),
    "object_plan": QT_TRANSLATE_NOOP("Message", "A treatment plan; beams and doses are not drawn."),
    "object_treatment": QT_TRANSLATE_NOOP("Message", "A record of a treatment; there is no picture to draw."),
    "object_protocol": QT_TRANSLATE_NOOP("Message", "The protocol of a scan; there is no picture to draw."),
    "object_measurement": QT_TRANSLATE_NOOP(
        "Message", "Measured values of an eye examination; there is no picture to draw."
    ),
    "object_annotations": QT_TRANSLATE_NOOP("Message", "Annotations of a microscopy image; they are not drawn."),
    "object_stereo": QT_TRANSLATE_NOOP(
        "Message", "It says which images form stereo pairs and has no picture of its own."
    ),
    "object_workflow": QT_TRANSLATE_NOOP("Message", "A message between devices; there is no picture to draw."),
    "object_directory": QT_TRANSLATE_NOOP("Message", "A directory of other files."),
    "object_image": QT_TRANSLATE_NOOP("Message", "An image object without pixel data; nothing can be drawn."),
    "object_unknown": QT_TRANSLATE_NOOP(
        "Message", "This kind of object is not known here; its attributes can be read in the tag browser."
    ),
    "no_report": QT_TRANSLATE_NOOP("Message", "{file} holds no structured report."),
    "no_waveform": QT_TRANSLATE_NOOP("Message", "{file} holds no waveform that can be drawn: {0}"),
    "no_document": QT_TRANSLATE_NOOP("Message", "{file} holds no document."),
    "document_too_large": QT_TRANSLATE_NOOP(
        "Message", "The document in {file} has {0} bytes, more than the {1} that are read."
    ),
    "bad_pdf": QT_TRANSLATE_NOOP("Message", "The PDF in {file} cannot be drawn."),
    "pdf_locked": QT_TRANSLATE_NOOP("Message", "The PDF in {file} asks for a password."),
    "pdf_missing": QT_TRANSLATE_NOOP("Message", "PDFs cannot be drawn here: pypdfium2 is not installed."),
    "waveform_group": QT_TRANSLATE_NOOP("Message", "Group {0} of the waveform cannot be drawn."),
    "waveform_truncated": QT_TRANSLATE_NOOP("Message", "Group {0} is cut off: {1} of {2} samples are there."),
    "cda_refused": QT_TRANSLATE_NOOP(
        "Message", "The document was not read to its end: it could reach other files or is far too large."
    ),
    "cda_broken": QT_TRANSLATE_NOOP("Message", "The XML of the document is broken."),
    "assumed_thickness": QT_TRANSLATE_NOOP("Message", "The slice has no thickness in the file; {0} mm is assumed."),
    "bad_modality_lut": QT_TRANSLATE_NOOP(
        "Message", "The Modality LUT of the file cannot be used; its values are shown as they are stored."
    ),
    "bad_window": QT_TRANSLATE_NOOP(
        "Message", "A window or VOI LUT of the file is not allowed by the standard and is left out."
    ),
    "duplicate_positions": QT_TRANSLATE_NOOP(
        "Message",
        "Several images lie at the same position and nothing tells them apart ({0} and {1}); they are shown apart: choose.",
    ),
    "duplicate_uid": QT_TRANSLATE_NOOP("Message", "Different images have the same SOP Instance UID; all are shown."),
    "frame_of_reference_per_image": QT_TRANSLATE_NOOP(
        "Message", "Every image names a frame of reference of its own; they are taken as one."
    ),
    "gantry_tilt": QT_TRANSLATE_NOOP(
        "Message", "The slices are sheared by {0} degrees (gantry tilt); positions are true."
    ),
    "irregular_spacing": QT_TRANSLATE_NOOP("Message", "The distances between the slices differ."),
    "uneven_spacing": QT_TRANSLATE_NOOP("Message", "Slice distances run from {0} to {1} mm; true positions are used."),
    "missing_slices": QT_TRANSLATE_NOOP(
        "Message", "{0} slices are missing: between slices {1} and {2} the distance is {3} mm instead of {4} mm."
    ),
    "images_lost": QT_TRANSLATE_NOOP(
        "Message", "{0} files of this series cannot be shown ({1}); images may be missing."
    ),
    "mixed_orientations": QT_TRANSLATE_NOOP(
        "Message", "Each image of this series has an orientation of its own; they form no volume."
    ),
    "contradicting_index": QT_TRANSLATE_NOOP(
        "Message", "The numbers that the file gives its slices contradict their positions; the positions count."
    ),
    "missing_parts": QT_TRANSLATE_NOOP(
        "Message", "Of the {0} objects that this image was cut into, these are missing: {1}."
    ),
    "slide_tiles": QT_TRANSLATE_NOOP(
        "Message", "These are tiles of a slide, shown one by one in the order of the file."
    ),
    "mosaic": QT_TRANSLATE_NOOP("Message", "This is a mosaic: one picture holds all slices of a volume side by side."),
    "no_geometry": QT_TRANSLATE_NOOP("Message", "There is no common position in the patient."),
    "channel_missing": QT_TRANSLATE_NOOP("Message", "The study holds no series for the model's channel {0}."),
    "no_prompted_model": QT_TRANSLATE_NOOP(
        "Message", "No installed model that segments what is pointed at is meant for this series."
    ),
    "prompt_acquired": QT_TRANSLATE_NOOP(
        "Message", "Things are pointed at on slices as they were acquired, not on cuts."
    ),
    "nothing_pointed_at": QT_TRANSLATE_NOOP("Message", "{0} segments what is pointed at: choose its tool and click."),
    "bad_prompt": QT_TRANSLATE_NOOP("Message", "{0}."),
    "not_prompted": QT_TRANSLATE_NOOP("Message", "{0} takes no points and boxes."),
    "one_time_only": QT_TRANSLATE_NOOP("Message", "Reports and objects are written of one time point."),
    "variant_unknown": QT_TRANSLATE_NOOP("Message", "{0} has no variant {1} (it has: {2})."),
    "masks_unusable": QT_TRANSLATE_NOOP("Message", "{0} answered with masks and scores that do not belong together."),
    "runs_on_open": QT_TRANSLATE_NOOP("Message", "Runs because you chose that for what is opened: {0}."),
    "cascade_missing": QT_TRANSLATE_NOOP(
        "Message", "The model needs the package {0} before it, which is not installed."
    ),
    "cascade_endless": QT_TRANSLATE_NOOP("Message", "A cascade of models never ends: {0}."),
    "cascade_not_joined": QT_TRANSLATE_NOOP(
        "Message",
        "{0} sees only what another model cut out for it; it can be compared, but not be averaged with others.",
    ),
    "place_outside_crop": QT_TRANSLATE_NOOP(
        "Message", "{0} never saw this place: the model before it cut out another part of the series."
    ),
    "asked_within": QT_TRANSLATE_NOOP("Message", "Asked about the part of the series that {0} found."),
    "earlier_time_missing": QT_TRANSLATE_NOOP(
        "Message", "{0} remembers from time point to time point, and one before number {1} was not run to its end."
    ),
    "no_sequence": QT_TRANSLATE_NOOP(
        "Message", "The slices lie at different places; the model is for the frames of a sequence."
    ),
    "channel_ambiguous": QT_TRANSLATE_NOOP("Message", "Several series suit the model's channel {0}: {1}."),
    "not_registered": QT_TRANSLATE_NOOP(
        "Message", "The series for {0} has another frame of reference; it is not registered with the first."
    ),
    "no_preamble": QT_TRANSLATE_NOOP(
        "Message", "The file lacks the preamble or meta header of PS3.10; it was read nevertheless."
    ),
    "no_suv": QT_TRANSLATE_NOOP("Message", "SUV cannot be calculated: {0}."),
    "no_transfer_syntax": QT_TRANSLATE_NOOP(
        "Message", "The file does not name its transfer syntax; it was found by looking at the data."
    ),
    "nominal_scanned_spacing": QT_TRANSLATE_NOOP(
        "Message", "Distances are those on the scanned film, not in the patient."
    ),
    "orientation_unknown": QT_TRANSLATE_NOOP(
        "Message", "The file does not say how it lies in the patient: sides are assumed."
    ),
    "philips_scale": QT_TRANSLATE_NOOP(
        "Message", "Philips display values; the private scale slope for quantitative values is not applied."
    ),
    "reversed_rows": QT_TRANSLATE_NOOP(
        "Message",
        "GE stores images of this sequence (epi_pepolar) that were read out backwards upside down; sides along the "
        "columns may be wrong.",
    ),
    "picture_turned": QT_TRANSLATE_NOOP("Message", "The picture is turned upright as its EXIF tag asks."),
    "rounded_positions": QT_TRANSLATE_NOOP(
        "Message", "Slice positions are written with few decimals; they fit an even spacing of {0} mm."
    ),
    "sform_qform_differ": QT_TRANSLATE_NOOP(
        "Message", "The file holds two orientations that differ; the sform is used."
    ),
    "shifted_slices": QT_TRANSLATE_NOOP(
        "Message", "Slices are shifted against one another within their planes; true positions are used."
    ),
    "spacing_unit_converted": QT_TRANSLATE_NOOP("Message", "The file gives its spacing in units of {0} mm."),
    "odd_preamble": QT_TRANSLATE_NOOP(
        "Message", "Something else stands before the file's DICOM mark; it was read from there on."
    ),
    "repaired_header": QT_TRANSLATE_NOOP(
        "Message", "Parts of the header break the rules of DICOM; they were read in the only way that fits together."
    ),
    "missing_delimiter": QT_TRANSLATE_NOOP(
        "Message", "A sequence in the header does not say where it ends; it was ended at the next element that fits."
    ),
    "bad_sequence": QT_TRANSLATE_NOOP("Message", "A sequence in the header cannot be read and was left out."),
    "bad_length": QT_TRANSLATE_NOOP(
        "Message", "An element in the header has a wrong length; it was ended where the next one begins."
    ),
    "elements_out_of_order": QT_TRANSLATE_NOOP(
        "Message", "Attributes of the image stand behind its pixels; they were read nevertheless."
    ),
    "assumed_pixel_format": QT_TRANSLATE_NOOP(
        "Message",
        "The file does not say how its pixels are stored (bits, sign or kind); the usual format is assumed.",
    ),
    "bad_high_bit": QT_TRANSLATE_NOOP("Message", "High Bit contradicts the number of bits; it is ignored."),
    "half_rescale": QT_TRANSLATE_NOOP(
        "Message", "The file gives only one of rescale slope and intercept; 1 or 0 is taken for the other."
    ),
    "byte_order": QT_TRANSLATE_NOOP(
        "Message",
        "Pixels of this kind (big endian, VR OB) are written in either order of bytes; that of the transfer syntax is taken.",
    ),
    "bad_overlay": QT_TRANSLATE_NOOP("Message", "An overlay plane of the file has no valid size and is left out."),
    "more_pixels": QT_TRANSLATE_NOOP(
        "Message", "The file holds more pixel data than the frames that it announces; what is more is not shown."
    ),
    "unknown_transfer_syntax": QT_TRANSLATE_NOOP(
        "Message",
        "The file's transfer syntax is unknown; its pixel data have the length of plain ones and are read as such.",
    ),
    "uncertain_text": QT_TRANSLATE_NOOP(
        "Message", "Texts of the file do not fit its character set; they may be in {1}, as this one: {0}"
    ),
    "stray_element": QT_TRANSLATE_NOOP(
        "Message", "The data set holds delimiters where none belong; what follows may be missing."
    ),
    "transparency_ignored": QT_TRANSLATE_NOOP("Message", "The picture's transparency is not shown."),
    "ultrasound_regions": QT_TRANSLATE_NOOP(
        "Message",
        "Regions of this picture have different scales or none; lengths are in px outside a calibrated region.",
    ),
    "unnamed_axis": QT_TRANSLATE_NOOP(
        "Message", "{0} images lie at each position; the file does not say in what they differ."
    ),
    "wrong_transfer_syntax": QT_TRANSLATE_NOOP(
        "Message", "The data set is not written in the transfer syntax that the file names; it was read as it is."
    ),
    "xray_intensities": QT_TRANSLATE_NOOP(
        "Message",
        "The Modality LUT or rescale of the file leads to X-ray intensities; values and windows are those as stored.",
    ),
    "zero_slope": QT_TRANSLATE_NOOP("Message", "Rescale Slope is 0 in the file; it is taken as 1."),
    "time_points_not_supported": QT_TRANSLATE_NOOP("Message", "This format holds one time point only."),
    "filter_parameter": QT_TRANSLATE_NOOP("Message", "This value is not allowed for the filter."),
    "unknown_filter": QT_TRANSLATE_NOOP("Message", "There is no filter called {0}."),
    "input_constant": QT_TRANSLATE_NOOP(
        "Message", "All values of the series are equal; there is nothing for a model to see."
    ),
    "input_empty": QT_TRANSLATE_NOOP("Message", "There are no values for the model."),
    "input_not_finite": QT_TRANSLATE_NOOP("Message", "The series holds values that are no numbers."),
    "nothing_to_crop": QT_TRANSLATE_NOOP("Message", "Nothing of the series lies above the model's threshold."),
    "slices_missing": QT_TRANSLATE_NOOP("Message", "Some slices could not be read; a model must not see holes."),
    "tensor_too_large": QT_TRANSLATE_NOOP("Message", "The series is too large for this model and this computer."),
    "output_out_of_range": QT_TRANSLATE_NOOP("Message", "The network's output is out of its range; it was rejected."),
    "output_not_finite": QT_TRANSLATE_NOOP(
        "Message", "The network's output holds values that are no numbers; it was rejected."
    ),
    "output_shape": QT_TRANSLATE_NOOP("Message", "The network's output has the wrong shape; it was rejected."),
    "run_failed": QT_TRANSLATE_NOOP("Message", "The network failed while running."),
    "network_crashed": QT_TRANSLATE_NOOP("Message", "The network {0} broke down ({1}); its process is gone."),
    "network_overdue": QT_TRANSLATE_NOOP("Message", "The network {0} took too long and was stopped."),
    "network_process_unavailable": QT_TRANSLATE_NOOP("Message", "The process for the network {0} does not start: {1}."),
    "crashed_before": QT_TRANSLATE_NOOP("Message", "This model broke down {1} time(s) before: {2}."),
    "device_out_of_memory": QT_TRANSLATE_NOOP("Message", "The network asks for more memory than {0} has."),
    "device_memory_single": QT_TRANSLATE_NOOP(
        "Message", "{0} ran out of memory; the model was run on one tile at a time."
    ),
    "device_memory_tiles": QT_TRANSLATE_NOOP(
        "Message",
        "{0} ran out of memory; the model was run on smaller tiles ({1}), which can change its numbers a little.",
    ),
    "device_memory_processor": QT_TRANSLATE_NOOP(
        "Message", "{0} ran out of memory; the model was run on the processor, which takes longer."
    ),
    "output_wrong_type": QT_TRANSLATE_NOOP("Message", "The network's output is of the wrong type; it was rejected."),
    "device_fallback": QT_TRANSLATE_NOOP("Message", "The chosen device could not be used; another one computed."),
    "device_unknown": QT_TRANSLATE_NOOP("Message", "This device is not there."),
    "runtime_missing": QT_TRANSLATE_NOOP("Message", "ONNX Runtime is not installed or cannot be loaded."),
    "not_kept": QT_TRANSLATE_NOOP(
        "Message", "The result could not be kept on disk; it is lost when the window closes."
    ),
    "study_away": QT_TRANSLATE_NOOP("Message", "The study is not where it was: {0}. Its marks stay kept."),
    "result_damaged": QT_TRANSLATE_NOOP("Message", "A kept result is damaged and was set aside."),
    "seg_impossible": QT_TRANSLATE_NOOP("Message", "This series cannot carry a DICOM SEG."),
    "assumption_contradicts": QT_TRANSLATE_NOOP("Message", "The assumption contradicts the file."),
    "bad_assumption": QT_TRANSLATE_NOOP("Message", "This assumption is not known."),
    "manifest_invalid": QT_TRANSLATE_NOOP("Message", "The package's manifest is not valid."),
    "manifest_missing": QT_TRANSLATE_NOOP("Message", "The package {file} has no manifest.json."),
    "manifest_unfit": QT_TRANSLATE_NOOP("Message", "The package's manifest does not fit its network."),
    "card_missing": QT_TRANSLATE_NOOP("Message", "The package's model card is missing."),
    "model_corrupt": QT_TRANSLATE_NOOP("Message", "{file} is not a complete ONNX file."),
    "model_missing": QT_TRANSLATE_NOOP("Message", "The package's network {file} is missing."),
    "model_unreadable": QT_TRANSLATE_NOOP("Message", "The network {file} cannot be read."),
    "operator_refused": QT_TRANSLATE_NOOP("Message", "The network needs an operator that ONNX Runtime does not have."),
    "side_file_missing": QT_TRANSLATE_NOOP("Message", "The weights {file} are missing from the package."),
    "side_file_outside": QT_TRANSLATE_NOOP(
        "Message", "The network wants weights from outside its package; it is refused."
    ),
    "path_outside": QT_TRANSLATE_NOOP(
        "Message", "The package {file} holds a path that leads out of it; it is refused."
    ),
    "unusable_segmentation": QT_TRANSLATE_NOOP("Message", "{file} cannot be laid over images: {0}."),
    "segmentation_frames_left_out": QT_TRANSLATE_NOOP(
        "Message", "{0} frames of the segmentation do not say where they lie and are left out."
    ),
    "other_frame_of_reference": QT_TRANSLATE_NOOP(
        "Message", "It lies in another frame of reference than these images; it is not laid over them."
    ),
    "no_image_in_frame_of_reference": QT_TRANSLATE_NOOP(
        "Message", "No open image lies in its frame of reference; it is not laid over any."
    ),
    "referenced_images_absent": QT_TRANSLATE_NOOP("Message", "None of the images that it refers to is open."),
    "blending_not_applied": QT_TRANSLATE_NOOP(
        "Message", "A blending or volumetric presentation state; medview does not apply these."
    ),
    "value_map_not_applied": QT_TRANSLATE_NOOP(
        "Message", "A map from stored to real world values; it is listed and not applied."
    ),
    "structures_left_out": QT_TRANSLATE_NOOP(
        "Message", "{0} structures lie in another frame of reference and are left out: {1}."
    ),
    "contours_left_out": QT_TRANSLATE_NOOP("Message", "{0} contours cannot be read and are left out ({1})."),
    "unusable_overlay": QT_TRANSLATE_NOOP("Message", "{file} cannot be laid over images: {0}."),
    "unusable_presentation_state": QT_TRANSLATE_NOOP(
        "Message", "{file} cannot be applied as a presentation state: {0}."
    ),
    "compound_not_drawn": QT_TRANSLATE_NOOP(
        "Message",
        "{0} compound graphics of the state come without the simple ones that they stand for and are not drawn.",
    ),
    "rotation_not_applied": QT_TRANSLATE_NOOP(
        "Message", "The state turns the image by {0} degrees; only quarter turns are applied."
    ),
    "package_corrupt": QT_TRANSLATE_NOOP("Message", "{file} is not a readable package."),
    "package_missing": QT_TRANSLATE_NOOP("Message", "There is no package {file}."),
    "input_unexplained": QT_TRANSLATE_NOOP("Message", "The network cannot be imported: {0}"),
    "channels_unexplained": QT_TRANSLATE_NOOP("Message", "The network's channels are not explained: {0}"),
    "output_unexplained": QT_TRANSLATE_NOOP("Message", "What the network gives is not explained: {0}"),
    "task_unsupported": QT_TRANSLATE_NOOP("Message", "What the network is for cannot be shown: {0}"),
    "metadata_unreadable": QT_TRANSLATE_NOOP("Message", "What the network says of itself cannot be read: {0}"),
    "description_unreadable": QT_TRANSLATE_NOOP("Message", "The network's description {file} cannot be read."),
    "description_incomplete": QT_TRANSLATE_NOOP("Message", "The network's description is not complete: {0}"),
    "transform_refused": QT_TRANSLATE_NOOP(
        "Message", "A step of the network's preparation is not done here as its authors do it: {0}"
    ),
    "expression_refused": QT_TRANSLATE_NOOP(
        "Message", "The network's description holds an expression, which is never run: {0}"
    ),
    "not_onnx": QT_TRANSLATE_NOOP("Message", "{file} holds weights of another kind; export the network to ONNX first."),
    "several_models": QT_TRANSLATE_NOOP("Message", "There are several networks; choose one: {0}"),
    "import_incomplete": QT_TRANSLATE_NOOP("Message", "Something about the network has still to be said: {0}"),
    "bad_answer": QT_TRANSLATE_NOOP("Message", "An answer about the network cannot be used: {0}"),
    "output_exists": QT_TRANSLATE_NOOP("Message", "{file} is there already; name another place."),
    "package_too_large": QT_TRANSLATE_NOOP("Message", "The package {file} unpacks to too many bytes."),
    "bad_method": QT_TRANSLATE_NOOP("Message", "There is no method {0}: {1}."),
    "bad_package_count": QT_TRANSLATE_NOOP("Message", "The question takes {0} models, {1} were named."),
    "needs_prompt": QT_TRANSLATE_NOOP(
        "Message", "{0} answers to points and boxes: without them there is nothing to question."
    ),
    "no_such_label": QT_TRANSLATE_NOOP("Message", "The model has no label {0}: {1}."),
    "label_absent": QT_TRANSLATE_NOOP("Message", "{0} says nothing of {1} here; choose another place or label."),
    "place_outside": QT_TRANSLATE_NOOP("Message", "The place ({0}) lies outside of the series."),
    "no_score": QT_TRANSLATE_NOOP("Message", "{0} makes an image: there is no score to ask for."),
    "not_dense": QT_TRANSLATE_NOOP("Message", "{0} gives no value for each voxel of the series."),
    "no_features": QT_TRANSLATE_NOOP("Message", "The network has no layer with maps of features."),
    "no_such_tensor": QT_TRANSLATE_NOOP(
        "Message", "The network has no feature maps called {0}; the last ones are: {1}."
    ),
    "map_empty": QT_TRANSLATE_NOOP(
        "Message", "Nothing that was changed made any difference to the score; the map would be empty."
    ),
    "map_not_finite": QT_TRANSLATE_NOOP("Message", "The map holds values that are not numbers."),
    "nothing_varied": QT_TRANSLATE_NOOP("Message", "Nothing would be varied: choose a shift, noise or axes to mirror."),
    "variation_not_mirrored": QT_TRANSLATE_NOOP(
        "Message",
        "Nothing is mirrored: the manifest does not say that the network was trained with mirrored images.",
    ),
    "variation_boxes": QT_TRANSLATE_NOOP(
        "Message", "Boxes are varied by noise only: they would have to be moved back."
    ),
    "eigen_cam_no_label": QT_TRANSLATE_NOOP(
        "Message", "Eigen-CAM shows what the layer responds to most, whatever label that speaks for."
    ),
    "tasks_differ": QT_TRANSLATE_NOOP("Message", "The models do not answer the same question ({0})."),
    "labels_not_shared": QT_TRANSLATE_NOOP(
        "Message", "The models have no label in common ({0}): everything that each labels is compared."
    ),
    "package_unreadable": QT_TRANSLATE_NOOP("Message", "The package {file} cannot be unpacked."),
    "bad_colour_map": QT_TRANSLATE_NOOP("Message", "{0} is no colour map: {1}."),
    "colour_map_not_kept": QT_TRANSLATE_NOOP("Message", "{0} could not be kept in {1}: {2}."),
    "no_such_colour_map": QT_TRANSLATE_NOOP("Message", "There is no colour map {0}."),
    "fusion_nothing_below": QT_TRANSLATE_NOOP("Message", "There is no series that another could be laid over."),
    "fusion_same": QT_TRANSLATE_NOOP("Message", "A series cannot be laid over itself."),
    "fusion_other_patient": QT_TRANSLATE_NOOP("Message", "Series of two patients cannot be laid over each other."),
    "fusion_colours": QT_TRANSLATE_NOOP("Message", "A series of colour pictures cannot be laid over another."),
    "fusion_no_place": QT_TRANSLATE_NOOP(
        "Message", "One of the two series has no place in the patient, so nothing says where they lie over each other."
    ),
    "fusion_other_space": QT_TRANSLATE_NOOP(
        "Message",
        "The files name different frames of reference: nothing says that the two series lie at the same place.",
    ),
    "fusion_gone": QT_TRANSLATE_NOOP("Message", "The series to lay over is not open any more."),
}

SUV_REASONS = (
    QT_TRANSLATE_NOOP("SuvReason", "it is not a plain PET series"),
    QT_TRANSLATE_NOOP("SuvReason", "its images disagree about dose, patient or corrections"),
    QT_TRANSLATE_NOOP("SuvReason", "it is not corrected for attenuation and decay"),
    QT_TRANSLATE_NOOP("SuvReason", "there were several injections"),
    QT_TRANSLATE_NOOP("SuvReason", "its values are SUV of a kind that cannot be turned into others"),
    QT_TRANSLATE_NOOP("SuvReason", "its counts have no factor to activity"),
    QT_TRANSLATE_NOOP("SuvReason", "its unit cannot be turned into SUV"),
    QT_TRANSLATE_NOOP("SuvReason", "the patient's weight is missing"),
    QT_TRANSLATE_NOOP("SuvReason", "dose or half-life is missing"),
    QT_TRANSLATE_NOOP("SuvReason", "its decay correction is not to start of scan or injection"),
    QT_TRANSLATE_NOOP("SuvReason", "the injection lies after the scan"),
    QT_TRANSLATE_NOOP("SuvReason", "the injection lies too long before the scan"),
    QT_TRANSLATE_NOOP("SuvReason", "the time of the scan is missing"),
    QT_TRANSLATE_NOOP("SuvReason", "the time of injection is missing"),
)
"""Why there is no SUV, as the note says it."""
