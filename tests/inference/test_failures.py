"""Networks that misbehave: a failed run with a name, never "nothing found"; cancelled within two seconds."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.problem import ExitCode, MedviewError, Note
from medview.core.progress import Cancelled
from medview.core.volume import ModalityTransform, SliceState
from medview.inference import session as session_module
from medview.inference.devices import Device, available_devices, providers_for
from medview.inference.session import NetworkSession
from tests.inference import networks
from tests.inference.test_detection import boxes_manifest, heatmap_manifest
from tests.inference.test_segmentation import classes, manifest, marker_volume, three_classes
from tests.inference.volumes import axial_geometry, made_package, run, volume_of


def failed(package: Any, volume: Any) -> MedviewError:
    with pytest.raises(MedviewError) as caught:
        run(package, volume)
    assert caught.value.exit_code is ExitCode.RUN_FAILED
    assert caught.value.path is not None
    assert caught.value.path.endswith("model.onnx")
    assert "model.onnx" in caught.value.text
    return caught.value


@pytest.mark.parametrize("axes", [["S", "P", "L"], ["P", "L"]])
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("nan", "output_not_finite"),
        ("infinity", "output_not_finite"),
        ("constant", "output_constant"),
        ("wrong_shape", "output_wrong_shape"),
        ("out_of_range", "output_out_of_range"),
        ("bomb", "out_of_memory"),
    ],
)
def test_a_misbehaving_network_is_a_failed_run(kind: str, code: str, axes: list[str], tmp_path: Path) -> None:
    package = made_package(tmp_path, manifest(axes), networks.broken_network(len(axes), kind))
    assert failed(package, marker_volume()).code == code


def test_tiles_are_watched_as_well(tmp_path: Path) -> None:
    for kind, code in (
        ("nan", "output_not_finite"),
        ("constant", "output_constant"),
        ("wrong_shape", "output_wrong_shape"),
    ):
        described = manifest(["S", "P", "L"], tiling={"size": [8, 8, 8]})
        package = made_package(tmp_path / kind, described, networks.broken_network(3, kind))
        assert failed(package, marker_volume()).code == code


def test_text_instead_of_numbers(tmp_path: Path) -> None:
    package = made_package(tmp_path, manifest(["P", "L"]), networks.broken_network(2, "wrong_type"))
    with pytest.raises(MedviewError) as caught:
        run(package, marker_volume())
    assert caught.value.code == "manifest_unfit"
    assert "tensor(string)" in caught.value.text


def test_logits_where_probabilities_are_promised(tmp_path: Path) -> None:
    package = made_package(tmp_path, manifest(["S", "P", "L"]), networks.threshold_network(3, 0.0, 1.0, sigmoid=False))
    assert failed(package, marker_volume()).code == "output_out_of_range"


def test_an_activation_applied_twice(tmp_path: Path) -> None:
    twice = manifest(["S", "P", "L"], output={"activation": "sigmoid"})
    package = made_package(tmp_path / "sigmoid", twice, networks.threshold_network(3, 0.0, 0.02))
    assert failed(package, marker_volume()).code == "activation_twice"
    described = manifest(["S", "P", "L"], output=classes(activation="softmax"))
    package = made_package(tmp_path / "softmax", described, three_classes(softmax=True))
    assert failed(package, marker_volume()).code == "activation_twice"


def test_a_class_that_nobody_named(tmp_path: Path) -> None:
    output = {"encoding": "labels", "rule": "argmax", "background": 0, "labels": [{"index": 2, "name": "x"}]}
    package = made_package(tmp_path, manifest(["S", "P", "L"], output=output), networks.labels_network(3, 0.0))
    with pytest.raises(MedviewError) as caught:
        run(package, marker_volume())
    assert caught.value.code == "output_out_of_range"
    assert "class 1" in caught.value.text


def test_boxes_and_maps_that_are_no_answer(tmp_path: Path) -> None:
    good_boxes = np.array([[1, 1, 5, 6]], dtype=np.float32)
    good_scores = np.array([0.9], dtype=np.float32)
    cases = {
        "nan": (good_boxes * np.nan, good_scores, "output_not_finite"),
        "score": (good_boxes, good_scores * 7, "output_out_of_range"),
        "turned": (good_boxes[:, ::-1], good_scores, "output_out_of_range"),
        "count": (good_boxes, np.repeat(good_scores, 3), "output_wrong_shape"),
    }
    for name, (boxes, scores, code) in cases.items():
        network = networks.fixed_outputs(2, b=np.ascontiguousarray(boxes), s=scores)
        package = made_package(tmp_path / name, boxes_manifest(), network)
        with pytest.raises(MedviewError) as caught:
            run(package, volume_of_one())
        assert caught.value.code == code, name
        assert caught.value.exit_code is ExitCode.RUN_FAILED
    constant = networks.affine_channels(3, [0.0, 0.0], [0.0, 1.0])
    package = made_package(tmp_path / "map", heatmap_manifest(), constant)
    assert failed(package, marker_volume()).code == "output_constant"


def volume_of_one() -> Any:
    stored = np.arange(400, dtype=np.int16).reshape(1, 20, 20)
    return volume_of(stored, axial_geometry((1, 20, 20)))


def test_holes_are_not_shown_to_a_network(tmp_path: Path) -> None:
    volume = marker_volume()
    states = np.full(len(volume.stored), SliceState.LOADED, dtype=np.uint8)
    states[3] = SliceState.FAILED
    package = made_package(tmp_path, manifest(["P", "L"]), networks.threshold_network(2, 0.0, 0.02))
    with pytest.raises(MedviewError) as caught:
        run(package, replace(volume, states=states))
    assert caught.value.code == "slices_missing"
    assert caught.value.exit_code is ExitCode.INPUT_UNUSABLE


# Stopping ------------------------------------------------------------------------------------------------------------


def beside_threads() -> list[threading.Thread]:
    """Calls of a network that still go on."""
    return [thread for thread in threading.enumerate() if thread.name == "medview-beside"]


def wait_for_beside_threads() -> None:
    """What was left alone is let go when it ends."""
    deadline = time.monotonic() + 120
    while beside_threads() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not beside_threads()


class StopAfter:
    """A Progress that wants to end ``seconds`` after the network has begun."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.begun: float | None = None
        self.calls = 0

    def __call__(self, step: str, done: int, total: int) -> None:
        if step != "network":
            return
        now = time.monotonic()
        self.begun = self.begun or now
        self.calls += 1
        if now - self.begun > self.seconds:
            raise Cancelled

    def since_wish(self) -> float:
        assert self.begun is not None
        return time.monotonic() - self.begun - self.seconds


