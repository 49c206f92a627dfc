"""Addresses and links of a desktop: what they mean, and what they are refused for."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from medview.app import handover
from medview.app.links import StudyLink, is_address, parse_link, paths_of_address, paths_of_words
from medview.core.folders import leave_no_traces, portable_folder, user_folder
from medview.core.problem import MedviewError

UID = "1.2.826.0.1.3680043.8.498.1"


def code_of(word: str, *folders: str) -> str:
    with pytest.raises(MedviewError) as caught:
        paths_of_address(word, folders)
    return caught.value.code


@pytest.mark.skipif(os.name == "nt", reason="paths of this form are POSIX's")
def test_a_file_address_is_its_path() -> None:
    assert paths_of_address("file:///tmp/a%20b/%E8%83%B8", ()) == ["/tmp/a b/胸"]
    assert paths_of_address("FILE://localhost/tmp/x", ()) == ["/tmp/x"]
    assert os.fsencode(paths_of_address("file:///tmp/%ff", ())[0]) == b"/tmp/\xff"
    assert code_of("file://elsewhere/share/x") == "bad_link"
    assert code_of("file:///tmp/%00x") == "bad_link"


def test_a_link_names_a_study_and_perhaps_its_patient() -> None:
    assert parse_link(f"medview://open?study={UID}") == StudyLink(UID)
    assert parse_link(f"medview://open/?patient=A%2012&study={UID}") == StudyLink(UID, "A 12")


@pytest.mark.parametrize(
    "word",
    [
        "medview://open",
        "medview://open?study=",
        "medview://open?study=1.2.03",
        "medview://open?study=1.2/../../etc",
        f"medview://open?study={'1.' * 40}1",
        f"medview://open?study={UID}&study={UID}",
        f"medview://open?study={UID}&url=https://elsewhere/study",
        f"medview://open?study={UID}&patient=",
        f"medview://open?study={UID}&patient=a%0Ab",
        f"medview://open?study={UID}&patient=a%5C..%5Cb",
        f"medview://run?study={UID}",
        f"medview://user@open?study={UID}",
        f"medview://open/etc/passwd?study={UID}",
        f"medview://open?study={UID}#x",
        f"medview://open?study={UID}&patient=%ff",
        f"medview://open?study={UID}&patient=" + "9" * 3000,
        "medview://[open?study=1.2",
    ],
)
def test_any_other_link_is_refused(word: str) -> None:
    assert code_of(word) == "bad_link"


def test_a_study_is_found_in_the_configured_folders_alone(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    place = inside / "patient" / UID
    place.mkdir(parents=True)
    (outside / "1.2.3").mkdir(parents=True)
    word = f"medview://open?study={UID}"
    assert paths_of_address(word, [str(tmp_path / "missing"), str(inside)]) == [str(place)]
    assert code_of("medview://open?study=1.2.3", str(inside)) == "study_not_found"
    assert code_of(word) == "study_not_found"
    assert paths_of_words(["plain", word], [str(inside)]) == ["plain", str(place)]


@pytest.mark.skipif(os.name == "nt", reason="links to folders need rights on Windows")
def test_a_symbolic_link_leads_to_no_other_place(tmp_path: Path) -> None:
    (tmp_path / "outside" / UID).mkdir(parents=True)
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "way").symlink_to(tmp_path / "outside")
    (tmp_path / "inside" / UID).symlink_to(tmp_path / "outside" / UID)
    assert code_of(f"medview://open?study={UID}", str(tmp_path / "inside")) == "study_not_found"


def test_the_patient_must_be_the_one_in_the_images(tmp_path: Path) -> None:
    first = tmp_path / "first"
    uid = written(first, "link", "P-7")
    first.rename(tmp_path / uid)
    word = f"medview://open?study={uid}&patient="
    assert paths_of_address(word + "P-7", [str(tmp_path)]) == [str(tmp_path / uid)]
    assert code_of(word + "P-8", str(tmp_path)) == "wrong_patient"


def written(folder: Path, seed: str, patient: str) -> str:
    """A study of one image; its UID."""
    import numpy as np

    from medview.app.open_paths import open_all
    from medview.dicom.write_ct import CtDescription, write_ct_series

    folder.mkdir(parents=True)
    made = CtDescription(
        patient_name="A^B", patient_id=patient, uid_seed=seed, study_description="", series_description=""
    )
    write_ct_series(folder, np.zeros((1, 8, 8), np.int16), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), made)
    return open_all([str(folder)]).studies[0].study_uid


def test_a_study_that_was_opened_before_is_found_without_a_configured_folder(tmp_path: Path) -> None:
    from medview.store.entry import new_entry
    from medview.store.study_store import StudyStore

    asked = written(tmp_path / "day" / "a", "asked", "P-7")
    written(tmp_path / "day" / "b", "beside", "P-8")
    store = StudyStore(tmp_path / "store")
    word = f"medview://open?study={asked}"

    def refused(words: str) -> str:
        with pytest.raises(MedviewError) as caught:
            paths_of_address(words, (), store)
        return caught.value.code

    assert refused(word) == "study_not_found"
    content = {"study_uid": asked, "paths": [str(tmp_path / "day"), str(tmp_path / "gone")]}
    store.write([new_entry("study", "key", content, study=asked, series=asked)])
    # The folder that was opened holds another patient's study too, which the link does not ask for.
    images = sorted(str(path) for path in (tmp_path / "day" / "a").iterdir())
    assert paths_of_address(word, (), store) == images
    assert paths_of_address(word + "&patient=P-7", (), store) == images
    assert refused(word + "&patient=P-8") == "wrong_patient"
    (tmp_path / "day").rename(tmp_path / "moved")
    assert refused(word) == "study_not_found"
    store.close()


def test_addresses_are_handed_over_as_they_are() -> None:
    sent = json.loads(handover.message([f"medview://open?study={UID}", "here", "file:///tmp/x"]))
    assert sent["paths"] == [f"medview://open?study={UID}", str(Path("here").absolute()), "file:///tmp/x"]
    assert not is_address("medviewer")


def test_a_portable_program_keeps_everything_beside_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDVIEW_HOME", raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "medview"))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert portable_folder() is None
    (tmp_path / "portable.txt").touch()
    assert user_folder() == tmp_path / "medview-data"
    names = ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    for name in names:
        monkeypatch.setenv(name, "/elsewhere")
    leave_no_traces()
    if sys.platform == "linux":
        assert all(Path(os.environ[name]).is_relative_to(tmp_path / "medview-data") for name in names)
    (tmp_path / "portable.txt").unlink()
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    leave_no_traces()
    assert os.environ["XDG_CACHE_HOME"] == "/elsewhere"
    (tmp_path / "portable.txt").touch()
    monkeypatch.delattr(sys, "frozen")
    assert portable_folder() is None  # a file of this name beside a Python says nothing
