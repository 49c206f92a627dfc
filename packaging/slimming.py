"""Makes the finished folder smaller without taking anything from it that medview uses (Linux; elsewhere nothing is done).

Each step leaves files that do the same for medview: symbol tables that only a debugger reads go, OpenCV's copy of OpenBLAS becomes
a bridge to NumPy's, what FFmpeg has for the network and for kinds of video that DICOM does not know says no, and ICU keeps the
tables that Qt asks it for. Needs binutils and a C compiler.
"""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

# Of ICU Qt uses comparing, upper and lower case and the names of encodings; dates, numbers and names of places it has of its own.
ICU_FOLDERS_LEFT_OUT = frozenset({"brkitr", "curr", "lang", "rbnf", "region", "translit", "unit", "zone"})
ICU_LANGUAGES = frozenset({"root", "en", "zh", "ja", "ko", "pool", "res_index"})
ICU_ENCODINGS = frozenset({"gb18030", "windows-936-2000", "ibm-943_P15A-2003", "ibm-1375_P100-2008"})

# What OpenCV calls of LAPACK with 32-bit integers, as C: each argument is (how it goes on, its C type).
_SIZE, _SCALAR, _TEXT, _ARRAY = "size", "scalar", "text", "array"
_LAPACK: dict[str, tuple[str, ...]] = {
    "gesv": ("n", "n", "*", "n", "pivots", "*", "n", "info"),
    "getrf": ("n", "n", "*", "n", "pivots", "info"),
    "posv": ("c", "n", "n", "*", "n", "*", "n", "info"),
    "potrf": ("c", "n", "*", "n", "info"),
    "gels": ("c", "n", "n", "n", "*", "n", "*", "n", "*", "n", "info"),
    "geqrf": ("n", "n", "*", "n", "*", "*", "n", "info"),
    "gesdd": ("c", "n", "n", "*", "n", "*", "*", "n", "*", "n", "*", "n", "room", "info"),
    "geev": ("c", "c", "n", "*", "n", "*", "*", "*", "n", "*", "n", "*", "n", "info"),
}
_KINDS = {"s": "float", "d": "double"}


class SlimmingError(Exception):
    """A step failed; the text says which."""


def run(command: list[str]) -> str:
    """What a command prints; raises SlimmingError where it fails."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SlimmingError(f"{' '.join(command[:3])}: {done.stderr.strip()[-800:]}")
    return done.stdout


def slim(folder: Path) -> list[str]:
    """Make a finished folder smaller; returns a line for each step with what it saved."""
    if not sys.platform.startswith("linux"):
        return []
    told = []
    for title, step in (
        ("OpenCV's OpenBLAS, now a bridge to NumPy's", bridge_blas),
        ("FFmpeg's network, and video that is none of DICOM", refuse_libraries),
        ("ICU's tables that Qt never asks for", smaller_icu),
        ("symbols for debuggers", strip_symbols),
    ):
        before = size_of(folder)
        step(folder / "parts")
        told.append(f"{title}: {(before - size_of(folder)) / 1e6:.1f} MB saved")
    return told


def size_of(folder: Path) -> int:
    """Bytes of a folder's files, links not followed."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def remove(path: Path, top: Path) -> None:
    """Remove a file and the links at the top of the folder that lead to it."""
    for link in top.iterdir():
        if link.is_symlink() and link.resolve() == path.resolve():
            link.unlink()
    path.unlink()


# --- Symbols -------------------------------------------------------------------------------------------------------


def strip_symbols(parts: Path) -> None:
    """Take away what only a debugger reads; a library that the system's loader does not take any more stays as it was."""
    for path in sorted([*parts.rglob("*.so"), *parts.rglob("*.so.*")]):
        if path.is_symlink() or not path.is_file():
            continue
        with tempfile.TemporaryDirectory() as room:
            copy = Path(room) / path.name
            done = subprocess.run(
                ["strip", "--strip-unneeded", "-o", str(copy), str(path)], check=False, capture_output=True, text=True
            )
            if done.returncode or copy.stat().st_size >= path.stat().st_size or not same_segments(path, copy):
                continue
            copy.chmod(path.stat().st_mode)
            shutil.copy2(copy, path)


def same_segments(one: Path, other: Path) -> bool:
    """Whether two ELF files hold the same bytes wherever a loader looks: `strip` may shift what patchelf has moved."""
    return loaded(one.read_bytes()) == loaded(other.read_bytes())


