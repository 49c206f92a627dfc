"""The two networks: small 3-D encoder–decoders that fold 2 × 2 × 2 voxels into channels first.

Folding (space to depth) moves the work to an eighth of the voxels without losing what they say;
the answer is unfolded again, so it comes on the grid of the input.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


class Block(nn.Module):
    """Two 3 × 3 × 3 convolutions with a way around them."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
        self.norm_first = nn.BatchNorm3d(channels)
        self.second = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
        self.norm_second = nn.BatchNorm3d(channels)

    def forward(self, x: Any) -> Any:
        y = torch.relu(self.norm_first(self.first(x)))
        return torch.relu(x + self.norm_second(self.second(y)))


def convolution(before: int, after: int, stride: int = 1) -> Any:
    """3 × 3 × 3 convolution with normalisation."""
    return nn.Sequential(
        nn.Conv3d(before, after, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm3d(after),
        nn.ReLU(inplace=True),
    )


class FoldedUNet(nn.Module):
    """U-Net on folded voxels: (n, 1, 2d, 2h, 2w) → (n, `outputs`, 2d, 2h, 2w) logits.

    `widths` are the channels of the levels, from the finest (twice the input's spacing) down. Sizes
    must be multiples of 2 to the number of levels.
    """

    def __init__(self, outputs: int, widths: tuple[int, ...], depths: tuple[int, ...]) -> None:
        super().__init__()
        self.outputs = outputs
        self.stem = convolution(8, widths[0])
        self.levels = nn.ModuleList()
        self.downs = nn.ModuleList()
        for level, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            self.levels.append(nn.Sequential(*[Block(width) for _ in range(depth)]))
            if level + 1 < len(widths):
                self.downs.append(convolution(width, widths[level + 1], stride=2))
        self.ups = nn.ModuleList()
        self.merges = nn.ModuleList()
        for level in range(len(widths) - 2, -1, -1):
            self.ups.append(nn.Conv3d(widths[level + 1], widths[level], 1, bias=False))
            self.merges.append(nn.Sequential(convolution(widths[level], widths[level]), Block(widths[level])))
        self.head = nn.Conv3d(widths[0], 8 * outputs, 1)

    def forward(self, x: Any) -> Any:
        y = self.stem(fold(x))
        skips = []
        for level, blocks in enumerate(self.levels):
            y = blocks(y)
            if level < len(self.downs):
                skips.append(y)
                y = self.downs[level](y)
        for up, merge in zip(self.ups, self.merges, strict=True):
            y = nn.functional.interpolate(up(y), scale_factor=2.0, mode="nearest")
            y = merge(y + skips.pop())
        return unfold(self.head(y), self.outputs)


def fold(x: Any) -> Any:
    """(n, 1, 2d, 2h, 2w) → (n, 8, d, h, w)."""
    n, _, d, h, w = x.shape
    y = x.reshape(n, d // 2, 2, h // 2, 2, w // 2, 2)
    return y.permute(0, 2, 4, 6, 1, 3, 5).reshape(n, 8, d // 2, h // 2, w // 2)


def unfold(x: Any, outputs: int) -> Any:
    """(n, 8 · outputs, d, h, w) → (n, outputs, 2d, 2h, 2w)."""
    n, _, d, h, w = x.shape
    y = x.reshape(n, outputs, 2, 2, 2, d, h, w)
    return y.permute(0, 1, 5, 2, 6, 3, 7, 4).reshape(n, outputs, 2 * d, 2 * h, 2 * w)


def lungs_network() -> FoldedUNet:
    """Logits of background, right lung, left lung."""
    return FoldedUNet(3, (16, 32, 48, 48, 48), (1, 1, 1, 1, 1))


def nodules_network() -> FoldedUNet:
    """Logit of "a nodule's centre is here", and the logarithm of its diameter in mm."""
    return FoldedUNet(2, (16, 32, 48, 48), (2, 2, 2, 1))


class Exported(nn.Module):
    """A network with its last step inside, as it is written to ONNX."""

    def __init__(self, network: FoldedUNet, kind: str) -> None:
        super().__init__()
        self.network = network
        self.kind = kind

    def forward(self, x: Any) -> Any:
        y = self.network(x)
        if self.kind == "ct-lungs":
            return torch.softmax(y, dim=1)
        return torch.cat([torch.sigmoid(y[:, :1]), y[:, 1:]], dim=1)
