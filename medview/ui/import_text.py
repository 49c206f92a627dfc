"""What is asked of a reader who brings a foreign network, in the reader's language."""

from __future__ import annotations

from medview.ui.text import translate


def question_text(code: str, text: str) -> str:
    """A question by its code; ``text`` is what the command line says."""
    return {
        "axes": translate("Import", "Toward which side of the patient do the tensor's axes grow?"),
        "unit": translate("Import", "Which values does it expect before any scaling?"),
        "labels": translate("Import", "What are its classes called, in their order?"),
        "spacing": translate("Import", "To which spacing in mm was it trained?"),
        "fit": translate("Import", "How is an image of another size brought to the network's?"),
        "values": translate("Import", "How are values prepared?"),
        "configuration": translate("Import", "Which configuration of the plans was exported?"),
        "anchors": translate(
            "Import", "Which are the detector's anchors? (retinanet, ssd300, ssdlite320 or their sides)"
        ),
        "scale": translate("Import", "By what is the network's output multiplied to become values of the image?"),
        "coordinates": translate("Import", "Are boxes given in pixels, or from 0 to 1?"),
        "points": translate("Import", "Which points does each finding have? (names in their order, or how many)"),
        "first_class": translate("Import", "From which number does it count its classes, 0 or 1?"),
        "activation": translate(
            "Import", "Is each place one of the classes (softmax), or may none or several hold there (sigmoid)?"
        ),
    }.get(code, text)


def field_text(field: str) -> str:
    """Fields of a manifest that anybody may change."""
    return {
        "name": translate("Import", "Name"),
        "licence": translate("Import", "Licence"),
        "fits.modalities": translate("Import", "For modalities"),
    }.get(field, field)