def loaded(content: bytes) -> list[tuple[int, int, int, bytes]]:
    """(address, bytes in memory, rights, content) of the loaded segments, file heads and section tables left aside."""
    if content[:5] != b"\x7fELF\x02":
        raise SlimmingError("not a 64-bit ELF file")
    at, size, count = struct.unpack_from("<Q", content, 32)[0], *struct.unpack_from("<HH", content, 54)
    found = []
    for number in range(count):
        kind, rights, offset, address, _, stored, wanted, _ = struct.unpack_from(
            "<IIQQQQQQ", content, at + number * size
        )
        if kind == 1:
            text = bytearray(content[offset : offset + stored])
            if offset == 0:
                text[:64] = bytes(64)  # the head says where the table of sections is
                text[at : at + size * count] = bytes(size * count)
            found.append((address, wanted, rights, bytes(text)))
    return found


# --- OpenBLAS ------------------------------------------------------------------------------------------------------


def bridge_source(names: set[str]) -> str:
    """C that answers OpenCV's calls (32-bit integers) with NumPy's OpenBLAS (64-bit); raises SlimmingError for an unknown one."""
    lines = ["#include <stdint.h>", "#include <stdlib.h>"]
    for name in sorted(names):
        if found := re.fullmatch(r"cblas_([sdcz])gemm", name):
            scalar = {"s": "float", "d": "double"}.get(found.group(1), "const void *")
            kinds = ["int", "int", "int", *["int64_t"] * 3, scalar, "const void *", "int64_t", "const void *", "int64_t", scalar,
                     "void *", "int64_t"]  # fmt: skip
            taken = ", ".join(f"{'int' if kind == 'int64_t' else kind} a{n}" for n, kind in enumerate(kinds))
            handed = ", ".join(f"a{n}" for n in range(len(kinds)))
            lines.append(
                f"void scipy_{name}64_({', '.join(kinds)});\nvoid {name}({taken}) {{ scipy_{name}64_({handed}); }}"
            )
            continue
        found = re.fullmatch(r"([sd])(\w+)_", name)
        if found is None or found.group(2) not in _LAPACK:
            raise SlimmingError(f"OpenCV calls {name}, which packaging/slimming.py does not know")
        lines.append(_bridge_lapack(name, found.group(1), _LAPACK[found.group(2)]))
    return "\n".join([*lines, ""])


def _bridge_lapack(name: str, letter: str, arguments: tuple[str, ...]) -> str:
    number, taken, handed, before, after = _KINDS[letter], [], [], [], []
    sizes = [n for n, kind in enumerate(arguments) if kind == "n"]
    for n, kind in enumerate(arguments):
        if kind == "c":
            taken.append(f"const char *a{n}")
            handed.append(f"a{n}")
        elif kind == "*":
            taken.append(f"{number} *a{n}")
            handed.append(f"a{n}")
        elif kind == "info":
            taken.append(f"int *a{n}")
            before.append("int64_t info = 0;")
            handed.append("&info")
            after.append(f"*a{n} = (int)info;")
        elif kind == "n":
            taken.append(f"int *a{n}")
            before.append(f"int64_t l{n} = *a{n};")
            handed.append(f"&l{n}")
        else:
            # Whole numbers that LAPACK writes: pivots go back to the caller, gesdd's room is its own affair.
            taken.append(f"int *a{n}")
            count = f"l{sizes[0]}" if kind == "pivots" else f"8 * (l{sizes[0]} + l{sizes[1]})"
            before.append(f"int64_t *w{n} = calloc((size_t)({count} + 1), sizeof *w{n});")
            before.append(f"if (!w{n}) {{ *a{len(arguments) - 1} = 1; return; }}")
            handed.append(f"w{n}")
            if kind == "pivots":
                after.append(f"for (int64_t i = 0; i < l{sizes[0]}; i++) a{n}[i] = (int)w{n}[i];")
            after.append(f"free(w{n});")
    letters = arguments.count("c")  # Fortran's hidden lengths of the letters
    kinds = ["const char *" if kind == "c" else f"{number} *" if kind == "*" else "int64_t *" for kind in arguments]
    told = ", ".join([*kinds, *["size_t"] * letters])
    body = " ".join([*before, f"scipy_{name}64_({', '.join([*handed, *['1'] * letters])});", *after])
    return f"void scipy_{name}64_({told});\nvoid {name}({', '.join(taken)}) {{ {body} }}"


