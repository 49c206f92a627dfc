"""What not everybody needs and weighs more than the rest: each is a package of its own that lies beside the program's parts.

Standard library only. A part that is not installed is refused by name where it is wanted (`medview.processing.itk`,
`medview.app.solid_process`); nothing else changes.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import bootstrap
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
    runtime: bool = False
    """Whether it is another ONNX Runtime, which lies in a folder of its own and takes the place of the packed one."""

    @property
    def packages(self) -> tuple[str, ...]:
        """The locked distributions that it is made of."""
        return locked_beyond_cpu(f"{self.lock}.txt") if self.runtime else (self.distribution,)


RUNTIME_DEVICES = {
    "cuda": "NVIDIA's graphics processors (CUDA)",
    "directml": "graphics processors of Windows (DirectML)",
    "openvino": "Intel's processors and graphics (OpenVINO)",
}
# Of ONNX Runtime's packages what makes and converts networks; TensorRT's provider asks for NVIDIA's library, which nobody may pass on.
NOT_OF_RUNTIMES = ("onnxruntime/tools/*", "onnxruntime/quantization/*", "onnxruntime/transformers/*", "onnxruntime/datasets/*",
                   "onnxruntime/backend/*", "*/libonnxruntime_providers_tensorrt.so", "*/onnxruntime_providers_tensorrt.dll", "*.lib",
                   "*/include/*", "*.h", "*.a", "*/__pycache__/*", "bin/*")  # fmt: skip


def imported(package: str) -> tuple[str, ...]:
    """The modules of a package that medview's own modules name."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "medview").rglob("*.py")))
    return tuple(sorted(set(re.findall(rf"^\s*(?:import|from) ({package}(?:\.\w+)*)", text, re.MULTILINE))))


def addons() -> tuple[Addon, ...]:
    """All of them."""
    return (
        Addon("registration", "registering series by their images", "SimpleITK", "simpleitk", imported("SimpleITK")),
        Addon("3d", "drawing in three dimensions", "vtkmodules", "vtk", imported("vtkmodules"), "three-d"),
        *(
            Addon(
                name,
                f"networks on {devices}",
                "onnxruntime",
                bootstrap.RUNTIMES[name],
                ("onnxruntime",),
                name,
                runtime=True,
            )
            for name, devices in RUNTIME_DEVICES.items()
        ),
    )


def locked_beyond_cpu(lock: str) -> tuple[str, ...]:
    """Names of the packages by which another ONNX Runtime works: it, and the libraries of its devices."""
    text = (ROOT / "packaging" / "locks" / lock).read_text(encoding="utf-8")
    names = set(re.findall(r"^([a-z0-9._-]+)==", text, re.MULTILINE))
    return tuple(sorted(name for name in names if name.startswith(("onnxruntime-", "nvidia-"))))


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
    if addon.runtime:
        return build_runtime(addon, python, target)
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
    finish(target, parts, python)
    return target


def finish(target: Path, parts: Path, python: Path) -> None:
    """Make an add-on's files ready to be packed."""
    if sys.platform.startswith("linux"):
        slimming.strip_symbols(parts)
    # The folder is read-only where it is installed, so Python's own translations come along; the same source, the same bytes.
    compiled = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(target), str(parts)]
    slimming.run([str(python), *compiled])


def build_runtime(addon: Addon, python: Path, target: Path) -> Path:
    """Put another ONNX Runtime, with the libraries of its devices, into ``target``/runtimes/NAME; returns ``target``."""
    fetched = target.with_name(f"{target.name}-fetched")
    shutil.rmtree(fetched, ignore_errors=True)
    fetched.mkdir(parents=True)
    text = (ROOT / "packaging" / "locks" / f"{addon.lock}.txt").read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)
    wanted = fetched / "wanted.txt"
    wanted.write_text("\n".join(one for one in entries if one.split("==")[0] in addon.packages), encoding="utf-8")
    place = fetched / "packages"
    install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--no-deps",
        "--target",
        str(place),
        "-r",
        str(wanted),
    ]
    slimming.run([str(python), *install])
    parts = target / "runtimes" / addon.name
    known: dict[str, Path] = {}
    for source in sorted(path for path in place.rglob("*") if path.is_file()):
        name = source.relative_to(place).as_posix()
        if ".dist-info/" in name or any(fnmatch.fnmatchcase(name, pattern) for pattern in NOT_OF_RUNTIMES):
            continue
        made = parts / name
        made.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        same = known.setdefault(digest, made)
        # A wheel holds a library once for each of its names.
        if same.parent == made.parent and same != made and ".so" in made.name and sys.platform != "win32":
            made.symlink_to(same.name)
        else:
            shutil.copy2(source, made)
    finish(target, parts, python)
    return target
