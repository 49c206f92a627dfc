"""What an ONNX graph says of itself: ports, the operators that its outputs come from, metadata; nothing is loaded.

Field numbers are those of onnx.proto; the walk is the one of :mod:`medview.inference.onnx_file`.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from pathlib import Path

from medview.core.problem import ExitCode, MedviewError
from medview.inference.manifest import is_plain_path
from medview.inference.onnx_file import _BYTES, _VARINT, OnnxFacts, _BrokenError, _fields, _text, read_onnx_facts

ELEMENT_TYPES = {
    1: "float",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "double",
    16: "bfloat16",
}

PASSING = frozenset(
    {
        "Identity", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Cast", "Flatten", "Dropout", "Resize", "Upsample",
        "QuantizeLinear", "DequantizeLinear", "Slice", "Pad", "Concat", "Split", "Gather", "Expand", "Tile",
    }
)  # fmt: skip
"""Operators that hand values on without changing what they mean: a probability stays one."""

FARTHEST = 40


@dataclass(frozen=True, slots=True)
class GraphPort:
    """An input or output; None in ``shape`` is any size, ``shape`` None an unknown count of axes."""

    name: str
    type: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class OnnxGraph:
    """``inputs`` without weights; ``tails``: the operator that each output comes from (``Softmax``, ``Conv`` …)."""

    path: Path
    facts: OnnxFacts
    name: str
    producer: str
    description: str
    inputs: tuple[GraphPort, ...]
    outputs: tuple[GraphPort, ...]
    tails: dict[str, str]
    operators: frozenset[str]
    metadata: dict[str, str]
    activation_before: str | None = None
    """The same where more is done to the first output after it, with no weights in between (calibration)."""

    made_longer: frozenset[str] = frozenset()
    """Inputs that the graph itself joins with something or fills up before it computes with them."""

    @property
    def activation_inside(self) -> str | None:
        """``softmax`` or ``sigmoid`` where the first output's last operator is that, else None."""
        tail = self.tails.get(self.outputs[0].name, "") if self.outputs else ""
        return {"Softmax": "softmax", "Sigmoid": "sigmoid"}.get(tail) or self.activation_before


@dataclass
class _Walked:
    name: str = ""
    doc: str = ""
    inputs: list[GraphPort] = field(default_factory=list)
    outputs: list[GraphPort] = field(default_factory=list)
    weights: set[str] = field(default_factory=set)
    made_by: dict[str, tuple[str, str]] = field(default_factory=dict)
    given_to: dict[str, list[str]] = field(default_factory=dict)
    """All inputs of the operator that makes a tensor."""
    known: dict[str, GraphPort] = field(default_factory=dict)


def read_graph(path: Path) -> OnnxGraph:
    """Read an ONNX file's face. Raises MedviewError: not complete, foreign operators, weights missing or outside."""
    facts = read_onnx_facts(path)
    refuse_foreign(path, facts)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        whole = memoryview(mapped)
        try:
            return _graph_of(whole, path, facts)
        except (_BrokenError, RecursionError) as error:
            text = f"{path.name} is not a complete ONNX file."
            raise MedviewError("model_corrupt", text, str(path), ExitCode.MODEL_UNUSABLE) from error
        finally:
            whole.release()


def refuse_foreign(path: Path, facts: OnnxFacts) -> None:
    """Raise MedviewError for operators that would need foreign code, and for weights that are not there."""
    for domain, operator in facts.domains:
        text = (
            f"{path.name} needs the operator {operator} of {domain}, which ONNX Runtime does not have; "
            "medview loads no foreign code."
        )
        raise MedviewError("operator_refused", text, str(path), ExitCode.MODEL_UNUSABLE)
    for side in facts.side_files:
        beside = path.parent / side
        outside = not is_plain_path(side) or (
            beside.exists() and not beside.resolve().is_relative_to(path.parent.resolve())
        )
        if outside:
            text = f"{path.name} wants weights from {side!r}, outside its folder."
            raise MedviewError("side_file_outside", text, str(path), ExitCode.MODEL_UNUSABLE)
        if not beside.is_file():
            text = f"{path.name} keeps weights in {side}, which is missing beside it."
            raise MedviewError("side_file_missing", text, str(beside), ExitCode.MODEL_UNUSABLE)


def _graph_of(data: memoryview, path: Path, facts: OnnxFacts) -> OnnxGraph:
    """ModelProto: producer_name 2, producer_version 3, doc_string 6, graph 7, metadata_props 14."""
    walked = _Walked()
    said = {2: "", 3: "", 6: ""}
    metadata: dict[str, str] = {}
    for number, wire, _, content in _fields(data):
        if wire != _BYTES:
            continue
        if number in said:
            said[number] = _text(content)
        elif number == 7:
            _walk(content, walked)
        elif number == 14:
            pair = {n: _text(c) for n, w, _, c in _fields(content) if w == _BYTES}
            metadata[pair.get(1, "")] = pair.get(2, "")
    inputs = tuple(port for port in walked.inputs if port.name not in walked.weights)
    outputs = tuple(walked.outputs)
    return OnnxGraph(
        path=path,
        facts=facts,
        name=walked.name,
        producer=f"{said[2]} {said[3]}".strip(),
        description=said[6] or walked.doc,
        inputs=inputs,
        outputs=outputs,
        tails={port.name: _tail(port.name, walked) for port in outputs},
        operators=frozenset(operator for operator, _ in walked.made_by.values()),
        metadata=metadata,
        activation_before=_activation_before(outputs[0].name, walked) if outputs else None,
        made_longer=_made_longer(walked),
    )


