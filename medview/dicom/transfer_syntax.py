"""The transfer syntaxes of PS3.6 table A-1: how each one is encoded and which decoder reads its frames."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Codec = Literal[
    "native",
    "jpeg",
    "jpeg-lossless",
    "jpeg-ls",
    "jpeg-2000",
    "htj2k",
    "jpeg-xl",
    "rle",
    "pmsct",
    "deflated-frames",
    "video",
    "remote",
]
"""How frames are coded; ``native`` frames are plain samples, ``remote`` pixels lie on a server (JPIP, SMPTE ST 2110)."""


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """One row of the table. ``deflated``: the whole data set is; ``encapsulated``: frames lie in fragments."""

    uid: str
    name: str
    codec: Codec = "native"
    implicit_vr: bool = False
    big_endian: bool = False
    deflated: bool = False
    lossy: bool = False
    encapsulated: bool = False

    @property
    def needs_codec(self) -> bool:
        """Whether a codec is involved, so that frames are decoded in a worker process only."""
        return self.codec != "native" or self.deflated


def _compressed(uid: str, name: str, codec: Codec, lossy: bool = False) -> TransferSyntax:
    return TransferSyntax(uid, name, codec, lossy=lossy, encapsulated=True)


_JPEG = "1.2.840.10008.1.2.4."
_LIVE = "1.2.840.10008.1.2.7."

TRANSFER_SYNTAXES = MappingProxyType(
    {
        syntax.uid: syntax
        for syntax in (
            TransferSyntax("1.2.840.10008.1.2", "Implicit VR Little Endian", implicit_vr=True),
            TransferSyntax("1.2.840.10008.1.2.1", "Explicit VR Little Endian"),
            TransferSyntax(
                "1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian", encapsulated=True
            ),
            TransferSyntax("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", deflated=True),
            TransferSyntax("1.2.840.10008.1.2.2", "Explicit VR Big Endian", big_endian=True),
            # GE's private syntax: explicit little endian header, big endian pixels in implicit VR elements.
            TransferSyntax(
                "1.2.840.113619.5.2",
                "Implicit VR Little Endian, GE big endian pixels",
                implicit_vr=True,
                big_endian=True,
            ),
            _compressed("1.3.46.670589.33.1.4.1", "Philips CT private, PMSCT_RLE1", "pmsct"),
            _compressed("1.2.840.10008.1.2.5", "RLE Lossless", "rle"),
            _compressed("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", "deflated-frames"),
            _compressed(_JPEG + "50", "JPEG Baseline (Process 1)", "jpeg", lossy=True),
            _compressed(_JPEG + "51", "JPEG Extended (Process 2 & 4)", "jpeg", lossy=True),
            _compressed(_JPEG + "52", "JPEG Extended (Process 3 & 5), retired", "jpeg", lossy=True),
            _compressed(
                _JPEG + "53", "JPEG Spectral Selection, Non-Hierarchical (Process 6 & 8), retired", "jpeg", lossy=True
            ),
            _compressed(
                _JPEG + "54", "JPEG Spectral Selection, Non-Hierarchical (Process 7 & 9), retired", "jpeg", lossy=True
            ),
            _compressed(
                _JPEG + "55", "JPEG Full Progression, Non-Hierarchical (Process 10 & 12), retired", "jpeg", lossy=True
            ),
            _compressed(
                _JPEG + "56", "JPEG Full Progression, Non-Hierarchical (Process 11 & 13), retired", "jpeg", lossy=True
            ),
            _compressed(_JPEG + "57", "JPEG Lossless, Non-Hierarchical (Process 14)", "jpeg-lossless"),
            _compressed(_JPEG + "58", "JPEG Lossless, Non-Hierarchical (Process 15), retired", "jpeg-lossless"),
            _compressed(_JPEG + "59", "JPEG Extended, Hierarchical (Process 16 & 18), retired", "jpeg", lossy=True),
            _compressed(_JPEG + "60", "JPEG Extended, Hierarchical (Process 17 & 19), retired", "jpeg", lossy=True),
            _compressed(
                _JPEG + "61", "JPEG Spectral Selection, Hierarchical (Process 20 & 22), retired", "jpeg", lossy=True
            ),
            _compressed(
                _JPEG + "62", "JPEG Spectral Selection, Hierarchical (Process 21 & 23), retired", "jpeg", lossy=True
            ),
            _compressed(
                _JPEG + "63", "JPEG Full Progression, Hierarchical (Process 24 & 26), retired", "jpeg", lossy=True
            ),
            _compressed(
                _JPEG + "64", "JPEG Full Progression, Hierarchical (Process 25 & 27), retired", "jpeg", lossy=True
            ),
            _compressed(_JPEG + "65", "JPEG Lossless, Hierarchical (Process 28), retired", "jpeg-lossless"),
            _compressed(_JPEG + "66", "JPEG Lossless, Hierarchical (Process 29), retired", "jpeg-lossless"),
            _compressed(
                _JPEG + "70", "JPEG Lossless, First-Order Prediction (Process 14, Selection Value 1)", "jpeg-lossless"
            ),
            _compressed(_JPEG + "80", "JPEG-LS Lossless", "jpeg-ls"),
            _compressed(_JPEG + "81", "JPEG-LS Near-Lossless", "jpeg-ls", lossy=True),
            _compressed(_JPEG + "90", "JPEG 2000 (Lossless Only)", "jpeg-2000"),
            _compressed(_JPEG + "91", "JPEG 2000", "jpeg-2000", lossy=True),
            _compressed(_JPEG + "92", "JPEG 2000 Part 2 Multi-component (Lossless Only)", "jpeg-2000"),
            _compressed(_JPEG + "93", "JPEG 2000 Part 2 Multi-component", "jpeg-2000", lossy=True),
            _compressed(_JPEG + "94", "JPIP Referenced", "remote"),
            TransferSyntax(_JPEG + "95", "JPIP Referenced Deflate", "remote", deflated=True, encapsulated=True),
            _compressed(_JPEG + "100", "MPEG2 Main Profile / Main Level", "video", lossy=True),
            _compressed(_JPEG + "100.1", "Fragmentable MPEG2 Main Profile / Main Level", "video", lossy=True),
            _compressed(_JPEG + "101", "MPEG2 Main Profile / High Level", "video", lossy=True),
            _compressed(_JPEG + "101.1", "Fragmentable MPEG2 Main Profile / High Level", "video", lossy=True),
            _compressed(_JPEG + "102", "MPEG-4 AVC/H.264 High Profile / Level 4.1", "video", lossy=True),
            _compressed(_JPEG + "102.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1", "video", lossy=True),
            _compressed(_JPEG + "103", "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", "video", lossy=True),
            _compressed(
                _JPEG + "103.1",
                "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1",
                "video",
                lossy=True,
            ),
            _compressed(_JPEG + "104", "MPEG-4 AVC/H.264 High Profile / Level 4.2 for 2D Video", "video", lossy=True),
            _compressed(
                _JPEG + "104.1",
                "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 for 2D Video",
                "video",
                lossy=True,
            ),
            _compressed(_JPEG + "105", "MPEG-4 AVC/H.264 High Profile / Level 4.2 for 3D Video", "video", lossy=True),
            _compressed(
                _JPEG + "105.1",
                "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 for 3D Video",
                "video",
                lossy=True,
            ),
            _compressed(_JPEG + "106", "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", "video", lossy=True),
            _compressed(
                _JPEG + "106.1", "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", "video", lossy=True
            ),
            _compressed(_JPEG + "107", "HEVC/H.265 Main Profile / Level 5.1", "video", lossy=True),
            _compressed(_JPEG + "108", "HEVC/H.265 Main 10 Profile / Level 5.1", "video", lossy=True),
            _compressed(_JPEG + "110", "JPEG XL Lossless", "jpeg-xl"),
            _compressed(_JPEG + "111", "JPEG XL JPEG Recompression", "jpeg-xl", lossy=True),
            _compressed(_JPEG + "112", "JPEG XL", "jpeg-xl", lossy=True),
            _compressed(_JPEG + "201", "High-Throughput JPEG 2000 (Lossless Only)", "htj2k"),
            _compressed(_JPEG + "202", "High-Throughput JPEG 2000 with RPCL Options (Lossless Only)", "htj2k"),
            _compressed(_JPEG + "203", "High-Throughput JPEG 2000", "htj2k", lossy=True),
            _compressed(_JPEG + "204", "JPIP HTJ2K Referenced", "remote"),
            TransferSyntax(_JPEG + "205", "JPIP HTJ2K Referenced Deflate", "remote", deflated=True, encapsulated=True),
            _compressed(_LIVE + "1", "SMPTE ST 2110-20 Uncompressed Progressive Active Video", "remote"),
            _compressed(_LIVE + "2", "SMPTE ST 2110-20 Uncompressed Interlaced Active Video", "remote"),
            _compressed(_LIVE + "3", "SMPTE ST 2110-30 PCM Digital Audio", "remote"),
        )
    }
)
"""By UID. What is not listed is read as little endian; frames in fragments are then refused by name."""

EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


def transfer_syntax(uid: str) -> TransferSyntax:
    """The row of ``uid``; an unknown one is taken for native explicit little endian under its own UID."""
    return TRANSFER_SYNTAXES.get(uid) or TransferSyntax(uid, f"unknown transfer syntax {uid or '(none)'}")


def decoder_name(uid: str) -> str:
    """Name of the one decoder that reads frames of this transfer syntax, or "" where medview has none."""
    syntax = TRANSFER_SYNTAXES.get(uid)
    if syntax is None:
        return ""
    return "zlib" if syntax.deflated and syntax.codec == "native" else _DECODERS[syntax.codec]


def missing_decoder(uid: str) -> str:
    """Why frames of this transfer syntax cannot be decoded, as a clause: what it is called and what is missing."""
    syntax = transfer_syntax(uid)
    if syntax.codec == "remote":
        where = "are streamed live" if uid.startswith(_LIVE) else "lie on a server"
        return f"{syntax.name} ({uid}): the pixels {where}, not in this file, and medview opens no connections"
    if uid not in TRANSFER_SYNTAXES:
        return f"the pixels are compressed in a transfer syntax that is none of DICOM's ({uid or 'none is named'})"
    return f"medview has no decoder for {syntax.name} ({uid})"


# Each is the only one of its kind: two decoders for one syntax would be two answers.
_DECODERS: dict[str, str] = {
    "native": "medview",
    "jpeg": "libjpeg-turbo",
    "jpeg-lossless": "libjpeg-turbo",
    "jpeg-ls": "CharLS",
    "jpeg-2000": "OpenJPEG",
    "htj2k": "OpenJPEG",
    "jpeg-xl": "libjxl",
    "rle": "medview",
    "pmsct": "medview",
    "deflated-frames": "zlib",
    "video": "FFmpeg (OpenCV)",
    "remote": "",
}
