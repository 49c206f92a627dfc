"""Studies that were opened before: remembered with a small picture, found by words, opened again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medview.app import hanging

if TYPE_CHECKING:
    from collections.abc import Callable

    from medview.app.workspace import Workspace
    from medview.core.study import Study
    from medview.store.study_store import RecentStudy

EDGE = 96
"""Pixels of the picture."""


class RecentStudies:
    """The list of studies that the store keeps for a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def remember(self, studies: Sequence[Study], paths: Sequence[str]) -> None:
        """Put studies that were just opened from ``paths`` at the head of the list."""
        places = [str(Path(path).absolute()) for path in paths]
        for study in studies:
            stacks = [stack for series in study.series for stack in series.stacks]
            if not stacks:
                continue
            modalities = sorted({series.context.modality for series in study.series if series.context.modality})
            content = {
                "study_uid": study.study_uid,
                "patient_id": study.patient.patient_id,
                "name": study.patient.name,
                "birth_date": study.patient.birth_date,
                "sex": study.patient.sex,
                "date": study.date,
                "description": study.description,
                "accession": study.accession,
                "modalities": modalities,
                "series": sorted({s.context.description for s in study.series if s.context.description})[:50],
                "images": sum(stack.frame_count for stack in stacks),
                "paths": places,
            }
            key = _key(study)
            self._workspace.keeping.record("study", key, content, study.study_uid)
            self._make_picture(study, key)

    def _make_picture(self, study: Study, key: str) -> None:
        from medview.jobs.queue import Lane

        choice = hanging.first_choice((study,))
        if choice is None or choice[2].whole is not None:
            return  # a file that is only read as a whole is not read for a small picture
        stack, workspace = choice[2], self._workspace
        read, store = workspace.read_frame, workspace.keeping.store

        def draw(_progress: Any) -> bytes:
            from medview.app.thumbnails import make_thumbnail
            from medview.formats.picture_writing import png_bytes

            return png_bytes(make_thumbnail(stack, read, EDGE))

        def keep(picture: bytes) -> None:
            workspace.jobs.submit(
                "marks",
                lambda _progress: store.keep_thumbnail(key, picture),
                Lane.KEEPING,
                lambda _none: None,
                lambda _error: None,  # the list says what it is without a picture too
            )

        workspace.jobs.submit("thumbnail", draw, Lane.PREFETCH, keep, lambda _error: None)

    def find(self, words: str, done: Callable[[tuple[RecentStudy, ...]], None], asker: str = "list") -> None:
        """Look for studies in the background; a later question of one asker takes the place of one that waits."""
        from medview.jobs.queue import Lane

        store = self._workspace.keeping.store
        self._workspace.jobs.submit(
            "marks",
            lambda _progress: store.recent(words),
            Lane.KEEPING,
            done,
            self._workspace.tell_error,
            supersedes=f"recent studies, {asker}",
        )

    def open(self, study: RecentStudy) -> None:
        """Open a study where it was found last; a notice where nothing is there any more."""
        from medview.jobs.queue import Lane

        paths = [path for path in study.content.get("paths", ()) if isinstance(path, str)]

        def go_on(there: list[str]) -> None:
            if there:
                self._workspace.open_paths(there)
                return
            where = ", ".join(paths)
            text = f"The study is not where it was: {where}. Its marks stay kept."
            self._workspace.tell("study_away", text, (where,))

        # A network folder may take its time to say that it is not there.
        self._workspace.jobs.submit(
            "scan",
            lambda _progress: [path for path in paths if Path(path).exists()],
            Lane.INTERACTION,
            go_on,
            self._workspace.tell_error,
        )


def _key(study: Study) -> str:
    from medview.store.entry import digest_of

    return digest_of("\0".join((study.study_uid, *study.patient.key)))[:32]
