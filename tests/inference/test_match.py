"""Which series a package is for, and the reasons where it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.geometry import Geometry
from medview.core.problem import ExitCode, MedviewError
from medview.core.study import Series, SeriesContext, Stack
from medview.inference.match import assume, best_stack, match, parse_assumptions
from medview.inference.package import ModelPackage, open_package
from tests.inference import networks
from tests.inference.packages import ct_lung, cxr_pneumonia, meshnet_gwm, write_package
from tests.inference.volumes import axial_geometry, series_of, stack_of, volume_of

CHEST = SeriesContext(modality="CT", body_part="CHEST", image_type=("ORIGINAL", "PRIMARY", "AXIAL"))


def package_of(folder: Path, manifest: dict[str, Any], **fits: Any) -> ModelPackage:
    manifest["fits"] |= fits
    return open_package(
        write_package(folder / str(len(list(folder.iterdir()))), manifest, networks.threshold_network(2, 0.0))
    )


def chest_stack(shape: tuple[int, int, int] = (40, 12, 12), context: SeriesContext = CHEST, **more: Any) -> Stack:
    volume = volume_of(np.zeros(shape, np.int16), more.pop("geometry", axial_geometry(shape)), more.pop("unit", "HU"))
    return replace(stack_of(volume, more.pop("kind", "volume"), context), **more)


def codes(package: ModelPackage, stack: Stack, **series: Any) -> list[str]:
    found = match(package, replace(series_of(stack), **series), stack)
    assert found.fits != bool(found.reasons) or found.fits
    return [] if found.fits else [note.code for note in found.reasons]


def sheared(geometry: Geometry) -> Geometry:
    affine = geometry.affine.copy()
    affine[1, 2] = 0.7
    return Geometry(geometry.shape, affine)


def uneven(geometry: Geometry) -> Geometry:
    origins = geometry.origins.copy()
    origins[20:, 2] += 5
    return Geometry(geometry.shape, geometry.affine, slice_origins=origins)


def turned(degrees: float) -> Geometry:
    a = np.radians(degrees)
    row, column = (np.cos(a), np.sin(a), 0), (-np.sin(a), np.cos(a), 0)
    return Geometry.from_directions((40, 12, 12), (0, 0, 0), row, column, (2, 1, 1))


def test_what_it_is_for_fits(tmp_path: Path) -> None:
    assert codes(package_of(tmp_path, ct_lung()), chest_stack()) == []


@pytest.mark.parametrize(
    ("fits", "stack", "expected"),
    [
        ({}, {"context": replace(CHEST, modality="MR")}, ["modality_wrong"]),
        ({}, {"context": replace(CHEST, modality="")}, ["modality_unknown"]),
        ({}, {"context": replace(CHEST, body_part="KNEE")}, ["body_part_wrong"]),
        ({}, {"context": replace(CHEST, body_part="THORAX")}, []),
        ({}, {"context": replace(CHEST, body_part="CHEST_ABDOMEN")}, []),
        ({}, {"context": replace(CHEST, body_part="KNEE", description="thorax nativ")}, []),
        ({}, {"context": replace(CHEST, body_part="")}, []),
        ({"minimum_slices": 50}, {}, ["too_few_slices"]),
        ({"maximum_slices": 30}, {}, ["too_many_slices"]),
        ({"slice_spacing_mm": [0.5, 2.0]}, {}, ["slice_spacing_outside"]),
        ({"slice_spacing_mm": [0.5, 2.5]}, {}, []),
        ({"pixel_spacing_mm": [0.75, 2.0]}, {}, ["pixel_spacing_outside"]),
        ({"field_of_view_mm": [150, 900]}, {}, ["field_of_view_outside"]),
        ({"planes": ["sagittal", "coronal"]}, {}, ["plane_wrong"]),
        ({"contrast": "with"}, {"context": replace(CHEST, contrast_agent="NONE")}, ["contrast_wrong"]),
        ({"contrast": "with"}, {"context": replace(CHEST, contrast_agent="IV")}, []),
        ({"contrast": "with"}, {}, []),
        ({"contrast": "without"}, {"context": replace(CHEST, contrast_agent="Omnipaque")}, ["contrast_wrong"]),
        ({"views": ["PA"]}, {"context": replace(CHEST, view_position="LL")}, ["view_wrong"]),
        ({}, {"unit": "stored"}, ["unit_missing"]),
        ({}, {"geometry": None, "kind": "frames"}, ["no_geometry"]),
        ({}, {"geometry": sheared(axial_geometry((40, 12, 12)))}, ["tilted"]),
        ({"tilt": "accept"}, {"geometry": sheared(axial_geometry((40, 12, 12)))}, []),
        ({}, {"geometry": uneven(axial_geometry((40, 12, 12)))}, ["slices_uneven"]),
        ({"missing_slices": "accept"}, {"geometry": uneven(axial_geometry((40, 12, 12)))}, []),
        ({}, {"geometry": turned(44)}, ["oblique"]),
        ({}, {"geometry": turned(20)}, []),
        ({}, {"components": 3}, ["colour"]),
        ({}, {"context": replace(CHEST, image_type=("DERIVED", "SECONDARY", "SCREEN SAVE"))}, ["secondary_capture"]),
        ({}, {"context": replace(CHEST, image_type=("DERIVED", "SECONDARY", "REFORMATTED"))}, []),
        ({}, {"context": replace(CHEST, extra=(("sop_class", "1.2.840.10008.5.1.4.1.1.7"),))}, ["secondary_capture"]),
        ({}, {"context": replace(CHEST, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"))}, ["localizer"]),
    ],
)
def test_reasons(fits: dict[str, Any], stack: dict[str, Any], expected: list[str], tmp_path: Path) -> None:
    assert codes(package_of(tmp_path, ct_lung(), **fits), chest_stack(**stack)) == expected


def test_a_localiser_series_is_refused(tmp_path: Path) -> None:
    assert codes(package_of(tmp_path, ct_lung()), chest_stack(), is_localizer=True) == ["localizer"]


def test_uneven_slices_that_a_model_would_cut_across(tmp_path: Path) -> None:
    manifest = ct_lung()
    manifest["input"]["axes"] = ["S", "A"]
    package = package_of(tmp_path, manifest, missing_slices="accept", planes=[])
    assert codes(package, chest_stack(geometry=uneven(axial_geometry((40, 12, 12))))) == ["slices_uneven"]


def test_low_values_white_need_a_word_of_the_manifest(tmp_path: Path) -> None:
    manifest = cxr_pneumonia()
    manifest["input"]["unit"] = "stored"
    context = SeriesContext(modality="DX", body_part="CHEST")
    inverted = chest_stack((1, 12, 12), context, geometry=None, unit=None, inverted=True)
    assert codes(package_of(tmp_path, manifest), inverted) == ["inverted"]
    manifest["input"]["inverted"] = "mirror"
    assert codes(package_of(tmp_path, manifest), inverted) == []
    assert codes(package_of(tmp_path, cxr_pneumonia()), inverted) == [], "display is as seen"


def test_what_is_worth_knowing_is_told_where_it_fits(tmp_path: Path) -> None:
    package = package_of(tmp_path, ct_lung(), tilt="accept")
    stack = chest_stack(context=replace(CHEST, body_part=""), geometry=sheared(axial_geometry((40, 12, 12))))
    found = match(package, series_of(stack), stack)
    assert found.fits
    assert {note.code for note in found.reasons} == {"body_part_unknown", "tilt_accepted"}


def test_conforming_networks_take_any_turn(tmp_path: Path) -> None:
    head = SeriesContext(modality="MR", body_part="HEAD")
    stack = chest_stack(context=head, geometry=turned(44), unit="stored")
    assert codes(package_of(tmp_path, meshnet_gwm()), stack) == []


# Assumptions ---------------------------------------------------------------------------------------------------------


def test_assumptions_say_what_the_file_does_not(tmp_path: Path) -> None:
    package = package_of(tmp_path, ct_lung())
    stack = chest_stack(context=SeriesContext(), unit="stored")
    found = match(package, series_of(stack), stack, parse_assumptions(["modality=ct"]))
    assert found.fits
    assert "unit_assumed" in {note.code for note in found.reasons}
    assert assume(stack, (("modality", "CT"),)).unit == "HU"
    assert assume(stack, (("modality", "MR"),)).unit == "stored"
    assert assume(stack, (("unit", "SUV"), ("body_part", "LUNG"))).unit == "SUV"
    assert assume(chest_stack(unit="stored"), (("modality", "CT"),)).unit == "stored", (
        "a DICOM file that gives no HU has none"
    )


def test_assumptions_never_overrule_a_file() -> None:
    with pytest.raises(MedviewError) as caught:
        assume(chest_stack(), (("modality", "MR"),))
    assert caught.value.code == "assumption_contradicts"
    assert caught.value.exit_code is ExitCode.BAD_USE


@pytest.mark.parametrize("text", ["modality", "colour=red", "unit=furlong", "contrast=maybe", "modality="])
def test_unknown_assumptions_are_bad_use(text: str) -> None:
    with pytest.raises(MedviewError) as caught:
        parse_assumptions([text])
    assert caught.value.exit_code is ExitCode.BAD_USE
    assert text in caught.value.text


# Choosing ------------------------------------------------------------------------------------------------------------


def named(stack: Stack, name: str, **series: Any) -> Series:
    stack = replace(stack, id=name)
    return replace(series_of(stack), series_uid=name, **series)


def test_the_best_series_is_chosen(tmp_path: Path) -> None:
    package = package_of(tmp_path, ct_lung())
    series = [
        named(chest_stack((3, 12, 12)), "scout", is_localizer=True),
        named(chest_stack(context=replace(CHEST, modality="MR")), "mr"),
        named(chest_stack(geometry=axial_geometry((40, 12, 12), (5.0, 0.7, 0.7))), "thick"),
        named(chest_stack((100, 12, 12), geometry=axial_geometry((100, 12, 12), (1.0, 0.7, 0.7))), "thin"),
        named(chest_stack((100, 12, 12), context=replace(CHEST, body_part="")), "unsaid"),
    ]
    for order in (series, series[::-1]):
        chosen = best_stack(package, order)
        assert chosen is not None
        assert chosen[1].id == "thin"
        assert chosen[2].fits
    nothing_fits = best_stack(package, series[:2])
    assert nothing_fits is not None
    assert not nothing_fits[2].fits
    assert best_stack(package, []) is None


def test_who_made_it(tmp_path: Path) -> None:
    package = package_of(tmp_path, ct_lung(), manufacturers=("Siemens", "Aquilion"))
    made = [
        ("SIEMENS HEALTHINEERS", "", []),
        ("TOSHIBA", "Aquilion ONE", []),
        ("GE MEDICAL SYSTEMS", "", ["manufacturer_wrong"]),
    ]
    for maker, device, expected in made:
        assert codes(package, chest_stack(context=replace(CHEST, manufacturer=maker, model_name=device))) == expected
    stack = chest_stack()
    assert "manufacturer_unknown" in {note.code for note in match(package, series_of(stack), stack).reasons}


def test_text_that_is_burned_in(tmp_path: Path) -> None:
    written = replace(CHEST, burned_in="YES")
    assert codes(package_of(tmp_path, ct_lung()), chest_stack(context=written)) == ["burned_in"]
    assert codes(package_of(tmp_path, ct_lung()), chest_stack(context=replace(CHEST, burned_in="NO"))) == []
    film = chest_stack((1, 64, 64), replace(written, modality="DX"))
    for rule, refused in ((None, []), ("accept", []), ("refuse", ["burned_in"])):
        package = package_of(tmp_path, cxr_pneumonia(), **({} if rule is None else {"burned_in": rule}))
        assert codes(package, film) == refused
        said = {note.code for note in match(package, series_of(film), film).reasons}
        assert said == ({"burned_in"} if refused else {"burned_in_accepted"})


def test_a_picture_without_a_place_in_the_patient(tmp_path: Path) -> None:
    manifest = cxr_pneumonia()
    del manifest["fits"]["needs_geometry"]
    package = package_of(tmp_path, manifest, pixel_spacing_mm=(0.1, 0.2), views=("PA", "AP"))
    film = replace(chest_stack((1, 64, 64), replace(CHEST, modality="DX", view_position="PA")), geometry=None)
    assert codes(package, replace(film, pixel_spacing=(0.15, 0.15))) == []
    assert codes(package, replace(film, pixel_spacing=(0.15, 0.4))) == ["pixel_spacing_outside"]
    unsaid = replace(film, pixel_spacing=None, context=replace(film.context, view_position=""))
    assert {note.code for note in match(package, series_of(unsaid), unsaid).reasons} == {
        "pixel_spacing_unknown",
        "view_unknown",
    }
    assert codes(package_of(tmp_path, ct_lung()), replace(chest_stack(), geometry=None)) == ["no_geometry"]
