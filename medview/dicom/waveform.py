"""Waveforms (PS3.3 C.10.9) as recordings in physical units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import Code
from medview.core.problem import MedviewError, Note
from medview.core.waveform import Waveform, WaveformAnnotation, WaveformChannel, WaveformGroup
from medview.dicom.data_elements import ElementFile
from medview.dicom.fields import Fields

MAX_SAMPLES = 200_000_000
"""Samples of all channels of a group; more are refused before memory is taken."""

_SEQUENCE = 0x54000100
_DATA = 0x54001010

_TYPES = {
    "SB": "i1", "UB": "u1", "SS": "i2", "US": "u2", "SL": "i4", "UL": "u4", "SV": "i8", "UV": "u8", "MB": "u1", "AB": "u1",
}  # fmt: skip


def read_waveform(path: str) -> Waveform:
    """Read a recording.

    Raises OSError, and MedviewError: not_dicom, deflate_bomb, codec_failed, ``no_waveform`` where nothing of it can be
    drawn, which says why. A group that is broken is left out with a note.
    """
    with ElementFile(path) as file:
        fields = Fields.of(file)
        groups: list[WaveformGroup] = []
        notes: list[Note] = []
        for number, item in enumerate(fields.items(_SEQUENCE), 1):
            try:
                groups.append(_group(item, number, notes))
            except ValueError as reason:
                notes.append(
                    Note("waveform_group", f"Group {number} cannot be drawn: {reason}.", (str(number), str(reason)))
                )
        if not groups:
            why = notes[0].text if notes else "it holds no samples."
            raise MedviewError("no_waveform", f"{path} holds no waveform that can be drawn: {why}", path, values=(why,))
        return Waveform(
            path,
            fields.text(0x00080016),
            fields.text(0x00100010),
            fields.text(0x00100020),
            fields.text(0x0008002A) or fields.text(0x00080023) + fields.text(0x00080033),
            fields.text(0x00080080),
            " ".join(part for part in (fields.text(0x00080070), fields.text(0x00081090)) if part),
            tuple(groups),
            tuple(_annotations(fields)),
            tuple(notes),
        )


def _group(item: Fields, number: int, notes: list[Note]) -> WaveformGroup:
    """One multiplex group; raises ValueError with the reason where it cannot be drawn."""
    count = item.integer(0x003A0005) or 0
    samples = item.integer(0x003A0010) or 0
    frequency = item.number(0x003A001A) or 0.0
    definitions = item.items(0x003A0200)
    if frequency <= 0:
        raise ValueError("it has no sampling frequency")
    if count <= 0 or len(definitions) < count:
        raise ValueError("its channels are not described")
    if not 0 < count * samples <= MAX_SAMPLES:
        raise ValueError("it has no samples" if samples <= 0 else "it has too many samples")
    stored = _samples(item, count, samples)
    if len(stored) < samples:
        text = f"Group {number} is cut off: {len(stored)} of {samples} samples are there."
        notes.append(Note("waveform_truncated", text, (str(number), str(len(stored)), str(samples))))
    values = np.ascontiguousarray(stored.T)
    channels = []
    for at, definition in enumerate(definitions[:count]):
        channel, factor, offset = _channel(definition, at, frequency)
        channels.append(channel)
        values[at] *= factor
        values[at] += offset
    return WaveformGroup(
        item.text(0x003A0020),
        item.text(0x003A0004),
        frequency,
        (item.number(0x00181068) or 0.0) / 1000,
        tuple(channels),
        values.astype(np.float32),
    )


def _samples(item: Fields, channels: int, samples: int) -> NDArray[np.float64]:
    """(sample, channel) as stored, padding as NaN; fewer samples than announced where the file ends."""
    kind = item.text(0x54001006) or "SS"
    if kind not in _TYPES:
        raise ValueError(f"samples of the kind {kind} are not known")
    element = item.element(_DATA)
    if element is None:
        raise ValueError("its samples are missing")
    order = ">" if element.writing.big else "<"
    dtype = np.dtype(order + _TYPES[kind])
    allocated = item.integer(0x54001004) or 8 * dtype.itemsize
    if allocated != 8 * dtype.itemsize:
        raise ValueError(f"{allocated} bits are allocated for samples of the kind {kind}")
    data = item.raw(_DATA, channels * samples * dtype.itemsize)
    there = len(data) // (channels * dtype.itemsize)
    if not there:
        raise ValueError("its samples are missing")
    numbers = np.frombuffer(data, dtype, there * channels).reshape(there, channels)
    if kind == "MB":
        values = _mu_law(numbers)
    elif kind == "AB":
        values = _a_law(numbers)
    else:
        values = numbers.astype(np.float64)
    padding = item.raw(0x5400100A, 8)
    if len(padding) >= dtype.itemsize:
        values[numbers == np.frombuffer(padding, dtype, 1)[0]] = np.nan
    return values


def _mu_law(codes: NDArray[np.generic]) -> NDArray[np.float64]:
    """ITU-T G.711 µ-law to linear samples of 14 bits."""
    inverted = ~codes.astype(np.uint8)
    exponent, mantissa = (inverted >> 4) & 7, inverted & 15
    magnitude = ((2 * mantissa.astype(np.int32) + 33) << exponent.astype(np.int32)) - 33
    return np.where(inverted & 128, -magnitude, magnitude).astype(np.float64)


def _a_law(codes: NDArray[np.generic]) -> NDArray[np.float64]:
    """ITU-T G.711 A-law to linear samples of 13 bits."""
    plain = codes.astype(np.uint8) ^ 0x55
    exponent, mantissa = ((plain >> 4) & 7).astype(np.int32), (plain & 15).astype(np.int32)
    magnitude = np.where(exponent == 0, 2 * mantissa + 1, (2 * mantissa + 33) << np.maximum(exponent - 1, 0))
    return np.where(plain & 128, magnitude, -magnitude).astype(np.float64)


def _channel(definition: Fields, at: int, frequency: float) -> tuple[WaveformChannel, float, float]:
    """(channel, factor, offset): value = sample · sensitivity · correction + baseline (PS3.3 C.10.9.1.4)."""
    source = definition.code(0x003A0208)
    sensitivity = definition.number(0x003A0210)
    unit = definition.code(0x003A0211)
    factor, offset = 1.0, 0.0
    if sensitivity is not None:
        correction = definition.number(0x003A0212)
        factor = sensitivity * (1.0 if correction is None else correction)
        offset = definition.number(0x003A0213) or 0.0
    elif unit is not None:
        unit = None  # a unit without a sensitivity says nothing of the samples
    skew = definition.number(0x003A0214)
    if skew is None:
        skew = (definition.number(0x003A0215) or 0.0) / frequency
    channel = WaveformChannel(
        definition.text(0x003A0203) or _short_source(source) or str(at + 1),
        source,
        unit,
        definition.number(0x003A0220),
        definition.number(0x003A0221),
        definition.number(0x003A0222),
        skew,
    )
    return channel, factor, offset


def _short_source(source: Code | None) -> str:
    """``Lead aVR (Einthoven)`` as ``aVR``."""
    if source is None:
        return ""
    words = source.meaning.partition("(")[0].split()
    if words and words[0].lower() == "lead":
        words = words[1:]
    return " ".join(words) or source.value


def _annotations(fields: Fields) -> list[WaveformAnnotation]:
    found = []
    for item in fields.items(0x0040B020)[:500]:
        name = item.code(0x0040A043)
        value = item.code(0x0040A168)
        measured = item.text(0x0040A30A)
        unit = item.code(0x004008EA)
        text = item.text(0x00700006) or (value.meaning if value is not None else "") or measured
        if text or name is not None:
            found.append(
                WaveformAnnotation(
                    "" if name is None else name.meaning or name.value,
                    text,
                    "" if unit is None or not measured else unit.value,
                )
            )
    return found
