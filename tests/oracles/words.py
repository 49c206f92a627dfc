"""Names and descriptions beside ``dcmdump +U8``: the same letters, whatever the character set of the file."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from medview.core.progress import no_progress
from medview.dicom.catalog import Catalog
from medview.dicom.scan import scan_paths
from tests.oracles.facts import facts_of, read_header
from tests.oracles.outcome import Outcome

_ASKED = {"0010,0010": "patient name", "0010,0020": "patient ID", "0008,1030": "study", "0008,103e": "series"}
_LINE = re.compile(r"^\(([0-9a-f]{4},[0-9a-f]{4})\) [A-Z?]{2} (?:\[(.*)\]|\(no value.*\)) +#", re.DOTALL)


def compare_words(path: Path, name: str) -> Outcome | None:
    """Hold name, ID and descriptions side by side; None for a file that medview lists nothing of."""
    catalog = Catalog()
    for batch in scan_paths([str(path)], no_progress):
        catalog.add(batch)
    studies = catalog.studies()
    if len(studies) != 1 or len(studies[0].series) != 1:
        return None
    study, series = studies[0], studies[0].series[0]
    ours = {
        "patient name": study.patient.name,
        "patient ID": study.patient.patient_id,
        "study": study.description,
        "series": series.context.description,
    }
    facts = facts_of(read_header(path))
    theirs, said = _by_dcmdump(path)
    facts["oracle_says"] = said
    if theirs is None:
        return Outcome(name, "dcmdump", "oracle_refused", len(ours), 0, 0.0, "", facts)
    faults = [
        f"{what}: {ours[what]!r}, not {text!r}"
        for what in ours
        if _plain(ours[what]) != _plain(text := theirs.get(what, ""))
    ]
    return Outcome(
        name,
        "dcmdump",
        "different" if faults else "equal",
        len(ours),
        len(ours),
        float(len(faults)),
        "; ".join(faults),
        facts,
    )


def _plain(text: str) -> str:
    """Without what padding and empty name groups add."""
    return re.sub(r"[=\s]+$", "", text).strip()


def _by_dcmdump(path: Path) -> tuple[dict[str, str] | None, str]:
    command = ["dcmdump", "+U8", "+uc", "-M", "+L"]
    for tag in _ASKED:
        command += ["+P", tag]
    ended = subprocess.run([*command, str(path)], capture_output=True, check=False, timeout=60)
    said = "; ".join(
        line[3:] for line in ended.stderr.decode("utf-8", "replace").splitlines() if line[:3] in {"E: ", "F: "}
    )
    if ended.returncode:
        return None, said.replace(str(path), "FILE")[:200]
    found: dict[str, str] = {}
    for line in ended.stdout.decode("utf-8", "replace").split("\n("):
        text = line if line.startswith("(") else f"({line}"
        match = _LINE.match(text)
        if match and match[1] in _ASKED and _ASKED[match[1]] not in found:
            found[_ASKED[match[1]]] = match[2] or ""
    return found, said.replace(str(path), "FILE")[:200]
