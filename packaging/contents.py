"""What goes into the self-contained program and what stays out, and to which component of the budget a file belongs.

Read by `frozen/medview.spec` (inside PyInstaller) and by `build.py`; standard library only.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
RESOURCES = tuple(sorted(path.name for path in (ROOT / "resources").iterdir() if path.is_dir()))
"""All folders of resources: what medview looks for there is there too where it is packed."""

# Reached by a name that is text, which PyInstaller cannot see.
HIDDEN = [
    "qtawesome",
    "pydicom.pixels.decoders.gdcm",
    "pydicom.pixels.decoders.pillow",
    "pydicom.pixels.decoders.pyjpegls",
    "pydicom.pixels.decoders.pylibjpeg",
    "pydicom.pixels.encoders.gdcm",
    "pydicom.pixels.encoders.native",
    "pydicom.pixels.encoders.pylibjpeg",
    "pydicom.pixels.encoders.pyjpegls",
]

# imagecodecs imports a codec when it is first used; these are the ones of DICOM (see medview/dicom/codecs.py).
HIDDEN += [f"imagecodecs.{name}" for name in ("imagecodecs", "_imagecodecs")]
HIDDEN += [
    f"imagecodecs._{name}" for name in ("imcd", "jpeg2k", "jpeg8", "jpegls", "jpegxl", "shared", "shared_cython")
]

# What add-ons import of Python itself, and nothing else in the program does.
HIDDEN += ["importlib.util", "inspect", "numbers", "operator", "pathlib", "typing", "weakref"]

# Packages that ask for their own version when they are imported.
ASKED_FOR_THEIR_VERSION = ("click", "highdicom", "numpy", "pydantic", "pydicom", "pyjpegls")

# Modules that some library would use if it were there, or that only serve its own tests.
EXCLUDED = (
    "IPython", "PyQt5", "PyQt6", "_pytest", "black", "cv2.gapi", "cv2.mat_wrapper", "distutils", "ensurepip", "idlelib",
    "jinja2", "lib2to3", "matplotlib", "nibabel", "numba.cuda", "numba.tests", "numpy.f2py", "onnxruntime.quantization",
    "onnxruntime.tools", "onnxruntime.transformers", "pandas", "pip", "pkg_resources", "pydicom.data.test_files",
    "pyqtgraph.canvas", "pyqtgraph.dockarea", "pyqtgraph.examples", "pyqtgraph.flowchart", "pyqtgraph.jupyter",
    "pyqtgraph.opengl", "pytest", "curses", "readline", "qtpy", "scipy", "setuptools",
    "test", "tkinter", "torch", "turtle", "unittest.mock", "wheel", "xmlrpc",
    "PySide6.QtQml", "PySide6.QtQuick", "PySide6.QtSql", "PySide6.QtXml", "PySide6.QtDesigner",
    "PySide6.QtUiTools", "PySide6.QtConcurrent", "PySide6.QtHelp", "PySide6.QtTest",
    # A picture is PNG, JPEG, TIFF or BMP.
    "PIL._avif", "PIL._webp",
    # Packages of their own (addons.py).
    "SimpleITK", "vtk", "vtkmodules",
)  # fmt: skip

# Files that PyInstaller's hooks bring and medview never opens, as patterns of paths in the folder ("*" crosses folders).
LEFT_OUT = (
    # Platforms that are no workstation's, GTK's theme (it would bring GTK itself), and what draws with OpenGL on bare screens.
    "PySide6/Qt/plugins/platforms/libqeglfs.so", "PySide6/Qt/plugins/platforms/libqlinuxfb.so",
    "PySide6/Qt/plugins/platforms/libqvnc.so", "PySide6/Qt/plugins/platforms/libqvkkhrdisplay.so",
    "PySide6/Qt/plugins/platforms/libqminimalegl.so", "PySide6/Qt/plugins/platforms/libqminimal.so",
    "PySide6/Qt/plugins/egldeviceintegrations/*", "PySide6/Qt/plugins/platformthemes/libqgtk3.so",
    "PySide6/Qt/plugins/generic/*", "PySide6/Qt/plugins/networkinformation/*", "PySide6/Qt/plugins/tls/*",
    "PySide6/Qt/plugins/imageformats/libqpdf.so", "PySide6/Qt/plugins/imageformats/libqtga.so",
    "PySide6/Qt/plugins/imageformats/libqwbmp.so", "PySide6/Qt/plugins/imageformats/libqicns.so",
    "PySide6/Qt/plugins/imageformats/libqwebp.so", "PySide6/Qt/plugins/imageformats/libqtiff.so",
    "PySide6/Qt/lib/libQt6Eglfs*", "PySide6/Qt/lib/libQt6EglFs*", "PySide6/Qt/lib/libQt6EglFS*", "PySide6/Qt/lib/libQt6Qml*", "PySide6/Qt/lib/libQt6Quick*",
    "libQt6EglF*", "libQt6EGLFS*",  # links to them
    "PySide6/Qt/lib/libQt6Pdf*", "PySide6/Qt/lib/libQt6VirtualKeyboard*",
    "PySide6/Qt/lib/libQt6Test*",
    "PySide6/opengl32sw.dll", "PySide6/plugins/tls/*", "PySide6/plugins/networkinformation/*", "PySide6/plugins/generic/*",
    # Fonts of icon sets that are not used.
    "qtawesome/fonts/[!p]*",
    # DICOM files for pydicom's tests; the palettes (data/palettes) and dictionaries stay.
    "pydicom/data/test_files/*", "pydicom/data/charset_files/*",
    # Colour maps, icons and examples of a library of which the plots are used.
    "pyqtgraph/colors/maps/*", "pyqtgraph/examples/*",
    # Models that detect faces and Java for them.
    "cv2/data/*", "cv2/qt/*",
    # Development files.
    "*.pyi", "*.pxd", "*.lib", "*.a", "*.h", "*/include/*", "numpy/*/tests/*", "*/__pycache__/*", "*.dist-info/*",
)  # fmt: skip

# Libraries that belong to the system: mixed with the system's own they break drivers, fonts or input methods.
OF_THE_SYSTEM = (
    "libstdc++.so*", "libgcc_s.so*", "libglib-2.0.so*", "libgobject-2.0.so*", "libgio-2.0.so*", "libgmodule-2.0.so*",
    "libgthread-2.0.so*", "libfontconfig.so*", "libfreetype.so*", "libexpat.so*", "libX11*.so*", "libxcb.so*", "libXau.so*",
    "libXdmcp.so*", "libXext.so*", "libICE.so*", "libSM.so*", "libdbus-1.so*", "libsystemd.so*", "libwayland-*.so*", "libEGL*",
    "libGL*", "libOpenGL*", "libz.so*", "libgssapi_krb5*", "libkrb5*", "libk5crypto*", "libcom_err*", "libkeyutils*",
    "libuuid.so*", "libbsd.so*", "libmd.so*", "libpcre*.so*", "libffi.so.7*", "libmount.so*", "libblkid.so*",
    "libselinux.so*", "libcap.so*", "libgcrypt*", "libgpg-error*", "libpng16.so*", "libbrotli*.so.1", "liblz4.so.1",
    "libzstd.so.1", "libtinfo*", "libncurses*", "libreadline*", "libresolv*", "libnsl*", "libtirpc*", "libharfbuzz*",
    "libgraphite2*", "libgtk-3*", "libgdk*", "libcairo*", "libpango*", "libatk*", "libatspi*", "libepoxy*", "libfribidi*",
    "libthai*", "libdatrie*", "libpixman*", "libXcomposite*", "libXcursor*", "libXdamage*", "libXfixes*", "libXi.so*",
    "libXinerama*", "libXrandr*", "libXrender*", "libjpeg.so*", "libproxy*", "libcups*", "libdrm.so*", "libgbm.so*",
    # What libcups stands on.
    "libgnutls*", "libp11-kit*", "libtasn1*", "libnettle*", "libhogweed*", "libgmp*", "libidn2*", "libunistring*", "libavahi*",
    "libinput.so*", "libmtdev*", "libudev*", "libevdev*", "libwacom*", "libgudev*", "libts.so*", "libvulkan*",
)  # fmt: skip

COMPONENTS = (
    ("Qt and PySide6", ("parts/PySide6/*", "parts/shiboken6/*")),
    ("SimpleITK (registration)", ("parts/SimpleITK/*",)),
    ("VTK (three dimensions)", ("parts/vtkmodules/*",)),
    ("ONNX Runtime of an add-on", ("runtimes/*",)),
    ("OpenCV with FFmpeg (drawing, video)", ("parts/cv2/*", "parts/opencv_python*")),
    ("numba and LLVM", ("parts/numba/*", "parts/llvmlite/*", "parts/llvmlite*")),
    ("ONNX Runtime", ("parts/onnxruntime*",)),
    ("NumPy with OpenBLAS", ("parts/numpy/*", "parts/numpy*")),
    ("imagecodecs", ("parts/imagecodecs/*", "parts/imagecodecs*")),
    ("pydicom, highdicom", ("parts/pydicom/*", "parts/highdicom/*", "parts/pyjpegls/*", "parts/*jpeg_ls*", "parts/jpeg_ls/*")),
    ("PDFium", ("parts/pypdfium2*",)),
    ("Pillow", ("parts/PIL/*", "parts/pillow*")),
    ("medview: models, translations, kernels", ("parts/medview/*", "parts/medview_kernels*")),
    ("icon font", ("parts/qtawesome/*",)),
    ("pydantic", ("parts/pydantic*",)),
    ("licences and notices", ("licences/*",)),
    ("Python, its modules and ours", ("*",)),
)  # fmt: skip


def is_left_out(name: str) -> bool:
    """Whether a file with this path inside the program's folder is not shipped."""
    path = PurePosixPath(name.replace("\\", "/"))
    text = path.as_posix()
    # Of Qt's own texts the Chinese ones: English is in the libraries, and medview speaks no other language.
    if path.suffix == ".qm" and path.parts[0] == "PySide6" and path.name != "qtbase_zh_CN.qm":
        return True
    if any(fnmatch.fnmatchcase(text, pattern) for pattern in LEFT_OUT):
        return True
    # Only what the system lends at the top; a wheel's own copy has a hash in its name or a folder of its own.
    return len(path.parts) == 1 and any(fnmatch.fnmatchcase(text, pattern) for pattern in OF_THE_SYSTEM)


