"""Whether a package can be used at all: opened on a device, and its ports compared with its manifest."""

from __future__ import annotations

from typing import Any

from medview.inference.network import check_ports
from medview.inference.package import ModelPackage
from medview.inference.session import NetworkSession, Port


def check_package(package: ModelPackage, device: str = "auto") -> dict[str, Any]:
    """Open the network, compare, close. Raises MedviewError (exit code 4) that names what is wrong."""
    with NetworkSession(package, device) as session:
        check_ports(package, session.inputs, session.outputs)
        return {
            "device_requested": device,
            "device_used": session.device,
            "opset": package.facts.opset,
            "nodes": package.facts.nodes,
            "inputs": [_described(port) for port in session.inputs],
            "outputs": [_described(port) for port in session.outputs],
            "warnings": [{"code": "device_fallback", "text": session.fallback}] if session.fallback else [],
        }


def _described(port: Port) -> dict[str, Any]:
    return {"name": port.name, "type": port.type, "shape": list(port.shape)}
