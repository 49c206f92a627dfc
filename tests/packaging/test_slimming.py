"""What is taken out of the packaged program leaves what does the same: the pieces, in small."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))

import addons  # noqa: E402
import contents  # noqa: E402
import slimming  # noqa: E402

from medview.core.problem import MedviewError  # noqa: E402

pytestmark = pytest.mark.beside
COMPILER = shutil.which("cc")
BUILDS = pytest.mark.skipif(COMPILER is None or sys.platform != "linux", reason="needs a C compiler on Linux")

# A LAPACK of one function with 64-bit integers, as NumPy's is, which writes down what it was given.
LAPACK = """
#include <stdint.h>
#include <stddef.h>
void scipy_dgesv_64_(int64_t *n, int64_t *columns, double *a, int64_t *lda, int64_t *pivots, double *b, int64_t *ldb, int64_t *info) {
    for (int64_t i = 0; i < *n; i++) { pivots[i] = i + 1; b[i] /= a[i * *lda + i]; }
    *info = *columns == 1 && *ldb == *n ? -7 : 0;
}
"""
CALLER = """
#include <stdio.h>
void dgesv_(int *, int *, double *, int *, int *, double *, int *, int *);
int main(void) {
    int n = 3, one = 1, info = 0, pivots[4] = {9, 9, 9, 99};
    double a[9] = {2, 0, 0, 0, 4, 0, 0, 0, 8}, b[3] = {2, 4, 8};
    dgesv_(&n, &one, a, &n, pivots, b, &n, &info);
    printf("%d %d %d %d %d %g %g %g", info, pivots[0], pivots[1], pivots[2], pivots[3], b[0], b[1], b[2]);
}
"""


def compiled(folder: Path, *sources: str) -> Path:
    """A program of these sources."""
    for number, text in enumerate(sources):
        (folder / f"{number}.c").write_text(text)
    files = [str(folder / f"{number}.c") for number in range(len(sources))]
    assert COMPILER is not None
    subprocess.run([COMPILER, "-Wall", "-Werror", "-o", str(folder / "program"), *files], check=True)
    return folder / "program"


@BUILDS
def test_the_bridge_to_another_openblas_turns_integers_and_gives_back_what_is_written(tmp_path: Path) -> None:
    program = compiled(tmp_path, slimming.bridge_source({"dgesv_"}), LAPACK, CALLER)
    said = subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
    assert said == "-7 1 2 3 99 1 1 1"


def test_what_the_bridge_does_not_know_stops_the_build() -> None:
    every = {f"{kind}{name}_" for kind in "sd" for name in slimming._LAPACK} | {"cblas_dgemm", "cblas_zgemm"}
    source = slimming.bridge_source(every)
    assert all(f"void {name}(" in source for name in every)
    with pytest.raises(slimming.SlimmingError, match="dsyevr_"):
        slimming.bridge_source({"dsyevr_"})


@BUILDS
def test_a_library_that_refuses_has_the_versions_that_are_asked_for(tmp_path: Path) -> None:
    assert COMPILER is not None
    library, user = tmp_path / "libaom-1.so", tmp_path / "user.so"
    (tmp_path / "old.c").write_text(
        "int aom_codec_decode(void) { return 0; }\nvoid *aom_codec_get_frame(void) { return &aom_codec_decode; }"
    )
    (tmp_path / "map").write_text("OLD_1 { aom_codec_decode; };")
    (tmp_path / "user.c").write_text(
        "int aom_codec_decode(void);\nlong aom_codec_get_frame(void);\nlong ask(void) { return 10 * aom_codec_decode() + aom_codec_get_frame(); }"
    )
    shared = [COMPILER, "-shared", "-fPIC"]
    subprocess.run(
        [
            *shared,
            "-Wl,--version-script=" + str(tmp_path / "map"),
            "-Wl,-soname,libaom-1.so",
            "-o",
            library,
            tmp_path / "old.c",
        ],
        check=True,
    )
    subprocess.run([*shared, "-Wl,-rpath,$ORIGIN", "-o", user, tmp_path / "user.c", library], check=True)
    slimming._refuse(library, [user])
    code = f"import ctypes; print(ctypes.CDLL({str(user)!r}).ask())"
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert (said.stdout.strip(), said.stderr) == ("10", "")


def icu(tables: dict[str, bytes]) -> bytes:
    """ICU's common data of these tables."""
    head = struct.pack("<HBB8x4s16x", 32, 0xDA, 0x27, b"CmnD")
    names = [f"icudt73l/{name}".encode() + b"\0" for name in sorted(tables)]
    at, front = 4 + 8 * len(names), b""
    begin = -(-(at + sum(map(len, names))) // 16) * 16
    body = b""
    for name, table in zip(names, (tables[name] for name in sorted(tables)), strict=True):
        front += struct.pack("<II", at, begin + len(body))
        at += len(name)
        body += table + bytes(-len(table) % 16)
    text = struct.pack("<I", len(names)) + front + b"".join(names)
    return head + text + bytes(begin - len(text)) + body


def test_icus_data_keep_what_is_asked_for_and_its_form() -> None:
    kept = {
        "coll/ucadata.icu": b"order" * 9, "coll/sv.res": b"s", "gb18030.cnv": b"g" * 40, "root.res": b"r", "zh_Hans.res": b"z",
        "likelySubtags.res": b"l", "nfkc.nrm": b"n" * 17,
    }  # fmt: skip
    gone = {
        "brkitr/cjdict.dict": b"b" * 99,
        "unit/zh.res": b"u",
        "sv.res": b"s",
        "ibm-37.cnv": b"i",
        "translit/root.res": b"t",
    }
    assert slimming.smaller_data(icu({**kept, **gone})) == icu(kept)


def test_modules_that_nothing_can_have_are_left_out() -> None:
    tables = {
        "ct-image": [{"key": "image-pixel"}, {"key": "ct-image"}],
        "rt-plan": [{"key": "rt-prescription"}],
        "comprehensive-3d-sr": [{"key": "sr-document"}],
        "segmentation": [{"key": "segmentation-image"}],
        "hanging-protocol": [{"key": "hanging"}],
    }
    assert contents.used_modules(tables) == {"image-pixel", "ct-image", "sr-document", "segmentation-image"}


def test_an_addon_is_reached_from_one_place_that_can_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the program ends where the add-on is not installed."""
    places = {"registration": {"medview/processing/itk.py"}, "3d": {"medview/scene"}}
    for addon in (addon for addon in addons.addons() if not addon.runtime):
        assert addon.imports, addon.name
        assert addon.package in contents.EXCLUDED
        found = {path.relative_to(ROOT).as_posix() for path in (ROOT / "medview").rglob("*.py")
                 if f"import {addon.package}" in (text := path.read_text("utf-8")) or f"from {addon.package}" in text}  # fmt: skip
        assert all(any(name.startswith(place) for place in places[addon.name]) for name in found), found
    from medview.processing.itk import simple_itk

    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    with pytest.raises(MedviewError) as caught:
        simple_itk()
    assert caught.value.code == "registration_not_here"


def test_another_onnx_runtime_comes_with_the_libraries_of_its_devices_alone() -> None:
    found = {addon.name: addon.packages for addon in addons.addons() if addon.runtime}
    assert found["openvino"] == ("onnxruntime-openvino",)
    assert found["directml"] == ("onnxruntime-directml",)
    assert {"onnxruntime-gpu", "nvidia-cudnn-cu13", "nvidia-cublas"} <= set(found["cuda"])
    assert not any(name in {"sympy", "numpy", "onnxruntime"} for names in found.values() for name in names)


@pytest.mark.skipif(sys.platform == "win32", reason="links and rights of files")
def test_two_builds_are_compared_by_what_they_hold(tmp_path: Path) -> None:
    import compare_builds

    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        (folder / "parts").mkdir(parents=True)
        (folder / "parts" / "same").write_bytes(b"x")
        (folder / "medview").write_bytes(b"program")
        (folder / "link").symlink_to("medview")
    assert compare_builds.differences(one, other) == []
    (other / "parts" / "same").write_bytes(b"y")
    (other / "medview").chmod(0o755)
    (other / "link").unlink()
    (other / "new").touch()
    assert [line.split(":")[0] for line in compare_builds.differences(one, other)] == [
        "link",
        "medview",
        "new",
        "parts/same",
    ]


WITHOUT = """
import importlib, json, os, sys
sys.path.insert(0, "packaging")
import contents, pathlib
class Missing:
    def find_spec(self, name, path=None, target=None):
        if any(name == one or name.startswith(one + ".") for one in contents.EXCLUDED):
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Missing())
for name in contents.own_modules(pathlib.Path.cwd()):
    if not name.startswith("medview.scene") and not name.endswith("__main__"):  # three dimensions is an add-on
        importlib.import_module(name)
import pyqtgraph, highdicom, imagecodecs, onnxruntime
"""


@pytest.mark.timeout(120)
def test_nothing_that_is_left_out_is_missed_by_an_import() -> None:
    """A panel whose library asks for a part of itself that was left out would fail where medview is packed, and nowhere else."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=ROOT, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-1500:]
