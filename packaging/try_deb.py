#!/usr/bin/env python3
"""Installs the Debian package into an empty Debian root and uses it there as a reader would; needs root rights.

    python3 packaging/try_deb.py ROOT [--pictures FOLDER]

ROOT is made with debootstrap where it is not there (delete it for a fresh one); a desktop's tools (xdg-utils, gio, file)
are installed, nothing of Python. The study is opened by `xdg-open FOLDER` as an ordinary user on a virtual screen, a second
`xdg-open` and a `gio open` must reach the same window, and after `apt-get purge` the root must be as it was but for what
belongs to the user. Prints one line for each step and a table of sizes and starts; ends with 1 at the first step that fails.
"""

from __future__ import annotations

import argparse
import os
import resource
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import try_features
import try_paths

ROOT = Path(__file__).resolve().parent.parent
DESKTOP = "xdg-utils file libglib2.0-bin shared-mime-info desktop-file-utils fonts-noto-cjk"
SCREEN = ":87"
READER = "reader"
STUDY = f"/home/{READER}/A study/胸部 'quoted' \"folder\""
# Written whenever packages come and go; caches of the databases that other packages' triggers keep.
BOOKS = (
    "var/lib/dpkg", "var/lib/apt", "var/cache", "var/log", "etc/ld.so.cache", "usr/share/mime/", "proc", "sys", "dev", "tmp",
    "usr/share/applications/mimeinfo.cache", "usr/share/icons/hicolor/icon-theme.cache", "home", "run",
)  # fmt: skip


class TrialError(Exception):
    """A step did not do what it should."""


def say(text: str) -> None:
    """One line of the account."""
    print(text, flush=True)


