"""What a reader may double-click, opened by the installed program; `try_deb.py` calls it on a root with medview in it.

Every kind of path is first asked about (`inspect`, whose answers can be judged), then opened in a window. Then computers on which
something is missing. Each must end in what was asked for or in one sentence.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from try_deb import Machine

NAMES = {
    "spaces": "CT of the  chest ",
    "Chinese": "胸部 检查（二）",
    "quotes": 'it\'s "the" `study` $HOME ;&|<>*?',
    "right to left": "فحص الصدر",
    "combined and astral letters": "e\u0301tude 🫁",
    "dashes first": "--help",
    "260 characters and more": "/".join(["a folder with a long name " * 3] * 5),
}
HUGE = 100_000
SCRATCHED = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static int scratched(int file) {
    char link[64], path[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    if (readlink(link, path, sizeof path - 1) <= 0 || !strstr(path, "/scratched disc/")) return 0;
    errno = EIO;
    return 1;
}
ssize_t read(int file, void *to, size_t count) {
    return scratched(file) ? -1 : ((ssize_t (*)(int, void *, size_t))dlsym(RTLD_NEXT, "read"))(file, to, count);
}
ssize_t pread64(int file, void *to, size_t count, off64_t at) {
    return scratched(file) ? -1 : ((ssize_t (*)(int, void *, size_t, off64_t))dlsym(RTLD_NEXT, "pread64"))(file, to, count, at);
}
"""
"""A disc whose directory can be read and whose files cannot."""


class PathError(Exception):
    """A path did not end as it should."""


def make_paths(home: Path, study: Path) -> dict[str, tuple[str, int]]:
    """Kinds of paths below a home, each with the exit code that it must have."""
    place = home / "paths"
    found: dict[str, tuple[str, int]] = {}
    slices = sorted(path for path in study.rglob("*") if path.is_file())[:12]
    for title, name in NAMES.items():
        folder = place / name
        folder.mkdir(parents=True, exist_ok=True)
        for path in slices:
            (folder / path.name).write_bytes(path.read_bytes())
        found[title] = (str(folder), 0)
    with zipfile.ZipFile(place / "a study.zip", "w") as packed:
        for path in slices:
            packed.write(path, f"胸部/{path.name}")
    found["zip"] = (str(place / "a study.zip"), 0)
    with tarfile.open(place / "study.tar.gz", "w:gz", compresslevel=1) as tape:
        for path in slices:
            tape.add(path, f"study/{path.name}")
    found["tar.gz"] = (str(place / "study.tar.gz"), 0)
    plain = place / "no ending"
    plain.write_bytes(slices[0].read_bytes())
    found["one file without an ending"] = (str(plain), 0)
    (place / "empty").mkdir(exist_ok=True)
    found["an empty folder"] = (str(place / "empty"), 3)
    (place / "nothing.dcm").write_bytes(b"")
    found["an empty file"] = (str(place / "nothing.dcm"), 3)
    found["what does not exist"] = (str(place / "gone"), 3)
    huge = place / "huge"
    if not huge.is_dir():
        huge.mkdir()
        for number in range(HUGE):
            (huge / f"{number:06d}").touch()
    found[f"{HUGE} empty files"] = (str(huge), 3)
    (place / "locked").mkdir(exist_ok=True)
    (place / "locked").chmod(0)
    found["a folder that may not be entered"] = (str(place / "locked"), 3)
    return found


@contextmanager
def changed(*commands: list[str]) -> Iterator[None]:
    """Something of the machine is otherwise for a while; the second half of the commands puts it back."""
    half = len(commands) // 2
    try:
        for command in commands[:half]:
            subprocess.run(command, check=True)
        yield
    finally:
        for command in commands[half:]:
            subprocess.run(command, check=False)


def trial(machine: Machine, study: str, windows: Callable[[], list[str]], say: Callable[[str], None]) -> None:
    """All paths, then all computers; raises PathError at the first that ends otherwise than it should."""
    home = machine.root / "home" / "reader"
    paths = make_paths(home, machine.root / study.lstrip("/"))
    machine.as_root("chown -R reader:reader /home/reader/paths")
    inside = {title: (path.removeprefix(str(machine.root)), code) for title, (path, code) in paths.items()}
    first = inside["spaces"][0]
    for ending in ("nii.gz", "nrrd", "mha"):
        target = f"/home/reader/paths/体 数据.{ending}"
        stack = json.loads(machine.as_reader(f"medview inspect {shlex.quote(first)} --json"))
        name = stack["studies"][0]["series"][0]["stacks"][0]["id"]
        machine.as_reader(f"medview export {shlex.quote(first)} --stack {name} --output {shlex.quote(target)}")
        inside[ending] = (target, 0)
    say(f"{'path':34} {'inspect':>8} {'frames':>7} {'s':>6}")
    for title, (path, wanted) in inside.items():
        begun = time.monotonic()
        done = machine.inside(f"medview inspect --json -- {shlex.quote(path)}")
        taken = time.monotonic() - begun
        answer = json.loads(done.stdout) if done.stdout.startswith("{") else {}
        frames = sum(
            stack.get("frames", stack["shape"][0]) if isinstance(stack.get("frames"), int) else stack["shape"][0]
            for one in answer.get("studies", ()) for series in one["series"] for stack in series["stacks"]
        )  # fmt: skip
        if done.returncode != wanted or (wanted == 0) is not (frames > 0):
            raise PathError(
                f"{title}: exit {done.returncode}, {frames} frames: {done.stderr[-300:] or done.stdout[-300:]}"
            )
        say(f"{title:34} {done.returncode:8} {frames:7} {taken:6.2f}")
    window(machine, [path for path, _ in inside.values()], windows, say)
    computers(machine, first, windows, say)


