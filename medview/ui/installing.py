"""Installing of model packages that the reader dropped or chose."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from medview.app.notices import AI

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.inference.package import ModelPackage


def is_model_package(path: str) -> bool:
    """Whether a path looks like a package: a folder or zip with a manifest (a zip's folder may hold it)."""
    chosen = Path(path)
    if chosen.is_dir():
        return (chosen / "manifest.json").is_file()
    if chosen.suffix.lower() != ".zip" or not chosen.is_file():
        return False
    try:
        with zipfile.ZipFile(chosen) as archive:
            names = archive.namelist()
            # A study that was sent as a zip may hold a manifest of its own, but no network.
            return any(name.rsplit("/", 1)[-1] == "manifest.json" for name in names) and any(
                name.lower().endswith(".onnx") for name in names
            )
    except (OSError, zipfile.BadZipFile):
        return False


def is_foreign_network(path: str) -> bool:
    """Whether a path looks like a network that must be imported first: an ONNX file, or a folder or zip around one.

    A folder of images that happens to hold a network somewhere deep is opened as images.
    """
    chosen = Path(path)
    if is_model_package(path):
        return False
    if chosen.is_dir():
        nearby = (chosen, chosen / "models", *sorted(chosen.glob("fold_*"))[:5])
        return any(next(folder.glob("*.onnx"), None) is not None for folder in nearby)
    if chosen.suffix.lower() == ".onnx":
        return chosen.is_file()
    if chosen.suffix.lower() != ".zip" or not chosen.is_file():
        return False
    try:
        with zipfile.ZipFile(chosen) as archive:
            return any(name.lower().endswith(".onnx") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def install_in_background(workspace: Workspace, path: str) -> None:
    """Install a package; the AI panel says how it went."""
    from medview.jobs.queue import Lane

    def work(progress: object) -> ModelPackage:  # noqa: ARG001 - too short for steps
        from medview.inference.library import install

        return install(Path(path))

    def done(package: ModelPackage) -> None:
        name = f"{package.manifest.name} {package.manifest.version}"
        workspace.tell("package_installed", f"{name} is installed.", (name,), severity="done", place=AI)
        workspace.packages_changed.emit()

    workspace.background.remember(
        workspace.jobs.submit(
            "install", work, Lane.ANALYSIS, on_done=done, on_failed=lambda error: workspace.tell_error(error, AI)
        )
    )
