"""A graphics card that runs out of memory. The card is a double: the processor under another name, with a limit of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.finding import InferenceResult
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import no_progress
from medview.inference import retreat
from medview.inference.package import ModelPackage
from medview.inference.request import InferenceRequest
from medview.inference.retreat import halved, run_or_retreat, with_tiles
from medview.inference.session import NetworkSession, _out_of_memory, _speaks_of_memory
from tests.inference import networks
from tests.inference.test_segmentation import manifest
from tests.inference.volumes import axial_geometry, made_package, run, stack_of, volume_of


class Card(NetworkSession):
    """The processor as ``cuda`` that holds ``most`` input values at once."""

    def __init__(self, package: ModelPackage, most: int, opened: list[tuple[str, int]]) -> None:
        super().__init__(package, "cpu", 1)
        self.device = "cuda"
        self._most = most
        self._opened = opened

    def run(self, feeds: Mapping[str, Any], names: Sequence[str], checkpoint: Callable[[], None]) -> list[Any]:
        size = sum(array.size for array in feeds.values())
        self._opened.append((self.device, size))
        if size > self._most:
            raise self._failed("CUDA failure 2: out of memory")
        return super().run(feeds, names, checkpoint)


def run_on_card(package: ModelPackage, volume: Any, most: int) -> tuple[InferenceResult, list[tuple[str, int]]]:
    calls: list[tuple[str, int]] = []

    def open_session(package: ModelPackage, device: str, threads: int | None, _: Any) -> NetworkSession:
        return NetworkSession(package, "cpu", 1) if device == "cpu" else Card(package, most, calls)

    request = InferenceRequest(package, "1.2.3", "cuda")
    return run_or_retreat(request, volume, stack_of(volume), no_progress, open_session), calls


@pytest.fixture
def volume() -> Any:
    stored = np.random.default_rng(3).integers(-1000, 1000, (100, 110, 120)).astype(np.int16)
    return volume_of(stored, axial_geometry(stored.shape))


@pytest.fixture(autouse=True)
def nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retreat, "_did", {})


def tiled(folder: Path, size: int, batch: int = 1) -> ModelPackage:
    described = manifest(["S", "P", "L"], tiling={"size": [size] * 3, "overlap": 0.25, "batch": batch})
    return made_package(folder, described, networks.threshold_network(3, 0.0, 0.02))


@pytest.mark.parametrize(
    ("most", "batch", "code", "used"),
    [
        (96**3, 1, None, "cuda"),
        (96**3, 4, "device_memory_single", "cuda"),
        (50**3, 1, "device_memory_tiles", "cuda"),
        (40**3, 2, "device_memory_processor", "cpu"),
    ],
)
def test_less_at_once_and_then_the_processor(
    most: int, batch: int, code: str | None, used: str, volume: Any, tmp_path: Path
) -> None:
    package = tiled(tmp_path, 96, batch)
    result, calls = run_on_card(package, volume, most)
    codes = [note.code for note in result.warnings if note.code.startswith("device_memory")]
    assert codes == ([code] if code else [])
    assert result.provenance.device_used == used
    assert result.provenance.device_requested == "cuda"
    assert result.provenance.package_sha256 == package.sha256
    assert calls
    plain = run(package, volume)
    assert plain.segmentation is not None
    assert result.segmentation is not None
    # The network looks at single voxels, so that tiles of any size give the same.
    np.testing.assert_array_equal(plain.segmentation.labels, result.segmentation.labels)


def test_a_graph_with_a_fixed_size_goes_to_the_processor_at_once(volume: Any, tmp_path: Path) -> None:
    described = manifest(["S", "P", "L"], tiling={"size": [96, 96, 96]})
    import onnx

    model = onnx.load_from_string(networks.threshold_network(3, 0.0, 0.02))
    for port in (model.graph.input[0], model.graph.output[0]):
        for axis, length in enumerate((1, 1, 96, 96, 96)):
            port.type.tensor_type.shape.dim[axis].dim_value = length
    package = made_package(tmp_path, described, model.SerializeToString())
    result, _ = run_on_card(package, volume, 50**3)
    assert [note.code for note in result.warnings][:1] == ["device_memory_processor"]


def test_another_failure_is_a_failure(volume: Any, tmp_path: Path) -> None:
    package = made_package(tmp_path, manifest(["S", "P", "L"]), networks.broken_network(3, "nan"))
    with pytest.raises(MedviewError) as caught:
        run_on_card(package, volume, 10**9)
    assert caught.value.code == "output_not_finite"


def test_tiles_stay_multiples_and_do_not_get_too_small(tmp_path: Path) -> None:
    assert halved((128, 160, 96)) == (64, 80, 48)
    assert halved((64, 80, 48)) is None
    assert halved((100, 100, 192)) == (100, 100, 96)
    assert halved(()) is None
    package = tiled(tmp_path, 96)
    assert with_tiles(package.manifest, None) is None
    smaller = with_tiles(package.manifest, (48, 48, 48))
    assert smaller is not None
    assert smaller.input.tiling is not None
    assert smaller.input.tiling.size == (48, 48, 48)


@pytest.mark.parametrize(
    ("said", "memory"),
    [
        ("[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : BFCArena::AllocateRawInternal Failed to allocate memory", True),
        ("CUDA error cudaErrorMemoryAllocation:out of memory", True),
        ("CUBLAS_STATUS_ALLOC_FAILED", True),
        ("887A0005 device removed", False),
        ("Non-zero status code returned while running Conv node", False),
    ],
)
def test_how_drivers_say_that_memory_is_out(said: str, memory: bool) -> None:
    assert _speaks_of_memory(said) is memory
    assert _out_of_memory("model.onnx", "x", "cuda").code == "device_out_of_memory"
    assert _out_of_memory("model.onnx", "x", "cpu").exit_code is ExitCode.RUN_FAILED


@pytest.mark.parametrize("most", [50**3, 40**3])
def test_the_next_run_begins_with_what_did_it(
    most: int, volume: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tiled(tmp_path, 96, 2)
    first, tried = run_on_card(package, volume, most)
    again, calls = run_on_card(package, volume, most)
    assert any(size > most for _, size in tried)
    assert not any(size > most for _, size in calls)
    assert [note.text for note in again.warnings] == [note.text for note in first.warnings], "announced all the same"
    np.testing.assert_array_equal(again.segmentation.labels, first.segmentation.labels)  # type: ignore[union-attr]
    assert again.provenance.device_used == first.provenance.device_used
    # After a while, and for a series of another size, all is tried again.
    small = volume_of(volume.stored[:99], axial_geometry((99, 110, 120)))
    monkeypatch.setattr(retreat, "KEPT_S", -1.0)
    for _ in range(2):
        assert any(size > most for _, size in run_on_card(package, small, most)[1])
