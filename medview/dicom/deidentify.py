"""One object without what says whose it is: PS3.15 Annex E, Basic Profile with options, followed by a search for what was missed."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import io
import re
import uuid
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any, Literal

from medview import __version__
from medview.core.problem import MedviewError
from medview.core.resources import resource_path
from medview.dicom.tags import PRIVATE

Dates = Literal["shift", "remove"]
EDITION = "2026c"
"""Of the table in `resources/deidentification`."""

_SAFE_NAMES = (
    "siemens_b", "siemens_direction", "siemens_tiles", "siemens_slice_times", "ge_b", "ge_component", "ge_direction_x",
    "ge_direction_y", "ge_direction_z", "philips_b", "philips_direction_x", "philips_direction_y", "philips_direction_z",
    "philips_scale_slope", "philips_scale_intercept", "philips_suv_factor", "philips_activity_factor", "uih_b",
    "uih_direction", "uih_tiles",
)  # fmt: skip
_SAFE = frozenset(PRIVATE[name] for name in _SAFE_NAMES)
"""Private attributes that hold numbers of the acquisition alone and without which values or volumes would be other ones."""

_CHARACTERISTICS = frozenset({0x00100040, 0x00101010, 0x00101020, 0x00101030, 0x00101022})
"""Sex, age, size, weight, body mass index: kept with the option Retain Patient Characteristics."""
_BIRTH = frozenset({0x00100030, 0x00100032, 0x00100033, 0x00100034})
_FACILITY = frozenset({0x00080080, 0x00080081, 0x00081010, 0x00081040, 0x00080050, 0x00100010, 0x00100020, 0x00200010})
_IDS = frozenset(
    {
        0x00080050,
        0x00100020,
        0x00101000,
        0x00101040,
        0x00102154,
        0x00380010,
        0x00321064,
        0x00400009,
        0x00402016,
        0x00402017,
    }
)
_CHARSET = 0x00080005
_STANDARD_UID = "1.2.840.10008."
_UID_KEPT = frozenset(
    {
        0x00080016,
        0x00081150,
        0x00020002,
        0x00020010,
        0x0008010C,
        0x00080117,
        0x00080118,
        0x00020012,
        0x0008001A,
        0x00081100,
    }
)
"""Class and context UIDs, which say what a thing is and not which one it is."""
_TEXTS = frozenset({"LO", "LT", "SH", "ST", "UC", "UT", "PN", "AE"})
_DUMMIES: dict[str, Any] = {
    "DA": "19000101", "TM": "000000", "DT": "19000101000000", "AS": "000Y", "IS": "0", "DS": "0", "US": 0, "SS": 0, "UL": 0,
    "SL": 0, "FL": 0.0, "FD": 0.0, "SV": 0, "UV": 0, "AT": 0, "OB": b"\0\0", "OW": b"\0\0", "UN": b"\0\0", "OF": b"\0" * 4,
    "OD": b"\0" * 8, "OL": b"\0" * 4, "UR": "urn:anonymized",
}  # fmt: skip
_DUMMY = "ANONYMIZED"
OLDEST = 89
"""Years; whoever is older is told from others by the age alone, and becomes 90."""
LEAST_LETTERS = 4
"""Of a name or number that is looked for afterwards: shorter ones stand in half of all words."""
LONG_NAME = 6
"""Letters from which a name is looked for inside of words too."""
_NO_NAMES = frozenset(
    {"anonymous", "anonymized", "unknown", "none", "patient", "test", "phantom", "hospital", "clinic"}
)


@dataclass(frozen=True, slots=True)
class DeidentificationRules:
    """What is kept and how; ``secret`` is made anew for each job and written nowhere, so that nothing can be turned back."""

    secret: bytes
    dates: Dates = "shift"
    characteristics: bool = False
    safe_private: bool = True
    prefix: str = "ANON"

    @property
    def codes(self) -> tuple[tuple[str, str], ...]:
        """(code, meaning) of the profile and its options (PS3.16 CID 7050)."""
        found = [("113100", "Basic Application Confidentiality Profile")]
        if self.dates == "shift":
            found.append(("113107", "Retain Longitudinal Temporal Information Modified Dates Option"))
        if self.characteristics:
            found.append(("113108", "Retain Patient Characteristics Option"))
        if self.safe_private:
            found.append(("113111", "Retain Safe Private Option"))
        return tuple(found)

    def _digest(self, kind: str, text: str) -> bytes:
        return hmac.new(self.secret, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()

    def uid(self, uid: str) -> str:
        """The UID that takes the place of another, always the same one in a job."""
        return f"2.25.{uuid.UUID(bytes=self._digest('uid', uid)[:16], version=4).int}"

    def pseudonym(self, patient: str) -> str:
        """What a patient is called now."""
        return f"{self.prefix}-{self._digest('patient', patient).hex()[:8].upper()}"

    def days(self, patient: str) -> int:
        """By how many days the dates of a patient are moved back: 30 to 3,679, the same ones for all his studies."""
        return 30 + int.from_bytes(self._digest("days", patient)[:4], "big") % 3650


@dataclass
class Done:
    """What was done to objects: how many attributes by (tag, action), and texts that were emptied because they held a name."""

    actions: Counter[tuple[int, str]] = field(default_factory=Counter)
    emptied: Counter[int] = field(default_factory=Counter)

    def add(self, other: Done) -> None:
        """Count another object's too."""
        self.actions += other.actions
        self.emptied += other.emptied


