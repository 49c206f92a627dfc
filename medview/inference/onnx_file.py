"""The few facts of an ONNX file that must be known before ONNX Runtime is given it: operators' domains and side files.

The file is walked as protobuf (onnx.proto of the ONNX project: field numbers below), so that nothing of it is trusted
or loaded, and what is wrong can be said by name.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from medview.core.problem import ExitCode, MedviewError

KNOWN_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc"})
"""Domains whose operators ONNX Runtime brings itself; any other would need foreign code to be loaded."""

DEEPEST = 32
"""Subgraphs nested deeper are refused."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class OnnxFacts:
    """``opset`` of the standard domain, foreign ``domains`` with an operator of each, ``side_files`` with weights."""

    opset: int
    domains: tuple[tuple[str, str], ...]
    side_files: tuple[str, ...]
    nodes: int


class _BrokenError(Exception):
    pass


@dataclass
class _Found:
    operators: dict[str, str]
    side_files: dict[str, None]
    nodes: int = 0


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise _BrokenError
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _fields(data: memoryview) -> Iterator[tuple[int, int, int, memoryview]]:
    """Number, wire type, value (of a varint) and bytes (of anything with a length) of each field of a message."""
    at = 0
    empty = data[:0]
    while at < len(data):
        key, at = _varint(data, at)
        number, wire = key >> 3, key & 7
        if number == 0:
            raise _BrokenError
        if wire == _VARINT:
            value, at = _varint(data, at)
            yield number, wire, value, empty
        elif wire == _BYTES:
            length, at = _varint(data, at)
            if at + length > len(data):
                raise _BrokenError
            yield number, wire, length, data[at : at + length]
            at += length
        elif wire in {_FIXED32, _FIXED64}:
            at += 4 if wire == _FIXED32 else 8
            if at > len(data):
                raise _BrokenError
            yield number, wire, 0, empty
        else:
            raise _BrokenError


def _text(data: memoryview) -> str:
    return bytes(data).decode("utf-8", errors="replace")


def _tensor(data: memoryview, found: _Found) -> None:
    """TensorProto: external_data 13 (StringStringEntryProto key 1, value 2)."""
    for number, wire, _, content in _fields(data):
        if number == 13 and wire == _BYTES:
            entry = {n: _text(c) for n, w, _, c in _fields(content) if w == _BYTES}
            if entry.get(1) == "location":
                found.side_files[entry.get(2, "")] = None


def _node(data: memoryview, found: _Found, depth: int) -> None:
    """NodeProto: op_type 4, attribute 5, domain 7."""
    operator = domain = ""
    found.nodes += 1
    for number, wire, _, content in _fields(data):
        if wire != _BYTES:
            continue
        if number == 4:
            operator = _text(content)
        elif number == 7:
            domain = _text(content)
        elif number == 5:
            _attribute(content, found, depth)
    found.operators.setdefault(domain, operator)


def _attribute(data: memoryview, found: _Found, depth: int) -> None:
    """AttributeProto: t 5, g 6, tensors 10, graphs 11, sparse_tensor 22, sparse_tensors 23."""
    for number, wire, _, content in _fields(data):
        if wire != _BYTES:
            continue
        if number in {5, 10}:
            _tensor(content, found)
        elif number in {6, 11}:
            _graph(content, found, depth + 1)
        elif number in {22, 23}:
            _sparse(content, found)


def _sparse(data: memoryview, found: _Found) -> None:
    """SparseTensorProto: values 1, indices 2."""
    for number, wire, _, content in _fields(data):
        if wire == _BYTES and number in {1, 2}:
            _tensor(content, found)


def _graph(data: memoryview, found: _Found, depth: int = 0) -> None:
    """GraphProto: node 1, initializer 5, sparse_initializer 15."""
    if depth > DEEPEST:
        raise _BrokenError
    for number, wire, _, content in _fields(data):
        if wire != _BYTES:
            continue
        if number == 1:
            _node(content, found, depth)
        elif number == 5:
            _tensor(content, found)
        elif number == 15:
            _sparse(content, found)


def _model(data: memoryview) -> OnnxFacts:
    """ModelProto: graph 7, opset_import 8 (domain 1, version 2), functions 25 (node 7, domain 10)."""
    found = _Found({}, {})
    own: set[str] = set()
    opset = 0
    has_graph = False
    for number, wire, _, content in _fields(data):
        if wire != _BYTES:
            continue
        if number == 7:
            has_graph = True
            _graph(content, found)
        elif number == 8:
            domain, version = "", 0
            for n, w, value, c in _fields(content):
                if n == 1 and w == _BYTES:
                    domain = _text(c)
                elif n == 2 and w == _VARINT:
                    version = value
            if domain in {"", "ai.onnx"}:
                opset = version
        elif number == 25:
            for n, w, _, c in _fields(content):
                if n == 10 and w == _BYTES:
                    own.add(_text(c))
                elif n == 7 and w == _BYTES:
                    _node(c, found, 0)
    if not has_graph:
        raise _BrokenError
    foreign = tuple((d, o) for d, o in sorted(found.operators.items()) if d not in KNOWN_DOMAINS and d not in own)
    return OnnxFacts(opset, foreign, tuple(found.side_files), found.nodes)


def read_onnx_facts(path: Path) -> OnnxFacts:
    """Walk an ONNX file. Raises MedviewError ``model_missing`` or ``model_corrupt`` that names it."""
    corrupt = MedviewError(
        "model_corrupt", f"{path.name} is not a complete ONNX file.", str(path), ExitCode.MODEL_UNUSABLE
    )
    try:
        with path.open("rb") as file:
            if path.stat().st_size == 0:
                raise corrupt
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                whole = memoryview(mapped)
                try:
                    return _facts_or_none(whole) or _raise(corrupt)
                finally:
                    whole.release()
    except FileNotFoundError as error:
        text = f"The package has no {path.name}."
        raise MedviewError("model_missing", text, str(path), ExitCode.MODEL_UNUSABLE) from error
    except OSError as error:
        text = f"{path.name} cannot be read: {error}."
        raise MedviewError("model_unreadable", text, str(path), ExitCode.MODEL_UNUSABLE) from error


def _facts_or_none(data: memoryview) -> OnnxFacts | None:
    try:
        return _model(data)
    except (_BrokenError, RecursionError):
        return None


def _raise(error: MedviewError) -> OnnxFacts:
    raise error
