"""What the installed program does beyond opening a study, and what its add-ons do; `try_deb.py` calls it.

Every command of the command line is used once for real, with every kind of report and every way to question a network: what
only fails where it is packed fails here. Then links, rules for a computer, safe mode, setting aside, diagnostics and a crash.
"""

from __future__ import annotations

import json
import os
import shlex
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import update_document

if TYPE_CHECKING:
    from try_deb import Machine

REPORTS = ("sr", "seg", "gsps", "kos", "html", "pdf", "html-zh", "pdf-zh", "csv", "json")
METHODS = ("probability",)
PLACE = "/home/reader/features"
POLICY = "/etc/medview/policy.json"
ASKED_AFTER_S = 20  # how long after an opening a window asks for newer versions
PATIENT = "PHANTOM-1"  # the demo's patient ID, which nothing may hold that is sent away


class FeatureError(Exception):
    """Something did not do what it should; the text says what."""


def trial(
    machine: Machine, study: str, addons: list[Path], windows: Callable[[], list[str]], say: Callable[[str], None]
) -> None:
    """Everything; raises FeatureError at the first that does not what it should."""
    machine.as_root(f"rm -rf {PLACE}")
    machine.as_reader(f"mkdir -p {PLACE}/study")
    quoted = shlex.quote(study)
    # Every fourth slice around the middle: enough for both networks, and quick.
    machine.as_reader(f"ls {quoted} | sed -n '44,69p' | while read name; do cp {quoted}/\"$name\" {PLACE}/study/; done")
    commands(machine, say)
    three_d(machine, addons, say)
    administered(machine, say)
    in_window(machine, study, windows, say)
    newer_versions(machine, study, windows, say)


def done(machine: Machine, line: str, code: int = 0) -> str:
    """What a command of the reader says, both ways; raises FeatureError where it ends otherwise than with ``code``."""
    answer = machine.inside(f"cd {PLACE}; medview {line}")
    if answer.returncode != code:
        raise FeatureError(f"medview {line}: exit {answer.returncode}: {answer.stderr[-600:] or answer.stdout[-300:]}")
    return answer.stdout + answer.stderr


def made(machine: Machine, pattern: str, least: int = 1) -> int:
    """How many files below the place match and hold something; raises FeatureError where there are fewer than ``least``."""
    place = machine.root / PLACE.lstrip("/")
    found = [path for path in place.glob(pattern) if path.is_file() and path.stat().st_size > 0]
    if len(found) < least:
        raise FeatureError(f"{pattern}: {len(found)} files, {least} at least were to be written")
    return len(found)


def stack_of_study(machine: Machine) -> str:
    """The id of the study's one stack."""
    answer = json.loads(done(machine, "inspect study --json"))
    return str(answer["studies"][0]["series"][0]["stacks"][0]["id"])


def commands(machine: Machine, say: Callable[[str], None]) -> None:
    """Each command once."""
    begun = time.monotonic()
    stack = stack_of_study(machine)
    also = " ".join(f"--also {kind}" for kind in REPORTS)
    for model in ("ct-lungs", "ct-nodules"):
        done(machine, f"infer study --model {model} --output out-{model} {also}")
        say(
            f"medview infer --model {model} with {len(REPORTS)} kinds of reports: {made(machine, f'out-{model}/*', 8)} files"
        )
    said = [
        line
        for line in done(machine, "infer study --model ct-lungs --device cuda --output no-driver").splitlines()
        if "cuda" in line.lower()
    ]
    if not said:
        raise FeatureError("without a graphics driver the network ran elsewhere and did not say so")
    say(f"no graphics driver: {said[0]}")
    answer = json.loads(done(machine, "inspect study out-ct-lungs out-ct-nodules --json"))
    if answer["problems"]:
        raise FeatureError(f"what was written is not read again without problems: {answer['problems'][:3]}")
    for method in METHODS:
        done(machine, f"explain study --model ct-lungs --method {method} --output why-{method}")
        made(machine, f"why-{method}/*")
    say(f"medview explain: {', '.join(METHODS)}")
    for ending in ("nii.gz", "nrrd", "mha"):
        done(machine, f"export study --stack {stack} --output volume.{ending}")
    done(machine, f"render study --stack {stack} --plane coronal --window -600 1500 --output coronal.png")
    done(
        machine,
        f"render study --stack {stack} --normal 0.3 0.9 0.2 --up 0 0 1 --slab 20 --projection max --output slab.png",
    )
    done(machine, f"render study --stack {stack} --frame 10 --colour-map hot-iron --output hot.png")
    segmentation = next(
        path.name for path in (machine.root / PLACE.lstrip("/") / "out-ct-lungs").glob("*.dcm") if "seg" in path.name
    )
    done(machine, f"render study --stack {stack} --frame 10 --overlay out-ct-lungs/{segmentation} --output over.png")
    say(f"medview export and render: {made(machine, '*.*', 7)} files")
    # The phantom is called Phantom, and its descriptions say so: what would leave the house is checked and refused.
    if "may be shared" not in (said := done(machine, "deidentify study --looked-at '*' --output nobody", 3)):
        raise FeatureError(f"deidentify: {said}")
    done(machine, "batch study --model ct-lungs --output table")
    done(machine, "tags study/$(ls study | head -1)")
    done(
        machine,
        f"report out-ct-nodules/{next(path.name for path in (machine.root / PLACE.lstrip('/') / 'out-ct-nodules').glob('*sr*.dcm'))}",
    )
    done(machine, "models list")
    done(machine, "models bench ct-lungs")
    done(machine, "backup kept.zip")
    done(machine, "restore kept.zip")
    done(machine, "diagnostics --output told.zip")
    made(machine, "table/table.csv")
    with zipfile.ZipFile(machine.root / PLACE.lstrip("/") / "told.zip") as told:
        text = b"".join(told.read(name) for name in told.namelist())
    if PATIENT.encode() in text or b"reader" in text:
        raise FeatureError("the diagnostics name the patient or the user")
    say(
        f"medview deidentify, batch, tags, report, models, backup, restore, diagnostics; all commands in {time.monotonic() - begun:.0f} s"
    )


