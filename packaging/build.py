#!/usr/bin/env python3
"""Builds the self-contained program and its packages, and prints what each component weighs.

    python3 packaging/build.py folder      build/medview, the program with everything it needs
    python3 packaging/build.py deb         dist/medview_VERSION_ARCH.deb (Linux; makes the folder first)
    python3 packaging/build.py appimage    dist/medview-VERSION-ARCH.AppImage (Linux; app_image.py says what it needs)
    python3 packaging/build.py portable    dist/medview-VERSION-portable.zip, leaves no traces where it is started
    python3 packaging/build.py installer   dist/medview-VERSION-setup.exe (Windows; needs Inno Setup's ISCC)
    python3 packaging/build.py dmg         dist/medview-VERSION.dmg (macOS; signed where MEDVIEW_SIGN names an identity)
    python3 packaging/build.py texts       build/texts: what the systems are told, without building anything

`--updates FILE` (update_document.py makes it) is built in as whom to ask for newer versions; without it nobody is ever asked.
`--keep-folder` packs the folder that is there already. `--with registration`, `--with 3d` (or both) take these add-ons in: `deb`
makes a package of its own of each, `folder` leaves them in build/addons, the others hold them. The standard library is enough; everything else comes out of the
locks (`packaging/locks`: cpu, package, three-d) into an environment of its own, build/environment.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import plistlib
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import addons
import app_image
import associations
import bootstrap
import contents
import debian
import slimming

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
DIST = ROOT / "dist"
ICON_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)

DRAW_ICONS = r"""
import sys
from pathlib import Path
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
app = QGuiApplication(["icons"])
source, folder, sizes = sys.argv[1], Path(sys.argv[2]), [int(size) for size in sys.argv[3:]]
renderer = QSvgRenderer(source)
for size in sizes:
    picture = QImage(size, size, QImage.Format.Format_ARGB32)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    renderer.render(painter)
    painter.end()
    picture.save(str(folder / f"medview-{size}.png"))
largest = Image.open(folder / f"medview-{max(sizes)}.png")
largest.save(folder / "medview.ico", sizes=[(size, size) for size in sizes if size <= 256])
largest.save(folder / "medview.icns")
"""


class BuildError(Exception):
    """Something that the build needs is missing or failed; the text says what."""


def version() -> str:
    """The version that medview says of itself."""
    found = re.search(r'__version__ = "([^"]+)"', (ROOT / "medview" / "__init__.py").read_text(encoding="utf-8"))
    if found is None:
        raise BuildError("medview/__init__.py names no version")
    return found.group(1)


def architecture() -> str:
    """Debian's name of this machine's kind."""
    return {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def call(command: list[str], **environment: str) -> None:
    """Run a command whose output goes where ours goes; raises BuildError where it fails."""
    if subprocess.run(command, env={**os.environ, **environment}, check=False).returncode:
        raise BuildError(f"{command[0]} failed; its message is above")


def make_environment(named: str | None, *, three_d: bool) -> Path:
    """The Python that the program is made of: the one that ``named`` holds, or one made of the locks."""
    if named is not None:
        return bootstrap.python_of(Path(named))
    environment = BUILD / "environment"
    bootstrap.install_environment(environment, flavour="cpu", sets=("package",), three_d=three_d)
    return bootstrap.python_of(environment)


def write_texts(folder: Path) -> None:
    """Write what the three systems are told about medview, for their tools and for whoever wants to read it."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        f"{associations.APP_ID}.desktop": associations.desktop_entry("/usr/bin/medview"),
        f"{associations.APP_ID}.link.desktop": associations.link_entry("/usr/bin/medview"),
        f"{associations.APP_ID}.mime.xml": associations.mime_package(),
        f"{associations.APP_ID}.metainfo.xml": associations.metainfo(version()),
        "registry.iss": associations.inno_section(associations.registry_entries(r"{app}\medview.exe")),
    }
    for name, text in texts.items():
        # Inno Setup takes a file without a mark for one in the system's own code page.
        encoding = "utf-8-sig" if name.endswith(".iss") else "utf-8"
        (folder / name).write_text(text, encoding=encoding, newline="\n")
    (folder / "Info.plist").write_bytes(plistlib.dumps(dict(associations.info_plist(version()))))


