"""The part of the oracle suite that runs with every test: files at hand that differ in some property, and made ones.

All files, and folders of your own: ``python -m tests.oracles [FOLDER …]``; here with MEDVIEW_ORACLES=whole.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from tests.oracles.dcmtk import has_dcmtk
from tests.oracles.display import compare_display
from tests.oracles.explained import Judgement, judge, read_explanations
from tests.oracles.facts import facts_of, read_header
from tests.oracles.grids import grid_series, legacy_converted
from tests.oracles.headers import all_headers, header_files
from tests.oracles.looks import BIG, all_looks, palette_files, written
from tests.oracles.overlays import compare_overlays, overlay_files
from tests.oracles.pictures import read_or_reason, show_file
from tests.oracles.run import ORACLES, run_tasks, tasks_of
from tests.oracles.segments import dcmqi_program
from tests.oracles.sources import default_roots, files_below
from tests.oracles.structures import structure_files
from tests.oracles.table import refusals, write_table
from tests.oracles.variants import Variant, bases, fault_of, grey, lossy_jpegs_of, variants_of
from tests.oracles.volumes import compare_series, dcm2niix_program, series_of

pytestmark = pytest.mark.beside

WHOLE = os.environ.get("MEDVIEW_ORACLES", "") == "whole"
MOST_REFUSED = 0.01

needs_dcmtk = pytest.mark.skipif(not has_dcmtk(), reason="DCMTK is not installed")
needs_dcm2niix = pytest.mark.skipif(dcm2niix_program() is None, reason="dcm2niix is not installed beside this Python")


def checked(judgement: Judgement) -> None:
    """Fail with the table where something is open or an explanation does not hold any more."""
    table = write_table(judgement)
    print(table)
    assert not judgement.open, table
    assert not judgement.vanished, table


def files_at_hand() -> list[tuple[Path, str]]:
    """All files, or one of each kind: those that agree in every fact are judged by the first of them."""
    files = list(files_below(default_roots()))
    if WHOLE:
        return files
    seen: Counter[tuple[object, ...]] = Counter()
    copies: set[tuple[str, int]] = set()
    kept = []
    for path, name in files:
        copy = (path.name, path.stat().st_size)
        facts = tuple(sorted((key, str(value)) for key, value in facts_of(read_header(path)).items()))
        seen[facts] += 1
        if copy not in copies and seen[facts] == 1:
            copies.add(copy)
            kept.append((path, name))
    return kept


@needs_dcmtk
@needs_dcm2niix
@pytest.mark.skipif(dcmqi_program() is None, reason="dcmqi is not installed beside this Python")
@pytest.mark.filterwarnings("ignore")
def test_medview_shows_what_the_oracles_show() -> None:
    """Every difference has an explanation, every explanation still holds, and medview refuses at most 1 %."""
    judgement = judge(run_tasks(tasks_of(files_at_hand(), ORACLES, 10**9 if WHOLE else 3), 2 if WHOLE else 1))
    checked(judgement)
    for oracle in ORACLES:
        refused, truthful = refusals(each for each in judgement.judged if each.outcome.oracle == oracle)
        assert truthful > (4 if oracle == "dcmqi" else 40)
        assert refused <= MOST_REFUSED * truthful


@needs_dcmtk
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", range(12) if WHOLE else (0, 2, 8, 10))
def test_other_tools_files_have_the_pixels_they_were_made_from(tmp_path: Path, number: int) -> None:
    base = bases(tmp_path)[number]
    assert fault_of(Variant(base.name, base.path, base.truth)) == ""
    made = list(variants_of(base, tmp_path))
    assert len(made) > 10
    faults = [f"{variant.name}: {fault}" for variant in made if (fault := fault_of(variant))]
    assert not faults, "\n".join(faults)
    checked(judge([compare_display(path, path.stem) for path in lossy_jpegs_of(base, tmp_path)]))


@needs_dcmtk
@pytest.mark.filterwarnings("ignore")
def test_looks_are_those_of_dcmtk(tmp_path: Path) -> None:
    checked(judge([compare_display(path, path.stem) for path in all_looks(tmp_path, 1 if WHOLE else 3)]))


@needs_dcmtk
@pytest.mark.filterwarnings("ignore")
def test_overlay_planes_are_those_of_dcmtk(tmp_path: Path) -> None:
    found = [compare_overlays(path, path.stem) for path in overlay_files(tmp_path)]
    assert len(found) == 15
    checked(judge([each for each in found if each is not None]))
    assert all(each is not None and each.compared for each in found)


@needs_dcmtk
@pytest.mark.filterwarnings("ignore")
def test_bad_headers_hide_no_pixels_that_dcmtk_shows(tmp_path: Path) -> None:
    found = {base.name: base.path for base in bases(tmp_path)}
    palette = next(path for path in palette_files(tmp_path) if path.stem == "palette-8-256-0-16")
    sources = [found["ct16s"], found["us8"], found["rgb0"], palette]
    if not WHOLE:
        sources = sources[2:3]
    checked(judge([compare_display(path, path.stem) for path in all_headers(sources, tmp_path)]))


@pytest.mark.parametrize("how", ["no-preamble", "doubled-vr"])
def test_a_palette_is_found_where_the_header_was_found(tmp_path: Path, how: str) -> None:
    """What needs care or has no preamble keeps its colours."""
    path = next(path for path in palette_files(tmp_path) if path.stem == "palette-8-256-0-16")
    truth = np.stack([frame.read() for frame in show_file(path).frames])
    raw = path.read_bytes()
    at = raw.index(b"\x28\x00\x01\x11US")
    damaged = raw[128:] if how == "no-preamble" else raw[: at + 4] + b"Us" + raw[at + 6 :]
    path.write_bytes(damaged)
    assert fault_of(Variant(how, path, truth)) == ""


def test_a_length_that_leads_among_zeros_does_not_hide_the_image(tmp_path: Path) -> None:
    """A VR that is none makes a length of what stands there; zeros in the middle of pixels are no padding at the end."""
    values = np.zeros((1, 64, 200), "u2")
    values[0, 60:] = 7
    path = written(tmp_path, "zeros", values[0], stored=12, PatientComments="")
    raw = path.read_bytes()
    at = raw.index(b"\x10\x00\x00\x40LT\x00\x00")
    path.write_bytes(raw[: at + 4] + b"LK\x00\x00" + raw[at + 8 :])  # as implicit: 19,276 bytes, among the zeros
    assert fault_of(Variant("zeros", path, values)) == ""
    assert "repaired_header" in {note.code for note in show_file(path).frames[0].stack.notes}


def test_frames_of_odd_size_in_swapped_words_begin_where_they_begin(tmp_path: Path) -> None:
    """PS3.5 7.3: big endian OW is swapped in words of 16 bits, so that a frame of odd size shares one with the next."""
    frames = np.stack([grey(0, 255, 37, 51, seed).astype("u1") for seed in (1, 2, 3)])
    path = written(tmp_path, "words", frames, frames=3, vr="OW", syntax=BIG)
    assert fault_of(Variant("words", path, frames)) == ""


@pytest.mark.filterwarnings("ignore")
def test_bad_headers_never_change_a_pixel_in_silence(tmp_path: Path) -> None:
    """Each frame is what it was, or a note says that something was assumed or left out, or it is refused."""
    kept = {base.name: base for base in bases(tmp_path) if base.name in {"ct16s", "us8", "rgb0"}}
    silent = []
    true = 0
    for name, base in kept.items():
        for path in header_files(base.path, tmp_path):
            shown = show_file(path).frames
            notes = {note.code for frame in shown for note in frame.stack.notes}
            for frame in shown:
                stored, _ = read_or_reason(frame)
                if stored is None:
                    continue
                expected = base.truth[frame.frame]
                same = stored.shape == expected.shape and np.array_equal(stored, expected)
                true += same
                if not same and not notes:
                    silent.append(f"{path.stem}: frame {frame.frame + 1} of {name}")
            if shown and len(shown) < len(base.truth) and not notes:
                silent.append(f"{path.stem}: {len(shown)} of {len(base.truth)} frames")
    assert not silent, "\n".join(silent)
    assert true > 200


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("keyword", ["SamplesPerPixel", "BitsAllocated"])
@pytest.mark.parametrize("how", ["no", "empty"])
def test_what_the_pixels_say_themselves_is_not_asked_of_the_header(tmp_path: Path, keyword: str, how: str) -> None:
    """PS3.3 C.7.6.3: RGB has three samples, and the length of native pixels tells the width of a cell."""
    base = next(base for base in bases(tmp_path) if base.name == "rgb0")
    path = next(path for path in header_files(base.path, tmp_path) if path.stem == f"rgb0-{how}-{keyword}")
    assert fault_of(Variant(path.stem, path, base.truth)) == ""
    assert "assumed_pixel_format" in {note.code for note in show_file(path).frames[0].stack.notes}


@needs_dcmtk
@pytest.mark.filterwarnings("ignore")
def test_odd_structures_hold_the_same_pixels(tmp_path: Path) -> None:
    base = next(base for base in bases(tmp_path) if base.name == "ct16s")
    files = list(structure_files(base, tmp_path))
    assert len(files) > 20
    faults = [f"{path.stem}: {fault}" for path in files if (fault := fault_of(Variant(path.stem, path, base.truth)))]
    assert not faults, "\n".join(faults)
    if WHOLE:
        checked(judge([compare_display(path, path.stem) for path in files]))


FEW = {"LPS", "RPS", "PSL", "ARI"}


@needs_dcm2niix
@pytest.mark.filterwarnings("ignore")
def test_grids_are_those_of_dcm2niix_and_of_the_tags(tmp_path: Path) -> None:
    outcomes = []
    for name, folder in [
        *grid_series(tmp_path, None if WHOLE else sorted(FEW)),
        ("legacy", legacy_converted(tmp_path / "legacy")),
    ]:
        for series in series_of(files_below([folder])):
            found = compare_series(series)
            assert found[1].compared == found[1].frames, name
            outcomes += found
    assert len(outcomes) == 2 * ((48 if WHOLE else len(FEW)) + 13)
    checked(judge(outcomes))


def test_the_list_says_why() -> None:
    """Each entry names a property, a reason, a clause, and who is right."""
    for each in read_explanations():
        assert each.by in {"medview", "oracle", "open", "choice"}, each.id
        assert each.oracle in {*ORACLES, "tags"}, each.id
        assert "path" not in each.when, each.id
