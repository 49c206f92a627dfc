"""Packages from folders, zips and names: what is missing, unsafe or foreign is refused by name."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from medview.core.problem import ExitCode, MedviewError
from medview.inference import library
from medview.inference.check import check_package
from medview.inference.onnx_file import read_onnx_facts
from medview.inference.package import open_package
from tests.inference import networks, packages
from tests.inference.packages import write_package
from tests.shared import shared_path


@pytest.fixture(scope="module")
def lung_like() -> bytes:
    return networks.threshold_network(2, 500.0, 0.01)


@pytest.fixture
def folder(tmp_path: Path, lung_like: bytes) -> Path:
    return write_package(tmp_path / "lung", packages.ct_lung(), lung_like)


def zipped(folder: Path, target: Path, below: str = "") -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, below + file.relative_to(folder).as_posix())
    return target


def refused(path: Path | str, code: str) -> MedviewError:
    with pytest.raises(MedviewError) as caught:
        open_package(path)
    assert caught.value.code == code, caught.value.text
    assert caught.value.exit_code is ExitCode.MODEL_UNUSABLE
    return caught.value


def test_a_folder_and_its_zip_are_the_same_package(folder: Path, tmp_path: Path) -> None:
    package = open_package(folder)
    for below in ("", "lung-1.0/"):
        inside = open_package(zipped(folder, tmp_path / "lung.zip", below))
        assert inside.sha256 == package.sha256
        assert inside.model_path.is_file()
    assert (
        package.model_sha256
        == subprocess.run(
            ["sha256sum", str(folder / "model.onnx")], capture_output=True, text=True, check=True
        ).stdout.split()[0]
    )


def test_what_is_wrong_inside_of_a_zip_is_named_in_the_zip(folder: Path, tmp_path: Path) -> None:
    (folder / "manifest.json").write_text("{", encoding="utf-8")
    packed = zipped(folder, tmp_path / "lung.zip", "inner/")
    with pytest.raises(MedviewError) as caught:
        open_package(packed)
    assert caught.value.path == str(packed / "inner" / "manifest.json")


def test_what_a_zip_was_unpacked_to_goes_with_the_package(folder: Path, tmp_path: Path) -> None:
    package = open_package(zipped(folder, tmp_path / "lung.zip"))
    place = package.folder
    assert place.is_dir()
    del package
    assert not place.exists()


def test_the_hash_covers_the_manifest(folder: Path) -> None:
    before = open_package(folder)
    manifest = packages.ct_lung()
    manifest["output"]["threshold"] = 0.4
    (folder / "manifest.json").write_text(json.dumps(manifest))
    after = open_package(folder)
    assert after.sha256 != before.sha256
    assert after.model_sha256 == before.model_sha256


def test_a_missing_side_file_is_named(tmp_path: Path) -> None:
    model = shared_path("models/negative_missing_external_data/chest_xray_model.onnx")
    manifest = packages.cxr_pneumonia() | {"model": "chest_xray_model.onnx"}
    error = refused(write_package(tmp_path / "negative", manifest, model), "side_file_missing")
    assert "chest_xray_model.onnx.data" in error.text
    assert error.path is not None
    assert error.path.endswith("chest_xray_model.onnx.data")


def with_side_file(folder: Path, location: str) -> Path:
    """A package whose weights lie in ``location``."""
    model = onnx.load_from_string(networks.affine_channels(2, [1.0, 2.0], [0.0, 0.0]))
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        numpy_helper.from_array(values)
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        entry = tensor.external_data.add()
        entry.key, entry.value = "location", location
    manifest = packages.ct_lung()
    return write_package(folder, manifest, model.SerializeToString())


@pytest.mark.parametrize("location", ["../weights.bin", "/etc/hostname", "sub/../../weights.bin", "c:weights", "..\\w"])
def test_weights_outside_the_package_are_refused(tmp_path: Path, location: str) -> None:
    (tmp_path / "weights.bin").write_bytes(b"\0" * 64)
    error = refused(with_side_file(tmp_path / "sly", location), "side_file_outside")
    assert repr(location) in error.text


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_out_of_the_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"\0" * 64)
    folder = with_side_file(tmp_path / "sly", "weights.bin")
    (folder / "weights.bin").symlink_to(tmp_path / "weights.bin")
    refused(folder, "path_outside")


def test_foreign_operators_are_refused_before_anything_is_loaded(tmp_path: Path) -> None:
    error = refused(
        write_package(tmp_path / "x", packages.ct_lung(), networks.custom_operator_network()), "operator_refused"
    )
    assert "Mystery" in error.text
    assert "com.example" in error.text


@pytest.mark.parametrize("damage", ["empty", "half", "text", "noise"])
def test_a_corrupt_network_is_named(tmp_path: Path, lung_like: bytes, damage: str) -> None:
    content = {
        "empty": b"",
        "half": lung_like[: len(lung_like) // 2],
        "text": b"not a network at all",
        "noise": bytes(range(256)) * 9,
    }
    error = refused(write_package(tmp_path / "x", packages.ct_lung(), content[damage]), "model_corrupt")
    assert "model.onnx" in error.text


def test_every_cut_of_a_network_is_refused_or_opens_without_harm(lung_like: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cut.onnx"
    for end in range(len(lung_like)):
        path.write_bytes(lung_like[:end])
        try:
            read_onnx_facts(path)
        except MedviewError as error:
            assert error.code == "model_corrupt"  # noqa: PT017 - some cuts leave a whole message


def test_what_is_missing_is_named(tmp_path: Path, folder: Path, lung_like: bytes) -> None:
    assert "manifest.json" in refused(tmp_path, "manifest_missing").text
    (folder / "model.onnx").unlink()
    assert "model.onnx" in refused(folder, "model_missing").text
    (tmp_path / "bare.onnx").write_bytes(lung_like)
    assert "bare network" in refused(tmp_path / "bare.onnx", "manifest_missing").text
    refused("no-such-package", "package_missing")
    card = write_package(tmp_path / "card", packages.ct_lung() | {"card": "CARD.md"}, lung_like)
    assert "CARD.md" in refused(card, "card_missing").text


# Zips ----------------------------------------------------------------------------------------------------------------


def hand_made_zip(path: Path, entries: dict[str, bytes], mode: int = 0) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return path


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "c:/evil", "a\\..\\evil"])
def test_names_that_lead_out_of_a_zip_are_refused(tmp_path: Path, name: str) -> None:
    archive = hand_made_zip(tmp_path / "slip.zip", {"manifest.json": b"{}", "x" * len(name): b"evil"})
    # zipfile itself mends names when it writes them, so they are put in by hand.
    archive.write_bytes(archive.read_bytes().replace(b"x" * len(name), name.encode()))
    assert name.replace("\\", "\\\\") in refused(archive, "path_outside").text
    assert not (tmp_path.parent / "evil").exists()
    assert not (tmp_path / "evil").exists()


def test_links_in_a_zip_are_refused(tmp_path: Path) -> None:
    refused(
        hand_made_zip(tmp_path / "link.zip", {"manifest.json": b"/etc/passwd"}, stat.S_IFLNK | 0o777), "path_outside"
    )


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    refused(
        hand_made_zip(tmp_path / "bomb.zip", {"manifest.json": b"{}", "model.onnx": bytes(50_000_000)}),
        "package_too_large",
    )


def test_what_is_no_zip_is_said(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"PK\x03\x04 not really")
    refused(tmp_path / "no.zip", "package_corrupt")
    whole = zipped(folder, tmp_path / "cut.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    refused(tmp_path / "cut.zip", "package_corrupt")


# The library ---------------------------------------------------------------------------------------------------------


def test_installed_by_copy_and_found_by_name(folder: Path, tmp_path: Path) -> None:
    (folder / "notes of mine.txt").write_text("private")
    installed = library.install(zipped(folder, tmp_path / "lung.zip"))
    assert installed.origin == "installed"
    assert sorted(path.name for path in installed.folder.iterdir()) == ["manifest.json", "model.onnx"]
    shutil.rmtree(folder)
    assert open_package("ct-lung-unet-small").sha256 == installed.sha256
    assert open_package("ct-lung-unet-small@1.0.0").sha256 == installed.sha256
    refused("ct-lung-unet-small@2.0.0", "package_missing")
    assert "ct-lung-unet-small" in [package.manifest.id for package in library.installed_packages()]


def test_a_folder_where_the_program_was_started_never_stands_in_for_an_installed_package(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    installed = library.install(folder)
    here = tmp_path / "here"
    shutil.copytree(folder, here / "ct-lung-unet-small")
    manifest = packages.ct_lung() | {"description": "planted"}
    (here / "ct-lung-unet-small" / "manifest.json").write_text(json.dumps(manifest))
    shutil.copytree(here / "ct-lung-unet-small", here / "ct-lung-unet-small@1.0.0")
    shutil.copytree(here / "ct-lung-unet-small", here / "of-my-own")
    monkeypatch.chdir(here)
    for name in ("ct-lung-unet-small", "ct-lung-unet-small@1.0.0"):
        opened = open_package(name)
        assert (opened.origin, opened.sha256) == ("installed", installed.sha256)
    assert "the folder of that name here is ./ct-lung-unet-small" in caplog.text
    for named in ("./ct-lung-unet-small", "ct-lung-unet-small/", Path("ct-lung-unet-small"), "of-my-own"):
        assert open_package(named).manifest.description == "planted", named


def test_versions_stand_side_by_side_and_the_same_one_is_replaced(folder: Path) -> None:
    library.install(folder)
    manifest = packages.ct_lung() | {"description": "changed"}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    library.install(folder)
    assert open_package("ct-lung-unet-small").manifest.description == "changed"
    (folder / "manifest.json").write_text(json.dumps(manifest | {"version": "2.0.0"}))
    library.install(folder)
    mine = [path.name for path in library.installed_folder().iterdir()]
    assert sorted(mine) == ["ct-lung-unet-small@1.0.0", "ct-lung-unet-small@2.0.0"]
    library.remove("ct-lung-unet-small@1.0.0")
    assert [path.name for path in library.installed_folder().iterdir()] == ["ct-lung-unet-small@2.0.0"]
    library.remove("ct-lung-unet-small")
    with pytest.raises(MedviewError, match="no installed package"):
        library.remove("ct-lung-unet-small")


def test_a_package_that_went_bad_is_listed_with_its_fault(folder: Path) -> None:
    installed = library.install(folder)
    (installed.folder / "model.onnx").write_bytes(b"")
    found, problems = library.packages()
    assert "ct-lung-unet-small" not in [package.manifest.id for package in found]
    assert [problem.code for problem in problems] == ["model_corrupt"]


def test_a_bad_package_is_not_installed(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"no")
    with pytest.raises(MedviewError):
        library.install(folder)
    assert not library.installed_folder().exists() or not list(library.installed_folder().iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX permissions")
def test_a_folder_that_cannot_be_written_is_told(folder: Path) -> None:
    library.installed_folder().parent.mkdir(parents=True, exist_ok=True)
    library.installed_folder().write_text("a file where the folder should be")
    with pytest.raises(MedviewError) as caught:
        library.install(folder)
    assert caught.value.exit_code is ExitCode.CANNOT_WRITE


def test_built_in_packages_cannot_be_removed() -> None:
    names = [path.name for path in library.builtin_folder().iterdir()] if library.builtin_folder().is_dir() else []
    for name in names:
        with pytest.raises(MedviewError, match="built in"):
            library.remove(name)


@pytest.mark.parametrize("name", ["ct-lungs", "ct-nodules"])
def test_built_in_packages_are_whole(name: str) -> None:
    package = open_package(name)
    assert package.origin == "built-in"
    assert package.card
    assert sum((package.folder / file).stat().st_size for file in package.files) < 6_000_000
    check_package(package, "cpu")


# Manifest against network --------------------------------------------------------------------------------------------


def unfit(tmp_path: Path, manifest: dict[str, Any], model: bytes) -> str:
    package = open_package(write_package(tmp_path / "unfit", manifest, model))
    with pytest.raises(MedviewError) as caught:
        check_package(package, "cpu")
    assert caught.value.code == "manifest_unfit"
    assert caught.value.exit_code is ExitCode.MODEL_UNUSABLE
    return caught.value.text


def test_a_manifest_that_does_not_fit_the_network_is_told_by_field(tmp_path: Path, lung_like: bytes) -> None:
    lung = packages.ct_lung
    wrong = lung()
    wrong["input"]["name"] = "image"
    assert "input.name: the network has no 'image', but x" in unfit(tmp_path, wrong, lung_like)
    wrong = lung()
    wrong["output"]["name"] = "logits"
    assert "output.name" in unfit(tmp_path, wrong, lung_like)
    wrong = lung()
    wrong["input"]["channels"] = "rgb"
    assert "input.channels" in unfit(tmp_path, wrong, lung_like)
    assert "input.layout: NCHW has 4 axes, the network's input 5" in unfit(
        tmp_path, lung(), networks.threshold_network(3, 1.0)
    )
    three = networks.affine_channels(2, [0, 1, 2], [0, 0, 0])
    assert "output.labels" in unfit(tmp_path, lung(), three)
    wrong = lung()
    wrong["output"] |= {"rule": "argmax", "threshold": 0.5}
    assert "output.rule" in unfit(tmp_path, wrong, lung_like)


def test_a_fixed_size_must_be_made_by_a_step(tmp_path: Path) -> None:
    manifest = packages.cxr_pneumonia()
    network = networks.mean_classifier([1, 2, 3], [0, 0, 0], channels=3, size=[224, 224])
    check_package(open_package(write_package(tmp_path / "good", manifest, network)), "cpu")
    manifest["input"]["steps"][0]["size"] = [256, 224]
    assert "input.steps: the network wants 224 voxels along axis 0, the manifest makes 256" in unfit(
        tmp_path, manifest, network
    )
    del manifest["input"]["steps"][0]
    assert "no step makes that size" in unfit(tmp_path, manifest, network)


def test_as_many_classes_as_channels(tmp_path: Path) -> None:
    manifest = packages.cxr_pneumonia()
    manifest["output"]["labels"].pop()
    network = networks.mean_classifier([1, 2, 3], [0, 0, 0], channels=3, size=[224, 224])
    assert "output.labels: 2 are named, the network gives 3" in unfit(tmp_path, manifest, network)


def test_two_inputs_are_refused(tmp_path: Path) -> None:
    node = onnx.helper.make_node("Add", ["x", "z"], ["y"])
    shape = networks.free_shape(2)
    model = networks.model_bytes([node], [("x", 1, shape), ("z", 1, shape)], [("y", 1, shape)])
    assert "2 inputs (x, z)" in unfit(tmp_path, packages.ct_lung(), model)


def test_an_opset_too_new_is_said(tmp_path: Path, lung_like: bytes) -> None:
    model = onnx.load_from_string(lung_like)
    model.opset_import[0].version = 999
    package = open_package(write_package(tmp_path / "new", packages.ct_lung(), model.SerializeToString()))
    with pytest.raises(MedviewError) as caught:
        check_package(package, "cpu")
    assert caught.value.code == "opset_unsupported"
    assert caught.value.exit_code is ExitCode.MODEL_UNUSABLE


def test_weights_of_a_side_file_are_used(tmp_path: Path) -> None:
    folder = with_side_file(tmp_path / "good", "weights.bin")
    manifest = packages.ct_lung()
    manifest["output"] = packages.meshnet_gwm()["output"] | {"name": None, "labels": [{"index": 1, "name": "one"}]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "weights.bin").write_bytes(np.ones(2, dtype=np.float32).tobytes())
    package = open_package(folder)
    assert "weights.bin" in package.files
    check_package(package, "cpu")
    before = package.sha256
    (folder / "weights.bin").write_bytes(np.zeros(2, dtype=np.float32).tobytes())
    assert open_package(folder).sha256 != before
