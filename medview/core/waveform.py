"""A recording of one or several groups of channels in physical units, e.g. an ECG."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medview.core.finding import Code
from medview.core.problem import Note


@dataclass(frozen=True, slots=True)
class WaveformChannel:
    """What a channel measures. ``unit`` is None where its values are samples without a calibration.

    Filters are those that the recorder applied, in Hz; medview applies none.
    """

    label: str
    source: Code | None = None
    unit: Code | None = None
    filter_low: float | None = None
    filter_high: float | None = None
    notch: float | None = None
    skew_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WaveformAnnotation:
    """What somebody or the recorder said of a recording."""

    name: str
    text: str
    unit: str = ""


@dataclass(frozen=True, eq=False)
class WaveformGroup:
    """Channels that were sampled together.

    ``values`` (channel, sample) float32 in each channel's unit, NaN where the file marks a sample as missing; sample n was
    taken at ``offset_s`` + n / ``sampling_hz``.
    """

    label: str
    originality: str
    sampling_hz: float
    offset_s: float
    channels: tuple[WaveformChannel, ...]
    values: NDArray[np.float32]

    @property
    def duration_s(self) -> float:
        """Length of the recording."""
        return float(self.values.shape[1] / self.sampling_hz)


@dataclass(frozen=True, eq=False)
class Waveform:
    """A whole recording."""

    path: str
    sop_class: str
    patient_name: str = ""
    patient_id: str = ""
    acquired: str = ""
    institution: str = ""
    device: str = ""
    groups: tuple[WaveformGroup, ...] = ()
    annotations: tuple[WaveformAnnotation, ...] = ()
    notes: tuple[Note, ...] = ()
