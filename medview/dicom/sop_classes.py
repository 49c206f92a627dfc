"""What objects without pixels are, by their SOP class (PS3.4 B.5), and what the classes are called."""

from __future__ import annotations

from functools import lru_cache

from medview.core.other_objects import OtherKind

_STORAGE = "1.2.840.10008.5.1.4.1.1."

# The longest prefix that fits decides; a prefix ends at a point or is the whole UID.
_KINDS: dict[str, OtherKind] = {
    "1.2.840.10008.1.3.10": "directory",
    _STORAGE + "4.2": "spectroscopy",
    _STORAGE + "8": "annotations",
    _STORAGE + "9": "waveform",
    _STORAGE + "9.4": "audio",
    _STORAGE + "10": "value_map",
    _STORAGE + "11": "presentation",
    _STORAGE + "11.1.0": "presentation",
    _STORAGE + "66": "raw",
    _STORAGE + "66.1": "registration",
    _STORAGE + "66.2": "fiducials",
    _STORAGE + "66.3": "registration",
    _STORAGE + "66.4": "image",
    _STORAGE + "66.5": "surfaces",
    _STORAGE + "66.6": "tracts",
    _STORAGE + "66.7": "image",
    _STORAGE + "66.8": "image",
    _STORAGE + "67": "value_map",
    _STORAGE + "68": "surfaces",
    _STORAGE + "77.1.5.3": "stereo",
    _STORAGE + "78": "measurement",
    _STORAGE + "79": "measurement",
    _STORAGE + "80": "measurement",
    _STORAGE + "81": "measurement",
    _STORAGE + "82": "measurement",
    _STORAGE + "88": "report",
    _STORAGE + "88.59": "key_objects",
    _STORAGE + "90": "measurement",
    _STORAGE + "91": "annotations",
    _STORAGE + "104.1": "pdf",
    _STORAGE + "104.2": "cda",
    _STORAGE + "104.3": "model",
    _STORAGE + "104.4": "model",
    _STORAGE + "104.5": "model",
    _STORAGE + "131": "presentation",
    _STORAGE + "200": "protocol",
    _STORAGE + "201": "directory",
    _STORAGE + "481.3": "structures",
    _STORAGE + "481.4": "treatment",
    _STORAGE + "481.5": "plan",
    _STORAGE + "481.6": "treatment",
    _STORAGE + "481.7": "treatment",
    _STORAGE + "481.8": "plan",
    _STORAGE + "481.9": "treatment",
    _STORAGE + "481.10": "plan",
    _STORAGE + "481.11": "structures",
    **{f"{_STORAGE}481.{number}": "plan" for number in (12, 13, 14, 15, 21, 22, 25)},
    **{f"{_STORAGE}481.{number}": "treatment" for number in (16, 17, 18, 19, 20)},
    "1.2.840.10008.5.1.4.34": "plan",
    "1.2.840.10008.5.1.4.38": "protocol",
    "1.2.840.10008.5.1.4.39": "presentation",
    "1.2.840.10008.5.1.4.43": "model",
    "1.2.840.10008.5.1.4.44": "model",
    "1.2.840.10008.5.1.4.45": "model",
    "1.2.840.10008.1.9": "workflow",
    "1.2.840.10008.1.20": "workflow",
    "1.2.840.10008.3.1.2": "workflow",
    "1.2.840.10008.5.1.4.31": "workflow",
    "1.2.840.10008.5.1.4.32": "workflow",
    "1.2.840.10008.5.1.4.33": "workflow",
    # Siemens CSA and other makers' own classes
    "1.3.12.2.1107.5.9.1": "raw",
    "1.2.840.113619.4.30": "raw",
    "1.3.46.670589.11.0.0.12": "raw",
    "1.3.46.670589.5.0": "raw",
}

_MAKERS_NAMES = {
    "1.3.12.2.1107.5.9.1": "Siemens CSA non-image",
    "1.2.840.113619.4.30": "GE private data",
    "1.3.46.670589.11.0.0.12.1": "Philips MR spectrum",
    "1.3.46.670589.11.0.0.12.2": "Philips MR series data",
    "1.3.46.670589.11.0.0.12.4": "Philips MR examination cards",
}


@lru_cache(maxsize=512)
def kind_of_class(sop_class: str, modality: str = "") -> OtherKind:
    """What an object of this class is; the modality decides where the class is not known."""
    uid = sop_class
    while uid:
        kind = _KINDS.get(uid)
        if kind is not None:
            return kind
        uid = uid.rpartition(".")[0]
    if sop_class.startswith(_STORAGE):
        return "image"
    by_modality: dict[str, OtherKind] = {
        "SR": "report", "KO": "key_objects", "PR": "presentation", "ECG": "waveform", "HD": "waveform", "REG": "registration",
        "RTSTRUCT": "structures", "RTPLAN": "plan", "FID": "fiducials", "DOC": "pdf",
    }  # fmt: skip
    return by_modality.get(modality, "unknown") if not sop_class else "unknown"


@lru_cache(maxsize=512)
def sop_class_name(sop_class: str) -> str:
    """The name that PS3.6 gives a class, without the word Storage; the UID itself where there is none."""
    if sop_class in _MAKERS_NAMES:
        return _MAKERS_NAMES[sop_class]
    if not sop_class:
        return ""
    from pydicom.uid import UID

    name = UID(sop_class).name
    return name.removesuffix(" Storage") if name else sop_class
