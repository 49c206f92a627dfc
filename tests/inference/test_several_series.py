"""Which series feed a network that sees several: units, time points and places of each, and the first one's rules too."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.app.batch import BatchOptions, fingerprint
from medview.core.geometry import Geometry
from medview.core.problem import ExitCode, MedviewError
from medview.core.study import Series, SeriesContext, Stack
from medview.core.value_scale import ValueScale
from medview.core.volume import ModalityTransform
from medview.inference.channel_choice import channel_series, channel_stacks, named_first
from medview.inference.manifest import Input
from medview.inference.match import best_stack, match
from medview.inference.package import ModelPackage
from medview.inference.request import ChannelSeries
from tests.inference import networks
from tests.inference.packages import about
from tests.inference.volumes import axial_geometry, made_package, run, series_of, stack_of, volume_of

SHAPE = (4, 8, 8)
RNG = np.random.default_rng(6)
PETCT = [{"name": "CT", "modalities": ["CT"]}, {"name": "PET", "modalities": ["PT"], "unit": "SUV"}]
SUV = ValueScale("suv_bw", "SUVbw", "g/ml", (0.25,), by_default=True)


def stack(name: str, modality: str = "MR", unit: str = "stored", **more: Any) -> Stack:
    values = RNG.integers(0, 400, SHAPE).astype(np.int16)
    volume = volume_of(values, axial_geometry(SHAPE), unit, transform=ModalityTransform(np.array([2.0]), np.zeros(1)))
    context = SeriesContext(modality=modality, description=name, body_part="BRAIN")
    return replace(stack_of(volume, context=context), id=name, **more)


def volume(of: Stack) -> Any:
    values = np.random.default_rng(len(of.id)).integers(1, 400, SHAPE).astype(np.int16)
    return volume_of(values, of.geometry, of.unit, transform=of.transform)


def given(sources: list[dict[str, Any]], unit: str = "HU") -> dict[str, Any]:
    return {"unit": unit, "axes": ["S", "P", "L"], "layout": "NCDHW", "sources": sources}


def second_channel(folder: Path, sources: list[dict[str, Any]], unit: str = "HU") -> ModelPackage:
    """A network that shows its second channel."""
    kernel = np.zeros((1, 2, 1, 1, 1), dtype=np.float32)
    kernel[0, 1] = 1
    output = {"kind": "image", "title": "second"}
    described = about("second", task="image", fits={}, input=given(sources, unit), output=output)
    return made_package(folder, described, networks.convolution(kernel))


def shown(package: ModelPackage, first: Stack, second: Stack, at: Any = None) -> Any:
    beside = volume(second) if at is None else volume_of(volume(second).stored, at, second.unit)
    channel = ChannelSeries("PET", beside, second)
    return run(package, volume(first), first, channels=(channel,))


def test_suv_is_taken_from_what_the_files_say(tmp_path: Path) -> None:
    ct, pet = stack("ct", "CT", "HU"), stack("pet", "PT", "Bq/ml", scales=(SUV,))
    result = shown(second_channel(tmp_path, PETCT), ct, pet)
    np.testing.assert_allclose(result.image.values, volume(pet).stored * 2.0 * 0.25)
    alone = second_channel(tmp_path / "turned", PETCT[::-1])
    found = match(alone, series_of(pet), pet)
    assert found.fits
    assert [(note.code, note.values) for note in found.reasons] == [("suv_calculated", ("0.25",))]
    assert [note.code for note in match(alone, series_of(pet), replace(pet, scales=())).reasons] == ["unit_missing"]


def test_a_second_series_in_another_unit_is_refused() -> None:
    ct, pet = stack("ct", "CT", "HU"), stack("pet", "PT", "Bq/ml")
    wanted = Input.model_validate(given(PETCT), strict=False)
    with pytest.raises(MedviewError, match=r"wants SUV as its channel PET; the series has Bq/ml") as caught:
        channel_stacks(wanted, [series_of(ct), series_of(pet)], ct, ())
    assert (caught.value.code, caught.value.exit_code) == ("unit_missing", ExitCode.MODEL_DOES_NOT_FIT)
    assert channel_stacks(wanted, [series_of(ct), series_of(replace(pet, scales=(SUV,)))], ct, ())
    films = [{"name": "a", "descriptions": ["t1"]}, {"name": "b", "descriptions": ["t2"]}]
    white = stack("t2", inverted=True)
    with pytest.raises(MedviewError, match="MONOCHROME1"):
        channel_stacks(Input.model_validate(given(films, "stored"), strict=False), [series_of(white)], stack("t1"), ())


def test_the_first_series_is_chosen_by_its_rules_too(tmp_path: Path) -> None:
    sources = [{"name": "T1", "descriptions": ["t1"]}, {"name": "T2", "descriptions": ["t2"]}]
    package = second_channel(tmp_path, sources, "modality")
    finer = Geometry.from_directions((16, 8, 8), (0, 0, 0), (1, 0, 0), (0, 1, 0), (0.5, 0.7, 0.7))
    t1, t2 = stack("ax t1"), stack("ax t2", geometry=finer, shape=(16, 8, 8))
    study: list[Series] = [series_of(t2), series_of(t1)]
    chosen = best_stack(package, study)
    assert chosen is not None
    assert chosen[1] is t1, "the finer series is the second channel"
    assert [note.code for note in match(package, study[0], t2).reasons] == ["first_channel_wrong"]
    assert match(package, study[0], t2, first_named=True).fits
    wanted = package.manifest.input
    assert named_first(wanted, ("T2=x", "T1=ax t2")) == "ax t2"
    assert channel_stacks(wanted, study, t2, ("T1=ax t2", "T2=ax t1")) == (("T2", t1),)
    with pytest.raises(MedviewError, match="names another series for T1") as caught:
        channel_stacks(wanted, study, t1, ("T1=ax t2",))
    assert caught.value.exit_code == ExitCode.BAD_USE


def test_time_points_go_together() -> None:
    asked: list[tuple[str, int]] = []

    def load(of: Stack, at: int) -> Any:
        asked.append((of.id, at))
        return volume(of)

    first = stack("first", timepoints=5)
    fed = [("B", stack("one")), ("C", stack("five", timepoints=5))]
    assert [each.time for each in channel_series(fed, first, 3, load)] == [0, 3]
    assert asked == [("one", 0), ("five", 3)]
    with pytest.raises(MedviewError, match="has 2 time points, the first series 5") as caught:
        channel_series([("B", stack("two", timepoints=2))], first, 0, load)
    assert caught.value.exit_code == ExitCode.MODEL_DOES_NOT_FIT


def test_a_series_of_another_place_is_refused_and_of_a_part_is_told(tmp_path: Path) -> None:
    package = second_channel(tmp_path, PETCT)
    ct, pet = stack("ct", "CT", "HU"), stack("pet", "PT", "SUV")

    def moved(mm: float) -> Geometry:
        affine = ct.geometry.affine.copy() if ct.geometry is not None else np.eye(4)
        affine[2, 3] += mm
        return Geometry(SHAPE, affine)

    assert not [note for note in shown(package, ct, pet).warnings if note.code == "channel_partial"]
    result = shown(package, ct, pet, moved(5.0))  # two of four slices
    assert [note.values for note in result.warnings if note.code == "channel_partial"] == [("PET", "50")]
    with pytest.raises(MedviewError, match="none of it lies where the first does") as caught:
        shown(package, ct, pet, moved(200.0))
    assert caught.value.exit_code == ExitCode.MODEL_DOES_NOT_FIT


def test_what_is_resumed_depends_on_all_series(tmp_path: Path) -> None:
    package = second_channel(tmp_path, PETCT)
    files = [tmp_path / "a.dcm", tmp_path / "b.dcm"]
    stacks = []
    for file in files:
        file.write_bytes(b"1")
        frame = replace(stack("x").frames[0], path=str(file))  # type: ignore[type-var]
        stacks.append(stack("x", frames=(frame,)))
    before = fingerprint(stacks, [package], BatchOptions())
    assert fingerprint(stacks, [package], BatchOptions()) == before
    files[1].write_bytes(b"22")
    assert fingerprint(stacks, [package], BatchOptions()) != before
    earlier = second_channel(tmp_path / "other", PETCT[::-1])
    files[1].write_bytes(b"1")
    assert fingerprint(stacks, [package, earlier], BatchOptions()) != fingerprint(stacks, [package], BatchOptions())
