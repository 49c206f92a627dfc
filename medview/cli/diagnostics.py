"""``medview diagnostics``: what those who look for a fault need to know of this computer."""

from __future__ import annotations

import click

from medview.cli.answer import print_json, print_text
from medview.core.problem import ExitCode


@click.command("diagnostics")
@click.option("--output", type=click.Path(dir_okay=False), help="Write it with the reports of crashes into this zip.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def diagnostics_command(output: str | None, as_json: bool) -> int:
    """Say versions, processor, devices, settings and networks of this computer; nothing of a patient or a study."""
    from medview.app.diagnostics import diagnosis, write_diagnostics

    if output is not None:
        written = str(write_diagnostics(output))
        if as_json:
            print_json({"file": written})
        else:
            print_text(f"written to {written}")
    elif as_json:
        print_json(diagnosis())
    else:
        import json

        print_text(json.dumps(diagnosis(), indent=1, ensure_ascii=False, sort_keys=True))
    return ExitCode.DONE
