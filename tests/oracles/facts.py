"""Properties of a DICOM file by which differences are explained, read with pydicom and not with medview."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import Dataset

from tests.oracles.outcome import Property

_NAMED = {
    "modality": "Modality",
    "photometric": "PhotometricInterpretation",
    "samples": "SamplesPerPixel",
    "planar": "PlanarConfiguration",
    "bits_allocated": "BitsAllocated",
    "bits_stored": "BitsStored",
    "high_bit": "HighBit",
    "signed": "PixelRepresentation",
    "manufacturer": "Manufacturer",
    "shape": "PresentationLUTShape",
    "voi_function": "VOILUTFunction",
}


def read_header(path: Path) -> Dataset | None:
    """Everything but bulk data, by pydicom; None where it cannot."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pydicom.dcmread(path, force=True, defer_size="64 KB")
    except Exception:  # noqa: BLE001 - pydicom raises whatever a broken file leads to
        return None


def facts_of(data: Dataset | None) -> dict[str, Property]:
    """The properties that explanations may ask for; what cannot be read is left out."""
    if data is None:
        return {"readable_by_pydicom": False}
    facts: dict[str, Property] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        meta = getattr(data, "file_meta", None)
        facts["transfer_syntax"] = str(_value(meta, "TransferSyntaxUID") or "") if meta is not None else ""
        facts["has_meta"] = bool(meta) and "TransferSyntaxUID" in meta
        facts["sop_class"] = str(_value(data, "SOPClassUID") or "")
        for name, keyword in _NAMED.items():
            value = _value(data, keyword)
            if value is not None:
                facts[name] = value if isinstance(value, (str, int, float, bool)) else str(value)
        facts["frames"] = _whole(_value(data, "NumberOfFrames"), 1)
        if "bits_stored" in facts and "high_bit" in facts:
            whole = facts["bits_stored"] == facts.get("bits_allocated")
            facts["bits_in_place"] = whole and facts["high_bit"] == int(facts["bits_stored"] or 0) - 1
        descriptor = _value(data, "RedPaletteColorLookupTableDescriptor")
        if descriptor is not None and len(descriptor) == 3 and descriptor[2] == 8:
            entries = (int(descriptor[0]) or 65536) * 2
            facts["palette_in_words"] = len(_value(data, "RedPaletteColorLookupTableData") or b"") >= entries
        facts["has_pixels"] = "PixelData" in data
        if "PixelData" in data:
            facts["pixel_vr"] = str(data.get_item("PixelData").VR or "")
        facts["has_float_pixels"] = "FloatPixelData" in data or "DoubleFloatPixelData" in data
        facts["has_modality_lut"] = "ModalityLUTSequence" in data
        facts["has_voi_lut"] = "VOILUTSequence" in data
        facts["has_window"] = "WindowCenter" in data
        facts["has_rescale"] = "RescaleSlope" in data
        facts["has_groups"] = "PerFrameFunctionalGroupsSequence" in data or "SharedFunctionalGroupsSequence" in data
        facts["intercept_alone"] = (_value(data, "RescaleSlope") is None) and (
            _value(data, "RescaleIntercept") is not None
        )
        facts["has_dose_scaling"] = "DoseGridScaling" in data
        facts["has_segmented_palette"] = "SegmentedRedPaletteColorLookupTableData" in data
        facts["has_palette"] = "RedPaletteColorLookupTableData" in data
        facts["has_icc"] = "ICCProfile" in data or "OpticalPathSequence" in data
        facts["has_overlay"] = any((0x6000 + 2 * group, 0x3000) in data for group in range(16))
        facts["has_padding"] = "PixelPaddingValue" in data
        facts["recognition_code"] = str(data[0x00080010].value) if 0x00080010 in data else ""
    return facts


def _whole(value: Any, default: int) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def _value(data: Any, keyword: str) -> Any:
    try:
        value = data.get(keyword)
    except Exception:  # noqa: BLE001 - a value that cannot be converted is as good as none
        return None
    return value
