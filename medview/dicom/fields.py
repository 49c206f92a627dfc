"""The values of one data set or sequence item by tag, for readers of reports, documents and waveforms."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from medview.core.finding import Code
from medview.dicom.charset import codecs_of, decode_text
from medview.dicom.data_elements import CHARACTER_SET, Element, ElementFile

_NUMBERS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
LONGEST_TEXT = 1 << 20
"""Bytes of a text that are read; a report's longest section is far shorter."""
MAX_ITEMS = 100_000


class Fields:
    """Values of one level; nothing is read before it is asked for. A value that is missing or broken is empty."""

    def __init__(self, file: ElementFile, elements: Sequence[Element], codecs: tuple[str, ...] = ("latin-1",)) -> None:
        self._file = file
        self._elements: dict[int, Element] = {}
        for element in elements:
            self._elements.setdefault(element.tag, element)
        own = self._elements.get(CHARACTER_SET)
        self.codecs = codecs if own is None else codecs_of(file.value(own, 1024).strip(b" \0"))

    @classmethod
    def of(cls, file: ElementFile) -> Fields:
        """The values of a whole object."""
        return cls(file, file.elements())

    def __contains__(self, tag: int) -> bool:
        return tag in self._elements

    @property
    def path(self) -> str:
        """The file."""
        return self._file.path

    def element(self, tag: int) -> Element | None:
        """Where a value lies, None where there is none."""
        return self._elements.get(tag)

    def raw(self, tag: int, limit: int | None = None) -> bytes:
        """The bytes of a value, b"" where there is none."""
        element = self._elements.get(tag)
        return b"" if element is None or element.is_sequence else self._file.value(element, limit)

    def is_whole(self, tag: int) -> bool:
        """Whether the value is there to its end."""
        element = self._elements.get(tag)
        return element is not None and not element.fault

    def text(self, tag: int) -> str:
        """A text without padding, in the character set of its data set; several values stay joined by a backslash."""
        element = self._elements.get(tag)
        if element is None or element.is_sequence:
            return ""
        value = self._file.value(element, LONGEST_TEXT)
        codecs = self.codecs if element.vr in {"LO", "LT", "PN", "SH", "ST", "UC", "UT", "UN"} else ("latin-1",)
        return decode_text(value, codecs, element.vr == "PN")

    def texts(self, tag: int) -> tuple[str, ...]:
        """The values of a text with several."""
        text = self.text(tag)
        return tuple(part.strip() for part in text.split("\\")) if text else ()

    def numbers(self, tag: int) -> tuple[float, ...]:
        """The numbers of a value, empty where any of them is none."""
        element = self._elements.get(tag)
        if element is None or element.is_sequence:
            return ()
        value = self._file.value(element, LONGEST_TEXT)
        code = _NUMBERS.get(element.vr)
        if code is not None:
            size = struct.calcsize(code)
            order = ">" if element.writing.big else "<"
            found = struct.unpack(f"{order}{len(value) // size}{code}", value[: len(value) // size * size])
            numbers = tuple(float(number) for number in found)
        else:
            try:
                numbers = tuple(float(part) for part in value.strip(b" \0").split(b"\\") if part.strip(b" \0"))
            except ValueError:
                return ()
        return () if any(number - number != 0 for number in numbers) else numbers

    def number(self, tag: int) -> float | None:
        """The first number of a value."""
        numbers = self.numbers(tag)
        return numbers[0] if numbers else None

    def integer(self, tag: int) -> int | None:
        """The first number of a value as an integer."""
        number = self.number(tag)
        return None if number is None else int(number)

    def items(self, tag: int) -> list[Fields]:
        """The items of a sequence; an item that is broken has the elements that could be read."""
        element = self._elements.get(tag)
        if element is None:
            return []
        items = [item for item in self._file.children(element)[:MAX_ITEMS] if item.tag]
        return [Fields(self._file, self._file.children(item), self.codecs) for item in items]

    def item(self, tag: int) -> Fields | None:
        """The first item of a sequence."""
        items = self.items(tag)
        return items[0] if items else None

    def code(self, tag: int) -> Code | None:
        """The first code of a code sequence (PS3.3 8.8), None where there is none."""
        item = self.item(tag)
        return None if item is None else item.as_code()

    def codes(self, tag: int) -> tuple[Code, ...]:
        """All codes of a code sequence."""
        return tuple(code for code in (item.as_code() for item in self.items(tag)) if code is not None)

    def as_code(self) -> Code | None:
        """The item itself as a code; long and URN values too."""
        value = self.text(0x00080100) or self.text(0x00080119) or self.text(0x00080120)
        meaning = self.text(0x00080104)
        if not value and not meaning:
            return None
        return Code(value, self.text(0x00080102), meaning)
