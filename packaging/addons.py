"""What not everybody needs and weighs more than the rest: each is a package of its own that lies beside the program's parts.

Standard library only. A part that is not installed is refused by name where it is wanted (`medview.processing.itk`,
`medview.app.solid_process`); nothing else changes.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import slimming

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Addon:
    """A library that the program finds in its parts: what is imported of it, and the lock that brings it."""

    name: str
    title: str
    package: str
    """Its folder among the installed packages."""
    distribution: str
    imports: tuple[str, ...]
    """What medview imports; what that loads is all that is packed."""
    lock: str = ""


def imported(package: str) -> tuple[str, ...]:
    """The modules of a package that medview's own modules name."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "medview").rglob("*.py")))
    return tuple(sorted(set(re.findall(rf"^\s*(?:import|from) ({package}(?:\.\w+)*)", text, re.MULTILINE))))


def addons() -> tuple[Addon, ...]:
    """All of them."""
    return (
        Addon("registration", "registering series by their images", "SimpleITK", "simpleitk", imported("SimpleITK")),
        Addon("3d", "drawing in three dimensions", "vtkmodules", "vtk", imported("vtkmodules"), "three-d"),
    )


LOADED = r"""
import importlib, json, pathlib, sys
package, distribution, *names = sys.argv[1:]
for name in names:
    importlib.import_module(name)
folder = pathlib.Path(sys.modules[package].__file__).resolve().parent
# Windows' wheels have the libraries in a folder beside the package.
places = [folder, folder.parent / (distribution + ".libs")]
files = {module.__file__ for name, module in sys.modules.items() if getattr(module, "__file__", None)}
maps = pathlib.Path("/proc/self/maps")
if maps.is_file():
    files |= {line.split(maxsplit=5)[-1].rstrip() for line in maps.read_text().splitlines() if "/" in line}
else:
    # Nobody tells what else was loaded: all libraries that came with the package.
    files |= {str(path) for place in places for ending in ("*.dll", "*.dylib") for path in place.rglob(ending)}
found = [pathlib.Path(file).resolve() for file in files]
found = [path.relative_to(folder.parent) for path in found if any(path.is_relative_to(place) for place in places)]
print(json.dumps([str(folder.parent), sorted(path.as_posix() for path in found)]))
"""


def build(addon: Addon, python: Path, target: Path) -> Path:
    """Put what medview loads of an add-on into ``target``/parts; returns ``target``."""
    shutil.rmtree(target, ignore_errors=True)
    done = subprocess.run(
        [str(python), "-c", LOADED, addon.package, addon.distribution, *addon.imports],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise slimming.SlimmingError(f"{addon.package} cannot be packed: {done.stderr.strip()[-400:]}")
    source, names = json.loads(done.stdout)
    parts = target / "parts"
    for name in names:
        (parts / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(Path(source) / name, parts / name)
    slimming.strip_symbols(parts)
    # The folder is read-only where it is installed, so Python's own translations come along; the same source, the same bytes.
    compiled = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(target), str(parts)]
    slimming.run([str(python), *compiled])
    return target