def bridge_blas(parts: Path) -> None:
    """Put a bridge of a few kilobytes in the place of OpenCV's OpenBLAS (42 MB with the Fortran libraries under it)."""
    old = sorted((parts / "opencv_python_headless.libs").glob("libopenblas*.so*"))
    new = sorted((parts / "numpy.libs").glob("libscipy_openblas64_*.so*"))
    module = sorted((parts / "cv2").glob("cv2*.so"))
    if not (len(old) == len(new) == len(module) == 1):
        return
    wanted = {
        line.split()[-1].split("@")[0] for line in run(["nm", "-D", "--undefined-only", str(module[0])]).splitlines()
    }
    had = {line.split()[-1].split("@")[0] for line in run(["nm", "-D", "--defined-only", str(old[0])]).splitlines()}
    others = [path for path in old[0].parent.iterdir() if path != old[0] and not path.is_symlink()]
    if any(old[0].name in run(["objdump", "-p", str(path)]) for path in others):
        raise SlimmingError(f"another library than OpenCV asks for {old[0].name}")
    with tempfile.TemporaryDirectory() as room:
        source, made = Path(room) / "bridge.c", Path(room) / old[0].name
        source.write_text(bridge_source(wanted & had), encoding="ascii")
        run(["cc", "-O2", "-shared", "-fPIC", "-Wall", "-Werror", "-Wl,-z,defs", "-Wl,--build-id=none", f"-Wl,-soname,{old[0].name}",
             "-Wl,-rpath,$ORIGIN/../numpy.libs:$ORIGIN/numpy.libs", "-o", str(made), str(source), str(new[0]),
             f"-Wl,-rpath-link,{new[0].parent}"])  # fmt: skip
        shutil.copy2(made, old[0])
    for fortran in ("libgfortran*", "libquadmath*"):
        for path in old[0].parent.glob(fortran):
            if not path.is_symlink():
                remove(path, parts)


# --- FFmpeg ----------------------------------------------------------------------------------------------------------

# OpenSSL 1.1.1, which nobody mends any more, serves addresses of the web; medview gives FFmpeg files. VP8, VP9 and AV1 are in no
# transfer syntax (PS3.5 A.4); MPEG-2, H.264 and HEVC are FFmpeg's own.
REFUSING = ("libssl-*", "libcrypto-*", "libaom-*", "libvpx-*")
_FAILS = re.compile(r"_codec_(enc_init_ver|dec_init_ver|decode|encode|destroy|control_?|enc_config_\w+|set_\w+)$")


def refusal_source(names: set[str]) -> str:
    """C whose functions of these names do nothing and say so: an error where 0 would be success, else 0 or no object."""
    lines = [f"long {name}(void) {{ return {1 if _FAILS.search(name) else 0}; }}" for name in sorted(names)]
    return "\n".join([*lines, ""])


def refuse_libraries(parts: Path) -> None:
    """Put a library that only refuses in the place of each that medview never reaches, for those that are linked to it."""
    folder = parts / "opencv_python_headless.libs"
    for pattern in REFUSING:
        for library in sorted(folder.glob(pattern)):
            if not library.is_symlink():
                _refuse(library, [*folder.iterdir(), *(parts / "cv2").glob("*.so")])


def _refuse(library: Path, others: list[Path]) -> None:
    said = run(["nm", "-D", "--defined-only", str(library)]).splitlines()
    kinds = {line.split()[-1].split("@")[0]: line.split()[-2] for line in said}
    wanted: dict[str, set[str]] = {}
    for other in others:
        if other == library or other.is_symlink() or library.name not in run(["objdump", "-p", str(other)]):
            continue
        for line in run(["nm", "-D", "--undefined-only", str(other)]).splitlines():
            name, _, version = line.split()[-1].partition("@")
            if name in kinds:
                wanted.setdefault(version.lstrip("@"), set()).add(name)
    names = set().union(*wanted.values())
    if data := sorted(name for name in names if kinds[name] not in {"T", "t", "W", "i"}):
        raise SlimmingError(f"{library.name}: {data[:3]} are no functions")
    with tempfile.TemporaryDirectory() as room:
        source, versions, made = Path(room) / "no.c", Path(room) / "versions", Path(room) / library.name
        source.write_text(refusal_source(names), encoding="ascii")
        groups = [
            f"{version} {{ {' '.join(f'{name};' for name in sorted(found))} }};"
            for version, found in sorted(wanted.items())
            if version
        ]
        versions.write_text("\n".join([*groups, ""]), encoding="ascii")
        script = [f"-Wl,--version-script={versions}"] if groups else []
        run(["cc", "-O2", "-shared", "-fPIC", "-Wl,--build-id=none", f"-Wl,-soname,{library.name}", *script, "-o", str(made),
             str(source)])  # fmt: skip
        shutil.copy2(made, library)


