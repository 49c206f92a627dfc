"""An imported network as a package: manifest, network, weights beside it and a card; whole, checked, or not there."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medview.core.problem import ExitCode, MedviewError
from medview.inference.importing.draft import Draft, about
from medview.inference.manifest import MANIFEST_NAME, parse_manifest
from medview.inference.onnx_file import read_onnx_facts
from medview.inference.package import ModelPackage, open_package

if TYPE_CHECKING:
    from medview.inference.session import OpenSession

CARD, MODEL = "CARD.md", "model.onnx"


def refuse_unopenable(draft: Draft, open_session: OpenSession | None = None) -> None:
    """Open the network once: unknown operators and a format that is too new are told before anything is asked.

    ``open_session`` opens it elsewhere than in this process. Raises MedviewError.
    """
    network = draft.graph.path
    from medview.inference.session import NetworkSession

    stand_in = parse_manifest(json.dumps({**about(network.stem), **_NOTHING_KNOWN}))
    package = _Opened(stand_in, network.parent, "folder", network, draft.graph.facts, "")
    if open_session is None:
        NetworkSession(package, "cpu").close()
        return
    with open_session(package, "cpu", None, lambda: None):
        pass


class _Opened(ModelPackage):
    """A network without a package around it, under its own name."""

    @property
    def model_path(self) -> Path:
        return self.source

    @property
    def files(self) -> tuple[str, ...]:
        return (self.source.name, *self.facts.side_files)

    @cached_property
    def sha256(self) -> str:
        return self.model_sha256


_NOTHING_KNOWN: dict[str, Any] = {
    "task": "classification",
    "input": {"unit": "display", "axes": ["down", "right"], "layout": "NCHW"},
    "output": {"kind": "classification", "labels": [{"index": 0, "name": "unknown"}]},
}
"""A manifest's other half for a network that is only opened."""


def write_package(draft: Draft, target: Path, open_session: OpenSession | None = None) -> ModelPackage:
    """Write a finished draft as a folder, or as a zip where ``target`` ends so, and open it.

    ``open_session`` opens the network for the check elsewhere than in this process.

    Raises MedviewError: ``import_incomplete``, a network that ONNX Runtime cannot open or that does not fit what was
    said of it (exit code 4), a place that is taken or cannot be written (7).
    """
    draft.manifest["card"] = CARD
    draft.manifest["model"] = MODEL
    manifest = draft.finished()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        text = f"{target.name} is there already; name another place."
        raise MedviewError("output_exists", text, str(target), ExitCode.CANNOT_WRITE)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".import-", dir=target.parent))
    except OSError as error:
        raise _not_written(target, error) from error
    try:
        folder = made / manifest.id
        folder.mkdir()
        _fill(draft, folder)
        _checked(folder, open_session)
        if target.suffix.lower() == ".zip":
            _zipped(folder, made / "package.zip")
            (made / "package.zip").replace(target)
        else:
            if target.exists():
                target.rmdir()
            folder.replace(target)
    except OSError as error:
        raise _not_written(target, error) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return open_package(target)


def _fill(draft: Draft, folder: Path) -> None:
    network = draft.graph.path
    shutil.copyfile(network, folder / MODEL)
    for side in draft.graph.facts.side_files:
        to = folder / side
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(network.parent / side, to)
    for name, source in draft.more_files.items():
        shutil.copyfile(source, folder / name)
        for side in read_onnx_facts(source).side_files:
            (folder / side).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source.parent / side, folder / side)
    (folder / MANIFEST_NAME).write_text(draft.manifest_text(), encoding="utf-8")
    (folder / CARD).write_text(card_text(draft), encoding="utf-8")


def _checked(folder: Path, open_session: OpenSession | None) -> None:
    """Open the network once on the processor: operators, opset, and whether its ports are as the manifest says."""
    from medview.inference.check import check_package

    check_package(open_package(folder), "cpu", open_session)


def _zipped(folder: Path, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())


def card_text(draft: Draft) -> str:
    """What is known of the network's origin, what was concluded and what somebody said."""
    said = draft.manifest
    lines = [
        f"# {said.get('name', '')}",
        "",
        str(said.get("description", "")),
        "",
        f"Imported from {draft.source.name} ({draft.convention}); network {draft.graph.path.name}, "
        f"opset {draft.graph.facts.opset}" + (f", made by {draft.graph.producer}." if draft.graph.producer else "."),
        f"Version of the source: {said.get('version', '')}. Licence: {said.get('licence', '')}.",
        f"Authors: {', '.join(said.get('authors', []))}.",
        f"Intended use: {said.get('intended_use', '')}",
    ]
    if draft.origin_text:
        lines += ["", draft.origin_text]
    lines += _part("Concluded from the files", [f"{one.field}: {one.value} ({one.why})" for one in draft.guesses])
    lines += _part("Said by the reader who imported it", [f"{name}: {text}" for name, text in draft.answers.items()])
    lines += _part("Worth knowing", draft.notes)
    if draft.licence_text.strip():
        lines += ["", "## Licence", "", draft.licence_text.strip()]
    return "\n".join(lines) + "\n"


def _part(title: str, entries: list[str]) -> list[str]:
    return ["", f"## {title}", "", *(f"- {entry}" for entry in entries)] if entries else []


def _not_written(target: Path, error: OSError) -> MedviewError:
    text = f"{target.name} could not be written: {error.strerror or error}."
    return MedviewError("cannot_write", text, str(target), ExitCode.CANNOT_WRITE)
