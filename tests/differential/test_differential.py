"""A few of the random series in every run of the suite; ``python -m tests.differential`` makes them by the thousand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.differential.families import FAMILIES
from tests.differential.judge import judge
from tests.differential.volume_files import check

SEEDS = 7
"""Of each family; of what is written quickly, some more."""


@pytest.mark.beside
@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_every_frame_of_a_random_series_is_what_it_was_made_as(tmp_path: Path, family: str) -> None:
    for seed in range(SEEDS):
        folder = tmp_path / str(seed)
        truth = FAMILIES[family](seed, folder)
        assert judge(folder, truth) == [], f"{truth.name}: {'; '.join(truth.words)}"


@pytest.mark.beside
@pytest.mark.parametrize("kind", ["nifti", "nrrd", "meta"])
def test_every_voxel_of_a_random_volume_file_lies_where_its_header_says(tmp_path: Path, kind: str) -> None:
    for seed in range(5 * SEEDS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        assert check(kind, seed, folder) == []


def test_the_judge_sees_what_is_wrong(tmp_path: Path) -> None:
    """A frame that lies elsewhere, has other values, is one too many, or belongs to another time point."""
    seed = next(s for s in range(99) if len(FAMILIES["classic"](s, tmp_path / f"{s}").frames) > 8)
    folder = tmp_path / f"{seed}"
    truth = FAMILIES["classic"](seed, folder)
    one, other, *_ = truth.frames.values()
    one.position[2] += 1
    assert any("mm off" in said for said in judge(folder, truth))
    one.position[2] -= 1
    other.values = other.values + 1
    assert any("modality values" in said for said in judge(folder, truth))
    other.values = other.values - 1
    assert judge(folder, truth) == []
    other.steps["made up"] = 1
    one.steps["made up"] = 2
    assert any("mixes made up" in said for said in judge(folder, truth))
    del truth.frames[next(iter(truth.frames))]
    with pytest.raises(KeyError):
        judge(folder, truth)
