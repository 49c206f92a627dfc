"""Classification: the right tensor, the right activation, the right name for each probability."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medview.core.problem import MedviewError
from medview.core.study import SeriesContext
from tests.inference import networks
from tests.inference.packages import about
from tests.inference.volumes import axial_geometry, made_package, run, stack_of, volume_of

RNG = np.random.default_rng(8)
WEIGHTS, OFFSETS = [1.0, -1.0, 0.5], [0.0, 0.3, 0.1]


def manifest(axes: Any = ("down", "right"), steps: Any = (), **output: Any) -> dict[str, Any]:
    given = {
        "unit": "display",
        "axes": list(axes),
        "layout": "NCHW",
        "steps": [{"step": "scale", "factor": 0.01}, *steps],
    }
    labels = [{"index": 2, "name": "two"}, {"index": 0, "name": "zero"}, {"index": 1, "name": "one"}]
    return about(
        "sorter", task="classification", input=given, output={"kind": "classification", "labels": labels, **output}
    )


def picture(slices: int = 1) -> Any:
    return volume_of(RNG.integers(0, 255, (slices, 30, 40)).astype(np.uint8), None, None)


def probabilities(package: Any, volume: Any) -> dict[str, float]:
    stack = stack_of(volume, "picture", SeriesContext(modality="DX"))
    return {line.label: line.probability for line in run(package, volume, stack).classification}


def logits_of(volume: Any) -> Any:
    means = volume.stored.reshape(len(volume.stored), -1).mean(axis=1) * 0.01
    return means[:, None] * np.array(WEIGHTS) + np.array(OFFSETS)


def test_softmax_of_the_logits_under_their_names(tmp_path: Path) -> None:
    volume = picture()
    found = probabilities(made_package(tmp_path, manifest(), networks.mean_classifier(WEIGHTS, OFFSETS)), volume)
    e = np.exp(logits_of(volume)[0])
    expected = e / e.sum()
    assert list(found) == ["two", "zero", "one"]
    assert found == pytest.approx({"zero": expected[0], "one": expected[1], "two": expected[2]}, abs=1e-5)


def test_sigmoid_gives_each_class_its_own(tmp_path: Path) -> None:
    volume = picture()
    package = made_package(tmp_path, manifest(activation="sigmoid"), networks.mean_classifier(WEIGHTS, OFFSETS))
    expected = 1 / (1 + np.exp(-logits_of(volume)[0]))
    assert probabilities(package, volume) == pytest.approx(
        {"zero": expected[0], "one": expected[1], "two": expected[2]}, abs=1e-5
    )


@pytest.mark.parametrize("over", ["mean", "maximum", "middle"])
def test_slices_are_joined(over: str, tmp_path: Path) -> None:
    volume = volume_of(RNG.integers(0, 255, (5, 30, 40)).astype(np.uint8), axial_geometry((5, 30, 40)))
    package = made_package(tmp_path, manifest(over_slices=over), networks.mean_classifier(WEIGHTS, OFFSETS))
    e = np.exp(logits_of(volume))
    each = e / e.sum(axis=1, keepdims=True)
    joined = {"mean": each.mean(axis=0), "maximum": each.max(axis=0), "middle": each[2]}[over]
    assert probabilities(package, volume)["one"] == pytest.approx(joined[1], abs=1e-5)


def test_probabilities_that_are_none(tmp_path: Path) -> None:
    package = made_package(tmp_path, manifest(activation="none"), networks.mean_classifier([9.0, 1, 1], OFFSETS))
    with pytest.raises(MedviewError) as caught:
        probabilities(package, picture())
    assert caught.value.code == "output_out_of_range"


def test_the_same_number_for_every_class_is_no_answer(tmp_path: Path) -> None:
    package = made_package(tmp_path, manifest(), networks.mean_classifier([0, 0, 0], [0.5, 0.5, 0.5]))
    with pytest.raises(MedviewError) as caught:
        probabilities(package, picture())
    assert caught.value.code == "output_constant"


def test_softmax_twice_is_refused(tmp_path: Path) -> None:
    package = made_package(tmp_path, manifest(), networks.mean_classifier([0, 0, 0], [0.2, 0.5, 0.3]))
    with pytest.raises(MedviewError) as caught:
        probabilities(package, picture())
    assert caught.value.code == "activation_twice"


def test_low_values_white_are_shown_white(tmp_path: Path) -> None:
    """A MONOCHROME1 radiograph reaches the network as it is seen, so that both ways of storing it give one answer."""
    from dataclasses import replace

    volume = picture()
    package = made_package(tmp_path, manifest(), networks.mean_classifier(WEIGHTS, OFFSETS))
    negative = replace(volume_of(255 - volume.stored, None, None), inverted=True)
    assert probabilities(package, negative) == pytest.approx(probabilities(package, volume), abs=1e-5)
