"""``medview batch``: packages over many studies, without a window."""

from __future__ import annotations

from typing import Any

import click

from medview.cli.answer import described_error, print_json, print_text


@click.command("batch")
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option("--model", "models", multiple=True, required=True, help="A package; may be said several times.")
@click.option("--output", required=True, type=click.Path(), help="Folder for table.csv, table.json and the results.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, directml, coreml, openvino …")
@click.option("--jobs", default=1, show_default=True, type=click.IntRange(1, 64), help="How many runs at a time.")
@click.option("--every", is_flag=True, help="Every stack that fits, not only the best of each study.")
@click.option("--force", is_flag=True, help="Also where a model is not meant for the series; the result says so.")
@click.option("--again", is_flag=True, help="Run again what was done before.")
@click.option("--limit", type=click.FloatRange(min=1), help="Most seconds for one call of a network.")
@click.option(
    "--assume", "assumed", multiple=True, metavar="KEY=VALUE", help="What the files do not say: modality=MR, unit=HU …"
)
@click.option("--json", "as_json", is_flag=True, help="Print table.json.")
def batch_command(
    paths: tuple[str, ...],
    models: tuple[str, ...],
    output: str,
    device: str,
    jobs: int,
    every: bool,
    force: bool,
    again: bool,
    limit: float | None,
    assumed: tuple[str, ...],
    as_json: bool,
) -> int:
    """Run model packages over many studies and write a table; what was done before is kept."""
    from medview.app.batch import BatchOptions, exit_code_of, failure_of, run_batch
    from medview.inference.match import parse_assumptions

    def tell(row: dict[str, Any], done: int, total: int) -> None:
        if not as_json:
            print_text(f"{done}/{total} {row['model']} {row['stack']}: {row['status']} {row.get('text', '')}".rstrip())

    options = BatchOptions(device, force, every, again, jobs, limit, parse_assumptions(assumed))
    table = run_batch(paths, models, output, options, on_row=tell)
    if as_json:
        error = failure_of(table, output)
        print_json(table if error is None else {**table, "error": described_error(error)})
    else:
        counts = ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in table["counts"].items() if number)
        print_text(f"{counts or 'nothing to run'}. Written to {output}")
    return exit_code_of(table)
