"""Networks that other people trained, through the whole chain, against what their authors' framework gave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.app.loading import load_volume
from medview.app.open_paths import open_all
from medview.core.problem import MedviewError
from medview.core.study import Series, Stack
from medview.core.volume import Volume
from medview.inference.match import assume, match
from medview.inference.network import Network
from medview.inference.package import ModelPackage, open_package
from medview.inference.placement import Placement, orient
from medview.inference.preprocess import run_steps
from medview.inference.session import NetworkSession
from medview.inference.source_values import SourceValues
from tests.inference.packages import shared_package
from tests.inference.volumes import run
from tests.shared import shared_path

pytestmark = pytest.mark.beside

Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("packages")


def only_stack(path: Path) -> tuple[Series, Stack]:
    found = open_all([str(path)])
    series = [one for study in found.studies for one in study.series if one.stacks]
    return series[0], series[0].stacks[0]


def tensor_of(package: ModelPackage, volume: Volume, stack: Stack) -> tuple[Array, Placement]:
    """What the network is given, before it is laid out."""
    given = package.manifest.input
    orientation = orient(volume.shape, volume.geometry, given.axes)
    source = SourceValues(volume, stack, 0, given, orientation)
    values, real = source.fetch(0, source.rows)
    state = run_steps(
        given, values, real, Placement.start(orientation, volume.geometry), volume.geometry, lambda *_: None
    )
    return state.values, state.placement


def answer(package: ModelPackage, tensor: Array) -> Array:
    with NetworkSession(package, "cpu") as session:
        network = Network(package, session)
        return network.answers(tensor, [package.manifest.output.name], lambda: None)[0]


# Chest radiograph ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def radiograph() -> tuple[Series, Stack, Volume]:
    series, stack = only_stack(shared_path("models/cxr_pneumonia_squeezenet/sample_cxr.png"))
    stack = assume(stack, (("modality", "DX"),))
    return series, stack, load_volume(stack)


def test_radiograph_tensor_and_probabilities(folder: Path, radiograph: tuple[Series, Stack, Volume]) -> None:
    package = open_package(shared_package(folder, "cxr_pneumonia_squeezenet"))
    reference = np.load(shared_path("models/cxr_pneumonia_squeezenet/reference.npz"))
    series, stack, volume = radiograph
    assert match(package, series, stack).fits
    tensor, _ = tensor_of(package, volume, stack)
    np.testing.assert_allclose(tensor[0].transpose(2, 0, 1), reference["image"][0], atol=1e-5)
    np.testing.assert_allclose(answer(package, tensor), reference["logits"], atol=1e-4)
    wanted = json.loads(shared_path("models/cxr_pneumonia_squeezenet/reference.json").read_text())
    result = run(package, volume, stack)
    assert [line.label.lower() for line in result.classification] == [label.lower() for label in wanted["labels"]]
    np.testing.assert_allclose([line.probability for line in result.classification], wanted["probabilities"], atol=1e-4)


def test_a_plain_resize_would_be_seen(folder: Path, radiograph: tuple[Series, Stack, Volume]) -> None:
    """The reference tells Pillow's antialiased resize from a plain one; otherwise the test above would show nothing."""
    package = open_package(shared_package(folder, "cxr_pneumonia_squeezenet"))
    step = package.manifest.input.steps[0]
    plain = package.manifest.input.model_copy(
        update={"steps": (step.model_copy(update={"kind": "linear"}), *package.manifest.input.steps[1:])}
    )
    _, stack, volume = radiograph
    orientation = orient(volume.shape, None, plain.axes)
    source = SourceValues(volume, stack, 0, plain, orientation)
    values, real = source.fetch(0, 1)
    state = run_steps(plain, values, real, Placement.start(orientation, None), None, lambda *_: None)
    reference = np.load(shared_path("models/cxr_pneumonia_squeezenet/reference.npz"))["image"][0]
    assert np.abs(state.values[0].transpose(2, 0, 1) - reference).max() > 0.1


# Chest CT ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chest() -> tuple[Series, Stack, Volume]:
    series, stack = only_stack(shared_path("data/profmcdan+dicom-project/data/767"))
    return series, stack, load_volume(stack)