def own_modules(root: Path) -> list[str]:
    """Every module of medview: commands and workers are imported by names that are text."""
    found = []
    for path in sorted((root / "medview").rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


# What medview writes through highdicom beside what has pixels (names of PS3.3 as highdicom spells them).
WRITTEN = re.compile(
    r"(^|-)(sr|segmentation|presentation-state|key-object-selection-document|parametric-map|encapsulated-pdf)(-|$)"
)


def used_modules(tables: Mapping[str, Sequence[Mapping[str, str]]]) -> set[str]:
    """Modules of all objects (``tables``: the modules of each) that an image can be or that medview writes."""
    found: set[str] = set()
    for name, modules in tables.items():
        keys = {module["key"] for module in modules}
        if WRITTEN.search(name) or any("pixel" in key for key in keys):
            found |= keys
    return found


def component_of(name: str) -> str:
    """The component that a file of the finished folder is counted with."""
    for title, patterns in COMPONENTS:
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            return title
    return COMPONENTS[-1][0]


def budget(*folders: Path) -> dict[str, tuple[int, int]]:
    """Bytes and number of files of each component of finished folders, links not followed."""
    found: dict[str, tuple[int, int]] = {}
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_dir() or path.is_symlink():
                continue
            title = component_of(path.relative_to(folder).as_posix())
            size, count = found.get(title, (0, 0))
            found[title] = (size + path.stat().st_size, count + 1)
    return found


def budget_table(*folders: Path) -> str:
    """The budget as a table, largest first, with the sum."""
    rows = sorted(budget(*folders).items(), key=lambda row: -row[1][0])
    lines = [f"{'component':44} {'MB':>8} {'files':>6}"]
    lines += [f"{title:44} {size / 1e6:8.1f} {count:6}" for title, (size, count) in rows]
    total, files = sum(size for _, (size, _) in rows), sum(count for _, (_, count) in rows)
    return "\n".join([*lines, f"{'installed':44} {total / 1e6:8.1f} {files:6}"])
