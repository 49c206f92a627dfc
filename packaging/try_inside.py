#!/usr/bin/env python3
"""Runs tests inside the packaged program: with its interpreter, its modules and libraries, as they lie in its folder.

    python3 packaging/try_inside.py build/medview [--environment .venv] [-- pytest's arguments]

What is packed decides whether a filter, a codec or a writer works: a module that PyInstaller did not see, a table that was left
out, a library made smaller. The program's start is replaced in a copy of its executable (never shipped) by pytest, which comes
from the environment that built it (or another one), at the end of the search path; so does what of Python itself only tests use.
"""

from __future__ import annotations

import argparse
import marshal
import os
import shutil
import struct
import subprocess
import sys
import sysconfig
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAGIC = b"MEI\014\013\012\013\016"
COOKIE, ENTRY = "!8sIIII64s", "!IIIIBc"
NAME = "try-inside"
ROOMS = ("core", "kernels", "dicom", "formats", "files", "processing", "inference", "jobs", "objects", "store", "app")
PLUGINS = ("pytestqt.plugin", "pytest_timeout", "pytest_benchmark.plugin", "_hypothesis_pytestplugin", "xdist.plugin")
"""Named, because those of packed libraries are not packed."""
ENCODERS = ("_htj2k",)

START = """
import os, sys
folder, python, packages = (os.environ[name] for name in ("TRY_FOLDER", "TRY_PYTHON", "TRY_PACKAGES"))
words = sys.argv[1:]
if words and words[0] == "--medview-worker":
    from medview.jobs.worker_start import became_worker
    became_worker(words)
    sys.exit(0)
# Tests and pytest come last: whatever is packed is taken from the package.
sys.path += [folder, python, python + "/lib-dynload", packages]
if words[:2] == ["-m", "pytest"]:  # the process that runs beside (tests/beside.py)
    words = words[2:]
if words and words[0] == "-c":
    sys.argv = ["-c", *words[2:]]
    exec(compile(words[1], "-c", "exec"), {"__name__": "__main__"})
    sys.exit(0)
import types
import numpy, PySide6, pytest
# scipy, an oracle of tests, takes everything by name that NumPy lists.
sys.modules["numpy.f2py"] = numpy.f2py = types.ModuleType("numpy.f2py")
PySide6.__path__.append(packages + "/PySide6")  # QtTest, which pytest-qt asks for
import click
click.__path__.append(packages + "/click")  # its runner for tests
# pydicom's files for tests, which are not packed.
import pathlib, pydicom.data.data_manager
pydicom.data.data_manager.DATA_ROOT = pathlib.Path(packages, "pydicom", "data")
# Encoders that only tests use, to make what is then decoded.
import imagecodecs, importlib.util
for name in ENCODERS:
    (library,) = __import__("glob").glob(packages + "/imagecodecs/" + name + ".*.so")
    spec = importlib.util.spec_from_file_location("imagecodecs." + name, library)
    sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[spec.name])
plugins = [word for name in PLUGINS for word in ("-p", name)]
sys.exit(pytest.main([*plugins, *words]))
"""


def with_another_start(program: bytes, start: str) -> bytes:
    """The executable with an archive behind it in which the script ``start`` runs; the loader takes the last archive."""
    at = program.rindex(MAGIC)
    _, length, toc_at, toc_length, version, library = struct.unpack_from(COOKIE, program, at)
    begin = at + struct.calcsize(COOKIE) - length
    toc = program[begin + toc_at : begin + toc_at + toc_length]
    data, entries, place = b"", b"", 0
    while place < len(toc):
        size, offset, packed, plain, squeezed, kind = struct.unpack_from(ENTRY, toc, place)
        name = toc[place + struct.calcsize(ENTRY) : place + size]
        blob = program[begin + offset : begin + offset + packed]
        plain_name = name.rstrip(b"\0").decode()
        if plain_name == "first":
            blob, plain, squeezed = _packed("")
        elif plain_name == "start":
            blob, plain, squeezed = _packed(start)
        entries += struct.pack(ENTRY, size, len(data), len(blob), plain, squeezed, kind) + name
        data += blob
        place += size
    whole = len(data) + len(entries) + struct.calcsize(COOKIE)
    return program + data + entries + struct.pack(COOKIE, MAGIC, whole, len(data), len(entries), version, library)


def _packed(script: str) -> tuple[bytes, int, int]:
    code = marshal.dumps(compile(script, "start.py", "exec"))
    return zlib.compress(code), len(code), 1


def main() -> int:
    """Parse the arguments, make the copy of the executable and run it; the exit code is pytest's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--environment", type=Path, default=ROOT / ".venv", help="where pytest is installed")
    given = sys.argv[1:]
    end = given.index("--") if "--" in given else len(given)
    chosen = parser.parse_args(given[:end])
    folder = chosen.folder.resolve()
    probe = folder / NAME
    probe.write_bytes(
        with_another_start(
            (folder / "medview").read_bytes(),
            START.replace("PLUGINS", repr(PLUGINS)).replace("ENCODERS", repr(ENCODERS)),
        )
    )
    shutil.copymode(folder / "medview", probe)
    packages = next((chosen.environment.resolve() / "lib").glob("python3*")) / "site-packages"
    names = {
        "TRY_FOLDER": str(ROOT), "TRY_PYTHON": sysconfig.get_path("stdlib"), "TRY_PACKAGES": str(packages),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", "offscreen"),
    }  # fmt: skip
    words = given[end + 1 :] or ["-q", "-p", "no:cacheprovider", *(f"tests/{room}" for room in ROOMS)]
    try:
        return subprocess.run([str(probe), *words], env={**os.environ, **names}, cwd=ROOT, check=False).returncode
    finally:
        probe.unlink()


if __name__ == "__main__":
    sys.exit(main())
