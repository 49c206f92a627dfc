"""``medview open``: the window with paths or the demo; ``medview demo-picture``: the demo drawn into a file."""

from __future__ import annotations

import click


@click.command("open")
@click.argument("paths", nargs=-1, type=click.Path())
@click.option("--demo", is_flag=True, help="Open the built-in demo study and run the built-in models on it.")
@click.option("--new-window", is_flag=True, help="Do not hand the paths to a window that is already open.")
@click.option("--safe-mode", is_flag=True, help="Default settings, networks on the processor only; keeps no settings.")
@click.option("--reset", is_flag=True, help="Set the settings aside first. Marks, results and networks stay.")
def open_command(paths: tuple[str, ...], demo: bool, new_window: bool, safe_mode: bool, reset: bool) -> int:
    """Open folders or files in the window (the same as MEDVIEW PATH...)."""
    if demo and paths:
        raise click.UsageError("--demo opens its own study: give no paths with it.")
    from medview.app.settings import set_aside
    from medview.core.problem import Note

    notes: tuple[Note, ...] = ()
    if reset and (aside := set_aside()) is not None:
        text = f"The settings were set aside as {aside.name}; marks, results and networks are as they were."
        notes = (Note("settings_set_aside", text, (aside.name,)),)
    from medview.cli.needs import with_window

    return with_window(lambda run: run(paths, demo=demo, new_window=new_window, safe_mode=safe_mode, notes=notes))


@click.command("demo-picture")
@click.option("--output", required=True, type=click.Path(dir_okay=False), help="The PNG to write.")
@click.option("--size", nargs=2, type=click.IntRange(320, 8192), default=(1600, 1000), help="Width and height in px.")
def demo_picture_command(output: str, size: tuple[int, int]) -> int:
    """Draw the window with the demo study and its results into a file, without a screen."""
    from medview.ui.demo_picture import write_demo_picture

    return write_demo_picture(output, size)
