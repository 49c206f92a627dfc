"""``medview render``: one picture of a stack, drawn as the viewport draws it."""

from __future__ import annotations

from typing import Any

import click

from medview.cli.answer import print_json, print_text
from medview.core.problem import ExitCode


@click.command("render", context_settings={"ignore_unknown_options": False})
@click.argument("paths", nargs=-1, required=True, type=click.Path(readable=False))
@click.option("--stack", "stack_id", help="Id of the stack, as inspect says it (needed where there are several).")
@click.option("--time", type=int, help="Time point, from 0.")
@click.option("--frame", type=int, help="Slice, from 0, in sorted order (default: the middle one).")
@click.option("--plane", type=click.Choice(["axial", "sagittal", "coronal"]), help="A cut instead of a slice.")
@click.option("--position", type=float, help="LPS coordinate in mm along the plane's normal (default: the middle).")
@click.option("--slab", type=float, metavar="MM", help="What lies within this thickness, not only the slice or plane.")
@click.option("--projection", type=click.Choice(["max", "min", "mean"]), help="Of the slab (default: max).")
@click.option(
    "--normal", nargs=3, type=float, metavar="X Y Z", help="An oblique cut: its normal in LPS, away from the eye."
)
@click.option("--up", nargs=3, type=float, metavar="X Y Z", help="What is up in an oblique cut (default: the head).")
@click.option(
    "--center",
    nargs=3,
    type=float,
    metavar="X Y Z",
    help="LPS mm that an oblique cut runs through (default: the middle).",
)
@click.option("--window", nargs=2, type=float, metavar="CENTER WIDTH", help="In the unit of the values.")
@click.option("--size", nargs=2, type=int, metavar="W H", help="Pixels of the picture; the slice is fitted into it.")
@click.option(
    "--graphics/--no-graphics",
    "graphics",
    default=True,
    help="What the file draws over its frames: overlay planes, supplemental colours (default: drawn).",
)
@click.option("--icc/--no-icc", "icc", default=True, help="Colours through the file's ICC profile (default: yes).")
@click.option(
    "--colour-map",
    metavar="NAME",
    help="grey, inverted-grey, hot-iron, pet, hot-metal-blue, pet-20-step, rainbow, viridis, or a file (.csv, .lut).",
)
@click.option(
    "--fuse", "fuse", metavar="ID", help="Stack to lay over it, by place: of one frame of reference, or registered."
)
@click.option(
    "--fuse-map", default="hot-iron", metavar="NAME", help="Its colours, as --colour-map (default: hot-iron)."
)
@click.option(
    "--fuse-window", nargs=2, type=float, metavar="CENTER WIDTH", help="Its window, in the unit of its values."
)
@click.option(
    "--registration",
    type=click.Path(),
    help="Registration object (DICOM) that puts it into its place; one of the study is taken by itself.",
)
@click.option("--fuse-opacity", type=float, default=0.5, help="0 to 1 (default: 0.5).")
@click.option(
    "--fuse-fade/--no-fuse-fade",
    "fuse_fade",
    default=True,
    help="Whether the lowest tenth of its window gets transparent (default: yes).",
)
@click.option(
    "--three-d",
    "three_d",
    metavar="PRESET",
    help="In three dimensions: auto, ct-bone, ct-skin, ct-lung, ct-vessels, ct-mip, mr, uptake, mip. Labels of --overlay "
    "and --model-result are surfaces. Needs VTK.",
)
@click.option("--azimuth", type=float, help="Degrees around the patient, 0 from the front, 90 from the left side.")
@click.option("--elevation", type=float, help="Degrees up, 90 from the head.")
@click.option(
    "--clip",
    nargs=6,
    type=float,
    metavar="X Y Z X Y Z",
    help="With --three-d: the low and the high corner of what is kept.",
)
@click.option("--text", is_flag=True, help="Write patient, study, window and orientation into the picture.")
@click.option("--model-result", type=click.Path(), help="Folder that infer wrote: its result is drawn on top.")
@click.option("--overlay", type=click.Path(), help="Segmentation, structure set, dose or map (DICOM) to lay over it.")
@click.option("--map", "overlay_map", help="Which map of --overlay, where it holds several: its name or number from 1.")
@click.option(
    "--presentation-state", type=click.Path(), help="Softcopy presentation state (DICOM) to show the frame by."
)
@click.option("--output", required=True, type=click.Path(), help="PNG to write.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def render_command(paths: tuple[str, ...], stack_id: str | None, output: str, as_json: bool, **wished: Any) -> int:
    """Draw a slice as stored, an axial, sagittal, coronal or oblique cut, or a slab of it, into a PNG.

    Head up, the patient's left at the picture's right, anterior at the left of a sagittal cut.
    """
    from medview.app.headless import choose_stack

    solid = {name: wished.pop(name) for name in ("three_d", "azimuth", "elevation", "clip")}
    if any(value is not None for value in solid.values()):
        return _solid(choose_stack(paths, stack_id), solid, wished, output, as_json)
    from medview.app.rendered_cut import CutWish
    from medview.app.rendered_fusion import FusionWish
    from medview.app.rendered_window import window_of_reader
    from medview.app.rendering import RenderWish, render_stack

    fuse, colours, window, opacity, fade, registration = (
        wished.pop(name) for name in ("fuse", "fuse_map", "fuse_window", "fuse_opacity", "fuse_fade", "registration")
    )
    if fuse is not None:
        over = choose_stack(paths, fuse)
        wished["fusion"] = FusionWish(over, opacity, colours, window_of_reader(window), fade, registration)
    wished["cut"] = CutWish(**{name: wished.pop(name) for name in ("slab", "projection", "normal", "up", "center")})
    wished["position_mm"] = wished.pop("position")
    answer = render_stack(choose_stack(paths, stack_id), RenderWish(**wished), output)
    if as_json:
        print_json(answer)
    else:
        print_text("\n".join((f"{output} written", *(note["text"] for note in answer["notes"]))))
    return ExitCode.DONE


_SOLID_TOO = {
    "time",
    "size",
    "text",
    "model_result",
    "overlay",
    "graphics",
    "icc",
    "fuse_map",
    "fuse_opacity",
    "fuse_fade",
}
"""Options of pictures in three dimensions, and those that have a default."""


def _solid(choice: Any, solid: dict[str, Any], wished: dict[str, Any], output: str, as_json: bool) -> int:
    from medview.app.rendered_solid import SolidWish, render_solid
    from medview.core.problem import MedviewError

    others = [name for name, value in wished.items() if value is not None and name not in _SOLID_TOO]
    if solid["three_d"] is None or others:
        text = "--azimuth, --elevation and --clip need --three-d."
        if solid["three_d"] is not None:
            text = f"--three-d does not go with --{others[0].replace('_', '-')}."
        raise MedviewError("bad_use", text, exit_code=ExitCode.BAD_USE)
    wish = SolidWish(
        solid["three_d"],
        solid["azimuth"] or 0.0,
        solid["elevation"] or 0.0,
        wished["time"],
        solid["clip"],
        wished["size"] or (800, 800),
        wished["text"],
        wished["model_result"],
        wished["overlay"],
    )
    answer = render_solid(choice, wish, output)
    if as_json:
        print_json(answer)
    else:
        print_text(f"{output} written")
    return ExitCode.DONE
