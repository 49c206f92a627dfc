"""The packages at hand: built in, and installed into the user's folder by copy, so that they are whole or not there."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from medview.core.folders import user_folder
from medview.core.policy import policy
from medview.core.problem import ExitCode, MedviewError, Problem
from medview.core.resources import resource_path
from medview.inference.manifest import MANIFEST_NAME
from medview.inference.package import ModelPackage, Origin, open_package, open_package_folder, open_package_zip


def installed_folder() -> Path:
    """Where installed packages live, one folder ``id@version`` each; may not exist yet."""
    return user_folder() / "models"


def builtin_folder() -> Path:
    """Where the packages live that come with medview; may not exist."""
    return resource_path("models")


def _folders(root: Path) -> list[Path]:
    try:
        found = [folder for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith(".")]
    except OSError:
        return []
    return sorted(folder for folder in found if (folder / MANIFEST_NAME).is_file())


def installed_packages() -> tuple[ModelPackage, ...]:
    """All packages that can be used, built-in ones first."""
    return packages()[0]


def packages() -> tuple[tuple[ModelPackage, ...], tuple[Problem, ...]]:
    """All packages, built-in ones first, and what is wrong with those that cannot be used; never raises."""
    found: list[ModelPackage] = []
    problems: list[Problem] = []
    roots: tuple[tuple[Path, Origin], ...] = ((builtin_folder(), "built-in"), (installed_folder(), "installed"))
    for root, origin in roots:
        for folder in _folders(root):
            try:
                found.append(open_package_folder(folder, origin))
            except MedviewError as error:
                problems.append(Problem(error.path or str(folder), error.code, error.text, values=error.values))
    return tuple(found), tuple(problems)


def find_package(named: str) -> ModelPackage:
    """An installed or built-in package by ``id`` or ``id@version``.

    Without version the installed one that was put there last wins over the built-in one. Raises MedviewError (exit
    code 4) that names what is wrong.
    """
    name, _, version = named.partition("@")
    fault: MedviewError | None = None
    roots: tuple[tuple[Path, Origin], ...] = ((installed_folder(), "installed"), (builtin_folder(), "built-in"))
    for root, origin in roots:
        candidates = [folder for folder in _folders(root) if folder.name.partition("@")[0] == name]
        candidates.sort(key=lambda folder: (folder / MANIFEST_NAME).stat().st_mtime, reverse=True)
        for folder in candidates:
            try:
                package = open_package_folder(folder, origin)
            except MedviewError as error:
                fault = fault or error
                continue
            if not version or package.manifest.version == version:
                return package
    if fault is not None:
        raise fault
    text = f"There is no package {named}: neither a folder or zip, nor installed or built in."
    raise MedviewError("package_missing", text, str(named), ExitCode.MODEL_UNUSABLE)


def install(path: Path) -> ModelPackage:
    """Copy a folder or zip into the user's folder, replacing the same id and version; only the package's own files.

    Raises MedviewError: unusable package (exit code 4), or nothing written because the disk refused (7).
    """
    policy().refuse("models")
    package = open_package_zip(path) if path.is_file() else open_package_folder(path)
    root = installed_folder()
    target = root / f"{package.manifest.id}@{package.manifest.version}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
    except OSError as error:
        raise _not_written(target, error) from error
    try:
        for name in package.files:
            to = made / name
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(package.folder / name, to)
        open_package_folder(made)
        if target.exists():
            old = Path(tempfile.mkdtemp(prefix=".old-", dir=root))
            target.replace(old / target.name)
            made.replace(target)
            shutil.rmtree(old, ignore_errors=True)
        else:
            made.replace(target)
    except OSError as error:
        raise _not_written(target, error) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return open_package_folder(target, "installed")


def remove(name: str) -> Path:
    """Delete an installed package (``id`` or ``id@version``; without version all of them). Raises MedviewError."""
    wanted, _, version = name.partition("@")
    folders = [
        folder
        for folder in _folders(installed_folder())
        if folder.name == name or (not version and folder.name.partition("@")[0] == wanted)
    ]
    if not folders:
        builtin = any(folder.name == wanted for folder in _folders(builtin_folder()))
        text = f"{name} is built in and cannot be removed." if builtin else f"There is no installed package {name}."
        raise MedviewError("package_missing", text, name, ExitCode.MODEL_UNUSABLE)
    for folder in folders:
        grave = Path(tempfile.mkdtemp(prefix=".old-", dir=folder.parent))
        try:
            folder.replace(grave / folder.name)
        except OSError as error:
            raise _not_written(folder, error) from error
        finally:
            shutil.rmtree(grave, ignore_errors=True)
    return folders[0]


def _not_written(target: Path, error: OSError) -> MedviewError:
    text = f"{target.name} could not be written: {error.strerror or error}."
    return MedviewError("cannot_write", text, str(target), ExitCode.CANNOT_WRITE)


__all__ = [
    "builtin_folder",
    "find_package",
    "install",
    "installed_folder",
    "installed_packages",
    "open_package",
    "packages",
    "remove",
]
