"""Makes the Debian package out of the self-contained folder: no scripts, no services, nothing left after its removal."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import associations
import bootstrap

# Debian 13 and Ubuntu 24.04 gave packages whose 64-bit time changed on other machines a new name.
RENAMED = {"libglib2.0-0": "libglib2.0-0 | libglib2.0-0t64"}
# Asked for by Qt at run time (dlopen), so no file names them as needed.
ALSO = ("libegl1", "libfontconfig1", "libfreetype6")
RECOMMENDED = ("xdg-utils", "shared-mime-info", "desktop-file-utils", "fonts-noto-cjk")
# Come with the driver of a device; without it the part that asks for them is not loaded.
OF_DRIVERS = ("libcuda.so", "libOpenCL.so", "libze_loader.so", "libnvidia-")

SUGGESTED = ("ca-certificates", "medview-registration", "medview-3d", "medview-openvino", "medview-cuda")

DESCRIPTION = """\
viewer of medical images that runs neural networks on what it shows
 Opens DICOM folders, discs and files, NIfTI, NRRD and MetaImage volumes and
 pictures, shows them in any plane, measures on them and runs ONNX models on the
 images. Not a medical device; not for diagnosis.
 .
 Everything works without a network. The package starts no service and asks no
 question while it is installed.
"""


class PackageError(Exception):
    """The package cannot be made; the text says why."""


@dataclass(frozen=True)
class Package:
    """What goes into the package; ``icons`` are PNG files by their size in pixels."""

    version: str
    architecture: str
    folder: Path
    icons: Mapping[int, Path]
    svg: Path
    notices: Path


def output_of(command: list[str]) -> str:
    """What a command prints; raises PackageError where it is missing or fails."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    except OSError as error:
        raise PackageError(f"{command[0]} is missing ({error})") from error
    if done.returncode:
        raise PackageError(f"{' '.join(command[:3])} failed: {done.stderr.strip()[-500:]}")
    return done.stdout


