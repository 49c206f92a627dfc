"""A network behind its manifest: ports checked against it, tensors made, answers brought to (n, channels, spatial…).

Nothing that is not a finite number of the promised shape leaves this module: it is a failed run, never "no finding".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import combinations
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from medview.core.problem import ExitCode, MedviewError
from medview.inference.manifest import (
    AnchorsOutput,
    BoxesOutput,
    CenterHeatmapOutput,
    ClassificationOutput,
    Conform,
    ConstantValue,
    CropOrPad,
    ImageOutput,
    Manifest,
    Pad,
    PromptedOutput,
    RegressionOutput,
    Resize,
    SegmentationOutput,
    State,
    YoloOutput,
)
from medview.inference.manifest_outputs import Output
from medview.inference.package import ModelPackage
from medview.inference.session import DTYPES, Checkpoint, Port, Session
from medview.inference.tensor import range_of, to_tensor
from medview.inference.tiling import Stride

AnyArray = NDArray[Any]
T = TypeVar("T")


def check_ports(package: ModelPackage, inputs: Sequence[Port], outputs: Sequence[Port]) -> None:
    """Whether manifest and graph speak of the same network. Raises MedviewError ``manifest_unfit`` naming the field."""
    manifest = package.manifest
    _check_states(package, inputs, outputs)
    for n, constant in enumerate(manifest.input.constants):
        if _find(constant.input, inputs, f"input.constants[{n}].input", package).type not in CONSTANT_TYPES:
            raise _unfit(package, f"input.constants[{n}]", f"{constant.input} takes no numbers")
    fed = [given for given in inputs if given.name not in explained_inputs(manifest)]
    if len(fed) != 1:
        names = ", ".join(given.name for given in inputs)
        text = (
            f"the network has {len(inputs)} inputs ({names}), medview feeds one and those that are named in input.states "
            "and input.constants"
        )
        raise _unfit(package, "input", text)
    port = _find(manifest.input.name, fed, "input.name", package)
    if port.type not in DTYPES:
        raise _unfit(package, "input", f"the network wants {port.type}")
    layout = manifest.input.layout
    if len(port.shape) != len(layout):
        raise _unfit(package, "input.layout", f"{layout} has {len(layout)} axes, the network's input {len(port.shape)}")
    channels = port.shape[layout.index("C")] if "C" in layout else None
    if channels is not None and channels != manifest.input.channel_count:
        feed = manifest.input
        field, what = "input.channels", str(feed.channels)
        if feed.sources:
            field, what = "input.sources", f"a list of {len(feed.sources)}"
        elif feed.neighbours:
            field, what = "input.neighbours", f"{feed.neighbours} on each side"
        text = f"{what} is {feed.channel_count} channel(s), the network wants {channels}"
        raise _unfit(package, field, text)
    spatial = [size for size, letter in zip(port.shape, layout, strict=True) if letter in "DHW"]
    for axis, (wanted, made) in enumerate(zip(spatial, known_size(manifest), strict=True)):
        if wanted is not None and wanted != made:
            field = "input.tiling.size" if manifest.input.tiling is not None else "input.steps"
            given = f"the manifest makes {made}" if made else "no step makes that size"
            raise _unfit(package, field, f"the network wants {wanted} voxels along axis {axis}, {given}")
    _check_outputs(package, outputs, len(layout))


def explained_inputs(manifest: Manifest) -> set[str]:
    """Names of the inputs that are not the image."""
    given = manifest.input
    return {state.input for state in given.states} | {constant.input for constant in given.constants}


def _check_states(package: ModelPackage, inputs: Sequence[Port], outputs: Sequence[Port]) -> None:
    for n, state in enumerate(package.manifest.input.states):
        given = _find(state.input, inputs, f"input.states[{n}].input", package)
        made = _find(state.output, outputs, f"input.states[{n}].output", package)
        if given.type not in DTYPES or given.type != made.type:
            raise _unfit(package, f"input.states[{n}]", f"{given.name} is {given.type}, {made.name} {made.type}")
        shape = state.shape
        if shape is not None and len(shape) != len(given.shape):
            text = f"{len(shape)} numbers, {given.name} has {len(given.shape)} axes"
            raise _unfit(package, f"input.states[{n}].shape", text)
        if shape is None and any(size is None for size in given.shape[1:]):
            raise _unfit(package, f"input.states[{n}].shape", f"the network does not say how large {given.name} is")


def known_size(manifest: Manifest) -> list[int | None]:
    """The tensor's size along each axis as far as the manifest's steps fix it."""
    count = len(manifest.input.axes)
    if manifest.input.tiling is not None:
        return list(manifest.input.tiling.size)
    sizes: list[int | None] = [None] * count
    for step in manifest.input.steps:
        for axis in range(count):
            if isinstance(step, Conform):
                sizes[axis] = step.shape[axis]
            elif (isinstance(step, Resize) and step.aspect == "shorter") or (
                isinstance(step, CropOrPad) and not step.pad
            ):
                sizes[axis] = None
            elif isinstance(step, Resize | CropOrPad):
                sizes[axis] = step.size[axis] if step.size[axis] is not None else sizes[axis]
            elif isinstance(step, Pad):
                sizes[axis] = _padded(step, axis, sizes[axis])
            elif step.step in {"crop_above", "crop_nonzero", "resample"}:
                sizes[axis] = None
    return sizes


def _padded(step: Pad, axis: int, size: int | None) -> int | None:
    if size is None:
        return None
    if step.multiple is not None:
        return -(-size // step.multiple[axis]) * step.multiple[axis]
    wanted = step.size[axis] if step.size is not None else None
    return max(size, wanted) if wanted is not None else size


def _check_outputs(package: ModelPackage, outputs: Sequence[Port], rank: int) -> None:
    output = package.manifest.output
    if isinstance(output, PromptedOutput):
        for name in output.embeddings.values():
            _find(name, outputs, "output.embeddings", package)
        return
    if isinstance(output, AnchorsOutput):
        _check_anchors(package, output, outputs)
        return
    if isinstance(output, BoxesOutput):
        for field in ("boxes_output", "scores_output", "labels_output", "masks_output", "keypoints_output"):
            name = getattr(output, field)
            if name is not None:
                _check_table(package, f"output.{field}", _find(name, outputs, f"output.{field}", package))
        return
    port = _find(output.name, outputs, "output.name", package)
    if port.type not in CONSTANT_TYPES:
        raise _unfit(package, "output.name", f"{port.name} is {port.type}")
    if isinstance(output, CenterHeatmapOutput) and output.diameter_output is not None:
        _find(output.diameter_output, outputs, "output.diameter_output", package)
    if isinstance(output, YoloOutput) and output.prototypes_output is not None:
        _find(output.prototypes_output, outputs, "output.prototypes_output", package)
    if not port.shape:
        return  # the graph does not tell; the answer will
    if isinstance(output, SegmentationOutput | CenterHeatmapOutput | ImageOutput):
        layout = answer_layout(package.manifest, len(port.shape))
        if layout is None:
            raise _unfit(package, "output.layout", f"the network's output has {len(port.shape)} axes, its input {rank}")
        channels = port.shape[layout.index("C")] if "C" in layout else 1
    elif isinstance(output, ClassificationOutput | RegressionOutput):
        channels = next((size for size in port.shape[1:] if size is not None), None) if len(port.shape) > 1 else None
    else:
        channels = None
    if isinstance(output, YoloOutput):
        _check_places(package, output, port)
    elif channels is not None:
        _check_channels(package, channels)


def _check_places(package: ModelPackage, output: YoloOutput, port: Port) -> None:
    """Where the graph says how many numbers each place of a YOLO has: are they enough for the classes."""
    if len(port.shape) != 3:
        raise _unfit(package, "output.kind", f"yolo has three axes, {port.name} {len(port.shape)}")
    width = port.shape[1 if output.arrangement == "attributes_first" else 2]
    highest = max(label.index for label in output.labels)
    least = (5 if output.objectness else 4) + highest + 1
    if output.arrangement != "finished" and width is not None and width < least:
        text = f"class {highest} needs {least} numbers for each place, {port.name} has {width}"
        raise _unfit(package, "output.labels", text)


def _check_table(package: ModelPackage, field: str, port: Port) -> None:
    """Where the graph says how many numbers each box has, and how many scores: are they as many as the manifest wants."""
    output = package.manifest.output
    assert isinstance(output, BoxesOutput), "tables of boxes"
    width = port.shape[-1] if len(port.shape) > 1 else None
    if width is None or output.columns is not None:
        return
    wanted = 2 * len(package.manifest.input.axes)
    if field == "output.boxes_output" and width != wanted:
        raise _unfit(package, field, f"boxes of {wanted} numbers were due, {port.name} has {width}")
    highest = max(label.index for label in output.labels)
    if (
        field == "output.scores_output"
        and output.labels_output is None
        and len(port.shape) == 3
        and 1 < width <= highest
    ):
        raise _unfit(package, "output.labels", f"index {highest} is named, {port.name} has {width} scores a box")


def _check_anchors(package: ModelPackage, output: AnchorsOutput, outputs: Sequence[Port]) -> None:
    """Names, axes and, where the graph says them, channels of the two heads."""
    axes = len(package.manifest.input.axes)
    wanted = 3 if output.is_table else 2 + axes
    for field, names in (("scores_output", output.scores_outputs), ("boxes_output", output.boxes_outputs)):
        for n, name in enumerate(names):
            at = f"output.{field}" if output.is_table else f"output.{field}[{n}]"
            port = _find(name, outputs, at, package)
            if port.shape and len(port.shape) != wanted and not (output.is_table and len(port.shape) == 2):
                raise _unfit(package, at, f"{name} has {len(port.shape)} axes, {wanted} were due")
            if not port.shape:
                continue
            width = port.shape[-1] if output.is_table else port.shape[1]
            each = 1 if output.is_table else output.levels[n].count
            if width is None:
                continue
            if field == "boxes_output" and width != each * 2 * axes:
                raise _unfit(package, f"output.levels[{n}]", f"{each * 2 * axes} numbers were due, {name} has {width}")
            if field == "scores_output" and (width % each or width // each <= max(one.index for one in output.labels)):
                raise _unfit(
                    package, "output.labels", f"{name} has {width} channels for {each} anchors and these classes"
                )


def _highest(output: Output) -> int:
    """The last channel or number that a manifest names."""
    if isinstance(output, ImageOutput):
        return output.channel
    assert not isinstance(output, PromptedOutput), "its masks have no channels"
    entries = output.values if isinstance(output, RegressionOutput) else output.labels
    return max(entry.index for entry in entries)


def _check_channels(package: ModelPackage, channels: int) -> None:
    output = package.manifest.output
    if isinstance(output, SegmentationOutput) and output.encoding == "labels":
        if channels != 1:
            raise _unfit(package, "output.encoding", f"labels is one channel, the network gives {channels}")
        return
    if isinstance(output, ClassificationOutput):
        if output.width != channels:
            wanted = f"{len(output.labels)} are named, the network gives {channels}"
            less = " (cumulative is one fewer)" if output.encoding == "cumulative" else ""
            raise _unfit(package, "output.labels", wanted + less)
        return
    highest = _highest(output)
    if highest >= channels:
        field = {"image": "output.channel", "regression": "output.values"}.get(output.kind, "output.labels")
        raise _unfit(package, field, f"index {highest} is named, the network gives {channels} channel(s)")
    if isinstance(output, SegmentationOutput):
        _check_classes(package, output, channels)
    elif isinstance(output, CenterHeatmapOutput) and output.diameter_output is None:
        diameter = output.diameter_channel
        if diameter is not None and diameter >= channels:
            text = f"{diameter} is named, the network gives {channels} channel(s)"
            raise _unfit(package, "output.diameter_channel", text)


def _check_classes(package: ModelPackage, output: SegmentationOutput, channels: int) -> None:
    named = {label.index for label in output.labels} | ({output.background} - {None})
    if len(named) != channels or max(n for n in named if n is not None) >= channels:
        text = f"{len(named)} classes with the background are named, the network gives {channels} channel(s)"
        raise _unfit(package, "output.labels", text)
    if channels == 1 and (output.rule == "argmax" or output.activation == "softmax"):
        raise _unfit(package, "output.rule", "one channel is decided by the rule 'threshold', and not by softmax")


def _find(name: str | None, ports: Sequence[Port], field: str, package: ModelPackage) -> Port:
    if name is None:
        return ports[0]
    for port in ports:
        if port.name == name:
            return port
    raise _unfit(package, field, f"the network has no {name!r}, but {', '.join(port.name for port in ports)}")


def _unfit(package: ModelPackage, field: str, text: str) -> MedviewError:
    path = package.named("manifest.json")
    return MedviewError("manifest_unfit", f"manifest.json: {field}: {text}.", path, ExitCode.MODEL_UNUSABLE)


def answer_layout(manifest: Manifest, rank: int) -> str | None:
    """The letters of a dense output of ``rank`` axes; None where they cannot be told."""
    output = manifest.output
    stated = output.layout if isinstance(output, SegmentationOutput | CenterHeatmapOutput | ImageOutput) else None
    if stated is not None:
        return stated if len(stated) == rank else None
    given = manifest.input.layout
    for layout in (given, given.replace("C", ""), given.replace("N", "N" if "C" in given else "NC")):
        if len(layout) == rank:
            return layout
    return None


CONSTANT_TYPES = {**DTYPES, "tensor(bool)": np.bool_}


def constant_of(value: ConstantValue, port: Port, sizes: dict[str, int]) -> AnyArray:
    """What ``port`` is fed beside a tensor of ``sizes`` (by letters): everywhere one number, or the tensor's own size."""
    dtype = CONSTANT_TYPES[port.type]
    batch, height, width = sizes.get("N", 1), sizes.get("H", 1), sizes.get("W", 1)
    if value in {"ones", "zeros"}:
        # Open sizes are the batch in front, and the image's at the end.
        like = [batch, *(sizes[letter] for letter in "DHW" if letter in sizes)]
        rank = len(port.shape)
        filled = [*like[:1], *[1] * (rank - len(like)), *like[1:]] if rank >= len(like) else like[:rank]
        shape = [size if size is not None else open_ for size, open_ in zip(port.shape, filled, strict=True)]
        return np.full(shape, value == "ones", dtype=dtype)
    numbers = {"height_width": [height, width], "width_height": [width, height]}.get(value, [height, width, 1])
    row: AnyArray = np.asarray(numbers, dtype=dtype)
    return row if len(port.shape) < 2 else np.repeat(row[None], port.shape[0] or batch, axis=0)


