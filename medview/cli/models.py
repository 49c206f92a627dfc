"""``medview models``: the packages at hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from medview.cli.answer import described_error, print_json, print_text
from medview.core.problem import ExitCode

if TYPE_CHECKING:
    from medview.inference.package import ModelPackage


@click.group("models")
def models_command() -> None:
    """Import, check, trust, list, install and remove model packages."""


def _described(package: ModelPackage) -> dict[str, Any]:
    from medview.inference.trust import is_trusted

    manifest = package.manifest
    return {
        "id": manifest.id,
        "name": manifest.name,
        "version": manifest.version,
        "task": manifest.task,
        "origin": package.origin,
        "path": str(package.source),
        "trusted": is_trusted(package),
        "licence": manifest.licence,
        "research_only": manifest.research_only,
        "modalities": list(manifest.fits.modalities),
        "body_parts": list(manifest.fits.body_parts),
        "description": manifest.description,
        "intended_use": manifest.intended_use,
        "sha256": package.model_sha256,
        "package_sha256": package.sha256,
    }


def _line(package: ModelPackage) -> str:
    from medview.inference.trust import is_trusted

    manifest = package.manifest
    said = [manifest.task, package.origin, manifest.licence, *([] if is_trusted(package) else ["not trusted yet"])]
    return f"{manifest.id} {manifest.version}  {manifest.name} ({', '.join(said)})"


@models_command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_command(as_json: bool) -> int:
    """List built-in and installed packages."""
    from medview.inference.library import packages

    found, problems = packages()
    if as_json:
        told = [{"path": problem.path, "code": problem.code, "what": problem.what} for problem in problems]
        print_json({"packages": [_described(package) for package in found], "problems": told})
    else:
        lines = [_line(package) for package in found] or ["There are no packages."]
        print_text("\n".join([*lines, *(f"unusable: {problem.what} ({problem.path})" for problem in problems)]))
    return ExitCode.DONE


@models_command.command("check")
@click.argument("package")
@click.option("--device", default="auto", show_default=True, help="Where to open it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check_command(package: str, device: str, as_json: bool) -> int:
    """Check a folder, zip or package name: manifest, files, operators, and that network and manifest fit."""
    from medview.app.contained import Networks
    from medview.inference.check import check_package
    from medview.inference.package import open_package

    # What is checked is mostly not installed yet, or not as it lies here.
    opened = open_package(Path(package) if Path(package).exists() else package)
    with Networks(warm=0) as networks:
        checked = check_package(opened, device, networks.open)
    answer = {"usable": True, **_described(opened), **checked}
    if as_json:
        print_json(answer)
    else:
        print_text(f"{_line(opened)}: usable, on {checked['device_used']}")
    return ExitCode.DONE


@models_command.command("import")
@click.argument("source", type=click.Path())
@click.option(
    "--output", type=click.Path(), help="The package to write: a folder, or a zip. Without it nothing is written."
)
@click.option("--set", "answers", multiple=True, metavar="FIELD=VALUE", help="What the network cannot say; repeatable.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def import_command(source: str, output: str | None, answers: tuple[str, ...], as_json: bool) -> int:
    """Make a package of a foreign network: MONAI bundle, nnU-Net export, Ultralytics, ivadomed or a bare ONNX.

    What its files do not say is listed with the field to give it for; exit code 4 until everything is said.
    """
    from pathlib import Path

    from medview.app.contained import Networks
    from medview.inference.importing.begin import begin_import
    from medview.inference.importing.draft import parse_answers
    from medview.inference.importing.listing import draft_lines, draft_listing
    from medview.inference.importing.write import refuse_unopenable, write_package

    draft = begin_import(Path(source), parse_answers(answers))
    package = None
    with Networks(warm=0) as networks:
        refuse_unopenable(draft, networks.open)
        if not draft.questions:
            draft.finished()
            package = write_package(draft, Path(output), networks.open) if output is not None else None
    listing = draft_listing(draft)
    if package is not None:
        listing.update({"package": output, "written": _described(package)})
    if draft.questions:
        listing["error"] = described_error(draft.incomplete())
    if as_json:
        print_json(listing)
    else:
        print_text("\n".join(draft_lines(draft, output if package is not None else None)))
    return ExitCode.MODEL_UNUSABLE if draft.questions else ExitCode.DONE


@models_command.command("trust")
@click.argument("package")
@click.option("--revoke", is_flag=True, help="Take the trust back.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def trust_command(package: str, revoke: bool, as_json: bool) -> int:
    """Say that a package is trusted, exactly as it is now; a changed manifest or network is a stranger again."""
    from medview.inference.package import open_package
    from medview.inference.trust import distrust, is_trusted, trust

    opened = open_package(package)
    (distrust if revoke else trust)(opened)
    if as_json:
        print_json({"trusted": is_trusted(opened), "package": _described(opened)})
    else:
        print_text(_line(opened) if not is_trusted(opened) else f"trusted: {_line(opened)}")
    return ExitCode.DONE


@models_command.command("install")
@click.argument("package", type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def install_command(package: str, as_json: bool) -> int:
    """Copy a folder or zip into the user's data folder."""
    from pathlib import Path

    from medview.inference.library import install

    installed = install(Path(package))
    if as_json:
        print_json({"installed": _described(installed)})
    else:
        print_text(f"installed {_line(installed)}")
    return ExitCode.DONE


@models_command.command("remove")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def remove_command(name: str, as_json: bool) -> int:
    """Delete an installed package (id or id@version)."""
    from medview.inference.library import remove

    remove(name)
    if as_json:
        print_json({"removed": name})
    else:
        print_text(f"removed {name}")
    return ExitCode.DONE


@models_command.command("bench")
@click.argument("package")
@click.option("--device", "devices", multiple=True, help="Only this device; may be said several times.")
@click.option("--limit", type=click.FloatRange(min=1), help="Most seconds for one call of the network.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench_command(package: str, devices: tuple[str, ...], limit: float | None, as_json: bool) -> int:
    """Measure a package's network on each device, and say why the others cannot be used."""
    from medview.app.contained import Networks
    from medview.inference.bench import bench_package
    from medview.inference.devices import check_device_name
    from medview.inference.package import open_package

    for device in devices:
        check_device_name(device)
    opened = open_package(package)
    with Networks(warm=0, limit_s=limit) as networks:
        lines = bench_package(opened, networks.open, devices)
    if as_json:
        print_json({**_described(opened), "devices": [line.described() for line in lines]})
        return ExitCode.DONE
    told = [_line(opened)]
    for line in lines:
        name = f"{line.device} {line.variant}".rstrip()
        if line.call_s is None:
            told.append(f"  {name}: cannot be used: {line.reason}")
            continue
        shape = " x ".join(str(length) for length in line.input_shape)
        agreement = "" if line.difference is None else f", differs from cpu by {line.difference:.1e} at most"
        if line.agreement is not None:
            agreement += f", decides the same in {line.agreement:.4%} of places"
        told.append(
            f"  {name}: {line.call_s * 1000:.1f} ms for {shape} ({line.calls} calls), "
            f"opened in {line.open_s or 0:.2f} s, first call {(line.first_call_s or 0) * 1000:.1f} ms{agreement}"
        )
    print_text("\n".join(told))
    return ExitCode.DONE
