"""Names of computing devices for the reader."""

from __future__ import annotations

from medview.ui.text import translate


def device_text(device: str) -> str:
    """A device's id as a reader knows it; ids that are not known stay as they are."""
    known = {
        "auto": translate("Device", "Automatic"),
        "cpu": translate("Device", "Processor (CPU)"),
        "cuda": "NVIDIA CUDA",
        "directml": "DirectML",
        "coreml": "CoreML",
        "openvino": "OpenVINO",
        "tensorrt": "NVIDIA TensorRT",
        "rocm": "AMD ROCm",
        "CPUExecutionProvider": translate("Device", "Processor (CPU)"),
        "CUDAExecutionProvider": "NVIDIA CUDA",
        "DmlExecutionProvider": "DirectML",
        "CoreMLExecutionProvider": "CoreML",
        "OpenVINOExecutionProvider": "OpenVINO",
    }
    return known.get(device, device)
