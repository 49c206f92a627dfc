"""Views of mammograms by their codes (PS3.16 CID 4014, 4015), which hold also where View Position is empty or says something else."""

from __future__ import annotations

from medview.dicom import tags
from medview.dicom.elements import Values
from medview.dicom.header import as_text

_VIEWS = {
    "ML": ("399260004", "R-10224"),
    "MLO": ("399368009", "R-10226"),
    "LM": ("399352003", "R-10228"),
    "LMO": ("399099002", "R-10230"),
    "CC": ("399162004", "R-10242"),
    "FB": ("399196006", "R-10244"),
    "SIO": ("399188001", "R-102D0"),
    "ISO": ("441555000", "R-40AAA"),
    "XCCL": ("399192008", "R-1024A"),
    "XCCM": ("399101009", "R-1024B"),
    "SPECIMEN": ("127457009", "G-8310"),
}
_MODIFIERS = {
    "CV": ("399161006", "R-102D2"),
    "AT": ("399011000", "R-102D1"),
    "RL": ("399197002", "R-102D3"),
    "RM": ("399226006", "R-102D4"),
    "RI": ("414493004", "R-102CA"),
    "RS": ("415670009", "R-102C9"),
    "ID": ("399209000", "R-102D5"),
    "M": ("399163009", "R-102D6"),
    "S": ("399055006", "R-102D7"),
    "TAN": ("399110001", "R-102C2"),
    "AC": ("441752004", "P2-00161"),
    "IMF": ("442593008", "R-40ABE"),
    "AX": ("442580003", "R-40AB2"),
    "NP": ("442581004", "R-40AB3"),
}
"""Abbreviations of the American College of Radiology, as PS3.16 lists them, with the codes of SNOMED CT and of SNOMED RT."""

VIEW_OF_CODE = {code: view for view, codes in _VIEWS.items() for code in codes}
MODIFIER_OF_CODE = {code: modifier for modifier, codes in _MODIFIERS.items() for code in codes}


def view_of(values: Values) -> str:
    """The view of an image: by its code where that is one of mammography, else what View Position says."""
    for item in values.get(tags.VIEW_CODE) or ():
        view = VIEW_OF_CODE.get(as_text(item.get(tags.CODE_VALUE)))
        if view:
            return view
    return as_text(values.get(tags.VIEW_POSITION))


def view_modifiers(values: Values) -> tuple[str, ...]:
    """What is special about the view: magnified, spot compression, implant displaced …; "?" for one that is not known."""
    found = [
        MODIFIER_OF_CODE.get(as_text(modifier.get(tags.CODE_VALUE)), "?")
        for item in values.get(tags.VIEW_CODE) or ()
        for modifier in item.get(tags.VIEW_MODIFIER) or ()
    ]
    return tuple(dict.fromkeys(found))