def write_source(given: Path | None, work: Path) -> None:
    """Have whom the program asks for newer versions at hand for the recipe, nobody where none is given; raises BuildError."""
    source = work / "source.json"
    source.unlink(missing_ok=True)
    if given is None:
        return
    import update_document

    try:
        content = json.loads(given.read_text(encoding="utf-8"))
        work.mkdir(parents=True, exist_ok=True)
        source.write_text(update_document.source_text(content["keys"], content["address"]), encoding="utf-8")
    except (OSError, ValueError, TypeError, KeyError, update_document.DocumentError) as error:
        raise BuildError(f"{given.name} does not say whom to ask for newer versions: {error}") from error


def build_folder(python: Path, updates: Path | None = None) -> Path:
    """Make build/medview and print its budget; returns it."""
    work = BUILD / "work"
    write_texts(work)
    write_source(updates, work)
    icons = work / "icons"
    icons.mkdir(exist_ok=True)
    svg = ROOT / "resources" / "icons" / "medview.svg"
    call([str(python), "-c", DRAW_ICONS, str(svg), str(icons), *map(str, ICON_SIZES)], QT_QPA_PLATFORM="offscreen")
    # A number of the build is the only thing in them that two builds do not share.
    kernels = {"LDFLAGS": "-Wl,--build-id=none"} if sys.platform.startswith("linux") else {}
    call([str(python), str(ROOT / "packaging" / "compile_kernels.py"), str(work / "kernels")], **kernels)
    spec = ROOT / "packaging" / "frozen" / "medview.spec"
    command = [str(python), "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath", str(BUILD)]
    call(
        [*command, "--workpath", str(work / "pyinstaller"), str(spec)],
        MEDVIEW_BUILD=str(work), PYTHONHASHSEED="0",
    )  # fmt: skip
    folder = BUILD / "medview"
    notices = folder / "licences"
    call([str(python), str(ROOT / "packaging" / "bill_of_materials.py"), str(notices)])
    for name in ("LICENSE", "NOTICE"):
        shutil.copy2(ROOT / name, notices / name)
    shutil.copy2(ROOT / "packaging" / "licences.md", notices / "licences.md")
    for line in slimming.slim(folder):
        print(line)
    lost = [
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() and not path.exists()
    ]
    if lost:
        raise BuildError(f"links that lead nowhere: {', '.join(sorted(lost))}")
    print(contents.budget_table(folder), flush=True)
    return folder


def build_addons(names: list[str], named: str | None) -> dict[addons.Addon, Path]:
    """Make build/addons/NAME of these add-ons, with their licences."""
    python = bootstrap.python_of(Path(named) if named is not None else BUILD / "environment")
    made = {}
    for addon in addons.addons():
        if addon.name in names:
            made[addon] = addons.build(addon, python, BUILD / "addons" / addon.name)
            notices = made[addon] / "licences" / f"medview-{addon.name}"
            lock = f"{addon.lock or 'cpu'}.txt"
            bill = str(ROOT / "packaging" / "bill_of_materials.py")
            # Licences of what is not installed where the program is made lie where it was fetched.
            place = BUILD / "addons" / f"{addon.name}-fetched" / "packages"
            call(
                [str(python), bill, str(notices), lock, *addon.packages], PYTHONPATH=str(place) if addon.runtime else ""
            )
    return made


def with_addons(folder: Path, taken: dict[addons.Addon, Path]) -> Path:
    """The folder, or where there are add-ons a copy of it that holds them; raises BuildError where that is not known to work."""
    if not taken:
        return folder
    if sys.platform == "darwin":
        raise BuildError("an app with add-ons in it is not built yet: where a signed bundle holds them was never tried")
    whole = BUILD / "whole" / "medview"
    shutil.rmtree(whole.parent, ignore_errors=True)
    shutil.copytree(folder, whole, symlinks=True)
    for addon in taken.values():
        shutil.copytree(addon, whole, symlinks=True, dirs_exist_ok=True)
    return whole


def build_debs(folder: Path, taken: dict[addons.Addon, Path], *, quick: bool = False) -> list[Path]:
    """Pack the folder as a Debian package, and each add-on as one; returns the files."""
    icons = {size: BUILD / "work" / "icons" / f"medview-{size}.png" for size in ICON_SIZES}
    package = debian.Package(
        version=version(), architecture=architecture(), folder=folder, icons=icons,
        svg=ROOT / "resources" / "icons" / "medview.svg", notices=folder / "licences",
    )  # fmt: skip
    DIST.mkdir(exist_ok=True)
    made = [debian.build(package, BUILD / "deb", DIST, quick=quick)]
    for addon, parts in taken.items():
        made.append(debian.build_addon(package, addon.name, addon.title, parts, BUILD / "deb-addon", DIST, quick=quick))
    return made


