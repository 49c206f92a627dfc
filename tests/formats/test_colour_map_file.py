"""Colour maps of the reader's own: the kinds of file that are taken, and what is said of those that are broken."""

from __future__ import annotations

import numpy as np
import pytest

from medview.app.colour_maps import ColourMaps, map_for_render, own_folder
from medview.core.colour_map import built_in_map
from medview.core.problem import MedviewError
from medview.formats.colour_map_file import read_colour_map

RED = np.arange(256)
TABLE = np.stack([RED, 255 - RED, RED // 2], axis=1)


def test_every_kind_of_file_gives_the_same_map(tmp_path) -> None:
    rows = TABLE.tolist()
    files = {
        "comma.csv": "red,green,blue\n" + "\n".join(",".join(map(str, row)) for row in rows),
        "blanks.lut": "# mine\n" + "\n".join("\t".join(map(str, row)) for row in rows) + "\n\n",
        "semicolon.txt": "\r\n".join(";".join(map(str, row)) + ";" for row in rows),
        "fractions.csv": "\n".join(",".join(f"{value / 255:.6f}" for value in row) for row in rows),
        "placed.csv": "\n".join(",".join(map(str, (at, *row))) for at, row in enumerate(rows)),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "imagej.lut").write_bytes(TABLE.T.astype(np.uint8).tobytes())
    (tmp_path / "nih.lut").write_bytes(b"ICOL" + bytes(28) + TABLE.T.astype(np.uint8).tobytes())
    for path in tmp_path.iterdir():
        assert np.array_equal(read_colour_map(path).table, TABLE), path.name
    (tmp_path / "two.csv").write_text("0,0,0\n255,128,0\n")
    table = read_colour_map(tmp_path / "two.csv").table
    assert table[[0, 128, 255]].tolist() == [[0, 0, 0], [128, 64, 0], [255, 128, 0]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"1,2,3\n4,5\n", "line 2 has 2 numbers"),
        (b"1,2,3\n4,5,300\n", "line 2 has a colour that is not between 0 and 255"),
        (b"1,2,3\n4,nan,3\n", "line 2 has a colour"),
        (b"a,b,c\nd,e,f\n", "line 2 holds something else than numbers"),
        (b"1,2,3\n", "fewer than two colours"),
        (b"", "fewer than two colours"),
        (b"1,0,0,0\n1,9,9,9\n", "do not grow"),
        (bytes(range(200, 256)) * 3, "neither a text nor"),
    ],
)
def test_a_broken_file_is_named_with_what_is_wrong(tmp_path, content, words) -> None:
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises(MedviewError) as caught:
        read_colour_map(path)
    assert caught.value.code == "bad_colour_map"
    assert words in caught.value.text
    assert str(path) in caught.value.text


def test_own_maps_are_kept_in_the_readers_folder_and_broken_ones_left_out(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("MEDVIEW_HOME", str(tmp_path / "home"))
    path = tmp_path / "Lab colours.csv"
    path.write_text("0,0,0\n255,0,255\n")
    maps = ColourMaps()
    assert maps.own == ()
    made = maps.add(str(path))
    assert made.id == "file:Lab colours"
    assert maps.get(made.id) == maps.own[0]
    (own_folder() / "bad.csv").write_text("nonsense")
    again = ColourMaps()
    assert [one.id for one in again.own] == ["file:Lab colours"]
    assert [error.code for error in again.problems] == ["bad_colour_map"]
    assert map_for_render("file:Lab colours").entries == made.entries
    assert map_for_render(str(path)).entries == made.entries
    assert map_for_render("pet") == built_in_map("pet")
    with pytest.raises(MedviewError, match="hot-iron"):
        map_for_render("nothing")
