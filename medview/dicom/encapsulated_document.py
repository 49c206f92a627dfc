"""Documents inside DICOM objects (PS3.3 A.45, C.24): where their bytes are, what they are called."""

from __future__ import annotations

from dataclasses import dataclass

from medview.core.finding import Code
from medview.core.problem import MedviewError
from medview.dicom.data_elements import ElementFile
from medview.dicom.fields import Fields

MAX_BYTES = 512 << 20

_DOCUMENT = 0x00420011
_SUFFIXES = {
    "application/pdf": ".pdf", "text/xml": ".xml", "application/xml": ".xml", "model/stl": ".stl", "model/obj": ".obj",
    "model/mtl": ".mtl", "application/sla": ".stl",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EncapsulatedDocument:
    """A document and what its object says of it. ``length`` is that of the document without padding."""

    path: str
    sop_class: str
    mime_type: str
    title: str
    concept: Code | None
    patient_name: str
    patient_id: str
    patient_birth_date: str
    date: str
    institution: str
    verified: str
    length: int
    is_truncated: bool
    sources: tuple[str, ...] = ()

    @property
    def suffix(self) -> str:
        """The ending of a file with this document, by its type; never one that a system would run."""
        return _SUFFIXES.get(self.mime_type.lower().split(";")[0].strip(), ".bin")


def read_document(path: str) -> EncapsulatedDocument:
    """What is known of the document in a file. Raises OSError and MedviewError (``no_document`` where there is none)."""
    with ElementFile(path) as file:
        fields = Fields.of(file)
        start, length, truncated = _extent(file, fields)
        mime = fields.text(0x00420012).lower()
        begin = file.read(start, start + 1024)
        return EncapsulatedDocument(
            path,
            fields.text(0x00080016),
            mime or _sniffed(begin),
            fields.text(0x00420010),
            fields.code(0x0040A043),
            fields.text(0x00100010),
            fields.text(0x00100020),
            fields.text(0x00100030),
            fields.text(0x0008002A) or fields.text(0x00080023) + fields.text(0x00080033),
            fields.text(0x00080080),
            fields.text(0x0040A493),
            length,
            truncated,
            tuple(item.text(0x00081155) for item in fields.items(0x00420013)),
        )


def document_bytes(path: str, limit: int = MAX_BYTES) -> bytes:
    """The document itself. Raises OSError and MedviewError: no_document, ``document_too_large``."""
    with ElementFile(path) as file:
        start, length, _truncated = _extent(file, Fields.of(file))
        if length > limit:
            raise MedviewError(
                "document_too_large",
                f"{path}: the document has {length} bytes, more than the {limit} that are read.",
                path,
                values=(str(length), str(limit)),
            )
        return file.read(start, start + length)


def _extent(file: ElementFile, fields: Fields) -> tuple[int, int, bool]:
    """(offset, length, whether the file ends before it does)."""
    element = fields.element(_DOCUMENT)
    if element is None or element.end <= element.start:
        raise MedviewError("no_document", f"{file.path} holds no document.", file.path)
    length = element.end - element.start
    said = fields.integer(0x00420015)
    if said is not None and 0 < said <= length:
        return element.start, said, element.is_truncated
    # Without a length of its own a document is padded to an even one with a zero byte, which is no part of it.
    if not element.fault and file.read(element.end - 1, element.end) == b"\0":
        length -= 1
    return element.start, length, element.is_truncated


def _sniffed(begin: bytes) -> str:
    if b"%PDF-" in begin:
        return "application/pdf"
    if begin.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return "text/xml"
    return ""