def three_d(machine: Machine, addons: list[Path], say: Callable[[str], None]) -> None:
    """The add-ons: named where they are missing, used where they are installed, gone when they are removed."""
    stack = stack_of_study(machine)
    draw = f"render study --stack {stack} --three-d ct-bone --azimuth 30 --output bone.png"
    if "medview-3d" not in (said := done(machine, draw, 6)):
        raise FeatureError(f"without the add-on: {said}")
    say(f"without medview-3d: {said.strip().splitlines()[-1]}")
    for package in addons:
        name = package.name.split("_")[0]
        (machine.root / "srv" / package.name).write_bytes(package.read_bytes())
        machine.as_root(f"apt-get -qq -y --no-install-recommends install /srv/{package.name}; rm /srv/{package.name}")
        size = machine.as_root(f"dpkg-query -W -f '${{Installed-Size}}' {name}")
        if name == "medview-3d":
            done(machine, draw)
            made(machine, "bone.png")
        if name == "medview-openvino":
            said = done(machine, "infer study --model ct-lungs --device openvino --output openvino --json")
            if json.loads(said[: said.rindex("}") + 1])["device_used"] != "openvino":
                raise FeatureError("the network did not run on OpenVINO")
        say(f"{name}: {package.stat().st_size / 1e6:.0f} MB packed, {int(size) / 1e3:.0f} MB installed, used")


def administered(machine: Machine, say: Callable[[str], None]) -> None:
    """Rules that an administrator sets hold in the installed program."""
    stack = stack_of_study(machine)
    rules = machine.root / POLICY.lstrip("/")
    rules.parent.mkdir(parents=True, exist_ok=True)
    try:
        rules.write_text(json.dumps({"forbid": ["export", "ai", "models", "links"]}))
        for line in (
            f"export study --stack {stack} --output no.nrrd",
            "infer study --model ct-lungs --output no",
            "models install no.zip",
        ):
            said = done(machine, line, 3)
            if "administrat" not in said.lower() and "forbid" not in said.lower():
                raise FeatureError(f"{line}: {said}")
        say(f"rules for a computer: {said.strip().splitlines()[-1]}")
    finally:
        rules.unlink()
        rules.parent.rmdir()


