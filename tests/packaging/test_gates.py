"""What never stands in the program: code from data, shells, the series reader that loses geometry, machine paths."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.beside

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted((ROOT / "medview").rglob("*.py"))

# Modules that run what a file says, or that only training may use.
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "torch", "yaml"}
FORBIDDEN_CALLS = {
    "eval": "runs text as code",
    "exec": "runs text as code",
    "os.system": "runs a shell",
    "os.popen": "runs a shell",
    "tempfile.mktemp": "gives a name that somebody else can take",
}
# The series reader of SimpleITK is silently wrong about geometry (and slow); single files it reads well.
FORBIDDEN_NAMES = {"ImageSeriesReader", "GetGDCMSeriesFileNames", "ImageSeriesReader_GetGDCMSeriesFileNames"}
# Frozen values on their way from the process with the window to its workers and services, never back: a decoder or a network that
# a hostile file has taken over must not be able to run anything in the parent. So the parent may only write pickles, the worker only read.
EXCUSED = {
    "medview/jobs/pool.py": re.compile(r"line \d+: (imports pickle|pickle\.(dumps|HIGHEST_PROTOCOL))"),
    "medview/jobs/worker_loop.py": re.compile(r"line \d+: (imports pickle|pickle\.loads)"),
    "medview/jobs/service.py": re.compile(r"line \d+: (imports pickle|pickle\.(dumps|HIGHEST_PROTOCOL))"),
    "medview/jobs/service_loop.py": re.compile(r"line \d+: (imports pickle|pickle\.loads)"),
}


def dotted(node: ast.expr) -> str:
    """Return `a.b.c` for such an expression, "" for others."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (front := dotted(node.value)):
        return f"{front}.{node.attr}"
    return ""


@lru_cache(maxsize=1)
def nodes_of(source: str) -> tuple[ast.AST, ...]:
    """All parts of a module."""
    return tuple(ast.walk(ast.parse(source)))


def faults_of(source: str) -> Iterator[str]:
    """Yield what is forbidden in a module's source, one sentence each."""
    for node in nodes_of(source):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            names = []
        for name in names:
            if name.split(".")[0] in FORBIDDEN_MODULES:
                yield f"line {node.lineno}: imports {name}"
        if isinstance(node, ast.Call):
            called = dotted(node.func)
            if called in FORBIDDEN_CALLS:
                yield f"line {node.lineno}: {called} {FORBIDDEN_CALLS[called]}"
            for keyword in node.keywords:
                said = keyword.value.value if isinstance(keyword.value, ast.Constant) else "not a constant"
                if keyword.arg == "shell" and said is not False:
                    yield f"line {node.lineno}: shell=True runs a shell"
                if keyword.arg == "allow_pickle" and said is not False:
                    yield f"line {node.lineno}: allow_pickle runs what a file says"
        if isinstance(node, ast.Attribute) and dotted(node).startswith("pickle."):
            yield f"line {node.lineno}: {dotted(node)}"
        if isinstance(node, ast.Attribute | ast.Name):
            last = node.attr if isinstance(node, ast.Attribute) else node.id
            if last in FORBIDDEN_NAMES:
                yield f"line {node.lineno}: {last} is silently wrong about geometry"


@cache
def faults_in(path: Path) -> tuple[list[str], list[str], set[str]]:
    """All kinds of faults in a module; parsing it is most of the work."""
    source = path.read_text(encoding="utf-8")
    return list(faults_of(source)), thread_faults(source), network_names(source)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_nothing_forbidden_stands_in(path: Path) -> None:
    excused = EXCUSED.get(path.relative_to(ROOT).as_posix())
    faults = faults_in(path)[0]
    assert [fault for fault in faults if excused is None or not excused.fullmatch(fault)] == []


# What a module outside jobs may take of threading; only jobs starts threads and processes.
SHARED_WITH_THREADS = {"Lock", "RLock", "Event", "Condition", "local", "current_thread", "main_thread"}


def thread_faults(source: str) -> list[str]:
    nodes = nodes_of(source)
    used = [dotted(node) for node in nodes if isinstance(node, ast.Attribute)]
    used += [
        f"threading.{alias.name}"
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "threading"
        for alias in node.names
    ]
    return [name for name in used if re.fullmatch(r"threading\.\w+", name) and name[10:] not in SHARED_WITH_THREADS]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_only_jobs_starts_threads(path: Path) -> None:
    if (ROOT / "medview" / "jobs") not in path.parents:
        assert faults_in(path)[1] == []