def build_portable(folder: Path) -> Path:
    """Zip the folder with the marker that keeps settings beside the program; returns the file."""
    DIST.mkdir(exist_ok=True)
    staged = BUILD / "portable" / f"medview-{version()}"
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(folder, staged, symlinks=True)
    (staged / "portable.txt").write_text(
        "While this file is here, medview keeps its settings and results in the folder medview-data beside it,\n"
        "and nothing on the computer that it is started on.\n",
        encoding="utf-8",
    )
    system = {"win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    base = DIST / f"medview-{version()}-{system}-portable"
    # A zip forgets links and rights, which programs for Linux and macOS need.
    kind = "zip" if sys.platform == "win32" else "gztar"
    return Path(shutil.make_archive(str(base), kind, staged.parent, staged.name))


def build_installer(folder: Path) -> Path:
    """Run Inno Setup over a finished folder; returns the installer."""
    usual = Path(os.environ.get("PROGRAMFILES(X86)", "")) / "Inno Setup 6" / "ISCC.exe"
    compiler = shutil.which("iscc") or shutil.which("ISCC") or (str(usual) if usual.is_file() else None)
    if compiler is None:
        raise BuildError("Inno Setup's compiler ISCC is neither on the search path nor where it is usually installed")
    write_texts(BUILD / "work")
    script = ROOT / "packaging" / "windows" / "medview.iss"
    call([compiler, f"/DVersion={version()}", f"/DBuild={BUILD}", f"/DFolder={folder}", f"/O{DIST}", str(script)])
    return DIST / f"medview-{version()}-setup.exe"


def build_dmg() -> Path:
    """Sign (where there is an identity) and pack the app; returns the disk image."""
    script = ROOT / "packaging" / "macos" / "make_dmg.sh"
    DIST.mkdir(exist_ok=True)
    target = DIST / f"medview-{version()}.dmg"
    call(["/bin/bash", str(script), str(BUILD / "medview.app"), str(target)])
    return target


def main() -> int:
    """Parse the arguments and do what they say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = ("folder", "deb", "appimage", "portable", "installer", "dmg", "texts")
    parser.add_argument("what", nargs="+", choices=what)
    parser.add_argument("--keep-folder", action="store_true", help="pack build/medview as it is")
    parser.add_argument("--environment", help="a virtual environment that holds the locked packages already")
    names = [addon.name for addon in addons.addons()]
    parser.add_argument("--with", dest="addons", action="append", choices=names, default=[], help="add-ons to take in")
    parser.add_argument("--updates", type=Path, help="whom the program may ask for newer versions")
    parser.add_argument("--quick", action="store_true", help="compress less")
    chosen = parser.parse_args()
    begun = time.monotonic()
    # Every time that is written into a package is that of the source, and hashes are not seeded: the same source, the same files.
    moment = bootstrap.answer(["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]) or "0"
    os.environ.setdefault("SOURCE_DATE_EPOCH", moment.strip())
    try:
        if chosen.what == ["texts"]:
            write_texts(BUILD / "texts")
            return 0
        folder = BUILD / "medview"
        if not chosen.keep_folder or not folder.is_dir():
            folder = build_folder(make_environment(chosen.environment, three_d="3d" in chosen.addons), chosen.updates)
        taken = build_addons(chosen.addons, chosen.environment)
        if taken:
            print(contents.budget_table(*taken.values()), flush=True)
        whole = with_addons(folder, taken) if set(chosen.what) - {"deb", "folder"} else folder
        made = []
        for name in chosen.what:
            if name == "deb":
                made += build_debs(folder, taken, quick=chosen.quick)
            elif name == "portable":
                made.append(build_portable(whole))
            elif name == "appimage":
                made.append(app_image.build(whole, BUILD / "work", BUILD, DIST, version()))
            elif name == "installer":
                made.append(build_installer(whole))
            elif name == "dmg":
                made.append(build_dmg())
    except (BuildError, bootstrap.BootstrapError, debian.PackageError, slimming.SlimmingError) as error:
        print(f"build: {error}", file=sys.stderr)
        return 1
    for path in made:
        print(f"{path.relative_to(ROOT)}  {path.stat().st_size / 1e6:.1f} MB")
    print(f"{time.monotonic() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
