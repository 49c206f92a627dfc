"""Which colour maps there are, the reader's own among them, and which one a viewport draws with."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from medview.app.marked_text import QT_TRANSLATE_NOOP
from medview.core.colour_map import (
    GREY,
    INVERTED_GREY,
    ColourMap,
    built_in_map,
    built_in_maps,
    default_map_id,
)
from medview.core.folders import user_folder
from medview.core.problem import ExitCode, MedviewError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medview.app.viewport_state import ViewportState, ViewportView

TITLES = (
    QT_TRANSLATE_NOOP("ColourMap", "Grey"),
    QT_TRANSLATE_NOOP("ColourMap", "Inverted grey"),
    QT_TRANSLATE_NOOP("ColourMap", "Hot iron"),
    QT_TRANSLATE_NOOP("ColourMap", "PET"),
    QT_TRANSLATE_NOOP("ColourMap", "Hot metal blue"),
    QT_TRANSLATE_NOOP("ColourMap", "PET 20 steps"),
    QT_TRANSLATE_NOOP("ColourMap", "Rainbow"),
    QT_TRANSLATE_NOOP("ColourMap", "Viridis (even lightness)"),
)
"""The titles of the built-in maps, for the translators."""


def own_folder() -> Path:
    """Where the reader's own colour maps are kept."""
    return user_folder() / "colour-maps"


class ColourMaps:
    """The built-in maps and those in the reader's folder; a broken file there is named and left out."""

    def __init__(self) -> None:
        self._own: tuple[ColourMap, ...] | None = None
        self.problems: tuple[MedviewError, ...] = ()
        """Why files in the folder are not among the maps."""

    @property
    def own(self) -> tuple[ColourMap, ...]:
        """The reader's own maps, by name; the folder is read when they are first asked for."""
        if self._own is None:
            from medview.formats.colour_map_file import ENDINGS, read_colour_map

            found: list[ColourMap] = []
            broken: list[MedviewError] = []
            folder = own_folder()
            paths = sorted(folder.iterdir()) if folder.is_dir() else []
            for path in paths:
                if path.suffix.lower() in ENDINGS and path.is_file():
                    try:
                        found.append(read_colour_map(path))
                    except MedviewError as error:
                        broken.append(error)
            self._own, self.problems = tuple(found), tuple(broken)
        return self._own

    @property
    def all(self) -> tuple[ColourMap, ...]:
        """Every map in the order of the menu."""
        return (*built_in_maps(), *self.own)

    def get(self, id_: str) -> ColourMap | None:
        """A map by its id; those of the reader are only looked for where it is none of the built-in ones."""
        return built_in_map(id_) or next((one for one in self.own if one.id == id_), None)

    def add(self, path: str) -> ColourMap:
        """Take a file of the reader's into the folder; raises MedviewError where it is no map or cannot be kept."""
        from medview.formats.colour_map_file import read_colour_map

        source = Path(path)
        made = read_colour_map(source)
        folder = own_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            target = folder / source.name
            if not (target.exists() and target.samefile(source)):
                shutil.copyfile(source, target)
        except OSError as error:
            why = error.strerror or str(error)
            raise MedviewError(
                "colour_map_not_kept",
                f"{source.name} could not be kept in {folder}: {why}.",
                str(folder),
                ExitCode.CANNOT_WRITE,
                (source.name, str(folder), why),
            ) from error
        self._own = None
        return self.get(made.id) or made


def map_id_of(view: ViewportView) -> str:
    """The id of the map that a viewport draws with: the reader's choice, else the modality's."""
    if view.colour_map is not None:
        return view.colour_map
    stack = view.stack
    return GREY if stack is None else default_map_id(stack.context.modality, stack.inverted)


def is_turned(view: ViewportView) -> bool:
    """Whether the map itself turns black and white, on top of the file's and the reader's wish."""
    return map_id_of(view) == INVERTED_GREY and view.stack is not None and view.stack.components == 1


def colours_of(view: ViewportView, maps: ColourMaps) -> NDArray[np.uint8] | None:
    """(256, 3) of what is drawn; None for greys and for files whose pixels are colours already."""
    chosen = map_id_of(view)
    if chosen in {GREY, INVERTED_GREY} or view.stack is None or view.stack.components > 1:
        return None
    found = maps.get(chosen)
    return None if found is None else found.table


def choose_map(state: ViewportState, id_: str | None) -> None:
    """Draw with another map; None for the modality's."""
    state.update(colour_map=id_, invert=False)


def next_map(state: ViewportState, maps: ColourMaps, step: int = 1) -> None:
    """Go on to the next map of the menu, after the last one to the first."""
    if state.stack is None or state.stack.components > 1:
        return
    ids = [one.id for one in maps.all]
    now = map_id_of(state.view)
    at = ids.index(now) if now in ids else 0
    choose_map(state, ids[(at + step) % len(ids)])


def map_for_render(name: str) -> ColourMap:
    """A map by its id or by the path of a file; raises MedviewError."""
    maps = ColourMaps()
    found = maps.get(name)
    if found is not None:
        return found
    path = Path(name)
    if path.suffix and path.exists():
        from medview.formats.colour_map_file import read_colour_map

        return read_colour_map(path)
    known = ", ".join(one.id for one in maps.all)
    text = f"There is no colour map {name}: it is a file (.csv, .lut) or one of {known}."
    raise MedviewError("no_such_colour_map", text, exit_code=ExitCode.BAD_USE, values=(name, known))
