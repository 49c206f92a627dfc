"""What medview says to each system that it opens: one table of kinds of files, and what the three systems are told of it.

Standard library only. `desktop_entry`, `mime_package` (Linux), `registry_entries`, `inno_section` (Windows), `info_plist`
(macOS) return what is written; nothing here writes into a system.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import quoteattr

APP_ID = "org.medview.medview"
SCHEME = "medview"


@dataclass(frozen=True)
class Kind:
    """A kind of file: its title in both languages, MIME type, endings, whole names and Apple's type.

    ``own`` types are described to the system by us, because nobody else may have done so; ``primary`` says that medview
    is the obvious program for it (a zip is not: there it is only offered).
    """

    key: str
    title: str
    chinese: str
    mime: str
    endings: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    uti: str = ""
    own: bool = True
    primary: bool = True
    magic: tuple[int, str] | None = None


KINDS = (
    Kind("dicom", "DICOM image", "DICOM 图像", "application/dicom", ("dcm", "dicom", "dic", "ima"),
         uti="org.nema.dicom", magic=(128, "DICM")),
    Kind("dicomdir", "DICOM directory of a disc", "DICOM 光盘目录", "application/x-dicomdir", (), ("DICOMDIR", "dicomdir"),
         uti=f"{APP_ID}.dicomdir"),
    Kind("nifti", "NIfTI volume", "NIfTI 体数据", "application/x-nifti", ("nii", "nii.gz"), uti=f"{APP_ID}.nifti"),
    Kind("nrrd", "NRRD volume", "NRRD 体数据", "application/x-nrrd", ("nrrd", "nhdr"), uti=f"{APP_ID}.nrrd",
         magic=(0, "NRRD00")),
    Kind("metaimage", "MetaImage volume", "MetaImage 体数据", "application/x-metaimage", ("mha", "mhd"),
         uti=f"{APP_ID}.metaimage"),
    Kind("zip", "Zipped study", "压缩的检查", "application/zip", ("zip",), uti="public.zip-archive", own=False, primary=False),
)  # fmt: skip

FOLDER_MIME = "inode/directory"
COMMENT = "View medical images and run models on them"
COMMENT_ZH = "查看医学影像并运行模型"
OPEN_WITH = "Open with medview"
OPEN_WITH_ZH = "用 medview 打开"


# --- Linux ---------------------------------------------------------------------------------------------------------


def desktop_entry(program: str, icon: str = "medview") -> str:
    """The entry of the menu, which also offers medview for files and folders."""
    types = [*(kind.mime for kind in KINDS), FOLDER_MIME]
    return (
        "[Desktop Entry]\nType=Application\nVersion=1.0\nName=medview\n"
        "GenericName=Medical image viewer\nGenericName[zh_CN]=医学影像浏览器\n"
        f"Comment={COMMENT}\nComment[zh_CN]={COMMENT_ZH}\n"
        f"Exec={program} %F\nTryExec={program}\nIcon={icon}\nTerminal=false\nStartupNotify=true\nStartupWMClass=medview\n"
        "Categories=Graphics;Viewer;MedicalSoftware;Qt;\nKeywords=DICOM;CT;MRI;PET;radiology;NIfTI;\n"
        f"MimeType={';'.join(types)};\n"
    )


def link_entry(program: str, icon: str = "medview") -> str:
    """The hidden entry that takes ``medview://`` links: a file manager would turn %F's links into nothing."""
    return (
        "[Desktop Entry]\nType=Application\nVersion=1.0\nName=medview\nNoDisplay=true\n"
        f"Exec={program} %u\nTryExec={program}\nIcon={icon}\nTerminal=false\nStartupNotify=true\n"
        f"MimeType=x-scheme-handler/{SCHEME};\n"
    )


def mime_package() -> str:
    """The description of our kinds of files for the shared MIME database."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append('<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">')
    for kind in KINDS:
        if not kind.own:
            continue
        lines.append(f"  <mime-type type={quoteattr(kind.mime)}>")
        lines.append(f"    <comment>{kind.title}</comment>")
        lines.append(f'    <comment xml:lang="zh_CN">{kind.chinese}</comment>')
        if kind.magic is not None:
            offset, text = kind.magic
            lines.append('    <magic priority="50">')
            lines.append(f'      <match type="string" offset="{offset}" value={quoteattr(text)}/>')
            lines.append("    </magic>")
        # Heavier than the patterns of others: ".nii.gz" is a volume before it is a gzip.
        lines += [f'    <glob pattern="*.{ending}" weight="60"/>' for ending in kind.endings]
        lines += [f'    <glob pattern="{name}" weight="60"/>' for name in kind.names]
        lines.append("  </mime-type>")
    return "\n".join([*lines, "</mime-info>", ""])


def metainfo(version: str) -> str:
    """What a software centre says about medview (AppStream); the day is that of SOURCE_DATE_EPOCH."""
    day = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", "0"))))
    types = "\n".join(f"    <mediatype>{kind.mime}</mediatype>" for kind in KINDS)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<component type="desktop-application">
  <id>{APP_ID}</id>
  <metadata_license>CC0-1.0</metadata_license>
  <project_license>Apache-2.0</project_license>
  <name>medview</name>
  <summary>{COMMENT}</summary>
  <summary xml:lang="zh-CN">{COMMENT_ZH}</summary>
  <developer_name>medview developers</developer_name>
  <description>
    <p>Opens DICOM folders, discs and files, NIfTI, NRRD and MetaImage volumes and pictures, shows them in any plane, measures on
    them and runs ONNX models on the images. Everything works without a network.</p>
    <p>For research and teaching. Not a medical device, not for diagnosis.</p>
    <p xml:lang="zh-CN">打开 DICOM 文件夹、光盘和文件，NIfTI、NRRD、MetaImage 体数据和图片，在任意平面显示、测量，并运行 ONNX 模型。无需网络。</p>
    <p xml:lang="zh-CN">仅供研究和教学使用，不是医疗器械，不用于诊断。</p>
  </description>
  <launchable type="desktop-id">{APP_ID}.desktop</launchable>
  <provides>
    <binary>medview</binary>
{types}
  </provides>
  <content_rating type="oars-1.1"/>
  <releases>
    <release version="{version}" date="{day}"/>
  </releases>
</component>
"""


