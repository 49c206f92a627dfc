"""Packs the finished folder as an AppImage (type 2): one file that a reader makes executable and starts.

The runtime at its head is ours (`appimage/runtime.c`), made of libraries that Debian packages; MEDVIEW_APPIMAGE_RUNTIME names
another one. Needs mksquashfs, a C compiler, libsquashfuse-dev, libfuse3-dev, zlib1g-dev, liblzma-dev, liblz4-dev and libzstd-dev.
"""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

import associations
import slimming

ROOT = Path(__file__).resolve().parent.parent
STATIC = ("squashfuse_ll", "squashfuse", "fuse3", "zstd", "lz4", "lzma", "z")


def make_runtime(target: Path) -> None:
    """Compile and mark the runtime; raises SlimmingError where a library is missing."""
    named = os.environ.get("MEDVIEW_APPIMAGE_RUNTIME")
    if named:
        shutil.copyfile(named, target)
        return
    slimming.run(
        ["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-D_FILE_OFFSET_BITS=64", "-D_GNU_SOURCE", "-DFUSE_USE_VERSION=32",
         "-I/usr/include/squashfuse", "-o", str(target), str(ROOT / "packaging" / "appimage" / "runtime.c"), "-s",
         "-Wl,--build-id=none", "-Wl,-Bstatic", *(f"-l{name}" for name in STATIC), "-Wl,-Bdynamic", "-lpthread"]
    )  # fmt: skip
    head = bytearray(target.read_bytes())
    head[8:11] = b"AI\x02"  # what says "AppImage, type 2", in the part of ELF's head that is nobody's
    target.write_bytes(head)


def stage(folder: Path, work: Path, staged: Path, version: str) -> None:
    """Lay out the image's files."""
    shutil.rmtree(staged, ignore_errors=True)
    shutil.copytree(folder, staged / "usr" / "lib" / "medview", symlinks=True)
    name = associations.APP_ID
    entry = associations.desktop_entry("medview")
    (staged / f"{name}.desktop").write_text(entry.replace("TryExec=medview\n", ""), encoding="utf-8")
    info = staged / "usr" / "share" / "metainfo" / f"{name}.metainfo.xml"
    info.parent.mkdir(parents=True)
    info.write_text(associations.metainfo(version), encoding="utf-8")
    shutil.copy2(work / "icons" / "medview-256.png", staged / "medview.png")
    (staged / ".DirIcon").symlink_to("medview.png")
    (staged / "AppRun").symlink_to("usr/lib/medview/medview")


def build(folder: Path, work: Path, build_folder: Path, target_folder: Path, version: str) -> Path:
    """Make the AppImage of a finished folder; returns the file."""
    staged, image, runtime = build_folder / "AppDir", build_folder / "medview.squashfs", build_folder / "runtime"
    make_runtime(runtime)
    stage(folder, work, staged, version)
    image.unlink(missing_ok=True)
    # Times come from SOURCE_DATE_EPOCH, which build.py sets.
    slimming.run(["mksquashfs", str(staged), str(image), "-root-owned", "-noappend", "-quiet", "-comp", "zstd"])
    target_folder.mkdir(exist_ok=True)
    target = target_folder / f"medview-{version}-{platform.machine()}.AppImage"
    with target.open("wb") as out:
        for part in (runtime, image):
            with part.open("rb") as stream:
                shutil.copyfileobj(stream, out)
    target.chmod(0o755)
    return target
