"""Which series is shown first, and how openings are merged."""

from __future__ import annotations

from dataclasses import replace

from medview.app.hanging import first_choice, hanging_order, neighbour_series
from medview.app.opening import merge_studies, successor
from medview.core.geometry import Geometry
from medview.core.study import PatientIdentity, Series, SeriesContext, Stack, Study
from medview.core.volume import ModalityTransform


class Frame:
    """A frame with a name only."""

    def __init__(self, path: str) -> None:
        self.path, self.frame, self.sop_uid, self.needs_codec = path, 0, path, False

    def read(self) -> None:
        raise AssertionError


def stack(name: str, slices: int, size: int = 512, with_geometry: bool = True, first: int = 0) -> Stack:
    directions = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (1.0, 1.0, 1.0))
    return Stack(
        id=name,
        kind="volume" if with_geometry else "frames",
        shape=(slices, size, size),
        timepoints=1,
        components=1,
        dtype="int16",
        frames=tuple(Frame(f"{name}/{at}") for at in range(first, first + slices)),
        transform=ModalityTransform(),
        geometry=Geometry.from_directions((slices, size, size), *directions) if with_geometry else None,
    )


def series(
    uid: str, one: Stack, number: int = 1, modality: str = "CT", types: tuple[str, ...] = (), scout: bool = False
) -> Series:
    context = SeriesContext(modality=modality, image_type=types)
    return Series(uid, number, context, len(one.frames), (one,), is_localizer=scout)


def study(*found: Series, date: str = "20260101", uid: str = "1", patient: str = "A") -> Study:
    return Study(uid, PatientIdentity(patient, patient), date, "", "", "", found)


def chosen(*studies: Study) -> str:
    choice = first_choice(studies)
    assert choice is not None
    return choice[1].series_uid


def test_the_largest_volume_comes_first() -> None:
    assert chosen(study(series("small", stack("a", 20)), series("large", stack("b", 300)))) == "large"


def test_a_localiser_is_never_first_even_where_it_is_larger() -> None:
    scout = series("scout", stack("a", 9, 2048), scout=True)
    assert chosen(study(scout, series("ct", stack("b", 5, 64)))) == "ct"
    assert chosen(study(scout)) == "scout", "but it is shown where there is nothing else"


def test_secondary_captures_and_reports_come_last() -> None:
    capture = series("capture", stack("a", 900, 1024), types=("DERIVED", "SECONDARY"))
    other = series("ot", stack("c", 900, 1024), modality="OT")
    assert chosen(study(capture, other, series("ct", stack("b", 5, 64)))) == "ct"


def test_a_dose_never_stands_before_images_that_were_made_anew() -> None:
    """Planning systems and converters write CT as DERIVED\\SECONDARY, which kept it back as far as its dose."""
    dose = series("1", stack("a", 40), number=1, modality="RTDOSE")
    ct = series("2", stack("b", 40), number=2, types=("DERIVED", "SECONDARY", "REFORMATTED"))
    assert chosen(study(dose, ct)) == chosen(study(ct, dose)) == "2"


def test_a_volume_comes_before_frames_without_geometry() -> None:
    cine = series("cine", stack("a", 900, 1024, with_geometry=False))
    assert chosen(study(cine, series("ct", stack("b", 5, 64)))) == "ct"


def test_the_newest_study_counts() -> None:
    old = study(series("old", stack("a", 500)), date="20200101", uid="1")
    new = study(series("new", stack("b", 20)), date="20260101", uid="2")
    assert chosen(old, new) == chosen(new, old) == "new"
    only_scout = study(series("scout", stack("c", 1), scout=True), date="20270101", uid="3")
    assert chosen(only_scout, old) == "old", "a newer study without images to read does not win"


def test_equal_series_are_chosen_by_number_whatever_their_order() -> None:
    first, second = series("one", stack("a", 9), number=1), series("two", stack("b", 9), number=2)
    assert chosen(study(first, second)) == chosen(study(second, first)) == "one"


def test_nothing_to_show() -> None:
    assert first_choice(()) is None
    empty = replace(series("sr", stack("a", 1)), stacks=())
    assert hanging_order((study(empty),)) == ()


def test_neighbours_follow_the_strip_and_stop_at_its_ends() -> None:
    both = study(series("one", stack("a", 9)), series("two", stack("b", 9)))
    following = neighbour_series((both,), "one", 1)
    assert following is not None
    assert following[1].series_uid == "two"
    assert neighbour_series((both,), "two", 1) is None
    assert neighbour_series((both,), "one", -1) is None
    assert neighbour_series((both,), "unknown", 1) is None


def test_a_second_opening_adds_and_replaces_by_series() -> None:
    known = study(series("one", stack("a", 9), number=2))
    again = study(series("one", stack("a", 12), number=2), series("zero", stack("z", 3), number=1))
    other = study(series("x", stack("x", 3)), uid="9", patient="B")
    merged = merge_studies((known,), (again, other))
    assert [[one.series_uid for one in found.series] for found in merged] == [["zero", "one"], ["x"]]
    assert merged[0].series[1].stacks[0].shape[0] == 12


def test_a_prior_stands_below_the_newer_study_of_its_patient_whichever_was_opened_first() -> None:
    def dated(uid: str, patient: str, date: str) -> Study:
        return replace(study(series(uid, stack(uid, 3)), uid=uid, patient=patient), date=date)

    opened = (dated("1", "A", "20240101"), dated("2", "B", "20200101"), dated("3", "A", "20260101"))
    assert [one.study_uid for one in merge_studies(opened[:1], opened[1:])] == ["3", "1", "2"]


def test_two_patients_under_one_study_uid_stay_two_studies() -> None:
    merged = merge_studies((study(series("one", stack("a", 9))),), (study(series("two", stack("b", 9)), patient="B"),))
    assert len(merged) == 2


def test_a_growing_stack_is_followed_by_its_frames_when_its_id_changes() -> None:
    shown = stack("a", 4)
    grown = replace(stack("a", 9), id="another id")
    beside = stack("b", 20)
    assert successor(replace(series("one", grown), stacks=(beside, grown)), shown) is grown
    assert successor(series("one", beside), shown) is None