@pytest.mark.parametrize(
    "source", ["import threading\nthreading.Thread(target=f)", "from threading import Timer", "threading.Timer(1, f)"]
)
def test_the_thread_gate_catches(source: str) -> None:
    assert thread_faults(source)


# What reaches another computer stands in network; others take addresses apart as text and use sockets of this computer.
NEAR = {
    "medview/app/links.py": {"urllib.parse"},
    "medview/app/handover.py": {"socket.socket", "socket.AF_UNIX", "socket.SOCK_STREAM"},
    # A display may be another computer's: the reader's system says which.
    "medview/cli/needs.py": {"socket.socket", "socket.AF_UNIX", "socket.SOCK_STREAM", "socket.create_connection"},
    "medview/ui/handover_server.py": {"PySide6.QtNetwork.QLocalServer", "PySide6.QtNetwork.QLocalSocket"},
}
FAR = re.compile(
    r"(socket|ssl|http|urllib|ftplib|smtplib|imaplib|PySide6\.Qt(Network|WebSockets|WebEngine|HttpServer|RemoteObjects)\w*)\b.*"
)


def network_names(source: str) -> set[str]:
    """Names by which a module could reach another computer."""
    found = set()
    for node in nodes_of(source):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {
                node.module if node.module == "urllib.parse" else f"{node.module}.{one.name}" for one in node.names
            }
        elif isinstance(node, ast.Import):
            found |= {one.name for one in node.names if one.name != "socket"}
        elif isinstance(node, ast.Attribute) and (name := dotted(node)).startswith("socket."):
            found.add(name)
    return {name for name in found if FAR.fullmatch(name)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_only_network_reaches_other_computers(path: Path) -> None:
    if (ROOT / "medview" / "network") not in path.parents:
        near = NEAR.get(path.relative_to(ROOT).as_posix(), set())
        assert faults_in(path)[2] - near == set()


@pytest.mark.parametrize(
    "source",
    [
        "import urllib.request",
        "from urllib import request",
        "from http.client import HTTPSConnection",
        "import socket\nsocket.create_connection(('x', 80))",
        "from PySide6.QtNetwork import QNetworkAccessManager",
        "from PySide6 import QtWebEngineCore",
        "import ssl",
    ],
)
def test_the_network_gate_catches(source: str) -> None:
    assert network_names(source)


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "import torch.nn",
        "import yaml",
        "eval('1')",
        "exec(text)",
        "import os\nos.system('ls')",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "import numpy as np\nnp.load(path, allow_pickle=True)",
        "import SimpleITK as sitk\nsitk.ImageSeriesReader()",
        "from SimpleITK import ImageSeriesReader\nImageSeriesReader()",
    ],
)
def test_the_gate_catches(source: str) -> None:
    assert list(faults_of(source))


def project_text() -> Iterator[tuple[str, str]]:
    """Yield each file of the project that is text, with its path; needs no git, which a fresh machine lacks."""
    folders = (".ci", "docs", "medview", "packaging", "resources", "tests")
    files = [
        path for path in ROOT.iterdir() if path.suffix in {".md", ".toml"} or path.name in {"NOTICE", ".gitignore"}
    ]
    files += [path for folder in folders for path in sorted((ROOT / folder).rglob("*"))]
    for path in files:
        if "__pycache__" in path.parts or not path.is_file() or path.stat().st_size > 2_000_000:
            continue
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_no_file_names_the_machine_it_was_written_on() -> None:
    # Split, so that this file does not find itself.
    pattern = re.compile("|".join(["/" + "work/(main|shared)", "/" + "tmp/plan", "/" + "root/", "/" + "opt/wheels"]))
    found = [
        f"{name}:{number}"
        for name, text in project_text()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []


def test_no_file_names_a_registry() -> None:
    pattern = re.compile(r"https?://(files\.|pypi\.|deb\.|registry\.|.*artifact)", re.IGNORECASE)
    found = [
        f"{name}:{number}"
        for name, text in project_text()
        if name.startswith(("packaging/", ".ci/", "medview/", "pyproject"))
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]
    assert found == []