class Machine:
    """An empty Debian below a folder, entered with chroot."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        """Make the root with the tools of a desktop and one ordinary user."""
        if not (self.root / "etc" / "debian_version").is_file():
            self.checked(["debootstrap", "--variant=minbase", "bookworm", str(self.root)])  # its own mirror
        if not (self.root / "proc" / "self").exists():
            self.checked(["mount", "-t", "proc", "proc", str(self.root / "proc")])
        if not (self.root / "dev" / "urandom").exists() or not os.path.ismount(self.root / "dev"):
            self.checked(["mount", "--bind", "/dev", str(self.root / "dev")])
        if not (self.root / "usr" / "bin" / "gio").exists():
            self.as_root(f"apt-get -qq update && apt-get -qq -y --no-install-recommends install {DESKTOP}")
        if self.inside(f"id {READER}", READER="root").returncode:
            self.as_root(f"useradd -m -s /bin/sh {READER}")
        if list((self.root / "usr" / "bin").glob("python3*")):
            raise TrialError("this root has seen Python")

    def checked(self, command: list[str]) -> str:
        """Run on this machine; raises TrialError where it fails."""
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise TrialError(f"{shlex.join(command)}: {(done.stderr or done.stdout)[-1500:]}")
        return done.stdout

    def command(self, line: str, user: str) -> list[str]:
        """A shell's line as a command of this machine."""
        home = "/root" if user == "root" else f"/home/{user}"
        names = {
            "HOME": home, "USER": user, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "DISPLAY": SCREEN,
            "DEBIAN_FRONTEND": "noninteractive",
        }  # fmt: skip
        given = [f"{name}={value}" for name, value in names.items()]
        return ["chroot", f"--userspec={user}:{user}", str(self.root), "env", "-i", *given, "sh", "-c", f"cd; {line}"]

    def inside(self, line: str, READER: str = READER) -> subprocess.CompletedProcess[str]:
        """Run a shell's line in the root."""
        return subprocess.run(self.command(line, READER), check=False, capture_output=True, text=True)

    def as_root(self, line: str) -> str:
        """Run as the root's root; raises TrialError where it fails."""
        return self.checked(self.command(line, "root"))

    def as_reader(self, line: str) -> str:
        """Run as the ordinary user; raises TrialError where it fails."""
        return self.checked(self.command(line, READER))

    def start(self, line: str) -> subprocess.Popen[bytes]:
        """Start as the ordinary user and go on."""
        return subprocess.Popen(
            self.command(line, READER), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def files(self) -> set[str]:
        """Every path of the root that belongs to the system and not to its books."""
        found = set()
        for folder, names, entries in os.walk(self.root):
            here = os.path.relpath(folder, self.root)
            names[:] = [name for name in names if not f"{here}/{name}".removeprefix("./").startswith(BOOKS)]
            found.update(f"{here}/{name}".removeprefix("./") for name in (*names, *entries))
        return {path for path in found if not path.startswith(BOOKS)}

    def processes(self) -> list[int]:
        """Processes of medview that run in the root and are no workers."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and str((entry / "root").readlink()) == str(self.root):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    if words[0].endswith(b"medview") and b"--medview-worker" not in words:
                        found.append(int(entry.name))
            except OSError:
                continue
        return found


def windows() -> list[str]:
    """Ids of medview's windows on the virtual screen, without the card that a slow start shows."""
    found = asked("search", "--onlyvisible", "--class", "medview").split()
    return [one for one in found if not asked("getwindowname", one).startswith("medview…")]


def asked(*words: str) -> str:
    """What xdotool answers."""
    said = subprocess.run(
        ["xdotool", *words], env={**os.environ, "DISPLAY": SCREEN}, check=False, capture_output=True, text=True
    )
    return said.stdout


def wait_for(what: str, ready: object, longest: float = 120.0) -> float:
    """Seconds until something is so; raises TrialError where it does not come."""
    assert callable(ready)
    begun = time.monotonic()
    while not ready():
        if time.monotonic() - begun > longest:
            raise TrialError(f"{what} did not come in {longest:.0f} s")
        time.sleep(0.02)
    return time.monotonic() - begun


def picture(path: Path) -> None:
    """Photograph the virtual screen."""
    subprocess.run(["import", "-window", "root", str(path)], env={**os.environ, "DISPLAY": SCREEN}, check=True)


def stop(machine: Machine) -> None:
    """End medview in the root, by its own processes' ids."""
    for process in machine.processes():
        os.kill(process, 15)
    wait_for("the end of medview", lambda: not machine.processes(), 30)


def start_seconds(command: list[str], gone: object) -> float:
    """Seconds from a command to its window; the window is closed again by ``gone``."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command, env={**os.environ, "DISPLAY": SCREEN}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    wait_for("a window", windows)
    taken = time.monotonic() - begun
    assert callable(gone)
    gone(process)
    wait_for("the end of the window", lambda: not windows(), 30)
    return taken


def end_process(process: subprocess.Popen[bytes]) -> None:
    """End a process that we started."""
    process.terminate()
    process.wait()


def drop_file_cache() -> bool:
    """Make the next start a cold one; whether the system let us."""
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
    except OSError:
        return False
    return True


def hand_over_times(machine: Machine, count: int = 20) -> None:
    """How long a second start takes from its command to its end, and how long an empty program takes beside it."""
    opened = machine.start(f"medview {shlex.quote(STUDY)}")
    wait_for("a window", windows)
    time.sleep(10)
    for name, line in (("true", "true"), ("medview PATH, handed over", f"medview {shlex.quote(STUDY)}")):
        times, before = [], resource.getrusage(resource.RUSAGE_CHILDREN)
        for _ in range(count):
            begun = time.monotonic()
            machine.as_reader(line)
            times.append((time.monotonic() - begun) * 1000)
        times.sort()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = (used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime) / count * 1000
        said = (
            f"median {times[count // 2]:4.0f} ms, least {times[0]:4.0f}, most {times[-1]:4.0f}, processor {busy:4.0f}"
        )
        say(f"{name:28} {said} ({count} times)")
    stop(machine)
    opened.wait()


def trial(machine: Machine, package: Path, addons: list[Path], pictures: Path, beside: Path) -> None:
    """All steps."""
    machine.prepare()
    machine.as_root("apt-get -qq -y purge medview 'medview-*' || true; apt-get -qq -y autoremove --purge")
    before = machine.files()
    shutil.copy2(package, machine.root / "srv" / package.name)
    before.add(f"srv/{package.name}")
    begun = time.monotonic()
    machine.as_root(f"apt-get -qq -y --no-install-recommends install /srv/{package.name}")
    say(f"installed in {time.monotonic() - begun:.0f} s: {machine.as_reader('medview --version').strip()}")
    for mime in ("application/dicom", "inode/directory", "application/x-nifti", "x-scheme-handler/medview"):
        say(f"  {mime}: {machine.as_reader(f'xdg-mime query default {mime}').strip()}")

    if machine.inside(f"test -d {shlex.quote(STUDY)}").returncode:
        machine.as_reader("QT_QPA_PLATFORM=offscreen medview demo-picture --output ~/demo.png")
        machine.as_reader(f"mkdir -p {shlex.quote(STUDY)} && cp ~/.local/share/medview/demo/*/* {shlex.quote(STUDY)}")
        say("the demo was computed, with both built-in models, by the installed program")
    shutil.copy2(machine.root / "home" / READER / "demo.png", pictures / "demo.png")

    opened = machine.start(f"xdg-open {shlex.quote(STUDY)}")
    taken = wait_for("the window of xdg-open", windows)
    first = machine.processes()
    say(f"xdg-open FOLDER: a window after {taken:.2f} s")
    time.sleep(15)
    picture(pictures / "xdg-open-folder.png")

    for name, line in (
        ("xdg-open", f"xdg-open {shlex.quote(STUDY)}"),
        ("gio open", f"gio open {shlex.quote(STUDY)}/$(ls {shlex.quote(STUDY)} | head -1)"),
        ("medview", f"medview {shlex.quote(STUDY)}"),
    ):
        begun = time.monotonic()
        machine.as_reader(line)
        taken = time.monotonic() - begun
        time.sleep(1)
        if machine.processes() != first:
            raise TrialError(f"a second {name} opened a window of its own")
        say(f"a second start by {name} reached the first window after {taken:.2f} s (with all that the tool does)")
    picture(pictures / "gio-open-file.png")
    stop(machine)
    opened.wait()

    command = machine.command(f"exec medview {shlex.quote(STUDY)}", READER)
    study = f"{machine.root}{STUDY}"
    own = [str(beside), study]
    say(f"{'':20} {'start to window, s':>30}")
    for name, words in (("installed .deb", command), ("unpackaged", own)):
        if not Path(words[0]).exists() and shutil.which(words[0]) is None:
            continue
        times = []
        for cold in (True, False, False):
            kept = drop_file_cache() if cold else False
            ending = (lambda _process: stop(machine)) if words is command else end_process
            times.append(f"{'cold' if cold and kept else 'warm'} {start_seconds(words, ending):.2f}")
        say(f"{name:20} {', '.join(times):>30}")

    try_paths.trial(machine, STUDY, windows, say)
    try_features.trial(machine, STUDY, addons, windows, say)
    hand_over_times(machine)

    listed = machine.as_root("dpkg -L medview").split("\n")
    size = sum(os.lstat(machine.root / path[1:]).st_size for path in listed if (machine.root / path[1:]).is_file())
    count = sum((machine.root / path[1:]).is_file() for path in listed if path)
    say(f"package {package.stat().st_size / 1e6:.1f} MB, installed {size / 1e6:.1f} MB in {count} files")

    machine.as_root("apt-get -qq -y purge medview 'medview-*' && apt-get -qq -y autoremove --purge")
    left = machine.files() - before
    of_medview = sorted(path for path in left if "medview" in path)
    if of_medview:
        raise TrialError(f"left after its removal: {of_medview[:10]}")
    say(f"removed; left of the system's own files: {len(left)} ({', '.join(sorted(left)[:5])})")
    say(
        f"left for the user: {machine.as_reader('ls -A ~ ~/.local/share ~/.config ~/.cache 2>/dev/null; true').split()}"
    )


def main() -> int:
    """Parse the arguments, start a virtual screen and run the trial."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path)
    beside = ROOT / ".venv" / "bin" / "medview"
    parser.add_argument("--beside", type=Path, default=beside, help="the unpackaged program that is timed beside it")
    parser.add_argument("--pictures", type=Path, default=ROOT / "build" / "pictures")
    chosen = parser.parse_args()
    packages = sorted((ROOT / "dist").glob("medview_*.deb"))
    if not packages:
        sys.exit("there is no package yet: python3 packaging/build.py deb")
    addons = sorted((ROOT / "dist").glob("medview-*.deb"))
    chosen.pictures.mkdir(parents=True, exist_ok=True)
    screen = subprocess.Popen(["Xvfb", SCREEN, "-noreset", "-screen", "0", "1600x1000x24"], stderr=subprocess.DEVNULL)
    try:
        time.sleep(1)
        trial(Machine(chosen.root.resolve()), packages[-1], addons, chosen.pictures, chosen.beside)
    except (TrialError, try_paths.PathError, try_features.FeatureError) as error:
        print(f"try_deb: {error}", file=sys.stderr)
        return 1
    finally:
        screen.terminate()
        screen.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
