"""Makes the lock files anew from pyproject.toml, and tells whether they still belong to it.

One lock for each flavour of ONNX Runtime (they replace one another), one for the extra that draws in three dimensions and one
for the development tools; each holds for Python 3.11 to 3.13 on Linux, Windows and macOS and names every file by its hash. All
of them come from one resolution, so that a package has one version whatever is installed together.

    python packaging/lock.py            keep the versions that are locked, add or drop what pyproject.toml changed
    python packaging/lock.py --upgrade  take the newest versions
    python packaging/lock.py --check    say whether the locks belong to pyproject.toml (no network, standard library)
    python packaging/lock.py --verify   ask for a built wheel of every package on every Python and system that counts
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from itertools import chain
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "packaging" / "locks"
FLAVOURS = ("cpu", "cuda", "directml", "openvino")
# What lies beside a flavour, by the dependency groups that it holds. The peers of the benchmarks go into an environment
# of their own, together with the rest.
TOOL_SETS = {"tools": ("dev",), "bench": ("bench",), "package": ("package",)}
# What lies beside a flavour, by the extra that it holds: alone, without what it asks for itself. VTK's wheel asks for
# matplotlib, which draws formulas in VTK's own labels; medview has none of those.
EXTRA_SETS = ("three-d",)
SETS = (*FLAVOURS, *EXTRA_SETS, *TOOL_SETS)
MARK = "# pyproject: "

# Where each flavour is meant to run, as uv names platforms.
PLATFORMS = {
    "cpu": ("x86_64-manylinux_2_34", "aarch64-manylinux_2_39", "x86_64-pc-windows-msvc", "aarch64-apple-darwin"),
    "cuda": ("x86_64-manylinux_2_34", "x86_64-pc-windows-msvc"),
    "directml": ("x86_64-pc-windows-msvc",),
    "openvino": ("x86_64-manylinux_2_34", "x86_64-pc-windows-msvc"),
    "three-d": ("x86_64-manylinux_2_34", "aarch64-manylinux_2_39", "x86_64-pc-windows-msvc", "aarch64-apple-darwin"),
    "tools": ("x86_64-manylinux_2_34", "x86_64-pc-windows-msvc", "aarch64-apple-darwin"),
    "bench": ("x86_64-manylinux_2_34",),
    "package": ("x86_64-manylinux_2_34", "x86_64-pc-windows-msvc", "aarch64-apple-darwin"),
}
PYTHONS = ("3.11", "3.12", "3.13")


def declared(root: Path = ROOT) -> dict[str, Any]:
    """Return what pyproject.toml says about dependencies, the part that a lock answers for."""
    with (root / "pyproject.toml").open("rb") as stream:
        project = tomllib.load(stream)
    groups = {
        name: project["dependency-groups"][name]
        for name in ("test", "oracle", "check", "build", "dev", "bench", "package")
    }
    return {
        "python": project["project"]["requires-python"],
        "dependencies": project["project"]["dependencies"],
        "extras": project["project"]["optional-dependencies"],
        "groups": groups,
        "backend": project["build-system"]["requires"],
    }


def fingerprint(root: Path = ROOT) -> str:
    """Return the hash of what is declared; it is written at the head of each lock."""
    text = json.dumps(declared(root), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def stale_locks(root: Path = ROOT) -> list[str]:
    """Return one sentence for each lock that is missing or was not made from the present pyproject.toml."""
    wanted = fingerprint(root)
    faults = []
    for name in SETS:
        path = root / "packaging" / "locks" / f"{name}.txt"
        if not path.is_file():
            faults.append(f"packaging/locks/{name}.txt is missing")
            continue
        found = re.search(rf"^{re.escape(MARK)}(\w+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        if found is None or found.group(1) != wanted:
            faults.append(f"packaging/locks/{name}.txt was made from another pyproject.toml; run packaging/lock.py")
    return faults


def find_uv() -> str:
    """Return the path of uv, beside this Python or on the search path; exits with a sentence where there is none."""
    beside = Path(sys.executable).parent / ("uv.exe" if os.name == "nt" else "uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        sys.exit("uv resolves the locks and is not installed: .venv/bin/python -m pip install uv")
    return found


def run_uv(uv: str, *arguments: str) -> str:
    """Run uv without what this machine's own configuration would add to its answer, and return its output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_"))}
    environment["MACOSX_DEPLOYMENT_TARGET"] = "14.0"  # the oldest that Qt and ONNX Runtime are built for
    command = [uv, "--no-config", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(f"uv {arguments[0]} {arguments[1]} failed with {done.returncode}")
    return done.stdout


def requirements(*, extras: tuple[str, ...], groups: tuple[str, ...], project: bool = True) -> str:
    """Return the declared requirements of these extras and groups, and of the project itself, one in a line."""
    said = declared()
    lines: list[str] = list(said["dependencies"]) if project else []
    for extra in extras:
        lines += said["extras"][extra]

    def expand(group: str) -> None:
        for entry in said["groups"][group]:
            if isinstance(entry, str):
                lines.append(entry)
            else:
                expand(entry["include-group"])

    for group in groups:
        expand(group)
    return "\n".join(dict.fromkeys(lines)) + "\n"


def compile_lock(
    uv: str, text: str, *, constraints: Path | None, hashes: bool, upgrade: bool, alone: bool = False
) -> str:
    """Resolve requirements for every Python and system; returns the lines of the lock without a head."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "requirements.in"
        source.write_text(text, encoding="utf-8")
        arguments = [
            "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--fork-strategy", "fewest",
            "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate", "--only-binary", ":all:",
        ]  # fmt: skip
        if hashes:
            arguments.append("--generate-hashes")
        if alone:
            arguments.append("--no-deps")
        if upgrade:
            arguments.append("--upgrade")
        if constraints is not None:
            arguments += ["--constraints", str(constraints)]
        return run_uv(uv, *arguments, str(source))


def locked_versions() -> str:
    """Return `name==version ; marker` of every package in the present locks, to keep them where nothing changed."""
    lines: dict[str, None] = {}
    for path in sorted(LOCKS.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.match(r"[A-Za-z0-9]", line):
                lines[line.rstrip(" \\")] = None
    return "\n".join(lines) + "\n"


def make(*, upgrade: bool) -> None:
    """Write every lock."""
    uv = find_uv()
    LOCKS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "kept.txt"
        kept.write_text("" if upgrade else locked_versions(), encoding="utf-8")
        whole = compile_lock(
            uv,
            requirements(extras=(*FLAVOURS, *EXTRA_SETS), groups=tuple(chain.from_iterable(TOOL_SETS.values()))),
            constraints=kept,
            hashes=False,
            upgrade=upgrade,
        )
        resolved = Path(folder) / "resolved.txt"
        resolved.write_text(whole, encoding="utf-8")
        for name in SETS:
            tools = TOOL_SETS.get(name)
            extra = name in EXTRA_SETS
            wanted = requirements(
                extras=() if tools else (name,), groups=tools or (() if extra else ("build",)), project=name in FLAVOURS
            )
            body = compile_lock(uv, wanted, constraints=resolved, hashes=True, upgrade=False, alone=extra)
            if tools:
                what = f"the dependency group {', '.join(tools)}"
            elif extra:
                what = f"the extra {name}"
            else:
                what = f"medview with ONNX Runtime for {name}, and what builds medview itself"
            head = f"# Made by packaging/lock.py; holds {what}.\n{MARK}{fingerprint()}\n"
            (LOCKS / f"{name}.txt").write_text(head + body, encoding="utf-8", newline="\n")
            print(
                f"packaging/locks/{name}.txt: {sum(not s.startswith((' ', '#')) for s in body.splitlines())} packages"
            )


def verify() -> None:
    """Ask, without installing, for a wheel of every locked package on each Python and system; exits where one lacks."""
    uv = find_uv()
    for name in SETS:
        for platform in PLATFORMS[name]:
            for python in PYTHONS:
                run_uv(
                    uv, "pip", "install", "--quiet", "--dry-run", "--no-deps", "--require-hashes", "--only-binary",
                    ":all:", "--python-version", python, "--python-platform", platform, "--target",
                    str(Path(tempfile.gettempdir()) / "medview-lock-verify"), "-r", str(LOCKS / f"{name}.txt"),
                )  # fmt: skip
                print(f"{name}: Python {python} on {platform} has all its wheels")


def main() -> None:
    """Parse the arguments and do what they say."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--upgrade", action="store_true", help="take the newest versions")
    choice.add_argument("--check", action="store_true", help="say whether the locks belong to pyproject.toml")
    choice.add_argument("--verify", action="store_true", help="ask for a wheel on every Python and system")
    chosen = parser.parse_args()
    if chosen.check:
        faults = stale_locks()
        sys.exit("\n".join(faults) if faults else 0)
    if chosen.verify:
        verify()
    else:
        make(upgrade=chosen.upgrade)


if __name__ == "__main__":
    main()
