"""Names, icons and reasons of objects that are no images, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping

from medview.app.documents import OtherObject
from medview.core.other_objects import reason_not_drawn
from medview.ui.messages import note_text
from medview.ui.text import QT_TRANSLATE_NOOP, translate

KIND_NAMES = {
    "report": QT_TRANSLATE_NOOP("Object", "Report"),
    "key_objects": QT_TRANSLATE_NOOP("Object", "Key images"),
    "pdf": QT_TRANSLATE_NOOP("Object", "PDF document"),
    "cda": QT_TRANSLATE_NOOP("Object", "CDA document"),
    "model": QT_TRANSLATE_NOOP("Object", "3-D model"),
    "waveform": QT_TRANSLATE_NOOP("Object", "Waveform"),
    "audio": QT_TRANSLATE_NOOP("Object", "Sound"),
    "presentation": QT_TRANSLATE_NOOP("Object", "Presentation state"),
    "structures": QT_TRANSLATE_NOOP("Object", "Contours"),
    "surfaces": QT_TRANSLATE_NOOP("Object", "Surfaces"),
    "tracts": QT_TRANSLATE_NOOP("Object", "Nerve tracts"),
    "value_map": QT_TRANSLATE_NOOP("Object", "Value mapping"),
    "registration": QT_TRANSLATE_NOOP("Object", "Registration"),
    "fiducials": QT_TRANSLATE_NOOP("Object", "Fiducials"),
    "raw": QT_TRANSLATE_NOOP("Object", "Raw data"),
    "spectroscopy": QT_TRANSLATE_NOOP("Object", "Spectra"),
    "plan": QT_TRANSLATE_NOOP("Object", "Treatment plan"),
    "treatment": QT_TRANSLATE_NOOP("Object", "Treatment record"),
    "protocol": QT_TRANSLATE_NOOP("Object", "Protocol"),
    "measurement": QT_TRANSLATE_NOOP("Object", "Eye measurements"),
    "annotations": QT_TRANSLATE_NOOP("Object", "Annotations"),
    "stereo": QT_TRANSLATE_NOOP("Object", "Stereo pairs"),
    "workflow": QT_TRANSLATE_NOOP("Object", "Workflow message"),
    "directory": QT_TRANSLATE_NOOP("Object", "Directory"),
    "image": QT_TRANSLATE_NOOP("Object", "Image without pixels"),
    "unknown": QT_TRANSLATE_NOOP("Object", "Unknown object"),
}

CLASS_NAMES = (
    QT_TRANSLATE_NOOP("SopClass", "12-lead ECG Waveform"),
    QT_TRANSLATE_NOOP("SopClass", "General ECG Waveform"),
    QT_TRANSLATE_NOOP("SopClass", "Ambulatory ECG Waveform"),
    QT_TRANSLATE_NOOP("SopClass", "Hemodynamic Waveform"),
    QT_TRANSLATE_NOOP("SopClass", "Cardiac Electrophysiology Waveform"),
    QT_TRANSLATE_NOOP("SopClass", "Basic Voice Audio Waveform"),
    QT_TRANSLATE_NOOP("SopClass", "Basic Text SR"),
    QT_TRANSLATE_NOOP("SopClass", "Enhanced SR"),
    QT_TRANSLATE_NOOP("SopClass", "Comprehensive SR"),
    QT_TRANSLATE_NOOP("SopClass", "Comprehensive 3D SR"),
    QT_TRANSLATE_NOOP("SopClass", "Mammography CAD SR"),
    QT_TRANSLATE_NOOP("SopClass", "Chest CAD SR"),
    QT_TRANSLATE_NOOP("SopClass", "Colon CAD SR"),
    QT_TRANSLATE_NOOP("SopClass", "X-Ray Radiation Dose SR"),
    QT_TRANSLATE_NOOP("SopClass", "Procedure Log"),
    QT_TRANSLATE_NOOP("SopClass", "Key Object Selection Document"),
    QT_TRANSLATE_NOOP("SopClass", "Encapsulated PDF"),
    QT_TRANSLATE_NOOP("SopClass", "Encapsulated CDA"),
    QT_TRANSLATE_NOOP("SopClass", "Encapsulated STL"),
    QT_TRANSLATE_NOOP("SopClass", "Encapsulated OBJ"),
    QT_TRANSLATE_NOOP("SopClass", "Grayscale Softcopy Presentation State"),
    QT_TRANSLATE_NOOP("SopClass", "Color Softcopy Presentation State"),
    QT_TRANSLATE_NOOP("SopClass", "Raw Data"),
    QT_TRANSLATE_NOOP("SopClass", "Spatial Registration"),
    QT_TRANSLATE_NOOP("SopClass", "Deformable Spatial Registration"),
    QT_TRANSLATE_NOOP("SopClass", "Spatial Fiducials"),
    QT_TRANSLATE_NOOP("SopClass", "Surface Segmentation"),
    QT_TRANSLATE_NOOP("SopClass", "Tractography Results"),
    QT_TRANSLATE_NOOP("SopClass", "Real World Value Mapping"),
    QT_TRANSLATE_NOOP("SopClass", "RT Structure Set"),
    QT_TRANSLATE_NOOP("SopClass", "RT Plan"),
    QT_TRANSLATE_NOOP("SopClass", "RT Ion Plan"),
    QT_TRANSLATE_NOOP("SopClass", "RT Beams Treatment Record"),
    QT_TRANSLATE_NOOP("SopClass", "MR Spectroscopy"),
    QT_TRANSLATE_NOOP("SopClass", "CT Image"),
    QT_TRANSLATE_NOOP("SopClass", "MR Image"),
    QT_TRANSLATE_NOOP("SopClass", "Ultrasound Image"),
    QT_TRANSLATE_NOOP("SopClass", "Computed Radiography Image"),
    QT_TRANSLATE_NOOP("SopClass", "Secondary Capture Image"),
    QT_TRANSLATE_NOOP("SopClass", "Positron Emission Tomography Image"),
    QT_TRANSLATE_NOOP("SopClass", "Digital X-Ray Image - For Presentation"),
    QT_TRANSLATE_NOOP("SopClass", "Digital Mammography X-Ray Image - For Presentation"),
    QT_TRANSLATE_NOOP("SopClass", "Segmentation"),
)
"""Names of common classes that the translators know; others stay as the standard has them."""

_ICONS = {
    "report": "article",
    "key_objects": "star",
    "pdf": "file-pdf",
    "cda": "file-text",
    "model": "cube",
    "waveform": "heartbeat",
    "audio": "speaker-high",
    "presentation": "sliders-horizontal",
    "structures": "selection",
    "surfaces": "cube",
    "tracts": "share-network",
    "value_map": "chart-line",
    "registration": "arrows-out-cardinal",
    "fiducials": "map-pin",
    "raw": "database",
    "spectroscopy": "chart-line",
    "plan": "target",
    "treatment": "target",
    "protocol": "list-bullets",
    "measurement": "eye",
    "annotations": "selection",
    "image": "image",
}


def kind_name(kind: str) -> str:
    """What an object is, in a word or two."""
    return translate("Object", KIND_NAMES.get(kind, KIND_NAMES["unknown"]))


def kind_icon(kind: str) -> str:
    """The glyph of a kind."""
    return _ICONS.get(kind, "file")


def class_name(sop_class: str) -> str:
    """The name of a SOP class."""
    from medview.dicom.sop_classes import sop_class_name

    name = sop_class_name(sop_class)
    return translate("SopClass", name) if name in CLASS_NAMES else name


def reason_text(kind: str) -> str:
    """Why nothing is drawn of an object; "" where its content is shown."""
    note = reason_not_drawn(kind)
    return "" if note is None else note_text(note)


def object_title(listed: OtherObject, titles: Mapping[str, str]) -> str:
    """What an object is called in a list: its own title, else its series' description, else its kind."""
    return titles.get(listed.object.path, "") or listed.object.description.strip() or kind_name(listed.kind)