@cache
def profile_table() -> dict[int, str]:
    """Action of the Basic Profile by tag (PS3.15 Table E.1-1)."""
    found = {}
    for line in resource_path("deidentification", "ps3.15-table-e1.txt").read_text(encoding="ascii").splitlines():
        if line and not line.startswith("#"):
            tag, action = line.split()
            found[int(tag, 16)] = action
    return found


def deidentified(data: bytes, rules: DeidentificationRules, path: str) -> tuple[bytes, str, Done]:
    """(the object's bytes anew, its new SOP Instance UID, what was done).

    Raises MedviewError: ``broken_header`` where it cannot be read, ``identity_left`` where after all an original name or number
    is still found in what would be written.
    """
    import pydicom

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = pydicom.dcmread(io.BytesIO(data))
            source.decode()
            names = frozenset(name for name in _identity(source) if name.casefold() != rules.prefix.casefold())
            patient = f"{source.get('PatientID', '')}\0{source.get('PatientName', '')}"
            done = Done()
            _Walk(rules, patient, names, done).clean(source)
            _say_so(source, rules, patient)
            out = io.BytesIO()
            _write(source, out)
    except MedviewError:
        raise
    except Exception as error:
        text = f"{path} cannot be read and written again as DICOM ({type(error).__name__}); it is left out."
        raise MedviewError("broken_header", text, path, values=(type(error).__name__,)) from error
    made = out.getvalue()
    _search(made, len(source.get("PixelData") or b""), names, path)
    return made, str(source.SOPInstanceUID), done


def _write(source: Any, out: io.BytesIO) -> None:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ImplicitVRLittleEndian

    meta = FileMetaDataset()
    old = getattr(source, "file_meta", None) or {}
    meta.TransferSyntaxUID = old.get("TransferSyntaxUID") or ImplicitVRLittleEndian
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    source.file_meta = meta
    source.preamble = b"\0" * 128
    source.SpecificCharacterSet = "ISO_IR 192"
    source.save_as(out, enforce_file_format=True)


