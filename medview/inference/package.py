"""Model packages: a folder or zip with a manifest, the network, its side files and a card, opened and checked."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import stat
import struct
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Literal

from medview.core.problem import ExitCode, MedviewError
from medview.inference.manifest import MANIFEST_NAME, Manifest, PromptedOutput, is_plain_path, read_manifest
from medview.inference.onnx_file import OnnxFacts, read_onnx_facts

log = logging.getLogger(__name__)

Origin = Literal["folder", "zip", "installed", "built-in"]

LARGEST_PACKAGE = 8 * 1024**3
"""Unpacked bytes of a zip above which it is refused; the largest published 3-D networks need about 1 GB."""
MOST_FILES = 1000
HIGHEST_RATIO = 200
"""Unpacked over packed size; weights hardly shrink, so more is a bomb."""


@dataclass(frozen=True, eq=False)
class ModelPackage:
    """An opened package. ``folder`` holds the manifest; for a zip it is a temporary copy that lives with this value."""

    manifest: Manifest
    folder: Path
    origin: Origin
    source: Path
    """What the reader named: the folder or zip."""
    facts: OnnxFacts
    manifest_sha256: str
    """Of the manifest as it was read; the other files are hashed when that is first asked for."""
    inner: ModelPackage | None = None
    """The package that is packed inside, whose finding crops this one's input."""
    decoder_facts: OnnxFacts | None = None
    """Of the second network, where masks are made of an embedding and a prompt."""
    variant_facts: Mapping[str, OnnxFacts] = field(default_factory=dict)
    part_of: str = ""
    """Of a package that is seen as another of its networks: SHA-256 of the whole, which the reader's word is bound to."""
    keep: object = field(default=None, repr=False)
    """Holds a temporary folder until nobody needs the package."""

    @property
    def model_path(self) -> Path:
        """The ONNX file."""
        return self.folder / self.manifest.model

    def named(self, file: str) -> str:
        """Where the reader finds a file of the package: in the zip and not in its temporary copy."""
        return str((self.source if self.origin == "zip" else self.folder) / file)

    @property
    def files(self) -> tuple[str, ...]:
        """Relative paths of all that belongs to the package: manifest, network, side files, card."""
        names = [MANIFEST_NAME, *_with_sides(self.manifest.model, self.facts)]
        if isinstance(self.manifest.output, PromptedOutput) and self.decoder_facts is not None:
            names += _with_sides(self.manifest.output.decoder, self.decoder_facts)
        for name, facts in self.variant_facts.items():
            names += _with_sides(self.manifest.variants[name], facts)
        if self.manifest.card is not None:
            names.append(self.manifest.card)
        if self.inner is not None:
            folder = self.inner.folder.relative_to(self.folder).as_posix()
            names += [f"{folder}/{name}" for name in self.inner.files]
        return tuple(dict.fromkeys(names))

    @cached_property
    def model_sha256(self) -> str:
        """SHA-256 of the ONNX file alone, as its publisher would state it."""
        return _sha256(self.model_path)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 over manifest, network and side files: what results are bound to."""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            if name == self.manifest.card:
                continue
            known = {MANIFEST_NAME: self.manifest_sha256, self.manifest.model: self.model_sha256}
            content = known.get(name) or _sha256(self.folder / name)
            digest.update(f"{name}\0{content}\n".encode())
        return digest.hexdigest()

    @property
    def card(self) -> str:
        """Text of the card, or ""."""
        if self.manifest.card is None:
            return ""
        return (self.folder / self.manifest.card).read_text(encoding="utf-8", errors="replace")


def _with_sides(model: str, facts: OnnxFacts) -> list[str]:
    parent = PurePosixPath(model).parent
    return [model, *((parent / side).as_posix() for side in facts.side_files)]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unusable(code: str, text: str, path: Path) -> MedviewError:
    return MedviewError(code, text, str(path), ExitCode.MODEL_UNUSABLE)


def open_package(named: str | Path) -> ModelPackage:
    """A package by folder, zip, or name (``id`` or ``id@version``) of an installed or built-in one.

    A word is a name first: a folder that happens to lie where the program was started never stands in for a package
    that was installed and perhaps trusted. ``./NAME`` or a Path is the folder. Raises MedviewError (exit code 4) that
    names what is wrong.
    """
    path = Path(named)
    if path.is_dir():
        known = _of_that_name(named) if isinstance(named, str) and path.name == named else None
        return known or open_package_folder(path)
    if not path.is_file():
        from medview.inference.library import find_package

        return find_package(str(named))
    if path.name == MANIFEST_NAME:
        return open_package_folder(path.parent)
    if path.suffix.lower() == ".onnx":
        text = f"{path.name} is a bare network; a package needs a {MANIFEST_NAME} beside it that says what it is for."
        raise _unusable("manifest_missing", text, path)
    return open_package_zip(path)


def _of_that_name(named: str) -> ModelPackage | None:
    """The installed or built-in package that a word names beside a folder; None where there is none."""
    from medview.inference.library import find_package

    try:
        found = find_package(named)
    except MedviewError as error:
        if error.code != "package_missing":
            raise
        return None
    log.warning("%s is the %s package; the folder of that name here is ./%s", named, found.origin, named)
    return found


def open_package_folder(folder: Path, origin: Origin = "folder", source: Path | None = None) -> ModelPackage:
    """Open a folder. Raises MedviewError that names the wrong field, the missing file or the refused operator."""
    source = source or folder
    manifest = read_manifest(folder / MANIFEST_NAME)
    facts = _network_facts(folder, manifest.model, source)
    decoder = None
    if isinstance(manifest.output, PromptedOutput):
        decoder = _network_facts(folder, manifest.output.decoder, source)
    _refuse_missing_card(folder, manifest, source)
    inner = _inner_package(folder, manifest, origin, source)
    digest = _sha256(folder / MANIFEST_NAME)
    variants = {name: _network_facts(folder, path, source) for name, path in manifest.variants.items()}
    return ModelPackage(manifest, folder, origin, source, facts, digest, inner, decoder, variants)


def as_network(package: ModelPackage, model: str, facts: OnnxFacts, name: str) -> ModelPackage:
    """The package seen as another of its networks, under a hash of its own."""
    manifest = package.manifest.model_copy(update={"model": model})
    digest = f"{package.manifest_sha256}+{name}"
    whole = package.part_of or package.sha256
    return replace(package, manifest=manifest, facts=facts, manifest_sha256=digest, part_of=whole)


def variant_of(package: ModelPackage, name: str) -> ModelPackage:
    """The package with its network in other numbers. Raises MedviewError (exit code 2) where it has none of that name."""
    facts = package.variant_facts.get(name)
    if facts is None:
        known = ", ".join(package.variant_facts) or "none"
        text = f"{package.manifest.name} has no variant {name!r} (it has: {known})."
        raise MedviewError("variant_unknown", text, None, ExitCode.BAD_USE, (package.manifest.name, name, known))
    return as_network(package, package.manifest.variants[name], facts, name)


def _network_facts(folder: Path, name: str, source: Path) -> OnnxFacts:
    """What a network of the package says of itself; no foreign operators, weights where they belong."""
    model = folder / name
    _stay_inside(folder, name, source)
    facts = read_onnx_facts(model)
    for domain, operator in facts.domains:
        text = (
            f"{model.name} needs the operator {operator} of {domain}, which ONNX Runtime does not have; "
            "medview loads no foreign code."
        )
        raise _unusable("operator_refused", text, model)
    for side in facts.side_files:
        if not is_plain_path(side):
            raise _unusable(
                "side_file_outside", f"{model.name} wants weights from {side!r}, outside the package.", model
            )
        beside = (PurePosixPath(name).parent / side).as_posix()
        _stay_inside(folder, beside, source)
        if not (folder / beside).is_file():
            text = f"{model.name} keeps weights in {side}, which is missing from the package."
            raise _unusable("side_file_missing", text, folder / beside)
    return facts


def _refuse_missing_card(folder: Path, manifest: Manifest, source: Path) -> None:
    if manifest.card is None:
        return
    _stay_inside(folder, manifest.card, source)
    if not (folder / manifest.card).is_file():
        raise _unusable("card_missing", f"{MANIFEST_NAME}: card: {manifest.card} is missing.", folder / manifest.card)


def _inner_package(folder: Path, manifest: Manifest, origin: Origin, source: Path) -> ModelPackage | None:
    """The package that is packed inside for a cascade."""
    within = manifest.input.within
    if within is None or within.folder is None:
        return None
    _stay_inside(folder, within.folder, source)
    return open_package_folder(folder / within.folder, origin, source)


def _stay_inside(folder: Path, name: str, source: Path) -> None:
    path = folder / name
    if path.exists() and not path.resolve().is_relative_to(folder.resolve()):
        raise _unusable("path_outside", f"{name} of the package {source.name} leads out of it.", path)


def open_package_zip(path: Path) -> ModelPackage:
    """Open a zip, unpacked into a temporary folder. Raises MedviewError as for folders, and for unsafe archives."""
    target = Path(tempfile.mkdtemp(prefix="medview-package-"))
    keep = PassingFolder(target)
    unpack(path, target)
    folder = find_manifest_folder(target, path)
    try:
        return replace(open_package_folder(folder, "zip", path), keep=keep)
    except MedviewError as error:
        raise _in_zip(error, target, path) from error


def _in_zip(error: MedviewError, target: Path, path: Path) -> MedviewError:
    """The error of a file of the temporary copy as one of the zip, which is what the reader has."""
    where = error.path and os.path.relpath(error.path, target)
    if not where or where.startswith(os.pardir):
        return error
    text = error.text.replace(str(target), str(path))
    return MedviewError(error.code, text, str(path / where), error.exit_code, error.values)


class PassingFolder:
    """A temporary folder that goes when nobody holds this."""

    def __init__(self, path: Path) -> None:
        weakref.finalize(self, shutil.rmtree, path, ignore_errors=True)


def unpack(path: Path, target: Path) -> None:
    """Unpack a zip into ``target``; no name may lead out of it, no link, no bomb. Raises MedviewError."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            _check_entries(entries, path)
            left = LARGEST_PACKAGE
            for entry in entries:
                to = target / entry.filename
                to.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, to.open("wb") as sink:
                    while chunk := source.read(1 << 20):
                        left -= len(chunk)
                        if left < 0:
                            raise _unusable("package_too_large", f"{path.name} unpacks to too many bytes.", path)
                        sink.write(chunk)
    except FileNotFoundError as error:
        raise _unusable("package_missing", f"There is no {path}.", path) from error
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        ValueError,
    ) as error:
        raise _unusable("package_corrupt", f"{path.name} is not a readable zip: {error}.", path) from error
    except OSError as error:
        raise _unusable("package_unreadable", f"{path.name} cannot be unpacked: {error}.", path) from error