def in_window(machine: Machine, study: str, windows: Callable[[], list[str]], say: Callable[[str], None]) -> None:
    """Safe mode, setting aside, a link, a crash: what a window does with them."""
    quoted = shlex.quote(study)
    data = machine.root / "home" / "reader" / ".local" / "share" / "medview"
    uid = json.loads(machine.as_reader(f"medview inspect {quoted} --json"))["studies"][0]["study_uid"]
    settings = data / "settings.json"

    def opened(line: str) -> None:
        machine.start(line)
        wait(windows, f"the window of {line}")
        time.sleep(6)

    def closed(signal: int = 15) -> None:
        for number in machine.processes():
            os.kill(number, signal)
        wait(lambda: not machine.processes() and not windows(), "the end of the window")

    opened(f"medview {quoted}")  # by which the study is known on this computer
    before = machine.processes()
    machine.as_reader(f"xdg-open 'medview://open?study={uid}&patient={PATIENT}'")
    machine.as_reader("xdg-open 'medview://open?study=1.2.3&url=https://elsewhere'")
    time.sleep(3)
    if machine.processes() != before:
        raise FeatureError("a link opened a window of its own")
    say("medview:// by xdg-open reached the open window")
    closed(11)
    crashes = [path for path in (data / "crashes").rglob("*") if path.is_file()]
    if not crashes or any(
        PATIENT in path.read_text(errors="replace") or "胸部" in path.read_text(errors="replace") for path in crashes
    ):
        raise FeatureError(f"of the crash there is no report, or it names the patient or the folder: {crashes}")
    say(f"a crash leaves {len(crashes)} report without a name or a path in it")
    kept = settings.read_bytes() if settings.is_file() else b""
    opened(f"medview --safe-mode {quoted}")
    closed()
    if (settings.read_bytes() if settings.is_file() else b"") != kept:
        raise FeatureError("safe mode changed the settings")
    settings.write_text('{"theme": "light"}')
    machine.as_root(f"chown reader:reader /{settings.relative_to(machine.root)}")
    opened("medview --reset")
    closed()
    aside = [path.name for path in data.glob("settings*") if path.name != "settings.json"]
    if not aside:
        raise FeatureError("--reset set nothing aside")
    say(f"--safe-mode leaves the settings alone; --reset set them aside as {aside[0]}")


def newer_versions(machine: Machine, study: str, windows: Callable[[], list[str]], say: Callable[[str], None]) -> None:
    """Nobody is asked while it is off; where it is on one request goes out, and what is said in it is no more than the manual tells."""
    heard: list[str] = []
    with tempfile.TemporaryDirectory() as room:
        private, notes = Path(room) / "key.pem", Path(room) / "en.txt"
        public = update_document.make_key(private)
        notes.write_text("A newer one.")
        words = [
            "sign",
            str(private),
            "--version",
            "99.0.0",
            "--serial",
            "1",
            "--page",
            "https://medview.example/",
            "--notes",
        ]
        if update_document.main([*words, f"en={notes}", "--output", f"{room}/update.txt"]):
            raise FeatureError("a document about a newer version could not be signed")
        document = (Path(room) / "update.txt").read_bytes()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(f"{self.requestline}\n{self.headers}".strip())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, *_words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    source = {"address": f"http://127.0.0.1:{server.server_port}/update.txt", "keys": [public]}
    rules = machine.root / POLICY.lstrip("/")
    kept = machine.root / "home" / "reader" / ".local" / "share" / "medview" / "updates.json"
    rules.parent.mkdir(parents=True, exist_ok=True)
    kept.unlink(missing_ok=True)  # of a trial in the same root before: it is asked once a day only
    try:
        for said, wanted in (({}, 0), ({"update_check": True}, 1)):
            rules.write_text(json.dumps({"updates": source, "settings": said}))
            machine.start(f"medview {shlex.quote(study)}")
            wait(windows, "a window")
            if wanted:
                wait(
                    lambda: heard and kept.is_file() and '"seen": {}' not in kept.read_text(),
                    "the answer of a newer version",
                )
            else:
                time.sleep(ASKED_AFTER_S + 10)
            for number in machine.processes():
                os.kill(number, 15)
            wait(lambda: not machine.processes() and not windows(), "the end of the window")
            if len(heard) != wanted:
                raise FeatureError(f"newer versions were asked for {len(heard)} times: {heard}")
    finally:
        server.shutdown()
        server.server_close()
        rules.unlink()
        rules.parent.rmdir()
    if sorted(line.split(":")[0] for line in heard[0].splitlines()[1:]) != [
        "Accept",
        "Accept-Encoding",
        "Connection",
        "Host",
        "User-Agent",
    ]:
        raise FeatureError(f"more is sent than the manual tells: {heard[0]}")
    say(
        f"newer versions: nobody asked while it is off; where an administrator switched it on, once: {heard[0].splitlines()[0]}"
    )


def wait(ready: Callable[[], object], what: str, longest: float = 120.0) -> None:
    """Until something is so; raises FeatureError where it does not come."""
    end = time.monotonic() + longest
    while not ready():
        if time.monotonic() > end:
            raise FeatureError(f"{what} did not come in {longest:.0f} s")
        time.sleep(0.05)
