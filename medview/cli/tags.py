"""``medview tags`` and ``medview report``: all data elements of a DICOM file, and a report or key object selection as text."""

from __future__ import annotations

from typing import Any

import click

from medview.cli.answer import print_json, print_text
from medview.core.problem import ExitCode


@click.command("tags")
@click.argument("path", type=click.Path())
@click.option("--search", default="", help="Only rows with this in their tag, name, keyword, VR, value or creator.")
@click.option("--compare", type=click.Path(), help="A second file; only what differs is printed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def tags_command(path: str, search: str, compare: str | None, as_json: bool) -> int:
    """Print all data elements of the DICOM file PATH, sequences opened; values are shortened and made safe."""
    from medview.app.tag_listing import compared_tags, described_row, found_tags, readable_rows

    if compare is not None:
        pairs = compared_tags(path, compare, search)
        if as_json:
            print_json({"path": path, "other": compare, "differences": pairs})
        else:
            print_text("\n".join(f"{one['place']} {one['name']}: {one['first']} | {one['second']}" for one in pairs))
        return ExitCode.DONE
    rows = found_tags(path, search)
    if as_json:
        print_json({"path": path, "elements": [described_row(row) for row in rows]})
    else:
        print_text(readable_rows(rows))
    return ExitCode.DONE


@click.command("report")
@click.argument("path", type=click.Path())
@click.option("--codes", is_flag=True, help="With the codes behind the words.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def report_command(path: str, codes: bool, as_json: bool) -> int:
    """Print the structured report or key object selection PATH as text."""
    from medview.app.report_listing import described_report, readable_report

    answer: dict[str, Any]
    if as_json:
        answer = described_report(path)
        print_json(answer)
    else:
        print_text(readable_report(path, codes).rstrip("\n"))
    return ExitCode.DONE