# --- ICU -----------------------------------------------------------------------------------------------------------


def keeps_icu(name: str) -> bool:
    """Whether a table of ICU (its path without the first folder) is kept."""
    folder, _, file = name.rpartition("/")
    stem, _, ending = file.rpartition(".")
    if ending == "cnv":
        return stem in ICU_ENCODINGS
    language = stem.split("_")[0] if stem not in ICU_LANGUAGES else stem
    is_language = re.fullmatch(r"[a-z]{2,3}(_\w+)?", stem) is not None
    if folder in ICU_FOLDERS_LEFT_OUT:
        return False
    return folder == "coll" or not is_language or ending != "res" or language in ICU_LANGUAGES


def smaller_data(content: bytes) -> bytes:
    """ICU's common data ("CmnD": a head, a table of names and places, tables at multiples of 16) without what is not kept."""
    head = struct.unpack_from("<H", content)[0]
    if content[2:4] != b"\xda\x27" or content[12:16] != b"CmnD" or content[8]:
        raise SlimmingError("ICU's data are not in the known form")
    count = struct.unpack_from("<I", content, head)[0]
    entries = [struct.unpack_from("<II", content, head + 4 + 8 * number) for number in range(count)]
    kept = []
    for number, (name_at, at) in enumerate(entries):
        name = content[head + name_at : content.index(b"\0", head + name_at)]
        end = entries[number + 1][1] if number + 1 < count else len(content) - head
        if keeps_icu(name.decode("ascii").partition("/")[2]):
            kept.append((name, content[head + at : head + end]))
    names_at = 4 + 8 * len(kept)
    tables_at = -(-(names_at + sum(len(name) + 1 for name, _ in kept)) // 16) * 16
    places, names, tables = b"", b"", b""
    for name, table in kept:
        places += struct.pack("<II", names_at + len(names), tables_at + len(tables))
        names += name + b"\0"
        tables += table + bytes(-len(table) % 16)
    body = struct.pack("<I", len(kept)) + places + names
    return content[:head] + body + bytes(tables_at - len(body)) + tables


def smaller_icu(parts: Path) -> None:
    """Build libicudata anew with the tables that are kept (32 MB to 5)."""
    libraries = sorted((parts / "PySide6" / "Qt" / "lib").glob("libicudata.so.*"))
    if len(libraries) != 1:
        return
    library = libraries[0]
    found = re.search(r"\.rodata\s+([0-9a-f]+)\s+(icudt\d+_dat)", run(["objdump", "-T", str(library)]))
    if found is None:
        raise SlimmingError(f"{library.name} holds no data of ICU")
    symbol = found.group(2)
    line = re.search(rf"^([0-9a-f]+) .*\b{symbol}$", run(["objdump", "-T", str(library)]), re.MULTILINE)
    section = re.search(
        r"\.rodata\s+([0-9a-f]+)\s+([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)", run(["objdump", "-h", str(library)])
    )
    assert line is not None
    assert section is not None
    size, address, offset = (int(section.group(n), 16) for n in (1, 2, 3))
    content = library.read_bytes()
    begin = offset + int(line.group(1), 16) - address
    with tempfile.TemporaryDirectory() as room:
        data, source, made = Path(room) / "data", Path(room) / "data.s", Path(room) / library.name
        data.write_bytes(smaller_data(content[begin : offset + size]))
        source.write_text(
            f'.section .rodata\n.balign 16\n.globl {symbol}\n.type {symbol}, @object\n{symbol}:\n.incbin "{data}"\n'
            f'.size {symbol}, . - {symbol}\n.section .note.GNU-stack,"",@progbits\n',
            encoding="utf-8",
        )
        run(
            [
                "cc",
                "-shared",
                "-nostdlib",
                "-Wl,--build-id=none",
                f"-Wl,-soname,{library.name}",
                "-o",
                str(made),
                str(source),
            ]
        )
        shutil.copy2(made, library)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print("\n".join(slim(Path(sys.argv[1]).resolve())))