def _check_entries(entries: list[zipfile.ZipInfo], path: Path) -> None:
    if len(entries) > MOST_FILES:
        raise _unusable("package_too_large", f"{path.name} holds {len(entries)} files.", path)
    seen: set[str] = set()
    for entry in entries:
        mode = entry.external_attr >> 16
        if not is_plain_path(entry.filename) or (stat.S_IFMT(mode) not in {0, stat.S_IFREG}):
            raise _unusable("path_outside", f"{path.name} holds the unsafe name {entry.filename!r}.", path)
        if entry.filename.casefold() in seen:
            raise _unusable("package_corrupt", f"{path.name} holds {entry.filename!r} twice.", path)
        seen.add(entry.filename.casefold())
        if entry.file_size > HIGHEST_RATIO * max(entry.compress_size, 4096):
            raise _unusable("package_too_large", f"{entry.filename} in {path.name} unpacks to too many bytes.", path)


def find_manifest_folder(root: Path, source: Path) -> Path:
    """The folder with the manifest: ``root`` or the only folder in it."""
    if (root / MANIFEST_NAME).is_file():
        return root
    inside = [folder for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith((".", "__MACOSX"))]
    if len(inside) == 1 and (inside[0] / MANIFEST_NAME).is_file():
        return inside[0]
    raise _unusable("manifest_missing", f"The package {source.name} has no {MANIFEST_NAME}.", source)