class _Walk:
    """Goes through one object, sequences included."""

    def __init__(self, rules: DeidentificationRules, patient: str, names: frozenset[str], done: Done) -> None:
        self._rules, self._done, self._names = rules, done, names
        self._days = rules.days(patient)
        self._words = re.compile("|".join(_wherever(name) for name in names) or r"(?!)", re.IGNORECASE)

    def clean(self, level: Any) -> None:
        """Everything of one level."""
        self._clean_private(level)
        for element in list(level):
            tag = int(element.tag)
            group = tag >> 16
            if element.tag.is_private:
                continue
            if tag == _CHARSET:  # everything is written in one
                del level[tag]
                continue
            if group & 0xFF00 in {0x5000, 0x6000} or tag == 0xFFFCFFFC or group in {0x0000, 0x0002, 0x0004}:
                self._drop(level, element, "X")
                continue
            if tag in _CHARACTERISTICS and self._rules.characteristics:
                self._keep_age(element)
                continue
            action = profile_table().get(tag)
            if self._moved(element, action):
                continue
            if action is not None:
                self._act(level, element, action)
            else:
                self._unlisted(level, element)

    def _clean_private(self, level: Any) -> None:
        creators = set()
        for element in list(level):
            if not element.tag.is_private or element.tag.is_private_creator:
                continue
            group, low = element.tag.group, element.tag.element & 0xFF
            block = element.tag.element >> 8
            creator = str(level.get((group, block)).value).strip() if (group, block) in level else ""
            if self._rules.safe_private and (creator, group, low) in _SAFE and _holds_numbers(element):
                creators.add((group, block))
            else:
                self._drop(level, element, "private")
        for element in list(level):
            if element.tag.is_private_creator and (element.tag.group, element.tag.element) not in creators:
                del level[element.tag]

    def _moved(self, element: Any, action: str | None) -> bool:
        """Dates are moved and times kept, where that was chosen; whether that was done."""
        if self._rules.dates != "shift" or int(element.tag) in _BIRTH:
            return False
        if element.VR == "TM":
            return True
        if element.VR not in {"DA", "DT"}:
            return False
        shifted = [_shifted(str(value), self._days) for value in _values(element)]
        if any(not one for one in shifted):
            element.value = _DUMMIES[element.VR] if action and "D" in action else ""
        elif shifted:
            element.value = shifted if len(shifted) > 1 else shifted[0]
        self._done.actions[int(element.tag), "shifted"] += 1
        return True

    def _act(self, level: Any, element: Any, action: str) -> None:
        tag = int(element.tag)
        if element.VR == "UI" and "X" not in action:
            self._map_uids(element)
        elif action == "X" or (element.VR == "SQ" and action == "X/D"):
            self._drop(level, element, "X")
        elif action == "X/Z/U*" or (element.VR == "SQ" and action == "D"):
            for item in element.value:
                self.clean(item)
                if action == "D" and "CodeMeaning" in item:  # a code of a person
                    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = "ANON", "99ANON", _DUMMY
            self._done.actions[tag, "cleaned"] += 1
        elif "D" in action and element.VR != "SQ":
            element.value = _DUMMIES.get(element.VR, _DUMMY)
            self._done.actions[tag, "D"] += 1
        else:
            element.value = [] if element.VR == "SQ" else ""
            self._done.actions[tag, "Z"] += 1

    def _unlisted(self, level: Any, element: Any) -> None:
        """What the table does not name: kept, but for UIDs, names of persons, and texts that hold a name or number that goes."""
        from pydicom.datadict import dictionary_has_tag

        if element.VR == "SQ":
            for item in element.value:
                self.clean(item)
        elif not dictionary_has_tag(element.tag) or (element.VR == "UN" and element.value):
            self._drop(level, element, "unknown")
        elif element.VR == "UI":
            if int(element.tag) not in _UID_KEPT:
                self._map_uids(element)
        elif element.VR == "PN" or (element.VR in {"DA", "DT"} and self._rules.dates == "remove"):
            element.value = ""
            self._done.actions[int(element.tag), "Z"] += 1
        elif element.VR == "IS" and any(str(one) in self._names for one in _values(element)):
            element.value = "0"  # a series number that is the patient's number
            self._done.emptied[int(element.tag)] += 1
        elif element.VR in _TEXTS and self._words.search(str(element.value or "")):
            element.value = ""
            self._done.emptied[int(element.tag)] += 1

    def _map_uids(self, element: Any) -> None:
        uids = [str(value) for value in _values(element)]
        mapped = [one if one.startswith(_STANDARD_UID) else self._rules.uid(one) for one in uids]
        if mapped:
            element.value = mapped if len(mapped) > 1 else mapped[0]
            self._done.actions[int(element.tag), "U"] += 1

    def _keep_age(self, element: Any) -> None:
        text = str(element.value or "")
        if element.VR == "AS" and re.fullmatch(r"\d{3}Y", text) and int(text[:3]) > OLDEST:
            element.value = f"{OLDEST + 1:03}Y"

    def _drop(self, level: Any, element: Any, why: str) -> None:
        self._done.actions[int(element.tag), why] += 1
        del level[element.tag]