def needed_libraries(folder: Path) -> set[str]:
    """Names of the shared libraries that files of the folder ask for and the folder does not hold."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and is_program(path)]
    held = {path.name for path in folder.rglob("*.so*")}
    needed: set[str] = set()
    for path in files:
        needed.update(re.findall(r"NEEDED\s+(\S+)", output_of(["objdump", "-p", str(path)])))
    return {name for name in needed - held if not name.startswith(("ld-linux", *OF_DRIVERS))}


def is_program(path: Path) -> bool:
    """Whether a file is an ELF."""
    with path.open("rb") as stream:
        return stream.read(4) == b"\x7fELF"


def packages_of(libraries: set[str], also: tuple[str, ...] = ALSO) -> list[str]:
    """The Debian packages that bring these libraries, as this machine knows them; raises PackageError for an unknown one."""
    places: dict[str, str] = {}
    for line in output_of(["/sbin/ldconfig", "-p"]).splitlines():
        if found := re.match(r"\s+(\S+) \(.*\) => (\S+)", line):
            places.setdefault(found.group(1), os.path.realpath(found.group(2)))
    names = set(also)
    for library in sorted(libraries):
        if library in bootstrap.DEBIAN_PACKAGES:
            names.add(bootstrap.DEBIAN_PACKAGES[library])
            continue
        if library not in places:
            raise PackageError(f"{library} is needed and not on this machine, so its package cannot be told")
        path = places[library]
        for candidate in (path, path.removeprefix("/usr"), f"/usr{path}"):
            said = subprocess.run(["dpkg", "-S", candidate], check=False, capture_output=True, text=True).stdout
            if said:
                names.add(said.split(":")[0])
                break
        else:
            raise PackageError(f"no Debian package brings {path}")
    return sorted(RENAMED.get(name, name) for name in names)


def build(package: Package, stage: Path, target: Path, *, quick: bool = False) -> Path:
    """Make the package below ``stage`` and pack it into the folder ``target``; returns the file."""
    shutil.rmtree(stage, ignore_errors=True)
    share = stage / "usr" / "share"
    shutil.copytree(package.folder, stage / "usr" / "lib" / "medview", symlinks=True)
    shutil.rmtree(stage / "usr" / "lib" / "medview" / "licences", ignore_errors=True)
    (stage / "usr" / "bin").mkdir(parents=True)
    (stage / "usr" / "bin" / "medview").symlink_to("../lib/medview/medview")
    documents = share / "doc" / "medview"
    shutil.copytree(package.notices, documents)
    (documents / "copyright").write_text(copyright_text(), encoding="utf-8")
    # Where the program looks for them.
    (stage / "usr" / "lib" / "medview" / "licences").symlink_to("../../share/doc/medview")
    write(share / "applications" / f"{associations.APP_ID}.desktop", associations.desktop_entry("/usr/bin/medview"))
    write(share / "applications" / f"{associations.APP_ID}.link.desktop", associations.link_entry("/usr/bin/medview"))
    write(share / "mime" / "packages" / f"{associations.APP_ID}.xml", associations.mime_package())
    write(share / "metainfo" / f"{associations.APP_ID}.metainfo.xml", associations.metainfo(package.version))
    for size, path in package.icons.items():
        copy(path, share / "icons" / "hicolor" / f"{size}x{size}" / "apps" / "medview.png")
    copy(package.svg, share / "icons" / "hicolor" / "scalable" / "apps" / "medview.svg")
    for path in stage.rglob("*"):
        if not path.is_symlink():
            runs = path.is_dir() or path == stage / "usr" / "lib" / "medview" / "medview"
            path.chmod(0o755 if runs else 0o644)
    size = sum(path.lstat().st_size for path in stage.rglob("*") if not path.is_dir()) // 1024
    depends = packages_of(needed_libraries(package.folder))
    write(stage / "DEBIAN" / "control", control_text(package, depends, size))
    # `-b --root-owner-group`: whoever builds needs no rights.
    compression = ["-Zzstd", "-z3"] if quick else ["-Zxz", "-z6"]
    path = target / f"medview_{package.version}_{package.architecture}.deb"
    output_of(["dpkg-deb", *compression, "--root-owner-group", "-b", str(stage), str(path)])
    return path


def build_addon(
    package: Package, name: str, title: str, parts: Path, stage: Path, target: Path, *, quick: bool = False
) -> Path:
    """Make the package of an add-on, whose files lie among the program's parts; returns the file."""
    shutil.rmtree(stage, ignore_errors=True)
    own = f"medview-{name}"
    for folder in ("parts", "runtimes"):
        if (parts / folder).is_dir():
            shutil.copytree(parts / folder, stage / "usr" / "lib" / "medview" / folder, symlinks=True)
    documents = stage / "usr" / "share" / "doc" / own
    shutil.copytree(parts / "licences" / own, documents)
    (documents / "copyright").write_text(copyright_text(), encoding="utf-8")
    for path in stage.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    size = sum(path.lstat().st_size for path in stage.rglob("*") if not path.is_dir()) // 1024
    depends = [f"medview (= {package.version})", *packages_of(needed_libraries(parts), also=())]
    description = f"add-on of medview: {title}\n"
    write(stage / "DEBIAN" / "control", control_text(package, depends, size, own, description))
    compression = ["-Zzstd", "-z3"] if quick else ["-Zxz", "-z6"]
    path = target / f"{own}_{package.version}_{package.architecture}.deb"
    output_of(["dpkg-deb", *compression, "--root-owner-group", "-b", str(stage), str(path)])
    return path


def control_text(
    package: Package, depends: list[str], size_kib: int, name: str = "medview", description: str = DESCRIPTION
) -> str:
    """The package's control file."""
    further = f"Recommends: {', '.join(RECOMMENDED)}\nSuggests: {', '.join(SUGGESTED)}\n" if name == "medview" else ""
    return (
        f"Package: {name}\nVersion: {package.version}\nArchitecture: {package.architecture}\n"
        f"Maintainer: medview developers <medview@localhost>\nInstalled-Size: {size_kib}\n"
        f"Depends: {', '.join(depends)}\n{further}"
        f"Section: science\nPriority: optional\nDescription: {description}"
    )


def copyright_text() -> str:
    """What Debian asks for in a package's documentation."""
    return (
        "medview is under the Apache License 2.0 (LICENSE, or /usr/share/common-licenses/Apache-2.0).\n"
        "Everything that is packed with it, with its licence and the notices it asks for: licences.md and components.md\n"
        "in this folder; as data: medview.cdx.json (CycloneDX).\n"
        "Qt and PySide6 are used under the LGPL 3: their libraries lie as files of their own in /usr/lib/medview/parts\n"
        "and may be replaced by versions that you build.\n"
    )


def write(path: Path, text: str) -> None:
    """Write a text file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def copy(source: Path, target: Path) -> None:
    """Copy a file with its folders."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
