"""Installing of model packages that the reader dropped or chose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from medview.app.notices import AI

if TYPE_CHECKING:
    from medview.app.workspace import Workspace
    from medview.inference.package import ModelPackage

T = TypeVar("T")
PATIENCE_S = 2.0
"""How long a path may take to say what it is; then it is opened as images, whose scan waits longer."""


def is_model_package(path: str) -> bool:
    """Whether a path looks like a package: a folder or zip with a manifest (a zip's folder may hold it)."""
    chosen = Path(path)
    if chosen.is_dir():
        return (chosen / "manifest.json").is_file()
    if chosen.suffix.lower() != ".zip" or not chosen.is_file():
        return False
    import zipfile

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
    import zipfile

    try:
        with zipfile.ZipFile(chosen) as archive:
            return any(name.lower().endswith(".onnx") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


@dataclass(frozen=True)
class SortedPaths:
    """Paths by what is done with them."""

    packages: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    images: tuple[str, ...] = ()


def sort_out(workspace: Workspace, paths: Sequence[str], take: Callable[[SortedPaths], None]) -> None:
    """Look in the background at what paths are, and hand that to ``take`` on the main thread.

    A path that does not answer (a network that is gone) counts as one of images: their scan says so with its name.
    """

    def told(kinds: list[str]) -> None:
        def of(kind: str) -> tuple[str, ...]:
            return tuple(path for path, its in zip(paths, kinds, strict=True) if its == kind)

        take(SortedPaths(of("package"), of("network"), of("images")))

    _ask(workspace, paths, _kind_of, "images", told)


def remember_folder(workspace: Workspace, path: str) -> None:
    """Keep the folder that a path is or lies in for the next question."""

    def told(is_folder: list[bool]) -> None:
        workspace.change_settings(last_folder=path if is_folder[0] else str(Path(path).parent))

    _ask(workspace, [path], lambda path: Path(path).is_dir(), False, told)


def _ask(
    workspace: Workspace, paths: Sequence[str], question: Callable[[str], T], late: T, told: Callable[[list[T]], None]
) -> None:
    """Ask the system about paths in the background: a network that is gone would hold the window."""
    from medview.jobs.queue import Lane

    def work(_progress: object) -> list[T]:
        from medview.jobs.direct import read_slots

        left = iter(range(len(paths)))
        answers = [late] * len(paths)
        read_slots(
            lambda: next(left, None),
            lambda k: question(paths[k]),
            answers.__setitem__,
            late=lambda _k: late,
            patience_s=PATIENCE_S,
        )
        return answers

    workspace.jobs.submit("scan", work, Lane.INTERACTION, told, workspace.tell_error)


def _kind_of(path: str) -> str:
    if is_model_package(path):
        return "package"
    return "network" if is_foreign_network(path) else "images"


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