def part_of(stack: Stack, volume: Volume, slices: Any) -> Volume:
    """Some slices of a volume; their places do not matter to a network that sees one at a time."""
    from dataclasses import replace

    from tests.inference.volumes import axial_geometry

    stored = volume.stored[slices]
    return replace(volume, stored=stored, geometry=axial_geometry(stored.shape), states=None)


def test_lungs_of_the_reference_slices(folder: Path, chest: tuple[Series, Stack, Volume]) -> None:
    package = open_package(shared_package(folder, "ct_lung_unet_small"))
    reference = np.load(shared_path("models/ct_lung_unet_small/reference_lidc0001.npz"))
    _, stack, volume = chest
    assert volume.padding is not None
    part = part_of(stack, volume, reference["k"])
    tensor, _ = tensor_of(package, part, stack)
    np.testing.assert_array_equal(tensor, reference["image"][:, 0])
    np.testing.assert_allclose(answer(package, tensor), reference["lung_probability"], atol=1e-4)
    from tests.inference.volumes import stack_of

    result = run(package, part, stack_of(part))
    assert result.segmentation is not None
    wrong = (result.segmentation.labels != (reference["lung_probability"][:, 0] > 0.5)).sum()
    assert wrong <= tensor.size / 1e5


def test_hounsfield_without_the_offset_finds_no_lung(folder: Path, chest: tuple[Series, Stack, Volume]) -> None:
    """The trap of this network: fed plain HU it says nothing at all, without an error."""
    from tests.inference.volumes import stack_of

    path = shared_package(folder / "plain", "ct_lung_unet_small")
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["input"]["steps"] = manifest["input"]["steps"][2:]
    (path / "manifest.json").write_text(json.dumps(manifest))
    _, stack, volume = chest
    reference = np.load(shared_path("models/ct_lung_unet_small/reference_lidc0001.npz"))
    part = part_of(stack, volume, reference["k"][:2])
    result = run(open_package(path), part, stack_of(part))
    assert result.segmentation is not None
    lungs = reference["lung_probability"][:2, 0] > 0.5
    assert lungs.sum() > 10_000
    assert (lungs & (result.segmentation.labels > 0)).sum() < 0.05 * lungs.sum()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ct-lungs"])
def test_two_lungs_in_the_right_place(name: str, chest: tuple[Series, Stack, Volume]) -> None:
    """Right and left on their own sides, as large as lungs are, in air and not in the table or the room."""
    series, stack, volume = chest
    package = open_package(name)
    assert match(package, series, stack).fits
    result = run(package, volume, stack)
    segmentation = result.segmentation
    assert segmentation is not None
    assert segmentation.geometry is not None
    litres = abs(np.linalg.det(segmentation.geometry.affine[:3, :3])) / 1e6
    by_name = {label.name: segmentation.labels == label.value for label in segmentation.meanings}
    right, left = by_name["Right lung"], by_name["Left lung"]
    centres = [segmentation.geometry.voxel_to_patient(np.argwhere(mask)).mean(axis=0) for mask in (right, left)]
    assert centres[0][0] < centres[1][0] - 80, "the patient's left is at growing x"
    for mask in (right, left):
        assert 0.8 < mask.sum() * litres < 4.0
        assert np.median(volume.modality_values()[mask]) < -700


def test_the_other_lungs_network_on_every_tenth_slice(folder: Path, chest: tuple[Series, Stack, Volume]) -> None:
    """ct_lung_unet_small on the chest CT: air inside the body on both sides of the middle."""
    from tests.inference.volumes import stack_of

    package = open_package(shared_package(folder / "tenth", "ct_lung_unet_small"))
    series, stack, volume = chest
    assert match(package, series, stack).fits
    slices = np.arange(50, 110, 20)
    part = part_of(stack, volume, slices)
    result = run(package, part, stack_of(part))
    assert result.segmentation is not None
    for n, k in enumerate(slices):
        mask = result.segmentation.labels[n] > 0
        hu = volume.modality_slice(int(k))
        columns = np.flatnonzero(mask.any(axis=0))
        middle = (columns[0] + columns[-1]) / 2
        sides = [mask[:, : int(middle)].sum(), mask[:, int(middle) :].sum()]
        assert sum(sides) > 10_000
        assert min(sides) > 0.2 * sum(sides)
        assert np.median(hu[mask]) < -700
        assert not mask[0].any()
        assert not mask[-1].any()


