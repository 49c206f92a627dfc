"""Results that another window of the same reader made or discarded meanwhile, taken in without opening the study again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from medview.app.correction import PREFIX

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.core.finding import InferenceResult, Provenance

Stamp = tuple[int, int, int]


class ResultsElsewhere:
    """Looks at the folders of kept results of the series that are open; reads what is not known here, and nothing else.

    A segmentation that a reader draws stays with its window until the study is opened again.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._seen: dict[str, tuple[Stamp, Provenance | None]] = {}
        """By path: the file as it was seen last, and which result is in it."""
        self._looking = False

    def look_again(self) -> None:
        """Take in what is there now; told where it is another than before."""
        from medview.jobs.queue import Lane

        workspace = self._workspace
        series = [one for study in workspace.studies for one in study.series]
        uids = tuple(dict.fromkeys(one.series_uid for one in series if one.series_uid and one.stacks))
        if self._looking or not uids:
            return
        self._looking = True
        stacks = {stack.id for one in series for stack in one.stacks}
        here = {made.provenance for stack in stacks for made in workspace.results.of(stack)}
        seen = dict(self._seen)

        def work(_progress: Any) -> tuple[dict[str, tuple[Stamp, Provenance | None]], list[InferenceResult]]:
            from medview.store.results import kept_files, kept_provenance, kept_result

            now: dict[str, tuple[Stamp, Provenance | None]] = {}
            found: list[InferenceResult] = []
            for path, stamp in (one for uid in uids for one in kept_files(uid).items()):
                known = seen.get(path)
                if known is not None and known[0] == stamp:
                    now[path] = known
                    continue
                made = kept_provenance(path)
                now[path] = (stamp, made)
                if made is None or made in here or made.stack_id not in stacks or made.package_id.startswith(PREFIX):
                    continue
                result = kept_result(path)
                found += [] if result is None else [result]
            return now, found

        def done(answer: tuple[dict[str, tuple[Stamp, Provenance | None]], list[InferenceResult]]) -> None:
            self._looking = False
            now, found = answer
            before, self._seen = self._seen, now
            held = {made for _stamp, made in now.values()}
            gone = [made for _stamp, made in before.values() if made is not None and made not in held]
            self._take_away([made for made in gone if made.series_uid in uids])
            self._take_in(found)

        def failed(_error: BaseException) -> None:
            self._looking = False  # it is looked again the next time

        workspace.jobs.submit("results", work, Lane.PREFETCH, done, failed)

    def _take_in(self, found: list[InferenceResult]) -> None:
        workspace = self._workspace
        new = [one for one in sorted(found, key=lambda one: one.provenance.finished_at) if workspace.results.add(one)]
        for one in new:
            workspace.results_changed.emit(one.provenance.stack_id)
        if new:
            names = ", ".join(dict.fromkeys(one.provenance.package_name for one in new))
            text = f"Another window has new results of this study: {names}."
            workspace.withdraw("results_from_elsewhere")
            workspace.tell("results_from_elsewhere", text, (names,))

    def _take_away(self, gone: list[Provenance]) -> None:
        """What was discarded there; a newer run of the same package has taken its place here already."""
        workspace = self._workspace
        names = []
        for made in gone:
            known = next((one for one in workspace.results.of(made.stack_id) if one.provenance == made), None)
            if known is None or workspace.corrections.of_result(known) is not None:
                continue
            workspace.results.remove(known)
            workspace.results_changed.emit(made.stack_id)
            names.append(made.package_name)
        if names:
            said = ", ".join(dict.fromkeys(names))
            workspace.withdraw("results_gone_elsewhere")
            workspace.tell(
                "results_gone_elsewhere", f"Another window discarded results of this study: {said}.", (said,)
            )
