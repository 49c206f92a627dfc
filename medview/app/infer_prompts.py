"""`medview infer --point`: what a package segments is pointed at by numbers of voxels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from medview.core.finding import InferenceResult
from medview.core.problem import ExitCode, MedviewError
from medview.core.progress import Progress
from medview.core.study import Stack
from medview.core.volume import Volume

if TYPE_CHECKING:
    from medview.inference.prompting import Prompt
    from medview.inference.request import InferenceRequest
    from medview.inference.session import OpenSession

COUNTS = {"inside": 3, "outside": 3, "box": 5}


def run_prompts(
    request: InferenceRequest,
    volume: Volume,
    stack: Stack,
    prompts: Sequence[tuple[str, str]],
    open_session: OpenSession,
    progress: Progress,
) -> InferenceResult:
    """A result of all prompts, slice by slice. Raises MedviewError for numbers that are none of the series (exit code 2)."""
    from medview.inference.prompting import decode_mask, embed_slice, prompted_output, prompted_result

    prompted_output(request.package)
    slices = read_prompts(prompts, volume.shape)
    masks = {}
    made = None
    for n, (k, wanted) in enumerate(sorted(slices.items())):
        progress("network", n, len(slices))
        embedding = embed_slice(request, volume, stack, k, progress, open_session)
        made = embedding.provenance
        again = partial(progress, "network", n, len(slices))
        masks[k], _ = decode_mask(embedding, wanted, open_session, request.device, again)
    assert made is not None, "there is a prompt"
    return prompted_result(made, request.package, volume, masks, request.time)


def read_prompts(prompts: Sequence[tuple[str, str]], shape: tuple[int, int, int]) -> dict[int, list[Prompt]]:
    """Prompts of each slice k, of (kind, "i,j,k" or for boxes "i,j,i,j,k")."""
    from medview.inference.prompting import Prompt

    found: dict[int, list[Prompt]] = {}
    for kind, text in prompts:
        try:
            numbers = [float(part) for part in text.split(",")]
        except ValueError:
            numbers = []
        *places, k = numbers or [0.0]
        points = tuple(zip(places[::2], places[1::2], strict=False))
        inside = all(0 <= i <= shape[2] - 1 and 0 <= j <= shape[1] - 1 for i, j in points)
        if len(numbers) != COUNTS[kind] or not inside or k != int(k) or not 0 <= k < shape[0]:
            form = "I,J,I,J,K" if kind == "box" else "I,J,K"
            said = f"{text}: {form} was due, voxels of the series, which has {shape[2]} x {shape[1]} x {shape[0]}."
            raise MedviewError("bad_prompt", said, None, ExitCode.BAD_USE, (said.removesuffix("."),))
        found.setdefault(int(k), []).append(Prompt(kind, points))  # type: ignore[arg-type]
    return found