class Network:
    """A session fed and read as its manifest says."""

    def __init__(
        self, package: ModelPackage, session: Session, memory: dict[int, dict[str, AnyArray]] | None = None
    ) -> None:
        """``memory``: what it remembers of each row of slices, carried on from another run; see :meth:`look_at`."""
        check_ports(package, session.inputs, session.outputs)
        self._package, self._manifest = package, package.manifest
        self._session = session
        explained = explained_inputs(package.manifest)
        self._port = next(port for port in session.inputs if port.name not in explained)
        self._memory = memory
        self._states: dict[str, AnyArray] = {}
        self.is_held = False
        """Whether what a recurrent network remembers stays what it is, whatever it is shown (questions to a model)."""
        layout = package.manifest.input.layout
        self._fixed_batch = self._port.shape[layout.index("N")] if "N" in layout else 1
        self._layouts: dict[int, str | None] = {}
        self._counted: int | None = None

    @property
    def session(self) -> Session:
        """What it feeds."""
        return self._session

    @property
    def batch(self) -> int:
        """How many slices or tiles it takes at once."""
        return self._fixed_batch or (self._manifest.input.tiling or self._manifest.input).batch

    def answers(self, values: AnyArray, names: Sequence[str | None], checkpoint: Checkpoint) -> list[AnyArray]:
        """Raw outputs (``names``; None is the first) for ``values`` (n, spatial…[, 3]); all finite.

        Where the graph's batch is fixed, the last item is repeated and the surplus cut off again.
        """
        (raw,) = [[one.copy() for one in raw] for raw in self.answers_each([values], names, checkpoint)]
        return raw

    def answers_each(
        self, items: Iterable[AnyArray], names: Sequence[str | None], checkpoint: Checkpoint
    ) -> Generator[list[AnyArray], None, None]:
        """As :meth:`answers` for each of ``items``, some of which may be taken before the first is answered.

        A network that remembers takes one at a time: its next input is what it gave. Close the iterator where it is not
        used up.
        """
        wanted = [name if name is not None else self._session.outputs[0].name for name in names]
        if self._manifest.input.states:
            for values in items:
                yield self._remembering(values, wanted, checkpoint)
            return
        feeds = (self._feeds(values) for values in items)
        with closing(self._session.run_each(feeds, wanted, checkpoint)) as answers:
            for raw in answers:
                for name, output in zip(wanted, raw, strict=True):
                    self._check_finite(name, output)
                yield raw

    def _feeds(self, values: AnyArray) -> dict[str, AnyArray]:
        """The tensor, and what is fed beside it."""
        tensor = self._tensor(values)
        if not self._manifest.input.constants:
            return {self._port.name: tensor}
        ports = {port.name: port for port in self._session.inputs}
        sizes = dict(zip(self._manifest.input.layout, tensor.shape, strict=True))
        beside = {one.input: constant_of(one.value, ports[one.input], sizes) for one in self._manifest.input.constants}
        return {self._port.name: tensor, **beside}

    def _tensor(self, values: AnyArray) -> AnyArray:
        count = len(values)
        if self._fixed_batch is not None and count < self._fixed_batch:
            values = np.concatenate([values, np.repeat(values[-1:], self._fixed_batch - count, axis=0)])
        dtype = DTYPES[self._port.type]
        low, high = range_of(values, dtype)
        if low is not None:
            text = (
                f"{self._session.name} takes {np.dtype(dtype).name}; the manifest's steps give values from {low:.4g} to {high:.4g}, "
                "which do not fit into that."
            )
            raise self.failed("input_out_of_range", text)
        return to_tensor(values, self._manifest.input, dtype)

    def _remembering(self, values: AnyArray, wanted: list[str], checkpoint: Checkpoint) -> list[AnyArray]:
        feeds = self._feeds(values)
        states = self._manifest.input.states
        tensor = feeds[self._port.name]
        feeds |= {state.input: self._state(state, tensor) for state in states}
        names = [*wanted, *(state.output for state in states)]
        raw = self._session.run(feeds, names, checkpoint)
        for name, output in zip(names, raw, strict=True):
            self._check_finite(name, output)
        if not self.is_held:
            for state, output in zip(states, raw[len(wanted) :], strict=True):
                # Kept apart: what the session gave may be its own memory, used again by the next call.
                self._states[state.input] = output.copy()
        return raw[: len(wanted)]

    def remember_as(self, other: Network) -> Self:
        """With what another one of the same package remembers, held or not."""
        self._states, self.is_held = dict(other._states), other.is_held
        return self

    def look_at(self, row: int) -> None:
        """The next answer is about this slice: where time points are carried on, its own memory counts."""
        if self._memory is not None:
            self._states = self._memory.setdefault(row, {})

    def _state(self, state: State, tensor: AnyArray) -> AnyArray:
        """What was carried, or the start."""
        known = self._states.get(state.input)
        if known is not None:
            return known
        port = next(one for one in self._session.inputs if one.name == state.input)
        sizes = dict(zip(self._manifest.input.layout, tensor.shape, strict=True))
        given = state.shape or tuple(size or 1 for size in port.shape)
        shape = [sizes[size] if isinstance(size, str) else size for size in given]
        return np.full(shape, state.start, dtype=DTYPES[port.type])

    def dense(self, values: AnyArray, name: str | None, stride: Sequence[Stride], checkpoint: Checkpoint) -> AnyArray:
        """An output as (n, channels, spatial…) float32, its size checked against the input's over ``stride``."""
        (found,) = [answer.copy() for _, answer in self.dense_each([(None, values)], name, stride, checkpoint)]
        return found

    def dense_each(
        self,
        items: Iterable[tuple[T, AnyArray]],
        name: str | None,
        stride: Sequence[Stride],
        checkpoint: Checkpoint,
    ) -> Generator[tuple[T, AnyArray], None, None]:
        """As :meth:`dense` for each of ``items``, beside what it came with; taken ahead as :meth:`answers_each` does."""
        ways = self.ways_to_mirror()
        asked: deque[tuple[T, tuple[int, ...]]] = deque()

        def views() -> Iterator[AnyArray]:
            for tag, values in items:
                asked.append((tag, values.shape))
                for axes in ways:
                    yield np.flip(values, tuple(axis + 1 for axis in axes)) if axes else values

        with closing(self.answers_each(views(), [name], checkpoint)) as answers:
            while (raw := next(answers, None)) is not None:
                tag, shape = asked.popleft()
                total = self._as_dense(raw[0], shape, name, stride)
                if len(ways) > 1:
                    # As nnU-Net: the mean of the raw answers to the tensor and to each way of mirroring it, turned back.
                    total = total.copy()
                    for axes in ways[1:]:
                        answer = self._as_dense(next(answers)[0], shape, name, stride)
                        answer = np.flip(answer, tuple(axis + 2 for axis in axes)) if axes else answer
                        total = total + answer
                    total = total / np.float32(len(ways))
                yield tag, total

    def ways_to_mirror(self) -> list[tuple[int, ...]]:
        """Not at all, and then every set of the axes of test-time mirroring."""
        mirrored = self._manifest.input.mirror
        return [axes for count in range(len(mirrored) + 1) for axes in combinations(mirrored, count)]

    def _as_dense(self, output: AnyArray, given: Sequence[int], name: str | None, stride: Sequence[Stride]) -> AnyArray:
        """A raw output for values of the shape ``given`` (n, spatial…[, 3]) as :meth:`dense` gives it."""
        count = given[0]
        if output.ndim not in self._layouts:
            self._layouts[output.ndim] = answer_layout(self._manifest, output.ndim)
        layout = self._layouts[output.ndim]
        if layout is None:
            raise self.wrong_shape(name, output.shape, "its axes are not those of its input")
        if layout not in {"NCHW", "NCDHW"}:
            output = output.transpose([layout.index(letter) for letter in "NCDHW" if letter in layout])
            if "N" not in layout:
                output = output[None]
            if "C" not in layout:
                output = output[:, None]
        self._check_count(output.shape[1], name)
        expected = tuple(size if s == 1 else int(-(-size // s)) for size, s in zip(given[1:], stride, strict=False))
        if output.shape[2:] != expected or len(output) < count:
            raise self.wrong_shape(name, output.shape, f"{expected} were due")
        return output[:count].astype(np.float32, copy=False)

    def _check_count(self, channels: int, name: str | None) -> None:
        """Of graphs that do not say how many channels they give: are they those of the manifest."""
        if channels == self._counted or name != getattr(self._manifest.output, "name", None):
            return
        try:
            _check_channels(self._package, channels)
        except MedviewError as error:
            raise self.failed("output_wrong_shape", f"{self._session.name}: {error.text}") from error
        self._counted = channels

    def wrong_shape(self, name: str | None, shape: Sequence[int], why: str) -> MedviewError:
        """The error for an answer that has not the promised shape."""
        which = name or self._session.outputs[0].name
        text = f"{self._session.name} answered {which} with the wrong shape {tuple(shape)}: {why}."
        return self.failed("output_wrong_shape", text)

    def failed(self, code: str, text: str) -> MedviewError:
        """A failed run with the network's file."""
        return MedviewError(code, text, self._session.path, ExitCode.RUN_FAILED)

    def _check_finite(self, name: str, output: AnyArray) -> None:
        if output.dtype.kind not in "fiub":
            raise self.failed("output_wrong_type", f"{self._session.name} answered {name} with {output.dtype}.")
        if output.size == 0 or output.dtype.kind != "f":
            return
        # NaN survives min and max, so two quick passes see it and both infinities.
        if not (np.isfinite(output.min()) and np.isfinite(output.max())):
            text = f"{self._session.name} answered {name} with values that are not numbers (NaN or infinity)."
            raise self.failed("output_not_finite", text)
