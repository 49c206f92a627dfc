"""The group of commands: what is typed becomes a call, what goes wrong becomes an exit code and one message."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import click

from medview.cli.answer import answered, log_to_standard_error, tell_error
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Cancelled

_LAZY = {
    "open": ("medview.cli.open_window:open_command", "Open paths in the window (what MEDVIEW PATH... does)."),
    "inspect": ("medview.cli.inspect:inspect_command", "Say what folders and files hold."),
    "export": ("medview.cli.export:export_command", "Write a stack as NIfTI, NRRD or MHA."),
    "render": ("medview.cli.render:render_command", "Draw a slice or a cut into a PNG."),
    "tags": ("medview.cli.tags:tags_command", "Print the data elements of a DICOM file."),
    "report": ("medview.cli.tags:report_command", "Print a structured report as text."),
    "infer": ("medview.cli.infer:infer_command", "Run a model package on a stack."),
    "explain": ("medview.cli.explain:explain_command", "Ask a model why: where it looked, how sure it is."),
    "batch": ("medview.cli.batch:batch_command", "Run model packages over many studies."),
    "models": ("medview.cli.models:models_command", "List, check, install and remove model packages."),
    "deidentify": ("medview.cli.deidentify:deidentify_command", "Write studies without what says whose they are."),
    "backup": ("medview.cli.backup:backup_command", "Write everything that was marked and decided into a file."),
    "restore": ("medview.cli.backup:restore_command", "Bring back what a backup holds."),
    "diagnostics": ("medview.cli.diagnostics:diagnostics_command", "Say what this computer has, without patient data."),
    "demo-picture": ("medview.cli.open_window:demo_picture_command", "Draw the demo with its results into a PNG."),
}
"""Where each command is and what it does; it is imported when it is called, and not for the list of commands."""


class _Commands(click.Group):
    """``medview PATH…`` means ``medview open PATH…``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        first = next((at for at, word in enumerate(args) if word not in {"-v", "--verbose"}), None)
        if first is None:
            args = [*args, "open"]
        elif args[first] not in _LAZY and args[first] not in {"--help", "-h", "--version"}:
            args = [*args[:first], "open", *args[first:]]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_LAZY)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _LAZY.items()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        place = _LAZY.get(cmd_name)
        if place is None:
            return None
        module, name = place[0].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


def _say_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from medview import __version__

        click.echo(f"medview {__version__}")
        ctx.exit()


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_say_version, help="Show the version."
)
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error.")
def medview(verbose: bool) -> None:
    """A viewer of medical images that runs neural networks on what it shows.

    MEDVIEW PATH... opens folders, DICOM files, NIfTI / NRRD / MHA volumes or pictures in a window.
    """
    log_to_standard_error(verbose)


def run(arguments: Sequence[str]) -> int:
    """Run the command line ``arguments``; returns the exit code, having said what went wrong."""
    words = list(arguments)
    as_json = _wants_json(words)

    def work() -> Any:
        try:
            return medview.main(args=words, prog_name="medview", standalone_mode=False)
        except click.UsageError as error:
            usage = MedviewError("bad_use", error.format_message(), exit_code=ExitCode.BAD_USE)
            return tell_error(usage, as_json, error.ctx.get_usage() if error.ctx is not None else "")
        except click.Abort:
            raise Cancelled from None

    return answered(work, as_json)


def _wants_json(words: Sequence[str]) -> bool:
    before_end = words[: words.index("--")] if "--" in words else words
    return "--json" in before_end