def _walk(data: memoryview, walked: _Walked) -> None:
    """GraphProto: node 1, name 2, initializer 5, doc_string 10, input 11, output 12, value_info 13."""
    for number, wire, _, content in _fields(data):
        if wire != _BYTES:
            continue
        if number == 1:
            _take_node(content, walked)
        elif number == 2:
            walked.name = _text(content)
        elif number == 5:
            walked.weights.add(next((_text(c) for n, w, _, c in _fields(content) if n == 8 and w == _BYTES), ""))
        elif number == 10:
            walked.doc = _text(content)
        elif number == 11:
            walked.inputs.append(_port(content))
        elif number == 12:
            walked.outputs.append(_port(content))


def _take_node(data: memoryview, walked: _Walked) -> None:
    """NodeProto: input 1, output 2, op_type 4."""
    given: list[str] = []
    made: list[str] = []
    operator = ""
    for number, wire, _, content in _fields(data):
        if wire != _BYTES:
            continue
        if number == 1:
            given.append(_text(content))
        elif number == 2:
            made.append(_text(content))
        elif number == 4:
            operator = _text(content)
    for name in made:
        walked.made_by[name] = (operator, given[0] if given else "")
        walked.given_to[name] = given


def _port(data: memoryview) -> GraphPort:
    """ValueInfoProto: name 1, type 2 (tensor_type 1: elem_type 1, shape 2: dim 1: dim_value 1, dim_param 2)."""
    name, kind = "", "other"
    shape: tuple[int | None, ...] | None = None
    for number, wire, _, content in _fields(data):
        if wire != _BYTES:
            continue
        if number == 1:
            name = _text(content)
        elif number == 2:
            for n, w, _, tensor in _fields(content):
                if n == 1 and w == _BYTES:
                    kind, shape = _tensor_type(tensor)
    return GraphPort(name, kind, shape)


def _tensor_type(data: memoryview) -> tuple[str, tuple[int | None, ...] | None]:
    kind, shape = "other", None
    for number, wire, value, content in _fields(data):
        if number == 1 and wire == _VARINT:
            kind = ELEMENT_TYPES.get(value, "other")
        elif number == 2 and wire == _BYTES:
            shape = tuple(_size(dim) for n, w, _, dim in _fields(content) if n == 1 and w == _BYTES)
    return kind, shape


def _size(data: memoryview) -> int | None:
    for number, wire, value, _ in _fields(data):
        if number == 1 and wire == _VARINT and 0 < value < 1 << 31:
            return value
    return None


def _tail(name: str, walked: _Walked) -> str:
    """The operator that gives ``name`` its meaning, looking through those that only hand on."""
    operator = ""
    for _ in range(FARTHEST):
        operator, given = walked.made_by.get(name, ("", ""))
        if operator not in PASSING:
            return operator
        name = given
    return operator


SHAPING = frozenset({"Identity", "Cast", "Unsqueeze", "Squeeze", "Reshape", "Transpose", "Slice"})


def _made_longer(walked: _Walked) -> frozenset[str]:
    """Inputs that a Concat or Pad takes, through nothing but what shapes them."""
    inputs = {port.name for port in walked.inputs} - walked.weights
    found = set()
    for made, (operator, _) in walked.made_by.items():
        for name in walked.given_to[made] if operator in {"Concat", "Pad"} else ():
            for _ in range(FARTHEST):
                before, given = walked.made_by.get(name, ("", ""))
                if before not in SHAPING:
                    break
                name = given
            if name in inputs:
                found.add(name)
    return frozenset(found)


WEIGHING = frozenset(
    {"Conv", "ConvTranspose", "Gemm", "MatMul", "QLinearConv", "QLinearMatMul", "Einsum", "LSTM", "GRU", "Log"}
)
"""Operators behind which a sigmoid or softmax is one of the network's own, not of its answer; a logarithm undoes it."""
MOST_LOOKED_AT = 2000


def _activation_before(name: str, walked: _Walked) -> str | None:
    """A sigmoid or softmax from which ``name`` is made without weights, as where probabilities are calibrated afterwards.

    What multiplies a tensor with its own sigmoid (SiLU, squeeze and excitation) is none.
    """
    found, ahead, seen = None, [name], {name}
    while ahead and len(seen) < MOST_LOOKED_AT:
        operator, _ = walked.made_by.get(ahead[-1], ("", ""))
        given = walked.given_to.get(ahead.pop(), [])
        if operator in {"Sigmoid", "Softmax"}:
            found = operator.lower()
        elif operator not in WEIGHING and not (operator == "Mul" and _gates(given, walked)):
            ahead += [one for one in given if one not in seen]
            seen.update(given)
    return found


def _gates(given: list[str], walked: _Walked) -> bool:
    """Whether one of the factors is a sigmoid of the other or of what it comes from."""
    return any(walked.made_by.get(one, ("", ""))[0] in {"Sigmoid", "HardSigmoid"} for one in given)
