"""What an object that is no image calls itself: the title of a report, of a document, of a state."""

from __future__ import annotations

from medview.core.plain_text import visible_text
from medview.core.problem import MedviewError
from medview.dicom.data_elements import ElementFile
from medview.dicom.fields import Fields

_CONCEPT_NAME = 0x0040A043
_TITLES = (0x00420010, 0x00700080, 0x00700081, 0x300A0002, 0x30060002, 0x54000020)
"""Document Title, Content Label, Content Description, RT Plan Label, Structure Set Label, a waveform group's."""
LONGEST = 120


def title_of_object(path: str) -> str:
    """The title in one safe line; "" where there is none or the file cannot be read."""
    try:
        with ElementFile(path) as file:
            fields = Fields.of(file)
            for tag in _TITLES:
                text = fields.text(tag)
                if text:
                    return visible_text(text, LONGEST, lines=False)
            name = fields.code(_CONCEPT_NAME)
            return "" if name is None else visible_text(name.meaning or name.value, LONGEST, lines=False)
    except (OSError, MedviewError):
        return ""
