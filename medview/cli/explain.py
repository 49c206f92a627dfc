"""``medview explain``: a model questioned about a series, without a window."""

from __future__ import annotations

import click

from medview.cli.answer import print_json, print_text
from medview.cli.infer import Teller
from medview.core.problem import ExitCode

METHODS = ("probability", "occlusion", "superpixels", "cam", "features", "variation", "ensemble", "compare")


@click.command("explain")
@click.argument("paths", nargs=-1, required=True, type=click.Path())
@click.option("--model", "models", multiple=True, required=True, help="Package; several for ensemble, two for compare.")
@click.option("--method", required=True, type=click.Choice(METHODS), help="How it is questioned.")
@click.option("--stack", "stack_id", help="Id of the stack, as inspect says it; without it the one that fits best.")
@click.option("--label", help="Name of a class; by default the one that the model finds most of.")
@click.option("--slice", "slice_k", type=int, help="Slice to ask about, from 0 (default: the middle one).")
@click.option("--at", "at_lps", nargs=3, type=float, metavar="X Y Z", help="Place to ask about, LPS mm.")
@click.option("--layer", "tensor", default="", help="Tensor of the graph for cam and features (default: the deepest).")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="A parameter of the method, several times."
)
@click.option(
    "--channel", "channels", multiple=True, metavar="NAME=STACK", help="Stack for one input of a model of several."
)
@click.option("--time", default=0, show_default=True, help="Time point, from 0.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, directml, coreml, openvino …")
@click.option("--force", is_flag=True, help="Ask although the model is not meant for the series; the answer says so.")
@click.option(
    "--assume", "assumed", multiple=True, metavar="KEY=VALUE", help="What the files do not say: modality=MR, unit=HU …"
)
@click.option("--limit", "limit_s", type=click.FloatRange(min=1), help="Most seconds for one call of the network.")
@click.option("--dicom", is_flag=True, help="Write each map as a DICOM Parametric Map too.")
@click.option("--output", required=True, type=click.Path(), help="Folder for explanation.json, maps and pictures.")
@click.option("--json", "as_json", is_flag=True, help="Print explanation.json.")
def explain_command(
    paths: tuple[str, ...], models: tuple[str, ...], method: str, output: str, as_json: bool, **wished: object
) -> int:
    """Ask a model why: where it looked, how sure it is, what another one says. Research use.

    Parameters of the methods (--set): docs/explanations.md.
    """
    from medview.app.explain_command import explain_paths
    from medview.app.inference_queue import reported

    tell = Teller()
    try:
        answer = explain_paths(paths, models, method, output, progress=tell, **wished)  # type: ignore[arg-type]
    except MemoryError as error:
        raise reported(error) from error
    finally:
        tell.end()
    if as_json:
        print_json(answer)
        return ExitCode.DONE
    names = ", ".join(
        f"{model['name']} {model['version']} [{model['package_sha256'][:8]}]" for model in answer["models"]
    )
    about = f", {answer['label']}" if answer["label"] else ""
    lines = [f"{answer['method']['title']}{about}: {names} on {answer['stack']}"]
    if answer["agreement"] is not None:
        lines.append(f"  agreement: {100 * answer['agreement']:.1f} %")
    elif answer["baseline"] is not None:
        lines.append(f"  score of the unchanged image: {answer['baseline']:.4g}")
    lines += [
        f"  {one['title']}: {one['minimum']:.4g} to {one['maximum']:.4g} {one['unit']}".rstrip()
        for one in answer["maps"]
    ]
    if answer["columns"]:
        lines.append("  " + " | ".join(["", *answer["columns"]]).strip(" |"))
    lines += [
        f"  {row['name']}: " + " | ".join("–" if value is None else f"{value:.4g}" for value in row["values"])
        for row in answer["table"]
    ]
    lines += [
        f"  {one['name']} at {', '.join(f'{at:.1f}' for at in one['lps'] or one['voxel'])}" for one in answer["places"]
    ]
    lines += [f"  note: {note['text']}" for note in answer["warnings"]]
    lines.append(
        f"Runs of the network: {answer['runs']}, in {answer['duration_s']:.1f} s. AI explanation: research use, not for diagnosis."
    )
    print_text("\n".join([*lines, f"Written to {output}"]))
    return ExitCode.DONE
