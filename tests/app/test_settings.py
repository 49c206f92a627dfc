"""Settings: what survives, what garbage becomes, what a disk that takes nothing does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from medview.app.settings import Settings, changed, load_settings, save_settings, settings_path
from medview.core.problem import ExitCode, MedviewError


def test_settings_survive() -> None:
    settings = changed(
        Settings(),
        language="zh_CN",
        theme="light",
        overlay_opacity=0.6,
        keys={"image.invert": ("Y",)},
        presets={"CT": (("Mine", 30.0, 90.0),)},
    )
    save_settings(settings)
    loaded, notes = load_settings()
    assert loaded == settings
    assert notes == ()


def test_nothing_on_disk_gives_defaults_without_a_word() -> None:
    assert load_settings() == (Settings(), ())


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", "\x00\xff", '"text"'])
def test_garbage_gives_defaults_and_a_notice(content: str) -> None:
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    settings_path().write_text(content, encoding="utf-8")
    settings, notes = load_settings()
    assert settings == Settings()
    assert [note.code for note in notes] == ["settings_unreadable"]
    assert str(settings_path()) in notes[0].text


def test_one_unsound_value_costs_that_value_only() -> None:
    settings_path().parent.mkdir(parents=True, exist_ok=True)
    content = {"theme": "light", "language": "klingon", "overlay_opacity": 7, "dimmed": "yes", "unknown": 1}
    settings_path().write_text(json.dumps(content), encoding="utf-8")
    settings, notes = load_settings()
    assert settings == changed(Settings(), theme="light")
    assert [note.code for note in notes] == ["settings_partly_unsound"]
    assert notes[0].values[1] == "language, dimmed, overlay_opacity"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@examples(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from([*Settings.__dataclass_fields__]), json_values))
def test_no_content_makes_loading_fail(tmp_path_factory: pytest.TempPathFactory, content: dict[str, object]) -> None:
    path = tmp_path_factory.getbasetemp() / "settings.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    settings, _notes = load_settings(path)
    save_settings(settings, path)
    assert load_settings(path)[0] == settings


def test_a_folder_that_takes_nothing_is_told_and_nothing_is_half_written(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(MedviewError) as caught:
        save_settings(Settings(), blocked / "settings.json")
    assert caught.value.code == "settings_not_written"
    assert caught.value.exit_code is ExitCode.CANNOT_WRITE
    assert str(blocked) in caught.value.text


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "settings.json"
    save_settings(changed(Settings(), theme="light"), path)

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(MedviewError, match="No space left"):
        save_settings(Settings(), path)
    assert load_settings(path)[0].theme == "light"
    assert [file.name for file in tmp_path.iterdir()] == ["settings.json"]


def test_a_change_outside_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match="overlay_opacity"):
        changed(Settings(), overlay_opacity=2.0)
