"""Standardised uptake values of PET: the factor on modality values, or the reason why there is none.

Follows the vendor-neutral pseudo-code of QIBA's FDG-PET/CT profile (appendix G) and its Philips rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from medview.core.study import PatientIdentity
from medview.dicom.header import InstanceHeader, Radiopharmaceutical

_ENHANCED = frozenset({"1.2.840.10008.5.1.4.1.1.130", "1.2.840.10008.5.1.4.1.1.128.1"})
_MOST_HALF_LIVES = 30
_LONGEST_UPTAKE = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class SuvFactors:
    """What modality values are multiplied by; None where height or sex is missing.

    ``bw``: body weight. ``lbm_james``: lean body mass after James 1976. ``lbm_janma``: after Janmahasatian 2005.
    ``bsa``: body surface area after Du Bois 1916.
    """

    bw: float | None
    lbm_james: float | None = None
    lbm_janma: float | None = None
    bsa: float | None = None


class NoSuv(Exception):  # noqa: N818 - a finding about the series, told as a note
    """The series does not allow SUV; the text says why."""


def suv_factors(headers: Sequence[InstanceHeader]) -> SuvFactors:
    """Factors for the images of one PET series; raises NoSuv."""
    first = headers[0]
    radio, patient = first.series.radiopharmaceutical, first.series.patient
    if radio is None or first.series.sop_class in _ENHANCED:
        raise NoSuv("it is not a plain PET series")
    if radio.units.upper() in {"GML", "CM2ML"}:
        return _declared(radio, patient)
    for header in headers:
        other = header.series
        if (other.radiopharmaceutical, other.patient.weight_kg, other.patient.size_m, other.patient.sex) != (
            radio,
            patient.weight_kg,
            patient.size_m,
            patient.sex,
        ):
            raise NoSuv("its images disagree about dose, patient or corrections")
    if not {"ATTN", "DECY"} <= set(radio.corrected):
        raise NoSuv("it is not corrected for attenuation and decay")
    if radio.injections > 1:
        raise NoSuv("there were several injections")
    return _with_bodies(_body_weight_factor(headers, radio, patient), patient)


def _declared(radio: Radiopharmaceutical, patient: PatientIdentity) -> SuvFactors:
    """Values that are SUV already; of which kind, SUV Type says, and body weight where it is absent (PS3.3 C.8.9.1.1.3)."""
    kind = "BSA" if radio.units.upper() == "CM2ML" else radio.suv_type or "BW"
    if kind == "BW":
        return _with_bodies(1.0, patient)
    if kind in {"LBM", "LBMJAMES128"}:
        return SuvFactors(None, lbm_james=1.0)
    if kind == "LBMJANMA":
        return SuvFactors(None, lbm_janma=1.0)
    if kind == "BSA":
        return SuvFactors(None, bsa=1.0)
    raise NoSuv("its values are SUV of a kind that cannot be turned into others")


def _body_weight_factor(
    headers: Sequence[InstanceHeader], radio: Radiopharmaceutical, patient: PatientIdentity
) -> float:
    units = radio.units.upper()
    if units == "BQML":
        return _from_dose(headers, radio, patient)
    if units == "CNTS":
        factors = {header.image.suv_factors for header in headers}
        if len(factors) == 1 and (found := factors.pop()) is not None:
            if found[0]:
                return found[0]
            if found[1]:
                return found[1] * _from_dose(headers, radio, patient)
        raise NoSuv("its counts have no factor to activity")
    raise NoSuv("its unit cannot be turned into SUV")


def _from_dose(headers: Sequence[InstanceHeader], radio: Radiopharmaceutical, patient: PatientIdentity) -> float:
    """Grams per becquerel at the time to which the images are decay-corrected."""
    weight, dose, half_life = patient.weight_kg, radio.dose_bq, radio.half_life_s
    if not weight or weight <= 0:
        raise NoSuv("the patient's weight is missing")
    if not dose or dose <= 0 or not half_life or half_life <= 0:
        raise NoSuv("dose or half-life is missing")
    if radio.decay_correction == "ADMIN":
        return weight * 1000 / dose
    if radio.decay_correction != "START":
        raise NoSuv("its decay correction is not to start of scan or injection")
    scan = _scan_start(headers)
    elapsed = (scan - _injection(radio, headers[0].series.series_date, scan)).total_seconds()
    if elapsed < 0:
        raise NoSuv("the injection lies after the scan")
    if elapsed > _MOST_HALF_LIVES * half_life:
        raise NoSuv("the injection lies too long before the scan")
    return float(weight * 1000 / (dose * 2.0 ** (-elapsed / half_life)))


def _scan_start(headers: Sequence[InstanceHeader]) -> datetime:
    """Series time; where the series was dated later (a reconstruction) GE's own attribute, else the earliest acquisition."""
    series = _moment(headers[0].series.series_date + headers[0].series.series_time)
    acquired = [moment for header in headers if (moment := _moment(header.frames[0].acquisition_time)) is not None]
    earliest = min(acquired, default=None)
    moments = [moment for moment in (series, earliest) if moment is not None]
    if not moments:
        raise NoSuv("the time of the scan is missing")
    if series is not None and earliest is not None and series > earliest:
        own = _moment(headers[0].image.pet_scan)
        if own is not None and own <= series:
            return own
    return min(moments)


def _injection(radio: Radiopharmaceutical, date: str, scan: datetime) -> datetime:
    if radio.start_datetime:
        moment = _moment(radio.start_datetime)
    else:
        moment = _moment(date + radio.start_time) if radio.start_time else None
        if moment is not None and moment > scan and scan - (moment - timedelta(days=1)) < _LONGEST_UPTAKE:
            moment -= timedelta(days=1)  # injected before midnight
    if moment is None:
        raise NoSuv("the time of injection is missing")
    return moment


def _moment(text: str) -> datetime | None:
    """A DT value, or a DA and a TM one after the other; an offset from UTC is left aside."""
    digits = text.split("+", maxsplit=1)[0].split("-", maxsplit=1)[0].strip()
    whole, _, fraction = digits.partition(".")
    if len(whole) < 10 or not (whole + fraction).isdecimal() or not digits.isascii() or whole < "1900":
        return None
    try:
        moment = datetime.strptime(whole[:14].ljust(14, "0"), "%Y%m%d%H%M%S")  # noqa: DTZ007 - local time of the scanner
    except ValueError:
        return None
    return moment + timedelta(seconds=float(f"0.{fraction or 0}"))


def _with_bodies(bw: float, patient: PatientIdentity) -> SuvFactors:
    weight, size, sex = patient.weight_kg, patient.size_m, patient.sex.upper()
    if not weight or not size or not 0.3 < size < 2.7:
        return SuvFactors(bw)
    height = size * 100
    bsa = 71.84 * weight**0.425 * height**0.725  # cm²
    factor = bw / weight
    if sex not in {"M", "F"}:
        return SuvFactors(bw, bsa=factor * bsa / 1000)
    bmi = weight / size**2
    if sex == "M":
        james = 1.10 * weight - 120 * (weight / height) ** 2
        janma = 9270 * weight / (6680 + 216 * bmi)
    else:
        james = 1.07 * weight - 148 * (weight / height) ** 2
        janma = 9270 * weight / (8780 + 244 * bmi)
    return SuvFactors(bw, factor * james if james > 0 else None, factor * janma, factor * bsa / 1000)
