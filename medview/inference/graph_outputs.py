"""Tensors inside of a network made outputs of it: a few bytes appended to the file's, in memory; no file is changed.

A message of protobuf that is followed by another piece of one of its fields means both together (Encoding, "Last One
Wins": embedded messages are merged), so more nodes and outputs are added to ModelProto's graph without reading or
writing the rest. Field numbers are those of onnx.proto.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator, Sequence
from pathlib import Path

from medview.core.problem import ExitCode, MedviewError
from medview.inference.onnx_file import _BYTES, _BrokenError, _fields, _text

FEATURES = frozenset(
    [
        "Conv",
        "ConvTranspose",
        "Relu",
        "LeakyRelu",
        "PRelu",
        "Elu",
        "Selu",
        "Clip",
        "HardSwish",
        "HardSigmoid",
        "Sigmoid",
        "Tanh",
        "Softplus",
        "Gelu",
        "Mish",
        "Mul",
        "Add",
        "Sum",
        "Concat",
        "BatchNormalization",
        "InstanceNormalization",
        "GroupNormalization",
        "LayerNormalization",
        "MaxPool",
        "AveragePool",
        "Resize",
        "Upsample",
        "DepthToSpace",
        "QLinearConv",
        "DequantizeLinear",
    ]
)
"""Operators whose answers can be maps of features."""

SIZE_PREFIX = "medview_size_"
_INT64 = 7


def feature_tensors(path: Path) -> tuple[tuple[str, str], ...]:
    """(name, operator) of all tensors that can be maps of features, in the graph's order. Raises MedviewError."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            whole = memoryview(mapped)
            try:
                return tuple(_tensors(whole))
            finally:
                whole.release()
    except (_BrokenError, OSError, ValueError) as error:
        text = f"{path.name} is not a complete ONNX file."
        raise MedviewError("model_corrupt", text, str(path), ExitCode.MODEL_UNUSABLE) from error


def _tensors(data: memoryview) -> Iterator[tuple[str, str]]:
    """ModelProto: graph 7; GraphProto: node 1; NodeProto: output 2, op_type 4."""
    for number, wire, _, graph in _fields(data):
        if number != 7 or wire != _BYTES:
            continue
        for inner, kind, _, node in _fields(graph):
            if inner != 1 or kind != _BYTES:
                continue
            made, operator = "", ""
            for n, w, _, content in _fields(node):
                if n == 2 and w == _BYTES and not made:
                    made = _text(content)
                elif n == 4 and w == _BYTES:
                    operator = _text(content)
            if made and operator in FEATURES:
                yield made, operator


def tail_of_outputs(names: Sequence[str]) -> bytes:
    """What makes tensors ``names`` outputs of a graph."""
    return _field(7, b"".join(_output(name) for name in names))


def tail_of_sizes(names: Sequence[str]) -> bytes:
    """What makes the sizes of tensors ``names`` outputs ``medview_size_0`` …: a few numbers each, not the tensors."""
    parts = []
    for n, name in enumerate(names):
        target = f"{SIZE_PREFIX}{n}"
        node = _field(1, name.encode()) + _field(2, target.encode()) + _field(4, b"Shape")
        parts.append(_field(1, node) + _output(target, _INT64))
    return _field(7, b"".join(parts))


def _output(name: str, element: int | None = None) -> bytes:
    """GraphProto: output 12; ValueInfoProto: name 1, type 2 (tensor_type 1: elem_type 1)."""
    described = _field(1, name.encode())
    if element is not None:
        described += _field(2, _field(1, _number(1 << 3) + _number(element)))
    return _field(12, described)


def _field(number: int, content: bytes) -> bytes:
    return _number(number << 3 | _BYTES) + _number(len(content)) + content


def _number(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
