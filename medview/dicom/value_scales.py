"""Other numbers for the values of a stack: SUV, real-world values, Philips' floating point values, the file's own unit."""

from __future__ import annotations

from collections.abc import Sequence

from medview.core.problem import Note
from medview.core.value_scale import ValueScale
from medview.dicom.header import FrameHeader, InstanceHeader
from medview.dicom.presentation import is_shown_as_stored

SUV_LABELS = {
    "suv_bw": ("SUVbw", "g/ml"),
    "suv_lbm_james": ("SUVlbm (James)", "g/ml"),
    "suv_lbm_janma": ("SUVlbm (Janmahasatian)", "g/ml"),
    "suv_bsa": ("SUVbsa", "cm²/ml"),
}
_DOSE_UNITS = {"GY": "Gy", "RELATIVE": "relative dose"}
_PET_UNITS = {
    "PROPCNT": "proportional counts",
    "CNTS": "counts",
    "PCNT": "%",
    "NONE": "",
    "1CM": "1/cm",
    "MLMING": "ml/min/g",
}
_SAID_NOTHING = frozenset({"", "US", "HU", "UNSPECIFIED", "NORMALIZED"})


def value_scales(
    headers: Sequence[InstanceHeader], frames: Sequence[FrameHeader]
) -> tuple[tuple[ValueScale, ...], tuple[Note, ...]]:
    """Scales of a stack of grey values, those told by default first, and the note that says why there is no SUV."""
    scales: list[ValueScale] = []
    notes: tuple[Note, ...] = ()
    if headers[0].series.modality == "PT":
        suv, notes = _suv(headers)
        scales += suv
    own = _own_unit(headers[0], frames)
    if own and not scales:
        scales.append(ValueScale("own", "", own, (1.0,), by_default=True))
    as_stored = is_shown_as_stored(headers[0], frames[0])
    if as_stored or headers[0].image.modality_lut is None:
        lines = [(1.0, 0.0) if as_stored else (each.common.slope or 1.0, each.common.intercept) for each in frames]
        scales += _real_world(frames, lines)
        philips = _philips(headers, frames)
        if philips is not None:
            scales.append(philips)
    return tuple(scales), notes


def _suv(headers: Sequence[InstanceHeader]) -> tuple[list[ValueScale], tuple[Note, ...]]:
    from medview.dicom.suv import NoSuv, suv_factors

    try:
        factors = suv_factors(headers)
    except NoSuv as reason:
        return [], (Note("no_suv", f"SUV cannot be calculated: {reason}.", (str(reason),)),)
    named = {
        "suv_bw": factors.bw,
        "suv_lbm_james": factors.lbm_james,
        "suv_lbm_janma": factors.lbm_janma,
        "suv_bsa": factors.bsa,
    }
    return [
        ValueScale(name, *SUV_LABELS[name], (factor,), by_default=True)
        for name, factor in named.items()
        if factor is not None
    ], ()


def _own_unit(header: InstanceHeader, frames: Sequence[FrameHeader]) -> str:
    """What the file calls the unit of its modality values, where it is none of those that medview names itself."""
    if header.image.dose_units:
        return _DOSE_UNITS.get(header.image.dose_units, header.image.dose_units)
    if is_shown_as_stored(header, frames[0]):
        return ""
    radio = header.series.radiopharmaceutical
    if radio is not None:
        return "" if radio.units in {"BQML", "GML"} else _PET_UNITS.get(radio.units, radio.units)
    said = {frame.common.rescale_type for frame in frames}
    lut = header.image.modality_lut
    text = lut.type if lut is not None else said.pop() if len(said) == 1 else ""
    return "" if text.upper() in _SAID_NOTHING else text


def _real_world(frames: Sequence[FrameHeader], rescales: Sequence[tuple[float, float]]) -> list[ValueScale]:
    """Real-world values are given for stored values; here for modality values, as everything else is.

    ``rescales``: slope and intercept of each frame's modality values.
    """
    scales = []
    for number, mapping in enumerate(frames[0].common.real_world):
        lines = []
        for frame, (slope, intercept) in zip(frames, rescales, strict=True):
            same = [
                each for each in frame.common.real_world if (each.label, each.unit) == (mapping.label, mapping.unit)
            ]
            if not same:
                break
            begin = same[0].low if same[0].table else 0.0  # the line of a table leads to its entries
            offset = same[0].intercept - same[0].slope * intercept / slope
            lines.append((same[0].slope / slope, offset - begin, same[0]))
        if len(lines) < len(frames) or len({each.table for _, _, each in lines}) > 1:
            continue
        limits = {(each.low, each.high) for _, _, each in lines}
        slope, intercept = rescales[0]
        uniform = len(limits) == 1 and len(set(rescales)) == 1
        ends = sorted(value * slope + intercept for value in limits.pop()) if uniform else [float("-inf"), float("inf")]
        label = mapping.label or mapping.unit or str(number + 1)
        unit = "" if mapping.unit in {"1", "no units"} else mapping.unit
        scales.append(
            ValueScale(
                f"real_world:{label}",
                label,
                unit,
                _once([line[0] for line in lines]),
                _once([line[1] for line in lines]),
                ends[0],
                ends[1],
                table=mapping.table,
            )
        )
    return scales


def _philips(headers: Sequence[InstanceHeader], frames: Sequence[FrameHeader]) -> ValueScale | None:
    """FP = (stored · RS + RI) / (RS · SS), after Chenevert and others 2014 (PMC3998685)."""
    slopes = []
    for header, frame in zip(headers, frames, strict=True):
        scale = header.image.philips_scale
        if scale is None:
            return None
        slopes.append(1.0 / ((frame.common.slope or 1.0) * scale[0]))
    return ValueScale("philips", "Philips FP", "", _once(slopes))


def _once(values: list[float]) -> tuple[float, ...]:
    return tuple(values[:1]) if len(set(values)) == 1 else tuple(values)
