#!/usr/bin/env python3
"""From a fresh machine to a running medview: makes the environment that the lock describes, then runs, tests or checks.

    python3 packaging/bootstrap.py run [PATH ...]   open the demo study (or PATH) in the window, with the model's result
    python3 packaging/bootstrap.py test [...]       the whole test suite under a virtual screen; the rest goes to pytest
    python3 packaging/bootstrap.py install          set-up only: .venv with the `medview` command
    python3 packaging/bootstrap.py check            lint, types, contracts, mutations, locks
    python3 packaging/bootstrap.py bench [...]      the benchmarks, beside the peers that they compare with

Only the standard library is used here, for none of the environment stands yet. A second start is quick: a stamp in the
environment says what it was made from. `--flavour` chooses the build of ONNX Runtime (they replace one another).
`--three-d no` leaves out what draws in three dimensions. MEDVIEW_VENV names another folder than .venv.
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
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "packaging" / "locks"
OLDEST, NEWEST = (3, 11), (3, 13)
FLAVOURS = ("cpu", "cuda", "directml", "openvino")
RUNTIMES = {
    "cpu": "onnxruntime",
    "cuda": "onnxruntime-gpu",
    "directml": "onnxruntime-directml",
    "openvino": "onnxruntime-openvino",
}
THREE_D = "three-d"
WINDOWS = os.name == "nt"
LINUX = sys.platform.startswith("linux")

# Which package of Debian and its descendants brings a library that Qt asks for.
DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libOpenGL.so.0": "libopengl0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libICE.so.6": "libice6",
    "libSM.so.6": "libsm6",
    "libXext.so.6": "libxext6",
    "libatomic.so.1": "libatomic1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libstdc++.so.6": "libstdc++6",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xinerama.so.0": "libxcb-xinerama0",
    "libxcb-xinput.so.0": "libxcb-xinput0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
CJK_PACKAGE = "fonts-noto-cjk"
SCREEN_PACKAGE = "xvfb"

# Run in the new environment: the libraries that Qt's own files need and the machine lacks, one in a line.
ASK_QT = r"""
import ctypes, importlib.util, pathlib, re, subprocess, sys
root = pathlib.Path(importlib.util.find_spec("PySide6").origin).parent
files = [root / "Qt" / "plugins" / "platforms" / name for name in ("libqxcb.so", "libqoffscreen.so")]
files += [root / name for name in ("QtCore.abi3.so", "QtGui.abi3.so", "QtWidgets.abi3.so", "QtSvg.abi3.so")]
missing = set()
for file in files:
    if file.is_file():
        said = subprocess.run(["ldd", str(file)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        missing.update(re.findall(r"(\S+) => not found", said))
if not missing:
    try:
        from PySide6 import QtCore, QtGui, QtSvg, QtWidgets
    except ImportError as error:
        found = re.match(r"(\S+\.so[.\d]*): cannot open shared object file", str(error))
        missing.add(found.group(1) if found else f"({error})")
print("\n".join(sorted(missing)))
"""


class BootstrapError(Exception):
    """The set-up cannot go on; the text says why and what to do."""


def say(text: str) -> None:
    """Tell the reader what is being done; standard output belongs to what is run."""
    print(f"bootstrap: {text}", file=sys.stderr, flush=True)


def call(command: list[str], **options: object) -> int:
    """Run a command with its output going where ours goes; returns its exit status."""
    sys.stdout.flush()
    return subprocess.run(command, check=False, **options).returncode  # type: ignore[call-overload,no-any-return]


def answer(command: list[str]) -> str | None:
    """Return what a command prints, None where it is missing or fails."""
    try:
        done = subprocess.run(
            command, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, text=True
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


# --- Python and the environment ------------------------------------------------------------------------------------


def suitable_python() -> list[str]:
    """Return the command of a Python that medview runs on: this one, or one found beside it; raises BootstrapError."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return [sys.executable]
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        candidates = [["py", f"-3.{minor}"]] if WINDOWS else [[f"python3.{minor}"]]
        for candidate in candidates:
            if answer([*candidate, "-c", "print(1)"]):
                return candidate
    have = ".".join(map(str, sys.version_info[:3]))
    raise BootstrapError(
        f"medview runs on Python 3.{OLDEST[1]} to 3.{NEWEST[1]}; this is {have} and no other was found"
    )


def python_of(environment: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return environment / ("Scripts/python.exe" if WINDOWS else "bin/python")


def is_root() -> bool:
    """Tell whether system packages may be installed."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def make_environment(environment: Path) -> None:
    """Make the virtual environment with pip in it, also where Python's own ensurepip was taken out."""
    python = python_of(environment)
    if not (python.is_file() and answer([str(python), "-c", "print(1)"])):
        base = suitable_python()
        say(f"making {environment}")
        if environment.exists():
            shutil.rmtree(environment)  # an environment whose Python does not start
        if call([*base, "-m", "venv", "--without-pip", str(environment)]):
            raise BootstrapError(f"{' '.join(base)} cannot make a virtual environment (its module venv is missing)")
    if answer([str(python), "-m", "pip", "--version"]):
        return
    for way in (pip_by_ensurepip, pip_by_system_pip, pip_by_wheel_on_disk, pip_by_apt, pip_by_apt_download):
        if way(python) and answer([str(python), "-m", "pip", "--version"]):
            return
    raise BootstrapError(
        "this Python has neither ensurepip nor pip. Install one of them and start again: on Debian and Ubuntu "
        "`sudo apt-get install python3-venv`, on Fedora `sudo dnf install python3-pip`; the installers for Windows and "
        "macOS have it as an option"
    )


def pip_by_ensurepip(python: Path) -> bool:
    """Bring pip the usual way."""
    if answer([str(python), "-c", "import ensurepip"]) is None:
        return False
    return answer([str(python), "-m", "ensurepip", "--default-pip"]) is not None


def pip_by_system_pip(python: Path) -> bool:
    """Let a pip that belongs to another Python install itself here."""
    wanted = ["--python", str(python), "install", "--quiet", "--disable-pip-version-check", "pip"]
    return answer([*suitable_python(), "-m", "pip", *wanted]) is not None


def pip_by_wheel_on_disk(python: Path, folder: Path = Path("/usr/share/python-wheels")) -> bool:
    """Use the wheel of pip that Debian keeps for virtual environments; a wheel can be run as it lies there."""
    wheels = sorted(folder.glob("pip-*.whl"))
    if not wheels:
        return False
    wheel = str(wheels[-1])
    install = ["install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", wheel]
    return answer([str(python), f"{wheel}/pip", *install]) is not None


def pip_by_apt(python: Path) -> bool:
    """As root on Debian: install the package that holds the wheel."""
    if not is_root() or shutil.which("apt-get") is None:
        return False
    say("this Python lacks ensurepip: installing python3-pip-whl")
    return apt_install(["python3-pip-whl"]) and pip_by_wheel_on_disk(python)


def pip_by_apt_download(python: Path) -> bool:
    """Without root rights on Debian: fetch that package and unpack it, install nothing."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return False
    say("this Python lacks ensurepip: unpacking pip out of python3-pip-whl")
    with tempfile.TemporaryDirectory() as folder:
        private = Path(folder) / "apt"
        (private / "lists" / "partial").mkdir(parents=True)
        (private / "cache").mkdir()
        # Lists of our own where the machine's are missing: an image of a container comes without them.
        own = ["-o", f"Dir::State::Lists={private / 'lists'}", "-o", f"Dir::Cache={private / 'cache'}"]
        for options in ([], own):
            if options and call(["apt-get", "-qq", *options, "update"], cwd=folder, stdout=subprocess.DEVNULL):
                return False
            if answer_in(["apt-get", "-qq", *options, "download", "python3-pip-whl"], folder) is not None:
                break
        packages = sorted(Path(folder).glob("python3-pip-whl_*.deb"))
        if not packages or answer(["dpkg", "-x", str(packages[-1]), str(Path(folder) / "root")]) is None:
            return False
        return pip_by_wheel_on_disk(python, Path(folder) / "root" / "usr" / "share" / "python-wheels")


def answer_in(command: list[str], folder: str) -> str | None:
    """Like `answer`, in another working folder."""
    done = subprocess.run(
        command, check=False, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    return done.stdout if done.returncode == 0 else None


# --- What the lock says --------------------------------------------------------------------------------------------


def choose_flavour(asked: str | None, stamp: dict[str, object]) -> str:
    """Return which build of ONNX Runtime to install; what was chosen before stays until something else is asked for."""
    if asked in FLAVOURS:
        return str(asked)
    if asked is None and stamp.get("flavour") in FLAVOURS:
        return str(stamp["flavour"])
    if not sys.platform.startswith(("linux", "win32")):
        return "cpu"  # the plain build holds CoreML on macOS
    if (answer(["nvidia-smi", "-L"]) or "").startswith("GPU"):
        return "cuda"
    return "directml" if WINDOWS else "cpu"


def check_flavour(flavour: str) -> None:
    """Refuse a flavour that does not exist on this system."""
    if (flavour == "directml" and not WINDOWS) or (flavour != "cpu" and sys.platform == "darwin"):
        raise BootstrapError(f"there is no {flavour} build of ONNX Runtime for this system; use --flavour cpu")


def hash_of(paths: list[Path]) -> str:
    """Return one hash over some files."""
    found = hashlib.sha256()
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()


def read_stamp(environment: Path) -> dict[str, object]:
    """Return what the environment says it was made from; nothing where it says nothing readable."""
    try:
        said = json.loads((environment / "medview-stamp.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def write_stamp(environment: Path, stamp: dict[str, object]) -> None:
    """Keep what the environment was made from."""
    (environment / "medview-stamp.json").write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")


def install_environment(
    environment: Path, *, flavour: str | None, sets: tuple[str, ...], three_d: bool | None = False
) -> dict[str, object]:
    """Bring the environment to what the locks say; `sets` names further locks. Returns its stamp.

    `three_d` says whether the library that draws in three dimensions (565 MB) is among them; None: as before, else yes.
    """
    stamp = read_stamp(environment) if python_of(environment).is_file() else {}
    chosen = choose_flavour(flavour, stamp)
    check_flavour(chosen)
    earlier = stamp.get("sets")
    kept = [name for name in (earlier if isinstance(earlier, list) else []) if (LOCKS / f"{name}.txt").is_file()]
    if three_d is None:
        three_d = stamp.get(THREE_D) is not False
    names = sorted(({*sets, *map(str, kept)} - {THREE_D}) | ({THREE_D} if three_d else set()))
    locks = [LOCKS / f"{name}.txt" for name in (chosen, *names)]
    wanted = {
        "flavour": chosen,
        "sets": names,
        THREE_D: three_d,
        "locks": hash_of(locks),
        "project": hash_of([ROOT / "pyproject.toml"]),
        "root": str(ROOT),
    }
    if all(stamp.get(name) == value for name, value in wanted.items()):
        return stamp

    make_environment(environment)
    pip = [str(python_of(environment)), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    (environment / "medview-stamp.json").unlink(missing_ok=True)
    if any(stamp.get(name) != wanted[name] for name in ("flavour", "sets", "locks")):
        # Builds of ONNX Runtime own the same files, so the one that goes has to go first.
        listed = answer([*pip, "list", "--format", "json"])
        present = {str(entry["name"]).lower() for entry in json.loads(listed or "[]")}
        others = sorted(present & (set(RUNTIMES.values()) - {RUNTIMES[chosen]}))
        if others:
            say(f"removing {', '.join(others)}")
            if RUNTIMES[chosen] in present:
                others.append(RUNTIMES[chosen])
            call([*pip, "uninstall", "--quiet", "--yes", *others])
        if not three_d and "vtk" in present:
            call([*pip, "uninstall", "--quiet", "--yes", "vtk"])
        say(f"installing what packaging/locks says: {', '.join((chosen, *names))}")
        for lock in locks:
            # The lock is whole, so nothing is resolved again: what is installed is what is written there.
            command = [*pip, "install", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
            # Whoever watches sees the downloads; a log does not.
            if call(command if sys.stdout.isatty() else [*command, "--quiet"], cwd=ROOT):
                raise BootstrapError(
                    f"pip could not install packaging/locks/{lock.name}; its message is above. Without a network, "
                    "PIP_FIND_LINKS may name a folder that holds the wheels"
                )
    say("installing medview from this folder")
    command = [*pip, "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--editable", "."]
    if call(command, cwd=ROOT):
        raise BootstrapError("pip could not install medview itself; its message is above")
    write_stamp(environment, dict(wanted))
    return dict(wanted)


# --- What the machine itself must bring ----------------------------------------------------------------------------


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages as root; returns whether that went well."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    options = {"env": environment, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    if call(["apt-get", "-qq", "update"], **options):
        say("apt-get update failed; going on with the lists that are there")
    command = ["apt-get", "-qq", "install", "--yes", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", *packages]
    return call(command, **options) == 0


def missing_libraries(environment: Path) -> list[str]:
    """Return the names of the libraries that Qt needs and this machine lacks."""
    said = answer([str(python_of(environment)), "-c", ASK_QT])
    return [line for line in (said or "").splitlines() if line]


def has_cjk_font() -> bool:
    """Tell whether a font with Chinese characters is there."""
    listed = answer(["fc-list", ":lang=zh-cn", "family"])
    if listed is not None:
        return bool(listed.strip())
    folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts"]
    pattern = re.compile(r"cjk|wqy|hei|song|sourcehan|droidsansfallback|uming|ukai", re.IGNORECASE)
    return any(
        pattern.search(path.name)
        for folder in folders
        if folder.is_dir()
        for path in folder.rglob("*")
        if path.suffix.lower() in {".ttf", ".ttc", ".otf"}
    )


def prepare_machine(environment: Path, stamp: dict[str, object], *, screen: bool) -> None:
    """Install as root, or name, what Qt needs of the machine; raises BootstrapError where Qt cannot start without it."""
    if not LINUX or (stamp.get("machine") == "complete" and not (screen and shutil.which("Xvfb") is None)):
        return
    libraries = missing_libraries(environment)
    packages = sorted({DEBIAN_PACKAGES[name] for name in libraries if name in DEBIAN_PACKAGES})
    font = not has_cjk_font()
    if font:
        packages.append(CJK_PACKAGE)
    no_screen = screen and shutil.which("Xvfb") is None
    if no_screen:
        packages.append(SCREEN_PACKAGE)
    if packages and is_root() and shutil.which("apt-get"):
        say(f"installing {' '.join(packages)}")
        apt_install(packages)
        # A library that was just installed may ask for a further one.
        libraries = missing_libraries(environment)
        further = sorted({DEBIAN_PACKAGES[name] for name in libraries if name in DEBIAN_PACKAGES})
        if further:
            say(f"installing {' '.join(further)}")
            apt_install(further)
            libraries = missing_libraries(environment)
        font, no_screen = not has_cjk_font(), screen and shutil.which("Xvfb") is None
        packages = further + [CJK_PACKAGE] * font + [SCREEN_PACKAGE] * no_screen
    how = f"`sudo apt-get install {' '.join(packages)}` on Debian and Ubuntu" if packages else "your system's packages"
    if libraries:
        raise BootstrapError(f"Qt needs libraries that this machine lacks: {', '.join(libraries)}. Install them: {how}")
    if font:
        say(f"no font with Chinese characters: the Chinese interface will show boxes. Install one: {how}")
    if no_screen:
        say(f"no Xvfb: the tests draw off-screen instead of on a virtual screen. Install it: {how}")
    if not font and not no_screen:
        stamp["machine"] = "complete"
        write_stamp(environment, stamp)


def has_display() -> bool:
    """Tell whether a window can be opened."""
    return not LINUX or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


class VirtualScreen:
    """An X server without a screen, for as long as the `with` lasts; `display` is None where there is no Xvfb."""

    SECONDS = 30.0

    def __enter__(self) -> Self:
        self.display: str | None = None
        self.server: subprocess.Popen[bytes] | None = None
        if not LINUX or shutil.which("Xvfb") is None:
            return self
        reader, writer = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", "2560x1440x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=(writer,), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(writer)
        # A server that never says its number is ended, which closes the pipe and ends the wait below.
        watch = threading.Timer(self.SECONDS, self.server.kill)
        watch.start()
        with os.fdopen(reader, "rb") as stream:
            number = stream.readline().decode().strip()
        watch.cancel()
        if number:
            self.display = f":{number}"
        else:
            say("Xvfb did not start; the tests draw off-screen")
        return self

    def __exit__(self, *reason: object) -> None:
        if self.server is not None:
            self.server.terminate()
            self.server.wait()


# --- What can be asked for -----------------------------------------------------------------------------------------


def run(environment: Path, stamp: dict[str, object], paths: list[str], picture: str | None) -> int:
    """Open the demo study, or paths; without a display draw the demo into a picture, when asked."""
    medview = [str(python_of(environment)), "-P", "-m", "medview.cli"]
    if picture is not None:
        prepare_machine(environment, stamp, screen=False)
        say("drawing the demo study with the model's result, without a window")
        return call([*medview, "demo-picture", "--output", picture], env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})
    if not has_display():
        say(
            "there is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can be opened. "
            "For a picture of the demo study with the model's result:\n"
            "    python3 packaging/bootstrap.py run --offscreen demo.png"
        )
        return 3
    prepare_machine(environment, stamp, screen=False)
    return call([*medview, "open", *paths] if paths else [*medview, "--demo"])


def test(environment: Path, stamp: dict[str, object], arguments: list[str]) -> int:
    """Run the suite under a virtual screen."""
    prepare_machine(environment, stamp, screen=True)
    settings = dict(os.environ)
    with VirtualScreen() as screen:
        if screen.display is not None:
            settings |= {"DISPLAY": screen.display, "QT_QPA_PLATFORM": "xcb", "MEDVIEW_TEST_SCREEN": "virtual"}
            settings.pop("WAYLAND_DISPLAY", None)
        return call([str(python_of(environment)), "-m", "pytest", *arguments], cwd=ROOT, env=settings)


def check(environment: Path, stamp: dict[str, object]) -> int:
    """Run every check; returns 1 where one of them failed."""
    prepare_machine(environment, stamp, screen=False)
    python = str(python_of(environment))
    lint_imports = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    checks = {
        "the locks belong to pyproject.toml": [python, "packaging/lock.py", "--check"],
        "format (ruff)": [python, "-m", "ruff", "format", "--check", "--quiet", "."],
        "lint (ruff)": [python, "-m", "ruff", "check", "--quiet", "."],
        "types (mypy)": [python, "-m", "mypy", "--no-error-summary"],
        "contracts (import-linter)": [python, "-c", lint_imports, "--no-logo"],
        "gates and mutations": [
            python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header",
            "tests/packaging/test_gates.py", "tests/mutations/test_list.py",
        ],
    }  # fmt: skip
    failed = []
    for title, command in checks.items():
        say(title)
        if call(command, cwd=ROOT, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}):
            failed.append(title)
    for title in failed:
        say(f"FAILED: {title}")
    if not failed:
        say("all checks passed")
    return 1 if failed else 0


def parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Return the chosen command and what is left over for pytest."""
    parser = argparse.ArgumentParser(
        prog="bootstrap.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--flavour", choices=("auto", *FLAVOURS), help="build of ONNX Runtime (default: as before, else auto)"
    )
    common.add_argument(
        "--three-d",
        choices=("yes", "no"),
        help="VTK, for volume rendering: 140 MB to load (default: as before, else yes)",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    running = commands.add_parser("run", parents=[common], help="open the demo study, or PATH")
    running.add_argument("paths", nargs="*", metavar="PATH")
    running.add_argument("--offscreen", metavar="FILE.png", help="draw the demo into a picture instead of a window")
    for name, text in (
        ("test", "run the test suite; further arguments go to pytest"),
        ("install", "set-up only"),
        ("check", "lint, types, contracts, mutations, locks"),
        ("bench", "run the benchmarks; further arguments go to pytest"),
    ):
        commands.add_parser(name, parents=[common], help=text)
    chosen, rest = parser.parse_known_args(arguments)
    if rest and chosen.command not in {"test", "bench"}:
        parser.error(f"unknown arguments: {' '.join(rest)}")
    if chosen.command == "run" and chosen.offscreen and chosen.paths:
        parser.error("--offscreen draws the demo study; for a picture of PATH see `medview render --help`")
    return chosen, [word for word in rest if word != "--"]


def main(arguments: list[str]) -> int:
    """Do what the command line asks; returns the exit status."""
    chosen, rest = parse(arguments)
    environment = Path(os.environ.get("MEDVIEW_VENV") or ROOT / ".venv").resolve()
    sets: tuple[str, ...] = ("tools",) if chosen.command in {"test", "check"} else ()
    if chosen.command == "bench":
        # The peers bring plugins and versions of their own: they stay out of the environment that is shipped and tested.
        environment, sets = environment.with_name(f"{environment.name}-bench"), ("tools", "bench")
    try:
        three_d = None if chosen.three_d is None else chosen.three_d == "yes"
        stamp = install_environment(environment, flavour=chosen.flavour, sets=sets, three_d=three_d)
        if chosen.command == "run":
            paths = [str(Path(path).resolve()) for path in chosen.paths]
            return run(environment, stamp, paths, chosen.offscreen)
        if chosen.command == "test":
            return test(environment, stamp, rest)
        if chosen.command == "bench":
            # What a peer warns of is its own affair, and so are its plugins for pytest.
            return test(
                environment, stamp, ["tests/benchmarks", "-W", "default", "-p", "no:napari", "-p", "no:npe2", *rest]
            )
        if chosen.command == "check":
            return check(environment, stamp)
        prepare_machine(environment, stamp, screen=False)
        command = environment / ("Scripts/medview.exe" if WINDOWS else "bin/medview")
        say(f"done ({stamp['flavour']}); start medview with {command}")
    except BootstrapError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