def window(machine: Machine, paths: list[str], windows: Callable[[], list[str]], say: Callable[[str], None]) -> None:
    """One window takes all paths, one after another; what is wrong with one is told in it, and it stays."""
    opened = machine.start(f"medview -- {shlex.quote(paths[0])}")
    wait(windows, "a window")
    times = []
    process = machine.processes()
    for path in paths:
        begun = time.monotonic()
        done = machine.inside(f"medview -- {shlex.quote(path)}")
        times.append(time.monotonic() - begun)
        time.sleep(1)
        if done.returncode or machine.processes() != process:
            raise PathError(f"{path}: the window did not take it: {done.returncode} {done.stderr[-300:]}")
    say(f"one window took all {len(paths)} paths, each within {max(times):.2f} s, and stays")
    for number in process:
        os.kill(number, 15)
    opened.wait()
    wait(lambda: not windows(), "the end of the window")


def computers(machine: Machine, path: str, windows: Callable[[], list[str]], say: Callable[[str], None]) -> None:
    """Something is missing: one sentence, and no window where there can be none."""
    quoted = shlex.quote(path)
    library = str(next((machine.root / "usr" / "lib").glob("*/libEGL.so.1")))
    poor = machine.root / "tmp" / "cpuinfo"
    poor.write_text("processor\t: 0\nflags\t\t: fpu sse sse2 ssse3 sse4_1 cx16\n")
    bound = str(machine.root / "proc" / "cpuinfo")
    cases = (
        ("no display", f"env -u DISPLAY medview {quoted}", (), "There is no display", "没有可用于打开窗口的显示器"),
        ("a display that is gone", f"env DISPLAY=:4711 medview {quoted}", (), "There is no display", "没有可用于打开窗口的显示器"),
        ("a system library is missing", f"medview {quoted}", (["mv", library, library + "~"], ["mv", library + "~", library]),
         "needs the system library libEGL.so.1", "需要系统库 libEGL.so.1"),
        ("an old processor", f"medview inspect {quoted}", (["mount", "--bind", str(poor), bound], ["umount", bound]),
         "too old for medview", "处理器太旧"),
    )  # fmt: skip
    for title, line, change, english, chinese in cases:
        for language, words in (("C.UTF-8", english), ("zh_CN.UTF-8", chinese)):
            with changed(*change):
                done = machine.inside(f"export LANG={language}; {line}")
            said = done.stderr.strip()
            if done.returncode == 0 or words not in said or len(said.splitlines()) != 1:
                raise PathError(f"{title}: exit {done.returncode}: {said[-500:]}")
            say(f"{title}: {said}")
    disc = machine.root / "home" / "reader" / "paths" / "scratched disc"
    shutil.copytree(machine.root / path.lstrip("/"), disc, dirs_exist_ok=True)
    source, library = machine.root / "tmp" / "scratched.c", machine.root / "tmp" / "scratched.so"
    source.write_text(SCRATCHED, encoding="ascii")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    done = machine.inside("env LD_PRELOAD=/tmp/scratched.so medview inspect ~/paths/'scratched disc'")
    said = done.stderr.strip()
    if done.returncode != 3 or "could not be read" not in said or len(said.splitlines()) != 1:
        raise PathError(f"an unreadable disc: exit {done.returncode}: {said[-500:]}")
    say(f"an unreadable disc: {said}")
    for title, user, before, after in (
        ("a home that cannot be written to", "poor", "chown root:root /home/poor; chmod 555 /home/poor", "true"),
        ("a second user beside the first", "other", "true", "true"),
    ):
        machine.as_root(f"id {user} >/dev/null 2>&1 || useradd -m -s /bin/sh {user}; chmod a+rX /home/reader; {before}")
        mine = machine.start(f"medview {quoted}")
        wait(windows, "the first window")
        theirs = subprocess.Popen(machine.command(f"medview {quoted}", user), stderr=subprocess.PIPE, text=True)
        wait(lambda: len(machine.processes()) == 2, "a window of the second user")
        wait(lambda: len(windows()) >= 2, "the second window on the screen")
        say(f"{title}: a window of its own")
        for number in machine.processes():
            os.kill(number, 15)
        mine.wait()
        theirs.wait()
        wait(lambda: not windows(), "the end of the windows")
        machine.as_root(f"{after}; userdel {user}; rm -rf /home/{user}")


def wait(ready: Callable[[], object], what: str, longest: float = 120.0) -> None:
    """Until something is so; raises PathError where it does not come."""
    end = time.monotonic() + longest
    while not ready():
        if time.monotonic() > end:
            raise PathError(f"{what} did not come in {longest:.0f} s")
        time.sleep(0.05)
