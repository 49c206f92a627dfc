"""``medview infer``: a model run on a series, without a window."""

from __future__ import annotations

import sys
import time as clock

import click

from medview.cli.answer import print_json, print_text
from medview.core.problem import ExitCode


class Teller:
    """Says on a terminal how far a run is; elsewhere nothing, so that logs stay short."""

    def __init__(self) -> None:
        self._shown = 0.0
        self._on_terminal = sys.stderr.isatty()

    def __call__(self, step: str, done: int, total: int) -> None:
        now = clock.monotonic()
        if self._on_terminal and now - self._shown > 0.2:
            self._shown = now
            share = f"{done}/{total}" if total > 1 else ""
            sys.stderr.write(f"\r\x1b[K{step} {share}")
            sys.stderr.flush()

    def end(self) -> None:
        """Clear the line."""
        if self._on_terminal:
            sys.stderr.write("\r\x1b[K")


@click.command("infer")
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False))
@click.option(
    "--model", required=True, help="The name of an installed or built-in package, or a folder (./NAME) or zip."
)
@click.option("--stack", "stack_id", help="Id of the stack, as inspect says it; without it the one that fits best.")
@click.option(
    "--channel",
    "channels",
    multiple=True,
    metavar="NAME=STACK",
    help="Stack for one input of a model that sees several series; by default they are chosen by its rules.",
)
@click.option("--time", default=0, show_default=True, help="Time point, from 0.")
@click.option(
    "--point", "inside", multiple=True, metavar="I,J,K", help="A voxel inside, for a model that is pointed at."
)
@click.option("--point-outside", "outside", multiple=True, metavar="I,J,K", help="A voxel outside of it.")
@click.option("--box", "boxes", multiple=True, metavar="I,J,I,J,K", help="Two corners of a box around it in slice K.")
@click.option("--variant", help="The network in other numbers, where the package has it: fp16, int8 …")
@click.option("--every-time", is_flag=True, help="All time points, each into a folder of its own.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, directml, coreml, openvino …")
@click.option("--force", is_flag=True, help="Run although the model is not meant for the series; the result says so.")
@click.option(
    "--assume", "assumed", multiple=True, metavar="KEY=VALUE", help="What the files do not say: modality=MR, unit=HU …"
)
@click.option("--limit", type=click.FloatRange(min=1), help="Most seconds for one call of the network.")
@click.option("--output", required=True, type=click.Path(), help="Folder for result.json and the segmentation.")
@click.option(
    "--also",
    multiple=True,
    metavar="KIND",
    help="Write beside it, several times: sr, seg, gsps, kos, html, pdf, html-zh, pdf-zh, csv, json.",
)
@click.option("--json", "as_json", is_flag=True, help="Print result.json.")
def infer_command(
    paths: tuple[str, ...],
    model: str,
    stack_id: str | None,
    channels: tuple[str, ...],
    time: int,
    every_time: bool,
    variant: str | None,
    inside: tuple[str, ...],
    outside: tuple[str, ...],
    boxes: tuple[str, ...],
    device: str,
    force: bool,
    assumed: tuple[str, ...],
    limit: float | None,
    output: str,
    also: tuple[str, ...],
    as_json: bool,
) -> int:
    """Run a model package on a series and write what it finds."""
    from medview.app.infer_command import infer
    from medview.app.inference_queue import reported

    tell = Teller()
    try:
        answer = infer(
            paths,
            model,
            output,
            stack_id=stack_id,
            device=device,
            force=force,
            assumed=assumed,
            time=time,
            every_time=every_time,
            variant=variant,
            prompts=[
                *(("inside", text) for text in inside),
                *(("outside", text) for text in outside),
                *(("box", text) for text in boxes),
            ],
            channels=channels,
            also=also,
            limit_s=limit,
            progress=tell,
        )
    except MemoryError as error:
        raise reported(error) from error
    finally:
        tell.end()
    if as_json:
        print_json(answer)
        return ExitCode.DONE
    if "times" in answer:
        print_text(f"{len(answer['times'])} time points written to {output}")
        return ExitCode.DONE
    lines = [
        f"{answer['model']['name']} {answer['model']['version']} on {answer['stack']}, ran on {answer['device_used']}"
    ]
    lines += [f"  within what {one['name']} {one['version']} found" for one in answer["cascade"]]
    lines += [f"  {label['name']}: {label['voxels']} voxels, {_ml(label['volume_ml'])}" for label in answer["labels"]]
    lines += [f"  {line['label']}: {line['probability']:.3f}" for line in answer["classification"]]
    lines += [f"  {line['name']}: {line['value']:.4g} {line['unit']}".rstrip() for line in answer["values"]]
    if answer["image"] is not None:
        lines.append(f"  {answer['image']['title']}: image.nii.gz")
    lines += [f"  {found['label']} {found['score']:.2f} in slice {found['k']}" for found in answer["findings"]]
    if answer["task"] == "detection" and not answer["findings"]:
        lines.append("  no findings")
    lines += [f"  note: {note['text']}" for note in answer["warnings"]]
    if answer["model"]["research_only"]:
        lines.append("Research use, not for diagnosis.")
    print_text("\n".join([*lines, f"Written to {output}"]))
    return ExitCode.DONE


def _ml(volume: float | None) -> str:
    return "no volume without geometry" if volume is None else f"{volume:.1f} ml"
