"""What a computer must have before anything of medview is loaded, told in one sentence in the reader's language.

Standard library only: what is missing may be what everything else stands on. Qt would end the process without a display.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import platform
import re
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from medview.core.other_programs import environment_of_others
from medview.core.problem import ExitCode, MedviewError

_BEGUN = time.monotonic()
PROCESSOR = "old_processor"
DISPLAY = "no_display"
LIBRARY = "no_library"
TEXTS = {
    PROCESSOR: (
        "This computer's processor is too old for medview: it has no {}. A processor made since 2009 (x86-64-v2) is needed.",
        "这台计算机的处理器太旧，无法运行 medview：缺少 {}。需要 2009 年以后的处理器（x86-64-v2）。",
    ),
    DISPLAY: (
        "There is no display to open a window on ({}). Without one, medview --help lists the commands that need none.",
        "没有可用于打开窗口的显示器（{}）。没有显示器时，medview --help 列出不需要窗口的命令。",
    ),
    LIBRARY: (
        "medview needs the system library {}, which is not installed on this computer. On Debian and Ubuntu the package {} brings it.",
        "medview 需要系统库 {}，这台计算机上未安装。在 Debian 和 Ubuntu 上由软件包 {} 提供。",
    ),
}
_INSTRUCTIONS = ("ssse3", "sse4_1", "sse4_2", "popcnt", "cx16")
"""What NumPy is built for, as Linux names it."""
_PACKAGES = {
    "libEGL.so.1": "libegl1", "libGL.so.1": "libgl1", "libX11-xcb.so.1": "libx11-xcb1", "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3", "libfontconfig.so.1": "libfontconfig1", "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0", "libgthread-2.0.so.0": "libglib2.0-0", "libgssapi_krb5.so.2": "libgssapi-krb5-2",
    "libxcb.so.1": "libxcb1", "libxcb-cursor.so.0": "libxcb-cursor0", "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0", "libwayland-client.so.0": "libwayland-client0",
}  # fmt: skip


def speaks_chinese() -> bool:
    """Whether the reader's system speaks Chinese; medview's own settings cannot be read yet."""
    if sys.platform == "win32":
        import ctypes

        return ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == 0x04
    said = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    if os.environ.get("LANGUAGE") and said not in {"C", "C.UTF-8", "POSIX", ""}:
        said = os.environ["LANGUAGE"]
    return said.lower().startswith("zh")


def unmet(code: str, *values: str) -> MedviewError:
    """The error of something that is missing."""
    return MedviewError(code, TEXTS[code][speaks_chinese()].format(*values), None, ExitCode.INTERNAL, values)


def check_processor(cpuinfo: str = "/proc/cpuinfo") -> None:
    """Raise MedviewError where the processor lacks instructions that NumPy is built with; without them a process just dies."""
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return
    if sys.platform == "win32":
        import ctypes

        # PF_SSE4_2_INSTRUCTIONS_AVAILABLE
        missing = "" if ctypes.windll.kernel32.IsProcessorFeaturePresent(38) else "sse4_2"
    else:
        try:
            with Path(cpuinfo).open("rb") as stream:
                head = stream.read(8192)  # the first processor: the file of a large computer takes long
        except OSError:
            return
        flags = re.search(rb"^flags\s*:(.*)$", head, re.MULTILINE)
        there = set(flags.group(1).decode("ascii", "replace").split()) if flags else set(_INSTRUCTIONS)
        missing = ", ".join(name for name in _INSTRUCTIONS if name not in there)
    if missing:
        raise unmet(PROCESSOR, missing)


def check_display() -> None:
    """Raise MedviewError where no window can be opened."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return
    wayland, x11 = os.environ.get("WAYLAND_DISPLAY", ""), os.environ.get("DISPLAY", "")
    if not wayland and not x11:
        raise unmet(DISPLAY, "DISPLAY, WAYLAND_DISPLAY")
    if wayland and _answers(_wayland_socket(wayland)):
        return
    if not x11 or not _x11_answers(x11):
        raise unmet(DISPLAY, x11 or wayland)


def _wayland_socket(name: str) -> str:
    return name if name.startswith("/") else f"{os.environ.get('XDG_RUNTIME_DIR', '')}/{name}"


def _x11_answers(display: str) -> bool:
    found = re.fullmatch(r"(?:([^:/]*)/)?([^:]*):(\d+)(?:\.\d+)?", display)
    if found is None:
        return True  # a kind of name that is not known here: Qt may know it
    host, number = found.group(2), int(found.group(3))
    if host in {"", "unix"}:
        place = f"/tmp/.X11-unix/X{number}"  # noqa: S108 - where every X server listens
        return _answers(f"\0{place}") or _answers(place) or (host == "" and _reached("localhost", 6000 + number))
    return _reached(host, 6000 + number)


def _answers(place: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        try:
            connection.connect(place)
        except OSError:
            return False
        return True


def _reached(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError:
        return False
    return True


def missing_library(error: BaseException) -> MedviewError | None:
    """The error of a system library that is not there; None where ``error`` is about something else."""
    found = re.search(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object file", str(error))
    return (
        None
        if found is None
        else unmet(
            LIBRARY, found.group(1), _PACKAGES.get(found.group(1), f"*{found.group(1).split('.so')[0].lower()}*")
        )
    )


def check_window_library(qt_folder: Path) -> None:
    """Raise MedviewError where what opens windows on X11 cannot be loaded: Qt would end the process with a riddle."""
    plugin = qt_folder / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    if os.environ.get("QT_QPA_PLATFORM") or os.environ.get("WAYLAND_DISPLAY") or not plugin.is_file():
        return
    import ctypes

    try:
        ctypes.CDLL(os.fspath(plugin))
    except OSError as error:
        problem = missing_library(error)
        if problem is not None:
            raise problem from error


def with_window(start: Callable[[Callable[..., int]], int]) -> int:
    """What ``start`` returns, given the function that opens the window; raises MedviewError where the computer has no way to."""
    # What is imported lives as long as the program; the collector going over it again and again took a seventh of the start.
    collects = gc.isenabled()
    gc.disable()
    try:
        return start(_window_opener())
    finally:
        if collects:
            gc.enable()


def _window_opener() -> Callable[..., int]:
    try:
        check_display()
        try:
            found = importlib.util.find_spec("PySide6")
            if found is not None and found.origin is not None:
                check_window_library(Path(found.origin).parent)
            from medview.ui.qt_application import make_application
            from medview.ui.splash import Splash

            make_application()
            splash = Splash(_BEGUN, speaks_chinese())
            from medview.ui.application import run
        except ImportError as error:
            problem = missing_library(error)
            if problem is None:
                raise
            raise problem from error
    except MedviewError as error:
        if error.code in TEXTS:
            show(error.text)
        raise
    return partial(run, on_shown=splash.close)


def show(text: str) -> None:
    """Tell somebody who double-clicked and has no terminal, with what the system has for that."""
    import subprocess

    if sys.stderr is not None and sys.stderr.isatty():
        return
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.MessageBoxW(None, text, "medview", 0x10)
        return
    commands = (
        ["/usr/bin/zenity", "--error", "--title=medview", "--no-markup", f"--text={text}"],
        ["/usr/bin/kdialog", "--title", "medview", "--error", text],
        ["/usr/bin/notify-send", "medview", text],
        ["/usr/bin/xmessage", text],
    )
    for command in commands:
        if Path(command[0]).is_file():
            quiet = subprocess.DEVNULL
            subprocess.Popen(command, env=environment_of_others(), stdin=quiet, stdout=quiet, stderr=quiet)  # noqa: S603 - the system's own, by full path
            return
