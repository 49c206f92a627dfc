"""Writes what a packaged medview holds: a CycloneDX list and a page with every licence text, from the lock.

    python packaging/bill_of_materials.py FOLDER [LOCK NAME …]      of an add-on: these packages of packaging/locks/LOCK

Names, versions and hashes come out of packaging/locks/cpu.txt, licences out of the packages as they are installed in the
Python that runs this; a package that is locked for this system and not installed ends it with an error.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import re
import sys
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

# Locked beside the rest and not in the program: what builds medview's metadata, and what only compiles its kernels.
NOT_SHIPPED = frozenset(
    {
        "hatchling",
        "editables",
        "packaging",
        "pathspec",
        "pluggy",
        "trove-classifiers",
        "tomlkit",
        "numba",
        "llvmlite",
        "qtpy",
        "simpleitk",  # an add-on
    }
)
LICENCE_NAMES = re.compile(
    r"(^|/)(LICEN[CS]E|COPYING|NOTICE|AUTHORS|ThirdPartyNotices)[^/]*$|/licen[cs]es?/", re.IGNORECASE
)
LARGEST_TEXT = 1 << 20


@dataclass(frozen=True)
class Component:
    """One locked package: SHA-256 hashes of its wheels, the licence it names, and its licence files' texts by name."""

    name: str
    version: str
    hashes: tuple[str, ...]
    licence: str = ""
    texts: tuple[tuple[str, str], ...] = field(default=())


def locked(text: str, system: str = sys.platform, only: tuple[str, ...] = ()) -> list[Component]:
    """The packages of a lock file that hold for a system (as ``sys.platform`` says): ``only`` these, else what is shipped."""
    found: list[Component] = []
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        head = re.match(r"([A-Za-z0-9._-]+)==([^\s;\\]+)(?:\s*;\s*([^\\\n]*))?", entry)
        if head is None or (head.group(1).lower() not in only if only else head.group(1).lower() in NOT_SHIPPED):
            continue
        marker = head.group(3) or ""
        if "win32" in marker and (("==" in marker) != (system == "win32")):
            continue
        hashes = tuple(re.findall(r"sha256:([0-9a-f]{64})", entry))
        found.append(Component(head.group(1).lower(), head.group(2), hashes))
    return found


def with_licences(component: Component) -> Component:
    """The component with what its installed package says; raises LookupError where another version is installed."""
    try:
        package = importlib.metadata.distribution(component.name)
    except importlib.metadata.PackageNotFoundError as error:
        raise LookupError(f"{component.name} is locked and not installed here") from error
    if package.version != component.version:
        raise LookupError(f"{component.name} {package.version} is installed, {component.version} is locked")
    said = package.metadata
    licence = said.get("License-Expression") or ""
    if not licence:
        classifiers = [
            line.split(" :: ")[-1] for line in said.get_all("Classifier") or [] if line.startswith("License")
        ]
        short = (said.get("License") or "").strip().split("\n")[0]
        licence = short if 0 < len(short) < 60 else " and ".join(classifiers)
    texts = []
    for entry in package.files or ():
        if LICENCE_NAMES.search(entry.as_posix()) and not entry.name.endswith((".py", ".pyc")):
            path = Path(str(entry.locate()))
            if path.is_file() and path.stat().st_size <= LARGEST_TEXT:
                texts.append((entry.as_posix(), path.read_text(encoding="utf-8", errors="replace")))
    return Component(component.name, component.version, component.hashes, licence, tuple(texts))


def cyclonedx(components: list[Component], version: str) -> dict[str, Any]:
    """The list as CycloneDX 1.5; the same lock gives the same bytes."""
    python = Component("python", platform.python_version(), (), "PSF-2.0")
    named = "\n".join(f"{one.name}=={one.version}" for one in (*components, python))
    serial = uuid.UUID(bytes=hashlib.sha256(f"{version}\n{named}".encode()).digest()[:16], version=4)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": "medview", "name": "medview", "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": [_described(one) for one in (*components, python)],
        "dependencies": [{"ref": "medview", "dependsOn": [_reference(one) for one in (*components, python)]}],
    }  # fmt: skip


def _reference(component: Component) -> str:
    kind = "generic" if component.name == "python" else "pypi"
    return f"pkg:{kind}/{component.name}@{component.version}"


def _described(component: Component) -> dict[str, Any]:
    described: dict[str, Any] = {
        "type": "library", "bom-ref": _reference(component), "name": component.name, "version": component.version,
        "purl": _reference(component),
    }  # fmt: skip
    if component.licence:
        described["licenses"] = [{"license": {"name": component.licence}}]
    if component.hashes:
        # A lock names one hash for each system's wheel; which was taken is not said, so each is given as a way to get it.
        described["externalReferences"] = [
            {"type": "distribution", "url": f"pkg:pypi/{component.name}@{component.version}",
             "hashes": [{"alg": "SHA-256", "content": value} for value in component.hashes]}
        ]  # fmt: skip
    return described


def page(components: list[Component]) -> str:
    """Every component with its licence, and every licence text once."""
    lines = [
        "# What medview is packed with", "",
        "Made by packaging/bill_of_materials.py. What each wheel carries besides, and what the LGPL asks for, stands in",
        "licences.md. Qt and PySide6 (LGPL 3) are shared libraries of their own in parts/PySide6 and parts/shiboken6: put",
        "your own build of the same version's interface there and medview runs with it.", "",
        "| component | version | licence |", "| --- | --- | --- |",
    ]  # fmt: skip
    lines += [f"| {one.name} | {one.version} | {one.licence or 'see its text below'} |" for one in components]
    lines.append(f"| python | {platform.python_version()} | PSF-2.0 |")
    seen: dict[str, str] = {}
    for one in components:
        for name, text in one.texts:
            key = text.strip()
            title = f"{one.name} {one.version}: {name}"
            lines += ["", f"## {title}", ""]
            if key in seen:
                lines.append(f"The same text as {seen[key]}.")
                continue
            seen[key] = title
            lines += [f"    {line}".rstrip() for line in text.splitlines()]
    return "\n".join([*lines, ""])


def main(folder: Path, lock_name: str = "cpu.txt", only: tuple[str, ...] = ()) -> None:
    """Write medview.cdx.json and components.md into a folder."""
    sys.path.insert(0, str(ROOT))
    from medview import __version__

    lock = (ROOT / "packaging" / "locks" / lock_name).read_text(encoding="utf-8")
    components = [with_licences(one) for one in locked(lock, only=only)]
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(cyclonedx(components, __version__), indent=1, ensure_ascii=False) + "\n"
    (folder / "medview.cdx.json").write_text(text, encoding="utf-8", newline="\n")
    (folder / "components.md").write_text(page(components), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    if len(sys.argv) < 2 or len(sys.argv) == 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), *sys.argv[2:3], only=tuple(sys.argv[3:]))
