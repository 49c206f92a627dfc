"""Slices of a run are told as they are decided, the one that is looked at first, and the whole is the same in whatever order."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.finding import InferenceResult
from medview.core.problem import MedviewError
from medview.core.progress import no_progress
from medview.inference.onlooker import RunBegun, SlicesDecided
from medview.inference.request import InferenceRequest
from medview.inference.run import run_inference
from medview.inference.session import NetworkSession
from tests.inference import networks
from tests.inference.packages import about
from tests.inference.test_detection import boxes_manifest, detection
from tests.inference.test_sequences import trail
from tests.inference.volumes import axial_geometry, made_package, reorientations, run, stack_of, volume_of

Array = np.ndarray[Any, Any]


class Looking:
    """An onlooker that looks at one voxel after the other: ``wishes`` by how many slices were told."""

    def __init__(self, *wishes: tuple[float, float, float] | None) -> None:
        self.wishes = wishes
        self.begun: list[RunBegun] = []
        self.told: list[SlicesDecided] = []

    def looked_at(self) -> tuple[float, float, float] | None:
        return self.wishes[min(len(self.told), len(self.wishes) - 1)] if self.wishes else None

    def begin(self, begun: RunBegun) -> None:
        self.begun.append(begun)
        self.told = []

    def take(self, decided: SlicesDecided) -> None:
        self.told.append(decided)

    @property
    def order(self) -> list[int]:
        return [part.first + n for part in self.told for n in range(part.count)]

    @property
    def labels(self) -> Array:
        """Everything that was told, put together."""
        (begun,) = self.begun
        assert begun.labels is not None
        whole = begun.labels.copy()
        for part in self.told:
            places = (*(slice(None),) * begun.axis, slice(part.first, part.first + part.count))
            assert part.labels is not None
            whole[places] = part.labels
        return whole


def bright(tmp_path: Path, **more: Any) -> Any:
    given = {"unit": "HU", "axes": ["P", "L"], "layout": "NCHW", "steps": [], **more.pop("input", {})}
    output = {
        "kind": "segmentation",
        "rule": "threshold",
        "threshold": 0.5,
        "background": None,
        "labels": [{"index": 0, "value": 3, "name": "Bright"}],
        **more.pop("output", {}),
    }
    network = more.pop("network", None) or networks.threshold_network(2, 0.0, 0.02)
    return made_package(tmp_path, about("bright", task="segmentation", input=given, output=output, **more), network)


def noise(shape: tuple[int, int, int] = (9, 12, 14)) -> Any:
    values = np.random.default_rng(5).integers(-900, 900, shape).astype(np.int16)
    return volume_of(values, axial_geometry(shape))


def seen(package: Any, volume: Any, looking: Looking, opening: Any = None) -> InferenceResult:
    request = InferenceRequest(package, "1.2.3", "cpu")
    return run_inference(request, volume, stack_of(volume), no_progress, open_session=opening, onlooker=looking)


def test_the_slice_that_is_looked_at_comes_first_and_then_outward(tmp_path: Path) -> None:
    package, volume = bright(tmp_path), noise()
    looking = Looking((6.0, 5.0, 5.0))
    result = seen(package, volume, looking)
    assert looking.order == [6, 5, 7, 4, 8, 3, 2, 1, 0]
    assert result.segmentation is not None
    np.testing.assert_array_equal(looking.labels, result.segmentation.labels)
    plain = run(package, volume).segmentation
    assert plain is not None
    np.testing.assert_array_equal(plain.labels, result.segmentation.labels)
    assert plain.labels.any()


def test_it_follows_where_the_reader_goes(tmp_path: Path) -> None:
    looking = Looking(*[(0.0, 0.0, 0.0)] * 3, (8.0, 0.0, 0.0))
    seen(bright(tmp_path), noise(), looking)
    assert looking.order == [0, 1, 2, 8, 7, 6, 5, 4, 3]


@pytest.mark.parametrize(
    "more",
    [
        {"input": {"steps": [{"step": "z_score", "scope": "volume"}], "batch": 2}, "output": {"threshold": 0.501}},
        {
            "input": {"neighbours": 1},
            "output": {"activation": "sigmoid"},
            "network": networks.convolution(np.full((1, 3, 1, 1), 0.01, np.float32)),
        },
        {"input": {"tiling": {"size": [8, 8], "overlap": 0.5}, "batch": 4}},
        {"input": {"steps": [{"step": "resize", "size": [8, 8]}]}},
        {"input": {"steps": [{"step": "crop_above", "threshold": -800.0}, {"step": "resample", "spacing_mm": [1, 1]}]}},
    ],
    ids=["whole series in batches", "neighbours", "tiles", "resized", "cropped and resampled"],
)
def test_whatever_is_done_to_a_slice_the_parts_make_the_whole(more: dict[str, Any], tmp_path: Path) -> None:
    package, volume = bright(tmp_path, **more), noise()
    looking = Looking((4.0, 0.0, 0.0))
    result = seen(package, volume, looking)
    plain = run(package, volume)
    assert result.segmentation is not None
    assert plain.segmentation is not None
    assert looking.order[0] in {4, 5}
    assert sorted(looking.order) == list(range(9))
    assert 0 < result.segmentation.labels.mean() < 3
    np.testing.assert_array_equal(looking.labels, result.segmentation.labels)
    np.testing.assert_array_equal(plain.segmentation.labels, result.segmentation.labels)


def test_parts_lie_where_the_result_does_in_every_orientation(tmp_path: Path) -> None:
    package = bright(tmp_path, input={"axes": ["S", "P"]})  # sagittal slices of whatever is given
    count = 0
    for name, volume in reorientations(noise((4, 5, 6))):
        looking = Looking((1.0, 1.0, 1.0))
        result = seen(package, volume, looking)
        assert result.segmentation is not None
        np.testing.assert_array_equal(looking.labels, result.segmentation.labels, err_msg=name)
        assert looking.order[0] == 1, name
        count += 1
    assert count == 48


def test_a_run_that_will_fail_tells_nothing(tmp_path: Path) -> None:
    looking = Looking((3.0, 0.0, 0.0))
    with pytest.raises(MedviewError) as caught:
        seen(bright(tmp_path, network=networks.broken_network(2, "constant")), noise(), looking)
    assert caught.value.code == "output_constant"
    assert looking.told == []


def test_what_was_held_back_is_told_once_the_answers_are_sound(tmp_path: Path) -> None:
    values = np.zeros((5, 8, 8), np.int16)
    values[4] = np.arange(64).reshape(8, 8) * 10 - 300
    looking = Looking((0.0, 0.0, 0.0))
    seen(bright(tmp_path), volume_of(values, axial_geometry((5, 8, 8))), looking)
    assert looking.order == [0, 1, 2, 3, 4]


def test_boxes_are_told_slice_by_slice_and_joined_at_the_end(tmp_path: Path) -> None:
    box = np.array([[10, 3, 20, 9]], np.float32)
    described = boxes_manifest(merge={"iou": 0.5, "gap": 0, "minimum_slices": 2})
    package = made_package(tmp_path, described, networks.fixed_outputs(2, b=box, s=np.array([0.8], np.float32)))
    volume = noise((5, 24, 32))
    looking = Looking((3.0, 0.0, 0.0))
    result = seen(package, volume, looking)
    assert looking.order == [3, 2, 4, 1, 0]
    for part in looking.told:
        (found,) = part.findings
        assert found.k == part.first
        np.testing.assert_allclose(found.box_voxel, [(part.first - 0.5, 2.5, 9.5), (part.first + 0.5, 8.5, 19.5)])
    assert len({found.id for part in looking.told for found in part.findings}) == 5
    (joined,) = result.findings
    assert (joined.box_voxel[0][0], joined.box_voxel[1][0]) == (-0.5, 4.5)
    assert result.findings == run(package, volume).findings


def test_what_remembers_from_slice_to_slice_goes_in_order(tmp_path: Path) -> None:
    state = {"input": "h", "output": "h_next", "shape": [1, 1, "H", "W"], "start": -1000}
    output = {"activation": "sigmoid", "name": "y"}
    package = bright(tmp_path, network=trail(), input={"states": [state]}, output=output)
    looking = Looking((3.0, 0.0, 0.0))
    volume = noise((5, 8, 8))
    result = seen(package, volume, looking)
    plain = run(package, volume)
    assert looking.order == [0, 1, 2, 3, 4]
    assert result.segmentation is not None
    assert plain.segmentation is not None
    np.testing.assert_array_equal(result.segmentation.labels, plain.segmentation.labels)


class Ahead(NetworkSession):
    """Takes three questions before it answers the first, as the session in another process does."""

    most = 0

    def run_each(
        self, feeds: Iterable[Mapping[str, Array]], names: Sequence[str], checkpoint: Any
    ) -> Generator[list[Array], None, None]:
        source, taken = iter(feeds), deque[Mapping[str, Array]]()
        while True:
            while len(taken) < 3 and (feed := next(source, None)) is not None:
                taken.append({name: array.copy() for name, array in feed.items()})
            Ahead.most = max(Ahead.most, len(taken))
            if not taken:
                return
            yield self.run(taken.popleft(), names, checkpoint)


@pytest.mark.parametrize("tiling", [None, {"size": [16, 16], "overlap": 0.0}], ids=["slices", "tiles"])
@pytest.mark.parametrize("mirror", [[], [1]], ids=["as it is", "mirrored too"])
def test_boxes_are_asked_for_ahead(tiling: Any, mirror: list[int], tmp_path: Path) -> None:
    """Each answer belongs to its own slice, tile and view, however far ahead the next ones were taken."""
    output = {"kind": "boxes", "boxes_output": "b", "scores_output": "s", "labels": [{"index": 1, "name": "one"}]}
    described = detection(["P", "L"], output | {"nms_iou": 0.9}, mirror=mirror)
    if tiling is not None:
        described["input"]["tiling"] = tiling
    package = made_package(tmp_path, described, networks.box_around_brightest())
    volume = noise((6, 32, 32))
    Ahead.most = 0
    ahead = seen(package, volume, Looking((5.0, 0.0, 0.0)), lambda one, device, threads, _: Ahead(one, device, threads))
    assert Ahead.most == 3
    assert ahead.findings == run(package, volume).findings
    assert len(ahead.findings) >= 6
    for found in ahead.findings:
        k, j, i = (round(at) for at in found.center_voxel)
        values = volume.stored[k]
        around = (slice(j // 16 * 16, j // 16 * 16 + 16), slice(i // 16 * 16, i // 16 * 16 + 16)) if tiling else ()
        assert values[j, i] == values[around].max()


def volume_package(tmp_path: Path, steps: list[Any], **output: Any) -> Any:
    given: dict[str, Any] = {"axes": ["S", "P", "L"], "layout": "NCDHW", "steps": steps}
    given["tiling"] = {"size": [4, 8, 8], "overlap": 0.5, "weights": "gaussian"}
    network = networks.affine_channels(3, [0.0, 0.01, 0.02], [0.0, 1.0, 0.0])
    labels = [{"index": 1, "name": "one"}, {"index": 2, "name": "two"}]
    told = {"rule": "argmax", "background": 0, "threshold": 0.5, "labels": labels, "activation": "softmax", **output}
    return bright(tmp_path, input=given, output=told, network=network)


VOLUME_STEPS: dict[str, list[Any]] = {
    "as they are": [],
    "finer": [{"step": "resample", "spacing_mm": [1.1, 0.6, 0.9]}],
    "coarser": [{"step": "resample", "spacing_mm": [2.5, 1.5, 1.5], "align": "edges"}],
    "cut out and filled up": [{"step": "crop_above", "threshold": 500.0}, {"step": "pad", "multiple": [4, 4, 4]}],
    "cut out and coarser": [
        {"step": "crop_above", "threshold": 500.0},
        {"step": "resample", "spacing_mm": [3.0, 1.0, 1.0]},
        {"step": "pad", "size": [12, 12, 12]},
    ],
}


def inner_noise() -> Any:
    """Values above 500 in the middle alone."""
    volume = noise((7, 9, 10))
    volume.stored[...] = np.minimum(volume.stored, 400)
    volume.stored[2:6, 2:7, 3:9] += 300
    return volume


@pytest.mark.parametrize("steps", VOLUME_STEPS.values(), ids=list(VOLUME_STEPS))
@pytest.mark.parametrize("restore", ["probabilities", "labels"])
def test_rows_of_a_volume_are_decided_as_the_whole_would_be(
    steps: list[Any], restore: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = volume_package(tmp_path, steps, restore=restore)
    for n, (name, volume) in enumerate(reorientations(inner_noise())):
        if n % 5:
            continue  # each of the orders and of the directions is among those that are left
        looking = Looking()
        with monkeypatch.context() as patched:
            patched.setattr("medview.inference.volume_labels.ROWS_AT_ONCE", 2)
            result = seen(package, volume, looking).segmentation
        assert result is not None
        with monkeypatch.context() as patched:
            patched.setattr("medview.inference.volume_labels.VolumeLabels.can", lambda _placement: False)
            whole = run(package, volume).segmentation
        assert whole is not None
        assert len(np.unique(whole.labels)) == 3
        np.testing.assert_array_equal(result.labels, whole.labels, err_msg=name)
        np.testing.assert_array_equal(looking.labels, result.labels, err_msg=name)
        assert len(looking.order) == looking.begun[0].count
        assert len(looking.told) > 1, name


@pytest.mark.parametrize(
    "steps",
    [
        [{"step": "z_score", "scope": "volume"}],
        [{"step": "clip", "low": -500.0, "high": 600.0}, {"step": "z_score", "scope": "volume", "only_nonzero": True}],
        [
            {"step": "offset", "value": 900.0},
            {"step": "min_max", "scope": "volume", "to": [-1.0, 1.0]},
            {"step": "resize", "size": [8, 8]},
        ],
        [{"step": "min_max", "scope": "volume"}, {"step": "z_score", "scope": "volume"}],
    ],
    ids=["score", "score of what is not 0", "range", "one after the other"],
)
@pytest.mark.parametrize("padded", [False, True])
def test_statistics_of_the_series_are_taken_without_holding_it(
    steps: list[Any], padded: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slice by slice the tensor holds the very numbers that it holds when the whole series is prepared at once."""
    package = bright(tmp_path, input={"steps": steps}, output={"threshold": 0.501})
    volume = noise()
    if padded:
        volume.stored[:, :3] = -2000
        volume = volume_of(volume.stored, volume.geometry, padding=(-2000, -2000))
    given: dict[bool, list[Array]] = {}
    for whole in (False, True):

        class Kept(NetworkSession):
            def run(self, feeds: Mapping[str, Array], names: Sequence[str], checkpoint: Any) -> list[Array]:
                given[whole].append(feeds["x"].copy())  # noqa: B023 - used at once
                return super().run(feeds, names, checkpoint)

        given[whole] = []
        with monkeypatch.context() as patched:
            if whole:
                patched.setattr("medview.inference.feed.by_rows", lambda one, _pieces: one)
            seen(package, volume, Looking((4.0, 0.0, 0.0)), lambda one, device, threads, _: Kept(one, device, threads))
    assert len(given[True]) == 9
    for alone, together in zip(given[False], given[True], strict=True):
        np.testing.assert_array_equal(alone, together)
