"""Devices measured with a package; a second device is a double, the processor under another name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.cli.commands import run as run_command
from medview.core.problem import MedviewError, Note
from medview.inference.bench import bench_package, example_input
from medview.inference.devices import Device
from medview.inference.package import ModelPackage
from medview.inference.session import NetworkSession, Port
from tests.inference import networks
from tests.inference.test_segmentation import manifest
from tests.inference.volumes import made_package

DEVICES = (
    Device("cuda", "Card", "CUDAExecutionProvider"),
    Device(
        "directml",
        "Other card",
        "DmlExecutionProvider",
        why=Note("device_other_system", "only on Windows", ("Windows",)),
    ),
    Device("cpu", "Processor", "CPUExecutionProvider"),
)


class Double(NetworkSession):
    """The processor, or what says that it is a card whose answers are a little off."""

    def __init__(self, package: ModelPackage, device: str, off: float, fails: str) -> None:
        super().__init__(package, "cpu", 1)
        self._off = off if device == "cuda" else 0.0
        if device == "cuda" and fails != "fallback":
            self.device = "cuda"
        if device == "cuda" and fails == "fallback":
            self.fallback = "cuda cannot be used (no driver); the network ran on cpu."
        self._fails = device == "cuda" and fails == "error"

    def run(self, *given: Any) -> list[Any]:
        if self._fails:
            raise self._failed("CUDA failure 700: an illegal memory access")
        return [answer + np.float32(self._off) for answer in super().run(*given)]


def bench(package: ModelPackage, off: float = 0.0, fails: str = "", wanted: tuple[str, ...] = ()) -> dict[str, Any]:
    lines = bench_package(package, lambda p, device, *_: Double(p, device, off, fails), wanted, devices=DEVICES)
    return {line.device: line for line in lines}


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return made_package(tmp_path, manifest(["P", "L"]), networks.threshold_network(2, 0.5, 10.0))


def test_each_device_is_measured_or_says_why_not(package: ModelPackage) -> None:
    lines = bench(package, off=0.25)
    assert lines["cpu"].calls >= 3
    assert lines["cpu"].call_s > 0
    assert lines["cpu"].difference is None
    assert lines["cuda"].used == "cuda"
    assert lines["cuda"].difference == pytest.approx(0.25, rel=0.1)
    assert lines["directml"].reason == "only on Windows"
    assert lines["directml"].call_s is None
    assert bench(package)["cuda"].difference == 0
    assert list(bench(package, wanted=("cuda",))) == ["cuda"]


@pytest.mark.parametrize(("seconds", "calls"), [(12.0, 1), (6.0, 2), (0.5, 3), (0.1, 10), (0.001, 50)])
def test_a_network_of_long_calls_is_asked_once_more(package: ModelPackage, seconds: float, calls: int) -> None:
    class Timed(Double):
        """Its calls last as long as it says."""

        def run(self, *given: Any) -> list[Any]:
            before = self.seconds_inside
            answers = super().run(*given)
            self.seconds_inside = before + seconds
            return answers

    (line,) = bench_package(package, lambda p, device, *_: Timed(p, device, 0.0, ""), ("cpu",), devices=DEVICES)
    assert line.call_s == pytest.approx(seconds)
    assert line.calls == pytest.approx(calls, abs=int(calls > 3))


def test_what_really_ran_is_read_back(package: ModelPackage) -> None:
    line = bench(package, fails="fallback")["cuda"]
    assert line.used == "cpu"
    assert line.call_s is None
    assert "no driver" in line.reason


def test_a_device_that_fails_says_so_and_the_others_go_on(package: ModelPackage) -> None:
    lines = bench(package, fails="error")
    assert "illegal memory access" in lines["cuda"].reason
    assert lines["cpu"].call_s > 0


def test_a_network_that_fails_on_the_processor_fails(tmp_path: Path) -> None:
    package = made_package(tmp_path, manifest(["P", "L"]), networks.broken_network(2, "bomb"))
    with pytest.raises(MedviewError) as caught:
        bench(package)
    assert caught.value.code == "out_of_memory"


def test_the_input_has_the_size_of_graph_and_manifest(tmp_path: Path) -> None:
    tiled = manifest(["S", "P", "L"], tiling={"size": [32, 48, 64], "batch": 2})
    package = made_package(tmp_path, tiled, networks.threshold_network(3, 0.5))
    free = Port("x", (None, 1, None, None, None), "tensor(float)")
    assert example_input(package.manifest, free).shape == (2, 1, 32, 48, 64)
    fixed = Port("x", (1, 1, 8, 8, 8), "tensor(uint8)")
    made = example_input(package.manifest, fixed)
    assert made.shape == (1, 1, 8, 8, 8)
    assert made.dtype == np.uint8
    assert made.max() > 100


def test_the_command(package: ModelPackage, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["models", "bench", str(package.folder), "--device", "cpu", "--json"]) == 0
    (line,) = json.loads(capsys.readouterr().out)["devices"]
    assert line["used"] == "cpu"
    assert line["call_s"] > 0
    assert run_command(["models", "bench", str(package.folder), "--device", "abacus"]) == 2


def with_variants(folder: Path) -> ModelPackage:
    """x > 0.5; in half precision, and one that decides at 0.75."""
    import onnx
    from onnx import helper

    from tests.inference.packages import write_package

    half = networks.model_bytes(
        [
            helper.make_node("Cast", ["x"], ["h"], to=onnx.TensorProto.FLOAT16),
            helper.make_node("Sub", ["h", "level"], ["d"]),
            helper.make_node("Mul", ["d", "steep"], ["z"]),
            helper.make_node("Sigmoid", ["z"], ["s"]),
            helper.make_node("Cast", ["s"], ["y"], to=onnx.TensorProto.FLOAT),
        ],
        [("x", networks.FLOAT, networks.free_shape(2))],
        [("y", networks.FLOAT, networks.free_shape(2))],
        {"level": np.float16(0.5), "steep": np.float16(10.03)},
    )
    described = {**manifest(["P", "L"]), "variants": {"fp16": "half.onnx", "late": "late.onnx"}}
    write_package(folder, described, networks.threshold_network(2, 0.5, 10.0))
    (folder / "half.onnx").write_bytes(half)
    (folder / "late.onnx").write_bytes(networks.threshold_network(2, 0.75, 10.0))
    from medview.inference.package import open_package

    return open_package(folder)


def test_variants_are_compared_with_the_packages_own_numbers(tmp_path: Path) -> None:
    package = with_variants(tmp_path / "both")
    lines = bench_package(package, lambda p, device, *_: Double(p, device, 0.0, ""), ("cpu",), devices=DEVICES)
    by_name = {line.variant: line for line in lines}
    assert set(by_name) == {"", "fp16", "late"}
    assert by_name[""].difference is None
    assert 0 < by_name["fp16"].difference < 0.01
    assert by_name["fp16"].agreement > 0.995
    assert by_name["late"].agreement == pytest.approx(0.75, abs=0.01)  # the noise lies between 0 and 1


def test_a_run_takes_the_variant_that_was_asked_for(tmp_path: Path) -> None:
    from medview.inference.library import install
    from medview.inference.package import variant_of
    from medview.inference.trust import is_trusted, trust

    package = with_variants(tmp_path / "both")
    late = variant_of(package, "late")
    assert late.model_path.name == "late.onnx"
    assert late.sha256 != package.sha256
    assert set(package.files) >= {"half.onnx", "late.onnx"}
    assert install(tmp_path / "both").sha256 == package.sha256
    trust(package)
    assert is_trusted(late)  # the reader's word is about the whole package
    with pytest.raises(MedviewError, match=r"has no variant 'int8' \(it has: fp16, late\)"):
        variant_of(package, "int8")
    (tmp_path / "both" / "late.onnx").unlink()
    from medview.inference.package import open_package

    with pytest.raises(MedviewError, match=r"late\.onnx"):
        open_package(tmp_path / "both")