# --- Windows -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RegistryEntry:
    """One value below HKEY_CURRENT_USER or HKEY_LOCAL_MACHINE; ``name`` "" is the key's own value.

    ``ours`` keys are removed whole when medview goes, of others only this value.
    """

    key: str
    name: str
    value: str
    ours: bool = True


def registry_entries(program: str) -> tuple[RegistryEntry, ...]:
    """All entries of an installation whose window is ``program`` (a full path), for either hive."""
    command = f'"{program}" "%1"'
    classes = r"Software\Classes"
    found: list[RegistryEntry] = []
    capabilities = r"Software\medview\Capabilities"
    found.append(RegistryEntry(capabilities, "ApplicationName", "medview"))
    found.append(RegistryEntry(capabilities, "ApplicationDescription", COMMENT))
    for kind in KINDS:
        identity = f"medview.{kind.key}"
        if not kind.endings:
            continue  # Windows knows files by their ending alone: a DICOMDIR is reached through its disc or folder
        found.append(RegistryEntry(rf"{classes}\{identity}", "", kind.title))
        found.append(RegistryEntry(rf"{classes}\{identity}\DefaultIcon", "", f'"{program}",0'))
        found.append(RegistryEntry(rf"{classes}\{identity}\shell\open\command", "", command))
        for ending in _windows_endings(kind):
            # Offered, never taken: since Windows 8 the default is the user's to choose.
            found.append(RegistryEntry(rf"{classes}\.{ending}\OpenWithProgids", identity, "", ours=False))
            found.append(RegistryEntry(rf"{capabilities}\FileAssociations", f".{ending}", identity))
    for parent, what in (("Directory", "%1"), (r"Directory\Background", "%V"), ("Drive", "%1")):
        verb = rf"{classes}\{parent}\shell\medview"
        found.append(RegistryEntry(verb, "", OPEN_WITH))
        found.append(RegistryEntry(verb, "Icon", f'"{program}",0'))
        # A drive's path ends with a backslash, which would take the closing quote with it; a dot behind it does not.
        tail = r"\." if parent == "Drive" else ""
        found.append(RegistryEntry(rf"{verb}\command", "", f'"{program}" "{what}{tail}"'))
    link = rf"{classes}\{SCHEME}"
    found.append(RegistryEntry(link, "", "URL:medview"))
    found.append(RegistryEntry(link, "URL Protocol", ""))
    found.append(RegistryEntry(rf"{link}\shell\open\command", "", command))
    found.append(RegistryEntry(rf"{capabilities}\URLAssociations", SCHEME, SCHEME))
    found.append(RegistryEntry(r"Software\RegisteredApplications", "medview", capabilities, ours=False))
    # A disc with a DICOMDIR arrives: medview stands in the list of what can be done with it.
    handler = r"Software\Microsoft\Windows\CurrentVersion\Explorer\AutoplayHandlers"
    found.append(RegistryEntry(rf"{handler}\Handlers\medviewOpenDisc", "Action", OPEN_WITH))
    found.append(RegistryEntry(rf"{handler}\Handlers\medviewOpenDisc", "Provider", "medview"))
    found.append(RegistryEntry(rf"{handler}\Handlers\medviewOpenDisc", "DefaultIcon", f'"{program}",0'))
    found.append(RegistryEntry(rf"{handler}\Handlers\medviewOpenDisc", "InvokeProgID", "medview.disc"))
    found.append(RegistryEntry(rf"{handler}\Handlers\medviewOpenDisc", "InvokeVerb", "open"))
    events = ("MixedContentOnArrival", "UnknownContentOnArrival")
    found += [RegistryEntry(rf"{handler}\EventHandlers\{event}", "medviewOpenDisc", "", ours=False) for event in events]
    found.append(RegistryEntry(rf"{classes}\medview.disc\shell\open\command", "", f'"{program}" "%1\\."'))
    return tuple(found)


