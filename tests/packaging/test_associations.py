"""What the three systems are told that medview opens: one table, written as each of them reads it."""

from __future__ import annotations

import plistlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))

import associations  # noqa: E402
import bill_of_materials  # noqa: E402
import contents  # noqa: E402

PROGRAM = r"C:\Program Files\medview\medview.exe"


def entries_of(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_the_menu_entry_offers_files_and_folders() -> None:
    said = entries_of(associations.desktop_entry("/usr/bin/medview"))
    types = said["MimeType"].rstrip(";").split(";")
    assert {"application/dicom", "application/x-dicomdir", "application/zip", "inode/directory"} <= set(types)
    assert {"application/x-nifti", "application/x-nrrd"} <= set(types)
    assert said["Exec"] == "/usr/bin/medview %F"
    assert "x-scheme-handler/medview" not in types  # %F would drop a link


def test_links_have_an_entry_of_their_own() -> None:
    said = entries_of(associations.link_entry("/usr/bin/medview"))
    assert said["MimeType"] == "x-scheme-handler/medview;"
    assert said["Exec"].endswith(" %u")
    assert said["NoDisplay"] == "true"


@pytest.mark.skipif(shutil.which("desktop-file-validate") is None, reason="desktop-file-validate is not installed")
@pytest.mark.parametrize("text", [associations.desktop_entry("/usr/bin/medview"), associations.link_entry("medview")])
def test_entries_are_valid(text: str, tmp_path: Path) -> None:
    path = tmp_path / "org.medview.medview.desktop"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(["desktop-file-validate", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("appstreamcli") is None, reason="appstream is not installed")
def test_what_a_software_centre_is_told_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    path = tmp_path / f"{associations.APP_ID}.metainfo.xml"
    path.write_text(associations.metainfo("1.2.3"), encoding="utf-8")
    said = subprocess.run(
        ["appstreamcli", "validate", "--no-net", str(path)], check=False, capture_output=True, text=True
    )
    assert said.returncode == 0, said.stdout
    assert 'version="1.2.3" date="2026-09-21"' in path.read_text(encoding="utf-8")


def test_every_line_of_the_installers_script_is_one_that_inno_setup_knows() -> None:
    """A lint without Inno Setup: sections, directives and the parameters of entries (its help, version 6)."""
    text = (ROOT / "packaging" / "windows" / "medview.iss").read_text(encoding="utf-8")
    text += associations.inno_section(associations.registry_entries(r"{app}\medview.exe"))
    assert text.startswith("\ufeff"), "without a mark it is read in the system's own code page"
    text = text.removeprefix("\ufeff")
    entries = {
        "Languages": "Name MessagesFile LicenseFile", "Tasks": "Name Description Flags GroupDescription",
        "Files": "Source DestDir Flags Tasks", "InstallDelete": "Type Name",
        "Icons": "Name Filename Tasks AppUserModelID Parameters", "Run": "Filename Description Flags Parameters",
        "Registry": "Root Subkey ValueType ValueName ValueData Flags Tasks",
    }  # fmt: skip
    flags = {"unchecked", "recursesubdirs", "createallsubdirs", "ignoreversion", "nowait", "postinstall", "skipifsilent",
             "uninsdeletekey", "uninsdeletevalue", "uninsdeletekeyifempty"}  # fmt: skip
    section, seen, messages = "", set(), {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith((";", "#")):
            continue
        if found := re.fullmatch(r"\[(\w+)\]", line):
            section = found.group(1)
            seen.add(section)
        elif section == "CustomMessages":
            language, dot, said = line.partition(".")
            assert language in {"english", "chinese"}, line
            assert dot, line
            name, _, text_of = said.partition("=")
            assert text_of, line
            messages.setdefault(name, set()).add(language)
        elif section == "Setup":
            assert re.fullmatch(r"[A-Z][A-Za-z0-9]+=\S.*", line), line
        else:
            parts = [part.strip() for part in re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', line)]
            for part in parts:
                name, colon, value = part.partition(":")
                assert colon, line
                assert name in entries[section].split(), line
                assert value.count('"') % 2 == 0, line
                if name == "Flags":
                    assert set(value.split()) <= flags, line
    assert seen == {"Setup", "CustomMessages", *entries}
    assert all(languages == {"english", "chinese"} for languages in messages.values()), "Inno Setup wants each in all"
    used = set(re.findall(r"\{cm:(\w+)", text)) - {"CreateDesktopIcon", "LaunchProgram"}  # its own
    assert used == set(messages)


def test_the_mime_package_describes_what_nobody_else_may_have_described() -> None:
    space = "{http://www.freedesktop.org/standards/shared-mime-info}"
    tree = ET.fromstring(associations.mime_package())
    found = {kind.get("type"): [glob.get("pattern") for glob in kind.iter(f"{space}glob")] for kind in tree}
    assert found["application/x-nifti"] == ["*.nii", "*.nii.gz"]
    assert "DICOMDIR" in found["application/x-dicomdir"]
    assert "application/zip" not in found
    magic = tree.find(f"{space}mime-type[@type='application/dicom']/{space}magic/{space}match")
    assert magic is not None
    assert (magic.get("offset"), magic.get("value")) == ("128", "DICM")


def test_windows_is_offered_medview_and_keeps_its_choice() -> None:
    entries = associations.registry_entries(PROGRAM)
    written = {(entry.key, entry.name): entry.value for entry in entries}
    classes = r"Software\Classes"
    assert written[(rf"{classes}\medview.dicom\shell\open\command", "")] == f'"{PROGRAM}" "%1"'
    assert (rf"{classes}\.dcm\OpenWithProgids", "medview.dicom") in written
    assert (rf"{classes}\.gz\OpenWithProgids", "medview.nifti") in written  # Explorer sees no double ending
    assert written[(rf"{classes}\Directory\shell\medview\command", "")] == f'"{PROGRAM}" "%1"'
    assert written[(rf"{classes}\Drive\shell\medview\command", "")] == f'"{PROGRAM}" "%1\\."'
    assert (rf"{classes}\medview", "URL Protocol") in written
    # The default of an ending is its user's: no value of ".dcm" itself is ever set.
    assert not any(re.fullmatch(r"Software\\Classes\\\.\w+", entry.key) for entry in entries)
    # Keys of others lose our value when medview goes, and nothing else.
    for entry in entries:
        if "OpenWithProgids" in entry.key or "RegisteredApplications" in entry.key or "EventHandlers" in entry.key:
            assert not entry.ours
        else:
            assert "medview" in entry.key


def test_every_command_of_windows_is_quoted() -> None:
    commands = [entry.value for entry in associations.registry_entries(PROGRAM) if entry.key.endswith("command")]
    assert len(commands) >= 9
    for command in commands:
        assert re.fullmatch(r'"[^"]+" "%[1V](\\\.)?"', command), command


def parameters(line: str) -> dict[str, str]:
    """The parameters of a line of the installer's script."""
    parts = [part.strip() for part in re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', line)]
    named = (part.partition(": ")[::2] for part in parts)
    return {name: re.sub(r'^"(.*)"$', r"\1", value).replace('""', '"') for name, value in named}


def registry_lines() -> list[dict[str, str]]:
    text = associations.inno_section(associations.registry_entries(r"{app}\medview.exe"))
    return [parameters(line) for line in text.splitlines() if line.startswith("Root: HKA;")]


def test_the_installer_writes_every_entry() -> None:
    messages = {f"{{cm:{name}}}": english for name, (english, _) in associations.inno_messages().items()}
    written = {
        (line["Subkey"], line.get("ValueName", ""), messages.get(line["ValueData"], line["ValueData"]))
        for line in registry_lines()
        if "ValueData" in line
    }
    assert written == {(one.key, one.name, one.value) for one in associations.registry_entries(r"{app}\medview.exe")}
    assert any(value == '"{app}\\medview.exe" "%1"' for _, _, value in written)
    said = {line.get("ValueData") for line in registry_lines()}
    assert "{cm:OpenWith}" in said, "the menu of Explorer is in the reader's language"


def test_nothing_of_medview_is_left_in_the_registry() -> None:
    """What Inno Setup takes back, last entry first, from a registry in which others have their own values."""
    classes = r"Software\Classes"
    others = {
        (rf"{classes}\.dcm", ""): "other.dicom", (rf"{classes}\.nii\OpenWithProgids", "other.nifti"): "",
        (r"Software\RegisteredApplications", "other"): "x", (rf"{classes}\Directory\shell\other\command", ""): "y",
    }  # fmt: skip

    def above(key: str) -> set[str]:
        parts = key.split("\\")
        return {"\\".join(parts[:end]) for end in range(1, len(parts) + 1)}

    values = dict(others)
    before = {rf"{classes}\Drive\shell", rf"{classes}\Directory\Background\shell"}  # Windows' own
    before |= {r"Software\Microsoft\Windows\CurrentVersion\Explorer\AutoplayHandlers\Handlers"}
    before |= {
        rf"Software\Microsoft\Windows\CurrentVersion\Explorer\AutoplayHandlers\EventHandlers\{name}"
        for name in ("MixedContentOnArrival", "UnknownContentOnArrival")
    }
    before = set().union(*(above(key) for key in before | {key for key, _ in others}))
    values |= dict.fromkeys([(key, "theirs") for key in before if key.endswith("OnArrival")], "z")
    others, keys = dict(values), set(before)
    for line in registry_lines():
        keys |= above(line["Subkey"])
        if "ValueData" in line:
            values[line["Subkey"], line.get("ValueName", "")] = line["ValueData"]

    def inside(key: str, top: str) -> bool:
        return key == top or key.startswith(top + "\\")

    for line in reversed(registry_lines()):
        top, flags = line["Subkey"], line["Flags"].split()
        if "uninsdeletekey" in flags:
            values = {at: value for at, value in values.items() if not inside(at[0], top)}
            keys = {key for key in keys if not inside(key, top)}
        if "uninsdeletevalue" in flags:
            values.pop((top, line.get("ValueName", "")), None)
        if "uninsdeletekeyifempty" in flags and not any(inside(at, top) for at, _ in values):
            keys = {key for key in keys if not inside(key, top)}
    assert values == others
    assert keys == before


def test_the_installers_script_takes_the_written_section() -> None:
    script = (ROOT / "packaging" / "windows" / "medview.iss").read_text(encoding="utf-8")
    assert r"work\registry.iss" in script
    assert 'Name: "associations"' in script
    assert "PrivilegesRequired=lowest" in script


def test_the_macs_list_is_a_property_list_with_folders_and_links() -> None:
    said = plistlib.loads(plistlib.dumps(dict(associations.info_plist("1.2.3"))))
    assert said["CFBundleShortVersionString"] == "1.2.3"
    types = [uti for document in said["CFBundleDocumentTypes"] for uti in document["LSItemContentTypes"]]
    assert {"public.folder", "org.nema.dicom", "public.zip-archive"} <= set(types)
    declared = {entry["UTTypeIdentifier"] for entry in said["UTImportedTypeDeclarations"]}
    assert {uti for uti in types if not uti.startswith("public.")} == declared
    assert said["CFBundleURLTypes"][0]["CFBundleURLSchemes"] == ["medview"]
    ranks = {document["CFBundleTypeName"]: document["LSHandlerRank"] for document in said["CFBundleDocumentTypes"]}
    assert ranks["Zipped study"] == ranks["Folder"] == "Alternate"


def test_what_is_left_out_is_not_what_is_used() -> None:
    assert contents.is_left_out("pydicom/data/test_files/CT_small.dcm")
    assert contents.is_left_out("PySide6/Qt/translations/qtbase_de.qm")
    assert not contents.is_left_out("PySide6/Qt/translations/qtbase_zh_CN.qm")
    assert not contents.is_left_out("pydicom/data/palettes/pet.dcm")
    assert not contents.is_left_out("qtawesome/fonts/phosphor-1.3.0.ttf")
    assert contents.is_left_out("libstdc++.so.6")
    assert not contents.is_left_out("pillow.libs/libharfbuzz-fb49c9fc.so.0")
    modules = contents.own_modules(ROOT)
    assert {"medview.dicom.decode_worker", "medview.cli.inspect", "medview"} <= set(modules)


def test_everything_that_medview_looks_for_is_packed() -> None:
    """A folder of resources that the code names and the package does not hold is missed on the readers' computers alone."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "medview").rglob("*.py")))
    named = set(re.findall(r'resource_path\(\s*"(\w+)', text))
    assert {"deidentification", "hanging", "icons", "models", "reports", "translations"} <= named
    # Whom to ask for newer versions comes with `build.py --updates` and is in no checkout.
    assert named - {"updates"} <= set(contents.RESOURCES)
    assert "updates" not in contents.RESOURCES
    spec = (ROOT / "packaging" / "frozen" / "medview.spec").read_text(encoding="utf-8")
    assert "for name in RESOURCES" in spec


def test_the_budget_counts_every_byte_once(tmp_path: Path) -> None:
    for name, size in (("medview", 5), ("parts/cv2/cv2.so", 7), ("parts/unheard.of", 11)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    found = contents.budget(tmp_path)
    assert sum(size for size, _ in found.values()) == 23
    assert found["OpenCV with FFmpeg (drawing, video)"] == (7, 1)
    assert found["Python, its modules and ours"] == (16, 2)


def test_the_bill_names_what_the_lock_names() -> None:
    text = (ROOT / "packaging" / "locks" / "cpu.txt").read_text(encoding="utf-8")
    components = bill_of_materials.locked(text, "linux")
    names = {one.name for one in components}
    assert {"pyside6-essentials", "numpy", "onnxruntime", "pydicom"} <= names
    assert not names & {"hatchling", "numba", "llvmlite"}
    marked = "a==1 ; sys_platform == 'win32' \\\n    --hash=sha256:0\nb==2 ; sys_platform != 'win32'\nc==3\n"
    assert [one.name for one in bill_of_materials.locked(marked, "linux")] == ["b", "c"]
    assert [one.name for one in bill_of_materials.locked(marked, "win32")] == ["a", "c"]
    bill = bill_of_materials.cyclonedx(components, "1.0")
    assert bill == bill_of_materials.cyclonedx(components, "1.0")
    assert bill["bomFormat"] == "CycloneDX"
    assert {entry["bom-ref"] for entry in bill["components"]} == set(bill["dependencies"][0]["dependsOn"])
    numpy = next(entry for entry in bill["components"] if entry["name"] == "numpy")
    assert f"numpy=={numpy['version']}" in text
    assert all(value["content"] in text for value in numpy["externalReferences"][0]["hashes"])


def test_installed_licences_stand_on_the_page() -> None:
    text = (ROOT / "packaging" / "locks" / "cpu.txt").read_text(encoding="utf-8")
    click = next(one for one in bill_of_materials.locked(text) if one.name == "click")
    said = bill_of_materials.with_licences(click)
    assert "BSD" in said.licence
    page = bill_of_materials.page([said, said])
    assert page.count("Redistribution and use in source and binary forms") == 1
    assert "The same text as" in page