# Brain MR ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def head() -> tuple[Series, Stack, Volume]:
    series, stack = only_stack(shared_path("models/brain_mr_gwm_meshnet/sample_t1_crop.nii.gz"))
    return series, stack, load_volume(stack)


def reference_labels(name: str) -> tuple[Stack, Array]:
    _, stack = only_stack(shared_path(f"models/{name}/reference_labels.nii.gz"))
    return stack, load_volume(stack).stored


def test_a_nifti_does_not_say_its_modality(folder: Path, head: tuple[Series, Stack, Volume]) -> None:
    package = open_package(shared_package(folder, "brain_mr_gwm_meshnet"))
    series, stack, _ = head
    found = match(package, series, stack)
    assert not found.fits
    assert [note.code for note in found.reasons] == ["modality_unknown"]
    assert match(package, series, stack, (("modality", "MR"),)).fits


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Array]:
    """What the network answers while the chain runs, so that a run of a minute is not made twice."""
    raw: list[Array] = []
    dense_each = Network.dense_each

    def recording(self: Network, *arguments: Any) -> Iterator[tuple[Any, Array]]:
        for item, answer in dense_each(self, *arguments):
            raw.append(answer.copy())
            yield item, answer

    monkeypatch.setattr(Network, "dense_each", recording)
    return raw


@pytest.mark.slow
def test_white_and_grey_matter(
    folder: Path, head: tuple[Series, Stack, Volume], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = open_package(shared_package(folder, "brain_mr_gwm_meshnet"))
    _, stack, volume = head
    raw = recorded(monkeypatch)
    result = run(package, volume, assume(stack, (("modality", "MR"),)))
    assert result.segmentation is not None
    place, expected = reference_labels("brain_mr_gwm_meshnet")
    assert place.geometry is not None
    assert stack.geometry is not None
    assert place.geometry.same_grid(stack.geometry)
    wrong = int((result.segmentation.labels != expected).sum())
    assert wrong <= expected.size / 1e5, f"{wrong} voxels differ"
    nifti = np.load(shared_path("models/brain_mr_gwm_meshnet/reference_logits_crop.npz"))["logits_ijk"]
    # NIfTI voxel (i, j, k) of this LIA file is tensor index (k, j, i).
    block = raw[0][0, :, 96:160, 96:160, 96:160]
    np.testing.assert_allclose(block.transpose(0, 3, 2, 1), nifti, atol=1e-4)


@pytest.mark.slow
def test_structures_of_the_brain(
    folder: Path, head: tuple[Series, Stack, Volume], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = open_package(shared_package(folder, "brain_mr_subcortical_meshnet"))
    _, stack, volume = head
    reference = np.load(shared_path("models/brain_mr_subcortical_meshnet/reference_logits_crop.npz"))
    tensor, placement = tensor_of(package, volume, stack)
    assert tensor.shape == tuple(reference["box_hi"] - reference["box_lo"])
    np.testing.assert_array_equal(placement.offset, reference["box_lo"])
    raw = recorded(monkeypatch)
    result = run(package, volume, assume(stack, (("modality", "MR"),)))
    assert result.segmentation is not None
    _, expected = reference_labels("brain_mr_subcortical_meshnet")
    wrong = int((result.segmentation.labels != expected).sum())
    assert wrong <= expected.size / 1e5, f"{wrong} voxels differ"
    assert len(result.segmentation.meanings) == 17
    start = reference["block_start_ijk"] - reference["box_lo"]
    block = raw[0][0][(slice(None), *(slice(int(s), int(s) + 48) for s in start))]
    np.testing.assert_allclose(block, reference["logits"], atol=1e-4)


# Broken --------------------------------------------------------------------------------------------------------------


def test_the_published_network_without_its_weights(tmp_path: Path) -> None:
    from tests.inference.packages import cxr_pneumonia, write_package

    model = shared_path("models/negative_missing_external_data/chest_xray_model.onnx")
    folder = write_package(tmp_path / "negative", cxr_pneumonia(), model)
    with pytest.raises(MedviewError, match=r"chest_xray_model\.onnx\.data"):
        open_package(folder)
