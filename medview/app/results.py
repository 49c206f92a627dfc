"""Results of models by stack, and how each is looked at: style of the overlay and threshold of the findings."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from medview.core.display import OverlayStyle
    from medview.core.finding import Finding, InferenceResult


def result_key(result: InferenceResult) -> str:
    """What tells one result from another, also after a restart."""
    made = result.provenance
    return f"{made.stack_id}/{made.package_sha256[:16]}/{made.finished_at}"


class Results:
    """Results of all stacks, newest last; a newer run of the same package replaces the older one on the screen."""

    def __init__(self) -> None:
        self._by_stack: dict[str, tuple[InferenceResult, ...]] = {}
        self.styles: dict[str, OverlayStyle] = {}
        """Styles that the reader changed, by `result_key`; a viewport that shows the stack later takes them over."""
        self.thresholds: dict[str, float] = {}
        """Scores that the reader chose to hide findings below, by `result_key`."""
        self._visible: dict[str, tuple[tuple[Finding, ...], float, tuple[Finding, ...]]] = {}
        """Findings, threshold and what that leaves, by `result_key`: asked for with every picture."""
        self._left: dict[str, int] = {}
        """Where results stood that were removed, by `result_key`: brought back, they stand there again."""

    def of(self, stack_id: str) -> tuple[InferenceResult, ...]:
        """Results of a stack, one for each package and time point, newest last."""
        return self._by_stack.get(stack_id, ())

    def stacks(self) -> tuple[str, ...]:
        """Stacks that have results."""
        return tuple(stack for stack, results in self._by_stack.items() if results)

    def add(self, result: InferenceResult) -> bool:
        """Take a result in; False where it, or a newer one of the same package and time, is there already."""
        made = result.provenance
        known = self.of(made.stack_id)
        same = [one for one in known if _place(one) == _place(result)]
        if any(one.provenance.finished_at > made.finished_at or one.provenance == made for one in same):
            return False
        others = tuple(one for one in known if _place(one) != _place(result))
        self._by_stack[made.stack_id] = self._with(others, result)
        return True

    def _with(self, others: tuple[InferenceResult, ...], result: InferenceResult) -> tuple[InferenceResult, ...]:
        at = self._left.pop(result_key(result), len(others))
        return (*others[:at], result, *others[at:])

    def put(self, result: InferenceResult) -> None:
        """Take in what a reader changed: in the place of the result with the same provenance, else as the newest."""
        made = result.provenance
        known = self.of(made.stack_id)
        if any(one.provenance == made for one in known):
            self._by_stack[made.stack_id] = tuple(result if one.provenance == made else one for one in known)
        else:
            self._by_stack[made.stack_id] = self._with(known, result)

    def remove(self, result: InferenceResult) -> None:
        """Let a result go; how it was looked at is known again when it is brought back."""
        made = result.provenance
        known = self.of(made.stack_id)
        at = next((at for at, one in enumerate(known) if one.provenance == made), None)
        if at is not None:
            self._left[result_key(result)] = at
            self._by_stack[made.stack_id] = (*known[:at], *known[at + 1 :])

    def newest(self, key: str) -> InferenceResult | None:
        """The result with a `result_key` as it is now."""
        return next((one for results in self._by_stack.values() for one in results if result_key(one) == key), None)

    def drop_stack(self, stack_id: str) -> None:
        """Forget all results of a stack that is closed."""
        for result in self._by_stack.pop(stack_id, ()):
            self._forget(result)

    def _forget(self, result: InferenceResult) -> None:
        self.styles.pop(result_key(result), None)
        self.thresholds.pop(result_key(result), None)
        self._visible.pop(result_key(result), None)

    def threshold(self, result: InferenceResult) -> float:
        """The score below which findings are hidden: the manifest's until the reader says otherwise."""
        return self.thresholds.get(result_key(result), result.shown_threshold)

    def visible_findings(self, result: InferenceResult) -> tuple[Finding, ...]:
        """Findings at or above the threshold, highest score first."""
        if not result.findings:
            return ()
        key, threshold = result_key(result), self.threshold(result)
        known = self._visible.get(key)
        if known is None or known[0] is not result.findings or known[1] != threshold:
            shown = [finding for finding in result.findings if finding.score >= threshold]
            shown.sort(key=lambda finding: -finding.score)
            known = self._visible[key] = (result.findings, threshold, tuple(shown))
        return known[2]


@lru_cache(maxsize=8)
def plain_style(opacity: float, outline: bool) -> OverlayStyle:
    """How segmentations are drawn while the reader has said nothing for this one."""
    from medview.core.display import OverlayStyle

    return OverlayStyle(opacity=opacity, outline=outline)


def with_label_visible(style: OverlayStyle, value: int, visible: bool) -> OverlayStyle:
    """The style with one label shown or hidden."""
    hidden = style.hidden_labels
    return replace(style, hidden_labels=hidden - {value} if visible else hidden | {value})


def _place(result: InferenceResult) -> tuple[str, int]:
    """What a newer result takes the place of: that of the same package on the same time point."""
    return result.provenance.package_id, result.provenance.time
