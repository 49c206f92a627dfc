"""The outcomes as a table for people, and what is left open below it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from tests.oracles.explained import Judged, Judgement

HEAD = (
    "oracle",
    "files",
    "frames",
    "compared",
    "equal",
    "explained",
    "different",
    "refused",
    "only medview",
    "neither",
)


def refusals(judged: Iterable[Judged]) -> tuple[int, int]:
    """(files that medview refuses, files that the oracle reads truthfully)."""
    refused = truthful = 0
    for each in judged:
        verdict, explanation = each.outcome.verdict, each.explanation
        if verdict in {"oracle_refused", "both_refused"}:
            continue
        if verdict == "refused" and explanation is not None and explanation.by == "medview":
            continue  # the oracle shows something that is not there
        truthful += 1
        refused += verdict == "refused"
    return refused, truthful


def write_table(judgement: Judgement, most_lines: int = 60) -> str:
    """Files, frames, equal, different and refused for each oracle, both directions, reasons and what is open."""
    by_oracle: dict[str, list[Judged]] = defaultdict(list)
    for each in judgement.judged:
        by_oracle[each.outcome.oracle].append(each)
    rows = [HEAD]
    below: list[str] = []
    for oracle, members in sorted(by_oracle.items()):
        verdicts = Counter(each.outcome.verdict for each in members)
        explained = sum(each.explanation is not None and each.outcome.verdict == "different" for each in members)
        rows.append(
            (
                oracle,
                *(
                    str(number)
                    for number in (
                        len(members),
                        sum(each.outcome.frames for each in members),
                        sum(each.outcome.compared for each in members),
                        verdicts["equal"],
                        explained,
                        verdicts["different"] - explained,
                        verdicts["refused"],
                        verdicts["oracle_refused"],
                        verdicts["both_refused"],
                    )
                ),
            )
        )
        refused, truthful = refusals(members)
        share = 100 * refused / truthful if truthful else 0.0
        below.append(
            f"{oracle}: reads {truthful} truthfully, of which medview refuses {refused} ({share:.2f} %); "
            f"medview shows {verdicts['oracle_refused']} that it refuses."
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines += ["", *below, ""]
    explanations = Counter(each.explanation.id for each in judgement.judged if each.explanation is not None)
    lines += [f"{count:6d}  explained: {name}" for name, count in explanations.most_common()]
    for title, verdict in (("only medview shows", "oracle_refused"), ("neither shows", "both_refused")):
        reasons = Counter(
            (each.outcome.oracle, _reason(each)) for each in judgement.judged if each.outcome.verdict == verdict
        )
        lines += [f"{count:6d}  {title} ({oracle}): {reason}" for (oracle, reason), count in reasons.most_common(12)]
    lines += _listed("OPEN", judgement.open, most_lines)
    lines += _listed("VANISHED", judgement.vanished, most_lines)
    return "\n".join(lines)


def _reason(each: Judged) -> str:
    if each.outcome.verdict == "both_refused":
        return each.outcome.reason[:100]
    return str(each.outcome.facts.get("oracle_says", ""))[:100]


def _listed(title: str, members: list[Judged], most: int) -> list[str]:
    lines = []
    for each in members[:most]:
        outcome = each.outcome
        which = "" if each.vanished is None else f" [{each.vanished.id}]"
        lines.append(f"{title} {outcome.oracle} {outcome.verdict}{which}: {outcome.path}: {outcome.reason[:300]}")
    if len(members) > most:
        lines.append(f"{title}: and {len(members) - most} more")
    return lines
