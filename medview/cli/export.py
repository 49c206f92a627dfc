"""``medview export``: a stack as a volume file."""

from __future__ import annotations

import click

from medview.cli.answer import print_json, print_text
from medview.core.problem import ExitCode


@click.command("export")
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False))
@click.option("--stack", "stack_id", help="Id of the stack, as inspect says it (needed where there are several).")
@click.option("--time", type=int, help="Time point, from 0; without it NIfTI holds all.")
@click.option("--resample", is_flag=True, help="Put a stack of uneven slice distances on even ones.")
@click.option("--output", required=True, type=click.Path(), help="File to write: .nii.gz, .nrrd or .mha.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def export_command(
    paths: tuple[str, ...], stack_id: str | None, time: int | None, resample: bool, output: str, as_json: bool
) -> int:
    """Write a stack's modality values on its true grid as NIfTI, NRRD or MHA."""
    from medview.app.exporting import export_stack
    from medview.app.headless import choose_stack
    from medview.formats.writing import written_ending

    written_ending(output)  # a name that cannot be written is said before anything is read
    _, _, stack = choose_stack(paths, stack_id)
    answer = export_stack(stack, output, time, resample)
    if as_json:
        print_json(answer)
    else:
        print_text(f"{stack.id} written to {output} ({answer['dtype']}, {answer['unit']})")
        for note in stack.notes:
            print_text(f"note: {note.text}")
    return ExitCode.DONE
