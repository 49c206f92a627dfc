"""``medview inspect``: what is in folders and files, and what is wrong with them."""

from __future__ import annotations

from typing import Any

import click

from medview.cli.answer import described_error, harmless, print_json, print_text
from medview.core.problem import ExitCode

MOST_NAMED = 10
"""Files without images that are named; ``--json`` names all."""


@click.command("inspect")
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def inspect_command(paths: tuple[str, ...], as_json: bool) -> int:
    """Say which studies, series and stacks PATHS hold and which files have problems."""
    from medview.app.headless import inspect_paths

    answer, error = inspect_paths(paths)
    if as_json:
        print_json(answer if error is None else {**answer, "error": described_error(error)})
    else:
        print_text(readable(answer))
    if error is None:
        return ExitCode.DONE
    click.echo(harmless(f"medview: {error.text}"), err=True)
    return int(error.exit_code)


def readable(answer: dict[str, Any]) -> str:
    """The same for a person."""
    lines = []
    for study in answer["studies"]:
        who = " ".join(text for text in (study["patient_name"].strip(), f"[{study['patient_id']}]") if text != "[]")
        lines.append(f"Study {study['date']} {study['description']}  {who}".rstrip())
        for series in study["series"]:
            number = "-" if series["number"] is None else series["number"]
            count = f"{series['instances']} objects" if series["instances"] != 1 else "1 object"
            lines.append(f"  Series {number} {series['modality']} {series['description']}  ({count})")
            for stack in series["stacks"]:
                lines += _stack_lines(stack)
            for one in series.get("objects", []):
                why = "" if one["reason"] is None else f"  ({one['reason']['text']})"
                lines.append(f"    {one['name'] or one['kind']}  {one['title']}".rstrip() + why)
    lines.append(
        f"{answer['files_seen']} files, {answer['frames_on_disk']} frames on disk, {answer['frames_shown']} shown, "
        f"{answer['objects_without_pixels']} objects without pixels"
    )
    for problem in answer["problems"]:
        named = problem["path"] in problem["what"]
        lines.append(f"! {problem['what']}" if named else f"! {problem['path']}: {problem['what']}")
    others = answer["not_shown"]
    if others:
        more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
        count = f"{len(others)} files are no images" if len(others) > 1 else "1 file is no image"
        lines.append(f"{count}: {', '.join(others[:MOST_NAMED])}{more}")
    return "\n".join(lines)


def _stack_lines(stack: dict[str, Any]) -> list[str]:
    k, j, i = stack["shape"]
    times = "".join(f" × {len(each['labels'])} ({each['name']})" for each in stack["dimensions"])
    spacing = stack["spacing"]
    grid = "no geometry" if spacing is None else " × ".join(f"{d:.3g}" for d in reversed(spacing)) + " mm"
    head = f"    {stack['id']}  {stack['kind']}  {i} × {j} × {k}{times}  {grid}  {stack['unit'] or ''}".rstrip()
    lines = [head]
    if stack["suv"] is not None:
        known = ", ".join(f"{name} {factor:.6g}" for name, factor in stack["suv"].items() if factor is not None)
        lines.append(f"      SUV per {stack['unit']}: {known}")
    return [*lines, *(f"      - {note['text']}" for note in stack["notes"])]
