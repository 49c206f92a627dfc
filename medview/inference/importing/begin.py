"""Which convention a file or folder follows, in the order of how much it says, and a draft made by it."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path

from medview.inference.importing.bare import read_bare
from medview.inference.importing.draft import Draft, refused
from medview.inference.importing.graph import OnnxGraph, read_graph
from medview.inference.importing.huggingface import find_preprocessor, read_huggingface
from medview.inference.importing.ivadomed import find_configuration, read_ivadomed
from medview.inference.importing.monai import find_bundle, read_monai
from medview.inference.importing.nnunet import find_plans, read_nnunet
from medview.inference.importing.prompted import find_pair, read_prompted
from medview.inference.importing.ultralytics import is_ultralytics, read_ultralytics
from medview.inference.package import unpack

WEIGHTS = (".pt", ".pth", ".ts", ".torchscript", ".h5", ".keras", ".pb", ".tflite", ".ckpt", ".safetensors", ".engine")
MOST_FILES = 2000


def begin_import(path: Path, answers: Mapping[str, str] | None = None) -> Draft:
    """A draft of a network, a folder or a zip with one. Raises MedviewError for what cannot be imported safely."""
    if path.is_file() and path.suffix.lower() == ".zip":
        return _from_zip(path, answers or {})
    return _begin(path, path, answers or {})


def _from_zip(path: Path, answers: Mapping[str, str]) -> Draft:
    folder = Path(tempfile.mkdtemp(prefix="medview-import-"))
    try:
        unpack(path, folder)
        draft = _begin(folder, path, answers)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(draft, shutil.rmtree, folder, ignore_errors=True)
    return draft


def _begin(path: Path, source: Path, answers: Mapping[str, str]) -> Draft:
    pair = find_pair(_networks_in(path)) if path.is_dir() else None
    network = pair[0] if pair is not None else find_network(path, source)
    graph = read_graph(network)
    if not graph.outputs:
        raise refused("output_unexplained", f"{network.name} has no output.", network)
    if pair is not None:
        draft = Draft("Segment Anything", source, graph, answers, {})
        read_prompted(draft, pair[1])
        return draft
    convention, read = _readers(network, graph)[0]
    draft = Draft(convention, source, graph, answers, {})
    read(draft)
    return draft


def _readers(network: Path, graph: OnnxGraph) -> list[tuple[str, Callable[[Draft], None]]]:
    """Conventions that the files follow, the one that says most first."""
    found: list[tuple[str, Callable[[Draft], None]]] = []
    configs = find_bundle(network)
    if configs is not None:
        found.append(("MONAI bundle", lambda draft: read_monai(draft, configs)))
    plans = find_plans(network)
    if plans is not None:
        found.append(("nnU-Net v2", lambda draft: read_nnunet(draft, *plans)))
    if is_ultralytics(graph):
        found.append(("Ultralytics", read_ultralytics))
    configuration = find_configuration(network)
    if configuration is not None:
        found.append(("ivadomed", lambda draft: read_ivadomed(draft, configuration)))
    folder = find_preprocessor(network)
    if folder is not None:
        found.append(("Hugging Face", lambda draft: read_huggingface(draft, folder)))
    found.append(("ONNX", read_bare))
    return found


def _networks_in(folder: Path) -> list[Path]:
    """The ONNX files of a folder, a few of them."""
    found = []
    for number, file in enumerate(folder.rglob("*.onnx")):
        if number > MOST_FILES:
            return []
        if file.is_file() and not file.name.startswith("."):
            found.append(file)
    return sorted(found)


def find_network(path: Path, source: Path) -> Path:
    """The one ONNX file of a file or folder. Raises MedviewError that says what is there instead."""
    if path.is_file():
        if path.suffix.lower() in WEIGHTS:
            raise _other_weights(path)
        if path.suffix.lower() != ".onnx":
            raise refused("model_missing", f"{source.name} is not an ONNX file.", source)
        return path
    if not path.is_dir():
        raise refused("model_missing", f"There is no {source}.", source)
    files = []
    for number, file in enumerate(path.rglob("*")):
        if number > MOST_FILES:
            raise refused("package_too_large", f"{source.name} holds more than {MOST_FILES} files.", source)
        if file.is_file() and not file.name.startswith("."):
            files.append(file)
    networks = sorted(file for file in files if file.suffix.lower() == ".onnx")
    preferred = [file for file in networks if file.name == "model.onnx"]
    if len(networks) > 1 and len(preferred) == 1:
        return preferred[0]
    if len(networks) > 1:
        names = ", ".join(str(file.relative_to(path)) for file in networks[:6])
        text = f"{source.name} holds {len(networks)} networks ({names}); name the one that is meant."
        raise refused("several_models", text, source)
    if not networks:
        weights = next((file for file in sorted(files) if file.suffix.lower() in WEIGHTS), None)
        if weights is not None:
            raise _other_weights(weights)
        raise refused("model_missing", f"{source.name} holds no ONNX file.", source)
    return networks[0]


def _other_weights(file: Path) -> Exception:
    text = f"{file.name} holds weights of another kind; medview runs ONNX. Export the network to ONNX first."
    return refused("not_onnx", text, file)
