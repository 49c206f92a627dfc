"""``medview deidentify``: studies copied into a folder of their own without what says whose they are."""

from __future__ import annotations

import click

from medview.cli.answer import print_json, print_text
from medview.core.problem import ExitCode


@click.command("deidentify")
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option("--output", required=True, type=click.Path(), help="Folder to write; it must not be there yet.")
@click.option(
    "--dates",
    type=click.Choice(["shift", "remove"]),
    default="shift",
    help="Move all dates of a patient by the same unknown number of days (default), or remove them.",
)
@click.option("--keep-characteristics", is_flag=True, help="Keep sex, age (90 for older), size and weight.")
@click.option("--safe-private/--no-private", default=True, help="Keep private numbers that the images need (default).")
@click.option(
    "--prefix", default="ANON", help="What patients are called, before a number of their own (default: ANON)."
)
@click.option(
    "--looked-at",
    multiple=True,
    metavar="UID",
    help='Series whose pictures somebody has looked at and found without names ("*": all of them); repeatable.',
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def deidentify_command(
    paths: tuple[str, ...],
    output: str,
    dates: str,
    keep_characteristics: bool,
    safe_private: bool,
    prefix: str,
    looked_at: tuple[str, ...],
    as_json: bool,
) -> int:
    """Write the DICOM studies of PATHS without identity: PS3.15 Annex E, Basic Profile with options.

    Reports, documents and annotations are left out; so are pictures in which names are likely to be written, unless they were
    looked at. FOLDER/report.json says what was done, without any original value.
    """
    from medview.app.deidentification import ShareWish, share_deidentified
    from medview.app.headless import nothing_found
    from medview.app.open_paths import open_all

    found = open_all(paths)
    error = nothing_found(paths, found)
    if error is not None:
        raise error
    wish = ShareWish(dates, keep_characteristics, safe_private, prefix, frozenset(looked_at))
    report = share_deidentified(found.studies, output, wish)
    if as_json:
        print_json(report)
    else:
        lines = [f"{report['instances']} objects of {report['patients']} patients are in {report['output']}"]
        lines += [f"left out, {reason}: {count}" for reason, count in report["left_out"].items()]
        print_text("\n".join(lines))
    return ExitCode.DONE