def _windows_endings(kind: Kind) -> tuple[str, ...]:
    # Explorer looks at what stands behind the last dot only.
    return tuple(dict.fromkeys(ending.rsplit(".", 1)[-1] for ending in kind.endings))


def inno_messages() -> dict[str, tuple[str, str]]:
    """Texts that Explorer shows, by their name in the installer's script: English and Chinese."""
    kinds = {f"Kind_{kind.key}": (kind.title, kind.chinese) for kind in KINDS if kind.endings}
    return {"OpenWith": (OPEN_WITH, OPEN_WITH_ZH), "About": (COMMENT, COMMENT_ZH), **kinds}


def inno_section(entries: tuple[RegistryEntry, ...]) -> str:
    """The sections ``[CustomMessages]`` and ``[Registry]`` of the installer's script.

    HKA is the user's or the machine's hive, as it is installed. Inno Setup takes back the last entry first, so that a key which
    holds nothing any more but was made for us goes after what was in it.
    """
    messages = inno_messages()
    lines = ["; Made by packaging/associations.py.", "[CustomMessages]"]
    for name, (english, chinese) in messages.items():
        lines += [f"english.{name}={english}", f"chinese.{name}={chinese}"]
    lines.append("[Registry]")
    for key, flag in _inno_keys(entries).items():
        lines.append(f'Root: HKA; Subkey: "{_inno(key)}"; Flags: {flag}; Tasks: associations')
    said = {english: f"{{cm:{name}}}" for name, (english, _) in messages.items()}
    for entry in entries:
        flags = "uninsdeletekey" if entry.ours else "uninsdeletevalue uninsdeletekeyifempty"
        name = f'; ValueName: "{_inno(entry.name)}"' if entry.name else ""
        lines.append(
            f'Root: HKA; Subkey: "{_inno(entry.key)}"; ValueType: string{name}; '
            f'ValueData: "{_inno(said.get(entry.value, entry.value))}"; Flags: {flags}; Tasks: associations'
        )
    return "\n".join([*lines, ""])


def _inno_keys(entries: tuple[RegistryEntry, ...]) -> dict[str, str]:
    """Keys above the entries' own that must go too: ours whole, those of endings where nobody else has anything in them."""
    found: dict[str, str] = {}
    for entry in entries:
        parts = entry.key.split("\\")
        if entry.ours:
            top = next(at for at, part in enumerate(parts) if "medview" in part)
            found["\\".join(parts[: top + 1])] = "uninsdeletekey"
        elif parts[-1] == "OpenWithProgids":
            found["\\".join(parts[:-1])] = "uninsdeletekeyifempty"
    return found


def _inno(text: str) -> str:
    # A constant such as {app} stays one; a quote is doubled.
    return text.replace('"', '""')


# --- macOS ---------------------------------------------------------------------------------------------------------


def info_plist(version: str) -> Mapping[str, Any]:
    """The content of Info.plist: document types with folders among them, our types, links, what the system asks for."""
    documents: list[dict[str, Any]] = [
        {
            "CFBundleTypeName": kind.title,
            "CFBundleTypeRole": "Viewer",
            "LSHandlerRank": "Default" if kind.primary else "Alternate",
            "LSItemContentTypes": [kind.uti],
        }
        for kind in KINDS
    ]
    documents.append(
        {
            "CFBundleTypeName": "Folder",
            "CFBundleTypeRole": "Viewer",
            "LSHandlerRank": "Alternate",
            "LSItemContentTypes": ["public.folder", "public.volume"],
        }
    )
    imported = [
        {
            "UTTypeIdentifier": kind.uti,
            "UTTypeDescription": kind.title,
            "UTTypeConformsTo": ["public.data"],
            # A whole name cannot be said here; a DICOMDIR is found by opening its folder or disc.
            "UTTypeTagSpecification": {
                "public.mime-type": [kind.mime],
                **({"public.filename-extension": list(kind.endings)} if kind.endings else {}),
            },
        }
        for kind in KINDS
        if kind.own
    ]
    return {
        "CFBundleName": "medview",
        "CFBundleDisplayName": "medview",
        "CFBundleIdentifier": APP_ID,
        "CFBundleExecutable": "medview",
        "CFBundleIconFile": "medview.icns",
        "CFBundlePackageType": "APPL",
        "CFBundleShortVersionString": version,
        "CFBundleVersion": version,
        "CFBundleDevelopmentRegion": "en",
        "CFBundleLocalizations": ["en", "zh-Hans"],
        "CFBundleDocumentTypes": documents,
        "UTImportedTypeDeclarations": imported,
        "CFBundleURLTypes": [
            {"CFBundleURLName": f"{APP_ID}.link", "CFBundleURLSchemes": [SCHEME], "CFBundleTypeRole": "Viewer"}
        ],
        "LSMinimumSystemVersion": "14.0",
        "LSApplicationCategoryType": "public.app-category.medical",
        "NSHighResolutionCapable": True,
        "NSRequiresAquaSystemAppearance": False,
    }
