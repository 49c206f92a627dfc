"""Waveforms in physical units: as pydicom calculates them, every kind of sample, broken ones with a reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import FileDataset

from medview.core.problem import MedviewError
from medview.dicom.waveform import read_waveform
from tests.phantoms.other_objects import ecg_values, make_object, make_waveform, save

RAW = "1.2.840.10008.5.1.4.1.1.66"


def written(data: FileDataset, folder: Path) -> str:
    return str(save(data, folder / "ecg.dcm"))


def test_a_real_ecg_is_what_pydicom_calculates() -> None:
    path = str(get_testdata_file("waveform_ecg.dcm"))
    waveform = read_waveform(path)
    data = pydicom.dcmread(path)
    assert len(waveform.groups) == 2
    for number, group in enumerate(waveform.groups):
        assert np.array_equal(group.values, data.waveform_array(number).T.astype(np.float32))
    first = waveform.groups[0]
    assert [channel.label for channel in first.channels][:4] == ["I", "II", "III", "aVR"]
    assert (first.sampling_hz, first.duration_s) == (1000.0, 10.0)
    assert first.channels[0].unit is not None
    assert first.channels[0].unit.value == "uV"
    assert (first.channels[0].filter_low, first.channels[0].filter_high) == (0.05, 300.0)
    said = {(one.name, one.text, one.unit) for one in waveform.annotations}
    assert ("QRS Duration", "75", "ms") in said
    assert ("", "ECG NORMALE", "") in said


def test_sensitivity_correction_and_baseline_are_applied(tmp_path: Path) -> None:
    stored = np.array([[0, 1], [100, -1], [-32768, 32767]], np.int16)
    path = written(make_waveform(stored, 0.5, 2.0, -3.0, labels=["A", "B"]), tmp_path)
    values = read_waveform(path).groups[0].values
    assert np.allclose(values, (stored * 0.5 * 2.0 - 3.0).T)
    assert np.array_equal(values, pydicom.dcmread(path).waveform_array(0).T.astype(np.float32))


@pytest.mark.parametrize(
    ("kind", "dtype"), [("SB", "i1"), ("UB", "u1"), ("SS", "i2"), ("US", "u2"), ("SL", "i4"), ("UL", "u4")]
)
def test_every_linear_kind_of_sample(tmp_path: Path, kind: str, dtype: str) -> None:
    limits = np.iinfo(dtype)
    stored = np.array([[limits.min], [limits.max], [7]], dtype)
    values = read_waveform(written(make_waveform(stored, 1.0, interpretation=kind), tmp_path)).groups[0].values
    assert values.tolist() == [[float(np.float32(one)) for one in stored[:, 0]]]


def test_logarithmic_samples_are_those_of_the_telephone(tmp_path: Path) -> None:
    # ITU-T G.711, tables 1a and 2a: the ends and the smallest steps.
    mu = np.array([[0x80], [0x00], [0xFF], [0x7F], [0xFE]], np.uint8)
    values = read_waveform(written(make_waveform(mu, 1.0, interpretation="MB"), tmp_path)).groups[0].values
    assert values.tolist() == [[8031.0, -8031.0, 0.0, 0.0, 2.0]]
    law = np.array([[0xD5], [0x55], [0xAA], [0x2A]], np.uint8)
    values = read_waveform(written(make_waveform(law, 1.0, interpretation="AB"), tmp_path)).groups[0].values
    assert values.tolist() == [[1.0, -1.0, 4032.0, -4032.0]]


def test_padding_is_no_value(tmp_path: Path) -> None:
    stored = np.array([[5], [-32768], [7]], np.int16)
    data = make_waveform(stored, 1.0)
    data.WaveformSequence[0].add_new(0x5400100A, "OW", b"\x00\x80")
    values = read_waveform(written(data, tmp_path)).groups[0].values[0]
    assert np.isnan(values[1])
    assert values[[0, 2]].tolist() == [5.0, 7.0]


def test_a_channel_without_sensitivity_has_no_unit(tmp_path: Path) -> None:
    data = make_waveform(np.array([[5], [6]], np.int16))
    definition = data.WaveformSequence[0].ChannelDefinitionSequence[0]
    del definition.ChannelSensitivity
    group = read_waveform(written(data, tmp_path)).groups[0]
    assert group.channels[0].unit is None
    assert group.values.tolist() == [[5.0, 6.0]]


def test_a_truncated_recording_is_drawn_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "ecg.dcm"
    whole = save(make_waveform(ecg_values()), path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    waveform = read_waveform(str(path))
    assert [note.code for note in waveform.notes] == ["waveform_truncated"]
    assert 2000 < waveform.groups[0].values.shape[1] < 3000
    assert np.array_equal(
        waveform.groups[0].values, (ecg_values()[: waveform.groups[0].values.shape[1]] * 0.5).T.astype(np.float32)
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"SamplingFrequency": 0}, "sampling frequency"),
        ({"NumberOfWaveformSamples": 0}, "no samples"),
        ({"NumberOfWaveformSamples": 4_000_000_000}, "too many samples"),
        ({"NumberOfWaveformChannels": 99}, "not described"),
        ({"WaveformSampleInterpretation": "XX"}, "kind XX"),
        ({"WaveformBitsAllocated": 8}, "8 bits"),
    ],
)
def test_what_cannot_be_drawn_says_why(tmp_path: Path, change: dict[str, object], why: str) -> None:
    data = make_waveform(np.array([[5], [6]], np.int16))
    for keyword, value in change.items():
        setattr(data.WaveformSequence[0], keyword, value)
    with pytest.raises(MedviewError, match=why) as refused:
        read_waveform(written(data, tmp_path))
    assert refused.value.code == "no_waveform"


def test_what_is_no_waveform_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MedviewError) as refused:
        read_waveform(str(save(make_object(RAW, "raw", "MR"), tmp_path / "raw.dcm")))
    assert refused.value.code == "no_waveform"
