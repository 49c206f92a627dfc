"""``medview models``: the packages at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from medview.cli.answer import print_json, print_text
from medview.core.problem import ExitCode

if TYPE_CHECKING:
    from medview.inference.package import ModelPackage


@click.group("models")
def models_command() -> None:
    """List, check, install and remove model packages."""


def _described(package: ModelPackage) -> dict[str, Any]:
    manifest = package.manifest
    return {
        "id": manifest.id,
        "name": manifest.name,
        "version": manifest.version,
        "task": manifest.task,
        "origin": package.origin,
        "path": str(package.source),
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
    manifest = package.manifest
    return f"{manifest.id} {manifest.version}  {manifest.name} ({manifest.task}, {package.origin}, {manifest.licence})"


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
    from medview.inference.check import check_package
    from medview.inference.package import open_package

    opened = open_package(package)
    checked = check_package(opened, device)
    answer = {"usable": True, **_described(opened), **checked}
    if as_json:
        print_json(answer)
    else:
        print_text(f"{_line(opened)}: usable, on {checked['device_used']}")
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
