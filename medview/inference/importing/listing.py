"""A draft told: as one object for programs, as lines for a person."""

from __future__ import annotations

from typing import Any

from medview.inference.importing.draft import Draft
from medview.inference.importing.ports import shape_text


def draft_listing(draft: Draft) -> dict[str, Any]:
    """What is known, guessed and missing."""
    graph = draft.graph
    return {
        "status": "incomplete" if draft.questions else "complete",
        "convention": draft.convention,
        "source": str(draft.source),
        "network": {
            "file": graph.path.name,
            "opset": graph.facts.opset,
            "producer": graph.producer,
            "inputs": [_port(port.name, port.type, port.shape) for port in graph.inputs],
            "outputs": [_port(port.name, port.type, port.shape) for port in graph.outputs],
        },
        "missing": [
            {
                "code": question.code,
                "field": question.field,
                "text": question.text,
                "choices": list(question.choices),
                "suggestion": question.suggestion,
                "example": question.example,
            }
            for question in draft.questions
        ],
        "guesses": [{"field": guess.field, "value": guess.value, "why": guess.why} for guess in draft.guesses],
        "notes": draft.notes,
        "manifest": draft.manifest,
        "package": None,
        "trusted": False,
    }


def _port(name: str, kind: str, shape: tuple[int | None, ...] | None) -> dict[str, Any]:
    return {"name": name, "type": kind, "shape": None if shape is None else list(shape)}


def draft_lines(draft: Draft, written: str | None) -> list[str]:
    """The same for a person."""
    graph = draft.graph
    lines = [f"{graph.path.name}: {draft.convention}, {draft.manifest.get('task', 'unknown task')}"]
    for word, ports in (("input", graph.inputs), ("output", graph.outputs)):
        lines += [f"  {word} {port.name}: {port.type} {shape_text(port.shape)}" for port in ports]
    if draft.guesses:
        lines += ["concluded:", *(f"  {guess.field} = {guess.value}  ({guess.why})" for guess in draft.guesses)]
    lines += [f"note: {note}" for note in draft.notes]
    if draft.questions:
        lines.append("missing:")
        for question in draft.questions:
            lines.append(f"  [{question.code}] {question.text}")
            shown = question.suggestion or question.example
            lines.append(
                f"      --set {question.field}={shown}" + ("  (suggested)" if question.suggestion else "  (example)")
            )
        return lines
    if written is None:
        return [*lines, "Nothing is missing; --output PACKAGE writes it."]
    return [*lines, f"written: {written}", f"It is not trusted until you say so: medview models trust {written}"]
