"""``medview render`` in colours and with a second series on top, against colours that are worked out anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image

from medview.core.colour_map import built_in_map
from medview.dicom.write_ct import CtDescription, write_ct_series
from tests.cli.running import Medview, medview

__all__ = ["medview"]

SPACE = "1.2.826.0.1.3680043.8.498.77"


def series(folder: Path, values: np.ndarray, spacing, origin, name: str, number: int, space: str = SPACE) -> None:
    folder.mkdir()
    description = CtDescription("Doe^Jane", "P-1", uid_seed=name, series_description=name, series_number=number)
    for file in write_ct_series(folder, values.astype(np.int16), spacing, origin, description):
        dataset = pydicom.dcmread(file)
        dataset.StudyInstanceUID, dataset.FrameOfReferenceUID = "1.2.826.0.1.3680043.8.498.78", space
        dataset.save_as(file, enforce_file_format=True)


def field(x, y, z):
    return 100 + 4 * x - 3 * y + 5 * z


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A flat CT of 1 mm, and over it a coarse grid of a field that grows in straight lines."""
    folder = tmp_path_factory.mktemp("fused")
    series(folder / "below", np.full((6, 40, 44), 40), (2.0, 1.0, 1.0), (-20.0, -18.0, 0.0), "below", 1)
    k, j, i = np.meshgrid(np.arange(8), np.arange(20), np.arange(22), indexing="ij")
    grid = field(-40 + 4 * i, -40 + 4 * j, -5 + 3 * k)
    series(folder / "above", grid, (3.0, 4.0, 4.0), (-40.0, -40.0, -5.0), "above", 2)
    series(folder / "apart", grid, (3.0, 4.0, 4.0), (-40.0, -40.0, -5.0), "apart", 3, SPACE + ".9")
    return folder


def stacks(medview: Medview, folder: Path) -> dict[str, str]:
    answer = medview("inspect", folder, "--json").json
    return {one["description"]: one["stacks"][0]["id"] for found in answer["studies"] for one in found["series"]}


def picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


@pytest.mark.parametrize("plane", [None, "coronal"])
def test_each_pixel_is_the_mix_of_both_series_at_its_place(
    medview: Medview, study: Path, tmp_path: Path, plane
) -> None:
    ids = stacks(medview, study)
    out = tmp_path / "fused.png"
    where = ("--frame", 3) if plane is None else ("--plane", "coronal", "--position", 1.3)
    answer = medview(
        "render", study, "--stack", ids["below"], *where, "--window", 40, 400, "--fuse", ids["above"], "--fuse-map", "pet",
        "--fuse-window", 100, 400, "--fuse-opacity", 0.7, "--no-fuse-fade", "--output", out, "--json",
    ).json  # fmt: skip
    assert answer["fusion"]["stack"] == ids["above"]
    assert answer["fusion"]["window"] == {"center": 100, "width": 400, "function": "LINEAR"}
    drawn = picture(out)
    rows, columns = np.mgrid[: drawn.shape[0], : drawn.shape[1]]
    if plane is None:
        x, y, z = -20 + columns, -18 + rows, 6.0
    else:
        x, y, z = -20 + columns, 1.3, 10.5 - rows  # square pixels of 1 mm, the first border at the volume's
    share = (field(x, y, z) - (100 - 0.5 - 199.5)) / 399
    index = np.clip(share * 255, 0, 255)
    table = built_in_map("pet").table.astype(float)
    below = round((40 - (40 - 0.5 - 199.5)) / 399 * 255)
    best = np.full(drawn.shape[:2], 999.0)
    for step in (-1.5, -0.75, 0, 0.75, 1.5):  # OpenCV's 1/32 px and rounding are a step of the map or so
        colour = table[np.clip(np.round(index + step), 0, 255).astype(int)]
        best = np.minimum(best, np.abs(drawn - (0.3 * below + 0.7 * colour)).max(axis=-1))
    assert best[2:-2, 2:-2].max() <= 2
    assert np.ptp(drawn[..., 0]) > 60


def test_a_colour_map_by_name_and_from_a_file(medview: Medview, study: Path, tmp_path: Path) -> None:
    ids = stacks(medview, study)
    common = ("render", study, "--stack", ids["above"], "--frame", 3, "--window", 100, 400)
    medview(*common, "--output", tmp_path / "grey.png")
    grey = picture(tmp_path / "grey.png")[..., 0]
    answer = medview(*common, "--colour-map", "hot-iron", "--output", tmp_path / "hot.png", "--json").json
    assert answer["colour_map"] == "hot-iron"
    assert np.array_equal(picture(tmp_path / "hot.png"), built_in_map("hot-iron").table[grey])
    medview(*common, "--colour-map", "inverted-grey", "--output", tmp_path / "turned.png")
    assert np.array_equal(picture(tmp_path / "turned.png")[..., 2], 255 - grey)
    (tmp_path / "own.csv").write_text("0,0,0\n255,0,100\n")
    medview(*common, "--colour-map", tmp_path / "own.csv", "--output", tmp_path / "own.png")
    assert np.abs(picture(tmp_path / "own.png")[..., 2] - grey * 100 / 255).max() <= 0.51
    (tmp_path / "own.csv").write_text("0,0,0\n255,0\n")
    broken = medview(*common, "--colour-map", tmp_path / "own.csv", "--output", tmp_path / "no.png", "--json")
    assert broken.code == 3
    assert broken.error["code"] == "bad_colour_map"
    unknown = medview(*common, "--colour-map", "none-such", "--output", tmp_path / "no.png", "--json")
    assert (unknown.code, unknown.error["code"]) == (2, "no_such_colour_map")
    assert not (tmp_path / "no.png").exists()


def test_another_space_is_refused(medview: Medview, study: Path, tmp_path: Path) -> None:
    ids = stacks(medview, study)
    out = tmp_path / "no.png"
    refused = medview(
        "render", study, "--stack", ids["below"], "--frame", 3, "--fuse", ids["apart"], "--output", out, "--json"
    )
    assert (refused.code, refused.error["code"]) == (3, "fusion_other_space")
    same = medview(
        "render", study, "--stack", ids["below"], "--frame", 3, "--fuse", ids["below"], "--output", out, "--json"
    )
    assert same.error["code"] == "fusion_same"
    wrong = medview(
        "render", study, "--stack", ids["below"], "--frame", 3, "--fuse", ids["above"], "--fuse-opacity", 3,
        "--output", out, "--json",
    )  # fmt: skip
    assert wrong.code == 2
    assert not out.exists()