def test_an_endless_loop_is_stopped(tmp_path: Path) -> None:
    package = made_package(tmp_path, manifest(["P", "L"]), networks.broken_network(2, "endless"))
    stop = StopAfter(0.3)
    with pytest.raises(Cancelled):
        run(package, volume_of_one(), progress=stop)
    assert stop.since_wish() < 30  # of a call without end
    assert stop.calls > 2, "the checkpoint is heard inside the call"
    wait_for_beside_threads()


def test_one_long_operator_does_not_keep_the_reader_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing looks at the terminate flag inside one operator: the call is left to end by itself, with what it needs."""
    monkeypatch.setattr(session_module, "STOP_WITHIN_S", 0.05)
    package = made_package(tmp_path, manifest(["P", "L"]), networks.slow_operator_network(41))
    stored = np.random.default_rng(0).integers(-1000, 1000, (1, 512, 512)).astype(np.int16)
    stop = StopAfter(0.05)
    with pytest.raises(Cancelled):
        run(package, volume_of(stored, axial_geometry(stored.shape)), progress=stop)
    assert beside_threads() or stop.since_wish() < 2
    wait_for_beside_threads()


def test_cancelling_while_preparing(tmp_path: Path) -> None:
    def stop(step: str, done: int, total: int) -> None:
        if step == "prepare":
            raise Cancelled

    package = made_package(
        tmp_path, manifest(["S", "P", "L"], [{"step": "min_max"}]), networks.threshold_network(3, 0.5)
    )
    with pytest.raises(Cancelled):
        run(package, marker_volume(), progress=stop)


def test_progress_counts_up(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    described = manifest(["S", "P", "L"], tiling={"size": [8, 8, 8], "overlap": 0.25})
    package = made_package(tmp_path / "tiled", described, networks.threshold_network(3, 0.0, 0.02))
    run(package, marker_volume(), progress=lambda *step: told.append(step))
    network = [(done, total) for step, done, total in told if step == "network"]
    assert network[0][0] == 0
    assert network[-1][0] == network[-1][1] > 8
    assert [done for done, _ in network] == sorted(done for done, _ in network)
    told.clear()
    package = made_package(tmp_path / "sliced", manifest(["P", "L"]), networks.threshold_network(2, 0.0, 0.02))
    run(package, marker_volume(), progress=lambda *step: told.append(step))
    assert ("network", 14, 14) in told


# Devices -------------------------------------------------------------------------------------------------------------


def test_the_processor_is_always_there() -> None:
    devices = {device.id: device for device in available_devices()}
    assert devices["cpu"].present
    assert all(device.reason for device in devices.values() if not device.present)
    assert providers_for("cpu") == ["CPUExecutionProvider"]


def test_the_order_of_auto(monkeypatch: pytest.MonkeyPatch) -> None:
    from medview.inference import devices

    def pretend(*present: str) -> None:
        monkeypatch.setattr(
            devices,
            "available_devices",
            lambda: tuple(
                Device(kind.id, kind.title, kind.provider, None if kind.id in present else Note("away", "away"))
                for kind in devices._KINDS
            ),
        )

    pretend("cpu", "openvino", "cuda", "tensorrt")
    assert devices.providers_for("auto")[:2] == ["CUDAExecutionProvider", "OpenVINOExecutionProvider"]
    assert "TensorrtExecutionProvider" not in devices.providers_for("auto")
    assert devices.providers_for("tensorrt") == ["TensorrtExecutionProvider", "CPUExecutionProvider"]
    pretend("cpu", "directml")
    assert devices.providers_for("auto") == ["DmlExecutionProvider", "CPUExecutionProvider"]
    assert devices.providers_for("cuda") == ["CPUExecutionProvider"]


def test_an_unknown_device_is_bad_use() -> None:
    with pytest.raises(MedviewError) as caught:
        providers_for("quantum")
    assert caught.value.exit_code is ExitCode.BAD_USE


def test_what_ran_is_read_back_and_a_fallback_is_said(tmp_path: Path) -> None:
    absent = next((device for device in available_devices() if not device.present), None)
    if absent is None:
        pytest.skip("every device is there")
    package = made_package(tmp_path, manifest(["P", "L"]), networks.threshold_network(2, 0.0, 0.02))
    with NetworkSession(package, absent.id) as session:
        assert session.device == "cpu"
        assert absent.id in session.fallback
        assert absent.reason in session.fallback
    with NetworkSession(package, "cpu") as session:
        assert session.fallback == ""


def test_a_driver_that_breaks_leads_to_the_processor_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import onnxruntime

    real = onnxruntime.InferenceSession

    def breaking(path: str, options: Any, providers: list[str], **more: Any) -> Any:
        if providers[0] != "CPUExecutionProvider":
            raise RuntimeError("[ONNXRuntimeError] : 1 : FAIL : CUDA driver version is insufficient")
        return real(path, options, providers=providers, **more)

    monkeypatch.setattr(onnxruntime, "InferenceSession", breaking)
    monkeypatch.setattr(session_module, "providers_for", lambda _: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    package = made_package(tmp_path, manifest(["P", "L"]), networks.threshold_network(2, 0.0, 0.02))
    from medview.inference.request import InferenceRequest
    from medview.inference.run import run_inference
    from tests.inference.volumes import stack_of

    volume = marker_volume()
    result = run_inference(InferenceRequest(package, "1.2", "auto"), volume, stack_of(volume), lambda *_: None)
    assert result.provenance.device_used == "cpu"
    (note,) = [note for note in result.warnings if note.code == "device_fallback"]
    assert "CUDA driver version is insufficient" in note.text
    assert capsys.readouterr().out == "", "standard output belongs to the answer"


def test_input_unlike_what_it_was_made_for_is_pointed_out(tmp_path: Path) -> None:
    described = manifest(["P", "L"], expected={"minimum": [-1100, -900], "mean": [-100, 100]})
    package = made_package(tmp_path, described, networks.threshold_network(2, 0.0, 0.02))
    warnings = run(package, marker_volume()).warnings
    assert [note.code for note in warnings] == ["unlike_expected"]
    assert "mean" in warnings[0].text
    shifted = replace(marker_volume(), transform=ModalityTransform(np.ones(1), np.array([1024.0])))
    assert "no_air" in {note.code for note in run(package, shifted).warnings}