def _values(element: Any) -> list[Any]:
    """The values of an element that says anything."""
    return [value for value in (element.value if element.VM > 1 else [element.value]) if value not in {None, ""}]


def _holds_numbers(element: Any) -> bool:
    return element.VR in {"DS", "IS", "US", "SS", "UL", "SL", "FL", "FD", "OB", "UN", "OF", "OD"} and (
        element.VR not in {"OB", "UN"} or len(element.value or b"") <= 1024
    )


def _shifted(text: str, days: int) -> str:
    """A DA or DT so many days earlier; "" for what is no whole date."""
    match = re.match(r"(\d{4})[.]?(\d{2})[.]?(\d{2})(.*)$", text.strip())
    if match is None:
        return ""
    try:
        moved = date(int(match[1]), int(match[2]), int(match[3])) - timedelta(days=days)
    except (ValueError, OverflowError):
        return ""
    return f"{moved:%Y%m%d}{match[4]}"


def _say_so(source: Any, rules: DeidentificationRules, patient: str) -> None:
    """That and how it was done (PS3.3 C.7.1.1), and what the patient is called now."""
    from pydicom.dataset import Dataset

    source.PatientID = rules.pseudonym(patient)
    source.PatientName = rules.pseudonym(patient)
    for keyword in ("PatientBirthDate", "AccessionNumber", "StudyID", "ReferringPhysicianName"):
        setattr(source, keyword, "")
    if "PatientSex" not in source:
        source.PatientSex = ""
    source.PatientIdentityRemoved = "YES"
    source.DeidentificationMethod = f"medview {__version__}; PS3.15 {EDITION}"
    source.DeidentificationMethodCodeSequence = []
    for value, meaning in rules.codes:
        code = Dataset()
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
        source.DeidentificationMethodCodeSequence.append(code)
    source.LongitudinalTemporalInformationModified = "MODIFIED" if rules.dates == "shift" else "REMOVED"


# What must not be found afterwards -----------------------------------------------------------------------------------


def _identity(source: Any) -> frozenset[str]:
    """Names and numbers of persons and places in an object, in pieces, as they could stand in a text."""
    found: set[str] = set()
    for element in _all_elements(source):
        tag = int(element.tag)
        told = element.VR == "PN" or tag in _FACILITY or tag in _IDS or tag == 0x00100030
        if not told:
            continue
        for value in _values(element):
            text = str(value).strip()
            found.add(text)
            if element.VR == "PN":
                found |= {piece for piece in re.split(r"[\^=\s]+", text) if not piece.isdigit()}
    return frozenset(
        one
        for one in found
        if len(one) >= (2 if not one.isascii() else LEAST_LETTERS) and one.casefold() not in _NO_NAMES
    )


def _all_elements(level: Any) -> Iterator[Any]:
    for element in level:
        if element.VR == "SQ":
            for item in element.value:
                yield from _all_elements(item)
        else:
            yield element


def _wherever(name: str) -> str:
    """A pattern of a name or number: a long name also as a part of a word ("ZornbergQuilla"), all else as a word of its own."""
    found = re.escape(name)
    return found if len(name) >= LONG_NAME and any(one.isalpha() for one in name) else rf"(?<!\w){found}(?!\w)"


def _in_other_scripts(name: str) -> Iterator[bytes]:
    """The bytes of a name in the encodings that DICOM has beside UTF-8."""
    if name.isascii() or len(name) < 2:
        return
    for encoding in ("gb18030", "shift_jis", "euc_jp", "euc_kr", "big5", "iso8859_5", "iso8859_1", "utf_16_le"):
        with contextlib.suppress(UnicodeEncodeError):
            if len(encoded := name.encode(encoding)) >= LEAST_LETTERS:
                yield encoded


def _search(made: bytes, pixels: int, names: frozenset[str], path: str) -> None:
    """Raise MedviewError ``identity_left`` where a name or number stands in the bytes before the pixels."""
    header = made[: len(made) - pixels] if pixels else made
    folded = header.decode("utf-8", "replace").casefold()
    for name in names:
        written = re.search(_wherever(name.casefold()), folded) is not None
        if not written and not any(one in header for one in _in_other_scripts(name)):
            continue
        text = f"{path} still holds what says whose it is, at a place where medview does not know how to take it away."
        raise MedviewError("identity_left", text, path)
