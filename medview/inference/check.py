"""Whether a package can be used at all: opened on a device, and its ports compared with its manifest."""

from __future__ import annotations

from typing import Any

from medview.inference.manifest import PromptedOutput
from medview.inference.network import check_ports
from medview.inference.package import ModelPackage
from medview.inference.prompting import check_decoder_ports, decoder_package
from medview.inference.session import NetworkSession, OpenSession, Port


def check_package(
    package: ModelPackage, device: str = "auto", open_session: OpenSession | None = None
) -> dict[str, Any]:
    """Open the network, compare, close. Raises MedviewError (exit code 4, or 6 where it broke down) that names what is wrong.

    ``open_session`` opens it elsewhere than in this process.
    """
    opened = NetworkSession(package, device) if open_session is None else open_session(package, device, None, _no_wish)
    with opened as session:
        check_ports(package, session.inputs, session.outputs)
        if isinstance(package.manifest.output, PromptedOutput):
            _check_decoder(package, device, open_session)
        warnings = [{"code": note.code, "text": note.text} for note in session.notes]
        if session.fallback:
            warnings.append({"code": "device_fallback", "text": session.fallback})
        return {
            "device_requested": device,
            "device_used": session.device,
            "opset": package.facts.opset,
            "nodes": package.facts.nodes,
            "inputs": [_described(port) for port in session.inputs],
            "outputs": [_described(port) for port in session.outputs],
            "warnings": warnings,
        }


def _check_decoder(package: ModelPackage, device: str, open_session: OpenSession | None) -> None:
    """The second network of a package that is pointed with: does it open, and want what the manifest feeds."""
    second = decoder_package(package)
    opened = NetworkSession(second, device) if open_session is None else open_session(second, device, None, _no_wish)
    with opened as session:
        check_decoder_ports(package, session.inputs, session.outputs)


def _no_wish() -> None:
    """Nobody waits who could want it to end."""


def _described(port: Port) -> dict[str, Any]:
    return {"name": port.name, "type": port.type, "shape": list(port.shape)}
